//! Puzzles: a short calculation that makes asking in masses dear and asks nothing of a person.
//!
//! Nothing is stored when a puzzle is given: it carries its own terms and a keyed digest of them. A
//! solution is a number that, after the puzzle's text and a colon, hashes (SHA-256) to so many leading
//! zero bits. It counts once, for the phone that was typed.

use aws_lc_rs::digest;
use jadegate_domain::{Timestamp, hex};
use jadegate_store::Write;

use crate::app::App;
pub use crate::error::Puzzle;
use crate::error::{Result, ServiceError};
use crate::limits::Limit;

/// Seconds for which a puzzle can be solved.
const SECONDS: u32 = 600;
const USED: Limit = Limit { class: "otp.work", seconds: SECONDS + 1, most: 1 };

/// A solved puzzle.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WorkProof {
    /// The puzzle's text.
    pub puzzle: String,
    /// The number that solves it, in decimal digits.
    pub nonce: String,
}

/// A proof whose work was checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proved {
    pub(crate) bits: u32,
    key: [u8; 16],
}

impl Proved {
    /// Fails its unit if the proof was used before.
    pub(crate) fn use_it(self, app: &App) -> Write {
        app.count(USED, self.key, 1)
    }
}

impl App {
    pub(crate) fn new_puzzle(&self, bits: u32, typed: [u8; 16]) -> Puzzle {
        let until = self.now().plus_secs(i64::from(SECONDS)).as_secs();
        let salt = hex::encode(&self.deployment.rng.bytes::<12>());
        let terms = format!("{until}.{bits}.{salt}");
        let mac = self.puzzle_mac(&terms, typed);
        Puzzle { puzzle: format!("{terms}.{mac}"), bits }
    }

    fn puzzle_mac(&self, terms: &str, typed: [u8; 16]) -> String {
        hex::encode(
            &self.deployment.keys.blind("puzzle", &format!("{terms}/{}", hex::encode(&typed))),
        )
    }

    /// The work in a proof; an error that says so if there is none.
    pub(crate) fn check_proof(&self, proof: &WorkProof, typed: [u8; 16]) -> Result<Proved> {
        let wrong = || {
            ServiceError::bad(
                "otp.bad_work",
                "The answer to the puzzle is wrong, has expired, or was made for another phone. Please send the request again without it.",
            )
        };
        let (terms, mac) = proof.puzzle.rsplit_once('.').ok_or_else(wrong)?;
        let expected = self.puzzle_mac(terms, typed);
        let same = subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), mac.as_bytes());
        if !bool::from(same) {
            return Err(wrong());
        }
        let mut parts = terms.split('.');
        let until: i64 = parts.next().and_then(|p| p.parse().ok()).ok_or_else(wrong)?;
        let bits: u32 = parts.next().and_then(|p| p.parse().ok()).ok_or_else(wrong)?;
        let digits = !proof.nonce.is_empty() && proof.nonce.len() <= 20;
        if !digits
            || !proof.nonce.bytes().all(|b| b.is_ascii_digit())
            || self.now() >= Timestamp::from_secs(until)
            || zero_bits(&proof.puzzle, &proof.nonce) < bits
        {
            return Err(wrong());
        }
        Ok(Proved { bits, key: self.deployment.keys.blind("puzzle used", &proof.puzzle) })
    }
}

fn zero_bits(puzzle: &str, nonce: &str) -> u32 {
    let hash = digest::digest(&digest::SHA256, format!("{puzzle}:{nonce}").as_bytes());
    let mut bits = 0;
    for byte in hash.as_ref() {
        bits += byte.leading_zeros();
        if *byte != 0 {
            break;
        }
    }
    bits
}

/// Solves a puzzle, as a page does.
pub fn solve(puzzle: &Puzzle) -> WorkProof {
    let solves = |n: &u64| zero_bits(&puzzle.puzzle, &n.to_string()) >= puzzle.bits;
    let nonce = (0..u64::MAX).find(solves).unwrap_or_default();
    WorkProof { puzzle: puzzle.puzzle.clone(), nonce: nonce.to_string() }
}

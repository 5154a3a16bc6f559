//! What a witness is asked, and what it answers (<https://c2sp.org/tlog-witness>, `add-checkpoint`).
//!
//! A witness keeps one thing of each log: the largest checkpoint it signed. It signs a larger one
//! only with a proof that this one is its beginning, so that nobody is ever shown two logs under its
//! signature. What it saw must be durable before its answer leaves ([`Seen`]).

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::error::LedgerError;
use crate::hash::{Hash, empty_root};
use crate::note::{self, NoteVerifier, take_apart};
use crate::proof::verify_consistency;

/// The most hashes in a request.
const MOST_HASHES: usize = 63;

/// The body of a request to a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the asker believes the witness saw last; 0 if it does not know.
    pub old: u64,
    /// From that size to the checkpoint's.
    pub proof: Vec<Hash>,
    /// The signed checkpoint, as it is.
    pub checkpoint: String,
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        f.write_char('\n')?;
        f.write_str(&self.checkpoint)
    }
}

impl FromStr for AddCheckpoint {
    type Err = LedgerError;
    fn from_str(body: &str) -> Result<Self, LedgerError> {
        let (head, checkpoint) = body.split_once("\n\n").ok_or(LedgerError::BadCheckpoint)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|l| l.strip_prefix("old ")).and_then(number);
        let proof = lines.map(Hash::from_str).collect::<Result<Vec<_>, _>>()?;
        if proof.len() > MOST_HASHES {
            return Err(LedgerError::BadProof);
        }
        let checkpoint = checkpoint.to_owned();
        Ok(Self { old: old.ok_or(LedgerError::BadCheckpoint)?, proof, checkpoint })
    }
}

/// A whole number in its one spelling.
pub(crate) fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|n: &u64| n.to_string() == text)
}

/// What a witness keeps of a log: the largest checkpoint that it signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// Its size.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// The checkpoint with the signatures of the log and of the witness, as it is handed to monitors.
    pub checkpoint: String,
}

/// Why a witness does not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not in the form of the protocol.
    #[error("the request is not in the form of tlog-witness")]
    Malformed,
    /// A log that this witness does not watch.
    #[error("this witness does not watch that log")]
    UnknownLog,
    /// Not signed by the log's key.
    #[error("the checkpoint is not signed by the key of its log")]
    NotSigned,
    /// The asker believes that the witness saw another size than this one last.
    #[error("the size seen last is {0}")]
    AnotherSize(u64),
    /// The two checkpoints are not of one log, or nothing proves that they are.
    #[error("nothing proves that the log seen last is the beginning of this one")]
    NotConsistent,
}

impl Refusal {
    /// The number by which the protocol says so.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::NotSigned => 403,
            Self::UnknownLog => 404,
            Self::AnotherSize(_) => 409,
            Self::NotConsistent => 422,
        }
    }
}

/// A checkpoint that a witness may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worthy {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Its text, which is what a cosignature is over.
    pub text: String,
    /// The whole note with the log's signature, and no other.
    pub signed: String,
}

/// Is this a checkpoint to sign? `seen` says what the witness has of a log by its name. From the look
/// at `seen` until the new one is durable nobody else may get an answer about this log.
pub fn consider<'s>(
    request: &AddCheckpoint,
    logs: &[NoteVerifier],
    seen: impl FnOnce(&str) -> Option<&'s Seen>,
) -> Result<Worthy, Refusal> {
    let (text, lines) = take_apart(&request.checkpoint).ok_or(Refusal::Malformed)?;
    let checkpoint: Checkpoint = text.parse().map_err(|_| Refusal::Malformed)?;
    let keys: Vec<_> = logs.iter().filter(|k| k.name() == checkpoint.origin).cloned().collect();
    if keys.is_empty() {
        return Err(Refusal::UnknownLog);
    }
    note::open(&request.checkpoint, &keys).map_err(|e| match e {
        LedgerError::BadNote => Refusal::Malformed,
        _ => Refusal::NotSigned,
    })?;
    if request.old > checkpoint.size {
        return Err(Refusal::Malformed);
    }
    let last = seen(&checkpoint.origin).map_or((0, empty_root()), |s| (s.size, s.root));
    if request.old != last.0 {
        return Err(Refusal::AnotherSize(last.0));
    }
    if checkpoint.size == 0 && checkpoint.root != empty_root() {
        return Err(Refusal::NotConsistent);
    }
    verify_consistency(last.0, &last.1, checkpoint.size, &checkpoint.root, &request.proof)
        .map_err(|_| Refusal::NotConsistent)?;
    let own = |line: &&str| keys.iter().any(|k| k.is_named_in(line));
    let own: String = lines.split_inclusive('\n').filter(own).collect();
    Ok(Worthy { text: text.to_owned(), signed: format!("{text}\n{own}"), checkpoint })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::sign_checkpoint;
    use crate::hash::leaf_hash;
    use crate::note::NoteSigner;
    use crate::proof::consistency_proof;
    use crate::tree::{Tree, root_at};

    fn log() -> NoteSigner {
        NoteSigner::from_seed("health.example/log", &[3; 32]).unwrap()
    }

    fn tree(size: u64, salt: &str) -> Tree {
        Tree::from_leaf_hashes((0..size).map(|i| leaf_hash(format!("{i}{salt}").as_bytes())))
    }

    fn signed(tree: &Tree, size: u64) -> String {
        let root = root_at(tree, size).unwrap();
        sign_checkpoint(&Checkpoint { origin: log().name().to_owned(), size, root }, &log())
            .unwrap()
    }

    fn request(tree: &Tree, old: u64, size: u64) -> AddCheckpoint {
        let proof = consistency_proof(tree, old, size).unwrap();
        AddCheckpoint { old, proof, checkpoint: signed(tree, size) }
    }

    fn seen(tree: &Tree, size: u64) -> Seen {
        Seen { size, root: root_at(tree, size).unwrap(), checkpoint: signed(tree, size) }
    }

    #[test]
    fn a_log_that_grows_is_signed_at_every_size() {
        let tree = tree(20, "");
        for old in 0..20 {
            for size in old..=20 {
                let asked = request(&tree, old, size);
                assert_eq!(asked.to_string().parse(), Ok(asked.clone()));
                let kept = seen(&tree, old);
                let kept = (old > 0).then_some(&kept);
                let worthy = consider(&asked, &[log().verifier()], |_| kept).unwrap();
                assert_eq!((worthy.checkpoint.size, worthy.signed), (size, signed(&tree, size)));
            }
        }
    }

    #[test]
    fn each_reason_to_refuse_has_its_number() {
        let (tree, other) = (tree(20, ""), tree(20, "fork"));
        let kept = seen(&tree, 9);
        let asked =
            |r: &AddCheckpoint| consider(r, &[log().verifier()], |_| Some(&kept)).unwrap_err();
        let good = request(&tree, 9, 20);
        // A fork: its own proof is sound, and it is not the log that was seen.
        let fork = request(&other, 9, 20);
        let cut = AddCheckpoint { proof: good.proof[1..].to_vec(), ..good.clone() };
        for bad in [&fork, &cut, &request(&other, 9, 9)] {
            assert_eq!((asked(bad), asked(bad).status()), (Refusal::NotConsistent, 422));
        }
        for old in [0, 8, 10, 20] {
            assert_eq!(asked(&request(&tree, old, 20)), Refusal::AnotherSize(9));
        }
        assert_eq!(Refusal::AnotherSize(9).status(), 409);
        // A log cut back to before what was seen.
        assert_eq!(asked(&request(&tree, 5, 7)), Refusal::AnotherSize(9));
        let shrunk = AddCheckpoint { old: 9, proof: vec![], checkpoint: signed(&tree, 7) };
        assert_eq!(asked(&shrunk), Refusal::Malformed);
        let forged = good.checkpoint.replace("\n20\n", "\n21\n");
        let forged = AddCheckpoint { checkpoint: forged, ..good.clone() };
        assert_eq!((asked(&forged), asked(&forged).status()), (Refusal::NotSigned, 403));
        let thief = NoteSigner::from_seed(log().name(), &[4; 32]).unwrap();
        let unsigned = consider(&good, &[thief.verifier()], |_| Some(&kept)).unwrap_err();
        assert_eq!(unsigned, Refusal::NotSigned);
        let unknown = consider(&good, &[], |_| None).unwrap_err();
        assert_eq!((unknown, unknown.status()), (Refusal::UnknownLog, 404));
        let garbage = AddCheckpoint { checkpoint: "garbage\n".to_owned(), ..good };
        assert_eq!((asked(&garbage), asked(&garbage).status()), (Refusal::Malformed, 400));
        // An empty log has one root only.
        let root = leaf_hash(b"");
        let empty = Checkpoint { origin: log().name().to_owned(), size: 0, root };
        let checkpoint = sign_checkpoint(&empty, &log()).unwrap();
        let empty = AddCheckpoint { old: 0, proof: vec![], checkpoint };
        let refused = consider(&empty, &[log().verifier()], |_| None).unwrap_err();
        assert_eq!(refused, Refusal::NotConsistent);
        // Nothing was seen, so nothing is to be proven.
        let proven = AddCheckpoint { proof: vec![root], ..request(&tree, 0, 20) };
        let refused = consider(&proven, &[log().verifier()], |_| None).unwrap_err();
        assert_eq!(refused, Refusal::NotConsistent);
    }

    #[test]
    fn signatures_of_strangers_are_not_passed_on() {
        let tree = tree(3, "");
        let stranger = NoteSigner::from_seed("spam.example", &[7; 32]).unwrap();
        let spam = note::sign("x\n", &[&stranger]).unwrap();
        let mut asked = request(&tree, 0, 3);
        asked.checkpoint.push_str(spam.strip_prefix("x\n\n").unwrap());
        let worthy = consider(&asked, &[log().verifier()], |_| None).unwrap();
        assert_eq!(worthy.signed, signed(&tree, 3));
    }

    #[test]
    fn requests_in_another_spelling_are_refused() {
        let good = request(&tree(20, ""), 9, 20).to_string();
        for (name, bad) in [
            ("nothing", String::new()),
            ("no old", good.replacen("old 9\n", "", 1)),
            ("leading zero", good.replacen("old 9", "old 09", 1)),
            ("sign", good.replacen("old 9", "old +9", 1)),
            ("space", good.replacen("old 9", "old  9", 1)),
            ("short hash", good.replacen('=', "", 1)),
            ("carriage return", good.replacen('\n', "\r\n", 1)),
            (
                "many hashes",
                good.replacen(
                    "old 9\n",
                    &("old 9\n".to_owned() + &format!("{}\n", leaf_hash(b"")).repeat(64)),
                    1,
                ),
            ),
        ] {
            assert!(bad.parse::<AddCheckpoint>().is_err(), "{name}");
        }
    }
}

//! Codes on paper: a handle that is carried for years, without a colour and without a person.
//!
//! Whoever copies a paper has the paper: a gate that is asked in the person's presence has them
//! compared. What the signature is for is that nobody can make one up, and that a gate without network
//! can tell so. Whether a genuine one was reported lost, and what colour its holder has, only the
//! issuer knows, or its [`crate::StatusList`].

use jadegate_domain::{PaperId, Timestamp};

use crate::claims::Paper;
use crate::error::{IssueError, PassError};
use crate::keys::{Issuer, IssuerCode, KeySet, KeyUse};
use crate::live::{authenticate, check_time, issue_time, moment};
use crate::{cose, text};

/// What every code on paper starts with.
pub const PAPER_PREFIX: &str = "JGP1:";
/// No code on paper is good for longer than this (ten years); one that claims to be is refused.
pub const MAX_PAPER_SECS: u32 = 10 * 366 * 86_400;

/// What a genuine code on paper says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperCode {
    /// Who issued it.
    pub issuer: IssuerCode,
    /// Which paper it is.
    pub paper: PaperId,
    /// Its place in the issuer's status list.
    pub index: u32,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first moment at which it is no longer good.
    pub expires_at: Timestamp,
}

/// A code on paper as text for a QR (alphanumeric mode). The same arguments give the same text, so
/// that a paper can be printed again. Whoever has the text has the paper: not for logs.
pub fn issue_paper(
    issuer: &Issuer,
    paper: PaperId,
    index: u32,
    iat: Timestamp,
    expires_at: Timestamp,
) -> Result<String, IssueError> {
    let (iat_secs, exp) = (issue_time(iat)?, issue_time(expires_at)?);
    if !lifetime_is_allowed(iat_secs, exp) {
        return Err(IssueError::BadLifetime);
    }
    let key = issuer.key_at(iat, KeyUse::Paper)?;
    let claims = Paper { issuer: issuer.code().clone(), exp, iat: iat_secs, paper, index };
    Ok(text::encode(PAPER_PREFIX, &cose::sign(key.secret(), &claims.encode())))
}

/// Verify a code on paper. `skew_secs` as in [`crate::verify`]. It says nothing about the holder's
/// colour, nor whether it was reported lost.
pub fn verify_paper(
    keys: &KeySet,
    text: &str,
    now: Timestamp,
    skew_secs: u32,
) -> Result<PaperCode, PassError> {
    let code = verify_paper_of_any_age(keys, text)?;
    check_time(code.issued_at, Some(code.expires_at), now, skew_secs)?;
    Ok(code)
}

/// Is this a genuine code on paper, still good or not? Says whose it was; nobody is let in by it.
pub fn verify_paper_of_any_age(keys: &KeySet, text: &str) -> Result<PaperCode, PassError> {
    let bytes = text::decode(PAPER_PREFIX, text)?;
    let parts = cose::parse(&bytes)?;
    let claims = Paper::decode(parts.payload)?;
    if !lifetime_is_allowed(claims.iat, claims.exp) {
        return Err(PassError::Malformed);
    }
    let (iat, exp) = (moment(claims.iat), moment(claims.exp));
    authenticate(keys, &claims.issuer, KeyUse::Paper, iat, &parts)?;
    Ok(PaperCode {
        issuer: claims.issuer,
        paper: claims.paper,
        index: claims.index,
        issued_at: iat,
        expires_at: exp,
    })
}

fn lifetime_is_allowed(iat: u32, exp: u32) -> bool {
    exp.checked_sub(iat).is_some_and(|secs| (1..=MAX_PAPER_SECS).contains(&secs))
}

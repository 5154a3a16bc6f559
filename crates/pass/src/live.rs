//! Live codes: a holder's colour for a minute.

use jadegate_domain::{Colour, HolderId, Timestamp};

use crate::claims::Live;
use crate::error::{IssueError, PassError};
use crate::handle::Handle;
use crate::keys::{Issuer, IssuerCode, KeySet, KeyUse};
use crate::{cose, text};

/// What every live code starts with.
pub const LIVE_PREFIX: &str = "JG1:";
/// No code is fresh for longer than this (24 hours); one that claims to be is refused.
pub const MAX_LIFETIME_SECS: u32 = 86_400;
/// The most clock difference a verifier may allow for, in seconds; larger arguments count as this.
pub const MAX_SKEW_SECS: u32 = 300;

/// A code ready to be drawn.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedCode {
    /// What goes into the QR (alphanumeric mode). Secret for as long as it is fresh: whoever has it
    /// can show it. Not for logs.
    pub text: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// The first moment at which it is no longer fresh.
    pub expires_at: Timestamp,
}

/// Never shows the code: a log line would be a code to show.
impl std::fmt::Debug for IssuedCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IssuedCode({} to {})", self.issued_at, self.expires_at)
    }
}

/// What a genuine, fresh code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCode {
    /// Who issued it.
    pub issuer: IssuerCode,
    /// The holder's colour when it was issued.
    pub colour: Colour,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The first moment at which it is no longer fresh.
    pub expires_at: Timestamp,
    /// The holder, for the issuer only; see [`crate::open`].
    pub handle: Handle,
}

/// A code for `holder`, fresh for `fresh_secs` seconds from `iat`. `random` must come from a
/// cryptographic source; it makes two codes of one second differ.
///
/// The colour must be of an assessment that holds at `iat`; a code does not know when it changes, so
/// callers cut `fresh_secs` at the assessment's next change.
pub fn issue(
    issuer: &Issuer,
    holder: HolderId,
    colour: Colour,
    iat: Timestamp,
    fresh_secs: u32,
    random: [u8; 4],
) -> Result<IssuedCode, IssueError> {
    let (iat_secs, exp_secs) = lifetime(iat, fresh_secs)?;
    let key = issuer.key_at(iat, KeyUse::Live)?;
    let handle = issuer.handle_keys().seal(holder, iat_secs, random)?;
    let claims =
        Live { issuer: issuer.code().clone(), exp: exp_secs, iat: iat_secs, handle, colour };
    let bytes = cose::sign(key.secret(), &claims.encode());
    Ok(IssuedCode {
        text: text::encode(LIVE_PREFIX, &bytes),
        issued_at: iat,
        expires_at: Timestamp::from_secs(exp_secs.into()),
    })
}

/// Verify a code read at a gate. `skew_secs` allows for clocks that differ, up to
/// [`MAX_SKEW_SECS`]: the code is accepted from that long before its issue to that long after its
/// expiry. An error is never a reason to think of the holder as green.
///
/// Any text may be passed; nothing is allocated for texts too long to be a code.
pub fn verify(
    keys: &KeySet,
    text: &str,
    now: Timestamp,
    skew_secs: u32,
) -> Result<VerifiedCode, PassError> {
    let code = verify_of_any_age(keys, text)?;
    check_time(code.issued_at, Some(code.expires_at), now, skew_secs)?;
    Ok(code)
}

/// Is this a genuine code, fresh or not? Says whose it was, not that they show it now: nobody is let
/// in by it, and its colour is of the past.
pub fn verify_of_any_age(keys: &KeySet, text: &str) -> Result<VerifiedCode, PassError> {
    read(keys, text, authenticate)
}

/// [`verify`] without the signature, for an issuer that knows of this very text that it signed it itself, and
/// with a key that it still trusts. Everything else is checked. Of any other text it says nothing.
pub fn verify_own(
    keys: &KeySet,
    text: &str,
    now: Timestamp,
    skew_secs: u32,
) -> Result<VerifiedCode, PassError> {
    let code = read(keys, text, |keys, issuer, key_use, iat, _| {
        may_sign(keys, issuer)?;
        keys.at(iat, key_use).next().map(drop).ok_or(PassError::UnknownKey)
    })?;
    check_time(code.issued_at, Some(code.expires_at), now, skew_secs)?;
    Ok(code)
}

fn read(
    keys: &KeySet,
    text: &str,
    genuine: impl Fn(&KeySet, &IssuerCode, KeyUse, Timestamp, &cose::Sign1<'_>) -> Result<(), PassError>,
) -> Result<VerifiedCode, PassError> {
    let bytes = text::decode(LIVE_PREFIX, text)?;
    let parts = cose::parse(&bytes)?;
    let claims = Live::decode(parts.payload)?;
    let (iat, exp) = (moment(claims.iat), moment(claims.exp));
    if !lifetime_is_allowed(claims.iat, claims.exp) {
        return Err(PassError::Malformed);
    }
    genuine(keys, &claims.issuer, KeyUse::Live, iat, &parts)?;
    Ok(VerifiedCode {
        issuer: claims.issuer,
        colour: claims.colour,
        issued_at: iat,
        expires_at: exp,
        handle: claims.handle,
    })
}

pub(crate) fn moment(secs: u32) -> Timestamp {
    Timestamp::from_secs(secs.into())
}

/// Issue and expiry as they are written in a code.
pub(crate) fn lifetime(iat: Timestamp, fresh_secs: u32) -> Result<(u32, u32), IssueError> {
    let iat = issue_time(iat)?;
    let exp = iat.checked_add(fresh_secs).ok_or(IssueError::TimeOutOfRange)?;
    if lifetime_is_allowed(iat, exp) { Ok((iat, exp)) } else { Err(IssueError::BadLifetime) }
}

/// The time of issue as it is written in a code.
pub(crate) fn issue_time(iat: Timestamp) -> Result<u32, IssueError> {
    u32::try_from(iat.as_secs()).map_err(|_| IssueError::TimeOutOfRange)
}

pub(crate) fn lifetime_is_allowed(iat: u32, exp: u32) -> bool {
    exp.checked_sub(iat).is_some_and(|secs| (1..=MAX_LIFETIME_SECS).contains(&secs))
}

/// Was this signed by a key of this issuer that was in force at the time of issue?
pub(crate) fn authenticate(
    keys: &KeySet,
    issuer: &IssuerCode,
    key_use: KeyUse,
    iat: Timestamp,
    parts: &cose::Sign1<'_>,
) -> Result<(), PassError> {
    may_sign(keys, issuer)?;
    let message = cose::to_be_signed(parts.payload);
    let mut outcome = Err(PassError::UnknownKey);
    for key in keys.at(iat, key_use) {
        if key.parsed().verifies(&message, parts.signature) {
            return Ok(());
        }
        outcome = Err(PassError::BadSignature);
    }
    outcome
}

fn may_sign(keys: &KeySet, issuer: &IssuerCode) -> Result<(), PassError> {
    if keys.issuer() == issuer { Ok(()) } else { Err(PassError::WrongIssuer) }
}

/// Is a code with these times to be accepted at `now`?
pub(crate) fn check_time(
    iat: Timestamp,
    exp: Option<Timestamp>,
    now: Timestamp,
    skew_secs: u32,
) -> Result<(), PassError> {
    let skew = i64::from(skew_secs.min(MAX_SKEW_SECS));
    if exp.is_some_and(|exp| now >= exp.plus_secs(skew)) {
        return Err(PassError::Stale);
    }
    if now.plus_secs(skew) < iat {
        return Err(PassError::NotYetValid);
    }
    Ok(())
}

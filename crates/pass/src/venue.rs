//! Venue codes: a place, printed on a poster or shown on the venue's screen. The holder scans it.

use jadegate_domain::{PlaceId, Timestamp};

use crate::claims::Venue;
use crate::error::{IssueError, PassError};
use crate::keys::{Issuer, IssuerCode, KeySet, KeyUse};
use crate::live::{authenticate, check_time, issue_time, lifetime, lifetime_is_allowed, moment};
use crate::{cose, text};

/// What every venue code starts with.
pub const VENUE_PREFIX: &str = "JGV1:";

/// How a venue shows its code, and so how much a visit made with it proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VenueKind {
    /// Printed, without an end: a picture of it can be forwarded, so the visit is unproven.
    Poster,
    /// On a screen that renews it; who scans it fresh was there.
    Screen {
        /// The first moment at which it is no longer fresh.
        expires_at: Timestamp,
    },
}

/// What a genuine venue code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VenueCode {
    /// Who issued it.
    pub issuer: IssuerCode,
    /// The place it stands for.
    pub place: PlaceId,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// How it is shown.
    pub kind: VenueKind,
}

/// A venue's code as text for a QR. A screen's code may be fresh for at most
/// [`crate::MAX_LIFETIME_SECS`].
pub fn issue_venue(
    issuer: &Issuer,
    place: PlaceId,
    iat: Timestamp,
    kind: VenueKind,
) -> Result<String, IssueError> {
    let exp = match kind {
        VenueKind::Poster => None,
        VenueKind::Screen { expires_at } => {
            let fresh = u32::try_from(expires_at.secs_since(iat));
            Some(lifetime(iat, fresh.map_err(|_| IssueError::BadLifetime)?)?.1)
        }
    };
    let key = issuer.key_at(iat, KeyUse::Venue)?;
    let claims = Venue { issuer: issuer.code().clone(), place, exp, iat: issue_time(iat)? };
    Ok(text::encode(VENUE_PREFIX, &cose::sign(key.secret(), &claims.encode())))
}

/// Verify a venue's code. `skew_secs` as in [`crate::verify`]. A poster is accepted as long as its
/// key is published; what a visit made with it weighs is for the caller to see from the kind.
pub fn verify_venue(
    keys: &KeySet,
    text: &str,
    now: Timestamp,
    skew_secs: u32,
) -> Result<VenueCode, PassError> {
    let bytes = text::decode(VENUE_PREFIX, text)?;
    let parts = cose::parse(&bytes)?;
    let claims = Venue::decode(parts.payload)?;
    if claims.exp.is_some_and(|exp| !lifetime_is_allowed(claims.iat, exp)) {
        return Err(PassError::Malformed);
    }
    let (iat, exp) = (moment(claims.iat), claims.exp.map(moment));
    authenticate(keys, &claims.issuer, KeyUse::Venue, iat, &parts)?;
    check_time(iat, exp, now, skew_secs)?;
    let kind = exp.map_or(VenueKind::Poster, |expires_at| VenueKind::Screen { expires_at });
    Ok(VenueCode { issuer: claims.issuer, place: claims.place, issued_at: iat, kind })
}

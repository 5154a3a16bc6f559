//! The code a person shows: what is in the QR, how it is made, and how a gate checks it.
//!
//! A live code is `JG1:` and, in base45, a COSE_Sign1 (RFC 9052) over a CWT claims set (RFC 8392)
//! signed with Ed25519. It says who issued it, when, until when it is fresh, a colour, and a
//! *handle*: the holder's id encrypted so that only the issuer can read it, different in every code.
//! A gate verifies it offline with the published [`KeySet`]; the issuer [`open`]s the handle.
//!
//! A venue's code is `JGV1:` and the same machinery over a place: printed on a poster (no end) or
//! shown on a screen that renews it.
//!
//! A code on paper is `JGP1:` and says which paper it is, for years: no colour, no person. How it stands
//! is asked of the issuer, or read from its [`StatusList`].
//!
//! There is exactly one way to write each code. Everything else is refused, so two codes that look
//! different are different, and no verifier can be made to read one differently from another. The
//! format and the reasons are in `docs/decisions/0003-code-format.md`; `vectors/jg1.json` holds
//! vectors for other implementations.
//!
//! Time and randomness are arguments.

mod claims;
mod cose;
mod error;
mod handle;
mod keys;
mod live;
mod paper;
mod sig;
mod status_list;
mod text;
mod venue;

pub use error::{IssueError, PassError};
pub use handle::{BadHandleKeys, Handle, HandleKey, HandleKeys, open};
pub use keys::{BadKeys, Issuer, IssuerCode, IssuingKey, KeyId, KeySet, KeyUse, PublishedKey};
pub use live::{
    IssuedCode, LIVE_PREFIX, MAX_LIFETIME_SECS, MAX_SKEW_SECS, VerifiedCode, issue, verify,
    verify_of_any_age, verify_own,
};
pub use paper::{
    MAX_PAPER_SECS, PAPER_PREFIX, PaperCode, issue_paper, verify_paper, verify_paper_of_any_age,
};
pub use status_list::{
    BadStatusList, MAX_STATUSES, Status, StatusList, StatusListToken, issue_status_list,
    read_status_list,
};
pub use venue::{VENUE_PREFIX, VenueCode, VenueKind, issue_venue, verify_venue};

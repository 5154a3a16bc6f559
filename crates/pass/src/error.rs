//! Why a code is refused, or could not be made.

/// Why a code is refused. Nothing of the code's content is in the text.
///
/// A refused code says nothing about its holder: callers must not derive a colour from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PassError {
    /// The text does not start with our prefix: some other QR code.
    #[error("this is not a Jadegate code")]
    NotOurs,
    /// It starts like one of ours but is not written the one way a code is written.
    #[error("this code is damaged or incomplete")]
    Malformed,
    /// Signed, it says, by another issuer than the one whose keys were given.
    #[error("this code was issued somewhere else")]
    WrongIssuer,
    /// No published key covers the moment the code says it was issued.
    #[error("the key this code was signed with is not known here")]
    UnknownKey,
    /// The signature does not fit: altered, or forged.
    #[error("this code is forged or was altered")]
    BadSignature,
    /// Genuine, but no longer fresh.
    #[error("this code is too old; ask for a new one")]
    Stale,
    /// Genuine, but issued in the future by the verifier's clock.
    #[error("this code is from the future; check the clock")]
    NotYetValid,
    /// The handle was not made with the issuer's handle key of that moment.
    #[error("the handle in this code cannot be opened")]
    BadHandle,
}

impl PassError {
    /// Every refusal, in the order in which a verifier notices them.
    pub const ALL: [Self; 8] = [
        Self::NotOurs,
        Self::Malformed,
        Self::WrongIssuer,
        Self::UnknownKey,
        Self::BadSignature,
        Self::Stale,
        Self::NotYetValid,
        Self::BadHandle,
    ];

    /// The stable code used in the API, in pages and in vectors; never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotOurs => "code.not_ours",
            Self::Malformed => "code.malformed",
            Self::WrongIssuer => "code.wrong_issuer",
            Self::UnknownKey => "code.unknown_key",
            Self::BadSignature => "code.bad_signature",
            Self::Stale => "code.stale",
            Self::NotYetValid => "code.not_yet_valid",
            Self::BadHandle => "code.bad_handle",
        }
    }
}

/// Why a code could not be made. Always a fault of the deployment, never of the holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum IssueError {
    /// No signing key of the needed use covers the moment.
    #[error("no signing key is in force at this moment")]
    NoSigningKey,
    /// No handle key covers the moment.
    #[error("no handle key is in force at this moment")]
    NoHandleKey,
    /// The lifetime is not between 1 second and [`crate::MAX_LIFETIME_SECS`].
    #[error("a code must be fresh for between one second and one day")]
    BadLifetime,
    /// The moment does not fit 32 bits of seconds (it is after 2106-02-07).
    #[error("the moment is too late to be written in a code")]
    TimeOutOfRange,
}

impl IssueError {
    /// The stable code used in logs and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoSigningKey => "issue.no_signing_key",
            Self::NoHandleKey => "issue.no_handle_key",
            Self::BadLifetime => "issue.bad_lifetime",
            Self::TimeOutOfRange => "issue.time_out_of_range",
        }
    }
}

//! Writes about one-time codes.

use jadegate_domain::Timestamp;
use jadegate_domain::id::{ChallengeId, PhoneCodeId};

use crate::rows::{Challenge, PhoneCode, Route};

/// Writes about a one-time code that somebody signs in or registers with. Each variant states its
/// precondition.
#[derive(Clone, Debug)]
pub enum ChallengeWrite {
    /// A new challenge. Precondition: the id is free.
    Add(Box<Challenge>),
    /// Where a challenge leads. Precondition: it exists and that is not known yet.
    Route {
        /// The challenge.
        id: ChallengeId,
        /// Where it leads.
        route: Route,
    },
    /// An answer is about to be looked at: tries + 1, so that parallel guesses cannot outrun the
    /// count. Precondition: it exists, unused, and tries below `max_tries`.
    CountTry {
        /// The challenge that is answered.
        id: ChallengeId,
        /// The limit of answers.
        max_tries: u32,
    },
    /// A right answer. Precondition: it exists, unused and not expired at `at`.
    Use {
        /// The challenge that was answered.
        id: ChallengeId,
        /// The moment of the answer.
        at: Timestamp,
    },
    /// A new one-time code. Precondition: the id is free.
    AddCode(PhoneCode),
    /// A code was used. Precondition: it exists, unused and not expired at `at`.
    UseCode {
        /// The code.
        id: PhoneCodeId,
        /// The moment of its use.
        at: Timestamp,
    },
}

//! What others take of a case: what it says as evidence, and how it is named.

use jadegate_domain::{Case, Fact, HolderId};

use crate::error::ServiceError;
use crate::staff::conflict;

/// Nothing can be done with a case that was withdrawn.
pub(crate) fn withdrawn() -> ServiceError {
    conflict("case.withdrawn", "This case was withdrawn. Record it anew if it is a case after all.")
}

/// What a case says of whoever has it.
pub(crate) fn case_fact(case: &Case) -> Fact {
    Fact::Case {
        case: case.id,
        class: case.class,
        onset_at: case.onset_at,
        confirmed_at: case.confirmed_at,
    }
}

/// Names one person's case of one sample; `n`: how often it was withdrawn before.
pub(crate) fn case_key_name(holder: HolderId, confirmed_at: i64, n: u32) -> String {
    format!("case/{holder}/{confirmed_at}/{n}")
}

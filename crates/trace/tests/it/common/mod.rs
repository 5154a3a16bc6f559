//! Small made-up towns for the tests.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod oracle;

use jadegate_domain::{CaseId, HolderId, Period, PlaceId, Presence, Timestamp};
use jadegate_trace::{CaseInput, KindRules, KnownVisit, Rules};

pub(crate) fn holder(n: u64) -> HolderId {
    HolderId::from_random(n + 1)
}

pub(crate) fn place(n: u64) -> PlaceId {
    PlaceId::from_random(n + 1)
}

/// Minutes after 2022-03-01T00:00:00Z.
pub(crate) fn minute(m: i64) -> Timestamp {
    Timestamp::from_secs(1_646_092_800 + m * 60)
}

pub(crate) fn period(from: i64, to: i64) -> Period {
    Period { from: minute(from), to: minute(to) }
}

pub(crate) fn visit(who: u64, at: u64, from: i64, to: impl Into<Option<i64>>) -> KnownVisit {
    KnownVisit {
        holder: holder(who),
        place: place(at),
        entered: minute(from),
        left: to.into().map(minute),
        presence: Presence::Gate,
    }
}

pub(crate) fn unproven(v: KnownVisit) -> KnownVisit {
    KnownVisit { presence: Presence::Unproven, ..v }
}

pub(crate) fn case(n: u64, who: u64, window: Period) -> CaseInput {
    CaseInput { case: CaseId::from_random(n + 1), holder: holder(who), window }
}

/// Fifteen minutes make a contact, a stay without an end lasts an hour.
pub(crate) fn plain_rules() -> Rules {
    Rules::new(KindRules {
        contact_minutes: 15,
        secondary_minutes: 15,
        assumed_stay_minutes: 60,
        lingering_minutes: 0,
    })
}

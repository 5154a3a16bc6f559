//! The rule of each route: who may ask it at all. It stands in the API document (`x-access`), and each
//! cell of routes, agencies, roles and purposes is tried by a test (`tests/it/staff/matrix.rs`).

use jadegate_service::staff::Power;
use serde_json::{Value, json};

/// Who may ask a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// Anybody: what is public, and the ways in.
    Anybody,
    /// A holder who is signed in, for themselves or for whom they care.
    Holder,
    /// A gate that is signed in.
    Gate,
    /// Any member of staff who is signed in: about themselves, or their own agency's counts.
    Staff,
    /// A member of staff with any of these powers; which of them, what is asked for may decide.
    Powers(&'static [Power]),
}

impl Rule {
    /// As the document says it.
    pub(crate) fn to_json(self) -> Value {
        match self {
            Self::Anybody => json!({ "who": "anybody" }),
            Self::Holder => json!({ "who": "holder" }),
            Self::Gate => json!({ "who": "gate" }),
            Self::Staff => json!({ "who": "staff" }),
            Self::Powers(powers) => json!({ "who": "staff", "powers": powers }),
        }
    }
}

/// The rule of an operation, by method and path as in the document. A route without one is none: the
/// document says so, and a test fails.
pub(crate) fn rule_of(method: &str, path: &str) -> Option<Rule> {
    let Some(desk) = path.strip_prefix("/v1/staff/") else { return outside(path) };
    staff(method, desk)
}

fn outside(path: &str) -> Option<Rule> {
    const OPEN: [&str; 17] = [
        "/healthz",
        "/readyz",
        "/v1/access",
        "/v1/challenges",
        "/v1/divisions",
        "/v1/gates",
        "/v1/info",
        "/v1/keys",
        "/v1/log",
        "/v1/mandate",
        "/v1/policies",
        "/v1/policy",
        "/v1/public",
        "/v1/regions",
        "/v1/registrations",
        "/v1/session",
        "/v1/sessions",
    ];
    let under = |begin: &str| {
        path.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if under("/v1/me") {
        Some(Rule::Holder)
    } else if under("/v1/gate") {
        Some(Rule::Gate)
    } else if OPEN.into_iter().any(under) {
        Some(Rule::Anybody)
    } else {
        None
    }
}

/// What is under `/v1/staff/`.
#[expect(clippy::match_same_arms, reason = "a line for each desk, whoever else has the same")]
fn staff(method: &str, desk: &str) -> Option<Rule> {
    use Power as P;
    let (first, rest) = desk.split_once('/').unwrap_or((desk, ""));
    let powers = match (first, method, rest) {
        ("invitations" | "sign-in" | "session", _, _) => return Some(Rule::Anybody),
        ("me" | "sessions", _, _) | ("waiting", "get", "") => return Some(Rule::Staff),
        ("accompanied", _, _) => P::AccompanyAssigned.alone(),
        ("assignments" | "workers", _, _) => P::Accompany.alone(),
        ("agencies" | "members", "post", "") => P::InviteStaff.alone(),
        ("agencies" | "members", "post", "{id}/confirm") => P::ConfirmPowers.alone(),
        ("agencies" | "members", _, _) => P::SEE_STAFF,
        ("alarms", "get", "") => P::SEE_ALARMS,
        ("alarms", _, _) => P::AnswerAlarms.alone(),
        ("appeals", "post", "") => P::FindPerson.alone(),
        ("appeals", _, _) => P::DecideAppeals.alone(),
        ("arrivals", _, _) => P::RecordArrival.alone(),
        ("cases", "get", "") => P::ReadLists.alone(),
        ("cases", _, _) => P::RecordCase.alone(),
        ("document-bars" | "document-corrections" | "people", _, _) => P::FindPerson.alone(),
        ("gates" | "places", _, _) => P::ManagePlaces.alone(),
        ("holders", "post", "find") => P::FindPerson.alone(),
        ("holders", "post", "{id}/open") => P::OpenPerson.alone(),
        ("identity-requests", "get", "") => P::SEE_IDENTITY_REQUESTS,
        ("identity-requests", "post", "{id}/approve" | "{id}/refuse") => P::ApproveIdentity.alone(),
        ("identity-requests", _, _) => P::AskIdentity.alone(),
        ("imports", _, _) => P::SEE_FILES,
        ("kept", _, _) => P::RECORD_BY_DOCUMENT,
        ("operation", _, _) => P::ReadOperation.alone(),
        ("overview", _, _) => P::SEE_COUNTS,
        ("policies", "post", "check") => P::PublishPolicy.alone(),
        ("policies" | "recolouring", "get", _) => P::SEE_CHANGES,
        ("proposals", "get", _) => P::SEE_CHANGES,
        ("proposals" | "what-ifs", _, _) => P::CHANGE,
        ("protected", _, _) => P::ProtectPeople.alone(),
        ("quarantine", _, _) => P::ReadLists.alone(),
        ("records", "get", "own") => P::RECORD,
        ("records", "get", "") => P::ReadAudit.alone(),
        ("regions", "get", "") => P::SEE_LEVELS,
        ("regions", "post", _) => P::SetRegion.alone(),
        ("releases", _, _) => P::RecordRelease.alone(),
        ("rides", _, _) => P::RecordRides.alone(),
        ("samples" | "tests", _, _) => P::RecordTest.alone(),
        ("traces", "get", "") => P::ReadLists.alone(),
        ("trace-jobs" | "traces", _, _) => P::RunTrace.alone(),
        ("waiting", _, _) => P::DECIDE_WAITING,
        ("withdrawals", _, _) => P::TAKE_BACK,
        _ => return None,
    };
    Some(Rule::Powers(powers))
}

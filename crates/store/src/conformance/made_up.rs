//! Made-up values, and how a case says what must hold.

use std::sync::Arc;

use jadegate_domain::agency::Agency;
use jadegate_domain::evidence::{TestMethod, TestResult};
use jadegate_domain::{
    AgencyId, AgencyKind, Assessment, Case, CaseClass, CaseId, Colour, Evidence, EvidenceId, Fact,
    Holder, HolderId, Place, PlaceId, PlaceKind, PolicyRef, Presence, Role, Staff, StaffId,
    Timestamp, Visit,
};

use crate::{
    Challenge, ChallengeUse, OutboxMessage, OutboxState, PhoneCode, Precondition, Route, Session,
    SessionSubject, Store, StoreError, StoredAssessment, Unit, Write,
};

pub(super) type S = Arc<dyn Store>;

/// Commits a unit that must be kept.
pub(super) async fn keeps(s: &S, writes: Vec<Write>) {
    let kept = s.commit(Unit::new("must_be_kept", writes)).await;
    assert!(kept.is_ok(), "refused: {kept:?}");
}

/// Commits a unit that must be refused for this precondition, and leave nothing of a write that
/// stands before it.
pub(super) async fn refuses(s: &S, mut writes: Vec<Write>, why: Precondition) {
    let before = logged(s).await;
    writes.insert(0, Write::AddLeaf(b"must be rolled back".to_vec()));
    let refused = s.commit(Unit::new("must_be_refused", writes)).await;
    assert!(
        matches!(&refused, Err(e) if e.is_conflict(why)),
        "wanted a conflict on {why:?}, got {refused:?}"
    );
    assert_eq!(logged(s).await, before, "a refused unit left a write");
}

/// How many leaves were written, with and without a number.
pub(super) async fn logged(s: &S) -> u64 {
    let pending = s.pending_leaves(0).await.unwrap();
    pending.from + pending.count
}

/// Commits a unit whose value no table can hold.
pub(super) async fn rejects(s: &S, writes: Vec<Write>) {
    let refused = s.commit(Unit::new("must_be_invalid", writes)).await;
    assert!(matches!(refused, Err(StoreError::Invalid { .. })), "wanted Invalid, got {refused:?}");
}

pub(super) fn t(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

/// 2022-03-01T00:00:00Z, the day all this is made up for, and its UTC day.
pub(super) const DAY0: i64 = 19_052;

/// Seconds after the start of that day.
pub(super) fn at(secs: i64) -> Timestamp {
    t(DAY0 * 86_400 + secs)
}

pub(super) fn hid(n: u64) -> HolderId {
    HolderId::from_random(n)
}

pub(super) fn eid(n: u64) -> EvidenceId {
    EvidenceId::from_random(n)
}

pub(super) fn holder(n: u64) -> Holder {
    holder_in(n, "CN-330106")
}

pub(super) fn holder_in(n: u64, home: &str) -> Holder {
    Holder { id: hid(n), home: home.parse().unwrap(), registered_at: at(1), evidence_version: 0 }
}

/// A store that has this holder.
pub(super) async fn with_holder(s: &S, n: u64) -> HolderId {
    keeps(s, vec![Write::AddHolder(holder(n))]).await;
    hid(n)
}

pub(super) fn test_fact() -> Fact {
    Fact::Test { result: TestResult::Negative, method: TestMethod::NucleicAcid, sampled_at: at(10) }
}

pub(super) fn evidence(n: u64, holder: Option<HolderId>, fact: Fact) -> Evidence {
    Evidence {
        id: eid(n),
        holder,
        fact,
        recorded_at: at(100),
        agency: Some(AgencyId::from_random(1)),
        origin: None,
        withdrawn_at: None,
        superseded_by: None,
    }
}

pub(super) fn add(evidence: Evidence) -> Write {
    Write::AddEvidence { evidence: Box::new(evidence), external_key: None }
}

pub(super) fn assessment(colour: Colour, next_change: Option<Timestamp>) -> Assessment {
    Assessment {
        colour,
        reasons: Vec::new(),
        warnings: vec!["made_up".to_owned()],
        at: at(5),
        next_change,
        policy: PolicyRef { id: "made-up".to_owned(), version: 3, digest: "00ff".to_owned() },
    }
}

pub(super) fn stored(
    holder: HolderId,
    evidence_version: i64,
    colour: Colour,
    next_change: Option<Timestamp>,
) -> StoredAssessment {
    StoredAssessment {
        holder,
        evidence_version,
        regions_version: 4,
        assessment: assessment(colour, next_change),
    }
}

pub(super) fn put(a: StoredAssessment) -> Write {
    Write::PutAssessment(Box::new(a))
}

pub(super) fn visit(n: u64, entered: Timestamp) -> Visit {
    Visit {
        holder: hid(n + 1_000),
        place: PlaceId::from_random(n + 2_000),
        entered,
        left: None,
        presence: Presence::Gate,
    }
}

pub(super) fn place(n: u64, key: Option<&str>) -> Place {
    Place {
        id: PlaceId::from_random(n),
        kind: PlaceKind::Market,
        name: format!("Made-up market {n}"),
        division: "CN-3301".parse().unwrap(),
        agency: Some(AgencyId::from_random(1)),
        registered_at: at(2),
        external_key: key.map(str::to_owned),
    }
}

pub(super) fn challenge(n: u64, used_for: Option<ChallengeUse>) -> Challenge {
    Challenge {
        id: jadegate_domain::id::ChallengeId::from_random(n),
        sealed_payload: vec![1, 2, 3],
        route: used_for.map(|used_for| Route { lane: [7; 16], used_for }),
        created_at: at(0),
        expires_at: at(300),
        tries: 0,
        used_at: None,
    }
}

pub(super) fn code(n: u64, lane: u8) -> PhoneCode {
    PhoneCode {
        id: jadegate_domain::id::PhoneCodeId::from_random(n),
        lane: [lane; 16],
        digits: 6,
        created_at: at(0),
        expires_at: at(300),
        used_at: None,
    }
}

pub(super) fn message(n: u64) -> OutboxMessage {
    OutboxMessage {
        challenge: jadegate_domain::id::ChallengeId::from_random(n),
        sealed: vec![4, 5, 6],
        created_at: at(0),
        expires_at: at(300),
        next_try_at: at(0),
        attempts: 0,
        state: OutboxState::Waiting,
    }
}

pub(super) fn session(n: u8, subject: SessionSubject) -> Session {
    Session {
        token_digest: [n; 32],
        subject,
        created_at: at(0),
        expires_at: at(1_000),
        device: "phone".to_owned(),
        seen_day: DAY0,
    }
}

pub(super) fn agency(n: u64) -> Agency {
    Agency {
        id: AgencyId::from_random(n),
        kind: AgencyKind::PreventionTeam,
        name: format!("Made-up team {n}"),
        region: "CN-33".parse().unwrap(),
        confirmed_at: None,
        confirmed_by: None,
    }
}

pub(super) fn staff(n: u64, agency: u64) -> Staff {
    Staff {
        id: StaffId::from_random(n),
        agency: AgencyId::from_random(agency),
        agency_kind: AgencyKind::PreventionTeam,
        agency_name: format!("Made-up team {agency}"),
        role: Role::Officer,
        region: "CN-3301".parse().unwrap(),
        display_name: format!("Officer Made-up {n}"),
        created_at: at(3),
        disabled_at: None,
        invited_by: (n > 4).then(|| StaffId::from_random(1)),
        confirmed_at: None,
        confirmed_by: None,
    }
}

pub(super) fn case(n: u64, holder: u64, recorded_at: Timestamp) -> Case {
    Case {
        id: CaseId::from_random(n),
        holder: hid(holder),
        class: CaseClass::Confirmed,
        onset_at: Some(at(-86_400)),
        confirmed_at: at(0),
        isolated_at: None,
        recorded_at,
        agency: AgencyId::from_random(1),
        withdrawn_at: None,
    }
}

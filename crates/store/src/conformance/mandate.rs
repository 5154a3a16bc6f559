//! The steps of the mandates, identity requests, and what is left when a mandate is over.

use jadegate_domain::id::{IdentityRequestId, ProposalId};
use jadegate_domain::{
    AgencyId, AgencyKind, CaseId, IdentityRefusal, IdentityTarget, Period, Purpose, StaffId,
};

use super::made_up::*;
use crate::{
    Before, Forgotten, IdentityDecision, IdentityRequest, IdentityState, Latest, MandateStep,
    MandateStepKind, Precondition, Write,
};

pub(super) fn step(number: u32) -> MandateStep {
    let first = number == 1;
    MandateStep {
        number,
        kind: match number {
            2 => MandateStepKind::Ended,
            3 => MandateStepKind::Forgotten,
            n => MandateStepKind::Published(format!("version = {n}\n")),
        },
        at: at(i64::from(number)),
        agency: (!first).then(|| AgencyId::from_random(1)),
        staff: (!first).then(|| StaffId::from_random(2)),
        proposal: (!first).then(|| ProposalId::from_random(3)),
    }
}

/// Steps are taken one after the other, and nobody takes one twice.
pub async fn a_step_of_the_mandates_follows_the_one_before(s: S) {
    let take = |n| vec![Write::AddMandateStep(Box::new(step(n)))];
    assert_eq!(s.mandate_steps().await.unwrap(), []);
    refuses(&s, take(2), Precondition::Exists).await;
    keeps(&s, take(1)).await;
    refuses(&s, take(1), Precondition::Absent).await;
    refuses(&s, take(3), Precondition::Exists).await;
    for n in [2, 3, 4] {
        keeps(&s, take(n)).await;
    }
    refuses(&s, take(3), Precondition::Absent).await;
    assert_eq!(s.mandate_steps().await.unwrap(), [step(4), step(3), step(2), step(1)]);
}

fn request(n: u64) -> IdentityRequest {
    IdentityRequest {
        id: IdentityRequestId::from_random(n),
        holder: Some(hid(n)),
        target: Some(IdentityTarget::Contact),
        case: Some(CaseId::from_random(n)),
        purpose: Some(Purpose::ContactTracing),
        why: "made up".to_owned(),
        agency: AgencyId::from_random(1),
        agency_kind: AgencyKind::PublicSecurity,
        staff: StaffId::from_random(n),
        asked_at: at(i64::try_from(n).unwrap()),
        state: IdentityState::Waiting,
        refusal: None,
        decided_by: None,
        decided_at: None,
        expires_at: at(1_000),
        read_at: None,
        shown_from: at(2_000),
    }
}

/// One that the rules refused before it was known whom it is about.
fn refused(n: u64, staff: u64) -> IdentityRequest {
    IdentityRequest {
        holder: None,
        target: None,
        case: None,
        purpose: None,
        staff: StaffId::from_random(staff),
        state: IdentityState::Refused,
        refusal: Some(IdentityRefusal::NoSuchPurpose),
        decided_at: Some(at(i64::try_from(n).unwrap())),
        ..request(n)
    }
}

fn add(r: &IdentityRequest) -> Vec<Write> {
    vec![Write::AddIdentityRequest(Box::new(r.clone()))]
}

fn decide(n: u64, from: IdentityState, state: IdentityState, expires: i64) -> Vec<Write> {
    let decision = IdentityDecision {
        state,
        by: Some((StaffId::from_random(9), AgencyId::from_random(8))),
        at: at(50),
        refusal: None,
        expires_at: at(expires),
        shown_from: at(600),
    };
    let id = IdentityRequestId::from_random(n);
    vec![Write::DecideIdentityRequest { id, from, decision: Box::new(decision) }]
}

/// A decision is made from the state that was loaded, and an approval is read before it ends.
pub async fn an_identity_request_is_decided_once(s: S) {
    use IdentityState as I;
    let read =
        |n, t| vec![Write::ReadIdentity { id: IdentityRequestId::from_random(n), at: at(t) }];
    refuses(&s, decide(1, I::Waiting, I::Approved, 500), Precondition::Exists).await;
    keeps(&s, add(&request(1))).await;
    refuses(&s, add(&request(1)), Precondition::Absent).await;
    refuses(&s, read(1, 10), Precondition::Stands).await;
    keeps(&s, decide(1, I::Waiting, I::Approved, 500)).await;
    refuses(&s, decide(1, I::Waiting, I::Refused, 500), Precondition::Stands).await;
    refuses(&s, read(1, 500), Precondition::Stands).await;
    keeps(&s, read(1, 100)).await;
    keeps(&s, read(1, 499)).await;
    let now = s.identity_request(request(1).id).await.unwrap().unwrap();
    let wanted = IdentityRequest {
        state: I::Approved,
        decided_by: Some((StaffId::from_random(9), AgencyId::from_random(8))),
        decided_at: Some(at(50)),
        expires_at: at(500),
        shown_from: at(100),
        read_at: Some(at(100)),
        ..request(1)
    };
    assert_eq!(now, wanted);
    assert_eq!(s.identity_requests_about(hid(1), 9).await.unwrap(), [wanted]);
    assert_eq!(s.identity_requests_about(hid(2), 9).await.unwrap(), []);
    keeps(&s, decide(1, I::Approved, I::Closed, 500)).await;
    assert_eq!(s.open_identity_requests(9).await.unwrap(), []);
    assert_eq!(s.identity_request(request(2).id).await.unwrap(), None);
}

/// Whoever asks has one open at a time; what the rules refused does not count. All are counted.
pub async fn who_asks_for_an_identity_has_one_request_open(s: S) {
    use IdentityState as I;
    keeps(&s, add(&request(1))).await;
    let again = IdentityRequest { staff: request(1).staff, ..request(2) };
    refuses(&s, add(&again), Precondition::Absent).await;
    keeps(&s, add(&refused(3, 1))).await;
    keeps(&s, decide(1, I::Waiting, I::Approved, 500)).await;
    refuses(&s, add(&again), Precondition::Absent).await;
    keeps(&s, decide(1, I::Approved, I::Closed, 500)).await;
    keeps(&s, add(&again)).await;
    assert_eq!(s.open_identity_requests(9).await.unwrap(), std::slice::from_ref(&again));
    let latest = Latest { before: None, limit: 2 };
    assert_eq!(s.identity_requests(latest).await.unwrap(), [refused(3, 1), again]);
    let latest = Latest { before: Some(Before { at: at(1), skip: 0 }), limit: 2 };
    assert_eq!(s.identity_requests(latest).await.unwrap().len(), 1);
    // What was approved counts as that, although it is over.
    let within = |from, to| Period { from: at(from), to: at(to) };
    let counts = s.identity_counts(within(1, 4)).await.unwrap();
    let counts: Vec<_> = counts.iter().map(|c| (c.state, c.refusal, c.count)).collect();
    let word = Some(IdentityRefusal::NoSuchPurpose);
    assert_eq!(counts, [(I::Approved, None, 1), (I::Refused, word, 1), (I::Waiting, None, 1)]);
    assert_eq!(s.identity_counts(within(2, 3)).await.unwrap().len(), 1);
}

/// Who runs the deployment, its rules and its log stay; of those who carried a code nothing does.
pub async fn when_the_mandate_is_over_nobody_is_left(s: S) {
    keeps(&s, vec![Write::AddMandateStep(Box::new(step(1)))]).await;
    let mut writes = vec![Write::AddLeaf(b"leaf".to_vec())];
    for n in [1, 2] {
        writes.push(Write::AddHolder(holder(n)));
    }
    keeps(&s, writes).await;
    keeps(&s, add(&request(1))).await;
    let gone = s.forget_people().await.unwrap();
    assert_eq!(gone, Forgotten { holders: 2, evidence: 0, other: 1 });
    assert_eq!(s.holder(hid(1)).await.unwrap(), None);
    assert_eq!(s.identity_request(request(1).id).await.unwrap(), None);
    assert_eq!(s.mandate_steps().await.unwrap(), [step(1)]);
    assert_eq!(s.forget_people().await.unwrap(), Forgotten::default());
    // Life goes on, should there be another mandate.
    keeps(&s, vec![Write::AddHolder(holder(1))]).await;
}

//! Whole units: all or nothing, neighbours, conflicts, durability as far as one process can see.

use std::sync::Arc;

use jadegate_domain::id::{ChallengeId, CorrectionId, ProposalId};
use jadegate_domain::{
    AgencyId, CaseId, Colour, GateId, HolderId, PlaceId, StaffId, Timestamp, TraceId,
};

use super::made_up::*;
use crate::{
    EvidencePage, IndexKind, Latest, Listed, Page, PendingLeaves, Precondition, RegionRisks,
    SessionSubject, StoreError, Unit, Unreadable, Write,
};

/// Every read of an empty store answers, and finds nothing.
pub async fn a_missing_thing_is_none_or_empty(s: S) {
    let (h, p, c) = (hid(1), PlaceId::from_random(1), ChallengeId::from_random(1));
    assert_eq!(s.holder(h).await.unwrap(), None);
    assert_eq!(s.indexed_holder(IndexKind::Phone, [0; 16]).await.unwrap(), None);
    assert!(s.vault_key(h).await.unwrap().is_none());
    assert_eq!(s.sealed_fields(h).await.unwrap(), []);
    assert_eq!(s.holders(Page::first(9)).await.unwrap(), []);
    assert_eq!(s.challenge(c).await.unwrap(), None);
    assert_eq!(s.unrouted_challenges(t(0), 9).await.unwrap(), []);
    assert_eq!(s.phone_codes([0; 16], t(0)).await.unwrap(), []);
    assert_eq!(s.sessions_of(SessionSubject::Holder(h), t(0)).await.unwrap(), []);
    assert_eq!(s.correction(CorrectionId::from_random(1)).await.unwrap(), None);
    let cn = "CN".parse().unwrap();
    assert_eq!(s.waiting_corrections(&cn, t(0)).await.unwrap(), []);
    assert_eq!(s.ended_corrections(&cn, t(0), t(0), 9).await.unwrap(), []);
    assert_eq!(s.confirmed_corrections(t(0), Page::first(9)).await.unwrap(), []);
    assert_eq!(s.counted("", [0; 16], t(0)).await.unwrap(), 0);
    assert_eq!(s.due_messages(Timestamp::MAX, 9).await.unwrap(), []);
    assert_eq!(s.newest_messages(9).await.unwrap(), []);
    assert_eq!(s.session([0; 32], t(0)).await.unwrap(), None);
    assert_eq!(s.agency(AgencyId::from_random(1)).await.unwrap(), None);
    assert_eq!(s.agencies().await.unwrap(), []);
    assert_eq!(s.staff(StaffId::from_random(1)).await.unwrap(), None);
    assert_eq!(s.all_staff().await.unwrap(), []);
    assert_eq!(s.credentials(StaffId::from_random(1)).await.unwrap(), []);
    assert_eq!(s.credential(&[]).await.unwrap(), None);
    assert_eq!(s.invitation([0; 32]).await.unwrap(), None);
    assert_eq!(s.place(p).await.unwrap(), None);
    assert_eq!(s.places(Page::first(9)).await.unwrap(), []);
    assert_eq!(s.trip(p).await.unwrap(), None);
    assert_eq!(s.gate(GateId::from_random(1)).await.unwrap(), None);
    assert_eq!(s.gates(p).await.unwrap(), []);
    assert_eq!(s.visit_days().await.unwrap(), [] as [i64; 0]);
    for day in [i64::MIN, -1, 0, DAY0, i64::MAX] {
        assert_eq!(s.visits_on(day).await.unwrap(), []);
        assert_eq!(s.rides_on(day).await.unwrap(), []);
        assert_eq!(s.scans_on(day).await.unwrap(), []);
        assert_eq!(s.drop_days_before(day).await.unwrap(), (0, 0));
    }
    assert_eq!(s.purge_expired(Timestamp::MAX).await.unwrap(), 0);
    assert_eq!(s.evidence_of(h).await.unwrap(), None);
    assert_eq!(s.evidence(eid(1)).await.unwrap(), None);
    assert_eq!(s.evidence_by_key([0; 16]).await.unwrap(), None);
    assert_eq!(s.holders_with_evidence(Page::first(9)).await.unwrap(), [] as [HolderId; 0]);
    assert_eq!(s.kept_for_document([0; 16]).await.unwrap(), []);
    assert_eq!(s.assessment(h).await.unwrap(), None);
    assert_eq!(s.due_assessments(Timestamp::MAX, 9).await.unwrap(), [] as [HolderId; 0]);
    let confined = s.confined(&"CN".parse().unwrap(), Page::first(9)).await.unwrap();
    assert_eq!(confined, Listed::default());
    assert_eq!(s.colour_counts("", 0).await.unwrap(), crate::ColourCounts::default());
    assert_eq!(s.evidence_by_holder(Page::first(9)).await.unwrap(), EvidencePage::default());
    assert_eq!(s.count_with_evidence().await.unwrap(), 0);
    assert_eq!(s.without_evidence().await.unwrap(), []);
    assert_eq!(s.assessments_between(None, h).await.unwrap(), Listed::default());
    assert_eq!(s.policy_in_force().await.unwrap(), None);
    assert_eq!(s.policy_version("").await.unwrap(), None);
    assert_eq!(s.policy_versions(9).await.unwrap(), []);
    assert_eq!(s.proposal(ProposalId::from_random(1)).await.unwrap(), None);
    assert_eq!(s.ended_proposals(Latest::first(9)).await.unwrap(), []);
    assert_eq!(s.waiting_proposals(Page::first(9)).await.unwrap(), []);
    assert_eq!(s.proposals_applied_alone(t(0), Page::first(9)).await.unwrap(), []);
    assert_eq!(s.waiting_proposal([0; 32]).await.unwrap(), None);
    assert_eq!(s.recolourings(9).await.unwrap(), []);
    assert_eq!(s.colour_changes(h, Latest::first(9)).await.unwrap(), []);
    assert_eq!(s.region_risks(t(0)).await.unwrap(), RegionRisks::default());
    assert_eq!(s.case(CaseId::from_random(1)).await.unwrap(), None);
    assert_eq!(s.standing_cases(None, t(0), Page::first(9)).await.unwrap(), []);
    assert_eq!(s.trace(TraceId::from_random(1)).await.unwrap(), None);
    assert_eq!(s.accesses_of(h, Latest::first(9)).await.unwrap(), []);
    assert_eq!(s.log_size().await.unwrap(), 0);
    assert_eq!(s.log_leaves(0, 9).await.unwrap(), []);
    assert_eq!(s.pending_leaves(9).await.unwrap(), PendingLeaves::default());
    assert_eq!(s.setting("").await.unwrap(), None);
    assert_eq!(s.unreadable(), Unreadable::default());
    assert_eq!(s.check().await.unwrap(), [] as [String; 0]);
}

/// Nothing of a refused unit is left, in whatever table it wrote, not even a day.
pub async fn a_unit_that_fails_at_its_last_write_leaves_nothing(s: S) {
    let id = with_holder(&s, 1).await;
    let fails = Write::ExpectEvidenceVersion { holder: id, version: 77 };
    let unit = vec![
        Write::AddHolder(holder(2)),
        Write::AddIndex { kind: IndexKind::Phone, digest: [1; 16], holder: id },
        Write::AddSession(session(1, SessionSubject::Holder(id))),
        Write::AddVisit(visit(1, at(1))),
        add(evidence(1, Some(id), test_fact())),
        put(stored(id, 1, Colour::Red, None)),
        Write::AddPlace(place(1, Some("made-up:1"))),
        fails,
    ];
    refuses(&s, unit, Precondition::EvidenceVersion).await;
    assert_eq!(s.holder(hid(2)).await.unwrap(), None);
    assert_eq!(s.indexed_holder(IndexKind::Phone, [1; 16]).await.unwrap(), None);
    assert_eq!(s.session([1; 32], at(1)).await.unwrap(), None);
    assert_eq!(s.visit_days().await.unwrap(), [] as [i64; 0]);
    assert_eq!(s.evidence_of(id).await.unwrap(), Some((0, Vec::new())));
    assert_eq!(s.assessment(id).await.unwrap(), None);
    assert_eq!(s.place(place(1, None).id).await.unwrap(), None);
    // The day whose first visit was taken back can still be made.
    keeps(&s, vec![Write::AddVisit(visit(1, at(1)))]).await;
    assert_eq!(s.visits_on(DAY0).await.unwrap(), [visit(1, at(1))]);
}

/// Many units at once, every third one wrong: exactly the right ones are kept, whole.
pub async fn a_failing_unit_does_not_disturb_its_neighbours(s: S) {
    let id = with_holder(&s, 1_000).await;
    let tasks: Vec<_> = (0..120_u64)
        .map(|n| {
            let s = Arc::clone(&s);
            tokio::spawn(async move {
                let day = i64::try_from(n % 5).unwrap() * 86_400;
                let mut writes =
                    vec![Write::AddVisit(visit(n + 1, at(day))), Write::AddLeaf(vec![1])];
                if n % 3 == 0 {
                    writes.push(Write::AddHolder(holder(1_000)));
                }
                (n, s.commit(Unit::new("neighbour", writes)).await)
            })
        })
        .collect();
    for task in tasks {
        let (n, result) = task.await.unwrap();
        match result {
            Ok(()) => assert_ne!(n % 3, 0, "a wrong unit was kept"),
            Err(e) => assert!(n % 3 == 0 && e.is_conflict(Precondition::Absent), "{n}: {e}"),
        }
    }
    let mut kept = Vec::new();
    for day in s.visit_days().await.unwrap() {
        kept.extend(s.visits_on(day).await.unwrap().into_iter().map(|v| v.holder.as_u64() - 1_001));
    }
    kept.sort_unstable();
    assert_eq!(kept, (0..120).filter(|n| n % 3 != 0).collect::<Vec<_>>());
    assert_eq!(logged(&s).await, 80);
    assert_eq!(s.holder(id).await.unwrap(), Some(holder(1_000)));
}

/// Eight tasks read the same version and add to it: one wins each round, nothing is lost.
pub async fn of_two_units_expecting_one_version_exactly_one_wins(s: S) {
    let id = with_holder(&s, 1).await;
    for round in 0..20_u64 {
        let version = i64::try_from(round).unwrap();
        let tasks: Vec<_> = (0..8_u64)
            .map(|n| {
                let s = Arc::clone(&s);
                let writes = vec![
                    Write::ExpectEvidenceVersion { holder: id, version },
                    add(evidence(round * 8 + n + 1, Some(id), test_fact())),
                    put(stored(id, version + 1, Colour::Red, None)),
                ];
                tokio::spawn(async move { s.commit(Unit::new("race", writes)).await })
            })
            .collect();
        let mut won = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => won += 1,
                Err(e) => assert!(e.is_conflict(Precondition::EvidenceVersion), "{e}"),
            }
        }
        assert_eq!(won, 1, "in round {round}");
    }
    let (version, all) = s.evidence_of(id).await.unwrap().unwrap();
    assert_eq!((version, all.len()), (20, 20));
    assert_eq!(s.assessment(id).await.unwrap().unwrap().evidence_version, 20);
}

/// Whoever was answered reads what was written, on any reader.
pub async fn every_unit_is_seen_once_it_is_acknowledged(s: S) {
    let tasks: Vec<_> = (1..=8_u64)
        .map(|task| {
            let s = Arc::clone(&s);
            tokio::spawn(async move {
                for n in 0..25 {
                    let id = task * 1_000 + n;
                    keeps(&s, vec![Write::AddHolder(holder(id))]).await;
                    assert!(s.holder(hid(id)).await.unwrap().is_some());
                    let page = Page { after: Some(hid(id - 1)), limit: 1 };
                    assert_eq!(s.holders(page).await.unwrap(), [holder(id)]);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// A caller that stops waiting does not take the unit back, and never leaves half of it.
pub async fn a_unit_is_kept_though_its_caller_went_away(s: S) {
    for n in 1..=20_u64 {
        let writes = vec![Write::AddHolder(holder(n)), Write::AddLeaf(vec![1])];
        let unit = Unit::new("impatient", writes);
        let mut waiting = s.commit(unit);
        // Polled once, so that the unit is handed over, then dropped.
        let polled =
            std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_ready()));
        let _ = polled.await;
    }
    // Units are applied in the order they were handed over, so this one comes after them.
    keeps(&s, vec![Write::AddLeaf(vec![2])]).await;
    let holders = s.holders(Page::first(99)).await.unwrap().len();
    assert_eq!((holders, logged(&s).await), (20, 21));
}

/// Nothing to write is no error.
pub async fn an_empty_unit_and_a_ping_succeed(s: S) {
    keeps(&s, Vec::new()).await;
    s.ping().await.unwrap();
}

/// A backup goes to a new place; one that is there is never overwritten.
pub async fn a_backup_is_made_once(s: S) {
    with_holder(&s, 1).await;
    let name = format!("jadegate-conformance-{}", std::process::id());
    let to = std::env::temp_dir().join(format!("{name}-{:p}", Arc::as_ptr(&s)));
    s.backup(&to).await.unwrap();
    let made = to.exists();
    let again = s.backup(&to).await;
    let still = to.exists();
    let _ = if to.is_dir() { std::fs::remove_dir_all(&to) } else { std::fs::remove_file(&to) };
    assert!(made && still, "no backup was made, or the second took it away");
    assert!(matches!(again, Err(StoreError::Unavailable(_))), "{again:?}");
}

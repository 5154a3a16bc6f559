//! Two handles on one database, as two servers have them: what they do at once comes out as one after the
//! other, and what one acknowledged the other sees.

use std::sync::Arc;

use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{AgencyId, EvidenceId, PolicyRef, Timestamp};

use super::made_up::*;
use super::{assignments, changes, counts, model, numbering, staff};
use crate::{
    ACCOMPANIED, IndexKind, KeptRecord, PEOPLE, PolicyVersion, Precondition, Proxy, StoreError,
    Unit, Withdrawal, Write,
};

/// Commits one unit on each handle at once.
async fn at_once(
    (a, first): (&S, Vec<Write>),
    (b, second): (&S, Vec<Write>),
) -> [Result<(), StoreError>; 2] {
    let (first, second) =
        tokio::join!(a.commit(Unit::new("one", first)), b.commit(Unit::new("other", second)));
    [first, second]
}

/// One of the two is kept, and the other refused for this.
fn one_wins(results: &[Result<(), StoreError>; 2], why: Precondition) {
    let kept = results.iter().filter(|r| r.is_ok()).count();
    let refused = results.iter().filter(|r| matches!(r, Err(e) if e.is_conflict(why))).count();
    assert_eq!((kept, refused), (1, 1), "{results:?}");
}

/// What is acknowledged on one handle is read on the other from then on.
pub async fn what_one_acknowledges_the_other_reads(a: S, b: S) {
    for n in 1..=50 {
        let (writes, reads) = if n % 2 == 0 { (&a, &b) } else { (&b, &a) };
        keeps(writes, vec![Write::AddHolder(holder(n)), Write::AddVisit(visit(n, at(10)))]).await;
        assert!(reads.holder(hid(n)).await.unwrap().is_some());
        assert_eq!(reads.visits_on(DAY0).await.unwrap().len(), usize::try_from(n).unwrap());
        assert_eq!(reads.position().await.unwrap(), writes.position().await.unwrap());
    }
}

/// Random lists of units, each written on one handle and looked at on the other.
pub async fn random_units_on_both_agree_with_a_model(a: S, b: S) {
    model::agree_with_a_model(&[a, b]).await;
}

/// Two servers publish one day: everybody is told by one of them.
pub async fn one_of_two_publishes_a_day(a: S, b: S) {
    for day in DAY0..DAY0 + 10 {
        let both =
            at_once((&a, vec![counts::publish(day, "a")]), (&b, vec![counts::publish(day, "b")]));
        one_wins(&both.await, Precondition::Absent);
        let told = a.published_numbers(1).await.unwrap();
        assert_eq!(told, b.published_numbers(1).await.unwrap());
        assert_eq!(told[0].day, day);
    }
}

/// Of units on both that were decided from one version of somebody's evidence exactly one is kept.
pub async fn of_two_that_expect_one_version_exactly_one_wins(a: S, b: S) {
    let id = with_holder(&a, 1).await;
    for version in 0..20_u64 {
        let expect = Write::ExpectEvidenceVersion { holder: id, version: version.cast_signed() };
        let writes = |n| vec![expect.clone(), add(evidence(n, Some(id), test_fact()))];
        let both = at_once((&a, writes(2 * version + 1)), (&b, writes(2 * version + 2))).await;
        one_wins(&both, Precondition::EvidenceVersion);
    }
    let (version, all) = b.evidence_of(id).await.unwrap().unwrap();
    assert_eq!((version, all.len()), (20, 20));
}

/// A limit holds for both together.
pub async fn of_many_on_both_as_many_pass_as_there_is_room_for(a: S, b: S) {
    let tasks: Vec<_> = (0..60_u8)
        .map(|n| {
            let s = Arc::clone(if n % 2 == 0 { &a } else { &b });
            let count = Write::CountWithin {
                class: "made_up",
                key: [n % 3; 16],
                count: 1,
                at: at(5),
                window_seconds: 100,
                most: 7,
            };
            tokio::spawn(async move { s.commit(Unit::new("race", vec![count])).await })
        })
        .collect();
    let mut passed = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => passed += 1,
            Err(e) => assert_eq!(e.no_room(), Some(("made_up", Some(100))), "{e}"),
        }
    }
    assert_eq!(passed, 21);
}

/// Two who end each other's access on two servers: somebody is left who can act.
pub async fn of_two_that_end_each_other_on_two_servers_one_remains(a: S, b: S) {
    staff::end_each_other(&a, &b).await;
}

/// What was decided from nobody using a phone is not decided twice.
pub async fn who_uses_a_phone_is_not_decided_twice(a: S, b: S) {
    for n in 1..=20_u8 {
        let register = |id: u64| {
            let (kind, digest) = (IndexKind::Phone, [n; 16]);
            vec![
                Write::ExpectIndexed { kind, digest, holders: vec![] },
                Write::AddHolder(holder(id)),
                Write::AddIndex { kind, digest, holder: hid(id) },
            ]
        };
        let both =
            at_once((&a, register(u64::from(n))), (&b, register(u64::from(n) + 1_000))).await;
        one_wins(&both, Precondition::Leads);
    }
}

/// A document is registered on one while something is kept for its owner on the other: never both.
pub async fn a_document_that_is_kept_for_leads_to_nobody(a: S, b: S) {
    for n in 1..=20_u8 {
        let id = u64::from(n);
        let kept = KeptRecord {
            id: EvidenceId::from_random(id),
            document: [n; 16],
            body: "{}".to_owned(),
            moved_from: None,
            agency: AgencyId::from_random(1),
            staff: None,
            import: None,
            sample: None,
            kept_at: at(1),
            supersedes: None,
            withdrawn_at: None,
            tube: false,
        };
        let keep = vec![Write::KeepForDocument(Box::new(kept))];
        let lead = vec![
            Write::AddHolder(holder(id)),
            Write::AddIndex { kind: IndexKind::Document, digest: [n; 16], holder: hid(id) },
        ];
        one_wins(&at_once((&a, keep), (&b, lead)).await, Precondition::Leads);
    }
}

/// A limit that is counted from rows holds for both together.
pub async fn nobody_cares_for_more_people_than_they_may(a: S, b: S) {
    for n in 1..=3 {
        keeps(&a, vec![Write::AddHolder(holder(n))]).await;
    }
    let care = |person| {
        let proxy = Proxy { person: hid(person), carer: hid(1), since: at(1), child: false };
        vec![Write::AddProxy { proxy, most: 1 }]
    };
    let both = at_once((&a, care(2)), (&b, care(3))).await;
    one_wins(&both, Precondition::Room { class: PEOPLE, seconds: None });
    assert_eq!(a.people_of(hid(1)).await.unwrap().len(), 1);
}

/// A worker has no more people than fit, whichever server assigns them.
pub async fn nobody_accompanies_more_people_than_fit(a: S, b: S) {
    keeps(&a, assignments::assign(assignments::assignment(1, 1, 5))).await;
    let one = |n| assignments::assign(assignments::assignment(n, n, 5));
    let both = at_once((&a, one(2)), (&b, one(3))).await;
    one_wins(&both, Precondition::Room { class: ACCOMPANIED, seconds: None });
    assert_eq!(b.assignments(at(10), None, 9).await.unwrap().len(), 2);
}

fn policy(n: u32, published_at: Timestamp) -> PolicyVersion {
    PolicyVersion {
        reference: PolicyRef { id: "made-up".to_owned(), version: n, digest: format!("{n:04}") },
        text: format!("version = {n}"),
        published_at,
        agency: None,
        staff: None,
        proposal: None,
    }
}

/// Two policies that would replace the same one: one does.
pub async fn one_of_two_policies_comes_into_force(a: S, b: S) {
    let publish = |n, replaces: Option<&str>| {
        let version = Box::new(policy(n, at(1)));
        vec![Write::PublishPolicy { version, replaces: replaces.map(str::to_owned) }]
    };
    one_wins(&at_once((&a, publish(1, None)), (&b, publish(2, None))).await, Precondition::Absent);
    let first = a.policy_in_force().await.unwrap().unwrap().reference.digest;
    let both = at_once((&a, publish(3, Some(&first))), (&b, publish(4, Some(&first)))).await;
    one_wins(&both, Precondition::Exists);
    let (one, other) = (a.policy_in_force().await.unwrap(), b.policy_in_force().await.unwrap());
    assert_eq!(one, other);
}

/// A file is being taken back on one while the other adds to it: whoever is second knows of the first.
pub async fn nothing_is_added_to_what_is_taken_back(a: S, b: S) {
    let id = with_holder(&a, 1).await;
    for n in 1..=20_u64 {
        let file = n.cast_signed();
        let expect = Write::ExpectNotWithdrawn { record: RecordKind::Import, id: file };
        let record = vec![expect, add(evidence(n, Some(id), test_fact()))];
        let back = Withdrawal {
            record: RecordKind::Import,
            id: file,
            at: at(5),
            agency: AgencyId::from_random(1),
            staff: None,
            reason: WithdrawalReason::ALL[0],
        };
        let [added, taken_back] =
            at_once((&a, record), (&b, vec![Write::AddWithdrawal(back)])).await;
        taken_back.unwrap();
        let there = b.evidence(eid(n)).await.unwrap().is_some();
        assert_eq!(added.is_ok(), there);
        let why = Precondition::NotWithdrawn { record: RecordKind::Import };
        assert!(added.is_ok() || added.as_ref().is_err_and(|e| e.is_conflict(why)), "{added:?}");
        let late = Write::ExpectNotWithdrawn { record: RecordKind::Import, id: file };
        refuses(&a, vec![late], why).await;
    }
}

/// Whoever reads on from where they were misses nothing that either has written.
pub async fn changes_of_both_are_all_told(a: S, b: S) {
    changes::all_are_told(&[a, b]).await;
}

/// Both write and number at once.
pub async fn both_number_and_each_leaf_has_one_number(a: S, b: S) {
    numbering::number_at_once(&[a, b]).await;
}

/// A day that one has made is there for the other, and one that was dropped behind its back is made anew.
pub async fn a_day_is_made_and_dropped_by_either(a: S, b: S) {
    for round in 0..5_u64 {
        let n = 10 * round;
        let both = at_once(
            (&a, vec![Write::AddVisit(visit(n + 1, at(10)))]),
            (&b, vec![Write::AddVisit(visit(n + 2, at(10)))]),
        )
        .await;
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        let left = at(99);
        keeps(&a, vec![Write::CloseVisit { visit: visit(n + 2, at(10)).key(), left }]).await;
        assert_eq!(b.visits_on(DAY0).await.unwrap().len(), 2);
        assert_eq!(a.drop_days_before(DAY0 + 1).await.unwrap(), (2, 0));
        let gone = Write::CloseVisit { visit: visit(n + 1, at(10)).key(), left };
        refuses(&b, vec![gone], Precondition::Exists).await;
        keeps(&b, vec![Write::AddVisit(visit(n + 3, at(10)))]).await;
        assert_eq!(b.drop_days_before(DAY0 + 1).await.unwrap(), (1, 0));
        assert_eq!(a.visits_on(DAY0).await.unwrap(), []);
    }
}

/// Units that touch the same people in opposite orders wait for one another in vain on no server.
pub async fn units_that_want_the_same_in_another_order_are_all_answered(a: S, b: S) {
    for n in 1..=4 {
        with_holder(&a, n).await;
    }
    let tasks: Vec<_> = (0..40_u64)
        .map(|n| {
            let s = Arc::clone(if n % 2 == 0 { &a } else { &b });
            let mut people: Vec<_> = (1..=4).map(|of| (of, 10 * n + of)).collect();
            if n % 2 == 0 {
                people.reverse();
            }
            let one = |(of, id)| add(evidence(id, Some(hid(of)), test_fact()));
            let writes: Vec<_> = people.into_iter().map(one).collect();
            tokio::spawn(async move {
                s.commit(Unit::new("add", writes)).await.unwrap();
                // What is known only once a row is looked at, in opposite orders as well.
                let back = |of| Write::WithdrawEvidence { id: eid(10 * n + of), at: at(9) };
                let order: Vec<u64> = if n % 2 == 0 { vec![1, 2, 3, 4] } else { vec![4, 3, 2, 1] };
                let writes = order.into_iter().map(back).collect();
                s.commit(Unit::new("withdraw", writes)).await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    for n in 1..=4 {
        assert_eq!(b.evidence_of(hid(n)).await.unwrap().unwrap().0, 80);
    }
}

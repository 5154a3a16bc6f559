//! Community workers accompany whom an officer assigned to them, and nobody else.

use jadegate_domain::HolderId;
use jadegate_service::staff::{AssignmentInput, MOST_ACCOMPANIED};
use jadegate_service::{Result, StaffSession};

use crate::common::{HOME, World, case_of};

fn code<T>(r: Result<T>) -> &'static str {
    r.err().map_or("ok", |e| if e.code == "input.invalid" { e.fields[0].code } else { e.code })
}

const fn input(holder: HolderId, worker: &StaffSession, days: u8) -> AssignmentInput {
    AssignmentInput { holder, worker: worker.staff().id, days }
}

/// Somebody who is a case, and so confined.
#[expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
async fn confined(w: &mut World, officer: &StaffSession) -> HolderId {
    let (_, holder) = w.register(HOME).await;
    w.app.record_case(officer, &case_of(holder)).await.unwrap();
    holder
}

#[tokio::test]
async fn a_worker_sees_who_was_assigned_while_it_lasts_and_nobody_else() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let worker = w.staff("community", "community_worker", HOME).await;
    let other = w.staff("community", "community_worker", HOME).await;
    let (mine, _) = (confined(&mut w, &officer).await, confined(&mut w, &officer).await);
    let (_, green) = w.register(HOME).await;

    assert_eq!(w.app.accompanied(&worker).await.unwrap().people, []);
    assert_eq!(
        code(w.app.assign(&officer, &input(green, &worker, 7)).await),
        "purpose.not_in_quarantine"
    );
    for days in [0, 22] {
        assert_eq!(
            code(w.app.assign(&officer, &input(mine, &worker, days)).await),
            "assignment.days"
        );
    }
    // An officer is no community worker, and a worker assigns nobody.
    assert_eq!(
        code(w.app.assign(&officer, &input(mine, &officer, 7)).await),
        "assignment.no_worker"
    );
    assert_eq!(code(w.app.assign(&worker, &input(mine, &worker, 7)).await), "staff.not_allowed");
    assert_eq!(code(w.app.accompanied(&officer).await), "staff.not_allowed");

    let made = w.app.assign(&officer, &input(mine, &worker, 7)).await.unwrap();
    assert_eq!(code(w.app.assign(&officer, &input(mine, &worker, 7)).await), "assignment.already");
    let seen = w.app.accompanied(&worker).await.unwrap().people;
    assert_eq!(seen.iter().map(|p| (p.holder, p.over)).collect::<Vec<_>>(), [(mine, false)]);
    assert_ne!(seen[0].name_masked, "***");
    assert!(!seen[0].check_ins.is_empty());
    assert_eq!(w.app.accompanied(&other).await.unwrap().people, []);
    // There is nothing else a worker could ask about them.
    let open = w.app.open_holder(&worker, mine, jadegate_domain::Purpose::Quarantine, None).await;
    assert_eq!(code(open), "staff.not_allowed");

    // The person sees that they were assigned, and the worker's look.
    let own = w.app.holder_session(&w.token_of(mine).await).await.unwrap();
    let looks = w.app.my_accesses(&own).await.unwrap();
    let told: Vec<_> = looks.iter().map(|a| a.what.as_str()).collect();
    assert!(told.contains(&"assigned"), "{told:?}");
    let by = |a: &&jadegate_service::holder::me::AccessView| {
        a.agency.as_ref().is_some_and(|g| g.kind == jadegate_domain::AgencyKind::Community)
    };
    assert_eq!(looks.iter().filter(by).count(), 1, "one look within the hour");

    // Another team's officer ends nothing of this one's; after its end nobody is seen.
    let stranger = w.officer().await;
    assert_eq!(code(w.app.end_assignment(&stranger, made.id).await), "assignment.not_found");
    w.app.end_assignment(&officer, made.id).await.unwrap();
    assert_eq!(w.app.accompanied(&worker).await.unwrap().people, []);
    assert_eq!(code(w.app.end_assignment(&officer, made.id).await), "assignment.not_found");
}

#[tokio::test]
async fn an_assignment_ends_by_itself_and_a_quarantine_that_is_over_tells_nothing_more() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let worker = w.staff("community", "community_worker", HOME).await;
    let (released, kept) = (confined(&mut w, &officer).await, confined(&mut w, &officer).await);
    for holder in [released, kept] {
        w.app.assign(&officer, &input(holder, &worker, 2)).await.unwrap();
    }
    let case = w.app.list_cases(&officer).await.unwrap();
    let case = case.iter().find(|c| c.holder == released).unwrap().id;
    w.app.withdraw_case(&officer, case).await.unwrap();
    let seen = w.app.accompanied(&worker).await.unwrap().people;
    let over = seen.iter().find(|p| p.holder == released).unwrap();
    assert_eq!((over.over, over.name_masked.as_str()), (true, "***"));
    assert!(over.check_ins.is_empty() && over.until.is_none());
    assert_eq!(w.app.assignments(&officer).await.unwrap().len(), 2);
    w.clock.advance(2 * 86_400);
    assert_eq!(w.app.accompanied(&worker).await.unwrap().people, []);
    assert_eq!(w.app.assignments(&officer).await.unwrap(), []);
}

#[tokio::test]
async fn a_worker_has_so_many_people_and_only_where_they_act() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let worker = w.staff("community", "community_worker", HOME).await;
    let elsewhere = w.staff("community", "community_worker", "CN-330102").await;
    let first = confined(&mut w, &officer).await;
    let there = w.app.assign(&officer, &input(first, &elsewhere, 7)).await;
    assert!(["assignment.elsewhere", "assignment.no_worker"].contains(&code(there)));
    w.app.assign(&officer, &input(first, &worker, 7)).await.unwrap();
    for _ in 1..MOST_ACCOMPANIED {
        let holder = confined(&mut w, &officer).await;
        w.app.assign(&officer, &input(holder, &worker, 7)).await.unwrap();
    }
    let one_more = confined(&mut w, &officer).await;
    assert_eq!(code(w.app.assign(&officer, &input(one_more, &worker, 7)).await), "assignment.full");
    let workers = w.app.community_workers(&officer).await.unwrap();
    let known = workers.iter().find(|k| k.id == worker.staff().id).unwrap();
    assert_eq!((known.accompanied, known.most), (MOST_ACCOMPANIED, MOST_ACCOMPANIED));
}

//! Who looked is written down whenever somebody's data is shown, and lists show their own region.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use crate::common::{HOME, World, at, case_of};
use jadegate_domain::{AgencyId, Case, CaseClass, CaseId, HolderId, Purpose};
use jadegate_service::StaffSession;
use jadegate_service::staff::{CaseInput, JobOrder, TraceJobInput};
use jadegate_store::{Latest, Unit, Write};

/// The looks at somebody's stays that their own page tells of.
async fn looks(w: &World, holder: HolderId, by: &StaffSession) -> usize {
    let all = w.store.accesses_of(holder, Latest::first(100)).await.unwrap();
    let stays = all.iter().filter(|a| a.what == "visits" && a.purpose == Purpose::ContactTracing);
    stays.filter(|a| a.staff == Some(by.staff().id)).count()
}

/// A suspected case, its trace, and the withdrawal a second later: without leaving a mark, that was a
/// way to read where one person was and with whom.
#[tokio::test]
async fn nobody_follows_a_person_by_a_false_case_unseen() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, victim) = w.register(HOME).await;
    let (_, friend) = w.register(HOME).await;
    let (_, elsewhere) = w.register("CN-3101").await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for holder in [victim, friend, elsewhere] {
        w.visit(holder, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let input = CaseInput { class: "suspected".to_owned(), trace: true, ..case_of(victim) };
    let recorded = w.app.record_case(&officer, &input).await.unwrap();
    let trace = recorded.trace.unwrap().trace;
    // Counts tell of no stay.
    assert_eq!(looks(&w, victim, &officer).await, 0);
    for n in 1..=2 {
        let detail = w.app.trace_detail(&officer, trace).await.unwrap();
        assert_eq!(detail.contacts.len(), 2);
        assert!(detail.contacts.iter().all(|c| !c.exposures.is_empty()));
        for holder in [victim, friend, elsewhere] {
            assert_eq!(looks(&w, holder, &officer).await, n);
        }
    }
    // The person's own page says so.
    w.app.withdraw_case(&officer, recorded.case).await.unwrap();
    let e = w.app.trace_detail(&officer, trace).await.unwrap_err();
    assert_eq!(e.code, "trace.case_withdrawn");
    let list = w.app.list_cases(&officer).await.unwrap();
    assert_eq!(list[0].latest_trace, None);
    assert_eq!(looks(&w, victim, &officer).await, 2);
}

#[tokio::test]
async fn a_job_shows_nothing_of_a_case_without_its_person_seeing_it() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, friend) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for holder in [case, friend] {
        w.visit(holder, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let id = w.app.record_case(&officer, &case_of(case)).await.unwrap().case;
    let job = w.app.start_trace_job(&officer, &TraceJobInput::default()).await.unwrap().job;
    let mut follow = w.app.follow_trace_job(&officer, job).await.unwrap();
    while follow.next().await.is_some() {}
    let page = || w.app.trace_job_contacts(&officer, job, JobOrder::Case, 0, 10);
    assert_eq!(page().await.unwrap().contacts.len(), 1);
    assert_eq!(looks(&w, case, &officer).await, 1);
    assert_eq!(looks(&w, friend, &officer).await, 1);
    w.app.withdraw_case(&officer, id).await.unwrap();
    assert_eq!(page().await.unwrap().contacts, []);
}

/// A look through a list is one look within an hour, whichever server it went through.
#[tokio::test]
async fn a_look_through_a_list_is_known_to_another_server() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    w.app.record_case(&officer, &case_of(case)).await.unwrap();
    let listed = async |w: &World| {
        w.app.list_cases(&officer).await.unwrap();
        let all = w.store.accesses_of(case, Latest::first(100)).await.unwrap();
        all.iter().filter(|a| a.what == "identity").count()
    };
    assert_eq!(listed(&w).await, 1);
    w.restart().await;
    assert_eq!(listed(&w).await, 1);
    w.clock.advance(3600);
    assert_eq!(listed(&w).await, 2);
}

#[tokio::test]
async fn a_region_sees_its_cases_however_many_are_newer_elsewhere() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, here) = w.register(HOME).await;
    let (_, far) = w.register("CN-3101").await;
    let id = w.app.record_case(&officer, &case_of(here)).await.unwrap().case;
    w.app.run_trace(&officer, id).await.unwrap();
    let case = |n: u64| Case {
        id: CaseId::from_random(n),
        holder: far,
        class: CaseClass::Confirmed,
        onset_at: None,
        confirmed_at: at(crate::common::NOW),
        isolated_at: None,
        recorded_at: at(crate::common::NOW).plus_secs(60),
        agency: AgencyId::from_random(1),
        withdrawn_at: None,
    };
    let writes = (1..=1001).map(|n| Write::AddCase(case(n))).collect();
    w.store.commit(Unit::new("test", writes)).await.unwrap();
    let list = w.app.list_cases(&officer).await.unwrap();
    assert_eq!(list.iter().map(|c| c.id).collect::<Vec<_>>(), [id]);
    assert_eq!(w.app.list_traces(&officer, None).await.unwrap().len(), 1);
    let numbers = w.app.overview(&officer).await.unwrap();
    assert_eq!((numbers.cases_open, numbers.traces), (1, 1));
}

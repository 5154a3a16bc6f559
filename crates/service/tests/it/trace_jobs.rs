//! Traces of many cases in one job: what is found, who may see it, and how it ends.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use crate::common::{HOME, World, at, case_of};
use jadegate_domain::{CaseId, Colour, HolderId, PlaceKind};
use jadegate_service::staff::trace_jobs::KEPT_SECONDS;
use jadegate_service::staff::{JobOrder, TraceJobInput, TraceJobState, TraceJobView};
use jadegate_service::{Kind, StaffSession};
use jadegate_store::Latest;

/// Two cases who shared a cafe with one person and a gym with another, who lives elsewhere.
struct Two {
    w: World,
    officer: StaffSession,
    cases: [CaseId; 2],
    /// 30 minutes with the first case, 60 with the second.
    here: HolderId,
    /// 90 minutes with the second case; lives in another province.
    elsewhere: HolderId,
}

async fn two() -> Two {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, one) = w.register(HOME).await;
    let (_, two) = w.register(HOME).await;
    let (_, here) = w.register(HOME).await;
    let (_, elsewhere) = w.register("CN-3101").await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let gym = w.place("leisure", "Made-up Gym").await;
    w.visit(one, cafe, "2022-03-13T04:00:00Z", "2022-03-13T04:30:00Z").await;
    w.visit(two, cafe, "2022-03-13T05:00:00Z", "2022-03-13T06:00:00Z").await;
    w.visit(here, cafe, "2022-03-13T03:00:00Z", "2022-03-13T07:00:00Z").await;
    w.visit(two, gym, "2022-03-14T05:00:00Z", "2022-03-14T06:30:00Z").await;
    w.visit(elsewhere, gym, "2022-03-14T04:00:00Z", "2022-03-14T07:00:00Z").await;
    w.restart().await;
    let mut cases = Vec::new();
    for holder in [one, two] {
        cases.push(w.app.record_case(&officer, &case_of(holder)).await.unwrap().case);
    }
    Two { w, officer, cases: [cases[0], cases[1]], here, elsewhere }
}

impl Two {
    /// Starts a job and waits for its end; progress never goes back.
    async fn run(&self, input: &TraceJobInput) -> TraceJobView {
        let job = self.w.app.start_trace_job(&self.officer, input).await.unwrap();
        let mut follow = self.w.app.follow_trace_job(&self.officer, job.job).await.unwrap();
        let mut last = job;
        while let Some(now) = follow.next().await {
            assert!(now.done >= last.done && now.contacts >= last.contacts);
            last = now;
        }
        last
    }

    async fn rows(&self, job: &TraceJobView, order: JobOrder) -> Vec<(CaseId, HolderId, u32)> {
        let page = self.w.app.trace_job_contacts(&self.officer, job.job, order, 0, 500).await;
        page.unwrap()
            .contacts
            .iter()
            .map(|c| (c.row.case, c.row.holder, c.row.minutes_upper))
            .collect()
    }
}

#[tokio::test]
async fn a_job_finds_what_single_traces_find_and_records_nothing() {
    let t = two().await;
    let leaves = t.w.leaves().await;
    let job = t.run(&TraceJobInput::default()).await;
    assert_eq!((job.state, job.cases, job.done, job.contacts), (TraceJobState::Done, 2, 2, 3));
    assert_eq!((job.contacts_recorded, job.record, job.hops), (0, false, 2));
    assert_eq!(t.w.leaves().await, leaves, "nothing is recorded");
    assert_eq!(t.w.colour(t.here).await, Colour::Green);

    let minutes = t.rows(&job, JobOrder::Minutes).await;
    let [one, two] = t.cases;
    assert_eq!(minutes, [(two, t.elsewhere, 90), (two, t.here, 60), (one, t.here, 30)]);
    let mut by_case = t.rows(&job, JobOrder::Case).await;
    assert!(by_case.is_sorted_by_key(|r| (r.0, r.1)));
    by_case.sort_by_key(|r| std::cmp::Reverse(r.2));
    assert_eq!(by_case, minutes);

    // Page by page, nothing twice, nothing left out; who lives elsewhere is an opaque id.
    let page = |after| t.w.app.trace_job_contacts(&t.officer, job.job, JobOrder::Minutes, after, 2);
    let first = page(0).await.unwrap();
    assert_eq!((first.contacts.len(), first.total, first.next), (2, 3, Some(2)));
    assert_eq!(first.contacts[0].colour, None);
    assert_eq!(first.contacts[1].colour, Some(Colour::Green));
    let second = page(2).await.unwrap();
    assert_eq!((second.contacts.len(), second.next), (1, None));
    assert!(page(9).await.unwrap().contacts.is_empty());
    // Looking at it is written down for those who live here.
    let seen = |h| t.w.store.accesses_of(h, Latest::first(10));
    assert!(seen(t.here).await.unwrap().iter().any(|a| a.what == "visits"));
    assert!(seen(t.elsewhere).await.unwrap().is_empty());

    // The same cases traced by hand.
    for case in t.cases {
        let report = t.w.app.run_trace(&t.officer, case).await.unwrap();
        let detail = t.w.app.trace_detail(&t.officer, report.trace).await.unwrap();
        let mut by_hand: Vec<_> =
            detail.contacts.iter().map(|c| (case, c.holder, c.minutes)).collect();
        by_hand.sort_unstable();
        let mut job: Vec<_> = minutes.iter().filter(|r| r.0 == case).copied().collect();
        job.sort_unstable();
        assert_eq!(by_hand, job);
    }
}

#[tokio::test]
async fn one_hop_is_two_hops_where_nobody_met_a_contact() {
    let t = two().await;
    let one = t.run(&TraceJobInput { hops: Some(1), ..TraceJobInput::default() }).await;
    let two = t.run(&TraceJobInput { hops: Some(2), ..TraceJobInput::default() }).await;
    assert_eq!((one.state, one.hops, one.done, one.contacts), (TraceJobState::Done, 1, 2, 3));
    let page = |job| t.w.app.trace_job_contacts(&t.officer, job, JobOrder::Minutes, 0, 500);
    let found = page(one.job).await.unwrap();
    assert_eq!(found, page(two.job).await.unwrap());
    let kinds: Vec<_> = found.contacts.iter().map(|c| c.row.place_kind).collect();
    assert_eq!(kinds, [PlaceKind::Leisure, PlaceKind::Restaurant, PlaceKind::Restaurant]);
}

#[tokio::test]
async fn a_job_that_records_does_as_single_traces_do() {
    let t = two().await;
    let input = TraceJobInput { cases: Some(t.cases.to_vec()), hops: None, record: true };
    let job = t.run(&input).await;
    assert_eq!((job.state, job.contacts, job.contacts_recorded), (TraceJobState::Done, 3, 3));
    assert_eq!(t.w.colour(t.here).await, Colour::Red);
    assert_eq!(t.w.colour(t.elsewhere).await, Colour::Red);
    assert_eq!(t.rows(&job, JobOrder::Minutes).await.len(), 3);
    for case in t.cases {
        let again = t.w.app.run_trace(&t.officer, case).await.unwrap();
        assert_eq!((again.contacts_recorded, again.contacts_withdrawn), (0, 0));
    }
    // Once more: nothing new.
    let again = t.run(&input).await;
    assert_eq!((again.contacts, again.contacts_recorded), (3, 0));
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_runs() {
    let mut t = two().await;
    let start =
        async |input: TraceJobInput| t.w.app.start_trace_job(&t.officer, &input).await.unwrap_err();
    let unknown = CaseId::from_random(77);
    let named = |cases: Vec<CaseId>| TraceJobInput { cases: Some(cases), ..Default::default() };
    let e = start(named(vec![t.cases[0], unknown])).await;
    assert_eq!((e.code, e.kind), ("case.not_found", Kind::NotFound));
    assert!(e.detail.contains(&unknown.to_string()));
    assert_eq!(start(named(Vec::new())).await.fields[0].code, "trace_job.cases");
    let hops = TraceJobInput { hops: Some(3), ..Default::default() };
    assert_eq!(start(hops).await.fields[0].code, "trace_job.hops");
    let other = TraceJobInput { hops: Some(1), record: true, ..Default::default() };
    assert_eq!(start(other).await.fields[0].code, "trace_job.hops_of_policy");
    t.w.app.withdraw_case(&t.officer, t.cases[0]).await.unwrap();
    assert_eq!(start(named(t.cases.to_vec())).await.code, "case.withdrawn");

    // Only who may trace, and cases of their own region only.
    let lab = t.w.staff("laboratory", "lab_technician", "CN-33").await;
    let e = t.w.app.start_trace_job(&lab, &TraceJobInput::default()).await.unwrap_err();
    assert_eq!(e.code, "staff.not_allowed");
    let shanghai = t.w.staff("prevention_team", "officer", "CN-3101").await;
    let e = t.w.app.start_trace_job(&shanghai, &named(vec![t.cases[1]])).await.unwrap_err();
    assert_eq!(e.code, "case.not_found");
    let e = t.w.app.start_trace_job(&shanghai, &TraceJobInput::default()).await.unwrap_err();
    assert_eq!(e.code, "trace_job.no_cases");
}

#[tokio::test]
async fn a_job_belongs_to_who_started_it_and_expires() {
    let mut t = two().await;
    let job = t.run(&TraceJobInput::default()).await;
    let other = t.w.officer().await;
    let codes = [
        t.w.app.trace_job(&other, job.job).await.unwrap_err().code,
        t.w.app.follow_trace_job(&other, job.job).await.unwrap_err().code,
        t.w.app.cancel_trace_job(&other, job.job).await.unwrap_err().code,
    ];
    assert_eq!(codes, ["trace_job.not_found"; 3]);
    assert!(t.w.app.list_trace_jobs(&other).await.unwrap().is_empty());
    assert_eq!(t.w.app.list_trace_jobs(&t.officer).await.unwrap().len(), 1);
    assert_eq!(job.expires_at, Some(at(crate::common::NOW).plus_secs(KEPT_SECONDS + 4)));

    t.w.clock.advance(KEPT_SECONDS - 1);
    assert!(t.w.app.trace_job(&t.officer, job.job).await.is_ok());
    t.w.clock.advance(1);
    assert_eq!(
        t.w.app.trace_job(&t.officer, job.job).await.unwrap_err().code,
        "trace_job.not_found"
    );

    // The oldest results go first, and one can forget a result oneself.
    let mut jobs = Vec::new();
    for _ in 0..6 {
        t.w.clock.advance(1);
        jobs.push(t.run(&TraceJobInput::default()).await.job);
    }
    let listed = t.w.app.list_trace_jobs(&t.officer).await.unwrap();
    assert_eq!(
        listed.iter().map(|j| j.job).collect::<Vec<_>>(),
        [jobs[5], jobs[4], jobs[3], jobs[2]]
    );
    t.w.app.cancel_trace_job(&t.officer, jobs[5]).await.unwrap();
    assert!(t.w.app.trace_job(&t.officer, jobs[5]).await.is_err());
}

#[tokio::test]
async fn a_job_can_be_cancelled_and_few_may_wait() {
    let t = two().await;
    // The runtime of a test has one thread: nothing runs before this test waits.
    let mut jobs = Vec::new();
    let input = TraceJobInput { record: true, ..TraceJobInput::default() };
    for _ in 0..4 {
        jobs.push(t.w.app.start_trace_job(&t.officer, &input).await.unwrap().job);
    }
    for job in &jobs {
        t.w.app.cancel_trace_job(&t.officer, *job).await.unwrap();
    }
    for job in jobs {
        let mut follow = t.w.app.follow_trace_job(&t.officer, job).await.unwrap();
        let mut last = None;
        while let Some(view) = follow.next().await {
            last = Some(view.state);
        }
        assert!(matches!(last, Some(TraceJobState::Cancelled | TraceJobState::Done)));
        let e = t.w.app.trace_job_contacts(&t.officer, job, JobOrder::Case, 0, 10).await;
        if last == Some(TraceJobState::Cancelled) {
            assert_eq!(e.unwrap_err().code, "trace_job.not_done");
        }
    }
}

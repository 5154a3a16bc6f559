//! A crowd beside standing cases: what each round of tracing does is in proportion to what changed,
//! and it gives way to the end of the program.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::sync::Arc;

use crate::common::{HOME, World, case_of};
use jadegate_domain::{
    CaseId, Colour, Evidence, Fact, Holder, HolderId, PlaceId, Presence, Timestamp,
};
use jadegate_service::staff::{CaseInput, TraceJobInput, TraceJobState, TraceRow};
use jadegate_service::{BulkSearch, DemoVisit, OutboxOnly, StaffSession, bulk_case};
use jadegate_store::{Unit, Write};
use tokio::sync::watch;

/// A case in a restaurant, whose exit nobody has seen, and people who come in after it.
struct Crowd {
    w: World,
    officer: StaffSession,
    cafe: PlaceId,
    case: CaseId,
    people: Vec<HolderId>,
}

fn open_visit(holder: HolderId, place: PlaceId, entered: Timestamp) -> DemoVisit {
    DemoVisit { holder, place, entered, left: None, presence: Presence::Gate }
}

impl Crowd {
    async fn new() -> Self {
        let mut w = World::at("2022-03-14T04:00:00Z").await;
        let officer = w.officer().await;
        let (_, source) = w.register(HOME).await;
        let cafe = w.place("restaurant", "Made-up Cafe").await;
        let now = w.app.now();
        w.app.demo_visits(&[open_visit(source, cafe, now)]).await.unwrap();
        let input = CaseInput { isolated_at: None, trace: true, ..case_of(source) };
        let case = w.app.record_case(&officer, &input).await.unwrap().case;
        assert_eq!(w.app.follow_late_data().await.unwrap(), 0);
        Self { w, officer, cafe, case, people: Vec::new() }
    }

    /// Some come in, now.
    async fn come(&mut self, people: usize) {
        let mut visits = Vec::new();
        for _ in 0..people {
            let (_, holder) = self.w.register(HOME).await;
            visits.push(open_visit(holder, self.cafe, self.w.app.now()));
            self.people.push(holder);
        }
        self.w.app.demo_visits(&visits).await.unwrap();
    }

    async fn contact_evidence(&self, holder: HolderId) -> Vec<Evidence> {
        let all = self.w.store.evidence_of(holder).await.unwrap().map_or_else(Vec::new, |(_, e)| e);
        all.into_iter().filter(|e| matches!(e.fact, Fact::Contact { .. })).collect()
    }

    /// By holder, as it counts, the minutes recorded.
    async fn minutes(&self) -> Vec<(HolderId, u32)> {
        let mut found = Vec::new();
        for holder in &self.people {
            for e in self.contact_evidence(*holder).await.iter().filter(|e| e.counts()) {
                let Fact::Contact { minutes, .. } = e.fact else { continue };
                found.push((*holder, minutes));
            }
        }
        found.sort_unstable();
        found
    }

    /// The same as tracing anew over the store finds it.
    async fn anew(&self) -> Vec<(HolderId, u32)> {
        let (policy, now) = (self.w.app.policy(), self.w.app.now());
        let case = self.w.store.case(self.case).await.unwrap().unwrap();
        let search = BulkSearch::load(self.w.store.as_ref(), None, &policy, now).await.unwrap();
        let rows = search.run(&[bulk_case(&case, &policy, now)], 1, &|_| true).unwrap();
        rows.into_iter().map(|r| (r.holder, r.minutes_upper)).collect()
    }
}

/// Each newcomer is recorded once; those who are still there are not written anew because somebody
/// else came in. When all have left, what is written is what tracing anew finds.
#[tokio::test]
async fn who_is_there_already_is_not_written_anew_with_every_newcomer() {
    let mut c = Crowd::new().await;
    c.come(6).await;
    c.w.clock.advance(360);
    // Nobody shared enough when they were noted; their stays are looked at when others come.
    c.come(1).await;
    assert_eq!(c.w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(c.minutes().await.len(), 6);
    let leaves = c.w.leaves().await;
    let runs = c.w.app.list_traces(&c.officer, Some(c.case)).await.unwrap().len();
    for _ in 0..5 {
        c.w.clock.advance(30);
        c.come(1).await;
        let before = c.w.leaves().await;
        assert_eq!(c.w.app.follow_late_data().await.unwrap(), 0);
        assert_eq!(c.w.leaves().await, before, "nothing changed but that time went on");
    }
    assert!(c.w.leaves().await > leaves, "people registered");
    assert_eq!(c.w.app.list_traces(&c.officer, Some(c.case)).await.unwrap().len(), runs);
    for holder in &c.people[..6] {
        assert_eq!(c.contact_evidence(*holder).await.len(), 1);
    }
    // One more has been there for long enough: that is all that is written.
    c.w.clock.advance(154);
    c.come(1).await;
    assert_eq!(c.w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(c.minutes().await.len(), 7);
    let pieces: Vec<_> = c.people.clone();
    for holder in &pieces[..7] {
        assert_eq!(c.contact_evidence(*holder).await.len(), 1);
    }
    c.w.clock.advance(6 * 3600);
    assert_eq!(c.w.app.follow_late_data().await.unwrap(), 1);
    let mut anew = c.anew().await;
    anew.sort_unstable();
    assert!(anew.len() >= 12, "{anew:?}");
    assert_eq!(c.minutes().await, anew);
}

/// A run whose evidence was not all recorded is gone on with by the next round, not only after a
/// restart.
#[tokio::test]
async fn what_a_trace_left_undone_is_done_by_the_next_round() {
    let mut c = Crowd::new().await;
    c.come(3).await;
    c.w.clock.advance(600);
    // The program is about to end: the trace that is asked for now does not come to its end.
    let (stop, stopped) = watch::channel(true);
    let jobs = Arc::clone(&c.w.app).run_jobs(Arc::new(OutboxOnly), stopped);
    jobs.await;
    drop(stop);
    let e = c.w.app.run_trace(&c.officer, c.case).await.unwrap_err();
    assert_eq!(e.code, "server.stopping");
    assert_eq!(c.minutes().await, []);
    // What runs by itself says the same, and no error that would have somebody woken.
    assert!(c.w.app.finish_traces().await.is_err_and(|e| e.code == "server.stopping"));

    c.w.restart().await;
    c.w.app.finish_traces().await.unwrap();
    assert_eq!(c.w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(c.minutes().await.len(), 3);

    // Evidence goes missing behind the program's back, and a run is stored that names them all: as
    // when whoever asked for a trace went away between the two.
    let evidence = c.w.store.standing_contacts(c.case).await.unwrap().rows;
    assert_eq!(evidence.len(), 3);
    let withdraw = |e: &Evidence| Write::WithdrawEvidence { id: e.id, at: c.w.app.now() };
    let writes = evidence.iter().map(withdraw).collect();
    c.w.store.commit(Unit::new("test", writes)).await.unwrap();
    assert_eq!(c.minutes().await, []);
    c.w.restart().await;
    c.w.app.finish_traces().await.unwrap();
    assert_eq!(c.minutes().await.len(), 3);
}

/// The end of the program ends jobs that record many contacts; what they recorded stays, and the
/// next start records the rest.
#[tokio::test]
async fn the_end_of_the_program_ends_a_job_and_loses_nothing() {
    let mut c = Crowd::new().await;
    c.come(40).await;
    c.w.clock.advance(600);
    let (stop, stopped) = watch::channel(false);
    let jobs = tokio::spawn(Arc::clone(&c.w.app).run_jobs(Arc::new(OutboxOnly), stopped));
    let order = TraceJobInput { record: true, ..TraceJobInput::default() };
    let job = c.w.app.start_trace_job(&c.officer, &order).await.unwrap();
    stop.send(true).unwrap();
    jobs.await.unwrap();
    let mut follow = c.w.app.follow_trace_job(&c.officer, job.job).await.unwrap();
    let mut last = job.state;
    while let Some(now) = follow.next().await {
        last = now.state;
    }
    assert!(
        matches!(last, TraceJobState::Cancelled | TraceJobState::Failed | TraceJobState::Done),
        "{last:?}"
    );
    c.w.restart().await;
    c.w.app.finish_traces().await.unwrap();
    c.w.app.run_trace(&c.officer, c.case).await.unwrap();
    assert_eq!(c.minutes().await.len(), 40);
    for holder in &c.people {
        assert_eq!(c.w.colour(*holder).await, Colour::Red);
        assert_eq!(c.contact_evidence(*holder).await.iter().filter(|e| e.counts()).count(), 1);
    }
}

/// A case with very many contacts rests between two rounds, the longer the more they are.
#[tokio::test]
async fn a_case_with_very_many_contacts_is_not_traced_with_every_newcomer() {
    let mut c = Crowd::new().await;
    let now = c.w.app.now();
    let many: Vec<_> = (1..=2_000).map(|n| HolderId::from_random(1_000_000 + n)).collect();
    let holder = |id: &HolderId| Holder {
        id: *id,
        home: HOME.parse().unwrap(),
        registered_at: now,
        evidence_version: 0,
    };
    let writes = many.iter().map(|id| Write::AddHolder(holder(id))).collect();
    c.w.store.commit(Unit::new("test", writes)).await.unwrap();
    let visits: Vec<_> = many.iter().map(|id| open_visit(*id, c.cafe, now)).collect();
    c.w.app.demo_visits(&visits).await.unwrap();
    c.w.clock.advance(600);
    c.come(1).await;
    assert_eq!(c.w.app.follow_late_data().await.unwrap(), 1);
    let traced = c.w.app.list_traces(&c.officer, Some(c.case)).await.unwrap();
    assert_eq!(traced[0].close, 2_000);

    // For 2,000 contacts it rests 20 seconds, whoever comes; a trace that is asked for does not.
    c.w.clock.advance(310);
    c.come(1).await;
    assert_eq!(c.w.app.follow_late_data().await.unwrap(), 1);
    let closes = |traced: Vec<TraceRow>| traced.iter().map(|t| t.close).max();
    let list = async |c: &Crowd| {
        closes(c.w.app.list_traces(&c.officer, Some(c.case)).await.unwrap()).unwrap()
    };
    assert_eq!(list(&c).await, 2_001);
    c.w.clock.advance(10);
    let late = DemoVisit { entered: now, ..open_visit(c.people[1], c.cafe, now) };
    c.w.app.demo_visits(&[late]).await.unwrap();
    assert_eq!(c.w.app.follow_late_data().await.unwrap(), 0);
    assert_eq!(list(&c).await, 2_001);
    c.w.clock.advance(20);
    assert_eq!(c.w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(list(&c).await, 2_002);
}

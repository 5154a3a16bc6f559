//! Two servers on one database: what only one does at a time, and what each can tell of the other's work.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::common::{HOME, World, by_phone, case_of};
use async_trait::async_trait;
use jadegate_domain::Phone;
use jadegate_service::holder::register::Asker;
use jadegate_service::staff::{
    ChangeInput, JobOrder, RegionInput, TraceJobInput, TraceJobState, WhatIfState,
};
use jadegate_service::{App, SmsError, SmsGateway};
use jadegate_store::{ServerWrite, Unit, Write};
use tokio::sync::watch;

/// Counts, slowly enough that two would send the same.
#[derive(Default)]
struct Slow(AtomicU32);

#[async_trait]
impl SmsGateway for Slow {
    async fn send(&self, _: &Phone, _: &str) -> Result<(), SmsError> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

fn raise(division: &str) -> ChangeInput {
    ChangeInput::Region(RegionInput {
        division: division.to_owned(),
        level: "high".to_owned(),
        from: "2022-03-15T00:00:00Z".to_owned(),
        to: None,
    })
}

/// Asks for a code by text, each from elsewhere.
async fn ask(app: &App, n: u32) {
    app.begin_sign_in(&by_phone(n), Asker::at(&format!("client-{n}"))).await.unwrap();
}

/// Waits until nothing has been sent for two rounds.
async fn settled(sent: &Slow) {
    let mut before = u32::MAX;
    while std::mem::replace(&mut before, sent.0.load(Ordering::SeqCst)) != before {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..400 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    assert!(what(), "it never came");
}

/// One server sends each message once; another goes on when it stops, and when its time is over.
#[tokio::test]
async fn of_two_servers_one_sends_each_message_once() {
    let mut w = World::new().await;
    for _ in 0..6 {
        w.register("CN-330102").await;
    }
    let (a, b) = (Arc::clone(&w.app), w.second_server().await);
    let (sent_a, sent_b) = (Arc::new(Slow::default()), Arc::new(Slow::default()));
    let (stop_a, stopped_a) = watch::channel(false);
    let (stop_b, stopped_b) = watch::channel(false);
    let jobs_a = tokio::spawn(Arc::clone(&a).run_jobs(Arc::clone(&sent_a) as _, stopped_a));
    // What registering sent comes first.
    settled(&sent_a).await;
    // A phone is sent one message a minute.
    w.clock.advance(120);
    settled(&sent_a).await;
    let jobs_b = tokio::spawn(Arc::clone(&b).run_jobs(Arc::clone(&sent_b) as _, stopped_b));
    let count = |sent: &Slow| sent.0.load(Ordering::SeqCst);
    let (before, elsewhere) = (count(&sent_a), count(&sent_b));
    for n in 1..=3 {
        ask(&b, n).await;
    }
    until(|| count(&sent_a) == before + 3).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!((count(&sent_a), count(&sent_b)), (before + 3, elsewhere));
    // Stopped, it leaves them to the other.
    stop_a.send(true).unwrap();
    jobs_a.await.unwrap();
    ask(&a, 4).await;
    until(|| count(&sent_b) == elsewhere + 1).await;
    // Gone without a word, its time has to be over first.
    jobs_b.abort();
    drop(stop_b);
    let (sent_c, (_stop_c, stopped_c)) = (Arc::new(Slow::default()), watch::channel(false));
    let c = w.second_server().await;
    let jobs_c = tokio::spawn(Arc::clone(&c).run_jobs(Arc::clone(&sent_c) as _, stopped_c));
    ask(&c, 5).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(count(&sent_c), 0);
    w.clock.advance(31);
    until(|| count(&sent_c) >= 1).await;
    jobs_c.abort();
}

/// What another server changed is known before a change is decided, however late it would have been
/// heard of: slices of two servers do not pass each other.
#[tokio::test]
async fn h12_slices_of_two_servers_do_not_pass_each_other() {
    let mut w = World::of_people_limit(1).await;
    let first = w.staff("health_commission", "commissioner", "CN-33").await;
    for n in 1..=2 {
        w.register(&format!("CN-33010601{n}")).await;
    }
    let b = w.second_server().await;
    let one = w.what_if(&first, &raise("CN-330106011")).await;
    let two = loop {
        let begun = b.start_what_if(&first, &raise("CN-330106012")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        let seen = b.what_if(&first, begun.id).await.unwrap();
        if seen.result.is_some() {
            break seen;
        }
    };
    assert_eq!((one.needs_second_officer, two.needs_second_officer), (Some(false), Some(false)));
    assert_eq!(w.app.propose(&first, one.id, "one").await.unwrap().state, "applied");
    // It has not followed yet.
    assert!(b.behind().await.unwrap() > 0);
    assert_eq!(b.propose(&first, two.id, "two").await.unwrap_err().code, "what_if.outdated");
}

/// A what-if begun at one server is told, attached and stopped at the other, also after a restart; one
/// whose server is gone has failed.
#[tokio::test]
async fn a_what_if_is_everybodys() {
    let mut w = World::new().await;
    let first = w.staff("health_commission", "commissioner", "CN-33").await;
    let colleague = w.staff("health_commission", "commissioner", "CN-33").await;
    w.register("CN-330106011").await;
    let b = w.second_server().await;
    let run = w.what_if(&first, &raise("CN-330106011")).await;
    let seen = b.what_if(&first, run.id).await.unwrap();
    assert_eq!(
        serde_json::to_value(&seen).unwrap(),
        serde_json::to_value(&run).unwrap(),
        "as where it ran"
    );
    assert_eq!(b.what_if(&colleague, run.id).await.unwrap_err().code, "what_if.not_found");
    w.restart().await;
    assert!(w.app.what_if(&first, run.id).await.unwrap().result.is_some());
    b.propose(&first, run.id, "at the other").await.unwrap();
    assert_eq!(w.app.what_if(&first, run.id).await.unwrap_err().code, "what_if.not_found");

    // It goes on, and its server says nothing more.
    let id = jadegate_domain::id::WhatIfId::from_random(77);
    let now = w.app.now();
    let body = serde_json::json!({
        "change": { "kind": "region", "entries": [] },
        "valid_until": now.plus_secs(3_600),
        "progress": [3, 9],
        "outcome": "running",
    });
    let job = jadegate_store::StoredJob {
        id: id.as_i64(),
        kind: "what_if".to_owned(),
        staff: first.staff().id,
        owner: 12_345,
        started_at: now,
        over: false,
        stop: false,
        alive_until: now.plus_secs(30),
        expires_at: now.plus_secs(3_600),
        body: body.to_string(),
    };
    let put = Write::Server(ServerWrite::PutJob(Box::new(job)));
    w.store.commit(Unit::new("made up", vec![put])).await.unwrap();
    let state = async || {
        let view = b.what_if(&first, id).await.unwrap();
        (view.state, view.progress.done, view.progress.of)
    };
    assert_eq!(state().await, (WhatIfState::Running, 3, 9));
    w.clock.advance(30);
    assert_eq!(state().await, (WhatIfState::Failed, 3, 9));
    w.clock.advance(3_600);
    assert_eq!(b.what_if(&first, id).await.unwrap_err().code, "what_if.not_found");
}

/// A trace of many cases is told, read and ended at the other server, also after a restart.
#[tokio::test]
async fn a_trace_of_many_cases_is_everybodys() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, sick) = w.register(HOME).await;
    let (_, near) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    w.visit(sick, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.visit(near, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.restart().await;
    w.app.record_case(&officer, &case_of(sick)).await.unwrap();
    let b = w.second_server().await;
    let job = w.app.start_trace_job(&officer, &TraceJobInput::default()).await.unwrap().job;
    let mut follow = b.follow_trace_job(&officer, job).await.unwrap();
    let mut last = None;
    while let Some(view) = follow.next().await {
        last = Some(view);
    }
    let last = last.unwrap();
    assert_eq!((last.state, last.contacts), (TraceJobState::Done, 1));
    assert_eq!(last, w.app.trace_job(&officer, job).await.unwrap());
    assert_eq!(b.list_trace_jobs(&officer).await.unwrap(), std::slice::from_ref(&last));
    let rows = async |app: &App| {
        app.trace_job_contacts(&officer, job, JobOrder::Minutes, 0, 10).await.unwrap().contacts
    };
    let there = rows(&b).await;
    assert_eq!((there.len(), there[0].row.holder), (1, near));
    assert_eq!(there, rows(&w.app).await);
    w.restart().await;
    assert_eq!(there, rows(&w.app).await);
    b.cancel_trace_job(&officer, job).await.unwrap();
    let elsewhere = w.second_server().await;
    assert_eq!(elsewhere.trace_job(&officer, job).await.unwrap_err().code, "trace_job.not_found");
}

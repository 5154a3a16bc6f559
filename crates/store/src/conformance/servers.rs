//! Leases and jobs.

use jadegate_domain::StaffId;

use super::made_up::*;
use crate::{Precondition, ServerWrite, StoredJob, Write};

fn sid(n: u64) -> StaffId {
    StaffId::from_random(n)
}

fn take(owner: i64, now: i64, until: i64) -> Write {
    Write::Server(ServerWrite::Take { name: "messages", owner, at: at(now), until: at(until) })
}

fn expect(owner: i64) -> Write {
    Write::Server(ServerWrite::Expect { name: "messages", owner })
}

fn job(id: i64, staff: u64) -> StoredJob {
    StoredJob {
        id,
        kind: "what_if".to_owned(),
        staff: sid(staff),
        owner: 7,
        started_at: at(10),
        over: false,
        stop: false,
        alive_until: at(40),
        expires_at: at(1_000),
        body: "{}".to_owned(),
    }
}

fn put(job: StoredJob) -> Write {
    Write::Server(ServerWrite::PutJob(Box::new(job)))
}

/// One holds it until it is over or given back; whoever lost it writes nothing that rests on it.
pub async fn a_lease_has_one_owner(s: S) {
    refuses(&s, vec![expect(1)], Precondition::Lease).await;
    keeps(&s, vec![take(1, 10, 40), expect(1)]).await;
    refuses(&s, vec![take(2, 39, 99)], Precondition::Lease).await;
    keeps(&s, vec![take(1, 20, 50)]).await;
    refuses(&s, vec![take(2, 49, 99)], Precondition::Lease).await;
    refuses(&s, vec![expect(2)], Precondition::Lease).await;
    keeps(&s, vec![take(2, 50, 80)]).await;
    refuses(&s, vec![expect(1)], Precondition::Lease).await;
    // Another one is another thing.
    let other = ServerWrite::Take { name: "changes", owner: 1, at: at(50), until: at(60) };
    keeps(&s, vec![Write::Server(other)]).await;
    // What is not one's own cannot be given back.
    keeps(&s, vec![Write::Server(ServerWrite::GiveBack { name: "messages", owner: 1 }), expect(2)])
        .await;
    keeps(&s, vec![Write::Server(ServerWrite::GiveBack { name: "messages", owner: 2 })]).await;
    keeps(&s, vec![take(1, 51, 90)]).await;
}

/// A job is told as it was last put, by its own server only; a stop that was asked for stays.
pub async fn a_job_is_read_back(s: S) {
    let first = job(5, 1);
    assert_eq!(s.job(5).await.unwrap(), None);
    refuses(&s, vec![Write::Server(ServerWrite::StopJob(5))], Precondition::Exists).await;
    keeps(&s, vec![put(first.clone()), put(job(6, 2))]).await;
    assert_eq!(s.job(5).await.unwrap(), Some(first.clone()));
    refuses(&s, vec![put(StoredJob { owner: 8, ..first.clone() })], Precondition::Absent).await;
    keeps(&s, vec![Write::Server(ServerWrite::StopJob(5))]).await;
    let over = StoredJob { over: true, body: "{\"n\":1}".to_owned(), ..first };
    keeps(&s, vec![put(over.clone())]).await;
    let stopped = StoredJob { stop: true, ..over };
    assert_eq!(s.job(5).await.unwrap(), Some(stopped.clone()));
    let of = |who: Option<u64>, secs| {
        let (s, who) = (s.clone(), who.map(sid));
        async move { s.jobs_of(who, "what_if", at(secs)).await.unwrap().rows }
    };
    assert_eq!(of(Some(1), 20).await, std::slice::from_ref(&stopped));
    assert_eq!(of(None, 20).await, [stopped, job(6, 2)]);
    assert_eq!(of(Some(1), 1_000).await, []);
    assert_eq!(s.jobs_of(Some(sid(1)), "trace", at(20)).await.unwrap().rows, []);
}

/// Parts go with their job, and a job with its time.
pub async fn a_job_is_forgotten_with_its_parts(s: S) {
    let part = |job, number, n: u8| {
        Write::Server(ServerWrite::AddJobPart { job, number, body: vec![n; 3] })
    };
    refuses(&s, vec![part(5, 0, 1)], Precondition::Exists).await;
    keeps(&s, vec![put(job(5, 1)), put(job(6, 1)), part(5, 0, 1), part(5, 1, 2), part(6, 0, 3)])
        .await;
    refuses(&s, vec![part(5, 1, 9)], Precondition::Absent).await;
    assert_eq!(s.job_part(5, 1).await.unwrap(), Some(vec![2; 3]));
    assert_eq!(s.job_part(5, 2).await.unwrap(), None);
    keeps(&s, vec![Write::Server(ServerWrite::ForgetJob(5))]).await;
    assert_eq!((s.job(5).await.unwrap(), s.job_part(5, 1).await.unwrap()), (None, None));
    assert_eq!(s.purge_expired(at(999)).await.unwrap(), 0);
    assert_eq!(s.job_part(6, 0).await.unwrap(), Some(vec![3; 3]));
    assert_eq!(s.purge_expired(at(1_000)).await.unwrap(), 1);
    assert_eq!((s.job(6).await.unwrap(), s.job_part(6, 0).await.unwrap()), (None, None));
}

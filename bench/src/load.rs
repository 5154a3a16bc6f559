//! Driving load: a fixed number of requests over a fixed number of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::Result;
use crate::client::{Answer, Connection};
use crate::machine::cpu_seconds;

/// Makes the requests of one connection and looks at their answers.
pub(crate) trait Work: Send + 'static {
    /// The next request, into an empty or old buffer.
    fn next(&mut self, out: &mut Vec<u8>);
    /// Was this what was asked for?
    fn right(&self, answer: Answer<'_>) -> bool;
}

/// What a number of requests took.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Requests, all answered rightly.
    pub(crate) requests: u64,
    /// Seconds of wall-clock time.
    pub(crate) wall: f64,
    /// Seconds of CPU of the server process, in user and kernel.
    pub(crate) server: f64,
    /// Seconds of CPU of this process.
    pub(crate) client: f64,
}

impl Cost {
    /// Together with more of the same.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            wall: self.wall + other.wall,
            server: self.server + other.server,
            client: self.client + other.client,
        }
    }

    /// Requests per second of the server's CPU.
    pub(crate) fn per_cpu_second(self) -> f64 {
        self.requests as f64 / self.server
    }

    /// Requests per second of wall-clock time.
    pub(crate) fn per_second(self) -> f64 {
        self.requests as f64 / self.wall
    }
}

/// Sends `total` requests to the server with this process id; each piece of work has a connection
/// of its own and waits for each answer. One wrong answer ends the measurement.
pub(crate) async fn drive<W: Work>(port: u16, pid: u32, work: Vec<W>, total: u64) -> Result<Cost> {
    let tickets = Arc::new(AtomicU64::new(0));
    let ready = Arc::new(Barrier::new(work.len() + 1));
    let mut tasks = JoinSet::new();
    for mut work in work {
        // Opened before anything is counted.
        let mut connection = Connection::open(port).await?;
        let (tickets, ready) = (Arc::clone(&tickets), Arc::clone(&ready));
        tasks.spawn(async move {
            let mut request = Vec::with_capacity(2048);
            ready.wait().await;
            while tickets.fetch_add(1, Ordering::Relaxed) < total {
                work.next(&mut request);
                let answer = connection.send(&request).await?;
                if !work.right(answer) {
                    return Err(format!("under load the server {}", answer.complaint()).into());
                }
            }
            Result::Ok(())
        });
    }
    let before = (cpu_seconds(pid)?, cpu_seconds(std::process::id())?, Instant::now());
    ready.wait().await;
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(Cost {
        requests: total,
        wall: before.2.elapsed().as_secs_f64(),
        server: cpu_seconds(pid)? - before.0,
        client: cpu_seconds(std::process::id())? - before.1,
    })
}

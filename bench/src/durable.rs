//! What it costs to keep one row at a time, each durably, by other means: PostgreSQL with a commit for each, and a
//! bare log with one flush for all that wait.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::Result;
use crate::hello::connect;
use crate::load::Cost;
use crate::machine::cpu_seconds;
use crate::peers::Postgres;

/// Bytes of a row: a scan and its visit.
const ROW: usize = 160;

/// The table that rows are written to.
pub(crate) const TABLE: &str = "create table scan (id bigint primary key, body bytea not null)";

/// Settings under which a commit that was answered is on the disk.
pub(crate) const DURABLE: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("shared_buffers", "256MB"),
    ("max_connections", "100"),
];

/// So many connections, each committing one row after the other. The CPU is that of the database, all its processes.
pub(crate) async fn postgres(pg: &Postgres, writers: usize, total: u64) -> Result<Cost> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let tickets = Arc::new(AtomicU64::new(0));
    let mut clients = Vec::new();
    for _ in 0..writers {
        let client = connect(pg.socket()).await?;
        let insert = client.prepare("insert into scan (id, body) values ($1, $2)").await?;
        clients.push((client, insert));
    }
    let before = (pg.cpu_seconds()?, cpu_seconds(std::process::id())?, Instant::now());
    let mut tasks = JoinSet::new();
    for (client, insert) in clients {
        let tickets = Arc::clone(&tickets);
        tasks.spawn(async move {
            let row = vec![7_u8; ROW];
            while tickets.fetch_add(1, Ordering::Relaxed) < total {
                let id = i64::try_from(NEXT.fetch_add(1, Ordering::Relaxed))?;
                client.execute(&insert, &[&id, &row]).await?;
            }
            Result::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(Cost {
        requests: total,
        wall: before.2.elapsed().as_secs_f64(),
        server: pg.cpu_seconds()? - before.0,
        client: cpu_seconds(std::process::id())? - before.1,
    })
}

/// So many who wait for their rows, and one thread that appends all that wait and flushes once. The CPU is that of
/// this whole process: both sides.
pub(crate) async fn log(folder: &Path, writers: usize, total: u64) -> Result<Cost> {
    type Waiting = (Vec<u8>, oneshot::Sender<()>);
    let (rows, mut taken) = mpsc::channel::<Waiting>(1024);
    let path = folder.join("bare.log");
    let mut file = File::create(&path)?;
    let writer = std::thread::spawn(move || -> std::io::Result<()> {
        let mut group = Vec::new();
        while let Some(first) = taken.blocking_recv() {
            group.push(first);
            while group.len() < 512
                && let Ok(next) = taken.try_recv()
            {
                group.push(next);
            }
            let bytes: Vec<u8> = group.iter().flat_map(|(row, _)| row.iter().copied()).collect();
            file.write_all(&bytes)?;
            file.sync_data()?;
            for (_, answer) in group.drain(..) {
                // Nobody goes away here.
                let _ = answer.send(());
            }
        }
        Ok(())
    });
    let tickets = Arc::new(AtomicU64::new(0));
    let before = (cpu_seconds(std::process::id())?, Instant::now());
    let mut tasks = JoinSet::new();
    for _ in 0..writers {
        let (rows, tickets) = (rows.clone(), Arc::clone(&tickets));
        tasks.spawn(async move {
            while tickets.fetch_add(1, Ordering::Relaxed) < total {
                let (answer, kept) = oneshot::channel();
                rows.send((vec![7; ROW], answer)).await?;
                kept.await?;
            }
            Result::Ok(())
        });
    }
    drop(rows);
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let cost = Cost {
        requests: total,
        wall: before.1.elapsed().as_secs_f64(),
        server: cpu_seconds(std::process::id())? - before.0,
        client: 0.0,
    };
    writer.join().map_err(|_| "the log's writer panicked")??;
    std::fs::remove_file(path)?;
    Ok(cost)
}

//! How many durable scans (one visit and one scan in one unit) a second, for 1, 8 and 64 who submit at once,
//! on one handle and on two (as two servers have them). The database must be empty; it is filled.
//!
//! `cargo run --release -p jadegate-store-postgres --example bench_servers ADDRESS [seconds]`

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has nothing to say")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jadegate_domain::gate::Direction;
use jadegate_domain::{
    Colour, GateId, HolderId, PlaceId, Presence, Scan, ScanId, ScanOutcome, Timestamp, Visit,
};
use jadegate_store::{Store as _, Unit, Write};
use jadegate_store_postgres::{OpenOptions, PostgresStore};

fn scan(n: u64) -> Unit {
    let at = Timestamp::from_secs(1_646_092_800 + i64::try_from(n / 1_000 % 86_400).unwrap());
    let visit = Visit {
        holder: HolderId::from_random(n),
        place: PlaceId::from_random(n % 5_000),
        entered: at,
        left: None,
        presence: Presence::Gate,
    };
    let scan = Scan {
        id: ScanId::from_random(n),
        gate: GateId::from_random(n % 6_000),
        place: visit.place,
        holder: Some(visit.holder),
        at,
        direction: Direction::In,
        colour: Some(Colour::Green),
        outcome: ScanOutcome::Admitted,
        reason: None,
        problem: None,
    };
    Unit::new("bench_scan", vec![Write::AddVisit(visit), Write::AddScan(scan)])
}

async fn run(
    handles: &[Arc<PostgresStore>],
    submitters: usize,
    next: &Arc<AtomicU64>,
    lasting: Duration,
) {
    let start = Instant::now();
    let tasks: Vec<_> = (0..submitters)
        .map(|n| {
            let (s, next) = (Arc::clone(&handles[n % handles.len()]), Arc::clone(next));
            tokio::spawn(async move {
                let mut done = 0_u32;
                while start.elapsed() < lasting {
                    s.commit(scan(next.fetch_add(1, Ordering::Relaxed))).await.unwrap();
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.unwrap();
    }
    let wall = start.elapsed().as_secs_f64();
    let rate = f64::from(done) / wall;
    println!("{submitters:>3} at once on {}: {rate:>8.0} units/s", handles.len());
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let address = args.next().unwrap();
    let lasting = Duration::from_secs(args.next().map_or(3, |s| s.parse().unwrap()));
    let next = Arc::new(AtomicU64::new(1));
    let one = PostgresStore::open(&address, OpenOptions::default()).await.unwrap();
    let other = PostgresStore::open(&address, OpenOptions::default()).await.unwrap();
    for submitters in [1, 8, 64, 256] {
        run(&[Arc::clone(&one)], submitters, &next, lasting).await;
        run(&[Arc::clone(&one), Arc::clone(&other)], submitters, &next, lasting).await;
    }
    one.close().await;
    other.close().await;
}

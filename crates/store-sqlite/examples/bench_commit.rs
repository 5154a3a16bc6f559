//! How many durable scans (one visit and one scan in one unit) a second, for 1, 8 and 64 who submit
//! at once, with scan ids that rise with time and with random ones.
//!
//! `cargo run --release -p jadegate-store-sqlite --example bench_commit [seconds] [directory]`

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has nothing to say")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jadegate_domain::gate::Direction;
use jadegate_domain::{
    Colour, GateId, HolderId, PlaceId, Presence, Scan, ScanId, ScanOutcome, Timestamp, Visit,
};
use jadegate_store::{Store as _, Unit, Write};
use jadegate_store_sqlite::{OpenOptions, SqliteStore};

fn mixed(n: u64) -> u64 {
    // SplitMix64: the same numbers in every run.
    let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn scan(n: u64, rising: bool) -> Unit {
    let at = Timestamp::from_secs(1_646_092_800 + i64::try_from(n / 1_000 % 86_400).unwrap());
    let id = at.as_secs().cast_unsigned() << 31 | (mixed(n) & 0x7FFF_FFFF);
    let visit = Visit {
        holder: HolderId::from_random(mixed(n % 1_000_000)),
        place: PlaceId::from_random(mixed(n % 5_000)),
        entered: at,
        left: None,
        presence: Presence::Gate,
    };
    let scan = Scan {
        id: ScanId::from_random(if rising { id } else { mixed(n ^ 0xABCD) }),
        gate: GateId::from_random(mixed(n % 6_000)),
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

/// CPU time of this process so far: user and system, from the kernel's clock ticks (100 a second).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let ticks: u32 =
        after_name.split_whitespace().skip(11).take(2).map(|t| t.parse::<u32>().unwrap()).sum();
    f64::from(ticks) / 100.0
}

async fn run(dir: &std::path::Path, submitters: usize, rising: bool, lasting: Duration) {
    let path = dir.join(format!("bench-{submitters}-{rising}.db"));
    let s = SqliteStore::open(&path, OpenOptions::default()).unwrap();
    let next = Arc::new(AtomicU64::new(1));
    let (start, cpu_start) = (Instant::now(), cpu());
    let tasks: Vec<_> = (0..submitters)
        .map(|_| {
            let (s, next) = (Arc::clone(&s), Arc::clone(&next));
            tokio::spawn(async move {
                let mut done = 0_u32;
                while start.elapsed() < lasting {
                    s.commit(scan(next.fetch_add(1, Ordering::Relaxed), rising)).await.unwrap();
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
    let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu() - cpu_start);
    let done = f64::from(done);
    println!(
        "{submitters:>3} at once, {} scan ids: {:>8.0} units/s, {:>6.1} us CPU a unit, {:.2} s wall, {:.2} s CPU",
        if rising { "rising" } else { "random" },
        done / wall,
        cpu / done * 1e6,
        wall,
        cpu,
    );
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let secs = args.next().map_or(3, |s| s.parse().unwrap());
    let dir = args.next().map_or_else(std::env::temp_dir, Into::into);
    let dir = tempfile::tempdir_in(dir).unwrap();
    for rising in [true, false] {
        for submitters in [1, 8, 64, 512] {
            run(dir.path(), submitters, rising, Duration::from_secs(secs)).await;
        }
    }
}

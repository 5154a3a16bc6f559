//! A process that is killed at any moment has kept every unit it acknowledged, and half of none.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use common::{DAY, Place, at, evidence, hid, holder, keeps, visit};
use jadegate_store::{Page, Store, Write};
use jadegate_store_sqlite::{OpenOptions, SqliteStore};

const DB: &str = "JADEGATE_TEST_KILLED_DB";
const FIRST: &str = "JADEGATE_TEST_KILLED_FIRST";

/// Four tables in one unit.
fn unit(n: u64) -> Vec<Write> {
    vec![
        holder(n),
        evidence(n, n),
        visit(n, n, at(i64::try_from(n % 86_400).unwrap())),
        Write::AddLeaf(n.to_be_bytes().to_vec()),
    ]
}

/// The process that gets killed: commits until it dies, and prints what was acknowledged.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started and killed by the other test"]
async fn child() {
    let Some(path) = std::env::var_os(DB) else { return };
    let next = AtomicU64::new(std::env::var(FIRST).unwrap().parse().unwrap());
    let next: &'static AtomicU64 = Box::leak(Box::new(next));
    let s = SqliteStore::open(path, OpenOptions::default()).unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let s = s.clone();
            tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    keeps(&s, unit(n)).await;
                    let mut out = std::io::stdout().lock();
                    // The parent has gone: so should this process.
                    if writeln!(out, "kept {n}").and_then(|()| out.flush()).is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn whatever_was_acknowledged_survives_the_kill() {
    let place = Place::new();
    let mut all_kept = Vec::new();
    for (round, lines) in [1_usize, 17, 90, 333, 1_200].into_iter().enumerate() {
        let first = u64::try_from(round + 1).unwrap() * 1_000_000;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DB, place.db())
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut kept: Vec<u64> = Vec::new();
        while kept.len() < lines {
            let line = out.next().unwrap().unwrap();
            kept.extend(line.rsplit_once("kept ").and_then(|(_, n)| n.parse::<u64>().ok()));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still had written before it died was acknowledged too; a cut last line was not.
        for line in out.map_while(Result::ok) {
            kept.extend(line.rsplit_once("kept ").and_then(|(_, n)| n.parse::<u64>().ok()));
        }
        all_kept.extend(kept.into_iter().filter(|n| *n > first - 1));
        check(&place, &all_kept).await;
    }
}

async fn check(place: &Place, kept: &[u64]) {
    let s = place.open();
    assert!(s.integrity_check().unwrap().is_empty());
    let visits = s.visits_on(DAY).await.unwrap();
    let mut visited: Vec<u64> = visits.iter().map(|v| v.holder.as_u64()).collect();
    visited.sort_unstable();
    for n in kept {
        assert!(visited.binary_search(n).is_ok(), "acknowledged {n} has no visit");
    }
    // Whatever is there is whole, acknowledged or not.
    let mut holders = Vec::new();
    let mut page = Page::first(1_000);
    loop {
        let part = s.holders(page).await.unwrap();
        let Some(last) = part.last() else { break };
        page.after = Some(last.id);
        holders.extend(part.iter().map(|h| h.id.as_u64()));
    }
    assert_eq!(holders, visited);
    for n in &holders {
        let (version, found) = s.evidence_of(hid(*n)).await.unwrap().unwrap();
        assert_eq!((version, found.len()), (1, 1), "holder {n}");
    }
    let size = s.log_size().await.unwrap();
    let leaves = s.log_leaves(0, u32::MAX).await.unwrap();
    assert_eq!((leaves.len(), size), (holders.len(), u64::try_from(holders.len()).unwrap()));
    let mut logged: Vec<u64> =
        leaves.iter().map(|l| u64::from_be_bytes(l.bytes.clone().try_into().unwrap())).collect();
    logged.sort_unstable();
    assert_eq!(logged, holders);
}

//! A process that is killed at any moment has kept every unit it acknowledged, and half of none; the
//! numbers it gave to leaves of the public log stand, and every leaf has one or waits for it.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use common::{DAY, Place, Store, at, evidence, hid, holder, keeps, visit};
use jadegate_store::{AccountStore, Page, Precondition, RecordStore, Store as _, Unit, Write};
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

/// Numbers what waits, a few at a time, and prints which leaf has which number; until it dies.
async fn sequencer(s: Store) {
    loop {
        let from = s.pending_leaves(0).await.unwrap().from;
        let write = Write::NumberLeaves { from, most: 7 };
        match s.commit(Unit::new("number_leaves", vec![write])).await {
            Err(e) => assert!(e.is_conflict(Precondition::LogSize), "{e}"),
            Ok(()) => {
                for leaf in s.log_leaves(from, 7).await.unwrap() {
                    let (index, n) = (leaf.index, unit_of(&leaf.bytes));
                    let mut out = std::io::stdout().lock();
                    if writeln!(out, "number {index} {n}").is_err() {
                        return;
                    }
                }
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Which unit wrote this leaf.
fn unit_of(leaf: &[u8]) -> u64 {
    u64::from_be_bytes(leaf.try_into().unwrap())
}

/// The process that gets killed: commits until it dies, and prints what was acknowledged.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started and killed by the other test"]
async fn child() {
    let Some(path) = std::env::var_os(DB) else { return };
    let next = AtomicU64::new(std::env::var(FIRST).unwrap().parse().unwrap());
    let next: &'static AtomicU64 = Box::leak(Box::new(next));
    let s = SqliteStore::open(path, OpenOptions::default()).unwrap();
    // Two at once, as two servers would.
    tokio::spawn(sequencer(s.clone()));
    tokio::spawn(sequencer(s.clone()));
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

/// What the child said before it died.
#[derive(Default)]
struct Said {
    /// Acknowledged units.
    kept: Vec<u64>,
    /// Which unit's leaf has which number.
    numbers: BTreeMap<u64, u64>,
}

impl Said {
    fn take(&mut self, line: &str) {
        let after = |word| line.rsplit_once(word).map(|(_, rest)| rest);
        self.kept.extend(after("kept ").and_then(|n| n.parse::<u64>().ok()));
        let number = after("number ").and_then(|pair| pair.split_once(' '));
        if let Some((Ok(index), Ok(n))) = number.map(|(i, n)| (i.parse(), n.parse())) {
            let before = self.numbers.insert(index, n);
            assert!(before.is_none_or(|before| before == n), "number {index} was given twice");
        }
    }
}

#[tokio::test]
async fn whatever_was_acknowledged_survives_the_kill() {
    let place = Place::new();
    let mut said = Said::default();
    for (round, lines) in [1_usize, 17, 90, 333, 1_200].into_iter().enumerate() {
        let first = u64::try_from(round + 1).unwrap() * 1_000_000;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DB, place.db())
            .env(FIRST, first.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).split(b'\n');
        let before = said.kept.len();
        while said.kept.len() < before + lines {
            said.take(&String::from_utf8(out.next().unwrap().unwrap()).unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it still had written before it died was acknowledged too; a cut last line was not.
        let rest: Vec<String> =
            out.map_while(Result::ok).filter_map(|line| String::from_utf8(line).ok()).collect();
        let whole = rest.len().saturating_sub(1);
        rest[..whole].iter().for_each(|line| said.take(line));
        check(&place, &said).await;
    }
    assert!(said.numbers.len() > 100, "only {} were numbered", said.numbers.len());
}

async fn check(place: &Place, said: &Said) {
    let s = place.open();
    assert!(s.integrity_check().unwrap().is_empty());
    let visits = s.visits_on(DAY).await.unwrap();
    let mut visited: Vec<u64> = visits.iter().map(|v| v.holder.as_u64()).collect();
    visited.sort_unstable();
    for n in &said.kept {
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
    // Numbers without a gap, those that were told unchanged; what has none waits.
    let leaves = s.log_leaves(0, u32::MAX).await.unwrap();
    let pending = s.pending_leaves(u32::MAX).await.unwrap();
    assert_eq!(s.log_size().await.unwrap(), pending.from);
    assert!(leaves.iter().map(|l| l.index).eq(0..pending.from), "a gap");
    for (index, n) in &said.numbers {
        assert_eq!(unit_of(&leaves[usize::try_from(*index).unwrap()].bytes), *n, "{index}");
    }
    let numbered = leaves.iter().map(|l| unit_of(&l.bytes));
    let mut logged: Vec<u64> =
        numbered.chain(pending.first.iter().map(|bytes| unit_of(bytes))).collect();
    logged.sort_unstable();
    assert_eq!(logged, holders);
}

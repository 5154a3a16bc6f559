//! How far the memory has read what changed in the store.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jadegate_domain::{GateId, Scan, ScanId, Timestamp};
use jadegate_store::{KeptAt, Position};

use crate::visits::presence::Seen;

/// Failures one after the other after which nothing is decided any more.
const FAILURES: u32 = 3;

/// What tells a scan from every other.
type ScanKey = (Timestamp, GateId, ScanId);

/// The position up to which everything is in memory, and what is there beyond it.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    progress: Mutex<Progress>,
    /// One reads at a time. Held as well by who takes something back or replaces it: what was read
    /// before would bring it again. Taken before the lock for long work, never after it.
    pub(crate) reading: tokio::sync::Mutex<()>,
    /// What other servers told of comings and leavings, to be settled with what was told here.
    seen: Mutex<Vec<Seen>>,
    /// Steps forward that were made: by them, slow is told from stuck.
    steps: AtomicU64,
    /// Looks that failed since the last that did not.
    failed: AtomicU32,
    /// Is it not known any more what others changed?
    lost: AtomicBool,
}

#[derive(Debug, Default)]
struct Progress {
    read_to: Position,
    /// Positions above it of units written here that are in memory: how many of each are still to come.
    here: BTreeMap<Position, u32>,
    /// Scans that were counted and may be told again: those written here above `read_to`, with their
    /// position, and those of a reading under way.
    counted: HashMap<ScanKey, Option<Position>>,
}

impl Progress {
    /// Goes on to the last position of which, and of all before it, all units were written here.
    fn go_on(&mut self) {
        let before = self.read_to;
        while let Some(first) = self.here.first_entry()
            && first.key().get() == self.read_to.get() + 1
            && *first.get() == 0
        {
            self.read_to = first.remove_entry().0;
        }
        if self.read_to > before {
            self.forget_counted();
        }
    }

    fn forget_counted(&mut self) {
        let read_to = self.read_to;
        self.counted.retain(|_, at| at.is_some_and(|at| at > read_to));
    }
}

impl Follower {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part of what others wrote is in memory.
    pub(crate) fn step(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// Is it not known any more what others changed, so that nothing may be decided?
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Nobody looks any more.
    pub(crate) fn lose(&self) {
        if !self.lost.swap(true, Ordering::AcqRel) {
            tracing::error!(code = "memory.behind", "changes cannot be read: nothing is decided");
        }
    }

    /// Waits for a look at the store to end, and says meanwhile if it makes no step for so long. Returns
    /// how it ended, and how many failed one after the other by then.
    pub(crate) async fn watch<T, E>(
        &self,
        patience: Duration,
        look: impl Future<Output = Result<T, E>>,
    ) -> (Result<T, E>, u32) {
        let mut look = pin!(look);
        let done = loop {
            let before = self.steps.load(Ordering::Relaxed);
            tokio::select! {
                done = &mut look => break done,
                () = tokio::time::sleep(patience) => {
                    if self.steps.load(Ordering::Relaxed) == before {
                        self.lose();
                    }
                }
            }
        };
        if done.is_ok() {
            self.failed.store(0, Ordering::Relaxed);
            if self.lost.swap(false, Ordering::AcqRel) {
                tracing::warn!("changes are read again");
            }
            return (done, 0);
        }
        let failed = self.failed.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failed >= FAILURES {
            self.lose();
        }
        (done, failed)
    }

    /// Others told of these.
    pub(crate) fn seen_by_others(&self, seen: impl IntoIterator<Item = Seen>) {
        self.seen().extend(seen);
    }

    /// One that is still to be settled; it is given out once.
    pub(crate) fn next_seen(&self) -> Option<Seen> {
        self.seen().pop()
    }

    /// Everything up to and with this is in memory.
    pub(crate) fn position(&self) -> Position {
        self.progress().read_to
    }

    /// A unit that was written here is in memory.
    pub(crate) fn has(&self, kept: KeptAt) {
        let mut progress = self.progress();
        if kept.position > progress.read_to {
            let missing = progress.here.entry(kept.position).or_insert(kept.units);
            *missing = missing.saturating_sub(1);
            progress.go_on();
        }
    }

    /// Everything up to here was read from the store.
    pub(crate) fn read_to(&self, position: Position) {
        let mut progress = self.progress();
        progress.read_to = progress.read_to.max(position);
        progress.here = progress.here.split_off(&Position::new(position.get() + 1));
        progress.forget_counted();
        progress.go_on();
    }

    /// Is a scan to be counted that was written here at a position (`None`: that a reading tells)? Each
    /// is once, whoever comes first.
    pub(crate) fn counts(&self, scan: &Scan, at: Option<Position>) -> bool {
        let mut progress = self.progress();
        if at.is_some_and(|at| at <= progress.read_to) {
            return false;
        }
        progress.counted.insert((scan.at, scan.gate, scan.id), at).is_none()
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::gate::Direction;
    use jadegate_domain::{PlaceId, ScanOutcome};

    use super::*;

    fn kept(position: u64, units: u32) -> KeptAt {
        KeptAt { position: Position::new(position), units }
    }

    fn scan(n: u64) -> Scan {
        Scan {
            id: ScanId::from_random(n),
            gate: GateId::from_random(1),
            place: PlaceId::from_random(1),
            holder: None,
            at: Timestamp::from_secs(100),
            direction: Direction::In,
            colour: None,
            outcome: ScanOutcome::Refused,
            reason: None,
            problem: None,
        }
    }

    /// Units of one transaction, in any order; what was written elsewhere stops it until it is read.
    #[test]
    fn a_position_goes_on_when_all_before_it_is_known() {
        let follower = Follower::default();
        let at = || follower.position().get();
        follower.has(kept(2, 1));
        follower.has(kept(1, 2));
        assert_eq!(at(), 0);
        follower.has(kept(1, 2));
        assert_eq!(at(), 2);
        // The third was written elsewhere, and a unit of the fourth too.
        follower.has(kept(4, 2));
        follower.has(kept(5, 1));
        assert_eq!(at(), 2);
        follower.read_to(Position::new(4));
        assert_eq!(at(), 5);
        follower.has(kept(4, 2));
        follower.read_to(Position::new(3));
        assert_eq!(at(), 5);
    }

    /// A look that hangs is noticed, one that is slow but goes on is not; what fails again and again is;
    /// the next one that succeeds ends it.
    #[tokio::test]
    async fn who_cannot_follow_is_lost_until_they_can() {
        let follower = Follower::default();
        let patience = Duration::from_millis(20);
        let slow = async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_millis(10)).await;
                follower.step();
            }
            Ok::<(), ()>(())
        };
        assert_eq!(follower.watch(patience, slow).await, (Ok(()), 0));
        assert!(!follower.is_lost());
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let hangs = async { ended.await.map_err(drop) };
        let meanwhile = async {
            while !follower.is_lost() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            end.send(()).unwrap();
        };
        let (looked, ()) = tokio::join!(follower.watch(patience, hangs), meanwhile);
        assert_eq!(looked, (Ok(()), 0));
        assert!(!follower.is_lost());
        for failed in 1..=FAILURES {
            let (looked, n) = follower.watch(patience, async { Err::<(), ()>(()) }).await;
            assert_eq!((looked, n), (Err(()), failed));
            assert_eq!(follower.is_lost(), failed == FAILURES);
        }
        follower.watch(patience, async { Ok::<(), ()>(()) }).await.0.unwrap();
        assert!(!follower.is_lost());
    }

    /// Written here and told by a reading, in either order; a reading that is over needs no memory.
    #[test]
    fn each_scan_is_counted_once() {
        let follower = Follower::default();
        let at = |n| Some(Position::new(n));
        assert!(follower.counts(&scan(1), at(1)));
        assert!(!follower.counts(&scan(1), None));
        assert!(follower.counts(&scan(2), None));
        assert!(!follower.counts(&scan(2), at(2)));
        follower.read_to(Position::new(2));
        assert!(!follower.counts(&scan(3), at(2)), "the reading has told it");
        assert!(follower.counts(&scan(4), at(3)));
        follower.has(kept(3, 1));
        assert!(follower.progress().counted.is_empty());
    }
}

//! How far the memory has read what changed in the store.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jadegate_domain::{GateId, Scan, ScanId, Timestamp};
use jadegate_store::{KeptAt, Position};

use crate::visits::presence::Seen;

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

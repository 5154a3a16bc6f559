//! What scans say of somebody's visits to a place.
//!
//! Each scan on coming in is a visit from then on, and it ends with the first scan on leaving after
//! it, whichever gates of the place they were. So in twice and out once are two visits that end
//! together, of which lists and traces make one stay. None of it depends on the order in which scans
//! arrive: a gate that was offline tells of them late. What arrives too early for that, or would be
//! forgotten when an end is moved, is kept as a visit without length: somebody was seen leaving.

use jadegate_domain::gate::Direction;
use jadegate_domain::{HolderId, PlaceId, Presence, Timestamp, Visit, VisitKey};
use jadegate_store::Write;
use jadegate_trace::KnownVisit;

/// A scan on leaving ends visits that began within this time before it.
pub(crate) const LONGEST_STAY_SECONDS: i64 = 24 * 3600;

/// Somebody was seen coming or leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) holder: HolderId,
    pub(crate) place: PlaceId,
    pub(crate) at: Timestamp,
    pub(crate) direction: Direction,
}

impl Seen {
    /// What a visit says that a gate told of: of one that a venue's code told of, only its end. The code
    /// may be a forwarded picture, and whoever shows it was seen by nobody.
    pub(crate) fn of(v: &Visit) -> Vec<Self> {
        if v.presence == Presence::Imported {
            return Vec::new();
        }
        let seen = |at, direction| Self { holder: v.holder, place: v.place, at, direction };
        let by_gate = v.presence == Presence::Gate && v.left != Some(v.entered);
        let came = by_gate.then(|| seen(v.entered, Direction::In));
        came.into_iter().chain(v.left.map(|left| seen(left, Direction::Out))).collect()
    }
}

/// Could somebody who came at one moment have left at another?
const fn reaches(entered: Timestamp, left: Timestamp) -> bool {
    let stayed = left.secs_since(entered);
    0 <= stayed && stayed <= LONGEST_STAY_SECONDS
}

/// What is known of a holder's visits to a place, and of which of them the store knows otherwise.
pub(crate) struct Known<'a> {
    pub(crate) holder: HolderId,
    pub(crate) place: PlaceId,
    /// Those that began, or ended, within [`LONGEST_STAY_SECONDS`] of the scan; none from files.
    pub(crate) visits: &'a [KnownVisit],
    /// Left alone.
    pub(crate) passed_over: &'a [VisitKey],
}

impl Known<'_> {
    /// What a scan on coming in tells that is not known yet.
    pub(crate) fn entry(&self, at: Timestamp) -> Vec<Write> {
        let ends = self.visits.iter().filter_map(|v| v.left);
        let left = ends.filter(|left| reaches(at, *left)).min();
        let new = self.seen(at, left);
        let there = self.visits.iter().find(|v| v.key() == new.key());
        if self.passes_over(&new.key()) {
            return Vec::new();
        }
        match (there, left) {
            (None, _) => vec![Write::AddVisit(new)],
            (Some(visit), Some(left)) => ends_at(visit, left).into_iter().collect(),
            (Some(_), None) => Vec::new(),
        }
    }

    /// What a scan on leaving tells that is not known yet.
    pub(crate) fn exit(&self, at: Timestamp) -> Vec<Write> {
        let inside = |v: &&KnownVisit| reaches(v.entered, at) && !self.passes_over(&v.key());
        let mut writes: Vec<_> =
            self.visits.iter().filter(inside).filter_map(|v| ends_at(v, at)).collect();
        let mut unseen = moved(&writes);
        unseen.retain(|end| !self.visits.iter().any(|v| v.entered > at && v.left == Some(*end)));
        if writes.is_empty() && !self.visits.iter().any(|v| v.left == Some(at)) {
            unseen.push(at);
        }
        let marks = unseen.into_iter().map(|end| self.seen(end, Some(end)));
        writes.extend(marks.filter(|v| !self.passes_over(&v.key())).map(Write::AddVisit));
        writes
    }

    const fn seen(&self, entered: Timestamp, left: Option<Timestamp>) -> Visit {
        Visit { holder: self.holder, place: self.place, entered, left, presence: Presence::Gate }
    }

    fn passes_over(&self, visit: &VisitKey) -> bool {
        self.passed_over.contains(visit)
    }
}

/// How a visit comes to end no later than at this moment; nothing if it does.
fn ends_at(v: &KnownVisit, left: Timestamp) -> Option<Write> {
    let visit = v.key();
    match v.left {
        None => Some(Write::CloseVisit { visit, left }),
        Some(from) if from > left => Some(Write::ShortenVisit { visit, from, to: left }),
        Some(_) => None,
    }
}

/// Ends that visits had before these writes, each once.
fn moved(writes: &[Write]) -> Vec<Timestamp> {
    let before = |write: &Write| match write {
        Write::ShortenVisit { from, .. } => Some(*from),
        _ => None,
    };
    let mut ends: Vec<_> = writes.iter().filter_map(before).collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}

/// The visit that a write is about.
pub(crate) const fn concerns(write: &Write) -> Option<VisitKey> {
    match write {
        Write::CloseVisit { visit, .. } | Write::ShortenVisit { visit, .. } => Some(*visit),
        Write::AddVisit(visit) => Some(visit.key()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// A holder's visits to a place as a store has them, each under its moment of entry.
    #[derive(Default)]
    struct Visits(BTreeMap<Timestamp, Option<Timestamp>>);

    fn key(entered: Timestamp) -> VisitKey {
        let (holder, place) = (HolderId::from_random(1), PlaceId::from_random(1));
        VisitKey { entered, holder, place, presence: Presence::Gate }
    }

    #[test]
    fn a_venues_code_is_no_gate_that_saw_somebody() {
        let at = Timestamp::from_secs;
        let VisitKey { holder, place, .. } = key(at(0));
        let of = |presence, left: Option<i64>| {
            let left = left.map(at);
            Seen::of(&Visit { holder, place, entered: at(10), left, presence })
        };
        let came = Seen { holder, place, at: at(10), direction: Direction::In };
        let left = Seen { at: at(20), direction: Direction::Out, ..came };
        assert_eq!(of(Presence::Gate, Some(20)), [came, left]);
        for by_code in [Presence::Unproven, Presence::VenueScreen] {
            assert_eq!(of(by_code, None), []);
            assert_eq!(of(by_code, Some(20)), [left]);
        }
        assert_eq!(of(Presence::Imported, Some(20)), []);
    }

    impl Visits {
        fn known(&self) -> Vec<KnownVisit> {
            let visit = |(entered, left): (&Timestamp, &Option<Timestamp>)| {
                let VisitKey { entered, holder, place, presence } = key(*entered);
                KnownVisit { holder, place, entered, left: *left, presence }
            };
            self.0.iter().map(visit).collect()
        }

        fn told(&self, direction: Direction, at: Timestamp) -> Vec<Write> {
            let VisitKey { holder, place, .. } = key(at);
            let visits = &self.known();
            let known = Known { holder, place, visits, passed_over: &[] };
            match direction {
                Direction::In => known.entry(at),
                Direction::Out => known.exit(at),
            }
        }

        /// With the preconditions of the store.
        fn scan(&mut self, direction: Direction, at: Timestamp) {
            for write in self.told(direction, at) {
                match write {
                    Write::AddVisit(v) => assert_eq!(self.0.insert(v.entered, v.left), None),
                    Write::CloseVisit { visit, left } => {
                        assert_eq!(self.0.insert(visit.entered, Some(left)), Some(None));
                    }
                    Write::ShortenVisit { visit, from, to } => {
                        assert!(visit.entered <= to && to < from);
                        assert_eq!(self.0.insert(visit.entered, Some(to)), Some(Some(from)));
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert!(self.told(direction, at).is_empty(), "told once more it is known");
        }
    }

    /// As plainly as it can be said: who came in was there until the next scan on leaving.
    fn plainly(
        ins: &BTreeSet<Timestamp>,
        outs: &BTreeSet<Timestamp>,
    ) -> BTreeMap<Timestamp, Option<Timestamp>> {
        let end = |came: &Timestamp| {
            let next = outs.range(*came..).next();
            next.filter(|left| left.secs_since(*came) <= LONGEST_STAY_SECONDS).copied()
        };
        ins.iter().map(|came| (*came, end(came))).collect()
    }

    proptest! {
        #[test]
        fn scans_in_any_order_make_the_same_visits(
            scans in proptest::collection::vec((any::<bool>(), 0..200_i64), 0..24)
        ) {
            let (mut ins, mut outs) = (BTreeSet::new(), BTreeSet::new());
            let mut visits = Visits::default();
            for (comes, quarter) in scans {
                let at = Timestamp::from_secs(quarter * 900);
                let (direction, seen) =
                    if comes { (Direction::In, &mut ins) } else { (Direction::Out, &mut outs) };
                seen.insert(at);
                visits.scan(direction, at);
            }
            for (came, left) in plainly(&ins, &outs) {
                prop_assert_eq!(visits.0.remove(&came), Some(left));
            }
            // What is left over says no more than that somebody was seen leaving.
            for (at, left) in visits.0 {
                prop_assert!(left == Some(at) && outs.contains(&at));
            }
        }
    }

    #[test]
    fn in_twice_and_out_once_is_one_stay_in_every_order() {
        let scans = [(Direction::In, 0), (Direction::In, 120), (Direction::Out, 180)];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut visits = Visits::default();
            for n in order {
                visits.scan(scans[n].0, Timestamp::from_secs(scans[n].1));
            }
            let end = Some(Timestamp::from_secs(180));
            for came in [0, 120] {
                assert_eq!(visits.0[&Timestamp::from_secs(came)], end, "{order:?}");
            }
        }
    }

    #[test]
    fn an_end_that_was_moved_is_not_forgotten() {
        let hour = |h: i64| Timestamp::from_secs(h * 3600);
        let mut visits = Visits::default();
        visits.scan(Direction::In, hour(9));
        visits.scan(Direction::Out, hour(18));
        // Of a gate that was offline: out for lunch, and back.
        visits.scan(Direction::Out, hour(12));
        visits.scan(Direction::In, hour(13));
        let wanted = [(9, 12), (13, 18)].map(|(came, left)| (hour(came), Some(hour(left))));
        visits.0.remove(&hour(18));
        assert_eq!(visits.0, BTreeMap::from(wanted));
    }
}

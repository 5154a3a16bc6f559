//! Taking single visits out of the index: somebody withdrew them.

use std::collections::HashSet;
use std::sync::Arc;

use jadegate_domain::{Presence, Ride, VisitKey};

use crate::index::{Merged, VisitIndex};
use crate::row::{Row, secs};
use crate::run::Run;

/// A visit by the index's own numbers: place, holder, moment of entry, how it is known.
type Key = (u32, u32, u32, Presence);

fn key(row: &Row) -> Key {
    (row.place, row.holder, row.entered, row.stayed.presence())
}

/// Does a run hold any of these visits?
fn holds(run: &Run, gone: &HashSet<Key>) -> bool {
    gone.iter().any(|g| run.of_holder(g.1).any(|(row, _)| key(&row) == *g))
}

/// A run without some of its visits, to be made; see [`VisitIndex::removal`].
#[derive(Debug)]
pub struct Removal {
    run: Arc<Run>,
    gone: HashSet<Key>,
    places: usize,
    holders: usize,
}

impl Removal {
    /// Does it: about a second for three million visits.
    pub fn work(self) -> Merged {
        let rows = self.run.rows().filter(|r| !self.gone.contains(&key(r))).collect();
        Merged { run: Run::new(rows, self.places, self.holders), of: vec![self.run] }
    }
}

/// Takes visits out of an index that nobody else has.
pub(crate) fn take_out(index: &mut VisitIndex, gone: &[VisitKey]) {
    while let Some(work) = index.removal(gone) {
        index.adopt(work.work());
    }
    index.remove_new(gone);
}

impl VisitIndex {
    /// Is any of these visits in the index, with whatever end?
    pub fn has_any(&self, visits: &[VisitKey]) -> bool {
        let gone = self.numbered(visits);
        self.buffer.iter().any(|r| gone.contains(&key(r)))
            || self.runs.iter().any(|run| holds(run, &gone))
    }

    /// Work that takes visits out of a large run, if one holds any of them. As with
    /// [`merge_due`](Self::merge_due) it is done outside of the writer, handed back to
    /// [`adopt`](Self::adopt), and asked for again until there is none left.
    pub fn removal(&self, visits: &[VisitKey]) -> Option<Removal> {
        let gone = self.numbered(visits);
        let run = self.runs[..self.large()].iter().find(|run| holds(run, &gone))?;
        let (run, places, holders) = (Arc::clone(run), self.places(), self.holders());
        Some(Removal { run, gone, places, holders })
    }

    /// Takes visits out of what is newest: the buffer and the small runs, which takes the writer no
    /// longer than a merge of those. What tickets said of them is forgotten.
    pub fn remove_new(&mut self, visits: &[VisitKey]) {
        let gone = self.numbered(visits);
        let copies: Vec<_> = visits.iter().flat_map(|v| self.copies_of(v)).collect();
        self.buffer.retain(|r| !gone.contains(&key(r)));
        let (large, places, holders) = (self.large(), self.places(), self.holders());
        let small = self.runs.split_off(large);
        for run in small {
            if !holds(&run, &gone) {
                self.runs.push(run);
                continue;
            }
            let left: Vec<_> = run.rows().filter(|r| !gone.contains(&key(r))).collect();
            if !left.is_empty() {
                self.runs.push(Arc::new(Run::new(left, places, holders)));
            }
        }
        self.runs[large..].sort_by_key(|r| std::cmp::Reverse(r.len()));
        let known = |v: &&VisitKey| {
            self.place_number(v.place).is_some() && self.holder_number(v.holder).is_some()
        };
        let all = visits.iter().chain(&copies);
        let known: Vec<_> = all.filter(known).copied().collect();
        self.set_rides(known.into_iter().map(|v| (v.holder, v.place, v.entered, Ride::default())));
    }

    /// Those of some visits whose holder and place are known at all.
    fn numbered(&self, visits: &[VisitKey]) -> HashSet<Key> {
        let number = |v: &VisitKey| {
            let place = self.place_number(v.place)?;
            Some((place, self.holder_number(v.holder)?, secs(v.entered), v.presence))
        };
        let copies = visits.iter().flat_map(|v| self.copies_of(v));
        visits.iter().copied().chain(copies).filter_map(|v| number(&v)).collect()
    }

    /// The same visits under the ids of those who [share](Self::share) them.
    fn copies_of(&self, visit: &VisitKey) -> Vec<VisitKey> {
        let others = self.shares().others(visit.holder, visit.entered);
        others.into_iter().map(|holder| VisitKey { holder, ..*visit }).collect()
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::{HolderId, Period, PlaceId, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::KnownVisit;

    fn stay(n: u64) -> KnownVisit {
        KnownVisit {
            holder: HolderId::from_random(n % 997 + 1),
            place: PlaceId::from_random(n % 31 + 1),
            entered: Timestamp::from_secs(n.cast_signed() * 7),
            left: (!n.is_multiple_of(3)).then(|| Timestamp::from_secs(n.cast_signed() * 7 + 600)),
            presence: if n.is_multiple_of(2) { Presence::Gate } else { Presence::Imported },
        }
    }

    fn of(index: &VisitIndex) -> Vec<(VisitKey, Option<Timestamp>)> {
        let mut all: Vec<_> = index.all().map(|v| (v.key(), v.left)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Whatever is taken out, from whichever part of the index: it is gone, the rest is there, by
        /// holder and by place, and a saved form has no more.
        #[test]
        fn what_is_taken_out_is_gone_and_nothing_else(
            bulk in 0..3_000_u64, more in 0..3_000_u64,
            gone in prop::collection::btree_set(0..6_000_u64, 0..40),
        ) {
            let mut index = VisitIndex::build((0..bulk).map(stay));
            (bulk..bulk + more).for_each(|n| index.insert(stay(n)));
            // The same presence known in another way, and the same holder elsewhere, stay.
            let before = of(&index);
            let keys: Vec<_> = gone.iter().map(|n| stay(*n).key()).collect();
            let there = keys.iter().any(|k| before.iter().any(|(v, _)| v == k));
            prop_assert_eq!(index.has_any(&keys), there);
            take_out(&mut index, &keys);
            prop_assert!(!index.has_any(&keys));
            let want: Vec<_> = before.into_iter().filter(|(v, _)| !keys.contains(v)).collect();
            prop_assert_eq!(of(&index), want.clone());
            let ever = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
            let by_place: usize = (1..=31).map(|p| index.visits_at(PlaceId::from_random(p), ever).count()).sum();
            let by_holder: usize = (1..=997).map(|h| index.visits_of(HolderId::from_random(h), ever).count()).sum();
            prop_assert_eq!((by_place, by_holder), (want.len(), want.len()));
            let mut bytes = Vec::new();
            index.save(&crate::SavedFrom::default(), &mut bytes).unwrap();
            let (_, read) = VisitIndex::load(&mut bytes.as_slice()).unwrap();
            prop_assert_eq!(of(&read), want);
        }
    }

    #[test]
    fn large_runs_are_made_anew_beside_the_writer() {
        let mut index = VisitIndex::build((0..50_000).map(stay));
        (50_000..90_000).for_each(|n| index.insert(stay(n)));
        let gone: Vec<_> = [3, 40_000, 60_001, 89_999].map(|n| stay(n).key()).to_vec();
        assert!(index.removal(&gone).is_some());
        let copy = index.clone();
        take_out(&mut index, &gone);
        assert!(!index.has_any(&gone) && copy.has_any(&gone), "a clone is a snapshot");
        assert_eq!((of(&copy).len(), of(&index).len()), (90_000, 89_996));
        let all: Vec<_> = (0..90_000).map(|n| stay(n).key()).collect();
        take_out(&mut index, &all);
        assert!(index.is_empty());
        // An index like any other.
        index.insert(stay(3));
        assert_eq!(of(&index).len(), 1);
    }

    #[test]
    fn whole_days_go() {
        let on = |day: i64, n: u64| KnownVisit {
            entered: Timestamp::from_secs(day * 86_400 + 5),
            left: None,
            ..stay(n)
        };
        let mut index = VisitIndex::build((0..9).map(|n| on(n % 3, n.cast_unsigned())));
        index.remove_days(&[0, 2]);
        assert_eq!(index.len(), 3);
        assert!(index.all().all(|v| v.entered.utc_day() == 1));
    }
}

//! Where people sat, and between which stops: kept beside the visits, for trips only.

use std::sync::Arc;

use jadegate_domain::Ride;

/// The visit a ride belongs to: place, holder, moment of entry.
pub(crate) type Key = (u32, u32, u32);

/// Rides of a part at most. A write copies one part that a clone shares, and moves what lies above its
/// place: so much and no more, however many rides there are.
const PART: usize = 512;

/// Rides of visits, sorted, in small parts; a clone shares all parts that are not written to since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rides {
    /// None is empty; what is in one is below what is in the next.
    parts: Vec<Arc<Vec<(Key, Ride)>>>,
}

impl Rides {
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The part in which a ride is, if it is there.
    fn part_of(&self, key: Key) -> usize {
        let above = self.parts.partition_point(|part| part.first().is_some_and(|r| r.0 <= key));
        above.saturating_sub(1)
    }

    /// What a ticket said of a visit, last.
    pub(crate) fn get(&self, key: Key) -> Ride {
        let known = || {
            let part = self.parts.get(self.part_of(key))?;
            let at = part.binary_search_by_key(&key, |r| r.0).ok()?;
            Some(part[at].1)
        };
        known().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, key: Key, ride: Ride) {
        let of = self.part_of(key);
        let Some(part) = self.parts.get_mut(of) else {
            self.parts.push(Arc::new(vec![(key, ride)]));
            return;
        };
        let at = part.binary_search_by_key(&key, |r| r.0);
        let part = Arc::make_mut(part);
        match at {
            Ok(at) => part[at].1 = ride,
            Err(at) => {
                part.insert(at, (key, ride));
                if part.len() > PART {
                    // What comes in order leaves full parts behind.
                    let keep = if at == PART { PART } else { PART / 2 };
                    let upper = part.split_off(keep);
                    self.parts.insert(of + 1, Arc::new(upper));
                }
            }
        }
    }

    pub(crate) fn set_all(&mut self, rides: impl IntoIterator<Item = (Key, Ride)>) {
        for (key, ride) in rides {
            self.set(key, ride);
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (Key, Ride)> {
        self.parts.iter().flat_map(|part| part.iter().copied())
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let each = size_of::<(Key, Ride)>();
        self.parts.len() * (PART * each + size_of::<Arc<Vec<(Key, Ride)>>>())
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::Seat;

    use super::*;

    fn ride(row: u16) -> Ride {
        Ride { leg: None, seat: Some(Seat { coach: None, row, column: None }) }
    }

    #[test]
    fn the_last_word_counts_and_clones_keep_what_they_had() {
        let mut rides = Rides::default();
        assert!(rides.is_empty());
        for n in 0..5_000u32 {
            rides.set((n % 7, n, 0), ride(1));
        }
        let clone = rides.clone();
        for n in 0..3_000u32 {
            rides.set((n % 7, n, 0), ride(2));
        }
        let row = |rides: &Rides, n: u32| rides.get((n % 7, n, 0)).seat.map(|s| s.row);
        assert_eq!(
            [row(&rides, 10), row(&rides, 4_000), row(&rides, 9_000)],
            [Some(2), Some(1), None]
        );
        assert_eq!(row(&clone, 10), Some(1));
        assert_eq!((rides.all().count(), clone.all().count()), (5_000, 5_000));
        assert_eq!(rides.all().filter(|(_, r)| *r == ride(2)).count(), 3_000);
        assert!(rides.memory_bytes() > 5_000 * size_of::<Ride>());
        let mut at_once = Rides::default();
        at_once.set_all(rides.all());
        assert!((0..5_000).all(|n| row(&at_once, n) == row(&rides, n)));
        assert!(at_once.all().is_sorted_by(|a, b| a.0 < b.0));
    }

    /// However many there are, a write touches one part, and a clone shares all others.
    #[test]
    fn a_write_copies_one_small_part() {
        let mut rides = Rides::default();
        // In the order of a file, and against it.
        for n in (0..200_000u32).step_by(2).chain((1..200_000).step_by(2).rev()) {
            rides.set((n / 50, n, n), ride(1));
        }
        assert!(rides.parts.iter().all(|part| !part.is_empty() && part.len() <= PART));
        assert!(rides.parts.len() < 200_000 / (PART / 2));
        for n in (0..200_000).step_by(997) {
            let clone = rides.clone();
            rides.set((n / 50, n, n), ride(2));
            let kept = rides.parts.iter().filter(|p| clone.parts.iter().any(|c| Arc::ptr_eq(p, c)));
            assert_eq!(rides.parts.len() - kept.count(), 1);
            assert_eq!(clone.get((n / 50, n, n)), ride(1));
        }
    }
}

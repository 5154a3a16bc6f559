//! Where people sat, and between which stops: kept beside the visits, for trips only.

use std::collections::HashMap;
use std::sync::Arc;

use jadegate_domain::Ride;

/// The visit a ride belongs to: place, holder, moment of entry.
pub(crate) type Key = (u32, u32, u32);

/// Rides of visits, sorted; a clone shares all but the latest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rides {
    sorted: Arc<Vec<(Key, Ride)>>,
    recent: HashMap<Key, Ride>,
}

impl Rides {
    pub(crate) fn is_empty(&self) -> bool {
        self.sorted.is_empty() && self.recent.is_empty()
    }

    /// What a ticket said of a visit, last.
    pub(crate) fn get(&self, key: Key) -> Ride {
        let sorted = || {
            let at = self.sorted.binary_search_by_key(&key, |r| r.0).ok()?;
            Some(self.sorted[at].1)
        };
        self.recent.get(&key).copied().or_else(sorted).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, key: Key, ride: Ride) {
        self.set_all([(key, ride)]);
    }

    /// Many at once are sorted once.
    pub(crate) fn set_all(&mut self, rides: impl IntoIterator<Item = (Key, Ride)>) {
        self.recent.extend(rides);
        if self.recent.len() >= 1024 + self.sorted.len() / 16 {
            self.settle();
        }
    }

    fn settle(&mut self) {
        let recent = std::mem::take(&mut self.recent);
        let sorted = Arc::make_mut(&mut self.sorted);
        sorted.retain(|(key, _)| !recent.contains_key(key));
        sorted.extend(recent);
        sorted.sort_unstable_by_key(|r| r.0);
        sorted.shrink_to_fit();
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (Key, Ride)> {
        let older = self.sorted.iter().filter(|(key, _)| !self.recent.contains_key(key));
        older.copied().chain(self.recent.iter().map(|(key, ride)| (*key, *ride)))
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let each = size_of::<(Key, Ride)>();
        self.sorted.capacity() * each + self.recent.capacity() * (each + 1)
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
        assert!(
            at_once.recent.is_empty() && (0..5_000).all(|n| row(&at_once, n) == row(&rides, n))
        );
    }
}

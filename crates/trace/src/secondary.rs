//! Contacts of contacts.

use jadegate_domain::{PlaceId, PlaceKind};

use crate::pairs::{AHEAD, Finder};
use crate::repeat_overlaps::Near;
use crate::rules::Hop;

/// A close contact from whom contacts are sought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Via {
    pub(crate) holder: u32,
    /// From when they could infect others.
    pub(crate) from: u32,
}

/// What a close look at a secondary contact with one close contact found.
pub(crate) trait Shared {
    fn counted_secs(&self) -> u32;
}

/// A secondary contact, with the close contact that explains them best.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Secondary<'s, T> {
    /// By one recorded overlap.
    Plain { holder: u32, from: u32, secs: u32, place: (u32, PlaceKind), via: u32 },
    /// By what a close look found.
    Looked { shared: &'s T, via: u32 },
}

/// The best that is known of somebody so far.
#[derive(Clone, Copy, Debug, Default)]
struct Best {
    holder: u32,
    from: u32,
    secs: u32,
    /// Which of the [`Origin`]s; or, with [`LOOKED`], which of those looked at closely.
    by: u32,
}

const LOOKED: u32 = 1 << 31;

/// A stay of a close contact.
#[derive(Clone, Copy, Debug)]
struct Origin {
    place: u32,
    kind: PlaceKind,
    /// Which close contact.
    via: u32,
}

/// Finds them; keeps its working memory from one search to the next.
#[derive(Debug)]
pub(crate) struct SecondaryContacts<T> {
    /// For each holder, less `base`: [`CLOSE`], or where in `best` they are. Below `base` nothing is
    /// known of them in this search. Empty until it is needed.
    known: Vec<u32>,
    base: u32,
    /// Only the first `count` mean something. The first is nobody, and nothing is better.
    best: Vec<Best>,
    count: usize,
    origins: Vec<Origin>,
    looked: Vec<(T, u32)>,
}

/// The case or a close contact of it.
const CLOSE: u32 = 0;

impl<T> Default for SecondaryContacts<T> {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            base: 1,
            best: Vec::new(),
            count: 1,
            origins: Vec::new(),
            looked: Vec::new(),
        }
    }
}

impl<T: Shared> SecondaryContacts<T> {
    /// Finds the contacts of close contacts, each with the close contact they shared most time with,
    /// of equals the first of the list. `take` looks at somebody near, and says what they shared if
    /// it suffices. Returns whether it came to the end: in a crowd every close contact has as many
    /// others near, so `go_on` is asked along the way.
    pub(crate) fn find<'a, K: Fn(PlaceId) -> PlaceKind>(
        &mut self,
        finder: &mut Finder<'a, K>,
        case_holder: u32,
        close: &[Via],
        go_on: &dyn Fn() -> bool,
        mut take: impl FnMut(&mut Finder<'a, K>, &Near) -> Option<T>,
    ) -> bool {
        self.begin(finder.index.holders());
        for holder in close.iter().map(|via| via.holder).chain([case_holder]) {
            self.known[holder as usize] = self.base + CLOSE;
        }
        let mut n = 0;
        for some in close.chunks(AHEAD) {
            finder.index.touch(some.iter().map(|via| via.holder));
            for via in some {
                if !go_on() {
                    return false;
                }
                finder.gather(via.holder, (via.from, finder.now), Hop::Secondary);
                self.take_settled(finder, n);
                finder.each_other(|finder, near| {
                    // What cannot be better is not looked at closely.
                    let best = self.best_of(near.holder());
                    if best.is_none_or(|b| near.secs > b || near.secs == u32::MAX)
                        && let Some(shared) = take(finder, near)
                    {
                        self.add_looked(near.holder(), shared, n);
                    }
                });
                n += 1;
            }
        }
        true
    }

    /// Forgets the search before.
    fn begin(&mut self, holders: usize) {
        #[expect(clippy::cast_possible_truncation, reason = "holders have 32 bits")]
        let (used, most) = (self.count as u32, holders as u32);
        self.base = self.base.saturating_add(used);
        if self.known.len() < holders || self.base > u32::MAX - most.saturating_add(1) {
            self.known.clear();
            self.known.resize(holders, 0);
            self.base = 1;
        }
        self.best.resize(self.best.len().max(1), Best::default());
        self.best[0].secs = u32::MAX;
        self.count = 1;
        self.origins.clear();
        self.looked.clear();
    }

    /// Takes over those settled, without a branch that nobody can foresee: whether somebody is new
    /// is known only when their entry, far away, has been read.
    fn take_settled<K: Fn(PlaceId) -> PlaceKind>(&mut self, finder: &Finder<'_, K>, via: u32) {
        #[expect(clippy::cast_possible_truncation, reason = "fewer stays than rows")]
        let first_origin = self.origins.len() as u32;
        let origin = |(place, kind)| Origin { place, kind, via };
        self.origins.extend(finder.places().map(origin));
        let settled = finder.settled();
        let needed = self.count + settled.len();
        if self.best.len() < needed {
            self.best.resize(needed.next_power_of_two(), Best::default());
        }
        let (base, best) = (self.base, &mut self.best[..needed]);
        let mut count = self.count;
        for hit in settled.iter() {
            let known = &mut self.known[hit.holder as usize];
            let new = *known < base;
            let at = if new { count } else { known.wrapping_sub(base) as usize };
            let so_far = &mut best[at];
            let secs = if new { 0 } else { so_far.secs };
            let by = first_origin.wrapping_add(hit.source());
            let this = Best { holder: hit.holder, from: hit.from, secs: hit.secs, by };
            *so_far = if hit.secs > secs { this } else { *so_far };
            #[expect(clippy::cast_possible_truncation, reason = "fewer than holders")]
            let at = at as u32;
            *known = base.wrapping_add(at);
            count += usize::from(new);
        }
        self.count = count;
    }

    /// The seconds that a way must exceed to explain somebody better; `None` if there is no way yet.
    fn best_of(&self, holder: u32) -> Option<u32> {
        let at = self.known[holder as usize].checked_sub(self.base)?;
        Some(self.best[at as usize].secs)
    }

    fn add_looked(&mut self, holder: u32, shared: T, via: u32) {
        let secs = shared.counted_secs();
        let at = match self.known[holder as usize].checked_sub(self.base) {
            Some(at) if self.best[at as usize].secs >= secs => return,
            Some(at) => at as usize,
            None => self.count,
        };
        if at == self.count {
            self.count += 1;
            self.best.resize(self.best.len().max(self.count), Best::default());
            #[expect(clippy::cast_possible_truncation, reason = "fewer than holders")]
            let at = at as u32;
            self.known[holder as usize] = self.base + at;
        }
        #[expect(clippy::cast_possible_truncation, reason = "fewer looks than rows")]
        let by = LOOKED | self.looked.len() as u32;
        self.looked.push((shared, via));
        self.best[at] = Best { holder, from: 0, secs, by };
    }

    /// How many were found.
    pub(crate) const fn len(&self) -> usize {
        self.count - 1
    }

    /// One of those found.
    #[inline]
    pub(crate) fn get(&self, n: usize) -> Secondary<'_, T> {
        let Best { holder, from, secs, by } = self.best[n + 1];
        if by & LOOKED != 0 {
            let (shared, via) = &self.looked[(by & !LOOKED) as usize];
            return Secondary::Looked { shared, via: *via };
        }
        let Origin { place, kind, via } = self.origins[by as usize];
        Secondary::Plain { holder, from, secs, place: (place, kind), via }
    }

    /// All of them.
    pub(crate) fn found(&self) -> impl ExactSizeIterator<Item = Secondary<'_, T>> {
        (0..self.len()).map(|n| self.get(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Shared for u32 {
        fn counted_secs(&self) -> u32 {
            *self
        }
    }

    fn found(secondary: &SecondaryContacts<u32>) -> Vec<(u32, u32)> {
        let one = |second| match second {
            Secondary::Looked { shared, via } => (*shared, via),
            Secondary::Plain { secs, via, .. } => (secs, via),
        };
        secondary.found().map(one).collect()
    }

    #[test]
    fn the_best_way_counts_and_of_equals_the_first() {
        let mut secondary = SecondaryContacts::default();
        secondary.begin(10);
        for (holder, secs, via) in [(3, 50, 0), (4, 60, 0), (3, 50, 1), (3, 51, 2), (4, 59, 2)] {
            secondary.add_looked(holder, secs, via);
        }
        assert_eq!(found(&secondary), [(51, 2), (60, 0)]);
        assert_eq!((secondary.best_of(3), secondary.best_of(5)), (Some(51), None));
    }

    #[test]
    fn a_search_knows_nothing_of_those_before() {
        let mut secondary = SecondaryContacts::default();
        for base in [1, 100, u32::MAX - 30, u32::MAX - 12, u32::MAX] {
            secondary.base = base;
            secondary.begin(10);
            assert!(secondary.base <= u32::MAX - 11, "no number above is needed");
            assert!((0..10).all(|holder| secondary.best_of(holder).is_none()), "{base}");
            assert_eq!(found(&secondary), []);
            (0..10).for_each(|holder| secondary.add_looked(holder, 7 + holder, 0));
            assert_eq!(secondary.found().len(), 10);
        }
    }
}

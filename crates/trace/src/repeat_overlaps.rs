//! Those near the sources of one search who are there more than once: a sum and all their visits.

use crate::hit::Hit;

/// Somebody near the sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Near {
    /// Seconds of all overlaps, assumed ends taken at their latest. Never less than what counts.
    pub(crate) secs: u32,
    /// The latest overlap.
    pub(crate) latest: Hit,
    /// Where in the list of earlier ones the one before is, or [`NONE`].
    before: u32,
}

impl Near {
    /// By one visit.
    pub(crate) const fn once(hit: &Hit) -> Self {
        Self { secs: hit.secs, latest: *hit, before: NONE }
    }

    /// Do the seconds count as they are: one overlap, and that recorded?
    pub(crate) const fn is_plain(&self) -> bool {
        self.is_once() && self.latest.is_plain()
    }

    pub(crate) const fn is_once(&self) -> bool {
        self.before == NONE
    }

    pub(crate) const fn holder(&self) -> u32 {
        self.latest.holder
    }
}

const NONE: u32 = u32::MAX;
/// Slots of a new search.
const SMALL: usize = 256;

/// Open addressing over a dense list. A slot is a place in the list, or [`NONE`].
#[derive(Debug, Default)]
pub(crate) struct RepeatOverlaps {
    slots: Vec<u32>,
    /// From a hash of 32 bits to a slot.
    shift: u32,
    pub(crate) near: Vec<Near>,
    /// All but the latest of each, and where the one before is.
    earlier: Vec<(Hit, u32)>,
}

impl RepeatOverlaps {
    pub(crate) fn clear(&mut self) {
        self.near.clear();
        self.earlier.clear();
        // Small again, however many were near last time: what is small is read fast.
        self.resize(SMALL);
    }

    /// Adds an overlap.
    pub(crate) fn add(&mut self, hit: &Hit) {
        let slot = self.find(hit.holder);
        let Some(near) = self.near.get_mut(self.slots[slot] as usize) else {
            return self.push(slot, Near::once(hit));
        };
        #[expect(clippy::cast_possible_truncation, reason = "fewer overlaps than rows")]
        let before = self.earlier.len() as u32;
        self.earlier.push((near.latest, near.before));
        *near = Near { secs: near.secs.saturating_add(hit.secs), latest: *hit, before };
    }

    /// The slot where a holder is, or where they would be.
    #[inline]
    fn find(&self, holder: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.first_slot(holder) & mask;
        while self.near.get(self.slots[at] as usize).is_some_and(|n| n.holder() != holder) {
            at = (at + 1) & mask;
        }
        at
    }

    /// Adds somebody who was not near yet, at their slot.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "fewer people than 2^32")]
    fn push(&mut self, slot: usize, near: Near) {
        self.slots[slot] = self.near.len() as u32;
        self.near.push(near);
        if self.near.len() * 2 > self.slots.len() {
            self.resize(self.slots.len() * 4);
        }
    }

    #[inline]
    const fn first_slot(&self, holder: u32) -> usize {
        (holder.wrapping_mul(0x9e37_79b9) >> self.shift) as usize
    }

    /// Uses so many slots, a power of two, from now on.
    #[expect(clippy::cast_possible_truncation, reason = "fewer people than 2^32")]
    fn resize(&mut self, size: usize) {
        self.shift = 32 - size.trailing_zeros();
        self.slots.clear();
        self.slots.resize(size, NONE);
        for n in 0..self.near.len() {
            let slot = self.find(self.near[n].holder());
            self.slots[slot] = n as u32;
        }
    }

    /// Both overlaps, the latest first, of somebody who is near twice.
    pub(crate) fn two(&self, near: &Near) -> Option<[Hit; 2]> {
        let (hit, before) = self.earlier.get(near.before as usize)?;
        (*before == NONE).then_some([near.latest, *hit])
    }

    /// The overlaps of somebody near, the latest first.
    pub(crate) fn overlaps(&self, near: &Near) -> impl Iterator<Item = Hit> {
        let latest = Some((near.latest, near.before));
        let before = |(_, before): &(Hit, u32)| self.earlier.get(*before as usize).copied();
        std::iter::successors(latest, before).map(|(hit, _)| hit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_add_up_for_each_of_many() {
        let mut repeats = RepeatOverlaps::default();
        let hit = |n: u32, round: u32| Hit::recorded(n * 7, round * 100, 1 + n % 60);
        for search in 0..3 {
            repeats.clear();
            for round in 0..3 {
                for n in (0..5_000).filter(|n| round < 2 || n % 2 == 0) {
                    repeats.add(&hit(n, round));
                }
            }
            assert_eq!(repeats.near.len(), 5_000, "search {search}");
            for near in &repeats.near {
                let n = near.holder() / 7;
                let rounds: Vec<_> = (0..3 - n % 2).map(|round| hit(n, round)).rev().collect();
                assert_eq!(repeats.overlaps(near).collect::<Vec<_>>(), rounds);
                assert_eq!(near.secs, (1 + n % 60) * (3 - n % 2));
                assert!(!near.is_once() && !near.is_plain());
            }
        }
    }

    #[test]
    fn once_is_plain() {
        let mut repeats = RepeatOverlaps::default();
        repeats.clear();
        repeats.add(&Hit::recorded(3, 0, 50));
        assert!(repeats.near[0].is_plain());
    }
}

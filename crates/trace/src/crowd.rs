//! Those near the sources of one search who are there more than once: a sum and all their visits.

use crate::hits::Reach;
use crate::row::Stayed;
use crate::run::Cell;

/// The visit of somebody that overlaps a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touch {
    pub(crate) entered: u32,
    pub(crate) stayed: Stayed,
    pub(crate) source: u32,
    /// The touch of the same holder before this one, or [`NONE`].
    before: u32,
}

/// Somebody near the sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Near {
    pub(crate) holder: u32,
    /// Seconds of all overlaps, assumed ends taken at their latest. Never less than what counts.
    pub(crate) secs: u32,
    /// Do the seconds count as they are: one overlap, and that recorded?
    pub(crate) plain: bool,
    /// Beginning of the first and end of the last overlap.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// The latest touch.
    pub(crate) latest: Touch,
}

impl Near {
    /// By one visit.
    #[inline]
    pub(crate) const fn once(source: u32, reach: &Reach, cell: &Cell) -> Self {
        let (first, last) = reach.shared(cell);
        Self {
            holder: cell.holder,
            secs: last.saturating_sub(first),
            plain: reach.recorded && cell.stayed.is_plain(),
            first,
            last,
            latest: Touch { entered: cell.entered, stayed: cell.stayed, source, before: NONE },
        }
    }
}

const NONE: u32 = u32::MAX;
/// Slots of a new search.
const SMALL: usize = 256;

/// Open addressing over a dense list. A slot is a place in the list, or [`NONE`].
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    slots: Vec<u32>,
    /// From a hash of 32 bits to a slot.
    shift: u32,
    pub(crate) near: Vec<Near>,
    /// All but the latest of each.
    touches: Vec<Touch>,
}

impl Crowd {
    pub(crate) fn clear(&mut self) {
        self.near.clear();
        self.touches.clear();
        // Small again, however many were near last time: what is small is read fast.
        self.resize(SMALL);
    }

    /// Adds a visit that overlaps a source.
    pub(crate) fn add(&mut self, source: u32, reach: &Reach, cell: &Cell) {
        let new = Near::once(source, reach, cell);
        let slot = self.find(new.holder);
        let Some(near) = self.near.get_mut(self.slots[slot] as usize) else {
            return self.push(slot, new);
        };
        let earlier = std::mem::replace(&mut near.latest, new.latest);
        #[expect(clippy::cast_possible_truncation, reason = "fewer touches than rows")]
        let before = self.touches.len() as u32;
        near.latest.before = before;
        self.touches.push(earlier);
        near.plain = false;
        near.first = near.first.min(new.first);
        near.last = near.last.max(new.last);
        near.secs = near.secs.saturating_add(new.secs);
    }

    /// The slot where a holder is, or where they would be.
    #[inline]
    fn find(&self, holder: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.first_slot(holder) & mask;
        while self.near.get(self.slots[at] as usize).is_some_and(|n| n.holder != holder) {
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
            let slot = self.find(self.near[n].holder);
            self.slots[slot] = n as u32;
        }
    }

    /// The touches of somebody near, the latest first.
    pub(crate) fn touches(&self, near: &Near) -> impl Iterator<Item = Touch> {
        let before = |t: &Touch| self.touches.get(t.before as usize);
        std::iter::successors(Some(near.latest), move |t| before(t).copied())
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::Presence;

    use super::*;

    fn reach(from: u32, to: u32) -> Reach {
        Reach { from, to, open_secs: 60, least: 1, recorded: true }
    }

    fn cell(holder: u32, entered: u32, len: Option<u32>) -> Cell {
        Cell { entered, stayed: Stayed::new(len, Presence::Gate), holder }
    }

    #[test]
    fn seconds_add_up_for_each_of_many() {
        let mut crowd = Crowd::default();
        for round in 0..3 {
            crowd.clear();
            for source in 0..2u32 {
                let reach = reach(source * 100, source * 100 + 50);
                for holder in 0..5_000 {
                    let cell = cell(holder * 7, source * 100, Some(1 + holder % 60));
                    crowd.add(source, &reach, &cell);
                }
            }
            assert_eq!(crowd.near.len(), 5_000, "round {round}");
            for near in &crowd.near {
                let one = (1 + near.holder / 7 % 60).min(50);
                assert_eq!((near.secs, near.plain), (one * 2, false));
                let sources: Vec<_> = crowd.touches(near).map(|t| t.source).collect();
                assert_eq!(sources, [1, 0]);
            }
        }
    }

    #[test]
    fn what_needs_a_closer_look_is_not_plain() {
        let plain = |cells: &[(u32, Cell)]| {
            let mut crowd = Crowd::default();
            crowd.clear();
            for (source, cell) in cells {
                crowd.add(*source, &reach(0, 100), cell);
            }
            crowd.near[0].plain
        };
        let first = (0, cell(1, 0, Some(50)));
        assert!(plain(&[first]));
        assert!(!plain(&[first, (1, cell(1, 60, Some(20)))]));
        assert!(!plain(&[(0, cell(1, 0, None))]));
        let picture = Stayed::new(Some(50), Presence::Unproven);
        assert!(!plain(&[(0, Cell { stayed: picture, ..first.1 })]));
        let assumed = Reach { recorded: false, ..reach(0, 100) };
        assert!(!Near::once(0, &assumed, &first.1).plain);
    }
}

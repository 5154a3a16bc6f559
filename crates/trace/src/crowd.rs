//! Everyone near the sources of one search: a sum for each, and their visits.

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
    /// Do the seconds count as they are: all recorded, none twice, all under one threshold?
    pub(crate) plain: bool,
    /// Beginning of the first and end of the last overlap.
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// The latest touch.
    touch: u32,
    /// Until when the touches at its place last.
    until: u32,
}

const NONE: u32 = u32::MAX;
/// Slots of a new search.
const SMALL: usize = 4096;

/// A place in the table: who, and where in the list they are, or [`NONE`] if it is free.
#[derive(Clone, Copy, Debug)]
struct Slot {
    holder: u32,
    near: u32,
}

/// Open addressing over a dense list.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    slots: Vec<Slot>,
    /// From a hash of 32 bits to a slot.
    shift: u32,
    pub(crate) near: Vec<Near>,
    touches: Vec<Touch>,
}

/// What a crowd must know of a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) source: u32,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// How long visits without a known end are taken to last at most.
    pub(crate) open_secs: u32,
    /// Is the source's own stay recorded?
    pub(crate) recorded: bool,
}

impl Crowd {
    pub(crate) fn clear(&mut self) {
        self.near.clear();
        self.touches.clear();
        // Small again, however many were near last time: what is small is read fast.
        self.resize(SMALL);
    }

    /// Adds the visits that overlap a source. Sources must come in order of place and time;
    /// `same(other)` tells of an earlier source whether it is at the same place, and whether the
    /// same threshold holds there.
    #[inline]
    pub(crate) fn touch(
        &mut self,
        reach: &Reach,
        cells: &[Cell],
        same: impl Fn(u32) -> (bool, bool),
    ) {
        for cell in cells {
            let len = cell.stayed.len().unwrap_or(reach.open_secs);
            let (from, to) =
                (cell.entered.max(reach.from), cell.entered.saturating_add(len).min(reach.to));
            if from < to {
                let plain = reach.recorded && cell.stayed.is_plain();
                self.add(reach.source, cell, (from, to), plain, &same);
            }
        }
    }

    #[inline]
    fn add(
        &mut self,
        source: u32,
        cell: &Cell,
        (from, to): (u32, u32),
        plain: bool,
        same: impl Fn(u32) -> (bool, bool),
    ) {
        #[expect(clippy::cast_possible_truncation, reason = "fewer touches than rows")]
        let touch = self.touches.len() as u32;
        let slot = self.find(cell.holder);
        let mut before = NONE;
        if let Some(near) = self.near.get_mut(self.slots[slot].near as usize) {
            before = std::mem::replace(&mut near.touch, touch);
            let earlier = self.touches.get(before as usize).map_or(source, |t| t.source);
            let (same_place, same_threshold) =
                if earlier == source { (true, true) } else { same(earlier) };
            near.plain &= plain && same_threshold && !(same_place && from < near.until);
            near.until = if same_place { near.until.max(to) } else { to };
            near.first = near.first.min(from);
            near.last = near.last.max(to);
            let secs = near.secs.checked_add(to - from);
            near.plain &= secs.is_some();
            near.secs = secs.unwrap_or(u32::MAX);
        } else {
            let new = Near {
                holder: cell.holder,
                secs: to - from,
                plain,
                first: from,
                last: to,
                touch,
                until: to,
            };
            self.push(slot, new);
        }
        let (entered, stayed) = (cell.entered, cell.stayed);
        self.touches.push(Touch { entered, stayed, source, before });
    }

    /// The slot where a holder is, or where they would be.
    #[inline]
    fn find(&self, holder: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = self.first_slot(holder) & mask;
        while self.slots[at].near != NONE && self.slots[at].holder != holder {
            at = (at + 1) & mask;
        }
        at
    }

    /// Adds somebody who was not near yet, at their slot.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "fewer people than 2^32")]
    fn push(&mut self, slot: usize, near: Near) {
        self.slots[slot] = Slot { holder: near.holder, near: self.near.len() as u32 };
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
    #[cold]
    fn resize(&mut self, size: usize) {
        self.shift = 32 - size.trailing_zeros();
        self.slots.clear();
        self.slots.resize(size, Slot { holder: 0, near: NONE });
        for (n, near) in (0u32..).zip(&self.near) {
            let slot = self.find(near.holder);
            self.slots[slot] = Slot { holder: near.holder, near: n };
        }
    }

    /// Forgets somebody: whoever was near themselves.
    pub(crate) fn leave_out(&mut self, holder: u32) {
        let n = self.slots[self.find(holder)].near;
        if let Some(near) = self.near.get_mut(n as usize) {
            near.secs = 0;
        }
    }

    /// The touches of somebody near, the latest first.
    pub(crate) fn touches(&self, near: &Near) -> impl Iterator<Item = &Touch> {
        let touch = |n: u32| self.touches.get(n as usize);
        std::iter::successors(touch(near.touch), move |t| touch(t.before))
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::Presence;

    use super::*;

    fn reach(source: u32, from: u32, to: u32) -> Reach {
        Reach { source, from, to, open_secs: 60, recorded: true }
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
                let reach = reach(source, source * 100, source * 100 + 50);
                for holder in 0..5_000 {
                    let cell = cell(holder * 7, source * 100, Some(holder % 60));
                    crowd.touch(&reach, &[cell], |_| (true, true));
                }
            }
            assert_eq!(crowd.near.len(), 5_000 - 5_000usize.div_ceil(60), "round {round}");
            for near in &crowd.near {
                let one = (near.holder / 7 % 60).min(50);
                assert_eq!((near.secs, near.plain), (one * 2, true));
                assert_eq!(crowd.touches(near).count(), 2);
            }
        }
    }

    #[test]
    fn what_needs_a_closer_look_is_not_plain() {
        let plain = |cells: &[(u32, Cell)], same: (bool, bool)| {
            let mut crowd = Crowd::default();
            crowd.clear();
            for (source, cell) in cells {
                crowd.touch(&reach(*source, 0, 100), &[*cell], |_| same);
            }
            crowd.near.first().map(|n| n.plain)
        };
        let first = (0, cell(1, 0, Some(50)));
        assert_eq!(plain(&[first], (true, true)), Some(true));
        assert_eq!(plain(&[first, (0, cell(1, 50, Some(50)))], (true, true)), Some(true));
        assert_eq!(plain(&[first, (0, cell(1, 49, Some(50)))], (true, true)), Some(false));
        assert_eq!(plain(&[first, (1, cell(1, 49, Some(50)))], (false, true)), Some(true));
        assert_eq!(plain(&[first, (1, cell(1, 60, Some(50)))], (true, false)), Some(false));
        assert_eq!(plain(&[(0, cell(1, 0, None))], (true, true)), Some(false));
        assert_eq!(plain(&[(0, cell(1, 0, Some(0)))], (true, true)), None, "no time at all");
        let picture = Stayed::new(Some(50), Presence::Unproven);
        assert_eq!(plain(&[(0, Cell { stayed: picture, ..first.1 })], (true, true)), Some(false));
    }
}

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
    slot: u32,
    /// Seconds of all overlaps, assumed ends taken at their latest. Never less than what counts.
    pub(crate) secs: u32,
    /// Do the seconds count as they are: all recorded, none twice, all under one threshold?
    pub(crate) plain: bool,
    /// The latest touch.
    last: u32,
    /// Until when that place's touches last.
    until: u32,
}

const NONE: u32 = u32::MAX;

/// Open addressing over a dense list. Slots are never cleared: one is in use if the entry it names
/// names it back.
#[derive(Debug, Default)]
pub(crate) struct Crowd {
    slots: Vec<u32>,
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
    }

    /// Adds a visit that overlaps a source. Sources must come in order of place and time;
    /// `same(other)` tells of an earlier source whether it is at the same place, and whether the
    /// same threshold holds there.
    #[inline]
    pub(crate) fn touch(&mut self, reach: &Reach, cell: &Cell, same: impl Fn(u32) -> (bool, bool)) {
        let len = cell.stayed.len();
        let end = cell.entered.saturating_add(len.unwrap_or(reach.open_secs));
        let (from, to) = (cell.entered.max(reach.from), end.min(reach.to));
        if from >= to {
            return;
        }
        let plain = reach.recorded && cell.stayed.is_plain();
        let at = self.find(cell.holder);
        #[expect(clippy::cast_possible_truncation, reason = "fewer touches than rows")]
        let this = self.touches.len() as u32;
        let near = &mut self.near[at];
        let before = std::mem::replace(&mut near.last, this);
        if before == NONE {
            (near.plain, near.until, near.secs) = (plain, to, to - from);
        } else {
            let earlier = self.touches[before as usize].source;
            let (same_place, same_threshold) =
                if earlier == reach.source { (true, true) } else { same(earlier) };
            near.plain &= plain && same_threshold && !(same_place && from < near.until);
            near.until = if same_place { near.until.max(to) } else { to };
            let secs = near.secs.checked_add(to - from);
            near.plain &= secs.is_some();
            near.secs = secs.unwrap_or(u32::MAX);
        }
        let (entered, stayed) = (cell.entered, cell.stayed);
        self.touches.push(Touch { entered, stayed, source: reach.source, before });
    }

    /// Which of `near` a holder is; a new one if they were not near yet.
    #[inline]
    fn find(&mut self, holder: u32) -> usize {
        if self.near.len() * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = self.first_slot(holder);
        loop {
            let n = self.slots[at] as usize;
            match self.near.get(n) {
                Some(near) if near.slot as usize == at => {
                    if near.holder == holder {
                        return n;
                    }
                    at = (at + 1) & mask;
                }
                _ => return self.add(holder, at),
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "fewer people than 2^32")]
    fn add(&mut self, holder: u32, slot: usize) -> usize {
        let n = self.near.len();
        self.slots[slot] = n as u32;
        let slot = slot as u32;
        self.near.push(Near { holder, slot, secs: 0, plain: true, last: NONE, until: 0 });
        n
    }

    const fn first_slot(&self, holder: u32) -> usize {
        (holder.wrapping_mul(0x9e37_79b9) >> self.shift) as usize
    }

    #[cold]
    #[expect(clippy::cast_possible_truncation, reason = "fewer people than 2^32")]
    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(2048);
        self.shift = 32 - size.trailing_zeros();
        self.slots = vec![NONE; size];
        for n in 0..self.near.len() {
            let mut at = self.first_slot(self.near[n].holder);
            while self.slots[at] != NONE {
                at = (at + 1) & (size - 1);
            }
            (self.slots[at], self.near[n].slot) = (n as u32, at as u32);
        }
    }

    /// Forgets somebody: whoever was near themselves.
    pub(crate) fn leave_out(&mut self, holder: u32) {
        if !self.near.is_empty() {
            let n = self.find(holder);
            self.near[n].secs = 0;
        }
    }

    /// The touches of somebody near, the latest first.
    pub(crate) fn touches(&self, near: &Near) -> impl Iterator<Item = &Touch> {
        let touch = |n: u32| self.touches.get(n as usize);
        std::iter::successors(touch(near.last), move |t| touch(t.before))
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
                    crowd.touch(&reach, &cell, |_| (true, true));
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
            for (source, cell) in cells {
                crowd.touch(&reach(*source, 0, 100), cell, |_| same);
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

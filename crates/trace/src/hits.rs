//! The visits that overlap the sources of one search, and whose they are.
//!
//! Nearly everybody near a case was near it once. So the visits are only copied together, in the
//! order in which they lie, and two bits tell who may occur again: those few go to the
//! [`Crowd`](crate::crowd::Crowd), and all others are judged as they stand. Nothing here depends on
//! the number of holders, and both steps run without a branch that nobody can foresee.

use crate::row::Stayed;
use crate::run::Cell;

/// What a search must know of a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// How long visits without a known end are taken to last at most.
    pub(crate) open_secs: u32,
    /// Seconds that make a contact at such a place; at least one.
    pub(crate) least: u32,
    /// Is the source's own stay recorded?
    pub(crate) recorded: bool,
}

impl Reach {
    /// The time shared with a visit, an end that nobody saw taken at its latest. Empty if it begins
    /// no earlier than it ends.
    #[inline]
    pub(crate) const fn shared(&self, cell: &Cell) -> (u32, u32) {
        let end = cell.latest_end(self.open_secs);
        let from = if cell.entered > self.from { cell.entered } else { self.from };
        (from, if end < self.to { end } else { self.to })
    }
}

/// Which holders with one hash occur, and which more than once: 64 hashes a word.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    seen: u64,
    again: u64,
}

/// Fewest and most hashes that are told apart, and how many there are for each visit.
const HASHES: (usize, usize) = (1 << 12, 1 << 22);
const HASHES_A_HIT: usize = 32;

/// See the top of this file.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    /// Only the first `count` mean something.
    cells: Vec<Cell>,
    count: usize,
    /// For each source: what it reaches, and where its visits end.
    groups: Vec<(Reach, usize)>,
    marks: Vec<Mark>,
    /// From a hash of 32 bits to one that is told apart.
    shift: u32,
}

impl Hits {
    pub(crate) fn clear(&mut self) {
        self.count = 0;
        self.groups.clear();
    }

    /// The next source: what is scanned from now on is near it.
    pub(crate) fn begin(&mut self, reach: Reach) {
        self.groups.push((reach, self.count));
    }

    /// Takes the visits that overlap the latest source.
    #[inline]
    pub(crate) fn scan(&mut self, cells: &[Cell]) {
        let Some((reach, end)) = self.groups.last_mut() else { return };
        let needed = self.count + cells.len();
        if self.cells.len() < needed {
            const NOBODY: Cell = Cell { entered: 0, stayed: Stayed::of_bits(0), holder: 0 };
            self.cells.resize(needed.next_power_of_two(), NOBODY);
        }
        let to = &mut self.cells[self.count..needed];
        let mut hit = 0;
        for cell in cells {
            let (from, until) = reach.shared(cell);
            to[hit] = *cell;
            hit += usize::from(from < until);
        }
        self.count += hit;
        *end = self.count;
    }

    /// Finds out who may occur more than once.
    pub(crate) fn mark(&mut self) {
        let hashes = (self.count * HASHES_A_HIT).next_power_of_two().clamp(HASHES.0, HASHES.1);
        self.shift = 32 - hashes.trailing_zeros();
        self.marks.clear();
        self.marks.resize(hashes / 64, Mark::default());
        for cell in &self.cells[..self.count] {
            let (word, bit) = hash(cell.holder, self.shift);
            let mark = &mut self.marks[word];
            mark.again |= mark.seen & bit;
            mark.seen |= bit;
        }
    }

    /// May a holder have several visits here? If not, they have one at most.
    #[inline]
    pub(crate) fn again(&self, holder: u32) -> bool {
        let (word, bit) = hash(holder, self.shift);
        self.marks[word].again & bit != 0
    }

    /// How many visits there are.
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// How many sources there are.
    pub(crate) const fn sources(&self) -> usize {
        self.groups.len()
    }

    /// What a source reaches.
    pub(crate) fn reach(&self, source: u32) -> &Reach {
        &self.groups[source as usize].0
    }

    /// What a source reaches, and the visits near it, by run and time.
    #[inline]
    pub(crate) fn of_source(&self, n: usize) -> (&Reach, &[Cell]) {
        let (reach, end) = &self.groups[n];
        let begin = n.checked_sub(1).map_or(0, |before| self.groups[before].1);
        (reach, &self.cells[begin..*end])
    }
}

#[inline]
const fn hash(holder: u32, shift: u32) -> (usize, u64) {
    let hash = holder.wrapping_mul(0x9e37_79b9) >> shift;
    ((hash >> 6) as usize, 1 << (hash & 63))
}

#[cfg(test)]
mod tests {
    use jadegate_domain::Presence;

    use super::*;

    const REACH: Reach = Reach { from: 100, to: 200, open_secs: 60, least: 1, recorded: true };

    fn cell(holder: u32, entered: u32, len: Option<u32>) -> Cell {
        Cell { entered, stayed: Stayed::new(len, Presence::Gate), holder }
    }

    #[test]
    fn only_what_overlaps_is_taken() {
        let mut hits = Hits::default();
        hits.clear();
        hits.begin(REACH);
        let near = [cell(1, 50, Some(51)), cell(2, 199, Some(9)), cell(3, 41, None)];
        let not = [
            cell(4, 50, Some(50)),
            cell(5, 200, Some(9)),
            cell(6, 40, None),
            cell(7, 150, Some(0)),
        ];
        hits.scan(&[not[0], near[0], not[1], near[1]]);
        hits.scan(&not);
        hits.begin(Reach { from: 0, to: 1, ..REACH });
        hits.begin(REACH);
        hits.scan(&[not[2], near[2], not[3]]);
        let found: Vec<_> = (0..hits.sources()).map(|n| hits.of_source(n).1.to_vec()).collect();
        assert_eq!(found, [near[..2].to_vec(), vec![], near[2..].to_vec()]);
        hits.clear();
        hits.begin(REACH);
        assert_eq!(hits.of_source(0).1, []);
    }

    #[test]
    fn whoever_occurs_again_is_marked() {
        for people in [10u32, 1_000, 200_000] {
            let mut hits = Hits::default();
            hits.begin(REACH);
            let id = |n: u32| n.wrapping_mul(0x5851_f42d);
            let once: Vec<_> = (0..people).map(|n| cell(id(n), 150, Some(5))).collect();
            let again: Vec<_> = once.iter().copied().step_by(9).collect();
            hits.scan(&once);
            hits.begin(REACH);
            hits.scan(&again);
            hits.mark();
            let marked = (0..people).filter(|n| hits.again(id(*n))).count();
            assert!((0..people).step_by(9).all(|n| hits.again(id(n))));
            let least = again.len();
            assert!(
                (least..=least + people as usize / 8).contains(&marked),
                "{marked} of {people}"
            );
        }
    }
}

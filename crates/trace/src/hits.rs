//! The visits that overlap the sources of one search, and whose they are.
//!
//! Nearly everybody near a case was near it once. So overlaps are only written down, in the order
//! in which the visits lie, and two bits tell who may occur again: those few go to the
//! [`Crowd`](crate::crowd::Crowd), and for nearly all others what is written down is the answer.
//! Nothing here depends on the number of holders, and every step runs without a branch that nobody
//! can foresee.

use std::hint::select_unpredictable;

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

/// Time that somebody shared with a source, by one visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) holder: u32,
    /// When it began; if nobody saw its end: when the visit began.
    pub(crate) from: u32,
    /// How long it was, an end that nobody saw taken at its latest.
    pub(crate) secs: u32,
    /// The number of the source, and four bits. None of them is set if the seconds are as recorded
    /// and make a contact by themselves.
    tag: u32,
}

/// As in [`Stayed`]: nobody saw that it was they; nobody saw them leave.
const UNPROVEN: u32 = Stayed::UNPROVEN;
const OPEN: u32 = Stayed::OPEN;
/// The stay of the source is not recorded from end to end.
const ASSUMED_SOURCE: u32 = 4;
/// Too short for a contact.
const SHORT: u32 = 8;
/// A person's stays of some weeks have numbers of far less than 28 bits.
const SOURCE_AT: u32 = 4;

impl Hit {
    #[cfg(test)]
    pub(crate) const fn recorded(holder: u32, from: u32, secs: u32) -> Self {
        Self { holder, from, secs, tag: 0 }
    }

    pub(crate) const fn source(&self) -> u32 {
        self.tag >> SOURCE_AT
    }

    /// Are the seconds as recorded?
    pub(crate) const fn is_plain(&self) -> bool {
        self.tag & (OPEN | UNPROVEN | ASSUMED_SOURCE) == 0
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.tag & OPEN != 0
    }

    pub(crate) const fn is_proven(&self) -> bool {
        self.tag & UNPROVEN == 0
    }

    /// May the seconds make a contact by themselves?
    pub(crate) const fn is_enough(&self) -> bool {
        self.tag & SHORT == 0
    }
}

/// A holder occurs, and another time.
const SEEN: u64 = 1;
const AGAIN: u64 = 2;

/// Fewest and most hashes that are told apart, and how many there are for each visit.
const HASHES: (usize, usize) = (1 << 12, 1 << 22);
const HASHES_A_HIT: usize = 32;

/// See the top of this file.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    /// Only the first `count` mean something.
    list: Vec<Hit>,
    count: usize,
    /// What settles something by itself: the first `settled_count`.
    settled: Vec<Hit>,
    settled_count: usize,
    /// Where in the list what does not is.
    others: Vec<u32>,
    /// For each hash two bits: does a holder with it occur, and another time? 32 hashes a word.
    marks: Vec<u64>,
    /// From a hash of 32 bits to one that is told apart.
    shift: u32,
}

impl Hits {
    pub(crate) const fn clear(&mut self) {
        self.count = 0;
        self.settled_count = 0;
    }

    /// Takes the visits that overlap a source.
    #[inline]
    pub(crate) fn scan(&mut self, source: u32, reach: &Reach, cells: &[Cell]) {
        let needed = self.count + cells.len();
        if self.list.len() < needed {
            self.list.resize(needed.next_power_of_two(), Hit::default());
        }
        let all = source << SOURCE_AT | if reach.recorded { 0 } else { ASSUMED_SOURCE };
        let to = &mut self.list[self.count..needed];
        let mut hit = 0;
        let reach_to = u64::from(reach.to);
        for cell in cells {
            let len = cell.stayed.len_or(reach.open_secs);
            let open = cell.stayed.is_open();
            let end = u64::from(cell.entered) + u64::from(len);
            let from = select_unpredictable(cell.entered > reach.from, cell.entered, reach.from);
            let until = select_unpredictable(end > reach_to, reach_to, end);
            let secs = until.wrapping_sub(u64::from(from)).cast_signed();
            let short = u32::from(secs < i64::from(reach.least)) * SHORT;
            let tag = all | cell.stayed.bits() & (OPEN | UNPROVEN) | short;
            let begin = select_unpredictable(open, cell.entered, from);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "if it is kept"
            )]
            let secs_32 = secs as u32;
            to[hit] = Hit { holder: cell.holder, from: begin, secs: secs_32, tag };
            hit += usize::from(secs > 0);
        }
        self.count += hit;
    }

    /// Takes out what settles by itself that somebody other than `except` is a contact, and hands
    /// over the rest that may matter, saying whether there may be more of the same holder.
    pub(crate) fn sift(&mut self, except: u32, mut other: impl FnMut(&Hit, bool)) {
        self.mark(except);
        if self.settled.len() < self.count || self.others.len() < self.count {
            self.settled.resize(self.list.len(), Hit::default());
            self.others.resize(self.list.len(), 0);
        }
        let (mut settled, mut others) = (0, 0);
        let (marks, shift) = (&self.marks[..], self.shift);
        let to = (&mut self.settled[..self.count], &mut self.others[..self.count]);
        for (hit, n) in self.list[..self.count].iter().zip(0..) {
            let (word, at) = hash(hit.holder, shift);
            let again = (marks[word] >> at & AGAIN) as u32 * SHORT;
            let why_not = again | hit.tag & (OPEN | UNPROVEN | ASSUMED_SOURCE | SHORT);
            to.0[settled] = *hit;
            settled += usize::from(why_not == 0);
            to.1[others] = n;
            others += usize::from(why_not & !SHORT != 0);
        }
        self.settled_count = settled;
        for n in &self.others[..others] {
            let hit = &self.list[*n as usize];
            other(hit, self.again(hit.holder));
        }
    }

    /// Finds out who may occur more than once; of `except` that is taken for granted.
    fn mark(&mut self, except: u32) {
        let hashes = (self.count * HASHES_A_HIT).next_power_of_two().clamp(HASHES.0, HASHES.1);
        self.shift = 32 - hashes.trailing_zeros();
        self.marks.clear();
        self.marks.resize(hashes / 32, 0);
        let (word, at) = hash(except, self.shift);
        self.marks[word] = (SEEN | AGAIN) << at;
        for hit in &self.list[..self.count] {
            let (word, at) = hash(hit.holder, self.shift);
            let mark = &mut self.marks[word];
            let seen = SEEN << at;
            *mark |= (*mark & seen) << 1 | seen;
        }
    }

    /// May a holder have several visits here? If not, they have one at most.
    #[inline]
    fn again(&self, holder: u32) -> bool {
        let (word, at) = hash(holder, self.shift);
        self.marks[word] >> at & AGAIN != 0
    }

    /// What was taken.
    #[cfg(test)]
    fn list(&self) -> &[Hit] {
        &self.list[..self.count]
    }

    /// What [`sift`](Self::sift) found to settle something by itself.
    pub(crate) fn settled(&self) -> &[Hit] {
        &self.settled[..self.settled_count]
    }

    /// Hands it over in exchange for memory of earlier searches, and says how many there are.
    pub(crate) const fn swap(&mut self, settled: &mut Vec<Hit>) -> usize {
        std::mem::swap(&mut self.settled, settled);
        std::mem::replace(&mut self.settled_count, 0)
    }
}

/// The word of a hash, and where its two bits are.
#[inline]
const fn hash(holder: u32, shift: u32) -> (usize, u32) {
    let hash = holder.wrapping_mul(0x9e37_79b9) >> shift;
    ((hash >> 5) as usize, hash << 1 & 63)
}

#[cfg(test)]
mod tests {
    use jadegate_domain::Presence;

    use super::*;

    const REACH: Reach = Reach { from: 100, to: 200, open_secs: 60, least: 10, recorded: true };

    fn cell(holder: u32, entered: u32, len: Option<u32>) -> Cell {
        Cell { entered, stayed: Stayed::new(len, Presence::Gate), holder }
    }

    #[test]
    fn only_what_overlaps_is_taken() {
        let mut hits = Hits::default();
        let near = [cell(1, 50, Some(51)), cell(2, 199, Some(9)), cell(3, 41, None)];
        let not = [
            cell(4, 50, Some(50)),
            cell(5, 200, Some(9)),
            cell(6, 40, None),
            cell(7, 150, Some(0)),
        ];
        hits.scan(0, &REACH, &[not[0], near[0], not[1], near[1]]);
        hits.scan(0, &REACH, &not);
        hits.scan(2, &REACH, &[not[2], near[2], not[3]]);
        let found = hits.list().iter().map(|h| (h.holder, h.from, h.secs, h.source(), h.is_open()));
        let all = [(1, 100, 1, 0, false), (2, 199, 1, 0, false), (3, 41, 1, 2, true)];
        assert_eq!(found.collect::<Vec<_>>(), all);
        hits.clear();
        assert_eq!(hits.list(), []);
    }

    #[test]
    fn what_needs_a_closer_look_is_not_kept() {
        let sift = |reach: &Reach, cells: &[Cell]| {
            let mut hits = Hits::default();
            hits.scan(3, reach, cells);
            let mut others = Vec::new();
            hits.sift(9, |h, again| others.push((h.holder, again)));
            (hits.settled().iter().map(|h| h.holder).collect::<Vec<_>>(), others)
        };
        let (long, short) = (cell(1, 0, Some(150)), cell(2, 0, Some(109)));
        let case = cell(9, 0, Some(150));
        // The case itself is taken for somebody who may be there again.
        assert_eq!(sift(&REACH, &[long, short, case]), (vec![1], vec![(9, true)]));
        assert_eq!(sift(&REACH, &[long, long]), (vec![], vec![(1, true); 2]));
        assert_eq!(sift(&REACH, &[cell(1, 90, None)]), (vec![], vec![(1, false)]));
        let picture = Cell { stayed: Stayed::new(Some(150), Presence::Unproven), ..long };
        assert_eq!(sift(&REACH, &[picture]), (vec![], vec![(1, false)]));
        let assumed = Reach { recorded: false, ..REACH };
        assert_eq!(sift(&assumed, &[long]), (vec![], vec![(1, false)]));
    }

    #[test]
    fn whoever_occurs_again_is_told_apart() {
        for people in [10u32, 1_000, 200_000] {
            let mut hits = Hits::default();
            let id = |n: u32| n.wrapping_mul(0x5851_f42d);
            let once: Vec<_> = (0..people).map(|n| cell(id(n), 150, Some(15))).collect();
            let again: Vec<_> = once.iter().copied().step_by(9).collect();
            hits.scan(0, &REACH, &once);
            hits.scan(1, &REACH, &again);
            let mut told = std::collections::HashMap::<u32, usize>::new();
            hits.sift(u32::MAX, |h, again| {
                assert!(again);
                *told.entry(h.holder).or_default() += 1;
            });
            assert!((0..people).step_by(9).all(|n| told[&id(n)] == 2));
            let (least, most) = (again.len(), again.len() + people as usize / 8);
            assert!((least..=most).contains(&told.len()), "{} of {people}", told.len());
            assert_eq!(hits.settled().len() + told.len(), people as usize);
        }
    }
}

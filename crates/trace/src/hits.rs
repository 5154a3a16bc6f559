//! The visits that overlap the sources of one search, and whose they are.
//!
//! Nearly everybody near a case was near it once. So overlaps are only written down, in the order
//! in which the visits lie, and then sifted: who may occur again is told by a hash, and those few go
//! to the [`RepeatOverlaps`](crate::repeat_overlaps::RepeatOverlaps); for nearly all others what is
//! written down is the answer. Nothing here depends on the number of holders, and every step runs
//! without a branch that nobody can foresee.

use crate::columns::{Columns, LANES};
use crate::hit::{AGAIN, AGAIN_MARK, ASSUMED_SOURCE, Hit, Reach, SOURCE_AT};
use crate::row::Packed;
use crate::same::SamePeople;
use crate::simd::{Simd, hash};

/// See the top of this file.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    list: Columns,
    others: Columns,
    rest: Columns,
    sieve: Sieve,
}

impl Hits {
    pub(crate) const fn clear(&mut self) {
        self.list.clear();
    }

    /// Takes the visits that overlap a source.
    #[inline]
    pub(crate) fn scan(&mut self, source: u32, reach: &Reach, cells: &[Packed]) {
        let all = source << SOURCE_AT | AGAIN | if reach.recorded { 0 } else { ASSUMED_SOURCE };
        self.sieve.simd.scan(cells, reach, all, &mut self.list);
    }

    /// See [`Columns::name_people`]. Before they are sifted.
    pub(crate) fn name_people(&mut self, same: &SamePeople) {
        self.list.name_people(same);
    }

    /// Takes out what settles by itself that somebody other than `except` is a contact, and hands
    /// over the rest that may matter, saying whether there may be more of the same holder.
    pub(crate) fn sift(&mut self, except: u32, mut other: impl FnMut(&Hit, bool)) {
        let Self { list, others, rest, sieve } = self;
        sieve.sift(list, others, except, FIRST);
        sieve.sift(others, rest, except, SECOND);
        list.append(others);
        for hit in rest.iter() {
            other(&hit, hit.tag & AGAIN != 0);
        }
    }

    /// What was taken; after [`sift`](Self::sift) what settles something by itself.
    pub(crate) const fn settled(&self) -> &Columns {
        &self.list
    }

    /// Hands it over in exchange for memory of earlier searches.
    pub(crate) const fn swap(&mut self, settled: &mut Columns) {
        std::mem::swap(&mut self.list, settled);
    }
}

/// How fine to sift.
#[derive(Clone, Copy, Debug)]
struct Mesh {
    mixer: u32,
    /// How many hashes are told apart, at least, for each overlap.
    hashes: usize,
}

/// Wide, so that the marks stay in the nearest cache.
const FIRST: Mesh = Mesh { mixer: 0x9e37_79b9, hashes: 8 };
/// For what that leaves; by a hash that has nothing to do with the first.
const SECOND: Mesh = Mesh { mixer: 0x85eb_ca6b, hashes: 16 };

/// Fewest and most hashes that are told apart.
const HASHES: (usize, usize) = (1 << 8, 1 << 26);

/// Tells who may occur more than once.
#[derive(Debug, Default)]
struct Sieve {
    hashes: Vec<u32>,
    /// For each hash a one for each overlap with it, the lowest bits first.
    marks: Vec<u8>,
    /// Those of the hash of each overlap.
    marks_of: Vec<u8>,
    simd: Simd,
}

impl Sieve {
    /// Leaves in the list what settles something by itself; `others` becomes what else may matter.
    fn sift(&mut self, list: &mut Columns, others: &mut Columns, except: u32, mesh: Mesh) {
        let Mesh { mixer, hashes } = mesh;
        let hashes = (list.len() * hashes).next_power_of_two().clamp(HASHES.0, HASHES.1);
        let shift = 32 - hashes.trailing_zeros();
        self.marks.clear();
        self.marks.resize(hashes, 0);
        // Of the holder it is taken for granted.
        self.marks[hash(except, mixer, shift) as usize] = 1 | AGAIN_MARK;
        let padded = list.len() + LANES;
        if self.hashes.len() < padded {
            self.hashes.resize(padded.next_power_of_two(), 0);
            self.marks_of.resize(padded.next_power_of_two(), 0);
        }
        self.simd.hash(list, mixer, shift, &mut self.hashes);
        let hashes = &self.hashes[..list.len()];
        for hash in hashes {
            let mark = &mut self.marks[*hash as usize];
            *mark = *mark << 1 | 1;
        }
        for (hash, mark) in hashes.iter().zip(&mut self.marks_of) {
            *mark = self.marks[*hash as usize];
        }
        self.simd.split(list, others, &self.marks_of);
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::Presence;

    use super::*;
    use crate::row::{Cell, Stayed};

    const REACH: Reach = Reach { from: 100, to: 200, open_secs: 60, least: 10, recorded: true };

    fn cell(holder: u32, entered: u32, len: Option<u32>) -> Packed {
        Cell { entered, stayed: Stayed::new(len, Presence::Gate), holder }.packed()
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
        let found =
            hits.settled().iter().map(|h| (h.holder, h.from, h.secs, h.source(), h.is_open()));
        let all = [(1, 100, 1, 0, false), (2, 199, 1, 0, false), (3, 41, 1, 2, true)];
        assert_eq!(found.collect::<Vec<_>>(), all);
        hits.clear();
        assert_eq!(hits.settled().len(), 0);
    }

    #[test]
    fn what_needs_a_closer_look_is_not_kept() {
        let sift = |reach: &Reach, cells: &[Packed]| {
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
        let picture = Stayed::new(Some(150), Presence::Unproven);
        let picture = Cell { stayed: picture, ..Cell::of(&long) }.packed();
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
            let (least, most) = (again.len(), again.len() + people as usize / 40);
            assert!((least..=most).contains(&told.len()), "{} of {people}", told.len());
            assert_eq!(hits.settled().len() + told.len(), people as usize);
        }
    }
}

//! The floor: bare loops over flat arrays that answer the questions and do nothing else.
//!
//! No ids, no kinds of place, no certainty, no visits without an end, nothing fed later: whoever
//! knows all of that beforehand can write these loops. It is what the others are measured against.
//!
//! # The questions
//!
//! 1. **Contacts of cases**: for each case, everybody who shared at least [`CLOSE_SECS`] with it, in
//!    all; the seconds, and when the last of them ended ([`Contact`]).
//! 2. **Two hops** of one case: its contacts as above; for each, everybody who shared at least
//!    [`SECONDARY_SECS`] with them after the moment they could infect others ([`DELAY_SECS`] after
//!    their first shared second with the case), and who is neither the case nor a contact of it.
//!    Once each: with the contact they shared most seconds with, the first of equals by number.
//! 3. **Cumulative exposure to cases**: everybody who shared at least [`CLOSE_SECS`] with all the
//!    cases together; the seconds, and when the last of them ended. A case is not exposed to
//!    themselves, but to the others. No case is named: the source is 0.
//!
//! Answers are compared by [`Digest`].

use crate::visits::{STAY_MINUTES, Town, Visit};

/// Shared seconds from which somebody is a close contact.
pub const CLOSE_SECS: u32 = 15 * 60;
/// Shared seconds from which somebody is a secondary contact.
pub const SECONDARY_SECS: u32 = 30 * 60;
/// After so many seconds from their first exposure contacts could infect others.
pub const DELAY_SECS: u32 = 24 * 3600;

/// Somebody who shared enough time with a case (or a close contact).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The number of the person.
    pub holder: u32,
    /// Seconds shared, in all.
    pub secs: u32,
    /// When the first shared second began.
    pub first: u32,
    /// When the last shared second ended.
    pub last: u32,
}

/// Sums over all answers, in which every number of every answer counts, in any order. All of them
/// wrap: they are compared for equality only, and a check at each would be timed with the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Contacts.
    pub contacts: u64,
    /// Sum of their seconds.
    pub secs: u64,
    /// Sum over contacts of the seconds from the town's beginning to their last shared second.
    pub last: u64,
    /// Sum over contacts of (holder + 1) * (source + 1), wrapping: which pairs they are.
    pub pairs: u64,
}

impl Digest {
    /// Counts a contact of a case (or of a close contact).
    pub const fn add(&mut self, source: u32, holder: u32, secs: u64, last: u32) {
        self.contacts = self.contacts.wrapping_add(1);
        self.secs = self.secs.wrapping_add(secs);
        self.last = self.last.wrapping_add(last.wrapping_sub(crate::visits::START) as u64);
        let pair = (holder as u64 + 1).wrapping_mul(source as u64 + 1);
        self.pairs = self.pairs.wrapping_add(pair);
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            contacts: self.contacts.wrapping_add(other.contacts),
            secs: self.secs.wrapping_add(other.secs),
            last: self.last.wrapping_add(other.last),
            pairs: self.pairs.wrapping_add(other.pairs),
        }
    }
}

/// Visits by place and time, and for each person the rows of their visits.
#[derive(Debug)]
pub struct Floor {
    /// Rows of a place: from its entry to the next one's.
    place_starts: Vec<u32>,
    entered: Vec<u32>,
    left: Vec<u32>,
    holder: Vec<u32>,
    /// Entries of a person in the two lists below.
    holder_starts: Vec<u32>,
    holder_rows: Vec<u32>,
    holder_places: Vec<u32>,
    /// Seconds shared so far with the case at hand, per person; zero between cases.
    shared: Vec<(u32, u32, u32)>,
    /// Who has any.
    touched: Vec<u32>,
}

impl Floor {
    /// Sorts visits that are in order of their beginning.
    pub fn new(town: &Town, visits: &[Visit]) -> Self {
        let place_starts = starts(town.places, visits.iter().map(|v| v.place));
        let holder_starts = starts(town.people, visits.iter().map(|v| v.holder));
        let (mut at_place, mut of_holder) = (place_starts.clone(), holder_starts.clone());
        let empty = || vec![0u32; visits.len()];
        let mut f = Self {
            entered: empty(),
            left: empty(),
            holder: empty(),
            holder_rows: empty(),
            holder_places: empty(),
            shared: vec![(0, 0, 0); town.people as usize],
            touched: Vec::new(),
            place_starts,
            holder_starts,
        };
        for v in visits {
            let row = next(&mut at_place, v.place);
            (f.entered[row], f.left[row], f.holder[row]) = (v.entered, v.left, v.holder);
            let entry = next(&mut of_holder, v.holder);
            f.holder_rows[entry] = u32::try_from(row).unwrap_or(u32::MAX);
            f.holder_places[entry] = v.place;
        }
        f
    }

    /// Bytes of the arrays that hold visits.
    pub const fn memory_bytes(&self) -> usize {
        4 * (self.entered.len() * 5 + self.place_starts.len() + self.holder_starts.len())
    }

    /// Question 1, case after case; `found` gets each case's contacts in no particular order.
    pub fn contacts(&mut self, cases: &[u32], mut found: impl FnMut(u32, &[Contact])) {
        let mut contacts = Vec::new();
        for case in cases {
            contacts.clear();
            self.contacts_of(*case, 0, CLOSE_SECS, &mut contacts);
            found(*case, &contacts);
        }
    }

    /// Question 3; everybody in order of their numbers.
    pub fn cumulative(&self, cases: &[u32], mut found: impl FnMut(Contact)) {
        let mut sums = vec![(0u32, u32::MAX, 0u32); self.shared.len()];
        for case in cases {
            self.each_overlap(*case, 0, |holder, a, b| {
                if holder != *case {
                    let sum = &mut sums[holder as usize];
                    *sum = (sum.0 + (b - a), sum.1.min(a), sum.2.max(b));
                }
            });
        }
        for (holder, (secs, first, last)) in (0u32..).zip(sums) {
            if secs >= CLOSE_SECS {
                found(Contact { holder, secs, first, last });
            }
        }
    }

    /// Question 1 of one case.
    pub fn one_hop(&mut self, case: u32) -> Vec<Contact> {
        let mut close = Vec::new();
        self.contacts_of(case, 0, CLOSE_SECS, &mut close);
        close
    }

    /// Question 2: close contacts, and secondary ones with whom they met.
    pub fn two_hops(&mut self, case: u32) -> (Vec<Contact>, Vec<(u32, Contact)>) {
        let mut close = Vec::new();
        self.contacts_of(case, 0, CLOSE_SECS, &mut close);
        close.sort_unstable_by_key(|c| c.holder);
        let mut best: Vec<(u32, Contact)> = Vec::new();
        let people = self.shared.len();
        // 0: nobody yet; 1: close or the case; else the entry in `best`, plus two.
        let mut known = vec![0u32; people];
        known[case as usize] = 1;
        for c in &close {
            known[c.holder as usize] = 1;
        }
        let mut theirs = Vec::new();
        for via in &close {
            theirs.clear();
            self.contacts_of(via.holder, via.first + DELAY_SECS, SECONDARY_SECS, &mut theirs);
            for c in &theirs {
                match known[c.holder as usize] {
                    0 => {
                        best.push((via.holder, *c));
                        known[c.holder as usize] = u32::try_from(best.len() + 1).unwrap_or(0);
                    }
                    1 => {}
                    n => {
                        let other = &mut best[n as usize - 2];
                        if other.1.secs < c.secs {
                            *other = (via.holder, *c);
                        }
                    }
                }
            }
        }
        (close, best)
    }

    fn contacts_of(&mut self, who: u32, from: u32, threshold: u32, found: &mut Vec<Contact>) {
        let (mut shared, mut touched) =
            (std::mem::take(&mut self.shared), std::mem::take(&mut self.touched));
        self.each_overlap(who, from, |holder, a, b| {
            let sum = &mut shared[holder as usize];
            if sum.0 == 0 {
                touched.push(holder);
                *sum = (0, a, b);
            }
            *sum = (sum.0 + (b - a), sum.1.min(a), sum.2.max(b));
        });
        for holder in touched.drain(..) {
            let (secs, first, last) = std::mem::take(&mut shared[holder as usize]);
            if secs >= threshold && holder != who {
                found.push(Contact { holder, secs, first, last });
            }
        }
        (self.shared, self.touched) = (shared, touched);
    }

    /// Calls `each` with everybody's overlaps with somebody's stays from a moment on, their own too:
    /// who, from and until when.
    #[inline]
    fn each_overlap(&self, who: u32, from: u32, mut each: impl FnMut(u32, u32, u32)) {
        let longest = STAY_MINUTES.1 * 60;
        for entry in range(&self.holder_starts, who) {
            let (row, place) = (self.holder_rows[entry] as usize, self.holder_places[entry]);
            let (begin, end) = (self.entered[row].max(from), self.left[row]);
            if begin >= end {
                continue;
            }
            let there = range(&self.place_starts, place);
            let first =
                there.start + self.entered[there.clone()].partition_point(|e| e + longest <= begin);
            for i in first..there.end {
                let (entered, left) = (self.entered[i], self.left[i]);
                if entered >= end {
                    break;
                }
                let (a, b) = (entered.max(begin), left.min(end));
                if a < b {
                    each(self.holder[i], a, b);
                }
            }
        }
    }
}

/// Where the entries of each key begin, if entries are sorted by key; one more at the end.
fn starts(keys: u32, of: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut starts = vec![0u32; keys as usize + 1];
    of.for_each(|k| starts[k as usize + 1] += 1);
    (0..keys as usize).for_each(|i| starts[i + 1] += starts[i]);
    starts
}

fn next(starts: &mut [u32], key: u32) -> usize {
    let at = &mut starts[key as usize];
    *at += 1;
    *at as usize - 1
}

fn range(starts: &[u32], key: u32) -> std::ops::Range<usize> {
    starts[key as usize] as usize..starts[key as usize + 1] as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_agrees_with_nested_loops() {
        let town = Town { people: 300, places: 20, visits: 3_000, exponent: 0.8, seed: 3 };
        let visits = town.visits();
        let mut floor = Floor::new(&town, &visits);
        let pairs = |who: u32, from: u32, least: u32| {
            let mut found = Vec::new();
            for other in (0..town.people).filter(|o| *o != who) {
                let mut c = Contact { holder: other, secs: 0, first: u32::MAX, last: 0 };
                for a in visits.iter().filter(|v| v.holder == who) {
                    for b in visits.iter().filter(|v| v.holder == other && v.place == a.place) {
                        let (x, y) = (a.entered.max(b.entered).max(from), a.left.min(b.left));
                        if x < y {
                            c.secs += y - x;
                            (c.first, c.last) = (c.first.min(x), c.last.max(y));
                        }
                    }
                }
                if c.secs >= least && c.secs > 0 {
                    found.push(c);
                }
            }
            found
        };
        let mut contacts = 0;
        for case in town.cases(20) {
            let close = pairs(case, 0, CLOSE_SECS);
            floor.contacts(&[case], |_, found| {
                let mut found = found.to_vec();
                found.sort_unstable_by_key(|c| c.holder);
                assert_eq!(found, close);
            });
            contacts += close.len();
            let mut want = std::collections::BTreeMap::<u32, (u32, Contact)>::new();
            for via in &close {
                for c in pairs(via.holder, via.first + DELAY_SECS, SECONDARY_SECS) {
                    let near = c.holder == case || close.iter().any(|k| k.holder == c.holder);
                    if !near && want.get(&c.holder).is_none_or(|o| o.1.secs < c.secs) {
                        want.insert(c.holder, (via.holder, c));
                    }
                }
            }
            let (_, mut second) = floor.two_hops(case);
            second.sort_unstable_by_key(|(_, c)| c.holder);
            assert_eq!(second, want.into_values().collect::<Vec<_>>());
        }
        assert!(contacts > 50, "{contacts} contacts tell little");
        let cases = town.cases(20);
        let mut all: Vec<Option<Contact>> = vec![None; town.people as usize];
        for c in cases.iter().flat_map(|case| pairs(*case, 0, 0)) {
            let sum = all[c.holder as usize].get_or_insert(Contact { secs: 0, ..c });
            sum.secs += c.secs;
            (sum.first, sum.last) = (sum.first.min(c.first), sum.last.max(c.last));
        }
        let mut found = Vec::new();
        floor.cumulative(&cases, |c| found.push(c));
        assert!(cases.iter().any(|case| found.iter().any(|c| c.holder == *case)));
        all.retain(|c| c.is_some_and(|c| c.secs >= CLOSE_SECS));
        assert_eq!(found, all.into_iter().flatten().collect::<Vec<_>>());
    }
}

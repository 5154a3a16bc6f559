//! The evidence of many people in memory, for what-ifs and recolouring.
//!
//! A person's evidence lies one after the other as 32-bit words: the number of its class (what it
//! says apart from its moments), when it was recorded, and what else its kind needs. Of millions
//! only thousands of classes differ, so that a policy's filters are asked once for each class (see
//! `plan`). Most people need no more than a look at those words; for the others they are read back
//! and judged as `assess` judges them.

use std::collections::BTreeMap;
use std::ops::Range;

use jadegate_domain::evidence::TestResult;
use jadegate_domain::{Division, Timestamp};

use crate::engine::population::encoding::{CONTINUED, FAR};
use crate::model::compact::{Class, CompactEvidence};
use crate::model::kinds::{CompactFact, Fields, NEVER};

/// The evidence of many people, without their names or ids. Made by a [`PopulationBuilder`](crate::PopulationBuilder).
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// Everybody's evidence, person after person.
    pub(super) words: Vec<u32>,
    /// Where each person's words end.
    pub(super) ends: Vec<u64>,
    /// Each person's home, as an index into `homes`.
    pub(super) home_of: Vec<u32>,
    pub(super) homes: Vec<Division>,
    /// People without evidence, by home.
    pub(super) without: Vec<u64>,
    pub(super) with_evidence: u64,
    /// Of whom several sets of evidence lie one after the other: the first, and how many more.
    pub(super) several: BTreeMap<usize, usize>,
    /// How many those are in all.
    pub(super) others: u64,
    pub(super) classes: Vec<Class>,
    /// Moments too late for a word.
    pub(super) far: Vec<Timestamp>,
    /// By case: from when a laboratory has found the virus in the case itself.
    pub(super) lab_since: Vec<Timestamp>,
}

/// A positive test that an agency recorded.
pub(crate) fn is_lab_result(class: &Class) -> bool {
    matches!(class.fact, CompactFact::Test { result: TestResult::Positive, .. }) && class.by_agency
}

impl Population {
    /// Everybody, with and without evidence.
    pub fn people(&self) -> u64 {
        let added = self.added() as u64 - self.others;
        self.without.iter().fold(added, |sum, n| sum.saturating_add(*n))
    }

    /// People of whom at least one piece counts.
    pub fn with_evidence(&self) -> u64 {
        self.with_evidence
    }

    /// People who were added one by one, and more sets of their evidence: the length of what [`recolour`](crate::recolour) gives.
    pub fn added(&self) -> usize {
        self.home_of.len()
    }

    /// Bytes reserved for all this.
    pub fn memory_bytes(&self) -> usize {
        fn reserved<T>(v: &Vec<T>) -> usize {
            v.capacity() * size_of::<T>()
        }
        let texts: usize = self.homes.iter().map(|h| h.as_str().len()).sum();
        let people = reserved(&self.words) + reserved(&self.ends) + reserved(&self.home_of);
        let shared = reserved(&self.classes) + reserved(&self.far) + reserved(&self.lab_since);
        let homes = reserved(&self.homes) + reserved(&self.without) + texts;
        size_of::<Self>() + people + shared + homes
    }

    /// Parts of about the same size that together hold everybody who was added, for callers that
    /// spread the work over threads. Never empty.
    pub fn split(&self, parts: usize) -> Vec<Range<usize>> {
        let all = self.added();
        let each = all.div_ceil(parts.max(1)).max(1);
        (0..all.max(1)).step_by(each).map(|from| from..(from + each).min(all)).collect()
    }

    pub(crate) fn homes(&self) -> &[Division] {
        &self.homes
    }

    /// People without evidence, by home.
    pub(crate) fn without(&self) -> &[u64] {
        &self.without
    }

    pub(crate) fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The home of somebody, as an index.
    pub(crate) fn home_of(&self, person: usize) -> usize {
        self.home_of.get(person).map_or(0, |h| *h as usize)
    }

    /// Is this more evidence of somebody who was added before?
    pub(crate) fn is_other(&self, person: usize) -> bool {
        let before = self.several.range(..person).next_back();
        before.is_some_and(|(first, others)| person <= first + others)
    }

    /// All sets of evidence of somebody, the first among them.
    pub(crate) fn sets_of(&self, person: usize) -> Range<usize> {
        person..person + 1 + self.several.get(&person).copied().unwrap_or(0)
    }

    /// Everybody's words in a part of the people, person after person.
    pub(crate) fn words_of(&self, part: Range<usize>) -> impl Iterator<Item = &[u32]> {
        let ends = self.ends.get(part.clone()).unwrap_or(&[]);
        let mut from = match part.start.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        ends.iter().map(move |end| {
            let words = self.between(from, *end);
            from = *end;
            words
        })
    }

    fn between(&self, from: u64, to: u64) -> &[u32] {
        let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        self.words.get(index(from)..index(to)).unwrap_or(&[])
    }

    /// Reads somebody's evidence back: their own, and levels of regions recorded for them alone.
    pub(crate) fn read(
        &self,
        words: &[u32],
        own: &mut Vec<CompactEvidence>,
        risks: &mut Vec<CompactEvidence>,
    ) {
        own.clear();
        risks.clear();
        let mut rest = words;
        let mut id = 0;
        while let [head, recorded, fields @ ..] = rest {
            let class_number = head & !CONTINUED;
            let Some(class) = self.classes.get(class_number as usize) else { return };
            id += u64::from(head & CONTINUED == 0);
            let recorded = self.when(*recorded);
            let mut p = CompactEvidence {
                class: *class,
                id,
                recorded,
                at: recorded,
                to: NEVER,
                about: 0,
                case: 0,
                class_number,
            };
            let kind = class.fact.fields();
            let Some((mine, others)) = fields.split_at_checked(kind.words()) else { return };
            rest = others;
            match (kind, mine) {
                (Fields::At, [at]) => p.at = self.when(*at),
                (Fields::AtTo, [at, to]) => (p.at, p.to) = (self.when(*at), self.when(*to)),
                (Fields::AtToCase, [at, to, case]) => {
                    (p.at, p.to) = (self.when(*at), self.when(*to));
                    p.about = u64::from(*case);
                }
                (Fields::AtTraceCase, [at, trace, case]) => {
                    p.at = self.when(*at);
                    (p.about, p.case) = (u64::from(*trace), u64::from(*case));
                }
                (Fields::AtReference, [at, reference]) => {
                    p.at = self.when(*at);
                    p.about = u64::from(*reference);
                }
                (Fields::Evidence, [low, high]) => {
                    p.about = u64::from(*low) | u64::from(*high) << 32;
                }
                _ => {}
            }
            match p.class.fact {
                CompactFact::Risk { .. } => risks.push(p),
                _ => own.push(p),
            }
        }
    }

    fn when(&self, word: u32) -> Timestamp {
        match word.checked_sub(FAR) {
            None => Timestamp::from_secs(i64::from(word)),
            Some(n) => self.far.get(n as usize).copied().unwrap_or(NEVER),
        }
    }

    /// Had a laboratory found the virus in this case by then?
    pub(crate) fn is_lab_backed(&self, case: u64, now: Timestamp) -> bool {
        let case = usize::try_from(case).ok();
        case.and_then(|c| self.lab_since.get(c)).is_some_and(|since| *since <= now)
    }
}

//! The evidence of many people in memory, for what-ifs and recolouring.
//!
//! A person's evidence lies one after the other as 32-bit words: the number of its class
//! (what it says apart from its moments), when it was recorded, and what else its kind needs. Of
//! millions only thousands of classes differ, so that a policy's filters are asked once
//! for each class ([`plan`]). Most people need no more than a look at those words; for the others
//! they are read back and judged as `assess` judges them.

mod encoding;
mod plan;

use std::collections::HashMap;
use std::ops::Range;

use jadegate_domain::evidence::TestResult;
use jadegate_domain::{Division, Evidence, Timestamp};

use crate::compact::{Class, CompactEvidence, CompactFact, compact};
use crate::occurrence::time_of;
use crate::release::NEVER;

use encoding::{CONTINUED, FAR, Fields, fields_of};
pub(crate) use plan::{HIGH, Plan, PublicRisks};

/// The evidence of many people, without their names or ids. Made by a [`PopulationBuilder`].
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// Everybody's evidence, person after person.
    words: Vec<u32>,
    /// Where each person's words end.
    ends: Vec<u64>,
    /// Each person's home, as an index into `homes`.
    home_of: Vec<u32>,
    homes: Vec<Division>,
    /// People without evidence, by home.
    without: Vec<u64>,
    with_evidence: u64,
    classes: Vec<Class>,
    /// Moments too late for a word.
    far: Vec<Timestamp>,
    /// By case: from when a laboratory has found the virus in the case itself.
    lab_since: Vec<Timestamp>,
}

/// Gathers a [`Population`].
#[derive(Clone, Debug, Default)]
pub struct PopulationBuilder {
    made: Population,
    homes: HashMap<Division, u32>,
    classes: HashMap<Class, u32>,
    far: HashMap<Timestamp, u32>,
    cases: HashMap<u64, u32>,
    traces: HashMap<u64, u32>,
}

/// The number of a value, given when it is first met.
fn number<K: std::hash::Hash + Eq>(known: &mut HashMap<K, u32>, key: K) -> (u32, bool) {
    // Each takes more than 16 bytes: there is no room for 2^32 of them.
    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
    let number = *known.entry(key).or_insert(next);
    (number, number == next)
}

impl PopulationBuilder {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One person: home division and their own evidence, in any order. Pieces that were withdrawn
    /// or replaced are left out: they count nowhere.
    pub fn add<'a>(&mut self, home: &Division, evidence: impl IntoIterator<Item = &'a Evidence>) {
        let home = self.home_number(home);
        let mut own: Vec<&Evidence> = evidence.into_iter().filter(|e| e.counts()).collect();
        // Pieces are numbered in the order of their ids: what is decided by ids stays the same.
        own.sort_by_key(|e| e.id);
        let lab_result = own.iter().filter_map(|e| lab_result_at(e)).min();
        for e in &own {
            let mut first = true;
            compact(e, |p| {
                self.write(&p, first, &own, lab_result);
                first = false;
            });
        }
        self.made.with_evidence += u64::from(!own.is_empty());
        self.made.ends.push(self.made.words.len() as u64);
        self.made.home_of.push(home);
    }

    /// People of a division without any evidence: counted, never stored one by one.
    pub fn add_without_evidence(&mut self, home: &Division, people: u64) {
        let home = self.home_number(home) as usize;
        self.made.without[home] = self.made.without[home].saturating_add(people);
    }

    /// The population.
    pub fn finish(self) -> Population {
        let mut made = self.made;
        made.words.shrink_to_fit();
        made.ends.shrink_to_fit();
        made.home_of.shrink_to_fit();
        made.classes.shrink_to_fit();
        made.lab_since.shrink_to_fit();
        made
    }

    fn home_number(&mut self, home: &Division) -> u32 {
        if let Some(n) = self.homes.get(home) {
            return *n;
        }
        let (n, _) = number(&mut self.homes, home.clone());
        self.made.homes.push(home.clone());
        self.made.without.push(0);
        n
    }

    fn write(
        &mut self,
        p: &CompactEvidence,
        first: bool,
        own: &[&Evidence],
        lab: Option<Timestamp>,
    ) {
        let (class, new) = number(&mut self.classes, p.class);
        if new {
            self.made.classes.push(p.class);
        }
        let recorded = self.moment(p.recorded);
        let more = if first { 0 } else { CONTINUED };
        self.made.words.extend([class | more, recorded]);
        match fields_of(&p.class.fact) {
            Fields::Recorded => {}
            Fields::At => self.push_moment(p.at),
            Fields::AtTo => {
                let stay = matches!(p.class.fact, CompactFact::Stay { .. });
                let time = if stay {
                    time_of(p)
                } else {
                    jadegate_domain::Period { from: p.at, to: p.to }
                };
                self.push_moment(time.from);
                self.push_moment(time.to);
            }
            Fields::AtToCase => {
                self.push_moment(p.at);
                self.push_moment(p.to);
                let case = self.case(p.about);
                self.made.words.push(case);
                if let Some(found) = lab {
                    let since = &mut self.made.lab_since[case as usize];
                    *since = found.max(p.recorded).min(*since);
                }
            }
            Fields::AtTraceCase => {
                self.push_moment(p.at);
                let trace = number(&mut self.traces, p.about).0;
                let case = self.case(p.case);
                self.made.words.extend([trace, case]);
            }
            Fields::AtReference => {
                self.push_moment(p.at);
                let of_case = matches!(p.class.fact, CompactFact::Release { of_case: true, .. });
                let reference =
                    if of_case { self.case(p.about) } else { number(&mut self.traces, p.about).0 };
                self.made.words.push(reference);
            }
            Fields::Evidence => {
                let own_number = own.iter().position(|e| e.id.as_u64() == p.about);
                let about = own_number.map_or(p.about | HIGH, |i| i as u64 + 1);
                self.made.words.extend(halves(about));
            }
        }
    }

    fn case(&mut self, id: u64) -> u32 {
        let (n, new) = number(&mut self.cases, id);
        if new {
            self.made.lab_since.push(NEVER);
        }
        n
    }

    fn push_moment(&mut self, at: Timestamp) {
        let word = self.moment(at);
        self.made.words.push(word);
    }

    fn moment(&mut self, at: Timestamp) -> u32 {
        match u32::try_from(at.as_secs()) {
            Ok(secs) if secs < FAR => secs,
            _ => {
                let (n, new) = number(&mut self.far, at);
                if new {
                    self.made.far.push(at);
                }
                FAR + n
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "both halves are kept")]
const fn halves(n: u64) -> [u32; 2] {
    [n as u32, (n >> 32) as u32]
}

/// When a positive test by an agency was recorded, if this is one.
fn lab_result_at(e: &Evidence) -> Option<Timestamp> {
    let mut found = None;
    compact(e, |p| found = is_lab_result(&p.class).then_some(p.recorded));
    found
}

/// A positive test that an agency recorded.
pub(crate) fn is_lab_result(class: &Class) -> bool {
    matches!(class.fact, CompactFact::Test { result: TestResult::Positive, .. }) && class.by_agency
}

impl Population {
    /// Everybody, with and without evidence.
    pub fn people(&self) -> u64 {
        self.without.iter().fold(self.added() as u64, |sum, n| sum.saturating_add(*n))
    }

    /// People of whom at least one piece counts.
    pub fn with_evidence(&self) -> u64 {
        self.with_evidence
    }

    /// People who were added one by one: the length of what [`recolour`](crate::recolour) gives.
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
            let kind = fields_of(&class.fact);
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
                    p.about = u64::from(*low) | u64::from(*high) << 32
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

//! Gathering a population: each person's evidence is made compact and written as words.

use std::collections::HashMap;

use jadegate_domain::{Division, Evidence, Period, Timestamp};

use crate::engine::population::encoding::{CONTINUED, FAR};
use crate::engine::population::people::{Population, is_lab_result};
use crate::engine::population::plan::HIGH;
use crate::model::compact::{Class, CompactEvidence, compact, time_of};
use crate::model::kinds::{CompactFact, Fields, NEVER};

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

    /// One person of whom nobody has decided what of some evidence is theirs: the strictest of the colours of
    /// these sets is theirs. They count once.
    pub fn add_strictest(&mut self, home: &Division, sets: &[Vec<&Evidence>]) {
        let first = self.made.home_of.len();
        let with_evidence = self.made.with_evidence;
        let mut any = false;
        for set in sets {
            self.add(home, set.iter().copied());
            any |= set.iter().any(|e| e.counts());
        }
        self.made.with_evidence = with_evidence + u64::from(any);
        if let Some(others) = sets.len().checked_sub(1).filter(|n| *n > 0) {
            self.made.several.insert(first, others);
            self.made.others += others as u64;
        }
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
        match p.class.fact.fields() {
            Fields::Recorded => {}
            Fields::At => self.push_moment(p.at),
            Fields::AtTo => {
                let stay = matches!(p.class.fact, CompactFact::Stay { .. });
                let time = if stay { time_of(p) } else { Period { from: p.at, to: p.to } };
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

//! The evidence of many people in memory, for what-ifs and recolouring.

use std::collections::BTreeMap;
use std::ops::Range;

use jadegate_domain::evidence::TestResult;
use jadegate_domain::{CaseId, Division, Evidence, Fact, Timestamp};

/// The evidence of many people, without their names or ids. Made by a [`PopulationBuilder`].
#[derive(Clone, Debug, Default)]
pub struct Population {
    people: Vec<Person>,
    homes: Vec<Division>,
    /// People without evidence, by home.
    without: Vec<u64>,
    with_evidence: u64,
    /// From when a laboratory has found the virus in the case itself.
    lab_backed: BTreeMap<CaseId, Timestamp>,
}

#[derive(Clone, Debug)]
struct Person {
    home: u32,
    evidence: Box<[Evidence]>,
}

/// Gathers a [`Population`].
#[derive(Clone, Debug, Default)]
pub struct PopulationBuilder {
    made: Population,
    home_numbers: BTreeMap<Division, u32>,
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
        let evidence: Box<[Evidence]> =
            evidence.into_iter().filter(|e| e.counts()).cloned().collect();
        self.note_cases(&evidence);
        self.made.with_evidence += u64::from(!evidence.is_empty());
        self.made.people.push(Person { home, evidence });
    }

    /// People of a division without any evidence: counted, never stored one by one.
    pub fn add_without_evidence(&mut self, home: &Division, people: u64) {
        let home = self.home_number(home);
        self.made.without[home as usize] += people;
    }

    /// The population.
    pub fn finish(self) -> Population {
        let mut made = self.made;
        made.people.shrink_to_fit();
        made
    }

    fn home_number(&mut self, home: &Division) -> u32 {
        if let Some(n) = self.home_numbers.get(home) {
            return *n;
        }
        // There are fewer than a million divisions.
        let n = u32::try_from(self.made.homes.len()).unwrap_or(u32::MAX);
        self.made.homes.push(home.clone());
        self.made.without.push(0);
        self.home_numbers.insert(home.clone(), n);
        n
    }

    fn note_cases(&mut self, evidence: &[Evidence]) {
        let Some(found) = evidence.iter().filter(|e| is_lab_result(e)).map(|e| e.recorded_at).min()
        else {
            return;
        };
        for e in evidence {
            if let Fact::Case { case, .. } = e.fact {
                let since = found.max(e.recorded_at);
                let known = self.made.lab_backed.entry(case).or_insert(since);
                *known = since.min(*known);
            }
        }
    }
}

/// A positive test that an agency recorded.
pub(crate) fn is_lab_result(e: &Evidence) -> bool {
    matches!(e.fact, Fact::Test { result: TestResult::Positive, .. }) && e.agency.is_some()
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
        self.people.len()
    }

    /// Bytes reserved for all this.
    pub fn memory_bytes(&self) -> usize {
        let own: usize = self.people.iter().map(|p| size_of_val(&*p.evidence)).sum();
        own + self.people.capacity() * size_of::<Person>()
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

    /// Home and evidence of somebody.
    pub(crate) fn person(&self, i: usize) -> (usize, &[Evidence]) {
        self.people.get(i).map_or((0, &[]), |p| (p.home as usize, &p.evidence))
    }

    /// Had a laboratory found the virus in this case by then?
    pub(crate) fn is_lab_backed(&self, case: CaseId, now: Timestamp) -> bool {
        self.lab_backed.get(&case).is_some_and(|since| *since <= now)
    }
}

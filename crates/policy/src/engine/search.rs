//! The search: from evidence to occurrences and warnings.

use jadegate_domain::evidence::{Certainty, TestResult};
use jadegate_domain::{EvidenceId, Period, Timestamp};

use crate::engine::found::{Found, View, Warning};
use crate::engine::mitigation::mitigate;
use crate::engine::occurrence::Occurrence;
use crate::engine::release::{About, Known};
use crate::model::compact::{CompactEvidence, recorded_id, time_of};
use crate::model::kinds::{CompactFact, CountFrom, Fit, Kind, Missing, NEVER, Reference, When};
use crate::model::policy::Compiled;
use crate::model::rule::{MOST_PHASES, Rule};

/// Looks through the evidence known at `now`.
pub(crate) fn find(policy: &Compiled, view: &View<'_>, now: Timestamp, found: &mut Found) {
    found.occurrences.clear();
    found.warnings.clear();
    found.next_record = view.public.map_or(NEVER, |p| p.next_record(now));
    let mut search = Search { policy, now, view, found };
    let mut about_evidence = false;
    for p in view.own.iter().chain(view.risks) {
        search.look_at(p);
        about_evidence |= p.class.fact.is_about_evidence();
    }
    search.look_for_missing();
    if about_evidence {
        mitigate(view, policy, now, found);
    }
    found.occurrences.sort_unstable();
    found.occurrences.dedup();
    found.warnings.sort_unstable();
    found.warnings.dedup();
}

struct Search<'p, 'a> {
    policy: &'p Compiled,
    now: Timestamp,
    view: &'p View<'a>,
    found: &'p mut Found,
}

/// What a match knows about its occurrence before its phases are worked out.
struct Match<'e> {
    by: &'e CompactEvidence,
    and: Option<&'e CompactEvidence>,
    /// First moment of effect.
    start: Timestamp,
    /// The moment days are counted from.
    origin: Timestamp,
    /// The effect is over at this moment, whatever the phases say.
    no_later_than: Timestamp,
    still_there: bool,
    refers_to: Option<Reference>,
}

impl<'e> Match<'e> {
    fn at(by: &'e CompactEvidence, start: Timestamp, origin: Timestamp) -> Self {
        let no_later_than = NEVER;
        Self { by, and: None, start, origin, no_later_than, still_there: false, refers_to: None }
    }
}

impl Search<'_, '_> {
    fn warn(&mut self, w: impl Fn(EvidenceId) -> Warning, p: &CompactEvidence) {
        self.found.warnings.push(w(recorded_id(p.id)));
    }

    /// An event cannot be later than its record: the latest it can have been is the record.
    fn event(&mut self, p: &CompactEvidence, at: Timestamp) -> Timestamp {
        if at > p.recorded {
            self.warn(Warning::EventAfterRecorded, p);
        }
        at.min(p.recorded)
    }

    fn look_at(&mut self, p: &CompactEvidence) {
        if p.recorded > self.now {
            self.found.next_record = self.found.next_record.min(p.recorded);
            self.warn(Warning::RecordedInFuture, p);
            return;
        }
        match p.class.fact {
            CompactFact::Case { .. } => self.case(p),
            CompactFact::Test { result, .. } => self.test(p, result),
            CompactFact::Contact { certainty, .. } => self.contact(p, certainty),
            CompactFact::Stay { .. } => self.stay(p),
            CompactFact::Report(_) => {
                self.each_rule(p, |_, _| Match::at(p, p.recorded, p.recorded));
            }
            CompactFact::Arrival { .. } => self.arrival(p),
            CompactFact::Release { .. } if !p.class.by_agency => {
                self.warn(Warning::Unattributed, p);
            }
            _ => self.other(p),
        }
    }

    /// What needs no more than its moment: a rule on it counts from when it happened or was recorded.
    /// Levels of regions work through stays, papers through the releases of rules, and disputes and
    /// appeals through the reasons they speak of: none of them starts a rule.
    fn other(&mut self, p: &CompactEvidence) {
        if !self.policy.index.rules_for(p.class.fact.kind()).is_empty() {
            let at = self.event(p, p.at);
            self.each_rule(p, |rule, _| Match::at(p, at, recorded_or(rule, p, at)));
        }
    }

    /// Applies every rule that takes such evidence; `made` says what the rule makes of it.
    fn each_rule<'e>(&mut self, p: &'e CompactEvidence, made: impl Fn(&Rule, Fit) -> Match<'e>) {
        let policy = self.policy;
        for i in policy.index.rules_for(p.class.fact.kind()) {
            let rule = &policy.rules[usize::from(*i)];
            match policy.index.fit(*i, rule, &p.class) {
                Fit::No | Fit::OriginOnly => {}
                fit => self.push(*i, rule, &made(rule, fit)),
            }
        }
    }

    fn case(&mut self, p: &CompactEvidence) {
        let confirmed = self.event(p, p.at);
        let onset = self.event(p, p.to);
        self.each_rule(p, |rule, _| {
            let origin = match rule.count_from {
                CountFrom::Onset => onset,
                CountFrom::Recorded => p.recorded,
                _ => confirmed,
            };
            Match { refers_to: p.reference(), ..Match::at(p, confirmed.min(origin), origin) }
        });
    }

    fn test(&mut self, p: &CompactEvidence, result: TestResult) {
        let sampled = self.event(p, p.at);
        if result == TestResult::Negative && !p.class.by_agency {
            self.warn(Warning::Unattributed, p);
        }
        self.each_rule(p, |rule, _| Match::at(p, sampled, recorded_or(rule, p, sampled)));
    }

    fn contact(&mut self, p: &CompactEvidence, certainty: Certainty) {
        let last = self.event(p, p.at);
        self.each_rule(p, |rule, _| {
            let m = Match::at(p, last, recorded_or(rule, p, last));
            Match { refers_to: p.reference(), ..m }
        });
        if certainty == Certainty::Unproven {
            let policy = self.policy;
            let mut rules = policy.index.rules_for(Kind::Contact).iter();
            let of = |i: &u16| policy.index.fit(*i, &policy.rules[usize::from(*i)], &p.class);
            if rules.all(|i| of(i) == Fit::No) {
                self.warn(Warning::UnprovenContact, p);
            }
        }
    }

    fn arrival(&mut self, p: &CompactEvidence) {
        let policy = self.policy;
        for i in policy.index.rules_for(Kind::Arrival) {
            let rule = &policy.rules[usize::from(*i)];
            if policy.index.fit(*i, rule, &p.class) == Fit::Unstated {
                self.warn(Warning::PurposeUnstated, p);
            }
        }
        self.each_rule(p, |rule, _| Match::at(p, p.at, recorded_or(rule, p, p.at)));
    }

    fn stay(&mut self, p: &CompactEvidence) {
        if p.to < p.at {
            self.warn(Warning::EndsBeforeItStarts, p);
        }
        let (policy, stay) = (self.policy, time_of(p));
        for i in policy.index.rules_for(Kind::Stay) {
            let rule = &policy.rules[usize::from(*i)];
            if policy.index.fit(*i, rule, &p.class) == Fit::Yes {
                self.stay_under(*i, rule, p, stay);
            }
        }
    }

    fn stay_under(&mut self, i: u16, rule: &Rule, p: &CompactEvidence, stay: Period) {
        let When::Stay { levels, while_in_force, .. } = &rule.when else { return };
        if levels.is_empty() {
            self.push(i, rule, &stayed(p, None, rule, stay, NEVER));
            return;
        }
        let (now, CompactFact::Stay { place }) = (self.now, p.class.fact) else { return };
        for risk in self.view.risks_for(p).filter(|r| r.recorded <= now) {
            let CompactFact::Risk { place: region, level } = risk.class.fact else { continue };
            if !levels.contains(&level) || !region.contains(place) {
                continue;
            }
            // An entry that ends before it starts was taken back before it began.
            let Some(entry) = Period::new(risk.at, risk.to) else { continue };
            if let Some(shared) = stay.overlap(entry) {
                let end = if *while_in_force { entry.to } else { NEVER };
                let counted = if *while_in_force { stay.to } else { shared.to };
                let period = Period { from: shared.from, to: counted };
                self.push(i, rule, &stayed(p, Some(risk), rule, period, end));
            }
        }
    }

    fn look_for_missing(&mut self) {
        let policy = self.policy;
        for i in policy.index.missing() {
            let rule = &policy.rules[usize::from(*i)];
            let When::Missing { what, hours, also_if_never } = rule.when else { continue };
            let known = self.view.own.iter().filter(|p| p.recorded <= self.now);
            let given = known.filter_map(|p| given(what, p).map(|at| (at, p)));
            match given.max_by_key(|(at, p)| (*at, p.id)) {
                Some((at, p)) => {
                    let due = at.plus_secs(i64::from(hours) * 3600);
                    self.push(*i, rule, &Match::at(p, due, due));
                }
                None if also_if_never => {
                    let never = timeline(rule, Timestamp::EPOCH, |_, _| NEVER);
                    self.found.occurrences.push(Occurrence { rule: *i, ..never });
                }
                None => {}
            }
        }
    }

    /// Works out the phases and keeps the occurrence if it has an effect now or later.
    fn push(&mut self, index: u16, rule: &Rule, m: &Match<'_>) {
        let (now, room) = (self.now, &mut self.found.room);
        let mut known = Known { evidence: self.view.own, now, room };
        let about = About { refers_to: m.refers_to, origin: m.by.class.origin };
        let mut o = timeline(rule, m.origin, |phase, from| {
            let end = match from {
                NEVER => NEVER,
                _ => known.end_of_phase(&rule.phases[phase], from, about, &rule.calendar),
            };
            end.min(m.no_later_than)
        });
        if o.end() <= self.now {
            return;
        }
        o.rule = index;
        o.start = m.start;
        let recorded = m.and.map_or(m.by.recorded, |and| and.recorded.max(m.by.recorded));
        o.since = m.start.max(recorded);
        o.still_there = m.still_there;
        o.causes = [Some(m.by.id), m.and.map(|p| p.id)];
        self.found.occurrences.push(o);
    }
}

/// An occurrence with its phases one after the other, each ending when `end` says.
fn timeline(
    rule: &Rule,
    origin: Timestamp,
    mut end: impl FnMut(usize, Timestamp) -> Timestamp,
) -> Occurrence {
    let mut o = Occurrence {
        rule: 0,
        start: origin,
        since: origin,
        begins: [NEVER; MOST_PHASES],
        ends: [NEVER; MOST_PHASES],
        phases: u8::try_from(rule.phases.len()).unwrap_or(0),
        still_there: false,
        causes: [None; 2],
        mitigation: None,
    };
    let mut from = origin;
    for (i, phase) in rule.phases.iter().enumerate().take(MOST_PHASES) {
        // A phase that counts on began with the one before it, and ends no earlier than that one.
        let before = i.checked_sub(1).filter(|_| phase.counts_on);
        o.begins[i] = before.map_or(from, |b| o.begins[b]);
        let ends = end(i, o.begins[i]);
        o.ends[i] = if before.is_some() { ends.max(from) } else { ends };
        from = o.ends[i];
    }
    o
}

/// The moment a rule counts from: when it was recorded if it says so, or else the event.
fn recorded_or(rule: &Rule, p: &CompactEvidence, event: Timestamp) -> Timestamp {
    if rule.count_from == CountFrom::Recorded { p.recorded } else { event }
}

fn stayed<'e>(
    by: &'e CompactEvidence,
    and: Option<&'e CompactEvidence>,
    rule: &Rule,
    period: Period,
    no_later_than: Timestamp,
) -> Match<'e> {
    let from_entry = rule.count_from == CountFrom::Entry;
    let origin = if from_entry { period.from } else { period.to };
    let still_there = !from_entry && period.to == NEVER;
    Match { and, no_later_than, still_there, ..Match::at(by, period.from, origin) }
}

/// When was what a decay waits for last given?
fn given(what: Missing, p: &CompactEvidence) -> Option<Timestamp> {
    match (p.class.fact, what) {
        (CompactFact::Report(r), Missing::Report | Missing::Temperature) => {
            (what == Missing::Report || r.temperature.is_some()).then_some(p.recorded)
        }
        (CompactFact::Test { result: TestResult::Negative, .. }, Missing::NegativeTest)
            if p.class.by_agency =>
        {
            Some(p.at.min(p.recorded))
        }
        _ => None,
    }
}

//! From evidence to occurrences: each place in a person's life where a rule applies, with the
//! moments at which its phases end.

use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{Certainty, DeclaredStay, ReleaseOf, TestResult};
use jadegate_domain::{AgencyId, Division, Evidence, EvidenceId, Fact, Period, Timestamp};

use crate::model::{Compiled, CountFrom, Missing, Rule, When};
use crate::parse_rules::MOST_PHASES;
use crate::release::{NEVER, end_of_phase};

/// One piece of evidence behind an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cause {
    pub(crate) id: EvidenceId,
    pub(crate) agency: Option<AgencyId>,
}

/// One application of one rule. Ordered, so that the order of the evidence leaves no trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Occurrence {
    /// Index into the policy's rules.
    pub(crate) rule: u16,
    /// First moment of effect.
    pub(crate) start: Timestamp,
    /// First moment of effect that was also known.
    pub(crate) since: Timestamp,
    /// When each phase began to count.
    pub(crate) begins: [Timestamp; MOST_PHASES],
    /// When each phase ends; never falling; [`NEVER`] after the last phase of the rule.
    pub(crate) ends: [Timestamp; MOST_PHASES],
    /// Phases in use.
    pub(crate) phases: u8,
    /// The stay behind it has no known end.
    pub(crate) still_there: bool,
    /// The evidence behind it.
    pub(crate) causes: [Option<Cause>; 2],
}

impl Occurrence {
    /// The phase at a moment; `None` before and after its effect.
    pub(crate) fn phase_at(&self, at: Timestamp) -> Option<usize> {
        if at < self.start {
            return None;
        }
        self.ends[..usize::from(self.phases)].iter().position(|end| at < *end)
    }

    /// The end of the last phase.
    pub(crate) fn end(&self) -> Timestamp {
        self.ends[usize::from(self.phases.max(1)) - 1]
    }

    /// The moments at which it begins, changes phase, and ends.
    pub(crate) fn moments(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let ends = self.ends[..usize::from(self.phases)].iter().copied();
        std::iter::once(self.start).chain(ends).filter(|t| *t != NEVER)
    }
}

/// What the policy could not make sense of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Warning {
    /// Recorded later than the moment of the assessment: ignored until then.
    RecordedInFuture(EvidenceId),
    /// Says that something happened after it was recorded: taken as of the recording.
    EventAfterRecorded(EvidenceId),
    /// A period that ends before it starts: taken as the period between the two.
    EndsBeforeItStarts(EvidenceId),
    /// Relief that no agency recorded: does not count.
    Unattributed(EvidenceId),
    /// A contact known only from a printed venue code: weighs nothing by itself.
    UnprovenContact(EvidenceId),
    /// The moment is outside the policy's own validity; it is applied all the same.
    PolicyNotInForce,
}

impl Warning {
    pub(crate) fn text(self) -> String {
        match self {
            Self::RecordedInFuture(id) => format!("recorded_in_future:{id}"),
            Self::EventAfterRecorded(id) => format!("event_after_recorded:{id}"),
            Self::EndsBeforeItStarts(id) => format!("ends_before_it_starts:{id}"),
            Self::Unattributed(id) => format!("unattributed:{id}"),
            Self::UnprovenContact(id) => format!("unproven_contact:{id}"),
            Self::PolicyNotInForce => "policy_not_in_force".to_owned(),
        }
    }
}

/// Everything a policy finds in the evidence known at a moment.
pub(crate) struct Found {
    /// What has an effect after that moment or at it, sorted.
    pub(crate) occurrences: Vec<Occurrence>,
    /// Sorted, each once.
    pub(crate) warnings: Vec<Warning>,
    /// When the next piece that is recorded later becomes known.
    pub(crate) next_record: Timestamp,
}

/// Looks through the evidence known at `now`.
pub(crate) fn find<'a, E>(evidence: E, policy: &Compiled, now: Timestamp) -> Found
where
    E: Iterator<Item = &'a Evidence> + Clone,
{
    let found = Found { occurrences: Vec::new(), warnings: Vec::new(), next_record: NEVER };
    let mut search = Search { policy, now, evidence: evidence.clone(), found };
    for e in evidence.filter(|e| e.counts()) {
        search.look_at(e);
    }
    search.look_for_missing();
    let mut found = search.found;
    found.occurrences.sort_unstable();
    found.occurrences.dedup();
    found.warnings.sort_unstable();
    found.warnings.dedup();
    found
}

struct Search<'p, E> {
    policy: &'p Compiled,
    now: Timestamp,
    evidence: E,
    found: Found,
}

/// What a match knows about its occurrence before its phases are worked out.
struct Match<'e> {
    by: &'e Evidence,
    and: Option<&'e Evidence>,
    /// First moment of effect.
    start: Timestamp,
    /// The moment days are counted from.
    origin: Timestamp,
    /// The effect is over at this moment, whatever the phases say.
    no_later_than: Timestamp,
    still_there: bool,
    refers_to: Option<ReleaseOf>,
}

impl<'e> Match<'e> {
    fn at(by: &'e Evidence, start: Timestamp, origin: Timestamp) -> Self {
        let no_later_than = NEVER;
        Self { by, and: None, start, origin, no_later_than, still_there: false, refers_to: None }
    }
}

impl<'a, E: Iterator<Item = &'a Evidence> + Clone> Search<'_, E> {
    fn known(&self) -> impl Iterator<Item = &'a Evidence> + Clone + use<'a, E> {
        let now = self.now;
        self.evidence.clone().filter(move |e| e.counts() && e.recorded_at <= now)
    }

    fn warn(&mut self, w: Warning) {
        self.found.warnings.push(w);
    }

    /// An event cannot be later than its record: the latest it can have been is the record.
    fn event(&mut self, e: &Evidence, at: Timestamp) -> Timestamp {
        if at > e.recorded_at {
            self.warn(Warning::EventAfterRecorded(e.id));
        }
        at.min(e.recorded_at)
    }

    fn look_at(&mut self, e: &'a Evidence) {
        if e.recorded_at > self.now {
            self.found.next_record = self.found.next_record.min(e.recorded_at);
            self.warn(Warning::RecordedInFuture(e.id));
            return;
        }
        match &e.fact {
            Fact::Case { .. } => self.case(e),
            Fact::Test { .. } => self.test(e),
            Fact::Contact { .. } => self.contact(e),
            Fact::Stay { division, from, to } => self.stay(e, division, *from, *to),
            Fact::Declaration { stays, .. } => {
                self.report(e);
                for DeclaredStay { division, from, to } in stays {
                    self.stay(e, division, *from, *to);
                }
            }
            Fact::CheckIn { .. } => self.report(e),
            Fact::Arrival { .. } => self.arrival(e),
            Fact::Release { .. } => self.release(e),
            // Works through stays.
            Fact::RegionRisk { .. } => {}
            // Work through the reasons they speak of.
            Fact::Dispute { .. } | Fact::Appeal { .. } | Fact::AppealDecision { .. } => {}
        }
    }

    fn case(&mut self, e: &'a Evidence) {
        let Fact::Case { case, class, onset_at, confirmed_at } = e.fact else { return };
        let confirmed = self.event(e, confirmed_at);
        let onset = onset_at.map_or(confirmed, |o| self.event(e, o));
        for (i, rule) in self.policy.numbered() {
            let When::Case { classes } = &rule.when else { continue };
            if !passes(classes, &class) {
                continue;
            }
            let origin = match rule.count_from {
                CountFrom::Onset => onset,
                CountFrom::Recorded => e.recorded_at,
                _ => confirmed,
            };
            let m = Match::at(e, confirmed.min(origin), origin);
            self.push(i, rule, &Match { refers_to: Some(ReleaseOf::Case(case)), ..m });
        }
    }

    fn test(&mut self, e: &'a Evidence) {
        let Fact::Test { result, method, sampled_at } = e.fact else { return };
        let sampled = self.event(e, sampled_at);
        if result == TestResult::Negative && e.agency.is_none() {
            self.warn(Warning::Unattributed(e.id));
        }
        for (i, rule) in self.policy.numbered() {
            let When::Test { results, methods } = &rule.when else { continue };
            if passes(results, &result) && passes(methods, &method) {
                let recorded = rule.count_from == CountFrom::Recorded;
                let origin = if recorded { e.recorded_at } else { sampled };
                self.push(i, rule, &Match::at(e, sampled, origin));
            }
        }
    }

    fn contact(&mut self, e: &'a Evidence) {
        let Fact::Contact { trace, degree, last_contact, minutes, certainty, place_kind, .. } =
            e.fact
        else {
            return;
        };
        let last = self.event(e, last_contact);
        let mut left_out = certainty == Certainty::Unproven;
        for (i, rule) in self.policy.numbered() {
            let When::Contact { degrees, certainties, places, min_minutes } = &rule.when else {
                continue;
            };
            let fits = passes(degrees, &degree)
                && passes(certainties, &certainty)
                && passes(places, &place_kind)
                && minutes >= *min_minutes;
            if fits {
                left_out = false;
                let recorded = rule.count_from == CountFrom::Recorded;
                let origin = if recorded { e.recorded_at } else { last };
                let m = Match::at(e, last, origin);
                self.push(i, rule, &Match { refers_to: Some(ReleaseOf::Trace(trace)), ..m });
            }
        }
        if left_out {
            self.warn(Warning::UnprovenContact(e.id));
        }
    }

    fn arrival(&mut self, e: &'a Evidence) {
        let Fact::Arrival { from: origin_division, arrived_at, .. } = &e.fact else { return };
        for (i, rule) in self.policy.numbered() {
            let When::Arrival { from_abroad, from } = &rule.when else { continue };
            let abroad = origin_division.country() != self.policy.country.country();
            let listed = from.is_empty() || from.iter().any(|d| d.contains(origin_division));
            if listed && (abroad || !from_abroad) {
                let recorded = rule.count_from == CountFrom::Recorded;
                let origin = if recorded { e.recorded_at } else { *arrived_at };
                self.push(i, rule, &Match::at(e, *arrived_at, origin));
            }
        }
    }

    fn release(&mut self, e: &Evidence) {
        if e.agency.is_none() {
            self.warn(Warning::Unattributed(e.id));
        }
    }

    fn report(&mut self, e: &'a Evidence) {
        for (i, rule) in self.policy.numbered() {
            if reports_harm(&rule.when, &e.fact) {
                self.push(i, rule, &Match::at(e, e.recorded_at, e.recorded_at));
            }
        }
    }

    fn stay(&mut self, e: &'a Evidence, place: &Division, from: Timestamp, to: Timestamp) {
        if to < from {
            self.warn(Warning::EndsBeforeItStarts(e.id));
        }
        // A stay has at least one second, so that a moment in a region is a stay in it.
        let (from, to) = (from.min(to), from.max(to));
        let stay = Period { from, to: to.max(from.plus_secs(1)) };
        for (i, rule) in self.policy.numbered() {
            let When::Stay { levels, divisions, while_in_force } = &rule.when else { continue };
            if !divisions.is_empty() && !divisions.iter().any(|d| d.contains(place)) {
                continue;
            }
            if levels.is_empty() {
                self.push(i, rule, &stayed(e, None, rule, stay, NEVER));
                continue;
            }
            for risk in self.known() {
                let Some(entry) = entry_in_force(risk, levels, place) else { continue };
                if let Some(shared) = stay.overlap(entry) {
                    let end = if *while_in_force { entry.to } else { NEVER };
                    let counted = if *while_in_force { stay.to } else { shared.to };
                    let period = Period { from: shared.from, to: counted };
                    self.push(i, rule, &stayed(e, Some(risk), rule, period, end));
                }
            }
        }
    }

    fn look_for_missing(&mut self) {
        for (i, rule) in self.policy.numbered() {
            let When::Missing { what, hours, also_if_never } = rule.when else { continue };
            let last = self
                .known()
                .filter_map(|e| given(what, e).map(|at| (at, e.id, e)))
                .max_by_key(|(at, id, _)| (*at, *id));
            match last {
                Some((at, _, e)) => {
                    let due = at.plus_secs(i64::from(hours) * 3600);
                    self.push(i, rule, &Match::at(e, due, due));
                }
                None if also_if_never => {
                    let never = timeline(rule, Timestamp::EPOCH, |_, _| NEVER);
                    self.found.occurrences.push(Occurrence { rule: i, ..never });
                }
                None => {}
            }
        }
    }

    /// Works out the phases and keeps the occurrence if it has an effect now or later.
    fn push(&mut self, index: u16, rule: &Rule, m: &Match<'_>) {
        let known = self.known();
        let mut o = timeline(rule, m.origin, |phase, from| {
            let (phase, known) = (&rule.phases[phase], known.clone());
            let end = match from {
                NEVER => NEVER,
                _ => end_of_phase(phase, from, m.refers_to, &known, &rule.calendar),
            };
            end.min(m.no_later_than)
        });
        if o.end() <= self.now {
            return;
        }
        o.rule = index;
        o.start = m.start;
        let recorded = m.and.map_or(m.by.recorded_at, |and| and.recorded_at.max(m.by.recorded_at));
        o.since = m.start.max(recorded);
        o.still_there = m.still_there;
        let cause = |e: &Evidence| Cause { id: e.id, agency: e.agency };
        o.causes = [Some(cause(m.by)), m.and.map(cause)];
        self.found.occurrences.push(o);
    }
}

/// An occurrence with its phases one after the other, each ending when `end` says.
fn timeline(
    rule: &Rule,
    origin: Timestamp,
    end: impl Fn(usize, Timestamp) -> Timestamp,
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
    };
    let mut from = origin;
    for phase in 0..rule.phases.len().min(MOST_PHASES) {
        o.begins[phase] = from;
        o.ends[phase] = end(phase, from);
        from = o.ends[phase];
    }
    o
}

/// An empty filter lets everything pass.
fn passes<T: PartialEq>(filter: &[T], value: &T) -> bool {
    filter.is_empty() || filter.contains(value)
}

/// Does a report say what a rule on reports looks for?
fn reports_harm(when: &When, fact: &Fact) -> bool {
    let When::Report { declarations, check_ins, symptoms, fever, contact_with_case } = when else {
        return false;
    };
    let (temperature, told, met_case) = match fact {
        Fact::Declaration { temperature, symptoms, contact_with_case, .. } if *declarations => {
            (temperature, symptoms, *contact_with_case)
        }
        Fact::CheckIn { temperature, symptoms } if *check_ins => (temperature, symptoms, false),
        _ => return false,
    };
    (*contact_with_case && met_case)
        || temperature.is_some_and(|t| fever.is_some_and(|f| t >= f))
        || told.iter().any(|s| symptoms.contains(s))
}

/// The period of a region's entry at one of the levels, if it holds the place. An entry that ends
/// before it starts was taken back before it began.
fn entry_in_force(e: &Evidence, levels: &[RiskLevel], place: &Division) -> Option<Period> {
    match &e.fact {
        Fact::RegionRisk { division, level, from, to }
            if levels.contains(level) && division.contains(place) =>
        {
            Period::new(*from, to.unwrap_or(NEVER))
        }
        _ => None,
    }
}

fn stayed<'e>(
    by: &'e Evidence,
    and: Option<&'e Evidence>,
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
fn given(what: Missing, e: &Evidence) -> Option<Timestamp> {
    match (&e.fact, what) {
        (
            Fact::Declaration { temperature, .. } | Fact::CheckIn { temperature, .. },
            Missing::Report | Missing::Temperature,
        ) => (what == Missing::Report || temperature.is_some()).then_some(e.recorded_at),
        (Fact::Test { result: TestResult::Negative, sampled_at, .. }, Missing::NegativeTest)
            if e.agency.is_some() =>
        {
            Some((*sampled_at).min(e.recorded_at))
        }
        _ => None,
    }
}

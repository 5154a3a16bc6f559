//! The one function that makes a colour.

use jadegate_domain::assessment::{Assessment, Reason};
use jadegate_domain::{AgencyId, Colour, Evidence, EvidenceId, Timestamp};

use crate::model::{Compiled, Phase, Policy, When};
use crate::occurrence::{Found, Occurrence, Warning, find};
use crate::release::NEVER;

/// What a policy says about one person at one moment.
///
/// `evidence` is the person's own evidence and the public risk levels that may concern them, in any
/// order. Pieces that were withdrawn or replaced do not count; pieces recorded after `now` are
/// ignored until then, with a warning. The answer, apart from the number of the day in each reason
/// (see [`Policy::with_days_at`]), holds until `next_change`.
pub fn assess<'a, I>(evidence: I, policy: &Policy, now: Timestamp) -> Assessment
where
    I: IntoIterator<Item = &'a Evidence>,
    I::IntoIter: Clone,
{
    let policy = &*policy.0;
    let found = find(evidence.into_iter(), policy, now);
    let actives = actives(&found.occurrences, policy, now);
    let next_change = next_change(&found, &actives, policy, now);
    let mut reasons: Vec<Reason> =
        actives.into_iter().map(|a| a.into_reason(&found.occurrences, policy, now)).collect();
    // Rules are in the order of their ids, and the sort is stable.
    reasons.sort_by_key(|r| std::cmp::Reverse(r.colour));
    Assessment {
        colour: reasons.first().map_or(Colour::Green, |r| r.colour),
        reasons,
        warnings: warnings(&found, policy, now),
        at: now,
        next_change,
        policy: policy.reference.clone(),
    }
}

fn in_force(policy: &Compiled, at: Timestamp) -> bool {
    policy.valid_from <= at && policy.valid_to.is_none_or(|to| at < to)
}

fn warnings(found: &Found, policy: &Compiled, now: Timestamp) -> Vec<String> {
    let validity = (!in_force(policy, now)).then_some(Warning::PolicyNotInForce);
    found.warnings.iter().copied().chain(validity).map(Warning::text).collect()
}

/// A rule that asks for a colour at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Active {
    rule: u16,
    colour: Colour,
    until: Timestamp,
    /// Index of the occurrence whose count is shown: the one that asks longest.
    shown: usize,
    phase: usize,
    /// First moment of effect of those that ask for this colour.
    since: Timestamp,
    evidence: Vec<EvidenceId>,
    agencies: Vec<AgencyId>,
}

/// The colour one occurrence asks for at a moment.
fn colour_of(o: &Occurrence, policy: &Compiled, at: Timestamp) -> Option<Colour> {
    phases_of(o, policy).get(o.phase_at(at)?).map(|p| p.colour)
}

fn phases_of<'p>(o: &Occurrence, policy: &'p Compiled) -> &'p [Phase] {
    policy.rules.get(usize::from(o.rule)).map_or(&[], |r| &r.phases)
}

/// The most severe colour a rule's occurrences ask for at a moment.
fn colour_at(group: &[Occurrence], policy: &Compiled, at: Timestamp) -> Option<Colour> {
    group.iter().filter_map(|o| colour_of(o, policy, at)).max()
}

/// The first moment after `at` at which one of them begins, changes phase or ends.
fn next_moment(group: &[Occurrence], at: Timestamp) -> Option<Timestamp> {
    group.iter().flat_map(Occurrence::moments).filter(|t| *t > at).min()
}

/// The first moment after `at` at which a rule no longer asks for `colour`.
fn until(group: &[Occurrence], policy: &Compiled, colour: Colour, at: Timestamp) -> Timestamp {
    let mut t = at;
    while let Some(next) = next_moment(group, t) {
        if colour_at(group, policy, next) != Some(colour) {
            return next;
        }
        t = next;
    }
    NEVER
}

/// The rules that ask for a colour at a moment, in the order of their ids. `all` is sorted by rule.
fn actives(all: &[Occurrence], policy: &Compiled, at: Timestamp) -> Vec<Active> {
    let mut out = Vec::new();
    let mut first = 0;
    for group in all.chunk_by(|a, b| a.rule == b.rule) {
        out.extend(active(group, first, policy, at));
        first += group.len();
    }
    out
}

fn active(group: &[Occurrence], first: usize, policy: &Compiled, at: Timestamp) -> Option<Active> {
    let colour = colour_at(group, policy, at)?;
    let asking =
        || group.iter().enumerate().filter(|(_, o)| colour_of(o, policy, at) == Some(colour));
    let alone = |o: &Occurrence| until(std::slice::from_ref(o), policy, colour, at);
    let (shown, longest) = asking().max_by_key(|(i, o)| (alone(o), o.end(), *i))?;
    let causes = || asking().flat_map(|(_, o)| o.causes).flatten();
    let mut evidence: Vec<EvidenceId> = causes().map(|c| c.id).collect();
    evidence.sort_unstable();
    evidence.dedup();
    let mut agencies: Vec<AgencyId> = causes().filter_map(|c| c.agency).collect();
    agencies.sort_unstable();
    agencies.dedup();
    Some(Active {
        rule: longest.rule,
        colour,
        until: until(group, policy, colour, at),
        shown: first + shown,
        phase: longest.phase_at(at)?,
        since: asking().map(|(_, o)| o.since).min()?,
        evidence,
        agencies,
    })
}

impl Active {
    fn into_reason(self, all: &[Occurrence], policy: &Compiled, now: Timestamp) -> Reason {
        let rule = &policy.rules[usize::from(self.rule)];
        let (shown, phase) = (&all[self.shown], &rule.phases[self.phase]);
        let counted_from = shown.begins[self.phase];
        Reason {
            rule: rule.id.clone(),
            colour: self.colour,
            title: rule.title.clone(),
            ends: phase.ends.clone(),
            needs: self.needs(shown, phase, &rule.when),
            evidence: self.evidence,
            agencies: self.agencies,
            counted_from,
            since: self.since,
            until: (self.until != NEVER).then_some(self.until),
            day: rule.day_at(phase.days, counted_from, now),
            days: phase.days,
            eased: None,
        }
    }

    /// What must happen first; nothing if time alone ends it.
    fn needs(&self, shown: &Occurrence, phase: &Phase, when: &When) -> Vec<String> {
        if self.until != NEVER {
            return Vec::new();
        }
        let place = match when {
            When::Stay { while_in_force: true, .. } if shown.still_there => Some("region_lowered"),
            When::Stay { .. } if shown.still_there => Some("leave_region"),
            _ => None,
        };
        place.into_iter().chain(phase.needs.iter().copied()).map(str::to_owned).collect()
    }
}

/// The first moment after `now` at which the answer is another one.
fn next_change(
    found: &Found,
    now_active: &[Active],
    policy: &Compiled,
    now: Timestamp,
) -> Option<Timestamp> {
    let bounds = [Some(policy.valid_from), policy.valid_to, Some(found.next_record)];
    // A warning comes or goes at each of these.
    let sure = bounds.into_iter().flatten().filter(|t| *t > now && *t != NEVER).min();
    let mut t = now;
    while let Some(next) = next_moment(&found.occurrences, t) {
        if sure.is_some_and(|s| s <= next) {
            return sure;
        }
        if actives(&found.occurrences, policy, next) != now_active {
            return Some(next);
        }
        t = next;
    }
    sure
}

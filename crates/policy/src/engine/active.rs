//! Which rules ask for a colour at a moment, and when that changes.

use jadegate_domain::{Colour, Timestamp};

use crate::engine::found::Found;
use crate::engine::occurrence::{Mitigation, Occurrence};
use crate::model::kinds::NEVER;
use crate::model::mitigation::MITIGATED;
use crate::model::policy::Compiled;
use crate::model::rule::Phase;

/// A rule that asks for a colour at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) rule: u16,
    /// Index of its first occurrence, and how many it has.
    first: usize,
    len: usize,
    at: Timestamp,
    pub(crate) colour: Colour,
    pub(crate) until: Timestamp,
    /// Index of the occurrence whose count is shown: the one that asks longest.
    pub(crate) shown: usize,
    pub(crate) phase: usize,
    /// First moment of effect of those that ask for this colour.
    pub(crate) since: Timestamp,
}

impl Active {
    /// The occurrences that ask for its colour.
    pub(crate) fn asking<'a>(
        &self,
        all: &'a [Occurrence],
        policy: &'a Compiled,
    ) -> impl Iterator<Item = &'a Occurrence> + Clone + use<'a> {
        let (at, colour) = (self.at, self.colour);
        all[self.first..self.first + self.len]
            .iter()
            .filter(move |o| colour_of(o, policy, at) == Some(colour))
    }

    /// Why some of those ask for less than their phases do, and for what the phases ask.
    pub(crate) fn mitigations<'a>(
        &self,
        all: &'a [Occurrence],
        policy: &'a Compiled,
    ) -> impl Iterator<Item = (Mitigation, Colour)> + use<'a> {
        let (at, colour) = (self.at, self.colour);
        self.asking(all, policy).filter_map(move |o| {
            let full = full_colour_of(o, policy, at).filter(|full| *full > colour)?;
            o.mitigation_at(at).map(|m| (m, full))
        })
    }
}

/// The colour one occurrence asks for at a moment.
pub(crate) fn colour_of(o: &Occurrence, policy: &Compiled, at: Timestamp) -> Option<Colour> {
    let colour = full_colour_of(o, policy, at)?;
    Some(if o.mitigation_at(at).is_some() { colour.min(MITIGATED) } else { colour })
}

/// The colour of its phase, mitigated or not.
fn full_colour_of(o: &Occurrence, policy: &Compiled, at: Timestamp) -> Option<Colour> {
    phases_of(o, policy).get(o.phase_at(at)?).map(|p| p.colour)
}

fn phases_of<'p>(o: &Occurrence, policy: &'p Compiled) -> &'p [Phase] {
    policy.rules.get(usize::from(o.rule)).map_or(&[], |r| &r.phases)
}

/// The most severe colour occurrences ask for at a moment.
pub(crate) fn colour_at(group: &[Occurrence], policy: &Compiled, at: Timestamp) -> Option<Colour> {
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
pub(crate) fn actives<'a>(
    all: &'a [Occurrence],
    policy: &'a Compiled,
    at: Timestamp,
) -> impl Iterator<Item = Active> + 'a {
    groups(all).filter_map(move |(first, group)| active(group, first, policy, at))
}

/// The occurrences of each rule, and the index of the first of them.
pub(crate) fn groups(all: &[Occurrence]) -> impl Iterator<Item = (usize, &[Occurrence])> {
    let mut next = 0;
    all.chunk_by(|a, b| a.rule == b.rule).map(move |group| {
        let first = next;
        next += group.len();
        (first, group)
    })
}

fn active(group: &[Occurrence], first: usize, policy: &Compiled, at: Timestamp) -> Option<Active> {
    let colour = colour_at(group, policy, at)?;
    let asking =
        || group.iter().enumerate().filter(|(_, o)| colour_of(o, policy, at) == Some(colour));
    let alone = |o: &Occurrence| until(std::slice::from_ref(o), policy, colour, at);
    let (shown, longest, until) = if let [only] = group {
        (0, only, alone(only))
    } else {
        let (shown, longest) = asking().max_by_key(|(i, o)| (alone(o), o.end(), *i))?;
        (shown, longest, until(group, policy, colour, at))
    };
    Some(Active {
        rule: longest.rule,
        first,
        len: group.len(),
        at,
        colour,
        until,
        shown: first + shown,
        phase: longest.phase_at(at)?,
        since: asking().map(|(_, o)| o.since).min()?,
    })
}

/// The first moment after `now` at which the answer is another one.
pub(crate) fn next_change(found: &Found, policy: &Compiled, now: Timestamp) -> Option<Timestamp> {
    let bounds = [Some(policy.valid_from), policy.valid_to, Some(found.next_record)];
    // A warning comes or goes at each of these.
    let sure = bounds.into_iter().flatten().filter(|t| *t > now && *t != NEVER).min();
    let mut soonest = sure.unwrap_or(NEVER);
    for (first, group) in groups(&found.occurrences) {
        soonest = group_changes(&found.occurrences, group, first, policy, now, soonest);
    }
    (soonest != NEVER).then_some(soonest)
}

/// The first moment before `limit` at which one rule's part of the answer is another one, or
/// `limit`.
fn group_changes(
    all: &[Occurrence],
    group: &[Occurrence],
    first: usize,
    policy: &Compiled,
    now: Timestamp,
    limit: Timestamp,
) -> Timestamp {
    let today = active(group, first, policy, now);
    let mut t = now;
    while let Some(next) = next_moment(group, t).filter(|next| *next < limit) {
        let then = active(group, first, policy, next);
        let same = match (&today, &then) {
            (None, None) => true,
            (Some(a), Some(b)) => same_reason(a, b, all, policy),
            _ => false,
        };
        if !same {
            return next;
        }
        t = next;
    }
    limit
}

/// Do they differ in nothing but the moment?
fn same_reason(a: &Active, b: &Active, all: &[Occurrence], policy: &Compiled) -> bool {
    let shown = |x: &Active| (x.rule, x.colour, x.until, x.phase, x.since);
    // Staying on is told only where nothing else ends it.
    let counted = |x: &Active| {
        let shown = &all[x.shown];
        (shown.begins[x.phase], shown.still_there && x.until == NEVER)
    };
    shown(a) == shown(b)
        && counted(a) == counted(b)
        && rests_on_all_of(a, b, all, policy)
        && rests_on_all_of(b, a, all, policy)
        && mitigated_alike(a, b, all, policy)
}

fn rests_on_all_of(a: &Active, b: &Active, all: &[Occurrence], policy: &Compiled) -> bool {
    b.asking(all, policy)
        .flat_map(|o| o.causes)
        .flatten()
        .all(|id| a.asking(all, policy).any(|o| o.rests_on(id)))
}

fn mitigated_alike(a: &Active, b: &Active, all: &[Occurrence], policy: &Compiled) -> bool {
    let most = |x: &Active| {
        let mitigations = || x.mitigations(all, policy);
        (mitigations().map(|(e, _)| e.by).max(), mitigations().map(|(_, full)| full).max())
    };
    let holds = |x: &Active, id: u64| x.mitigations(all, policy).any(|(e, _)| e.id == id);
    most(a) == most(b)
        && a.mitigations(all, policy).all(|(e, _)| holds(b, e.id))
        && b.mitigations(all, policy).all(|(e, _)| holds(a, e.id))
}

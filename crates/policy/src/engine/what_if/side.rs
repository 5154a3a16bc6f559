//! One setting over a population: the plans for its time zones, and the judging of one person.

use std::sync::Arc;

use jadegate_domain::{Colour, Timestamp};

use crate::engine::active::{Active, actives, colour_at, groups, next_change};
use crate::engine::found::{Found, View};
use crate::engine::occurrence::Occurrence;
use crate::engine::population::people::{Population, is_lab_result};
use crate::engine::population::plan::{HIGH, Plan, PublicRisks};
use crate::engine::search::find;
use crate::engine::what_if::result::SampleSegment;
use crate::engine::what_if::setting::Setting;
use crate::engine::what_if::tally::Verdict;
use crate::model::compact::CompactEvidence;
use crate::model::kinds::{CompactFact, NEVER};
use crate::model::policy::Compiled;

/// A setting arranged for a population at a moment.
#[derive(Clone, Debug)]
pub(super) struct Side<'a> {
    people: &'a Population,
    now: Timestamp,
    risks: PublicRisks,
    /// One for each time zone the people live in.
    plans: Vec<Plan>,
    /// By home.
    plan_of: Vec<usize>,
}

/// Room that is used again for the next person.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    own: Vec<CompactEvidence>,
    risks: Vec<CompactEvidence>,
    found: Found,
    rules: Vec<u16>,
}

/// More changes than any real life has.
const MOST_SEGMENTS: usize = 10_000;

impl<'a> Side<'a> {
    pub(super) fn new(people: &'a Population, setting: &Setting<'_>, now: Timestamp) -> Self {
        let risks = PublicRisks::new(setting.risks, people);
        let mut plans: Vec<Plan> = Vec::new();
        let plan_of = people.homes().iter().map(|home| {
            let policy = setting.policy.for_home(home);
            let same = |p: &Plan| Arc::ptr_eq(&p.policy.0, &policy.0);
            plans.iter().position(same).unwrap_or_else(|| {
                plans.push(Plan::new(policy, people, &risks, now));
                plans.len() - 1
            })
        });
        let plan_of = plan_of.collect();
        Self { people, now, risks, plans, plan_of }
    }

    fn plan(&self, home: usize) -> Option<&Plan> {
        self.plan_of.get(home).and_then(|p| self.plans.get(*p))
    }

    /// The policy somebody at a home lives by.
    fn policy(&self, home: usize) -> Option<&Compiled> {
        self.plan(home).map(|p| &*p.policy.0)
    }

    /// Can any rule ask for a colour now or later? If not, the verdict is [`Verdict::NOTHING`].
    pub(super) fn is_live(&self, home: usize, words: &[u32]) -> bool {
        self.plan(home).is_none_or(|plan| plan.is_live(words))
    }

    /// Finds what the policy says of somebody at a moment.
    fn find_at(&self, home: usize, words: &[u32], at: Timestamp, room: &mut Room) {
        self.people.read(words, &mut room.own, &mut room.risks);
        let Some(policy) = self.policy(home) else { return };
        let Room { own, risks, found, .. } = room;
        let view = View { own, risks, public: Some(&self.risks), gone: &[] };
        find(policy, &view, at, found);
    }

    /// Somebody's colour.
    pub(super) fn colour(&self, home: usize, words: &[u32], room: &mut Room) -> Colour {
        if !self.is_live(home, words) {
            return Colour::Green;
        }
        self.find_at(home, words, self.now, room);
        self.colour_found(home, self.now, room)
    }

    fn colour_found(&self, home: usize, at: Timestamp, room: &Room) -> Colour {
        let policy = self.policy(home);
        policy.and_then(|p| colour_at(&room.found.occurrences, p, at)).unwrap_or(Colour::Green)
    }

    /// Somebody's colour, and the first later moment at which the answer changes by itself.
    pub(super) fn colour_until(
        &self,
        home: usize,
        words: &[u32],
        at: Timestamp,
        room: &mut Room,
    ) -> (Colour, Option<Timestamp>) {
        self.find_at(home, words, at, room);
        let next = self.policy(home).and_then(|p| next_change(&room.found, p, at));
        (self.colour_found(home, at, room), next)
    }

    /// All that is counted of somebody; what their reasons rest on only if asked for.
    pub(super) fn judge<'r>(
        &self,
        home: usize,
        words: &[u32],
        day_ends: &[Timestamp],
        ask_for_lab: bool,
        room: &'r mut Room,
    ) -> Verdict<'r> {
        if !self.is_live(home, words) {
            return Verdict::NOTHING;
        }
        let Some(policy) = self.policy(home) else { return Verdict::NOTHING };
        self.find_at(home, words, self.now, room);
        let occurrences = &room.found.occurrences;
        room.rules.clear();
        let mut colour = Colour::Green;
        for (_, group) in groups(occurrences) {
            if let (Some(c), [first, ..]) = (colour_at(group, policy, self.now), group) {
                colour = colour.max(c);
                room.rules.push(first.rule);
            }
        }
        let lab_backed = ask_for_lab && colour > Colour::Green && self.is_lab_backed(policy, room);
        let red_days = self.red_days(home, words, day_ends, room);
        Verdict { colour, rules: &room.rules, red_days, lab_backed }
    }

    /// Bit `n`: red at the end of day `n`.
    fn red_days(
        &self,
        home: usize,
        words: &[u32],
        day_ends: &[Timestamp],
        room: &mut Room,
    ) -> u128 {
        let Some(policy) = self.policy(home) else { return 0 };
        let mut red = 0;
        let mut next_record = room.found.next_record;
        let mut red_before = last_red(&room.found.occurrences, policy);
        for (day, end) in day_ends.iter().enumerate() {
            if next_record <= *end {
                // By then more is known.
                self.find_at(home, words, *end, room);
                next_record = room.found.next_record;
                red_before = last_red(&room.found.occurrences, policy);
            }
            if *end < red_before {
                let colour = colour_at(&room.found.occurrences, policy, *end);
                red |= u128::from(colour == Some(Colour::Red)) << day;
            } else if next_record == NEVER {
                break;
            }
        }
        red
    }

    /// Does a reason of today rest on a case that a laboratory confirmed?
    fn is_lab_backed(&self, policy: &Compiled, room: &Room) -> bool {
        let all = &room.found.occurrences;
        let causes = actives(all, policy, self.now).flat_map(|a| a.asking(all, policy));
        causes.flat_map(|o| o.causes).flatten().any(|id| {
            let own = room.own.iter().filter(|p| p.id == id);
            own.into_iter().any(|p| match p.class.fact {
                CompactFact::Case { .. } => self.people.is_lab_backed(p.about, self.now),
                CompactFact::Contact { .. } => self.people.is_lab_backed(p.case, self.now),
                _ => is_lab_result(&p.class),
            })
        })
    }

    /// Somebody's colours and rules from now on.
    pub(super) fn timeline(&self, home: usize, words: &[u32]) -> Vec<SampleSegment> {
        let mut room = Room::default();
        let mut segments: Vec<SampleSegment> = Vec::new();
        let mut at = self.now;
        let Some(policy) = self.policy(home) else { return segments };
        for _ in 0..MOST_SEGMENTS {
            let (colour, next) = self.colour_until(home, words, at, &mut room);
            let mut active: Vec<_> = actives(&room.found.occurrences, policy, at).collect();
            active.sort_by_key(|a| std::cmp::Reverse(a.colour));
            let id = |a: &Active| policy.rules[usize::from(a.rule)].id.clone();
            let rules: Vec<String> = active.iter().map(id).collect();
            match segments.last_mut().filter(|s| s.colour == colour && s.rules == rules) {
                Some(last) => last.to = next,
                None => segments.push(SampleSegment { from: at, to: next, colour, rules }),
            }
            let Some(next) = next else { return segments };
            at = next;
        }
        if let Some(last) = segments.last_mut() {
            last.to = None;
        }
        segments
    }
}

/// A moment from which on nothing asks for red.
fn last_red(all: &[Occurrence], policy: &Compiled) -> Timestamp {
    let can = |o: &&Occurrence| {
        let rule = policy.rules.get(usize::from(o.rule));
        rule.is_some_and(|r| r.phases.iter().any(|p| p.colour == Colour::Red))
    };
    all.iter().filter(can).map(Occurrence::end).max().unwrap_or(Timestamp::EPOCH)
}

const _: () = assert!(HIGH > i64::MAX as u64, "ids recorded anywhere are below");

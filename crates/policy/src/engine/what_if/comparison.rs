//! What-ifs: the present evidence of many people under two policies or two sets of regional
//! levels. Nothing is written; the answer is numbers and a few nameless timelines.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jadegate_domain::{Colour, Division, Timestamp};

use crate::engine::population::people::Population;
use crate::engine::what_if::result::{
    DivisionChange, PlacesOnDay, RuleChange, SampleChange, WhatIf,
};
use crate::engine::what_if::setting::{Setting, WhatIfOptions};
use crate::engine::what_if::side::{Room, Side};
use crate::engine::what_if::tally::{HomeTally, Tally, Verdict, rank};
use crate::model::policy::Policy;

/// After so many people progress is told and a wish to stop is heard.
const STEP: usize = 4096;

/// Compares two settings over everybody, as of `now`. `progress` is told from time to time how
/// many people are done; when it answers `false`, the comparison stops and there is no result.
pub fn what_if(
    people: &Population,
    before: &Setting<'_>,
    after: &Setting<'_>,
    now: Timestamp,
    options: &WhatIfOptions,
    progress: &dyn Fn(u64) -> bool,
) -> Option<WhatIf> {
    let comparison = Comparison::new(people, *before, *after, now, options);
    comparison.count(0..people.added(), progress).map(|t| comparison.finish(t))
}

/// Everybody's colour, in the order in which they were added.
pub fn recolour(people: &Population, setting: &Setting<'_>, now: Timestamp) -> Vec<Colour> {
    recolour_part(people, setting, now, 0..people.added())
}

/// The colours of some of the people (see [`Population::split`]), in the order in which they were
/// added.
pub fn recolour_part(
    people: &Population,
    setting: &Setting<'_>,
    now: Timestamp,
    part: Range<usize>,
) -> Vec<Colour> {
    let side = Side::new(people, setting, now);
    let mut room = Room::default();
    let colours = people.words_of(part.clone()).zip(part);
    colours.map(|(words, i)| side.colour(people.home_of(i), words, &mut room)).collect()
}

/// The colours of some of the people, each with the first later moment at which the answer changes
/// by itself: what [`assess`](crate::assess) says about one after the other.
pub fn outlook(
    people: &Population,
    setting: &Setting<'_>,
    now: Timestamp,
    part: Range<usize>,
) -> Vec<(Colour, Option<Timestamp>)> {
    let side = Side::new(people, setting, now);
    let mut room = Room::default();
    let answers = people.words_of(part.clone()).zip(part);
    answers.map(|(words, i)| side.colour_until(people.home_of(i), words, now, &mut room)).collect()
}

/// A what-if in parts, for callers that spread it over threads: [`Comparison::count`] each part of
/// [`Population::split`], merge the tallies, [`Comparison::finish`]. The result is the same for
/// any parts in any order.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    people: &'a Population,
    policies: [&'a Policy; 2],
    sides: [Side<'a>; 2],
    now: Timestamp,
    options: WhatIfOptions,
    /// The last second of each day that is counted.
    day_ends: Vec<Timestamp>,
}

impl<'a> Comparison<'a> {
    /// Prepares the comparison of two settings as of `now`.
    pub fn new(
        people: &'a Population,
        before: Setting<'a>,
        after: Setting<'a>,
        now: Timestamp,
        options: &WhatIfOptions,
    ) -> Self {
        let days = i64::from(options.days.min(WhatIfOptions::MOST_DAYS));
        // Both sides by the clock of the new policy, so that their numbers can be compared.
        let calendar = after.policy.calendar();
        // At the end of time there is no later midnight.
        let end = |d| calendar.midnight(now, d).plus_secs(-1).max(now);
        let day_ends = (1..=days).map(end).collect();
        let policies = [before.policy, after.policy];
        let sides = [before, after].map(|s| Side::new(people, &s, now));
        Self { people, policies, sides, now, options: *options, day_ends }
    }

    /// Counts some of the people; `None` if `progress` asked to stop.
    pub fn count(&self, part: Range<usize>, progress: &dyn Fn(u64) -> bool) -> Option<Tally> {
        let mut tally = self.empty();
        let mut rooms = [Room::default(), Room::default()];
        for (done, words) in self.people.words_of(part.clone()).enumerate() {
            if done % STEP == 0 && !progress(done as u64) {
                return None;
            }
            let person = part.start + done;
            if self.people.is_other(person) {
                continue;
            }
            let home = self.people.home_of(person);
            self.count_one(&mut tally, home, person, words, &mut rooms);
        }
        progress(part.len() as u64).then_some(tally)
    }

    /// Adds those without evidence and the samples, and gives the result.
    pub fn finish(&self, mut tally: Tally) -> WhatIf {
        let mut rooms = [Room::default(), Room::default()];
        for (home, people) in self.people.without().iter().enumerate().filter(|(_, n)| **n > 0) {
            let [before, after] = self.verdicts(home, &[], &mut rooms);
            // Numbers after the last of those who were added stand for them.
            if before.colour != after.colour {
                let one = self.people.added() + home;
                tally.chosen.offer(rank(self.options.seed, one), one);
            }
            tally.add(home, *people, before, after);
        }
        let sum = tally.homes.iter().fold(HomeTally::default(), |mut sum, home| {
            sum.merge(home);
            sum
        });
        WhatIf {
            at: self.now,
            people: sum.people,
            with_evidence: self.people.with_evidence(),
            policy_before: self.policies[0].reference(),
            policy_after: self.policies[1].reference(),
            before: sum.before,
            after: sum.after,
            newly_confined: sum.newly_confined,
            newly_free: sum.newly_free,
            more_severe: tally.more_severe,
            less_severe: tally.less_severe,
            newly_confined_without_lab_case: tally.newly_confined_without_lab_case,
            divisions: self.divisions(&tally),
            rules: self.rules(&tally),
            places: self.places(&tally),
            samples: tally.chosen.people().map(|i| self.sample(i)).collect(),
        }
    }

    fn empty(&self) -> Tally {
        let rules = self.policies.map(|p| p.0.rules.len());
        let samples = usize::try_from(self.options.samples).unwrap_or(usize::MAX);
        Tally::new(self.people.homes().len(), rules, self.day_ends.len(), samples)
    }

    fn count_one(
        &self,
        tally: &mut Tally,
        home: usize,
        person: usize,
        words: &[u32],
        rooms: &mut [Room; 2],
    ) {
        let [before, after] = self.verdicts_of(home, person, words, rooms);
        if before.colour != after.colour {
            tally.chosen.offer(rank(self.options.seed, person), person);
        }
        tally.add(home, 1, before, after);
    }

    /// Of somebody of whom there are several sets of evidence: that of which the strictest colour comes, on
    /// each side by itself.
    fn verdicts_of<'r>(
        &self,
        home: usize,
        person: usize,
        words: &[u32],
        rooms: &'r mut [Room; 2],
    ) -> [Verdict<'r>; 2] {
        let sets = self.people.sets_of(person);
        if sets.len() == 1 {
            return self.verdicts(home, words, rooms);
        }
        let sets: Vec<_> = self.people.words_of(sets).collect();
        let [first, second] = rooms;
        let [side, changed] = &self.sides;
        let strictest = |side: &Side<'_>, room: &mut Room| {
            let colours = sets.iter().map(|words| side.colour(home, words, room));
            let worst = colours.enumerate().max_by_key(|(n, c)| (*c, std::cmp::Reverse(*n)));
            worst.map_or(words, |(n, _)| sets[n])
        };
        let (of_before, of_after) = (strictest(side, first), strictest(changed, second));
        let before = side.judge(home, of_before, &self.day_ends, false, first);
        let ask = before.colour == Colour::Green;
        let after = changed.judge(home, of_after, &self.day_ends, ask, second);
        [before, after]
    }

    fn verdicts<'r>(
        &self,
        home: usize,
        words: &[u32],
        rooms: &'r mut [Room; 2],
    ) -> [Verdict<'r>; 2] {
        let [first, second] = rooms;
        let [side, changed] = &self.sides;
        let before = side.judge(home, words, &self.day_ends, false, first);
        // Only of the newly confined it is counted what their reasons rest on.
        let ask = before.colour == Colour::Green;
        let after = changed.judge(home, words, &self.day_ends, ask, second);
        [before, after]
    }

    fn divisions(&self, tally: &Tally) -> Vec<DivisionChange> {
        let mut sums: BTreeMap<(usize, Division), HomeTally> = BTreeMap::new();
        for (home, counted) in self.people.homes().iter().zip(&tally.homes) {
            let levels: Vec<Division> = home.ancestors().filter(down_to_county).collect();
            for (level, division) in levels.into_iter().rev().enumerate() {
                sums.entry((level, division)).or_default().merge(counted);
            }
        }
        sums.into_iter()
            .map(|((_, division), s)| DivisionChange {
                division,
                people: s.people,
                before: s.before,
                after: s.after,
                newly_confined: s.newly_confined,
                newly_free: s.newly_free,
            })
            .collect()
    }

    fn rules(&self, tally: &Tally) -> Vec<RuleChange> {
        let policies = self.policies;
        let ids: BTreeSet<&str> = policies.iter().flat_map(|p| p.rule_ids()).collect();
        let on = |side: usize, id: &str| policies[side].0.rules.iter().position(|r| r.id == id);
        let count = |side: usize, id: &str| on(side, id).map_or(0, |rule| tally.rules[side][rule]);
        let title = |id: &str| {
            let after = on(1, id).map(|rule| &policies[1].0.rules[rule].title);
            after.or_else(|| on(0, id).map(|rule| &policies[0].0.rules[rule].title)).cloned()
        };
        ids.into_iter()
            .map(|id| RuleChange {
                rule: id.to_owned(),
                title: title(id).unwrap_or_default(),
                before: count(0, id),
                after: count(1, id),
            })
            .collect()
    }

    fn places(&self, tally: &Tally) -> Vec<PlacesOnDay> {
        let calendar = self.policies[1].calendar();
        let [before, after] = &tally.places;
        let counts = before.iter().zip(after);
        self.day_ends
            .iter()
            .zip(counts)
            .map(|(end, (before, after))| PlacesOnDay {
                day: calendar.day_of(*end).to_string(),
                before: *before,
                after: *after,
            })
            .collect()
    }

    fn sample(&self, person: usize) -> SampleChange {
        let added = self.people.added();
        let (home, words) = if let Some(home) = person.checked_sub(added) {
            (home, None)
        } else {
            (self.people.home_of(person), self.people.words_of(person..person + 1).next())
        };
        let timeline = |side: &Side<'_>| side.timeline(home, words.unwrap_or(&[]));
        SampleChange { before: timeline(&self.sides[0]), after: timeline(&self.sides[1]) }
    }
}

/// Is this no finer than a county (six digits in China; elsewhere all there is)?
fn down_to_county(division: &Division) -> bool {
    division.country() != "CN" || division.path().len() <= 6
}

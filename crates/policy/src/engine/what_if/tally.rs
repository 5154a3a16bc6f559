//! Sums over people, which can be made in parts and put together.

use jadegate_domain::Colour;

use crate::engine::what_if::result::ColourCounts;

/// What one policy says about one person, as far as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict<'a> {
    pub(crate) colour: Colour,
    /// The rules that are a reason now, as indices into the policy's rules.
    pub(crate) rules: &'a [u16],
    /// Bit `n`: red at the end of day `n`.
    pub(crate) red_days: u128,
    /// A reason rests on a case a laboratory confirmed.
    pub(crate) lab_backed: bool,
}

impl Verdict<'_> {
    /// No rule asks for anything, now or later.
    pub(crate) const NOTHING: Self =
        Self { colour: Colour::Green, rules: &[], red_days: 0, lab_backed: false };
}

/// Sums over the people of one home division.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HomeTally {
    pub(super) people: u64,
    pub(super) before: ColourCounts,
    pub(super) after: ColourCounts,
    pub(super) newly_confined: u64,
    pub(super) newly_free: u64,
}

/// Sums over some of the people: what a part of a [`Comparison`](crate::Comparison) gives.
#[derive(Clone, Debug)]
pub struct Tally {
    pub(super) homes: Vec<HomeTally>,
    /// People by rule, without and with the change.
    pub(super) rules: [Vec<u64>; 2],
    /// Red people by day, without and with the change.
    pub(super) places: [Vec<u64>; 2],
    pub(super) more_severe: u64,
    pub(super) less_severe: u64,
    pub(super) newly_confined_without_lab_case: u64,
    pub(super) chosen: Chosen,
}

impl Tally {
    pub(super) fn new(homes: usize, rules: [usize; 2], days: usize, samples: usize) -> Self {
        Self {
            homes: vec![HomeTally::default(); homes],
            rules: rules.map(|n| vec![0; n]),
            places: [vec![0; days], vec![0; days]],
            more_severe: 0,
            less_severe: 0,
            newly_confined_without_lab_case: 0,
            chosen: Chosen { most: samples, people: Vec::new() },
        }
    }

    /// Counts `people` of one home of whom all the same is true.
    pub(super) fn add(&mut self, home: usize, people: u64, before: Verdict, after: Verdict) {
        let (was, is) = (before.colour, after.colour);
        let confined = if was == Colour::Green && is > was { people } else { 0 };
        let free = if is == Colour::Green && was > is { people } else { 0 };
        let home = &mut self.homes[home];
        home.people += people;
        home.before.add(was, people);
        home.after.add(is, people);
        home.newly_confined += confined;
        home.newly_free += free;
        self.more_severe += if is > was { people } else { 0 };
        self.less_severe += if is < was { people } else { 0 };
        self.newly_confined_without_lab_case += if after.lab_backed { 0 } else { confined };
        for (side, verdict) in [before, after].into_iter().enumerate() {
            for rule in verdict.rules {
                self.rules[side][usize::from(*rule)] += people;
            }
            let mut days = verdict.red_days;
            while days != 0 {
                self.places[side][days.trailing_zeros() as usize] += people;
                days &= days - 1;
            }
        }
    }

    /// Adds the sums of another part of the same comparison.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.homes.iter_mut().zip(&other.homes) {
            mine.merge(theirs);
        }
        for side in 0..2 {
            add_each(&mut self.rules[side], &other.rules[side]);
            add_each(&mut self.places[side], &other.places[side]);
        }
        self.more_severe += other.more_severe;
        self.less_severe += other.less_severe;
        self.newly_confined_without_lab_case += other.newly_confined_without_lab_case;
        for (rank, person) in other.chosen.people {
            self.chosen.offer(rank, person);
        }
    }
}

impl HomeTally {
    pub(super) fn merge(&mut self, other: &Self) {
        self.people += other.people;
        self.before.merge(&other.before);
        self.after.merge(&other.after);
        self.newly_confined += other.newly_confined;
        self.newly_free += other.newly_free;
    }
}

fn add_each(to: &mut [u64], from: &[u64]) {
    to.iter_mut().zip(from).for_each(|(a, b)| *a += b);
}

/// Who is shown as a sample: those whose changes rank lowest. The rank is a hash of the seed and
/// the person's number, so that parts can be counted in any order.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    most: usize,
    /// Rank and number of a person, sorted.
    people: Vec<(u64, usize)>,
}

impl Chosen {
    pub(super) fn offer(&mut self, rank: u64, person: usize) {
        if self.people.len() >= self.most
            && self.people.last().is_none_or(|last| (rank, person) >= *last)
        {
            return;
        }
        let at = self.people.partition_point(|p| *p < (rank, person));
        self.people.insert(at, (rank, person));
        self.people.truncate(self.most);
    }

    pub(super) fn people(&self) -> impl Iterator<Item = usize> + '_ {
        self.people.iter().map(|(_, person)| *person)
    }
}

/// A well-mixed number from two (SplitMix64's finisher).
pub(super) fn rank(seed: u64, person: usize) -> u64 {
    let mut x = seed.wrapping_add((person as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

//! A seeded town: the same visits for all.

/// One visit: plain numbers, people and places counted from 0, seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The number of the person.
    pub holder: u32,
    /// Where; place 0 is the most popular.
    pub place: u32,
    /// From when.
    pub entered: u32,
    /// Until when.
    pub left: u32,
}

/// The first second of the town: 2022-03-01T00:00:00Z.
pub const START: u32 = 1_646_092_800;
/// Days over which visits begin.
pub const DAYS: u32 = 14;
/// The moment of the trace: nothing begins later, and the last stays have ended.
pub const NOW: u32 = START + (DAYS + 1) * 86_400;
/// Shortest and longest stay, minutes.
pub const STAY_MINUTES: (u32, u32) = (5, 180);

/// The town's size and shape.
#[derive(Clone, Copy, Debug)]
pub struct Town {
    /// Each makes the same number of visits.
    pub people: u32,
    /// Places.
    pub places: u32,
    /// Visits in all; a multiple of `people`.
    pub visits: u32,
    /// Zipf's exponent of the places' popularity: 0.8, or 1.0 for the skewed town.
    pub exponent: f64,
    /// Another seed, another town.
    pub seed: u64,
}

impl Town {
    /// Ten visits a person, a hundred a place: 10 million visits are a million people and 100,000
    /// places, 50 million five times as many of both.
    pub const fn of(visits: u32, exponent: f64) -> Self {
        Self { people: visits / 10, places: visits / 100, visits, exponent, seed: 1 }
    }

    /// All visits in order of their beginning, as a store gets them (16 bytes each).
    ///
    /// Nobody is at one place twice at the same time, so that adding up overlaps (which is what SQL
    /// does) and counting each second once (which is what Jadegate does) give the same.
    pub fn visits(&self) -> Vec<Visit> {
        let mut random = Random(self.seed);
        let each = self.visits / self.people.max(1);
        let mut all: Vec<Visit> = Vec::with_capacity(self.visits as usize);
        for holder in 0..self.people {
            let first = all.len();
            while all.len() < first + each as usize {
                let v = self.visit(holder, &mut random);
                let twice =
                    |o: &Visit| o.place == v.place && o.entered <= v.left && v.entered <= o.left;
                if !all[first..].iter().any(twice) {
                    all.push(v);
                }
            }
        }
        all.sort_by_key(|v| v.entered);
        all
    }

    fn visit(&self, holder: u32, random: &mut Random) -> Visit {
        let entered = START + random.below(DAYS * 86_400);
        let (shortest, longest) = STAY_MINUTES;
        let minutes = shortest + random.below(longest - shortest + 1);
        let place = self.popular_place(random.unit());
        Visit { holder, place, entered, left: entered + minutes * 60 }
    }

    /// Zipf by inverting the continuous distribution.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below `places`")]
    fn popular_place(&self, u: f64) -> u32 {
        let places = f64::from(self.places);
        let rank = if (self.exponent - 1.0).abs() < 1e-9 {
            places.powf(u)
        } else {
            let power = 1.0 - self.exponent;
            (1.0 + u * (places.powf(power) - 1.0)).powf(1.0 / power)
        };
        (rank as u32 - 1).min(self.places - 1)
    }

    /// So many different people who are cases, infectious all the time. The first cases are the
    /// same however many are asked for.
    pub fn cases(&self, count: usize) -> Vec<u32> {
        let mut random = Random(self.seed ^ 0xca5e);
        let mut chosen = std::collections::HashSet::new();
        let mut cases = Vec::with_capacity(count);
        while cases.len() < count.min(self.people as usize) {
            let who = random.below(self.people);
            if chosen.insert(who) {
                cases.push(who);
            }
        }
        cases
    }
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    fn below(&mut self, n: u32) -> u32 {
        u32::try_from(((self.next() >> 32) * u64::from(n)) >> 32).unwrap_or(0)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Spreads a number over 64 bits: made-up ids like those a server draws.
pub const fn mixed(n: u64) -> u64 {
    let z = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_town_is_as_described() {
        let town = Town::of(100_000, 0.8);
        let visits = town.visits();
        assert_eq!(visits.len(), 100_000);
        assert!(visits.is_sorted_by_key(|v| v.entered));
        assert!(visits.iter().all(|v| v.holder < 10_000 && v.place < 1_000));
        let minutes = |v: &Visit| (v.left - v.entered) / 60;
        assert_eq!(visits.iter().map(minutes).min(), Some(5));
        assert_eq!(visits.iter().map(minutes).max(), Some(180));
        let at = |place| visits.iter().filter(|v| v.place == place).count();
        assert!(at(0) > 20 * at(500), "{} visits at the first place", at(0));
        assert_eq!(visits, town.visits(), "the same seed, the same town");
        assert_ne!(visits, Town { seed: 2, ..town }.visits());
    }

    #[test]
    fn cases_are_different_people_and_begin_alike() {
        let town = Town::of(100_000, 0.8);
        let cases = town.cases(1_000);
        assert_eq!(cases[..10], town.cases(10));
        let distinct: std::collections::HashSet<_> = cases.iter().collect();
        assert_eq!(distinct.len(), 1_000);
    }
}

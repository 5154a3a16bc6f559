//! The bare pass: what somebody would write by hand for `policies/three-colour.toml` and nothing
//! else, over flat arrays of 16-byte rows. It knows nothing of other policies, reasons, releases,
//! daylight saving, evidence that is corrected or recorded late, or time zones.

use crate::crowd::{AHEAD, COUNTIES, Crowd, DAY, NOW, Region, Row, What, home_of};

/// Days of the policy: red and yellow.
#[derive(Clone, Copy, Debug)]
pub struct Days {
    /// Days of a red rule.
    pub red: u32,
    /// Days of a yellow rule.
    pub yellow: u32,
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// People per colour (green, yellow, red) before and after, all and by county.
    pub colours: [[u64; 3]; 2],
    /// By county: people per colour before and after.
    pub counties: Vec<[[u64; 3]; 2]>,
    /// Green before and not after.
    pub newly_confined: u64,
    /// Those of them without a reason that rests on a case of a laboratory.
    pub without_lab: u64,
    /// People by rule, in the order of [`RULES`], before and after.
    pub rules: [[u64; 9]; 2],
    /// Red people at the end of each of 21 days, before and after.
    pub places: [[u64; 21]; 2],
}

/// The ids of the rules, as bits.
pub const RULES: [&str; 9] = [
    "arrival-from-abroad",
    "case",
    "close-contact",
    "declared-contact",
    "high-risk-region",
    "medium-risk-region",
    "positive-test",
    "secondary-contact",
    "symptoms",
];

/// The bare pass, ready to run.
#[derive(Debug)]
pub struct Floor<'a> {
    crowd: &'a Crowd,
    /// By county.
    regions: Vec<Option<Region>>,
    /// By case: its holder has a positive test.
    lab: Vec<bool>,
    homes: Vec<u16>,
}

/// The first moment after `days` whole local days that begin with the next midnight, or with this
/// moment if it is one.
const fn end_of(at: u32, days: u32) -> u32 {
    ((at + AHEAD).div_ceil(DAY) + days) * DAY - AHEAD
}

impl<'a> Floor<'a> {
    /// Arranges what the pass looks up.
    #[must_use]
    pub fn new(crowd: &'a Crowd) -> Self {
        let mut regions = vec![None; usize::from(COUNTIES)];
        for r in &crowd.regions {
            regions[usize::from(r.county)] = Some(*r);
        }
        let mut lab = vec![false; crowd.cases() as usize];
        for own in crowd.rows.chunk_by(|a, b| a.person == b.person) {
            if own.iter().any(|r| r.what == What::Positive) {
                for case in own.iter().filter(|r| r.what == What::Case) {
                    lab[case.about as usize] = true;
                }
            }
        }
        let homes = (0..crowd.with_evidence).map(home_of).collect();
        Self { crowd, regions, lab, homes }
    }

    /// When a row's rule ends (0: no rule), the colour it asks for, and the rule.
    #[inline]
    fn judge(&self, row: &Row, days: Days) -> (u32, u8, u8) {
        match row.what {
            What::Clean | What::Negative | What::Declaration => (0, 0, 0),
            What::Arrival => (end_of(row.at, days.yellow), 1, 0),
            What::Case => (end_of(row.at, days.red), 2, 1),
            What::Close => (end_of(row.at, days.red), 2, 2),
            What::Declared => (end_of(row.at, days.yellow), 1, 3),
            What::Positive => (end_of(row.at, days.red), 2, 6),
            What::Secondary => (end_of(row.at, days.yellow), 1, 7),
            What::Symptoms => (end_of(row.at, days.yellow), 1, 8),
            What::Stay => match self.regions[usize::from(row.county)] {
                Some(r) if row.about < r.to && r.from < row.at => {
                    let (days, colour, rule) =
                        if r.high { (days.red, 2, 4) } else { (days.yellow, 1, 5) };
                    (end_of(row.at, days).min(r.to), colour, rule)
                }
                _ => (0, 0, 0),
            },
        }
    }

    /// Everybody's colour: 0 green, 1 yellow, 2 red.
    #[must_use]
    pub fn recolour(&self, days: Days) -> Vec<u8> {
        let mut colours = vec![0; self.crowd.with_evidence as usize];
        for row in &self.crowd.rows {
            let (end, colour, _) = self.judge(row, days);
            if end > NOW {
                let kept = &mut colours[row.person as usize];
                *kept = colour.max(*kept);
            }
        }
        colours
    }

    /// The numbers of a what-if between two lengths.
    #[must_use]
    pub fn what_if(&self, before: Days, after: Days) -> Counts {
        let mut c = Counts {
            colours: [[0; 3]; 2],
            counties: vec![[[0; 3]; 2]; usize::from(COUNTIES)],
            newly_confined: 0,
            without_lab: 0,
            rules: [[0; 9]; 2],
            places: [[0; 21]; 2],
        };
        let first_end = end_of(NOW, 0) - 1;
        for own in self.crowd.rows.chunk_by(|a, b| a.person == b.person) {
            let mut colour = [0_u8; 2];
            let mut rules = [0_u16; 2];
            let mut red_until = [0_u32; 2];
            let mut lab = false;
            for row in own {
                for (side, days) in [before, after].into_iter().enumerate() {
                    let (end, asked, rule) = self.judge(row, days);
                    if end > NOW {
                        colour[side] = colour[side].max(asked);
                        rules[side] |= 1 << rule;
                        if asked == 2 {
                            red_until[side] = red_until[side].max(end);
                        }
                        lab |= side == 1
                            && match row.what {
                                What::Positive => true,
                                What::Case | What::Close | What::Secondary => {
                                    self.lab[row.about as usize]
                                }
                                _ => false,
                            };
                    }
                }
            }
            let county = usize::from(self.homes[own[0].person as usize]);
            for side in 0..2 {
                c.counties[county][side][usize::from(colour[side])] += 1;
                let mut left = rules[side];
                while left != 0 {
                    c.rules[side][left.trailing_zeros() as usize] += 1;
                    left &= left - 1;
                }
                let mut end = first_end;
                for places in &mut c.places[side] {
                    if end >= red_until[side] {
                        break;
                    }
                    *places += 1;
                    end += DAY;
                }
            }
            if colour[0] == 0 && colour[1] > 0 {
                c.newly_confined += 1;
                c.without_lab += u64::from(!lab);
            }
        }
        for county in 0..COUNTIES {
            for side in 0..2 {
                c.counties[usize::from(county)][side][0] += self.crowd.without_in(county);
            }
        }
        for county in &c.counties {
            for (sums, own) in c.colours.iter_mut().zip(county) {
                sums.iter_mut().zip(own).for_each(|(sum, n)| *sum += n);
            }
        }
        c
    }
}

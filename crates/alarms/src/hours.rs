//! At which hours of the day somebody usually works, learned from what they did: no time zone is known,
//! and night shifts are no offence.

use crate::counts::HourCount;

/// Less than this share of all is not usual, in thousandths.
const UNUSUAL: u64 = 5;
/// So much has to be known before anything is unusual.
pub(crate) const LEAST_KNOWN: u64 = 500;

/// The hours of the day (UTC) at which somebody usually works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsualHours([bool; 24]);

impl UsualHours {
    /// From what happened before; `None` while too little is known. Next to a usual hour is usual too.
    pub fn learned(counts: &[HourCount]) -> Option<Self> {
        let mut by_hour = [0_u64; 24];
        for c in counts {
            by_hour[of_day(c.hour)] += c.count;
        }
        let all: u64 = by_hour.iter().sum();
        if all < LEAST_KNOWN {
            return None;
        }
        let usual = |h: usize| by_hour[h % 24] * 1000 > all * UNUSUAL;
        Some(Self(std::array::from_fn(|h| usual(h + 23) || usual(h) || usual(h + 1))))
    }

    /// Is this hour since the epoch one of them?
    pub fn holds(&self, hour: i64) -> bool {
        self.0[of_day(hour)]
    }
}

fn of_day(hour: i64) -> usize {
    usize::try_from(hour.rem_euclid(24)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_office_is_open_by_day_and_a_hospital_always() {
        let by_day = (0..600).filter(|h| (1..9).contains(&(h % 24)));
        let office: Vec<_> = by_day.map(|hour| HourCount { hour, count: 5 }).collect();
        let office = UsualHours::learned(&office).unwrap();
        assert!(office.holds(24) && office.holds(24 + 9) && office.holds(24 + 4));
        assert!(!office.holds(24 + 10) && !office.holds(24 + 18) && !office.holds(23));
        let always: Vec<_> = (0..600).map(|hour| HourCount { hour, count: 1 }).collect();
        let always = UsualHours::learned(&always).unwrap();
        assert!((0..24).all(|h| always.holds(h)));
        assert_eq!(UsualHours::learned(&[HourCount { hour: 3, count: LEAST_KNOWN - 1 }]), None);
    }
}

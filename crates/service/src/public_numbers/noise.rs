//! From counts of people to what is told of them. Nothing about anybody comes past here but with noise
//! that a share of the mandate's budget was taken for.
//!
//! In a week (Monday to Sunday) all that is published has the mandate's `privacy_budget` together: seven
//! counts of colours have half of it, and the five questions about the week before have the other half. That
//! adds up because each person is in at most one cell of each question.

use jadegate_analysis::noise::{Bits, Budget, Epsilon, Share, Told, counts, half_width};
use jadegate_domain::PlaceKind;

use super::told::{DoorNumbers, LEAST, WeekNumbers, WrongCause, WrongNumbers};
use crate::error::{Result, ServiceError};

/// Questions about a week.
const QUESTIONS: u32 = 5;
/// Days of a week.
const DAYS: u32 = 7;
/// By how much one person who comes or goes changes all counts of a question together.
const EACH: u16 = 1;
/// For how long somebody was confined for nothing, in classes.
pub(super) const LENGTHS: usize = 4;

/// People counted of a week, as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WeekCounts {
    pub(super) confined: u64,
    pub(super) contacts: u64,
    pub(super) infected: u64,
    /// In the order of [`WrongCause::ALL`], by class of length.
    pub(super) wrong: [[u64; LENGTHS]; 3],
    /// In the order of [`PlaceKind::ALL`]: not let in, let in against the code.
    pub(super) doors: Vec<[u64; 2]>,
}

/// What a publication may tell.
pub(super) struct Shares {
    budget: Budget,
    of_colours: Epsilon,
    of_question: Epsilon,
}

impl Shares {
    /// Of a mandate's budget for a week; with or without the questions about the week before.
    pub(super) fn of(privacy_budget: f64, week: bool) -> Result<Self> {
        let whole = Epsilon::rounded_down(privacy_budget)
            .ok_or_else(|| ServiceError::internal("the privacy budget of the mandate is none"))?;
        let of_colours = whole.part(2 * DAYS);
        let of_question = whole.part(2 * QUESTIONS);
        let questions = if week { QUESTIONS * of_question.as_millionths() } else { 0 };
        let budget = Budget::new(Epsilon::millionths(of_colours.as_millionths() + questions));
        Ok(Self { budget, of_colours, of_question })
    }

    /// What the publication has in all.
    pub(super) fn epsilon(&self) -> Epsilon {
        self.budget.left()
    }

    fn take(&mut self, epsilon: Epsilon) -> Result<Share> {
        self.budget.take(epsilon).map_err(ServiceError::internal)
    }
}

/// Colours by division, and how exact they are. The cells are those there would be whoever lived where.
pub(super) fn tell_colours(
    cells: &[[u64; 3]],
    shares: &mut Shares,
    bits: &mut Bits<'_>,
) -> Result<(Vec<[Option<u64>; 3]>, u64)> {
    let share = shares.take(shares.of_colours)?;
    let told = counts(cells.as_flattened(), EACH, LEAST, share, bits);
    Ok((in_rows(&told), half_width(shares.of_colours, EACH)))
}

/// The questions about a week.
pub(super) fn tell_week(
    week: &WeekCounts,
    (from, to): (jadegate_domain::Timestamp, jadegate_domain::Timestamp),
    shares: &mut Shares,
    bits: &mut Bits<'_>,
) -> Result<WeekNumbers> {
    let epsilon = shares.of_question;
    let mut ask = |cells: &[u64]| -> Result<Vec<Told>> {
        Ok(counts(cells, EACH, LEAST, shares.take(epsilon)?, bits))
    };
    let mut one = |n: u64| Ok::<_, ServiceError>(ask(&[n])?.first().and_then(|t| t.number()));
    let (confined, contacts, infected) =
        (one(week.confined)?, one(week.contacts)?, one(week.infected)?);
    let wrong: Vec<[Option<u64>; LENGTHS]> = in_rows(&ask(week.wrong.as_flattened())?);
    let doors: Vec<[Option<u64>; 2]> = in_rows(&ask(week.doors.as_flattened())?);
    let wrong = WrongCause::ALL.into_iter().zip(wrong).map(|(cause, [a, b, c, d])| WrongNumbers {
        cause,
        under_a_day: a,
        one_to_three_days: b,
        four_to_seven_days: c,
        longer: d,
    });
    let doors = PlaceKind::ALL
        .iter()
        .zip(doors)
        .map(|(place, [refused, overridden])| DoorNumbers { place: *place, refused, overridden });
    Ok(WeekNumbers {
        from,
        to,
        accuracy: half_width(epsilon, EACH),
        confined,
        contacts,
        infected,
        wrong: wrong.collect(),
        doors: doors.collect(),
    })
}

/// Told counts in rows of a table.
fn in_rows<const N: usize>(told: &[Told]) -> Vec<[Option<u64>; N]> {
    let (rows, _) = told.as_chunks::<N>();
    rows.iter().map(|row| row.map(Told::number)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jadegate_domain::Timestamp;

    use super::*;

    /// Bits that repeat: a counter, mixed (`splitmix64`).
    fn seeded(seed: u64) -> impl FnMut() -> u64 {
        let mut state = seed;
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        }
    }

    fn week() -> WeekCounts {
        WeekCounts { doors: vec![[0; 2]; PlaceKind::ALL.len()], ..WeekCounts::default() }
    }

    fn span() -> (Timestamp, Timestamp) {
        (Timestamp::from_secs(0), Timestamp::from_secs(7 * 86_400))
    }

    /// Whatever the mandate says, a calendar week of publications has no more than that.
    #[test]
    fn a_week_of_publications_has_the_budget() {
        for budget in [1e-3, 0.1, 1.0, 1.0 / 3.0, 10.0] {
            let day = |week| Shares::of(budget, week).unwrap().epsilon().as_millionths();
            let all = 6 * day(false) + day(true);
            assert!(f64::from(all) / 1e6 <= budget + 1e-12, "{budget}: {all}");
            assert!(f64::from(all) / 1e6 > budget * 0.97, "{budget}: {all} wastes it");
        }
        assert!(Shares::of(0.0, false).is_err() && Shares::of(f64::NAN, true).is_err());
    }

    /// Nothing is told twice from one share, and what the publication has is used up by it.
    #[test]
    fn a_publication_tells_each_thing_once() {
        let mut bits = seeded(1);
        let mut shares = Shares::of(1.0, true).unwrap();
        tell_week(&week(), span(), &mut shares, &mut bits).unwrap();
        assert!(tell_week(&week(), span(), &mut shares, &mut bits).is_err(), "told again");
        tell_colours(&[[1; 3]], &mut shares, &mut bits).unwrap();
        assert_eq!(shares.epsilon(), Epsilon::default());
        assert!(tell_colours(&[[1; 3]], &mut shares, &mut bits).is_err());
        let mut day = Shares::of(1.0, false).unwrap();
        assert!(tell_week(&week(), span(), &mut day, &mut bits).is_err(), "a day without a week");
    }

    /// Two towns that differ by one yellow person, and one cell of each question that differs by one: what
    /// is told is as likely in one as in the other, within `e^ε` of its share.
    #[test]
    fn one_person_more_is_not_found_by_comparing() {
        let budget = 10.0;
        let share = Shares::of(budget, true).unwrap();
        let asked = |yellow: u64, refused: u64, seed: u64| {
            let mut bits = seeded(seed);
            let mut seen = [BTreeMap::new(), BTreeMap::new()];
            let mut counts = week();
            counts.doors[0] = [refused, 40];
            for _ in 0..12_000 {
                let mut shares = Shares::of(budget, true).unwrap();
                let (rows, _) = tell_colours(&[[70, yellow, 30]], &mut shares, &mut bits).unwrap();
                let told = tell_week(&counts, span(), &mut shares, &mut bits).unwrap();
                *seen[0].entry(rows[0][1]).or_insert(0_u32) += 1;
                *seen[1].entry(told.doors[0].refused).or_insert(0_u32) += 1;
            }
            seen
        };
        let (one, other) = (asked(50, 20, 2), asked(51, 21, 3));
        for (n, epsilon) in [(0, share.of_colours), (1, share.of_question)] {
            let allowed = epsilon.as_f64().exp();
            let mut compared = 0;
            for (answer, x) in one[n].iter().filter(|(_, x)| **x >= 100) {
                let Some(y) = other[n].get(answer) else { panic!("{answer:?} tells which town") };
                let (x, y) = (f64::from(*x), f64::from(*y));
                let beyond =
                    |x: f64, y: f64| (x - allowed * y) / (x + allowed * allowed * y).sqrt();
                assert!(beyond(x, y) < 4.0 && beyond(y, x) < 4.0, "{answer:?}: {x} and {y}");
                compared += 1;
            }
            assert!(compared >= 5, "{compared} answers were compared");
        }
    }

    /// Nobody at all is told as nothing, and every kind of place and cause has its row whoever was there: a row
    /// that is there only if somebody is tells of them.
    #[test]
    fn rows_do_not_depend_on_who_is_there() {
        let mut bits = seeded(4);
        let mut shares = Shares::of(1.0, true).unwrap();
        let told = tell_week(&week(), span(), &mut shares, &mut bits).unwrap();
        assert_eq!((told.doors.len(), told.wrong.len()), (PlaceKind::ALL.len(), 3));
        assert!(told.doors.iter().all(|d| d.refused.is_none_or(|n| n >= LEAST)));
        let (rows, accuracy) = tell_colours(&[[0; 3]; 31], &mut shares, &mut bits).unwrap();
        assert_eq!(rows.len(), 31);
        assert_eq!(accuracy, half_width(Epsilon::millionths(1_000_000 / 14), 1));
    }
}

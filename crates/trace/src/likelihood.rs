//! How likely two people who were in one house met: a published table for a kind of place, and one
//! evaluation of it for each stretch of time they shared.
//!
//! Whoever really meets mostly comes and goes together, and an hour shared by ten means more than one
//! shared by four hundred. Nothing here knows who somebody is: four numbers of two stays go in.
//!
//! Computed with the four kinds of arithmetic alone, so that every machine finds the same number.

use jadegate_domain::PlaceKind;

/// What two stays at one place have in common, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Both were there.
    pub shared: u32,
    /// Between the two arrivals.
    pub arrival: u32,
    /// Between the two leavings, both of which are known.
    pub leaving: u32,
    /// Of all who were there while both were, the two included, added up.
    pub people: u64,
}

/// Coefficients for one kind of place, in thousandths, of the natural logarithm of one more than
/// minutes shared, minutes between the arrivals, minutes between the leavings, and people present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coefficients {
    /// Added to all.
    pub constant: i32,
    /// Not negative: more shared time never makes it less likely.
    pub minutes: i32,
    /// Not positive, as the two below.
    pub arrival: i32,
    /// See above.
    pub leaving: i32,
    /// See above.
    pub people: i32,
}

/// For time of which no table tells: only how long it was, in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinutesAlone {
    /// Thousandths, as in [`Coefficients`].
    pub constant: i32,
    /// Not negative.
    pub minutes: i32,
}

/// Tables for some kinds of place; the others are judged by minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// For time at other places, and time whose ends are not all known.
    pub minutes_alone: MinutesAlone,
    /// A close contact must be so likely, in thousandths, unless some of the time is judged by minutes.
    /// 0: whoever shared the minutes is one.
    pub least: u16,
    tables: [Option<Coefficients>; PlaceKind::ALL.len()],
}

/// How likely two people met, and what speaks most for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    /// In thousandths.
    pub permille: u16,
    /// Of the stretch that speaks most for it, if a table judged any.
    pub best: Option<Apart>,
}

/// How far apart two people came and went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apart {
    /// Seconds between the arrivals.
    pub arrival: u32,
    /// Seconds between the leavings.
    pub leaving: u32,
}

impl Coefficients {
    /// The logarithm of the odds that two people met in this time.
    #[inline]
    fn log_odds(&self, o: &Overlap) -> f64 {
        let people = ratio(o.people, u64::from(o.shared.max(1)));
        let minutes = |secs: u32| ln(1.0 + f64::from(secs) * (1.0 / 60.0));
        let sum = f64::from(self.constant)
            + f64::from(self.minutes) * minutes(o.shared)
            + f64::from(self.arrival) * minutes(o.arrival)
            + f64::from(self.leaving) * minutes(o.leaving)
            + f64::from(self.people) * ln(1.0 + people);
        sum / 1000.0
    }
}

impl Model {
    /// Without any table: everything is judged by minutes.
    pub const fn new(minutes_alone: MinutesAlone) -> Self {
        Self { minutes_alone, least: 0, tables: [None; PlaceKind::ALL.len()] }
    }

    /// Sets the table of a kind of place.
    pub const fn set(&mut self, kind: PlaceKind, table: Coefficients) {
        self.tables[kind as usize] = Some(table);
    }

    /// The table of a kind of place.
    pub const fn at(&self, kind: PlaceKind) -> Option<&Coefficients> {
        self.tables[kind as usize].as_ref()
    }

    /// How likely two people met who shared these stretches, and `other` seconds that no table judges.
    pub fn likelihood(
        &self,
        stretches: impl IntoIterator<Item = (PlaceKind, Overlap)>,
        other: u64,
    ) -> Met {
        let mut sum = Sum::new();
        let mut other = other;
        for (kind, overlap) in stretches {
            match self.at(kind) {
                Some(table) => sum.add(table, &overlap),
                None => other += u64::from(overlap.shared),
            }
        }
        sum.with_minutes(self.minutes_alone, other)
    }

    /// Is a close contact left out for being too unlikely? Never if some time was judged by minutes.
    pub(crate) const fn leaves_out(&self, met: &Met, other: u64) -> bool {
        other == 0 && met.permille < self.least
    }
}

/// Goes from stretch to stretch: the chance that they missed each other every time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sum {
    missed: f64,
    best: Option<(f64, Apart)>,
}

impl Sum {
    pub(crate) const fn new() -> Self {
        Self { missed: 1.0, best: None }
    }

    pub(crate) fn add(&mut self, table: &Coefficients, overlap: &Overlap) {
        let odds = table.log_odds(overlap);
        self.missed *= missed(odds);
        if self.best.is_none_or(|(best, _)| odds > best) {
            let apart = Apart { arrival: overlap.arrival, leaving: overlap.leaving };
            self.best = Some((odds, apart));
        }
    }

    pub(crate) fn with_minutes(mut self, alone: MinutesAlone, secs: u64) -> Met {
        if secs > 0 {
            let minutes = ln(1.0 + ratio(secs, 60));
            let odds = f64::from(alone.constant) + f64::from(alone.minutes) * minutes;
            self.missed *= missed(odds / 1000.0);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        let permille = ((1.0 - self.missed) * 1000.0 + 0.5) as u16;
        Met { permille: permille.min(1000), best: self.best.map(|(_, apart)| apart) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

/// The chance that they did not, from the logarithm of the odds that they did.
fn missed(odds: f64) -> f64 {
    1.0 / (1.0 + exp(odds.clamp(-30.0, 30.0)))
}

const LN_2: f64 = std::f64::consts::LN_2;
/// Bits of a number's fraction, and what its exponent is more than it says.
const FRACTION: u32 = 52;
const BIAS: i64 = 1023;

/// The natural logarithm of a number from 1 on, to six digits or better.
#[inline]
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> FRACTION).cast_signed() - BIAS;
    // From 1 to 2; the series is best around 1.
    let m = f64::from_bits(bits & ((1 << FRACTION) - 1) | BIAS.cast_unsigned() << FRACTION);
    let high = m > std::f64::consts::SQRT_2;
    let (m, exponent) = if high { (m * 0.5, exponent + 1) } else { (m, exponent) };
    let s = (m - 1.0) / (m + 1.0);
    let t = s * s;
    let series = 1.0 + t * (1.0 / 3.0 + t * (1.0 / 5.0 + t * (1.0 / 7.0)));
    #[expect(clippy::cast_precision_loss, reason = "at most 1024")]
    let whole = exponent as f64;
    2.0 * s * series + whole * LN_2
}

/// One divided by the factorials, from that of 2 on.
const TERMS: [f64; 7] =
    [1.0 / 2.0, 1.0 / 6.0, 1.0 / 24.0, 1.0 / 120.0, 1.0 / 720.0, 1.0 / 5040.0, 1.0 / 40320.0];

/// e to the power of a number of no more than 30 either way, to eight digits or better.
#[inline]
fn exp(x: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, reason = "at most 44")]
    let twos = (x * (1.0 / LN_2) + if x < 0.0 { -0.5 } else { 0.5 }) as i64;
    #[expect(clippy::cast_precision_loss, reason = "at most 44")]
    let r = x - twos as f64 * LN_2;
    let series = TERMS.iter().rev().fold(0.0, |sum, term| sum * r + term);
    let power = 1.0 + r + r * r * series;
    power * f64::from_bits((twos + BIAS).cast_unsigned() << FRACTION)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: Coefficients =
        Coefficients { constant: 1345, minutes: 402, arrival: -619, leaving: -470, people: -359 };

    fn model() -> Model {
        let mut model = Model::new(MinutesAlone { constant: -1678, minutes: 123 });
        model.set(PlaceKind::Leisure, TABLE);
        model
    }

    fn permille(kind: PlaceKind, overlap: Overlap) -> u16 {
        model().likelihood([(kind, overlap)], 0).permille
    }

    #[test]
    fn who_comes_and_goes_together_is_likelier_than_who_stays_longer() {
        let hour = Overlap { shared: 3600, arrival: 30, leaving: 60, people: 3600 * 20 };
        let apart = Overlap { shared: 7200, arrival: 1800, leaving: 2400, people: 7200 * 20 };
        let [near, far] = [hour, apart].map(|o| permille(PlaceKind::Leisure, o));
        // By hand: 1.345 + 0.402 ln 61 - 0.619 ln 1.5 - 0.470 ln 2 - 0.359 ln 21 = 1.3278, and -1.6911.
        assert_eq!((near, far), (790, 156));
    }

    #[test]
    fn a_kind_without_a_table_is_judged_by_all_its_minutes_together() {
        let some = Overlap { shared: 1800, arrival: 0, leaving: 0, people: 1800 * 2 };
        let far = Overlap { arrival: 9_000, people: 1800 * 500, ..some };
        assert_eq!(permille(PlaceKind::Shop, some), permille(PlaceKind::Shop, far));
        let twice = model().likelihood([(PlaceKind::Shop, some), (PlaceKind::Bus, far)], 0);
        assert_eq!(twice, model().likelihood([], 3600));
        assert_eq!(twice.best, None);
        // Longer is never less likely, however it is cut.
        assert!(twice.permille >= permille(PlaceKind::Shop, some));
    }

    #[test]
    fn only_what_is_judged_by_tables_alone_can_be_left_out() {
        let mut model = model();
        model.least = 300;
        let met = Met { permille: 299, best: None };
        assert!(model.leaves_out(&met, 0));
        assert!(!model.leaves_out(&met, 60));
        assert!(!model.leaves_out(&Met { permille: 300, ..met }, 0));
    }

    #[test]
    fn logarithms_and_powers_are_those_of_the_library() {
        for n in 0..20_000u32 {
            let x = 1.0 + f64::from(n) * 0.37;
            assert!((ln(x) - x.ln()).abs() < 2e-7, "{x}");
            let y = f64::from(n) / 333.4 - 30.0;
            assert!((exp(y) / y.exp() - 1.0).abs() < 1e-8, "{y}");
        }
        assert_eq!(missed(f64::INFINITY).to_bits(), missed(30.0).to_bits());
    }

    fn overlap() -> impl Strategy<Value = Overlap> {
        let numbers = (1..100_000u32, 0..100_000u32, 0..100_000u32, 2..5_000u64);
        numbers.prop_map(|(shared, arrival, leaving, people)| Overlap {
            shared,
            arrival,
            leaving,
            people: people * u64::from(shared),
        })
    }

    proptest! {
        /// For all tables with the signs that a policy may give.
        #[test]
        fn it_rises_with_overlap_and_synchrony_and_falls_with_people(
            o in overlap(),
            more in 1..50_000u32,
            table in (-9_000..9_000i32, 0..3_000i32, -3_000..=0i32, -3_000..=0i32, -3_000..=0i32),
        ) {
            let (constant, minutes, arrival, leaving, people) = table;
            let table = Coefficients { constant, minutes, arrival, leaving, people };
            let mut model = model();
            model.set(PlaceKind::School, table);
            let of = |o: Overlap| model.likelihood([(PlaceKind::School, o)], 0).permille;
            let people = o.people / u64::from(o.shared);
            let shared = o.shared + more;
            let longer = of(Overlap { shared, people: people * u64::from(shared), ..o });
            let later = of(Overlap { arrival: o.arrival + more, ..o });
            let left_later = of(Overlap { leaving: o.leaving + more, ..o });
            let crowded = of(Overlap { people: o.people + u64::from(more), ..o });
            let o = of(Overlap { people: people * u64::from(o.shared), ..o });
            prop_assert!(longer >= o && later <= o && left_later <= o && crowded <= o);
        }

        /// Another stretch never takes anything away, and the order is nothing.
        #[test]
        fn it_rises_with_every_stretch(a in overlap(), b in overlap(), other in 0..9_000u64) {
            let at = |o| (PlaceKind::Leisure, o);
            let both = model().likelihood([at(a), at(b)], other);
            prop_assert_eq!(both.permille, model().likelihood([at(b), at(a)], other).permille);
            prop_assert!(both.permille >= model().likelihood([at(a)], 0).permille);
        }
    }
}

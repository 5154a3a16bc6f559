//! The effective reproduction number: how many people somebody infects at this time.
//!
//! A. Cori, N. M. Ferguson, C. Fraser and S. Cauchemez, *A New Framework and Software to Estimate
//! Time-Varying Reproduction Numbers During Epidemics*, American Journal of Epidemiology 178 (2013),
//! 1505–1512, doi:10.1093/aje/kwt133, and its web appendix. New cases of a day are Poisson with mean
//! `R · Λ`, where the infectiousness `Λ` is the cases of the days before, weighted by the serial interval;
//! with a gamma prior, `R` over a window has a gamma posterior.
//!
//! It says what the recorded cases say. Cases that are not recorded yet make the last days look better
//! than they are, and a change of testing looks like a change of `R`.

use statrs::distribution::{ContinuousCDF as _, Gamma};

use crate::curve::Curve;
use crate::float;

/// How likely it is that a case infects the next one after so many days (of the onsets).
#[derive(Clone, Debug, PartialEq)]
pub struct SerialInterval {
    /// From day 0 on; day 0 is 0.
    weights: Vec<f64>,
}

/// Why a serial interval is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntervalError {
    /// The mean must be above one day (nobody infects on the day of their own onset), the deviation above 0.
    #[error(
        "the mean must be above 1 day and at most 60, the standard deviation above 0 and at most 60"
    )]
    Shape,
    /// Weights must begin with 0, be from 0 to 1, and add up to 1 (within one hundredth).
    #[error("weights must begin with 0, be from 0 to 1 and add up to 1")]
    Weights,
}

impl SerialInterval {
    /// Weights by day, beginning with day 0, which must be 0.
    pub fn given(weights: Vec<f64>) -> Result<Self, IntervalError> {
        let sum: f64 = weights.iter().sum();
        let each = weights.iter().all(|w| (0.0..=1.0).contains(w));
        let first = weights.first().is_some_and(|w| *w <= 0.0);
        if !(each && first && (sum - 1.0).abs() <= 0.01) {
            return Err(IntervalError::Weights);
        }
        Ok(Self { weights })
    }

    /// A gamma distribution moved by one day, made discrete (web appendix 11 of the paper), over `days`.
    pub fn shifted_gamma(mean: f64, deviation: f64, days: u16) -> Result<Self, IntervalError> {
        let plausible = mean > 1.0 && mean <= 60.0 && deviation > 0.0 && deviation <= 60.0;
        if !plausible {
            return Err(IntervalError::Shape);
        }
        let (shape, scale) = (((mean - 1.0) / deviation).powi(2), deviation.powi(2) / (mean - 1.0));
        let gamma = |shape: f64| Gamma::new(shape, 1.0 / scale).map_err(|_| IntervalError::Shape);
        let (g, g1) = (gamma(shape)?, gamma(shape + 1.0)?);
        let below = |d: &Gamma, x: f64| if x > 0.0 { d.cdf(x) } else { 0.0 };
        let weight = |day: u16| {
            let k = f64::from(day);
            let first = k * below(&g, k) + (k - 2.0) * below(&g, k - 2.0)
                - 2.0 * (k - 1.0) * below(&g, k - 1.0);
            let second = 2.0 * below(&g1, k - 1.0) - below(&g1, k - 2.0) - below(&g1, k);
            (first + shape * scale * second).max(0.0)
        };
        Ok(Self { weights: (0..days).map(weight).collect() })
    }

    /// Infectiousness that the days before bring to a day.
    fn infectiousness(&self, counts: &[u32], day: usize) -> f64 {
        let before = self.weights.iter().enumerate().skip(1).take(day);
        before.map(|(lag, w)| w * f64::from(counts[day - lag])).sum()
    }
}

/// What is believed of `R` before any case is seen: a gamma distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Its mean.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

impl Prior {
    /// The paper's: so high and wide that too few cases never look like an epidemic that ended.
    pub const PUBLISHED: Self = Self { mean: 5.0, deviation: 5.0 };
}

/// `R` over some days.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Reproduction {
    /// The first day of the window.
    pub from: i64,
    /// Its last day.
    pub to: i64,
    /// Cases in it.
    pub cases: u64,
    /// Mean of the posterior.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// `R` is below with a probability of 2.5 %.
    pub lower: f64,
    /// As likely below as above.
    pub median: f64,
    /// `R` is above with a probability of 2.5 %.
    pub upper: f64,
}

/// `R` over each window of so many days, beginning with the second day (the first one's cases came from
/// elsewhere). None for a window before which nobody was infectious: nothing can be said of it.
pub fn estimate(
    curve: &Curve,
    interval: &SerialInterval,
    window: usize,
    prior: Prior,
) -> Vec<Reproduction> {
    let counts = &curve.counts;
    if window == 0 || counts.len() <= window {
        return Vec::new();
    }
    let infectious: Vec<f64> =
        (0..counts.len()).map(|day| interval.infectiousness(counts, day)).collect();
    let of = |start: usize| {
        let days = start..start + window;
        let cases = counts[days.clone()].iter().copied().map(u64::from).sum();
        let pressure = infectious[days].iter().sum();
        let mut r = posterior(cases, pressure, prior)?;
        r.from = curve.first + i64::try_from(start).ok()?;
        r.to = r.from + i64::try_from(window - 1).ok()?;
        Some(r)
    };
    (1..=counts.len() - window).filter_map(of).collect()
}

/// The posterior of a window's cases and the infectiousness they came from.
fn posterior(cases: u64, pressure: f64, prior: Prior) -> Option<Reproduction> {
    if pressure <= 0.0 {
        return None;
    }
    let (shape0, scale0) =
        ((prior.mean / prior.deviation).powi(2), prior.deviation.powi(2) / prior.mean);
    let (shape, rate) = (shape0 + float(cases), 1.0 / scale0 + pressure);
    let gamma = Gamma::new(shape, rate).ok()?;
    Some(Reproduction {
        from: 0,
        to: 0,
        cases,
        mean: shape / rate,
        deviation: shape.sqrt() / rate,
        lower: gamma.inverse_cdf(0.025),
        median: gamma.inverse_cdf(0.5),
        upper: gamma.inverse_cdf(0.975),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pupils of a school in Pennsylvania who fell ill, by day, 27 April to 28 May 2009: S. Cauchemez
    /// et al., PNAS 108 (2011), 2825–2830. It is the first example of the paper's own software (EpiEstim).
    const SCHOOL: [u32; 32] = [
        1, 1, 0, 2, 5, 3, 3, 3, 6, 2, 5, 9, 13, 12, 13, 11, 12, 6, 6, 6, 3, 1, 0, 2, 0, 0, 0, 0, 2,
        0, 2, 0,
    ];

    fn school() -> Curve {
        Curve { first: 1, counts: SCHOOL.to_vec() }
    }

    /// What EpiEstim's demonstration prints (`vignettes/demo.html`, version 2.2-4, "sliding weekly windows,
    /// with a parametric serial interval", mean 2.6, deviation 1.5): days, mean, deviation, 2.5 %, median,
    /// 97.5 %.
    const PUBLISHED: [(i64, i64, [f64; 5]); 6] = [
        (2, 8, [1.735_798, 0.409_131_4, 1.028_743_7, 1.703_761, 2.624_781]),
        (3, 9, [1.749_168, 0.364_726_7, 1.108_822_3, 1.723_884, 2.533_119]),
        (4, 10, [1.537_058, 0.307_411_6, 0.994_703_0, 1.516_613, 2.195_540]),
        (5, 11, [1.431_839, 0.270_592_1, 0.951_446_6, 1.414_830, 2.008_849]),
        (6, 12, [1.422_725, 0.251_504_6, 0.973_142_6, 1.407_932, 1.956_336]),
        (7, 13, [1.635_373, 0.252_343_6, 1.178_633_2, 1.622_413, 2.165_745]),
    ];

    #[test]
    fn the_school_of_2009_has_the_published_numbers() {
        let interval = SerialInterval::shifted_gamma(2.6, 1.5, 32).unwrap();
        let all = estimate(&school(), &interval, 7, Prior::PUBLISHED);
        assert_eq!(all.len(), 25);
        for (r, (from, to, numbers)) in all.iter().zip(PUBLISHED) {
            assert_eq!((r.from, r.to), (from, to));
            let ours = [r.mean, r.deviation, r.lower, r.median, r.upper];
            for (ours, theirs) in ours.iter().zip(numbers) {
                assert!((ours - theirs).abs() < 1e-6, "day {to}: {ours}, published {theirs}");
            }
        }
    }

    /// The same source gives the discrete serial interval to three places (`Flu2009$si_distr`).
    #[test]
    fn the_serial_interval_is_the_published_one() {
        let published =
            [0.0, 0.233, 0.359, 0.198, 0.103, 0.053, 0.027, 0.014, 0.007, 0.003, 0.002, 0.001];
        let ours = SerialInterval::shifted_gamma(2.6, 1.5, 12).unwrap();
        for (day, (a, b)) in ours.weights.iter().zip(published).enumerate() {
            assert!((a - b).abs() <= 0.000_51, "day {day}: {a}, published {b}");
        }
        assert!(SerialInterval::given(published.to_vec()).is_ok());
    }

    #[test]
    fn what_is_no_serial_interval_is_refused() {
        for (mean, deviation) in
            [(1.0, 1.5), (2.6, 0.0), (f64::NAN, 1.0), (2.6, f64::NAN), (61.0, 1.0)]
        {
            assert_eq!(
                SerialInterval::shifted_gamma(mean, deviation, 9),
                Err(IntervalError::Shape)
            );
        }
        for bad in [
            vec![],
            vec![1.0],
            vec![0.1, 0.9],
            vec![0.0, 0.5],
            vec![0.0, 1.5, -0.5],
            vec![0.0, f64::NAN],
        ] {
            assert_eq!(SerialInterval::given(bad.clone()), Err(IntervalError::Weights), "{bad:?}");
        }
    }

    #[test]
    fn of_what_nobody_caused_nothing_is_said() {
        let interval = SerialInterval::shifted_gamma(2.6, 1.5, 32).unwrap();
        let curve = Curve { first: 0, counts: vec![0; 20] };
        assert_eq!(estimate(&curve, &interval, 7, Prior::PUBLISHED), []);
        assert_eq!(estimate(&school(), &interval, 0, Prior::PUBLISHED), []);
        assert_eq!(estimate(&school(), &interval, 32, Prior::PUBLISHED), []);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// The interval holds the median, and one more case in a window never lowers its `R`.
        #[test]
        fn bounds_are_in_order_and_more_cases_mean_more(
            counts in prop::collection::vec(0_u32..400, 9..40),
        ) {
            let interval = SerialInterval::shifted_gamma(4.7, 2.9, 40).unwrap();
            let curve = Curve { first: 0, counts };
            let all = estimate(&curve, &interval, 7, Prior::PUBLISHED);
            for r in &all {
                prop_assert!(r.lower <= r.median && r.median <= r.upper && r.lower >= 0.0);
            }
            let mut more = curve.clone();
            *more.counts.last_mut().unwrap() += 1;
            let after = estimate(&more, &interval, 7, Prior::PUBLISHED);
            if let (Some(a), Some(b)) = (all.last(), after.last()) {
                prop_assert!(b.mean > a.mean);
            }
        }
    }
}

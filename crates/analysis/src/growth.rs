//! How fast the cases grow or fall: the rate a day, and in how many days they double or halve.
//!
//! Quasi-Poisson regression of the daily counts on the day (P. McCullagh and J. A. Nelder, *Generalized
//! Linear Models*, 2nd edition 1989, chapters 6 and 9): the mean is `exp(a + r·day)`, the variance that mean
//! times a factor which is estimated from the residuals and is at least 1. Days without cases count.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::Interval;

/// Growth over some days.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Growth {
    /// Natural logarithm of the factor by which a day multiplies the cases; 95 % interval.
    pub rate: Interval,
    /// Days in which the cases double; 95 % interval without an upper bound where they may not grow at
    /// all. `None` where they do not grow.
    pub doubling: Option<Interval>,
    /// Days in which the cases halve, in the same way.
    pub halving: Option<Interval>,
}

/// Steps of the fit at most; it takes about five.
const STEPS: usize = 50;

/// The growth of daily counts; `None` for fewer than five days or where fewer than two of them had cases.
pub fn growth(counts: &[u32]) -> Option<Growth> {
    let days = counts.len();
    if days < 5 || counts.iter().filter(|c| **c > 0).count() < 2 {
        return None;
    }
    let middle = f64::from(u32::try_from(days - 1).ok()?) / 2.0;
    let points: Vec<(f64, f64)> =
        (0_u32..).zip(counts).map(|(day, c)| (f64::from(day) - middle, f64::from(*c))).collect();
    let (a, r) = fit(&points)?;
    let error = deviation(&points, a, r)?;
    let free = f64::from(u32::try_from(days - 2).ok()?);
    let t = StudentsT::new(0.0, 1.0, free).ok()?.inverse_cdf(0.975);
    let rate = Interval { lower: r - t * error, value: r, upper: Some(r + t * error) };
    Some(Growth { rate, doubling: days_to(r, t * error), halving: days_to(-r, t * error) })
}

/// Days to double at a rate, and the bounds that its own bounds leave.
fn days_to(rate: f64, half: f64) -> Option<Interval> {
    let days = |r: f64| std::f64::consts::LN_2 / r;
    let slowest = rate - half;
    (rate > 0.0).then(|| Interval {
        lower: days(rate + half),
        value: days(rate),
        upper: (slowest > 0.0).then(|| days(slowest)),
    })
}

/// Sums of the information matrix at a fit.
fn information(points: &[(f64, f64)], a: f64, r: f64) -> [f64; 3] {
    points.iter().fold([0.0; 3], |[s, sx, sxx], (x, _)| {
        let mu = (a + r * x).exp();
        [s + mu, sx + mu * x, sxx + mu * x * x]
    })
}

/// Newton's method with halved steps: the likelihood is concave.
fn fit(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let (n, sum) = points.iter().fold((0.0, 0.0), |(n, s), (_, y)| (n + 1.0, s + y));
    let likelihood = |a: f64, r: f64| -> f64 {
        points.iter().map(|(x, y)| y * (a + r * x) - (a + r * x).exp()).sum()
    };
    let (mut a, mut r) = ((sum / n).ln(), 0.0_f64);
    for _ in 0..STEPS {
        let [s, sx, sxx] = information(points, a, r);
        let (ga, gr) = points.iter().fold((0.0, 0.0), |(ga, gr), (x, y)| {
            let left = y - (a + r * x).exp();
            (ga + left, gr + left * x)
        });
        let det = s * sxx - sx * sx;
        let (da, dr) = ((sxx * ga - sx * gr) / det, (s * gr - sx * ga) / det);
        let now = likelihood(a, r);
        let step = (0..40)
            .map(|half| 0.5_f64.powi(half))
            .find(|h| likelihood(a + h * da, r + h * dr) >= now);
        let Some(step) = step else { break };
        (a, r) = (a + step * da, r + step * dr);
        if da.abs() < 1e-12 && dr.abs() < 1e-12 {
            break;
        }
    }
    (a.is_finite() && r.is_finite()).then_some((a, r))
}

/// The standard error of the rate, with the scatter of the residuals in it.
fn deviation(points: &[(f64, f64)], a: f64, r: f64) -> Option<f64> {
    let [s, sx, sxx] = information(points, a, r);
    let variance = s / (s * sxx - sx * sx);
    let pearson: f64 = points
        .iter()
        .map(|(x, y)| {
            let mu = (a + r * x).exp();
            (y - mu).powi(2) / mu
        })
        .sum();
    let free = points.len().checked_sub(2).and_then(|n| u32::try_from(n).ok())?;
    let error = (variance * (pearson / f64::from(free)).max(1.0)).sqrt();
    error.is_finite().then_some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubling_every_day_doubles_in_a_day() {
        let g = growth(&[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]).unwrap();
        let doubling = g.doubling.unwrap();
        assert!((doubling.value - 1.0).abs() < 1e-9, "{g:?}");
        assert!(doubling.lower < 1.0 && doubling.upper.unwrap() > 1.0);
        assert_eq!(g.halving, None);
        let back = growth(&[512, 256, 128, 64, 32, 16, 8, 4, 2, 1]).unwrap();
        assert!((back.halving.unwrap().value - 1.0).abs() < 1e-9);
        assert_eq!(back.doubling, None);
    }

    /// `glm(y ~ x, family = quasipoisson)` by the normal equations: the residuals are at right angles to
    /// the constant and to the days.
    #[test]
    fn the_fit_solves_the_likelihood_equations() {
        let counts = [3_u32, 5, 4, 9, 7, 12, 15, 11, 21, 26, 24, 40];
        let g = growth(&counts).unwrap();
        let r = g.rate.value;
        let total: f64 = counts.iter().map(|c| f64::from(*c)).sum();
        let weight: f64 = (0..12).map(|d| (r * f64::from(d)).exp()).sum();
        let expected = |d: i32| total * (r * f64::from(d)).exp() / weight;
        let moment: f64 =
            (0..12).zip(counts).map(|(d, c)| f64::from(d) * (f64::from(c) - expected(d))).sum();
        assert!(moment.abs() < 1e-6, "{moment}");
    }

    #[test]
    fn where_it_may_not_grow_the_days_have_no_bound() {
        let g = growth(&[5, 7, 4, 6, 8, 5, 7]).unwrap();
        assert!(g.rate.lower < 0.0 && g.rate.upper.unwrap() > 0.0);
        assert_eq!(g.doubling.unwrap().upper, None);
    }

    #[test]
    fn of_too_little_nothing_is_said() {
        for counts in [&[][..], &[1, 2, 3, 4], &[0, 0, 9, 0, 0, 0], &[0; 30]] {
            assert_eq!(growth(counts), None, "{counts:?}");
        }
        assert!(growth(&[0, 0, 0, 0, 1, 9000]).is_some());
    }
}

//! The discrete Gaussian distribution.

use super::bits::Bits;
use super::exact::{Fraction, chance_exp};
use super::laplace::laplace;

/// The variance parameter `σ²` of a discrete Gaussian, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variance {
    num: u32,
    den: u16,
}

impl Variance {
    /// Above 0, at most 2^24; `None` otherwise.
    pub fn new(num: u32, den: u16) -> Option<Self> {
        (num > 0 && den > 0 && num <= 1 << 24).then_some(Self { num, den })
    }
}

/// A whole number, `x` with a chance proportional to `exp(-x² / 2σ²)`; algorithm 3 of the paper. Many answers
/// add up to less with it (`ρ = Δ²/2σ²` each, concentrated differential privacy) than with the other one.
pub fn gaussian(variance: Variance, bits: &mut Bits<'_>) -> i64 {
    let (num, den) = (u128::from(variance.num), u128::from(variance.den));
    let scale = u32::try_from((num / den).isqrt() + 1).unwrap_or(u32::MAX);
    let t = u128::from(scale);
    loop {
        let drawn = laplace(scale, 1, bits);
        // (|y| - σ²/t)² / 2σ², over one denominator.
        let size = u128::from(drawn.unsigned_abs()) * den * t;
        let square = size.abs_diff(num).checked_pow(2);
        // So far out that it is kept with a chance of e^-(2^60).
        let Some(num2) = square else { continue };
        if chance_exp(Fraction { num: num2, den: 2 * num * den * t * t }, bits) {
            return drawn;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::tests::{chi_squared, seeded};
    use super::*;

    #[test]
    fn draws_are_of_the_distribution() {
        for (num, den, to, limit) in [(1, 1, 2, 20.5), (9, 4, 4, 27.9), (25, 1, 11, 49.7)] {
            let mut bits = seeded(4);
            let variance = Variance::new(num, den).unwrap();
            let draws: Vec<i64> = (0..20_000).map(|_| gaussian(variance, &mut bits)).collect();
            let s2 = f64::from(num) / f64::from(den);
            let weight = |x: i64| (-f64::from(i32::try_from(x * x).unwrap()) / (2.0 * s2)).exp();
            let all: f64 = (-200..=200).map(weight).sum();
            let statistic = chi_squared(&draws, to, |x| weight(x) / all);
            assert!(statistic < limit, "{num}/{den}: {statistic}");
        }
    }

    #[test]
    fn the_largest_works_and_what_is_none_is_refused() {
        let mut bits = seeded(5);
        let drawn = gaussian(Variance::new(1 << 24, 1).unwrap(), &mut bits);
        assert!(drawn.abs() < 4_096 * 8);
        assert_eq!(Variance::new(0, 1), None);
        assert_eq!(Variance::new(1, 0), None);
        assert_eq!(Variance::new((1 << 24) + 1, 1), None);
    }
}

//! How improbable a count is.

use crate::counts::float;

/// Terms added up at most; after so many the rest is nothing.
const TERMS: u64 = 2_000_000;

/// The natural logarithm of the probability that a count is `least` or more, if counts are distributed
/// with this mean (above 0) as a negative binomial of this variance; as a Poisson distribution if the
/// variance is no larger than the mean.
pub fn ln_tail(least: u64, mean: f64, variance: f64) -> f64 {
    if least == 0 || mean <= 0.0 {
        return if least == 0 { 0.0 } else { f64::NEG_INFINITY };
    }
    let step = Step::of(mean, variance);
    let mut ln_term = step.first;
    for k in 0..least.min(TERMS) {
        ln_term += step.to_next(k);
    }
    let mut tail = 1.0;
    let (mut term, mut k) = (1.0_f64, least.min(TERMS));
    // From the mean on terms only fall.
    while k < TERMS && (term > tail * 1e-15 || float(k) < mean) {
        term *= step.to_next(k).exp();
        tail += term;
        k += 1;
    }
    (ln_term + tail.ln()).min(0.0)
}

/// How a distribution goes from one term to the next.
struct Step {
    /// The logarithm of the probability of nothing.
    first: f64,
    mean: f64,
    /// The size of the negative binomial; `None`: Poisson.
    size: Option<f64>,
}

impl Step {
    fn of(mean: f64, variance: f64) -> Self {
        if variance <= mean * (1.0 + 1e-9) {
            return Self { first: -mean, mean, size: None };
        }
        let size = mean * mean / (variance - mean);
        Self { first: -size * (mean / size).ln_1p(), mean, size: Some(size) }
    }

    /// The logarithm of the ratio of term `k + 1` to term `k`.
    fn to_next(&self, k: u64) -> f64 {
        let k = float(k);
        match self.size {
            None => (self.mean / (k + 1.0)).ln(),
            Some(size) => ((k + size) / (k + 1.0) * (self.mean / (size + self.mean))).ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn known_tails() {
        // Poisson of mean 2: 1 - e^-2 (1 + 2 + 2).
        near(ln_tail(3, 2.0, 2.0).exp(), 1.0 - (-2.0_f64).exp() * 5.0);
        // A negative binomial of size 1 is geometric: P(X >= n) = (m / (1 + m))^n.
        for n in [1, 2, 10, 200] {
            near(ln_tail(n, 3.0, 12.0), float(n) * 0.75_f64.ln());
        }
        near(ln_tail(0, 3.0, 12.0), 0.0);
        assert!(ln_tail(1, 0.0, 0.0).is_infinite());
    }
}

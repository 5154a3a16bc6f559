//! Chances that are fractions, and their exponentials, without rounding.

use super::bits::Bits;

/// A fraction of whole numbers; `den` is above 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fraction {
    pub(super) num: u128,
    pub(super) den: u128,
}

/// A whole number below `n` (which is above 0), each equally likely: what would favour some is drawn anew.
pub(super) fn below(n: u128, bits: &mut Bits<'_>) -> u128 {
    let len = 128 - (n - 1).leading_zeros();
    if len == 0 {
        return 0;
    }
    let mask = u128::MAX >> (128 - len);
    loop {
        let low = u128::from(bits());
        let high = if len > 64 { u128::from(bits()) } else { 0 };
        let drawn = (high << 64 | low) & mask;
        if drawn < n {
            return drawn;
        }
    }
}

/// True with a chance of `num / den`, which is at most 1.
pub(super) fn chance(f: Fraction, bits: &mut Bits<'_>) -> bool {
    below(f.den, bits) < f.num
}

/// True with a chance of `exp(-f)`; algorithm 1 of the paper.
pub(super) fn chance_exp(f: Fraction, bits: &mut Bits<'_>) -> bool {
    let whole = f.num / f.den;
    // One by one: whoever fails early is done early.
    (0..whole).all(|_| chance_exp_small(Fraction { num: 1, den: 1 }, bits))
        && chance_exp_small(Fraction { num: f.num % f.den, den: f.den }, bits)
}

/// The same for at most 1: how far a row of chances `f/1`, `f/2`, `f/3` … comes is odd so often.
fn chance_exp_small(f: Fraction, bits: &mut Bits<'_>) -> bool {
    let mut k = 1;
    // `den * k` could overflow only after more steps than there will ever be.
    while chance(Fraction { num: f.num, den: f.den.saturating_mul(k) }, bits) {
        k += 1;
    }
    k % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::super::bits::tests::seeded;
    use super::*;

    #[test]
    fn a_chance_is_as_likely_as_it_says() {
        let mut bits = seeded(1);
        let often = |hits: u32, p: f64| {
            let n = 40_000.0;
            // Four standard deviations.
            (f64::from(hits) - n * p).abs() < 4.0 * (n * p * (1.0 - p)).sqrt() + 1.0
        };
        for (num, den) in [(0, 1), (1, 3), (2, 3), (7, 7), (1, 1_000)] {
            let hits = (0..40_000).filter(|_| chance(Fraction { num, den }, &mut bits)).count();
            let p = f64::from(u32::try_from(num).unwrap()) / f64::from(u32::try_from(den).unwrap());
            assert!(often(u32::try_from(hits).unwrap(), p), "{num}/{den}: {hits}");
        }
        for (num, den) in [(0, 1), (1, 2), (1, 1), (5, 4), (3, 1), (1, 1_000_003)] {
            let hits = (0..40_000).filter(|_| chance_exp(Fraction { num, den }, &mut bits)).count();
            let p = f64::from(u32::try_from(num).unwrap()) / f64::from(u32::try_from(den).unwrap());
            assert!(often(u32::try_from(hits).unwrap(), (-p).exp()), "exp -{num}/{den}: {hits}");
        }
    }

    #[test]
    fn numbers_are_below_and_all_of_them_come() {
        let mut bits = seeded(2);
        let mut seen = [0_u32; 5];
        for _ in 0..5_000 {
            seen[usize::try_from(below(5, &mut bits)).unwrap()] += 1;
        }
        assert!(seen.iter().all(|n| (900..1_100).contains(n)), "{seen:?}");
        assert_eq!(below(1, &mut bits), 0);
        assert!(below(u128::MAX, &mut bits) > u128::from(u64::MAX), "both halves are drawn");
    }
}

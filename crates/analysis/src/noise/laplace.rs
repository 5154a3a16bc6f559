//! The discrete Laplace distribution.

use super::bits::Bits;
use super::exact::{Fraction, below, chance_exp};

/// A whole number, `x` with a chance proportional to `exp(-|x| · per / scale)`; algorithm 2 of the paper. Both
/// are taken as at least 1.
pub fn laplace(scale: u32, per: u32, bits: &mut Bits<'_>) -> i64 {
    let (scale, per) = (u128::from(scale.max(1)), u128::from(per.max(1)));
    loop {
        let part = below(scale, bits);
        if !chance_exp(Fraction { num: part, den: scale }, bits) {
            continue;
        }
        let mut whole = 0;
        while chance_exp(Fraction { num: 1, den: 1 }, bits) {
            whole += 1;
        }
        let size = (part + scale * whole) / per;
        let negative = bits() & 1 == 1;
        if negative && size == 0 {
            continue;
        }
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        return if negative { -size } else { size };
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::tests::{chi_squared, seeded};
    use super::*;

    #[test]
    fn draws_are_of_the_distribution() {
        for (scale, per, to, limit) in
            [(1, 1, 4, 27.9), (3, 1, 9, 43.8), (1_000_000, 142_857, 17, 66.6), (2, 5, 1, 16.3)]
        {
            let mut bits = seeded(3);
            let draws: Vec<i64> = (0..20_000).map(|_| laplace(scale, per, &mut bits)).collect();
            let a = f64::from(per) / f64::from(scale);
            // (e^a - 1) / (e^a + 1) is what makes it one in all.
            let likely =
                |x: i64| (a / 2.0).tanh() * (-a * f64::from(i32::try_from(x.abs()).unwrap())).exp();
            let statistic = chi_squared(&draws, to, likely);
            assert!(statistic < limit, "{scale}/{per}: {statistic}");
        }
    }
}

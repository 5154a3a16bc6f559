//! Where randomness comes from.

/// Fair random bits, 64 at a time.
pub type Bits<'a> = dyn FnMut() -> u64 + 'a;

#[cfg(test)]
pub(crate) mod tests {
    use rand_chacha::ChaCha12Rng;
    use rand_core::{Rng as _, SeedableRng as _};

    /// Bits that repeat.
    pub(crate) fn seeded(seed: u64) -> impl FnMut() -> u64 {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        move || rng.next_u64()
    }

    /// Pearson's statistic of some draws against how likely each number from `-to` to `to` is; what is
    /// beyond them counts as one class. Compared with the 99.9 % point of chi-squared: the seed is fixed,
    /// so a sampler that is right is right always.
    pub(crate) fn chi_squared(draws: &[i64], to: i64, likely: impl Fn(i64) -> f64) -> f64 {
        let n = f64::from(u32::try_from(draws.len()).unwrap());
        let (mut sum, mut inside, mut seen) = (0.0, 0.0, 0);
        for x in -to..=to {
            let observed = draws.iter().filter(|d| **d == x).count();
            let expected = n * likely(x);
            assert!(expected >= 5.0, "too few draws for {x}");
            sum += (f64::from(u32::try_from(observed).unwrap()) - expected).powi(2) / expected;
            inside += likely(x);
            seen += observed;
        }
        let (rest, expected) = (draws.len() - seen, n * (1.0 - inside));
        sum + (f64::from(u32::try_from(rest).unwrap()) - expected).powi(2) / expected.max(1.0)
    }
}

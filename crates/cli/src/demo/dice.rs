//! Seeded chance: the same seed makes the same town.

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// A source of chance that can be repeated.
#[derive(Clone, Debug)]
pub(crate) struct Dice(ChaCha12Rng);

impl Dice {
    /// From a seed and the name of what it is for, so that one part of the town can change without
    /// changing the others.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// 0 to `n - 1`; 0 if `n` is 0. The bias is below 2^-32 for the small numbers of a town.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        let high = ((self.0.next_u64() >> 32) * u64::from(n)) >> 32;
        u32::try_from(high).unwrap_or(0)
    }

    /// From `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True with so many chances in 100.
    pub(crate) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// An index, each as likely as its weight; 0 if there are none. `sums` are the running sums of
    /// the weights.
    pub(crate) fn weighted(&mut self, sums: &[u32]) -> usize {
        let Some(total) = sums.last() else { return 0 };
        let at = self.below(*total);
        sums.partition_point(|s| *s <= at)
    }
}

/// Running sums of weights, for [`Dice::weighted`].
pub(crate) fn sums(weights: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut total = 0;
    weights
        .into_iter()
        .map(|w| {
            total += w;
            total
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_repeats_with_its_seed_and_keeps_to_its_weights() {
        let throw = |seed| {
            let mut d = Dice::new(seed, 1);
            (0..1000).map(|_| d.below(6)).collect::<Vec<_>>()
        };
        assert_eq!(throw(1), throw(1));
        assert_ne!(throw(1), throw(2));
        assert!((0..6).all(|n| throw(1).contains(&n)));
        let mut d = Dice::new(1, 2);
        let s = sums([1, 0, 9]);
        let mut count = [0; 3];
        (0..1000).for_each(|_| count[d.weighted(&s)] += 1);
        assert_eq!(count[1], 0);
        assert!(count[2] > count[0] * 4);
    }
}

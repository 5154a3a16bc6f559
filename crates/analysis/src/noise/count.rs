//! Counts of people, told with noise.

use super::bits::Bits;
use super::budget::{Epsilon, Share};
use super::laplace::laplace;

/// A count as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Fewer than the least number that is told, or none.
    Few,
    /// About so many.
    About(u64),
}

impl Told {
    /// The number, if it is told.
    pub const fn number(self) -> Option<u64> {
        match self {
            Self::Few => None,
            Self::About(n) => Some(n),
        }
    }
}

/// Tells the counts of one question. One person who comes or goes changes all of them together by at most
/// `each` (which is for the caller to see to: whoever counts more of somebody than that leaves the rest
/// out). What comes out below `least` is told as few, whatever it was.
pub fn counts(
    true_counts: &[u64],
    each: u16,
    least: u64,
    share: Share,
    bits: &mut Bits<'_>,
) -> Vec<Told> {
    let scale = scale(each);
    let per = share.spend().as_millionths();
    let told = |n: &u64| {
        let noisy = i64::try_from(*n).unwrap_or(i64::MAX).saturating_add(laplace(scale, per, bits));
        u64::try_from(noisy).ok().filter(|n| *n >= least.max(1)).map_or(Told::Few, Told::About)
    };
    true_counts.iter().map(told).collect()
}

/// The same for one count.
pub fn count(true_count: u64, each: u16, least: u64, share: Share, bits: &mut Bits<'_>) -> Told {
    counts(&[true_count], each, least, share, bits).first().copied().unwrap_or(Told::Few)
}

/// Scale of the noise, in millionths of a person.
fn scale(each: u16) -> u32 {
    u32::from(each.max(1)).saturating_mul(1_000_000)
}

/// The true count is at most so far from the told one, 95 times in 100.
pub fn half_width(epsilon: Epsilon, each: u16) -> u64 {
    let a = f64::from(epsilon.as_millionths().max(1)) / f64::from(scale(each));
    // P(|x| > w) = 2 e^{-a (w + 1)} / (1 + e^{-a})
    let w = (2.0 / (0.05 * (1.0 + (-a).exp()))).ln() / a - 1.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 10^13")]
    let whole = w.ceil().max(0.0) as u64;
    whole
}

#[cfg(test)]
mod tests {
    use super::super::bits::tests::seeded;
    use super::super::budget::Budget;
    use super::*;

    fn share(millionths: u32) -> Share {
        Budget::new(Epsilon::millionths(millionths)).take(Epsilon::millionths(millionths)).unwrap()
    }

    #[test]
    fn the_accuracy_is_the_stated_one() {
        for (millionths, each) in [(500_000, 1), (142_857, 1), (1_000_000, 3), (10_000_000, 1)] {
            let width = half_width(Epsilon::millionths(millionths), each);
            let mut bits = seeded(6);
            let told = counts(&vec![1_000_000; 10_000], each, 5, share(millionths), &mut bits);
            let off = |w: u64| {
                told.iter().filter(|t| t.number().unwrap().abs_diff(1_000_000) > w).count()
            };
            assert!(off(width) <= 600, "{millionths}: {} beyond {width}", off(width));
            assert!(width == 0 || off(width - 1) > 400, "{millionths}: {width} is too wide");
        }
    }

    /// Two towns that differ by one person, asked the same question many times: each answer is at most e^ε
    /// times as frequent in one as in the other. It would not hold with the true count, nor with half the
    /// noise.
    #[test]
    fn two_towns_that_differ_by_one_person_answer_alike() {
        let worst = |epsilon: u32, noise: u32| {
            let draws = |town: u64, seed: u64| {
                let mut bits = seeded(seed);
                let told = counts(&vec![town; 60_000], 1, 1, share(noise), &mut bits);
                let mut by_answer = std::collections::BTreeMap::new();
                for t in told {
                    *by_answer.entry(t.number()).or_insert(0_u32) += 1;
                }
                by_answer
            };
            let (a, b) = (draws(100, 7), draws(101, 8));
            let allowed = (f64::from(epsilon) / 1e6).exp();
            // In standard deviations of the difference, of answers that came often enough.
            let beyond = |x: u32, y: u32| {
                let (x, y) = (f64::from(x), f64::from(y));
                (x - allowed * y) / (x + allowed * allowed * y).sqrt()
            };
            a.iter()
                .filter(|(_, n)| **n >= 200)
                .filter_map(|(answer, x)| b.get(answer).map(|y| (*x, *y)))
                .map(|(x, y)| beyond(x, y).max(beyond(y, x)))
                .fold(f64::MIN, f64::max)
        };
        assert!(worst(500_000, 500_000) < 4.0, "within e^0.5");
        assert!(worst(500_000, 1_000_000) > 4.0, "half the noise is found out");
    }

    #[test]
    fn few_are_few_and_nothing_is_below_none() {
        let mut bits = seeded(9);
        let told = counts(&[0; 500], 1, 5, share(500_000), &mut bits);
        assert!(told.iter().all(|t| t.number().is_none_or(|n| n >= 5)));
        assert!(told.contains(&Told::Few) && told.iter().any(|t| *t != Told::Few));
        assert!(count(u64::MAX, 1, 5, share(1), &mut bits).number().is_some());
    }
}

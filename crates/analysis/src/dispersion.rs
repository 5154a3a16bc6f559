//! Do few people infect most? The dispersion `k` of how many each case infected.
//!
//! J. O. Lloyd-Smith, S. J. Schreiber, P. E. Kopp and W. M. Getz, *Superspreading and the effect of
//! individual variation on disease emergence*, Nature 438 (2005), 355–359: the number of people whom a case
//! infects is negative binomial with mean `R` and dispersion `k`; the smaller `k`, the more depends on few
//! (SARS in Singapore: 0.16). Maximum likelihood with a profile interval of 95 %.

use statrs::function::gamma::ln_gamma;

use crate::{Interval, float};

/// Where `k` is looked for, as logarithms: from one in a thousand to where it cannot be told from chance.
const RANGE: (f64, f64) = (-6.9, 6.9);
/// Half the 95 % point of chi-squared with one degree of freedom.
const DROP: f64 = 1.920_729;

/// Mean and dispersion of how many each case infected.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Dispersion {
    /// Cases.
    pub cases: u64,
    /// How many each infected on average.
    pub mean: f64,
    /// `k`; `None`: not more scattered than chance (Poisson). Its upper bound is missing where the data do
    /// not rule chance out.
    pub k: Option<Interval>,
    /// The share of cases, those who infected most first, who infected four fifths of the infected.
    pub share_of_most: f64,
}

/// The dispersion of how many each case infected (those who infected nobody included); `None` for fewer
/// than ten cases, or where nobody infected anybody.
pub fn dispersion(infected: &[u32]) -> Option<Dispersion> {
    let cases = u64::try_from(infected.len()).ok()?;
    let total: u64 = infected.iter().copied().map(u64::from).sum();
    if cases < 10 || total == 0 {
        return None;
    }
    let mean = float(total) / float(cases);
    let likelihood = |log_k: f64| likelihood(infected, mean, log_k.exp());
    let best = highest(&likelihood);
    let within = |log_k: f64| likelihood(log_k) >= likelihood(best) - DROP;
    let (low, high) = RANGE;
    let k = (high - best > 0.01).then(|| Interval {
        lower: edge(&within, best, low).exp(),
        value: best.exp(),
        upper: (!within(high)).then(|| edge(&within, best, high).exp()),
    });
    Some(Dispersion { cases, mean, k, share_of_most: share_of_most(infected, total) })
}

/// The logarithm of how likely these numbers are.
fn likelihood(infected: &[u32], mean: f64, k: f64) -> f64 {
    let all = k * (k / (k + mean)).ln() - ln_gamma(k);
    let each = |n: &u32| {
        let n = f64::from(*n);
        ln_gamma(n + k) + n * (mean / (k + mean)).ln() + all
    };
    infected.iter().map(each).sum()
}

/// Where a function with one summit is highest (golden section).
fn highest(f: &impl Fn(f64) -> f64) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = RANGE;
    for _ in 0..60 {
        let (a, b) = (high - ratio * (high - low), low + ratio * (high - low));
        if f(a) < f(b) { low = a } else { high = b }
    }
    f64::midpoint(low, high)
}

/// The last point from `inside` towards `outside` at which it still holds.
fn edge(within: &impl Fn(f64) -> bool, inside: f64, outside: f64) -> f64 {
    let (mut yes, mut no) = (inside, outside);
    if within(no) {
        return no;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(yes, no);
        if within(middle) { yes = middle } else { no = middle }
    }
    yes
}

/// How few infected four fifths.
fn share_of_most(infected: &[u32], total: u64) -> f64 {
    let mut sorted = infected.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let mut sum = 0;
    let enough = sorted.iter().position(|n| {
        sum += u64::from(*n);
        sum * 5 >= total * 4
    });
    let people = enough.map_or(sorted.len(), |i| i + 1);
    let [few, all] = [people, sorted.len()].map(|n| float(u64::try_from(n).unwrap_or(u64::MAX)));
    few / all
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha12Rng;
    use rand_core::{Rng as _, SeedableRng as _};

    use super::*;

    /// Negative binomial numbers by inversion, from the definition.
    fn made_up(mean: f64, k: f64, cases: usize) -> Vec<u32> {
        let mut rng = ChaCha12Rng::seed_from_u64(5);
        let mut draw = || {
            let u = float(rng.next_u64() >> 11) / 9_007_199_254_740_992.0;
            let (mut n, mut p) = (0_u32, (k / (k + mean)).powf(k));
            let mut sum = p;
            while sum < u && n < 10_000 {
                p *= (f64::from(n) + k) / f64::from(n + 1) * mean / (k + mean);
                n += 1;
                sum += p;
            }
            n
        };
        (0..cases).map(|_| draw()).collect()
    }

    #[test]
    fn it_finds_the_dispersion_that_was_put_in() {
        for (mean, k) in [(1.6, 0.16), (0.9, 0.5), (2.5, 4.0)] {
            let d = dispersion(&made_up(mean, k, 3000)).unwrap();
            let found = d.k.unwrap();
            assert!(found.lower < k && found.upper.unwrap() > k, "{k}: {found:?}");
            assert!((found.value / k).ln().abs() < 0.25, "{k}: {found:?}");
        }
    }

    #[test]
    fn it_is_the_highest_of_a_plain_search() {
        let infected = made_up(1.6, 0.3, 60);
        let d = dispersion(&infected).unwrap();
        let best = (1..5000).map(|i| f64::from(i) / 1000.0).max_by(|a, b| {
            likelihood(&infected, d.mean, *a).total_cmp(&likelihood(&infected, d.mean, *b))
        });
        assert!((best.unwrap() - d.k.unwrap().value).abs() < 0.001);
    }

    #[test]
    fn numbers_that_do_not_scatter_have_none() {
        let d = dispersion(&[1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]).unwrap();
        assert_eq!(d.k, None);
        assert!((d.mean - 1.5).abs() < 1e-12);
    }

    #[test]
    fn the_few_who_infected_most() {
        let d = dispersion(&[0, 0, 0, 0, 0, 0, 8, 1, 1, 0]).unwrap();
        assert!((d.share_of_most - 0.1).abs() < 1e-12, "one of ten infected eight of ten");
        for few in [&[1_u32; 9][..], &[0; 30]] {
            assert_eq!(dispersion(few), None);
        }
    }
}

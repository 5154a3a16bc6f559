//! Places where more cases were than chance brings there.
//!
//! If cases went about like everybody else, the number of them who were at a place would be Poisson with a
//! mean of its share of all visitors. How unlikely at least so many are is the tail of that. Of
//! many places some are unlikely by chance alone, so what counts is the rate of false discoveries: Y. Benjamini
//! and Y. Hochberg, *Controlling the False Discovery Rate*, Journal of the Royal Statistical Society B 57
//! (1995), 289–300.
//!
//! A place that stands out is one to look at: people who live or work together go to one place as well.

use statrs::function::gamma::gamma_lr;

use crate::float;

/// Who was at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visited<P> {
    /// The place.
    pub place: P,
    /// Different cases who were there while infected or infectious.
    pub cases: u64,
    /// Different people who were there, those cases included.
    pub people: u64,
}

/// A place with its cases and what chance would bring.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Cluster<P> {
    /// The place.
    pub place: P,
    /// Cases who were there.
    pub cases: u64,
    /// How many chance would bring.
    pub expected: f64,
    /// How likely chance brings so many or more.
    pub chance: f64,
    /// If all places that stand out at least so much are taken for clusters, the share of them that are
    /// expected to be none.
    pub false_discoveries: f64,
}

/// The places at which a share of `rate` (such as 0.05) false discoveries is kept, the clearest first.
pub fn clusters<P: Clone + Ord>(places: &[Visited<P>], rate: f64) -> Vec<Cluster<P>> {
    let (cases, people) =
        places.iter().fold((0, 0), |(c, p), v| (c + v.cases.min(v.people), p + v.people));
    if people == 0 {
        return Vec::new();
    }
    let share = float(cases) / float(people);
    let mut all: Vec<Cluster<P>> = places
        .iter()
        .map(|v| {
            let expected = share * float(v.people);
            let chance = tail(v.cases, expected);
            Cluster {
                place: v.place.clone(),
                cases: v.cases,
                expected,
                chance,
                false_discoveries: 1.0,
            }
        })
        .collect();
    all.sort_by(|a, b| a.chance.total_cmp(&b.chance).then_with(|| a.place.cmp(&b.place)));
    let chances: Vec<f64> = all.iter().map(|c| c.chance).collect();
    for (cluster, rate) in all.iter_mut().zip(false_discoveries(&chances)) {
        cluster.false_discoveries = rate;
    }
    all.retain(|c| c.false_discoveries <= rate);
    all
}

/// For each of sorted probabilities, the least rate of false discoveries at which it is one.
fn false_discoveries(sorted: &[f64]) -> Vec<f64> {
    let all = float(u64::try_from(sorted.len()).unwrap_or(u64::MAX));
    let mut rates: Vec<f64> =
        (1_u64..).zip(sorted).map(|(rank, p)| (p * all / float(rank)).min(1.0)).collect();
    let mut least = 1.0_f64;
    for rate in rates.iter_mut().rev() {
        least = least.min(*rate);
        *rate = least;
    }
    rates
}

/// How likely a Poisson number of this mean is at least `n`.
fn tail(n: u64, mean: f64) -> f64 {
    if n == 0 || mean <= 0.0 { 1.0 } else { gamma_lr(float(n), mean) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visited(place: u32, cases: u64, people: u64) -> Visited<u32> {
        Visited { place, cases, people }
    }

    #[test]
    fn the_tail_is_the_sum_of_what_is_as_many_or_more() {
        let (mean, n) = (2.5_f64, 6);
        let mut below = 0.0;
        let mut p = (-mean).exp();
        for i in 0..n {
            below += p;
            p *= mean / f64::from(i + 1);
        }
        assert!((tail(6, mean) - (1.0 - below)).abs() < 1e-12);
        assert!((tail(0, mean) - 1.0).abs() < 1e-12);
    }

    /// Benjamini and Hochberg's own example (section 4.1 of the paper): of fifteen, the first four are
    /// discoveries at 0.05.
    #[test]
    fn the_papers_example_has_the_papers_discoveries() {
        let sorted = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let rates = false_discoveries(&sorted);
        assert_eq!(rates.iter().filter(|r| **r <= 0.05).count(), 4);
        assert!(rates.is_sorted());
    }

    #[test]
    fn places_stand_out_and_chance_does_not() {
        let mut places: Vec<_> =
            (0..200_u32).map(|p| visited(p, 2 + u64::from(p % 3), 1000)).collect();
        places[7].cases = 40;
        places[9].cases = 25;
        let found = clusters(&places, 0.05);
        assert_eq!(found.iter().map(|c| c.place).collect::<Vec<_>>(), [7, 9]);
        assert!(found[0].expected > 3.0 && found[0].expected < 3.5, "{found:?}");
        assert!(found.iter().all(|c| c.false_discoveries >= c.chance));
    }

    #[test]
    fn a_large_place_is_no_cluster_by_its_size() {
        let places = [visited(1, 50, 50_000), visited(2, 5, 5_000), visited(3, 6, 5_500)];
        assert_eq!(clusters(&places, 0.05), []);
        assert_eq!(clusters::<u32>(&[], 0.05), []);
        assert_eq!(clusters(&[visited(1, 0, 0)], 0.05), []);
    }
}

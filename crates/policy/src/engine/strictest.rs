//! Of several answers the strictest, while nobody has decided which of them is the right one.

use jadegate_domain::{Assessment, Evidence, Timestamp};

use crate::engine::assess::assess;
use crate::model::policy::Policy;

/// What a policy says of each of several sets of evidence, any of which may be a person's, and of which
/// of them the colour comes: of equals the first. The answer holds until any of them changes. `None`
/// without a set.
///
/// So it is no milder than any of them, and stays a function of evidence, policy and moment.
pub fn strictest(
    sets: &[Vec<&Evidence>],
    policy: &Policy,
    now: Timestamp,
) -> Option<(usize, Assessment)> {
    let all: Vec<_> = sets.iter().map(|set| assess(set.iter().copied(), policy, now)).collect();
    let next_change = all.iter().filter_map(|a| a.next_change).min();
    let rank = |(n, a): &(usize, Assessment)| (a.colour, std::cmp::Reverse(*n));
    let (n, worst) = all.into_iter().enumerate().max_by_key(rank)?;
    Some((n, Assessment { next_change, ..worst }))
}

//! Memory: both orders of a visit together take at most 24 bytes, ids and what is reserved included.

use crate::common::visit;
use jadegate_trace::VisitIndex;

/// A town like the benchmark's: ten visits a person, a hundred a place, skewed.
fn town(people: u64, visits: u64) -> impl Iterator<Item = jadegate_trace::KnownVisit> {
    let mut state = 1u64;
    let mut random = move |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..visits).map(move |_| {
        let place = random(people / 10).min(random(people / 10));
        let from = random(14 * 1440).cast_signed();
        let left = (random(5) > 0).then(|| from + 5 + random(175).cast_signed());
        visit(random(people), place, from, left)
    })
}

#[test]
fn a_built_index_takes_at_most_24_bytes_a_visit() {
    let index = VisitIndex::build(town(30_000, 300_000));
    let bytes = index.memory_bytes();
    assert!(index.len() > 299_000, "{} visits", index.len());
    assert!(bytes <= 24 * index.len(), "{bytes} bytes for {} visits", index.len());
    // It cannot be less than three columns, the permutation and its places: the count is not of nothing.
    assert!(bytes >= 20 * index.len());
}

/// Fed visit by visit, it is sorted into runs of many sizes; a small one has no use for a table of
/// all holders. Half of the ids' table may be free just after it grew.
#[test]
fn an_index_fed_one_by_one_takes_little_more() {
    let mut index = VisitIndex::new();
    town(30_000, 300_000).for_each(|v| index.insert(v));
    let bytes = index.memory_bytes();
    assert!(bytes <= 32 * index.len(), "{bytes} bytes for {} visits", index.len());
}

#[test]
fn removed_days_give_their_memory_back() {
    let mut index = VisitIndex::build(town(30_000, 300_000));
    let before = index.memory_bytes();
    index.remove_before(crate::common::minute(7 * 1440));
    assert!(index.memory_bytes() < before * 6 / 10);
    index.remove_before(crate::common::minute(15 * 1440));
    assert!(index.is_empty());
    assert!(index.memory_bytes() < 4096, "no id stays behind: {}", index.memory_bytes());
}

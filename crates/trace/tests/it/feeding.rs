//! Feeding goes on while runs are merged and old visits removed elsewhere.

use std::collections::HashSet;

use crate::common::{minute, visit};
use jadegate_domain::{HolderId, PlaceId, Presence};
use jadegate_trace::{KnownVisit, VisitIndex};

/// Visit number `n` of a town of 5,000 people; no two are the same.
fn nth(n: u64) -> KnownVisit {
    let from = (n / 5_000).cast_signed() * 10;
    visit(n * 7 % 5_000, n % 97, from, from + 9)
}

fn all(index: &VisitIndex) -> HashSet<KnownVisit> {
    index.all().collect()
}

#[test]
fn merging_elsewhere_loses_nothing() {
    let mut index = VisitIndex::new();
    let (mut pending, mut merges) = (None, 0);
    for n in 0..400_000 {
        index.insert(nth(n));
        // Every piece of work is handed back only after more visits came.
        if n % 50_000 == 49_999 {
            let work: Option<jadegate_trace::Merge> = pending.take();
            merges += usize::from(work.is_some_and(|m| m.visits() > 0 && index.adopt(m.work())));
            pending = index.merge_due();
        }
    }
    assert!(merges >= 2, "{merges} merges test little");
    assert_eq!(index.len(), 400_000);
    assert_eq!(all(&index).len(), 400_000);
}

#[test]
fn what_was_merged_of_removed_visits_is_not_adopted() {
    let mut index = VisitIndex::build((0..200_000).map(nth));
    (200_000..400_000).for_each(|n| index.insert(nth(n)));
    let merged = index.merge_due().unwrap().work();
    index.remove_before(minute(100));
    let kept = all(&index);
    assert!(!index.adopt(merged));
    assert_eq!(all(&index), kept);
}

#[test]
fn an_index_made_anew_from_a_clone_catches_up() {
    let mut index = VisitIndex::build((0..100_000).map(nth));
    (100_000..150_000).for_each(|n| index.insert(nth(n)));
    let clone = index.clone();
    let mut anew = clone.clone();
    anew.remove_before(minute(100));
    (150_000..250_000).for_each(|n| index.insert(nth(n)));
    index.insert(KnownVisit { left: None, ..nth(3) });
    anew.insert_since(&clone, &index, minute(100));
    let want: HashSet<_> = index.all().filter(|v| v.entered >= minute(100)).collect();
    assert_eq!(all(&anew), want, "and nothing that was removed");
    assert_eq!(want.len(), 200_000);
}

#[test]
fn only_what_is_known_in_full_is_known() {
    let mut index = VisitIndex::build((0..20_000).map(nth));
    (20_000..25_000).for_each(|n| index.insert(nth(n)));
    assert!((0..25_000).all(|n| index.knows(nth(n))), "in runs and in the buffer");
    assert!(!(25_000..30_000).any(|n| index.knows(nth(n))));
    for n in [0, 24_999] {
        let v = nth(n);
        let others = [
            KnownVisit { left: None, ..v },
            KnownVisit { left: v.left.map(|l| l.plus_secs(1)), ..v },
            KnownVisit { entered: v.entered.plus_secs(1), ..v },
            KnownVisit { presence: Presence::Unproven, ..v },
            KnownVisit { place: nth(n + 1).place, ..v },
            KnownVisit { holder: nth(n + 1).holder, ..v },
            KnownVisit { place: PlaceId::from_random(u64::MAX), ..v },
            KnownVisit { holder: HolderId::from_random(u64::MAX), ..v },
        ];
        for other in others {
            assert!(!index.knows(other), "{other:?}");
            let before = index.len();
            index.insert(other);
            assert!(index.knows(other) && index.len() == before + 1);
        }
    }
}

/// Nobody takes the work: the writer does it at last, and nothing is lost.
#[test]
fn without_help_the_writer_merges_by_itself() {
    let mut index = VisitIndex::new();
    (0..3_000_000u64).for_each(|n| index.insert(nth(n)));
    assert_eq!(index.len(), 3_000_000);
    let mut pieces = 0;
    while let Some(merge) = index.merge_due() {
        assert!(index.adopt(merge.work()));
        pieces += 1;
    }
    assert!(pieces < 64, "{pieces} pieces of work wait");
}

//! The saved form: read back whole or not at all.

#![expect(clippy::unwrap_used, reason = "writing into memory does not fail")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{case, minute, period, plain_rules, visit};
use jadegate_domain::{PlaceId, PlaceKind};
use jadegate_trace::{
    CatchUp, KnownVisit, SavedDay, SavedError, SavedFrom, VisitIndex, catch_up, trace,
};
use proptest::prelude::*;

fn some_visits() -> impl Strategy<Value = Vec<KnownVisit>> {
    let visit = (0..9u64, 0..5u64, 0..3_000i64, prop::option::of(0..400i64));
    let one = visit.prop_map(|(who, at, from, len)| visit_of(who, at, from, len));
    prop::collection::vec(one, 0..80)
}

fn visit_of(who: u64, at: u64, from: i64, len: Option<i64>) -> KnownVisit {
    visit(who, at, from, len.map(|l| from + l))
}

fn from() -> SavedFrom {
    SavedFrom { store: [7; 16], days: vec![SavedDay { day: 19_052, mark: 3 }] }
}

fn saved(index: &VisitIndex) -> Vec<u8> {
    let mut bytes = Vec::new();
    index.save(&from(), &mut bytes).unwrap();
    bytes
}

fn load(mut bytes: &[u8]) -> Result<(SavedFrom, VisitIndex), SavedError> {
    VisitIndex::load(&mut bytes)
}

fn contacts(index: &VisitIndex) -> Vec<jadegate_trace::ContactFound> {
    let cases = [case(0, 0, period(0, 3_000)), case(1, 1, period(500, 2_000))];
    let kind = |_: PlaceId| PlaceKind::Shop;
    trace(index, &cases, &plain_rules(), kind, minute(4_000)).contacts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_read_back_is_what_was_saved(visits in some_visits(), bulk in 0..80usize, more in some_visits()) {
        let bulk = bulk.min(visits.len());
        let mut index = VisitIndex::build(visits[..bulk].iter().copied());
        visits[bulk..].iter().for_each(|v| index.insert(*v));
        let (came_from, mut read) = load(&saved(&index)).unwrap();
        prop_assert_eq!(came_from, from());
        prop_assert_eq!(contacts(&read), contacts(&index));
        // It is an index like any other.
        for v in more {
            index.insert(v);
            read.insert(v);
        }
        prop_assert_eq!(contacts(&read), contacts(&index));
        read.remove_before(minute(1_000));
        index.remove_before(minute(1_000));
        prop_assert_eq!(contacts(&read), contacts(&index));
    }

    /// Whatever byte is changed, wherever it is cut, whatever follows: an error, never an index.
    #[test]
    fn a_damaged_file_is_never_read(visits in some_visits(), at in any::<prop::sample::Index>(), flip in 1..=255u8, how in 0..4) {
        let mut bytes = saved(&VisitIndex::build(visits));
        let at = at.index(bytes.len());
        match how {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, flip),
            2 => bytes.push(flip),
            _ => bytes[at] ^= flip,
        }
        prop_assert!(load(&bytes).is_err());
    }

    /// A store that changes by its rules between saving and loading: nothing is missed, and a store
    /// that was set back is noticed.
    #[test]
    fn catching_up_reads_the_days_that_changed(
        saved in prop::collection::btree_map(0..12i64, 1..50u64, 0..8),
        changed in prop::collection::btree_map(0..12i64, 1..9u64, 0..8),
        dropped in 0..12i64,
        lost in prop::option::of(0..12i64),
    ) {
        let list = |days: &BTreeMap<i64, u64>| -> Vec<SavedDay> {
            days.iter().map(|(day, mark)| SavedDay { day: *day, mark: *mark }).collect()
        };
        let mut store = saved.clone();
        for (day, more) in &changed {
            *store.entry(*day).or_default() += more;
        }
        store.retain(|day, _| *day >= dropped);
        prop_assume!(!store.is_empty());
        let first = *store.keys().next().unwrap();
        let read: BTreeSet<_> = changed.keys().copied().filter(|d| *d >= dropped).collect();
        let gone = saved.keys().any(|d| *d < first).then_some(first);
        let resume = CatchUp::Resume { remove_before: gone, read: read.into_iter().collect() };
        prop_assert_eq!(catch_up(&list(&saved), &list(&store)), resume);
        // Set back to before one of the changes that the file has.
        if let Some((day, mark)) = lost.and_then(|d| store.get_key_value(&d).map(|(d, _)| *d)).and_then(|d| saved.get_key_value(&d)) {
            store.insert(*day, mark - 1);
            prop_assert_eq!(catch_up(&list(&saved), &list(&store)), CatchUp::Rebuild);
        }
    }
}

#[test]
fn other_files_are_told_apart() {
    assert!(matches!(load(b""), Err(SavedError::Foreign)));
    assert!(matches!(load(b"SQLite format 3\0 and more of it"), Err(SavedError::Foreign)));
    assert_eq!(SavedError::Foreign.code(), "saved_index.foreign");
    assert_eq!(SavedError::Version(2).code(), "saved_index.version");
    assert!(SavedError::Version(2).to_string().contains("format 2"));
    assert_eq!(SavedError::Damaged("it is cut short").code(), "saved_index.damaged");
}

#[test]
fn an_empty_store_needs_an_empty_file() {
    let day = SavedDay { day: 1, mark: 1 };
    let nothing = CatchUp::Resume { remove_before: None, read: Vec::new() };
    assert_eq!(catch_up(&[], &[]), nothing);
    assert_eq!(catch_up(&[day], &[]), CatchUp::Rebuild);
    let all = CatchUp::Resume { remove_before: None, read: vec![1] };
    assert_eq!(catch_up(&[], &[day]), all);
    // A day in the middle went: not by keeping the last days.
    let days = [0, 1, 2].map(|day| SavedDay { day, mark: 1 });
    assert_eq!(catch_up(&days, &[days[0], days[2]]), CatchUp::Rebuild);
}

#[test]
fn a_loaded_index_takes_no_more_memory() {
    let town = |n: u64| visit(n * 7 % 30_000, n % 2_999, (n / 20).cast_signed(), None);
    let index = VisitIndex::build((0..300_000).map(town));
    let bytes = saved(&index);
    assert!(bytes.len() <= 24 * index.len(), "{} bytes for {}", bytes.len(), index.len());
    let (_, read) = load(&bytes).unwrap();
    assert_eq!(read.len(), index.len());
    assert!(read.memory_bytes() <= 24 * read.len(), "{} bytes", read.memory_bytes());
}

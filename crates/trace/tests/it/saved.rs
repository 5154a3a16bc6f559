//! The saved form: read back whole or not at all.

#![expect(clippy::unwrap_used, reason = "writing into memory does not fail")]

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{case, minute, period, plain_rules, visit};
use jadegate_domain::{PlaceId, PlaceKind};
use jadegate_trace::{
    CatchUp, Dropped, KnownVisit, SavedDay, SavedError, SavedFrom, VisitIndex, catch_up, trace,
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

    /// A store that changes by its rules between saving and loading: after catching up, each day has
    /// the visits of now and none that were dropped, and a store that was set back is noticed.
    #[test]
    fn catching_up_comes_to_what_the_store_has(
        before in prop::collection::vec(step(), 0..20),
        since in prop::collection::vec(step(), 0..20),
        lost in any::<prop::sample::Index>(),
    ) {
        let mut store = Days::default();
        for s in before {
            store.step(s);
        }
        let saved = store.clone();
        for s in since {
            store.step(s);
        }
        let plan = catch_up(&saved.from(), &store.from(), store.dropped, &store.lost()).unwrap();
        // As the caller does it: days are known by the visits they have.
        let mut loaded = saved.visits.clone();
        loaded.retain(|day, _| plan.remove_before.is_none_or(|b| *day >= b));
        prop_assert!(plan.anew.iter().all(|d| plan.read.contains(d)));
        loaded.retain(|day, _| !plan.anew.contains(day));
        for day in &plan.read {
            // What is there stays there: a loaded index knows no other way to lose a visit.
            loaded.entry(*day).or_default().extend(&store.visits[day]);
        }
        prop_assert_eq!(&loaded, &store.visits);
        let unchanged = |day: &i64| saved.marks.get(day) == store.marks.get(day);
        let anew = |day: &i64| plan.remove_before.is_some_and(|b| *day < b);
        let lost_one = |day: &i64| store.lost.get(day) > saved.marks.get(day);
        prop_assert!(plan.anew.iter().all(lost_one), "more is made anew than lost a visit");
        prop_assert!(plan.read.iter().all(|d| !unchanged(d) || anew(d)), "more is read than changed");

        // Set back to before one of the changes that the file has; what may have been dropped is
        // read again in any case.
        let dropped = |day: &i64| saved.dropped.is_some_and(|d| *day < d.before);
        let days: Vec<_> = saved.marks.keys().copied().filter(|d| !dropped(d)).collect();
        if !days.is_empty() {
            let day = days[lost.index(days.len())];
            let mut back = saved.clone();
            back.marks.insert(day, saved.marks[&day] - 1);
            let found = catch_up(&saved.from(), &back.from(), back.dropped, &back.lost());
            prop_assert!(matches!(found, Err(SavedError::OtherPast)));
            back.marks.remove(&day);
            let found = catch_up(&saved.from(), &back.from(), back.dropped, &back.lost());
            prop_assert!(matches!(found, Err(SavedError::OtherPast)));
        }
    }
}

/// What happens to a store: a visit on a day, one of a day taken back, or all days before one dropped.
#[derive(Clone, Copy, Debug)]
enum Step {
    Visit(i64),
    TakeBack(i64),
    Drop(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..6i64).prop_map(Step::Visit),
        2 => (0..6i64).prop_map(Step::TakeBack),
        1 => (0..7i64).prop_map(Step::Drop),
    ]
}

/// A store by its marks, with a number for each visit.
#[derive(Clone, Debug, Default)]
struct Days {
    last: u64,
    marks: BTreeMap<i64, u64>,
    lost: BTreeMap<i64, u64>,
    visits: BTreeMap<i64, BTreeSet<u64>>,
    dropped: Option<Dropped>,
}

impl Days {
    fn step(&mut self, step: Step) {
        match step {
            Step::Visit(day) => {
                self.last += 1;
                self.marks.insert(day, self.last);
                self.visits.entry(day).or_default().insert(self.last);
            }
            Step::TakeBack(day) => {
                let Some(of_day) = self.visits.get_mut(&day) else { return };
                if of_day.pop_first().is_some() {
                    self.last += 1;
                    self.marks.insert(day, self.last);
                    self.lost.insert(day, self.last);
                }
            }
            Step::Drop(before) => {
                if self.marks.keys().any(|d| *d < before) {
                    let before = self.dropped.map_or(before, |d| d.before.max(before));
                    self.dropped = Some(Dropped { before, mark: self.last });
                }
                self.marks.retain(|d, _| *d >= before);
                self.visits.retain(|d, _| *d >= before);
                self.lost.retain(|d, _| *d >= before);
            }
        }
    }

    fn lost(&self) -> Vec<SavedDay> {
        self.lost.iter().map(|(day, mark)| SavedDay { day: *day, mark: *mark }).collect()
    }

    fn from(&self) -> SavedFrom {
        let days = self.marks.iter().map(|(day, mark)| SavedDay { day: *day, mark: *mark });
        SavedFrom { store: [7; 16], days: days.collect() }
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
fn a_file_of_another_store_or_another_past_is_of_no_use() {
    let of = |days: &[(i64, u64)]| {
        let days = days.iter().map(|(day, mark)| SavedDay { day: *day, mark: *mark }).collect();
        SavedFrom { store: [7; 16], days }
    };
    let nothing = of(&[]);
    assert_eq!(catch_up(&nothing, &nothing, None, &[]).unwrap(), CatchUp::default());
    let other = SavedFrom { store: [8; 16], ..nothing.clone() };
    let found = catch_up(&other, &nothing, None, &[]).unwrap_err();
    assert_eq!(found.code(), "saved_index.other_store");
    // A day that went without having been dropped.
    let days = of(&[(0, 1), (1, 1), (2, 1)]);
    for now in [of(&[]), of(&[(0, 1), (2, 1)]), of(&[(1, 1), (2, 1)])] {
        let found = catch_up(&days, &now, None, &[]).unwrap_err();
        assert_eq!(found.code(), "saved_index.other_past");
    }
    let all = CatchUp { read: vec![0, 1, 2], ..CatchUp::default() };
    assert_eq!(catch_up(&nothing, &days, None, &[]).unwrap(), all);
    // Every day was dropped, and one of them came back.
    let dropped = Some(Dropped { before: 3, mark: 1 });
    let anew = CatchUp { remove_before: Some(3), read: vec![1], ..CatchUp::default() };
    assert_eq!(catch_up(&days, &of(&[(1, 2)]), dropped, &[]).unwrap(), anew);
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

//! Results kept up to date are those of a full run, whatever happened in whatever order.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{case, minute, period, place, plain_rules, visit};
use jadegate_domain::{CaseId, HolderId, PlaceId, PlaceKind, Presence};
use jadegate_trace::{
    Bound, CaseInput, Changes, ContactFound, KindRules, KnownVisit, Rules, Standing, Tracer,
    VisitIndex,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    /// A case is added or corrected (its person or its window).
    Put(CaseInput),
    Withdraw(CaseId),
    /// Visits are uploaded, late or not.
    Arrive(Vec<KnownVisit>),
    /// The exit of the n-th visit is scanned.
    Close(usize, i64),
    /// An unproven presence is confirmed.
    Confirm(usize),
}

fn a_visit() -> impl Strategy<Value = KnownVisit> {
    let length = prop_oneof![2 => Just(None), 5 => (0..15i64).prop_map(Some)];
    let presence = prop_oneof![5 => Just(Presence::Gate), 1 => Just(Presence::Unproven)];
    (0..10u64, 0..4u64, 0..200i64, length, presence).prop_map(|(who, at, from, len, presence)| {
        let visit = visit(who, at, from * 10, len.map(|l| (from + l) * 10));
        KnownVisit { presence, ..visit }
    })
}

fn a_case() -> impl Strategy<Value = CaseInput> {
    let window = (0..200i64, 0..200i64);
    (0..4u64, 0..10u64, window)
        .prop_map(|(n, who, (a, b))| case(n, who, period(a.min(b) * 10, a.max(b) * 10)))
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => a_case().prop_map(Step::Put),
        1 => (0..4u64).prop_map(|n| Step::Withdraw(CaseId::from_random(n + 1))),
        6 => prop::collection::vec(a_visit(), 1..5).prop_map(Step::Arrive),
        2 => (any::<usize>(), 0..20i64).prop_map(|(n, m)| Step::Close(n, m * 10)),
        1 => any::<usize>().prop_map(Step::Confirm),
    ]
}

fn some_rules() -> impl Strategy<Value = Rules> {
    let minutes = || prop::sample::select(vec![0u32, 10, 15, 30, 60]);
    let bound = prop_oneof![3 => Just(Bound::Upper), 1 => Just(Bound::Lower)];
    (minutes(), minutes(), 0..12u32, 0..3u32, bound, 0..8u32, 0..=2u8).prop_map(
        |(contact, secondary, stay, linger, counts, delay, hops)| {
            let mut rules = Rules::new(KindRules {
                contact_minutes: contact,
                secondary_minutes: secondary,
                assumed_stay_minutes: stay * 10,
                lingering_minutes: linger * 10,
            });
            (rules.counts, rules.secondary_delay_hours, rules.max_hops) = (counts, delay, hops);
            rules
        },
    )
}

fn kind_of(_: PlaceId) -> PlaceKind {
    PlaceKind::Shop
}

/// Everything as a full run finds it, by case and holder.
type Results = BTreeMap<(CaseId, HolderId), ContactFound>;

fn full_run(cases: &BTreeMap<CaseId, CaseInput>, tracer: &mut Tracer<'_, Kind>) -> Results {
    let found = cases.values().flat_map(|c| tracer.case(c));
    found.map(|c| ((c.case, c.holder), c)).collect()
}

type Kind = fn(PlaceId) -> PlaceKind;

/// What the changes say must be what became of the results.
fn check(before: &Results, after: &Results, changes: &Changes) -> Result<(), TestCaseError> {
    let changed = |c: &&ContactFound| before.get(&(c.case, c.holder)) != Some(*c);
    let found: Vec<_> = after.values().filter(changed).collect();
    let mut told: Vec<_> = changes.found.iter().collect();
    told.sort_by_key(|c| (c.case, c.holder));
    prop_assert_eq!(told, found);
    let gone: Vec<_> = before.keys().filter(|k| !after.contains_key(k)).copied().collect();
    let mut told = changes.withdrawn.clone();
    told.sort_unstable();
    prop_assert_eq!(told, gone.clone());
    let held: BTreeSet<_> = after.keys().map(|(_, h)| *h).collect();
    let free: BTreeSet<_> = gone.iter().map(|(_, h)| *h).filter(|h| !held.contains(h)).collect();
    prop_assert_eq!(changes.released.iter().copied().collect::<BTreeSet<_>>(), free);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_change_leaves_what_a_full_run_finds(
        steps in prop::collection::vec(a_step(), 1..25),
        rules in some_rules(),
    ) {
        let now = minute(2_300);
        let mut index = VisitIndex::new();
        let mut visits: Vec<KnownVisit> = Vec::new();
        let mut cases = BTreeMap::new();
        let mut standing = Standing::new();
        let mut before = Results::new();
        for step in steps {
            let nth = |n: usize| visits.get(n % visits.len().max(1)).copied();
            let arrived = match &step {
                Step::Arrive(visits) => visits.clone(),
                Step::Close(n, after) => nth(*n)
                    .filter(|v| v.left.is_none())
                    .map(|v| KnownVisit { left: Some(v.entered.plus_secs(after * 60)), ..v })
                    .into_iter()
                    .collect(),
                Step::Confirm(n) => {
                    nth(*n).map(|v| KnownVisit { presence: Presence::Gate, ..v }).into_iter().collect()
                }
                Step::Put(_) | Step::Withdraw(_) => Vec::new(),
            };
            for v in &arrived {
                index.insert(*v);
                visits.push(*v);
            }
            let mut tracer = Tracer::new(&index, &rules, kind_of as Kind, now);
            let changes = match step {
                Step::Put(case) => {
                    cases.insert(case.case, case);
                    standing.put(&mut tracer, &case)
                }
                Step::Withdraw(case) => {
                    cases.remove(&case);
                    standing.withdraw(case)
                }
                _ => standing.visits_arrived(&mut tracer, &arrived),
            };
            let after = full_run(&cases, &mut tracer);
            let kept: Results = standing.all().map(|c| ((c.case, c.holder), c.clone())).collect();
            prop_assert_eq!(&kept, &after);
            check(&before, &after, &changes)?;
            before = after;
        }
    }
}

#[test]
fn whoever_no_case_holds_is_released() {
    let index = VisitIndex::build([visit(0, 0, 0, 60), visit(1, 0, 0, 60), visit(2, 0, 0, 60)]);
    let rules = plain_rules();
    let mut tracer = Tracer::new(&index, &rules, kind_of as Kind, minute(100));
    let mut standing = Standing::new();
    let (first, second) = (case(0, 0, period(0, 60)), case(1, 1, period(0, 60)));
    assert_eq!(standing.put(&mut tracer, &first).found.len(), 2);
    assert_eq!(standing.put(&mut tracer, &first), Changes::default(), "the same again");
    assert_eq!(standing.put(&mut tracer, &second).found.len(), 2);
    let changes = standing.withdraw(first.case);
    assert_eq!(changes.withdrawn.len(), 2);
    assert_eq!(changes.released, [common::holder(1)], "holder 2 is the second case's contact");
    assert_eq!(standing.contacts(first.case), []);
    assert_eq!(standing.contacts(second.case).len(), 2);
}

/// An upload that concerns nobody runs no trace.
#[test]
fn visits_elsewhere_touch_no_case() {
    let mut index = VisitIndex::build([visit(0, 0, 0, 60), visit(1, 0, 0, 60)]);
    let late = [visit(5, 1, 0, 60), visit(6, 0, 60, 90), visit(7, 0, -30, 0)];
    for v in &late {
        index.insert(*v);
    }
    let rules = plain_rules();
    let mut tracer = Tracer::new(&index, &rules, kind_of as Kind, minute(100));
    let mut watch = jadegate_trace::Watch::new();
    tracer.watch(&case(0, 0, period(0, 60)), &mut watch);
    assert_eq!(tracer.touched(&watch, &late).len(), 1, "holder 7 may have stayed: nothing lost");
    assert_eq!(tracer.touched(&watch, &late[..2]).len(), 0);
    let there = visit(8, 0, 30, 40);
    assert_eq!(tracer.touched(&watch, &[there]).len(), 1);
    assert_eq!(tracer.touched(&watch, &[KnownVisit { place: place(3), ..there }]).len(), 0);
    watch.remove(CaseId::from_random(1));
    assert_eq!(tracer.touched(&watch, &[there]).len(), 0);
}

//! Tracing again what a watch names leaves what a full run finds, whatever happened in whatever order.

use std::collections::BTreeMap;

use crate::common::{case, holder, minute, period, place, plain_rules, visit};
use jadegate_domain::evidence::ContactDegree;
use jadegate_domain::{CaseId, PlaceId, PlaceKind, Presence};
use jadegate_trace::{
    Bound, CaseInput, ContactFound, KindRules, KnownVisit, Rules, Tracer, VisitIndex, Watch,
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
    (0..8u64, 0..3u64, 0..80i64, length, presence).prop_map(|(who, at, from, len, presence)| {
        let visit = visit(who, at, from * 10, len.map(|l| (from + l) * 10));
        KnownVisit { presence, ..visit }
    })
}

fn a_case() -> impl Strategy<Value = CaseInput> {
    let window = (0..80i64, 0..80i64);
    (0..4u64, 0..8u64, window)
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

/// A case as it stands, and what was last found of it.
type Standing = BTreeMap<CaseId, (CaseInput, Vec<ContactFound>)>;

type Kind = fn(PlaceId) -> PlaceKind;

fn trace(
    case: &CaseInput,
    tracer: &mut Tracer<'_, Kind>,
    standing: &mut Standing,
    watch: &mut Watch,
) {
    let found = tracer.case(case);
    let close = found.iter().filter(|c| c.degree == ContactDegree::Close).map(|c| c.holder);
    watch.put(case.case, std::iter::once(case.holder).chain(close));
    standing.insert(case.case, (*case, found));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn what_a_watch_does_not_name_has_not_changed(
        steps in prop::collection::vec(a_step(), 1..25),
        rules in some_rules(),
    ) {
        let now = minute(1_100);
        let mut index = VisitIndex::new();
        let mut visits: Vec<KnownVisit> = Vec::new();
        let (mut standing, mut watch) = (Standing::new(), Watch::new());
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
            match step {
                Step::Put(case) => trace(&case, &mut tracer, &mut standing, &mut watch),
                Step::Withdraw(case) => {
                    standing.remove(&case);
                    watch.remove(case);
                }
                _ => for id in watch.touched(&index, &rules, kind_of, &arrived) {
                    let case = standing[&id].0;
                    trace(&case, &mut tracer, &mut standing, &mut watch);
                },
            }
            prop_assert!(watch.cases().count() == standing.len());
            for (case, found) in standing.values() {
                prop_assert_eq!(found, &tracer.case(case));
            }
        }
    }
}

/// An upload that concerns nobody runs no trace.
#[test]
fn visits_elsewhere_touch_no_case() {
    let mut index = VisitIndex::build([visit(0, 0, 0, 60), visit(1, 0, 0, 60)]);
    let late = [visit(5, 1, 0, 60), visit(6, 0, 130, 140), visit(7, 0, -30, 0)];
    for v in &late {
        index.insert(*v);
    }
    let rules = plain_rules();
    let mut watch = Watch::new();
    watch.put(CaseId::from_random(1), [holder(0)]);
    let touched = |watch: &Watch, v: &[KnownVisit]| watch.touched(&index, &rules, kind_of, v).len();
    assert_eq!(touched(&watch, &late[..2]), 0);
    assert_eq!(touched(&watch, &late), 1, "holder 7 may have stayed: nothing lost");
    let there = visit(8, 0, 30, 40);
    assert_eq!(touched(&watch, &[there]), 1);
    assert_eq!(touched(&watch, &[KnownVisit { place: place(3), ..there }]), 0);
    assert_eq!(touched(&watch, &[KnownVisit { place: place(1), ..visit(0, 0, 30, 40) }]), 1);
    watch.remove(CaseId::from_random(1));
    assert_eq!(touched(&watch, &[there]), 0);
    assert_eq!(watch.cases().count(), 0);
}

/// Somebody went in, nobody saw them come out; who came in while they may have been there counts.
#[test]
fn a_stay_without_an_end_is_near_as_long_as_it_may_last() {
    let open = KnownVisit { left: None, ..visit(0, 0, 0, 0) };
    let rules = plain_rules();
    let index = VisitIndex::build([open, visit(1, 0, 40, 50), visit(2, 0, 400, 450)]);
    let mut watch = Watch::new();
    watch.put(CaseId::from_random(1), [holder(0)]);
    let touched = |v| watch.touched(&index, &rules, kind_of, &[v]).len();
    assert_eq!(touched(visit(1, 0, 40, 50)), 1);
    assert_eq!(touched(visit(2, 0, 400, 450)), 0);
}

/// A contact of a contact is not watched over; being seen elsewhere takes their assumed stay back.
#[test]
fn entering_elsewhere_may_end_a_stay_near_somebody_watched() {
    let open = KnownVisit { left: None, ..visit(2, 1, 70, 70) };
    let mut index =
        VisitIndex::build([visit(0, 0, 0, 60), visit(1, 0, 0, 60), visit(1, 1, 60, 120), open]);
    let mut rules = plain_rules();
    rules.secondary_delay_hours = 0;
    let (mut standing, mut watch) = (Standing::new(), Watch::new());
    let case = case(0, 0, period(0, 60));
    let mut tracer = Tracer::new(&index, &rules, kind_of as Kind, minute(500));
    trace(&case, &mut tracer, &mut standing, &mut watch);
    assert_eq!(standing[&case.case].1.len(), 2, "one close, one secondary");
    let elsewhere = visit(2, 2, 72, 80);
    index.insert(elsewhere);
    assert_eq!(watch.touched(&index, &rules, kind_of, &[elsewhere]).len(), 1);
    let mut tracer = Tracer::new(&index, &rules, kind_of as Kind, minute(500));
    assert_eq!(tracer.case(&case).len(), 1);
}

//! The index and the trace against the naive oracle, over random towns and random histories.

use crate::common::oracle::{Contact, NO_RIDES, Rides, Town};
use crate::common::{case, minute, period, place};
use std::collections::HashMap;
use std::ops::ControlFlow;

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{HolderId, Leg, PlaceId, PlaceKind, Presence, Ride, Seat};
use jadegate_trace::{
    Aboard, Bound, Bulk, BulkContact, CaseInput, ContactFound, KindRules, KnownVisit, Near, Rules,
    SavedFrom, TraceResult, Tracer, VisitIndex, exposures_to_event, trace,
};
use proptest::prelude::*;

/// One thing that happens to the index.
#[derive(Clone, Debug)]
enum Step {
    Insert(KnownVisit),
    /// An exit of the n-th visit is scanned after so many minutes.
    Close(usize, i64),
    /// An unproven presence is confirmed.
    Confirm(usize),
    /// A visit is fed a second time.
    Again(usize),
    RemoveBefore(i64),
    /// The index is built anew from all visits.
    Rebuild,
}

/// Two days are the span of a town; times are coarse so that equal ones are common.
const SPAN: i64 = 2 * 24 * 60;

fn a_visit(holders: u64, places: u64) -> impl Strategy<Value = KnownVisit> {
    let entered = prop_oneof![0..SPAN / 10, (0..6i64).prop_map(|h| h * 12)];
    let length = prop_oneof![
        3 => Just(None),
        6 => (0..12i64).prop_map(Some),
        1 => Just(Some(0)),
        // Longer than a day.
        1 => (150..280i64).prop_map(Some),
    ];
    let presence = prop_oneof![
        5 => Just(Presence::Gate),
        1 => Just(Presence::Imported),
        1 => Just(Presence::VenueScreen),
        3 => Just(Presence::Unproven),
    ];
    (0..holders, 0..places, entered, length, presence).prop_map(|(who, at, from, len, presence)| {
        let from = from * 10;
        KnownVisit { presence, ..crate::common::visit(who, at, from, len.map(|l| from + l * 10)) }
    })
}

fn a_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => a_visit(6, 4).prop_map(Step::Insert),
        6 => (any::<usize>(), 0..15i64).prop_map(|(n, m)| Step::Close(n, m * 10)),
        2 => any::<usize>().prop_map(Step::Confirm),
        2 => any::<usize>().prop_map(Step::Again),
        1 => (0..SPAN / 10).prop_map(|m| Step::RemoveBefore(m * 10)),
        1 => Just(Step::Rebuild),
    ]
}

fn some_rules() -> impl Strategy<Value = Rules> {
    let divisors = || prop::sample::select(vec![0u32, 1, 2, 5, 10, 15, 20, 30, 40, 60, 90, 120]);
    let kind = move || {
        (divisors(), divisors(), 0..12u32, 0..4u32).prop_map(
            |(contact, secondary, stay, linger)| KindRules {
                contact_minutes: contact,
                secondary_minutes: secondary,
                assumed_stay_minutes: stay * 10,
                lingering_minutes: linger * 10,
            },
        )
    };
    let bound = prop_oneof![3 => Just(Bound::Upper), 1 => Just(Bound::Lower)];
    (kind(), kind(), bound, 0..30u32, 0..=2u8).prop_map(|(shop, other, counts, delay, hops)| {
        let mut rules = Rules::new(shop);
        rules.set(PlaceKind::Outdoor, other);
        (rules.counts, rules.secondary_delay_hours, rules.max_hops) = (counts, delay, hops);
        rules
    })
}

fn kind_of(p: PlaceId) -> PlaceKind {
    if p.as_u64().is_multiple_of(2) { PlaceKind::Outdoor } else { PlaceKind::Shop }
}

fn some_cases() -> impl Strategy<Value = Vec<CaseInput>> {
    let one = (0..7u64, 0..SPAN / 10, 0..SPAN / 10);
    prop::collection::vec(one, 1..4).prop_map(|cases| {
        let input = |(n, (who, a, b)): (u64, (u64, i64, i64))| {
            case(n, who, period(a.min(b) * 10, a.max(b) * 10))
        };
        (0u64..).zip(cases).map(input).collect()
    })
}

/// Applies a history to an index and, in the plainest way, to a list.
fn apply(steps: &[Step]) -> (VisitIndex, Vec<KnownVisit>) {
    let mut index = VisitIndex::new();
    let mut list: Vec<KnownVisit> = Vec::new();
    let nth = |list: &[KnownVisit], n: usize| list.get(n % list.len().max(1)).copied();
    for step in steps {
        match step {
            Step::Insert(v) => {
                index.insert(*v);
                list.push(*v);
            }
            Step::Close(n, after) => {
                if let Some(v) = nth(&list, *n).filter(|v| v.left.is_none()) {
                    let closed = KnownVisit { left: Some(v.entered.plus_secs(after * 60)), ..v };
                    index.insert(closed);
                    let place = n % list.len();
                    list[place] = closed;
                }
            }
            Step::Confirm(n) => {
                if let Some(v) = nth(&list, *n) {
                    let confirmed = KnownVisit { presence: Presence::Gate, ..v };
                    index.insert(confirmed);
                    list.push(confirmed);
                }
            }
            Step::Again(n) => {
                if let Some(v) = nth(&list, *n) {
                    index.insert(v);
                }
            }
            Step::RemoveBefore(m) => {
                index.remove_before(minute(*m));
                list.retain(|v| v.entered >= minute(*m));
            }
            Step::Rebuild => index = VisitIndex::build(list.iter().copied()),
        }
    }
    (index, list)
}

fn plain(c: &ContactFound, kind_of: impl Fn(PlaceId) -> PlaceKind) -> Contact {
    Contact {
        degree: c.degree,
        minutes: c.minutes as usize,
        holder: c.holder,
        case: c.case,
        via: c.via,
        certainty: c.certainty,
        first: c.first_contact,
        last: c.last_contact,
        exposures: c
            .exposures
            .iter()
            .map(|e| {
                assert_eq!(e.place_kind, kind_of(e.place));
                let (lower, upper) = (e.minutes_lower as usize, e.minutes_upper as usize);
                (e.from, e.to, e.place, lower, upper, e.certainty)
            })
            .collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_trace_finds_what_nested_loops_find(
        steps in prop::collection::vec(a_step(), 0..40),
        rules in some_rules(),
        cases in some_cases(),
        now in 0..SPAN / 10 + 20,
    ) {
        let now = minute(now * 10);
        let (index, list) = apply(&steps);
        let town = Town { visits: &list, rides: &NO_RIDES, rules: &rules, kind_of: &kind_of, now };
        let got = trace(&index, &cases, &rules, kind_of, now);
        prop_assert_eq!(got.contacts.iter().map(|c| plain(c, kind_of)).collect::<Vec<_>>(), town.trace(&cases));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    /// Rules and towns in which second hops are the rule.
    #[test]
    fn second_hops_agree_too(
        visits in prop::collection::vec(a_visit(12, 3), 20..60),
        secondary in prop::sample::select(vec![0u32, 10, 20]),
        delay in 0..8u32,
    ) {
        let mut rules = crate::common::plain_rules();
        let shop = *rules.at(PlaceKind::Shop);
        for kind in [PlaceKind::Shop, PlaceKind::Outdoor] {
            let contact = if kind == PlaceKind::Shop { 60 } else { 40 };
            let here = KindRules { contact_minutes: contact, secondary_minutes: secondary, ..shop };
            rules.set(kind, here);
        }
        rules.secondary_delay_hours = delay;
        let (index, now) = (VisitIndex::build(visits.iter().copied()), minute(SPAN));
        let cases = [case(0, 0, period(0, SPAN / 2))];
        let town = Town { visits: &visits, rides: &NO_RIDES, rules: &rules, kind_of: &kind_of, now };
        let got = trace(&index, &cases, &rules, kind_of, now);
        prop_assert_eq!(got.contacts.iter().map(|c| plain(c, kind_of)).collect::<Vec<_>>(), town.trace(&cases));
    }

    #[test]
    fn cases_together_are_the_cases_one_by_one(
        visits in prop::collection::vec(a_visit(6, 3), 0..40),
        rules in some_rules(),
        cases in some_cases(),
    ) {
        let index = VisitIndex::build(visits);
        let together = trace(&index, &cases, &rules, kind_of, minute(SPAN));
        let mut tracer = Tracer::new(&index, &rules, kind_of, minute(SPAN));
        // Another order, with the working memory of the cases before.
        let mut contacts: Vec<_> = cases.iter().rev().flat_map(|c| tracer.case(c)).collect();
        contacts.sort_by_key(|c| (c.degree, std::cmp::Reverse(c.minutes), c.holder, c.case));
        prop_assert_eq!(together, TraceResult { contacts });
    }

    #[test]
    fn an_event_finds_who_a_case_with_that_one_stay_would(
        visits in prop::collection::vec(a_visit(6, 3), 0..40),
        rules in some_rules(),
        (a, b) in (0..SPAN / 10, 0..SPAN / 10),
    ) {
        let during = period(a.min(b) * 10, a.max(b) * 10);
        let mut rules = rules;
        rules.max_hops = 1;
        for kind in [PlaceKind::Shop, PlaceKind::Outdoor] {
            rules.set(kind, KindRules { lingering_minutes: 0, ..*rules.at(kind) });
        }
        let index = VisitIndex::build(visits.iter().copied());
        let got = exposures_to_event(&index, place(0), during, &rules, kind_of, minute(SPAN));
        let nobody = case(0, 99, during);
        let stay = KnownVisit {
            holder: nobody.holder,
            place: place(0),
            entered: during.from,
            left: Some(during.to),
            presence: Presence::Gate,
        };
        let with_case: Vec<_> = visits.into_iter().chain([stay]).collect();
        let town = Town { visits: &with_case, rides: &NO_RIDES, rules: &rules, kind_of: &kind_of, now: minute(SPAN) };
        let want: Vec<_> = town.trace(&[nobody]).into_iter().map(|c| (c.holder, c.minutes)).collect();
        let contacts = got.iter().filter(|e| e.contact.is_some());
        let found: Vec<_> = contacts.map(|e| (e.holder, e.minutes as usize)).collect();
        prop_assert_eq!(found, want);
        prop_assert!(got.iter().all(|e| !e.exposures.is_empty()));
    }

    #[test]
    fn lookups_give_the_visits_that_touch_a_period(
        visits in prop::collection::vec(a_visit(6, 3), 0..60),
        bulk in 0..60usize,
        (a, b) in (0..SPAN / 10, 0..SPAN / 10),
        n in 0..7u64,
    ) {
        let bulk = bulk.min(visits.len());
        let mut index = VisitIndex::build(visits[..bulk].iter().copied());
        visits[bulk..].iter().for_each(|v| index.insert(*v));
        let p = period(a.min(b) * 10, a.max(b) * 10);
        let touches = |v: &&KnownVisit| match v.left {
            _ if v.entered >= p.to => false,
            _ if v.entered >= p.from => true,
            left => left.is_some_and(|l| l > p.from),
        };
        // A closed report of the same visit, no less proven, stands for an open one.
        let known_better = |v: &&KnownVisit| visits.iter().any(|o| {
            v.left.is_none() && o.left.is_some()
                && (o.holder, o.place, o.entered) == (v.holder, v.place, v.entered)
                && (o.presence.is_proven() || !v.presence.is_proven())
        });
        let all = |key: &dyn Fn(&KnownVisit) -> bool| {
            let all = visits.iter().filter(|v| key(v)).filter(touches);
            sorted(all.filter(|v| !known_better(v)).copied())
        };
        let holder = HolderId::from_random(n + 1);
        prop_assert_eq!(sorted(index.visits_of(holder, p)), all(&|v| v.holder == holder));
        prop_assert_eq!(sorted(index.visits_at(place(n), p)), all(&|v| v.place == place(n)));
        let times: Vec<_> = index.visits_at(place(n), p).map(|v| v.entered).collect();
        prop_assert!(times.is_sorted());
    }
}

fn sorted(visits: impl Iterator<Item = KnownVisit>) -> Vec<KnownVisit> {
    let key = |v: &KnownVisit| (v.entered, v.place, v.holder, v.left, v.presence);
    let mut all: Vec<_> = visits.collect();
    all.sort_by_key(key);
    all.dedup();
    all
}

/// Large enough that visits pass through the buffer, through runs of several sizes and merges, and
/// that the trace drops most people early.
#[test]
fn a_crowded_town_agrees_too() {
    let mut seed = 7u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut index = VisitIndex::new();
    let mut list = Vec::new();
    for n in 0..9_000u64 {
        let from = i64::try_from(random(SPAN as u64 / 10)).unwrap() * 10;
        let len = i64::try_from(random(12)).unwrap() * 10;
        let left = (random(4) > 0).then_some(from + len);
        let mut v = crate::common::visit(random(400), random(20), from, left);
        if random(10) == 0 {
            v = crate::common::unproven(v);
        }
        index.insert(v);
        list.push(v);
        if n % 7 == 0 && v.left.is_none() {
            let left = Some(v.entered.plus_secs(len * 60));
            index.insert(KnownVisit { left, ..v });
            list.push(KnownVisit { left, ..v });
        }
    }
    let mut rules = crate::common::plain_rules();
    let outdoor = KindRules { contact_minutes: 60, ..*rules.at(PlaceKind::Shop) };
    rules.set(PlaceKind::Outdoor, outdoor);
    rules.max_hops = 1;
    let built = VisitIndex::build(list.iter().copied());
    let mut contacts = 0;
    for who in 0..12 {
        let cases = [case(who, who, period(600, 2000))];
        let now = minute(SPAN);
        let town = Town { visits: &list, rides: &NO_RIDES, rules: &rules, kind_of: &kind_of, now };
        let got = trace(&index, &cases, &rules, kind_of, now);
        assert_eq!(
            got.contacts.iter().map(|c| plain(c, kind_of)).collect::<Vec<_>>(),
            town.trace(&cases)
        );
        assert_eq!(trace(&built, &cases, &rules, kind_of, now), got);
        contacts += got.contacts.len();
    }
    assert!(contacts > 100, "a town with only {contacts} contacts tests little");
}

/// Trips and a shop.
fn aboard_or_not(p: PlaceId) -> PlaceKind {
    [PlaceKind::Flight, PlaceKind::Train, PlaceKind::Bus, PlaceKind::Shop]
        [usize::try_from(p.as_u64() % 4).unwrap_or(0)]
}

fn a_ride() -> impl Strategy<Value = Ride> {
    let leg = prop::option::weighted(0.6, (0..4u16, 1..4u16));
    let seat = (prop::option::weighted(0.7, 1..3u16), 1..9u16, prop::option::of(Just('A')));
    (leg, prop::option::weighted(0.8, seat)).prop_map(|(leg, seat)| Ride {
        leg: leg.and_then(|(from, stops)| Leg::new(from, from + stops).ok()),
        seat: seat.map(|(coach, row, column)| Seat { coach, row, column }),
    })
}

fn some_aboard() -> impl Strategy<Value = Aboard> {
    let near = prop_oneof![Just(Near::Vehicle), Just(Near::Coach), (0..4u16).prop_map(Near::Rows),];
    (near, any::<bool>()).prop_map(|(near, unknown_is_near)| Aboard { near, unknown_is_near })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Seats and stops: set before or after the visit, and again; kept over merges, days dropped
    /// and saving. One by one, in bulk, and both hops.
    #[test]
    fn aboard_vehicles_it_agrees_too(
        passengers in prop::collection::vec((a_visit(8, 4), prop::option::weighted(0.8, a_ride())), 5..50),
        changed in prop::collection::vec((any::<prop::sample::Index>(), a_ride()), 0..6),
        aboard in prop::collection::vec(some_aboard(), 3),
        rules in some_rules(),
        cases in some_cases(),
        early in any::<bool>(),
        kept_from in prop_oneof![3 => Just(0), 1 => 0..SPAN],
    ) {
        let (mut rules, now) = (rules, minute(SPAN));
        for (kind, aboard) in [PlaceKind::Flight, PlaceKind::Train, PlaceKind::Bus].into_iter().zip(aboard) {
            rules.set_aboard(kind, aboard);
        }
        let mut index = VisitIndex::new();
        let mut rides = Rides::new();
        let mut set = |index: &mut VisitIndex, v: &KnownVisit, ride: Ride| {
            index.set_ride(v.holder, v.place, v.entered, ride);
            rides.insert((v.holder, v.place, v.entered), ride);
        };
        for (v, ride) in &passengers {
            if !early {
                index.insert(*v);
            }
            if let Some(r) = ride {
                set(&mut index, v, *r);
            }
            if early {
                index.insert(*v);
            }
        }
        for (n, ride) in changed {
            set(&mut index, &passengers[n.index(passengers.len())].0, ride);
        }
        index.remove_before(minute(kept_from));
        let list: Vec<_> = passengers.iter().map(|p| p.0).filter(|v| v.entered >= minute(kept_from)).collect();
        let mut bytes = Vec::new();
        index.save(&SavedFrom::default(), &mut bytes).unwrap();
        let (_, read) = VisitIndex::load(&mut bytes.as_slice()).unwrap();
        let town = Town { visits: &list, rides: &rides, rules: &rules, kind_of: &aboard_or_not, now };
        let want = town.trace(&cases);
        for index in [index, read] {
            let got = trace(&index, &cases, &rules, aboard_or_not, now);
            prop_assert_eq!(got.contacts.iter().map(|c| plain(c, aboard_or_not)).collect::<Vec<_>>(), want.clone());
        }
    }

    /// A bulk run finds who a trace of each case alone finds, in one hop and in two, with its minutes.
    #[test]
    fn in_bulk_it_agrees_too(
        visits in prop::collection::vec(a_visit(8, 3), 0..50),
        more in prop::collection::vec(a_visit(8, 3), 0..10),
        rules in some_rules(),
        cases in some_cases(),
    ) {
        let mut index = VisitIndex::build(visits.iter().copied());
        for v in &more {
            index.insert(*v);
        }
        let list: Vec<_> = visits.into_iter().chain(more).collect();
        let now = minute(SPAN);
        let town = Town { visits: &list, rides: &NO_RIDES, rules: &rules, kind_of: &kind_of, now };
        let mut bulk = Bulk::new(&index, &rules, kind_of, now);
        let mut seen = 0;
        let done: ControlFlow<()> = bulk.run(&cases, |found| {
            assert_eq!(found.nth, seen);
            seen += 1;
            let sums = |via, c: &BulkContact| {
                let times = (c.first_contact(), c.last_contact());
                let secs = (c.lower_secs() as usize, c.upper_secs() as usize);
                (found.holder(c), via, c.minutes() as usize, c.certainty(), times, secs)
            };
            let secondary = found.secondary().map(|s| sums(Some(found.via(&s)), &s.contact));
            let mut got: Vec<_> = found.contacts().map(|c| sums(None, &c)).chain(secondary).collect();
            got.sort_unstable_by_key(|c| c.0);
            let kinds: HashMap<_, _> = Tracer::new(&index, &rules, kind_of, now)
                .case(&cases[found.nth]).iter().map(|c| (c.holder, c.main_kind())).collect();
            let secondary = found.secondary().map(|s| s.contact);
            for c in found.contacts().chain(secondary) {
                assert_eq!(Some(&c.main_kind()), kinds.get(&found.holder(&c)));
            }
            let mut want: Vec<_> = town.trace(&cases[found.nth..=found.nth]).into_iter().map(|c| {
                let proven = c.exposures.iter().any(|e| e.5 < Certainty::Unproven);
                let counts = |e: &&(_, _, _, usize, usize, Certainty)| e.5 < Certainty::Unproven || proven;
                let lower: usize = c.exposures.iter().map(|e| e.3).sum();
                let upper: usize = c.exposures.iter().filter(counts).map(|e| e.4).sum();
                (c.holder, c.via, c.minutes, c.certainty, (c.first, c.last), (lower * 60, upper * 60))
            }).collect();
            want.sort_unstable_by_key(|c| c.0);
            assert_eq!(got, want);
            ControlFlow::Continue(())
        });
        prop_assert_eq!((done, seen), (ControlFlow::Continue(()), cases.len()));
        // It stops when told.
        let mut calls = 0;
        let stopped = bulk.run(&cases, |_| { calls += 1; ControlFlow::Break(7) });
        prop_assert_eq!((stopped, calls), (ControlFlow::Break(7), 1));
    }
}

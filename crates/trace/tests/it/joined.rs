//! Records that belong to one person: a trace is that of all their visits under one id, and once they
//! are told apart again it is what it was before.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::common::{case, holder, minute, period, plain_rules, unproven, visit};
use jadegate_domain::{HolderId, Leg, Period, PlaceId, PlaceKind, Ride, Timestamp};
use jadegate_trace::{
    Bulk, CaseInput, Cumulative, CumulativeExposure, KnownVisit, Rules, SavedFrom, VisitIndex,
    Watch, exposures_to_event, trace,
};
use proptest::prelude::*;

const SPAN: i64 = 24 * 60;

fn kind_of(p: PlaceId) -> PlaceKind {
    if p.as_u64().is_multiple_of(2) { PlaceKind::Outdoor } else { PlaceKind::Shop }
}

fn a_visit() -> impl Strategy<Value = KnownVisit> {
    let length = prop_oneof![1 => Just(None), 4 => (0..14i64).prop_map(Some)];
    (0..8u64, 0..3u64, 0..SPAN / 10, length, prop::bool::weighted(0.85)).prop_map(
        |(who, at, from, len, proven)| {
            let v = visit(who, at, from * 10, len.map(|l| (from + l) * 10));
            if proven { v } else { unproven(v) }
        },
    )
}

/// Each record with the main one: 0 and 1 are main ones.
fn some_links() -> impl Strategy<Value = Vec<(HolderId, HolderId)>> {
    prop::collection::vec((2..6u64, 0..2u64), 0..4).prop_map(|links| {
        let links: BTreeMap<_, _> = links.into_iter().collect();
        links.into_iter().map(|(record, main)| (holder(record), holder(main))).collect()
    })
}

fn some_rules() -> impl Strategy<Value = Rules> {
    (0..30u32, 0..=2u8, prop::sample::select(vec![0, 10, 30])).prop_map(|(delay, hops, linger)| {
        let mut rules = plain_rules();
        let mut shop = *rules.at(PlaceKind::Shop);
        shop.lingering_minutes = linger;
        rules.set(PlaceKind::Shop, shop);
        (rules.secondary_delay_hours, rules.max_hops) = (delay, hops);
        rules
    })
}

fn in_bulk(index: &VisitIndex, rules: &Rules, cases: &[CaseInput]) -> Vec<String> {
    let mut all = Vec::new();
    let _: ControlFlow<()> = Bulk::new(index, rules, kind_of, minute(SPAN)).run(cases, |found| {
        let close =
            found.contacts().map(|c| (found.holder(&c), None, c.lower_secs(), c.upper_secs()));
        let second = found.secondary().map(|s| {
            let c = s.contact;
            (found.holder(&c), Some(found.via(&s)), c.lower_secs(), c.upper_secs())
        });
        let mut of_case: Vec<_> = close.chain(second).collect();
        of_case.sort_unstable();
        all.push(format!("{of_case:?}"));
        ControlFlow::Continue(())
    });
    all
}

fn in_sums(index: &VisitIndex, rules: &Rules, cases: &[CaseInput]) -> Vec<CumulativeExposure> {
    let mut all = Vec::new();
    let mut search = Cumulative::new(index, rules, kind_of, minute(SPAN));
    let _: ControlFlow<()> = search.run(cases, 1, |e| {
        all.push(e);
        ControlFlow::Continue(())
    });
    all.sort_unstable_by_key(|e| e.holder);
    all
}

/// All that is asked of an index.
fn answers(
    index: &VisitIndex,
    rules: &Rules,
    cases: &[CaseInput],
) -> impl PartialEq + std::fmt::Debug + use<> {
    let now = minute(SPAN);
    (
        trace(index, cases, rules, kind_of, now),
        in_bulk(index, rules, cases),
        in_sums(index, rules, cases),
        exposures_to_event(index, crate::common::place(1), period(100, 900), rules, kind_of, now),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn records_of_one_person_are_traced_as_one(
        visits in prop::collection::vec(a_visit(), 0..60),
        bulk in 0..60usize,
        links in some_links(),
        rules in some_rules(),
        cases in prop::collection::vec((0..8u64, 0..SPAN), 1..4),
    ) {
        let bulk = bulk.min(visits.len());
        let cases: Vec<_> = (0u64..).zip(cases)
            .map(|(n, (who, from))| case(n, who, period(from, from + 600))).collect();
        let main = |h: HolderId| links.iter().find(|l| l.0 == h).map_or(h, |l| l.1);
        let feed = |name: &dyn Fn(HolderId) -> HolderId| {
            let named = |v: &KnownVisit| KnownVisit { holder: name(v.holder), ..*v };
            let mut index = VisitIndex::build(visits[..bulk].iter().map(named));
            visits[bulk..].iter().for_each(|v| index.insert(named(v)));
            index
        };
        let mut index = feed(&|h| h);
        let before = answers(&index, &rules, &cases);
        index.join(links.clone());
        // The oracle: everything was recorded under one id from the first.
        let one = feed(&main);
        let named: Vec<_> = cases.iter().map(|c| CaseInput { holder: main(c.holder), ..*c }).collect();
        let want = answers(&one, &rules, &named);
        prop_assert_eq!(&answers(&index, &rules, &cases), &want);
        // Kept over the dropping of days and over saving.
        let mut kept = index.clone();
        kept.remove_before(minute(0));
        prop_assert_eq!(&answers(&kept, &rules, &cases), &want);
        let mut bytes = Vec::new();
        kept.save(&SavedFrom::default(), &mut bytes).unwrap();
        let (_, mut read) = VisitIndex::load(&mut bytes.as_slice()).unwrap();
        read.join(links.clone());
        prop_assert_eq!(&answers(&read, &rules, &cases), &want);
        // Told apart again.
        index.join(Vec::new());
        prop_assert_eq!(&answers(&index, &rules, &cases), &before);
    }

    /// Each visit stays under the id it was fed with, so that its end is found.
    #[test]
    fn a_list_of_visits_is_of_all_records(
        visits in prop::collection::vec(a_visit(), 0..40), links in some_links(),
    ) {
        let mut index = VisitIndex::build(visits);
        let ever = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
        let keys = |index: &VisitIndex, n| index.visits_of(holder(n), ever).map(|v| v.key()).collect::<Vec<_>>();
        let apart: Vec<_> = (0..8).map(|n| keys(&index, n)).collect();
        index.join(links);
        for n in 0..8 {
            let records = index.records(holder(n));
            prop_assert!(records.iter().all(|r| index.person(*r) == index.person(holder(n))));
            let mut want: Vec<_> =
                (0..8).filter(|m| records.contains(&holder(*m))).flat_map(|m| apart[usize::try_from(m).unwrap()].clone()).collect();
            let mut got = keys(&index, n);
            want.sort_unstable();
            got.sort_unstable();
            prop_assert_eq!(got, want);
        }
    }
}

/// What a ticket says is found under the record that travelled, and a late visit of one record touches
/// the trace of a case that is known by the other.
#[test]
fn seats_and_late_visits_of_another_record() {
    let rules = plain_rules();
    let mut index = VisitIndex::new();
    index.insert(visit(1, 4, 0, 60));
    let ride = Ride { leg: Leg::new(1, 2).ok(), seat: None };
    index.set_ride(holder(1), crate::common::place(4), minute(0), ride);
    index.join(vec![(holder(1), holder(0))]);
    assert_eq!(index.rides_of(holder(0), crate::common::place(4)), [(minute(0), ride)]);
    let mut watch = Watch::new();
    watch.put(case(1, 0, period(0, 900)).case, [holder(0)]);
    let late = visit(1, 2, 100, 200);
    index.insert(late);
    let touched = watch.touched(&index, &rules, kind_of, &[late]);
    assert_eq!(touched.len(), 1);
    index.join(Vec::new());
    assert!(watch.touched(&index, &rules, kind_of, &[late]).is_empty());
}

//! One record that was that of two people: what a visit of that time says counts for both, as if it had
//! been recorded of each; and once they are one again it is what it was before.

use std::collections::BTreeSet;

use crate::common::{case, holder, minute, period, place, plain_rules, visit};
use jadegate_domain::{HolderId, Leg, Period, PlaceId, PlaceKind, Ride, Timestamp, VisitKey};
use jadegate_trace::{KnownVisit, Rules, SavedFrom, SharedVisits, VisitIndex, trace};
use proptest::prelude::*;

const SPAN: i64 = 24 * 60;

fn kind_of(p: PlaceId) -> PlaceKind {
    if p.as_u64().is_multiple_of(2) { PlaceKind::Outdoor } else { PlaceKind::Shop }
}

fn a_visit() -> impl Strategy<Value = KnownVisit> {
    let length = prop_oneof![1 => Just(None), 4 => (0..14i64).prop_map(Some)];
    (0..6u64, 0..3u64, 0..SPAN / 10, length)
        .prop_map(|(who, at, from, len)| visit(who, at, from * 10, len.map(|l| (from + l) * 10)))
}

/// 6 and 7 are records that were made for second people of 0 and 1.
fn some_shares() -> impl Strategy<Value = Vec<SharedVisits>> {
    prop::collection::btree_map(6..8u64, 0..SPAN, 0..3).prop_map(|shares| {
        let share = |(n, until)| SharedVisits {
            record: holder(n),
            of: holder(n - 6),
            until: minute(until),
        };
        shares.into_iter().map(share).collect()
    })
}

fn ever() -> Period {
    Period { from: Timestamp::EPOCH, to: Timestamp::MAX }
}

fn keys(index: &VisitIndex, of: HolderId) -> BTreeSet<VisitKey> {
    index.visits_of(of, ever()).map(|v| v.key()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn shared_visits_are_traced_as_those_of_both(
        visits in prop::collection::vec(a_visit(), 0..60),
        later in prop::collection::vec((6..8u64, 0..3u64, 0..SPAN), 0..6),
        bulk in 0..60usize, known in 0..60usize,
        shares in some_shares(),
        linger in prop::sample::select(vec![0, 10]),
        who in 0..8u64, from in 0..SPAN,
    ) {
        let mut rules: Rules = plain_rules();
        let mut shop = *rules.at(PlaceKind::Shop);
        shop.lingering_minutes = linger;
        rules.set(PlaceKind::Shop, shop);
        // What the second people do themselves, once they are told apart.
        let later: Vec<_> = later.iter().filter_map(|(n, at, from)| {
            let until = shares.iter().find(|s| s.record == holder(*n))?.until;
            (minute(*from) >= until).then(|| visit(*n, *at, *from, Some(from + 60)))
        }).collect();
        let visits: Vec<_> = visits.into_iter().chain(later).collect();
        let (bulk, known) = (bulk.min(visits.len()), known.min(visits.len()));
        let mut plain = VisitIndex::build(visits.iter().copied());
        let mut index = VisitIndex::build(visits[..bulk.min(known)].iter().copied());
        visits[bulk.min(known)..known].iter().for_each(|v| index.insert(*v));
        index.share(shares.clone());
        // Those that are told late are shared as well.
        visits[known..].iter().for_each(|v| index.insert(*v));
        // The oracle: each of them was recorded of both.
        let both = visits.iter().flat_map(|v| {
            let also = shares.iter().filter(|s| s.of == v.holder && v.entered < s.until);
            [*v].into_iter().chain(also.map(|s| KnownVisit { holder: s.record, ..*v })).collect::<Vec<_>>()
        });
        let oracle = VisitIndex::build(both);
        let cases = [case(1, who, period(from, from + 600))];
        let found = |index: &VisitIndex| trace(index, &cases, &rules, kind_of, minute(SPAN));
        prop_assert_eq!(found(&index), found(&oracle));
        // A list of what was recorded has each once, under the record it was recorded of.
        for n in 0..8 {
            prop_assert_eq!(keys(&index, holder(n)), keys(&plain, holder(n)), "{}", n);
            let counted: BTreeSet<_> = index.visits_counted_for(holder(n), ever()).map(|v| v.key()).collect();
            prop_assert_eq!(counted, keys(&oracle, holder(n)));
        }
        // Kept over the dropping of days; not in what is saved.
        let mut kept = index.clone();
        kept.remove_before(minute(0));
        prop_assert_eq!(found(&kept), found(&oracle));
        let mut bytes = Vec::new();
        index.clone().without_copies().save(&SavedFrom::default(), &mut bytes).unwrap();
        let (_, mut read) = VisitIndex::load(&mut bytes.as_slice()).unwrap();
        prop_assert_eq!(found(&read), found(&plain));
        read.share(shares.clone());
        prop_assert_eq!(found(&read), found(&oracle));
        // One that is taken back goes for both.
        if let Some(first) = visits.first() {
            let gone = [first.key()];
            let mut less = index.clone();
            while let Some(work) = less.removal(&gone) { less.adopt(work.work()); }
            less.remove_new(&gone);
            let mut want = plain.clone();
            while let Some(work) = want.removal(&gone) { want.adopt(work.work()); }
            want.remove_new(&gone);
            want.share(shares.clone());
            prop_assert_eq!(found(&less), found(&want));
        }
        // Undone.
        let copies: Vec<_> = shares.iter().flat_map(|s| index.copies(s)).collect();
        index.share(Vec::new());
        while let Some(work) = index.removal(&copies) { index.adopt(work.work()); }
        index.remove_new(&copies);
        prop_assert_eq!(found(&index), found(&plain));
        plain.share(Vec::new());
    }
}

/// What a ticket says is that of both, whether it was told before or after.
#[test]
fn seats_are_shared() {
    let mut index = VisitIndex::new();
    let ride = Ride { leg: Leg::new(1, 2).ok(), seat: None };
    let share = SharedVisits { record: holder(6), of: holder(0), until: minute(100) };
    index.insert(visit(0, 4, 0, Some(60)));
    index.set_ride(holder(0), place(4), minute(0), ride);
    index.share(vec![share]);
    index.set_ride(holder(0), place(4), minute(90), ride);
    index.insert(visit(0, 4, 90, Some(95)));
    index.set_ride(holder(0), place(4), minute(100), ride);
    index.insert(visit(0, 4, 100, Some(120)));
    let both = [(minute(0), ride), (minute(90), ride)];
    assert_eq!(index.rides_of(holder(6), place(4)), both);
    assert_eq!(index.shared(), [share]);
    let known = KnownVisit { holder: holder(6), ..visit(0, 4, 0, Some(60)) };
    assert!(index.is_copy(&known));
    assert!(!index.is_copy(&visit(0, 4, 0, Some(60))));
}

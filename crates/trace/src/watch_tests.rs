//! What a watch names is what looking at every visit by itself names, and no row is read twice.

use std::collections::HashSet;

use jadegate_domain::Presence;
use proptest::prelude::*;

use super::*;
use crate::row::{moment, secs};
use crate::rules::KindRules;

fn holder(n: u64) -> HolderId {
    HolderId::from_random(n + 1)
}

fn visit(who: u64, place: u64, entered: u32, left: Option<u32>) -> KnownVisit {
    KnownVisit {
        holder: holder(who),
        place: PlaceId::from_random(place + 1),
        entered: moment(entered),
        left: left.map(moment),
        presence: Presence::Gate,
    }
}

fn kind_of(place: PlaceId) -> PlaceKind {
    PlaceKind::ALL[usize::try_from(place.as_u64() % 2).unwrap()]
}

/// A watch over everybody, each for a case of their own: it names everybody near.
fn over_everybody(people: u64) -> Watch {
    let mut watch = Watch::new();
    (0..people).for_each(|n| watch.put(CaseId::from_random(n + 1), [holder(n)]));
    watch
}

/// The definition: each visit by itself, everybody who may have shared a moment with it, and all that
/// with the earlier stays that it may have ended.
fn one_by_one(
    watch: &Watch,
    index: &VisitIndex,
    rules: &Rules,
    visits: &[KnownVisit],
) -> BTreeSet<CaseId> {
    let mut near = HashSet::new();
    let mut add_near = |v: &KnownVisit| {
        let Some(place) = index.place_number(v.place) else { return };
        let rules = rules.at(kind_of(v.place));
        let (assumed, lingering) =
            (minutes(rules.assumed_stay_minutes), minutes(rules.lingering_minutes));
        let entered = secs(v.entered);
        let end = entered.saturating_add(assumed).max(v.left.map_or(0, secs));
        let from = entered.saturating_sub(lingering);
        let to = end.saturating_add(lingering);
        index.rows_at(place, from, to, assumed, Spot::BUFFER, |cells| {
            for c in cells.iter().map(Cell::of) {
                if c.entered < to && c.latest_end(assumed) > from {
                    near.insert(index.holder(c.holder));
                }
            }
        });
    };
    let assumed = |v: &KnownVisit| rules.at(kind_of(v.place)).assumed_stay_minutes;
    for v in visits {
        add_near(v);
        let before = Period { from: Timestamp::EPOCH, to: v.entered.plus_secs(1) };
        for u in index.visits_of(v.holder, before).filter(|u| u.left.is_none()) {
            if u.entered.plus_secs(60 * i64::from(assumed(&u))) > v.entered {
                add_near(&u);
            }
        }
    }
    near.extend(visits.iter().map(|v| v.holder));
    near.iter().filter_map(|h| watch.cases.get(h)).flatten().copied().collect()
}

fn a_visit() -> impl Strategy<Value = KnownVisit> {
    let length = prop_oneof![2 => Just(None), 6 => (0..20u32).prop_map(Some), 1 => Just(Some(400))];
    (0..20u64, 0..4u64, 0..120u32, length, 0..6u32).prop_map(|(who, place, from, len, odd)| {
        let from = 100_000 + from * 60 + odd / 5;
        visit(who, place, from, len.map(|len| from + len * 60))
    })
}

fn some_rules() -> impl Strategy<Value = Rules> {
    let one = || {
        (0..25u32, 0..4u32).prop_map(|(assumed_stay_minutes, lingering_minutes)| KindRules {
            contact_minutes: 15,
            secondary_minutes: 15,
            assumed_stay_minutes,
            lingering_minutes,
        })
    };
    (one(), one()).prop_map(|(all, other)| {
        let mut rules = Rules::new(all);
        rules.set(PlaceKind::ALL[1], other);
        rules
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Neither too few nor any more: exactly those.
    #[test]
    fn all_visits_at_once_name_whom_each_by_itself_names(
        earlier in prop::collection::vec(a_visit(), 0..60),
        late in prop::collection::vec(a_visit(), 0..12),
        // Not all that is asked about need be in the index, nor all of it be new.
        told in 0..13usize,
        rules in some_rules(),
    ) {
        let mut index = VisitIndex::build(earlier.iter().copied());
        late.iter().take(told).for_each(|v| index.insert(*v));
        let watch = over_everybody(16);
        let asked: Vec<_> = late.iter().chain(earlier.iter().take(3)).copied().collect();
        let want = one_by_one(&watch, &index, &rules, &asked);
        prop_assert_eq!(watch.touched(&index, &rules, kind_of, &asked), want);

        let mut spans = Spans::new();
        for v in &asked {
            spans.add(v, &rules, kind_of);
        }
        let near = watch.touched_at(&index, &rules, kind_of, &spans);
        let alone = asked.iter().filter_map(|v| watch.cases.get(&v.holder)).flatten().copied();
        let named: BTreeSet<_> = near.iter().copied().chain(alone).collect();
        prop_assert!(named.is_subset(&watch.touched(&index, &rules, kind_of, &asked)));
    }
}

fn an_hour() -> Rules {
    Rules::new(KindRules {
        contact_minutes: 15,
        secondary_minutes: 15,
        assumed_stay_minutes: 60,
        lingering_minutes: 5,
    })
}

/// A crowd at one place: rows read grow as the crowd does, not as its square.
#[test]
fn a_crowd_at_one_place_is_read_once() {
    let rules = an_hour();
    for crowd in [2_000u32, 20_000] {
        let visits: Vec<_> =
            (0..crowd).map(|n| visit(u64::from(n), 0, 1_000_000 + n / 400, None)).collect();
        let mut index = VisitIndex::new();
        for v in &visits {
            index.insert(*v);
        }
        let mut watch = Watch::new();
        watch.put(CaseId::from_random(1), [holder(7)]);
        watch.put(CaseId::from_random(2), [holder(1_000_000)]);
        let (cases, read) = watch.look(&index, &rules, kind_of, &visits);
        assert_eq!(cases, BTreeSet::from([CaseId::from_random(1)]));
        // Each visitor's own rows once, the place once.
        let most = 2 * crowd as usize + 1_000;
        assert!(read <= most, "{read} rows read for {crowd} visits");
    }
}

/// One person at very many places, and a place whose visits of weeks lie apart, where one of them
/// lasted for all that time.
#[test]
fn neither_one_busy_person_nor_one_long_stay_makes_it_slow() {
    let rules = an_hour();
    let busy: Vec<_> = (0..3_000u32).map(|n| visit(0, u64::from(n), 1_000_000 + n, None)).collect();
    let long = visit(1, 9_000, 1_000_000, Some(9_000_000));
    let apart =
        (0..1_000u32).map(|n| visit(2, 9_000, 1_000_000 + n * 8_000, Some(1_000_600 + n * 8_000)));
    let apart: Vec<_> = apart.collect();
    let index = VisitIndex::build(busy.iter().chain(&apart).chain([&long]).copied());
    let watch = over_everybody(3);
    let (cases, read) = watch.look(&index, &rules, kind_of, &busy);
    assert_eq!(cases.len(), 1);
    assert!(read <= 3 * 3_000, "{read} rows read for a busy person");
    let (cases, read) = watch.look(&index, &rules, kind_of, &apart);
    assert_eq!(cases.len(), 2);
    assert!(read <= 3 * 1_001, "{read} rows read beside a long stay");
}

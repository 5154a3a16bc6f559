//! How likely a contact met the case: one by one and in bulk against a few plain loops over all visits.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::{HolderId, PlaceId, PlaceKind, Presence, Timestamp};
use jadegate_trace::{
    Bulk, CaseInput, Coefficients, ContactFound, Exposure, KindRules, KnownVisit, MinutesAlone,
    Model, Rules, VisitIndex, trace,
};
use proptest::prelude::*;

use crate::common::{case, holder, minute, period, plain_rules, visit};

const TABLE: Coefficients =
    Coefficients { constant: 1345, minutes: 402, arrival: -619, leaving: -470, people: -359 };
const ALONE: MinutesAlone = MinutesAlone { constant: -1678, minutes: 123 };
/// A day and a half.
const SPAN: i64 = 36 * 60;

/// Of two museums and a shop the museums have a table.
fn kind_of(place: PlaceId) -> PlaceKind {
    if place.as_u64().is_multiple_of(3) { PlaceKind::Shop } else { PlaceKind::Leisure }
}

fn rules(least: u16) -> Rules {
    let mut model = Model::new(ALONE);
    model.set(PlaceKind::Leisure, TABLE);
    model.least = least;
    with(&plain_rules(), Some(&model))
}

fn with(rules: &Rules, likelihood: Option<&Model>) -> Rules {
    let mut rules = rules.clone();
    rules.likelihood = likelihood.copied();
    rules
}

fn logistic(table: &[(i32, f64)], constant: i32) -> f64 {
    let sum = table.iter().map(|(c, x)| f64::from(*c) * (1.0 + x).ln()).sum::<f64>();
    1.0 / (1.0 + (-(f64::from(constant) + sum) / 1000.0).exp())
}

fn secs(from: Timestamp, to: Timestamp) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let secs = (to.as_secs() - from.as_secs()).max(0) as f64;
    secs
}

struct Town<'a> {
    visits: &'a [KnownVisit],
    rules: &'a Rules,
    now: Timestamp,
}

impl Town<'_> {
    /// Of one stretch: minutes and what is between the two people, if the ends are known.
    fn stretch(&self, case: &CaseInput, who: HolderId, e: &Exposure) -> Option<f64> {
        if e.certainty != Certainty::Recorded || kind_of(e.place) == PlaceKind::Shop {
            return None;
        }
        let known = |v: &&KnownVisit| v.place == e.place && v.presence.is_proven();
        let stay = |who: HolderId, to: Timestamp, inside: &dyn Fn(&KnownVisit) -> bool| {
            let there = self.visits.iter().filter(known).filter(|v| v.holder == who && inside(v));
            let ends = there.filter_map(|v| Some((v.entered, v.left?)));
            let ends: Vec<_> = ends.filter(|s| s.0 < to && s.1 > e.from && s.0 < s.1).collect();
            Some((ends.iter().map(|s| s.0).min()?, ends.iter().map(|s| s.1).max()?))
        };
        let in_window = |v: &KnownVisit| {
            v.entered.max(case.window.from) < v.left.unwrap_or(v.entered).min(case.window.to)
        };
        let of_case = stay(case.holder, e.to, &in_window)?;
        let to = e.to.min(of_case.1);
        if to <= e.from {
            return None;
        }
        let other = stay(who, to, &|_| true)?;
        // Each visit once, by the best that is known of it.
        let mut there: BTreeMap<(HolderId, Timestamp), Vec<&KnownVisit>> = BTreeMap::new();
        for v in self.visits.iter().filter(known) {
            there.entry((v.holder, v.entered)).or_default().push(v);
        }
        let assumed = i64::from(self.rules.at(kind_of(e.place)).assumed_stay_minutes) * 60;
        let people: f64 = there
            .iter()
            .map(|((_, entered), same)| {
                let left = same.iter().filter_map(|v| v.left).max();
                let left = left.unwrap_or_else(|| entered.plus_secs(assumed).min(self.now));
                secs((*entered).max(e.from), left.min(to))
            })
            .sum();
        let (table, shared) = (TABLE, secs(e.from, to));
        let apart = |a: Timestamp, b: Timestamp| secs(a.min(b), a.max(b)) / 60.0;
        Some(logistic(
            &[
                (table.minutes, shared / 60.0),
                (table.arrival, apart(of_case.0, other.0)),
                (table.leaving, apart(of_case.1, other.1)),
                (table.people, people / shared),
            ],
            table.constant,
        ))
    }

    /// In thousandths, and whether some time was judged by minutes.
    fn likelihood(&self, case: &CaseInput, c: &ContactFound) -> (f64, bool) {
        let (mut missed, mut other) = (1.0, 0.0);
        for e in &c.exposures {
            match self.stretch(case, c.holder, e) {
                Some(met) => missed *= 1.0 - met,
                None => other += secs(e.from, e.to) / 60.0,
            }
        }
        if other > 0.0 {
            missed *= 1.0 - logistic(&[(ALONE.minutes, other)], ALONE.constant);
        }
        ((1.0 - missed) * 1000.0, other > 0.0)
    }
}

fn a_visit() -> impl Strategy<Value = KnownVisit> {
    let entered = prop_oneof![0..SPAN, (0..30i64).prop_map(|n| n * 60)];
    let length = prop_oneof![1 => Just(None), 8 => (0..200i64).prop_map(Some)];
    let presence = prop_oneof![9 => Just(Presence::Gate), 1 => Just(Presence::Unproven)];
    (0..12u64, 0..3u64, entered, length, presence).prop_map(|(who, at, from, len, presence)| {
        KnownVisit { presence, ..visit(who, at, from, len.map(|l| from + l)) }
    })
}

fn visits() -> impl Strategy<Value = Vec<KnownVisit>> {
    prop::collection::vec(a_visit(), 10..70)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// One by one, in bulk, however the index was fed; with what lingers, and with cases in a window.
    #[test]
    fn it_is_what_plain_loops_find(
        visits in visits(),
        built in 0..70usize,
        least in prop::sample::select(vec![0u16, 200, 500]),
        lingering in prop::sample::select(vec![0u32, 30]),
        (from, to) in (0..SPAN / 2, SPAN / 2..SPAN),
    ) {
        let built = built.min(visits.len());
        let mut index = VisitIndex::build(visits[..built].iter().copied());
        visits[built..].iter().for_each(|v| index.insert(*v));
        let mut rules = rules(least);
        for kind in [PlaceKind::Leisure, PlaceKind::Shop] {
            rules.set(kind, KindRules { lingering_minutes: lingering, ..*rules.at(kind) });
        }
        let now = minute(SPAN);
        let town = Town { visits: &visits, rules: &rules, now };
        let everybody = rules.likelihood.map(|mut model| {
            model.least = 0;
            model
        });
        let (all, none) = (with(&rules, everybody.as_ref()), with(&rules, None));
        let cases: Vec<_> = (0..3).map(|n| case(n, n, period(from, to))).collect();
        for case in &cases {
            let found = trace(&index, &[*case], &all, kind_of, now).contacts;
            let without = trace(&index, &[*case], &none, kind_of, now).contacts;
            let plain: Vec<_> = found.iter().map(|c| ContactFound { met: None, ..c.clone() }).collect();
            prop_assert_eq!(plain, without);
            let mut close = BTreeMap::new();
            for c in &found {
                prop_assert_eq!(c.met.is_some(), c.degree == ContactDegree::Close);
                let Some(met) = c.met else { continue };
                let (want, by_minutes) = town.likelihood(case, c);
                prop_assert!((f64::from(met.permille) - want).abs() < 0.6, "{met:?} {want}");
                if by_minutes || met.permille >= least {
                    close.insert(c.holder, Some(met.permille));
                }
            }
            let kept = trace(&index, &[*case], &rules, kind_of, now).contacts;
            let kept = kept.iter().filter(|c| c.degree == ContactDegree::Close);
            let kept: BTreeMap<_, _> = kept.map(|c| (c.holder, c.met.map(|m| m.permille))).collect();
            prop_assert_eq!(&kept, &close);
            let mut bulk = Bulk::new(&index, &rules, kind_of, now);
            let _: ControlFlow<()> = bulk.run(&[*case], |found| {
                let all: BTreeMap<_, _> =
                    found.contacts().map(|c| (found.holder(&c), c.likelihood())).collect();
                assert_eq!(all, close);
                assert!(found.secondary().all(|s| s.contact.likelihood().is_none()));
                ControlFlow::Continue(())
            });
        }
    }

    /// From either side it is the same.
    #[test]
    fn it_is_symmetric(visits in visits()) {
        let index = VisitIndex::build(visits);
        let (rules, now) = (rules(0), minute(SPAN));
        let met = |a: u64, b: u64| {
            let found = trace(&index, &[case(a, a, period(-9_000, 9_000))], &rules, kind_of, now);
            let close = found.contacts.into_iter().find(|c| c.holder == holder(b));
            close.filter(|c| c.degree == ContactDegree::Close).and_then(|c| c.met).map(|m| m.permille)
        };
        for (a, b) in [(0, 1), (2, 3), (4, 5)] {
            prop_assert_eq!(met(a, b), met(b, a));
        }
    }

    /// Whoever shares no time with a pair changes nothing of it, and who does only makes it less likely.
    #[test]
    fn others_are_nothing_but_a_crowd(visits in visits(), others in visits()) {
        let (rules, now) = (rules(0), minute(SPAN));
        let case = case(0, 0, period(-9_000, 9_000));
        let of = |visits: &[KnownVisit]| {
            let index = VisitIndex::build(visits.iter().copied());
            let found = trace(&index, &[case], &rules, kind_of, now).contacts;
            found.into_iter().filter(|c| c.degree == ContactDegree::Close).collect::<Vec<_>>()
        };
        let before = of(&visits);
        let other = |v: &KnownVisit| KnownVisit { holder: holder(v.holder.as_u64() + 100), ..*v };
        let others: Vec<_> = others.iter().map(other).collect();
        let own: Vec<_> = visits.iter().filter(|v| v.holder == case.holder).collect();
        let apart = |v: &&KnownVisit| own.iter().all(|o| {
            let end = |v: &KnownVisit| v.left.unwrap_or_else(|| v.entered.plus_secs(3600));
            v.place != o.place || end(v) <= o.entered || end(o) <= v.entered
        });
        let far: Vec<_> = visits.iter().chain(others.iter().filter(apart)).copied().collect();
        prop_assert_eq!(&of(&far), &before);
        let all: Vec<_> = visits.iter().chain(&others).copied().collect();
        let known: BTreeSet<_> = visits.iter().map(|v| v.holder).collect();
        let after = of(&all).into_iter().filter(|c| known.contains(&c.holder)).collect::<Vec<_>>();
        prop_assert_eq!(after.len(), before.len());
        for (a, b) in after.iter().zip(&before) {
            prop_assert!(a.met.unwrap().permille <= b.met.unwrap().permille);
            prop_assert_eq!(ContactFound { met: None, ..a.clone() }, ContactFound { met: None, ..b.clone() });
        }
    }

    /// Nothing of a person goes in: with other people of the same movements it is the same.
    #[test]
    fn no_attribute_of_a_person_matters(visits in visits(), key in 1..u64::MAX) {
        let (rules, now) = (rules(0), minute(SPAN));
        let renamed = |h: HolderId| HolderId::from_random(h.as_u64().wrapping_mul(key | 1));
        let of = |visits: Vec<KnownVisit>, case: CaseInput, name: &dyn Fn(HolderId) -> HolderId| {
            let found = trace(&VisitIndex::build(visits), &[case], &rules, kind_of, now);
            found.contacts.into_iter().filter(|c| c.degree == ContactDegree::Close)
                .map(|c| (name(c.holder), c.met)).collect::<BTreeMap<_, _>>()
        };
        let other = |v: &KnownVisit| KnownVisit { holder: renamed(v.holder), ..*v };
        let plain = case(0, 0, period(0, SPAN));
        let after = CaseInput { holder: renamed(plain.holder), ..plain };
        prop_assert_eq!(
            of(visits.clone(), plain, &renamed),
            of(visits.iter().map(other).collect(), after, &|h| h)
        );
    }
}

/// What an officer sees: the two who came and went with the case come first, not who stayed longest.
#[test]
fn who_came_and_went_together_comes_first() {
    let mut visits = vec![visit(0, 0, 60, 120), visit(1, 0, 61, 121), visit(2, 0, 0, 600)];
    visits.extend((3..40).map(|n| visit(n, 0, 0, 600)));
    let index = VisitIndex::build(visits);
    let found = trace(&index, &[case(0, 0, period(0, 900))], &rules(300), kind_of, minute(900));
    let [only] = &found.contacts[..] else { panic!("{found:?}") };
    let met = only.met.unwrap();
    assert_eq!((only.holder, only.minutes), (holder(1), 59));
    let best = met.best.unwrap();
    assert_eq!((best.arrival, best.leaving), (60, 60));
    assert!(met.permille > 700);
}

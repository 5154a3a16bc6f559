//! What is a burst and what is none, whatever the numbers.

use jadegate_alarms::{
    Accepted, Burst, GUARD_HOURS, HISTORY_HOURS, HourCount, Rule, WINDOWS, burst,
};
use proptest::prelude::*;

const NOW: i64 = 500_000;
const RULE: Rule = Rule::once_in_a_million(30, 1.0);

fn day(ago: i64, count: u64) -> HourCount {
    HourCount { hour: NOW - 24 * ago, count }
}

/// Eight weeks and more of days with this count, and this much today.
fn steady(each: u64, today: u64) -> Vec<HourCount> {
    (5..64).map(|ago| day(ago, each)).chain([day(0, today)]).collect()
}

fn found(counts: &[HourCount]) -> Option<Burst> {
    burst(counts, NOW, &RULE, None)
}

#[test]
fn whoever_never_recorded_anything_bursts_at_the_floor() {
    assert_eq!(found(&[day(0, 29)]), None);
    let b = found(&[day(0, 30)]).unwrap();
    assert_eq!((b.count, b.hours), (30, 24));
    // Ten a day for three days are a burst of the longer window.
    let spread: Vec<_> = (0..3).map(|ago| day(ago, 14)).collect();
    assert_eq!(found(&spread).map(|b| (b.count, b.hours)), Some((42, 72)));
}

#[test]
fn whoever_records_many_each_day_does_not() {
    assert_eq!(found(&steady(100, 130)), None);
    assert_eq!(found(&steady(100, 200)), None);
    assert!(found(&steady(100, 500)).is_some());
    assert_eq!(found(&steady(0, 12)), None);
    // Whose days differ much has more room than whose days are all the same.
    let uneven: Vec<_> = (5..64).map(|ago| day(ago, if ago % 7 < 2 { 0 } else { 140 })).collect();
    let with = |n| uneven.iter().copied().chain([day(0, n)]).collect::<Vec<_>>();
    assert_eq!(found(&with(300)), None);
}

#[test]
fn yesterday_is_no_history_of_today() {
    // Two days of a burst are no reason to take the third for usual.
    let mut counts = steady(1, 400);
    counts.extend([day(1, 400), day(2, 400)]);
    assert!(found(&counts).is_some());
}

#[test]
fn what_was_in_order_is_not_asked_again_before_it_grows() {
    let counts = steady(1, 400);
    let at = |hour| Some(Accepted { hour, rate: (400, 24) });
    assert_eq!(burst(&counts, NOW, &RULE, at(NOW)), None);
    let later = |n| counts.iter().copied().chain([HourCount { hour: NOW + 20, count: n }]);
    let later = |n| burst(&later(n).collect::<Vec<_>>(), NOW + 20, &RULE, at(NOW));
    assert_eq!(later(500), None);
    assert!(later(2_000).is_some());
    // Where nothing was in order it begins anew.
    let wrong = Some(Accepted { hour: NOW, rate: (0, 24) });
    assert_eq!(burst(&counts, NOW, &RULE, wrong), None);
    let again: Vec<_> =
        counts.iter().copied().chain([HourCount { hour: NOW + 1, count: 40 }]).collect();
    assert!(burst(&again, NOW + 1, &RULE, wrong).is_some());
}

fn series() -> impl Strategy<Value = Vec<HourCount>> {
    let hours = HISTORY_HOURS + GUARD_HOURS + 3 * WINDOWS[1];
    let one = (0..hours, 0_u64..60).prop_map(|(ago, count)| HourCount { hour: NOW - ago, count });
    prop::collection::vec(one, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn more_now_is_never_less_of_a_burst(counts in series(), ago in 0_i64..24, more in 1_u64..500) {
        let mut raised = counts.clone();
        raised.push(HourCount { hour: NOW - ago, count: more });
        if let Some(before) = found(&counts) {
            prop_assert!(found(&raised).is_some_and(|b| b.ln_p <= before.ln_p + 1e-9));
        }
    }

    #[test]
    fn there_is_none_below_the_floor_and_each_says_what_it_counted(counts in series()) {
        let sum = |hours| counts.iter().filter(|c| c.hour > NOW - hours && c.hour <= NOW).map(|c| c.count).sum::<u64>();
        if let Some(b) = found(&counts) {
            prop_assert_eq!(b.count, sum(b.hours));
            prop_assert!(b.count >= RULE.floor && b.ln_p < RULE.ln_p);
            prop_assert!(b.expected < f64::from(u32::try_from(b.count).unwrap()));
        }
    }

    #[test]
    fn neither_order_nor_the_date_matters(mut counts in series(), later in 0_i64..100_000) {
        let before = found(&counts);
        counts.reverse();
        prop_assert_eq!(found(&counts), before);
        for c in &mut counts { c.hour += later; }
        prop_assert_eq!(burst(&counts, NOW + later, &RULE, None), before);
    }

    #[test]
    fn what_comes_later_changes_nothing(counts in series(), count in 0_u64..9_000) {
        let with: Vec<_> = counts.iter().copied().chain([HourCount { hour: NOW + 1, count }]).collect();
        prop_assert_eq!(found(&with), found(&counts));
    }
}

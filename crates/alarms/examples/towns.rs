//! How soon a burst is known, and how often there is one by chance, in made-up places with fixed seeds:
//! `cargo run --release -p jadegate-alarms --example towns`. Prints Markdown.

#![allow(clippy::print_stdout, reason = "that is what it is for")]

use jadegate_alarms::{Accepted, HourCount, Rule, burst};

/// Hours of a week and of a year of weeks.
const WEEK: i64 = 168;
const YEAR: i64 = 52 * WEEK;
const RUNS: u64 = 20;

/// The rules of the service (`service/src/alarm_jobs.rs`).
const UNBACKED: Rule = Rule::once_in_a_million(30, 2.0);
const UNBACKED_STAFF: Rule = Rule::once_in_a_million(20, 1.0);
const TESTS: Rule = Rule::once_in_a_million(60, 5.0);

/// SplitMix64: enough for a made-up place, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from(u32::try_from((z ^ (z >> 31)) >> 32).unwrap_or(0)) / 4_294_967_296.0
    }

    fn poisson(&mut self, mean: f64) -> u64 {
        let (limit, mut product, mut n) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            n += 1;
        }
        n
    }
}

/// A place in ordinary times: how much a day, and now and then a cluster of many at once.
struct Place {
    name: &'static str,
    a_day: f64,
    clusters_a_year: f64,
    cluster: (u64, u64),
}

const PLACES: [Place; 5] = [
    Place { name: "county, 30,000", a_day: 0.05, clusters_a_year: 2.0, cluster: (3, 12) },
    Place { name: "county, 300,000", a_day: 0.4, clusters_a_year: 4.0, cluster: (3, 20) },
    Place { name: "city, 3 million", a_day: 4.0, clusters_a_year: 8.0, cluster: (5, 30) },
    Place { name: "city, 12 million", a_day: 25.0, clusters_a_year: 12.0, cluster: (10, 60) },
    Place { name: "border, arrivals", a_day: 300.0, clusters_a_year: 12.0, cluster: (50, 200) },
];

/// Weekdays by day, less at the weekend; each day is busier or quieter than the mean.
fn ordinary(place: &Place, hours: i64, dice: &mut Dice) -> Vec<HourCount> {
    let mut counts = Vec::new();
    let mut busy = 1.0;
    for hour in 0..hours {
        let (of_day, day) = (hour % 24, hour / 24 % 7);
        if of_day == 0 {
            busy = 0.6 + 0.8 * dice.unit();
        }
        let share = if (8..18).contains(&of_day) { 0.09 } else { 0.1 / 14.0 };
        let week = if day < 5 { 1.15 } else { 0.6 };
        let mut count = dice.poisson(place.a_day * busy * share * week);
        if dice.unit() < place.clusters_a_year / 8736.0 {
            let (least, most) = place.cluster;
            count +=
                least + dice.poisson(0.4 * f64::from(u32::try_from(most - least).unwrap_or(0)));
        }
        if count > 0 {
            counts.push(HourCount { hour, count });
        }
    }
    counts
}

/// Alarms within a year after the first eight weeks, each answered within the hour.
fn alarms_a_year(counts: &[HourCount], rule: &Rule) -> u32 {
    let (mut alarms, mut accepted) = (0, None);
    for hour in 8 * WEEK..8 * WEEK + YEAR {
        let near = near(counts, hour);
        if let Some(b) = burst(&near, hour, rule, accepted) {
            alarms += 1;
            accepted = Some(Accepted { hour, rate: (b.count, b.hours) });
        }
        if accepted.is_some_and(|a| hour - a.hour > 14 * 24) {
            accepted = accepted.map(|a| Accepted { rate: (0, 1), ..a });
        }
    }
    alarms
}

/// What the service reads back.
fn near(counts: &[HourCount], now: i64) -> Vec<HourCount> {
    let from = now - 62 * 24;
    counts.iter().copied().filter(|c| c.hour > from && c.hour <= now).collect()
}

/// After how many hours it is an alarm, and after how many records; and when there were `held`.
fn found(
    counts: &[HourCount],
    begin: i64,
    hours: i64,
    rule: &Rule,
    held: u64,
) -> (Option<(i64, u64)>, Option<i64>) {
    let done = |hour| {
        let since = counts.iter().filter(|c| c.hour >= begin && c.hour <= hour);
        since.map(|c| c.count).sum::<u64>()
    };
    let raised =
        (begin..begin + hours).find(|h| burst(&near(counts, *h), *h, rule, None).is_some());
    let holds = raised.and_then(|from| (from..begin + hours).find(|h| done(*h) > held));
    (raised.map(|h| (h - begin + 1, done(h))), holds.map(|h| h - begin + 1))
}

/// 1,317 records in three days on top of an ordinary time, by day and night.
fn attack(place: &Place, shares: u64, dice: &mut Dice) -> (Vec<HourCount>, i64) {
    let begin = 9 * WEEK;
    let mut counts = ordinary(place, begin + 72, dice);
    for hour in begin..begin + 72 {
        let mean = 1317.0 / 72.0 / f64::from(u32::try_from(shares).unwrap_or(1));
        counts.push(HourCount { hour, count: dice.poisson(mean) });
    }
    (counts, begin)
}

fn median(mut all: Vec<i64>) -> String {
    all.sort_unstable();
    let some = all.get(all.len() / 2);
    let (first, last) = (all.first(), all.last());
    match (some, first, last) {
        (Some(m), Some(a), Some(b)) => format!("{m} ({a}–{b})"),
        _ => "never".to_owned(),
    }
}

fn main() {
    println!(
        "| place | false alarms a year: agency | 1,317 in three days: alarm after h | records by then | held after h |"
    );
    println!("|---|---|---|---|---|");
    for place in &PLACES {
        let (mut yearly, mut hours, mut records, mut held) = (0, vec![], vec![], vec![]);
        for seed in 0..RUNS {
            let mut dice = Dice(seed + 1);
            yearly += alarms_a_year(&ordinary(place, 8 * WEEK + YEAR, &mut dice), &UNBACKED);
            let (counts, begin) = attack(place, 1, &mut dice);
            let (raised, holds) = found(&counts, begin, 72, &UNBACKED, 100);
            hours.extend(raised.map(|r| r.0));
            records.extend(raised.and_then(|r| i64::try_from(r.1).ok()));
            held.extend(holds);
        }
        let yearly = f64::from(yearly) / 20.0;
        println!(
            "| {} | {yearly:.2} | {} | {} | {} |",
            place.name,
            median(hours),
            median(records),
            median(held)
        );
    }
    single_officials();
    outbreak();
}

/// Each of five officials by themselves, in a county that has one record a week of each.
fn single_officials() {
    let place = Place { name: "", a_day: 0.14, clusters_a_year: 0.0, cluster: (1, 2) };
    let (mut hours, mut yearly) = (vec![], 0);
    for seed in 0..RUNS {
        let mut dice = Dice(seed + 101);
        yearly += alarms_a_year(&ordinary(&place, 8 * WEEK + YEAR, &mut dice), &UNBACKED_STAFF);
        let (counts, begin) = attack(&place, 5, &mut dice);
        hours.extend(found(&counts, begin, 72, &UNBACKED_STAFF, 50).0.map(|r| r.0));
    }
    let yearly = f64::from(yearly) / 20.0;
    println!(
        "\nOne of five officials: alarm after {} h; {yearly:.2} false alarms a year.",
        median(hours)
    );
}

/// A true outbreak that grows to as many in three weeks: laboratories find all of them; a tenth of the
/// cases is recorded before the result is there.
fn outbreak() {
    println!(
        "\n| true outbreak, 1,317 within three weeks (doubling in 4 days) | alarms: laboratory | agency that records cases, a tenth before the result |"
    );
    println!("|---|---|---|");
    for (name, a_day) in [("city, 3 million", 0.5), ("city, 12 million", 4.0)] {
        let (mut lab, mut team) = (0, 0);
        for seed in 0..RUNS {
            let mut dice = Dice(seed + 201);
            let place = Place { name, a_day, clusters_a_year: 0.0, cluster: (1, 2) };
            let grown = |share: f64, dice: &mut Dice| {
                let mut counts = ordinary(&place, 8 * WEEK, dice);
                for hour in 8 * WEEK..11 * WEEK {
                    let days = f64::from(i32::try_from(hour - 8 * WEEK).unwrap_or(0)) / 24.0;
                    // 1317 in all: the integral of a growth that doubles every four days.
                    let mean = 1317.0 * 2.0_f64.powf(days / 4.0) / 212.3 / 24.0;
                    counts.push(HourCount { hour, count: dice.poisson(mean * share) });
                }
                counts
            };
            lab += alarms_a_year(&grown(1.0, &mut dice), &TESTS);
            team += alarms_a_year(&grown(0.1, &mut dice), &UNBACKED);
        }
        let each = |n: u32| f64::from(n) / 20.0;
        println!("| {name} | {:.2} | {:.2} |", each(lab), each(team));
    }
}

//! Times the index on a seeded town: `cargo run --release -p jadegate-trace --example bench_town
//! [visits]` (10 million by default: a million people, 100,000 places of Zipf popularity, 14 days,
//! stays of 5 to 180 minutes, one in `open` without an end).
//!
//! Prints wall time and the process's CPU time; figures of one run compare with each other only.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures to look at"
)]

use std::time::Instant;

use jadegate_domain::{CaseId, HolderId, Period, PlaceId, PlaceKind, Presence, Timestamp};
use jadegate_trace::{Bound, CaseInput, KindRules, KnownVisit, Rules, Tracer, VisitIndex, trace};

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

const START: i64 = 1_646_092_800;
const DAYS: u64 = 14;

/// `skew` is the Zipf exponent; an approximate draw by inverting the continuous distribution.
fn town(visits: u64, skew: f64, open: u64, seed: u64) -> impl Iterator<Item = KnownVisit> {
    let (people, places) = (visits / 10, visits / 100);
    let mut r = Random(seed);
    let top = (places as f64).powf(1.0 - skew);
    (0..visits).map(move |_| {
        let u = r.unit();
        let rank = if (skew - 1.0).abs() < 1e-9 {
            (places as f64).powf(u)
        } else {
            (1.0 + u * (top - 1.0)).powf(1.0 / (1.0 - skew))
        };
        let entered = Timestamp::from_secs(START + r.below(DAYS * 86_400).cast_signed());
        let len = (5 + r.below(176)).cast_signed() * 60;
        let no_end = open > 0 && r.below(open) == 0;
        KnownVisit {
            holder: HolderId::from_random(mixed(r.below(people))),
            place: PlaceId::from_random(mixed((rank as u64).min(places - 1) | 1 << 40)),
            entered,
            left: (!no_end).then(|| entered.plus_secs(len)),
            presence: Presence::Gate,
        }
    })
}

/// Ids as the server draws them: spread over 63 bits.
fn mixed(n: u64) -> u64 {
    Random(n.wrapping_mul(0x1234_5678_9abc_def1)).next()
}

/// CPU seconds of this process so far, user and system.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let field = |i: usize| after.split_whitespace().nth(i).and_then(|t| t.parse::<f64>().ok());
    (field(11).unwrap_or(0.0) + field(12).unwrap_or(0.0)) / 100.0
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (wall, before) = (Instant::now(), cpu());
    let made = work();
    println!(
        "{what:<44} {:>9.3} s wall {:>8.2} s CPU",
        wall.elapsed().as_secs_f64(),
        cpu() - before
    );
    made
}

fn main() {
    let visits: u64 = std::env::args().nth(1).and_then(|a| a.parse().ok()).unwrap_or(10_000_000);
    for (skew, open) in [(0.8, 0), (0.8, 5), (1.0, 0)] {
        println!("\n{visits} visits, Zipf {skew}, open 1 in {open}");
        run(visits, skew, open);
    }
}

fn run(visits: u64, skew: f64, open: u64) {
    let index = timed("build", || VisitIndex::build(town(visits, skew, open, 1)));
    println!("{:<44} {:>9.2}", "bytes a visit", index.memory_bytes() as f64 / index.len() as f64);
    let mut rules = Rules::new(KindRules {
        contact_minutes: 15,
        secondary_minutes: 30,
        assumed_stay_minutes: 60,
        lingering_minutes: 0,
    });
    rules.counts = Bound::Upper;
    let now = Timestamp::from_secs(START + (DAYS * 86_400).cast_signed());
    let cases: Vec<_> = (0..10_000).map(|i| a_case(i, visits / 10)).collect();
    for hops in [1, 2] {
        rules.max_hops = hops;
        let some = &cases[..if hops == 1 { 1_000 } else { 50 }];
        each_alone(&index, some, &rules, now);
    }
    rules.max_hops = 1;
    for many in [100, 10_000] {
        let found = timed(&format!("trace of {many} cases, one hop"), || {
            trace(&index, &cases[..many], &rules, |_| PlaceKind::Shop, now)
        });
        println!("{:<44} {:>9}", "  contacts", found.contacts.len());
    }
    let mut fed = index.clone();
    let new: Vec<_> = town(visits / 10, skew, open, 2).collect();
    timed(&format!("insert {} one by one", new.len()), || {
        for v in &new {
            fed.insert(*v);
        }
    });
    each_alone(&fed, &cases[..1_000], &rules, now);
    timed("snapshot, 1,000 times", || (0..1_000).map(|_| fed.clone().len()).sum::<usize>());
    timed("remove the first day", || {
        fed.remove_before(Timestamp::from_secs(START + 86_400));
    });
}

fn a_case(i: u64, people: u64) -> CaseInput {
    let from = Timestamp::from_secs(START);
    CaseInput {
        case: CaseId::from_random(i + 1),
        holder: HolderId::from_random(mixed(mixed(i) % people)),
        window: Period { from, to: from.plus_days(14) },
    }
}

/// Wall time of each case alone: median and worst, and how many contacts.
fn each_alone(index: &VisitIndex, cases: &[CaseInput], rules: &Rules, now: Timestamp) {
    let mut times = Vec::new();
    let mut contacts = 0;
    for c in cases {
        let begin = Instant::now();
        contacts += Tracer::new(index, rules, |_| PlaceKind::Shop, now).case(c).len();
        times.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "one case, {} hops: median {median:.0} us, worst {worst:.0} us, {} contacts each",
        rules.max_hops,
        contacts / cases.len()
    );
}

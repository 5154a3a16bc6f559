//! `jadegate-bench-colours [people] [runs]`: the bare pass and the engine in turn, in milliseconds of
//! CPU of one thread.

use jadegate_bench_colours::crowd::Crowd;
use jadegate_bench_colours::floor::{Days, Floor};
use jadegate_bench_colours::ours;
use jadegate_bench_tracing::machine::{median, timed};
use jadegate_policy::{Setting, WhatIfOptions, assess, recolour, what_if};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let people = args.first().map_or(Ok(10_000_000), |a| a.parse())?;
    let runs = args.get(1).map_or(Ok(5), |a| a.parse())?;
    let crowd = Crowd::of(people);
    let (population, risks) = (ours::population(&crowd)?, ours::risks(&crowd)?);
    let each = population.memory_bytes() as f64 / f64::from(crowd.with_evidence);
    println!("{each:.1} bytes a person with evidence");
    let (short, long) = (Days { red: 14, yellow: 7 }, Days { red: 21, yellow: 10 });
    let policies = [ours::policy(short)?, ours::policy(long)?];
    let [before, after] = [0, 1].map(|i| Setting { policy: &policies[i], risks: &risks });
    let floor = Floor::new(&crowd);
    let mut times: [Vec<f64>; 5] = Default::default();
    let somebody = (0..64).map(|i| ours::somebody(&crowd, i)).collect::<Result<Vec<_>>>()?;
    for _ in 0..runs {
        let (want, took) = timed(|| floor.recolour(short));
        times[0].push(took.cpu);
        let (got, took) = timed(|| recolour(&population, &before, ours::now()));
        times[1].push(took.cpu);
        assert_eq!(ours::numbers(&got), want, "other colours than the bare pass");
        let (want, took) = timed(|| floor.what_if(short, long));
        times[2].push(took.cpu);
        let options = WhatIfOptions::default();
        let (got, took) =
            timed(|| what_if(&population, &before, &after, ours::now(), &options, &|_| true));
        times[3].push(took.cpu);
        assert_eq!(ours::counts(&got.ok_or("stopped")?), want, "other counts");
        let ((), took) = timed(|| {
            for i in 0..100_000 {
                let e = &somebody[i % somebody.len()];
                std::hint::black_box(assess(std::hint::black_box(e), &policies[0], ours::now()));
            }
        });
        times[4].push(took.cpu);
    }
    let [bare, ours, bare_if, ours_if, one] = times.map(median);
    println!("recolour: bare {bare:.1}, engine {ours:.1} ms, {:.2}", ours / bare);
    println!("what-if: bare {bare_if:.1}, engine {ours_if:.1} ms, {:.2}", ours_if / bare_if);
    println!("assess: {:.0} ns", one * 10.0);
    Ok(())
}

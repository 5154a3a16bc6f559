//! `jadegate-bench-tracing [visits] [exponent] [runs]`: the floor and the index side by side, the
//! saved form, and what a visit costs the writer. Seconds instead of minutes: for who works on the
//! index. The whole comparison, other engines included, is `jadegate-bench --only engines`.
//!
//! `jadegate-bench-tracing dump DIR [visits] [exponent]` writes the town for other engines: four
//! columns of little-endian 32-bit numbers (`holder.u32`, `place.u32`, `entered.u32`, `left.u32`,
//! in order of `entered`) and `cases.u32`, 10,000 people.

use std::path::Path;

use jadegate_bench_tracing::floor::{Digest, Floor};
use jadegate_bench_tracing::index;
use jadegate_bench_tracing::machine::{median, timed};
use jadegate_bench_tracing::visits::{Town, Visit};
use jadegate_trace::{Cumulative, Tracer, VisitIndex};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "dump") {
        let dir = args.get(1).ok_or("dump where?")?;
        return dump(Path::new(dir), &town(&args[2..])?);
    }
    let runs = args.get(2).map_or(Ok(5), |a| a.parse())?;
    compare(&town(&args)?, runs)
}

fn town(args: &[String]) -> Result<Town> {
    let visits = args.first().map_or(Ok(10_000_000), |a| a.parse())?;
    let exponent = args.get(1).map_or(Ok(0.8), |a| a.parse())?;
    Ok(Town::of(visits, exponent))
}

fn dump(dir: &Path, town: &Town) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let visits = town.visits();
    let write = |name: &str, numbers: Vec<u32>| {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        std::fs::write(dir.join(name), bytes)
    };
    let column = |of: fn(&Visit) -> u32| visits.iter().map(of).collect::<Vec<_>>();
    write("holder.u32", column(|v| v.holder))?;
    write("place.u32", column(|v| v.place))?;
    write("entered.u32", column(|v| v.entered))?;
    write("left.u32", column(|v| v.left))?;
    write("cases.u32", town.cases(10_000))?;
    Ok(())
}

/// The floor and the index in turn, so that both have the same neighbours.
fn compare(town: &Town, runs: usize) -> Result<()> {
    let visits = town.visits();
    let mut floor = Floor::new(town, &visits);
    let (index, took) = timed(|| VisitIndex::build(visits.iter().map(index::known)));
    drop(visits);
    println!("{town:?}; built in {:.0} ms CPU", took.cpu);
    println!("bytes a visit: {:.1}", index.memory_bytes() as f64 / index.len() as f64);
    let rules = index::rules(1);
    for count in [1, 100, 10_000] {
        let cases = town.cases(count);
        let inputs = index::inputs(&cases);
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let (want, took) = timed(|| {
                let mut digest = Digest::default();
                floor.contacts(&cases, |_, found| {
                    for c in found {
                        digest.add(0, 0, c.secs.into(), c.last);
                    }
                });
                digest
            });
            bare.push(took.cpu);
            let (got, took) = timed(|| index::bulk(&index, &rules, &inputs));
            ours.push(took.cpu);
            assert_eq!(got, want, "other answers than the floor's");
        }
        let ratios = bare.iter().zip(&ours).map(|(b, o)| o / b).collect();
        let (bare, ours) = (median(bare), median(ours));
        println!("{count} cases: floor {bare:.2}, index {ours:.2} ms CPU, {:.2}", median(ratios));
    }
    for count in [100, 10_000] {
        cumulative(&town.cases(count), &floor, &index, runs);
    }
    likelihood(town, &index, runs);
    for (hops, count) in [(1u8, 1_000), (2, 50)] {
        one_by_one(town, &mut floor, &index, hops, count);
    }
    drop(floor);
    let file = std::env::temp_dir().join(format!("jadegate-bench-{}.index", std::process::id()));
    for _ in 0..runs.min(5) {
        let (save, load, bytes) = index::disk(&index, &file)?;
        println!("{bytes} bytes: saved {save:?}, loaded {load:?} ms");
    }
    std::fs::remove_file(file)?;
    // The day after the town's last: in order of time, by the same people.
    let next = Town { seed: 2, visits: town.visits / 4, people: town.people / 4, ..*town };
    let day = 14 * 86_400;
    let later: Vec<Visit> = next
        .visits()
        .into_iter()
        .map(|v| Visit { entered: v.entered + day, left: v.left + day, holder: v.holder * 4, ..v })
        .collect();
    let mut fed = index.clone();
    let ((), took) = timed(|| {
        for v in &later {
            fed.insert(index::known(v));
        }
    });
    let each = took.cpu * 1e6 / later.len() as f64;
    println!("the writer: {each:.0} ns CPU for a visit, {:.0} a CPU second", 1e9 / each);
    let (visits, took) = timed(|| {
        let mut visits = 0;
        while let Some(merge) = fed.merge_due() {
            visits += merge.visits();
            fed.adopt(merge.work());
        }
        visits
    });
    println!("merging beside it: {visits} visits in {:.0} ms CPU", took.cpu);
    drop(fed);
    Ok(())
}

/// Sums over all cases together.
fn cumulative(cases: &[u32], floor: &Floor, index: &VisitIndex, runs: usize) {
    let (inputs, rules) = (index::inputs(cases), index::rules(1));
    let mut search = Cumulative::new(index, &rules, index::kind_of, index::now());
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    let mut people = 0;
    for _ in 0..runs {
        let (want, took) = timed(|| {
            let mut digest = Digest::default();
            floor.cumulative(cases, |c| digest.add(0, 0, c.secs.into(), c.last));
            digest
        });
        bare.push(took.cpu);
        let (got, took) = timed(|| index::cumulative(&mut search, &inputs));
        ours.push(took.cpu);
        assert_eq!(got, want, "other answers than the floor's");
        people = got.contacts;
    }
    let ratios = bare.iter().zip(&ours).map(|(b, o)| o / b).collect();
    let (bare, ours, ratio) = (median(bare), median(ours), median(ratios));
    let cases = cases.len();
    println!(
        "{cases} cases, cumulative, {people} people: floor {bare:.2}, index {ours:.2} ms CPU, {ratio:.2}"
    );
}

/// The same traces with and without how likely everybody met the case, in turn.
fn likelihood(town: &Town, index: &VisitIndex, runs: usize) {
    let (plain, judged) = (index::rules(1), index::rules_with_likelihood(1));
    let inputs = index::inputs(&town.cases(10_000));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        without.push(timed(|| index::bulk(index, &plain, &inputs)).1.cpu);
        with.push(timed(|| index::bulk(index, &judged, &inputs)).1.cpu);
    }
    let (without, with) = (median(without), median(with));
    println!(
        "likelihood, 10,000 cases: {without:.1}, with it {with:.1} ms CPU, {:.2}",
        with / without
    );
    let new = |rules| Tracer::new(index, rules, index::kind_of as fn(_) -> _, index::now());
    let (mut plain, mut judged) = (new(&plain), new(&judged));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for input in &inputs[..1_000] {
        without.push(timed(|| index::trace(&mut plain, input)).1.wall);
        with.push(timed(|| index::trace(&mut judged, input)).1.wall);
    }
    let (without, with) = (median(without), median(with));
    println!("likelihood, one case: {without:.4}, with it {with:.4} ms, {:.2}", with / without);
}

/// Medians over cases traced one by one, with exposures, in wall-clock time.
fn one_by_one(town: &Town, floor: &mut Floor, index: &VisitIndex, hops: u8, count: usize) {
    let cases = town.cases(count);
    let inputs = index::inputs(&cases);
    let rules = index::rules(hops);
    let mut tracer = Tracer::new(index, &rules, index::kind_of as fn(_) -> _, index::now());
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    let (mut bare_cpu, mut ours_cpu) = (0.0, 0.0);
    let mut contacts = [0u64; 2];
    for (case, input) in cases.iter().zip(&inputs) {
        let (want, took) = if hops == 1 {
            timed(|| (floor.one_hop(*case), Vec::new()))
        } else {
            timed(|| floor.two_hops(*case))
        };
        bare.push(took.wall);
        bare_cpu += took.cpu;
        let (got, took) = timed(|| index::trace(&mut tracer, input));
        ours.push(took.wall);
        ours_cpu += took.cpu;
        let want = index::floor_digests(&want.0, &want.1);
        for hop in [0, 1] {
            let numbers = |d: &Digest| (d.contacts, d.secs);
            assert_eq!(numbers(&got[hop]), numbers(&want[hop]), "other answers than the floor's");
            contacts[hop] += got[hop].contacts;
        }
    }
    let (bare, ours) = (median(bare), median(ours));
    let contacts = contacts.map(|c| c / count as u64);
    println!("one case, {hops} hops, {contacts:?} contacts: floor {bare:.3}, index {ours:.3} ms");
    let mean = |cpu: f64| cpu / count as f64;
    println!("  mean CPU: floor {:.3}, index {:.3} ms", mean(bare_cpu), mean(ours_cpu));
}

//! `jadegate-bench-tracing [visits] [exponent] [runs]`: the floor, in milliseconds.
//!
//! `jadegate-bench-tracing dump DIR [visits] [exponent]` writes the town for other engines: four
//! columns of little-endian 32-bit numbers (`holder.u32`, `place.u32`, `entered.u32`, `left.u32`,
//! in order of `entered`) and `cases.u32`, 10,000 people.

use std::path::Path;

use jadegate_bench_tracing::floor::{Digest, Floor};
use jadegate_bench_tracing::machine::{median, timed};
use jadegate_bench_tracing::visits::{Town, Visit};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|a| a == "dump") {
        let dir = args.get(1).ok_or("dump where?")?;
        return dump(Path::new(dir), &town(&args[2..])?);
    }
    let runs = args.get(2).map_or(Ok(5), |a| a.parse())?;
    floor(&town(&args)?, runs);
    Ok(())
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

fn floor(town: &Town, runs: usize) {
    let visits = town.visits();
    let mut floor = Floor::new(town, &visits);
    drop(visits);
    println!("{town:?}: {} bytes", floor.memory_bytes());
    for count in [1, 100, 10_000] {
        let cases = town.cases(count);
        let (mut wall, mut cpu) = (Vec::new(), Vec::new());
        let mut digest = Digest::default();
        for _ in 0..runs {
            let (found, took) = timed(|| {
                let mut digest = Digest::default();
                floor.contacts(&cases, |case, found| {
                    found.iter().for_each(|c| digest.add(case, c.holder, c.secs.into(), c.last));
                });
                digest
            });
            digest = found;
            wall.push(took.wall);
            cpu.push(took.cpu);
        }
        println!("{count} cases: {:.2} ms, CPU {:.2}; {digest:?}", median(wall), median(cpu));
    }
}

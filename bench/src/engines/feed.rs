//! What else the index must bear: two cores at once, and visits arriving while traces run.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jadegate_bench_tracing::index;
use jadegate_bench_tracing::visits::Town;
use jadegate_trace::{CaseInput, KnownVisit, Tracer, VisitIndex};

use super::ours::Index;
use crate::Result;
use crate::machine::thread_cpu_seconds;

/// All cases on one core and on two, in turn.
#[derive(Debug, Default)]
pub(super) struct Cores {
    /// Seconds by the clock.
    pub(super) one: Vec<f64>,
    pub(super) two: Vec<f64>,
    /// Seconds of CPU, of both threads together for two.
    pub(super) one_cpu: Vec<f64>,
    pub(super) two_cpu: Vec<f64>,
}

/// Half of the cases for each of two threads.
pub(super) fn two_cores(index: &Index, runs: u32) -> Cores {
    let rules = index::rules(1);
    let bulk = |cases: &[CaseInput]| {
        let cpu = thread_cpu_seconds();
        std::hint::black_box(index::bulk(&index.index, &rules, cases));
        thread_cpu_seconds() - cpu
    };
    let mut made = Cores::default();
    for _ in 0..runs.max(5) {
        let begun = Instant::now();
        made.one_cpu.push(bulk(&index.cases));
        made.one.push(begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        let (first, second) = index.cases.split_at(index.cases.len() / 2);
        let cpu = std::thread::scope(|s| {
            let other = s.spawn(|| bulk(second));
            bulk(first) + other.join().unwrap_or(f64::NAN)
        });
        made.two.push(begun.elapsed().as_secs_f64());
        made.two_cpu.push(cpu);
    }
    made
}

/// Traces of single cases before, while and after visits are fed.
#[derive(Debug, Default)]
pub(super) struct Fed {
    /// Visits that were fed, and the seconds it took by the clock and of the writer's CPU.
    pub(super) visits: usize,
    pub(super) wall: f64,
    pub(super) cpu: f64,
    /// Median CPU seconds of a trace of one case.
    pub(super) before: f64,
    pub(super) during: f64,
    pub(super) after: f64,
    /// The same by the clock.
    pub(super) before_wall: f64,
    pub(super) during_wall: f64,
    pub(super) after_wall: f64,
    /// Traces done while visits were fed.
    pub(super) traces: usize,
}

/// Visits a second that the writer holds back to: a little more than is asked for.
pub(super) const RATE: f64 = 520_000.0;
/// Visits after which the writer publishes what it has: a group commit of the store.
const BATCH: usize = 1_000;

/// One writer feeds at most [`RATE`] visits a second and publishes a snapshot after each batch; a
/// reader traces case after case from the newest one. Of the traces the CPU time is compared, for
/// the clock also tells of other people's work.
pub(super) fn while_tracing(index: &Index, town: &Town) -> Result<Fed> {
    let more = Town { visits: town.people * 2, seed: town.seed + 1, ..*town }.visits();
    let more: Vec<KnownVisit> = more.iter().map(index::known).collect();
    let published = Mutex::new(index.index.clone());
    let newest = || published.lock().map(|i| i.clone()).map_err(|_| "the writer failed");
    let mut cases = index.cases.iter().cycle();
    let mut made = Fed { visits: more.len(), ..Fed::default() };
    (made.before, made.before_wall) = traces(&newest()?, &mut cases, 2_000);
    let done = AtomicBool::new(false);
    std::thread::scope(|s| -> Result<()> {
        let writer = s.spawn(|| {
            let (begun, cpu) = (Instant::now(), thread_cpu_seconds());
            let mut own = index.index.clone();
            for (i, batch) in more.chunks(BATCH).enumerate() {
                batch.iter().for_each(|v| own.insert(*v));
                if let Ok(mut place) = published.lock() {
                    *place = own.clone();
                }
                let due = Duration::from_secs_f64(((i + 1) * BATCH) as f64 / RATE);
                std::thread::sleep(due.saturating_sub(begun.elapsed()));
            }
            done.store(true, Ordering::Release);
            (begun.elapsed().as_secs_f64(), thread_cpu_seconds() - cpu)
        });
        let (mut cpu, mut wall) = (Vec::new(), Vec::new());
        while !done.load(Ordering::Acquire) {
            let snapshot = newest()?;
            let case = cases.next().ok_or("no cases")?;
            let (c, w) = trace(&snapshot, case);
            cpu.push(c);
            wall.push(w);
        }
        made.traces = cpu.len();
        (made.during, made.during_wall) = (median(cpu), median(wall));
        (made.wall, made.cpu) = writer.join().map_err(|_| "the writer failed")?;
        Ok(())
    })?;
    (made.after, made.after_wall) = traces(&newest()?, &mut cases, 2_000);
    Ok(made)
}

fn traces<'a>(
    index: &VisitIndex,
    cases: &mut impl Iterator<Item = &'a CaseInput>,
    times: usize,
) -> (f64, f64) {
    let (cpu, wall) = cases.take(times).map(|c| trace(index, c)).unzip();
    (median(cpu), median(wall))
}

fn trace(index: &VisitIndex, case: &CaseInput) -> (f64, f64) {
    let rules = index::rules(1);
    let (begun, cpu) = (Instant::now(), thread_cpu_seconds());
    std::hint::black_box(Tracer::new(index, &rules, index::kind_of, index::now()).case(case));
    (thread_cpu_seconds() - cpu, begun.elapsed().as_secs_f64())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

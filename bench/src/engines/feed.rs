//! What else the index must bear: two cores at once, and visits arriving while traces run.

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use jadegate_bench_tracing::floor::Digest;
use jadegate_bench_tracing::index;
use jadegate_bench_tracing::visits::{DAYS, START, Town, Visit};
use jadegate_trace::{CaseInput, KnownVisit, Merge, Merged, Tracer, VisitIndex};

use super::ours::Index;
use crate::Result;
use crate::machine::thread_cpu_seconds;

/// All cases on one core and on two, in turn.
#[derive(Debug, Default)]
pub(super) struct Cores {
    /// Seconds of wall-clock time.
    pub(super) one: Vec<f64>,
    pub(super) two: Vec<f64>,
    /// Seconds of CPU, of both threads together for two.
    pub(super) one_cpu: Vec<f64>,
    pub(super) two_cpu: Vec<f64>,
    /// How much faster two threads were at the same moment at arithmetic that needs no memory: twice
    /// as fast on two cores, little faster on two threads of one.
    pub(super) arithmetic: Vec<f64>,
}

/// So many cases a thread takes at a time, as the server's threads do.
const AT_ONCE: usize = 16;

impl Cores {
    /// Two threads take the cases from one list, as the server's do. To be asked several times in a
    /// run: each round is short, and neighbours come and go.
    pub(super) fn measure(&mut self, index: &Index, rounds: u32) {
        let rules = index::rules(1);
        let (visits, cases) = (&index.visits, &index.cases);
        for _ in 0..rounds.max(5) {
            let (begun, cpu) = (Instant::now(), thread_cpu_seconds());
            let alone = index::bulk(visits, &rules, cases);
            self.one_cpu.push(thread_cpu_seconds() - cpu);
            self.one.push(begun.elapsed().as_secs_f64());
            let begun = Instant::now();
            let next = AtomicUsize::new(0);
            let (first, second) = on_two(|| {
                let cpu = thread_cpu_seconds();
                let mut search = index::search(visits, &rules);
                let mut digest = Digest::default();
                while let Some(rest) = cases.get(next.fetch_add(AT_ONCE, Ordering::Relaxed)..) {
                    if rest.is_empty() {
                        break;
                    }
                    digest = digest.and(index::sums(&mut search, &rest[..rest.len().min(AT_ONCE)]));
                }
                (digest, thread_cpu_seconds() - cpu)
            });
            self.two.push(begun.elapsed().as_secs_f64());
            self.two_cpu.push(first.1 + second.1);
            assert_eq!(alone, first.0.and(second.0), "two threads find what one finds");
            let begun = Instant::now();
            arithmetic();
            let one = begun.elapsed().as_secs_f64();
            let begun = Instant::now();
            on_two(arithmetic);
            self.arithmetic.push(2.0 * one / begun.elapsed().as_secs_f64());
        }
    }
}

/// Does something on two threads at once.
fn on_two<T: Send + Default>(work: impl Fn() -> T + Sync) -> (T, T) {
    std::thread::scope(|s| {
        let other = s.spawn(&work);
        (work(), other.join().unwrap_or_default())
    })
}

/// Some ten milliseconds that keep a core busy: eight sums that do not wait for each other.
fn arithmetic() {
    let mut sums = [1u64; 8];
    for n in 0..std::hint::black_box(5_000_000u64) {
        for sum in &mut sums {
            *sum = (*sum ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    std::hint::black_box(sums);
}

/// Saving the sorted form and reading it again, in seconds.
#[derive(Debug, Default)]
pub(super) struct Start {
    pub(super) bytes: u64,
    pub(super) save: Vec<f64>,
    pub(super) load: Vec<f64>,
    pub(super) load_cpu: Vec<f64>,
    /// Building the index from visits in any order, which a start does if there is no file.
    pub(super) build_cpu: f64,
}

/// Reads the saved form as a start does; the file is in the system's cache.
pub(super) fn start(index: &Index, runs: u32, scratch: &Path) -> Result<Start> {
    let file = scratch.join("visits.index");
    let mut made = Start { build_cpu: index.build_cpu, ..Start::default() };
    for _ in 0..runs {
        let (save, load, bytes) = index::disk(&index.visits, &file).map_err(|e| e.to_string())?;
        made.bytes = bytes;
        made.save.push(save.wall / 1e3);
        made.load.push(load.wall / 1e3);
        made.load_cpu.push(load.cpu / 1e3);
    }
    std::fs::remove_file(file)?;
    Ok(made)
}

/// Traces of single cases before, while and after visits are fed.
#[derive(Debug, Default)]
pub(super) struct Fed {
    /// Visits that were fed, and the seconds it took of wall-clock time and of the writer's CPU.
    pub(super) visits: usize,
    pub(super) wall: f64,
    pub(super) cpu: f64,
    /// Median CPU seconds of a trace of one case.
    pub(super) before: f64,
    pub(super) during: f64,
    pub(super) after: f64,
    /// The same in wall-clock time.
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
/// reader traces case after case from the newest one. The visits are of the day after the town's
/// last and of everybody but the cases, so that each trace finds what it found before. CPU time is
/// compared, for the clock also tells of other people's work.
pub(super) fn while_tracing(index: &Index, town: &Town) -> Result<Fed> {
    let cases: HashSet<u32> = index.numbers.iter().copied().collect();
    let next = Town { visits: town.people * 2, seed: town.seed + 1, ..*town };
    let next_day = |v: Visit| {
        let entered = START + DAYS * 86_400 + (v.entered - START) / DAYS;
        Visit { entered, left: entered + (v.left - v.entered), ..v }
    };
    let more = next.visits().into_iter().filter(|v| !cases.contains(&v.holder)).map(next_day);
    let more: Vec<KnownVisit> = more.map(|v| index::known(&v)).collect();
    let published = Mutex::new(index.visits.clone());
    let newest = || published.lock().map(|i| i.clone()).map_err(|_| "the writer failed");
    let mut cases = index.cases.iter().cycle();
    let mut made = Fed { visits: more.len(), ..Fed::default() };
    (made.before, made.before_wall) = traces(&newest()?, &mut cases, 2_000);
    let done = AtomicBool::new(false);
    let (to_merge, merging) = mpsc::channel::<Merge>();
    let (finished, merged) = mpsc::channel::<Merged>();
    std::thread::scope(|s| -> Result<()> {
        let (index, more, published, done) = (&index.visits, &more, &published, &done);
        let writer = s.spawn(move || {
            let made = write(index, more, published, to_merge, merged);
            done.store(true, Ordering::Release);
            made
        });
        // Ends with the writer, who holds the other end.
        s.spawn(move || merging.iter().all(|merge| finished.send(merge.work()).is_ok()));
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

/// Feeds and publishes; hands the merging of large runs over and takes it back. Seconds of
/// wall-clock time and of this thread's CPU.
#[expect(clippy::needless_pass_by_value, reason = "dropped at the end: that ends the merging")]
fn write(
    index: &VisitIndex,
    visits: &[KnownVisit],
    published: &Mutex<VisitIndex>,
    to_merge: mpsc::Sender<Merge>,
    merged: mpsc::Receiver<Merged>,
) -> (f64, f64) {
    let (begun, cpu) = (Instant::now(), thread_cpu_seconds());
    let mut own = index.clone();
    let mut merging = false;
    for (i, batch) in visits.chunks(BATCH).enumerate() {
        for visit in batch {
            own.insert(*visit);
        }
        if let Ok(merged) = merged.try_recv() {
            own.adopt(merged);
            merging = false;
        }
        if !merging && let Some(merge) = own.merge_due() {
            merging = to_merge.send(merge).is_ok();
        }
        if let Ok(mut place) = published.lock() {
            *place = own.clone();
        }
        let due = Duration::from_secs_f64(((i + 1) * BATCH) as f64 / RATE);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
    }
    (begun.elapsed().as_secs_f64(), thread_cpu_seconds() - cpu)
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

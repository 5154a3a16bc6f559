//! Clocks: wall time, and the CPU time of this process from the kernel.

use std::time::Instant;

/// CPU seconds of this process so far, user and system.
pub fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let field = |i: usize| after.split_whitespace().nth(i).and_then(|t| t.parse::<f64>().ok());
    (field(11).unwrap_or(0.0) + field(12).unwrap_or(0.0)) / 100.0
}

/// CPU time of one thread or process in nanoseconds, finer than [`cpu_seconds`]: what the scheduler
/// counted for the thread that asks. Waiting is not in it.
pub fn thread_cpu_nanos() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split_whitespace().next().and_then(|t| t.parse().ok()).unwrap_or(0)
}

/// How long something took, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// By the clock.
    pub wall: f64,
    /// CPU of this thread.
    pub cpu: f64,
}

/// Does something and times it.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Took) {
    let (wall, cpu) = (Instant::now(), thread_cpu_nanos());
    let made = work();
    let cpu = (thread_cpu_nanos() - cpu) as f64 / 1e6;
    (made, Took { wall: wall.elapsed().as_secs_f64() * 1e3, cpu })
}

/// The median; of an even number the upper one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

//! Clocks: wall time, and the CPU time of a thread.

use std::time::Instant;

/// CPU time of the thread that asks, in nanoseconds. Waiting is not in it.
pub fn thread_cpu_nanos() -> u64 {
    let t = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    t.tv_sec.unsigned_abs() * 1_000_000_000 + t.tv_nsec.unsigned_abs()
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

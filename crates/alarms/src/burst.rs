//! What is far above its own history.

use crate::counts::{HourCount, float};
use crate::tail::ln_tail;

/// Hours of a day.
const DAY: i64 = 24;
/// Hours before the window that belong to neither side: a burst of yesterday is no history of today's.
pub const GUARD_HOURS: i64 = 2 * DAY;
/// Hours of history that are looked at.
pub const HISTORY_HOURS: i64 = 56 * DAY;
/// The windows whose sums are compared, in hours: a day for what is quick, three for what is spread.
pub const WINDOWS: [i64; 2] = [DAY, 3 * DAY];
/// Fewer windows of history than this say nothing about how much varies.
const FEWEST: usize = 5;
/// However even the past was, the future varies by a third of its mean at least.
const DISPERSION: f64 = 0.1;

/// What makes a burst.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// Fewer than this within a window are none, whatever the history.
    pub floor: u64,
    /// Whoever did less on a day in the past is compared with this.
    pub quiet_day: f64,
    /// The natural logarithm of the probability under which it is one.
    pub ln_p: f64,
}

impl Rule {
    /// One window in a million is called a burst by chance alone, if the distribution fits.
    pub const fn once_in_a_million(floor: u64, quiet_day: f64) -> Self {
        Self { floor, quiet_day, ln_p: -13.815_510_557_964_274 }
    }
}

/// What somebody found to be in order before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What happened up to and with this hour counts no more.
    pub hour: i64,
    /// How much was in order within so many hours; as much again is no burst. `(0, _)`: nothing was.
    pub rate: (u64, i64),
}

/// Far above its own history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// The window's length in hours.
    pub hours: i64,
    /// How much happened within it.
    pub count: u64,
    /// How much was to be expected.
    pub expected: f64,
    /// The natural logarithm of the probability of as much or more.
    pub ln_p: f64,
}

/// Is what happened up to now far above the history? Of several windows the least probable one is told.
/// Counts may be in any order; hours that are not there had none.
pub fn burst(
    counts: &[HourCount],
    now: i64,
    rule: &Rule,
    accepted: Option<Accepted>,
) -> Option<Burst> {
    WINDOWS
        .into_iter()
        .filter_map(|hours| within(counts, now, rule, hours, accepted))
        .min_by(|a, b| a.ln_p.total_cmp(&b.ln_p))
}

fn within(
    counts: &[HourCount],
    now: i64,
    rule: &Rule,
    hours: i64,
    accepted: Option<Accepted>,
) -> Option<Burst> {
    let from = accepted.map_or(now - hours, |a| a.hour.max(now - hours));
    let count = sum(counts, from, now);
    if count < rule.floor {
        return None;
    }
    let past = history(counts, now, hours);
    let quiet = rule.quiet_day * float(hours.unsigned_abs()) / float(DAY.unsigned_abs());
    let allowed = accepted.map_or(0.0, |a| {
        float(a.rate.0) * float(hours.unsigned_abs()) / float(a.rate.1.max(1).unsigned_abs())
    });
    let (mean, variance) = moments(&past);
    let expected = mean.max(quiet).max(allowed);
    let variance = variance.max(expected + DISPERSION * expected * expected);
    let ln_p = ln_tail(count, expected, variance);
    (ln_p < rule.ln_p).then_some(Burst { hours, count, expected, ln_p })
}

/// The sum of what happened after `from`, up to and with `to`.
fn sum(counts: &[HourCount], from: i64, to: i64) -> u64 {
    let inside = counts.iter().filter(|c| c.hour > from && c.hour <= to);
    inside.fold(0, |sum, c| sum.saturating_add(c.count))
}

/// The sums of the windows before, newest first, as far as anything is known.
fn history(counts: &[HourCount], now: i64, hours: i64) -> Vec<f64> {
    let last = now - hours - GUARD_HOURS;
    let Some(first) = counts.iter().filter(|c| c.count > 0).map(|c| c.hour).min() else {
        return Vec::new();
    };
    let first = first.max(last - HISTORY_HOURS);
    let ends = (0..).map(|n| last - n * hours).take_while(|end| end - hours >= first - 1);
    ends.map(|end| float(sum(counts, end - hours, end))).collect()
}

/// Mean and variance of a sample; nothing of one that is too small.
fn moments(past: &[f64]) -> (f64, f64) {
    if past.len() < FEWEST {
        return (0.0, 0.0);
    }
    let n = float(past.len() as u64);
    let mean = past.iter().sum::<f64>() / n;
    let squares: f64 = past.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, squares / (n - 1.0))
}

//! Counts by the hour.

/// How much happened within an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// Hours since the epoch.
    pub hour: i64,
    /// How much.
    pub count: u64,
}

/// A count as a number that can be divided; counts here are far below what a double holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(crate) const fn float(n: u64) -> f64 {
    n as f64
}

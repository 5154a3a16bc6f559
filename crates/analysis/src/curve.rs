//! The epidemic curve: how many a day.

/// Counts of consecutive days.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Curve {
    /// The day of the first count, in days since the epoch.
    pub first: i64,
    /// A count for each day from then on, days with none included.
    pub counts: Vec<u32>,
}

impl Curve {
    /// Counts what happened on the days from `first` to `last`, both included; the rest is left out.
    /// Empty if `last` is before `first`.
    pub fn of(first: i64, last: i64, days: impl IntoIterator<Item = i64>) -> Self {
        let length =
            last.checked_sub(first).and_then(|d| usize::try_from(d).ok()).map_or(0, |d| d + 1);
        let mut counts = vec![0_u32; length];
        for day in days {
            let at = day.checked_sub(first).and_then(|d| usize::try_from(d).ok());
            if let Some(count) = at.and_then(|i| counts.get_mut(i)) {
                *count = count.saturating_add(1);
            }
        }
        Self { first, counts }
    }

    /// All of them together.
    pub fn total(&self) -> u64 {
        self.counts.iter().copied().map(u64::from).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_any_are_counted_as_none() {
        let curve = Curve::of(10, 14, [9, 10, 12, 12, 14, 15]);
        assert_eq!(curve, Curve { first: 10, counts: vec![1, 0, 2, 0, 1] });
        assert_eq!(curve.total(), 4);
        assert_eq!(Curve::of(10, 9, [9, 10]).counts, Vec::<u32>::new());
        assert_eq!(Curve::of(i64::MIN, i64::MAX, [0]).total(), 0, "no room for it, and no panic");
    }
}

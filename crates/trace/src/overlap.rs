//! Shared time of two people at one place: the union of all overlaps, second by second.

use jadegate_domain::evidence::Certainty;

/// Both were there over the seconds `from..to`, as sure as the less sure of the two stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overlap {
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) certainty: Certainty,
}

/// One unbroken stretch of shared time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Seconds that are recorded from end to end.
    pub(crate) recorded_secs: u32,
    pub(crate) certainty: Certainty,
}

/// Joins overlaps, given in order of `from`, into stretches in which no second counts twice.
///
/// A second is as sure as its surest overlap. Proven seconds next to each other form one stretch,
/// recorded if all of it is; seconds that are only unproven form stretches of their own.
pub(crate) fn unite(overlaps: &(impl Iterator<Item = Overlap> + Clone), out: &mut Vec<Stretch>) {
    // Nearly always there is one.
    let mut some = overlaps.clone();
    if let (Some(one), None) = (some.next(), some.next()) {
        let recorded = one.certainty == Certainty::Recorded;
        let recorded_secs = if recorded { one.to - one.from } else { 0 };
        let (from, to, certainty) = (one.from, one.to, one.certainty);
        out.push(Stretch { from, to, recorded_secs, certainty });
        return;
    }
    let of = |worst: Certainty| {
        overlaps.clone().filter(move |o| o.certainty <= worst).map(|o| (o.from, o.to))
    };
    let recorded = union(of(Certainty::Recorded));
    let proven = union(of(Certainty::Assumed));
    let first = out.len();
    for &(from, to) in &proven {
        let recorded_secs = recorded.iter().map(|r| shared(*r, (from, to))).sum();
        let all = recorded_secs == to - from;
        let certainty = if all { Certainty::Recorded } else { Certainty::Assumed };
        out.push(Stretch { from, to, recorded_secs, certainty });
    }
    for unproven in union(of(Certainty::Unproven)) {
        for (from, to) in without(unproven, &proven) {
            out.push(Stretch { from, to, recorded_secs: 0, certainty: Certainty::Unproven });
        }
    }
    out[first..].sort_unstable_by_key(|s| s.from);
}

/// Periods, given in order of their beginning, joined where they touch.
pub(crate) fn union(periods: impl Iterator<Item = (u32, u32)>) -> Vec<(u32, u32)> {
    let mut joined: Vec<(u32, u32)> = Vec::new();
    for (from, to) in periods {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

fn shared(a: (u32, u32), b: (u32, u32)) -> u32 {
    a.1.min(b.1).saturating_sub(a.0.max(b.0))
}

/// What is left of a period after taking away others, which are in order and apart.
fn without(period: (u32, u32), taken: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let (mut from, end) = period;
    let mut left = Vec::new();
    for t in taken.iter().filter(|t| shared(**t, period) > 0) {
        if from < t.0 {
            left.push((from, t.0));
        }
        from = t.1;
    }
    if from < end {
        left.push((from, end));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;
    use Certainty::{Assumed, Recorded, Unproven};

    fn united(overlaps: &[(u32, u32, Certainty)]) -> Vec<(u32, u32, u32, Certainty)> {
        let overlap = |o: &(u32, u32, Certainty)| Overlap { from: o.0, to: o.1, certainty: o.2 };
        let mut out = Vec::new();
        unite(&overlaps.iter().map(overlap), &mut out);
        out.iter().map(|s| (s.from, s.to, s.recorded_secs, s.certainty)).collect()
    }

    #[test]
    fn no_second_counts_twice() {
        let got = united(&[(0, 10, Recorded), (0, 10, Recorded), (5, 20, Recorded)]);
        assert_eq!(got, [(0, 20, 20, Recorded)]);
    }

    #[test]
    fn a_partly_assumed_stretch_is_assumed_and_keeps_its_recorded_seconds() {
        let got = united(&[(0, 10, Recorded), (5, 20, Assumed), (30, 31, Assumed)]);
        assert_eq!(got, [(0, 20, 10, Assumed), (30, 31, 0, Assumed)]);
    }

    #[test]
    fn unproven_seconds_stand_apart() {
        let got = united(&[(0, 30, Unproven), (10, 20, Recorded), (25, 40, Assumed)]);
        let want = [
            (0, 10, 0, Unproven),
            (10, 20, 10, Recorded),
            (20, 25, 0, Unproven),
            (25, 40, 0, Assumed),
        ];
        assert_eq!(got, want);
    }
}

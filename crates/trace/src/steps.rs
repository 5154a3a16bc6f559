//! How many are at a place, second by second, and what that adds up to.
//!
//! Of the stays of many people at one place a step function is made: from which second on how many
//! are there, and the sum over all seconds before. Whoever was there between two moments shared with
//! all of them together the difference of two sums, however many they are.

use std::ops::Range;

/// From a moment on, until the next step: how many are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step {
    at: u32,
    count: u32,
    /// Seconds of all of them, from the beginning of the span until here. Never too many for 64
    /// bits: 2^32 people over 2^32 seconds are fewer.
    before: u64,
}

/// A stretch of time in which at no second nobody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: u32,
    pub(crate) to: u32,
    steps: (u32, u32),
    /// Where its part of [`Steps::guide`] begins.
    guide: u32,
    /// Each entry of the guide stands for two to the power of so many seconds.
    shift: u8,
}

/// Which spans belong to a place, in order of time.
pub(crate) type Spans = Range<u32>;

/// Step functions of any number of places.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    steps: Vec<Step>,
    spans: Vec<Span>,
    /// For every few seconds of a span the last of its steps that is not later: where a search for
    /// a moment begins.
    guide: Vec<u32>,
    /// Beginnings and ends.
    events: Vec<u64>,
}

/// Spans with no more steps are searched from the beginning.
const FEW: usize = 6;

/// Entries of the guide for each step, at most.
const ENTRIES_A_STEP: u64 = 8;

impl Steps {
    pub(crate) fn clear(&mut self) {
        self.steps.clear();
        self.spans.clear();
        self.guide.clear();
    }

    /// Adds the step function of stays at one place, in any order; those that last no time are
    /// nothing. Where the same person stays several times, no two of their stays may overlap.
    pub(crate) fn add(&mut self, stays: impl Iterator<Item = (u32, u32)>) -> Spans {
        let first = index(self.spans.len());
        self.events.clear();
        for (from, to) in stays.filter(|(from, to)| from < to) {
            self.events.extend([u64::from(from) << 1 | 1, u64::from(to) << 1]);
        }
        self.events.sort_unstable();
        let events = std::mem::take(&mut self.events);
        let (mut count, mut before, mut begun) = (0u32, 0u64, self.steps.len());
        // Those who come and go in the same second change the count once.
        for now in events.chunk_by(|a, b| a >> 1 == b >> 1) {
            #[expect(clippy::cast_possible_truncation, reason = "it was made of 32 bits")]
            let at = (now[0] >> 1) as u32;
            match self.steps[begun..].last() {
                Some(last) => before += u64::from(count) * u64::from(at - last.at),
                None => before = 0,
            }
            let come = now.iter().filter(|e| **e & 1 == 1).count();
            count = count + index(come) - index(now.len() - come);
            self.steps.push(Step { at, count, before });
            if count == 0 {
                self.close(begun);
                begun = self.steps.len();
            }
        }
        self.events = events;
        first..index(self.spans.len())
    }

    /// Makes a span of the steps from here on.
    fn close(&mut self, begun: usize) {
        let steps = &self.steps[begun..];
        let (from, to) = (steps[0].at, steps[steps.len() - 1].at);
        let guide = index(self.guide.len());
        let mut shift = 32;
        if steps.len() <= FEW {
            self.guide.push(0);
        } else {
            let entries = steps.len() as u64 * ENTRIES_A_STEP;
            shift = 0;
            while u64::from(to - from) >> shift >= entries {
                shift += 1;
            }
            let mut step = 0;
            for k in 0..=u64::from(to - from) >> shift {
                let moment = u64::from(from) + (k << shift);
                while step + 1 < steps.len() && u64::from(steps[step + 1].at) <= moment {
                    step += 1;
                }
                self.guide.push(index(step));
            }
        }
        let steps = (index(begun), index(self.steps.len()));
        self.spans.push(Span { from, to, steps, guide, shift });
    }

    pub(crate) fn spans(&self, spans: &Spans) -> &[Span] {
        &self.spans[spans.start as usize..spans.end as usize]
    }

    /// For many look-ups in one span.
    #[inline]
    pub(crate) fn view(&self, span: &Span) -> View<'_> {
        let steps = &self.steps[span.steps.0 as usize..span.steps.1 as usize];
        View {
            steps,
            guide: &self.guide[span.guide as usize..],
            from: span.from,
            shift: span.shift,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "fewer stays than visits, of which 2^31 are a run"
)]
const fn index(n: usize) -> u32 {
    n as u32
}

/// One span, to be looked up in. Moments asked for must lie in it; its end does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    steps: &'a [Step],
    guide: &'a [u32],
    from: u32,
    shift: u8,
}

impl View<'_> {
    /// The last step before a moment; the first one for the beginning.
    #[inline]
    fn step(&self, at: u32) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "at most 32 bits")]
        let entry = (u64::from(at - self.from) >> self.shift) as usize;
        let mut step = self.guide[entry] as usize;
        // The guide's step may be at the moment itself, which is as good: the sum is the same.
        while step + 1 < self.steps.len() && self.steps[step + 1].at < at {
            step += 1;
        }
        step
    }

    #[inline]
    fn until(&self, at: u32) -> u64 {
        let step = &self.steps[self.step(at)];
        step.before + u64::from(step.count) * u64::from(at - step.at)
    }

    /// Seconds of all together between two moments.
    #[inline]
    pub(crate) fn between(&self, from: u32, to: u32) -> u64 {
        if self.steps.len() == 2 {
            return u64::from(self.steps[0].count) * u64::from(to - from);
        }
        self.until(to) - self.until(from)
    }

    /// What somebody there from one moment to a later one shared with all of them but `but`, who are
    /// among them all the time: seconds, and the first and last moment. `None` if nothing.
    pub(crate) fn shared(&self, from: u32, to: u32, but: u32) -> Option<(u64, u32, u32)> {
        let secs = self.between(from, to);
        if but == 0 {
            return (from < to).then_some((secs, from, to));
        }
        let secs = secs.saturating_sub(u64::from(but) * u64::from(to - from));
        if secs == 0 {
            return None;
        }
        // From the first second on there is a step with more of them, and none after the last.
        let (mut begin, mut end) = (self.step(from), self.step(to));
        begin += usize::from(self.steps.get(begin + 1).is_some_and(|s| s.at <= from));
        end -= usize::from(self.steps[end].at >= to);
        let others = |step: &Step| step.count > but;
        let first = begin + self.steps[begin..=end].iter().position(others)?;
        let last = begin + self.steps[begin..=end].iter().rposition(others)?;
        let until = self.steps.get(last + 1).map_or(to, |s| s.at);
        Some((secs, self.steps[first].at.max(from), until.min(to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts second by second.
    fn naive(stays: &[(u32, u32)], from: u32, to: u32) -> Option<(u64, u32, u32)> {
        let (mut secs, mut first, mut last) = (0u64, None, 0);
        for second in from..to {
            let there = stays.iter().filter(|s| s.0 <= second && second < s.1).count();
            secs += u64::try_from(there).unwrap();
            if there > 0 {
                first = first.or(Some(second));
                last = second + 1;
            }
        }
        first.map(|first| (secs, first, last))
    }

    #[test]
    fn sums_are_those_of_counting_every_second() {
        let mut seed = 3u64;
        let mut random = move |below: u32| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u32::try_from((seed >> 33) % u64::from(below)).unwrap()
        };
        let mut steps = Steps::default();
        for round in 0..300 {
            if round % 10 == 0 {
                steps.clear();
            }
            let longest = if round % 2 == 0 { 9 } else { 90 };
            let stay = |random: &mut dyn FnMut(u32) -> u32| (random(900), random(longest));
            let stays: Vec<_> = (0..=random(60))
                .map(|_| stay(&mut random))
                .map(|(from, length)| (from, from + length))
                .collect();
            let spans = steps.add(stays.iter().copied());
            let spans = steps.spans(&spans);
            assert!(spans.is_sorted_by(|a, b| a.to < b.from), "apart, and in order");
            let (mut covered, mut all) = (0, 0);
            for span in spans {
                let view = steps.view(span);
                covered += span.to - span.from;
                all += view.between(span.from, span.to);
            }
            for _ in 0..40 {
                let mut from = random(950);
                let mut to = from + 1 + random(100);
                // Often where something changes.
                let near =
                    |m: u32| stays.iter().flat_map(|s| [s.0, s.1]).find(|s| s.abs_diff(m) < 9);
                if random(2) == 0 {
                    (from, to) = (near(from).unwrap_or(from), near(to).unwrap_or(to));
                }
                if let Some(span) = spans.iter().find(|s| s.from <= from && from < to && to <= s.to)
                {
                    let got = steps.view(span).shared(from, to, 0);
                    assert_eq!(got, naive(&stays, from, to));
                }
                // Somebody who is there all the time.
                let with: Vec<_> = stays.iter().copied().chain([(from, to)]).collect();
                let mut other = Steps::default();
                let spans = other.add(with.iter().copied());
                let mut spans = other.spans(&spans).iter();
                if let Some(span) = spans.find(|s| s.from <= from && from < to && to <= s.to) {
                    assert_eq!(other.view(span).shared(from, to, 1), naive(&stays, from, to));
                }
            }
            let lengths = stays.iter().map(|s| u64::from(s.1 - s.0)).sum::<u64>();
            assert_eq!(all, lengths);
            let there = (0..1_000).filter(|t| stays.iter().any(|s| s.0 <= *t && *t < s.1));
            assert_eq!(u32::try_from(there.count()).unwrap(), covered);
        }
    }

    #[test]
    fn many_stays_at_once_and_all_of_time() {
        let mut steps = Steps::default();
        let always = std::iter::repeat_n((0, u32::MAX), 1_000);
        let spans = steps.add(always.chain((0..1_000).map(|n| (n, u32::MAX - n))));
        let span = steps.spans(&spans)[0];
        assert_eq!((span.from, span.to), (0, u32::MAX));
        let view = steps.view(&span);
        let all = u64::from(u32::MAX) * 2_000 - 2 * (999 * 1_000 / 2);
        assert_eq!(view.shared(0, u32::MAX, 0), Some((all, 0, u32::MAX)));
        assert_eq!(view.shared(u32::MAX - 1, u32::MAX, 1_000), Some((1, u32::MAX - 1, u32::MAX)));
        assert_eq!(view.shared(2_000, 2_001, 2_000), None);
        assert_eq!(steps.add([(5, 5)].into_iter()).len(), 0);
        let spans = steps.add([(0, 10), (10, 20), (30, 40)].into_iter());
        let ends: Vec<_> = steps.spans(&spans).iter().map(|s| (s.from, s.to)).collect();
        assert_eq!(ends, [(0, 20), (30, 40)], "touching stays are one span");
    }
}

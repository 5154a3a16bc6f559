//! Stretches of time at places, united where they overlap.

use std::collections::HashMap;

use jadegate_domain::{PlaceId, PlaceKind};

use crate::pairs::minutes;
use crate::row::{KnownVisit, secs};
use crate::rules::Rules;

/// When and where visits may have been near other people's: for each visit its place and the time
/// from the lingering time before it until that after its latest end. Stays are taken to last as
/// long as they may ever have been taken to: an exit told late takes minutes back.
///
/// What overlaps is kept as one, so that a crowd that comes and goes at one place takes no more
/// memory than one visitor. Who is near the whole is who is near one of its parts.
#[derive(Clone, Debug, Default)]
pub struct Spans {
    at: HashMap<PlaceId, United>,
    len: usize,
}

/// The seconds from the first number on and before the second.
pub(crate) type Span = (u32, u32);

#[derive(Clone, Debug, Default)]
struct United {
    /// By beginning and without overlaps up to `sorted`; then what has come since.
    list: Vec<Span>,
    sorted: usize,
}

/// Spans of a place that are not united yet; at most as many as the others, besides these.
const LOOSE: usize = 16;

impl Spans {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds where and when a visit may be near others.
    pub fn add(
        &mut self,
        visit: &KnownVisit,
        rules: &Rules,
        kind_of: impl FnOnce(PlaceId) -> PlaceKind,
    ) {
        self.put(visit.place, span_of(visit, rules, kind_of(visit.place)));
    }

    /// Takes over those of another list.
    pub fn append(&mut self, other: Self) {
        for (place, united) in other.at {
            united.list.into_iter().for_each(|span| self.put(place, span));
        }
    }

    fn put(&mut self, place: PlaceId, span: Span) {
        let united = self.at.entry(place).or_default();
        let before = united.list.len();
        united.put(span);
        self.len = self.len + united.list.len() - before;
    }

    /// How many stretches are kept. Some that overlap may count apart for a while.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Is there none?
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The spans of each place, by beginning, without overlaps.
    pub(crate) fn by_place(&self) -> impl Iterator<Item = (PlaceId, Vec<Span>)> {
        self.at.iter().map(|(place, united)| {
            let mut list = united.list.clone();
            unite(&mut list);
            (*place, list)
        })
    }
}

impl United {
    fn put(&mut self, span: Span) {
        // Visits come about in the order of time, so it nearly always overlaps the last one.
        match self.list.last_mut().filter(|last| overlap(**last, span)) {
            Some(last) => {
                *last = (last.0.min(span.0), last.1.max(span.1));
                self.sorted = self.sorted.min(self.list.len() - 1);
            }
            None => self.list.push(span),
        }
        if self.list.len() - self.sorted > LOOSE + self.sorted {
            unite(&mut self.list);
            self.sorted = self.list.len();
        }
    }
}

/// Do they share a moment, or are they the same? Those that only touch are kept apart: a visit of no
/// length at that very moment is near neither.
const fn overlap(a: Span, b: Span) -> bool {
    (a.0 < b.1 && b.0 < a.1) || (a.0 == b.0 && a.1 == b.1)
}

/// Sorts them and makes one of those that overlap.
pub(crate) fn unite(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    spans.dedup_by(|next, before| {
        let one = overlap(*next, *before);
        if one {
            before.1 = before.1.max(next.1);
        }
        one
    });
}

/// See [`Spans`].
pub(crate) fn span_of(v: &KnownVisit, rules: &Rules, kind: PlaceKind) -> Span {
    let rules = rules.at(kind);
    let lingering = minutes(rules.lingering_minutes);
    let entered = secs(v.entered);
    let assumed = entered.saturating_add(minutes(rules.assumed_stay_minutes));
    let end = assumed.max(v.left.map_or(0, secs));
    (entered.saturating_sub(lingering), end.saturating_add(lingering))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Is a visit from `entered` to `end` near a span?
    const fn near((from, to): Span, (entered, end): Span) -> bool {
        entered < to && end > from
    }

    proptest! {
        #[test]
        fn who_is_near_the_whole_is_near_a_part(
            parts in prop::collection::vec((0..60u32, 0..9u32), 1..60),
        ) {
            let parts: Vec<Span> = parts.into_iter().map(|(from, len)| (from, from + len)).collect();
            let mut united = United::default();
            for span in &parts {
                united.put(*span);
            }
            let mut list = united.list.clone();
            unite(&mut list);
            for visit in (0..70).flat_map(|from| (0..20).map(move |len| (from, from + len))) {
                let want = parts.iter().any(|span| near(*span, visit));
                prop_assert_eq!(united.list.iter().any(|span| near(*span, visit)), want);
                prop_assert_eq!(list.iter().any(|span| near(*span, visit)), want);
            }
            prop_assert!(list.is_sorted() && list.windows(2).all(|w| !overlap(w[0], w[1])));
        }
    }

    #[test]
    fn a_crowd_takes_no_more_than_one_visitor() {
        let mut spans = Spans::new();
        let (one, two) = (PlaceId::from_random(1), PlaceId::from_random(2));
        for n in 0..100_000 {
            spans.put(one, (n / 10, n / 10 + 3_600));
            // In two parts in turn.
            spans.put(two, (n % 2 * 50_000 + n / 10, n % 2 * 50_000 + n / 10 + 3_600));
        }
        assert!(spans.len() <= 1 + LOOSE + 4, "{} kept", spans.len());
        let mut other = Spans::new();
        other.append(spans.clone());
        assert_eq!(other.by_place().map(|(_, list)| list.len()).sum::<usize>(), 3);
        assert!(!other.is_empty() && Spans::new().is_empty());
    }
}

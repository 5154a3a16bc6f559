//! Which traces a visit that arrives later may change.

use std::collections::{BTreeSet, HashMap};

use jadegate_domain::{CaseId, HolderId, Period, PlaceId, PlaceKind, Timestamp};

use crate::index::{Spot, VisitIndex};
use crate::pairs::minutes;
use crate::row::{Cell, KnownVisit, Row};
use crate::rules::Rules;
use crate::spans::{Span, Spans};

/// Whose visits can change the traces of known cases: the cases themselves and their close contacts.
///
/// A gate that was offline uploads visits of yesterday; exits are scanned after the trace ran. With
/// a watch the cases they touch are known at once, and only those are traced again. It names too
/// many rather than too few: a case it does not name would be traced to the same contacts.
///
/// It knows people, not where they were: that is looked up in the index. However many visits are
/// asked about, each row of the index is read once at most, and only at places and about times of
/// these visits. Memory: some 50 bytes for each person and case, however many places they went to.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    sources: HashMap<CaseId, Vec<HolderId>>,
    cases: HashMap<HolderId, Vec<CaseId>>,
}

impl Watch {
    /// Watches over no case.
    pub fn new() -> Self {
        Self::default()
    }

    /// A case was traced: its person and its close contacts, each once. Replaces what was known of
    /// the case.
    pub fn put(&mut self, case: CaseId, sources: impl IntoIterator<Item = HolderId>) {
        self.remove(case);
        let sources: Vec<_> = sources.into_iter().collect();
        for holder in &sources {
            self.cases.entry(*holder).or_default().push(case);
        }
        self.sources.insert(case, sources);
    }

    /// Forgets a case: nothing can change its trace any more.
    pub fn remove(&mut self, case: CaseId) {
        for holder in self.sources.remove(&case).unwrap_or_default() {
            if let Some(cases) = self.cases.get_mut(&holder) {
                cases.retain(|c| *c != case);
                if cases.is_empty() {
                    self.cases.remove(&holder);
                }
            }
        }
    }

    /// All cases, in no order that means anything.
    pub fn cases(&self) -> impl Iterator<Item = CaseId> {
        self.sources.keys().copied()
    }

    /// The cases whose traces the visits may change, after these have been inserted into the index.
    /// An exit scanned later is the visit with its end, as in [`VisitIndex::close`]; a presence
    /// proven later is the visit as it is known now.
    ///
    /// A stay without a known end grows while it goes on. To know what it came to, name it once more
    /// when the time that the policy assumes is over; then [`touched_at`](Self::touched_at) will do.
    pub fn touched(
        &self,
        index: &VisitIndex,
        rules: &Rules,
        kind_of: impl Fn(PlaceId) -> PlaceKind,
        visits: &[KnownVisit],
    ) -> BTreeSet<CaseId> {
        self.look(index, rules, kind_of, visits).0
    }

    /// The cases whose traces anybody may change who was near these spans.
    pub fn touched_at(
        &self,
        index: &VisitIndex,
        rules: &Rules,
        kind_of: impl Fn(PlaceId) -> PlaceKind,
        spans: &Spans,
    ) -> BTreeSet<CaseId> {
        let mut near = Near::of(self, index);
        near.add(rules, kind_of, spans);
        near.cases
    }

    /// The same as [`touched`](Self::touched), and how many rows were read for it.
    fn look(
        &self,
        index: &VisitIndex,
        rules: &Rules,
        kind_of: impl Fn(PlaceId) -> PlaceKind,
        visits: &[KnownVisit],
    ) -> (BTreeSet<CaseId>, usize) {
        let mut near = Near::of(self, index);
        let mut spans = Spans::new();
        let mut by_holder: HashMap<HolderId, Vec<Timestamp>> = HashMap::new();
        for v in visits {
            spans.add(v, rules, &kind_of);
            by_holder.entry(v.holder).or_default().push(v.entered);
        }
        for (holder, mut entries) in by_holder {
            near.add_cases_of(holder);
            entries.sort_unstable();
            // They may have ended an earlier stay that nobody saw the end of.
            let Some(last) = entries.last() else { continue };
            let before = Period { from: Timestamp::EPOCH, to: last.plus_secs(1) };
            for u in index.visits_of(holder, before) {
                near.read += 1;
                if u.left.is_some() {
                    continue;
                }
                let assumed = rules.at(kind_of(u.place)).assumed_stay_minutes;
                let end = u.entered.plus_secs(60 * i64::from(assumed));
                let next = entries.partition_point(|entered| *entered < u.entered);
                if entries.get(next).is_some_and(|entered| *entered < end) {
                    spans.add(&u, rules, &kind_of);
                }
            }
        }
        near.add(rules, kind_of, &spans);
        (near.cases, near.read)
    }
}

/// Those near some spans.
struct Near<'a> {
    watch: &'a Watch,
    index: &'a VisitIndex,
    /// A bit for each holder: looked at already?
    seen: Vec<u64>,
    cases: BTreeSet<CaseId>,
    /// Rows read.
    read: usize,
}

/// Some spans of one place, by beginning, without overlaps, and how long a stay there is taken to
/// last if nobody saw its end.
struct AtPlace {
    place: u32,
    open_secs: u32,
    spans: Vec<Span>,
}

impl AtPlace {
    /// Was a visit from one moment to another near?
    fn is_near(&self, entered: u32, end: u32) -> bool {
        let first = self.spans.partition_point(|(_, to)| *to <= entered);
        self.spans.get(first).is_some_and(|(from, _)| end > *from)
    }
}

impl<'a> Near<'a> {
    fn of(watch: &'a Watch, index: &'a VisitIndex) -> Self {
        let seen = vec![0; index.holders().div_ceil(64)];
        Self { watch, index, seen, cases: BTreeSet::new(), read: 0 }
    }

    /// Adds the cases of everybody who may have shared a moment with one of the spans.
    fn add(&mut self, rules: &Rules, kind_of: impl Fn(PlaceId) -> PlaceKind, spans: &Spans) {
        let index = self.index;
        let mut places: Vec<_> = spans
            .by_place()
            .filter_map(|(place, spans)| {
                let open_secs = minutes(rules.at(kind_of(place)).assumed_stay_minutes);
                index.place_number(place).map(|place| AtPlace { place, open_secs, spans })
            })
            .collect();
        places.sort_unstable_by_key(|at| at.place);
        for at in &places {
            self.add_sorted(at);
        }
        // What is newest is in no order: all of it is read, once for all places.
        for row in index.newest() {
            self.read += 1;
            if let Ok(n) = places.binary_search_by_key(&row.place, |at| at.place) {
                self.see(&places[n], row);
            }
        }
    }

    /// Spans from which one looks back to the same rows are looked up together.
    fn add_sorted(&mut self, at: &AtPlace) {
        let back = self.index.longest_at(at.place).max(at.open_secs);
        let index = self.index;
        let together = |a: &Span, b: &Span| b.0.saturating_sub(back) <= a.1;
        for some in at.spans.chunk_by(together) {
            let (from, to) = (some[0].0, some[some.len() - 1].1);
            index.runs_at(at.place, from, to, at.open_secs, Spot::BUFFER, |cells| {
                self.read += cells.len();
                for cell in cells {
                    self.see(at, &Cell::of(cell).at(at.place));
                }
            });
        }
    }

    /// Of whichever record of the person.
    fn add_cases_of(&mut self, holder: HolderId) {
        let watch = self.watch;
        let of = |record| watch.cases.get(&record).into_iter().flatten();
        if self.index.same().is_empty() {
            self.cases.extend(of(holder));
        } else {
            self.cases.extend(self.index.records(holder).into_iter().flat_map(of));
        }
    }

    fn see(&mut self, at: &AtPlace, row: &Row) {
        if !at.is_near(row.entered, row.cell().latest_end(at.open_secs)) {
            return;
        }
        let (word, bit) = (row.holder as usize / 64, 1 << (row.holder % 64));
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.add_cases_of(self.index.holder(row.holder));
        }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;

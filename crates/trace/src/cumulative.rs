//! Who was exposed to any of many cases, and for how long in all: no pair is looked at.

use std::ops::ControlFlow;

use jadegate_domain::{HolderId, PlaceId, PlaceKind, Timestamp};

use crate::case_stays::{BATCH, CaseStays, PlaceOfCases};
use crate::columns::Columns;
use crate::exact::Exact;
use crate::hit::Reach;
use crate::index::VisitIndex;
use crate::pairs::Finder;
use crate::people::People;
use crate::row::{moment, secs};
use crate::rules::Rules;
use crate::simd::Simd;
use crate::steps::View;
use crate::trace::CaseInput;

/// What somebody shared with all cases together. It names no case, so it is no evidence and no
/// reason for a colour: those come from the contacts of each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CumulativeExposure {
    /// The holder who shared the time.
    pub holder: HolderId,
    /// Seconds that are recorded from end to end, over all cases; at most what 32 bits hold, which is
    /// 136 years.
    pub lower_secs: u32,
    /// Seconds at most, over all cases: with assumed ends, and with unproven presences if the person
    /// shared any proven second with any case. At least `lower_secs`; at most what 32 bits hold.
    pub upper_secs: u32,
    /// Beginning of the first of these seconds.
    pub first: Timestamp,
    /// End of the last of them.
    pub last: Timestamp,
}

/// Finds who shared time with any of many cases, and how much with all of them together.
///
/// Its sums are those of the contacts that [`crate::Bulk`] finds for each case if any shared time
/// makes a contact; two people count for two, and a case given twice counts twice. (One thing
/// differs: here unproven seconds count as soon as the person shared proven ones with *any* case.)
/// A case is not exposed to themselves, but to the other cases. Thresholds do not matter, nor which
/// bound the rules count; how long stays are assumed to last, what lingers and who is near whom aboard
/// a vehicle do.
///
/// The stays of all cases at one place are made one step function (`steps.rs`), so that each
/// visit takes two look-ups, however many cases it met. Time grows with the visits near cases, not
/// with the pairs; memory takes 20 bytes for each holder of the index and is kept from run to run.
/// Visits whose ends are assumed, whose presence is unproven or that overlap another visit of the same
/// person at the same place take a closer look at that person, which costs a few microseconds.
pub struct Cumulative<'a, K> {
    finder: Finder<'a, K>,
    case_stays: CaseStays,
    people: People,
    /// The visits that touch a span.
    near: Columns,
    simd: Simd,
}

impl<'a, K: Fn(PlaceId) -> PlaceKind> Cumulative<'a, K> {
    /// A search over an index. Visits without a known end are not taken to last beyond `now`.
    pub fn new(index: &'a VisitIndex, rules: &'a Rules, kind_of: K, now: Timestamp) -> Self {
        Self {
            finder: Finder::new(index, rules, kind_of, secs(now)),
            case_stays: CaseStays::default(),
            people: People::default(),
            near: Columns::default(),
            simd: Simd::default(),
        }
    }

    /// Calls `each` for everybody whose `upper_secs` are at least so many (and at least one), until it
    /// breaks: nobody twice, in no order that means anything. Nobody if the rules ask for no hop.
    pub fn run<B>(
        &mut self,
        cases: &[CaseInput],
        least_secs: u32,
        mut each: impl FnMut(CumulativeExposure) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let index = self.finder.index;
        self.people.clear(index.holders());
        self.case_stays.clear();
        if self.finder.rules.max_hops > 0 {
            self.case_stays.find(&mut self.finder, cases);
        }
        self.sweep();
        let mut exact = Exact::new(&self.finder, &self.case_stays);
        let shared = |number: u32, (lower_secs, upper_secs): (u32, u32), (first, last)| {
            let holder = index.holder(number);
            let (first, last) = (moment(first), moment(last));
            CumulativeExposure { holder, lower_secs, upper_secs, first, last }
        };
        let least = least_secs.max(1);
        for (number, sum) in self.people.sums().filter(|(_, sum)| sum.secs >= least) {
            each(shared(number, (sum.secs, sum.secs), (sum.first(), sum.last)))?;
        }
        for number in self.people.to_look_at() {
            if let Some(found) = exact.person(number).filter(|f| f.upper_secs >= least) {
                let secs = (found.lower_secs, found.upper_secs);
                each(shared(number, secs, (found.first, found.last)))?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Adds up, for everybody near the cases.
    fn sweep(&mut self) {
        let Self { finder, case_stays, people, near, simd } = self;
        let mut tag = 0;
        let places = case_stays.places().chunks(BATCH).flat_map(|batch| {
            finder.index.touch_spots(case_stays.spots(batch));
            batch
        });
        for place in places {
            for (span, spot) in case_stays.spans_of(place) {
                tag += 1;
                let (from, to, open_secs) = (span.from, span.to, place.assumed_secs);
                let reach = Reach { from, to, open_secs, least: 1, recorded: true };
                near.clear();
                finder.index.rows_at(place.number, from, to, open_secs, spot, |cells| {
                    simd.scan(cells, &reach, 0, near);
                });
                near.name_people(finder.index.same());
                if place.is_plain() {
                    add_all(people, near, case_stays.steps.view(span), tag, (case_stays, place));
                } else {
                    near.holders().iter().for_each(|holder| people.look_at(*holder));
                }
            }
        }
        people.settle_all();
    }
}

/// Adds the visits of one place that lie in a span where all cases' stays are recorded.
fn add_all(
    people: &mut People,
    near: &Columns,
    view: View<'_>,
    tag: u32,
    at: (&CaseStays, &PlaceOfCases),
) {
    for hit in near.iter() {
        let (from, to) = (hit.from, hit.from.saturating_add(hit.secs));
        if !hit.is_plain() {
            people.look_at(hit.holder);
        } else if at.0.is_case(hit.holder) {
            add_case(people, hit.holder, (from, to), view, tag, at);
        } else {
            people.add(hit.holder, view.between(from, to), (from, to), tag);
        }
    }
}

/// The same of the visit of somebody who is a case: but for what they share with themselves.
fn add_case(
    people: &mut People,
    holder: u32,
    (from, to): (u32, u32),
    view: View<'_>,
    tag: u32,
    (case_stays, place): (&CaseStays, &PlaceOfCases),
) {
    let [own] = case_stays.cases_of(holder) else { return people.look_at(holder) };
    if place.lingers() {
        // What an earlier visit of theirs left behind may be among it.
        return people.look_at(holder);
    }
    let own = own.stay((from, to), place).unwrap_or((to, to));
    for (from, to, but) in [(from, own.0, 0), (own.0, own.1, 1), (own.1, to, 0)] {
        if from < to
            && let Some((secs, first, last)) = view.shared(from, to, but)
        {
            people.add(holder, secs, (first, last), tag);
        }
    }
}

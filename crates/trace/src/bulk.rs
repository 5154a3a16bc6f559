//! Thousands of cases in one run: sums for each pair, no exposures.

use std::ops::ControlFlow;

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{HolderId, PlaceId, PlaceKind, Timestamp};

use crate::crowd::Near;
use crate::index::VisitIndex;
use crate::pairs::{Finder, Pair};
use crate::row::{moment, secs};
use crate::rules::{Hop, Rules};
use crate::trace::CaseInput;

/// A close contact of one case, in sums. Its exposures are found by tracing that case alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkContact {
    number: u32,
    lower_secs: u32,
    upper_secs: u32,
    counted_secs: u32,
    first: u32,
    last: u32,
    certainty: Certainty,
}

impl BulkContact {
    /// Seconds that are recorded from end to end.
    pub const fn lower_secs(&self) -> u32 {
        self.lower_secs
    }

    /// Seconds that count at most: with assumed ends, and with unproven ones if there are proven
    /// ones beside them.
    pub const fn upper_secs(&self) -> u32 {
        self.upper_secs
    }

    /// Whole minutes that count by the policy's bound, as in [`crate::ContactFound::minutes`].
    pub const fn minutes(&self) -> u32 {
        self.counted_secs / 60
    }

    /// As in [`crate::ContactFound::certainty`].
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// Beginning of the first exposure that counts.
    pub fn first_contact(&self) -> Timestamp {
        moment(self.first)
    }

    /// End of the last exposure that counts.
    pub fn last_contact(&self) -> Timestamp {
        moment(self.last)
    }

    const fn plain(near: &Near) -> Self {
        Self {
            number: near.holder,
            lower_secs: near.secs,
            upper_secs: near.secs,
            counted_secs: near.secs,
            first: near.first,
            last: near.last,
            certainty: Certainty::Recorded,
        }
    }

    fn of(pair: &Pair) -> Option<Self> {
        let cut = |secs: u64| u32::try_from(secs).unwrap_or(u32::MAX);
        Some(Self {
            number: pair.holder,
            lower_secs: cut(pair.lower_secs),
            upper_secs: cut(pair.upper_secs),
            counted_secs: cut(pair.counted_secs),
            first: pair.first,
            last: pair.last,
            certainty: pair.reached?,
        })
    }
}

/// The contacts of one case of a bulk run.
#[derive(Clone, Copy, Debug)]
pub struct BulkCase<'a> {
    /// Which of the cases given.
    pub nth: usize,
    /// In no order that means anything; nobody twice.
    pub contacts: &'a [BulkContact],
    index: &'a VisitIndex,
}

impl BulkCase<'_> {
    /// Who a contact is.
    pub fn holder(&self, contact: &BulkContact) -> HolderId {
        self.index.holder(contact.number)
    }
}

/// Finds the close contacts of many cases, case after case.
///
/// It finds who [`crate::Tracer`] finds for each case in one hop, with the same minutes, but keeps
/// no exposures, so that neither time nor memory grow with them. Results are handed over case by
/// case: the caller keeps, writes or counts them, shows progress, and may stop.
///
/// For several threads: give each a `Bulk` of its own over the same index and a part of the cases.
/// Cases do not depend on each other, so that nothing need be merged.
pub struct Bulk<'a, K> {
    finder: Finder<'a, K>,
    contacts: Vec<BulkContact>,
}

impl<'a, K: Fn(PlaceId) -> PlaceKind> Bulk<'a, K> {
    /// A run over an index. Visits without a known end are not taken to last beyond `now`.
    pub fn new(index: &'a VisitIndex, rules: &'a Rules, kind_of: K, now: Timestamp) -> Self {
        Self { finder: Finder::new(index, rules, kind_of, secs(now)), contacts: Vec::new() }
    }

    /// Calls `each` with the contacts of every case in turn, until it breaks.
    pub fn run<B>(
        &mut self,
        cases: &[CaseInput],
        mut each: impl FnMut(BulkCase<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        for (nth, case) in cases.iter().enumerate() {
            self.contacts.clear();
            if self.finder.rules.max_hops > 0 {
                self.case(case);
            }
            each(BulkCase { nth, contacts: &self.contacts, index: self.finder.index })?;
        }
        ControlFlow::Continue(())
    }

    fn case(&mut self, case: &CaseInput) {
        let Some(holder) = self.finder.index.holder_number(case.holder) else { return };
        let window = (secs(case.window.from), secs(case.window.to));
        self.finder.gather(holder, window, Hop::Close);
        let contacts = &mut self.contacts;
        self.finder.each_hopeful(|finder, near| {
            if near.plain {
                contacts.push(BulkContact::plain(near));
            } else {
                contacts.extend(look_closely(finder, near));
            }
        });
    }
}

#[inline(never)]
fn look_closely<K: Fn(PlaceId) -> PlaceKind>(
    finder: &mut Finder<'_, K>,
    near: &Near,
) -> Option<BulkContact> {
    finder.forget();
    finder.pair(near, Hop::Close).and_then(|p| BulkContact::of(&p))
}

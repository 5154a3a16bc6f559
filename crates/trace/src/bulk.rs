//! Thousands of cases in one run: sums for each pair, no exposures.

use std::ops::ControlFlow;

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{HolderId, PlaceId, PlaceKind, Timestamp};

use crate::crowd::Near;
use crate::index::VisitIndex;
use crate::pairs::{Finder, Pair};
use crate::row::{moment, secs};
use crate::rules::{Bound, Hop, Rules};
use crate::second::{Second, Seconds, Shared, Via};
use crate::trace::CaseInput;

/// A contact of one case, in sums. Its exposures are found by tracing that case alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkContact {
    number: u32,
    lower_secs: u32,
    upper_secs: u32,
    first: u32,
    last: u32,
    certainty: Certainty,
    kind: PlaceKind,
    counts: Bound,
}

impl BulkContact {
    const NOBODY: Self = Self {
        number: u32::MAX,
        lower_secs: 0,
        upper_secs: 0,
        first: 0,
        last: 0,
        certainty: Certainty::Recorded,
        kind: PlaceKind::Other,
        counts: Bound::Lower,
    };

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
        self.counted() / 60
    }

    /// As in [`crate::ContactFound::certainty`].
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// As [`crate::ContactFound::main_kind`].
    pub const fn main_kind(&self) -> PlaceKind {
        self.kind
    }

    /// Beginning of the first exposure that counts.
    pub fn first_contact(&self) -> Timestamp {
        moment(self.first)
    }

    /// End of the last exposure that counts.
    pub fn last_contact(&self) -> Timestamp {
        moment(self.last)
    }

    const fn counted(&self) -> u32 {
        match self.counts {
            Bound::Lower => self.lower_secs,
            Bound::Upper => self.upper_secs,
        }
    }

    #[inline]
    const fn plain(near: &Near, kind: PlaceKind) -> Self {
        Self {
            number: near.holder,
            lower_secs: near.secs,
            upper_secs: near.secs,
            first: near.first,
            last: near.last,
            certainty: Certainty::Recorded,
            kind,
            counts: Bound::Lower,
        }
    }

    fn of(pair: &Pair, kind: PlaceKind, counts: Bound) -> Option<Self> {
        Some(Self {
            number: pair.holder,
            lower_secs: pair.lower_secs,
            upper_secs: pair.upper_secs,
            first: pair.first,
            last: pair.last,
            certainty: pair.reached?,
            kind,
            counts,
        })
    }
}

impl Shared for BulkContact {
    fn holder(&self) -> u32 {
        self.number
    }

    fn counted_secs(&self) -> u32 {
        self.counted()
    }
}

/// A contact of a close contact, in sums.
#[derive(Clone, Copy, Debug)]
pub struct BulkSecondary {
    contact: BulkContact,
    via: u32,
}

impl BulkSecondary {
    /// What they shared with the close contact they shared most time with.
    pub const fn contact(&self) -> &BulkContact {
        &self.contact
    }
}

/// The contacts of one case of a bulk run, in no order that means anything; nobody twice.
#[derive(Clone, Copy, Debug)]
pub struct BulkCase<'a> {
    /// Which of the cases given.
    pub nth: usize,
    /// Close contacts.
    pub contacts: &'a [BulkContact],
    /// Contacts of close contacts who are not close contacts themselves; empty if the rules ask for
    /// one hop.
    pub secondary: &'a [BulkSecondary],
    index: &'a VisitIndex,
}

impl BulkCase<'_> {
    /// Who a contact is.
    pub fn holder(&self, contact: &BulkContact) -> HolderId {
        self.index.holder(contact.number)
    }

    /// The close contact that explains a secondary one, as in [`crate::ContactFound::via`].
    pub fn via(&self, secondary: &BulkSecondary) -> HolderId {
        self.index.holder(secondary.via)
    }
}

/// Finds the contacts of many cases, case after case.
///
/// It finds who [`crate::Tracer`] finds for each case, with the same minutes, but keeps no
/// exposures, so that neither time nor memory grow with them. Results are handed over case by case:
/// the caller keeps, writes or counts them, shows progress, and may stop.
///
/// For several threads: give each a `Bulk` of its own over the same index and a part of the cases.
/// Cases do not depend on each other, so that nothing need be merged.
pub struct Bulk<'a, K> {
    finder: Finder<'a, K>,
    /// Only the first `count` mean something.
    contacts: Vec<BulkContact>,
    count: usize,
    seconds: Seconds,
    found: Vec<Second<BulkContact>>,
    secondary: Vec<BulkSecondary>,
}

impl<'a, K: Fn(PlaceId) -> PlaceKind> Bulk<'a, K> {
    /// A run over an index. Visits without a known end are not taken to last beyond `now`.
    pub fn new(index: &'a VisitIndex, rules: &'a Rules, kind_of: K, now: Timestamp) -> Self {
        Self {
            finder: Finder::new(index, rules, kind_of, secs(now)),
            contacts: Vec::new(),
            count: 0,
            seconds: Seconds::default(),
            found: Vec::new(),
            secondary: Vec::new(),
        }
    }

    /// Calls `each` with the contacts of every case in turn, until it breaks.
    pub fn run<B>(
        &mut self,
        cases: &[CaseInput],
        mut each: impl FnMut(BulkCase<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        for (nth, case) in cases.iter().enumerate() {
            self.count = 0;
            self.secondary.clear();
            if let Some(holder) = self.finder.index.holder_number(case.holder) {
                let hops = self.finder.rules.max_hops;
                if hops > 0 {
                    self.close(case, holder);
                }
                if hops > 1 {
                    self.second(holder);
                }
            }
            let contacts = &self.contacts[..self.count];
            let (secondary, index) = (&self.secondary, self.finder.index);
            each(BulkCase { nth, contacts, secondary, index })?;
        }
        ControlFlow::Continue(())
    }

    fn close(&mut self, case: &CaseInput, holder: u32) {
        let window = (secs(case.window.from), secs(case.window.to));
        self.finder.gather(holder, window, Hop::Close);
        if self.contacts.len() < self.finder.gathered() {
            self.contacts.resize(self.finder.gathered(), BulkContact::NOBODY);
        }
        let (contacts, mut count) = (&mut self.contacts, 0);
        self.finder.each_gathered(|finder, near, hopeful| {
            if near.plain {
                // Whether they are a contact nobody can foresee: no branch.
                contacts[count] = BulkContact::plain(near, finder.kind_of_latest(near));
                count += usize::from(hopeful);
            } else if hopeful && let Some(found) = look_closely(finder, near, Hop::Close) {
                contacts[count] = found;
                count += 1;
            }
        });
        self.count = count;
    }

    fn second(&mut self, case_holder: u32) {
        let delay = self.finder.rules.delay_secs();
        let via = |c: &BulkContact| Via { holder: c.number, from: c.first.saturating_add(delay) };
        let mut vias: Vec<_> = self.contacts[..self.count].iter().map(via).collect();
        // Of ways that explain a contact as well the first by id counts.
        vias.sort_by_cached_key(|v| self.finder.holder(v.holder));
        self.found.clear();
        let take = |finder: &mut Finder<'a, K>, near: &Near| {
            if near.plain {
                Some(BulkContact::plain(near, finder.kind_of_latest(near)))
            } else {
                look_closely(finder, near, Hop::Secondary)
            }
        };
        self.seconds.find(&mut self.finder, case_holder, &vias, take, &mut self.found);
        let with_via = |f: &Second<BulkContact>| BulkSecondary {
            contact: f.shared,
            via: vias[f.via as usize].holder,
        };
        self.secondary.extend(self.found.iter().map(with_via));
    }
}

#[inline(never)]
fn look_closely<K: Fn(PlaceId) -> PlaceKind>(
    finder: &mut Finder<'_, K>,
    near: &Near,
    hop: Hop,
) -> Option<BulkContact> {
    finder.forget();
    let pair = finder.pair(near, hop).filter(|p| p.reached.is_some())?;
    BulkContact::of(&pair, finder.main_kind(&pair), finder.rules.counts)
}

//! A run of a trace as it is stored, and the evidence that follows from it.

use std::collections::{BTreeMap, BTreeSet};

use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::{
    CaseId, Fact, HolderId, Period, PlaceId, PlaceKind, PolicyRef, Timestamp, TraceId,
};
use jadegate_store::StoredTrace;
use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError};

/// Inputs and result of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stored {
    pub(super) window: Period,
    pub(super) policy: PolicyRef,
    pub(super) index_visits: u64,
    pub(super) contacts: Vec<StoredContact>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredContact {
    pub(super) holder: HolderId,
    pub(super) degree: ContactDegree,
    pub(super) minutes: u32,
    pub(super) certainty: Certainty,
    pub(super) last_contact: Timestamp,
    pub(super) place_kind: PlaceKind,
    pub(super) via: Option<HolderId>,
    pub(super) exposures: Vec<StoredExposure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredExposure {
    pub(super) place: PlaceId,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) minutes_lower: u32,
    pub(super) minutes_upper: u32,
    pub(super) certainty: Certainty,
}

impl Stored {
    /// Keeps contacts whose shared time lies on days of which the visits are not kept any more: it
    /// cannot be found again, and nobody is released because of that. What lies outside of the
    /// window now (a case corrected) is not kept.
    pub(super) fn keep_purged(&mut self, known: &Self, kept_from: Timestamp) {
        let window = self.window;
        let mut by_holder: BTreeMap<_, usize> =
            self.contacts.iter().enumerate().map(|(i, c)| (c.holder, i)).collect();
        // Close ones come first, so that those who go by way of them find them.
        for c in &known.contacts {
            let purged = c.exposures.iter().any(|e| e.from < kept_from);
            let counts = match c.via {
                None => c.exposures.iter().any(|e| e.to > window.from && e.from < window.to),
                Some(via) => by_holder
                    .get(&via)
                    .is_some_and(|i| self.contacts[*i].degree == ContactDegree::Close),
            };
            if !purged || !counts {
                continue;
            }
            let less = |n: &StoredContact| {
                (c.degree, std::cmp::Reverse(c.minutes)) < (n.degree, std::cmp::Reverse(n.minutes))
            };
            match by_holder.get(&c.holder) {
                Some(i) if less(&self.contacts[*i]) => self.contacts[*i] = c.clone(),
                Some(_) => {}
                None => {
                    by_holder.insert(c.holder, self.contacts.len());
                    self.contacts.push(c.clone());
                }
            }
        }
        self.contacts.sort_by_key(|c| (c.degree, std::cmp::Reverse(c.minutes), c.holder));
    }
}

pub(super) fn stored_detail(run: &StoredTrace) -> Result<Stored> {
    serde_json::from_str(&run.detail)
        .map_err(|e| ServiceError::internal(format!("trace {} is not readable: {e}", run.id)))
}

pub(super) fn stored_contact(c: jadegate_trace::ContactFound) -> StoredContact {
    let place_kind = c.main_kind();
    StoredContact {
        holder: c.holder,
        degree: c.degree,
        minutes: c.minutes,
        certainty: c.certainty,
        last_contact: c.last_contact,
        place_kind,
        via: c.via,
        exposures: c
            .exposures
            .into_iter()
            .map(|e| StoredExposure {
                place: e.place,
                from: e.from,
                to: e.to,
                minutes_lower: e.minutes_lower,
                minutes_upper: e.minutes_upper,
                certainty: e.certainty,
            })
            .collect(),
    }
}

pub(super) const fn contact_fact(case: CaseId, trace: TraceId, c: &StoredContact) -> Fact {
    Fact::Contact {
        case,
        trace,
        degree: c.degree,
        last_contact: c.last_contact,
        minutes: c.minutes,
        certainty: c.certainty,
        place_kind: c.place_kind,
    }
}

/// Do two contacts say the same, whichever run found them?
pub(super) fn says_the_same(a: &Fact, b: &Fact) -> bool {
    let (Fact::Contact { trace, .. }, mut b) = (a, b.clone()) else { return false };
    if let Fact::Contact { trace: other, .. } = &mut b {
        *other = *trace;
    }
    *a == b
}

pub(super) fn count(contacts: &[StoredContact]) -> (u32, u32) {
    let of =
        |d| u32::try_from(contacts.iter().filter(|c| c.degree == d).count()).unwrap_or(u32::MAX);
    (of(ContactDegree::Close), of(ContactDegree::Secondary))
}

/// The close contacts of a run: whose visits can change it.
pub(super) fn close_of(run: &Stored) -> impl Iterator<Item = HolderId> + '_ {
    run.contacts.iter().filter(|c| c.degree == ContactDegree::Close).map(|c| c.holder)
}

pub(super) fn places(contacts: &[StoredContact]) -> u32 {
    let all: BTreeSet<_> = contacts.iter().flat_map(|c| &c.exposures).map(|e| e.place).collect();
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}

//! A run of a trace as it is stored, and the evidence that follows from it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
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
        self.sort();
    }

    /// Keeps contacts as they were known whose shared time goes on at this moment and has only grown
    /// since, by less than [`GROWS_SECONDS`]; returns whether there are any. Evidence that changes
    /// every few seconds helps nobody: what it came to is written when it has ended.
    pub(super) fn keep_under_way(&mut self, known: &Self, now: Timestamp) -> bool {
        let known: HashMap<_, _> = known.contacts.iter().map(|c| (c.holder, c)).collect();
        let mut kept = false;
        for c in &mut self.contacts {
            let goes_on = c.exposures.iter().any(|e| e.to >= now);
            let before = known.get(&c.holder).filter(|k| goes_on && k.has_grown_into(c));
            if let Some(before) = before {
                *c = (*before).clone();
                kept = true;
            }
        }
        self.sort();
        kept
    }

    fn sort(&mut self) {
        self.contacts.sort_by_key(|c| (c.degree, std::cmp::Reverse(c.minutes), c.holder));
    }
}

impl StoredContact {
    /// Is the other the same contact after a little more time together?
    fn has_grown_into(&self, other: &Self) -> bool {
        let same = |c: &Self| (c.holder, c.degree, c.certainty, c.place_kind, c.via);
        let later = other.last_contact.secs_since(self.last_contact);
        same(self) == same(other)
            && self.minutes <= other.minutes
            && (0..GROWS_SECONDS).contains(&later)
    }
}

/// Seconds by which evidence of a contact that goes on may be behind.
const GROWS_SECONDS: i64 = 3600;

/// A longer text is stored compressed: a crowd's run would keep the store's writer, and with it every
/// gate, waiting for a good part of a second.
const LONG: usize = 1 << 16;
/// A compressed text begins with this, plain JSON with a brace; the rest is base64 of raw deflate.
const COMPRESSED: &str = "deflate:";
/// No run is that long; what claims to be is damaged.
const LONGEST: u64 = 1 << 32;

/// A run as it is stored.
pub(super) fn stored_text(run: &Stored) -> Result<String> {
    let plain = serde_json::to_string(run).map_err(ServiceError::internal)?;
    if plain.len() <= LONG {
        return Ok(plain);
    }
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::fast());
    deflate.write_all(plain.as_bytes()).map_err(ServiceError::internal)?;
    let bytes = deflate.finish().map_err(ServiceError::internal)?;
    Ok(format!("{COMPRESSED}{}", STANDARD.encode(bytes)))
}

pub(super) fn stored_detail(run: &StoredTrace) -> Result<Stored> {
    let unreadable = |e: &dyn std::fmt::Display| {
        ServiceError::internal(format!("trace {} is not readable: {e}", run.id))
    };
    let Some(text) = run.detail.strip_prefix(COMPRESSED) else {
        return serde_json::from_str(&run.detail).map_err(|e| unreadable(&e));
    };
    let bytes = STANDARD.decode(text).map_err(|e| unreadable(&e))?;
    let mut plain = String::new();
    let mut inflate = DeflateDecoder::new(bytes.as_slice()).take(LONGEST);
    inflate.read_to_string(&mut plain).map_err(|e| unreadable(&e))?;
    serde_json::from_str(&plain).map_err(|e| unreadable(&e))
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

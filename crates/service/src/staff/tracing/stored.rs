//! A run of a trace as it is stored, and the evidence that follows from it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jadegate_domain::company::Together;
use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::{
    CaseId, Fact, HolderId, Period, PlaceId, PlaceKind, PolicyRef, Timestamp, TraceId,
};
use jadegate_store::{RowRef, StoredTrace};
use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError};
use crate::search_rules::together;

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
    /// Not in runs from before anybody asked, nor under a policy that says nothing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) together: Option<Together>,
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

    /// Keeps how likely they met as it was known where it has hardly changed: see [`Together::is_about`].
    pub(super) fn keep_steady(&mut self, known: &Self) {
        let known: HashMap<_, _> = known.contacts.iter().map(|c| (c.holder, c.together)).collect();
        for c in &mut self.contacts {
            let before = known.get(&c.holder).copied().flatten();
            if let (Some(now), Some(before)) = (c.together, before)
                && now.is_about(&before)
            {
                c.together = Some(before);
            }
        }
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
    // The parser's own words could quote what is stored.
    let unreadable = || {
        let row = RowRef { table: "trace_run", column: "detail", row: run.id.as_i64() };
        ServiceError::unreadable(row)
    };
    let Some(text) = run.detail.strip_prefix(COMPRESSED) else {
        return serde_json::from_str(&run.detail).map_err(|_| unreadable());
    };
    let bytes = STANDARD.decode(text).map_err(|_| unreadable())?;
    let mut plain = String::new();
    let mut inflate = DeflateDecoder::new(bytes.as_slice()).take(LONGEST);
    inflate.read_to_string(&mut plain).map_err(|_| unreadable())?;
    serde_json::from_str(&plain).map_err(|_| unreadable())
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
        together: c.met.map(together),
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
        together: c.together,
    }
}

/// Do two contacts say the same, whichever run found them?
pub(super) fn says_the_same(a: &Fact, b: &Fact) -> bool {
    let (Fact::Contact { trace, together, .. }, mut b) = (a, b.clone()) else { return false };
    if let Fact::Contact { trace: other, together: as_likely, .. } = &mut b {
        *other = *trace;
        if let (Some(now), Some(then)) = (&as_likely, together)
            && now.is_about(then)
        {
            *as_likely = *together;
        }
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

#[cfg(test)]
mod tests {
    use jadegate_domain::{AgencyId, AgencyKind};

    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + secs)
    }

    fn contact(n: u64, minutes: u32, to: i64) -> StoredContact {
        StoredContact {
            holder: HolderId::from_random(n),
            degree: ContactDegree::Close,
            minutes,
            certainty: Certainty::Assumed,
            last_contact: at(to),
            place_kind: PlaceKind::Shop,
            via: None,
            together: None,
            exposures: vec![StoredExposure {
                place: PlaceId::from_random(7),
                from: at(0),
                to: at(to),
                minutes_lower: 0,
                minutes_upper: minutes,
                certainty: Certainty::Assumed,
            }],
        }
    }

    fn run(contacts: Vec<StoredContact>) -> Stored {
        let policy = jadegate_domain::PolicyRef {
            id: "made-up".to_owned(),
            version: 1,
            digest: "0".repeat(64),
        };
        Stored { window: Period { from: at(0), to: at(9) }, policy, index_visits: 3, contacts }
    }

    fn stored(detail: String) -> StoredTrace {
        StoredTrace {
            id: TraceId::from_random(1),
            case: CaseId::from_random(1),
            ran_at: at(0),
            agency: AgencyId::from_random(1),
            agency_kind: AgencyKind::PreventionTeam,
            close: 0,
            secondary: 0,
            detail,
            replaced_by: None,
        }
    }

    #[test]
    fn a_crowds_run_is_stored_small_and_reads_back() {
        for people in [0, 3, 5_000] {
            let run = run((1..=people).map(|n| contact(n, 20, 1_200)).collect());
            let text = stored_text(&run).unwrap();
            assert_eq!(text.starts_with('{'), people < 5_000);
            assert!(text.len() < 400_000, "{} bytes", text.len());
            assert_eq!(stored_detail(&stored(text)).unwrap(), run);
        }
        for damaged in ["", "{}", "deflate:", "deflate:!", "deflate:AAAA"] {
            assert!(stored_detail(&stored(damaged.to_owned())).is_err(), "{damaged}");
        }
    }

    /// Who else was there becomes known bit by bit: evidence is written anew only when it matters.
    #[test]
    fn a_likelihood_that_hardly_changes_is_no_news() {
        let likely = |percent, arrival| {
            let apart = Some(jadegate_domain::company::Apart { arrival, leaving: 2 });
            let together = Some(Together { percent, apart });
            StoredContact { together, ..contact(1, 20, 1_200) }
        };
        let fact =
            |c: &StoredContact| contact_fact(CaseId::from_random(1), TraceId::from_random(1), c);
        for (now, same) in [
            (likely(84, 1), true),
            (likely(76, 1), true),
            (likely(85, 1), false),
            (likely(80, 2), false),
            (contact(1, 20, 1_200), false),
        ] {
            let known = run(vec![likely(80, 1)]);
            let mut found = run(vec![now.clone()]);
            assert_eq!(says_the_same(&fact(&known.contacts[0]), &fact(&now)), same);
            found.keep_steady(&known);
            assert_eq!(found == known, same, "{now:?}");
        }
    }

    #[test]
    fn only_what_goes_on_and_has_only_grown_is_left_as_it_was() {
        let known = run((1..=7).map(|n| contact(n, 20, 1_200)).collect());
        let now = at(1_500);
        let other = |n, change: fn(&mut StoredContact)| {
            let mut c = contact(n, 25, 1_500);
            change(&mut c);
            c
        };
        let mut found = run(vec![
            other(1, |_| {}),
            // Over, though longer than was known.
            other(2, |c| c.exposures[0].to = at(1_499)),
            other(3, |c| c.certainty = Certainty::Recorded),
            other(4, |c| c.minutes = 19),
            other(5, |c| c.via = Some(HolderId::from_random(9))),
            other(6, |c| c.last_contact = at(1_200 + GROWS_SECONDS)),
            other(8, |_| {}),
        ]);
        let before = found.clone();
        assert!(found.keep_under_way(&known, now));
        for c in &found.contacts {
            let all = if c.holder == HolderId::from_random(1) { &known } else { &before };
            assert!(all.contacts.contains(c), "{c:?}");
        }
        assert_eq!(found.contacts.len(), 7, "nobody comes back who is none any more");
        assert!(!before.clone().keep_under_way(&known, at(1_501)), "nothing goes on");
    }
}

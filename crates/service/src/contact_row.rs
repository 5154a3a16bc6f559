//! Contacts of a search of many cases, in sums.

use std::cmp::Reverse;

use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::{CaseId, HolderId, PlaceKind, Timestamp};
use jadegate_trace::{BulkCase, BulkContact, BulkSecondary, ContactFound};
use serde::{Deserialize, Serialize};

use crate::search_rules::percent;

/// One contact of one case, in sums; who they are is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactRow {
    /// From which case.
    pub case: CaseId,
    /// Who, opaquely.
    pub holder: HolderId,
    /// How near.
    pub degree: ContactDegree,
    /// Minutes recorded from end to end.
    pub minutes_lower: u32,
    /// Minutes with assumed ends, and with unproven presences beside proven ones.
    pub minutes_upper: u32,
    /// End of the last exposure that counts.
    pub last_contact: Timestamp,
    /// The least certainty one must accept for the minutes to suffice.
    pub certainty: Certainty,
    /// The kind of place of the longest exposure.
    pub place_kind: PlaceKind,
    /// For a secondary contact: the close contact in between.
    pub via: Option<HolderId>,
    /// Of a hundred such pairs so many met, under a policy that says how to tell; of close contacts.
    pub likelihood: Option<u8>,
}

impl ContactRow {
    /// In sums what a trace found.
    pub(crate) fn of(c: &ContactFound) -> Self {
        Self {
            case: c.case,
            holder: c.holder,
            degree: c.degree,
            minutes_lower: c.minutes_lower,
            minutes_upper: c.minutes_upper,
            last_contact: c.last_contact,
            certainty: c.certainty,
            place_kind: c.main_kind(),
            via: c.via,
            likelihood: c.met.map(|met| percent(met.permille)),
        }
    }

    fn of_sums(case: CaseId, found: &BulkCase<'_>, c: &BulkContact, via: Option<HolderId>) -> Self {
        Self {
            case,
            holder: found.holder(c),
            degree: if via.is_some() { ContactDegree::Secondary } else { ContactDegree::Close },
            minutes_lower: c.lower_secs() / 60,
            minutes_upper: c.upper_secs() / 60,
            last_contact: c.last_contact(),
            certainty: c.certainty(),
            place_kind: c.main_kind(),
            via,
            likelihood: c.likelihood().map(percent),
        }
    }

    pub(crate) fn all_of(case: CaseId, found: &BulkCase<'_>) -> impl Iterator<Item = Self> {
        let secondary =
            move |s: BulkSecondary| Self::of_sums(case, found, &s.contact, Some(found.via(&s)));
        let close = found.contacts().map(move |c| Self::of_sums(case, found, &c, None));
        close.chain(found.secondary().map(secondary))
    }

    /// By case and contact: nobody occurs twice in a case, so this is a whole order.
    pub fn by_case(&self) -> (CaseId, HolderId) {
        (self.case, self.holder)
    }

    /// Most minutes first.
    pub fn by_minutes(&self) -> (Reverse<u32>, Reverse<u32>, CaseId, HolderId) {
        (Reverse(self.minutes_upper), Reverse(self.minutes_lower), self.case, self.holder)
    }
}

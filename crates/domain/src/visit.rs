//! Visits: who was where, when. A visit knows a holder only by the opaque id.

use serde::{Deserialize, Serialize};

use crate::agency::names;
use crate::{HolderId, PlaceId, Timestamp};

names! {
    /// How a presence is known.
    Presence, "presence" {
        /// A gate read the holder's signed code.
        Gate = "gate",
        /// The holder scanned a code that rotates on the venue's own screen.
        VenueScreen = "venue_screen",
        /// The holder scanned a printed code, which may be a forwarded picture: weighs nothing by
        /// itself.
        Unproven = "unproven",
        /// Taken over from a file (a carrier's passenger list, an older system).
        Imported = "imported",
    }
}

impl Presence {
    /// May this presence make somebody a contact by itself?
    pub const fn is_proven(self) -> bool {
        !matches!(self, Self::Unproven)
    }
}

/// What tells a visit from every other. There is no id beside it: two that agree in all of this are
/// the same visit, however often and by whomever it is told, and two that differ never share a key.
/// In order of time, which is the order in which most are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VisitKey {
    /// From when. Its UTC day is the visit's day; stores keep and drop visits by that day.
    pub entered: Timestamp,
    /// The holder who was there.
    pub holder: HolderId,
    /// The place they were at.
    pub place: PlaceId,
    /// How it is known.
    pub presence: Presence,
}

/// One stay of a holder at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Visit {
    /// The holder who was there.
    pub holder: HolderId,
    /// The place they were at.
    pub place: PlaceId,
    /// From when.
    pub entered: Timestamp,
    /// Until when, if a gate saw them leave (or the file said so). Never before `entered`.
    pub left: Option<Timestamp>,
    /// How it is known.
    pub presence: Presence,
}

impl Visit {
    /// What tells it from every other.
    pub const fn key(&self) -> VisitKey {
        let Self { holder, place, entered, presence, .. } = *self;
        VisitKey { entered, holder, place, presence }
    }
}

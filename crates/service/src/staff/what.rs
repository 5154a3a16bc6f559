//! What is read of a person.

use serde::Serialize;

/// What was read of a person, as the holder is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Who they are (masked), and their colour.
    Identity,
    /// The colour that follows from what was recorded.
    Assessment,
    /// Their whole record: evidence, history, quarantine.
    Evidence,
    /// Where they shared time with a case.
    Visits,
    /// The days of their quarantine.
    Quarantine,
    /// Somebody shows the document that this account registered.
    DocumentDisputed,
    /// Phone, name, document or carer were put right at a counter.
    DetailsChanged,
    /// Their code on paper was printed or reported lost at a counter.
    Paper,
    /// Whether this record and another one are of one person was looked at, or decided.
    RecordsCompared,
    /// The document was taken from this account.
    DocumentReleased,
    /// The document stays with this account.
    DocumentKept,
    /// An officer saw somebody with the document that was taken from this account, and let them
    /// register it again.
    DocumentAllowed,
    /// That they are registered here: a file named them, or their document was read at a counter.
    Registration,
    /// What they contest, with what they say and handed in; or it was decided, or lodged for them at a
    /// counter.
    Appeal,
    /// Their name and phone, after two agencies agreed to a request.
    NameAndPhone,
    /// They were assigned to a community worker.
    Assigned,
    /// A community worker accompanies them no more.
    AssignmentEnded,
    /// A ride that a carrier told of them was taken back.
    RideWithdrawn,
}

impl What {
    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Assessment => "assessment",
            Self::Evidence => "evidence",
            Self::Visits => "visits",
            Self::Quarantine => "quarantine",
            Self::DocumentDisputed => "document_disputed",
            Self::DetailsChanged => "details_changed",
            Self::Paper => "paper",
            Self::RecordsCompared => "records_compared",
            Self::DocumentReleased => "document_released",
            Self::DocumentKept => "document_kept",
            Self::DocumentAllowed => "document_allowed",
            Self::Registration => "registration",
            Self::Appeal => "appeal",
            Self::NameAndPhone => "name_and_phone",
            Self::Assigned => "assigned",
            Self::AssignmentEnded => "assignment_ended",
            Self::RideWithdrawn => "ride_withdrawn",
        }
    }
}

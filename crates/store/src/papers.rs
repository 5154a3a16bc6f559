//! Codes on paper, as they are stored.

use jadegate_domain::record::PaperEnd;
use jadegate_domain::{HolderId, PaperId, Timestamp};

use crate::rows::StoredAssessment;

/// A code on paper. What is printed is made of this and a signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paper {
    /// The handle in the code.
    pub id: PaperId,
    /// Whose it is.
    pub holder: HolderId,
    /// Its place in the status list: below 2^24.
    pub place: u32,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The end of its term.
    pub expires_at: Timestamp,
    /// From when on it is good no more, and why, if it ended before its term.
    pub ended: Option<(Timestamp, PaperEnd)>,
}

/// Which places of the status list are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaperPlaces {
    /// How many papers have one.
    pub papers: u64,
    /// The highest.
    pub last: Option<u32>,
}

/// A paper, and what its holder's colour is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperStanding {
    /// The paper.
    pub paper: Paper,
    /// The version of the holder's evidence.
    pub evidence_version: i64,
    /// The holder's stored assessment; `None`: there is none, or it cannot be read.
    pub stored: Option<StoredAssessment>,
}

/// What is written about codes on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperWrite {
    /// A new one. Preconditions: id and place are free, the holder has no other that stands
    /// (`Absent`), and exists (`Exists`).
    Add(Paper),
    /// It is good no more. Preconditions: it exists and stands
    /// ([`Precondition::Stands`](crate::Precondition)).
    End {
        /// Which.
        paper: PaperId,
        /// From when on.
        at: Timestamp,
        /// Why.
        by: PaperEnd,
    },
}

//! Writes about documents that somebody else registered.

use jadegate_domain::id::CorrectionId;
use jadegate_domain::{HolderId, StaffId, Timestamp};

use crate::rows::{Correction, DocumentBar, IndexKind};

/// Writes about a document that is taken from an account and goes to its owner. Each variant states its
/// precondition.
#[derive(Clone, Debug)]
pub enum CorrectionWrite {
    /// A new correction. One of the same holder that waits and has expired at `opened_at` is refused
    /// by it. Precondition: the id is free, and none waits for this holder.
    Add(Box<Correction>),
    /// Ends a correction. Precondition: it exists and waits; it has not expired at `at`.
    Decide {
        /// The correction.
        id: CorrectionId,
        /// Is the document released?
        confirmed: bool,
        /// By whom.
        by: StaffId,
        /// The moment of the decision.
        at: Timestamp,
    },
    /// Removes a blind index entry. Precondition: it is there and leads to this holder, by whichever
    /// record.
    ReleaseIndex {
        /// Over what.
        kind: IndexKind,
        /// Keyed digest.
        digest: [u8; 16],
        /// To whom it leads.
        holder: HolderId,
    },
    /// A document was taken from an account: from here on it is not registered again by what the
    /// account was known by. No precondition; what is barred already stays so.
    BarDocument(Box<DocumentBar>),
    /// Demands that a document is barred to none of these marks; else the conflict is
    /// [`Precondition::Unbarred`](crate::Precondition).
    ExpectUnbarred {
        /// Keyed digest of the document.
        document: [u8; 16],
        /// Of the account, phone and device that would have it.
        marks: Vec<[u8; 16]>,
    },
    /// A counter has seen somebody with the document: every account known by this mark, by whatever
    /// else it was known, may have it again. Precondition: there is one.
    LiftBar {
        /// Keyed digest of the document.
        document: [u8; 16],
        /// Of the phone that they use.
        mark: [u8; 16],
    },
}

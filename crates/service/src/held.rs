//! What waits for a second pair of eyes, as it is written.

use jadegate_domain::record::{RecordKind, WaitingKind, WithdrawalReason};
use jadegate_domain::{AgencyId, Case, EvidenceId, Fact, HolderId, Ride, TraceId, Visit};
use jadegate_store::{RowRef, WaitingPiece};
use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError};

/// What is written of a piece that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Held {
    /// Evidence that somebody recorded.
    Evidence {
        /// The id it will have.
        id: EvidenceId,
        fact: Fact,
        /// The document by which the person was found, if by one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<[u8; 16]>,
        /// The tube, if by one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tube: Option<[u8; 16]>,
    },
    /// A case with its evidence.
    Case {
        case: Case,
        /// Is it to be traced once it stands?
        trace: bool,
        /// As of evidence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<[u8; 16]>,
    },
    /// A visit aboard a trip.
    Ride {
        visit: Visit,
        ride: Ride,
        /// As of evidence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<[u8; 16]>,
    },
    /// Something that is to be taken back once a colleague has said so, too.
    Withdrawal {
        record: RecordKind,
        /// The number of its id.
        id: i64,
        reason: WithdrawalReason,
    },
}

impl Held {
    /// What a piece that waits says.
    pub(crate) fn of(piece: &WaitingPiece) -> Result<Self> {
        // A piece has no number of its own: that of what it belongs to stands for it.
        let row = RowRef { table: "waiting_piece", column: "body", row: piece.waiting.as_i64() };
        serde_json::from_str(&piece.body).map_err(|_| ServiceError::unreadable(row))
    }

    /// The tube by which the person was found, if by one.
    pub(crate) const fn tube(&self) -> Option<[u8; 16]> {
        match self {
            Self::Evidence { tube, .. } => *tube,
            _ => None,
        }
    }

    /// The document by which the person was found, if by one.
    pub(crate) const fn document(&self) -> Option<[u8; 16]> {
        match self {
            Self::Evidence { document, .. }
            | Self::Case { document, .. }
            | Self::Ride { document, .. } => *document,
            Self::Withdrawal { .. } => None,
        }
    }
}

/// One piece about to wait.
pub(crate) struct HeldPiece {
    /// `None`: of whoever the document leads to once it is confirmed.
    pub(crate) holder: Option<HolderId>,
    pub(crate) held: Held,
    pub(crate) sample: Option<String>,
    pub(crate) external_key: Option<[u8; 16]>,
}

/// What is about to wait.
pub(crate) struct Hold {
    pub(crate) kind: WaitingKind,
    pub(crate) weighs_on: AgencyId,
    pub(crate) pieces: Vec<HeldPiece>,
    /// A run and how many of its contacts.
    pub(crate) trace: Option<(TraceId, u64)>,
}

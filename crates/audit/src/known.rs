//! What an auditor brings along.

use jadegate_ledger::cosign::WitnessPolicy;
use jadegate_ledger::note::NoteVerifier;

use crate::source::Unread;

/// What an auditor knows beforehand.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The log's key from another source; without it the one that is served is taken, and said so.
    pub log_key: Option<NoteVerifier>,
    /// The witnesses that this auditor trusts, and how many must have signed.
    pub witnesses: WitnessPolicy,
    /// The signed checkpoint of an earlier visit.
    pub earlier: Option<String>,
}

/// Why there is no report at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// Nobody answers, or what is needed first is not there.
    #[error("{path}: {why}")]
    Unread {
        /// What was asked for.
        path: String,
        /// What happened.
        why: Unread,
    },
    /// What was given beforehand cannot be read.
    #[error("{0}")]
    Given(&'static str),
}

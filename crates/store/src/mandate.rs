//! The steps of a deployment's mandates, and what is taken away when the last one is over.

use jadegate_domain::id::ProposalId;
use jadegate_domain::{AgencyId, StaffId, Timestamp};

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MandateStepKind {
    /// A signed document was published; its whole text with the signature.
    Published(String),
    /// What held was ended.
    Ended,
    /// Everything about people was taken away after the end.
    Forgotten,
}

/// One step in a deployment's mandates. What holds at a moment follows from all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MandateStep {
    /// From 1, without a gap.
    pub number: u32,
    /// What it did.
    pub kind: MandateStepKind,
    /// When.
    pub at: Timestamp,
    /// Whose officer proposed it; `None` for the first start, and for what time did.
    pub agency: Option<AgencyId>,
    /// Who proposed it.
    pub staff: Option<StaffId>,
    /// The proposal that was applied.
    pub proposal: Option<ProposalId>,
}

/// What [`Store::forget_people`](crate::Store::forget_people) took away, in rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Holders, with the keys of their identity.
    pub holders: u64,
    /// Pieces of evidence.
    pub evidence: u64,
    /// All else about people.
    pub other: u64,
}

/// The tables of what is about people (but for those by day), in an order in which they can be emptied:
/// everything in them goes when the mandate is over. What is in no list here is not about people who carry a
/// code; each table of a backend is in one of the two.
pub const ABOUT_PEOPLE: &[&str] = &[
    "proxy",
    "split_piece",
    "record_link",
    "paper_code",
    "account_change",
    "sealed_field",
    "vault_key",
    "blind_index",
    "document_bar",
    "correction",
    "challenge",
    "outbox",
    "phone_code",
    "session",
    "used_nonce",
    "tally",
    "alarm",
    "activity",
    "protected_person",
    "assignment",
    "appeal_file",
    "appeal",
    "evidence",
    "assessment",
    "colour_change",
    "case_record",
    "trace_run",
    "authorship",
    "kept_record",
    "tube",
    "withdrawal",
    "waiting_piece",
    "waiting",
    "access",
    "job_part",
    "job",
    "identity_request",
    "holder",
];

/// The tables that stay: who runs the deployment, its rules, its log, and what keeps the database going.
pub const KEPT: &[&str] = &[
    "rule_review",
    "agency",
    "staff",
    "credential",
    "invitation",
    "place",
    "trip",
    "gate",
    "region_risk",
    "counter",
    "policy_version",
    "proposal",
    "recolouring",
    "mandate_step",
    "published_numbers",
    "import_run",
    "log_leaf",
    "pending_leaf",
    "setting",
    "lease",
    "changed",
    "day_mark",
    "days_dropped",
    "store_identity",
    "migration",
];

impl Forgotten {
    /// Counts rows that went from a table.
    pub fn add(&mut self, table: &str, rows: u64) {
        match table {
            "holder" => self.holders += rows,
            "evidence" => self.evidence += rows,
            _ => self.other += rows,
        }
    }
}

//! Appeals, as they are stored.

use jadegate_domain::{
    AgencyId, AppealFileKind, AppealFinding, AppealGround, AppealId, AppealState, Division,
    EvidenceId, HolderId, StaffId, Timestamp,
};

/// An appeal: what goes with the evidence that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appeal {
    /// The number on its receipt.
    pub id: AppealId,
    /// Whose.
    pub holder: HolderId,
    /// Where they lived when it was lodged.
    pub home: Division,
    /// The appeal as evidence.
    pub piece: EvidenceId,
    /// The piece that is contested.
    pub contests: EvidenceId,
    /// Who recorded that; `None`: the holder, or a gate.
    pub agency: Option<AgencyId>,
    /// The rule that asked for the colour.
    pub rule: String,
    /// The digest of the policy of which it is one.
    pub policy: String,
    /// What is wrong.
    pub ground: AppealGround,
    /// In their words, sealed.
    pub words: Option<Vec<u8>>,
    /// At whose counter it was lodged; `None`: by the person or who cares for them.
    pub counter: Option<(StaffId, AgencyId)>,
    /// The appeal whose decision is looked at again.
    pub second_of: Option<AppealId>,
    /// When it was lodged.
    pub lodged_at: Timestamp,
    /// By when it is to be decided.
    pub due_at: Timestamp,
    /// Does the policy make the reason milder from then on?
    pub eases: bool,
    /// Set when nobody had decided by then.
    pub lapsed_at: Option<Timestamp>,
    /// How far it has come.
    pub state: AppealState,
    /// How it ended; `None` while it is open.
    pub decision: Option<AppealDecision>,
}

/// How an appeal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppealDecision {
    /// When.
    pub at: Timestamp,
    /// Who decided; `None`: its holder took it back, or there was nothing left to decide.
    pub by: Option<(StaffId, AgencyId)>,
    /// On what it rests; `None` if nobody decided.
    pub finding: Option<AppealFinding>,
    /// The answer in plain words, sealed.
    pub reply: Option<Vec<u8>>,
    /// Until when the appeal is kept.
    pub keep_until: Timestamp,
}

/// A picture or a paper that goes with an appeal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppealFile {
    /// With which.
    pub appeal: AppealId,
    /// What it is, by its bytes.
    pub kind: AppealFileKind,
    /// Bytes before they were sealed.
    pub size: u32,
    /// Sealed under its holder's key.
    pub sealed: Vec<u8>,
    /// When it was handed in.
    pub added_at: Timestamp,
}

/// Of the decisions about records by which a rule coloured people so many were overturned that
/// somebody has to look at the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleReview {
    /// The digest of the policy.
    pub policy: String,
    /// The rule.
    pub rule: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Decided appeals by then.
    pub decided: u32,
    /// Those of them that were granted.
    pub overturned: u32,
}

/// What is written about appeals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppealWrite {
    /// A new one. Preconditions: the id is free, nothing open contests the same piece, no other looks
    /// at the same decision again (`Absent`), and its holder exists (`Exists`).
    Add(Box<Appeal>),
    /// Something handed in. Preconditions: the appeal exists and is open
    /// ([`Precondition::Stands`](crate::Precondition)), and has no file yet (`Absent`).
    AddFile(Box<AppealFile>),
    /// It ends. Preconditions: it exists and is open ([`Precondition::Stands`](crate::Precondition)).
    Decide {
        /// Which.
        id: AppealId,
        /// How; not `Open`.
        state: AppealState,
        /// By whom, why.
        decision: Box<AppealDecision>,
        /// Until when what was handed in is kept.
        file_until: Timestamp,
    },
    /// Nobody decided by its moment. Preconditions: it exists, is open, and nobody has said so yet
    /// ([`Precondition::Stands`](crate::Precondition)).
    Lapse {
        /// Which.
        id: AppealId,
        /// When that was seen.
        at: Timestamp,
    },
    /// Somebody has to look at a rule. Precondition: that was not asked of it yet (`Absent`).
    AskReview(RuleReview),
}

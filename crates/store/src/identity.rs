//! Identity requests: asking who stands behind a pseudonym.

use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::{
    AgencyId, AgencyKind, CaseId, HolderId, IdentityRefusal, IdentityTarget, Purpose, StaffId,
    Timestamp,
};

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityState {
    /// Waits for a second person of another agency.
    Waiting,
    /// Agreed to: the person can be read until it expires.
    Approved,
    /// Refused, by the rules or by the second person.
    Refused,
    /// Its time is over, or whoever asked has ended it.
    Closed,
}

impl IdentityState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Approved, Self::Refused, Self::Closed];

    /// Stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Closed => "closed",
        }
    }
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRequest {
    /// Its id.
    pub id: IdentityRequestId,
    /// Whom it is about; `None` where the rules refused it and it names nobody who is known here.
    pub holder: Option<HolderId>,
    /// Behind which pseudonym; `None` if it was for something that does not exist.
    pub target: Option<IdentityTarget>,
    /// For which case.
    pub case: Option<CaseId>,
    /// For what; `None` if it was for something that is not of disease control.
    pub purpose: Option<Purpose>,
    /// Why, in the asking person's words.
    pub why: String,
    /// Whose officer asked.
    pub agency: AgencyId,
    /// Of what kind that agency is.
    pub agency_kind: AgencyKind,
    /// Who asked.
    pub staff: StaffId,
    /// When.
    pub asked_at: Timestamp,
    /// How far it has come.
    pub state: IdentityState,
    /// Why it was refused.
    pub refusal: Option<IdentityRefusal>,
    /// Who decided, and for which agency; `None`: nobody yet, the rules, or time.
    pub decided_by: Option<(StaffId, AgencyId)>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Until when it waits or, once approved, can be read.
    pub expires_at: Timestamp,
    /// When the person was read for the first time.
    pub read_at: Option<Timestamp>,
    /// From when the person sees it.
    pub shown_from: Timestamp,
}

/// A decision on a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityDecision {
    /// The state it goes to; not `Waiting`.
    pub state: IdentityState,
    /// Who, and for which agency; `None`: time.
    pub by: Option<(StaffId, AgencyId)>,
    /// When.
    pub at: Timestamp,
    /// Why it was refused.
    pub refusal: Option<IdentityRefusal>,
    /// Until when it can be read now.
    pub expires_at: Timestamp,
    /// From when the person sees it now.
    pub shown_from: Timestamp,
}

/// How many requests of one kind of agency came to one end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityCount {
    /// The kind of agency that asked.
    pub agency_kind: AgencyKind,
    /// How they ended: what was approved counts as that, also once its time is over.
    pub state: IdentityState,
    /// Why they were refused.
    pub refusal: Option<IdentityRefusal>,
    /// How many.
    pub count: u64,
}

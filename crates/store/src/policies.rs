//! Published policies, proposals to change what colours people, and recolouring afterwards.

use jadegate_domain::division::RegionRisk;
use jadegate_domain::id::{ImportId, ProposalId, RecolouringId};
use jadegate_domain::{
    AgencyId, Colour, Division, Evidence, EvidenceId, Holder, HolderId, PolicyRef, StaffId,
    Timestamp,
};

use crate::rows::StoredAssessment;

/// A policy that was published: the newest one is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Id, version and digest of the file.
    pub reference: PolicyRef,
    /// The whole file.
    pub text: String,
    /// When it came into force here.
    pub published_at: Timestamp,
    /// Whose officer proposed it; `None` for the file of the first start.
    pub agency: Option<AgencyId>,
    /// Who proposed it.
    pub staff: Option<StaffId>,
    /// The proposal that was applied.
    pub proposal: Option<ProposalId>,
}

/// How far a proposal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalState {
    /// Waiting for a second officer.
    Waiting,
    /// It took effect.
    Applied,
    /// The second officer refused it.
    Rejected,
    /// Whoever proposed it took it back.
    Withdrawn,
    /// Nobody decided in time.
    Expired,
}

impl ProposalState {
    /// Every state.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Applied, Self::Rejected, Self::Withdrawn, Self::Expired];

    /// Stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

/// A proposal to publish a policy or to raise risk levels, with the what-if it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProposal {
    /// The proposal's id; the public log never names it.
    pub id: ProposalId,
    /// What is to change, in the service's own JSON form.
    pub change: String,
    /// SHA-256 of `change`, so that the same change is found again.
    pub change_digest: [u8; 32],
    /// How far it has come.
    pub state: ProposalState,
    /// Whose officer proposed it.
    pub agency: AgencyId,
    /// Who; `None` for the machine's own command line.
    pub proposed_by: Option<StaffId>,
    /// The file it came from.
    pub import: Option<ImportId>,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// After this nobody can approve it.
    pub expires_at: Timestamp,
    /// Why, in the proposer's words.
    pub reason: String,
    /// The what-if it was proposed with, in the service's own JSON form.
    pub what_if: String,
    /// The decision, once there is one.
    pub decision: Option<Decision>,
}

/// How a proposal ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Who decided; `None` if it needed no second officer, or expired.
    pub by: Option<StaffId>,
    /// When it was decided, or expired.
    pub at: Timestamp,
    /// Why, in their words.
    pub reason: Option<String>,
    /// The what-if made again at the decision, in the service's own JSON form.
    pub what_if: Option<String>,
}

/// One run of recolouring: everybody of whom something is kept is assessed anew, in the order of
/// their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recolouring {
    /// The run's id.
    pub id: RecolouringId,
    /// What made it necessary (`policy`, `region`, `start`).
    pub cause: String,
    /// The policy it assesses by.
    pub policy: PolicyRef,
    /// The risk levels it assesses by.
    pub regions_version: i64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended: done, or replaced by a newer one.
    pub finished_at: Option<Timestamp>,
    /// The last holder it has done.
    pub cursor: Option<HolderId>,
    /// How many it has done.
    pub done: u64,
    /// How many there were to do when it began.
    pub of: u64,
    /// How many it turned to each colour, in the order of `Colour::ALL`.
    pub changed: [u64; 3],
}

/// What is kept of one holder that a colour follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderEvidence {
    /// The holder whose evidence it is.
    pub holder: HolderId,
    /// Where they live.
    pub home: Division,
    /// The version of their evidence.
    pub evidence_version: i64,
    /// Their evidence, oldest first (by moment recorded, then id): that of all records of the person.
    pub evidence: Vec<Evidence>,
    /// The evidence of each person of whom it is not decided whether they are the same, in the order of
    /// the records' ids: the worst colour holds for all of them.
    pub beside: Vec<Vec<Evidence>>,
    /// Those pieces of `evidence` that were recorded while two people were taken for one and of which nobody
    /// has decided whose they are, in the order of their ids: the worst colour holds, with and without them.
    pub undecided: Vec<EvidenceId>,
    /// The main record, if this one was joined with another: then the person is told of there.
    pub joined_into: Option<HolderId>,
}

/// A page of [`RecordStore::evidence_by_holder`](crate::Store::evidence_by_holder).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidencePage {
    /// Those whose evidence can be read whole, by id.
    pub whole: Vec<HolderEvidence>,
    /// Those of whom something cannot be read, by id: nothing may be decided about their colour.
    pub unreadable: Vec<HolderId>,
    /// Where the page ended; `None`: nobody is left.
    pub last: Option<HolderId>,
}

/// The risk levels of [`Store::region_risks`](crate::Store::region_risks).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionRisks {
    /// The regions' version; 0 at first.
    pub version: i64,
    /// Those that can be read, by division, start and id.
    pub risks: Vec<RegionRisk>,
    /// Of which divisions a level cannot be read; `None`: not even the division. Nothing may be
    /// decided about the colour of people who stayed there.
    pub unreadable: Vec<Option<Division>>,
}

/// How many stored assessments there are of each colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ColourCounts {
    /// In the order of `Colour::ALL`.
    pub colours: [u64; 3],
    /// Of all of them: made by another policy or from other risk levels than those asked for.
    pub from_before: u64,
}

impl ColourCounts {
    /// Adds the people of one stored colour: how many, and how many of them are from before. A colour
    /// that is none of ours is found, and told, by whoever reads the row.
    pub fn add(&mut self, name: &str, all: i64, from_before: i64) {
        if let Some(colour) = Colour::ALL.iter().find(|c| c.as_str() == name)
            && let Some(n) = self.colours.get_mut(usize::from(colour.as_u8()))
        {
            *n = u64::try_from(all).unwrap_or(0);
        }
        self.from_before += u64::try_from(from_before).unwrap_or(0);
    }
}

/// What a gate asks of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who it is.
    pub holder: Holder,
    /// The colour of their stored assessment.
    pub assessed: Option<StoredColour>,
}

/// A stored assessment without its reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredColour {
    /// The evidence it was made from.
    pub evidence_version: i64,
    /// The risk levels it was made from.
    pub regions_version: i64,
    /// The policy that it was made by.
    pub policy: PolicyRef,
    /// The colour.
    pub colour: Colour,
    /// Computed for this moment.
    pub at: Timestamp,
    /// When it changes by itself.
    pub next_change: Option<Timestamp>,
}

impl StoredColour {
    /// Is it still the answer at `now`? As [`Assessment::holds_at`](jadegate_domain::Assessment::holds_at).
    pub fn holds_at(&self, now: Timestamp) -> bool {
        now >= self.at && self.next_change.is_none_or(|t| now < t)
    }
}

impl From<StoredAssessment> for StoredColour {
    fn from(stored: StoredAssessment) -> Self {
        let a = stored.assessment;
        Self {
            evidence_version: stored.evidence_version,
            regions_version: stored.regions_version,
            policy: a.policy,
            colour: a.colour,
            at: a.at,
            next_change: a.next_change,
        }
    }
}

/// What tells one stored assessment of a holder from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssessmentMark {
    /// The evidence it was made from.
    pub evidence_version: i64,
    /// The risk levels it was made from.
    pub regions_version: i64,
    /// The digest of the policy it was made by.
    pub policy: String,
    /// When it changes by itself.
    pub next_change: Option<Timestamp>,
}

impl StoredAssessment {
    /// What tells it from another.
    pub fn mark(&self) -> AssessmentMark {
        AssessmentMark {
            evidence_version: self.evidence_version,
            regions_version: self.regions_version,
            policy: self.assessment.policy.digest.clone(),
            next_change: self.assessment.next_change,
        }
    }
}

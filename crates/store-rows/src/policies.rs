//! Published policies, proposals, recolouring.

use jadegate_domain::id::{ImportId, ProposalId, RecolouringId};
use jadegate_domain::{AgencyId, HolderId, PolicyRef, StaffId};
use jadegate_store::{Decision, PolicyVersion, ProposalState, Recolouring, StoredProposal};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    PolicyVersionRow => PolicyVersion, in "policy_version" by "seq" {
        policy_id: String, version: i64, digest: String, text: String, published_at: i64,
        agency: Option<i64>, staff: Option<i64>, proposal: Option<i64>,
    }
    ProposalRow => StoredProposal, in "proposal" by "id" {
        change: String, change_digest: Vec<u8>, state: String, agency: i64,
        proposed_by: Option<i64>, proposed_at: i64, expires_at: i64, reason: String,
        what_if: String, decided_by: Option<i64>, decided_at: Option<i64>,
        decision_reason: Option<String>, decided_what_if: Option<String>, import: Option<i64>,
    }
    RecolouringRow => Recolouring, in "recolouring" by "seq" {
        id: i64, cause: String, policy_id: String, version: i64, digest: String,
        regions_seen: i64, started_at: i64, finished_at: Option<i64>, cursor: Option<i64>,
        done: i64, total: i64, to_green: i64, to_yellow: i64, to_red: i64,
    }
}

fn reference(at: At, id: String, version: i64, digest: String) -> Result<PolicyRef> {
    Ok(PolicyRef { id, version: at.count("version", version)?, digest })
}

impl PolicyVersionRow {
    fn check(self, at: At) -> Result<PolicyVersion> {
        Ok(PolicyVersion {
            reference: reference(at, self.policy_id, self.version, self.digest)?,
            text: self.text,
            published_at: at.time("published_at", self.published_at)?,
            agency: at.opt_id("agency", self.agency, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            proposal: at.opt_id("proposal", self.proposal, ProposalId::from_i64)?,
        })
    }
}

impl ProposalRow {
    fn check(self, at: At) -> Result<StoredProposal> {
        let state = ProposalState::ALL.into_iter().find(|s| s.as_str() == self.state);
        let by = at.opt_id("decided_by", self.decided_by, StaffId::from_i64)?;
        let decision = match at.opt_time("decided_at", self.decided_at)? {
            None => None,
            Some(moment) => Some(Decision {
                by,
                at: moment,
                reason: self.decision_reason,
                what_if: self.decided_what_if,
            }),
        };
        Ok(StoredProposal {
            id: at.id("id", self.row, ProposalId::from_i64)?,
            change: self.change,
            change_digest: at.bytes("change_digest", &self.change_digest)?,
            state: state.ok_or_else(|| at.bad("state", "not a known name"))?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            proposed_by: at.opt_id("proposed_by", self.proposed_by, StaffId::from_i64)?,
            import: at.opt_id("import", self.import, ImportId::from_i64)?,
            proposed_at: at.time("proposed_at", self.proposed_at)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            reason: self.reason,
            what_if: self.what_if,
            decision,
        })
    }
}

impl RecolouringRow {
    fn check(self, at: At) -> Result<Recolouring> {
        let count = |column, n: i64| u64::try_from(n).map_err(|_| at.bad(column, "not a count"));
        Ok(Recolouring {
            id: at.id("id", self.id, RecolouringId::from_i64)?,
            cause: self.cause,
            policy: reference(at, self.policy_id, self.version, self.digest)?,
            regions_version: self.regions_seen,
            started_at: at.time("started_at", self.started_at)?,
            finished_at: at.opt_time("finished_at", self.finished_at)?,
            cursor: at.opt_id("cursor", self.cursor, HolderId::from_i64)?,
            done: count("done", self.done)?,
            of: count("total", self.total)?,
            changed: [
                count("to_green", self.to_green)?,
                count("to_yellow", self.to_yellow)?,
                count("to_red", self.to_red)?,
            ],
        })
    }
}

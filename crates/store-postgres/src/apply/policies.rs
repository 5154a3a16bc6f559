//! Published policies, proposals, recolouring.

use jadegate_domain::id::{ImportId, ProposalId, RecolouringId};
use jadegate_domain::{AgencyId, HolderId, StaffId, Timestamp};
use jadegate_store::{
    Decision, PolicyVersion, Precondition, ProposalState, Recolouring, StoreError, StoredProposal,
};

use super::{Applier, secs};
use crate::connection::query;
use crate::error::{Result, conflict, sql};
use crate::value::{NONE, params};

impl Applier<'_> {
    pub(super) async fn publish_policy(
        &self,
        v: &PolicyVersion,
        replaces: Option<&str>,
    ) -> Result<()> {
        let newest = "SELECT digest FROM policy_version ORDER BY seq DESC LIMIT 1";
        // Who publishes has the position: nobody else publishes meanwhile.
        let found = query(self.conn, "policy_version", newest, NONE).await?;
        let found: Option<String> = found
            .first()
            .map(|r| r.try_get(0))
            .transpose()
            .map_err(|e| sql("policy_version", &e))?;
        if found.as_deref() != replaces {
            let why = match replaces {
                None => Precondition::Absent,
                Some(_) => Precondition::Exists,
            };
            return Err(conflict("policy_version", why));
        }
        let text = "INSERT INTO policy_version (policy_id, version, digest, text, published_at, \
                    agency, staff, proposal) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let row = params![
            v.reference.id,
            v.reference.version,
            v.reference.digest,
            v.text,
            v.published_at.as_secs(),
            v.agency.map(AgencyId::as_i64),
            v.staff.map(StaffId::as_i64),
            v.proposal.map(ProposalId::as_i64),
        ];
        self.touch("policy_version", text, row).await
    }

    pub(super) async fn add_proposal(&self, p: &StoredProposal) -> Result<()> {
        let text = "INSERT INTO proposal (id, change, change_digest, state, agency, proposed_by, \
                    proposed_at, expires_at, reason, what_if, decided_by, decided_at, \
                    decision_reason, decided_what_if, import) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
        let d = p.decision.as_ref();
        let row = params![
            p.id.as_i64(),
            p.change,
            p.change_digest,
            p.state.as_str(),
            p.agency.as_i64(),
            p.proposed_by.map(StaffId::as_i64),
            p.proposed_at.as_secs(),
            p.expires_at.as_secs(),
            p.reason,
            p.what_if,
            d.and_then(|d| d.by).map(StaffId::as_i64),
            d.map(|d| d.at.as_secs()),
            d.and_then(|d| d.reason.as_deref()),
            d.and_then(|d| d.what_if.as_deref()),
            p.import.map(ImportId::as_i64),
        ];
        self.touch("proposal", text, row).await
    }

    pub(super) async fn decide_proposal(
        &self,
        id: ProposalId,
        state: ProposalState,
        d: &Decision,
    ) -> Result<()> {
        let text = "UPDATE proposal SET state = $2, decided_by = $3, decided_at = $4, \
                    decision_reason = $5, decided_what_if = $6 WHERE id = $1 AND state = 'waiting'";
        let row = params![
            id.as_i64(),
            state.as_str(),
            d.by.map(StaffId::as_i64),
            d.at.as_secs(),
            d.reason,
            d.what_if,
        ];
        self.touch("proposal", text, row).await
    }

    pub(super) async fn add_recolouring(&self, r: &Recolouring) -> Result<()> {
        let replaced = "UPDATE recolouring SET finished_at = $1 WHERE finished_at IS NULL";
        self.run("recolouring", replaced, [r.started_at.as_secs()]).await?;
        let text = "INSERT INTO recolouring (id, cause, policy_id, version, digest, \
                    regions_seen, started_at, finished_at, cursor, done, total, to_green, \
                    to_yellow, to_red) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        let [green, yellow, red] = r.changed;
        let row = params![
            r.id.as_i64(),
            r.cause,
            r.policy.id,
            r.policy.version,
            r.policy.digest,
            r.regions_version,
            r.started_at.as_secs(),
            secs(r.finished_at),
            r.cursor.map(HolderId::as_i64),
            count(r.done)?,
            count(r.of)?,
            count(green)?,
            count(yellow)?,
            count(red)?,
        ];
        self.touch("recolouring", text, row).await
    }

    pub(super) async fn step_recolouring(
        &self,
        id: RecolouringId,
        from: Option<HolderId>,
        to: HolderId,
        done: u64,
        changed: &[u64; 3],
    ) -> Result<()> {
        let text = "UPDATE recolouring SET cursor = $3, done = done + $4, \
                    to_green = to_green + $5, to_yellow = to_yellow + $6, to_red = to_red + $7 \
                    WHERE id = $1 AND finished_at IS NULL AND cursor IS NOT DISTINCT FROM $2";
        let [green, yellow, red] = *changed;
        let row = params![
            id.as_i64(),
            from.map(HolderId::as_i64),
            to.as_i64(),
            count(done)?,
            count(green)?,
            count(yellow)?,
            count(red)?,
        ];
        self.touch("recolouring", text, row).await
    }

    pub(super) async fn end_recolouring(&self, id: RecolouringId, at: Timestamp) -> Result<()> {
        let text = "UPDATE recolouring SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL";
        self.touch("recolouring", text, [id.as_i64(), at.as_secs()]).await
    }
}

fn count(n: u64) -> Result<i64> {
    i64::try_from(n).map_err(|_| StoreError::Invalid {
        table: "recolouring",
        why: "a count is outside what the table holds".into(),
    })
}

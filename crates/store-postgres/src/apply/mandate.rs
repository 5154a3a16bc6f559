//! Steps of the mandates, and identity requests.

use jadegate_domain::id::{IdentityRequestId, ProposalId};
use jadegate_domain::{
    AgencyId, CaseId, HolderId, IdentityRefusal, IdentityTarget, Purpose, StaffId, Timestamp,
};
use jadegate_store::{IdentityDecision, IdentityRequest, IdentityState, MandateStep, Precondition};
use jadegate_store_rows::mandate_step;

use super::{Applier, secs};
use crate::error::{Result, conflict};
use crate::value::params;

impl Applier<'_> {
    pub(super) async fn add_mandate_step(&self, s: &MandateStep) -> Result<()> {
        const TABLE: &str = "mandate_step";
        let number = i64::from(s.number);
        if self
            .finds(TABLE, "SELECT 1::bigint FROM mandate_step WHERE number >= $1", [number])
            .await?
        {
            return Err(conflict(TABLE, Precondition::Absent));
        }
        let before = "SELECT 1::bigint FROM mandate_step WHERE number = $1";
        if number > 1 && !self.finds(TABLE, before, [number - 1]).await? {
            return Err(conflict(TABLE, Precondition::Exists));
        }
        let text = "INSERT INTO mandate_step (number, kind, note, at, agency, staff, proposal) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let (kind, note) = mandate_step(&s.kind);
        let row = params![
            number,
            kind,
            note,
            s.at.as_secs(),
            s.agency.map(AgencyId::as_i64),
            s.staff.map(StaffId::as_i64),
            s.proposal.map(ProposalId::as_i64),
        ];
        self.touch(TABLE, text, row).await
    }

    pub(super) async fn add_identity_request(&self, r: &IdentityRequest) -> Result<()> {
        let text = "INSERT INTO identity_request (id, holder, target, of_case, purpose, why, agency, \
                    agency_kind, staff, asked_at, state, refusal, decided_by, decided_agency, \
                    decided_at, expires_at, read_at, shown_from) VALUES ($1, $2, $3, $4, $5, $6, \
                    $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
        let row = params![
            r.id.as_i64(),
            r.holder.map(HolderId::as_i64),
            r.target.map(IdentityTarget::as_str),
            r.case.map(CaseId::as_i64),
            r.purpose.map(Purpose::as_str),
            r.why,
            r.agency.as_i64(),
            r.agency_kind.as_str(),
            r.staff.as_i64(),
            r.asked_at.as_secs(),
            r.state.as_str(),
            r.refusal.map(IdentityRefusal::as_str),
            r.decided_by.map(|(staff, _)| staff.as_i64()),
            r.decided_by.map(|(_, agency)| agency.as_i64()),
            secs(r.decided_at),
            r.expires_at.as_secs(),
            secs(r.read_at),
            r.shown_from.as_secs(),
        ];
        self.touch("identity_request", text, row).await
    }

    pub(super) async fn decide_identity_request(
        &self,
        id: IdentityRequestId,
        from: IdentityState,
        d: &IdentityDecision,
    ) -> Result<()> {
        let text = "UPDATE identity_request SET state = $3, refusal = $4, decided_by = $5, \
                    decided_agency = $6, decided_at = $7, expires_at = $8, shown_from = $9 \
                    WHERE id = $1 AND state = $2";
        let row = params![
            id.as_i64(),
            from.as_str(),
            d.state.as_str(),
            d.refusal.map(IdentityRefusal::as_str),
            d.by.map(|(staff, _)| staff.as_i64()),
            d.by.map(|(_, agency)| agency.as_i64()),
            d.at.as_secs(),
            d.expires_at.as_secs(),
            d.shown_from.as_secs(),
        ];
        let there = ("SELECT 1::bigint FROM identity_request WHERE id = $1", &[id.as_i64()][..]);
        self.touch_standing("identity_request", text, row, there).await
    }

    pub(super) async fn read_identity(&self, id: IdentityRequestId, at: Timestamp) -> Result<()> {
        let text = "UPDATE identity_request SET read_at = coalesce(read_at, $2), \
                    shown_from = least(shown_from, $2) \
                    WHERE id = $1 AND state = 'approved' AND expires_at > $2";
        let there = ("SELECT 1::bigint FROM identity_request WHERE id = $1", &[id.as_i64()][..]);
        self.touch_standing("identity_request", text, params![id.as_i64(), at.as_secs()], there)
            .await
    }
}

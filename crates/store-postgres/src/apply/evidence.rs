//! Evidence, assessments, regions.

use jadegate_domain::division::RegionRisk;
use jadegate_domain::record::RecordKind;
use jadegate_domain::{
    AgencyId, CaseId, Colour, Division, Evidence, EvidenceId, Fact, HolderId, Timestamp, TraceId,
};
use jadegate_store::{AssessmentMark, ColourChange, Precondition, StoredAssessment};
use tokio_postgres::{Error, Row};

use super::{Applier, json, secs};
use crate::connection::query;
use crate::error::{Result, conflict, sql};
use crate::read::links::linked_with;
use crate::read::number;
use crate::value::{NONE, params};

impl Applier<'_> {
    pub(super) async fn add_evidence(&self, e: &Evidence, key: Option<&[u8; 16]>) -> Result<()> {
        let (case, trace) = refers_to(&e.fact);
        let text = "INSERT INTO evidence (id, holder, kind, case_id, trace_id, fact, recorded_at, \
                    agency, origin, withdrawn_at, superseded_by, external_key) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let row = params![
            e.id.as_i64(),
            e.holder.map(HolderId::as_i64),
            e.fact.kind().as_str(),
            case.map(CaseId::as_i64),
            trace.map(TraceId::as_i64),
            json("evidence", &e.fact)?,
            e.recorded_at.as_secs(),
            e.agency.map(AgencyId::as_i64),
            e.origin.as_ref().map(Division::as_str),
            secs(e.withdrawn_at),
            e.superseded_by.map(EvidenceId::as_i64),
            key,
        ];
        self.touch("evidence", text, row).await?;
        self.raise_version(e.holder.map(HolderId::as_i64)).await
    }

    pub(super) async fn withdraw_evidence(&self, id: EvidenceId, at: Timestamp) -> Result<()> {
        let text = "UPDATE evidence SET withdrawn_at = $2 WHERE id = $1 \
                    AND withdrawn_at IS NULL AND superseded_by IS NULL RETURNING holder";
        self.change_evidence(text, id, at.as_secs()).await
    }

    pub(super) async fn supersede_evidence(&self, id: EvidenceId, by: EvidenceId) -> Result<()> {
        let text = "UPDATE evidence SET superseded_by = $2 WHERE id = $1 \
                    AND withdrawn_at IS NULL AND superseded_by IS NULL RETURNING holder";
        self.change_evidence(text, id, by.as_i64()).await
    }

    async fn change_evidence(&self, text: &str, id: EvidenceId, value: i64) -> Result<()> {
        let changed = query(self.conn, "evidence", text, [id.as_i64(), value]).await?;
        if let Some(row) = changed.first() {
            let holder = row.try_get(0).map_err(|e| sql("evidence", &e))?;
            return self.raise_version(holder).await;
        }
        Err(self
            .ended("evidence", ("SELECT 1 FROM evidence WHERE id = $1", &[id.as_i64()]))
            .await?)
    }

    /// Of the holder, and of all whose records are linked with theirs.
    pub(super) async fn raise_version(&self, holder: Option<i64>) -> Result<()> {
        let Some(holder) = holder else { return Ok(()) };
        let text = "UPDATE holder SET evidence_version = evidence_version + 1 WHERE id = $1";
        self.touch("holder", text, [holder]).await?;
        let text = format!(
            "UPDATE holder SET evidence_version = evidence_version + 1 \
             WHERE id IN ({}) AND id <> $1",
            linked_with("$1")
        );
        self.run("holder", &text, [holder]).await.map(drop)
    }

    pub(super) async fn expect_version(&self, holder: HolderId, version: i64) -> Result<()> {
        // Held until the unit ends, so that what was decided from this evidence stands beside it.
        let text = "SELECT evidence_version FROM holder WHERE id = $1 FOR NO KEY UPDATE";
        match number(self.conn, "holder", text, [holder.as_i64()]).await? {
            Some(v) if v == version => Ok(()),
            Some(_) => Err(conflict("holder", Precondition::EvidenceVersion)),
            None => Err(conflict("holder", Precondition::Exists)),
        }
    }

    pub(super) async fn expect_assessment(
        &self,
        holder: HolderId,
        mark: Option<&AssessmentMark>,
    ) -> Result<()> {
        let text = "SELECT evidence_seen, regions_seen, policy, next_change \
                    FROM assessment WHERE holder = $1 FOR UPDATE";
        let found = query(self.conn, "assessment", text, [holder.as_i64()]).await?;
        let read = |r: &Row| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?, r.try_get(3)?));
        let found =
            found.first().map(read).transpose().map_err(|e: Error| sql("assessment", &e))?;
        let wanted = mark.map(|m| {
            (m.evidence_version, m.regions_version, m.policy.clone(), secs(m.next_change))
        });
        if found == wanted { Ok(()) } else { Err(conflict("assessment", Precondition::Assessment)) }
    }

    pub(super) async fn put_assessment(&self, a: &StoredAssessment) -> Result<()> {
        self.expect_version(a.holder, a.evidence_version).await?;
        let text = "INSERT INTO assessment (holder, evidence_seen, regions_seen, colour, \
                    next_change, body, policy) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                    ON CONFLICT (holder) DO UPDATE SET evidence_seen = excluded.evidence_seen, \
                    regions_seen = excluded.regions_seen, colour = excluded.colour, \
                    next_change = excluded.next_change, body = excluded.body, \
                    policy = excluded.policy";
        let row = params![
            a.holder.as_i64(),
            a.evidence_version,
            a.regions_version,
            a.assessment.colour.as_str(),
            secs(a.assessment.next_change),
            json("assessment", &a.assessment)?,
            a.assessment.policy.digest,
        ];
        self.touch("assessment", text, row).await
    }

    pub(super) async fn add_colour_change(&self, c: &ColourChange) -> Result<()> {
        let text = "INSERT INTO colour_change (holder, at, before, after, body) \
                    VALUES ($1, $2, $3, $4, $5)";
        let row = params![
            c.holder.as_i64(),
            c.at.as_secs(),
            c.from.map(Colour::as_str),
            c.to.as_str(),
            json("colour_change", &c.assessment)?,
        ];
        self.touch("colour_change", text, row).await
    }

    pub(super) async fn add_region_risk(&self, r: &RegionRisk) -> Result<()> {
        let text = "INSERT INTO region_risk (id, division, level, starts_at, ends_at, \
                    recorded_at, agency) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let row = params![
            r.id.as_i64(),
            r.division.as_str(),
            r.level.as_str(),
            r.from.as_secs(),
            secs(r.to),
            r.recorded_at.as_secs(),
            r.agency.as_i64(),
        ];
        self.touch("region_risk", text, row).await?;
        self.raise_regions().await
    }

    pub(super) async fn end_region_risk(&self, id: EvidenceId, to: Timestamp) -> Result<()> {
        let text = "UPDATE region_risk SET ends_at = $2 WHERE id = $1 AND NOT EXISTS \
                    (SELECT 1 FROM withdrawal w WHERE w.record = $3 AND w.id = $1)";
        let row = params![id.as_i64(), to.as_secs(), RecordKind::RiskLevel.as_str()];
        let there = "SELECT 1 FROM region_risk WHERE id = $1";
        self.touch_standing("region_risk", text, row, (there, &[id.as_i64()])).await?;
        self.raise_regions().await
    }

    async fn raise_regions(&self) -> Result<()> {
        let text = "UPDATE counter SET value = value + 1 WHERE name = 'regions'";
        self.touch("counter", text, NONE).await
    }
}

/// The case or trace under which this fact is found again.
fn refers_to(fact: &Fact) -> (Option<CaseId>, Option<TraceId>) {
    match fact {
        Fact::Case { case, .. } => (Some(*case), None),
        Fact::Contact { trace, .. } => (None, Some(*trace)),
        _ => (None, None),
    }
}

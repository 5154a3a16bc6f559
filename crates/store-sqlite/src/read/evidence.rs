//! Evidence, assessments, regions.

use jadegate_domain::division::RegionRisk;
use jadegate_domain::{
    CaseId, Colour, Division, Evidence, EvidenceId, HolderId, Timestamp, TraceId,
};
use jadegate_store::{ColourChange, ConfinedHolder, Page, StoredAssessment};
use rusqlite::{Connection, params};

use super::{bounds, id, ids, many, many_from, number, numbers, one, snapshot};
use crate::error::Result;
use crate::rows::{
    AssessmentRow, ColourChangeRow, ConfinedRow, EvidenceRow, RegionRiskRow, Stored,
};

pub(crate) fn evidence_of(
    c: &Connection,
    holder: HolderId,
) -> Result<Option<(i64, Vec<Evidence>)>> {
    snapshot(c, |c| {
        let Some(holder) = super::people::holder(c, holder)? else {
            return Ok(None);
        };
        let own = "WHERE holder = ?1 ORDER BY recorded_at, id";
        let evidence = many::<EvidenceRow>(c, own, [holder.id.as_i64()])?;
        Ok(Some((holder.evidence_version, evidence)))
    })
}

pub(crate) fn evidence(c: &Connection, id: EvidenceId) -> Result<Option<Evidence>> {
    one::<EvidenceRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn evidence_of_trace(c: &Connection, trace: TraceId) -> Result<Vec<Evidence>> {
    many::<EvidenceRow>(c, "WHERE trace_id = ?1 ORDER BY recorded_at, id", [trace.as_i64()])
}

pub(crate) fn evidence_of_case(c: &Connection, case: CaseId) -> Result<Vec<Evidence>> {
    many::<EvidenceRow>(c, "WHERE case_id = ?1 ORDER BY recorded_at, id", [case.as_i64()])
}

pub(crate) fn evidence_by_key(c: &Connection, key: [u8; 16]) -> Result<Option<EvidenceId>> {
    number(c, "evidence", "SELECT id FROM evidence WHERE external_key = ?1", [key])?
        .map(|n| id("evidence", "id", n, EvidenceId::from_i64))
        .transpose()
}

pub(crate) fn holders_with_evidence(c: &Connection, page: Page<HolderId>) -> Result<Vec<HolderId>> {
    let text = "SELECT DISTINCT holder FROM evidence WHERE holder > ?1 ORDER BY holder LIMIT ?2";
    let raw = numbers(c, "evidence", text, bounds(page, HolderId::as_i64))?;
    ids("evidence", "holder", raw, HolderId::from_i64)
}

pub(crate) fn assessment(c: &Connection, holder: HolderId) -> Result<Option<StoredAssessment>> {
    one::<AssessmentRow>(c, "WHERE holder = ?1", [holder.as_i64()])
}

pub(crate) fn due_assessments(c: &Connection, now: Timestamp, limit: u32) -> Result<Vec<HolderId>> {
    let text = "SELECT holder FROM assessment WHERE next_change <= ?1 \
                ORDER BY next_change, holder LIMIT ?2";
    let raw = numbers(c, "assessment", text, params![now.as_secs(), limit])?;
    ids("assessment", "holder", raw, HolderId::from_i64)
}

pub(crate) fn confined(
    c: &Connection,
    region: &Division,
    page: Page<HolderId>,
) -> Result<Vec<ConfinedHolder>> {
    // The same rule as `Division::contains`: Chinese codes nest by prefix, a bare country holds
    // everything in it, any other division only itself.
    let nests = region.path().is_empty() || region.country() == "CN";
    let home = if nests { "substr(h.home, 1, length(?1)) = ?1" } else { "h.home = ?1" };
    let source = format!(
        "(SELECT a.*, h.home, (SELECT max(e.recorded_at) FROM evidence e \
            WHERE e.holder = a.holder AND e.kind = 'check_in' AND e.withdrawn_at IS NULL) \
            AS last_check_in \
          FROM assessment a JOIN holder h ON h.id = a.holder \
          WHERE a.colour <> 'green' AND a.holder > ?2 AND {home} \
          ORDER BY a.holder LIMIT ?3) AS {}",
        ConfinedRow::TABLE
    );
    let (after, limit) = bounds(page, HolderId::as_i64);
    many_from::<ConfinedRow>(c, &source, "ORDER BY 1", params![region.as_str(), after, limit])
}

pub(crate) fn colour_counts(c: &Connection) -> Result<[u64; 3]> {
    let mut counts = [0; 3];
    snapshot(c, |c| {
        for (n, colour) in counts.iter_mut().zip(Colour::ALL) {
            let text = "SELECT count(*) FROM assessment WHERE colour = ?1";
            let found = number(c, "assessment", text, [colour.as_str()])?;
            *n = found.map_or(0, |n| u64::try_from(n).unwrap_or(0));
        }
        Ok(counts)
    })
}

pub(crate) fn colour_changes(
    c: &Connection,
    holder: HolderId,
    limit: u32,
) -> Result<Vec<ColourChange>> {
    let newest = "WHERE holder = ?1 ORDER BY at DESC, seq DESC LIMIT ?2";
    many::<ColourChangeRow>(c, newest, params![holder.as_i64(), limit])
}

pub(crate) fn region_risks(c: &Connection, since: Timestamp) -> Result<(i64, Vec<RegionRisk>)> {
    snapshot(c, |c| {
        let version = number(c, "counter", "SELECT value FROM counter WHERE name = 'regions'", [])?;
        let in_force = "WHERE ends_at IS NULL OR ends_at > ?1 ORDER BY division, starts_at, id";
        let risks = many::<RegionRiskRow>(c, in_force, [since.as_secs()])?;
        Ok((version.unwrap_or(0), risks))
    })
}

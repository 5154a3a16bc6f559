//! Evidence, assessments, regions.

use jadegate_domain::division::RegionRisk;
use jadegate_domain::{
    CaseId, Colour, Division, Evidence, EvidenceId, HolderId, Timestamp, TraceId,
};
use jadegate_store::{
    ColourChange, ColourCounts, ConfinedHolder, HolderEvidence, Page, StoreError, StoredAssessment,
};
use rusqlite::{Connection, params};

use super::{bounds, id, ids, many, many_from, number, numbers, one, snapshot};
use crate::error::{Result, sql};
use crate::rows::{
    AssessmentRow, ColourChangeRow, ConfinedRow, EvidenceRow, HolderRow, RegionRiskRow, Stored,
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

pub(crate) fn standing_contacts(c: &Connection, case: CaseId) -> Result<Vec<Evidence>> {
    let text = "WHERE trace_id IN (SELECT id FROM trace_run WHERE case_id = ?1) \
                AND kind = 'contact' AND withdrawn_at IS NULL AND superseded_by IS NULL \
                ORDER BY recorded_at, id";
    many::<EvidenceRow>(c, text, [case.as_i64()])
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
    let home = super::lives_in(region);
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

pub(crate) fn colour_counts(c: &Connection, policy: &str, regions: i64) -> Result<ColourCounts> {
    let text = "SELECT colour, count(*), sum(policy <> ?1 OR regions_seen <> ?2) \
                FROM assessment GROUP BY colour";
    let rows: Vec<(String, i64, i64)> = c
        .prepare_cached(text)
        .and_then(|mut s| {
            s.query_map(params![policy, regions], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
                .collect()
        })
        .map_err(|e| sql("assessment", &e))?;
    let mut counts = ColourCounts::default();
    for (name, all, before) in rows {
        // A colour that is none of ours is found, and told, by whoever reads the row.
        if let Some(colour) = Colour::ALL.iter().find(|c| c.as_str() == name)
            && let Some(n) = counts.colours.get_mut(usize::from(colour.as_u8()))
        {
            *n = u64::try_from(all).unwrap_or(0);
        }
        counts.from_before += u64::try_from(before).unwrap_or(0);
    }
    Ok(counts)
}

/// Everybody of whom something is kept.
const KEPT: &str = "SELECT holder FROM evidence WHERE holder > ?1 UNION \
                    SELECT holder FROM assessment WHERE holder > ?1";

pub(crate) fn evidence_by_holder(
    c: &Connection,
    page: Page<HolderId>,
) -> Result<Vec<HolderEvidence>> {
    snapshot(c, |c| {
        let (after, limit) = bounds(page, HolderId::as_i64);
        let kept = format!("WHERE id IN ({KEPT} ORDER BY 1 LIMIT ?2) ORDER BY id");
        let holders = many::<HolderRow>(c, &kept, [after, limit])?;
        let Some(last) = holders.last() else { return Ok(Vec::new()) };
        let own = "WHERE holder > ?1 AND holder <= ?2 ORDER BY holder, recorded_at, id";
        let all = many::<EvidenceRow>(c, own, [after, last.id.as_i64()])?;
        let mut all = all.into_iter().peekable();
        let mut out = Vec::with_capacity(holders.len());
        for h in holders {
            let mut evidence = Vec::new();
            while let Some(e) = all.next_if(|e| e.holder <= Some(h.id)) {
                if e.holder == Some(h.id) {
                    evidence.push(e);
                }
            }
            out.push(HolderEvidence {
                holder: h.id,
                home: h.home,
                evidence_version: h.evidence_version,
                evidence,
            });
        }
        Ok(out)
    })
}

pub(crate) fn count_with_evidence(c: &Connection) -> Result<u64> {
    let text = format!("SELECT count(*) FROM ({KEPT})");
    let n = number(c, "evidence", &text, [0])?.unwrap_or(0);
    Ok(u64::try_from(n).unwrap_or(0))
}

pub(crate) fn without_evidence(c: &Connection) -> Result<Vec<(Division, u64)>> {
    let text = "SELECT home, count(*) FROM holder h \
                WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.holder = h.id) \
                AND NOT EXISTS (SELECT 1 FROM assessment a WHERE a.holder = h.id) \
                GROUP BY home ORDER BY home";
    let rows: Vec<(String, i64)> = c
        .prepare_cached(text)
        .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
        .map_err(|e| sql("holder", &e))?;
    let division = |text: String| {
        text.parse().map_err(|_| StoreError::Corrupt {
            table: "holder",
            column: "home",
            row: 0,
            why: "not a known name".to_owned(),
        })
    };
    rows.into_iter().map(|(home, n)| Ok((division(home)?, u64::try_from(n).unwrap_or(0)))).collect()
}

pub(crate) fn assessments_between(
    c: &Connection,
    after: Option<HolderId>,
    last: HolderId,
) -> Result<Vec<StoredAssessment>> {
    let between = "WHERE holder > ?1 AND holder <= ?2 ORDER BY holder";
    many::<AssessmentRow>(c, between, [after.map_or(0, HolderId::as_i64), last.as_i64()])
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

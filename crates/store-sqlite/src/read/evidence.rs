//! Evidence, assessments, regions.

use std::collections::HashSet;
use std::sync::LazyLock;

use jadegate_domain::{CaseId, Colour, Division, Evidence, EvidenceId, HolderId, Timestamp};
use jadegate_store::{
    ColourChange, ColourCounts, ConfinedHolder, EvidencePage, HolderEvidence, Latest, Listed, Page,
    RegionRisks, RowRef, Standing, StoreError, StoredAssessment,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::{
    ALL, bounds, id, ids, listed, listed_from, listed_latest, many, number, numbers, one, snapshot,
};
use crate::error::{Result, sql};
use crate::rows::{
    AssessmentRow, ColourChangeRow, ConfinedRow, EvidenceRow, HolderRow, RegionRiskRow, Stored,
    StoredColourRow, read as read_row, read_after,
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

pub(crate) fn standing_contacts(c: &Connection, case: CaseId) -> Result<Listed<Evidence>> {
    let text = "WHERE trace_id IN (SELECT id FROM trace_run WHERE case_id = ?1) \
                AND kind = 'contact' AND withdrawn_at IS NULL AND superseded_by IS NULL \
                ORDER BY recorded_at, id";
    listed::<EvidenceRow>(c, text, [case.as_i64()], ALL)
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

pub(crate) fn standing(c: &Connection, holder: HolderId) -> Result<Option<Standing>> {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "SELECT {}, {} FROM holder LEFT JOIN assessment ON assessment.holder = holder.id \
             WHERE holder.id = ?1",
            HolderRow::COLUMNS,
            StoredColourRow::COLUMNS.replacen("holder", "assessment.holder", 1)
        )
    });
    // The columns of a holder.
    const BEFORE: usize = 4;
    let failed = |e: rusqlite::Error| sql("assessment", &e);
    let mut stmt = c.prepare_cached(&TEXT).map_err(failed)?;
    let mut rows = stmt.query([holder.as_i64()]).map_err(failed)?;
    let Some(row) = rows.next().map_err(failed)? else { return Ok(None) };
    let holder = read_row::<HolderRow>(row)?;
    let there = !matches!(row.get_ref(BEFORE).map_err(failed)?, ValueRef::Null);
    let assessed = there.then(|| read_after::<StoredColourRow>(row, BEFORE)).transpose()?;
    Ok(Some(Standing { holder, assessed }))
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
) -> Result<Listed<ConfinedHolder>> {
    let home = super::lives_in(region);
    // Of whom it cannot be read where they live, nobody may think that they live elsewhere.
    let nowhere = "NOT (h.home GLOB '[A-Z][A-Z]' OR h.home GLOB '[A-Z][A-Z]-[0-9A-Z]*')";
    let source = format!(
        "(SELECT a.*, h.home, (SELECT max(e.recorded_at) FROM evidence e \
            WHERE e.holder = a.holder AND e.kind = 'check_in' AND e.withdrawn_at IS NULL) \
            AS last_check_in \
          FROM assessment a JOIN holder h ON h.id = a.holder \
          WHERE a.colour <> 'green' AND a.holder > ?2 AND ({home} OR {nowhere}) \
          ORDER BY a.holder LIMIT ?3) AS {}",
        ConfinedRow::TABLE
    );
    let (mut after, limit) = bounds(page, HolderId::as_i64);
    let mut found = Listed::default();
    // Here the limit stands in the query, so that the join is not made for everybody: a page of
    // which nothing can be read is followed by the next one.
    loop {
        let values = params![region.as_str(), after, limit];
        let mut next = listed_from::<ConfinedRow>(c, &source, "ORDER BY 1", values, ALL)?;
        let last = next.unreadable.iter().map(|r| r.row).max();
        found.rows = next.rows;
        found.unreadable.append(&mut next.unreadable);
        match last {
            Some(last) if found.rows.is_empty() => after = last,
            _ => return Ok(found),
        }
    }
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

/// A page of everybody of whom something is kept, and the rows that cannot be read.
pub(crate) fn evidence_by_holder(
    c: &Connection,
    page: Page<HolderId>,
) -> Result<(EvidencePage, Vec<RowRef>)> {
    snapshot(c, |c| {
        let (after, limit) = bounds(page, HolderId::as_i64);
        let kept = format!("{KEPT} ORDER BY 1 LIMIT ?2");
        let kept = numbers(c, "evidence", &kept, [after, limit])?;
        let kept = ids("evidence", "holder", kept, HolderId::from_i64)?;
        let Some(last) = kept.last().copied() else { return Ok(Default::default()) };
        let between = [after, last.as_i64()];
        let people =
            listed::<HolderRow>(c, "WHERE id > ?1 AND id <= ?2 ORDER BY id", between, ALL)?;
        let (all, mut bad) = owned_evidence(c, between)?;
        let damaged: HashSet<HolderId> = bad.iter().filter_map(|(owner, _)| *owner).collect();
        let mut bad: Vec<RowRef> = bad.drain(..).map(|(_, row)| row).collect();
        let unknown: HashSet<_> =
            people.unreadable.iter().filter_map(|r| HolderId::from_i64(r.row)).collect();
        bad.extend(people.unreadable);
        let mut people = people.rows.into_iter().peekable();
        let mut all = all.into_iter().peekable();
        let mut out = EvidencePage { last: Some(last), ..EvidencePage::default() };
        for id in kept {
            let mut evidence = Vec::new();
            while let Some(e) = all.next_if(|e| e.holder <= Some(id)) {
                if e.holder == Some(id) {
                    evidence.push(e);
                }
            }
            while people.next_if(|h| h.id < id).is_some() {}
            let holder = people.next_if(|h| h.id == id);
            match holder {
                _ if damaged.contains(&id) || unknown.contains(&id) => out.unreadable.push(id),
                // Of somebody who is not registered nothing is decided.
                None => {}
                Some(h) => out.whole.push(HolderEvidence {
                    holder: id,
                    home: h.home,
                    evidence_version: h.evidence_version,
                    evidence,
                }),
            }
        }
        Ok((out, bad))
    })
}

/// The evidence of the holders above the first id up to the second, in the order of holders, and
/// which rows cannot be read, with their holders.
type OwnedEvidence = (Vec<Evidence>, Vec<(Option<HolderId>, RowRef)>);

fn owned_evidence(c: &Connection, between: [i64; 2]) -> Result<OwnedEvidence> {
    let text = format!(
        "SELECT {}, holder FROM evidence WHERE holder > ?1 AND holder <= ?2 \
         ORDER BY holder, recorded_at, id",
        EvidenceRow::COLUMNS
    );
    let failed = |e: rusqlite::Error| sql("evidence", &e);
    let mut stmt = c.prepare_cached(&text).map_err(failed)?;
    let owner = stmt.column_count() - 1;
    let mut rows = stmt.query(between).map_err(failed)?;
    let (mut found, mut bad) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next().map_err(failed)? {
        match read_row::<EvidenceRow>(row) {
            Ok(e) => found.push(e),
            Err(e) => {
                let holder: i64 = row.get(owner).map_err(failed)?;
                bad.push((HolderId::from_i64(holder), e.row().ok_or(e)?));
            }
        }
    }
    Ok((found, bad))
}

pub(crate) fn count_with_evidence(c: &Connection) -> Result<u64> {
    let text = format!("SELECT count(*) FROM ({KEPT})");
    let n = number(c, "evidence", &text, [0])?.unwrap_or(0);
    Ok(u64::try_from(n).unwrap_or(0))
}

pub(crate) fn without_evidence(c: &Connection) -> Result<Listed<(Division, u64)>> {
    let text = "SELECT home, count(*), min(id) FROM holder h \
                WHERE NOT EXISTS (SELECT 1 FROM evidence e WHERE e.holder = h.id) \
                AND NOT EXISTS (SELECT 1 FROM assessment a WHERE a.holder = h.id) \
                GROUP BY home ORDER BY home";
    let rows: Vec<(String, i64, i64)> = c
        .prepare_cached(text)
        .and_then(|mut s| s.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?.collect())
        .map_err(|e| sql("holder", &e))?;
    let mut found = Listed::default();
    for (home, n, row) in rows {
        let division = home.parse::<Division>().map_err(|_| StoreError::Corrupt {
            table: "holder",
            column: "home",
            row,
            why: "not a known name".to_owned(),
        });
        found.take(division.map(|d| (d, u64::try_from(n).unwrap_or(0))))?;
    }
    Ok(found)
}

pub(crate) fn assessments_between(
    c: &Connection,
    after: Option<HolderId>,
    last: HolderId,
) -> Result<Listed<StoredAssessment>> {
    let between = "WHERE holder > ?1 AND holder <= ?2 ORDER BY holder";
    listed::<AssessmentRow>(c, between, [after.map_or(0, HolderId::as_i64), last.as_i64()], ALL)
}

pub(crate) fn colour_changes(
    c: &Connection,
    holder: HolderId,
    latest: Latest,
) -> Result<Listed<ColourChange>> {
    let newest = "WHERE holder = ?1 AND at <= ?2 ORDER BY at DESC, seq DESC";
    let row = [holder.as_i64(), latest.until().as_secs()];
    listed_latest::<ColourChangeRow>(c, newest, row, latest)
}

/// The risk levels, and the rows of those that cannot be read.
pub(crate) fn region_risks(c: &Connection, since: Timestamp) -> Result<(RegionRisks, Vec<RowRef>)> {
    snapshot(c, |c| {
        let version = number(c, "counter", "SELECT value FROM counter WHERE name = 'regions'", [])?;
        let in_force = "WHERE ends_at IS NULL OR ends_at > ?1 ORDER BY division, starts_at, id";
        let found = listed::<RegionRiskRow>(c, in_force, [since.as_secs()], ALL)?;
        let mut unreadable = Vec::new();
        for bad in &found.unreadable {
            // Where it was, if at least that can be read: only people who stayed there are concerned.
            let division = c
                .prepare_cached("SELECT division FROM region_risk WHERE id = ?1")
                .and_then(|mut s| s.query_row([bad.row], |r| r.get::<_, String>(0)))
                .ok();
            unreadable.push(division.and_then(|d| d.parse().ok()));
        }
        let version = version.unwrap_or(0);
        Ok((RegionRisks { version, risks: found.rows, unreadable }, found.unreadable))
    })
}

//! Queries of codes on paper.

use jadegate_domain::{HolderId, PaperId};
use jadegate_store::{Page, Paper, PaperPlaces, PaperStanding, StoreError};
use rusqlite::Connection;

use super::{bounds, one};
use crate::error::{Result, sql};
use crate::rows::{PaperRow, PaperStandingRow, Stored, read as read_row};

pub(crate) fn paper(c: &Connection, id: PaperId) -> Result<Option<Paper>> {
    one::<PaperRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn paper_of(c: &Connection, holder: HolderId) -> Result<Option<Paper>> {
    one::<PaperRow>(c, "WHERE holder = ?1 AND ended_at IS NULL", [holder.as_i64()])
}

pub(crate) fn paper_places(c: &Connection) -> Result<PaperPlaces> {
    let text = "SELECT (SELECT count(*) FROM paper_code), (SELECT max(place) FROM paper_code)";
    let (papers, last): (i64, Option<i64>) = c
        .prepare_cached(text)
        .and_then(|mut s| s.query_row([], |r| Ok((r.get(0)?, r.get(1)?))))
        .map_err(|e| sql(PaperRow::TABLE, &e))?;
    let bad = || StoreError::Corrupt {
        table: PaperRow::TABLE,
        column: "place",
        row: 0,
        why: "not a place of the list".to_owned(),
    };
    let last = last.map(u32::try_from).transpose().map_err(|_| bad())?;
    Ok(PaperPlaces { papers: u64::try_from(papers).map_err(|_| bad())?, last })
}

/// One statement, so one snapshot.
pub(crate) fn papers(c: &Connection, page: Page<PaperId>) -> Result<Vec<PaperStanding>> {
    let text = format!(
        "SELECT {} FROM (SELECT p.*, h.evidence_version, a.evidence_seen, a.regions_seen, a.colour, \
             a.next_change, a.body, a.policy \
         FROM paper_code p JOIN holder h ON h.id = p.holder \
         LEFT JOIN assessment a ON a.holder = p.holder \
         WHERE p.id > ?1 ORDER BY p.id LIMIT ?2)",
        PaperStandingRow::COLUMNS
    );
    let failed = |e: rusqlite::Error| sql(PaperStandingRow::TABLE, &e);
    let mut stmt = c.prepare_cached(&text).map_err(failed)?;
    let mut rows = stmt.query(bounds(page, PaperId::as_i64)).map_err(failed)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        found.push(read_row::<PaperStandingRow>(row)?);
    }
    Ok(found)
}

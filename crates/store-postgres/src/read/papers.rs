//! Queries of codes on paper.

use jadegate_domain::{HolderId, PaperId};
use jadegate_store::{Page, Paper, PaperPlaces, PaperStanding, StoreError};
use jadegate_store_rows::{PaperRow, PaperStandingRow, Stored};

use super::{bounds, one};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::rows::read as read_row;
use crate::value::NONE;

pub(crate) async fn paper(c: &Client, id: PaperId) -> Result<Option<Paper>> {
    one::<PaperRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn paper_of(c: &Client, holder: HolderId) -> Result<Option<Paper>> {
    one::<PaperRow>(c, "WHERE holder = $1 AND ended_at IS NULL", [holder.as_i64()]).await
}

pub(crate) async fn paper_places(c: &Client) -> Result<PaperPlaces> {
    let bad = || StoreError::Corrupt {
        table: PaperRow::TABLE,
        column: "place",
        row: 0,
        why: "not a place of the list".to_owned(),
    };
    let failed = |e: tokio_postgres::Error| sql(PaperRow::TABLE, &e);
    let rows =
        query(c, PaperRow::TABLE, "SELECT count(*), max(place) FROM paper_code", NONE).await?;
    let row = rows.first().ok_or_else(bad)?;
    let (papers, last): (i64, Option<i64>) =
        (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
    let last = last.map(u32::try_from).transpose().map_err(|_| bad())?;
    Ok(PaperPlaces { papers: u64::try_from(papers).map_err(|_| bad())?, last })
}

/// One statement, so one snapshot.
pub(crate) async fn papers(c: &Client, page: Page<PaperId>) -> Result<Vec<PaperStanding>> {
    let text = format!(
        "SELECT {} FROM (SELECT p.*, h.evidence_version, a.evidence_seen, a.regions_seen, a.colour, \
             a.next_change, a.body, a.policy \
         FROM paper_code p JOIN holder h ON h.id = p.holder \
         LEFT JOIN assessment a ON a.holder = p.holder \
         WHERE p.id > $1 ORDER BY p.id LIMIT $2) AS paper_code ORDER BY id",
        PaperStandingRow::COLUMNS
    );
    let rows = query(c, PaperStandingRow::TABLE, &text, bounds(page, PaperId::as_i64)).await?;
    rows.iter().map(read_row::<PaperStandingRow>).collect()
}

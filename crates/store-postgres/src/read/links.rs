//! Queries of which records are of one person, and how others read them as one.

use jadegate_domain::HolderId;
use jadegate_store::{Listed, RecordLink, SplitPiece};
use jadegate_store_rows::{RecordLinkRow, SplitPieceRow};

use super::{ALL, id, listed, number};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::NONE;

/// Records that were joined with another, which stands for their person.
pub(crate) const JOINED: &str = "SELECT record FROM record_link WHERE state = 'joined'";

/// The main record of whoever has this one: an expression on a column or a bound value.
pub(crate) fn main_of(record: &str) -> String {
    format!(
        "coalesce((SELECT l.main FROM record_link l \
            WHERE l.record = {record} AND l.state = 'joined'), {record})"
    )
}

/// All records of whoever has this one: a query on a bound value.
pub(crate) fn records_of(record: &str) -> String {
    let main = main_of(record);
    format!(
        "SELECT {main} UNION SELECT r.record FROM record_link r \
         WHERE r.state = 'joined' AND r.main = {main}"
    )
}

/// All records that are linked with this one, joined or not: a query on a bound value.
pub(crate) fn linked_with(record: &str) -> String {
    let main =
        format!("coalesce((SELECT l.main FROM record_link l WHERE l.record = {record}), {record})");
    format!("SELECT {main} UNION SELECT r.record FROM record_link r WHERE r.main = {main}")
}

/// The pieces of evidence of a person that are theirs although another record has them, and that are not
/// although theirs has them: a condition on `evidence` for `{record}`, a bound value of a record that is
/// joined with no other or the main one.
pub(crate) fn of_person(record: &str) -> String {
    let (records, main) = (records_of(record), main_of(record));
    format!(
        "(holder IN ({records}) AND id NOT IN (SELECT p.evidence FROM split_piece p \
            JOIN record_link l ON l.record = p.record \
            WHERE l.main = {main} AND l.state = 'split' AND p.owner = 'record')) \
         OR id IN (SELECT p.evidence FROM split_piece p \
            JOIN record_link l ON l.record = p.record WHERE l.record = {record} \
            AND (l.state = 'disputed' OR l.state = 'split' AND p.owner <> 'main'))"
    )
}

/// The pieces of which it is not decided whether they are those of a person: a query on a bound value.
pub(crate) fn undecided_of(record: &str) -> String {
    let main = main_of(record);
    format!(
        "SELECT DISTINCT p.evidence FROM split_piece p \
         JOIN record_link l ON l.record = p.record \
         WHERE (l.record = {record} OR l.main = {main}) \
         AND (l.state = 'disputed' OR l.state = 'split' AND p.owner = 'both') ORDER BY 1"
    )
}

/// The record that was made for the second person, if a piece was decided to be theirs: a query on a bound
/// value.
pub(crate) const OWNED: &str = "SELECT p.record FROM split_piece p \
    JOIN record_link l ON l.record = p.record \
    WHERE p.evidence = $1 AND l.state = 'split' AND p.owner = 'record'";

/// Has the person other records, or was theirs that of two people? Nearly nobody's.
pub(crate) async fn has_others(c: &Client, holder: HolderId) -> Result<bool> {
    let text = "SELECT 1::bigint FROM record_link \
                WHERE (record = $1 OR main = $1) \
                AND state IN ('joined', 'split', 'disputed') LIMIT 1";
    Ok(number(c, "record_link", text, [holder.as_i64()]).await?.is_some())
}

pub(crate) async fn links_of(c: &Client, holder: HolderId) -> Result<Listed<RecordLink>> {
    let linked = linked_with("$1");
    let of = format!("WHERE record IN ({linked}) ORDER BY record");
    listed::<RecordLinkRow>(c, &of, [holder.as_i64()], ALL).await
}

pub(crate) async fn joined_records(c: &Client) -> Result<Vec<(HolderId, HolderId)>> {
    let failed = |e: tokio_postgres::Error| sql("record_link", &e);
    let text = "SELECT record, main FROM record_link WHERE state = 'joined' ORDER BY record";
    let rows = query(c, "record_link", text, NONE).await?;
    let pair = |r: &tokio_postgres::Row| {
        let (record, main) = (r.try_get(0).map_err(failed)?, r.try_get(1).map_err(failed)?);
        Ok((
            id("record_link", "record", record, HolderId::from_i64)?,
            id("record_link", "main", main, HolderId::from_i64)?,
        ))
    };
    rows.iter().map(pair).collect()
}

pub(crate) async fn split_records(c: &Client) -> Result<Listed<RecordLink>> {
    let splits = "WHERE state IN ('split', 'disputed') ORDER BY record";
    listed::<RecordLinkRow>(c, splits, NONE, ALL).await
}

pub(crate) async fn split_pieces(c: &Client, record: HolderId) -> Result<Vec<SplitPiece>> {
    let own = "WHERE record = $1 ORDER BY evidence";
    super::many::<SplitPieceRow>(c, own, [record.as_i64()]).await
}

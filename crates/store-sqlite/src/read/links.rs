//! Queries of which records are of one person, and how others read them as one.

use jadegate_domain::HolderId;
use jadegate_store::{Listed, RecordLink, SplitPiece};
use rusqlite::Connection;

use super::{ALL, id, listed, numbers};
use crate::error::{Result, sql};
use crate::rows::{RecordLinkRow, SplitPieceRow};

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
    WHERE p.evidence = ?1 AND l.state = 'split' AND p.owner = 'record'";

/// Has the person other records, or was theirs that of two people? Nearly nobody's.
pub(crate) fn has_others(c: &Connection, holder: HolderId) -> Result<bool> {
    let text = "SELECT 1 FROM record_link WHERE (record = ?1 OR main = ?1) \
                AND state IN ('joined', 'split', 'disputed')";
    c.prepare_cached(text)
        .and_then(|mut s| s.exists([holder.as_i64()]))
        .map_err(|e| sql("record_link", &e))
}

pub(crate) fn links_of(c: &Connection, holder: HolderId) -> Result<Listed<RecordLink>> {
    let linked = linked_with("?1");
    let of = format!("WHERE record IN ({linked}) ORDER BY record");
    listed::<RecordLinkRow>(c, &of, [holder.as_i64()], ALL)
}

pub(crate) fn joined_records(c: &Connection) -> Result<Vec<(HolderId, HolderId)>> {
    let column = |name: &'static str| -> Result<Vec<HolderId>> {
        let text = format!("SELECT {name} FROM record_link WHERE state = 'joined' ORDER BY record");
        let found = numbers(c, "record_link", &text, [])?;
        found.into_iter().map(|n| id("record_link", name, n, HolderId::from_i64)).collect()
    };
    super::snapshot(c, |_| Ok(column("record")?.into_iter().zip(column("main")?).collect()))
}

pub(crate) fn split_records(c: &Connection) -> Result<Listed<RecordLink>> {
    let splits = "WHERE state IN ('split', 'disputed') ORDER BY record";
    listed::<RecordLinkRow>(c, splits, [], ALL)
}

pub(crate) fn split_pieces(c: &Connection, record: HolderId) -> Result<Vec<SplitPiece>> {
    let own = "WHERE record = ?1 ORDER BY evidence";
    super::many::<SplitPieceRow>(c, own, [record.as_i64()])
}

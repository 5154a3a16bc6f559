//! Cases, traces, and looking back.

use jadegate_domain::{Access, Case, CaseId, Division, HolderId, Timestamp, TraceId};
use jadegate_store::{
    Latest, Listed, LogLeaf, Looked, OpenCases, Page, PendingLeaves, StoreError, StoredTrace,
    TraceHead,
};

use super::links::{has_others, records_of};
use super::{ids, listed, listed_latest, lives_in, many, number, numbers, one};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::{NONE, params};
use jadegate_store_rows::{AccessRow, CaseRow, LeafRow, TraceHeadRow, TraceRow};

pub(crate) async fn case(c: &Client, id: CaseId) -> Result<Option<Case>> {
    one::<CaseRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn standing_cases(
    c: &Client,
    region: Option<&Division>,
    since: Timestamp,
    page: Page<CaseId>,
) -> Result<Listed<Case>> {
    let lives = region.map_or_else(|| "$1 IS NULL".to_owned(), case_in);
    let text = format!(
        "WHERE withdrawn_at IS NULL AND (isolated_at IS NULL OR isolated_at > $2) AND id > $3 \
         AND {lives} ORDER BY id"
    );
    let after = page.after.map_or(0, CaseId::as_i64);
    let row = params![region.map(Division::as_str), since.as_secs(), after];
    listed::<CaseRow>(c, &text, row, page.limit).await
}

pub(crate) async fn cases_in(
    c: &Client,
    region: &Division,
    latest: Latest,
) -> Result<Listed<Case>> {
    let text = format!(
        "WHERE {} AND recorded_at <= $2 ORDER BY recorded_at DESC, id DESC",
        case_in(region)
    );
    let row = params![region.as_str(), latest.until().as_secs()];
    listed_latest::<CaseRow>(c, &text, row, latest).await
}

/// Does the case of the row live in the region?
fn case_in(region: &Division) -> String {
    let lives = lives_in(region);
    format!("EXISTS (SELECT 1 FROM holder h WHERE h.id = case_record.holder AND {lives})")
}

pub(crate) async fn open_cases_in(c: &Client, region: &Division) -> Result<OpenCases> {
    let text = format!(
        "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM trace_run t \
            WHERE t.case_id = case_record.id)) FROM case_record WHERE withdrawn_at IS NULL AND {}",
        case_in(region)
    );
    let failed = |e: tokio_postgres::Error| sql("case_record", &e);
    let rows = query(c, "case_record", &text, [region.as_str()]).await?;
    let Some(row) = rows.first() else { return Ok(OpenCases::default()) };
    let (cases, traced) = (row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?);
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(OpenCases { cases: count(cases), traced: count(traced) })
}

pub(crate) async fn traces_in(
    c: &Client,
    region: &Division,
    case: Option<CaseId>,
    latest: Latest,
) -> Result<Listed<TraceHead>> {
    let text = format!(
        "WHERE ($2 IS NULL OR case_id = $2) AND ran_at <= $3 AND EXISTS (SELECT 1 FROM case_record \
            WHERE case_record.id = trace_run.case_id AND {}) \
         ORDER BY ran_at DESC, id DESC",
        case_in(region)
    );
    let row = params![region.as_str(), case.map(CaseId::as_i64), latest.until().as_secs()];
    listed_latest::<TraceHeadRow>(c, &text, row, latest).await
}

pub(crate) async fn trace(c: &Client, id: TraceId) -> Result<Option<StoredTrace>> {
    one::<TraceRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn standing_trace(c: &Client, case: CaseId) -> Result<Option<TraceHead>> {
    let newest = "WHERE case_id = $1 AND replaced_by IS NULL ORDER BY ran_at DESC, id DESC LIMIT 1";
    one::<TraceHeadRow>(c, newest, [case.as_i64()]).await
}

/// The looks that somebody may see: at all their records, and at the record that was theirs and another's
/// until it was split. A condition for a bound value.
fn seen_by(record: &str) -> String {
    let records = records_of(record);
    let before = format!(
        "SELECT l.main FROM record_link l WHERE l.record = {record} AND l.state IN ('split', 'disputed')"
    );
    format!(
        "holder IN ({records} UNION {before}) AND (holder IN ({records}) \
         OR at <= (SELECT l.split_at FROM record_link l WHERE l.record = {record}))"
    )
}

pub(crate) async fn accesses_of(
    c: &Client,
    holder: HolderId,
    latest: Latest,
) -> Result<Listed<Access>> {
    let own = "holder = $1".to_owned();
    let all = seen_by("$1");
    let whose = if has_others(c, holder).await? { all } else { own };
    let newest = format!("WHERE {whose} AND at <= $2 ORDER BY at DESC, seq DESC");
    let row = [holder.as_i64(), latest.until().as_secs()];
    listed_latest::<AccessRow>(c, &newest, row, latest).await
}

pub(crate) async fn looked_at(
    c: &Client,
    look: &Looked,
    holders: &[HolderId],
) -> Result<Vec<HolderId>> {
    let text = "SELECT h.id FROM unnest($1) WITH ORDINALITY AS h (id, place) WHERE EXISTS \
                (SELECT 1 FROM access WHERE holder = h.id AND at >= $2 AND staff = $3 \
                AND purpose = $4 AND what = $5) ORDER BY h.place";
    let asked: Vec<i64> = holders.iter().map(|h| h.as_i64()).collect();
    let row =
        params![asked, look.since.as_secs(), look.staff.as_i64(), look.purpose.as_str(), look.what];
    ids("access", "holder", numbers(c, "access", text, row).await?, HolderId::from_i64)
}

/// How many leaves have their number.
pub(crate) async fn log_size(c: &Client) -> Result<u64> {
    let mark = "SELECT value FROM counter WHERE name = 'numbered_leaves'";
    let size = number(c, "counter", mark, NONE).await?.and_then(|n| u64::try_from(n).ok());
    size.ok_or_else(|| lost("counter", "the count of leaves that have a number is gone"))
}

/// Damage of the file, not of one row.
fn lost(table: &'static str, why: &str) -> StoreError {
    StoreError::Corrupt { table, column: "*", row: 0, why: why.to_owned() }
}

pub(crate) async fn log_leaves(c: &Client, from: u64, limit: u32) -> Result<Vec<LogLeaf>> {
    let Ok(from) = i64::try_from(from) else {
        return Ok(Vec::new());
    };
    let numbered = "WHERE position >= $1 AND position < \
                    (SELECT value FROM counter WHERE name = 'numbered_leaves') \
                    ORDER BY position LIMIT $2";
    many::<LeafRow>(c, numbered, params![from, limit]).await
}

/// Of the snapshot that the connection reads from.
pub(crate) async fn pending_leaves(c: &Client, limit: u32) -> Result<PendingLeaves> {
    let failed = |e: tokio_postgres::Error| sql("pending_leaf", &e);
    let from = log_size(c).await?;
    let count = number(c, "pending_leaf", "SELECT count(*) FROM pending_leaf", NONE).await?;
    let count = count.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let text = "SELECT bytes FROM pending_leaf ORDER BY seq LIMIT $1";
    let rows = query(c, "pending_leaf", text, [limit]).await?;
    let first = rows.iter().map(|r| r.try_get(0)).collect::<std::result::Result<_, _>>();
    Ok(PendingLeaves { from, count, first: first.map_err(failed)? })
}

pub(crate) async fn leaves_of_commitment(c: &Client, commitment: &str) -> Result<Vec<LogLeaf>> {
    let Some(start) = commitment.as_bytes().get(..24) else {
        return Ok(Vec::new());
    };
    // Word for word as in the table's index, or it is not used.
    let found = "WHERE position('\\x22636F6D6D69746D656E74223A22'::bytea IN bytes) > 0 \
                 AND substring(bytes FROM \
                     position('\\x22636F6D6D69746D656E74223A22'::bytea IN bytes) + 14 FOR 24) = $1 \
                 ORDER BY position";
    let mut leaves = many::<LeafRow>(c, found, [start]).await?;
    let whole = format!("\"commitment\":\"{commitment}\"");
    leaves.retain(|l| l.bytes.windows(whole.len()).any(|w| w == whole.as_bytes()));
    Ok(leaves)
}

pub(crate) async fn setting(c: &Client, name: &str) -> Result<Option<String>> {
    let rows = query(c, "setting", "SELECT value FROM setting WHERE name = $1", [name]).await?;
    rows.first().map(|r| r.try_get(0)).transpose().map_err(|e| sql("setting", &e))
}

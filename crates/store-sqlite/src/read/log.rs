//! Cases, traces, and looking back.

use jadegate_domain::{Access, Case, CaseId, Division, HolderId, Timestamp, TraceId};
use jadegate_store::{
    Latest, Listed, LogLeaf, Looked, OpenCases, Page, PendingLeaves, StoreError, StoredTrace,
    TraceHead,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::links::{has_others, records_of};
use super::{listed, listed_latest, lives_in, many, number, one, snapshot};
use crate::error::{Result, sql};
use crate::rows::{AccessRow, CaseRow, LeafRow, TraceHeadRow, TraceRow};

pub(crate) fn case(c: &Connection, id: CaseId) -> Result<Option<Case>> {
    one::<CaseRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn standing_cases(
    c: &Connection,
    region: Option<&Division>,
    since: Timestamp,
    page: Page<CaseId>,
) -> Result<Listed<Case>> {
    let lives = region.map_or_else(|| "?1 IS NULL".to_owned(), case_in);
    let text = format!(
        "WHERE withdrawn_at IS NULL AND (isolated_at IS NULL OR isolated_at > ?2) AND id > ?3 \
         AND {lives} ORDER BY id"
    );
    let after = page.after.map_or(0, CaseId::as_i64);
    let row = params![region.map(Division::as_str), since.as_secs(), after];
    listed::<CaseRow>(c, &text, row, page.limit)
}

pub(crate) fn cases_in(c: &Connection, region: &Division, latest: Latest) -> Result<Listed<Case>> {
    let text = format!(
        "WHERE {} AND recorded_at <= ?2 ORDER BY recorded_at DESC, id DESC",
        case_in(region)
    );
    let row = params![region.as_str(), latest.until().as_secs()];
    listed_latest::<CaseRow>(c, &text, row, latest)
}

/// Does the case of the row live in the region?
fn case_in(region: &Division) -> String {
    let lives = lives_in(region);
    format!("EXISTS (SELECT 1 FROM holder h WHERE h.id = case_record.holder AND {lives})")
}

pub(crate) fn open_cases_in(c: &Connection, region: &Division) -> Result<OpenCases> {
    let text = format!(
        "SELECT count(*), coalesce(sum(EXISTS (SELECT 1 FROM trace_run t \
            WHERE t.case_id = case_record.id)), 0) \
         FROM case_record WHERE withdrawn_at IS NULL AND {}",
        case_in(region)
    );
    let (cases, traced): (i64, i64) = c
        .prepare_cached(&text)
        .and_then(|mut s| s.query_row([region.as_str()], |r| Ok((r.get(0)?, r.get(1)?))))
        .map_err(|e| sql("case_record", &e))?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(OpenCases { cases: count(cases), traced: count(traced) })
}

pub(crate) fn traces_in(
    c: &Connection,
    region: &Division,
    case: Option<CaseId>,
    latest: Latest,
) -> Result<Listed<TraceHead>> {
    let text = format!(
        "WHERE (?2 IS NULL OR case_id = ?2) AND ran_at <= ?3 AND EXISTS (SELECT 1 FROM case_record \
            WHERE case_record.id = trace_run.case_id AND {}) \
         ORDER BY ran_at DESC, id DESC",
        case_in(region)
    );
    let until = latest.until().as_secs();
    let row = params![region.as_str(), case.map(CaseId::as_i64), until];
    listed_latest::<TraceHeadRow>(c, &text, row, latest)
}

pub(crate) fn trace(c: &Connection, id: TraceId) -> Result<Option<StoredTrace>> {
    one::<TraceRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn standing_trace(c: &Connection, case: CaseId) -> Result<Option<TraceHead>> {
    let newest = "WHERE case_id = ?1 AND replaced_by IS NULL ORDER BY ran_at DESC, id DESC LIMIT 1";
    one::<TraceHeadRow>(c, newest, [case.as_i64()])
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

pub(crate) fn accesses_of(
    c: &Connection,
    holder: HolderId,
    latest: Latest,
) -> Result<Listed<Access>> {
    let row = [holder.as_i64(), latest.until().as_secs()];
    let own = "WHERE holder = ?1 AND at <= ?2 ORDER BY at DESC, seq DESC";
    if !has_others(c, holder)? {
        return listed_latest::<AccessRow>(c, own, row, latest);
    }
    let all = format!("WHERE {} AND at <= ?2 ORDER BY at DESC, seq DESC", seen_by("?1"));
    listed_latest::<AccessRow>(c, &all, row, latest)
}

pub(crate) fn looked_at(
    c: &Connection,
    look: &Looked,
    holders: Vec<HolderId>,
) -> Result<Vec<HolderId>> {
    let text = "SELECT 1 FROM access WHERE holder = ?1 AND at >= ?2 AND staff = ?3 \
                AND purpose = ?4 AND what = ?5";
    let mut stmt = c.prepare_cached(text).map_err(|e| sql("access", &e))?;
    let mut seen = Vec::new();
    for holder in holders {
        let row = params![
            holder.as_i64(),
            look.since.as_secs(),
            look.staff.as_i64(),
            look.purpose.as_str(),
            look.what
        ];
        if stmt.exists(row).map_err(|e| sql("access", &e))? {
            seen.push(holder);
        }
    }
    Ok(seen)
}

/// How many leaves have their number.
pub(crate) fn log_size(c: &Connection) -> Result<u64> {
    let mark = "SELECT value FROM counter WHERE name = 'numbered_leaves'";
    let size = number(c, "counter", mark, [])?.and_then(|n| u64::try_from(n).ok());
    size.ok_or_else(|| lost("counter", "the count of leaves that have a number is gone"))
}

/// How many leaves have their number, and how many there are with those that wait.
pub(crate) fn log_ends(c: &Connection) -> Result<(u64, u64)> {
    let numbered = log_size(c)?;
    let end = "SELECT coalesce(max(position) + 1, 0) FROM log_leaf";
    let end = number(c, "log_leaf", end, [])?.and_then(|n| u64::try_from(n).ok());
    match end.filter(|end| *end >= numbered) {
        Some(end) => Ok((numbered, end)),
        // Going on would give their numbers, which were signed for, to others.
        None => Err(lost("log_leaf", "leaves that had a number are gone")),
    }
}

/// Damage of the file, not of one row.
fn lost(table: &'static str, why: &str) -> StoreError {
    StoreError::Corrupt { table, column: "*", row: 0, why: why.to_owned() }
}

pub(crate) fn log_leaves(c: &Connection, from: u64, limit: u32) -> Result<Vec<LogLeaf>> {
    let Ok(from) = i64::try_from(from) else {
        return Ok(Vec::new());
    };
    let numbered = "WHERE position >= ?1 AND position < \
                    (SELECT value FROM counter WHERE name = 'numbered_leaves') \
                    ORDER BY position LIMIT ?2";
    many::<LeafRow>(c, numbered, params![from, limit])
}

pub(crate) fn pending_leaves(c: &Connection, limit: u32) -> Result<PendingLeaves> {
    snapshot(c, |c| {
        let (from, end) = log_ends(c)?;
        let waiting = "WHERE position >= ?1 ORDER BY position LIMIT ?2";
        let first =
            many::<LeafRow>(c, waiting, [i64::try_from(from).unwrap_or(i64::MAX), limit.into()])?;
        let first = first.into_iter().map(|leaf| leaf.bytes).collect();
        Ok(PendingLeaves { from, count: end - from, first })
    })
}

pub(crate) fn leaves_of_commitment(c: &Connection, commitment: &str) -> Result<Vec<LogLeaf>> {
    let Some(start) = commitment.as_bytes().get(..24) else {
        return Ok(Vec::new());
    };
    // Word for word as in the index of migration 12, or it is not used.
    let found = "WHERE instr(bytes, x'22636F6D6D69746D656E74223A22') > 0 \
                 AND substr(bytes, instr(bytes, x'22636F6D6D69746D656E74223A22') + 14, 24) = ?1 \
                 ORDER BY position";
    let mut leaves = many::<LeafRow>(c, found, [start])?;
    let whole = format!("\"commitment\":\"{commitment}\"");
    let size = log_size(c)?;
    leaves
        .retain(|l| l.index < size && l.bytes.windows(whole.len()).any(|w| w == whole.as_bytes()));
    Ok(leaves)
}

pub(crate) fn setting(c: &Connection, name: &str) -> Result<Option<String>> {
    c.prepare_cached("SELECT value FROM setting WHERE name = ?1")
        .and_then(|mut s| s.query_row([name], |r| r.get(0)).optional())
        .map_err(|e| sql("setting", &e))
}

//! Cases, traces, and looking back.

use jadegate_domain::{Access, Case, CaseId, HolderId, TraceId};
use jadegate_store::{LogLeaf, StoredTrace};
use rusqlite::{Connection, OptionalExtension, params};

use super::{many, number, one};
use crate::error::{Result, sql};
use crate::rows::{AccessRow, CaseRow, LeafRow, TraceRow};

pub(crate) fn case(c: &Connection, id: CaseId) -> Result<Option<Case>> {
    one::<CaseRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn cases(c: &Connection, limit: u32) -> Result<Vec<Case>> {
    many::<CaseRow>(c, "ORDER BY recorded_at DESC, id DESC LIMIT ?1", [limit])
}

pub(crate) fn trace(c: &Connection, id: TraceId) -> Result<Option<StoredTrace>> {
    one::<TraceRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn traces(c: &Connection, case: Option<CaseId>, limit: u32) -> Result<Vec<StoredTrace>> {
    let newest = "ORDER BY ran_at DESC, id DESC LIMIT ?1";
    match case {
        None => many::<TraceRow>(c, newest, [limit]),
        Some(case) => many::<TraceRow>(
            c,
            &format!("WHERE case_id = ?2 {newest}"),
            params![limit, case.as_i64()],
        ),
    }
}

pub(crate) fn accesses_of(c: &Connection, holder: HolderId, limit: u32) -> Result<Vec<Access>> {
    let newest = "WHERE holder = ?1 ORDER BY at DESC, seq DESC LIMIT ?2";
    many::<AccessRow>(c, newest, params![holder.as_i64(), limit])
}

pub(crate) fn log_size(c: &Connection) -> Result<u64> {
    let next = "SELECT coalesce(max(position) + 1, 0) FROM log_leaf";
    Ok(number(c, "log_leaf", next, [])?.map_or(0, |n| u64::try_from(n).unwrap_or(0)))
}

pub(crate) fn log_leaves(c: &Connection, from: u64, limit: u32) -> Result<Vec<LogLeaf>> {
    let Ok(from) = i64::try_from(from) else {
        return Ok(Vec::new());
    };
    let next = "WHERE position >= ?1 ORDER BY position LIMIT ?2";
    many::<LeafRow>(c, next, params![from, limit])
}

pub(crate) fn setting(c: &Connection, name: &str) -> Result<Option<String>> {
    c.prepare_cached("SELECT value FROM setting WHERE name = ?1")
        .and_then(|mut s| s.query_row([name], |r| r.get(0)).optional())
        .map_err(|e| sql("setting", &e))
}

//! Counts for limits.

use jadegate_domain::Timestamp;
use jadegate_store::StoreError;
use rusqlite::{Connection, params};

use crate::error::{Result, sql};

/// What was counted of a class and key after a moment, oldest first.
pub(crate) fn since(
    c: &Connection,
    class: &str,
    key: [u8; 16],
    after: Timestamp,
) -> Result<Vec<(Timestamp, u64)>> {
    let text = "SELECT at, count FROM tally WHERE class = ?1 AND key = ?2 AND at > ?3 ORDER BY at";
    let raw: Vec<(i64, i64)> = c
        .prepare_cached(text)
        .and_then(|mut s| {
            s.query_map(params![class, key, after.as_secs()], |r| Ok((r.get(0)?, r.get(1)?)))?
                .collect()
        })
        .map_err(|e| sql("tally", &e))?;
    raw.into_iter()
        .map(|(at, n)| {
            let count = u64::try_from(n).map_err(|_| StoreError::Corrupt {
                table: "tally",
                column: "count",
                row: at,
                why: "negative".to_owned(),
            })?;
            Ok((Timestamp::from_secs(at), count))
        })
        .collect()
}

pub(crate) fn counted(c: &Connection, class: &str, key: [u8; 16], after: Timestamp) -> Result<u64> {
    Ok(since(c, class, key, after)?.into_iter().map(|(_, n)| n).sum())
}

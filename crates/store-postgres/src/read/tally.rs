//! Counts for limits.

use jadegate_domain::Timestamp;
use jadegate_store::StoreError;

use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::params;

/// What was counted of a class and key after a moment, oldest first.
pub(crate) async fn since(
    c: &Client,
    class: &str,
    key: [u8; 16],
    after: Timestamp,
) -> Result<Vec<(Timestamp, u64)>> {
    let text = "SELECT at, count FROM tally WHERE class = $1 AND key = $2 AND at > $3 ORDER BY at";
    let rows = query(c, "tally", text, params![class, key, after.as_secs()]).await?;
    let pair = |r: &tokio_postgres::Row| Ok((r.try_get(0)?, r.try_get(1)?));
    let raw: std::result::Result<Vec<(i64, i64)>, tokio_postgres::Error> =
        rows.iter().map(pair).collect();
    raw.map_err(|e| sql("tally", &e))?
        .into_iter()
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

pub(crate) async fn counted(
    c: &Client,
    class: &str,
    key: [u8; 16],
    after: Timestamp,
) -> Result<u64> {
    Ok(since(c, class, key, after).await?.into_iter().map(|(_, n)| n).sum())
}

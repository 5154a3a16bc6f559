//! Queries of jobs.

use jadegate_domain::{StaffId, Timestamp};
use jadegate_store::{Listed, StoredJob};
use jadegate_store_rows::JobRow;

use super::{ALL, listed, one};
use crate::connection::{Client, query};
use crate::error::{Result, sql};
use crate::value::params;

pub(crate) async fn job(c: &Client, id: i64) -> Result<Option<StoredJob>> {
    one::<JobRow>(c, "WHERE id = $1", [id]).await
}

pub(crate) async fn jobs_of(
    c: &Client,
    staff: Option<StaffId>,
    kind: &str,
    now: Timestamp,
) -> Result<Listed<StoredJob>> {
    let text = "WHERE ($1::bigint IS NULL OR staff = $1) AND kind = $2 AND expires_at > $3 \
                ORDER BY started_at DESC, id";
    let staff = staff.map(StaffId::as_i64);
    listed::<JobRow>(c, text, params![staff, kind, now.as_secs()], ALL).await
}

pub(crate) async fn job_part(c: &Client, job: i64, number: u32) -> Result<Option<Vec<u8>>> {
    let text = "SELECT body FROM job_part WHERE job = $1 AND number = $2";
    let rows = query(c, "job_part", text, params![job, number]).await?;
    rows.first().map(|r| r.try_get(0)).transpose().map_err(|e| sql("job_part", &e))
}

//! Queries of jobs.

use jadegate_domain::{StaffId, Timestamp};
use jadegate_store::{Listed, StoredJob};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{ALL, listed, one};
use crate::error::{Result, sql};
use crate::rows::JobRow;

pub(crate) fn job(c: &Connection, id: i64) -> Result<Option<StoredJob>> {
    one::<JobRow>(c, "WHERE id = ?1", [id])
}

pub(crate) fn jobs_of(
    c: &Connection,
    staff: Option<StaffId>,
    kind: &str,
    now: Timestamp,
) -> Result<Listed<StoredJob>> {
    let text = "WHERE (?1 IS NULL OR staff = ?1) AND kind = ?2 AND expires_at > ?3 \
                ORDER BY started_at DESC, id";
    let staff = staff.map(StaffId::as_i64);
    listed::<JobRow>(c, text, params![staff, kind, now.as_secs()], ALL)
}

pub(crate) fn job_part(c: &Connection, job: i64, number: u32) -> Result<Option<Vec<u8>>> {
    c.prepare_cached("SELECT body FROM job_part WHERE job = ?1 AND number = ?2")
        .and_then(|mut s| s.query_row(params![job, number], |r| r.get(0)).optional())
        .map_err(|e| sql("job_part", &e))
}

//! Queries of assignments.

use jadegate_domain::{AssignmentId, StaffId, Timestamp};
use jadegate_store::{Assignment, Listed};
use rusqlite::Connection;

use super::{listed, one};
use crate::error::Result;
use crate::rows::AssignmentRow;

pub(crate) fn assignment(
    c: &Connection,
    id: AssignmentId,
    now: Timestamp,
) -> Result<Option<Assignment>> {
    let key = [id.as_i64(), now.as_secs()];
    one::<AssignmentRow>(c, "WHERE id = ?1 AND ends_at > ?2", key)
}

pub(crate) fn accompanied_by(
    c: &Connection,
    worker: StaffId,
    now: Timestamp,
) -> Result<Listed<Assignment>> {
    let text = "WHERE worker = ?1 AND ends_at > ?2 ORDER BY assigned_at, id";
    listed::<AssignmentRow>(c, text, [worker.as_i64(), now.as_secs()], 1_000)
}

pub(crate) fn assignments(
    c: &Connection,
    now: Timestamp,
    after: Option<(Timestamp, AssignmentId)>,
    limit: u32,
) -> Result<Listed<Assignment>> {
    let text = "WHERE ends_at > ?1 AND (assigned_at > ?2 OR (assigned_at = ?2 AND id > ?3)) \
                ORDER BY assigned_at, id";
    let (at, id) = after.map_or((i64::MIN, 0), |(at, id)| (at.as_secs(), id.as_i64()));
    listed::<AssignmentRow>(c, text, [now.as_secs(), at, id], limit)
}

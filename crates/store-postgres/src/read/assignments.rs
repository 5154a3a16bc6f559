//! Queries of assignments.

use jadegate_domain::{AssignmentId, StaffId, Timestamp};
use jadegate_store::{Assignment, Listed};
use jadegate_store_rows::AssignmentRow;

use super::{listed, one};
use crate::connection::Client;
use crate::error::Result;

pub(crate) async fn assignment(
    c: &Client,
    id: AssignmentId,
    now: Timestamp,
) -> Result<Option<Assignment>> {
    let key = [id.as_i64(), now.as_secs()];
    one::<AssignmentRow>(c, "WHERE id = $1 AND ends_at > $2", key).await
}

pub(crate) async fn accompanied_by(
    c: &Client,
    worker: StaffId,
    now: Timestamp,
) -> Result<Listed<Assignment>> {
    let text = "WHERE worker = $1 AND ends_at > $2 ORDER BY assigned_at, id";
    listed::<AssignmentRow>(c, text, [worker.as_i64(), now.as_secs()], 1_000).await
}

pub(crate) async fn assignments(
    c: &Client,
    now: Timestamp,
    after: Option<(Timestamp, AssignmentId)>,
    limit: u32,
) -> Result<Listed<Assignment>> {
    let text = "WHERE ends_at > $1 AND (assigned_at > $2 OR (assigned_at = $2 AND id > $3)) \
                ORDER BY assigned_at, id";
    let (at, id) = after.map_or((i64::MIN, 0), |(at, id)| (at.as_secs(), id.as_i64()));
    listed::<AssignmentRow>(c, text, [now.as_secs(), at, id], limit).await
}

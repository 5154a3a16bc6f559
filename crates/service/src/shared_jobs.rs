//! Jobs that one server does and every server can tell of.
//!
//! Whoever does a job says so in its row, every [`EVERY`] again: how far it has come, and that it is alive.
//! Any server answers from the row, and asks for its end by it. What nobody says anew has ended with its
//! server.

use std::time::Duration;

use jadegate_domain::{StaffId, Timestamp};
use jadegate_store::{RowRef, StoredJob};
use serde::de::DeserializeOwned;

use crate::error::{Result, ServiceError};

/// How often a job says that it goes on, and looks whether it is to stop.
pub(crate) const EVERY: Duration = Duration::from_secs(2);
/// The code of a job whose server is gone.
pub(crate) const LOST: &str = "job.lost";

/// What does not change while a job runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JobHead {
    pub(crate) id: i64,
    pub(crate) kind: &'static str,
    pub(crate) staff: StaffId,
    pub(crate) started_at: Timestamp,
}

/// What a row says of its job.
pub(crate) fn read_job<T: DeserializeOwned>(job: &StoredJob) -> Result<T> {
    let row = RowRef { table: "job", column: "body", row: job.id };
    serde_json::from_str(&job.body).map_err(|_| ServiceError::unreadable(row))
}

//! Jobs of several servers.

use jadegate_domain::StaffId;
use jadegate_store::StoredJob;

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    JobRow => StoredJob, in "job" by "id" {
        kind: String, staff: i64, owner: i64, started_at: i64, is_over: i64, stop: i64,
        alive_until: i64, expires_at: i64, body: String,
    }
}

impl JobRow {
    fn check(self, at: At) -> Result<StoredJob> {
        Ok(StoredJob {
            id: self.row,
            kind: self.kind,
            staff: at.id("staff", self.staff, StaffId::from_i64)?,
            owner: self.owner,
            started_at: at.time("started_at", self.started_at)?,
            over: self.is_over != 0,
            stop: self.stop != 0,
            alive_until: at.time("alive_until", self.alive_until)?,
            expires_at: at.time("expires_at", self.expires_at)?,
            body: self.body,
        })
    }
}

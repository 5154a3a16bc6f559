//! Assignments.

use jadegate_domain::{AgencyId, AssignmentId, HolderId, StaffId};
use jadegate_store::Assignment;

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    AssignmentRow => Assignment, in "assignment" by "id" {
        holder: i64, worker: i64, agency: i64, staff: i64, assigned_at: i64, ends_at: i64,
    }
}

impl AssignmentRow {
    fn check(self, at: At) -> Result<Assignment> {
        Ok(Assignment {
            id: at.id("id", self.row, AssignmentId::from_i64)?,
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            worker: at.id("worker", self.worker, StaffId::from_i64)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            by: at.id("staff", self.staff, StaffId::from_i64)?,
            assigned_at: at.time("assigned_at", self.assigned_at)?,
            ends_at: at.time("ends_at", self.ends_at)?,
        })
    }
}

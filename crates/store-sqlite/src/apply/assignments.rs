//! Assignments.

use jadegate_domain::HolderId;
use jadegate_store::{ACCOMPANIED, Assignment, AssignmentWrite, Precondition};
use rusqlite::params;

use super::Applier;
use crate::error::{Result, conflict, sql};

const TABLE: &str = "assignment";

impl Applier<'_> {
    pub(super) fn assignment(&self, write: &AssignmentWrite) -> Result<()> {
        match write {
            AssignmentWrite::Add { assignment, most } => self.assign(assignment, *most),
            AssignmentWrite::End(id) => {
                self.touch(TABLE, "DELETE FROM assignment WHERE id = ?1", [id.as_i64()])
            }
        }
    }

    fn assign(&self, a: &Assignment, most: u32) -> Result<()> {
        // What is over counts for nothing, and what is counted stands.
        let over = "DELETE FROM assignment WHERE worker = ?1 AND ends_at <= ?2";
        self.run(TABLE, over, [a.worker.as_i64(), a.assigned_at.as_secs()])?;
        let count = "SELECT count(*) FROM assignment WHERE worker = ?1";
        let people: i64 = self
            .conn
            .prepare_cached(count)
            .and_then(|mut s| s.query_row([a.worker.as_i64()], |r| r.get(0)))
            .map_err(|e| sql(TABLE, &e))?;
        let text = "INSERT INTO assignment (id, holder, worker, agency, staff, assigned_at, ends_at) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row = params![
            a.id.as_i64(),
            a.holder.as_i64(),
            a.worker.as_i64(),
            a.agency.as_i64(),
            a.by.as_i64(),
            a.assigned_at.as_secs(),
            a.ends_at.as_secs(),
        ];
        self.touch(TABLE, text, row)?;
        if people >= i64::from(most) {
            let room = Precondition::Room { class: ACCOMPANIED, seconds: None };
            return Err(conflict(TABLE, room));
        }
        Ok(())
    }

    /// Nobody accompanies somebody who is erased.
    pub(super) fn erase_assignments(&self, holder: HolderId) -> Result<()> {
        let text = "DELETE FROM assignment WHERE holder = ?1";
        self.run(TABLE, text, [holder.as_i64()]).map(drop)
    }
}

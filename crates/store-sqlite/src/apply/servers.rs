//! Leases and jobs.

use jadegate_store::{Precondition, ServerWrite, StoredJob};
use rusqlite::params;

use super::Applier;
use crate::error::{Result, conflict};

impl Applier<'_> {
    pub(super) fn server(&self, write: &ServerWrite) -> Result<()> {
        match write {
            ServerWrite::Take { name, owner, at, until } => {
                let text = "INSERT INTO lease (name, owner, until) VALUES (?1, ?2, ?4) \
                            ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, \
                            until = excluded.until \
                            WHERE lease.owner = excluded.owner OR lease.until <= ?3";
                let row = params![name, owner, at.as_secs(), until.as_secs()];
                is_own(self.run("lease", text, row)? > 0)
            }
            ServerWrite::Expect { name, owner } => {
                let text = "SELECT 1 FROM lease WHERE name = ?1 AND owner = ?2";
                is_own(self.finds("lease", text, params![name, owner])?)
            }
            ServerWrite::GiveBack { name, owner } => {
                let text = "DELETE FROM lease WHERE name = ?1 AND owner = ?2";
                self.run("lease", text, params![name, owner]).map(drop)
            }
            ServerWrite::PutJob(job) => self.put_job(job),
            ServerWrite::AddJobPart { job, number, body } => {
                let text = "INSERT INTO job_part (job, number, body) VALUES (?1, ?2, ?3)";
                self.touch("job_part", text, params![job, number, body])
            }
            ServerWrite::StopJob(id) => {
                self.touch("job", "UPDATE job SET stop = 1 WHERE id = ?1", [id])
            }
            ServerWrite::ForgetJob(id) => {
                self.run("job", "DELETE FROM job WHERE id = ?1", [id]).map(drop)
            }
        }
    }

    fn put_job(&self, j: &StoredJob) -> Result<()> {
        let text = "INSERT INTO job (id, kind, staff, owner, started_at, is_over, stop, alive_until, \
                    expires_at, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8, ?9) \
                    ON CONFLICT (id) DO UPDATE SET is_over = excluded.is_over, \
                    alive_until = excluded.alive_until, expires_at = excluded.expires_at, \
                    body = excluded.body WHERE job.owner = excluded.owner";
        let row = params![
            j.id,
            j.kind,
            j.staff.as_i64(),
            j.owner,
            j.started_at.as_secs(),
            j.over,
            j.alive_until.as_secs(),
            j.expires_at.as_secs(),
            j.body,
        ];
        match self.run("job", text, row)? {
            0 => Err(conflict("job", Precondition::Absent)),
            _ => Ok(()),
        }
    }
}

fn is_own(own: bool) -> Result<()> {
    if own { Ok(()) } else { Err(conflict("lease", Precondition::Lease)) }
}

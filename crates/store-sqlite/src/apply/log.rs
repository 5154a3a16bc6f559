//! Cases, traces, accesses, the public log, settings.

use jadegate_domain::{Access, Case, CaseId, HolderId, StaffId, Timestamp, TraceId};
use jadegate_store::{Precondition, StoredTrace};
use rusqlite::{OptionalExtension, params};

use super::{Applier, secs};
use crate::error::{Result, conflict, sql};
use crate::read::log::log_ends;

impl Applier<'_> {
    pub(super) fn add_case(&self, c: &Case) -> Result<()> {
        let text = "INSERT INTO case_record (id, holder, class, onset_at, confirmed_at, \
                    isolated_at, recorded_at, agency, withdrawn_at) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let row = params![
            c.id.as_i64(),
            c.holder.as_i64(),
            c.class.as_str(),
            secs(c.onset_at),
            c.confirmed_at.as_secs(),
            secs(c.isolated_at),
            c.recorded_at.as_secs(),
            c.agency.as_i64(),
            secs(c.withdrawn_at),
        ];
        self.touch("case_record", text, row)
    }

    pub(super) fn update_case(&self, c: &Case, old: &Case) -> Result<()> {
        let text = "UPDATE case_record SET class = ?3, onset_at = ?4, confirmed_at = ?5, \
                    isolated_at = ?6, recorded_at = ?7, agency = ?8 \
                    WHERE id = ?1 AND holder = ?2 AND withdrawn_at IS NULL \
                    AND class = ?9 AND onset_at IS ?10 AND confirmed_at = ?11 AND isolated_at IS ?12";
        let row = params![
            c.id.as_i64(),
            c.holder.as_i64(),
            c.class.as_str(),
            secs(c.onset_at),
            c.confirmed_at.as_secs(),
            secs(c.isolated_at),
            c.recorded_at.as_secs(),
            c.agency.as_i64(),
            old.class.as_str(),
            secs(old.onset_at),
            old.confirmed_at.as_secs(),
            secs(old.isolated_at),
        ];
        let there = "SELECT 1 FROM case_record WHERE id = ?1 AND holder = ?2";
        let key = [c.id.as_i64(), c.holder.as_i64()];
        self.touch_standing("case_record", text, row, (there, &key))
    }

    /// It is another's of two people whose record was one.
    pub(super) fn move_case(&self, case: CaseId, from: HolderId, to: HolderId) -> Result<()> {
        let text = "UPDATE case_record SET holder = ?3 WHERE id = ?1 AND holder = ?2";
        let row = [case.as_i64(), from.as_i64(), to.as_i64()];
        match self.run("case_record", text, row)? {
            0 => Err(conflict("case_record", Precondition::Stands)),
            _ => Ok(()),
        }
    }

    pub(super) fn withdraw_case(&self, case: CaseId, at: Timestamp) -> Result<()> {
        let text =
            "UPDATE case_record SET withdrawn_at = ?2 WHERE id = ?1 AND withdrawn_at IS NULL";
        let there = "SELECT 1 FROM case_record WHERE id = ?1";
        let row = [case.as_i64(), at.as_secs()];
        self.touch_standing("case_record", text, row, (there, &[case.as_i64()]))
    }

    pub(super) fn add_trace(&self, t: &StoredTrace) -> Result<()> {
        let text = "INSERT INTO trace_run (id, case_id, ran_at, agency, agency_kind, close, \
                    secondary, detail, replaced_by) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let row = params![
            t.id.as_i64(),
            t.case.as_i64(),
            t.ran_at.as_secs(),
            t.agency.as_i64(),
            t.agency_kind.as_str(),
            t.close,
            t.secondary,
            t.detail,
            t.replaced_by.map(TraceId::as_i64),
        ];
        self.touch("trace_run", text, row)
    }

    pub(super) fn replace_trace(&self, id: TraceId, by: TraceId) -> Result<()> {
        let text = "UPDATE trace_run SET replaced_by = ?2 WHERE id = ?1 AND replaced_by IS NULL";
        let there = "SELECT 1 FROM trace_run WHERE id = ?1";
        let row = [id.as_i64(), by.as_i64()];
        self.touch_standing("trace_run", text, row, (there, &[id.as_i64()]))
    }

    pub(super) fn expect_trace(&self, case: CaseId, run: Option<TraceId>) -> Result<()> {
        let id = case.as_i64();
        let stands = "SELECT 1 FROM case_record WHERE id = ?1 AND withdrawn_at IS NULL";
        if !self.finds("case_record", stands, [id])? {
            return Err(
                self.ended("case_record", ("SELECT 1 FROM case_record WHERE id = ?1", &[id]))?
            );
        }
        let standing = crate::read::log::standing_trace(self.conn, case)?;
        if standing.map(|t| t.id) == run {
            return Ok(());
        }
        Err(conflict("trace_run", Precondition::Stands))
    }

    pub(super) fn add_access(&self, a: &Access) -> Result<()> {
        let text = "INSERT INTO access (holder, at, agency, staff, purpose, what) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let row = params![
            a.holder.as_i64(),
            a.at.as_secs(),
            a.agency.as_i64(),
            a.staff.map(StaffId::as_i64),
            a.purpose.as_str(),
            a.what,
        ];
        self.touch("access", text, row)
    }

    /// Its position is its place in the order of commits. As there is one writer, and what was rolled
    /// back leaves no hole, it is also the number that it will have.
    pub(super) fn add_leaf(&self, bytes: &[u8]) -> Result<()> {
        let text = "INSERT INTO log_leaf (position, bytes) \
                    SELECT coalesce(max(position) + 1, 0), ?1 FROM log_leaf";
        self.touch("log_leaf", text, [bytes])
    }

    /// Moves the mark below which leaves have their number.
    pub(super) fn number_leaves(&self, from: u64, most: u32) -> Result<()> {
        let (numbered, end) = log_ends(self.conn)?;
        if numbered != from {
            return Err(conflict("log_leaf", Precondition::LogSize));
        }
        let to = end.min(from.saturating_add(most.into()));
        if to == from {
            return Ok(());
        }
        let text = "UPDATE counter SET value = ?1 WHERE name = 'numbered_leaves'";
        self.touch("counter", text, [i64::try_from(to).unwrap_or(i64::MAX)])
    }

    pub(super) fn put_setting(
        &self,
        name: &str,
        value: &str,
        expect: Option<&Option<String>>,
    ) -> Result<()> {
        if let Some(wanted) = expect {
            let found: Option<String> = self
                .conn
                .prepare_cached("SELECT value FROM setting WHERE name = ?1")
                .and_then(|mut s| s.query_row([name], |r| r.get(0)).optional())
                .map_err(|e| sql("setting", &e))?;
            if found != *wanted {
                let what =
                    if wanted.is_none() { Precondition::Absent } else { Precondition::Exists };
                return Err(conflict("setting", what));
            }
        }
        let text = "INSERT INTO setting (name, value) VALUES (?1, ?2) \
                    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.touch("setting", text, [name, value])
    }
}

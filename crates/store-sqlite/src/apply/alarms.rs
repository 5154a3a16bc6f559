//! Alarms, what they are raised from, and the list of protected people.

use jadegate_domain::id::ProtectedId;
use jadegate_domain::{Activity, AgencyId, AlarmId, StaffId, Timestamp};
use jadegate_store::{
    ALARM_HOLDS, Actor, Alarm, AlarmEnd, AlarmWrite, Measured, Precondition, Protected, StoreError,
};
use rusqlite::params;

use super::Applier;
use crate::error::{Result, conflict};
use crate::read;

const TABLE: &str = "alarm";
const LIST: &str = "protected_person";

impl Applier<'_> {
    pub(super) fn alarm(&self, write: &AlarmWrite) -> Result<()> {
        match write {
            AlarmWrite::Count { what, actor, hour, count } => {
                self.count_activity(*what, *actor, *hour, *count)
            }
            AlarmWrite::ExpectFree(actor) => self.expect_free(*actor),
            AlarmWrite::Raise(alarm) => self.raise_alarm(alarm),
            AlarmWrite::Grow { id, measured, holds_at, .. } => {
                self.grow_alarm(*id, *measured, *holds_at)
            }
            AlarmWrite::Answer { id, end, .. } => self.answer_alarm(*id, *end),
            AlarmWrite::Protect(entry) => self.protect(entry),
            AlarmWrite::AskEnd { id, by, at } => self.ask_end(*id, *by, *at),
            AlarmWrite::Unprotect { id, asked_by } => self.unprotect(*id, *asked_by),
        }
    }

    fn count_activity(&self, what: Activity, actor: Actor, hour: i64, count: u64) -> Result<()> {
        let table = "activity";
        let count = self::count(count)?;
        if count == 0 {
            return Err(StoreError::Invalid { table, why: "a count of nothing".to_owned() });
        }
        let text = "INSERT INTO activity (what, agency, staff, hour, count) \
                    VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (what, agency, staff, hour) \
                    DO UPDATE SET count = activity.count + excluded.count";
        let staff = actor.staff.map_or(0, StaffId::as_i64);
        self.touch(table, text, params![what.as_str(), actor.agency.as_i64(), staff, hour, count])
    }

    fn expect_free(&self, actor: Actor) -> Result<()> {
        if read::alarms::alarm_holds(self.conn, actor)? {
            let class = ALARM_HOLDS;
            return Err(conflict(TABLE, Precondition::Room { class, seconds: None }));
        }
        Ok(())
    }

    fn raise_alarm(&self, a: &Alarm) -> Result<()> {
        if a.end.is_some() {
            let why = "a new alarm that was answered".to_owned();
            return Err(StoreError::Invalid { table: TABLE, why });
        }
        let text = "INSERT INTO alarm (id, kind, agency, staff, subject, count, expected, hours, \
                    measured_at, raised_at, holds_at) \
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
        let m = a.measured;
        let row = params![
            a.id.as_i64(),
            a.kind.as_str(),
            a.agency.as_i64(),
            a.staff.map(StaffId::as_i64),
            a.subject,
            count(m.count)?,
            count(m.expected)?,
            m.hours,
            m.at.as_secs(),
            a.raised_at.as_secs(),
            a.holds_at.map(Timestamp::as_secs),
        ];
        self.touch(TABLE, text, row)
    }

    fn grow_alarm(&self, id: AlarmId, m: Measured, holds_at: Option<Timestamp>) -> Result<()> {
        let text = "UPDATE alarm SET count = ?2, expected = ?3, hours = ?4, measured_at = ?5, \
                    holds_at = coalesce(holds_at, ?6) WHERE id = ?1 AND answered_at IS NULL";
        let holds_at = holds_at.map(Timestamp::as_secs);
        let (count, expected) = (count(m.count)?, count(m.expected)?);
        let row = params![id.as_i64(), count, expected, m.hours, m.at.as_secs(), holds_at];
        let there = ("SELECT 1 FROM alarm WHERE id = ?1", &[id.as_i64()][..]);
        self.touch_standing(TABLE, text, row, there)
    }

    fn answer_alarm(&self, id: AlarmId, end: AlarmEnd) -> Result<()> {
        let text = "UPDATE alarm SET answered_at = ?2, answered_by = ?3, answered_agency = ?4, \
                    answer = ?5, keep_until = ?6 WHERE id = ?1 AND answered_at IS NULL";
        let row = params![
            id.as_i64(),
            end.at.as_secs(),
            end.by.0.as_i64(),
            end.by.1.as_i64(),
            end.answer.as_str(),
            end.keep_until.as_secs(),
        ];
        let there = ("SELECT 1 FROM alarm WHERE id = ?1", &[id.as_i64()][..]);
        self.touch_standing(TABLE, text, row, there)
    }

    fn protect(&self, p: &Protected) -> Result<()> {
        let text = "INSERT INTO protected_person (id, digest, ground, works_for, added_by, \
                    added_agency, added_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let row = params![
            p.id.as_i64(),
            p.digest,
            p.ground.as_str(),
            p.works_for.map(AgencyId::as_i64),
            p.added_by.0.as_i64(),
            p.added_by.1.as_i64(),
            p.added_at.as_secs(),
        ];
        self.touch(LIST, text, row)
    }

    fn ask_end(&self, id: ProtectedId, by: (StaffId, AgencyId), at: Timestamp) -> Result<()> {
        let text = "UPDATE protected_person SET end_asked_by = ?2, end_asked_agency = ?3, \
                    end_asked_at = ?4 WHERE id = ?1 AND end_asked_at IS NULL";
        let row = [id.as_i64(), by.0.as_i64(), by.1.as_i64(), at.as_secs()];
        let there = ("SELECT 1 FROM protected_person WHERE id = ?1", &[id.as_i64()][..]);
        self.touch_standing(LIST, text, row, there)
    }

    fn unprotect(&self, id: ProtectedId, asked_by: StaffId) -> Result<()> {
        let text = "DELETE FROM protected_person WHERE id = ?1 AND end_asked_by = ?2";
        let there = ("SELECT 1 FROM protected_person WHERE id = ?1", &[id.as_i64()][..]);
        self.touch_standing(LIST, text, [id.as_i64(), asked_by.as_i64()], there)
    }
}

fn count(n: u64) -> Result<i64> {
    let why = || StoreError::Invalid { table: TABLE, why: "too large a count".to_owned() };
    i64::try_from(n).map_err(|_| why())
}

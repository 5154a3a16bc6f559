//! Alarms, and the list of protected people.

use jadegate_domain::id::ProtectedId;
use jadegate_domain::{AgencyId, AlarmAnswer, AlarmId, HolderId, StaffId};
use jadegate_store::{
    Actor, Alarm, AlarmCount, AlarmEnd, Busy, LookedAtByMany, Measured, Protected,
};

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    AlarmRow => Alarm, in "alarm" by "id" {
        kind: String, agency: i64, staff: Option<i64>, subject: Vec<u8>, count: i64, expected: i64,
        hours: i64, measured_at: i64, raised_at: i64, holds_at: Option<i64>,
        answered_at: Option<i64>, answered_by: Option<i64>, answered_agency: Option<i64>,
        answer: Option<String>, keep_until: Option<i64>,
    }
    ProtectedRow => Protected, in "protected_person" by "id" {
        digest: Vec<u8>, ground: String, works_for: Option<i64>, added_by: i64, added_agency: i64,
        added_at: i64, end_asked_by: Option<i64>, end_asked_agency: Option<i64>,
        end_asked_at: Option<i64>,
    }
}

impl AlarmRow {
    fn check(self, at: At) -> Result<Alarm> {
        let answered = at.opt_time("answered_at", self.answered_at)?;
        let kept = at.opt_time("keep_until", self.keep_until)?;
        let by = at.opt_id("answered_by", self.answered_by, StaffId::from_i64)?;
        let agency = at.opt_id("answered_agency", self.answered_agency, AgencyId::from_i64)?;
        let answer: Option<AlarmAnswer> = self.answer.map(|a| at.name("answer", &a)).transpose()?;
        let end = match (answered, kept, by.zip(agency), answer) {
            (Some(moment), Some(keep_until), Some(by), Some(answer)) => {
                Some(AlarmEnd { at: moment, by, answer, keep_until })
            }
            (None, None, None, None) => None,
            _ => return Err(at.bad("answered_at", "half an answer")),
        };
        Ok(Alarm {
            id: at.id("id", self.row, AlarmId::from_i64)?,
            kind: at.name("kind", &self.kind)?,
            agency: at.id("agency", self.agency, AgencyId::from_i64)?,
            staff: at.opt_id("staff", self.staff, StaffId::from_i64)?,
            subject: at.bytes("subject", &self.subject)?,
            measured: Measured {
                count: u64::from(at.count("count", self.count)?),
                expected: u64::from(at.count("expected", self.expected)?),
                hours: at.count("hours", self.hours)?,
                at: at.time("measured_at", self.measured_at)?,
            },
            raised_at: at.time("raised_at", self.raised_at)?,
            holds_at: at.opt_time("holds_at", self.holds_at)?,
            end,
        })
    }
}

impl ProtectedRow {
    fn check(self, at: At) -> Result<Protected> {
        let by = at.opt_id("end_asked_by", self.end_asked_by, StaffId::from_i64)?;
        let agency = at.opt_id("end_asked_agency", self.end_asked_agency, AgencyId::from_i64)?;
        let asked = at.opt_time("end_asked_at", self.end_asked_at)?;
        let added_by = at.id("added_by", self.added_by, StaffId::from_i64)?;
        Ok(Protected {
            id: at.id("id", self.row, ProtectedId::from_i64)?,
            digest: at.bytes("digest", &self.digest)?,
            ground: at.name("ground", &self.ground)?,
            works_for: at.opt_id("works_for", self.works_for, AgencyId::from_i64)?,
            added_by: (added_by, at.id("added_agency", self.added_agency, AgencyId::from_i64)?),
            added_at: at.time("added_at", self.added_at)?,
            end_asked: by.zip(agency).zip(asked).map(|((by, agency), asked)| (by, agency, asked)),
        })
    }
}

const ACTIVITY: At = At { table: "activity", row: 0 };

/// Somebody who did much; staff 0 stands for the whole agency.
pub fn busy((agency, staff, count): (i64, i64, i64)) -> Result<Busy> {
    let staff = (staff != 0).then_some(staff);
    let actor = Actor {
        agency: ACTIVITY.id("agency", agency, AgencyId::from_i64)?,
        staff: ACTIVITY.opt_id("staff", staff, StaffId::from_i64)?,
    };
    Ok(Busy { actor, count: u64::from(ACTIVITY.count("count", count)?) })
}

/// What was done within an hour.
pub fn done_within(hour: i64, count: i64) -> Result<(i64, u64)> {
    Ok((hour, u64::from(ACTIVITY.count("count", count)?)))
}

/// A person at whom many looked.
pub fn looked_at_by_many(holder: i64, staff: i64, agency: i64) -> Result<LookedAtByMany> {
    let at = At { table: "access", row: 0 };
    Ok(LookedAtByMany {
        holder: at.id("holder", holder, HolderId::from_i64)?,
        staff: u64::from(at.count("staff", staff)?),
        agency: at.id("agency", agency, AgencyId::from_i64)?,
    })
}

/// How many alarms there are of a kind and answer.
pub fn alarm_count(
    (kind, answer): (&str, Option<String>),
    (count, held): (i64, i64),
) -> Result<AlarmCount> {
    let at = At { table: "alarm", row: 0 };
    Ok(AlarmCount {
        kind: at.name("kind", kind)?,
        answer: answer.map(|a| at.name("answer", &a)).transpose()?,
        count: u64::from(at.count("count", count)?),
        held: u64::from(at.count("count", held)?),
    })
}

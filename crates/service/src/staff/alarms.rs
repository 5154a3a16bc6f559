//! Alarms: the list, and the answer of a second body.

use std::collections::HashMap;

use jadegate_domain::agency::Agency;
use jadegate_domain::{AgencyId, AgencyKind, AlarmAnswer, AlarmId, AlarmKind, StaffId, Timestamp};
use jadegate_ledger::AlarmEvent;
use jadegate_store::{Alarm, AlarmEnd, AlarmWrite, Latest, Precondition, Unit, Write};
use serde::{Deserialize, Serialize};

use crate::alarms::{ALARM_DAYS, OPEN, answers};
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::named::AgencyName;
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::{conflict, wrong};

/// Answered alarms that are shown.
const ANSWERED: u32 = 100;

/// Why a member of staff does not answer an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotAnswered {
    /// It is about their own agency.
    OwnAgency,
    /// Their role only reads alarms, or the agency acts elsewhere.
    NotYours,
}

/// An alarm, as staff see it: about an agency, or one of its staff by their opaque number; nobody who
/// carries a code is named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmRow {
    /// Its number.
    pub id: AlarmId,
    /// What it is about.
    pub kind: AlarmKind,
    /// Whose records or looks; of many at one person the agency with the most.
    pub agency: Option<AgencyName>,
    /// The member of staff, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = StaffId))]
    pub staff: Option<StaffId>,
    /// How many records, looks, or (of many at one person) members of staff.
    pub count: u64,
    /// How many were to be expected from the own history.
    pub expected: u64,
    /// Within how many hours.
    pub hours: u32,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When it was measured last.
    pub measured_at: Timestamp,
    /// Since when what the agency (or member of staff) records waits for a second pair of eyes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Timestamp))]
    pub holds_at: Option<Timestamp>,
    /// The answers that you may give; empty: none.
    pub answers: Vec<AlarmAnswer>,
    /// Why you may give none, while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = NotAnswered))]
    pub not_answered: Option<NotAnswered>,
    /// How it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = AlarmAnswered))]
    pub answered: Option<AlarmAnswered>,
}

/// The answer of a second body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmAnswered {
    /// What they found.
    pub answer: AlarmAnswer,
    /// When.
    pub at: Timestamp,
    /// Whose officer answered.
    pub by: Option<AgencyName>,
}

/// Alarms of a region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmList {
    /// Those that nobody answered yet, oldest first.
    pub open: Vec<AlarmRow>,
    /// Those that were answered, the newest first.
    pub answered: Vec<AlarmRow>,
}

/// An answer.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AlarmAnswerInput {
    /// What you found.
    #[cfg_attr(feature = "openapi", schema(value_type = AlarmAnswer))]
    pub answer: String,
}

/// May this member of staff see it?
fn sees(session: &StaffSession, alarm: &Alarm, agencies: &HashMap<AgencyId, Agency>) -> bool {
    let me = session.staff();
    let kind = me.agency_kind;
    let whole = matches!(kind, AgencyKind::Auditor | AgencyKind::Operator);
    let here = agencies.get(&alarm.agency).is_some_and(|a| me.region.contains(&a.region));
    // Who looks at whom is the business of the commission and of auditors alone.
    let looks = matches!(kind, AgencyKind::HealthCommission | AgencyKind::Auditor);
    (whole || here) && (alarm.kind.is_of_evidence() || looks)
}

/// Why not this one?
fn hindered(session: &StaffSession, alarm: &Alarm) -> Option<NotAnswered> {
    let me = session.staff();
    if !session.may(Power::AnswerAlarms) {
        return Some(NotAnswered::NotYours);
    }
    // The staff of a body do not find out for each other.
    (me.agency == alarm.agency).then_some(NotAnswered::OwnAgency)
}

impl App {
    /// The alarms that concern this member of staff.
    pub async fn list_alarms(&self, session: &StaffSession) -> Result<AlarmList> {
        session.need_any(Power::SEE_ALARMS)?;
        let agencies = self.agencies_by_id().await?;
        let open = self.store.open_alarms(OPEN).await?;
        let answered = self.store.answered_alarms(Latest::first(ANSWERED)).await?;
        let rows = |all: Vec<Alarm>| {
            let mine = all.into_iter().filter(|a| sees(session, a, &agencies));
            mine.map(|a| alarm_row(session, &a, &agencies)).collect()
        };
        Ok(AlarmList { open: rows(open), answered: rows(answered) })
    }

    async fn agencies_by_id(&self) -> Result<HashMap<AgencyId, Agency>> {
        Ok(self.store.agencies().await?.into_iter().map(|a| (a.id, a)).collect())
    }

    /// Answers an alarm: what it held is held no more. What waits already is decided where it waits.
    pub async fn answer_alarm(
        &self,
        session: &StaffSession,
        id: AlarmId,
        input: &AlarmAnswerInput,
    ) -> Result<AlarmRow> {
        let me = session.need(Power::AnswerAlarms)?;
        let agencies = self.agencies_by_id().await?;
        let found = self.store.alarm(id).await?.filter(|a| sees(session, a, &agencies));
        let alarm = found.ok_or_else(|| {
            ServiceError::not_found(
                "alarm.not_found",
                "There is no alarm of that number in your region.",
            )
        })?;
        if hindered(session, &alarm).is_some() {
            return Err(ServiceError::forbidden(
                "alarm.own_agency",
                "This alarm is about your own agency. An officer of another agency answers it.",
            ));
        }
        let answer = input.answer.parse().ok().filter(|a: &AlarmAnswer| a.fits(alarm.kind));
        let answer = answer.ok_or_else(|| {
            let fit: Vec<_> = answers(alarm.kind).iter().map(|a| a.as_str()).collect();
            let detail = format!("An answer to this alarm is one of: {}.", fit.join(", "));
            wrong("answer", "alarm.answer_does_not_fit", detail)
        })?;
        let at = self.now();
        let (by, keep_until) = ((me.id, me.agency), at.plus_days(ALARM_DAYS));
        let end = AlarmEnd { at, by, answer, keep_until };
        let alarm = Alarm { end: Some(end), ..alarm };
        let leaf = crate::log::alarm_leaf(&alarm, AlarmEvent::Answered)?;
        let agency = alarm.agency;
        let writes =
            vec![Write::Alarm(AlarmWrite::Answer { id, agency, end }), Write::AddLeaf(leaf)];
        match self.store.commit(Unit::new("answer_alarm", writes)).await {
            Ok(()) => Ok(alarm_row(session, &alarm, &agencies)),
            Err(e) if e.is_conflict(Precondition::Stands) => Err(conflict(
                "alarm.answered",
                "Somebody answered this alarm already. Load the list again.",
            )),
            Err(e) => Err(e.into()),
        }
    }
}

fn alarm_row(session: &StaffSession, a: &Alarm, agencies: &HashMap<AgencyId, Agency>) -> AlarmRow {
    let named =
        |id: AgencyId| agencies.get(&id).map(|a| AgencyName { name: a.name.clone(), kind: a.kind });
    let open = a.end.is_none();
    let not_answered = hindered(session, a).filter(|_| open);
    AlarmRow {
        id: a.id,
        kind: a.kind,
        agency: named(a.agency),
        staff: a.staff,
        count: a.measured.count,
        expected: a.measured.expected,
        hours: a.measured.hours,
        raised_at: a.raised_at,
        measured_at: a.measured.at,
        holds_at: a.holds_at,
        answers: if open && not_answered.is_none() { answers(a.kind) } else { Vec::new() },
        not_answered,
        answered: a.end.map(|e| AlarmAnswered { answer: e.answer, at: e.at, by: named(e.by.1) }),
    }
}

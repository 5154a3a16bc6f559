//! How alarms are raised by themselves, and what the public is told of them. Several servers may do it at
//! once; of two that raise the same one does.

use jadegate_alarms::{HISTORY_HOURS, HourCount, Rule, UsualHours, WINDOWS, burst};
use jadegate_domain::time::DAY;
use jadegate_domain::{
    Activity, AgencyId, AlarmAnswer, AlarmId, AlarmKind, ProtectedGround, StaffId, Timestamp,
};
use jadegate_ledger::AlarmEvent;
use jadegate_store::{
    Actor, Alarm, AlarmWrite, Busy, IndexKind, Latest, Measured, Precondition, Protected, Unit,
    Write,
};
use serde::Serialize;

use crate::alarms::{accepted, who};
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::limits::hour_of;
use crate::staff::what::What;

/// Days of which the public is told.
pub const ALARM_FIGURE_DAYS: i64 = 90;
/// Members of staff who open one person's record within a day before it is an alarm.
pub const LOOKERS: u32 = 8;
/// Looks outside the hours of the agency within a day before they are an alarm.
pub const LOOKS_OUTSIDE_HOURS: u64 = 10;
/// Looks of one person that are read back; more are told as so many.
const LOOKS: u32 = 200;
/// What one member of staff opens one by one: the whole record.
const OPENED: [&str; 1] = [What::Evidence.as_str()];
/// What is read of a protected person that is an alarm.
const WATCHED: [What; 3] = [What::Identity, What::Evidence, What::Assessment];
/// More than any count: nobody.
const NOBODY: u64 = u64::MAX;

/// What is watched, of agencies and of their staff.
struct Watched {
    what: Activity,
    kind: AlarmKind,
    agency: Option<Rule>,
    staff: Option<Rule>,
}

/// The rules. `docs/decisions/0070-alarms-of-bursts.md` says how they were found.
const WATCHES: [Watched; 3] = [
    Watched {
        what: Activity::Unbacked,
        kind: AlarmKind::Unbacked,
        agency: Some(Rule::once_in_a_million(30, 2.0)),
        staff: Some(Rule::once_in_a_million(20, 1.0)),
    },
    Watched {
        what: Activity::Tests,
        kind: AlarmKind::Tests,
        agency: Some(Rule::once_in_a_million(60, 5.0)),
        staff: Some(Rule::once_in_a_million(60, 5.0)),
    },
    Watched {
        what: Activity::Looks,
        kind: AlarmKind::LooksByOne,
        agency: None,
        staff: Some(Rule::once_in_a_million(150, 40.0)),
    },
];

/// Alarms of a kind, as the public is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmFigure {
    /// What they are about.
    pub kind: AlarmKind,
    /// How many were raised.
    pub raised: u64,
    /// How many of those nobody answered yet.
    pub open: u64,
    /// How many of those held what the agency recorded.
    pub held: u64,
    /// How they were answered, each answer that was given.
    pub answers: Vec<AnswerFigure>,
}

/// How often alarms of a kind were answered so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AnswerFigure {
    /// What a second body found.
    pub answer: AlarmAnswer,
    /// How often.
    pub count: u64,
}

/// Alarms, as the public is told: counts of all kinds, also of those of which there was none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlarmFigures {
    /// Raised at or after this moment.
    pub from: Timestamp,
    /// When it was counted.
    pub to: Timestamp,
    /// By kind.
    pub alarms: Vec<AlarmFigure>,
}

/// What was measured of a subject.
struct Seen {
    kind: AlarmKind,
    actor: Actor,
    subject: [u8; 16],
    measured: Measured,
}

impl App {
    /// Compares what agencies and their staff did with their own history, raises what is far above it, and
    /// says how much it has become. Returns how many alarms were raised or began to hold.
    pub async fn watch_alarms(&self) -> Result<u64> {
        self.clock_must_hold()?;
        let mut raised = 0;
        for watched in &WATCHES {
            raised += self.watch(watched).await?;
        }
        Ok(raised)
    }

    /// The same of looks outside usual hours, at one person by many, and at protected people.
    pub async fn watch_looks(&self) -> Result<u64> {
        self.clock_must_hold()?;
        let mut raised = self.watch_hours().await? + self.watch_crowds().await?;
        for entry in self.store.protected_people().await? {
            raised += self.watch_protected(&entry).await?;
        }
        Ok(raised)
    }

    async fn watch(&self, watched: &Watched) -> Result<u64> {
        let now = hour_of(self.now());
        let floor = |rule: Option<Rule>| rule.map_or(NOBODY, |r| r.floor);
        let least = (floor(watched.agency), floor(watched.staff));
        let mut raised = 0;
        for busy in self.store.busy(watched.what, now - WINDOWS[1], least).await? {
            self.must_go_on()?;
            let rule = if busy.actor.staff.is_some() { watched.staff } else { watched.agency };
            let Some(rule) = rule else { continue };
            raised += u64::from(self.compare(watched, busy, &rule).await?);
        }
        Ok(raised)
    }

    /// Compares one of them with its history. Was an alarm raised, or does one hold from now on?
    async fn compare(&self, watched: &Watched, busy: Busy, rule: &Rule) -> Result<bool> {
        let (actor, kind) = (busy.actor, watched.kind);
        let subject = self.alarm_subject(kind, &who(actor));
        let before = self.store.latest_alarm(kind, subject).await?;
        let counts = self.done_by(watched.what, actor).await?;
        let at = self.now();
        let now = hour_of(at);
        if let Some(open) = before.as_ref().filter(|a| a.end.is_none()) {
            // From where it began on, however long ago that is.
            let from = hour_of(open.raised_at) - i64::from(open.measured.hours);
            let count = counts.iter().filter(|c| c.hour > from).map(|c| c.count).sum();
            return self.grow_alarm(open, Measured { count, at, ..open.measured }).await;
        }
        let Some(b) = burst(&counts, now, rule, accepted(before.as_ref(), at)) else {
            return Ok(false);
        };
        let hours = u32::try_from(b.hours).map_err(ServiceError::internal)?;
        let measured = Measured { count: b.count, expected: whole(b.expected), hours, at };
        self.raise_alarm(Seen { kind, actor, subject, measured }).await
    }

    async fn done_by(&self, what: Activity, actor: Actor) -> Result<Vec<HourCount>> {
        let from = hour_of(self.now()) - HISTORY_HOURS - 6 * 24;
        let done = self.store.activity_of(what, actor, from).await?;
        Ok(done.into_iter().map(|(hour, count)| HourCount { hour, count }).collect())
    }

    /// Looks at hours at which hardly anybody of the agency ever looked.
    async fn watch_hours(&self) -> Result<u64> {
        let (at, what) = (self.now(), Activity::Looks);
        let now = hour_of(at);
        let mut raised = 0;
        for busy in self.store.busy(what, now - 24, (NOBODY, LOOKS_OUTSIDE_HOURS)).await? {
            self.must_go_on()?;
            let agency = Actor { staff: None, ..busy.actor };
            let mut history = self.done_by(what, agency).await?;
            history.retain(|c| c.hour <= now - 48);
            let Some(usual) = UsualHours::learned(&history) else { continue };
            let kind = AlarmKind::LooksOutsideHours;
            let subject = self.alarm_subject(kind, &who(busy.actor));
            let before = self.store.latest_alarm(kind, subject).await?;
            let from = answered_hour(before.as_ref()).max(now - 24);
            let own = self.done_by(what, busy.actor).await?;
            let odd = own.iter().filter(|c| c.hour > from && !usual.holds(c.hour));
            let count: u64 = odd.map(|c| c.count).sum();
            if count >= LOOKS_OUTSIDE_HOURS {
                let measured = Measured { count, expected: 0, hours: 24, at };
                let seen = Seen { kind, actor: busy.actor, subject, measured };
                raised += u64::from(self.see(before.as_ref(), seen).await?);
            }
        }
        Ok(raised)
    }

    /// People whose record many opened.
    async fn watch_crowds(&self) -> Result<u64> {
        let at = self.now();
        let kind = AlarmKind::LooksAtOne;
        let mut raised = 0;
        for crowd in self.store.looked_at_by_many(at.plus_secs(-DAY), &OPENED, LOOKERS).await? {
            let subject = self.alarm_subject(kind, &crowd.holder.to_string());
            let before = self.store.latest_alarm(kind, subject).await?;
            if before.as_ref().and_then(|a| a.end).is_some_and(|e| e.at.plus_secs(DAY) > at) {
                continue;
            }
            let actor = Actor { agency: crowd.agency, staff: None };
            let measured = Measured { count: crowd.staff, expected: 0, hours: 24, at };
            let seen = Seen { kind, actor, subject, measured };
            raised += u64::from(self.see(before.as_ref(), seen).await?);
        }
        Ok(raised)
    }

    /// Looks at somebody of the list: by anybody, or by those for whom they are a colleague.
    async fn watch_protected(&self, entry: &Protected) -> Result<u64> {
        let found = self.store.indexed_holder(IndexKind::Document, entry.digest).await?;
        let Some(holder) = found else { return Ok(0) };
        let at = self.now();
        let kind = match entry.ground {
            ProtectedGround::Colleague => AlarmKind::LooksColleague,
            ProtectedGround::WellKnown | ProtectedGround::Threatened => AlarmKind::LooksProtected,
        };
        let looks = self.store.accesses_of(holder, Latest::first(LOOKS)).await?;
        let mut by: std::collections::BTreeMap<(AgencyId, StaffId), Vec<Timestamp>> =
            std::collections::BTreeMap::new();
        for look in looks.iter().filter(|l| l.at > at.plus_secs(-DAY)) {
            let counts = WATCHED.iter().any(|w| w.as_str() == look.what)
                && entry.works_for.is_none_or(|agency| agency == look.agency);
            if let Some(staff) = look.staff.filter(|_| counts) {
                by.entry((look.agency, staff)).or_default().push(look.at);
            }
        }
        let mut raised = 0;
        for ((agency, staff), looks) in by {
            let actor = Actor { agency, staff: Some(staff) };
            let subject = self.alarm_subject(kind, &format!("{}/{}", who(actor), entry.id));
            let before = self.store.latest_alarm(kind, subject).await?;
            let answered = before.as_ref().and_then(|a| a.end).map(|e| e.at);
            let new = looks.iter().filter(|l| answered.is_none_or(|a| **l > a)).count();
            if new > 0 {
                let measured = Measured { count: new as u64, expected: 0, hours: 24, at };
                let seen = Seen { kind, actor, subject, measured };
                raised += u64::from(self.see(before.as_ref(), seen).await?);
            }
        }
        Ok(raised)
    }

    /// Raises what is not open, and says of what is how much it has become.
    async fn see(&self, before: Option<&Alarm>, seen: Seen) -> Result<bool> {
        match before.filter(|a| a.end.is_none()) {
            Some(open) => self.grow_alarm(open, seen.measured).await,
            None => self.raise_alarm(seen).await,
        }
    }

    async fn raise_alarm(&self, seen: Seen) -> Result<bool> {
        let Seen { kind, actor, subject, measured } = seen;
        let alarm = Alarm {
            id: AlarmId::from_random(self.deployment.rng.bits()),
            kind,
            agency: actor.agency,
            staff: actor.staff,
            subject,
            measured,
            raised_at: measured.at,
            holds_at: self.holds(kind, actor.staff, measured.count).then_some(measured.at),
            end: None,
        };
        tracing::warn!(
            %kind, agency = %alarm.agency, count = measured.count, holds = alarm.holds_at.is_some(),
            "an alarm was raised: a second body has to answer it (console, Alarms)"
        );
        let mut writes = vec![Write::AddLeaf(crate::log::alarm_leaf(&alarm, AlarmEvent::Raised)?)];
        if alarm.holds_at.is_some() {
            writes.push(Write::AddLeaf(crate::log::alarm_leaf(&alarm, AlarmEvent::Holds)?));
        }
        writes.push(Write::Alarm(AlarmWrite::Raise(Box::new(alarm))));
        self.wrote("raise_alarm", writes, Precondition::Absent).await
    }

    async fn grow_alarm(&self, open: &Alarm, measured: Measured) -> Result<bool> {
        let holds = open.holds_at.is_none() && self.holds(open.kind, open.staff, measured.count);
        // A tenth more is worth a write; every minute anew is not.
        if !holds && measured.count < open.measured.count + open.measured.count.div_ceil(10) {
            return Ok(false);
        }
        let holds_at = holds.then_some(measured.at);
        let (id, agency) = (open.id, open.agency);
        let mut writes = vec![Write::Alarm(AlarmWrite::Grow { id, agency, measured, holds_at })];
        if holds {
            let alarm = Alarm { measured, holds_at, ..open.clone() };
            writes.push(Write::AddLeaf(crate::log::alarm_leaf(&alarm, AlarmEvent::Holds)?));
        }
        Ok(self.wrote("grow_alarm", writes, Precondition::Stands).await? && holds)
    }

    /// Does so much hold what follows?
    fn holds(&self, kind: AlarmKind, staff: Option<StaffId>, count: u64) -> bool {
        let limits = self.limits();
        let most = match staff {
            None => limits.waiting_above_per_hour,
            Some(_) => limits.waiting_above_per_staff_hour,
        };
        kind.is_of_evidence() && count > u64::from(most)
    }

    /// Writes it, unless another server (or whoever answered) was faster.
    async fn wrote(
        &self,
        name: &'static str,
        writes: Vec<Write>,
        lost: Precondition,
    ) -> Result<bool> {
        match self.commit_unit(Unit::new(name, writes)).await {
            Ok(_) => Ok(true),
            Err(e) if e.is_conflict(lost) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    /// What the public is told of alarms: counts by kind, of the last ninety days.
    pub async fn alarm_figures(&self) -> Result<AlarmFigures> {
        let to = self.now();
        let from = to.plus_days(-ALARM_FIGURE_DAYS);
        let counts = self.store.alarm_counts(from).await?;
        let figure = |kind: &AlarmKind| {
            let of = || counts.iter().filter(|c| c.kind == *kind);
            let answered = of().filter_map(|c| Some((c.answer?, c.count)));
            AlarmFigure {
                kind: *kind,
                raised: of().map(|c| c.count).sum(),
                open: of().filter(|c| c.answer.is_none()).map(|c| c.count).sum(),
                held: of().map(|c| c.held).sum(),
                answers: answered.map(|(answer, count)| AnswerFigure { answer, count }).collect(),
            }
        };
        Ok(AlarmFigures { from, to, alarms: AlarmKind::ALL.iter().map(figure).collect() })
    }
}

/// The hour in which an alarm was answered.
fn answered_hour(before: Option<&Alarm>) -> i64 {
    before.and_then(|a| a.end).map_or(i64::MIN, |e| hour_of(e.at))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an expectation is a small number and none is below 0"
)]
fn whole(expected: f64) -> u64 {
    expected.max(0.0).round() as u64
}

//! What may be done under the mandate, and what anybody is told of it.

use jadegate_domain::{AgencyId, Division, Timestamp};
use jadegate_ledger::mandate::{FORGET_AFTER_DAYS, Limits, Mandate, Standing};
use jadegate_store::{MandateStep, MandateStepKind};
use serde::Serialize;

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::mandate::{Mandates, days};

/// Days before the end of a mandate from which on somebody should renew it.
pub const MANDATE_WARN_DAYS: i64 = 60;

/// What holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MandateState {
    /// There never was one: no code is made and no scan decided.
    None,
    /// The first one begins later.
    Begins,
    /// One holds.
    InForce,
    /// The last one is over: no code is made, no scan decided, nothing recorded.
    Ended,
}

/// The numbers of a mandate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MandateLimits {
    /// A change that turns more than this share of a division's people from green needs a second officer;
    /// percent.
    pub second_officer_percent: f64,
    /// So does one that turns more people than this.
    pub second_officer_people: u64,
    /// Confining evidence of one agency within an hour before it waits.
    pub waiting_above_per_hour: u32,
    /// The same of one member of staff.
    pub waiting_above_per_staff_hour: u32,
    /// Confining records that one agency takes back within an hour alone.
    pub withdrawals_above_per_hour: u32,
    /// The same of one member of staff.
    pub withdrawals_above_per_staff_hour: u32,
    /// Hours after which what waits lapses.
    pub waiting_hours: u32,
    /// Hours after which a proposal lapses.
    pub proposal_hours: u32,
    /// Identity requests of one agency within a day.
    pub identity_requests_per_day: u32,
    /// Hours after which at the latest a person sees that their identity was asked for.
    pub notice_delay_hours: u32,
    /// Share of a rule's appeals decided against it above which it is looked at; percent.
    pub overturned_percent: f64,
    /// Budget of privacy of published statistics, as epsilon in a week.
    pub privacy_budget: f64,
}

impl From<Limits> for MandateLimits {
    fn from(l: Limits) -> Self {
        Self {
            second_officer_percent: l.second_officer_percent,
            second_officer_people: l.second_officer_people,
            waiting_above_per_hour: l.waiting_above_per_hour,
            waiting_above_per_staff_hour: l.waiting_above_per_staff_hour,
            withdrawals_above_per_hour: l.withdrawals_above_per_hour,
            withdrawals_above_per_staff_hour: l.withdrawals_above_per_staff_hour,
            waiting_hours: l.waiting_hours,
            proposal_hours: l.proposal_hours,
            identity_requests_per_day: l.identity_requests_per_day,
            notice_delay_hours: l.notice_delay_hours,
            overturned_percent: l.overturned_percent,
            privacy_budget: l.privacy_budget,
        }
    }
}

/// What a mandate's document says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MandateDocument {
    /// Rises with each document, from 1.
    pub version: u32,
    /// What the deployment is for.
    pub purpose: String,
    /// Who gives it.
    pub authority: String,
    /// Where it holds.
    pub region: Division,
    /// From when.
    pub from: Timestamp,
    /// The first moment at which it does not hold any more.
    pub to: Timestamp,
    /// Within which limits.
    pub limits: MandateLimits,
}

impl From<&Mandate> for MandateDocument {
    fn from(m: &Mandate) -> Self {
        Self {
            version: m.version,
            purpose: m.purpose.clone(),
            authority: m.authority.clone(),
            region: m.region.clone(),
            from: m.from,
            to: m.to,
            limits: m.limits.into(),
        }
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MandateStepWord {
    /// A signed document was published.
    Published,
    /// What held was ended before its time.
    Ended,
    /// Everything about people was taken away after the end.
    Forgotten,
}

/// One step in the history of the mandates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MandateStepView {
    /// From 1, without a gap.
    pub number: u32,
    /// What it did.
    pub step: MandateStepWord,
    /// When.
    pub at: Timestamp,
    /// Whose officer proposed it; null for the first start, and for what time did.
    pub agency: Option<AgencyId>,
    /// The whole signed note of a document that was published.
    pub note: Option<String>,
}

/// The mandate, as anybody may read it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MandateView {
    /// What holds.
    pub state: MandateState,
    /// `in_force`: until when; `begins`: from when; `ended`: since when. Null: there never was one.
    pub at: Option<Timestamp>,
    /// Whole days for which it holds still.
    pub days_left: Option<i64>,
    /// `ended`: when everything about people is taken away, unless there is another mandate by then.
    pub forgets_at: Option<Timestamp>,
    /// Since when everything about people has been gone.
    pub forgotten_at: Option<Timestamp>,
    /// What the document that holds, or held last, says.
    pub document: Option<MandateDocument>,
    /// A newer document that begins later.
    pub next: Option<MandateDocument>,
    /// Whose signature counts: a key in the form of C2SP signed notes.
    pub authority_key: Option<String>,
    /// All steps, newest first.
    pub steps: Vec<MandateStepView>,
    /// The server's clock.
    pub server_time: Timestamp,
}

impl App {
    /// Refuses, with the reason, while no mandate holds: nothing is decided about anybody then, and nothing
    /// of them recorded or looked at.
    pub(crate) fn must_have_mandate(&self) -> Result<()> {
        self.must_have_mandate_at(self.now())
    }

    /// The same, for who has read the clock.
    pub(crate) fn must_have_mandate_at(&self, now: Timestamp) -> Result<()> {
        match self.memory.mandates.load().standing(now).0 {
            Standing::InForce { .. } => Ok(()),
            other => Err(no_mandate(other)),
        }
    }

    /// The limits in force: those of the mandate that holds or held last, or the configuration's where there
    /// never was one.
    pub fn limits(&self) -> Limits {
        let mandates = self.memory.mandates.load();
        let settings = || self.deployment.settings.limits();
        mandates.standing(self.now()).1.map_or_else(settings, |m| m.limits)
    }

    /// Whole days for which the mandate holds still, counting a renewal that begins before its end; `None`:
    /// none holds.
    pub fn mandate_days_left(&self) -> Option<i64> {
        let now = self.now();
        let mandates = self.memory.mandates.load();
        let Standing::InForce { to } = mandates.standing(now).0 else { return None };
        let renewed = mandates.newest().filter(|m| m.from <= to && m.to > to);
        Some(days(now, renewed.map_or(to, |m| m.to)))
    }

    /// The mandate, as anybody may read it.
    pub fn mandate(&self) -> MandateView {
        let now = self.now();
        let mandates = self.memory.mandates.load();
        let (standing, document) = mandates.standing(now);
        let (state, at) = match standing {
            Standing::Never => (MandateState::None, None),
            Standing::Begins(at) => (MandateState::Begins, Some(at)),
            Standing::InForce { to } => (MandateState::InForce, Some(to)),
            Standing::Ended(at) => (MandateState::Ended, Some(at)),
        };
        let forgotten_at = mandates.forgotten_at();
        let ends = at.filter(|_| state == MandateState::Ended && forgotten_at.is_none());
        MandateView {
            state,
            at,
            days_left: at.filter(|_| state == MandateState::InForce).map(|to| days(now, to)),
            forgets_at: ends.map(|at| at.plus_days(FORGET_AFTER_DAYS)),
            forgotten_at,
            document: document.map(MandateDocument::from),
            next: mandates.newest().filter(|m| m.from > now).map(MandateDocument::from),
            authority_key: mandates.authority.as_ref().map(ToString::to_string),
            steps: mandates.steps.iter().map(step_view).collect(),
            server_time: now,
        }
    }

    /// Another step was taken, here or on another server.
    pub(crate) async fn load_mandate(&self) -> Result<()> {
        let authority = self.memory.mandates.load().authority.clone();
        let mandates = Mandates::load(self.store.as_ref(), authority).await?;
        let forgotten = mandates.forgotten_at().is_some();
        self.memory.mandates.store(std::sync::Arc::new(mandates));
        if forgotten {
            self.memory.forget_people();
            self.load_links().await?;
        }
        Ok(())
    }
}

fn step_view(s: &MandateStep) -> MandateStepView {
    let (step, note) = match &s.kind {
        MandateStepKind::Published(note) => (MandateStepWord::Published, Some(note.clone())),
        MandateStepKind::Ended => (MandateStepWord::Ended, None),
        MandateStepKind::Forgotten => (MandateStepWord::Forgotten, None),
    };
    MandateStepView { number: s.number, step, at: s.at, agency: s.agency, note }
}

/// Why nothing is decided, in words for whoever asked for it.
fn no_mandate(standing: Standing) -> ServiceError {
    let (code, detail) = match standing {
        Standing::Never | Standing::InForce { .. } => (
            "mandate.none",
            "No authority has given this health code a mandate, so it makes no codes, decides no scans and records nothing about anybody. Nobody may turn you away for want of a code. Whoever runs it has to set one up.".to_owned(),
        ),
        Standing::Begins(at) => (
            "mandate.not_begun",
            format!("The mandate of this health code begins on {}. Before that it makes no codes, decides no scans and records nothing about anybody.", date(at)),
        ),
        Standing::Ended(at) => (
            "mandate.ended",
            format!("The mandate of this health code ended on {}. It makes no codes, decides no scans and records nothing any more, and nobody may turn you away for want of a code. Unless the mandate is renewed, everything about people is deleted on {}.", date(at), date(at.plus_days(FORGET_AFTER_DAYS))),
        ),
    };
    ServiceError::new(Kind::Unavailable, code, detail)
}

/// The day of a moment, in UTC.
fn date(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

//! Can this server do its work, and what will soon keep it from doing so?

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use jadegate_domain::Timestamp;
use jadegate_domain::time::DAY;
use jadegate_pass::IssueError;
use jadegate_store::RowRef;
use serde::Serialize;

use crate::app::App;
use crate::clock::ClockVerdict;
use crate::error::{Kind, Result, ServiceError};
use crate::hold::clock_problem;
use crate::put_off::PutOff;
use crate::under_mandate::MANDATE_WARN_DAYS;

/// Days before the end of a key from which on somebody should renew it.
pub const WARN_DAYS: i64 = 30;
/// How long an answer about the database is good for: whoever asks more often costs no disk write.
const PING_EVERY: Duration = Duration::from_secs(1);

/// What an operator is told of. The list is closed, so that pages can say all of it in every language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum FindingCode {
    /// The database cannot be read and written.
    #[serde(rename = "store.unavailable")]
    StoreUnavailable,
    /// The database's file is damaged.
    #[serde(rename = "store.damaged")]
    StoreDamaged,
    /// What others changed in the database cannot be read.
    #[serde(rename = "memory.behind")]
    MemoryBehind,
    /// The clock is ahead of where it can be.
    #[serde(rename = "clock.ahead")]
    ClockAhead,
    /// The clock is behind where it was.
    #[serde(rename = "clock.behind")]
    ClockBehind,
    /// No key signs codes now.
    #[serde(rename = "keys.not_in_force")]
    KeysNotInForce,
    /// The keys end within [`WARN_DAYS`].
    #[serde(rename = "keys.end_soon")]
    KeysEndSoon,
    /// Rows are set aside.
    #[serde(rename = "rows.unreadable")]
    RowsUnreadable,
    /// No mandate holds.
    #[serde(rename = "mandate.not_in_force")]
    MandateNotInForce,
    /// The mandate ends within [`MANDATE_WARN_DAYS`].
    #[serde(rename = "mandate.ends_soon")]
    MandateEndsSoon,
    /// More comes than the server can do, and it puts something off.
    #[serde(rename = "load.put_off")]
    PutsOff,
    /// Messages reach nobody.
    #[serde(rename = "sms.not_configured")]
    NoGateway,
}

impl FindingCode {
    /// The stable code.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StoreUnavailable => "store.unavailable",
            Self::StoreDamaged => "store.damaged",
            Self::MemoryBehind => "memory.behind",
            Self::ClockAhead => "clock.ahead",
            Self::ClockBehind => "clock.behind",
            Self::KeysNotInForce => "keys.not_in_force",
            Self::KeysEndSoon => "keys.end_soon",
            Self::RowsUnreadable => "rows.unreadable",
            Self::MandateNotInForce => "mandate.not_in_force",
            Self::MandateEndsSoon => "mandate.ends_soon",
            Self::PutsOff => "load.put_off",
            Self::NoGateway => "sms.not_configured",
        }
    }
}

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// Stable code.
    pub code: FindingCode,
    /// What it is and what to do, for an operator; holds no personal data.
    pub detail: String,
}

/// How the server is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// What keeps it from its work.
    pub problems: Vec<Finding>,
    /// What will do so, or concerns single rows.
    pub warnings: Vec<Finding>,
}

impl App {
    /// Looks at everything that can keep the server from its work. Asks the database to write, but
    /// not more than once a second.
    pub async fn health(&self) -> Health {
        let mut health = Health::default();
        if let Some(why) = self.ping().await {
            tracing::error!(error = why, "the database does not answer");
            health.problems.push(Finding {
                code: FindingCode::StoreUnavailable,
                detail: "The database cannot be read and written: see the log; is the disk full, or gone?".to_owned(),
            });
        }
        let damage = self.damage();
        if let Some(first) = damage.first() {
            let n = damage.len();
            let detail = format!(
                "The database file is damaged ({n} findings, the first: {first}). Stop the server and restore a backup; `jadegate doctor` lists all."
            );
            health.problems.push(Finding { code: FindingCode::StoreDamaged, detail });
        }
        if !self.follows() {
            let detail = "What changed in the database cannot be read, so this server decides nothing: no code is made, no scan is taken, no colour changes. The log says why: a policy that this program is too old for, or a database that does not answer. It goes on by itself once it can read again.";
            let (code, detail) = (FindingCode::MemoryBehind, detail.to_owned());
            health.problems.push(Finding { code, detail });
        }
        let verdict = self.clock_verdict();
        if let Some(e) = clock_problem(verdict) {
            let code = match verdict {
                ClockVerdict::Behind(_) => FindingCode::ClockBehind,
                _ => FindingCode::ClockAhead,
            };
            health.problems.push(Finding { code, detail: e.detail });
        }
        let days = self.key_days_left();
        if days.is_none() {
            let detail = no_key().detail;
            health.problems.push(Finding { code: FindingCode::KeysNotInForce, detail });
        } else if let Some(days) = days.filter(|d| *d <= WARN_DAYS) {
            let detail = format!(
                "The keys that sign codes end in {days} days: run `jadegate keys rotate`; the server takes the new ones up by itself."
            );
            health.warnings.push(Finding { code: FindingCode::KeysEndSoon, detail });
        }
        health.warnings.extend(self.put_off_finding());
        health.warnings.extend(self.mandate_finding());
        let unreadable = self.unreadable();
        if !unreadable.rows.is_empty() {
            let (n, more) = (unreadable.rows.len(), if unreadable.more { " or more" } else { "" });
            let detail = format!(
                "{n}{more} stored rows cannot be read and are set aside; all others go on. The log and `jadegate doctor` name them, the console says which kinds they are."
            );
            health.warnings.push(Finding { code: FindingCode::RowsUnreadable, detail });
        }
        if !self.deployment.settings.gateway {
            let detail = crate::sms::not_configured().detail;
            health.warnings.push(Finding { code: FindingCode::NoGateway, detail });
        }
        health
    }

    /// How far this server has gone in putting work off.
    pub fn put_off(&self) -> PutOff {
        self.condition.put_off.get()
    }

    /// Says how far this server goes from now on; whoever measures its load says so.
    pub fn set_put_off(&self, step: PutOff) {
        self.condition.put_off.set(step);
    }

    fn put_off_finding(&self) -> Option<Finding> {
        let step = self.put_off();
        let (code, detail) = (FindingCode::PutsOff, step.detail().to_owned());
        (step > PutOff::Nothing).then_some(Finding { code, detail })
    }

    /// What is to be said of the mandate. Never a problem: a server without one is up, and says why it decides
    /// nothing.
    fn mandate_finding(&self) -> Option<Finding> {
        match self.mandate_days_left() {
            None => {
                let detail = self.must_have_mandate().err().map_or_else(String::new, |e| e.detail);
                Some(Finding { code: FindingCode::MandateNotInForce, detail })
            }
            Some(days) if days <= MANDATE_WARN_DAYS => {
                let detail = format!(
                    "The mandate ends in {days} days. Without another one no code is made and no scan decided then, and thirty days later everything about people is deleted. A renewal that the authority signed is proposed in the console (Mandate) and decided by a second body."
                );
                Some(Finding { code: FindingCode::MandateEndsSoon, detail })
            }
            Some(_) => None,
        }
    }

    /// Whole days for which codes can be made with the present keys; `None` if none can be made now.
    pub fn key_days_left(&self) -> Option<i64> {
        let now = self.now();
        let until = self.deployment.issuer.load().complete_until(now)?;
        Some(until.secs_since(now) / DAY)
    }

    /// The rows that were found unreadable since the start, each with the moment at which it was seen
    /// first, within a minute: a job asks that often.
    pub fn unreadable_since(&self) -> BTreeMap<RowRef, Timestamp> {
        let now = self.now();
        let mut met = self.condition.checks.met.lock().unwrap_or_else(PoisonError::into_inner);
        for row in self.unreadable().rows {
            met.entry(row).or_insert(now);
        }
        met.clone()
    }

    /// What the last full check found wrong with the database; nothing before it has ended.
    pub fn damage(&self) -> Vec<String> {
        self.condition.checks.damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the database checked whole, beside everything else. Takes minutes for a large one.
    pub async fn check_database(&self) -> Result<usize> {
        let found = self.store.check().await?;
        for finding in &found {
            tracing::error!(code = "store.damaged", finding, "the database file is damaged");
        }
        let n = found.len();
        *self.condition.checks.damage.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(n)
    }

    /// Warns in the log of keys that end soon.
    pub(crate) fn warn_of_keys(&self) {
        match self.key_days_left() {
            None => tracing::error!(code = "keys.not_in_force", "{}", no_key().detail),
            Some(days) if days <= WARN_DAYS => tracing::warn!(
                code = "keys.end_soon",
                days,
                "the keys that sign codes end soon: run `jadegate keys rotate`"
            ),
            Some(_) => {}
        }
    }

    /// Why the database does not answer, if it does not. Callers wait for one another.
    async fn ping(&self) -> Option<String> {
        let mut last = self.condition.checks.pinged.lock().await;
        let now = self.deployment.clock.elapsed();
        if let Some((at, answer)) = &*last
            && now.saturating_sub(*at) < PING_EVERY
        {
            return answer.clone();
        }
        let answer = self.store.ping().await.err().map(|e| e.to_string());
        *last = Some((now, answer.clone()));
        answer
    }
}

/// Why no code can be made, in words for whoever wanted one.
pub(crate) fn not_issued(e: IssueError) -> ServiceError {
    match e {
        IssueError::NoSigningKey | IssueError::NoHandleKey => {
            ServiceError { inside: Some(e.to_string().into()), ..no_key() }
        }
        IssueError::BadLifetime | IssueError::TimeOutOfRange => ServiceError::internal(e),
    }
}

fn no_key() -> ServiceError {
    ServiceError::new(
        Kind::Unavailable,
        "keys.not_in_force",
        "No code can be made: the keys that sign codes have ended, or begin later than the server's clock. Nothing was lost. The operator has to look at the clock and run `jadegate keys rotate`.",
    )
    .retry_after(60)
}

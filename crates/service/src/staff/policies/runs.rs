//! What-ifs of this process and their results, in memory for an hour; their rows tell other servers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jadegate_domain::id::WhatIfId;
use jadegate_domain::{Division, PolicyRef, StaffId, Timestamp};
use jadegate_policy::WhatIf;
use serde::{Deserialize, Serialize};

use super::proposed::{DifferenceView, ProposedChange};
use crate::error::{Kind, Result, ServiceError};
use crate::shared_jobs::JobHead;
use crate::what_if::{Progress, Touched};

/// What-ifs that run at once: each keeps everybody's evidence in memory.
const AT_ONCE: usize = 2;
/// As their rows are called.
pub(super) const WHAT_IF: &str = "what_if";
/// Results kept at most.
const MOST_KEPT: usize = 32;
/// The worst share of a division's people turned from green to another colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Share {
    /// The division in which these people live.
    pub division: Division,
    /// Its name.
    pub name: String,
    /// In percent of its people, rounded up to hundredths.
    pub percent: f64,
    /// The people, those of smaller changes of the last 24 hours with them.
    pub newly_confined: u64,
    /// Of so many.
    pub people: u64,
    /// The moment at which they are most.
    pub at: Timestamp,
}

/// A what-if's result as it is attached to a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attached {
    pub(crate) made_at: Timestamp,
    /// What it was made against.
    pub(crate) policy: PolicyRef,
    pub(crate) regions_version: i64,
    pub(crate) result: WhatIf,
    pub(crate) touched: Vec<Touched>,
    pub(crate) share: Option<Share>,
    pub(crate) needs_second_officer: bool,
    /// The mandate's threshold then, in hundredths of a percent.
    pub(crate) threshold: u32,
    /// People turned from green to another colour, those of smaller changes of the last 24 hours
    /// with them; 0 in what was attached before there was such a number.
    #[serde(default)]
    pub(crate) confined_people: u64,
    /// The mandate's number of people then; without one in what was attached before.
    #[serde(default)]
    pub(crate) threshold_people: Option<u64>,
    pub(crate) differences: Vec<DifferenceView>,
}

#[derive(Clone, Debug)]
pub(super) enum Outcome {
    Running,
    Done(Arc<Attached>),
    Failed,
    Cancelled,
}

/// A what-if as its row tells of it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ToldRun {
    pub(super) change: ProposedChange,
    pub(super) valid_until: Timestamp,
    pub(super) progress: (u64, u64),
    pub(super) outcome: ToldOutcome,
}

/// How far a what-if has come, as its row tells.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ToldOutcome {
    Running,
    Done(Box<Attached>),
    Failed,
    Cancelled,
}

impl From<Outcome> for ToldOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Running => Self::Running,
            Outcome::Done(attached) => Self::Done(Box::new(Attached::clone(&attached))),
            Outcome::Failed => Self::Failed,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}

impl From<ToldOutcome> for Outcome {
    fn from(told: ToldOutcome) -> Self {
        match told {
            ToldOutcome::Running => Self::Running,
            ToldOutcome::Done(attached) => Self::Done(Arc::from(attached)),
            ToldOutcome::Failed => Self::Failed,
            ToldOutcome::Cancelled => Self::Cancelled,
        }
    }
}

/// One what-if.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) id: WhatIfId,
    pub(super) by: StaffId,
    pub(crate) change: ProposedChange,
    pub(super) made_at: Timestamp,
    pub(crate) valid_until: Timestamp,
    pub(super) progress: Arc<Progress>,
    pub(super) outcome: Mutex<Outcome>,
}

impl Run {
    pub(super) fn outcome(&self) -> Outcome {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What its row says of it.
    pub(super) fn told(&self) -> ToldRun {
        ToldRun {
            change: self.change.clone(),
            valid_until: self.valid_until,
            progress: self.progress.steps(),
            outcome: self.outcome().into(),
        }
    }

    /// What does not change of its row.
    pub(super) const fn head(&self) -> JobHead {
        let (staff, started_at) = (self.by, self.made_at);
        JobHead { id: self.id.as_i64(), kind: WHAT_IF, staff, started_at }
    }

    /// Sets how it ended, unless it was stopped before.
    pub(super) fn end(&self, outcome: Outcome) {
        let mut now = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*now, Outcome::Running) {
            *now = outcome;
        }
    }

    /// The result, if it is there.
    pub(crate) fn attached(&self) -> Option<Arc<Attached>> {
        match self.outcome() {
            Outcome::Done(attached) => Some(attached),
            _ => None,
        }
    }
}

/// What-ifs of this process.
#[derive(Debug, Default)]
pub(crate) struct WhatIfs(Mutex<HashMap<WhatIfId, Arc<Run>>>);

impl WhatIfs {
    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<WhatIfId, Arc<Run>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a new one, unless too many are under way. Forgets what is over.
    pub(super) fn begin(&self, run: Arc<Run>, now: Timestamp) -> Result<()> {
        let mut all = self.all();
        all.retain(|_, r| now < r.valid_until || matches!(r.outcome(), Outcome::Running));
        let running = all.values().filter(|r| matches!(r.outcome(), Outcome::Running)).count();
        if running >= AT_ONCE {
            return Err(ServiceError::new(
                Kind::TooMany,
                "what_if.busy",
                "Other what-ifs are running. Please try again in a minute.",
            )
            .retry_after(30));
        }
        while all.len() >= MOST_KEPT {
            let ended = all.values().filter(|r| !matches!(r.outcome(), Outcome::Running));
            let Some(oldest) = ended.min_by_key(|r| (r.made_at, r.id)).map(|r| r.id) else { break };
            all.remove(&oldest);
        }
        all.insert(run.id, run);
        Ok(())
    }

    /// Somebody's own that this process runs or ran.
    pub(crate) fn of(&self, by: StaffId, id: WhatIfId) -> Option<Arc<Run>> {
        self.all().get(&id).filter(|r| r.by == by).cloned()
    }

    /// Stops all of them: the program ends.
    pub(crate) fn stop_all(&self) {
        for run in self.all().values() {
            run.progress.cancel();
        }
    }

    /// One that was attached is used.
    pub(crate) fn forget(&self, id: WhatIfId) {
        self.all().remove(&id);
    }
}

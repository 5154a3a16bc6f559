//! Jobs that trace many cases: where each is, what it found, and how many there may be.
//!
//! A job searches a snapshot of the index on threads of its own, one job at a time, so that no gate
//! and no holder waits for it. What it finds is kept for the member of staff who asked, in memory and for
//! other servers in the store, until [`KEPT_SECONDS`] after its end. Nothing is recorded, unless asked for: then each case is
//! traced exactly as by hand ([`crate::App::run_trace`]).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jadegate_domain::{StaffId, Timestamp, TraceJobId};
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, watch};

use crate::contact_row::ContactRow;
use crate::error::{Kind, Result, ServiceError};

/// As their rows are called.
pub(super) const TRACE_JOB: &str = "trace_job";
/// Jobs that wait or run.
const MOST_UNFINISHED: usize = 4;
/// Finished jobs kept; the oldest goes first.
const MOST_KEPT: usize = 4;
/// Seconds a result is kept.
pub const KEPT_SECONDS: i64 = 3600;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TraceJobState {
    /// Another job comes first.
    Waiting,
    /// Under way.
    Running,
    /// The contacts can be read.
    Done,
    /// Stopped by whoever started it; what was recorded until then stays.
    Cancelled,
    /// Stopped by an error.
    Failed,
}

impl TraceJobState {
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled | Self::Failed)
    }
}

/// A job as it is told to whoever started it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceJobView {
    /// The id of the job.
    pub job: TraceJobId,
    /// Where it is.
    pub state: TraceJobState,
    /// Cases in all.
    pub cases: u32,
    /// Cases traced so far.
    pub done: u32,
    /// Contacts found so far; a person counts once for each case.
    pub contacts: u64,
    /// 1 or 2.
    pub hops: u32,
    /// Is what is found recorded?
    pub record: bool,
    /// Contacts recorded, new ones and changed ones.
    pub contacts_recorded: u64,
    /// People released because they are no contacts any more.
    pub contacts_withdrawn: u64,
    /// When it was asked for.
    pub started_at: Timestamp,
    /// When its result is forgotten; `None` while it is not over.
    pub expires_at: Option<Timestamp>,
    /// Why it failed, as a stable code.
    pub problem: Option<String>,
}

/// How the contacts are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JobOrder {
    /// By case, then by contact.
    #[default]
    Case,
    /// Most minutes first.
    Minutes,
}

/// What changes while a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) state: TraceJobState,
    pub(super) done: usize,
    pub(super) contacts: usize,
    pub(super) recorded: u64,
    pub(super) withdrawn: u64,
    pub(super) over_at: Option<Timestamp>,
    pub(super) problem: Option<&'static str>,
}

/// The contacts by case and holder, and the order by minutes.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<ContactRow>,
    pub(super) by_minutes: Vec<u32>,
}

impl Found {
    pub(super) fn new(rows: Vec<ContactRow>) -> Self {
        let mut by_minutes: Vec<u32> = (0..).take(rows.len()).collect();
        by_minutes.sort_unstable_by_key(|i| rows[*i as usize].by_minutes());
        Self { rows, by_minutes }
    }

    pub(super) fn page(&self, order: JobOrder, after: u32, limit: u32) -> Vec<ContactRow> {
        let (from, limit) = (after as usize, limit as usize);
        match order {
            JobOrder::Case => self.rows.iter().skip(from).take(limit).copied().collect(),
            JobOrder::Minutes => {
                let part = self.by_minutes.iter().skip(from).take(limit);
                part.map(|i| self.rows[*i as usize]).collect()
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Running {
    pub(super) id: TraceJobId,
    pub(super) staff: StaffId,
    pub(super) hops: u32,
    pub(super) record: bool,
    /// How many cases.
    pub(super) cases: u32,
    pub(super) started_at: Timestamp,
    pub(super) stop: AtomicBool,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) found: Mutex<Arc<Found>>,
}

impl Running {
    pub(super) fn view(&self) -> TraceJobView {
        let p = *self.progress.borrow();
        TraceJobView {
            job: self.id,
            state: p.state,
            cases: self.cases,
            done: u32::try_from(p.done).unwrap_or(u32::MAX),
            contacts: p.contacts as u64,
            hops: self.hops,
            record: self.record,
            contacts_recorded: p.recorded,
            contacts_withdrawn: p.withdrawn,
            started_at: self.started_at,
            expires_at: p.over_at.map(|at| at.plus_secs(KEPT_SECONDS)),
            problem: p.problem.map(str::to_owned),
        }
    }

    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(super) fn over(&self, state: TraceJobState, problem: Option<&'static str>, now: Timestamp) {
        self.progress.send_modify(|p| {
            (p.state, p.problem, p.over_at) = (state, problem, Some(now));
        });
    }

    pub(super) fn found(&self) -> Arc<Found> {
        Arc::clone(&self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// All jobs of this process, and what it has fetched of others.
#[derive(Debug)]
pub(crate) struct TraceJobs {
    jobs: Mutex<BTreeMap<TraceJobId, Arc<Running>>>,
    pub(super) one: Semaphore,
}

impl Default for TraceJobs {
    fn default() -> Self {
        Self { jobs: Mutex::default(), one: Semaphore::new(1) }
    }
}

impl TraceJobs {
    pub(super) fn jobs(&self) -> MutexGuard<'_, BTreeMap<TraceJobId, Arc<Running>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets results whose time is over, and the oldest ones where there are too many.
    pub(crate) fn forget_old(&self, now: Timestamp) {
        let mut jobs = self.jobs();
        let over = |j: &Running| j.progress.borrow().over_at;
        jobs.retain(|_, j| over(j).is_none_or(|at| now.secs_since(at) < KEPT_SECONDS));
        let mut kept: Vec<_> = jobs.values().filter_map(|j| over(j).map(|at| (at, j.id))).collect();
        kept.sort_unstable();
        for (_, id) in kept.iter().rev().skip(MOST_KEPT) {
            jobs.remove(id);
        }
    }

    /// Stops all of them: the program ends.
    pub(crate) fn stop_all(&self) {
        for job in self.jobs().values() {
            job.stop.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn add(&self, job: &Arc<Running>) -> Result<()> {
        let mut jobs = self.jobs();
        if jobs.values().filter(|j| !j.view().state.is_over()).count() >= MOST_UNFINISHED {
            return Err(ServiceError::new(
                Kind::TooMany,
                "trace_job.too_many",
                "Other traces of many cases are waiting already. Try again when one has ended.",
            )
            .retry_after(30));
        }
        jobs.insert(job.id, Arc::clone(job));
        Ok(())
    }
}

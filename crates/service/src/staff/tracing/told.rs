//! Traces of many cases that another server does or did: told by their rows.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jadegate_domain::{StaffId, TraceJobId};
use jadegate_store::{ServerWrite, StoredJob, Write};
use tokio::sync::watch;

use super::jobs::{Found, KEPT_SECONDS, Progress, Running, TRACE_JOB, TraceJobState, TraceJobView};
use crate::app::App;
use crate::contact_row::ContactRow;
use crate::error::{Result, ServiceError};
use crate::jobs::note;
use crate::shared_jobs::{EVERY, JobHead, LOST, read_job};

/// Contacts of one part of a result.
const PART: usize = 5_000;
/// Seconds that a job may take at most, as far as its row is concerned: it is put off as it goes on.
const MOST_SECONDS: i64 = 86_400;
/// How often somebody who listens to another server's job is told.
const LOOK: Duration = Duration::from_secs(1);

impl Running {
    fn head(&self) -> JobHead {
        let (id, staff, started_at) = (self.id.as_i64(), self.staff, self.started_at);
        JobHead { id, kind: TRACE_JOB, staff, started_at }
    }
}

impl App {
    /// Writes what a job of this server has come to.
    pub(super) async fn tell_trace_job(&self, job: &Running) -> Result<()> {
        let view = job.view();
        let expires_at = view.expires_at.unwrap_or_else(|| job.started_at.plus_secs(MOST_SECONDS));
        self.tell_job(job.head(), view.state.is_over(), expires_at, &view).await
    }

    /// Says that a job goes on, until it is over, and stops it if another server was asked to.
    pub(super) async fn keep_telling(&self, job: &Running) {
        let mut changes = job.progress.subscribe();
        loop {
            if changes.borrow_and_update().state.is_over() {
                return;
            }
            tokio::time::sleep(EVERY).await;
            if job.view().state.is_over() {
                return;
            }
            if self.is_job_stopped(job.id.as_i64()).await {
                job.stop.store(true, std::sync::atomic::Ordering::Relaxed);
            } else {
                note("trace_job", &self.tell_trace_job(job).await);
            }
        }
    }

    /// Writes a result for other servers to read, before it is said that there is one.
    pub(super) async fn tell_contacts(&self, job: &Running, found: &Found) -> Result<()> {
        for (number, part) in (0_u32..).zip(found.rows.chunks(PART)) {
            let body = serde_json::to_vec(part).map_err(ServiceError::internal)?;
            let job = job.id.as_i64();
            let part = ServerWrite::AddJobPart { job, number, body };
            self.commit("job", vec![Write::Server(part)]).await?;
        }
        Ok(())
    }

    /// Jobs that other servers do or did for somebody; rows that cannot be read are left out, and noted.
    pub(super) async fn told_trace_jobs(&self, staff: StaffId) -> Result<Vec<TraceJobView>> {
        let jobs = self.store.jobs_of(Some(staff), TRACE_JOB, self.now()).await?;
        let told = jobs.rows.iter().filter(|j| j.owner != self.lease_owner());
        let mut views = Vec::new();
        for job in told {
            views.extend(self.or_set_aside(self.told_view(job))?);
        }
        Ok(views)
    }

    fn told_view(&self, job: &StoredJob) -> Result<TraceJobView> {
        let mut view: TraceJobView = read_job(job)?;
        if self.is_job_lost(job) {
            view.state = TraceJobState::Failed;
            view.problem = Some(LOST.to_owned());
            view.expires_at = Some(job.alive_until.plus_secs(KEPT_SECONDS));
        }
        Ok(view)
    }

    /// One job of somebody that another server does or did.
    pub(super) async fn told_trace_job(
        &self,
        staff: StaffId,
        id: TraceJobId,
    ) -> Result<Option<TraceJobView>> {
        let job = self.told_job(staff, TRACE_JOB, id.as_i64()).await?;
        job.map(|job| self.told_view(&job)).transpose()
    }

    /// Brings the result of another server's job here, as if it had run here.
    pub(super) async fn fetch_trace_job(
        &self,
        staff: StaffId,
        view: &TraceJobView,
    ) -> Result<Arc<Running>> {
        let mut rows: Vec<ContactRow> = Vec::new();
        for number in 0.. {
            let Some(part) = self.store.job_part(view.job.as_i64(), number).await? else { break };
            let part: Vec<ContactRow> =
                serde_json::from_slice(&part).map_err(ServiceError::internal)?;
            rows.extend(part);
        }
        if rows.len() as u64 != view.contacts {
            return Err(ServiceError::internal("parts of a job's result are missing"));
        }
        let over_at = view.expires_at.map(|at| at.plus_secs(-KEPT_SECONDS));
        let job = Arc::new(Running {
            id: view.job,
            staff,
            hops: view.hops,
            record: view.record,
            cases: view.cases,
            started_at: view.started_at,
            stop: AtomicBool::new(false),
            progress: watch::Sender::new(Progress {
                state: view.state,
                done: view.done as usize,
                contacts: rows.len(),
                recorded: view.contacts_recorded,
                withdrawn: view.contacts_withdrawn,
                over_at,
                problem: None,
            }),
            found: Mutex::default(),
        });
        let found = Arc::new(Found::new(rows));
        *job.found.lock().unwrap_or_else(PoisonError::into_inner) = found;
        self.work.trace_jobs.jobs().insert(job.id, Arc::clone(&job));
        Ok(job)
    }
}

/// The progress of a job that another server does, as its row changes.
pub(super) struct ToldProgress {
    pub(super) app: Arc<App>,
    pub(super) staff: StaffId,
    pub(super) id: TraceJobId,
    pub(super) told: Option<TraceJobView>,
}

impl ToldProgress {
    /// The next news; `None` after its end, or when it cannot be read any more.
    pub(super) async fn next(&mut self) -> Option<TraceJobView> {
        if self.told.as_ref().is_some_and(|v| v.state.is_over()) {
            return None;
        }
        loop {
            if self.told.is_some() {
                tokio::time::sleep(LOOK).await;
            }
            let view = self.app.told_trace_job(self.staff, self.id).await.ok()??;
            if self.told.as_ref() != Some(&view) {
                self.told = Some(view.clone());
                return Some(view);
            }
        }
    }
}

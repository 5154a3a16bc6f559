//! Rows of jobs that any server can tell of, written and read.

use jadegate_domain::{StaffId, Timestamp};
use jadegate_store::{ServerWrite, StoredJob, Write};
use serde::Serialize;

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::shared_jobs::JobHead;

/// Seconds after which a job that says nothing has ended with its server.
const ALIVE: i64 = 30;

impl App {
    /// Says how a job stands; `over`: it ended, and is kept until `expires_at`.
    pub(crate) async fn tell_job(
        &self,
        head: JobHead,
        over: bool,
        expires_at: Timestamp,
        body: &impl Serialize,
    ) -> Result<()> {
        let job = StoredJob {
            id: head.id,
            kind: head.kind.to_owned(),
            staff: head.staff,
            owner: self.lease_owner(),
            started_at: head.started_at,
            over,
            stop: false,
            alive_until: self.now().plus_secs(ALIVE),
            expires_at,
            body: serde_json::to_string(body).map_err(ServiceError::internal)?,
        };
        self.commit("job", vec![Write::Server(ServerWrite::PutJob(Box::new(job)))]).await
    }

    /// Somebody's own job of a kind, if it has not expired.
    pub(crate) async fn told_job(
        &self,
        staff: StaffId,
        kind: &str,
        id: i64,
    ) -> Result<Option<StoredJob>> {
        let job = self.store.job(id).await?;
        let now = self.now();
        Ok(job.filter(|j| j.kind == kind && j.staff == staff && now < j.expires_at))
    }

    /// Was a job of this server asked to stop, or forgotten?
    pub(crate) async fn is_job_stopped(&self, id: i64) -> bool {
        // While the database cannot be asked, it goes on.
        self.store.job(id).await.is_ok_and(|job| job.is_none_or(|j| j.stop))
    }

    /// Asks whoever does a job to stop.
    pub(crate) async fn stop_job(&self, id: i64) -> Result<()> {
        self.commit("job", vec![Write::Server(ServerWrite::StopJob(id))]).await
    }

    /// Forgets a job with its result.
    pub(crate) async fn forget_job(&self, id: i64) -> Result<()> {
        self.commit("job", vec![Write::Server(ServerWrite::ForgetJob(id))]).await
    }

    /// Has the server of a job that is not over said nothing for too long?
    pub(crate) fn is_job_lost(&self, job: &StoredJob) -> bool {
        !job.over && self.now() >= job.alive_until
    }
}

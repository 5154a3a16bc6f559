//! What runs beside the requests: messages, colours that change by themselves, retention.

use std::sync::Arc;
use std::time::Duration;

use jadegate_domain::Timestamp;
use jadegate_store::Write;
use tokio::sync::watch;

use crate::app::App;
use crate::bulk::kept_from;
use crate::error::Result;
use crate::sms::SmsGateway;

/// What a purge took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// The first day that is kept.
    pub kept_from: Timestamp,
    /// Visits dropped.
    pub visits: u64,
    /// Scans dropped.
    pub scans: u64,
    /// One-time codes with their messages, sessions and links removed.
    pub expired: u64,
}

impl App {
    /// Refreshes stored assessments whose moment has come. Returns how many.
    pub async fn refresh_due(&self, limit: u32) -> Result<usize> {
        let due = self.store.due_assessments(self.now(), limit).await?;
        for holder in &due {
            self.assessment(*holder).await?;
        }
        Ok(due.len())
    }

    /// Drops visits and scans older than the policy keeps them, everywhere, and then says so in the
    /// public log. What one purge could not finish is finished by the next.
    pub async fn purge(&self) -> Result<Purged> {
        let mut owed = self.keeper.owed.lock().await;
        let now = self.now();
        let kept_from = kept_from(&self.policy(), now);
        let day = kept_from.utc_day();
        // Noted before they go: nobody else will know that the index still has them.
        if self.store.visit_days().await?.first().is_some_and(|first| *first < day) {
            owed.before = owed.before.max(Some(kept_from));
        }
        let (visits, scans) = self.store.drop_days_before(day).await?;
        owed.visits += visits;
        owed.scans += scans;
        // What has expired is kept for a day more: the limits count the codes of 24 hours.
        let expired = self.store.purge_expired(now.plus_days(-1)).await?;
        if let Some(moment) = owed.before {
            self.forget_before(moment).await?;
            owed.before = None;
        }
        let (visits, scans) = (owed.visits, owed.scans);
        if visits + scans > 0 {
            let leaf = crate::log::purge_leaf(now, kept_from, visits, scans)?;
            self.commit("purge", vec![Write::AddLeaf(leaf)]).await?;
            (owed.visits, owed.scans) = (0, 0);
        }
        Ok(Purged { kept_from, visits, scans, expired })
    }

    /// Runs all jobs until `stop` turns true. A failing job is logged and tried again; it never
    /// ends the others.
    pub async fn run_jobs(
        self: Arc<Self>,
        gateway: Arc<dyn SmsGateway>,
        mut stop: watch::Receiver<bool>,
    ) {
        // What a crash left half done comes first.
        note("finish_traces", &self.finish_traces().await);
        // Beside the others: a run over everybody must not keep messages waiting.
        let recolouring = tokio::spawn(Arc::clone(&self).keep_recoloured(stop.clone()));
        // By themselves: a round may take long, and one-time codes do not wait for it.
        let retracing = tokio::spawn(Arc::clone(&self).keep_traces(stop.clone()));
        // The same: merging, saving and dropping millions of visits takes seconds.
        let visits = tokio::spawn(Arc::clone(&self).keep_visits(stop.clone()));
        let mut ticks: u64 = 0;
        loop {
            tokio::select! {
                _ = stop.changed() => {
                    self.trace_jobs.stop_all();
                    let _ = recolouring.await;
                    let _ = retracing.await;
                    let _ = visits.await;
                    return;
                }
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
            note("messages", &self.deliver_messages(gateway.as_ref()).await);
            note("refresh_due", &self.refresh_due(1000).await);
            self.trace_jobs.forget_old(self.now());
            if ticks.is_multiple_of(20) {
                note("expire_proposals", &self.expire_proposals().await);
            }
            ticks += 1;
        }
    }

    /// Recolours whenever the policy or a risk level has changed, and goes on with what a crash
    /// interrupted.
    async fn keep_recoloured(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut seen = None;
        loop {
            let basis = self.basis();
            let present = Some((basis.policy.reference(), basis.regions.version));
            if seen != present {
                let stopped = stop.clone();
                let run = self.recolour(|_| !*stopped.borrow()).await;
                if note("recolour", &run)
                    && let Ok(run) = run
                    && run.finished_at.is_some()
                {
                    seen = Some((run.policy, run.regions_version));
                }
            }
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
    }
}

pub(crate) fn note<T>(job: &'static str, result: &Result<T>) -> bool {
    if let Err(e) = result {
        tracing::error!(job, error = %e, "job failed; it will be tried again");
    }
    result.is_ok()
}

//! What runs beside the requests: messages, colours that change by themselves, retention.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jadegate_domain::Timestamp;
use jadegate_domain::time::DAY;
use jadegate_store::{Precondition, Unit, Write};
use tokio::sync::watch;

use crate::app::App;
use crate::error::Result;
use crate::search_rules::kept_from;
use crate::sms::SmsGateway;

/// How long jobs may take to come to an end by themselves. They ask every few milliseconds.
const GRACE: Duration = Duration::from_millis(500);
/// Days of visits that one purge drops at most. A day comes to its end each day; more are due after a
/// shorter retention came into force, or by a mistake.
const MOST_DAYS: usize = 3;

/// The setting that holds the last day (UTC, since 1970) for which a purge was logged.
const PURGE_SAID: &str = "purge_said";

/// What a purge took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// The first day that is kept.
    pub kept_from: Timestamp,
    /// Visits dropped.
    pub visits: u64,
    /// Scans dropped.
    pub scans: u64,
    /// One-time codes with their messages, sessions and links removed, and what was kept too long for
    /// people who did not register.
    pub expired: u64,
}

impl App {
    /// Refreshes stored assessments whose moment has come. Returns how many. Whose record cannot be
    /// read stays due, and holds up nobody: as many more are asked for.
    pub async fn refresh_due(&self, limit: u32) -> Result<usize> {
        if self.clock_is_held() {
            return Ok(0);
        }
        let stuck = std::mem::take(&mut *self.condition.stuck.lock().await);
        let asked = limit.saturating_add(u32::try_from(stuck.len()).unwrap_or(u32::MAX));
        let due = self.store.due_assessments(self.now(), asked).await?;
        let (mut refreshed, mut still) = (0, HashSet::new());
        for holder in due {
            self.must_go_on()?;
            match self.or_set_aside(self.assessment(holder).await)? {
                Some(_) => refreshed += 1,
                None => drop(still.insert(holder)),
            }
        }
        *self.condition.stuck.lock().await = still;
        Ok(refreshed)
    }

    /// Drops visits and scans older than the policy keeps them, everywhere, and then says so in the
    /// public log; so many days of visits at a time. What one purge could not finish is finished by
    /// the next.
    ///
    /// # Errors
    /// `clock.ahead`, `clock.behind`: what is dropped by a wrong clock is gone for good.
    pub async fn purge(&self) -> Result<Purged> {
        self.clock_must_hold()?;
        let mut pending = self.memory.maintenance.pending_purge.lock().await;
        let now = self.now();
        let mut kept_from = kept_from(&self.policy(), now);
        let days = self.store.visit_days().await?;
        // Whatever the reason, nobody loses weeks at once: there is time to notice.
        if let Some(next) = days.get(MOST_DAYS).filter(|next| **next < kept_from.utc_day()) {
            kept_from = Timestamp::from_secs(next * DAY);
        }
        let day = kept_from.utc_day();
        let (visits, scans) = self.store.drop_days_before(day).await?;
        pending.visits += visits;
        pending.scans += scans;
        // What has expired is kept for a day more: who answers an old request is told that it is old.
        let expired = self.store.purge_expired(now.plus_days(-1)).await?;
        let expired = expired + self.purge_kept().await?;
        // The index forgets them, and the file.
        self.follow().await?;
        self.finish_forgetting().await?;
        let (visits, scans) = (pending.visits, pending.scans);
        self.say_purged(now, kept_from, visits, scans).await?;
        (pending.visits, pending.scans) = (0, 0);
        Ok(Purged { kept_from, visits, scans, expired })
    }

    /// Says in the public log what was deleted; once a day also that there was nothing, so that whoever
    /// reads the log sees a day on which nobody looked.
    async fn say_purged(
        &self,
        now: Timestamp,
        kept_from: Timestamp,
        visits: u64,
        scans: u64,
    ) -> Result<()> {
        let (before, today) = (self.store.setting(PURGE_SAID).await?, now.utc_day().to_string());
        let said = before.as_deref() == Some(&today);
        if said && visits + scans == 0 {
            return Ok(());
        }
        let leaf = crate::log::purge_leaf(now, kept_from, visits, scans)?;
        let mut writes = vec![Write::AddLeaf(leaf)];
        if !said {
            // Of two servers that deleted nothing one says so; what was deleted is always said.
            let expect = (visits + scans == 0).then_some(before);
            writes.push(Write::PutSetting { name: PURGE_SAID, value: today, expect });
        }
        match self.store.commit(Unit::new("purge", writes)).await {
            Err(e)
                if e.is_conflict(Precondition::Exists) || e.is_conflict(Precondition::Absent) =>
            {
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// Runs all jobs until `stop` turns true, and ends within [`GRACE`] then, whatever they are at. A
    /// failing job is logged and tried again; it never ends the others.
    pub async fn run_jobs(
        self: Arc<Self>,
        gateway: Arc<dyn SmsGateway>,
        mut stop: watch::Receiver<bool>,
    ) {
        // Beside the others: a run over everybody must not keep messages waiting. By themselves: a
        // round of tracing may take long, and so do merging, saving and dropping millions of visits.
        let jobs = [
            tokio::spawn(Arc::clone(&self).keep_recoloured(stop.clone())),
            tokio::spawn(Arc::clone(&self).keep_traces(stop.clone())),
            tokio::spawn(Arc::clone(&self).keep_looking(stop.clone())),
            tokio::spawn(Arc::clone(&self).keep_withdrawals(stop.clone())),
            tokio::spawn(Arc::clone(&self).maintain_visits(stop.clone())),
            tokio::spawn(Arc::clone(&self).keep_numbered(stop.clone())),
            tokio::spawn(Arc::clone(&self).keep_witnessed(stop.clone())),
            tokio::spawn(Arc::clone(&self).keep_following(stop.clone())),
            tokio::spawn(Arc::clone(&self).tick(gateway, stop.clone())),
        ];
        // Nobody waits for its end.
        let app = Arc::clone(&self);
        let checking =
            tokio::spawn(async move { note("check_database", &app.check_database().await) });
        // Nobody can stop them any more once the other end is gone, so that ends them too.
        let _ = stop.wait_for(|stop| *stop).await;
        checking.abort();
        self.stop();
        let last = tokio::time::Instant::now() + GRACE;
        for mut job in jobs {
            // What is left off here is as if the program had been killed: nothing that was accepted
            // is lost, and what was half done is gone on with at the next start.
            if tokio::time::timeout_at(last, &mut job).await.is_err() {
                job.abort();
            }
        }
        let _ = tokio::time::timeout(GRACE, self.leave_jobs()).await;
    }

    /// Twice a second what is quick, until `stop` turns true: for all servers, if it is this one that
    /// does so, and for this one.
    async fn tick(self: Arc<Self>, gateway: Arc<dyn SmsGateway>, mut stop: watch::Receiver<bool>) {
        let mut ticks: u64 = 0;
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
            let first = self.does_jobs().await;
            if first {
                note("messages", &self.deliver_messages(gateway.as_ref()).await);
                note("refresh_due", &self.refresh_due(1000).await);
            }
            if ticks.is_multiple_of(120) {
                self.memory.openings.tidy(self.now());
                note("see_clock", &self.see_clock().await);
                self.unreadable_since();
            }
            if ticks.is_multiple_of(172_800) {
                self.warn_of_keys();
            }
            if !self.clock_is_held() {
                self.work.trace_jobs.forget_old(self.now());
                if first && ticks.is_multiple_of(120) {
                    note("forget_after_mandate", &self.forget_after_mandate().await);
                    note("watch_alarms", &self.watch_alarms().await);
                }
                if first && ticks.is_multiple_of(600) {
                    note("watch_looks", &self.watch_looks().await);
                }
                if first && ticks.is_multiple_of(120) {
                    note("publish_numbers", &self.publish_numbers().await);
                }
                if first && ticks.is_multiple_of(7200) {
                    note("finish_corrections", &self.finish_corrections().await);
                    note("review_rules", &self.review_rules().await);
                }
                if first && ticks.is_multiple_of(20) {
                    note("log_keys", &self.log_keys().await);
                    note("expire_proposals", &self.expire_proposals().await);
                    note("finish_waiting", &self.finish_waiting().await);
                    note("close_identity_requests", &self.close_identity_requests().await);
                    note("expire_waiting", &self.expire_waiting().await);
                    note("tend_appeals", &self.tend_appeals().await);
                }
            }
            ticks += 1;
        }
    }

    /// Recolours whenever the policy or a risk level has changed, and goes on with what a crash
    /// interrupted.
    async fn keep_recoloured(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut seen = None;
        loop {
            let rule_set = self.rule_set();
            let present = Some((rule_set.policy.reference(), rule_set.regions.version));
            if seen != present && !self.clock_is_held() && self.does_jobs().await {
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
    match result {
        Err(e) if e.code == crate::concurrency::STOPPING => {
            tracing::info!(job, "job left off to stop");
        }
        Err(e) => tracing::error!(job, error = %e, "job failed; it will be tried again"),
        Ok(_) => {}
    }
    result.is_ok()
}

//! Traces that follow what becomes known later, by themselves.
//!
//! A trace stands for what was known when it ran. Visits that a gate hands in late, visits that go
//! on, and another policy may change its result. So every visit that is recorded or closed is noted
//! here, and a job traces again from the cases it may touch, as [`Watch`] knows them. The outcome is
//! what running every trace again would come to, once no stay is under way; a test holds it to that.
//!
//! An open visit is noted twice: now, and for the moment at which the policy takes it to have
//! ended. In between its minutes grow, and evidence that changes every few seconds helps nobody.
//!
//! All of this is in memory. The first round after a start traces from every case.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jadegate_domain::{Case, CaseId, HolderId, Timestamp};
use jadegate_trace::{KnownVisit, Watch};
use tokio::sync::watch;

use super::stored_trace::{close_of, stored_detail};
use crate::app::{App, read};
use crate::bulk::{bulk_case, kept_from};
use crate::error::{Result, ServiceError};

/// Cases that are looked through; more than a country has at once.
pub(crate) const MOST_CASES: u32 = 100_000;
/// Visits noted; past that every trace is run again instead.
const MOST_NOTED: usize = 200_000;
/// Seconds between two rounds; longer ones are followed by a rest of their own length.
const EVERY_SECONDS: u64 = 10;

#[derive(Debug, Default)]
struct Inner {
    /// By the moment from which they are of interest.
    noted: BTreeMap<Timestamp, HashSet<KnownVisit>>,
    count: usize,
    /// Moments at which everything is to be traced again.
    everything_at: BTreeSet<Timestamp>,
    /// Traced again in the next round whatever happens: their last round failed.
    again: BTreeSet<CaseId>,
    /// Who can change which traces; `None` until it is loaded.
    watch: Option<Watch>,
    /// The policy of the last round.
    policy: Option<String>,
}

/// What may change earlier traces.
#[derive(Debug, Default)]
pub(crate) struct LateData(Mutex<Inner>);

impl LateData {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a trace that stands now: its person and its close contacts can change it.
    pub(super) fn watch(&self, case: &Case, close: impl Iterator<Item = HolderId>) {
        if let Some(watch) = &mut self.inner().watch {
            watch.put(case.id, std::iter::once(case.holder).chain(close));
        }
    }

    /// Nothing can change the trace of this case any more.
    pub(super) fn forget(&self, case: CaseId) {
        if let Some(watch) = &mut self.inner().watch {
            watch.remove(case);
        }
    }

    /// The next round traces from this case, whatever else happens.
    pub(super) fn trace_again(&self, case: CaseId) {
        self.inner().again.insert(case);
    }

    /// It has been traced meanwhile.
    pub(super) fn traced_again(&self, case: CaseId) {
        self.inner().again.remove(&case);
    }

    fn note(&self, visit: KnownVisit, from: Timestamp) {
        let mut inner = self.inner();
        if inner.count >= MOST_NOTED {
            let inner = &mut *inner;
            inner.everything_at.extend(inner.noted.keys().next_back());
            inner.everything_at.extend(inner.noted.keys().next());
            inner.everything_at.insert(from);
            inner.noted.clear();
            inner.count = 0;
            return;
        }
        if inner.noted.entry(from).or_default().insert(visit) {
            inner.count += 1;
        }
    }
}

/// What a round has to do.
enum Round {
    Everything,
    Touched(Vec<KnownVisit>, BTreeSet<CaseId>),
}

impl App {
    /// To be called after a visit was recorded or closed and is in the index.
    pub(crate) fn note_visit(&self, v: &KnownVisit) {
        let (over, now) = (self.over_at(v), self.now());
        self.late.note(*v, now);
        if over > now {
            self.late.note(*v, over);
        }
    }

    /// When a stay is over, at the latest: its end, or the one that the policy assumes.
    fn over_at(&self, v: &KnownVisit) -> Timestamp {
        v.left.unwrap_or_else(|| {
            let assumed = self.policy().assumed_stay_minutes(self.place_kind(v.place));
            v.entered.plus_secs(60 * i64::from(assumed))
        })
    }

    /// Notes the stays under way for the moment they are over: after a start nobody remembers them,
    /// and another policy takes them to last otherwise.
    async fn note_stays_under_way(self: &Arc<Self>) -> Result<()> {
        let app = Arc::clone(self);
        let look = move || {
            let (index, now) = (read(&app.index).clone(), app.now());
            for v in index.all() {
                let over = app.over_at(&v);
                if over > now {
                    app.late.note(v, over);
                }
            }
        };
        tokio::task::spawn_blocking(look).await.map_err(ServiceError::internal)
    }

    /// One round: traces again from every case that the visits noted since the last one may touch.
    /// Returns how many traces have changed. A case that fails is tried again in the next round.
    pub async fn follow_late_data(self: &Arc<Self>) -> Result<u64> {
        self.follow_while(|| true).await
    }

    /// The same, stopped early when `go_on` says so; what is left is for the next round.
    async fn follow_while(self: &Arc<Self>, go_on: impl Fn() -> bool) -> Result<u64> {
        let round = self.begin_round().await?;
        let cases = match round {
            Round::Everything => self.watched_cases(),
            Round::Touched(noted, mut again) => {
                if !noted.is_empty() {
                    again.extend(self.touched_by(noted).await?);
                }
                again
            }
        };
        let (mut changed, mut failed) = (0, None);
        for case in cases {
            if !go_on() {
                self.late.trace_again(case);
                continue;
            }
            let _one = self.officers_lock.lock().await;
            match self.retrace(case).await {
                Ok(true) => changed += 1,
                Ok(false) => {}
                Err(e) => {
                    self.late.trace_again(case);
                    failed = Some(e);
                }
            }
        }
        failed.map_or(Ok(changed), Err)
    }

    /// Takes what is due. The first round, and each after a change of the policy, is for everything.
    async fn begin_round(self: &Arc<Self>) -> Result<Round> {
        let now = self.now();
        let digest = self.policy().reference().digest;
        let loaded = self.late.inner().watch.is_some();
        if !loaded {
            let watch = self.load_watch().await?;
            self.late.inner().watch.get_or_insert(watch);
        }
        let (noted, everything, again, other_policy) = {
            let mut inner = self.late.inner();
            let later = inner.noted.split_off(&now.plus_secs(1));
            let due = std::mem::replace(&mut inner.noted, later);
            inner.count = inner.noted.values().map(HashSet::len).sum();
            let later = inner.everything_at.split_off(&now.plus_secs(1));
            let everything = !std::mem::replace(&mut inner.everything_at, later).is_empty();
            let other_policy = inner.policy.replace(digest.clone()) != Some(digest);
            (due, everything, std::mem::take(&mut inner.again), other_policy)
        };
        if !loaded || other_policy {
            self.note_stays_under_way().await?;
            return Ok(Round::Everything);
        }
        if everything {
            return Ok(Round::Everything);
        }
        let noted: HashSet<_> = noted.into_values().flatten().collect();
        Ok(Round::Touched(noted.into_iter().collect(), again))
    }

    /// The traces that stand, of cases that could infect others on a day of which visits are kept.
    async fn load_watch(&self) -> Result<Watch> {
        let (policy, now) = (self.policy(), self.now());
        let kept_from = kept_from(&policy, now);
        let mut watch = Watch::new();
        for case in self.store.cases(MOST_CASES).await? {
            let over = bulk_case(&case, &policy, now).window.to <= kept_from;
            if case.withdrawn_at.is_some() || over {
                continue;
            }
            if let Some(run) = self.standing_trace(case.id).await? {
                let stored = stored_detail(&run)?;
                watch.put(case.id, std::iter::once(case.holder).chain(close_of(&stored)));
            }
        }
        Ok(watch)
    }

    fn watched_cases(&self) -> BTreeSet<CaseId> {
        let inner = self.late.inner();
        inner.watch.iter().flat_map(Watch::cases).collect()
    }

    /// The cases whose traces some visits may touch. Rather one too many than one too few.
    async fn touched_by(self: &Arc<Self>, noted: Vec<KnownVisit>) -> Result<BTreeSet<CaseId>> {
        let app = Arc::clone(self);
        let look = move || {
            let index = read(&app.index).clone();
            let rules = super::traces::rules(&app.policy());
            let mut cases = BTreeSet::new();
            // In parts: nobody who notes a visit waits for all of them.
            for some in noted.chunks(256) {
                if let Some(watch) = &app.late.inner().watch {
                    cases.extend(watch.touched(&index, &rules, |p| app.place_kind(p), some));
                }
            }
            cases
        };
        tokio::task::spawn_blocking(look).await.map_err(ServiceError::internal)
    }

    /// Round after round until `stop` turns true. A failing round is logged and tried again.
    pub(crate) async fn keep_traces(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut rest = std::time::Duration::from_secs(EVERY_SECONDS);
        loop {
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(rest) => {}
            }
            let begun = tokio::time::Instant::now();
            let stopped = stop.clone();
            if let Err(e) = self.follow_while(|| !*stopped.borrow()).await {
                tracing::error!(job = "follow_late_data", error = %e, "job failed; it will be tried again");
            }
            rest = begun.elapsed().max(std::time::Duration::from_secs(EVERY_SECONDS));
        }
    }
}

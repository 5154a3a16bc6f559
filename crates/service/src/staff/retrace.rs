//! Traces that follow what becomes known later, by themselves.
//!
//! A trace stands for what was known when it ran. Visits that a gate hands in late, visits that go
//! on, and another policy may change its result. So every visit that is recorded or closed is noted
//! here, and a job traces again from the cases it may touch: those whose person, or whose close
//! contacts, were at the same place at that time. The outcome is what running every trace again
//! would come to, once no stay is under way; a test holds it to that.
//!
//! An open visit is noted twice: now, and for the moment at which the policy takes it to have
//! ended. In between its minutes grow, and evidence that changes every few seconds helps nobody.
//!
//! All of this is in memory. The first round after a start traces from every case.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jadegate_domain::{Case, CaseId, HolderId, Period, PlaceId, Timestamp};
use jadegate_policy::Policy;
use jadegate_trace::{KnownVisit, VisitIndex};
use tokio::sync::watch;

use super::traces::{close_of, stored_detail};
use crate::app::{App, read};
use crate::bulk::{bulk_case, kept_from};
use crate::error::{Result, ServiceError};

/// Cases that are looked through; more than a country has at once.
pub(crate) const MOST_CASES: u32 = 100_000;
/// Visits noted; past that every trace is run again instead.
const MOST_NOTED: usize = 200_000;
/// Seconds between two rounds; longer ones are followed by a rest of their own length.
const EVERY_SECONDS: u64 = 10;

/// A visit that was recorded or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Noted {
    holder: HolderId,
    place: PlaceId,
    /// From its beginning to its latest possible end.
    during: Period,
}

#[derive(Debug, Default)]
struct Inner {
    /// By the moment from which they are of interest.
    noted: BTreeMap<Timestamp, HashSet<Noted>>,
    count: usize,
    /// Moments at which everything is to be traced again.
    everything_at: BTreeSet<Timestamp>,
    /// Traced again in the next round whatever happens: their last round failed.
    again: BTreeSet<CaseId>,
    /// Who can change which traces; `None` until it is loaded.
    sources: Option<Sources>,
    /// The policy of the last round.
    policy: Option<String>,
}

/// Cases and close contacts, with the traces they belong to.
#[derive(Debug, Default)]
struct Sources {
    of_case: HashMap<CaseId, Vec<HolderId>>,
    cases: HashMap<HolderId, BTreeSet<CaseId>>,
}

impl Sources {
    fn forget(&mut self, case: CaseId) {
        for holder in self.of_case.remove(&case).unwrap_or_default() {
            if let Some(cases) = self.cases.get_mut(&holder) {
                cases.remove(&case);
                if cases.is_empty() {
                    self.cases.remove(&holder);
                }
            }
        }
    }

    fn watch(&mut self, case: CaseId, holders: Vec<HolderId>) {
        self.forget(case);
        for holder in &holders {
            self.cases.entry(*holder).or_default().insert(case);
        }
        self.of_case.insert(case, holders);
    }
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
        if let Some(sources) = &mut self.inner().sources {
            sources.watch(case.id, std::iter::once(case.holder).chain(close).collect());
        }
    }

    /// Nothing can change the trace of this case any more.
    pub(super) fn forget(&self, case: CaseId) {
        if let Some(sources) = &mut self.inner().sources {
            sources.forget(case);
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

    fn note(&self, visit: Noted, from: Timestamp) {
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
    Touched(Vec<Noted>, BTreeSet<CaseId>),
}

impl App {
    /// To be called after a visit was recorded or closed and is in the index.
    pub(crate) fn note_visit(&self, v: &KnownVisit) {
        let (policy, now) = (self.policy(), self.now());
        let end = latest_end(v, &policy, self.place_kind(v.place));
        let during = Period { from: v.entered, to: end };
        let noted = Noted { holder: v.holder, place: v.place, during };
        self.late.note(noted, now);
        let over = v.left.unwrap_or(end);
        if over > now {
            self.late.note(noted, over);
        }
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
    async fn begin_round(&self) -> Result<Round> {
        let now = self.now();
        let digest = self.policy().reference().digest;
        let loaded = self.late.inner().sources.is_some();
        if !loaded {
            let sources = self.load_sources().await?;
            self.late.inner().sources.get_or_insert(sources);
        }
        let mut inner = self.late.inner();
        let later = inner.noted.split_off(&now.plus_secs(1));
        let due = std::mem::replace(&mut inner.noted, later);
        let noted: Vec<Noted> =
            due.into_values().flatten().collect::<HashSet<_>>().into_iter().collect();
        inner.count = inner.noted.values().map(HashSet::len).sum();
        let later = inner.everything_at.split_off(&now.plus_secs(1));
        let everything = !std::mem::replace(&mut inner.everything_at, later).is_empty();
        let again = std::mem::take(&mut inner.again);
        let other_policy = inner.policy.replace(digest.clone()) != Some(digest);
        Ok(if !loaded || everything || other_policy {
            Round::Everything
        } else {
            Round::Touched(noted, again)
        })
    }

    /// The traces that stand, of cases that could infect others on a day of which visits are kept.
    async fn load_sources(&self) -> Result<Sources> {
        let (policy, now) = (self.policy(), self.now());
        let kept_from = kept_from(&policy, now);
        let mut sources = Sources::default();
        for case in self.store.cases(MOST_CASES).await? {
            let over = bulk_case(&case, &policy, now).window.to <= kept_from;
            if case.withdrawn_at.is_some() || over {
                continue;
            }
            if let Some(run) = self.standing_trace(case.id).await? {
                let stored = stored_detail(&run)?;
                let all = std::iter::once(case.holder).chain(close_of(&stored)).collect();
                sources.watch(case.id, all);
            }
        }
        Ok(sources)
    }

    fn watched_cases(&self) -> BTreeSet<CaseId> {
        let inner = self.late.inner();
        inner.sources.iter().flat_map(|s| s.of_case.keys().copied()).collect()
    }

    /// The cases whose traces some visits may touch. Rather one too many than one too few.
    async fn touched_by(self: &Arc<Self>, noted: Vec<Noted>) -> Result<BTreeSet<CaseId>> {
        let app = Arc::clone(self);
        let look = move || {
            let index = read(&app.index).clone();
            let policy = app.policy();
            let longest = crate::staff::traces::rules(&policy);
            let mut near = HashSet::new();
            for visit in noted {
                let lingering = longest.at(app.place_kind(visit.place)).lingering_minutes;
                people_near(&index, &visit, lingering, &mut near);
                // Entering here may have ended a stay elsewhere.
                for other in open_before(&index, &visit) {
                    let end = latest_end(&other, &policy, app.place_kind(other.place));
                    let during = Period { from: other.entered, to: end };
                    let other = Noted { holder: other.holder, place: other.place, during };
                    let lingering = longest.at(app.place_kind(other.place)).lingering_minutes;
                    people_near(&index, &other, lingering, &mut near);
                }
            }
            let inner = app.late.inner();
            let Some(sources) = &inner.sources else { return BTreeSet::new() };
            near.iter().filter_map(|h| sources.cases.get(h)).flatten().copied().collect()
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

/// The latest moment that a visit may have been taken to last to: its end, or the end that the
/// policy assumed while none was known. An exit told late takes minutes back, too.
fn latest_end(v: &KnownVisit, policy: &Policy, kind: jadegate_domain::PlaceKind) -> Timestamp {
    let assumed = v.entered.plus_secs(60 * i64::from(policy.assumed_stay_minutes(kind)));
    v.left.map_or(assumed, |left| left.max(assumed))
}

/// Everybody who may have shared a moment with a visit, its own holder among them.
fn people_near(index: &VisitIndex, v: &Noted, lingering: u32, near: &mut HashSet<HolderId>) {
    near.insert(v.holder);
    let lingering = 60 * i64::from(lingering);
    let during = Period {
        from: v.during.from.plus_secs(-lingering),
        to: v.during.to.plus_secs(lingering.max(1)),
    };
    near.extend(index.visits_at(v.place, during).map(|o| o.holder));
}

/// Stays of the same person elsewhere that nobody saw the end of.
fn open_before(index: &VisitIndex, v: &Noted) -> impl Iterator<Item = KnownVisit> {
    // No policy assumes more than a day.
    let before = Period { from: v.during.from.plus_days(-1), to: v.during.from.plus_secs(1) };
    let place = v.place;
    index.visits_of(v.holder, before).filter(move |o| o.left.is_none() && o.place != place)
}

//! Many cases traced in one job: started, followed, cancelled, read page by page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jadegate_domain::{Case, CaseId, Colour, EvidenceKind, Purpose, StaffId, TraceJobId};
use serde::Serialize;
use tokio::sync::watch;

use super::jobs::{Found, JobOrder, Progress, Running, TraceJobState, TraceJobView};
use super::told::ToldProgress;
use crate::app::App;
use crate::bulk::BulkSearch;
use crate::concurrency::{beside, threads};
use crate::contact_row::ContactRow;
use crate::error::{Kind, Result, ServiceError};
use crate::jobs::note;
use crate::search_rules::bulk_case;
use crate::session::StaffSession;
use crate::staff::access::{Look, Power, Recorder};
use crate::staff::parallel::{BoxFuture, run_concurrently};
use crate::staff::what::What;
use crate::staff::{conflict, wrong};

/// Cases of one job.
pub const MOST_CASES: usize = 20_000;
/// Contacts of one job: some 70 MB.
pub const MOST_CONTACTS: usize = 1_000_000;
/// Contacts of one page.
pub const MOST_ON_A_PAGE: u32 = 500;
/// Listeners of one job's progress.
const MOST_LISTENERS: usize = 8;

/// What is asked of a job.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TraceJobInput {
    /// From which cases; left out: all that stand, in the region.
    #[serde(default)]
    pub cases: Option<Vec<CaseId>>,
    /// 1: close contacts; 2: also theirs. Left out: as the policy says.
    #[serde(default)]
    pub hops: Option<u32>,
    /// Record what is found as evidence, as single traces do?
    #[serde(default)]
    pub record: bool,
}

/// One contact of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobContact {
    /// What was found.
    #[serde(flatten)]
    pub row: ContactRow,
    /// Their colour now; `None` for people who live outside the region.
    pub colour: Option<Colour>,
}

/// A part of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JobContactPage {
    /// In the order asked for.
    pub contacts: Vec<JobContact>,
    /// Contacts in all.
    pub total: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<u32>,
}

impl App {
    /// Starts tracing many cases. They must live in the region; their contacts may live anywhere.
    pub async fn start_trace_job(
        self: &Arc<Self>,
        session: &StaffSession,
        input: &TraceJobInput,
    ) -> Result<TraceJobView> {
        let recorder = self.recorder(session, EvidenceKind::Contact)?;
        let policy_hops = self.policy().max_hops();
        let hops = input.hops.unwrap_or(policy_hops);
        if !(1..=2).contains(&hops) {
            return Err(wrong("hops", "trace_job.hops", "Write 1 or 2."));
        }
        if input.record && hops != policy_hops {
            return Err(wrong(
                "hops",
                "trace_job.hops_of_policy",
                format!("What is recorded follows the policy: {policy_hops}. Leave this out."),
            ));
        }
        let cases = match &input.cases {
            Some(ids) => self.named_cases(&recorder, ids).await?,
            None => self.cases_to_trace(&recorder).await?,
        };
        let job = Arc::new(Running {
            id: TraceJobId::from_random(self.deployment.rng.bits()),
            staff: session.staff().id,
            hops,
            record: input.record,
            cases: u32::try_from(cases.len()).unwrap_or(u32::MAX),
            started_at: self.now(),
            stop: AtomicBool::new(false),
            progress: watch::Sender::new(Progress {
                state: TraceJobState::Waiting,
                done: 0,
                contacts: 0,
                recorded: 0,
                withdrawn: 0,
                over_at: None,
                problem: None,
            }),
            found: Mutex::default(),
        });
        self.work.trace_jobs.forget_old(self.now());
        self.work.trace_jobs.add(&job)?;
        self.tell_trace_job(&job).await?;
        let (app, running) = (Arc::clone(self), Arc::clone(&job));
        tokio::spawn(async move { app.work(&running, cases, recorder).await });
        let (app, running) = (Arc::clone(self), Arc::clone(&job));
        tokio::spawn(async move { app.keep_telling(&running).await });
        Ok(job.view())
    }

    async fn named_cases(&self, recorder: &Recorder, ids: &[CaseId]) -> Result<Vec<Case>> {
        let ids: BTreeSet<_> = ids.iter().copied().collect();
        if ids.is_empty() || ids.len() > MOST_CASES {
            return Err(wrong(
                "cases",
                "trace_job.cases",
                format!("Name 1 to {MOST_CASES} cases, or none for all that stand."),
            ));
        }
        let mut cases = Vec::with_capacity(ids.len());
        for id in ids {
            // Which one it is helps whoever pasted a list, and was sent by them.
            let named = |mut e: ServiceError| {
                e.detail = format!("{id}: {}", e.detail);
                e
            };
            let (case, _) = self.case_inside(recorder, id).await.map_err(named)?;
            if case.withdrawn_at.is_some() {
                return Err(named(crate::staff::cases::withdrawn()));
            }
            cases.push(case);
        }
        Ok(cases)
    }

    /// The cases of the region that are not withdrawn and whose time is not quite past: those who
    /// could infect others on a day of which visits are kept.
    async fn cases_to_trace(&self, recorder: &Recorder) -> Result<Vec<Case>> {
        let (policy, now) = (self.policy(), self.now());
        let kept_from = crate::search_rules::kept_from(&policy, now);
        let mut cases = self.standing_cases(Some(recorder.region()), kept_from).await?;
        cases.retain(|case| bulk_case(case, &policy, now).window.to > kept_from);
        if cases.is_empty() {
            return Err(conflict("trace_job.no_cases", "There is no open case in your region."));
        }
        if cases.len() > MOST_CASES {
            return Err(conflict(
                "trace_job.too_many_cases",
                format!("More than {MOST_CASES} cases are open. Name them in parts."),
            ));
        }
        Ok(cases)
    }

    async fn work(self: &Arc<Self>, job: &Arc<Running>, cases: Vec<Case>, recorder: Recorder) {
        let Ok(_one) = self.work.trace_jobs.one.acquire().await else { return };
        let result = if job.stopped() {
            Ok(None)
        } else {
            job.progress.send_modify(|p| p.state = TraceJobState::Running);
            if job.record {
                self.record_all(job, &cases, &recorder).await
            } else {
                self.search_all(job, cases).await
            }
        };
        let result = match result {
            Ok(Some(found)) => self.tell_contacts(job, &found).await.map(|()| Some(found)),
            other => other,
        };
        let now = self.now();
        match result {
            Ok(Some(found)) => {
                *job.found.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(found);
                job.over(TraceJobState::Done, None, now);
            }
            Ok(None) if job.progress.borrow().contacts > MOST_CONTACTS => {
                job.over(TraceJobState::Failed, Some("trace_job.too_many_contacts"), now);
            }
            Ok(None) => job.over(TraceJobState::Cancelled, None, now),
            Err(e) => {
                tracing::error!(job = %job.id, error = %e, "a trace of many cases failed");
                job.over(TraceJobState::Failed, Some(e.code), now);
            }
        }
        note("trace_job", &self.tell_trace_job(job).await);
    }

    /// Searches a snapshot on a thread of its own; records nothing.
    async fn search_all(
        self: &Arc<Self>,
        job: &Arc<Running>,
        cases: Vec<Case>,
    ) -> Result<Option<Found>> {
        let (app, job) = (Arc::clone(self), Arc::clone(job));
        let work = move || {
            let (policy, now) = (app.policy(), app.now());
            let inputs: Vec<_> = cases.iter().map(|c| bulk_case(c, &policy, now)).collect();
            let hops = u8::try_from(job.hops).unwrap_or(2);
            let search = BulkSearch::of(&app.memory, app.now()).with_hops(hops);
            // A thousand times in all is often enough to be told.
            let step = inputs.len().div_ceil(1000).max(1);
            let rows = search.run(&inputs, threads(), &|p| {
                let go_on = !job.stopped() && p.contacts <= MOST_CONTACTS;
                if p.done % step == 0 || p.done == inputs.len() || !go_on {
                    // One thread may overtake another between the search and this; and within a
                    // case it is asked again and again.
                    job.progress.send_if_modified(|now| {
                        let news = p.done > now.done || p.contacts > now.contacts;
                        (now.done, now.contacts) =
                            (now.done.max(p.done), now.contacts.max(p.contacts));
                        news
                    });
                }
                go_on
            });
            rows.map(Found::new)
        };
        beside(work).await
    }

    /// Traces case by case as by hand, evidence included.
    async fn record_all(
        self: &Arc<Self>,
        job: &Running,
        cases: &[Case],
        recorder: &Recorder,
    ) -> Result<Option<Found>> {
        let mut rows = Vec::new();
        for case in cases {
            // Whoever may not sign in any more records nothing any more either.
            let ended = self.store.staff(job.staff).await?.is_none_or(|s| s.disabled_at.is_some());
            if job.stopped() || ended || rows.len() > MOST_CONTACTS {
                return Ok(None);
            }
            let (report, found) = match self.run_trace_with_rows(recorder, case.id).await {
                Ok(done) => done,
                // Withdrawn meanwhile: there is nothing to trace from.
                Err(e) if e.code == "case.withdrawn" => continue,
                Err(e) => return Err(e),
            };
            rows.extend(found);
            job.progress.send_modify(|p| {
                p.done += 1;
                p.contacts = rows.len();
                p.recorded += report.contacts_recorded;
                p.withdrawn += report.contacts_withdrawn;
            });
        }
        rows.sort_unstable_by_key(ContactRow::by_case);
        Ok(Some(Found::new(rows)))
    }

    /// A job of this member of staff that this process does or did.
    fn trace_job_here(&self, staff: StaffId, id: TraceJobId) -> Option<Arc<Running>> {
        self.work.trace_jobs.forget_old(self.now());
        self.work.trace_jobs.jobs().get(&id).filter(|j| j.staff == staff).cloned()
    }

    /// How far a job is, whichever server does it.
    pub async fn trace_job(&self, session: &StaffSession, id: TraceJobId) -> Result<TraceJobView> {
        let staff = session.need(Power::RunTrace)?.id;
        match self.trace_job_here(staff, id) {
            Some(job) => Ok(job.view()),
            None => self.told_trace_job(staff, id).await?.ok_or_else(no_job),
        }
    }

    /// The jobs of this member of staff, newest first.
    pub async fn list_trace_jobs(&self, session: &StaffSession) -> Result<Vec<TraceJobView>> {
        let staff = session.need(Power::RunTrace)?.id;
        self.work.trace_jobs.forget_old(self.now());
        let mut own = self.told_trace_jobs(staff).await?;
        {
            let jobs = self.work.trace_jobs.jobs();
            own.retain(|told| !jobs.contains_key(&told.job));
            own.extend(jobs.values().filter(|j| j.staff == staff).map(|j| j.view()));
        }
        own.sort_by_key(|j| std::cmp::Reverse((j.started_at, j.job)));
        Ok(own)
    }

    /// The progress of a job, to be listened to.
    pub async fn follow_trace_job(
        self: &Arc<Self>,
        session: &StaffSession,
        id: TraceJobId,
    ) -> Result<TraceJobProgress> {
        let staff = session.need(Power::RunTrace)?.id;
        let Some(job) = self.trace_job_here(staff, id) else {
            self.trace_job(session, id).await?;
            let told = ToldProgress { app: Arc::clone(self), staff, id, told: None };
            return Ok(TraceJobProgress(Source::Elsewhere(told)));
        };
        if job.progress.receiver_count() > MOST_LISTENERS {
            return Err(ServiceError::new(
                Kind::TooMany,
                "trace_job.too_many_listeners",
                "Too many pages listen to this job. Close some of them.",
            )
            .retry_after(10));
        }
        let changes = job.progress.subscribe();
        Ok(TraceJobProgress(Source::Here { job, changes, told: None }))
    }

    /// Stops a job that is under way; forgets the result of one that is over.
    pub async fn cancel_trace_job(&self, session: &StaffSession, id: TraceJobId) -> Result<()> {
        let view = self.trace_job(session, id).await?;
        let here = self.trace_job_here(session.staff().id, id);
        if view.state.is_over() {
            self.work.trace_jobs.jobs().remove(&id);
            return self.forget_job(id.as_i64()).await;
        }
        match here {
            Some(job) => job.stop.store(true, Ordering::Relaxed),
            None => self.stop_job(id.as_i64()).await?,
        }
        Ok(())
    }

    /// A part of the result. Looking at it is written down for every contact who lives in the
    /// region; of the others the colour is not told.
    pub async fn trace_job_contacts(
        &self,
        session: &StaffSession,
        id: TraceJobId,
        order: JobOrder,
        after: u32,
        limit: u32,
    ) -> Result<JobContactPage> {
        let view = self.trace_job(session, id).await?;
        if view.state != TraceJobState::Done {
            return Err(conflict(
                "trace_job.not_done",
                "This job has no result (yet). Look at its state.",
            ));
        }
        let staff = session.staff().id;
        let job = match self.trace_job_here(staff, id) {
            Some(job) => job,
            None => self.fetch_trace_job(staff, &view).await?,
        };
        let limit = limit.clamp(1, MOST_ON_A_PAGE);
        let found = job.found();
        let mut rows = found.page(order, after, limit);
        let end = after.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX));
        // Nothing is shown of cases that were withdrawn since; of the others their person sees it.
        let mut persons = BTreeMap::new();
        for id in rows.iter().map(|r| r.case).collect::<BTreeSet<_>>() {
            let case = self.store.case(id).await?.filter(|c| c.withdrawn_at.is_none());
            persons.extend(case.map(|c| (id, c.holder)));
        }
        rows.retain(|r| persons.contains_key(&r.case));
        let mut holders: Vec<_> = rows.iter().map(|r| r.holder).collect();
        holders.extend(persons.into_values());
        let look =
            Look { power: Power::RunTrace, purpose: Purpose::ContactTracing, what: What::Visits };
        let people = self.note_listed(session, &holders, look).await?;
        let units: Vec<BoxFuture<'_, _>> =
            people.iter().map(|h| Box::pin(self.colour_now(h.id)) as BoxFuture<'_, _>).collect();
        let mut colours = BTreeMap::new();
        for found in run_concurrently(units).await {
            colours.extend(self.or_set_aside(found)?);
        }
        Ok(JobContactPage {
            total: found.rows.len() as u64,
            next: ((end as usize) < found.rows.len()).then_some(end),
            contacts: rows
                .into_iter()
                .map(|row| JobContact { colour: colours.get(&row.holder).copied(), row })
                .collect(),
        })
    }
}

fn no_job() -> ServiceError {
    ServiceError::not_found(
        "trace_job.not_found",
        "There is no such job of yours, or its result has expired. Start it again.",
    )
}

/// The progress of one job, as it changes.
pub struct TraceJobProgress(Source);

enum Source {
    Here { job: Arc<Running>, changes: watch::Receiver<Progress>, told: Option<TraceJobState> },
    Elsewhere(ToldProgress),
}

impl fmt::Debug for TraceJobProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceJobProgress").finish_non_exhaustive()
    }
}

impl TraceJobProgress {
    /// The job as it is at first, then after each change; `None` when its end has been told.
    pub async fn next(&mut self) -> Option<TraceJobView> {
        let (job, changes, told) = match &mut self.0 {
            Source::Here { job, changes, told } => (job, changes, told),
            Source::Elsewhere(progress) => return progress.next().await,
        };
        if told.is_some_and(TraceJobState::is_over) {
            return None;
        }
        if told.is_some() {
            changes.changed().await.ok()?;
        }
        changes.borrow_and_update();
        let view = job.view();
        *told = Some(view.state);
        Some(view)
    }
}

//! What-ifs in the console: a policy or a risk level replayed over the present evidence, in the
//! background. Results are kept for an hour.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jadegate_domain::id::WhatIfId;
use jadegate_domain::{Division, Timestamp};
use jadegate_policy::WhatIf;
use jadegate_store::Page;
use serde::Serialize;

use super::change::{ChangeInput, ChangeView, as_evidence, differences_of, parse_policy};
use super::proposed::{DifferenceView, ProposedChange};
use super::runs::{Attached, Outcome, Run, Share, ToldRun, WHAT_IF};
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::jobs::note;
use crate::session::StaffSession;
use crate::shared_jobs::{EVERY, read_job};
use crate::staff::access::Power;
use crate::what_if::{Progress, Question, Touched, ask, basis_points};

/// Small changes that needed no second officer count together over so many seconds.
const TOGETHER_SECONDS: i64 = 86_400;

/// What a change would do, with what smaller changes of the last day did, against the mandate.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    /// The worst division: its share in hundredths of a percent.
    pub(crate) worst: Option<(u32, Share)>,
    /// People turned from green to another colour, wherever they live.
    pub(crate) people: u64,
}

impl Measured {
    /// Does it go beyond a share of any division's people, or beyond a number of people? A share alone
    /// would let through more people the larger the division is.
    pub(crate) fn exceeds(&self, basis_points: u32, people: u64) -> bool {
        self.people > people
            || self.worst.as_ref().is_some_and(|(points, _)| *points > basis_points)
    }
}

/// How far a what-if has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhatIfState {
    /// Under way.
    Running,
    /// The result is there.
    Done,
    /// It could not be made; nothing was changed.
    Failed,
    /// Stopped.
    Cancelled,
}

/// People looked at so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgressView {
    /// Steps done.
    pub done: u64,
    /// Steps in all; 0 while it is being found out.
    pub of: u64,
}

/// A what-if and, once it is done, its result.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhatIfView {
    /// The id of this what-if.
    pub id: WhatIfId,
    /// How far it has come.
    pub state: WhatIfState,
    /// Steps done.
    pub progress: ProgressView,
    /// What would change.
    pub change: ChangeView,
    /// Would it need a second officer? Null until it is done.
    pub needs_second_officer: Option<bool>,
    /// The worst division.
    pub share: Option<Share>,
    /// The mandate's threshold in percent.
    pub threshold_percent: f64,
    /// People turned from green to another colour, those of smaller changes of the last 24 hours
    /// with them. Null until it is done.
    pub confined_people: Option<u64>,
    /// The mandate's threshold in people; whichever of the two is passed first counts.
    pub threshold_people: u64,
    /// The result.
    pub result: Option<WhatIf>,
    /// What the new policy says differently; empty for a risk level.
    pub differences: Vec<DifferenceView>,
    /// When it was begun.
    pub made_at: Timestamp,
    /// Until when it can be attached to a proposal.
    pub valid_until: Timestamp,
}

/// Proposals read at once.
const PAGE: u32 = 100;

impl App {
    /// Starts a what-if in the background.
    pub async fn start_what_if(
        self: &Arc<Self>,
        session: &StaffSession,
        input: &ChangeInput,
    ) -> Result<WhatIfView> {
        let change = self.change(session, input).await?;
        let now = self.now();
        let run = Arc::new(Run {
            id: WhatIfId::from_random(self.deployment.rng.bits()),
            by: session.staff().id,
            change,
            made_at: now,
            valid_until: now.plus_secs(self.deployment.settings.what_if_seconds),
            progress: Arc::new(Progress::default()),
            outcome: Mutex::new(Outcome::Running),
        });
        self.work.what_ifs.begin(Arc::clone(&run), now)?;
        self.tell_job(run.head(), false, run.valid_until, &run.told()).await?;
        let (app, work) = (Arc::clone(self), Arc::clone(&run));
        tokio::spawn(async move { app.run_what_if(&work).await });
        self.what_if_view(&run)
    }

    /// Runs it, and says to other servers how far it has come.
    async fn run_what_if(&self, run: &Run) {
        let replay = self.replay(&run.change, Arc::clone(&run.progress));
        let mut replay = std::pin::pin!(replay);
        let outcome = loop {
            tokio::select! {
                ended = &mut replay => break match ended {
                    Ok(Some(attached)) => Outcome::Done(Arc::new(attached)),
                    Ok(None) => Outcome::Cancelled,
                    Err(e) => {
                        tracing::error!(error = %e, "a what-if failed");
                        Outcome::Failed
                    }
                },
                () = tokio::time::sleep(EVERY) => {
                    if self.is_job_stopped(run.id.as_i64()).await {
                        run.progress.cancel();
                    } else {
                        let told = run.told();
                        note("what_if", &self.tell_job(run.head(), false, run.valid_until, &told).await);
                    }
                }
            }
        };
        run.end(outcome);
        if matches!(run.outcome(), Outcome::Cancelled) {
            note("what_if", &self.forget_job(run.id.as_i64()).await);
        } else {
            note("what_if", &self.tell_job(run.head(), true, run.valid_until, &run.told()).await);
        }
    }

    /// One's own what-if, whichever server runs or ran it.
    pub(super) async fn whose_what_if(
        &self,
        session: &StaffSession,
        id: WhatIfId,
    ) -> Result<Arc<Run>> {
        let by = session.need_any(Power::CHANGE)?.id;
        if let Some(run) = self.work.what_ifs.of(by, id) {
            return Ok(run);
        }
        let told = self.told_job(by, WHAT_IF, id.as_i64()).await?.filter(|job| !job.stop);
        let job = told.ok_or_else(|| {
            ServiceError::not_found(
                "what_if.not_found",
                "There is no such what-if of yours any more. Results are kept for an hour; run it again.",
            )
        })?;
        let told: ToldRun = read_job(&job)?;
        let lost = self.is_job_lost(&job);
        let outcome = if lost { Outcome::Failed } else { told.outcome.into() };
        Ok(Arc::new(Run {
            id,
            by,
            change: told.change,
            made_at: job.started_at,
            valid_until: told.valid_until,
            progress: Arc::new(Progress::at(told.progress)),
            outcome: Mutex::new(outcome),
        }))
    }

    /// One's own what-if.
    pub async fn what_if(&self, session: &StaffSession, id: WhatIfId) -> Result<WhatIfView> {
        self.what_if_view(self.whose_what_if(session, id).await?.as_ref())
    }

    /// Stops one's own what-if and forgets its result.
    pub async fn cancel_what_if(&self, session: &StaffSession, id: WhatIfId) -> Result<()> {
        let run = self.whose_what_if(session, id).await?;
        if self.work.what_ifs.of(run.by, id).is_none() && matches!(run.outcome(), Outcome::Running)
        {
            // Its own server hears of it and forgets it.
            return self.stop_job(id.as_i64()).await;
        }
        run.progress.cancel();
        // The place is free at once; the thread hears of it at its next step.
        run.end(Outcome::Cancelled);
        self.forget_what_if(id).await
    }

    /// It was used, or is not wanted any more.
    pub(super) async fn forget_what_if(&self, id: WhatIfId) -> Result<()> {
        self.work.what_ifs.forget(id);
        self.forget_job(id.as_i64()).await
    }

    /// Replays a change over the present evidence; `None` if it was cancelled.
    pub(crate) async fn replay(
        &self,
        change: &ProposedChange,
        progress: Arc<Progress>,
    ) -> Result<Option<Attached>> {
        let rule_set = self.rule_set();
        let risks_before = rule_set.regions.evidence.clone();
        let mut question = Question {
            policy_before: Arc::clone(&rule_set.policy),
            policy_after: Arc::clone(&rule_set.policy),
            risks_after: risks_before.clone(),
            risks_before,
            at: rule_set.now,
            also: Vec::new(),
            seed: self.deployment.rng.bits(),
        };
        let mut differences = Vec::new();
        match change {
            ProposedChange::Policy { text } => {
                let after = parse_policy(text)?;
                differences = differences_of(&rule_set.policy, &after);
                question.policy_after = Arc::new(after);
            }
            // It turns nobody another colour.
            ProposedChange::Mandate { .. } | ProposedChange::MandateEnd => {}
            ProposedChange::Region { entries } => {
                question.risks_after.extend(entries.iter().map(|e| as_evidence(e, rule_set.now)));
                // What begins later is looked at when it has begun.
                let mut later: Vec<Timestamp> =
                    entries.iter().map(|e| e.from).filter(|t| *t > rule_set.now).collect();
                later.sort_unstable();
                later.dedup();
                if let Some(last) = later.pop() {
                    question.at = last;
                    question.also = later;
                    question.also.push(rule_set.now);
                }
            }
        }
        let Some(answer) = ask(self.store.as_ref(), question, progress).await? else {
            return Ok(None);
        };
        let limits = self.limits();
        let threshold = limits.second_officer_basis_points();
        let threshold_people = limits.second_officer_people;
        let measured = self.measure(&answer.touched).await?;
        let needs = change.is_of_mandate() || measured.exceeds(threshold, threshold_people);
        Ok(Some(Attached {
            made_at: rule_set.now,
            policy: rule_set.policy.reference(),
            regions_version: rule_set.regions.version,
            result: answer.result,
            touched: answer.touched,
            share: measured.worst.map(|(_, share)| share),
            needs_second_officer: needs,
            threshold,
            confined_people: measured.people,
            threshold_people: Some(threshold_people),
            differences,
        }))
    }

    /// What a change does, with what smaller changes of the last day did that needed nobody else: a
    /// large change in small slices is a large change.
    pub(crate) async fn measure(&self, touched: &[Touched]) -> Result<Measured> {
        let since = self.now().plus_secs(-TOGETHER_SECONDS);
        let mut lately: BTreeMap<Division, u64> = BTreeMap::new();
        let mut page = Page::first(PAGE);
        loop {
            let some = self.store.proposals_applied_alone(since, page).await?;
            let Some(last) = some.last() else { break };
            page.after = Some(last.id);
            for p in some {
                let attached: Attached =
                    serde_json::from_str(&p.what_if).map_err(ServiceError::internal)?;
                for t in attached.touched {
                    *lately.entry(t.division).or_default() += t.newly_confined;
                }
            }
        }
        let with_lately = |t: &Touched| {
            let more = lately.get(&t.division).copied().unwrap_or(0);
            t.newly_confined.saturating_add(more).min(t.people)
        };
        let worst = touched
            .iter()
            .map(|t| (basis_points(with_lately(t), t.people), t))
            .max_by_key(|(points, t)| (*points, t.newly_confined));
        // Divisions lie inside each other; countries do not.
        let country = |d: &Division| d.path().is_empty();
        let now = touched.iter().filter(|t| country(&t.division)).map(|t| t.newly_confined);
        let before = lately.iter().filter(|(d, _)| country(d)).map(|(_, n)| *n);
        let people = now.chain(before).fold(0_u64, u64::saturating_add);
        let worst = worst.map(|(points, t)| {
            let share = Share {
                division: t.division.clone(),
                name: self.division_name(&t.division),
                percent: percent(points),
                newly_confined: with_lately(t),
                people: t.people,
                at: t.at,
            };
            (points, share)
        });
        Ok(Measured { worst, people })
    }

    fn what_if_view(&self, run: &Run) -> Result<WhatIfView> {
        let outcome = run.outcome();
        let (state, attached) = match &outcome {
            Outcome::Running => (WhatIfState::Running, None),
            Outcome::Done(attached) => (WhatIfState::Done, Some(attached)),
            Outcome::Failed => (WhatIfState::Failed, None),
            Outcome::Cancelled => (WhatIfState::Cancelled, None),
        };
        let (done, of) = run.progress.steps();
        let limits = self.limits();
        Ok(WhatIfView {
            id: run.id,
            state,
            progress: ProgressView { done, of },
            change: self.change_view(&run.change, false)?,
            needs_second_officer: attached.map(|a| a.needs_second_officer),
            share: attached.and_then(|a| a.share.clone()),
            threshold_percent: percent(limits.second_officer_basis_points()),
            confined_people: attached.map(|a| a.confined_people),
            threshold_people: limits.second_officer_people,
            result: attached.map(|a| a.result.clone()),
            differences: attached.map(|a| a.differences.clone()).unwrap_or_default(),
            made_at: run.made_at,
            valid_until: run.valid_until,
        })
    }
}

/// Hundredths of a percent as percent.
pub(crate) fn percent(basis_points: u32) -> f64 {
    f64::from(basis_points) / 100.0
}

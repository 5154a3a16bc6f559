//! What-ifs in the console: a policy or a risk level replayed over the present evidence, in the
//! background. Results live in memory for an hour; nothing is written.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jadegate_domain::assessment::Texts;
use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::id::WhatIfId;
use jadegate_domain::{AgencyId, Division, Evidence, EvidenceId, PolicyRef, StaffId, Timestamp};
use jadegate_policy::{Policy, WhatIf};
use jadegate_store::ProposalState;
use serde::{Deserialize, Serialize};

use super::access::Power;
use super::regions::RegionInput;
use super::{conflict, wrong};
use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::session::StaffSession;
use crate::what_if::{Progress, Question, Touched, ask, basis_points};

/// What-ifs that run at once: each keeps everybody's evidence in memory.
const AT_ONCE: usize = 2;
/// Results kept at most.
const MOST_KEPT: usize = 32;
/// Longest policy file.
const MOST_POLICY_BYTES: usize = 512 * 1024;
/// Entries of a list that a summary names.
const MOST_NAMED: usize = 50;
/// Small changes that needed no second officer count together over so many seconds.
const TOGETHER_SECONDS: i64 = 86_400;

/// A change as typed.
#[derive(Clone, Debug)]
pub enum ChangeInput {
    /// Publish this policy file.
    Policy {
        /// The whole file.
        text: String,
    },
    /// Set this risk level.
    Region(RegionInput),
}

/// What is to change. Its JSON form is stored with a proposal, and its digest is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Change {
    /// Publish a policy.
    Policy {
        /// The whole file.
        text: String,
    },
    /// Raise risk levels.
    Region {
        /// Each of them.
        entries: Vec<RegionEntry>,
    },
}

/// A risk level to be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RegionEntry {
    pub(crate) id: EvidenceId,
    pub(crate) division: Division,
    pub(crate) level: RiskLevel,
    pub(crate) from: Timestamp,
    pub(crate) to: Option<Timestamp>,
}

impl RegionEntry {
    /// The level as it stands once an agency has set it.
    pub(crate) fn risk(&self, agency: AgencyId, recorded_at: Timestamp) -> RegionRisk {
        RegionRisk {
            id: self.id,
            division: self.division.clone(),
            level: self.level,
            from: self.from,
            to: self.to,
            recorded_at,
            agency,
        }
    }
}

impl Change {
    /// The word of the public log.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Policy { .. } => "policy",
            Self::Region { .. } => "region",
        }
    }

    /// The power it needs.
    pub(crate) const fn power(&self) -> Power {
        match self {
            Self::Policy { .. } => Power::PublishPolicy,
            Self::Region { .. } => Power::SetRegion,
        }
    }

    /// Its stored form and its digest.
    pub(crate) fn stored(&self) -> Result<(String, [u8; 32])> {
        let text = serde_json::to_string(self).map_err(ServiceError::internal)?;
        let digest = crate::log::sha256(text.as_bytes());
        Ok((text, digest))
    }
}

/// One risk level of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegionLine {
    /// Where.
    pub division: Division,
    /// Its name.
    pub name: String,
    /// How high.
    pub level: RiskLevel,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Option<Timestamp>,
}

/// What is to change, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChangeView {
    /// A policy is published.
    Policy {
        /// Which.
        policy: PolicyRef,
        /// Its title, in languages.
        title: Texts,
        /// The whole file, where one change is asked for by itself.
        text: Option<String>,
    },
    /// A risk level is set.
    Region(RegionLine),
    /// Risk levels of a list are set.
    Regions {
        /// How many.
        count: u64,
        /// The first of them.
        entries: Vec<RegionLine>,
    },
}

/// One thing that two policies say differently, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DifferenceView {
    /// What it is about.
    pub about: String,
    /// What the policy in force says; null if nothing.
    pub before: Option<String>,
    /// What the new one says; null if nothing.
    pub after: Option<String>,
}

/// The worst share of a division's people turned from green to another colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Share {
    /// Where.
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
    pub(crate) differences: Vec<DifferenceView>,
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
    /// Which.
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
    /// The result.
    pub result: Option<WhatIf>,
    /// What the new policy says differently; empty for a risk level.
    pub differences: Vec<DifferenceView>,
    /// When it was begun.
    pub made_at: Timestamp,
    /// Until when it can be attached to a proposal.
    pub valid_until: Timestamp,
}

#[derive(Clone, Debug)]
enum Outcome {
    Running,
    Done(Arc<Attached>),
    Failed,
    Cancelled,
}

/// One what-if.
#[derive(Debug)]
pub(crate) struct Run {
    id: WhatIfId,
    by: StaffId,
    pub(crate) change: Change,
    made_at: Timestamp,
    pub(crate) valid_until: Timestamp,
    progress: Arc<Progress>,
    outcome: Mutex<Outcome>,
}

impl Run {
    fn outcome(&self) -> Outcome {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets how it ended, unless it was stopped before.
    fn end(&self, outcome: Outcome) {
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
    fn begin(&self, run: Arc<Run>, now: Timestamp) -> Result<()> {
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

    /// Somebody's own.
    pub(crate) fn of(&self, by: StaffId, id: WhatIfId) -> Result<Arc<Run>> {
        let run = self.all().get(&id).filter(|r| r.by == by).cloned();
        run.ok_or_else(|| {
            ServiceError::not_found(
                "what_if.not_found",
                "There is no such what-if of yours any more. Results are kept for an hour; run it again.",
            )
        })
    }

    /// One that was attached is used.
    pub(crate) fn forget(&self, id: WhatIfId) {
        self.all().remove(&id);
    }
}

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
            id: WhatIfId::from_random(self.rng.bits()),
            by: session.staff().id,
            change,
            made_at: now,
            valid_until: now.plus_secs(self.settings.what_if_seconds),
            progress: Arc::new(Progress::default()),
            outcome: Mutex::new(Outcome::Running),
        });
        self.what_ifs.begin(Arc::clone(&run), now)?;
        let (app, work) = (Arc::clone(self), Arc::clone(&run));
        tokio::spawn(async move {
            let outcome = match app.replay(&work.change, Arc::clone(&work.progress)).await {
                Ok(Some(attached)) => Outcome::Done(Arc::new(attached)),
                Ok(None) => Outcome::Cancelled,
                Err(e) => {
                    tracing::error!(error = %e, "a what-if failed");
                    Outcome::Failed
                }
            };
            work.end(outcome);
        });
        self.what_if_view(&run)
    }

    /// One's own what-if.
    pub fn what_if(&self, session: &StaffSession, id: WhatIfId) -> Result<WhatIfView> {
        self.what_if_view(self.what_ifs.of(session.staff().id, id)?.as_ref())
    }

    /// Stops one's own what-if and forgets its result.
    pub fn cancel_what_if(&self, session: &StaffSession, id: WhatIfId) -> Result<()> {
        let run = self.what_ifs.of(session.staff().id, id)?;
        run.progress.cancel();
        // The place is free at once; the thread hears of it at its next step.
        run.end(Outcome::Cancelled);
        self.what_ifs.forget(id);
        Ok(())
    }

    /// The change that was typed, if it is one and this member of staff may ask for it.
    async fn change(&self, session: &StaffSession, input: &ChangeInput) -> Result<Change> {
        let change = match input {
            ChangeInput::Policy { text } => {
                session.need(Power::PublishPolicy)?;
                if text.len() > MOST_POLICY_BYTES {
                    return Err(wrong("text", "policy.too_long", "This file is too long."));
                }
                Change::Policy { text: text.clone() }
            }
            ChangeInput::Region(region) => {
                session.need(Power::SetRegion)?;
                Change::Region { entries: vec![self.region_entry(region)?] }
            }
        };
        self.may_change(session, &change).await?;
        self.changeable(&change)?;
        Ok(change)
    }

    /// Has this member of staff the power over everybody whom the change concerns?
    pub(crate) async fn may_change(&self, session: &StaffSession, change: &Change) -> Result<()> {
        let staff = session.need(change.power())?;
        match change {
            Change::Region { entries } => {
                self.recorder(session, jadegate_domain::EvidenceKind::RegionRisk)?;
                if entries.iter().all(|e| staff.region.contains(&e.division)) {
                    return Ok(());
                }
                Err(ServiceError::forbidden(
                    "region.outside",
                    "This division is outside your region.",
                ))
            }
            // A policy is everybody's: only the widest health commission that there is publishes.
            Change::Policy { .. } => {
                let wider = |a: &jadegate_domain::agency::Agency| {
                    a.kind == staff.agency_kind
                        && a.region != staff.region
                        && a.region.contains(&staff.region)
                };
                if !self.store.agencies().await?.iter().any(wider) {
                    return Ok(());
                }
                Err(ServiceError::forbidden(
                    "policy.wider_region",
                    "A policy holds for everybody registered here: only staff of the health commission with the widest region publish one.",
                ))
            }
        }
    }

    /// Could the change take effect now?
    pub(crate) fn changeable(&self, change: &Change) -> Result<()> {
        let Change::Policy { text } = change else { return Ok(()) };
        let policy = parse_policy(text)?;
        let (new, old) = (policy.reference(), self.policy().reference());
        if new.digest == old.digest {
            return Err(conflict("policy.same", "This is the policy in force."));
        }
        if new.id == old.id && new.version <= old.version {
            return Err(wrong(
                "text",
                "policy.version_not_higher",
                format!(
                    "Version {} of this policy is in force. Give the new file a higher version.",
                    old.version
                ),
            ));
        }
        if policy.valid_to().is_some_and(|to| to <= self.now()) {
            return Err(wrong("text", "policy.over", "This policy's validity has ended."));
        }
        Ok(())
    }

    /// Replays a change over the present evidence; `None` if it was cancelled.
    pub(crate) async fn replay(
        &self,
        change: &Change,
        progress: Arc<Progress>,
    ) -> Result<Option<Attached>> {
        let basis = self.basis();
        let risks_before = basis.regions.evidence.clone();
        let mut question = Question {
            policy_before: Arc::clone(&basis.policy),
            policy_after: Arc::clone(&basis.policy),
            risks_after: risks_before.clone(),
            risks_before,
            at: basis.now,
            also: Vec::new(),
            seed: self.rng.bits(),
        };
        let mut differences = Vec::new();
        match change {
            Change::Policy { text } => {
                let after = parse_policy(text)?;
                differences = differences_of(&basis.policy, &after);
                question.policy_after = Arc::new(after);
            }
            Change::Region { entries } => {
                question.risks_after.extend(entries.iter().map(|e| as_evidence(e, basis.now)));
                // What begins later is looked at when it has begun.
                let mut later: Vec<Timestamp> =
                    entries.iter().map(|e| e.from).filter(|t| *t > basis.now).collect();
                later.sort_unstable();
                later.dedup();
                if let Some(last) = later.pop() {
                    question.at = last;
                    question.also = later;
                    question.also.push(basis.now);
                }
            }
        }
        let Some(answer) = ask(self.store.as_ref(), question, progress).await? else {
            return Ok(None);
        };
        let threshold = self.settings.second_officer_basis_points;
        let share = self.share(&answer.touched).await?;
        let needs = share.as_ref().is_some_and(|(points, _)| *points > threshold);
        Ok(Some(Attached {
            made_at: basis.now,
            policy: basis.policy.reference(),
            regions_version: basis.regions.version,
            result: answer.result,
            touched: answer.touched,
            share: share.map(|(_, share)| share),
            needs_second_officer: needs,
            threshold,
            differences,
        }))
    }

    /// The worst share, with what smaller changes of the last day did that needed nobody else: a
    /// large change in small slices is a large change.
    pub(crate) async fn share(&self, touched: &[Touched]) -> Result<Option<(u32, Share)>> {
        let since = self.now().plus_secs(-TOGETHER_SECONDS);
        let mut lately: BTreeMap<Division, u64> = BTreeMap::new();
        for p in self.store.proposals(since, 1000).await? {
            let alone = p.decision.as_ref().is_some_and(|d| d.by.is_none());
            if p.state != ProposalState::Applied || !alone {
                continue;
            }
            let attached: Attached =
                serde_json::from_str(&p.what_if).map_err(ServiceError::internal)?;
            for t in attached.touched {
                *lately.entry(t.division).or_default() += t.newly_confined;
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
        Ok(worst.map(|(points, t)| {
            let share = Share {
                division: t.division.clone(),
                name: self.division_name(&t.division),
                percent: percent(points),
                newly_confined: with_lately(t),
                people: t.people,
                at: t.at,
            };
            (points, share)
        }))
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
        Ok(WhatIfView {
            id: run.id,
            state,
            progress: ProgressView { done, of },
            change: self.change_view(&run.change, false)?,
            needs_second_officer: attached.map(|a| a.needs_second_officer),
            share: attached.and_then(|a| a.share.clone()),
            threshold_percent: percent(self.settings.second_officer_basis_points),
            result: attached.map(|a| a.result.clone()),
            differences: attached.map(|a| a.differences.clone()).unwrap_or_default(),
            made_at: run.made_at,
            valid_until: run.valid_until,
        })
    }

    /// A change in short; `whole`: with the policy's file.
    pub(crate) fn change_view(&self, change: &Change, whole: bool) -> Result<ChangeView> {
        Ok(match change {
            Change::Policy { text } => {
                let policy = parse_policy(text)?;
                ChangeView::Policy {
                    policy: policy.reference(),
                    title: policy.titles().clone(),
                    text: whole.then(|| text.clone()),
                }
            }
            Change::Region { entries } => {
                let line = |e: &RegionEntry| RegionLine {
                    name: self.division_name(&e.division),
                    division: e.division.clone(),
                    level: e.level,
                    from: e.from,
                    to: e.to,
                };
                match entries.as_slice() {
                    [one] => ChangeView::Region(line(one)),
                    all => ChangeView::Regions {
                        count: all.len() as u64,
                        entries: all.iter().take(MOST_NAMED).map(line).collect(),
                    },
                }
            }
        })
    }
}

/// What changes between two policies, in words.
pub(crate) fn differences_of(before: &Policy, after: &Policy) -> Vec<DifferenceView> {
    jadegate_policy::diff(before, after)
        .into_iter()
        .map(|d| DifferenceView { about: d.about, before: d.before, after: d.after })
        .collect()
}

/// A risk level as the evidence it will be.
fn as_evidence(e: &RegionEntry, now: Timestamp) -> Evidence {
    // Nobody's yet: only what it does to colours counts here.
    Evidence::from_region_risk(&e.risk(AgencyId::from_random(1), now))
}

/// Hundredths of a percent as percent.
pub(crate) fn percent(basis_points: u32) -> f64 {
    f64::from(basis_points) / 100.0
}

/// A level as typed in a command: `CN-330106=high`.
pub fn risk_of(text: &str, now: Timestamp) -> Result<Evidence> {
    let bad = || {
        wrong(
            "risk_level",
            "region.bad_level",
            format!("{text} is not a division and a level like CN-330106=high or CN-330106=medium"),
        )
    };
    let (division, level) = text.split_once('=').ok_or_else(bad)?;
    let Ok(level @ (RiskLevel::Medium | RiskLevel::High)) = level.trim().parse() else {
        return Err(bad());
    };
    let entry = RegionEntry {
        id: EvidenceId::from_random(u64::MAX),
        division: division.parse().map_err(|_| bad())?,
        level,
        from: now,
        to: None,
    };
    Ok(as_evidence(&entry, now))
}

fn parse_policy(text: &str) -> Result<Policy> {
    Policy::parse(text).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        wrong(
            "text",
            "policy.problems",
            format!("The file has {} problems; the first: {first}", problems.len()),
        )
    })
}

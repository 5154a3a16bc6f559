//! Recolouring: after a policy was published or a risk level changed, everybody's stored assessment
//! is made anew, in batches, beside the requests.
//!
//! Nobody waits for it. A read checks by itself whether the stored assessment was made by the policy
//! in force from the present risk levels ([`App::assessment`]); recolouring only brings the lists and
//! counts up to date. Each batch is one unit: its assessments, each tied to the evidence it was made
//! from, the changes of colour, and the run's place and counts. A process that is killed goes on from
//! that place at its next start.

use std::collections::HashSet;

use jadegate_domain::id::RecolouringId;
use jadegate_domain::{Colour, HolderId, PolicyRef, Timestamp};
use jadegate_store::{
    HolderEvidence, Page, Precondition, Recolouring, RecolouringWrite, StoreError,
    StoredAssessment, Unit, Write,
};
use serde::Serialize;

use crate::app::App;
use crate::assess::{Decided, HolderState, RuleSet, decide};
use crate::error::Result;
use crate::session::StaffSession;

/// Holders of one unit: large enough that the disk is waited for seldom, small enough that requests
/// do not wait long for the writer.
const BATCH: u32 = 250;
/// Tries of a batch in which somebody's record changes meanwhile; then one holder at a time.
const TRIES: u32 = 4;

/// One run, for the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecolouringView {
    /// The id of this run.
    pub id: RecolouringId,
    /// `policy`, `region` or `start`.
    pub cause: String,
    /// The policy it assesses by.
    pub policy: PolicyRef,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended: done, or replaced by a newer one.
    pub finished_at: Option<Timestamp>,
    /// People done.
    pub done: u64,
    /// People in all.
    pub of: u64,
    /// How many it turned to each colour. Those who opened their code meanwhile changed then, and
    /// are counted as done only.
    pub changed: ChangedView,
}

/// People turned to each colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangedView {
    /// To green.
    pub to_green: u64,
    /// To yellow.
    pub to_yellow: u64,
    /// To red.
    pub to_red: u64,
}

/// The run under way and the last one that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecolouringState {
    /// Under way.
    pub current: Option<RecolouringView>,
    /// The last that ended.
    pub last: Option<RecolouringView>,
}

impl From<Recolouring> for RecolouringView {
    fn from(r: Recolouring) -> Self {
        let [to_green, to_yellow, to_red] = r.changed;
        Self {
            id: r.id,
            cause: r.cause,
            policy: r.policy,
            started_at: r.started_at,
            finished_at: r.finished_at,
            done: r.done,
            // People came meanwhile.
            of: r.of.max(r.done),
            changed: ChangedView { to_green, to_yellow, to_red },
        }
    }
}

impl App {
    /// Brings every stored assessment up to date with the present policy and risk levels; goes on
    /// with a run that was interrupted. Stops early, to be resumed by the next call, when `go_on`
    /// says so.
    pub async fn recolour(&self, go_on: impl Fn(&Recolouring) -> bool) -> Result<Recolouring> {
        let mut run = self.present_run().await?;
        while run.finished_at.is_none() && go_on(&run) {
            let rule_set = self.rule_set();
            if run.policy != rule_set.policy.reference()
                || run.regions_version != rule_set.regions.version
            {
                run = self.present_run().await?;
                continue;
            }
            if !self.recolour_batch(&mut run).await? {
                let at = self.now();
                self.commit(
                    "end_recolouring",
                    vec![Write::Recolouring(RecolouringWrite::End { id: run.id, at })],
                )
                .await?;
                run.finished_at = Some(at);
            }
            tokio::task::yield_now().await;
        }
        Ok(run)
    }

    /// The runs, for those who see lists.
    pub async fn recolouring(&self, session: &StaffSession) -> Result<RecolouringState> {
        session.may_see_changes()?;
        let mut runs = self.store.recolourings(2).await?.into_iter().peekable();
        let current = runs.next_if(|r| r.finished_at.is_none());
        Ok(RecolouringState {
            current: current.map(Into::into),
            last: runs.find(|r| r.finished_at.is_some()).map(Into::into),
        })
    }

    /// The run for the present policy and risk levels, begun now if there is none.
    async fn present_run(&self) -> Result<Recolouring> {
        let rule_set = self.rule_set();
        let newest = self.store.recolourings(1).await?.into_iter().next();
        let policy = rule_set.policy.reference();
        let cause = match &newest {
            Some(r) if r.policy == policy && r.regions_version == rule_set.regions.version => {
                return Ok(r.clone());
            }
            Some(r) if r.policy == policy => "region",
            Some(_) => "policy",
            None => "start",
        };
        let run = Recolouring {
            id: RecolouringId::from_random(self.deployment.rng.bits()),
            cause: cause.to_owned(),
            policy,
            regions_version: rule_set.regions.version,
            started_at: rule_set.now,
            finished_at: None,
            cursor: None,
            done: 0,
            of: self.store.count_with_evidence().await?,
            changed: [0; 3],
        };
        let begin = Write::Recolouring(RecolouringWrite::Add(Box::new(run.clone())));
        self.commit("begin_recolouring", vec![begin]).await?;
        Ok(run)
    }

    /// Does the next batch; false if there is nobody left.
    async fn recolour_batch(&self, run: &mut Recolouring) -> Result<bool> {
        self.clock_must_hold()?;
        self.must_follow()?;
        for _ in 0..TRIES {
            let Some(batch) = self.load_batch(run.cursor).await? else { return Ok(false) };
            let (mut writes, changed) = self.decide_batch(&self.rule_set(), &batch)?;
            let (last, done) = (batch.last, batch.done());
            writes.push(step(run, last, done, changed));
            match self.store.commit(Unit::new("recolour", writes)).await {
                Ok(()) => {
                    went_on(run, last, done, changed);
                    return Ok(true);
                }
                // Somebody's record changed meanwhile: load again.
                Err(StoreError::Conflict {
                    precondition: Precondition::EvidenceVersion | Precondition::Assessment,
                    ..
                }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        self.one_by_one(run).await
    }

    /// A batch in which records keep changing: each holder as if they opened their code.
    async fn one_by_one(&self, run: &mut Recolouring) -> Result<bool> {
        let Some(batch) = self.load_batch(run.cursor).await? else { return Ok(false) };
        let mut changed = [0; 3];
        for h in &batch.people {
            let stored = batch.stored.iter().find(|s| s.holder == h.holder);
            let before = stored.map(|s| s.assessment.colour);
            if let Some(after) = self.or_set_aside(self.assessment(h.holder).await)? {
                count(&mut changed, before, after.colour);
            }
        }
        let (last, done) = (batch.last, batch.done());
        self.commit("recolour", vec![step(run, last, done, changed)]).await?;
        went_on(run, last, done, changed);
        Ok(true)
    }

    async fn load_batch(&self, after: Option<HolderId>) -> Result<Option<Batch>> {
        let page = self.store.evidence_by_holder(Page { after, limit: BATCH }).await?;
        let Some(last) = page.last else { return Ok(None) };
        let stored = self.store.assessments_between(after, last).await?;
        // Whose stored colour cannot be read keeps it until it can: what changed could not be said.
        let lost = stored.unreadable.iter().filter_map(|r| HolderId::from_i64(r.row));
        let lost: HashSet<HolderId> = lost.collect();
        let mut unreadable = page.unreadable.len();
        let mut people = page.whole;
        let all = people.len();
        people.retain(|h| !lost.contains(&h.holder));
        unreadable += all - people.len();
        Ok(Some(Batch { people, stored: stored.rows, last, unreadable }))
    }

    /// The writes for everybody of a batch who is still from before, and the colours they turned to.
    fn decide_batch(&self, rule_set: &RuleSet, batch: &Batch) -> Result<(Vec<Write>, [u64; 3])> {
        let mut stored = batch.stored.iter().peekable();
        let (mut writes, mut changed) = (Vec::with_capacity(batch.people.len() * 4), [0; 3]);
        for h in &batch.people {
            while stored.next_if(|s| s.holder < h.holder).is_some() {}
            let mine = stored.next_if(|s| s.holder == h.holder);
            if h.joined_into.is_some() {
                continue;
            }
            if mine.is_some_and(|s| rule_set.is_current(s, h.evidence_version)) {
                continue;
            }
            let own = HolderState {
                holder: h.holder,
                home: Some(&h.home),
                loaded: h.evidence_version,
                version: h.evidence_version,
                evidence: &h.evidence,
                beside: &h.beside,
                undecided: &h.undecided,
                stored: mine,
            };
            let Some(decided) = self.or_set_aside(decide(rule_set, &own))? else { continue };
            let Decided { assessment, mut expect, writes: mut decided } = decided;
            count(&mut changed, mine.map(|s| s.assessment.colour), assessment.colour);
            writes.append(&mut expect);
            writes.append(&mut decided);
        }
        Ok((writes, changed))
    }
}

/// People of one unit.
struct Batch {
    /// Those about whom something can be decided, by id.
    people: Vec<HolderEvidence>,
    /// Their stored assessments, by id.
    stored: Vec<StoredAssessment>,
    last: HolderId,
    /// How many others there are, of whom something cannot be read: they stay as they are.
    unreadable: usize,
}

impl Batch {
    fn done(&self) -> u64 {
        (self.people.len() + self.unreadable) as u64
    }
}

fn count(changed: &mut [u64; 3], before: Option<Colour>, after: Colour) {
    if before.is_some_and(|b| b != after)
        && let Some(n) = changed.get_mut(usize::from(after.as_u8()))
    {
        *n += 1;
    }
}

fn step(run: &Recolouring, to: HolderId, done: u64, changed: [u64; 3]) -> Write {
    Write::Recolouring(RecolouringWrite::Step { id: run.id, from: run.cursor, to, done, changed })
}

fn went_on(run: &mut Recolouring, to: HolderId, done: u64, changed: [u64; 3]) {
    run.cursor = Some(to);
    run.done += done;
    for (sum, n) in run.changed.iter_mut().zip(changed) {
        *sum += n;
    }
}

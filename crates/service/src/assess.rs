//! From evidence to a colour, kept so that it can be read without computing it.
//!
//! The only place that calls `policy::assess` for a stored holder, and the only place that records
//! evidence: evidence, assessment, change of colour and log leaf are written in one unit.

use std::collections::BTreeSet;
use std::sync::Arc;

use jadegate_domain::evidence::TestResult;
use jadegate_domain::record::RecordKind;
use jadegate_domain::{
    Assessment, CaseClass, CaseId, Colour, Division, Evidence, EvidenceId, Fact, HolderId,
    Timestamp,
};
use jadegate_policy::{Policy, Timeline};
use jadegate_store::{
    ColourChange, HolderEvidence, Precondition, Standing, StoreError, StoredAssessment, Unit, Write,
};

use crate::app::App;
use crate::author::Taker;
use crate::brake::Signed;
use crate::cleared::cleared_on_appeal;
use crate::error::{Result, ServiceError};
use crate::in_force::Regions;
use crate::relevant::{Known, known_by, relevant, sets};

/// How often a unit that lost a race is decided again.
pub(crate) const TRIES: u32 = 8;
/// Self-changes caught up with in one go; more than any policy has phases.
const MAX_STEPS: u32 = 64;

/// Evidence about to be recorded.
#[derive(Clone, Debug)]
pub(crate) struct NewEvidence {
    pub(crate) fact: Fact,
    /// Who records it; `None` for the holder, and for what a gate sees.
    pub(crate) signed: Option<Signed>,
    /// The id it was promised; drawn if it was not.
    pub(crate) id: Option<EvidenceId>,
    /// What a laboratory calls the sample.
    pub(crate) sample: Option<String>,
    /// Digest of what the recorder calls it; the same one twice is one piece.
    pub(crate) external_key: Option<[u8; 16]>,
    /// The piece it replaces.
    pub(crate) supersedes: Option<EvidenceId>,
}

impl NewEvidence {
    /// What the holder says, or what a gate sees.
    pub(crate) fn by_holder(fact: Fact) -> Self {
        Self { fact, signed: None, id: None, sample: None, external_key: None, supersedes: None }
    }

    /// What an agency records.
    pub(crate) fn by(signed: Signed, fact: Fact) -> Self {
        Self { signed: Some(signed), ..Self::by_holder(fact) }
    }
}

/// A change to one holder's evidence.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvidenceChange {
    pub(crate) add: Vec<NewEvidence>,
    pub(crate) withdraw: Vec<EvidenceId>,
    /// Who takes back, if it is said of each piece: then the cases that rest on what goes begin to
    /// fall in this unit.
    pub(crate) by: Option<Taker>,
    /// The version of the evidence that it was decided from, if it was; another one is told as
    /// [`is_ended`](crate::error::is_ended).
    pub(crate) from: Option<i64>,
    /// Other writes of the same unit.
    pub(crate) with: Vec<Write>,
}

/// What everybody is assessed by at a moment: taken once, so that one decision never mixes two
/// policies or two states of the risk levels.
#[derive(Clone, Debug)]
pub(crate) struct RuleSet {
    pub(crate) policy: Arc<Policy>,
    pub(crate) regions: Arc<Regions>,
    pub(crate) now: Timestamp,
}

impl RuleSet {
    /// Was the stored assessment made from this, and does it hold now?
    pub(crate) fn is_current(&self, stored: &StoredAssessment, evidence_version: i64) -> bool {
        self.same_rules(stored, evidence_version) && stored.assessment.holds_at(self.now)
    }

    /// The stored colour of somebody, if it is that of now.
    pub(crate) fn colour_of(&self, known: &Standing) -> Option<Colour> {
        let stored = known.assessed.as_ref()?;
        let current = stored.evidence_version == known.holder.evidence_version
            && stored.regions_version == self.regions.version
            && stored.policy == self.policy.reference()
            && stored.holds_at(self.now);
        current.then_some(stored.colour)
    }

    /// The policy as it reads where somebody lives.
    pub(crate) fn policy_at(&self, home: Option<&Division>) -> Policy {
        home.map_or_else(|| self.policy.as_ref().clone(), |home| self.policy.for_home(home))
    }

    fn same_rules(&self, stored: &StoredAssessment, evidence_version: i64) -> bool {
        stored.evidence_version == evidence_version
            && stored.regions_version == self.regions.version
            && stored.assessment.policy == self.policy.reference()
    }
}

/// One holder's evidence, as it is loaded and as it will be after a unit's earlier writes.
pub(crate) struct HolderState<'a> {
    pub(crate) holder: HolderId,
    /// Where they live; may be `None` where the policy has no zones.
    pub(crate) home: Option<&'a Division>,
    /// The version that was loaded.
    pub(crate) loaded: i64,
    /// The version after the unit's earlier writes.
    pub(crate) version: i64,
    pub(crate) evidence: &'a [Evidence],
    /// That of each record of which nobody has decided whether it is of the same person.
    pub(crate) beside: &'a [Vec<Evidence>],
    /// Which of their pieces may be another's, by id.
    pub(crate) undecided: &'a [EvidenceId],
    /// The stored assessment, as loaded.
    pub(crate) stored: Option<&'a StoredAssessment>,
}

/// What a decision needs to hold, and what it writes.
pub(crate) struct Decided {
    pub(crate) assessment: Assessment,
    /// Stand first in the unit.
    pub(crate) expect: Vec<Write>,
    pub(crate) writes: Vec<Write>,
}

/// What a change came to.
#[derive(Debug)]
pub(crate) enum Changed {
    /// Recorded; ids of the new pieces in order, and the assessment that follows.
    Done(Vec<EvidenceId>, Box<Assessment>),
    /// The same was recorded before; nothing was written.
    Unchanged,
    /// It is above the mandate's number for this hour; nothing was written, and it has to wait.
    Above,
}

/// A change that was decided, to be committed while this is held: one of a holder at a time.
pub(crate) struct Prepared<'a> {
    ids: Vec<EvidenceId>,
    assessment: Assessment,
    /// In their order; other writes of the unit may come after them.
    pub(crate) writes: Vec<Write>,
    _one: tokio::sync::MutexGuard<'a, ()>,
}

impl App {
    /// The holder's assessment now: read if the stored one still holds, else computed and stored.
    pub async fn assessment(&self, holder: HolderId) -> Result<Assessment> {
        for _ in 0..TRIES {
            match self.try_assessment(holder).await {
                Err(AttemptError::Race) => {}
                Err(AttemptError::Above) => {
                    return Err(ServiceError::internal("a reading has no weight"));
                }
                Err(AttemptError::Failed(e)) => return Err(*e),
                Ok(a) => return Ok(a),
            }
        }
        Err(busy())
    }

    async fn try_assessment(
        &self,
        holder: HolderId,
    ) -> std::result::Result<Assessment, AttemptError> {
        // What was current by the rules of before may not be.
        self.must_follow()?;
        if let Some(current) = self.stored_if_current(holder).await? {
            return Ok(current);
        }
        // By a wrong clock a quarantine could be over.
        self.clock_must_hold()?;
        // One at a time for this holder: two that find the same change would both write it down.
        let one = self.assess_lock(holder).await;
        if let Some(current) = self.stored_if_current(holder).await? {
            return Ok(current);
        }
        let stored = self.store.assessment(holder).await?;
        let record = self.store.record_of(holder).await?.ok_or_else(gone)?;
        if let Some(main) = record.joined_into {
            drop(one);
            return Box::pin(self.try_assessment(main)).await;
        }
        let rule_set = self.rule_set();
        let own = HolderState {
            holder,
            home: Some(&record.home),
            loaded: record.evidence_version,
            version: record.evidence_version,
            evidence: &record.evidence,
            beside: &record.beside,
            undecided: &record.undecided,
            stored: stored.as_ref(),
        };
        let Decided { assessment, mut expect, mut writes } = decide(&rule_set, &own)?;
        expect.append(&mut writes);
        self.commit_unit(Unit::new("assess", expect)).await?;
        Ok(assessment)
    }

    /// What everybody is assessed by now.
    pub(crate) fn rule_set(&self) -> RuleSet {
        RuleSet { policy: self.policy(), regions: self.memory.regions.load_full(), now: self.now() }
    }

    /// Where a holder lives, if the policy depends on it: no read from the store otherwise. Nobody's
    /// home changes, so it need not be read together with the evidence.
    pub(crate) async fn home_of(
        &self,
        policy: &Policy,
        holder: HolderId,
    ) -> Result<Option<Division>> {
        if !policy.has_zones() {
            return Ok(None);
        }
        Ok(Some(self.store.holder(holder).await?.ok_or_else(gone)?.home))
    }

    /// The stored assessment if it was made from the present evidence, risk levels and policy, and
    /// no change by itself has come since.
    async fn stored_if_current(&self, holder: HolderId) -> Result<Option<Assessment>> {
        let rule_set = self.rule_set();
        let stored = self.store.assessment(holder).await?;
        if let Some(s) = &stored
            && rule_set.is_current(s, s.evidence_version)
            && let Some(h) = self.store.holder(holder).await?
            && h.evidence_version == s.evidence_version
        {
            // Only the numbers of the days move on before the next change.
            let policy = rule_set.policy_at(Some(&h.home));
            return Ok(stored.map(|s| policy.with_days_at(s.assessment, rule_set.now)));
        }
        Ok(None)
    }

    /// The main record of a person, and the lock under which they are assessed.
    async fn locked_record(
        &self,
        holder: HolderId,
    ) -> Result<(tokio::sync::MutexGuard<'_, ()>, HolderEvidence)> {
        let mut holder = holder;
        loop {
            let one = self.assess_lock(holder).await;
            let record = self.store.record_of(holder).await?.ok_or_else(gone)?;
            match record.joined_into {
                Some(main) => holder = main,
                None => return Ok((one, record)),
            }
        }
    }

    async fn assess_lock(&self, holder: HolderId) -> tokio::sync::MutexGuard<'_, ()> {
        let stripe = usize::try_from(holder.as_u64() % 64).unwrap_or(0);
        self.locks.holders[stripe].lock().await
    }

    /// A holder's colours from their first evidence to the last change that can be foreseen, by the
    /// policy in force as it reads where they live.
    pub(crate) fn timeline_of(&self, own: &[Evidence], home: &Division) -> Result<Timeline> {
        let rule_set = self.rule_set();
        Ok(jadegate_policy::explain(
            relevant(own, &rule_set.regions)?.iter().copied(),
            &rule_set.policy_at(Some(home)),
            None,
        ))
    }

    /// Records a change to one holder's evidence with everything that follows from it.
    pub(crate) async fn record(
        &self,
        name: &'static str,
        holder: HolderId,
        change: EvidenceChange,
    ) -> Result<Changed> {
        for _ in 0..TRIES {
            match self.try_record(name, holder, &change).await {
                Err(AttemptError::Race) => {}
                Err(AttemptError::Above) => return Ok(Changed::Above),
                Err(AttemptError::Failed(e)) => return Err(*e),
                Ok(done) => return Ok(done),
            }
        }
        Err(busy())
    }

    async fn try_record(
        &self,
        name: &'static str,
        holder: HolderId,
        change: &EvidenceChange,
    ) -> std::result::Result<Changed, AttemptError> {
        let Some(prepared) = self.prepare(holder, change).await? else {
            return Ok(Changed::Unchanged);
        };
        self.commit_unit(Unit::new(name, prepared.writes)).await?;
        Ok(Changed::Done(prepared.ids, Box::new(prepared.assessment)))
    }

    /// Decides a change from what is stored now, for a unit that may hold more than this; `None` if
    /// the same was recorded before. The unit is lost like any race if something changed meanwhile:
    /// then prepare again. What it withdraws or replaces must stand ([`is_ended`](crate::error::is_ended)):
    /// else whoever chose it has to choose anew.
    pub(crate) async fn prepare(
        &self,
        holder: HolderId,
        change: &EvidenceChange,
    ) -> std::result::Result<Option<Prepared<'_>>, AttemptError> {
        for new in &change.add {
            if let Some(key) = new.external_key
                && self.store.evidence_by_key(key).await?.is_some()
            {
                return Ok(None);
            }
        }
        self.clock_must_hold()?;
        self.must_follow()?;
        let (one, record) = self.locked_record(holder).await?;
        // What is new of somebody whose records are joined is recorded of the main one.
        let holder = record.holder;
        let now = self.now();
        let stored = self.store.assessment(holder).await?;
        let (version, mut own) = (record.evidence_version, record.evidence);
        self.must_have_room(&change.add, &own, now)?;
        // What was found on appeal to be no contact is none whatever trace runs again.
        let new = change.add.iter().filter(|n| !cleared_on_appeal(&own, &n.fact));
        let add: Vec<_> = new.collect();
        if change.from.is_some_and(|from| from != version) {
            return Err(crate::error::ended().into());
        }
        let mut writes = Vec::new();
        let mut ids = Vec::new();
        let mut after = version;
        let mut gone = Vec::new();
        for id in &change.withdraw {
            if let Some(e) = own.iter_mut().find(|e| e.id == *id) {
                must_stand(e)?;
                e.withdrawn_at = Some(now);
                writes.push(Write::WithdrawEvidence { id: *id, at: now });
                writes.push(Write::AddLeaf(crate::log::evidence_leaf(&self.deployment.keys, e)?));
                writes.extend(change.by.map(|by| by.row(RecordKind::Evidence, id.as_i64(), now)));
                gone.push(*id);
                after += 1;
            }
        }
        for new in add {
            let evidence = Evidence {
                id: new.id.unwrap_or_else(|| EvidenceId::from_random(self.deployment.rng.bits())),
                holder: Some(holder),
                fact: new.fact.clone(),
                recorded_at: now,
                agency: new.signed.as_ref().map(Signed::agency),
                origin: None,
                withdrawn_at: None,
                superseded_by: None,
            };
            writes.extend(new.signed.iter().flat_map(|s| s.expectations(holder)));
            writes.push(Write::AddEvidence {
                evidence: Box::new(evidence.clone()),
                external_key: new.external_key,
            });
            writes
                .push(Write::AddLeaf(crate::log::evidence_leaf(&self.deployment.keys, &evidence)?));
            writes.extend(new.signed.iter().flat_map(|s| {
                s.rows(RecordKind::Evidence, evidence.id.as_i64(), new.sample.clone(), now)
            }));
            after += 1;
            if let Some(old) = new.supersedes
                && let Some(e) = own.iter_mut().find(|e| e.id == old)
            {
                must_stand(e)?;
                e.superseded_by = Some(evidence.id);
                writes.push(Write::SupersedeEvidence { id: old, by: evidence.id });
                gone.push(old);
                after += 1;
            }
            if own.iter().any(|e| e.counts() && excludes(&e.fact, &evidence.fact)) {
                // Somebody told the same a moment ago: that piece is the one to replace.
                return Err(crate::error::ended().into());
            }
            ids.push(evidence.id);
            own.push(evidence);
        }
        if let Some(by) = change.by {
            writes.extend(self.begin_to_fall(&own, &gone, by.followed()).await?);
        }
        let rule_set = RuleSet { now, ..self.rule_set() };
        let mine = HolderState {
            holder,
            home: Some(&record.home),
            loaded: version,
            version: after,
            evidence: &own,
            beside: &record.beside,
            undecided: &record.undecided,
            stored: stored.as_ref(),
        };
        let Decided { assessment, expect: mut all, writes: mut decided } =
            decide(&rule_set, &mine)?;
        // The expectations stand first; what was decided comes after what it was decided from.
        all.append(&mut writes);
        all.append(&mut decided);
        all.extend(change.with.iter().cloned());
        all.extend(self.weigh(self.borne_out(&change.add, &own).await?.iter()));
        Ok(Some(Prepared { ids, assessment, writes: all, _one: one }))
    }

    /// Of one document's owner so much is recorded by one agency, and no more.
    fn must_have_room(&self, add: &[NewEvidence], own: &[Evidence], now: Timestamp) -> Result<()> {
        let days = i64::from(self.policy().retention().evidence_days);
        let since = now.plus_days(-days);
        for by in add.iter().filter_map(|n| n.signed.as_ref()).filter(|s| s.is_told_by_document()) {
            let told = |e: &&Evidence| e.agency == Some(by.agency()) && e.recorded_at > since;
            crate::kept::must_have_room(own.iter().filter(told).count(), add.len())?;
        }
        Ok(())
    }

    /// The withdrawals of the cases that rest on pieces which go: in the same unit, so that nothing
    /// that is cut short leaves such a case standing. What follows from them is taken back afterwards.
    async fn begin_to_fall(
        &self,
        own: &[Evidence],
        gone: &[EvidenceId],
        by: Taker,
    ) -> Result<Vec<Write>> {
        let mut writes = Vec::new();
        for case in resting_on(own, |e| gone.contains(&e.id)) {
            let id = case.as_i64();
            let stands = self.store.case(case).await?.is_some_and(|c| c.withdrawn_at.is_none());
            if stands && self.store.withdrawal(RecordKind::Case, id).await?.is_none() {
                writes.push(by.row(RecordKind::Case, id, self.now()));
            }
        }
        Ok(writes)
    }
}

/// The cases of a person that a laboratory's result made sure and that no other result bears out:
/// confirmed at the very moment of a positive sample that went.
pub(crate) fn resting_on(own: &[Evidence], gone: impl Fn(&Evidence) -> bool) -> Vec<CaseId> {
    let positive = |e: &Evidence| match e.fact {
        Fact::Test { result: TestResult::Positive, sampled_at, .. } => Some(sampled_at),
        _ => None,
    };
    let went: BTreeSet<Timestamp> = own.iter().filter(|e| gone(e)).filter_map(positive).collect();
    if went.is_empty() {
        return Vec::new();
    }
    let counting = || own.iter().filter(|e| e.counts());
    let left: BTreeSet<Timestamp> = counting().filter_map(positive).collect();
    let rests = |e: &Evidence| match e.fact {
        Fact::Case { case, class, confirmed_at, .. } => {
            let by_laboratory = matches!(class, CaseClass::Confirmed | CaseClass::Asymptomatic);
            let rests = went.contains(&confirmed_at) && !left.contains(&confirmed_at);
            (by_laboratory && rests).then_some(case)
        }
        _ => None,
    };
    counting().filter_map(rests).collect()
}

/// Of two such facts about one person only one counts at a time.
fn excludes(one: &Fact, other: &Fact) -> bool {
    match (one, other) {
        (Fact::Declaration { .. }, Fact::Declaration { .. }) => true,
        (Fact::Contact { case: a, .. }, Fact::Contact { case: b, .. })
        | (Fact::Case { case: a, .. }, Fact::Case { case: b, .. }) => a == b,
        _ => false,
    }
}

fn must_stand(e: &Evidence) -> Result<()> {
    if e.counts() { Ok(()) } else { Err(crate::error::ended()) }
}

/// Computes the assessment and the writes that keep it: catches up with every change of colour that
/// happened by itself since the stored one, each with its own moment.
///
/// Fails for whoever stayed where a risk level cannot be read.
pub(crate) fn decide(rule_set: &RuleSet, own: &HolderState<'_>) -> Result<Decided> {
    let RuleSet { regions, now, .. } = rule_set;
    let (holder, now) = (own.holder, *now);
    let policy = rule_set.policy_at(own.home);
    let stored = sets(own.evidence, own.beside, own.undecided, regions)?;
    let known = known_by(&stored, now);
    let sets = known.as_ref().map_or(stored, Known::sets);
    let at = |t| match jadegate_policy::strictest(&sets, &policy, t) {
        Some((_, assessment)) => assessment,
        None => jadegate_policy::assess([], &policy, t),
    };

    let expect = vec![
        Write::ExpectEvidenceVersion { holder, version: own.loaded },
        Write::ExpectAssessment { holder, mark: own.stored.map(StoredAssessment::mark) },
    ];
    let mut writes = Vec::new();
    let mut colour = own.stored.map(|s| s.assessment.colour);
    let mut change = |t: Timestamp, a: &Assessment| {
        if colour != Some(a.colour) {
            writes.push(Write::AddColourChange(Box::new(ColourChange {
                holder,
                at: t,
                from: colour,
                to: a.colour,
                assessment: a.clone(),
            })));
            colour = Some(a.colour);
        }
    };
    // Only time has moved: each step happened at a known moment in the past.
    if let Some(s) = own.stored.filter(|s| rule_set.same_rules(s, own.version)) {
        let mut next = s.assessment.next_change;
        for _ in 0..MAX_STEPS {
            let Some(t) = next.filter(|t| *t <= now) else { break };
            let a = at(t);
            change(t, &a);
            next = a.next_change.filter(|n| *n > t);
        }
    }
    let mut assessment = at(now);
    if let Some(known) = &known {
        let next = assessment.next_change.map_or(known.again_at, |n| n.min(known.again_at));
        assessment.next_change = Some(next);
    }
    change(now, &assessment);
    writes.push(Write::PutAssessment(Box::new(StoredAssessment {
        holder,
        evidence_version: own.version,
        regions_version: regions.version,
        assessment: assessment.clone(),
    })));
    Ok(Decided { assessment, expect, writes })
}

/// Why an attempt came to nothing.
pub(crate) enum AttemptError {
    /// Somebody else was faster: load and decide again.
    Race,
    /// Above the mandate's number.
    Above,
    /// For good.
    Failed(Box<ServiceError>),
}

impl From<StoreError> for AttemptError {
    fn from(e: StoreError) -> Self {
        match e {
            StoreError::Conflict {
                precondition:
                    Precondition::EvidenceVersion | Precondition::Assessment | Precondition::Absent,
                ..
            } => Self::Race,
            e if crate::brake::is_above(&e) => Self::Above,
            other => Self::Failed(Box::new(other.into())),
        }
    }
}

impl From<ServiceError> for AttemptError {
    fn from(e: ServiceError) -> Self {
        Self::Failed(Box::new(e))
    }
}

pub(crate) fn busy() -> ServiceError {
    ServiceError::new(
        crate::error::Kind::Unavailable,
        "evidence.changing",
        "This record is changing right now. Nothing was lost; please try again in a few seconds.",
    )
    .retry_after(2)
}

pub(crate) fn gone() -> ServiceError {
    ServiceError::not_found("holder.not_found", "There is no such holder.")
}

//! Proposals: the only way in which a policy is published or a risk level raised.
//!
//! A proposal carries the result of a what-if that was made against the policy and the risk levels
//! in force. If it would turn more than the mandate's share of any division's people from green to
//! another colour, it waits for a second officer; the what-if is then made again and kept beside the
//! first. Each step is a leaf of the public log, with counts and digests and without names.

use std::sync::Arc;

use jadegate_domain::division::RegionRisk;
use jadegate_domain::id::{ImportId, ProposalId, WhatIfId};
use jadegate_domain::record::RecordKind;
use jadegate_domain::{AgencyId, StaffId, Timestamp};
use jadegate_ledger::{MandateEvent, ProposalEvent};
use jadegate_policy::Policy;
use jadegate_store::{
    Authorship, Decision, MandateStep, MandateStepKind, Page, PolicyVersion, ProposalState,
    StoredProposal, Write,
};

use super::proposal_view::{ProposalView, attached_of, change_of};
use super::proposed::ProposedChange;
use super::runs::Attached;
use crate::app::App;
use crate::author::{Taker, file_stands};
use crate::error::{Result, ServiceError};
use crate::log::{ProposalStep, policy_leaf, proposal_leaf};
use crate::mandate::leaf as mandate_leaf;
use crate::parts::{self, Part};
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::{conflict, wrong};
use crate::what_if::Progress;

/// Longest reason, in characters.
const MOST_REASON: usize = 500;
/// Proposals listed.
const LIST: u32 = 50;
/// Proposals that lapse in one go.
const BATCH: u32 = 100;

/// Who proposes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proposer {
    pub(crate) agency: AgencyId,
    pub(crate) staff: Option<StaffId>,
    /// The file it came from.
    pub(crate) import: Option<ImportId>,
}

impl App {
    /// Proposes what a what-if was about. Below the threshold it takes effect at once.
    pub async fn propose(
        self: &Arc<Self>,
        session: &StaffSession,
        what_if: WhatIfId,
        reason: &str,
    ) -> Result<ProposalView> {
        let run = self.whose_what_if(session, what_if).await?;
        self.may_change(session, &run.change).await?;
        let reason = reason_of(reason)?;
        let attached = run.attached().ok_or_else(|| {
            conflict("what_if.not_done", "This what-if has no result yet. Wait until it is done.")
        })?;
        if self.now() >= run.valid_until {
            return Err(outdated("what_if.expired"));
        }
        let staff = session.staff();
        let by = Proposer { agency: staff.agency, staff: Some(staff.id), import: None };
        let (app, change) = (Arc::clone(self), run.change.clone());
        // In a task of its own: a client that goes away must not stop it between disk and memory.
        let work = async move { app.submit(by, &change, &attached, reason).await };
        let id = tokio::spawn(work).await.map_err(ServiceError::internal)??;
        self.forget_what_if(what_if).await?;
        self.proposal(session, id).await
    }

    /// Files a proposal with its what-if, and lets it take effect if nobody else is needed.
    pub(crate) async fn submit(
        &self,
        by: Proposer,
        change: &ProposedChange,
        attached: &Attached,
        reason: String,
    ) -> Result<ProposalId> {
        let turn = self.turn_to_change().await?;
        if !self.still_true(attached) {
            return Err(outdated("what_if.outdated"));
        }
        self.changeable(change)?;
        let now = self.now();
        let (text, digest) = change.stored()?;
        if self.store.waiting_proposal(digest).await?.is_some() {
            return Err(conflict("proposal.waiting", "The same change was proposed and waits."));
        }
        // Counted again under the lock: others may have made small changes meanwhile.
        let needs = change.is_of_mandate() || self.needs_second_officer(attached).await?;
        let state = if needs { ProposalState::Waiting } else { ProposalState::Applied };
        let alone = Decision { by: None, at: now, reason: None, what_if: None };
        let proposal = StoredProposal {
            id: ProposalId::from_random(self.deployment.rng.bits()),
            change: text,
            change_digest: digest,
            state,
            agency: by.agency,
            proposed_by: by.staff,
            import: by.import,
            proposed_at: now,
            expires_at: now.plus_secs(3600 * i64::from(self.limits().proposal_hours)),
            reason,
            what_if: serde_json::to_string(attached).map_err(ServiceError::internal)?,
            decision: (!needs).then_some(alone),
        };
        let id = proposal.id;
        let step =
            |event| step_leaf(&proposal, change, &proposal.what_if, event, Some(by.agency), now);
        let mut writes = vec![turn.holds(), Write::AddLeaf(step(ProposalEvent::Proposed)?)];
        // A file may be withdrawn while its what-if is made.
        writes.extend(file_stands(by.import));
        if needs {
            writes.push(Write::AddProposal(Box::new(proposal)));
            self.commit("propose", writes).await?;
            turn.end().await;
            return Ok(id);
        }
        writes.push(Write::AddLeaf(step(ProposalEvent::Applied)?));
        writes.push(Write::AddProposal(Box::new(proposal)));
        self.apply_change("propose", id, by, change, writes).await?;
        turn.end().await;
        Ok(id)
    }

    /// Is a change, with what was changed lately, above the mandate's threshold?
    pub(crate) async fn needs_second_officer(&self, attached: &Attached) -> Result<bool> {
        let measured = self.measure(&attached.touched).await?;
        let people =
            attached.threshold_people.unwrap_or_else(|| self.limits().second_officer_people);
        Ok(measured.exceeds(attached.threshold, people))
    }

    /// A second officer agrees: the what-if is made again, and the change takes effect.
    pub async fn approve_proposal(
        self: &Arc<Self>,
        session: &StaffSession,
        id: ProposalId,
    ) -> Result<ProposalView> {
        let (proposal, change) = self.decidable(session, id).await?;
        self.changeable(&change)?;
        let (app, second) = (Arc::clone(self), session.staff().clone());
        let work = async move {
            let progress = Arc::new(Progress::default());
            let Some(again) = app.replay(&change, progress).await? else {
                return Err(ServiceError::internal("a what-if stopped by itself"));
            };
            let turn = app.turn_to_change().await?;
            if !app.still_true(&again) {
                return Err(conflict(
                    "proposal.changed_meanwhile",
                    "The policy or a risk level changed while the what-if ran again. Please try again.",
                ));
            }
            app.changeable(&change)?;
            let now = app.now();
            if now >= proposal.expires_at {
                return Err(expired());
            }
            let what_if = serde_json::to_string(&again).map_err(ServiceError::internal)?;
            let step =
                |event| step_leaf(&proposal, &change, &what_if, event, Some(second.agency), now);
            let writes = vec![
                turn.holds(),
                Write::AddLeaf(step(ProposalEvent::Approved)?),
                Write::AddLeaf(step(ProposalEvent::Applied)?),
                Write::DecideProposal {
                    id,
                    state: ProposalState::Applied,
                    decision: Box::new(Decision {
                        by: Some(second.id),
                        at: now,
                        reason: None,
                        what_if: Some(what_if.clone()),
                    }),
                },
            ];
            let (agency, staff) = (proposal.agency, proposal.proposed_by);
            let by = Proposer { agency, staff, import: proposal.import };
            app.apply_change("approve_proposal", id, by, &change, writes).await?;
            turn.end().await;
            Ok(())
        };
        tokio::spawn(work).await.map_err(ServiceError::internal)??;
        self.proposal(session, id).await
    }

    /// A second officer refuses.
    pub async fn reject_proposal(
        &self,
        session: &StaffSession,
        id: ProposalId,
        reason: &str,
    ) -> Result<ProposalView> {
        let (proposal, change) = self.decidable(session, id).await?;
        let reason = reason_of(reason)?;
        let staff = session.staff();
        let end = (ProposalState::Rejected, ProposalEvent::Rejected);
        self.end(&proposal, &change, end, Some((staff.id, staff.agency)), Some(reason)).await?;
        self.proposal(session, id).await
    }

    /// Whoever proposed it takes it back; what the command line proposed, anybody of its agency.
    pub async fn withdraw_proposal(
        &self,
        session: &StaffSession,
        id: ProposalId,
    ) -> Result<ProposalView> {
        let (proposal, change) = self.known(session, id).await?;
        let staff = session.need(change.power())?;
        self.waits(&proposal)?;
        let theirs = match proposal.proposed_by {
            Some(by) => by == staff.id,
            None => proposal.agency == staff.agency,
        };
        if !theirs {
            return Err(ServiceError::forbidden(
                "proposal.not_yours",
                "Only whoever proposed this can withdraw it. You can reject it.",
            ));
        }
        let end = (ProposalState::Withdrawn, ProposalEvent::Withdrawn);
        self.end(&proposal, &change, end, Some((staff.id, staff.agency)), None).await?;
        self.proposal(session, id).await
    }

    /// Lets proposals lapse whose time is over. Returns how many.
    pub async fn expire_proposals(&self) -> Result<usize> {
        let now = self.now();
        let mut lapsed = 0;
        let mut page = Page::first(BATCH);
        loop {
            let some = self.store.waiting_proposals(page).await?;
            let Some(last) = some.last() else { return Ok(lapsed) };
            page.after = Some(last.id);
            for proposal in some.into_iter().filter(|p| now >= p.expires_at) {
                // One that cannot be read waits on, and nobody can decide on it.
                let Some(change) = self.or_set_aside(change_of(&proposal))? else { continue };
                let end = (ProposalState::Expired, ProposalEvent::Expired);
                let ended = self.end(&proposal, &change, end, None, None).await;
                lapsed += usize::from(self.or_set_aside(ended)?.is_some());
            }
        }
    }

    /// One proposal, with the whole policy file.
    pub async fn proposal(&self, session: &StaffSession, id: ProposalId) -> Result<ProposalView> {
        session.may_see_changes()?;
        let proposal = self.store.proposal(id).await?.ok_or_else(no_such)?;
        let names = self.officers().await?;
        self.proposal_view(session, proposal, &names, true)
    }

    /// All proposals that wait, and the newest of those that have ended; newest first each.
    pub async fn list_proposals(&self, session: &StaffSession) -> Result<Vec<ProposalView>> {
        Ok(self.proposals_before(session, None).await?.rows)
    }

    /// All proposals that wait, in the first part, and those that have ended; newest first each. `before`
    /// is the `next` of the part before.
    pub async fn proposals_before(
        &self,
        session: &StaffSession,
        before: Option<&str>,
    ) -> Result<Part<ProposalView>> {
        session.may_see_changes()?;
        let asked = parts::asked(before, LIST)?;
        let names = self.officers().await?;
        let mut views = Vec::new();
        let mut page = Page::first(BATCH);
        while before.is_none() {
            let some = self.store.waiting_proposals(page).await?;
            let Some(last) = some.last() else { break };
            page.after = Some(last.id);
            for p in some {
                views.extend(self.or_set_aside(self.proposal_view(session, p, &names, false))?);
            }
        }
        views.sort_by_key(|v: &ProposalView| std::cmp::Reverse((v.proposed_at, v.id)));
        let ended = self.store.ended_proposals(asked).await?;
        let ended = Part::of(ended, asked, |p| p.proposed_at);
        for p in ended.rows {
            views.extend(self.or_set_aside(self.proposal_view(session, p, &names, false))?);
        }
        Ok(Part { rows: views, next: ended.next })
    }

    /// Was the what-if made against what is in force now?
    fn still_true(&self, attached: &Attached) -> bool {
        attached.policy == self.policy().reference()
            && attached.regions_version == self.memory.regions.load().version
    }

    /// A proposal that waits, and that this member of staff may decide on as the second officer.
    async fn decidable(
        &self,
        session: &StaffSession,
        id: ProposalId,
    ) -> Result<(StoredProposal, ProposedChange)> {
        let (proposal, change) = self.known(session, id).await?;
        self.may_change(session, &change).await?;
        self.waits(&proposal)?;
        if proposal.proposed_by == Some(session.staff().id) {
            return Err(ServiceError::forbidden(
                "proposal.same_officer",
                "You proposed this yourself: another officer has to decide on it.",
            ));
        }
        if proposal.agency == session.staff().agency {
            return Err(ServiceError::forbidden(
                "proposal.same_agency",
                "Your own agency proposed this: an officer of another agency or office has to decide on it.",
            ));
        }
        Ok((proposal, change))
    }

    /// A proposal and its change, for somebody who may decide on some kind of change: whoever may
    /// not learns nothing of it, not even that it is there.
    async fn known(
        &self,
        session: &StaffSession,
        id: ProposalId,
    ) -> Result<(StoredProposal, ProposedChange)> {
        session.need_any(Power::CHANGE)?;
        let proposal = self.store.proposal(id).await?.ok_or_else(no_such)?;
        let change = change_of(&proposal)?;
        Ok((proposal, change))
    }

    fn waits(&self, proposal: &StoredProposal) -> Result<()> {
        if proposal.state != ProposalState::Waiting {
            return Err(conflict("proposal.decided", "This proposal does not wait any more."));
        }
        if self.now() >= proposal.expires_at {
            return Err(expired());
        }
        Ok(())
    }

    /// Ends a proposal without effect.
    async fn end(
        &self,
        proposal: &StoredProposal,
        change: &ProposedChange,
        (state, event): (ProposalState, ProposalEvent),
        by: Option<(StaffId, AgencyId)>,
        reason: Option<String>,
    ) -> Result<()> {
        let now = self.now();
        let agency = by.map(|(_, agency)| agency);
        let leaf = step_leaf(proposal, change, &proposal.what_if, event, agency, now)?;
        let by = by.map(|(staff, _)| staff);
        let decision = Box::new(Decision { by, at: now, reason, what_if: None });
        let decide = Write::DecideProposal { id: proposal.id, state, decision };
        self.commit("end_proposal", vec![decide, Write::AddLeaf(leaf)]).await
    }

    /// The writes that end what a file proposed and still waits, for the file is taken back. The
    /// caller holds the change lock.
    pub(crate) async fn end_proposals_of(&self, file: ImportId, by: Taker) -> Result<Vec<Write>> {
        let now = self.now();
        let (state, event) = (ProposalState::Withdrawn, ProposalEvent::Withdrawn);
        let mut writes = Vec::new();
        let mut page = Page::first(BATCH);
        loop {
            let some = self.store.waiting_proposals(page).await?;
            let Some(last) = some.last() else { return Ok(writes) };
            page.after = Some(last.id);
            for p in some.into_iter().filter(|p| p.import == Some(file)) {
                // One that cannot be read waits on, and nobody can decide on it.
                let Some(change) = self.or_set_aside(change_of(&p))? else { continue };
                let leaf = step_leaf(&p, &change, &p.what_if, event, Some(by.agency), now)?;
                let decision =
                    Box::new(Decision { by: by.staff, at: now, reason: None, what_if: None });
                writes.push(Write::DecideProposal { id: p.id, state, decision });
                writes.push(Write::AddLeaf(leaf));
            }
        }
    }

    /// Writes a change with what belongs to it, and takes it up in memory. The caller holds the
    /// officers' lock.
    async fn apply_change(
        &self,
        name: &'static str,
        proposal: ProposalId,
        by: Proposer,
        change: &ProposedChange,
        mut writes: Vec<Write>,
    ) -> Result<()> {
        let now = self.now();
        match change {
            ProposedChange::Policy { text } => {
                let policy = Policy::parse(text)
                    .map_err(|_| ServiceError::internal("a proposed policy no longer parses"))?;
                let reference = policy.reference();
                writes.push(Write::AddLeaf(policy_leaf(&reference, text, now, Some(by.agency))?));
                let version = PolicyVersion {
                    reference,
                    text: text.clone(),
                    published_at: now,
                    agency: Some(by.agency),
                    staff: by.staff,
                    proposal: Some(proposal),
                };
                writes.push(Write::PublishPolicy {
                    version: Box::new(version),
                    replaces: Some(self.policy().reference().digest),
                });
                self.commit(name, writes).await?;
            }
            ProposedChange::Mandate { note } => {
                let mandate = self.mandate_usable(note)?;
                let event = MandateEvent::Published;
                writes.push(Write::AddLeaf(mandate_leaf(
                    &mandate,
                    event,
                    note,
                    Some(by.agency),
                    now,
                )?));
                let kind = MandateStepKind::Published(note.clone());
                writes.push(self.mandate_step(kind, by, proposal, now));
                self.commit(name, writes).await?;
            }
            ProposedChange::MandateEnd => {
                let leaf = self.mandate_end_leaf(by.agency, now)?;
                writes.push(Write::AddLeaf(leaf));
                writes.push(self.mandate_step(MandateStepKind::Ended, by, proposal, now));
                self.commit(name, writes).await?;
            }
            ProposedChange::Region { entries } => {
                writes.extend(file_stands(by.import));
                let known = self.store.region_risks(Timestamp::EPOCH).await?.risks;
                for e in entries {
                    let same = |r: &RegionRisk| {
                        r.id == e.id
                            || (&r.division, r.level, r.from, r.to)
                                == (&e.division, e.level, e.from, e.to)
                    };
                    if known.iter().any(same) {
                        continue;
                    }
                    let risk = e.risk(by.agency, now);
                    writes.push(Write::AddLeaf(crate::log::risk_leaf(&risk, now)?));
                    writes.push(Write::AddAuthorship(Box::new(Authorship {
                        record: RecordKind::RiskLevel,
                        id: risk.id.as_i64(),
                        agency: by.agency,
                        staff: by.staff,
                        import: by.import,
                        sample: None,
                        by_document: false,
                        by_tube: false,
                        moved_from: None,
                        trip: None,
                        at: now,
                    })));
                    writes.push(Write::AddRegionRisk(risk));
                }
                self.commit(name, writes).await?;
            }
        }
        Ok(())
    }
}

impl App {
    /// The next step of the mandates. Another one that was taken meanwhile is a conflict.
    fn mandate_step(
        &self,
        kind: MandateStepKind,
        by: Proposer,
        proposal: ProposalId,
        at: Timestamp,
    ) -> Write {
        Write::AddMandateStep(Box::new(MandateStep {
            number: self.memory.mandates.load().next_number(),
            kind,
            at,
            agency: Some(by.agency),
            staff: by.staff,
            proposal: Some(proposal),
        }))
    }

    /// The leaf that says that the mandate was ended: with its document's own end.
    fn mandate_end_leaf(&self, agency: AgencyId, at: Timestamp) -> Result<Vec<u8>> {
        let mandates = self.memory.mandates.load();
        let holds = mandates.standing(at).1;
        let holds = holds.ok_or_else(|| ServiceError::internal("no mandate to end"))?;
        let note = mandates.note_of(holds.version).unwrap_or_default();
        mandate_leaf(holds, MandateEvent::Ended, note, Some(agency), at)
    }
}

fn step_leaf(
    proposal: &StoredProposal,
    change: &ProposedChange,
    what_if: &str,
    event: ProposalEvent,
    agency: Option<AgencyId>,
    now: Timestamp,
) -> Result<Vec<u8>> {
    let attached = attached_of(proposal, what_if)?;
    let step = ProposalStep {
        event,
        change: change.word(),
        digest: proposal.change_digest,
        agency,
        what_if,
        people: attached.result.people,
        newly_confined: attached.result.newly_confined,
    };
    proposal_leaf(&step, now)
}

fn reason_of(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MOST_REASON {
        return Err(wrong(
            "reason",
            "reason.needed",
            format!("Say why, in 1 to {MOST_REASON} characters."),
        ));
    }
    Ok(text.to_owned())
}

fn outdated(code: &'static str) -> ServiceError {
    conflict(
        code,
        "This what-if is no longer true: too much time has passed, or the policy or a risk level changed since. Run it again.",
    )
}

fn expired() -> ServiceError {
    conflict("proposal.expired", "Nobody decided on this proposal in time. Propose it again.")
}

fn no_such() -> ServiceError {
    ServiceError::not_found("proposal.not_found", "There is no such proposal.")
}

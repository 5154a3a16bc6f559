//! Two records of one person are joined at a counter, both documents before the officer; and parted
//! again, if they turn out to be of two people ([decision 0060]).
//!
//! Joining brings evidence together, and so may release somebody; parting may too. What could make
//! anybody's colour milder, now or at any moment that can be foreseen, is only done when an officer of
//! another agency says the same. Until then the strictest colour holds for both.
//!
//! [decision 0060]: ../../../../../docs/decisions/0060-two-records-of-one-person.md

use std::collections::BTreeMap;

use jadegate_domain::record::LinkState;
use jadegate_domain::{Evidence, HolderId, Purpose, Staff};
use jadegate_policy::Timeline;
use jadegate_store::{
    ChangedBy, HolderEvidence, IndexKind, Precondition, RecordLink, StoreError, Unit, Write,
};
use serde::Serialize;

use crate::app::App;
use crate::assess::{RuleSet, TRIES, busy};
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError};
use crate::jobs::note;
use crate::links::{LinkChange, LinkedRecord, changed_meanwhile, no_such_link, pair};
use crate::relevant::{relevant, together};
use crate::session::StaffSession;
use crate::staff::access::{Counted, Power};
use crate::staff::people::compared::{
    RecordsOutcome, expect, is_milder, second_officer, strictest_of,
};
use crate::staff::people::find::Whom;
use crate::staff::people::split::{PieceInput, SplitInput, SplitPieceView};
use crate::staff::what::What;

/// What a counter does about the records of whoever shows a document.
#[derive(Clone, Debug)]
pub enum RecordsInput {
    /// Looks which records are linked with theirs.
    Look,
    /// Joins it with the record that another document of theirs leads to.
    Join(DocumentInput),
    /// Parts a record from theirs.
    Part(HolderId),
    /// Their record is that of two people: makes one for the second.
    Split(Box<SplitInput>),
    /// Says whose pieces are that were recorded before the record was split.
    Assign(HolderId, Vec<PieceInput>),
}

/// The records of a person, and what came of what was done.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordsAnswer {
    /// What came of it.
    pub outcome: RecordsOutcome,
    /// The records that are linked with theirs.
    pub records: Vec<LinkedRecord>,
    /// Of those that were split: what was recorded before, and whose it is.
    pub pieces: Vec<SplitPieceView>,
}

/// Two records, as they were loaded.
struct Two {
    main: HolderEvidence,
    record: HolderEvidence,
    link: Option<RecordLink>,
}

impl App {
    /// Looks at, joins or parts the records of whoever shows a document.
    pub async fn decide_records(
        &self,
        session: &StaffSession,
        shown: &DocumentInput,
        input: &RecordsInput,
    ) -> Result<RecordsAnswer> {
        let staff = session.need(Power::FindPerson)?;
        self.count_look(staff.id, Counted::LookUp).await?;
        let whom = Whom::Document(shown.clone());
        let holder = self.locate(&staff.region, &whom).await?.holder.id;
        let outcome = match input {
            RecordsInput::Look => {
                let (purpose, what) = (Purpose::HolderRequest, What::Identity);
                let mut writes = self.access_writes(staff, holder, purpose, what)?;
                for link in self.links_with(holder).await? {
                    let other = if link.record == holder { link.main } else { link.record };
                    writes.extend(self.access_writes(staff, other, purpose, what)?);
                }
                self.commit("look_at_records", writes).await?;
                RecordsOutcome::Looked
            }
            RecordsInput::Join(other) => {
                let digest = self.deployment.keys.document_index(&self.read_document(other)?);
                let other = self.store.indexed_holder(IndexKind::Document, digest).await?;
                self.join_or_part(staff, holder, other.ok_or_else(no_other)?, true).await?
            }
            RecordsInput::Part(record) => {
                let links = self.links_with(holder).await?;
                let link = links.iter().find(|l| l.record == *record).ok_or_else(no_such_link)?;
                let other = if link.record == holder { link.main } else { link.record };
                self.join_or_part(staff, holder, other, false).await?
            }
            RecordsInput::Split(input) => self.split_record(staff, holder, shown, input).await?,
            RecordsInput::Assign(record, said) => {
                self.assign_pieces(staff, holder, *record, said).await?
            }
        };
        let holder = self.main_record(holder).await?;
        let (records, pieces) =
            (self.linked_records(holder).await?, self.split_pieces_of(holder).await?);
        Ok(RecordsAnswer { outcome, records, pieces })
    }

    async fn join_or_part(
        &self,
        staff: &Staff,
        holder: HolderId,
        other: HolderId,
        join: bool,
    ) -> Result<RecordsOutcome> {
        for _ in 0..TRIES {
            let two = self.two_records(holder, other).await?;
            let (state, outcome) = self.decided(staff, &two, join)?;
            let (main, record) = (two.main.holder, two.record.holder);
            let by = ChangedBy::Staff { agency: staff.agency, staff: staff.id };
            let to = LinkChange { record, main, state, by, at: self.now() };
            let mut writes = vec![expect(&two.main), expect(&two.record)];
            for holder in [main, record] {
                let (purpose, what) = (Purpose::HolderRequest, What::RecordsCompared);
                writes.extend(self.access_writes(staff, holder, purpose, what)?);
            }
            writes.extend(self.link_writes(two.link, to)?);
            writes.extend(self.follow_writes(two.link, to).await?);
            match self.commit_unit(Unit::new("decide_records", writes)).await {
                Ok(_) => {
                    for holder in [main, record] {
                        note("assess_records", &self.assessment(holder).await);
                    }
                    return Ok(outcome);
                }
                Err(e) if e.is_conflict(Precondition::EvidenceVersion) => {}
                Err(e) => return Err(lost(e)),
            }
        }
        Err(busy())
    }

    async fn two_records(&self, holder: HolderId, other: HolderId) -> Result<Two> {
        if holder == other {
            return Err(already());
        }
        // First the evidence, whose versions are demanded: a link that changes meanwhile raises them.
        let gone = || ServiceError::internal("a record of a counter is gone");
        let one = self.store.record_of(holder).await?.ok_or_else(gone)?;
        let two = self.store.record_of(other).await?.ok_or_else(gone)?;
        let of_one = self.links_with(holder).await?;
        let of_two = self.links_with(other).await?;
        let (main, _, link) = pair((holder, &of_one), (other, &of_two))?;
        let (main, record) = if main == holder { (one, two) } else { (two, one) };
        Ok(Two { main, record, link })
    }

    /// What the link becomes: what is wanted, or, if that could make anybody's colour milder and nobody of
    /// another agency has said the same, undecided.
    fn decided(
        &self,
        staff: &Staff,
        two: &Two,
        join: bool,
    ) -> Result<(Option<LinkState>, RecordsOutcome)> {
        let (wanted, waits, done) = if join {
            (Some(LinkState::Joined), LinkState::Asked, RecordsOutcome::Joined)
        } else {
            (None, LinkState::Contested, RecordsOutcome::Parted)
        };
        let state = two.link.map(|l| l.state);
        if state.is_some_and(LinkState::is_split) {
            return self.undone(staff, two, join);
        }
        if join && state == Some(LinkState::Joined) {
            return Err(already());
        }
        if !join && state.is_none() {
            return Err(no_such_link());
        }
        if !self.may_release(two, join)? {
            return Ok((wanted, done));
        }
        second_pair(staff, two.link.filter(|l| l.state == waits), (wanted, done), waits)
    }

    /// Two people who were told apart are one after all: their records are joined.
    fn undone(
        &self,
        staff: &Staff,
        two: &Two,
        join: bool,
    ) -> Result<(Option<LinkState>, RecordsOutcome)> {
        if !join {
            return Err(told_apart());
        }
        let rules = self.rule_set();
        let all = two.main.evidence.iter().chain(&two.record.evidence);
        let all: BTreeMap<_, _> = all.map(|e| (e.id, e.clone())).collect();
        let evidence: Vec<_> = all.into_values().collect();
        let one = HolderEvidence { evidence, undecided: Vec::new(), ..two.main.clone() };
        let after = strictest_of(&rules, &one)?;
        let mut milder = false;
        for before in [&two.main, &two.record] {
            milder |= is_milder(&strictest_of(&rules, before)?, &after, rules.now);
        }
        let wanted = (Some(LinkState::Joined), RecordsOutcome::Joined);
        if !milder {
            return Ok(wanted);
        }
        let waits = LinkState::Disputed;
        second_pair(staff, two.link.filter(|l| l.state == waits), wanted, waits)
    }

    /// What else follows from a link: a paper and phones of whoever's records become one or are parted.
    async fn follow_writes(&self, from: Option<RecordLink>, to: LinkChange) -> Result<Vec<Write>> {
        let mut writes = Vec::new();
        if to.state == Some(LinkState::Joined) {
            writes.extend(self.paper_ends(to.record, to.by).await?);
        }
        match from {
            Some(split) if split.state.is_split() && to.state == Some(LinkState::Joined) => {
                writes.extend(self.document_back(&split).await?);
            }
            Some(joined) if joined.state == LinkState::Joined => {
                writes.extend(self.phone_back(&joined, to.by).await?);
            }
            _ => {}
        }
        Ok(writes)
    }

    /// Could anybody's colour become milder by it, now or at a moment that can be foreseen?
    fn may_release(&self, two: &Two, join: bool) -> Result<bool> {
        let rules = self.rule_set();
        let joined = two.link.is_some_and(|l| l.state == LinkState::Joined);
        let (of_main, of_record): (Vec<_>, Vec<_>) = if joined {
            let own = two.main.evidence.iter().cloned();
            own.partition(|e| e.holder != Some(two.record.holder))
        } else {
            (two.main.evidence.clone(), two.record.evidence.clone())
        };
        let main = foreseen(&rules, &two.main, &[&of_main])?;
        let record = foreseen(&rules, &two.record, &[&of_record])?;
        let both = foreseen(&rules, &two.main, &[&of_main, &of_record])?;
        let (before_main, before_record) = match two.link.map(|l| l.state) {
            None | Some(LinkState::Split | LinkState::Disputed) => {
                (vec![main.clone()], vec![record.clone()])
            }
            Some(LinkState::Joined) => (vec![both.clone()], vec![both.clone()]),
            Some(LinkState::Asked | LinkState::Contested) => {
                let all = vec![main.clone(), record.clone(), both.clone()];
                (all.clone(), all)
            }
        };
        let (after_main, after_record) = if join { (&both, &both) } else { (&main, &record) };
        let milder = |before: &[Timeline], after: &Timeline| {
            is_milder(before, std::slice::from_ref(after), rules.now)
        };
        Ok(milder(&before_main, after_main) || milder(&before_record, after_record))
    }
}

/// The colours of somebody from now on, if this were all their evidence.
fn foreseen(rules: &RuleSet, of: &HolderEvidence, evidence: &[&Vec<Evidence>]) -> Result<Timeline> {
    let mut sets = Vec::new();
    for own in evidence {
        sets.push(relevant(own, &rules.regions)?);
    }
    let all = together(&sets, &[]);
    let policy = rules.policy_at(Some(&of.home));
    Ok(jadegate_policy::explain(all.iter().copied(), &policy, Some(rules.now)))
}

/// What could make anybody milder is done by the second of two agencies; until then it waits.
fn second_pair(
    staff: &Staff,
    waiting: Option<RecordLink>,
    done: (Option<LinkState>, RecordsOutcome),
    waits: LinkState,
) -> Result<(Option<LinkState>, RecordsOutcome)> {
    match waiting.map(|l| l.by) {
        Some(ChangedBy::Staff { agency, .. }) if agency == staff.agency => Err(second_officer()),
        Some(ChangedBy::Staff { .. }) => Ok(done),
        // What the person says is no second pair of eyes.
        Some(ChangedBy::Person | ChangedBy::Carer(_)) | None => {
            Ok((Some(waits), RecordsOutcome::Waiting))
        }
    }
}

fn lost(e: StoreError) -> ServiceError {
    let lost = [Precondition::Absent, Precondition::Stands];
    if lost.into_iter().any(|p| e.is_conflict(p)) { changed_meanwhile() } else { e.into() }
}

fn no_other() -> ServiceError {
    ServiceError::not_found(
        "records.unknown",
        "The other document is not registered. Add it to the person's record instead; nothing has to be joined.",
    )
}

fn told_apart() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "records.split",
        "These are the records of two people, told apart here. Say whose each piece is, or, if they are one person after all, join the records.",
    )
}

fn already() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "records.joined",
        "Both documents lead to the same record already. Nothing has to be joined.",
    )
}

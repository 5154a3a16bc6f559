//! Records that follow a document.
//!
//! What was recorded of whoever a document leads to is about the document's owner. When two agencies
//! take a document from an account that held it wrongly, those records are withdrawn there with the
//! reason, in the unit that releases the document, and kept until the owner registers; then they are
//! theirs, in the unit that makes the document lead to them. Each keeps who recorded it. What was
//! recorded of the account in any other way (by phone, from its visits, by itself) stays with it.
//!
//! Rides that a carrier told of by the document are taken back from the account once it is released;
//! they are not kept, for that would be who was where beside a document. The carrier's list sent again
//! tells them of the owner.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jadegate_domain::evidence::ReleaseOf;
use jadegate_domain::id::ImportId;
use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{
    AgencyId, Case, CaseId, Evidence, EvidenceId, EvidenceKind, Fact, HolderId, Period, Presence,
    Purpose, Staff, Timestamp,
};
use jadegate_store::{
    Authorship, Correction, CorrectionWrite, IndexKind, KeptRecord, Page, SessionSubject, Unit,
    Write,
};

use super::document::{LISTED_DAYS, over};
use crate::app::App;
use crate::assess::{AttemptError, EvidenceChange, TRIES, busy, resting_on};
use crate::author::Taker;
use crate::brake::Signed;
use crate::concurrency::read;
use crate::error::{Kind, Result, ServiceError, is_ended};
use crate::held::Held;
use crate::jobs::note;
use crate::kept::{KeptPiece, kept_case};
use crate::staff::cases::{case_fact, case_key_name};
use crate::staff::what::What;

/// What is recorded for the owner of a document.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Stands before the write that makes the document lead to them.
    pub(crate) take: Vec<Write>,
    /// Stands after the write that makes the holder.
    pub(crate) record: Vec<Write>,
}

/// One piece that goes, and who recorded it.
struct Moved<'e> {
    piece: &'e Evidence,
    author: Authorship,
}

/// Does a record of this kind say something about whoever was in front of an agency?
const fn goes_with_a_document(kind: EvidenceKind) -> bool {
    match kind {
        EvidenceKind::Test | EvidenceKind::Case | EvidenceKind::Arrival | EvidenceKind::Release => {
            true
        }
        // Holders say these themselves, traces find them, systems see them, or they are about places.
        EvidenceKind::Contact
        | EvidenceKind::Stay
        | EvidenceKind::RegionRisk
        | EvidenceKind::Declaration
        | EvidenceKind::CheckIn
        | EvidenceKind::Dispute
        | EvidenceKind::Appeal
        | EvidenceKind::AppealDecision => false,
    }
}

impl App {
    /// Takes a document from an account as two agencies decided, and with it what was recorded by
    /// it. The contacts of a case that goes are released afterwards; should that be cut short,
    /// [`App::finish_corrections`] goes on.
    pub(super) async fn release_document(
        self: &Arc<Self>,
        staff: &Staff,
        c: &Correction,
    ) -> Result<()> {
        let reason = WithdrawalReason::WrongPerson;
        let by = Taker { agency: staff.agency, staff: Some(staff.id), reason };
        for _ in 0..TRIES {
            match self.try_release(staff, c, by).await {
                Err(AttemptError::Race) => {}
                Err(AttemptError::Above) => {
                    return Err(ServiceError::internal("moving has no weight"));
                }
                // Corrected or withdrawn meanwhile: what goes is chosen anew.
                Err(AttemptError::Failed(e)) if is_ended(&e) => {}
                Err(AttemptError::Failed(e)) => return Err(*e),
                Ok(()) => {
                    // The document is released, whatever becomes of this now.
                    let until = self.now();
                    note("finish_correction", &self.finish_correction(c.holder, by, until).await);
                    return Ok(());
                }
            }
        }
        Err(busy())
    }

    async fn try_release(
        &self,
        staff: &Staff,
        c: &Correction,
        by: Taker,
    ) -> std::result::Result<(), AttemptError> {
        let Some((version, own)) = self.store.evidence_of(c.holder).await? else {
            return Err(ServiceError::internal("an account of a correction is gone").into());
        };
        let now = self.now();
        let moved = self.recorded_by_document(&own).await?;
        // A release paper goes on speaking of the case that goes with it.
        let mut cases: BTreeMap<CaseId, Case> = BTreeMap::new();
        for m in &moved {
            if let Fact::Case { case, .. } = m.piece.fact
                && let Some(old) = self.store.case(case).await?
            {
                let id = CaseId::from_random(self.deployment.rng.bits());
                cases.insert(case, Case { id, ..old });
            }
        }
        let count = moved.len() as u64;
        let after = version + i64::try_from(count).unwrap_or(i64::MAX);
        let (kind, digest) = (IndexKind::Document, c.document);
        let mut with = vec![
            // What was chosen is all there is: a piece recorded meanwhile is chosen anew.
            Write::ExpectEvidenceVersion { holder: c.holder, version: after },
            Write::Correction(CorrectionWrite::Decide {
                id: c.id,
                confirmed: true,
                by: staff.id,
                at: now,
            }),
            Write::Correction(CorrectionWrite::ReleaseIndex { kind, digest, holder: c.holder }),
            self.bar(c.holder, digest).await?,
            Write::DropSealedField { holder: c.holder, column: "document" },
            Write::EndSessionsOf(SessionSubject::Holder(c.holder)),
        ];
        let (purpose, what) = (Purpose::HolderRequest, What::DocumentReleased);
        with.extend(self.access_writes(staff, c.holder, purpose, what)?);
        let mut withdraw = Vec::new();
        for m in moved {
            let id = m.piece.id;
            withdraw.push(id);
            with.push(Write::KeepForDocument(Box::new(self.kept(c.document, &m, &cases)?)));
        }
        for case in cases.keys() {
            with.push(Write::WithdrawCase { case: *case, at: now });
            with.push(by.row(RecordKind::Case, case.as_i64(), now));
            with.push(self.withdrawal_leaf(RecordKind::Case, by, 1)?);
            if let Some(run) = self.standing_trace(*case).await? {
                with.extend(self.end_waiting_of(run.id).await?);
            }
        }
        if count > 0 {
            with.push(self.withdrawal_leaf(RecordKind::Evidence, by, count)?);
        }
        let change = EvidenceChange { withdraw, by: Some(by), with, ..EvidenceChange::default() };
        let prepared = self.prepare(c.holder, &change).await?.ok_or(AttemptError::Race)?;
        let done = self.commit_unit(Unit::new("decide_correction", prepared.writes)).await;
        if let Some(e) = done.as_ref().err().and_then(over) {
            return Err(e.into());
        }
        done?;
        for case in cases.keys() {
            self.memory.late.forget(*case);
        }
        Ok(())
    }

    /// The pieces that count and were recorded of whoever the account's document led to.
    async fn recorded_by_document<'e>(&self, own: &'e [Evidence]) -> Result<Vec<Moved<'e>>> {
        let mut moved = Vec::new();
        for piece in own.iter().filter(|e| e.counts() && goes_with_a_document(e.fact.kind())) {
            let author = self.store.authorship(RecordKind::Evidence, piece.id.as_i64()).await?;
            moved.extend(author.filter(|a| a.by_document).map(|author| Moved { piece, author }));
        }
        Ok(moved)
    }

    /// Is a file taken back, or begun to be?
    pub(crate) async fn file_is_withdrawn(&self, import: Option<ImportId>) -> Result<bool> {
        let Some(id) = import else { return Ok(false) };
        Ok(self.store.withdrawal(RecordKind::Import, id.as_i64()).await?.is_some())
    }

    fn kept(
        &self,
        document: [u8; 16],
        moved: &Moved<'_>,
        cases: &BTreeMap<CaseId, Case>,
    ) -> Result<KeptRecord> {
        let mut id = EvidenceId::from_random(self.deployment.rng.bits());
        let held = match &moved.piece.fact {
            Fact::Case { case, .. } => {
                let case = cases.get(case).cloned();
                let case = case.ok_or_else(|| ServiceError::internal("a case is missing"))?;
                id = kept_case(case.id).unwrap_or(id);
                Held::Case { case, trace: false, document: None }
            }
            Fact::Release { refers_to: ReleaseOf::Case(case), released_at, paper } => {
                let case = cases.get(case).map_or(*case, |c| c.id);
                let refers_to = ReleaseOf::Case(case);
                let (released_at, paper) = (*released_at, *paper);
                let fact = Fact::Release { refers_to, released_at, paper };
                Held::Evidence { id, fact, document: None, tube: None }
            }
            other => Held::Evidence { id, fact: other.clone(), document: None, tube: None },
        };
        let a = &moved.author;
        Ok(KeptRecord {
            id,
            document,
            tube: false,
            body: self.seal_kept(document, &held)?,
            moved_from: Some(moved.piece.id),
            supersedes: None,
            withdrawn_at: None,
            agency: a.agency,
            staff: a.staff,
            import: a.import,
            sample: a.sample.clone(),
            kept_at: self.now(),
        })
    }

    /// What is kept for the owner of a document, as the writes that record it for a holder: with its
    /// corrections and withdrawals, as if it had been theirs from the first moment.
    pub(crate) async fn kept_for(&self, document: [u8; 16], holder: HolderId) -> Result<Kept> {
        let mut all = self.kept_pieces(document).await?;
        for tube in self.store.tubes_of(document).await? {
            all.extend(self.kept_pieces(tube.key).await?);
        }
        self.kept_as(all, holder, true).await
    }

    /// Pieces that are kept, as the writes that record them for a holder, who was found by a document or
    /// by their code.
    pub(crate) async fn kept_as(
        &self,
        all: Vec<KeptPiece>,
        holder: HolderId,
        by_document: bool,
    ) -> Result<Kept> {
        let now = self.now();
        let mut kept = Kept::default();
        kept.take.extend(all.iter().map(|p| Write::TakeKept(p.row.id)));
        // A case that rests on what was corrected or taken back falls.
        let told: Vec<Evidence> = all.iter().map(|p| p.evidence.clone()).collect();
        let fallen = resting_on(&told, |e| !e.counts());
        let (mut seen, mut recorded) = (HashSet::new(), HashSet::new());
        let (mut marks, mut corrected) = (Vec::new(), Vec::new());
        for KeptPiece { row, held, evidence } in all {
            if self.file_is_withdrawn(row.import).await? {
                continue;
            }
            let tube = row.tube.then_some(row.document);
            let signed = Signed::kept(&row).found(by_document, tube);
            let mut fact = evidence.fact;
            let mut external_key = self.fact_key(row.agency, holder, &fact);
            if let Some(key) = external_key
                && (!seen.insert(key) || self.store.evidence_by_key(key).await?.is_some())
            {
                external_key = None;
            }
            if let Held::Case { case, .. } = held {
                // One that two agencies told is one; of one that is taken back nothing is left.
                let known = external_key.is_none() && row.moved_from.is_none();
                if known || row.withdrawn_at.is_some() || fallen.contains(&case.id) {
                    continue;
                }
                let case = Case { holder, recorded_at: now, ..case };
                fact = case_fact(&case);
                let (record, id) = (RecordKind::Case, case.id.as_i64());
                kept.record.extend(signed.rows(record, id, None, row.kept_at));
                kept.record.push(Write::AddCase(case));
            }
            let evidence = Evidence {
                id: row.id,
                holder: Some(holder),
                fact,
                recorded_at: now,
                agency: Some(row.agency),
                origin: None,
                withdrawn_at: None,
                superseded_by: None,
            };
            let leaf = crate::log::evidence_leaf(&self.deployment.keys, &evidence)?;
            kept.record.push(Write::AddEvidence { evidence: Box::new(evidence), external_key });
            kept.record.push(Write::AddLeaf(leaf));
            let (record, id) = (RecordKind::Evidence, row.id.as_i64());
            kept.record.extend(signed.rows(record, id, row.sample, row.kept_at));
            recorded.insert(row.id);
            if let Some(at) = row.withdrawn_at {
                marks.push(Write::WithdrawEvidence { id: row.id, at });
            } else if let Some(old) = row.supersedes {
                corrected.push((old, row.id));
            }
        }
        let corrected = corrected.into_iter().filter(|(old, _)| recorded.contains(old));
        marks.extend(corrected.map(|(id, by)| Write::SupersedeEvidence { id, by }));
        kept.record.extend(marks);
        Ok(kept)
    }

    /// What makes two records of an agency about a person the same; nothing for what holders say,
    /// traces find and systems see.
    pub(crate) fn fact_key(
        &self,
        agency: AgencyId,
        holder: HolderId,
        fact: &Fact,
    ) -> Option<[u8; 16]> {
        let name = match fact {
            Fact::Case { confirmed_at, .. } => case_key_name(holder, confirmed_at.as_secs(), 0),
            fact => fact_name(agency, &holder.to_string(), fact)?,
        };
        Some(self.deployment.keys.evidence_key(&name))
    }

    /// Releases the contacts of cases that went with a document, and the cases that rest on what
    /// went. Meant for the start and every hour: each may have been cut short.
    pub async fn finish_corrections(self: &Arc<Self>) -> Result<()> {
        let since = self.now().plus_days(-LISTED_DAYS);
        let mut page = Page::first(200);
        loop {
            let some = self.store.confirmed_corrections(since, page).await?;
            let Some(last) = some.last() else { return Ok(()) };
            page.after = Some(last.id);
            for c in some {
                self.or_set_aside(self.finish_confirmed(&c).await)?;
            }
        }
    }

    async fn finish_confirmed(self: &Arc<Self>, c: &Correction) -> Result<()> {
        let Some(by) = c.decided_by else { return Ok(()) };
        let Some(staff) = self.store.staff(by).await? else { return Ok(()) };
        let reason = WithdrawalReason::WrongPerson;
        let by = Taker { agency: staff.agency, staff: Some(staff.id), reason };
        self.finish_correction(c.holder, by, c.decided_at.unwrap_or(c.opened_at)).await
    }

    /// Takes the rides back that carriers told of by the document, with the contacts that followed.
    async fn take_rides_of_document(
        self: &Arc<Self>,
        holder: HolderId,
        by: Taker,
        until: Timestamp,
    ) -> Result<()> {
        let ever = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
        let told: Vec<_> = read(&self.memory.index)
            .visits_of(holder, ever)
            .filter(|v| v.presence == Presence::Imported)
            .collect();
        let mut rides = BTreeSet::new();
        for v in told {
            let id = self.ride_id(holder, v.place, v.entered);
            let author = self.store.authorship(RecordKind::Ride, id.as_i64()).await?;
            if author.is_some_and(|a| a.by_document && a.at <= until) {
                rides.insert(id);
            }
        }
        if rides.is_empty() {
            return Ok(());
        }
        let author = self.author_of(by).await?;
        let leaf = self.withdrawal_leaf(RecordKind::Ride, by, rides.len() as u64)?;
        self.take_back_rides(rides, &author, by, vec![leaf]).await.map(drop)
    }

    /// What was recorded by the document until a moment is about its owner: `until` is when it was
    /// released, and what came by another document later is not touched.
    async fn finish_correction(
        self: &Arc<Self>,
        holder: HolderId,
        by: Taker,
        until: Timestamp,
    ) -> Result<()> {
        self.take_rides_of_document(holder, by, until).await?;
        let own = self.store.evidence_of(holder).await?.map_or_else(Vec::new, |(_, e)| e);
        let mut gone = Vec::new();
        for piece in own.into_iter().filter(|e| e.withdrawn_at.is_some()) {
            let why = self.store.withdrawal(RecordKind::Evidence, piece.id.as_i64()).await?;
            if why.is_none_or(|w| w.reason != WithdrawalReason::WrongPerson) {
                continue;
            }
            if let Fact::Case { case, .. } = piece.fact {
                let left = self.store.standing_contacts(case).await?;
                let withdrawn =
                    self.store.case(case).await?.is_some_and(|c| c.withdrawn_at.is_some());
                if withdrawn && left != jadegate_store::Listed::default() {
                    self.drop_case(case, by.followed()).await?;
                }
            }
            gone.push(piece.id);
        }
        self.let_fall(holder, &gone, by).await.map(drop)
    }
}

/// Names what an agency records of somebody; nothing for what no agency records.
pub(crate) fn fact_name(agency: AgencyId, who: &str, fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::Test { result, method, sampled_at } => {
            format!("test/{agency}/{who}/{result}/{method}/{}", sampled_at.as_secs())
        }
        Fact::Arrival { from, arrived_at, .. } => {
            format!("arrival/{agency}/{who}/{from}/{}", arrived_at.as_secs())
        }
        Fact::Case { confirmed_at, .. } => {
            format!("case/{agency}/{who}/{}", confirmed_at.as_secs())
        }
        Fact::Release { refers_to, released_at, paper } => {
            let of = match refers_to {
                ReleaseOf::Case(id) => id.to_string(),
                ReleaseOf::Trace(id) => id.to_string(),
            };
            // A confirmation is a second paper beside a release of the same moment.
            let second = *paper == jadegate_domain::evidence::ReleasePaper::Confirmation;
            let second = if second { "/confirmation" } else { "" };
            format!("release/{agency}/{who}/{of}/{}{second}", released_at.as_secs())
        }
        Fact::Contact { .. }
        | Fact::Stay { .. }
        | Fact::RegionRisk { .. }
        | Fact::Declaration { .. }
        | Fact::CheckIn { .. }
        | Fact::Dispute { .. }
        | Fact::Appeal { .. }
        | Fact::AppealDecision { .. } => return None,
    })
}

/// Is it that a document does not lead any more where it led a moment ago?
pub(crate) fn document_moved(e: &ServiceError) -> bool {
    e.kind == Kind::Conflict && e.code == "document.moved"
}

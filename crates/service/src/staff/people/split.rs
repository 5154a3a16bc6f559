//! One record that was that of two people, told apart at a counter ([decision 0061]).
//!
//! The second gets a record with documents of their own; what was recorded before stays where it is and
//! counts for both. Then it is said of single pieces whose they are. What could make anybody's colour
//! milder is only decided when an officer of another agency says the same; undone is all of it by joining
//! the two again ([`super::joined`]).
//!
//! [decision 0061]: ../../../../../docs/decisions/0061-one-record-of-two-people.md

use std::collections::BTreeMap;

use jadegate_domain::record::{AccountEvent, LinkState, PieceOwner};
use jadegate_domain::{
    CaseId, Document, Evidence, EvidenceId, EvidenceKind, Fact, HolderId, Purpose, Staff, Timestamp,
};
use jadegate_store::{
    ChangedBy, CorrectionWrite, HolderEvidence, IndexKind, Precondition, RecordLink,
    SessionSubject, SplitPiece, StoreError, Unit, Write,
};
use serde::{Deserialize, Serialize};

use super::compared::{RecordsOutcome, expect, is_milder, second_officer, strictest_of};
use crate::accounts::Change;
use crate::app::App;
use crate::assess::{TRIES, busy};
use crate::document::DocumentInput;
use crate::error::{Kind, Result, ServiceError};
use crate::holder::register::RegistrationInput;
use crate::jobs::note;
use crate::links::{LinkChange, no_such_link};
use crate::named::AgencyName;
use crate::staff::what::What;

/// Documents that may go at once; nobody has more.
const DOCUMENTS: usize = 8;

/// The second of two people whose record was one, both there with their papers.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SplitInput {
    /// The documents that are the second person's, the one they show first. It may be one that is not
    /// registered; the others lead to the record now.
    pub documents: Vec<DocumentInput>,
    /// The second person's name, as on the document.
    pub name: String,
    /// Nationality, ISO 3166-1 alpha-2, or what ICAO 9303 writes for people who have none (`XXA`).
    pub nationality: String,
    /// Their phone, which may be the one that both use; left out of somebody who has none.
    #[serde(default)]
    pub phone: Option<String>,
    /// Of which country the number is, unless it begins with `+` (ISO 3166-1 alpha-2).
    #[serde(default)]
    pub phone_country: Option<String>,
    /// `zh` or `en`.
    #[serde(default)]
    pub language: String,
}

/// Whose a piece is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PieceInput {
    /// The piece.
    pub evidence: EvidenceId,
    /// Of which of the two.
    pub owner: PieceOwner,
}

/// A piece of evidence from when two people had one record, as a counter sees it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SplitPieceView {
    /// The second person's record.
    pub record: HolderId,
    /// The piece.
    pub evidence: EvidenceId,
    /// What it says.
    pub kind: EvidenceKind,
    /// What it says in full.
    pub fact: Fact,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// By whom; `None`: by the person, or a gate.
    pub by: Option<AgencyName>,
    /// Was it taken back or replaced?
    pub counts: bool,
    /// Whose it is, as far as that is decided.
    pub owner: PieceOwner,
    /// What a counter said that waits for an officer of another agency.
    pub waits: Option<PieceOwner>,
}

/// Two people whose record was one, as they were loaded.
struct Pair {
    main: HolderEvidence,
    record: HolderEvidence,
    link: RecordLink,
    pieces: Vec<SplitPiece>,
    /// All pieces of either, each once.
    all: BTreeMap<EvidenceId, Evidence>,
}

/// May it be said whose it is? What a trace found follows the visits, which nobody can tell apart; and a
/// home that goes on is that of both, as nobody would be touched by a level there otherwise.
const fn may_be_said(fact: &Fact) -> bool {
    match fact {
        Fact::Contact { .. } | Fact::RegionRisk { .. } => false,
        Fact::Stay { to, .. } => to.as_secs() != Timestamp::MAX.as_secs(),
        _ => true,
    }
}

impl App {
    /// Makes a record for the second of two people. Nobody becomes milder by it.
    pub(super) async fn split_record(
        &self,
        staff: &Staff,
        holder: HolderId,
        shown: &DocumentInput,
        input: &SplitInput,
    ) -> Result<RecordsOutcome> {
        let shown = self.read_document(shown)?;
        let documents = self.documents_that_go(&shown, &input.documents)?;
        for _ in 0..TRIES {
            let (record, writes) =
                self.split_writes(staff, holder, &shown, (&documents, input)).await?;
            match self.commit_unit(Unit::new("split_record", writes)).await {
                Ok(_) => {
                    for holder in [holder, record] {
                        note("assess_split", &self.assessment(holder).await);
                    }
                    return Ok(RecordsOutcome::Split);
                }
                Err(e) if raced(&e) => {}
                Err(e) if e.is_conflict(Precondition::Unbarred) => return Err(barred()),
                Err(e) => return Err(e.into()),
            }
        }
        Err(busy())
    }

    /// Each once, and none of them the one that the first person shows.
    fn documents_that_go(
        &self,
        shown: &Document,
        given: &[DocumentInput],
    ) -> Result<Vec<Document>> {
        let mut documents: Vec<Document> = Vec::new();
        for input in given.iter().take(DOCUMENTS + 1) {
            let document = self.read_document(input)?;
            if document == *shown {
                return Err(keeps_none());
            }
            if !documents.contains(&document) {
                documents.push(document);
            }
        }
        if documents.is_empty() || given.len() > DOCUMENTS {
            let detail = format!("Send 1 to {DOCUMENTS} documents of the second person.");
            return Err(ServiceError::bad("records.documents", detail));
        }
        Ok(documents)
    }

    async fn split_writes(
        &self,
        staff: &Staff,
        holder: HolderId,
        shown: &Document,
        (documents, input): (&[Document], &SplitInput),
    ) -> Result<(HolderId, Vec<Write>)> {
        let gone = || ServiceError::internal("a record of a counter is gone");
        let before = self.store.record_of(holder).await?.ok_or_else(gone)?;
        let links = self.links_with(holder).await?;
        if links.iter().any(|l| l.record == holder || !l.state.is_split()) {
            return Err(linked());
        }
        let (now, keys) = (self.now(), &self.deployment.keys);
        let by = ChangedBy::Staff { agency: staff.agency, staff: staff.id };
        let mut writes = vec![expect(&before)];
        let (purpose, what) = (Purpose::HolderRequest, What::RecordsCompared);
        writes.extend(self.access_writes(staff, holder, purpose, what)?);
        // The documents lead to the first no more.
        let kind = IndexKind::Document;
        let mut led = Vec::new();
        for document in documents {
            let digest = keys.document_index(document);
            let to = self.store.indexed_holder(kind, digest).await?;
            if to.is_some_and(|to| to != holder) || to.is_none() && document != &documents[0] {
                return Err(of_another());
            }
            if to.is_some() {
                writes.push(Write::Correction(CorrectionWrite::ReleaseIndex {
                    kind,
                    digest,
                    holder,
                }));
                led.push(digest);
            }
        }
        let registration = RegistrationInput {
            name: input.name.clone(),
            document: input.documents.first().cloned().unwrap_or_default(),
            nationality: input.nationality.clone(),
            phone: input.phone.clone().unwrap_or_default(),
            phone_country: input.phone_country.clone(),
            home_division: before.home.to_string(),
            language: input.language.clone(),
            proof: None,
        };
        let waiting = registration.parse_at_counter(self.today()).map_err(ServiceError::fields)?;
        let (record, new) = self.registered(&waiting, now).await?;
        writes.extend(new);
        let first = keys.document_index(&documents[0]);
        let more = led.iter().filter(|digest| **digest != first);
        writes.extend(more.map(|digest| Write::AddIndex { kind, digest: *digest, holder: record }));
        writes.extend(self.keeps_the_shown(holder, shown, documents, by).await?);
        let change =
            |holder| Change { holder, event: AccountEvent::RecordSplit, by, carer: None, at: now };
        writes.extend(self.note_change(change(record))?);
        writes.extend(self.paper_ends(holder, by).await?);
        writes.push(Write::EndSessionsOf(SessionSubject::Holder(holder)));
        let state = LinkState::Split;
        let link = RecordLink { record, main: holder, state, at: now, by, split_at: Some(now) };
        writes.push(Write::PutLink { link, replaces: None });
        let both = |e: &Evidence| SplitPiece {
            evidence: e.id,
            owner: PieceOwner::Both,
            wish: None,
            by: None,
        };
        let mut pieces: Vec<_> = before.evidence.iter().map(both).collect();
        pieces.sort_by_key(|p| p.evidence);
        writes.push(Write::PutPieces { record, pieces });
        Ok((record, writes))
    }

    /// The first person's change, with the document that the account had before; the one they show takes
    /// its place if it goes.
    async fn keeps_the_shown(
        &self,
        holder: HolderId,
        shown: &Document,
        documents: &[Document],
        by: ChangedBy,
    ) -> Result<Vec<Write>> {
        let gone = || ServiceError::internal("a split of somebody shredded");
        let identity = self.identity(holder).await?.ok_or_else(gone)?;
        let (event, at) = (AccountEvent::RecordSplit, self.now());
        let change = Change { holder, event, by, carer: None, at };
        let mut writes = self.note_change_from(change, &identity.document).await?;
        if identity.document.as_ref().is_none_or(|d| documents.contains(d)) {
            let key = self.store.vault_key(holder).await?.ok_or_else(gone)?;
            let fields = self.store.sealed_fields(holder).await?;
            let plain = serde_json::to_vec(shown).map_err(ServiceError::internal)?;
            let (keys, rng) = (&self.deployment.keys, self.deployment.rng.as_ref());
            writes.push(keys.replace_field(&key, &fields, ("document", &plain), at, rng)?);
        }
        Ok(writes)
    }

    /// What undoes the change of the first person's document, if the split changed it.
    pub(super) async fn document_back(&self, link: &RecordLink) -> Result<Vec<Write>> {
        let gone = || ServiceError::internal("a split of somebody shredded");
        let all = self.store.account_changes(link.main, 1_000).await?;
        let split = all.into_iter().find(|c| {
            let this = c.holder == link.main && c.event == AccountEvent::RecordSplit;
            this && Some(c.at) == link.split_at
        });
        let Some(sealed) = split.as_ref().and_then(|c| c.sealed_before.as_ref()) else {
            return Ok(Vec::new());
        };
        let id = split.as_ref().map(|c| c.id).ok_or_else(gone)?;
        let key = self.store.vault_key(link.main).await?.ok_or_else(gone)?;
        let keys = &self.deployment.keys;
        let plain = keys.open_for(&key, &format!("change/{id}"), sealed)?;
        let text = |e: serde_json::Error| ServiceError::internal(format!("a change: {e}"));
        let before: Option<Document> = serde_json::from_slice(&plain).map_err(text)?;
        let identity = self.identity(link.main).await?.ok_or_else(gone)?;
        let Some(before) = before.filter(|d| identity.document.as_ref() != Some(d)) else {
            return Ok(Vec::new());
        };
        let fields = self.store.sealed_fields(link.main).await?;
        let plain = serde_json::to_vec(&before).map_err(ServiceError::internal)?;
        let rng = self.deployment.rng.as_ref();
        let field = keys.replace_field(&key, &fields, ("document", &plain), self.now(), rng)?;
        Ok(vec![field])
    }

    /// The pieces of the records that were split from somebody's or from which theirs was.
    pub(super) async fn split_pieces_of(&self, holder: HolderId) -> Result<Vec<SplitPieceView>> {
        let names = self.agency_names().await?;
        let mut views = Vec::new();
        for link in self.links_with(holder).await?.into_iter().filter(|l| l.state.is_split()) {
            let pair = self.pair_of(link).await?;
            let disputed = pair.link.state == LinkState::Disputed;
            for piece in &pair.pieces {
                let Some(e) = pair.all.get(&piece.evidence) else { continue };
                if !may_be_said(&e.fact) {
                    continue;
                }
                views.push(SplitPieceView {
                    record: pair.link.record,
                    evidence: e.id,
                    kind: e.fact.kind(),
                    fact: e.fact.clone(),
                    recorded_at: e.recorded_at,
                    by: e.agency.and_then(|a| names.get(&a).cloned()),
                    counts: e.counts(),
                    owner: if disputed { PieceOwner::Both } else { piece.owner },
                    waits: piece.wish,
                });
            }
        }
        Ok(views)
    }

    async fn pair_of(&self, link: RecordLink) -> Result<Pair> {
        let gone = || ServiceError::internal("a record of a counter is gone");
        // First the evidence, whose versions are demanded: what is said meanwhile raises them.
        let main = self.store.record_of(link.main).await?.ok_or_else(gone)?;
        let record = self.store.record_of(link.record).await?.ok_or_else(gone)?;
        let now = self.store.links_of(link.record).await?;
        let link = *now.iter().find(|l| l.record == link.record).ok_or_else(no_such_link)?;
        let pieces = self.store.split_pieces(link.record).await?;
        let all = main.evidence.iter().chain(&record.evidence).map(|e| (e.id, e.clone())).collect();
        Ok(Pair { main, record, link, pieces, all })
    }

    /// Says whose pieces are, of whoever shows a document and the other.
    pub(super) async fn assign_pieces(
        &self,
        staff: &Staff,
        holder: HolderId,
        record: HolderId,
        said: &[PieceInput],
    ) -> Result<RecordsOutcome> {
        for _ in 0..TRIES {
            let links = self.links_with(holder).await?;
            let link = links.iter().find(|l| l.record == record && l.state.is_split());
            let pair = self.pair_of(*link.ok_or_else(no_such_link)?).await?;
            let (outcome, writes) = self.assign_writes(staff, &pair, said).await?;
            match self.commit_unit(Unit::new("assign_pieces", writes)).await {
                Ok(_) => {
                    for holder in [pair.link.main, pair.link.record] {
                        note("assess_split", &self.assessment(holder).await);
                    }
                    return Ok(outcome);
                }
                Err(e) if raced(&e) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Err(busy())
    }

    async fn assign_writes(
        &self,
        staff: &Staff,
        pair: &Pair,
        said: &[PieceInput],
    ) -> Result<(RecordsOutcome, Vec<Write>)> {
        let said = pair.checked(said)?;
        let (mut pieces, outcome) = self.decided_pieces(staff, pair, &said)?;
        let waits = outcome == RecordsOutcome::Waiting;
        let by = ChangedBy::Staff { agency: staff.agency, staff: staff.id };
        let (main, record, at) = (pair.link.main, pair.link.record, self.now());
        let mut writes = vec![expect(&pair.main), expect(&pair.record)];
        for holder in [main, record] {
            let (purpose, what) = (Purpose::HolderRequest, What::RecordsCompared);
            writes.extend(self.access_writes(staff, holder, purpose, what)?);
            let event = AccountEvent::SplitDecided;
            writes.extend(self.note_change(Change { holder, event, by, carer: None, at })?);
        }
        if pair.link.state == LinkState::Disputed && !waits {
            // What is said now takes the place of all that was disputed.
            let link = RecordLink { state: LinkState::Split, at, by, ..pair.link };
            writes.push(Write::PutLink { link, replaces: Some(pair.link) });
            for p in pieces.iter_mut().filter(|p| !said.contains_key(&p.evidence)) {
                p.owner = PieceOwner::Both;
            }
        }
        for piece in &pieces {
            let Some(Fact::Case { case, .. }) = pair.all.get(&piece.evidence).map(|e| &e.fact)
            else {
                continue;
            };
            let to = if piece.owner == PieceOwner::Record { record } else { main };
            writes.extend(self.case_moved(*case, (main, record), to).await?);
        }
        writes.push(Write::PutPieces { record, pieces });
        Ok((outcome, writes))
    }

    async fn case_moved(
        &self,
        case: CaseId,
        (main, record): (HolderId, HolderId),
        to: HolderId,
    ) -> Result<Option<Write>> {
        let is = self.store.case(case).await?.map(|c| c.holder);
        let from = is.filter(|is| *is != to && (*is == main || *is == record));
        Ok(from.map(|from| Write::MoveCase { case, from, to }))
    }

    /// What is decided by it, and what waits: another agency has to say the same of what could make
    /// anybody's colour milder.
    fn decided_pieces(
        &self,
        staff: &Staff,
        pair: &Pair,
        said: &BTreeMap<EvidenceId, PieceOwner>,
    ) -> Result<(Vec<SplitPiece>, RecordsOutcome)> {
        let wanted = |p: &SplitPiece| {
            let before = if pair.disputed() { PieceOwner::Both } else { p.owner };
            said.get(&p.evidence).copied().unwrap_or(before)
        };
        let after: BTreeMap<_, _> = pair.pieces.iter().map(|p| (p.evidence, wanted(p))).collect();
        let all_at_once = !self.frees_anybody(pair, &after)?;
        let (mut pieces, mut waiting, mut new) = (Vec::new(), 0, 0);
        for p in &pair.pieces {
            let Some(owner) = said.get(&p.evidence).copied() else {
                pieces.push(*p);
                continue;
            };
            let wished = p.wish == Some(owner);
            let by_another = wished && p.by.is_some_and(|(agency, _)| agency != staff.agency);
            let known = owner == p.owner && !pair.disputed();
            let decided = SplitPiece { owner, wish: None, by: None, ..*p };
            if all_at_once || by_another || known {
                pieces.push(decided);
                continue;
            }
            waiting += 1;
            new += usize::from(!wished);
            let by = Some((staff.agency, staff.id));
            pieces.push(SplitPiece { wish: Some(owner), by, ..*p });
        }
        match (waiting, new) {
            (0, _) => Ok((pieces, RecordsOutcome::Assigned)),
            (waiting, 0) if waiting == said.len() => Err(second_officer()),
            _ => Ok((pieces, RecordsOutcome::Waiting)),
        }
    }

    /// Could anybody's colour become milder, now or at a moment that can be foreseen, if the pieces were
    /// these people's?
    fn frees_anybody(&self, pair: &Pair, after: &BTreeMap<EvidenceId, PieceOwner>) -> Result<bool> {
        let rules = self.rule_set();
        for (of, one, other) in [
            (&pair.main, PieceOwner::Main, PieceOwner::Record),
            (&pair.record, PieceOwner::Record, PieceOwner::Main),
        ] {
            let mine = |e: &&Evidence| match after.get(&e.id) {
                Some(owner) => *owner != other,
                None => of.evidence.iter().any(|own| own.id == e.id),
            };
            let evidence: Vec<Evidence> = pair.all.values().filter(mine).cloned().collect();
            let shared = |e: &&Evidence| after.get(&e.id).is_some_and(|o| *o != one);
            let undecided = evidence.iter().filter(shared).map(|e| e.id).collect();
            let then = HolderEvidence { evidence, undecided, ..of.clone() };
            if is_milder(&strictest_of(&rules, of)?, &strictest_of(&rules, &then)?, rules.now) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whom a case is traced from: whose it is, and while it is not decided of which of two people it is,
    /// both.
    pub(crate) async fn subjects_of(
        &self,
        case: CaseId,
        holder: HolderId,
    ) -> Result<Vec<HolderId>> {
        let mut subjects = vec![holder];
        let links = self.links_with(holder).await?;
        if !links.iter().any(|l| l.state.is_split()) {
            return Ok(subjects);
        }
        let Some(record) = self.store.record_of(holder).await? else { return Ok(subjects) };
        let is_case = |e: &&Evidence| matches!(e.fact, Fact::Case { case: c, .. } if c == case);
        let open = |e: &Evidence| record.undecided.binary_search(&e.id).is_ok();
        let pieces: Vec<_> = record.evidence.iter().filter(is_case).filter(|e| open(e)).collect();
        for link in links.iter().filter(|l| l.state.is_split()) {
            let other = if link.record == holder { link.main } else { link.record };
            let shared = self.store.split_pieces(link.record).await?;
            let both =
                |p: &&SplitPiece| link.state == LinkState::Disputed || p.owner == PieceOwner::Both;
            let mut shared = shared.iter().filter(both);
            if shared.any(|p| pieces.iter().any(|e| e.id == p.evidence)) {
                subjects.push(other);
            }
        }
        Ok(subjects)
    }

    /// Says that two people were told apart wrongly: nothing is decided any more, until a counter has seen
    /// both.
    pub(crate) fn dispute_writes(&self, link: RecordLink, by: ChangedBy) -> Result<Vec<Write>> {
        let RecordLink { record, main, .. } = link;
        let to = LinkChange { record, main, state: Some(LinkState::Disputed), by, at: self.now() };
        self.link_writes(Some(link), to)
    }
}

impl Pair {
    fn disputed(&self) -> bool {
        self.link.state == LinkState::Disputed
    }

    /// What is said, each piece once and of those of which it can be said.
    fn checked(&self, said: &[PieceInput]) -> Result<BTreeMap<EvidenceId, PieceOwner>> {
        let known = |id: EvidenceId| {
            let shared = self.pieces.iter().any(|p| p.evidence == id);
            shared && self.all.get(&id).is_some_and(|e| may_be_said(&e.fact))
        };
        let checked: BTreeMap<_, _> = said.iter().map(|p| (p.evidence, p.owner)).collect();
        if checked.is_empty() || checked.len() != said.len() || !checked.keys().all(|id| known(*id))
        {
            return Err(no_such_piece());
        }
        Ok(checked)
    }
}

fn raced(e: &StoreError) -> bool {
    [Precondition::EvidenceVersion, Precondition::Leads, Precondition::Absent]
        .into_iter()
        .chain([Precondition::Stands, Precondition::Exists])
        .any(|p| e.is_conflict(p))
}

fn linked() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "records.linked",
        "This record is linked with another one already. Decide about that first, or part them; then tell the two people apart.",
    )
}

fn keeps_none() -> ServiceError {
    ServiceError::bad(
        "records.same_document",
        "The first person keeps the document that they show. Read the document of the second person.",
    )
}

fn of_another() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "records.other_document",
        "One of these documents leads to somebody else, or to nobody. Only the first may be new; others are added to the second person's record afterwards. If it leads to somebody else, begin a correction of it.",
    )
}

fn no_such_piece() -> ServiceError {
    ServiceError::bad(
        "records.piece_unknown",
        "Say of each piece of the list once whose it is. What a trace found, and where somebody lives, is that of both. Look at the list again.",
    )
}

fn barred() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "counter.barred",
        "This document was taken from somebody with this phone. If it is this person's after all, first let them register it again (under People), then register them.",
    )
}

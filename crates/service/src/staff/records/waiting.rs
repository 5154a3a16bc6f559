//! What waits for a second pair of eyes: listed, looked through, confirmed, refused, lapsed.
//!
//! A laboratory's results wait for a colleague of the same laboratory, who has the samples; all else
//! for an officer of another agency than the one that recorded it and the one whose case it is. So
//! nobody confirms their own.

use std::collections::BTreeSet;
use std::sync::Arc;

use jadegate_domain::evidence::{TestMethod, TestResult};
use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{AgencyKind, CaseId, EvidenceKind, Fact, HolderId, Timestamp, TraceId};
use jadegate_ledger::WaitingEvent;
use jadegate_store::{
    Page, Precondition, StoreError, TubeOwner, Unit, Waiting, WaitingDecision, WaitingPiece, Write,
};
use serde::Serialize;

use super::asked::{AskedWithdrawal, takes_back};
use super::keeping::Told;
use super::same_sample::{Known, Said, corrector};
use crate::app::App;
use crate::assess::{Changed, EvidenceChange, NewEvidence, TRIES, busy};
use crate::author::file_stands;
use crate::brake::Signed;
use crate::error::{Kind, Result, ServiceError, is_ended};
use crate::held::Held;
use crate::holder::me::AgencyName;
use crate::jobs::note;
use crate::kept::{fact_of, kept_case};
use crate::session::StaffSession;
use crate::staff::access::{Power, Recorder, not_yours};
use crate::staff::cases::case_fact;
use crate::staff::conflict;
use crate::staff::parallel::{BoxFuture, run_concurrently};
use crate::staff::people::find::Subject;
use crate::staff::people::moved::document_moved;

/// Something that waits, or waited.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingRow {
    /// The id of what waits.
    pub id: WaitingId,
    /// The kind of records that wait.
    pub kind: WaitingKind,
    /// Who recorded it.
    pub agency: Option<AgencyName>,
    /// How many records.
    pub records: u64,
    /// Since when.
    pub made_at: Timestamp,
    /// When it lapses undecided.
    pub expires_at: Timestamp,
    /// How far.
    pub state: WaitingState,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Whose member of staff decided.
    pub decided_by: Option<AgencyName>,
    /// May you confirm it?
    pub may_confirm: bool,
    /// May you refuse it, or take it back?
    pub may_refuse: bool,
    /// Can its samples be compared one by one?
    pub has_samples: bool,
    /// Of a withdrawal that waits: what is to go, and why; for those of the agency that asks.
    pub asked: Option<AskedWithdrawal>,
}

/// One result that waits, as the colleague compares it with the laboratory's book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingSample {
    /// Its number, from 0.
    pub number: u32,
    /// What the laboratory calls the sample.
    pub sample: Option<String>,
    /// What was found.
    pub result: TestResult,
    /// How.
    pub method: TestMethod,
    /// When the sample was taken.
    pub sampled_at: Timestamp,
}

/// A part of the results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingSamples {
    /// In the order of the file.
    pub samples: Vec<WaitingSample>,
    /// Where the next part begins, if there is one.
    pub next: Option<u32>,
    /// How many of this part are missing because they cannot be read. They wait on; the operator sees
    /// which rows they are.
    pub unreadable: u64,
}

/// Days for which what was decided is still listed.
const LISTED_DAYS: i64 = 7;
/// Entries looked through of what was decided.
const LIST: u32 = 200;
/// Pieces read at once.
const PAGE: u32 = 500;

/// May this member of staff confirm it?
fn may_confirm(session: &StaffSession, w: &Waiting) -> bool {
    let me = session.staff();
    if Some(me.id) == w.staff {
        return false;
    }
    if w.kind == WaitingKind::Withdrawals {
        return me.agency == w.agency && takes_back(session);
    }
    if is_of_a_laboratory(w) {
        return me.agency == w.agency && session.may(Power::RecordTest);
    }
    session.may(Power::ConfirmWaiting)
        && me.agency_kind != AgencyKind::Laboratory
        && me.agency != w.agency
        && me.agency != w.weighs_on
        && me.region.contains(&w.region)
}

/// Whoever may confirm may refuse; whoever may record the same for the same agency may take it back.
fn may_refuse(session: &StaffSession, w: &Waiting) -> bool {
    let own = session.staff().agency == w.agency && may_record(session, w.kind);
    own || may_confirm(session, w)
}

fn may_record(session: &StaffSession, kind: WaitingKind) -> bool {
    session.may(match kind {
        WaitingKind::Tests => Power::RecordTest,
        WaitingKind::Case => Power::RecordCase,
        WaitingKind::Arrivals => Power::RecordArrival,
        WaitingKind::Rides => Power::RecordRides,
        WaitingKind::Contacts => Power::RunTrace,
        WaitingKind::Withdrawals => return takes_back(session),
    })
}

fn is_of_a_laboratory(w: &Waiting) -> bool {
    w.kind == WaitingKind::Tests && w.agency_kind == AgencyKind::Laboratory
}

impl App {
    /// What waits and what was decided lately, as far as it is this member of staff's business:
    /// counts only, nobody's data.
    pub async fn list_waiting(&self, session: &StaffSession) -> Result<Vec<WaitingRow>> {
        let lists = session.may(Power::ReadLists) || session.may(Power::ReadAudit);
        let since = self.now().plus_days(-LISTED_DAYS);
        let names = self.agency_names().await?;
        let named = |agency| names.get(&agency).cloned();
        let me = session.staff();
        let mine = |w: &Waiting| may_refuse(session, w) || (lists && me.region.contains(&w.region));
        // All that waits stands on the list, however much it is, beside what was decided lately.
        let mut all = self.unfinished(WaitingState::Waiting, None).await?;
        all.reverse();
        let known = self.store.decided_waiting((&me.region, me.agency), since, LIST).await?;
        // One that was decided between the two questions stands there already.
        let asked: BTreeSet<_> = all.iter().map(|w| w.id).collect();
        let decided = |w: &Waiting| !asked.contains(&w.id);
        all.extend(known.into_iter().filter(decided));
        let mut rows = Vec::new();
        for w in all.into_iter().filter(mine) {
            let asks = w.kind == WaitingKind::Withdrawals
                && w.state == WaitingState::Waiting
                && w.agency == me.agency;
            let asked = if asks {
                self.or_set_aside(self.asked_view(session, &w).await)?.flatten()
            } else {
                None
            };
            rows.push(WaitingRow {
                asked,
                may_confirm: w.state == WaitingState::Waiting && may_confirm(session, &w),
                may_refuse: w.state == WaitingState::Waiting && may_refuse(session, &w),
                has_samples: is_of_a_laboratory(&w),
                id: w.id,
                kind: w.kind,
                agency: named(w.agency),
                records: w.count,
                made_at: w.made_at,
                expires_at: w.expires_at,
                state: w.state,
                decided_at: w.decision.map(|d| d.at),
                decided_by: w.decision.and_then(|d| d.by).and_then(|(_, agency)| named(agency)),
            });
        }
        Ok(rows)
    }

    /// What is in a state and not finished, oldest first, however much it is; from one file if given.
    pub(crate) async fn unfinished(
        &self,
        state: WaitingState,
        import: Option<ImportId>,
    ) -> Result<Vec<Waiting>> {
        let mut all = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let some = self.store.waiting_unfinished(state, import, page).await?;
            let Some(last) = some.last() else { break };
            page.after = Some(last.id);
            all.extend(some);
        }
        all.sort_by_key(|w| (w.made_at, w.id));
        Ok(all)
    }

    /// How many records of each kind wait in the whole deployment, for the numbers of the operation.
    pub async fn records_waiting(&self) -> Result<Vec<(WaitingKind, u64)>> {
        let waiting = self.store.records_waiting(None).await?;
        let of = |kind| waiting.iter().filter(|(k, _)| *k == kind).map(|(_, n)| n).sum();
        Ok(WaitingKind::ALL.iter().map(|kind| (*kind, of(*kind))).collect())
    }

    /// The samples of a laboratory's results that wait, for a colleague who may confirm them. It
    /// names nobody: what is compared is the sample.
    pub async fn waiting_samples(
        &self,
        session: &StaffSession,
        id: WaitingId,
        from: u32,
    ) -> Result<WaitingSamples> {
        let w = self.waiting_here(session, id).await?;
        if !is_of_a_laboratory(&w) {
            return Err(not_yours());
        }
        let pieces = self.store.waiting_pieces(id, from, PAGE).await?;
        let more = pieces.rows.len() == PAGE as usize;
        let next = pieces.rows.last().filter(|_| more).map(|p| p.number.saturating_add(1));
        let mut unreadable = pieces.unreadable.len() as u64;
        let mut samples = Vec::with_capacity(pieces.rows.len());
        for p in pieces.rows {
            let Some(held) = self.or_set_aside(Held::of(&p))? else {
                unreadable += 1;
                continue;
            };
            let Held::Evidence { fact: Fact::Test { result, method, sampled_at }, .. } = held
            else {
                continue;
            };
            samples.push(WaitingSample {
                number: p.number,
                sample: p.sample,
                result,
                method,
                sampled_at,
            });
        }
        Ok(WaitingSamples { samples, next, unreadable })
    }

    /// Something that waits and is this member of staff's business.
    async fn waiting_here(&self, session: &StaffSession, id: WaitingId) -> Result<Waiting> {
        session.need_any(Power::DECIDE_WAITING)?;
        let found = self.store.waiting(id).await?.filter(|w| may_refuse(session, w));
        found.ok_or_else(|| {
            ServiceError::not_found(
                "waiting.not_found",
                "There is nothing of that number that waits for you.",
            )
        })
    }

    /// Confirms what somebody else recorded: now it is evidence, and colours follow. Should it be cut
    /// short, [`App::finish_waiting`] goes on.
    pub async fn confirm_waiting(
        self: &Arc<Self>,
        session: &StaffSession,
        id: WaitingId,
    ) -> Result<()> {
        let w = self.waiting_here(session, id).await?;
        if !may_confirm(session, &w) {
            return Err(ServiceError::forbidden(
                "waiting.not_for_you",
                "Nobody confirms what they or their agency recorded, nor a withdrawal they asked for. A colleague of the laboratory, or of whoever asked, or an officer of another agency, does.",
            ));
        }
        if w.kind == WaitingKind::Withdrawals {
            self.may_second(session, &w).await?;
        }
        let w = self.decide_waiting(session, w, WaitingState::Confirmed).await?;
        self.carry_out(&w).await
    }

    async fn carry_out(self: &Arc<Self>, w: &Waiting) -> Result<()> {
        match w.kind {
            WaitingKind::Withdrawals => self.take_asked(w).await,
            _ => self.release(w).await,
        }
    }

    /// Refuses what waits: it never counted, and its content is deleted.
    pub async fn refuse_waiting(&self, session: &StaffSession, id: WaitingId) -> Result<()> {
        let w = self.waiting_here(session, id).await?;
        self.decide_waiting(session, w, WaitingState::Refused).await.map(drop)
    }

    async fn decide_waiting(
        &self,
        session: &StaffSession,
        w: Waiting,
        state: WaitingState,
    ) -> Result<Waiting> {
        let now = self.now();
        let decided = || {
            conflict("waiting.decided", "Somebody decided on this meanwhile, or its time is over.")
        };
        if w.state != WaitingState::Waiting || now >= w.expires_at {
            return Err(decided());
        }
        let me = session.staff();
        let decision = WaitingDecision { at: now, by: Some((me.id, me.agency)) };
        let event = match state {
            WaitingState::Confirmed => WaitingEvent::Confirmed,
            _ => WaitingEvent::Refused,
        };
        let w = Waiting { state, decision: Some(decision), ..w };
        let leaf = crate::log::waiting_leaf(&w, event, now)?;
        let writes = vec![Write::DecideWaiting { id: w.id, state, decision }, Write::AddLeaf(leaf)];
        match self.store.commit(Unit::new("decide_waiting", writes)).await {
            // Two of them at once: the other was faster.
            Err(e) if e.is_conflict(Precondition::Exists) => Err(decided()),
            done => Ok(done.map(|()| w)?),
        }
    }

    /// Records what was confirmed, piece by piece; each piece waits until its unit holds it. What
    /// cannot be read, or is about somebody whose record cannot be, waits on and holds up no other.
    pub(super) async fn release(self: &Arc<Self>, w: &Waiting) -> Result<()> {
        if let Some(trace) = w.trace {
            return self.release_contacts(trace).await;
        }
        let mut from = 0;
        loop {
            let pieces = self.store.waiting_pieces(w.id, from, PAGE).await?.rows;
            let Some(last) = pieces.last() else { return Ok(()) };
            from = last.number.saturating_add(1);
            let futures: Vec<BoxFuture<'_, _>> = pieces
                .into_iter()
                .map(|p| Box::pin(self.release_piece(w, p)) as BoxFuture<'_, _>)
                .collect();
            for done in run_concurrently(futures).await {
                self.or_set_aside(done)?;
            }
        }
    }

    async fn release_piece(self: &Arc<Self>, w: &Waiting, piece: WaitingPiece) -> Result<()> {
        for _ in 0..TRIES {
            match self.try_piece(w, piece.clone()).await {
                // The document was given to its owner meanwhile: so is the piece. Or its file is
                // taken back: then it is left out.
                Err(e) if document_moved(&e) || e.code == "import.withdrawn" => {}
                other => return other,
            }
        }
        Err(busy())
    }

    /// Records a piece for whoever the document by which it was recorded leads to; if it leads to
    /// nobody, it is kept for its owner.
    async fn try_piece(self: &Arc<Self>, w: &Waiting, mut piece: WaitingPiece) -> Result<()> {
        let take = Write::TakeWaitingPiece { waiting: w.id, number: piece.number };
        if self.file_is_withdrawn(w.import).await? {
            return self.commit("confirm_withdrawn", vec![take]).await;
        }
        let held = Held::of(&piece)?;
        let document = held.document();
        let again = self.about_again(document, held.tube()).await?;
        let silent = again.is_some();
        let (subject, tube) = match (again, piece.holder) {
            (Some(about), _) => (about.subject, about.tube),
            (None, Some(holder)) => (Subject::Person(holder), None),
            (None, None) => return Err(ServiceError::internal("a piece about nobody waits")),
        };
        // Bound meanwhile to a document that leads to somebody, or to another one.
        let document = match tube {
            Some((_, Some(TubeOwner::Document(document)))) => Some(document),
            Some(_) => None,
            None => document,
        };
        if silent {
            let key = |owner| fact_of(&held).and_then(|f| self.fact_key(w.agency, owner, &f));
            piece.external_key = match subject {
                Subject::Person(owner) => key(owner),
                Subject::Owner(_) => None,
            };
        }
        let signed = Signed::confirmed(w)?.of_document(match subject {
            Subject::Person(_) => document,
            Subject::Owner(_) => None,
        });
        let signed = signed.of_tube(tube);
        let (external_key, sample) = (piece.external_key, piece.sample);
        let kept = |new: NewEvidence| NewEvidence { sample, external_key, ..new };
        match held {
            Held::Evidence { id, fact, .. } => {
                let new = NewEvidence { id: Some(id), ..kept(NewEvidence::by(signed, fact)) };
                self.confirm_evidence(w, subject, new, take).await
            }
            Held::Case { case, trace, .. } => {
                let id = kept_case(case.id);
                let new = kept(NewEvidence::by(signed.clone(), case_fact(&case)));
                let Subject::Person(holder) = subject else {
                    let new = NewEvidence { id, ..new };
                    return self.confirm_kept_case(subject, case, new, take).await;
                };
                let case = jadegate_domain::Case { holder, ..case };
                let rows = signed.rows(RecordKind::Case, case.id.as_i64(), None, self.now());
                let traced = trace.then_some(case.id);
                let with = [take.clone(), Write::AddCase(case)].into_iter().chain(rows).collect();
                let change = EvidenceChange { add: vec![new], with, ..EvidenceChange::default() };
                self.confirm_case(w, (holder, traced), change, take).await
            }
            Held::Ride { visit, ride, .. } => {
                // Who was where is not kept by document: the list sent again tells its owner's rides.
                let Subject::Person(holder) = subject else {
                    return self.commit("confirm_moved", vec![take]).await;
                };
                let visit = jadegate_domain::Visit { holder, ..visit };
                let id = self.ride_id(visit.holder, visit.place, visit.entered);
                let (record, number) = (RecordKind::Ride, id.as_i64());
                if self.store.withdrawal(record, number).await?.is_some() {
                    // Told another way, and taken back meanwhile.
                    return self.commit("confirm_withdrawn", vec![take]).await;
                }
                let known = self.store.authorship(record, number).await?.is_some();
                let rows = (!known).then(|| signed.ride_rows(id, visit.place, self.now()));
                let leads = signed.expectations(holder);
                let with = file_stands(w.import).into_iter().chain([take]).chain(leads);
                let with = with.chain(rows.into_iter().flatten()).collect();
                self.write_confirmed_ride((id, visit), ride, with).await
            }
            Held::Withdrawal { .. } => {
                Err(ServiceError::internal("a withdrawal is carried out, not recorded"))
            }
        }
    }

    /// Records a confirmed case, and traces from it if that was asked for.
    async fn confirm_case(
        self: &Arc<Self>,
        w: &Waiting,
        (holder, traced): (HolderId, Option<CaseId>),
        change: EvidenceChange,
        take: Write,
    ) -> Result<()> {
        match self.record("confirm_waiting", holder, change).await? {
            Changed::Done(..) => {}
            // The same was recorded another way meanwhile.
            Changed::Unchanged => self.commit("confirm_known", vec![take]).await?,
            Changed::Above => {
                return Err(ServiceError::internal("what is confirmed has no weight"));
            }
        }
        if let Some(case) = traced {
            let recorder = Recorder::of_waiting(w, EvidenceKind::Contact);
            // The case stands, and the trace can be run again by hand.
            note("trace_confirmed", &self.run_trace_for(&recorder, case).await);
        }
        Ok(())
    }

    /// Keeps a confirmed case for whoever owns the document.
    async fn confirm_kept_case(
        &self,
        subject: Subject,
        case: jadegate_domain::Case,
        new: NewEvidence,
        take: Write,
    ) -> Result<()> {
        let change =
            EvidenceChange { add: vec![new], with: vec![take], ..EvidenceChange::default() };
        self.record_of("keep_confirmed", subject, change, Some(&case)).await.map(drop)
    }

    /// Records a confirmed piece of evidence, as a correction if it is one by now.
    async fn confirm_evidence(
        &self,
        w: &Waiting,
        subject: Subject,
        new: NewEvidence,
        take: Write,
    ) -> Result<()> {
        for _ in 0..TRIES {
            let (version, own) = self.told_of(subject).await?;
            let (fact, sample) = (&new.fact, new.sample.as_deref());
            let said = Said { agency: w.agency, fact, sample, key: new.external_key };
            let old = match self.known_of(&own.iter().collect::<Vec<_>>(), said).await? {
                Known::Nothing => None,
                Known::Other(old) => Some(old.id),
                // It was recorded another way meanwhile, or taken back, or corrected.
                Known::Same(_) | Known::Refused(_) => {
                    return self.commit("confirm_known", vec![take]).await;
                }
            };
            let by = corrector(w.agency, w.staff);
            let change = EvidenceChange {
                add: vec![NewEvidence { supersedes: old, ..new.clone() }],
                by: old.map(|_| by),
                from: Some(version),
                with: vec![take.clone()],
                ..EvidenceChange::default()
            };
            match self.record_of("confirm_waiting", subject, change, None).await {
                Ok(Told::Done(_)) => {
                    let Subject::Person(holder) = subject else { return Ok(()) };
                    let old: Vec<_> = old.into_iter().collect();
                    return self.let_fall(holder, &old, by).await.map(drop);
                }
                Ok(Told::Unchanged) => {}
                Ok(Told::Above) => {
                    return Err(ServiceError::internal("what is confirmed has no weight"));
                }
                Err(e) if is_ended(&e) => {}
                Err(e) => return Err(e),
            }
        }
        Err(busy())
    }

    /// Goes on with what was confirmed and cut short by the end of the program. Meant for the start.
    pub async fn finish_waiting(self: &Arc<Self>) -> Result<()> {
        for w in self.unfinished(WaitingState::Confirmed, None).await? {
            self.or_set_aside(self.carry_out(&w).await)?;
        }
        Ok(())
    }

    /// Ends what nobody decided on in time. It is told to the operator's log and to the public.
    pub async fn expire_waiting(&self) -> Result<u64> {
        let now = self.now();
        let mut ended = 0;
        for w in self.unfinished(WaitingState::Waiting, None).await? {
            if now < w.expires_at {
                continue;
            }
            tracing::warn!(
                waiting = %w.id, kind = %w.kind, agency = %w.agency, records = w.count,
                "records that waited lapsed: nobody confirmed or refused them"
            );
            match self.store.commit(Unit::new("expire_waiting", self.lapse(&w)?)).await {
                Ok(()) => ended += 1,
                // Somebody decided at the last moment.
                Err(StoreError::Conflict { .. }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(ended)
    }

    fn lapse(&self, w: &Waiting) -> Result<Vec<Write>> {
        let at = self.now();
        let decision = WaitingDecision { at, by: None };
        let (id, state) = (w.id, WaitingState::Expired);
        let leaf = crate::log::waiting_leaf(w, WaitingEvent::Expired, at)?;
        Ok(vec![Write::DecideWaiting { id, state, decision }, Write::AddLeaf(leaf)])
    }

    /// The writes that end the waiting of a run's contacts, for another run took its place.
    pub(crate) async fn end_waiting_of(&self, trace: TraceId) -> Result<Vec<Write>> {
        let waiting = self.store.waiting_of_trace(trace).await?;
        match waiting.filter(|w| w.state == WaitingState::Waiting) {
            Some(w) => self.lapse(&w),
            None => Ok(Vec::new()),
        }
    }
}

/// Above the mandate's number, where nothing can wait.
pub(crate) fn above() -> ServiceError {
    ServiceError::new(
        Kind::TooMany,
        "evidence.above_mandate",
        "Your agency has recorded as much within this hour as the mandate allows. Please go on later.",
    )
    .retry_after(600)
}

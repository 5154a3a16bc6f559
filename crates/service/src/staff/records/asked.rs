//! Withdrawals that are too much for one pair of hands: asked for, confirmed by a colleague, carried out.
//!
//! What is to go counts on until then; what waits is only the wish. It waits as a mass of evidence does
//! ([`super::waiting`]), is declined by anybody of the agency, and lapses. Carrying it out twice is
//! carrying it out once, so the wish is taken away last: whatever ends the program in between, the next
//! look goes on ([`App::finish_asked`]), on whichever server.

use std::collections::BTreeSet;
use std::sync::Arc;

use jadegate_domain::id::{ImportId, RideId};
use jadegate_domain::record::{
    ImportKind, RecordKind, WaitingKind, WaitingState, WithdrawalReason,
};
use jadegate_domain::{CaseId, EvidenceId, Fact, HolderId, Timestamp};
use jadegate_ledger::WaitingEvent;
use jadegate_store::{Precondition, Unit, Waiting, WaitingPiece, Write};
use serde::Serialize;

use super::withdraw::{
    Hands, Record, WithdrawnRecords, may_withdraw, may_withdraw_case, power_of_file, unknown,
    withdrawn,
};
use crate::app::App;
use crate::author::{Author, Taker};
use crate::brake::Signed;
use crate::error::{Kind, Result, ServiceError, is_ended};
use crate::held::Held;
use crate::jobs::note;
use crate::kept::kept_case;
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::conflict;

/// What a colleague is asked to take back with somebody: about nobody.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AskedWithdrawal {
    /// What kind of record is to go.
    pub record: RecordKind,
    /// Why.
    pub reason: WithdrawalReason,
    /// The colleague who asks, by name.
    pub staff: Option<String>,
    /// When the record or file was recorded.
    pub recorded_at: Option<Timestamp>,
    /// What a file tells.
    pub file: Option<ImportKind>,
    /// What a record of one's own agency says, if that is not told elsewhere.
    pub fact: Option<Fact>,
    /// What the laboratory calls the sample.
    pub sample: Option<String>,
    /// Of a ride: the trip and its day.
    pub trip: Option<String>,
}

impl Record {
    /// As a row names it.
    const fn row(self) -> (RecordKind, i64) {
        match self {
            Self::Evidence(id) => (RecordKind::Evidence, id.as_i64()),
            Self::Case(id) => (RecordKind::Case, id.as_i64()),
            Self::Ride(id) => (RecordKind::Ride, id.as_i64()),
            Self::Import(id) => (RecordKind::Import, id.as_i64()),
            Self::RiskLevel(id) => (RecordKind::RiskLevel, id.as_i64()),
        }
    }

    /// Of a row; `None`: such a thing is not taken back.
    fn of(record: RecordKind, id: i64) -> Option<Self> {
        match record {
            RecordKind::Evidence => EvidenceId::from_i64(id).map(Self::Evidence),
            RecordKind::Case => CaseId::from_i64(id).map(Self::Case),
            RecordKind::Ride => RideId::from_i64(id).map(Self::Ride),
            RecordKind::Import => ImportId::from_i64(id).map(Self::Import),
            RecordKind::RiskLevel => EvidenceId::from_i64(id).map(Self::RiskLevel),
            RecordKind::Trace | RecordKind::RiskLevelEnd => None,
        }
    }
}

/// May this member of staff take anything back at all?
pub(super) fn takes_back(session: &StaffSession) -> bool {
    Power::TAKE_BACK.iter().any(|p| session.may(*p))
}

impl App {
    /// Whom a record concerns, if it is about somebody. Fails if there is none that this member of
    /// staff may take back.
    pub(super) async fn may_take_back(
        self: &Arc<Self>,
        session: &StaffSession,
        record: Record,
    ) -> Result<Option<HolderId>> {
        let (may, holder) = match record {
            Record::Evidence(id) => self.may_take_evidence(session, id).await?,
            Record::Case(id) => {
                let Some(case) = self.store.case(id).await? else {
                    let kept = kept_case(id).ok_or_else(unknown)?;
                    let (may, holder) = self.may_take_evidence(session, kept).await?;
                    return if may { Ok(holder) } else { Err(unknown()) };
                };
                let home = self.store.holder(case.holder).await?.ok_or_else(unknown)?.home;
                let kind = self.agency_kind(case.agency).await?;
                (may_withdraw_case(session, &case, kind, &home), Some(case.holder))
            }
            Record::Ride(id) => self.may_take_ride(session, id).await?,
            Record::Import(id) => {
                let run = self.store.import(id).await?.ok_or_else(unknown)?;
                if run.kind == ImportKind::Visits {
                    return Err(self.visits_stay());
                }
                let agency = self.store.agency(run.agency.ok_or_else(unknown)?).await?;
                let a = agency.ok_or_else(unknown)?;
                (may_withdraw(session, a.id, a.kind, power_of_file(run.kind), &a.region), None)
            }
            Record::RiskLevel(id) => {
                let known = self.store.region_risks(Timestamp::EPOCH).await?.risks;
                let risk = known.into_iter().find(|r| r.id == id).ok_or_else(unknown)?;
                let (kind, power) = (self.agency_kind(risk.agency).await?, Some(Power::SetRegion));
                (may_withdraw(session, risk.agency, kind, power, &risk.division), None)
            }
        };
        if may { Ok(holder) } else { Err(unknown()) }
    }

    async fn may_take_evidence(
        &self,
        session: &StaffSession,
        id: EvidenceId,
    ) -> Result<(bool, Option<HolderId>)> {
        let Some(piece) = self.store.evidence(id).await? else {
            let kept = self.store.kept_record(id).await?.ok_or_else(unknown)?;
            let a = self.store.agency(kept.agency).await?.ok_or_else(unknown)?;
            let power = Power::to_record(self.kept_evidence(&kept)?.1.fact.kind());
            return Ok((may_withdraw(session, a.id, a.kind, power, &a.region), None));
        };
        let (Some(holder), Some(agency)) = (piece.holder, piece.agency) else {
            return Err(unknown());
        };
        let home = self.store.holder(holder).await?.ok_or_else(unknown)?.home;
        let kind = self.agency_kind(agency).await?;
        let power = Power::to_record(piece.fact.kind());
        Ok((may_withdraw(session, agency, kind, power, &home), Some(holder)))
    }

    async fn may_take_ride(
        self: &Arc<Self>,
        session: &StaffSession,
        id: RideId,
    ) -> Result<(bool, Option<HolderId>)> {
        let author = self.store.authorship(RecordKind::Ride, id.as_i64()).await?;
        let agency = author.ok_or_else(unknown)?.agency;
        let kind = self.agency_kind(agency).await?;
        let there = self.rides_of(BTreeSet::from([id])).await?;
        let holder = there.first().map(|(_, ride)| ride.holder);
        let home = match holder {
            Some(holder) => self.store.holder(holder).await?.map(|h| h.home),
            None => self.store.agency(agency).await?.map(|a| a.region),
        };
        let home = home.ok_or_else(unknown)?;
        Ok((may_withdraw(session, agency, kind, Some(Power::RecordRides), &home), holder))
    }

    /// Lets a withdrawal wait for a colleague. Nothing is taken back before.
    pub(super) async fn ask_colleague(
        &self,
        session: &StaffSession,
        record: Record,
        holder: Option<HolderId>,
        by: Taker,
    ) -> Result<WithdrawnRecords> {
        let count = match record {
            Record::Import(id) => self.count_of_file(id).await?,
            _ => 1,
        };
        let author = Author::of(session.staff());
        let waiting = Waiting { count, ..self.to_wait(&author, WaitingKind::Withdrawals) };
        let ((record, id), reason) = (record.row(), by.reason);
        let body = Held::Withdrawal { record, id, reason };
        let name = format!("withdrawal/{record}/{id}");
        let piece = WaitingPiece {
            waiting: waiting.id,
            number: 0,
            holder,
            body: serde_json::to_string(&body).map_err(ServiceError::internal)?,
            sample: None,
            // Of a record there is one such wish at a time.
            external_key: Some(self.deployment.keys.evidence_key(&name)),
        };
        let leaf = crate::log::waiting_leaf(&waiting, WaitingEvent::Held, waiting.made_at)?;
        tracing::warn!(
            waiting = %waiting.id, agency = %waiting.agency, record = %record, records = count,
            "a withdrawal above the mandate's number waits for a colleague"
        );
        let writes = vec![
            Write::ExpectNotWithdrawn { record, id },
            Write::AddLeaf(leaf),
            Write::AddWaiting(Box::new(waiting)),
            Write::AddWaitingPiece(Box::new(piece)),
        ];
        match self.store.commit(Unit::new("ask_colleague", writes)).await {
            Err(e) if e.is_conflict(Precondition::Absent) => Err(conflict(
                "withdrawal.waits",
                "Somebody of your agency has asked for this already. It waits for a colleague of theirs to confirm it.",
            )),
            Err(e) if e.is_conflict(Precondition::NotWithdrawn { record }) => Err(withdrawn()),
            done => {
                done?;
                Ok(WithdrawnRecords { waiting: count, ..WithdrawnRecords::default() })
            }
        }
    }

    /// What is to be taken back, and why; `None`: it was carried out.
    async fn asked_for(&self, w: &Waiting) -> Result<Option<(Record, WithdrawalReason)>> {
        let pieces = self.store.waiting_pieces(w.id, 0, 1).await?;
        if let Some(bad) = pieces.unreadable.first() {
            return Err(ServiceError::unreadable(*bad));
        }
        let Some(piece) = pieces.rows.first() else { return Ok(None) };
        match Held::of(piece)? {
            Held::Withdrawal { record, id, reason } => {
                let record = Record::of(record, id);
                let record =
                    record.ok_or_else(|| ServiceError::internal("nothing to take back"))?;
                Ok(Some((record, reason)))
            }
            _ => Err(ServiceError::internal("a withdrawal that waits is something else")),
        }
    }

    /// May this colleague say yes? They have to be allowed to take the same record back.
    pub(super) async fn may_second(
        self: &Arc<Self>,
        session: &StaffSession,
        w: &Waiting,
    ) -> Result<()> {
        let Some((record, _)) = self.asked_for(w).await? else { return Ok(()) };
        self.may_take_back(session, record).await.map(drop)
    }

    /// What a colleague of the agency is asked for, in words that name nobody.
    pub(super) async fn asked_view(
        &self,
        session: &StaffSession,
        w: &Waiting,
    ) -> Result<Option<AskedWithdrawal>> {
        let Some((record, reason)) = self.asked_for(w).await? else { return Ok(None) };
        let (kind, id) = record.row();
        let mut view = AskedWithdrawal {
            record: kind,
            reason,
            staff: self.staff_name(w.staff).await?,
            recorded_at: None,
            file: None,
            fact: None,
            sample: None,
            trip: None,
        };
        if let Record::Import(id) = record {
            let run = self.store.import(id).await?;
            view.recorded_at = run.as_ref().map(|r| r.started_at);
            view.file = run.map(|r| r.kind);
        } else if let Some(author) = self.store.authorship(kind, id).await? {
            view.recorded_at = Some(author.at);
            if author.agency == session.staff().agency {
                view.fact = self.own_record(&author).await?.and_then(|(_, fact)| fact);
                view.trip = self.trip_name(author.trip);
                view.sample = author.sample;
            }
        } else if let Some(id) = EvidenceId::from_i64(id)
            && let Some(kept) = self.store.kept_record(id).await?
        {
            // Of somebody who is not registered; it looks the same.
            view.recorded_at = Some(kept.kept_at);
            if kept.agency == session.staff().agency {
                view.fact = Some(self.kept_evidence(&kept)?.1.fact);
                view.sample = kept.sample;
            }
        }
        Ok(Some(view))
    }

    /// Carries out what a colleague confirmed.
    pub(super) async fn take_asked(self: &Arc<Self>, w: &Waiting) -> Result<()> {
        // Nobody but a second person confirmed it.
        Signed::confirmed(w)?;
        let Some((record, reason)) = self.asked_for(w).await? else { return Ok(()) };
        let by = Taker { agency: w.agency, staff: w.staff, reason };
        let done = self.take_record_back(record, by, Hands::Two).await;
        let (kind, id) = record.row();
        match done {
            Ok(_) => {}
            // It was taken back another way meanwhile, or corrected, or its day has gone.
            Err(e) if e.kind == Kind::NotFound || is_ended(&e) || e.code == withdrawn().code => {}
            Err(e) => {
                // What has begun goes on by itself ([`App::finish_withdrawals`]).
                if self.store.withdrawal(kind, id).await?.is_some() {
                    self.no_wish(w).await?;
                }
                return Err(e);
            }
        }
        self.no_wish(w).await
    }

    async fn no_wish(&self, w: &Waiting) -> Result<()> {
        let take = Write::TakeWaitingPiece { waiting: w.id, number: 0 };
        match self.store.commit(Unit::new("withdrawal_done", vec![take])).await {
            Err(e) if e.is_conflict(Precondition::Exists) => Ok(()),
            done => Ok(done?),
        }
    }

    /// Goes on with confirmed withdrawals that were cut short, by whichever server.
    pub async fn finish_asked(self: &Arc<Self>) -> Result<()> {
        for w in self.unfinished(WaitingState::Confirmed, None).await? {
            if w.kind == WaitingKind::Withdrawals {
                self.must_go_on()?;
                note("finish_asked_withdrawal", &self.take_asked(&w).await);
            }
        }
        Ok(())
    }
}

//! Taking records back: by who recorded them, or by a second body, with a reason from a closed list.
//! What followed from a record falls with it; for files see [`super::withdraw_files`], for rides
//! [`super::withdraw_rides`], for risk levels [`super::withdraw_levels`]. What is too much for one pair
//! of hands waits for a second: [`super::asked`].
//!
//! The second body of what laboratories, hospitals, carriers and the border record is the prevention
//! team of the person's region; of what prevention teams record, its health commission. Contacts are
//! no record of anybody: they fall with their case.

use std::collections::BTreeMap;
use std::sync::Arc;

use jadegate_domain::id::{ImportId, RideId};
use jadegate_domain::record::{ImportKind, RecordKind, WithdrawalReason};
use jadegate_domain::{
    AgencyId, AgencyKind, Case, CaseId, Division, Evidence, EvidenceId, EvidenceKind, Fact,
    HolderId,
};
use jadegate_store::{Precondition, StoreError, Unit, Write};
use serde::Serialize;

use crate::app::App;
use crate::assess::{Changed, EvidenceChange, TRIES, busy, resting_on};
use crate::author::Taker;
use crate::error::{Kind, Result, ServiceError, is_ended};
use crate::kept::kept_case;
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::parallel::{BoxFuture, SLICE, run_concurrently};
use crate::staff::{conflict, wrong};

/// What is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A piece of evidence.
    Evidence(EvidenceId),
    /// A case, with the contacts that were found from it.
    Case(CaseId),
    /// Who was aboard: one boarding of a carrier's list, with the visit it made.
    Ride(RideId),
    /// A whole file.
    Import(ImportId),
    /// A risk level of a division: it never held.
    RiskLevel(EvidenceId),
}

/// What a withdrawal came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WithdrawnRecords {
    /// Records taken back.
    pub records: u64,
    /// Cases that rested on them and fell, too.
    pub cases: u64,
    /// People whose contact counts no more.
    pub released: u64,
    /// Records that are not taken back yet: it is too much for one pair of hands, so it waits for a
    /// colleague ([`App::list_waiting`]).
    pub waiting: u64,
}

/// On how many hands a withdrawal rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hands {
    /// One member of staff's: it weighs on their hour and on their agency's.
    One,
    /// Two people's of the same agency: it has no weight.
    Two,
}

/// A reason as typed.
pub(crate) fn reason(text: &str) -> Result<WithdrawalReason> {
    let reason: Option<WithdrawalReason> = text.parse().ok();
    reason.filter(|r| r.is_given_by_people()).ok_or_else(|| {
        wrong("reason", "withdrawal.unknown_reason", "Choose a reason from the list.")
    })
}

/// May this member of staff take back what an agency recorded? `power` is the one to record it.
pub(crate) fn may_withdraw(
    session: &StaffSession,
    agency: AgencyId,
    kind: AgencyKind,
    power: Option<Power>,
    home: &Division,
) -> bool {
    let me = session.staff();
    let own = me.agency == agency && power.is_some_and(|p| session.may(p));
    let second = match kind {
        AgencyKind::Laboratory
        | AgencyKind::Hospital
        | AgencyKind::Carrier
        | AgencyKind::Border => AgencyKind::PreventionTeam,
        AgencyKind::PreventionTeam
        | AgencyKind::HealthCommission
        | AgencyKind::PublicSecurity
        | AgencyKind::AppealsBody
        | AgencyKind::Community
        | AgencyKind::SchoolOrEmployer
        | AgencyKind::Venue
        | AgencyKind::Operator
        | AgencyKind::Auditor => AgencyKind::HealthCommission,
    };
    let second = session.may(Power::WithdrawRecord)
        && me.agency_kind == second
        && me.agency != agency
        && me.region.contains(home);
    own || second
}

/// May this member of staff take a case back? Any prevention team of the place may, too.
pub(crate) fn may_withdraw_case(
    session: &StaffSession,
    case: &Case,
    kind: AgencyKind,
    home: &Division,
) -> bool {
    let team = session.may(Power::RecordCase)
        && session.staff().agency_kind == AgencyKind::PreventionTeam
        && session.staff().region.contains(home);
    team || may_withdraw(session, case.agency, kind, Some(Power::RecordCase), home)
}

/// The power to record what such a file tells; `None`: it is not taken back as a whole.
pub(super) const fn power_of_file(kind: ImportKind) -> Option<Power> {
    match kind {
        ImportKind::Tests => Some(Power::RecordTest),
        ImportKind::Rides => Some(Power::RecordRides),
        ImportKind::RiskLevels => Some(Power::SetRegion),
        ImportKind::Visits => None,
    }
}

pub(crate) fn unknown() -> ServiceError {
    ServiceError::not_found(
        "record.not_found",
        "There is no such record that you can withdraw. Whoever recorded it can, and a second body: the prevention team for laboratories, hospitals, carriers and the border, the health commission for prevention teams.",
    )
}

impl App {
    /// Takes a record back with everything that followed from it. What is more than the mandate lets
    /// one pair of hands take back waits for a colleague, and nothing is taken back yet.
    pub async fn withdraw_record(
        self: &Arc<Self>,
        session: &StaffSession,
        record: Record,
        why: &str,
    ) -> Result<WithdrawnRecords> {
        let me = session.need_any(Power::TAKE_BACK)?;
        let by = Taker { agency: me.agency, staff: Some(me.id), reason: reason(why)? };
        let holder = self.may_take_back(session, record).await?;
        self.take_back_or_ask(session, record, holder, by).await
    }

    /// Takes a record back that this member of staff may take back, or lets that wait for a colleague.
    pub(crate) async fn take_back_or_ask(
        self: &Arc<Self>,
        session: &StaffSession,
        record: Record,
        holder: Option<HolderId>,
        by: Taker,
    ) -> Result<WithdrawnRecords> {
        match self.take_record_back(record, by, Hands::One).await {
            Err(e) if is_too_much(&e) => self.ask_colleague(session, record, holder, by).await,
            done => done,
        }
    }

    /// Takes a record back for whoever may: [`App::may_take_back`] is asked before.
    pub(super) async fn take_record_back(
        self: &Arc<Self>,
        record: Record,
        by: Taker,
        hands: Hands,
    ) -> Result<WithdrawnRecords> {
        match record {
            Record::Evidence(id) => self.withdraw_evidence(id, by, hands).await,
            Record::Case(id) => {
                if self.store.case(id).await?.is_none()
                    && let Some(kept) = kept_case(id)
                    && let Some(done) = self.withdraw_kept(kept, by, hands).await?
                {
                    return Ok(done);
                }
                let with = self.weigh_hands(by, hands, 1);
                let released = self.drop_case_with(id, by, with).await?;
                Ok(WithdrawnRecords { records: 1, released, ..WithdrawnRecords::default() })
            }
            Record::Ride(id) => self.withdraw_ride(id, by, hands).await,
            Record::Import(id) => self.withdraw_import(id, by, hands).await,
            Record::RiskLevel(id) => self.withdraw_risk_level(id, by, hands).await,
        }
    }

    /// What so many records that can confine somebody weigh, for the first unit of their withdrawal.
    pub(super) fn weigh_hands(&self, by: Taker, hands: Hands, records: u64) -> Vec<Write> {
        match hands {
            Hands::One => self.weigh_withdrawal(by, records),
            Hands::Two => Vec::new(),
        }
    }

    /// The kind of an agency that recorded something.
    pub(crate) async fn agency_kind(&self, agency: AgencyId) -> Result<AgencyKind> {
        Ok(self.store.agency(agency).await?.ok_or_else(unknown)?.kind)
    }

    /// Which pieces of a person who lives there this member of staff may take back now: of a case's
    /// own piece it is the case that is taken back; contacts fall with theirs.
    pub(crate) async fn withdrawable(
        &self,
        session: &StaffSession,
        own: &[Evidence],
        home: &Division,
    ) -> Result<Vec<EvidenceId>> {
        let names = self.agency_names().await?;
        let mut ids = Vec::new();
        for e in own.iter().filter(|e| e.counts()) {
            let Some((agency, kind)) = e.agency.and_then(|a| Some((a, names.get(&a)?.kind))) else {
                continue;
            };
            let may = match e.fact {
                Fact::Contact { .. } => false,
                Fact::Case { case, .. } => self
                    .or_set_aside(self.store.case(case).await.map_err(Into::into))?
                    .flatten()
                    .is_some_and(|c| may_withdraw_case(session, &c, kind, home)),
                _ => may_withdraw(session, agency, kind, Power::to_record(e.fact.kind()), home),
            };
            ids.extend(may.then_some(e.id));
        }
        Ok(ids)
    }

    async fn withdraw_evidence(
        &self,
        id: EvidenceId,
        by: Taker,
        hands: Hands,
    ) -> Result<WithdrawnRecords> {
        let Some(piece) = self.evidence_or_kept(id, by, hands).await? else {
            return Ok(WithdrawnRecords { records: 1, ..WithdrawnRecords::default() });
        };
        let holder = piece.holder.ok_or_else(unknown)?;
        match piece.fact.kind() {
            EvidenceKind::Contact | EvidenceKind::Case => {
                return Err(conflict(
                    "evidence.falls_with_its_case",
                    "This follows from a case. Withdraw the case, and it falls with it.",
                ));
            }
            _ if piece.withdrawn_at.is_some() => return Err(withdrawn()),
            // A correction took its place.
            _ if piece.superseded_by.is_some() => return Err(crate::error::ended()),
            _ => {}
        }
        let mut with = vec![self.withdrawal_leaf(RecordKind::Evidence, by, 1)?];
        if piece.fact.may_confine() {
            with.extend(self.weigh_hands(by, hands, 1));
        }
        let done = self.take_back(holder, &[id], by, with).await?;
        // Somebody else was faster.
        if done.records == 0 { Err(withdrawn()) } else { Ok(done) }
    }

    /// A piece of evidence; `None`: it was kept for a document's owner, and is taken back.
    async fn evidence_or_kept(
        &self,
        id: EvidenceId,
        by: Taker,
        hands: Hands,
    ) -> Result<Option<Evidence>> {
        if let Some(piece) = self.store.evidence(id).await? {
            return Ok(Some(piece));
        }
        if self.withdraw_kept(id, by, hands).await?.is_some() {
            return Ok(None);
        }
        // Its owner registered at the same moment.
        self.store.evidence(id).await?.map(Some).ok_or_else(unknown)
    }

    /// Takes those of some pieces of one person back that still stand, with the cases that rest on
    /// them; what they corrected counts again. Cut short, it is finished by doing it again, or by [`App::finish_withdrawals`].
    pub(super) async fn take_back(
        &self,
        holder: HolderId,
        pieces: &[EvidenceId],
        by: Taker,
        with: Vec<Write>,
    ) -> Result<WithdrawnRecords> {
        let mut done = WithdrawnRecords::default();
        for _ in 0..TRIES {
            let (version, own) = self.store.evidence_of(holder).await?.unwrap_or_default();
            let stands = |e: &&Evidence| e.counts() && pieces.contains(&e.id);
            let withdraw: Vec<_> = own.iter().filter(stands).map(|e| e.id).collect();
            let records = withdraw.len() as u64;
            if records > 0 {
                let add = self.uncorrected(&own, pieces).await?;
                let (by, from, with) = (Some(by), Some(version), with.clone());
                let change = EvidenceChange { add, withdraw, by, from, with };
                match self.record("withdraw_record", holder, change).await {
                    // Something of this person changed at the same moment.
                    Err(e) if is_ended(&e) => continue,
                    Ok(Changed::Above) => return Err(above_withdrawals(None)),
                    other => drop(other?),
                }
            }
            done.records = records;
            (done.cases, done.released) = self.let_fall(holder, pieces, by).await?;
            return Ok(done);
        }
        Err(busy())
    }

    /// Withdraws the cases of a person that rest on pieces which are gone; says how many, and how many
    /// people were released.
    pub(crate) async fn let_fall(
        &self,
        holder: HolderId,
        gone: &[EvidenceId],
        by: Taker,
    ) -> Result<(u64, u64)> {
        let own = self.store.evidence_of(holder).await?.map_or_else(Vec::new, |(_, e)| e);
        let (mut cases, mut released) = (0, 0);
        for case in resting_on(&own, |e| !e.counts() && gone.contains(&e.id)) {
            if self.store.case(case).await?.is_some_and(|c| c.withdrawn_at.is_none()) {
                cases += 1;
                released += self.drop_case(case, by.followed()).await?;
            }
        }
        Ok((cases, released))
    }

    /// Says that a file or a case is being taken back: from here on nothing is added to it, whoever
    /// is at it on whichever server, and what is left off here is finished by
    /// [`App::finish_withdrawals`]. Whoever began first goes on.
    pub(super) async fn begin_withdrawal(
        &self,
        record: RecordKind,
        id: i64,
        by: Taker,
        with: Vec<Write>,
    ) -> Result<Taker> {
        let begun = async || -> Result<Option<Taker>> {
            Ok(self.store.withdrawal(record, id).await?.as_ref().map(Taker::of))
        };
        if let Some(first) = begun().await? {
            return Ok(first);
        }
        let writes = std::iter::once(by.row(record, id, self.now())).chain(with).collect();
        let begin = Unit::new("begin_withdrawal", writes);
        match self.store.commit(begin).await {
            Err(e) if e.is_conflict(Precondition::Absent) => Ok(begun().await?.unwrap_or(by)),
            done => done.map(|()| by).map_err(withdrawal_error),
        }
    }

    /// Withdraws a case: no contact is added any more, its contacts are released, then the case's own
    /// evidence goes with the case. Should it be cut short, the case still stands, and
    /// [`App::finish_withdrawals`] goes on. Returns how many people were released.
    pub(crate) async fn drop_case(&self, id: CaseId, by: Taker) -> Result<u64> {
        self.drop_case_with(id, by, Vec::new()).await
    }

    /// The same with other writes of the moment at which it begins.
    pub(crate) async fn drop_case_with(
        &self,
        id: CaseId,
        by: Taker,
        with: Vec<Write>,
    ) -> Result<u64> {
        let _one = self.locks.cases.lock(id).await;
        let by = self.begin_withdrawal(RecordKind::Case, id.as_i64(), by, with).await?;
        let mut released = 0;
        for _ in 0..TRIES {
            match self.try_drop_case(id, by, &mut released).await {
                // Another server corrected it, traced from it or released somebody meanwhile.
                Err(e) if is_ended(&e) => {}
                done => return done.map(|()| released),
            }
        }
        Err(busy())
    }

    async fn try_drop_case(&self, id: CaseId, by: Taker, released: &mut u64) -> Result<()> {
        let case = self.store.case(id).await?.ok_or_else(unknown)?;
        self.release_contacts_of(id, by, released).await?;
        if case.withdrawn_at.is_none() {
            self.withdraw_case_itself(&case, by).await?;
        }
        Ok(())
    }

    async fn release_contacts_of(&self, id: CaseId, by: Taker, released: &mut u64) -> Result<()> {
        let follows = Some(by.followed());
        let mut by_holder: BTreeMap<HolderId, Vec<EvidenceId>> = BTreeMap::new();
        let contacts = self.store.standing_contacts(id).await?;
        let mut left = contacts.unreadable.len();
        for e in contacts.rows {
            if let (Some(holder), Fact::Contact { case: c, .. }) = (e.holder, &e.fact)
                && *c == id
            {
                by_holder.entry(holder).or_default().push(e.id);
            }
        }
        let mut by_holder = by_holder.into_iter().peekable();
        while by_holder.peek().is_some() {
            let some = by_holder.by_ref().take(SLICE);
            let futures: Vec<BoxFuture<'_, _>> = some
                .map(|(holder, withdraw)| {
                    let change =
                        EvidenceChange { withdraw, by: follows, ..EvidenceChange::default() };
                    Box::pin(self.record("release_contact", holder, change)) as BoxFuture<'_, _>
                })
                .collect();
            let mut failed = None;
            for done in run_concurrently(futures).await {
                match self.or_set_aside(done) {
                    Ok(Some(_)) => *released += 1,
                    Ok(None) => left += 1,
                    Err(e) => failed = Some(e),
                }
            }
            if let Some(e) = failed {
                return Err(e);
            }
        }
        if left > 0 {
            return Err(ServiceError::new(
                Kind::Unavailable,
                "case.partly_withdrawn",
                format!(
                    "{released} people were released. The records of {left} more cannot be read, so the case still stands. The operator sees which records they are; the withdrawal is finished by itself when they are put right."
                ),
            ));
        }
        Ok(())
    }

    async fn withdraw_case_itself(&self, case: &Case, by: Taker) -> Result<()> {
        let (id, now) = (case.id, self.now());
        let own: Vec<_> = self.own_evidence(case).await?.iter().map(|e| e.id).collect();
        let mut with = vec![
            Write::WithdrawCase { case: id, at: now },
            self.withdrawal_leaf(RecordKind::Case, by, 1)?,
        ];
        if let Some(run) = self.standing_trace(id).await? {
            with.extend(self.end_waiting_of(run.id).await?);
        }
        let by = Some(by.followed());
        let change = EvidenceChange { withdraw: own, by, with, ..EvidenceChange::default() };
        self.record("withdraw_case", case.holder, change).await?;
        self.memory.late.forget(id);
        Ok(())
    }

    pub(crate) fn withdrawal_leaf(
        &self,
        record: RecordKind,
        by: Taker,
        records: u64,
    ) -> Result<Write> {
        let leaf = crate::log::withdrawal_leaf(record, by.agency, by.reason, records, self.now())?;
        Ok(Write::AddLeaf(leaf))
    }
}

/// Somebody took back as much by hand as the mandate lets one pair of hands within an hour.
pub(crate) fn above_withdrawals(wait: Option<u32>) -> ServiceError {
    ServiceError::new(
        Kind::TooMany,
        ABOVE,
        "As much was taken back within this hour as the mandate lets you, or your agency, take back alone. Nothing was changed. A colleague of your agency or the second body can withdraw it.",
    )
    .retry_after(wait.unwrap_or(3600).max(1))
}

const ABOVE: &str = "withdrawal.above_mandate";

/// Is it that one pair of hands may not take that much back?
fn is_too_much(e: &ServiceError) -> bool {
    e.code == ABOVE
}

/// What the store says of a unit with which something is taken back.
pub(super) fn withdrawal_error(e: StoreError) -> ServiceError {
    match e.no_room() {
        Some((_, wait)) => above_withdrawals(wait),
        None => e.into(),
    }
}

pub(crate) fn withdrawn() -> ServiceError {
    conflict("record.withdrawn", "This was withdrawn before.")
}

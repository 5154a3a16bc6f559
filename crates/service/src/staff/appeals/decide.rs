//! Deciding on an appeal. Granted, the record is taken back with all that follows from it; of a record
//! made elsewhere the dispute is recorded, and the policy says what holds meanwhile (h14).

use std::sync::Arc;

use jadegate_domain::appeal::{APPEAL_DAYS, APPEAL_FILE_DAYS};
use jadegate_domain::evidence::AppealOutcome;
use jadegate_domain::record::RecordKind;
use jadegate_domain::{
    AppealFinding, AppealId, AppealState, CaseId, Evidence, EvidenceKind, Fact, Timestamp,
};
use jadegate_ledger::AppealEvent;
use jadegate_store::{Appeal, AppealDecision, AppealWrite, Write};
use serde::Deserialize;

use super::list::{AppealDetail, LOOK, NotByYou};
use crate::app::App;
use crate::appeals::{decided_already, decides, reason_of, words};
use crate::assess::{Changed, EvidenceChange, NewEvidence, TRIES, busy, gone};
use crate::author::{Author, Taker};
use crate::brake::Signed;
use crate::error::{FieldError, Result, ServiceError, is_ended};
use crate::jobs::note;
use crate::session::StaffSession;
use crate::staff::access::{Power, not_yours};
use crate::staff::records::withdraw::above_withdrawals;

/// A decision as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DecisionInput {
    /// On what it rests, from a closed list; it says whether the person is right.
    #[cfg_attr(feature = "openapi", schema(value_type = AppealFinding))]
    pub finding: String,
    /// The answer to the person in plain words: 10 to 1,000 characters.
    pub reply: String,
}

/// What follows from a decision beside itself.
struct Decided {
    change: EvidenceChange,
    /// The case that falls with it.
    case: Option<CaseId>,
    taker: Option<Taker>,
}

impl App {
    /// Decides on an open appeal of the region, by somebody of another agency than the record's, and
    /// the second time by somebody else than the first.
    pub async fn decide_appeal(
        self: &Arc<Self>,
        session: &StaffSession,
        id: AppealId,
        input: &DecisionInput,
    ) -> Result<AppealDetail> {
        session.need(Power::DecideAppeals)?;
        if !decides(session.staff().agency_kind) {
            return Err(not_yours());
        }
        let (finding, reply) = read_input(input)?;
        for _ in 0..TRIES {
            let appeal = self.appeal_here(session, id).await?;
            if appeal.state != AppealState::Open {
                return Err(decided_already());
            }
            if let Some(why) = self.not_by_you(session, &appeal).await? {
                return Err(refused(why));
            }
            let (version, own) = self.store.evidence_of(appeal.holder).await?.ok_or_else(gone)?;
            let decided = self.appeal_decided(session, &appeal, &own, finding, &reply).await?;
            let change = EvidenceChange { from: Some(version), ..decided.change };
            match self.record("decide_appeal", appeal.holder, change).await {
                // The record or the appeal changed at the same moment.
                Err(e) if is_ended(&e) => continue,
                Ok(Changed::Above) => return Err(above_withdrawals(None)),
                done => drop(done?),
            }
            self.let_follow(&appeal, decided.case, decided.taker).await;
            return self.open_appeal(session, id).await;
        }
        Err(busy())
    }

    /// The change that a decision is. `own` is the person's evidence.
    async fn appeal_decided(
        &self,
        session: &StaffSession,
        appeal: &Appeal,
        own: &[Evidence],
        finding: AppealFinding,
        reply: &str,
    ) -> Result<Decided> {
        let (me, now) = (session.staff(), self.now());
        let author = Author::of(me);
        let taker = reason_of(finding).map(|reason| Taker {
            agency: me.agency,
            staff: Some(me.id),
            reason,
        });
        let outcome =
            if finding.grants() { AppealOutcome::Granted } else { AppealOutcome::Refused };
        let fact = Fact::AppealDecision { appeal: appeal.piece, outcome };
        let mut change = EvidenceChange {
            add: vec![NewEvidence::by(Signed::own(&author, &fact), fact)],
            with: self.decision_writes(session, appeal, (finding, reply), now).await?,
            ..EvidenceChange::default()
        };
        let mut case = None;
        let contested = own.iter().find(|e| e.id == appeal.contests && e.counts());
        if let (Some(taker), Some(piece)) = (taker, contested) {
            change.by = Some(taker);
            match &piece.fact {
                _ if piece.origin.is_some() => {
                    let dispute = Fact::Dispute { disputes: piece.id };
                    change.add.push(NewEvidence::by(Signed::own(&author, &dispute), dispute));
                }
                Fact::Case { case: of, .. } => {
                    case = Some(*of);
                    change.with.extend(self.case_falls(*of, taker, now).await?);
                }
                fact => {
                    change.withdraw.push(piece.id);
                    change.add.extend(self.uncorrected(own, &[piece.id]).await?);
                    change.with.push(self.withdrawal_leaf(RecordKind::Evidence, taker, 1)?);
                    // A contact frees one person and was recorded by nobody's hand.
                    if fact.may_confine() && fact.kind() != EvidenceKind::Contact {
                        change.with.extend(self.weigh_withdrawal(taker, 1));
                    }
                }
            }
        }
        Ok(Decided { change, case, taker })
    }

    /// The decision itself with its answer, the look that it is, and the leaf.
    async fn decision_writes(
        &self,
        session: &StaffSession,
        appeal: &Appeal,
        (finding, reply): (AppealFinding, &str),
        now: Timestamp,
    ) -> Result<Vec<Write>> {
        let me = session.staff();
        let (state, event) = if finding.grants() {
            (AppealState::Granted, AppealEvent::Granted)
        } else {
            (AppealState::Refused, AppealEvent::Refused)
        };
        let sealed =
            self.seal_with_appeal(appeal.holder, "reply", appeal.id, reply.as_bytes()).await?;
        let decision = AppealDecision {
            at: now,
            by: Some((me.id, me.agency)),
            finding: Some(finding),
            reply: Some(sealed),
            keep_until: now.plus_days(APPEAL_DAYS),
        };
        let mut writes = vec![
            Write::Appeal(AppealWrite::Decide {
                id: appeal.id,
                state,
                decision: Box::new(decision),
                file_until: now.plus_days(APPEAL_FILE_DAYS),
            }),
            self.appeal_leaf(event, &appeal.rule, Some(me.agency))?,
        ];
        writes.extend(self.access_writes(me, appeal.holder, LOOK.purpose, LOOK.what)?);
        Ok(writes)
    }

    /// The case begins to fall in the unit of the decision: cut short, the rest is finished by
    /// [`App::finish_withdrawals`].
    async fn case_falls(&self, case: CaseId, taker: Taker, now: Timestamp) -> Result<Vec<Write>> {
        let id = case.as_i64();
        if self.store.withdrawal(RecordKind::Case, id).await?.is_some() {
            return Ok(Vec::new());
        }
        let mut writes = vec![taker.row(RecordKind::Case, id, now)];
        writes.extend(self.weigh_withdrawal(taker, 1));
        Ok(writes)
    }

    /// What follows from a record that is taken back. It is decided already: what fails here is
    /// finished in the background.
    async fn let_follow(
        self: &Arc<Self>,
        appeal: &Appeal,
        case: Option<CaseId>,
        taker: Option<Taker>,
    ) {
        let Some(taker) = taker else { return };
        if let Some(case) = case {
            note("decided_appeal", &self.drop_case(case, taker).await);
        }
        note("decided_appeal", &self.let_fall(appeal.holder, &[appeal.contests], taker).await);
    }
}

fn read_input(input: &DecisionInput) -> Result<(AppealFinding, String)> {
    let finding: Option<AppealFinding> = input.finding.parse().ok();
    let reply = words(&input.reply).filter(|r| r.chars().count() >= 10);
    let mut wrong = Vec::new();
    if finding.is_none() {
        wrong.push(FieldError {
            field: "finding",
            code: "appeal.unknown_finding",
            detail: "Choose on what the decision rests from the list.".to_owned(),
        });
    }
    if reply.is_none() {
        wrong.push(FieldError {
            field: "reply",
            code: "appeal.bad_reply",
            detail: "Answer the person in plain words: 10 to 1,000 characters.".to_owned(),
        });
    }
    match finding.zip(reply) {
        Some(read) => Ok(read),
        None => Err(ServiceError::fields(wrong)),
    }
}

fn refused(why: NotByYou) -> ServiceError {
    match why {
        NotByYou::OwnRecord => ServiceError::forbidden(
            "appeal.own_record",
            "You or your agency recorded what is contested. Somebody of another agency decides.",
        ),
        NotByYou::DecidedBefore => ServiceError::forbidden(
            "appeal.decided_by_you",
            "You decided the first time. Somebody else gives the second opinion.",
        ),
        NotByYou::LodgedByYou => ServiceError::forbidden(
            "appeal.lodged_by_you",
            "You lodged this appeal for the person. Somebody else decides.",
        ),
    }
}

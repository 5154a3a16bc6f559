//! Lodging an appeal from the code page, handing something in, taking the appeal back.

use jadegate_domain::appeal::{APPEAL_DAYS, APPEAL_FILE_DAYS};
use jadegate_domain::{
    AppealFileKind, AppealGround, AppealId, AppealState, Evidence, EvidenceId, Fact, HolderId,
    Staff,
};
use jadegate_ledger::AppealEvent;
use jadegate_store::{Appeal, AppealDecision, AppealFile, AppealWrite, Precondition, Unit, Write};
use serde::Deserialize;

use crate::app::App;
use crate::appeals::{
    APPEAL_FILE_BYTES, AppealFileView, AppealView, AppealsView, HANDED_IN, LIST, LODGED,
    OPEN_APPEALS, decided_already, may_be_looked_at_again, no_such_appeal, words,
};
use crate::assess::{Changed, EvidenceChange, NewEvidence, TRIES, busy, gone};
use crate::error::{FieldError, Kind, Result, ServiceError, is_ended};
use crate::session::HolderSession;

/// An appeal as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealInput {
    /// The record behind the colour that is wrong.
    pub evidence: EvidenceId,
    /// What is wrong, from a closed list.
    #[cfg_attr(feature = "openapi", schema(value_type = AppealGround))]
    pub ground: String,
    /// More about it in your own words: at most 1,000 characters.
    #[serde(default)]
    pub words: Option<String>,
}

impl App {
    /// The holder's appeals, beside the colour of the same assessment.
    pub async fn my_appeals(&self, s: &HolderSession) -> Result<AppealsView> {
        self.appeals_view(self.main_record(s.holder).await?).await
    }

    /// Contests a record behind the holder's colour. Of one that was refused it is the second opinion.
    pub async fn lodge_appeal(&self, s: &HolderSession, input: &AppealInput) -> Result<AppealView> {
        let holder = self.main_record(s.holder).await?;
        let id = self.lodge(holder, input, None).await?;
        self.appeal_view(holder, id).await
    }

    async fn appeal_view(&self, holder: HolderId, id: AppealId) -> Result<AppealView> {
        let all = self.appeals_view(holder).await?.appeals;
        all.into_iter().find(|a| a.id == id).ok_or_else(no_such_appeal)
    }

    /// Lodges it for a person, at whose counter if at one.
    pub(crate) async fn lodge(
        &self,
        holder: HolderId,
        input: &AppealInput,
        counter: Option<(&Staff, &[Write])>,
    ) -> Result<AppealId> {
        let (ground, said) = read_input(input)?;
        for _ in 0..TRIES {
            match self.try_lodging(holder, input.evidence, (ground, said.as_deref()), counter).await
            {
                // Something of this person changed at the same moment: another appeal, perhaps.
                Err(e) if is_ended(&e) => {}
                done => return done,
            }
        }
        Err(busy())
    }

    async fn try_lodging(
        &self,
        holder: HolderId,
        contests: EvidenceId,
        (ground, said): (AppealGround, Option<&str>),
        counter: Option<(&Staff, &[Write])>,
    ) -> Result<AppealId> {
        let assessment = self.assessment(holder).await?;
        let (version, own) = self.store.evidence_of(holder).await?.ok_or_else(gone)?;
        let home = self.store.holder(holder).await?.ok_or_else(gone)?.home;
        let reason = assessment.reasons.iter().find(|r| r.evidence.contains(&contests));
        let reason = reason.ok_or_else(not_behind_colour)?;
        let contested = own.iter().find(|e| e.id == contests).ok_or_else(public_record)?;
        may_be_contested(contested)?;
        let second_of = room_for(&self.store.appeals_of(holder, LIST).await?, contests)?;
        let now = self.now();
        let rules = self.policy().for_home(&home).easing_hours(&reason.rule);
        let hours = rules.map_or(self.settings().appeal_hours, i64::from);
        let id = AppealId::from_random(self.deployment.rng.bits());
        let piece = EvidenceId::from_random(self.deployment.rng.bits());
        let sealed = match said {
            Some(text) => Some(self.seal_with_appeal(holder, "words", id, text.as_bytes()).await?),
            None => None,
        };
        let appeal = Appeal {
            id,
            holder,
            home,
            piece,
            contests,
            agency: contested.agency,
            rule: reason.rule.clone(),
            policy: assessment.policy.digest.clone(),
            ground,
            words: sealed,
            counter: counter.map(|(staff, _)| (staff.id, staff.agency)),
            second_of,
            lodged_at: now,
            due_at: now.plus_secs(hours * 3600),
            eases: rules.is_some(),
            lapsed_at: None,
            state: AppealState::Open,
            decision: None,
        };
        let key = self.deployment.keys.evidence_key(&format!("appeals/{holder}"));
        let leaf = self.appeal_leaf(AppealEvent::Lodged, &appeal.rule, None)?;
        let mut with = vec![self.count(LODGED, key, 1), leaf];
        with.push(Write::Appeal(AppealWrite::Add(Box::new(appeal))));
        with.extend(counter.iter().flat_map(|(_, look)| look.iter().cloned()));
        let fact = NewEvidence::by_holder(Fact::Appeal { contests });
        let add = vec![NewEvidence { id: Some(piece), ..fact }];
        let change = EvidenceChange { add, from: Some(version), with, ..EvidenceChange::default() };
        match self.record("lodge_appeal", holder, change).await? {
            Changed::Done(..) => Ok(id),
            Changed::Unchanged | Changed::Above => {
                Err(ServiceError::internal("an appeal has no weight and no key"))
            }
        }
    }

    /// Hands in a picture or a paper with an open appeal. What it is is told by its bytes.
    pub async fn hand_in(
        &self,
        s: &HolderSession,
        id: AppealId,
        bytes: &[u8],
    ) -> Result<AppealFileView> {
        let holder = self.main_record(s.holder).await?;
        let appeal = self.own_appeal(holder, id).await?;
        if appeal.state != AppealState::Open {
            return Err(decided_already());
        }
        if bytes.len() > APPEAL_FILE_BYTES {
            return Err(file_too_large());
        }
        let kind = AppealFileKind::of(bytes).ok_or_else(no_such_file)?;
        let size = u32::try_from(bytes.len()).map_err(ServiceError::internal)?;
        let sealed = self.seal_with_appeal(appeal.holder, "file", id, bytes).await?;
        let file = AppealFile { appeal: id, kind, size, sealed, added_at: self.now() };
        let key = self.deployment.keys.evidence_key(&format!("appeals/{holder}"));
        let writes = vec![
            self.count(HANDED_IN, key, 1),
            Write::Appeal(AppealWrite::AddFile(Box::new(file))),
        ];
        match self.store.commit(Unit::new("hand_in", writes)).await {
            Ok(()) => Ok(AppealFileView { kind, size }),
            Err(e) if e.is_conflict(Precondition::Stands) => Err(decided_already()),
            Err(e) if e.is_conflict(Precondition::Absent) => Err(handed_in_already()),
            Err(e) => Err(e.into()),
        }
    }

    /// The person takes an open appeal back. What it contested counts as before.
    pub async fn withdraw_appeal(&self, s: &HolderSession, id: AppealId) -> Result<AppealsView> {
        let holder = self.main_record(s.holder).await?;
        for _ in 0..TRIES {
            let appeal = self.own_appeal(holder, id).await?;
            if appeal.state != AppealState::Open {
                return Err(decided_already());
            }
            let decision = AppealDecision {
                at: self.now(),
                by: None,
                finding: None,
                reply: None,
                keep_until: self.now().plus_days(APPEAL_DAYS),
            };
            let with = vec![
                Write::Appeal(AppealWrite::Decide {
                    id,
                    state: AppealState::Withdrawn,
                    file_until: decision.at.plus_days(APPEAL_FILE_DAYS),
                    decision: Box::new(decision),
                }),
                self.appeal_leaf(AppealEvent::Withdrawn, &appeal.rule, None)?,
            ];
            let withdraw = vec![appeal.piece];
            let change = EvidenceChange { withdraw, with, ..EvidenceChange::default() };
            match self.record("withdraw_appeal", holder, change).await {
                // Somebody decided on it at the same moment.
                Err(e) if is_ended(&e) => {}
                done => {
                    done?;
                    return self.appeals_view(holder).await;
                }
            }
        }
        Err(busy())
    }

    /// An appeal of one's own; others are answered like none.
    async fn own_appeal(&self, holder: HolderId, id: AppealId) -> Result<Appeal> {
        let all = self.store.appeals_of(holder, LIST).await?;
        all.into_iter().find(|a| a.id == id).ok_or_else(no_such_appeal)
    }
}

fn read_input(input: &AppealInput) -> Result<(AppealGround, Option<String>)> {
    let mut wrong = Vec::new();
    let ground: Option<AppealGround> = input.ground.parse().ok();
    if ground.is_none() {
        wrong.push(FieldError {
            field: "ground",
            code: "appeal.unknown_ground",
            detail: "Choose what is wrong from the list.".to_owned(),
        });
    }
    let said = input.words.as_deref().filter(|w| !w.trim().is_empty());
    let read = said.map(words);
    if read == Some(None) {
        wrong.push(FieldError {
            field: "words",
            code: "appeal.bad_words",
            detail: "Write at most 1,000 characters.".to_owned(),
        });
    }
    if ground == Some(AppealGround::Other) && said.is_none() {
        wrong.push(FieldError {
            field: "words",
            code: "appeal.words_missing",
            detail: "Say in a few words what is wrong.".to_owned(),
        });
    }
    match ground.filter(|_| wrong.is_empty()) {
        Some(ground) => Ok((ground, read.flatten())),
        None => Err(ServiceError::fields(wrong)),
    }
}

/// The appeal that this one looks at again, if there is room for another.
fn room_for(all: &[Appeal], contests: EvidenceId) -> Result<Option<AppealId>> {
    let open = || all.iter().filter(|a| a.state == AppealState::Open);
    if open().any(|a| a.contests == contests) {
        return Err(conflict(
            "appeal.open",
            "You contested this record already. You see below how far it has come.",
        ));
    }
    if open().count() >= OPEN_APPEALS {
        return Err(conflict(
            "appeal.too_many_open",
            "Five appeals of yours are open. Wait for a decision, or take one of them back.",
        ));
    }
    let mut refused =
        all.iter().filter(|a| a.contests == contests && a.state == AppealState::Refused);
    let Some(newest) = refused.next() else { return Ok(None) };
    if may_be_looked_at_again(newest, all) {
        return Ok(Some(newest.id));
    }
    Err(conflict(
        "appeal.decided_twice",
        "Two offices have looked at this record and both refused. Whoever recorded it can still correct it; a court can be asked.",
    ))
}

/// What nobody else said of them is put right in another way.
fn may_be_contested(piece: &Evidence) -> Result<()> {
    let own_word =
        matches!(piece.fact, Fact::Declaration { .. } | Fact::CheckIn { .. } | Fact::Appeal { .. });
    if piece.agency.is_none() && own_word {
        return Err(conflict(
            "appeal.own_statement",
            "You said this yourself. Declare anew, and what you said before counts no more.",
        ));
    }
    Ok(())
}

fn conflict(code: &'static str, detail: &'static str) -> ServiceError {
    ServiceError::new(Kind::Conflict, code, detail)
}

fn not_behind_colour() -> ServiceError {
    conflict(
        "appeal.not_behind_colour",
        "This record is not behind your colour now, so there is nothing to contest. Please load your code again.",
    )
}

fn public_record() -> ServiceError {
    conflict(
        "appeal.public_record",
        "A risk level holds for everybody who was there. If you were not there, contest your stay.",
    )
}

pub(crate) fn file_too_large() -> ServiceError {
    ServiceError::bad(
        "appeal.file_too_large",
        "The file is larger than 1 MB. Send a smaller picture, or one page.",
    )
}

fn no_such_file() -> ServiceError {
    ServiceError::bad(
        "appeal.file_kind",
        "This is no JPEG or PNG picture and no PDF, or it is cut short. Your appeal stands; send another file.",
    )
}

fn handed_in_already() -> ServiceError {
    conflict("appeal.file_there", "A file is with this appeal already.")
}

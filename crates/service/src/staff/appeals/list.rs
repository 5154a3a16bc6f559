//! The appeals of a region, and one of them.

use jadegate_domain::record::RecordKind;
use jadegate_domain::{
    AppealFileKind, AppealFinding, AppealGround, AppealId, AppealState, EvidenceId, EvidenceKind,
    Fact, Purpose, Timestamp,
};
use jadegate_store::Appeal;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::app::App;
use crate::appeals::{AppealFileView, is_late, no_such_appeal, sealed_name};
use crate::error::{Result, ServiceError};
use crate::named::{AgencyName, AssessmentView};
use crate::session::StaffSession;
use crate::staff::access::{Look, Power};
use crate::staff::what::What;

/// Open appeals that are shown.
const LIST: u32 = 500;
/// Rules to look at that are shown.
const REVIEWS: u32 = 50;

/// Why a member of staff does not decide on an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotByYou {
    /// Their agency recorded what is contested.
    OwnRecord,
    /// They decided the first time.
    DecidedBefore,
    /// They lodged it for the person.
    LodgedByYou,
}

/// An open appeal, without a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealRow {
    /// The number on the receipt.
    pub id: AppealId,
    /// Where the person lives.
    pub home_name: String,
    /// What kind of record is contested; absent if it is not kept any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = EvidenceKind))]
    pub kind: Option<EvidenceKind>,
    /// The rule that asked for the colour.
    pub rule: String,
    /// What is wrong.
    pub ground: AppealGround,
    /// Is it a second opinion?
    pub second: bool,
    /// When it was lodged.
    pub lodged_at: Timestamp,
    /// By when it is to be decided.
    pub due_at: Timestamp,
    /// Was it not decided in time?
    pub late: bool,
    /// How far it has come.
    pub state: AppealState,
    /// Why you do not decide on it; absent: you may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = NotByYou))]
    pub not_by_you: Option<NotByYou>,
}

/// A rule that somebody has to look at: so many decisions about it were overturned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleReviewRow {
    /// The rule.
    pub rule: String,
    /// The digest of the policy of which it is one.
    pub policy: String,
    /// Since when.
    pub asked_at: Timestamp,
    /// Decided appeals by then.
    pub decided: u32,
    /// Those of them that were granted.
    pub overturned: u32,
}

/// The work list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealList {
    /// Open appeals of the region, those that are due first come first.
    pub appeals: Vec<AppealRow>,
    /// Rules that somebody has to look at.
    pub reviews: Vec<RuleReviewRow>,
}

/// What came of an appeal, as who looks again sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealAnswer {
    /// Who decided; `null`: nobody had to.
    pub by: Option<AgencyName>,
    /// When.
    pub at: Timestamp,
    /// On what it rests.
    pub finding: Option<AppealFinding>,
    /// The answer in plain words.
    pub reply: Option<String>,
}

/// One appeal with all that the decision needs.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealDetail {
    /// As in the list.
    #[serde(flatten)]
    pub row: AppealRow,
    /// Whose, masked.
    pub name_masked: String,
    /// Their colour now and why, of one assessment.
    pub assessment: AssessmentView,
    /// The record that is contested.
    pub contests: EvidenceId,
    /// What it says; absent if it is not kept any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Fact))]
    pub fact: Option<Fact>,
    /// When it was recorded.
    pub recorded_at: Option<Timestamp>,
    /// Who recorded it; `null`: the person, or a gate.
    pub recorded_by: Option<AgencyName>,
    /// Was it made by an authority elsewhere? Then it can be disputed, not withdrawn.
    pub imported: bool,
    /// In the person's words.
    pub words: Option<String>,
    /// What was handed in.
    pub file: Option<AppealFileView>,
    /// At whose counter it was lodged; `null`: by the person or who cares for them.
    pub counter: Option<AgencyName>,
    /// The decision that is looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = AppealAnswer))]
    pub first: Option<AppealAnswer>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = AppealAnswer))]
    pub answer: Option<AppealAnswer>,
}

impl App {
    /// Open appeals of the region, without names: those that are due first come first.
    pub async fn list_appeals(&self, session: &StaffSession) -> Result<AppealList> {
        let me = session.need(Power::DecideAppeals)?;
        let mut appeals = Vec::new();
        for appeal in self.store.open_appeals(&me.region, LIST).await? {
            let row = self.or_set_aside(self.appeal_row(session, &appeal).await)?;
            appeals.extend(row);
        }
        let reviews = self.store.rule_reviews(REVIEWS).await?;
        let reviews = reviews.into_iter().map(|r| RuleReviewRow {
            rule: r.rule,
            policy: r.policy,
            asked_at: r.asked_at,
            decided: r.decided,
            overturned: r.overturned,
        });
        Ok(AppealList { appeals, reviews: reviews.collect() })
    }

    async fn appeal_row(&self, session: &StaffSession, a: &Appeal) -> Result<AppealRow> {
        let contested = self.store.evidence(a.contests).await?;
        Ok(AppealRow {
            id: a.id,
            home_name: self.division_name(&a.home),
            kind: contested.map(|e| e.fact.kind()),
            rule: a.rule.clone(),
            ground: a.ground,
            second: a.second_of.is_some(),
            lodged_at: a.lodged_at,
            due_at: a.due_at,
            late: is_late(a, self.now()),
            state: a.state,
            not_by_you: self.not_by_you(session, a).await?,
        })
    }

    /// Why this member of staff does not decide on it; `None`: they may.
    pub(super) async fn not_by_you(
        &self,
        session: &StaffSession,
        a: &Appeal,
    ) -> Result<Option<NotByYou>> {
        let me = session.staff();
        let author = self.store.authorship(RecordKind::Evidence, a.contests.as_i64()).await?;
        let recorded = author.is_some_and(|w| w.staff == Some(me.id) || w.agency == me.agency);
        if recorded || a.agency == Some(me.agency) {
            return Ok(Some(NotByYou::OwnRecord));
        }
        if a.counter.is_some_and(|(staff, _)| staff == me.id) {
            return Ok(Some(NotByYou::LodgedByYou));
        }
        let first = match a.second_of {
            Some(first) => self.store.appeal(first).await?,
            None => None,
        };
        let decided = first.and_then(|f| f.decision).and_then(|d| d.by);
        Ok(decided.filter(|(staff, _)| *staff == me.id).map(|_| NotByYou::DecidedBefore))
    }

    /// An appeal of the member's region; others are answered like none.
    pub(super) async fn appeal_here(&self, session: &StaffSession, id: AppealId) -> Result<Appeal> {
        let me = session.need(Power::DecideAppeals)?;
        let found = self.store.appeal(id).await?.filter(|a| me.region.contains(&a.home));
        found.ok_or_else(no_such_appeal)
    }

    /// Opens one appeal: a look, which its holder sees.
    pub async fn open_appeal(&self, session: &StaffSession, id: AppealId) -> Result<AppealDetail> {
        let a = self.appeal_here(session, id).await?;
        let person = self.open_person(session, a.holder, LOOK).await?;
        let contested = self.store.evidence(a.contests).await?;
        let names = self.agency_names().await?;
        let first = match a.second_of {
            Some(first) => self.store.appeal(first).await?,
            None => None,
        };
        let first = match first {
            Some(first) => self.appeal_answer(&first).await?,
            None => None,
        };
        let recorded_by = contested.as_ref().and_then(|e| e.agency);
        Ok(AppealDetail {
            row: self.appeal_row(session, &a).await?,
            name_masked: person.name_masked(),
            assessment: self.named_assessment(self.assessment(person.id()).await?).await?,
            contests: a.contests,
            recorded_at: contested.as_ref().map(|e| e.recorded_at),
            recorded_by: recorded_by.and_then(|id| names.get(&id).cloned()),
            imported: contested.as_ref().is_some_and(|e| e.origin.is_some()),
            fact: contested.map(|e| e.fact),
            words: self.opened_words(a.holder, "words", &a, a.words.as_deref()).await?,
            file: self.appeal_file_view(a.id).await?,
            counter: a.counter.and_then(|(_, agency)| names.get(&agency).cloned()),
            first,
            answer: self.appeal_answer(&a).await?,
        })
    }

    async fn appeal_answer(&self, a: &Appeal) -> Result<Option<AppealAnswer>> {
        let Some(d) = &a.decision else { return Ok(None) };
        let names = self.agency_names().await?;
        Ok(Some(AppealAnswer {
            by: d.by.and_then(|(_, agency)| names.get(&agency).cloned()),
            at: d.at,
            finding: d.finding,
            reply: self.opened_words(a.holder, "reply", a, d.reply.as_deref()).await?,
        }))
    }

    /// What was handed in with an appeal: a look, which its holder sees.
    pub async fn appeal_paper(
        &self,
        session: &StaffSession,
        id: AppealId,
    ) -> Result<(AppealFileKind, Zeroizing<Vec<u8>>)> {
        let a = self.appeal_here(session, id).await?;
        let file = self.store.appeal_file(id).await?.ok_or_else(no_file)?;
        self.open_person(session, a.holder, LOOK).await?;
        let key = self.store.vault_key(a.holder).await?.ok_or_else(no_file)?;
        let name = sealed_name("file", id);
        Ok((file.kind, self.deployment.keys.open_for(&key, &name, &file.sealed)?))
    }
}

/// How an appeal is looked at.
pub(super) const LOOK: Look =
    Look { power: Power::DecideAppeals, purpose: Purpose::HolderRequest, what: What::Appeal };

fn no_file() -> ServiceError {
    ServiceError::not_found(
        "appeal.no_file",
        "Nothing is kept with this appeal: nothing was handed in, or the days are over.",
    )
}

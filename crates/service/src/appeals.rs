//! Appeals: what desks share. A person contests a piece of evidence behind their colour; somebody who
//! did not record it decides ([decision 0069]).
//!
//! That somebody appeals, and what came of it, is evidence, and so the colour and what is said of the
//! appeal come from one assessment (h09). Here is what goes with it: the clock, the words, what was
//! handed in, who decided.
//!
//! [decision 0069]: ../../../docs/decisions/0069-appeals.md

use jadegate_domain::agency::AgencyKind;
use jadegate_domain::record::WithdrawalReason;
use jadegate_domain::{
    AgencyId, AppealFileKind, AppealFinding, AppealGround, AppealId, AppealState, Assessment,
    Colour, Evidence, EvidenceId, Fact, HolderId, Timestamp,
};
use jadegate_ledger::AppealEvent;
use jadegate_store::{Appeal, Write};
use serde::Serialize;

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::limits::Limit;
use crate::named::{AgencyName, Names};

/// Open appeals of one person.
pub const OPEN_APPEALS: usize = 5;
/// Appeals that one person lodges within a day.
pub(crate) const LODGED: Limit = Limit { class: "appeals.lodge", seconds: 86_400, most: 10 };
/// Pictures and papers that one person hands in within a day.
pub(crate) const HANDED_IN: Limit = Limit { class: "appeals.file", seconds: 86_400, most: 10 };
/// Bytes of a picture or a paper.
pub const APPEAL_FILE_BYTES: usize = 1_000_000;
/// Characters of what a person says, and of the answer.
pub(crate) const WORDS: usize = 1000;
/// Appeals of one person that are shown.
pub(crate) const LIST: u32 = 200;

/// A picture or a paper that goes with an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealFileView {
    /// What it is.
    pub kind: AppealFileKind,
    /// Bytes.
    pub size: u32,
}

/// An appeal as its holder sees it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealView {
    /// The number on the receipt.
    pub id: AppealId,
    /// The record that is contested.
    pub contests: EvidenceId,
    /// What that record says; absent if it is not kept any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Fact))]
    pub fact: Option<Fact>,
    /// Who recorded it; `null`: you, or a gate.
    pub recorded_by: Option<AgencyName>,
    /// The rule that asked for the colour.
    pub rule: String,
    /// What is wrong.
    pub ground: AppealGround,
    /// In your words.
    pub words: Option<String>,
    /// What was handed in.
    pub file: Option<AppealFileView>,
    /// At whose counter it was lodged; `null`: by yourself or who cares for you.
    pub counter: Option<AgencyName>,
    /// The appeal whose decision is looked at again.
    pub second_of: Option<AppealId>,
    /// When it was lodged.
    pub lodged_at: Timestamp,
    /// By when it is to be decided.
    pub due_at: Timestamp,
    /// Does the policy make the reason milder from then on?
    pub eases: bool,
    /// Was it not decided in time?
    pub late: bool,
    /// Is the reason milder now because of this appeal? From the same assessment as the colour.
    pub eased: bool,
    /// How far it has come.
    pub state: AppealState,
    /// When it ended.
    pub decided_at: Option<Timestamp>,
    /// Who decided; `null`: nobody had to.
    pub decided_by: Option<AgencyName>,
    /// On what the decision rests.
    pub finding: Option<AppealFinding>,
    /// The answer in plain words.
    pub reply: Option<String>,
    /// Can a second opinion be asked for?
    pub second_opinion: bool,
}

/// Somebody's appeals, and the colour of the same assessment.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AppealsView {
    /// The colour now.
    pub colour: Colour,
    /// The moment of the assessment.
    pub at: Timestamp,
    /// The appeals, newest first.
    pub appeals: Vec<AppealView>,
}

impl App {
    /// Somebody's appeals beside the colour that they have by the same assessment.
    pub(crate) async fn appeals_view(&self, holder: HolderId) -> Result<AppealsView> {
        let appeals = self.store.appeals_of(holder, LIST).await?;
        let assessment = self.assessment(holder).await?;
        let own = self.store.evidence_of(holder).await?.map_or_else(Vec::new, |(_, e)| e);
        let names = self.agency_names().await?;
        let mut views = Vec::with_capacity(appeals.len());
        for appeal in &appeals {
            let file = self.appeal_file_view(appeal.id).await?;
            let seen = Seen { assessment: &assessment, own: &own, all: &appeals, names: &names };
            views.push(AppealView {
                words: self
                    .opened_words(appeal.holder, "words", appeal, appeal.words.as_deref())
                    .await?,
                reply: match &appeal.decision {
                    Some(d) => {
                        self.opened_words(appeal.holder, "reply", appeal, d.reply.as_deref())
                            .await?
                    }
                    None => None,
                },
                file,
                ..seen.view(appeal, self.now())
            });
        }
        Ok(AppealsView { colour: assessment.colour, at: assessment.at, appeals: views })
    }

    pub(crate) async fn appeal_file_view(&self, id: AppealId) -> Result<Option<AppealFileView>> {
        let file = self.store.appeal_file(id).await?;
        Ok(file.map(|f| AppealFileView { kind: f.kind, size: f.size }))
    }

    /// Words under their holder's key; none after the holder was erased.
    pub(crate) async fn opened_words(
        &self,
        holder: HolderId,
        what: &str,
        appeal: &Appeal,
        sealed: Option<&[u8]>,
    ) -> Result<Option<String>> {
        let (Some(sealed), Some(key)) = (sealed, self.store.vault_key(holder).await?) else {
            return Ok(None);
        };
        let name = sealed_name(what, appeal.id);
        let plain = self.deployment.keys.open_for(&key, &name, sealed)?;
        let text = String::from_utf8(plain.to_vec());
        text.map(Some).map_err(|_| ServiceError::internal("words of an appeal are no text"))
    }

    /// Seals words or bytes that go with an appeal under their holder's key.
    pub(crate) async fn seal_with_appeal(
        &self,
        holder: HolderId,
        what: &str,
        appeal: AppealId,
        plain: &[u8],
    ) -> Result<Vec<u8>> {
        let key = self.store.vault_key(holder).await?.ok_or_else(crate::assess::gone)?;
        let rng = self.deployment.rng.as_ref();
        self.deployment.keys.seal_for(&key, &sealed_name(what, appeal), plain, rng)
    }

    /// The leaf that says what happened to an appeal: by which rule, never whose.
    pub(crate) fn appeal_leaf(
        &self,
        event: AppealEvent,
        rule: &str,
        agency: Option<AgencyId>,
    ) -> Result<Write> {
        Ok(Write::AddLeaf(crate::log::appeal_leaf(event, rule, agency, self.now())?))
    }
}

/// What the view of an appeal is made from.
struct Seen<'a> {
    assessment: &'a Assessment,
    own: &'a [Evidence],
    all: &'a [Appeal],
    names: &'a Names,
}

impl Seen<'_> {
    /// All but what is sealed.
    fn view(&self, a: &Appeal, now: Timestamp) -> AppealView {
        let name = |agency: Option<AgencyId>| agency.and_then(|id| self.names.get(&id).cloned());
        let d = a.decision.as_ref();
        AppealView {
            id: a.id,
            contests: a.contests,
            fact: self.own.iter().find(|e| e.id == a.contests).map(|e| e.fact.clone()),
            recorded_by: name(a.agency),
            rule: a.rule.clone(),
            ground: a.ground,
            words: None,
            file: None,
            counter: name(a.counter.map(|(_, agency)| agency)),
            second_of: a.second_of,
            lodged_at: a.lodged_at,
            due_at: a.due_at,
            eases: a.eases,
            late: is_late(a, now),
            eased: eased_by(self.assessment, a.piece),
            state: a.state,
            decided_at: d.map(|d| d.at),
            decided_by: name(d.and_then(|d| d.by).map(|(_, agency)| agency)),
            finding: d.and_then(|d| d.finding),
            reply: None,
            second_opinion: may_be_looked_at_again(a, self.all)
                && self.assessment.reasons.iter().any(|r| r.evidence.contains(&a.contests)),
        }
    }
}

/// Does a reason ask for a milder colour because of this appeal?
pub(crate) fn eased_by(assessment: &Assessment, piece: EvidenceId) -> bool {
    let because = |r: &jadegate_domain::Reason| {
        r.eased.as_ref().is_some_and(|eased| eased.evidence.contains(&piece))
    };
    assessment.reasons.iter().any(because)
}

/// Was an appeal not decided in time?
pub(crate) fn is_late(a: &Appeal, now: Timestamp) -> bool {
    let until = a.decision.as_ref().map_or(now, |d| d.at);
    a.due_at <= until
}

/// A refusal is looked at again once, by somebody else.
pub(crate) fn may_be_looked_at_again(a: &Appeal, all: &[Appeal]) -> bool {
    a.state == AppealState::Refused
        && a.second_of.is_none()
        && !all.iter().any(|b| b.second_of == Some(a.id))
}

/// Why a record is taken back that an appeal was about.
pub(crate) const fn reason_of(finding: AppealFinding) -> Option<WithdrawalReason> {
    match finding {
        AppealFinding::WrongPerson => Some(WithdrawalReason::WrongPerson),
        AppealFinding::WrongContent => Some(WithdrawalReason::WrongContent),
        AppealFinding::NotBorneOut => Some(WithdrawalReason::NotBorneOut),
        AppealFinding::NeverHappened => Some(WithdrawalReason::NeverHappened),
        AppealFinding::Confirmed | AppealFinding::NothingAgainst => None,
    }
}

/// Words as typed: one to [`WORDS`] characters, lines allowed.
pub(crate) fn words(text: &str) -> Option<String> {
    let text = text.trim().replace("\r\n", "\n");
    let odd = |c: char| c.is_control() && c != '\n';
    let ok = !text.is_empty() && text.chars().count() <= WORDS && !text.chars().any(odd);
    ok.then_some(text)
}

/// Under which name something of an appeal is sealed.
pub(crate) fn sealed_name(what: &str, appeal: AppealId) -> String {
    format!("appeal/{appeal}/{what}")
}

pub(crate) fn no_such_appeal() -> ServiceError {
    ServiceError::not_found("appeal.not_found", "There is no such appeal.")
}

pub(crate) fn decided_already() -> ServiceError {
    ServiceError::new(
        Kind::Conflict,
        "appeal.decided",
        "This appeal has ended already. Nothing was changed; please load it again.",
    )
}

/// The kinds of agency whose members decide on appeals.
pub(crate) const fn decides(kind: AgencyKind) -> bool {
    matches!(kind, AgencyKind::AppealsBody | AgencyKind::HealthCommission)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_bounded_and_plain() {
        assert_eq!(
            words("  I was at home.\r\nAll day. ").as_deref(),
            Some("I was at home.\nAll day.")
        );
        assert_eq!(words(" \n "), None);
        assert_eq!(words("a\u{0}b"), None);
        assert!(words(&"字".repeat(WORDS)).is_some());
        assert!(words(&"字".repeat(WORDS + 1)).is_none());
    }

    #[test]
    fn what_grants_has_a_reason_to_withdraw_and_nothing_else_has() {
        for finding in AppealFinding::ALL {
            assert_eq!(finding.grants(), reason_of(*finding).is_some(), "{finding}");
        }
    }
}

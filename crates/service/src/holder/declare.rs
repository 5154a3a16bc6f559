//! The holder's own declaration: health and where they were. Correctable; every version is kept.

use jadegate_domain::evidence::{DeclaredStay, Fact};
use jadegate_domain::{Division, Evidence, EvidenceId, Timestamp};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::check_in::{field, parse_symptoms, parse_temperature};
use crate::app::App;
use crate::assess::{Changed, EvidenceChange, NewEvidence, TRIES, busy};
use crate::error::{Result, ServiceError, is_ended};
use crate::named::AssessmentView;
use crate::session::HolderSession;

/// A declaration as filled in.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeclarationInput {
    /// Degrees Celsius, if measured.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Symptoms by name.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<jadegate_domain::evidence::Symptom>))]
    pub symptoms: Vec<String>,
    /// Did they meet a case, to their knowledge?
    pub contact_with_case: bool,
    /// Where they were: division, first and last local date.
    #[serde(default)]
    pub stays: Vec<StayInput>,
}

/// One stay as filled in; both dates are included.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StayInput {
    /// Division code.
    pub division: String,
    /// First day, `2022-03-01`.
    pub from: String,
    /// Last day.
    pub to: String,
}

/// A declaration recorded.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Declared {
    /// The id of this version.
    pub id: EvidenceId,
    /// The assessment that follows.
    pub assessment: AssessmentView,
}

/// Days a declaration looks back.
const LOOK_BACK_DAYS: i64 = 14;
/// More stays than days make no sense.
const MAX_STAYS: usize = 30;

impl App {
    /// Records a declaration, replacing the holder's earlier one.
    pub async fn declare(
        &self,
        session: &HolderSession,
        input: &DeclarationInput,
    ) -> Result<Declared> {
        let fact = Fact::Declaration {
            temperature: parse_temperature(input.temperature)?,
            symptoms: parse_symptoms(&input.symptoms)?,
            contact_with_case: input.contact_with_case,
            stays: self.parse_stays(&input.stays)?,
        };
        for _ in 0..TRIES {
            match self.try_declare(session, fact.clone()).await {
                // Another one was recorded meanwhile: it is the one to replace.
                Err(e) if is_ended(&e) => {}
                done => return done,
            }
        }
        Err(busy())
    }

    async fn try_declare(&self, session: &HolderSession, fact: Fact) -> Result<Declared> {
        let versions = self.declarations(session).await?;
        let mut counting = versions.iter().filter(|e| e.counts()).map(|e| e.id);
        let new = NewEvidence { supersedes: counting.next(), ..NewEvidence::by_holder(fact) };
        // Older programs let two of the same moment stand.
        let withdraw = counting.collect();
        let change = EvidenceChange { add: vec![new], withdraw, ..EvidenceChange::default() };
        match self.record("declare", session.holder, change).await? {
            Changed::Done(ids, assessment) => {
                let id = ids.first().copied().ok_or_else(|| ServiceError::internal("no id"))?;
                Ok(Declared { id, assessment: self.named_assessment(*assessment).await? })
            }
            Changed::Unchanged => Err(ServiceError::internal("a declaration has no external key")),
            Changed::Above => Err(ServiceError::internal("what a holder says has no weight")),
        }
    }

    /// All versions of the holder's declaration, newest first.
    pub async fn declarations(&self, session: &HolderSession) -> Result<Vec<Evidence>> {
        let own = self.store.evidence_of(session.holder).await?.map_or_else(Vec::new, |(_, e)| e);
        Ok(own.into_iter().rev().filter(|e| matches!(e.fact, Fact::Declaration { .. })).collect())
    }

    fn parse_stays(&self, stays: &[StayInput]) -> Result<Vec<DeclaredStay>> {
        if stays.len() > MAX_STAYS {
            return Err(field(
                "stays",
                "stays.too_many",
                format!("List at most {MAX_STAYS} stays."),
            ));
        }
        let policy = self.policy();
        let zone = policy.calendar().zone();
        let today = self.now().local_day(zone);
        let earliest = self.now().plus_days(-LOOK_BACK_DAYS).local_day(zone);
        let bad = |code, detail: &str| field("stays", code, detail.to_owned());
        let mut out = Vec::new();
        for s in stays {
            let division: Division =
                s.division.parse().map_err(|_| bad("division.bad", "Choose where you stayed."))?;
            let date = |text: &str| -> Result<Date> {
                text.parse().map_err(|_| bad("date.bad", "Write dates like 2022-03-01."))
            };
            let (from, to) = (date(&s.from)?, date(&s.to)?);
            if from > to {
                return Err(bad(
                    "stays.backwards",
                    "A stay ends before it begins; please correct the dates.",
                ));
            }
            if to > today {
                return Err(bad(
                    "stays.future",
                    "A stay ends in the future; list only days that have been.",
                ));
            }
            if to < earliest {
                return Err(bad(
                    "stays.too_old",
                    "Only the last 14 days are asked for; leave out older stays.",
                ));
            }
            let next_day =
                to.tomorrow().map_err(|_| bad("date.bad", "Write dates like 2022-03-01."))?;
            out.push(DeclaredStay {
                division,
                from: Timestamp::start_of_day(from, zone),
                to: Timestamp::start_of_day(next_day, zone),
            });
        }
        out.sort_by(|a, b| (a.from, &a.division).cmp(&(b.from, &b.division)));
        out.dedup();
        Ok(out)
    }
}

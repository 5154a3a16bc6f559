//! Accompanying quarantine: daily check-ins and the days of it.

use jadegate_domain::evidence::{Fact, Symptom, Temperature};
use jadegate_domain::{Assessment, Colour, Evidence, HolderId, Timestamp};
use jiff::civil::Date;

use crate::app::App;
use crate::assess::{Changed, EvidenceChange, NewEvidence};
use crate::error::{Result, ServiceError};
use crate::named::AssessmentView;
pub use crate::openings::CheckInState;
use crate::session::HolderSession;

#[cfg(feature = "openapi")]
fn day_states() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    jadegate_domain::openapi::one_of(["done", "missed", "due", "coming"])
}

/// One day of a quarantine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QuarantineDay {
    /// Local date, `2022-03-01`.
    pub date: String,
    /// `done`, `missed`, `due` (today, not yet done) or `coming`.
    #[cfg_attr(feature = "openapi", schema(schema_with = day_states))]
    pub state: &'static str,
}

/// Somebody's quarantine as they and the officers see it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quarantine {
    /// Is there one?
    pub active: bool,
    /// The colour now.
    pub colour: Colour,
    /// First moment of the present confinement.
    pub since: Option<Timestamp>,
    /// When it ends by itself, if that is known.
    pub until: Option<Timestamp>,
    /// Today's day of it, from 1.
    pub day: Option<u32>,
    /// Days in all.
    pub days: Option<u32>,
    /// Has today's check-in been made?
    pub today_done: bool,
    /// Day by day.
    pub days_list: Vec<QuarantineDay>,
}

/// A check-in as filled in.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckInInput {
    /// Degrees Celsius, if measured.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Symptoms by name.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Symptom>))]
    pub symptoms: Vec<String>,
}

/// A recorded check-in.
#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckedIn {
    /// The local date it counts for, `2022-03-01`.
    pub date: String,
    /// Was it new, or had today's been made already?
    #[serde(skip)]
    pub new: bool,
    /// The assessment that follows.
    pub assessment: AssessmentView,
}

/// Longest list of days that is shown.
const MAX_DAYS: usize = 60;

impl App {
    pub(crate) async fn check_in_state(
        &self,
        holder: HolderId,
        a: &Assessment,
    ) -> Result<CheckInState> {
        if !self.policy().daily_check_in_colours().contains(&a.colour) {
            return Ok(CheckInState { expected: false, done_today: false });
        }
        let evidence = self.store.evidence_of(holder).await?.map_or_else(Vec::new, |(_, e)| e);
        let today = self.now().local_day(self.policy().calendar().zone());
        let done_today =
            check_in_dates(&evidence, self.policy().calendar().zone()).contains(&today);
        Ok(CheckInState { expected: true, done_today })
    }

    /// Records today's check-in.
    pub async fn check_in(
        &self,
        session: &HolderSession,
        input: &CheckInInput,
    ) -> Result<CheckedIn> {
        let temperature = parse_temperature(input.temperature)?;
        let symptoms = parse_symptoms(&input.symptoms)?;
        let date = self.now().local_day(self.policy().calendar().zone());
        let key = self.deployment.keys.evidence_key(&format!("check-in/{}/{date}", session.holder));
        let new = NewEvidence {
            external_key: Some(key),
            ..NewEvidence::by_holder(Fact::CheckIn { temperature, symptoms })
        };
        let change = EvidenceChange { add: vec![new], ..EvidenceChange::default() };
        let (new, assessment) = match self.record("check_in", session.holder, change).await? {
            Changed::Done(_, assessment) => (true, *assessment),
            Changed::Unchanged => (false, self.assessment(session.holder).await?),
            Changed::Above => {
                return Err(ServiceError::internal("what a holder says has no weight"));
            }
        };
        let assessment = self.named_assessment(assessment).await?;
        Ok(CheckedIn { date: date.to_string(), new, assessment })
    }

    /// The signed-in holder's quarantine.
    pub async fn my_quarantine(&self, session: &HolderSession) -> Result<Quarantine> {
        let assessment = self.assessment(session.holder).await?;
        let evidence =
            self.store.evidence_of(session.holder).await?.map_or_else(Vec::new, |(_, e)| e);
        Ok(self.quarantine_of(&assessment, &evidence))
    }

    /// The days of a quarantine, from an assessment and the evidence it was made from.
    pub(crate) fn quarantine_of(
        &self,
        assessment: &Assessment,
        evidence: &[Evidence],
    ) -> Quarantine {
        let policy = self.policy();
        let zone = policy.calendar().zone();
        let today = self.now().local_day(zone);
        let done = check_in_dates(evidence, zone);
        let today_done = done.contains(&today);
        let colour = assessment.colour;
        // The most severe reasons stand first; the one that lasts longest tells the end.
        let worst: Vec<_> = assessment.reasons.iter().filter(|r| r.colour == colour).collect();
        if colour == Colour::Green || worst.is_empty() {
            return Quarantine {
                active: false,
                colour,
                since: None,
                until: None,
                day: None,
                days: None,
                today_done,
                days_list: Vec::new(),
            };
        }
        let since = worst.iter().map(|r| r.since).min();
        let until = worst
            .iter()
            .map(|r| r.until)
            .collect::<Option<Vec<_>>>()
            .and_then(|u| u.into_iter().max());
        let longest = worst.iter().max_by_key(|r| (r.until.is_none(), r.until));
        let first = since.map_or(today, |t| t.local_day(zone));
        // Nobody can be blamed for days before the confinement was recorded, nor for the rest of
        // that day itself.
        let known = evidence
            .iter()
            .filter(|e| worst.iter().any(|r| r.evidence.contains(&e.id)))
            .map(|e| e.recorded_at.local_day(zone))
            .min()
            .unwrap_or(first);
        let last = until.map_or(today, |t| t.plus_secs(-1).local_day(zone)).max(today);
        let days_list = first
            .series(jiff::Span::new().days(1))
            .take_while(|d| *d <= last)
            .take(MAX_DAYS)
            .filter(|d| *d > known || (*d == known && (*d == today || done.contains(d))))
            .map(|d| QuarantineDay {
                date: d.to_string(),
                state: if done.contains(&d) {
                    "done"
                } else if d > today {
                    "coming"
                } else if d == today {
                    "due"
                } else {
                    "missed"
                },
            })
            .collect();
        Quarantine {
            active: true,
            colour,
            since,
            until,
            day: longest.and_then(|r| r.day),
            days: longest.and_then(|r| r.days),
            today_done,
            days_list,
        }
    }
}

/// Local dates on which a check-in counts.
pub(crate) fn check_in_dates(evidence: &[Evidence], zone: &jiff::tz::TimeZone) -> Vec<Date> {
    evidence
        .iter()
        .filter(|e| e.counts() && matches!(e.fact, Fact::CheckIn { .. }))
        .map(|e| e.recorded_at.local_day(zone))
        .collect()
}

pub(crate) fn parse_temperature(celsius: Option<f64>) -> Result<Option<Temperature>> {
    celsius
        .map(Temperature::try_from)
        .transpose()
        .map_err(|e| field("temperature", "temperature.bad", e.to_string()))
}

pub(crate) fn parse_symptoms(names: &[String]) -> Result<Vec<Symptom>> {
    let mut symptoms = names
        .iter()
        .map(|s| s.parse::<Symptom>())
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|e| field("symptoms", "symptom.unknown", e.to_string()))?;
    symptoms.sort_unstable();
    symptoms.dedup();
    Ok(symptoms)
}

pub(crate) fn field(field: &'static str, code: &'static str, detail: String) -> ServiceError {
    ServiceError::fields(vec![crate::error::FieldError { field, code, detail }])
}

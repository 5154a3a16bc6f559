//! Evidence: the only thing a colour is made from.
//!
//! The kinds are closed. Each names who may record it ([`EvidenceKind::may_record`]) and what it
//! must refer to (a field of its [`Fact`] that is not optional).

use serde::{Deserialize, Serialize};

use crate::agency::names;
use crate::company::Together;
use crate::division::RegionRisk;
use crate::{
    AgencyId, AgencyKind, CaseClass, CaseId, Division, EvidenceId, HolderId, PlaceKind, Timestamp,
    TraceId,
};

names! {
    /// The closed set of evidence kinds.
    EvidenceKind, "kind of evidence" {
        /// A test result from a laboratory.
        Test = "test",
        /// The person is a case.
        Case = "case",
        /// The person shared a place and a time with a case.
        Contact = "contact",
        /// The person was in a division, as declared or as a gate saw.
        Stay = "stay",
        /// An official risk level of a division; concerns everyone who stayed there.
        RegionRisk = "region_risk",
        /// What the holder declared about their own health.
        Declaration = "declaration",
        /// A daily check-in in quarantine.
        CheckIn = "check_in",
        /// An arrival from abroad.
        Arrival = "arrival",
        /// A discharge or release paper by a named body.
        Release = "release",
        /// The local authority disputes evidence that another authority recorded.
        Dispute = "dispute",
        /// The holder contests evidence behind their colour.
        Appeal = "appeal",
        /// What came of an appeal.
        AppealDecision = "appeal_decision",
    }
}

impl EvidenceKind {
    /// May an agency of this kind record this kind of evidence? `None` stands for the holder.
    ///
    /// Contacts are recorded by no person at all: only a trace produces them.
    pub const fn may_record(self, by: Option<AgencyKind>) -> bool {
        use AgencyKind as A;
        match self {
            Self::Declaration | Self::Stay | Self::Appeal => by.is_none(),
            Self::CheckIn => matches!(by, None | Some(A::PreventionTeam | A::Hospital)),
            Self::Test => matches!(by, Some(A::Laboratory | A::PreventionTeam | A::Hospital)),
            Self::Case | Self::Release => matches!(by, Some(A::PreventionTeam | A::Hospital)),
            Self::Contact => matches!(by, Some(A::PreventionTeam)),
            Self::RegionRisk => matches!(by, Some(A::HealthCommission)),
            Self::Arrival => matches!(by, Some(A::Border | A::Carrier | A::PreventionTeam)),
            Self::Dispute | Self::AppealDecision => {
                matches!(by, Some(A::PreventionTeam | A::HealthCommission | A::AppealsBody))
            }
        }
    }
}

names! {
    /// What a test found.
    TestResult, "test result" {
        /// Virus found.
        Positive = "positive",
        /// Virus not found.
        Negative = "negative",
    }
}

names! {
    /// How a test works.
    TestMethod, "test method" {
        /// Nucleic acid amplification (核酸).
        NucleicAcid = "nucleic_acid",
        /// Rapid antigen.
        Antigen = "antigen",
    }
}

names! {
    /// How near a contact was to the case.
    ContactDegree, "degree of contact" {
        /// Close contact (密接).
        Close = "close",
        /// Contact of a close contact (次密接).
        Secondary = "secondary",
    }
}

names! {
    /// How sure the ends of an overlap are.
    Certainty, "certainty" {
        /// Entry and exit of both are recorded.
        Recorded = "recorded",
        /// At least one end is assumed from the usual stay at such a place.
        Assumed = "assumed",
        /// At least one presence is unproven (printed venue code).
        Unproven = "unproven",
    }
}

names! {
    /// Why somebody came.
    ArrivalPurpose, "purpose of arrival" {
        /// Nobody asked, or the record is older than the question. It passes for any purpose that
        /// a rule looks for.
        Unstated = "unstated",
        /// Coming home.
        Return = "return",
        /// To work.
        Work = "work",
        /// To study.
        Study = "study",
        /// To see family.
        Family = "family",
        /// A journey for pleasure.
        Tourism = "tourism",
        /// For treatment.
        Medical = "medical",
        /// Passing through.
        Transit = "transit",
        /// Driving, sailing or flying the vehicle (cross-border goods).
        Crew = "crew",
        /// On official or diplomatic duty.
        Official = "official",
        /// Anything else.
        Other = "other",
    }
}

impl ArrivalPurpose {
    /// Was the purpose not asked for?
    pub const fn is_unstated(&self) -> bool {
        matches!(self, Self::Unstated)
    }
}

names! {
    /// What kind of paper releases somebody.
    ReleasePaper, "kind of release paper" {
        /// A record older than the distinction: a release paper of no particular kind.
        Unstated = "unstated",
        /// A hospital's discharge paper (出院证明).
        Discharge = "discharge",
        /// The paper that ends an isolation (解除隔离证明).
        Release = "release",
        /// A named body's confirmation that the conditions are met (a county's, for instance).
        Confirmation = "confirmation",
    }
}

impl ReleasePaper {
    /// Does the record not say which paper it was?
    pub const fn is_unstated(&self) -> bool {
        matches!(self, Self::Unstated)
    }

    /// May an agency of this kind issue this paper? Never wider than
    /// [`EvidenceKind::may_record`] for [`EvidenceKind::Release`].
    pub const fn may_issue(self, by: AgencyKind) -> bool {
        use AgencyKind as A;
        match self {
            Self::Unstated => false,
            Self::Discharge => matches!(by, A::Hospital),
            Self::Release => matches!(by, A::Hospital | A::PreventionTeam),
            Self::Confirmation => matches!(by, A::PreventionTeam),
        }
    }

    /// The paper an agency of this kind issues where it does not say which.
    pub const fn usual(by: AgencyKind) -> Self {
        match by {
            AgencyKind::Hospital => Self::Discharge,
            _ => Self::Release,
        }
    }
}

names! {
    /// What came of an appeal.
    AppealOutcome, "outcome of an appeal" {
        /// The holder is right; the contested evidence is withdrawn.
        Granted = "granted",
        /// The contested evidence stands.
        Refused = "refused",
    }
}

names! {
    /// Symptoms a declaration or check-in can list (GB/T 38962 group "symptoms", own values).
    Symptom, "symptom" {
        /// Fever felt or measured.
        Fever = "fever",
        /// Dry cough.
        Cough = "cough",
        /// Sore throat.
        SoreThroat = "sore_throat",
        /// Shortness of breath.
        ShortBreath = "short_breath",
        /// Loss of smell or taste.
        LossOfSmell = "loss_of_smell",
        /// Diarrhoea.
        Diarrhoea = "diarrhoea",
        /// Unusual tiredness.
        Fatigue = "fatigue",
    }
}

/// Body temperature in degrees Celsius, to a tenth; 34.0 to 43.0. Kept in tenths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = f64, minimum = 34.0, maximum = 43.0, examples(36.6))
)]
#[serde(try_from = "f64", into = "f64")]
pub struct Temperature(u16);

/// A number is no body temperature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a body temperature is between 34.0 and 43.0 degrees Celsius")]
pub struct BadTemperature;

impl Temperature {
    /// From tenths of a degree.
    pub const fn from_tenths(tenths: u16) -> Result<Self, BadTemperature> {
        if tenths >= 340 && tenths <= 430 { Ok(Self(tenths)) } else { Err(BadTemperature) }
    }

    /// Tenths of a degree.
    pub const fn tenths(self) -> u16 {
        self.0
    }
}

impl TryFrom<f64> for Temperature {
    type Error = BadTemperature;
    fn try_from(celsius: f64) -> Result<Self, BadTemperature> {
        let tenths = (celsius * 10.0).round();
        if !(340.0..=430.0).contains(&tenths) {
            return Err(BadTemperature);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "range checked"
        )]
        Ok(Self(tenths as u16))
    }
}

impl From<Temperature> for f64 {
    fn from(t: Temperature) -> Self {
        Self::from(t.0) / 10.0
    }
}

/// What one piece of evidence says. The variant is its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// See [`EvidenceKind::Test`].
    Test {
        /// What was found.
        result: TestResult,
        /// The method by which it was looked for.
        method: TestMethod,
        /// When the sample was taken.
        sampled_at: Timestamp,
    },
    /// See [`EvidenceKind::Case`].
    Case {
        /// The case it refers to.
        case: CaseId,
        /// How sure the diagnosis is.
        class: CaseClass,
        /// First symptoms, if any.
        onset_at: Option<Timestamp>,
        /// When the deciding sample was taken or the diagnosis was made.
        confirmed_at: Timestamp,
    },
    /// See [`EvidenceKind::Contact`].
    Contact {
        /// The case they were near.
        case: CaseId,
        /// The trace that found it.
        trace: TraceId,
        /// Of a case, or of one of its close contacts.
        degree: ContactDegree,
        /// End of the last shared time.
        last_contact: Timestamp,
        /// Minutes shared in all.
        minutes: u32,
        /// How sure it is that both were there at once.
        certainty: Certainty,
        /// What kind of place it was; which one is never said.
        place_kind: PlaceKind,
        /// How likely they met, where the policy has a table for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Together, required = false))]
        together: Option<Together>,
    },
    /// See [`EvidenceKind::Stay`].
    Stay {
        /// The division they were in.
        division: Division,
        /// From.
        from: Timestamp,
        /// Until; the moment they left.
        to: Timestamp,
    },
    /// See [`EvidenceKind::RegionRisk`].
    RegionRisk {
        /// The division that has the level.
        division: Division,
        /// The level it has in this time.
        level: crate::division::RiskLevel,
        /// From when.
        from: Timestamp,
        /// Until when; `None` until further notice.
        to: Option<Timestamp>,
    },
    /// See [`EvidenceKind::Declaration`].
    Declaration {
        /// Measured temperature.
        temperature: Option<Temperature>,
        /// Symptoms, sorted, without repeats.
        symptoms: Vec<Symptom>,
        /// Did they meet a case, to their knowledge?
        contact_with_case: bool,
        /// Where they were in the last 14 days.
        stays: Vec<DeclaredStay>,
    },
    /// See [`EvidenceKind::CheckIn`].
    CheckIn {
        /// Measured temperature.
        temperature: Option<Temperature>,
        /// Symptoms, sorted, without repeats.
        symptoms: Vec<Symptom>,
    },
    /// See [`EvidenceKind::Arrival`].
    Arrival {
        /// Country or division they came from.
        from: Division,
        /// When they entered.
        arrived_at: Timestamp,
        /// Why they came.
        #[serde(default = "unstated_purpose", skip_serializing_if = "ArrivalPurpose::is_unstated")]
        purpose: ArrivalPurpose,
    },
    /// See [`EvidenceKind::Release`].
    Release {
        /// What is released from: the case or trace behind the confinement.
        refers_to: ReleaseOf,
        /// From when it holds.
        released_at: Timestamp,
        /// Which paper it is.
        #[serde(default = "unstated_paper", skip_serializing_if = "ReleasePaper::is_unstated")]
        paper: ReleasePaper,
    },
    /// See [`EvidenceKind::Dispute`].
    Dispute {
        /// The imported piece that is disputed.
        disputes: EvidenceId,
    },
    /// See [`EvidenceKind::Appeal`].
    Appeal {
        /// The piece that is contested.
        contests: EvidenceId,
    },
    /// See [`EvidenceKind::AppealDecision`].
    AppealDecision {
        /// The appeal that is decided.
        appeal: EvidenceId,
        /// Whether it was granted or refused.
        outcome: AppealOutcome,
    },
}

// What old records say by saying nothing; not written either, so that the digest of what was
// recorded before the question existed stays the same.
const fn unstated_purpose() -> ArrivalPurpose {
    ArrivalPurpose::Unstated
}

const fn unstated_paper() -> ReleasePaper {
    ReleasePaper::Unstated
}

/// What a release paper refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReleaseOf {
    /// Discharge of a case.
    Case(CaseId),
    /// End of a contact's quarantine.
    Trace(TraceId),
}

/// One line of a declaration: a division and the days spent there.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeclaredStay {
    /// The division they were in.
    pub division: Division,
    /// First day there, as the first moment of that local day.
    pub from: Timestamp,
    /// The moment after the last day there.
    pub to: Timestamp,
}

impl Fact {
    /// Can it, under some policy, make somebody yellow or red by itself? What a holder says of
    /// themselves and what a gate sees is not meant: nobody records that about others.
    pub const fn may_confine(&self) -> bool {
        match self {
            Self::Test { result, .. } => matches!(result, TestResult::Positive),
            Self::Case { .. }
            | Self::Contact { .. }
            | Self::Arrival { .. }
            | Self::RegionRisk { .. }
            | Self::Dispute { .. } => true,
            Self::Stay { .. }
            | Self::Declaration { .. }
            | Self::CheckIn { .. }
            | Self::Release { .. }
            | Self::Appeal { .. }
            | Self::AppealDecision { .. } => false,
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> EvidenceKind {
        match self {
            Self::Test { .. } => EvidenceKind::Test,
            Self::Case { .. } => EvidenceKind::Case,
            Self::Contact { .. } => EvidenceKind::Contact,
            Self::Stay { .. } => EvidenceKind::Stay,
            Self::RegionRisk { .. } => EvidenceKind::RegionRisk,
            Self::Declaration { .. } => EvidenceKind::Declaration,
            Self::CheckIn { .. } => EvidenceKind::CheckIn,
            Self::Arrival { .. } => EvidenceKind::Arrival,
            Self::Release { .. } => EvidenceKind::Release,
            Self::Dispute { .. } => EvidenceKind::Dispute,
            Self::Appeal { .. } => EvidenceKind::Appeal,
            Self::AppealDecision { .. } => EvidenceKind::AppealDecision,
        }
    }
}

/// One piece of evidence about one person. Never changed, never deleted before its retention ends:
/// a correction is a newer piece that supersedes it, a mistake is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Evidence {
    /// Its id.
    pub id: EvidenceId,
    /// Whom it concerns. `None` for public evidence (risk levels).
    pub holder: Option<HolderId>,
    /// What it says.
    pub fact: Fact,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The agency that recorded it; `None` if the holder did.
    pub agency: Option<AgencyId>,
    /// The division whose authority recorded it, where that is another one than this deployment's:
    /// imported evidence keeps its origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Division))]
    pub origin: Option<Division>,
    /// Set when it was withdrawn (a wrong entry, a trace that was corrected): it no longer counts
    /// from that moment on, and both moments stay visible.
    pub withdrawn_at: Option<Timestamp>,
    /// The newer piece that replaced it (a corrected declaration).
    pub superseded_by: Option<EvidenceId>,
}

impl Evidence {
    /// Does this piece count (neither withdrawn nor replaced)?
    pub const fn counts(&self) -> bool {
        self.withdrawn_at.is_none() && self.superseded_by.is_none()
    }

    /// A region's risk level as public evidence, to be assessed beside a holder's own.
    pub fn from_region_risk(r: &RegionRisk) -> Self {
        Self {
            id: r.id,
            holder: None,
            fact: Fact::RegionRisk {
                division: r.division.clone(),
                level: r.level,
                from: r.from,
                to: r.to,
            },
            recorded_at: r.recorded_at,
            agency: Some(r.agency),
            origin: None,
            withdrawn_at: None,
            superseded_by: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_but_the_health_commission_sets_risk_levels() {
        for by in AgencyKind::ALL {
            assert_eq!(
                EvidenceKind::RegionRisk.may_record(Some(*by)),
                *by == AgencyKind::HealthCommission
            );
        }
        assert!(!EvidenceKind::RegionRisk.may_record(None));
    }

    #[test]
    fn public_security_and_operators_record_nothing() {
        for kind in EvidenceKind::ALL {
            assert!(!kind.may_record(Some(AgencyKind::PublicSecurity)));
            assert!(!kind.may_record(Some(AgencyKind::Operator)));
        }
    }

    #[test]
    fn papers_are_issued_by_those_who_may_record_them() {
        for by in AgencyKind::ALL {
            for paper in ReleasePaper::ALL.iter().filter(|p| p.may_issue(*by)) {
                assert!(EvidenceKind::Release.may_record(Some(*by)), "{paper} by {by}");
            }
            let may = EvidenceKind::Release.may_record(Some(*by));
            assert_eq!(ReleasePaper::usual(*by).may_issue(*by), may, "{by}");
        }
    }

    #[test]
    fn the_holder_appeals_and_others_decide() {
        assert!(EvidenceKind::Appeal.may_record(None));
        for by in AgencyKind::ALL {
            assert!(!EvidenceKind::Appeal.may_record(Some(*by)));
        }
        for kind in [EvidenceKind::AppealDecision, EvidenceKind::Dispute] {
            assert!(!kind.may_record(None));
            assert!(kind.may_record(Some(AgencyKind::HealthCommission)));
            assert!(!kind.may_record(Some(AgencyKind::Hospital)));
        }
    }

    /// Rows and commitments older than purpose, paper and origin: they read, and write the same.
    #[test]
    fn what_was_recorded_before_the_question_reads_and_writes_unchanged() {
        for old in [
            r#"{"kind":"arrival","from":"US-NY","arrived_at":"2022-02-28T12:00:00Z"}"#,
            r#"{"kind":"release","refers_to":{"case":"c0000000000001"},"released_at":"2022-02-28T12:00:00Z"}"#,
        ] {
            let fact: Fact = serde_json::from_str(old).unwrap();
            assert_eq!(serde_json::to_string(&fact).unwrap(), old);
        }
        let fact = Fact::Appeal { contests: EvidenceId::from_random(1) };
        let e = Evidence {
            id: EvidenceId::from_random(2),
            holder: None,
            fact,
            recorded_at: Timestamp::EPOCH,
            agency: None,
            origin: None,
            withdrawn_at: None,
            superseded_by: None,
        };
        let text = serde_json::to_string(&e).unwrap();
        assert!(!text.contains("origin"));
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), e);
        let e = Evidence { origin: Some("CN-13".parse().unwrap()), ..e };
        let text = serde_json::to_string(&e).unwrap();
        assert!(text.contains(r#""origin":"CN-13""#));
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), e);
    }

    #[test]
    fn temperatures_outside_the_living_are_refused() {
        assert!(Temperature::try_from(36.6).is_ok());
        for t in [33.9, 43.1, f64::NAN, -1.0, 98.6] {
            assert!(Temperature::try_from(t).is_err(), "{t}");
        }
        assert_eq!(serde_json::to_string(&Temperature::from_tenths(373).unwrap()).unwrap(), "37.3");
    }
}

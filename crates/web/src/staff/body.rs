//! What the console sends and gets: the JSON of its endpoints.

use jadegate_domain::evidence::{ArrivalPurpose, ReleaseOf, ReleasePaper, TestMethod, TestResult};
use jadegate_domain::{
    AgencyId, AgencyKind, CaseClass, CaseId, Division, EvidenceId, HolderId, Purpose, Role, StaffId,
};
use jadegate_service::ServiceError;
use jadegate_service::holder::check_in::Quarantine;
use jadegate_service::holder::me::EvidenceView;
use jadegate_service::holder::register::DocumentInput;
use jadegate_service::staff::{
    CaseRow, GateRow, HolderView, Power, StaffRow, TraceReport, TraceRow, Whom,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::views::{AssessmentView, HolderChange, SegmentView};

/// A person, named by id, document or phone: exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct WhomBody {
    #[serde(default)]
    pub(super) holder: Option<HolderId>,
    #[serde(default)]
    pub(super) document: Option<DocumentInput>,
    #[serde(default)]
    pub(super) phone: Option<String>,
}

impl WhomBody {
    pub(super) fn parse(self) -> Result<Whom, ServiceError> {
        match (self.holder, self.document, self.phone) {
            (Some(h), None, None) => Ok(Whom::Holder(h)),
            (None, Some(d), None) => Ok(Whom::Document(d)),
            (None, None, Some(p)) => Ok(Whom::Phone(p)),
            _ => Err(ServiceError::bad(
                "whom.one",
                "Name the person by holder id, document or phone: one of them.",
            )),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenBody {
    pub(super) token: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitationView {
    pub(super) staff: InvitedView,
    /// `PublicKeyCredentialCreationOptionsJSON`.
    #[schema(value_type = Object)]
    pub(super) options: Value,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitedView {
    pub(super) display_name: String,
    pub(super) agency_name: String,
    pub(super) role: Role,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FinishInvitationBody {
    pub(super) token: String,
    /// `RegistrationResponseJSON`.
    #[schema(value_type = Object)]
    pub(super) credential: Value,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CeremonyView {
    pub(super) ceremony: String,
    /// `PublicKeyCredentialRequestOptionsJSON`.
    #[schema(value_type = Object)]
    pub(super) options: Value,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FinishSignInBody {
    pub(super) ceremony: String,
    /// `AuthenticationResponseJSON`.
    #[schema(value_type = Object)]
    pub(super) credential: Value,
}

/// Who is signed in and what they may do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeView {
    pub(super) staff: MeStaff,
    pub(super) agency: MeAgency,
    pub(super) may: Vec<Power>,
    pub(super) confirmation: ConfirmationView,
}

/// Powers over people need the health commission's confirmation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConfirmationView {
    /// Would the role give powers over people, once confirmed?
    pub(super) needed: bool,
    /// Is the agency confirmed?
    pub(super) agency: bool,
    /// Is the member of staff?
    pub(super) staff: bool,
    /// While one waits: the fingerprint of one's own passkey, to read out to a commissioner.
    pub(super) passkey: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmBody {
    /// The fingerprint of the passkey that the member of staff read out.
    pub(super) passkey: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeStaff {
    pub(super) id: StaffId,
    pub(super) display_name: String,
    pub(super) role: Role,
    pub(super) region: Division,
    pub(super) region_name: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MeAgency {
    pub(super) id: AgencyId,
    pub(super) kind: AgencyKind,
    pub(super) name: String,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct FindBody {
    #[serde(flatten)]
    pub(super) whom: WhomBody,
    pub(super) purpose: Purpose,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundView {
    pub(super) holder: HolderId,
    pub(super) name_masked: String,
    pub(super) home_name: String,
    pub(super) assessment: AssessmentView,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenBody {
    pub(super) purpose: Purpose,
    #[serde(default)]
    pub(super) case: Option<CaseId>,
}

/// One person's record.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonView {
    pub(super) holder: HolderId,
    pub(super) name_masked: String,
    pub(super) home_name: String,
    pub(super) assessment: AssessmentView,
    pub(super) evidence: Vec<EvidenceView>,
    /// Which of it may be withdrawn by whoever asks: of a case's own piece it is the case.
    pub(super) withdrawable: Vec<EvidenceId>,
    pub(super) history: Vec<HolderChange>,
    pub(super) quarantine: Quarantine,
    /// Their colours from the first evidence to the last change that can be foreseen.
    pub(super) timeline: Vec<SegmentView>,
    pub(super) what_they_see: HolderView,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct TestBody {
    #[serde(flatten)]
    pub(super) whom: WhomBody,
    /// `positive` or `negative`.
    #[schema(value_type = TestResult)]
    pub(super) result: String,
    /// `nucleic_acid` or `antigen`.
    #[schema(value_type = TestMethod)]
    pub(super) method: String,
    pub(super) sampled_at: String,
    /// What the laboratory calls the sample; needed for a positive result that has to wait for a
    /// colleague.
    pub(super) sample: Option<String>,
}

/// Evidence was recorded, or had been before.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecordedView {
    pub(super) evidence: EvidenceId,
    pub(super) assessment: AssessmentView,
    /// Was it new?
    pub(super) new: bool,
    /// It is above the mandate's number for this hour and colours nobody before somebody else has
    /// confirmed it.
    pub(super) waiting: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CaseBody {
    #[serde(flatten)]
    pub(super) whom: WhomBody,
    /// `suspected`, `probable`, `confirmed` or `asymptomatic`.
    #[schema(value_type = CaseClass)]
    pub(super) class: String,
    #[serde(default)]
    pub(super) onset_at: Option<String>,
    pub(super) confirmed_at: String,
    #[serde(default)]
    pub(super) isolated_at: Option<String>,
    /// Trace at once?
    #[serde(default)]
    pub(super) trace: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseRecordedView {
    pub(super) case: CaseId,
    pub(super) assessment: AssessmentView,
    pub(super) new: bool,
    /// It is above the mandate's number for this hour and is no case before an officer of another
    /// agency has confirmed it.
    pub(super) waiting: bool,
    pub(super) trace: Option<TraceReport>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CaseList {
    pub(super) cases: Vec<CaseRow>,
}

/// What changes; a field left out stays as it is.
#[expect(
    clippy::option_option,
    reason = "absent, null and a value are three different things here"
)]
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrectionBody {
    #[serde(default)]
    #[schema(value_type = Option<CaseClass>)]
    pub(super) class: Option<String>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    pub(super) onset_at: Option<Option<String>>,
    #[serde(default)]
    pub(super) confirmed_at: Option<String>,
    /// Null takes it away.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = Option<String>)]
    pub(super) isolated_at: Option<Option<String>>,
}

/// A field that is there, even as null, is a change.
#[expect(
    clippy::option_option,
    reason = "absent, null and a value are three different things here"
)]
fn some<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(d).map(Some)
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CorrectedView {
    pub(super) assessment: AssessmentView,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceBody {
    pub(super) case: CaseId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceQuery {
    /// Only of this case.
    pub(super) case: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TraceList {
    pub(super) traces: Vec<TraceRow>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct QuarantineQuery {
    /// `all`, `missed` or `due`.
    pub(super) filter: Option<String>,
    /// The last person already seen.
    pub(super) after: Option<String>,
    /// 1 to 200.
    pub(super) limit: Option<u32>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ReleaseBody {
    #[serde(flatten)]
    pub(super) whom: WhomBody,
    pub(super) refers_to: ReleaseOf,
    pub(super) released_at: String,
    /// `discharge`, `release` or `confirmation`; left out: the one this kind of agency issues.
    #[schema(value_type = Option<ReleasePaper>)]
    pub(super) paper: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EndBody {
    /// Now, if left out.
    #[serde(default)]
    pub(super) to: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ArrivalBody {
    #[serde(flatten)]
    pub(super) whom: WhomBody,
    /// Country or division.
    pub(super) from: String,
    pub(super) arrived_at: String,
    /// `return`, `work`, `study`, `family`, `tourism`, `medical`, `transit`, `crew`, `official` or
    /// `other`; left out: nobody asked.
    #[schema(value_type = Option<ArrivalPurpose>)]
    pub(super) purpose: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct PlaceQuery {
    pub(super) after: Option<String>,
    /// 1 to 200.
    pub(super) limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlacePosterView {
    pub(super) poster_code: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct GateQuery {
    pub(super) place: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GateList {
    pub(super) gates: Vec<GateRow>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AgencyList {
    pub(super) agencies: Vec<jadegate_domain::agency::Agency>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StaffList {
    pub(super) staff: Vec<StaffRow>,
}

//! Taking records back; files and records as auditors see them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jadegate_domain::id::{ImportId, RideId};
use jadegate_domain::record::WithdrawalReason;
use jadegate_domain::{CaseId, EvidenceId};
use jadegate_service::ServiceError;
use jadegate_service::staff::{ImportRow, OwnRecord, Record, RecordRow, WithdrawnRecords};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Query, StaffAuth};
use crate::parts::BeforeQuery;
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(withdraw))
        .routes(routes!(imports))
        .routes(routes!(records))
        .routes(routes!(own_records))
}

/// What is withdrawn: exactly one of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawBody {
    /// A piece of evidence.
    evidence: Option<EvidenceId>,
    /// A case, with the contacts that were found from it.
    case: Option<CaseId>,
    /// Who was aboard: one boarding, with the visit it made.
    ride: Option<RideId>,
    /// A whole file.
    import: Option<ImportId>,
    /// A risk level: it never held.
    risk_level: Option<EvidenceId>,
    /// `wrong_person`, `wrong_content`, `sample_mixed_up`, `entered_twice`, `not_borne_out` or
    /// `never_happened`.
    #[schema(value_type = WithdrawalReason)]
    reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ImportList {
    imports: Vec<ImportRow>,
    /// Where the older ones begin: to be asked for as `before`; `null`: there are none.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OwnRecordList {
    records: Vec<OwnRecord>,
    /// Where the older ones begin: to be asked for as `before`; `null`: there are none.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RecordList {
    records: Vec<RecordRow>,
    /// Where the older ones begin: to be asked for as `before`; `null`: there are none.
    next: Option<String>,
}

/// Withdraw a record or a whole file; what followed falls with it, and the person sees who and why.
#[utoipa::path(post, path = "/v1/staff/withdrawals", tag = "staff", request_body = WithdrawBody,
    responses((status = 200, body = WithdrawnRecords), (status = "4XX", body = Problem)))]
async fn withdraw(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<WithdrawBody>,
) -> Answer<Json<WithdrawnRecords>> {
    let all = [
        b.evidence.map(Record::Evidence),
        b.case.map(Record::Case),
        b.ride.map(Record::Ride),
        b.import.map(Record::Import),
        b.risk_level.map(Record::RiskLevel),
    ];
    let mut named = all.into_iter().flatten();
    let (Some(record), None) = (named.next(), named.next()) else {
        let why = "Name one thing to withdraw: evidence, case, ride, import or risk_level.";
        return Err(ServiceError::bad("withdrawal.one", why).into());
    };
    Ok(Json(web.app.withdraw_record(&s, record, &b.reason).await?))
}

/// Files that were taken over: of one's own agency, or to withdraw or to audit.
#[utoipa::path(get, path = "/v1/staff/imports", tag = "staff", params(BeforeQuery),
    responses((status = 200, body = ImportList), (status = "4XX", body = Problem)))]
async fn imports(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<BeforeQuery>,
) -> Answer<Json<ImportList>> {
    let part = web.app.imports_before(&s, q.before.as_deref()).await?;
    Ok(Json(ImportList { imports: part.rows, next: part.next }))
}

/// Who recorded what, newest first, for auditors; about nobody.
#[utoipa::path(get, path = "/v1/staff/records", tag = "staff", params(BeforeQuery),
    responses((status = 200, body = RecordList), (status = "4XX", body = Problem)))]
async fn records(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<BeforeQuery>,
) -> Answer<Json<RecordList>> {
    let part = web.app.records_before(&s, q.before.as_deref()).await?;
    Ok(Json(RecordList { records: part.rows, next: part.next }))
}

/// What one's own agency recorded, newest first, to take something back: about nobody.
#[utoipa::path(get, path = "/v1/staff/records/own", tag = "staff", params(BeforeQuery),
    responses((status = 200, body = OwnRecordList), (status = "4XX", body = Problem)))]
async fn own_records(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<BeforeQuery>,
) -> Answer<Json<OwnRecordList>> {
    let part = web.app.own_records_before(&s, q.before.as_deref()).await?;
    Ok(Json(OwnRecordList { records: part.rows, next: part.next }))
}

//! Cases: recorded, corrected, withdrawn, traced.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_domain::{CaseId, TraceId};
use jadegate_service::named::AssessmentView;
use jadegate_service::staff::{
    CaseCorrection, CaseInput, CaseRow, CaseWithdrawn, RecordedCase, TraceDetail, TraceReport,
    TraceRow,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::records::status;
use crate::extract::{Body, Path, Query, StaffAuth, id};
use crate::parts::BeforeQuery;
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(cases, add_case))
        .routes(routes!(correct_case))
        .routes(routes!(withdraw_case))
        .routes(routes!(traces, run_trace))
        .routes(routes!(trace_detail))
}

#[derive(Debug, Serialize, ToSchema)]
struct CaseList {
    cases: Vec<CaseRow>,
    /// Where the older ones begin: to be asked for as `before`; `null`: there are none.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CorrectedView {
    assessment: AssessmentView,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TraceBody {
    case: CaseId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct TraceQuery {
    /// Only of this case.
    case: Option<String>,
    /// The `next` of the part before; left out: the newest.
    before: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TraceList {
    traces: Vec<TraceRow>,
    /// Where the older ones begin: to be asked for as `before`; `null`: there are none.
    next: Option<String>,
}

/// Record a case, and trace it at once if asked to.
#[utoipa::path(post, path = "/v1/staff/cases", tag = "staff", request_body = CaseInput,
    responses((status = 201, body = RecordedCase), (status = 200, body = RecordedCase), (status = 202, body = RecordedCase), (status = "4XX", body = Problem)))]
async fn add_case(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<CaseInput>,
) -> Answer<(StatusCode, Json<RecordedCase>)> {
    let r = web.app.record_case(&s, &input).await?;
    Ok((status(r.new, r.waiting), Json(r)))
}

/// Cases, newest first.
#[utoipa::path(get, path = "/v1/staff/cases", tag = "staff", params(BeforeQuery),
    responses((status = 200, body = CaseList), (status = "4XX", body = Problem)))]
async fn cases(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<BeforeQuery>,
) -> Answer<Json<CaseList>> {
    let part = web.app.cases_before(&s, q.before.as_deref()).await?;
    Ok(Json(CaseList { cases: part.rows, next: part.next }))
}

/// Correct a case; both versions stay visible to the person.
#[utoipa::path(patch, path = "/v1/staff/cases/{id}", tag = "staff", params(("id" = CaseId, Path)),
    request_body = CaseCorrection, responses((status = 200, body = CorrectedView), (status = "4XX", body = Problem)))]
async fn correct_case(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(case): Path<String>,
    Body(input): Body<CaseCorrection>,
) -> Answer<Json<CorrectedView>> {
    Ok(Json(CorrectedView { assessment: web.app.correct_case(&s, id(&case)?, &input).await? }))
}

/// Withdraw a case: its contacts are released.
#[utoipa::path(post, path = "/v1/staff/cases/{id}/withdraw", tag = "staff", params(("id" = CaseId, Path)),
    responses((status = 200, body = CaseWithdrawn), (status = "4XX", body = Problem)))]
async fn withdraw_case(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(case): Path<String>,
) -> Answer<Json<CaseWithdrawn>> {
    Ok(Json(web.app.withdraw_case(&s, id(&case)?).await?))
}

/// Trace a case: who shared a place and a time with it. Colours follow at once.
#[utoipa::path(post, path = "/v1/staff/traces", tag = "staff", request_body = TraceBody,
    responses((status = 201, body = TraceReport), (status = "4XX", body = Problem)))]
async fn run_trace(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<TraceBody>,
) -> Answer<(StatusCode, Json<TraceReport>)> {
    Ok((StatusCode::CREATED, Json(web.app.run_trace(&s, b.case).await?)))
}

/// Traces, newest first.
#[utoipa::path(get, path = "/v1/staff/traces", tag = "staff", params(TraceQuery),
    responses((status = 200, body = TraceList), (status = "4XX", body = Problem)))]
async fn traces(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<TraceQuery>,
) -> Answer<Json<TraceList>> {
    let case = q.case.as_deref().map(id::<CaseId>).transpose()?;
    let part = web.app.traces_before(&s, case, q.before.as_deref()).await?;
    Ok(Json(TraceList { traces: part.rows, next: part.next }))
}

/// One trace with every contact and exposure.
#[utoipa::path(get, path = "/v1/staff/traces/{id}", tag = "staff", params(("id" = TraceId, Path)),
    responses((status = 200, body = TraceDetail), (status = "4XX", body = Problem)))]
async fn trace_detail(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(trace): Path<String>,
) -> Answer<Json<TraceDetail>> {
    Ok(Json(web.app.trace_detail(&s, id(&trace)?).await?))
}

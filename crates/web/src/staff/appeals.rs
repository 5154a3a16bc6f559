//! Appeals: the work list, one of them with what was handed in, the decision; lodging at a counter.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use jadegate_domain::AppealId;
use jadegate_service::ServiceError;
use jadegate_service::staff::{
    AppealDetail, AppealList, AppealReceipt, CounterAppeal, DecisionInput,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(appeals, lodge))
        .routes(routes!(open))
        .routes(routes!(file))
        .routes(routes!(decide))
}

/// Open appeals of the region, those that are due first come first; nobody's data. With them the rules
/// that somebody has to look at.
#[utoipa::path(get, path = "/v1/staff/appeals", tag = "staff",
    responses((status = 200, body = AppealList), (status = "4XX", body = Problem)))]
async fn appeals(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<AppealList>> {
    Ok(Json(web.app.list_appeals(&s).await?))
}

/// Lodge an appeal for somebody who is at the counter. The person sees it; whoever lodges it does not
/// decide on it.
#[utoipa::path(post, path = "/v1/staff/appeals", tag = "staff", request_body = CounterAppeal,
    responses((status = 201, body = AppealReceipt), (status = "4XX", body = Problem)))]
async fn lodge(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<CounterAppeal>,
) -> Answer<(StatusCode, Json<AppealReceipt>)> {
    Ok((StatusCode::CREATED, Json(web.app.lodge_at_counter(&s, &input).await?)))
}

/// Open one appeal: a look, which the person sees.
#[utoipa::path(get, path = "/v1/staff/appeals/{id}", tag = "staff", params(("id" = AppealId, Path)),
    responses((status = 200, body = AppealDetail), (status = "4XX", body = Problem)))]
async fn open(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(appeal): Path<String>,
) -> Answer<Json<AppealDetail>> {
    Ok(Json(web.app.open_appeal(&s, id(&appeal)?).await?))
}

/// What strangers handed in: to be kept as a file, never shown as a page, whatever it calls itself.
const INERT: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// The picture or paper that was handed in, to be saved: a look, which the person sees.
#[utoipa::path(get, path = "/v1/staff/appeals/{id}/file", tag = "staff", params(("id" = AppealId, Path)),
    responses((status = 200, body = String, content_type = "application/octet-stream"),
        (status = "4XX", body = Problem)))]
async fn file(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(appeal): Path<String>,
) -> Answer<([(HeaderName, HeaderValue); 3], Vec<u8>)> {
    let appeal: AppealId = id(&appeal)?;
    let (kind, bytes) = web.app.appeal_paper(&s, appeal).await?;
    let name = format!("attachment; filename=\"appeal-{appeal}.{kind}\"");
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).map_err(ServiceError::internal)?,
        ),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(INERT)),
    ];
    Ok((head, bytes.to_vec()))
}

/// Decide on an appeal. Granted, the record is taken back and colours follow.
#[utoipa::path(post, path = "/v1/staff/appeals/{id}/decision", tag = "staff",
    params(("id" = AppealId, Path)), request_body = DecisionInput,
    responses((status = 200, body = AppealDetail), (status = "4XX", body = Problem)))]
async fn decide(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(appeal): Path<String>,
    Body(input): Body<DecisionInput>,
) -> Answer<Json<AppealDetail>> {
    Ok(Json(web.app.decide_appeal(&s, id(&appeal)?, &input).await?))
}

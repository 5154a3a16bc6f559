//! Who stands behind a pseudonym: asked, decided by another agency, read; and the table for everybody.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use jadegate_domain::id::IdentityRequestId;
use jadegate_service::staff::{
    IdentityFigures, IdentityInput, IdentityRequestView, NamedPerson, RefusalInput,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(requests, ask))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(close))
        .routes(routes!(person))
        .routes(routes!(figures))
}

#[derive(Debug, Serialize, ToSchema)]
struct IdentityList {
    /// Newest first.
    requests: Vec<IdentityRequestView>,
}

/// Requests of one's own agency, and those one may decide on.
#[utoipa::path(get, path = "/v1/staff/identity-requests", tag = "staff",
    responses((status = 200, body = IdentityList), (status = "4XX", body = Problem)))]
async fn requests(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<IdentityList>> {
    Ok(Json(IdentityList { requests: web.app.list_identity_requests(&s).await? }))
}

/// Ask for the name and phone of one person of a case. It waits for a second person of another agency; what
/// the rules refuse is logged and counted, and both are shown to the person.
#[utoipa::path(post, path = "/v1/staff/identity-requests", tag = "staff", request_body = IdentityInput,
    responses((status = 201, body = IdentityRequestView), (status = "4XX", body = Problem)))]
async fn ask(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<IdentityInput>,
) -> Answer<(StatusCode, Json<IdentityRequestView>)> {
    Ok((StatusCode::CREATED, Json(web.app.ask_identity(&s, &b).await?)))
}

/// Agree to what another agency asked: it can be read for four hours.
#[utoipa::path(post, path = "/v1/staff/identity-requests/{id}/approve", tag = "staff",
    params(("id" = IdentityRequestId, Path)),
    responses((status = 200, body = IdentityRequestView), (status = "4XX", body = Problem)))]
async fn approve(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(r): Path<String>,
) -> Answer<Json<IdentityRequestView>> {
    Ok(Json(web.app.approve_identity(&s, id(&r)?).await?))
}

/// Refuse what another agency asked, with a reason that the person is told.
#[utoipa::path(post, path = "/v1/staff/identity-requests/{id}/refuse", tag = "staff",
    params(("id" = IdentityRequestId, Path)), request_body = RefusalInput,
    responses((status = 200, body = IdentityRequestView), (status = "4XX", body = Problem)))]
async fn refuse(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(r): Path<String>,
    Body(b): Body<RefusalInput>,
) -> Answer<Json<IdentityRequestView>> {
    Ok(Json(web.app.refuse_identity(&s, id(&r)?, &b).await?))
}

/// End one's own request: it is needed no more.
#[utoipa::path(post, path = "/v1/staff/identity-requests/{id}/close", tag = "staff",
    params(("id" = IdentityRequestId, Path)),
    responses((status = 200, body = IdentityRequestView), (status = "4XX", body = Problem)))]
async fn close(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(r): Path<String>,
) -> Answer<Json<IdentityRequestView>> {
    Ok(Json(web.app.close_identity(&s, id(&r)?).await?))
}

/// Read who it is. Each reading is a look that the person sees at once.
#[utoipa::path(post, path = "/v1/staff/identity-requests/{id}/person", tag = "staff",
    params(("id" = IdentityRequestId, Path)),
    responses((status = 200, body = NamedPerson), (status = "4XX", body = Problem)))]
async fn person(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(r): Path<String>,
) -> Answer<([(HeaderName, &'static str); 1], Json<NamedPerson>)> {
    let named = web.app.read_identity(&s, id(&r)?).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(named)))
}

/// How many identity requests were made, agreed to and refused, of 90 whole days, by kind of agency and
/// reason. A number from 1 to 4 is not told.
#[utoipa::path(get, path = "/v1/public/identity-requests", tag = "public",
    responses((status = 200, body = IdentityFigures), (status = 503, body = Problem)))]
async fn figures(
    State(web): State<Arc<Web>>,
) -> Answer<([(HeaderName, &'static str); 1], Json<IdentityFigures>)> {
    let figures = web.app.identity_figures().await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(figures)))
}

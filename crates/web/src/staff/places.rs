//! Places and their gates.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_domain::{GateId, PlaceId};
use jadegate_service::staff::{Enrolment, GateRow, PlaceInput, PlacePage, PlaceRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, Query, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(places, add_place))
        .routes(routes!(enrolment))
        .routes(routes!(poster))
        .routes(routes!(gates))
        .routes(routes!(revoke_gate))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct PlaceQuery {
    after: Option<String>,
    /// 1 to 200.
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
struct PlacePosterView {
    poster_code: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct GateQuery {
    place: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct GateList {
    gates: Vec<GateRow>,
}

/// The places one manages.
#[utoipa::path(get, path = "/v1/staff/places", tag = "staff", params(PlaceQuery),
    responses((status = 200, body = PlacePage), (status = "4XX", body = Problem)))]
async fn places(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<PlaceQuery>,
) -> Answer<Json<PlacePage>> {
    let after = q.after.as_deref().map(id::<PlaceId>).transpose()?;
    Ok(Json(web.app.list_places(&s, after, q.limit.unwrap_or(50)).await?))
}

/// Register a place.
#[utoipa::path(post, path = "/v1/staff/places", tag = "staff", request_body = PlaceInput,
    responses((status = 201, body = PlaceRow), (status = "4XX", body = Problem)))]
async fn add_place(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<PlaceInput>,
) -> Answer<(StatusCode, Json<PlaceRow>)> {
    Ok((StatusCode::CREATED, Json(web.app.create_place(&s, &input).await?)))
}

/// A single-use link that enrols a device as a gate of this place.
#[utoipa::path(post, path = "/v1/staff/places/{id}/enrolment", tag = "staff", params(("id" = PlaceId, Path)),
    responses((status = 201, body = Enrolment), (status = "4XX", body = Problem)))]
async fn enrolment(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(place): Path<String>,
) -> Answer<(StatusCode, Json<Enrolment>)> {
    Ok((StatusCode::CREATED, Json(web.app.enrolment_link(&s, id(&place)?).await?)))
}

/// The place's code to print.
#[utoipa::path(get, path = "/v1/staff/places/{id}/poster", tag = "staff", params(("id" = PlaceId, Path)),
    responses((status = 200, body = PlacePosterView), (status = "4XX", body = Problem)))]
async fn poster(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(place): Path<String>,
) -> Answer<Json<PlacePosterView>> {
    let p = web.app.place_poster(&s, id(&place)?)?;
    Ok(Json(PlacePosterView { poster_code: p.poster_code }))
}

/// The gates of a place.
#[utoipa::path(get, path = "/v1/staff/gates", tag = "staff", params(GateQuery),
    responses((status = 200, body = GateList), (status = "4XX", body = Problem)))]
async fn gates(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<GateQuery>,
) -> Answer<Json<GateList>> {
    Ok(Json(GateList { gates: web.app.list_gates(&s, id(&q.place)?).await? }))
}

/// Revoke a gate: it can no longer sign in.
#[utoipa::path(post, path = "/v1/staff/gates/{id}/revoke", tag = "staff", params(("id" = GateId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn revoke_gate(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(gate): Path<String>,
) -> Answer<StatusCode> {
    web.app.revoke_gate(&s, id(&gate)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! Agencies and their staff: registered, invited, confirmed, ended.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_domain::agency::Agency;
use jadegate_domain::{AgencyId, StaffId};
use jadegate_service::staff::{AgencyInput, InvitedStaff, StaffInput, StaffRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(agencies, add_agency))
        .routes(routes!(confirm_agency))
        .routes(routes!(staff_list, invite))
        .routes(routes!(disable))
        .routes(routes!(confirm_staff))
}

#[derive(Debug, Serialize, ToSchema)]
struct AgencyList {
    agencies: Vec<Agency>,
}

#[derive(Debug, Serialize, ToSchema)]
struct StaffList {
    staff: Vec<StaffRow>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmBody {
    /// The fingerprint of the passkey that the member of staff read out.
    passkey: String,
}

/// All agencies.
#[utoipa::path(get, path = "/v1/staff/agencies", tag = "staff",
    responses((status = 200, body = AgencyList), (status = "4XX", body = Problem)))]
async fn agencies(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<AgencyList>> {
    Ok(Json(AgencyList { agencies: web.app.list_agencies(&s).await? }))
}

/// Register an agency.
#[utoipa::path(post, path = "/v1/staff/agencies", tag = "staff", request_body = AgencyInput,
    responses((status = 201, body = Agency), (status = "4XX", body = Problem)))]
async fn add_agency(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<AgencyInput>,
) -> Answer<(StatusCode, Json<Agency>)> {
    Ok((StatusCode::CREATED, Json(web.app.create_agency(&s, &input).await?)))
}

/// Confirm an agency that has powers over people: for commissioners.
#[utoipa::path(post, path = "/v1/staff/agencies/{id}/confirm", tag = "staff", params(("id" = AgencyId, Path)),
    responses((status = 200, body = Agency), (status = "4XX", body = Problem)))]
async fn confirm_agency(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(agency): Path<String>,
) -> Answer<Json<Agency>> {
    Ok(Json(web.app.confirm_agency(&s, id(&agency)?).await?))
}

/// Confirm a member of staff who holds the passkey with this fingerprint: for commissioners.
#[utoipa::path(post, path = "/v1/staff/members/{id}/confirm", tag = "staff", params(("id" = StaffId, Path)),
    request_body = ConfirmBody, responses((status = 204), (status = "4XX", body = Problem)))]
async fn confirm_staff(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(staff): Path<String>,
    Body(b): Body<ConfirmBody>,
) -> Answer<StatusCode> {
    web.app.confirm_staff(&s, id(&staff)?, &b.passkey).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All staff.
#[utoipa::path(get, path = "/v1/staff/members", tag = "staff",
    responses((status = 200, body = StaffList), (status = "4XX", body = Problem)))]
async fn staff_list(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<StaffList>> {
    Ok(Json(StaffList { staff: web.app.list_staff(&s).await? }))
}

/// Invite a member of staff: a single-use link, shown once.
#[utoipa::path(post, path = "/v1/staff/members", tag = "staff", request_body = StaffInput,
    responses((status = 201, body = InvitedStaff), (status = "4XX", body = Problem)))]
async fn invite(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<StaffInput>,
) -> Answer<(StatusCode, Json<InvitedStaff>)> {
    Ok((StatusCode::CREATED, Json(web.app.invite_staff(&s, &input).await?)))
}

/// End a member of staff's access.
#[utoipa::path(post, path = "/v1/staff/members/{id}/disable", tag = "staff", params(("id" = StaffId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn disable(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(staff): Path<String>,
) -> Answer<StatusCode> {
    web.app.disable_staff(&s, id(&staff)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! Risk levels of divisions.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_domain::EvidenceId;
use jadegate_service::staff::{RegionInput, RegionRow};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::public::RegionList;
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(regions, set_region)).routes(routes!(end_region))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndBody {
    /// Now, if left out.
    #[serde(default)]
    to: Option<String>,
}

/// Risk levels, in force or ended.
#[utoipa::path(get, path = "/v1/staff/regions", tag = "staff",
    responses((status = 200, body = RegionList), (status = "4XX", body = Problem)))]
async fn regions(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<RegionList>> {
    Ok(Json(RegionList { risks: web.app.list_regions(&s).await? }))
}

/// Is refused: a risk level is raised by a proposal with its what-if attached.
#[utoipa::path(post, path = "/v1/staff/regions", tag = "staff", request_body = RegionInput,
    responses((status = "4XX", body = Problem)))]
async fn set_region(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<RegionInput>,
) -> Answer<(StatusCode, Json<RegionRow>)> {
    Ok((StatusCode::CREATED, Json(web.app.set_region(&s, &input)?)))
}

/// End a risk level: colours that stood on it alone change back.
#[utoipa::path(post, path = "/v1/staff/regions/{id}/end", tag = "staff", params(("id" = EvidenceId, Path)),
    request_body = EndBody, responses((status = 200, body = RegionRow), (status = "4XX", body = Problem)))]
async fn end_region(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(region): Path<String>,
    Body(b): Body<EndBody>,
) -> Answer<Json<RegionRow>> {
    Ok(Json(web.app.end_region(&s, id(&region)?, b.to.as_deref()).await?))
}

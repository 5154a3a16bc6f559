//! What waits for a second pair of eyes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_domain::id::WaitingId;
use jadegate_service::staff::{WaitingRow, WaitingSamples};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Path, Query, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(waiting))
        .routes(routes!(samples))
        .routes(routes!(confirm))
        .routes(routes!(refuse))
}

#[derive(Debug, Serialize, ToSchema)]
struct WaitingList {
    waiting: Vec<WaitingRow>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct SamplesQuery {
    /// The number of the first sample; 0 if left out.
    from: Option<u32>,
}

/// What waits, and what was decided within the last week: counts, nobody's data.
#[utoipa::path(get, path = "/v1/staff/waiting", tag = "staff",
    responses((status = 200, body = WaitingList), (status = "4XX", body = Problem)))]
async fn waiting(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<WaitingList>> {
    Ok(Json(WaitingList { waiting: web.app.list_waiting(&s).await? }))
}

/// The samples of a laboratory's results that wait, to be compared by a colleague.
#[utoipa::path(get, path = "/v1/staff/waiting/{id}/samples", tag = "staff",
    params(("id" = WaitingId, Path), SamplesQuery),
    responses((status = 200, body = WaitingSamples), (status = "4XX", body = Problem)))]
async fn samples(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(waiting): Path<String>,
    Query(q): Query<SamplesQuery>,
) -> Answer<Json<WaitingSamples>> {
    Ok(Json(web.app.waiting_samples(&s, id(&waiting)?, q.from.unwrap_or(0)).await?))
}

/// Confirm what somebody else recorded: it counts from now on, and colours follow.
#[utoipa::path(post, path = "/v1/staff/waiting/{id}/confirm", tag = "staff",
    params(("id" = WaitingId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn confirm(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(waiting): Path<String>,
) -> Answer<StatusCode> {
    web.app.confirm_waiting(&s, id(&waiting)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuse what waits, or take back what one's own agency recorded: it never counted.
#[utoipa::path(post, path = "/v1/staff/waiting/{id}/refuse", tag = "staff",
    params(("id" = WaitingId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn refuse(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(waiting): Path<String>,
) -> Answer<StatusCode> {
    web.app.refuse_waiting(&s, id(&waiting)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

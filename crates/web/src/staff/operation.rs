//! The numbers of the region, and what the operator has to look at.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jadegate_service::staff::{Operation, Overview};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::StaffAuth;
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(overview)).routes(routes!(operation))
}

/// The numbers of the region.
#[utoipa::path(get, path = "/v1/staff/overview", tag = "staff",
    responses((status = 200, body = Overview), (status = "4XX", body = Problem)))]
async fn overview(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<Overview>> {
    Ok(Json(web.app.overview(&s).await?))
}

/// What keeps the server from its work or soon will, and the stored rows that cannot be read, by kind
/// and place: for operators and auditors. It names nobody.
#[utoipa::path(get, path = "/v1/staff/operation", tag = "staff",
    responses((status = 200, body = Operation), (status = "4XX", body = Problem)))]
async fn operation(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<Operation>> {
    Ok(Json(web.app.operation(&s).await?))
}

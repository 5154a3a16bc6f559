//! The mandate, for everybody.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use jadegate_service::MandateView;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(mandate))
}

/// On whose authority this deployment acts, for what, where, until when and within which limits; whether it
/// holds now; and the signed documents, which any tool for signed notes verifies.
#[utoipa::path(get, path = "/v1/mandate", tag = "public", responses((status = 200, body = MandateView)))]
async fn mandate(
    State(web): State<Arc<Web>>,
) -> ([(HeaderName, &'static str); 1], Json<MandateView>) {
    ([(header::CACHE_CONTROL, "public, max-age=60")], Json(web.app.mandate()))
}

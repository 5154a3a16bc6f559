//! The whole server: every endpoint, its document, the pages, and the layers around them.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::state::Web;
use crate::{
    access, appeals, demo, document, family, gate, holder, layers, mandate, pages, paper, problem,
    public, staff,
};

/// Largest body of an ordinary request; file imports state their own limit.
const MAX_BODY: usize = 256 * 1024;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Jadegate",
        description = "An open health code: a colour is a pure function of evidence and policy.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "public", description = "What anybody may read"),
        (name = "holder", description = "A person with a code"),
        (name = "gate", description = "A device that checks codes"),
        (name = "staff", description = "Members of agencies, each in role and region"),
        (name = "operation", description = "Running the server")
    )
)]
struct ApiDoc;

fn api() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .merge(public::routes())
        .merge(access::routes())
        .merge(mandate::routes())
        .merge(holder::routes())
        .merge(family::routes())
        .merge(paper::routes())
        .merge(appeals::routes())
        .merge(gate::routes())
        .merge(staff::routes())
}

/// The generated API document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    document::finish(api().split_for_parts().1)
}

/// The whole server: API, its document, pages, and the layers around them.
pub fn router(web: Arc<Web>) -> Router {
    let (endpoints, document) = api().split_for_parts();
    let document = Arc::new(document::finish(document).to_json().unwrap_or_default());
    let mut router = endpoints.route(
        "/openapi.json",
        axum::routing::get(move || {
            let document = Arc::clone(&document);
            async move {
                ([(axum::http::header::CONTENT_TYPE, "application/json")], document.to_string())
            }
        }),
    );
    router = router
        .route("/access", axum::routing::get(access::page))
        .route("/access/", axum::routing::get(access::page))
        .route("/access/page.css", axum::routing::get(access::style));
    router = router.route("/v1/log/tile/{*name}", axum::routing::get(public::log_file));
    if web.demo.is_some() {
        router = router.merge(demo::routes());
    }
    router
        .fallback(pages::serve)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(Arc::clone(&web), layers::same_origin))
        .layer(from_fn_with_state(Arc::clone(&web), layers::limits))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(Arc::clone(&web), layers::headers))
        .layer(from_fn(layers::measure))
        .with_state(web)
}

/// Counters and timings in Prometheus' text format, and nothing else: for a listener of its own,
/// since they are nobody else's business.
pub(crate) fn metrics_router(web: Arc<Web>) -> Router {
    Router::new().route("/metrics", axum::routing::get(public::metrics)).with_state(web)
}

//! The only place that knows HTTP: parses, authenticates, answers.
//!
//! Handlers are thin: each turns a request into the input of one use case of `jadegate-service` and
//! its result into JSON. Everything a caller can get wrong comes back as a [`problem::Problem`].

mod demo;
mod document;
mod edge;
mod extract;
mod gate;
mod holder;
mod layers;
mod origin;
mod pages;
mod passkey;
pub mod problem;
mod public;
mod staff;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use jadegate_service::App;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use demo::{DemoControl, DemoEntry};
pub use edge::{ConnectionLimits, Serving, readers};
pub use origin::check_origin;

/// How the server is reached and what it lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSettings {
    /// Where browsers reach the pages, without a slash at the end (`https://code.example`).
    pub origin: String,
    /// Is there a proxy in front whose `X-Forwarded-For` is to be believed?
    pub trust_proxy: bool,
    /// Requests per second and client; four times as many in a burst.
    pub requests_per_second: u32,
    /// Seconds after which a request is given up.
    pub request_seconds: u64,
    /// How many connections, and how long one may wait for its client.
    pub connections: ConnectionLimits,
}

/// The server's state.
pub struct Web {
    pub(crate) app: Arc<App>,
    pub(crate) settings: WebSettings,
    /// Are pages reached by HTTPS?
    pub(crate) secure: bool,
    pub(crate) passkeys: passkey::Passkeys,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) limiter: layers::ClientLimiter,
    pub(crate) lanes: edge::Lanes,
    /// KiB of bodies that wait to be let in.
    pub(crate) bodies: Semaphore,
    pub(crate) cores: usize,
    pub(crate) demo: Option<Arc<dyn DemoControl>>,
}

impl Web {
    /// Puts the server together. `demo` adds the shortcuts of the made-up town; it must be absent
    /// in a real deployment, and is refused if the application was not opened as a demo.
    pub fn new(
        app: Arc<App>,
        settings: WebSettings,
        metrics: PrometheusHandle,
        demo: Option<Arc<dyn DemoControl>>,
    ) -> Result<Arc<Self>, String> {
        if demo.is_some() && !app.settings().demo {
            return Err(
                "the demo's shortcuts cannot be switched on in a real deployment".to_owned()
            );
        }
        check_origin(&settings.origin)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from).max(2);
        Ok(Arc::new(Self {
            passkeys: passkey::Passkeys::new(&settings.origin, &app.settings().name)?,
            secure: settings.origin.starts_with("https://"),
            limiter: layers::ClientLimiter::new(settings.requests_per_second),
            lanes: edge::Lanes::new(cores).map_err(|e| format!("no threads for requests: {e}"))?,
            bodies: Semaphore::new(layers::BODIES_KIB),
            cores,
            app,
            settings,
            metrics,
            demo,
        }))
    }
}

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Largest body of an ordinary request; file imports state their own limit.
const MAX_BODY: usize = 256 * 1024;
/// Largest body that is held in memory until its request is let in: of those that are no file.
const MAX_WAITING_BODY: usize = 1024 * 1024;

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
        .merge(holder::routes())
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

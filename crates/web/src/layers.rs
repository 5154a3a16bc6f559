//! What stands around every request: limits, headers, counting.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::Clock as _;
use governor::{DefaultKeyedRateLimiter, Quota};
use jadegate_service::{Kind, ServiceError};
use tokio::time::Instant;

use crate::Web;
use crate::extract::client_ip;
use crate::problem::Failure;

/// Requests per client.
pub(crate) type ClientLimiter = DefaultKeyedRateLimiter<IpAddr>;

pub(crate) fn limiter(per_second: u32) -> ClientLimiter {
    let rate = NonZeroU32::new(per_second).unwrap_or(NonZeroU32::MIN);
    let burst = NonZeroU32::new(per_second.saturating_mul(4)).unwrap_or(rate);
    ClientLimiter::keyed(Quota::per_second(rate).allow_burst(burst))
}

/// Most requests worked on at the same time; more are told to come back, at once.
pub(crate) const MAX_IN_FLIGHT: usize = 2048;

const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The gate reads codes with WebAssembly where the browser has no reader of its own, and a holder's
/// page makes the colour again; nothing else is evaluated anywhere.
const CSP_WASM: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Security headers on every answer.
pub(crate) async fn headers(State(web): State<Arc<Web>>, req: Request, next: Next) -> Response {
    let path = req.uri().path();
    let is_api = path.starts_with("/v1/");
    let computes = path == "/" || path.starts_with("/gate");
    let mut response = next.run(req).await;
    let h = response.headers_mut();
    let csp = if computes { CSP_WASM } else { CSP };
    h.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    h.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    h.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    h.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    h.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    h.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    h.insert(
        "permissions-policy",
        HeaderValue::from_static(
            "camera=(self), geolocation=(), microphone=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
        ),
    );
    if web.secure {
        h.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    if is_api {
        h.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

/// A request that changes something must come from our own pages or from a program, never from
/// another site's page.
pub(crate) async fn same_origin(State(web): State<Arc<Web>>, req: Request, next: Next) -> Response {
    let safe = matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !safe {
        let text = |name: &str| req.headers().get(name).and_then(|v| v.to_str().ok());
        let site_ok = text("sec-fetch-site").is_none_or(|s| matches!(s, "same-origin" | "none"));
        let origin_ok = text("origin").is_none_or(|o| o == web.settings.origin);
        if !site_ok || !origin_ok {
            return Failure(ServiceError::forbidden(
                "request.other_site",
                "This request came from another site. Open the page again and retry there.",
            ))
            .into_response();
        }
    }
    next.run(req).await
}

/// At most so many requests a second per client, so many at the same time, each for so long.
/// Past any of these the answer is immediate and says when to come back.
pub(crate) async fn limits(State(web): State<Arc<Web>>, req: Request, next: Next) -> Response {
    if matches!(req.uri().path(), "/healthz" | "/metrics") {
        return next.run(req).await;
    }
    let (parts, body) = req.into_parts();
    let ip = client_ip(&parts, web.settings.trust_proxy);
    if let Err(wait) = web.limiter.check_key(&ip) {
        let clock = governor::clock::DefaultClock::default();
        let secs = wait.wait_time_from(clock.now()).as_secs().max(1);
        return Failure(
            ServiceError::new(
                Kind::TooMany,
                "request.too_often",
                "Too many requests from this address. Please wait a moment; your code stays valid meanwhile.",
            )
            .retry_after(u32::try_from(secs).unwrap_or(60)),
        )
        .into_response();
    }
    let Ok(_permit) = web.in_flight.try_acquire() else { return busy("request.overload") };
    let req = Request::from_parts(parts, body);
    let limit = Duration::from_secs(web.settings.request_seconds);
    tokio::time::timeout(limit, next.run(req)).await.unwrap_or_else(|_| busy("request.timeout"))
}

fn busy(code: &'static str) -> Response {
    Failure(
        ServiceError::new(
            Kind::Unavailable,
            code,
            "The service is very busy. Please try again in a few seconds; a code that is still valid stays valid.",
        )
        .retry_after(3),
    )
    .into_response()
}

/// Counts and times every request by route, never by address.
pub(crate) async fn measure(req: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = req.method().as_str().to_owned();
    let route = req
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "page".to_owned(), |p| p.as_str().to_owned());
    let response = next.run(req).await;
    let status = response.status().as_u16().to_string();
    let seconds = started.elapsed().as_secs_f64();
    metrics::counter!("jadegate_requests_total", "method" => method.clone(), "route" => route.clone(), "status" => status.clone())
        .increment(1);
    metrics::histogram!("jadegate_request_seconds", "route" => route.clone()).record(seconds);
    tracing::debug!(method, route, status, seconds, "request");
    response
}

/// A panic in a handler is a fault of ours; the caller gets a problem document like any other.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    Failure(ServiceError::internal("a handler panicked")).into_response()
}

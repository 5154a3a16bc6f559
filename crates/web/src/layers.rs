//! What stands around every request: limits, headers, counting.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jadegate_service::{Kind, ServiceError};
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use crate::edge::{Class, Connection, Rank, Shed, client};
use crate::extract::{Client, too_large};
use crate::problem::Failure;
use crate::state::Web;

/// Largest body that is held in memory until its request is let in: of those that are no file.
const MAX_WAITING_BODY: usize = 1024 * 1024;
/// Up to here a body is not counted.
const SMALL_BODY_KIB: u32 = 16;

const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The gate reads codes with WebAssembly where the browser has no reader of its own, and a holder's
/// page makes the colour again; nothing else is evaluated anywhere.
const CSP_WASM: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Answers of the API are data. Neither framed nor anything else: other sites cannot ask with a session
/// (its cookie is `SameSite=Strict`), and nothing in them is run.
const CSP_API: &str = "default-src 'none'; frame-ancestors 'none'";

/// Security headers on every answer.
pub(crate) async fn headers(State(web): State<Arc<Web>>, req: Request, next: Next) -> Response {
    let path = req.uri().path();
    let is_api = path.starts_with("/v1/");
    let computes = path == "/" || path.starts_with("/gate");
    let mut response = next.run(req).await;
    let h = response.headers_mut();
    h.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if web.secure {
        h.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    if is_api {
        // No page: a browser that is led to it is to show and load nothing. What else a page is told
        // would only make each answer longer than what it says.
        h.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CSP_API));
        h.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        return response;
    }
    let csp = if computes { CSP_WASM } else { CSP };
    h.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
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

/// At most so many requests a second per client, so many of each class at the same time, each for
/// so long. Past any of these the answer says when to come back.
pub(crate) async fn limits(State(web): State<Arc<Web>>, req: Request, next: Next) -> Response {
    let Some(class) = Class::of(req.uri().path()) else { return next.run(req).await };
    let (mut parts, body) = req.into_parts();
    let network = match client(&parts, web.settings.trust_proxy) {
        Ok(network) => network,
        Err(e) => return Failure(e).into_response(),
    };
    if let Err(secs) = web.limiter.check(network) {
        return Failure(
            ServiceError::new(
                Kind::TooMany,
                "request.too_often",
                "Too many requests from this address. Please wait a moment; your code stays valid meanwhile.",
            )
            .retry_after(secs),
        )
        .into_response();
    }
    let rank = Rank::of(&parts.method, parts.uri.path());
    if !rank.goes_on(web.app.put_off()) {
        metrics::counter!("jadegate_put_off_total", "rank" => rank.name()).increment(1);
        return Failure(put_off()).into_response();
    }
    parts.extensions.insert(Client(network));
    let connection = parts.extensions.get::<Arc<Connection>>().cloned();
    // Whoever sends slowly takes nobody's place: an ordinary request is let in when it is here
    // whole. A file is read where it is worked on, once its sender is known.
    let (body, _held) = match class {
        Class::File => (body, None),
        _ => match whole(&web, body).await {
            Ok(whole) => whole,
            Err(e) => return e.into_response(),
        },
    };
    if connection.is_some_and(|c| !c.work()) {
        // It is being closed: nobody would get the answer.
        return busy("request.overload");
    }
    let weight = match class {
        // A gate's backlog: so many scans at once are so much work.
        Class::Gate => u32::try_from(body.size_hint().lower() / 2048).unwrap_or(u32::MAX),
        _ => 1,
    };
    let limit = Duration::from_secs(web.settings.request_seconds);
    let work = next.run(Request::from_parts(parts, body));
    match web.lanes.run(class, weight, limit, work).await {
        Ok(answer) => answer,
        Err(Shed::Overload) => {
            metrics::counter!("jadegate_shed_total", "class" => class.name()).increment(1);
            busy("request.overload")
        }
        Err(Shed::Late) => busy("request.timeout"),
        Err(Shed::Broken(e)) => Failure(ServiceError::internal(e)).into_response(),
    }
}

/// The body of an ordinary request once all of it has arrived.
async fn whole(web: &Web, body: Body) -> Result<(Body, Option<SemaphorePermit<'_>>), Failure> {
    if body.is_end_stream() {
        return Ok((body, None));
    }
    let most = MAX_WAITING_BODY;
    let said = body.size_hint().upper().unwrap_or(u64::MAX);
    let kib = u32::try_from(said.min(most as u64).div_ceil(1024)).unwrap_or(u32::MAX);
    let held = if kib <= SMALL_BODY_KIB {
        None
    } else {
        let overload = |_| Failure(overload("request.overload"));
        Some(web.bodies.try_acquire_many(kib).map_err(overload)?)
    };
    let within = web.settings.connections.receive;
    match tokio::time::timeout(within, axum::body::to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok((Body::from(bytes), held)),
        Ok(Err(_)) => Err(too_large().into()),
        Err(_) => Err(ServiceError::bad(
            "request.too_slow",
            "The request did not arrive in time. Please check the connection and try again.",
        )
        .into()),
    }
}

/// Says when to come back: not everybody at the same moment.
fn overload(code: &'static str) -> ServiceError {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let secs = 2 + NEXT.fetch_add(1, Ordering::Relaxed) % 7;
    ServiceError::new(
        Kind::Unavailable,
        code,
        "The service is very busy. Please try again in a few seconds; a code that is still valid stays valid.",
    )
    .retry_after(secs)
}

/// The same for what is put off: it is put off for longer.
fn put_off() -> ServiceError {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let secs = 15 + NEXT.fetch_add(7, Ordering::Relaxed) % 31;
    ServiceError::new(
        Kind::Unavailable,
        "request.put_off",
        "So many people are using the service that it answers codes and scans first. Please try this again later; your code works as before.",
    )
    .retry_after(secs)
}

fn busy(code: &'static str) -> Response {
    Failure(overload(code)).into_response()
}

/// The methods there are: a name that a client made up is counted as none of them.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// Counts and times every request by route, never by address.
pub(crate) async fn measure(req: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method_label(req.method());
    let route = req
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "page".to_owned(), |p| p.as_str().to_owned());
    let response = next.run(req).await;
    let status = response.status().as_u16().to_string();
    let seconds = started.elapsed().as_secs_f64();
    metrics::counter!("jadegate_requests_total", "method" => method, "route" => route.clone(), "status" => status.clone())
        .increment(1);
    metrics::histogram!("jadegate_request_seconds", "route" => route.clone()).record(seconds);
    tracing::debug!(method, route, status, seconds, "request");
    response
}

/// A panic in a handler is a fault of ours; the caller gets a problem document like any other.
pub(crate) fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    Failure(ServiceError::internal("a handler panicked")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_that_a_client_made_up_is_no_label() {
        for made_up in ["BREW", "get", "X1", "PROPFIND"] {
            assert_eq!(method_label(&made_up.parse().unwrap()), "other");
        }
        assert_eq!(method_label(&Method::DELETE), "DELETE");
    }

    #[test]
    fn not_everybody_is_told_to_come_back_at_the_same_moment() {
        let waits: std::collections::BTreeSet<_> =
            (0..50).map(|_| overload("request.overload").retry_after).collect();
        assert!(waits.len() > 4, "{waits:?}");
        assert!(waits.iter().all(|w| w.is_some_and(|s| (2..=8).contains(&s))), "{waits:?}");
    }
}

//! The built pages, embedded in the binary.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jadegate_domain::hex;
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Pages;

/// Serves a page or an asset. Assets carry a content hash in their names and are cached for ever;
/// pages are asked for again each time, cheaply, by their digest.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if !matches!(method, Method::GET | Method::HEAD) && !path.starts_with("v1/") {
        let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
        return (allow, crate::problem::wrong_method().await).into_response();
    }
    let name = match path {
        "" => "index.html",
        "gate" | "gate/" => "gate/index.html",
        "console" | "console/" => "console/index.html",
        // The folder `public` of the sources is that of files as they are.
        "public" | "public/" => "numbers/index.html",
        other => other,
    };
    let Some(file) = Pages::get(name) else { return missing(path) };
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let forever = name.starts_with("assets/");
    let cache = if forever { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == etag.as_bytes());
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { body(&headers, name, file) };
    let h = response.headers_mut();
    h.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(v) = HeaderValue::from_str(&etag) {
        h.insert(header::ETAG, v);
    }
    response
}

/// The file itself, or its compressed twin made at build time where the client takes it.
fn body(headers: &HeaderMap, name: &str, file: EmbeddedFile) -> Response {
    let kind = HeaderValue::from_static(content_type(name));
    let takes_gzip = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|e| e.trim().starts_with("gzip")));
    if takes_gzip && let Some(small) = Pages::get(&format!("{name}.gz")) {
        return (
            [
                (header::CONTENT_TYPE, kind),
                (header::CONTENT_ENCODING, HeaderValue::from_static("gzip")),
                (header::VARY, HeaderValue::from_static("Accept-Encoding")),
            ],
            small.data,
        )
            .into_response();
    }
    (
        [(header::CONTENT_TYPE, kind), (header::VARY, HeaderValue::from_static("Accept-Encoding"))],
        file.data,
    )
        .into_response()
}

fn missing(path: &str) -> Response {
    if path.starts_with("v1/") {
        return crate::problem::Failure(jadegate_service::ServiceError::not_found(
            "path.unknown",
            "There is nothing under this address. See /openapi.json for what there is.",
        ))
        .into_response();
    }
    let text = "Nothing here. / is the code, /gate/ the gate, /console/ the console, /public/ what everybody may know.\n这里没有内容。/ 是健康码，/gate/ 是核验端，/console/ 是工作台，/public/ 是公开信息。\n";
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text)
        .into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

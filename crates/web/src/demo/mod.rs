//! Shortcuts of the made-up town: enter without a phone or a passkey, read the messages a phone
//! would have got, move the clock. None of these routes exists under `jadegate serve`.

mod control;

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jadegate_service::{Result, ServiceError};
use serde::Deserialize;

use crate::extract::{Body, Cookie};
use crate::problem::Answer;
use crate::state::Web;
pub use control::{DemoControl, DemoEntry};

pub(crate) fn routes() -> Router<Arc<Web>> {
    Router::new()
        .route("/demo", get(index))
        .route("/demo/outbox", get(outbox))
        .route("/demo/enter", post(enter))
        .route("/demo/gate", post(gate))
        .route("/demo/clock", post(clock))
        .route("/demo/demo.js", get(script))
        .route("/demo/demo.css", get(style))
}

fn control(web: &Web) -> Result<&Arc<dyn DemoControl>> {
    web.demo
        .as_ref()
        .ok_or_else(|| ServiceError::not_found("demo.off", "This exists in the demo only."))
}

#[derive(Deserialize)]
struct EnterBody {
    #[serde(rename = "as")]
    key: String,
}

async fn enter(State(web): State<Arc<Web>>, Body(b): Body<EnterBody>) -> Answer<Response> {
    let session = control(&web)?.enter(&b.key).await?;
    let holder = b.key.starts_with("holder");
    let cookie = if holder { Cookie::Holder } else { Cookie::Staff };
    let page = if holder { "/" } else { "/console/" };
    let body = Json(serde_json::json!({ "page": page }));
    Ok(([(header::SET_COOKIE, cookie.set(&session, web.secure))], body).into_response())
}

async fn gate(State(web): State<Arc<Web>>) -> Answer<Json<serde_json::Value>> {
    let link = control(&web)?.gate_link().await?;
    Ok(Json(serde_json::json!({ "page": link })))
}

#[derive(Deserialize)]
struct ClockBody {
    advance_seconds: i64,
}

async fn clock(
    State(web): State<Arc<Web>>,
    Body(b): Body<ClockBody>,
) -> Answer<Json<serde_json::Value>> {
    let now = control(&web)?.advance(b.advance_seconds).await?;
    Ok(Json(serde_json::json!({ "server_time": now })))
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript"))], include_str!("demo.js"))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/css"))], include_str!("demo.css"))
}

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"/demo/demo.css\"><script type=\"module\" src=\"/demo/demo.js\"></script>\
         <main><h1>{title}</h1>{body}</main></html>"
    );
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

async fn index(State(web): State<Arc<Web>>) -> Answer<Response> {
    use std::fmt::Write as _;
    let mut body = String::from(
        "<p>A made-up town. Everybody in it is invented. <span lang=\"zh\">虚构的小镇，人物均为虚构。</span></p>",
    );
    for (kind, title) in [("holder", "Holders · 持码人"), ("staff", "Staff · 工作人员")] {
        let _ = write!(body, "<h2>{title}</h2><ul>");
        for e in control(&web)?.entries().iter().filter(|e| e.page == kind) {
            let _ = write!(
                body,
                "<li><button data-enter=\"{}\">{} · <span lang=\"zh\">{}</span></button></li>",
                escape(&e.key),
                escape(&e.en),
                escape(&e.zh)
            );
        }
        body.push_str("</ul>");
    }
    let _ = write!(
        body,
        "<h2>Gate · 核验端</h2><p><button data-gate>Enrol this device as a gate · <span lang=\"zh\">把本设备登记为核验端</span></button></p>\
         <h2>Messages · 短信</h2><p><a href=\"/demo/outbox\">What phones would have received · <span lang=\"zh\">手机会收到的短信</span></a></p>\
         <h2>Clock · 时钟</h2><p>Now <time>{}</time></p><p><button data-clock=\"3600\">+1 h</button> <button data-clock=\"86400\">+1 day</button> \
         <button data-clock=\"604800\">+7 days</button></p><p role=\"status\" id=\"said\"></p>",
        web.app.now()
    );
    Ok(page("Jadegate demo", &body))
}

async fn outbox(State(web): State<Arc<Web>>) -> Answer<Response> {
    use std::fmt::Write as _;
    let messages = web.app.demo_outbox().await?;
    let mut body = String::from("<p><a href=\"/demo\">Back · 返回</a></p><ul class=\"outbox\">");
    for (at, phone, text) in &messages {
        let _ =
            write!(body, "<li><time>{at}</time> {} <p>{}</p></li>", escape(phone), escape(text));
    }
    body.push_str("</ul>");
    if messages.is_empty() {
        body.push_str("<p>No messages yet. · <span lang=\"zh\">还没有短信。</span></p>");
    }
    Ok(page("Messages · 短信", &body))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

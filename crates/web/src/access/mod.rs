//! Who may do what, for everybody: the table of powers as JSON and as a page that needs no script, and
//! the rule of each route, which stands in the API document.

mod page;
mod rules;

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use jadegate_service::staff::AccessTable;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::Query;
use crate::state::Web;

pub(crate) use rules::rule_of;

/// What the page is shown with: the look of all pages, and the little that is its own.
const STYLE: &str =
    concat!(include_str!("../../../../ui/src/shared/base.css"), include_str!("page.css"));

const CACHE: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(access))
}

/// Who may do what here: each power with the agencies and roles that have it, the purposes for which it
/// shows a person's data, and its conditions, in words. `/access` shows it as a page.
#[utoipa::path(get, path = "/v1/access", tag = "public", responses((status = 200, body = AccessTable)))]
async fn access() -> ([(HeaderName, &'static str); 1], Json<AccessTable>) {
    ([CACHE], Json(AccessTable::of_this_program()))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Language {
    lang: Option<String>,
}

/// The page. Not in the document: it is for people.
pub(crate) async fn page(headers: HeaderMap, Query(asked): Query<Language>) -> Response {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let lang = page::Lang::of(asked.lang.as_deref(), accepted.unwrap_or_default());
    let head = [
        CACHE,
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::VARY, "Accept-Language"),
    ];
    (head, page::page(lang)).into_response()
}

/// Its look.
pub(crate) async fn style() -> Response {
    ([CACHE, (header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

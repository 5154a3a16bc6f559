//! RFC 9457 problem documents: the only shape in which this API says no.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jadegate_domain::Purpose;
use jadegate_service::holder::work::Puzzle;
use jadegate_service::staff::{Power, Words};
use jadegate_service::{FieldError, Kind, Missing, ServiceError};
use serde::Serialize;
use utoipa::ToSchema;

/// What happened and what to do, with a stable code. Holds no personal data.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// A page about this kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "https://jadegate.example/problems/otp.wrong")]
    pub problem_type: String,
    /// Stable code; pages translate by it.
    #[schema(example = "otp.wrong")]
    pub code: &'static str,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// Wrong fields, all at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
    /// Seconds after which trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32)]
    pub retry_after: Option<u32>,
    /// Tries left, for one-time codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32)]
    pub tries_left: Option<u32>,
    /// What has to be calculated before the request is sent again, for one-time codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Puzzle)]
    pub puzzle: Option<Puzzle>,
    /// The rule that was missing, where a member of staff may not do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = MissingRule)]
    pub missing: Option<MissingRule>,
}

/// What a member of staff would need.
#[derive(Debug, Serialize, ToSchema)]
pub struct MissingRule {
    /// Any of these powers; `/access` says who has it.
    pub powers: Vec<NamedPower>,
    /// The purpose for which none of them lets anybody look.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Purpose)]
    pub purpose: Option<Purpose>,
}

/// A power in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamedPower {
    /// Its name.
    pub power: Power,
    /// What it is.
    pub words: Words,
}

impl From<Missing> for MissingRule {
    fn from(m: Missing) -> Self {
        let named = |p: &Power| NamedPower { power: *p, words: p.words() };
        Self { powers: m.powers.iter().map(named).collect(), purpose: m.purpose }
    }
}

/// One wrong field.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// The field.
    pub field: &'static str,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

/// A failed request on its way out.
#[derive(Debug)]
pub struct Failure(pub ServiceError);

/// Result of a handler.
pub type Answer<T> = Result<T, Failure>;

impl From<ServiceError> for Failure {
    fn from(e: ServiceError) -> Self {
        Self(e)
    }
}

const fn status(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::BadInput => (StatusCode::UNPROCESSABLE_ENTITY, "The input needs correcting"),
        Kind::SignedOut => (StatusCode::UNAUTHORIZED, "Not signed in"),
        Kind::Forbidden => (StatusCode::FORBIDDEN, "Not allowed"),
        Kind::NotFound => (StatusCode::NOT_FOUND, "Not found"),
        Kind::Conflict => (StatusCode::CONFLICT, "Conflict"),
        Kind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Not available right now"),
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Fault on our side"),
    }
}

/// The path is known, but not for this method; axum says which ones are (`Allow`).
pub(crate) async fn wrong_method() -> Response {
    problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "Not for this address",
        ServiceError::bad(
            "request.wrong_method",
            "This address does not take requests of this kind. See /openapi.json for what it takes.",
        ),
    )
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (code, title) = status(self.0.kind);
        problem(code, title, self.0)
    }
}

fn problem(code: StatusCode, title: &'static str, e: ServiceError) -> Response {
    // Logged once, here, where it is handled; `inside` never holds personal data.
    if e.kind == Kind::Internal {
        tracing::error!(
            code = e.code,
            inside = e.inside.as_deref().unwrap_or(""),
            "request failed"
        );
    } else {
        tracing::debug!(
            code = e.code,
            inside = e.inside.as_deref().unwrap_or(""),
            "request refused"
        );
    }
    metrics::counter!("jadegate_problems_total", "code" => e.code).increment(1);
    let field = |f: FieldError| ProblemField { field: f.field, code: f.code, detail: f.detail };
    let body = Problem {
        problem_type: format!("https://jadegate.example/problems/{}", e.code),
        code: e.code,
        title,
        status: code.as_u16(),
        detail: e.detail,
        errors: e.fields.into_iter().map(field).collect(),
        retry_after: e.retry_after,
        tries_left: e.tries_left,
        puzzle: e.puzzle.map(|p| *p),
        missing: e.missing.map(|m| MissingRule::from(*m)),
    };
    let mut response = (code, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(crate::document::PROBLEM));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(secs) = e.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
    }
    response
}

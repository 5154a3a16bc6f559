//! Documents that somebody else registered.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_domain::id::CorrectionId;
use jadegate_service::holder::register::DocumentInput;
use jadegate_service::staff::DocumentCorrection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(list, begin))
        .routes(routes!(confirm))
        .routes(routes!(refuse))
        .routes(routes!(lift))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DocumentCorrectionBody {
    /// The document that its owner shows.
    document: DocumentInput,
    /// Why, without names or numbers; 1 to 300 characters.
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DocumentBarBody {
    /// The document that the person shows.
    document: DocumentInput,
    /// The phone they will register it with.
    phone: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct DocumentCorrectionList {
    corrections: Vec<DocumentCorrection>,
}

/// Documents to be released from an account that holds them wrongly, newest first.
#[utoipa::path(get, path = "/v1/staff/document-corrections", tag = "staff",
    responses((status = 200, body = DocumentCorrectionList), (status = "4XX", body = Problem)))]
async fn list(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<DocumentCorrectionList>> {
    Ok(Json(DocumentCorrectionList { corrections: web.app.document_corrections(&s).await? }))
}

/// Begin the release of a document, with the person and the document at the counter.
#[utoipa::path(post, path = "/v1/staff/document-corrections", tag = "staff",
    request_body = DocumentCorrectionBody,
    responses((status = 201, body = DocumentCorrection), (status = "4XX", body = Problem)))]
async fn begin(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<DocumentCorrectionBody>,
) -> Answer<(StatusCode, Json<DocumentCorrection>)> {
    let made = web.app.begin_document_correction(&s, &b.document, &b.reason).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Confirm as the second officer, of another agency: the account loses the document and is signed
/// out everywhere.
#[utoipa::path(post, path = "/v1/staff/document-corrections/{id}/confirm", tag = "staff",
    params(("id" = CorrectionId, Path)),
    responses((status = 200, body = DocumentCorrection), (status = "4XX", body = Problem)))]
async fn confirm(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(text): Path<String>,
) -> Answer<Json<DocumentCorrection>> {
    Ok(Json(web.app.decide_document_correction(&s, id(&text)?, true).await?))
}

/// Refuse it, or take it back.
#[utoipa::path(post, path = "/v1/staff/document-corrections/{id}/refuse", tag = "staff",
    params(("id" = CorrectionId, Path)),
    responses((status = 200, body = DocumentCorrection), (status = "4XX", body = Problem)))]
async fn refuse(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(text): Path<String>,
) -> Answer<Json<DocumentCorrection>> {
    Ok(Json(web.app.decide_document_correction(&s, id(&text)?, false).await?))
}

/// Let somebody register a document again that was taken from an account of theirs, with the person
/// and the document at the counter.
#[utoipa::path(post, path = "/v1/staff/document-bars/lift", tag = "staff",
    request_body = DocumentBarBody,
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn lift(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<DocumentBarBody>,
) -> Answer<StatusCode> {
    web.app.lift_document_bar(&s, &b.document, &b.phone).await?;
    Ok(StatusCode::NO_CONTENT)
}

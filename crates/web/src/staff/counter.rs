//! Whoever stands at a counter: their document read, whether it leads to somebody, their registration.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_service::holder::register::DocumentInput;
use jadegate_service::staff::{CounterInput, CounterRegistered, DocumentReading, DocumentState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, StaffAuth};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(read)).routes(routes!(look)).routes(routes!(register))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReaderText {
    /// What the reader typed, as it came.
    text: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShownDocument {
    /// The document that somebody shows.
    document: DocumentInput,
}

#[derive(Debug, Serialize, ToSchema)]
struct DocumentLeads {
    /// Whether and where it leads to somebody.
    state: DocumentState,
}

/// Read what a document reader typed. Nothing is looked up or kept.
#[utoipa::path(post, path = "/v1/staff/people/read-document", tag = "staff",
    request_body = ReaderText, responses((status = 200, body = DocumentReading), (status = "4XX", body = Problem)))]
async fn read(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<ReaderText>,
) -> Answer<Json<DocumentReading>> {
    Ok(Json(web.app.read_at_counter(&s, &b.text)?))
}

/// Does a document lead to somebody? They will see that it was asked.
#[utoipa::path(post, path = "/v1/staff/people/known", tag = "staff",
    request_body = ShownDocument, responses((status = 200, body = DocumentLeads), (status = "4XX", body = Problem)))]
async fn look(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<ShownDocument>,
) -> Answer<Json<DocumentLeads>> {
    Ok(Json(DocumentLeads { state: web.app.look_at_counter(&s, &b.document).await? }))
}

/// Register somebody who is there with a document: with a phone or without, and with a carer.
#[utoipa::path(post, path = "/v1/staff/people", tag = "staff", request_body = CounterInput,
    responses((status = 201, body = CounterRegistered), (status = "4XX", body = Problem)))]
async fn register(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<CounterInput>,
) -> Answer<(StatusCode, Json<CounterRegistered>)> {
    Ok((StatusCode::CREATED, Json(web.app.register_at_counter(&s, &b).await?)))
}

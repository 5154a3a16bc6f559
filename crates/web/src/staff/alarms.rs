//! Alarms: the list and the answer; the list of protected people.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_domain::AlarmId;
use jadegate_domain::id::ProtectedId;
use jadegate_service::staff::{AlarmAnswerInput, AlarmList, AlarmRow, ProtectInput, ProtectedRow};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(alarms))
        .routes(routes!(answer))
        .routes(routes!(protected, protect))
        .routes(routes!(unprotect))
}

/// Alarms: what agencies or their staff did far above their own history, or at somebody whom they had no
/// reason to look at. About agencies; nobody who carries a code is named.
#[utoipa::path(get, path = "/v1/staff/alarms", tag = "staff",
    responses((status = 200, body = AlarmList), (status = "4XX", body = Problem)))]
async fn alarms(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<AlarmList>> {
    Ok(Json(web.app.list_alarms(&s).await?))
}

/// Answer an alarm about another agency. What it held is held no more; what waits is decided where it
/// waits.
#[utoipa::path(post, path = "/v1/staff/alarms/{id}/answer", tag = "staff",
    params(("id" = AlarmId, Path)), request_body = AlarmAnswerInput,
    responses((status = 200, body = AlarmRow), (status = "4XX", body = Problem)))]
async fn answer(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(alarm): Path<String>,
    Body(input): Body<AlarmAnswerInput>,
) -> Answer<Json<AlarmRow>> {
    Ok(Json(web.app.answer_alarm(&s, id(&alarm)?, &input).await?))
}

/// The list of people at whom each look is an alarm. It holds keyed digests: who they are, it does not
/// know.
#[utoipa::path(get, path = "/v1/staff/protected", tag = "staff",
    responses((status = 200, body = Vec<ProtectedRow>), (status = "4XX", body = Problem)))]
async fn protected(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<Vec<ProtectedRow>>> {
    Ok(Json(web.app.list_protected(&s).await?))
}

/// A new entry of the list.
#[derive(Serialize, utoipa::ToSchema)]
struct ProtectedEntry {
    /// Its number, to be kept with one's papers.
    id: ProtectedId,
}

/// Put somebody on the list, by a document. Whether they are registered here is not said.
#[utoipa::path(post, path = "/v1/staff/protected", tag = "staff", request_body = ProtectInput,
    responses((status = 201, body = ProtectedEntry), (status = "4XX", body = Problem)))]
async fn protect(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<ProtectInput>,
) -> Answer<(StatusCode, Json<ProtectedEntry>)> {
    let id = web.app.protect(&s, &input).await?;
    Ok((StatusCode::CREATED, Json(ProtectedEntry { id })))
}

/// What became of the wish.
#[derive(Serialize, utoipa::ToSchema)]
struct ProtectionEnd {
    /// Are they off the list? Else another commissioner has to ask for the same.
    ended: bool,
}

/// Ask that somebody is taken off the list; asked by a second commissioner, they are.
#[utoipa::path(post, path = "/v1/staff/protected/{id}/end", tag = "staff",
    params(("id" = ProtectedId, Path)),
    responses((status = 200, body = ProtectionEnd), (status = "4XX", body = Problem)))]
async fn unprotect(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(entry): Path<String>,
) -> Answer<Json<ProtectionEnd>> {
    Ok(Json(ProtectionEnd { ended: web.app.unprotect(&s, id(&entry)?).await? }))
}

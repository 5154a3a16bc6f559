//! Appeals of the holder: lodge one, hand something in, see how far it has come, take it back.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use jadegate_domain::AppealId;
use jadegate_service::appeals::{AppealFileView, AppealView, AppealsView};
use jadegate_service::holder::appeals::AppealInput;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, HolderAuth, Path, id, too_large};
use crate::problem::{Answer, Problem};
use crate::state::Web;

/// Largest body that is read; what is too large by a little is told so by the use case.
const MAX_FILE: usize = 1024 * 1024;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(appeals, lodge))
        .routes(routes!(withdraw))
        .merge(OpenApiRouter::new().routes(routes!(hand_in)).layer(DefaultBodyLimit::max(MAX_FILE)))
}

/// The holder's appeals, newest first, beside the colour of the same assessment.
#[utoipa::path(get, path = "/v1/me/appeals", tag = "holder",
    responses((status = 200, body = AppealsView), (status = 401, body = Problem)))]
async fn appeals(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<AppealsView>> {
    Ok(Json(web.app.my_appeals(&s).await?))
}

/// Contest a record behind one's colour. Of one that was refused before it is the second opinion.
#[utoipa::path(post, path = "/v1/me/appeals", tag = "holder", request_body = AppealInput,
    responses((status = 201, body = AppealView), (status = "4XX", body = Problem)))]
async fn lodge(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(input): Body<AppealInput>,
) -> Answer<(StatusCode, Json<AppealView>)> {
    Ok((StatusCode::CREATED, Json(web.app.lodge_appeal(&s, &input).await?)))
}

/// Hand in one picture (JPEG, PNG) or paper (PDF) of at most 1 MB with an open appeal. What it is is
/// told by its bytes; it is sealed under the person's key.
#[utoipa::path(post, path = "/v1/me/appeals/{id}/file", tag = "holder", params(("id" = AppealId, Path)),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 201, body = AppealFileView), (status = "4XX", body = Problem)))]
async fn hand_in(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Path(appeal): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<(StatusCode, Json<AppealFileView>)> {
    let appeal = id(&appeal)?;
    let bytes = body.map_err(|_| too_large())?;
    Ok((StatusCode::CREATED, Json(web.app.hand_in(&s, appeal, &bytes).await?)))
}

/// Take an open appeal back: what it contested counts as before.
#[utoipa::path(delete, path = "/v1/me/appeals/{id}", tag = "holder", params(("id" = AppealId, Path)),
    responses((status = 200, body = AppealsView), (status = "4XX", body = Problem)))]
async fn withdraw(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Path(appeal): Path<String>,
) -> Answer<Json<AppealsView>> {
    Ok(Json(web.app.withdraw_appeal(&s, id(&appeal)?).await?))
}

//! Where staff and gates are signed in, and ending it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use jadegate_domain::{GateId, StaffId};
use jadegate_service::holder::sessions::SessionView;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Cookie, Cookies, Path, StaffAuth, id};
use crate::holder::SessionList;
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(own, end_all_own))
        .routes(routes!(end_own))
        .routes(routes!(of_member, end_all_of_member))
        .routes(routes!(end_of_member))
        .routes(routes!(of_gate, end_all_of_gate))
        .routes(routes!(end_of_gate))
}

fn list(sessions: Vec<SessionView>) -> Json<SessionList> {
    Json(SessionList { sessions })
}

/// Where you are signed in, newest first.
#[utoipa::path(get, path = "/v1/staff/sessions", tag = "staff",
    responses((status = 200, body = SessionList), (status = "4XX", body = Problem)))]
async fn own(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    headers: HeaderMap,
) -> Answer<Json<SessionList>> {
    let token = Cookie::Staff.read(&headers, web.secure).unwrap_or_default();
    Ok(list(web.app.own_staff_sessions(&s, token).await?))
}

/// Sign out everywhere, here too.
#[utoipa::path(delete, path = "/v1/staff/sessions", tag = "staff",
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn end_all_own(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<(StatusCode, Cookies)> {
    web.app.end_own_staff_sessions(&s).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Staff.clear(web.secure))]))
}

/// Sign out on one device.
#[utoipa::path(delete, path = "/v1/staff/sessions/{id}", tag = "staff", params(("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn end_own(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(session): Path<String>,
) -> Answer<StatusCode> {
    web.app.end_own_staff_session(&s, &session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a member of staff is signed in.
#[utoipa::path(get, path = "/v1/staff/members/{id}/sessions", tag = "staff", params(("id" = StaffId, Path)),
    responses((status = 200, body = SessionList), (status = "4XX", body = Problem)))]
async fn of_member(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(staff): Path<String>,
) -> Answer<Json<SessionList>> {
    Ok(list(web.app.sessions_of_member(&s, id(&staff)?).await?))
}

/// Sign a member of staff out everywhere; they can sign in again.
#[utoipa::path(delete, path = "/v1/staff/members/{id}/sessions", tag = "staff", params(("id" = StaffId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn end_all_of_member(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(staff): Path<String>,
) -> Answer<StatusCode> {
    web.app.end_sessions_of_member(&s, id(&staff)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign a member of staff out on one device.
#[utoipa::path(delete, path = "/v1/staff/members/{id}/sessions/{session}", tag = "staff",
    params(("id" = StaffId, Path), ("session" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn end_of_member(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path((staff, session)): Path<(String, String)>,
) -> Answer<StatusCode> {
    web.app.end_sessions_of_member(&s, id(&staff)?, Some(&session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a gate is signed in.
#[utoipa::path(get, path = "/v1/staff/gates/{id}/sessions", tag = "staff", params(("id" = GateId, Path)),
    responses((status = 200, body = SessionList), (status = "4XX", body = Problem)))]
async fn of_gate(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(gate): Path<String>,
) -> Answer<Json<SessionList>> {
    Ok(list(web.app.sessions_of_gate(&s, id(&gate)?).await?))
}

/// End every session of a gate; its device can sign in again by its key.
#[utoipa::path(delete, path = "/v1/staff/gates/{id}/sessions", tag = "staff", params(("id" = GateId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn end_all_of_gate(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(gate): Path<String>,
) -> Answer<StatusCode> {
    web.app.end_sessions_of_gate(&s, id(&gate)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End one session of a gate.
#[utoipa::path(delete, path = "/v1/staff/gates/{id}/sessions/{session}", tag = "staff",
    params(("id" = GateId, Path), ("session" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn end_of_gate(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path((gate, session)): Path<(String, String)>,
) -> Answer<StatusCode> {
    web.app.end_sessions_of_gate(&s, id(&gate)?, Some(&session)).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! Community workers: to whom people in quarantine are assigned, and whom they accompany.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_domain::AssignmentId;
use jadegate_service::staff::{AccompaniedPeople, AssignmentInput, AssignmentRow, CommunityWorker};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(workers))
        .routes(routes!(assignments, assign))
        .routes(routes!(end))
        .routes(routes!(accompanied))
}

#[derive(Debug, Serialize, ToSchema)]
struct WorkerList {
    workers: Vec<CommunityWorker>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AssignmentList {
    assignments: Vec<AssignmentRow>,
}

/// The confirmed community workers of the region, and how many people each accompanies.
#[utoipa::path(get, path = "/v1/staff/workers", tag = "staff",
    responses((status = 200, body = WorkerList), (status = "4XX", body = Problem)))]
async fn workers(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<WorkerList>> {
    Ok(Json(WorkerList { workers: web.app.community_workers(&s).await? }))
}

/// Who is assigned to whom by one's own agency; each person named is a look that they see.
#[utoipa::path(get, path = "/v1/staff/assignments", tag = "staff",
    responses((status = 200, body = AssignmentList), (status = "4XX", body = Problem)))]
async fn assignments(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<AssignmentList>> {
    Ok(Json(AssignmentList { assignments: web.app.assignments(&s).await? }))
}

/// Assign somebody in quarantine to a community worker; they will see it.
#[utoipa::path(post, path = "/v1/staff/assignments", tag = "staff", request_body = AssignmentInput,
    responses((status = 201, body = AssignmentRow), (status = "4XX", body = Problem)))]
async fn assign(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<AssignmentInput>,
) -> Answer<(StatusCode, Json<AssignmentRow>)> {
    Ok((StatusCode::CREATED, Json(web.app.assign(&s, &b).await?)))
}

/// End an assignment before its time; the person will see it.
#[utoipa::path(delete, path = "/v1/staff/assignments/{id}", tag = "staff",
    params(("id" = AssignmentId, Path)), responses((status = 204), (status = "4XX", body = Problem)))]
async fn end(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(assignment): Path<String>,
) -> Answer<StatusCode> {
    web.app.end_assignment(&s, id(&assignment)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whom one accompanies as a community worker; each will see that somebody looked.
#[utoipa::path(get, path = "/v1/staff/accompanied", tag = "staff",
    responses((status = 200, body = AccompaniedPeople), (status = "4XX", body = Problem)))]
async fn accompanied(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<AccompaniedPeople>> {
    Ok(Json(web.app.accompanied(&s).await?))
}

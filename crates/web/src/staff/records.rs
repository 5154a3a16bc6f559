//! Evidence by hand: tests, arrivals, releases.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jadegate_service::staff::{
    ArrivalInput, BoundSample, KeptCounts, RecordedEvidence, ReleaseInput, SampleInput, TestInput,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, StaffAuth};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(add_test))
        .routes(routes!(release))
        .routes(routes!(add_arrival))
        .routes(routes!(kept))
        .routes(routes!(bind_sample))
}

/// What waits is accepted, not created.
pub(super) const fn status(new: bool, waiting: bool) -> StatusCode {
    match (new, waiting) {
        (_, true) => StatusCode::ACCEPTED,
        (true, false) => StatusCode::CREATED,
        (false, false) => StatusCode::OK,
    }
}

const fn recorded(r: RecordedEvidence) -> (StatusCode, Json<RecordedEvidence>) {
    (status(r.new, r.waiting), Json(r))
}

/// Record one test result.
#[utoipa::path(post, path = "/v1/staff/tests", tag = "staff", request_body = TestInput,
    responses((status = 201, body = RecordedEvidence), (status = 200, body = RecordedEvidence), (status = 202, body = RecordedEvidence), (status = "4XX", body = Problem)))]
async fn add_test(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<TestInput>,
) -> Answer<(StatusCode, Json<RecordedEvidence>)> {
    Ok(recorded(web.app.record_test(&s, &input).await?))
}

/// Record a discharge or release paper.
#[utoipa::path(post, path = "/v1/staff/releases", tag = "staff", request_body = ReleaseInput,
    responses((status = 201, body = RecordedEvidence), (status = 200, body = RecordedEvidence), (status = 202, body = RecordedEvidence), (status = "4XX", body = Problem)))]
async fn release(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<ReleaseInput>,
) -> Answer<(StatusCode, Json<RecordedEvidence>)> {
    Ok(recorded(web.app.record_release(&s, &input).await?))
}

/// Record an arrival from abroad.
#[utoipa::path(post, path = "/v1/staff/arrivals", tag = "staff", request_body = ArrivalInput,
    responses((status = 201, body = RecordedEvidence), (status = 200, body = RecordedEvidence), (status = 202, body = RecordedEvidence), (status = "4XX", body = Problem)))]
async fn add_arrival(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<ArrivalInput>,
) -> Answer<(StatusCode, Json<RecordedEvidence>)> {
    Ok(recorded(web.app.record_arrival(&s, &input).await?))
}

/// How many records of one's own agency are kept for people who are not registered; about nobody.
#[utoipa::path(get, path = "/v1/staff/kept", tag = "staff",
    responses((status = 200, body = KeptCounts), (status = "4XX", body = Problem)))]
async fn kept(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<KeptCounts>> {
    Ok(Json(web.app.kept_counts(&s).await?))
}

/// Say whose tube it is: by the person's document or live code. Says nothing of the person.
#[utoipa::path(post, path = "/v1/staff/samples", tag = "staff", request_body = SampleInput,
    responses((status = 201, body = BoundSample), (status = 200, body = BoundSample), (status = "4XX", body = Problem)))]
async fn bind_sample(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<SampleInput>,
) -> Answer<(StatusCode, Json<BoundSample>)> {
    let bound = web.app.bind_sample(&s, &input).await?;
    Ok((status(bound.new, false), Json(bound)))
}

//! Traces of many cases: started, followed, cancelled, read page by page.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use jadegate_domain::TraceJobId;
use jadegate_service::ServiceError;
use jadegate_service::staff::{
    JobContactPage, JobOrder, TraceJobInput, TraceJobProgress, TraceJobView,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, Query, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(jobs, start))
        .routes(routes!(job, cancel))
        .routes(routes!(events))
        .routes(routes!(contacts))
}

#[derive(Debug, Serialize, ToSchema)]
struct TraceJobList {
    jobs: Vec<TraceJobView>,
}

/// Trace many cases at once, in the background. Nothing is recorded unless `record` is set.
#[utoipa::path(post, path = "/v1/staff/trace-jobs", tag = "staff", request_body = TraceJobInput,
    responses((status = 202, body = TraceJobView), (status = "4XX", body = Problem)))]
async fn start(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(input): Body<TraceJobInput>,
) -> Answer<(StatusCode, Json<TraceJobView>)> {
    Ok((StatusCode::ACCEPTED, Json(web.app.start_trace_job(&s, &input).await?)))
}

/// One's own jobs, newest first.
#[utoipa::path(get, path = "/v1/staff/trace-jobs", tag = "staff",
    responses((status = 200, body = TraceJobList), (status = "4XX", body = Problem)))]
async fn jobs(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<TraceJobList>> {
    Ok(Json(TraceJobList { jobs: web.app.list_trace_jobs(&s).await? }))
}

/// How far a job is.
#[utoipa::path(get, path = "/v1/staff/trace-jobs/{id}", tag = "staff", params(("id" = TraceJobId, Path)),
    responses((status = 200, body = TraceJobView), (status = "4XX", body = Problem)))]
async fn job(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(job): Path<String>,
) -> Answer<Json<TraceJobView>> {
    Ok(Json(web.app.trace_job(&s, id(&job)?).await?))
}

/// Stop a job that is under way; forget the result of one that is over.
#[utoipa::path(delete, path = "/v1/staff/trace-jobs/{id}", tag = "staff", params(("id" = TraceJobId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn cancel(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(job): Path<String>,
) -> Answer<StatusCode> {
    web.app.cancel_trace_job(&s, id(&job)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Shortest time between two events: nobody reads faster.
const PACE: Duration = Duration::from_millis(200);

/// A job's progress as server-sent events: `progress` with the job as JSON, the last one when the
/// job is over.
#[utoipa::path(get, path = "/v1/staff/trace-jobs/{id}/events", tag = "staff", params(("id" = TraceJobId, Path)),
    responses((status = 200, body = TraceJobView, content_type = "text/event-stream"), (status = "4XX", body = Problem)))]
async fn events(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(job): Path<String>,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let progress = web.app.follow_trace_job(&s, id(&job)?).await?;
    Ok(Sse::new(told(progress)).keep_alive(KeepAlive::default()))
}

fn told(progress: TraceJobProgress) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((progress, false), |(mut progress, later)| async move {
        if later {
            tokio::time::sleep(PACE).await;
        }
        let view = progress.next().await?;
        let event = Event::default().event("progress").json_data(view).ok()?;
        Some((Ok(event), (progress, true)))
    })
}

/// How many contacts a page has unless another number is asked for.
const PAGE: u32 = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ContactsQuery {
    /// `case` (by case, then by contact; the default) or `minutes` (most first).
    #[serde(default)]
    sort: Option<String>,
    /// `next` of the page before.
    #[serde(default)]
    after: Option<u32>,
    /// 1 to 500; 100 unless given.
    #[serde(default)]
    limit: Option<u32>,
}

/// The contacts that a job found. Looking at them is written down for those who live in the region.
#[utoipa::path(get, path = "/v1/staff/trace-jobs/{id}/contacts", tag = "staff",
    params(("id" = TraceJobId, Path), ContactsQuery),
    responses((status = 200, body = JobContactPage), (status = "4XX", body = Problem)))]
async fn contacts(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(job): Path<String>,
    Query(q): Query<ContactsQuery>,
) -> Answer<Json<JobContactPage>> {
    let order = match q.sort.as_deref() {
        None | Some("case") => JobOrder::Case,
        Some("minutes") => JobOrder::Minutes,
        Some(_) => {
            return Err(
                ServiceError::bad("trace_job.sort", "Sort by `case` or by `minutes`.").into()
            );
        }
    };
    let (after, limit) = (q.after.unwrap_or(0), q.limit.unwrap_or(PAGE));
    Ok(Json(web.app.trace_job_contacts(&s, id(&job)?, order, after, limit).await?))
}

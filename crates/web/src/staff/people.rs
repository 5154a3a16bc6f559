//! People, one at a time: found, opened for a stated purpose, accompanied in quarantine.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jadegate_domain::{CaseId, HolderId, Purpose};
use jadegate_service::ServiceError;
use jadegate_service::staff::{FoundHolder, PersonRecord, QuarantineFilter, QuarantinePage, Whom};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, Query, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(find)).routes(routes!(open)).routes(routes!(quarantine))
}

#[derive(Debug, Deserialize, ToSchema)]
struct FindBody {
    #[serde(flatten)]
    whom: Whom,
    purpose: Purpose,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OpenBody {
    purpose: Purpose,
    #[serde(default)]
    case: Option<CaseId>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct QuarantineQuery {
    /// `all`, `missed` or `due`.
    filter: Option<String>,
    /// The last person already seen.
    after: Option<String>,
    /// 1 to 200.
    limit: Option<u32>,
}

/// Find one person; they will see that somebody looked.
#[utoipa::path(post, path = "/v1/staff/holders/find", tag = "staff", request_body = FindBody,
    responses((status = 200, body = FoundHolder), (status = "4XX", body = Problem)))]
async fn find(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<FindBody>,
) -> Answer<Json<FoundHolder>> {
    Ok(Json(web.app.find_holder(&s, &b.whom, b.purpose).await?))
}

/// Open one person's record for a stated purpose; they will see that somebody looked.
#[utoipa::path(post, path = "/v1/staff/holders/{id}/open", tag = "staff", params(("id" = HolderId, Path)),
    request_body = OpenBody, responses((status = 200, body = PersonRecord), (status = "4XX", body = Problem)))]
async fn open(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(holder): Path<String>,
    Body(b): Body<OpenBody>,
) -> Answer<Json<PersonRecord>> {
    Ok(Json(web.app.open_holder(&s, id(&holder)?, b.purpose, b.case).await?))
}

/// Who is in quarantine; who missed a check-in; who is due.
#[utoipa::path(get, path = "/v1/staff/quarantine", tag = "staff", params(QuarantineQuery),
    responses((status = 200, body = QuarantinePage), (status = "4XX", body = Problem)))]
async fn quarantine(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<QuarantineQuery>,
) -> Answer<Json<QuarantinePage>> {
    let filter = match q.filter.as_deref().unwrap_or("all") {
        "all" => QuarantineFilter::All,
        "missed" => QuarantineFilter::Missed,
        "due" => QuarantineFilter::Due,
        _ => {
            return Err(
                ServiceError::bad("filter.unknown", "The filter is all, missed or due.").into()
            );
        }
    };
    let after = q.after.as_deref().map(id::<HolderId>).transpose()?;
    Ok(Json(web.app.list_quarantine(&s, filter, after, q.limit.unwrap_or(50)).await?))
}

//! Files that staff send in: each line taken or refused with its number and a code.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, header};
use jadegate_service::ServiceError;
use jadegate_service::import::rides::RideReport;
use jadegate_service::import::{Reading, SMALL_FILE};
use jadegate_service::staff::ImportReport;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Query, StaffAuth, too_large};
use crate::problem::{Answer, Problem};
use crate::state::Web;

/// Largest file: 50,000 lines of about 150 bytes fit.
const MAX_IMPORT: usize = 8 * 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(import_tests))
        .routes(routes!(import_rides))
        .layer(DefaultBodyLimit::max(MAX_IMPORT))
}

/// The file, if it is said to be one.
fn csv(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Bytes, ServiceError> {
    let said = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    if !said.is_some_and(|v| v.starts_with("text/csv")) {
        return Err(ServiceError::bad(
            "request.not_csv",
            "Send a CSV file with Content-Type text/csv.",
        ));
    }
    body.map_err(|_| too_large())
}

/// How a file is to be read.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HowToRead {
    /// Only say what would become of each line, and record nothing of the file. Whom you asked for
    /// sees it all the same: the answer says who is registered.
    #[serde(default)]
    check: bool,
    /// Zone of times that state none, as `Asia/Shanghai` or `+08:00`; a column `time_zone` says it line by
    /// line. Without either, such times are refused.
    #[serde(default)]
    time_zone: Option<String>,
}

impl HowToRead {
    fn reading(self) -> Result<Reading, ServiceError> {
        let reading = Reading { check: self.check, ..SMALL_FILE.into() };
        match self.time_zone.filter(|z| !z.is_empty()) {
            // A plus sign in an address is a space, and no zone has one.
            Some(zone) => reading.in_zone(&zone.replace(' ', "+")),
            None => Ok(reading),
        }
    }
}

/// Record test results from a CSV file; wrong lines are reported one by one, right ones taken.
#[utoipa::path(post, path = "/v1/staff/tests/import", tag = "staff", params(HowToRead),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = ImportReport), (status = "4XX", body = Problem)))]
async fn import_tests(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(how): Query<HowToRead>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<ImportReport>> {
    Ok(Json(web.app.import_tests_as(&s, &csv(&headers, body)?, how.reading()?).await?))
}

/// Say who was aboard one's own trips, from a CSV file; wrong lines are reported one by one, right
/// ones taken.
#[utoipa::path(post, path = "/v1/staff/rides/import", tag = "staff", params(HowToRead),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = RideReport), (status = "4XX", body = Problem)))]
async fn import_rides(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(how): Query<HowToRead>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Json<RideReport>> {
    let conductor = web.app.conductor(&s)?;
    let csv = csv(&headers, body)?;
    Ok(Json(web.app.import_rides_within(&conductor, &csv[..], how.reading()?).await?))
}

//! What anybody may read: keys, policy, divisions, risk levels, the public log.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jadegate_divisions::Directory;
use jadegate_domain::{Division, Timestamp};
use jadegate_service::alarm_jobs::AlarmFigures;
use jadegate_service::appeal_figures::AppealFigures;
use jadegate_service::public_numbers::PublicNumbers;
use jadegate_service::staff::RegionRow;
use jadegate_service::{
    App, ClockVerdict, Finding, Kind, LogPart, PolicyChange, PolicyView, PublishedKeys,
    ServiceError,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Path, Query};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(info))
        .routes(routes!(keys))
        .routes(routes!(policy))
        .routes(routes!(published_policy))
        .routes(routes!(divisions))
        .routes(routes!(regions))
        .routes(routes!(appeal_figures))
        .routes(routes!(alarm_figures))
        .routes(routes!(public_numbers))
        .routes(routes!(policy_history))
        .routes(routes!(checkpoint))
        .routes(routes!(leaves))
        .routes(routes!(log_proof))
        .routes(routes!(healthz))
        .routes(routes!(readyz))
}

/// What this deployment is.
#[derive(Debug, Serialize, ToSchema)]
struct InfoView {
    name: String,
    /// The issuer in every code.
    issuer: String,
    /// `serve` or `demo`.
    mode: &'static str,
    server_time: Timestamp,
    policy: PolicyView,
    languages: [&'static str; 2],
}

/// Who runs this, under which policy, and what time it is here.
#[utoipa::path(get, path = "/v1/info", tag = "public", responses((status = 200, body = InfoView)))]
async fn info(State(web): State<Arc<Web>>) -> Json<InfoView> {
    let app = &web.app;
    Json(InfoView {
        name: app.settings().name.clone(),
        issuer: app.key_set().issuer().as_str().to_owned(),
        mode: if app.settings().demo { "demo" } else { "serve" },
        server_time: app.now(),
        policy: app.in_force().view(),
        languages: ["zh", "en"],
    })
}

/// The keys that verify codes, and the key that verifies the public log's checkpoints.
#[utoipa::path(get, path = "/v1/keys", tag = "public", responses((status = 200, body = PublishedKeys)))]
async fn keys(
    State(web): State<Arc<Web>>,
) -> ([(HeaderName, &'static str); 1], Json<PublishedKeys>) {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(web.app.published_keys()))
}

/// The policy file in force, as published.
#[utoipa::path(get, path = "/v1/policy", tag = "public",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 304)))]
async fn policy(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    // Policy and file from one moment: another may be published meanwhile.
    let in_force = web.app.in_force();
    let etag = format!("\"{}\"", in_force.policy.reference().digest);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == etag.as_bytes());
    let head = [
        (
            header::ETAG,
            HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\"")),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60")),
        (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, in_force.text.to_string()).into_response()
}

/// How many people contest a record behind their colour, how long it takes, and how many were right: of
/// 90 whole days, by prefecture and by rule. A number from 1 to 4 is not told.
#[utoipa::path(get, path = "/v1/public/appeals", tag = "public",
    responses((status = 200, body = AppealFigures), (status = 503, body = Problem)))]
async fn appeal_figures(
    State(web): State<Arc<Web>>,
) -> Answer<([(HeaderName, &'static str); 1], Json<AppealFigures>)> {
    let figures = web.app.appeal_figures().await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(figures.as_ref().clone())))
}

/// How many alarms there were within 90 days, by kind, how many are open, and how they were answered. They
/// are about agencies, so no number is too small to be told.
#[utoipa::path(get, path = "/v1/public/alarms", tag = "public",
    responses((status = 200, body = AlarmFigures), (status = 503, body = Problem)))]
async fn alarm_figures(
    State(web): State<Arc<Web>>,
) -> Answer<([(HeaderName, &'static str); 1], Json<AlarmFigures>)> {
    let figures = web.app.alarm_figures().await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=60")], Json(figures)))
}

/// Colours, harm and who looked, counted once a day and told to everybody the same. Counts of people carry
/// noise (differential privacy); how far they are from the truth at most stands beside them. What the
/// public log says is counted exactly.
#[utoipa::path(get, path = "/v1/public/numbers", tag = "public",
    responses((status = 200, body = PublicNumbers), (status = 503, body = Problem)))]
async fn public_numbers(
    State(web): State<Arc<Web>>,
) -> Answer<([(HeaderName, &'static str); 1], Json<PublicNumbers>)> {
    let numbers = web.app.public_numbers().await?;
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(numbers)))
}

/// The policies that were in force here.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyHistory {
    /// Newest first; the first is in force. The last twenty.
    policies: Vec<PolicyChange>,
}

/// Which policies were in force here, from when, by whose proposal, and what each says differently from the
/// one before it, in words.
#[utoipa::path(get, path = "/v1/public/policies", tag = "public",
    responses((status = 200, body = PolicyHistory), (status = 503, body = Problem)))]
async fn policy_history(
    State(web): State<Arc<Web>>,
) -> Answer<([(HeaderName, &'static str); 1], Json<PolicyHistory>)> {
    let policies = web.app.policy_history().await?.as_ref().clone();
    Ok(([(header::CACHE_CONTROL, "public, max-age=300")], Json(PolicyHistory { policies })))
}

/// The file of a policy that is or was in force here, by its digest.
#[utoipa::path(get, path = "/v1/policies/{digest}", tag = "public", params(("digest" = String, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Problem)))]
async fn published_policy(
    State(web): State<Arc<Web>>,
    Path(digest): Path<String>,
) -> Answer<Response> {
    let text = web.app.published_policy_text(&digest).await?;
    let head = [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
    ];
    Ok((head, text).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DivisionQuery {
    /// Children of this division; provinces if left out.
    parent: Option<String>,
    /// Search by part of a name instead.
    q: Option<String>,
}

/// Divisions below a parent, or found by name.
#[derive(Debug, Serialize, ToSchema)]
struct DivisionList {
    parent: Option<Division>,
    children: Vec<DivisionView>,
    results: Vec<DivisionView>,
}

/// One division.
#[derive(Debug, Serialize, ToSchema)]
struct DivisionView {
    code: Division,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    name_en: Option<String>,
    full_name: String,
}

fn division_view(code: Division) -> DivisionView {
    let all = Directory::embedded();
    DivisionView {
        name: all.name(&code).unwrap_or(code.as_str()).to_owned(),
        name_en: all.full_name_en(&code),
        full_name: all.full_name(&code, " ").unwrap_or_else(|| code.to_string()),
        code,
    }
}

/// Divisions for pickers.
#[utoipa::path(get, path = "/v1/divisions", tag = "public", params(DivisionQuery),
    responses((status = 200, body = DivisionList), (status = "4XX", body = Problem)))]
async fn divisions(
    Query(q): Query<DivisionQuery>,
) -> Answer<([(HeaderName, &'static str); 1], Json<DivisionList>)> {
    let all = Directory::embedded();
    let list = if let Some(text) = q.q.as_deref().map(str::trim).filter(|t| !t.is_empty()) {
        let found = all.search(text, 20);
        DivisionList {
            parent: None,
            children: Vec::new(),
            results: found.into_iter().map(|f| division_view(f.division)).collect(),
        }
    } else {
        let parent: Division = q.parent.as_deref().unwrap_or("CN").parse().map_err(
            |e: jadegate_domain::division::BadDivision| {
                ServiceError::bad("division.bad", e.to_string())
            },
        )?;
        let children = all.children(&parent).map(|(d, _)| division_view(d)).collect();
        DivisionList { parent: Some(parent), children, results: Vec::new() }
    };
    Ok(([(header::CACHE_CONTROL, "public, max-age=86400")], Json(list)))
}

/// Risk levels of divisions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegionList {
    pub(crate) risks: Vec<RegionRow>,
}

/// The risk levels in force now.
#[utoipa::path(get, path = "/v1/regions", tag = "public", responses((status = 200, body = RegionList)))]
async fn regions(State(web): State<Arc<Web>>) -> Answer<Json<RegionList>> {
    Ok(Json(RegionList { risks: web.app.regions_in_force().await? }))
}

/// The signed checkpoint of the public log.
#[utoipa::path(get, path = "/v1/log/checkpoint", tag = "public",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn checkpoint(State(web): State<Arc<Web>>) -> Answer<String> {
    Ok(web.app.checkpoint().await?)
}

/// A file of the public log as c2sp.org/tlog-tiles names it. Not in the document: what it is and how
/// it is read is said there.
pub(crate) async fn log_file(
    State(web): State<Arc<Web>>,
    Path(name): Path<String>,
) -> Answer<Response> {
    let bytes = web.app.log_file(&format!("tile/{name}")).await?;
    let head = [
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::CONTENT_TYPE, "application/octet-stream"),
    ];
    Ok((head, bytes).into_response())
}

/// A leaf's way to the published checkpoint, in the form of c2sp.org/tlog-proof: a file that shows to
/// anybody, offline too, that the leaf is in the log.
#[utoipa::path(get, path = "/v1/log/proof/{index}", tag = "public", params(("index" = u64, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), (status = "4XX", body = Problem)))]
async fn log_proof(State(web): State<Arc<Web>>, Path(index): Path<u64>) -> Answer<String> {
    Ok(web.app.log_proof(index).await?)
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct LeafQuery {
    /// First index.
    #[serde(default)]
    from: u64,
    /// 1 to 1000.
    limit: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LeafList {
    size: u64,
    leaves: Vec<LeafView>,
}

/// One leaf of the public log.
#[derive(Debug, Serialize, ToSchema)]
struct LeafView {
    index: u64,
    /// The leaf's bytes, base64.
    leaf: String,
}

/// Leaves of the public log, in order.
#[utoipa::path(get, path = "/v1/log/leaves", tag = "public", params(LeafQuery),
    responses((status = 200, body = LeafList), (status = "4XX", body = Problem)))]
async fn leaves(State(web): State<Arc<Web>>, Query(q): Query<LeafQuery>) -> Answer<Json<LeafList>> {
    let limit = q.limit.unwrap_or(100).clamp(1, 1000);
    let LogPart { size, leaves } = web.app.log_part(q.from, limit).await?;
    let view =
        |l: jadegate_store::LogLeaf| LeafView { index: l.index, leaf: STANDARD.encode(&l.bytes) };
    Ok(Json(LeafList { size, leaves: leaves.into_iter().map(view).collect() }))
}

/// The process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, body = String)))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// The process can do its work: the database reads and writes, what others changed is known, the clock is
/// right, there are keys.
///
/// The first line is `ready`; each further one a warning, with its code.
#[utoipa::path(get, path = "/readyz", tag = "operation",
    responses((status = 200, body = String), (status = 503, body = Problem)))]
async fn readyz(State(web): State<Arc<Web>>) -> Answer<String> {
    let health = web.app.health().await;
    if let Some(first) = health.problems.first() {
        let all: Vec<_> = health.problems.iter().map(|f| f.detail.as_str()).collect();
        let not_ready = ServiceError::new(Kind::Unavailable, first.code.as_str(), all.join(" "));
        return Err(not_ready.retry_after(5).into());
    }
    let line = |f: &Finding| format!("warning {}: {}\n", f.code.as_str(), f.detail);
    let warnings: String = health.warnings.iter().map(line).collect();
    Ok(format!("ready\n{warnings}"))
}

/// What an operator should be woken for.
fn health_gauges(app: &App) {
    let flag = |on: bool| if on { 1.0 } else { 0.0 };
    // The figure itself, down to nothing: an alarm needs no second rule for keys that have ended.
    let days = i32::try_from(app.key_days_left().unwrap_or(0)).unwrap_or(i32::MAX);
    metrics::gauge!("jadegate_keys_days_left").set(f64::from(days));
    // Zero, too, where none holds: the alarm for its end is the alarm for none.
    let days = i32::try_from(app.mandate_days_left().unwrap_or(0)).unwrap_or(i32::MAX);
    metrics::gauge!("jadegate_mandate_days_left").set(f64::from(days));
    metrics::gauge!("jadegate_following").set(flag(app.follows()));
    let held = app.clock_verdict() != ClockVerdict::Steady;
    metrics::gauge!("jadegate_clock_held").set(flag(held));
    metrics::gauge!("jadegate_store_damaged").set(flag(!app.damage().is_empty()));
    let mut by_table: BTreeMap<&'static str, u32> = BTreeMap::new();
    for row in app.unreadable().rows {
        *by_table.entry(row.table).or_default() += 1;
    }
    for (table, rows) in by_table {
        metrics::gauge!("jadegate_unreadable_rows", "table" => table).set(f64::from(rows));
    }
}

/// How far the numbering of the public log is behind.
async fn log_gauges(app: &App) {
    match app.pending_log().await {
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        Ok(pending) => {
            metrics::gauge!("jadegate_log_pending_leaves").set(pending.leaves as f64);
            metrics::gauge!("jadegate_log_pending_seconds").set(pending.seconds as f64);
        }
        Err(e) => tracing::error!(code = e.code, error = %e, "pending leaves could not be counted"),
    }
}

/// How long ago enough witnesses signed the public log; absent where they never did.
async fn witness_gauge(app: &App) {
    match app.witnessed_log().await {
        Ok(None) => {}
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        Ok(Some(log)) => metrics::gauge!("jadegate_log_witnessed_seconds")
            .set(app.now().secs_since(log.at) as f64),
        Err(e) => {
            tracing::error!(code = e.code, error = %e, "what witnesses signed cannot be read");
        }
    }
}

/// How far the memory is behind the database.
async fn follow_gauge(app: &App) {
    match app.behind().await {
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        Ok(behind) => metrics::gauge!("jadegate_changes_behind").set(behind as f64),
        Err(e) => tracing::error!(code = e.code, error = %e, "what is behind could not be counted"),
    }
}

/// Counters and timings, Prometheus text format.
pub(crate) async fn metrics(State(web): State<Arc<Web>>) -> String {
    health_gauges(&web.app);
    log_gauges(&web.app).await;
    witness_gauge(&web.app).await;
    follow_gauge(&web.app).await;
    let alarms = web.app.alarms_open().await.unwrap_or_else(|e| {
        tracing::error!(code = e.code, error = %e, "open alarms could not be counted");
        Vec::new()
    });
    let (visits, bytes) = web.app.index_size();
    let waiting = web.app.records_waiting().await.unwrap_or_else(|e| {
        tracing::error!(code = e.code, error = %e, "what waits could not be counted");
        Vec::new()
    });
    #[expect(clippy::cast_precision_loss, reason = "a gauge")]
    {
        // The kinds are a closed list: what people send makes no label.
        for (kind, records) in waiting {
            metrics::gauge!("jadegate_records_waiting", "kind" => kind.as_str())
                .set(records as f64);
        }
        for (kind, open) in alarms {
            metrics::gauge!("jadegate_alarms_open", "kind" => kind.as_str()).set(open as f64);
        }
        metrics::gauge!("jadegate_index_visits").set(visits as f64);
        metrics::gauge!("jadegate_index_bytes").set(bytes as f64);
    }
    web.metrics.run_upkeep();
    web.metrics.render()
}

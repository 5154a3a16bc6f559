//! Endpoints of the gate page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::gate::GateCounts;
use jadegate_domain::{GateId, Timestamp};
use jadegate_service::ServiceError;
use jadegate_service::gate::enrol::{Enrolled, GateView, Poster};
use jadegate_service::gate::paper::{PaperAnswer, PaperQuestion};
use jadegate_service::gate::scan::{ScanInput, ScanResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Cookie, Cookies, GateAuth, Path, agent, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(enrol))
        .routes(routes!(challenge))
        .routes(routes!(session))
        .routes(routes!(gate))
        .routes(routes!(scans))
        .routes(routes!(paper))
        .routes(routes!(papers))
        .routes(routes!(poster))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EnrolBody {
    /// From the link.
    token: String,
    /// Name of the gate, like "North door".
    label: String,
    /// Uncompressed P-256 point, base64url.
    public_key: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct NonceView {
    nonce: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GateSessionBody {
    nonce: String,
    /// ECDSA P-256 with SHA-256, r and s as 64 bytes, base64url.
    signature: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct GateSessionView {
    expires_at: Timestamp,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScansBody {
    /// 1 to 500.
    scans: Vec<ScanInput>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ScansView {
    results: Vec<ScanResult>,
    counts: GateCounts,
}

fn base64url(text: &str) -> Result<Vec<u8>, ServiceError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| ServiceError::bad("request.bad_base64", "A value is not base64url."))
}

/// Enrol this device with the token of a link.
#[utoipa::path(post, path = "/v1/gates", tag = "gate", request_body = EnrolBody,
    responses((status = 201, body = Enrolled), (status = "4XX", body = Problem)))]
async fn enrol(
    State(web): State<Arc<Web>>,
    Body(b): Body<EnrolBody>,
) -> Answer<(StatusCode, Json<Enrolled>)> {
    let gate = web.app.enrol_gate(&b.token, &b.label, &base64url(&b.public_key)?).await?;
    Ok((StatusCode::CREATED, Json(gate)))
}

/// A nonce for this gate to sign; good for two minutes.
#[utoipa::path(post, path = "/v1/gates/{gate}/challenge", tag = "gate", params(("gate" = GateId, Path)),
    responses((status = 200, body = NonceView)))]
async fn challenge(
    State(web): State<Arc<Web>>,
    Path(gate): Path<String>,
) -> Answer<Json<NonceView>> {
    Ok(Json(NonceView { nonce: web.app.gate_challenge(id(&gate)?) }))
}

/// Sign in with the gate's key.
#[utoipa::path(post, path = "/v1/gates/{gate}/session", tag = "gate", params(("gate" = GateId, Path)),
    request_body = GateSessionBody,
    responses((status = 200, body = GateSessionView), (status = 401, body = Problem)))]
async fn session(
    State(web): State<Arc<Web>>,
    Path(gate): Path<String>,
    headers: HeaderMap,
    Body(b): Body<GateSessionBody>,
) -> Answer<(Cookies, Json<GateSessionView>)> {
    let (gate, signature) = (id(&gate)?, base64url(&b.signature)?);
    let s = web.app.begin_gate_session(gate, &b.nonce, &signature, agent(&headers)).await?;
    let cookie = Cookie::Gate.set(&s, web.secure);
    Ok(([(header::SET_COOKIE, cookie)], Json(GateSessionView { expires_at: s.expires_at })))
}

/// Place, keys, policy and today's counts: all a gate needs, also to work offline.
#[utoipa::path(get, path = "/v1/gate", tag = "gate",
    responses((status = 200, body = GateView), (status = 401, body = Problem)))]
async fn gate(State(web): State<Arc<Web>>, GateAuth(s): GateAuth) -> Answer<Json<GateView>> {
    Ok(Json(web.app.gate_view(&s)))
}

/// Hand in scans, one or many; each is decided, recorded and answered by itself, once. Those of one
/// person are taken in their order.
#[utoipa::path(post, path = "/v1/gate/scans", tag = "gate", request_body = ScansBody,
    responses((status = 200, body = ScansView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn scans(
    State(web): State<Arc<Web>>,
    GateAuth(s): GateAuth,
    Body(b): Body<ScansBody>,
) -> Answer<Json<ScansView>> {
    let results = web.app.record_scans(&s, &b.scans).await?;
    let counts = web.app.counts_at(s.gate().place);
    Ok(Json(ScansView { results, counts }))
}

/// How a code on paper stands now, and the masked name of its holder. Records nothing; the scan is handed
/// in as any other.
#[utoipa::path(post, path = "/v1/gate/paper", tag = "gate", request_body = PaperQuestion,
    responses((status = 200, body = PaperAnswer), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn paper(
    State(web): State<Arc<Web>>,
    GateAuth(s): GateAuth,
    Body(b): Body<PaperQuestion>,
) -> Answer<Json<PaperAnswer>> {
    Ok(Json(web.app.ask_paper(&s, &b).await?))
}

/// How all codes on paper stand: a signed Token Status List in CWT form, for the time without network.
#[utoipa::path(get, path = "/v1/gate/papers", tag = "gate",
    responses((status = 200, body = String, content_type = "application/statuslist+cwt"),
        (status = 401, body = Problem), (status = 503, body = Problem)))]
async fn papers(State(web): State<Arc<Web>>, GateAuth(s): GateAuth) -> Answer<impl IntoResponse> {
    let list = web.app.paper_list(&s).await?;
    let kind = [(header::CONTENT_TYPE, "application/statuslist+cwt")];
    Ok((kind, list.bytes.to_vec()))
}

/// The venue's own codes: one to print, one for a screen.
#[utoipa::path(get, path = "/v1/gate/poster", tag = "gate",
    responses((status = 200, body = Poster), (status = 401, body = Problem)))]
async fn poster(State(web): State<Arc<Web>>, GateAuth(s): GateAuth) -> Answer<Json<Poster>> {
    Ok(Json(web.app.poster(s.gate().place)?))
}

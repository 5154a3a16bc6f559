//! Endpoints of the gate page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::gate::{Direction, GateCounts, OverrideReason};
use jadegate_domain::{Colour, GateId, PlaceId, PlaceKind, ScanId, Timestamp};
use jadegate_service::ServiceError;
use jadegate_service::gate::scan::{ScanInput, ScanResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Cookie, GateAuth, Path, agent, id};
use crate::problem::{Answer, Problem};
use crate::public::{KeySetView, key_set_view};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(enrol))
        .routes(routes!(challenge))
        .routes(routes!(session))
        .routes(routes!(gate))
        .routes(routes!(scans))
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
struct EnrolledView {
    gate: GateId,
    place: GatePlace,
}

/// The gate's place.
#[derive(Debug, Serialize, ToSchema)]
struct GatePlace {
    id: PlaceId,
    name: String,
    kind: PlaceKind,
    division_name: String,
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

/// What a gate needs to work, also without the server.
#[derive(Debug, Serialize, ToSchema)]
struct GateStateView {
    gate: GateId,
    label: String,
    place: GatePlace,
    counts: GateCounts,
    keys: KeySetView,
    policy: GatePolicy,
    offline_grace_seconds: i64,
    server_time: Timestamp,
}

#[derive(Debug, Serialize, ToSchema)]
struct GatePolicy {
    fresh_seconds: u32,
    /// Colours that are let in.
    admit: Vec<Colour>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScansBody {
    /// 1 to 500.
    scans: Vec<ScanBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScanBody {
    /// Made by the gate; the same id and moment from the same gate is the same scan.
    id: ScanId,
    /// What was read; null for letting somebody in without a code.
    code: Option<String>,
    /// When it was read, by the gate's clock.
    at: Timestamp,
    direction: Direction,
    #[serde(rename = "override", default)]
    override_reason: Option<OverrideReason>,
    /// How it was read.
    #[serde(default)]
    #[expect(dead_code, reason = "accepted so that gates can say it; nothing decides by it")]
    read_by: ReadBy,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReadBy {
    Camera,
    Scanner,
    Paste,
    #[default]
    None,
}

#[derive(Debug, Serialize, ToSchema)]
struct ScansView {
    results: Vec<ScanResult>,
    counts: GateCounts,
}

/// The venue's own codes.
#[derive(Debug, Serialize, ToSchema)]
struct PosterView {
    poster_code: String,
    screen_code: String,
    screen_expires_at: Timestamp,
}

fn base64url(text: &str) -> Result<Vec<u8>, ServiceError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| ServiceError::bad("request.bad_base64", "A value is not base64url."))
}

/// Enrol this device with the token of a link.
#[utoipa::path(post, path = "/v1/gates", tag = "gate", request_body = EnrolBody,
    responses((status = 201, body = EnrolledView), (status = "4XX", body = Problem)))]
async fn enrol(
    State(web): State<Arc<Web>>,
    Body(b): Body<EnrolBody>,
) -> Answer<(StatusCode, Json<EnrolledView>)> {
    let e = web.app.enrol_gate(&b.token, &b.label, &base64url(&b.public_key)?).await?;
    let view = EnrolledView {
        gate: e.gate.id,
        place: GatePlace {
            id: e.gate.place,
            name: e.place.name,
            kind: e.place.kind,
            division_name: e.place.division_name,
        },
    };
    Ok((StatusCode::CREATED, Json(view)))
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
) -> Answer<([(HeaderName, HeaderValue); 1], Json<GateSessionView>)> {
    let (gate, signature) = (id(&gate)?, base64url(&b.signature)?);
    let s = web.app.begin_gate_session(gate, &b.nonce, &signature, agent(&headers)).await?;
    let cookie = Cookie::Gate.set(&s, web.secure);
    Ok(([(header::SET_COOKIE, cookie)], Json(GateSessionView { expires_at: s.expires_at })))
}

/// Place, keys, policy and today's counts: all a gate needs, also to work offline.
#[utoipa::path(get, path = "/v1/gate", tag = "gate",
    responses((status = 200, body = GateStateView), (status = 401, body = Problem)))]
async fn gate(State(web): State<Arc<Web>>, GateAuth(s): GateAuth) -> Answer<Json<GateStateView>> {
    let v = web.app.gate_view(&s);
    Ok(Json(GateStateView {
        gate: v.gate.id,
        label: v.gate.label,
        place: GatePlace {
            id: v.gate.place,
            name: v.place.name,
            kind: v.place.kind,
            division_name: v.place.division_name,
        },
        counts: v.counts,
        keys: key_set_view(&web.app),
        policy: GatePolicy {
            fresh_seconds: web.app.policy().fresh_seconds(),
            admit: vec![Colour::Green],
        },
        offline_grace_seconds: web.app.settings().offline_grace_seconds,
        server_time: v.server_time,
    }))
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
    let inputs: Vec<_> = b
        .scans
        .into_iter()
        .map(|s| ScanInput {
            id: s.id,
            code: s.code,
            at: s.at,
            direction: s.direction,
            override_reason: s.override_reason,
        })
        .collect();
    let results = web.app.record_scans(&s, &inputs).await?;
    let counts = web.app.counts_at(s.gate().place);
    Ok(Json(ScansView { results, counts }))
}

/// The venue's own codes: one to print, one for a screen.
#[utoipa::path(get, path = "/v1/gate/poster", tag = "gate",
    responses((status = 200, body = PosterView), (status = 401, body = Problem)))]
async fn poster(State(web): State<Arc<Web>>, GateAuth(s): GateAuth) -> Answer<Json<PosterView>> {
    let p = web.app.poster(s.gate().place)?;
    Ok(Json(PosterView {
        poster_code: p.poster_code,
        screen_code: p.screen_code,
        screen_expires_at: p.screen_expires_at,
    }))
}

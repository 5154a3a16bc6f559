//! Endpoints of the holder page.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::AppendHeaders;
use jadegate_domain::id::ChallengeId;
use jadegate_service::holder::answer::{Answering, Delivery};
use jadegate_service::holder::check_in::{CheckInInput, CheckedIn, Quarantine};
use jadegate_service::holder::code::{NextCode, ShownCode};
use jadegate_service::holder::declare::{DeclarationInput, Declared};
use jadegate_service::holder::log::LoggedRecords;
use jadegate_service::holder::me::{AccessView, EvidenceView, Profile, VisitView};
use jadegate_service::holder::proof::Proof;
use jadegate_service::holder::register::{Asker, ChallengeSent, RegistrationInput, SignInInput};
use jadegate_service::holder::sessions::SessionView;
use jadegate_service::holder::venue::RecordedVisit;
use jadegate_service::named::{HolderChange, TimelineView};
use jadegate_service::staff::MyIdentityRequest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Client, Cookie, Cookies, HolderAuth, Opens, Path, Query, agent, id};
use crate::parts::BeforeQuery;
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(sign_in))
        .routes(routes!(delivery))
        .routes(routes!(answer))
        .routes(routes!(sign_out))
        .routes(routes!(code))
        .routes(routes!(next_code))
        .routes(routes!(me))
        .routes(routes!(evidence))
        .routes(routes!(history))
        .routes(routes!(timeline))
        .routes(routes!(proof))
        .routes(routes!(visits, add_visit))
        .routes(routes!(accesses))
        .routes(routes!(identity_requests))
        .routes(routes!(own_log))
        .routes(routes!(sessions, end_sessions))
        .routes(routes!(end_session))
        .routes(routes!(declaration, declare))
        .routes(routes!(quarantine))
        .routes(routes!(check_in))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerBody {
    /// The digits of the newest message: six, or more when strangers have been asking.
    code: String,
    /// The last six characters of the person's document, or all of it: asked for (`document.needed`)
    /// where the phone alone does not say who it is.
    #[serde(default)]
    document_end: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct AnswerView {
    holder: MaskedHolder,
    /// Was the holder created just now?
    new: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct MaskedHolder {
    name_masked: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct EvidenceList {
    evidence: Vec<EvidenceView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct HistoryList {
    changes: Vec<HolderChange>,
    /// Where the older ones begin: to be asked for as `before`; `null`: there are none.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct VisitList {
    visits: Vec<VisitView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VenueBody {
    /// `JGV1:` and so on.
    venue_code: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct AccessList {
    accesses: Vec<AccessView>,
    /// Where the older ones begin: to be asked for as `before`; `null`: there are none.
    next: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DeclarationsView {
    /// The version that counts.
    current: Option<jadegate_domain::Evidence>,
    /// All versions, newest first.
    versions: Vec<jadegate_domain::Evidence>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionList {
    pub(crate) sessions: Vec<SessionView>,
}

fn asker<'a>(web: &Web, client: &'a str, headers: &'a HeaderMap) -> Asker<'a> {
    Asker { client, device: Cookie::Device.read(headers, web.secure) }
}

/// Register, or find one's way back: sends a one-time code to the phone on file.
#[utoipa::path(post, path = "/v1/registrations", tag = "holder", request_body = RegistrationInput,
    responses((status = 202, body = ChallengeSent), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn register(
    State(web): State<Arc<Web>>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<RegistrationInput>,
) -> Answer<(StatusCode, Json<ChallengeSent>)> {
    let client = client.0.to_string();
    let sent = web.app.begin_registration(&input, asker(&web, &client, &headers)).await?;
    Ok((StatusCode::ACCEPTED, Json(sent)))
}

/// Sign in again by phone.
#[utoipa::path(post, path = "/v1/sessions", tag = "holder", request_body = SignInInput,
    responses((status = 202, body = ChallengeSent), (status = "4XX", body = Problem)))]
async fn sign_in(
    State(web): State<Arc<Web>>,
    client: Client,
    headers: HeaderMap,
    Body(input): Body<SignInInput>,
) -> Answer<(StatusCode, Json<ChallengeSent>)> {
    let client = client.0.to_string();
    let sent = web.app.begin_sign_in(&input, asker(&web, &client, &headers)).await?;
    Ok((StatusCode::ACCEPTED, Json(sent)))
}

/// How far the message with the one-time code has come.
#[utoipa::path(get, path = "/v1/challenges/{id}", tag = "holder", params(("id" = ChallengeId, Path)),
    responses((status = 200, body = Delivery), (status = 404, body = Problem)))]
async fn delivery(State(web): State<Arc<Web>>, Path(text): Path<String>) -> Answer<Json<Delivery>> {
    Ok(Json(web.app.delivery(id(&text)?).await?))
}

/// Answer with the code from the phone: signs in.
#[utoipa::path(post, path = "/v1/challenges/{id}/answer", tag = "holder", params(("id" = ChallengeId, Path)),
    request_body = AnswerBody,
    responses((status = 200, body = AnswerView), (status = "4XX", body = Problem)))]
async fn answer(
    State(web): State<Arc<Web>>,
    Path(text): Path<String>,
    headers: HeaderMap,
    Body(b): Body<AnswerBody>,
) -> Answer<(AppendHeaders<[(HeaderName, HeaderValue); 2]>, Json<AnswerView>)> {
    let with = Answering { code: &b.code, document_end: &b.document_end, agent: agent(&headers) };
    let s = web.app.answer(id(&text)?, &with).await?;
    let view = AnswerView { holder: MaskedHolder { name_masked: s.name_masked }, new: s.new };
    let cookies = [
        (header::SET_COOKIE, Cookie::Holder.set(&s.session, web.secure)),
        (header::SET_COOKIE, Cookie::Device.set(&s.device, web.secure)),
    ];
    Ok((AppendHeaders(cookies), Json(view)))
}

/// Where the holder is signed in, newest first.
#[utoipa::path(get, path = "/v1/me/sessions", tag = "holder",
    responses((status = 200, body = SessionList), (status = 401, body = Problem)))]
async fn sessions(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    headers: HeaderMap,
) -> Answer<Json<SessionList>> {
    let token = Cookie::Holder.read(&headers, web.secure).unwrap_or_default();
    Ok(Json(SessionList { sessions: web.app.my_sessions(&s, token).await? }))
}

/// Sign out everywhere, here too.
#[utoipa::path(delete, path = "/v1/me/sessions", tag = "holder",
    responses((status = 204), (status = 401, body = Problem)))]
async fn end_sessions(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<(StatusCode, Cookies)> {
    web.app.end_my_sessions(&s).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Holder.clear(web.secure))]))
}

/// Sign out on one device.
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", tag = "holder", params(("id" = String, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn end_session(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Path(text): Path<String>,
) -> Answer<StatusCode> {
    web.app.end_my_session(&s, &text).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign out on this device.
#[utoipa::path(delete, path = "/v1/session", tag = "holder", responses((status = 204)))]
async fn sign_out(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
) -> Answer<(StatusCode, Cookies)> {
    if let Some(token) = Cookie::Holder.read(&headers, web.secure) {
        web.app.sign_out(token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Holder.clear(web.secure))]))
}

/// A fresh code with everything the first page shows.
#[utoipa::path(get, path = "/v1/me/code", tag = "holder",
    responses((status = 200, body = ShownCode), (status = 401, body = Problem)))]
async fn code(State(web): State<Arc<Web>>, opens: Opens) -> Answer<Json<ShownCode>> {
    Ok(Json(match opens {
        Opens::Own(token) => web.app.open_code(&token).await?,
        Opens::For(session) => web.app.show_code(&session).await?,
    }))
}

/// A fresh code alone, for a page that shows the rest already.
#[utoipa::path(get, path = "/v1/me/code/next", tag = "holder",
    responses((status = 200, body = NextCode), (status = 401, body = Problem)))]
async fn next_code(State(web): State<Arc<Web>>, opens: Opens) -> Answer<Json<NextCode>> {
    Ok(Json(match opens {
        Opens::Own(token) => web.app.next_code(&token).await?,
        Opens::For(session) => web.app.next_code_of(&session).await?,
    }))
}

/// The holder's own data, masked.
#[utoipa::path(get, path = "/v1/me", tag = "holder",
    responses((status = 200, body = Profile), (status = 401, body = Problem)))]
async fn me(State(web): State<Arc<Web>>, HolderAuth(s): HolderAuth) -> Answer<Json<Profile>> {
    Ok(Json(web.app.profile(&s).await?))
}

/// All evidence about the holder, newest first.
#[utoipa::path(get, path = "/v1/me/evidence", tag = "holder",
    responses((status = 200, body = EvidenceList), (status = 401, body = Problem)))]
async fn evidence(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<EvidenceList>> {
    Ok(Json(EvidenceList { evidence: web.app.my_evidence(&s).await? }))
}

/// Every change of the holder's colour with its reasons, newest first.
#[utoipa::path(get, path = "/v1/me/history", tag = "holder", params(BeforeQuery),
    responses((status = 200, body = HistoryList), (status = "4XX", body = Problem)))]
async fn history(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Query(q): Query<BeforeQuery>,
) -> Answer<Json<HistoryList>> {
    let part = web.app.my_history_before(&s, q.before.as_deref()).await?;
    Ok(Json(HistoryList { changes: part.rows, next: part.next }))
}

/// The holder's colours from the first evidence to the last change that can be foreseen.
#[utoipa::path(get, path = "/v1/me/timeline", tag = "holder",
    responses((status = 200, body = TimelineView), (status = 401, body = Problem)))]
async fn timeline(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<TimelineView>> {
    Ok(Json(web.app.my_timeline(&s).await?))
}

/// Everything the holder's own colour is made from, so that a device can make it again.
#[utoipa::path(get, path = "/v1/me/proof", tag = "holder",
    responses((status = 200, body = Proof), (status = 401, body = Problem)))]
async fn proof(State(web): State<Arc<Web>>, HolderAuth(s): HolderAuth) -> Answer<Json<Proof>> {
    Ok(Json(web.app.my_proof(&s).await?))
}

/// The holder's visits, newest first.
#[utoipa::path(get, path = "/v1/me/visits", tag = "holder",
    responses((status = 200, body = VisitList), (status = 401, body = Problem)))]
async fn visits(State(web): State<Arc<Web>>, HolderAuth(s): HolderAuth) -> Answer<Json<VisitList>> {
    Ok(Json(VisitList { visits: web.app.my_visits(&s).await? }))
}

/// Record a visit by scanning the venue's own code.
#[utoipa::path(post, path = "/v1/me/visits", tag = "holder", request_body = VenueBody,
    responses((status = 201, body = RecordedVisit), (status = "4XX", body = Problem)))]
async fn add_visit(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(b): Body<VenueBody>,
) -> Answer<(StatusCode, Json<RecordedVisit>)> {
    Ok((StatusCode::CREATED, Json(web.app.scan_venue(&s, &b.venue_code).await?)))
}

/// The holder's own records in the public log: with salt and content of each commitment and the
/// positions of its leaves, so that everybody can check their own from outside.
#[utoipa::path(get, path = "/v1/me/log", tag = "holder",
    responses((status = 200, body = LoggedRecords), (status = 401, body = Problem)))]
async fn own_log(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<LoggedRecords>> {
    Ok(Json(web.app.my_log(&s).await?))
}

/// Requests to learn who the holder is, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct MyIdentityRequests {
    requests: Vec<MyIdentityRequest>,
}

/// Requests of agencies to learn the holder's name and phone, refused ones too; told within the mandate's
/// delay at the latest, and at once when it was read.
#[utoipa::path(get, path = "/v1/me/identity-requests", tag = "holder",
    responses((status = 200, body = MyIdentityRequests), (status = "4XX", body = Problem)))]
async fn identity_requests(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<MyIdentityRequests>> {
    Ok(Json(MyIdentityRequests { requests: web.app.my_identity_requests(&s).await? }))
}

/// Who looked at the holder's data, newest first.
#[utoipa::path(get, path = "/v1/me/accesses", tag = "holder", params(BeforeQuery),
    responses((status = 200, body = AccessList), (status = "4XX", body = Problem)))]
async fn accesses(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Query(q): Query<BeforeQuery>,
) -> Answer<Json<AccessList>> {
    let part = web.app.my_accesses_before(&s, q.before.as_deref()).await?;
    Ok(Json(AccessList { accesses: part.rows, next: part.next }))
}

/// The holder's declaration: the version that counts, and all versions.
#[utoipa::path(get, path = "/v1/me/declaration", tag = "holder",
    responses((status = 200, body = DeclarationsView), (status = 401, body = Problem)))]
async fn declaration(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<DeclarationsView>> {
    let versions = web.app.declarations(&s).await?;
    let current = versions.iter().find(|e| e.counts()).cloned();
    Ok(Json(DeclarationsView { current, versions }))
}

/// Declare health and stays; a new declaration replaces the one before, which is kept.
#[utoipa::path(post, path = "/v1/me/declaration", tag = "holder", request_body = DeclarationInput,
    responses((status = 201, body = Declared), (status = "4XX", body = Problem)))]
async fn declare(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(input): Body<DeclarationInput>,
) -> Answer<(StatusCode, Json<Declared>)> {
    Ok((StatusCode::CREATED, Json(web.app.declare(&s, &input).await?)))
}

/// The days of the holder's quarantine.
#[utoipa::path(get, path = "/v1/me/quarantine", tag = "holder",
    responses((status = 200, body = Quarantine), (status = 401, body = Problem)))]
async fn quarantine(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<Quarantine>> {
    Ok(Json(web.app.my_quarantine(&s).await?))
}

/// Today's check-in; a second one on the same day changes nothing.
#[utoipa::path(post, path = "/v1/me/check-ins", tag = "holder", request_body = CheckInInput,
    responses((status = 201, body = CheckedIn), (status = 200, body = CheckedIn), (status = "4XX", body = Problem)))]
async fn check_in(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(input): Body<CheckInInput>,
) -> Answer<(StatusCode, Json<CheckedIn>)> {
    let done = web.app.check_in(&s, &input).await?;
    let status = if done.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(done)))
}

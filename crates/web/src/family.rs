//! Endpoints of those who care for others, and of how a holder is known.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use jadegate_domain::HolderId;
use jadegate_domain::id::ChallengeId;
use jadegate_service::LinkedRecord;
use jadegate_service::holder::answer::Answering;
use jadegate_service::holder::details::AccountChangeView;
use jadegate_service::holder::family::{AddedPerson, Family, PersonInput};
use jadegate_service::holder::register::{ChallengeSent, DocumentInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Cookie, Cookies, HolderAuth, Path, agent, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(family, add_person))
        .routes(routes!(confirm_person))
        .routes(routes!(stop_caring))
        .routes(routes!(dismiss_carer))
        .routes(routes!(changes))
        .routes(routes!(records, ask_to_join))
        .routes(routes!(confirm_join))
        .routes(routes!(contest_join))
        .routes(routes!(change_phone))
        .routes(routes!(confirm_phone))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CodeAnswerBody {
    challenge: ChallengeId,
    /// The digits of the message.
    code: String,
    /// The last six characters of a document, or all of it, where `document.needed` asks for it.
    #[serde(default)]
    document_end: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PhoneBody {
    /// The new phone.
    phone: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JoinBody {
    /// The other document.
    document: DocumentInput,
}

#[derive(Debug, Serialize, ToSchema)]
struct LinkedRecordList {
    records: Vec<LinkedRecord>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AccountChangeList {
    changes: Vec<AccountChangeView>,
}

/// Whose codes the holder may show, and who may show the holder's.
#[utoipa::path(get, path = "/v1/me/people", tag = "holder",
    responses((status = 200, body = Family), (status = 401, body = Problem)))]
async fn family(State(web): State<Arc<Web>>, HolderAuth(s): HolderAuth) -> Answer<Json<Family>> {
    Ok(Json(web.app.family(&s).await?))
}

/// Ask to care for somebody: the code goes to their phone, or, if their document is not registered
/// yet, to the holder's.
#[utoipa::path(post, path = "/v1/me/people", tag = "holder", request_body = PersonInput,
    responses((status = 202, body = ChallengeSent), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn add_person(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(input): Body<PersonInput>,
) -> Answer<(StatusCode, Json<ChallengeSent>)> {
    Ok((StatusCode::ACCEPTED, Json(web.app.begin_person(&s, &input).await?)))
}

/// Add them with the code.
#[utoipa::path(post, path = "/v1/me/people/confirm", tag = "holder", request_body = CodeAnswerBody,
    responses((status = 201, body = AddedPerson), (status = "4XX", body = Problem)))]
async fn confirm_person(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(b): Body<CodeAnswerBody>,
) -> Answer<(StatusCode, Json<AddedPerson>)> {
    let with = Answering { code: &b.code, document_end: &b.document_end, agent: "" };
    let added = web.app.confirm_person(&s, b.challenge, &with).await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// Care for somebody no more.
#[utoipa::path(delete, path = "/v1/me/people/{id}", tag = "holder", params(("id" = HolderId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn stop_caring(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Path(text): Path<String>,
) -> Answer<StatusCode> {
    web.app.stop_caring(&s, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let somebody care for the holder no more.
#[utoipa::path(delete, path = "/v1/me/carers/{id}", tag = "holder", params(("id" = HolderId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn dismiss_carer(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Path(text): Path<String>,
) -> Answer<StatusCode> {
    web.app.dismiss_carer(&s, id(&text)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The records that are linked with the holder's.
#[utoipa::path(get, path = "/v1/me/records", tag = "holder",
    responses((status = 200, body = LinkedRecordList), (status = 401, body = Problem)))]
async fn records(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<LinkedRecordList>> {
    Ok(Json(LinkedRecordList { records: web.app.my_records(&s).await? }))
}

/// Ask that the record of another document is joined with the holder's: a code goes to its phone.
#[utoipa::path(post, path = "/v1/me/records", tag = "holder", request_body = JoinBody,
    responses((status = 202, body = ChallengeSent), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn ask_to_join(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(b): Body<JoinBody>,
) -> Answer<(StatusCode, Json<ChallengeSent>)> {
    Ok((StatusCode::ACCEPTED, Json(web.app.begin_join(&s, &b.document).await?)))
}

/// Prove it with the code from there. The strictest colour holds for both until a counter decides.
#[utoipa::path(post, path = "/v1/me/records/confirm", tag = "holder", request_body = CodeAnswerBody,
    responses((status = 200, body = LinkedRecordList), (status = "4XX", body = Problem)))]
async fn confirm_join(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(b): Body<CodeAnswerBody>,
) -> Answer<Json<LinkedRecordList>> {
    let with = Answering { code: &b.code, document_end: &b.document_end, agent: "" };
    Ok(Json(LinkedRecordList { records: web.app.confirm_join(&s, b.challenge, &with).await? }))
}

/// Say that a record which was joined with the holder's is not theirs, which signs out everywhere; or that one
/// which was split from it, or from which theirs was, is wrong.
#[utoipa::path(post, path = "/v1/me/records/{id}/contest", tag = "holder",
    params(("id" = HolderId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn contest_join(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Path(text): Path<String>,
) -> Answer<(StatusCode, Option<Cookies>, ())> {
    let signed_out = web.app.contest_join(&s, id(&text)?).await?;
    let cookie = signed_out.then(|| [(header::SET_COOKIE, Cookie::Holder.clear(web.secure))]);
    Ok((StatusCode::NO_CONTENT, cookie, ()))
}

/// What changed about how the holder is known, newest first.
#[utoipa::path(get, path = "/v1/me/changes", tag = "holder",
    responses((status = 200, body = AccountChangeList), (status = 401, body = Problem)))]
async fn changes(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
) -> Answer<Json<AccountChangeList>> {
    Ok(Json(AccountChangeList { changes: web.app.my_changes(&s).await? }))
}

/// Ask to change to another phone: a code goes there.
#[utoipa::path(post, path = "/v1/me/phone", tag = "holder", request_body = PhoneBody,
    responses((status = 202, body = ChallengeSent), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn change_phone(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(b): Body<PhoneBody>,
) -> Answer<(StatusCode, Json<ChallengeSent>)> {
    Ok((StatusCode::ACCEPTED, Json(web.app.begin_phone_change(&s, &b.phone).await?)))
}

/// Change to it with the code from there and the end of the own document; signs out everywhere.
#[utoipa::path(post, path = "/v1/me/phone/confirm", tag = "holder", request_body = CodeAnswerBody,
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn confirm_phone(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    headers: HeaderMap,
    Body(b): Body<CodeAnswerBody>,
) -> Answer<(StatusCode, Cookies)> {
    let with = Answering { code: &b.code, document_end: &b.document_end, agent: agent(&headers) };
    web.app.confirm_phone_change(&s, b.challenge, &with).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Holder.clear(web.secure))]))
}

//! Members of staff sign in with passkeys: invited, signed in, signed out, and who they are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use jadegate_domain::Role;
use jadegate_service::NewSession;
use jadegate_service::staff::{MeView, NewPasskey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Cookie, Cookies, StaffAuth, agent};
use crate::passkey::refused;
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(begin_invitation))
        .routes(routes!(finish_invitation))
        .routes(routes!(begin_sign_in))
        .routes(routes!(finish_sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(me))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TokenBody {
    token: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct InvitationView {
    staff: InvitedView,
    /// `PublicKeyCredentialCreationOptionsJSON`.
    #[schema(value_type = Object)]
    options: Value,
}

#[derive(Debug, Serialize, ToSchema)]
struct InvitedView {
    display_name: String,
    agency_name: String,
    role: Role,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FinishInvitationBody {
    token: String,
    /// `RegistrationResponseJSON`.
    #[schema(value_type = Object)]
    credential: Value,
}

#[derive(Debug, Serialize, ToSchema)]
struct CeremonyView {
    ceremony: String,
    /// `PublicKeyCredentialRequestOptionsJSON`.
    #[schema(value_type = Object)]
    options: Value,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FinishSignInBody {
    ceremony: String,
    /// `AuthenticationResponseJSON`.
    #[schema(value_type = Object)]
    credential: Value,
}

type SignedIn = (Cookies, Json<MeView>);

async fn signed_in(web: &Web, session: NewSession) -> Answer<SignedIn> {
    let cookie = Cookie::Staff.set(&session, web.secure);
    let session = web.app.staff_session(&session.token).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(web.app.me(&session).await?)))
}

/// Begin making a passkey with the token of an invitation.
#[utoipa::path(post, path = "/v1/staff/invitations/begin", tag = "staff", request_body = TokenBody,
    responses((status = 200, body = InvitationView), (status = "4XX", body = Problem)))]
async fn begin_invitation(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(b): Body<TokenBody>,
) -> Answer<Json<InvitationView>> {
    let here = Cookie::Staff.read(&headers, web.secure);
    let staff = web.app.invitation(&b.token, here).await?;
    let others = web.app.passkeys_of_others(&staff).await?;
    let options = web.passkeys.begin_registration(
        b.token,
        staff.id,
        &staff.display_name,
        others,
        web.app.now(),
    )?;
    let staff = InvitedView {
        display_name: staff.display_name,
        agency_name: staff.agency_name,
        role: staff.role,
    };
    Ok(Json(InvitationView { staff, options }))
}

/// Accept an invitation with the new passkey: signs in.
#[utoipa::path(post, path = "/v1/staff/invitations/finish", tag = "staff", request_body = FinishInvitationBody,
    responses((status = 200, body = MeView), (status = "4XX", body = Problem)))]
async fn finish_invitation(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(b): Body<FinishInvitationBody>,
) -> Answer<SignedIn> {
    let here = Cookie::Staff.read(&headers, web.secure);
    let staff = web.app.invitation(&b.token, here).await?;
    let row = web.passkeys.finish_registration(&b.token, staff.id, b.credential, web.app.now())?;
    let passkey = NewPasskey { credential_id: row.credential_id, passkey: row.passkey };
    let (_, session) = web.app.accept_staff_invitation(&b.token, passkey, agent(&headers)).await?;
    signed_in(&web, session).await
}

/// Begin signing in with a passkey.
#[utoipa::path(post, path = "/v1/staff/sign-in/begin", tag = "staff",
    responses((status = 200, body = CeremonyView), (status = "4XX", body = Problem)))]
async fn begin_sign_in(State(web): State<Arc<Web>>) -> Answer<Json<CeremonyView>> {
    let ceremony = web.app.ceremony_name();
    let options = web.passkeys.begin_sign_in(ceremony.clone(), web.app.now())?;
    Ok(Json(CeremonyView { ceremony, options }))
}

/// Sign in with the passkey's answer.
#[utoipa::path(post, path = "/v1/staff/sign-in/finish", tag = "staff", request_body = FinishSignInBody,
    responses((status = 200, body = MeView), (status = "4XX", body = Problem)))]
async fn finish_sign_in(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
    Body(b): Body<FinishSignInBody>,
) -> Answer<SignedIn> {
    let (credential, credential_id) = web.passkeys.credential_id(&b.credential)?;
    let row = web.app.passkey(&credential_id).await?;
    let row = row.ok_or_else(|| refused("unknown credential"))?;
    let moved = web.passkeys.finish_sign_in(&b.ceremony, &credential, &row, web.app.now())?;
    let session = web.app.sign_in_staff_with(row.staff, moved, agent(&headers)).await?;
    signed_in(&web, session).await
}

/// Sign out.
#[utoipa::path(delete, path = "/v1/staff/session", tag = "staff", responses((status = 204)))]
async fn sign_out(
    State(web): State<Arc<Web>>,
    headers: HeaderMap,
) -> Answer<(StatusCode, Cookies)> {
    if let Some(token) = Cookie::Staff.read(&headers, web.secure) {
        web.app.sign_out(token).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, Cookie::Staff.clear(web.secure))]))
}

/// Who is signed in and what they may do.
#[utoipa::path(get, path = "/v1/staff/me", tag = "staff",
    responses((status = 200, body = MeView), (status = 401, body = Problem)))]
async fn me(State(web): State<Arc<Web>>, StaffAuth(s): StaffAuth) -> Answer<Json<MeView>> {
    Ok(Json(web.app.me(&s).await?))
}

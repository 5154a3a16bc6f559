//! Endpoints of changes that colour many people: what-ifs, proposals, policies, recolouring.

use std::sync::Arc;

use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use jadegate_domain::id::{ProposalId, WhatIfId};
use jadegate_service::RecolouringState;
use jadegate_service::staff::{ChangeInput, PolicyCheck, PolicyRow, ProposalView, WhatIfView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, Query, StaffAuth, id};
use crate::parts::BeforeQuery;
use crate::problem::{Answer, Problem};
use crate::state::Web;

/// Largest request with a policy file in it.
const MAX_POLICY: usize = 1024 * 1024;

pub(super) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .merge(
            OpenApiRouter::new()
                .routes(routes!(check_policy))
                .routes(routes!(start_what_if))
                .layer(DefaultBodyLimit::max(MAX_POLICY)),
        )
        .routes(routes!(policies))
        .routes(routes!(what_if, cancel_what_if))
        .routes(routes!(proposals, propose))
        .routes(routes!(proposal))
        .routes(routes!(approve))
        .routes(routes!(reject))
        .routes(routes!(withdraw))
        .routes(routes!(recolouring))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PolicyBody {
    /// The whole file.
    text: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct PolicyList {
    /// The one in force.
    current: Option<PolicyRow>,
    /// Every published one, newest first.
    versions: Vec<PolicyRow>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhatIfBody {
    change: ChangeInput,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProposeBody {
    /// One's own what-if that is done.
    what_if: WhatIfId,
    /// The reason for the change, for the second officer and the record.
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RejectBody {
    /// The reason for the refusal.
    reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProposalList {
    /// Newest first.
    proposals: Vec<ProposalView>,
    /// Where the older ones begin: to be asked for as `before`; `null`: there are none.
    next: Option<String>,
}

/// Look at a policy file that is being written: everything wrong with it, or what it says
/// differently from the one in force. Nothing is kept.
#[utoipa::path(post, path = "/v1/staff/policies/check", tag = "staff", request_body = PolicyBody,
    responses((status = 200, body = PolicyCheck), (status = "4XX", body = Problem)))]
async fn check_policy(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<PolicyBody>,
) -> Answer<Json<PolicyCheck>> {
    Ok(Json(web.app.check_policy(&s, &b.text)?))
}

/// The published policies.
#[utoipa::path(get, path = "/v1/staff/policies", tag = "staff",
    responses((status = 200, body = PolicyList), (status = "4XX", body = Problem)))]
async fn policies(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<PolicyList>> {
    let versions = web.app.list_policies(&s).await?;
    Ok(Json(PolicyList { current: versions.first().cloned(), versions }))
}

/// Replay a change over the present evidence, in the background. Nothing is written.
#[utoipa::path(post, path = "/v1/staff/what-ifs", tag = "staff", request_body = WhatIfBody,
    responses((status = 202, body = WhatIfView), (status = "4XX", body = Problem)))]
async fn start_what_if(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<WhatIfBody>,
) -> Answer<(StatusCode, Json<WhatIfView>)> {
    Ok((StatusCode::ACCEPTED, Json(web.app.start_what_if(&s, &b.change).await?)))
}

/// One's own what-if: how far it is, and its result.
#[utoipa::path(get, path = "/v1/staff/what-ifs/{id}", tag = "staff", params(("id" = WhatIfId, Path)),
    responses((status = 200, body = WhatIfView), (status = "4XX", body = Problem)))]
async fn what_if(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(run): Path<String>,
) -> Answer<Json<WhatIfView>> {
    Ok(Json(web.app.what_if(&s, id(&run)?).await?))
}

/// Stop a what-if and forget its result.
#[utoipa::path(delete, path = "/v1/staff/what-ifs/{id}", tag = "staff", params(("id" = WhatIfId, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
async fn cancel_what_if(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(run): Path<String>,
) -> Answer<StatusCode> {
    web.app.cancel_what_if(&s, id(&run)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Propose what a what-if was about. Below the mandate's threshold it takes effect at once; above,
/// it waits for a second officer.
#[utoipa::path(post, path = "/v1/staff/proposals", tag = "staff", request_body = ProposeBody,
    responses((status = 201, body = ProposalView), (status = "4XX", body = Problem)))]
async fn propose(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<ProposeBody>,
) -> Answer<(StatusCode, Json<ProposalView>)> {
    Ok((StatusCode::CREATED, Json(web.app.propose(&s, b.what_if, &b.reason).await?)))
}

/// All proposals that wait, in the first part, and those that have ended, newest first; each with its
/// what-if.
#[utoipa::path(get, path = "/v1/staff/proposals", tag = "staff", params(BeforeQuery),
    responses((status = 200, body = ProposalList), (status = "4XX", body = Problem)))]
async fn proposals(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Query(q): Query<BeforeQuery>,
) -> Answer<Json<ProposalList>> {
    let part = web.app.proposals_before(&s, q.before.as_deref()).await?;
    Ok(Json(ProposalList { proposals: part.rows, next: part.next }))
}

/// One proposal, with the whole policy file.
#[utoipa::path(get, path = "/v1/staff/proposals/{id}", tag = "staff", params(("id" = ProposalId, Path)),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
async fn proposal(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(proposal): Path<String>,
) -> Answer<Json<ProposalView>> {
    Ok(Json(web.app.proposal(&s, id(&proposal)?).await?))
}

/// Approve somebody else's proposal: the what-if is made again, and the change takes effect. If the
/// answer does not come in time, the work goes on; read the proposal again.
#[utoipa::path(post, path = "/v1/staff/proposals/{id}/approve", tag = "staff", params(("id" = ProposalId, Path)),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
async fn approve(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(proposal): Path<String>,
) -> Answer<Json<ProposalView>> {
    Ok(Json(web.app.approve_proposal(&s, id(&proposal)?).await?))
}

/// Refuse somebody else's proposal.
#[utoipa::path(post, path = "/v1/staff/proposals/{id}/reject", tag = "staff", params(("id" = ProposalId, Path)),
    request_body = RejectBody, responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
async fn reject(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(proposal): Path<String>,
    Body(b): Body<RejectBody>,
) -> Answer<Json<ProposalView>> {
    Ok(Json(web.app.reject_proposal(&s, id(&proposal)?, &b.reason).await?))
}

/// Take back one's own proposal.
#[utoipa::path(post, path = "/v1/staff/proposals/{id}/withdraw", tag = "staff", params(("id" = ProposalId, Path)),
    responses((status = 200, body = ProposalView), (status = "4XX", body = Problem)))]
async fn withdraw(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(proposal): Path<String>,
) -> Answer<Json<ProposalView>> {
    Ok(Json(web.app.withdraw_proposal(&s, id(&proposal)?).await?))
}

/// How far recolouring has come.
#[utoipa::path(get, path = "/v1/staff/recolouring", tag = "staff",
    responses((status = 200, body = RecolouringState), (status = "4XX", body = Problem)))]
async fn recolouring(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
) -> Answer<Json<RecolouringState>> {
    Ok(Json(web.app.recolouring(&s).await?))
}

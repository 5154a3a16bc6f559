//! Codes on paper for whoever stands at a counter with their document.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jadegate_service::holder::details::AccountChangeView;
use jadegate_service::holder::register::DocumentInput;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, StaffAuth};
use crate::paper::{PaperForm, Pdf, pdf};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(print)).routes(routes!(lose))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CounterPrintBody {
    /// The document that the person shows.
    document: DocumentInput,
    /// The form of the page.
    form: PaperForm,
    /// Another paper in place of the one that stands, which was lost: it is refused from now on.
    #[serde(default)]
    replace: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LostPaperBody {
    /// The document that the person shows.
    document: DocumentInput,
}

#[derive(Debug, Serialize, ToSchema)]
struct LostPaperAnswer {
    /// What changed about how the person is known, newest first.
    changes: Vec<AccountChangeView>,
}

/// Print the code of whoever is at the counter with a document. The person sees it.
#[utoipa::path(post, path = "/v1/staff/people/paper", tag = "staff", request_body = CounterPrintBody,
    responses((status = 200, body = String, content_type = "application/pdf"),
        (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn print(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<CounterPrintBody>,
) -> Answer<Pdf> {
    let paper = web.app.print_at_counter(&s, &b.document, b.replace).await?;
    pdf(&web, b.form, paper).await
}

/// Whoever is at the counter lost their paper: no gate takes it any more.
#[utoipa::path(post, path = "/v1/staff/people/paper/lost", tag = "staff", request_body = LostPaperBody,
    responses((status = 200, body = LostPaperAnswer), (status = "4XX", body = Problem)))]
async fn lose(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<LostPaperBody>,
) -> Answer<Json<LostPaperAnswer>> {
    Ok(Json(LostPaperAnswer { changes: web.app.lose_at_counter(&s, &b.document).await? }))
}

//! Codes on paper: printed for a holder, and reported lost.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use jadegate_paper::{Form, Sheet};
use jadegate_service::ServiceError;
use jadegate_service::holder::paper::MyPaper;
use jadegate_service::papers::PaperToPrint;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, HolderAuth};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(my_paper, print_mine, lose_mine))
}

/// What is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaperForm {
    /// A sheet of 105 × 148 mm in large print.
    #[default]
    A6,
    /// A card of the size of a bank card.
    Card,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PrintBody {
    /// The form of the page.
    form: PaperForm,
    /// Another paper in place of the one that stands, which was lost: it is refused from now on.
    #[serde(default)]
    replace: bool,
}

/// A file to print, which nobody keeps on the way.
pub(crate) type Pdf = ([(HeaderName, HeaderValue); 2], Vec<u8>);

/// The page of a paper. Drawn on a thread that may block: it takes some milliseconds.
pub(crate) async fn pdf(web: &Arc<Web>, form: PaperForm, paper: PaperToPrint) -> Answer<Pdf> {
    let service = web.app.settings().name.clone();
    let draw = move || {
        let last_day = paper.last_day.to_string();
        let sheet = Sheet {
            code: &paper.code,
            name: &paper.name_masked,
            valid_to: &last_day,
            service: &service,
        };
        let form = match form {
            PaperForm::A6 => Form::A6,
            PaperForm::Card => Form::Card,
        };
        jadegate_paper::print(form, &sheet).map_err(ServiceError::internal)
    };
    let bytes = tokio::task::spawn_blocking(draw).await.map_err(ServiceError::internal)??;
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("inline; filename=\"health-code.pdf\""),
        ),
    ];
    Ok((head, bytes))
}

/// The holder's paper, if there is one that is good.
#[utoipa::path(get, path = "/v1/me/paper", tag = "holder",
    responses((status = 200, body = MyPaper), (status = 401, body = Problem)))]
async fn my_paper(State(web): State<Arc<Web>>, HolderAuth(s): HolderAuth) -> Answer<Json<MyPaper>> {
    Ok(Json(web.app.my_paper(&s).await?))
}

/// Print the holder's code on paper: the one that stands, again, or another one in its place.
#[utoipa::path(post, path = "/v1/me/paper", tag = "holder", request_body = PrintBody,
    responses((status = 200, body = String, content_type = "application/pdf"),
        (status = "4XX", body = Problem), (status = 503, body = Problem)))]
async fn print_mine(
    State(web): State<Arc<Web>>,
    HolderAuth(s): HolderAuth,
    Body(b): Body<PrintBody>,
) -> Answer<Pdf> {
    let paper = web.app.print_my_paper(&s, b.replace).await?;
    pdf(&web, b.form, paper).await
}

/// The holder's paper was lost: no gate takes it any more.
#[utoipa::path(delete, path = "/v1/me/paper", tag = "holder",
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem)))]
async fn lose_mine(State(web): State<Arc<Web>>, HolderAuth(s): HolderAuth) -> Answer<StatusCode> {
    web.app.lose_my_paper(&s).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! Phone, name, documents and carers of a person, put right at a counter.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jadegate_domain::HolderId;
use jadegate_domain::id::ChangeId;
use jadegate_service::holder::details::AccountChangeView;
use jadegate_service::holder::register::DocumentInput;
use jadegate_service::staff::{DetailInput, PieceInput, RecordsAnswer, RecordsInput, SplitInput};
use jadegate_service::{Result, ServiceError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::extract::{Body, Path, StaffAuth, id};
use crate::problem::{Answer, Problem};
use crate::state::Web;

pub(crate) fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new().routes(routes!(change)).routes(routes!(undo)).routes(routes!(records))
}

/// What is put right of whoever shows `document`: exactly one of the others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DetailsBody {
    /// The document that the person shows.
    document: DocumentInput,
    /// Another phone.
    #[serde(default)]
    phone: Option<String>,
    /// Another name, or another spelling of it.
    #[serde(default)]
    name: Option<String>,
    /// One more document: a renewed one, or a child's first.
    #[serde(default)]
    new_document: Option<DocumentInput>,
    /// The document of somebody who may care for the person from now on.
    #[serde(default)]
    carer: Option<DocumentInput>,
    /// The document of somebody who may no more.
    #[serde(default)]
    no_carer: Option<DocumentInput>,
}

impl DetailsBody {
    fn one(self) -> Result<(DocumentInput, DetailInput)> {
        let all = [
            self.phone.map(DetailInput::Phone),
            self.name.map(DetailInput::Name),
            self.new_document.map(DetailInput::Document),
            self.carer.map(DetailInput::Carer),
            self.no_carer.map(DetailInput::NoCarer),
        ];
        let mut given = all.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(one), None) => Ok((self.document, one)),
            _ => Err(ServiceError::bad(
                "details.one",
                "Send exactly one of phone, name, new_document, carer and no_carer.",
            )),
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UndoBody {
    /// The document that the person shows.
    document: DocumentInput,
}

#[derive(Debug, Serialize, ToSchema)]
struct DetailsAnswer {
    /// What changed about how the person is known, newest first.
    changes: Vec<AccountChangeView>,
}

/// Put one detail right of whoever is at the counter with a document. The person sees it.
#[utoipa::path(post, path = "/v1/staff/people/details", tag = "staff", request_body = DetailsBody,
    responses((status = 200, body = DetailsAnswer), (status = "4XX", body = Problem)))]
async fn change(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<DetailsBody>,
) -> Answer<Json<DetailsAnswer>> {
    let (shown, input) = b.one()?;
    Ok(Json(DetailsAnswer { changes: web.app.change_details(&s, &shown, &input).await? }))
}

/// What is done about the records of whoever shows `document`: at most one of the others; without, the
/// records are looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecordsBody {
    /// The document that the person shows.
    document: DocumentInput,
    /// Another document of theirs, whose record is joined with theirs.
    #[serde(default)]
    join: Option<DocumentInput>,
    /// A linked record that is not theirs.
    #[serde(default)]
    part: Option<HolderId>,
    /// The second of two people whose record this was.
    #[serde(default)]
    split: Option<SplitInput>,
    /// Whose the pieces are that were recorded before a record was split.
    #[serde(default)]
    assign: Option<AssignBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssignBody {
    /// The record that was made for the second person.
    record: HolderId,
    /// The pieces of which it is said.
    pieces: Vec<PieceInput>,
}

/// Look at the records of whoever is at the counter; join two that are of one person, or part them; or tell
/// two people apart whose record was one, and say whose the pieces are that were recorded before. What
/// could make anybody's colour milder needs an officer of another agency too. The person sees it.
#[utoipa::path(post, path = "/v1/staff/people/records", tag = "staff", request_body = RecordsBody,
    responses((status = 200, body = RecordsAnswer), (status = "4XX", body = Problem)))]
async fn records(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Body(b): Body<RecordsBody>,
) -> Answer<Json<RecordsAnswer>> {
    let all = [
        b.join.map(RecordsInput::Join),
        b.part.map(RecordsInput::Part),
        b.split.map(|split| RecordsInput::Split(Box::new(split))),
        b.assign.map(|a| RecordsInput::Assign(a.record, a.pieces)),
    ];
    let mut given = all.into_iter().flatten();
    let input = given.next().unwrap_or(RecordsInput::Look);
    if given.next().is_some() {
        let detail = "Send one of join, part, split and assign.";
        return Err(ServiceError::bad("records.one", detail).into());
    }
    Ok(Json(web.app.decide_records(&s, &b.document, &input).await?))
}

/// Undo the newest change of its kind.
#[utoipa::path(post, path = "/v1/staff/people/details/{id}/undo", tag = "staff",
    params(("id" = ChangeId, Path)), request_body = UndoBody,
    responses((status = 200, body = DetailsAnswer), (status = "4XX", body = Problem)))]
async fn undo(
    State(web): State<Arc<Web>>,
    StaffAuth(s): StaffAuth,
    Path(text): Path<String>,
    Body(b): Body<UndoBody>,
) -> Answer<Json<DetailsAnswer>> {
    let changes = web.app.undo_change(&s, &b.document, id(&text)?).await?;
    Ok(Json(DetailsAnswer { changes }))
}

//! What is true of every operation of the API document, said in one place.

use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, Schema};

/// The media type of every refusal.
pub(crate) const PROBLEM: &str = "application/problem+json";

const PROBLEM_SCHEMA: &str = "#/components/schemas/Problem";

/// Every operation can be refused: by limits, by another site's page, for a wrong query, path or
/// body, by a fault of ours. All of it is a problem document, under its own media type.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
            &mut item.head,
            &mut item.options,
        ];
        for operation in operations.into_iter().flatten() {
            refusals(operation);
            plain_numbers(operation);
        }
    }
    document
}

/// utoipa says of every whole number how many bits it has, with a sign; ours have none and are
/// limited by their own words. What is not true is left out.
fn plain_numbers(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        if let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
            && schema.minimum.is_some()
        {
            schema.format = None;
        }
    }
}

fn refusals(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for response in responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        if let Some(content) = response.content.shift_remove("application/json") {
            let kind = if is_problem(&content) { PROBLEM } else { "application/json" };
            response.content.insert(kind.to_owned(), content);
        }
    }
    let refused = |description: &str| {
        let schema = RefOr::<Schema>::Ref(Ref::new(PROBLEM_SCHEMA));
        let mut response = Response::new(description);
        response.content.insert(PROBLEM.to_owned(), RefOr::T(Content::new(Some(schema))));
        RefOr::T(response)
    };
    for (status, description) in [
        ("4XX", "Refused: what is wrong and what to do"),
        ("5XX", "Not available right now, or a fault on our side; nothing was lost"),
    ] {
        responses.entry(status.to_owned()).or_insert_with(|| refused(description));
    }
}

fn is_problem(content: &RefOr<Content>) -> bool {
    let RefOr::T(content) = content else { return false };
    matches!(&content.schema, Some(RefOr::Ref(r)) if r.ref_location == PROBLEM_SCHEMA)
}

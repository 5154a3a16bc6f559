//! What is true of every operation of the API document, said in one place.

use std::collections::BTreeSet;

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, SchemaType, Type};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, Response, Schema};

use crate::access::rule_of;

/// The header that names whom the signed-in holder acts for; without it, themselves.
pub(crate) const PERSON: &str = "jadegate-person";

/// The media type of every refusal.
pub(crate) const PROBLEM: &str = "application/problem+json";

const PROBLEM_SCHEMA: &str = "#/components/schemas/Problem";

/// Every operation can be refused: by limits, by another site's page, for a wrong query, path or
/// body, by a fault of ours. All of it is a problem document, under its own media type.
pub(crate) fn finish(mut document: OpenApi) -> OpenApi {
    let mut asked = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("delete", &mut item.delete),
            ("patch", &mut item.patch),
            ("head", &mut item.head),
            ("options", &mut item.options),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            operation.operation_id = Some(name(method, path));
            rule(operation, method, path);
            refusals(operation);
            plain_numbers(operation);
            if is_for_people(path) {
                operation.parameters.get_or_insert_default().push(RefOr::T(person()));
            }
            for schema in body(operation) {
                mentioned(schema, &mut asked);
            }
        }
    }
    whole_answers(&mut document, asked);
    document
}

/// Who may ask it, for programs and for the test that tries each cell.
fn rule(operation: &mut Operation, method: &str, path: &str) {
    let Some(rule) = rule_of(method, path) else { return };
    let extensions = operation.extensions.get_or_insert_default();
    extensions.insert("x-access".to_owned(), rule.to_json());
}

/// Is it about the holder, so that somebody who cares for them can ask for it?
fn is_for_people(path: &str) -> bool {
    const OWN: [&str; 4] = ["/v1/me/sessions", "/v1/me/people/", "/v1/me/carers", "/v1/me/phone"];
    path.starts_with("/v1/me") && !OWN.iter().any(|own| path.starts_with(own))
}

/// The header that says for whom.
fn person() -> Parameter {
    ParameterBuilder::new()
        .name(PERSON)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Whom the holder acts for, by the id of `/v1/me/people`; without it, themselves.",
        ))
        .schema(Some(Ref::from_schema_name("HolderId")))
        .build()
}

/// Every operation has a name of its own: handlers in two files may share theirs.
fn name(method: &str, path: &str) -> String {
    let words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// An answer always holds all its fields, with `null` for what is not there; a field that may be
/// missing is never `null` ([`serde`]'s `skip_serializing_if`). utoipa calls every `Option`
/// optional, which is right for what is sent in only.
fn whole_answers(document: &mut OpenApi, mut asked: BTreeSet<String>) {
    let Some(components) = &mut document.components else { return };
    loop {
        let mut below = asked.clone();
        for schema in asked.iter().filter_map(|name| components.schemas.get(name)) {
            mentioned(schema, &mut below);
        }
        if below.len() == asked.len() {
            break;
        }
        asked = below;
    }
    for (_, schema) in components.schemas.iter_mut().filter(|(name, _)| !asked.contains(*name)) {
        demand_all(schema);
    }
}

/// What an operation is sent.
fn body(operation: &Operation) -> Vec<&RefOr<Schema>> {
    let Some(RefOr::T(body)) = &operation.request_body else { return Vec::new() };
    let contents = body.content.values();
    contents
        .filter_map(|content| match content {
            RefOr::T(content) => content.schema.as_ref(),
            RefOr::Ref(_) => None,
        })
        .collect()
}

/// Adds the names of the schemas that one refers to.
fn mentioned(schema: &RefOr<Schema>, names: &mut BTreeSet<String>) {
    let schema = match schema {
        RefOr::Ref(r) => {
            names.extend(r.ref_location.rsplit('/').next().map(str::to_owned));
            return;
        }
        RefOr::T(schema) => schema,
    };
    match schema {
        Schema::Object(object) => {
            object.properties.values().for_each(|below| mentioned(below, names));
            if let Some(AdditionalProperties::RefOr(below)) =
                object.additional_properties.as_deref()
            {
                mentioned(below, names);
            }
        }
        Schema::Array(array) => {
            if let ArrayItems::RefOrSchema(below) = &array.items {
                mentioned(below, names);
            }
        }
        Schema::OneOf(some) => some.items.iter().for_each(|below| mentioned(below, names)),
        Schema::AllOf(some) => some.items.iter().for_each(|below| mentioned(below, names)),
        Schema::AnyOf(some) => some.items.iter().for_each(|below| mentioned(below, names)),
        _ => {}
    }
}

fn demand_all(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => {
            for (name, field) in &object.properties {
                if may_be_null(field) && !object.required.contains(name) {
                    object.required.push(name.clone());
                }
            }
        }
        Schema::OneOf(some) => some.items.iter_mut().for_each(demand_all),
        Schema::AllOf(some) => some.items.iter_mut().for_each(demand_all),
        Schema::AnyOf(some) => some.items.iter_mut().for_each(demand_all),
        _ => {}
    }
}

fn may_be_null(schema: &RefOr<Schema>) -> bool {
    let null = |kind: &SchemaType| match kind {
        SchemaType::Type(kind) => *kind == Type::Null,
        SchemaType::Array(kinds) => kinds.contains(&Type::Null),
        SchemaType::AnyValue => false,
    };
    let RefOr::T(schema) = schema else { return false };
    match schema {
        Schema::Object(object) => null(&object.schema_type),
        Schema::Array(array) => null(&array.schema_type),
        Schema::OneOf(some) => some.items.iter().any(may_be_null),
        _ => false,
    }
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

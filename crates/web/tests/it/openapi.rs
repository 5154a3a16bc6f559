//! The generated API document is a contract: a change of it is seen in review.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jadegate_domain::{AgencyKind, EvidenceKind};
use serde_json::Value;

use crate::world::document;

/// Each operation with its path and method.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods.iter().map(move |(method, o)| (format!("{method} {path}"), o))
        })
        .collect()
}

/// A schema that two types share by name has the shape of whichever was registered last.
#[test]
fn no_two_types_share_a_schema_name() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut named: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in sources(crates) {
        let text = std::fs::read_to_string(&file).unwrap();
        let mut derived = false;
        for line in text.lines().map(str::trim) {
            derived |= line.starts_with("#[") && line.contains("ToSchema");
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let Some(at) = words.iter().position(|w| matches!(*w, "struct" | "enum")) else {
                continue;
            };
            if !line.starts_with("//") && !line.starts_with('#') && std::mem::take(&mut derived) {
                named.entry(words[at + 1].to_owned()).or_default().push(file.clone());
            }
        }
    }
    assert!(named.len() > 150, "only {} types were found", named.len());
    for (name, files) in named {
        assert_eq!(files.len(), 1, "{name}: {files:?}");
    }
}

/// A type that writes itself as another has that one's shape, which a derived schema does not see.
#[test]
fn a_type_that_writes_itself_as_another_says_so_in_its_schema() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut seen = 0;
    for file in sources(crates) {
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, _) in text.match_indices("#[serde(") {
            let (above, here) = text.split_at(at);
            if !here.lines().next().unwrap().contains(" into = ") {
                continue;
            }
            let attributes = above.rsplit("\n\n").next().unwrap();
            seen += 1;
            if attributes.contains("utoipa::ToSchema)") {
                assert!(attributes.contains("value_type = "), "{}: {attributes}", file.display());
            }
        }
    }
    assert!(seen >= 5, "only {seen} such types were found");
    let temperature = &document()["components"]["schemas"]["Temperature"];
    assert_eq!(temperature["type"], "number");
    assert_eq!(temperature["minimum"].as_f64(), Some(34.0));
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    let (dirs, files): (Vec<_>, Vec<_>) = entries.partition(|p| p.is_dir());
    let rust = files.into_iter().filter(|p| p.extension().is_some_and(|e| e == "rs"));
    let below = dirs.iter().filter(|d| !d.ends_with("tests")).flat_map(|d| sources(d));
    rust.chain(below).collect()
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = document();
    let mut seen = BTreeMap::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        assert_eq!(seen.insert(id.to_owned(), name.clone()), None, "{id} is {name}, too");
    }
}

/// Adds the names of all schemas that a part of the document leads to.
fn mentioned(document: &Value, part: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            let name = fields.get("$ref").and_then(|r| r.as_str()?.rsplit('/').next());
            if let Some(name) = name.filter(|name| names.insert((*name).to_owned())) {
                mentioned(document, &document["components"]["schemas"][name], names);
            }
            fields.values().for_each(|below| mentioned(document, below, names));
        }
        Value::Array(items) => items.iter().for_each(|below| mentioned(document, below, names)),
        _ => {}
    }
}

/// A field of an answer is either always there or, where serde leaves it out, never `null`: a page
/// needs to know one way of "nothing" only.
#[test]
fn an_answer_says_nothing_in_one_way() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut sent = BTreeSet::new();
    for (_, operation) in operations(&document) {
        mentioned(&document, &operation["requestBody"], &mut sent);
    }
    let mut left_out = 0;
    for (name, schema) in schemas.iter().filter(|(name, _)| !sent.contains(*name)) {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (field, kind) in schema["properties"].as_object().into_iter().flatten() {
            if !required.contains(&Value::from(field.as_str())) {
                let text = kind.to_string();
                assert!(!text.contains("\"null\""), "{name}.{field}: {text}");
                left_out += 1;
            }
        }
    }
    assert!(left_out > 0, "no field is ever left out: the test sees nothing");
    // What serde leaves out is declared without `Option`, else it would be promised.
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for file in sources(crates) {
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        if !text.contains("ToSchema") {
            continue;
        }
        for pair in lines.windows(2).filter(|w| w[0].contains("skip_serializing_if = \"Option::")) {
            assert!(pair[1].contains("schema(value_type"), "{}: {}", file.display(), pair[0]);
        }
    }
}

#[test]
fn every_operation_can_be_refused_with_a_problem_document() {
    let document = document();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        for status in ["4XX", "5XX"] {
            assert!(responses.contains_key(status), "{name} has no {status}");
        }
        for (status, response) in responses {
            let refused = status.starts_with(['4', '5']);
            let Some(content) = response["content"].as_object() else {
                assert!(!refused, "{name} {status} has no body");
                continue;
            };
            for (kind, content) in content {
                let schema = content["schema"]["$ref"].as_str().unwrap_or_default();
                let problem = schema.ends_with("/Problem");
                assert_eq!(problem, refused, "{name} {status}");
                assert_eq!(kind == "application/problem+json", refused, "{name} {status}: {kind}");
            }
        }
    }
}

#[test]
fn the_document_is_as_reviewed() {
    // Under a name of its own: the pages' types are made from it.
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        let document = jadegate_web::openapi().to_pretty_json().unwrap();
        insta::assert_snapshot!("openapi__openapi", document);
    });
}

#[test]
fn no_operation_sets_a_colour() {
    let value = document();
    let paths = value["paths"].as_object().unwrap();
    assert!(paths.len() > 40);
    for (path, operations) in paths {
        // How far a recolouring has come may be read.
        let named = path.contains("colour") || path.contains("color");
        let only_read = operations.as_object().unwrap().keys().all(|method| method == "get");
        assert!(!named || only_read, "{path}");
        for (_, operation) in operations.as_object().unwrap() {
            let schema =
                operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let Some(name) = schema.and_then(|s| s.rsplit('/').next()) else { continue };
            let properties = &value["components"]["schemas"][name]["properties"];
            assert!(properties.get("colour").is_none(), "{path} takes a colour");
        }
    }
}

/// The travel card of 2020: cells of the phone network, a day late, a starred city nobody had been in.
/// Nobody is located: no answer and no question of the API has a place for it, and a stay comes from the
/// person alone.
#[test]
fn h24_nobody_is_located() {
    let document = document();
    let mut names = BTreeSet::new();
    property_names(&document, &mut names);
    assert!(names.len() > 300, "only {} names were found", names.len());
    let locating = ["latitude", "longitude", "lat", "lon", "lng", "coordinates", "geo", "position"];
    let cells = ["cell", "cell_id", "tower", "imsi", "imei", "bssid", "beacon", "ip_address"];
    for name in locating.iter().chain(&cells) {
        assert!(!names.contains(*name), "{name}");
    }
    assert!(EvidenceKind::Stay.may_record(None));
    assert!(AgencyKind::ALL.iter().all(|kind| !EvidenceKind::Stay.may_record(Some(*kind))));
}

/// Names of all fields, and of what is asked in an address.
fn property_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(properties)) = fields.get("properties") {
                names.extend(properties.keys().cloned());
            }
            if let (Some(Value::String(name)), Some(_)) = (fields.get("name"), fields.get("in")) {
                names.insert(name.clone());
            }
            fields.values().for_each(|v| property_names(v, names));
        }
        Value::Array(all) => all.iter().for_each(|v| property_names(v, names)),
        _ => {}
    }
}

//! JSON Schema of the files, so that editors complete and check while somebody writes.
//!
//! The tables in `schema_policy` and `schema_cases` say what each key is. A test compares them with
//! what the readers really ask for (key, form, range, closed words, whether it must be there), so
//! that neither can have a key, a word or a limit that the other lacks.

use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

/// What a key holds.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// A text of any content.
    Text,
    /// A text that the reader checks by a rule of its own, here as a regular expression.
    Pattern(&'static str),
    /// One of some words that the reader compares after reading any text.
    Checked(Vec<String>),
    /// One of a closed list of words.
    Words(Vec<String>),
    /// A division.
    Division,
    /// A time zone.
    Zone,
    /// A list of such; one alone may stand without brackets.
    ListOf(Box<Form>),
    Flag,
    Whole(RangeInclusive<u32>),
    Decimal(RangeInclusive<f64>),
    /// A moment with its offset.
    Moment,
    /// A moment, or a word.
    MomentOr,
    /// A text in languages.
    Texts,
    Table(Shape),
    Tables(Shape),
    /// A table from names of a closed list to tables.
    Map(Vec<String>, Shape),
    /// A word or a table.
    WordOr(Vec<String>, Shape),
}

/// One key of a table.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    pub(crate) required: bool,
    pub(crate) doc: &'static str,
}

/// The keys of a table, and those of its variants: tables whose keys depend on one of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    pub(crate) keys: Vec<Key>,
    /// The key that decides; its words and the keys each adds.
    pub(crate) variants: Option<(&'static str, Vec<Variant>)>,
}

/// One variant of a table.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    /// The name by which the reader calls it.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the test that compares the two"))]
    pub(crate) name: &'static str,
    /// The words of the deciding key that choose it.
    pub(crate) words: Vec<&'static str>,
    pub(crate) keys: Vec<Key>,
}

pub(crate) fn shape(keys: Vec<Key>) -> Shape {
    Shape { keys, variants: None }
}

pub(crate) const fn must(name: &'static str, form: Form, doc: &'static str) -> Key {
    Key { name, form, required: true, doc }
}

pub(crate) const fn may(name: &'static str, form: Form, doc: &'static str) -> Key {
    Key { name, form, required: false, doc }
}

/// The words of a closed list.
pub(crate) fn words<T: Display>(all: &[T]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

pub(crate) fn list(form: Form) -> Form {
    Form::ListOf(Box::new(form))
}

/// The schema of policy files, as JSON text.
pub fn policy_schema() -> String {
    whole("Jadegate policy file", &crate::file::schema_policy::policy())
}

/// The schema of case files, as JSON text.
pub fn cases_schema() -> String {
    whole("Jadegate case file", &crate::file::schema_cases::cases())
}

fn whole(title: &str, shape: &Shape) -> String {
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    root.insert("title".to_owned(), json!(title));
    root.extend(object(shape));
    let mut text = serde_json::to_string_pretty(&Value::Object(root)).unwrap_or_default();
    text.push('\n');
    text
}

fn object(shape: &Shape) -> Map<String, Value> {
    match &shape.variants {
        None => plain(&shape.keys.iter().collect::<Vec<_>>()),
        Some((decides, variants)) => {
            let one = |v: &Variant| {
                let narrowed = |k: &Key| narrowed(k, decides, v);
                let common: Vec<Key> = shape.keys.iter().map(narrowed).collect();
                Value::Object(plain(&common.iter().chain(&v.keys).collect::<Vec<_>>()))
            };
            let all: Vec<Value> = variants.iter().map(one).collect();
            Map::from_iter([("anyOf".to_owned(), Value::Array(all))])
        }
    }
}

/// The deciding key holds only the words of its variant.
fn narrowed(key: &Key, decides: &str, variant: &Variant) -> Key {
    let mut key = key.clone();
    if key.name == decides {
        let words = Form::Words(words(&variant.words));
        key.form = if matches!(key.form, Form::ListOf(_)) { list(words) } else { words };
    }
    key
}

fn plain(keys: &[&Key]) -> Map<String, Value> {
    let property = |k: &&Key| {
        let mut v = value(&k.form);
        v.insert("description".to_owned(), json!(k.doc));
        (k.name.to_owned(), Value::Object(v))
    };
    let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    let mut out = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("additionalProperties".to_owned(), json!(false)),
        ("properties".to_owned(), Value::Object(keys.iter().map(property).collect())),
    ]);
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out
}

fn value(form: &Form) -> Map<String, Value> {
    let v = match form {
        Form::Text => json!({ "type": "string", "minLength": 1 }),
        Form::Pattern(p) => json!({ "type": "string", "pattern": p }),
        Form::Checked(words) | Form::Words(words) => json!({ "enum": words }),
        Form::Division => json!({ "type": "string", "pattern": "^[A-Z]{2}(-[0-9A-Z]+)*$" }),
        Form::Zone => json!({ "type": "string", "pattern": "^[A-Za-z0-9_+/-]+$" }),
        Form::ListOf(one) => {
            let one = value(one);
            json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] })
        }
        Form::Flag => json!({ "type": "boolean" }),
        Form::Whole(r) => json!({ "type": "integer", "minimum": r.start(), "maximum": r.end() }),
        Form::Decimal(r) => json!({ "type": "number", "minimum": r.start(), "maximum": r.end() }),
        // Editors turn a TOML moment into a text before they look into the schema.
        Form::Moment | Form::MomentOr => json!({ "type": "string" }),
        Form::Texts => json!({
            "type": "object",
            "required": ["en", "zh"],
            "propertyNames": { "pattern": "^[A-Za-z0-9-]{2,8}$" },
            "additionalProperties": { "type": "string", "minLength": 1 },
        }),
        Form::Table(s) => return object(s),
        Form::Tables(s) => json!({ "type": "array", "items": object(s) }),
        Form::Map(names, s) => {
            let each = names.iter().map(|n| (n.clone(), Value::Object(object(s))));
            json!({
                "type": "object",
                "additionalProperties": false,
                "properties": each.collect::<Map<_, _>>(),
            })
        }
        Form::WordOr(words, s) => json!({ "anyOf": [{ "enum": words }, object(s)] }),
    };
    match v {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

#[cfg(test)]
#[path = "schema_tests.rs"]
pub(crate) mod tests;

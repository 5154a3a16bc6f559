//! The schema says what the readers do, and the shipped files keep to it.

use std::path::{Path, PathBuf};

use jadegate_domain::EvidenceKind;

use super::*;
use crate::file::keys::kinds::Starting;
use crate::file::words::Word;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies")
}

fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// Names of the shipped files: policies and cases.
fn shipped() -> (Vec<String>, Vec<String>) {
    let names = std::fs::read_dir(folder()).unwrap().map(|f| f.unwrap().file_name());
    let mut names: Vec<String> = names.map(|n| n.into_string().unwrap()).collect();
    names.retain(|n| Path::new(n).extension().is_some_and(|e| e == "toml"));
    names.sort();
    names.into_iter().partition(|n| !n.ends_with(".cases.toml"))
}

/// A file with every key that a policy can have.
const EVERYTHING: &str = include_str!("../../tests/common/everything.toml");
/// A file with every key that a case file can have.
const EVERY_CASE: &str = include_str!("../../tests/common/everything.cases.toml");

/// Keys that no value has, in the schema's order. `schema` is that of all `values`.
fn not_held(schema: &Value, values: &[&toml::Value], path: &str, out: &mut Vec<String>) {
    let inner = |v: &Value, key: &str| v.get(key).cloned();
    if let Some(items) = inner(schema, "items") {
        let all: Vec<&toml::Value> = values.iter().filter_map(|v| v.as_array()).flatten().collect();
        not_held(&items, &all, path, out);
    }
    let alternatives = inner(schema, "anyOf").and_then(|a| a.as_array().cloned());
    let mut missing = Vec::new();
    for one in alternatives.iter().flatten() {
        let fit: Vec<&toml::Value> = values.iter().copied().filter(|v| valid(one, v)).collect();
        // A word alone or a list: the words of closed lists are read and shown by the same type.
        if one.get("enum").is_none() {
            assert!(!fit.is_empty() || one.get("properties").is_none(), "no example of {path}");
            not_held(one, &fit, path, &mut missing);
        }
    }
    // What several variants can hold need not be shown in each of them.
    let shown = |key: &String| {
        let own = key.strip_prefix(path).unwrap().trim_start_matches('.');
        values.iter().any(|v| v.get(own).is_some())
    };
    out.extend(missing.into_iter().filter(|key| !shown(key)));
    let properties = inner(schema, "properties").and_then(|p| p.as_object().cloned());
    let properties = properties.unwrap_or_default();
    if ["contact.places", "contact.vehicles", "contact.likelihood.places"].contains(&path) {
        // All tables of the map have the same keys; some of them are enough.
        let all: Vec<&toml::Value> =
            values.iter().filter_map(|v| v.as_table()).flat_map(|t| t.values()).collect();
        not_held(properties.values().next().unwrap(), &all, "", out);
        return;
    }
    for (key, schema) in &properties {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let held: Vec<&toml::Value> = values.iter().filter_map(|v| v.get(key)).collect();
        if held.is_empty() {
            out.push(path);
        } else {
            not_held(schema, &held, &path, out);
        }
    }
}

/// A key that a schema has and a reader does not ask for would be an unknown key of these files;
/// a reader cannot ask for a key that its table, and so the schema, does not have.
#[test]
fn the_files_with_every_key_hold_every_key_and_are_read() {
    for (text, schema_text) in [(EVERYTHING, policy_schema()), (EVERY_CASE, cases_schema())] {
        let value: toml::Value = text.parse::<toml::Table>().unwrap().into();
        let mut missing = Vec::new();
        not_held(&schema(&schema_text), &[&value], "", &mut missing);
        assert!(missing.is_empty(), "{missing:?}");
    }
    let found = crate::Policy::parse(EVERYTHING).err();
    assert!(found.is_none(), "{found:#?}");
    let report = crate::run_cases(EVERYTHING, EVERY_CASE).unwrap();
    assert!(report.is_ok(), "{report}");
}

/// Each kind of evidence that others record as well can be narrowed to where it came from.
#[test]
fn where_evidence_came_from_can_be_asked_of_each_kind_that_can_be_imported() {
    let rules = EVERYTHING.matches("imported = false").count();
    let when = crate::file::keys::kinds::When::schema();
    let kinds = when["anyOf"].as_array().unwrap();
    let asked = kinds.iter().filter(|kind| kind["properties"]["imported"].is_object()).count();
    assert_eq!(rules, asked, "case, test, contact, arrival");
    let text = EVERYTHING.replace("imported = false", "imported = true, origins = [\"CN-13\"]");
    let found = crate::Policy::parse(&text).err();
    assert!(found.is_none(), "{found:#?}");
}

/// Every word of the key that decides chooses a variant.
#[test]
fn every_kind_of_evidence_has_its_variant() {
    fn check<T: Table, W: Word>() {
        let all = W::schema()["enum"].as_array().unwrap().clone();
        let chosen: Vec<&str> =
            T::variants().unwrap().each.into_iter().flat_map(|(words, _)| words).collect();
        assert_eq!(chosen.len(), all.len());
        assert!(all.iter().all(|word| chosen.contains(&word.as_str().unwrap())), "{all:?}");
    }
    check::<crate::file::keys::kinds::When, Starting>();
    check::<crate::file::keys::kinds::Evidence, EvidenceKind>();
}

/// As much of JSON Schema as these schemas use; anything else is an error of the test.
fn valid(schema: &Value, v: &toml::Value) -> bool {
    use toml::Value as T;
    let schema = schema.as_object().unwrap();
    let known = [
        "$schema",
        "title",
        "description",
        "type",
        "additionalProperties",
        "properties",
        "required",
        "anyOf",
        "enum",
        "minLength",
        "pattern",
        "minItems",
        "items",
        "minimum",
        "maximum",
        "propertyNames",
    ];
    assert!(schema.keys().all(|k| known.contains(&k.as_str())), "{schema:?}");
    let number = |v: &T| match v {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        T::Integer(i) => Some(*i as f64),
        T::Float(f) => Some(*f),
        _ => None,
    };
    schema.iter().all(|(word, arg)| match word.as_str() {
        "type" => match arg.as_str().unwrap() {
            "object" => v.is_table(),
            "array" => v.is_array(),
            "string" => v.is_str() || v.is_datetime(),
            "boolean" => v.is_bool(),
            "integer" => v.is_integer(),
            "number" => v.is_integer() || v.is_float(),
            other => panic!("{other}"),
        },
        "anyOf" => arg.as_array().unwrap().iter().any(|s| valid(s, v)),
        "enum" => arg.as_array().unwrap().iter().any(|w| w.as_str() == v.as_str()),
        "minimum" => number(v).is_none_or(|n| n >= arg.as_f64().unwrap()),
        "maximum" => number(v).is_none_or(|n| n <= arg.as_f64().unwrap()),
        "minLength" => v.as_str().is_none_or(|s| !s.is_empty()),
        "minItems" => v.as_array().is_none_or(|a| !a.is_empty()),
        "items" => v.as_array().is_none_or(|a| a.iter().all(|v| valid(arg, v))),
        "required" => v.as_table().is_none_or(|t| {
            arg.as_array().unwrap().iter().all(|k| t.contains_key(k.as_str().unwrap()))
        }),
        "properties" => v.as_table().is_none_or(|t| {
            let mut both =
                arg.as_object().unwrap().iter().filter_map(|(k, s)| Some((s, t.get(k)?)));
            both.all(|(s, v)| valid(s, v))
        }),
        "additionalProperties" => v.as_table().is_none_or(|t| {
            let named = schema.get("properties").and_then(Value::as_object);
            t.iter().filter(|(k, _)| !named.is_some_and(|n| n.contains_key(*k))).all(|(_, v)| {
                if arg.is_boolean() { arg == &Value::Bool(true) } else { valid(arg, v) }
            })
        }),
        // Expressions are for editors; the words they stand for are checked above.
        _ => true,
    })
}

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn all_shipped_files_keep_to_the_schema_and_name_it() {
    let (policies, cases) = shipped();
    assert_eq!((policies.len(), cases.len()), (9, 9));
    for (names, schema, word) in
        [(policies, schema(&policy_schema()), "policy"), (cases, schema(&cases_schema()), "cases")]
    {
        for name in names {
            let text = file(&name);
            assert!(valid(&schema, &text.parse::<toml::Table>().unwrap().into()), "{name}");
            let line = format!("#:schema ./{word}.schema.json\n");
            assert!(text.starts_with(&line), "{name} does not begin with {line}");
        }
    }
    for (text, s) in [(EVERYTHING, policy_schema()), (EVERY_CASE, cases_schema())] {
        assert!(valid(&schema(&s), &text.parse::<toml::Table>().unwrap().into()));
    }
}

/// Whatever key is taken out or misspelt: the schema objects exactly where the reader misses it.
#[test]
fn a_file_without_a_key_is_refused_by_both_or_by_neither() {
    let schema = schema(&policy_schema());
    let whole: toml::Value = EVERYTHING.parse::<toml::Table>().unwrap().into();
    let mut paths = Vec::new();
    all_paths(&whole, &mut Vec::new(), &mut paths);
    assert!(paths.len() > 150, "{}", paths.len());
    for path in paths {
        let mut less = whole.clone();
        let (last, above) = path.split_last().unwrap();
        let table = above.iter().fold(&mut less, |v, step| match step.parse::<usize>() {
            Ok(i) => v.as_array_mut().unwrap().get_mut(i).unwrap(),
            Err(_) => v.as_table_mut().unwrap().get_mut(step).unwrap(),
        });
        let value = table.as_table_mut().unwrap().remove(last).unwrap();
        let text = toml::to_string(&less).unwrap();
        let missing = crate::Policy::parse(&text).err().is_some_and(|p| {
            p.iter().any(|x| {
                x.code == "missing_key" && x.message.starts_with(&format!("`{}", dotted(&path)))
            })
        });
        assert_eq!(!valid(&schema, &less), missing, "without {path:?}");
        let table = above.iter().fold(&mut less, |v, step| match step.parse::<usize>() {
            Ok(i) => v.as_array_mut().unwrap().get_mut(i).unwrap(),
            Err(_) => v.as_table_mut().unwrap().get_mut(step).unwrap(),
        });
        table.as_table_mut().unwrap().insert(format!("{last}-x"), value);
        let text = toml::to_string(&less).unwrap();
        // A text may be in any language; everything else has its name.
        if !above.last().is_some_and(|k| {
            ["title", "authority", "text", "ends", "name", "advice"].contains(&k.as_str())
        }) {
            assert!(!valid(&schema, &less), "{path:?}");
            assert!(crate::Policy::parse(&text).is_err(), "{path:?}");
        }
    }
}

fn dotted(path: &[String]) -> String {
    let names: Vec<&str> =
        path.iter().filter(|s| s.parse::<usize>().is_err()).map(String::as_str).collect();
    names.join(".")
}

fn all_paths(v: &toml::Value, at: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let inner: Vec<(String, &toml::Value)> = match v {
        toml::Value::Table(t) => t.iter().map(|(k, v)| (k.clone(), v)).collect(),
        toml::Value::Array(a) => {
            (0..).zip(a).map(|(i, v): (usize, _)| (i.to_string(), v)).collect()
        }
        _ => return,
    };
    for (step, v) in inner {
        at.push(step);
        if at.last().is_some_and(|s| s.parse::<usize>().is_err()) {
            out.push(at.clone());
        }
        all_paths(v, at, out);
        at.pop();
    }
}

#[test]
fn bad_files_do_not_keep_to_it() {
    let schema = schema(&policy_schema());
    let three = file("three-colour.toml");
    let is = |text: &str| valid(&schema, &text.parse::<toml::Table>().unwrap().into());
    assert!(is(&three));
    for (from, to) in [
        ("version = 1", "version = 0"),
        ("version = 1", "version = \"1\""),
        ("colour = \"red\"", "colour = \"green\""),
        ("days = 14", "days = 400"),
        ("kind = \"arrival\"", "kind = \"visit\""),
        ("degrees = [\"close\"]", "degrees = [\"far\"]"),
        ("degrees = [\"close\"]", "degrees = []"),
        ("degrees = [\"close\"]", "from_abroad = true"),
        ("seconds = 60", "seconds = 60\nminutes = 1"),
    ] {
        assert!(three.contains(from), "{from}");
        assert!(!is(&three.replacen(from, to, 1)), "{to}");
    }
}

/// `policies/*.schema.json` are generated: `UPDATE_SCHEMA=1` writes them.
#[test]
fn the_checked_in_schemas_are_the_generated_ones() {
    for (name, text) in
        [("policy.schema.json", policy_schema()), ("cases.schema.json", cases_schema())]
    {
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(folder().join(name), &text).unwrap();
        }
        let have = std::fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(have == text, "{name} is not what `jadegate policy schema` prints");
    }
}

//! The schema says what the readers do, and the shipped files keep to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;
use crate::file::problem::Problems;
use crate::file::reader::{Asked, read_file};

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

fn forms<'s>(shape: &'s Shape, name: &str, out: &mut BTreeMap<String, &'s Key>) {
    let mut one = |prefix: &str, keys: &'s [Key]| {
        for key in keys {
            out.insert(format!("{prefix}.{}", key.name), key);
            let full =
                if name.is_empty() { key.name.to_owned() } else { format!("{name}.{}", key.name) };
            match &key.form {
                Form::Table(s) | Form::Tables(s) | Form::WordOr(_, s) => forms(s, &full, out),
                // Each table of the map has the same keys.
                Form::Map(names, s) => forms(s, &format!("{full}.{}", names[0]), out),
                _ => {}
            }
        }
    };
    one(name, &shape.keys);
    for v in shape.variants.iter().flat_map(|(_, v)| v) {
        one(&format!("{name}({})", v.name), &v.keys);
    }
}

fn words_of(form: &Form) -> Vec<String> {
    match form {
        Form::Words(w) | Form::Checked(w) | Form::WordOr(w, _) | Form::Map(w, _) => w.clone(),
        Form::ListOf(one) => words_of(one),
        _ => Vec::new(),
    }
}

/// Every word of every closed list, some that are none, and a few divisions.
pub(crate) fn all_words() -> BTreeSet<String> {
    static ALL: std::sync::LazyLock<BTreeSet<String>> = std::sync::LazyLock::new(|| {
        let mut keys = BTreeMap::new();
        let (policy, cases) =
            (crate::file::schema_policy::policy(), crate::file::schema_cases::cases());
        forms(&policy, "", &mut keys);
        forms(&cases, "", &mut keys);
        let more = ["no-such-word", "CN-13", "CN-330106", "Asia/Urumqi", ""];
        let words = keys.values().flat_map(|k| words_of(&k.form));
        words.chain(more.map(str::to_owned)).collect()
    });
    ALL.clone()
}

/// The words of all lists that a form takes.
fn accepted(form: &Form) -> Vec<String> {
    let takes = |w: &String| match form {
        Form::Words(list) | Form::WordOr(list, _) => list.contains(w),
        Form::Division => w.parse::<jadegate_domain::Division>().is_ok(),
        Form::Zone => jiff::tz::TimeZone::get(w).is_ok(),
        _ => true,
    };
    all_words().into_iter().filter(takes).collect()
}

/// How the readers must ask for a key, if the schema is right.
fn must_ask(key: &Key) -> BTreeSet<Asked> {
    let mut out = match &key.form {
        Form::Text | Form::Pattern(_) | Form::Checked(_) => BTreeSet::from([Asked::Text]),
        Form::Words(_) | Form::Division | Form::Zone => {
            BTreeSet::from([Asked::Text, Asked::Word(accepted(&key.form))])
        }
        Form::ListOf(one) => BTreeSet::from([Asked::List(accepted(one))]),
        Form::Flag => BTreeSet::from([Asked::Flag]),
        Form::Whole(r) => BTreeSet::from([Asked::Whole(*r.start(), *r.end())]),
        Form::Decimal(_) => BTreeSet::from([Asked::Decimal]),
        Form::Moment => BTreeSet::from([Asked::Moment]),
        Form::MomentOr => BTreeSet::from([Asked::Moment, Asked::Text]),
        Form::Texts => BTreeSet::from([Asked::Texts, Asked::Table]),
        Form::Table(_) | Form::Map(..) => BTreeSet::from([Asked::Table]),
        Form::Tables(_) => BTreeSet::from([Asked::Tables]),
        Form::WordOr(..) => {
            BTreeSet::from([Asked::Text, Asked::Word(accepted(&key.form)), Asked::Table])
        }
    };
    if key.required {
        out.insert(Asked::Required);
    }
    out
}

fn compare(shape: &Shape, asked: &BTreeMap<String, BTreeSet<Asked>>, maps: &[&str]) {
    let mut keys = BTreeMap::new();
    forms(shape, "", &mut keys);
    for (name, key) in &keys {
        let got = asked.get(name).unwrap_or_else(|| panic!("no reader asks for `{name}`"));
        assert_eq!(*got, must_ask(key), "`{name}`");
    }
    for name in asked.keys() {
        // Tables of a map are all alike; the first stands for them.
        let known = keys.contains_key(name) || maps.iter().any(|map| name.starts_with(map));
        assert!(known, "the schema lacks `{name}`");
    }
}

#[test]
fn the_schema_of_policies_is_what_the_reader_asks_for() {
    let mut p = Problems::new(EVERYTHING);
    crate::file::policy::read(EVERYTHING, &mut p);
    let asked = std::mem::take(&mut p.asked);
    let found = p.into_sorted();
    assert!(found.is_empty(), "{found:#?}");
    compare(
        &crate::file::schema_policy::policy(),
        &asked,
        &["contact.places.", "contact.vehicles."],
    );
}

#[test]
fn the_schema_of_cases_is_what_the_reader_asks_for() {
    let policy = crate::Policy::parse(EVERYTHING).unwrap();
    let mut p = Problems::new(EVERY_CASE);
    let mut reader = read_file(EVERY_CASE, &mut p);
    crate::file::cases::read(&mut reader, &policy, &mut p);
    reader.finish(&mut p);
    let asked = std::mem::take(&mut p.asked);
    let found = p.into_sorted();
    assert!(found.is_empty(), "{found:#?}");
    compare(&crate::file::schema_cases::cases(), &asked, &[]);
    let report = crate::run_cases(EVERYTHING, EVERY_CASE).unwrap();
    assert!(report.is_ok(), "{report}");
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

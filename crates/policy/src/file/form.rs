//! Forms: what the value of a key can be. Each form says in one place how such a value is read and
//! what its JSON Schema is, so that the two cannot differ.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::{Range, RangeInclusive};

use jadegate_domain::evidence::Temperature;
use jadegate_domain::{Division, EvidenceKind, Timestamp};
use serde_json::{Map, Value as Json, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::file::problem::Problems;
use crate::file::relative::Anchor;
use crate::file::words::{Word, is_id};
use crate::model::kinds::refers_to;

/// A value of a file and where it stands.
pub(crate) type Value<'i> = Spanned<DeValue<'i>>;

/// A JSON Schema.
pub(crate) type Schema = Map<String, Json>;

/// What the value of a key can be.
pub(crate) trait Form {
    /// What becomes of a right value.
    type Value<'i>;

    /// Reads a value; `None` after a problem that leaves nothing to go on with. A file with any
    /// problem never becomes a policy, so what stands in for a wrong value is never used.
    fn read<'i>(at: &At<'_>, value: Value<'i>, p: &mut Problems<'_>) -> Option<Self::Value<'i>>;

    /// Its JSON Schema.
    fn schema() -> Schema;

    /// Its JSON Schema where only some of its words are allowed: for the key that decides which
    /// variant of a table this is.
    fn schema_of(_words: &[&str]) -> Schema {
        Self::schema()
    }
}

/// Where a value stands, and what is needed to say what is wrong with it.
pub(crate) struct At<'r> {
    pub(crate) key: &'static str,
    /// The key with the tables it lies in: `rule.when.evidence`.
    pub(crate) path: String,
    pub(crate) key_span: Range<usize>,
    /// What a wrong word should have been, if the key says it in words of its own.
    pub(crate) wanted: Option<&'static str>,
    /// What relative moments are relative to, if anything.
    pub(crate) anchor: Option<&'r Anchor>,
}

impl At<'_> {
    /// Notes that a value is not even of the right type.
    pub(crate) fn wrong_type(&self, v: &Value<'_>, wanted: &str, p: &mut Problems<'_>) {
        let message = format!("`{}` is {}; it must be {wanted}", self.path, v.get_ref().type_str());
        p.add(&v.span(), "wrong_type", message);
    }

    /// The text it must be.
    fn text<'v>(&self, v: &'v Value<'_>, p: &mut Problems<'_>) -> Option<&'v str> {
        let Some(s) = v.get_ref().as_str() else {
            self.wrong_type(v, "a text", p);
            return None;
        };
        if s.trim().is_empty() {
            p.add(&v.span(), "empty", format!("`{}` is empty", self.path));
        }
        Some(s)
    }

    /// The table it must be, and where it stands.
    pub(crate) fn table<'i>(
        &self,
        v: Value<'i>,
        p: &mut Problems<'_>,
    ) -> Option<(Range<usize>, DeTable<'i>)> {
        if !v.get_ref().is_table() {
            self.wrong_type(&v, "a table", p);
            return None;
        }
        let span = v.span();
        let DeValue::Table(table) = v.into_inner() else { return None };
        Some((span, table))
    }

    /// What a wrong word should have been.
    fn wanted<T: Word>(&self) -> String {
        self.wanted.map_or_else(T::wanted, str::to_owned)
    }
}

/// A text of any content.
pub(crate) struct Text;

impl Form for Text {
    type Value<'i> = Spanned<String>;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<Spanned<String>> {
        let text = at.text(&value, p)?.to_owned();
        Some(Spanned::new(value.span(), text))
    }

    fn schema() -> Schema {
        object(json!({ "type": "string", "minLength": 1 }))
    }
}

/// An id: what assessments, URLs and file names carry.
pub(crate) struct Id;

impl Form for Id {
    type Value<'i> = String;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<String> {
        let id = at.text(&value, p)?;
        if !id.is_empty() && !is_id(id) {
            let message =
                "an id is made of lower-case letters, digits and dashes, like `close-contact`";
            p.add(&value.span(), "bad_id", message);
        }
        Some(id.to_owned())
    }

    fn schema() -> Schema {
        pattern("^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$")
    }
}

/// A country, as a division without a path.
pub(crate) struct Country;

impl Form for Country {
    type Value<'i> = Division;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<Division> {
        let text = at.text(&value, p)?;
        let country = text.parse::<Division>().ok().filter(|d| d.path().is_empty());
        if country.is_none() && !text.is_empty() {
            let message = "`country` must be two capital letters, like CN";
            p.add(&at.key_span, "bad_value", message);
        }
        country
    }

    fn schema() -> Schema {
        pattern("^[A-Z]{2}$")
    }
}

/// What a kind of evidence refers to. Any text is read; which of them is right depends on the kind.
pub(crate) struct RefersTo;

impl Form for RefersTo {
    type Value<'i> = Spanned<String>;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<Spanned<String>> {
        Text::read(at, value, p)
    }

    fn schema() -> Schema {
        let mut words: Vec<&str> = EvidenceKind::ALL.iter().map(|kind| refers_to(*kind)).collect();
        words.dedup();
        object(json!({ "enum": words }))
    }
}

/// One word of a closed list, or a value that is written as one word.
pub(crate) struct One<T>(PhantomData<T>);

impl<T: Word> Form for One<T> {
    type Value<'i> = T;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<T> {
        let word = at.text(&value, p)?;
        let parsed = word.parse().ok();
        if parsed.is_none() {
            let wanted = at.wanted::<T>();
            let message = format!("`{}` is `{word}`; it must be {wanted}", at.path);
            p.add(&value.span(), "bad_value", message);
        }
        parsed
    }

    fn schema() -> Schema {
        object(T::schema())
    }

    fn schema_of(words: &[&str]) -> Schema {
        object(json!({ "enum": words }))
    }
}

/// A list of such words; one alone may stand without brackets.
pub(crate) struct List<T>(PhantomData<T>);

impl<T: Word> Form for List<T> {
    type Value<'i> = Vec<T>;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<Vec<T>> {
        let items = items(at, value, p);
        let mut out = Vec::with_capacity(items.len());
        for (span, word) in items {
            if let Ok(one) = word.parse() {
                out.push(one);
            } else {
                let wanted = at.wanted::<T>();
                let message = format!("`{}` holds `{word}`; each must be {wanted}", at.path);
                p.add(&span, "bad_value", message);
            }
        }
        Some(out)
    }

    fn schema() -> Schema {
        list_of(&object(T::schema()))
    }

    fn schema_of(words: &[&str]) -> Schema {
        list_of(&object(json!({ "enum": words })))
    }
}

/// The words of a list, each with where it stands.
fn items(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Vec<(Range<usize>, String)> {
    let span = value.span();
    let items = match value.into_inner() {
        DeValue::Array(items) => items.into_iter().collect(),
        single => vec![Spanned::new(span.clone(), single)],
    };
    if items.is_empty() {
        p.add(&span, "empty", format!("`{}` is empty; leave it out instead", at.path));
    }
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match item.get_ref().as_str() {
            Some(word) => out.push((item.span(), word.to_owned())),
            None => at.wrong_type(&item, "a list of texts", p),
        }
    }
    out
}

/// A whole number from `LOW` to `HIGH`.
pub(crate) struct Whole<const LOW: u32, const HIGH: u32>;

impl<const LOW: u32, const HIGH: u32> Form for Whole<LOW, HIGH> {
    type Value<'i> = u32;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<u32> {
        whole(at, &value, LOW..=HIGH, p)
    }

    fn schema() -> Schema {
        object(json!({ "type": "integer", "minimum": LOW, "maximum": HIGH }))
    }
}

/// A whole number of thousandths from `LOW` to `HIGH`.
pub(crate) struct Thousandths<const LOW: i32, const HIGH: i32>;

impl<const LOW: i32, const HIGH: i32> Form for Thousandths<LOW, HIGH> {
    type Value<'i> = i32;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<i32> {
        let wanted = format!("a whole number of thousandths from {LOW} to {HIGH}");
        let Some(n) = value.get_ref().as_integer() else {
            at.wrong_type(&value, &wanted, p);
            return None;
        };
        let parsed = i32::from_str_radix(n.as_str(), n.radix()).ok();
        let parsed = parsed.filter(|n| (LOW..=HIGH).contains(n));
        if parsed.is_none() {
            let message = format!("`{}` is {}; it must be {wanted}", at.path, n.as_str());
            p.add(&value.span(), "out_of_range", message);
        }
        parsed
    }

    fn schema() -> Schema {
        object(json!({ "type": "integer", "minimum": LOW, "maximum": HIGH }))
    }
}

fn whole(
    at: &At<'_>,
    value: &Value<'_>,
    range: RangeInclusive<u32>,
    p: &mut Problems<'_>,
) -> Option<u32> {
    let wanted = format!("a whole number from {} to {}", range.start(), range.end());
    let Some(n) = value.get_ref().as_integer() else {
        at.wrong_type(value, &wanted, p);
        return None;
    };
    let parsed = u32::from_str_radix(n.as_str(), n.radix()).ok().filter(|n| range.contains(n));
    if parsed.is_none() {
        let message = format!("`{}` is {}; it must be {wanted}", at.path, n.as_str());
        p.add(&value.span(), "out_of_range", message);
    }
    parsed
}

/// A temperature in degrees Celsius, with or without a fraction.
pub(crate) struct Degrees;

impl Form for Degrees {
    type Value<'i> = Temperature;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<Temperature> {
        let number = match value.get_ref() {
            DeValue::Float(f) => f.as_str(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
            _ => {
                at.wrong_type(&value, "a number", p);
                return None;
            }
        };
        let parsed = Temperature::try_from(number.parse::<f64>().ok()?).ok();
        if parsed.is_none() {
            let message = format!("`{}` must be from 34.0 to 43.0", at.key);
            p.add(&at.key_span, "out_of_range", message);
        }
        parsed
    }

    fn schema() -> Schema {
        object(json!({ "type": "number", "minimum": 34.0, "maximum": 43.0 }))
    }
}

/// A truth value.
pub(crate) struct Flag;

impl Form for Flag {
    type Value<'i> = bool;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<bool> {
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            at.wrong_type(&value, "true or false", p);
        }
        flag
    }

    fn schema() -> Schema {
        object(json!({ "type": "boolean" }))
    }
}

/// A moment with its offset (`2022-03-01T08:00:00+08:00`), or one relative to another.
pub(crate) struct Moment;

impl Form for Moment {
    type Value<'i> = Timestamp;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<Timestamp> {
        let parsed = match value.get_ref() {
            DeValue::Datetime(d) => d.to_string().parse().ok(),
            DeValue::String(s) => {
                let relative = || at.anchor.and_then(|a| a.read(s));
                s.parse().ok().or_else(relative)
            }
            _ => None,
        };
        if parsed.is_none() {
            let relative = at.anchor.map_or("", |_| " or +14d or +15d 00:00");
            let wanted = format!("a moment like 2022-03-01T08:00:00+08:00{relative}");
            at.wrong_type(&value, &wanted, p);
        }
        parsed
    }

    fn schema() -> Schema {
        // Editors turn a TOML moment into a text before they look into the schema.
        object(json!({ "type": "string" }))
    }
}

/// A moment, or `never`.
pub(crate) struct MomentOrNever;

impl Form for MomentOrNever {
    type Value<'i> = Option<Timestamp>;

    fn read(at: &At<'_>, value: Value<'_>, p: &mut Problems<'_>) -> Option<Option<Timestamp>> {
        match value.get_ref().as_str() {
            Some("never") => Some(None),
            _ => Moment::read(at, value, p).map(Some),
        }
    }

    fn schema() -> Schema {
        Moment::schema()
    }
}

/// A text in languages; `en` and `zh` must be among them.
pub(crate) struct Texts;

impl Form for Texts {
    type Value<'i> = BTreeMap<String, String>;

    fn read(
        at: &At<'_>,
        value: Value<'_>,
        p: &mut Problems<'_>,
    ) -> Option<BTreeMap<String, String>> {
        let path = &at.path;
        let (span, table) = at.table(value, p)?;
        for lang in ["en", "zh"] {
            if !table.contains_key(lang) {
                p.add(&span, "missing_key", format!("`{path}.{lang}` is missing"));
            }
        }
        let mut out = BTreeMap::new();
        for (lang, v) in table {
            match v.get_ref().as_str() {
                Some(s) if !s.trim().is_empty() && is_language(lang.get_ref()) => {
                    out.insert(lang.get_ref().to_string(), s.to_owned());
                }
                _ => {
                    let lang_path = format!("{path}.{}", lang.get_ref());
                    let message = format!("`{lang_path}` must be a language tag and a text");
                    p.add(&lang.span(), "bad_value", message);
                }
            }
        }
        Some(out)
    }

    fn schema() -> Schema {
        object(json!({
            "type": "object",
            "required": ["en", "zh"],
            "propertyNames": { "pattern": "^[A-Za-z0-9-]{2,8}$" },
            "additionalProperties": { "type": "string", "minLength": 1 },
        }))
    }
}

fn is_language(tag: &str) -> bool {
    (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn pattern(pattern: &str) -> Schema {
    object(json!({ "type": "string", "pattern": pattern }))
}

fn list_of(one: &Schema) -> Schema {
    object(json!({ "anyOf": [one, { "type": "array", "minItems": 1, "items": one }] }))
}

/// A JSON object as a schema.
pub(crate) fn object(json: Json) -> Schema {
    match json {
        Json::Object(map) => map,
        _ => Schema::new(),
    }
}

//! Forms that hold tables: one, several, one for each of some names, or a word instead of one.

use std::marker::PhantomData;
use std::ops::Range;

use serde_json::{Value as Json, json};
use toml::de::{DeTable, DeValue};

use crate::file::form::{At, Form, One, Schema, Value, object};
use crate::file::key::Table;
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::words::{Named, Word};

/// A table with the keys of `T`.
pub(crate) struct Inner<T>(PhantomData<T>);

impl<T: Table> Form for Inner<T> {
    type Value<'i> = Reader<'i, T>;

    fn read<'i>(at: &At<'_>, value: Value<'i>, p: &mut Problems<'_>) -> Option<Reader<'i, T>> {
        let (span, table) = at.table(value, p)?;
        Some(inner(at, at.path.clone(), span, table))
    }

    fn schema() -> Schema {
        T::schema()
    }
}

fn inner<'i, T>(
    at: &At<'_>,
    name: String,
    span: Range<usize>,
    table: DeTable<'i>,
) -> Reader<'i, T> {
    Reader::new(name, span, table, at.anchor.cloned())
}

/// The tables of a list, each with where it stands.
fn tables<'i>(
    at: &At<'_>,
    value: Value<'i>,
    p: &mut Problems<'_>,
) -> Option<Vec<(Range<usize>, DeTable<'i>)>> {
    if !value.get_ref().is_array() {
        at.wrong_type(&value, "a list of tables", p);
        return None;
    }
    let DeValue::Array(items) = value.into_inner() else { return None };
    let mut out = Vec::new();
    for item in items {
        if !item.get_ref().is_table() {
            at.wrong_type(&item, "a list of tables", p);
            continue;
        }
        let span = item.span();
        if let DeValue::Table(table) = item.into_inner() {
            out.push((span, table));
        }
    }
    Some(out)
}

/// A list of tables with the keys of `T`.
pub(crate) struct Tables<T>(PhantomData<T>);

impl<T: Table> Form for Tables<T> {
    type Value<'i> = Vec<Reader<'i, T>>;

    fn read<'i>(at: &At<'_>, value: Value<'i>, p: &mut Problems<'_>) -> Option<Vec<Reader<'i, T>>> {
        let tables = tables(at, value, p)?.into_iter();
        Some(tables.map(|(span, t)| inner(at, at.path.clone(), span, t)).collect())
    }

    fn schema() -> Schema {
        object(json!({ "type": "array", "items": T::schema() }))
    }
}

/// A table with one table for each of some names.
pub(crate) struct Each<N, T>(PhantomData<(N, T)>);

impl<N: Named, T: Table> Form for Each<N, T> {
    /// The tables, each with its name unless that is none of those known.
    type Value<'i> = Vec<(Option<N>, Reader<'i, T>)>;

    fn read<'i>(at: &At<'_>, value: Value<'i>, p: &mut Problems<'_>) -> Option<Self::Value<'i>> {
        let (_, tables) = at.table(value, p)?;
        let mut out = Vec::new();
        for (name, v) in tables {
            let path = format!("{}.{}", at.path, name.get_ref());
            let span = v.span();
            let DeValue::Table(table) = v.into_inner() else {
                p.add(&name.span(), "wrong_type", format!("`{path}` must be a table"));
                continue;
            };
            let known = name.get_ref().parse::<N>().ok();
            if known.is_none() {
                let (what, names) = (N::WHAT, N::names().join(", "));
                let message = format!("`{}` is no {what}; one of {names}", name.get_ref());
                p.add(&name.span(), "bad_value", message);
            }
            out.push((known, inner(at, path, span, table)));
        }
        Some(out)
    }

    fn schema() -> Schema {
        let each = N::names().into_iter().map(|name| (name, Json::Object(T::schema())));
        object(json!({
            "type": "object",
            "additionalProperties": false,
            "properties": each.collect::<Schema>(),
        }))
    }
}

/// A word, or a table that says more.
pub(crate) struct OneOr<W, T>(PhantomData<(W, T)>);

/// What an [`OneOr`] holds.
pub(crate) enum Said<'i, W, T> {
    /// Only the word.
    Word(W),
    /// A table.
    Table(Reader<'i, T>),
}

impl<W: Word, T: Table> Form for OneOr<W, T> {
    type Value<'i> = Said<'i, W, T>;

    fn read<'i>(at: &At<'_>, value: Value<'i>, p: &mut Problems<'_>) -> Option<Said<'i, W, T>> {
        if value.get_ref().is_table() {
            Inner::read(at, value, p).map(Said::Table)
        } else {
            One::read(at, value, p).map(Said::Word)
        }
    }

    fn schema() -> Schema {
        object(json!({ "anyOf": [W::schema(), T::schema()] }))
    }
}

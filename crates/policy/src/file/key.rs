//! Tables of keys: what a table of a file can hold is said once, and both the reader and the JSON
//! Schema come from it.
//!
//! ```text
//! keys! {
//!     /// `[freshness]`
//!     Freshness {
//!         /// A live code is valid so long after it was made.
//!         must seconds: Whole<10, 3600>,
//!     }
//! }
//! ```
//! declares the table `Freshness` with one key: `must` be there or `may`, its name, its form with
//! its bounds, and what it means, which becomes its description in the schema. After the form may
//! follow `= "..."`: what somebody who writes a wrong word there is told to write instead.
//!
//! The key is then `Freshness::seconds`, and only a reader of that table can be asked for it; what
//! it gives is what the form reads. A key of the table that nobody asks for is a key that no file
//! may hold: the test with a file that holds every key finds it.
//!
//! `Table with Part { .. }` also has the keys of `Part`. `Table { .. } by key { "word" => Variant }`
//! has other keys besides, which depend on the word of one of its keys.

use std::marker::PhantomData;

use serde_json::{Value as Json, json};

use crate::file::form::{Form, Schema, object};

/// A key of the table `T` that holds an `F`.
pub(crate) struct Key<T, F> {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) wanted: Option<&'static str>,
    of: PhantomData<fn() -> (T, F)>,
}

impl<T, F> Clone for Key<T, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, F> Copy for Key<T, F> {}

impl<T, F> Key<T, F> {
    /// A key that must be there.
    pub(crate) const fn must(name: &'static str, wanted: Option<&'static str>) -> Self {
        Self { name, required: true, wanted, of: PhantomData }
    }

    /// A key that may be missing.
    pub(crate) const fn may(name: &'static str, wanted: Option<&'static str>) -> Self {
        Self { name, required: false, wanted, of: PhantomData }
    }
}

/// What a table of a file can hold.
pub(crate) trait Table {
    /// Its keys.
    fn keys() -> Vec<Described>;

    /// The keys that depend on the word of one of them, if any do.
    fn variants() -> Option<Variants> {
        None
    }

    /// Its JSON Schema.
    fn schema() -> Schema {
        let Some(variants) = Self::variants() else { return table_of(&Self::keys()) };
        let one = |(words, keys): &(Vec<&str>, Vec<Described>)| {
            let narrowed = |k: Described| {
                let decides = k.name == variants.by;
                if decides { Described { schema: (k.schema_of)(words), ..k } } else { k }
            };
            let common = Self::keys().into_iter().map(narrowed);
            Json::Object(table_of(&common.chain(keys.iter().cloned()).collect::<Vec<_>>()))
        };
        let all: Vec<Json> = variants.each.iter().map(one).collect();
        object(json!({ "anyOf": all }))
    }
}

/// A table that has the keys of `K`, its own or those of a part.
pub(crate) trait Has<K> {}

impl<T> Has<T> for T {}

/// A variant of the table `T`.
pub(crate) trait VariantOf<T>: Table {}

/// A key as the schema shows it.
#[derive(Clone)]
pub(crate) struct Described {
    name: &'static str,
    required: bool,
    doc: &'static str,
    schema: Schema,
    schema_of: fn(&[&str]) -> Schema,
}

impl Described {
    pub(crate) fn new<T, F: Form>(key: Key<T, F>, doc: &'static str) -> Self {
        let (name, required) = (key.name, key.required);
        Self { name, required, doc: doc.trim(), schema: F::schema(), schema_of: F::schema_of }
    }
}

/// The variants of a table.
pub(crate) struct Variants {
    /// The key that decides.
    pub(crate) by: &'static str,
    /// The words that choose a variant, and the keys it adds.
    pub(crate) each: Vec<(Vec<&'static str>, Vec<Described>)>,
}

fn table_of(keys: &[Described]) -> Schema {
    let property = |k: &Described| {
        let mut schema = k.schema.clone();
        schema.insert("description".to_owned(), json!(k.doc));
        (k.name.to_owned(), Json::Object(schema))
    };
    let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    let mut out = object(json!({
        "type": "object",
        "additionalProperties": false,
        "properties": keys.iter().map(property).collect::<Schema>(),
    }));
    if !required.is_empty() {
        out.insert("required".to_owned(), json!(required));
    }
    out
}

/// Declares tables of keys; see the module.
macro_rules! keys {
    ($(
        $(#[doc = $about:literal])+
        $table:ident $(with $part:ident)? {
            $(
                $(#[doc = $doc:literal])+
                $need:ident $key:ident: $form:ty $(= $wanted:expr)?,
            )+
        } $(by $decides:ident { $($($word:literal)|+ => $variant:ident,)+ })?
    )+) => {$(
        $(#[doc = $about])+
        pub(crate) struct $table;

        #[expect(non_upper_case_globals, reason = "they are named like the keys of the file")]
        impl $table {
            $(
                pub(crate) const $key: $crate::file::key::Key<Self, $form> =
                    $crate::file::key::Key::$need(
                        stringify!($key),
                        $crate::file::key::keys!(@wanted $($wanted)?),
                    );
            )+
        }

        impl $crate::file::key::Table for $table {
            fn keys() -> Vec<$crate::file::key::Described> {
                let own = [$(
                    $crate::file::key::Described::new(Self::$key, concat!($($doc),+)),
                )+];
                own.into_iter()$(.chain(<$part as $crate::file::key::Table>::keys()))?.collect()
            }

            $(
                fn variants() -> Option<$crate::file::key::Variants> {
                    let each = vec![$((
                        vec![$($word),+],
                        <$variant as $crate::file::key::Table>::keys(),
                    ),)+];
                    Some($crate::file::key::Variants { by: stringify!($decides), each })
                }
            )?
        }

        $(impl $crate::file::key::Has<$part> for $table {})?
        $($(impl $crate::file::key::VariantOf<$table> for $variant {})+)?
    )+};
    (@wanted) => { None };
    (@wanted $wanted:expr) => { Some($wanted) };
}
pub(crate) use keys;

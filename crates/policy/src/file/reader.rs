//! Reading TOML by hand, so that every problem of a file is found in one go.
//!
//! `serde` stops at the first error. Here each key is taken out of its table by the code that
//! understands it; a value of a wrong type is noted and replaced by a harmless one, and whatever
//! is left in the table at the end is an unknown key. A file with any problem never becomes a
//! policy, so the replacements are never used.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Range;

use toml::de::DeTable;

use crate::file::form::{At, Form, Value};
use crate::file::key::{Has, Key, VariantOf};
use crate::file::problem::{Problem, Problems};
use crate::file::relative::Anchor;

/// A table of a file being read, as one of the table `T` of keys: they are taken out one by one.
pub(crate) struct Reader<'i, T> {
    state: State<'i>,
    of: PhantomData<fn() -> T>,
}

#[derive(Default)]
struct State<'i> {
    /// Name for messages (`rule`, `contact`), empty for the whole file.
    name: String,
    /// Where the table stands.
    span: Range<usize>,
    entries: BTreeMap<String, (Range<usize>, Value<'i>)>,
    /// Keys asked for, to suggest when a key is unknown.
    known: Vec<&'static str>,
    /// What relative moments are relative to, if anything.
    anchor: Option<Anchor>,
}

/// A whole file as a reader; syntax errors are noted and what could be read is returned.
pub(crate) fn read_file<'i, T>(text: &'i str, problems: &mut Problems<'_>) -> Reader<'i, T> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for e in errors {
        problems.add(&e.span().unwrap_or(0..0), "syntax", e.message().to_owned());
    }
    Reader::new(String::new(), 0..0, table.into_inner(), None)
}

impl<'i> State<'i> {
    fn new(name: String, span: Range<usize>, table: DeTable<'i>, anchor: Option<Anchor>) -> Self {
        let entries =
            table.into_iter().map(|(k, v)| (k.get_ref().to_string(), (k.span(), v))).collect();
        Self { name, span, entries, known: Vec::new(), anchor }
    }

    /// The value of a key, its place and its full name; what is missing and must not be is noted.
    fn take(
        &mut self,
        key: &'static str,
        required: bool,
        p: &mut Problems<'_>,
    ) -> Option<(String, Range<usize>, Value<'i>)> {
        let path = full(&self.name, key);
        self.known.push(key);
        let entry = self.entries.remove(key);
        if entry.is_none() && required {
            p.add(&self.span, "missing_key", format!("`{path}` is missing"));
        }
        entry.map(|(span, value)| (path, span, value))
    }

    fn finish(&self, p: &mut Problems<'_>) {
        for (key, (span, _)) in &self.entries {
            let near = nearest(key, &self.known).map_or_else(
                || format!("known here: {}", self.known.join(", ")),
                |k| format!("did you mean `{k}`?"),
            );
            let message = format!("`{}` is not a known key; {near}", full(&self.name, key));
            p.add(span, "unknown_key", message);
        }
    }
}

// What is the same for every table is done by `State`: the holder's device gets it only once.
impl<'i, T> Reader<'i, T> {
    /// A table of this name, which stands there.
    pub(crate) fn new(
        name: String,
        span: Range<usize>,
        table: DeTable<'i>,
        anchor: Option<Anchor>,
    ) -> Self {
        Self { state: State::new(name, span, table, anchor), of: PhantomData }
    }

    /// From here on moments can be told from this one.
    pub(crate) fn anchor(&mut self, anchor: Anchor) {
        self.state.anchor = Some(anchor);
    }

    /// Where the table stands.
    pub(crate) const fn span(&self) -> &Range<usize> {
        &self.state.span
    }

    /// Where the key stands, or the table if it is not there.
    pub(crate) fn span_of<K, F>(&self, key: Key<K, F>) -> Range<usize> {
        let entry = self.state.entries.get(key.name);
        entry.map_or_else(|| self.state.span.clone(), |(span, _)| span.clone())
    }

    /// Is the key there (and not yet taken)?
    pub(crate) fn has<K, F>(&self, key: Key<K, F>) -> bool {
        self.state.entries.contains_key(key.name)
    }

    /// What the key holds; `None` if it is not there or wrong, which is noted unless it may be
    /// missing and is.
    pub(crate) fn take<K, F: Form>(
        &mut self,
        key: Key<K, F>,
        p: &mut Problems<'_>,
    ) -> Option<F::Value<'i>>
    where
        T: Has<K>,
    {
        let (path, key_span, value) = self.state.take(key.name, key.required, p)?;
        let (key, wanted, anchor) = (key.name, key.wanted, self.state.anchor.as_ref());
        F::read(&At { key, path, key_span, wanted, anchor }, value, p)
    }

    /// The same table as one of its variants, which has other keys.
    pub(crate) fn as_variant<V: VariantOf<T>, R>(
        &mut self,
        read: impl FnOnce(&mut Reader<'i, V>) -> R,
    ) -> R {
        let mut variant = Reader { state: std::mem::take(&mut self.state), of: PhantomData };
        let out = read(&mut variant);
        self.state = variant.state;
        out
    }

    /// Every key must have been taken by now.
    pub(crate) fn finish(self, p: &mut Problems<'_>) {
        self.state.finish(p);
    }
}

/// A key with the tables it lies in.
fn full(table: &str, key: &str) -> String {
    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
}

/// The known key nearest to a mistyped one, if it is near at all.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    known.iter().copied().map(|k| (distance(key, k), k)).filter(|(d, _)| *d <= 2).min().map(|x| x.1)
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let next = (diagonal + usize::from(ca != *cb)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    row[b.len()]
}

/// The problems found, or the value if there are none.
pub(crate) fn conclude<T>(value: Option<T>, problems: Problems<'_>) -> Result<T, Vec<Problem>> {
    let found = problems.into_sorted();
    match value {
        Some(v) if found.is_empty() => Ok(v),
        _ => Err(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::form::{Text, Whole};
    use crate::file::key::keys;

    keys! {
        /// A small file.
        Small {
            /// Its id.
            must id: Text,
            /// Its version.
            may version: Whole<1, 9>,
        }
    }

    #[test]
    fn a_mistyped_key_is_named_with_its_place_and_the_right_one() {
        let text = "id = 1\nverion = 2\n";
        let mut p = Problems::new(text);
        let mut r = read_file::<Small>(text, &mut p);
        let _ = r.take(Small::id, &mut p);
        let _ = r.take(Small::version, &mut p);
        r.finish(&mut p);
        let found = p.into_sorted();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].line, found[0].column, found[0].code), (1, 6, "wrong_type"));
        assert_eq!((found[1].line, found[1].column, found[1].code), (2, 1, "unknown_key"));
        assert!(found[1].message.contains("`version`"), "{}", found[1].message);
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("日数", "日"), 1);
    }
}

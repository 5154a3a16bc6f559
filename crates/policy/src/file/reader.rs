//! Reading TOML by hand, so that every problem of a file is found in one go.
//!
//! `serde` stops at the first error. Here each key is taken out of its table by the code that
//! understands it; a value of a wrong type is noted and replaced by a harmless one, and whatever
//! is left in the table at the end is an unknown key. A file with any problem never becomes a
//! policy, so the replacements are never used.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use jadegate_domain::Timestamp;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::file::problem::{Problem, Problems};
use crate::file::relative::Anchor;

/// A value and where it stands.
type Value<'i> = Spanned<DeValue<'i>>;

/// A table being read: keys are taken out one by one.
pub(crate) struct Reader<'i> {
    /// Name for messages (`rule`, `contact`), empty for the whole file.
    name: String,
    /// Where the table stands.
    pub(crate) span: Range<usize>,
    entries: BTreeMap<String, (Range<usize>, Value<'i>)>,
    /// Keys asked for, to suggest when a key is unknown.
    known: Vec<&'static str>,
    /// What relative moments are relative to, if anything.
    anchor: Option<Anchor>,
    /// Which variant of the table this is, once that is known.
    #[cfg(test)]
    variant: Option<&'static str>,
}

/// A whole file as a reader; syntax errors are noted and what could be read is returned.
pub(crate) fn read_file<'i>(text: &'i str, problems: &mut Problems<'_>) -> Reader<'i> {
    let (table, errors) = DeTable::parse_recoverable(text);
    for e in errors {
        problems.add(&e.span().unwrap_or(0..0), "syntax", e.message().to_owned());
    }
    Reader::new(String::new(), 0..0, table.into_inner())
}

impl<'i> Reader<'i> {
    fn new(name: String, span: Range<usize>, table: DeTable<'i>) -> Self {
        let entries =
            table.into_iter().map(|(k, v)| (k.get_ref().to_string(), (k.span(), v))).collect();
        Self {
            name,
            span,
            entries,
            known: Vec::new(),
            anchor: None,
            #[cfg(test)]
            variant: None,
        }
    }

    /// A table inside this one.
    fn inner(&self, name: String, span: Range<usize>, table: DeTable<'i>) -> Self {
        Self { anchor: self.anchor.clone(), ..Self::new(name, span, table) }
    }

    /// From here on moments can be told from this one.
    pub(crate) fn anchor(&mut self, anchor: Anchor) {
        self.anchor = Some(anchor);
    }

    /// The keys of this table depend on what it is; from here on it is this.
    #[cfg(test)]
    pub(crate) const fn is_a(&mut self, variant: &'static str) {
        self.variant = Some(variant);
    }

    /// Only the test of the schema wants to know.
    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "see above")]
    pub(crate) const fn is_a(&mut self, _: &'static str) {}

    /// Notes what was asked for; a test compares it with the schema.
    #[cfg(test)]
    fn note(&self, key: &'static str, asked: Asked, p: &mut Problems<'_>) {
        let variant = self.variant.map_or_else(String::new, |v| format!("({v})"));
        p.asked.entry(format!("{}{variant}.{key}", self.name)).or_default().insert(asked);
    }

    #[cfg(test)]
    fn note_required(&self, key: &'static str, p: &mut Problems<'_>) {
        self.note(key, Asked::Required, p);
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "for the test of the schema")]
    const fn note_required(&self, _: &'static str, _: &mut Problems<'_>) {}

    fn full(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn take(&mut self, key: &'static str) -> Option<Value<'i>> {
        self.known.push(key);
        self.entries.remove(key).map(|(_, v)| v)
    }

    /// Is the key there (and not yet taken)?
    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Does the key hold a table?
    pub(crate) fn is_table(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|(_, v)| v.get_ref().is_table())
    }

    /// Does the key hold this very text?
    pub(crate) fn is_text(&self, key: &str, text: &str) -> bool {
        self.entries.get(key).is_some_and(|(_, v)| v.get_ref().as_str() == Some(text))
    }

    /// Where the key stands, or the table if it is not there.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        self.entries.get(key).map_or_else(|| self.span.clone(), |(s, _)| s.clone())
    }

    fn wrong(&self, key: &str, v: &Value<'_>, wanted: &str, p: &mut Problems<'_>) {
        let message =
            format!("`{}` is {}; it must be {wanted}", self.full(key), v.get_ref().type_str());
        p.add(&v.span(), "wrong_type", message);
    }

    /// The key must be there.
    fn require(&self, key: &'static str, p: &mut Problems<'_>) {
        self.note_required(key, p);
        if !self.has(key) {
            self.missing(key, p);
        }
    }

    fn missing(&self, key: &str, p: &mut Problems<'_>) {
        p.add(&self.span, "missing_key", format!("`{}` is missing", self.full(key)));
    }

    /// A text.
    pub(crate) fn text(
        &mut self,
        key: &'static str,
        p: &mut Problems<'_>,
    ) -> Option<Spanned<String>> {
        #[cfg(test)]
        self.note(key, Asked::Text, p);
        let v = self.take(key)?;
        let Some(s) = v.get_ref().as_str() else {
            self.wrong(key, &v, "a text", p);
            return None;
        };
        if s.trim().is_empty() {
            p.add(&v.span(), "empty", format!("`{}` is empty", self.full(key)));
        }
        Some(Spanned::new(v.span(), s.to_owned()))
    }

    /// A text that must be there.
    pub(crate) fn required_text(
        &mut self,
        key: &'static str,
        p: &mut Problems<'_>,
    ) -> Spanned<String> {
        self.require(key, p);
        let span = self.span_of(key);
        self.text(key, p).unwrap_or_else(|| Spanned::new(span, String::new()))
    }

    /// A text that reads as one of a closed list or as a value of its own form.
    pub(crate) fn parsed<T: FromStr>(
        &mut self,
        key: &'static str,
        wanted: &str,
        p: &mut Problems<'_>,
    ) -> Option<T> {
        #[cfg(test)]
        self.note(key, Asked::word::<T>(), p);
        let s = self.text(key, p)?;
        let parsed = s.get_ref().parse().ok();
        if parsed.is_none() {
            let message = format!("`{}` is `{}`; it must be {wanted}", self.full(key), s.get_ref());
            p.add(&s.span(), "bad_value", message);
        }
        parsed
    }

    /// As [`Self::parsed`], and it must be there.
    pub(crate) fn required<T: FromStr>(
        &mut self,
        key: &'static str,
        wanted: &str,
        p: &mut Problems<'_>,
    ) -> Option<T> {
        self.require(key, p);
        self.parsed(key, wanted, p)
    }

    /// A whole number within a range.
    pub(crate) fn number(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        p: &mut Problems<'_>,
    ) -> Option<u32> {
        #[cfg(test)]
        self.note(key, Asked::Whole(*range.start(), *range.end()), p);
        let v = self.take(key)?;
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let Some(n) = v.get_ref().as_integer() else {
            self.wrong(key, &v, &wanted, p);
            return None;
        };
        let parsed = u32::from_str_radix(n.as_str(), n.radix()).ok().filter(|n| range.contains(n));
        if parsed.is_none() {
            let message = format!("`{}` is {}; it must be {wanted}", self.full(key), n.as_str());
            p.add(&v.span(), "out_of_range", message);
        }
        parsed
    }

    /// As [`Self::number`], and it must be there.
    pub(crate) fn required_number(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<u32>,
        p: &mut Problems<'_>,
    ) -> u32 {
        self.require(key, p);
        let low = *range.start();
        self.number(key, range, p).unwrap_or(low)
    }

    /// A number with or without a fraction.
    pub(crate) fn decimal(&mut self, key: &'static str, p: &mut Problems<'_>) -> Option<f64> {
        #[cfg(test)]
        self.note(key, Asked::Decimal, p);
        let v = self.take(key)?;
        let text = match v.get_ref() {
            DeValue::Float(f) => f.as_str(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
            _ => {
                self.wrong(key, &v, "a number", p);
                return None;
            }
        };
        text.parse().ok()
    }

    /// A truth value.
    pub(crate) fn flag(&mut self, key: &'static str, p: &mut Problems<'_>) -> Option<bool> {
        #[cfg(test)]
        self.note(key, Asked::Flag, p);
        let v = self.take(key)?;
        let b = v.get_ref().as_bool();
        if b.is_none() {
            self.wrong(key, &v, "true or false", p);
        }
        b
    }

    /// A moment with its offset (`2022-03-01T08:00:00+08:00`).
    pub(crate) fn moment(&mut self, key: &'static str, p: &mut Problems<'_>) -> Option<Timestamp> {
        #[cfg(test)]
        self.note(key, Asked::Moment, p);
        let v = self.take(key)?;
        let parsed = match v.get_ref() {
            DeValue::Datetime(d) => d.to_string().parse().ok(),
            DeValue::String(s) => {
                let relative = || self.anchor.as_ref().and_then(|a| a.read(s));
                s.parse().ok().or_else(relative)
            }
            _ => None,
        };
        if parsed.is_none() {
            let relative = self.anchor.as_ref().map_or("", |_| " or +14d or +15d 00:00");
            let wanted = format!("a moment like 2022-03-01T08:00:00+08:00{relative}");
            self.wrong(key, &v, &wanted, p);
        }
        parsed
    }

    /// As [`Self::moment`], and it must be there.
    pub(crate) fn required_moment(
        &mut self,
        key: &'static str,
        p: &mut Problems<'_>,
    ) -> Option<Timestamp> {
        self.require(key, p);
        self.moment(key, p)
    }

    /// A list of texts of a closed list; a single text stands for a list of one.
    pub(crate) fn list<T: FromStr>(
        &mut self,
        key: &'static str,
        wanted: &str,
        p: &mut Problems<'_>,
    ) -> Option<Vec<T>> {
        #[cfg(test)]
        self.note(key, Asked::list::<T>(), p);
        let v = self.take(key)?;
        let span = v.span();
        let items: Vec<Value<'i>> = match v.into_inner() {
            DeValue::Array(a) => a.into_iter().collect(),
            single => vec![Spanned::new(span.clone(), single)],
        };
        if items.is_empty() {
            p.add(&span, "empty", format!("`{}` is empty; leave it out instead", self.full(key)));
        }
        let mut out = Vec::with_capacity(items.len());
        for item in &items {
            match item.get_ref().as_str().map(str::parse) {
                Some(Ok(t)) => out.push(t),
                Some(Err(_)) => {
                    let got = item.get_ref().as_str().unwrap_or_default();
                    let message =
                        format!("`{}` holds `{got}`; each must be {wanted}", self.full(key));
                    p.add(&item.span(), "bad_value", message);
                }
                None => self.wrong(key, item, "a list of texts", p),
            }
        }
        Some(out)
    }

    /// As [`Self::list`], and it must be there.
    pub(crate) fn required_list<T: FromStr>(
        &mut self,
        key: &'static str,
        wanted: &str,
        p: &mut Problems<'_>,
    ) -> Vec<T> {
        self.require(key, p);
        self.list(key, wanted, p).unwrap_or_default()
    }

    /// A table.
    pub(crate) fn table(&mut self, key: &'static str, p: &mut Problems<'_>) -> Option<Reader<'i>> {
        #[cfg(test)]
        self.note(key, Asked::Table, p);
        let v = self.take(key)?;
        let span = v.span();
        if !v.get_ref().is_table() {
            self.wrong(key, &v, "a table", p);
            return None;
        }
        let DeValue::Table(t) = v.into_inner() else { return None };
        Some(self.inner(self.full(key), span, t))
    }

    /// A table that must be there; an empty one is read if it is not, so that its own missing keys
    /// are reported only once, as the missing table.
    pub(crate) fn required_table(
        &mut self,
        key: &'static str,
        p: &mut Problems<'_>,
    ) -> Option<Reader<'i>> {
        self.require(key, p);
        self.table(key, p)
    }

    /// A list of tables; none if the key is not there.
    pub(crate) fn tables(&mut self, key: &'static str, p: &mut Problems<'_>) -> Vec<Reader<'i>> {
        #[cfg(test)]
        self.note(key, Asked::Tables, p);
        let Some(v) = self.take(key) else { return Vec::new() };
        if !v.get_ref().is_array() {
            self.wrong(key, &v, "a list of tables", p);
            return Vec::new();
        }
        let DeValue::Array(items) = v.into_inner() else { return Vec::new() };
        let mut out = Vec::new();
        for item in items {
            if !item.get_ref().is_table() {
                self.wrong(key, &item, "a list of tables", p);
                continue;
            }
            let span = item.span();
            if let DeValue::Table(t) = item.into_inner() {
                out.push(self.inner(self.full(key), span, t));
            }
        }
        out
    }

    /// All tables of this table, whatever their key (a map from name to table).
    pub(crate) fn each_table(mut self, p: &mut Problems<'_>) -> Vec<(Spanned<String>, Reader<'i>)> {
        let mut out = Vec::new();
        for (key, (span, v)) in std::mem::take(&mut self.entries) {
            let table_span = v.span();
            if let DeValue::Table(t) = v.into_inner() {
                let name = self.full(&key);
                out.push((Spanned::new(span, key), self.inner(name, table_span, t)));
            } else {
                p.add(&span, "wrong_type", format!("`{}` must be a table", self.full(&key)));
            }
        }
        out
    }

    /// A text in languages; `en` and `zh` must be among them.
    pub(crate) fn texts(
        &mut self,
        key: &'static str,
        p: &mut Problems<'_>,
    ) -> Option<BTreeMap<String, String>> {
        #[cfg(test)]
        self.note(key, Asked::Texts, p);
        let mut table = self.table(key, p)?;
        for lang in ["en", "zh"] {
            if !table.has(lang) {
                table.missing(lang, p);
            }
        }
        let mut out = BTreeMap::new();
        for (lang, (span, v)) in std::mem::take(&mut table.entries) {
            match v.get_ref().as_str() {
                Some(s) if !s.trim().is_empty() && is_language(&lang) => {
                    out.insert(lang, s.to_owned());
                }
                _ => {
                    let message =
                        format!("`{}` must be a language tag and a text", table.full(&lang));
                    p.add(&span, "bad_value", message);
                }
            }
        }
        Some(out)
    }

    /// As [`Self::texts`], and it must be there.
    pub(crate) fn required_texts(
        &mut self,
        key: &'static str,
        p: &mut Problems<'_>,
    ) -> BTreeMap<String, String> {
        self.require(key, p);
        self.texts(key, p).unwrap_or_default()
    }

    /// Every key must have been taken by now.
    pub(crate) fn finish(self, p: &mut Problems<'_>) {
        for (key, (span, _)) in &self.entries {
            let near = nearest(key, &self.known).map_or_else(
                || format!("known here: {}", self.known.join(", ")),
                |k| format!("did you mean `{k}`?"),
            );
            p.add(span, "unknown_key", format!("`{}` is not a known key; {near}", self.full(key)));
        }
    }
}

fn is_language(tag: &str) -> bool {
    (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
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

/// How a reader asked for a key.
#[cfg(test)]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    Required,
    Text,
    /// A text that reads as one of these words, among those of all lists.
    Word(Vec<String>),
    List(Vec<String>),
    Whole(u32, u32),
    Decimal,
    Flag,
    Moment,
    Texts,
    Table,
    Tables,
}

#[cfg(test)]
impl Asked {
    fn accepted<T: FromStr>() -> Vec<String> {
        crate::file::schema::tests::all_words()
            .into_iter()
            .filter(|w| w.parse::<T>().is_ok())
            .collect()
    }

    fn word<T: FromStr>() -> Self {
        Self::Word(Self::accepted::<T>())
    }

    fn list<T: FromStr>() -> Self {
        Self::List(Self::accepted::<T>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_key_is_named_with_its_place_and_the_right_one() {
        let text = "id = 1\nverion = 2\n";
        let mut p = Problems::new(text);
        let mut r = read_file(text, &mut p);
        let _ = r.text("id", &mut p);
        let _ = r.number("version", 1..=9, &mut p);
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

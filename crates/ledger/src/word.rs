//! The only texts in a leaf: stable words, and names of agencies.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A stable word such as `visits` or `checkpoint_late`: 1 to 48 of `a-z`, `0-9`, `_`, starting with a
/// letter. Leaves hold words instead of texts, so that nothing about a person can slip in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Word(Box<str>);

/// A text is not a stable word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a stable word: 1 to 48 of a-z, 0-9 and _, starting with a letter")]
pub struct BadWord;

impl Word {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Word {
    type Err = BadWord;
    fn from_str(s: &str) -> Result<Self, BadWord> {
        let ok = s.len() <= 48
            && s.starts_with(|c: char| c.is_ascii_lowercase())
            && s.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_');
        if ok { Ok(Self(s.into())) } else { Err(BadWord) }
    }
}

impl TryFrom<String> for Word {
    type Error = BadWord;
    fn try_from(s: String) -> Result<Self, BadWord> {
        s.parse()
    }
}

impl From<Word> for String {
    fn from(w: Word) -> Self {
        w.0.into()
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an agency, as holders see it: 1 to 120 characters on one line. The only text in a
/// leaf that is not a word; an agency is no person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgencyName(Box<str>);

/// A text is not the name of an agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an agency: 1 to 120 characters on one line")]
pub struct BadAgencyName;

impl AgencyName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AgencyName {
    type Error = BadAgencyName;
    fn try_from(s: String) -> Result<Self, BadAgencyName> {
        let ok = (1..=120).contains(&s.chars().count()) && !s.chars().any(char::is_control);
        if ok { Ok(Self(s.into())) } else { Err(BadAgencyName) }
    }
}

impl From<AgencyName> for String {
    fn from(n: AgencyName) -> Self {
        n.0.into()
    }
}

impl fmt::Debug for AgencyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

//! What is wrong with a file, and where.

use std::fmt;
use std::ops::Range;

/// One thing wrong with a policy or case file. All of a file's problems are reported together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line, starting at 1.
    pub line: usize,
    /// Column in characters, starting at 1.
    pub column: usize,
    /// Stable word for the kind of problem (`unknown_key`, `missing_key`, `wrong_type`, ...).
    pub code: &'static str,
    /// What is wrong and what would be right, in one sentence.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} [{}]", self.line, self.column, self.message, self.code)
    }
}

impl std::error::Error for Problem {}

/// The line and column (both from 1, columns in characters) of a byte offset.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Collects problems while a file is read.
pub(crate) struct Problems<'t> {
    text: &'t str,
    found: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub(crate) const fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub(crate) fn add(
        &mut self,
        at: &Range<usize>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        let (line, column) = position(self.text, at.start);
        self.found.push(Problem { line, column, code, message: message.into() });
    }

    /// The problems in the order of the file, each once.
    pub(crate) fn into_sorted(mut self) -> Vec<Problem> {
        self.found.sort();
        self.found.dedup();
        self.found
    }

    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        assert_eq!(position("a\n绿码x", 2 + 6), (2, 3));
        assert_eq!(position("a\n绿", 3), (2, 1));
        assert_eq!(position("", 99), (1, 1));
    }
}

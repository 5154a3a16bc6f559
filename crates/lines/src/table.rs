//! Each line one record.

use std::io::Read;

use csv_core::ReadRecordResult;

use crate::error::FileError;
use crate::limits::Limits;
use crate::text::TextLines;

/// What is wrong with one line; never holds what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// A quotation mark opens a field and nothing closes it on this line.
    #[error(
        "A quotation mark opens field {0} of this line and none closes it. Remove it, or double it if it belongs to the text; a field may not go on in the next line."
    )]
    OpenQuote(usize),
    /// What follows a line with an open quotation mark and looks like the rest of its field.
    #[error(
        "This looks like the rest of a field that was opened on line {0}; a field may not go on in the next line."
    )]
    Rest(u64),
    /// Longer than allowed.
    #[error("The line is longer than {} bytes.", .0)]
    TooLong(usize),
    /// More fields than columns, or fields missing that are needed.
    #[error("The line has {found} fields; the first line names {named}.")]
    Columns {
        /// Fields found.
        found: usize,
        /// Columns named.
        named: usize,
    },
}

impl LineFault {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OpenQuote(_) | Self::Rest(_) => "line.open_quote",
            Self::TooLong(_) => "line.too_long",
            Self::Columns { .. } => "line.wrong_columns",
        }
    }
}

/// The fields of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Record {
    /// How many fields the line has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Has it none?
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A field, without quotation marks around it.
    pub fn field(&self, i: usize) -> Option<&[u8]> {
        let end = *self.ends.get(i)?;
        let start = i.checked_sub(1).and_then(|i| self.ends.get(i)).copied().unwrap_or(0);
        self.bytes.get(start..end)
    }

    /// Without the empty fields after the first `most`: a spreadsheet writes them where its sheet is
    /// wider than the table, and they say nothing.
    fn without_surplus(mut self, most: usize) -> Self {
        while self.len() > most && self.fields().last().is_some_and(|f| f.trim_ascii().is_empty()) {
            self.ends.pop();
        }
        self
    }

    /// All fields.
    pub fn fields(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|i| self.field(i))
    }
}

/// A line with its number in the file (the line that names the columns is 1, if it comes first).
pub type Row = (u64, Result<Record, LineFault>);

/// A CSV file. Its iterator gives each line with something in it exactly once, in order.
#[derive(Debug)]
pub struct Table<R> {
    lines: TextLines<R>,
    names: Vec<String>,
    /// Fields a line must have at least: up to the last column that is needed.
    least: usize,
    parser: csv_core::Reader,
    line: Vec<u8>,
    given: u64,
    /// The line before which a field was left open.
    open: Option<u64>,
    ended: bool,
}

/// What may stand between fields; a spreadsheet writes what its country is used to.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

impl<R: Read> Table<R> {
    /// Reads the line that names the columns, in any order and letters, and finds out what stands
    /// between the fields: the sign with which most of the `wanted` columns are there. A spreadsheet's
    /// own first line `sep=;` says it, too.
    ///
    /// # Errors
    /// Columns that are wanted and not there, and whatever the source fails with.
    pub fn open(source: R, limits: Limits, wanted: &[&str]) -> Result<Self, FileError> {
        let mut lines = TextLines::new(source, limits);
        let mut line = Vec::new();
        let mut said = None;
        let head = loop {
            match lines.next_line(&mut line)? {
                None => return Err(missing(wanted, wanted, &[])),
                Some(l) if !l.whole => {
                    return Err(FileError::LineTooLong(l.number, limits.line as u64));
                }
                Some(_) if line.trim_ascii().is_empty() => {}
                Some(l) => match said_sign(&line) {
                    Some(sign) if said.is_none() => said = Some(sign),
                    _ => break l.number,
                },
            }
        };
        let (names, sign) = header(&mut line, head, said, wanted)?;
        let at = |w: &&str| names.iter().position(|n| n == w);
        let least = wanted.iter().filter_map(at).max().map_or(0, |i| i + 1);
        let parser = parser(sign);
        Ok(Self { lines, names, least, parser, line, given: 0, open: None, ended: false })
    }

    /// Gives lines that lack needed fields, too: for a reader that can say more of them.
    #[must_use]
    pub fn with_short_lines(mut self) -> Self {
        self.least = 0;
        self
    }

    /// The columns' names in the file's order, in small letters.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where a column is, if it is there.
    ///
    /// # Errors
    /// It is there twice.
    pub fn column(&self, name: &str) -> Result<Option<usize>, FileError> {
        let mut at = self.names.iter().enumerate().filter(|(_, n)| *n == name).map(|(i, _)| i);
        let first = at.next();
        if at.next().is_some() {
            return Err(FileError::RepeatedColumn(name.to_owned()));
        }
        Ok(first)
    }

    fn next_row(&mut self) -> Result<Option<Row>, FileError> {
        loop {
            let Some(found) = self.lines.next_line(&mut self.line)? else { return Ok(None) };
            if self.line.trim_ascii().is_empty() {
                continue;
            }
            let record = if found.whole {
                match read(&mut self.parser, &mut self.line) {
                    Ok(r) if r.fields().all(|f| f.trim_ascii().is_empty()) => continue,
                    read => self.judge(read, found.number),
                }
            } else {
                self.open = None;
                Err(LineFault::TooLong(self.lines.limits().line))
            };
            self.given += 1;
            if self.given > self.lines.limits().lines {
                return Err(FileError::TooManyLines(self.lines.limits().lines));
            }
            return Ok(Some((found.number, record)));
        }
    }

    /// Is it a record, and of this file?
    fn judge(&mut self, read: Result<Record, usize>, number: u64) -> Result<Record, LineFault> {
        let record = match read {
            Ok(record) => record.without_surplus(self.names.len()),
            Err(field) => {
                self.open = Some(number);
                return Err(LineFault::OpenQuote(field));
            }
        };
        // Where every field that begins with a quotation mark ends with one, their number is even. A
        // line with an odd one is taken for what it says (5" is five inches), but not where it may be
        // the end of a field that was left open before: half a sentence is no record.
        let odd = self.line.iter().fold(false, |odd, b| odd ^ (*b == b'"'));
        let fits = (self.least..=self.names.len()).contains(&record.len());
        if let (Some(opened), true) = (self.open, odd) {
            self.open = None;
            return Err(LineFault::Rest(opened));
        }
        if fits {
            self.open = None;
            return Ok(record);
        }
        Err(LineFault::Columns { found: record.len(), named: self.names.len() })
    }
}

impl<R: Read> Iterator for Table<R> {
    type Item = Result<Row, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.next_row().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

fn parser(delimiter: u8) -> csv_core::Reader {
    csv_core::ReaderBuilder::new().delimiter(delimiter).build()
}

/// The fields of a line, or which field (from 1) begins with a quotation mark that is never closed.
fn read(parser: &mut csv_core::Reader, line: &mut Vec<u8>) -> Result<Record, usize> {
    parser.reset();
    // With its end the line is a whole record, unless that end stands in quotation marks.
    line.push(b'\n');
    let mut bytes = vec![0; line.len()];
    let mut ends = vec![0; line.len() + 1];
    let (result, _, written, fields) = parser.read_record(line, &mut bytes, &mut ends);
    line.pop();
    if result != ReadRecordResult::Record {
        return Err(fields + 1);
    }
    bytes.truncate(written);
    bytes.shrink_to_fit();
    ends.truncate(fields);
    ends.shrink_to_fit();
    Ok(Record { bytes, ends })
}

/// The sign that a spreadsheet's own first line (`sep=;`) says stands between the fields.
fn said_sign(line: &[u8]) -> Option<u8> {
    let line = line.trim_ascii_start();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let (word, rest) = line.split_at_checked(4)?;
    let (sign, rest) = rest.split_first()?;
    let only = rest.iter().all(|b| b.is_ascii_whitespace() || matches!(b, b'"' | b',' | b';'));
    (word.eq_ignore_ascii_case(b"sep=") && !sign.is_ascii_alphanumeric() && only).then_some(*sign)
}

/// The columns' names, and what stands between them: the sign with which most of the wanted are there.
fn header(
    line: &mut Vec<u8>,
    number: u64,
    said: Option<u8>,
    wanted: &[&str],
) -> Result<(Vec<String>, u8), FileError> {
    let mut open = false;
    let mut best: Option<(Vec<&str>, Vec<String>, u8)> = None;
    // What a spreadsheet said first may be of another one, which saved the file before.
    for sign in said.iter().chain(&DELIMITERS) {
        let Ok(names) = names(line, *sign) else {
            open = true;
            continue;
        };
        let lacks = |w: &&&str| !names.iter().any(|n| n == **w);
        let missing: Vec<&str> = wanted.iter().filter(lacks).copied().collect();
        let better = |(m, n, _): &(Vec<&str>, Vec<String>, u8)| {
            (missing.len(), n.len()) < (m.len(), names.len())
        };
        if best.as_ref().is_none_or(better) {
            best = Some((missing, names, *sign));
        }
    }
    match best {
        Some((missing, names, sign)) if missing.is_empty() => Ok((names, sign)),
        Some((lacking, names, _)) if !open => Err(missing(&lacking, wanted, &names)),
        _ => Err(FileError::OpenQuote(number)),
    }
}

/// The names in a first line, or where a quotation mark is never closed.
fn names(line: &mut Vec<u8>, delimiter: u8) -> Result<Vec<String>, usize> {
    let record = read(&mut parser(delimiter), line)?;
    Ok(record.fields().map(|f| name(&String::from_utf8_lossy(f))).collect())
}

/// A column's name as it is compared: `Document Number` is `document_number`.
fn name(written: &str) -> String {
    let visible = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    let seen: String = written.chars().filter(visible).collect();
    let plain = seen.trim_matches(|c: char| c.is_whitespace() || c == '\'');
    plain.to_ascii_lowercase().split([' ', '-', '\u{a0}']).collect::<Vec<_>>().join("_")
}

/// The longest name of a column, and the most of them, that an error shows.
const MOST_SHOWN: (usize, usize) = (30, 20);

/// Says what was expected and what was found. A line that looks like data is not repeated: it may be
/// about somebody.
fn missing(lacking: &[&str], wanted: &[&str], names: &[String]) -> FileError {
    let data = |n: &String| {
        n.len() > MOST_SHOWN.0
            || n.contains("://")
            || n.bytes().filter(u8::is_ascii_digit).count() > 2
    };
    let shown: Vec<&str> =
        names.iter().map(String::as_str).filter(|n| !n.is_empty()).take(MOST_SHOWN.1).collect();
    let found = match shown[..] {
        [] => "nothing".to_owned(),
        _ if names.iter().any(data) => {
            format!("{} fields that look like data, not like names of columns", names.len())
        }
        _ => shown.join(", "),
    };
    FileError::MissingColumns { missing: lacking.join(", "), expected: wanted.join(", "), found }
}

//! CSV files as they really come: with a byte order mark, either line end, quotes, columns in any
//! order, and wrong lines among right ones.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use crate::error::{Kind, Result, ServiceError};
use crate::staff::RejectedLine;

/// Lines of one file that a web request or a laboratory may bring.
pub const MAX_LINES: u64 = 50_000;
/// A field longer than this is no field of ours.
const MAX_FIELD: usize = 200;

/// Why a line is not taken; never holds what stands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

impl Rejection {
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    pub(crate) fn at(self, line: u64) -> RejectedLine {
        RejectedLine { line, code: self.code, detail: self.detail }
    }
}

impl From<&ServiceError> for Rejection {
    /// The most exact words an error has.
    fn from(e: &ServiceError) -> Self {
        match e.fields.first() {
            Some(f) => Self::new(f.code, f.detail.clone()),
            None => Self::new(e.code, e.detail.clone()),
        }
    }
}

/// The fields of one line by column name.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    columns: Arc<HashMap<String, usize>>,
    record: csv::StringRecord,
}

impl Fields {
    /// A field without spaces at its ends; empty if there is no such column.
    pub(crate) fn get(&self, column: &str) -> &str {
        self.columns.get(column).and_then(|i| self.record.get(*i)).unwrap_or("").trim()
    }
}

/// Turns every line end (`\r\n`, `\r`, `\n`, and the missing one of the last line) into `\n`: the CSV
/// reader counts lines rightly only then.
struct LineEnds<R> {
    source: R,
    after_cr: bool,
    last: u8,
}

impl<R: Read> Read for LineEnds<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let got = self.source.read(buf)?;
            if got == 0 {
                // Once: then `last` is a line end.
                let missing = self.last != b'\n' && !buf.is_empty();
                if let (true, Some(first)) = (missing, buf.first_mut()) {
                    *first = b'\n';
                    self.last = b'\n';
                    return Ok(1);
                }
                return Ok(0);
            }
            let mut kept = 0;
            for i in 0..got {
                let byte = buf[i];
                let dropped = byte == b'\n' && self.after_cr;
                self.after_cr = byte == b'\r';
                if !dropped {
                    buf[kept] = if byte == b'\r' { b'\n' } else { byte };
                    self.last = buf[kept];
                    kept += 1;
                }
            }
            if kept > 0 {
                return Ok(kept);
            }
        }
    }
}

/// Reads a CSV file line by line.
pub(crate) struct Lines<R> {
    reader: csv::Reader<LineEnds<R>>,
    columns: Arc<HashMap<String, usize>>,
    width: usize,
    /// Refuse fields that a spreadsheet would run, and control characters.
    strict: bool,
    failed: bool,
}

/// A line with its number (the header is line 1), or why it cannot be read.
pub(crate) type Line = (u64, std::result::Result<Fields, Rejection>);

impl<'b> Lines<&'b [u8]> {
    /// All lines of a file that fits into memory; refuses a file without the wanted columns or with
    /// more than [`MAX_LINES`] lines. Columns beyond the wanted and the `optional` ones are ignored.
    pub(crate) fn read(csv: &'b [u8], wanted: &[&str], optional: &[&str]) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        let mut reader = Lines::open(csv, wanted, optional)?;
        reader.strict = true;
        for line in reader {
            if lines.len() as u64 >= MAX_LINES {
                return Err(ServiceError::bad(
                    "csv.too_many_lines",
                    format!(
                        "The file has more than {MAX_LINES} lines; nothing was taken. Split it and send the parts."
                    ),
                ));
            }
            lines.push(line);
        }
        Ok(lines)
    }
}

impl<R: Read> Lines<R> {
    /// Reads the header and checks that the wanted columns are there. What stands in the fields is
    /// for the caller to check.
    pub(crate) fn open(source: R, wanted: &[&str], optional: &[&str]) -> Result<Self> {
        let source = LineEnds { source, after_cr: false, last: b'\n' };
        let mut reader =
            csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(source);
        let mut header = csv::ByteRecord::new();
        let there = reader.read_byte_record(&mut header).map_err(|e| unreadable(&e))?;
        let names: Vec<String> = header
            .iter()
            .map(|f| {
                let f = f.strip_prefix("\u{feff}".as_bytes()).unwrap_or(f);
                String::from_utf8_lossy(f).trim().to_ascii_lowercase()
            })
            .collect();
        let missing: Vec<&str> =
            wanted.iter().copied().filter(|w| !names.iter().any(|n| n == *w)).collect();
        if !there || !missing.is_empty() {
            let missing = if there { missing } else { wanted.to_vec() };
            return Err(ServiceError::bad(
                "csv.missing_columns",
                format!(
                    "The first line must name the columns; missing: {}. Nothing was taken.",
                    missing.join(", ")
                ),
            ));
        }
        let mut columns = HashMap::new();
        for name in wanted.iter().chain(optional) {
            let mut at = names.iter().enumerate().filter(|(_, n)| n == name).map(|(i, _)| i);
            if let Some(i) = at.next() {
                columns.insert((*name).to_owned(), i);
            }
            if at.next().is_some() {
                return Err(ServiceError::bad(
                    "csv.repeated_column",
                    format!("The column {name} stands twice in the first line. Nothing was taken."),
                ));
            }
        }
        Ok(Self {
            reader,
            columns: Arc::new(columns),
            width: names.len(),
            strict: false,
            failed: false,
        })
    }

    fn check(&self, record: csv::ByteRecord) -> std::result::Result<Fields, Rejection> {
        if record.len() != self.width {
            return Err(Rejection::new(
                "line.wrong_columns",
                format!(
                    "The line has {} fields; the first line names {}.",
                    record.len(),
                    self.width
                ),
            ));
        }
        let record = csv::StringRecord::from_byte_record(record).map_err(|_| {
            Rejection::new("line.not_utf8", "The line is not UTF-8 text; save the file as UTF-8.")
        })?;
        for i in self.columns.values() {
            let field = record.get(*i).unwrap_or("").trim();
            if field.len() > MAX_FIELD {
                return Err(Rejection::new("line.too_long", "A field of the line is too long."));
            }
            if self.strict && (is_formula(field) || field.contains(char::is_control)) {
                return Err(Rejection::new(
                    "line.formula",
                    "A field of the line begins like a formula or holds a control character.",
                ));
            }
        }
        Ok(Fields { columns: Arc::clone(&self.columns), record })
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        loop {
            if self.failed {
                return None;
            }
            let mut record = csv::ByteRecord::new();
            match self.reader.read_byte_record(&mut record) {
                Ok(false) => return None,
                Ok(true) => {
                    // Where the record begins: it has just ended with a line end, and may hold some
                    // in quotes. (Its own position lies before the empty lines that were skipped.)
                    let height = record.as_slice().split(|b| *b == b'\n').count() as u64;
                    let line = self.reader.position().line().saturating_sub(height);
                    if record.iter().all(|f| f.trim_ascii().is_empty()) {
                        continue;
                    }
                    return Some((line, self.check(record)));
                }
                Err(e) => {
                    self.failed = true;
                    let line = self.reader.position().line();
                    return Some((line, Err(Rejection::from(&unreadable(&e)))));
                }
            }
        }
    }
}

/// Would a spreadsheet take the field for a formula? A signed number is none.
fn is_formula(field: &str) -> bool {
    match field.strip_prefix(['+', '-']) {
        Some(rest) => rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
        None => field.starts_with(['=', '@']),
    }
}

fn unreadable(e: &csv::Error) -> ServiceError {
    let mut error =
        ServiceError::new(Kind::BadInput, "csv.unreadable", "The file could not be read as CSV.");
    error.inside = Some(format!("{:?}", e.kind()));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Vec<(u64, std::result::Result<String, &'static str>)> {
        let lines = Lines::read(text, &["a", "b"], &["c"]).unwrap();
        let text = |f: Fields| format!("{}|{}|{}", f.get("a"), f.get("b"), f.get("c"));
        lines.into_iter().map(|(n, f)| (n, f.map(text).map_err(|r| r.code))).collect()
    }

    #[test]
    fn a_byte_order_mark_windows_lines_and_quotes_do_no_harm() {
        let got = read(b"\xef\xbb\xbfa,b\r\n1,2\r\n\r\n\"3, 4\",\" 5 \"\r\n");
        assert_eq!(got, [(2, Ok("1|2|".to_owned())), (4, Ok("3, 4|5|".to_owned()))]);
    }

    #[test]
    fn line_numbers_are_those_of_an_editor_whatever_the_line_ends() {
        let file = "a,b\n1,2\n\n\n\"x\ny\",2\n3,4\n\n5,6";
        for end in ["\n", "\r\n", "\r"] {
            let lines = Lines::open(file.replace('\n', end).as_bytes(), &["a"], &[])
                .unwrap()
                .map(|(n, f)| (n, f.unwrap().get("a").to_owned()))
                .collect::<Vec<_>>();
            let want = [(2, "1"), (5, "x\ny"), (7, "3"), (9, "5")];
            assert_eq!(lines, want.map(|(n, s)| (n, s.to_owned())), "{end:?}");
        }
    }

    #[test]
    fn columns_may_stand_in_any_order_beside_others() {
        let got = read(b"x,c,B,a\n9,8,7,6\n");
        assert_eq!(got, [(2, Ok("6|7|8".to_owned()))]);
    }

    #[test]
    fn wrong_lines_are_told_by_number_and_the_others_read() {
        let got = read(b"a,b\n1\n-1,2\n-1+1,2\n\xff,2\n\"a\nb\",2\n3,4\n");
        let codes: Vec<_> = got.iter().map(|(n, r)| (*n, r.as_ref().err().copied())).collect();
        assert_eq!(
            codes,
            [
                (2, Some("line.wrong_columns")),
                (3, None),
                (4, Some("line.formula")),
                (5, Some("line.not_utf8")),
                (6, Some("line.formula")),
                (8, None),
            ]
        );
    }

    #[test]
    fn a_file_without_its_columns_is_refused_whole() {
        for text in [&b""[..], b"a\n1\n", b"1,2\n", b"\n\n"] {
            let e = Lines::read(text, &["a", "b"], &[]).unwrap_err();
            assert_eq!(e.code, "csv.missing_columns");
        }
        assert_eq!(
            Lines::read(b"a,b,a\n", &["a", "b"], &[]).unwrap_err().code,
            "csv.repeated_column"
        );
        assert!(Lines::read(b"a,b\n", &["a", "b"], &[]).unwrap().is_empty());
    }

    #[test]
    fn too_many_lines_are_refused_whole() {
        let file = |n| format!("a,b\n{}", "1,2\n".repeat(n));
        assert_eq!(Lines::read(file(50_000).as_bytes(), &["a"], &[]).unwrap().len(), 50_000);
        let e = Lines::read(file(50_001).as_bytes(), &["a"], &[]).unwrap_err();
        assert_eq!(e.code, "csv.too_many_lines");
    }
}

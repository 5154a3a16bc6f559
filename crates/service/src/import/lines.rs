//! CSV files as they really come, for the use cases: the columns a file must have, what stands in
//! them, and wrong lines among right ones. Lines are found by `jadegate-lines`.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use jadegate_domain::text::field as plain;
use jadegate_domain::{Timestamp, written};
use jadegate_lines::{FileError, LineFault, Record, Table};
use jiff::tz::TimeZone;

use crate::error::{Kind, Result, ServiceError};
use crate::import::report::RejectedLine;

pub use jadegate_lines::Limits;

/// Lines of one file that a web request or a laboratory may bring.
pub const MAX_LINES: u64 = 50_000;
/// Bytes of such a file, unpacked: its lines with much room around them.
pub const MAX_BYTES: u64 = 64 << 20;
/// Wrong lines of one file that are told one by one; all are counted.
pub const MOST_REJECTED: usize = 10_000;
/// A field longer than this is no field of ours.
const MAX_FIELD: usize = 200;

/// Lines of a file that are in memory as they were written.
pub(crate) const PIECE: usize = 100;

/// What a file that is taken as a whole may hold.
pub const SMALL_FILE: Limits = Limits::new(MAX_BYTES, MAX_LINES);

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How much of it at most.
    pub limits: Limits,
    /// The zone of its times that state none themselves; `None`: they are refused.
    pub zone: Option<TimeZone>,
    /// Say all that would become of it, and record nothing.
    pub check: bool,
}

impl From<Limits> for Reading {
    fn from(limits: Limits) -> Self {
        Self { limits, zone: None, check: false }
    }
}

impl Reading {
    /// With the zone that somebody states for the whole file (`Asia/Shanghai`, `+08:00`).
    ///
    /// # Errors
    /// There is no such zone.
    pub fn in_zone(self, text: &str) -> Result<Self> {
        let zone = written::zone(text).ok_or_else(|| {
            let Rejection { code, detail } = unknown_zone();
            ServiceError::bad(code, detail)
        })?;
        Ok(Self { zone: Some(zone), ..self })
    }

    /// Only to see what would become of the file.
    #[must_use]
    pub fn checking(self) -> Self {
        Self { check: true, ..self }
    }
}

/// Columns that may state the zone of a line's times.
const ZONES: [&str; 4] = ["time_zone", "timezone", "tz", "utc_offset"];

fn unknown_zone() -> Rejection {
    Rejection::new(
        "time.unknown_zone",
        "This zone is not known. Write it like +08:00 or Asia/Shanghai; abbreviations of a few letters mean several zones.",
    )
}

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

impl From<LineFault> for Rejection {
    fn from(fault: LineFault) -> Self {
        Self::new(fault.code(), fault.to_string())
    }
}

impl From<FileError> for ServiceError {
    fn from(e: FileError) -> Self {
        let mut error = Self::new(Kind::BadInput, e.code(), format!("{e} Nothing was taken."));
        if let FileError::Unreadable(_, inside) = &e {
            error.inside = Some(inside.kind().to_string().into());
        }
        error
    }
}

/// Says that every line of a file has its answer.
///
/// # Errors
/// A line has none, or two. What was written stays and is known when the file is sent again.
pub(crate) fn all_told(lines: u64, told: u64) -> Result<()> {
    if lines == told {
        return Ok(());
    }
    let mut e = ServiceError::internal(format!("{lines} lines read and {told} told of"));
    e.code = "import.lines_untold";
    "Not every line of the file has an answer. What was taken is kept; send the file again, and tell the operator."
        .clone_into(&mut e.detail);
    Err(e)
}

/// The fields of one line by column name.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    columns: Arc<HashMap<String, usize>>,
    record: Record,
    zone: Option<TimeZone>,
}

impl Fields {
    /// A field without spaces, invisible signs and a spreadsheet's marks at its ends; empty if there is no such column, or if
    /// the line ends before it.
    pub(crate) fn get(&self, column: &str) -> &str {
        let field = self.columns.get(column).and_then(|i| self.record.field(*i));
        // `Lines` gives no line in which a field that is asked for is no text.
        plain(field.and_then(|f| std::str::from_utf8(f).ok()).unwrap_or(""))
    }

    /// The moment that stands in a column. A time without a zone is in that of its line, else in that of
    /// its file.
    pub(crate) fn moment(&self, column: &str) -> std::result::Result<Timestamp, Rejection> {
        let said = ZONES.iter().map(|c| self.get(c)).find(|z| !z.is_empty());
        let zone = match said {
            Some(text) => Some(written::zone(text).ok_or_else(unknown_zone)?),
            None => self.zone.clone(),
        };
        let at = written::moment(self.get(column), zone.as_ref());
        at.map_err(|e| Rejection::new(e.code(), e.to_string()))
    }
}

/// A CSV file, line by line.
pub(crate) struct Lines<R> {
    table: Table<R>,
    columns: Arc<HashMap<String, usize>>,
    /// Refuse fields that a spreadsheet would run, and control characters.
    strict: bool,
    /// What the whole file states.
    zone: Option<TimeZone>,
}

/// A line with its number (the header is line 1), or why it cannot be read.
pub(crate) type Line = (u64, std::result::Result<Fields, Rejection>);

impl<R: Read> Lines<R> {
    /// The same for a file in which people wrote: fields that a spreadsheet would run, and control
    /// characters, are refused.
    pub(crate) fn open_strict(
        source: R,
        reading: &Reading,
        wanted: &[&str],
        optional: &[&str],
    ) -> Result<Self> {
        Ok(Self { strict: true, ..Self::open(source, reading, wanted, optional)? })
    }

    /// The next lines, [`PIECE`] at most and none at the end of the file: what is in memory of a file
    /// at once.
    pub(crate) fn piece(&mut self) -> Result<Vec<Line>> {
        Ok(self.take(PIECE).collect::<std::result::Result<_, _>>()?)
    }

    /// Reads the header and checks that the wanted columns are there. Columns beyond the wanted and the
    /// `optional` ones are ignored; what stands in the fields is for the caller to check.
    pub(crate) fn open(
        source: R,
        reading: &Reading,
        wanted: &[&str],
        optional: &[&str],
    ) -> Result<Self> {
        let table = Table::open(source, reading.limits, wanted)?;
        let mut columns = HashMap::new();
        for name in wanted.iter().chain(optional).chain(&ZONES) {
            if let Some(i) = table.column(name)? {
                columns.insert((*name).to_owned(), i);
            }
        }
        let zone = reading.zone.clone();
        Ok(Self { table, columns: Arc::new(columns), strict: false, zone })
    }

    fn check(&self, record: Record) -> std::result::Result<Fields, Rejection> {
        for (column, i) in &*self.columns {
            let Some(field) = record.field(*i) else { continue };
            let field = std::str::from_utf8(field).map(plain).map_err(|_| {
                Rejection::new(
                    "line.not_utf8",
                    "The letters of this line cannot be read; save the file as UTF-8.",
                )
            })?;
            if field.len() > MAX_FIELD {
                return Err(Rejection::new("line.too_long", "A field of the line is too long."));
            }
            // An offset from UTC begins like a formula and is read as nothing else.
            let formula = is_formula(field) && !ZONES.contains(&column.as_str());
            if self.strict && (formula || field.contains(char::is_control)) {
                return Err(Rejection::new(
                    "line.formula",
                    "A field of the line begins like a formula or holds a control character.",
                ));
            }
        }
        let (columns, zone) = (Arc::clone(&self.columns), self.zone.clone());
        Ok(Fields { columns, record, zone })
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = std::result::Result<Line, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.table.next()?.map(|(line, record)| {
            (line, record.map_err(Rejection::from).and_then(|r| self.check(r)))
        }))
    }
}

/// Wrong lines: the first [`MOST_REJECTED`] one by one, and how many there are in all.
pub(crate) fn reject(lines: &mut Vec<RejectedLine>, count: &mut u64, line: RejectedLine) {
    *count += 1;
    if lines.len() < MOST_REJECTED {
        lines.push(line);
    }
}

/// Would a spreadsheet take the field for a formula? A signed number is none.
fn is_formula(field: &str) -> bool {
    match field.strip_prefix(['+', '-']) {
        Some(rest) => rest.is_empty() || !rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
        None => field.starts_with(['=', '@']),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &[u8]) -> Result<Vec<Line>> {
        let mut lines = Lines::open_strict(text, &SMALL_FILE.into(), &["a", "b"], &["c"])?;
        let mut all = Vec::new();
        loop {
            let piece = lines.piece()?;
            if piece.is_empty() {
                return Ok(all);
            }
            assert!(piece.len() <= PIECE);
            all.extend(piece);
        }
    }

    fn read(text: &[u8]) -> Vec<(u64, std::result::Result<String, &'static str>)> {
        let lines = whole(text).unwrap();
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
            let lines =
                Lines::open(file.replace('\n', end).as_bytes(), &SMALL_FILE.into(), &["a"], &[])
                    .unwrap()
                    .map(|line| line.unwrap())
                    .map(|(n, f)| {
                        (n, f.map_or_else(|r| r.code.to_owned(), |f| f.get("a").to_owned()))
                    })
                    .collect::<Vec<_>>();
            // No record spans lines: what is left open on line 5 is told there, and its rest on line 6.
            let open = "line.open_quote";
            let want = [(2, "1"), (5, open), (6, open), (7, "3"), (9, "5")];
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
                (6, Some("line.open_quote")),
                (7, Some("line.open_quote")),
                (8, None),
            ]
        );
    }

    #[test]
    fn a_file_without_its_columns_is_refused_whole() {
        for text in [&b""[..], b"a\n1\n", b"1,2\n", b"\n\n"] {
            assert_eq!(whole(text).unwrap_err().code, "csv.missing_columns");
        }
        assert_eq!(whole(b"a,b,a\n").unwrap_err().code, "csv.repeated_column");
        assert!(whole(b"a,b\n").unwrap().is_empty());
    }

    #[test]
    fn too_many_lines_are_refused_whole() {
        let file = |n| format!("a,b\n{}", "1,2\n".repeat(n));
        assert_eq!(whole(file(50_000).as_bytes()).unwrap().len(), 50_000);
        let e = whole(file(50_001).as_bytes()).unwrap_err();
        assert_eq!(e.code, "csv.too_many_lines");
    }

    #[test]
    fn a_column_nobody_reads_may_hold_anything_and_spaces_of_every_kind_go() {
        let got = read("a,b,x\n\u{200b}1,\u{a0}2\u{a0},".as_bytes());
        assert_eq!(got, [(2, Ok("1|2|".to_owned()))]);
        let got = read(b"a;b;x\n1;2;\xb2\xe2\n\xb2;2;\n");
        assert_eq!(got, [(2, Ok("1|2|".to_owned())), (3, Err("line.not_utf8"))]);
        let direction = "a,b\n\u{202d}1\u{202c},2\n";
        assert_eq!(read(direction.as_bytes()), [(2, Ok("1|2|".to_owned()))]);
    }

    #[test]
    fn a_line_without_an_answer_is_an_error() {
        assert!(all_told(7, 7).is_ok());
        for told in [6, 8] {
            assert_eq!(all_told(7, told).unwrap_err().code, "import.lines_untold");
        }
    }
}

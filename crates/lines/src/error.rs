//! What ends the reading of a file.

/// Why a file cannot be read to its end. Whoever reads it decides what becomes of the lines before.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// More bytes than allowed.
    #[error("The file is larger than {most} when unpacked. Split it, or allow more.", most = size(*.0))]
    TooLarge(u64),
    /// More lines than allowed.
    #[error("The file has more than {0} lines. Split it and send the parts.")]
    TooManyLines(u64),
    /// A line far longer than any of a table.
    #[error("Line {0} goes on for more than {most}: this is no file of lines.", most = size(*.1))]
    LineTooLong(u64, u64),
    /// The source failed: a damaged archive, a disk.
    #[error("The file cannot be read beyond line {0}: it is damaged or was cut off.")]
    Unreadable(u64, #[source] std::io::Error),
    /// No text of lines at all, but what it was made of or is shown as.
    #[error("This is {0}, not a text file of lines. Save it as CSV (UTF-8) and send that.")]
    OtherFormat(&'static str),
    /// The line that names the columns leaves a quotation mark open.
    #[error("A quotation mark in line {0}, which names the columns, is never closed.")]
    OpenQuote(u64),
    /// The first line does not name the columns that are needed.
    #[error("The first line must name the columns{missing}. Expected: {expected}. Found: {found}.", missing = missing_of(missing))]
    MissingColumns {
        /// Those that are not there.
        missing: String,
        /// Those that are needed.
        expected: String,
        /// What stands there instead; nothing of it, if it looks like data.
        found: String,
    },
    /// A column that is needed is named twice.
    #[error("The column {0} stands twice in the first line.")]
    RepeatedColumn(String),
}

impl FileError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => "file.too_large",
            Self::TooManyLines(_) => "csv.too_many_lines",
            Self::LineTooLong(..) => "file.line_too_long",
            Self::Unreadable(..) => "file.unreadable",
            Self::OtherFormat(_) => "file.other_format",
            Self::OpenQuote(_) => "csv.open_quote",
            Self::MissingColumns { .. } => "csv.missing_columns",
            Self::RepeatedColumn(_) => "csv.repeated_column",
        }
    }
}

fn missing_of(names: &str) -> String {
    if names.is_empty() { String::new() } else { format!("; missing: {names}") }
}

/// A number of bytes in words.
fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1 << 20 && b.is_multiple_of(1 << 20) => format!("{} MiB", b >> 20),
        b if b >= 1 << 10 && b.is_multiple_of(1 << 10) => format!("{} KiB", b >> 10),
        b => format!("{b} bytes"),
    }
}

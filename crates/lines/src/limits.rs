//! How much is read.

/// How much of a file is read at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole file, unpacked.
    pub bytes: u64,
    /// Bytes of one line. A longer one is told as wrong and passed over; one [`HOPELESS`] times as
    /// long ends the reading.
    pub line: usize,
    /// Lines with something in them, without the one that names the columns.
    pub lines: u64,
}

/// A line so many times longer than the longest one allowed is no line: the file is something else.
pub const HOPELESS: usize = 16;

impl Limits {
    /// Bytes of a line that is still read, where nothing else is said: an import's fields are short,
    /// and columns it does not know may hold whole letters.
    pub const LINE: usize = 64 * 1024;

    /// At most so many bytes and lines, and lines of the usual length.
    pub const fn new(bytes: u64, lines: u64) -> Self {
        Self { bytes, line: Self::LINE, lines }
    }
}

//! What became of a file.

use jadegate_domain::id::ImportId;
use serde::Serialize;

/// One line of a file that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RejectedLine {
    /// Its number in the file, from 1; the header is line 1.
    pub line: u64,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong and what to do, without the values.
    pub detail: String,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Lines with something in them; each is taken, unchanged, or rejected.
    pub lines: u64,
    /// Lines recorded.
    pub taken: u64,
    /// Lines that had been recorded before, or stand twice in the file.
    pub unchanged: u64,
    /// Lines that are wrong.
    pub rejected: Vec<RejectedLine>,
    /// How many of the lines taken are positive.
    pub positives: u64,
    /// Lines that wait for a colleague: with them, this hour would be above the mandate's number.
    pub waiting: u64,
    /// The file as a record: by it the whole of it can be found and withdrawn.
    pub import: Option<ImportId>,
}

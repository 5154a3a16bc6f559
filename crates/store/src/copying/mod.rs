//! Copying a whole database into another one, whichever backend has which: what a backend gives and
//! takes for it, and how it is done so that it can be cut short at any moment and gone on with.
//!
//! Rows are not turned into domain types on the way: what was written is what is copied, rows that cannot
//! be read included. Both sides name their tables and columns from their own catalogue, so a table that
//! one of them has and the other has not is an error, never left out.
//!
//! Rows of a table go in the order of its key, a batch in a transaction. So what is there of a table is
//! its beginning, and whoever comes again goes on behind the last key. At the end every table is read from
//! both sides and compared by count and digest; only then does the target become a deployment.

mod run;
#[cfg(test)]
mod tests;

use async_trait::async_trait;

use crate::StoreError;

pub use run::{Copied, Step, copy};

type Result<T> = std::result::Result<T, CopyError>;

/// The setting that says a copy into this database was begun and not ended. A store that finds it refuses to
/// be opened; it is no part of what is copied.
pub const UNFINISHED: &str = "copy_unfinished";

/// What each database has for itself: which migrations made it, which one it is (what was saved beside
/// another is of no use to it), and what its servers hold while they run.
pub const NOT_COPIED: &[&str] = &["migration", "store_identity", "lease"];

/// The counters that are the same wherever a database is: all others follow from the rows.
pub const COUNTERS: [&str; 2] = ["regions", "numbered_leaves"];

/// A value of a column. Its `Debug` form tells the kind only: values may be of a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Nothing.
    Null,
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Null => "<nothing>",
            Self::Number(_) => "<number>",
            Self::Text(_) => "<text>",
            Self::Bytes(_) => "<bytes>",
        })
    }
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellKind {
    /// Numbers.
    Number,
    /// Texts.
    Text,
    /// Bytes.
    Bytes,
}

/// A table as both sides know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name; what is kept by day is one table.
    pub name: String,
    /// Its columns by name: their order in a table depends on how it came about.
    pub columns: Vec<(String, CellKind)>,
    /// Where in `columns` its key stands, in the order of the key.
    pub key: Vec<usize>,
    /// The tables whose rows it refers to.
    pub refers: Vec<String>,
}

impl Table {
    /// A table whose columns may be named in any order.
    ///
    /// # Errors
    /// [`CopyError::Tables`] if it has no key, or the key is no column of it.
    pub fn new(
        name: &str,
        mut columns: Vec<(String, CellKind)>,
        key: &[String],
        mut refers: Vec<String>,
    ) -> Result<Self> {
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        refers.sort();
        refers.dedup();
        let at = |wanted: &String| columns.iter().position(|(name, _)| name == wanted);
        let key: Option<Vec<usize>> = key.iter().map(at).collect();
        let key = key.filter(|key| !key.is_empty());
        let key = key.ok_or_else(|| CopyError::Tables(name.to_owned()))?;
        Ok(Self { name: name.to_owned(), columns, key, refers })
    }

    /// The names of its columns, for a statement.
    pub fn columns_text(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The names of its key, for a statement.
    pub fn key_text(&self) -> String {
        self.key_names().collect::<Vec<_>>().join(", ")
    }

    /// The names of its key.
    pub fn key_names(&self) -> impl Iterator<Item = &str> {
        self.key.iter().filter_map(|&at| self.columns.get(at).map(|(name, _)| name.as_str()))
    }

    /// The key of a row.
    pub fn key_of(&self, row: &[Cell]) -> Vec<Cell> {
        self.key.iter().filter_map(|&at| row.get(at).cloned()).collect()
    }
}

/// Why a copy was not begun, or not ended.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A server, or another copy, has the database.
    #[error("copy.in_use: {0} is in use; stop what has it open, then run this again")]
    InUse(String),
    /// There is a deployment in the target, or a part of one.
    #[error(
        "copy.target_not_empty: {place} has rows in {table}; a copy is made into an empty database"
    )]
    NotEmpty {
        /// Where.
        place: String,
        /// The first table that is not empty.
        table: String,
    },
    /// The target holds the beginning of a copy of another database.
    #[error(
        "copy.other_source: {0} holds the beginning of a copy of another database; name that one, or make an empty database"
    )]
    OtherSource(String),
    /// Both names are of one database.
    #[error("copy.same: both are one database")]
    Same,
    /// The two do not have the same tables and columns.
    #[error("copy.tables_differ: the two databases do not have the same table {0}")]
    Tables(String),
    /// After everything was copied the two do not hold the same.
    #[error(
        "copy.differs: {table} is not the same in both ({from} and {to} rows); the source was changed meanwhile, or a disk is damaged. The target is not used by any server: empty it and copy again"
    )]
    Differs {
        /// The table.
        table: String,
        /// Rows of the source.
        from: u64,
        /// Rows of the target.
        to: u64,
    },
    /// One of them could not be read or written. What was copied stays; run it again.
    #[error("copy.store: {place}: {error}")]
    Store {
        /// Which.
        place: String,
        /// Why.
        error: StoreError,
    },
}

/// A database that is read whole. Nobody writes to it meanwhile.
#[async_trait]
pub trait CopySource: Send {
    /// Where it is, for people: no user, no password.
    fn place(&self) -> String;
    /// The id that the database was given when it was made.
    async fn identity(&mut self) -> Result<Vec<u8>>;
    /// All tables but those that are [not copied](NOT_COPIED). Counters are those of [`COUNTERS`], settings all
    /// but [`UNFINISHED`]; leaves of the public log that wait for a number are `pending_leaf`, with their
    /// place among them (from 0) as `seq`, whatever the backend keeps.
    async fn tables(&mut self) -> Result<Vec<Table>>;
    /// Rows of a table in the order of its key: those behind `after`, at most so many.
    async fn rows(
        &mut self,
        table: &Table,
        after: Option<&[Cell]>,
        most: u32,
    ) -> Result<Vec<Vec<Cell>>>;
}

/// A database that is written whole. It can be read as well, to go on and to compare.
#[async_trait]
pub trait CopyTarget: CopySource {
    /// What [`begin`](CopyTarget::begin) was told, if no [`finish`](CopyTarget::finish) followed.
    async fn begun(&mut self) -> Result<Option<String>>;
    /// Notes durably that a copy is under way, and of what. Counters that an empty database begins with go.
    async fn begin(&mut self, of: &str) -> Result<()>;
    /// The key of the last row that is there.
    async fn last_key(&mut self, table: &Table) -> Result<Option<Vec<Cell>>>;
    /// Adds rows that are behind all that are there; all of them durably, or none.
    async fn put(&mut self, table: &Table, rows: Vec<Vec<Cell>>) -> Result<()>;
    /// Everything is there: what follows from the rows is set, and the note of [`begin`](CopyTarget::begin)
    /// goes, in one transaction.
    async fn finish(&mut self) -> Result<()>;
}

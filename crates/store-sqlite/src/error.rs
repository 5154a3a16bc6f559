//! What SQLite's errors mean in the words of the port.

use jadegate_store::{Precondition, StoreError};
use rusqlite::ErrorCode;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID,
    SQLITE_CONSTRAINT_UNIQUE,
};

/// A result in the words of the port.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// A precondition of a write to `table` does not hold.
pub(crate) const fn conflict(table: &'static str, precondition: Precondition) -> StoreError {
    StoreError::Conflict { table, precondition }
}

/// SQLite's messages name tables, columns and files, never bound values.
pub(crate) fn unavailable(e: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(e.to_string())
}

/// An error while reading or writing `table`.
pub(crate) fn sql(table: &'static str, e: &rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(failure, _) = e else {
        return unavailable(e);
    };
    match (failure.code, failure.extended_code) {
        (
            ErrorCode::ConstraintViolation,
            SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_ROWID,
        ) => conflict(table, Precondition::Absent),
        (ErrorCode::ConstraintViolation, SQLITE_CONSTRAINT_FOREIGNKEY) => {
            conflict(table, Precondition::Exists)
        }
        (ErrorCode::ConstraintViolation, _) => {
            StoreError::Invalid { table, why: "a value is outside what the table holds".into() }
        }
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => StoreError::Corrupt {
            table,
            column: "*",
            row: 0,
            why: "the database file is damaged; restore a backup".into(),
        },
        _ => unavailable(e),
    }
}

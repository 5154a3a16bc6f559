//! What PostgreSQL's errors mean in the words of the port. Never its details, which quote values.

use jadegate_store::{Precondition, StoreError};
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

/// A result in the words of the port.
pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// Nothing was written, and the same may go well the next time: two transactions waited for one
/// another, or another server dropped a day meanwhile.
const AGAIN: &str = "other servers were in the way; nothing was written, and trying again helps";

/// Is trying again worth it?
pub(crate) fn again(e: &StoreError) -> bool {
    matches!(e, StoreError::Unavailable(why) if why == AGAIN)
}

/// A precondition of a write to `table` does not hold.
pub(crate) const fn conflict(table: &'static str, precondition: Precondition) -> StoreError {
    StoreError::Conflict { table, precondition }
}

/// Something that may pass, in words that hold no value.
pub(crate) fn unavailable(e: impl std::fmt::Display) -> StoreError {
    StoreError::Unavailable(e.to_string())
}

/// A connection that could not be had, or failed.
pub(crate) fn unreachable(e: &Error) -> StoreError {
    sql("connection", e)
}

/// An error while reading or writing `table`.
pub(crate) fn sql(table: &'static str, e: &Error) -> StoreError {
    let Some(db) = e.as_db_error() else {
        return unavailable(format!(
            "the connection to the database failed: {}",
            without_values(e)
        ));
    };
    let code = db.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        return conflict(table, Precondition::Absent);
    }
    if *code == SqlState::FOREIGN_KEY_VIOLATION {
        return conflict(table, Precondition::Exists);
    }
    if *code == SqlState::T_R_DEADLOCK_DETECTED
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::UNDEFINED_TABLE
        || *code == SqlState::DUPLICATE_TABLE
    {
        return unavailable(AGAIN);
    }
    if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        return StoreError::Corrupt {
            table,
            column: "*",
            row: 0,
            why: "the database's files are damaged; restore a backup".into(),
        };
    }
    match code.code().get(..2) {
        // Integrity (CHECK, NOT NULL) and data (out of range, a character that no text may hold).
        Some("22" | "23") => {
            StoreError::Invalid { table, why: "a value is outside what the table holds".into() }
        }
        _ => unavailable(format!("{} ({})", words(code), code.code())),
    }
}

/// The errors of the driver itself hold no values; what it wraps is the system's.
fn without_values(e: &Error) -> String {
    use std::error::Error as _;
    e.source().map_or_else(|| e.to_string(), |cause| format!("{e}: {cause}"))
}

/// What to do about an error that is none of the data's.
fn words(code: &SqlState) -> &'static str {
    match code.code() {
        "28000" | "28P01" => "the database refuses this name or password",
        "3D000" => "there is no such database; make it first",
        "42501" => {
            "the database's user lacks a right; it must own the database's schema (GRANT CREATE, USAGE)"
        }
        "25006" => "this database takes no writes (a standby?)",
        "53300" => {
            "the database has no connection left; raise max_connections or lower the readers"
        }
        "53100" => "the database's disk is full",
        "53200" => "the database is out of memory or locks; raise max_locks_per_transaction",
        "57P01" | "57P02" | "57P03" => "the database is starting or stopping",
        "55P03" => "another server holds what was to be written for too long",
        "57014" => "the database gave the statement up",
        _ => "the database refused a statement",
    }
}

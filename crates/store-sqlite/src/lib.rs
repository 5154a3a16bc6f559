//! The store on SQLite: one writer thread with group commit, readers that never wait for it.
//!
//! # How it works
//! Every unit goes through one thread. It takes all units that wait, writes them in one transaction,
//! each inside its own savepoint, flushes once, and answers. So a thousand small writes cost a few
//! flushes, and a unit that fails disturbs no other.
//!
//! Reads use their own connections on write-ahead-log snapshots. Short reads by key run on the
//! calling task (a few microseconds, less than handing them to another thread); lists run on the
//! runtime's blocking threads with connections of their own, so that a long list never makes a short
//! read wait.
//!
//! # Erasure
//! `secure_delete` overwrites what is deleted; after an erasure the log is moved into the database
//! and cut to nothing before the caller gets its answer. A read that still looks at the old state
//! delays this; after ten seconds the answer comes with a warning in the log, and the copy goes with
//! the first write after that read has ended.
//!
//! # Files
//! `x.db`, `x.db-wal`, `x.db-shm` and `x.db.lock`, all readable by their owner only. The lock file is
//! held by the one process that writes; others can still open the database to read.

mod apply;
mod connection;
mod copying;
mod days;
mod error;
mod marks;
mod open;
mod read;
mod rows;
mod schema;
mod store;
mod writer;

pub use copying::SqliteCopy;
pub use open::{OpenOptions, SqliteStore, Stats};
pub use schema::Applied;

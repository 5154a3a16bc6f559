//! Which database a deployment has: a file in its data folder, or one that its address names. The only
//! place that names a backend.

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use jadegate_store::{RowRef, Store, StoreError};
use jadegate_store_postgres::PostgresStore;
use jadegate_store_sqlite::{SqliteStore, Stats};

use crate::config::Config;
use crate::failure::Failure;

/// How many connections for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readers {
    /// For short reads.
    pub points: usize,
    /// For lists.
    pub lists: usize,
}

/// An opened database.
pub(crate) enum Database {
    /// A file.
    Sqlite(Arc<SqliteStore>),
    /// A database that other servers may use beside this one.
    Postgres(Arc<PostgresStore>),
}

impl Deref for Database {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Sqlite(store) => store.as_ref(),
            Self::Postgres(store) => store.as_ref(),
        }
    }
}

impl Database {
    /// Opens the configured database to read and write, and brings it up to date.
    pub(crate) async fn open(config: &Config, readers: Readers) -> Result<Self, StoreError> {
        let Readers { points, lists } = readers;
        match config.database_url() {
            None => {
                let options = jadegate_store_sqlite::OpenOptions {
                    readers: points,
                    list_readers: lists,
                    ..Default::default()
                };
                SqliteStore::open(config.database_file(), options).map(Self::Sqlite)
            }
            Some(url) => {
                // What asks a server over the way waits more than it works.
                let options = jadegate_store_postgres::OpenOptions {
                    readers: (2 * points).max(8),
                    list_readers: lists.max(4),
                    ..Default::default()
                };
                PostgresStore::open(url, options).await.map(Self::Postgres)
            }
        }
    }

    /// Opens it to read only, beside whoever writes.
    pub(crate) async fn open_read_only(config: &Config) -> Result<Self, StoreError> {
        match config.database_url() {
            None => SqliteStore::open_read_only(config.database_file()).map(Self::Sqlite),
            Some(url) => PostgresStore::open_read_only(url).await.map(Self::Postgres),
        }
    }

    /// The store, for the application.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::clone(store) as _,
            Self::Postgres(store) => Arc::clone(store) as _,
        }
    }

    /// Writes what waits, and ends.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }

    /// What is wrong with it as a whole.
    pub(crate) async fn whole(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sqlite(store) => store.integrity_check(),
            Self::Postgres(store) => store.check().await,
        }
    }

    /// The rows that cannot be read.
    pub(crate) async fn unreadable_rows(&self) -> Result<Vec<RowRef>, StoreError> {
        match self {
            Self::Sqlite(store) => store.unreadable_rows(),
            Self::Postgres(store) => store.unreadable_rows().await,
        }
    }

    /// Sizes, where they are this program's to know.
    pub(crate) fn stats(&self) -> Option<Stats> {
        match self {
            Self::Sqlite(store) => store.stats().ok(),
            Self::Postgres(_) => None,
        }
    }

    /// The file, if it is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(store) => Some(store.path()),
            Self::Postgres(_) => None,
        }
    }

    /// Where it is, for people: no user, no password.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Sqlite(store) => store.path().display().to_string(),
            Self::Postgres(store) => store.address().to_owned(),
        }
    }
}

/// Was the database that an address names never used: no table of ours, or no deployment in it?
///
/// # Errors
/// It cannot be reached, or is no database for this program.
pub(crate) async fn never_used(url: &str) -> Result<bool, Failure> {
    Ok(PostgresStore::never_used(url).await?)
}

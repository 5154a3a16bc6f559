//! Which database a deployment has: a file in its data folder, or one that its address names. The only
//! place that names a backend.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jadegate_store::copying::{CopyError, CopySource, CopyTarget};
use jadegate_store::{RowRef, Store, StoreError};
use jadegate_store_postgres::{PostgresCopy, PostgresStore};
use jadegate_store_sqlite::{SqliteCopy, SqliteStore, Stats};

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

/// A database by its name, to be copied or copied into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A file.
    File(PathBuf),
    /// The address of a database on PostgreSQL.
    Url(String),
}

impl Named {
    /// What is meant by a file's name, an address, or `configured`.
    ///
    /// # Errors
    /// An address of something else.
    pub(crate) fn parse(config: &Config, text: &str) -> Result<Self, Failure> {
        let url = match text {
            "configured" => match config.database_url() {
                None => return Ok(Self::File(config.database_file())),
                Some(url) => url,
            },
            text => text,
        };
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Url(url.to_owned()));
        }
        if url.contains("://") {
            // Never the address itself: there may be a password in it.
            return Err(
                "copy.address: a database is a file, postgres://user@host/name, or `configured`"
                    .into(),
            );
        }
        Ok(Self::File(PathBuf::from(url.strip_prefix("sqlite:").unwrap_or(url))))
    }

    /// Opens it to copy it.
    pub(crate) async fn source(&self) -> Result<Box<dyn CopySource>, CopyError> {
        Ok(match self {
            Self::File(path) => Box::new(SqliteCopy::source(path)?),
            Self::Url(url) => Box::new(PostgresCopy::source(url).await?),
        })
    }

    /// Opens it to copy into it.
    pub(crate) async fn target(&self) -> Result<Box<dyn CopyTarget>, CopyError> {
        Ok(match self {
            Self::File(path) => Box::new(SqliteCopy::target(path)?),
            Self::Url(url) => Box::new(PostgresCopy::target(url).await?),
        })
    }
}

/// Was the database that an address names never used: no table of ours, or no deployment in it?
///
/// # Errors
/// It cannot be reached, or is no database for this program.
pub(crate) async fn never_used(url: &str) -> Result<bool, Failure> {
    Ok(PostgresStore::never_used(url).await?)
}

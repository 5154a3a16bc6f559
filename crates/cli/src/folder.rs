//! What lies in a data folder, and what may be made in it.
//!
//! Nothing is ever made beside something that cannot be explained: a new key file beside an old
//! database would make every name in it unreadable, and a new database beside old keys would be a
//! deployment without its people.

use std::path::Path;

use crate::config::Config;
use crate::database::{self, Database};
use crate::failure::Failure;

/// What a start may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Folder {
    /// Nothing of ours is there, or what a first start left that was cut short: make what is missing.
    New,
    /// Database and keys are there.
    Present,
}

/// Files of ours, as they are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Found {
    /// The database's file is there and not empty.
    database: bool,
    /// The key file is there.
    keys: bool,
    /// A write-ahead log with something in it.
    log: bool,
    /// A saved visit index.
    index: bool,
    /// A key file that was to take the place of the one in use.
    keys_new: bool,
}

/// Looks, and makes nothing.
///
/// # Errors
/// What is there and does not fit together, and what to do.
pub(crate) async fn look(config: &Config) -> Result<Folder, Failure> {
    if let Some(url) = config.database_url() {
        return look_beside(config, url).await;
    }
    let database = config.database_file();
    let keys = config.key_file();
    let log = std::path::PathBuf::from(format!("{}-wal", database.display()));
    let found = Found {
        database: size(&database)?.is_some_and(|n| n > 0),
        keys: size(&keys)?.is_some(),
        log: size(&log)?.is_some_and(|n| n > 0),
        index: size(&config.visit_index_file())?.is_some(),
        keys_new: size(&keys.with_extension("new"))?.is_some(),
    };
    let (data, database, keys) =
        (config.data.display(), database.display().to_string(), keys.display().to_string());
    match found {
        Found { database: true, keys: true, .. } => Ok(Folder::Present),
        Found { database: false, keys: false, log: false, index: false, keys_new: false } => {
            Ok(Folder::New)
        }
        Found { database: true, keys: false, .. } => {
            if never_started(config).await {
                return Ok(Folder::New);
            }
            Err(format!(
                "{database} is there, but its key file {keys} is not. No other keys can open it, so none are made. Put the key file back from where it is kept"
            )
            .into())
        }
        Found { database: false, keys: true, .. } => Err(format!(
            "{keys} is there, but its database {database} is missing or empty. Put the database back from a backup. If this is to be a new deployment, move {keys} away first, to where it is kept: it may be needed to open a backup"
        )
        .into()),
        Found { .. } => Err(format!(
            "{data} holds a part of a deployment (a log of a database, a saved visit index or new keys), but neither {database} nor {keys}. Put them back from a backup, or start in another folder; nothing is made here"
        )
        .into()),
    }
}

/// The same where the database is elsewhere: the folder holds the keys.
async fn look_beside(config: &Config, url: &str) -> Result<Folder, Failure> {
    let keys = config.key_file();
    let new = database::never_used(url).await?;
    match (size(&keys)?.is_some(), new) {
        (true, false) => Ok(Folder::Present),
        (false, true) => Ok(Folder::New),
        (false, false) => Err(format!(
            "the database holds a deployment, but its key file {} is not here. No other keys can open it, so none are made. Put the key file there: a copy from where it is kept, or from another server of the same database",
            keys.display()
        )
        .into()),
        (true, true) => Err(format!(
            "{} is there, but the database holds no deployment. Read a backup back (jadegate restore), or name the right database. If this is to be a new deployment, move the key file away first, to where it is kept",
            keys.display()
        )
        .into()),
    }
}

/// The size of a file; `None` if there is none.
fn size(path: &Path) -> Result<Option<u64>, Failure> {
    match std::fs::metadata(path) {
        Ok(m) => Ok(Some(m.len())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(format!("{}: {e}", path.display()).into()),
    }
}

/// Was this database made by a first start that ended before there were keys? Whatever cannot be
/// read is not.
async fn never_started(config: &Config) -> bool {
    let Ok(store) = Database::open_read_only(config).await else { return false };
    matches!(store.setting("root_secret_fingerprint").await, Ok(None))
        && matches!(store.pending_leaves(0).await, Ok(log) if log.from + log.count == 0)
}

/// Files up to this size are checked before anything is served: it takes a moment.
const CHECKED_AT_START: u64 = 64 << 20;

/// Refuses a damaged database, if looking at all of it takes no more than a moment; a larger one is
/// checked beside the requests.
pub(crate) async fn check_small(store: &Database) -> Result<(), Failure> {
    let Some(file) = store.file() else { return Ok(()) };
    if size(file)?.unwrap_or(0) > CHECKED_AT_START {
        return Ok(());
    }
    let found = store.check().await?;
    let Some(first) = found.first() else { return Ok(()) };
    Err(format!(
        "{} is damaged ({} findings, the first: {first}). Nothing is served from it: restore a backup, and keep the damaged file for whoever looks into it",
        store.place(),
        found.len()
    )
    .into())
}

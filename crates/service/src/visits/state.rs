//! What is known of the index beside its visits.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, OnceLock};

use jadegate_domain::Timestamp;

use super::file::IndexFile;

/// Where the visits came from at a start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexOrigin {
    /// From the saved index, which lacked nothing.
    Loaded,
    /// From the saved index, and days that had changed since from the store.
    CaughtUp,
    /// All from the store.
    Rebuilt,
}

impl IndexOrigin {
    /// Stable name, for the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::CaughtUp => "caught_up",
            Self::Rebuilt => "rebuilt",
        }
    }
}

/// What [`App::tend_visits`] found to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// Large parts of the index that were put together.
    pub merged: usize,
    /// Was the index saved?
    pub saved: bool,
}

/// What is known of the index beside its visits.
pub(crate) struct IndexMaintenance {
    /// Where it is saved; nowhere if the deployment does not want it.
    pub(super) file: Option<Arc<IndexFile>>,
    /// How the last start came by the visits.
    pub(super) origin: OnceLock<IndexOrigin>,
    /// Visits fed since the file was written.
    pub(crate) fed: AtomicUsize,
    /// The file may still have days that were dropped and are gone from the index.
    pub(super) forgets: AtomicBool,
    /// One long piece of work at a time.
    pub(super) long: tokio::sync::Mutex<Long>,
    /// What a purge has dropped and not seen to its end.
    pub(crate) pending_purge: tokio::sync::Mutex<PendingPurge>,
}

/// Belongs to whoever does the long work.
#[derive(Debug, Default)]
pub(super) struct Long {
    /// When the file was last known to be right; `None` while there is none.
    pub(super) saved_at: Option<Timestamp>,
    /// After a save that failed, no other is tried by itself before this.
    pub(super) wait_until: Option<Timestamp>,
}

/// What was dropped from the store, until the public log says so.
#[derive(Debug, Default)]
pub(crate) struct PendingPurge {
    pub(crate) visits: u64,
    pub(crate) scans: u64,
}

impl IndexMaintenance {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self {
            file: file.map(|path| Arc::new(IndexFile::new(path))),
            origin: OnceLock::new(),
            fed: AtomicUsize::new(0),
            forgets: AtomicBool::new(false),
            long: tokio::sync::Mutex::default(),
            pending_purge: tokio::sync::Mutex::default(),
        }
    }

    /// How the last start came by the visits.
    pub(crate) fn origin(&self) -> IndexOrigin {
        self.origin.get().copied().unwrap_or(IndexOrigin::Rebuilt)
    }
}

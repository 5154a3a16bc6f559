//! Every promise of the port, on SQLite.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::sync::Arc;

use jadegate_store::Store;
use jadegate_store_sqlite::{OpenOptions, SqliteStore};

type Made = (Arc<dyn Store>, tempfile::TempDir);

fn make() -> impl Future<Output = Made> {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path().join("made-up.db"), OpenOptions::default()).unwrap();
    std::future::ready((store as Arc<dyn Store>, dir))
}

jadegate_store::conformance_tests!(make);

/// Only one process writes to a file, and it opens it once: both handles are the same.
async fn two() -> (Arc<dyn Store>, Arc<dyn Store>, tempfile::TempDir) {
    let (store, dir) = make().await;
    (Arc::clone(&store), store, dir)
}

jadegate_store::conformance_tests_of_two!(two);

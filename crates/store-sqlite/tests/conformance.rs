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

//! What the tests of this backend share.

pub(crate) mod cluster;

use std::sync::Arc;

use jadegate_store_postgres::{OpenOptions, PostgresStore};

/// A store on a database.
pub(crate) async fn open(address: &str) -> Arc<PostgresStore> {
    let few = OpenOptions { readers: 4, list_readers: 2, ..OpenOptions::default() };
    PostgresStore::open(address, few).await.unwrap()
}

/// A store on a database of its own.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) async fn made() -> (Arc<PostgresStore>, String) {
    let address = tokio::task::spawn_blocking(|| cluster::cluster().database()).await.unwrap();
    (open(&address).await, address)
}

//! Every promise of the port, on PostgreSQL; those about what happens at once also with two servers.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's own set-up")]

mod common;

use std::sync::Arc;

use jadegate_store::Store;

async fn make() -> (Arc<dyn Store>, ()) {
    (common::made().await.0, ())
}

/// Two handles on one database, as two servers have them.
async fn two() -> (Arc<dyn Store>, Arc<dyn Store>, ()) {
    let (first, address) = common::made().await;
    (first, common::open(&address).await, ())
}

jadegate_store::conformance_tests!(make);
jadegate_store::conformance_tests_of_two!(two);

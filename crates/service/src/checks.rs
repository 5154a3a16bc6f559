//! What is known in memory of the health of database and disk.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use jadegate_domain::Timestamp;
use jadegate_store::RowRef;

/// What was found out beside the requests.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    /// When the database was asked last, by the monotonic clock, and its answer.
    pub(crate) pinged: tokio::sync::Mutex<Option<(Duration, Option<String>)>>,
    /// What the last full check found wrong with the database.
    pub(crate) damage: Mutex<Vec<String>>,
    /// When each row that cannot be read was met first, since the start.
    pub(crate) met: Mutex<BTreeMap<RowRef, Timestamp>>,
}

//! In what condition database, clock and rows were found.

use std::collections::HashSet;

use jadegate_domain::HolderId;
use jadegate_store::SetAside;

use crate::checks::Checks;
use crate::clock::Seen;

/// What was found out since the start.
#[derive(Default)]
pub(crate) struct Condition {
    /// What was found out about database and disk.
    pub(crate) checks: Checks,
    /// The last moment at which the clock was believed.
    pub(crate) seen: Seen,
    /// People whose assessment is due and whose record cannot be read.
    pub(crate) stuck: tokio::sync::Mutex<HashSet<HolderId>>,
    /// Rows whose contents this layer cannot read; the store knows of those that it cannot.
    pub(crate) aside: SetAside,
    /// How far the server has gone in putting work off.
    pub(crate) put_off: crate::put_off::Step,
}

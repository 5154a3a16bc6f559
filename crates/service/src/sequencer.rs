//! The sequencer: gives the leaves of the public log their numbers, after the units that wrote them.
//!
//! Every server has one and none is chosen: what it numbers rests on the log's size as a precondition
//! of the store, so of two at once one numbers and the other looks again. A process that is killed
//! leaves behind leaves that wait; the next one numbers them.

use std::sync::Arc;
use std::time::Duration;

use jadegate_ledger::Leaf;
use jadegate_store::{Precondition, Store, Unit, Write};
use tokio::sync::watch;

use crate::app::App;
use crate::error::Result;
use crate::jobs::note;

/// Leaves that one unit numbers at most.
const BATCH: u32 = 10_000;
/// How long a leaf waits at most when nobody reads the log.
const EVERY: Duration = Duration::from_millis(500);

/// Leaves that wait for their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingLog {
    /// How many.
    pub leaves: u64,
    /// Whole seconds since the first of them was written; 0 if none waits.
    pub seconds: u64,
}

impl App {
    /// Numbers every leaf that was acknowledged before this was called. Any number of servers may do
    /// so at once; within one, one after the other.
    pub async fn number_leaves(&self) -> Result<()> {
        let _one = self.locks.numbering.lock().await;
        number(self.store.as_ref(), BATCH).await
    }

    /// How far the numbering is behind.
    pub async fn pending_log(&self) -> Result<PendingLog> {
        let pending = self.store.pending_leaves(1).await?;
        let oldest = pending.first.first().and_then(|bytes| Leaf::moment(bytes));
        let seconds = oldest.map_or(0, |at| self.now().secs_since(at));
        Ok(PendingLog { leaves: pending.count, seconds: u64::try_from(seconds).unwrap_or(0) })
    }

    /// Numbers what waits, again and again, until `stop` turns true.
    pub(crate) async fn keep_numbered(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            note("number_leaves", &self.number_leaves().await);
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }
}

/// Numbers every leaf that was acknowledged before this was called, `batch` at a time.
async fn number(store: &dyn Store, batch: u32) -> Result<()> {
    loop {
        let pending = store.pending_leaves(0).await?;
        if pending.count == 0 {
            return Ok(());
        }
        let write = Write::NumberLeaves { from: pending.from, most: batch };
        match store.commit(Unit::new("number_leaves", vec![write])).await {
            // Somebody else numbered, but perhaps not all that waits here.
            Err(e) if e.is_conflict(Precondition::LogSize) => {}
            Err(e) => return Err(e.into()),
            // Not cut off, so it took all there was; what came since is not asked for.
            Ok(()) if store.log_size().await? < pending.from + u64::from(batch) => return Ok(()),
            Ok(()) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use jadegate_store_sqlite::{OpenOptions, SqliteStore};

    use super::*;

    /// However many batches it takes.
    #[tokio::test]
    async fn all_that_waits_is_numbered_in_batches() {
        let dir = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(dir.path().join("t.db"), OpenOptions::default()).unwrap();
        for leaves in [0_u8, 1, 3, 4, 10] {
            let writes = (0..leaves).map(|n| Write::AddLeaf(vec![n])).collect();
            store.commit(Unit::new("made_up", writes)).await.unwrap();
            number(store.as_ref(), 3).await.unwrap();
            assert_eq!(store.pending_leaves(0).await.unwrap().count, 0, "{leaves}");
        }
        assert_eq!(store.log_size().await.unwrap(), 18);
    }
}

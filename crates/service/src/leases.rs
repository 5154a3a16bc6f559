//! What only one of several servers does at a time.
//!
//! A lease is a row with an owner and an end. It says who goes ahead, and not more: clocks differ, and a
//! server that stood still may think that it has a lease which another took meanwhile. So whatever is
//! decided under a [`Turn`] says in its unit whose turn it was ([`Turn::holds`]), and the store refuses it
//! if that is no longer so.

use std::sync::{Arc, Mutex, OnceLock};

use jadegate_domain::Timestamp;
use jadegate_store::{ServerWrite, Store, Unit, Write};
use tokio::sync::OwnedMutexGuard;

/// What this process holds.
#[derive(Debug, Default)]
pub(crate) struct Leases {
    pub(crate) owner: OnceLock<i64>,
    /// Until when the jobs are this process's.
    pub(crate) jobs_until: Mutex<Option<Timestamp>>,
    /// One turn at a time within this process.
    pub(crate) changes: Arc<tokio::sync::Mutex<()>>,
}

/// The turn of this process; over when it is dropped.
pub(crate) struct Turn {
    store: Arc<dyn Store>,
    name: &'static str,
    owner: i64,
    here: Option<OwnedMutexGuard<()>>,
}

impl Turn {
    /// The turn that was just taken.
    pub(crate) const fn of(
        store: Arc<dyn Store>,
        name: &'static str,
        owner: i64,
        here: OwnedMutexGuard<()>,
    ) -> Self {
        Self { store, name, owner, here: Some(here) }
    }

    /// Demands, in a unit that is decided under this turn, that it is still this process's.
    pub(crate) const fn holds(&self) -> Write {
        Write::Server(ServerWrite::Expect { name: self.name, owner: self.owner })
    }

    fn give_back(&self) -> Unit {
        let back = ServerWrite::GiveBack { name: self.name, owner: self.owner };
        Unit::new("lease", vec![Write::Server(back)])
    }

    /// Gives it back before others of this process go on.
    pub(crate) async fn end(mut self) {
        let here = self.here.take();
        // If that fails, it ends by itself.
        let _ = self.store.commit(self.give_back()).await;
        drop(here);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(here) = self.here.take() else { return };
        let (store, unit) = (Arc::clone(&self.store), self.give_back());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let _ = store.commit(unit).await;
                drop(here);
            });
        }
    }
}

//! Taking leases: which server does the jobs, and whose turn it is to change what colours everybody.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jadegate_domain::Timestamp;
use jadegate_store::{Precondition, ServerWrite, StoreError, Unit, Write};

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::leases::Turn;

/// The jobs that one server does for all.
const JOBS: &str = "jobs";
/// Changes of what colours everybody: decided from what stands, one after the other.
const CHANGES: &str = "changes";
/// Seconds a lease is held. A server that is killed holds the others up for so long.
const HELD: i64 = 30;
/// It is kept for longer from so many seconds before its end on.
const EARLY: i64 = 15;
/// How often one waits for another's turn to end, and how long each time.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

impl App {
    /// This process, among all that have the database.
    pub(crate) fn lease_owner(&self) -> i64 {
        *self.leases.owner.get_or_init(|| self.deployment.rng.bits().cast_signed())
    }

    /// Takes a lease or keeps it; `false`: it is another's.
    async fn take_lease(&self, name: &'static str) -> Result<Option<Timestamp>> {
        let at = self.now();
        let until = at.plus_secs(HELD);
        let take = ServerWrite::Take { name, owner: self.lease_owner(), at, until };
        match self.store.commit(Unit::new("lease", vec![Write::Server(take)])).await {
            Ok(()) => Ok(Some(until)),
            Err(e) if is_anothers(&e) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }

    /// Is it this server that does the jobs which one does for all? A server that cannot follow does
    /// none.
    pub(crate) async fn does_jobs(&self) -> bool {
        let held = |until: &Timestamp| until.secs_since(self.now()) > EARLY;
        let until = *self.leases.jobs_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.as_ref().is_some_and(held) {
            return true;
        }
        let taken = if self.follows() { self.take_lease(JOBS).await } else { Ok(None) };
        let taken = taken.unwrap_or_else(|e| {
            tracing::warn!(error = %e, "it is not known which server does the jobs; not this one");
            None
        });
        *self.leases.jobs_until.lock().unwrap_or_else(PoisonError::into_inner) = taken;
        taken.is_some()
    }

    /// Leaves the jobs to another server.
    pub(crate) async fn leave_jobs(&self) {
        let held = self.leases.jobs_until.lock().unwrap_or_else(PoisonError::into_inner).take();
        if held.is_some() {
            let back = ServerWrite::GiveBack { name: JOBS, owner: self.lease_owner() };
            // If that fails, it ends by itself.
            let _ = self.store.commit(Unit::new("lease", vec![Write::Server(back)])).await;
        }
    }

    /// Waits for this process's turn to change what colours everybody; what others changed before is in
    /// memory then. Each unit that is decided under it carries [`Turn::holds`].
    ///
    /// # Errors
    /// `server.busy`: another server has it and does not come to an end.
    pub(crate) async fn turn_to_change(&self) -> Result<Turn> {
        let here = Arc::clone(&self.leases.changes).lock_owned().await;
        for _ in 0..TRIES {
            if self.take_lease(CHANGES).await?.is_some() {
                let (store, owner) = (Arc::clone(&self.store), self.lease_owner());
                let turn = Turn::of(store, CHANGES, owner, here);
                self.follow().await?;
                return Ok(turn);
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(busy())
    }
}

fn is_anothers(e: &StoreError) -> bool {
    e.is_conflict(Precondition::Lease)
}

/// Another server does what only one does at a time.
fn busy() -> ServiceError {
    ServiceError::new(
        Kind::Unavailable,
        "server.busy",
        "Another change is being made at this moment. Nothing of yours was changed; please try again in half a minute.",
    )
    .retry_after(30)
}

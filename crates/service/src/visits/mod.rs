//! The visits in memory: fed by what is written, kept in order, and saved beside the database.
//!
//! The index has what the store has. Three things keep it so:
//! - Whoever writes visits does it through [`App::commit_and_feed`]: once a unit is handed to the
//!   store, the index is fed too, even if the caller went away meanwhile. It is fed with what the
//!   unit says and the store took as new, and with nothing else.
//! - A copy that is to be saved is taken when nobody is in between those two, after the store's
//!   marks were read: so a file never claims a visit that it lacks.
//! - Long work (merging, dropping old days, saving) is done on a clone beside the readers and the
//!   writers, one piece at a time.

mod file;
mod maintenance;
mod start;
mod state;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jadegate_domain::{Timestamp, VisitKey};
use jadegate_store::{Receipt, StoreError, Unit, Write};
use jadegate_trace::KnownVisit;

use crate::app::App;
use crate::concurrency::write;
pub(crate) use start::{read_visits, stored_rides};
pub(crate) use state::IndexMaintenance;
use state::Long;
pub use state::{IndexOrigin, Tended};

impl App {
    /// Where the visits came from at the start.
    pub fn index_origin(&self) -> IndexOrigin {
        self.memory.maintenance.origin()
    }

    /// Writes a unit that changes visits, then tells the memory of it: `tell` for what the visits
    /// need to be understood (places, rides), then the visits that the store took as new. All of it
    /// happens, or none: not even a caller that goes away comes in between. Otherwise a visit could
    /// be in the store and in no trace, and with a saved index not even after a restart.
    pub(crate) async fn commit_and_feed(
        self: &Arc<Self>,
        unit: Unit,
        tell: impl FnOnce(&Self) + Send + 'static,
    ) -> std::result::Result<Receipt, StoreError> {
        let app = Arc::clone(self);
        let work = async move {
            let shortened = shortened(&unit);
            // What is taken out of the index must not be saved once more meanwhile.
            let _long = if shortened.is_empty() {
                None
            } else {
                Some(app.memory.maintenance.long.lock().await)
            };
            let _feeding = app.memory.maintenance.feeding.read().await;
            let told = told(&unit);
            let receipt = app.store.commit_for_receipt(unit).await?;
            tell(&app);
            if !shortened.is_empty() {
                let keys = shortened.iter().map(KnownVisit::key).collect();
                app.take_out(keys).await.map_err(|e| StoreError::Unavailable(e.to_string()))?;
                app.memory.late.note(&shortened);
            }
            let new = told.into_iter().filter(|(write, _)| !receipt.was_known(*write));
            app.feed(&new.map(|(_, visit)| visit).collect::<Vec<_>>());
            Ok(receipt)
        };
        let gone = |e: tokio::task::JoinError| StoreError::Unavailable(e.to_string());
        tokio::spawn(work).await.map_err(gone)?
    }

    /// Visits that were just written, or what became known of them: to the index, and to the traces
    /// they may change.
    fn feed(&self, visits: &[KnownVisit]) {
        // In parts: nobody who passes a gate waits for the whole of an import.
        for part in visits.chunks(256) {
            let mut index = write(&self.memory.index);
            for visit in part {
                index.insert(*visit);
            }
            // Under the same lock: a copy is of the moment of its count.
            self.memory.maintenance.fed.fetch_add(part.len(), Ordering::Relaxed);
        }
        self.memory.late.note(visits);
    }
}

/// What a unit says of visits, each with its write's place in the unit.
fn told(unit: &Unit) -> Vec<(usize, KnownVisit)> {
    let told = |(n, write): (usize, &Write)| match write {
        Write::AddVisit(visit) => Some((n, visit.into())),
        Write::CloseVisit { visit, left } | Write::ShortenVisit { visit, to: left, .. } => {
            Some((n, ended(visit, *left)))
        }
        _ => None,
    };
    unit.writes.iter().enumerate().filter_map(told).collect()
}

/// Visits that a unit shortens, as they were.
fn shortened(unit: &Unit) -> Vec<KnownVisit> {
    let before = |write: &Write| match write {
        Write::ShortenVisit { visit, from, .. } => Some(ended(visit, *from)),
        _ => None,
    };
    unit.writes.iter().filter_map(before).collect()
}

const fn ended(visit: &VisitKey, left: Timestamp) -> KnownVisit {
    let VisitKey { entered, holder, place, presence } = *visit;
    KnownVisit { holder, place, entered, left: Some(left), presence }
}

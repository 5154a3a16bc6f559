//! Maintaining the index: merged, saved, and without what was dropped or taken back.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jadegate_domain::time::DAY;
use jadegate_domain::{Timestamp, VisitKey};
use jadegate_trace::Removal;
use tokio::sync::watch;

use super::start::{known_of, start_of};
use super::{Long, Tended};
use crate::app::App;
use crate::concurrency::{beside, read, write};
use crate::error::{Kind, Result, ServiceError};
use crate::jobs::note;

/// Fewer new visits than this are read again at a start in the blink of an eye.
const FEW: usize = 50_000;
/// More than this are a noticeable wait.
const MANY: usize = 1_000_000;
/// After a save that failed.
const RETRY_SECONDS: i64 = 600;

/// Is the file so far behind that reading what it lacks would make a start slow? A million visits
/// behind, or a tenth of all.
fn far_behind(fed: usize, all: usize) -> bool {
    fed >= MANY || (fed >= FEW && fed.saturating_mul(10) >= all)
}

impl App {
    /// Saves the visit index if it has changed since; for an orderly end.
    pub async fn save_visits(&self) -> Result<()> {
        // Others' visits too, so that the next start need not read them.
        self.follow().await?;
        let mut long = self.memory.maintenance.long.lock().await;
        let fed = self.memory.maintenance.fed.load(Ordering::Relaxed);
        if fed == 0 && long.saved_at.is_some() {
            return Ok(());
        }
        self.save(&mut long).await
    }

    /// Merges what is due and saves what has gone too far, unless such work is under way.
    pub async fn tend_visits(&self) -> Result<Tended> {
        let Ok(mut long) = self.memory.maintenance.long.try_lock() else {
            return Ok(Tended::default());
        };
        let merged = self.merge_large_runs().await?;
        let saved = self.memory.maintenance.file.is_some() && self.save_is_due(&long);
        if saved {
            self.save(&mut long).await?;
        }
        Ok(Tended { merged, saved })
    }

    /// Runs beside the other jobs until `stop` turns true.
    pub(crate) async fn maintain_visits(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut ticks: u64 = 0;
        loop {
            if ticks.is_multiple_of(7200) {
                note("purge", &self.purge().await);
            }
            note("tend_visits", &self.tend_visits().await);
            ticks += 1;
            tokio::select! {
                _ = stop.changed() => return,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
    }

    fn save_is_due(&self, long: &Long) -> bool {
        let now = self.now();
        if long.wait_until.is_some_and(|until| now < until) {
            return false;
        }
        let fed = self.memory.maintenance.fed.load(Ordering::Relaxed);
        let a_day_old = fed > 0 && long.saved_at.is_none_or(|at| now.secs_since(at) >= DAY);
        a_day_old || far_behind(fed, self.index_size().0)
    }

    /// Whoever calls it holds the lock for long work: an index is merged by one at a time.
    async fn merge_large_runs(&self) -> Result<usize> {
        let mut done = 0;
        loop {
            // Its runs are given back to the system when nobody waits for the lock any more.
            let before = read(&self.memory.index).clone();
            let Some(merge) = before.merge_due() else { return Ok(done) };
            let merged = beside(move || merge.work()).await?;
            write(&self.memory.index).adopt(merged);
            done += 1;
        }
    }

    /// Writes the file anew.
    async fn save(&self, long: &mut Long) -> Result<()> {
        let Some(file) = self.memory.maintenance.file.clone() else { return Ok(()) };
        let begun = Instant::now();
        // First how far the index is, then the copy: what comes in between is read again at the start.
        let known = self.memory.follower.position();
        let from = known_of(&self.store.visit_marks().await?, known);
        let (copy, fed) = {
            let index = read(&self.memory.index);
            (index.clone(), self.memory.maintenance.fed.load(Ordering::Relaxed))
        };
        let visits = copy.len();
        match beside(move || file.write(&from, &copy.without_copies())).await? {
            Ok(bytes) => {
                self.memory.maintenance.fed.fetch_sub(fed, Ordering::Relaxed);
                *long = Long { saved_at: Some(self.now()), wait_until: None };
                let seconds = begun.elapsed().as_secs_f64();
                tracing::info!(visits, bytes, seconds, "visit index saved");
                Ok(())
            }
            Err(e) => {
                long.wait_until = Some(self.now().plus_secs(RETRY_SECONDS));
                Err(failed("visit_index.not_saved", &e))
            }
        }
    }

    /// The UTC days before one were dropped: takes their visits out of the index, and sees to it that
    /// the file loses them ([`finish_forgetting`](Self::finish_forgetting)).
    pub(crate) async fn forget_days(&self, before: i64) -> Result<()> {
        self.forget_before(start_of(before)).await?;
        self.memory.maintenance.forgets.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Writes the file anew, or removes it, if it may still have days that were dropped.
    ///
    /// # Errors
    /// If neither is possible: it is still to be done.
    pub(crate) async fn finish_forgetting(&self) -> Result<()> {
        let mut long = self.memory.maintenance.long.lock().await;
        if self.memory.maintenance.forgets.load(Ordering::Relaxed) {
            self.save_or_remove(&mut long).await?;
            self.memory.maintenance.forgets.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// After visits were dropped: the file must not keep them, saved or not.
    async fn save_or_remove(&self, long: &mut Long) -> Result<()> {
        let Err(e) = self.save(long).await else { return Ok(()) };
        tracing::error!(code = e.code, error = %e, "the visit index is removed instead");
        long.saved_at = None;
        if self.remove_file().await { Ok(()) } else { Err(e) }
    }

    /// Takes the file away; a failure is logged here.
    pub(super) async fn remove_file(&self) -> bool {
        let Some(file) = self.memory.maintenance.file.clone() else { return true };
        match beside(move || file.remove()).await {
            Ok(Ok(())) => true,
            Ok(Err(e)) => {
                tracing::error!(
                    code = "visit_index.not_removed",
                    error = %e,
                    "the saved visit index cannot be removed"
                );
                false
            }
            Err(e) => {
                tracing::error!(code = e.code, error = %e, "the saved visit index was not removed");
                false
            }
        }
    }

    /// Takes visits out of the index, beside the readers and the writers.
    pub(crate) async fn take_out(&self, gone: Vec<VisitKey>) -> Result<()> {
        if gone.is_empty() {
            return Ok(());
        }
        let _long = self.memory.maintenance.long.lock().await;
        // A file that has them must be written anew.
        self.memory.maintenance.fed.fetch_add(gone.len(), Ordering::Relaxed);
        let gone: Arc<[VisitKey]> = gone.into();
        loop {
            let (copy, of) = (read(&self.memory.index).clone(), Arc::clone(&gone));
            if let Some(work) = beside(move || copy.removal(&of).map(Removal::work)).await? {
                write(&self.memory.index).adopt(work);
                continue;
            }
            // In parts: nobody who passes a gate waits for the whole of a list.
            for part in gone.chunks(256) {
                write(&self.memory.index).remove_new(part);
            }
            // What was small may have become a part of something large in between.
            let (copy, of) = (read(&self.memory.index).clone(), Arc::clone(&gone));
            if !beside(move || copy.has_any(&of)).await? {
                return Ok(());
            }
        }
    }

    /// Takes the visits before a moment out of the index. Readers and writers go on meanwhile: the work
    /// is done on a clone, which then catches up.
    async fn forget_before(&self, moment: Timestamp) -> Result<()> {
        let _long = self.memory.maintenance.long.lock().await;
        let before = read(&self.memory.index).clone();
        let clone = before.clone();
        let mut anew = beside(move || {
            let mut anew = clone;
            anew.remove_before(moment);
            anew
        })
        .await?;
        // Most of what came meanwhile is fed here, so that the lock is held for the rest only.
        let meanwhile = read(&self.memory.index).clone();
        let (old, new) = (before.clone(), meanwhile.clone());
        anew = beside(move || {
            anew.insert_since(&old, &new, moment);
            anew
        })
        .await?;
        {
            let mut index = write(&self.memory.index);
            anew.insert_since(&meanwhile, &index, moment);
            std::mem::swap(&mut *index, &mut anew);
        }
        beside(move || drop((before, meanwhile, anew))).await
    }
}

fn failed(code: &'static str, e: &std::io::Error) -> ServiceError {
    let mut failed =
        ServiceError::new(Kind::Unavailable, code, "The visit index could not be saved.");
    failed.inside = Some(e.to_string().into());
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_behind_by_a_tenth_or_a_million() {
        for (fed, all, due) in [
            (0, 0, false),
            (FEW - 1, FEW - 1, false),
            (FEW, FEW, true),
            (FEW, 10 * FEW, true),
            (FEW, 10 * FEW + 1, false),
            (MANY, 100 * MANY, true),
        ] {
            assert_eq!(far_behind(fed, all), due, "{fed} of {all}");
        }
    }
}

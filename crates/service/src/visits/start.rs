//! Where the visits come from at a start: from the saved index and what it lacks, or from the store.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jadegate_domain::{HolderId, PlaceId, Ride, Timestamp, Visit};
use jadegate_store::{DayMark, Position, Store, VisitMarks};
use jadegate_trace::{CatchUp, Dropped, SavedDay, SavedError, SavedFrom, VisitIndex, catch_up};

use super::file::IndexFile;
use super::{IndexOrigin, Long};
use crate::app::App;
use crate::concurrency::{beside, write};
use crate::error::Result;

/// What an index knows that follows the store up to a position, as the saved form has it.
pub(super) fn known_of(marks: &VisitMarks, known: Position) -> SavedFrom {
    let mut from = from_store(marks);
    from.days.iter_mut().for_each(|day| day.mark = day.mark.min(known.get()));
    from
}

/// The store's days as the saved form has them.
fn from_store(marks: &VisitMarks) -> SavedFrom {
    SavedFrom { store: marks.store, days: days(&marks.days) }
}

fn days(marks: &[DayMark]) -> Vec<SavedDay> {
    marks.iter().map(|d| SavedDay { day: d.day, mark: d.mark }).collect()
}

/// What an index saved from these days lacks, and what it has too much.
fn lacks(saved: &SavedFrom, marks: &VisitMarks) -> std::result::Result<CatchUp, SavedError> {
    let dropped = marks.dropped.map(|d| Dropped { before: d.before, mark: d.mark });
    catch_up(saved, &from_store(marks), dropped, &days(&marks.lost))
}

/// The visits that a store has from a day on, from the index saved at `path` and what it lacks, or
/// all from the store if that file is absent or of no use. For who is not the server: nothing is
/// written or removed, and a server may go on writing meanwhile.
pub(crate) async fn read_visits(
    store: &dyn Store,
    path: Option<PathBuf>,
    first_day: i64,
) -> Result<(VisitIndex, IndexOrigin)> {
    let saved = match path {
        Some(path) => beside(move || IndexFile::new(path).read()).await?,
        None => Ok(None),
    };
    // Read after the file, for a server may be writing both and marks only rise.
    let marks = store.visit_marks().await?;
    let caught_up = saved.and_then(|saved| {
        let Some((from, index)) = saved else { return Ok(None) };
        let CatchUp { remove_before, anew, read } = lacks(&from, &marks)?;
        let old = remove_before.is_some() || from.days.iter().any(|d| d.day < first_day);
        let first = remove_before.map_or(first_day, |day| day.max(first_day));
        Ok(Some((index, (old.then_some(first), anew), read)))
    });
    let (mut index, read, origin) = match caught_up {
        Ok(Some((mut index, (remove_before, anew), read))) => {
            if remove_before.is_some() || !anew.is_empty() {
                index = beside(move || without(index, remove_before, &anew)).await?;
            }
            let read: Vec<_> = read.into_iter().filter(|d| *d >= first_day).collect();
            let origin = if read.is_empty() { IndexOrigin::Loaded } else { IndexOrigin::CaughtUp };
            (index, read, origin)
        }
        useless => {
            if let Err(e) = useless {
                tracing::warn!(
                    code = e.code(),
                    error = %e,
                    "the saved visit index is of no use; all visits are read from the store"
                );
            }
            let mut days = store.visit_days().await?;
            days.retain(|day| *day >= first_day);
            (build_from(store, &days).await?.0, Vec::new(), IndexOrigin::Rebuilt)
        }
    };
    for day in read {
        let visits = store.visits_on(day).await?;
        index = beside(move || with(index, visits)).await?;
    }
    Ok((index, origin))
}

/// What tickets say of the store's visits, as the index takes it.
pub(crate) async fn stored_rides(
    store: &dyn Store,
) -> Result<Vec<(HolderId, PlaceId, Timestamp, Ride)>> {
    let mut rides = Vec::new();
    for day in store.visit_days().await? {
        let of_day = store.rides_on(day).await?;
        rides.extend(of_day.into_iter().map(|r| (r.holder, r.trip, r.entered, r.ride)));
    }
    Ok(rides)
}

/// An index of all visits of some days, and how many they are.
async fn build_from(store: &dyn Store, days: &[i64]) -> Result<(VisitIndex, usize)> {
    let mut visits = Vec::new();
    for day in days {
        visits.extend(store.visits_on(*day).await?);
    }
    let count = visits.len();
    Ok((beside(move || VisitIndex::build(visits)).await?, count))
}

/// An index that nobody searches yet, without the days before one and without those to be read anew.
fn without(mut index: VisitIndex, before: Option<i64>, anew: &[i64]) -> VisitIndex {
    if let Some(day) = before {
        index.remove_before(start_of(day));
    }
    if !anew.is_empty() {
        index.remove_days(anew);
    }
    index
}

/// An index that nobody searches yet, with more visits. Most of a day that has changed are there.
fn with(mut index: VisitIndex, visits: Vec<Visit>) -> VisitIndex {
    for visit in visits {
        if !index.knows(visit) {
            index.insert(visit);
        }
    }
    while let Some(merge) = index.merge_due() {
        index.adopt(merge.work());
    }
    index
}

impl App {
    /// Fills the index, and says up to which position; what came since is for the reading that begins
    /// there. Whatever is wrong with the saved index, it is made from the store instead.
    pub(crate) async fn load_index(&self) -> Result<Position> {
        let begun = Instant::now();
        let mut long = self.memory.maintenance.long.lock().await;
        let (origin, known) = match self.load_saved(&mut long).await? {
            Some(loaded) => loaded,
            None => (IndexOrigin::Rebuilt, self.load_all().await?),
        };
        self.memory.maintenance.origin.get_or_init(|| origin);
        let seconds = begun.elapsed().as_secs_f64();
        let (visits, how) = (self.index_size().0, origin.as_str());
        tracing::info!(how, visits, seconds, "visit index loaded");
        Ok(known)
    }

    /// From the saved index, if there is one that is of use.
    async fn load_saved(&self, long: &mut Long) -> Result<Option<(IndexOrigin, Position)>> {
        let Some(file) = self.memory.maintenance.file.clone() else { return Ok(None) };
        let marks = self.store.visit_marks().await?;
        let load = move || -> std::result::Result<_, SavedError> {
            file.tidy().map_err(SavedError::Unreadable)?;
            let Some((saved, index)) = file.read()? else { return Ok(None) };
            let lacks = lacks(&saved, &marks)?;
            Ok(Some((saved, index, lacks)))
        };
        let loaded = beside(load).await;
        match loaded.unwrap_or_else(|e| Err(SavedError::Unreadable(std::io::Error::other(e)))) {
            Ok(None) => Ok(None),
            Ok(Some((saved, index, lacks))) => {
                self.begin_with(index, 0);
                long.saved_at = Some(self.now());
                let lacks_nothing = lacks.read.is_empty() && lacks.anew.is_empty();
                let origin =
                    if lacks_nothing { IndexOrigin::Loaded } else { IndexOrigin::CaughtUp };
                let known = saved.days.iter().map(|d| d.mark).max().unwrap_or_default();
                Ok(Some((origin, Position::new(known))))
            }
            Err(e) => {
                tracing::warn!(
                    code = e.code(),
                    error = %e,
                    "the saved visit index is of no use; it is made anew from the store"
                );
                // Nobody knows what is in it, so it might be something that was dropped.
                self.remove_file().await;
                Ok(None)
            }
        }
    }

    /// All days of the store, also those that the next purge will drop: a file says of each day
    /// how far it is. Sorted at once, which is faster than one by one.
    async fn load_all(&self) -> Result<Position> {
        let known = self.store.position().await?;
        let days = self.store.visit_days().await?;
        let (index, fed) = build_from(self.store.as_ref(), &days).await?;
        self.begin_with(index, fed);
        Ok(known)
    }

    fn begin_with(&self, index: VisitIndex, fed: usize) {
        let mut held = write(&self.memory.index);
        *held = index;
        self.memory.maintenance.fed.store(fed, Ordering::Relaxed);
    }
}

/// The first moment of a UTC day.
pub(super) fn start_of(day: i64) -> Timestamp {
    Timestamp::from_secs(day * jadegate_domain::time::DAY)
}

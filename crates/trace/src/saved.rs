//! The index on disk: a sorted form kept beside the store, so that a start need not sort.
//!
//! It holds nothing the store does not hold, and may be thrown away at any time. Nothing in it is
//! believed: every block carries a checksum, every number is checked before it is used to look
//! something up, and whatever is wrong is an error after which the caller builds the index from the
//! store. It is as sensitive as the visits: it lies where they lie, and days dropped there must go
//! from here in the same job ([`catch_up`] says when the file still has them).
//!
//! # Format 1
//!
//! Blocks of `length: u32, payload, CRC-32 of both`, the last one empty; all numbers little-endian.
//! The payloads in a row are: magic, version, the store's id, the days with their marks, ids of
//! holders and of places, and the runs: keys and first rows by place, rows (`entered`, `stayed`,
//! `holder`), keys and first rows by holder, rows and places in that order; then the rides. Before
//! every list stands its length.

use std::io::{self, Read, Write};
use std::sync::Arc;

use jadegate_domain::{Leg, Ride, Seat};

use crate::checksummed_io::{BlockError, ChecksummedReader, ChecksummedWriter};
use crate::index::VisitIndex;
use crate::interner::Interner;
use crate::rides::Rides;
use crate::row::Cell;
use crate::run::{Keys, Run};

const MAGIC: [u8; 8] = *b"JGVISITS";
const VERSION: u32 = 2;

/// What a file says of where its visits are from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedFrom {
    /// A random number drawn when the store was made: a file of another store is of no use.
    pub store: [u8; 16],
    /// The store's days, ascending, as they were **before** the clone that is saved was taken, so
    /// that what was written in between is read again (which changes nothing) and not lost.
    pub days: Vec<SavedDay>,
}

/// How far the visits of one day are in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedDay {
    /// UTC day since the epoch.
    pub day: i64,
    /// A number of the store that grows with every change of that day's visits (entries and exits
    /// alike) and never falls, not even when the day was dropped and made anew.
    pub mark: u64,
}

/// Why a file is of no use. The answer is always the same: build the index from the store.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// Not such a file at all.
    #[error("this is no saved index")]
    Foreign,
    /// Written by an older or newer version of the program.
    #[error("the saved index is of format {0}, this program reads {VERSION}")]
    Version(u32),
    /// Cut short, changed, or never right.
    #[error("the saved index is damaged: {0}")]
    Damaged(&'static str),
    /// It could not be read.
    #[error("the saved index cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// It is of another store.
    #[error("the saved index is of another store")]
    OtherStore,
    /// It is of this store, but the store was set back since (a backup was restored, say).
    #[error("the saved index knows of visits that the store does not")]
    OtherPast,
}

impl SavedError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Foreign => "saved_index.foreign",
            Self::Version(_) => "saved_index.version",
            Self::Damaged(_) => "saved_index.damaged",
            Self::Unreadable(_) => "saved_index.unreadable",
            Self::OtherStore => "saved_index.other_store",
            Self::OtherPast => "saved_index.other_past",
        }
    }
}

impl From<BlockError> for SavedError {
    fn from(e: BlockError) -> Self {
        match e {
            BlockError::Damaged(what) => Self::Damaged(what),
            BlockError::Unreadable(e) => Self::Unreadable(e),
        }
    }
}

type Result<T> = std::result::Result<T, SavedError>;

/// Which visits the store has dropped: those of days before `before` whose mark was at most `mark`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The first day that was kept.
    pub before: i64,
    /// The highest mark there was.
    pub mark: u64,
}

/// What a loaded index lacks, to be done in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatchUp {
    /// Days before this one were dropped from the store: [`VisitIndex::remove_before`] it, and save
    /// again at once, for the file still has them.
    pub remove_before: Option<i64>,
    /// Days of which single visits were taken back since the file was written, ascending:
    /// [`VisitIndex::remove_days`] them. They are among those to read.
    pub anew: Vec<i64>,
    /// Days of which all visits must be inserted, ascending. Those that are there already change
    /// nothing.
    pub read: Vec<i64>,
}

/// What must be done so that an index loaded from a file has what the store has now, and nothing
/// else. Days are in order, in the file and in the store. `lost` are the days of which single visits
/// were taken back, each with its mark of the last time that happened.
///
/// # Errors
/// [`SavedError::OtherStore`] and [`SavedError::OtherPast`]: the two do not belong together.
pub fn catch_up(
    saved: &SavedFrom,
    store: &SavedFrom,
    dropped: Option<Dropped>,
    lost: &[SavedDay],
) -> Result<CatchUp> {
    if saved.store != store.store {
        return Err(SavedError::OtherStore);
    }
    let mark = |days: &[SavedDay], day| {
        days.binary_search_by_key(&day, |d| d.day).ok().map(|at| days[at].mark)
    };
    // A day that was dropped may be there anew, with other visits.
    let gone = |s: &SavedDay| dropped.is_some_and(|d| s.day < d.before && s.mark <= d.mark);
    for s in saved.days.iter().filter(|s| !gone(s)) {
        // A day that went by itself, or fewer changes than there were: another past.
        if mark(&store.days, s.day).is_none_or(|now| now < s.mark) {
            return Err(SavedError::OtherPast);
        }
    }
    let remove_before = dropped.map(|d| d.before).filter(|_| saved.days.iter().any(gone));
    let lacks = |d: &&SavedDay| {
        remove_before.is_some_and(|before| d.day < before)
            || mark(&saved.days, d.day) != Some(d.mark)
    };
    let read = store.days.iter().filter(lacks).map(|d| d.day).collect();
    let still_there = |d: &&SavedDay| mark(&saved.days, d.day).is_some_and(|then| then < d.mark);
    let anew = lost.iter().filter(still_there).map(|d| d.day).collect();
    Ok(CatchUp { remove_before, anew, read })
}

impl VisitIndex {
    /// Writes the sorted form. Call it on a clone; write to a new file, sync it, and rename it over
    /// the old one, so that there is always a whole one.
    pub fn save(&self, from: &SavedFrom, to: &mut impl Write) -> io::Result<()> {
        let mut out = ChecksummedWriter::new(to);
        out.put(&MAGIC)?;
        out.word(VERSION)?;
        out.put(&from.store)?;
        out.count(from.days.len())?;
        for d in &from.days {
            out.long(d.day.cast_unsigned())?;
            out.long(d.mark)?;
        }
        let (interners, runs) = self.parts();
        for interner in interners {
            out.count(interner.len())?;
            interner.ids().try_for_each(|id| out.long(id))?;
        }
        out.count(runs.len())?;
        for run in &runs {
            let parts = run.parts();
            for keys in [parts.places, parts.holders] {
                out.words(keys.sparse())?;
                out.words(keys.starts())?;
            }
            out.count(parts.cells.len())?;
            for cell in parts.cells {
                out.put(&Cell::of(cell).to_bytes())?;
            }
            out.words(parts.holder_rows)?;
            out.words(parts.holder_places)?;
        }
        let rides: Vec<_> = self.rides().all().collect();
        out.count(rides.len())?;
        for ((place, holder, entered), ride) in rides {
            [place, holder, entered].into_iter().try_for_each(|n| out.word(n))?;
            out.put(&ride_bytes(ride))?;
        }
        out.end()
    }

    /// Reads what [`save`](Self::save) wrote. Give it a file as it is: it is read in large pieces.
    pub fn load(from: &mut impl Read) -> Result<(SavedFrom, Self)> {
        let mut input = ChecksummedReader::new(from);
        match input.array() {
            Ok(MAGIC) => {}
            Err(e @ BlockError::Unreadable(_)) => return Err(e.into()),
            _ => return Err(SavedError::Foreign),
        }
        match input.word()? {
            VERSION => {}
            other => return Err(SavedError::Version(other)),
        }
        let store = input.array()?;
        let mut days = Vec::new();
        for _ in 0..input.count()? {
            let day = input.long()?.cast_signed();
            days.push(SavedDay { day, mark: input.long()? });
        }
        let (holders, places) = (read_interner(&mut input)?, read_interner(&mut input)?);
        let mut runs = Vec::new();
        for _ in 0..input.count()? {
            let run = read_run(&mut input, places.len(), holders.len())?;
            runs.push(Arc::new(run));
        }
        let mut rides = Rides::default();
        for _ in 0..input.count()? {
            let key = (input.word()?, input.word()?, input.word()?);
            let ride = read_ride(input.array()?)?;
            if key.0 as usize >= places.len() || key.1 as usize >= holders.len() {
                return Err(SavedError::Damaged("a ride names what is not there"));
            }
            rides.set(key, ride);
        }
        input.end()?;
        Ok((SavedFrom { store, days }, Self::of_parts(holders, places, runs, rides)))
    }
}

/// Leg (from, to), seat (coach, row, column): 16 bits each and [`NO`] for what is unknown.
fn ride_bytes(ride: Ride) -> [u8; 10] {
    let (from, to) = ride.leg.map_or((NO, NO), |l| (l.from(), l.to()));
    let (coach, row, column) = ride.seat.map_or((NO, NO, NO), |s| {
        let column = s.column.map_or(0, |c| u16::try_from(u32::from(c)).unwrap_or(0));
        (s.coach.unwrap_or(NO), s.row, column)
    });
    let mut bytes = [0; 10];
    for (to, from) in bytes.as_chunks_mut::<2>().0.iter_mut().zip([from, to, coach, row, column]) {
        *to = from.to_le_bytes();
    }
    bytes
}

const NO: u16 = u16::MAX;

fn read_ride(bytes: [u8; 10]) -> Result<Ride> {
    let mut n = [0; 5];
    for (to, from) in n.iter_mut().zip(bytes.as_chunks::<2>().0) {
        *to = u16::from_le_bytes(*from);
    }
    let [from, to, coach, row, column] = n;
    let known = |n: u16| (n != NO).then_some(n);
    let leg = known(from).map(|from| Leg::new(from, to)).transpose();
    let leg = leg.map_err(|_| SavedError::Damaged("a leg ends before it begins"))?;
    let letter = u8::try_from(column).ok().map(char::from).filter(char::is_ascii_uppercase);
    let seat = known(column).map(|_| Seat { coach: known(coach), row, column: letter });
    Ok(Ride { leg, seat })
}

fn read_interner(input: &mut ChecksummedReader<'_, impl Read>) -> Result<Interner> {
    let count = input.count()?;
    let ids = input.many(count, u64::from_le_bytes)?;
    Interner::of_ids(ids).ok_or(SavedError::Damaged("an id is there twice"))
}

fn read_run(
    input: &mut ChecksummedReader<'_, impl Read>,
    places: usize,
    holders: usize,
) -> Result<Run> {
    let keys_of_places = Keys::of_parts(input.words()?, input.words()?);
    let keys_of_holders = Keys::of_parts(input.words()?, input.words()?);
    let rows = input.count()?;
    let cells = input.many(rows, |bytes| Cell::from_bytes(bytes).packed())?;
    let order = (input.words()?, input.words()?);
    Run::of_parts((keys_of_places, places), cells, (keys_of_holders, holders), order)
        .map_err(SavedError::Damaged)
}

#[cfg(test)]
mod tests {
    use jadegate_domain::{CaseId, HolderId, Period, PlaceId, PlaceKind, Presence, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::{CaseInput, KindRules, KnownVisit, Rules, trace};

    fn index() -> VisitIndex {
        let visit = |n: u64| KnownVisit {
            holder: HolderId::from_random(n % 13 + 1),
            place: PlaceId::from_random(n % 5 + 1),
            entered: Timestamp::from_secs(n.cast_signed() * 60),
            left: (!n.is_multiple_of(3))
                .then(|| Timestamp::from_secs(n.cast_signed() * 60 + 3_000)),
            presence: Presence::Gate,
        };
        VisitIndex::build((0..150).map(visit))
    }

    /// The payload without its blocks.
    fn payload(index: &VisitIndex) -> Vec<u8> {
        let mut bytes = Vec::new();
        index.save(&SavedFrom::default(), &mut bytes).unwrap();
        let length = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
        bytes[4..4 + length].to_vec()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        /// Numbers that somebody wrote on purpose, under right checksums: an error, or an index in
        /// which every look-up ends.
        #[test]
        fn wrong_numbers_with_right_checksums_do_no_harm(
            changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u32>(), 0..160u32]), 1..4),
        ) {
            let mut payload = payload(&index());
            for (at, number) in changes {
                let at = at.index(payload.len() / 4) * 4;
                payload[at..at + 4].copy_from_slice(&number.to_le_bytes());
            }
            let mut bytes = Vec::new();
            let mut out = ChecksummedWriter::new(&mut bytes);
            out.put(&payload).unwrap();
            out.end().unwrap();
            if let Ok((_, mut index)) = VisitIndex::load(&mut bytes.as_slice()) {
                let everywhere = KindRules {
                    contact_minutes: 1, secondary_minutes: 1, assumed_stay_minutes: 60, lingering_minutes: 0,
                };
                let window = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
                let case = |n| CaseInput { case: CaseId::from_random(n), holder: HolderId::from_random(n), window };
                let cases: Vec<_> = (1..14).map(case).collect();
                trace(&index, &cases, &Rules::new(everywhere), |_: PlaceId| PlaceKind::Shop, Timestamp::MAX);
                index.remove_before(Timestamp::from_secs(600));
            }
        }
    }
}

//! The visit index: every visit of the days kept, by place and time and by holder and time.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jadegate_domain::{HolderId, Period, PlaceId, Ride, Timestamp, Visit};

use crate::interner::Interner;
use crate::rides::Rides;
use crate::row::{Cell, KnownVisit, Packed, Row, moment, secs};
use crate::run::{Run, drop_superseded};
use crate::same::SamePeople;
use crate::shares::Shares;

/// All visits of the last days in memory, compact, for one writer and any number of readers.
///
/// Sorted runs hold nearly everything; new visits go to a small unsorted buffer, which becomes a
/// run when it is full, and runs of like size are merged. A visit can be seen by traces as soon as
/// [`insert`](Self::insert) has returned.
///
/// **Clone is a snapshot**: runs are shared, only the buffer and the newest ids are copied (tens of
/// kilobytes). A writer that publishes clones is never blocked by a reader, nor a reader by it.
///
/// **A visit has no id here.** Feeding one again changes nothing. Feeding it again with its end
/// known (or its presence proven) replaces what was known before: an open visit is ignored once a
/// closed one of the same holder, place and moment of entry, no less proven, is there.
#[derive(Clone, Debug, Default)]
pub struct VisitIndex {
    holders: Interner,
    places: Interner,
    /// Largest first.
    pub(crate) runs: Vec<Arc<Run>>,
    pub(crate) buffer: Vec<Row>,
    /// As [`Run::span`], of the buffer.
    buffer_span: Option<(u32, u32)>,
    rides: Rides,
    same: Arc<SamePeople>,
    pub(crate) shares: Arc<Shares>,
}

/// Where a visit lies in the index: a look-up at the same place and time begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    run: u32,
    row: u32,
}

impl Spot {
    /// In no run.
    pub(crate) const BUFFER: Self = Self { run: u32::MAX, row: 0 };
}

/// Rows in the buffer before it is sorted into a run: a scan of it costs about a microsecond.
const BUFFER: usize = 1024;

/// Rows of a run above which the writer does not merge it, for it would stand still too long.
const SMALL: usize = 1 << 15;

/// Runs at which the writer merges large ones all the same.
const MOST_RUNS: usize = 64;

/// A run is merged with those after it once they hold at least this part of its rows.
const MERGE_AT: usize = 3;

impl VisitIndex {
    /// An index without visits.
    pub fn new() -> Self {
        Self::default()
    }

    /// An index of many visits at once; much faster than inserting them one by one.
    pub fn build<V: Into<KnownVisit>>(visits: impl IntoIterator<Item = V>) -> Self {
        let mut index = Self::new();
        let mut rows = Vec::new();
        for v in visits {
            let v = v.into();
            let place = index.places.number_at_first(v.place.as_u64());
            let holder = index.holders.number_at_first(v.holder.as_u64());
            rows.push(Row::of(place, holder, &v));
            if rows.len() == Run::MOST_ROWS {
                index.push_run(std::mem::take(&mut rows));
            }
        }
        index.push_run(rows);
        index.shrink();
        index
    }

    /// Adds a visit, or what became known about one since.
    pub fn insert(&mut self, visit: impl Into<KnownVisit>) {
        let visit = visit.into();
        self.insert_one(&visit);
        for holder in self.shares.others(visit.holder, visit.entered) {
            self.insert_one(&KnownVisit { holder, ..visit });
        }
    }

    fn insert_one(&mut self, visit: &KnownVisit) {
        let row = self.row(visit);
        self.buffer.push(row);
        let (first, last) = self.buffer_span.unwrap_or((row.entered, 0));
        let end = row.cell().latest_end(0);
        self.buffer_span = Some((first.min(row.entered), last.max(end)));
        if self.buffer.len() >= BUFFER {
            let rows = std::mem::take(&mut self.buffer);
            self.buffer_span = None;
            self.push_run(rows);
            self.merge();
        }
    }

    /// Is all of this known, so that inserting it would change nothing?
    pub fn knows(&self, visit: impl Into<KnownVisit>) -> bool {
        let v = visit.into();
        let (Some(place), Some(holder)) =
            (self.places.get(v.place.as_u64()), self.holders.get(v.holder.as_u64()))
        else {
            return false;
        };
        let row = Row::of(place, holder, &v);
        let mut known = false;
        self.each_of(holder, |r, _| known |= r == row);
        known
    }

    /// The holder of a visit fed earlier without an end was seen leaving. The same as inserting the
    /// visit with `left` set; before `entered` (a gate whose clock is slow) counts as `entered`.
    pub fn close(&mut self, visit: &Visit, left: Timestamp) {
        let left = Some(left.max(visit.entered));
        self.insert(KnownVisit { left, ..KnownVisit::from(visit) });
    }

    /// What a ticket says of a visit aboard a trip: between which stops, on which seat. May be said
    /// before or after the visit is fed, and again; the last word counts. Not part of the 24 bytes
    /// of a visit: about 32 more for each ride.
    pub fn set_ride(&mut self, holder: HolderId, trip: PlaceId, entered: Timestamp, ride: Ride) {
        self.set_rides([(holder, trip, entered, ride)]);
    }

    /// The same for many at once, as at a start: (holder, trip, moment of entry, ride) each.
    pub fn set_rides(
        &mut self,
        rides: impl IntoIterator<Item = (HolderId, PlaceId, Timestamp, Ride)>,
    ) {
        let Self { places, holders, rides: known, shares, .. } = self;
        let all = rides.into_iter().flat_map(|(holder, trip, entered, ride)| {
            let of_all = [holder].into_iter().chain(shares.others(holder, entered));
            of_all.map(move |holder| (holder, trip, entered, ride))
        });
        known.set_all(all.map(|(holder, trip, entered, ride)| {
            let (place, holder) = (places.number(trip.as_u64()), holders.number(holder.as_u64()));
            ((place, holder, secs(entered)), ride)
        }));
    }

    /// Which records belong to one person: each with the main one, which is none of the others. Replaces
    /// what was known. From then on a trace finds one person, under the main record's id, with all their
    /// visits; lists of visits are of all their records, each visit under the id it was fed with.
    pub fn join(&mut self, links: Vec<(HolderId, HolderId)>) {
        let mut number = |id: HolderId| self.holders.number(id.as_u64());
        let numbers: Vec<_> = links.iter().map(|(a, b)| (number(*a), number(*b))).collect();
        self.same = Arc::new(SamePeople::new(links, &numbers));
    }

    /// Which records are joined, as it was told last.
    pub fn links(&self) -> &[(HolderId, HolderId)] {
        &self.same.links
    }

    /// The main record of the person whose record this is; itself, if it is the only one.
    pub fn person(&self, record: HolderId) -> HolderId {
        if self.same.is_empty() {
            return record;
        }
        self.person_number(record).map_or(record, |number| self.holder(number))
    }

    /// All records of the person whose record this is.
    pub fn records(&self, record: HolderId) -> Vec<HolderId> {
        let number = self.holder_number(record);
        let others = number.map_or(&[][..], |n| self.same.others(n));
        [record].into_iter().chain(others.iter().map(|n| self.holder(*n))).collect()
    }

    /// Drops visits that began before a moment, and the ids nobody uses any more. Linear in what
    /// is left; meant to be called once a day, on a clone if the writer must not wait.
    pub fn remove_before(&mut self, moment: Timestamp) {
        let first = secs(moment);
        self.keep(|entered| entered >= first);
    }

    /// Drops all visits that began on some UTC days, given in ascending order. As linear as
    /// [`remove_before`](Self::remove_before).
    pub fn remove_days(&mut self, days: &[i64]) {
        self.keep(|entered| days.binary_search(&moment(entered).utc_day()).is_err());
    }

    /// Keeps the visits whose moment of entry is wanted.
    fn keep(&mut self, wanted: impl Fn(u32) -> bool) {
        let mut kept = Self::new();
        let mut holders = vec![None; self.holders.len()];
        let mut places = vec![None; self.places.len()];
        let mut rows = Vec::new();
        for mut r in self.rows().filter(|r| wanted(r.entered)) {
            r.holder = *holders[r.holder as usize]
                .get_or_insert_with(|| kept.holders.number_at_first(self.holders.id(r.holder)));
            r.place = *places[r.place as usize]
                .get_or_insert_with(|| kept.places.number_at_first(self.places.id(r.place)));
            rows.push(r);
            if rows.len() == Run::MOST_ROWS {
                kept.push_run(std::mem::take(&mut rows));
            }
        }
        kept.push_run(rows);
        for ((place, holder, entered), ride) in self.rides.all().filter(|((_, _, e), _)| wanted(*e))
        {
            let (place, holder) = (self.place(place), self.holder(holder));
            kept.set_ride(holder, place, moment(entered), ride);
        }
        kept.join(self.same.links.clone());
        kept.shares = Arc::clone(&self.shares);
        kept.shrink();
        *self = kept;
    }

    /// Visits held. A visit fed more than once may count more than once for a while.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|r| r.len()).sum::<usize>() + self.buffer.len()
    }

    /// Is there no visit?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes reserved for visits, both orders and both interners of ids.
    pub fn memory_bytes(&self) -> usize {
        self.runs.iter().map(|r| r.memory_bytes() + size_of::<Run>()).sum::<usize>()
            + self.buffer.capacity() * size_of::<Row>()
            + self.holders.memory_bytes()
            + self.places.memory_bytes()
            + self.rides.memory_bytes()
    }

    /// All visits, in no order that means anything.
    pub fn all(&self) -> impl Iterator<Item = KnownVisit> {
        self.rows().map(|r| self.known(r))
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        self.runs.iter().flat_map(|r| r.rows()).chain(self.buffer.iter().copied())
    }

    fn shrink(&mut self) {
        self.holders.shrink();
        self.places.shrink();
    }

    pub(crate) fn within(
        &self,
        mut rows: Vec<Row>,
        period: Period,
    ) -> impl Iterator<Item = KnownVisit> {
        rows.sort_unstable_by_key(|r| (r.entered, r.place, r.holder, r.stayed));
        rows.dedup();
        drop_superseded(&mut rows);
        rows.into_iter().map(|r| self.known(r)).filter(move |v| {
            let left = v.left.unwrap_or(v.entered);
            v.entered < period.to && (left > period.from || v.entered >= period.from)
        })
    }

    /// Holders and places, and everything in runs.
    pub(crate) fn parts(&self) -> ([&Interner; 2], Vec<Arc<Run>>) {
        let mut runs = self.runs.clone();
        if !self.buffer.is_empty() {
            let (places, holders) = (self.places.len(), self.holders.len());
            runs.push(Arc::new(Run::new(self.buffer.clone(), places, holders)));
        }
        ([&self.holders, &self.places], runs)
    }

    pub(crate) fn of_parts(
        holders: Interner,
        places: Interner,
        mut runs: Vec<Arc<Run>>,
        rides: Rides,
    ) -> Self {
        runs.sort_by_key(|r| std::cmp::Reverse(r.len()));
        Self { holders, places, runs, rides, ..Self::default() }
    }

    fn row(&mut self, v: &KnownVisit) -> Row {
        let place = self.places.number(v.place.as_u64());
        Row::of(place, self.holders.number(v.holder.as_u64()), v)
    }

    fn known(&self, r: Row) -> KnownVisit {
        KnownVisit {
            holder: self.holder(r.holder),
            place: self.place(r.place),
            entered: moment(r.entered),
            left: r.stayed.len().map(|l| moment(r.entered.saturating_add(l))),
            presence: r.stayed.presence(),
        }
    }

    pub(crate) fn holder_number(&self, id: HolderId) -> Option<u32> {
        self.holders.get(id.as_u64())
    }

    /// The number under which a trace finds the person whose record this is.
    pub(crate) fn person_number(&self, id: HolderId) -> Option<u32> {
        self.holder_number(id).map(|number| self.same.person(number))
    }

    pub(crate) fn shares(&self) -> &Shares {
        &self.shares
    }

    /// Which records belong to one person.
    pub(crate) fn same(&self) -> &SamePeople {
        &self.same
    }

    pub(crate) fn place_number(&self, id: PlaceId) -> Option<u32> {
        self.places.get(id.as_u64())
    }

    /// What a ticket says of a visit; nothing if there is none.
    pub(crate) fn ride(&self, row: &Row) -> Ride {
        self.rides.get((row.place, row.holder, row.entered))
    }

    pub(crate) fn rides(&self) -> &Rides {
        &self.rides
    }

    pub(crate) fn has_rides(&self) -> bool {
        !self.rides.is_empty()
    }

    /// Holders known: their numbers are below this.
    pub(crate) fn holders(&self) -> usize {
        self.holders.len()
    }

    /// Places known: their numbers are below this.
    pub(crate) fn places(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn holder(&self, number: u32) -> HolderId {
        HolderId::from_random(self.holders.id(number))
    }

    pub(crate) fn place(&self, number: u32) -> PlaceId {
        PlaceId::from_random(self.places.id(number))
    }

    /// Adds all visits of a person to `rows`, in no particular order.
    pub(crate) fn rows_of(&self, holder: u32, rows: &mut Vec<Row>) {
        self.each_of(holder, |row, _| rows.push(row));
    }

    /// All visits of the person whose record has this number, in no particular order, and where they
    /// lie.
    pub(crate) fn each_of(&self, record: u32, mut each: impl FnMut(Row, Spot)) {
        self.each_under(record, &mut each);
        self.same.others(record).iter().for_each(|other| self.each_under(*other, &mut each));
    }

    /// The same of one record.
    pub(crate) fn each_under(&self, holder: u32, each: &mut impl FnMut(Row, Spot)) {
        for (run, n) in self.runs.iter().zip(0..) {
            run.of_holder(holder).for_each(|(row, at)| each(row, Spot { run: n, row: at }));
        }
        let new = self.buffer.iter().filter(|r| r.holder == holder);
        new.for_each(|row| each(*row, Spot::BUFFER));
    }

    /// Rows at a place: all visits that began before `to` and last beyond `from`, those without a
    /// known end taken to last `open_secs`, and others about them. `near` is where to begin to look
    /// for them, if a visit at that place and about that time is known.
    pub(crate) fn rows_at(
        &self,
        place: u32,
        from: u32,
        to: u32,
        open_secs: u32,
        near: Spot,
        mut found: impl FnMut(&[Packed]),
    ) {
        self.runs_at(place, from, to, open_secs, near, &mut found);
        self.new_at(place, from, to, open_secs, |cell| found(&[cell.packed()]));
    }

    /// Reads what a search from each of these holders will read first, so that it is in the caches:
    /// many at once, because memory answers many questions in the time of one.
    pub(crate) fn touch(&self, holders: impl Iterator<Item = u32>) {
        // Nearly everything is in the first run.
        let Some(run) = self.runs.first() else { return };
        std::hint::black_box(holders.map(|h| run.touch(h)).fold(0, u32::wrapping_add));
    }

    /// The same for look-ups that begin at these spots.
    pub(crate) fn touch_spots(&self, spots: impl Iterator<Item = Spot>) {
        let row = |spot: Spot| self.runs.get(spot.run as usize).map_or(0, |r| r.entered(spot.row));
        std::hint::black_box(spots.map(row).fold(0, u32::wrapping_add));
    }

    #[inline]
    pub(crate) fn runs_at<'a>(
        &'a self,
        place: u32,
        from: u32,
        to: u32,
        open_secs: u32,
        near: Spot,
        mut found: impl FnMut(&'a [Packed]),
    ) {
        for (run, n) in self.runs.iter().zip(0..) {
            let near = (near.run == n).then_some(near.row);
            let rows = run.at_place(place, from, to, open_secs, near);
            if !rows.is_empty() {
                run.cells(rows, from, open_secs, &mut found);
            }
        }
    }

    /// The longest known stay of a place, but for what is newest: how far to look back there.
    pub(crate) fn longest_at(&self, place: u32) -> u32 {
        self.runs.iter().map(|run| run.longest_at(place)).max().unwrap_or(0)
    }

    /// What is newest, in no order.
    pub(crate) fn newest(&self) -> &'_ [Row] {
        &self.buffer
    }

    /// What is newest concerns few stays, and all of it would have to be read.
    #[inline]
    pub(crate) fn new_at(
        &self,
        place: u32,
        from: u32,
        to: u32,
        open_secs: u32,
        mut found: impl FnMut(Cell),
    ) {
        let (first, last) = self.buffer_span.unwrap_or((u32::MAX, 0));
        if to <= first || last.saturating_add(open_secs) < from {
            return;
        }
        for r in &self.buffer {
            let end = r.cell().latest_end(open_secs);
            if r.place == place && r.entered < to && end > from {
                found(r.cell());
            }
        }
    }

    fn push_run(&mut self, rows: Vec<Row>) {
        if !rows.is_empty() {
            self.runs.push(Arc::new(Run::new(rows, self.places.len(), self.holders.len())));
        }
    }

    /// Keeps the number of small runs small; large ones wait for [`merge_due`](Self::merge_due).
    fn merge(&mut self) {
        if let Some(merge) = self.due(self.large()..self.runs.len()) {
            self.adopt(merge.work());
        }
        while self.runs.len() > MOST_RUNS {
            let Some(merge) = self.due(0..self.runs.len()) else { break };
            self.adopt(merge.work());
        }
    }

    /// How many runs are large; they come first.
    pub(crate) fn large(&self) -> usize {
        self.runs.partition_point(|r| r.len() > SMALL)
    }

    /// Which of some runs to merge, if any: so that there is about one for every power of
    /// [`MERGE_AT`].
    fn due(&self, among: Range<usize>) -> Option<Merge> {
        let mut from = among.end;
        let mut rows = 0;
        while from > among.start {
            let size = self.runs[from - 1].len();
            let too_large = rows * MERGE_AT < size || rows + size > Run::MOST_ROWS;
            if rows > 0 && too_large {
                break;
            }
            rows += size;
            from -= 1;
        }
        let runs = self.runs[from..among.end].to_vec();
        let (places, holders) = (self.places.len(), self.holders.len());
        (runs.len() > 1).then_some(Merge { runs, places, holders })
    }

    /// Feeds the visits that began at or after a moment and that another index has and an earlier
    /// clone of it had not; some of what both have may be fed again, which changes nothing. So an
    /// index that was made anew from a clone, without old visits, catches up with the writer before
    /// it takes the place of its index, and does not get the old visits back.
    pub fn insert_since(&mut self, clone: &Self, now: &Self, from: Timestamp) {
        let first = secs(from);
        let old = |run: &Arc<Run>| clone.runs.iter().any(|r| Arc::ptr_eq(r, run));
        let new = now.runs.iter().filter(|r| !old(r)).flat_map(|r| r.rows());
        for row in new.chain(now.buffer.iter().copied()).filter(|r| r.entered >= first) {
            self.insert(now.known(row));
        }
        if !Arc::ptr_eq(&clone.same, &now.same) {
            self.join(now.same.links.clone());
        }
        self.shares = Arc::clone(&now.shares);
        let old: HashMap<_, _> = clone.rides.all().collect();
        let new =
            now.rides.all().filter(|(key, ride)| key.2 >= first && old.get(key) != Some(ride));
        for (key, ride) in new {
            let (place, holder) = (now.place(key.0), now.holder(key.1));
            self.set_ride(holder, place, moment(key.2), ride);
        }
    }

    /// Work that makes traces faster and takes long: merging large runs. To be done outside of the
    /// writer, which goes on meanwhile, and handed back to [`adopt`](Self::adopt).
    ///
    /// Ask again after every hundred thousand visits or so, one piece of work at a time. Where
    /// nobody asks, traces grow slower with each large run, and at last the writer does it.
    pub fn merge_due(&self) -> Option<Merge> {
        self.due(0..self.large())
    }

    /// Puts a merged run in the place of those it was made of. Does nothing, and returns `false`,
    /// if they are not there any more (old visits were removed since).
    pub fn adopt(&mut self, merged: Merged) -> bool {
        let replaced = |run: &Arc<Run>| merged.of.iter().any(|old| Arc::ptr_eq(old, run));
        if self.runs.iter().filter(|r| replaced(r)).count() != merged.of.len() {
            return false;
        }
        self.runs.retain(|r| !replaced(r));
        if merged.run.len() > 0 {
            let larger = self.runs.partition_point(|r| r.len() > merged.run.len());
            self.runs.insert(larger, Arc::new(merged.run));
        }
        true
    }
}

/// Runs to be merged into one; see [`VisitIndex::merge_due`].
#[derive(Debug)]
pub struct Merge {
    runs: Vec<Arc<Run>>,
    places: usize,
    holders: usize,
}

impl Merge {
    /// Visits to be sorted.
    pub fn visits(&self) -> usize {
        self.runs.iter().map(|r| r.len()).sum()
    }

    /// Does it: about a second for three million visits.
    pub fn work(self) -> Merged {
        let rows = self.runs.iter().flat_map(|r| r.rows()).collect();
        Merged { run: Run::new(rows, self.places, self.holders), of: self.runs }
    }
}

/// A merged run, and those it was made of.
#[derive(Debug)]
pub struct Merged {
    pub(crate) of: Vec<Arc<Run>>,
    pub(crate) run: Run,
}

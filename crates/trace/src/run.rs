//! A sorted, immutable run of visits, by place and time and by holder and time.
//!
//! The rows are stored once, in the order of place and time; the order of holder and time is a
//! permutation of row numbers, with the place beside it. That is 20 bytes a visit.

use std::ops::Range;

use crate::row::{Row, Stayed};

/// Rows per entry of [`Run::longest_in_block`].
pub(crate) const BLOCK: usize = 64;

/// A row without its place, which follows from where it lies. Side by side, because a look-up reads
/// a few rows in a row: one stretch of memory instead of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) entered: u32,
    pub(crate) stayed: Stayed,
    pub(crate) holder: u32,
}

impl Cell {
    /// When the visit ended; one without a known end is taken to last `open_secs`.
    #[inline]
    pub(crate) const fn latest_end(&self, open_secs: u32) -> u32 {
        let len = match self.stayed.len() {
            Some(len) => len,
            None => open_secs,
        };
        self.entered.saturating_add(len)
    }

    pub(crate) fn to_bytes(self) -> [u8; 12] {
        let numbers = [self.entered, self.stayed.bits(), self.holder];
        let mut bytes = [0; 12];
        for (to, from) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(numbers) {
            *to = from.to_le_bytes();
        }
        bytes
    }

    pub(crate) fn from_bytes(bytes: [u8; 12]) -> Self {
        let number = |at: usize| {
            u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Self { entered: number(0), stayed: Stayed::of_bits(number(4)), holder: number(8) }
    }

    pub(crate) const fn at(self, place: u32) -> Row {
        Row { place, entered: self.entered, holder: self.holder, stayed: self.stayed }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Run {
    /// No visit began before this moment, nor goes on beyond the second (those without a known end
    /// aside, which began before it).
    pub(crate) span: (u32, u32),
    places: Keys,
    /// Longest known stay at each place, in the order of `places`: how far to look back there.
    longest_at: Vec<u32>,
    /// Longest known stay in each block of rows, so that one stay of a week does not make every
    /// look-up at its place read a week.
    longest_in_block: Vec<u32>,
    cells: Vec<Cell>,
    holders: Keys,
    /// Rows of each holder, by time.
    holder_rows: Vec<u32>,
    /// Place of each of `holder_rows`.
    holder_places: Vec<u32>,
}

/// Where the rows of a key begin and end.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// The keys that occur, ascending; empty if `starts` has one entry for every number.
    sparse: Vec<u32>,
    /// First row of each key, and the number of rows.
    starts: Vec<u32>,
}

impl Keys {
    /// From keys in ascending order, of numbers below `numbers`.
    fn new(keys: impl Iterator<Item = u32> + Clone, numbers: usize) -> Self {
        let mut distinct = 0;
        let mut last = None;
        for k in keys.clone() {
            distinct += usize::from(last != Some(k));
            last = Some(k);
        }
        if distinct * 2 >= numbers {
            let mut starts = vec![0u32; numbers + 1];
            keys.for_each(|k| starts[k as usize + 1] += 1);
            (0..numbers).for_each(|i| starts[i + 1] += starts[i]);
            return Self { sparse: Vec::new(), starts };
        }
        let mut made =
            Self { sparse: Vec::with_capacity(distinct), starts: Vec::with_capacity(distinct + 1) };
        let mut rows = 0u32;
        for k in keys {
            if made.sparse.last() != Some(&k) {
                made.sparse.push(k);
                made.starts.push(rows);
            }
            rows += 1;
        }
        made.starts.push(rows);
        made
    }

    /// Position of a key, if it occurs.
    fn find(&self, key: u32) -> Option<usize> {
        if self.sparse.is_empty() {
            let k = key as usize;
            (k + 1 < self.starts.len()).then_some(k)
        } else {
            self.sparse.binary_search(&key).ok()
        }
    }

    /// Rows of the key at a position.
    fn rows(&self, at: usize) -> Range<usize> {
        self.starts[at] as usize..self.starts[at + 1] as usize
    }

    fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(crate) const fn of_parts(sparse: Vec<u32>, starts: Vec<u32>) -> Self {
        Self { sparse, starts }
    }

    pub(crate) fn sparse(&self) -> &[u32] {
        &self.sparse
    }

    pub(crate) fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// Are these keys below `numbers`, of so many rows?
    fn are_valid(&self, numbers: usize, rows: usize) -> bool {
        let keys = if self.sparse.is_empty() {
            self.len() <= numbers
        } else {
            let below = self.sparse.last().is_some_and(|k| (*k as usize) < numbers);
            self.sparse.len() == self.len() && self.sparse.is_sorted_by(|a, b| a < b) && below
        };
        let ends = (self.starts.first(), self.starts.last().map(|l| *l as usize));
        keys && ends == (Some(&0), Some(rows)) && self.starts.is_sorted()
    }

    fn memory_bytes(&self) -> usize {
        (self.sparse.capacity() + self.starts.capacity()) * 4
    }
}

/// What of a run is saved; the rest follows from it.
pub(crate) struct Parts<'a> {
    pub(crate) places: &'a Keys,
    pub(crate) cells: &'a [Cell],
    pub(crate) holders: &'a Keys,
    pub(crate) holder_rows: &'a [u32],
    pub(crate) holder_places: &'a [u32],
}

impl Run {
    /// Most rows in one run: row numbers have 32 bits.
    pub(crate) const MOST_ROWS: usize = 1 << 31;

    /// Sorts rows into a run. `places` and `holders` are one more than the highest numbers used.
    /// Rows that say the same are kept once.
    pub(crate) fn new(rows: Vec<Row>, places: usize, holders: usize) -> Self {
        let mut rows = sort_by_place(rows, places);
        rows.dedup();
        drop_superseded(&mut rows);
        let keys = Keys::new(rows.iter().map(|r| r.place), places);
        let mut run = Self::of_places(keys, rows.iter().map(Row::cell).collect());
        run.order_by_holder(&rows, holders);
        run
    }

    fn of_places(places: Keys, cells: Vec<Cell>) -> Self {
        let longest = |c: &[Cell]| c.iter().filter_map(|c| c.stayed.len()).max().unwrap_or(0);
        let mut run = Self {
            longest_at: (0..places.len()).map(|k| longest(&cells[places.rows(k)])).collect(),
            longest_in_block: cells.chunks(BLOCK).map(longest).collect(),
            cells,
            places,
            ..Self::default()
        };
        run.span = run.find_span();
        run
    }

    /// A run as it was saved, or what is wrong with it. Both keys come with how many numbers there
    /// are; `order` is the rows of each holder, and their places.
    ///
    /// What is checked is what every look-up relies on: no number leads out of its list, and time
    /// runs forwards at each place.
    pub(crate) fn of_parts(
        (places, place_numbers): (Keys, usize),
        cells: Vec<Cell>,
        (holders, holder_numbers): (Keys, usize),
        order: (Vec<u32>, Vec<u32>),
    ) -> Result<Self, &'static str> {
        let rows = cells.len();
        let (holder_rows, holder_places) = order;
        if rows > Self::MOST_ROWS || !places.are_valid(place_numbers, rows) {
            return Err("the places of a run are not in order");
        }
        let lists = [holder_rows.len(), holder_places.len()];
        if lists != [rows; 2] || !holders.are_valid(holder_numbers, rows) {
            return Err("the holders of a run are not in order");
        }
        let all_below = |list: &[u32], end: usize| list.iter().all(|n| (*n as usize) < end);
        if !all_below(&holder_rows, rows)
            || !all_below(&holder_places, place_numbers)
            || !cells.iter().all(|c| (c.holder as usize) < holder_numbers)
        {
            return Err("a run names what is not there");
        }
        let in_order = |k: usize| cells[places.rows(k)].is_sorted_by_key(|c| c.entered);
        if !(0..places.len()).all(in_order) {
            return Err("the visits of a place are not in order");
        }
        let run = Self::of_places(places, cells);
        Ok(Self { holders, holder_rows, holder_places, ..run })
    }

    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts {
            places: &self.places,
            cells: &self.cells,
            holders: &self.holders,
            holder_rows: &self.holder_rows,
            holder_places: &self.holder_places,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a run holds less than 2^32 rows")]
    fn order_by_holder(&mut self, rows: &[Row], holders: usize) {
        let mut order: Vec<u64>;
        if rows.len() * 2 < holders {
            let key = |r: &Row| u64::from(r.holder) << 32 | u64::from(r.entered);
            let mut keys: Vec<(u64, u64)> = rows.iter().map(key).zip(0..).collect();
            keys.sort_unstable();
            order = keys.into_iter().map(|(_, row)| row).collect();
        } else {
            // Time and row in one number, so that sorting reads nothing else.
            let key = |i: usize| u64::from(rows[i].entered) << 32 | i as u64;
            // Counting by holder, then each holder's few rows by time.
            let mut starts = vec![0u32; holders + 1];
            for r in rows {
                starts[r.holder as usize + 1] += 1;
            }
            (0..holders).for_each(|i| starts[i + 1] += starts[i]);
            let mut next = starts.clone();
            order = vec![0; rows.len()];
            for (i, r) in rows.iter().enumerate() {
                let at = &mut next[r.holder as usize];
                order[*at as usize] = key(i);
                *at += 1;
            }
            for w in starts.windows(2) {
                order[w[0] as usize..w[1] as usize].sort_unstable();
            }
        }
        let order: Vec<u32> = order.into_iter().map(|k| k as u32).collect();
        self.holders = Keys::new(order.iter().map(|i| rows[*i as usize].holder), holders);
        self.holder_places = order.iter().map(|i| rows[*i as usize].place).collect();
        self.holder_rows = order;
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    fn find_span(&self) -> (u32, u32) {
        let end = |c: &Cell| c.latest_end(0);
        let first = self.cells.iter().map(|c| c.entered).min().unwrap_or(0);
        (first, self.cells.iter().map(end).max().unwrap_or(0))
    }

    /// Visits at a place that began before `to` and last beyond `from`, where a visit without a
    /// known end is taken to last `open_secs`; and others that began before `to` among them. If a
    /// row of that place that began about `from` is known, `near` is its number.
    #[inline]
    pub(crate) fn at_place(
        &self,
        place: u32,
        from: u32,
        to: u32,
        open_secs: u32,
        near: Option<u32>,
        mut found: impl FnMut(&[Cell]),
    ) {
        if to <= self.span.0 || self.span.1.saturating_add(open_secs) < from {
            return;
        }
        let Some(key) = self.places.find(place) else { return };
        let rows = self.places.rows(key);
        let back = self.longest_at[key].max(open_secs);
        let near = near.map(|n| (n as usize).wrapping_sub(rows.start));
        let first = rows.start + first_after(&self.cells[rows.clone()], from, back, near);
        let mut at = first;
        while at < rows.end {
            let block_end = rows.end.min((at / BLOCK + 1) * BLOCK);
            let mut block = &self.cells[at..block_end];
            at = block_end;
            // Many rows to look back over: is it worth it?
            if block.len() == BLOCK {
                let longest = self.longest_in_block[(block_end - 1) / BLOCK].max(open_secs);
                if block[BLOCK - 1].entered.saturating_add(longest) <= from {
                    continue;
                }
            }
            if block[block.len() - 1].entered >= to {
                let end = block.iter().position(|c| c.entered >= to).unwrap_or(block.len());
                block = &block[..end];
                at = rows.end;
            }
            found(block);
        }
    }

    /// All visits of a holder, by time, and the numbers of their rows.
    pub(crate) fn of_holder(&self, holder: u32) -> impl Iterator<Item = (Row, u32)> {
        let range = self.holders.find(holder).map_or(0..0, |k| self.holders.rows(k));
        range.map(move |i| {
            let row = self.holder_rows[i];
            (self.cells[row as usize].at(self.holder_places[i]), row)
        })
    }

    /// When the visit of a row began.
    pub(crate) fn entered(&self, row: u32) -> u32 {
        self.cells.get(row as usize).map_or(0, |c| c.entered)
    }

    /// Reads the rows of a holder, for the caches only.
    pub(crate) fn warm_of(&self, holder: u32) -> u32 {
        let range = self.holders.find(holder).map_or(0..0, |k| self.holders.rows(k));
        self.holder_rows[range].iter().fold(0, |all, row| all ^ self.cells[*row as usize].entered)
    }

    /// All visits, by place and time.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        (0..self.places.len()).flat_map(move |k| {
            #[expect(clippy::cast_possible_truncation, reason = "keys are 32-bit numbers")]
            let place = self.places.sparse.get(k).copied().unwrap_or(k as u32);
            self.places.rows(k).map(move |i| self.cells[i].at(place))
        })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let columns = [
            self.longest_at.capacity(),
            self.longest_in_block.capacity(),
            self.cells.capacity() * 3,
            self.holder_rows.capacity(),
            self.holder_places.capacity(),
        ];
        columns.iter().sum::<usize>() * 4 + self.places.memory_bytes() + self.holders.memory_bytes()
    }
}

/// The first of a place's rows, by time, that may last beyond `from` if none lasts longer than
/// `back`. Searched for outwards from where it may be; without a hint that is guessed from the
/// time, for visits are spread over the days. Rows elsewhere are not looked at: each would be a
/// miss of the caches.
fn first_after(cells: &[Cell], from: u32, back: u32, near: Option<usize>) -> usize {
    let before = |c: &Cell| c.entered.saturating_add(back) <= from;
    let (Some(first), Some(last)) = (cells.first(), cells.len().checked_sub(1)) else { return 0 };
    let guess = near.filter(|n| *n <= last).unwrap_or_else(|| {
        let (begin, end) = (u64::from(first.entered), u64::from(cells[last].entered));
        let moment = u64::from(from.saturating_sub(back)).clamp(begin, end);
        #[expect(clippy::cast_possible_truncation, reason = "at most `last`")]
        let guess = ((moment - begin) * last as u64 / (end - begin).max(1)) as usize;
        guess
    });
    // All before `low` are before; none from `high` on is.
    let (mut low, mut high) = (0, cells.len());
    let mut step = 8;
    if before(&cells[guess]) {
        low = guess + 1;
        while low + step < high {
            if !before(&cells[low + step]) {
                high = low + step;
                break;
            }
            low += step + 1;
            step *= 2;
        }
    } else {
        high = guess;
        while high > step {
            if before(&cells[high - step]) {
                low = high - step + 1;
                break;
            }
            high -= step;
            step *= 2;
        }
    }
    low + cells[low..high].partition_point(before)
}

/// By place, time, holder: by counting where there are many rows a place.
fn sort_by_place(mut rows: Vec<Row>, places: usize) -> Vec<Row> {
    if rows.len() < places * 2 || rows.len() < 4096 {
        // Runs to be merged are sorted each, which this sort makes use of.
        rows.sort();
        return rows;
    }
    let mut starts = vec![0usize; places + 1];
    for r in &rows {
        starts[r.place as usize + 1] += 1;
    }
    (0..places).for_each(|i| starts[i + 1] += starts[i]);
    let mut next = starts.clone();
    let mut sorted = rows.clone();
    for r in &rows {
        let at = &mut next[r.place as usize];
        sorted[*at] = *r;
        *at += 1;
    }
    drop(rows);
    for w in starts.windows(2) {
        sorted[w[0]..w[1]].sort_unstable();
    }
    sorted
}

/// Drops open visits whose end is known from a later report of the same visit. An open visit sorts
/// after the closed ones of the same place, moment and holder, and stands next to them.
pub(crate) fn drop_superseded(rows: &mut Vec<Row>) {
    let mut kept = 0;
    for i in 0..rows.len() {
        let row = rows[i];
        let same =
            |r: &&Row| (r.place, r.entered, r.holder) == (row.place, row.entered, row.holder);
        let mut before = rows[..kept].iter().rev().take_while(same);
        if !before.any(|r| supersedes(r.stayed, row.stayed)) {
            rows[kept] = row;
            kept += 1;
        }
    }
    rows.truncate(kept);
    rows.shrink_to_fit();
}

/// Is `closed` a better report of the visit that `open` tells of (same holder, place and moment of
/// entry)? It must know the end and be no less sure of the presence.
pub(crate) const fn supersedes(closed: Stayed, open: Stayed) -> bool {
    open.is_open() && !closed.is_open() && (closed.is_proven() || !open.is_proven())
}

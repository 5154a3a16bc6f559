//! A sorted, immutable run of visits, by place and time and by holder and time.
//!
//! The columns are stored once, in the order of place and time; the order of holder and time is a
//! permutation of row numbers, with the place beside it. That is 20 bytes a visit.

use std::ops::Range;

use crate::row::{Row, Stayed};

/// Rows per entry of [`Run::longest_in_block`].
const BLOCK: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Run {
    places: Keys,
    /// Longest known stay at each place, in the order of `places`: how far to look back there.
    longest_at: Vec<u32>,
    /// Longest known stay in each block of rows, so that one stay of a week does not make every
    /// look-up at its place read a week.
    longest_in_block: Vec<u32>,
    entered: Vec<u32>,
    holder: Vec<u32>,
    stayed: Vec<Stayed>,
    holders: Keys,
    /// Rows of each holder, by time.
    holder_rows: Vec<u32>,
    /// Place of each of `holder_rows`.
    holder_places: Vec<u32>,
}

/// Where the rows of a key begin and end.
#[derive(Debug, Default)]
struct Keys {
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

    fn memory_bytes(&self) -> usize {
        (self.sparse.capacity() + self.starts.capacity()) * 4
    }
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
        let longest = |rows: &[Row]| rows.iter().filter_map(|r| r.stayed.len()).max().unwrap_or(0);
        let mut run = Self {
            longest_at: (0..keys.len()).map(|k| longest(&rows[keys.rows(k)])).collect(),
            longest_in_block: rows.chunks(BLOCK).map(longest).collect(),
            entered: rows.iter().map(|r| r.entered).collect(),
            holder: rows.iter().map(|r| r.holder).collect(),
            stayed: rows.iter().map(|r| r.stayed).collect(),
            places: keys,
            ..Self::default()
        };
        run.order_by_holder(&rows, holders);
        run
    }

    #[expect(clippy::cast_possible_truncation, reason = "a run holds less than 2^32 rows")]
    fn order_by_holder(&mut self, rows: &[Row], holders: usize) {
        // Time and row in one number, so that sorting reads nothing else.
        let key = |i: usize| u64::from(rows[i].entered) << 32 | i as u64;
        let mut order: Vec<u64>;
        if rows.len() * 2 < holders {
            order = (0..rows.len()).map(key).collect();
            order.sort_unstable_by_key(|k| (rows[*k as u32 as usize].holder, *k));
        } else {
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
        self.entered.len()
    }

    /// Visits at a place that began before `to` and last beyond `from`, where a visit without a
    /// known end is taken to last `open_secs`.
    pub(crate) fn at_place(
        &self,
        place: u32,
        from: u32,
        to: u32,
        open_secs: u32,
        mut found: impl FnMut(Row),
    ) {
        let Some(key) = self.places.find(place) else { return };
        let rows = self.places.rows(key);
        let back = self.longest_at[key].max(open_secs);
        let entered = &self.entered[rows.clone()];
        let end = rows.start + entered.partition_point(|e| *e < to);
        let mut at = rows.start + entered.partition_point(|e| e.saturating_add(back) <= from);
        while at < end {
            let block_end = end.min((at / BLOCK + 1) * BLOCK);
            let longest = self.longest_in_block[at / BLOCK].max(open_secs);
            if self.entered[block_end - 1].saturating_add(longest) > from {
                for i in at..block_end {
                    let (entered, stayed) = (self.entered[i], self.stayed[i]);
                    if entered.saturating_add(stayed.len().unwrap_or(open_secs)) > from {
                        found(Row { place, entered, holder: self.holder[i], stayed });
                    }
                }
            }
            at = block_end;
        }
    }

    /// All visits of a holder, by time.
    pub(crate) fn of_holder(&self, holder: u32) -> impl Iterator<Item = Row> {
        let range = self.holders.find(holder).map_or(0..0, |k| self.holders.rows(k));
        range.map(move |i| {
            let row = self.holder_rows[i] as usize;
            Row {
                place: self.holder_places[i],
                entered: self.entered[row],
                holder,
                stayed: self.stayed[row],
            }
        })
    }

    /// All visits, by place and time.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        (0..self.places.len()).flat_map(move |k| {
            #[expect(clippy::cast_possible_truncation, reason = "keys are 32-bit numbers")]
            let place = self.places.sparse.get(k).copied().unwrap_or(k as u32);
            self.places.rows(k).map(move |i| Row {
                place,
                entered: self.entered[i],
                holder: self.holder[i],
                stayed: self.stayed[i],
            })
        })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let columns = [
            self.longest_at.capacity(),
            self.longest_in_block.capacity(),
            self.entered.capacity(),
            self.holder.capacity(),
            self.stayed.capacity(),
            self.holder_rows.capacity(),
            self.holder_places.capacity(),
        ];
        columns.iter().sum::<usize>() * 4 + self.places.memory_bytes() + self.holders.memory_bytes()
    }
}

/// By place, time, holder: by counting where there are many rows a place.
fn sort_by_place(mut rows: Vec<Row>, places: usize) -> Vec<Row> {
    if rows.len() < places * 2 || rows.len() < 4096 {
        rows.sort_unstable();
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

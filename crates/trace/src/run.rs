//! A sorted, immutable run of visits, by place and time and by holder and time.
//!
//! The rows are stored once, in the order of place and time; the order of holder and time is a
//! permutation of row numbers, with the place beside it. That is 20 bytes a visit.

use std::ops::Range;

use crate::row::{Cell, Packed, Row, Stayed};

/// Rows for each entry of [`Run::fences`].
const BLOCK: usize = 16;

/// Rows for each entry of [`Run::longest_on_page`].
const PAGE: usize = 64;
/// Rows of a place from which it pays to leave out pages.
const LONG_LIST: usize = 512;

#[derive(Debug, Default)]
pub(crate) struct Run {
    /// No visit began before this moment, nor goes on beyond the second (those without a known end
    /// aside, which began before it).
    pub(crate) span: (u32, u32),
    places: Keys,
    /// Longest known stay at each place, in the order of `places`: how far to look back there.
    longest_at: Vec<u32>,
    /// When the first row of each [`BLOCK`] began: what a look-up reads to find the rows it wants.
    fences: Vec<u32>,
    /// Longest known stay on each [`PAGE`].
    longest_on_page: Vec<u32>,
    cells: Vec<Packed>,
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
    pub(crate) cells: &'a [Packed],
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
        let mut run = Self::of_places(keys, rows.iter().map(|r| r.cell().packed()).collect());
        run.order_by_holder(&rows, holders);
        run
    }

    fn of_places(places: Keys, cells: Vec<Packed>) -> Self {
        let len = |c: &Packed| Cell::of(c).stayed.len();
        let longest = |c: &[Packed]| c.iter().filter_map(len).max().unwrap_or(0);
        let mut run = Self {
            longest_at: (0..places.len()).map(|k| longest(&cells[places.rows(k)])).collect(),
            fences: cells.chunks(BLOCK).map(|c| Cell::of(&c[0]).entered).collect(),
            longest_on_page: cells.chunks(PAGE).map(longest).collect(),
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
        cells: Vec<Packed>,
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
            || !cells.iter().map(Cell::of).all(|c| (c.holder as usize) < holder_numbers)
        {
            return Err("a run names what is not there");
        }
        let in_order = |k: usize| cells[places.rows(k)].is_sorted_by_key(|c| Cell::of(c).entered);
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

    fn cell(&self, row: usize) -> Cell {
        Cell::of(&self.cells[row])
    }

    fn find_span(&self) -> (u32, u32) {
        let cells = || self.cells.iter().map(Cell::of);
        let first = cells().map(|c| c.entered).min().unwrap_or(0);
        (first, cells().map(|c| c.latest_end(0)).max().unwrap_or(0))
    }

    /// Rows of a place: all that began before `to` and last beyond `from`, where a visit without a
    /// known end is taken to last `open_secs`, and others about them. If a row of that place that
    /// began about `from` is known, `near` is its number.
    #[inline]
    pub(crate) fn at_place(
        &self,
        place: u32,
        from: u32,
        to: u32,
        open_secs: u32,
        near: Option<u32>,
    ) -> Range<usize> {
        if to <= self.span.0 || self.span.1.saturating_add(open_secs) < from {
            return 0..0;
        }
        let Some(key) = self.places.find(place) else { return 0..0 };
        let rows = self.places.rows(key);
        // Blocks that begin within the place.
        let blocks = rows.start.div_ceil(BLOCK)..rows.end.div_ceil(BLOCK);
        let Some(fences) = self.fences.get(blocks.clone()).filter(|f| !f.is_empty()) else {
            return rows;
        };
        let back = self.longest_at[key].max(open_secs);
        let guess = match near {
            Some(row) => (row as usize / BLOCK).saturating_sub(blocks.start),
            None => guess(fences, from.saturating_sub(back)),
        };
        // Rows before a fence began no later than it.
        let over = |entered: u32| entered.saturating_add(back) <= from;
        let first = partition_near(fences, guess, over);
        let end = partition_near(fences, first, |entered| entered < to);
        let begin = if first == 0 { rows.start } else { (blocks.start + first - 1) * BLOCK };
        let end = if end == fences.len() { rows.end } else { (blocks.start + end) * BLOCK };
        begin..end
    }

    /// The longest known stay of a place.
    pub(crate) fn longest_at(&self, place: u32) -> u32 {
        self.places.find(place).map_or(0, |key| self.longest_at[key])
    }

    /// Reads what is to be read again soon of a holder, and makes a number of it.
    pub(crate) fn touch(&self, holder: u32) -> u32 {
        let rows = self.holders.find(holder).map_or(0..0, |k| self.holders.rows(k));
        let read = |row: &u32| {
            let row = *row as usize;
            self.cell(row).entered.wrapping_add(self.fences[row / BLOCK])
        };
        self.holder_rows[rows].iter().map(read).fold(0, u32::wrapping_add)
    }

    /// Hands over rows that [`at_place`](Self::at_place) found, without most of those that ended
    /// before `from`: where one stay of a week makes every look-up at its place go back a week.
    #[inline]
    pub(crate) fn cells<'a>(
        &'a self,
        rows: Range<usize>,
        from: u32,
        open_secs: u32,
        mut found: impl FnMut(&'a [Packed]),
    ) {
        if rows.len() < LONG_LIST {
            return found(&self.cells[rows]);
        }
        let mut at = rows.start;
        while at < rows.end {
            let page = at / PAGE;
            let end = rows.end.min((page + 1) * PAGE);
            let longest = self.longest_on_page[page].max(open_secs);
            if self.cell(end - 1).entered.saturating_add(longest) > from {
                found(&self.cells[at..end]);
            }
            at = end;
        }
    }

    /// All visits of a holder, by time, and the numbers of their rows.
    pub(crate) fn of_holder(&self, holder: u32) -> impl Iterator<Item = (Row, u32)> {
        let range = self.holders.find(holder).map_or(0..0, |k| self.holders.rows(k));
        range.map(move |i| {
            let row = self.holder_rows[i];
            (self.cell(row as usize).at(self.holder_places[i]), row)
        })
    }

    /// When the visit of a row began.
    pub(crate) fn entered(&self, row: u32) -> u32 {
        self.cells.get(row as usize).map_or(0, |c| Cell::of(c).entered)
    }

    /// All visits, by place and time.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        (0..self.places.len()).flat_map(move |k| {
            #[expect(clippy::cast_possible_truncation, reason = "keys are 32-bit numbers")]
            let place = self.places.sparse.get(k).copied().unwrap_or(k as u32);
            self.places.rows(k).map(move |i| self.cell(i).at(place))
        })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let columns = [
            self.longest_at.capacity(),
            self.fences.capacity(),
            self.longest_on_page.capacity(),
            self.cells.capacity() * 3,
            self.holder_rows.capacity(),
            self.holder_places.capacity(),
        ];
        columns.iter().sum::<usize>() * 4 + self.places.memory_bytes() + self.holders.memory_bytes()
    }
}

/// Where a moment may be among fences, for visits are spread over the days.
fn guess(fences: &[u32], moment: u32) -> usize {
    let (Some(first), Some(last)) = (fences.first(), fences.last()) else { return 0 };
    let (begin, end) = (u64::from(*first), u64::from(*last));
    let moment = u64::from(moment).clamp(begin, end);
    #[expect(clippy::cast_possible_truncation, reason = "less than there are fences")]
    let guess = ((moment - begin) * (fences.len() - 1) as u64 / (end - begin).max(1)) as usize;
    guess
}

/// As `partition_point`, searched for outwards from where it may be: what lies elsewhere is not
/// looked at, for each look would be a miss of the caches. First step by step, which nearly always
/// ends in the same line; then in steps that double.
#[inline]
fn partition_near(fences: &[u32], guess: usize, holds: impl Fn(u32) -> bool) -> usize {
    const STEPS: usize = 16;
    let guess = guess.min(fences.len());
    let mut at = guess;
    while at < fences.len() && holds(fences[at]) {
        at += 1;
        if at - guess == STEPS {
            return at + gallop(fences.len() - at, |n| holds(fences[at + n]));
        }
    }
    while at > 0 && !holds(fences[at - 1]) {
        at -= 1;
        if guess - at == STEPS {
            return at - gallop(at, |n| !holds(fences[at - 1 - n]));
        }
    }
    at
}

/// How many of so many things, counted from 0, something holds for: it holds for none after the
/// first for which it does not.
#[cold]
fn gallop(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let mut high = 1;
    while high < len && holds(high) {
        high *= 2;
    }
    let (mut low, mut high) = (0, high.min(len));
    while low < high {
        let middle = low.midpoint(high);
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
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

#[cfg(test)]
mod tests {
    use jadegate_domain::Presence;

    use super::*;

    #[test]
    fn any_guess_leads_to_the_partition_point() {
        for len in [0u32, 1, 2, 16, 17, 18, 33, 34, 100, 1_000] {
            let fences: Vec<_> = (0..len).map(|n| n / 3).collect();
            for moment in 0..=len / 3 + 1 {
                let holds = |entered| entered < moment;
                let want = fences.partition_point(|f| holds(*f));
                for guess in (0..=fences.len() + 1).chain([usize::MAX]) {
                    assert_eq!(
                        partition_near(&fences, guess, holds),
                        want,
                        "{len} {moment} {guess}"
                    );
                }
            }
        }
    }

    /// Place 1 with a visit a minute for ten days, of ten minutes each; a few elsewhere.
    fn run(one_of_a_week: bool) -> Run {
        let row = |place, minute: u32, minutes: u32| Row {
            place,
            entered: minute * 60,
            holder: minute,
            stayed: Stayed::new(Some(minutes * 60), Presence::Gate),
        };
        let mut rows: Vec<_> = (0..14_400).map(|minute| row(1, minute, 10)).collect();
        rows.extend((0..100).map(|minute| row(if minute < 50 { 0 } else { 2 }, minute, 10)));
        if one_of_a_week {
            rows.push(row(1, 7, 7 * 1440));
        }
        Run::new(rows, 3, 14_400)
    }

    #[test]
    fn a_look_up_reads_little_beside_what_overlaps() {
        for one_of_a_week in [false, true] {
            let run = run(one_of_a_week);
            for minute in [0, 5, 700, 5_000, 9_990, 14_390, 14_399, 14_420] {
                let (from, to) = (minute * 60, (minute + 90) * 60);
                for near in [None, Some(0), Some(50 + minute), Some(14_449), Some(u32::MAX)] {
                    let mut got = Vec::new();
                    let rows = run.at_place(1, from, to, 60, near);
                    run.cells(rows, from, 60, |cells| got.extend(cells.iter().map(Cell::of)));
                    let overlaps = |c: &&Cell| c.entered < to && c.latest_end(60) > from;
                    let all = run.rows().filter(|r| r.place == 1).map(|r| r.cell());
                    let want: Vec<_> = all.collect::<Vec<_>>();
                    let want: Vec<_> = want.iter().filter(overlaps).copied().collect();
                    let found: Vec<_> = got.iter().filter(overlaps).copied().collect();
                    assert_eq!(found, want, "{minute}");
                    assert!(got.len() <= want.len() + 4 * PAGE, "{minute}: {} read", got.len());
                }
            }
            assert!(run.at_place(1, 99_999_999, u32::MAX, 60, None).is_empty());
        }
    }
}

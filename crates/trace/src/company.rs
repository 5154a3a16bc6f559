//! Who was at the places of one search, and when they came and went: one look at the visits near the
//! sources, which the search has just read.

use crate::row::Cell;
use crate::run::supersedes;
use crate::same::SamePeople;

/// A visit near the sources.
#[derive(Clone, Copy, Debug)]
struct There {
    entered: u32,
    person: u32,
    to: u32,
    /// Both ends are known.
    closed: bool,
}

/// The visits at one place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AtPlace {
    place: u32,
    /// Which of the list, in order of `entered`.
    visits: (usize, usize),
    /// Which of the sources.
    pub(crate) sources: (usize, usize),
}

/// What is known of the places of one search. How many were there for how long is told by the moments
/// at which somebody came and left, each in order and with the sums of all before.
#[derive(Debug, Default)]
pub(crate) struct Company {
    visits: Vec<There>,
    /// As many as visits: moments of leaving, in order at each place.
    ends: Vec<u32>,
    /// At each visit, and at each end: the sum of those of its place before it.
    came: Vec<u64>,
    left: Vec<u64>,
    places: Vec<AtPlace>,
    /// What [`add`](Self::add) takes in.
    pub(crate) cells: Vec<Cell>,
    near: Cursor,
}

/// Where the last look-up ended: the next is nearly always close by, in the order in which visits lie.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    place: usize,
    visit: usize,
    /// The last two moments asked for, and what came of it.
    from: (u32, u64),
    to: (u32, u64),
}

impl Company {
    pub(crate) fn clear(&mut self) {
        self.visits.clear();
        self.ends.clear();
        self.came.clear();
        self.left.clear();
        self.places.clear();
        self.near = Cursor::default();
    }

    /// Takes in the visits at the place of some sources: each once, only those proven, and those
    /// nobody saw the end of for as long as is assumed. A printed code says nothing of others here,
    /// or a forwarded picture could make a crowd.
    pub(crate) fn add(
        &mut self,
        at: (u32, (usize, usize)),
        assumed: u32,
        now: u32,
        same: &SamePeople,
    ) {
        let (place, sources) = at;
        // In order already, if all are of one run and one source.
        self.cells.sort_by_key(|c| (c.entered, c.holder));
        let first = self.visits.len();
        for one in self.cells.chunk_by(|a, b| (a.entered, a.holder) == (b.entered, b.holder)) {
            let Cell { entered, holder, .. } = one[0];
            let known = |c: &&Cell| !one.iter().any(|o| supersedes(o.stayed, c.stayed));
            let (to, closed) = if let [only] = one {
                (end(only, assumed, now), !only.stayed.is_open())
            } else {
                let ends = one.iter().filter(known).map(|c| end(c, assumed, now));
                (ends.max().unwrap_or(entered), one.iter().any(|c| !c.stayed.is_open()))
            };
            let to = to.max(entered);
            self.visits.push(There { entered, person: same.person(holder), to, closed });
        }
        let visits = &self.visits[first..];
        self.ends.extend(visits.iter().map(|v| v.to));
        self.ends[first..].sort_unstable();
        let sums = |sum: &mut u64, moment: u32| {
            let before = *sum;
            *sum += u64::from(moment);
            Some(before)
        };
        self.came.extend(visits.iter().map(|v| v.entered).scan(0, sums));
        self.left.extend(self.ends[first..].iter().copied().scan(0, sums));
        self.places.push(AtPlace { place, visits: (first, self.visits.len()), sources });
    }

    /// Seconds of all who were there until a moment.
    fn until(&self, at: &AtPlace, moment: u32) -> u64 {
        let (first, end) = at.visits;
        let came = self.visits[first..end].partition_point(|v| v.entered < moment);
        let left = self.ends[first..end].partition_point(|e| *e < moment);
        let sum = |n: usize, sums: &[u64], last: &dyn Fn(usize) -> u32| {
            // The sum of all before the nth is that before the last of them, and the last.
            let Some(last_of) = n.checked_sub(1) else { return 0 };
            n as u64 * u64::from(moment) - sums[first + last_of] - u64::from(last(first + last_of))
        };
        sum(came, &self.came, &|n| self.visits[n].entered)
            - sum(left, &self.left, &|n| self.ends[n])
    }

    /// Seconds of all who were there between two moments.
    pub(crate) fn people(&mut self, at: &AtPlace, from: u32, to: u32) -> u64 {
        if self.near.from.0 != from {
            self.near.from = (from, self.until(at, from));
        }
        if self.near.to.0 != to {
            self.near.to = (to, self.until(at, to));
        }
        self.near.to.1 - self.near.from.1
    }

    /// The place of that number.
    pub(crate) fn place(&mut self, number: u32) -> Option<AtPlace> {
        let near = self.places.get(self.near.place).filter(|p| p.place == number);
        if let Some(near) = near {
            return Some(*near);
        }
        let place = self.places.binary_search_by_key(&number, |p| p.place).ok()?;
        let at = self.places[place];
        self.near = Cursor { place, visit: at.visits.0, ..Cursor::default() };
        Some(at)
    }

    /// The only visit of somebody during a time.
    pub(crate) fn visit(
        &mut self,
        at: &AtPlace,
        person: u32,
        (from, to): (u32, u32),
    ) -> Option<(u32, u32)> {
        let (first, end) = at.visits;
        let is = |v: &There| v.person == person && v.entered < to && v.to > from;
        let near = self.near.visit;
        let after = self.visits[near..end].iter().position(is).map(|n| near + n);
        let found =
            after.or_else(|| self.visits[first..near].iter().position(is).map(|n| first + n))?;
        self.near.visit = found;
        let There { entered, to, .. } = self.visits[found];
        Some((entered, to))
    }

    /// From when to when somebody was there, by all recorded visits during a time.
    pub(crate) fn stay(
        &self,
        at: &AtPlace,
        person: u32,
        (from, to): (u32, u32),
    ) -> Option<(u32, u32)> {
        let visits = &self.visits[at.visits.0..at.visits.1];
        let of_person =
            |v: &&There| v.person == person && v.closed && v.entered < to && v.to > from;
        visits.iter().filter(of_person).fold(None, |stay, v| {
            let (from, to) = stay.unwrap_or((u32::MAX, 0));
            Some((v.entered.min(from), v.to.max(to)))
        })
    }
}

/// When a visit ended, at the latest.
fn end(cell: &Cell, assumed: u32, now: u32) -> u32 {
    let end = cell.latest_end(assumed);
    if cell.stayed.is_open() { end.min(now) } else { end }
}

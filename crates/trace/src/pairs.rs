//! From one infectious person's stays to everyone who shared them.

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{HolderId, PlaceId, PlaceKind, Presence, Ride, Timestamp};
use smallvec::{SmallVec, smallvec};

use crate::columns::Columns;
use crate::company::Company;
use crate::hit::{Hit, Reach};
use crate::hits::Hits;
use crate::index::{Spot, VisitIndex};
use crate::judge::{Part, judge};
use crate::likelihood::Met;
use crate::overlap::{Overlap, Stretch, unite};
use crate::repeat_overlaps::{Near, RepeatOverlaps};
use crate::row::{Cell, Packed, Row, Stayed, moment};
use crate::rules::{Bound, Hop, Rules};
use crate::stay::{Stay, resolve};

/// One stretch of time shared at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exposure {
    /// Where. For the console only; a holder is told the kind of place.
    pub place: PlaceId,
    /// What kind of place it is.
    pub place_kind: PlaceKind,
    /// From.
    pub from: Timestamp,
    /// Until.
    pub to: Timestamp,
    /// Whole minutes that are recorded from end to end.
    pub minutes_lower: u32,
    /// Whole minutes with assumed ends, or of unproven presence.
    pub minutes_upper: u32,
    /// How sure. Unproven exposures stand beside proven ones even where both are at one place; they
    /// count only if there is a proven one between the same two people.
    pub certainty: Certainty,
}

/// What two people shared. Nearly always it is one stretch, which takes no memory of its own.
pub type Exposures = SmallVec<[Exposure; 1]>;

/// Danger at a place: an infectious person's stay there, with the time it lingers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) place: u32,
    pub(crate) kind: PlaceKind,
    pub(crate) stay: Stay,
    /// From when to when they were there, whatever the window and what lingers.
    pub(crate) there: (u32, u32),
    /// Aboard a vehicle: where. `None` if everyone at the place is near.
    pub(crate) ride: Option<Ride>,
    /// Where its visit lies.
    pub(crate) spot: Spot,
}

/// An overlap with a source, at its place.
#[derive(Clone, Copy, Debug)]
struct At {
    place: u32,
    kind: PlaceKind,
    overlap: Overlap,
}

/// A stretch of shared time, with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared {
    pub(crate) place: u32,
    pub(crate) kind: PlaceKind,
    pub(crate) stretch: Stretch,
}

/// From so many holders a search is prepared at once ([`VisitIndex::touch`]).
pub(crate) const AHEAD: usize = 16;

/// Rows in a line of the caches, and rows of a stretch of many lines.
const LINE: usize = 64 / size_of::<Packed>();
const LONG: usize = 400;

/// No holder has this number.
const NOBODY: u32 = u32::MAX;

/// Somebody who shared time with the sources.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) holder: u32,
    /// As in [`crate::judge::Verdict::reached`].
    pub(crate) reached: Option<Certainty>,
    pub(crate) counted_secs: u32,
    /// As in [`crate::BulkContact`], at most what 32 bits hold: 136 years.
    pub(crate) lower_secs: u32,
    pub(crate) upper_secs: u32,
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// By one recorded overlap, and never near besides.
    pub(crate) plain: bool,
    /// How likely it is that they met, if it was asked.
    pub(crate) met: Option<Met>,
    /// Where in the list of kept stretches this pair's are.
    stretches: (u32, u32),
}

impl Pair {
    /// Somebody who shared recorded seconds from a moment on, at a place of a kind: that is all.
    #[inline]
    pub(crate) const fn recorded(
        holder: u32,
        (from, secs): (u32, u32),
        (place, kind): (u32, PlaceKind),
    ) -> (Self, Shared) {
        let to = from.saturating_add(secs);
        let pair = Self {
            holder,
            reached: Some(Certainty::Recorded),
            counted_secs: secs,
            lower_secs: secs,
            upper_secs: secs,
            first: from,
            last: to,
            plain: true,
            met: None,
            stretches: (0, 0),
        };
        let stretch = Stretch { from, to, recorded_secs: secs, certainty: Certainty::Recorded };
        (pair, Shared { place, kind, stretch })
    }
}

/// How somebody became a contact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) pair: Pair,
    /// All they shared, if it is not among the stretches kept.
    pub(crate) only: Option<Shared>,
    /// By whom.
    pub(crate) via: Option<HolderId>,
}

/// What [`Finder::apart`] finds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Apart {
    pub(crate) enough: bool,
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) kind: PlaceKind,
}

/// Finds pairs; keeps its working memory from one search to the next.
///
/// Two steps. [`gather`](Self::gather) finds everybody near a holder. For nearly all of them one
/// recorded overlap settles it: those are [`settled`](Self::settled) and contacts. Of the others,
/// whoever may have shared enough time is handed over by [`each_other`](Self::each_other), and
/// [`pair`](Self::pair) looks closely and keeps their stretches of shared time, until
/// [`forget`](Self::forget).
pub(crate) struct Finder<'a, K> {
    pub(crate) index: &'a VisitIndex,
    pub(crate) rules: &'a Rules,
    pub(crate) kind_of: K,
    pub(crate) now: u32,
    own: Vec<Row>,
    spots: Vec<Spot>,
    pub(crate) sources: Vec<Source>,
    /// Rows that may overlap a source, and which.
    pub(crate) slices: Vec<(u32, &'a [Packed])>,
    /// Nobody is near themselves.
    except: u32,
    hits: Hits,
    repeats: RepeatOverlaps,
    /// Those near once whose seconds are not as recorded.
    doubtful: Vec<Near>,
    /// The fewest seconds that make a contact with any of the sources.
    least: u32,
    overlaps: Vec<At>,
    united: Vec<Stretch>,
    parts: Vec<Part>,
    stretches: Vec<Shared>,
    pub(crate) company: Company,
}

impl<'a, K: Fn(PlaceId) -> PlaceKind> Finder<'a, K> {
    pub(crate) fn new(index: &'a VisitIndex, rules: &'a Rules, kind_of: K, now: u32) -> Self {
        Self {
            index,
            rules,
            kind_of,
            now,
            own: Vec::new(),
            spots: Vec::new(),
            except: NOBODY,
            hits: Hits::default(),
            sources: Vec::new(),
            slices: Vec::new(),
            repeats: RepeatOverlaps::default(),
            doubtful: Vec::new(),
            least: 0,
            overlaps: Vec::new(),
            united: Vec::new(),
            parts: Vec::new(),
            stretches: Vec::new(),
            company: Company::default(),
        }
    }

    /// Everyone who shared enough time with a holder between two moments.
    pub(crate) fn contacts_of(&mut self, holder: u32, window: (u32, u32), hop: Hop) -> Vec<Pair> {
        self.gather(holder, window, hop);
        let mut pairs = self.settled_pairs(hop);
        self.each_other(|finder, near| {
            pairs.extend(finder.pair(near, hop).filter(|p| p.reached.is_some()));
        });
        pairs
    }

    /// Everyone who shared any time with one source.
    pub(crate) fn near(&mut self, source: Source) -> Vec<Pair> {
        self.sources.clear();
        self.sources.push(source);
        self.except = NOBODY;
        self.scan(|_| 0);
        let mut pairs = self.settled_pairs(Hop::Close);
        self.each_other(|finder, near| pairs.extend(finder.pair(near, Hop::Close)));
        pairs
    }

    fn settled_pairs(&mut self, hop: Hop) -> Vec<Pair> {
        let mut pairs = Vec::with_capacity(self.settled().len());
        for n in 0..self.settled().len() {
            let hit = self.settled().get(n);
            pairs.push(self.plain_pair(&hit, hop));
        }
        pairs
    }

    /// Collects everybody near a holder between two moments.
    pub(crate) fn gather(&mut self, holder: u32, window: (u32, u32), hop: Hop) {
        self.find_sources(holder, window);
        self.except = holder;
        let rules = self.rules;
        self.scan(|kind| rules.threshold(kind, hop));
    }

    /// Those gathered who are contacts by one recorded overlap.
    pub(crate) const fn settled(&self) -> &Columns {
        self.hits.settled()
    }

    /// Takes them out, in exchange for memory of earlier searches.
    pub(crate) const fn take_settled(&mut self, list: &mut Columns) {
        self.hits.swap(list);
    }

    /// Calls `each` for all others gathered whose time may suffice.
    pub(crate) fn each_other(&mut self, mut each: impl FnMut(&mut Self, &Near)) {
        for n in 0..self.repeats.near.len() {
            let near = self.repeats.near[n];
            // Only of somebody who is there once is it known which threshold holds.
            let enough =
                if near.is_once() { near.latest.is_enough() } else { near.secs >= self.least };
            if enough && near.holder() != self.except {
                each(self, &near);
            }
        }
        for n in 0..self.doubtful.len() {
            let near = self.doubtful[n];
            each(self, &near);
        }
    }

    /// A holder's stays that could infect others.
    pub(crate) fn find_sources(&mut self, holder: u32, window: (u32, u32)) {
        self.own.clear();
        self.spots.clear();
        self.index.each_of(holder, |row, spot| {
            self.own.push(row);
            self.spots.push(spot);
        });
        self.sources.clear();
        let own = self.own.iter().zip(&self.spots);
        for (row, spot) in own.filter(|(r, _)| r.entered < window.1) {
            let kind = (self.kind_of)(self.index.place(row.place));
            let rules = self.rules.at(kind);
            let assumed = minutes(rules.assumed_stay_minutes);
            let Some(stay) = resolve(row, &self.own, assumed, self.now) else { continue };
            let there = (stay.from, stay.to);
            let (from, to) = (stay.from.max(window.0), stay.to.min(window.1));
            if from < to {
                let to = to.saturating_add(minutes(rules.lingering_minutes));
                let stay = Stay { from, to, certainty: stay.certainty };
                let ride = self
                    .index
                    .has_rides()
                    .then(|| self.index.ride(row))
                    .filter(|_| kind.is_vehicle());
                let place = row.place;
                self.sources.push(Source { place, kind, stay, there, ride, spot: *spot });
            }
        }
        self.sources.sort_unstable_by_key(|s| (s.place, s.stay.from, s.stay.to));
    }

    /// The stretches kept of a pair.
    pub(crate) fn kept(&self, pair: &Pair) -> &[Shared] {
        &self.stretches[pair.stretches.0 as usize..pair.stretches.1 as usize]
    }

    /// Reads what the exposures of some are made of, so that it is in the caches.
    pub(crate) fn touch(&self, ways: impl Iterator<Item = Way>) {
        let kept = |pair: Pair| self.stretches.get(pair.stretches.0 as usize);
        let place = |way: Way| Some(way.only.as_ref().or_else(|| kept(way.pair))?.place);
        let places = ways.filter_map(place).map(|place| self.index.place(place));
        std::hint::black_box(places.fold(0, |read, place| read ^ place.as_u64()));
    }

    /// What a pair shared: what was kept of it, or one stretch that is all.
    pub(crate) fn exposures(&self, pair: &Pair, only: Option<&Shared>) -> Exposures {
        if let Some(only) = only {
            return smallvec![self.exposure(only)];
        }
        let mut all: Exposures =
            self.kept(pair).iter().map(|shared| self.exposure(shared)).collect();
        if all.len() > 1 {
            all.sort_unstable_by_key(|e| (e.from, e.to, e.place));
        }
        all
    }

    #[inline]
    fn exposure(&self, shared: &Shared) -> Exposure {
        let s = &shared.stretch;
        let proven = s.certainty != Certainty::Unproven;
        Exposure {
            place: self.index.place(shared.place),
            place_kind: shared.kind,
            from: moment(s.from),
            to: moment(s.to),
            minutes_lower: if proven { s.recorded_secs / 60 } else { 0 },
            minutes_upper: (s.to - s.from) / 60,
            certainty: s.certainty,
        }
    }

    /// Place and kind of each source.
    pub(crate) fn places(&self) -> impl Iterator<Item = (u32, PlaceKind)> {
        self.sources.iter().map(|s| (s.place, s.kind))
    }

    /// The kind of the place of a pair's longest exposure.
    pub(crate) fn main_kind(&self, pair: &Pair) -> PlaceKind {
        main_kind(&self.exposures(pair, None))
    }

    /// Forgets the stretches of all pairs.
    pub(crate) fn forget(&mut self) {
        self.stretches.clear();
    }

    /// Collects the visits that may overlap the sources; assumed ends are taken at their latest.
    fn scan(&mut self, threshold: impl Fn(PlaceKind) -> u32) {
        self.look_up();
        let (rules, index, hits) = (self.rules, self.index, &mut self.hits);
        hits.clear();
        self.least = u32::MAX;
        let mut slices = self.slices.iter().peekable();
        for (s, n) in self.sources.iter().zip(0..) {
            let reach = Reach {
                from: s.stay.from,
                to: s.stay.to,
                open_secs: minutes(rules.at(s.kind).assumed_stay_minutes),
                least: minutes(threshold(s.kind)).max(1),
                recorded: s.stay.certainty == Certainty::Recorded,
            };
            self.least = self.least.min(reach.least);
            let aboard = rules.aboard(s.kind);
            let mut scan = |cells: &[Packed]| {
                let Some(ride) = &s.ride else { return hits.scan(n, &reach, cells) };
                for cell in cells {
                    if aboard.share(ride, &index.ride(&Cell::of(cell).at(s.place))) {
                        hits.scan(n, &reach, std::slice::from_ref(cell));
                    }
                }
            };
            while let Some((_, cells)) = slices.next_if(|(of, _)| *of == n) {
                scan(cells);
            }
            index.new_at(s.place, reach.from, reach.to, reach.open_secs, |cell| {
                scan(&[cell.packed()]);
            });
        }
        hits.name_people(index.same());
        self.repeats.clear();
        self.doubtful.clear();
        let except = self.except;
        hits.sift(except, |hit, again| {
            if again {
                self.repeats.add(hit);
            } else if hit.is_enough() && hit.holder != except {
                self.doubtful.push(Near::once(hit));
            }
        });
    }

    /// Finds the rows that may overlap each source, all before any of them is used: a look-up does
    /// not wait for the rows of the one before.
    fn look_up(&mut self) {
        self.slices.clear();
        for (s, n) in self.sources.iter().zip(0u32..) {
            let open = minutes(self.rules.at(s.kind).assumed_stay_minutes);
            self.index.runs_at(s.place, s.stay.from, s.stay.to, open, s.spot, |cells| {
                self.slices.push((n, cells));
            });
        }
        // One number of each cache line: memory brings many lines in the time of one if nothing is
        // done with them yet. Long stretches it brings ahead by itself.
        let mut read = 0u32;
        for (_, cells) in self.slices.iter().filter(|(_, cells)| cells.len() < LONG) {
            for cell in cells.iter().step_by(LINE) {
                read = read.wrapping_add(cell[0]);
            }
        }
        std::hint::black_box(read);
    }

    /// What somebody shared who is near twice, both times recorded and apart, where one threshold
    /// holds for both: as [`pair`](Self::pair) and [`main_kind`](Self::main_kind) find it, but there
    /// is nothing to unite and little to judge. `None` of all others.
    pub(crate) fn apart(&self, near: &Near, hop: Hop) -> Option<Apart> {
        let hits = self.repeats.two(near).filter(|hits| hits.iter().all(Hit::is_plain))?;
        let sources = hits.map(|hit| &self.sources[hit.source() as usize]);
        let spans = hits.map(|hit| (hit.from, hit.from.saturating_add(hit.secs)));
        let [threshold, other] = sources.map(|s| self.rules.threshold(s.kind, hop));
        let [a, b] = spans;
        let touch = a.0 <= b.1 && b.0 <= a.1;
        if threshold != other || a == b || touch && sources[0].place == sources[1].place {
            return None;
        }
        let secs: u64 = hits.iter().map(|hit| u64::from(hit.secs)).sum();
        let rank = |n: usize| (hits[n].secs / 60, spans[n]);
        Some(Apart {
            enough: secs >= u64::from(threshold) * 60,
            first: a.0.min(b.0),
            last: a.1.max(b.1),
            kind: sources[usize::from(rank(1) > rank(0))].kind,
        })
    }

    /// Unites and judges what somebody near shared with the sources. Keeps the stretches.
    pub(crate) fn pair(&mut self, near: &Near, hop: Hop) -> Option<Pair> {
        let first = self.stretches.len();
        if near.is_plain() {
            return Some(self.plain_pair(&near.latest, hop));
        }
        self.overlap(near);
        let mut united = std::mem::take(&mut self.united);
        if self.overlaps.len() > 1 {
            self.overlaps.sort_unstable_by_key(|o| (o.place, o.overlap.from));
        }
        for at_place in self.overlaps.chunk_by(|a, b| a.place == b.place) {
            united.clear();
            unite(&at_place.iter().map(|o| o.overlap), &mut united);
            let At { place, kind, .. } = at_place[0];
            self.stretches.extend(united.iter().map(|s| Shared { place, kind, stretch: *s }));
        }
        self.united = united;
        self.parts.clear();
        self.parts.extend(self.stretches[first..].iter().map(|s| Part {
            threshold_minutes: self.rules.threshold(s.kind, hop),
            recorded_secs: s.stretch.recorded_secs,
            secs: s.stretch.to - s.stretch.from,
            unproven: s.stretch.certainty == Certainty::Unproven,
        }));
        let verdict = judge(&self.parts, self.rules.counts);
        let mut pair = Pair {
            holder: near.holder(),
            reached: verdict.reached,
            counted_secs: 0,
            lower_secs: self.parts.iter().fold(0, |sum, p| sum.saturating_add(p.recorded_secs)),
            upper_secs: 0,
            first: u32::MAX,
            last: 0,
            plain: false,
            met: None,
            stretches: self.kept_since(first),
        };
        for (part, shared) in self.parts.iter().zip(&self.stretches[first..]) {
            let upper = verdict.counted(part, Bound::Upper);
            pair.upper_secs = pair.upper_secs.saturating_add(upper);
            let counted = verdict.counted(part, self.rules.counts);
            if counted > 0 {
                pair.counted_secs = pair.counted_secs.saturating_add(counted);
                pair.first = pair.first.min(shared.stretch.from);
                pair.last = pair.last.max(shared.stretch.to);
            }
        }
        (!self.parts.is_empty()).then_some(pair)
    }

    #[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 in one trace")]
    const fn kept_since(&self, first: usize) -> (u32, u32) {
        (first as u32, self.stretches.len() as u32)
    }

    /// Nothing has to be united or judged: there is one recorded overlap.
    fn plain_pair(&mut self, hit: &Hit, hop: Hop) -> Pair {
        let Source { place, kind, .. } = self.sources[hit.source() as usize];
        let enough = hit.secs >= minutes(self.rules.threshold(kind, hop));
        let (pair, shared) = Pair::recorded(hit.holder, (hit.from, hit.secs), (place, kind));
        let at = self.stretches.len();
        self.stretches.push(shared);
        let stretches = self.kept_since(at);
        Pair { reached: enough.then_some(Certainty::Recorded), stretches, ..pair }
    }

    /// The overlaps of one person's visits with the sources, assumed ends settled.
    fn overlap(&mut self, near: &Near) {
        self.overlaps.clear();
        self.own.clear();
        if self.repeats.overlaps(near).any(|h| h.is_open()) {
            self.index.rows_of(near.holder(), &mut self.own);
        }
        for hit in self.repeats.overlaps(near) {
            let s = &self.sources[hit.source() as usize];
            let presence = if hit.is_proven() { Presence::Gate } else { Presence::Unproven };
            let stayed = Stayed::new((!hit.is_open()).then_some(hit.secs), presence);
            let row = Row { place: s.place, entered: hit.from, holder: hit.holder, stayed };
            let assumed = minutes(self.rules.at(s.kind).assumed_stay_minutes);
            let Some(stay) = resolve(&row, &self.own, assumed, self.now) else { continue };
            let (from, to) = (stay.from.max(s.stay.from), stay.to.min(s.stay.to));
            if from < to {
                let certainty = stay.certainty.max(s.stay.certainty);
                let overlap = Overlap { from, to, certainty };
                self.overlaps.push(At { place: s.place, kind: s.kind, overlap });
            }
        }
    }

    pub(crate) fn holder(&self, number: u32) -> HolderId {
        self.index.holder(number)
    }
}

/// The kind of the place of the longest exposure, in whole minutes; of equals the last.
pub(crate) fn main_kind(exposures: &[Exposure]) -> PlaceKind {
    let longest = exposures.iter().max_by_key(|e| (e.minutes_upper, e.minutes_lower));
    longest.map_or(PlaceKind::Other, |e| e.place_kind)
}

/// Minutes in seconds.
pub(crate) const fn minutes(minutes: u32) -> u32 {
    minutes.saturating_mul(60)
}

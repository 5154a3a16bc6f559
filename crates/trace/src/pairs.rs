//! From one infectious person's stays to everyone who shared them.

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{HolderId, PlaceId, PlaceKind, Timestamp};

use crate::index::VisitIndex;
use crate::judge::{Part, judge};
use crate::overlap::{Overlap, Stretch, unite};
use crate::row::{Row, moment};
use crate::rules::{Hop, Rules};
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

/// Danger at a place: an infectious person's stay there, with the time it lingers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) place: u32,
    pub(crate) kind: PlaceKind,
    pub(crate) stay: Stay,
}

/// A visit that overlaps a source.
#[derive(Clone, Copy, Debug)]
struct Touch {
    holder: u32,
    source: u32,
    row: Row,
}

/// An overlap with a source, at its place.
#[derive(Clone, Copy, Debug)]
struct At {
    place: u32,
    source: u32,
    overlap: Overlap,
}

/// Somebody who shared time with the sources.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) holder: u32,
    /// As in [`crate::judge::Verdict::reached`].
    pub(crate) reached: Option<Certainty>,
    pub(crate) counted_secs: u64,
    pub(crate) first: u32,
    pub(crate) last: u32,
    /// Where in the list of stretches this pair's are.
    stretches: std::ops::Range<usize>,
}

/// Finds pairs; keeps its working memory from one search to the next.
pub(crate) struct Finder<'a, K> {
    pub(crate) index: &'a VisitIndex,
    pub(crate) rules: &'a Rules,
    pub(crate) kind_of: K,
    pub(crate) now: u32,
    own: Vec<Row>,
    sources: Vec<Source>,
    touches: Vec<Touch>,
    loads: Loads,
    overlaps: Vec<At>,
    united: Vec<Stretch>,
    parts: Vec<Part>,
    stretches: Vec<(u32, Stretch)>,
}

impl<'a, K: Fn(PlaceId) -> PlaceKind> Finder<'a, K> {
    pub(crate) fn new(index: &'a VisitIndex, rules: &'a Rules, kind_of: K, now: u32) -> Self {
        Self {
            index,
            rules,
            kind_of,
            now,
            own: Vec::new(),
            sources: Vec::new(),
            touches: Vec::new(),
            loads: Loads::default(),
            overlaps: Vec::new(),
            united: Vec::new(),
            parts: Vec::new(),
            stretches: Vec::new(),
        }
    }

    /// Everyone who shared enough time with a holder between two moments.
    pub(crate) fn contacts_of(&mut self, holder: u32, window: (u32, u32), hop: Hop) -> Vec<Pair> {
        self.own.clear();
        self.index.rows_of(holder, &mut self.own);
        self.sources.clear();
        for row in self.own.iter().filter(|r| r.entered < window.1) {
            let kind = (self.kind_of)(self.index.place(row.place));
            let rules = self.rules.at(kind);
            let assumed = minutes(rules.assumed_stay_minutes);
            let Some(stay) = resolve(row, &self.own, assumed, self.now) else { continue };
            let (from, to) = (stay.from.max(window.0), stay.to.min(window.1));
            if from < to {
                let to = to.saturating_add(minutes(rules.lingering_minutes));
                let stay = Stay { from, to, certainty: stay.certainty };
                self.sources.push(Source { place: row.place, kind, stay });
            }
        }
        self.touch(Some(holder));
        self.drop_hopeless(hop);
        let mut pairs = self.pairs(hop);
        pairs.retain(|p| p.reached.is_some());
        pairs
    }

    /// Everyone who shared any time with one source.
    pub(crate) fn near(&mut self, source: Source) -> Vec<Pair> {
        self.sources.clear();
        self.sources.push(source);
        self.touch(None);
        self.pairs(Hop::Close)
    }

    pub(crate) fn exposures(&self, pair: &Pair) -> Vec<Exposure> {
        let exposure = |(source, s): &(u32, Stretch)| {
            let source = &self.sources[*source as usize];
            let proven = s.certainty != Certainty::Unproven;
            Exposure {
                place: self.index.place(source.place),
                place_kind: source.kind,
                from: moment(s.from),
                to: moment(s.to),
                minutes_lower: if proven { s.recorded_secs / 60 } else { 0 },
                minutes_upper: (s.to - s.from) / 60,
                certainty: s.certainty,
            }
        };
        let mut all: Vec<_> = self.stretches[pair.stretches.clone()].iter().map(exposure).collect();
        all.sort_unstable_by_key(|e| (e.from, e.to, e.place));
        all
    }

    /// Collects the visits that may overlap the sources; assumed ends are taken at their latest.
    fn touch(&mut self, without: Option<u32>) {
        self.sources.sort_unstable_by_key(|s| (s.place, s.stay.from, s.stay.to));
        self.touches.clear();
        for (i, s) in (0u32..).zip(&self.sources) {
            let assumed = minutes(self.rules.at(s.kind).assumed_stay_minutes);
            let touches = &mut self.touches;
            self.index.rows_at(s.place, s.stay.from, s.stay.to, assumed, |row| {
                if Some(row.holder) != without {
                    touches.push(Touch { holder: row.holder, source: i, row });
                }
            });
        }
    }

    /// Forgets those whose minutes cannot suffice even if nothing overlapped twice and every
    /// assumed end held. Most people near a case are such; the rest is then little work.
    fn drop_hopeless(&mut self, hop: Hop) {
        if self.touches.len() < 64 {
            return;
        }
        self.loads.clear(self.touches.len());
        for t in &self.touches {
            let s = &self.sources[t.source as usize];
            let assumed = minutes(self.rules.at(s.kind).assumed_stay_minutes);
            let end = t.row.entered.saturating_add(t.row.stayed.len().unwrap_or(assumed));
            let secs = end.min(s.stay.to).saturating_sub(t.row.entered.max(s.stay.from));
            let threshold = minutes(self.rules.threshold(s.kind, hop)).max(1);
            #[expect(clippy::cast_precision_loss, reason = "compared with a margin below")]
            self.loads.add(t.holder, secs as f32 / threshold as f32);
        }
        let loads = &self.loads;
        self.touches.retain(|t| loads.of(t.holder) > 0.99);
    }

    /// Unites and judges what was touched.
    fn pairs(&mut self, hop: Hop) -> Vec<Pair> {
        let mut touches = std::mem::take(&mut self.touches);
        touches.sort_unstable_by_key(|t| (t.holder, t.source, t.row));
        touches.dedup_by_key(|t| (t.holder, t.source, t.row));
        self.stretches.clear();
        let mut pairs = Vec::new();
        for of_one in touches.chunk_by(|a, b| a.holder == b.holder) {
            pairs.extend(self.pair(of_one, hop));
        }
        self.touches = touches;
        pairs
    }

    fn pair(&mut self, touches: &[Touch], hop: Hop) -> Option<Pair> {
        self.overlap(touches);
        let first = self.stretches.len();
        let mut united = std::mem::take(&mut self.united);
        let same_place = |a: &At, b: &At| a.place == b.place;
        self.overlaps.sort_unstable_by_key(|o| (o.place, o.overlap.from, o.source));
        for at_place in self.overlaps.chunk_by(same_place) {
            united.clear();
            unite(&at_place.iter().map(|o| o.overlap), &mut united);
            let source = at_place[0].source;
            self.stretches.extend(united.iter().map(|s| (source, *s)));
        }
        self.united = united;
        self.parts.clear();
        self.parts.extend(self.stretches[first..].iter().map(|(source, s)| Part {
            threshold_minutes: self.rules.threshold(self.sources[*source as usize].kind, hop),
            recorded_secs: s.recorded_secs,
            secs: s.to - s.from,
            unproven: s.certainty == Certainty::Unproven,
        }));
        let verdict = judge(&self.parts, self.rules.counts);
        let mut pair = Pair {
            holder: touches[0].holder,
            reached: verdict.reached,
            counted_secs: 0,
            first: u32::MAX,
            last: 0,
            stretches: first..self.stretches.len(),
        };
        for (part, (_, stretch)) in self.parts.iter().zip(&self.stretches[first..]) {
            let counted = verdict.counted(part, self.rules.counts);
            if counted > 0 {
                pair.counted_secs += u64::from(counted);
                pair.first = pair.first.min(stretch.from);
                pair.last = pair.last.max(stretch.to);
            }
        }
        (!self.parts.is_empty()).then_some(pair)
    }

    /// The overlaps of one person's visits with the sources, assumed ends settled.
    fn overlap(&mut self, touches: &[Touch]) {
        self.overlaps.clear();
        self.own.clear();
        if touches.iter().any(|t| t.row.stayed.is_open()) {
            self.index.rows_of(touches[0].holder, &mut self.own);
        }
        for t in touches {
            let s = &self.sources[t.source as usize];
            let assumed = minutes(self.rules.at(s.kind).assumed_stay_minutes);
            let Some(stay) = resolve(&t.row, &self.own, assumed, self.now) else { continue };
            let (from, to) = (stay.from.max(s.stay.from), stay.to.min(s.stay.to));
            if from < to {
                let certainty = stay.certainty.max(s.stay.certainty);
                let overlap = Overlap { from, to, certainty };
                self.overlaps.push(At { place: s.place, source: t.source, overlap });
            }
        }
    }

    pub(crate) fn holder(&self, number: u32) -> HolderId {
        self.index.holder(number)
    }
}

/// Minutes in seconds.
pub(crate) const fn minutes(minutes: u32) -> u32 {
    minutes.saturating_mul(60)
}

/// A sum for each of a few thousand holders: open addressing, made anew for each search.
#[derive(Default)]
struct Loads {
    slots: Vec<(u32, f32)>,
    shift: u32,
}

impl Loads {
    const FREE: u32 = u32::MAX;

    fn clear(&mut self, most: usize) {
        let size = (most * 2).next_power_of_two();
        self.slots.clear();
        self.slots.resize(size, (Self::FREE, 0.0));
        self.shift = 32 - size.trailing_zeros().min(32);
    }

    fn slot(&self, holder: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = (holder.wrapping_mul(0x9e37_79b9) >> self.shift) as usize & mask;
        while self.slots[at].0 != holder && self.slots[at].0 != Self::FREE {
            at = (at + 1) & mask;
        }
        at
    }

    fn add(&mut self, holder: u32, load: f32) {
        let at = self.slot(holder);
        self.slots[at].0 = holder;
        self.slots[at].1 += load;
    }

    fn of(&self, holder: u32) -> f32 {
        self.slots[self.slot(holder)].1
    }
}

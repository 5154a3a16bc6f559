//! Who else was there while two people were, and when both came and went: what the likelihood that
//! they met is made of. One look at the visits near the sources, which a search has just read.

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{PlaceId, PlaceKind};

use crate::hit::Hit;
use crate::likelihood::{Met, Model, Overlap, Sum};
use crate::overlap::Stretch;
use crate::pairs::{Finder, Pair, Shared, Source, minutes};
use crate::row::Cell;
use crate::run::supersedes;
use crate::steps::{Spans, Steps};

/// A visit near the sources.
#[derive(Clone, Copy, Debug)]
struct There {
    entered: u32,
    person: u32,
    to: u32,
    /// Both ends are known.
    closed: bool,
}

/// The visits at one place, and how many they are.
#[derive(Clone, Debug)]
struct AtPlace {
    place: u32,
    /// Which of the list, in order of `entered`, then `person`.
    visits: (usize, usize),
    spans: Spans,
    /// Which of the sources.
    sources: (usize, usize),
}

/// What is known of the places of one search.
#[derive(Debug, Default)]
pub(crate) struct Company {
    visits: Vec<There>,
    places: Vec<AtPlace>,
    steps: Steps,
    cells: Vec<Cell>,
}

impl Company {
    /// Takes in the visits at the place of some sources: each once, only those proven, and those
    /// nobody saw the end of for as long as is assumed. A printed code says nothing of others here,
    /// or a forwarded picture could make a crowd.
    fn add(
        &mut self,
        sources: (usize, usize),
        place: u32,
        assumed: u32,
        now: u32,
        person: impl Fn(u32) -> u32,
    ) {
        // Nearly in order, as runs are.
        self.cells.sort_by_key(|c| (c.entered, c.holder));
        let first = self.visits.len();
        for same in self.cells.chunk_by(|a, b| (a.entered, a.holder) == (b.entered, b.holder)) {
            let open = |c: &&Cell| !same.iter().any(|other| supersedes(other.stayed, c.stayed));
            let Some(to) = same.iter().filter(open).map(|c| end(c, assumed, now)).max() else {
                continue;
            };
            let closed = same.iter().any(|c| !c.stayed.is_open());
            let Cell { entered, holder, .. } = same[0];
            self.visits.push(There { entered, person: person(holder), to, closed });
        }
        let visits = (first, self.visits.len());
        let spans = self.steps.add(self.visits[first..].iter().map(|v| (v.entered, v.to)));
        self.places.push(AtPlace { place, visits, spans, sources });
    }

    /// Seconds of all who were there between two moments.
    fn people(&self, at: &AtPlace, from: u32, to: u32) -> u64 {
        let spans = self.steps.spans(&at.spans);
        let first = spans.partition_point(|s| s.to <= from);
        let within = spans[first..].iter().take_while(|s| s.from < to);
        within.map(|s| self.steps.view(s).between(from.max(s.from), to.min(s.to))).sum()
    }

    /// From when to when somebody was there who was there between two moments.
    fn stay(
        &self,
        at: &AtPlace,
        person: u32,
        (from, to): (u32, u32),
        once: bool,
    ) -> Option<(u32, u32)> {
        let visits = &self.visits[at.visits.0..at.visits.1];
        let begun = visits.partition_point(|v| v.entered < to);
        if once {
            // Whoever came while the other was there came when the time shared began.
            let after = visits[..begun].partition_point(|v| v.entered < from);
            let came = visits[after..begun].iter().take_while(|v| v.entered == from);
            if let Some(v) = came.clone().find(|v| v.person == person && v.to > from) {
                return Some((v.entered, v.to));
            }
            let was = visits[..after].iter().find(|v| v.person == person && v.to > from);
            return was.map(|v| (v.entered, v.to));
        }
        let of_person = |v: &&There| v.person == person && v.closed && v.to > from;
        visits[..begun].iter().filter(of_person).fold(None, |stay, v| {
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

/// What a likelihood is, and the seconds of it that no table judged.
pub(crate) type Likely = (Met, u64);

impl<K: Fn(PlaceId) -> PlaceKind> Finder<'_, K> {
    /// Gets ready to judge those gathered, before anybody else is gathered.
    pub(crate) fn look_around(&mut self, model: &Model) {
        let mut company = std::mem::take(&mut self.company);
        company.visits.clear();
        company.places.clear();
        company.steps.clear();
        let mut slices = self.slices.iter().peekable();
        let mut n = 0;
        for sources in self.sources.chunk_by(|a, b| a.place == b.place) {
            let Source { place, kind, .. } = sources[0];
            let of = (n, n + sources.len());
            n = of.1;
            let known = model.at(kind).is_some();
            company.cells.clear();
            while let Some((_, cells)) = slices.next_if(|(s, _)| (*s as usize) < n) {
                if known {
                    let proven = cells.iter().map(Cell::of).filter(|c| c.stayed.is_proven());
                    company.cells.extend(proven);
                }
            }
            if !known {
                continue;
            }
            let assumed = minutes(self.rules.at(kind).assumed_stay_minutes);
            for s in sources {
                self.index.new_at(place, s.stay.from, s.stay.to, assumed, |cell| {
                    company.cells.extend(Some(cell).filter(|c| c.stayed.is_proven()));
                });
            }
            let same = self.index.same();
            company.add(of, place, assumed, self.now, |holder| same.person(holder));
        }
        self.company = company;
    }

    /// How likely each of some found met the case; those whom the policy leaves out go.
    pub(crate) fn judge_likelihood(&mut self, pairs: &mut Vec<Pair>) -> Vec<Option<Met>> {
        let Some(model) = self.rules.likelihood else { return vec![None; pairs.len()] };
        self.look_around(&model);
        let mut all = Vec::with_capacity(pairs.len());
        pairs.retain(|pair| {
            let (met, other) = self.likely(&model, pair, None);
            let stays = !model.leaves_out(&met, other);
            all.extend(stays.then_some(Some(met)));
            stays
        });
        all
    }

    /// How likely somebody met the case by whose sources they were found.
    pub(crate) fn likely(&self, model: &Model, pair: &Pair, only: Option<&Shared>) -> Likely {
        let kept = only.map_or_else(|| self.kept(pair), std::slice::from_ref);
        let once = pair.plain;
        let (mut sum, mut other) = (Sum::new(), 0);
        for shared in kept {
            let Stretch { from, to, certainty, .. } = shared.stretch;
            let table = model.at(shared.kind).filter(|_| certainty == Certainty::Recorded);
            let overlap = table.and_then(|_| self.overlap_of(pair.holder, shared, once));
            match (table, overlap) {
                (Some(table), Some(overlap)) => sum.add(table, &overlap),
                _ => other += u64::from(to - from),
            }
        }
        (sum.with_minutes(model.minutes_alone, other), other)
    }

    /// The same of somebody near by one recorded overlap.
    pub(crate) fn likely_by(&self, model: &Model, hit: &Hit) -> Likely {
        let Source { place, kind, .. } = self.sources[hit.source() as usize];
        let (pair, shared) = Pair::recorded(hit.holder, (hit.from, hit.secs), (place, kind));
        self.likely(model, &pair, Some(&shared))
    }

    /// What two stays have in common. `None` if the case had left when the other came: then they
    /// were not there together, and only what lingered counts.
    fn overlap_of(&self, person: u32, shared: &Shared, once: bool) -> Option<Overlap> {
        let Stretch { from, to, .. } = shared.stretch;
        let at = self.company.places.binary_search_by_key(&shared.place, |p| p.place).ok()?;
        let at = &self.company.places[at];
        let sources = &self.sources[at.sources.0..at.sources.1];
        let recorded = |s: &&Source| {
            s.stay.certainty == Certainty::Recorded && s.there.0 < to && s.there.1 > from
        };
        let case = sources.iter().filter(recorded).fold(None, |stay, s| {
            let (from, to) = stay.unwrap_or((u32::MAX, 0));
            Some((s.there.0.min(from), s.there.1.max(to)))
        })?;
        let to = to.min(case.1);
        let other = self.company.stay(at, person, (from, to), once)?;
        (from < to).then(|| Overlap {
            shared: to - from,
            arrival: case.0.abs_diff(other.0),
            leaving: case.1.abs_diff(other.1),
            people: self.company.people(at, from, to),
        })
    }
}

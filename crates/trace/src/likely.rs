//! How likely those found met the case: what their stays and the company there say, by the tables of
//! the policy.

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{PlaceId, PlaceKind};

use crate::hit::Hit;
use crate::likelihood::{Met, Model, Overlap, Sum};
use crate::overlap::Stretch;
use crate::pairs::{Finder, Pair, Shared, Source, minutes};
use crate::row::Cell;

/// What a likelihood is, and the seconds of it that no table judged.
pub(crate) type Likely = (Met, u64);

impl<K: Fn(PlaceId) -> PlaceKind> Finder<'_, K> {
    /// Gets ready to judge those gathered, before anybody else is gathered.
    pub(crate) fn look_around(&mut self, model: &Model) {
        let mut company = std::mem::take(&mut self.company);
        company.clear();
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
            company.add((place, of), assumed, self.now, self.index.same());
        }
        self.company = company;
    }

    /// Says of each of some found how likely they met the case; those whom the policy leaves out go.
    pub(crate) fn judge_likelihood(&mut self, pairs: &mut Vec<Pair>) {
        let Some(model) = self.rules.likelihood else { return };
        self.look_around(&model);
        pairs.retain_mut(|pair| {
            let (met, other) = self.likely(&model, pair, None);
            pair.met = Some(met);
            !model.leaves_out(&met, other)
        });
    }

    /// How likely somebody met the case by whose sources they were found.
    pub(crate) fn likely(&mut self, model: &Model, pair: &Pair, only: Option<Shared>) -> Likely {
        let once = pair.plain;
        let (mut sum, mut other) = (Sum::new(), 0);
        let count = only.map_or_else(|| self.kept(pair).len(), |_| 1);
        for n in 0..count {
            let shared = &only.unwrap_or_else(|| self.kept(pair)[n]);
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
    pub(crate) fn likely_by(&mut self, model: &Model, hit: &Hit) -> Likely {
        let Source { place, kind, .. } = self.sources[hit.source() as usize];
        let (pair, shared) = Pair::recorded(hit.holder, (hit.from, hit.secs), (place, kind));
        self.likely(model, &pair, Some(shared))
    }

    /// What two stays have in common. `None` if the case had left when the other came: then they
    /// were not there together, and only what lingered counts.
    fn overlap_of(&mut self, person: u32, shared: &Shared, once: bool) -> Option<Overlap> {
        let Stretch { from, to, .. } = shared.stretch;
        let at = self.company.place(shared.place)?;
        let sources = &self.sources[at.sources.0..at.sources.1];
        let recorded = |s: &&Source| {
            s.stay.certainty == Certainty::Recorded && s.there.0 < to && s.there.1 > from
        };
        let case = sources.iter().filter(recorded).fold(None, |stay, s| {
            let (from, to) = stay.unwrap_or((u32::MAX, 0));
            Some((s.there.0.min(from), s.there.1.max(to)))
        })?;
        let to = to.min(case.1);
        let during = (from, to);
        let company = &mut self.company;
        let other = if once {
            company.visit(&at, person, during)
        } else {
            company.stay(&at, person, during)
        }?;
        (from < to).then(|| Overlap {
            shared: to - from,
            arrival: case.0.abs_diff(other.0),
            leaving: case.1.abs_diff(other.1),
            people: self.company.people(&at, from, to),
        })
    }
}

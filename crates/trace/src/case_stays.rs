//! The stays of all cases, put together by place.

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{PlaceId, PlaceKind, Ride};

use crate::index::{Spot, VisitIndex};
use crate::pairs::{Finder, Source, minutes};
use crate::row::secs;
use crate::rules::Rules;
use crate::steps::{Span, Spans, Steps};
use crate::trace::CaseInput;

/// A case at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CaseStay {
    /// Which of the cases.
    pub(crate) case: u32,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) certainty: Certainty,
    /// Where its visit lies.
    spot: Spot,
}

/// A case that somebody is themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnCase {
    holder: u32,
    /// Which of the cases.
    pub(crate) case: u32,
    /// When they could infect others.
    window: (u32, u32),
}

impl OwnCase {
    /// What a stay of theirs adds to those of the cases, as [`Finder::find_sources`] has it.
    pub(crate) fn stay(&self, (from, to): (u32, u32), place: &PlaceOfCases) -> Option<(u32, u32)> {
        let (from, to) = (from.max(self.window.0), to.min(self.window.1));
        (from < to).then(|| (from, to.saturating_add(place.lingering_secs)))
    }
}

/// Look-ups whose rows are read together, before.
pub(crate) const BATCH: usize = 32;

/// Stays that are looked through for the one that begins a span.
const FEW: usize = 16;

/// Layers of certainty: everything, what is proven, what is recorded.
pub(crate) const LAYERS: [Certainty; 3] =
    [Certainty::Unproven, Certainty::Assumed, Certainty::Recorded];

/// A place where cases were.
#[derive(Clone, Debug)]
pub(crate) struct PlaceOfCases {
    pub(crate) number: u32,
    pub(crate) kind: PlaceKind,
    /// How long visits without a known end are taken to last.
    pub(crate) assumed_secs: u32,
    /// How long it stays dangerous after a case has left.
    lingering_secs: u32,
    /// Its stays, by case and time.
    stays: (u32, u32),
    /// As in [`LAYERS`]. Of a place where who is near whom depends on their seats only the first.
    layers: [Spans; 3],
    /// Are all stays recorded, and all at the place near each other?
    plain: bool,
    /// Does it depend on seats and stops who is near whom?
    pub(crate) aboard: bool,
}

impl PlaceOfCases {
    pub(crate) const fn is_plain(&self) -> bool {
        self.plain
    }

    pub(crate) const fn lingers(&self) -> bool {
        self.lingering_secs > 0
    }
}

/// See the top of this file.
#[derive(Debug, Default)]
pub(crate) struct CaseStays {
    pub(crate) steps: Steps,
    places: Vec<PlaceOfCases>,
    /// For each place of the index: its entry in `places`, plus one.
    at: Vec<u32>,
    /// By place, case and time.
    stays: Vec<CaseStay>,
    /// What tickets say of `stays`; empty if nobody has a ticket.
    rides: Vec<Ride>,
    /// Who is a case, and when they could infect others; by holder.
    holders: Vec<OwnCase>,
    /// A bit for each holder of the index: are they a case?
    are_cases: Vec<u64>,
    /// Stays as they are found: place and, in order, number.
    order: Vec<u64>,
    found: Vec<(CaseStay, PlaceKind)>,
    found_rides: Vec<Ride>,
}

impl CaseStays {
    pub(crate) fn clear(&mut self) {
        self.steps.clear();
        self.places.clear();
        self.at.clear();
        self.stays.clear();
        self.rides.clear();
        self.holders.clear();
    }

    /// Finds the stays of the cases.
    pub(crate) fn find<K: Fn(PlaceId) -> PlaceKind>(
        &mut self,
        finder: &mut Finder<'_, K>,
        cases: &[CaseInput],
    ) {
        self.order.clear();
        self.found.clear();
        self.found_rides.clear();
        self.are_cases.clear();
        self.are_cases.resize(finder.index.holders().div_ceil(64), 0);
        let rides = finder.index.has_rides();
        for (batch, first) in cases.chunks(BATCH).zip((0u32..).step_by(BATCH)) {
            let number = |c: &CaseInput| finder.index.person_number(c.holder);
            let holders: Vec<_> = batch.iter().map(number).collect();
            finder.index.touch(holders.iter().flatten().copied());
            for ((input, holder), case) in batch.iter().zip(holders).zip(first..) {
                let Some(holder) = holder else { continue };
                let window = (secs(input.window.from), secs(input.window.to));
                self.holders.push(OwnCase { holder, case, window });
                self.are_cases[holder as usize / 64] |= 1 << (holder % 64);
                finder.find_sources(holder, window);
                self.take(case, &finder.sources, rides);
            }
        }
        self.holders.sort_unstable_by_key(|h| h.holder);
        self.order.sort_unstable();
        self.put_together(finder.index, finder.rules);
    }

    /// Takes the stays of a case, which are in order of place and time.
    fn take(&mut self, case: u32, sources: &[Source], rides: bool) {
        for s in sources {
            let n = self.found.len() as u64;
            self.order.push(u64::from(s.place) << 32 | n);
            let (from, to, certainty) = (s.stay.from, s.stay.to, s.stay.certainty);
            let stay = CaseStay { case, from, to, certainty, spot: s.spot };
            self.found.push((stay, s.kind));
            if rides {
                self.found_rides.push(s.ride.unwrap_or_default());
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "places and stays have 32-bit numbers")]
    fn put_together(&mut self, index: &VisitIndex, rules: &Rules) {
        self.at.resize(index.places(), 0);
        let rides = index.has_rides();
        let order = std::mem::take(&mut self.order);
        for at_place in order.chunk_by(|a, b| a >> 32 == b >> 32) {
            let number = (at_place[0] >> 32) as u32;
            let first = self.stays.len();
            for n in at_place {
                let n = *n as u32 as usize;
                self.stays.push(self.found[n].0);
                if rides {
                    self.rides.push(self.found_rides[n]);
                }
            }
            let kind = self.found[at_place[0] as u32 as usize].1;
            let stays = &self.stays[first..];
            let aboard = rides && kind.is_vehicle();
            let recorded = stays.iter().all(|s| s.certainty == Certainty::Recorded);
            let all = add_layer(&mut self.steps, stays, LAYERS[0]);
            let layers = if recorded || aboard {
                [all.clone(), all.clone(), all]
            } else {
                let [proven, recorded] =
                    [1, 2].map(|n| add_layer(&mut self.steps, stays, LAYERS[n]));
                [all, proven, recorded]
            };
            self.places.push(PlaceOfCases {
                number,
                kind,
                assumed_secs: minutes(rules.at(kind).assumed_stay_minutes),
                lingering_secs: minutes(rules.at(kind).lingering_minutes),
                stays: (first as u32, self.stays.len() as u32),
                layers,
                plain: recorded && !aboard,
                aboard,
            });
            self.at[number as usize] = self.places.len() as u32;
        }
        self.order = order;
    }

    /// Is somebody a case?
    #[inline]
    pub(crate) fn is_case(&self, holder: u32) -> bool {
        self.are_cases[holder as usize / 64] & 1 << (holder % 64) != 0
    }

    /// Which cases somebody is.
    pub(crate) fn cases_of(&self, holder: u32) -> &[OwnCase] {
        let first = self.holders.partition_point(|h| h.holder < holder);
        let those = &self.holders[first..];
        &those[..those.iter().take_while(|h| h.holder == holder).count()]
    }

    /// Where cases were, in order of their numbers.
    pub(crate) fn places(&self) -> &[PlaceOfCases] {
        &self.places
    }

    /// A place, if any case was there.
    pub(crate) fn place(&self, number: u32) -> Option<&PlaceOfCases> {
        let entry = self.at.get(number as usize)?.checked_sub(1)?;
        self.places.get(entry as usize)
    }

    /// Where visits of these places lie, of those with few stays.
    pub(crate) fn spots(&self, places: &[PlaceOfCases]) -> impl Iterator<Item = Spot> {
        let few = places.iter().map(|p| self.stays(p)).filter(|s| s.len() <= FEW);
        few.flatten().map(|s| s.spot)
    }

    /// When cases were at a place, and where a visit of that time lies.
    pub(crate) fn spans_of(&self, place: &PlaceOfCases) -> impl Iterator<Item = (&Span, Spot)> {
        // Where there are many, there are so many visits that the time tells as well.
        let stays = Some(self.stays(place)).filter(|s| s.len() <= FEW).unwrap_or_default();
        let near = |span: &Span| stays.iter().find(|s| s.from == span.from).map(|s| s.spot);
        let spans = self.steps.spans(&place.layers[0]).iter();
        spans.map(move |span| (span, near(span).unwrap_or(Spot::BUFFER)))
    }

    /// The spans of a layer.
    pub(crate) fn layer(&self, place: &PlaceOfCases, layer: usize) -> &[Span] {
        self.steps.spans(&place.layers[layer])
    }

    /// The stays at a place, by case and time.
    pub(crate) fn stays(&self, place: &PlaceOfCases) -> &[CaseStay] {
        &self.stays[place.stays.0 as usize..place.stays.1 as usize]
    }

    /// What tickets say of them.
    pub(crate) fn rides(&self, place: &PlaceOfCases) -> &[Ride] {
        &self.rides[place.stays.0 as usize..place.stays.1 as usize]
    }
}

/// One layer of the stays at a place, each case's united.
fn add_layer(steps: &mut Steps, stays: &[CaseStay], layer: Certainty) -> Spans {
    let within = stays.iter().filter(|s| s.certainty <= layer);
    // In order of case and time, the stays of one case that touch follow one another.
    let mut within = within.map(|s| (s.case, s.from, s.to));
    let mut next = within.next();
    steps.add(std::iter::from_fn(|| {
        let (case, from, mut to) = next?;
        loop {
            next = within.next();
            match next {
                Some((other, begin, end)) if other == case && begin <= to => to = to.max(end),
                _ => return Some((from, to)),
            }
        }
    }))
}

//! What one person shared with all cases, looked at closely: assumed ends, unproven presences,
//! overlapping visits, seats, and cases among themselves.

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{PlaceId, PlaceKind};

use crate::case_stays::{CaseStays, LAYERS, OwnCase, PlaceOfCases};
use crate::index::VisitIndex;
use crate::overlap::{Overlap, Stretch, union, unite};
use crate::pairs::Finder;
use crate::row::Row;
use crate::rules::Rules;
use crate::stay::{Stay, resolve};
use crate::steps::Span;

/// As [`crate::CumulativeExposure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) lower_secs: u32,
    pub(crate) upper_secs: u32,
    pub(crate) first: u32,
    pub(crate) last: u32,
}

/// What was found so far.
#[derive(Clone, Copy, Debug)]
struct Sums {
    /// As in [`LAYERS`].
    secs: [u64; 3],
    first: u32,
    last: u32,
}

impl Sums {
    const NOTHING: Self = Self { secs: [0; 3], first: u32::MAX, last: 0 };

    /// Seconds of the first so many layers, between two moments.
    fn add(&mut self, layers: std::ops::Range<usize>, (secs, first, last): (u64, u32, u32)) {
        for sum in &mut self.secs[layers] {
            *sum = sum.saturating_add(secs);
        }
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    /// Nothing unproven counts by itself.
    fn found(&self) -> Option<Found> {
        let [all, proven, recorded] = self.secs.map(|s| u32::try_from(s).unwrap_or(u32::MAX));
        let found =
            Found { lower_secs: recorded, upper_secs: all, first: self.first, last: self.last };
        (proven > 0).then_some(found)
    }
}

/// Looks at one person after another.
pub(crate) struct Exact<'a> {
    index: &'a VisitIndex,
    rules: &'a Rules,
    now: u32,
    case_stays: &'a CaseStays,
    own: Vec<Row>,
    /// Their stays at a place, and the visits they are of.
    stays: Vec<(Stay, Row)>,
    overlaps: Vec<Overlap>,
    stretches: Vec<Stretch>,
}

impl<'a> Exact<'a> {
    pub(crate) fn new<K: Fn(PlaceId) -> PlaceKind>(
        finder: &Finder<'a, K>,
        case_stays: &'a CaseStays,
    ) -> Self {
        Self {
            index: finder.index,
            rules: finder.rules,
            now: finder.now,
            case_stays,
            own: Vec::new(),
            stays: Vec::new(),
            overlaps: Vec::new(),
            stretches: Vec::new(),
        }
    }

    /// What somebody shared with the cases; not with those they are themselves.
    pub(crate) fn person(&mut self, holder: u32) -> Option<Found> {
        let mut own = std::mem::take(&mut self.own);
        own.clear();
        self.index.rows_of(holder, &mut own);
        own.sort_unstable();
        let themselves = self.case_stays.cases_of(holder);
        let mut sums = Sums::NOTHING;
        for at_place in own.chunk_by(|a, b| a.place == b.place) {
            let Some(place) = self.case_stays.place(at_place[0].place) else { continue };
            let stay = |row: &Row| resolve(row, &own, place.assumed_secs, self.now);
            self.stays.clear();
            self.stays.extend(at_place.iter().filter_map(|r| stay(r).map(|s| (s, *r))));
            if place.aboard {
                self.aboard(place, themselves, &mut sums);
            } else {
                self.at(place, themselves, &mut sums);
            }
        }
        self.own = own;
        sums.found()
    }

    /// At a place where everybody is near everybody: layer by layer.
    fn at(&self, place: &PlaceOfCases, themselves: &[OwnCase], sums: &mut Sums) {
        if let [(stay, _)] = self.stays[..]
            && stay.certainty == Certainty::Recorded
            && place.is_plain()
        {
            let spans = self.case_stays.layer(place, 0);
            let shared = |from, to, but, sums: &mut Sums| {
                self.shared(spans, (from, to), but, &mut |shared| sums.add(0..3, shared));
            };
            match themselves {
                [] => shared(stay.from, stay.to, 0, sums),
                [one] => {
                    let (from, to) =
                        one.stay((stay.from, stay.to), place).unwrap_or((stay.to, stay.to));
                    let to = to.min(stay.to);
                    shared(stay.from, from, 0, sums);
                    shared(from, to, 1, sums);
                    shared(to, stay.to, 0, sums);
                }
                _ => self.at_all_layers(place, themselves, sums),
            }
            return;
        }
        self.at_all_layers(place, themselves, sums);
    }

    fn at_all_layers(&self, place: &PlaceOfCases, themselves: &[OwnCase], sums: &mut Sums) {
        for (n, layer) in LAYERS.into_iter().enumerate() {
            let within = || self.stays.iter().map(|(s, _)| s).filter(|s| s.certainty <= layer);
            let there = union(within().map(|s| (s.from, s.to)));
            let of_case =
                |case: &OwnCase| union(within().filter_map(|s| case.stay((s.from, s.to), place)));
            let own: Vec<_> = themselves.iter().flat_map(of_case).collect();
            for (from, to) in there {
                // How many of their own stays are among the cases' changes where one begins or ends.
                let inside = own.iter().flat_map(|o| [o.0, o.1]).filter(|m| from < *m && *m < to);
                let mut moments: Vec<_> = inside.chain([from, to]).collect();
                moments.sort_unstable();
                for piece in moments.windows(2) {
                    let among = own.iter().filter(|o| o.0 <= piece[0] && piece[1] <= o.1).count();
                    let but = u32::try_from(among).unwrap_or(u32::MAX);
                    let mut add = |shared| sums.add(n..n + 1, shared);
                    self.shared(
                        self.case_stays.layer(place, n),
                        (piece[0], piece[1]),
                        but,
                        &mut add,
                    );
                }
            }
        }
    }

    /// What somebody who was there from one moment to another shared with the cases of some spans, but
    /// for so many stays of their own that are among them.
    fn shared(
        &self,
        spans: &[Span],
        (from, to): (u32, u32),
        but: u32,
        each: &mut impl FnMut((u64, u32, u32)),
    ) {
        if from >= to {
            return;
        }
        let first = spans.partition_point(|s| s.to <= from);
        for span in spans[first..].iter().take_while(|s| s.from < to) {
            let view = self.case_stays.steps.view(span);
            let (from, to) = (from.max(span.from), to.min(span.to));
            view.shared(from, to, but).into_iter().for_each(&mut *each);
        }
    }

    /// Aboard a vehicle: pair by pair.
    fn aboard(&mut self, place: &PlaceOfCases, themselves: &[OwnCase], sums: &mut Sums) {
        let aboard = self.rules.aboard(place.kind);
        let stays = self.case_stays.stays(place).iter().zip(self.case_stays.rides(place));
        let stays: Vec<_> = stays.collect();
        for of_case in stays.chunk_by(|a, b| a.0.case == b.0.case) {
            if themselves.iter().any(|own| own.case == of_case[0].0.case) {
                continue;
            }
            self.overlaps.clear();
            for (stay, row) in &self.stays {
                let ride = self.index.ride(row);
                for (other, _) in of_case.iter().filter(|(_, other)| aboard.share(other, &ride)) {
                    let (from, to) = (stay.from.max(other.from), stay.to.min(other.to));
                    if from < to {
                        let certainty = stay.certainty.max(other.certainty);
                        self.overlaps.push(Overlap { from, to, certainty });
                    }
                }
            }
            self.overlaps.sort_unstable_by_key(|o| o.from);
            self.stretches.clear();
            unite(&self.overlaps.iter().copied(), &mut self.stretches);
            for s in &self.stretches {
                let proven = if s.certainty == Certainty::Unproven { 1 } else { 2 };
                sums.add(0..proven, (u64::from(s.to - s.from), s.from, s.to));
                sums.add(2..3, (s.recorded_secs.into(), s.from, s.to));
            }
        }
    }
}

//! From cases to their contacts, and to the contacts of those.

use std::cmp::Reverse;

use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::{CaseId, HolderId, Period, PlaceId, PlaceKind, Timestamp};

use crate::index::{Spot, VisitIndex};
use crate::likelihood::Met;
use crate::pairs::{AHEAD, Exposures, Finder, Pair, Source, Way};
use crate::repeat_overlaps::Near;
use crate::row::{moment, secs};
use crate::rules::{Hop, Rules};
use crate::secondary::{Secondary, SecondaryContacts, Shared, Via};
use crate::stay::Stay;

/// A case to trace from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaseInput {
    /// The case, as contacts that it explains name it.
    pub case: CaseId,
    /// The holder whose visits are followed.
    pub holder: HolderId,
    /// When they could infect others, by the policy.
    pub window: Period,
}

/// Somebody who shared enough time with a case, or with a close contact of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactFound {
    /// The holder who is a contact.
    pub holder: HolderId,
    /// Of a case, or of one of its close contacts.
    pub degree: ContactDegree,
    /// The case it starts from.
    pub case: CaseId,
    /// For a secondary contact: the close contact they shared most time with.
    pub via: Option<HolderId>,
    /// Time shared with the case (or with `via`), by moment; also what does not count.
    pub exposures: Exposures,
    /// Whole minutes that count, in all.
    pub minutes: u32,
    /// Whole minutes that are recorded from end to end, in all.
    pub minutes_lower: u32,
    /// Whole minutes that count at most, in all: see [`crate::BulkContact::upper_secs`].
    pub minutes_upper: u32,
    /// The least certainty one must accept for the minutes to suffice: `Recorded` if the recorded
    /// minutes suffice, `Assumed` if assumed ends are needed, `Unproven` if unproven presence is.
    pub certainty: Certainty,
    /// Beginning of the first exposure that counts.
    pub first_contact: Timestamp,
    /// End of the last exposure that counts.
    pub last_contact: Timestamp,
    /// How likely they met the case. Of close contacts under rules that say so ([`Rules::likelihood`]).
    pub met: Option<Met>,
}

impl ContactFound {
    /// The kind of the place of the longest exposure.
    pub fn main_kind(&self) -> PlaceKind {
        crate::pairs::main_kind(&self.exposures)
    }
}

/// What a trace found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TraceResult {
    /// By degree, most minutes first, holder, case. A holder occurs once for each case.
    pub contacts: Vec<ContactFound>,
}

/// Somebody who was at a place while a published event was going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventExposure {
    /// The holder who was there.
    pub holder: HolderId,
    /// Time shared with the event, by moment.
    pub exposures: Exposures,
    /// Whole minutes that count.
    pub minutes: u32,
    /// Set if the minutes suffice for a close contact: the least certainty one must accept.
    pub contact: Option<Certainty>,
}

/// Traces one case after another.
///
/// Each case is traced as if it were the only one. So the contacts of many cases are the contacts
/// of each, put together, and a case that is added, corrected or withdrawn changes no other's.
pub struct Tracer<'a, K> {
    finder: Finder<'a, K>,
    secondary: SecondaryContacts<Pair>,
}

impl<'a, K: Fn(PlaceId) -> PlaceKind> Tracer<'a, K> {
    /// A tracer over an index. Visits without a known end are not taken to last beyond `now`.
    pub fn new(index: &'a VisitIndex, rules: &'a Rules, kind_of: K, now: Timestamp) -> Self {
        Self {
            finder: Finder::new(index, rules, kind_of, secs(now)),
            secondary: SecondaryContacts::default(),
        }
    }

    /// The contacts of one case, ordered as in [`TraceResult`].
    pub fn case(&mut self, case: &CaseInput) -> Vec<ContactFound> {
        self.case_while(case, &|| true).unwrap_or_default()
    }

    /// The same, given up as soon as `go_on` says so: then there is no result.
    pub fn case_while(
        &mut self,
        case: &CaseInput,
        go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<ContactFound>> {
        let Some(holder) = self.finder.index.person_number(case.holder) else {
            return Some(Vec::new());
        };
        let hops = self.finder.rules.max_hops;
        if hops == 0 {
            return Some(Vec::new());
        }
        let window = (secs(case.window.from), secs(case.window.to));
        self.finder.forget();
        let mut close = self.finder.contacts_of(holder, window, Hop::Close);
        self.finder.judge_likelihood(&mut close);
        // Of ways that explain a secondary contact as well the first by id counts.
        close.sort_by_cached_key(|pair| self.finder.holder(pair.holder));
        let mut contacts = Vec::new();
        let way = |n: usize| Way { pair: close[n], only: None, via: None };
        self.add((case.case, ContactDegree::Close), close.len(), way, &mut contacts);
        if hops > 1 {
            let vias = self.find_secondary(holder, &close, go_on)?;
            let way = |n| self.secondary_way(n, &vias);
            let found = self.secondary.len();
            self.add((case.case, ContactDegree::Secondary), found, way, &mut contacts);
        }
        Some(contacts)
    }

    /// From when a close contact could infect others.
    fn infectious_from(&self, via: &Pair) -> u32 {
        via.first.saturating_add(self.finder.rules.delay_secs())
    }

    /// Finds secondary contacts, each with one of the close contacts that are handed back.
    fn find_secondary(
        &mut self,
        case_holder: u32,
        close: &[Pair],
        go_on: &dyn Fn() -> bool,
    ) -> Option<Vec<Via>> {
        let via = |p: &Pair| Via { holder: p.holder, from: self.infectious_from(p) };
        let vias: Vec<_> = close.iter().map(via).collect();
        let take = |finder: &mut Finder<'a, K>, near: &Near| {
            finder.pair(near, Hop::Secondary).filter(|p| p.reached.is_some())
        };
        self.secondary.find(&mut self.finder, case_holder, &vias, go_on, take).then_some(vias)
    }

    /// One of the secondary contacts found.
    #[inline]
    fn secondary_way(&self, n: usize, vias: &[Via]) -> Way {
        let via = |via: u32| Some(self.finder.holder(vias[via as usize].holder));
        match self.secondary.get(n) {
            Secondary::Plain { holder, from, secs, place, via: by } => {
                let (pair, only) = Pair::recorded(holder, (from, secs), place);
                Way { pair, only: Some(only), via: via(by) }
            }
            Secondary::Looked { shared, via: by } => {
                Way { pair: *shared, only: None, via: via(by) }
            }
        }
    }

    /// Adds so many contacts of one degree, in their order.
    fn add(
        &self,
        (case, degree): (CaseId, ContactDegree),
        found: usize,
        way: impl Fn(usize) -> Way,
        contacts: &mut Vec<ContactFound>,
    ) {
        // Many are sorted, so what is moved about is small.
        let key = |n| {
            let pair = way(n).pair;
            (Reverse(minutes(pair.counted_secs)), self.finder.holder(pair.holder), n)
        };
        let mut order: Vec<_> = (0..found).map(key).collect();
        order.sort_unstable();
        contacts.reserve_exact(found);
        // In this order nothing lies beside what comes next.
        for some in order.chunks(AHEAD) {
            self.finder.touch(some.iter().map(|(_, _, n)| way(*n)));
            contacts.extend(some.iter().filter_map(|(Reverse(minutes), holder, n)| {
                let Way { pair, only, via } = way(*n);
                Some(ContactFound {
                    holder: *holder,
                    degree,
                    case,
                    via,
                    exposures: self.finder.exposures(&pair, only.as_ref()),
                    minutes: *minutes,
                    minutes_lower: self::minutes(pair.lower_secs),
                    minutes_upper: self::minutes(pair.upper_secs),
                    certainty: pair.reached?,
                    first_contact: moment(pair.first),
                    last_contact: moment(pair.last),
                    met: pair.met,
                })
            }));
        }
    }
}

/// The contacts of cases.
///
/// `kind_of` tells the kind of a place; `now` ends stays nobody saw the end of. A case is never its
/// own contact, but may be another's. A case given twice is found twice.
pub fn trace(
    index: &VisitIndex,
    cases: &[CaseInput],
    rules: &Rules,
    kind_of: impl Fn(PlaceId) -> PlaceKind,
    now: Timestamp,
) -> TraceResult {
    let mut tracer = Tracer::new(index, rules, kind_of, now);
    let mut contacts: Vec<_> = cases.iter().flat_map(|c| tracer.case(c)).collect();
    contacts.sort_by(order);
    TraceResult { contacts }
}

/// Everyone who was at a place during a period in which, as published, a case was there; most
/// minutes first, then by holder. The period is taken as published: nothing lingers beyond it.
pub fn exposures_to_event(
    index: &VisitIndex,
    place: PlaceId,
    period: Period,
    rules: &Rules,
    kind_of: impl Fn(PlaceId) -> PlaceKind,
    now: Timestamp,
) -> Vec<EventExposure> {
    let Some(number) = index.place_number(place) else { return Vec::new() };
    let kind = kind_of(place);
    let mut finder = Finder::new(index, rules, kind_of, secs(now));
    let (from, to) = (secs(period.from), secs(period.to));
    let stay = Stay { from, to, certainty: Certainty::Recorded };
    let there = (from, to);
    let spot = Spot::BUFFER;
    let pairs = finder.near(Source { place: number, kind, stay, there, ride: None, spot });
    let mut found: Vec<_> = pairs
        .iter()
        .map(|p| EventExposure {
            holder: finder.holder(p.holder),
            exposures: finder.exposures(p, None),
            minutes: minutes(p.counted_secs),
            contact: p.reached,
        })
        .collect();
    found.sort_unstable_by_key(|e| (Reverse(e.minutes), e.holder));
    found
}

impl Shared for Pair {
    fn counted_secs(&self) -> u32 {
        self.counted_secs
    }
}

const fn minutes(secs: u32) -> u32 {
    secs / 60
}

fn order(a: &ContactFound, b: &ContactFound) -> std::cmp::Ordering {
    let key = |c: &ContactFound| (c.degree, Reverse(c.minutes), c.holder, c.case);
    key(a).cmp(&key(b))
}

//! Thousands of cases in one run: sums for each pair, no exposures.

use std::ops::ControlFlow;

use jadegate_domain::evidence::Certainty;
use jadegate_domain::{HolderId, PlaceId, PlaceKind, Timestamp};

use crate::columns::Columns;
use crate::hit::Hit;
use crate::index::VisitIndex;
use crate::pairs::{AHEAD, Apart, Finder, Pair};
use crate::repeat_overlaps::Near;
use crate::row::{moment, secs};
use crate::rules::{Bound, Hop, Rules};
use crate::secondary::{Secondary, SecondaryContacts, Shared, Via};
use crate::trace::CaseInput;

/// A contact of one case, in sums. Its exposures are found by tracing that case alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BulkContact {
    number: u32,
    lower_secs: u32,
    upper_secs: u32,
    first: u32,
    last: u32,
    certainty: Certainty,
    kind: PlaceKind,
    counts: Bound,
    met: Option<u16>,
}

impl BulkContact {
    /// Seconds that are recorded from end to end.
    pub const fn lower_secs(&self) -> u32 {
        self.lower_secs
    }

    /// Seconds that count at most: with assumed ends, and with unproven ones if there are proven
    /// ones beside them.
    pub const fn upper_secs(&self) -> u32 {
        self.upper_secs
    }

    /// Whole minutes that count by the policy's bound, as in [`crate::ContactFound::minutes`].
    pub const fn minutes(&self) -> u32 {
        self.counted() / 60
    }

    /// As in [`crate::ContactFound::certainty`].
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// As [`crate::ContactFound::main_kind`].
    pub const fn main_kind(&self) -> PlaceKind {
        self.kind
    }

    /// Beginning of the first exposure that counts.
    pub fn first_contact(&self) -> Timestamp {
        moment(self.first)
    }

    /// End of the last exposure that counts.
    pub fn last_contact(&self) -> Timestamp {
        moment(self.last)
    }

    /// How likely they met the case, in thousandths, as in [`crate::ContactFound::met`].
    pub const fn likelihood(&self) -> Option<u16> {
        self.met
    }

    const fn counted(&self) -> u32 {
        match self.counts {
            Bound::Lower => self.lower_secs,
            Bound::Upper => self.upper_secs,
        }
    }

    /// By one recorded overlap.
    #[inline]
    const fn plain(number: u32, from: u32, secs: u32, kind: PlaceKind) -> Self {
        Self {
            number,
            lower_secs: secs,
            upper_secs: secs,
            first: from,
            last: from.saturating_add(secs),
            certainty: Certainty::Recorded,
            kind,
            counts: Bound::Lower,
            met: None,
        }
    }

    fn of(pair: &Pair, kind: PlaceKind, counts: Bound) -> Option<Self> {
        Some(Self {
            number: pair.holder,
            lower_secs: pair.lower_secs,
            upper_secs: pair.upper_secs,
            first: pair.first,
            last: pair.last,
            certainty: pair.reached?,
            kind,
            counts,
            met: None,
        })
    }
}

impl Shared for BulkContact {
    fn counted_secs(&self) -> u32 {
        self.counted()
    }
}

/// A contact of a close contact, in sums.
#[derive(Clone, Copy, Debug)]
pub struct BulkSecondary {
    /// What they shared with the close contact they shared most time with.
    pub contact: BulkContact,
    /// Which of the vias.
    via: u32,
}

/// The contacts of one case of a bulk run, in no order that means anything; nobody twice.
#[derive(Clone, Copy, Debug)]
pub struct BulkCase<'a> {
    /// Which of the cases given.
    pub nth: usize,
    close: &'a Close,
    secondary: Option<&'a SecondaryContacts<BulkContact>>,
    index: &'a VisitIndex,
}

impl<'a> BulkCase<'a> {
    /// Close contacts.
    pub fn contacts(&self) -> impl Iterator<Item = BulkContact> + use<'a> {
        self.close.all()
    }

    /// Contacts of close contacts who are not close contacts themselves; none if the rules ask for
    /// one hop.
    pub fn secondary(&self) -> impl Iterator<Item = BulkSecondary> + use<'a> {
        self.secondary.into_iter().flat_map(SecondaryContacts::found).map(|second| match second {
            Secondary::Plain { holder, from, secs, place: (_, kind), via } => {
                BulkSecondary { contact: BulkContact::plain(holder, from, secs, kind), via }
            }
            Secondary::Looked { shared, via } => BulkSecondary { contact: *shared, via },
        })
    }

    /// Who a contact is.
    pub fn holder(&self, contact: &BulkContact) -> HolderId {
        self.index.holder(contact.number)
    }

    /// The close contact that explains a secondary one, as in [`crate::ContactFound::via`].
    pub fn via(&self, secondary: &BulkSecondary) -> HolderId {
        self.index.holder(self.close.vias[secondary.via as usize].holder)
    }
}

/// The close contacts of a case.
#[derive(Debug, Default)]
struct Close {
    /// Those by one recorded overlap.
    settled: Columns,
    /// How likely each of them met the case, if it was asked.
    likely: Vec<u16>,
    /// The kind of the place of each source.
    kinds: Vec<PlaceKind>,
    /// All others.
    looked: Vec<BulkContact>,
    /// All of them, if a second hop begins with them.
    vias: Vec<Via>,
}

impl Close {
    fn clear(&mut self) {
        self.settled.clear();
        self.likely.clear();
        self.looked.clear();
        self.vias.clear();
    }

    fn all(&self) -> impl Iterator<Item = BulkContact> {
        let plain = |(n, hit): (usize, Hit)| {
            // No check that could fail, so that it costs nothing where nobody asks for it.
            let kind = self.kinds.get(hit.source() as usize).copied().unwrap_or(PlaceKind::Other);
            let met = self.likely.get(n).copied();
            BulkContact { met, ..BulkContact::plain(hit.holder, hit.from, hit.secs, kind) }
        };
        self.settled.iter().enumerate().map(plain).chain(self.looked.iter().copied())
    }
}

/// Finds the contacts of many cases, case after case.
///
/// It finds who [`crate::Tracer`] finds for each case, with the same minutes, but keeps no
/// exposures, so that neither time nor memory grow with them. Results are handed over case by case:
/// the caller keeps, writes or counts them, shows progress, and may stop.
///
/// For several threads: give each a `Bulk` of its own over the same index and a part of the cases.
/// Cases do not depend on each other, so that nothing need be merged.
pub struct Bulk<'a, K> {
    finder: Finder<'a, K>,
    close: Close,
    secondary: SecondaryContacts<BulkContact>,
}

impl<'a, K: Fn(PlaceId) -> PlaceKind> Bulk<'a, K> {
    /// A run over an index. Visits without a known end are not taken to last beyond `now`.
    pub fn new(index: &'a VisitIndex, rules: &'a Rules, kind_of: K, now: Timestamp) -> Self {
        let finder = Finder::new(index, rules, kind_of, secs(now));
        Self { finder, close: Close::default(), secondary: SecondaryContacts::default() }
    }

    /// Calls `each` with the contacts of every case in turn, until it breaks.
    pub fn run<B>(
        &mut self,
        cases: &[CaseInput],
        mut each: impl FnMut(BulkCase<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match self.run_while(cases, &|| true, |case| each(case).map_break(Some)) {
            ControlFlow::Break(Some(b)) => ControlFlow::Break(b),
            _ => ControlFlow::Continue(()),
        }
    }

    /// The same, also given up within a case when `go_on` says so: that breaks with `None`.
    pub fn run_while<B>(
        &mut self,
        cases: &[CaseInput],
        go_on: &dyn Fn() -> bool,
        mut each: impl FnMut(BulkCase<'_>) -> ControlFlow<Option<B>>,
    ) -> ControlFlow<Option<B>> {
        let index = self.finder.index;
        let mut nth = 0;
        for some in cases.chunks(AHEAD) {
            let numbers: Vec<_> = some.iter().map(|c| index.person_number(c.holder)).collect();
            index.touch(numbers.iter().flatten().copied());
            for (case, number) in some.iter().zip(numbers) {
                let Some(second) = self.find(case, number, go_on) else {
                    return ControlFlow::Break(None);
                };
                let secondary = second.then_some(&self.secondary);
                each(BulkCase { nth, close: &self.close, secondary, index })?;
                nth += 1;
            }
        }
        ControlFlow::Continue(())
    }

    /// Finds what a case has, and says whether there may be a second hop; `None` if it was given up.
    fn find(
        &mut self,
        case: &CaseInput,
        number: Option<u32>,
        go_on: &dyn Fn() -> bool,
    ) -> Option<bool> {
        self.close.clear();
        let Some(number) = number else { return Some(false) };
        let hops = self.finder.rules.max_hops;
        if hops > 0 {
            self.find_close(case, number);
        }
        if hops > 1 && !self.find_secondary(number, go_on) {
            return None;
        }
        Some(hops > 1)
    }

    fn find_close(&mut self, case: &CaseInput, holder: u32) {
        let Self { finder, close, .. } = self;
        let window = (secs(case.window.from), secs(case.window.to));
        finder.gather(holder, window, Hop::Close);
        close.kinds.clear();
        close.kinds.extend(finder.places().map(|(_, kind)| kind));
        finder.take_settled(&mut close.settled);
        let Some(model) = finder.rules.likelihood else {
            return finder.each_other(|finder, near| {
                close.looked.extend(look_closely(finder, near, Hop::Close));
            });
        };
        finder.look_around(&model);
        let Close { settled, likely, .. } = close;
        settled.keep(|hit| {
            let (met, other) = finder.likely_by(&model, hit);
            let stays = !model.leaves_out(&met, other);
            likely.extend(stays.then_some(met.permille));
            stays
        });
        finder.each_other(|finder, near| {
            finder.forget();
            let Some(pair) = finder.pair(near, Hop::Close).filter(|p| p.reached.is_some()) else {
                return;
            };
            let (met, other) = finder.likely(&model, &pair, None);
            if !model.leaves_out(&met, other) {
                let found = BulkContact::of(&pair, finder.main_kind(&pair), finder.rules.counts);
                let met = Some(met.permille);
                close.looked.extend(found.map(|c| BulkContact { met, ..c }));
            }
        });
    }

    fn find_secondary(&mut self, case_holder: u32, go_on: &dyn Fn() -> bool) -> bool {
        let Self { finder, close, secondary } = self;
        let delay = finder.rules.delay_secs();
        let via = |c: BulkContact| Via { holder: c.number, from: c.first.saturating_add(delay) };
        let mut vias: Vec<_> = close.all().map(via).collect();
        // Of ways that explain a contact as well the first by id counts.
        vias.sort_by_cached_key(|v| finder.holder(v.holder));
        let take =
            |finder: &mut Finder<'a, K>, near: &Near| look_closely(finder, near, Hop::Secondary);
        let whole = secondary.find(finder, case_holder, &vias, go_on, take);
        close.vias = vias;
        whole
    }
}

fn look_closely<K: Fn(PlaceId) -> PlaceKind>(
    finder: &mut Finder<'_, K>,
    near: &Near,
    hop: Hop,
) -> Option<BulkContact> {
    if let Some(apart) = finder.apart(near, hop) {
        let Apart { enough, first, last, kind } = apart;
        let plain = BulkContact::plain(near.holder(), first, near.secs, kind);
        return enough.then_some(BulkContact { last, ..plain });
    }
    finder.forget();
    let pair = finder.pair(near, hop).filter(|p| p.reached.is_some())?;
    BulkContact::of(&pair, finder.main_kind(&pair), finder.rules.counts)
}

#[cfg(test)]
mod tests {
    use jadegate_domain::{CaseId, Period, Presence};

    use super::*;
    use crate::row::KnownVisit;
    use crate::rules::KindRules;

    /// Everybody passes through everybody's place, each stays as long as their number says.
    fn index(people: u64) -> VisitIndex {
        let visit = |who: u64, place: u64| {
            let entered = moment(1_000_000 + 86_400 * u32::try_from(place % 7).unwrap());
            let left = Some(entered.plus_secs(i64::try_from(600 + who * 10).unwrap()));
            let (holder, place) = (HolderId::from_random(who), PlaceId::from_random(place));
            KnownVisit { holder, place, entered, left, presence: Presence::Gate }
        };
        let met = |who: u64, place: u64| (who * 7 + place).is_multiple_of(5) || who == place;
        let places = |who| (1..=people).filter(move |place| met(who, *place));
        VisitIndex::build((1..=people).flat_map(|who| places(who).map(move |p| visit(who, p))))
    }

    #[test]
    fn many_cases_are_found_as_each_alone_is() {
        let index = index(60);
        let mut rules = Rules::new(KindRules {
            contact_minutes: 15,
            secondary_minutes: 20,
            assumed_stay_minutes: 60,
            lingering_minutes: 0,
        });
        rules.secondary_delay_hours = 24;
        let window = Period { from: moment(0), to: moment(2_000_000) };
        // Every eighth is of somebody who never was anywhere.
        let who = |n: u64| HolderId::from_random(if n.is_multiple_of(8) { 1_000 + n } else { n });
        let case = |n| CaseInput { case: CaseId::from_random(n), holder: who(n), window };
        let cases: Vec<_> = (1..=2 * AHEAD as u64 + 9).map(case).collect();
        for hops in [0, 1, 2] {
            rules.max_hops = hops;
            let run = |bulk: &mut Bulk<'_, _>, cases: &[CaseInput]| {
                let mut all = Vec::new();
                let _: ControlFlow<()> = bulk.run(cases, |case| {
                    assert_eq!(case.nth, all.len());
                    let close = case.contacts().map(|c| (case.holder(&c), None, c));
                    let second = case.secondary();
                    let second =
                        second.map(|s| (case.holder(&s.contact), Some(case.via(&s)), s.contact));
                    let mut found: Vec<_> = close.chain(second).collect();
                    found.sort_unstable_by_key(|f| f.0);
                    all.push(found);
                    ControlFlow::Continue(())
                });
                all
            };
            let kind = |_| PlaceKind::Other;
            let now = moment(2_000_000);
            let together = run(&mut Bulk::new(&index, &rules, kind, now), &cases);
            assert_eq!(together.len(), cases.len());
            for (case, found) in cases.iter().zip(&together) {
                let alone = run(&mut Bulk::new(&index, &rules, kind, now), &[*case]);
                assert_eq!(alone, [found.as_slice()]);
            }
            let of = |n: usize| together[n].len();
            assert_eq!((of(7), of(0) > 0), (0, hops > 0), "{hops} hops");
            assert_eq!(together.iter().flatten().any(|f| f.1.is_some()), hops > 1);
        }
    }

    #[test]
    fn a_caller_may_stop() {
        let index = index(20);
        let rules = Rules::new(KindRules {
            contact_minutes: 1,
            secondary_minutes: 1,
            assumed_stay_minutes: 60,
            lingering_minutes: 0,
        });
        let window = Period { from: moment(0), to: moment(2_000_000) };
        let case = |n| CaseInput {
            case: CaseId::from_random(n),
            holder: HolderId::from_random(n),
            window,
        };
        let cases: Vec<_> = (1..=20).map(case).collect();
        let mut bulk = Bulk::new(&index, &rules, |_| PlaceKind::Other, moment(2_000_000));
        let stopped = bulk.run(&cases, |case| match case.nth {
            17 => ControlFlow::Break(case.nth),
            _ => ControlFlow::Continue(()),
        });
        assert_eq!(stopped, ControlFlow::Break(17));

        // Also within a case: after the contacts of two of its close contacts.
        let asked = std::cell::Cell::new(0);
        let twice = || asked.replace(asked.get() + 1) < 2;
        let stopped = bulk.run_while(&cases, &twice, |_| ControlFlow::Break(Some(())));
        assert_eq!((stopped, asked.get()), (ControlFlow::Break(None), 3));
        let mut tracer =
            crate::Tracer::new(&index, &rules, |_| PlaceKind::Other, moment(2_000_000));
        assert_eq!(tracer.case_while(&cases[0], &|| asked.get() > 3), None);
        asked.set(9);
        assert_eq!(tracer.case_while(&cases[0], &|| asked.get() > 3), Some(tracer.case(&cases[0])));
    }
}

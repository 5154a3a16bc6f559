//! Many cases searched at once, over a snapshot: nothing is recorded, nobody waits.
//!
//! The API's jobs and the command line share it. What is written down about somebody is written by
//! [`crate::staff::tracing::traces`] alone.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use jadegate_domain::{PlaceId, PlaceKind, Timestamp};
use jadegate_policy::Policy;
use jadegate_store::{Page, Store};
use jadegate_trace::{Bulk, CaseInput, Rules, VisitIndex};

use crate::concurrency::read;
use crate::contact_row::ContactRow;
use crate::error::Result;
use crate::follow::shared_visits;
use crate::memory::Memory;
use crate::search_rules::{kept_from, rules};
use crate::visits::{IndexOrigin, read_visits, stored_rides};

/// How far a search is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BulkProgress {
    /// Cases searched.
    pub done: usize,
    /// Contacts found so far.
    pub contacts: usize,
}

/// Most cases that a thread takes at a time: a search is faster if it knows those that come next.
const AT_ONCE: usize = 16;

/// What a search looks at: visits, kinds of places, and the policy's rules, of one moment.
#[derive(Debug)]
pub struct BulkSearch {
    pub(crate) index: VisitIndex,
    pub(crate) origin: IndexOrigin,
    pub(crate) kinds: HashMap<PlaceId, PlaceKind>,
    pub(crate) rules: Rules,
    pub(crate) now: Timestamp,
}

impl BulkSearch {
    /// Reads all of it from a store, which may be open for reading only, and from the visit index that
    /// a server saved beside it, if that is of use. Only the days that are kept are searched.
    ///
    /// # Errors
    /// What the store says. A file that is missing, damaged or of another store is none.
    pub async fn load(
        store: &dyn Store,
        saved: Option<PathBuf>,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Self> {
        let mut kinds = HashMap::new();
        let mut page = Page::first(1000);
        loop {
            let batch = store.places(page).await?;
            let Some(last) = batch.last() else { break };
            page.after = Some(last.id);
            kinds.extend(batch.iter().map(|p| (p.id, p.kind)));
        }
        let first_day = kept_from(policy, now).utc_day();
        let (mut index, origin) = read_visits(store, saved, first_day).await?;
        let joined = store.joined_records().await?;
        let shares = shared_visits(&store.split_records().await?, &joined);
        index.join(joined);
        index.share(shares);
        index.set_rides(stored_rides(store).await?);
        Ok(Self { index, origin, kinds, rules: rules(policy), now })
    }

    /// What the running application knows at this moment.
    pub(crate) fn of(memory: &Memory, now: Timestamp) -> Self {
        Self {
            index: read(&memory.index).clone(),
            origin: memory.maintenance.origin(),
            kinds: memory.places_after(None, None).map(|p| (p.id, p.kind)).collect(),
            rules: rules(&memory.policy()),
            now,
        }
    }

    /// The same with so many hops instead of the policy's: 1 or 2.
    #[must_use]
    pub fn with_hops(mut self, hops: u8) -> Self {
        self.rules.max_hops = hops;
        self
    }

    /// Where the visits came from.
    pub const fn origin(&self) -> IndexOrigin {
        self.origin
    }

    /// Visits searched.
    pub fn visits(&self) -> usize {
        self.index.len()
    }

    /// Searches all cases with so many threads and hands back the contacts by case and holder.
    ///
    /// `go_on` is told after each case, and within one after each close contact whose own contacts
    /// are sought, from any of the threads and not always in order; `None` comes back once it has
    /// answered `false`.
    pub fn run(
        &self,
        cases: &[CaseInput],
        threads: usize,
        go_on: &(dyn Fn(BulkProgress) -> bool + Sync),
    ) -> Option<Vec<ContactRow>> {
        // Few enough that all threads end at about the same time.
        let at_once = (cases.len() / threads.max(1) / 4).clamp(1, AT_ONCE);
        let (next, done, found) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let stop = AtomicBool::new(false);
        let all = Mutex::new(Vec::new());
        let work = || {
            let kind = |p: PlaceId| self.kinds.get(&p).copied().unwrap_or(PlaceKind::Other);
            let mut bulk = Bulk::new(&self.index, &self.rules, kind, self.now);
            let mut rows = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let from = next.fetch_add(at_once, Ordering::Relaxed);
                let Some(rest) = cases.get(from..).filter(|c| !c.is_empty()) else { break };
                let some = &rest[..rest.len().min(at_once)];
                let go_on_within = || {
                    let (done, contacts) =
                        (done.load(Ordering::Relaxed), found.load(Ordering::Relaxed));
                    !stop.load(Ordering::Relaxed) && go_on(BulkProgress { done, contacts })
                };
                let stopped = bulk.run_while(some, &go_on_within, |case| {
                    let before = rows.len();
                    rows.extend(ContactRow::all_of(some[case.nth].case, &case));
                    let new = rows.len() - before;
                    let contacts = found.fetch_add(new, Ordering::Relaxed) + new;
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if go_on(BulkProgress { done, contacts }) && !stop.load(Ordering::Relaxed) {
                        ControlFlow::Continue(())
                    } else {
                        ControlFlow::Break(Some(()))
                    }
                });
                if stopped.is_break() {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            all.lock().unwrap_or_else(PoisonError::into_inner).append(&mut rows);
        };
        std::thread::scope(|s| {
            for _ in 1..threads.min(cases.len().div_ceil(at_once)) {
                s.spawn(work);
            }
            work();
        });
        if stop.into_inner() {
            return None;
        }
        let mut rows = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        rows.sort_unstable_by_key(ContactRow::by_case);
        Some(rows)
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::evidence::{Certainty, ContactDegree};
    use jadegate_domain::{CaseId, HolderId, Period, Presence};
    use jadegate_trace::{KindRules, KnownVisit};

    use super::*;

    fn search() -> BulkSearch {
        let stay = |holder: u64, place: u64, from: i64, minutes: i64| KnownVisit {
            holder: HolderId::from_random(holder),
            place: PlaceId::from_random(place),
            entered: Timestamp::from_secs(from),
            left: Some(Timestamp::from_secs(from + 60 * minutes)),
            presence: Presence::Gate,
        };
        // Everybody passes through everybody's place; later ones stay longer.
        let visits = (1..=40).flat_map(|h| {
            (1..=40_u64).map(move |p| {
                let from = 1_000_000 + i64::try_from(p).unwrap() * 3600;
                stay(h, p, from, i64::try_from(h).unwrap())
            })
        });
        BulkSearch {
            index: VisitIndex::build(visits),
            origin: IndexOrigin::Rebuilt,
            kinds: HashMap::from([(PlaceId::from_random(1), PlaceKind::Restaurant)]),
            rules: Rules::new(KindRules {
                contact_minutes: 15,
                secondary_minutes: 15,
                assumed_stay_minutes: 60,
                lingering_minutes: 0,
            }),
            now: Timestamp::from_secs(2_000_000),
        }
    }

    fn cases(n: u64) -> Vec<CaseInput> {
        let window = Period { from: Timestamp::from_secs(0), to: Timestamp::from_secs(2_000_000) };
        let case = |n| CaseInput {
            case: CaseId::from_random(n),
            holder: HolderId::from_random(n),
            window,
        };
        (1..=n).map(case).collect()
    }

    #[test]
    fn threads_do_not_change_the_answer() {
        let (search, cases) = (search(), cases(30));
        let one = search.run(&cases, 1, &|_| true).unwrap();
        assert_eq!(one, search.run(&cases, 4, &|_| true).unwrap());
        assert_eq!(one.len(), 30 * 39);
        assert!(one.is_sorted_by_key(ContactRow::by_case));
        assert_eq!(one[0].place_kind, PlaceKind::Other);
        // Person 1 stays a minute at each of forty places.
        assert!(one.iter().filter(|r| r.case == cases[0].case).all(|r| r.minutes_lower == 40));
    }

    /// A town of all kinds of places with thresholds of their own; visits without an end, printed
    /// codes, the same place twice at once, and what lingers.
    fn town(seed: u64) -> BulkSearch {
        let mut x = seed;
        let mut roll = move |below: u64| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (x >> 33) % below
        };
        let kind = |place: u64| PlaceKind::ALL[usize::try_from(place).unwrap() % 5];
        let visits: Vec<_> = (0..3_000)
            .map(|_| {
                let entered = Timestamp::from_secs(i64::try_from(roll(6 * 86_400)).unwrap());
                let stayed = i64::try_from(roll(9_000)).unwrap();
                KnownVisit {
                    holder: HolderId::from_random(1 + roll(150)),
                    place: PlaceId::from_random(1 + roll(12)),
                    entered,
                    left: (roll(4) > 0).then(|| entered.plus_secs(stayed)),
                    presence: [Presence::Gate, Presence::Unproven][usize::from(roll(6) == 0)],
                }
            })
            .collect();
        let at = |contact_minutes, lingering_minutes| KindRules {
            contact_minutes,
            secondary_minutes: 30,
            assumed_stay_minutes: 45,
            lingering_minutes,
        };
        let mut rules = Rules::new(at(15, 0));
        rules.set(kind(1), at(10, 20));
        rules.set(kind(2), at(60, 0));
        BulkSearch {
            index: VisitIndex::build(visits),
            origin: IndexOrigin::Rebuilt,
            kinds: (1..=12).map(|p| (PlaceId::from_random(p), kind(p))).collect(),
            rules,
            now: Timestamp::from_secs(6 * 86_400),
        }
    }

    #[test]
    fn sums_are_those_of_traces() {
        for (seed, hops) in (0..8).flat_map(|seed| [(seed, 1), (seed, 2)]) {
            let (search, cases) = (town(seed).with_hops(hops), cases(30));
            let kind = |p| search.kinds[&p];
            let traced =
                jadegate_trace::trace(&search.index, &cases, &search.rules, kind, search.now);
            let mut traced: Vec<_> = traced.contacts.iter().map(ContactRow::of).collect();
            traced.sort_unstable_by_key(ContactRow::by_case);
            let rows = search.run(&cases, 3, &|_| true).unwrap();
            assert!(rows.iter().any(|r| r.certainty == Certainty::Unproven));
            assert!(rows.iter().any(|r| r.minutes_lower < r.minutes_upper));
            assert_eq!(rows.iter().any(|r| r.via.is_some()), hops == 2);
            assert_eq!(rows, traced, "seed {seed}, {hops} hops");
        }
    }

    #[test]
    fn progress_reaches_the_end_and_a_search_can_be_stopped() {
        let (search, cases) = (search(), cases(30));
        let last = Mutex::new(BulkProgress::default());
        search.run(&cases, 1, &|p| {
            *last.lock().unwrap() = p;
            true
        });
        assert_eq!(*last.lock().unwrap(), BulkProgress { done: 30, contacts: 30 * 39 });
        assert_eq!(search.run(&cases, 2, &|p| p.done < 5), None);
        assert_eq!(search.run(&[], 2, &|_| false), Some(Vec::new()));
    }

    #[test]
    fn hops_are_what_was_asked_for() {
        let (one, two) = (search().with_hops(1), search().with_hops(2));
        let of = |s: &BulkSearch| s.run(&cases(3), 1, &|_| true).unwrap();
        assert!(of(&one).iter().all(|r| r.degree == ContactDegree::Close));
        assert_eq!(of(&one).len(), of(&two).len());
    }
}

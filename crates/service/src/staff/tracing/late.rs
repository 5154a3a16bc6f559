//! What may change earlier traces, until a round looks at it.
//!
//! Whoever records a visit only puts it on a list: that takes the same short time however many were
//! put there and whatever a round is doing. All else is done by the rounds, on threads of their own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jadegate_domain::{CaseId, HolderId, PlaceId, PlaceKind, Timestamp};
use jadegate_trace::{KnownVisit, Rules, Spans, Watch};

/// Visits noted between two looks; past that every trace is run again instead.
const MOST_NOTED: usize = 200_000;
/// Visits of one part of the list.
const PART: usize = 1024;
/// Stretches of time at places that are kept for the moment they are over; past that every trace is
/// run again instead.
const MOST_LATER: usize = 200_000;
/// Seconds by which stays may be looked at late, so that few moments are kept.
const LATER_STEP: i64 = 10;
/// The same where every trace is run again.
const EVERYTHING_STEP: i64 = 900;

/// Visits noted since the last look. Nothing in it is ever moved to make room for more.
#[derive(Debug, Default)]
pub(super) struct Noted {
    parts: Vec<Vec<KnownVisit>>,
    /// Some did not find room.
    pub(super) overflowed: bool,
}

impl Noted {
    fn push(&mut self, visit: KnownVisit) {
        if let Some(part) = self.parts.last_mut().filter(|part| part.len() < PART) {
            return part.push(visit);
        }
        if self.parts.len() * PART >= MOST_NOTED {
            self.overflowed = true;
            return;
        }
        let mut part = Vec::with_capacity(PART);
        part.push(visit);
        self.parts.push(part);
    }

    /// All of them, each once.
    pub(super) fn visits(&self) -> Vec<KnownVisit> {
        let each: HashSet<_> = self.parts.iter().flatten().copied().collect();
        each.into_iter().collect()
    }
}

/// Of each case traced anew whom to watch, or that there is nothing to watch any more.
pub(super) type Traced = HashMap<CaseId, Option<Vec<HolderId>>>;

/// Belongs to whoever looks.
#[derive(Debug, Default)]
pub(super) struct Looker {
    /// Who can change which traces; `None` until it is loaded.
    pub(super) watch: Option<Watch>,
    pub(super) later: Later,
    /// The policy of the last look.
    pub(super) policy: Option<String>,
}

/// Stays under way, for the moment at which the policy takes them to have ended.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// By the moment from which they are of interest.
    at: BTreeMap<Timestamp, Spans>,
    spans: usize,
    /// Moments at which everything is to be traced again.
    everything_at: BTreeSet<Timestamp>,
}

impl Later {
    pub(super) fn add(
        &mut self,
        visit: &KnownVisit,
        over: Timestamp,
        rules: &Rules,
        kind_of: impl FnOnce(PlaceId) -> PlaceKind,
    ) {
        if self.spans >= MOST_LATER {
            let all = std::mem::take(&mut self.at);
            self.everything_at.extend(all.keys().map(|at| up_to(*at, EVERYTHING_STEP)));
            self.spans = 0;
        }
        let spans = self.at.entry(up_to(over, LATER_STEP)).or_default();
        let before = spans.len();
        spans.add(visit, rules, kind_of);
        self.spans = self.spans + spans.len() - before;
    }

    /// Takes out what is over by now; and is everything to be traced again?
    pub(super) fn take_due(&mut self, now: Timestamp) -> (Spans, bool) {
        let later = self.at.split_off(&now.plus_secs(1));
        let mut due = Spans::new();
        for (_, spans) in std::mem::replace(&mut self.at, later) {
            self.spans -= spans.len();
            due.append(spans);
        }
        let later = self.everything_at.split_off(&now.plus_secs(1));
        let everything = !std::mem::replace(&mut self.everything_at, later).is_empty();
        (due, everything)
    }
}

/// The next moment that is a multiple of so many seconds.
const fn up_to(at: Timestamp, step: i64) -> Timestamp {
    Timestamp::from_secs(at.as_secs().saturating_add(step - 1) / step * step)
}

/// Belongs to the rounds.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// Cases that are not traced again by themselves before a moment.
    pub(super) resting: HashMap<CaseId, Timestamp>,
}

/// What waits for a round.
#[derive(Debug, Default)]
struct Waiting {
    /// Traced again in the next round.
    next: BTreeSet<CaseId>,
    /// Traced again at a moment, whatever happens until then.
    at: BTreeSet<(Timestamp, CaseId)>,
    /// A run of theirs is stored, and their contacts' evidence is not known to be in line with it.
    unfinished: BTreeSet<CaseId>,
}

/// What may change earlier traces. No lock of it is held over anything that grows.
#[derive(Debug, Default)]
pub(crate) struct LateData {
    noted: Mutex<Noted>,
    traced: Mutex<Traced>,
    /// Cases that somebody named: few.
    waiting: Mutex<Waiting>,
    /// Cases that looks have named; only they and the rounds come here.
    touched: Mutex<BTreeSet<CaseId>>,
    pub(super) looker: Arc<tokio::sync::Mutex<Looker>>,
    pub(super) rounds: tokio::sync::Mutex<Rounds>,
    /// Shared by those who search, from before they take their copy of the index until it is noted
    /// whom to watch: a visit fed in between is looked at when that is known, or it might be missed.
    pub(super) searching: tokio::sync::RwLock<()>,
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LateData {
    /// To be called after visits were recorded or closed and are in the index.
    pub(crate) fn note(&self, visits: &[KnownVisit]) {
        for part in visits.chunks(PART) {
            let mut noted = held(&self.noted);
            for visit in part {
                noted.push(*visit);
            }
        }
    }

    /// The visits of the last look are lost: the next one is for everything.
    pub(super) fn lost(&self) {
        held(&self.noted).overflowed = true;
    }

    /// Notes a trace that stands now: its person and its close contacts can change it. To be called
    /// by whoever is [`searching`](Self::searching).
    pub(super) fn watch(&self, case: CaseId, sources: Vec<HolderId>) {
        // What it replaces is dropped after the lock.
        let _before = held(&self.traced).insert(case, Some(sources));
    }

    /// Nothing can change the trace of this case any more.
    pub(crate) fn forget(&self, case: CaseId) {
        let _before = held(&self.traced).insert(case, None);
        held(&self.waiting).unfinished.remove(&case);
    }

    /// What was noted since the last look.
    pub(super) fn take_noted(&self) -> (Noted, Traced) {
        let noted = std::mem::take(&mut *held(&self.noted));
        (noted, std::mem::take(&mut *held(&self.traced)))
    }

    /// What a look has named.
    pub(super) fn touch(&self, cases: BTreeSet<CaseId>) {
        held(&self.touched).extend(cases);
    }

    /// The next round traces from this case, whatever else happens.
    pub(crate) fn trace_again(&self, case: CaseId) {
        held(&self.waiting).next.insert(case);
    }

    /// It has been traced meanwhile.
    pub(crate) fn traced_again(&self, case: CaseId) {
        held(&self.waiting).next.remove(&case);
    }

    /// The first round from about that moment on traces from this case.
    pub(super) fn trace_again_at(&self, case: CaseId, at: Timestamp) {
        // Of like moments one: a case is not named more and more often.
        held(&self.waiting).at.insert((up_to(at, LATER_STEP), case));
    }

    /// From now until [`finished`](Self::finished) the next round brings its evidence in line.
    pub(super) fn unfinished(&self, case: CaseId) {
        held(&self.waiting).unfinished.insert(case);
    }

    /// The evidence is in line with the run that stands.
    pub(super) fn finished(&self, case: CaseId) {
        held(&self.waiting).unfinished.remove(&case);
    }

    pub(super) fn is_unfinished(&self, case: CaseId) -> bool {
        held(&self.waiting).unfinished.contains(&case)
    }

    /// Takes out the cases whose turn it is.
    pub(super) fn take_due(&self, now: Timestamp, rounds: &mut Rounds) -> BTreeSet<CaseId> {
        let (mut due, at, unfinished) = {
            let mut waiting = held(&self.waiting);
            let later = waiting.at.split_off(&(now.plus_secs(1), CaseId::from_random(0)));
            let due = std::mem::replace(&mut waiting.at, later);
            (std::mem::take(&mut waiting.next), due, waiting.unfinished.clone())
        };
        due.extend(at.into_iter().map(|(_, case)| case));
        due.extend(unfinished);
        due.extend(std::mem::take(&mut *held(&self.touched)));
        rounds.resting.retain(|_, until| *until > now);
        due.retain(|case| {
            let rests = rounds.resting.get(case);
            rests.inspect(|until| self.trace_again_at(*case, **until)).is_none()
        });
        due
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::Presence;
    use jadegate_trace::KindRules;

    use super::*;

    fn visit(n: u64, entered: i64) -> KnownVisit {
        KnownVisit {
            holder: HolderId::from_random(n),
            place: PlaceId::from_random(1 + n % 3),
            entered: Timestamp::from_secs(entered),
            left: None,
            presence: Presence::Gate,
        }
    }

    fn case(n: u64) -> CaseId {
        CaseId::from_random(n)
    }

    /// Whatever a look or a round holds, and however long: whoever records a visit does not wait.
    #[tokio::test]
    async fn noting_waits_for_no_look_and_no_round() {
        let late = LateData::default();
        let _look = Arc::clone(&late.looker).lock_owned().await;
        let _round = late.rounds.lock().await;
        let _drained = late.searching.write().await;
        let _traced = held(&late.traced);
        let _waiting = held(&late.waiting);
        let _touched = held(&late.touched);
        late.note(&[visit(1, 100), visit(2, 100)]);
        assert_eq!(held(&late.noted).visits().len(), 2);
    }

    #[test]
    fn what_finds_no_room_is_told_and_takes_none() {
        let late = LateData::default();
        let visits: Vec<_> = (0..MOST_NOTED as u64 + 5_000).map(|n| visit(n + 1, 100)).collect();
        late.note(&visits);
        let (noted, _) = late.take_noted();
        assert!(noted.overflowed);
        assert!(noted.parts.len() * PART < MOST_NOTED + PART);
        // Nothing was ever moved to make room.
        assert!(noted.parts.iter().all(|part| part.capacity() == PART));
        late.note(&visits[..3]);
        late.note(&visits[..2]);
        let (noted, _) = late.take_noted();
        assert_eq!((noted.overflowed, noted.visits().len()), (false, 3));
    }

    #[test]
    fn stays_under_way_are_due_when_they_are_over_and_take_little_room() {
        let rules = Rules::new(KindRules {
            contact_minutes: 15,
            secondary_minutes: 15,
            assumed_stay_minutes: 60,
            lingering_minutes: 0,
        });
        let kind = |_| PlaceKind::Shop;
        let mut later = Later::default();
        // Ten a second for an hour at three places.
        for n in 0..36_000_u64 {
            let v = visit(n, 7_200 + i64::try_from(n / 10).unwrap());
            later.add(&v, v.entered.plus_secs(3_600), &rules, kind);
        }
        assert!(later.spans < 3 * 370 * 2, "{} kept", later.spans);
        let (due, everything) = later.take_due(Timestamp::from_secs(10_799));
        assert!(due.is_empty() && !everything);
        let (due, everything) = later.take_due(Timestamp::from_secs(10_820));
        assert!((1..=12).contains(&due.len()) && !everything);
        let (due, everything) = later.take_due(Timestamp::from_secs(99_999));
        assert!(!due.is_empty() && !everything && later.spans == 0);

        // What finds no room: everything, when it is over.
        for n in 0..=MOST_LATER as u64 {
            let at = KnownVisit { place: PlaceId::from_random(n + 1), ..visit(n, 7_200) };
            later.add(&at, Timestamp::from_secs(10_800), &rules, kind);
        }
        assert!(later.spans < MOST_LATER);
        assert!(!later.take_due(Timestamp::from_secs(10_799)).1);
        assert!(later.take_due(Timestamp::from_secs(10_800)).1);
        assert!(!later.take_due(Timestamp::from_secs(10_900)).1);
    }

    #[test]
    fn who_rests_waits_and_what_is_unfinished_is_due() {
        let late = LateData::default();
        let mut rounds = Rounds::default();
        let at = Timestamp::from_secs;
        rounds.resting.insert(case(1), at(50));
        late.touch(BTreeSet::from([case(1), case(2)]));
        late.trace_again(case(3));
        late.trace_again(case(4));
        late.traced_again(case(4));
        late.trace_again_at(case(5), at(40));
        late.unfinished(case(6));
        let mut due = |now| late.take_due(at(now), &mut rounds).into_iter().collect::<Vec<_>>();
        assert_eq!(due(30), [case(2), case(3), case(6)]);
        assert_eq!(due(40), [case(5), case(6)]);
        late.finished(case(6));
        assert_eq!(due(49), []);
        assert_eq!(due(50), [case(1)]);
        assert_eq!(due(999), []);
    }
}

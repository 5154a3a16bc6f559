//! Who was exposed to any of many cases, and for how long in all: for planning and ranking.
//!
//! It names no case, so nothing here is evidence and no colour follows from it.

use std::cmp::Reverse;
use std::ops::ControlFlow;

use jadegate_domain::{HolderId, PlaceId, PlaceKind, Timestamp};
use jadegate_trace::{CaseInput, Cumulative, CumulativeExposure};

use crate::bulk::BulkSearch;

/// What one person shared with all cases together; who they are is not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CumulativeRow {
    /// Who, opaquely.
    pub holder: HolderId,
    /// Whole minutes recorded from end to end, with all cases together: two cases at once count for
    /// two.
    pub minutes_lower: u32,
    /// Whole minutes at most: with assumed ends, and with unproven presences beside proven ones.
    pub minutes_upper: u32,
    /// Beginning of the first exposure.
    pub first: Timestamp,
    /// End of the last exposure.
    pub last: Timestamp,
}

impl CumulativeRow {
    const fn of(e: &CumulativeExposure) -> Self {
        Self {
            holder: e.holder,
            minutes_lower: e.lower_secs / 60,
            minutes_upper: e.upper_secs / 60,
            first: e.first,
            last: e.last,
        }
    }

    /// Most minutes first; nobody occurs twice, so this is a whole order.
    const fn by_minutes(&self) -> (Reverse<u32>, HolderId) {
        (Reverse(self.minutes_upper), self.holder)
    }
}

impl BulkSearch {
    /// The fewest minutes that make a close contact at any kind of place.
    pub fn least_contact_minutes(&self) -> u32 {
        let minutes = PlaceKind::ALL.iter().map(|kind| self.rules.at(*kind).contact_minutes);
        minutes.min().unwrap_or(0)
    }

    /// Everybody who shared at least so many minutes (and at least a second) with the cases together,
    /// most minutes first.
    pub fn cumulative(&self, cases: &[CaseInput], least_minutes: u32) -> Vec<CumulativeRow> {
        let kind = |p: PlaceId| self.kinds.get(&p).copied().unwrap_or(PlaceKind::Other);
        let mut search = Cumulative::new(&self.index, &self.rules, kind, self.now);
        let mut rows = Vec::new();
        let _ = search.run(cases, least_minutes.saturating_mul(60), |e| {
            rows.push(CumulativeRow::of(&e));
            ControlFlow::<()>::Continue(())
        });
        rows.sort_unstable_by_key(CumulativeRow::by_minutes);
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use jadegate_domain::{CaseId, Period, Presence};
    use jadegate_trace::{KindRules, KnownVisit, Rules, VisitIndex};

    use super::*;

    /// Two cases (1, 2) at one restaurant with others for 10 to 40 minutes.
    fn search() -> (BulkSearch, [CaseInput; 2]) {
        let at = |minute: i64| Timestamp::from_secs(1_000_000 + 60 * minute);
        let place = PlaceId::from_random(1);
        let visit = |who: u64, left: i64| KnownVisit {
            holder: HolderId::from_random(who),
            place,
            entered: at(0),
            left: Some(at(left)),
            presence: Presence::Gate,
        };
        let visits = [visit(1, 60), visit(2, 60), visit(3, 10), visit(4, 40), visit(5, 40)];
        let mut rules = Rules::new(KindRules {
            contact_minutes: 30,
            secondary_minutes: 15,
            assumed_stay_minutes: 60,
            lingering_minutes: 0,
        });
        rules.set(
            PlaceKind::Restaurant,
            KindRules { contact_minutes: 15, ..*rules.at(PlaceKind::Shop) },
        );
        let search = BulkSearch {
            index: VisitIndex::build(visits),
            origin: crate::IndexOrigin::Rebuilt,
            kinds: HashMap::from([(place, PlaceKind::Restaurant)]),
            rules,
            now: at(100),
        };
        let window = Period { from: at(0), to: at(100) };
        let case = |n| CaseInput {
            case: CaseId::from_random(n),
            holder: HolderId::from_random(n),
            window,
        };
        (search, [case(1), case(2)])
    }

    #[test]
    fn most_minutes_come_first_and_the_threshold_is_of_all_cases_together() {
        let (search, cases) = search();
        let minutes = |least| {
            let rows = search.cumulative(&cases, least);
            rows.iter().map(|r| (r.holder.as_u64(), r.minutes_upper)).collect::<Vec<_>>()
        };
        // Ten minutes with each of two cases are twenty.
        assert_eq!(minutes(15), [(4, 80), (5, 80), (1, 60), (2, 60), (3, 20)]);
        assert_eq!(minutes(21), [(4, 80), (5, 80), (1, 60), (2, 60)]);
        assert_eq!((minutes(81), search.least_contact_minutes()), (vec![], 15));
        assert_eq!(minutes(0).len(), 5);
        let row = search.cumulative(&cases, 0)[0];
        assert_eq!((row.minutes_lower, row.last.as_secs() - row.first.as_secs()), (80, 2400));
    }
}

//! Which traces a visit that arrives later may change.

use std::collections::{BTreeSet, HashMap, HashSet};

use jadegate_domain::{CaseId, HolderId, Period, PlaceId, PlaceKind, Timestamp};

use crate::index::{Spot, VisitIndex};
use crate::pairs::minutes;
use crate::row::{KnownVisit, secs};
use crate::rules::Rules;
use crate::run::Cell;

/// Whose visits can change the traces of known cases: the cases themselves and their close contacts.
///
/// A gate that was offline uploads visits of yesterday; exits are scanned after the trace ran. With
/// a watch the cases they touch are known at once, and only those are traced again. It names too
/// many rather than too few: a case it does not name would be traced to the same contacts.
///
/// It knows people, not where they were: that is looked up from the visit, in the index, and costs
/// about what one stay of a trace costs. Memory: some 50 bytes for each person and case, however
/// many places they went to.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    sources: HashMap<CaseId, Vec<HolderId>>,
    cases: HashMap<HolderId, Vec<CaseId>>,
}

impl Watch {
    /// Watches over no case.
    pub fn new() -> Self {
        Self::default()
    }

    /// A case was traced: its person and its close contacts, each once. Replaces what was known of
    /// the case.
    pub fn put(&mut self, case: CaseId, sources: impl IntoIterator<Item = HolderId>) {
        self.remove(case);
        let sources: Vec<_> = sources.into_iter().collect();
        for holder in &sources {
            self.cases.entry(*holder).or_default().push(case);
        }
        self.sources.insert(case, sources);
    }

    /// Forgets a case: nothing can change its trace any more.
    pub fn remove(&mut self, case: CaseId) {
        for holder in self.sources.remove(&case).unwrap_or_default() {
            if let Some(cases) = self.cases.get_mut(&holder) {
                cases.retain(|c| *c != case);
                if cases.is_empty() {
                    self.cases.remove(&holder);
                }
            }
        }
    }

    /// All cases, in no order that means anything.
    pub fn cases(&self) -> impl Iterator<Item = CaseId> {
        self.sources.keys().copied()
    }

    /// The cases whose traces the visits may change, after these have been inserted into the index.
    /// An exit scanned later is the visit with its end, as in [`VisitIndex::close`]; a presence
    /// proven later is the visit as it is known now.
    ///
    /// A stay without a known end grows while it goes on. To know what it came to, name it once more
    /// when the time that the policy assumes is over.
    pub fn touched(
        &self,
        index: &VisitIndex,
        rules: &Rules,
        kind_of: impl Fn(PlaceId) -> PlaceKind,
        visits: &[KnownVisit],
    ) -> BTreeSet<CaseId> {
        let mut near = HashSet::new();
        let assumed = |v: &KnownVisit| rules.at(kind_of(v.place)).assumed_stay_minutes;
        for v in visits {
            near.insert(v.holder);
            add_near(index, rules, kind_of(v.place), v, &mut near);
            // It may have ended an earlier stay that nobody saw the end of.
            let before = Period { from: Timestamp::EPOCH, to: v.entered.plus_secs(1) };
            for u in index.visits_of(v.holder, before).filter(|u| u.left.is_none()) {
                if u.entered.plus_secs(60 * i64::from(assumed(&u))) > v.entered {
                    add_near(index, rules, kind_of(u.place), &u, &mut near);
                }
            }
        }
        near.iter().filter_map(|h| self.cases.get(h)).flatten().copied().collect()
    }
}

/// Adds everybody who may have shared a moment with a visit, or the air it left behind. Stays are
/// taken to last as long as they may ever have been taken to: an exit told late takes minutes back.
fn add_near(
    index: &VisitIndex,
    rules: &Rules,
    kind: PlaceKind,
    v: &KnownVisit,
    near: &mut HashSet<HolderId>,
) {
    let Some(place) = index.place_number(v.place) else { return };
    let rules = rules.at(kind);
    let (assumed, lingering) =
        (minutes(rules.assumed_stay_minutes), minutes(rules.lingering_minutes));
    let entered = secs(v.entered);
    let end = entered.saturating_add(assumed).max(v.left.map_or(0, secs));
    let from = entered.saturating_sub(lingering);
    let to = end.saturating_add(lingering);
    index.rows_at(place, from, to, assumed, Spot::BUFFER, |cells| {
        for c in cells.iter().map(Cell::of) {
            if c.entered < to && c.latest_end(assumed) > from {
                near.insert(index.holder(c.holder));
            }
        }
    });
}

//! Which traces a visit that arrives later would change.

use std::collections::{BTreeSet, HashMap};

use jadegate_domain::{CaseId, HolderId, Period, PlaceId, PlaceKind, Timestamp};

use crate::index::VisitIndex;
use crate::pairs::minutes;
use crate::row::{KnownVisit, secs};
use crate::rules::Rules;

/// Where, when and of whom visits matter to the traces of known cases.
///
/// A gate that was offline uploads visits of yesterday; exits are scanned after the trace ran. With
/// a watch the cases they touch are known at once, and only those are traced again. It names too
/// many rather than too few: a case it does not name would be traced to the same contacts.
///
/// Memory: 20 bytes for each stay of a case and, where contacts of contacts are sought, of each
/// close contact (about 100 kilobytes for a case with 600 of them).
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// Stays of those who can infect others, lingering included.
    at: HashMap<PlaceId, Vec<Danger>>,
    /// Those whose own visits matter, wherever they are.
    of: HashMap<HolderId, Vec<CaseId>>,
    cases: HashMap<CaseId, (Vec<PlaceId>, Vec<HolderId>)>,
}

#[derive(Clone, Copy, Debug)]
struct Danger {
    from: u32,
    to: u32,
    case: CaseId,
}

impl Watch {
    /// Watches over no case.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn add_holder(&mut self, case: CaseId, holder: HolderId) {
        self.of.entry(holder).or_default().push(case);
        self.cases.entry(case).or_default().1.push(holder);
    }

    pub(crate) fn add_stay(&mut self, case: CaseId, place: PlaceId, (from, to): (u32, u32)) {
        self.at.entry(place).or_default().push(Danger { from, to, case });
        self.cases.entry(case).or_default().0.push(place);
    }

    /// Forgets a case: it was withdrawn, or is about to be traced again.
    pub fn remove(&mut self, case: CaseId) {
        let Some((places, holders)) = self.cases.remove(&case) else { return };
        for place in places {
            if let Some(stays) = self.at.get_mut(&place) {
                stays.retain(|s| s.case != case);
                if stays.is_empty() {
                    self.at.remove(&place);
                }
            }
        }
        for holder in holders {
            if let Some(cases) = self.of.get_mut(&holder) {
                cases.retain(|c| *c != case);
                if cases.is_empty() {
                    self.of.remove(&holder);
                }
            }
        }
    }

    /// The cases whose traces the visits may change, after these have been inserted into the index.
    /// An exit scanned later is the visit with its end, as in [`VisitIndex::close`].
    pub fn touched(
        &self,
        index: &VisitIndex,
        rules: &Rules,
        kind_of: impl Fn(PlaceId) -> PlaceKind,
        visits: &[KnownVisit],
    ) -> BTreeSet<CaseId> {
        let mut cases = BTreeSet::new();
        let mut look = |v: &KnownVisit| {
            let stays = self.at.get(&v.place).map_or(&[][..], Vec::as_slice);
            if stays.is_empty() {
                return;
            }
            let entered = secs(v.entered);
            let assumed = minutes(rules.at(kind_of(v.place)).assumed_stay_minutes);
            let end = v.left.map_or(entered.saturating_add(assumed), secs);
            let meets = |s: &&Danger| entered < s.to && end > s.from;
            cases.extend(stays.iter().filter(meets).map(|s| s.case));
        };
        for v in visits {
            look(v);
            // It may have ended an earlier visit that nobody saw the end of.
            let before = Period { from: Timestamp::EPOCH, to: v.entered.plus_secs(1) };
            index.visits_of(v.holder, before).filter(|u| u.left.is_none()).for_each(|u| look(&u));
            // What it was known as before: visits that are there with an end now are not listed.
            look(&KnownVisit { left: None, ..*v });
        }
        let own = visits.iter().filter_map(|v| self.of.get(&v.holder)).flatten();
        cases.extend(own.copied());
        cases
    }
}

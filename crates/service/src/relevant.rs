//! Which evidence a colour follows from.

use std::collections::BTreeSet;

use jadegate_domain::evidence::TestResult;
use jadegate_domain::{Division, Evidence, EvidenceId, Fact, Timestamp};
use jadegate_store::RowRef;

use crate::error::{Result, ServiceError};
use crate::in_force::Regions;

/// All that somebody's colour may be made from: their own evidence, and while nobody has decided whether
/// other records are theirs, that of each and of all together. Pieces of which it is not decided whether
/// they are theirs (`undecided`, in the order of their ids) count for them where that is stricter: all of
/// them, none, and those that say nothing good.
pub(crate) fn sets<'e>(
    own: &'e [Evidence],
    beside: &'e [Vec<Evidence>],
    undecided: &[EvidenceId],
    regions: &'e Regions,
) -> Result<Vec<Vec<&'e Evidence>>> {
    let mut sets = vec![relevant(own, regions)?];
    if !undecided.is_empty() {
        let sure = |e: &&Evidence| undecided.binary_search(&e.id).is_err();
        let some = |keep: &dyn Fn(&&Evidence) -> bool| {
            let left: Vec<_> = own.iter().filter(keep).collect();
            relevant_of(left, regions)
        };
        sets.push(some(&|e| sure(e) || !releases(&e.fact))?);
        sets.push(some(&sure)?);
    }
    let alone = sets.len();
    let mut sets_beside = Vec::new();
    for other in beside {
        sets_beside.push(relevant(other, regions)?);
    }
    sets.extend(sets_beside.iter().cloned());
    let of_own: Vec<_> = sets[..alone].to_vec();
    for one in &of_own {
        let one = std::slice::from_ref(one);
        for other in &sets_beside {
            sets.push(together(one, std::slice::from_ref(other)));
        }
        if sets_beside.len() > 1 {
            sets.push(together(one, &sets_beside));
        }
    }
    Ok(sets)
}

/// What is recorded, by a clock that has not come to all of it yet.
pub(crate) struct Known {
    pieces: Vec<Vec<Evidence>>,
    /// When the clock comes to the first of what lies ahead of it: then all is looked at anew.
    pub(crate) again_at: Timestamp,
}

impl Known {
    /// The sets, each piece recorded by now.
    pub(crate) fn sets(&self) -> Vec<Vec<&Evidence>> {
        self.pieces.iter().map(|set| set.iter().collect()).collect()
    }
}

/// A server whose clock was set back, or that is a little behind another's, finds pieces that were
/// recorded after its own moment. They are recorded all the same: without them somebody would be green
/// by mistake. `None`: there are none.
pub(crate) fn known_by(sets: &[Vec<&Evidence>], now: Timestamp) -> Option<Known> {
    let ahead = sets.iter().flatten().map(|e| e.recorded_at).filter(|at| *at > now);
    let again_at = ahead.min()?;
    let by_now = |e: &&Evidence| Evidence { recorded_at: e.recorded_at.min(now), ..(*e).clone() };
    let pieces = sets.iter().map(|set| set.iter().map(by_now).collect()).collect();
    Some(Known { pieces, again_at })
}

/// Can it end what another piece began?
pub(crate) const fn releases(fact: &Fact) -> bool {
    match fact {
        Fact::Test { result, .. } => matches!(result, TestResult::Negative),
        Fact::Release { .. }
        | Fact::CheckIn { .. }
        | Fact::Appeal { .. }
        | Fact::AppealDecision { .. }
        | Fact::Dispute { .. } => true,
        Fact::Case { .. }
        | Fact::Contact { .. }
        | Fact::Stay { .. }
        | Fact::RegionRisk { .. }
        | Fact::Declaration { .. }
        | Fact::Arrival { .. } => false,
    }
}

/// Several sets as one, each piece once.
pub(crate) fn together<'e>(a: &[Vec<&'e Evidence>], b: &[Vec<&'e Evidence>]) -> Vec<&'e Evidence> {
    let mut seen = BTreeSet::new();
    a.iter().chain(b).flatten().copied().filter(|e| seen.insert(e.id)).collect()
}

/// The holder's own evidence and the risk levels of the divisions they stayed in. Without one of
/// those levels they could be green by mistake, so one that cannot be read is an error.
pub(crate) fn relevant<'e>(own: &'e [Evidence], regions: &'e Regions) -> Result<Vec<&'e Evidence>> {
    relevant_of(own.iter().collect(), regions)
}

fn relevant_of<'e>(own: Vec<&'e Evidence>, regions: &'e Regions) -> Result<Vec<&'e Evidence>> {
    let mut stays = Vec::new();
    for e in own.iter().filter(|e| e.counts()) {
        match &e.fact {
            Fact::Stay { division, .. } => stays.push(division),
            Fact::Declaration { stays: declared, .. } => {
                stays.extend(declared.iter().map(|s| &s.division));
            }
            _ => {}
        }
    }
    let concerns = |e: &&Evidence| match &e.fact {
        Fact::RegionRisk { division, .. } => stays.iter().any(|s| division.contains(s)),
        _ => false,
    };
    let lacks = |d: &Option<Division>| match d {
        None => !stays.is_empty(),
        Some(d) => stays.iter().any(|s| d.contains(s)),
    };
    if regions.unreadable.iter().any(lacks) {
        // Which row it is has been said when the levels were loaded.
        let row = RowRef { table: "region_risk", column: "division", row: 0 };
        return Err(ServiceError::unreadable(row));
    }
    let levels: Vec<_> = regions.evidence.iter().filter(concerns).collect();
    Ok(own.into_iter().chain(levels).collect())
}

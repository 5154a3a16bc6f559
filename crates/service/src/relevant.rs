//! Which evidence a colour follows from.

use std::collections::BTreeSet;

use jadegate_domain::{Division, Evidence, Fact};
use jadegate_store::RowRef;

use crate::error::{Result, ServiceError};
use crate::in_force::Regions;

/// All that somebody's colour may be made from: their own evidence, and while nobody has decided whether
/// other records are theirs, that of each and of all together.
pub(crate) fn sets<'e>(
    own: &'e [Evidence],
    beside: &'e [Vec<Evidence>],
    regions: &'e Regions,
) -> Result<Vec<Vec<&'e Evidence>>> {
    let own = relevant(own, regions)?;
    let mut sets = vec![own];
    for other in beside {
        sets.push(relevant(other, regions)?);
    }
    for n in 1..sets.len() {
        sets.push(together(&sets[..1], &sets[n..=n]));
    }
    if beside.len() > 1 {
        sets.push(together(&sets[..=beside.len()], &[]));
    }
    Ok(sets)
}

/// Several sets as one, each piece once.
pub(crate) fn together<'e>(a: &[Vec<&'e Evidence>], b: &[Vec<&'e Evidence>]) -> Vec<&'e Evidence> {
    let mut seen = BTreeSet::new();
    a.iter().chain(b).flatten().copied().filter(|e| seen.insert(e.id)).collect()
}

/// The holder's own evidence and the risk levels of the divisions they stayed in. Without one of
/// those levels they could be green by mistake, so one that cannot be read is an error.
pub(crate) fn relevant<'e>(own: &'e [Evidence], regions: &'e Regions) -> Result<Vec<&'e Evidence>> {
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
    Ok(own.iter().chain(regions.evidence.iter().filter(concerns)).collect())
}

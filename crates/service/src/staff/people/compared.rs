//! What deciding about records has in common, whether they are found to be of one person or of two: could
//! anybody's colour become milder by it?

use jadegate_domain::{Evidence, Timestamp};
use jadegate_policy::Timeline;
use jadegate_store::{HolderEvidence, Write};
use serde::Serialize;

use crate::assess::RuleSet;
use crate::error::{Result, ServiceError};
use crate::relevant::sets;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordsOutcome {
    /// Nothing was to be done.
    Looked,
    /// They are read as one.
    Joined,
    /// They are two people's.
    Parted,
    /// It could make somebody's colour milder: an officer of another agency has to do the same. Until
    /// then the strictest colour holds for both.
    Waiting,
    /// The second person has a record of their own; all that was recorded before counts for both.
    Split,
    /// It is decided whose these pieces are.
    Assigned,
}

/// The colours of somebody from now on, by each set of evidence that may be theirs.
pub(super) fn strictest_of(rules: &RuleSet, of: &HolderEvidence) -> Result<Vec<Timeline>> {
    let policy = rules.policy_at(Some(&of.home));
    let sets = sets(&of.evidence, &of.beside, &of.undecided, &rules.regions)?;
    let timeline = |set: &Vec<&Evidence>| {
        jadegate_policy::explain(set.iter().copied(), &policy, Some(rules.now))
    };
    Ok(sets.iter().map(timeline).collect())
}

/// Is the strictest of some timelines milder than the strictest of others, at any moment from now on?
pub(super) fn is_milder(before: &[Timeline], after: &[Timeline], now: Timestamp) -> bool {
    let colour = |all: &[Timeline], at: Timestamp| {
        let of = |t: &Timeline| t.segments.iter().rev().find(|s| s.from <= at).map(|s| s.colour);
        all.iter().filter_map(of).max()
    };
    let moments = before.iter().chain(after).flat_map(|t| &t.segments);
    let mut moments = moments.map(|s| s.from.max(now));
    moments.any(|at| colour(before, at) > colour(after, at))
}

pub(super) fn expect(record: &HolderEvidence) -> Write {
    let HolderEvidence { holder, evidence_version: version, .. } = *record;
    Write::ExpectEvidenceVersion { holder, version }
}

pub(super) fn second_officer() -> ServiceError {
    ServiceError::forbidden(
        "records.second_officer",
        "This could make somebody's colour milder. An officer of another agency has to do the same, with the same documents; you have done your part.",
    )
}

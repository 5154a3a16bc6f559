//! What a what-if says.

use jadegate_domain::assessment::{PolicyRef, Texts};
use jadegate_domain::{Colour, Division, Timestamp};
use serde::{Deserialize, Serialize};

/// What would change for a population if a policy or the regions' levels changed: numbers, and a
/// few timelines without a name, an id or a division.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WhatIf {
    /// The moment of the comparison.
    pub at: Timestamp,
    /// Everybody.
    pub people: u64,
    /// Those of them of whom there is evidence.
    pub with_evidence: u64,
    /// The policy of today.
    pub policy_before: PolicyRef,
    /// The policy of tomorrow; the same if only levels of regions change.
    pub policy_after: PolicyRef,
    /// People per colour today.
    pub before: ColourCounts,
    /// People per colour after the change.
    pub after: ColourCounts,
    /// Green before, not green after.
    pub newly_confined: u64,
    /// Not green before, green after.
    pub newly_free: u64,
    /// A more severe colour than before.
    pub more_severe: u64,
    /// A less severe colour than before.
    pub less_severe: u64,
    /// Of the newly confined: those with no reason that rests on a case a laboratory confirmed
    /// (a positive test of the case itself or of the person, recorded by an agency).
    pub newly_confined_without_lab_case: u64,
    /// The same by division: every level from the country down to the county, coarse first.
    pub divisions: Vec<DivisionChange>,
    /// Every rule of either policy, by its id.
    pub rules: Vec<RuleChange>,
    /// Places needed in quarantine, day by day.
    pub places: Vec<PlacesOnDay>,
    /// Some of those whose colour changes.
    pub samples: Vec<SampleChange>,
}

/// People per colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColourCounts {
    /// Green.
    pub green: u64,
    /// Yellow.
    pub yellow: u64,
    /// Red.
    pub red: u64,
}

impl ColourCounts {
    /// How many have this colour.
    pub const fn of(&self, colour: Colour) -> u64 {
        match colour {
            Colour::Green => self.green,
            Colour::Yellow => self.yellow,
            Colour::Red => self.red,
        }
    }

    pub(crate) fn add(&mut self, colour: Colour, people: u64) {
        match colour {
            Colour::Green => self.green += people,
            Colour::Yellow => self.yellow += people,
            Colour::Red => self.red += people,
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for colour in Colour::ALL {
            self.add(colour, other.of(colour));
        }
    }
}

/// What changes for the people of a division.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DivisionChange {
    /// Their home division, or one above it.
    pub division: Division,
    /// Everybody at home there.
    pub people: u64,
    /// People per colour today.
    pub before: ColourCounts,
    /// People per colour after the change.
    pub after: ColourCounts,
    /// Green before, not green after.
    pub newly_confined: u64,
    /// Not green before, green after.
    pub newly_free: u64,
}

/// For how many people a rule is a reason at the moment of the comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RuleChange {
    /// The rule's id.
    pub rule: String,
    /// What it says happened; the new policy's words where it has the rule.
    pub title: Texts,
    /// People today.
    pub before: u64,
    /// People after the change.
    pub after: u64,
}

/// People who are red at the end of a day: places needed in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlacesOnDay {
    /// The local day (`2022-03-01`).
    pub day: String,
    /// Without the change.
    pub before: u64,
    /// With it.
    pub after: u64,
}

/// One person's colours from now on, before and after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleChange {
    /// Without the change.
    pub before: Vec<SampleSegment>,
    /// With it.
    pub after: Vec<SampleSegment>,
}

/// A stretch of time in which colour and rules stay the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SampleSegment {
    /// First moment.
    pub from: Timestamp,
    /// First moment of the next one; `null` if no change can be foreseen.
    pub to: Option<Timestamp>,
    /// The colour.
    pub colour: Colour,
    /// The rules behind it, most severe first.
    pub rules: Vec<String>,
}

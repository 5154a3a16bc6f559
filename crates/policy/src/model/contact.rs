//! What makes a contact.

use std::collections::BTreeMap;

use jadegate_domain::PlaceKind;

/// What makes a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ContactRules {
    pub(crate) max_hops: u32,
    pub(crate) secondary_delay_hours: u32,
    pub(crate) counts: Bound,
    pub(crate) usual: PlaceRules,
    pub(crate) by_place: BTreeMap<PlaceKind, PlaceRules>,
    pub(crate) vehicles: BTreeMap<PlaceKind, VehicleRules>,
}

/// Which minutes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Also those that rest on an assumed end, and unproven ones beside proven ones.
    Upper,
    /// Only recorded ones.
    Lower,
}

/// Who is near whom aboard a kind of vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VehicleRules {
    /// How near two people aboard must have been to count as near.
    pub near: VehicleNear,
    /// Is somebody near whose seat is not known?
    pub unknown_is_near: bool,
}

/// How near two people aboard must have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VehicleNear {
    /// Everyone aboard between the same stops.
    Vehicle,
    /// In the same coach or compartment.
    Coach,
    /// At most so many rows before or behind, in the same coach.
    Rows(u16),
}

/// Thresholds at one kind of place, in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlaceRules {
    pub(crate) close: u32,
    pub(crate) secondary: u32,
    pub(crate) assumed_stay: u32,
    pub(crate) lingering: u32,
}

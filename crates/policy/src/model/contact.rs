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
    pub(crate) likelihood: Option<Likelihood>,
}

/// How likely those who shared time met. All coefficients are thousandths, of the natural logarithm of
/// one more than minutes or people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likelihood {
    /// What it was fitted on, and by what.
    pub source: String,
    /// A close contact must be so likely; `None`: whoever shared the minutes is one.
    pub least_percent: Option<u8>,
    /// For time at other places, and where an end is not known.
    pub minutes_alone: MinutesAlone,
    /// Kinds of place with a table.
    pub places: BTreeMap<PlaceKind, MeetingTable>,
}

/// By minutes in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinutesAlone {
    /// Added to all.
    pub constant: i32,
    /// Of minutes shared; not negative.
    pub minutes: i32,
}

/// By two stays at one kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeetingTable {
    /// Added to all.
    pub constant: i32,
    /// Of minutes shared; not negative.
    pub minutes: i32,
    /// Of minutes between the arrivals; not positive.
    pub arrival: i32,
    /// Of minutes between the leavings; not positive.
    pub leaving: i32,
    /// Of people present; not positive.
    pub people: i32,
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

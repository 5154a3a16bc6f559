//! What a policy says about exposure, as plain values.

use jadegate_domain::{PlaceKind, Ride};

use crate::likelihood::Model;

/// Which bound of the minutes counts towards a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Only minutes whose ends are all recorded and whose presences are all proven.
    Lower,
    /// Also minutes that rest on an assumed end; and unproven ones, if the same two people also
    /// shared proven ones.
    Upper,
}

/// What holds at one kind of place. All in minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindRules {
    /// Shared minutes from which somebody is a close contact of a case. 0: any shared time at all.
    pub contact_minutes: u32,
    /// Shared minutes from which somebody is a secondary contact: with a close contact that could
    /// already infect others.
    pub secondary_minutes: u32,
    /// How long a stay is taken to last if nobody saw its end.
    pub assumed_stay_minutes: u32,
    /// How long the place stays dangerous after an infectious person has left it. 0: not at all.
    pub lingering_minutes: u32,
}

/// Who counts as being at one place aboard a vehicle. Whoever does must still share the minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aboard {
    /// How far apart two people may be and still share a place.
    pub near: Near,
    /// What holds for two people if the seat of one of them is not known: are they near each other?
    pub unknown_is_near: bool,
}

/// How near two people aboard a vehicle must be. Who was not aboard between the same stops is not
/// near in any case, if the stops are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Near {
    /// Everyone aboard.
    Vehicle,
    /// In the same coach or compartment.
    Coach,
    /// At most so many rows before or behind, in the same coach.
    Rows(u16),
}

impl Aboard {
    /// Whatever the seats.
    pub const WHOLE_VEHICLE: Self = Self { near: Near::Vehicle, unknown_is_near: true };

    /// Are two people aboard near each other?
    pub(crate) fn share(self, a: &Ride, b: &Ride) -> bool {
        if let (Some(a), Some(b)) = (a.leg, b.leg)
            && !a.overlaps(b)
        {
            return false;
        }
        let rows = match self.near {
            Near::Vehicle => return true,
            Near::Coach => u16::MAX,
            Near::Rows(rows) => rows,
        };
        let (Some(a), Some(b)) = (a.seat, b.seat) else { return self.unknown_is_near };
        match a.rows_apart(b) {
            Some(apart) => apart <= rows,
            None => a.coach.is_none() != b.coach.is_none() && self.unknown_is_near,
        }
    }
}

/// The exposure rules of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    aboard: [Aboard; PlaceKind::ALL.len()],
    kinds: [KindRules; PlaceKind::ALL.len()],
    /// Which bound of the minutes counts.
    pub counts: Bound,
    /// Hours after the first exposure from which a contact could infect others.
    pub secondary_delay_hours: u32,
    /// 1: close contacts only; 2 and more: also their contacts. 0: nobody.
    pub max_hops: u8,
    /// How likely a close contact met the case. `None`: nobody asks.
    pub likelihood: Option<Model>,
}

impl Rules {
    /// The same for every kind of place, whole vehicles, the upper bound, two hops, a delay of a day.
    pub fn new(everywhere: KindRules) -> Self {
        Self {
            aboard: [Aboard::WHOLE_VEHICLE; PlaceKind::ALL.len()],
            kinds: [everywhere; PlaceKind::ALL.len()],
            counts: Bound::Upper,
            secondary_delay_hours: 24,
            max_hops: 2,
            likelihood: None,
        }
    }

    /// Sets what holds at one kind of place.
    pub fn set(&mut self, kind: PlaceKind, rules: KindRules) {
        self.kinds[kind as usize] = rules;
    }

    /// Sets who is near whom aboard a kind of vehicle. Venues have no seats: for them it is ignored.
    pub fn set_aboard(&mut self, kind: PlaceKind, aboard: Aboard) {
        self.aboard[kind as usize] = aboard;
    }

    /// Who is near whom aboard a kind of vehicle.
    pub fn aboard(&self, kind: PlaceKind) -> Aboard {
        self.aboard[kind as usize]
    }

    /// What holds at a kind of place.
    pub fn at(&self, kind: PlaceKind) -> &KindRules {
        &self.kinds[kind as usize]
    }

    /// Seconds from a contact's first exposure until they could infect others.
    pub(crate) const fn delay_secs(&self) -> u32 {
        self.secondary_delay_hours.saturating_mul(3600)
    }

    /// Shared minutes at such a place that make a contact after so many hops.
    pub(crate) fn threshold(&self, kind: PlaceKind, hop: Hop) -> u32 {
        let rules = self.at(kind);
        match hop {
            Hop::Close => rules.contact_minutes,
            Hop::Secondary => rules.secondary_minutes,
        }
    }
}

/// From whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    /// From the case.
    Close,
    /// From a close contact.
    Secondary,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        let k = KindRules {
            contact_minutes: 15,
            secondary_minutes: 30,
            assumed_stay_minutes: 60,
            lingering_minutes: 0,
        };
        let mut rules = Rules::new(k);
        for (i, kind) in PlaceKind::ALL.iter().enumerate() {
            rules.set(*kind, KindRules { lingering_minutes: u32::try_from(i).unwrap(), ..k });
        }
        for (i, kind) in PlaceKind::ALL.iter().enumerate() {
            assert_eq!(rules.at(*kind).lingering_minutes as usize, i);
        }
    }
}

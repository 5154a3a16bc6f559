//! Trips: places that move. A bus, a train or a flight on one day is a place; what it has beyond a
//! venue is a number, stops and, where tickets name them, seats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{PlaceId, Timestamp};

/// One run of a vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    /// The place it is.
    pub place: PlaceId,
    /// As passengers know it: `MU5137`, `G1371`, `bus 155`.
    pub number: String,
    /// The day it starts, local, as on the ticket: `2022-03-01`.
    pub date: String,
    /// In order of the way. Empty if only the vehicle is known.
    pub stops: Vec<Stop>,
}

/// Where a trip stops. Times are those that were kept, as far as known, or else the timetable's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Name.
    pub name: String,
    /// When it comes there.
    pub arrives: Option<Timestamp>,
    /// When it leaves.
    pub departs: Option<Timestamp>,
}

/// The part of a trip somebody was aboard: from one stop to a later one, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "(u16, u16)", into = "(u16, u16)")]
pub struct Leg {
    from: u16,
    to: u16,
}

/// A place to sit: `12A`, in a train with its coach: `05-12A`, without a letter: `12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seat {
    /// The coach or compartment, where the vehicle has more than one.
    pub coach: Option<u16>,
    /// Rows count from one end.
    pub row: u16,
    /// An upper-case letter.
    pub column: Option<char>,
}

/// What a ticket says of one visit aboard a trip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ride {
    /// From where to where.
    pub leg: Option<Leg>,
    /// Where they sat.
    pub seat: Option<Seat>,
}

/// A text that names no seat, or a leg that ends where it begins or before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RideError {
    /// No seat.
    #[error("not a seat: {0:?}; write 12A, or 05-12A with its coach")]
    Seat(String),
    /// No leg.
    #[error("a leg must end at a later stop than it begins (from {0} to {1})")]
    Leg(u16, u16),
}

impl RideError {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Seat(_) => "ride.seat",
            Self::Leg(..) => "ride.leg",
        }
    }
}

impl Trip {
    /// When somebody on this leg was aboard: from the departure of its first stop to the arrival at
    /// its last. `None` where a stop or its time is unknown.
    pub fn times(&self, leg: Leg) -> (Option<Timestamp>, Option<Timestamp>) {
        let stop = |n: u16| self.stops.get(usize::from(n));
        let from = stop(leg.from).and_then(|s| s.departs.or(s.arrives));
        let to = stop(leg.to).and_then(|s| s.arrives.or(s.departs));
        (from, to)
    }
}

impl Leg {
    /// From one stop to a later one.
    pub const fn new(from: u16, to: u16) -> Result<Self, RideError> {
        if from < to { Ok(Self { from, to }) } else { Err(RideError::Leg(from, to)) }
    }

    /// Where it begins.
    pub const fn from(self) -> u16 {
        self.from
    }

    /// Where it ends.
    pub const fn to(self) -> u16 {
        self.to
    }

    /// Were both aboard between any two stops? Who gets off where the other gets on was not.
    pub const fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

impl TryFrom<(u16, u16)> for Leg {
    type Error = RideError;

    fn try_from((from, to): (u16, u16)) -> Result<Self, RideError> {
        Self::new(from, to)
    }
}

impl From<Leg> for (u16, u16) {
    fn from(leg: Leg) -> Self {
        (leg.from, leg.to)
    }
}

impl Seat {
    /// How many rows lie between two seats: 0 for the same row. `None` if they are in different
    /// coaches, or if the coach of one is unknown and the other's is not.
    pub const fn rows_apart(self, other: Self) -> Option<u16> {
        match (self.coach, other.coach) {
            (Some(a), Some(b)) if a == b => Some(self.row.abs_diff(other.row)),
            (None, None) => Some(self.row.abs_diff(other.row)),
            _ => None,
        }
    }
}

impl FromStr for Seat {
    type Err = RideError;

    fn from_str(text: &str) -> Result<Self, RideError> {
        let wrong = || RideError::Seat(text.to_owned());
        let number = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).ok_or_else(wrong)
        };
        let (coach, seat) = match text.split_once('-') {
            Some((coach, seat)) => (Some(number(coach)?), seat),
            None => (None, text),
        };
        let column = seat.chars().last().filter(char::is_ascii_alphabetic);
        let row = number(&seat[..seat.len() - column.map_or(0, char::len_utf8)])?;
        Ok(Self { coach, row, column: column.map(|c| c.to_ascii_uppercase()) })
    }
}

impl TryFrom<String> for Seat {
    type Error = RideError;

    fn try_from(text: String) -> Result<Self, RideError> {
        text.parse()
    }
}

impl From<Seat> for String {
    fn from(seat: Seat) -> Self {
        seat.to_string()
    }
}

impl fmt::Display for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(coach) = self.coach {
            write!(f, "{coach:02}-")?;
        }
        write!(f, "{}", self.row)?;
        self.column.map_or(Ok(()), |c| write!(f, "{c}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_read_as_tickets_print_them() {
        let seat = |coach, row, column| Seat { coach, row, column };
        for (text, want, again) in [
            ("12A", seat(None, 12, Some('A')), "12A"),
            ("5-12f", seat(Some(5), 12, Some('F')), "05-12F"),
            ("05-3", seat(Some(5), 3, None), "05-3"),
        ] {
            assert_eq!(text.parse(), Ok(want));
            assert_eq!(want.to_string(), again);
            assert_eq!(again.parse(), Ok(want));
        }
        for wrong in ["", "A", "-12A", "5-", "5--1", "12AB", "+1", "70000A", "12Ä", "硬座"] {
            let error = wrong.parse::<Seat>().unwrap_err();
            assert_eq!((error.code(), error), ("ride.seat", RideError::Seat(wrong.to_owned())));
        }
    }

    #[test]
    fn rows_are_apart_inside_a_coach_only() {
        let apart = |a: &str, b: &str| a.parse::<Seat>().unwrap().rows_apart(b.parse().unwrap());
        assert_eq!(apart("12A", "9F"), Some(3));
        assert_eq!(apart("05-12A", "5-12F"), Some(0));
        assert_eq!(apart("05-12A", "06-12A"), None);
        assert_eq!(apart("05-12A", "12A"), None);
    }

    #[test]
    fn who_gets_off_where_another_gets_on_was_not_there() {
        let leg = |from, to| Leg::new(from, to).unwrap();
        assert!(!leg(0, 3).overlaps(leg(3, 5)));
        assert!(leg(0, 4).overlaps(leg(3, 5)));
        assert!(leg(1, 2).overlaps(leg(0, 9)));
        assert_eq!(Leg::new(2, 2).unwrap_err().code(), "ride.leg");
        assert!(serde_json::from_str::<Leg>("[3,1]").is_err());
        assert_eq!(serde_json::to_string(&leg(1, 3)).unwrap(), "[1,3]");
    }

    #[test]
    fn a_leg_has_the_times_of_its_stops() {
        let at = |secs| Some(Timestamp::from_secs(secs));
        let stop = |arrives, departs| Stop { name: "Stop".into(), arrives, departs };
        let trip = Trip {
            place: PlaceId::from_random(1),
            number: "bus 155".into(),
            date: "2022-03-01".into(),
            stops: vec![stop(None, at(0)), stop(at(60), at(70)), stop(at(100), None)],
        };
        let times = |from, to| trip.times(Leg::new(from, to).unwrap());
        assert_eq!(times(0, 1), (at(0), at(60)));
        assert_eq!(times(1, 2), (at(70), at(100)));
        assert_eq!(times(1, 7), (at(70), None));
    }
}

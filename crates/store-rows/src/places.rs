//! Places, gates, and what happens there.

use jadegate_domain::{
    AgencyId, Gate, GateId, HolderId, Leg, Place, PlaceId, Presence, Ride, Scan, ScanId, Trip,
    Visit,
};
use jadegate_store::StoredRide;

use crate::at::{At, Result};
use crate::stored::rows;

rows! {
    PlaceRow => Place, in "place" by "id" {
        kind: String, name: String, division: String, agency: Option<i64>, registered_at: i64,
        external_key: Option<String>,
    }
    GateRow => Gate, in "gate" by "id" {
        place: i64, label: String, public_key: Vec<u8>, enrolled_at: i64, revoked_at: Option<i64>,
    }
    TripRow => Trip, in "trip" by "place" {
        number: String, date: String, stops: String,
    }
    RideRow => StoredRide, in "ride" by "entered" {
        holder: i64, trip: i64, leg_from: Option<i64>, leg_to: Option<i64>,
        seat: Option<String>,
    }
    VisitRow => Visit, in "visit" by "entered" {
        holder: i64, place: i64, presence: i64, left_at: Option<i64>,
    }
    ScanRow => Scan, in "scan" by "id" {
        gate: i64, place: i64, holder: Option<i64>, at: i64, direction: String,
        colour: Option<String>, outcome: String, reason: Option<String>, problem: Option<String>,
    }
}

impl PlaceRow {
    fn check(self, at: At) -> Result<Place> {
        Ok(Place {
            id: at.id("id", self.row, PlaceId::from_i64)?,
            kind: at.name("kind", &self.kind)?,
            name: self.name,
            division: at.name("division", &self.division)?,
            agency: at.opt_id("agency", self.agency, AgencyId::from_i64)?,
            registered_at: at.time("registered_at", self.registered_at)?,
            external_key: self.external_key,
        })
    }
}

impl GateRow {
    fn check(self, at: At) -> Result<Gate> {
        Ok(Gate {
            id: at.id("id", self.row, GateId::from_i64)?,
            place: at.id("place", self.place, PlaceId::from_i64)?,
            label: self.label,
            public_key: self.public_key,
            enrolled_at: at.time("enrolled_at", self.enrolled_at)?,
            revoked_at: at.opt_time("revoked_at", self.revoked_at)?,
        })
    }
}

/// A presence as one byte on disk. A number is never given a second meaning.
pub const fn presence_code(p: Presence) -> i64 {
    match p {
        Presence::Gate => 0,
        Presence::VenueScreen => 1,
        Presence::Unproven => 2,
        Presence::Imported => 3,
    }
}

impl VisitRow {
    fn check(self, at: At) -> Result<Visit> {
        let presence = Presence::ALL
            .iter()
            .copied()
            .find(|p| presence_code(*p) == self.presence)
            .ok_or_else(|| at.bad("presence", "not a known presence"))?;
        let entered = at.time("entered", self.row)?;
        let left = at.opt_time("left_at", self.left_at)?;
        at.must(left.is_none_or(|l| l >= entered), "left_at", "before the entry")?;
        Ok(Visit {
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            place: at.id("place", self.place, PlaceId::from_i64)?,
            entered,
            left,
            presence,
        })
    }
}

impl TripRow {
    fn check(self, at: At) -> Result<Trip> {
        Ok(Trip {
            place: at.id("place", self.row, PlaceId::from_i64)?,
            number: self.number,
            date: self.date,
            stops: at.json("stops", &self.stops)?,
        })
    }
}

impl RideRow {
    fn check(self, at: At) -> Result<StoredRide> {
        let leg = match (self.leg_from, self.leg_to) {
            (None, None) => None,
            (from, to) => {
                let stop = |n: Option<i64>| n.and_then(|n| u16::try_from(n).ok());
                let leg = stop(from).zip(stop(to)).and_then(|(f, t)| Leg::new(f, t).ok());
                Some(leg.ok_or_else(|| at.bad("leg_from", "not a leg"))?)
            }
        };
        let seat = self.seat.map(|s| at.name("seat", &s)).transpose()?;
        Ok(StoredRide {
            holder: at.id("holder", self.holder, HolderId::from_i64)?,
            trip: at.id("trip", self.trip, PlaceId::from_i64)?,
            entered: at.time("entered", self.row)?,
            ride: Ride { leg, seat },
        })
    }
}

impl ScanRow {
    fn check(self, at: At) -> Result<Scan> {
        Ok(Scan {
            id: at.id("id", self.row, ScanId::from_i64)?,
            gate: at.id("gate", self.gate, GateId::from_i64)?,
            place: at.id("place", self.place, PlaceId::from_i64)?,
            holder: at.opt_id("holder", self.holder, HolderId::from_i64)?,
            at: at.time("at", self.at)?,
            direction: at.name("direction", &self.direction)?,
            colour: self.colour.map(|c| at.name("colour", &c)).transpose()?,
            outcome: at.name("outcome", &self.outcome)?,
            reason: self.reason.map(|r| at.name("reason", &r)).transpose()?,
            problem: self.problem,
        })
    }
}

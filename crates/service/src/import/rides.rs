//! Who was aboard: a carrier's list of passengers becomes visits at the trip's place, each with what
//! its ticket says.
//!
//! A boarding is a visit from the departure of its first stop to the arrival at its last; every id
//! is derived, so a list sent twice, or sent again with a seat corrected, changes what is new in it
//! and nothing else. A list that is wrong in one line is right in the others.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

use jadegate_domain::{
    AgencyId, AgencyKind, Division, Period, Place, Presence, Ride, Timestamp, Trip, Visit, VisitKey,
};
use jadegate_store::{StoredRide, Unit, Write};
use serde::Serialize;

use super::lines::{Limits, Lines, Rejection, SMALL_FILE, all_told};
use super::manifest::{Boarding, OPTIONAL, TripKey, WANTED};
use super::visits::two_at_once;
use crate::app::{App, read, write};
use crate::error::{Kind, Result, ServiceError};
use crate::session::StaffSession;
use crate::staff::{Power, RejectedLine};

/// What became of a list of passengers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RideReport {
    /// Lines with something in them; each is taken, unchanged, too old, or rejected.
    pub lines: u64,
    /// Lines recorded: new rides, and known ones of which something new is told.
    pub taken: u64,
    /// Lines that had been recorded before, or stand twice in the file.
    pub unchanged: u64,
    /// Trips nobody had told of before.
    pub new_trips: u64,
    /// Lines of days older than visits are kept.
    pub too_old: u64,
    /// Lines whose passenger is not registered in the carrier's region; they are among `rejected`.
    pub unknown: u64,
    /// Lines that were not taken.
    pub rejected: Vec<RejectedLine>,
}

/// Somebody who may say who was aboard the trips of one carrier. Made from a session that has the
/// power, or by the machine's own command line for a carrier that is named.
#[derive(Clone, Debug)]
pub struct Conductor {
    agency: AgencyId,
    region: Division,
}

/// Rides of one unit.
const UNIT: usize = 300;

/// A trip while its list is read.
struct KnownTrip {
    place: Place,
    /// Is the place new?
    new: bool,
    /// As it is stored.
    before: Option<Trip>,
    /// With what the list tells.
    now: Trip,
}

/// A boarding that changes something.
struct Taken {
    visit: Visit,
    ride: Ride,
}

#[derive(Default)]
struct State {
    trips: HashMap<TripKey, KnownTrip>,
    /// What the list said of each visit so far.
    told: HashMap<VisitKey, (Option<Timestamp>, Ride)>,
    taken: Vec<(TripKey, Taken)>,
    report: RideReport,
}

impl App {
    /// The handle with which a member of a carrier's staff tells who was aboard.
    pub fn conductor(&self, session: &StaffSession) -> Result<Conductor> {
        let staff = session.need(Power::RecordRides)?;
        Ok(Conductor { agency: staff.agency, region: staff.region.clone() })
    }

    /// The same for a carrier named on this machine's own command line.
    pub async fn conductor_for_agency(&self, agency: AgencyId) -> Result<Conductor> {
        let agency = self.confirmed_agency(agency).await?;
        if agency.kind != AgencyKind::Carrier {
            return Err(ServiceError::forbidden(
                "agency.may_not_record",
                format!("A {} does not record who was aboard; a carrier does.", agency.kind),
            ));
        }
        Ok(Conductor { agency: agency.id, region: agency.region })
    }

    /// Takes over a carrier's list of passengers. Wrong lines are reported one by one, right ones
    /// taken; running the same list again changes nothing.
    pub async fn import_rides(self: &Arc<Self>, by: &Conductor, csv: &[u8]) -> Result<RideReport> {
        self.import_rides_within(by, csv, SMALL_FILE).await
    }

    /// The same for a file that is read as it comes, within these bounds.
    pub async fn import_rides_within(
        self: &Arc<Self>,
        by: &Conductor,
        csv: impl Read,
        limits: Limits,
    ) -> Result<RideReport> {
        let lines = Lines::read(csv, limits, &WANTED, &OPTIONAL)?;
        let _one = self.carriers_lock.lock().await;
        let mut state = State::default();
        state.report.lines = lines.len() as u64;
        let now = self.now();
        let mut boardings = Vec::new();
        for (line, fields) in lines {
            match fields.and_then(|f| Boarding::read(line, &f, now)) {
                Ok(b) => boardings.push(b),
                Err(r) => state.report.rejected.push(r.at(line)),
            }
        }
        // All that the list tells of the stops comes first: a line may leave to another when the
        // trip arrived.
        let boardings = self.tell_stops(by, boardings, &mut state).await?;
        for b in boardings {
            let line = b.line;
            if let Err(r) = self.take_boarding(by, b, &mut state).await? {
                state.report.rejected.push(r.at(line));
            }
            if state.taken.len() >= UNIT {
                self.write_rides(&mut state).await?;
            }
        }
        self.write_rides(&mut state).await?;
        let mut report = state.report;
        report.rejected.sort_by_key(|r| r.line);
        let rejected = report.rejected.len() as u64;
        all_told(report.lines, report.taken + report.unchanged + report.too_old + rejected)?;
        Ok(report)
    }

    /// Joins what the lines say of their trips' stops; returns the lines that fit.
    async fn tell_stops(
        &self,
        by: &Conductor,
        boardings: Vec<Boarding>,
        state: &mut State,
    ) -> Result<Vec<Boarding>> {
        let mut fit = Vec::with_capacity(boardings.len());
        for b in boardings {
            if !state.trips.contains_key(&b.trip) {
                let known = self.known_trip(by, &b).await?;
                state.trips.insert(b.trip.clone(), known);
            }
            let Some(known) = state.trips.get_mut(&b.trip) else { continue };
            match b.with_stops(&known.now) {
                Ok(trip) => {
                    known.now = trip;
                    fit.push(b);
                }
                Err(r) => state.report.rejected.push(r.at(b.line)),
            }
        }
        Ok(fit)
    }

    /// The trip of a line; a carrier's trips are its own, whatever numbers others use.
    async fn known_trip(&self, by: &Conductor, b: &Boarding) -> Result<KnownTrip> {
        let TripKey { kind, number, date } = &b.trip;
        let key = format!("trip:{}:{kind}:{number}:{date}", by.agency);
        let number = &b.number;
        let id = self.imported_place_id("trip", &key);
        let place = self.place(id);
        let before = self.store.trip(id).await?;
        let empty =
            || Trip { place: id, number: number.clone(), date: date.clone(), stops: Vec::new() };
        Ok(KnownTrip {
            new: place.is_none(),
            place: place.map_or_else(
                || Place {
                    id,
                    kind: *kind,
                    name: format!("{number} {date}"),
                    division: b.division.clone(),
                    agency: Some(by.agency),
                    registered_at: self.now(),
                    external_key: Some(key),
                },
                |p| (*p).clone(),
            ),
            now: before.clone().unwrap_or_else(empty),
            before,
        })
    }

    async fn take_boarding(
        &self,
        by: &Conductor,
        b: Boarding,
        state: &mut State,
    ) -> Result<std::result::Result<(), Rejection>> {
        if b.departs < crate::bulk::kept_from(&self.policy(), self.now()) {
            state.report.too_old += 1;
            return Ok(Ok(()));
        }
        let holder = match self.locate(&by.region, &b.whom).await {
            Ok(holder) => holder.id,
            Err(e) if e.kind == Kind::NotFound => {
                state.report.unknown += 1;
                return Ok(Err(Rejection::new(
                    "holder.not_found",
                    "This passenger is not registered in your region; nothing is recorded of them.",
                )));
            }
            Err(e) if e.kind == Kind::BadInput => return Ok(Err(Rejection::from(&e))),
            Err(e) => return Err(e),
        };
        let Some(known) = state.trips.get(&b.trip) else {
            return Err(ServiceError::internal("a line without its trip"));
        };
        let place = known.place.id;
        let visit = Visit {
            holder,
            place,
            entered: b.departs,
            left: b.left(&known.now),
            presence: Presence::Imported,
        };
        let ride = b.ride();
        match state.told.insert(visit.key(), (visit.left, ride)) {
            Some(before) if before == (visit.left, ride) => {
                state.report.unchanged += 1;
                return Ok(Ok(()));
            }
            Some(before) => {
                state.told.insert(visit.key(), before);
                return Ok(Err(Rejection::new(
                    "ride.twice",
                    "This passenger boards there twice in the file, and the lines do not agree.",
                )));
            }
            None => {}
        }
        match self.what_is_new(visit, ride) {
            Ok(Some(taken)) => state.taken.push((b.trip, taken)),
            Ok(None) => state.report.unchanged += 1,
            Err(r) => return Ok(Err(r)),
        }
        Ok(Ok(()))
    }

    /// Compares a boarding with what is known of it. `None`: all of it.
    fn what_is_new(
        &self,
        visit: Visit,
        ride: Ride,
    ) -> std::result::Result<Option<Taken>, Rejection> {
        let index = read(&self.index);
        let moment = Period { from: visit.entered, to: visit.entered.plus_secs(1) };
        let known = index
            .visits_of(visit.holder, moment)
            .find(|v| (v.place, v.entered) == (visit.place, visit.entered));
        let Some(known) = known else { return Ok(Some(Taken { visit, ride })) };
        let (before, told) = (known.left, visit.left);
        if before.is_some() && told.is_some() && before != told {
            return Err(Rejection::new(
                "ride.other_end",
                "This ride was told before with another arrival; what is recorded stays.",
            ));
        }
        let of_old = index.rides_of(visit.holder, visit.place);
        let same = of_old.iter().any(|(at, r)| (*at, *r) == (visit.entered, ride));
        let ends = before.is_none() && told.is_some();
        let visit = Visit { left: told.or(before), ..visit };
        Ok((ends || !same).then_some(Taken { visit, ride }))
    }

    /// Writes what was taken, with the trips it needs, and only then shows it to traces.
    async fn write_rides(self: &Arc<Self>, state: &mut State) -> Result<()> {
        let taken = std::mem::take(&mut state.taken);
        if taken.is_empty() {
            return Ok(());
        }
        let mut writes = Vec::with_capacity(taken.len() * 2);
        let mut new_places = Vec::new();
        for (key, _) in &taken {
            let Some(known) = state.trips.get_mut(key) else { continue };
            if std::mem::take(&mut known.new) {
                writes.push(Write::AddPlace(known.place.clone()));
                new_places.push(known.place.clone());
            }
            if known.before.as_ref() != Some(&known.now) {
                let replaces = known.before.replace(known.now.clone()).map(Box::new);
                writes.push(Write::PutTrip { trip: Box::new(known.now.clone()), replaces });
            }
        }
        for (_, t) in &taken {
            let Visit { holder, place, entered, .. } = t.visit;
            // Its end too, if that is what is new of it.
            writes.push(Write::AddVisit(t.visit));
            let ride = StoredRide { holder, trip: place, entered, ride: t.ride };
            writes.push(Write::PutRide(ride));
        }
        let (rides, trips) = (taken.len() as u64, new_places.len() as u64);
        let tell = move |app: &Self| {
            for place in new_places {
                app.remember_place(place);
            }
            let seats = taken
                .iter()
                .map(|(_, Taken { visit: v, ride })| (v.holder, v.place, v.entered, *ride));
            // Before the visits: no trace sees one without its seat.
            write(&app.index).set_rides(seats);
            // A visit that was known may have another seat now, which changes traces too.
            let told: Vec<_> = taken.iter().map(|(_, t)| (&t.visit).into()).collect();
            app.late.note(&told);
        };
        let unit = Unit::new("import_rides", writes);
        self.commit_and_feed(unit, tell).await.map_err(two_at_once)?;
        state.report.taken += rides;
        state.report.new_trips += trips;
        Ok(())
    }
}

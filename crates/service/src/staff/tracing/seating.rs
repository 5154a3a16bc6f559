//! Exposures aboard vehicles, in the words of tickets: which trip, between which stops, which seats.
//!
//! Read from what is kept when somebody looks, and never stored with a trace: a seat is forgotten
//! with the day of its visit, the trace stays.

use std::collections::{BTreeSet, HashMap};

use jadegate_domain::id::RideId;
use jadegate_domain::{HolderId, Leg, PlaceId, Ride, Trip};
use jadegate_trace::VisitIndex;
use serde::Serialize;

use crate::app::{App, read};
use crate::error::Result;

/// What tickets say of an exposure aboard a vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AboardView {
    /// The trip's number, as passengers know it.
    pub number: String,
    /// The local day on which it started.
    pub date: String,
    /// Of whoever could infect: the case, or for a secondary contact the one in between.
    pub source: Vec<TicketView>,
    /// Of the contact. Empty for people who live outside the region.
    pub contact: Vec<TicketView>,
}

/// What one ticket says, as far as anybody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TicketView {
    /// Which ride: by it the record can be withdrawn.
    pub ride: RideId,
    /// The stop of boarding.
    pub from: Option<String>,
    /// The stop of alighting.
    pub to: Option<String>,
    /// `12A`, in a train with its coach: `05-12A`.
    pub seat: Option<String>,
}

/// What is known of the trips of one trace.
pub(super) struct Tickets<'a> {
    app: &'a App,
    trips: HashMap<PlaceId, Trip>,
    index: VisitIndex,
}

impl App {
    /// The trips among some places.
    pub(super) async fn tickets(&self, places: BTreeSet<PlaceId>) -> Result<Tickets<'_>> {
        let mut trips = HashMap::new();
        for place in places {
            if let Some(trip) = self.store.trip(place).await? {
                trips.insert(place, trip);
            }
        }
        Ok(Tickets { app: self, trips, index: read(&self.index).clone() })
    }
}

impl Tickets<'_> {
    /// An exposure at a place, if it is a trip. Who may not be told of is `None`.
    pub(super) fn seating(
        &self,
        place: PlaceId,
        source: Option<HolderId>,
        contact: Option<HolderId>,
    ) -> Option<AboardView> {
        let trip = self.trips.get(&place)?;
        let of = |who: Option<HolderId>| {
            let Some(holder) = who else { return Vec::new() };
            let rides = self.index.rides_of(holder, place).into_iter();
            let id = |entered| self.app.ride_id(holder, place, entered);
            rides.filter_map(|(entered, ride)| ticket(id(entered), trip, &ride)).collect()
        };
        Some(AboardView {
            number: trip.number.clone(),
            date: trip.date.clone(),
            source: of(source),
            contact: of(contact),
        })
    }
}

/// `None` if the ticket says nothing.
fn ticket(id: RideId, trip: &Trip, ride: &Ride) -> Option<TicketView> {
    let stop = |n: fn(Leg) -> u16| {
        let stop = trip.stops.get(usize::from(n(ride.leg?)))?;
        Some(stop.name.clone())
    };
    let said = *ride != Ride::default();
    let seat = ride.seat.map(|s| s.to_string());
    said.then(|| TicketView { ride: id, from: stop(Leg::from), to: stop(Leg::to), seat })
}

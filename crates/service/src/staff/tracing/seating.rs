//! Exposures aboard vehicles, in the words of tickets: which trip, between which stops, which seats.
//!
//! Read from what is kept when somebody looks, and never stored with a trace: a seat is forgotten
//! with the day of its visit, the trace stays.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jadegate_domain::id::RideId;
use jadegate_domain::record::RecordKind;
use jadegate_domain::{AgencyId, Holder, Leg, PlaceId, Ride, Trip};
use jadegate_trace::VisitIndex;
use serde::Serialize;

use crate::app::App;
use crate::concurrency::read;
use crate::error::Result;
use crate::holder::me::AgencyName;
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::records::withdraw::may_withdraw;

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
    /// May you withdraw it?
    pub may_withdraw: bool,
}

/// What is known of the trips of one trace, for whoever looks.
pub(super) struct Tickets<'a> {
    app: &'a App,
    session: &'a StaffSession,
    trips: HashMap<PlaceId, Arc<Trip>>,
    index: VisitIndex,
    agencies: HashMap<AgencyId, AgencyName>,
    /// Who told of a ride: that of the case is asked for with each of its contacts.
    told_by: HashMap<RideId, Option<AgencyId>>,
}

impl App {
    /// The trips among some places.
    pub(super) async fn tickets<'a>(
        &'a self,
        session: &'a StaffSession,
        places: BTreeSet<PlaceId>,
    ) -> Result<Tickets<'a>> {
        let mut trips = HashMap::new();
        for place in places {
            if let Some(trip) = self.store.trip(place).await? {
                trips.insert(place, Arc::new(trip));
            }
        }
        let index = read(&self.memory.index).clone();
        let agencies = if trips.is_empty() { HashMap::new() } else { self.agency_names().await? };
        Ok(Tickets { app: self, session, trips, index, agencies, told_by: HashMap::new() })
    }
}

impl Tickets<'_> {
    /// An exposure at a place, if it is a trip. Who may not be told of is `None`.
    pub(super) async fn seating(
        &mut self,
        place: PlaceId,
        source: Option<&Holder>,
        contact: Option<&Holder>,
    ) -> Result<Option<AboardView>> {
        let Some(trip) = self.trips.get(&place).cloned() else { return Ok(None) };
        Ok(Some(AboardView {
            source: self.of(place, &trip, source).await?,
            contact: self.of(place, &trip, contact).await?,
            number: trip.number.clone(),
            date: trip.date.clone(),
        }))
    }

    async fn of(
        &mut self,
        place: PlaceId,
        trip: &Trip,
        who: Option<&Holder>,
    ) -> Result<Vec<TicketView>> {
        let mut tickets = Vec::new();
        let Some(holder) = who else { return Ok(tickets) };
        for (entered, ride) in self.index.rides_of(holder.id, place) {
            let id = self.app.ride_id(holder.id, place, entered);
            let may_withdraw = self.may_withdraw(id, holder).await?;
            tickets.extend(ticket(id, trip, &ride, may_withdraw));
        }
        Ok(tickets)
    }

    async fn may_withdraw(&mut self, id: RideId, holder: &Holder) -> Result<bool> {
        let agency = match self.told_by.entry(id) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let author = self.app.store.authorship(RecordKind::Ride, id.as_i64()).await;
                // Whose it is cannot be read: then nobody is offered to take it back.
                let author = self.app.or_set_aside(author.map_err(Into::into))?.flatten();
                *new.insert(author.map(|a| a.agency))
            }
        };
        let Some((agency, name)) = agency.and_then(|a| Some((a, self.agencies.get(&a)?))) else {
            return Ok(false);
        };
        let power = Some(Power::RecordRides);
        Ok(may_withdraw(self.session, agency, name.kind, power, &holder.home))
    }
}

/// `None` if the ticket says nothing and there is nothing to take back: somebody scanned the trip.
fn ticket(id: RideId, trip: &Trip, ride: &Ride, may_withdraw: bool) -> Option<TicketView> {
    let stop = |n: fn(Leg) -> u16| {
        let stop = trip.stops.get(usize::from(n(ride.leg?)))?;
        Some(stop.name.clone())
    };
    let said = *ride != Ride::default();
    let seat = ride.seat.map(|s| s.to_string());
    (said || may_withdraw).then(|| TicketView {
        ride: id,
        from: stop(Leg::from),
        to: stop(Leg::to),
        seat,
        may_withdraw,
    })
}

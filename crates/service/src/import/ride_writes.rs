//! Who was aboard, written: with the trip, its visit and what the ticket says, or to wait for a second
//! pair of eyes.

use std::collections::HashSet;
use std::sync::Arc;

use jadegate_domain::id::RideId;
use jadegate_domain::record::{RecordKind, WaitingKind};
use jadegate_domain::{Place, Ride, Visit};
use jadegate_store::{StoredRide, Unit, Write};

use super::rides::{State, Taken};
use super::visits::two_at_once;
use crate::app::App;
use crate::author::{Author, file_stands};
use crate::brake::{Signed, is_above};
use crate::error::Result;
use crate::held::{Held, HeldPiece, Hold};

impl App {
    /// What makes two rides that wait the same.
    pub(super) fn held_ride_key(&self, visit: &Visit, ride: Ride) -> [u8; 16] {
        // As it was before rides had ids of their own.
        let number = self.ride_id(visit.holder, visit.place, visit.entered).as_i64();
        self.deployment.keys.evidence_key(&format!("ride/{number}/{:?}/{ride:?}", visit.left))
    }

    /// Lets rides wait. Their trips are told of all the same: a timetable is about nobody.
    pub(super) async fn hold_rides(
        self: &Arc<Self>,
        author: &Author,
        heavy: Vec<(usize, Taken)>,
        state: &mut State,
    ) -> Result<()> {
        let mut pieces = Vec::new();
        let mut writes = Vec::new();
        let mut new_places = Vec::new();
        for (trip, Taken { visit, ride, document }) in heavy {
            let external = self.held_ride_key(&visit, ride);
            if self.store.waits(external).await? {
                state.report.unchanged += 1;
                continue;
            }
            state.tell_trip(trip, &mut writes, &mut new_places);
            pieces.push(HeldPiece {
                holder: Some(visit.holder),
                held: Held::Ride { visit, ride, document },
                sample: None,
                external_key: Some(external),
            });
        }
        if pieces.is_empty() {
            return Ok(());
        }
        state.report.waiting = pieces.len() as u64;
        state.report.new_trips += new_places.len() as u64;
        writes.extend(file_stands(author.import));
        self.commit_to_the_end(Unit::new("tell_trips", writes)).await.map_err(two_at_once)?;
        let (kind, weighs_on) = (WaitingKind::Rides, author.agency);
        let hold = Hold { kind, weighs_on, pieces, trace: None };
        self.hold(author, hold, Vec::new()).await?;
        Ok(())
    }

    /// Writes a ride that somebody else has confirmed, and only then shows it to traces.
    pub(crate) async fn write_confirmed_ride(
        self: &Arc<Self>,
        (id, visit): (RideId, Visit),
        ride: Ride,
        mut with: Vec<Write>,
    ) -> Result<()> {
        with.extend(ride_writes(id, visit, ride));
        self.commit_to_the_end(Unit::new("confirm_ride", with)).await?;
        Ok(())
    }

    /// Writes what was taken, with the trips it needs, and only then shows it to traces. What weighs
    /// and is above the mandate's number after all is handed back.
    pub(super) async fn write_rides(
        self: &Arc<Self>,
        author: &Author,
        taken: Vec<(usize, Taken)>,
        weighs: bool,
        state: &mut State,
    ) -> Result<Option<Vec<(usize, Taken)>>> {
        let now = self.now();
        let signed = if weighs {
            Signed::weighing(author, author.agency)
        } else {
            Signed::aboard_no_case(author)
        };
        let mut writes = Vec::with_capacity(taken.len() * 4);
        let mut new_places = Vec::new();
        for (trip, _) in &taken {
            state.tell_trip(*trip, &mut writes, &mut new_places);
        }
        writes.extend(file_stands(author.import));
        for (_, t) in &taken {
            let id = self.ride_id(t.visit.holder, t.visit.place, t.visit.entered);
            let signed = signed.clone().of_document(t.document);
            // The document leads to whoever was aboard still.
            writes.extend(signed.expectations(t.visit.holder));
            writes.extend(ride_writes(id, t.visit, t.ride));
            // A ride that is told again with its end or its seat keeps its author.
            if self.store.authorship(RecordKind::Ride, id.as_i64()).await?.is_none() {
                writes.extend(signed.ride_rows(id, t.visit.place, now));
            }
        }
        writes.extend(self.weigh(std::iter::repeat_n(&signed, taken.len())));
        let (rides, trips) = (taken.len() as u64, new_places.len() as u64);
        match self.commit_to_the_end(Unit::new("import_rides", writes)).await {
            Ok(_) => state.undo.clear(),
            Err(e) if is_above(&e) => {
                state.untell_trips(&taken, &new_places);
                return Ok(Some(taken));
            }
            Err(e) => return Err(two_at_once(e)),
        }
        state.report.taken += rides;
        state.report.new_trips += trips;
        Ok(None)
    }
}

/// The writes of one boarding; its end too, if that is what is new of it. One that was taken back
/// meanwhile does not come again.
fn ride_writes(id: RideId, visit: Visit, ride: Ride) -> [Write; 3] {
    let Visit { holder, place, entered, .. } = visit;
    let ride = StoredRide { holder, trip: place, entered, ride };
    let stands = Write::ExpectNotWithdrawn { record: RecordKind::Ride, id: id.as_i64() };
    [stands, Write::AddVisit(visit), Write::PutRide(ride)]
}

impl State {
    /// The writes that tell of a trip, if a list has not told of it yet.
    fn tell_trip(&mut self, trip: usize, writes: &mut Vec<Write>, places: &mut Vec<Place>) {
        let Some(known) = self.trips.get_mut(trip) else { return };
        if std::mem::take(&mut known.new) {
            writes.push(Write::AddPlace(known.place.clone()));
            places.push(known.place.clone());
        }
        if known.before.as_ref() != Some(&known.now) {
            let replaces = known.before.replace(known.now.clone()).map(Box::new);
            self.undo.push((trip, replaces.as_deref().cloned()));
            writes.push(Write::PutTrip { trip: Box::new(known.now.clone()), replaces });
        }
    }

    /// A unit that told of trips was refused.
    fn untell_trips(&mut self, taken: &[(usize, Taken)], places: &[Place]) {
        let of: HashSet<usize> = taken.iter().map(|(trip, _)| *trip).collect();
        for (trip, before) in std::mem::take(&mut self.undo) {
            if let Some(known) = self.trips.get_mut(trip).filter(|_| of.contains(&trip)) {
                known.before = before;
                known.new = places.iter().any(|p| p.id == known.place.id);
            }
        }
    }
}

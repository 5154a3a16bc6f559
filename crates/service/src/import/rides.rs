//! Who was aboard: a carrier's list of passengers becomes visits at the trip's place, each with what
//! its ticket says.
//!
//! A boarding is a visit from the departure of its first stop to the arrival at its last; every id
//! is derived, so a list sent twice, or sent again with a seat corrected, changes what is new in it
//! and nothing else. A list that is wrong in one line is right in the others.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Read;
use std::sync::Arc;

use jadegate_domain::id::{ImportId, RideId};
use jadegate_domain::record::{ImportKind, RecordKind, WaitingKind};
use jadegate_domain::{
    AgencyId, AgencyKind, Division, HolderId, Period, Place, PlaceId, Presence, Purpose, Ride,
    StaffId, Timestamp, Trip, Visit, VisitKey,
};
use jadegate_store::{ImportCounts, StoredRide, Unit, Write};
use serde::Serialize;

use super::lines::{Lines, Reading, Rejection, SMALL_FILE, all_told};
use super::manifest::{Boarding, Kept, OPTIONAL, TripKey, WANTED};
use super::runs::Digesting;
use super::visits::two_at_once;
use crate::app::App;
use crate::brake::{Author, Held, HeldPiece, Hold, Signed, file_stands, is_above};
use crate::concurrency::read;
use crate::error::{Kind, Result, ServiceError};
use crate::import::report::RejectedLine;
use crate::session::StaffSession;
use crate::staff::Power;
use crate::staff::what::What;

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
    /// Lines that wait for an officer of another agency: so many people aboard with a case are above
    /// the mandate's number for this hour.
    pub waiting: u64,
    /// The file as a record: by it the whole of it can be found and withdrawn.
    pub import: Option<ImportId>,
    /// Lines that were not taken.
    pub rejected: Vec<RejectedLine>,
}

/// Somebody who may say who was aboard the trips of one carrier. Made from a session that has the
/// power, or by the machine's own command line for a carrier that is named.
#[derive(Clone, Debug)]
pub struct Conductor {
    agency: AgencyId,
    region: Division,
    staff: Option<StaffId>,
}

impl Conductor {
    fn author_of(&self, import: Option<ImportId>) -> Author {
        Author {
            agency: self.agency,
            kind: AgencyKind::Carrier,
            region: self.region.clone(),
            staff: self.staff,
            import,
        }
    }
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

/// A line that fits its trip, of a passenger who is registered: all that is kept of it until the whole
/// list is read, some hundred bytes. A line may leave to another when the trip arrived, and who is
/// aboard with a case is weighed for a list as a whole.
struct Boarded {
    /// Its number in [`State::trips`].
    trip: usize,
    holder: HolderId,
    told: Kept,
}

#[derive(Default)]
struct State {
    trips: Vec<KnownTrip>,
    /// Where they stand.
    numbers: HashMap<TripKey, usize>,
    /// What the list said of each visit so far.
    told: HashMap<VisitKey, (Option<Timestamp>, Ride)>,
    /// With their trips.
    taken: Vec<(usize, Taken)>,
    /// Everybody whom a line of the list led to.
    asked: BTreeSet<HolderId>,
    /// Trips told of by the unit under way, as they were before.
    undo: Vec<(usize, Option<Trip>)>,
    report: RideReport,
}

impl App {
    /// The handle with which a member of a carrier's staff tells who was aboard.
    pub fn conductor(&self, session: &StaffSession) -> Result<Conductor> {
        let staff = session.need(Power::RecordRides)?;
        let (agency, region) = (staff.agency, staff.region.clone());
        Ok(Conductor { agency, region, staff: Some(staff.id) })
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
        Ok(Conductor { agency: agency.id, region: agency.region, staff: None })
    }

    /// Takes over a carrier's list of passengers. Wrong lines are reported one by one, right ones
    /// taken; running the same list again changes nothing.
    pub async fn import_rides(self: &Arc<Self>, by: &Conductor, csv: &[u8]) -> Result<RideReport> {
        self.import_rides_within(by, csv, SMALL_FILE).await
    }

    /// The same for a file that is read as it comes, in this way.
    pub async fn import_rides_within(
        self: &Arc<Self>,
        by: &Conductor,
        csv: impl Read + Send,
        reading: impl Into<Reading> + Send,
    ) -> Result<RideReport> {
        let reading = reading.into();
        let mut csv = Digesting::new(csv);
        let _one = self.locks.carriers.lock().await;
        let mut state = State::default();
        // All that the list tells of the stops comes first: a line may leave to another when the
        // trip arrived.
        let boarded = self.read_boardings(by, &mut csv, &reading, &mut state).await?;
        // A file without a line is no record.
        if state.report.lines == 0 {
            return Ok(state.report);
        }
        if reading.check {
            return self.check_rides(&by.author_of(None), boarded, state).await;
        }
        let run = self.begin_import(ImportKind::Rides, &by.author_of(None), csv.sha256()).await?;
        let author = by.author_of(Some(run));
        state.report.import = Some(run);
        for b in boarded {
            if let Err(r) = self.take_boarding(&b, &mut state).await? {
                state.report.rejected.push(r.at(b.told.line));
            }
        }
        self.note_passengers(&author, &state.asked).await?;
        let taken = std::mem::take(&mut state.taken);
        let heavy = self.beside_a_case(&taken).await?;
        let (heavy, light): (Vec<_>, Vec<_>) = taken.into_iter().zip(heavy).partition(|(_, h)| *h);
        let [mut heavy, mut light] =
            [heavy, light].map(|v| v.into_iter().map(|(t, _)| t).collect::<Vec<_>>());
        while !light.is_empty() {
            let rest = light.split_off(light.len().min(UNIT));
            let some = std::mem::replace(&mut light, rest);
            self.write_rides(&author, some, false, &mut state).await?;
        }
        let room = self.room(&author, author.agency).await?;
        if heavy.len() as u64 <= room {
            while !heavy.is_empty() {
                let rest = heavy.split_off(heavy.len().min(UNIT));
                let some = std::mem::replace(&mut heavy, rest);
                // Another list was faster: the rest has to wait after all.
                if let Some(above) = self.write_rides(&author, some, true, &mut state).await? {
                    heavy.extend(above);
                    break;
                }
            }
        }
        self.hold_rides(&author, heavy, &mut state).await?;
        let mut report = state.report;
        report.rejected.sort_by_key(|r| r.line);
        let rejected = report.rejected.len() as u64;
        let known = report.unchanged + report.too_old;
        all_told(report.lines, report.taken + known + report.waiting + rejected)?;
        let (taken, unchanged, waiting) = (report.taken, known, report.waiting);
        self.end_import(run, ImportCounts { taken, unchanged, rejected, waiting }).await?;
        Ok(report)
    }

    /// What would become of the lines of a list. Nothing is recorded but whom somebody asked for.
    async fn check_rides(
        &self,
        author: &Author,
        boarded: Vec<Boarded>,
        mut state: State,
    ) -> Result<RideReport> {
        for b in boarded {
            if let Err(r) = self.take_boarding(&b, &mut state).await? {
                state.report.rejected.push(r.at(b.told.line));
            }
        }
        let taken = std::mem::take(&mut state.taken);
        let heavy = self.beside_a_case(&taken).await?;
        let weighing = heavy.iter().filter(|h| **h).count() as u64;
        let waits = weighing > self.room(author, author.agency).await?;
        let mut trips = BTreeSet::new();
        for ((trip, t), heavy) in taken.iter().zip(heavy) {
            if !(heavy && waits) {
                state.report.taken += 1;
            } else if self.store.waits(self.held_ride_key(&t.visit, t.ride)).await? {
                state.report.unchanged += 1;
                continue;
            } else {
                state.report.waiting += 1;
            }
            trips.extend(state.trips.get(*trip).filter(|k| k.new).map(|_| *trip));
        }
        self.note_asked(author, state.asked).await?;
        let mut report = state.report;
        report.new_trips = trips.len() as u64;
        report.rejected.sort_by_key(|r| r.line);
        let told = report.taken + report.unchanged + report.too_old + report.waiting;
        all_told(report.lines, told + report.rejected.len() as u64)?;
        Ok(report)
    }

    /// What makes two rides that wait the same.
    fn held_ride_key(&self, visit: &Visit, ride: Ride) -> [u8; 16] {
        // As it was before rides had ids of their own.
        let number = self.ride_id(visit.holder, visit.place, visit.entered).as_i64();
        self.deployment.keys.evidence_key(&format!("ride/{number}/{:?}/{ride:?}", visit.left))
    }

    /// The file asked for these people: each of them sees that, once.
    async fn note_passengers(&self, author: &Author, asked: &BTreeSet<HolderId>) -> Result<()> {
        let mut writes = Vec::new();
        for holder in asked {
            let what = What::Registration;
            writes.extend(self.look_writes(author, *holder, Purpose::RecordEvidence, what)?);
            if writes.len() >= UNIT {
                self.commit("import_rides_looks", std::mem::take(&mut writes)).await?;
            }
        }
        if !writes.is_empty() {
            self.commit("import_rides_looks", writes).await?;
        }
        Ok(())
    }

    /// Which of these rides put somebody aboard with a case: from them contacts follow.
    async fn beside_a_case(&self, taken: &[(usize, Taken)]) -> Result<Vec<bool>> {
        let kept_from = crate::search_rules::kept_from(&self.policy(), self.now());
        let cases = self.standing_cases(None, kept_from).await?;
        let cases: HashSet<HolderId> = cases.iter().map(|c| c.holder).collect();
        let mut trips: BTreeMap<PlaceId, bool> = BTreeMap::new();
        for (_, t) in taken {
            let aboard = trips.entry(t.visit.place).or_default();
            *aboard |= cases.contains(&t.visit.holder);
        }
        let ever = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
        let index = read(&self.memory.index);
        for (place, aboard) in &mut trips {
            *aboard |= index.visits_at(*place, ever).any(|v| cases.contains(&v.holder));
        }
        drop(index);
        Ok(taken.iter().map(|(_, t)| trips.get(&t.visit.place) == Some(&true)).collect())
    }

    /// Lets rides wait. Their trips are told of all the same: a timetable is about nobody.
    async fn hold_rides(
        self: &Arc<Self>,
        author: &Author,
        heavy: Vec<(usize, Taken)>,
        state: &mut State,
    ) -> Result<()> {
        let mut pieces = Vec::new();
        let mut writes = Vec::new();
        let mut new_places = Vec::new();
        for (trip, Taken { visit, ride }) in heavy {
            let external = self.held_ride_key(&visit, ride);
            if self.store.waits(external).await? {
                state.report.unchanged += 1;
                continue;
            }
            state.tell_trip(trip, &mut writes, &mut new_places);
            pieces.push(HeldPiece {
                holder: Some(visit.holder),
                held: Held::Ride { visit, ride },
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

    /// The id by which a ride is found among the records: a visit has none of its own.
    pub(crate) fn ride_id(&self, holder: HolderId, trip: PlaceId, entered: Timestamp) -> RideId {
        let key = format!("ride/{holder}/{trip}/{}", entered.as_secs());
        RideId::from_random(crate::keys::first_bits(self.deployment.keys.evidence_key(&key)))
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

    /// Reads a list to its end, a hundred lines in memory at a time, and joins what they say of
    /// their trips' stops; returns what is kept of the lines that fit. Nothing is written before the
    /// end is known: a list that breaks off, or holds too much, takes nothing.
    async fn read_boardings(
        &self,
        by: &Conductor,
        csv: impl Read + Send,
        reading: &Reading,
        state: &mut State,
    ) -> Result<Vec<Boarded>> {
        let mut lines = Lines::open_strict(csv, reading, &WANTED, &OPTIONAL)?;
        let now = self.now();
        let oldest = crate::search_rules::kept_from(&self.policy(), now);
        let mut all = Vec::new();
        loop {
            let piece = lines.piece()?;
            if piece.is_empty() {
                return Ok(all);
            }
            state.report.lines += piece.len() as u64;
            for (line, fields) in piece {
                match fields.and_then(|f| Boarding::read(line, &f, now)) {
                    Ok(b) => match self.board(by, &b, oldest, state).await? {
                        Ok(boarded) => all.extend(boarded),
                        Err(r) => state.report.rejected.push(r.at(line)),
                    },
                    Err(r) => state.report.rejected.push(r.at(line)),
                }
            }
        }
    }

    /// Joins what a line says of its trip's stops, and finds the passenger. `None`: it is too old.
    async fn board(
        &self,
        by: &Conductor,
        b: &Boarding,
        oldest: Timestamp,
        state: &mut State,
    ) -> Result<std::result::Result<Option<Boarded>, Rejection>> {
        let trip = if let Some(trip) = state.numbers.get(&b.trip) {
            *trip
        } else {
            state.trips.push(self.known_trip(by, b).await?);
            state.numbers.insert(b.trip.clone(), state.trips.len() - 1);
            state.trips.len() - 1
        };
        let known = state.trips.get_mut(trip).ok_or_else(no_trip)?;
        match b.with_stops(&known.now) {
            Ok(now) => known.now = now,
            Err(r) => return Ok(Err(r)),
        }
        if b.departs < oldest {
            state.report.too_old += 1;
            return Ok(Ok(None));
        }
        let holder = match self.locate(&by.region, &b.whom).await {
            Ok(located) => located.holder.id,
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
        state.asked.insert(holder);
        Ok(Ok(Some(Boarded { trip, holder, told: b.kept() })))
    }

    /// The trip of a line; a carrier's trips are its own, whatever numbers others use.
    async fn known_trip(&self, by: &Conductor, b: &Boarding) -> Result<KnownTrip> {
        let TripKey { kind, number, date } = &b.trip;
        let key = format!("trip:{}:{kind}:{number}:{date}", by.agency);
        let number = &b.number;
        let id = self.imported_place_id("trip", &key);
        let place = self.memory.place(id);
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

    /// Takes a line, now that all is known of its trip.
    async fn take_boarding(
        &self,
        b: &Boarded,
        state: &mut State,
    ) -> Result<std::result::Result<(), Rejection>> {
        let known = state.trips.get(b.trip).ok_or_else(no_trip)?;
        let (holder, place) = (b.holder, known.place.id);
        let visit = Visit {
            holder,
            place,
            entered: b.told.departs,
            left: b.told.left(&known.now),
            presence: Presence::Imported,
        };
        let ride = b.told.ride;
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
        let id = self.ride_id(holder, place, visit.entered);
        if self.store.withdrawal(RecordKind::Ride, id.as_i64()).await?.is_some() {
            return Ok(Err(Rejection::new(
                "ride.withdrawn",
                "This ride was told before and withdrawn, so it is not recorded again. If it did take place, correct what was wrong of it (the trip, the passenger or the departure).",
            )));
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
        let index = read(&self.memory.index);
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

    /// Writes what was taken, with the trips it needs, and only then shows it to traces. What weighs
    /// and is above the mandate's number after all is handed back.
    async fn write_rides(
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
            writes.extend(ride_writes(id, t.visit, t.ride));
            // A ride that is told again with its end or its seat keeps its author.
            if self.store.authorship(RecordKind::Ride, id.as_i64()).await?.is_none() {
                writes.extend(signed.rows(RecordKind::Ride, id.as_i64(), None, now));
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

fn no_trip() -> ServiceError {
    ServiceError::internal("a line without its trip")
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

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
use jadegate_domain::record::{ImportKind, RecordKind};
use jadegate_domain::{
    AgencyId, AgencyKind, Division, HolderId, Period, Place, PlaceId, Presence, Purpose, Ride,
    StaffId, Timestamp, Trip, Visit, VisitKey,
};
use jadegate_store::ImportCounts;
use serde::Serialize;

use super::lines::{Lines, Reading, Rejection, SMALL_FILE, all_told};
use super::manifest::{Boarding, Kept, OPTIONAL, TripKey, WANTED};
use super::runs::Digesting;
use crate::app::App;
use crate::author::Author;
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
pub(super) struct KnownTrip {
    pub(super) place: Place,
    /// Is the place new?
    pub(super) new: bool,
    /// As it is stored.
    pub(super) before: Option<Trip>,
    /// With what the list tells.
    pub(super) now: Trip,
}

/// A boarding that changes something.
pub(super) struct Taken {
    pub(super) visit: Visit,
    pub(super) ride: Ride,
    /// The document by which the passenger was found, if by one.
    pub(super) document: Option<[u8; 16]>,
}

/// A line that fits its trip, of a passenger who is registered: all that is kept of it until the whole
/// list is read, some hundred bytes. A line may leave to another when the trip arrived, and who is
/// aboard with a case is weighed for a list as a whole.
struct Boarded {
    /// Its number in [`State::trips`].
    trip: usize,
    holder: HolderId,
    document: Option<[u8; 16]>,
    told: Kept,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) trips: Vec<KnownTrip>,
    /// Where they stand.
    numbers: HashMap<TripKey, usize>,
    /// What the list said of each visit so far.
    told: HashMap<VisitKey, (Option<Timestamp>, Ride)>,
    /// With their trips.
    taken: Vec<(usize, Taken)>,
    /// Everybody whom a line of the list led to.
    asked: BTreeSet<HolderId>,
    /// Trips told of by the unit under way, as they were before.
    pub(super) undo: Vec<(usize, Option<Trip>)>,
    pub(super) report: RideReport,
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

    /// The id by which a ride is found among the records: a visit has none of its own.
    pub(crate) fn ride_id(&self, holder: HolderId, trip: PlaceId, entered: Timestamp) -> RideId {
        let key = format!("ride/{holder}/{trip}/{}", entered.as_secs());
        RideId::from_random(crate::keys::first_bits(self.deployment.keys.evidence_key(&key)))
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
        let (holder, document) = match self.locate(&by.region, &b.whom).await {
            Ok(located) => (located.holder.id, located.document),
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
        Ok(Ok(Some(Boarded { trip, holder, document, told: b.kept() })))
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
            Ok(Some(visit)) => {
                let document = b.document;
                state.taken.push((b.trip, Taken { visit, ride, document }));
            }
            Ok(None) => state.report.unchanged += 1,
            Err(r) => return Ok(Err(r)),
        }
        Ok(Ok(()))
    }

    /// Compares a boarding with what is known of it: the visit to write; `None`: all of it is known.
    fn what_is_new(
        &self,
        visit: Visit,
        ride: Ride,
    ) -> std::result::Result<Option<Visit>, Rejection> {
        let index = read(&self.memory.index);
        let moment = Period { from: visit.entered, to: visit.entered.plus_secs(1) };
        let known = index
            .visits_of(visit.holder, moment)
            .find(|v| (v.place, v.entered) == (visit.place, visit.entered));
        let Some(known) = known else { return Ok(Some(visit)) };
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
        Ok((ends || !same).then_some(visit))
    }
}

fn no_trip() -> ServiceError {
    ServiceError::internal("a line without its trip")
}

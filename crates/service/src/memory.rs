//! What is kept in memory of the store, so that it need not be asked each time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, RwLock};

use arc_swap::ArcSwap;
use jadegate_domain::gate::{Direction, GateCounts};
use jadegate_domain::{
    AgencyId, HolderId, Period, Place, PlaceId, PlaceKind, Presence, Scan, ScanOutcome, Visit,
    VisitKey,
};
use jadegate_policy::Policy;
use jadegate_store::StoredRide;
use jadegate_trace::{KnownVisit, VisitIndex};

use crate::appeal_figures::AppealFigures;
use crate::concurrency::{read, write};
use crate::follower::Follower;
use crate::in_force::{InForce, Regions};
use crate::issued::Issued;
use crate::known_places::KnownPlaces;
use crate::log::LogTree;
use crate::mandate::Mandates;
use crate::openings::Openings;
use crate::policy_changes::KeptHistory;
use crate::signed_list::SignedPaperList;
use crate::staff::tracing::late::LateData;
use crate::visits::IndexMaintenance;

/// Visits that are fed under one lock.
const VISITS: usize = 256;
/// The same of rides, which cost less.
const RIDES: usize = 1024;

/// Policy and risk levels, places, visits, today's counts, the public log's tree.
pub(crate) struct Memory {
    pub(crate) policy: ArcSwap<InForce>,
    /// On what authority, until when and within which limits.
    pub(crate) mandates: ArcSwap<Mandates>,
    pub(crate) regions: ArcSwap<Regions>,
    pub(crate) places: RwLock<KnownPlaces>,
    pub(crate) counts: RwLock<HashMap<PlaceId, (jiff::civil::Date, GateCounts)>>,
    pub(crate) index: RwLock<VisitIndex>,
    pub(crate) maintenance: IndexMaintenance,
    /// Visits that may change earlier traces.
    pub(crate) late: LateData,
    pub(crate) log_tree: tokio::sync::Mutex<LogTree>,
    /// The newest list of how codes on paper stand, for the minute in which many gates ask for it.
    pub(crate) paper_list: tokio::sync::Mutex<Option<SignedPaperList>>,
    /// What the public was told of appeals up to the last midnight.
    pub(crate) appeal_figures: tokio::sync::Mutex<Option<Arc<AppealFigures>>>,
    /// What everybody is told of the policies that were in force.
    pub(crate) policy_history: tokio::sync::Mutex<Option<KeptHistory>>,
    /// Codes signed here.
    pub(crate) issued: Issued,
    /// What holders were shown beside their codes.
    pub(crate) openings: Openings,
    /// How far all of this but the log's tree, codes and openings follows the store.
    pub(crate) follower: Follower,
}

impl Memory {
    /// Empty but for the policy; the index is saved at `index_file`.
    pub(crate) fn new(in_force: InForce, mandates: Mandates, index_file: Option<PathBuf>) -> Self {
        Self {
            policy: ArcSwap::from_pointee(in_force),
            mandates: ArcSwap::from_pointee(mandates),
            regions: ArcSwap::default(),
            places: RwLock::default(),
            counts: RwLock::default(),
            index: RwLock::new(VisitIndex::new()),
            maintenance: IndexMaintenance::new(index_file),
            late: LateData::default(),
            log_tree: tokio::sync::Mutex::default(),
            issued: Issued::default(),
            openings: Openings::default(),
            paper_list: tokio::sync::Mutex::default(),
            appeal_figures: tokio::sync::Mutex::default(),
            policy_history: tokio::sync::Mutex::default(),
            follower: Follower::default(),
        }
    }

    /// Everything about people is gone from the store: it goes here, too. Visits go with their days.
    pub(crate) fn forget_people(&self) {
        self.openings.forget_all();
        self.issued.forget();
        write(&self.counts).clear();
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.load().policy)
    }

    /// A registered place.
    pub(crate) fn place(&self, id: PlaceId) -> Option<Arc<Place>> {
        read(&self.places).get(id).cloned()
    }

    /// The places after an id, by id: of an agency if given. Read in parts, so that nobody waits for
    /// all of them; a place registered meanwhile may or may not be among them.
    pub(crate) fn places_after(
        &self,
        agency: Option<AgencyId>,
        after: Option<PlaceId>,
    ) -> impl Iterator<Item = Arc<Place>> {
        let mut after = after;
        std::iter::from_fn(move || {
            let places = read(&self.places);
            let part = match agency {
                Some(agency) => places.part_of(agency, after),
                None => places.part(after),
            };
            after = Some(part.last()?.id);
            Some(part)
        })
        .flatten()
    }

    /// A place of which nothing is known is one of the other kinds.
    pub(crate) fn place_kind(&self, id: PlaceId) -> PlaceKind {
        self.place(id).map_or(PlaceKind::Other, |p| p.kind)
    }

    /// A place that is registered or changes.
    pub(crate) fn remember_place(&self, place: Place) {
        write(&self.places).insert(Arc::new(place));
    }

    /// Visits, what became known of them, and what tickets say of them: to the index.
    pub(crate) fn feed(&self, rides: &[StoredRide], visits: &[Visit]) {
        // In parts: nobody who passes a gate waits for the whole of an import. Rides first: no trace
        // sees a visit without its seat.
        for part in rides.chunks(RIDES) {
            let each = part.iter().map(|r| (r.holder, r.trip, r.entered, r.ride));
            write(&self.index).set_rides(each);
        }
        for part in visits.chunks(VISITS) {
            let mut index = write(&self.index);
            for visit in part {
                index.insert(*visit);
            }
            // Under the same lock: a copy is of the moment of its count.
            self.maintenance.fed.fetch_add(part.len(), Ordering::Relaxed);
        }
    }

    /// The same for the traces that they may change, once they are in the index. A visit that was known
    /// may have another seat now, which changes traces too.
    pub(crate) fn note_late(&self, rides: &[StoredRide], visits: &[Visit]) {
        let mut late: Vec<KnownVisit> = visits.iter().map(KnownVisit::from).collect();
        late.extend(rides.iter().map(|r| self.known(&aboard(r))));
        self.late.note(&late);
    }

    /// The main record of whoever has this one, as far as it is known here.
    pub(crate) fn person(&self, record: HolderId) -> HolderId {
        read(&self.index).person(record)
    }

    /// A visit as far as it is known.
    pub(crate) fn known(&self, key: &VisitKey) -> KnownVisit {
        let VisitKey { entered, holder, place, presence } = *key;
        let moment = Period { from: entered, to: entered.plus_secs(1) };
        let known = read(&self.index).visits_of(holder, moment).find(|v| v.key() == *key);
        known.unwrap_or(KnownVisit { holder, place, entered, left: None, presence })
    }

    /// A scan, in the numbers of its place and local day.
    pub(crate) fn count_scan(&self, scan: &Scan) {
        let day = scan.at.local_day(self.policy().calendar().zone());
        let mut counts = write(&self.counts);
        let entry = counts.entry(scan.place).or_insert((day, GateCounts::default()));
        if entry.0 < day {
            *entry = (day, GateCounts::default());
        } else if entry.0 > day {
            return;
        }
        match (scan.direction, scan.outcome) {
            (_, ScanOutcome::Refused) => entry.1.refused += 1,
            (Direction::Out, _) => entry.1.left += 1,
            (Direction::In, ScanOutcome::Admitted) => entry.1.admitted += 1,
            (Direction::In, ScanOutcome::Override) => entry.1.overridden += 1,
        }
    }
}

/// The visit that a passenger list made of a ride.
pub(crate) const fn aboard(ride: &StoredRide) -> VisitKey {
    let StoredRide { holder, trip: place, entered, .. } = *ride;
    VisitKey { entered, holder, place, presence: Presence::Imported }
}

//! What is kept in memory of the store, so that it need not be asked each time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use arc_swap::ArcSwap;
use jadegate_domain::gate::GateCounts;
use jadegate_domain::{AgencyId, Place, PlaceId, PlaceKind};
use jadegate_policy::Policy;
use jadegate_trace::VisitIndex;

use crate::concurrency::{read, write};
use crate::in_force::{InForce, Regions};
use crate::known_places::KnownPlaces;
use crate::log::LogTree;
use crate::staff::tracing::late::LateData;
use crate::visits::IndexMaintenance;

/// Policy and risk levels, places, visits, today's counts, the public log's tree.
pub(crate) struct Memory {
    pub(crate) policy: ArcSwap<InForce>,
    pub(crate) regions: ArcSwap<Regions>,
    pub(crate) places: RwLock<KnownPlaces>,
    pub(crate) counts: RwLock<HashMap<PlaceId, (jiff::civil::Date, GateCounts)>>,
    pub(crate) index: RwLock<VisitIndex>,
    pub(crate) maintenance: IndexMaintenance,
    /// Visits that may change earlier traces.
    pub(crate) late: LateData,
    pub(crate) log_tree: tokio::sync::Mutex<LogTree>,
}

impl Memory {
    /// Empty but for the policy; the index is saved at `index_file`.
    pub(crate) fn new(in_force: InForce, index_file: Option<PathBuf>) -> Self {
        Self {
            policy: ArcSwap::from_pointee(in_force),
            regions: ArcSwap::default(),
            places: RwLock::default(),
            counts: RwLock::default(),
            index: RwLock::new(VisitIndex::new()),
            maintenance: IndexMaintenance::new(index_file),
            late: LateData::default(),
            log_tree: tokio::sync::Mutex::default(),
        }
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

    /// Called for each place that is registered or changes.
    pub(crate) fn remember_place(&self, place: Place) {
        write(&self.places).insert(Arc::new(place));
    }
}

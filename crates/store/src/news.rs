//! What a unit says to those who follow the store.

use jadegate_domain::{HolderId, PlaceId, Presence, Timestamp, Visit, VisitKey};

use crate::changes::Change;
use crate::units::{Receipt, Unit};
use crate::write::Write;

impl Unit {
    /// What those who follow the store must know of the unit's writes, in their order, each with its
    /// write's place in the unit: the same that the store tells from then on, but for visits that are
    /// taken back or shortened, which only the unit names.
    pub fn changes(&self) -> Vec<(usize, Change)> {
        let told = |(n, write): (usize, &Write)| {
            write.changes().into_iter().map(move |change| (n, change)).collect::<Vec<_>>()
        };
        self.writes.iter().enumerate().flat_map(told).collect()
    }
}

impl Receipt {
    /// Of a unit's changes those that were news.
    pub fn news(&self, told: Vec<(usize, Change)>) -> Vec<Change> {
        let new = told.into_iter().filter(|(write, _)| !self.was_known(*write));
        new.map(|(_, change)| change).collect()
    }
}

impl Write {
    /// What those who follow the store must know of this write.
    fn changes(&self) -> Vec<Change> {
        match self {
            Self::PublishPolicy { .. } => vec![Change::Policy],
            Self::AddMandateStep(_) => vec![Change::Mandate],
            Self::AddRegionRisk(_) | Self::EndRegionRisk { .. } => vec![Change::RiskLevels],
            Self::PutLink { .. } | Self::EndLink(_) => vec![Change::Links],
            Self::AddPlace(place) => vec![Change::Place(place.clone())],
            Self::PutRide(ride) => vec![Change::Ride(*ride)],
            Self::AddVisit(visit) => vec![Change::Visit(*visit)],
            Self::CloseVisit { visit, left } => vec![Change::Visit(ended(visit, *left))],
            Self::ShortenVisit { visit, to, .. } => {
                vec![Change::TakenBack(*visit), Change::Visit(ended(visit, *to))]
            }
            Self::WithdrawRide { holder, trip, entered } => {
                vec![Change::TakenBack(aboard(*holder, *trip, *entered))]
            }
            Self::AddScan(scan) => vec![Change::Scan(scan.clone())],
            Self::AddCase(case) => vec![Change::Case(case.id)],
            Self::UpdateCase { case, .. } => vec![Change::Case(case.id)],
            Self::MoveCase { case, .. } | Self::WithdrawCase { case, .. } => {
                vec![Change::Case(*case)]
            }
            Self::AddTrace(trace) => vec![Change::Case(trace.case)],
            _ => Vec::new(),
        }
    }
}

const fn ended(visit: &VisitKey, left: Timestamp) -> Visit {
    let VisitKey { entered, holder, place, presence } = *visit;
    Visit { holder, place, entered, left: Some(left), presence }
}

/// The visit that a passenger list made.
const fn aboard(holder: HolderId, place: PlaceId, entered: Timestamp) -> VisitKey {
    VisitKey { entered, holder, place, presence: Presence::Imported }
}

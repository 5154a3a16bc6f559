//! Places: where visits happen.

use serde::{Deserialize, Serialize};

use crate::agency::names;
use crate::{AgencyId, Division, PlaceId, Timestamp};

names! {
    /// What kind of place; policies give contact thresholds and usual stays per kind.
    PlaceKind, "kind of place" {
        /// Shop or mall.
        Shop = "shop",
        /// Market or supermarket.
        Market = "market",
        /// Restaurant, café or bar.
        Restaurant = "restaurant",
        /// Hospital or clinic.
        Hospital = "hospital",
        /// Pharmacy.
        Pharmacy = "pharmacy",
        /// School or university.
        School = "school",
        /// Office or workplace.
        Office = "office",
        /// Residential compound or building.
        Residence = "residence",
        /// Hotel.
        Hotel = "hotel",
        /// Railway, bus or metro station, airport.
        Station = "station",
        /// Cinema, gym, museum, nightlife.
        Leisure = "leisure",
        /// Park or other open air.
        Outdoor = "outdoor",
        /// Place of worship.
        Worship = "worship",
        /// Government office or counter.
        Government = "government",
        /// A bus or metro trip.
        Bus = "bus",
        /// A train trip.
        Train = "train",
        /// A flight.
        Flight = "flight",
        /// A taxi or shared car.
        Taxi = "taxi",
        /// A ship or ferry.
        Ferry = "ferry",
        /// Anything else.
        Other = "other",
    }
}

impl PlaceKind {
    /// Is this a trip (it moves and has a date) rather than a venue?
    pub const fn is_vehicle(self) -> bool {
        matches!(self, Self::Bus | Self::Train | Self::Flight | Self::Taxi | Self::Ferry)
    }
}

/// A venue, or one trip of a vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Place {
    /// The id by which visits and gates name it.
    pub id: PlaceId,
    /// The kind, by which a policy sets its thresholds.
    pub kind: PlaceKind,
    /// Name as on its door, or the trip's number and date.
    pub name: String,
    /// Where it is (for a trip: where it starts).
    pub division: Division,
    /// The agency that runs it, if registered.
    pub agency: Option<AgencyId>,
    /// Since when it is registered.
    pub registered_at: Timestamp,
    /// Key under which an importer knows it (`calgary:4b3f...`); unique, `None` if not imported.
    pub external_key: Option<String>,
}

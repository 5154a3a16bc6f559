//! Lists of visits: of a person, of a place.

use jadegate_domain::{HolderId, Period, PlaceId, Ride, Timestamp};

use crate::index::{Spot, VisitIndex};
use crate::row::{Cell, KnownVisit, moment, secs};

impl VisitIndex {
    /// Visits of a person that touch a period, by time, of all their [records](Self::join). A visit without a known end touches every
    /// period that ends after its beginning and begins before or with it: its end is the business
    /// of the rules. Without those that are [another's](Self::share) as well.
    pub fn visits_of(&self, holder: HolderId, period: Period) -> impl Iterator<Item = KnownVisit> {
        self.visits_counted_for(holder, period).filter(|v| !self.is_copy(v))
    }

    /// The same with those: all that a search from somebody sees.
    pub fn visits_counted_for(
        &self,
        holder: HolderId,
        period: Period,
    ) -> impl Iterator<Item = KnownVisit> {
        let mut rows = Vec::new();
        if let Some(h) = self.holder_number(holder) {
            self.rows_of(h, &mut rows);
        }
        self.within(rows, period)
    }

    /// What tickets say of a holder's visits aboard a trip, by moment of entry.
    pub fn rides_of(&self, holder: HolderId, trip: PlaceId) -> Vec<(Timestamp, Ride)> {
        let mut rows = Vec::new();
        if let (true, Some(h)) = (self.has_rides(), self.holder_number(holder)) {
            self.rows_of(h, &mut rows);
        }
        let place = self.place_number(trip);
        rows.retain(|r| Some(r.place) == place);
        rows.sort_unstable_by_key(|r| r.entered);
        rows.dedup_by_key(|r| r.entered);
        rows.iter().map(|r| (moment(r.entered), self.ride(r))).collect()
    }

    /// Visits at a place that touch a period, by time; see [`visits_of`](Self::visits_of).
    pub fn visits_at(&self, place: PlaceId, period: Period) -> impl Iterator<Item = KnownVisit> {
        let mut rows = Vec::new();
        if let Some(p) = self.place_number(place) {
            self.rows_at(p, 0, secs(period.to), u32::MAX, Spot::BUFFER, |c| {
                rows.extend(c.iter().map(|c| Cell::of(c).at(p)));
            });
        }
        self.within(rows, period)
    }
}

//! Places, gates, and the days' visits and scans.

use jadegate_domain::{Gate, GateId, Place, PlaceId, Scan, ScanId, Timestamp, Trip, Visit};
use jadegate_store::{Listed, Page, StoredRide};

use super::{ALL, from, listed, listed_from, numbers, one};
use crate::connection::Client;
use crate::days::Kind;
use crate::error::Result;
use crate::value::NONE;
use jadegate_store_rows::{GateRow, PlaceRow, RideRow, ScanRow, TripRow, VisitRow};

pub(crate) async fn place(c: &Client, id: PlaceId) -> Result<Option<Place>> {
    one::<PlaceRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn places(c: &Client, page: Page<PlaceId>) -> Result<Listed<Place>> {
    let (after, most) = from(page, PlaceId::as_i64);
    listed::<PlaceRow>(c, "WHERE id > $1 ORDER BY id", [after], most).await
}

pub(crate) async fn trip(c: &Client, place: PlaceId) -> Result<Option<Trip>> {
    one::<TripRow>(c, "WHERE place = $1", [place.as_i64()]).await
}

pub(crate) async fn gate(c: &Client, id: GateId) -> Result<Option<Gate>> {
    one::<GateRow>(c, "WHERE id = $1", [id.as_i64()]).await
}

pub(crate) async fn gates(c: &Client, place: PlaceId) -> Result<Listed<Gate>> {
    listed::<GateRow>(c, "WHERE place = $1 ORDER BY id", [place.as_i64()], ALL).await
}

pub(crate) async fn visit_days(c: &Client) -> Result<Vec<i64>> {
    numbers(c, "day_mark", "SELECT day FROM day_mark WHERE mark > 0 ORDER BY day", NONE).await
}

pub(crate) async fn visits_on(c: &Client, day: i64) -> Result<Listed<Visit>> {
    listed_from::<VisitRow>(c, &Kind::Visit.rows(day), "", NONE, ALL).await
}

pub(crate) async fn rides_on(c: &Client, day: i64) -> Result<Listed<StoredRide>> {
    listed_from::<RideRow>(c, &Kind::Ride.rows(day), "", NONE, ALL).await
}

pub(crate) async fn scan(
    c: &Client,
    at: Timestamp,
    gate: GateId,
    id: ScanId,
) -> Result<Option<Scan>> {
    let key = [at.as_secs(), gate.as_i64(), id.as_i64()];
    one::<ScanRow>(c, "WHERE at = $1 AND gate = $2 AND id = $3", key).await
}

pub(crate) async fn scans_on(c: &Client, day: i64) -> Result<Listed<Scan>> {
    listed_from::<ScanRow>(c, &Kind::Scan.rows(day), "ORDER BY at, gate, id", NONE, ALL).await
}

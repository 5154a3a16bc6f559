//! Places, gates, and the days' visits and scans.

use jadegate_domain::{Gate, GateId, Place, PlaceId, Scan, ScanId, Timestamp, Trip, Visit};
use jadegate_store::{Listed, Page, StoredRide};
use rusqlite::Connection;

use super::{ALL, from, listed, listed_from, number, one, one_from, snapshot};
use crate::days::{Kind, days, exists};
use crate::error::Result;
use crate::rows::{GateRow, PlaceRow, RideRow, ScanRow, TripRow, VisitRow};

pub(crate) fn place(c: &Connection, id: PlaceId) -> Result<Option<Place>> {
    one::<PlaceRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn places(c: &Connection, page: Page<PlaceId>) -> Result<Listed<Place>> {
    let (after, most) = from(page, PlaceId::as_i64);
    listed::<PlaceRow>(c, "WHERE id > ?1 ORDER BY id", [after], most)
}

pub(crate) fn trip(c: &Connection, place: PlaceId) -> Result<Option<Trip>> {
    one::<TripRow>(c, "WHERE place = ?1", [place.as_i64()])
}

pub(crate) fn gate(c: &Connection, id: GateId) -> Result<Option<Gate>> {
    one::<GateRow>(c, "WHERE id = ?1", [id.as_i64()])
}

pub(crate) fn gates(c: &Connection, place: PlaceId) -> Result<Listed<Gate>> {
    listed::<GateRow>(c, "WHERE place = ?1 ORDER BY id", [place.as_i64()], ALL)
}

pub(crate) fn visit_days(c: &Connection) -> Result<Vec<i64>> {
    days(c, Kind::Visit)
}

pub(crate) fn visits_on(c: &Connection, day: i64) -> Result<Listed<Visit>> {
    snapshot(c, |c| {
        if !exists(c, Kind::Visit, day)? {
            return Ok(Listed::default());
        }
        listed_from::<VisitRow>(c, &Kind::Visit.table(day), "", [], ALL)
    })
}

pub(crate) fn rides_on(c: &Connection, day: i64) -> Result<Listed<StoredRide>> {
    snapshot(c, |c| {
        if !exists(c, Kind::Ride, day)? {
            return Ok(Listed::default());
        }
        listed_from::<RideRow>(c, &Kind::Ride.table(day), "", [], ALL)
    })
}

pub(crate) fn scan(
    c: &Connection,
    at: Timestamp,
    gate: GateId,
    id: ScanId,
) -> Result<Option<Scan>> {
    snapshot(c, |c| {
        if !exists(c, Kind::Scan, at.utc_day())? {
            return Ok(None);
        }
        let rest = "WHERE at = ?1 AND gate = ?2 AND id = ?3";
        let key = [at.as_secs(), gate.as_i64(), id.as_i64()];
        one_from::<ScanRow>(c, &Kind::Scan.table(at.utc_day()), rest, key)
    })
}

pub(crate) fn scans_on(c: &Connection, day: i64) -> Result<Listed<Scan>> {
    snapshot(c, |c| {
        if !exists(c, Kind::Scan, day)? {
            return Ok(Listed::default());
        }
        listed_from::<ScanRow>(c, &Kind::Scan.table(day), "ORDER BY at, gate, id", [], ALL)
    })
}

/// How many rows a day's table holds.
pub(crate) fn rows_of(c: &Connection, kind: Kind, day: i64) -> Result<u64> {
    let text = format!("SELECT count(*) FROM {}", kind.table(day));
    Ok(number(c, kind.name(), &text, [])?.map_or(0, |n| u64::try_from(n).unwrap_or(0)))
}

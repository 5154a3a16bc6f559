//! Places, gates, visits, scans.

use jadegate_domain::gate::OverrideReason;
use jadegate_domain::{
    AgencyId, Colour, Gate, GateId, HolderId, Leg, Place, PlaceId, Presence, Scan, Seat, Timestamp,
    Trip, Visit, VisitKey,
};
use jadegate_store::{Precondition, SessionSubject, StoreError, StoredRide};

use super::{Applier, json, secs};
use crate::connection::query;
use crate::days::Kind;
use crate::error::{Result, conflict, sql};
use crate::value::params;
use jadegate_store_rows::presence_code;

impl Applier<'_> {
    pub(super) async fn add_place(&self, p: &Place) -> Result<()> {
        let text = "INSERT INTO place (id, kind, name, division, agency, registered_at, \
                    external_key) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let row = params![
            p.id.as_i64(),
            p.kind.as_str(),
            p.name,
            p.division.as_str(),
            p.agency.map(AgencyId::as_i64),
            p.registered_at.as_secs(),
            p.external_key,
        ];
        self.touch("place", text, row).await
    }

    pub(super) async fn put_trip(&self, t: &Trip, replaces: Option<&Trip>) -> Result<()> {
        let (place, stops) = (t.place.as_i64(), json("trip", &t.stops)?);
        let Some(old) = replaces else {
            let text = "INSERT INTO trip (place, number, date, stops) VALUES ($1, $2, $3, $4)";
            return self.touch("trip", text, params![place, t.number, t.date, stops]).await;
        };
        // The same value has one JSON form.
        let text = "UPDATE trip SET number = $2, date = $3, stops = $4 \
                    WHERE place = $1 AND number = $5 AND date = $6 AND stops = $7";
        let old_stops = json("trip", &old.stops)?;
        let row = params![place, t.number, t.date, stops, old.number, old.date, old_stops];
        self.touch("trip", text, row).await
    }

    pub(super) async fn add_gate(&self, g: &Gate) -> Result<()> {
        let text = "INSERT INTO gate (id, place, label, public_key, enrolled_at, revoked_at) \
                    VALUES ($1, $2, $3, $4, $5, $6)";
        let row = params![
            g.id.as_i64(),
            g.place.as_i64(),
            g.label,
            g.public_key,
            g.enrolled_at.as_secs(),
            secs(g.revoked_at),
        ];
        self.touch("gate", text, row).await
    }

    pub(super) async fn revoke_gate(&self, gate: GateId, at: Timestamp) -> Result<()> {
        let text = "UPDATE gate SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1";
        self.touch("gate", text, [gate.as_i64(), at.as_secs()]).await?;
        self.end_sessions_of(SessionSubject::Gate(gate)).await
    }

    /// Did it tell anything new?
    pub(super) async fn add_visit(&mut self, v: &Visit) -> Result<bool> {
        let day = v.entered.utc_day();
        let text = format!(
            "INSERT INTO {} (entered, holder, place, presence, left_at, mark) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            Kind::Visit.table(day)
        );
        let [entered, holder, place, presence] = key(&v.key());
        let row = params![entered, holder, place, presence, secs(v.left), self.mark()?];
        if self.run("visit", &text, row).await? > 0 {
            self.touched.change(day);
            return Ok(true);
        }
        match v.left {
            Some(left) => self.close_visit(&v.key(), left).await,
            None => Ok(false),
        }
    }

    /// Did it tell anything new?
    pub(super) async fn close_visit(&mut self, visit: &VisitKey, left: Timestamp) -> Result<bool> {
        let day = visit.entered.utc_day();
        if !self.days.has(Kind::Visit, day) {
            return Err(conflict("visit", Precondition::Exists));
        }
        let table = Kind::Visit.table(day);
        let [entered, holder, place, presence] = key(visit);
        let text = format!(
            "UPDATE {table} SET left_at = $5, mark = $6 WHERE entered = $1 AND holder = $2 \
             AND place = $3 AND presence = $4 AND left_at IS NULL"
        );
        let row = [entered, holder, place, presence, left.as_secs(), self.mark()?];
        if self.run("visit", &text, row).await? > 0 {
            self.touched.change(day);
            return Ok(true);
        }
        if self.end_of(visit).await? == Some(left.as_secs()) {
            return Ok(false);
        }
        Err(conflict("visit", Precondition::Agrees))
    }

    pub(super) async fn shorten_visit(
        &mut self,
        visit: &VisitKey,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<()> {
        if to >= from {
            let why = "a visit is shortened to an earlier end".into();
            return Err(StoreError::Invalid { table: "visit", why });
        }
        let day = visit.entered.utc_day();
        if !self.days.has(Kind::Visit, day) {
            return Err(conflict("visit", Precondition::Exists));
        }
        let text = format!(
            "UPDATE {} SET left_at = $6, mark = $7 WHERE entered = $1 AND holder = $2 AND place = $3 \
             AND presence = $4 AND left_at = $5",
            Kind::Visit.table(day)
        );
        let [entered, holder, place, presence] = key(visit);
        let (from, to, mark) = (from.as_secs(), to.as_secs(), self.mark()?);
        let row = [entered, holder, place, presence, from, to, mark];
        if self.run("visit", &text, row).await? > 0 {
            self.touched.lose(day);
            return Ok(());
        }
        self.end_of(visit).await?;
        Err(conflict("visit", Precondition::Agrees))
    }

    /// The end of a visit of a day that there is; without that visit a conflict.
    async fn end_of(&self, visit: &VisitKey) -> Result<Option<i64>> {
        let text = format!(
            "SELECT left_at FROM {} WHERE entered = $1 AND holder = $2 AND place = $3 \
             AND presence = $4",
            Kind::Visit.table(visit.entered.utc_day())
        );
        let found = query(self.conn, "visit", &text, key(visit)).await?;
        let Some(row) = found.first() else {
            return Err(conflict("visit", Precondition::Exists));
        };
        row.try_get(0).map_err(|e| sql("visit", &e))
    }

    pub(super) async fn put_ride(&mut self, r: &StoredRide) -> Result<()> {
        let day = r.entered.utc_day();
        let text = format!(
            "INSERT INTO {} (entered, holder, trip, leg_from, leg_to, seat, mark) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (entered, holder, trip) DO UPDATE SET \
             leg_from = excluded.leg_from, leg_to = excluded.leg_to, seat = excluded.seat, \
             mark = excluded.mark",
            Kind::Ride.table(day)
        );
        let row = params![
            r.entered.as_secs(),
            r.holder.as_i64(),
            r.trip.as_i64(),
            r.ride.leg.map(Leg::from),
            r.ride.leg.map(Leg::to),
            r.ride.seat.map(|s: Seat| s.to_string()),
            self.mark()?,
        ];
        self.touch("ride", &text, row).await?;
        self.touched.tell(day);
        Ok(())
    }

    pub(super) async fn withdraw_ride(
        &mut self,
        holder: HolderId,
        trip: PlaceId,
        entered: Timestamp,
    ) -> Result<()> {
        let day = entered.utc_day();
        if !self.days.has(Kind::Visit, day) {
            return Err(conflict("visit", Precondition::Exists));
        }
        let text = format!(
            "DELETE FROM {} WHERE entered = $1 AND holder = $2 AND place = $3 AND presence = $4",
            Kind::Visit.table(day)
        );
        let presence = Presence::Imported;
        self.touch("visit", &text, key(&VisitKey { entered, holder, place: trip, presence }))
            .await?;
        self.touched.lose(day);
        if self.days.has(Kind::Ride, day) {
            let text = format!(
                "DELETE FROM {} WHERE entered = $1 AND holder = $2 AND trip = $3",
                Kind::Ride.table(day)
            );
            let row = [entered.as_secs(), holder.as_i64(), trip.as_i64()];
            self.run("ride", &text, row).await?;
        }
        Ok(())
    }

    pub(super) async fn add_scan(&mut self, s: &Scan) -> Result<()> {
        let day = s.at.utc_day();
        let text = format!(
            "INSERT INTO {} (id, gate, place, holder, at, direction, colour, outcome, reason, \
             problem, mark) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            Kind::Scan.table(day)
        );
        let row = params![
            s.id.as_i64(),
            s.gate.as_i64(),
            s.place.as_i64(),
            s.holder.map(HolderId::as_i64),
            s.at.as_secs(),
            s.direction.as_str(),
            s.colour.map(Colour::as_str),
            s.outcome.as_str(),
            s.reason.map(OverrideReason::as_str),
            s.problem,
            self.mark()?,
        ];
        self.touch("scan", &text, row).await?;
        self.touched.tell(day);
        Ok(())
    }
}

/// A visit's key as its columns.
fn key(v: &VisitKey) -> [i64; 4] {
    [v.entered.as_secs(), v.holder.as_i64(), v.place.as_i64(), presence_code(v.presence)]
}

//! Taking back who was aboard: the ticket goes, the visit that a carrier's list made of it goes, and
//! with it every contact that followed.
//!
//! Other records stay, marked. A visit has no mark that every search would have to ask for; it is
//! taken out of the store, the index and, at the next start, a saved index. What stays is who recorded
//! it, who took it back and why: by that, the same line sent again is told from a new one.

use std::collections::BTreeSet;
use std::sync::Arc;

use jadegate_domain::Purpose;
use jadegate_domain::id::RideId;
use jadegate_domain::record::RecordKind;
use jadegate_store::{StoredRide, Unit, Write};

use super::withdraw::{Hands, WithdrawnRecords, above_withdrawals, unknown, withdrawn};
use crate::app::App;
use crate::author::{Author, Taker};
use crate::concurrency::beside;
use crate::error::{Kind, Result};
use crate::jobs::note;
use crate::memory::aboard;
use crate::staff::what::What;

/// Rides of one unit.
const UNIT: usize = 300;

impl App {
    /// Takes one ride back: for the carrier that told of it, or the prevention team of where the person
    /// lives.
    pub(super) async fn withdraw_ride(
        self: &Arc<Self>,
        id: RideId,
        by: Taker,
        hands: Hands,
    ) -> Result<WithdrawnRecords> {
        if self.rides_of(BTreeSet::from([id])).await?.is_empty() {
            let before = self.store.withdrawal(RecordKind::Ride, id.as_i64()).await?;
            // Its day may have gone: then there is nothing to take back.
            return Err(if before.is_some() { withdrawn() } else { unknown() });
        }
        let mut with = self.weigh_hands(by, hands, 1);
        with.push(self.withdrawal_leaf(RecordKind::Ride, by, 1)?);
        let author = self.author_of(by).await?;
        self.take_back_rides(BTreeSet::from([id]), &author, by, with).await
    }

    /// Takes rides back that are there, in units of some hundred, each with who did it and the look
    /// that its person sees; then traces again from the cases they may have made contacts for. Should
    /// it be cut short, what was taken back stays so, and doing it again does the rest.
    pub(crate) async fn take_back_rides(
        self: &Arc<Self>,
        ids: BTreeSet<RideId>,
        author: &Author,
        by: Taker,
        mut with: Vec<Write>,
    ) -> Result<WithdrawnRecords> {
        // No list is taken over meanwhile: it decides from what is known of a ride.
        let _one = self.locks.carriers.lock().await;
        let rides = self.rides_of(ids).await?;
        let now = self.now();
        let mut units = Vec::new();
        for some in rides.chunks(UNIT) {
            let mut writes = std::mem::take(&mut with);
            for (id, ride) in some {
                let StoredRide { holder, trip, entered, .. } = *ride;
                writes.push(Write::WithdrawRide { holder, trip, entered });
                writes.push(by.row(RecordKind::Ride, id.as_i64(), now));
                let (purpose, what) = (Purpose::RecordEvidence, What::RideWithdrawn);
                writes.extend(self.look_writes(author, holder, purpose, what)?);
            }
            let visits = some.iter().map(|(_, ride)| self.memory.known(&aboard(ride))).collect();
            units.push((Unit::new("withdraw_rides", writes), visits));
        }
        let (gone, failed) = self.take_back_visits(units).await?;
        let mut done =
            WithdrawnRecords { records: gone.len() as u64, ..WithdrawnRecords::default() };
        if !gone.is_empty() {
            let followed = self.follow_taken_back(gone).await;
            // What fails here the rounds do.
            note("follow_taken_back", &followed);
            done.released = followed.unwrap_or(0);
        }
        match failed {
            Some(e) if e.kind == Kind::TooMany => Err(above_withdrawals(e.retry_after)),
            Some(e) => Err(e),
            None => Ok(done),
        }
    }

    /// Those of some rides whose day is kept.
    pub(super) async fn rides_of(
        self: &Arc<Self>,
        ids: BTreeSet<RideId>,
    ) -> Result<Vec<(RideId, StoredRide)>> {
        let ids = Arc::new(ids);
        let mut found = Vec::new();
        for day in self.store.visit_days().await? {
            if found.len() == ids.len() {
                break;
            }
            let (of_day, app, ids) =
                (self.store.rides_on(day).await?, Arc::clone(self), Arc::clone(&ids));
            let wanted = move || -> Vec<_> {
                let known = |r: StoredRide| (app.ride_id(r.holder, r.trip, r.entered), r);
                of_day.into_iter().map(known).filter(|(id, _)| ids.contains(id)).collect()
            };
            found.extend(beside(wanted).await?);
        }
        Ok(found)
    }
}

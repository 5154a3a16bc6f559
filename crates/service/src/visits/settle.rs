//! What was seen of somebody at a place, and the visits that follow from all of it.

use jadegate_domain::gate::Direction;
use jadegate_domain::{HolderId, Period, PlaceId, Presence, Timestamp, VisitKey};
use jadegate_store::{Precondition, StoreError, Unit, Write};
use jadegate_trace::KnownVisit;

use super::presence::{Known, LONGEST_STAY_SECONDS, Seen, concerns};
use crate::app::App;
use crate::concurrency::read;
use crate::error::Result;

/// Tries until it is left to the next who looks.
const TRIES: u32 = 8;

/// Does the store know a visit otherwise than the index, or not at all?
pub(crate) fn is_of_visit(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Conflict {
            table: "visit",
            precondition: Precondition::Exists | Precondition::Agrees,
        }
    )
}

impl App {
    /// What this tells of visits that is not known yet.
    pub(crate) fn visits_told(&self, seen: Seen, passed_over: &[VisitKey]) -> Vec<Write> {
        let Seen { holder, place, at, direction } = seen;
        let visits = &self.visits_around(holder, place, at);
        let known = Known { holder, place, visits, passed_over };
        match direction {
            Direction::In => known.entry(at),
            Direction::Out => known.exit(at),
        }
    }

    /// The visits of a holder to a place about a moment that a gate or they themselves told of.
    fn visits_around(&self, holder: HolderId, place: PlaceId, at: Timestamp) -> Vec<KnownVisit> {
        let from = at.plus_secs(-LONGEST_STAY_SECONDS);
        let period = Period { from, to: at.plus_secs(LONGEST_STAY_SECONDS + 1) };
        read(&self.memory.index)
            .visits_of(holder, period)
            .filter(|v| v.place == place && v.presence != Presence::Imported)
            .collect()
    }

    /// Another gate's scan may have been written at the same time, here or by another server, neither
    /// knowing of the other: who comes second to look sees both.
    ///
    /// # Errors
    /// If the store is not available. What changes all the time is left to who looks next.
    pub(crate) async fn settle(&self, seen: Seen) -> Result<()> {
        let mut passed_over = Vec::new();
        for _ in 0..TRIES {
            let visits = self.visits_told(seen, &passed_over);
            if visits.is_empty() {
                return Ok(());
            }
            match self.commit_unit(Unit::new("visits_settled", visits.clone())).await {
                Err(e) if is_of_visit(&e) => {
                    passed_over.extend(visits.iter().filter_map(concerns));
                }
                Ok(_) | Err(StoreError::Conflict { .. }) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    /// Settles what other servers told of since the last time.
    ///
    /// # Errors
    /// If the store is not available; the rest is settled the next time.
    pub(crate) async fn settle_followed(&self) -> Result<()> {
        while let Some(seen) = self.memory.follower.next_seen() {
            if let Err(e) = self.settle(seen).await {
                self.memory.follower.seen_by_others([seen]);
                return Err(e);
            }
        }
        Ok(())
    }
}

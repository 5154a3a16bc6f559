//! The venue's own code, scanned by the holder.

use std::sync::Arc;

use jadegate_domain::{Period, Presence, Timestamp, Visit};
use jadegate_pass::VenueKind;
use jadegate_store::{Unit, Write};

use super::me::PlaceView;
use crate::app::App;
use crate::concurrency::read;
use crate::error::{Result, ServiceError};
use crate::session::HolderSession;

/// Scanning the same poster again within this many seconds is the same visit.
const SAME_VISIT_SECONDS: i64 = 600;

/// A visit the holder recorded.
#[derive(Clone, Debug, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecordedVisit {
    /// The place whose code was scanned.
    pub place: PlaceView,
    /// From when: earlier than this call if it was recorded before.
    pub entered: Timestamp,
    /// How it is known.
    pub presence: Presence,
}

impl App {
    /// Records a visit from a venue's code: `unproven` for a printed one, which may be a forwarded
    /// picture (h07); proven for one that rotates on the venue's own screen and is fresh.
    pub async fn scan_venue(
        self: &Arc<Self>,
        session: &HolderSession,
        text: &str,
    ) -> Result<RecordedVisit> {
        let now = self.now();
        self.must_have_mandate_at(now)?;
        let skew = u32::try_from(self.deployment.settings.clock_skew_seconds).unwrap_or(0);
        let code = jadegate_pass::verify_venue(self.issuer().key_set(), text.trim(), now, skew)
            .map_err(|e| ServiceError::bad(e.code(), e.to_string()))?;
        if self.memory.place(code.place).is_none() {
            return Err(ServiceError::not_found(
                "place.unknown",
                "This code belongs to a place that is not registered any more. Please tell the venue.",
            ));
        }
        let presence = match code.kind {
            VenueKind::Poster => Presence::Unproven,
            VenueKind::Screen { .. } => Presence::VenueScreen,
        };
        // Tapping twice is one visit; after they were seen to leave it is another.
        let recently = Period { from: now.plus_secs(-SAME_VISIT_SECONDS), to: now.plus_secs(1) };
        let again = read(&self.memory.index)
            .visits_of(session.holder, recently)
            .find(|v| v.place == code.place && v.presence == presence && v.left.is_none());
        let entered = again.map_or(now, |v| v.entered);
        if again.is_none() {
            let visit =
                Visit { holder: session.holder, place: code.place, entered, left: None, presence };
            let unit = Unit::new("scan_venue", vec![Write::AddVisit(visit)]);
            self.commit_to_the_end(unit).await?;
        }
        Ok(RecordedVisit { place: self.place_view(code.place), entered, presence })
    }
}

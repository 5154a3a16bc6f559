//! What the demo can do beyond the real thing: enter as anybody in it, move the clock.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jadegate_domain::{PlaceId, Timestamp};
use jadegate_service::{App, Clock, NewSession, Result, ServiceError};
use jadegate_web::{DemoControl, DemoEntry};

use super::cast::Cast;
use super::kept::Town;
use crate::world::DemoClock;

/// The demo's clock: it starts some days back, so that the town has a past in which people were
/// recorded, traced and checked in by the ordinary use cases, and is brought to the present.
#[derive(Debug)]
pub(crate) struct TownClock {
    clock: DemoClock,
    behind: i64,
}

impl TownClock {
    /// A clock that starts so many seconds back.
    pub(crate) fn starting_back(seconds: i64) -> Self {
        Self { clock: DemoClock::default(), behind: seconds }
    }

    /// Moves it forward.
    pub(crate) fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
    }

    /// Seconds by which it is ahead of the machine's clock; starting it with as many back goes on there.
    pub(crate) fn ahead(&self) -> i64 {
        self.clock.ahead() - self.behind
    }
}

impl Clock for TownClock {
    fn now(&self) -> Timestamp {
        self.clock.now().plus_secs(-self.behind)
    }

    fn elapsed(&self) -> std::time::Duration {
        self.clock.elapsed()
    }
}

/// Furthest one step of the clock goes: a year.
const MOST_SECONDS: i64 = 366 * 86_400;
/// Assessments brought up to date at once.
const BATCH: u32 = 1000;

/// The demo's controls.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) app: Arc<App>,
    pub(crate) clock: Arc<TownClock>,
    pub(crate) cast: Cast,
    /// Where the gate is enrolled that the entry page offers.
    pub(crate) gate_place: PlaceId,
    /// The town as it is kept, and where.
    pub(crate) town: Town,
    pub(crate) folder: PathBuf,
}

impl Control {
    /// Writes down how far the clock has gone. Always before anything is recorded by it: a town whose
    /// clock went back would have evidence of the future.
    pub(crate) fn keep(&self, more_seconds: i64) -> Result<()> {
        let mut town = self.town.clone();
        town.ahead = self.clock.ahead() + more_seconds;
        town.save(&self.folder).map_err(ServiceError::internal)
    }
}

/// Lets everything happen that the clock's new moment brings about.
pub(crate) async fn catch_up(app: &App) -> Result<()> {
    while app.refresh_due(BATCH).await? > 0 {}
    app.purge().await?;
    Ok(())
}

#[async_trait]
impl DemoControl for Control {
    fn entries(&self) -> Vec<DemoEntry> {
        self.cast.entries.clone()
    }

    async fn enter(&self, key: &str) -> Result<NewSession> {
        if let Some(holder) = self.cast.holders.get(key) {
            return self.app.demo_enter(*holder).await;
        }
        if let Some(staff) = self.cast.staff.get(key) {
            return self.app.sign_in_staff_with(*staff, None, "").await;
        }
        Err(ServiceError::not_found("demo.nobody", "There is nobody of that name in the demo."))
    }

    async fn gate_link(&self) -> Result<String> {
        let session = self.enter("admin").await?;
        let admin = self.app.staff_session(&session.token).await?;
        Ok(self.app.enrolment_link(&admin, self.gate_place).await?.link)
    }

    async fn advance(&self, seconds: i64) -> Result<Timestamp> {
        if !(0..=MOST_SECONDS).contains(&seconds) {
            return Err(ServiceError::bad(
                "demo.clock",
                "The clock goes forward only, by a year at most.",
            ));
        }
        self.keep(seconds)?;
        self.clock.advance(seconds);
        catch_up(&self.app).await?;
        Ok(self.app.now())
    }
}

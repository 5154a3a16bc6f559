//! What a database is asked about many at once, for numbers that are published.

use async_trait::async_trait;
use jadegate_domain::{Evidence, EvidenceId, Scan, Timestamp};

use crate::error::StoreError;
use crate::latest::Page;
use crate::numbers::{HomeColour, PeopleCounted, PublishedNumbers};

type Result<T> = std::result::Result<T, StoreError>;

/// What a database can be asked about many at once. Each may read a whole table: it is asked once a day.
/// Part of [`Store`](crate::Store).
#[async_trait]
pub trait CountStore: Send + Sync + 'static {
    /// How many people have a stored assessment of which colour, by where they live; from one snapshot, by
    /// home and colour's name. A home that cannot be read is left out and set aside.
    async fn colours_by_home(&self) -> Result<Vec<HomeColour>>;
    /// People of the time from a moment on, before another.
    async fn people_counted(&self, from: Timestamp, to: Timestamp) -> Result<PeopleCounted>;
    /// Evidence that was withdrawn from a moment on, before another, by id.
    async fn withdrawn_between(
        &self,
        from: Timestamp,
        to: Timestamp,
        page: Page<EvidenceId>,
    ) -> Result<Vec<Evidence>>;
    /// Scans of one UTC day of people who were not let in, or were against the code, by the moment, then gate
    /// and id.
    async fn turned_away_on(&self, utc_day: i64) -> Result<Vec<Scan>>;
    /// What was published, newest first.
    async fn published_numbers(&self, limit: u32) -> Result<Vec<PublishedNumbers>>;
}

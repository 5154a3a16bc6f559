//! The port: many at once.

use async_trait::async_trait;
use jadegate_domain::{Evidence, EvidenceId, Scan, Timestamp};
use jadegate_store::{CountStore, HomeColour, Page, PeopleCounted, PublishedNumbers};

use crate::SqliteStore;
use crate::error::Result;
use crate::read::counts;

#[async_trait]
impl CountStore for SqliteStore {
    async fn colours_by_home(&self) -> Result<Vec<HomeColour>> {
        self.rows(counts::colours_by_home).await
    }

    async fn people_counted(&self, from: Timestamp, to: Timestamp) -> Result<PeopleCounted> {
        self.list(move |c| counts::people_counted(c, from, to)).await
    }

    async fn withdrawn_between(
        &self,
        from: Timestamp,
        to: Timestamp,
        page: Page<EvidenceId>,
    ) -> Result<Vec<Evidence>> {
        self.rows(move |c| counts::withdrawn_between(c, (from, to), page)).await
    }

    async fn turned_away_on(&self, utc_day: i64) -> Result<Vec<Scan>> {
        self.rows(move |c| counts::turned_away_on(c, utc_day)).await
    }

    async fn published_numbers(&self, limit: u32) -> Result<Vec<PublishedNumbers>> {
        self.rows(move |c| counts::published_numbers(c, limit)).await
    }
}

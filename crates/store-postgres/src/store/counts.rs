//! The port: many at once.

use async_trait::async_trait;
use jadegate_domain::{Evidence, EvidenceId, Scan, Timestamp};
use jadegate_store::{CountStore, HomeColour, Page, PeopleCounted, PublishedNumbers};

use crate::PostgresStore;
use crate::error::Result;
use crate::read::counts;

#[async_trait]
impl CountStore for PostgresStore {
    async fn colours_by_home(&self) -> Result<Vec<HomeColour>> {
        self.rows(counts::colours_by_home(&self.list().await?).await)
    }

    async fn people_counted(&self, from: Timestamp, to: Timestamp) -> Result<PeopleCounted> {
        let s = self.snapshot().await?;
        let read = counts::people_counted(s.client()?, from, to).await;
        self.noted(s.end(read).await)
    }

    async fn withdrawn_between(
        &self,
        from: Timestamp,
        to: Timestamp,
        page: Page<EvidenceId>,
    ) -> Result<Vec<Evidence>> {
        self.rows(counts::withdrawn_between(&self.list().await?, (from, to), page).await)
    }

    async fn turned_away_on(&self, utc_day: i64) -> Result<Vec<Scan>> {
        self.rows(counts::turned_away_on(&self.list().await?, utc_day).await)
    }

    async fn published_numbers(&self, limit: u32) -> Result<Vec<PublishedNumbers>> {
        self.rows(counts::published_numbers(&self.list().await?, limit).await)
    }
}

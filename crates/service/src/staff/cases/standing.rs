//! The cases that stand.

use jadegate_domain::{Case, Division, Timestamp};
use jadegate_store::Page;

use crate::app::App;
use crate::error::Result;

/// Cases read at once.
const PAGE: u32 = 1000;

impl App {
    /// All cases that are not withdrawn, and were isolated after a moment or not at all, by id; of
    /// people who live in a region if given. However many cases there are and were.
    pub(crate) async fn standing_cases(
        &self,
        region: Option<&Division>,
        since: Timestamp,
    ) -> Result<Vec<Case>> {
        let mut all = Vec::new();
        let mut page = Page::first(PAGE);
        loop {
            let some = self.store.standing_cases(region, since, page).await?;
            let Some(last) = some.last() else { return Ok(all) };
            page.after = Some(last.id);
            all.extend(some);
            self.must_go_on()?;
        }
    }
}

//! The holder's code on paper: printed by themselves or by somebody who cares for them, reported lost.

use jadegate_store::ChangedBy;
use serde::Serialize;

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::papers::{PaperToPrint, PaperView};
use crate::session::HolderSession;

/// The paper that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyPaper {
    /// `None`: there is none.
    pub paper: Option<PaperView>,
}

impl App {
    /// The holder's paper, if there is one that is good.
    pub async fn my_paper(&self, s: &HolderSession) -> Result<MyPaper> {
        let standing = self.store.paper_of(s.holder).await?;
        let good = standing.filter(|p| self.now() < p.expires_at);
        let view = |p: jadegate_store::Paper| PaperView {
            issued_at: p.issued_at,
            expires_at: p.expires_at,
        };
        Ok(MyPaper { paper: good.map(view) })
    }

    /// What is printed for the holder: the paper that stands, again, or another one in its place.
    pub async fn print_my_paper(&self, s: &HolderSession, replace: bool) -> Result<PaperToPrint> {
        let identity = self.identity(s.holder).await?;
        let identity =
            identity.ok_or_else(|| ServiceError::internal("a paper for somebody shredded"))?;
        self.print_paper((s.holder, &identity), hand(s), replace, &[]).await
    }

    /// The holder's paper was lost: from now on it is refused.
    pub async fn lose_my_paper(&self, s: &HolderSession) -> Result<()> {
        self.end_paper(s.holder, hand(s), &[]).await
    }
}

/// Whose hand it is.
fn hand(s: &HolderSession) -> ChangedBy {
    s.carer.map_or(ChangedBy::Person, ChangedBy::Carer)
}

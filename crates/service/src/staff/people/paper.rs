//! Paper for whoever stands at a counter with their document. What is printed is given to them; the
//! officer sees their masked name and no colour.

use jadegate_store::ChangedBy;

use crate::app::App;
use crate::document::DocumentInput;
use crate::error::Result;
use crate::holder::details::AccountChangeView;
use crate::papers::PaperToPrint;
use crate::session::StaffSession;
use crate::staff::what::What;

impl App {
    /// What is printed for whoever shows a document: the paper that stands, again, or another one in
    /// its place.
    pub async fn print_at_counter(
        &self,
        session: &StaffSession,
        shown: &DocumentInput,
        replace: bool,
    ) -> Result<PaperToPrint> {
        let (holder, identity, looked) = self.at_the_counter(session, shown, What::Paper).await?;
        self.print_paper((holder, &identity), by(session), replace, &looked).await
    }

    /// Whoever shows a document lost their paper: from now on it is refused.
    pub async fn lose_at_counter(
        &self,
        session: &StaffSession,
        shown: &DocumentInput,
    ) -> Result<Vec<AccountChangeView>> {
        let (holder, _, looked) = self.at_the_counter(session, shown, What::Paper).await?;
        self.end_paper(holder, by(session), &looked).await?;
        self.changes_of(holder).await
    }
}

const fn by(session: &StaffSession) -> ChangedBy {
    let staff = session.staff();
    ChangedBy::Staff { agency: staff.agency, staff: staff.id }
}

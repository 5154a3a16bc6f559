//! Codes on paper: made, printed again, ended. A holder has one that stands; another one in its place
//! ends it in the same unit. Who may have it printed is for the desks to say ([`crate::holder::paper`],
//! [`crate::staff::people`]).

use jadegate_domain::record::{AccountEvent, PaperEnd};
use jadegate_domain::{HolderId, PaperId, Timestamp};
use jadegate_store::{ChangedBy, Paper, PaperPlaces, PaperWrite, Precondition, Unit, Write};
use serde::Serialize;

use crate::accounts::{Change, changed_meanwhile};
use crate::app::App;
use crate::assess::TRIES;
use crate::error::{Kind, Result, ServiceError};
use crate::health::not_issued;
use crate::holder::code::must_have_document;
use crate::limits::Limit;
use crate::vault::Identity;

/// Days for which a paper is good: long, for who has one has no other way in; not for ever, so that
/// those that lie in drawers come to an end.
const PAPER_DAYS: i64 = 730;
/// Times within a day that a person's paper is printed: enough for a bad printer, too few to fill the
/// list.
const PRINTS: Limit = Limit { class: "paper.print", seconds: 86_400, most: 20 };
/// The fewest places of the list; even of few papers it does not tell how many.
const FEWEST_PLACES: usize = 1 << 12;
/// Places for each paper: so that each status can fill a quarter of the list, whatever all papers say.
const PLACES_A_PAPER: usize = 4;

/// A paper as its holder sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PaperView {
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The end of its term.
    pub expires_at: Timestamp,
}

/// What is printed.
#[derive(Clone)]
pub struct PaperToPrint {
    /// `JGP1:` and so on, for the QR.
    pub code: String,
    /// The name, masked.
    pub name_masked: String,
    /// When it was issued, and the end of its term.
    pub paper: PaperView,
    /// The last whole day on which it is good, by the policy's clock.
    pub last_day: jiff::civil::Date,
}

/// Never shows the code: a log line would be a paper.
impl std::fmt::Debug for PaperToPrint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PaperToPrint").field("paper", &self.paper).finish_non_exhaustive()
    }
}

/// How many places the list has: a power of two. A function of what is stored, so that every server
/// makes the same list.
pub(crate) fn list_places(used: PaperPlaces) -> usize {
    let papers = usize::try_from(used.papers).unwrap_or(usize::MAX);
    let needed = papers.saturating_mul(PLACES_A_PAPER).max(FEWEST_PLACES);
    let last = used.last.map_or(0, |last| last as usize + 1);
    let most = jadegate_pass::MAX_STATUSES;
    needed.max(last).min(most).next_power_of_two().min(most)
}

impl App {
    /// Prints a holder's paper: the one that stands, or, if there is none or it is to be replaced, a
    /// new one. `with` goes into the same unit.
    pub(crate) async fn print_paper(
        &self,
        (holder, identity): (HolderId, &Identity),
        by: ChangedBy,
        replace: bool,
        with: &[Write],
    ) -> Result<PaperToPrint> {
        // What such a clock dates, gates refuse or believe for too long.
        self.clock_must_hold()?;
        self.must_follow()?;
        self.must_have_mandate()?;
        must_have_document(Some(identity))?;
        for _ in 0..TRIES {
            let standing = self.store.paper_of(holder).await?;
            let good = standing.filter(|p| !replace && self.now() < p.expires_at);
            let (paper, mut writes) = match good {
                Some(paper) => (paper, Vec::new()),
                None => self.next_paper(holder, standing, by).await?,
            };
            let printed = self.printed(&paper, identity)?;
            let key = self.deployment.keys.evidence_key(&format!("paper/{holder}"));
            writes.push(self.count(PRINTS, key, 1));
            writes.extend(self.paper_noted(holder, AccountEvent::PaperPrinted, by)?);
            writes.extend_from_slice(with);
            match self.store.commit(Unit::new("print_paper", writes)).await {
                Ok(()) => return Ok(printed),
                // Somebody printed or ended it a moment ago, or its place was taken.
                Err(e) if lost(&e) => {}
                Err(e) if e.no_room().is_some() => return Err(too_often()),
                Err(e) => return Err(e.into()),
            }
        }
        Err(changed_meanwhile())
    }

    /// The writes that end what stands and begin another.
    async fn next_paper(
        &self,
        holder: HolderId,
        standing: Option<Paper>,
        by: ChangedBy,
    ) -> Result<(Paper, Vec<Write>)> {
        let now = self.now();
        let mut writes = Vec::new();
        if let Some(old) = standing {
            let why = if now < old.expires_at { PaperEnd::Lost } else { PaperEnd::Expired };
            writes.push(Write::Paper(PaperWrite::End { paper: old.id, at: now, by: why }));
            writes.extend(self.paper_noted(holder, AccountEvent::PaperEnded, by)?);
        }
        let used = self.store.paper_places().await?;
        let places = list_places(PaperPlaces { papers: used.papers + 1, ..used });
        let most = u64::try_from(places / 2).unwrap_or(0);
        if used.papers >= most {
            return Err(full());
        }
        let rng = self.deployment.rng.as_ref();
        let place = rng.bits() % u64::try_from(places).unwrap_or(1);
        let paper = Paper {
            id: PaperId::from_random(rng.bits()),
            holder,
            place: u32::try_from(place).map_err(ServiceError::internal)?,
            issued_at: now,
            expires_at: now.plus_days(PAPER_DAYS),
            ended: None,
        };
        writes.push(Write::Paper(PaperWrite::Add(paper)));
        Ok((paper, writes))
    }

    fn printed(&self, paper: &Paper, identity: &Identity) -> Result<PaperToPrint> {
        let Paper { id, place, issued_at, expires_at, .. } = *paper;
        let code = jadegate_pass::issue_paper(&self.issuer(), id, place, issued_at, expires_at)
            .map_err(not_issued)?;
        let zone = self.policy();
        let last_day = expires_at.plus_days(-1).local_day(zone.calendar().zone());
        let name_masked = identity.name.mask();
        Ok(PaperToPrint { code, name_masked, paper: PaperView { issued_at, expires_at }, last_day })
    }

    /// The holder's paper is good no more from now on; its place in the list says so as long as its
    /// term lasts.
    pub(crate) async fn end_paper(
        &self,
        holder: HolderId,
        by: ChangedBy,
        with: &[Write],
    ) -> Result<()> {
        for _ in 0..TRIES {
            let now = self.now();
            let standing = self.store.paper_of(holder).await?.filter(|p| now < p.expires_at);
            let paper = standing.ok_or_else(no_paper)?.id;
            let mut writes =
                vec![Write::Paper(PaperWrite::End { paper, at: now, by: PaperEnd::Lost })];
            writes.extend(self.paper_noted(holder, AccountEvent::PaperEnded, by)?);
            writes.extend_from_slice(with);
            match self.store.commit(Unit::new("end_paper", writes)).await {
                Err(e) if lost(&e) => {}
                other => return Ok(other?),
            }
        }
        Err(changed_meanwhile())
    }

    /// The writes that end whatever paper somebody has: their records become another's, or one's of two.
    pub(crate) async fn paper_ends(&self, holder: HolderId, by: ChangedBy) -> Result<Vec<Write>> {
        let Some(paper) = self.store.paper_of(holder).await? else { return Ok(Vec::new()) };
        let at = self.now();
        let why = if at < paper.expires_at { PaperEnd::Lost } else { PaperEnd::Expired };
        let mut writes = vec![Write::Paper(PaperWrite::End { paper: paper.id, at, by: why })];
        writes.extend(self.paper_noted(holder, AccountEvent::PaperEnded, by)?);
        Ok(writes)
    }

    fn paper_noted(
        &self,
        holder: HolderId,
        event: AccountEvent,
        by: ChangedBy,
    ) -> Result<Vec<Write>> {
        self.note_change(Change { by, ..Change::own(holder, event, self.now()) })
    }
}

/// Did another unit change the same paper, or take the same place?
fn lost(e: &jadegate_store::StoreError) -> bool {
    [Precondition::Absent, Precondition::Stands].into_iter().any(|p| e.is_conflict(p))
}

fn no_paper() -> ServiceError {
    ServiceError::not_found(
        "paper.none",
        "There is no paper that could be reported lost: none was printed, or it has ended already.",
    )
}

fn too_often() -> ServiceError {
    ServiceError::new(
        Kind::TooMany,
        "paper.too_often",
        "This paper was printed very often today. Please try again tomorrow, or go to a counter.",
    )
}

fn full() -> ServiceError {
    ServiceError::new(
        Kind::Unavailable,
        "paper.list_full",
        "No more papers can be issued here at the moment. The operator has been told; the code on a phone works.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_grows_by_doubling_and_holds_every_place() {
        let places = |papers, last| list_places(PaperPlaces { papers, last });
        assert_eq!(places(0, None), 4096);
        assert_eq!(places(1024, Some(4095)), 4096);
        assert_eq!(places(1025, Some(4095)), 8192);
        // After a purge a high place may be left.
        assert_eq!(places(3, Some(8191)), 8192);
        assert_eq!(places(u64::MAX, Some(1 << 23)), jadegate_pass::MAX_STATUSES);
    }
}

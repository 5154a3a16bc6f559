//! The numbers at the top of the console.

use jadegate_domain::{Colour, PolicyRef, Timestamp};
use jadegate_policy::ColourCounts;
use jadegate_store::Page;
use serde::Serialize;

use super::access::Power;
use crate::app::App;
use crate::error::Result;
use crate::session::StaffSession;

/// Numbers, no names.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overview {
    /// People per colour, of the whole deployment, by their stored assessments.
    pub colours: ColourCounts,
    /// Of those counted, still by the policy or the risk levels from before: recolouring will reach
    /// them, and whoever opens their code is up to date at once.
    pub from_before: u64,
    /// People with an assessment.
    pub holders: u64,
    /// Cases of the region that were not withdrawn.
    pub cases_open: u64,
    /// Runs that stand, of cases of the region.
    pub traces: u64,
    /// People of the region who are not green.
    pub confined: u64,
    /// Of those, who missed a check-in.
    pub missed_check_in: u64,
    /// Of those, who are due for release.
    pub due_release: u64,
    /// Confined people of the region who are missing from the three numbers above because a part of
    /// their record cannot be read. Their stored colour stays; the operator sees what it is.
    pub unreadable: u64,
    /// Records of the region that wait for a second pair of eyes; they colour nobody yet.
    pub waiting: u64,
    /// The server's clock.
    pub server_time: Timestamp,
    /// The policy in force.
    pub policy: PolicyRef,
}

/// Confined people looked through for the counts; beyond it the counts say "at least".
const MOST_CONFINED: u64 = 5000;

impl App {
    /// The numbers of the region.
    pub async fn overview(&self, session: &StaffSession) -> Result<Overview> {
        session.need_any(Power::SEE_COUNTS)?;
        let region = &session.staff().region;
        let rule_set = self.rule_set();
        let found = self
            .store
            .colour_counts(&rule_set.policy.reference().digest, rule_set.regions.version)
            .await?;
        let counts = found.colours;
        let of = |c: Colour| counts.get(usize::from(c.as_u8())).copied().unwrap_or(0);
        let colours = ColourCounts {
            green: of(Colour::Green),
            yellow: of(Colour::Yellow),
            red: of(Colour::Red),
        };
        let open = self.store.open_cases_in(region).await?;
        let (mut confined, mut missed_check_in, mut due_release, mut unreadable) = (0, 0, 0, 0);
        let mut page = Page::first(500);
        while confined < MOST_CONFINED {
            let batch = self.confined_batch(region, page).await?;
            let Some(last) = batch.last else { break };
            page.after = Some(last);
            confined += batch.people.len() as u64;
            missed_check_in += batch.people.iter().filter(|c| c.missed_days > 0).count() as u64;
            due_release += batch.people.iter().filter(|c| c.due).count() as u64;
            unreadable += batch.unreadable.len() as u64;
        }
        let waiting = self.store.records_waiting(Some(region)).await?;
        Ok(Overview {
            colours,
            from_before: found.from_before,
            holders: counts.iter().sum(),
            cases_open: open.cases,
            traces: open.traced,
            confined,
            missed_check_in,
            due_release,
            unreadable,
            waiting: waiting.iter().map(|(_, records)| records).sum(),
            server_time: self.now(),
            policy: self.policy().reference(),
        })
    }
}

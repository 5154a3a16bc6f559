//! Thirty days after the end of the mandate everything about people goes. What stays is who ran the
//! deployment, its rules, and the public log.

use jadegate_domain::Timestamp;
use jadegate_ledger::Leaf;
use jadegate_ledger::mandate::{FORGET_AFTER_DAYS, Standing};
use jadegate_store::{Forgotten, MandateStep, MandateStepKind, Write};

use crate::app::App;
use crate::error::{Result, ServiceError};

/// What was taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForgottenPeople {
    /// Visits and scans.
    pub visits_and_scans: u64,
    /// All else.
    pub rows: Forgotten,
}

impl App {
    /// Takes everything about people away if the mandate ended thirty days ago and there is no other one.
    /// `None`: it is not time, or it was done. What is begun and not finished is begun again.
    ///
    /// # Errors
    /// `clock.ahead`, `clock.behind`: what a wrong clock takes away is gone for good.
    pub async fn forget_after_mandate(&self) -> Result<Option<ForgottenPeople>> {
        let (now, mandates) = (self.now(), self.memory.mandates.load_full());
        let Standing::Ended(at) = mandates.standing(now).0 else { return Ok(None) };
        if now < at.plus_days(FORGET_AFTER_DAYS) || mandates.forgotten_at().is_some() {
            return Ok(None);
        }
        self.clock_must_hold()?;
        // A renewal that another server wrote is known before anything is done.
        self.follow().await?;
        self.must_follow()?;
        if self.memory.mandates.load().next_number() != mandates.next_number() {
            return Ok(None);
        }
        // A clock at a gate may have been ahead.
        let (visits, scans) = self.store.drop_days_before(now.utc_day() + 2).await?;
        let rows = self.store.forget_people().await?;
        self.follow().await?;
        self.finish_forgetting().await?;
        let gone = ForgottenPeople { visits_and_scans: visits + scans, rows };
        let step = MandateStep {
            number: mandates.next_number(),
            kind: MandateStepKind::Forgotten,
            at: now,
            agency: None,
            staff: None,
            proposal: None,
        };
        let mut writes = vec![Write::AddMandateStep(Box::new(step))];
        for (what, count) in [
            ("visits_and_scans", gone.visits_and_scans),
            ("holders", rows.holders),
            ("evidence", rows.evidence),
            ("other_of_people", rows.other),
        ] {
            writes.push(Write::AddLeaf(forgotten_leaf(what, count, now)?));
        }
        self.commit("forget_after_mandate", writes).await?;
        tracing::warn!(
            holders = rows.holders,
            "the mandate ended thirty days ago: everything about people was deleted; the public log says so"
        );
        Ok(Some(gone))
    }
}

fn forgotten_leaf(what: &str, rows: u64, at: Timestamp) -> Result<Vec<u8>> {
    let leaf = Leaf::Purge {
        at,
        retention: what.parse().map_err(ServiceError::internal)?,
        before: at,
        rows: u32::try_from(rows).unwrap_or(u32::MAX),
    };
    Ok(leaf.encode()?)
}

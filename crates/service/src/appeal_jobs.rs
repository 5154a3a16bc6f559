//! What happens to appeals by themselves: nobody decided in time, or what was contested is gone; what the
//! public is told of them, and which rules somebody has to look at. Several servers may do it at once; of
//! two one does.

use std::collections::BTreeMap;
use std::sync::Arc;

use jadegate_domain::appeal::{APPEAL_DAYS, APPEAL_FILE_DAYS};
use jadegate_domain::time::DAY;
use jadegate_domain::{AppealState, Timestamp};
use jadegate_ledger::AppealEvent;
use jadegate_store::{Appeal, AppealDecision, AppealWrite, Precondition, RuleReview, Unit, Write};

use crate::app::App;
use crate::appeal_figures::{AppealFigures, Count, FIGURE_DAYS, REVIEW_LEAST, figures};
use crate::error::Result;

/// Appeals read at once.
const PAGE: u32 = 1000;

impl App {
    /// Says of appeals that nobody decided in time, and ends those of which the record counts no more.
    /// The colour does not wait for this: the assessment has its own clock. Returns how many.
    pub async fn tend_appeals(&self) -> Result<u64> {
        self.clock_must_hold()?;
        let mut tended = 0;
        for appeal in self.store.appeals_to_tend(self.now(), 200).await? {
            self.must_go_on()?;
            let writes = self.tending(&appeal).await?;
            match self.commit_unit(Unit::new("tend_appeal", writes)).await {
                Ok(_) => tended += 1,
                // Another server, or somebody who decided, was faster.
                Err(e) if e.is_conflict(Precondition::Stands) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(tended)
    }

    async fn tending(&self, a: &Appeal) -> Result<Vec<Write>> {
        let (id, now) = (a.id, self.now());
        let contested = self.store.evidence(a.contests).await?;
        let mut writes = Vec::new();
        if a.lapsed_at.is_none() && a.due_at <= now {
            writes.push(Write::Appeal(AppealWrite::Lapse { id, at: now }));
            writes.push(self.appeal_leaf(AppealEvent::Lapsed, &a.rule, None)?);
        }
        if contested.is_some_and(|e| !e.counts()) {
            let decision = AppealDecision {
                at: now,
                by: None,
                finding: None,
                reply: None,
                keep_until: now.plus_days(APPEAL_DAYS),
            };
            writes.push(Write::Appeal(AppealWrite::Decide {
                id,
                state: AppealState::Settled,
                decision: Box::new(decision),
                file_until: now.plus_days(APPEAL_FILE_DAYS),
            }));
            writes.push(self.appeal_leaf(AppealEvent::Settled, &a.rule, None)?);
        }
        Ok(writes)
    }
}

impl App {
    /// What the public is told of appeals: up to the last midnight (UTC), worked out once a day.
    pub async fn appeal_figures(&self) -> Result<Arc<AppealFigures>> {
        let to = Timestamp::from_secs(self.now().utc_day() * DAY);
        let mut kept = self.memory.appeal_figures.lock().await;
        if let Some(figures) = kept.as_ref().filter(|f| f.to == to) {
            return Ok(Arc::clone(figures));
        }
        let from = to.plus_days(-FIGURE_DAYS);
        let appeals = self.appeals_from(from).await?;
        let made = Arc::new(figures(&appeals, (from, to), |d| self.division_name(d)));
        *kept = Some(Arc::clone(&made));
        Ok(made)
    }

    pub(crate) async fn appeals_from(&self, from: Timestamp) -> Result<Vec<Appeal>> {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.appeals_since(from, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = Some((last.lodged_at, last.id));
            all.extend(page);
        }
    }

    /// Asks for a look at each rule of the policy in force of which more decisions were overturned than
    /// the mandate lets pass. Several servers may do it at once; it is asked for once. Returns how often.
    pub async fn review_rules(&self) -> Result<u64> {
        self.clock_must_hold()?;
        let policy = self.policy().reference().digest;
        let from = self.now().plus_days(-FIGURE_DAYS);
        let mut counts: BTreeMap<String, Count> = BTreeMap::new();
        for a in self.appeals_from(from).await?.iter().filter(|a| a.policy == policy) {
            counts.entry(a.rule.clone()).or_default().add(a, self.now().plus_secs(1));
        }
        let share = self.limits().overturned_percent;
        let mut asked = 0;
        for (rule, count) in counts {
            let decided = count.decided();
            let overturned_percent =
                100.0 * f64::from(count.overturned) / f64::from(decided.max(1));
            if decided < REVIEW_LEAST || overturned_percent <= share {
                continue;
            }
            let (policy, asked_at) = (policy.clone(), self.now());
            let overturned = count.overturned;
            let review = RuleReview { policy, rule, asked_at, decided, overturned };
            let leaf = Write::AddLeaf(crate::log::review_leaf(&review)?);
            let writes = vec![Write::Appeal(AppealWrite::AskReview(review)), leaf];
            match self.commit_unit(Unit::new("review_rule", writes)).await {
                Ok(_) => asked += 1,
                Err(e) if e.is_conflict(Precondition::Absent) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(asked)
    }
}

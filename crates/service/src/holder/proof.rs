//! What a holder's own device needs to make the colour again, and the colours that lie ahead.

use jadegate_domain::{Assessment, Division, Evidence, PolicyRef, Timestamp};
use jadegate_policy::explain;
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::named::TimelineView;
use crate::relevant::relevant;
use crate::session::HolderSession;

/// Everything the holder's colour is made from, and what came of it here. Whoever has the text of
/// the policy can make it again and compare. Nobody else's data is in it: evidence about a contact
/// names a case by its id, as the holder's list of evidence does.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Proof {
    /// The moment the assessment is for.
    pub at: Timestamp,
    /// The policy it came from.
    pub policy: PolicyRef,
    /// Where the holder lives, for a policy that reads differently there; `null` for a policy that
    /// has one time zone for everybody.
    pub home: Option<Division>,
    /// The holder's own evidence, also what no longer counts, and the risk levels of the divisions
    /// they stayed in. While nobody has decided whether another record is theirs as well: the evidence
    /// of which the strictest colour comes.
    pub evidence: Vec<Evidence>,
    /// What the server says.
    pub assessment: Assessment,
}

impl App {
    /// Everything the holder's own colour is made from.
    pub async fn my_proof(&self, session: &HolderSession) -> Result<Proof> {
        // The evidence is read after the assessment. What came in between shows as a difference to
        // a device, which asks again.
        let assessment = self.assessment(session.holder).await?;
        let evidence = self.known_about(session).await?;
        let home = self.home_of(&self.policy(), session.holder).await?;
        let (at, policy) = (assessment.at, assessment.policy.clone());
        Ok(Proof { at, policy, home, evidence, assessment })
    }

    /// The holder's colours from their first evidence to the last change that can be foreseen.
    pub async fn my_timeline(&self, session: &HolderSession) -> Result<TimelineView> {
        let now = self.now();
        let evidence = self.known_about(session).await?;
        let own = evidence.iter().filter(|e| e.holder.is_some() && e.counts());
        let first = own.map(|e| e.recorded_at).min().unwrap_or(now).min(now);
        let policy = self.policy();
        let home = self.home_of(&policy, session.holder).await?;
        let there = home.map_or_else(|| policy.as_ref().clone(), |home| policy.for_home(&home));
        self.named_timeline(explain(&evidence, &there, Some(first))).await
    }

    async fn known_about(&self, session: &HolderSession) -> Result<Vec<Evidence>> {
        let own = self.deciding_evidence(session.holder).await?;
        let regions = self.memory.regions.load();
        Ok(relevant(&own, &regions)?.into_iter().cloned().collect())
    }
}

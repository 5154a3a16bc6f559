//! Agencies by name where an assessment is shown.

use jadegate_domain::Assessment;
use jadegate_domain::agency::Agency;
use jadegate_policy::Timeline;

use crate::app::App;
use crate::error::Result;
use crate::named::{
    AgencyName, AssessmentView, Names, TimelineView, named_reasons, named_segments,
};

impl App {
    /// Names of all agencies.
    pub(crate) async fn agency_names(&self) -> Result<Names> {
        let all = self.store.agencies().await?;
        Ok(all
            .into_iter()
            .map(|Agency { id, kind, name, .. }| (id, AgencyName { name, kind }))
            .collect())
    }

    /// An assessment as it is shown. Names are loaded only if a reason needs them.
    pub(crate) async fn named_assessment(&self, a: Assessment) -> Result<AssessmentView> {
        let needed = a.reasons.iter().any(|r| !r.agencies.is_empty());
        let names = if needed { self.agency_names().await? } else { Names::new() };
        Ok(AssessmentView {
            colour: a.colour,
            reasons: named_reasons(a.reasons, &names),
            warnings: a.warnings,
            at: a.at,
            next_change: a.next_change,
            policy: a.policy,
        })
    }

    /// A timeline as it is shown.
    pub(crate) async fn named_timeline(&self, t: Timeline) -> Result<TimelineView> {
        let segments = named_segments(t.segments, &self.agency_names().await?);
        Ok(TimelineView { policy: t.policy, segments })
    }
}

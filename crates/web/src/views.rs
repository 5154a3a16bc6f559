//! Shapes of answers that several endpoints share.

use std::collections::HashMap;

use jadegate_domain::assessment::{Eased, Texts};
use jadegate_domain::{AgencyId, Assessment, Colour, EvidenceId, PolicyRef, Reason, Timestamp};
use jadegate_policy::{Segment, Timeline};
use jadegate_service::App;
use jadegate_service::holder::me::{AgencyName, HistoryEntry};
use serde::Serialize;
use utoipa::ToSchema;

/// An assessment with agencies by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentView {
    /// The most severe colour of all active rules.
    pub colour: Colour,
    /// Every active rule, most severe first.
    pub reasons: Vec<ReasonView>,
    /// What the policy could not make sense of.
    pub warnings: Vec<String>,
    /// Computed for this moment.
    pub at: Timestamp,
    /// First later moment at which it changes by itself.
    pub next_change: Option<Timestamp>,
    /// The policy that said so.
    pub policy: PolicyRef,
}

/// One active rule with agencies by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonView {
    /// The rule's id.
    pub rule: String,
    /// The colour it asks for.
    pub colour: Colour,
    /// What happened, in languages.
    pub title: Texts,
    /// What ends it, in languages.
    pub ends: Texts,
    /// The evidence behind it.
    pub evidence: Vec<EvidenceId>,
    /// Who recorded that evidence.
    pub agencies: Vec<AgencyName>,
    /// The days are counted from here.
    pub counted_from: Timestamp,
    /// First moment of its effect.
    pub since: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// Day of its count, from 1.
    pub day: Option<u32>,
    /// Days it lasts.
    pub days: Option<u32>,
    /// What must happen first.
    pub needs: Vec<String>,
    /// Set while the rule asks for a milder colour than it would, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Eased)]
    pub eased: Option<Eased>,
}

/// A person's colours over time.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineView {
    /// The policy.
    pub policy: PolicyRef,
    /// One after the other without gaps; only the last may have no end.
    pub segments: Vec<SegmentView>,
}

/// A stretch of time in which colour and reasons stay the same.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentView {
    /// First moment.
    pub from: Timestamp,
    /// First moment of the next one; `null` if no change can be foreseen.
    pub to: Option<Timestamp>,
    /// The colour.
    pub colour: Colour,
    /// The reasons as of its first moment, most severe first.
    pub reasons: Vec<ReasonView>,
}

/// One change of colour.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HolderChange {
    /// When.
    pub at: Timestamp,
    /// Before; `null` if it was the first colour.
    pub from: Option<Colour>,
    /// After.
    pub to: Colour,
    /// Why.
    pub reasons: Vec<ReasonView>,
}

/// Puts agencies' names to a list of assessments' reasons.
pub(crate) struct Namer(HashMap<AgencyId, AgencyName>);

impl Namer {
    pub(crate) async fn load(app: &App) -> jadegate_service::Result<Self> {
        Ok(Self(app.agency_names().await?))
    }

    fn reason(&self, r: Reason) -> ReasonView {
        ReasonView {
            agencies: r.agencies.iter().filter_map(|a| self.0.get(a).cloned()).collect(),
            rule: r.rule,
            colour: r.colour,
            title: r.title,
            ends: r.ends,
            evidence: r.evidence,
            counted_from: r.counted_from,
            since: r.since,
            until: r.until,
            day: r.day,
            days: r.days,
            needs: r.needs,
            eased: r.eased,
        }
    }

    fn reasons(&self, all: Vec<Reason>) -> Vec<ReasonView> {
        all.into_iter().map(|r| self.reason(r)).collect()
    }

    pub(crate) fn changes(&self, all: Vec<HistoryEntry>) -> Vec<HolderChange> {
        let change = |c: HistoryEntry| HolderChange {
            at: c.at,
            from: c.from,
            to: c.to,
            reasons: self.reasons(c.reasons),
        };
        all.into_iter().map(change).collect()
    }

    pub(crate) fn segments(&self, all: Vec<Segment>) -> Vec<SegmentView> {
        let segment = |s: Segment| SegmentView {
            from: s.from,
            to: s.to,
            colour: s.colour,
            reasons: self.reasons(s.reasons),
        };
        all.into_iter().map(segment).collect()
    }

    pub(crate) fn timeline(&self, t: Timeline) -> TimelineView {
        TimelineView { policy: t.policy, segments: self.segments(t.segments) }
    }

    pub(crate) fn assessment(&self, a: Assessment) -> AssessmentView {
        AssessmentView {
            colour: a.colour,
            reasons: self.reasons(a.reasons),
            warnings: a.warnings,
            at: a.at,
            next_change: a.next_change,
            policy: a.policy,
        }
    }
}

/// The view of one assessment; names are loaded only if a reason needs them.
pub(crate) async fn assessment(
    app: &App,
    a: Assessment,
) -> jadegate_service::Result<AssessmentView> {
    let namer = if a.reasons.iter().any(|r| !r.agencies.is_empty()) {
        Namer::load(app).await?
    } else {
        Namer(HashMap::new())
    };
    Ok(namer.assessment(a))
}

//! Assessments as they are shown: agencies by name, not by id.

use std::collections::HashMap;

use jadegate_domain::agency::AgencyKind;
use jadegate_domain::assessment::{Eased, Texts};
use jadegate_domain::{AgencyId, Colour, EvidenceId, PolicyRef, Reason, Timestamp};
use jadegate_policy::Segment;
use serde::Serialize;

/// An agency by name, as holders see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgencyName {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: AgencyKind,
}

/// An assessment with agencies by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssessmentView {
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReasonView {
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
    #[cfg_attr(feature = "openapi", schema(value_type = Eased))]
    pub eased: Option<Eased>,
}

/// A person's colours over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TimelineView {
    /// The policy.
    pub policy: PolicyRef,
    /// One after the other without gaps; only the last may have no end.
    pub segments: Vec<SegmentView>,
}

/// A stretch of time in which colour and reasons stay the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SegmentView {
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HolderChange {
    /// When.
    pub at: Timestamp,
    /// Before; `null` if it was the first colour.
    pub from: Option<Colour>,
    /// After.
    pub to: Colour,
    /// Why.
    pub reasons: Vec<ReasonView>,
}

/// Names of agencies by id.
pub(crate) type Names = HashMap<AgencyId, AgencyName>;

fn named_reason(reason: Reason, names: &Names) -> ReasonView {
    // Every field by its name: one that is new and not shown does not compile.
    let Reason {
        rule,
        colour,
        title,
        ends,
        evidence,
        agencies,
        counted_from,
        since,
        until,
        day,
        days,
        needs,
        eased,
    } = reason;
    let agencies = agencies.iter().filter_map(|a| names.get(a).cloned()).collect();
    ReasonView {
        rule,
        colour,
        title,
        ends,
        evidence,
        agencies,
        counted_from,
        since,
        until,
        day,
        days,
        needs,
        eased,
    }
}

pub(crate) fn named_reasons(all: Vec<Reason>, names: &Names) -> Vec<ReasonView> {
    all.into_iter().map(|r| named_reason(r, names)).collect()
}

pub(crate) fn named_segments(all: Vec<Segment>, names: &Names) -> Vec<SegmentView> {
    let segment = |s: Segment| SegmentView {
        from: s.from,
        to: s.to,
        colour: s.colour,
        reasons: named_reasons(s.reasons, names),
    };
    all.into_iter().map(segment).collect()
}

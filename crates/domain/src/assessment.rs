//! What a policy says about one person at one moment.

use serde::{Deserialize, Serialize};

use crate::{AgencyId, Colour, EvidenceId, Timestamp};

/// Which policy an assessment came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyRef {
    /// The policy's id, as in its file (`three-colour`).
    pub id: String,
    /// Its version; a changed file needs a higher one.
    pub version: u32,
    /// The first 8 bytes of the file's SHA-256, in hex: two files with one version are told apart.
    pub digest: String,
}

/// A text in the languages of a policy: language tag to text. Always has `en` and `zh`.
pub type Texts = std::collections::BTreeMap<String, String>;

/// One active rule: why the colour is what it is, and what ends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// The rule's id in the policy file.
    pub rule: String,
    /// The colour this rule asks for now.
    pub colour: Colour,
    /// What happened, in plain words ("You were at the same place as a confirmed case").
    pub title: Texts,
    /// What ends it, in plain words ("Ends by itself after 14 days").
    pub ends: Texts,
    /// The evidence behind it, in a fixed order.
    pub evidence: Vec<EvidenceId>,
    /// Who recorded that evidence; the holder's own declarations have no agency.
    pub agencies: Vec<AgencyId>,
    /// The moment the days are counted from.
    pub counted_from: Timestamp,
    /// First moment of this rule's effect.
    pub since: Timestamp,
    /// When this rule will stop asking for `colour` by itself; `None` if it needs something else
    /// (`needs`) or has no end.
    pub until: Option<Timestamp>,
    /// Day of the rule's count, where it counts days: 1 on its first day, 0 on the day of the event
    /// itself where the policy counts from the next midnight.
    pub day: Option<u32>,
    /// Days this rule lasts in its present colour, where it counts days.
    pub days: Option<u32>,
    /// Stable words for what must happen first (`negative_test`, `daily_check_in`,
    /// `confirmation`), empty when time alone ends it.
    pub needs: Vec<String>,
    /// Set while the rule asks for a milder colour than it would, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Eased))]
    pub eased: Option<Eased>,
}

/// Why a rule asks for a milder colour than its phase says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Eased {
    /// Whether an appeal lapsed or the evidence is disputed.
    pub by: EasedBy,
    /// The colour the rule would ask for.
    pub instead_of: Colour,
    /// In plain words, from the policy file.
    pub text: Texts,
    /// The appeals or disputes behind it, in a fixed order.
    pub evidence: Vec<EvidenceId>,
}

/// What eased a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EasedBy {
    /// An appeal that was not decided in time, or that was granted.
    Appeal,
    /// A local authority's dispute of imported evidence.
    Dispute,
}

/// What a policy says about one person at one moment, with all reasons.
///
/// An assessment is a value computed by `policy::assess`; it is stored only to be read faster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assessment {
    /// The most severe colour of all active rules; green if there is none.
    pub colour: Colour,
    /// Every active rule, most severe first, then by rule id.
    pub reasons: Vec<Reason>,
    /// What the policy could not make sense of, as stable words; never a cause for green.
    pub warnings: Vec<String>,
    /// The moment this was computed for.
    pub at: Timestamp,
    /// The first later moment at which the answer changes by itself; before it no recomputation is
    /// needed. `None`: nothing changes without new evidence.
    pub next_change: Option<Timestamp>,
    /// The policy that said so.
    pub policy: PolicyRef,
}

impl Assessment {
    /// Is this assessment still the answer at `now`?
    pub fn holds_at(&self, now: Timestamp) -> bool {
        now >= self.at && self.next_change.is_none_or(|t| now < t)
    }
}

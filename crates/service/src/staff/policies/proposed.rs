//! What a proposal would change, as plain values.

use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::{AgencyId, Division, EvidenceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::error::{Result, ServiceError};

/// What is to change. Its JSON form is stored with a proposal, and its digest is public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum ProposedChange {
    /// Publish a policy.
    Policy {
        /// The whole file.
        text: String,
    },
    /// Raise risk levels.
    Region {
        /// Each of them.
        entries: Vec<RegionEntry>,
    },
    /// Publish a mandate.
    Mandate {
        /// The whole signed note.
        note: String,
    },
    /// End the mandate before its time.
    MandateEnd,
}

/// A risk level to be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RegionEntry {
    pub(crate) id: EvidenceId,
    pub(crate) division: Division,
    pub(crate) level: RiskLevel,
    pub(crate) from: Timestamp,
    pub(crate) to: Option<Timestamp>,
}

impl RegionEntry {
    /// The level as it stands once an agency has set it.
    pub(crate) fn risk(&self, agency: AgencyId, recorded_at: Timestamp) -> RegionRisk {
        RegionRisk {
            id: self.id,
            division: self.division.clone(),
            level: self.level,
            from: self.from,
            to: self.to,
            recorded_at,
            agency,
        }
    }
}

impl ProposedChange {
    /// The word of the public log.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Policy { .. } => "policy",
            Self::Region { .. } => "region",
            Self::Mandate { .. } => "mandate",
            Self::MandateEnd => "mandate_end",
        }
    }

    /// Does it always need a second body, whatever it does to colours?
    pub(crate) const fn is_of_mandate(&self) -> bool {
        matches!(self, Self::Mandate { .. } | Self::MandateEnd)
    }

    /// Its stored form and its digest.
    pub(crate) fn stored(&self) -> Result<(String, [u8; 32])> {
        let text = serde_json::to_string(self).map_err(ServiceError::internal)?;
        let digest = crate::log::sha256(text.as_bytes());
        Ok((text, digest))
    }
}

/// One thing that two policies say differently, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DifferenceView {
    /// What it is about.
    pub about: String,
    /// What the policy in force says; null if nothing.
    pub before: Option<String>,
    /// What the new one says; null if nothing.
    pub after: Option<String>,
}

//! What a gate hands in of a scan.

use jadegate_domain::gate::{Direction, OverrideReason};
use jadegate_domain::{ScanId, Timestamp};

/// A scan as a gate hands it in.
#[derive(Clone, Debug, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ScanInput {
    /// Made by the gate; the same id and moment from the same gate is the same scan.
    pub id: ScanId,
    /// What was read; null for letting somebody in without a code.
    pub code: Option<String>,
    /// When it was read, by the gate's clock.
    pub at: Timestamp,
    /// Which way.
    pub direction: Direction,
    /// Let in against the code, and why.
    #[serde(rename = "override", default)]
    pub override_reason: Option<OverrideReason>,
    /// How it was read: accepted so that gates can say it; nothing decides by it.
    #[serde(default)]
    pub read_by: ReadBy,
    /// Of a code on paper: the moment of what the gate went by, its list or the server's answer. Left
    /// out: the moment of the scan.
    #[serde(default)]
    pub known_at: Option<Timestamp>,
}

/// How a gate read a code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReadBy {
    /// With its camera.
    Camera,
    /// With a scanner that types.
    Scanner,
    /// As pasted text.
    Paste,
    /// Nothing was read, or it is not said how.
    #[default]
    None,
}

//! How the policies that were in force here differ, as everybody reads it.

use std::sync::Arc;

use jadegate_domain::assessment::Texts;
use jadegate_domain::{PolicyRef, Timestamp};
use serde::Serialize;

/// One thing that two policies say differently, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyDifference {
    /// What it is about.
    pub about: String,
    /// What the one before says; null if nothing.
    pub before: Option<String>,
    /// What this one says; null if nothing.
    pub after: Option<String>,
}

/// A policy that came into force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyChange {
    /// Which.
    pub policy: PolicyRef,
    /// Its title, in languages.
    pub title: Texts,
    /// Whose rules they are, in languages.
    pub authority: Texts,
    /// From when it was in force.
    pub published_at: Timestamp,
    /// Whose officer proposed it; null for the file of the first start.
    pub by_agency: Option<String>,
    /// Where anybody reads its file.
    pub text_url: String,
    /// What it says differently from the one before, in English; null for the first one, and for the last
    /// one that is listed.
    pub differences: Option<Vec<PolicyDifference>>,
}

/// What is kept, and the newest policy of which it is.
pub(crate) type KeptHistory = (PolicyRef, Timestamp, Arc<Vec<PolicyChange>>);

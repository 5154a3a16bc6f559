//! What everybody is judged by, as it is kept in memory: the policy in force and the risk levels.

use std::sync::Arc;

use jadegate_domain::assessment::Texts;
use jadegate_domain::{Division, Evidence, PolicyRef};
use jadegate_policy::Policy;
use serde::Serialize;

/// The policy in force and its file, swapped together.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Its file, as published.
    pub text: Arc<str>,
}

/// The policy in force, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyView {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// First bytes of its digest.
    pub digest: String,
    /// Its title in languages.
    pub title: Texts,
    /// Seconds a code is fresh.
    pub fresh_seconds: u32,
}

impl InForce {
    /// The policy in short.
    pub fn view(&self) -> PolicyView {
        let PolicyRef { id, version, digest } = self.policy.reference().clone();
        let (title, fresh_seconds) = (self.policy.titles().clone(), self.policy.fresh_seconds());
        PolicyView { id, version, digest, title, fresh_seconds }
    }
}

/// Risk levels in memory, with the version they were loaded at.
#[derive(Debug, Default)]
pub(crate) struct Regions {
    pub(crate) version: i64,
    /// As evidence, by division and start.
    pub(crate) evidence: Vec<Evidence>,
    /// Where a level cannot be read; `None`: not even where.
    pub(crate) unreadable: Vec<Option<Division>>,
}

//! What everybody is judged by, as it is kept in memory: the policy in force and the risk levels.

use std::sync::Arc;

use jadegate_domain::{Division, Evidence};
use jadegate_policy::Policy;

/// The policy in force and its file, swapped together.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The policy.
    pub policy: Arc<Policy>,
    /// Its file, as published.
    pub text: Arc<str>,
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

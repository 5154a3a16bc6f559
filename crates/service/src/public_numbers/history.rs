//! The policies that were in force here, and what each of them changed, for everybody.

use std::sync::Arc;

use jadegate_policy::{Difference, Policy};
use jadegate_store::PolicyVersion;

use crate::app::App;
use crate::error::Result;
use crate::named::Names;
use crate::policy_changes::{PolicyChange, PolicyDifference};

/// Policies that are listed.
const LIST: usize = 20;

impl App {
    /// The policies that were in force, newest first: the last twenty. Compared once after each change.
    pub async fn policy_history(&self) -> Result<Arc<Vec<PolicyChange>>> {
        let mut kept = self.memory.policy_history.lock().await;
        let newest = self.store.policy_in_force().await?;
        if let (Some((policy, at, history)), Some(newest)) = (kept.as_ref(), &newest)
            && (policy, *at) == (&newest.reference, newest.published_at)
        {
            return Ok(Arc::clone(history));
        }
        let most = u32::try_from(LIST + 1).unwrap_or(u32::MAX);
        let versions = self.store.policy_versions(most).await?;
        let names = self.agency_names().await?;
        let history = Arc::new(changes(&versions, &names)?);
        *kept = newest.map(|n| (n.reference, n.published_at, Arc::clone(&history)));
        Ok(history)
    }
}

fn changes(versions: &[PolicyVersion], names: &Names) -> Result<Vec<PolicyChange>> {
    let read: Result<Vec<Policy>> = versions.iter().map(crate::publish::read).collect();
    let read = read?;
    let of = |(n, (v, policy)): (usize, (&PolicyVersion, &Policy))| PolicyChange {
        title: policy.titles().clone(),
        authority: policy.authority().clone(),
        published_at: v.published_at,
        by_agency: v.agency.and_then(|a| names.get(&a)).map(|a| a.name.clone()),
        text_url: format!("/v1/policies/{}", v.reference.digest),
        differences: read.get(n + 1).map(|before| differences(before, policy)),
        policy: v.reference.clone(),
    };
    Ok(versions.iter().zip(&read).enumerate().take(LIST).map(of).collect())
}

fn differences(before: &Policy, after: &Policy) -> Vec<PolicyDifference> {
    let one = |Difference { about, before, after }| PolicyDifference { about, before, after };
    jadegate_policy::diff(before, after).into_iter().map(one).collect()
}

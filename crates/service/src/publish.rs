//! Which policy is in force: the newest one that was published.
//!
//! The first start of a database publishes the file it was started with. From then on a policy comes
//! into force only by a proposal (`staff/policies/proposals.rs`): a start with a file that was never published
//! is refused, and one with a file that was replaced since goes on with the policy in force, so that
//! a restart neither changes the rules nor fails at night because a path in a configuration is old.

use std::sync::Arc;

use jadegate_domain::Timestamp;
use jadegate_policy::Policy;
use jadegate_store::{PolicyVersion, Store, Unit, Write};

use crate::error::{Kind, Result, ServiceError};
use crate::in_force::InForce;

/// The policy in force of a database, published now if there is none.
pub(crate) async fn at_start(
    store: &dyn Store,
    policy: Policy,
    text: String,
    now: Timestamp,
) -> Result<InForce> {
    let file = policy.reference();
    let Some(current) = store.policy_in_force().await? else {
        return first(store, policy, text, now).await;
    };
    if current.reference == file {
        return Ok(InForce { policy: Arc::new(policy), text: text.into() });
    }
    let now = &current.reference;
    if store.policy_version(&file.digest).await?.is_none() {
        return Err(ServiceError::new(
            Kind::Conflict,
            "policy.not_published",
            format!(
                "the policy in force here is {} version {} ({}); the file is {} version {} ({}), \
                 which was never published. A start does not change the policy: start with the \
                 file in force and propose the other one in the console (Policies), where its \
                 what-if is attached",
                now.id, now.version, now.digest, file.id, file.version, file.digest
            ),
        ));
    }
    tracing::warn!(
        id = now.id,
        version = now.version,
        digest = now.digest,
        "the policy file given was replaced since; the policy in force is kept"
    );
    Ok(InForce { policy: Arc::new(read(&current)?), text: current.text.into() })
}

/// A published policy, read by this program.
pub(crate) fn read(version: &PolicyVersion) -> Result<Policy> {
    Policy::parse(&version.text).map_err(|problems| {
        let r = &version.reference;
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        ServiceError::internal(format!(
            "this program cannot read the published policy {} version {}: {first}",
            r.id, r.version
        ))
    })
}

async fn first(store: &dyn Store, policy: Policy, text: String, now: Timestamp) -> Result<InForce> {
    let reference = policy.reference();
    let name = format!("{} {} {}", reference.id, reference.version, reference.digest);
    // Databases from before versions were kept remember only the name of theirs.
    let known = store.setting("policy").await?;
    if let Some(other) = known.as_ref().filter(|k| **k != name) {
        return Err(ServiceError::new(
            Kind::Conflict,
            "policy.not_published",
            format!(
                "the policy in force here is {other}; the file is {name}. Start once with the file \
                 in force, then propose the other one in the console (Policies)"
            ),
        ));
    }
    let version = PolicyVersion {
        reference: reference.clone(),
        text: text.clone(),
        published_at: now,
        agency: None,
        staff: None,
        proposal: None,
    };
    let mut writes = vec![Write::PublishPolicy { version: Box::new(version), replaces: None }];
    if known.is_none() {
        writes.push(Write::AddLeaf(crate::log::policy_leaf(&reference, &text, now, None)?));
    }
    store.commit(Unit::new("publish_policy", writes)).await?;
    Ok(InForce { policy: Arc::new(policy), text: text.into() })
}

//! Policies: those that were published, and a look at one that is being written.

use jadegate_domain::assessment::Texts;
use jadegate_domain::{AgencyId, PolicyRef, Timestamp};
use jadegate_policy::Policy;
use jadegate_store::PolicyVersion;
use serde::Serialize;

use super::change::differences_of;
use super::proposed::DifferenceView;
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::session::StaffSession;
use crate::staff::access::Power;

/// Versions listed.
const LIST: u32 = 100;

/// A published policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyRow {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its file's digest.
    pub digest: String,
    /// Its title, in languages.
    pub title: Texts,
    /// Whose rules they are, in languages.
    pub authority: Texts,
    /// Where they were published.
    pub source: String,
    /// When it came into force here.
    pub published_at: Timestamp,
    /// Whose officer proposed it; null for the file of the first start.
    pub by_agency: Option<String>,
    /// Is it in force?
    pub in_force: bool,
    /// Where anybody reads its file.
    pub text_url: String,
}

/// Where a policy file is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyProblem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// Stable word.
    pub code: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// A policy that is sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SoundPolicy {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// Its file's digest.
    pub digest: String,
    /// Its title, in languages.
    pub title: Texts,
}

/// What a look at a policy file found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PolicyCheck {
    /// Everything that is wrong.
    pub problems: Vec<PolicyProblem>,
    /// The policy, if nothing is.
    pub policy: Option<SoundPolicy>,
    /// What it says differently from the one in force.
    pub differences: Vec<DifferenceView>,
    /// Is it the one in force, or does it say the same?
    pub same: bool,
}

impl App {
    /// Looks at a policy file that is being written. Nothing is kept.
    pub fn check_policy(&self, session: &StaffSession, text: &str) -> Result<PolicyCheck> {
        session.need(Power::PublishPolicy)?;
        Ok(match Policy::parse(text) {
            Err(problems) => PolicyCheck {
                problems: problems
                    .into_iter()
                    .map(|p| PolicyProblem {
                        line: p.line,
                        column: p.column,
                        code: p.code,
                        message: p.message,
                    })
                    .collect(),
                policy: None,
                differences: Vec::new(),
                same: false,
            },
            Ok(policy) => {
                let differences = differences_of(&self.policy(), &policy);
                let PolicyRef { id, version, digest } = policy.reference();
                PolicyCheck {
                    problems: Vec::new(),
                    same: differences.is_empty(),
                    differences,
                    policy: Some(SoundPolicy {
                        id,
                        version,
                        digest,
                        title: policy.titles().clone(),
                    }),
                }
            }
        })
    }

    /// The published policies, newest first; the first is in force.
    pub async fn list_policies(&self, session: &StaffSession) -> Result<Vec<PolicyRow>> {
        session.may_see_changes()?;
        let names = self.agency_names().await?;
        let name = |a: AgencyId| names.get(&a).map(|n| n.name.clone());
        let all = self.store.policy_versions(LIST).await?;
        let rows = all.into_iter().enumerate().map(|(n, v)| {
            let policy = crate::publish::read(&v)?;
            let PolicyVersion { reference, published_at, agency, .. } = v;
            Ok(PolicyRow {
                title: policy.titles().clone(),
                authority: policy.authority().clone(),
                source: policy.source().to_owned(),
                published_at,
                by_agency: agency.and_then(name),
                in_force: n == 0,
                text_url: format!("/v1/policies/{}", reference.digest),
                id: reference.id,
                version: reference.version,
                digest: reference.digest,
            })
        });
        rows.collect()
    }

    /// The file of a policy that is or was in force here, for everybody.
    pub async fn published_policy_text(&self, digest: &str) -> Result<String> {
        let version = self.store.policy_version(digest).await?;
        version.map(|v| v.text).ok_or_else(|| {
            ServiceError::not_found("policy.not_found", "No such policy was published here.")
        })
    }
}

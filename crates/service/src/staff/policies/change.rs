//! What may be changed for everybody, a policy or risk levels: as typed, as stored with a proposal, as
//! shown; who may ask for it, and whether it could take effect.

use jadegate_domain::assessment::Texts;
use jadegate_domain::division::RiskLevel;
use jadegate_domain::{AgencyId, Division, Evidence, EvidenceId, PolicyRef, Timestamp};
use jadegate_ledger::mandate::{Mandate, MandateError, Standing};
use jadegate_policy::Policy;
use serde::{Deserialize, Serialize};

use super::proposed::{DifferenceView, ProposedChange, RegionEntry};
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::regions::RegionInput;
use crate::staff::{conflict, wrong};
use crate::under_mandate::MandateDocument;

/// Longest policy file.
const MOST_POLICY_BYTES: usize = 512 * 1024;
/// Entries of a list that a summary names.
const MOST_NAMED: usize = 50;

/// What is to change, as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChangeInput {
    /// Publish this policy file.
    Policy {
        /// The whole file.
        text: String,
    },
    /// Set this risk level.
    Region(RegionInput),
    /// Publish this mandate: a renewal, or other limits.
    Mandate {
        /// The whole signed note.
        note: String,
    },
    /// End the mandate now.
    MandateEnd,
}

impl ProposedChange {
    /// The power it needs.
    pub(crate) const fn power(&self) -> Power {
        match self {
            Self::Policy { .. } => Power::PublishPolicy,
            Self::Region { .. } => Power::SetRegion,
            Self::Mandate { .. } | Self::MandateEnd => Power::RenewMandate,
        }
    }
}

/// One risk level of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegionLine {
    /// The division whose level is set.
    pub division: Division,
    /// Its name.
    pub name: String,
    /// How high.
    pub level: RiskLevel,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Option<Timestamp>,
}

/// What is to change, in short.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChangeView {
    /// A policy is published.
    Policy {
        /// Id, version and digest of the policy that would come into force.
        policy: PolicyRef,
        /// Its title, in languages.
        title: Texts,
        /// The whole file, where one change is asked for by itself.
        text: Option<String>,
    },
    /// A risk level is set.
    Region(RegionLine),
    /// Risk levels of a list are set.
    Regions {
        /// How many.
        count: u64,
        /// The first of them.
        entries: Vec<RegionLine>,
    },
    /// A mandate is published.
    Mandate {
        /// What its document says.
        document: Box<MandateDocument>,
        /// The whole signed note, where one change is asked for by itself.
        note: Option<String>,
    },
    /// The mandate is ended.
    MandateEnd {
        /// The one that is ended.
        document: Option<Box<MandateDocument>>,
    },
}

impl App {
    /// The change that was typed, if it is one and this member of staff may ask for it.
    pub(super) async fn change(
        &self,
        session: &StaffSession,
        input: &ChangeInput,
    ) -> Result<ProposedChange> {
        let change = match input {
            ChangeInput::Policy { text } => {
                session.need(Power::PublishPolicy)?;
                if text.len() > MOST_POLICY_BYTES {
                    return Err(wrong("text", "policy.too_long", "This file is too long."));
                }
                ProposedChange::Policy { text: text.clone() }
            }
            ChangeInput::Region(region) => {
                session.need(Power::SetRegion)?;
                ProposedChange::Region { entries: vec![self.region_entry(region)?] }
            }
            ChangeInput::Mandate { note } => {
                session.need(Power::RenewMandate)?;
                ProposedChange::Mandate { note: note.clone() }
            }
            ChangeInput::MandateEnd => {
                session.need(Power::RenewMandate)?;
                ProposedChange::MandateEnd
            }
        };
        self.may_change(session, &change).await?;
        self.changeable(&change)?;
        Ok(change)
    }

    /// Has this member of staff the power over everybody whom the change concerns?
    pub(crate) async fn may_change(
        &self,
        session: &StaffSession,
        change: &ProposedChange,
    ) -> Result<()> {
        let staff = session.need(change.power())?;
        match change {
            ProposedChange::Region { entries } => {
                self.recorder(session, jadegate_domain::EvidenceKind::RegionRisk)?;
                if entries.iter().all(|e| staff.region.contains(&e.division)) {
                    return Ok(());
                }
                Err(ServiceError::forbidden(
                    "region.outside",
                    "This division is outside your region.",
                ))
            }
            // A policy is everybody's, and so is the mandate: only the widest health commission that there is publishes.
            ProposedChange::Policy { .. }
            | ProposedChange::Mandate { .. }
            | ProposedChange::MandateEnd => {
                let wider = |a: &jadegate_domain::agency::Agency| {
                    a.kind == staff.agency_kind
                        && a.region != staff.region
                        && a.region.contains(&staff.region)
                };
                if !self.store.agencies().await?.iter().any(wider) {
                    return Ok(());
                }
                Err(ServiceError::forbidden(
                    "policy.wider_region",
                    "A policy or a mandate holds for everybody registered here: only staff of the health commission with the widest region publish one.",
                ))
            }
        }
    }

    /// Could the change take effect now?
    pub(crate) fn changeable(&self, change: &ProposedChange) -> Result<()> {
        let text = match change {
            ProposedChange::Policy { text } => text,
            ProposedChange::Region { .. } => return Ok(()),
            ProposedChange::Mandate { note } => return self.mandate_usable(note).map(drop),
            ProposedChange::MandateEnd => return self.mandate_can_end(),
        };
        let policy = parse_policy(text)?;
        let (new, old) = (policy.reference(), self.policy().reference());
        if new.digest == old.digest {
            return Err(conflict("policy.same", "This is the policy in force."));
        }
        if new.id == old.id && new.version <= old.version {
            return Err(wrong(
                "text",
                "policy.version_not_higher",
                format!(
                    "Version {} of this policy is in force. Give the new file a higher version.",
                    old.version
                ),
            ));
        }
        if policy.valid_to().is_some_and(|to| to <= self.now()) {
            return Err(wrong("text", "policy.over", "This policy's validity has ended."));
        }
        Ok(())
    }

    fn mandate_of(&self, note: &str) -> Result<Mandate> {
        self.memory.mandates.load().open(note).map_err(ServiceError::internal)
    }

    /// The mandate of a note, if it could be published now.
    pub(super) fn mandate_usable(&self, note: &str) -> Result<Mandate> {
        let mandates = self.memory.mandates.load();
        let mandate = mandates.open(note).map_err(|e| match e {
            MandateError::NotSigned => wrong(
                "note",
                "mandate.not_signed",
                "This is not signed by the authority of this deployment, or was changed since. Ask it for the whole document with its last lines.",
            ),
            other => wrong("note", "mandate.wrong", format!("This mandate cannot be used: {other}.")),
        })?;
        let newest = mandates.newest().map_or(0, |m| m.version);
        if mandate.version <= newest {
            return Err(wrong(
                "note",
                "mandate.version_not_higher",
                format!(
                    "Version {newest} was published. The authority gives the new one a higher version."
                ),
            ));
        }
        if mandate.to <= self.now() {
            return Err(wrong("note", "mandate.over", "This mandate is over."));
        }
        Ok(mandate)
    }

    fn mandate_can_end(&self) -> Result<()> {
        let mandates = self.memory.mandates.load();
        match mandates.standing(self.now()).0 {
            Standing::InForce { .. } => Ok(()),
            _ => Err(conflict("mandate.none_to_end", "No mandate holds, so there is none to end.")),
        }
    }

    /// A change in short; `whole`: with the policy's file.
    pub(crate) fn change_view(&self, change: &ProposedChange, whole: bool) -> Result<ChangeView> {
        Ok(match change {
            ProposedChange::Policy { text } => {
                let policy = parse_policy(text)?;
                ChangeView::Policy {
                    policy: policy.reference(),
                    title: policy.titles().clone(),
                    text: whole.then(|| text.clone()),
                }
            }
            ProposedChange::Mandate { note } => ChangeView::Mandate {
                // Signed when it was proposed, and the authority's key never changes.
                document: Box::new(MandateDocument::from(&self.mandate_of(note)?)),
                note: whole.then(|| note.clone()),
            },
            ProposedChange::MandateEnd => {
                let mandates = self.memory.mandates.load();
                let holds = mandates.standing(self.now()).1;
                ChangeView::MandateEnd { document: holds.map(|m| Box::new(m.into())) }
            }
            ProposedChange::Region { entries } => {
                let line = |e: &RegionEntry| RegionLine {
                    name: self.division_name(&e.division),
                    division: e.division.clone(),
                    level: e.level,
                    from: e.from,
                    to: e.to,
                };
                match entries.as_slice() {
                    [one] => ChangeView::Region(line(one)),
                    all => ChangeView::Regions {
                        count: all.len() as u64,
                        entries: all.iter().take(MOST_NAMED).map(line).collect(),
                    },
                }
            }
        })
    }
}

/// What changes between two policies, in words.
pub(crate) fn differences_of(before: &Policy, after: &Policy) -> Vec<DifferenceView> {
    jadegate_policy::diff(before, after)
        .into_iter()
        .map(|d| DifferenceView { about: d.about, before: d.before, after: d.after })
        .collect()
}

/// A risk level as the evidence it will be.
pub(super) fn as_evidence(e: &RegionEntry, now: Timestamp) -> Evidence {
    // Nobody's yet: only what it does to colours counts here.
    Evidence::from_region_risk(&e.risk(AgencyId::from_random(1), now))
}

/// A level as typed in a command: `CN-330106=high`.
pub fn risk_of(text: &str, now: Timestamp) -> Result<Evidence> {
    let bad = || {
        wrong(
            "risk_level",
            "region.bad_level",
            format!("{text} is not a division and a level like CN-330106=high or CN-330106=medium"),
        )
    };
    let (division, level) = text.split_once('=').ok_or_else(bad)?;
    let Ok(level @ (RiskLevel::Medium | RiskLevel::High)) = level.trim().parse() else {
        return Err(bad());
    };
    let entry = RegionEntry {
        id: EvidenceId::from_random(u64::MAX),
        division: division.parse().map_err(|_| bad())?,
        level,
        from: now,
        to: None,
    };
    Ok(as_evidence(&entry, now))
}

pub(super) fn parse_policy(text: &str) -> Result<Policy> {
    Policy::parse(text).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        wrong(
            "text",
            "policy.problems",
            format!("The file has {} problems; the first: {first}", problems.len()),
        )
    })
}

//! What is shown of a proposal.

use std::collections::HashMap;

use jadegate_domain::id::ProposalId;
use jadegate_domain::{AgencyId, StaffId, Timestamp};
use jadegate_policy::WhatIf;
use jadegate_store::{ProposalState, RowRef, StoredProposal};
use serde::Serialize;

use super::change::ChangeView;
use super::proposed::{DifferenceView, ProposedChange};
use super::runs::{Attached, Share};
use super::what_if::percent;
use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::session::StaffSession;

/// Somebody who proposed or decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Officer {
    /// Name; null for the machine's own command line.
    pub name: Option<String>,
    /// Agency.
    pub agency: String,
}

/// A what-if as it was attached.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttachedWhatIf {
    /// The result.
    pub result: WhatIf,
    /// Did it need a second officer?
    pub needs_second_officer: bool,
    /// The worst division.
    pub share: Option<Share>,
    /// People turned from green to another colour, those of smaller changes of the 24 hours before
    /// with them.
    pub confined_people: u64,
    /// When it was made.
    pub made_at: Timestamp,
    /// What the new policy says differently.
    pub differences: Vec<DifferenceView>,
}

#[cfg(feature = "openapi")]
fn proposal_states() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
    jadegate_domain::openapi::one_of(ProposalState::ALL.map(ProposalState::as_str))
}

/// A proposal.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProposalView {
    /// The id of the proposal.
    pub id: ProposalId,
    /// What is to change.
    pub change: ChangeView,
    /// `waiting`, `applied`, `rejected`, `withdrawn` or `expired`.
    #[cfg_attr(feature = "openapi", schema(schema_with = proposal_states))]
    pub state: &'static str,
    /// Who proposed it.
    pub proposed_by: Officer,
    /// The moment at which it was made.
    pub proposed_at: Timestamp,
    /// After this it lapses.
    pub expires_at: Timestamp,
    /// The reason given by whoever proposed it.
    pub reason: String,
    /// Who decided; null if it needed no second officer, waits or lapsed.
    pub decided_by: Option<Officer>,
    /// When it ended.
    pub decided_at: Option<Timestamp>,
    /// The reason given by whoever decided; absent while nobody has, or if none was given.
    pub decision_reason: Option<String>,
    /// The what-if it was proposed with.
    pub what_if: AttachedWhatIf,
    /// The what-if made again at the decision.
    pub what_if_at_decision: Option<AttachedWhatIf>,
    /// The mandate's threshold when it was proposed, in percent.
    pub threshold_percent: f64,
    /// The mandate's threshold in people when it was proposed; null in proposals of before there was
    /// one. Whichever of the two is passed first counts.
    pub threshold_people: Option<u64>,
    /// Was it proposed by whoever asks?
    pub mine: bool,
    /// May whoever asks decide on it as the second officer?
    pub may_decide: bool,
}

impl App {
    pub(super) async fn officers(&self) -> Result<Names> {
        let staff = self.store.all_staff().await?;
        let agencies = self.store.agencies().await?;
        Ok(Names {
            staff: staff.into_iter().map(|s| (s.id, (s.display_name, s.agency_name))).collect(),
            agencies: agencies.into_iter().map(|a| (a.id, a.name)).collect(),
        })
    }

    pub(super) fn proposal_view(
        &self,
        session: &StaffSession,
        p: StoredProposal,
        names: &Names,
        whole: bool,
    ) -> Result<ProposalView> {
        let change = change_of(&p)?;
        let attached = attached_of(&p, &p.what_if)?;
        let threshold_percent = percent(attached.threshold);
        let threshold_people = attached.threshold_people;
        let again = p.decision.as_ref().and_then(|d| d.what_if.as_deref());
        let again = again.map(|text| attached_of(&p, text)).transpose()?;
        let me = session.staff().id;
        let mine = p.proposed_by == Some(me);
        Ok(ProposalView {
            id: p.id,
            may_decide: p.state == ProposalState::Waiting
                && !mine
                && p.agency != session.staff().agency
                && self.now() < p.expires_at
                && session.may(change.power()),
            change: self.change_view(&change, whole)?,
            state: p.state.as_str(),
            proposed_by: names.officer(p.proposed_by, p.agency),
            proposed_at: p.proposed_at,
            expires_at: p.expires_at,
            reason: p.reason,
            decided_by: p
                .decision
                .as_ref()
                .and_then(|d| d.by)
                .map(|by| names.officer(Some(by), p.agency)),
            decided_at: p.decision.as_ref().map(|d| d.at),
            decision_reason: p.decision.and_then(|d| d.reason),
            what_if: view(attached),
            what_if_at_decision: again.map(view),
            threshold_percent,
            threshold_people,
            mine,
        })
    }
}

/// Names for the views.
pub(super) struct Names {
    staff: HashMap<StaffId, (String, String)>,
    agencies: HashMap<AgencyId, String>,
}

impl Names {
    fn officer(&self, staff: Option<StaffId>, agency: AgencyId) -> Officer {
        match staff.and_then(|s| self.staff.get(&s)) {
            Some((name, agency)) => Officer { name: Some(name.clone()), agency: agency.clone() },
            None => Officer {
                name: None,
                agency: self.agencies.get(&agency).cloned().unwrap_or_default(),
            },
        }
    }
}

fn view(a: Attached) -> AttachedWhatIf {
    AttachedWhatIf {
        result: a.result,
        needs_second_officer: a.needs_second_officer,
        share: a.share,
        confined_people: a.confined_people,
        made_at: a.made_at,
        differences: a.differences,
    }
}

pub(super) fn change_of(p: &StoredProposal) -> Result<ProposedChange> {
    serde_json::from_str(&p.change).map_err(|_| unreadable(p, "change"))
}

/// The what-if that a proposal was made from, or decided by.
pub(super) fn attached_of(p: &StoredProposal, text: &str) -> Result<Attached> {
    serde_json::from_str(text).map_err(|_| unreadable(p, "what_if"))
}

fn unreadable(p: &StoredProposal, column: &'static str) -> ServiceError {
    ServiceError::unreadable(RowRef { table: "proposal", column, row: p.id.as_i64() })
}

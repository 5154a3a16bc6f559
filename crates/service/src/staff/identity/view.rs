//! Identity requests as those see them who ask, who decide, whom they are about, and everybody.

use std::collections::BTreeSet;

use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::{CaseId, IdentityRefusal, IdentityTarget, Purpose, Timestamp};
use jadegate_store::{IdentityRequest, IdentityState, Latest};
use serde::Serialize;

use super::steps::{MOST_OPEN, no_such};
use crate::app::App;
use crate::error::Result;
use crate::named::{AgencyName, Names};
use crate::session::{HolderSession, StaffSession};
use crate::staff::access::Power;

/// Requests listed.
const LIST: u32 = 200;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IdentityStateView {
    /// Waits for a second person of another agency.
    Waiting,
    /// Agreed to: it can be read for some hours.
    Approved,
    /// Refused, by the rules or by the second person.
    Refused,
    /// Its time is over, or whoever asked has ended it.
    Closed,
}

impl From<IdentityState> for IdentityStateView {
    fn from(state: IdentityState) -> Self {
        match state {
            IdentityState::Waiting => Self::Waiting,
            IdentityState::Approved => Self::Approved,
            IdentityState::Refused => Self::Refused,
            IdentityState::Closed => Self::Closed,
        }
    }
}

/// A request, for staff. Says nothing of whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityRequestView {
    /// The request.
    pub id: IdentityRequestId,
    /// When it was made.
    pub asked_at: Timestamp,
    /// Whose officer asked.
    pub agency: Option<AgencyName>,
    /// For what; null if it was for something that does not exist here.
    pub purpose: Option<Purpose>,
    /// For which case.
    pub case: Option<CaseId>,
    /// Behind which pseudonym of it; null if it was for something that does not exist here.
    pub target: Option<IdentityTarget>,
    /// Why, in words.
    pub why: String,
    /// How far it has come.
    pub state: IdentityStateView,
    /// Why it was refused.
    pub refusal: Option<IdentityRefusal>,
    /// Whose officer decided.
    pub decided_by: Option<AgencyName>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// Until when it waits or can be read.
    pub expires_at: Timestamp,
    /// When the person was read for the first time.
    pub read_at: Option<Timestamp>,
    /// From when the person sees that it was made.
    pub shown_from: Timestamp,
    /// Was it made by whoever looks?
    pub mine: bool,
    /// May whoever looks decide on it?
    pub may_decide: bool,
}

/// A request, for the person whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MyIdentityRequest {
    /// When it was made.
    pub asked_at: Timestamp,
    /// Whose officer asked.
    pub agency: Option<AgencyName>,
    /// For what; null if it was for something that does not exist here.
    pub purpose: Option<Purpose>,
    /// As whom you were asked for: as the case, a contact, or by your seat.
    pub target: Option<IdentityTarget>,
    /// How it stands.
    pub state: IdentityStateView,
    /// Why it was refused.
    pub refusal: Option<IdentityRefusal>,
    /// Whose officer decided; null: nobody yet, the rules, or time.
    pub decided_by: Option<AgencyName>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// When your name and phone were read for the first time; null: never.
    pub read_at: Option<Timestamp>,
}

impl App {
    /// One request, for whoever made it, may decide on it, or audits.
    pub async fn identity_request(
        &self,
        session: &StaffSession,
        id: IdentityRequestId,
    ) -> Result<IdentityRequestView> {
        may_see(session)?;
        let r = self.store.identity_request(id).await?.ok_or_else(no_such)?;
        let names = self.agency_names().await?;
        self.identity_view(session, r, &names).await?.ok_or_else(no_such)
    }

    /// The newest requests of one's own agency, and those one may decide on; all of them for auditors.
    pub async fn list_identity_requests(
        &self,
        session: &StaffSession,
    ) -> Result<Vec<IdentityRequestView>> {
        may_see(session)?;
        let names = self.agency_names().await?;
        let mut views = Vec::new();
        let newest = Latest { before: None, limit: LIST };
        let newest = self.store.identity_requests(newest).await?;
        // What waits is listed however much came after it.
        let listed: BTreeSet<_> = newest.iter().map(|r| r.id).collect();
        let mut older = self.store.open_identity_requests(MOST_OPEN).await?;
        older.retain(|r| !listed.contains(&r.id));
        older.reverse();
        for r in newest.into_iter().chain(older) {
            views.extend(self.identity_view(session, r, &names).await?);
        }
        Ok(views)
    }

    /// `None`: not for whoever looks.
    async fn identity_view(
        &self,
        session: &StaffSession,
        r: IdentityRequest,
        names: &Names,
    ) -> Result<Option<IdentityRequestView>> {
        let staff = session.staff();
        let own = r.agency == staff.agency;
        let inside = match r.holder {
            Some(holder) if !own && session.may(Power::ApproveIdentity) => {
                self.holder_inside_if(&staff.region, holder).await?.is_some()
            }
            _ => false,
        };
        if !own && !inside && !session.may(Power::ReadAudit) {
            return Ok(None);
        }
        let over = self.now() >= r.expires_at;
        let open = matches!(r.state, IdentityState::Waiting | IdentityState::Approved);
        let state = if open && over { IdentityState::Closed } else { r.state };
        Ok(Some(IdentityRequestView {
            id: r.id,
            asked_at: r.asked_at,
            agency: names.get(&r.agency).cloned(),
            purpose: r.purpose,
            case: r.case,
            target: r.target,
            why: r.why,
            state: state.into(),
            refusal: r.refusal,
            decided_by: r.decided_by.and_then(|(_, a)| names.get(&a).cloned()),
            decided_at: r.decided_at,
            expires_at: r.expires_at,
            read_at: r.read_at,
            shown_from: r.shown_from,
            mine: r.staff == staff.id,
            may_decide: inside && state == IdentityState::Waiting,
        }))
    }

    /// Requests to learn who one is, refused ones too, from the moment at which they are told.
    pub async fn my_identity_requests(
        &self,
        session: &HolderSession,
    ) -> Result<Vec<MyIdentityRequest>> {
        let now = self.now();
        let names = self.agency_names().await?;
        let all = self.store.identity_requests_about(session.holder(), LIST).await?;
        let shown = all.into_iter().filter(|r| r.shown_from <= now);
        Ok(shown
            .map(|r| {
                let open = matches!(r.state, IdentityState::Waiting | IdentityState::Approved);
                let over = open && now >= r.expires_at;
                MyIdentityRequest {
                    asked_at: r.asked_at,
                    agency: names.get(&r.agency).cloned(),
                    purpose: r.purpose,
                    target: r.target,
                    state: if over { IdentityState::Closed } else { r.state }.into(),
                    refusal: r.refusal,
                    decided_by: r.decided_by.and_then(|(_, a)| names.get(&a).cloned()),
                    decided_at: r.decided_at,
                    read_at: r.read_at,
                }
            })
            .collect())
    }
}

fn may_see(session: &StaffSession) -> Result<()> {
    session.need_any(Power::SEE_IDENTITY_REQUESTS).map(drop)
}

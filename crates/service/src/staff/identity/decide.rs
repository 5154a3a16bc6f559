//! A second person of another agency agrees or refuses; whoever asked reads the person, or ends the request.

use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::{Division, IdentityRefusal, Purpose, StaffId, Timestamp};
use jadegate_ledger::IdentityEvent;
use jadegate_store::{IdentityDecision, IdentityRequest, IdentityState, Write};
use serde::{Deserialize, Serialize};

use super::steps::{Refusing, identity_leaf, no_such};
use super::view::IdentityRequestView;
use crate::app::App;
use crate::author::Author;
use crate::error::{Result, ServiceError};
use crate::session::StaffSession;
use crate::staff::access::{Counted, Power};
use crate::staff::what::What;
use crate::staff::{conflict, wrong};
use crate::vault::Identity;

/// Hours for which an approved request can be read.
const READABLE_HOURS: i64 = 4;

/// A refusal as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RefusalInput {
    /// Why: `not_needed`, `milder_way`, `does_not_fit` or `unclear`.
    #[cfg_attr(feature = "openapi", schema(value_type = IdentityRefusal))]
    pub reason: String,
}

/// Who stands behind a pseudonym, as far as the purpose needs it.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NamedPerson {
    /// The name: masked for contact tracing where there is a phone to call.
    pub name: String,
    /// The phone, in international form; null if they have none.
    pub phone: Option<String>,
    /// Where they live, to the division that is known; null where a phone is enough.
    pub home_name: Option<String>,
    /// Until when it can be read again.
    pub until: Timestamp,
}

/// Never shows who it is.
impl std::fmt::Debug for NamedPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedPerson").field("until", &self.until).finish_non_exhaustive()
    }
}

impl App {
    /// A second person of another agency agrees: whoever asked can read the person for some hours.
    pub async fn approve_identity(
        &self,
        session: &StaffSession,
        id: IdentityRequestId,
    ) -> Result<IdentityRequestView> {
        self.must_have_mandate()?;
        let r = self.identity_to_decide(session, id).await?;
        let (staff, now) = (session.staff(), self.now());
        let decision = IdentityDecision {
            state: IdentityState::Approved,
            by: Some((staff.id, staff.agency)),
            at: now,
            refusal: None,
            expires_at: now.plus_secs(3600 * READABLE_HOURS),
            shown_from: r.shown_from,
        };
        let leaf = identity_leaf(&r, IdentityEvent::Approved, Some(staff.agency), now)?;
        let from = r.state;
        let decide = Write::DecideIdentityRequest { id, from, decision: Box::new(decision) };
        // What was decided about a case that is none any more would be decided about nothing.
        let mut writes = vec![decide, Write::AddLeaf(leaf)];
        writes.extend(r.case.map(crate::author::case_stands));
        self.commit("approve_identity", writes).await?;
        self.identity_request(session, id).await
    }

    /// A second person of another agency refuses, with a reason from a closed list.
    pub async fn refuse_identity(
        &self,
        session: &StaffSession,
        id: IdentityRequestId,
        input: &RefusalInput,
    ) -> Result<IdentityRequestView> {
        session.need(Power::ApproveIdentity)?;
        let why = input.reason.parse::<IdentityRefusal>().ok();
        let why = why.filter(|r| IdentityRefusal::OF_A_SECOND.contains(r)).ok_or_else(|| {
            wrong(
                "reason",
                "reason.unknown",
                "Choose why: not_needed, milder_way, does_not_fit or unclear.",
            )
        })?;
        let r = self.identity_to_decide(session, id).await?;
        let staff = session.staff();
        let by = Refusing { staff: staff.id, agency: staff.agency, why };
        self.end_identity_request(&r, Some(by), self.now()).await?;
        self.identity_request(session, id).await
    }

    /// Whoever asked needs it no more: they can ask for somebody else then.
    pub async fn close_identity(
        &self,
        session: &StaffSession,
        id: IdentityRequestId,
    ) -> Result<IdentityRequestView> {
        session.need(Power::AskIdentity)?;
        let r = self.own_identity_request(session.staff().id, id).await?;
        if !matches!(r.state, IdentityState::Waiting | IdentityState::Approved) {
            return Err(decided());
        }
        self.end_identity_request(&r, None, self.now()).await?;
        self.identity_request(session, id).await
    }

    /// Whoever asked reads who it is. Each reading is a look that the person sees at once, and a leaf.
    pub async fn read_identity(
        &self,
        session: &StaffSession,
        id: IdentityRequestId,
    ) -> Result<NamedPerson> {
        let staff = session.need(Power::AskIdentity)?;
        self.count_look(staff.id, Counted::LookUp).await?;
        let r = self.own_identity_request(staff.id, id).await?;
        let now = self.now();
        let (IdentityState::Approved, Some(holder), Some(purpose)) = (r.state, r.holder, r.purpose)
        else {
            return Err(not_readable());
        };
        if now >= r.expires_at {
            return Err(not_readable());
        }
        let leaf = identity_leaf(&r, IdentityEvent::Read, None, now)?;
        let mut writes = vec![Write::ReadIdentity { id, at: now }, Write::AddLeaf(leaf)];
        writes.extend(r.case.map(crate::author::case_stands));
        writes.extend(self.look_writes(&Author::of(staff), holder, purpose, What::NameAndPhone)?);
        self.commit("read_identity", writes).await?;
        let nobody = || {
            ServiceError::not_found(
                "identity.nobody_left",
                "Nobody is known behind this pseudonym any more.",
            )
        };
        let home = self.store.holder(holder).await?.ok_or_else(nobody)?.home;
        let identity = self.identity(holder).await?.ok_or_else(nobody)?;
        Ok(self.as_far_as_needed(&identity, &home, purpose, r.expires_at))
    }

    /// Tracing reaches a contact by phone, who then says who they are; only who has none is named, and looked
    /// for at home. Somebody missed in quarantine is looked for by name.
    fn as_far_as_needed(
        &self,
        identity: &Identity,
        home: &Division,
        purpose: Purpose,
        until: Timestamp,
    ) -> NamedPerson {
        let phone = identity.phone.as_ref().map(|p| p.reveal().to_owned());
        let by_phone = purpose == Purpose::ContactTracing && phone.is_some();
        let name = if by_phone { identity.name.mask() } else { identity.name.reveal().to_owned() };
        let home_name = (!by_phone).then(|| self.division_name(home));
        NamedPerson { name, phone, home_name, until }
    }

    /// A request that waits and that this member of staff may decide on.
    async fn identity_to_decide(
        &self,
        session: &StaffSession,
        id: IdentityRequestId,
    ) -> Result<IdentityRequest> {
        let staff = session.need(Power::ApproveIdentity)?;
        let r = self.store.identity_request(id).await?.ok_or_else(no_such)?;
        let holder = r.holder.ok_or_else(no_such)?;
        // Whoever lives elsewhere is nobody here.
        self.holder_inside_if(&staff.region, holder).await?.ok_or_else(no_such)?;
        if r.staff == staff.id || r.agency == staff.agency {
            return Err(ServiceError::forbidden(
                "identity.same_agency",
                "Your own agency asked for this: an officer of another agency has to decide on it.",
            ));
        }
        if r.state != IdentityState::Waiting || self.now() >= r.expires_at {
            return Err(decided());
        }
        Ok(r)
    }

    async fn own_identity_request(
        &self,
        staff: StaffId,
        id: IdentityRequestId,
    ) -> Result<IdentityRequest> {
        let found = self.store.identity_request(id).await?;
        found.filter(|r| r.staff == staff).ok_or_else(no_such)
    }
}

fn decided() -> ServiceError {
    conflict("identity.decided", "This identity request does not wait any more.")
}

fn not_readable() -> ServiceError {
    conflict(
        "identity.not_readable",
        "This request was not agreed to, or its hours are over. Ask anew if it is still needed.",
    )
}

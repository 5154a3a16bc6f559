//! How a request ends by itself, and its steps in the public log.

use jadegate_domain::{AgencyId, IdentityRefusal, StaffId, Timestamp};
use jadegate_ledger::{IdentityEvent, Leaf};
use jadegate_store::{IdentityDecision, IdentityRequest, IdentityState, Write};

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};

/// Requests that are looked through for those whose time is over.
pub(super) const MOST_OPEN: u32 = 500;

/// Who of which agency refuses, and why.
#[derive(Clone, Copy)]
pub(super) struct Refusing {
    pub(super) staff: StaffId,
    pub(super) agency: AgencyId,
    pub(super) why: IdentityRefusal,
}

impl App {
    /// Closes requests whose time is over, so that whoever made them can ask anew. Returns how many.
    pub(crate) async fn close_identity_requests(&self) -> Result<u64> {
        let now = self.now();
        let mut closed = 0;
        for r in self.store.open_identity_requests(MOST_OPEN).await? {
            if now < r.expires_at {
                continue;
            }
            match self.end_identity_request(&r, None, now).await {
                Ok(()) => closed += 1,
                // Another server, or whoever decided a moment ago.
                Err(e) if e.kind == Kind::Conflict => {}
                Err(e) => return Err(e),
            }
        }
        Ok(closed)
    }

    /// Ends a request that waits or can be read.
    pub(super) async fn end_identity_request(
        &self,
        r: &IdentityRequest,
        refusing: Option<Refusing>,
        now: Timestamp,
    ) -> Result<()> {
        let (state, event) = match refusing {
            Some(_) => (IdentityState::Refused, IdentityEvent::Refused),
            None => (IdentityState::Closed, IdentityEvent::Closed),
        };
        let decision = IdentityDecision {
            state,
            by: refusing.map(|by| (by.staff, by.agency)).or(r.decided_by),
            at: if refusing.is_some() { now } else { r.decided_at.unwrap_or(now) },
            refusal: refusing.map(|by| by.why),
            expires_at: r.expires_at.min(now),
            shown_from: r.shown_from,
        };
        let after = IdentityRequest { state, refusal: decision.refusal, ..r.clone() };
        let leaf = identity_leaf(&after, event, refusing.map(|by| by.agency), now)?;
        let decide =
            Write::DecideIdentityRequest { id: r.id, from: r.state, decision: Box::new(decision) };
        self.commit("end_identity_request", vec![decide, Write::AddLeaf(leaf)]).await
    }
}

/// A step of a request in the public log: which agencies, for what, and how it ended; never about whom.
pub(super) fn identity_leaf(
    r: &IdentityRequest,
    event: IdentityEvent,
    by: Option<AgencyId>,
    at: Timestamp,
) -> Result<Vec<u8>> {
    let leaf = Leaf::IdentityRequest {
        at,
        event,
        request: r.id,
        agency: r.agency,
        agency_kind: r.agency_kind,
        purpose: r.purpose,
        by,
        refusal: r.refusal,
    };
    Ok(leaf.encode()?)
}

pub(super) fn no_such() -> ServiceError {
    ServiceError::not_found("identity.not_found", "There is no such identity request.")
}

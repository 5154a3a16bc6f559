//! Places and their gates.

use std::sync::Arc;

use jadegate_domain::agency::UnknownName;
use jadegate_domain::id::InvitationId;
use jadegate_domain::{AgencyKind, Division, GateId, Place, PlaceId, PlaceKind, Staff, Timestamp};
use jadegate_ledger::GateEvent;
use jadegate_store::{Invitation, InvitationUse, Write};
use serde::Serialize;

use super::access::Power;
use super::wrong;
use crate::app::App;
use crate::concurrency::beside;
use crate::error::{Result, ServiceError};
use crate::gate::enrol::Poster;
use crate::session::{StaffSession, token_digest};

/// A place as typed.
#[derive(Clone, Debug, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PlaceInput {
    /// Name as on its door.
    pub name: String,
    /// Kind, by name.
    #[cfg_attr(feature = "openapi", schema(value_type = jadegate_domain::PlaceKind))]
    pub kind: String,
    /// Division code.
    pub division: String,
}

/// One place of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlaceRow {
    /// The id of the place.
    pub id: PlaceId,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: PlaceKind,
    /// The division in which it lies.
    pub division: Division,
    /// Its name.
    pub division_name: String,
    /// Since when.
    pub registered_at: Timestamp,
}

/// A page of places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlacePage {
    /// Places by id.
    pub places: Vec<PlaceRow>,
    /// Where the next page begins.
    pub next: Option<PlaceId>,
}

/// A single-use link that makes a device a gate. The token is shown once and never stored.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Enrolment {
    /// The link's path.
    pub link: String,
    /// Until when it works.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// One gate of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GateRow {
    /// The id of the gate.
    pub id: GateId,
    /// Where it stands.
    pub place: PlaceId,
    /// Its name.
    pub label: String,
    /// Since when.
    pub enrolled_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Places of one page, at most.
const MOST: usize = 200;

impl App {
    /// Registers a place inside the region. A venue's own managers register it for their agency.
    pub async fn create_place(
        &self,
        session: &StaffSession,
        input: &PlaceInput,
    ) -> Result<PlaceRow> {
        let staff = session.need(Power::ManagePlaces)?;
        let name = input.name.split_whitespace().collect::<Vec<_>>().join(" ");
        let formula = name.starts_with(['=', '+', '-', '@']);
        if name.is_empty()
            || name.chars().count() > 120
            || name.chars().any(char::is_control)
            || formula
        {
            return Err(wrong(
                "name",
                "place.bad_name",
                "Give the place a name of 1 to 120 letters.",
            ));
        }
        let kind: PlaceKind = input
            .kind
            .parse()
            .map_err(|e: UnknownName| wrong("kind", "place.unknown_kind", e.to_string()))?;
        let division: Division = input
            .division
            .parse()
            .map_err(|_| wrong("division", "division.bad", "Choose a division from the list."))?;
        if !staff.region.contains(&division) {
            return Err(ServiceError::forbidden(
                "region.outside",
                "This division is outside your region.",
            ));
        }
        let place = Place {
            id: PlaceId::from_random(self.deployment.rng.bits()),
            kind,
            name,
            division,
            agency: owner(staff),
            registered_at: self.now(),
            external_key: None,
        };
        self.commit("create_place", vec![Write::AddPlace(place.clone())]).await?;
        Ok(self.place_row(&place))
    }

    /// The places this member of staff manages, by id.
    pub async fn list_places(
        self: &Arc<Self>,
        session: &StaffSession,
        after: Option<PlaceId>,
        limit: u32,
    ) -> Result<PlacePage> {
        let staff = session.need(Power::ManagePlaces)?;
        let limit = usize::try_from(limit).unwrap_or(MOST).clamp(1, MOST);
        // An agency has few; of all places those of a small region may lie far apart.
        let (app, staff) = (Arc::clone(self), staff.clone());
        let find = move || {
            let agency = owner(&staff);
            let all = app.memory.places_after(agency, after).filter(|p| manages(&staff, p));
            all.take(limit + 1).collect::<Vec<_>>()
        };
        let mut places = beside(find).await?;
        let more = places.len() > limit;
        places.truncate(limit);
        let next = if more { places.last().map(|p| p.id) } else { None };
        Ok(PlacePage { places: places.iter().map(|p| self.place_row(p)).collect(), next })
    }

    /// A single-use link that makes the device that opens it a gate of the place.
    pub async fn enrolment_link(
        &self,
        session: &StaffSession,
        place: PlaceId,
    ) -> Result<Enrolment> {
        let place = self.managed(session, place)?;
        let token = self.new_token();
        let now = self.now();
        let expires_at = now.plus_secs(self.deployment.settings.invitation_seconds);
        let invitation = Invitation {
            id: InvitationId::from_random(self.deployment.rng.bits()),
            token_digest: token_digest(&token),
            used_for: InvitationUse::Gate { place: place.id, by: Some(session.staff().id) },
            created_at: now,
            expires_at,
            used_at: None,
        };
        self.commit("enrolment_link", vec![Write::AddInvitation(invitation)]).await?;
        Ok(Enrolment { link: format!("/gate/#enrol={token}"), expires_at })
    }

    /// The codes of a place that is managed: to print, and for a screen.
    pub fn place_poster(&self, session: &StaffSession, place: PlaceId) -> Result<Poster> {
        let place = self.managed(session, place)?;
        self.poster(place.id)
    }

    /// The gates of a place, by id.
    pub async fn list_gates(&self, session: &StaffSession, place: PlaceId) -> Result<Vec<GateRow>> {
        let place = self.managed(session, place)?;
        let gates = self.store.gates(place.id).await?;
        Ok(gates
            .into_iter()
            .map(|g| GateRow {
                id: g.id,
                place: g.place,
                label: g.label,
                enrolled_at: g.enrolled_at,
                revoked_at: g.revoked_at,
            })
            .collect())
    }

    /// Revokes a gate: its sessions end at once. Revoking it again changes nothing.
    pub async fn revoke_gate(&self, session: &StaffSession, gate: GateId) -> Result<()> {
        let (gate, place) = self.managed_gate(session, gate).await?;
        if gate.revoked_at.is_some() {
            return Ok(());
        }
        let (now, by) = (self.now(), Some(session.staff().id));
        let leaf = crate::log::gate_leaf(&gate, place.agency, GateEvent::Revoked, by, now)?;
        let writes = vec![Write::RevokeGate { gate: gate.id, at: now }, Write::AddLeaf(leaf)];
        self.commit("revoke_gate", writes).await
    }

    pub(super) fn managed(&self, session: &StaffSession, place: PlaceId) -> Result<Arc<Place>> {
        let staff = session.need(Power::ManagePlaces)?;
        self.memory.place(place).filter(|p| manages(staff, p)).ok_or_else(|| {
            ServiceError::not_found("place.not_found", "There is no such place among yours.")
        })
    }

    fn place_row(&self, p: &Place) -> PlaceRow {
        PlaceRow {
            id: p.id,
            name: p.name.clone(),
            kind: p.kind,
            division: p.division.clone(),
            division_name: self.division_name(&p.division),
            registered_at: p.registered_at,
        }
    }
}

/// Operators register places for anybody; everybody else for their own agency.
fn owner(staff: &Staff) -> Option<jadegate_domain::AgencyId> {
    (staff.agency_kind != AgencyKind::Operator).then_some(staff.agency)
}

/// Inside the region, and one's own unless one is the operator.
fn manages(staff: &Staff, place: &Place) -> bool {
    let own = staff.agency_kind == AgencyKind::Operator || place.agency == Some(staff.agency);
    own && staff.region.contains(&place.division)
}

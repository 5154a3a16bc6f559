//! Agencies and their staff: registered, invited, ended. Each step is a leaf of the public log.
//!
//! Staff come in by a single-use link and a passkey of their own; there is no password. The first
//! administrator and the first commissioner are invited from the machine's own command line. Who
//! registers and invites gives no power over people: the health commission does (`confirm.rs`).

use jadegate_domain::agency::Agency;
use jadegate_domain::agency::UnknownName;
use jadegate_domain::id::InvitationId;
use jadegate_domain::{AgencyId, AgencyKind, Division, Role, Staff, StaffId, Timestamp};
use jadegate_ledger::{AgencyEvent, StaffEvent};
use jadegate_store::{
    CredentialRow, Invitation, InvitationUse, Precondition, SessionSubject, Unit, Write,
};
use serde::Serialize;

use crate::app::App;
use crate::error::{Kind, Result, ServiceError};
use crate::gate::enrol::bad_link;
use crate::log::{agency_leaf, staff_leaf};
use crate::session::{NewSession, StaffSession, token_digest};
use crate::staff::access::Power;
use crate::staff::wrong;

/// Passkeys named to an authenticator that must not hold them, at most.
const MOST_EXCLUDED: usize = 64;

/// An agency as typed.
#[derive(Clone, Debug, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AgencyInput {
    /// Kind, by name.
    #[cfg_attr(feature = "openapi", schema(value_type = AgencyKind))]
    pub kind: String,
    /// Name as shown to holders.
    pub name: String,
    /// Where it acts.
    pub region: String,
}

/// A member of staff as typed.
#[derive(Clone, Debug, serde::Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StaffInput {
    /// Working for.
    pub agency: AgencyId,
    /// Role, by name.
    #[cfg_attr(feature = "openapi", schema(value_type = Role))]
    pub role: String,
    /// Where they act; the agency's region if empty.
    pub region: String,
    /// Name shown to colleagues.
    pub display_name: String,
}

/// An invitation. The token is shown once and never stored.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InvitedStaff {
    /// Who will have that id once they accept.
    pub staff: StaffId,
    /// The link's path.
    pub link: String,
    /// The token in it.
    pub token: String,
    /// Until when it works.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for InvitedStaff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InvitedStaff").field("staff", &self.staff).finish_non_exhaustive()
    }
}

/// A passkey made by the ceremony, which the caller has verified.
#[derive(Clone, Debug)]
pub struct NewPasskey {
    /// The authenticator's credential id.
    pub credential_id: Vec<u8>,
    /// The passkey as its library writes it (JSON).
    pub passkey: String,
}

/// One member of staff of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StaffRow {
    /// The id of the member of staff.
    pub id: StaffId,
    /// Name shown to colleagues.
    pub display_name: String,
    /// Working for.
    pub agency: AgencyId,
    /// Its name.
    pub agency_name: String,
    /// Its kind.
    pub agency_kind: AgencyKind,
    /// Role.
    pub role: Role,
    /// Where they act.
    pub region: Division,
    /// Since when.
    pub created_at: Timestamp,
    /// When their access ended.
    pub disabled_at: Option<Timestamp>,
    /// Would their role give them powers over people, once confirmed?
    pub needs_confirmation: bool,
    /// When the health commission confirmed them.
    pub confirmed_at: Option<Timestamp>,
    /// While they wait: the fingerprint of their passkey, to compare with what their console shows.
    pub passkey: Option<String>,
}

impl App {
    /// Registers an agency inside the administrator's region.
    pub async fn create_agency(
        &self,
        session: &StaffSession,
        input: &AgencyInput,
    ) -> Result<Agency> {
        let staff = session.need(Power::InviteStaff)?;
        self.add_agency(input, Some(staff)).await
    }

    /// Registers an agency without anybody signed in: only for the command line of the machine
    /// itself, where whoever types it owns the database anyway.
    pub async fn create_agency_from_this_machine(&self, input: &AgencyInput) -> Result<Agency> {
        self.add_agency(input, None).await
    }

    async fn add_agency(&self, input: &AgencyInput, by: Option<&Staff>) -> Result<Agency> {
        let kind: AgencyKind = input
            .kind
            .parse()
            .map_err(|e: UnknownName| wrong("kind", "agency.unknown_kind", e.to_string()))?;
        let name = display_name(&input.name).ok_or_else(|| {
            wrong("name", "agency.bad_name", "Give the agency a name of 1 to 120 letters.")
        })?;
        let region = parse_region(&input.region, by.map(|s| &s.region))?;
        let now = self.now();
        // Somebody has to be the first to confirm: the set-up may, as long as nobody else can.
        let first = by.is_none()
            && kind == AgencyKind::HealthCommission
            && !self.a_commission_stands().await?;
        let agency = Agency {
            id: AgencyId::from_random(self.deployment.rng.bits()),
            kind,
            name,
            region,
            confirmed_at: first.then_some(now),
            confirmed_by: None,
        };
        let by = by.map(|s| s.id);
        let registered = agency_leaf(&agency, AgencyEvent::Registered, by, now)?;
        let mut writes = vec![Write::AddAgency(agency.clone()), Write::AddLeaf(registered)];
        if first {
            let leaf = agency_leaf(&agency, AgencyEvent::Confirmed, None, now)?;
            writes.push(Write::AddLeaf(leaf));
        }
        self.commit("create_agency", writes).await?;
        Ok(agency)
    }

    /// Is there a confirmed commissioner? From then on only the commission confirms.
    pub(super) async fn a_commission_stands(&self) -> Result<bool> {
        let staff = self.store.all_staff().await?;
        Ok(staff.iter().any(is_standing_commissioner))
    }

    /// All agencies inside the administrator's region.
    pub async fn list_agencies(&self, session: &StaffSession) -> Result<Vec<Agency>> {
        let staff = may_see_staff(session)?;
        let mut all = self.store.agencies().await?;
        all.retain(|a| staff.region.contains(&a.region));
        Ok(all)
    }

    /// Invites somebody to become staff of an agency inside the administrator's region.
    pub async fn invite_staff(
        &self,
        session: &StaffSession,
        input: &StaffInput,
    ) -> Result<InvitedStaff> {
        let staff = session.need(Power::InviteStaff)?;
        self.add_invitation(input, Some(staff)).await
    }

    /// Invites somebody without anybody signed in: only for the command line of the machine itself.
    pub async fn invite_staff_from_this_machine(&self, input: &StaffInput) -> Result<InvitedStaff> {
        self.add_invitation(input, None).await
    }

    async fn add_invitation(&self, input: &StaffInput, by: Option<&Staff>) -> Result<InvitedStaff> {
        let unknown = || {
            ServiceError::not_found("agency.not_found", "There is no such agency in your region.")
        };
        let agency = self.store.agency(input.agency).await?.ok_or_else(unknown)?;
        if by.is_some_and(|s| !s.region.contains(&agency.region)) {
            return Err(unknown());
        }
        let role: Role = input
            .role
            .parse()
            .map_err(|e: UnknownName| wrong("role", "role.unknown", e.to_string()))?;
        if !Power::ALL.iter().any(|p| p.granted(agency.kind, role)) {
            return Err(wrong(
                "role",
                "role.does_not_fit",
                format!("In a {} a {role} could do nothing; choose another role.", agency.kind),
            ));
        }
        let display_name = display_name(&input.display_name).ok_or_else(|| {
            wrong("display_name", "staff.bad_name", "Give a name of 1 to 120 letters.")
        })?;
        let region = if input.region.trim().is_empty() {
            agency.region.clone()
        } else {
            parse_region(&input.region, Some(&agency.region))?
        };
        let now = self.now();
        // See `add_agency`; whether it still holds is looked at again when the link is used.
        let first = by.is_none()
            && agency.confirmed_at.is_some()
            && agency.kind == AgencyKind::HealthCommission
            && role == Role::Commissioner
            && !self.a_commission_stands().await?;
        let draft = Staff {
            id: StaffId::from_random(self.deployment.rng.bits()),
            agency: agency.id,
            agency_kind: agency.kind,
            agency_name: agency.name,
            role,
            region,
            display_name,
            created_at: now,
            disabled_at: None,
            invited_by: by.map(|s| s.id),
            confirmed_at: first.then_some(now),
            confirmed_by: None,
        };
        let token = self.new_token();
        let expires_at = now.plus_secs(self.deployment.settings.invitation_seconds);
        let invitation = Invitation {
            id: InvitationId::from_random(self.deployment.rng.bits()),
            token_digest: token_digest(&token),
            created_at: now,
            expires_at,
            used_at: None,
            used_for: InvitationUse::Staff(Box::new(draft.clone())),
        };
        let leaf = staff_leaf(&draft, StaffEvent::Invited, by.map(|s| s.id), None, now)?;
        let writes = vec![Write::AddInvitation(invitation), Write::AddLeaf(leaf)];
        self.commit("invite_staff", writes).await?;
        Ok(InvitedStaff {
            staff: draft.id,
            link: format!("/console/#invite={token}"),
            token,
            expires_at,
        })
    }

    /// Whom an invitation's token makes staff, if it still works and is opened where nobody of the
    /// staff is signed in: nobody accepts an invitation they made. `signed_in` is the token of the
    /// browser's own session, if it has one.
    pub async fn invitation(&self, token: &str, signed_in: Option<&str>) -> Result<Staff> {
        let staff = self.open_invitation(token).await?.1;
        let Some(session) = signed_in else { return Ok(staff) };
        match self.staff_session(session).await {
            Err(e) if e.kind == Kind::SignedOut => Ok(staff),
            Err(e) => Err(e),
            Ok(_) => Err(ServiceError::forbidden(
                "invitation.signed_in",
                "A member of staff is signed in here. An invitation is accepted by the invited person, on their own device.",
            )),
        }
    }

    /// The credential ids of passkeys with which this invitation must not be accepted: those of
    /// whoever made it, and of everybody who can invite or confirm. An authenticator that holds one
    /// of them refuses to make another.
    pub async fn passkeys_of_others(&self, invited: &Staff) -> Result<Vec<Vec<u8>>> {
        let holds = |s: &Staff, p: Power| p.granted(s.agency_kind, s.role);
        let all = self.store.all_staff().await?;
        let mut of: Vec<&Staff> = all
            .iter()
            .filter(|s| s.disabled_at.is_none() && Some(s.id) != invited.invited_by)
            .filter(|s| holds(s, Power::InviteStaff) || holds(s, Power::ConfirmPowers))
            .collect();
        of.truncate(MOST_EXCLUDED);
        let mut found = Vec::new();
        for staff in invited.invited_by.into_iter().chain(of.iter().map(|s| s.id)) {
            let own = self.store.credentials(staff).await?;
            found.extend(own.into_iter().map(|c| c.credential_id));
        }
        found.truncate(MOST_EXCLUDED);
        Ok(found)
    }

    async fn open_invitation(&self, token: &str) -> Result<(InvitationId, Staff)> {
        let now = self.now();
        let invitation = self.store.invitation(token_digest(token)).await?.ok_or_else(bad_link)?;
        if invitation.used_at.is_some() || now >= invitation.expires_at {
            return Err(bad_link());
        }
        match invitation.used_for {
            InvitationUse::Staff(draft) => Ok((invitation.id, Staff { created_at: now, ..*draft })),
            InvitationUse::Gate { .. } => Err(bad_link()),
        }
    }

    /// Accepts an invitation with the passkey just made: the link is used, the member of staff
    /// exists and is signed in, or nothing of it happened. `agent` is the browser's name for itself;
    /// only the kind of device is kept.
    pub async fn accept_staff_invitation(
        &self,
        token: &str,
        passkey: NewPasskey,
        agent: &str,
    ) -> Result<(Staff, NewSession)> {
        let turn = self.turn_to_change().await?;
        let (id, mut staff) = self.open_invitation(token).await?;
        let now = self.now();
        if staff.confirmed_at.is_some() {
            // The set-up's first commissioner, unless another one stands meanwhile.
            let still = !self.a_commission_stands().await?;
            staff.confirmed_at = still.then_some(now);
        }
        let passkey_id = Some(passkey.credential_id.as_slice());
        let mut leaves = vec![staff_leaf(&staff, StaffEvent::Joined, None, passkey_id, now)?];
        if staff.confirmed_at.is_some() {
            leaves.push(staff_leaf(&staff, StaffEvent::Confirmed, None, passkey_id, now)?);
        }
        let (session, begin) = self.begin_session_on(SessionSubject::Staff(staff.id), agent);
        let mut writes = vec![
            turn.holds(),
            Write::UseInvitation { id, at: now },
            Write::AddStaff(staff.clone()),
            Write::AddCredential(CredentialRow {
                staff: staff.id,
                credential_id: passkey.credential_id,
                passkey: passkey.passkey,
                created_at: now,
            }),
            begin,
        ];
        writes.extend(leaves.into_iter().map(Write::AddLeaf));
        self.store.commit(Unit::new("accept_invitation", writes)).await.map_err(|e| {
            if e.is_conflict(Precondition::Unused) || e.is_conflict(Precondition::Absent) {
                bad_link()
            } else {
                e.into()
            }
        })?;
        Ok((staff, session))
    }

    /// All staff inside the administrator's region, by id.
    pub async fn list_staff(&self, session: &StaffSession) -> Result<Vec<StaffRow>> {
        let admin = may_see_staff(session)?;
        let all = self.store.all_staff().await?;
        let mut rows = Vec::new();
        for s in all.into_iter().filter(|s| admin.region.contains(&s.region)) {
            let needed = Power::any_over_people(s.agency_kind, s.role);
            let waits = needed && s.confirmed_at.is_none() && s.disabled_at.is_none();
            rows.push(StaffRow {
                passkey: if waits { self.passkey_of(s.id).await? } else { None },
                id: s.id,
                display_name: s.display_name,
                agency: s.agency,
                agency_name: s.agency_name,
                agency_kind: s.agency_kind,
                role: s.role,
                region: s.region,
                created_at: s.created_at,
                disabled_at: s.disabled_at,
                needs_confirmation: needed,
                confirmed_at: s.confirmed_at,
            });
        }
        Ok(rows)
    }

    /// Ends somebody's access: their sessions end at once. Nobody ends their own, so that an
    /// administrator always remains; nor that of the last confirmed commissioner of a region, so that
    /// somebody remains who confirms there.
    pub async fn disable_staff(&self, session: &StaffSession, staff: StaffId) -> Result<()> {
        let admin = may_see_staff(session)?;
        let known = self.member_inside(session, staff).await?;
        if known.id == admin.id {
            return Err(crate::staff::conflict(
                "staff.yourself",
                "You cannot end your own access; ask another administrator.",
            ));
        }
        if known.disabled_at.is_some() {
            return Ok(());
        }
        // Of two who are ended at once the store lets the last one stay.
        let Staff { agency_kind, role, ref region, .. } = known;
        let others = is_standing_commissioner(&known).then(|| {
            let region = region.clone();
            Write::ExpectStaff { agency_kind, role, region }
        });
        self.end_access(&known, Some(admin.id), others).await
    }

    /// Ends somebody's access without anybody signed in: only for the command line of the machine
    /// itself.
    pub async fn disable_staff_from_this_machine(&self, staff: StaffId) -> Result<()> {
        let known = self.store.staff(staff).await?.ok_or_else(|| {
            ServiceError::not_found("staff.not_found", "There is no such member of staff.")
        })?;
        if known.disabled_at.is_some() {
            return Ok(());
        }
        self.end_access(&known, None, None).await
    }

    async fn end_access(
        &self,
        staff: &Staff,
        by: Option<StaffId>,
        others: Option<Write>,
    ) -> Result<()> {
        let now = self.now();
        let leaf = staff_leaf(staff, StaffEvent::Ended, by, None, now)?;
        let mut writes = vec![Write::DisableStaff { staff: staff.id, at: now }];
        writes.extend(others);
        writes.push(Write::AddLeaf(leaf));
        self.store.commit(Unit::new("disable_staff", writes)).await.map_err(|e| {
            if e.is_conflict(Precondition::Remains) { last_commissioner() } else { e.into() }
        })
    }
}

fn last_commissioner() -> ServiceError {
    crate::staff::conflict(
        "staff.last_commissioner",
        "Nobody else could confirm powers over people in this region then. Have another commissioner confirmed first whose region holds it.",
    )
}

/// Whoever invites sees agencies and staff, and so does whoever confirms them.
pub(super) fn may_see_staff(session: &StaffSession) -> Result<&Staff> {
    session.need_any(Power::SEE_STAFF)
}

fn is_standing_commissioner(s: &Staff) -> bool {
    let may = Power::ConfirmPowers.granted(s.agency_kind, s.role);
    may && s.disabled_at.is_none() && s.confirmed_at.is_some()
}

fn parse_region(text: &str, within: Option<&Division>) -> Result<Division> {
    let region: Division = text
        .parse()
        .map_err(|_| wrong("region", "division.bad", "Choose a division from the list."))?;
    if within.is_some_and(|w| !w.contains(&region)) {
        return Err(wrong("region", "region.outside", "This division is outside the region."));
    }
    Ok(region)
}

fn display_name(text: &str) -> Option<String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let odd = |c: char| c.is_control() || "<>=@".contains(c);
    let ok = (1..=120).contains(&name.chars().count()) && !name.chars().any(odd);
    ok.then_some(name)
}

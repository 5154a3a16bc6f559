//! What a member of staff is told about themselves.

use jadegate_domain::{AgencyId, AgencyKind, Division, Role, StaffId};
use serde::Serialize;

use crate::app::App;
use crate::error::Result;
use crate::session::StaffSession;
use crate::staff::access::Power;

/// Who is signed in and what they may do.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeView {
    /// The member of staff.
    pub staff: MeStaff,
    /// Whom they work for.
    pub agency: MeAgency,
    /// What they may do now.
    pub may: Vec<Power>,
    /// Whether that is all their role could give them.
    pub confirmation: ConfirmationView,
}

/// Powers over people need the health commission's confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmationView {
    /// Would the role give powers over people, once confirmed?
    pub needed: bool,
    /// Is the agency confirmed?
    pub agency: bool,
    /// Is the member of staff?
    pub staff: bool,
    /// While one waits: the fingerprint of one's own passkey, to read out to a commissioner.
    pub passkey: Option<String>,
}

/// The member of staff who is signed in.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeStaff {
    /// Their id.
    pub id: StaffId,
    /// Name shown to colleagues.
    pub display_name: String,
    /// Their role.
    pub role: Role,
    /// Inside which they act.
    pub region: Division,
    /// Its name.
    pub region_name: String,
}

/// The agency of whoever is signed in.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MeAgency {
    /// Its id.
    pub id: AgencyId,
    /// Its kind.
    pub kind: AgencyKind,
    /// Its name.
    pub name: String,
}

impl App {
    /// Who is signed in, what they may do, and what they would have to wait for.
    pub async fn me(&self, session: &StaffSession) -> Result<MeView> {
        let s = session.staff();
        let needed = Power::any_over_people(s.agency_kind, s.role);
        let waits = needed && !session.is_confirmed();
        Ok(MeView {
            staff: MeStaff {
                id: s.id,
                display_name: s.display_name.clone(),
                role: s.role,
                region: s.region.clone(),
                region_name: self.division_name(&s.region),
            },
            agency: MeAgency { id: s.agency, kind: s.agency_kind, name: s.agency_name.clone() },
            may: session.powers(),
            confirmation: ConfirmationView {
                needed,
                agency: session.agency_is_confirmed(),
                staff: s.confirmed_at.is_some(),
                passkey: if waits { self.passkey_of(s.id).await? } else { None },
            },
        })
    }
}

//! Cases.

use serde::{Deserialize, Serialize};

use crate::agency::names;
use crate::{AgencyId, CaseId, HolderId, Timestamp};

names! {
    /// How sure it is that somebody is infected.
    CaseClass, "class of case" {
        /// Suspected: to be tested.
        Suspected = "suspected",
        /// Probable: clinical diagnosis without a laboratory result.
        Probable = "probable",
        /// Confirmed by a laboratory.
        Confirmed = "confirmed",
        /// Confirmed by a laboratory, without symptoms.
        Asymptomatic = "asymptomatic",
    }
}

/// One case. Its evidence for the holder is a `Fact::Case` that refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// Who; read only inside a purpose-bound operation.
    pub holder: HolderId,
    /// How sure the diagnosis is.
    pub class: CaseClass,
    /// First symptoms, if any.
    pub onset_at: Option<Timestamp>,
    /// When the deciding sample was taken or the diagnosis was made.
    pub confirmed_at: Timestamp,
    /// When the person was isolated; until then they could infect others.
    pub isolated_at: Option<Timestamp>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// By which agency.
    pub agency: AgencyId,
    /// Set when the case turned out to be none; its contacts are released.
    pub withdrawn_at: Option<Timestamp>,
}

//! Agencies, their staff, and why they look at a person's data.

use serde::{Deserialize, Serialize};

use crate::{AgencyId, Division, HolderId, StaffId, Timestamp};

macro_rules! names {
    ($(#[$doc:meta])* $name:ident, $noun:literal { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Every name, as an error lists them: `a, b or c`.
            pub fn names() -> String {
                $crate::agency::listed(Self::ALL.iter().map(|v| v.as_str()))
            }

            /// The name used in the API, in files and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::agency::UnknownName;
            fn from_str(s: &str) -> Result<Self, $crate::agency::UnknownName> {
                Self::ALL.iter().copied().find(|v| v.as_str() == s)
                    .ok_or_else(|| $crate::agency::UnknownName { noun: $noun, allowed: Self::names() })
            }
        }
    };
}
pub(crate) use names;

/// A text names no value of a closed list. Its words name all of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("There is no such {noun}. Write one of: {allowed}.")]
pub struct UnknownName {
    /// What the list is of.
    pub(crate) noun: &'static str,
    /// The names on it.
    pub(crate) allowed: String,
}

/// `a, b or c`.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

names! {
    /// The kinds of agency that take part; what each may record or read is fixed by its kind.
    AgencyKind, "kind of agency" {
        /// Prevention and control team (疾控): cases, traces, quarantine.
        PreventionTeam = "prevention_team",
        /// Health commission (卫健委): risk levels, policies.
        HealthCommission = "health_commission",
        /// Public security: takes part only through a purpose-bound, logged, visible request.
        PublicSecurity = "public_security",
        /// Laboratory: test results.
        Laboratory = "laboratory",
        /// Hospital: diagnoses and discharge papers.
        Hospital = "hospital",
        /// Carrier: passenger lists of trips and flights.
        Carrier = "carrier",
        /// Border authority: arrivals.
        Border = "border",
        /// Venue: its own places and gates.
        Venue = "venue",
        /// Platform operator: runs the machines, sees nobody's data.
        Operator = "operator",
        /// Auditor: reads the logs.
        Auditor = "auditor",
        /// Appeals body: decides on what people contest; records nothing else.
        AppealsBody = "appeals_body",
        /// Residents' or village committee (社区): its workers accompany the few people who were assigned
        /// to them, and see nobody else.
        Community = "community",
        /// School or employer: its own gates, where people show their code; sees nobody and has no list.
        SchoolOrEmployer = "school_or_employer",
    }
}

names! {
    /// What a member of staff may do. One person has one role in one agency.
    Role, "role" {
        /// Records cases and tests, runs traces, accompanies quarantine.
        Officer = "officer",
        /// Sets risk levels and publishes policies; also reads the officers' lists.
        Commissioner = "commissioner",
        /// Records test results of its own laboratory.
        LabTechnician = "lab_technician",
        /// Manages the places and gates of a venue.
        VenueManager = "venue_manager",
        /// Invites staff and registers agencies and places; reads nobody's data.
        Administrator = "administrator",
        /// Reads logs and counts.
        Auditor = "auditor",
        /// Accompanies the people in quarantine who were assigned to them, and nobody else.
        CommunityWorker = "community_worker",
    }
}

names! {
    /// Why somebody reads a person's data. The list is closed: all of disease control, nothing else.
    Purpose, "purpose" {
        /// Recording a test result, a case or an arrival for this person.
        RecordEvidence = "record_evidence",
        /// Finding and informing contacts of a case.
        ContactTracing = "contact_tracing",
        /// Accompanying somebody through quarantine.
        Quarantine = "quarantine",
        /// Answering the person's own question or correction at a counter.
        HolderRequest = "holder_request",
        /// Opening a code shown at a gate.
        GateCheck = "gate_check",
    }
}

/// A member of staff, signed in with a passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Staff {
    /// The id by which records and the public log name them.
    pub id: StaffId,
    /// Working for.
    pub agency: AgencyId,
    /// The agency's kind, repeated here because every decision needs it.
    pub agency_kind: AgencyKind,
    /// The agency's name as shown to holders.
    pub agency_name: String,
    /// What they may do.
    pub role: Role,
    /// Where: they see and record only inside this division.
    pub region: Division,
    /// Name shown to colleagues; never to holders, who see the agency.
    pub display_name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Set when the person has left; such staff can no longer sign in.
    pub disabled_at: Option<Timestamp>,
    /// Who invited them; `None`: the machine's own command line did.
    #[serde(default)]
    pub invited_by: Option<StaffId>,
    /// When the health commission confirmed them: without it they have no power over people.
    #[serde(default)]
    pub confirmed_at: Option<Timestamp>,
    /// Which commissioner did; `None` with a moment: the set-up did.
    #[serde(default)]
    pub confirmed_by: Option<StaffId>,
}

/// An agency as holders see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agency {
    /// The id by which records and the public log name it.
    pub id: AgencyId,
    /// The kind, which fixes what it may record and read.
    pub kind: AgencyKind,
    /// Name as shown to holders.
    pub name: String,
    /// Where it acts.
    pub region: Division,
    /// When the health commission confirmed it: without it its staff have no power over people.
    #[serde(default)]
    pub confirmed_at: Option<Timestamp>,
    /// Which commissioner did; `None` with a moment: the set-up did.
    #[serde(default)]
    pub confirmed_by: Option<StaffId>,
}

/// One look at a person's data; the holder sees every one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Access {
    /// The holder whose data was read.
    pub holder: HolderId,
    /// The moment of the look.
    pub at: Timestamp,
    /// The agency that looked.
    pub agency: AgencyId,
    /// The member of staff; kept for auditors, not shown to the holder.
    pub staff: Option<StaffId>,
    /// The purpose it was for, of a closed list.
    pub purpose: Purpose,
    /// What was read, as a stable word (`identity`, `assessment`, `visits`, `quarantine`).
    pub what: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_match_their_json() {
        for p in Purpose::ALL {
            assert_eq!(p.as_str().parse(), Ok(*p));
            assert_eq!(serde_json::to_string(p).unwrap(), format!("\"{p}\""));
        }
        for k in AgencyKind::ALL {
            assert_eq!(serde_json::to_string(k).unwrap(), format!("\"{k}\""));
        }
        assert!("police_work".parse::<Purpose>().is_err());
    }
}

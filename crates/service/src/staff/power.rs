//! What staff can do, and who is given it: a closed list, and a table of agencies and roles
//! (`docs/access.md` says the same in words; a test compares them).

use jadegate_domain::{AgencyKind, EvidenceKind, Purpose, Role};
use serde::Serialize;

macro_rules! powers {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// Something staff can do. The list is closed, and setting a colour is not on it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum Power { $($(#[$doc])* $variant,)* }

        impl Power {
            /// Every power, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name used in the API.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

powers! {
    /// Record test results, by hand or from a file.
    RecordTest = "record_test",
    /// Record, correct and withdraw cases.
    RecordCase = "record_case",
    /// Trace from a case to its contacts.
    RunTrace = "run_trace",
    /// Record arrivals from abroad.
    RecordArrival = "record_arrival",
    /// Say who was aboard one's own trips, from a file.
    RecordRides = "record_rides",
    /// Record discharge and release papers.
    RecordRelease = "record_release",
    /// See who is in quarantine, with masked names, and accompany them.
    Accompany = "accompany",
    /// Find one person by document or phone: masked name and colour.
    FindPerson = "find_person",
    /// Open one person's record: evidence, history, quarantine.
    OpenPerson = "open_person",
    /// Read the lists of cases, traces and quarantine without names, and the counts.
    ReadLists = "read_lists",
    /// Propose risk levels, decide on those of others, and end them.
    SetRegion = "set_region",
    /// Propose policies, and decide on those of others.
    PublishPolicy = "publish_policy",
    /// Propose a mandate or the end of one, and decide on those of others.
    RenewMandate = "renew_mandate",
    /// Register places, print posters, enrol and revoke gates.
    ManagePlaces = "manage_places",
    /// Register agencies, invite staff and end their access.
    InviteStaff = "invite_staff",
    /// Confirm agencies and staff that have powers over people; end access.
    ConfirmPowers = "confirm_powers",
    /// Confirm or refuse what another agency recorded and what waits for a second pair of eyes.
    ConfirmWaiting = "confirm_waiting",
    /// Take back what agencies recorded for which one's own is the second body.
    WithdrawRecord = "withdraw_record",
    /// Decide on what people contest, with what they handed in.
    DecideAppeals = "decide_appeals",
    /// Ask who stands behind a pseudonym of a case's trace: one person, one reason.
    AskIdentity = "ask_identity",
    /// Agree to, or refuse, what another agency asked so.
    ApproveIdentity = "approve_identity",
    /// Read the counts and the public log.
    ReadAudit = "read_audit",
    /// See what the operator has to look at: keys, clock, database, rows that cannot be read; about
    /// nobody.
    ReadOperation = "read_operation",
}

impl Power {
    /// Does an agency of this kind give this role this power?
    ///
    /// Powers to record never exceed what [`EvidenceKind::may_record`] allows the agency; a test
    /// holds the two together.
    pub const fn granted(self, kind: AgencyKind, role: Role) -> bool {
        use AgencyKind as A;
        use Role as R;
        match self {
            Self::RecordTest => matches!(
                (kind, role),
                (A::PreventionTeam | A::Hospital, R::Officer)
                    | (A::Laboratory | A::Hospital, R::LabTechnician)
            ),
            Self::RecordCase | Self::RecordRelease | Self::FindPerson => {
                matches!((kind, role), (A::PreventionTeam | A::Hospital, R::Officer))
            }
            Self::RunTrace | Self::Accompany | Self::OpenPerson => {
                matches!((kind, role), (A::PreventionTeam, R::Officer))
            }
            Self::RecordArrival => {
                matches!((kind, role), (A::PreventionTeam | A::Border | A::Carrier, R::Officer))
            }
            Self::RecordRides => matches!((kind, role), (A::Carrier, R::Officer)),
            Self::ReadLists => matches!(
                (kind, role),
                (A::PreventionTeam, R::Officer) | (A::HealthCommission, R::Commissioner)
            ),
            Self::SetRegion | Self::PublishPolicy | Self::RenewMandate | Self::ConfirmPowers => {
                matches!((kind, role), (A::HealthCommission, R::Commissioner))
            }
            Self::ManagePlaces => matches!(
                (kind, role),
                (A::Venue | A::Carrier, R::VenueManager) | (A::Operator, R::Administrator)
            ),
            Self::InviteStaff => matches!((kind, role), (A::Operator, R::Administrator)),
            Self::ConfirmWaiting => matches!(
                (kind, role),
                (A::PreventionTeam | A::Hospital, R::Officer)
                    | (A::HealthCommission, R::Commissioner)
            ),
            Self::WithdrawRecord => matches!(
                (kind, role),
                (A::PreventionTeam, R::Officer) | (A::HealthCommission, R::Commissioner)
            ),
            Self::DecideAppeals => matches!(
                (kind, role),
                (A::AppealsBody, R::Officer) | (A::HealthCommission, R::Commissioner)
            ),
            Self::AskIdentity => {
                matches!((kind, role), (A::PreventionTeam | A::PublicSecurity, R::Officer))
            }
            Self::ApproveIdentity => matches!(
                (kind, role),
                (A::PreventionTeam, R::Officer) | (A::HealthCommission, R::Commissioner)
            ),
            Self::ReadAudit => matches!((kind, role), (A::Auditor, R::Auditor)),
            Self::ReadOperation => {
                matches!((kind, role), (A::Operator, R::Administrator) | (A::Auditor, R::Auditor))
            }
        }
    }

    /// The purposes for which a power lets somebody look at a person's data. Empty: it does not.
    pub const fn purposes(self) -> &'static [Purpose] {
        match self {
            Self::RecordTest | Self::RecordCase | Self::RecordArrival | Self::RecordRelease => {
                &[Purpose::RecordEvidence]
            }
            Self::RunTrace => &[Purpose::ContactTracing],
            Self::Accompany => &[Purpose::Quarantine],
            Self::AskIdentity => &[Purpose::ContactTracing, Purpose::Quarantine],
            Self::FindPerson => &[
                Purpose::RecordEvidence,
                Purpose::ContactTracing,
                Purpose::Quarantine,
                Purpose::HolderRequest,
            ],
            Self::OpenPerson => {
                &[Purpose::ContactTracing, Purpose::Quarantine, Purpose::HolderRequest]
            }
            Self::DecideAppeals => &[Purpose::HolderRequest],
            Self::ReadLists
            | Self::RecordRides
            | Self::SetRegion
            | Self::PublishPolicy
            | Self::RenewMandate
            | Self::ManagePlaces
            | Self::InviteStaff
            | Self::ConfirmPowers
            | Self::ConfirmWaiting
            | Self::WithdrawRecord
            | Self::ApproveIdentity
            | Self::ReadAudit
            | Self::ReadOperation => &[],
        }
    }

    /// Is it a power over people? Then nobody has it before the health commission confirmed both
    /// them and their agency: who runs the machines and invites staff gives no such power.
    pub const fn over_people(self) -> bool {
        !matches!(
            self,
            Self::ManagePlaces | Self::InviteStaff | Self::ReadAudit | Self::ReadOperation
        )
    }

    /// Any of these lets somebody see policies, proposals, and how far recolouring has come.
    pub(super) const SEE_CHANGES: [Self; 5] = [
        Self::PublishPolicy,
        Self::RenewMandate,
        Self::SetRegion,
        Self::ReadLists,
        Self::ReadAudit,
    ];

    /// Does a role in a kind of agency hold any power over people?
    pub fn any_over_people(kind: AgencyKind, role: Role) -> bool {
        Self::ALL.iter().any(|p| p.over_people() && p.granted(kind, role))
    }

    /// The power behind a kind of evidence that staff record.
    pub(super) const fn to_record(kind: EvidenceKind) -> Option<Self> {
        match kind {
            EvidenceKind::Test => Some(Self::RecordTest),
            EvidenceKind::Case => Some(Self::RecordCase),
            EvidenceKind::Arrival => Some(Self::RecordArrival),
            EvidenceKind::Release => Some(Self::RecordRelease),
            EvidenceKind::Contact => Some(Self::RunTrace),
            EvidenceKind::RegionRisk => Some(Self::SetRegion),
            // Holders record them, or no endpoint does yet: no member of staff can.
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_role_records_more_than_its_agency_may() {
        for evidence in EvidenceKind::ALL {
            let Some(power) = Power::to_record(*evidence) else { continue };
            for kind in AgencyKind::ALL {
                for role in Role::ALL {
                    if power.granted(*kind, *role) {
                        assert!(evidence.may_record(Some(*kind)), "{power:?} {kind} {role}");
                    }
                }
            }
        }
    }

    #[test]
    fn public_security_can_only_ask_and_operators_see_nobody() {
        for power in Power::ALL {
            for role in Role::ALL {
                let asks = (*power, *role) == (Power::AskIdentity, Role::Officer);
                assert_eq!(power.granted(AgencyKind::PublicSecurity, *role), asks);
                for kind in [AgencyKind::Operator, AgencyKind::Auditor, AgencyKind::Venue] {
                    assert!(power.purposes().is_empty() || !power.granted(kind, *role));
                }
            }
        }
    }

    #[test]
    fn the_table_in_the_documentation_is_the_table_in_the_code() {
        let doc = include_str!("../../../../docs/access.md");
        for power in Power::ALL {
            let row = doc
                .lines()
                .find(|l| l.starts_with(&format!("| `{}` |", power.as_str())))
                .unwrap_or_else(|| panic!("docs/access.md has no row for {}", power.as_str()));
            let cell = row.split('|').nth(3).unwrap_or_default();
            let mut said: Vec<&str> = cell.split(',').map(|c| c.trim().trim_matches('`')).collect();
            let mut is: Vec<String> = AgencyKind::ALL
                .iter()
                .flat_map(|k| Role::ALL.iter().map(move |r| (k, r)))
                .filter(|(k, r)| power.granted(**k, **r))
                .map(|(k, r)| format!("{k}/{r}"))
                .collect();
            said.sort_unstable();
            is.sort_unstable();
            assert_eq!(said, is, "{}", power.as_str());
        }
    }
}

//! What staff can do, who is given it, for which purposes and on which conditions: a closed list, and
//! the one table behind every refusal, `/access`, `GET /v1/access` and `docs/access.md`.

use jadegate_domain::{AgencyKind, EvidenceKind, Purpose, Role};
use serde::Serialize;

use super::conditions::Condition;

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

            /// This power alone, where any of several would do elsewhere.
            pub const fn alone(self) -> &'static [Self] {
                match self { $(Self::$variant => &[Self::$variant],)* }
            }

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
    /// See whom one was assigned, with masked names and check-ins, and accompany them.
    AccompanyAssigned = "accompany_assigned",
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
    /// Read alarms, and answer those about other agencies.
    AnswerAlarms = "answer_alarms",
    /// Keep the list of people at whom each look is an alarm, without reading it.
    ProtectPeople = "protect_people",
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
            Self::AccompanyAssigned => {
                matches!((kind, role), (A::Community, R::CommunityWorker))
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
                (A::Venue | A::Carrier | A::SchoolOrEmployer, R::VenueManager)
                    | (A::Operator, R::Administrator)
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
            Self::AnswerAlarms => matches!(
                (kind, role),
                (A::PreventionTeam, R::Officer) | (A::HealthCommission, R::Commissioner)
            ),
            Self::ProtectPeople => matches!((kind, role), (A::HealthCommission, R::Commissioner)),
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
            Self::Accompany | Self::AccompanyAssigned => &[Purpose::Quarantine],
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
            | Self::AnswerAlarms
            | Self::ProtectPeople
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

    /// What else has to be so, each time the power is used; [`Condition`] says what each means.
    pub const fn conditions(self) -> &'static [Condition] {
        use Condition as C;
        match self {
            Self::RecordTest | Self::RecordCase | Self::RecordArrival => {
                &[C::Region, C::Policy, C::Mandate, C::MassWaits, C::HourlyLimit, C::OwnRecords]
            }
            Self::RecordRelease => {
                &[C::Region, C::Policy, C::Mandate, C::HourlyLimit, C::OwnRecords]
            }
            Self::RecordRides => &[C::OwnTrips, C::Mandate, C::MassWaits, C::OwnRecords],
            Self::RunTrace => &[C::Region, C::Policy, C::Mandate, C::MassWaits, C::Seen, C::Masked],
            Self::Accompany => &[C::Region, C::Mandate, C::Confined, C::Seen, C::Masked],
            Self::AccompanyAssigned => {
                &[C::Region, C::Mandate, C::Assigned, C::Confined, C::Seen, C::Masked]
            }
            Self::FindPerson => {
                &[C::Region, C::Mandate, C::HourlyLimit, C::Seen, C::Masked, C::SecondOfficer]
            }
            Self::OpenPerson => {
                &[C::Region, C::Mandate, C::HourlyLimit, C::BorneOut, C::Seen, C::Masked]
            }
            Self::ReadLists | Self::ReadAudit => &[C::Region, C::NoNames],
            Self::SetRegion => &[C::Region, C::Policy, C::Mandate, C::SecondOfficer],
            Self::PublishPolicy => &[C::WidestRegion, C::SecondOfficer],
            Self::RenewMandate => &[C::WidestRegion, C::Authority, C::SecondOfficer],
            Self::ManagePlaces => &[C::OwnPlaces],
            Self::InviteStaff => &[C::Region, C::NoPowerGiven],
            Self::ConfirmPowers => &[C::Region, C::NotOneself],
            Self::ConfirmWaiting => &[C::Region, C::NotOneself, C::OtherAgency],
            Self::WithdrawRecord => &[C::Region, C::OtherAgency, C::Reason],
            Self::DecideAppeals => &[C::Region, C::Mandate, C::OtherAgency, C::Seen, C::Masked],
            Self::AskIdentity => &[C::Region, C::Mandate, C::Agreed, C::Seen],
            Self::ApproveIdentity => &[C::Region, C::Mandate, C::OtherAgency, C::Reason],
            Self::AnswerAlarms => &[C::Region, C::OtherAgency, C::Reason, C::NoNames],
            Self::ProtectPeople => &[C::Mandate, C::SecondOfficer, C::NoNames],
            Self::ReadOperation => &[C::NoNames],
        }
    }

    /// Any of these lets somebody see policies, proposals, and how far recolouring has come.
    pub const SEE_CHANGES: &'static [Self] = &[
        Self::PublishPolicy,
        Self::RenewMandate,
        Self::SetRegion,
        Self::ReadLists,
        Self::ReadAudit,
    ];

    /// Any of these lets somebody propose some kind of change, and decide on those of others.
    pub const CHANGE: &'static [Self] = &[Self::PublishPolicy, Self::RenewMandate, Self::SetRegion];

    /// Any of these lets somebody see agencies and staff, and end their access.
    pub const SEE_STAFF: &'static [Self] = &[Self::ConfirmPowers, Self::InviteStaff];

    /// Any of these lets somebody see requests to learn who stands behind a pseudonym.
    pub const SEE_IDENTITY_REQUESTS: &'static [Self] =
        &[Self::AskIdentity, Self::ApproveIdentity, Self::ReadAudit];

    /// Any of these lets somebody see the counts of the region.
    pub const SEE_COUNTS: &'static [Self] = &[Self::ReadLists, Self::ReadAudit];

    /// Any of these lets somebody see the risk levels of the region with those to come.
    pub const SEE_LEVELS: &'static [Self] = &[Self::SetRegion, Self::ReadLists];

    /// Any of these makes records of one's own agency that somebody can look through.
    pub const RECORD: &'static [Self] = &[
        Self::RecordTest,
        Self::RecordCase,
        Self::RecordArrival,
        Self::RecordRelease,
        Self::RecordRides,
    ];

    /// Any of these makes records by document, which may be of people who are not registered.
    pub const RECORD_BY_DOCUMENT: &'static [Self] =
        &[Self::RecordTest, Self::RecordCase, Self::RecordArrival];

    /// Any of these lets somebody take some record back; which one, the record decides.
    pub const TAKE_BACK: &'static [Self] = &[
        Self::RecordTest,
        Self::RecordCase,
        Self::RecordArrival,
        Self::RecordRelease,
        Self::RecordRides,
        Self::SetRegion,
        Self::WithdrawRecord,
    ];

    /// Any of these lets somebody decide on something that waits; on which, what waits decides.
    pub const DECIDE_WAITING: &'static [Self] = &[
        Self::ConfirmWaiting,
        Self::RecordTest,
        Self::RecordCase,
        Self::RecordArrival,
        Self::RecordRelease,
        Self::RecordRides,
        Self::RunTrace,
        Self::SetRegion,
        Self::WithdrawRecord,
    ];

    /// Any of these lets somebody see which files were taken over.
    pub const SEE_FILES: &'static [Self] = &[
        Self::RecordTest,
        Self::RecordRides,
        Self::SetRegion,
        Self::WithdrawRecord,
        Self::ReadAudit,
    ];

    /// Any of these lets somebody see alarms.
    pub const SEE_ALARMS: &'static [Self] =
        &[Self::AnswerAlarms, Self::ReadOperation, Self::ReadAudit];

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
                for kind in [
                    AgencyKind::Operator,
                    AgencyKind::Auditor,
                    AgencyKind::Venue,
                    AgencyKind::SchoolOrEmployer,
                ] {
                    assert!(power.purposes().is_empty() || !power.granted(kind, *role));
                }
            }
        }
    }
}

//! The list of what is tried, and how far each may go.

use jadegate_service::Result;

use super::scene::Scene;
use super::steps::{Done, Stopped};
use super::{tries_power, tries_records};

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    FalseCases,
    FalseCaseTraced,
    FalseResults,
    FalseResultsSlowly,
    FalseArrivals,
    FalseRides,
    FalseVisits,
    FreeFriends,
    LookUps,
    FollowSomebody,
    RaiseTown,
    RaiseInSlices,
    PolicyAtNight,
    OwnSecond,
    InviteOneself,
    ConfirmOneself,
    PublicSecurity,
    OperatorReads,
    AuditorReads,
}

/// One row of the list.
#[derive(Debug)]
pub(crate) struct Try {
    pub(crate) kind: What,
    /// Agency and role.
    pub(crate) who: &'static str,
    /// What is tried, in words.
    pub(crate) what: &'static str,
    /// How far it may go.
    pub(crate) bound: Bound,
    /// Who sees it, and what undoes it.
    pub(crate) afterwards: &'static str,
}

/// What the product promises of a try.
#[derive(Debug)]
pub(crate) struct Bound {
    /// People it may touch at most, in a town of so many.
    pub(crate) most: fn(usize) -> usize,
    /// What stops it.
    pub(crate) by: &'static str,
}

impl Bound {
    /// Did it go no further, and was it stopped by what stops it?
    pub(crate) fn holds(&self, town: usize, people: usize, stopped: Stopped) -> bool {
        people <= (self.most)(town) && stopped.code() == self.by
    }
}

/// Fifty of one member of staff an hour: the mandate's number (`mandate.waiting_above_per_staff_hour`).
const A_MEMBERS_HOUR: usize = 50;
/// With which an alarm about a laboratory without a history begins to hold what follows.
const A_LABORATORYS_ALARM: usize = 60;
/// Sixty look-ups an hour.
const LOOK_UPS: usize = 60;

/// What changes more than one in a hundred waits (`mandate.second_officer_percent`).
const fn one_percent(town: usize) -> usize {
    town / 100
}

const SEEN: &str = "each sees the agency and contests it; its second body takes it back";

/// Everything that is tried, in the order of the table.
pub(crate) const TRIES: &[Try] = &[
    Try {
        kind: What::FalseCases,
        who: "hospital, officer",
        what: "false cases by hand, one a minute",
        bound: Bound { most: |_| A_MEMBERS_HOUR, by: "waits" },
        afterwards: SEEN,
    },
    Try {
        kind: What::FalseCaseTraced,
        who: "prevention team, officer",
        what: "false cases, traced to everybody they met",
        bound: Bound { most: |_| A_MEMBERS_HOUR, by: "waits" },
        afterwards: "all see the team and that a trace found them; one withdrawal of the case frees them",
    },
    Try {
        kind: What::FalseResults,
        who: "laboratory, technician",
        what: "a file with a positive result of everybody",
        bound: Bound { most: |_| 0, by: "waits" },
        afterwards: "a colleague compares each sample, and refuses",
    },
    Try {
        kind: What::FalseResultsSlowly,
        who: "laboratory, technician",
        what: "false positives below the number, hour after hour, for six hours",
        bound: Bound { most: |_| A_LABORATORYS_ALARM, by: "waits" },
        afterwards: "an alarm, in public; a colleague compares each sample of what follows",
    },
    Try {
        kind: What::FalseArrivals,
        who: "border, officer",
        what: "false arrivals by hand, one a minute",
        bound: Bound { most: |_| A_MEMBERS_HOUR, by: "waits" },
        afterwards: SEEN,
    },
    Try {
        kind: What::FalseRides,
        who: "carrier, officer",
        what: "a false passenger list: the town on one train with a case",
        bound: Bound { most: |_| 0, by: "waits" },
        afterwards: "an officer of another agency sees the list, and refuses",
    },
    Try {
        kind: What::FalseVisits,
        who: "operator at the machine",
        what: "a file of visits in the name of an agency that nobody confirmed",
        bound: Bound { most: |_| 0, by: "agency.not_confirmed" },
        afterwards: "nothing was taken; a file in nobody's name stands in the auditor's list, with its digest",
    },
    Try {
        kind: What::FreeFriends,
        who: "laboratory, technician",
        what: "takes true positives back, to free friends",
        bound: Bound { most: |_| 10, by: "waits" },
        afterwards: "each withdrawal has its reason, its author and its leaf; the record can be made again",
    },
    Try {
        kind: What::LookUps,
        who: "prevention team, officer",
        what: "looks one person after the other up",
        bound: Bound { most: |_| LOOK_UPS, by: "staff.too_many_look_ups" },
        afterwards: "each sees who looked and why",
    },
    Try {
        kind: What::FollowSomebody,
        who: "prevention team, officer",
        what: "a suspected case made up to read where somebody was",
        bound: Bound { most: |_| 1, by: "nothing" },
        afterwards: "the person sees the case and the look at their visits at once, and contests both",
    },
    Try {
        kind: What::RaiseTown,
        who: "health commission, commissioner",
        what: "the town's risk level raised alone",
        bound: Bound { most: |_| 0, by: "waits" },
        afterwards: "the proposal is public, with how many it would touch",
    },
    Try {
        kind: What::RaiseInSlices,
        who: "health commission, commissioner",
        what: "the same in slices, county by county",
        bound: Bound { most: one_percent, by: "waits" },
        afterwards: "slices of a day count together; each is public",
    },
    Try {
        kind: What::PolicyAtNight,
        who: "health commission, commissioner",
        what: "a harsher policy published at night",
        bound: Bound { most: |_| 0, by: "waits" },
        afterwards: "the proposal is public, with its text and how many it would touch",
    },
    Try {
        kind: What::OwnSecond,
        who: "health commission, commissioner",
        what: "decides on the own proposal through a second account of the same office",
        bound: Bound { most: |_| 0, by: "proposal.same_agency" },
        afterwards: "another office decides",
    },
    Try {
        kind: What::InviteOneself,
        who: "operator, administrator",
        what: "an agency of the own making, and an invitation to oneself as its officer",
        bound: Bound { most: |_| 0, by: "staff.not_confirmed" },
        afterwards: "agency and member are leaves, both unconfirmed",
    },
    Try {
        kind: What::ConfirmOneself,
        who: "operator, administrator",
        what: "a health commission of the own making that confirms it",
        bound: Bound { most: |_| 0, by: "staff.not_confirmed" },
        afterwards: "only a confirmed commissioner confirms",
    },
    Try {
        kind: What::PublicSecurity,
        who: "public security, officer",
        what: "finds, opens, records, traces and raises, one after the other",
        bound: Bound { most: |_| 0, by: "staff.not_allowed" },
        afterwards: "it may ask who one contact of a case is; another agency decides, and the person sees it",
    },
    Try {
        kind: What::OperatorReads,
        who: "operator, administrator",
        what: "finds and opens people, lists those in quarantine",
        bound: Bound { most: |_| 0, by: "staff.not_allowed" },
        afterwards: "it has no such power",
    },
    Try {
        kind: What::AuditorReads,
        who: "auditor",
        what: "finds and opens people, lists those in quarantine",
        bound: Bound { most: |_| 0, by: "staff.not_allowed" },
        afterwards: "it has no such power",
    },
];

/// Tries it.
pub(super) async fn run(what: What, scene: &mut Scene) -> Result<Done> {
    match what {
        What::FalseCases => tries_records::false_cases(scene).await,
        What::FalseCaseTraced => tries_records::false_case_traced(scene).await,
        What::FalseResults => tries_records::false_results(scene).await,
        What::FalseResultsSlowly => tries_records::false_results_slowly(scene).await,
        What::FalseArrivals => tries_records::false_arrivals(scene).await,
        What::FalseRides => tries_records::false_rides(scene).await,
        What::FalseVisits => tries_records::false_visits(scene).await,
        What::FreeFriends => tries_records::free_friends(scene).await,
        What::LookUps => tries_power::look_ups(scene).await,
        What::FollowSomebody => tries_power::follow_somebody(scene).await,
        What::RaiseTown => tries_power::raise_town(scene).await,
        What::RaiseInSlices => tries_power::raise_in_slices(scene).await,
        What::PolicyAtNight => tries_power::policy_at_night(scene).await,
        What::OwnSecond => tries_power::own_second(scene).await,
        What::InviteOneself => tries_power::invite_oneself(scene).await,
        What::ConfirmOneself => tries_power::confirm_oneself(scene).await,
        What::PublicSecurity => tries_power::public_security(scene).await,
        What::OperatorReads => tries_power::operator_reads(scene).await,
        What::AuditorReads => tries_power::auditor_reads(scene).await,
    }
}

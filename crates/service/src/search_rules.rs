//! What the policy says of exposure and of days, in the form that a search of visits takes.

use jadegate_domain::evidence::ContactDegree;
use jadegate_domain::{Case, PlaceKind, Timestamp};
use jadegate_policy::Policy;
use jadegate_trace::CaseInput;

/// What the policy says about exposure, in the form the search takes.
pub(crate) fn rules(policy: &Policy) -> jadegate_trace::Rules {
    use jadegate_policy::VehicleNear;
    use jadegate_trace::{Aboard, Bound, KindRules, Near, Rules};
    let at = |kind| KindRules {
        contact_minutes: policy.contact_minutes(kind, ContactDegree::Close),
        secondary_minutes: policy.contact_minutes(kind, ContactDegree::Secondary),
        assumed_stay_minutes: policy.assumed_stay_minutes(kind),
        lingering_minutes: policy.lingering_minutes(kind),
    };
    let aboard = |kind| {
        let vehicle = policy.vehicle(kind);
        let near = match vehicle.near {
            VehicleNear::Vehicle => Near::Vehicle,
            VehicleNear::Coach => Near::Coach,
            VehicleNear::Rows(rows) => Near::Rows(rows),
        };
        Aboard { near, unknown_is_near: vehicle.unknown_is_near }
    };
    let mut rules = Rules::new(at(PlaceKind::Other));
    for kind in PlaceKind::ALL {
        rules.set(*kind, at(*kind));
        rules.set_aboard(*kind, aboard(*kind));
    }
    rules.counts = match policy.counts() {
        jadegate_policy::Bound::Upper => Bound::Upper,
        jadegate_policy::Bound::Lower => Bound::Lower,
    };
    rules.secondary_delay_hours = policy.secondary_delay_hours();
    rules.likelihood = policy.likelihood().map(model);
    rules.max_hops = u8::try_from(policy.max_hops()).unwrap_or(u8::MAX);
    rules
}

fn model(said: &jadegate_policy::Likelihood) -> jadegate_trace::Model {
    use jadegate_trace::{Coefficients, MinutesAlone, Model};
    let jadegate_policy::MinutesAlone { constant, minutes } = said.minutes_alone;
    let mut model = Model::new(MinutesAlone { constant, minutes });
    model.least = u16::from(said.least_percent.unwrap_or(0)) * 10;
    for (kind, table) in &said.places {
        let jadegate_policy::MeetingTable { constant, minutes, arrival, leaving, people } = *table;
        model.set(*kind, Coefficients { constant, minutes, arrival, leaving, people });
    }
    model
}

/// Thousandths as hundredths.
pub(crate) fn percent(permille: u16) -> u8 {
    u8::try_from((permille + 5) / 10).unwrap_or(100)
}

/// How likely a contact met the case, as their evidence says it.
pub(crate) fn together(met: jadegate_trace::Met) -> jadegate_domain::company::Together {
    use jadegate_domain::company::{Apart, Together};
    let minutes = |secs: u32| secs.div_ceil(60).max(1);
    let apart = |a: jadegate_trace::Apart| Apart {
        arrival: minutes(a.arrival),
        leaving: minutes(a.leaving),
    };
    Together { percent: percent(met.permille), apart: met.best.map(apart) }
}

/// A case as a search takes it: with the time in which it could infect others.
pub fn bulk_case(case: &Case, policy: &Policy, now: Timestamp) -> CaseInput {
    let window = policy.infectious_window(case.onset_at, case.confirmed_at, case.isolated_at, now);
    CaseInput { case: case.id, holder: case.holder, window }
}

/// The first moment of which visits are kept: the beginning of a UTC day, as days go whole.
pub(crate) fn kept_from(policy: &Policy, now: Timestamp) -> Timestamp {
    let day = now.plus_days(-i64::from(policy.retention_days())).utc_day();
    Timestamp::from_secs(day * jadegate_domain::time::DAY)
}

//! What makes a contact: the `[contact]` part of a policy file.

use std::collections::BTreeMap;

use crate::file::keys::policy as keys;
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::words::{NearWord, VehicleKind, VenueKind};
use crate::model::contact::{
    Bound, ContactRules, Likelihood, MeetingTable, MinutesAlone, PlaceRules, VehicleNear,
    VehicleRules,
};

pub(crate) fn contact(file: &mut Reader<'_, keys::Policy>, p: &mut Problems<'_>) -> ContactRules {
    let usual = PlaceRules { close: 1, secondary: 1, assumed_stay: 1, lingering: 0 };
    let mut rules = ContactRules {
        max_hops: 1,
        secondary_delay_hours: 0,
        counts: Bound::Upper,
        usual,
        by_place: BTreeMap::new(),
        vehicles: BTreeMap::new(),
        likelihood: None,
    };
    let Some(mut t) = file.take(keys::Policy::contact, p) else { return rules };
    rules.usual = PlaceRules {
        close: t.take(keys::Contact::close_minutes, p).unwrap_or(1),
        secondary: t.take(keys::Contact::secondary_minutes, p).unwrap_or(1),
        assumed_stay: t.take(keys::Contact::assumed_stay_minutes, p).unwrap_or(1),
        lingering: t.take(keys::Contact::lingering_minutes, p).unwrap_or(0),
    };
    rules.max_hops = t.take(keys::Contact::max_hops, p).unwrap_or(1);
    rules.secondary_delay_hours = t.take(keys::Contact::secondary_delay_hours, p).unwrap_or(0);
    rules.counts = t.take(keys::Contact::counts, p).unwrap_or(Bound::Upper);
    for (kind, table) in t.take(keys::Contact::places, p).unwrap_or_default() {
        let minutes = place(table, rules.usual, p);
        rules.by_place.extend(kind.map(|kind| (kind, minutes)));
    }
    for (kind, table) in t.take(keys::Contact::vehicles, p).unwrap_or_default() {
        let near = vehicle(table, p);
        rules.vehicles.extend(kind.map(|VehicleKind(kind)| (kind, near)));
    }
    rules.likelihood = t.take(keys::Contact::likelihood, p).map(|table| likelihood(table, p));
    t.finish(p);
    rules
}

fn place(mut t: Reader<'_, keys::Place>, usual: PlaceRules, p: &mut Problems<'_>) -> PlaceRules {
    let rules = PlaceRules {
        close: t.take(keys::Place::close_minutes, p).unwrap_or(usual.close),
        secondary: t.take(keys::Place::secondary_minutes, p).unwrap_or(usual.secondary),
        assumed_stay: t.take(keys::Place::assumed_stay_minutes, p).unwrap_or(usual.assumed_stay),
        lingering: t.take(keys::Place::lingering_minutes, p).unwrap_or(usual.lingering),
    };
    t.finish(p);
    rules
}

fn vehicle(mut t: Reader<'_, keys::Vehicle>, p: &mut Problems<'_>) -> VehicleRules {
    let word = t.take(keys::Vehicle::near, p);
    let span = t.span_of(keys::Vehicle::rows);
    let rows = t.take(keys::Vehicle::rows, p).and_then(|r| u16::try_from(r).ok());
    let near = match (word, rows) {
        (Some(NearWord::Vehicle), None) | (None, _) => VehicleNear::Vehicle,
        (Some(NearWord::Coach), None) => VehicleNear::Coach,
        (Some(NearWord::Coach), Some(rows)) => VehicleNear::Rows(rows),
        (Some(NearWord::Vehicle), Some(_)) => {
            let message = "`rows` count inside a coach; write near = \"coach\", or leave them out";
            p.add(&span, "contradiction", message.to_owned());
            VehicleNear::Vehicle
        }
    };
    let unknown_is_near = t.take(keys::Vehicle::unknown_is_near, p).unwrap_or(true);
    t.finish(p);
    VehicleRules { near, unknown_is_near }
}

fn likelihood(mut t: Reader<'_, keys::Likelihood>, p: &mut Problems<'_>) -> Likelihood {
    let source = t.take(keys::Likelihood::source, p).map(toml::Spanned::into_inner);
    let least = t.take(keys::Likelihood::least_percent, p);
    let mut minutes_alone = MinutesAlone { constant: 0, minutes: 0 };
    if let Some(mut alone) = t.take(keys::Likelihood::minutes_alone, p) {
        minutes_alone = MinutesAlone {
            constant: alone.take(keys::MinutesAlone::constant, p).unwrap_or(0),
            minutes: alone.take(keys::MinutesAlone::minutes, p).unwrap_or(0),
        };
        alone.finish(p);
    }
    let mut places = BTreeMap::new();
    for (kind, table) in t.take(keys::Likelihood::places, p).unwrap_or_default() {
        let table = meeting(table, p);
        places.extend(kind.map(|VenueKind(kind)| (kind, table)));
    }
    t.finish(p);
    Likelihood {
        source: source.unwrap_or_default(),
        least_percent: least.and_then(|l| u8::try_from(l).ok()),
        minutes_alone,
        places,
    }
}

fn meeting(mut t: Reader<'_, keys::Meeting>, p: &mut Problems<'_>) -> MeetingTable {
    let table = MeetingTable {
        constant: t.take(keys::Meeting::constant, p).unwrap_or(0),
        minutes: t.take(keys::Meeting::minutes, p).unwrap_or(0),
        arrival: t.take(keys::Meeting::arrival, p).unwrap_or(0),
        leaving: t.take(keys::Meeting::leaving, p).unwrap_or(0),
        people: t.take(keys::Meeting::people, p).unwrap_or(0),
    };
    t.finish(p);
    table
}

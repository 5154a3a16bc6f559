//! What makes a contact: the `[contact]` part of a policy file.

use std::collections::BTreeMap;

use jadegate_domain::PlaceKind;

use crate::file::limits::{LINGERING, MINUTES, ROWS};
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::words::{NearWord, all};
use crate::model::contact::{Bound, ContactRules, PlaceRules, VehicleNear, VehicleRules};

pub(crate) fn contact(file: &mut Reader<'_>, p: &mut Problems<'_>) -> ContactRules {
    let usual = PlaceRules { close: 1, secondary: 1, assumed_stay: 1, lingering: 0 };
    let mut rules = ContactRules {
        max_hops: 1,
        secondary_delay_hours: 0,
        counts: Bound::Upper,
        usual,
        by_place: BTreeMap::new(),
        vehicles: BTreeMap::new(),
    };
    let Some(mut t) = file.required_table("contact", p) else { return rules };
    rules.usual = PlaceRules {
        close: t.required_number("close_minutes", MINUTES, p),
        secondary: t.required_number("secondary_minutes", MINUTES, p),
        assumed_stay: t.required_number("assumed_stay_minutes", MINUTES, p),
        lingering: t.number("lingering_minutes", LINGERING, p).unwrap_or(0),
    };
    rules.max_hops = t.required_number("max_hops", 1..=2, p);
    rules.secondary_delay_hours = t.required_number("secondary_delay_hours", 0..=720, p);
    rules.counts = t.parsed("counts", "upper or lower", p).unwrap_or(Bound::Upper);
    rules.by_place = by_kind(&mut t, "places", p, |t, p| place(t, rules.usual, p));
    rules.vehicles = by_kind(&mut t, "vehicles", p, vehicle);
    t.finish(p);
    rules
}

fn place(t: &mut Reader<'_>, usual: PlaceRules, p: &mut Problems<'_>) -> PlaceRules {
    PlaceRules {
        close: t.number("close_minutes", MINUTES, p).unwrap_or(usual.close),
        secondary: t.number("secondary_minutes", MINUTES, p).unwrap_or(usual.secondary),
        assumed_stay: t.number("assumed_stay_minutes", MINUTES, p).unwrap_or(usual.assumed_stay),
        lingering: t.number("lingering_minutes", LINGERING, p).unwrap_or(usual.lingering),
    }
}

fn vehicle(t: &mut Reader<'_>, p: &mut Problems<'_>) -> VehicleRules {
    let word = t.required("near", "vehicle or coach", p);
    let span = t.span_of("rows");
    let rows = t.number("rows", ROWS, p).and_then(|r| u16::try_from(r).ok());
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
    let unknown_is_near = t.flag("unknown_is_near", p).unwrap_or(true);
    VehicleRules { near, unknown_is_near }
}

/// A table with one table for each of some kinds of place.
fn by_kind<T>(
    contact: &mut Reader<'_>,
    key: &'static str,
    p: &mut Problems<'_>,
    mut read: impl FnMut(&mut Reader<'_>, &mut Problems<'_>) -> T,
) -> BTreeMap<PlaceKind, T> {
    let mut out = BTreeMap::new();
    let tables = contact.table(key, p).map_or_else(Vec::new, |t| t.each_table(p));
    for (name, mut t) in tables {
        let rules = read(&mut t, p);
        t.finish(p);
        let kind = name.get_ref().parse::<PlaceKind>().ok();
        let vehicles = key == "vehicles";
        if let Some(kind) = kind.filter(|k| !vehicles || k.is_vehicle()) {
            out.insert(kind, rules);
            continue;
        }
        let what = if vehicles { "vehicle" } else { "kind of place" };
        let kinds = PlaceKind::ALL.iter().filter(|k| !vehicles || k.is_vehicle());
        let kinds: Vec<_> = kinds.copied().collect();
        let message = format!("`{}` is no {what}; one of {}", name.get_ref(), all(&kinds));
        p.add(&name.span(), "bad_value", message);
    }
    out
}

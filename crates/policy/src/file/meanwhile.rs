//! The parts of a policy file around its rules: time zones of divisions, easings, imported
//! evidence, the order of the colours.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jadegate_domain::{Colour, Division, EvidenceKind};
use jiff::tz::TimeZone;

use crate::file::keys::policy as keys;
use crate::file::placeholders::{fill, no_placeholder};
use crate::file::problem::Problems;
use crate::file::reader::Reader;
use crate::file::recorders::{Recorders, undeclared};
use crate::file::words::ZoneName;
use crate::model::kinds::When;
use crate::model::mitigation::{Easing, Imported, MITIGATED};
use crate::model::policy::{Compiled, Zone};
use crate::model::rule::Rule;

/// A policy file being read.
type File<'i> = Reader<'i, keys::Policy>;

/// The colours from the most severe down. Written so that the reader sees it, checked so that it
/// is true: another order would be another meaning of the colours.
pub(crate) fn severity(file: &mut File<'_>, p: &mut Problems<'_>) {
    let span = file.span_of(keys::Policy::severity);
    let declared = file.take(keys::Policy::severity, p);
    if declared.is_some_and(|d| d != [Colour::Red, Colour::Yellow, Colour::Green]) {
        let message = "the most severe colour comes first: [\"red\", \"yellow\", \"green\"]";
        p.add(&span, "bad_value", message);
    }
}

/// Divisions and the names of their zones, as the file has them.
pub(crate) type Zones = Vec<(Division, String, TimeZone)>;

pub(crate) fn zones(file: &mut File<'_>, country: &Division, p: &mut Problems<'_>) -> Zones {
    let mut out: Zones = Vec::new();
    for mut t in file.take(keys::Policy::zone, p).unwrap_or_default() {
        let span = t.span_of(keys::Zone::divisions);
        let divisions = t.take(keys::Zone::divisions, p).unwrap_or_default();
        let zone = t.take(keys::Zone::time_zone, p);
        t.finish(p);
        for division in divisions {
            if !country.contains(&division) || division.path().is_empty() {
                let message = format!("`{division}` is no part of the policy's country");
                p.add(&span, "bad_value", message);
            }
            if out.iter().any(|(d, ..)| *d == division) {
                p.add(&span, "twice", format!("`{division}` has two time zones"));
            }
            out.extend(zone.as_ref().map(|ZoneName(n, z)| (division, n.clone(), z.clone())));
        }
    }
    out
}

/// The policy as it reads in each of its zones.
pub(crate) fn with_zones(mut policy: Compiled, zones: &Zones) -> Compiled {
    // Many divisions share a zone: one copy for each name.
    let mut by_name: BTreeMap<&str, Arc<Compiled>> = BTreeMap::new();
    let mut out = Vec::with_capacity(zones.len());
    for (division, name, zone) in zones {
        let there =
            by_name.entry(name).or_insert_with(|| Arc::new(policy.in_zone(name, zone))).clone();
        out.push(Zone { division: division.clone(), there });
    }
    policy.zones = out;
    policy
}

pub(crate) fn imported(
    file: &mut File<'_>,
    recorders: &Recorders,
    p: &mut Problems<'_>,
) -> Imported {
    let Some(mut t) = file.take(keys::Policy::imported, p) else { return Imported::default() };
    let span = t.span_of(keys::Imported::while_disputed);
    let while_disputed = t.take(keys::Imported::while_disputed, p).unwrap_or_default();
    let text = t.take(keys::Imported::text, p).unwrap_or_default();
    t.finish(p);
    if !recorders.contains_key(&EvidenceKind::Dispute) {
        p.add(&span, "undeclared_evidence", undeclared(EvidenceKind::Dispute));
    }
    Imported { while_disputed, text }
}

pub(crate) fn easings(
    file: &mut File<'_>,
    rules: &[Rule],
    recorders: &Recorders,
    p: &mut Problems<'_>,
) -> Vec<Easing> {
    let mut out: Vec<Easing> = Vec::new();
    let mut eased = BTreeSet::new();
    for mut t in file.take(keys::Policy::easing, p).unwrap_or_default() {
        let span = t.span_of(keys::Easing::id);
        for kind in [EvidenceKind::Appeal, EvidenceKind::AppealDecision] {
            if !recorders.contains_key(&kind) {
                p.add(&span, "undeclared_evidence", undeclared(kind));
            }
        }
        let id = t.take(keys::Easing::id, p).unwrap_or_default();
        if out.iter().any(|e| e.id == id) {
            p.add(&span, "twice", format!("there are two easings with the id `{id}`"));
        }
        let rules_span = t.span_of(keys::Easing::rules);
        let mut indexes = Vec::new();
        for name in t.take(keys::Easing::rules, p).unwrap_or_default() {
            match easable(rules, &name) {
                Err(message) => p.add(&rules_span, "bad_value", message),
                Ok(rule) if !eased.insert(rule) => {
                    p.add(&rules_span, "twice", format!("rule `{name}` is eased twice"));
                }
                Ok(rule) => indexes.push(rule),
            }
        }
        let after_hours = t.take(keys::Easing::after_hours, p).unwrap_or(1);
        // There is only one colour that it can be.
        let _ = t.take(keys::Easing::colour, p);
        let mut text = t.take(keys::Easing::text, p).unwrap_or_default();
        fill(&mut text, "hours", Some(after_hours));
        no_placeholder(&text, "hours", t.span(), p);
        t.finish(p);
        out.push(Easing { id, rules: indexes, after_hours, text });
    }
    out.sort_by(|a, b| a.id.cmp(&b.id));
    out
}

/// The index of a rule that an easing can be for.
fn easable(rules: &[Rule], name: &str) -> Result<u16, String> {
    let found = (0u16..).zip(rules).find(|(_, r)| r.id == name);
    let (index, rule) = found.ok_or_else(|| format!("the policy has no rule `{name}`"))?;
    if matches!(rule.when, When::Missing { .. }) {
        return Err(format!("`{name}` is a decay: it ends when what is missing is recorded"));
    }
    if !rule.phases.iter().any(|phase| phase.colour > MITIGATED) {
        return Err(format!("rule `{name}` never asks for more than yellow"));
    }
    Ok(index)
}

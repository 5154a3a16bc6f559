//! What changed between two policies, in words.

use std::collections::BTreeSet;
use std::fmt;

use jadegate_domain::assessment::Texts;
use jadegate_domain::{Colour, EvidenceKind, PlaceKind};

use crate::model::calendar::{DayCount, FirstDay};
use crate::model::contact::{
    Bound, Likelihood, MeetingTable, MinutesAlone, PlaceRules, VehicleNear, VehicleRules,
};
use crate::model::listed::{joined, list};
use crate::model::mitigation::{Easing, WhileDisputed};
use crate::model::origin::Origins;
use crate::model::policy::{Compiled, Policy};
use crate::model::rule::{Paper, PaperNeeded, Phase, Release, Rule};

/// One thing that two policies say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is about ("rule close-contact, phase 1, ends when").
    pub about: String,
    /// What the first says; `None` if it says nothing.
    pub before: Option<String>,
    /// What the second says; `None` if it says nothing.
    pub after: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.before, &self.after) {
            (Some(a), Some(b)) => write!(f, "{}: was {a}; is {b}", self.about),
            (None, Some(b)) => write!(f, "{}: new: {b}", self.about),
            (Some(a), None) => write!(f, "{}: gone; was {a}", self.about),
            (None, None) => write!(f, "{}", self.about),
        }
    }
}

/// Everything that differs between two policies, in a fixed order; empty if both always say the
/// same about everybody. The digest and the source's name are not compared.
pub fn diff(before: &Policy, after: &Policy) -> Vec<Difference> {
    let mut out = Differ(Vec::new());
    let (a, b) = (&*before.0, &*after.0);
    head(&mut out, a, b);
    settings(&mut out, a, b);
    evidence(&mut out, a, b);
    zones(&mut out, a, b);
    meanwhile(&mut out, a, b);
    let ids: BTreeSet<&str> = a.rules.iter().chain(&b.rules).map(|r| r.id.as_str()).collect();
    for id in ids {
        let old = a.rules.iter().find(|r| r.id == id);
        let new = b.rules.iter().find(|r| r.id == id);
        match (old, new) {
            (Some(old), Some(new)) => rule(&mut out, old, new),
            _ => out.push(format!("rule {id}"), old.map(in_short), new.map(in_short)),
        }
    }
    out.0
}

fn likelihood(out: &mut Differ, a: Option<&Likelihood>, b: Option<&Likelihood>) {
    let least = |l: &Likelihood| match l.least_percent {
        Some(percent) => format!("at least {percent} in a hundred, or it is no contact"),
        None => "says only who comes first".to_owned(),
    };
    out.push("likelihood of having met".to_owned(), a.map(least), b.map(least));
    let source = |l: &Likelihood| l.source.clone();
    out.push("likelihood, fitted on".to_owned(), a.map(source), b.map(source));
    let alone = |l: &Likelihood| {
        let MinutesAlone { constant, minutes } = l.minutes_alone;
        format!("constant {constant}, minutes {minutes}")
    };
    out.push("likelihood by minutes alone".to_owned(), a.map(alone), b.map(alone));
    for kind in PlaceKind::ALL {
        let table = |l: &Likelihood| {
            let MeetingTable { constant, minutes, arrival, leaving, people } =
                l.places.get(kind)?;
            Some(format!(
                "constant {constant}, minutes {minutes}, arrival {arrival}, leaving {leaving}, people {people}"
            ))
        };
        let about = format!("likelihood at a place of kind {kind}");
        out.push(about, a.and_then(table), b.and_then(table));
    }
}

struct Differ(Vec<Difference>);

impl Differ {
    fn push(&mut self, about: String, before: Option<String>, after: Option<String>) {
        if before != after {
            self.0.push(Difference { about, before, after });
        }
    }

    fn values(&mut self, about: &str, before: &impl ToString, after: &impl ToString) {
        self.push(about.to_owned(), Some(before.to_string()), Some(after.to_string()));
    }

    fn texts(&mut self, about: &str, before: &Texts, after: &Texts) {
        let langs: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for lang in langs {
            let quoted = |t: &Texts| t.get(lang).map(|t| format!("\"{t}\""));
            self.push(format!("{about} ({lang})"), quoted(before), quoted(after));
        }
    }
}

fn head(out: &mut Differ, a: &Compiled, b: &Compiled) {
    out.values("id", &a.reference.id, &b.reference.id);
    out.values("version", &a.reference.version, &b.reference.version);
    out.texts("title", &a.title, &b.title);
    out.texts("authority", &a.authority, &b.authority);
    out.values("country", &a.country, &b.country);
    out.values("time zone", &a.zone_name, &b.zone_name);
    out.values("day count", &day_count(a.calendar.day_count()), &day_count(b.calendar.day_count()));
    let first = |c: &Compiled| match c.calendar.first_day() {
        FirstDay::Next => "the day after the event",
        FirstDay::Same => "the day of the event",
    };
    out.values("day 1", &first(a), &first(b));
    out.values("valid from", &a.valid_from, &b.valid_from);
    let to = |c: &Compiled| c.valid_to.map(|t| t.to_string());
    out.push("valid to".to_owned(), to(a), to(b));
}

const fn day_count(count: DayCount) -> &'static str {
    match count {
        DayCount::LocalMidnight => "whole local days",
        DayCount::Hours24 => "24 hours",
    }
}

fn settings(out: &mut Differ, a: &Compiled, b: &Compiled) {
    out.values("seconds a code is fresh", &a.fresh_seconds, &b.fresh_seconds);
    let (old, new) = (a.infectious, b.infectious);
    out.values("infectious days before onset", &old.days_before_onset, &new.days_before_onset);
    out.values(
        "infectious days before sampling",
        &old.days_before_sampling,
        &new.days_before_sampling,
    );
    let (old, new) = (&a.contact, &b.contact);
    out.values("hops of a trace", &old.max_hops, &new.max_hops);
    let about = "hours until a contact can infect others";
    out.values(about, &old.secondary_delay_hours, &new.secondary_delay_hours);
    out.values("contact", &minutes(&old.usual), &minutes(&new.usual));
    for kind in PlaceKind::ALL {
        let at = |c: &Compiled| c.contact.by_place.get(kind).map(minutes);
        out.push(format!("contact at a place of kind {kind}"), at(a), at(b));
        let near = |c: &Compiled| c.contact.vehicles.get(kind).copied().map(aboard);
        out.push(format!("contact aboard a {kind}"), near(a), near(b));
    }
    let bound = |counts| if counts == Bound::Upper { "upper bound" } else { "lower bound" };
    out.values("minutes that count", &bound(old.counts), &bound(new.counts));
    likelihood(out, old.likelihood.as_ref(), new.likelihood.as_ref());
    out.values("days visits are kept", &a.retention.visit_days, &b.retention.visit_days);
    out.values("days evidence is kept", &a.retention.evidence_days, &b.retention.evidence_days);
    out.values("people somebody may care for", &a.people.most, &b.people.most);
    let (old, new) = (a.people.child_until_age, b.people.child_until_age);
    out.values("age at which a child's proxy ends", &old, &new);
    let daily = |c: &Compiled| {
        let mut colours = c.daily_check_in.clone();
        colours.sort_unstable();
        list(&colours)
    };
    out.values("daily check-in for", &daily(a), &daily(b));
    for colour in Colour::ALL {
        let texts = |policy: &'_ Compiled| policy.colours[usize::from(colour.as_u8())].clone();
        let (old, new) = (texts(a), texts(b));
        out.texts(&format!("name of {colour}"), &old.name, &new.name);
        out.texts(&format!("advice for {colour}"), &old.advice, &new.advice);
    }
}

fn minutes(r: &PlaceRules) -> String {
    let PlaceRules { close, secondary, assumed_stay, lingering } = r;
    let lingers = if *lingering > 0 { format!(", {lingering} lingering") } else { String::new() };
    format!("{close} minutes close, {secondary} secondary, {assumed_stay} assumed stay{lingers}")
}

fn aboard(r: VehicleRules) -> String {
    let near = match r.near {
        VehicleNear::Vehicle => "everyone aboard".to_owned(),
        VehicleNear::Coach => "the same coach".to_owned(),
        VehicleNear::Rows(rows) => format!("{rows} rows before and behind"),
    };
    let unknown = if r.unknown_is_near { "near" } else { "not near" };
    format!("{near}; whose seat is unknown is {unknown}")
}

fn evidence(out: &mut Differ, a: &Compiled, b: &Compiled) {
    for kind in EvidenceKind::ALL {
        let who = |c: &Compiled| {
            c.recorders.get(kind).map(|list| {
                let mut names: Vec<&str> =
                    list.iter().map(|k| k.map_or("holder", |k| k.as_str())).collect();
                names.sort_unstable();
                names.join(", ")
            })
        };
        out.push(format!("who records {kind}"), who(a), who(b));
    }
}

fn rule(out: &mut Differ, a: &Rule, b: &Rule) {
    let about = |what: &str| format!("rule {}, {what}", a.id);
    out.texts(&about("title"), &a.title, &b.title);
    out.values(&about("when"), &a.when, &b.when);
    out.values(&about("whose evidence"), &whose(&a.origins), &whose(&b.origins));
    out.values(&about("counted from"), &a.count_from.said(), &b.count_from.said());
    let days = |r: &Rule| day_count(r.calendar.day_count());
    out.values(&about("day count"), &days(a), &days(b));
    for i in 0..a.phases.len().max(b.phases.len()) {
        let what = about(&format!("phase {}", i + 1));
        match (a.phases.get(i), b.phases.get(i)) {
            (Some(old), Some(new)) => {
                out.values(&format!("{what}, colour"), &old.colour, &new.colour);
                out.values(&format!("{what}, count"), &counts(old), &counts(new));
                out.values(&format!("{what}, ends"), &releases(old), &releases(new));
                out.texts(&format!("{what}, text"), &old.ends, &new.ends);
            }
            (old, new) => out.push(what, old.map(phase), new.map(phase)),
        }
    }
}

const fn counts(p: &Phase) -> &'static str {
    if p.counts_on { "goes on, while the release is unmet" } else { "its own" }
}

fn whose(o: &Origins) -> String {
    let imported = match o.imported {
        None => "recorded here or imported",
        Some(true) => "imported",
        Some(false) => "recorded here",
    };
    if o.from.is_empty() {
        imported.to_owned()
    } else {
        format!("{imported}, from {}", list(&o.from))
    }
}

fn meanwhile(out: &mut Differ, a: &Compiled, b: &Compiled) {
    let worth = |c: &Compiled| match c.imported.while_disputed {
        WhileDisputed::Counts => "counts in full",
        WhileDisputed::Yellow => "yellow at most",
        WhileDisputed::SetAside => "starts no rule",
    };
    out.values("imported evidence while disputed", &worth(a), &worth(b));
    out.texts("text of a dispute", &a.imported.text, &b.imported.text);
    let ids: BTreeSet<&str> = a.easings.iter().chain(&b.easings).map(|e| e.id.as_str()).collect();
    for id in ids {
        let find = |c: &'_ Compiled| c.easings.iter().find(|e| e.id == id).cloned();
        let (old, new) = (find(a), find(b));
        let short = |c: &Compiled, e: &Easing| {
            let rules: Vec<&str> =
                e.rules.iter().map(|i| c.rules[usize::from(*i)].id.as_str()).collect();
            format!("yellow for {} after {} hours without a decision", list(&rules), e.after_hours)
        };
        out.push(
            format!("easing {id}"),
            old.as_ref().map(|e| short(a, e)),
            new.as_ref().map(|e| short(b, e)),
        );
        let text = |e: Option<Easing>| e.map(|e| e.text).unwrap_or_default();
        out.texts(&format!("easing {id}, text"), &text(old), &text(new));
    }
}

fn zones(out: &mut Differ, a: &Compiled, b: &Compiled) {
    let divisions: BTreeSet<String> =
        a.zones.iter().chain(&b.zones).map(|z| z.division.to_string()).collect();
    for division in divisions {
        let name = |c: &Compiled| {
            let zone = c.zones.iter().find(|z| z.division.as_str() == division);
            zone.map(|z| z.there.zone_name.clone())
        };
        out.push(format!("time zone of {division}"), name(a), name(b));
    }
}

fn in_short(r: &Rule) -> String {
    let phases: Vec<String> = r.phases.iter().map(phase).collect();
    format!("on {}, {}: {}", r.when, whose(&r.origins), phases.join(", then "))
}

fn phase(p: &Phase) -> String {
    format!("{} ({})", p.colour, releases(p))
}

fn releases(p: &Phase) -> String {
    if p.ends_when.is_empty() {
        return "until what is missing is recorded".to_owned();
    }
    p.ends_when.iter().map(release).collect::<Vec<_>>().join(", or ")
}

fn release(r: &Release) -> String {
    let mut parts = Vec::new();
    parts.extend(r.days.map(|n| format!("{n} days")));
    parts.extend(r.negative_tests.map(|t| {
        let within = t.within_days.map_or_else(String::new, |n| format!(" within {n} days"));
        let method = t.method.map_or_else(String::new, |m| format!(" by {m}"));
        let (count, gap, after) = (t.count, t.gap_hours, t.after_days);
        format!("{count} negative tests{method} {gap} hours apart{within} after day {after}")
    }));
    parts.extend(r.clean_check_ins.map(|c| {
        let row = if c.consecutive { " in a row" } else { "" };
        let (below, tenth) = (c.below_tenths / 10, c.below_tenths % 10);
        format!("{} days of clean check-ins{row} below {below}.{tenth} °C", c.days)
    }));
    parts.extend(r.paper.as_ref().map(paper));
    parts.join(" and ")
}

fn paper(p: &PaperNeeded) -> String {
    let kind = if p.kinds.is_empty() { "release".to_owned() } else { joined(&p.kinds, " or ") };
    let of = match p.which {
        Paper::This => "paper for this reason",
        Paper::Any => "paper for the holder",
    };
    let from = if p.same_origin { " from where the evidence came from" } else { "" };
    format!("a {kind} {of}{from}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: &str = include_str!("../../../../policies/three-colour.toml");

    fn said(text: &str) -> Vec<String> {
        let (a, b) = (Policy::parse(THREE).unwrap(), Policy::parse(text).unwrap());
        diff(&a, &b).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_same_rules_differ_in_nothing_even_in_another_order() {
        assert!(said(THREE).is_empty());
        assert!(said(&THREE.replace("[\"yellow\", \"red\"]", "[\"red\", \"yellow\"]")).is_empty());
    }

    #[test]
    fn seven_days_made_five_is_said_for_each_rule_with_its_text() {
        let text = THREE.replace("days = 7\n", "days = 5\n").replace("version = 1", "version = 2");
        let said = said(&text);
        assert!(said.contains(&"version: was 1; is 2".to_owned()), "{said:#?}");
        let phase = "rule symptoms, phase 1, ends: was 7 days; is 5 days";
        assert!(said.contains(&phase.to_owned()), "{said:#?}");
        assert!(said.iter().any(|s| s.contains("rule symptoms, phase 1, text (zh)")));
        assert!(!said.iter().any(|s| s.contains("rule case")));
    }

    #[test]
    fn a_rule_that_comes_or_goes_is_said_in_short() {
        let (start, end) = (
            THREE.find("[[rule]]\nid = \"case\"").unwrap(),
            THREE.find("[[rule]]\nid = \"positive").unwrap(),
        );
        let less = format!("{}{}", &THREE[..start], &THREE[end..]);
        let said = said(&less);
        assert_eq!(said.len(), 1);
        assert!(said[0].starts_with("rule case: gone; was on case (confirmed"), "{said:?}");
        assert!(said[0].ends_with("red (14 days)"), "{said:?}");
    }

    const EVERYTHING: &str = include_str!("../../tests/common/everything.toml");

    /// Whatever value of a file changes: if the file still reads and means something else, `diff`
    /// says so. Only the source, notes and the digest are not compared.
    #[test]
    fn no_change_of_any_value_goes_unsaid() {
        let whole = Policy::parse(EVERYTHING).unwrap();
        let mut changed = 0;
        let swaps = [
            ("true", "false"),
            ("false", "true"),
            ("\"yellow\"", "\"red\""),
            ("\"red\"", "\"yellow\""),
            ("\"this\"", "\"any\""),
            ("\"any\"", "\"this\""),
            ("\"discharge\"", "\"release\""),
            ("\"close\"", "\"secondary\""),
            ("\"unproven\"", "\"recorded\""),
            ("\"shop\", ", ""),
            ("\"medium\", ", ""),
            ("\"fever\", ", ""),
            ("\"transit\", ", ""),
            ("\"CN-13\", ", ""),
            ("\"confirmed\", ", ""),
            ("\"positive\"", "\"negative\""),
            ("\"nucleic_acid\"", "\"antigen\""),
            ("\"US\"", "\"JP\""),
            ("[\"CN\"]", "[\"CN-33\"]"),
            ("\"CN-44\"", "\"CN-45\""),
            ("\"onset\"", "\"confirmed\""),
            ("\"temperature\"", "\"report\""),
            ("\"stay\"]", "\"case\"]"),
            ("Europe/Berlin", "Europe/Paris"),
            ("Lord_Howe", "Sydney"),
            ("\"local-midnight\"", "\"24h\""),
            ("\"24h\"", "\"local-midnight\""),
            ("\"next\"", "\"same\""),
            ("+01:00", "+02:00"),
            ("+02:00", "+01:00"),
            ("\"laboratory\", ", ""),
            ("while_unmet = \"yellow\"\n", ""),
            ("while_unmet = \"red\"\n", ""),
            ("2", "3"),
            ("3", "4"),
            ("4", "5"),
            ("5", "6"),
            ("6", "7"),
            ("7", "6"),
            ("1", "2"),
            ("0", "1"),
            ("Ends", "Stops"),
            ("Green", "Grün"),
            ("居家", "在家"),
            ("lapsed", "late"),
            ("Test", "Other"),
        ];
        for (from, to) in swaps {
            let places: Vec<usize> = EVERYTHING.match_indices(from).map(|(i, _)| i).collect();
            assert!(!places.is_empty(), "{from}");
            for at in places {
                let text = format!("{}{to}{}", &EVERYTHING[..at], &EVERYTHING[at + from.len()..]);
                let Ok(other) = Policy::parse(&text) else { continue };
                changed += 1;
                let line = EVERYTHING[..at].matches('\n').count() + 1;
                assert!(!diff(&whole, &other).is_empty(), "line {line}: {from} made {to}");
            }
        }
        assert!(changed > 150, "{changed}");
    }
}

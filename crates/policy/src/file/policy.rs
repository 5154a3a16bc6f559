//! From the text of a policy file to a checked policy.

use std::sync::Arc;

use jadegate_domain::assessment::{PolicyRef, Texts};
use jadegate_domain::{Colour, Division, Timestamp, hex};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::file::contact::contact;
use crate::file::ids::id;
use crate::file::limits::MOST_DAYS;
use crate::file::meanwhile::{easings, imported, severity, with_zones, zones};
use crate::file::problem::{Problem, Problems};
use crate::file::reader::{Reader, conclude, read_file};
use crate::file::recorders::recorders;
use crate::file::rules::rules;
use crate::file::words::{ZONE_WANTED, ZoneName};
use crate::model::calendar::{Calendar, DayCount, FirstDay};
use crate::model::index::Index;
use crate::model::policy::{ColourTexts, Compiled, Infectious, Policy, Retention};

/// Files larger than this are refused unread.
const MOST_BYTES: usize = 1 << 20;

impl Policy {
    /// Reads and checks a policy file. All problems are reported together, in the file's order.
    pub fn parse(toml_text: &str) -> Result<Self, Vec<Problem>> {
        policy(toml_text).map(|c| Self(Arc::new(c)))
    }
}

fn policy(text: &str) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Problems::new(text);
    let compiled = read(text, &mut problems);
    conclude(compiled, problems)
}

/// Reads the text and notes its problems; `None` if there are any.
pub(crate) fn read(text: &str, p: &mut Problems<'_>) -> Option<Compiled> {
    if text.len() > MOST_BYTES {
        p.add(&(0..0), "too_large", "a policy file has at most 1 MiB");
        return None;
    }
    let mut file = read_file(text, p);
    let reference = reference(text, &mut file, p);
    let (zone_name, calendar) = calendar(&mut file, p);
    let country = country(&mut file, p);
    let (valid_from, valid_to) = validity(&mut file, p);
    let recorders = recorders(&mut file, p);
    severity(&mut file, p);
    let zones = zones(&mut file, &country, p);
    let rules = rules(&mut file, &calendar, &recorders, p);
    let index = Index::new(&rules, &country);
    let compiled = Compiled {
        reference,
        title: file.required_texts("title", p),
        authority: file.required_texts("authority", p),
        source: file.required_text("source", p).into_inner(),
        notes: notes(&mut file, p),
        country,
        zone_name,
        valid_from,
        valid_to,
        fresh_seconds: freshness(&mut file, p),
        infectious: infectious(&mut file, p),
        contact: contact(&mut file, p),
        retention: retention(&mut file, p),
        daily_check_in: check_in(&mut file, p),
        colours: colours(&mut file, p),
        index,
        easings: easings(&mut file, &rules, &recorders, p),
        imported: imported(&mut file, &recorders, p),
        zones: Vec::new(),
        rules,
        recorders,
        calendar,
    };
    file.finish(p);
    (p.count() == 0).then(|| with_zones(compiled, &zones))
}

/// The first 8 bytes of the file's SHA-256 in hex.
fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes())[..8])
}

fn reference(text: &str, file: &mut Reader<'_>, p: &mut Problems<'_>) -> PolicyRef {
    PolicyRef {
        id: id(file, p).into_inner(),
        version: file.required_number("version", 1..=u32::MAX, p),
        digest: digest(text),
    }
}

fn calendar(file: &mut Reader<'_>, p: &mut Problems<'_>) -> (String, Calendar) {
    let zone = file.required::<ZoneName>("time_zone", ZONE_WANTED, p);
    let count = file.required("day_count", "local-midnight or 24h", p);
    let first = file.required("first_day", "next or same", p);
    let ZoneName(name, zone) = zone.unwrap_or_else(|| ZoneName("UTC".to_owned(), TimeZone::UTC));
    let count = count.unwrap_or(DayCount::LocalMidnight);
    (name, Calendar::new(zone, count, first.unwrap_or(FirstDay::Next)))
}

fn country(file: &mut Reader<'_>, p: &mut Problems<'_>) -> Division {
    let span = file.span_of("country");
    let text = file.required_text("country", p).into_inner();
    match text.parse::<Division>() {
        Ok(d) if d.path().is_empty() => d,
        _ => {
            if !text.is_empty() {
                p.add(&span, "bad_value", "`country` must be two capital letters, like CN");
            }
            // A policy with a problem is never used; any country will do here.
            #[expect(clippy::expect_used, reason = "a constant that the domain's tests read")]
            "CN".parse().expect("CN is a country")
        }
    }
}

fn validity(file: &mut Reader<'_>, p: &mut Problems<'_>) -> (Timestamp, Option<Timestamp>) {
    let from = file.required_moment("valid_from", p).unwrap_or_default();
    let span = file.span_of("valid_to");
    let to = file.moment("valid_to", p);
    if to.is_some_and(|to| to <= from) {
        p.add(&span, "bad_period", "`valid_to` must be later than `valid_from`");
    }
    (from, to)
}

fn notes(file: &mut Reader<'_>, p: &mut Problems<'_>) -> Vec<Texts> {
    file.tables("note", p)
        .into_iter()
        .map(|mut t| {
            let text = t.required_texts("text", p);
            t.finish(p);
            text
        })
        .collect()
}

fn freshness(file: &mut Reader<'_>, p: &mut Problems<'_>) -> u32 {
    let Some(mut t) = file.required_table("freshness", p) else { return 60 };
    let seconds = t.required_number("seconds", 10..=3600, p);
    t.finish(p);
    seconds
}

fn infectious(file: &mut Reader<'_>, p: &mut Problems<'_>) -> Infectious {
    let empty = Infectious { days_before_onset: 0, days_before_sampling: 0 };
    let Some(mut t) = file.required_table("infectious_window", p) else { return empty };
    let window = Infectious {
        days_before_onset: t.required_number("days_before_onset", 0..=30, p),
        days_before_sampling: t.required_number("days_before_sampling", 0..=30, p),
    };
    t.finish(p);
    window
}

fn retention(file: &mut Reader<'_>, p: &mut Problems<'_>) -> Retention {
    let empty = Retention { visit_days: 1, evidence_days: 1 };
    let Some(mut t) = file.required_table("retention", p) else { return empty };
    let r = Retention {
        visit_days: t.required_number("visit_days", 1..=MOST_DAYS, p),
        evidence_days: t.required_number("evidence_days", 1..=MOST_DAYS, p),
    };
    t.finish(p);
    r
}

fn check_in(file: &mut Reader<'_>, p: &mut Problems<'_>) -> Vec<Colour> {
    let Some(mut t) = file.required_table("check_in", p) else { return Vec::new() };
    let colours = t.list("daily_for", "a colour", p).unwrap_or_default();
    t.finish(p);
    colours
}

fn colours(file: &mut Reader<'_>, p: &mut Problems<'_>) -> [ColourTexts; 3] {
    let mut out: [ColourTexts; 3] = Default::default();
    let Some(mut t) = file.required_table("colour", p) else { return out };
    for c in Colour::ALL {
        if let Some(mut one) = t.required_table(c.as_str(), p) {
            out[usize::from(c.as_u8())] = ColourTexts {
                name: one.required_texts("name", p),
                advice: one.required_texts("advice", p),
            };
            one.finish(p);
        }
    }
    t.finish(p);
    out
}

//! From the text of a policy file to a checked policy.

use std::sync::Arc;

use jadegate_domain::assessment::{PolicyRef, Texts};
use jadegate_domain::{Colour, Division, Timestamp, hex};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use toml::Spanned;

use crate::file::contact::contact;
use crate::file::keys::policy as keys;
use crate::file::meanwhile::{easings, imported, severity, with_zones, zones};
use crate::file::problem::{Problem, Problems};
use crate::file::reader::{Reader, conclude, read_file};
use crate::file::recorders::recorders;
use crate::file::rules::rules;
use crate::file::words::ZoneName;
use crate::model::calendar::{Calendar, DayCount, FirstDay};
use crate::model::index::Index;
use crate::model::policy::{ColourTexts, Compiled, Infectious, PeopleRules, Policy, Retention};

/// A policy file being read.
type File<'i> = Reader<'i, keys::Policy>;

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
    let mut file: File<'_> = read_file(text, p);
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
        title: file.take(keys::Policy::title, p).unwrap_or_default(),
        authority: file.take(keys::Policy::authority, p).unwrap_or_default(),
        source: file.take(keys::Policy::source, p).map_or_else(String::new, Spanned::into_inner),
        notes: notes(&mut file, p),
        country,
        zone_name,
        valid_from,
        valid_to,
        fresh_seconds: freshness(&mut file, p),
        infectious: infectious(&mut file, p),
        contact: contact(&mut file, p),
        retention: retention(&mut file, p),
        people: people(&mut file, p),
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

fn reference(text: &str, file: &mut File<'_>, p: &mut Problems<'_>) -> PolicyRef {
    PolicyRef {
        id: file.take(keys::Policy::id, p).unwrap_or_default(),
        version: file.take(keys::Policy::version, p).unwrap_or(1),
        digest: digest(text),
    }
}

fn calendar(file: &mut File<'_>, p: &mut Problems<'_>) -> (String, Calendar) {
    let zone = file.take(keys::Policy::time_zone, p);
    let count = file.take(keys::Policy::day_count, p);
    let first = file.take(keys::Policy::first_day, p);
    let ZoneName(name, zone) = zone.unwrap_or_else(|| ZoneName("UTC".to_owned(), TimeZone::UTC));
    let count = count.unwrap_or(DayCount::LocalMidnight);
    (name, Calendar::new(zone, count, first.unwrap_or(FirstDay::Next)))
}

fn country(file: &mut File<'_>, p: &mut Problems<'_>) -> Division {
    // A policy with a problem is never used; any country will do here.
    file.take(keys::Policy::country, p).unwrap_or_else(|| {
        #[expect(clippy::expect_used, reason = "a constant that the domain's tests read")]
        "CN".parse().expect("CN is a country")
    })
}

fn validity(file: &mut File<'_>, p: &mut Problems<'_>) -> (Timestamp, Option<Timestamp>) {
    let from = file.take(keys::Policy::valid_from, p).unwrap_or_default();
    let span = file.span_of(keys::Policy::valid_to);
    let to = file.take(keys::Policy::valid_to, p);
    if to.is_some_and(|to| to <= from) {
        p.add(&span, "bad_period", "`valid_to` must be later than `valid_from`");
    }
    (from, to)
}

fn notes(file: &mut File<'_>, p: &mut Problems<'_>) -> Vec<Texts> {
    let tables = file.take(keys::Policy::note, p).unwrap_or_default();
    let note = |mut t: Reader<'_, keys::Note>| {
        let text = t.take(keys::Note::text, p).unwrap_or_default();
        t.finish(p);
        text
    };
    tables.into_iter().map(note).collect()
}

fn freshness(file: &mut File<'_>, p: &mut Problems<'_>) -> u32 {
    let Some(mut t) = file.take(keys::Policy::freshness, p) else { return 60 };
    let seconds = t.take(keys::Freshness::seconds, p).unwrap_or(60);
    t.finish(p);
    seconds
}

fn infectious(file: &mut File<'_>, p: &mut Problems<'_>) -> Infectious {
    let empty = Infectious { days_before_onset: 0, days_before_sampling: 0 };
    let Some(mut t) = file.take(keys::Policy::infectious_window, p) else { return empty };
    let window = Infectious {
        days_before_onset: t.take(keys::InfectiousWindow::days_before_onset, p).unwrap_or(0),
        days_before_sampling: t.take(keys::InfectiousWindow::days_before_sampling, p).unwrap_or(0),
    };
    t.finish(p);
    window
}

fn retention(file: &mut File<'_>, p: &mut Problems<'_>) -> Retention {
    let empty = Retention { visit_days: 1, evidence_days: 1 };
    let Some(mut t) = file.take(keys::Policy::retention, p) else { return empty };
    let r = Retention {
        visit_days: t.take(keys::Retention::visit_days, p).unwrap_or(1),
        evidence_days: t.take(keys::Retention::evidence_days, p).unwrap_or(1),
    };
    t.finish(p);
    r
}

fn people(file: &mut File<'_>, p: &mut Problems<'_>) -> PeopleRules {
    let usual = PeopleRules { most: 8, child_until_age: 18 };
    let Some(mut t) = file.take(keys::Policy::people, p) else { return usual };
    let rules = PeopleRules {
        most: t.take(keys::People::most, p).unwrap_or(usual.most),
        child_until_age: t.take(keys::People::child_until_age, p).unwrap_or(usual.child_until_age),
    };
    t.finish(p);
    rules
}

fn check_in(file: &mut File<'_>, p: &mut Problems<'_>) -> Vec<Colour> {
    let Some(mut t) = file.take(keys::Policy::check_in, p) else { return Vec::new() };
    let colours = t.take(keys::CheckIn::daily_for, p).unwrap_or_default();
    t.finish(p);
    colours
}

fn colours(file: &mut File<'_>, p: &mut Problems<'_>) -> [ColourTexts; 3] {
    let mut out: [ColourTexts; 3] = Default::default();
    let Some(mut t) = file.take(keys::Policy::colour, p) else { return out };
    for (colour, key) in [
        (Colour::Green, keys::Colours::green),
        (Colour::Yellow, keys::Colours::yellow),
        (Colour::Red, keys::Colours::red),
    ] {
        if let Some(mut one) = t.take(key, p) {
            out[usize::from(colour.as_u8())] = ColourTexts {
                name: one.take(keys::ColourTexts::name, p).unwrap_or_default(),
                advice: one.take(keys::ColourTexts::advice, p).unwrap_or_default(),
            };
            one.finish(p);
        }
    }
    t.finish(p);
    out
}

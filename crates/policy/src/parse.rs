//! From the text of a policy file to a checked policy.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jadegate_domain::agency::AgencyKind;
use jadegate_domain::assessment::{PolicyRef, Texts};
use jadegate_domain::{Colour, Division, EvidenceKind, Timestamp};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::days::{Calendar, DayCount, FirstDay};
use crate::index::Index;
use crate::model::{ColourTexts, Compiled, Infectious, Retention, Rule};
use crate::parse_contact::contact;
use crate::parse_meanwhile::{easings, imported, severity, with_zones, zones};
use crate::problem::{Problem, Problems};
use crate::read::{Reader, conclude, read_file};

/// The longest a policy may ask for anything, in days: longer is a typing error.
pub(crate) const MOST_DAYS: u32 = 366;
/// Files larger than this are refused unread.
const MOST_BYTES: usize = 1 << 20;

/// A closed list of words in a file.
macro_rules! words {
    ($name:ident { $($text:literal => $variant:expr,)* }) => {
        impl $name {
            /// The words of the list.
            pub(crate) const WORDS: &'static [&'static str] = &[$($text,)*];
        }

        impl ::std::str::FromStr for $name {
            type Err = ();
            fn from_str(s: &str) -> Result<Self, ()> {
                match s { $($text => Ok($variant),)* _ => Err(()) }
            }
        }
    };
}
pub(crate) use words;

words!(DayCount { "local-midnight" => Self::LocalMidnight, "24h" => Self::Hours24, });
words!(FirstDay { "next" => Self::Next, "same" => Self::Same, });

/// Who may record: an agency's kind or `holder`.
struct Recorder(Option<AgencyKind>);

impl FromStr for Recorder {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        if s == "holder" {
            return Ok(Self(None));
        }
        s.parse().map(|k| Self(Some(k))).map_err(|_| ())
    }
}

/// A time zone by its name in the tz database.
pub(crate) struct ZoneName(pub(crate) String, pub(crate) TimeZone);

pub(crate) const ZONE_WANTED: &str = "a tz database name like Asia/Shanghai";

impl FromStr for ZoneName {
    type Err = ();
    fn from_str(s: &str) -> Result<Self, ()> {
        crate::tz::zone(s).map(|z| Self(s.to_owned(), z)).ok_or(())
    }
}

pub(crate) fn policy(text: &str) -> Result<Compiled, Vec<Problem>> {
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
    let rules = crate::parse_rules::rules(&mut file, &calendar, &recorders, p);
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
    use std::fmt::Write;
    Sha256::digest(text.as_bytes()).iter().take(8).fold(String::with_capacity(16), |mut s, b| {
        // Writing to a String cannot fail.
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// Ids are what assessments, URLs and file names carry: short, lower case, no surprises.
pub(crate) fn is_id(s: &str) -> bool {
    (1..=64).contains(&s.len())
        && s.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !s.starts_with('-')
        && !s.ends_with('-')
}

pub(crate) fn id(table: &mut Reader<'_>, p: &mut Problems<'_>) -> toml::Spanned<String> {
    let id = table.required_text("id", p);
    if !id.get_ref().is_empty() && !is_id(id.get_ref()) {
        let message =
            "an id is made of lower-case letters, digits and dashes, like `close-contact`";
        p.add(&id.span(), "bad_id", message);
    }
    id
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

pub(crate) const MINUTES: std::ops::RangeInclusive<u32> = 1..=1440;

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

type Recorders = BTreeMap<EvidenceKind, Vec<Option<AgencyKind>>>;

fn recorders(file: &mut Reader<'_>, p: &mut Problems<'_>) -> Recorders {
    let mut out = Recorders::new();
    let mut seen = BTreeSet::new();
    for mut t in file.tables("evidence", p) {
        let span = t.span_of("kind");
        let wanted = format!("one of {}", all(EvidenceKind::ALL));
        let kind = t.required::<EvidenceKind>("kind", &wanted, p);
        let by_span = t.span_of("recorded_by");
        let wanted = format!("holder or one of {}", all(AgencyKind::ALL));
        let by = t.required_list::<Recorder>("recorded_by", &wanted, p);
        let refers_span = t.span_of("refers_to");
        let refers_to = t.required_text("refers_to", p);
        if let Some(kind) = kind {
            if !seen.insert(kind) {
                p.add(&span, "twice", format!("evidence of kind `{kind}` is described twice"));
            }
            let wanted = refers_to_word(kind);
            if !refers_to.get_ref().is_empty() && refers_to.get_ref() != wanted {
                let message = format!("evidence of kind `{kind}` must refer to `{wanted}`");
                p.add(&refers_span, "bad_value", message);
            }
            for Recorder(who) in &by {
                if !kind.may_record(*who) {
                    let who = who.map_or("the holder", AgencyKind::as_str);
                    let message = format!("{who} can never record evidence of kind `{kind}`");
                    p.add(&by_span, "may_not_record", message);
                }
            }
            out.insert(kind, by.into_iter().map(|r| r.0).collect());
        }
        t.finish(p);
    }
    out
}

/// The words of [`refers_to_word`], each once.
pub(crate) const REFERS_TO: &[&str] = &[
    "sample",
    "case",
    "case and trace",
    "division and period",
    "own health",
    "border crossing",
    "case or trace",
    "imported evidence",
    "evidence",
    "appeal",
];

/// What each kind of evidence must refer to; written in the file so that its reader sees it, and
/// checked so that it is true.
const fn refers_to_word(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Test => "sample",
        EvidenceKind::Case => "case",
        EvidenceKind::Contact => "case and trace",
        EvidenceKind::Stay | EvidenceKind::RegionRisk => "division and period",
        EvidenceKind::Declaration | EvidenceKind::CheckIn => "own health",
        EvidenceKind::Arrival => "border crossing",
        EvidenceKind::Release => "case or trace",
        EvidenceKind::Dispute => "imported evidence",
        EvidenceKind::Appeal => "evidence",
        EvidenceKind::AppealDecision => "appeal",
    }
}

/// A closed list for a message.
pub(crate) fn all<T: std::fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Rules by id; the order of the file does not matter to any result.
pub(crate) fn sorted_by_id(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules
}

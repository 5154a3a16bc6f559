//! Traces over real check-ins against an independent script of a few lines, in this file.
//!
//! The data lies beside the repository, in `../shared/data`, and is never copied in; without it
//! the tests say so and check nothing. Check-ins have no end, so each is a visit without one, and
//! its length is assumed by category. The four cities are read in full.

#![expect(clippy::unwrap_used, clippy::panic, reason = "unreadable input fails the test")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::path::PathBuf;

use crate::common::{holder, place};
use flate2::read::GzDecoder;
use jadegate_domain::{CaseId, Period, PlaceId, PlaceKind, Presence, Timestamp};
use jadegate_trace::{CaseInput, KindRules, KnownVisit, Rules, VisitIndex, trace};

/// Somebody checked in: user, venue, what kind of place, minute.
type CheckIn = (u64, u64, PlaceKind, i64);

/// Least shared minutes of a contact.
const THRESHOLD: usize = 15;

/// How long a stay at such a place is taken to last, in minutes.
fn dwell(kind: PlaceKind) -> u32 {
    match kind {
        PlaceKind::Shop => 30,
        PlaceKind::Restaurant => 75,
        PlaceKind::Station => 20,
        PlaceKind::Residence => 480,
        PlaceKind::Leisure => 120,
        PlaceKind::School | PlaceKind::Office => 240,
        _ => 45,
    }
}

type Csv = csv::Reader<GzDecoder<File>>;

/// `None`, said aloud, if the data is not here. Anything else that is wrong fails the test.
fn open(name: &str) -> Option<Csv> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        eprintln!("SKIPPED: {name} is not in ../shared/data; nothing was checked");
        return None;
    }
    Some(csv::Reader::from_reader(GzDecoder::new(File::open(path).unwrap())))
}

fn calgary(mut rows: Csv) -> Vec<CheckIn> {
    let headers = rows.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let (user, venue) = (column("UserId"), column("VenueId"));
    let (category, time) = (column("L1_Category"), column("Local_Time_True"));
    let mut venues: HashMap<String, u64> = HashMap::new();
    let mut found = Vec::new();
    for row in rows.records().map(Result::unwrap) {
        let next = venues.len() as u64;
        let venue = *venues.entry(row[venue].to_owned()).or_insert(next);
        let kind = match &row[category] {
            "Shop & Service" => PlaceKind::Shop,
            "Professional & Other Places" => PlaceKind::Office,
            "Travel & Transport" => PlaceKind::Station,
            "Food" | "Drink" => PlaceKind::Restaurant,
            "Residence" => PlaceKind::Residence,
            "Nightlife Spot" | "Arts & Entertainment" => PlaceKind::Leisure,
            "College & University" => PlaceKind::School,
            "Outdoors & Recreation" => PlaceKind::Outdoor,
            other => panic!("unknown category {other}"),
        };
        let at = jiff::civil::DateTime::strptime("%d/%m/%Y %H:%M", &row[time]).unwrap();
        let at =
            at.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second() / 60;
        found.push((row[user].parse().unwrap(), venue, kind, at));
    }
    found
}

fn four_cities(mut rows: Csv) -> Vec<CheckIn> {
    let kinds = [PlaceKind::Shop, PlaceKind::Restaurant, PlaceKind::Leisure, PlaceKind::Outdoor];
    let mut cities: HashMap<String, u64> = HashMap::new();
    let mut found = Vec::new();
    for row in rows.records().map(Result::unwrap) {
        let next = cities.len() as u64;
        let city = *cities.entry(row[0].to_owned()).or_insert(next) << 40;
        let number = |column: usize| row[column].parse::<u64>().unwrap();
        // Categories are numbers without names here; their rest stands for a kind.
        let kind = kinds[usize::try_from(number(3) % 4).unwrap()];
        let minute = 1_000_000 + number(5).cast_signed() * 60;
        found.push((city | number(1), city | number(2), kind, minute));
    }
    found
}

/// The script: each stay as a set of minutes, cut where the user next checks in elsewhere; contacts
/// are users whose sets share enough with the case's. Knows nothing of the index.
fn script(check_ins: &[CheckIn], kinds: &HashMap<u64, PlaceKind>, cases: &[u64]) -> Found {
    let mut stays: Vec<_> =
        check_ins.iter().map(|&(user, venue, _, at)| (user, at, venue)).collect();
    stays.sort_unstable();
    let end = |i: usize| {
        let (user, at, venue) = stays[i];
        let later = stays[i + 1..].iter().take_while(|s| s.0 == user);
        let next = later.filter(|s| s.1 > at && s.2 != venue).map(|s| s.1).next();
        next.unwrap_or(i64::MAX).min(at + i64::from(dwell(kinds[&venue])))
    };
    let mut found = Found::new();
    for case in cases {
        let own = (0..stays.len()).filter(|i| stays[*i].0 == *case);
        let own: HashSet<_> = own
            .flat_map(|i| (stays[i].1..end(i)).map(move |m| (i, m)))
            .map(|(i, m)| (stays[i].2, m))
            .collect();
        let venues: HashSet<u64> = own.iter().map(|(venue, _)| *venue).collect();
        let mut shared: HashMap<u64, HashSet<(u64, i64)>> = HashMap::new();
        for i in (0..stays.len()).filter(|i| stays[*i].0 != *case && venues.contains(&stays[*i].2))
        {
            let minutes = (stays[i].1..end(i)).map(|m| (stays[i].2, m));
            shared.entry(stays[i].0).or_default().extend(minutes.filter(|m| own.contains(m)));
        }
        let contacts = shared.into_iter().filter(|(_, m)| m.len() >= THRESHOLD);
        found.extend(contacts.map(|(user, m)| ((*case, user), m.len())));
    }
    found
}

/// Minutes of each case and contact.
type Found = BTreeMap<(u64, u64), usize>;

fn traced(check_ins: &[CheckIn], kinds: &HashMap<u64, PlaceKind>, cases: &[u64]) -> Found {
    let index = VisitIndex::build(check_ins.iter().map(|&(user, venue, _, at)| KnownVisit {
        holder: holder(user),
        place: place(venue),
        entered: Timestamp::from_secs(at * 60),
        left: None,
        presence: Presence::Imported,
    }));
    let rule = |kind| KindRules {
        contact_minutes: u32::try_from(THRESHOLD).unwrap(),
        secondary_minutes: 0,
        assumed_stay_minutes: dwell(kind),
        lingering_minutes: 0,
    };
    let mut rules = Rules::new(rule(PlaceKind::Other));
    for kind in PlaceKind::ALL {
        rules.set(*kind, rule(*kind));
    }
    rules.max_hops = 1;
    let window = Period { from: Timestamp::EPOCH, to: Timestamp::from_secs(4_000_000_000) };
    let case = |user: &u64| CaseInput {
        case: CaseId::from_random(user + 1),
        holder: holder(*user),
        window,
    };
    let cases: Vec<_> = cases.iter().map(case).collect();
    let kind_of = |p: PlaceId| kinds[&(p.as_u64() - 1)];
    let found = trace(&index, &cases, &rules, kind_of, window.to);
    let pair = |c: &jadegate_trace::ContactFound| (c.case.as_u64() - 1, c.holder.as_u64() - 1);
    found.contacts.iter().map(|c| (pair(c), c.minutes as usize)).collect()
}

/// Compares the contacts of twenty users, evenly chosen among those with the most check-ins first.
fn compare(check_ins: &[CheckIn], every: usize) {
    // A venue that is listed under two categories keeps its first.
    let mut kinds = HashMap::new();
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for (user, venue, kind, _) in check_ins {
        kinds.entry(*venue).or_insert(*kind);
        *counts.entry(*user).or_default() += 1;
    }
    let mut users: Vec<u64> = counts.keys().copied().collect();
    users.sort_unstable_by_key(|u| (std::cmp::Reverse(counts[u]), *u));
    let cases: Vec<u64> = users.into_iter().step_by(every).take(20).collect();
    assert_eq!(cases.len(), 20);
    let (got, want) = (traced(check_ins, &kinds, &cases), script(check_ins, &kinds, &cases));
    eprintln!("{} check-ins, {} contacts of 20 users", check_ins.len(), got.len());
    assert_eq!(got, want);
    assert!(want.len() > 20, "{} contacts compare little", want.len());
}

#[test]
fn contacts_in_calgary_are_those_of_the_script() {
    if let Some(rows) = open("checkins_calgary.csv.gz") {
        compare(&calgary(rows), 3);
    }
}

#[test]
fn contacts_in_four_cities_are_those_of_the_script() {
    if let Some(rows) = open("checkins_four_cities.csv.gz") {
        compare(&four_cities(rows), 100);
    }
}

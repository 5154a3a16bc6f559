//! China's risk list of 2022, replayed day by day over a made-up population: each noon the list as it
//! was published so far is imported, everybody is assessed, and the colours in the store are held
//! against a few plain lines over the file's rows. Skipped, and said so, where the file is not at hand
//! (`../shared/data` beside the repository).

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::common::{World, at, document, phone};
use jadegate_divisions::{Directory, Level};
use jadegate_domain::evidence::EvidenceKind;
use jadegate_domain::{Colour, Division, HolderId, PersonName, Phone, Timestamp};
use jadegate_service::import::risk_levels;
use jadegate_service::{DemoPerson, Identity};
use jiff::ToSpan as _;
use jiff::civil::{Date, date};

const FILE: &str = "risk_regions_cn_2022.csv.gz";

fn list() -> Option<String> {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "..", "..", "shared", "data", FILE].iter().collect();
    let Ok(packed) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {FILE} is not at hand");
        return None;
    };
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    Some(text)
}

/// What the list says at one hour: each listed division's code with its worst colour.
type Snapshot = BTreeMap<String, Colour>;

/// The snapshots by hour as the file writes it (`2022041520`, local time of China), read without the
/// importer: only the names are matched by the same table. A line without a place says nothing.
fn snapshots(list: &str) -> BTreeMap<&str, Snapshot> {
    let mut codes: HashMap<(&str, &str, &str), Option<String>> = HashMap::new();
    let mut all: BTreeMap<&str, Snapshot> = BTreeMap::new();
    for line in list.lines().skip(1) {
        // The file has no quoted cells.
        let cells: Vec<&str> = line.split(',').collect();
        let [hour, level, province, city, county, _] = cells[..] else { continue };
        if province.is_empty() {
            continue;
        }
        let snapshot = all.entry(hour).or_default();
        let colour = match level {
            "high" => Colour::Red,
            "medium" => Colour::Yellow,
            other => {
                assert_eq!(other, "low");
                continue;
            }
        };
        let code = codes.entry((province, city, county)).or_insert_with(|| {
            let found = Directory::embedded().match_names(province, city, county);
            found.division().map(|d| d.as_str().to_owned())
        });
        if let Some(code) = code {
            let worst = snapshot.entry(code.clone()).or_insert(colour);
            *worst = (*worst).max(colour);
        }
    }
    all
}

/// The colour of somebody who lives there: the worst of their division and those that hold it, whose
/// codes theirs begins with.
fn plain_colour(snapshot: &Snapshot, home: &str) -> Colour {
    let here = snapshot.iter().filter(|(code, _)| home.starts_with(code.as_str()));
    here.map(|(_, colour)| *colour).max().unwrap_or(Colour::Green)
}

fn counties_below(division: &Division, into: &mut Vec<Division>) {
    let directory = Directory::embedded();
    for (below, _) in directory.children(division) {
        if directory.level(&below) == Some(Level::County) {
            into.push(below);
        } else if directory.level(&below) < Some(Level::County) {
            counties_below(&below, into);
        }
    }
}

/// Every fifteenth county of the country, a township of every thirtieth, and every second of the
/// townships that the list names by themselves.
fn homes(listed: &BTreeSet<String>) -> Vec<Division> {
    let directory = Directory::embedded();
    let mut counties = Vec::new();
    counties_below(&"CN".parse().unwrap(), &mut counties);
    let townships = counties.iter().skip(7).step_by(30);
    let townships = townships.filter_map(|c| directory.children(c).next()).map(|(d, _)| d);
    let named = listed.iter().map(|code| code.parse::<Division>().unwrap());
    let named = named.filter(|d| directory.level(d) == Some(Level::Township)).step_by(2);
    counties.iter().step_by(15).cloned().chain(townships).chain(named).collect()
}

fn person(n: u32, home: &Division) -> DemoPerson {
    DemoPerson {
        identity: Identity {
            name: PersonName::new("Test Person").unwrap(),
            document: Some(document(n).parse(date(2022, 4, 14)).unwrap()),
            nationality: "CN".to_owned(),
            phone: Some(Phone::new(&phone(n)).unwrap()),
            language: "zh".to_owned(),
            born: None,
        },
        home: home.clone(),
        registered_at: at("2022-04-14T00:00:00Z"),
    }
}

/// The list up to an hour, as an operator would have had it then; the file is in the order of hours.
fn published<'l>(list: &'l str, until: &str) -> &'l str {
    let mut length = 0;
    for (i, line) in list.split_inclusive('\n').enumerate() {
        if i > 0 && line.get(..10) > Some(until) {
            break;
        }
        length += line.len();
    }
    &list[..length]
}

/// Assesses everybody at once, as if all opened their codes, so that the store writes many together.
async fn all_open_their_codes(w: &World, holders: &[HolderId]) {
    let mut opening = tokio::task::JoinSet::new();
    for holder in holders.iter().copied() {
        let app = Arc::clone(&w.app);
        opening.spawn(async move { app.assessment(holder).await.unwrap() });
    }
    opening.join_all().await;
}

#[tokio::test]
async fn colours_follow_the_risk_list_of_2022_day_by_day() {
    let Some(list) = list() else { return };
    let snapshots = snapshots(&list);
    let listed: BTreeSet<String> = snapshots.values().flat_map(|s| s.keys().cloned()).collect();
    let homes = homes(&listed);

    let w = World::of_one_officer("2022-04-14T00:00:00Z").await;
    let people: Vec<DemoPerson> = (1..).zip(&homes).map(|(n, home)| person(n, home)).collect();
    let holders = w.app.demo_people(&people).await.unwrap();
    let board = w.agency("health_commission", "CN").await;
    let recorder = w.app.recorder_for_agency(board.id, EvidenceKind::RegionRisk).await.unwrap();

    let (mut recorded, mut seen) = (0, [0u64; 3]);
    eprintln!("{} people, {} divisions on the list", homes.len(), listed.len());
    eprintln!("date        green yellow    red");
    // The list of an evening counts at the next noon, so that the last one counts on the first of October.
    let first = date(2022, 4, 15);
    let days = first.series(1.day()).take_while(|d: &Date| *d <= date(2022, 10, 1));
    for (day, n) in days.zip(0..) {
        w.clock.set(at(&format!("{day}T04:00:00Z")));
        let noon = day.strftime("%Y%m%d12").to_string();
        let report = w
            .app
            .import_risk_levels(&recorder, published(&list, &noon).as_bytes(), risk_levels::LIMITS)
            .await
            .unwrap();
        recorded += report.recorded;
        if n % 28 == 0 {
            let run = w.app.recolour(|_| true).await.unwrap();
            assert_eq!(run.done, holders.len() as u64);
        } else {
            all_open_their_codes(&w, &holders).await;
        }

        let none = Snapshot::new();
        let newest = snapshots.range(..=noon.as_str()).next_back().map_or(&none, |(_, s)| s);
        let plain = |home: &Division| plain_colour(newest, home.as_str());
        let stored = w.store.colour_counts("", 0).await.unwrap().colours;
        let expected =
            Colour::ALL.map(|colour| homes.iter().filter(|h| plain(h) == colour).count() as u64);
        assert_eq!(stored, expected, "{day}");
        for (sum, count) in seen.iter_mut().zip(stored) {
            *sum += count;
        }
        if n % 7 == 0 {
            let [green, yellow, red] = stored;
            eprintln!("{day} {green:6} {yellow:6} {red:6}");
            // Not only as many, but the same people.
            for (holder, home) in holders.iter().zip(&homes) {
                let kept = w.store.assessment(*holder).await.unwrap().unwrap();
                assert_eq!(kept.assessment.colour, plain(home), "{day} {}", home.as_str());
            }
        }
    }
    // A replay in which nobody was ever yellow or red would have compared nothing.
    assert!(seen.iter().all(|days| *days > 100), "{seen:?}");

    // What came day by day is what the whole list comes to at once.
    let whole =
        w.app.import_risk_levels(&recorder, list.as_bytes(), risk_levels::LIMITS).await.unwrap();
    assert_eq!((whole.recorded, whole.ended), (0, 0));
    assert_eq!(whole.periods, recorded);
    let entries = w.store.region_risks(Timestamp::EPOCH).await.unwrap().risks;
    let open = entries.iter().filter(|e| e.to.is_none());
    let open: BTreeSet<&str> = open.map(|e| e.division.as_str()).collect();
    let (_, last) = snapshots.last_key_value().unwrap();
    assert_eq!(open, last.keys().map(String::as_str).collect());
    eprintln!("{recorded} periods, days of people in each colour {seen:?}");
}

//! Real files that nobody on this project made, where they are at hand (`../shared/data` beside the
//! repository). Skipped, and said so, where they are not.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::PathBuf;

use crate::common::{World, case_of};
use jadegate_domain::evidence::EvidenceKind;
use jadegate_domain::{HolderId, Period, PlaceKind};
use jadegate_service::import::events::{self, parse_events};
use jadegate_service::import::risk_levels;
use jadegate_service::import::visits::{self, VisitFormat, VisitImport};
use jadegate_service::staff::Whom;

fn data(name: &str) -> Option<Vec<u8>> {
    let path: PathBuf =
        [env!("CARGO_MANIFEST_DIR"), "..", "..", "..", "shared", "data", name].iter().collect();
    let Ok(packed) = std::fs::read(&path) else {
        eprintln!("SKIPPED: {name} is not at hand");
        return None;
    };
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut text).unwrap();
    Some(text)
}

#[tokio::test]
async fn the_risk_list_of_2022_is_matched_and_recorded_once() {
    let Some(list) = data("risk_regions_cn_2022.csv.gz") else { return };
    let w = World::of_one_officer("2022-10-01T00:00:00Z").await;
    let board = w.agency("health_commission", "CN").await;
    let recorder = w.app.recorder_for_agency(board.id, EvidenceKind::RegionRisk).await.unwrap();
    let one =
        w.app.import_risk_levels(&recorder, list.as_slice(), risk_levels::LIMITS).await.unwrap();
    eprintln!(
        "{} rows, {} matched, {} periods, {} names without a code",
        one.rows,
        one.matched,
        one.periods,
        one.unmatched.len()
    );
    // Three lines name no place at all.
    assert_eq!((one.rows, one.rejected.len()), (30_729, 3));
    assert!(one.rejected.iter().all(|r| r.code == "risk_list.no_place"));
    assert!(one.matched * 100 >= 30_732 * 97);
    assert_eq!(one.matched + one.unmatched.iter().map(|u| u.rows).sum::<u64>(), one.rows);
    assert_eq!(one.recorded, one.periods);
    let two =
        w.app.import_risk_levels(&recorder, list.as_slice(), risk_levels::LIMITS).await.unwrap();
    assert_eq!((two.recorded, two.ended, two.periods), (0, 0, one.periods));
}

#[test]
fn new_zealands_events_read_in_every_format() {
    let Some(file) = data("nz_locations_of_interest_union.csv.gz") else { return };
    let list = parse_events(file.as_slice(), events::LIMITS).unwrap();
    let mut codes: BTreeMap<&str, u32> = BTreeMap::new();
    for r in &list.rejected {
        *codes.entry(r.code).or_default() += 1;
    }
    let kind = |k| list.events.iter().filter(|e| e.kind == k).count();
    eprintln!(
        "{} events, {} repeated, rejected {codes:?}, {} flights, {} buses",
        list.events.len(),
        list.repeated,
        kind(PlaceKind::Flight),
        kind(PlaceKind::Bus)
    );
    let all = list.events.len() as u64 + list.repeated + list.rejected.len() as u64;
    assert_eq!(all, 4119);
    assert!(list.rejected.len() < 40, "{codes:?}");
    assert_eq!(codes.get("time.bad"), None);
    assert!(kind(PlaceKind::Flight) >= 90 && kind(PlaceKind::Bus) >= 100);
}

/// Traces from some of the people who checked in most, against a few lines that look at every pair.
#[tokio::test]
async fn calgarys_contacts_are_those_of_a_few_plain_lines() {
    let Some(file) = data("checkins_calgary.csv.gz") else { return };
    let mut w = World::at("2012-06-01T00:00:00Z").await;
    let options = VisitImport {
        format: VisitFormat::Calgary,
        file: "c".to_owned(),
        keep_old: true,
        reading: visits::LIMITS.into(),
        record: None,
    };
    let report = w.app.import_visits(file.as_slice(), &options, |_| true).await.unwrap();
    eprintln!("{} lines, {} visits until June", report.lines, report.visits);
    assert_eq!(report.lines, 9317);
    assert!(report.rejected.iter().all(|r| r.code == "visit.in_future"));

    // Everybody's visits, read once more without the program under test.
    let mut all: Vec<(String, String, i64, i64)> = Vec::new();
    let mut csv = csv::Reader::from_reader(file.as_slice());
    let now = w.app.now().as_secs();
    for row in csv.byte_records().map(Result::unwrap) {
        let text = |i: usize| String::from_utf8_lossy(&row[i]).into_owned();
        let local = jiff::civil::DateTime::strptime("%d/%m/%Y %H:%M", text(20)).unwrap();
        let local =
            local.to_zoned_datetime(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
        let entered = local - text(3).parse::<i64>().unwrap() * 60;
        all.push((text(1), text(2), entered, entered));
    }
    all.retain(|v| v.2 <= now);
    all.sort_by_key(|v| v.2);
    assert_eq!(all.len() as u64, report.visits);

    let places = w.store.places(jadegate_store::Page::first(1000)).await.unwrap();
    let mut kinds: BTreeMap<String, PlaceKind> = BTreeMap::new();
    let mut batch = places;
    while let Some(last) = batch.last().map(|p| p.id) {
        kinds.extend(batch.into_iter().filter_map(|p| Some((p.external_key?, p.kind))));
        let page = jadegate_store::Page { after: Some(last), limit: 1000 };
        batch = w.store.places(page).await.unwrap();
    }
    let officer = w.staff("prevention_team", "officer", "CA").await;
    let mut busiest: BTreeMap<&str, u32> = BTreeMap::new();
    for v in &all {
        *busiest.entry(v.0.as_str()).or_default() += 1;
    }
    let mut busiest: Vec<_> = busiest.into_iter().map(|(who, n)| (n, who)).collect();
    busiest.sort_unstable();
    let mut contacts = 0;
    for (_, who) in busiest.iter().rev().take(20) {
        let holder = w.app.imported_holder("calgary", who);
        let mut input = case_of(holder);
        input.whom = Whom::Holder(holder);
        input.confirmed_at = "2012-05-31T00:00:00Z".to_owned();
        input.onset_at = Some("2012-04-10T00:00:00Z".to_owned());
        input.isolated_at = None;
        let case = w.app.record_case(&officer, &input).await.unwrap().case;
        let traced = w.app.run_trace(&officer, case).await.unwrap();
        let detail = w.app.trace_detail(&officer, traced.trace).await.unwrap();
        let found: BTreeSet<HolderId> =
            detail.contacts.iter().filter(|c| c.via.is_none()).map(|c| c.holder).collect();
        let want = close_contacts(&w, &kinds, &all, who, traced.window);
        assert_eq!(found, want, "{who}");
        contacts += found.len();
    }
    eprintln!("{contacts} close contacts of 20 people agree");
    assert!(contacts > 0);
}

/// Close contacts by the rules' words: stays last as assumed, cut by the next check-in elsewhere and
/// by now; seconds shared at one place inside the window, each counted once; shares of thresholds.
fn close_contacts(
    w: &World,
    kinds_by_key: &BTreeMap<String, PlaceKind>,
    all: &[(String, String, i64, i64)],
    who: &str,
    window: Period,
) -> BTreeSet<HolderId> {
    let policy = w.app.policy();
    let kinds: BTreeMap<&str, PlaceKind> =
        all.iter().map(|v| (v.1.as_str(), kinds_by_key[&format!("calgary:{}", v.1)])).collect();
    let now = w.app.now().as_secs();
    let stay = |v: &(String, String, i64, i64)| {
        let assumed = i64::from(policy.assumed_stay_minutes(kinds[v.1.as_str()])) * 60;
        let next = all.iter().filter(|o| o.0 == v.0 && o.1 != v.1 && o.2 > v.2).map(|o| o.2).min();
        (v.2, (v.2 + assumed).min(now).min(next.unwrap_or(i64::MAX)))
    };
    let mut shared: BTreeMap<&str, BTreeMap<&str, BTreeSet<i64>>> = BTreeMap::new();
    for mine in all.iter().filter(|v| v.0 == who) {
        let (from, to) = stay(mine);
        let (from, to) = (from.max(window.from.as_secs()), to.min(window.to.as_secs()));
        for other in all.iter().filter(|o| o.0 != who && o.1 == mine.1) {
            let (f, t) = stay(other);
            let seconds = f.max(from)..t.min(to);
            shared.entry(&other.0).or_default().entry(&mine.1).or_default().extend(seconds);
        }
    }
    shared
        .into_iter()
        .filter(|(_, places)| {
            let share = |(place, secs): (&&str, &BTreeSet<i64>)| {
                let threshold = policy
                    .contact_minutes(kinds[place], jadegate_domain::evidence::ContactDegree::Close);
                f64::from(u32::try_from(secs.len()).unwrap()) / (f64::from(threshold) * 60.0)
            };
            places.iter().map(share).sum::<f64>() >= 1.0 - 1e-9
        })
        .map(|(who, _)| w.app.imported_holder("calgary", who))
        .collect()
}

#[tokio::test]
async fn the_four_cities_are_imported_whole() {
    let Some(file) = data("checkins_four_cities.csv.gz") else { return };
    let w = World::at("2024-01-01T00:00:00Z").await;
    let start = jiff::civil::date(2022, 1, 1);
    let options = VisitImport {
        format: VisitFormat::FourCities { start },
        file: "f".to_owned(),
        keep_old: true,
        reading: visits::LIMITS.into(),
        record: None,
    };
    let begun = std::time::Instant::now();
    let report = w.app.import_visits(file.as_slice(), &options, |_| true).await.unwrap();
    let taken = begun.elapsed();
    eprintln!("{report:?} in {taken:?}, index {:?}", w.app.index_size());
    assert_eq!((report.lines, report.visits, report.rejected_count), (1_260_764, 1_260_764, 0));
}

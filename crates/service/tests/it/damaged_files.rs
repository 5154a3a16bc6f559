//! Whatever is wrong with a line of a file, every other line of it has its answer: what is taken, what
//! was known and what is refused are all lines there are, in every importer. The files are made up after
//! those people bring.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::collections::BTreeSet;

use crate::common::{HOME, World};
use jadegate_domain::evidence::EvidenceKind;
use jadegate_service::StaffSession;
use jadegate_service::import::events::{self, parse_events};
use jadegate_service::import::rides::RideReport;
use jadegate_service::import::visits::{self, VisitFormat, VisitImport, VisitReport};
use jadegate_service::import::{Limits, risk_levels};
use jadegate_service::staff::{ImportReport, RejectedLine};

const TESTS: &str = "document_type,document_number,document_country,result,method,sampled_at,name";
const RIDES: &str = "kind,number,date,division,departs,document_type,document_number,\
    document_country,arrives,seat";
const VISITS: &str = "person,place,place_kind,place_name,division,entered,left";
const RISKS: &str = "snapshot_hour,level,province,city,county,communities";
const EVENTS: &str = "Event,City,Start,End";

/// Made-up people who are registered: as many lines as there are, each about somebody else.
const PEOPLE: u32 = 7;

fn test(n: u32, name: &str) -> String {
    format!("passport,X000000{n},CHN,negative,nucleic_acid,2022-03-14T0{n}:00:00Z,{name}")
}

fn ride(n: u32, seat: &str) -> String {
    format!(
        "train,G9003,2022-03-12,{HOME},2022-03-12T01:00:00Z,passport,X000000{n},CHN,\
         2022-03-12T02:00:00Z,{seat}"
    )
}

fn visit(n: u32, name: &str) -> String {
    format!("q{n},v1,shop,{name},{HOME},2022-03-12T08:00:00Z,2022-03-12T08:30:00Z")
}

fn codes(rejected: &[RejectedLine]) -> Vec<(u64, &'static str)> {
    rejected.iter().map(|r| (r.line, r.code)).collect()
}

struct Place {
    w: World,
    lab: StaffSession,
    carrier: StaffSession,
}

impl Place {
    async fn new() -> Self {
        let mut w = World::new().await;
        for _ in 0..PEOPLE {
            w.register(HOME).await;
        }
        let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
        let carrier = w.staff("carrier", "officer", "CN").await;
        Self { w, lab, carrier }
    }

    async fn tests(&self, file: &[u8]) -> ImportReport {
        self.w.app.import_tests(&self.lab, file).await.unwrap()
    }

    async fn rides(&self, file: &[u8]) -> RideReport {
        let by = self.w.app.conductor(&self.carrier).unwrap();
        self.w.app.import_rides(&by, file).await.unwrap()
    }

    async fn visits(&self, file: &[u8]) -> VisitReport {
        let options = VisitImport {
            format: VisitFormat::Generic,
            file: String::new(),
            keep_old: false,
            reading: visits::LIMITS.into(),
            record: None,
        };
        self.w.app.import_visits(file, &options, |_| true).await.unwrap()
    }
}

const OPEN: &str = "line.open_quote";

#[tokio::test]
async fn a_stray_quotation_mark_spoils_its_own_line_in_every_importer() {
    let p = Place::new().await;

    let lines: Vec<_> =
        (1..=7).map(|n| test(n, if n == 2 { "\"Testa" } else { "Testa" })).collect();
    let r = p.tests(format!("{TESTS}\n{}", lines.join("\n")).as_bytes()).await;
    assert_eq!((r.lines, r.taken, codes(&r.rejected)), (7, 6, vec![(3, OPEN)]));

    let lines = [ride(1, "\"05-10A"), ride(2, "05-11A"), ride(3, "05-12A")];
    let r = p.rides(format!("{RIDES}\n{}", lines.join("\n")).as_bytes()).await;
    assert_eq!((r.lines, r.taken, codes(&r.rejected)), (3, 2, vec![(2, OPEN)]));

    let lines: Vec<_> =
        (1..=4).map(|n| visit(n, if n == 2 { "\"Corner" } else { "Corner" })).collect();
    let r = p.visits(format!("{VISITS}\n{}\n", lines.join("\n")).as_bytes()).await;
    assert_eq!((r.lines, r.visits, codes(&r.rejected)), (4, 3, vec![(3, OPEN)]));

    let county = |n: &str| format!("2022031020,low,浙江省,杭州市,{n},\"1\r\n");
    let list = format!("{RISKS}\r\n{}{}{}", county("上城区"), county("拱墅区"), county("滨江区"));
    let board = p.w.agency("health_commission", "CN-33").await;
    let recorder = p.w.app.recorder_for_agency(board.id, EvidenceKind::RegionRisk).await.unwrap();
    let r = p.w.app.import_risk_levels(&recorder, list.as_bytes(), risk_levels::LIMITS).await;
    let r = r.unwrap();
    assert_eq!((r.lines, r.rows), (3, 0));
    assert_eq!(codes(&r.rejected), [(2, OPEN), (3, OPEN), (4, OPEN)]);

    let event = |n: &str| format!("{n},Nelson,2022-03-12T08:00:00Z,2022-03-12T08:30:00Z\n");
    let list = format!("{EVENTS}\n{}{}{}", event("\"A"), event("B"), event("C \"d\""));
    let r = parse_events(list.as_bytes(), events::LIMITS).unwrap();
    assert_eq!((r.lines, r.events.len(), codes(&r.rejected)), (3, 2, vec![(2, OPEN)]));
}

#[tokio::test]
async fn quotation_marks_inside_a_field_and_missing_last_fields_do_no_harm() {
    let p = Place::new().await;
    let lines =
        [test(1, "Tes\"ta\" M"), test(2, "Tes\"ta"), test(3, "").trim_end_matches(',').into()];
    let r = p.tests(format!("{TESTS}\r\n{}", lines.join("\r\n")).as_bytes()).await;
    assert_eq!((r.taken, r.rejected), (3, vec![]));
    let lines = [ride(1, ""), ride(2, "").trim_end_matches(',').into()];
    let r = p.rides(format!("{RIDES}\n{}", lines.join("\n")).as_bytes()).await;
    assert_eq!((r.taken, r.rejected), (2, vec![]));
    let open = |n| visit(n, "Corner").trim_end_matches("2022-03-12T08:30:00Z").to_owned();
    let lines = [open(1), open(2).trim_end_matches(',').into()];
    let r = p.visits(format!("{VISITS}\n{}", lines.join("\n")).as_bytes()).await;
    assert_eq!((r.visits, r.rejected), (2, vec![]));
}

#[tokio::test]
async fn spreadsheets_of_other_countries_are_read() {
    let p = Place::new().await;
    let file = format!("{TESTS}\n{}\n{}", test(1, "A"), test(2, "B"));
    let r = p.tests(file.replace(',', ";").as_bytes()).await;
    assert_eq!((r.taken, r.rejected), (2, vec![]));
    let r = p.tests(format!("sep=,\r\n{file}").as_bytes()).await;
    assert_eq!((r.taken, r.unchanged, r.rejected), (0, 2, vec![]));
    // Another alphabet in a column nobody reads, and signs nobody sees.
    let mut other = format!("{TESTS}\n{}\n", test(3, "")).into_bytes();
    other.extend(test(4, "").bytes().chain(*b"\xb2\xe2\xca\xd4\n"));
    other.extend(
        test(5, "").replace("X0", "\u{200b}\u{a0}X0").replace("neg", "\u{202d}neg").bytes(),
    );
    let r = p.tests(&other).await;
    assert_eq!((r.taken, r.rejected), (3, vec![]));
}

/// A small generator: the same seed damages in the same way.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }
}

/// Strikes the lines below the first one.
fn damaged(head: &str, lines: &[String], dice: &mut Dice) -> Vec<u8> {
    const SIGNS: [&[u8]; 9] = [b"\"", b"\"", b"\"\"", b"\n", b"\r", b",", b"\xff", b"\0", b"7"];
    let mut body = lines.join("\n").into_bytes();
    for _ in 0..dice.next(5) {
        let at = dice.next(body.len());
        if dice.next(3) == 0 {
            body.remove(at);
        } else {
            body.splice(at..at, SIGNS[dice.next(SIGNS.len())].iter().copied());
        }
    }
    [head.as_bytes(), b"\n", &body].concat()
}

/// The numbers of the lines with something in them, as an editor counts, the first one left out.
fn numbers(file: &[u8]) -> BTreeSet<u64> {
    let text: Vec<u8> =
        String::from_utf8_lossy(file).replace("\r\n", "\n").replace('\r', "\n").into();
    let lines = text.split(|b| *b == b'\n').enumerate().skip(1);
    // No line of these files is nothing but commas and closed quotation marks.
    lines.filter(|(_, l)| !l.is_empty()).map(|(i, _)| i as u64 + 1).collect()
}

/// What is told: lines in all, accepted ones, refused ones.
fn check(file: &[u8], lines: u64, good: u64, rejected: &[RejectedLine]) {
    let shown = String::from_utf8_lossy(file);
    let all = numbers(file);
    let wrong: BTreeSet<u64> = rejected.iter().map(|r| r.line).collect();
    assert_eq!(lines, all.len() as u64, "{shown}");
    assert_eq!(wrong.len(), rejected.len(), "a line is told twice: {shown}");
    assert!(wrong.is_subset(&all), "{wrong:?} of {all:?}: {shown}");
    assert_eq!(good + wrong.len() as u64, lines, "{shown}");
}

/// Lines that nothing was done to are never among the refused ones.
fn untouched_stand(file: &[u8], lines: &[String], rejected: &[RejectedLine]) {
    let text = String::from_utf8_lossy(file).replace("\r\n", "\n").replace('\r', "\n");
    let there: Vec<&str> = text.split('\n').collect();
    // What an earlier damaged file said of the same visit may stand against it; that is no loss.
    for r in rejected.iter().filter(|r| r.code != "visit.other_end") {
        let line = there[usize::try_from(r.line).unwrap() - 1];
        assert!(!lines.iter().any(|l| l == line), "{line} is right and was refused: {text}");
    }
}

#[tokio::test]
async fn no_damage_loses_a_line_in_any_importer() {
    let p = Place::new().await;
    let board = p.w.agency("health_commission", "CN-33").await;
    let recorder = p.w.app.recorder_for_agency(board.id, EvidenceKind::RegionRisk).await.unwrap();
    let each = |line: fn(u32, &str) -> String, last: [&str; 2]| -> Vec<String> {
        (1..=PEOPLE).map(|n| line(n, last[n as usize % 2])).collect()
    };
    let (tests, rides) = (each(test, ["Testa", "\"Testa, M\""]), each(ride, ["", "05-10A"]));
    let visits = each(visit, ["Corner", "\"Corner, \"\"7\"\"\""]);
    let risk =
        |n: u32, county: &str| format!("20220310{:02},low,浙江省,杭州市,{county},{n}", n + 9);
    let risks = each(risk, ["西湖区", "\"拱墅区\""]);
    let event =
        |n: u32, name: &str| format!("{name},Nelson,2022-03-12T0{n}:00:00Z,2022-03-12T0{n}:30:00Z");
    let events = each(event, ["Corner", "\"Bar, the\""]);
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let file = damaged(TESTS, &tests, &mut dice);
        let r = p.tests(&file).await;
        check(&file, r.lines, r.taken + r.unchanged, &r.rejected);
        untouched_stand(&file, &tests, &r.rejected);

        let file = damaged(RIDES, &rides, &mut dice);
        let r = p.rides(&file).await;
        check(&file, r.lines, r.taken + r.unchanged + r.too_old, &r.rejected);

        let file = damaged(VISITS, &visits, &mut dice);
        let r = p.visits(&file).await;
        check(&file, r.lines, r.visits + r.too_old, &r.rejected);
        untouched_stand(&file, &visits, &r.rejected);

        let file = damaged(RISKS, &risks, &mut dice);
        let r = p.w.app.import_risk_levels(&recorder, &*file, risk_levels::LIMITS).await.unwrap();
        check(&file, r.lines, r.rows, &r.rejected);
        untouched_stand(&file, &risks, &r.rejected);

        let file = damaged(EVENTS, &events, &mut dice);
        let r = parse_events(&*file, events::LIMITS).unwrap();
        check(&file, r.lines, r.events.len() as u64 + r.repeated, &r.rejected);
        untouched_stand(&file, &events, &r.rejected);
    }
}

#[tokio::test]
async fn a_file_beyond_its_bounds_takes_nothing_that_is_not_told() {
    let p = Place::new().await;
    let file = format!("{TESTS}\n{}\n{}\n", test(1, "A"), test(2, "B"));
    let recorder = p.w.app.recorder_for_agency(p.lab.staff().agency, EvidenceKind::Test).await;
    let recorder = recorder.unwrap();
    for (limits, code) in [
        (Limits::new(100, 100), "file.too_large"),
        (Limits::new(10_000, 1), "csv.too_many_lines"),
        (Limits { line: 5, ..Limits::new(10_000, 100) }, "file.line_too_long"),
    ] {
        let e = p.w.app.import_tests_within(&recorder, file.as_bytes(), limits).await.unwrap_err();
        assert_eq!(e.code, code);
        assert!(e.detail.ends_with("Nothing was taken."), "{}", e.detail);
    }
    assert_eq!(p.tests(file.as_bytes()).await.taken, 2);

    // Visits are taken as they are read: what stood before the end of the bounds is kept and told.
    let lines: String = (0..2500).map(|n| visit(n, "Corner") + "\n").collect();
    let file = format!("{VISITS}\n{lines}");
    let options = |lines| VisitImport {
        format: VisitFormat::Generic,
        file: "digest".to_owned(),
        keep_old: false,
        reading: Limits::new(1 << 20, lines).into(),
        record: None,
    };
    let e = p.w.app.import_visits(file.as_bytes(), &options(1100), |_| true).await.unwrap_err();
    assert_eq!(e.code, "csv.too_many_lines");
    assert!(e.detail.contains("The 1100 lines before"), "{}", e.detail);
    let r = p.w.app.import_visits(file.as_bytes(), &options(2500), |_| true).await.unwrap();
    assert_eq!((r.lines, r.skipped + r.visits), (2500, 2500));
    // An archive that breaks off is no end of the file either.
    let cut = std::io::Read::chain(file.as_bytes(), Broken);
    let e = p.w.app.import_visits(cut, &options(9999), |_| true).await.unwrap_err();
    assert_eq!(e.code, "file.unreadable");
}

struct Broken;

impl std::io::Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::UnexpectedEof.into())
    }
}

#[tokio::test]
async fn a_wrong_line_lowers_no_risk_level() {
    let mut p = Place::new().await;
    let officer = p.w.staff("health_commission", "commissioner", "CN-33").await;
    // Who files the list does not decide on it.
    let board = p.w.agency("health_commission", "CN-33").await;
    let recorder = p.w.app.recorder_for_agency(board.id, EvidenceKind::RegionRisk).await.unwrap();
    let import = async |list: String| {
        let r = p.w.app.import_risk_levels(&recorder, list.as_bytes(), risk_levels::LIMITS).await;
        r.unwrap()
    };
    let high =
        |hour: &str, rest: &str| format!("20220310{hour},high,浙江省,杭州市,西湖区,{rest}\n");
    let first = format!("{RISKS}\n{}", high("10", "1"));
    let filed = import(first.clone()).await.proposal.unwrap();
    p.w.app.approve_proposal(&officer, filed).await.unwrap();
    let next = |wrong: &str| format!("{first}{wrong}2022031011,low,浙江省,杭州市,上城区,1\n");
    for wrong in [high("11", "\"1"), high("11", "many"), "\"2022031011,high\n".to_owned()] {
        let r = import(next(&wrong)).await;
        assert_eq!((r.rejected_count, r.ended), (1, 0), "{wrong}");
        assert!(r.unsure >= 1);
    }
    // A line that names nothing at all hides nothing.
    let r = import(next("2022031011,high,,,,0\n")).await;
    assert_eq!((r.rejected_count, r.unsure, r.ended), (1, 0, 1));
    assert_eq!(import(next("")).await.ended, 0);
}

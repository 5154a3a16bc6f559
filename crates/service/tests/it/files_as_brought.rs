//! Files as Excel, WPS, databases and people write them: what is clear is taken, what is ambiguous is
//! refused with what to write. The files are made up after those that people bring.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use jadegate_domain::evidence::EvidenceKind;
use jadegate_domain::{Fact, HolderId, Period, PlaceId, Timestamp};
use jadegate_service::import::rides::RideReport;
use jadegate_service::import::visits::{self, VisitFormat, VisitImport, VisitReport};
use jadegate_service::import::{Reading, SMALL_FILE, risk_levels};
use jadegate_service::staff::{ImportReport, RejectedLine};
use jadegate_service::{ServiceError, StaffSession};

use crate::common::{HOME, World, at, resident_id};

/// After everything that the files tell.
const NOW: &str = "2026-12-03T00:00:00Z";

/// Made-up people of a region that does not exist, as many as the files name.
const TESTED: [&str; 7] = [
    "899999198001018001",
    "89999919800101801X",
    "899999198001018028",
    "899999198001018036",
    "899999198001018044",
    "899999198001018052",
    "899999198001018060",
];
const ABOARD: [&str; 3] = ["899999198201018401", "89999919820101841X", "899999198201018428"];

const TESTS: &str = "document_type,document_number,result,method,sampled_at,document_country";
const RIDES: &str = "kind,number,date,division,departs,document_type,document_number,\
                     document_country,arrives,seat";
const VISITS: &str = "person,place,place_kind,place_name,division,entered,left";
const RISKS: &str = "snapshot_hour,level,province,city,county,communities";
const OPEN: &str = "line.open_quote";

struct Office {
    w: World,
    lab: StaffSession,
    carrier: StaffSession,
    tested: Vec<HolderId>,
    aboard: Vec<HolderId>,
}

fn codes(rejected: &[RejectedLine]) -> Vec<(u64, &'static str)> {
    rejected.iter().map(|r| (r.line, r.code)).collect()
}

impl Office {
    async fn new() -> Self {
        let mut w = World::at(NOW).await;
        let (mut tested, mut aboard) = (Vec::new(), Vec::new());
        for number in TESTED {
            tested.push(w.register_with(HOME, resident_id(number)).await.1);
        }
        for number in ABOARD {
            aboard.push(w.register_with(HOME, resident_id(number)).await.1);
        }
        let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
        let carrier = w.staff("carrier", "officer", "CN").await;
        Self { w, lab, carrier, tested, aboard }
    }

    async fn tests(&self, file: impl AsRef<[u8]>) -> ImportReport {
        self.tests_as(file, SMALL_FILE.into()).await.unwrap()
    }

    async fn tests_as(
        &self,
        file: impl AsRef<[u8]>,
        reading: Reading,
    ) -> Result<ImportReport, ServiceError> {
        let r = self.w.app.import_tests_as(&self.lab, file.as_ref(), reading).await?;
        let told = r.taken + r.unchanged + r.waiting + r.rejected.len() as u64;
        assert_eq!(r.lines, told, "a line has no answer");
        Ok(r)
    }

    /// All lines are taken, and so many there are.
    async fn taken(&self, file: impl AsRef<[u8]>, lines: u64) {
        let r = self.tests(file).await;
        assert_eq!((r.lines, r.taken, r.rejected), (lines, lines, vec![]));
    }

    async fn rides(&self, file: &str) -> RideReport {
        let by = self.w.app.conductor(&self.carrier).unwrap();
        self.w.app.import_rides(&by, file.as_bytes()).await.unwrap()
    }

    async fn visits(&self, file: impl AsRef<[u8]>) -> VisitReport {
        self.visits_as(file, visits::LIMITS.into()).await
    }

    async fn visits_as(&self, file: impl AsRef<[u8]>, reading: Reading) -> VisitReport {
        let options = VisitImport {
            format: VisitFormat::Generic,
            file: String::new(),
            keep_old: false,
            reading,
            record: None,
        };
        self.w.app.import_visits(file.as_ref(), &options, |_| true).await.unwrap()
    }

    async fn risks(&self, file: &str, reading: Reading) -> risk_levels::RiskReport {
        let board = self.w.agency("health_commission", "CN-33").await;
        let recorder = self.w.app.recorder_for_agency(board.id, EvidenceKind::RegionRisk).await;
        let recorder = recorder.unwrap();
        self.w.app.import_risk_levels(&recorder, file.as_bytes(), reading).await.unwrap()
    }

    /// When a person was tested, by what is recorded.
    async fn sampled(&self, person: usize) -> Vec<Timestamp> {
        let (_, all) = self.w.store.evidence_of(self.tested[person]).await.unwrap().unwrap();
        let sampled = all.iter().filter_map(|e| match e.fact {
            Fact::Test { sampled_at, .. } => Some(sampled_at),
            _ => None,
        });
        sampled.collect()
    }

    fn places(&self, holders: &[HolderId]) -> std::collections::BTreeSet<PlaceId> {
        let ever = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
        let visits = holders.iter().flat_map(|h| self.w.app.visits_between(*h, ever));
        visits.map(|(place, ..)| place).collect()
    }
}

/// A line about one of the tested, at a minute of an hour that is over.
fn test(person: usize, minute: u32) -> String {
    let number = TESTED[person];
    format!("resident_id,{number},negative,nucleic_acid,2026-11-30T12:{minute:02}:20Z,CHN")
}

fn file(head: &str, lines: &[String]) -> String {
    format!("{head}\n{}", lines.join("\n"))
}

#[tokio::test]
async fn a_stray_quotation_mark_is_named_with_its_line_and_the_others_are_taken() {
    let o = Office::new().await;
    // t20: one in a column nobody reads, line 3 of 8.
    let named = |p: usize| format!("{},{}", test(p, 58), if p == 1 { "\"Testa" } else { "Testa" });
    let r = o.tests(file(&format!("{TESTS},name"), &(0..7).map(named).collect::<Vec<_>>())).await;
    assert_eq!((r.lines, r.taken, codes(&r.rejected)), (7, 6, vec![(3, OPEN)]));
    // t22: inside a field.
    let inner = [format!("{},Tes\"ta\" M", test(0, 44)), format!("{},Tes\"ta", test(1, 43))];
    o.taken(file(&format!("{TESTS},name"), &inner), 2).await;
    // k03: in the seat of line 2.
    let seats = ["\"05-10A", "05-11A", "05-12A"];
    let r = o.rides(&file(RIDES, &[0, 1, 2].map(|p| ride("G9003", p, seats[p])))).await;
    assert_eq!((r.lines, r.taken, codes(&r.rejected)), (3, 2, vec![(2, OPEN)]));
    // r07: three lines with an unclosed quote.
    let level = |county: &str| format!("2026112908,low,浙江省,杭州市,{county},\"1\r");
    let list = file(&format!("{RISKS}\r"), &["上城区", "拱墅区", "滨江区"].map(level));
    let r = o.risks(&list, risk_levels::LIMITS.into()).await;
    assert_eq!((r.lines, codes(&r.rejected)), (3, vec![(2, OPEN), (3, OPEN), (4, OPEN)]));
    // v11: line 3 of 5.
    let visit = |p: u32| {
        let name = if p == 2 { "\"Corner" } else { "Corner" };
        format!("q{p},v1,shop,{name},CN-330106,2026-11-29T08:00:00Z,2026-11-29T08:30:00Z")
    };
    let r = o.visits(file(VISITS, &[1, 2, 3, 4].map(visit))).await;
    assert_eq!((r.lines, r.visits, codes(&r.rejected)), (4, 3, vec![(3, OPEN)]));
}

fn ride(number: &str, person: usize, seat: &str) -> String {
    format!(
        "train,{number},2026-12-03,CN-330106,2026-12-02T21:20:30Z,resident_id,{},CHN,\
         2026-12-02T22:20:30Z,{seat}",
        ABOARD[person]
    )
}

#[tokio::test]
async fn what_stands_between_fields_is_found_out() {
    let o = Office::new().await;
    // t02: Excel in most of Europe; another with tabs.
    let lines = [test(0, 30), test(1, 29)];
    o.taken(file(TESTS, &lines).replace(',', ";"), 2).await;
    let lines = [test(0, 1), test(1, 2)];
    o.taken(file(TESTS, &lines).replace(',', "\t"), 2).await;
    // t17: sep= first, in its forms; one of another spreadsheet before.
    for (minute, sep) in [(3, "sep=,\r\n"), (4, "SEP=,\n\n"), (5, "\"sep=,\"\n"), (6, "sep=;\n")] {
        o.taken(format!("{sep}{}", file(TESTS, &[test(0, minute)])), 1).await;
    }
    o.taken(format!("sep=\t\n{}", file(TESTS, &[test(0, 7)]).replace(',', "\t")), 1).await;
    // r03.
    let list = file(RISKS, &["2026112908,high,浙江省,杭州市,西湖区,3".to_owned()]);
    let r = o.risks(&list.replace(',', ";"), risk_levels::LIMITS.into()).await;
    assert_eq!((r.lines, r.rows, r.matched, r.rejected_count), (1, 1, 1, 0));
}

#[tokio::test]
async fn files_in_other_alphabets_are_read() {
    let o = Office::new().await;
    // t04: "Unicode text" of Excel, with its mark; its other half; without a mark; with tabs.
    let units = |text: &str, unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    };
    let text = |minute| file(TESTS, &[test(0, minute), test(1, minute)]).replace('\n', "\r\n");
    o.taken(units(&format!("\u{feff}{}", text(1)), u16::to_le_bytes), 2).await;
    o.taken(units(&format!("\u{feff}{}", text(2)), u16::to_be_bytes), 2).await;
    o.taken(units(&text(3), u16::to_le_bytes), 2).await;
    let tabs = format!("\u{feff}{}", text(4).replace(',', "\t"));
    o.taken(units(&tabs, u16::to_le_bytes), 2).await;
    o.taken(format!("\u{feff}{}", text(5)), 2).await;
    // t05: GB18030 in a column nobody reads; anything else there.
    for (minute, name) in [(6, &b"\xb2\xe2\xca\xd4"[..]), (7, b"M\xfcller"), (8, b"\xff\xfe")] {
        let mut bytes = format!("{TESTS},name\r\n{},", test(0, minute)).into_bytes();
        bytes.extend(name.iter().chain(b"\r\n"));
        bytes.extend(format!("{},", test(1, minute)).bytes().chain(name.iter().copied()));
        o.taken(bytes, 2).await;
    }
    // v08: in a name, which is right then.
    let mut bytes = format!("{VISITS}\r\n").into_bytes();
    bytes.extend(b"p1,v3,shop,\xb2\xe2\xca\xd4,CN-330106,2026-11-29T08:00:00Z,\r\n");
    let r = o.visits(bytes).await;
    assert_eq!((r.visits, r.rejected), (1, vec![]));
    let place = o.w.app.imported_place_id("generic", "v3");
    assert_eq!(o.w.store.place(place).await.unwrap().unwrap().name, "测试");
    // What is not clear is not guessed.
    let mut bytes = format!("{VISITS}\n").into_bytes();
    bytes.extend(b"p1,v4,shop,M\xfcller,CN-330106,2026-11-29T08:00:00Z,\n");
    assert_eq!(codes(&o.visits(bytes).await.rejected), [(2, "line.not_utf8")]);
}

#[tokio::test]
async fn what_spreadsheets_do_to_fields_is_undone() {
    let o = Office::new().await;
    let line =
        |person: usize, text: &str, minute: u32| test(person, minute).replace(TESTED[person], text);
    // t06, k02, v02: empty fields at the end of a line left out.
    let short = [
        test(0, 23).replace("CHN", ""),
        test(1, 22).replace(",CHN", ""),
        test(2, 21).replace(",CHN", ""),
    ];
    o.taken(file(TESTS, &short).replace('\n', "\r\n"), 3).await;
    let lines = [ride("G9002", 0, ""), ride("G9002", 1, "").trim_end_matches(',').to_owned()];
    let r = o.rides(&file(RIDES, &lines)).await;
    assert_eq!((r.taken, r.rejected), (2, vec![]));
    let visits = "p1,v1,shop,Corner,CN-330106,2026-11-29T09:00:00Z,2026-11-29T09:30:00Z\r\n\
                  p2,v1,shop,Corner,CN-330106,2026-11-29T09:10:00Z\r\n";
    let r = o.visits(format!("{VISITS}\r\n{visits}")).await;
    assert_eq!((r.visits, r.rejected), (2, vec![]));
    // t07, t08: so that digits stay digits.
    let quoted = [
        line(0, "\"=\"\"899999198001018001\"\"\"", 20),
        line(1, "=\"89999919800101801X\"", 19),
        line(2, "'899999198001018028", 18),
        line(3, "\u{2019}899999198001018036", 18),
        line(4, "899999198001018044\t", 18),
    ];
    o.taken(file(TESTS, &quoted), 5).await;
    // t26: signs nobody sees.
    let unseen = [
        test(0, 37).replace("negative", "\u{a0}negative\u{a0}"),
        line(1, "\u{200b}89999919800101801X", 36),
        line(2, "\u{202d}899999198001018028\u{202c}", 35),
        line(3, "\u{feff}\u{2066}899999198001018036\u{2069}", 35),
    ];
    o.taken(file(TESTS, &unseen), 4).await;
    // What would run in a spreadsheet, and what a spreadsheet rounded, is refused.
    let wrong = [line(0, "=1+1", 1), line(1, "8.99999E+17", 1), line(2, "1E+17", 1)];
    let r = o.tests(file(TESTS, &wrong)).await;
    let rounded = "document.rounded_number";
    assert_eq!(codes(&r.rejected), [(2, "line.formula"), (3, rounded), (4, rounded)]);
    assert!(r.rejected[1].detail.contains("as text"), "{}", r.rejected[1].detail);
}

#[tokio::test]
async fn words_are_understood_as_laboratories_write_them() {
    let o = Office::new().await;
    // t11, and more of the kind.
    let words = [
        ("Negative", "nucleic_acid"),
        ("NEGATIVE", "nucleic_acid"),
        ("negative", "PCR"),
        ("阴性", "核酸"),
        ("negative", "Nucleic_Acid"),
        ("not detected", "nucleic_acid"),
        ("未检出", "RT-PCR"),
    ];
    let lines: Vec<String> = (0..7)
        .map(|p| {
            let (result, method) = words[p];
            test(p, 13).replace("negative,nucleic_acid", &format!("{result},{method}"))
        })
        .collect();
    o.taken(file(TESTS, &lines), 7).await;
    let positive = test(0, 14).replace("negative", "阳性").replace("resident_id", "身份证");
    let positive = positive.replace(",CHN", "");
    let r =
        o.tests(file("Document Type,Document-Number,RESULT,method,sampled_at", &[positive])).await;
    assert_eq!((r.taken, r.positives), (1, 1), "{:?}", r.rejected);
    let r = o.tests(file(TESTS, &[test(1, 14).replace("negative", "weak")])).await;
    assert_eq!(codes(&r.rejected), [(2, "test.unknown_result")]);
}

#[tokio::test]
async fn times_are_read_where_they_say_their_zone_or_the_file_does() {
    let o = Office::new().await;
    let timed = |person: usize, time: &str| test(person, 0).replace("2026-11-30T12:00:20Z", time);
    // t12, t13.
    o.taken(file(TESTS, &[timed(0, "2026-11-30 20:07:20+08")]), 1).await;
    o.taken(file(TESTS, &[timed(1, "2026-11-30T20:06:20+0800")]), 1).await;
    assert_eq!(o.sampled(0).await, [at("2026-11-30T12:07:20Z")]);
    assert_eq!(o.sampled(1).await, [at("2026-11-30T12:06:20Z")]);
    // t14: refused with what to write; taken with a flag or a column.
    let none = file(TESTS, &[timed(2, "2026-11-30 20:05:20")]);
    let r = o.tests(&none).await;
    assert_eq!(codes(&r.rejected), [(2, "time.no_zone")]);
    let said = &r.rejected[0].detail;
    assert!(said.contains("+08:00") && said.contains("time_zone"), "{said}");
    let china = Reading::from(SMALL_FILE).in_zone("Asia/Shanghai").unwrap();
    assert_eq!(o.tests_as(&none, china.clone()).await.unwrap().taken, 1);
    assert_eq!(o.sampled(2).await, [at("2026-11-30T12:05:20Z")]);
    for (person, column, zone) in [(3, "time_zone", "+08:00"), (4, "timezone", "Asia/Shanghai")] {
        let line = format!("{},{zone}", timed(person, "2026/11/30 20:05"));
        o.taken(file(&format!("{TESTS},{column}"), &[line]), 1).await;
        assert_eq!(o.sampled(person).await, [at("2026-11-30T12:05:00Z")]);
    }
    // A line is stronger than its file, and an offset than both.
    let own = format!("{},+09:00", timed(5, "2026-11-30 20:05"));
    let r = o.tests_as(file(&format!("{TESTS},tz"), &[own]), china.clone()).await.unwrap();
    assert_eq!((r.taken, o.sampled(5).await), (1, vec![at("2026-11-30T11:05:00Z")]));
    // What can mean several moments is not taken, whatever zone is stated.
    let wrong = [
        timed(0, "03/04/2022 08:30"),
        timed(0, "46356.8371"),
        timed(0, "1E+17"),
        timed(0, "2026-11-30"),
        format!("{},CST", timed(0, "2026-11-30 20:05")),
    ];
    let r = o.tests_as(file(&format!("{TESTS},time_zone"), &wrong), china).await.unwrap();
    let want = [
        (2, "time.ambiguous"),
        (3, "time.serial_number"),
        (4, "time.bad"),
        (5, "time.bad"),
        (6, "time.unknown_zone"),
    ];
    assert_eq!(codes(&r.rejected), want);
    assert_eq!(Reading::from(SMALL_FILE).in_zone("CST").unwrap_err().code, "time.unknown_zone");

    // The same in the other files.
    let rides = ride("G9004", 0, "").replace("2026-12-02T21:20:30Z", "2026-12-03 05:20:30+08");
    let r = o.rides(&file(RIDES, &[rides.replace("2026-12-03,CN", "2026/12/3,CN")])).await;
    assert_eq!((r.taken, r.rejected), (1, vec![]));
    let visit = "p9,v1,shop,,CN-330106,2026-11-29 17:00:00+0800,2026/11/29 17:30,+08".to_owned();
    let r = o.visits(file(&format!("{VISITS},time_zone"), &[visit])).await;
    assert_eq!((r.visits, r.rejected), (1, vec![]));
    let hours = [
        "2026112908",
        "2026-11-29 08:00",
        "2026/11/29 8:00",
        "2026-11-29T00:00:00Z",
        "2026年11月29日8时",
        "'2026112908",
        "29/11/2026 08:00",
        "2026-11-29",
    ];
    let level = |hour: &str| format!("{hour},High,浙江省,杭州市,西湖区,3");
    let r = o.risks(&file(RISKS, &hours.map(level)), risk_levels::LIMITS.into()).await;
    assert_eq!((r.lines, r.rows, r.periods), (8, 6, 1));
    let want = [(8, "risk_list.ambiguous_hour"), (9, "risk_list.bad_hour")];
    assert_eq!(codes(&r.rejected), want);
}

#[tokio::test]
async fn one_train_has_one_number() {
    let o = Office::new().await;
    // k06.
    let lines =
        [ride("g9001", 0, "05-10A"), ride("G 9001", 1, "05-11A"), ride("G9001次", 2, "05-12A")];
    let r = o.rides(&file(RIDES, &lines)).await;
    assert_eq!((r.taken, r.new_trips, r.rejected), (3, 1, vec![]));
    assert_eq!(o.places(&o.aboard).len(), 1);
    let again = o.rides(&file(RIDES, &[ride("G9001", 0, "05-10A").replace("train", "高铁")])).await;
    assert_eq!((again.unchanged, again.new_trips), (1, 0));
}

#[tokio::test]
async fn a_wrong_file_says_what_was_expected_and_what_was_found() {
    let o = Office::new().await;
    let said = async |text: &str| {
        let e = o.tests_as(text, SMALL_FILE.into()).await.unwrap_err();
        assert_eq!(e.code, "csv.missing_columns");
        e.detail
    };
    let other = said(&file(RIDES, &[ride("G1", 0, "")])).await;
    assert!(other.contains("Expected: document_type, document_number, result"), "{other}");
    assert!(other.contains("Found: kind, number, date, division"), "{other}");
    // A file without such a line: what stands there is about somebody and is not repeated.
    let data = said(&test(0, 1)).await;
    assert!(data.contains("look like data") && !data.contains("899999"), "{data}");
    assert!(said("").await.contains("Found: nothing"));
}

#[tokio::test]
async fn a_check_tells_everything_and_records_nothing() {
    let o = Office::new().await;
    let check = || Reading::from(SMALL_FILE).checking();
    let mut lines: Vec<String> = (0..3).map(|p| test(p, 58)).collect();
    lines.push(test(3, 58).replace("negative", "positive"));
    lines.push(test(4, 58).replace("negative", "weak"));
    lines.push(test(0, 58));
    lines.push(test(1, 57));
    o.taken(file(TESTS, &lines[6..]), 1).await;
    let before = o.w.leaves().await;
    let all = file(TESTS, &lines);
    let told = o.tests_as(&all, check()).await.unwrap();
    assert_eq!((told.taken, told.positives, told.unchanged, told.import), (4, 1, 2, None));
    assert_eq!(codes(&told.rejected), [(6, "test.unknown_result")]);
    assert!(o.sampled(0).await.is_empty());
    // Nothing is written at all, for nothing is learned: not even who is registered.
    assert_eq!(o.w.leaves().await, before);
    let lab = o.lab.staff().agency;
    let recorder = o.w.app.recorder_for_agency(lab, EvidenceKind::Test).await.unwrap();
    let before = o.w.leaves().await;
    let same = o.w.app.import_tests_within(&recorder, all.as_bytes(), check()).await.unwrap();
    assert_eq!((same, o.w.leaves().await), (told.clone(), before));
    // And what was told comes true.
    let done = o.tests(&all).await;
    assert_eq!(ImportReport { import: None, ..done }, told);

    let carrier = o.carrier.staff().agency;
    let by = o.w.app.conductor_for_agency(carrier).await.unwrap();
    let lines = [ride("G1", 0, ""), ride("G1", 1, "window"), ride("G2", 2, ""), ride("G1", 0, "")];
    let list = file(RIDES, &lines);
    let told = o.w.app.import_rides_within(&by, list.as_bytes(), check()).await.unwrap();
    assert_eq!((told.taken, told.unchanged, told.new_trips), (2, 1, 2));
    assert_eq!(codes(&told.rejected), [(3, "ride.seat")]);
    assert!(o.places(&o.aboard).is_empty());
    let done = o.rides(&list).await;
    assert_eq!(RideReport { import: None, ..done }, told);

    let visit = |left: &str| format!("p1,v1,shop,,CN-330106,2026-11-29T08:00:00Z,{left}\n");
    let list = format!(
        "{VISITS}\n{}{}{}p2,v1,castle\n",
        visit("2026-11-29T08:30:00Z"),
        visit("2026-11-29T08:30:00Z"),
        visit("2026-11-29T09:30:00Z"),
    );
    let told = o.visits_as(&list, check()).await;
    assert_eq!((told.visits, told.known, told.new_holders, told.new_places), (2, 1, 1, 1));
    let wrong = [(4, "visit.other_end"), (5, "line.wrong_columns")];
    assert_eq!(codes(&told.rejected), wrong);
    let holder = o.w.app.imported_holder("generic", "p1");
    assert!(o.w.store.holder(holder).await.unwrap().is_none());
    let done = o.visits(&list).await;
    assert_eq!((done.visits, done.known, codes(&done.rejected)), (2, 1, wrong.to_vec()));

    let level = |hour: &str, level: &str| format!("{hour},{level},浙江省,杭州市,西湖区,3");
    let list = file(RISKS, &[level("2026112908", "high"), level("2026113008", "medium")]);
    let reading = || Reading::from(risk_levels::LIMITS);
    let told = o.risks(&list, reading().checking()).await;
    assert_eq!((told.periods, told.recorded + told.waiting, told.import), (2, 2, None));
    assert!(told.proposal.is_none() && told.what_if.is_some());
    let risks = o.w.store.region_risks(Timestamp::EPOCH).await.unwrap().risks;
    assert!(risks.is_empty());
    let done = o.risks(&list, reading()).await;
    assert_eq!((done.recorded, done.waiting), (told.recorded, told.waiting));
}

//! Files taken over: right lines taken, wrong ones told, the second time nothing.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::fmt::Write as _;

use crate::common::World;
use jadegate_domain::evidence::EvidenceKind;
use jadegate_domain::{Colour, Period};
use jadegate_service::import::events::{self, parse_events};
use jadegate_service::import::risk_levels;
use jadegate_service::import::visits::{self, VisitFormat, VisitImport, VisitReport};
use jadegate_service::staff::ImportReport;

const HEAD: &str = "document_type,document_number,document_country,result,method,sampled_at\n";

#[tokio::test]
async fn right_test_results_are_taken_and_wrong_lines_told() {
    let mut w = World::new().await;
    let (_, first) = w.register("CN-330106").await;
    let (_, second) = w.register("CN-330106").await;
    w.register("CN-3101").await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let file = format!(
        "\u{feff}{}",
        HEAD.to_owned()
            + "passport,X0000001,CHN,positive,nucleic_acid,2022-03-14T02:00:00Z\r\n\
               passport,\"x 000-0002\",CHN,negative,antigen,2022-03-14T10:00:00+08:00\r\n\
               passport,X0000001,CHN,positive,nucleic_acid,2022-03-14T02:00:00Z\r\n\
               passport,X0000001,CHN,negative,nucleic_acid,2022-03-14T08:00:00Z\r\n\
               passport,X0000099,CHN,negative,nucleic_acid,2022-03-14T02:00:00Z\r\n\
               passport,X0000003,CHN,negative,nucleic_acid,2022-03-14T02:00:00Z\r\n\
               passport,X0000002,CHN,perhaps,nucleic_acid,2022-03-14T02:00:00Z\r\n\
               passport,X0000002,CHN,negative,smell,2022-03-14T02:00:00Z\r\n\
               passport,X0000002,CHN,negative,antigen,14 March\r\n\
               passport,X0000002,CHN,negative,antigen,2022-03-16T02:00:00Z\r\n\
               passport,X0000002,CHN,negative,antigen,2021-03-16T02:00:00Z\r\n\
               resident_id,110105194912310021,,negative,antigen,2022-03-14T02:00:00Z\r\n\
               library_card,7,,negative,antigen,2022-03-14T02:00:00Z\r\n\
               passport,=1+1,CHN,negative,antigen,2022-03-14T02:00:00Z\r\n\
               passport,X0000002,CHN,negative\r\n"
    );
    let report = w.app.import_tests(&lab, file.as_bytes()).await.unwrap();
    let codes: Vec<_> = report.rejected.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(
        codes,
        [
            (8, "test.unknown_result"),
            (9, "test.unknown_method"),
            (10, "time.bad"),
            (11, "time.in_future"),
            (12, "time.too_old"),
            (13, "document.bad_check_digit"),
            (14, "document.unknown_type"),
            (15, "line.formula"),
            (16, "line.wrong_columns"),
        ]
    );
    assert_eq!((report.taken, report.unchanged, report.positives), (5, 1, 1));
    // Nothing of a line is repeated to whoever reads the report.
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("X00000") && !text.contains("1101051949"), "{text}");
    assert_eq!((w.colour(first).await, w.colour(second).await), (Colour::Red, Colour::Green));

    // The same file again, and again from the command line of the machine.
    let leaves = w.leaves().await;
    let again = w.app.import_tests(&lab, file.as_bytes()).await.unwrap();
    assert_eq!((again.taken, again.unchanged, again.positives), (0, 6, 0));
    assert_eq!(again.rejected, report.rejected);
    let recorder = w.app.recorder_for_agency(lab.staff().agency, EvidenceKind::Test).await.unwrap();
    let third = w
        .app
        .import_tests_within(&recorder, file.as_bytes(), jadegate_service::import::SMALL_FILE)
        .await
        .unwrap();
    assert_eq!((third.taken, third.unchanged), (0, 6));
    assert_eq!(w.leaves().await, leaves);

    // A file that is none changes nothing; an agency that may not record is refused.
    let e = w.app.import_tests(&lab, b"name,result\n").await.unwrap_err();
    assert_eq!(e.code, "csv.missing_columns");
    assert_eq!(w.app.import_tests(&lab, HEAD.as_bytes()).await.unwrap(), ImportReport::default());
    let border = w.agency("border", "CN").await;
    let e = w.app.recorder_for_agency(border.id, EvidenceKind::Test).await.unwrap_err();
    assert_eq!(e.code, "agency.may_not_record");
}

#[tokio::test]
async fn two_imports_of_one_file_at_once_take_each_line_once() {
    let mut w = World::new().await;
    let (_, holder) = w.register("CN-330106").await;
    w.register("CN-330106").await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let mut file = HEAD.to_owned();
    for hour in 0..20 {
        for n in 1..=2 {
            let day = "CHN,negative,antigen,2022-03-14";
            writeln!(file, "passport,X000000{n},{day}T{hour:02}:00:00Z").unwrap();
        }
    }
    let (a, b) = tokio::join!(
        w.app.import_tests(&lab, file.as_bytes()),
        w.app.import_tests(&lab, file.as_bytes())
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.taken + b.taken, a.unchanged + b.unchanged), (40, 40), "{a:?} {b:?}");
    let (_, own) = w.store.evidence_of(holder).await.unwrap().unwrap();
    assert_eq!(own.iter().filter(|e| e.fact.kind() == EvidenceKind::Test).count(), 20);
}

fn options(file: &str) -> VisitImport {
    VisitImport {
        format: VisitFormat::Generic,
        file: file.to_owned(),
        keep_old: false,
        reading: visits::LIMITS.into(),
        record: None,
    }
}

fn visits(n: usize) -> String {
    let mut file = "person,place,place_kind,place_name,division,entered,left\n".to_owned();
    for i in 0..n {
        let (day, hour, minute) = (10 + i % 4, i / 4 % 24, i / 100 % 60);
        let at = format!("2022-03-{day:02}T{hour:02}:{minute:02}:00Z");
        writeln!(file, "p{},v{},shop,Shop,CN-330106,{at},", i % 97, i % 13).unwrap();
    }
    file
}

#[tokio::test]
async fn visits_are_taken_once_and_an_import_goes_on_where_it_stopped() {
    let mut w = World::new().await;
    let file = visits(3500);
    // Interrupted after the second thousand.
    let part =
        w.app.import_visits(file.as_bytes(), &options("f1"), |p| p.lines < 2000).await.unwrap();
    assert_eq!((part.lines, part.visits, part.new_holders, part.new_places), (2000, 2000, 97, 13));
    w.restart().await;
    let rest = w.app.import_visits(file.as_bytes(), &options("f1"), |_| true).await.unwrap();
    assert_eq!((rest.lines, rest.skipped, rest.visits), (3500, 2000, 1500));
    assert_eq!((rest.new_holders, rest.new_places, rest.rejected_count), (0, 0, 0));
    w.restart().await;
    let (held, _) = w.app.index_size();
    let distinct: std::collections::HashSet<&str> = file.lines().skip(1).collect();
    assert_eq!(held, distinct.len());

    // Once more from the beginning: the same visits, no more of them.
    let again = w.app.import_visits(file.as_bytes(), &options("f1"), |_| true).await.unwrap();
    assert_eq!((again.skipped, again.new_holders, again.new_places), (0, 0, 0));
    w.restart().await;
    assert_eq!(w.app.index_size().0, distinct.len());
}

#[tokio::test]
async fn wrong_visits_are_told_and_old_ones_left_out() {
    let w = World::new().await;
    let file = "person,place,place_kind,division,entered,left\n\
        a,v,shop,CN-330106,2022-03-14T00:00:00Z,2022-03-14T01:00:00Z\n\
        a,v,shop,CN-330106,2022-03-14T00:00:00Z,2022-03-13T01:00:00Z\n\
        a,v,shop,CN-330106,2022-03-24T00:00:00Z,\n\
        a,v,shop,CN-330106,2021-03-14T00:00:00Z,\n\
        a,v,castle,CN-330106,2022-03-14T00:00:00Z,\n";
    let report = w.app.import_visits(file.as_bytes(), &options(""), |_| true).await.unwrap();
    let codes: Vec<_> = report.rejected.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(codes, [(3, "visit.backwards"), (4, "visit.in_future"), (6, "place.unknown_kind")]);
    assert_eq!((report.visits, report.too_old), (1, 1));
    let keep = VisitImport { keep_old: true, ..options("") };
    let report = w.app.import_visits(file.as_bytes(), &keep, |_| true).await.unwrap();
    assert_eq!((report.visits, report.too_old), (2, 0));
    // Somebody in a file has no identity and cannot be found by any.
    let holder = w.app.imported_holder("generic", "a");
    assert!(w.store.vault_key(holder).await.unwrap().is_none());
    let all = Period { from: jadegate_domain::Timestamp::EPOCH, to: w.app.now() };
    assert_eq!(w.app.visits_between(holder, all).len(), 2);
}

const LIST: &str = "snapshot_hour,level,province,city,county,communities\n\
    2022031020,high,浙江省,杭州市,西湖区,2\n\
    2022031020,middle,浙江省,杭州市,拱墅区,1\n\
    2022031020,middle,浙江省,杭州市,没有区,1\n\
    2022031120,high,浙江省,杭州市,西湖区,2\n\
    2022031120,low,浙江省,宁波市,海曙区,1\n\
    2022031120,high,上海市,上海市,黄浦区,1\n\
    2022031220,high,浙江省,杭州市,西湖区\n";

#[tokio::test]
async fn a_risk_list_becomes_entries_once() {
    let mut w = World::new().await;
    let (_, holder) = w.register("CN-330106").await;
    let board = w.agency("health_commission", "CN-33").await;
    let recorder = w.app.recorder_for_agency(board.id, EvidenceKind::RegionRisk).await.unwrap();
    assert_eq!(w.colour(holder).await, Colour::Green);
    let one =
        w.app.import_risk_levels(&recorder, LIST.as_bytes(), risk_levels::LIMITS).await.unwrap();
    assert_eq!((one.rows, one.matched, one.periods), (6, 5, 3));
    assert_eq!((one.recorded, one.waiting, one.ended, one.outside), (0, 2, 0, 1));
    // The list turns everybody in the district red: it waits, and waits once.
    assert_eq!(one.what_if.unwrap().newly_confined, 1);
    assert_eq!(w.colour(holder).await, Colour::Green);
    let again =
        w.app.import_risk_levels(&recorder, LIST.as_bytes(), risk_levels::LIMITS).await.unwrap();
    assert_eq!((again.recorded, again.waiting, again.proposal), (0, 2, one.proposal));
    let officer = w.staff("health_commission", "commissioner", "CN-33").await;
    let approved = w.app.approve_proposal(&officer, one.proposal.unwrap()).await.unwrap();
    assert_eq!((approved.state, approved.proposed_by.name), ("applied", None));
    assert_eq!((one.rejected.len(), one.rejected[0].line), (1, 8));
    assert_eq!((one.unmatched.len(), one.unmatched[0].first_line), (1, 4));
    assert_eq!(w.colour(holder).await, Colour::Red);
    let two =
        w.app.import_risk_levels(&recorder, LIST.as_bytes(), risk_levels::LIMITS).await.unwrap();
    assert_eq!((two.recorded, two.ended), (0, 0));

    // The list goes on and no longer names it.
    let longer = format!("{LIST}2022031320,middle,浙江省,杭州市,上城区,1\n");
    let three =
        w.app.import_risk_levels(&recorder, longer.as_bytes(), risk_levels::LIMITS).await.unwrap();
    assert_eq!((three.recorded, three.ended), (1, 1));
    assert_eq!(w.colour(holder).await, Colour::Green);
}

#[tokio::test]
async fn a_published_event_finds_who_was_there() {
    let mut w = World::new().await;
    let (_, holder) = w.register("CN-330106").await;
    let file = "person,place,place_kind,place_name,division,entered,left\n\
        kiwi,bus,bus,Bus 99X Somewhere  to NOWHERE,NZ-AUK,2022-03-13T22:40:00Z,2022-03-13T23:10:00Z\n\
        moa,bus,bus,Bus 99X Somewhere to Nowhere,NZ-AUK,2022-03-13T20:00:00Z,2022-03-13T20:10:00Z\n\
        tui,far,bus,Bus 99X Somewhere to Nowhere,NZ-WGN,2022-03-13T22:40:00Z,2022-03-13T23:10:00Z\n";
    w.app.import_visits(file.as_bytes(), &options(""), |_| true).await.unwrap();
    let events = "City,End,Event,Start\n\
        Auckland,\"14/03/2022, 12:00 pm\",Bus 99X Somewhere to Nowhere,\"14/03/2022, 11:30 am\"\n";
    let list = parse_events(events.as_bytes(), events::LIMITS).unwrap();
    // 11:30 in Auckland was 22:30 UTC of the day before.
    let found = w.app.events_exposures(&list.events);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].exposures.len(), 1);
    assert_eq!(found[0].exposures[0].holder, w.app.imported_holder("generic", "kiwi"));
    assert_eq!(found[0].exposures[0].minutes, 20);
    assert_eq!(w.colour(holder).await, Colour::Green);
}

/// A line that gives a visit another end than is recorded is told and spoils no other, in one file
/// or two; an end that was not known is taken; what is told again is told apart from what is new.
#[tokio::test]
async fn another_end_of_a_visit_is_told_and_all_other_lines_are_taken() {
    let mut w = World::new().await;
    let head = "person,place,place_kind,division,entered,left\n";
    let line =
        |p: usize, left: &str| format!("p{p},v,shop,CN-330106,2022-03-14T00:00:00Z,{left}\n");
    let end = "2022-03-14T01:00:00Z";
    let first: String = (0..20).map(|p| line(p, if p % 2 == 0 { end } else { "" })).collect();
    let file = format!("{head}{first}{}", line(4, "2022-03-14T02:00:00Z"));
    let report = w.app.import_visits(file.as_bytes(), &options("f"), |_| true).await.unwrap();
    let codes = |r: &VisitReport| r.rejected.iter().map(|r| (r.line, r.code)).collect::<Vec<_>>();
    assert_eq!(codes(&report), [(22, "visit.other_end")]);
    assert_eq!((report.visits, report.known, report.new_holders), (20, 0, 20));
    assert_eq!(w.app.index_size().0, 20);

    // Again, with three other ends, one end that was not known, and one new line.
    let other = "2022-03-14T03:00:00Z";
    let second: String = (0..21)
        .map(|p| match p {
            2 | 5 | 8 | 18 => line(p, other),
            p if p % 2 == 0 => line(p, end),
            p => line(p, ""),
        })
        .collect();
    let again = format!("{head}{second}");
    let report = w.app.import_visits(again.as_bytes(), &options("g"), |_| true).await.unwrap();
    let told = [(4, "visit.other_end"), (10, "visit.other_end"), (20, "visit.other_end")];
    assert_eq!(codes(&report), told);
    assert_eq!((report.visits, report.known, report.new_holders), (18, 16, 1));
    let all = Period { from: jadegate_domain::Timestamp::EPOCH, to: w.app.now() };
    let ends = |w: &World| -> Vec<_> {
        let of = |p| w.app.visits_between(w.app.imported_holder("generic", &format!("p{p}")), all);
        (0..21).map(|p| of(p).iter().map(|v| v.2).collect::<Vec<_>>()).collect()
    };
    let before = ends(&w);
    assert!(before.iter().all(|of_one| of_one.len() == 1));
    assert_eq!(before[5], [Some(other.parse().unwrap())]);
    assert_eq!(before[8], [Some(end.parse().unwrap())]);
    w.restart().await;
    assert_eq!(ends(&w), before, "memory and store agree");
    assert_eq!(w.app.index_size().0, 21);
}

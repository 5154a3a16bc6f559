//! What a row that cannot be read takes out of a list is counted there, held up by nobody, and shown
//! to the operator.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::fmt::Write as _;

use crate::common::{HOME, World, case_of, document};
use jadegate_domain::record::WaitingState;
use jadegate_domain::{Colour, HolderId};
use jadegate_service::staff::{ChangeInput, QuarantineFilter, Record, RegionInput, StoredKind};
use jadegate_service::{Kind, StaffSession};
use jadegate_store::Page;

const HEAD: &str = "document_type,document_number,result,method,sampled_at,sample_reference\n";

fn positives(people: u32) -> String {
    let mut csv = HEAD.to_owned();
    for n in 1..=people {
        let at = "2022-03-14T02:00:00Z";
        writeln!(csv, "passport,X{n:07},positive,nucleic_acid,{at},LAB-{n}").unwrap();
    }
    csv
}

async fn people(w: &mut World, n: usize) -> Vec<HolderId> {
    let mut all = Vec::new();
    for _ in 0..n {
        all.push(w.register(HOME).await.1);
    }
    all
}

/// The sum of all pages of so many people each.
async fn pages(w: &World, by: &StaffSession, limit: u32) -> (usize, u64) {
    let (mut people, mut unreadable, mut after) = (0, 0, None);
    loop {
        let page = w.app.list_quarantine(by, QuarantineFilter::All, after, limit).await.unwrap();
        people += page.people.len();
        unreadable += page.unreadable;
        after = page.next;
        if after.is_none() {
            return (people, unreadable);
        }
    }
}

#[tokio::test]
async fn the_confined_who_are_left_out_are_counted_once() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let all = people(&mut w, 6).await;
    for who in &all {
        w.app.record_case(&officer, &case_of(*who)).await.unwrap();
    }
    let overview = w.app.overview(&officer).await.unwrap();
    assert_eq!((overview.confined, overview.unreadable), (6, 0));
    // A stored colour, the evidence, and where somebody lives: of one person each.
    let one = |text: &str, who: usize| format!("{text} = {}", all[who].as_i64());
    for damage in [
        one("UPDATE assessment SET body = 'x' WHERE holder", 0),
        one("UPDATE evidence SET fact = 'x' WHERE kind = 'case' AND holder", 1),
        one("UPDATE holder SET home = 'x' WHERE id", 2),
    ] {
        assert_eq!(w.raw(&damage), 1, "{damage}");
    }
    // The evidence is read again once time has passed.
    w.clock.advance(86_400);
    w.raw("UPDATE assessment SET evidence_seen = evidence_seen - 1");
    w.restart().await;
    let overview = w.app.overview(&officer).await.unwrap();
    assert_eq!((overview.confined, overview.unreadable), (3, 3));
    // However the list is cut into pages.
    for limit in [1, 2, 100] {
        assert_eq!(pages(&w, &officer, limit).await, (3, 3), "{limit}");
    }
}

#[tokio::test]
async fn what_waits_goes_on_past_a_piece_that_cannot_be_read() {
    let mut w = World::braked(2, 2).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let all = people(&mut w, 4).await;
    w.app.import_tests(&lab, positives(4).as_bytes()).await.unwrap();
    let of = |sample: &str| format!("FROM waiting_piece WHERE sample = '{sample}'");
    let kept = w.read(&format!("SELECT body {}", of("LAB-3")));
    assert_eq!(w.raw("UPDATE waiting_piece SET body = 'x' WHERE sample = 'LAB-3'"), 1);
    assert_eq!(w.raw("UPDATE waiting_piece SET external_key = x'00' WHERE sample = 'LAB-1'"), 1);
    let id = w.app.list_waiting(&colleague).await.unwrap()[0].id;
    let samples = w.app.waiting_samples(&colleague, id, 0).await.unwrap();
    assert_eq!((samples.samples.len(), samples.unreadable), (2, 2));
    w.app.confirm_waiting(&colleague, id).await.unwrap();
    let mut red = Vec::new();
    for who in &all {
        red.push(w.colour(*who).await == Colour::Red);
    }
    assert_eq!(red, [false, true, false, true]);
    // The others of the program's own round go on; put right, this one follows.
    w.app.finish_waiting().await.unwrap();
    let sql = format!("UPDATE waiting_piece SET body = '{kept}' WHERE sample = 'LAB-3'");
    assert_eq!(w.raw(&sql), 1);
    w.app.finish_waiting().await.unwrap();
    assert_eq!(w.colour(all[2]).await, Colour::Red);
    let left =
        w.store.waiting_unfinished(WaitingState::Confirmed, None, Page::first(9)).await.unwrap();
    assert_eq!(left.len(), 1, "one still cannot be read, and waits on");
}

#[tokio::test]
async fn a_file_is_withdrawn_whole_or_says_what_is_left() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let all = people(&mut w, 4).await;
    let report = w.app.import_tests(&lab, positives(4).as_bytes()).await.unwrap();
    let record = Record::Import(report.import.unwrap());
    // Who recorded it, and what was recorded: of one person each.
    let bad = "(SELECT id FROM evidence WHERE kind = 'test' AND holder = ";
    let first = format!("{bad}{})", all[0].as_i64());
    let second = format!("{bad}{})", all[1].as_i64());
    let fact = w.read(&format!("SELECT fact FROM evidence WHERE id = {second}"));
    w.raw(&format!("UPDATE authorship SET agency = -agency WHERE id = {first}"));
    w.raw(&format!("UPDATE evidence SET fact = 'x' WHERE id = {second}"));
    w.restart().await;
    let refused = w.app.withdraw_record(&lab, record, "never_happened").await.unwrap_err();
    assert_eq!((refused.code, refused.kind), ("import.partly_withdrawn", Kind::Unavailable));
    assert!(refused.detail.contains("2 records") && refused.detail.contains("2 more"));
    assert_eq!(w.colour(all[2]).await, Colour::Green);
    assert_eq!(w.colour(all[0]).await, Colour::Red);
    let listed = w.app.list_imports(&lab).await.unwrap();
    assert!(listed[0].withdrawn_at.is_none() && listed[0].may_withdraw, "the file still stands");
    w.raw(&format!("UPDATE authorship SET agency = -agency WHERE id = {first}"));
    w.raw(&format!("UPDATE evidence SET fact = '{fact}' WHERE id = {second}"));
    let done = w.app.withdraw_record(&lab, record, "never_happened").await.unwrap();
    assert_eq!(done.records, 2);
    for who in all {
        assert_eq!(w.colour(who).await, Colour::Green);
    }
}

#[tokio::test]
async fn lists_of_staff_go_on_past_a_row_that_cannot_be_read() {
    let mut w = World::of_people_limit(0).await;
    let team = w.staff("prevention_team", "officer", "CN-33").await;
    let hospital = w.staff("hospital", "officer", "CN-33").await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    people(&mut w, 2).await;
    for (n, who) in [(1, &team), (2, &hospital)] {
        w.app.begin_document_correction(who, &document(n), "made up").await.unwrap();
        w.app.import_tests(who, positives(2).as_bytes()).await.unwrap();
    }
    for division in ["CN-330106", "CN-330102"] {
        let level = RegionInput {
            division: division.to_owned(),
            level: "high".to_owned(),
            from: "2022-03-15T00:00:00Z".to_owned(),
            to: None,
        };
        let run = w.what_if(&board, &ChangeInput::Region(level)).await;
        w.app.propose(&board, run.id, "made up").await.unwrap();
    }
    let first = "(SELECT min(id) FROM proposal)";
    assert_eq!(w.raw(&format!("UPDATE proposal SET change = '{{}}' WHERE id = {first}")), 1);
    let hospital_id = hospital.staff().id.as_i64();
    assert_eq!(w.raw(&format!("UPDATE staff SET role = 'x' WHERE id = {hospital_id}")), 1);
    let auditor_agency = hospital.staff().agency.as_i64();
    assert_eq!(w.app.list_proposals(&board).await.unwrap().len(), 1);
    w.app.expire_proposals().await.unwrap();
    assert_eq!(w.app.document_corrections(&team).await.unwrap().len(), 1);
    let records = w.app.records_before(&auditor, None).await.unwrap().rows;
    assert!(records.iter().any(|r| r.staff.is_none()) && records.iter().any(|r| r.staff.is_some()));
    assert_eq!(w.app.list_imports(&auditor).await.unwrap().len(), 2);
    w.raw(&format!("UPDATE agency SET kind = 'x' WHERE id = {auditor_agency}"));
    assert_eq!(w.app.list_imports(&auditor).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_operator_sees_kind_number_and_place_and_nobody() {
    let mut w = World::new().await;
    let operator = w.staff("operator", "administrator", "CN").await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let officer = w.officer().await;
    let all = people(&mut w, 3).await;
    for who in &all {
        w.app.record_case(&officer, &case_of(*who)).await.unwrap();
    }
    let clean = w.app.operation(&operator).await.unwrap();
    assert!(clean.unreadable.is_empty() && clean.problems.is_empty() && !clean.more, "{clean:?}");
    w.raw("UPDATE evidence SET fact = 'secret'");
    w.raw("UPDATE holder SET home = 'secret' WHERE id = (SELECT min(id) FROM holder)");
    // Read again, and not answered from what is stored.
    w.raw("UPDATE assessment SET evidence_seen = evidence_seen - 1");
    w.restart().await;
    let met = w.app.now();
    for who in &all {
        assert!(w.app.assessment(*who).await.is_err());
    }
    w.app.operation(&operator).await.unwrap();
    w.clock.advance(3600);
    let seen = w.app.operation(&auditor).await.unwrap();
    let told: Vec<_> = seen
        .unreadable
        .iter()
        .map(|r| (r.kind, r.table.as_str(), r.column.as_str(), r.rows, r.since))
        .collect();
    assert_eq!(
        told,
        [
            (StoredKind::Person, "holder", "home", 1, met),
            (StoredKind::Evidence, "evidence", "fact", 2, met),
        ]
    );
    assert!(seen.warnings.iter().any(|f| f.code.as_str() == "rows.unreadable"));
    // No row is named: in the tables about people its number is their id.
    let text = serde_json::to_string(&seen).unwrap();
    assert!(!text.contains("secret"));
    for who in &all {
        assert!(!text.contains(&who.to_string()) && !text.contains(&who.as_i64().to_string()));
    }
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let manager = w.staff("venue", "venue_manager", "CN-33").await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    for who in [&officer, &lab, &manager, &board] {
        let e = w.app.operation(who).await.unwrap_err();
        assert_eq!(e.code, "staff.not_allowed");
    }
}

/// So that the console can say of every row what comes of it.
#[tokio::test]
async fn every_table_has_a_kind() {
    let w = World::new().await;
    let all = w.read(
        "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'table' \
         AND name NOT GLOB 'sqlite_*' AND name <> 'migration' AND name NOT GLOB '*_[0-9]*'",
    );
    let all: Vec<&str> = all.split(',').chain(["visit", "scan", "ride"]).collect();
    assert!(all.len() > 30, "{all:?}");
    for table in all {
        assert_ne!(StoredKind::of(table), StoredKind::Other, "{table}");
        // Does it go when the mandate is over, or stay? By day: it is dropped by day.
        if !["visit", "scan", "ride"].contains(&table) {
            let goes = jadegate_store::ABOUT_PEOPLE.contains(&table);
            assert_ne!(goes, jadegate_store::KEPT.contains(&table), "{table}");
        }
    }
}

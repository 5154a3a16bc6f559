//! A file that is withdrawn while it is being recorded leaves nothing, in whichever order the two
//! come and on whichever server; a withdrawal that was cut short is finished.
//!
//! The other server stands as a trigger in the database: it begins the withdrawal in the same
//! transaction as what it is to come after, so that the order is fixed.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::fmt::Write as _;

use crate::common::scenes::{coloured, people};
use crate::common::{HOME, World, case_of, document, test_of};
use jadegate_domain::Colour;
use jadegate_domain::id::ImportId;
use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_ledger::Leaf;
use jadegate_service::staff::{CaseInput, Record, Whom};
use jadegate_service::{Kind, StaffSession};
use jadegate_store::{Unit, Withdrawal, Write};

const HEAD: &str = "document_type,document_number,result,method,sampled_at,sample_reference\n";
const RIDES: &str = "kind,number,date,division,holder,from_no,from,departs,to_no,to,arrives,seat\n";

/// Positive results of people `X0000001` and so on.
fn lines(people: u32) -> String {
    let mut csv = HEAD.to_owned();
    for n in 1..=people {
        writeln!(csv, "passport,X{n:07},positive,nucleic_acid,2022-03-14T02:00:00Z,LAB-{n}")
            .unwrap();
    }
    csv
}

/// Another server begins to withdraw the file as soon as this happens in the database.
fn withdrawn_once(w: &World, by: &StaffSession, event: &str, file: &str) {
    let (agency, staff) = (by.staff().agency.as_i64(), by.staff().id.as_i64());
    w.raw(&format!(
        "CREATE TRIGGER other_server AFTER {event} BEGIN INSERT INTO withdrawal \
         (record, id, at, agency, staff, reason) SELECT 'import', {file}, 1647316800, {agency}, \
         {staff}, 'wrong_content' WHERE {file} IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM withdrawal w WHERE w.record = 'import' AND w.id = {file}); END"
    ));
}

/// The only file there is.
async fn file(w: &World, by: &StaffSession) -> ImportId {
    let all = w.app.list_imports(by).await.unwrap();
    assert_eq!(all.len(), 1);
    all[0].id
}

async fn is_withdrawn(w: &World, file: ImportId) -> bool {
    w.store.import(file).await.unwrap().unwrap().withdrawn_at.is_some()
}

/// How many withdrawals of files the public log tells of.
async fn told(w: &World) -> usize {
    let leaves = w.log(0, 10_000).await;
    let of_file = |l: &jadegate_store::LogLeaf| match Leaf::decode(&l.bytes).unwrap() {
        Leaf::Withdrawal { record, .. } => record.as_str() == "import",
        _ => false,
    };
    leaves.iter().filter(|l| of_file(l)).count()
}

#[tokio::test]
async fn a_file_withdrawn_before_its_first_piece_records_nothing() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let all = people(&mut w, 3).await;
    withdrawn_once(&w, &lab, "INSERT ON import_run", "NEW.id");
    let e = w.app.import_tests(&lab, lines(3).as_bytes()).await.unwrap_err();
    assert_eq!((e.kind, e.code), (Kind::Conflict, "import.withdrawn"));
    assert_eq!(coloured(&w, &all).await, 0);
    w.app.finish_withdrawals().await.unwrap();
    assert!(is_withdrawn(&w, file(&w, &lab).await).await);
    assert_eq!((coloured(&w, &all).await, told(&w).await), (0, 1));
}

#[tokio::test]
async fn a_file_withdrawn_between_two_pieces_leaves_nothing() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let all = people(&mut w, 4).await;
    withdrawn_once(&w, &lab, "INSERT ON authorship", "NEW.import");
    let e = w.app.import_tests(&lab, lines(4).as_bytes()).await.unwrap_err();
    assert_eq!(e.code, "import.withdrawn");
    assert_eq!(coloured(&w, &all).await, 1, "one piece came before the withdrawal, none after it");
    // Whoever asks next goes on with it.
    let file = file(&w, &lab).await;
    let officer = w.officer().await;
    let done = w.app.withdraw_record(&officer, Record::Import(file), "never_happened").await;
    assert_eq!(done.unwrap().records, 1);
    assert_eq!(coloured(&w, &all).await, 0);
    assert!(is_withdrawn(&w, file).await);
    // It stays the withdrawal of who began it.
    let row = w.store.withdrawal(RecordKind::Import, file.as_i64()).await.unwrap().unwrap();
    assert_eq!((row.agency, row.reason), (lab.staff().agency, WithdrawalReason::WrongContent));
    let again = w.app.withdraw_record(&officer, Record::Import(file), "never_happened").await;
    assert_eq!(again.unwrap_err().code, "record.withdrawn");
    assert_eq!(told(&w).await, 1);
}

/// The same without a fixed order: whatever comes first, nothing of the file counts in the end.
#[tokio::test]
async fn of_an_import_and_its_withdrawal_at_once_nothing_is_left() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let all = people(&mut w, 12).await;
    let csv = lines(12);
    let taking_back = async {
        let id = loop {
            if let Some(begun) = w.app.list_imports(&colleague).await.unwrap().first() {
                break begun.id;
            }
        };
        w.app.withdraw_record(&colleague, Record::Import(id), "wrong_content").await.unwrap();
    };
    let (_, ()) = tokio::join!(w.app.import_tests(&lab, csv.as_bytes()), taking_back);
    assert_eq!(coloured(&w, &all).await, 0);
    assert!(is_withdrawn(&w, file(&w, &lab).await).await);
}

#[tokio::test]
async fn a_list_of_passengers_withdrawn_between_two_units_leaves_no_visit() {
    let mut w = World::new().await;
    let carrier = w.staff("carrier", "officer", "CN-33").await;
    let officer = w.officer().await;
    let all = people(&mut w, 3).await;
    w.app.record_case(&officer, &case_of(all[0])).await.unwrap();
    // The train of a case is a unit of its own and comes last.
    let mut list = RIDES.to_owned();
    for (who, train) in [(all[0], "G1"), (all[1], "G1"), (all[2], "G2")] {
        writeln!(list, "train,{train},2022-03-12,CN-3301,{who},1,A,2022-03-12T01:00:00Z,3,C,2022-03-12T04:00:00Z,").unwrap();
    }
    withdrawn_once(&w, &carrier, "INSERT ON authorship", "NEW.import");
    let by = w.app.conductor(&carrier).unwrap();
    let e = w.app.import_rides(&by, list.as_bytes()).await.unwrap_err();
    assert_eq!(e.code, "import.withdrawn");
    let day = crate::common::at("2022-03-12T01:00:00Z").utc_day();
    assert_eq!(w.store.visits_on(day).await.unwrap().len(), 1);
    // The server that began it is gone; another one finishes it.
    let other = w.second_server().await;
    other.finish_withdrawals().await.unwrap();
    assert_eq!(w.store.visits_on(day).await.unwrap(), []);
    assert!(is_withdrawn(&w, file(&w, &carrier).await).await);
}

#[tokio::test]
async fn what_a_withdrawn_file_would_hold_back_never_waits() {
    let mut w = World::braked(2, 2).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    people(&mut w, 4).await;
    withdrawn_once(&w, &lab, "INSERT ON import_run", "NEW.id");
    let e = w.app.import_tests(&lab, lines(4).as_bytes()).await.unwrap_err();
    assert_eq!(e.code, "import.withdrawn");
    assert!(w.app.list_waiting(&lab).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_confirmed_of_a_file_that_is_withdrawn_at_the_same_moment_is_dropped() {
    let mut w = World::braked(2, 2).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let all = people(&mut w, 4).await;
    let report = w.app.import_tests(&lab, lines(4).as_bytes()).await.unwrap();
    assert_eq!(report.waiting, 4);
    let id = w.app.list_waiting(&colleague).await.unwrap()[0].id;
    withdrawn_once(&w, &lab, "UPDATE OF state ON waiting", "NEW.import");
    w.app.confirm_waiting(&colleague, id).await.unwrap();
    assert_eq!(coloured(&w, &all).await, 0);
    assert_eq!(w.read("SELECT count(*) || '' FROM waiting_piece"), "0");
    w.app.finish_withdrawals().await.unwrap();
    assert!(is_withdrawn(&w, report.import.unwrap()).await);
}

fn begun(w: &World, by: &StaffSession, record: RecordKind, id: i64) -> Unit {
    let reason = WithdrawalReason::NeverHappened;
    let (agency, staff) = (by.staff().agency, Some(by.staff().id));
    let row = Withdrawal { record, id, at: w.app.now(), agency, staff, reason };
    Unit::new("test", vec![Write::AddWithdrawal(row)])
}

#[tokio::test]
async fn a_withdrawal_cut_short_after_its_first_row_is_finished_by_another_server() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let all = people(&mut w, 3).await;
    let report = w.app.import_tests(&lab, lines(3).as_bytes()).await.unwrap();
    let file = report.import.unwrap();
    w.store.commit(begun(&w, &lab, RecordKind::Import, file.as_i64())).await.unwrap();
    assert_eq!(coloured(&w, &all).await, 3);
    w.second_server().await.finish_withdrawals().await.unwrap();
    assert_eq!((coloured(&w, &all).await, told(&w).await), (0, 1));
    assert!(is_withdrawn(&w, file).await);
    // And there is nothing more to do.
    w.app.finish_withdrawals().await.unwrap();
    assert_eq!(told(&w).await, 1);
}

/// A test is gone, and the program with it before the case that rested on it fell.
#[tokio::test]
async fn a_case_falls_though_the_program_ended_in_between() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let officer = w.officer().await;
    let all = people(&mut w, 2).await;
    let (holder, friend) = (all[0], all[1]);
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [holder, friend] {
        w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let test = w.app.record_test(&lab, &test_of(Whom::Holder(holder), "positive")).await.unwrap();
    let case = CaseInput { trace: true, ..case_of(holder) };
    let case = w.app.record_case(&officer, &case).await.unwrap().case;
    w.raw(
        "CREATE TRIGGER ends BEFORE UPDATE ON case_record BEGIN SELECT RAISE(ABORT, 'gone'); END",
    );
    let record = Record::Evidence(test.evidence);
    w.app.withdraw_record(&lab, record, "sample_mixed_up").await.unwrap_err();
    w.raw("DROP TRIGGER ends");
    assert!(w.store.case(case).await.unwrap().unwrap().withdrawn_at.is_none());
    w.restart().await;
    w.app.finish_withdrawals().await.unwrap();
    assert!(w.store.case(case).await.unwrap().unwrap().withdrawn_at.is_some());
    assert_eq!(coloured(&w, &[holder, friend]).await, 0);
}

/// A case that is being taken back gets no contact from a trace on another server, and no correction.
#[tokio::test]
async fn nothing_is_added_to_a_case_that_is_being_taken_back() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let all = people(&mut w, 2).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in &all {
        w.visit(*who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let case = w.app.record_case(&officer, &case_of(all[0])).await.unwrap().case;
    w.store.commit(begun(&w, &officer, RecordKind::Case, case.as_i64())).await.unwrap();
    assert_eq!(w.app.run_trace(&officer, case).await.unwrap_err().code, "case.withdrawn");
    let change = jadegate_service::staff::CaseCorrection {
        class: Some("asymptomatic".to_owned()),
        ..Default::default()
    };
    let e = w.app.correct_case(&officer, case, &change).await.unwrap_err();
    assert_eq!(e.code, "case.withdrawn");
    w.app.finish_withdrawals().await.unwrap();
    assert_eq!(coloured(&w, &all).await, 0);
}

/// What is kept for a document's owner goes with its file from the first row of the withdrawal on.
#[tokio::test]
async fn what_is_kept_of_a_file_goes_with_it() {
    let mut w = World::braked(1, 1).await;
    let (team, hospital) = (w.officer().await, w.staff("hospital", "officer", "CN-33").await);
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let (_, wrong) = w.register(HOME).await;
    let report = w.app.import_tests(&lab, lines(1).as_bytes()).await.unwrap();
    assert_eq!((report.taken, coloured(&w, &[wrong]).await), (1, 1));
    let c = w.app.begin_document_correction(&team, &document(1), "made up").await.unwrap();
    w.app.decide_document_correction(&hospital, c.id, true).await.unwrap();
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "1");
    // Its withdrawal has begun when the owner registers.
    let file = report.import.unwrap();
    w.store.commit(begun(&w, &lab, RecordKind::Import, file.as_i64())).await.unwrap();
    let owner = crate::moved::enter(&w, 1, 71).await;
    assert_eq!(w.colour(owner.holder()).await, Colour::Green);
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "0");
    w.app.finish_withdrawals().await.unwrap();
    assert!(is_withdrawn(&w, file).await);
}

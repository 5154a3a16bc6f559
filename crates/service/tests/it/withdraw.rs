//! What was recorded can be taken back, by who recorded it and by a second body, with what followed.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::fmt::Write as _;

use crate::common::{HOME, World, case_of, test_of};
use jadegate_domain::id::ImportId;
use jadegate_domain::record::{ImportKind, RecordKind, WithdrawalReason};
use jadegate_domain::{AgencyId, CaseClass, Colour, EvidenceKind};
use jadegate_ledger::Leaf;
use jadegate_service::Kind;
use jadegate_service::import::risk_levels::{self, RiskReport};
use jadegate_service::staff::{CaseInput, ChangeInput, Record, RegionInput, Whom};
use jadegate_store::{ImportRun, Unit, Write};

#[tokio::test]
async fn a_false_positive_is_taken_back_with_the_case_that_rested_on_it() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let other = w.staff("laboratory", "lab_technician", "CN-33").await;
    let far = w.staff("prevention_team", "officer", "CN-31").await;
    let officer = w.officer().await;
    let (session, holder) = w.register(HOME).await;
    let (_, friend) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [holder, friend] {
        w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let test = w.app.record_test(&lab, &test_of(Whom::Holder(holder), "positive")).await.unwrap();
    let again = jadegate_service::staff::TestInput {
        sampled_at: "2022-03-14T09:00:00Z".to_owned(),
        ..test_of(Whom::Holder(holder), "negative")
    };
    w.app.record_test(&lab, &again).await.unwrap();
    assert_eq!(w.colour(holder).await, Colour::Red, "a later negative changes nothing");
    // The case was confirmed by that very sample, and traced.
    let case = w.app.record_case(&officer, &CaseInput { trace: true, ..case_of(holder) }).await;
    let case = case.unwrap().case;
    assert_eq!(w.colour(friend).await, Colour::Red);

    let take =
        async |by, why: &str| w.app.withdraw_record(by, Record::Evidence(test.evidence), why).await;
    for by in [&other, &far] {
        assert_eq!(take(by, "wrong_person").await.unwrap_err().kind, Kind::NotFound);
    }
    for why in ["because", "followed", ""] {
        let e = take(&lab, why).await.unwrap_err();
        assert_eq!(e.fields[0].code, "withdrawal.unknown_reason");
    }
    let done = take(&lab, "sample_mixed_up").await.unwrap();
    assert_eq!((done.records, done.cases, done.released), (1, 1, 1));
    assert_eq!((w.colour(holder).await, w.colour(friend).await), (Colour::Green, Colour::Green));
    assert!(w.store.case(case).await.unwrap().unwrap().withdrawn_at.is_some());
    assert_eq!(take(&lab, "sample_mixed_up").await.unwrap_err().code, "record.withdrawn");

    // The person sees who and why; so does the public log, in counts.
    let own = w.app.my_evidence(&session).await.unwrap();
    let seen = own.iter().find(|e| e.evidence.id == test.evidence).unwrap();
    let withdrawn = seen.withdrawn.as_ref().unwrap();
    assert_eq!(withdrawn.reason, WithdrawalReason::SampleMixedUp);
    assert_eq!(withdrawn.by.as_ref().unwrap().name, "Test laboratory");
    let row = w.store.withdrawal(RecordKind::Case, case.as_i64()).await.unwrap().unwrap();
    assert_eq!((row.reason, row.agency), (WithdrawalReason::Followed, lab.staff().agency));
    let leaves = w.log(0, 10_000).await;
    let told = leaves
        .iter()
        .filter(|l| matches!(Leaf::decode(&l.bytes).unwrap(), Leaf::Withdrawal { .. }));
    assert_eq!(told.count(), 2);
}

#[tokio::test]
async fn a_case_of_another_sample_stands() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let officer = w.officer().await;
    let (_, holder) = w.register(HOME).await;
    let test = w.app.record_test(&lab, &test_of(Whom::Holder(holder), "positive")).await.unwrap();
    let input = CaseInput { class: "suspected".to_owned(), ..case_of(holder) };
    let case = w.app.record_case(&officer, &input).await.unwrap().case;
    // The prevention team is the second body of a laboratory.
    let record = Record::Evidence(test.evidence);
    let done = w.app.withdraw_record(&officer, record, "wrong_content").await.unwrap();
    assert_eq!((done.records, done.cases), (1, 0));
    let case = w.store.case(case).await.unwrap().unwrap();
    assert_eq!((case.class, case.withdrawn_at), (CaseClass::Suspected, None));
}

#[tokio::test]
async fn the_second_body_of_a_prevention_team_is_its_health_commission() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    let elsewhere = w.staff("health_commission", "commissioner", "CN-31").await;
    let (_, holder) = w.register(HOME).await;
    let case = w.app.record_case(&officer, &case_of(holder)).await.unwrap().case;
    let e = w.app.withdraw_record(&elsewhere, Record::Case(case), "never_happened").await;
    assert_eq!(e.unwrap_err().kind, Kind::NotFound);
    w.app.withdraw_record(&board, Record::Case(case), "never_happened").await.unwrap();
    assert_eq!(w.colour(holder).await, Colour::Green);
}

#[tokio::test]
async fn a_whole_file_is_found_and_taken_back() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let officer = w.officer().await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let mut csv = "document_type,document_number,result,method,sampled_at\n".to_owned();
    let mut all = Vec::new();
    for n in 1..=5 {
        all.push(w.register(HOME).await.1);
        writeln!(csv, "passport,X{n:07},positive,nucleic_acid,2022-03-14T02:00:00Z").unwrap();
    }
    let report = w.app.import_tests(&lab, csv.as_bytes()).await.unwrap();
    assert_eq!(report.taken, 5);
    let listed = w.app.list_imports(&officer).await.unwrap();
    assert_eq!((listed.len(), listed[0].taken, listed[0].may_withdraw), (1, 5, true));
    assert_eq!(listed[0].staff, None, "names of staff are for their colleagues and auditors");
    assert_eq!(w.app.list_imports(&auditor).await.unwrap()[0].staff.as_deref(), Some("Test Staff"));
    let records = w.app.records_before(&auditor, None).await.unwrap().rows;
    assert!(records.iter().all(|r| r.staff.is_some() && r.import == report.import));
    assert!(w.app.records_before(&officer, None).await.is_err());

    let record = Record::Import(report.import.unwrap());
    let done = w.app.withdraw_record(&officer, record, "never_happened").await.unwrap();
    assert_eq!(done.records, 5);
    for holder in all {
        assert_eq!(w.colour(holder).await, Colour::Green);
    }
    let again = w.app.withdraw_record(&officer, record, "never_happened").await.unwrap_err();
    assert_eq!(again.code, "record.withdrawn");
}

#[tokio::test]
async fn a_risk_level_that_should_never_have_been_never_held() {
    let mut w = World::of_one_officer("2022-03-15T08:00:00Z").await;
    let board = w.staff("health_commission", "commissioner", "CN-3301").await;
    let province = w.staff("health_commission", "commissioner", "CN-33").await;
    let elsewhere = w.staff("health_commission", "commissioner", "CN-31").await;
    let officer = w.officer().await;
    let (_, holder) = w.register(HOME).await;
    let level = RegionInput {
        division: HOME.to_owned(),
        level: "high".to_owned(),
        from: "2022-03-15T00:00:00Z".to_owned(),
        to: None,
    };
    w.change(&board, &province, &ChangeInput::Region(level)).await;
    let before = w.colour(holder).await;
    assert_ne!(before, Colour::Green, "home counts as a stay");
    let id = w.app.list_regions(&board).await.unwrap()[0].id;
    for who in [&elsewhere, &officer] {
        let e = w.app.withdraw_record(who, Record::RiskLevel(id), "never_happened").await;
        assert_eq!(e.unwrap_err().kind, Kind::NotFound);
    }
    // Another commission of a region that holds it is the second body.
    let done = w.app.withdraw_record(&province, Record::RiskLevel(id), "wrong_content").await;
    assert_eq!(done.unwrap().records, 1);
    assert_eq!(w.colour(holder).await, Colour::Green);
    let row = w.store.withdrawal(RecordKind::RiskLevel, id.as_i64()).await.unwrap().unwrap();
    assert_eq!((row.reason, row.agency), (WithdrawalReason::WrongContent, province.staff().agency));
    let again = w.app.withdraw_record(&board, Record::RiskLevel(id), "wrong_content").await;
    assert_eq!(again.unwrap_err().code, "record.withdrawn");
}

#[tokio::test]
async fn an_agency_finds_its_own_records_and_nobody_in_them() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let other = w.staff("laboratory", "lab_technician", "CN-33").await;
    let officer = w.officer().await;
    let (_, holder) = w.register(HOME).await;
    let (_, friend) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [holder, friend] {
        w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let input = jadegate_service::staff::TestInput {
        sample: Some("LAB-7".to_owned()),
        ..test_of(Whom::Holder(holder), "positive")
    };
    let test = w.app.record_test(&lab, &input).await.unwrap();
    let case = w.app.record_case(&officer, &CaseInput { trace: true, ..case_of(holder) }).await;
    let case = case.unwrap().case;

    let own = w.app.own_records(&lab).await.unwrap();
    assert_eq!((own.len(), own[0].id.as_str()), (1, test.evidence.to_string().as_str()));
    assert_eq!(own[0].sample.as_deref(), Some("LAB-7"));
    assert_eq!(own[0].staff.as_deref(), Some("Test Staff"));
    assert!(own[0].fact.is_some() && own[0].withdrawn.is_none());
    assert!(w.app.own_records(&other).await.unwrap().is_empty());
    let text = serde_json::to_string(&own).unwrap();
    assert!(!text.contains(&holder.to_string()), "it names nobody: {text}");
    // Contacts fall with their case, so they are not listed.
    let of_team = w.app.own_records(&officer).await.unwrap();
    assert_eq!(of_team.iter().map(|r| r.record).collect::<Vec<_>>(), [RecordKind::Case]);
    let auditor = w.staff("auditor", "auditor", "CN").await;
    assert_eq!(w.app.own_records(&auditor).await.unwrap_err().code, "staff.not_allowed");

    // Whoever may take something back is told so, where they see it.
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    for who in [&officer, &board] {
        assert!(w.app.list_cases(who).await.unwrap()[0].may_withdraw);
    }
    let purpose = jadegate_domain::Purpose::HolderRequest;
    let person = w.app.open_holder(&officer, holder, purpose, None).await.unwrap();
    assert_eq!(person.withdrawable.len(), 2, "the laboratory's test and the own case");
    let contact = w.app.open_holder(&officer, friend, purpose, None).await.unwrap();
    assert_eq!(contact.withdrawable, []);
    let record = Record::Evidence(test.evidence);
    w.app.withdraw_record(&lab, record, "sample_mixed_up").await.unwrap();
    assert!(w.app.own_records(&lab).await.unwrap()[0].withdrawn.is_some());
    let person = w.app.open_holder(&officer, holder, purpose, None).await.unwrap();
    assert_eq!(person.withdrawable, []);
    let listed = w.app.list_cases(&officer).await.unwrap();
    assert_eq!((listed[0].id, listed[0].may_withdraw), (case, false));
}

pub(crate) const LIST: &str = "snapshot_hour,level,province,city,county,communities\n\
    2022031020,high,浙江省,杭州市,西湖区,1\n\
    2022031020,middle,浙江省,杭州市,上城区,1\n";

pub(crate) async fn take_list(w: &World, agency: AgencyId, list: &str) -> RiskReport {
    let recorder = w.app.recorder_for_agency(agency, EvidenceKind::RegionRisk).await.unwrap();
    w.app.import_risk_levels(&recorder, list.as_bytes(), risk_levels::LIMITS).await.unwrap()
}

#[tokio::test]
async fn a_false_list_of_risk_levels_is_taken_back_whole() {
    let mut w = World::of_one_officer("2022-03-15T08:00:00Z").await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    let second = w.staff("health_commission", "commissioner", "CN-33").await;
    let elsewhere = w.staff("health_commission", "commissioner", "CN-31").await;
    let officer = w.officer().await;
    let (_, holder) = w.register(HOME).await;
    let report = take_list(&w, board.staff().agency, LIST).await;
    assert_eq!(report.recorded, 2, "{report:?}");
    assert_ne!(w.colour(holder).await, Colour::Green, "home counts as a stay");
    let record = Record::Import(report.import.unwrap());
    for who in [&elsewhere, &officer] {
        let e = w.app.withdraw_record(who, record, "never_happened").await;
        assert_eq!(e.unwrap_err().kind, Kind::NotFound);
    }
    // One of them was taken back by itself.
    let one = w.app.list_regions(&board).await.unwrap()[0].id;
    w.app.withdraw_record(&board, Record::RiskLevel(one), "wrong_content").await.unwrap();
    for who in [&board, &second] {
        assert!(w.app.list_imports(who).await.unwrap()[0].may_withdraw);
    }
    let done = w.app.withdraw_record(&second, record, "never_happened").await.unwrap();
    assert_eq!((done.records, done.cases, done.released), (1, 0, 0));
    assert_eq!(w.colour(holder).await, Colour::Green);
    assert!(w.app.regions_in_force().await.unwrap().is_empty());
    let listed = w.app.list_imports(&board).await.unwrap();
    assert!(listed[0].withdrawn_at.is_some() && !listed[0].may_withdraw);
    let again = w.app.withdraw_record(&board, record, "never_happened").await.unwrap_err();
    assert_eq!(again.code, "record.withdrawn");

    // The list sent again raises nothing, and says so.
    let again = take_list(&w, board.staff().agency, LIST).await;
    assert_eq!((again.periods, again.recorded, again.withdrawn), (2, 0, 2));
    assert_eq!(w.colour(holder).await, Colour::Green);
}

#[tokio::test]
async fn what_a_withdrawn_list_proposed_waits_no_more() {
    let mut w = World::new().await;
    for _ in 0..3 {
        w.register(HOME).await;
    }
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    let second = w.staff("health_commission", "commissioner", "CN-33").await;
    let report = take_list(&w, board.staff().agency, LIST).await;
    let (file, proposal) = (report.import.unwrap(), report.proposal.unwrap());
    assert_eq!((report.recorded, report.waiting), (0, 2));
    let done = w.app.withdraw_record(&board, Record::Import(file), "wrong_content").await;
    assert_eq!(done.unwrap().records, 0);
    assert_eq!(w.app.proposal(&board, proposal).await.unwrap().state, "withdrawn");
    let e = w.app.approve_proposal(&second, proposal).await.unwrap_err();
    assert_eq!(e.code, "proposal.decided");
    // Corrected or not, it may be sent again.
    assert_eq!(take_list(&w, board.staff().agency, LIST).await.waiting, 2);
}

#[tokio::test]
async fn of_a_file_of_visits_it_is_said_what_to_do_instead() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let file = ImportId::from_random(7);
    let run = ImportRun {
        id: file,
        kind: ImportKind::Visits,
        agency: None,
        staff: None,
        started_at: w.app.now(),
        digest: [7; 32],
        ended: None,
        withdrawn_at: None,
    };
    w.store.commit(Unit::new("test", vec![Write::AddImport(Box::new(run))])).await.unwrap();
    let e = w.app.withdraw_record(&officer, Record::Import(file), "never_happened").await;
    let e = e.unwrap_err();
    assert_eq!((e.kind, e.code), (Kind::Conflict, "import.visits_stay"));
    assert!(w.app.list_imports(&officer).await.unwrap().iter().all(|f| !f.may_withdraw));
}

/// One account does not take many true positives back: above its number it waits for a colleague, who can
/// take it back with a number of their own, too; above the agency's the second body can. What confines
/// nobody is not counted.
#[tokio::test]
async fn withdrawals_by_hand_have_a_brake() {
    let mut w = World::releasing(3, 2).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let officer = w.officer().await;
    let mut tests = Vec::new();
    for n in 0..6 {
        let (_, who) = w.register(HOME).await;
        let result = if n == 5 { "negative" } else { "positive" };
        let test = w.app.record_test(&lab, &test_of(Whom::Holder(who), result)).await.unwrap();
        tests.push((Record::Evidence(test.evidence), who));
    }
    let why = "not_borne_out";
    let take = async |by, n: usize| w.app.withdraw_record(by, tests[n].0, why).await;
    take(&lab, 0).await.unwrap();
    take(&lab, 1).await.unwrap();
    let waits = async |by, n: usize| {
        let done = take(by, n).await.unwrap();
        assert_eq!((done.records, done.waiting), (0, 1));
        assert_eq!(w.colour(tests[n].1).await, Colour::Red, "nothing was changed");
    };
    waits(&lab, 2).await;
    take(&lab, 5).await.unwrap();
    take(&colleague, 2).await.unwrap();
    // That was as much as the agency takes back alone.
    waits(&colleague, 3).await;
    take(&officer, 3).await.unwrap();
    // The store counts, not the process: another server and a restart know.
    w.restart().await;
    let again = w.app.withdraw_record(&lab, tests[4].0, why).await.unwrap();
    assert_eq!((again.records, again.waiting), (0, 1));
    w.clock.advance(3601);
    w.app.withdraw_record(&lab, tests[4].0, why).await.unwrap();
    // Cases count with them.
    let mut cases = Vec::new();
    for _ in 0..3 {
        let (_, who) = w.register(HOME).await;
        cases.push(w.app.record_case(&officer, &case_of(who)).await.unwrap().case);
    }
    w.app.withdraw_case(&officer, cases[0]).await.unwrap();
    w.app.withdraw_record(&officer, Record::Case(cases[1]), why).await.unwrap();
    assert_eq!(w.app.withdraw_case(&officer, cases[2]).await.unwrap().waiting, 1);
    assert!(w.store.case(cases[2]).await.unwrap().unwrap().withdrawn_at.is_none());
}

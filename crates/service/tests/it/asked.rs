//! What one pair of hands may not take back alone waits for a colleague: nothing changes before, nothing
//! is lost meanwhile, and what was confirmed is carried out once, whatever ends in between.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::fmt::Write as _;

use crate::common::scenes::{coloured, people};
use crate::common::{HOME, World, case_of, test_of};
use jadegate_domain::id::{ImportId, WaitingId};
use jadegate_domain::record::{ImportKind, RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{Colour, HolderId};
use jadegate_ledger::{Leaf, WaitingEvent};
use jadegate_service::staff::{CaseInput, Record, TestInput, WaitingRow, Whom};
use jadegate_service::{Kind, StaffSession};
use jadegate_store::{Unit, WaitingDecision, Write};

const WHY: &str = "sample_mixed_up";

/// A laboratory under a mandate of one withdrawal an hour for a member, and two for the agency.
struct Scene {
    w: World,
    lab: StaffSession,
    colleague: StaffSession,
    people: Vec<HolderId>,
    tests: Vec<Record>,
}

async fn scene(people: u32) -> Scene {
    let mut w = World::releasing(2, 1).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let (mut all, mut tests) = (Vec::new(), Vec::new());
    for _ in 0..people {
        let (_, who) = w.register(HOME).await;
        let input = TestInput {
            sample: Some(format!("LAB-{}", all.len())),
            ..test_of(Whom::Holder(who), "positive")
        };
        let test = w.app.record_test(&lab, &input).await.unwrap();
        all.push(who);
        tests.push(Record::Evidence(test.evidence));
    }
    Scene { w, lab, colleague, people: all, tests }
}

/// What waits to be taken back, as somebody sees it.
async fn wishes(w: &World, by: &StaffSession) -> Vec<WaitingRow> {
    let all = w.app.list_waiting(by).await.unwrap();
    all.into_iter().filter(|r| r.state == WaitingState::Waiting).collect()
}

/// The first withdrawal goes at once, the second waits.
async fn asked(s: &Scene) -> WaitingId {
    s.w.app.withdraw_record(&s.lab, s.tests[0], WHY).await.unwrap();
    let done = s.w.app.withdraw_record(&s.lab, s.tests[1], WHY).await.unwrap();
    assert_eq!((done.records, done.waiting), (0, 1));
    wishes(&s.w, &s.lab).await[0].id
}

async fn events(w: &World) -> Vec<WaitingEvent> {
    let leaves = w.log(0, 10_000).await;
    let told = |l: &jadegate_store::LogLeaf| match Leaf::decode(&l.bytes).unwrap() {
        Leaf::Waiting { event, what, .. } if what.as_str() == "withdrawals" => Some(event),
        _ => None,
    };
    leaves.iter().filter_map(told).collect()
}

#[tokio::test]
async fn a_withdrawal_above_the_number_waits_for_a_colleague() {
    let mut s = scene(2).await;
    let id = asked(&s).await;
    assert_eq!(s.w.colour(s.people[1]).await, Colour::Red, "it counts on");
    // Asked twice, it waits once.
    let again = s.w.app.withdraw_record(&s.lab, s.tests[1], WHY).await.unwrap_err();
    assert_eq!((again.kind, again.code), (Kind::Conflict, "withdrawal.waits"));

    // Whoever asked does not say yes to it, nor does another agency.
    let e = s.w.app.confirm_waiting(&s.lab, id).await.unwrap_err();
    assert_eq!(e.code, "waiting.not_for_you");
    let officer = s.w.officer().await;
    let e = s.w.app.confirm_waiting(&officer, id).await.unwrap_err();
    assert_eq!(e.code, "waiting.not_found");
    let seen = s.w.app.list_waiting(&officer).await.unwrap();
    assert!(seen.iter().all(|r| !r.may_confirm && r.asked.is_none()), "counts, and nothing more");

    // The colleague sees what is to go, and about nobody.
    let row = wishes(&s.w, &s.colleague).await.remove(0);
    assert_eq!((row.kind, row.records), (WaitingKind::Withdrawals, 1));
    assert!(row.may_confirm && row.may_refuse && !row.has_samples);
    let what = row.asked.unwrap();
    assert_eq!((what.record, what.reason.as_str()), (RecordKind::Evidence, WHY));
    assert_eq!(what.staff.as_deref(), Some("Test Staff"));
    assert!(what.sample.is_some() && what.fact.is_some() && what.recorded_at.is_some());

    s.w.app.confirm_waiting(&s.colleague, id).await.unwrap();
    assert_eq!(s.w.colour(s.people[1]).await, Colour::Green);
    let e = s.w.app.confirm_waiting(&s.colleague, id).await.unwrap_err();
    assert_eq!(e.code, "waiting.decided");
    // It is the withdrawal of who asked for it.
    let Record::Evidence(test) = s.tests[1] else { unreachable!() };
    let row = s.w.store.withdrawal(RecordKind::Evidence, test.as_i64()).await.unwrap().unwrap();
    assert_eq!((row.staff, row.reason.as_str()), (Some(s.lab.staff().id), WHY));
    assert_eq!(s.w.read("SELECT count(*) || '' FROM waiting_piece"), "0");
    assert_eq!(events(&s.w).await, [WaitingEvent::Held, WaitingEvent::Confirmed]);
}

#[tokio::test]
async fn a_wish_is_declined_or_taken_back_or_lapses_and_can_be_asked_again() {
    let s = scene(2).await;
    let id = asked(&s).await;
    s.w.app.refuse_waiting(&s.colleague, id).await.unwrap();
    assert_eq!(s.w.colour(s.people[1]).await, Colour::Red);
    let done = s.w.app.withdraw_record(&s.lab, s.tests[1], WHY).await.unwrap();
    assert_eq!(done.waiting, 1);
    let id = wishes(&s.w, &s.lab).await[0].id;
    s.w.app.refuse_waiting(&s.lab, id).await.unwrap();
    s.w.app.withdraw_record(&s.lab, s.tests[1], WHY).await.unwrap();
    let id = wishes(&s.w, &s.lab).await[0].id;
    s.w.clock.advance(86_401);
    let e = s.w.app.confirm_waiting(&s.colleague, id).await.unwrap_err();
    assert_eq!(e.code, "waiting.decided");
    assert_eq!(s.w.app.expire_waiting().await.unwrap(), 1);
    assert_eq!(s.w.read("SELECT count(*) || '' FROM waiting_piece"), "0");
    assert!(wishes(&s.w, &s.lab).await.is_empty());
}

/// The program ends after the decision, and again after the record has gone: another server finishes.
#[tokio::test]
async fn a_confirmed_wish_that_was_cut_short_is_carried_out_by_another_server() {
    let s = scene(2).await;
    let id = asked(&s).await;
    let by = Some((s.colleague.staff().id, s.colleague.staff().agency));
    let decision = WaitingDecision { at: s.w.app.now(), by };
    let write = Write::DecideWaiting { id, state: WaitingState::Confirmed, decision };
    s.w.store.commit(Unit::new("test", vec![write])).await.unwrap();
    s.w.raw(
        "CREATE TRIGGER ends BEFORE DELETE ON waiting_piece BEGIN SELECT RAISE(ABORT, 'gone'); END",
    );
    s.w.app.finish_asked().await.unwrap();
    assert_eq!(s.w.colour(s.people[1]).await, Colour::Green);
    assert_eq!(s.w.read("SELECT count(*) || '' FROM waiting_piece"), "1");
    s.w.raw("DROP TRIGGER ends");
    let other = s.w.second_server().await;
    other.finish_asked().await.unwrap();
    assert_eq!(s.w.read("SELECT count(*) || '' FROM waiting_piece"), "0");
    let Record::Evidence(test) = s.tests[1] else { unreachable!() };
    let rows = format!("SELECT count(*) || '' FROM withdrawal WHERE id = {}", test.as_i64());
    assert_eq!(s.w.read(&rows), "1");
}

/// Another server does the other thing at each reading of the clock: it is withdrawn once, and whatever
/// is asked for is gone in the end.
#[tokio::test]
async fn two_who_confirm_at_once_and_a_second_body_withdraw_it_once() {
    let mut tried = 0;
    for second_body in [false, true] {
        for readings in 0..12 {
            let mut s = scene(2).await;
            let id = asked(&s).await;
            let third = s.w.colleague(&s.lab).await;
            let officer = s.w.officer().await;
            let (other, record) = (s.w.second_server().await, s.tests[1]);
            s.w.meanwhile(readings, async move {
                if second_body {
                    drop(other.withdraw_record(&officer, record, WHY).await);
                } else {
                    drop(other.confirm_waiting(&third, id).await);
                }
                other.finish_asked().await.unwrap();
            });
            let done = s.w.app.confirm_waiting(&s.colleague, id).await;
            assert!(
                done.as_ref().err().is_none_or(|e| e.code == "waiting.decided"),
                "{readings}: {done:?}"
            );
            s.w.app.finish_asked().await.unwrap();
            assert_eq!(s.w.colour(s.people[1]).await, Colour::Green, "{readings}");
            assert_eq!(s.w.read("SELECT count(*) || '' FROM waiting_piece"), "0", "{readings}");
            tried += 1;
        }
    }
    assert_eq!(tried, 24);
}

const HEAD: &str = "document_type,document_number,result,method,sampled_at,sample_reference\n";

async fn file_of(w: &World, lab: &StaffSession, from: u32, n: u32, result: &str) -> ImportId {
    let mut csv = HEAD.to_owned();
    for n in from..from + n {
        writeln!(csv, "passport,X{n:07},{result},nucleic_acid,2022-03-14T02:00:00Z,LAB-{n}")
            .unwrap();
    }
    w.app.import_tests(lab, csv.as_bytes()).await.unwrap().import.unwrap()
}

/// A small file goes at once and weighs what it holds; a large one waits whole.
#[tokio::test]
async fn a_file_above_the_number_waits_for_a_colleague() {
    let mut w = World::releasing(6, 3).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let all = people(&mut w, 8).await;
    let small = file_of(&w, &lab, 1, 2, "positive").await;
    let large = file_of(&w, &lab, 3, 4, "positive").await;
    let harmless = file_of(&w, &lab, 7, 2, "negative").await;
    let take = async |by, file| w.app.withdraw_record(by, Record::Import(file), WHY).await;

    let done = take(&lab, small).await.unwrap();
    assert_eq!((done.records, done.waiting), (2, 0));
    let done = take(&lab, large).await.unwrap();
    assert_eq!((done.records, done.waiting), (0, 4));
    assert_eq!(w.colour(all[2]).await, Colour::Red, "all of it still counts");
    assert!(w.store.import(large).await.unwrap().unwrap().withdrawn_at.is_none());
    // What confines nobody has no weight, however much it is.
    assert_eq!(take(&lab, harmless).await.unwrap().records, 2);

    let row = wishes(&w, &colleague).await.remove(0);
    let what = row.asked.unwrap();
    assert_eq!((what.record, what.file), (RecordKind::Import, Some(ImportKind::Tests)));
    w.app.confirm_waiting(&colleague, row.id).await.unwrap();
    assert_eq!(coloured(&w, &all).await, 0);
    assert!(w.store.import(large).await.unwrap().unwrap().withdrawn_at.is_some());
    let e = take(&lab, large).await.unwrap_err();
    assert_eq!(e.code, "record.withdrawn");
}

/// One result weighs one, but with its case the contacts of many would fall.
#[tokio::test]
async fn a_small_file_that_frees_many_waits() {
    let mut w = World::releasing(3, 3).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let officer = w.officer().await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let all = people(&mut w, 5).await;
    for who in &all {
        w.visit(*who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let file = file_of(&w, &lab, 1, 1, "positive").await;
    let case = CaseInput { trace: true, ..case_of(all[0]) };
    w.app.record_case(&officer, &case).await.unwrap();
    let done = w.app.withdraw_record(&lab, Record::Import(file), WHY).await.unwrap();
    assert_eq!((done.records, done.waiting), (0, 1));
    assert_eq!(coloured(&w, &all).await, all.len());
}

/// What was kept for a document's owner, a case and a ride wait as well, and the second body is not
/// held up by what waits.
#[tokio::test]
async fn cases_wait_too_and_a_wish_for_what_is_gone_changes_nothing() {
    let mut w = World::releasing(9, 1).await;
    let officer = w.officer().await;
    let colleague = w.colleague(&officer).await;
    let mut cases = Vec::new();
    for _ in 0..2 {
        let who = w.register(HOME).await.1;
        cases.push((w.app.record_case(&officer, &case_of(who)).await.unwrap().case, who));
    }
    assert_eq!(w.app.withdraw_case(&officer, cases[0].0).await.unwrap().waiting, 0);
    let done = w.app.withdraw_case(&officer, cases[1].0).await.unwrap();
    assert_eq!((done.released, done.waiting), (0, 1));
    let id = wishes(&w, &colleague).await[0].id;
    // The colleague takes it back alone meanwhile.
    assert_eq!(w.app.withdraw_case(&colleague, cases[1].0).await.unwrap().waiting, 0);
    assert_eq!(w.colour(cases[1].1).await, Colour::Green);
    let third = w.colleague(&officer).await;
    w.app.confirm_waiting(&third, id).await.unwrap();
    assert_eq!(w.read("SELECT count(*) || '' FROM waiting_piece"), "0");
}

/// A level that colours many is more than one commissioner takes back, and so is a list of them.
#[tokio::test]
async fn a_risk_level_that_colours_many_waits() {
    let mut w = World::of_one_officer("2022-03-15T08:00:00Z").await;
    w.settings.withdrawals_above_per_hour = 1;
    w.renew_mandate().await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    let second = w.colleague(&board).await;
    let all = people(&mut w, 2).await;
    let list = crate::withdraw::LIST;
    let report = crate::withdraw::take_list(&w, board.staff().agency, list).await;
    let file = Record::Import(report.import.unwrap());
    assert_eq!(coloured(&w, &all).await, all.len());
    let mut waits = 0;
    for level in w.app.list_regions(&board).await.unwrap() {
        let record = Record::RiskLevel(level.id);
        let freed = w.app.withdraw_record(&board, record, "wrong_content").await.unwrap();
        assert_eq!(freed.records + freed.waiting, 1);
        waits += freed.waiting;
    }
    assert_eq!(waits, 1, "where nobody lives, one commissioner is enough");
    let done = w.app.withdraw_record(&board, file, "wrong_content").await.unwrap();
    assert_eq!((done.records, done.waiting), (0, 2));
    for wish in wishes(&w, &second).await {
        w.app.confirm_waiting(&second, wish.id).await.unwrap();
    }
    assert!(w.app.regions_in_force().await.unwrap().is_empty());
    assert_eq!(coloured(&w, &all).await, 0);
}

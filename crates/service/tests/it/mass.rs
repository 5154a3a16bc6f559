//! A few accounts cannot turn a town red: a mass of evidence waits for a second pair of eyes.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::fmt::Write as _;

use crate::common::scenes::{RIDES, coloured, people};
use crate::common::{World, case_of, test_of};
use jadegate_domain::id::WaitingId;
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{AgencyKind, CaseId, HolderId, PlaceId};
use jadegate_ledger::{Leaf, WaitingEvent};
use jadegate_service::StaffSession;
use jadegate_service::staff::{ArrivalInput, CaseInput, WaitingRow, Whom};
use jadegate_store::{Latest, Unit, Waiting, WaitingDecision, Write};

const HEAD: &str = "document_type,document_number,result,method,sampled_at,sample_reference\n";

/// Lines of people `X0000001` and so on.
fn lines(people: std::ops::RangeInclusive<u32>, sample: bool) -> String {
    let mut csv = HEAD.to_owned();
    for n in people {
        let sample = if sample { format!("LAB-{n}") } else { String::new() };
        let at = "2022-03-14T02:00:00Z";
        writeln!(csv, "passport,X{n:07},positive,nucleic_acid,{at},{sample}").unwrap();
    }
    csv
}

async fn waiting(w: &World, by: &StaffSession) -> Vec<WaitingRow> {
    let all = w.app.list_waiting(by).await.unwrap();
    all.into_iter().filter(|r| r.state == WaitingState::Waiting).collect()
}

async fn only(w: &World, by: &StaffSession) -> WaitingId {
    let all = waiting(w, by).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].id
}

/// Three positive results of which more than two an hour wait.
struct Held {
    w: World,
    lab: StaffSession,
    colleague: StaffSession,
    all: Vec<HolderId>,
    id: WaitingId,
}

async fn held() -> Held {
    let mut w = World::braked(2, 2).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let all = people(&mut w, 3).await;
    w.app.import_tests(&lab, lines(1..=3, true).as_bytes()).await.unwrap();
    let id = only(&w, &colleague).await;
    Held { w, lab, colleague, all, id }
}

/// What the public log says of records that wait.
async fn told(w: &World) -> Vec<(WaitingEvent, String, u32)> {
    let leaves = w.log(0, 10_000).await;
    let told = leaves.iter().filter_map(|l| match Leaf::decode(&l.bytes).unwrap() {
        Leaf::Waiting { event, what, records, .. } => {
            Some((event, what.as_str().to_owned(), records))
        }
        _ => None,
    });
    told.collect()
}

#[tokio::test]
async fn one_technician_cannot_turn_a_town_red() {
    let mut w = World::braked(6, 4).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let all = people(&mut w, 8).await;
    let report = w.app.import_tests(&lab, lines(1..=8, true).as_bytes()).await.unwrap();
    assert_eq!((report.taken, report.waiting, report.rejected.len()), (0, 8, 0));
    assert_eq!(coloured(&w, &all).await, 0);
    // The same file again waits once; in parts below the number, it is as many as the number.
    let again = w.app.import_tests(&lab, lines(1..=8, true).as_bytes()).await.unwrap();
    assert_eq!((again.taken, again.waiting, again.unchanged), (0, 0, 8));

    // Nobody confirms their own, nor does another laboratory or an officer.
    let id = only(&w, &lab).await;
    let other = w.staff("laboratory", "lab_technician", "CN-33").await;
    let officer = w.officer().await;
    let own = w.app.confirm_waiting(&lab, id).await.unwrap_err();
    assert_eq!(own.code, "waiting.not_for_you");
    for who in [&other, &officer] {
        let e = w.app.confirm_waiting(who, id).await.unwrap_err();
        assert_eq!(e.code, "waiting.not_found");
    }
    assert!(!waiting(&w, &officer).await[0].may_confirm, "counts are shown to who reads lists");
    assert_eq!(w.app.overview(&officer).await.unwrap().waiting, 8);
    w.restart().await;
    assert_eq!(coloured(&w, &all).await, 0);

    // A colleague compares the samples; they name nobody.
    let colleague = w.colleague(&lab).await;
    let samples = w.app.waiting_samples(&colleague, id, 0).await.unwrap();
    let names: Vec<_> = samples.samples.iter().map(|s| s.sample.as_deref().unwrap()).collect();
    assert_eq!((names.len(), samples.next), (8, None));
    assert!(names.contains(&"LAB-7"));
    let text = serde_json::to_string(&samples).unwrap();
    assert!(all.iter().all(|h| !text.contains(&h.to_string())));
    w.app.confirm_waiting(&colleague, id).await.unwrap();
    assert_eq!(coloured(&w, &all).await, 8);
    let e = w.app.confirm_waiting(&colleague, id).await.unwrap_err();
    assert_eq!(e.code, "waiting.decided");
    let said = |event| (event, "tests".to_owned(), 8);
    assert_eq!(told(&w).await, [said(WaitingEvent::Held), said(WaitingEvent::Confirmed)]);

    // The laboratory learned nothing of anybody; the record has its author.
    for holder in &all {
        assert_eq!(w.store.accesses_of(*holder, Latest::first(10)).await.unwrap(), []);
        let (_, evidence) = w.store.evidence_of(*holder).await.unwrap().unwrap();
        let test = evidence.iter().find(|e| e.fact.may_confine()).unwrap();
        let author = w.store.authorship(RecordKind::Evidence, test.id.as_i64()).await.unwrap();
        let author = author.unwrap();
        assert_eq!((author.agency, author.staff), (lab.staff().agency, Some(lab.staff().id)));
        assert_eq!(author.import, report.import);
        assert!(author.sample.unwrap().starts_with("LAB-"));
    }
    let run = w.store.import(report.import.unwrap()).await.unwrap().unwrap();
    assert_eq!(run.ended.unwrap().1.waiting, 8);
    assert_eq!((run.staff, run.agency), (Some(lab.staff().id), Some(lab.staff().agency)));
}

#[tokio::test]
async fn small_files_one_after_the_other_are_one_mass() {
    let mut w = World::braked(6, 4).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let all = people(&mut w, 12).await;
    let mut taken = 0;
    for n in 1..=8 {
        let one = w.app.import_tests(&lab, lines(n..=n, true).as_bytes()).await.unwrap();
        taken += one.taken;
    }
    assert_eq!((taken, coloured(&w, &all).await), (4, 4), "one member of staff");
    for n in 9..=12 {
        taken += w.app.import_tests(&colleague, lines(n..=n, true).as_bytes()).await.unwrap().taken;
    }
    assert_eq!((taken, coloured(&w, &all).await), (6, 6), "their agency");
    // What the colleague confirms weighs no more, and an hour later there is room again.
    for row in waiting(&w, &colleague).await.iter().filter(|r| r.may_confirm) {
        w.app.confirm_waiting(&colleague, row.id).await.unwrap();
    }
    assert_eq!(coloured(&w, &all).await, 10);
    w.clock.advance(3600);
    let late = people(&mut w, 1).await;
    let one = w.app.import_tests(&lab, lines(13..=13, false).as_bytes()).await.unwrap();
    assert_eq!((one.taken, coloured(&w, &late).await), (1, 1));
}

#[tokio::test]
async fn a_positive_without_its_sample_does_not_wait() {
    let mut w = World::braked(2, 2).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let all = people(&mut w, 4).await;
    let csv = lines(1..=3, false) + "passport,X0000004,negative,antigen,2022-03-14T02:00:00Z,\n";
    let report = w.app.import_tests(&lab, csv.as_bytes()).await.unwrap();
    assert_eq!((report.taken, report.waiting), (1, 0), "a negative result needs nobody");
    let codes: Vec<_> = report.rejected.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(codes, [2, 3, 4].map(|line| (line, "test.no_sample_reference")));
    assert_eq!(coloured(&w, &all).await, 0);
}

#[tokio::test]
async fn what_waits_elsewhere_hides_nothing() {
    let mut w = World::braked(1, 1).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let border = w.staff("border", "officer", "CN-31").await;
    people(&mut w, 2).await;
    w.app.import_tests(&lab, lines(1..=2, true).as_bytes()).await.unwrap();
    let id = only(&w, &colleague).await;
    // Another agency lets more wait, one by one and later, than any list has room for.
    let own = w.store.waiting(id).await.unwrap().unwrap();
    let many = (1..=250).map(|n| {
        Write::AddWaiting(Box::new(Waiting {
            id: WaitingId::from_random(n),
            kind: WaitingKind::Arrivals,
            agency: border.staff().agency,
            agency_kind: AgencyKind::Border,
            weighs_on: border.staff().agency,
            staff: Some(border.staff().id),
            region: border.staff().region.clone(),
            import: None,
            made_at: own.made_at.plus_secs(60),
            ..own.clone()
        }))
    });
    w.store.commit(Unit::new("test", many.collect())).await.unwrap();
    assert_eq!(only(&w, &colleague).await, id);
    // Nor does it hide what was decided.
    w.app.confirm_waiting(&colleague, id).await.unwrap();
    let listed = w.app.list_waiting(&colleague).await.unwrap();
    assert_eq!(
        listed.iter().map(|r| (r.id, r.state)).collect::<Vec<_>>(),
        [(id, WaitingState::Confirmed)]
    );
}

#[tokio::test]
async fn two_servers_share_one_number() {
    let mut w = World::braked(5, 5).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let all = people(&mut w, 10).await;
    let second = w.second_server().await;
    let (one, two) = (lines(1..=5, true), lines(6..=10, true));
    let (one, two) = tokio::join!(
        w.app.import_tests(&lab, one.as_bytes()),
        second.import_tests(&lab, two.as_bytes()),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.taken + two.taken, 5);
    assert_eq!(one.waiting + two.waiting, 5);
    assert_eq!(coloured(&w, &all).await, 5);
}

#[tokio::test]
async fn arrivals_and_tests_by_hand_wait_too() {
    let mut w = World::braked(3, 2).await;
    let border = w.staff("border", "officer", "CN-33").await;
    let officer = w.officer().await;
    let all = people(&mut w, 4).await;
    let mut waited = Vec::new();
    for holder in &all {
        let input = ArrivalInput {
            whom: Whom::Holder(*holder),
            from: "SG".to_owned(),
            arrived_at: "2022-03-14T02:00:00Z".to_owned(),
            purpose: None,
        };
        waited.push(w.app.record_arrival(&border, &input).await.unwrap().waiting);
    }
    assert_eq!(waited, [false, false, true, true]);
    assert_eq!(coloured(&w, &all).await, 2);
    for row in waiting(&w, &officer).await {
        assert!(row.may_confirm);
        w.app.confirm_waiting(&officer, row.id).await.unwrap();
    }
    assert_eq!(coloured(&w, &all).await, 4);
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let mut last = None;
    for holder in &all[..3] {
        last = Some(w.app.record_test(&lab, &test_of(Whom::Holder(*holder), "positive")).await);
    }
    assert_eq!(last.unwrap().unwrap_err().fields[0].code, "test.no_sample_reference");
}

/// A case with so many people at its table.
async fn table(w: &mut World, guests: u32) -> (HolderId, Vec<HolderId>, PlaceId) {
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let all = people(w, guests + 1).await;
    for holder in &all {
        w.visit(*holder, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    (all[0], all[1..].to_vec(), cafe)
}

#[tokio::test]
async fn a_false_case_with_many_contacts_waits_for_another_agency() {
    let mut w = World::braked(4, 4).await;
    let officer = w.officer().await;
    let (case, guests, _) = table(&mut w, 5).await;
    let input = CaseInput { trace: true, ..case_of(case) };
    let recorded = w.app.record_case(&officer, &input).await.unwrap();
    let report = recorded.trace.unwrap();
    assert_eq!((report.close, report.contacts_recorded, report.contacts_waiting), (5, 0, 5));
    assert_eq!(coloured(&w, &guests).await, 0);
    // No way round it: again, after a restart, by the round that follows late data.
    let again = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!(
        (again.trace, again.contacts_recorded, again.contacts_waiting),
        (report.trace, 0, 5)
    );
    w.restart().await;
    assert_eq!(w.app.finish_traces().await.unwrap(), 0);
    w.app.follow_late_data().await.unwrap();
    assert_eq!((coloured(&w, &guests).await, told(&w).await.len()), (0, 1));

    let colleague = w.colleague(&officer).await;
    let elsewhere = w.staff("hospital", "officer", "CN-31").await;
    let hospital = w.staff("hospital", "officer", "CN-33").await;
    let id = only(&w, &hospital).await;
    let e = w.app.confirm_waiting(&colleague, id).await.unwrap_err();
    assert_eq!(e.code, "waiting.not_for_you");
    assert!(w.app.confirm_waiting(&elsewhere, id).await.is_err());
    w.app.confirm_waiting(&hospital, id).await.unwrap();
    assert_eq!(coloured(&w, &guests).await, 5);
    // The withdrawal of the case takes all of it back.
    w.app.withdraw_case(&officer, recorded.case).await.unwrap();
    assert_eq!(coloured(&w, &guests).await, 0);
}

#[tokio::test]
async fn contacts_that_were_refused_stay_green() {
    let mut w = World::braked(4, 4).await;
    let officer = w.officer().await;
    let hospital = w.staff("hospital", "officer", "CN-33").await;
    let (case, guests, cafe) = table(&mut w, 5).await;
    let input = CaseInput { trace: true, ..case_of(case) };
    let recorded = w.app.record_case(&officer, &input).await.unwrap();
    w.app.refuse_waiting(&hospital, only(&w, &hospital).await).await.unwrap();
    let again = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((again.contacts_recorded, again.contacts_waiting), (0, 0));
    w.restart().await;
    assert_eq!(w.app.finish_traces().await.unwrap(), 0);
    assert_eq!(coloured(&w, &guests).await, 0);
    // Another result is another question.
    let late = people(&mut w, 1).await;
    w.visit(late[0], cafe, "2022-03-13T04:10:00Z", "2022-03-13T05:00:00Z").await;
    w.restart().await;
    let more = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((more.contacts_recorded, more.contacts_waiting), (0, 6));
    w.app.confirm_waiting(&hospital, only(&w, &hospital).await).await.unwrap();
    assert_eq!((coloured(&w, &guests).await, coloured(&w, &late).await), (5, 1));
}

#[tokio::test]
async fn many_false_cases_are_a_mass_themselves() {
    let mut w = World::braked(3, 3).await;
    let officer = w.officer().await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    let all = people(&mut w, 5).await;
    let mut cases: Vec<(CaseId, bool)> = Vec::new();
    for holder in &all {
        let r = w.app.record_case(&officer, &CaseInput { trace: true, ..case_of(*holder) }).await;
        let r = r.unwrap();
        assert_eq!(r.trace.is_none(), r.waiting, "what is no case yet is not traced");
        cases.push((r.case, r.waiting));
    }
    assert_eq!(cases.iter().map(|c| c.1).collect::<Vec<_>>(), [false, false, false, true, true]);
    assert_eq!(coloured(&w, &all).await, 3);
    assert_eq!(w.app.list_cases(&officer).await.unwrap().len(), 3);
    let e = w.app.record_case(&officer, &case_of(all[4])).await.unwrap_err();
    assert_eq!(e.code, "evidence.waits");
    for row in waiting(&w, &board).await {
        w.app.confirm_waiting(&board, row.id).await.unwrap();
    }
    assert_eq!(coloured(&w, &all).await, 5);
    let listed = w.app.list_cases(&officer).await.unwrap();
    assert!(cases.iter().all(|(id, _)| listed.iter().any(|c| c.id == *id)));
    assert_eq!(w.app.list_traces(&officer, Some(cases[4].0)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_nobody_decides_on_lapses_and_says_so() {
    let Held { w, lab, colleague, all, id } = held().await;
    w.clock.advance(86_399);
    assert_eq!(w.app.expire_waiting().await.unwrap(), 0);
    w.clock.advance(1);
    let e = w.app.confirm_waiting(&colleague, id).await.unwrap_err();
    assert_eq!(e.code, "waiting.decided");
    assert_eq!(w.app.expire_waiting().await.unwrap(), 1);
    assert_eq!(w.app.expire_waiting().await.unwrap(), 0);
    let listed = w.app.list_waiting(&lab).await.unwrap();
    assert_eq!((listed.len(), listed[0].state), (1, WaitingState::Expired));
    let events: Vec<_> = told(&w).await.into_iter().map(|t| t.0).collect();
    assert_eq!(events, [WaitingEvent::Held, WaitingEvent::Expired]);
    assert_eq!(coloured(&w, &all).await, 0);
    // It may be sent again.
    let again = w.app.import_tests(&lab, lines(1..=3, true).as_bytes()).await.unwrap();
    assert_eq!(again.waiting, 3);
}

#[tokio::test]
async fn a_confirmation_cut_short_is_finished_after_the_restart() {
    let Held { mut w, colleague, all, id, .. } = held().await;
    // As if the program had ended right after the decision.
    let by = Some((colleague.staff().id, colleague.staff().agency));
    let decision = WaitingDecision { at: w.app.now(), by };
    let write = Write::DecideWaiting { id, state: WaitingState::Confirmed, decision };
    w.store.commit(Unit::new("test", vec![write])).await.unwrap();
    w.restart().await;
    assert_eq!(coloured(&w, &all).await, 0);
    w.app.finish_waiting().await.unwrap();
    assert_eq!(coloured(&w, &all).await, 3);
    w.app.finish_waiting().await.unwrap();
    assert!(w.store.waiting_pieces(id, 0, 9).await.unwrap().rows.is_empty());
}

#[tokio::test]
async fn a_carrier_cannot_put_a_train_beside_a_case() {
    let mut w = World::braked(3, 3).await;
    let officer = w.officer().await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let all = people(&mut w, 6).await;
    let by = w.app.conductor(&carrier).unwrap();
    let list = |number: &str, who: &[HolderId]| {
        let mut csv = RIDES.to_owned();
        for h in who {
            writeln!(
                csv,
                "train,{number},2022-03-12,CN-3301,{h},1,A,2022-03-12T01:00:00Z,2,B,2022-03-12T03:00:00Z,"
            )
            .unwrap();
        }
        csv
    };
    // Nobody aboard is a case: a list of any length is as usual.
    let usual = w.app.import_rides(&by, list("G1", &all[1..]).as_bytes()).await.unwrap();
    assert_eq!((usual.taken, usual.waiting), (5, 0));
    let id = w.app.record_case(&officer, &case_of(all[0])).await.unwrap().case;
    w.app.run_trace(&officer, id).await.unwrap();
    let false_list = w.app.import_rides(&by, list("G2", &all).as_bytes()).await.unwrap();
    assert_eq!((false_list.taken, false_list.waiting, false_list.new_trips), (0, 6, 1));
    w.app.follow_late_data().await.unwrap();
    assert_eq!(coloured(&w, &all[1..]).await, 0);
    let again = w.app.import_rides(&by, list("G2", &all).as_bytes()).await.unwrap();
    assert_eq!((again.taken, again.waiting, again.unchanged), (0, 0, 6));

    let hospital = w.staff("hospital", "officer", "CN").await;
    let ride = only(&w, &hospital).await;
    w.app.confirm_waiting(&hospital, ride).await.unwrap();
    // The contacts that follow are above the number of the case's agency, and wait in their turn.
    w.app.follow_late_data().await.unwrap();
    assert_eq!(coloured(&w, &all[1..]).await, 0);
    w.app.confirm_waiting(&hospital, only(&w, &hospital).await).await.unwrap();
    assert_eq!(coloured(&w, &all[1..]).await, 5);
    let visit = w.store.records_of_import(false_list.import.unwrap()).await.unwrap().rows;
    assert_eq!(visit.len(), 6);
    assert!(
        visit.iter().all(|r| r.record == RecordKind::Ride && r.staff == Some(carrier.staff().id))
    );
}

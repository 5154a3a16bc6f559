//! Recorded by document: of people who live elsewhere, and of people who are not registered yet.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fmt::Write as _;

use crate::common::{HOME, World, case_of, document, test_of};
use crate::moved::enter;
use jadegate_domain::evidence::TestResult;
use jadegate_domain::{Colour, Fact, HolderId};
use jadegate_service::StaffSession;
use jadegate_service::staff::{ArrivalInput, CaseInput, ImportReport, Record, TestInput, Whom};

const HEAD: &str =
    "document_type,document_number,document_country,result,method,sampled_at,sample_reference\n";

fn by_document(n: u32) -> Whom {
    Whom::Document(document(n))
}

fn sampled(n: u32, result: &str, hour: u32) -> TestInput {
    TestInput {
        sampled_at: format!("2022-03-14T{hour:02}:00:00Z"),
        sample: Some(format!("A-{n}-{hour}")),
        ..test_of(by_document(n), result)
    }
}

/// A line of a file.
fn line(n: u32, result: &str) -> String {
    format!("passport,X{n:07},CHN,{result},nucleic_acid,2022-03-14T02:00:00Z,A-{n}\n")
}

async fn send(w: &World, lab: &StaffSession, lines: &[String]) -> ImportReport {
    let file = format!("{HEAD}{}", lines.concat());
    w.app.import_tests(lab, file.as_bytes()).await.unwrap()
}

async fn tests(w: &World, of: HolderId) -> Vec<(TestResult, bool)> {
    let own = w.store.evidence_of(of).await.unwrap().unwrap().1;
    let test = |e: &jadegate_domain::Evidence| match e.fact {
        Fact::Test { result, .. } => Some((result, e.counts())),
        _ => None,
    };
    own.iter().filter_map(test).collect()
}

async fn far_lab(w: &mut World) -> StaffSession {
    w.staff("laboratory", "lab_technician", "CN-3101").await
}

/// The whole answer as it goes out, without the ids that are drawn.
fn said(answer: &impl serde::Serialize) -> String {
    let mut value = serde_json::to_value(answer).unwrap();
    for id in ["evidence", "case"] {
        if let Some(v) = value.get_mut(id) {
            *v = serde_json::Value::Null;
        }
    }
    value.to_string()
}

/// Registered here, registered elsewhere, not registered: the same answer, as many leaves of the same
/// kinds, and the same list of own records.
#[tokio::test]
async fn whoever_records_by_document_learns_nothing_but_that_it_was_recorded() {
    let mut w = World::new().await;
    let lab = far_lab(&mut w).await;
    let doctor = w.staff("hospital", "officer", "CN-3101").await;
    let border = w.staff("border", "officer", "CN-3101").await;
    let (elsewhere, holder) = w.register(HOME).await;
    let (_, here) = w.register("CN-310101").await;
    let mut all = Vec::new();
    for n in [1, 2, 77] {
        let mut answers = Vec::new();
        let from = w.leaves().await;
        for result in ["positive", "positive", "negative", "positive"] {
            let done = w.app.record_test(&lab, &sampled(n, result, 2)).await;
            answers.push(done.map_or_else(|e| e.code.to_owned(), |d| said(&d)));
        }
        let case = CaseInput { whom: by_document(n), ..case_of(holder) };
        for _ in 0..2 {
            answers.push(said(&w.app.record_case(&doctor, &case).await.unwrap()));
        }
        let arrival = ArrivalInput {
            whom: by_document(n),
            from: "JP".to_owned(),
            arrived_at: "2022-03-13T02:00:00Z".to_owned(),
            purpose: None,
        };
        for _ in 0..2 {
            answers.push(said(&w.app.record_arrival(&border, &arrival).await.unwrap()));
        }
        let kinds: Vec<_> = w
            .log(from, 100)
            .await
            .iter()
            .map(|l| {
                let leaf: serde_json::Value = serde_json::from_slice(&l.bytes).unwrap();
                format!("{} {} {}", leaf["kind"], leaf["event"], leaf["evidence_kind"])
            })
            .collect();
        let own: Vec<_> = w
            .app
            .own_records(&lab)
            .await
            .unwrap()
            .iter()
            .filter(|r| r.sample.as_deref() == Some(&format!("A-{n}-2")))
            .map(|r| (r.record, r.withdrawn.is_some(), r.import, r.fact.is_some()))
            .collect();
        all.push((answers, kinds, own));
    }
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
    assert!(all[0].0[0].contains("\"new\":true") && all[0].0[1].contains("\"new\":false"));
    assert_eq!(all[0].0[3], "test.corrected");
    // It counts at once where they live, and nobody looked at anything.
    assert_eq!((w.colour(holder).await, w.colour(here).await), (Colour::Red, Colour::Red));
    for who in [holder, here] {
        assert_eq!(w.store.accesses_of(who, jadegate_store::Latest::first(10)).await.unwrap(), []);
    }
    // The person sees by whom, and their own office has the case on its list.
    let seen = w.app.my_evidence(&elsewhere).await.unwrap();
    let test = seen.iter().find(|e| e.counts && matches!(e.evidence.fact, Fact::Test { .. }));
    assert_eq!(test.unwrap().by.as_ref().unwrap().name, "Test laboratory");
    let home = w.officer().await;
    let cases = w.app.list_cases(&home).await.unwrap();
    assert!(cases.iter().any(|c| c.holder == holder && c.name_masked == "T*** P***"));
    // By phone or id it is still one's own region only.
    let e = w.app.record_test(&lab, &test_of(Whom::Holder(holder), "negative")).await.unwrap_err();
    assert_eq!(e.code, "holder.not_found");
}

/// A case that another agency told is not told again, and the answer does not say so.
#[tokio::test]
async fn a_case_known_from_another_agency_is_one_case_and_is_not_given_away() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let doctor = w.staff("hospital", "officer", "CN-3101").await;
    let (_, holder) = w.register(HOME).await;
    w.app.record_case(&officer, &case_of(holder)).await.unwrap();
    let told = CaseInput { whom: by_document(1), trace: false, ..case_of(holder) };
    let done = w.app.record_case(&doctor, &told).await.unwrap();
    assert!(done.new && done.assessment.is_none());
    assert_eq!(w.app.list_cases(&officer).await.unwrap().len(), 1);
}

/// What is kept counts from the first moment of whoever registers with the document, with its corrections
/// and withdrawals, and is known again when its file is sent again.
#[tokio::test]
async fn results_of_people_who_are_not_registered_count_when_they_register() {
    let mut w = World::new().await;
    let lab = far_lab(&mut w).await;
    let file = [line(70, "positive"), line(71, "positive"), line(72, "negative")];
    let first = send(&w, &lab, &file).await;
    assert_eq!((first.taken, first.positives, first.rejected.len()), (3, 2, 0));
    // Sealed: what was found stands nowhere in the table.
    let bodies = w.read("SELECT group_concat(body) FROM kept_record");
    assert!(!bodies.contains("positive") && bodies.starts_with("sealed:"), "{bodies}");
    assert_eq!(send(&w, &lab, &file).await.unchanged, 3);
    // Corrected before they register, in one case back again.
    let second = send(&w, &lab, &[line(71, "negative")]).await;
    assert_eq!((second.taken, second.unchanged), (1, 0));
    let old = send(&w, &lab, &[line(71, "positive")]).await;
    assert_eq!(old.rejected[0].code, "test.corrected");

    let owner = enter(&w, 70, 70).await;
    let shown = w.app.show_code(&owner).await.unwrap();
    assert_eq!(shown.assessment.colour, Colour::Red);
    let corrected = enter(&w, 71, 71).await.holder();
    assert_eq!(w.colour(corrected).await, Colour::Green);
    let mut both = tests(&w, corrected).await;
    both.sort_by_key(|(_, counts)| *counts);
    assert_eq!(both, [(TestResult::Positive, false), (TestResult::Negative, true)]);
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "1");
    // The same file is known, whoever has registered since; what was corrected stays so.
    let again = send(&w, &lab, &file).await;
    assert_eq!((again.taken, again.unchanged, again.rejected.len()), (0, 2, 1));
    // Whoever told it says so: when, and by which file.
    let piece = w.app.my_evidence(&owner).await.unwrap();
    assert_eq!(piece.iter().filter(|e| e.by.is_some()).count(), 1);
    let own = w.app.own_records(&lab).await.unwrap();
    assert_eq!(own.len(), 4);
    assert!(own.iter().all(|r| r.import.is_some()));

    // A correction that is taken back corrected nothing.
    let third = send(&w, &lab, &[line(73, "positive"), line(74, "positive")]).await;
    let fourth = send(&w, &lab, &[line(73, "negative")]).await;
    w.app
        .withdraw_record(&lab, Record::Import(fourth.import.unwrap()), "never_happened")
        .await
        .unwrap();
    assert_eq!(w.colour(enter(&w, 73, 73).await.holder()).await, Colour::Red);
    // Its own file taken back, nothing of it is recorded, and it is not told again.
    let gone = Record::Import(third.import.unwrap());
    let done = w.app.withdraw_record(&lab, gone, "never_happened").await.unwrap();
    assert_eq!(done.records, 2, "one of somebody, one of nobody yet: it is not said which");
    let told = send(&w, &lab, &[line(74, "positive")]).await;
    assert_eq!(told.rejected[0].code, "evidence.withdrawn");
    assert_eq!(w.colour(enter(&w, 74, 74).await.holder()).await, Colour::Green);
}

/// A single one is taken back, by its own agency only, and stays visible to the person.
#[tokio::test]
async fn a_single_kept_result_is_taken_back_and_stays_so() {
    let mut w = World::new().await;
    let lab = far_lab(&mut w).await;
    let other = far_lab(&mut w).await;
    let why = "sample_mixed_up";
    let id = w.app.record_test(&lab, &sampled(70, "positive", 2)).await.unwrap().evidence;
    let e = w.app.withdraw_record(&other, Record::Evidence(id), why).await.unwrap_err();
    assert_eq!(e.code, "record.not_found");
    w.app.withdraw_record(&lab, Record::Evidence(id), why).await.unwrap();
    let e = w.app.record_test(&lab, &sampled(70, "positive", 2)).await.unwrap_err();
    assert_eq!(e.code, "evidence.withdrawn");
    let owner = enter(&w, 70, 70).await;
    assert_eq!(w.colour(owner.holder()).await, Colour::Green);
    let seen = w.app.my_evidence(&owner).await.unwrap();
    let gone = seen.iter().find(|e| e.evidence.id == id).unwrap();
    assert_eq!(gone.withdrawn.as_ref().unwrap().reason.as_str(), why);
    let e = w.app.record_test(&lab, &sampled(70, "positive", 2)).await.unwrap_err();
    assert_eq!(e.code, "evidence.withdrawn", "after the registration as before it");
    // A case is taken back by its number, whether or not its person has registered.
    let doctor = w.staff("hospital", "officer", "CN-3101").await;
    let told = CaseInput { whom: by_document(75), ..case_of(owner.holder()) };
    let case = w.app.record_case(&doctor, &told).await.unwrap().case;
    let own = w.app.own_records(&doctor).await.unwrap();
    assert_eq!(own[0].id, case.to_string());
    w.app.withdraw_record(&doctor, Record::Case(case), "not_borne_out").await.unwrap();
    assert_eq!(w.colour(enter(&w, 75, 75).await.holder()).await, Colour::Green);
}

/// Positives by document weigh on whoever records them, known or not; above the number they wait, and
/// go where the document leads when they are confirmed.
#[tokio::test]
async fn a_mass_by_document_waits_for_known_and_unknown_alike() {
    let mut w = World::braked(2, 2).await;
    let lab = far_lab(&mut w).await;
    let colleague = w.colleague(&lab).await;
    let (_, holder) = w.register(HOME).await;
    let all: Vec<_> = [1, 70, 71].into_iter().map(|n| line(n, "positive")).collect();
    let report = send(&w, &lab, &all).await;
    assert_eq!((report.taken, report.waiting, report.positives), (0, 3, 0));
    assert_eq!(send(&w, &lab, &all).await.unchanged, 3);
    // Nothing that waits says whom it is about, but by the document.
    assert_eq!(w.read("SELECT count(holder) || '' FROM waiting_piece"), "0");
    let early = enter(&w, 70, 70).await.holder();
    assert_eq!((w.colour(holder).await, w.colour(early).await), (Colour::Green, Colour::Green));
    let waits = w.app.list_waiting(&colleague).await.unwrap()[0].id;
    w.app.confirm_waiting(&colleague, waits).await.unwrap();
    assert_eq!((w.colour(holder).await, w.colour(early).await), (Colour::Red, Colour::Red));
    assert_eq!(w.colour(enter(&w, 71, 71).await.holder()).await, Colour::Red);
    assert_eq!(send(&w, &lab, &all).await.unchanged, 3);
}

/// What agencies elsewhere record of one town's people counts together: many laboratories of the country,
/// each below its own number, do not turn that many of one town red.
#[tokio::test]
async fn many_far_laboratories_together_have_one_agencys_number_for_a_town() {
    let mut w = World::braked(3, 3).await;
    let (mut people, mut waiting) = (Vec::new(), 0);
    for _ in 0..6 {
        people.push(w.register(HOME).await.1);
    }
    for pair in [[1, 2], [3, 4], [5, 6]] {
        let lab = far_lab(&mut w).await;
        let report = send(&w, &lab, &pair.map(|n| line(n, "positive"))).await;
        assert_eq!(report.taken + report.waiting, 2);
        waiting += report.waiting;
    }
    assert_eq!(waiting, 4, "the first file is below the number, the others would be above");
    let lab = far_lab(&mut w).await;
    let by_hand = |n, hour| sampled(n, "positive", hour);
    assert!(!w.app.record_test(&lab, &by_hand(1, 5)).await.unwrap().waiting);
    assert!(w.app.record_test(&lab, &by_hand(3, 5)).await.unwrap().waiting);
    // Their own laboratory has its own number.
    let own = w.staff("laboratory", "lab_technician", "CN-33").await;
    assert!(!w.app.record_test(&own, &by_hand(3, 6)).await.unwrap().waiting);
    let mut red = 0;
    for who in people {
        red += u32::from(w.colour(who).await == Colour::Red);
    }
    assert_eq!(red, 3);
}

/// What nobody registered for is deleted after the policy's days; how much is kept is told in tens, as of
/// the beginning of the day.
#[tokio::test]
async fn what_is_kept_is_counted_roughly_and_ends_after_the_policys_days() {
    let mut w = World::new().await;
    let lab = far_lab(&mut w).await;
    let mut file = HEAD.to_owned();
    for n in 100..125 {
        file.write_str(&line(n, "negative")).unwrap();
    }
    assert_eq!(w.app.import_tests(&lab, file.as_bytes()).await.unwrap().taken, 25);
    let counts = async |w: &World| w.app.kept_counts(&lab).await.unwrap();
    assert_eq!(counts(&w).await.unregistered, 0, "of today nothing is told");
    w.clock.advance(86_400);
    assert_eq!((counts(&w).await.unregistered, counts(&w).await.days), (20, 60));
    w.clock.advance(57 * 86_400);
    w.app.confirm_clock().await.unwrap();
    w.app.purge().await.unwrap();
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "25");
    w.clock.advance(2 * 86_400);
    w.app.confirm_clock().await.unwrap();
    w.app.purge().await.unwrap();
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "0");
    assert!(tests(&w, enter(&w, 101, 101).await.holder()).await.is_empty());
}

/// Registered at the same moment as the result arrives, at each place in turn: it is theirs, once.
#[tokio::test]
async fn a_result_and_a_registration_at_once() {
    let mut w = World::new().await;
    let lab = far_lab(&mut w).await;
    for readings in 0..60 {
        let n = 200 + u32::try_from(readings).unwrap();
        let (second, by) = (w.second_server().await, lab.clone());
        let told = sampled(n, "positive", 2);
        w.meanwhile(readings, async move {
            assert!(second.record_test(&by, &told).await.unwrap().new);
        });
        let owner = enter(&w, n, n).await.holder();
        if !w.clock.was_meanwhile() {
            assert!(readings > 2);
            return;
        }
        assert_eq!(w.colour(owner).await, Colour::Red, "at reading {readings}");
        assert_eq!(tests(&w, owner).await.len(), 1, "at reading {readings}");
    }
    panic!("a registration reads the clock very often");
}

/// Thousands of people whom nobody knows, and the same file again: each line has its answer.
#[tokio::test]
async fn a_large_file_of_unknown_people_is_taken_once() {
    let mut w = World::new().await;
    let lab = far_lab(&mut w).await;
    let lines: Vec<_> = (10_000..14_000).map(|n| line(n, "negative")).collect();
    let first = send(&w, &lab, &lines).await;
    assert_eq!((first.lines, first.taken, first.rejected.len()), (4_000, 4_000, 0));
    assert_eq!(send(&w, &lab, &lines).await.unchanged, 4_000);
    let gone = Record::Import(first.import.unwrap());
    let done = w.app.withdraw_record(&lab, gone, "never_happened").await.unwrap();
    assert_eq!(done.records, 4_000);
}

/// A column that was filled down, or somebody who fills the table: bounded, and told apart by nobody.
#[tokio::test]
async fn one_document_holds_so_many_records_of_one_agency() {
    let mut w = World::new().await;
    let (lab, other) = (far_lab(&mut w).await, far_lab(&mut w).await);
    let (_, holder) = w.register(HOME).await;
    let at =
        |n: u32| format!("2022-03-{:02}T{:02}:{:02}:00Z", 1 + n / 60 / 24, n / 60 % 24, n % 60);
    let row = |document: u32, n: u32| {
        format!("passport,X{document:07},CHN,negative,nucleic_acid,{},B-{document}-{n}\n", at(n))
    };
    for document in [1, 77] {
        let lines: Vec<_> = (0..260).map(|n| row(document, n)).collect();
        let report = send(&w, &lab, &lines).await;
        assert_eq!((report.taken, report.rejected.len()), (0, 260), "{document}: filled down");
        assert!(report.rejected.iter().all(|r| r.code == "document.too_many_records"));
        let report = send(&w, &lab, &lines[..256]).await;
        assert_eq!((report.taken, report.rejected.len()), (256, 0), "{document}");
        // Told again, what is there is known.
        let again = send(&w, &lab, &lines[..3]).await;
        assert_eq!((again.unchanged, again.rejected.len()), (3, 0), "{document}");
        let one = TestInput { sampled_at: at(900), ..test_of(by_document(document), "positive") };
        let refused = w.app.record_test(&lab, &one).await.unwrap_err();
        assert_eq!(refused.code, "document.too_many_records", "{document}");
        // Another laboratory has room.
        w.app.record_test(&other, &one).await.unwrap();
    }
    assert_eq!(tests(&w, holder).await.len(), 257);
}

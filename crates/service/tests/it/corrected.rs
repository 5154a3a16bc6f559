//! A laboratory corrects its own result: same sample, new result.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::fmt::Write as _;

use crate::common::{HOME, REQUEST, World, case_of, document, test_of};
use jadegate_domain::evidence::TestResult;
use jadegate_domain::{Colour, Fact, HolderId};
use jadegate_service::StaffSession;
use jadegate_service::import::report::ImportReport;
use jadegate_service::staff::{CaseInput, Record, TestInput, Whom};

const HEAD: &str = "document_type,document_number,result,method,sampled_at,document_country";

/// The two files as a laboratory sends them, one after the other.
fn file(result: &str) -> String {
    format!("{HEAD}\npassport,X0000001,{result},nucleic_acid,2022-03-14T02:00:00Z,CHN\n")
}

async fn send(w: &World, lab: &StaffSession, result: &str) -> ImportReport {
    w.app.import_tests(lab, file(result).as_bytes()).await.unwrap()
}

/// The results that count.
async fn counting(w: &World, of: HolderId) -> Vec<TestResult> {
    let own = w.store.evidence_of(of).await.unwrap().unwrap().1;
    let result = |f: &Fact| match f {
        Fact::Test { result, .. } => Some(*result),
        _ => None,
    };
    own.iter().filter(|e| e.counts()).filter_map(|e| result(&e.fact)).collect()
}

fn by_hand(holder: HolderId, result: &str, sample: &str) -> TestInput {
    let sample = (!sample.is_empty()).then(|| sample.to_owned());
    TestInput { sample, ..test_of(Whom::Holder(holder), result) }
}

#[tokio::test]
async fn a_corrected_file_takes_the_place_of_the_first() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let officer = w.officer().await;
    let (session, holder) = w.register(HOME).await;
    let first = send(&w, &lab, "positive").await;
    assert_eq!((first.taken, w.colour(holder).await), (1, Colour::Red));
    let leaves = w.leaves().await;
    let second = send(&w, &lab, "negative").await;
    assert_eq!((second.taken, second.unchanged, second.rejected.len()), (1, 0, 0));
    assert_eq!(w.colour(holder).await, Colour::Green);
    // The new piece, and no look: whoever sends a file learns nothing of anybody.
    assert_eq!(w.leaves().await, leaves + 1);

    // Both are visible, to the person and to staff.
    let own = w.app.my_evidence(&session).await.unwrap();
    let tests: Vec<_> =
        own.iter().filter(|e| matches!(e.evidence.fact, Fact::Test { .. })).collect();
    assert_eq!(tests.len(), 2);
    let old = tests.iter().find(|e| !e.counts).unwrap();
    let new = tests.iter().find(|e| e.counts).unwrap();
    assert_eq!(old.evidence.superseded_by, Some(new.evidence.id));
    assert!(old.withdrawn.is_none());
    let seen = w.app.open_holder(&officer, holder, REQUEST, None).await.unwrap();
    let tests = |f: &Fact| matches!(f, Fact::Test { .. });
    assert_eq!(seen.evidence.iter().filter(|e| tests(&e.evidence.fact)).count(), 2);

    // The same file again is known; the old one does not undo it, and says so.
    assert_eq!(send(&w, &lab, "negative").await.unchanged, 1);
    let old = send(&w, &lab, "positive").await;
    assert_eq!((old.taken, old.rejected[0].code), (0, "test.corrected"));
    assert_eq!(w.colour(holder).await, Colour::Green);
    let e = w.app.record_test(&lab, &by_hand(holder, "positive", "")).await.unwrap_err();
    assert_eq!(e.code, "test.corrected");

    // Taken back, the correction is none: what it corrected counts again.
    let record = Record::Evidence(new.evidence.id);
    w.app.withdraw_record(&lab, record, "sample_mixed_up").await.unwrap();
    assert_eq!(w.colour(holder).await, Colour::Red);
    assert_eq!(counting(&w, holder).await, [TestResult::Positive]);
    assert_eq!(send(&w, &lab, "positive").await.unchanged, 1);
    // It came with the first file, and goes with it.
    let record = Record::Import(first.import.unwrap());
    w.app.withdraw_record(&officer, record, "never_happened").await.unwrap();
    assert_eq!((w.colour(holder).await, counting(&w, holder).await.len()), (Colour::Green, 0));
}

#[tokio::test]
async fn the_other_way_round_a_negative_is_corrected_to_a_positive() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let (_, holder) = w.register(HOME).await;
    let first = w.app.record_test(&lab, &by_hand(holder, "negative", "A-1")).await.unwrap();
    let second = w.app.record_test(&lab, &by_hand(holder, "positive", "A-1")).await.unwrap();
    assert_eq!((first.new, second.new), (true, true));
    assert_eq!(second.assessment.unwrap().colour, Colour::Red);
    assert_eq!(counting(&w, holder).await, [TestResult::Positive]);
}

/// Another laboratory, another tube or another moment is another sample: nothing is corrected.
#[tokio::test]
async fn another_sample_corrects_nothing() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let other = w.staff("laboratory", "lab_technician", "CN-33").await;
    let (_, holder) = w.register(HOME).await;
    w.app.record_test(&lab, &by_hand(holder, "positive", "A-1")).await.unwrap();
    w.app.record_test(&other, &by_hand(holder, "negative", "A-1")).await.unwrap();
    w.app.record_test(&lab, &by_hand(holder, "negative", "A-2")).await.unwrap();
    let later = TestInput {
        sampled_at: "2022-03-14T03:00:00Z".to_owned(),
        ..by_hand(holder, "negative", "A-1")
    };
    w.app.record_test(&lab, &later).await.unwrap();
    assert_eq!(w.colour(holder).await, Colour::Red);
    assert_eq!(counting(&w, holder).await.len(), 4);
}

/// A case that rested on the corrected sample falls, and its contacts are released.
#[tokio::test]
async fn a_correction_reaches_the_case_and_its_contacts() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let officer = w.officer().await;
    let (_, holder) = w.register(HOME).await;
    let (_, friend) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [holder, friend] {
        w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    send(&w, &lab, "positive").await;
    let case = CaseInput { trace: true, ..case_of(holder) };
    let case = w.app.record_case(&officer, &case).await.unwrap().case;
    assert_eq!(w.colour(friend).await, Colour::Red);
    send(&w, &lab, "negative").await;
    for who in [holder, friend] {
        assert_eq!(w.colour(who).await, Colour::Green);
    }
    assert!(w.store.case(case).await.unwrap().unwrap().withdrawn_at.is_some());
}

/// Two lines of one file that do not agree: the positive one is taken, in whichever order they stand.
#[tokio::test]
async fn of_two_lines_that_contradict_each_other_the_positive_one_is_taken() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    for (n, order) in [(1, ["positive", "negative"]), (2, ["negative", "positive"])] {
        let (_, holder) = w.register(HOME).await;
        let mut csv = format!("{HEAD}\n");
        for result in order {
            let number = document(n).number;
            writeln!(csv, "passport,{number},{result},nucleic_acid,2022-03-14T02:00:00Z,CHN")
                .unwrap();
        }
        let report = w.app.import_tests(&lab, csv.as_bytes()).await.unwrap();
        assert_eq!((report.taken, report.rejected.len()), (1, 1));
        assert_eq!(report.rejected[0].code, "test.contradicted");
        assert_eq!(w.colour(holder).await, Colour::Red);
        // Sent by itself the other line is a correction.
        let result = csv.lines().find(|l| l.contains("negative")).unwrap();
        let alone = format!("{HEAD}\n{result}\n");
        assert_eq!(w.app.import_tests(&lab, alone.as_bytes()).await.unwrap().taken, 1);
        assert_eq!(w.colour(holder).await, Colour::Green);
    }
}

/// Correcting many positives away has a brake as taking them back has: above the number a colleague
/// confirms, and nobody is released before.
#[tokio::test]
async fn many_corrections_wait_for_a_colleague() {
    let mut w = World::releasing(3, 2).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(w.register(HOME).await.1);
    }
    let lines = |result: &str| {
        let mut csv = format!("{HEAD},sample_reference\n");
        for n in 1..=3 {
            writeln!(csv, "passport,X{n:07},{result},nucleic_acid,2022-03-14T02:00:00Z,CHN,A-{n}")
                .unwrap();
        }
        csv
    };
    w.app.import_tests(&lab, lines("positive").as_bytes()).await.unwrap();
    let report = w.app.import_tests(&lab, lines("negative").as_bytes()).await.unwrap();
    assert_eq!((report.taken, report.waiting), (0, 3));
    for who in &all {
        assert_eq!(w.colour(*who).await, Colour::Red);
    }
    let waiting = w.app.list_waiting(&colleague).await.unwrap();
    assert!(waiting[0].may_confirm && waiting[0].has_samples);
    w.app.confirm_waiting(&colleague, waiting[0].id).await.unwrap();
    for who in &all {
        assert_eq!(w.colour(*who).await, Colour::Green);
        assert_eq!(counting(&w, *who).await, [TestResult::Negative]);
    }
    // Below the number one by one: two of three pass, by hand.
    let mut waits = 0;
    for _ in 0..3 {
        let (_, who) = w.register(HOME).await;
        w.app.record_test(&lab, &by_hand(who, "positive", "B-1")).await.unwrap();
        let done = w.app.record_test(&lab, &by_hand(who, "negative", "B-1")).await.unwrap();
        waits += u32::from(done.waiting);
    }
    assert_eq!(waits, 1);
}

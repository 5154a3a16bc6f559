//! A sample is known by its tube before anybody is known by it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::common::{HOME, World, document, test_of};
use crate::moved::enter;
use jadegate_domain::record::WithdrawalReason;
use jadegate_domain::{Colour, Fact, HolderId, Timestamp};
use jadegate_service::StaffSession;
use jadegate_service::staff::{BoundSample, ImportReport, Record, SampleInput, TestInput, Whom};

const HEAD: &str =
    "document_type,document_number,document_country,result,method,sampled_at,sample_reference\n";
const NEW: BoundSample = BoundSample { new: true, corrected: false };
const KNOWN: BoundSample = BoundSample { new: false, corrected: false };

fn of_tube(tube: &str, result: &str) -> TestInput {
    TestInput { sample: Some(tube.to_owned()), ..test_of(Whom::Unnamed, result) }
}

fn by_document(tube: &str, n: u32) -> SampleInput {
    SampleInput { sample: tube.to_owned(), document: Some(document(n)), ..SampleInput::default() }
}

fn by_code(tube: &str, code: String) -> SampleInput {
    SampleInput { sample: tube.to_owned(), code: Some(code), ..SampleInput::default() }
}

async fn send(w: &World, lab: &StaffSession, lines: &[(&str, &str)]) -> ImportReport {
    let line = |(tube, result): &(&str, &str)| {
        format!(",,,{result},nucleic_acid,2022-03-14T02:00:00Z,{tube}\n")
    };
    let file = format!("{HEAD}{}", lines.iter().map(line).collect::<String>());
    w.app.import_tests(lab, file.as_bytes()).await.unwrap()
}

async fn lab(w: &mut World) -> StaffSession {
    w.staff("laboratory", "lab_technician", "CN-33").await
}

/// The moments of the results that count.
async fn sampled(w: &World, of: HolderId) -> Vec<Timestamp> {
    let own = w.store.evidence_of(of).await.unwrap().unwrap().1;
    let test = |e: &jadegate_domain::Evidence| match e.fact {
        Fact::Test { sampled_at, .. } if e.counts() => Some(sampled_at),
        _ => None,
    };
    own.iter().filter_map(test).collect()
}

/// Result first or person first, known or not, by document or by code: the same in any order.
#[tokio::test]
async fn a_tubes_result_counts_from_its_own_moment_in_any_order() {
    let mut w = World::new().await;
    let lab = lab(&mut w).await;
    let (session, holder) = w.register(HOME).await;
    let (_, other) = w.register("CN-310101").await;

    // Result, then the person by document, wherever they live.
    let first = w.app.record_test(&lab, &of_tube("T-1", "positive")).await.unwrap();
    assert!(first.new && first.assessment.is_none());
    assert!(!w.app.record_test(&lab, &of_tube("T-1", "positive")).await.unwrap().new);
    assert_eq!(w.app.kept_counts(&lab).await.unwrap().tubes, 1);
    assert_eq!(w.colour(other).await, Colour::Green);
    assert_eq!(w.app.bind_sample(&lab, &by_document("T-1", 2)).await.unwrap(), NEW);
    assert_eq!(w.colour(other).await, Colour::Red);
    assert_eq!(sampled(&w, other).await, ["2022-03-14T02:00:00Z".parse().unwrap()]);
    assert_eq!(w.app.kept_counts(&lab).await.unwrap().tubes, 0);
    // The same again is one, and so is its result.
    assert_eq!(w.app.bind_sample(&lab, &by_document("T-1", 2)).await.unwrap(), KNOWN);
    assert!(!w.app.record_test(&lab, &of_tube("T-1", "positive")).await.unwrap().new);

    // The person by the code on their phone, then the result; the document says the same of them.
    let code = w.app.show_code(&session).await.unwrap().code;
    assert_eq!(w.app.bind_sample(&lab, &by_code("T-2", code)).await.unwrap(), NEW);
    assert_eq!(w.app.bind_sample(&lab, &by_document("T-2", 1)).await.unwrap(), KNOWN);
    let report =
        send(&w, &lab, &[("T-2", "positive"), ("T-2", "positive"), ("", "negative")]).await;
    assert_eq!((report.taken, report.unchanged), (1, 1));
    assert_eq!((report.rejected[0].line, report.rejected[0].code), (4, "test.nobody"));
    assert_eq!(w.colour(holder).await, Colour::Red);
    // It is corrected by its tube like any other.
    assert_eq!(send(&w, &lab, &[("T-2", "negative")]).await.taken, 1);
    assert_eq!(w.colour(holder).await, Colour::Green);

    // Somebody who is not registered: in both orders.
    for (tube, n) in [("T-3", 73), ("T-4", 74)] {
        if n == 73 {
            w.app.bind_sample(&lab, &by_document(tube, n)).await.unwrap();
        }
        assert_eq!(send(&w, &lab, &[(tube, "positive")]).await.taken, 1);
        if n == 74 {
            w.app.bind_sample(&lab, &by_document(tube, n)).await.unwrap();
        }
        assert_eq!(w.app.kept_counts(&lab).await.unwrap().tubes, 0);
        let owner = enter(&w, n, n).await.holder();
        assert_eq!(w.colour(owner).await, Colour::Red, "{tube}");
        assert_eq!(send(&w, &lab, &[(tube, "positive")]).await.unchanged, 1);
    }
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "0");
}

/// An old code, and nobody or two at once, are refused; so is a number that is none.
#[tokio::test]
async fn what_does_not_say_whose_it_is_is_refused() {
    let mut w = World::new().await;
    let lab = lab(&mut w).await;
    let (session, _) = w.register(HOME).await;
    let code = w.app.show_code(&session).await.unwrap().code;
    let both = SampleInput { code: Some(code.clone()), ..by_document("T-1", 1) };
    let neither = SampleInput { sample: "T-1".to_owned(), ..SampleInput::default() };
    for input in [both, neither] {
        assert_eq!(w.app.bind_sample(&lab, &input).await.unwrap_err().code, "sample.one");
    }
    let unnamed = by_document(" ", 1);
    let e = w.app.bind_sample(&lab, &unnamed).await.unwrap_err();
    assert_eq!(e.fields[0].code, "sample.needed");
    w.clock.advance(600);
    let e = w.app.bind_sample(&lab, &by_code("T-1", code)).await.unwrap_err();
    assert_eq!((e.fields[0].field, e.fields[0].code), ("code", "code.stale"));
    let nobody = TestInput { sample: None, ..of_tube("", "negative") };
    assert_eq!(w.app.record_test(&lab, &nobody).await.unwrap_err().code, "whom.one");
    let venue = w.staff("venue", "venue_manager", "CN-33").await;
    assert!(w.app.bind_sample(&venue, &by_document("T-1", 1)).await.is_err());
}

/// Another person's it becomes only by a correction of who said it or of the laboratory; then the result
/// goes along, and the first is not red for it.
#[tokio::test]
async fn another_persons_it_becomes_only_by_a_correction() {
    let mut w = World::new().await;
    let lab = lab(&mut w).await;
    let site = w.staff("hospital", "officer", "CN-33").await;
    let other = w.staff("hospital", "officer", "CN-33").await;
    let (wrong, holder) = w.register(HOME).await;
    let (_, right) = w.register(HOME).await;
    let of_lab = |n| SampleInput { laboratory: Some(lab.staff().agency), ..by_document("T-1", n) };
    // The site that takes the samples says it of the laboratory's numbers.
    w.app.bind_sample(&site, &of_lab(1)).await.unwrap();
    let result = w.app.record_test(&lab, &of_tube("T-1", "positive")).await.unwrap();
    assert_eq!(w.colour(holder).await, Colour::Red);
    let e = w.app.bind_sample(&site, &of_lab(2)).await.unwrap_err();
    assert_eq!(e.code, "sample.other_person");
    let correct = |n| SampleInput { correct: true, ..of_lab(n) };
    let e = w.app.bind_sample(&other, &correct(2)).await.unwrap_err();
    assert_eq!(e.code, "sample.not_yours");
    let done = w.app.bind_sample(&site, &correct(2)).await.unwrap();
    assert_eq!(done, BoundSample { new: true, corrected: true });
    assert_eq!((w.colour(holder).await, w.colour(right).await), (Colour::Green, Colour::Red));
    // The first sees what it was, and why it counts no more.
    let seen = w.app.my_evidence(&wrong).await.unwrap();
    let gone = seen.iter().find(|e| e.evidence.id == result.evidence).unwrap();
    assert_eq!(gone.withdrawn.as_ref().unwrap().reason, WithdrawalReason::WrongPerson);
    // To somebody who is not registered it goes just so, and from them as well.
    w.app.bind_sample(&site, &correct(80)).await.unwrap();
    assert_eq!(w.colour(right).await, Colour::Green);
    w.app.bind_sample(&site, &correct(81)).await.unwrap();
    assert_eq!(w.colour(enter(&w, 80, 80).await.holder()).await, Colour::Green);
    assert_eq!(w.colour(enter(&w, 81, 81).await.holder()).await, Colour::Red);
    assert_eq!(send(&w, &lab, &[("T-1", "positive")]).await.unchanged, 1);
}

/// Numbers are an agency's own: two laboratories may have the same.
#[tokio::test]
async fn two_laboratories_may_have_the_same_number() {
    let mut w = World::new().await;
    let (one, two) = (lab(&mut w).await, lab(&mut w).await);
    let (_, first) = w.register(HOME).await;
    let (_, second) = w.register(HOME).await;
    w.app.record_test(&one, &of_tube("T-1", "positive")).await.unwrap();
    w.app.record_test(&two, &of_tube("T-1", "negative")).await.unwrap();
    w.app.bind_sample(&one, &by_document("T-1", 1)).await.unwrap();
    w.app.bind_sample(&two, &by_document("T-1", 2)).await.unwrap();
    assert_eq!((w.colour(first).await, w.colour(second).await), (Colour::Red, Colour::Green));
}

/// A tube's result is taken back before anybody is known by it, by itself and with its file; what nobody
/// was known by ends after the policy's days.
#[tokio::test]
async fn a_tubes_result_is_taken_back_and_ends_like_any_other() {
    let mut w = World::new().await;
    let lab = lab(&mut w).await;
    let (_, holder) = w.register(HOME).await;
    let id = w.app.record_test(&lab, &of_tube("T-1", "positive")).await.unwrap().evidence;
    w.app.withdraw_record(&lab, Record::Evidence(id), "sample_mixed_up").await.unwrap();
    assert_eq!(w.app.kept_counts(&lab).await.unwrap().tubes, 0);
    let e = w.app.record_test(&lab, &of_tube("T-1", "positive")).await.unwrap_err();
    assert_eq!(e.code, "evidence.withdrawn");
    let file = send(&w, &lab, &[("T-2", "positive")]).await;
    let gone = Record::Import(file.import.unwrap());
    assert_eq!(w.app.withdraw_record(&lab, gone, "never_happened").await.unwrap().records, 1);
    for tube in ["T-1", "T-2"] {
        w.app.bind_sample(&lab, &by_document(tube, 1)).await.unwrap();
    }
    assert_eq!((w.colour(holder).await, sampled(&w, holder).await.len()), (Colour::Green, 0));
    w.app.record_test(&lab, &of_tube("T-3", "positive")).await.unwrap();
    w.clock.advance(61 * 86_400);
    w.app.confirm_clock().await.unwrap();
    w.app.purge().await.unwrap();
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "0");
    assert_eq!(w.read("SELECT count(*) || '' FROM tube"), "0");
}

/// The positives of tubes weigh like others, and above the number wait; confirmed, they go to whoever's
/// tube it is by then. Taking positives from people by corrections weighs, too.
#[tokio::test]
async fn tubes_are_no_way_around_the_brake() {
    let mut w = World::braked(1, 1).await;
    let lab = lab(&mut w).await;
    let colleague = w.colleague(&lab).await;
    let (_, holder) = w.register(HOME).await;
    let told = [("T-1", "positive"), ("T-2", "positive")];
    assert_eq!(send(&w, &lab, &told).await.waiting, 2);
    assert_eq!(send(&w, &lab, &told).await.unchanged, 2);
    w.app.bind_sample(&lab, &by_document("T-1", 1)).await.unwrap();
    assert_eq!(w.colour(holder).await, Colour::Green);
    let waits = w.app.list_waiting(&colleague).await.unwrap()[0].id;
    w.app.confirm_waiting(&colleague, waits).await.unwrap();
    assert_eq!(w.colour(holder).await, Colour::Red);
    assert_eq!(w.app.kept_counts(&lab).await.unwrap().tubes, 1);

    let mut w = World::releasing(1, 1).await;
    let lab = crate::tubes::lab(&mut w).await;
    let mut people = Vec::new();
    for n in 1..=2 {
        people.push(w.register(HOME).await.1);
        let tube = format!("T-{n}");
        w.app.record_test(&lab, &of_tube(&tube, "positive")).await.unwrap();
        w.app.bind_sample(&lab, &by_document(&tube, n)).await.unwrap();
    }
    let correct = |n: u32| SampleInput { correct: true, ..by_document(&format!("T-{n}"), 90 + n) };
    w.app.bind_sample(&lab, &correct(1)).await.unwrap();
    let e = w.app.bind_sample(&lab, &correct(2)).await.unwrap_err();
    assert_eq!(e.code, "withdrawal.above_mandate");
    assert_eq!(
        (w.colour(people[0]).await, w.colour(people[1]).await),
        (Colour::Green, Colour::Red)
    );
}

/// A result and the word whose tube it is, at the same moment on two servers, at each place in turn.
#[tokio::test]
async fn a_result_and_whose_tube_it_is_at_once() {
    let mut w = World::new().await;
    let lab = lab(&mut w).await;
    let (_, holder) = w.register(HOME).await;
    for readings in 0..60 {
        let tube = format!("T-{readings}");
        let (second, by) = (w.second_server().await, lab.clone());
        let said = by_document(&tube, 1);
        w.meanwhile(readings, async move {
            assert!(second.bind_sample(&by, &said).await.unwrap().new);
        });
        let told = TestInput {
            sampled_at: format!("2022-03-14T02:00:{readings:02}Z"),
            ..of_tube(&tube, "negative")
        };
        assert!(w.app.record_test(&lab, &told).await.unwrap().new, "at reading {readings}");
        if !w.clock.was_meanwhile() {
            assert!(readings > 1);
            return;
        }
        assert_eq!(sampled(&w, holder).await.len(), readings + 1, "at reading {readings}");
        assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "0");
    }
    panic!("recording reads the clock very often");
}

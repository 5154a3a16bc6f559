//! One record that was that of two people: told apart at a counter, said whose each piece is, contested,
//! undone; and the colour that holds meanwhile.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;

use crate::common::scenes::EVER;
use crate::common::two_records::{by_document, code, colours, ended_by_tests, other_officer, test};
use crate::common::{HOME, REQUEST, World, case_of, document, phone};
use jadegate_domain::evidence::TestResult;
use jadegate_domain::record::{AccountEvent, LinkState, PieceOwner};
use jadegate_domain::{CaseId, Colour, Evidence, EvidenceId, EvidenceKind, Fact, HolderId};
use jadegate_service::staff::{
    CaseInput, DetailInput, PieceInput, RecordsAnswer, RecordsInput, RecordsOutcome, SplitInput,
    Whom,
};
use jadegate_service::{HolderSession, Result, StaffSession};
use jadegate_store::{Latest, Page};

fn second(documents: &[u32], phone_of: Option<u32>) -> SplitInput {
    SplitInput {
        documents: documents.iter().map(|n| document(*n)).collect(),
        name: "Testb Probe".to_owned(),
        nationality: "CN".to_owned(),
        phone: phone_of.map(phone),
        phone_country: None,
        language: "en".to_owned(),
    }
}

async fn split(w: &World, by: &StaffSession, shown: u32, go: &[u32]) -> Result<RecordsAnswer> {
    let input = RecordsInput::Split(Box::new(second(go, Some(1))));
    w.app.decide_records(by, &document(shown), &input).await
}

async fn assign(
    w: &World,
    by: &StaffSession,
    record: HolderId,
    pieces: &[(EvidenceId, PieceOwner)],
) -> Result<RecordsAnswer> {
    let piece = |(evidence, owner): &(EvidenceId, PieceOwner)| PieceInput {
        evidence: *evidence,
        owner: *owner,
    };
    let input = RecordsInput::Assign(record, pieces.iter().map(piece).collect());
    w.app.decide_records(by, &document(1), &input).await
}

async fn undo(w: &World, by: &StaffSession) -> Result<RecordsAnswer> {
    w.app.decide_records(by, &document(1), &RecordsInput::Join(document(2))).await
}

async fn evidence(w: &World, of: HolderId) -> Vec<Evidence> {
    w.store.evidence_of(of).await.unwrap().unwrap().1
}

/// Father and son: both documents lead to one record.
async fn father_and_son(w: &mut World) -> (HolderSession, HolderId, StaffSession) {
    let (s, main) = w.register(HOME).await;
    let team = w.officer().await;
    let more = DetailInput::Document(document(2));
    w.app.change_details(&team, &document(1), &more).await.unwrap();
    (s, main, team)
}

async fn record_of(w: &World, by: &StaffSession, n: u32) -> HolderId {
    w.app.find_holder(by, &by_document(n), REQUEST).await.unwrap().holder
}

async fn session_of(w: &World, holder: HolderId) -> HolderSession {
    let token = w.token_of(holder).await;
    w.app.holder_session(&token).await.unwrap()
}

/// The piece that is a positive test.
fn positive(pieces: &RecordsAnswer) -> EvidenceId {
    let found = pieces.pieces.iter().find(|p| p.kind == EvidenceKind::Test);
    found.unwrap().evidence
}

#[tokio::test]
async fn a_record_of_two_people_is_told_apart_and_one_again() {
    let mut w = World::new().await;
    let (s, main, team) = father_and_son(&mut w).await;
    let office = other_officer(&mut w).await;
    w.app.record_test(&team, &test(2, "positive", "2022-03-15T02:00:00Z")).await.unwrap();
    w.app.print_my_paper(&s, false).await.unwrap();
    let before = evidence(&w, main).await;
    let identity = w.app.my_records(&s).await.unwrap();
    assert_eq!(identity, []);

    // Nobody is milder by it: one counter is enough.
    let done = split(&w, &team, 1, &[2]).await.unwrap();
    assert_eq!((done.outcome, done.records.len()), (RecordsOutcome::Split, 1));
    let record = done.records[0].record;
    assert_eq!(done.records[0].state, LinkState::Split);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!((record_of(&w, &team, 1).await, record_of(&w, &team, 2).await), (main, record));
    assert_eq!(evidence(&w, main).await, before);
    // Signed out, and the paper opens nothing: nobody knows whose hands they are in.
    assert!(w.store.paper_of(main).await.unwrap().is_none());
    // Of what can be told apart: the test. Where they live is that of both.
    let kinds: Vec<_> = done.pieces.iter().map(|p| (p.kind, p.owner)).collect();
    assert_eq!(kinds, [(EvidenceKind::Test, PieceOwner::Both)]);

    // The father would be green by it: a second counter, of another agency.
    let test_of_son = [(positive(&done), PieceOwner::Record)];
    let done = assign(&w, &team, record, &test_of_son).await.unwrap();
    assert_eq!(done.outcome, RecordsOutcome::Waiting);
    assert_eq!(done.pieces[0].waits, Some(PieceOwner::Record));
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!(code(assign(&w, &team, record, &test_of_son).await), "records.second_officer");
    let colleague = w.colleague(&team).await;
    assert_eq!(code(assign(&w, &colleague, record, &test_of_son).await), "records.second_officer");
    let done = assign(&w, &office, record, &test_of_son).await.unwrap();
    assert_eq!((done.outcome, done.pieces[0].waits), (RecordsOutcome::Assigned, None));
    assert_eq!(colours(&w, [main, record]).await, [Colour::Green, Colour::Red]);
    // What is new is that of whoever's document it is.
    w.app.record_test(&team, &test(1, "negative", "2022-03-15T03:00:00Z")).await.unwrap();
    assert_eq!(
        evidence(&w, record).await.iter().filter(|e| e.fact.kind() == EvidenceKind::Test).count(),
        1
    );
    // Both see it, and by whom; the second one also what was before.
    for of in [main, record] {
        let s = session_of(&w, of).await;
        let changes = w.app.my_changes(&s).await.unwrap();
        let events: Vec<_> = changes.iter().map(|c| c.event).collect();
        let said = events.iter().filter(|e| **e == AccountEvent::SplitDecided).count();
        assert_eq!(said, 2, "{events:?}");
        assert!(events.contains(&AccountEvent::RecordSplit));
        let mut split = changes.iter().filter(|c| c.event == AccountEvent::RecordSplit);
        assert!(split.all(|c| c.by.is_some()));
        assert_eq!(w.app.my_records(&s).await.unwrap()[0].state, LinkState::Split);
        let history = w.app.my_history(&s).await.unwrap();
        assert!(history.iter().any(|c| c.to == Colour::Red));
    }

    // Undone: the father is red again, which makes nobody milder.
    let own = evidence(&w, main).await;
    let done = undo(&w, &team).await.unwrap();
    assert_eq!((done.outcome, done.pieces.len()), (RecordsOutcome::Joined, 0));
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!(record_of(&w, &team, 2).await, main);
    let after = evidence(&w, main).await;
    assert!(before.iter().all(|e| after.contains(e)), "exactly as it was");
    assert!(own.iter().all(|e| after.contains(e)), "with what came since");
}

/// The document that the account showed goes: the other one takes its place, and goes back when undone.
#[tokio::test]
async fn the_account_keeps_a_document_of_its_own() {
    let mut w = World::new().await;
    let (_, main, team) = father_and_son(&mut w).await;
    // The newest document is the son's.
    let masked = |a: &RecordsAnswer| a.records[0].document_masked.clone();
    let done = split(&w, &team, 1, &[2]).await.unwrap();
    let record = done.records[0].record;
    assert_eq!(masked(&done), "******02", "of the other");
    let by_son = RecordsInput::Look;
    let seen = w.app.decide_records(&team, &document(2), &by_son).await.unwrap();
    assert_eq!(masked(&seen), "******01");
    undo(&w, &team).await.unwrap();
    let s = session_of(&w, main).await;
    let me = w.app.profile(&s).await.unwrap();
    assert_eq!(me.document_masked, "******02", "as before");
    // Told apart again: there is a record for the second already.
    assert_eq!(record_of(&w, &team, 2).await, main);
    let parted =
        w.app.decide_records(&team, &document(1), &RecordsInput::Part(record)).await.unwrap();
    assert_eq!(parted.outcome, RecordsOutcome::Parted);
    assert_eq!(record_of(&w, &team, 2).await, record);
}

/// Attack: somebody red has the record of somebody with negatives split from theirs and joined again.
#[tokio::test]
async fn attack_released_by_telling_apart() {
    let mut w = World::under(&ended_by_tests()).await;
    let (_, main, team) = father_and_son(&mut w).await;
    let office = other_officer(&mut w).await;
    w.app.record_test(&team, &test(1, "positive", "2022-03-01T02:00:00Z")).await.unwrap();
    w.app.record_test(&team, &test(2, "negative", "2022-03-12T02:00:00Z")).await.unwrap();
    assert_eq!(w.colour(main).await, Colour::Green, "by mistake: two people were one");
    // Told apart, each counts as if the other's negatives were not theirs.
    let done = split(&w, &team, 1, &[2]).await.unwrap();
    let record = done.records[0].record;
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    let found = |result: TestResult| {
        let is = |fact: &Fact| matches!(fact, Fact::Test { result: r, .. } if *r == result);
        done.pieces.iter().find(|p| is(&p.fact)).unwrap().evidence
    };
    let own = [
        (found(TestResult::Positive), PieceOwner::Main),
        (found(TestResult::Negative), PieceOwner::Record),
    ];
    assert_eq!(assign(&w, &team, record, &own).await.unwrap().outcome, RecordsOutcome::Waiting);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    // Another agency says it of one alone: by the son's own negative he is green, whosever the positive is.
    let done = assign(&w, &office, record, &own[1..]).await.unwrap();
    assert_eq!(done.outcome, RecordsOutcome::Assigned);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Green]);
    let done = assign(&w, &office, record, &own[..1]).await.unwrap();
    assert_eq!(done.outcome, RecordsOutcome::Assigned);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Green]);
    // Joined again they would be green, both.
    assert_eq!(undo(&w, &team).await.unwrap().outcome, RecordsOutcome::Waiting);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!(code(undo(&w, &team).await), "records.second_officer");
    assert_eq!(undo(&w, &office).await.unwrap().outcome, RecordsOutcome::Joined);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Green, Colour::Green]);
}

/// Whoever is told apart wrongly says so: nothing is decided any more, which makes nobody milder.
#[tokio::test]
async fn a_split_is_contested_by_the_person() {
    let mut w = World::new().await;
    let (_, main, team) = father_and_son(&mut w).await;
    let office = other_officer(&mut w).await;
    w.app.record_test(&team, &test(2, "positive", "2022-03-15T02:00:00Z")).await.unwrap();
    let done = split(&w, &team, 1, &[2]).await.unwrap();
    let record = done.records[0].record;
    let said = [(positive(&done), PieceOwner::Main)];
    // Given to the father, the son would be green.
    assign(&w, &team, record, &said).await.unwrap();
    assign(&w, &office, record, &said).await.unwrap();
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Green]);
    let father = session_of(&w, main).await;
    w.app.contest_join(&father, record).await.unwrap();
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!(w.app.my_records(&father).await.unwrap()[0].state, LinkState::Disputed);
    assert_eq!(code(w.app.contest_join(&father, record).await), "records.not_linked");
    let looked = w.app.decide_records(&team, &document(1), &RecordsInput::Look).await.unwrap();
    assert_eq!(looked.pieces[0].owner, PieceOwner::Both);
    // Decided anew, again by two.
    let said = [(positive(&looked), PieceOwner::Record)];
    assert_eq!(assign(&w, &team, record, &said).await.unwrap().outcome, RecordsOutcome::Waiting);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!(assign(&w, &office, record, &said).await.unwrap().outcome, RecordsOutcome::Assigned);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Green, Colour::Red]);
    let links = w.store.links_of(record).await.unwrap();
    assert_eq!(links[0].state, LinkState::Split);
}

/// What one counter said before it was contested is no half of a decision afterwards.
#[tokio::test]
async fn what_was_said_before_it_was_contested_is_said_anew() {
    let mut w = World::new().await;
    let (_, main, team) = father_and_son(&mut w).await;
    let office = other_officer(&mut w).await;
    w.app.record_test(&team, &test(2, "positive", "2022-03-15T02:00:00Z")).await.unwrap();
    let done = split(&w, &team, 1, &[2]).await.unwrap();
    let record = done.records[0].record;
    let said = [(positive(&done), PieceOwner::Record)];
    assign(&w, &team, record, &said).await.unwrap();
    let son = session_of(&w, record).await;
    w.app.contest_join(&son, record).await.unwrap();
    assert_eq!(assign(&w, &office, record, &said).await.unwrap().outcome, RecordsOutcome::Waiting);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!(assign(&w, &team, record, &said).await.unwrap().outcome, RecordsOutcome::Assigned);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Green, Colour::Red]);
}

#[tokio::test]
async fn what_cannot_be_told_apart_says_why() {
    let mut w = World::new().await;
    let (_, main, team) = father_and_son(&mut w).await;
    for n in [3, 4] {
        w.register_with(HOME, document(n)).await;
    }
    assert_eq!(code(split(&w, &team, 1, &[]).await), "records.documents");
    assert_eq!(code(split(&w, &team, 1, &[1]).await), "records.same_document");
    assert_eq!(code(split(&w, &team, 1, &[2, 1]).await), "records.same_document");
    assert_eq!(code(split(&w, &team, 1, &[3]).await), "records.other_document");
    assert_eq!(code(split(&w, &team, 1, &[2, 77]).await), "records.other_document");
    assert_eq!(code(split(&w, &team, 88, &[2]).await), "holder.not_found");
    let elsewhere = w.staff("prevention_team", "officer", "CN-11").await;
    assert_eq!(code(split(&w, &elsewhere, 1, &[2]).await), "holder.not_found");
    // A record that may be another's, too, is decided about first.
    let join = RecordsInput::Join(document(3));
    w.app.decide_records(&team, &document(1), &join).await.unwrap();
    assert_eq!(code(split(&w, &team, 1, &[2]).await), "records.linked");
    let third = record_of(&w, &team, 3).await;
    assert_eq!(third, main);
    let other = w.store.links_of(main).await.unwrap()[0].record;
    w.app.decide_records(&team, &document(1), &RecordsInput::Part(other)).await.unwrap();

    let done = split(&w, &team, 1, &[2]).await.unwrap();
    let record = done.records[0].record;
    let unknown = [(EvidenceId::from_random(5), PieceOwner::Main)];
    assert_eq!(code(assign(&w, &team, record, &unknown).await), "records.piece_unknown");
    assert_eq!(code(assign(&w, &team, record, &[]).await), "records.piece_unknown");
    // Where they live is that of both.
    let home = evidence(&w, main).await[0].id;
    let of_home = [(home, PieceOwner::Record)];
    assert_eq!(code(assign(&w, &team, record, &of_home).await), "records.piece_unknown");
    assert_eq!(code(assign(&w, &team, other, &of_home).await), "records.not_linked");
    let part = RecordsInput::Part(record);
    let parted = w.app.decide_records(&team, &document(1), &part).await;
    assert_eq!(code(parted), "records.split");
    let dispute = w.app.begin_document_correction(&team, &document(2), "Shown by another").await;
    assert_eq!(code(dispute), "correction.records_joined");
    // A third person may be told apart as well; from the second nobody is.
    let new = second(&[5], None);
    let input = RecordsInput::Split(Box::new(new));
    let third = w.app.decide_records(&team, &document(1), &input).await.unwrap();
    assert_eq!((third.outcome, third.records.len()), (RecordsOutcome::Split, 2));
    let from_second = RecordsInput::Split(Box::new(second(&[6], None)));
    let refused = w.app.decide_records(&team, &document(2), &from_second).await;
    assert_eq!(code(refused), "records.linked");
}

/// Close and secondary contacts of a case.
async fn contacts(w: &World, case: CaseId) -> BTreeSet<HolderId> {
    let found = w.store.standing_contacts(case).await.unwrap();
    found.rows.into_iter().filter_map(|e| e.holder).collect()
}

/// Visits of before are those of both: a case that is one of the two's is traced from both, and both are
/// contacts of whoever was there. What each does afterwards is their own.
#[tokio::test]
async fn visits_of_before_are_traced_as_those_of_both() {
    let mut w = World::saving("2022-03-15T04:00:00Z").await;
    let (_, main, team) = father_and_son(&mut w).await;
    let office = other_officer(&mut w).await;
    let (_, met) = w.register_with(HOME, document(3)).await;
    let (_, later) = w.register_with(HOME, document(4)).await;
    let (_, sick) = w.register_with(HOME, document(5)).await;
    let hall = w.place("market", "Hall").await;
    let shop = w.place("shop", "Shop").await;
    for who in [main, met, sick] {
        w.visit(who, hall, "2022-03-15T01:00:00Z", "2022-03-15T02:00:00Z").await;
    }
    w.app.follow().await.unwrap();
    let case = CaseInput {
        whom: by_document(2),
        confirmed_at: "2022-03-15T03:00:00Z".to_owned(),
        isolated_at: None,
        trace: true,
        ..case_of(main)
    };
    let recorded = w.app.record_case(&team, &case).await.unwrap();
    let of_case = recorded.case;
    assert_eq!(contacts(&w, of_case).await, [met, sick].into());
    let done = split(&w, &team, 1, &[2]).await.unwrap();
    let record = done.records[0].record;
    // Afterwards the son is with somebody, the father with nobody.
    w.clock.advance(60);
    for who in [record, later] {
        w.visit(who, shop, "2022-03-15T05:00:00Z", "2022-03-15T06:00:00Z").await;
    }
    w.app.follow().await.unwrap();
    w.clock.advance(3 * 3600);
    let again = w.app.run_trace(&team, of_case).await.unwrap();
    assert_eq!(again.case, of_case);
    assert_eq!(contacts(&w, of_case).await, [met, sick, later].into(), "traced from both");
    assert_eq!(w.app.visits_between(record, EVER).len(), 1, "of their own");
    let seen = w.app.my_visits(&session_of(&w, record).await).await.unwrap();
    assert_eq!(seen.len(), 2, "with those of before");

    // It is the son's: from him alone, and the contacts stay.
    let piece = done.pieces.iter().find(|p| p.kind == EvidenceKind::Case).unwrap().evidence;
    let said = [(piece, PieceOwner::Record)];
    assign(&w, &team, record, &said).await.unwrap();
    assign(&w, &office, record, &said).await.unwrap();
    assert_eq!(w.store.case(of_case).await.unwrap().unwrap().holder, record);
    w.app.run_trace(&team, of_case).await.unwrap();
    let found = contacts(&w, of_case).await;
    assert!(found.is_superset(&[met, sick, later].into()), "{found:?}");
    assert_eq!(w.colour(record).await, Colour::Red);

    // Another case was there at the same time: both may have been.
    let other = CaseInput { whom: Whom::Holder(sick), ..case.clone() };
    let other = w.app.record_case(&team, &other).await.unwrap().case;
    let both: BTreeSet<_> = [main, record].into();
    assert!(contacts(&w, other).await.is_superset(&both));
    // As after a start, from what was saved and from nothing.
    for saved in [true, false] {
        if saved {
            w.app.save_visits().await.unwrap();
        } else {
            std::fs::remove_file(w.index_file()).unwrap();
        }
        w.restart().await;
        assert_eq!(w.app.visits_between(record, EVER).len(), 1);
        w.app.run_trace(&team, other).await.unwrap();
        assert!(contacts(&w, other).await.is_superset(&both), "{saved}");
    }
    // A withdrawn case releases both of it.
    let why = "wrong_content";
    let taken = jadegate_service::staff::Record::Case(of_case);
    w.app.withdraw_record(&team, taken, why).await.unwrap();
    let counting = evidence(&w, record).await;
    assert!(!counting.iter().any(|e| e.counts() && e.fact.kind() == EvidenceKind::Case));
    // One again: their visits are listed once.
    undo(&w, &team).await.unwrap();
    if undo(&w, &office).await.is_err() {
        // One counter was enough.
    }
    assert_eq!(w.app.visits_between(main, EVER).len(), 2);
}

/// Two counters, evidence that arrives, and what the person says, at the same moment on two servers.
#[tokio::test]
async fn nothing_is_lost_between_two_servers() {
    for readings in 0..14 {
        let mut w = World::new().await;
        let (_, main, team) = father_and_son(&mut w).await;
        let (other, by) = (w.second_server().await, team.clone());
        let positive = test(2, "positive", "2022-03-15T02:00:00Z");
        w.meanwhile(readings, async move {
            other.record_test(&by, &positive).await.unwrap();
        });
        let done = split(&w, &team, 1, &[2]).await.unwrap();
        let record = done.records[0].record;
        let tested = |all: &[Evidence]| all.iter().any(|e| e.fact.kind() == EvidenceKind::Test);
        if !tested(&evidence(&w, record).await) {
            // The clock was not read so often: now it comes.
            w.app.record_test(&team, &test(2, "positive", "2022-03-15T02:00:00Z")).await.unwrap();
        }
        assert_eq!(w.colour(record).await, Colour::Red, "{readings}: by their own document");
        if tested(&evidence(&w, main).await) {
            assert_eq!(w.colour(main).await, Colour::Red, "{readings}: before it was told apart");
        }
    }
    for readings in 0..14 {
        let mut w = World::new().await;
        let (_, main, team) = father_and_son(&mut w).await;
        let (other, by) = (w.second_server().await, team.clone());
        w.meanwhile(readings, async move {
            let input = RecordsInput::Split(Box::new(second(&[2], None)));
            let _ = other.decide_records(&by, &document(1), &input).await;
        });
        if let Err(e) = split(&w, &team, 1, &[2]).await {
            assert_eq!(e.code, "records.other_document", "{readings}: it is the second's already");
        }
        assert_eq!(w.store.links_of(main).await.unwrap().len(), 1, "{readings}");
    }
    for readings in 0..14 {
        let mut w = World::new().await;
        let (_, main, team) = father_and_son(&mut w).await;
        w.app.record_test(&team, &test(2, "positive", "2022-03-15T02:00:00Z")).await.unwrap();
        let done = split(&w, &team, 1, &[2]).await.unwrap();
        let record = done.records[0].record;
        let father = session_of(&w, main).await;
        let office = other_officer(&mut w).await;
        let said = [(positive(&done), PieceOwner::Record)];
        assign(&w, &team, record, &said).await.unwrap();
        let other = w.second_server().await;
        w.meanwhile(readings, async move {
            let _ = other.contest_join(&father, record).await;
        });
        assign(&w, &office, record, &said).await.unwrap();
        let link = w.store.links_of(record).await.unwrap()[0];
        let want = if link.state == LinkState::Disputed { Colour::Red } else { Colour::Green };
        assert_eq!(colours(&w, [main, record]).await, [want, Colour::Red], "{readings}");
    }
}

/// For random evidence of a record and random things said of it: each is at least as strict as by what is
/// certainly theirs, and as by any way in which the rest could be told apart; and undone, all is as it was.
#[tokio::test]
async fn each_is_as_strict_as_any_way_to_tell_them_apart() {
    let mut seed = 5_u64;
    let mut random = move |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap() % below
    };
    let mut stricter = 0;
    for _ in 0..14 {
        let mut w = World::under(&ended_by_tests()).await;
        let (s, main, team) = father_and_son(&mut w).await;
        let office = other_officer(&mut w).await;
        let mut tests = vec![(1, "positive", 1 + random(4)), (2, "negative", 11 + random(3))];
        for _ in 0..random(5) {
            let of = 1 + u32::try_from(random(2)).unwrap();
            tests.push((of, ["positive", "negative", "negative"][random(3)], 1 + random(14)));
        }
        for (of, result, day) in tests {
            let sampled = format!("2022-03-{day:02}T0{of}:00:00Z");
            let _ = w.app.record_test(&team, &test(of, result, &sampled)).await;
        }
        if random(3) == 0 {
            let symptoms = vec!["fever".to_owned()];
            let sick = jadegate_service::holder::declare::DeclarationInput {
                symptoms,
                ..Default::default()
            };
            w.app.declare(&s, &sick).await.unwrap();
        }
        let before = (evidence(&w, main).await, w.colour(main).await);
        let done = split(&w, &team, 1, &[2]).await.unwrap();
        let record = done.records[0].record;
        for _ in 0..3 {
            let owners = [PieceOwner::Both, PieceOwner::Main, PieceOwner::Record];
            let mut said = Vec::new();
            for p in &done.pieces {
                if random(2) == 0 {
                    said.push((p.evidence, owners[random(3)]));
                }
            }
            if !said.is_empty() {
                let _ = assign(&w, &team, record, &said).await;
                if random(2) == 0 {
                    let _ = assign(&w, &office, record, &said).await;
                }
            }
            for of in [main, record] {
                let whole = w.store.record_of(of).await.unwrap().unwrap();
                let (policy, now) = (w.app.policy(), w.app.now());
                let colour = w.colour(of).await;
                let ways = 1_u32 << whole.undecided.len().min(10);
                for way in 0..ways {
                    let theirs =
                        |e: &&Evidence| match whole.undecided.iter().position(|u| *u == e.id) {
                            Some(n) => way >> n & 1 == 1,
                            None => true,
                        };
                    let of_way = whole.evidence.iter().filter(theirs);
                    let plain = jadegate_policy::assess(of_way, &policy, now).colour;
                    assert!(colour >= plain, "{way:b}: {plain:?} is stricter than {colour:?}");
                }
                let all = jadegate_policy::assess(&whole.evidence, &policy, now).colour;
                stricter += usize::from(colour > all);
                // Lists and pages say the same.
                let after = HolderId::from_i64(of.as_i64() - 1);
                let page = w.store.evidence_by_holder(Page { after, limit: 1 }).await.unwrap();
                assert_eq!(page.whole.first(), Some(&whole));
            }
        }
        let _ = undo(&w, &team).await;
        let _ = undo(&w, &office).await;
        let own = |e: &Evidence| e.holder == Some(main);
        let after: Vec<_> = evidence(&w, main).await.into_iter().filter(own).collect();
        assert_eq!((after, w.colour(main).await), before);
        assert_eq!(w.colour(record).await, before.1, "one person");
        let looks = w.store.accesses_of(main, Latest::first(99)).await.unwrap();
        assert!(looks.iter().filter(|a| a.what == "records_compared").count() >= 2);
    }
    assert!(stricter > 0, "in none of them did it matter");
}

/// A what-if counts people whose evidence is undecided once, with the colour that is stored of them.
#[tokio::test]
async fn a_what_if_counts_the_strictest_of_what_is_undecided() {
    use jadegate_policy::{Setting, WhatIfOptions, what_if};
    use jadegate_service::what_if::{Progress, load_population};
    let mut w = World::under(&ended_by_tests()).await;
    let (_, main, team) = father_and_son(&mut w).await;
    for n in [3, 4] {
        w.register_with(HOME, document(n)).await;
    }
    w.app.record_test(&team, &test(1, "positive", "2022-03-01T02:00:00Z")).await.unwrap();
    w.app.record_test(&team, &test(2, "negative", "2022-03-12T02:00:00Z")).await.unwrap();
    w.app.record_test(&team, &test(3, "positive", "2022-03-14T02:00:00Z")).await.unwrap();
    let compare = async |w: &World| {
        let progress = Progress::default();
        let people = load_population(w.store.as_ref(), &progress, 1).await.unwrap().unwrap();
        let policy = w.app.policy();
        let setting = Setting { policy: &policy, risks: &[] };
        let options = WhatIfOptions::default();
        let found = what_if(&people, &setting, &setting, w.app.now(), &options, &|_| true).unwrap();
        assert_eq!(found.people, people.people());
        for side in [found.before, found.after] {
            let counts = w.store.colour_counts(&policy.reference().digest, 0).await.unwrap();
            assert_eq!([side.green, side.yellow, side.red], counts.colours);
        }
        found.before
    };
    let all = async |w: &World| {
        for holder in w.store.holders_with_evidence(Page::first(99)).await.unwrap() {
            w.colour(holder).await;
        }
    };
    all(&w).await;
    assert_eq!(compare(&w).await.red, 1);
    // Told apart, both may be whose the positive is; joined with a third, undecided, so is that one.
    let done = split(&w, &team, 1, &[2]).await.unwrap();
    all(&w).await;
    let counts = compare(&w).await;
    assert_eq!((counts.red, counts.green), (3, 1));
    let record = done.records[0].record;
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    let (third, fourth) = (record_of(&w, &team, 3).await, record_of(&w, &team, 4).await);
    let asked = jadegate_store::RecordLink {
        record: fourth,
        main: third,
        state: LinkState::Asked,
        at: w.app.now(),
        by: jadegate_store::ChangedBy::Person,
        split_at: None,
    };
    let put = jadegate_store::Write::PutLink { link: asked, replaces: None };
    w.store.commit(jadegate_store::Unit::new("test", vec![put])).await.unwrap();
    all(&w).await;
    assert_eq!(compare(&w).await.red, 4);
}

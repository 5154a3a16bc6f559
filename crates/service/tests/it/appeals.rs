//! What a person contests, who decides, what follows, and that nothing about it can be told in two ways.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use crate::common::scenes::traced;
use crate::common::{HOME, World, at, document, policy_text, test_of};
use jadegate_domain::record::RecordKind;
use jadegate_domain::{
    AppealId, AppealState, Colour, Evidence, EvidenceId, EvidenceKind, Fact, HolderId, Purpose,
};
use jadegate_ledger::{AppealEvent, Leaf};
use jadegate_service::appeals::{AppealView, OPEN_APPEALS};
use jadegate_service::holder::appeals::AppealInput;
use jadegate_service::staff::{CounterAppeal, DecisionInput, NotByYou, TestInput, Whom};
use jadegate_service::{HolderSession, Kind, ServiceError, StaffSession};
use jadegate_store::{Unit, Write};

const REPLY: &str = "We compared the sample with its label.";

/// Somebody who is red for a positive test.
struct Scene {
    w: World,
    lab: StaffSession,
    body: StaffSession,
    me: HolderSession,
    who: HolderId,
    test: EvidenceId,
}

async fn scene() -> Scene {
    scene_in(World::new().await).await
}

async fn scene_in(mut w: World) -> Scene {
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let body = w.staff("appeals_body", "officer", "CN-33").await;
    let (me, who) = w.register(HOME).await;
    let test = w.app.record_test(&lab, &test_of(Whom::Holder(who), "positive")).await.unwrap();
    Scene { w, lab, body, me, who, test: test.evidence }
}

fn about(evidence: EvidenceId) -> AppealInput {
    AppealInput { evidence, ground: "wrong_result".to_owned(), words: None }
}

fn decision(finding: &str) -> DecisionInput {
    DecisionInput { finding: finding.to_owned(), reply: REPLY.to_owned() }
}

impl Scene {
    async fn lodge(&self) -> AppealView {
        self.w.app.lodge_appeal(&self.me, &about(self.test)).await.unwrap()
    }

    async fn mine(&self, id: AppealId) -> AppealView {
        let all = self.w.app.my_appeals(&self.me).await.unwrap().appeals;
        all.into_iter().find(|a| a.id == id).unwrap()
    }

    /// Colour and appeal agree, whichever is asked.
    async fn agrees(&self, id: AppealId, colour: Colour, eased: bool) {
        let view = self.w.app.my_appeals(&self.me).await.unwrap();
        assert_eq!(view.colour, colour);
        assert_eq!(self.w.colour(self.who).await, colour);
        let appeal = view.appeals.iter().find(|a| a.id == id).unwrap();
        assert_eq!(appeal.eased, eased);
    }
}

fn code(done: Result<impl Sized, ServiceError>) -> &'static str {
    done.map(drop).unwrap_err().code
}

async fn events(w: &World) -> Vec<AppealEvent> {
    let leaves = w.log(0, 10_000).await;
    let told = |l: &jadegate_store::LogLeaf| match Leaf::decode(&l.bytes).unwrap() {
        Leaf::Appeal { event, .. } => Some(event),
        _ => None,
    };
    leaves.iter().filter_map(told).collect()
}

/// h09: an appeal page said "no risk at present" while the code was red. At each moment of an appeal's
/// life what is said of it and the colour come from one assessment.
#[tokio::test]
async fn h09_appeal_and_colour_cannot_disagree() {
    let s = scene().await;
    let a = s.lodge().await;
    s.agrees(a.id, Colour::Red, false).await;
    // The policy's 24 hours pass: the reason is yellow, and both say so at the same second.
    for (secs, colour, eased) in [(23 * 3600, Colour::Red, false), (3600, Colour::Yellow, true)] {
        s.w.clock.advance(secs);
        s.agrees(a.id, colour, eased).await;
    }
    s.w.app.decide_appeal(&s.body, a.id, &decision("confirmed")).await.unwrap();
    s.agrees(a.id, Colour::Red, false).await;
    // What the person's device makes the colour from holds the appeal, too.
    let proof = s.w.app.my_proof(&s.me).await.unwrap();
    assert!(proof.evidence.iter().any(|e| matches!(e.fact, Fact::AppealDecision { .. })));
}

/// h10: appeals without a deadline. Here the clock is in the policy, it is on the receipt, the code says
/// beforehand when it will change, and that nobody decided is public.
#[tokio::test]
async fn h10_a_lapse_eases_as_the_policy_states() {
    let s = scene().await;
    let a = s.lodge().await;
    let due = at("2022-03-15T04:00:01Z").plus_secs(24 * 3600);
    assert!(a.due_at >= due && a.due_at <= due.plus_secs(10) && a.eases && !a.late);
    let next = s.w.app.assessment(s.who).await.unwrap().next_change.unwrap();
    assert_eq!(next, a.due_at, "it is known from the first day");
    s.w.clock.set(a.due_at);
    // Jobs of two servers: it lapses once.
    let other = s.w.second_server().await;
    assert_eq!(s.w.app.tend_appeals().await.unwrap(), 1);
    assert_eq!(other.tend_appeals().await.unwrap(), 0);
    assert_eq!(s.w.colour(s.who).await, Colour::Yellow);
    assert!(s.mine(a.id).await.late);
    assert_eq!(events(&s.w).await, [AppealEvent::Lodged, AppealEvent::Lapsed]);
    // Late, it is the first of the list, and can be decided.
    let list = s.w.app.list_appeals(&s.body).await.unwrap();
    assert!(list.appeals[0].late && list.appeals[0].not_by_you.is_none());
    s.w.app.decide_appeal(&s.body, a.id, &decision("wrong_content")).await.unwrap();
    assert_eq!(s.w.colour(s.who).await, Colour::Green);
}

/// h14: a red imported from another province could be lifted only by that province. Here the authority
/// of the place disputes it, the record stays with its origin, and the policy says what holds.
#[tokio::test]
async fn h14_an_imported_record_is_disputed_here() {
    let mut w = World::new().await;
    let body = w.staff("appeals_body", "officer", "CN-33").await;
    let (me, who) = w.register(HOME).await;
    let imported = Evidence {
        id: EvidenceId::from_random(77),
        holder: Some(who),
        fact: Fact::Test {
            result: jadegate_domain::evidence::TestResult::Positive,
            method: jadegate_domain::evidence::TestMethod::NucleicAcid,
            sampled_at: at("2022-03-14T02:00:00Z"),
        },
        recorded_at: w.app.now(),
        agency: Some(jadegate_domain::AgencyId::from_random(9)),
        origin: Some("CN-13".parse().unwrap()),
        withdrawn_at: None,
        superseded_by: None,
    };
    let add = Write::AddEvidence { evidence: Box::new(imported.clone()), external_key: None };
    w.store.commit(Unit::new("test", vec![add])).await.unwrap();
    assert_eq!(w.colour(who).await, Colour::Red);
    let a = w.app.lodge_appeal(&me, &about(imported.id)).await.unwrap();
    let seen = w.app.open_appeal(&body, a.id).await.unwrap();
    assert!(seen.imported);
    w.app.decide_appeal(&body, a.id, &decision("wrong_person")).await.unwrap();
    // It is not withdrawn: it is another's. It is disputed, and counts as the policy says.
    let now = w.app.assessment(who).await.unwrap();
    assert_eq!(now.colour, Colour::Yellow);
    let eased = now.reasons[0].eased.as_ref().unwrap();
    assert_eq!(eased.instead_of, Colour::Red);
    assert!(now.warnings.iter().any(|w| w.contains("disputed")), "{:?}", now.warnings);
    let (_, own) = w.store.evidence_of(who).await.unwrap().unwrap();
    let piece = own.iter().find(|e| e.id == imported.id).unwrap();
    assert!(piece.counts() && piece.origin.is_some());
    assert!(own.iter().any(|e| e.fact.kind() == EvidenceKind::Dispute));
}

#[tokio::test]
async fn granted_it_takes_the_record_back_with_what_follows() {
    let s = scene().await;
    let said = AppealInput { words: Some("I was never tested.".to_owned()), ..about(s.test) };
    let a = s.w.app.lodge_appeal(&s.me, &said).await.unwrap();
    assert_eq!(a.words.as_deref(), Some("I was never tested."));
    let seen = s.w.app.open_appeal(&s.body, a.id).await.unwrap();
    assert_eq!(seen.words, a.words);
    assert_eq!(seen.name_masked.chars().next(), Some('T'));
    let done = s.w.app.decide_appeal(&s.body, a.id, &decision("never_happened")).await.unwrap();
    assert_eq!(done.row.state, AppealState::Granted);
    assert_eq!(s.w.colour(s.who).await, Colour::Green);
    let row = s.w.store.withdrawal(RecordKind::Evidence, s.test.as_i64()).await.unwrap().unwrap();
    assert_eq!((row.staff, row.reason.as_str()), (Some(s.body.staff().id), "never_happened"));
    let mine = s.mine(a.id).await;
    assert_eq!((mine.state, mine.reply.as_deref()), (AppealState::Granted, Some(REPLY)));
    assert_eq!(mine.decided_by.unwrap().name, "Test appeals_body");
    // Both looks are told: opened, decided, and opened by the answer.
    let looks = s.w.app.my_accesses(&s.me).await.unwrap();
    let looks: Vec<_> = looks.iter().filter(|l| l.what == "appeal").collect();
    assert!(looks.len() >= 2 && looks.iter().all(|l| l.purpose == Purpose::HolderRequest));
    assert_eq!(events(&s.w).await, [AppealEvent::Lodged, AppealEvent::Granted]);
    // Decided once.
    let e = s.w.app.decide_appeal(&s.body, a.id, &decision("confirmed")).await;
    assert_eq!(code(e), "appeal.decided");
}

#[tokio::test]
async fn a_case_falls_with_its_contacts_and_a_contact_alone_does_not_come_again() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let body = w.staff("appeals_body", "officer", "CN-33").await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(w.register(HOME).await);
    }
    let shop = w.place("market", "Made-up Market").await;
    for (_, who) in &sessions {
        w.visit(*who, shop, "2022-03-13T08:00:00Z", "2022-03-13T10:00:00Z").await;
    }
    w.restart().await;
    let trace = traced(&w, &officer, sessions[0].1).await;
    let reds = |w: &World| {
        let (app, all) = (w.app.clone(), sessions.clone());
        async move {
            let mut reds = Vec::new();
            for (_, who) in &all {
                reds.push(app.assessment(*who).await.unwrap().colour == Colour::Red);
            }
            reds
        }
    };
    assert_eq!(reds(&w).await, [true, true, true]);
    let contact = |who: HolderId| {
        let store = w.store.clone();
        async move {
            let (_, own) = store.evidence_of(who).await.unwrap().unwrap();
            own.iter().find(|e| e.fact.kind() == EvidenceKind::Contact && e.counts()).map(|e| e.id)
        }
    };
    // One contact was elsewhere: granted, they are free, and a new trace does not find them again.
    let piece = contact(sessions[1].1).await.unwrap();
    let input = AppealInput { ground: "not_there".to_owned(), ..about(piece) };
    let a = w.app.lodge_appeal(&sessions[1].0, &input).await.unwrap();
    w.app.decide_appeal(&body, a.id, &decision("never_happened")).await.unwrap();
    assert_eq!(reds(&w).await, [true, false, true]);
    w.app.run_trace(&officer, trace.row.case).await.unwrap();
    assert_eq!(reds(&w).await, [true, false, true]);
    // The case itself: everybody is free.
    let (_, own) = w.store.evidence_of(sessions[0].1).await.unwrap().unwrap();
    let case = own.iter().find(|e| e.fact.kind() == EvidenceKind::Case).unwrap().id;
    let a = w.app.lodge_appeal(&sessions[0].0, &about(case)).await.unwrap();
    w.app.decide_appeal(&body, a.id, &decision("wrong_person")).await.unwrap();
    assert_eq!(reds(&w).await, [false, false, false]);
}

#[tokio::test]
async fn who_recorded_it_does_not_decide_nor_who_lodged_it_nor_anybody_elsewhere() {
    let mut s = scene().await;
    // The health commission is the recorder here: its commissioner does not decide.
    let hospital = s.w.staff("hospital", "officer", "CN-33").await;
    let a = s.lodge().await;
    for other in [&s.lab, &hospital] {
        let e = s.w.app.decide_appeal(other, a.id, &decision("confirmed")).await;
        assert_eq!(code(e), "staff.not_allowed");
    }
    let elsewhere = s.w.staff("appeals_body", "officer", "CN-11").await;
    assert_eq!(code(s.w.app.open_appeal(&elsewhere, a.id).await), "appeal.not_found");
    assert!(s.w.app.list_appeals(&elsewhere).await.unwrap().appeals.is_empty());
    // Recorded by the very agency: as if the body had recorded the test.
    let sql = format!(
        "UPDATE authorship SET agency = {} WHERE id = {}",
        s.body.staff().agency.as_i64(),
        s.test.as_i64()
    );
    s.w.raw(&sql);
    let e = s.w.app.decide_appeal(&s.body, a.id, &decision("confirmed")).await;
    assert_eq!(code(e), "appeal.own_record");
    let row = s.w.app.list_appeals(&s.body).await.unwrap().appeals.remove(0);
    assert_eq!(row.not_by_you, Some(NotByYou::OwnRecord));
    // The health commission of the place may.
    let commission = s.w.staff("health_commission", "commissioner", "CN-33").await;
    s.w.app.decide_appeal(&commission, a.id, &decision("confirmed")).await.unwrap();
}

#[tokio::test]
async fn a_refusal_is_looked_at_again_once_by_somebody_else() {
    let mut s = scene().await;
    let first = s.lodge().await;
    s.w.app.decide_appeal(&s.body, first.id, &decision("nothing_against")).await.unwrap();
    assert!(s.mine(first.id).await.second_opinion);
    let again = s.lodge().await;
    assert_eq!(again.second_of, Some(first.id));
    assert!(!s.mine(first.id).await.second_opinion);
    let e = s.w.app.decide_appeal(&s.body, again.id, &decision("confirmed")).await;
    assert_eq!(code(e), "appeal.decided_by_you");
    let colleague = s.w.colleague(&s.body).await;
    let seen = s.w.app.open_appeal(&colleague, again.id).await.unwrap();
    assert_eq!(seen.first.unwrap().reply.as_deref(), Some(REPLY));
    s.w.app.decide_appeal(&colleague, again.id, &decision("confirmed")).await.unwrap();
    assert_eq!(s.w.colour(s.who).await, Colour::Red);
    let e = s.w.app.lodge_appeal(&s.me, &about(s.test)).await;
    assert_eq!(code(e), "appeal.decided_twice");
}

#[tokio::test]
async fn the_person_takes_it_back_and_a_record_that_goes_settles_it() {
    let s = scene().await;
    let a = s.lodge().await;
    let left = s.w.app.withdraw_appeal(&s.me, a.id).await.unwrap();
    assert_eq!(left.appeals[0].state, AppealState::Withdrawn);
    assert_eq!(code(s.w.app.withdraw_appeal(&s.me, a.id).await), "appeal.decided");
    // Taken back, its clock does not run on.
    s.w.clock.advance(3 * 86_400);
    s.agrees(a.id, Colour::Red, false).await;
    // Lodged anew; then the laboratory corrects itself.
    let b = s.lodge().await;
    assert_eq!(b.second_of, None);
    let record = jadegate_service::staff::Record::Evidence(s.test);
    s.w.app.withdraw_record(&s.lab, record, "sample_mixed_up").await.unwrap();
    assert_eq!(s.w.app.tend_appeals().await.unwrap(), 1);
    assert_eq!(s.mine(b.id).await.state, AppealState::Settled);
    assert_eq!(s.w.app.tend_appeals().await.unwrap(), 0);
    let told = events(&s.w).await;
    let wanted =
        [AppealEvent::Lodged, AppealEvent::Withdrawn, AppealEvent::Lodged, AppealEvent::Settled];
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn what_cannot_be_contested_is_said_with_what_to_do() {
    let mut s = scene().await;
    let a = s.lodge().await;
    assert_eq!(code(s.w.app.lodge_appeal(&s.me, &about(s.test)).await), "appeal.open");
    let nothing = about(EvidenceId::from_random(5));
    assert_eq!(code(s.w.app.lodge_appeal(&s.me, &nothing).await), "appeal.not_behind_colour");
    let e =
        s.w.app.lodge_appeal(&s.me, &AppealInput { ground: "unfair".to_owned(), ..nothing }).await;
    assert_eq!(e.unwrap_err().fields[0].code, "appeal.unknown_ground");
    let other = AppealInput { ground: "other".to_owned(), ..about(s.test) };
    let e = s.w.app.lodge_appeal(&s.me, &other).await.unwrap_err();
    assert_eq!(e.fields[0].code, "appeal.words_missing");
    let long = AppealInput { words: Some("x".repeat(1001)), ..about(s.test) };
    let e = s.w.app.lodge_appeal(&s.me, &long).await.unwrap_err();
    assert_eq!(e.fields[0].code, "appeal.bad_words");
    // Somebody else's appeal is none.
    let (stranger, _) = s.w.register(HOME).await;
    assert_eq!(code(s.w.app.withdraw_appeal(&stranger, a.id).await), "appeal.not_found");
    let picture = s.w.app.hand_in(&stranger, a.id, b"%PDF-1.4 x %%EOF").await;
    assert_eq!(code(picture), "appeal.not_found");
    let short = DecisionInput { reply: "no".to_owned(), ..decision("confirmed") };
    let e = s.w.app.decide_appeal(&s.body, a.id, &short).await.unwrap_err();
    assert_eq!(e.fields[0].code, "appeal.bad_reply");
}

#[tokio::test]
async fn open_appeals_of_a_person_are_few() {
    let s = scene().await;
    let mut tests = vec![s.test];
    for day in 1..=OPEN_APPEALS {
        let input = TestInput {
            sampled_at: format!("2022-03-{:02}T02:00:00Z", 14 - day),
            ..test_of(Whom::Holder(s.who), "positive")
        };
        tests.push(s.w.app.record_test(&s.lab, &input).await.unwrap().evidence);
    }
    for test in &tests[..OPEN_APPEALS] {
        s.w.app.lodge_appeal(&s.me, &about(*test)).await.unwrap();
    }
    let e = s.w.app.lodge_appeal(&s.me, &about(tests[OPEN_APPEALS])).await;
    assert_eq!(code(e), "appeal.too_many_open");
}

#[tokio::test]
async fn what_is_handed_in_is_sealed_and_told_by_its_bytes() {
    let s = scene().await;
    let a = s.lodge().await;
    let paper = [&b"%PDF-1.7\n"[..], &[b'x'; 5_000], b"\n%%EOF\n"].concat();
    for bad in [&b"<script>alert(1)</script>"[..], b"", &paper[..4_000]] {
        assert_eq!(code(s.w.app.hand_in(&s.me, a.id, bad).await), "appeal.file_kind");
    }
    let large = [&b"%PDF-1.7\n"[..], &vec![b'x'; 1 << 20], b"%%EOF"].concat();
    assert_eq!(code(s.w.app.hand_in(&s.me, a.id, &large).await), "appeal.file_too_large");
    s.w.app.hand_in(&s.me, a.id, &paper).await.unwrap();
    assert_eq!(code(s.w.app.hand_in(&s.me, a.id, &paper).await), "appeal.file_there");
    let (kind, bytes) = s.w.app.appeal_paper(&s.body, a.id).await.unwrap();
    assert_eq!((kind.media_type(), &bytes[..]), ("application/pdf", &paper[..]));
    let stored = s.w.store.appeal_file(a.id).await.unwrap().unwrap();
    assert!(!stored.sealed.windows(50).any(|w| w == [b'x'; 50]), "sealed");
    assert_eq!(s.mine(a.id).await.file.unwrap().size, 5_016);
    // Erased with the person.
    s.w.store.commit(Unit::new("test", vec![Write::Shred(s.who)])).await.unwrap();
    assert_eq!(code(s.w.app.appeal_paper(&s.body, a.id).await), "appeal.no_file");
}

#[tokio::test]
async fn at_a_counter_it_is_lodged_for_somebody_who_has_no_phone() {
    let mut s = scene().await;
    let counter = s.w.staff("hospital", "officer", "CN-33").await;
    let input = CounterAppeal { whom: Whom::Document(document(1)), appeal: about(s.test) };
    assert_eq!(code(s.w.app.lodge_at_counter(&s.lab, &input).await), "staff.not_allowed");
    let receipt = s.w.app.lodge_at_counter(&counter, &input).await.unwrap();
    let mine = s.mine(receipt.id).await;
    assert_eq!(mine.counter.unwrap().name, "Test hospital");
    assert_eq!(mine.due_at, receipt.due_at);
    let looks = s.w.app.my_accesses(&s.me).await.unwrap();
    assert!(looks.iter().any(|l| l.what == "appeal"));
}

/// Two servers at once: of two decisions one is made, of two appeals one is lodged, and a record that
/// is taken back meanwhile is taken back once.
#[tokio::test]
async fn two_servers_decide_once() {
    for readings in 0..12 {
        let mut s = scene().await;
        let a = s.lodge().await;
        let other = s.w.second_server().await;
        let commission = s.w.staff("health_commission", "commissioner", "CN-33").await;
        let id = a.id;
        s.w.meanwhile(readings, async move {
            drop(other.decide_appeal(&commission, id, &decision("wrong_content")).await);
        });
        let mine = s.w.app.decide_appeal(&s.body, a.id, &decision("confirmed")).await;
        let state = s.mine(a.id).await.state;
        match mine {
            Ok(_) if state == AppealState::Refused => {
                assert_eq!(s.w.colour(s.who).await, Colour::Red);
            }
            Ok(_) => panic!("decided twice at reading {readings}"),
            Err(e) => {
                assert_eq!((e.kind, e.code), (Kind::Conflict, "appeal.decided"), "{readings}");
                assert_eq!(state, AppealState::Granted);
                assert_eq!(s.w.colour(s.who).await, Colour::Green);
            }
        }
        let (_, own) = s.w.store.evidence_of(s.who).await.unwrap().unwrap();
        let decisions = own.iter().filter(|e| e.fact.kind() == EvidenceKind::AppealDecision);
        assert_eq!(decisions.count(), 1, "at reading {readings}");
    }
}

/// A policy that eases nothing: there is a day by which it is to be decided, and no milder colour.
#[tokio::test]
async fn without_an_easing_the_mandates_hours_hold_and_nothing_eases() {
    let text = policy_text();
    let cut = text.find("# An appeal has a clock.").unwrap();
    let end = text.find("# What the source does not say").unwrap();
    let s = scene_in(World::under(&format!("{}{}", &text[..cut], &text[end..])).await).await;
    let a = s.lodge().await;
    assert!(!a.eases);
    assert_eq!(a.due_at, a.lodged_at.plus_secs(72 * 3600));
    s.w.clock.set(a.due_at.plus_secs(10));
    s.agrees(a.id, Colour::Red, false).await;
    assert!(s.mine(a.id).await.late);
}

#[tokio::test]
async fn the_public_sees_how_long_it_takes_and_who_was_right() {
    let mut s = scene().await;
    let a = s.lodge().await;
    assert_eq!(s.w.app.appeal_figures().await.unwrap().total.lodged, Some(0), "whole days only");
    s.w.app.decide_appeal(&s.body, a.id, &decision("wrong_content")).await.unwrap();
    let colleagues = s.w.colleague(&s.body).await;
    for n in 0..24 {
        let (me, who) = s.w.register(if n < 4 { "CN-330203" } else { HOME }).await;
        let test =
            s.w.app.record_test(&s.lab, &test_of(Whom::Holder(who), "positive")).await.unwrap();
        let a = s.w.app.lodge_appeal(&me, &about(test.evidence)).await.unwrap();
        s.w.clock.advance(60);
        let finding = if n % 2 == 0 { "wrong_content" } else { "confirmed" };
        s.w.app.decide_appeal(&colleagues, a.id, &decision(finding)).await.unwrap();
    }
    s.w.clock.advance(86_400);
    let f = s.w.app.appeal_figures().await.unwrap();
    assert_eq!(
        (f.total.lodged, f.total.decided, f.total.overturned),
        (Some(25), Some(25), Some(13))
    );
    assert_eq!((f.total.median_hours, f.total.p90_hours), (Some(1), Some(1)));
    assert_eq!(f.rules[0].rule, "positive-test");
    // Four of a town are not told, and so neither is the other town.
    assert_eq!(f.divisions.len(), 2);
    assert!(f.divisions.iter().all(|d| d.figures.lodged.is_none()));
    // More than a quarter was overturned: somebody has to look at the rule, once, and the public sees it.
    assert_eq!(s.w.app.review_rules().await.unwrap(), 1);
    let other = s.w.second_server().await;
    assert_eq!(other.review_rules().await.unwrap(), 0);
    let list = s.w.app.list_appeals(&s.body).await.unwrap();
    assert_eq!((list.reviews[0].decided, list.reviews[0].overturned), (25, 13));
    let leaves = s.w.log(0, 10_000).await;
    let review = |l: &jadegate_store::LogLeaf| {
        matches!(Leaf::decode(&l.bytes).unwrap(), Leaf::RuleReview { decided: 25, .. })
    };
    assert_eq!(leaves.iter().filter(|l| review(l)).count(), 1);
}

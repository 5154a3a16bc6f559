//! Whoever stands at a counter with a document: read, registered with a phone or without, with a carer.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::common::scenes::registration;
use crate::common::{HOME, REQUEST, World, by_phone, document, phone, test_of};
use jadegate_domain::record::AccountEvent;
use jadegate_domain::{Colour, DocumentType};
use jadegate_service::holder::answer::Answering;
use jadegate_service::holder::register::{Asker, DocumentInput};
use jadegate_service::staff::{CounterInput, DetailInput, DocumentState, Whom};
use jadegate_service::{Result, ServiceError, StaffSession};

const PAUSE: i64 = 4 * 3600 + 1_000;

fn code<T>(r: Result<T>) -> &'static str {
    r.err().unwrap().code
}

fn field(e: &ServiceError) -> (&'static str, &'static str) {
    (e.fields[0].field, e.fields[0].code)
}

fn grandmother(n: u32) -> CounterInput {
    CounterInput {
        name: "Grandmother Madeup".to_owned(),
        document: document(n),
        nationality: "CN".to_owned(),
        home_division: HOME.to_owned(),
        born: "1940-01-01".to_owned(),
        language: "zh".to_owned(),
        ..CounterInput::default()
    }
}

fn with_phone(n: u32, on: u32) -> CounterInput {
    CounterInput { phone: Some(phone(on)), ..grandmother(n) }
}

fn with_carer(n: u32, carer: u32) -> CounterInput {
    CounterInput { carer: Some(document(carer)), ..grandmother(n) }
}

fn by_document(n: u32) -> Whom {
    Whom::Document(document(n))
}

async fn state(w: &World, s: &StaffSession, n: u32) -> DocumentState {
    w.app.look_at_counter(s, &document(n)).await.unwrap()
}

/// The code that came to a phone last.
async fn code_on(w: &World, n: u32) -> String {
    let masked = jadegate_domain::Phone::new(&phone(n)).unwrap().mask();
    let outbox = w.app.demo_outbox().await.unwrap();
    let text = outbox.into_iter().find(|m| m.1 == masked).unwrap().2;
    let after = text.split("验证码 ").nth(1).or(text.split("code is ").nth(1)).unwrap();
    after.chars().take_while(char::is_ascii_digit).collect()
}

/// A grandmother without a phone, her daughter with one, both documents on the desk.
#[tokio::test]
async fn a_grandmother_without_a_phone_and_her_daughter() {
    let mut w = World::new().await;
    let (daughter, daughter_id) = w.register(HOME).await;
    let team = w.officer().await;
    assert_eq!(state(&w, &team, 50).await, DocumentState::New);
    let leaves = w.leaves().await;
    let done = w.app.register_at_counter(&team, &with_carer(50, 1)).await.unwrap();
    assert_eq!(done.name_masked, "G*** M***");
    // Where she lives, that she was registered, and who cares for her.
    assert_eq!(w.leaves().await, leaves + 3);
    let events: Vec<_> = done.changes.iter().map(|c| (c.event, c.by.is_some())).collect();
    assert!(events.contains(&(AccountEvent::Registered, true)), "{events:?}");
    assert!(events.contains(&(AccountEvent::CarerAdded, true)), "{events:?}");
    // The daughter sees her on her own page, shows her code, and sees by whose hand it came to be.
    let family = w.app.family(&daughter).await.unwrap();
    assert_eq!(family.people.len(), 1);
    let acting = w.app.acting_for(&daughter, family.people[0].id).await.unwrap();
    let shown = w.app.show_code(&acting).await.unwrap();
    assert_eq!(shown.assessment.colour, Colour::Green);
    assert_eq!(w.app.my_changes(&acting).await.unwrap().len(), 2);
    assert_eq!(w.app.profile(&acting).await.unwrap().phone_masked, None);
    let logged = w.app.my_log(&acting).await.unwrap().records;
    assert_eq!(logged.iter().filter(|r| r.what == "account").count(), 2);
    assert_eq!(w.app.family(&acting).await.unwrap().carers[0].id, daughter_id);
    // Nobody is registered twice, and she is found by her document.
    assert_eq!(state(&w, &team, 50).await, DocumentState::Registered);
    assert_eq!(
        code(w.app.register_at_counter(&team, &grandmother(50)).await),
        "counter.registered"
    );
    let found = w.app.find_holder(&team, &by_document(50), REQUEST).await.unwrap();
    assert_eq!(found.holder, family.people[0].id);
    // Each asking is a look that she sees.
    let looks = w.app.my_accesses(&acting).await.unwrap();
    assert_eq!(looks.iter().filter(|a| a.what == "registration").count(), 2);
}

/// Without a phone no code goes anywhere; with one, added later, she signs in as anybody does.
#[tokio::test]
async fn a_phone_comes_later_and_is_undone() {
    let mut w = World::new().await;
    let team = w.officer().await;
    w.app.register_at_counter(&team, &grandmother(50)).await.unwrap();
    w.clock.advance(PAUSE);
    // Somebody who knows her document and types a phone of their own gets nothing.
    let before = w.app.demo_outbox().await.unwrap().len();
    w.app.begin_registration(&registration(50, 66), Asker::at("x")).await.unwrap();
    assert_eq!(w.app.demo_outbox().await.unwrap().len(), before, "no code to a stranger's phone");
    let to = DetailInput::Phone(phone(51));
    let changes = w.app.change_details(&team, &document(50), &to).await.unwrap();
    w.clock.advance(PAUSE);
    let sent = w.app.begin_sign_in(&by_phone(51), Asker::at("y")).await.unwrap();
    let digits = code_on(&w, 51).await;
    assert_eq!(code(w.app.answer_challenge(sent.challenge, &digits, "").await), "document.needed");
    let with = Answering { code: &digits, document_end: "000050", ..Answering::default() };
    let s = w.app.answer(sent.challenge, &with).await.unwrap();
    let s = w.app.holder_session(&s.session.token).await.unwrap();
    assert!(w.app.profile(&s).await.unwrap().phone_masked.is_some());
    // Undone, she has none again, and is signed out.
    let added = changes.iter().find(|c| c.event == AccountEvent::PhoneChanged).unwrap().id;
    w.app.undo_change(&team, &document(50), added).await.unwrap();
    assert_eq!(w.app.profile(&s).await.unwrap().phone_masked, None);
    let by_phone = w.app.find_holder(&team, &Whom::Phone(phone(51)), REQUEST).await;
    assert_eq!(code(by_phone), "holder.not_found");
    let again = w.app.change_details(&team, &document(50), &to).await.unwrap();
    let registered = again.iter().find(|c| c.event == AccountEvent::Registered).unwrap().id;
    let undo = w.app.undo_change(&team, &document(50), registered).await;
    assert_eq!(code(undo), "change.not_undoable");
    // A second document of somebody without a phone.
    w.app.undo_change(&team, &document(50), again[0].id).await.unwrap();
    let new = DetailInput::Document(document(52));
    w.app.change_details(&team, &document(50), &new).await.unwrap();
    let found = w.app.find_holder(&team, &by_document(52), REQUEST).await.unwrap();
    assert_eq!(
        w.app.find_holder(&team, &by_document(50), REQUEST).await.unwrap().holder,
        found.holder
    );
}

#[tokio::test]
async fn with_a_phone_they_sign_in_and_share_it_with_others() {
    let mut w = World::new().await;
    w.register(HOME).await;
    let team = w.officer().await;
    w.app.register_at_counter(&team, &with_phone(50, 1)).await.unwrap();
    w.clock.advance(PAUSE);
    let sent = w.app.begin_sign_in(&by_phone(1), Asker::at("kin")).await.unwrap();
    let digits = code_on(&w, 1).await;
    let with = Answering { code: &digits, document_end: "000050", ..Answering::default() };
    let s = w.app.answer(sent.challenge, &with).await.unwrap();
    assert_eq!(s.name_masked, "G*** M***");
    // The same name on the same phone is perhaps the same person: two accounts would have two colours.
    let same = w.app.register_at_counter(&team, &with_phone(60, 1)).await;
    assert_eq!(code(same), "counter.same_phone");
    let s = w.app.holder_session(&s.session.token).await.unwrap();
    assert!(w.app.my_accesses(&s).await.unwrap().iter().any(|a| a.what == "registration"));
    w.app.register_at_counter(&team, &grandmother(60)).await.unwrap();
}

/// Registered where they stand: nobody else's region, nobody else's power, as many as an hour has minutes.
#[tokio::test]
async fn who_may_register_whom() {
    let mut w = World::new().await;
    let team = w.officer().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let far = w.staff("prevention_team", "officer", "CN-11").await;
    let hospital = w.staff("hospital", "officer", HOME).await;
    for denied in [
        code(w.app.register_at_counter(&lab, &grandmother(50)).await),
        code(w.app.look_at_counter(&lab, &document(50)).await),
        code(w.app.read_at_counter(&lab, "x")),
    ] {
        assert_eq!(denied, "staff.not_allowed");
    }
    let outside = w.app.register_at_counter(&far, &grandmother(50)).await.unwrap_err();
    assert_eq!(field(&outside), ("home_division", "division.outside_region"));
    w.app.register_at_counter(&hospital, &grandmother(50)).await.unwrap();
    // Elsewhere it is said that the document is registered, and nothing else; she sees who asked.
    assert_eq!(state(&w, &far, 50).await, DocumentState::RegisteredElsewhere);
    let there = CounterInput { home_division: "CN-110105".to_owned(), ..grandmother(50) };
    assert_eq!(code(w.app.register_at_counter(&far, &there).await), "counter.registered_elsewhere");
    for (input, wanted) in [
        (CounterInput { born: String::new(), ..with_carer(70, 50) }, ("born", "born.needed")),
        (CounterInput { born: "2099-01-01".into(), ..grandmother(70) }, ("born", "born.bad")),
        (CounterInput { phone: Some("12".into()), ..grandmother(70) }, ("phone", "phone.bad")),
        (CounterInput { name: "=1".into(), ..grandmother(70) }, ("name", "name.bad")),
        (
            CounterInput { home_division: "CN-999999".into(), ..grandmother(70) },
            ("home_division", "division.unknown"),
        ),
    ] {
        let e = w.app.register_at_counter(&team, &input).await.unwrap_err();
        assert_eq!(field(&e), wanted);
    }
    assert_eq!(
        code(w.app.register_at_counter(&team, &with_carer(70, 99)).await),
        "people.carer_unknown"
    );
    assert_eq!(
        code(w.app.register_at_counter(&team, &with_carer(70, 70)).await),
        "counter.same_document"
    );
    // An hour's number is the store's: another server counts the same.
    let other = w.second_server().await;
    let mut done = 0;
    let refused = loop {
        let app = if done % 2 == 0 { &w.app } else { &other };
        match app.register_at_counter(&team, &grandmother(1_000 + done)).await {
            Ok(_) => done += 1,
            Err(e) => break e.code,
        }
    };
    // Two tries of this hour named a carer that was none.
    assert_eq!((done, refused), (58, "staff.too_many_look_ups"));
}

/// What was kept for the owner of a document is theirs with the registration; the officer learns nothing.
#[tokio::test]
async fn what_was_kept_for_the_document_comes_along() {
    let mut w = World::new().await;
    let (_, wrong) = w.register(HOME).await;
    let team = w.officer().await;
    let second = w.staff("hospital", "officer", HOME).await;
    let positive = test_of(by_document(1), "positive");
    w.app.record_test(&team, &positive).await.unwrap();
    let correction =
        w.app.begin_document_correction(&team, &document(1), "shown here").await.unwrap();
    w.app.decide_document_correction(&second, correction.id, true).await.unwrap();
    assert_eq!(w.colour(wrong).await, Colour::Green);
    assert_eq!(state(&w, &team, 1).await, DocumentState::New);
    // From the phone of whoever lost it: that is told apart, and can be lifted.
    let barred = w.app.register_at_counter(&team, &with_phone(1, 1)).await;
    assert!(["counter.barred", "counter.same_phone"].contains(&code(barred)));
    w.app.register_at_counter(&team, &grandmother(1)).await.unwrap();
    let found = w.app.find_holder(&team, &by_document(1), REQUEST).await.unwrap();
    assert_eq!(found.assessment.colour, Colour::Red);
}

/// Two counters at once, or a counter and the person themselves: one person.
#[tokio::test]
async fn two_counters_at_once_make_one_person() {
    let mut w = World::new().await;
    let team = w.officer().await;
    let other = w.second_server().await;
    let input = grandmother(50);
    let (a, b) = tokio::join!(
        w.app.register_at_counter(&team, &input),
        other.register_at_counter(&team, &input)
    );
    let mut codes: Vec<_> = [a, b].map(|r| r.map_or_else(|e| e.code, |_| "done")).into();
    codes.sort_unstable();
    assert_eq!(codes, ["counter.registered", "done"]);
}

#[tokio::test]
async fn a_carer_who_has_no_room_is_said() {
    let policy = crate::common::policy_text()
        .replace("[check_in]", "[people]\nmost = 1\nchild_until_age = 14\n\n[check_in]");
    let mut w = World::under(&policy).await;
    w.register(HOME).await;
    let team = w.officer().await;
    w.app.register_at_counter(&team, &with_carer(50, 1)).await.unwrap();
    let full = w.app.register_at_counter(&team, &with_carer(51, 1)).await;
    assert_eq!(code(full), "counter.carer_full");
    assert_eq!(state(&w, &team, 51).await, DocumentState::New, "nothing half");
}

#[tokio::test]
async fn a_document_is_read_by_the_same_function() {
    let mut w = World::new().await;
    let team = w.officer().await;
    let zone =
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    let r = w.app.read_at_counter(&team, &zone.replace('<', ";")).unwrap();
    assert_eq!(r.birth_date.as_deref(), Some("1974-08-12"));
    let d = r.document.unwrap();
    assert_eq!((d.doc_type, d.number.as_str()), (DocumentType::Passport, "L898902C3"));
    let read = DocumentInput {
        doc_type: d.doc_type.to_string(),
        number: d.number,
        country: d.country,
        mrz: None,
    };
    let input = CounterInput { document: read, ..grandmother(50) };
    w.app.register_at_counter(&team, &input).await.unwrap();
    let mrz = DocumentInput {
        doc_type: "passport".to_owned(),
        mrz: Some(zone.to_owned()),
        ..DocumentInput::default()
    };
    assert_eq!(w.app.look_at_counter(&team, &mrz).await.unwrap(), DocumentState::Registered);
    assert_eq!(code(w.app.read_at_counter(&team, "E59659321")), "reader.no_number");
}

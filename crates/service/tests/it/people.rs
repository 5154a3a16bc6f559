//! A phone is not a person: who is led where by a phone, a document, a device, or any two of them.
//! One test for each row of the attack table in `docs/threat-model.md`.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::common::scenes::registration;
use crate::common::{HOME, REQUEST, World, by_phone, document, phone, test_of};
use jadegate_domain::id::ChallengeId;
use jadegate_domain::record::AccountEvent;
use jadegate_domain::{Colour, Phone};
use jadegate_service::HolderSession;
use jadegate_service::holder::answer::{Answering, SignedIn};
use jadegate_service::holder::register::{Asker, RegistrationInput};
use jadegate_service::staff::Whom;

/// Seconds after which a phone gets another message, however many it had.
const PAUSE: i64 = 4 * 3600 + 400;

fn who(name: &str, document_of: u32, phone_of: u32) -> RegistrationInput {
    RegistrationInput { name: name.to_owned(), ..registration(document_of, phone_of) }
}

/// The newest code that a phone got.
async fn code_of(w: &World, phone_of: u32) -> String {
    let masked = Phone::new(&phone(phone_of)).unwrap().mask();
    let outbox = w.app.demo_outbox().await.unwrap();
    let text = outbox.into_iter().find(|m| m.1 == masked).unwrap().2;
    text.split("code is ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect()
}

/// Whoever has the phone registers; they answer with the code and, if any, the end of a document.
async fn register(
    w: &World,
    input: &RegistrationInput,
    phone_of: u32,
    end: &str,
) -> jadegate_service::Result<SignedIn> {
    w.clock.advance(PAUSE);
    let client = format!("register-{phone_of}");
    let sent = w.app.begin_registration(input, Asker::at(&client)).await.unwrap();
    answer(w, sent.challenge, phone_of, end).await
}

async fn answer(
    w: &World,
    challenge: ChallengeId,
    phone_of: u32,
    end: &str,
) -> jadegate_service::Result<SignedIn> {
    let code = code_of(w, phone_of).await;
    let with = Answering { code: &code, document_end: end, ..Answering::default() };
    w.app.answer(challenge, &with).await
}

/// Whoever has the phone asks for a code with nothing but the number.
async fn ask(w: &World, phone_of: u32, device: Option<&str>) -> ChallengeId {
    w.clock.advance(PAUSE);
    let client = format!("sign-in-{phone_of}");
    let asker = Asker { device, ..Asker::at(&client) };
    w.app.begin_sign_in(&by_phone(phone_of), asker).await.unwrap().challenge
}

async fn session(w: &World, s: &SignedIn) -> HolderSession {
    w.app.holder_session(&s.session.token).await.unwrap()
}

fn failed(r: jadegate_service::Result<SignedIn>) -> &'static str {
    r.err().unwrap().code
}

/// A parent registers a child with the child's document and the own phone: two people, two codes.
#[tokio::test]
async fn a_second_person_on_a_phone_is_a_second_person() {
    let mut w = World::new().await;
    let (parent, parent_id) = w.register(HOME).await;
    let child = register(&w, &who("Child Madeup", 50, 1), 1, "").await.unwrap();
    assert!(child.new, "not signed in as the parent");
    let child = session(&w, &child).await;
    assert_ne!(child.holder(), parent_id);
    let team = w.officer().await;
    w.app.record_test(&team, &test_of(Whom::Document(document(50)), "positive")).await.unwrap();
    assert_eq!(w.app.show_code(&child).await.unwrap().assessment.colour, Colour::Red);
    assert_eq!(w.app.show_code(&parent).await.unwrap().assessment.colour, Colour::Green);
    // An officer finds each by the document; by the phone alone nobody can say who is meant.
    for (n, id) in [(1, parent_id), (50, child.holder())] {
        let found = w.app.find_holder(&team, &Whom::Document(document(n)), REQUEST).await.unwrap();
        assert_eq!(found.holder, id);
    }
    let several = w.app.find_holder(&team, &Whom::Phone(phone(1)), REQUEST).await.unwrap_err();
    assert_eq!(several.code, "holder.several");
    // Each is signed in with the phone by what they show.
    for (end, id) in [("000001", parent_id), ("x0000050", child.holder())] {
        let challenge = ask(&w, 1, None).await;
        let done = answer(&w, challenge, 1, end).await.unwrap();
        assert_eq!(session(&w, &done).await.holder(), id);
    }
}

/// Attack: a stranger who got a number that was somebody's.
#[tokio::test]
async fn attack_recycled_number() {
    let mut w = World::new().await;
    let (_, owner) = w.register(HOME).await;
    let team = w.officer().await;
    w.app.record_test(&team, &test_of(Whom::Document(document(1)), "positive")).await.unwrap();
    // With the number alone: nothing, though the code is right and stays so.
    let challenge = ask(&w, 1, None).await;
    assert_eq!(failed(answer(&w, challenge, 1, "").await), "document.needed");
    assert_eq!(failed(answer(&w, challenge, 1, "123456").await), "document.not_shown");
    assert_eq!(failed(answer(&w, challenge, 1, "00001").await), "document.not_shown", "too short");
    // With an own document: an own account, and nothing of the owner's.
    let own = register(&w, &who("Stranger Madeup", 60, 1), 1, "").await.unwrap();
    assert!(own.new);
    let own = session(&w, &own).await;
    assert_ne!(own.holder(), owner);
    assert_eq!(w.app.show_code(&own).await.unwrap().assessment.colour, Colour::Green);
    let evidence = w.app.my_evidence(&own).await.unwrap();
    assert_eq!(evidence.len(), 1, "where they live, and nothing else: {evidence:?}");
    // Nor by guessing: the count is the phone's, whatever request is answered.
    let mut answers = Vec::new();
    for n in 0..30 {
        let challenge = ask(&w, 1, None).await;
        answers.push(failed(answer(&w, challenge, 1, &format!("{:06}", 500_000 + n)).await));
    }
    assert_eq!(answers.iter().filter(|a| **a == "document.not_shown").count(), 18);
    assert_eq!(answers[29], "document.counter");
    let challenge = ask(&w, 1, None).await;
    assert_eq!(failed(answer(&w, challenge, 1, "000001").await), "document.counter");
}

/// Attack: somebody with the owner's SIM or phone number, at another device.
#[tokio::test]
async fn attack_stolen_sim() {
    let w = World::new().await;
    let owner = register(&w, &who("Owner Madeup", 1, 1), 1, "").await.unwrap();
    let id = session(&w, &owner).await.holder();
    // The thief can read every message, and opens nothing.
    let challenge = ask(&w, 1, None).await;
    assert_eq!(failed(answer(&w, challenge, 1, "").await), "document.needed");
    // Using up the tries for the document does not shut the owner out of the own devices.
    for n in 0..25 {
        let challenge = ask(&w, 1, None).await;
        failed(answer(&w, challenge, 1, &format!("{n:06}x")).await);
    }
    let challenge = ask(&w, 1, Some(&owner.device.token)).await;
    let again = answer(&w, challenge, 1, "").await.unwrap();
    assert_eq!(session(&w, &again).await.holder(), id);
    // A device of somebody else is no device of the owner's.
    let stranger = register(&w, &who("Thief Madeup", 77, 77), 77, "").await.unwrap();
    let challenge = ask(&w, 1, Some(&stranger.device.token)).await;
    assert_eq!(failed(answer(&w, challenge, 1, "000001").await), "document.counter");
}

/// A renewed passport with the same phone leads to the person after proof; the old number still does.
#[tokio::test]
async fn a_renewed_document_leads_to_the_same_person_after_proof() {
    let mut w = World::new().await;
    let owner = register(&w, &who("Owner Madeup", 1, 1), 1, "").await.unwrap();
    let id = session(&w, &owner).await.holder();
    let team = w.officer().await;
    w.app.record_test(&team, &test_of(Whom::Document(document(1)), "positive")).await.unwrap();
    let renewed = who("owner  MADEUP", 2, 1);
    assert_eq!(failed(register(&w, &renewed, 1, "").await), "document.needed");
    assert_eq!(failed(register(&w, &renewed, 1, "000002").await), "document.not_shown");
    let leaves = w.leaves().await;
    let done = register(&w, &renewed, 1, "000001").await.unwrap();
    let s = session(&w, &done).await;
    assert_eq!((s.holder(), done.new), (id, false));
    assert_eq!(w.leaves().await, leaves + 1, "the public log says that something changed");
    assert_eq!(w.app.show_code(&s).await.unwrap().assessment.colour, Colour::Red);
    for n in [1, 2] {
        let found = w.app.find_holder(&team, &Whom::Document(document(n)), REQUEST).await.unwrap();
        assert_eq!(found.holder, id, "both lead to them");
    }
    assert_eq!(w.app.profile(&s).await.unwrap().document_masked, "******02");
    let changes = w.store.account_changes(id, 9).await.unwrap();
    assert_eq!(changes[0].event, AccountEvent::DocumentAdded);
    // At a device of theirs the document before need not be shown; the newest is what shows them.
    let challenge = ask(&w, 1, None).await;
    let again = answer(&w, challenge, 1, "000002").await.unwrap();
    assert_eq!(session(&w, &again).await.holder(), id);
    let third = who("Owner Madeup", 3, 1);
    w.clock.advance(PAUSE);
    let asker = Asker { device: Some(&again.device.token), ..Asker::at("owner") };
    let sent = w.app.begin_registration(&third, asker).await.unwrap();
    let third = answer(&w, sent.challenge, 1, "").await.unwrap();
    assert_eq!(session(&w, &third).await.holder(), id);
    // The oldest number leads to the phone on file from any other phone, too.
    let asked = who("Somebody Else", 1, 88);
    w.clock.advance(PAUSE);
    let sent = w.app.begin_registration(&asked, Asker::at("elsewhere")).await.unwrap();
    let led = answer(&w, sent.challenge, 1, "").await.unwrap();
    assert_eq!(session(&w, &led).await.holder(), id);
}

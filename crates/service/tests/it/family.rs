//! Those who care for others, and what is put right at a counter or by the person.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::common::{HOME, REQUEST, World, by_phone, document, phone, test_of};
use jadegate_domain::record::AccountEvent;
use jadegate_domain::{Colour, Phone};
use jadegate_service::holder::answer::Answering;
use jadegate_service::holder::family::{AddedPerson, PersonInput};
use jadegate_service::holder::register::{Asker, ChallengeSent, DocumentInput};
use jadegate_service::staff::{DetailInput, Whom};
use jadegate_service::{HolderSession, Result, ServiceError};

/// Seconds after which a phone gets another message, however many it had.
const PAUSE: i64 = 4 * 3600 + 1_000;

fn person(name: &str, n: u32, born: &str) -> PersonInput {
    PersonInput {
        name: name.to_owned(),
        document: document(n),
        nationality: "CN".to_owned(),
        home_division: HOME.to_owned(),
        born: born.to_owned(),
        language: "en".to_owned(),
    }
}

async fn newest(w: &World, phone_of: u32) -> String {
    let masked = Phone::new(&phone(phone_of)).unwrap().mask();
    let outbox = w.app.demo_outbox().await.unwrap();
    outbox.into_iter().find(|m| m.1 == masked).unwrap().2
}

fn code_in(text: &str) -> String {
    text.split("code is ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect()
}

async fn confirm(
    w: &World,
    s: &HolderSession,
    sent: &ChallengeSent,
    phone_of: u32,
    end: &str,
) -> Result<AddedPerson> {
    let code = code_in(&newest(w, phone_of).await);
    let with = Answering { code: &code, document_end: end, ..Answering::default() };
    w.app.confirm_person(s, sent.challenge, &with).await
}

/// Somebody adds a person; the code is read on this phone.
async fn add(w: &World, s: &HolderSession, p: &PersonInput, on: u32) -> Result<AddedPerson> {
    w.clock.advance(PAUSE);
    let sent = w.app.begin_person(s, p).await?;
    confirm(w, s, &sent, on, "").await
}

async fn act(w: &World, s: &HolderSession, p: &AddedPerson) -> Result<HolderSession> {
    w.app.acting_for(s, p.id).await
}

fn code<T>(r: Result<T>) -> &'static str {
    r.err().unwrap().code
}

fn by_document(n: u32) -> Whom {
    Whom::Document(document(n))
}

/// A family of four on one phone: each with a code and a colour of their own.
#[tokio::test]
async fn a_family_of_four_on_one_phone() {
    let mut w = World::new().await;
    let (mother, _) = w.register(HOME).await;
    let leaves = w.leaves().await;
    let mut all = Vec::new();
    for (name, n, born) in [
        ("Child Madeup", 51, "2015-05-01"),
        ("Baby Madeup", 52, "2021-12-31"),
        ("Grandmother Madeup", 53, "1940-01-01"),
    ] {
        let added = add(&w, &mother, &person(name, n, born), 1).await.unwrap();
        assert!(added.new);
        all.push(added);
    }
    // Registered, where they live, and the carer: each in the public log.
    assert_eq!(w.leaves().await, leaves + 6);
    let team = w.officer().await;
    let positive = test_of(by_document(51), "positive");
    w.app.record_test(&team, &positive).await.unwrap();
    let mut colours = Vec::new();
    for p in &all {
        let acting = act(&w, &mother, p).await.unwrap();
        assert_eq!(acting.holder(), p.id);
        let shown = w.app.show_code(&acting).await.unwrap();
        assert_eq!(shown.name_masked, p.name_masked);
        colours.push(shown.assessment.colour);
    }
    assert_eq!(colours, [Colour::Red, Colour::Green, Colour::Green]);
    assert_eq!(w.app.show_code(&mother).await.unwrap().assessment.colour, Colour::Green);
    let family = w.app.family(&mother).await.unwrap();
    assert_eq!((family.people.len(), family.carers.len()), (3, 0));
    let until: Vec<_> = family.people.iter().map(|p| p.until.clone().unwrap_or_default()).collect();
    assert!(
        until.contains(&"2033-05-01".to_owned()) && until.contains(&String::new()),
        "{until:?}"
    );
    // Each sees who cares for them, and that it began.
    let child = act(&w, &mother, &all[0]).await.unwrap();
    let seen = w.app.family(&child).await.unwrap();
    assert_eq!((seen.people.len(), seen.carers.len()), (0, 1));
    let changes = w.app.my_changes(&child).await.unwrap();
    assert_eq!((changes[0].event, changes[0].by_carer), (AccountEvent::CarerAdded, true));
    let logged = w.app.my_log(&child).await.unwrap().records;
    assert!(logged.iter().any(|r| r.what == "account" && r.leaves.len() == 1));
    // What nobody does for another.
    assert_eq!(code(w.app.my_sessions(&child, "").await), "person.own_only");
    assert_eq!(
        code(w.app.begin_person(&child, &person("X Y", 60, "2000-01-01")).await),
        "person.own_only"
    );
    // Withdrawn at once, and only once.
    w.app.stop_caring(&mother, all[0].id).await.unwrap();
    assert_eq!(code(act(&w, &mother, &all[0]).await), "person.unknown");
    assert_eq!(code(w.app.stop_caring(&mother, all[0].id).await), "person.unknown");
}

/// Never by name and number alone: the code goes to the person's own phone, and says what it is for.
#[tokio::test]
async fn somebody_registered_is_added_with_their_own_code_and_h15_learns_nothing() {
    let mut w = World::new().await;
    let (carer, carer_id) = w.register(HOME).await;
    let (father, _) = w.register(HOME).await;
    w.clock.advance(PAUSE);
    let known = person("Whatever Typed", 2, "1950-01-01");
    let unknown = person("Nobody Madeup", 90, "1950-01-01");
    let sent = w.app.begin_person(&carer, &known).await.unwrap();
    let other = w.app.begin_person(&carer, &unknown).await.unwrap();
    assert_eq!(sent.phone_masked, other.phone_masked, "the same answer");
    let text = newest(&w, 2).await;
    assert!(text.contains("care for you") && text.contains("tell nobody"), "{text}");
    // The code on the carer's own phone is for the other; it does not answer this one.
    assert_eq!(code(confirm(&w, &carer, &sent, 1, "").await), "otp.wrong");
    // Nobody else can use it, and it signs nobody in.
    let digits = code_in(&text);
    assert_eq!(code(confirm(&w, &father, &sent, 2, "").await), "otp.unknown");
    assert_eq!(code(w.app.answer_challenge(sent.challenge, &digits, "").await), "otp.unknown");
    let added = confirm(&w, &carer, &sent, 2, "").await.unwrap();
    assert!(!added.new);
    assert_eq!(added.id, father.holder());
    // He sees it, and ends it at once; in between somebody asks for a way in with a code of his.
    let carers = w.app.family(&father).await.unwrap().carers;
    assert_eq!(carers.iter().map(|c| c.id).collect::<Vec<_>>(), [carer_id]);
    let acting = act(&w, &carer, &added).await.unwrap();
    w.app.show_code(&acting).await.unwrap();
    w.app.dismiss_carer(&father, carer_id).await.unwrap();
    assert_eq!(code(act(&w, &carer, &added).await), "person.unknown");
    assert_eq!(w.app.my_changes(&father).await.unwrap().len(), 2);
    // Nor does a code that came for signing in let somebody care.
    w.clock.advance(PAUSE);
    let sent = w.app.begin_person(&carer, &known).await.unwrap();
    assert!(newest(&w, 2).await.contains("care for you"));
    w.clock.advance(61);
    w.app.begin_sign_in(&by_phone(2), Asker::at("father")).await.unwrap();
    assert_eq!(code(confirm(&w, &carer, &sent, 2, "").await), "otp.wrong");
    assert_eq!(
        code(w.app.begin_person(&carer, &person("Me", 1, "1990-01-01")).await),
        "people.yourself"
    );
}

/// Attack: a family member with the phone, or an ex-partner who knows the document.
#[tokio::test]
async fn attack_family_member() {
    let mut w = World::new().await;
    let (mother, _) = w.register(HOME).await;
    let child = add(&w, &mother, &person("Child Madeup", 51, "2015-05-01"), 1).await.unwrap();
    // With the phone alone nothing opens; with the child's document the child's code does, not hers.
    w.clock.advance(PAUSE);
    let sent = w.app.begin_sign_in(&by_phone(1), Asker::at("kin")).await.unwrap();
    let digits = code_in(&newest(&w, 1).await);
    assert_eq!(code(w.app.answer_challenge(sent.challenge, &digits, "").await), "document.needed");
    let with = Answering { code: &digits, document_end: "000051", ..Answering::default() };
    let done = w.app.answer(sent.challenge, &with).await.unwrap();
    let s = w.app.holder_session(&done.session.token).await.unwrap();
    assert_eq!(s.holder(), child.id);
}

/// Attack: an ex-partner, who was a carer and knows every number.
#[tokio::test]
async fn attack_ex_partner() {
    let mut w = World::new().await;
    let (mother, mother_id) = w.register(HOME).await;
    let (ex, ex_id) = w.register(HOME).await;
    let child = add(&w, &mother, &person("Child Madeup", 51, "2015-05-01"), 1).await.unwrap();
    let team = w.officer().await;
    let carer = DetailInput::Carer(document(2));
    w.app.change_details(&team, &document(51), &carer).await.unwrap();
    assert_eq!(act(&w, &ex, &child).await.unwrap().holder(), child.id);
    // Acting for the child the ex can neither end the mother's care nor add anybody.
    let acting = act(&w, &ex, &child).await.unwrap();
    assert_eq!(code(w.app.dismiss_carer(&acting, mother_id).await), "person.own_only");
    assert_eq!(code(w.app.dismiss_carer(&ex, mother_id).await), "person.unknown");
    // Ended at a counter with the child's document, or by the child signed in; at once.
    let no_carer = DetailInput::NoCarer(document(2));
    w.app.change_details(&team, &document(51), &no_carer).await.unwrap();
    assert_eq!(code(act(&w, &ex, &child).await), "person.unknown");
    // To come back the ex needs the code on the child's phone, which is the mother's.
    w.clock.advance(PAUSE);
    let sent = w.app.begin_person(&ex, &person("Child Madeup", 51, "2015-05-01")).await.unwrap();
    assert!(newest(&w, 1).await.contains("care for you"), "the mother is told");
    for guess in 0..4 {
        let guess = format!("{guess:06}");
        let with = Answering { code: &guess, ..Answering::default() };
        assert_eq!(code(w.app.confirm_person(&ex, sent.challenge, &with).await), "otp.wrong");
    }
    let carers = w.store.carers_of(child.id).await.unwrap();
    assert!(carers.iter().all(|p| p.carer != ex_id));
}

#[tokio::test]
async fn a_proxy_for_a_child_ends_at_the_policys_age_and_people_at_its_number() {
    let policy = crate::common::policy_text()
        .replace("[check_in]", "[people]\nmost = 2\nchild_until_age = 14\n\n[check_in]");
    let mut w = World::under(&policy).await;
    let (mother, _) = w.register(HOME).await;
    let nearly = add(&w, &mother, &person("Child Madeup", 51, "2008-03-18"), 1).await.unwrap();
    let grown = add(&w, &mother, &person("Aunt Madeup", 52, "1970-03-18"), 1).await.unwrap();
    let full = w.app.begin_person(&mother, &person("Third Madeup", 53, "2010-01-01")).await;
    assert_eq!(code(full), "people.full");
    act(&w, &mother, &nearly).await.unwrap();
    w.clock.advance(3 * 86_400);
    assert_eq!(code(act(&w, &mother, &nearly).await), "person.grown_up");
    act(&w, &mother, &grown).await.unwrap();
}

#[tokio::test]
async fn a_day_of_birth_is_asked_for_where_the_document_does_not_say_it() {
    let mut w = World::new().await;
    let (mother, _) = w.register(HOME).await;
    let field = |e: ServiceError| e.fields[0].code;
    for (born, wanted) in
        [("", "born.needed"), ("2099-01-01", "born.bad"), ("1.5.2015", "born.bad")]
    {
        let refused = w.app.begin_person(&mother, &person("Child Madeup", 51, born)).await;
        assert_eq!(field(refused.unwrap_err()), wanted);
    }
    let document = DocumentInput {
        doc_type: "resident_id".to_owned(),
        number: "110101201505010015".to_owned(),
        ..DocumentInput::default()
    };
    let input = PersonInput { document, ..person("Child Madeup", 51, "") };
    match w.app.begin_person(&mother, &input).await {
        Ok(_) => {}
        Err(e) => assert_ne!(field(e), "born.needed"),
    }
}

/// A child's passport after the child's first document is the same child.
#[tokio::test]
async fn a_relatives_second_document_is_no_second_relative() {
    let mut w = World::new().await;
    let (mother, _) = w.register(HOME).await;
    let first = add(&w, &mother, &person("Child Madeup", 51, "2015-05-01"), 1).await.unwrap();
    let again = add(&w, &mother, &person("Child Madeup", 61, "2015-05-01"), 1).await.unwrap();
    assert_eq!((again.id, again.new), (first.id, false));
    let team = w.officer().await;
    for n in [51, 61] {
        let found = w.app.find_holder(&team, &by_document(n), REQUEST).await.unwrap();
        assert_eq!(found.holder, first.id);
    }
    // A twin has another name; a namesake of another birthday is somebody else.
    let twin = add(&w, &mother, &person("Twin Madeup", 62, "2015-05-01"), 1).await.unwrap();
    let namesake = add(&w, &mother, &person("Child Madeup", 63, "2019-05-01"), 1).await.unwrap();
    assert!(twin.new && namesake.new);
}

/// Phone, name and document at a counter: seen, logged, undone; and what must not be possible.
#[tokio::test]
async fn details_are_put_right_at_a_counter_and_undone() {
    let mut w = World::new().await;
    let (s, id) = w.register(HOME).await;
    w.register(HOME).await;
    let team = w.officer().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let change = async |input: DetailInput| {
        w.clock.advance(1);
        w.app.change_details(&team, &document(1), &input).await
    };
    let input = DetailInput::Name("New Name".to_owned());
    assert_eq!(code(w.app.change_details(&lab, &document(1), &input).await), "staff.not_allowed");
    assert_eq!(code(w.app.change_details(&team, &document(9), &input).await), "holder.not_found");
    let leaves = w.leaves().await;
    change(DetailInput::Name("Married Madeup".to_owned())).await.unwrap();
    assert_eq!(w.leaves().await, leaves + 2, "a look and a change");
    assert_eq!(w.app.profile(&s).await.unwrap().name_masked, "M*** M***");
    change(DetailInput::Document(document(70))).await.unwrap();
    assert_eq!(code(change(DetailInput::Document(document(2))).await), "document.taken");
    for n in [1, 70] {
        let found = w.app.find_holder(&team, &Whom::Document(document(n)), REQUEST).await.unwrap();
        assert_eq!(found.holder, id);
    }
    let changes = change(DetailInput::Phone(phone(71))).await.unwrap();
    assert_eq!(changes.len(), 3);
    // Signed out everywhere, and the old phone leads to them no more.
    assert!(w.app.my_accesses(&s).await.unwrap().iter().any(|a| a.what == "details_changed"));
    let users = async |n| {
        let found = w.app.find_holder(&team, &Whom::Phone(phone(n)), REQUEST).await;
        found.map(|f| f.holder).map_err(|e| e.code)
    };
    assert_eq!(users(1).await, Err("holder.not_found"));
    assert_eq!(users(71).await, Ok(id));
    // Undone: the newest of a kind, once.
    let undo = async |c: usize| w.app.undo_change(&team, &document(1), changes[c].id).await;
    undo(0).await.unwrap();
    assert_eq!(code(undo(0).await), "change.not_newest");
    assert_eq!(users(1).await, Ok(id));
    assert_eq!(users(71).await, Err("holder.not_found"));
    undo(1).await.unwrap();
    assert_eq!(
        code(w.app.find_holder(&team, &Whom::Document(document(70)), REQUEST).await),
        "holder.not_found"
    );
    let left = undo(2).await.unwrap();
    assert!(left.iter().all(|c| c.undone_at.is_some() && c.by.is_some()));
    let profile = w.app.profile(&s).await.unwrap();
    assert_eq!(
        (profile.name_masked.as_str(), profile.document_masked.as_str()),
        ("T*** P***", "******01")
    );
}

/// A changed phone by the person: with the code from there and the own document.
#[tokio::test]
async fn a_person_changes_to_another_phone() {
    let mut w = World::new().await;
    let (s, id) = w.register(HOME).await;
    assert_eq!(code(w.app.begin_phone_change(&s, &phone(1)).await), "phone.same");
    w.clock.advance(PAUSE);
    let sent = w.app.begin_phone_change(&s, &phone(9)).await.unwrap();
    let digits = code_in(&newest(&w, 9).await);
    let answer = |end| {
        let with = Answering { code: &digits, document_end: end, ..Answering::default() };
        let app = w.app.clone();
        let challenge = sent.challenge;
        async move { app.confirm_phone_change(&s, challenge, &with).await.map_err(|e| e.code) }
    };
    assert_eq!(answer("").await, Err("document.needed"));
    assert_eq!(answer("999999").await, Err("document.not_shown"));
    assert_eq!(code(w.app.answer_challenge(sent.challenge, &digits, "").await), "otp.unknown");
    assert_eq!(answer("000001").await, Ok(()));
    // From now on the new phone, with the document, leads to them; the old one to nobody.
    w.clock.advance(PAUSE);
    let sent = w.app.begin_sign_in(&by_phone(9), Asker::at("new")).await.unwrap();
    let digits = code_in(&newest(&w, 9).await);
    let with = Answering { code: &digits, document_end: "000001", ..Answering::default() };
    let done = w.app.answer(sent.challenge, &with).await.unwrap();
    let again = w.app.holder_session(&done.session.token).await.unwrap();
    assert_eq!(again.holder(), id);
    assert_eq!(w.app.my_changes(&again).await.unwrap()[0].event, AccountEvent::PhoneChanged);
    let messages = w.app.demo_outbox().await.unwrap().len();
    w.app.begin_sign_in(&by_phone(1), Asker::at("old")).await.unwrap();
    assert_eq!(w.app.demo_outbox().await.unwrap().len(), messages, "the old phone is nobody's");
}

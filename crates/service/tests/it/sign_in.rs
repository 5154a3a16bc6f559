//! Asking for codes: what a stranger can neither learn nor shut, and what the owner of a phone can
//! rely on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use crate::common::scenes::registration;
use crate::common::{HOME, World, by_phone, document, phone};
use async_trait::async_trait;
use jadegate_domain::Phone;
use jadegate_domain::id::ChallengeId;
use jadegate_service::holder::answer::{Answering, SignedIn};
use jadegate_service::holder::register::{Asker, ChallengeSent, SignInInput};
use jadegate_service::holder::work::{WorkProof, solve};
use jadegate_service::{ServiceError, SmsError, SmsGateway};

struct Takes;

#[async_trait]
impl SmsGateway for Takes {
    async fn send(&self, _: &Phone, _: &str) -> Result<(), SmsError> {
        Ok(())
    }
}

/// The messages to a phone: when, and the code in it; oldest first.
async fn codes_of(w: &World, n: u32) -> Vec<(jadegate_domain::Timestamp, String)> {
    let masked = Phone::new(&phone(n)).unwrap().mask();
    let all = w.app.demo_outbox().await.unwrap();
    let mut codes: Vec<_> = all
        .into_iter()
        .filter(|m| m.1 == masked)
        .map(|(at, _, text)| {
            let code = text.split("code is ").nth(1).unwrap();
            (at, code.chars().take_while(char::is_ascii_digit).collect())
        })
        .collect();
    codes.sort();
    codes
}

async fn newest_of(w: &World, n: u32) -> String {
    codes_of(w, n).await.pop().unwrap().1
}

/// Answers a request of whoever registered document 1.
async fn answer(w: &World, challenge: ChallengeId, code: &str, agent: &str) -> SignedIn {
    let with = Answering { code, document_end: "000001", agent };
    w.app.answer(challenge, &with).await.unwrap()
}

async fn sign_in(w: &World, n: u32, asker: Asker<'_>) -> Result<ChallengeSent, ServiceError> {
    w.app.begin_sign_in(&by_phone(n), asker).await
}

/// The same with a solved puzzle.
async fn solved(w: &World, n: u32, proof: &WorkProof) -> Result<ChallengeSent, ServiceError> {
    let input = SignInInput { proof: Some(proof.clone()), ..by_phone(n) };
    w.app.begin_sign_in(&input, Asker::at("client")).await
}

#[tokio::test]
async fn a_strangers_thousand_requests_do_not_stop_the_owner() {
    let mut w = World::new().await;
    let (owner, _) = w.register(HOME).await;
    let mut before = codes_of(&w, 1).await.len();
    // By the document, from many places, over eleven hours; and guesses at whatever was sent.
    for n in 0..1_000_u32 {
        let client = format!("stranger-{n}");
        let input = registration(1, 1_000 + n);
        let sent = w.app.begin_registration(&input, Asker::at(&client)).await.unwrap();
        w.app.deliver_messages(&Takes).await.unwrap();
        if n < 40 {
            for guess in 0..5 {
                let guess = format!("{guess:06}");
                assert!(w.app.answer_challenge(sent.challenge, &guess, "").await.is_err());
            }
        }
        w.clock.advance(40);
        if n == 20 || n == 500 || n == 999 {
            // On a new device: the newest code that the phone has works.
            let sent = sign_in(&w, 1, Asker::at("owner")).await.unwrap();
            w.app.deliver_messages(&Takes).await.unwrap();
            let code = newest_of(&w, 1).await;
            let done = answer(&w, sent.challenge, &code, "").await;
            let session = w.app.holder_session(&done.session.token).await.unwrap();
            assert_eq!(session.holder(), owner.holder());
            // On that device from now on: at once, with an ordinary code.
            let asker = Asker { device: Some(&done.device.token), ..Asker::at("owner") };
            let again = sign_in(&w, 1, asker).await.unwrap();
            w.app.deliver_messages(&Takes).await.unwrap();
            let code = newest_of(&w, 1).await;
            assert_eq!(code.len(), 6, "strangers do not change what a trusted device gets");
            w.app.answer_challenge(again.challenge, &code, "").await.unwrap();
            before += 1;
            w.clock.advance(61);
        }
    }
    let strangers = codes_of(&w, 1).await.len() - before;
    assert!(strangers <= 10, "{strangers} messages went to the phone");
}

#[tokio::test]
async fn a_phone_gets_few_messages_and_the_newest_code_works_at_any_time() {
    let mut w = World::new().await;
    w.register(HOME).await;
    w.clock.advance(2 * 86_400);
    let start = w.app.now();
    for minute in 0..(2 * 24 * 60_u32) {
        w.clock.advance(60);
        if minute % 7 != 0 && minute > 30 {
            continue;
        }
        let client = format!("client-{minute}");
        let input = registration(1, 1_000 + minute);
        let sent = w.app.begin_registration(&input, Asker::at(&client)).await.unwrap();
        w.app.deliver_messages(&Takes).await.unwrap();
        let now = w.app.now();
        let sent_to: Vec<_> =
            codes_of(&w, 1).await.into_iter().filter(|(at, _)| *at > start).collect();
        let within = |secs| sent_to.iter().filter(|(at, _)| now.secs_since(*at) < secs).count();
        assert!(within(60) <= 1 && within(3_600) <= 5 && within(86_400) <= 10);
        // Tried once a day, for a right answer uses the code up.
        if minute == 29 || minute == 28 * 60 {
            let code = &sent_to.last().unwrap().1;
            assert_eq!(code.len(), 10);
            w.app.answer_challenge(sent.challenge, code, "").await.unwrap();
        }
    }
}

/// The first message comes after the second was asked for, and is typed first: it works, for either
/// request, and so does the second.
#[tokio::test]
async fn the_first_message_may_come_after_the_second() {
    let mut w = World::new().await;
    w.register(HOME).await;
    for (request, message) in [(1, 0), (0, 1), (1, 1), (0, 0)] {
        w.clock.advance(3 * 86_400);
        let before = codes_of(&w, 1).await.len();
        let mut asked = Vec::new();
        for client in ["first", "second"] {
            asked.push(sign_in(&w, 1, Asker::at(client)).await.unwrap().challenge);
            w.app.deliver_messages(&Takes).await.unwrap();
            w.clock.advance(61);
        }
        let codes = codes_of(&w, 1).await.split_off(before);
        assert_eq!(codes.len(), 2);
        let signed_in = answer(&w, asked[request], &codes[message].1, "").await;
        assert!(!signed_in.new, "request {request}, message {message}");
    }
}

/// A message that comes when its code has run out is told apart from a wrong one, and costs no try;
/// what was never sent does.
#[tokio::test]
async fn a_code_that_came_too_late_costs_no_try() {
    let mut w = World::new().await;
    w.register(HOME).await;
    w.clock.advance(3 * 86_400);
    let before = codes_of(&w, 1).await.len();
    let mut asked = None;
    for client in ["first", "second"] {
        w.clock.advance(600);
        asked = Some(sign_in(&w, 1, Asker::at(client)).await.unwrap().challenge);
        w.app.deliver_messages(&Takes).await.unwrap();
    }
    let (asked, codes) = (asked.unwrap(), codes_of(&w, 1).await.split_off(before));
    let refused = async |code: &str| w.app.answer_challenge(asked, code, "").await.err().unwrap();
    for _ in 0..20 {
        let late = refused(&codes[0].1).await;
        assert_eq!((late.code, late.tries_left), ("otp.late", None));
    }
    let wrong = refused("0000000").await;
    assert_eq!((wrong.code, wrong.tries_left), ("otp.wrong", Some(4)));
    assert!(!answer(&w, asked, &codes[1].1, "").await.new);
}

#[tokio::test]
async fn guessing_makes_codes_longer_and_shuts_nobody_out() {
    let mut w = World::new().await;
    w.register(HOME).await;
    w.clock.advance(86_400);
    let mut sent = Vec::new();
    for n in 0..4 {
        let client = format!("client-{n}");
        sent.push(sign_in(&w, 1, Asker::at(&client)).await.unwrap().challenge);
    }
    let code = newest_of(&w, 1).await;
    assert_eq!((codes_of(&w, 1).await.len(), code.len()), (2, 6), "one message for all four");
    for challenge in &sent[..3] {
        for guess in 0..5 {
            let guess = format!("{guess:07}");
            assert!(w.app.answer_challenge(*challenge, &guess, "").await.is_err());
        }
    }
    for guess in 0..4 {
        let guess = format!("{guess:07}");
        assert!(w.app.answer_challenge(sent[3], &guess, "").await.is_err());
    }
    let other = sign_in(&w, 1, Asker::at("other")).await.unwrap().challenge;
    w.app.deliver_messages(&Takes).await.unwrap();
    assert_eq!(w.app.answer_challenge(other, "0000000", "").await.err().unwrap().code, "otp.wrong");
    let e = w.app.answer_challenge(sent[3], &code, "").await.err().unwrap();
    assert_eq!(e.code, "otp.spent");
    w.clock.advance(61);
    let again = sign_in(&w, 1, Asker::at("again")).await;
    let again = match again {
        Ok(sent) => sent,
        Err(e) => {
            let proof = solve(e.puzzle.as_deref().unwrap());
            solved(&w, 1, &proof).await.unwrap()
        }
    };
    w.app.deliver_messages(&Takes).await.unwrap();
    let code = newest_of(&w, 1).await;
    assert_eq!(code.len(), 10);
    answer(&w, again.challenge, &code, "").await;
}

#[tokio::test]
async fn asking_often_takes_work_that_counts_once_and_for_one_phone() {
    let w = World::new().await;
    for n in 0..5 {
        sign_in(&w, 1, Asker::at(&format!("client-{n}"))).await.unwrap();
    }
    let e = sign_in(&w, 1, Asker::at("client")).await.unwrap_err();
    assert_eq!(e.code, "otp.work_needed");
    let puzzle = *e.puzzle.unwrap();
    let proof = solve(&puzzle);
    for wrong in [
        WorkProof { nonce: format!("{}0", proof.nonce), ..proof.clone() },
        WorkProof { nonce: String::new(), ..proof.clone() },
        WorkProof { puzzle: proof.puzzle.replacen(".14.", ".1.", 1), ..proof.clone() },
        WorkProof { puzzle: "nonsense".to_owned(), ..proof.clone() },
    ] {
        assert_eq!(solved(&w, 1, &wrong).await.unwrap_err().code, "otp.bad_work");
    }
    assert_eq!(solved(&w, 2, &proof).await.unwrap_err().code, "otp.bad_work");
    solved(&w, 1, &proof).await.unwrap();
    assert_eq!(solved(&w, 1, &proof).await.unwrap_err().code, "otp.work_needed");
    // Time makes it free again, and makes the puzzle worthless.
    let unused = solve(&sign_in(&w, 1, Asker::at("client")).await.unwrap_err().puzzle.unwrap());
    w.clock.advance(3_600);
    assert_eq!(solved(&w, 1, &unused).await.unwrap_err().code, "otp.bad_work");
    sign_in(&w, 1, Asker::at("client")).await.unwrap();
}

/// What a stranger can do from outside.
#[derive(Clone, Copy, Debug)]
enum Act {
    Register { document: u32, phone: u32, client: u32 },
    SignIn { phone: u32, client: u32 },
    Guess { which: usize, code: u32 },
    Look { which: usize },
    Wait(i64),
}

/// A made-up list of acts; the same seed makes the same list.
fn acts(seed: u64) -> Vec<Act> {
    let mut state = seed;
    let mut draw = |n: u32| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(state >> 33).unwrap() % n
    };
    let mut out = Vec::new();
    for _ in 0..70 {
        let which = draw(40) as usize;
        out.push(match draw(8) {
            // Document and phone 1 are known in one world; 2 in none; 50 is the stranger's own.
            0..3 => Act::Register {
                document: 1 + draw(2),
                phone: [1, 2, 50, 51][draw(4) as usize],
                client: draw(3),
            },
            3 | 4 => Act::SignIn { phone: [1, 2, 50][draw(3) as usize], client: draw(3) },
            5 => Act::Guess { which, code: draw(1_000_000) },
            6 => Act::Look { which },
            _ => Act::Wait(i64::from(draw(400))),
        });
    }
    out
}

/// All that comes back to the stranger, as text; what is random is left out.
async fn seen(w: &World, acts: &[Act]) -> Vec<String> {
    let start = w.app.now();
    let mut challenges: Vec<ChallengeId> = Vec::new();
    let mut out = Vec::new();
    let failed = |e: ServiceError| {
        let bits = e.puzzle.map(|p| p.bits);
        format!("{} {} {:?} {:?} {bits:?}", e.code, e.detail, e.retry_after, e.tries_left)
    };
    for act in acts {
        let mut sent = |r: Result<ChallengeSent, ServiceError>| match r {
            Ok(c) => {
                challenges.push(c.challenge);
                let (until, again) = (c.expires_at, c.resend_at);
                format!(
                    "{} {} {}",
                    c.phone_masked,
                    until.secs_since(start),
                    again.secs_since(start)
                )
            }
            Err(e) => failed(e),
        };
        let text = match *act {
            Act::Register { document, phone, client } => {
                let client = format!("client-{client}");
                let input = registration(document, phone);
                sent(w.app.begin_registration(&input, Asker::at(&client)).await)
            }
            Act::SignIn { phone, client } => {
                sent(sign_in(w, phone, Asker::at(&format!("client-{client}"))).await)
            }
            Act::Guess { which, code } => match challenges.get(which) {
                Some(c) => match w.app.answer_challenge(*c, &format!("{code:06}"), "").await {
                    Ok(_) => "right".to_owned(),
                    Err(e) => failed(e),
                },
                None => String::new(),
            },
            Act::Look { which } => match challenges.get(which) {
                Some(c) => w.app.delivery(*c).await.unwrap().state.to_owned(),
                None => String::new(),
            },
            Act::Wait(secs) => {
                w.clock.advance(secs);
                String::new()
            }
        };
        w.app.deliver_messages(&Takes).await.unwrap();
        out.push(format!("{act:?}: {text}"));
    }
    out
}

#[tokio::test]
async fn known_and_unknown_are_told_apart_by_nothing() {
    for seed in 1..=8 {
        let mut known = World::new().await;
        known.register(HOME).await;
        let unknown = World::new().await;
        // That the person asked for a code themselves is an hour ago.
        known.clock.advance(3_600);
        unknown.clock.advance(known.app.now().secs_since(unknown.app.now()));
        let acts = acts(seed);
        assert_eq!(seen(&known, &acts).await, seen(&unknown, &acts).await, "seed {seed}");
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_and_everywhere() {
    let mut w = World::new().await;
    let (_, id) = w.register(HOME).await;
    let mut tokens = Vec::new();
    for agent in ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)", "Mozilla/5.0 (X11; Linux x86_64)"] {
        w.clock.advance(61);
        let sent = sign_in(&w, 1, Asker::at("owner")).await.unwrap();
        let code = newest_of(&w, 1).await;
        tokens.push(answer(&w, sent.challenge, &code, agent).await);
    }
    let (phone, computer) = (&tokens[0], &tokens[1]);
    w.clock.advance(86_400);
    let s = w.app.holder_session(&computer.session.token).await.unwrap();
    assert_eq!(s.holder(), id);
    let list = w.app.my_sessions(&s, &computer.session.token).await.unwrap();
    let words: Vec<_> = list.iter().map(|v| (v.device.as_str(), v.current)).collect();
    assert_eq!(words, [("computer", true), ("phone", false), ("", false)]);
    assert!(list[0].last_used_on > list[1].last_used_on, "used today");
    w.app.end_my_session(&s, &list[1].id).await.unwrap();
    assert_eq!(w.app.end_my_session(&s, &list[1].id).await.unwrap_err().code, "session.unknown");
    assert!(w.app.holder_session(&phone.session.token).await.is_err());
    assert!(w.app.holder_session(&computer.session.token).await.is_ok());
    // The phone is a stranger's device now; the computer is not.
    for (device, own) in [(&phone.device.token, false), (&computer.device.token, true)] {
        for _ in 0..6 {
            let asker = Asker { device: Some(device), ..Asker::at("owner") };
            let asked = sign_in(&w, 1, asker).await;
            if own {
                asked.unwrap();
            }
        }
        let asker = Asker { device: Some(device), ..Asker::at("owner") };
        assert_eq!(sign_in(&w, 1, asker).await.is_ok(), own);
    }
    w.app.end_my_sessions(&s).await.unwrap();
    assert!(w.app.holder_session(&computer.session.token).await.is_err());
    let asker = Asker { device: Some(&computer.device.token), ..Asker::at("owner") };
    assert_eq!(sign_in(&w, 1, asker).await.unwrap_err().code, "otp.work_needed");
}

#[tokio::test]
async fn a_document_that_somebody_else_registered_is_put_right_by_two_agencies() {
    let mut w = World::new().await;
    let (squatter, id) = w.register("CN-1101").await;
    let team = w.staff("prevention_team", "officer", "CN-3301").await;
    let hospital = w.staff("hospital", "officer", "CN-3301").await;
    let lab = w.staff("laboratory", "lab_technician", "CN-3301").await;
    let shown = document(1);
    let begin = |s| w.app.begin_document_correction(s, &shown, "shows the document");
    assert_eq!(begin(&lab).await.unwrap_err().code, "staff.not_allowed");
    let bad = w.app.begin_document_correction(&team, &document(1), " ").await.unwrap_err();
    assert_eq!(bad.fields[0].code, "reason.bad");
    let nobody = w.app.begin_document_correction(&team, &document(9), "made up").await;
    assert_eq!(nobody.unwrap_err().code, "document.not_registered");
    let begun = begin(&team).await.unwrap();
    assert_eq!((begun.state, begun.may_confirm), ("waiting", false));
    assert_eq!(begin(&hospital).await.unwrap_err().code, "correction.waiting");
    // Neither who began it, nor somebody without the power.
    let confirm = |s| w.app.decide_document_correction(s, begun.id, true);
    assert_eq!(confirm(&team).await.unwrap_err().code, "correction.second_officer");
    assert_eq!(confirm(&lab).await.unwrap_err().code, "staff.not_allowed");
    assert!(w.app.document_corrections(&hospital).await.unwrap()[0].may_confirm);
    let leaves = w.leaves().await;
    assert_eq!(confirm(&hospital).await.unwrap().state, "confirmed");
    assert_eq!(w.leaves().await, leaves + 1);
    assert_eq!(confirm(&hospital).await.unwrap_err().code, "correction.over");
    // The account is signed out, and sees both steps when it signs in again.
    w.clock.advance(61);
    let sent = sign_in(&w, 1, Asker::at("squatter")).await.unwrap();
    let code = newest_of(&w, 1).await;
    let again = w.app.answer_challenge(sent.challenge, &code, "").await.unwrap();
    let again = w.app.holder_session(&again.session.token).await.unwrap();
    assert_eq!(again.holder(), squatter.holder());
    let what: Vec<_> =
        w.app.my_accesses(&again).await.unwrap().into_iter().map(|a| a.what).collect();
    assert_eq!(what, ["document_released", "document_disputed"]);
    // The person registers with their own phone.
    let sent = w.app.begin_registration(&registration(1, 70), Asker::at("owner")).await.unwrap();
    let code = newest_of(&w, 70).await;
    let new = w.app.answer_challenge(sent.challenge, &code, "").await.unwrap();
    assert!(new.new);
    assert_ne!(w.app.holder_session(&new.session.token).await.unwrap().holder(), id);
    // A correction that nobody confirms lapses and stands in nobody's way.
    let waits = w.app.begin_document_correction(&team, &document(1), "made up").await.unwrap();
    w.clock.advance(86_400);
    let late = w.app.decide_document_correction(&hospital, waits.id, true).await.unwrap_err();
    assert_eq!(late.code, "correction.over");
    let next = w.app.begin_document_correction(&team, &document(1), "made up").await.unwrap();
    let back = w.app.decide_document_correction(&team, next.id, false).await.unwrap();
    assert_eq!(back.state, "refused");
}

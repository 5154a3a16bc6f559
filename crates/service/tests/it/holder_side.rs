//! Registering, showing and checking: what a holder and a gate can rely on, and what a stranger
//! cannot learn. History rows: h04, h06, h07, h15, h17, h18, h21.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use crate::common::scenes::registration;
use crate::common::{HOME, World, by_phone, phone};
use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jadegate_domain::gate::{Direction, OverrideReason};
use jadegate_domain::{Colour, Phone, Presence, ScanId, ScanOutcome, Timestamp};
use jadegate_service::gate::scan::{ReadBy, ScanInput, ScanResult};
use jadegate_service::holder::declare::DeclarationInput;
use jadegate_service::holder::register::{Asker, ChallengeSent};
use jadegate_service::{GateSession, Kind, SmsError, SmsFault, SmsGateway};
use jadegate_store::Latest;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The newest message: to whom (masked), and its code.
async fn newest(w: &World) -> (String, String) {
    let (_, to, text) = w.app.demo_outbox().await.unwrap().into_iter().max_by_key(|m| m.0).unwrap();
    let code =
        text.split("code is ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    (to, code)
}

async fn begin(w: &World, n: u32, phone_of: u32) -> ChallengeSent {
    w.clock.advance(61);
    w.app.begin_registration(&registration(n, phone_of), Asker::at("client")).await.unwrap()
}

#[tokio::test]
async fn one_person_one_code() {
    let mut w = World::new().await;
    let (_, holder) = w.register(HOME).await;
    // The same document again.
    let sent = begin(&w, 1, 1).await;
    let (_, code) = newest(&w).await;
    let again = w.app.answer_challenge(sent.challenge, &code, "").await.unwrap();
    assert!(!again.new);
    assert_eq!(w.app.holder_session(&again.session.token).await.unwrap().holder(), holder);
}

#[tokio::test]
async fn h15_a_stranger_with_a_document_number_learns_nothing() {
    let mut w = World::new().await;
    w.register(HOME).await;
    // A stranger types the document with a phone of their own; another one an unknown document.
    let known = begin(&w, 1, 50).await;
    let (to, _) = newest(&w).await;
    assert_eq!(to, Phone::new(&phone(1)).unwrap().mask(), "the message goes to the phone on file");
    let unknown = begin(&w, 2, 51).await;
    assert_eq!(
        known.expires_at.secs_since(known.resend_at),
        unknown.expires_at.secs_since(unknown.resend_at)
    );
    assert_eq!(known.phone_masked, Phone::new(&phone(50)).unwrap().mask());
    // Signing in with an unknown phone: the same shape, no message, and no answer is right.
    w.clock.advance(61);
    let messages = w.app.demo_outbox().await.unwrap().len();
    let nothing = w.app.begin_sign_in(&by_phone(99), Asker::at("client")).await.unwrap();
    assert_eq!(w.app.demo_outbox().await.unwrap().len(), messages);
    let e = w.app.answer_challenge(nothing.challenge, "000000", "").await.err().unwrap();
    assert_eq!(e.code, "otp.wrong");
    // How far the message has come is the same too, whether the gateway works or not.
    for failures in [0, 1] {
        w.clock.advance(601);
        w.app.deliver_messages(&Flaky(AtomicU32::new(0))).await.unwrap();
        let known = w.app.begin_sign_in(&by_phone(1), Asker::at("client")).await.unwrap().challenge;
        let unknown =
            w.app.begin_sign_in(&by_phone(98), Asker::at("client")).await.unwrap().challenge;
        let states = async || {
            (
                w.app.delivery(known).await.unwrap().state,
                w.app.delivery(unknown).await.unwrap().state,
            )
        };
        assert_eq!(states().await, ("waiting", "waiting"));
        w.clock.advance(5);
        w.app.deliver_messages(&Flaky(AtomicU32::new(failures))).await.unwrap();
        let wanted = if failures == 0 { "sent" } else { "delayed" };
        assert_eq!(states().await, (wanted, wanted));
    }
}

#[tokio::test]
async fn a_code_works_once_for_five_minutes_and_five_tries() {
    let w = World::new().await;
    let wrong = |code: &str| if code == "000000" { "000001" } else { "000000" }.to_owned();

    let sent = begin(&w, 1, 1).await;
    let (_, code) = newest(&w).await;
    for left in (1..5_u32).rev() {
        let e = w.app.answer_challenge(sent.challenge, &wrong(&code), "").await.err().unwrap();
        assert_eq!((e.code, e.tries_left), ("otp.wrong", Some(left)));
    }
    let e = w.app.answer_challenge(sent.challenge, &wrong(&code), "").await.err().unwrap();
    assert_eq!((e.code, e.kind), ("otp.too_many_tries", Kind::TooMany));
    let e = w.app.answer_challenge(sent.challenge, &code, "").await.err().unwrap();
    assert_eq!(e.code, "otp.too_many_tries", "even the right code is worth nothing now");

    let sent = begin(&w, 1, 1).await;
    let (_, code) = newest(&w).await;
    w.clock.advance(300);
    let e = w.app.answer_challenge(sent.challenge, &code, "").await.err().unwrap();
    assert_eq!(e.code, "otp.expired");

    let sent = begin(&w, 1, 1).await;
    let (_, code) = newest(&w).await;
    w.app.answer_challenge(sent.challenge, &code, "").await.unwrap();
    let e = w.app.answer_challenge(sent.challenge, &code, "").await.err().unwrap();
    assert_eq!(e.code, "otp.used");
}

#[tokio::test]
async fn guesses_in_parallel_do_not_outrun_the_count() {
    let w = World::new().await;
    let sent = begin(&w, 1, 1).await;
    let (_, code) = newest(&w).await;
    let mut guesses = Vec::new();
    for n in 0..40 {
        let app = w.app.clone();
        let guess = format!("{n:06}");
        if guess != code {
            guesses.push(tokio::spawn(async move {
                app.answer_challenge(sent.challenge, &guess, "").await.is_ok()
            }));
        }
    }
    for g in guesses {
        assert!(!g.await.unwrap());
    }
    let e = w.app.answer_challenge(sent.challenge, &code, "").await.err().unwrap();
    assert_eq!(e.code, "otp.too_many_tries");
}

#[tokio::test]
async fn many_at_once_make_one_message() {
    let w = Arc::new(World::new().await);
    let tasks: Vec<_> = (0..24)
        .map(|n| {
            let w = Arc::clone(&w);
            tokio::spawn(async move {
                w.app
                    .begin_registration(&registration(1, 1), Asker::at(&format!("client-{n}")))
                    .await
            })
        })
        .collect();
    for task in tasks {
        let _ = task.await.unwrap();
    }
    assert_eq!(w.app.demo_outbox().await.unwrap().len(), 1);
}

#[tokio::test]
async fn nobodys_phone_can_be_flooded_through_their_document() {
    let mut w = World::new().await;
    w.register(HOME).await;
    for stranger in 100..120 {
        begin(&w, 1, stranger).await;
    }
    let victim = Phone::new(&phone(1)).unwrap().mask();
    let got = w.app.demo_outbox().await.unwrap().into_iter().filter(|m| m.1 == victim).count();
    assert!(got <= 6, "{got} messages went to the phone on file");
}

#[tokio::test]
async fn all_wrong_fields_are_told_at_once_without_their_values() {
    let w = World::new().await;
    let mut input = registration(1, 1);
    input.name = "=1+1".to_owned();
    input.phone = "nothing".to_owned();
    input.nationality = "XX".to_owned();
    input.home_division = "nowhere".to_owned();
    input.document.number = "??".to_owned();
    let e = w.app.begin_registration(&input, Asker::at("client")).await.unwrap_err();
    let mut fields: Vec<_> = e.fields.iter().map(|f| f.field).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["document.number", "home_division", "name", "nationality", "phone"]);
    let said = format!("{e:?}");
    for value in ["=1+1", "nothing", "nowhere", "??"] {
        assert!(!said.contains(value), "{said}");
    }
}

/// Fails a number of times, then takes everything.
struct Flaky(AtomicU32);

#[async_trait]
impl SmsGateway for Flaky {
    async fn send(&self, _: &Phone, _: &str) -> Result<(), SmsError> {
        if self.0.load(Ordering::SeqCst) == 0 {
            return Ok(());
        }
        self.0.fetch_sub(1, Ordering::SeqCst);
        Err(SmsError::Temporary(SmsFault::Unreachable))
    }
}

#[tokio::test]
async fn a_gateway_that_is_down_delays_a_message_and_loses_nothing() {
    let w = World::new().await;
    let gateway = Flaky(AtomicU32::new(2));
    let sent = begin(&w, 1, 1).await;
    assert_eq!(w.app.deliver_messages(&gateway).await.unwrap(), 0);
    assert_eq!(w.app.delivery(sent.challenge).await.unwrap().state, "delayed");
    assert_eq!(
        w.app.deliver_messages(&gateway).await.unwrap(),
        0,
        "it waits before it tries again"
    );
    w.clock.advance(2);
    assert_eq!(w.app.deliver_messages(&gateway).await.unwrap(), 0);
    w.clock.advance(4);
    assert_eq!(w.app.deliver_messages(&gateway).await.unwrap(), 1);
    assert_eq!(w.app.delivery(sent.challenge).await.unwrap().state, "sent");
    let (_, code) = newest(&w).await;
    assert!(w.app.answer_challenge(sent.challenge, &code, "").await.unwrap().new);
}

#[tokio::test]
async fn an_http_gateway_gets_the_message_and_its_faults_are_told_apart() {
    use jadegate_service::{HttpGateway, HttpGatewayConfig};
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut seen = String::new();
        for answer in ["200 OK", "503 Service Unavailable", "400 Bad Request"] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut got = Vec::new();
            let mut part = [0; 4096];
            while !String::from_utf8_lossy(&got).ends_with("\"}") {
                let n = stream.read(&mut part).unwrap();
                got.extend_from_slice(&part[..n]);
            }
            seen.push_str(&String::from_utf8_lossy(&got));
            write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
        }
        seen
    });
    let gateway = HttpGateway::new(HttpGatewayConfig {
        url: format!("http://127.0.0.1:{port}/send"),
        content_type: "application/json".to_owned(),
        template: r#"{"to":"{phone}","text":"{text}"}"#.to_owned(),
        authorization: "Bearer {secret}".to_owned(),
        secret: "made-up-secret".to_owned(),
        timeout_seconds: 5,
    })
    .unwrap();
    let to = Phone::new(&phone(1)).unwrap();
    assert_eq!(gateway.send(&to, "hello").await, Ok(()));
    assert!(matches!(gateway.send(&to, "hello").await, Err(SmsError::Temporary(_))));
    assert!(matches!(gateway.send(&to, "hello").await, Err(SmsError::Refused(_))));
    let seen = server.join().unwrap();
    assert!(seen.contains("Bearer made-up-secret") && seen.contains(to.reveal()));
    assert!(
        matches!(gateway.send(&to, "hello").await, Err(SmsError::Temporary(_))),
        "nobody listens"
    );
}

/// A gate enrolled and signed in with a key of its own.
async fn gate(w: &mut World, name: &str) -> GateSession {
    let place = w.place("shop", name).await;
    let admin = w.staff("operator", "administrator", "CN").await;
    let link = w.app.enrolment_link(&admin, place).await.unwrap().link;
    let token = link.split('=').nth(1).unwrap();
    let rng = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let enrolled = w.app.enrol_gate(token, "North door", key.public_key().as_ref()).await.unwrap();
    let id = enrolled.gate;
    let again = w.app.enrol_gate(token, "North door", key.public_key().as_ref()).await.unwrap_err();
    assert_eq!(again.code, "link.unusable", "a link works once");

    let nonce = w.app.gate_challenge(id);
    let sign = |text: String| key.sign(&rng, text.as_bytes()).unwrap().as_ref().to_vec();
    let forged = sign(format!("jadegate-gate-v1\n{id}\nother"));
    assert!(w.app.begin_gate_session(id, &nonce, &forged, "").await.is_err());
    let signature = sign(format!("jadegate-gate-v1\n{id}\n{nonce}"));
    let session = w.app.begin_gate_session(id, &nonce, &signature, "").await.unwrap();
    let again = w.app.begin_gate_session(id, &nonce, &signature, "").await.map(|_| ()).unwrap_err();
    assert_eq!(again.code, "gate.not_signed_in", "a nonce signs in once");
    w.clock.advance(121);
    assert!(
        w.app.begin_gate_session(id, &nonce, &signature, "").await.is_err(),
        "a nonce is stale after two minutes"
    );
    w.app.gate_session(&session.token).await.unwrap()
}

fn scan(n: u64, code: Option<String>, at: Timestamp) -> ScanInput {
    ScanInput {
        id: ScanId::from_random(n),
        code,
        at,
        direction: Direction::In,
        override_reason: None,
        read_by: ReadBy::None,
        known_at: None,
    }
}

async fn one(w: &World, g: &GateSession, s: ScanInput) -> ScanResult {
    w.app.record_scans(g, &[s]).await.unwrap().remove(0)
}

#[tokio::test]
async fn a_green_code_is_admitted_once_and_leaving_ends_the_visit() {
    let mut w = World::new().await;
    let (holder, _) = w.register(HOME).await;
    let g = gate(&mut w, "Test shop").await;
    let now = w.app.now();
    let code = w.app.show_code(&holder).await.unwrap().code;
    for _ in 0..3 {
        let r = one(&w, &g, scan(1, Some(code.clone()), now)).await;
        assert_eq!(
            (r.outcome, r.colour, r.recorded),
            (Some(ScanOutcome::Admitted), Some(Colour::Green), true)
        );
    }
    assert_eq!(
        w.app.counts_at(g.gate().place).admitted,
        1,
        "the same scan sent thrice is one scan"
    );
    assert_eq!(w.app.my_visits(&holder).await.unwrap().len(), 1);
    w.clock.advance(1800);
    let code = w.app.show_code(&holder).await.unwrap().code;
    let out = ScanInput { direction: Direction::Out, ..scan(2, Some(code), w.app.now()) };
    one(&w, &g, out).await;
    w.restart().await;
    let visits = w.app.my_visits(&holder).await.unwrap();
    assert_eq!(visits.len(), 1);
    assert_eq!(visits[0].left.unwrap().secs_since(visits[0].entered), 1800);
    let counts = w.app.counts_at(g.gate().place);
    assert_eq!((counts.admitted, counts.left), (1, 1), "counts survive a restart");
}

#[tokio::test]
async fn h18_a_screenshot_is_stale_and_a_forgery_is_nothing() {
    let mut w = World::new().await;
    let (holder, _) = w.register(HOME).await;
    let g = gate(&mut w, "Test shop").await;
    let code = w.app.show_code(&holder).await.unwrap().code;
    w.clock.advance(90);
    let r = one(&w, &g, scan(1, Some(code.clone()), w.app.now())).await;
    assert_eq!((r.outcome, r.problem), (Some(ScanOutcome::Refused), Some("code.stale")));
    let mut forged = code.clone();
    forged.truncate(code.len() - 3);
    forged.push_str("000");
    let r = one(&w, &g, scan(2, Some(forged), w.app.now())).await;
    assert_eq!(r.outcome, Some(ScanOutcome::Refused));
    assert!(r.problem.is_some_and(|p| p.starts_with("code.")));
    assert!(w.app.my_visits(&holder).await.unwrap().is_empty(), "a refused scan is no visit");
}

#[tokio::test]
async fn h04_scans_made_without_the_server_are_taken_later_but_not_for_ever() {
    let mut w = World::new().await;
    let (holder, _) = w.register(HOME).await;
    let g = gate(&mut w, "Test shop").await;
    let read_at = w.app.now();
    let code = w.app.show_code(&holder).await.unwrap().code;
    w.clock.advance(6 * 3600);
    let r = one(&w, &g, scan(1, Some(code.clone()), read_at)).await;
    assert_eq!((r.outcome, r.recorded), (Some(ScanOutcome::Admitted), true));
    assert_eq!(w.app.my_visits(&holder).await.unwrap()[0].entered, read_at);
    w.clock.advance(20 * 3600);
    let r = one(&w, &g, scan(2, Some(code.clone()), read_at)).await;
    assert_eq!((r.problem, r.recorded), (Some("scan.too_old"), false));
    let r = one(&w, &g, scan(3, Some(code), w.app.now().plus_secs(3600))).await;
    assert_eq!(r.problem, Some("scan.in_future"));
}

#[tokio::test]
async fn h17_an_emergency_is_admitted_without_any_code_and_logged() {
    let mut w = World::new().await;
    let g = gate(&mut w, "Test hospital").await;
    let s = ScanInput {
        override_reason: Some(OverrideReason::Emergency),
        ..scan(1, None, w.app.now())
    };
    let r = one(&w, &g, s).await;
    assert_eq!((r.outcome, r.recorded), (Some(ScanOutcome::Override), true));
    assert_eq!(w.app.counts_at(g.gate().place).overridden, 1);
}

/// An override admits whoever it is, red ones too; it is no colour and leaves theirs as it was.
#[tokio::test]
async fn h17_an_override_is_not_a_colour() {
    let mut w = World::new().await;
    let (holder, id) = w.register(HOME).await;
    let officer = w.officer().await;
    w.app.record_case(&officer, &crate::common::case_of(id)).await.unwrap();
    let g = gate(&mut w, "Test hospital").await;
    let code = w.app.show_code(&holder).await.unwrap().code;
    let refused = one(&w, &g, scan(1, Some(code.clone()), w.app.now())).await;
    assert_eq!((refused.outcome, refused.colour), (Some(ScanOutcome::Refused), Some(Colour::Red)));
    let before = w.app.assessment(id).await.unwrap();
    let changes = w.store.colour_changes(id, Latest::first(99)).await.unwrap();

    let emergency = ScanInput {
        override_reason: Some(OverrideReason::Emergency),
        ..scan(2, Some(code), w.app.now())
    };
    let admitted = one(&w, &g, emergency).await;
    assert_eq!((admitted.outcome, admitted.recorded), (Some(ScanOutcome::Override), true));
    assert_eq!(w.app.assessment(id).await.unwrap(), before);
    assert_eq!(w.store.colour_changes(id, Latest::first(99)).await.unwrap(), changes);
}

#[tokio::test]
async fn a_colour_that_changed_a_moment_ago_counts_at_the_gate_already() {
    let mut w = World::new().await;
    let (holder, id) = w.register(HOME).await;
    let g = gate(&mut w, "Test shop").await;
    let code = w.app.show_code(&holder).await.unwrap().code;
    let sick =
        DeclarationInput { symptoms: vec!["fever".to_owned()], ..DeclarationInput::default() };
    w.app.declare(&holder, &sick).await.unwrap();
    w.clock.advance(1);
    assert_eq!(w.colour(id).await, Colour::Yellow);
    let r = one(&w, &g, scan(1, Some(code), w.app.now())).await;
    assert_eq!((r.outcome, r.colour), (Some(ScanOutcome::Refused), Some(Colour::Yellow)));
}

#[tokio::test]
async fn h07_a_printed_code_makes_an_unproven_visit_and_tapping_twice_is_one() {
    let mut w = World::new().await;
    let (holder, _) = w.register(HOME).await;
    let place = w.place("shop", "Test shop").await;
    let poster = w.app.poster(place).unwrap();
    for _ in 0..2 {
        w.clock.advance(5);
        let v = w.app.scan_venue(&holder, &poster.poster_code).await.unwrap();
        assert_eq!(v.presence, Presence::Unproven);
    }
    assert_eq!(w.app.my_visits(&holder).await.unwrap().len(), 1);
    let v = w.app.scan_venue(&holder, &poster.screen_code).await.unwrap();
    assert_eq!(v.presence, Presence::VenueScreen);
    w.clock.advance(200);
    let e = w.app.scan_venue(&holder, &poster.screen_code).await.unwrap_err();
    assert_eq!(e.code, "code.stale");
}

#[tokio::test]
async fn h06_every_change_of_colour_is_in_the_holders_own_history() {
    let mut w = World::new().await;
    let (holder, id) = w.register(HOME).await;
    assert_eq!(w.colour(id).await, Colour::Green);
    let sick = DeclarationInput { temperature: Some(38.2), ..DeclarationInput::default() };
    w.app.declare(&holder, &sick).await.unwrap();
    assert_eq!(w.colour(id).await, Colour::Yellow);
    let leaves = w.leaves().await;
    w.clock.advance(20 * 86_400);
    // Two readers find the same change at the same time: it is written down once.
    let (a, b) = tokio::join!(w.app.assessment(id), w.app.assessment(id));
    assert_eq!((a.unwrap().colour, b.unwrap().colour), (Colour::Green, Colour::Green));
    let history = w.app.my_history(&holder).await.unwrap();
    let steps: Vec<_> = history.iter().map(|c| (c.from, c.to)).collect();
    assert_eq!(
        steps[..2],
        [(Some(Colour::Yellow), Colour::Green), (Some(Colour::Green), Colour::Yellow)],
        "{steps:?}"
    );
    assert!(
        history[0].at < w.app.now().plus_days(-10),
        "the change has its own moment, not the reader's"
    );
    assert!(!history[1].reasons.is_empty());
    assert!(leaves > 0 && w.leaves().await >= leaves, "the public log only grows");
    assert!(w.app.checkpoint().await.unwrap().contains('\n'));
}

#[tokio::test]
async fn a_correction_replaces_a_declaration_and_both_are_kept() {
    let mut w = World::new().await;
    let (holder, id) = w.register(HOME).await;
    let sick =
        DeclarationInput { symptoms: vec!["cough".to_owned()], ..DeclarationInput::default() };
    w.app.declare(&holder, &sick).await.unwrap();
    // Later, for what was declared in the same second has no order in time.
    w.clock.advance(1);
    w.app.declare(&holder, &DeclarationInput::default()).await.unwrap();
    assert_eq!(w.colour(id).await, Colour::Green);
    let versions = w.app.declarations(&holder).await.unwrap();
    assert_eq!(versions.len(), 2);
    assert!(versions[0].counts() && !versions[1].counts());
}

#[tokio::test]
async fn h21_a_stolen_database_yields_no_name_number_or_phone() {
    let mut w = World::new().await;
    w.register(HOME).await;
    let file = tempfile::tempdir().unwrap();
    let copy = file.path().join("stolen.db");
    w.store.backup(&copy).await.unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    for secret in ["Test Person", "X0000001", "10000000001", "your code is"] {
        let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "{secret} stands readable in the database");
    }
}

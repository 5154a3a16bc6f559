//! What was recorded by a document follows the document to its owner, when two agencies take it from
//! an account that held it wrongly.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;

use crate::common::scenes::registration;
use crate::common::{HOME, REQUEST, World, case_of, document, phone, test_of};
use jadegate_domain::evidence::{ReleaseOf, TestResult};
use jadegate_domain::id::ChallengeId;
use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{Colour, Fact, HolderId, Period, Phone, Timestamp};
use jadegate_service::holder::answer::SignedIn;
use jadegate_service::holder::register::{Asker, RegistrationInput};
use jadegate_service::staff::{ArrivalInput, CaseInput, Record, ReleaseInput, Whom};
use jadegate_service::{App, HolderSession, StaffSession};

/// The two hands of a correction.
struct Hands {
    team: StaffSession,
    hospital: StaffSession,
}

impl Hands {
    async fn new(w: &mut World) -> Self {
        Self {
            team: w.staff("prevention_team", "officer", "CN-33").await,
            hospital: w.staff("hospital", "officer", "CN-33").await,
        }
    }

    async fn give_back(&self, w: &World, n: u32) {
        self.give_back_at(&w.app, n).await;
    }

    async fn give_back_at(&self, app: &Arc<App>, n: u32) {
        let begun =
            app.begin_document_correction(&self.team, &document(n), "made up").await.unwrap();
        let done = app.decide_document_correction(&self.hospital, begun.id, true).await.unwrap();
        assert_eq!(done.state, "confirmed");
    }
}

/// Somebody asks for a code with this document and phone, and types it.
pub(crate) async fn enter(w: &World, document_of: u32, phone_of: u32) -> HolderSession {
    let done = try_enter(w, document_of, phone_of, None).await.unwrap();
    w.app.holder_session(&done.session.token).await.unwrap()
}

/// The same, on a device that may have been known.
async fn try_enter(
    w: &World,
    document_of: u32,
    phone_of: u32,
    device: Option<&str>,
) -> jadegate_service::Result<SignedIn> {
    let (challenge, code) = ask(w, document_of, phone_of, device).await;
    w.app.answer_challenge(challenge, &code, "").await
}

/// Asks, and reads the code on the phone.
async fn ask(
    w: &World,
    document_of: u32,
    phone_of: u32,
    device: Option<&str>,
) -> (ChallengeId, String) {
    w.clock.advance(61);
    let input =
        RegistrationInput { name: "Test Owner".to_owned(), ..registration(document_of, phone_of) };
    let client = format!("client-{document_of}-{phone_of}");
    let asker = Asker { device, ..Asker::at(&client) };
    let sent = w.app.begin_registration(&input, asker).await.unwrap();
    let masked = Phone::new(&phone(phone_of)).unwrap().mask();
    let outbox = w.app.demo_outbox().await.unwrap();
    let text = outbox.into_iter().find(|m| m.1 == masked).unwrap().2;
    let code: String =
        text.split("code is ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect();
    (sent.challenge, code)
}

fn by_document(n: u32) -> Whom {
    Whom::Document(document(n))
}

/// What counts of a person's evidence, but for where they live.
async fn counting(w: &World, holder: HolderId) -> Vec<Fact> {
    let own = w.store.evidence_of(holder).await.unwrap().unwrap().1;
    let counts = own.into_iter().filter(jadegate_domain::Evidence::counts).map(|e| e.fact);
    counts.filter(|f| !matches!(f, Fact::Stay { .. })).collect()
}

/// Two who were at a cafe at the same time; the first has document 1.
async fn friends(w: &mut World) -> (HolderId, HolderId) {
    let (_, wrong) = w.register(HOME).await;
    let (_, friend) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [wrong, friend] {
        w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    (wrong, friend)
}

#[tokio::test]
async fn a_result_goes_from_the_wrong_account_to_the_documents_owner() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let (_, wrong) = w.register(HOME).await;
    // By the document: its owner's. By phone: of whoever holds the phone.
    let test = test_of(by_document(1), "positive");
    let recorded = w.app.record_test(&lab, &test).await.unwrap();
    let own = test_of(Whom::Phone(phone(1)), "negative");
    w.app.record_test(&hands.team, &own).await.unwrap();
    assert_eq!(w.colour(wrong).await, Colour::Red);
    let wrong_version = w.store.holder(wrong).await.unwrap().unwrap().evidence_version;

    let leaves = w.leaves().await;
    hands.give_back(&w, 1).await;
    // Begun and released, the piece withdrawn, and the withdrawal in counts.
    assert_eq!(w.leaves().await, leaves + 4);
    assert_eq!(w.colour(wrong).await, Colour::Green);
    assert!(w.store.holder(wrong).await.unwrap().unwrap().evidence_version > wrong_version);
    let left = counting(&w, wrong).await;
    assert!(matches!(left[..], [Fact::Test { result: TestResult::Negative, .. }]), "{left:?}");
    // Of whoever owns the document nobody is known yet; the result is kept for them, and told again it is
    // the same.
    assert!(!w.app.record_test(&lab, &test).await.unwrap().new);

    // The wrong account sees who took what back and why, has no document and shows no code.
    let again = w.sign_in_by_phone(1).await;
    assert_eq!(again.holder(), wrong);
    let seen = w.app.my_evidence(&again).await.unwrap();
    let gone = seen.iter().find(|e| e.evidence.id == recorded.evidence).unwrap();
    let taken = gone.withdrawn.as_ref().unwrap();
    assert_eq!(taken.reason, WithdrawalReason::WrongPerson);
    assert_eq!(taken.by.as_ref().unwrap().name, "Test hospital");
    let profile = w.app.profile(&again).await.unwrap();
    assert_eq!((profile.document_type, profile.document_masked.as_str()), (None, ""));
    assert_eq!(w.app.show_code(&again).await.unwrap_err().code, "code.no_document");

    // The owner registers: the result is theirs, with whoever recorded it, from the first moment.
    let owner = enter(&w, 1, 70).await;
    assert_ne!(owner.holder(), wrong);
    let shown = w.app.show_code(&owner).await.unwrap();
    assert_eq!(shown.assessment.colour, Colour::Red);
    let seen = w.app.my_evidence(&owner).await.unwrap();
    let piece = seen.iter().find(|e| e.evidence.fact == gone.evidence.fact).unwrap();
    assert!(piece.moved && piece.counts && piece.evidence.id != recorded.evidence);
    assert_eq!(piece.by.as_ref().unwrap().name, "Test laboratory");
    let author = w.store.authorship(RecordKind::Evidence, piece.evidence.id.as_i64()).await;
    let author = author.unwrap().unwrap();
    assert_eq!(author.moved_from, Some(recorded.evidence));
    assert_eq!(author.staff, Some(lab.staff().id));
    assert!(seen.iter().filter(|e| e.moved).count() == 1);
    // It can be checked in the public log like any other, and the same result again is one.
    let logged = w.app.my_log(&owner).await.unwrap().records;
    let logged = logged.iter().find(|r| r.evidence == Some(piece.evidence.id)).unwrap();
    assert_eq!(logged.leaves.len(), 1);
    assert!(!w.app.record_test(&lab, &test).await.unwrap().new);
    // A false positive is taken back from its new place as from its old.
    let why = "not_borne_out";
    w.app.withdraw_record(&lab, Record::Evidence(piece.evidence.id), why).await.unwrap();
    assert_eq!(w.colour(owner.holder()).await, Colour::Green);
}

#[tokio::test]
async fn cases_papers_and_arrivals_go_along_and_the_cases_contacts_are_released() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let (wrong, friend) = friends(&mut w).await;
    let case = CaseInput { whom: by_document(1), trace: true, ..case_of(wrong) };
    let case = w.app.record_case(&hands.team, &case).await.unwrap().case;
    // Corrected, it is about the same person still.
    let correction = jadegate_service::staff::CaseCorrection {
        class: Some("asymptomatic".to_owned()),
        ..Default::default()
    };
    w.app.correct_case(&hands.team, case, &correction).await.unwrap();
    assert_eq!(w.colour(friend).await, Colour::Red);
    let paper = ReleaseInput {
        whom: by_document(1),
        refers_to: ReleaseOf::Case(case),
        released_at: "2022-03-15T03:00:00Z".to_owned(),
        paper: None,
    };
    w.app.record_release(&hands.hospital, &paper).await.unwrap();
    let arrival = ArrivalInput {
        whom: by_document(1),
        from: "JP".to_owned(),
        arrived_at: "2022-03-10T03:00:00Z".to_owned(),
        purpose: None,
    };
    w.app.record_arrival(&hands.team, &arrival).await.unwrap();
    let colour = w.colour(wrong).await;

    hands.give_back(&w, 1).await;
    assert_eq!(counting(&w, wrong).await, []);
    assert_eq!((w.colour(wrong).await, w.colour(friend).await), (Colour::Green, Colour::Green));
    assert!(w.store.case(case).await.unwrap().unwrap().withdrawn_at.is_some());

    let owner = enter(&w, 1, 70).await.holder();
    assert_eq!(w.colour(owner).await, colour, "the same evidence, the same colour");
    let all = counting(&w, owner).await;
    let new = all.iter().find_map(|f| match f {
        Fact::Case { case, class, .. } => Some((*case, *class)),
        _ => None,
    });
    let (new, class) = new.unwrap();
    assert_eq!(class.as_str(), "asymptomatic");
    let row = w.store.case(new).await.unwrap().unwrap();
    assert!(new != case && row.holder == owner && row.withdrawn_at.is_none());
    let refers =
        |f: &Fact| matches!(f, Fact::Release { refers_to: ReleaseOf::Case(c), .. } if *c == new);
    assert!(all.iter().any(refers) && all.len() == 3, "{all:?}");
    // The case is one like any other: it can be traced, corrected and withdrawn.
    w.app.run_trace(&hands.team, new).await.unwrap();
    w.app.withdraw_case(&hands.team, new).await.unwrap();
}

/// Somebody who had their own document called another's cannot have a green code that way: what was
/// recorded by the document waits for it wherever it is registered.
#[tokio::test]
async fn nobody_gets_rid_of_a_colour_by_giving_a_document_back() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let (_, account) = w.register(HOME).await;
    w.app.record_test(&hands.team, &test_of(by_document(1), "positive")).await.unwrap();
    hands.give_back(&w, 1).await;
    let old = w.sign_in_by_phone(1).await;
    assert_eq!(old.holder(), account);
    assert_eq!(w.app.show_code(&old).await.unwrap_err().code, "code.no_document");
    // On the same phone only after a counter has seen it again; then the account has its document and
    // its colour.
    let refused = try_enter(&w, 1, 1, None).await.err().unwrap();
    assert_eq!(refused.code, "document.at_counter");
    let elsewhere = w.app.lift_document_bar(&hands.team, &document(1), &phone(2)).await;
    assert_eq!(elsewhere.unwrap_err().code, "document.not_barred");
    w.app.lift_document_bar(&hands.team, &document(1), &phone(1)).await.unwrap();
    let again = enter(&w, 1, 1).await;
    assert_eq!(again.holder(), account);
    assert_eq!(w.app.show_code(&again).await.unwrap().assessment.colour, Colour::Red);
    assert_eq!(w.app.profile(&again).await.unwrap().document_masked, "******01");
    // And it is found by it.
    let team = &hands.team;
    assert_eq!(w.app.find_holder(team, &by_document(1), REQUEST).await.unwrap().holder, account);
}

/// Whoever had the document is not faster than its owner: not with its account, not on its phone, and
/// not with another phone on its device.
#[tokio::test]
async fn whoever_lost_a_document_cannot_register_it_before_its_owner() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let squatter = try_enter(&w, 1, 1, None).await.unwrap();
    hands.give_back(&w, 1).await;
    let device = Some(squatter.device.token.as_str());
    for (phone_of, device) in [(1, None), (1, device), (90, device)] {
        let refused = try_enter(&w, 1, phone_of, device).await.err().unwrap();
        assert_eq!(refused.code, "document.at_counter");
    }
    // Its owner is not concerned, and the one who lost it can have their own.
    let owner = enter(&w, 1, 70).await;
    assert!(w.app.show_code(&owner).await.is_ok());
    let account = w.app.holder_session(&squatter.session.token).await;
    assert!(account.is_err(), "signed out everywhere");
    assert!(w.app.show_code(&enter(&w, 50, 1).await).await.is_ok());
}

/// Asked before the release and answered in the middle of it, at each place in turn: it never leads
/// back to the account that loses it.
#[tokio::test]
async fn an_answer_and_a_release_at_once() {
    let mut w = World::new().await;
    for readings in 0..60 {
        let hands = Hands::new(&mut w).await;
        let (_, account) = w.register(HOME).await;
        let n = u32::try_from(readings).unwrap() + 1;
        let (challenge, code) = ask(&w, n, n, None).await;
        let second = w.second_server().await;
        w.meanwhile(readings, async move { hands.give_back_at(&second, n).await });
        let answered = w.app.answer_challenge(challenge, &code, "").await;
        if !w.clock.was_meanwhile() {
            assert!(readings > 2);
            return;
        }
        if let Err(e) = answered {
            assert_eq!(e.code, "document.at_counter", "at reading {readings}");
        }
        let team = w.officer().await;
        let found = w.app.find_holder(&team, &by_document(n), REQUEST).await;
        assert!(found.is_err(), "it leads back to {account} after reading {readings}");
    }
    panic!("an answer reads the clock very often");
}

/// The wrong account gets a document of its own, and keeps what was recorded of it.
#[tokio::test]
async fn an_account_without_a_document_gets_its_own_and_keeps_what_is_its_own() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let (_, account) = w.register(HOME).await;
    w.app.record_test(&hands.team, &test_of(by_document(1), "negative")).await.unwrap();
    w.app.record_test(&hands.team, &test_of(Whom::Phone(phone(1)), "positive")).await.unwrap();
    hands.give_back(&w, 1).await;
    assert_eq!(
        w.colour(account).await,
        Colour::Red,
        "what was recorded of the phone's owner stays"
    );
    let own = enter(&w, 50, 1).await;
    assert_eq!(own.holder(), account);
    assert_eq!(w.app.show_code(&own).await.unwrap().assessment.colour, Colour::Red);
    // Somebody else's document cannot be had that way.
    let (_, other) = w.register(HOME).await;
    hands.give_back(&w, 50).await;
    let led = enter(&w, 2, 2).await;
    assert_eq!(led.holder(), other);
}

/// What waited for a second pair of eyes goes where the document leads when it is confirmed; a file
/// that was withdrawn meanwhile records nothing.
#[tokio::test]
async fn what_waits_or_was_taken_back_meanwhile_goes_where_it_belongs() {
    let mut w = World::braked(1, 1).await;
    let hands = Hands::new(&mut w).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let (_, wrong) = w.register(HOME).await;
    let (_, second) = w.register(HOME).await;
    let csv = "document_type,document_number,document_country,result,method,sampled_at,sample_reference\n\
               passport,X0000001,CHN,positive,nucleic_acid,2022-03-14T02:00:00Z,A-1\n\
               passport,X0000002,CHN,positive,nucleic_acid,2022-03-14T02:00:00Z,A-2\n";
    let report = w.app.import_tests(&lab, csv.as_bytes()).await.unwrap();
    assert_eq!((report.taken, report.waiting), (0, 2));
    hands.give_back(&w, 1).await;
    hands.give_back(&w, 2).await;
    let owner = enter(&w, 2, 72).await;
    let waiting = w.app.list_waiting(&colleague).await.unwrap();
    w.app.confirm_waiting(&colleague, waiting[0].id).await.unwrap();
    // One has an owner already, of the other it is kept; neither wrong account has anything.
    assert_eq!(w.colour(owner.holder()).await, Colour::Red);
    for account in [wrong, second] {
        assert_eq!(
            (counting(&w, account).await.len(), w.colour(account).await),
            (0, Colour::Green)
        );
    }
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "1");
    let why = "sample_mixed_up";
    w.app.withdraw_record(&lab, Record::Import(report.import.unwrap()), why).await.unwrap();
    assert_eq!(w.colour(owner.holder()).await, Colour::Green);
    let first = enter(&w, 1, 71).await;
    assert_eq!(w.colour(first.holder()).await, Colour::Green);
    assert_eq!(w.read("SELECT count(*) || '' FROM kept_record"), "0");
}

/// The program ends between the release and that of the contacts: the next start finishes it.
#[tokio::test]
async fn a_release_cut_short_is_finished() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let (wrong, friend) = friends(&mut w).await;
    let case = CaseInput { whom: by_document(1), trace: true, ..case_of(wrong) };
    w.app.record_case(&hands.team, &case).await.unwrap();
    hands.give_back(&w, 1).await;
    assert_eq!(w.colour(friend).await, Colour::Green);
    // As if the contact had not been reached.
    w.raw("UPDATE evidence SET withdrawn_at = NULL WHERE kind = 'contact'");
    w.raw("DELETE FROM withdrawal WHERE reason = 'followed'");
    w.raw("UPDATE holder SET evidence_version = evidence_version + 1");
    assert_eq!(w.colour(friend).await, Colour::Red);
    w.restart().await;
    w.app.finish_corrections().await.unwrap();
    assert_eq!(w.colour(friend).await, Colour::Green);
}

const RIDES: &str = "kind,number,date,division,holder,document_type,document_number,document_country,\
    from_no,from,departs,to_no,to,arrives,seat\n";

/// What a carrier told of by the document goes from the account that held it wrongly, and its list, sent
/// again, tells it of the owner. What it told of the account itself stays.
#[tokio::test]
async fn rides_by_document_go_and_are_told_anew_of_the_owner() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let carrier = w.staff("carrier", "officer", "CN-33").await;
    let (_, wrong) = w.register(HOME).await;
    let aboard = |train: &str, who: &str| {
        format!(
            "train,{train},2022-03-12,CN-3301,{who},1,A,2022-03-12T01:00:00Z,2,B,2022-03-12T03:00:00Z,\n"
        )
    };
    let by_document = aboard("G1", ",passport,X0000001,CHN");
    let list = format!("{RIDES}{by_document}{}", aboard("G2", &format!("{wrong},,,")));
    let by = w.app.conductor(&carrier).unwrap();
    let told = w.app.import_rides(&by, list.as_bytes()).await.unwrap();
    assert_eq!(told.taken, 2, "{told:?}");
    let rides = async |who| {
        let all = crate::common::scenes::stored(&w).await;
        all.into_iter().filter(|(h, ..)| *h == who).count()
    };
    assert_eq!(rides(wrong).await, 2);
    // A carrier knows its records again by trip and day, without a name.
    let own = w.app.own_records(&carrier).await.unwrap();
    let mut trips: Vec<_> = own.iter().map(|r| r.trip.clone().unwrap()).collect();
    trips.sort();
    assert_eq!(trips, ["G1 2022-03-12", "G2 2022-03-12"]);

    hands.give_back(&w, 1).await;
    assert_eq!(rides(wrong).await, 1);
    let ever = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
    assert_eq!(w.app.visits_between(wrong, ever).len(), 1);
    let own = w.app.own_records(&carrier).await.unwrap();
    let gone: Vec<_> = own.iter().filter(|r| r.withdrawn.is_some()).collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].trip.as_deref(), Some("G1 2022-03-12"));
    assert_eq!(gone[0].withdrawn.as_ref().unwrap().reason.as_str(), "wrong_person");

    let owner = enter(&w, 1, 71).await;
    assert_eq!(rides(owner.holder()).await, 0, "who was where is not kept by document");
    let again = w.app.import_rides(&by, list.as_bytes()).await.unwrap();
    assert_eq!((again.taken, again.unchanged), (1, 1), "{again:?}");
    assert_eq!((rides(owner.holder()).await, rides(wrong).await), (1, 1));
}

/// The release was cut short before the rides went: the next look takes them back, and leaves those that
/// came by another document since.
#[tokio::test]
async fn rides_that_a_release_left_behind_go_later() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let carrier = w.staff("carrier", "officer", "CN-33").await;
    let (_, wrong) = w.register(HOME).await;
    let list = format!(
        "{RIDES}train,G1,2022-03-12,CN-3301,,passport,X0000001,CHN,1,A,2022-03-12T01:00:00Z,2,B,2022-03-12T03:00:00Z,\n"
    );
    let by = w.app.conductor(&carrier).unwrap();
    w.app.import_rides(&by, list.as_bytes()).await.unwrap();
    w.raw("CREATE TRIGGER ends BEFORE INSERT ON withdrawal WHEN NEW.record = 'ride' BEGIN SELECT RAISE(ABORT, 'gone'); END");
    hands.give_back(&w, 1).await;
    let left = async || crate::common::scenes::stored(&w).await.len();
    assert_eq!(left().await, 1);
    w.raw("DROP TRIGGER ends");
    w.second_server().await.finish_corrections().await.unwrap();
    assert_eq!(left().await, 0);
    assert_eq!(w.colour(wrong).await, Colour::Green);
}

/// While a result is kept for its owner, its laboratory takes that one back; the others stay.
#[tokio::test]
async fn a_laboratory_takes_a_single_kept_result_back() {
    let mut w = World::new().await;
    let hands = Hands::new(&mut w).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let other = w.staff("laboratory", "lab_technician", "CN-33").await;
    let (_, wrong) = w.register(HOME).await;
    let sampled = |at: &str, sample: &str| jadegate_service::staff::TestInput {
        sampled_at: at.to_owned(),
        sample: Some(sample.to_owned()),
        ..test_of(by_document(1), "positive")
    };
    for (at, sample) in [("2022-03-14T02:00:00Z", "A-1"), ("2022-03-14T03:00:00Z", "A-2")] {
        w.app.record_test(&lab, &sampled(at, sample)).await.unwrap();
    }
    hands.give_back(&w, 1).await;
    let own = w.app.own_records(&lab).await.unwrap();
    let kept: Vec<_> = own.iter().filter(|r| r.withdrawn.is_none()).collect();
    assert_eq!((own.len(), kept.len()), (4, 2));
    assert!(w.app.own_records(&other).await.unwrap().is_empty());
    let id_of = |sample: &str| {
        let row = kept.iter().find(|r| r.sample.as_deref() == Some(sample)).unwrap();
        Record::Evidence(row.id.parse().unwrap())
    };
    let (first, second) = (id_of("A-1"), id_of("A-2"));
    let why = "sample_mixed_up";
    let e = w.app.withdraw_record(&other, first, why).await.unwrap_err();
    assert_eq!(e.code, "record.not_found");
    let leaves = w.leaves().await;
    assert_eq!(w.app.withdraw_record(&lab, first, why).await.unwrap().records, 1);
    assert_eq!(w.leaves().await, leaves + 2);
    let again = w.app.withdraw_record(&lab, first, why).await.unwrap_err();
    assert_eq!(again.code, "record.withdrawn");
    let owner = enter(&w, 1, 71).await;
    assert_eq!(counting(&w, owner.holder()).await.len(), 1);
    assert_eq!(w.colour(owner.holder()).await, Colour::Red);
    // The other one is theirs now, and is taken back there.
    w.app.withdraw_record(&lab, second, why).await.unwrap();
    for who in [owner.holder(), wrong] {
        assert_eq!(w.colour(who).await, Colour::Green);
    }
}

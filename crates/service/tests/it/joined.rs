//! Two records of one person: asked for by them, joined at a counter, contested, parted; and the colour
//! that holds meanwhile.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::common::scenes::{gate_of, registration};
use crate::common::two_records::{by_document, code, colours, ended_by_tests, other_officer, test};
use crate::common::{HOME, REQUEST, World, case_of, document, phone};
use jadegate_domain::gate::Direction;
use jadegate_domain::record::{AccountEvent, LinkState};
use jadegate_domain::{Colour, Evidence, HolderId, Phone, ScanId};
use jadegate_service::gate::scan::{ReadBy, ScanInput};
use jadegate_service::holder::answer::Answering;
use jadegate_service::holder::register::{Asker, DocumentInput};
use jadegate_service::staff::{CaseInput, RecordsAnswer, RecordsInput, RecordsOutcome, Whom};
use jadegate_service::{HolderSession, Result, StaffSession};
use jadegate_store::{ChangedBy, RecordLink, Unit, Write};

/// Seconds after which a phone gets another message, however many it had.
const PAUSE: i64 = 4 * 3600 + 1_000;

async fn join(w: &World, by: &StaffSession, a: u32, b: u32) -> Result<RecordsAnswer> {
    w.app.decide_records(by, &document(a), &RecordsInput::Join(document(b))).await
}

async fn part(w: &World, by: &StaffSession, shown: u32, record: HolderId) -> Result<RecordsAnswer> {
    w.app.decide_records(by, &document(shown), &RecordsInput::Part(record)).await
}

async fn sign_in(w: &World, document_of: u32, phone_of: u32) -> Result<HolderSession> {
    w.clock.advance(PAUSE);
    let input = registration(document_of, phone_of);
    let sent = w.app.begin_registration(&input, Asker::at("again")).await?;
    let code = newest_code(w, phone_of).await;
    let with = Answering { code: &code, ..Answering::default() };
    let done = w.app.answer(sent.challenge, &with).await?;
    w.app.holder_session(&done.session.token).await
}

async fn newest_code(w: &World, phone_of: u32) -> String {
    let masked = Phone::new(&phone(phone_of)).unwrap().mask();
    let text = w.app.demo_outbox().await.unwrap().into_iter().find(|m| m.1 == masked).unwrap().2;
    text.split("code is ").nth(1).unwrap().chars().take_while(char::is_ascii_digit).collect()
}

/// Whoever has two records asks, with the code from the other's phone.
async fn ask(w: &World, s: &HolderSession, other: &DocumentInput, on: u32) -> Result<()> {
    w.clock.advance(PAUSE);
    let sent = w.app.begin_join(s, other).await?;
    let code = newest_code(w, on).await;
    let with = Answering { code: &code, ..Answering::default() };
    w.app.confirm_join(s, sent.challenge, &with).await.map(drop)
}

/// Joined: one person, by either document, with all of both; and parted again as they were.
#[tokio::test]
async fn two_records_are_read_as_one_and_apart_again() {
    let mut w = World::new().await;
    let (first, main) = w.register(HOME).await;
    let (_, record) = w.register(HOME).await;
    let (team, office) = (w.officer().await, other_officer(&mut w).await);
    w.app.record_test(&team, &test(2, "positive", "2022-03-15T02:00:00Z")).await.unwrap();
    let before =
        (w.store.evidence_of(main).await.unwrap(), w.store.evidence_of(record).await.unwrap());
    assert_eq!(colours(&w, [main, record]).await, [Colour::Green, Colour::Red]);

    // It makes nobody milder, so one counter is enough.
    let leaves = w.leaves().await;
    let done = join(&w, &team, 1, 2).await.unwrap();
    assert_eq!(done.outcome, RecordsOutcome::Joined);
    assert_eq!((done.records.len(), done.records[0].record), (1, record));
    assert_eq!(done.records[0].document_masked, "******02");
    // A look and a change for each of the two.
    assert_eq!(w.leaves().await, leaves + 4);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    for n in [1, 2] {
        let found = w.app.find_holder(&team, &by_document(n), REQUEST).await.unwrap();
        assert_eq!((found.holder, found.assessment.colour), (main, Colour::Red));
    }
    assert_eq!(code(join(&w, &team, 1, 2).await), "records.joined");
    // The joined record's devices are signed out, the main one's are not; both documents sign in to it.
    assert_eq!(w.app.my_evidence(&first).await.unwrap().len(), 3);
    let again = sign_in(&w, 2, 1).await.unwrap();
    assert_eq!(again.holder(), main);
    // New evidence goes to the main record, by whichever document.
    w.app.record_test(&team, &test(2, "negative", "2022-03-15T03:00:00Z")).await.unwrap();
    let whole = w.store.evidence_of(main).await.unwrap().unwrap().1;
    assert!(whole.iter().filter(|e| e.holder == Some(record)).count() == 2);
    let new = whole.last().unwrap().id;
    // They see it, and when, and by whom.
    let changes = w.app.my_changes(&first).await.unwrap();
    assert_eq!(changes[0].event, AccountEvent::RecordsJoined);
    assert!(changes[0].by.is_some());
    let seen = w.app.my_records(&first).await.unwrap();
    assert_eq!((seen[0].state, seen[0].record), (LinkState::Joined, record));

    // Parting would make the main record green again: a second counter, of another agency.
    let done = part(&w, &team, 1, record).await.unwrap();
    assert_eq!(done.outcome, RecordsOutcome::Waiting);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!(code(part(&w, &team, 1, record).await), "records.second_officer");
    let colleague = w.colleague(&team).await;
    assert_eq!(code(part(&w, &colleague, 1, record).await), "records.second_officer");
    let done = part(&w, &office, 1, record).await.unwrap();
    assert_eq!((done.outcome, done.records.len()), (RecordsOutcome::Parted, 0));
    assert_eq!(colours(&w, [main, record]).await, [Colour::Green, Colour::Red]);
    // As they were, but for what came since.
    let own = |n: Option<(i64, Vec<Evidence>)>| {
        n.unwrap().1.into_iter().filter(|e| e.id != new).collect::<Vec<_>>()
    };
    let after =
        (w.store.evidence_of(main).await.unwrap(), w.store.evidence_of(record).await.unwrap());
    assert_eq!((own(after.0), own(after.1)), (own(before.0), own(before.1)));
    let found = w.app.find_holder(&team, &by_document(2), REQUEST).await.unwrap();
    assert_eq!(found.holder, record);
    assert_eq!(code(part(&w, &team, 1, record).await), "records.not_linked");
}

/// Attack: somebody red has the record of somebody with negatives joined with theirs.
#[tokio::test]
async fn attack_released_by_the_tests_of_another() {
    let mut w = World::under(&ended_by_tests()).await;
    let (red, main) = w.register(HOME).await;
    let (_, record) = w.register(HOME).await;
    let (team, office) = (w.officer().await, other_officer(&mut w).await);
    w.app.record_test(&team, &test(1, "positive", "2022-03-01T02:00:00Z")).await.unwrap();
    for sampled in ["2022-03-12T02:00:00Z", "2022-03-14T02:00:00Z"] {
        w.app.record_test(&team, &test(2, "negative", sampled)).await.unwrap();
    }
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Green]);
    // By themselves they only make the other one red.
    ask(&w, &red, &document(2), 2).await.unwrap();
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    let shown = w.app.show_code(&red).await.unwrap();
    assert_eq!(shown.assessment.colour, Colour::Red);
    assert_eq!(code(ask(&w, &red, &document(2), 2).await), "records.asked");
    // Nothing of the other is read by them before it is decided.
    assert!(w.app.my_evidence(&red).await.unwrap().iter().all(|e| e.evidence.holder == Some(main)));
    // One counter is not enough; a second one is, in the same way.
    let waits = join(&w, &team, 1, 2).await.unwrap();
    assert_eq!(waits.outcome, RecordsOutcome::Waiting);
    assert_eq!(waits.records[0].state, LinkState::Asked);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    assert_eq!(code(join(&w, &team, 1, 2).await), "records.second_officer");
    let done = join(&w, &office, 2, 1).await.unwrap();
    assert_eq!(done.outcome, RecordsOutcome::Joined);
    let expected = w.colour(main).await;
    assert_eq!(w.colour(record).await, expected, "one person, one colour");
}

/// The person says that a record is not theirs: strict for both at once, signed out, read apart.
#[tokio::test]
async fn a_join_is_contested_by_the_person() {
    let mut w = World::new().await;
    let (first, main) = w.register(HOME).await;
    let (_, record) = w.register(HOME).await;
    let team = w.officer().await;
    join(&w, &team, 1, 2).await.unwrap();
    w.app.record_test(&team, &test(2, "positive", "2022-03-15T02:00:00Z")).await.unwrap();
    assert_eq!(code(w.app.contest_join(&first, main).await), "records.not_linked");
    w.app.contest_join(&first, record).await.unwrap();
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
    let found = w.app.find_holder(&team, &by_document(2), REQUEST).await.unwrap();
    assert_eq!(found.holder, record, "read apart at once");
    let seen = w.app.my_records(&first).await.unwrap();
    assert_eq!(seen[0].state, LinkState::Contested);
    // What was recorded meanwhile is of the main record: green would need a second counter.
    let done = part(&w, &team, 1, record).await.unwrap();
    assert_eq!(done.outcome, RecordsOutcome::Waiting);
    // Joined again instead: nobody becomes milder by it.
    let done = join(&w, &team, 1, 2).await.unwrap();
    assert_eq!(done.outcome, RecordsOutcome::Joined);
    assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red]);
}

/// What neither page nor counter can do.
#[tokio::test]
async fn what_cannot_be_joined_says_why() {
    let mut w = World::new().await;
    let (first, _) = w.register(HOME).await;
    for _ in 0..3 {
        w.register(HOME).await;
    }
    let team = w.officer().await;
    assert_eq!(code(join(&w, &team, 1, 1).await), "records.joined");
    assert_eq!(code(join(&w, &team, 1, 99).await), "records.unknown");
    assert_eq!(code(join(&w, &team, 99, 1).await), "holder.not_found");
    assert_eq!(code(w.app.begin_join(&first, &document(1)).await), "records.own_document");
    assert_eq!(code(ask(&w, &first, &document(98), 1).await), "records.not_registered");
    // Not one by way of another.
    join(&w, &team, 1, 2).await.unwrap();
    join(&w, &team, 3, 4).await.unwrap();
    assert_eq!(code(join(&w, &team, 1, 3).await), "records.linked");
    assert_eq!(code(join(&w, &team, 2, 4).await), "records.linked");
    // Of which record a document is must be clear before it is taken from it.
    let dispute =
        w.app.begin_document_correction(&team, &document(2), "Shown by another person").await;
    assert_eq!(code(dispute), "correction.records_joined");
    // Nor from elsewhere.
    let elsewhere = w.staff("prevention_team", "officer", "CN-11").await;
    assert_eq!(code(join(&w, &elsewhere, 1, 2).await), "holder.not_found");
}

/// Two counters, and evidence that arrives at the same moment for the record that is joined.
#[tokio::test]
async fn nothing_is_lost_between_two_servers() {
    for readings in 0..12 {
        let mut w = World::new().await;
        let (_, main) = w.register(HOME).await;
        let (_, record) = w.register(HOME).await;
        let team = w.officer().await;
        let (other, by) = (w.second_server().await, team.clone());
        let positive = test(2, "positive", "2022-03-15T02:00:00Z");
        w.meanwhile(readings, async move {
            other.record_test(&by, &positive).await.unwrap();
        });
        join(&w, &team, 1, 2).await.unwrap();
        if !w
            .store
            .evidence_of(main)
            .await
            .unwrap()
            .unwrap()
            .1
            .iter()
            .any(|e| matches!(e.fact, jadegate_domain::Fact::Test { .. }))
        {
            // The clock was not read so often: now it comes.
            w.app.record_test(&team, &test(2, "positive", "2022-03-15T02:00:00Z")).await.unwrap();
        }
        assert_eq!(colours(&w, [main, record]).await, [Colour::Red, Colour::Red], "{readings}");
        let counts = w.store.colour_counts(&w.app.policy().reference().digest, 0).await.unwrap();
        assert_eq!(counts.colours.iter().sum::<u64>(), 1, "one person");
    }
    for readings in 0..12 {
        let mut w = World::new().await;
        w.register(HOME).await;
        let (_, record) = w.register(HOME).await;
        let team = w.officer().await;
        let (other, by) = (w.second_server().await, team.clone());
        w.meanwhile(readings, async move {
            let join = RecordsInput::Join(document(1));
            let _ = other.decide_records(&by, &document(2), &join).await;
        });
        let done = join(&w, &team, 1, 2).await;
        if let Err(e) = done {
            assert!(["records.joined", "records.changed"].contains(&e.code), "{}", e.code);
        }
        assert_eq!(w.store.links_of(record).await.unwrap().len(), 1, "{readings}");
        assert_eq!(w.store.joined_records().await.unwrap().len(), 1);
    }
}

/// In with one code, out with the other: one stay. And a trace is of both records' visits.
#[tokio::test]
async fn visits_of_both_are_one_persons() {
    let mut w = World::new().await;
    let (_, main) = w.register(HOME).await;
    let (second, record) = w.register(HOME).await;
    let (_, contact) = w.register(HOME).await;
    let (_, early) = w.register(HOME).await;
    let team = w.officer().await;
    let shop = w.place("shop", "Corner shop").await;
    let hall = w.place("market", "Hall").await;
    // Met before they were joined, by the other record.
    w.visit(record, hall, "2022-03-14T02:00:00Z", "2022-03-14T03:00:00Z").await;
    w.visit(early, hall, "2022-03-14T02:00:00Z", "2022-03-14T03:00:00Z").await;
    let gate = gate_of(&mut w, shop).await;
    let scan = |n, code: &str, direction| ScanInput {
        id: ScanId::from_random(n),
        code: Some(code.to_owned()),
        at: w.app.now(),
        direction,
        override_reason: None,
        read_by: ReadBy::Camera,
        known_at: None,
    };
    let shown = w.app.show_code(&second).await.unwrap().code;
    let entered = scan(1, &shown, Direction::In);
    let answers = w.app.record_scans(&gate, std::slice::from_ref(&entered)).await.unwrap();
    assert!(answers[0].recorded);
    w.visit(contact, shop, "2022-03-15T04:00:00Z", "2022-03-15T05:00:00Z").await;
    w.app.follow().await.unwrap();
    join(&w, &team, 1, 2).await.unwrap();
    // The same scan told again is the same.
    assert_eq!(w.app.record_scans(&gate, &[entered]).await.unwrap(), answers);
    w.clock.advance(1800);
    let s = sign_in_main(&w).await;
    let code = w.app.show_code(&s).await.unwrap().code;
    let left = scan(2, &code, Direction::Out);
    w.app.record_scans(&gate, &[left]).await.unwrap();
    let visits = w.app.my_visits(&s).await.unwrap();
    assert_eq!(visits.len(), 2);
    assert!(visits.iter().all(|v| v.left.is_some()), "{visits:?}");

    let case = CaseInput {
        confirmed_at: "2022-03-15T04:00:00Z".to_owned(),
        isolated_at: None,
        trace: true,
        ..case_of(main)
    };
    let recorded = w.app.record_case(&team, &case).await.unwrap();
    let found = w.app.trace_detail(&team, recorded.trace.unwrap().trace).await.unwrap();
    let mut who: Vec<_> = found.contacts.iter().map(|c| c.holder).collect();
    who.sort_unstable();
    let mut want = vec![contact, early];
    want.sort_unstable();
    assert_eq!(who, want, "neither of their own records is a contact");
    assert_eq!(w.colour(record).await, Colour::Red);
    // And after a restart.
    w.restart().await;
    let again = w.app.my_visits(&s).await.unwrap();
    assert_eq!(again.len(), 2);
}

async fn sign_in_main(w: &World) -> HolderSession {
    sign_in(w, 1, 1).await.unwrap()
}

/// For random evidence of two records: joined, the colour is that of all of it together; undecided, the
/// strictest there is; and parted, each has exactly what it had.
#[tokio::test]
async fn the_colour_of_two_records_is_that_of_their_evidence() {
    let mut seed = 11_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut released = 0;
    for round in 0..12 {
        let mut w = World::under(&ended_by_tests()).await;
        let (_, main) = w.register(HOME).await;
        let (_, record) = w.register(HOME).await;
        let team = w.officer().await;
        // The first is that of one record's positive test and the other's negative one.
        let mut tests = vec![(1, "positive", 1 + random(4)), (2, "negative", 11 + random(3))];
        for _ in 0..random(5).min(round) {
            let result = ["positive", "negative", "negative"][usize::try_from(random(3)).unwrap()];
            tests.push((1 + u32::try_from(random(2)).unwrap(), result, 1 + random(14)));
        }
        for (of, result, day) in tests {
            let sampled = format!("2022-03-{day:02}T02:00:00Z");
            // Of two results of one sample that contradict each other the second is a correction.
            let _ = w.app.record_test(&team, &test(of, result, &sampled)).await;
        }
        let (_, of_main) = w.store.evidence_of(main).await.unwrap().unwrap();
        let (_, of_record) = w.store.evidence_of(record).await.unwrap().unwrap();
        let all: Vec<_> = of_main.iter().chain(&of_record).cloned().collect();
        let policy = w.app.policy();
        let plainly = |e: &[Evidence]| jadegate_policy::assess(e, &policy, w.app.now()).colour;
        let alone = [plainly(&of_main), plainly(&of_record)];
        let together = plainly(&all);
        assert_eq!(colours(&w, [main, record]).await, alone);

        let by = ChangedBy::Person;
        let link = |state| RecordLink { record, main, state, at: w.app.now(), by, split_at: None };
        let (asked, joined) = (link(LinkState::Asked), link(LinkState::Joined));
        let put = async |writes| w.store.commit(Unit::new("test", writes)).await.unwrap();
        put(vec![Write::PutLink { link: asked, replaces: None }]).await;
        let strictest = alone[0].max(alone[1]).max(together);
        assert_eq!(colours(&w, [main, record]).await, [strictest; 2]);
        put(vec![Write::PutLink { link: joined, replaces: Some(asked) }]).await;
        assert_eq!(colours(&w, [main, record]).await, [together; 2]);
        released += usize::from(together < strictest);
        put(vec![Write::EndLink(joined)]).await;
        assert_eq!(colours(&w, [main, record]).await, alone);
        assert_eq!(w.store.evidence_of(main).await.unwrap().unwrap().1, of_main);
        assert_eq!(w.store.evidence_of(record).await.unwrap().unwrap().1, of_record);
    }
    assert!(released > 0, "in none of them anybody was released by the other's tests");
}

/// One paper for one person: the other record's ends, and parting does not bring it back.
#[tokio::test]
async fn of_two_papers_the_main_records_goes_on() {
    let mut w = World::new().await;
    let (first, main) = w.register(HOME).await;
    let (second, record) = w.register(HOME).await;
    let team = w.officer().await;
    w.app.print_my_paper(&first, false).await.unwrap();
    w.app.print_my_paper(&second, false).await.unwrap();
    let of_main = w.store.paper_of(main).await.unwrap();
    assert!(of_main.is_some());
    join(&w, &team, 1, 2).await.unwrap();
    assert_eq!(w.store.paper_of(main).await.unwrap(), of_main);
    assert_eq!(w.store.paper_of(record).await.unwrap(), None);
    let changes = w.app.my_changes(&first).await.unwrap();
    let ended = changes.iter().filter(|c| c.event == AccountEvent::PaperEnded).count();
    assert_eq!(ended, 1, "they see that it ended");
    part(&w, &team, 1, record).await.unwrap();
    assert_eq!(w.store.paper_of(record).await.unwrap(), None);
    assert_eq!(w.store.paper_of(main).await.unwrap(), of_main);
}

/// Who changes their phone is led to by the new one alone; parted, the other record has its own again.
#[tokio::test]
async fn phones_of_joined_records_follow_a_change() {
    let led = async |w: &World, by: &StaffSession, n: u32| {
        let found = w.app.find_holder(by, &Whom::Phone(phone(n)), REQUEST).await;
        found.map(|f| f.holder).map_err(|e| e.code)
    };
    for contested in [false, true] {
        let mut w = World::new().await;
        let (_, main) = w.register(HOME).await;
        let (_, record) = w.register(HOME).await;
        let team = w.officer().await;
        join(&w, &team, 1, 2).await.unwrap();
        let new = jadegate_service::staff::DetailInput::Phone(phone(9));
        w.app.change_details(&team, &document(1), &new).await.unwrap();
        // Neither of the two numbers of before leads to them.
        for n in [1, 2] {
            assert_eq!(led(&w, &team, n).await, Err("holder.not_found"), "{n}");
        }
        assert_eq!(led(&w, &team, 9).await, Ok(main));
        if contested {
            let s = sign_in(&w, 1, 9).await.unwrap();
            assert_eq!(s.holder(), main);
            w.app.contest_join(&s, record).await.unwrap();
        } else {
            part(&w, &team, 1, record).await.unwrap();
        }
        assert_eq!(
            (led(&w, &team, 1).await, led(&w, &team, 2).await),
            (Err("holder.not_found"), Ok(record))
        );
        let s = sign_in(&w, 2, 2).await.unwrap();
        assert_eq!(s.holder(), record);
        let changes = w.store.account_changes(record, 9).await.unwrap();
        assert!(
            changes.iter().any(|c| c.event == AccountEvent::PhoneChanged && c.undone_at.is_some())
        );
    }
}

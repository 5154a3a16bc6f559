//! Codes on paper: equal to a code on a phone at every gate, ended at once when they are lost, and known
//! without network by the signed list.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::sync::Arc;

use crate::common::scenes::{gate_of, known};
use crate::common::{HOME, REQUEST, World, case_of, document, test_of};
use crate::gate_scans::{code, entry, exit, gate, hand_in};
use jadegate_domain::gate::Direction;
use jadegate_domain::record::AccountEvent;
use jadegate_domain::{Colour, HolderId, ScanOutcome};
use jadegate_pass::{Status, StatusListToken, read_status_list, verify_paper};
use jadegate_service::gate::paper::{PaperAnswer, PaperQuestion};
use jadegate_service::gate::paper_list::LIST_SECONDS;
use jadegate_service::gate::scan::{ScanInput, ScanResult};
use jadegate_service::holder::declare::DeclarationInput;
use jadegate_service::staff::{CaseInput, What, Whom};
use jadegate_service::{App, GateSession, HolderSession};

async fn print(w: &World, s: &HolderSession) -> String {
    w.app.print_my_paper(s, false).await.unwrap().code
}

async fn ask(w: &World, g: &GateSession, code: &str) -> PaperAnswer {
    let asked = PaperQuestion { code: code.to_owned(), direction: Direction::In };
    w.app.ask_paper(g, &asked).await.unwrap()
}

async fn list(app: &Arc<App>, g: &GateSession) -> StatusListToken {
    let list = app.paper_list(g).await.unwrap();
    read_status_list(&app.key_set(), &list.bytes).unwrap()
}

/// What a gate without network reads of a paper.
async fn offline(w: &World, g: &GateSession, code: &str) -> Option<Status> {
    let paper = verify_paper(&w.app.key_set(), code, w.app.now(), 5).unwrap();
    list(&w.app, g).await.list.get(paper.index as usize)
}

fn told(r: &ScanResult) -> (Option<ScanOutcome>, Option<Colour>, Option<&'static str>) {
    (r.outcome, r.colour, r.problem)
}

/// A green, a yellow and a red person, each with the door's two ways to show it.
async fn of_all_colours(w: &mut World) -> Vec<(HolderSession, HolderId, Colour)> {
    let mut all = Vec::new();
    for colour in Colour::ALL {
        let (s, id) = w.register(HOME).await;
        match colour {
            Colour::Green => {}
            Colour::Yellow => {
                let symptoms = vec!["fever".to_owned()];
                let sick = DeclarationInput { symptoms, ..DeclarationInput::default() };
                w.app.declare(&s, &sick).await.unwrap();
            }
            Colour::Red => {
                let officer = w.officer().await;
                w.app.record_case(&officer, &case_of(id)).await.unwrap();
            }
        }
        assert_eq!(w.colour(id).await, colour);
        all.push((s, id, colour));
    }
    all
}

/// Whoever has no phone is let in and refused as if they had one: with network, without it, coming and
/// leaving.
#[tokio::test]
async fn a_paper_decides_as_the_phone_of_the_same_person() {
    let mut w = World::new().await;
    let people = of_all_colours(&mut w).await;
    let g = gate(&mut w).await;
    let mut n = 0;
    for (s, _, colour) in &people {
        let phone = code(&w, s).await;
        let paper = print(&w, s).await;
        let asked = ask(&w, &g, &paper).await;
        assert_eq!((asked.colour, asked.problem), (Some(*colour), None));
        assert_eq!(asked.name_masked.as_deref(), Some("T*** P***"));
        // A list is handed out again for half a minute.
        w.clock.advance(31);
        assert_eq!(offline(&w, &g, &paper).await, Some(Status::of(*colour)));
        for direction in [Direction::In, Direction::Out] {
            n += 2;
            let scan = |n, code| ScanInput { direction, ..entry(n, code, w.app.now()) };
            let by_phone = hand_in(&w, &g, &scan(n, phone.clone())).await;
            let by_paper = hand_in(&w, &g, &scan(n + 1, Some(paper.clone()))).await;
            assert_eq!(told(&by_paper), told(&by_phone), "{colour:?} {direction:?}");
            assert!(by_paper.recorded);
        }
    }
    // Handed in hours later, by what was known then: the red one was let off meanwhile.
    let (red, red_id) = w.register(HOME).await;
    let officer = w.officer().await;
    let case = w.app.record_case(&officer, &case_of(red_id)).await.unwrap().case;
    let (phone, paper) = (code(&w, &red).await, print(&w, &red).await);
    let then = w.app.now();
    w.clock.advance(3_600);
    w.app.withdraw_case(&officer, case).await.unwrap();
    assert_eq!(w.colour(red_id).await, Colour::Green);
    let by_phone = hand_in(&w, &g, &entry(50, phone, then)).await;
    let by_paper = hand_in(&w, &g, &entry(51, Some(paper.clone()), then)).await;
    assert_eq!(told(&by_paper), told(&by_phone));
    assert_eq!(by_paper.colour, Some(Colour::Red));
    let now = hand_in(&w, &g, &entry(52, Some(paper), w.app.now())).await;
    assert_eq!(now.outcome, Some(ScanOutcome::Admitted));
}

/// Those without a phone were shut out of buses, shops and hospitals (2020 to 2022): a grandmother with
/// paper goes where everybody goes, is found when it matters, and loses it without losing her way.
#[tokio::test]
async fn h16_a_grandmother_with_paper_is_let_in_found_and_given_another() {
    let mut w = World::new().await;
    let (carer, _) = w.register(HOME).await;
    let (_, grandmother) = w.register(HOME).await;
    let officer = w.officer().await;
    let care = jadegate_service::staff::DetailInput::Carer(document(1));
    w.app.change_details(&officer, &document(2), &care).await.unwrap();
    // Her daughter prints it; no colour and nothing of her is in it.
    let acting = w.app.acting_for(&carer, grandmother).await.unwrap();
    let printed = w.app.print_my_paper(&acting, false).await.unwrap();
    let paper = printed.code.clone();
    assert!(paper.starts_with("JGP1:") && paper.len() <= 174, "{}", paper.len());
    assert!(!format!("{printed:?}").contains("JGP1"));
    assert_eq!(printed.last_day.to_string(), "2024-03-13");
    let place = w.place("shop", "Test shop").await;
    let (g, back_door) = (gate_of(&mut w, place).await, gate_of(&mut w, place).await);
    // Every day, many times, in at one door and out at the other.
    for n in 0..3 {
        let come = hand_in(&w, &g, &entry(10 + n, Some(paper.clone()), w.app.now())).await;
        assert_eq!(told(&come), (Some(ScanOutcome::Admitted), Some(Colour::Green), None));
        w.clock.advance(1_800);
        hand_in(&w, &back_door, &exit(20 + n, Some(paper.clone()), w.app.now())).await;
        w.clock.advance(60);
    }
    let stays = known(&w, &[grandmother]);
    assert_eq!(stays.len(), 3);
    assert!(stays.iter().all(|(.., left)| left.is_some()));
    // Somebody else was there with a phone, and is found to be ill: she is found like anybody.
    let (ill, ill_id) = w.register(HOME).await;
    let at = w.app.now();
    hand_in(&w, &g, &entry(30, code(&w, &ill).await, at)).await;
    hand_in(&w, &g, &entry(31, Some(paper.clone()), at)).await;
    w.clock.advance(3_600);
    for (n, code) in [(32, code(&w, &ill).await), (33, Some(paper.clone()))] {
        hand_in(&w, &g, &exit(n, code, w.app.now())).await;
    }
    let found = CaseInput {
        confirmed_at: w.app.now().to_string(),
        isolated_at: None,
        trace: true,
        ..case_of(ill_id)
    };
    w.app.record_case(&officer, &found).await.unwrap();
    assert_ne!(w.colour(grandmother).await, Colour::Green);
    let refused = hand_in(&w, &g, &entry(34, Some(paper.clone()), w.app.now())).await;
    assert_eq!(refused.outcome, Some(ScanOutcome::Refused));
    // It is lost: refused at once, and the new one says the same of her as the old one did.
    let again = w.app.print_my_paper(&acting, true).await.unwrap().code;
    assert_ne!(again, paper);
    let old = hand_in(&w, &g, &entry(35, Some(paper.clone()), w.app.now())).await;
    assert_eq!(told(&old), (Some(ScanOutcome::Refused), None, Some("paper.ended")));
    let new = hand_in(&w, &g, &entry(36, Some(again.clone()), w.app.now())).await;
    assert_eq!((new.outcome, new.colour), (refused.outcome, refused.colour));
    w.clock.advance(60);
    assert_eq!(offline(&w, &g, &paper).await, Some(Status::Invalid));
    assert_eq!(offline(&w, &g, &again).await.and_then(Status::colour), refused.colour);
    // She sees who printed it, and that it was replaced.
    let changes = w.app.my_changes(&acting).await.unwrap();
    let events: Vec<_> = changes.iter().map(|c| (c.event, c.by_carer)).collect();
    assert_eq!(events.iter().filter(|e| **e == (AccountEvent::PaperPrinted, true)).count(), 2);
    assert_eq!(events.iter().filter(|e| **e == (AccountEvent::PaperEnded, true)).count(), 1);
    assert_eq!(w.app.my_changes(&carer).await.unwrap().len(), 0, "nothing of hers");
}

/// What the gate did without network stands as it did it: by the list that it had.
#[tokio::test]
async fn a_scan_handed_in_later_is_judged_by_what_the_gate_knew() {
    let mut w = World::new().await;
    let (s, id) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let paper = print(&w, &s).await;
    let known_at = w.app.now();
    w.clock.advance(600);
    w.app.lose_my_paper(&s).await.unwrap();
    assert_eq!(w.app.my_paper(&s).await.unwrap().paper, None);
    w.clock.advance(600);
    let at = w.app.now();
    w.clock.advance(3_600);
    let scan = |n, known_at| ScanInput { known_at, ..entry(n, Some(paper.clone()), at) };
    let by_its_list = hand_in(&w, &g, &scan(1, Some(known_at))).await;
    assert_eq!(told(&by_its_list), (Some(ScanOutcome::Admitted), Some(Colour::Green), None));
    assert_eq!(known(&w, &[id]).len(), 1, "traces know of the visit");
    // Without it, or with what no list can be, by what was true.
    let refused = (Some(ScanOutcome::Refused), None, Some("paper.ended"));
    assert_eq!(told(&hand_in(&w, &g, &scan(2, None)).await), refused);
    let later = Some(at.plus_secs(99));
    assert_eq!(told(&hand_in(&w, &g, &scan(3, later)).await), refused);
    // The same scan again is answered as it was.
    assert_eq!(hand_in(&w, &g, &scan(1, Some(known_at))).await, by_its_list);
    let together = [scan(4, None), scan(5, Some(known_at))];
    let both = w.app.record_scans(&g, &together).await.unwrap();
    assert_eq!(told(&both[0]), refused);
    assert_eq!(both[1].outcome, Some(ScanOutcome::Admitted));
}

/// A finder who walks out with a lost paper ends nobody's visit; nobody is kept inside for it.
#[tokio::test]
async fn a_lost_paper_ends_no_visit_and_one_past_its_term_does() {
    let mut w = World::new().await;
    let (s, id) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let paper = print(&w, &s).await;
    hand_in(&w, &g, &entry(1, code(&w, &s).await, w.app.now())).await;
    w.clock.advance(60);
    w.app.lose_my_paper(&s).await.unwrap();
    let out = hand_in(&w, &g, &exit(2, Some(paper), w.app.now())).await;
    assert_eq!(told(&out), (Some(ScanOutcome::Admitted), None, Some("paper.ended")));
    assert!(known(&w, &[id]).iter().all(|(.., left)| left.is_none()));
    // Two years later: refused at the door, and still somebody who leaves.
    let paper = print(&w, &s).await;
    w.clock.advance(730 * 86_400 + 60);
    w.renew_mandate().await;
    let now = w.app.now();
    let refused = hand_in(&w, &g, &entry(3, Some(paper.clone()), now)).await;
    assert_eq!(told(&refused), (Some(ScanOutcome::Refused), None, Some("paper.expired")));
    hand_in(&w, &g, &entry(4, code(&w, &s).await, now)).await;
    w.clock.advance(600);
    hand_in(&w, &g, &exit(5, Some(paper.clone()), w.app.now())).await;
    let visits = known(&w, &[id]);
    assert!(visits.iter().any(|(.., left)| left.is_some()), "{visits:?}");
    // What was purged is nobody's.
    assert_eq!(w.app.my_paper(&s).await.unwrap().paper, None);
    w.clock.advance(2 * 86_400);
    w.app.purge().await.unwrap();
    let gone = hand_in(&w, &g, &entry(6, Some(paper), w.app.now())).await;
    assert_eq!(gone.problem, Some("paper.unknown"));
    assert!(print(&w, &s).await.starts_with("JGP1:"));
}

/// The list is made from what is stored: another server makes the same, and what it says of places that
/// nobody has is no different from what it says of others.
#[tokio::test]
async fn every_server_makes_the_same_list_and_counts_tell_nothing() {
    let mut w = World::new().await;
    let people = of_all_colours(&mut w).await;
    let g = gate(&mut w).await;
    for (s, ..) in &people {
        print(&w, s).await;
    }
    w.clock.advance(60);
    let second = w.second_server().await;
    let (here, there) = (w.app.paper_list(&g).await.unwrap(), second.paper_list(&g).await.unwrap());
    assert_eq!(here.bytes, there.bytes);
    let token = read_status_list(&w.app.key_set(), &here.bytes).unwrap();
    assert_eq!(token.issued_at, w.app.now());
    assert_eq!(token.expires_at, token.issued_at.plus_secs(LIST_SECONDS));
    let mut counts = [0; 4];
    for place in 0..token.list.len() {
        counts[token.list.get(place).unwrap() as usize] += 1;
    }
    assert_eq!(counts, [1024; 4]);
    // What one server was told, the other's next list says.
    let paper = print(&w, &people[0].0).await;
    w.app.lose_my_paper(&people[0].0).await.unwrap();
    w.clock.advance(60);
    let index = verify_paper(&w.app.key_set(), &paper, w.app.now(), 5).unwrap().index;
    let told = list(&second, &g).await.list;
    assert_eq!(told.get(index as usize), Some(Status::Invalid));
}

/// Never green by mistake: of whom nothing can be said the list says that the paper is not good, and
/// where a paper itself cannot be read there is no list.
#[tokio::test]
async fn what_cannot_be_read_is_not_green() {
    let mut w = World::new().await;
    let (s, id) = w.register(HOME).await;
    let (other, _) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let (paper, good) = (print(&w, &s).await, print(&w, &other).await);
    assert_eq!(offline(&w, &g, &paper).await, Some(Status::Valid));
    w.raw(&format!("UPDATE evidence SET fact = '{{}}' WHERE holder = {}", id.as_i64()));
    w.raw(&format!("UPDATE assessment SET body = '{{}}' WHERE holder = {}", id.as_i64()));
    w.clock.advance(60);
    assert_eq!(offline(&w, &g, &paper).await, Some(Status::Invalid));
    assert_eq!(offline(&w, &g, &good).await, Some(Status::Valid));
    w.raw("UPDATE paper_code SET issued_at = -99999999999999");
    w.clock.advance(60);
    assert_eq!(w.app.paper_list(&g).await.err().unwrap().code, "record.unreadable");
}

/// One stands, whoever prints at the same moment, on whichever server.
#[tokio::test]
async fn of_several_that_print_at_once_one_paper_stands() {
    let mut w = World::new().await;
    let (s, id) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let second = w.second_server().await;
    let first = print(&w, &s).await;
    assert_eq!(print(&w, &s).await, first, "the same again, on another form");
    let (one, two, three) = tokio::join!(
        w.app.print_my_paper(&s, true),
        second.print_my_paper(&s, true),
        second.print_my_paper(&s, false),
    );
    let mut all = vec![first, one.unwrap().code, two.unwrap().code, three.unwrap().code];
    all.sort();
    all.dedup();
    let mut standing = Vec::new();
    for code in &all {
        standing.extend(ask(&w, &g, code).await.problem.is_none().then_some(code));
    }
    assert_eq!(standing.len(), 1);
    assert!(w.store.paper_of(id).await.unwrap().is_some());
    // A broken printer is forgiven, a flood is not.
    let mut refused = None;
    for _ in 0..25 {
        refused = refused.or(w.app.print_my_paper(&s, true).await.err());
    }
    assert_eq!(refused.unwrap().code, "paper.too_often");
}

/// At a counter with the document: as any change there, seen by the person, in the counter's region.
#[tokio::test]
async fn a_counter_prints_for_who_is_there_and_they_see_it() {
    let mut w = World::new().await;
    let (s, _) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let officer = w.officer().await;
    let leaves = w.leaves().await;
    let paper = w.app.print_at_counter(&officer, &document(1), false).await.unwrap().code;
    assert_eq!(ask(&w, &g, &paper).await.colour, Some(Colour::Green));
    // The look and the change, each in the public log.
    assert_eq!(w.leaves().await, leaves + 2);
    let change = w.app.my_changes(&s).await.unwrap().remove(0);
    assert_eq!(change.event, AccountEvent::PaperPrinted);
    assert!(change.by.is_some());
    let looks = w.app.my_accesses(&s).await.unwrap();
    assert!(looks.iter().any(|l| l.what == What::Paper.as_str() && l.purpose == REQUEST));
    // One step: lost and printed anew.
    let again = w.app.print_at_counter(&officer, &document(1), true).await.unwrap().code;
    assert_eq!(ask(&w, &g, &paper).await.problem, Some("paper.ended"));
    assert_eq!(ask(&w, &g, &again).await.problem, None);
    w.clock.advance(1);
    let changes = w.app.lose_at_counter(&officer, &document(1)).await.unwrap();
    assert_eq!(changes[0].event, AccountEvent::PaperEnded);
    let none = w.app.lose_at_counter(&officer, &document(1)).await.err().unwrap();
    assert_eq!(none.code, "paper.none");
    // It is no change that is undone: another one is printed.
    let undo = w.app.undo_change(&officer, &document(1), changes[0].id).await.err().unwrap();
    assert_eq!(undo.code, "change.not_undoable");
    // Not by who may not, nor for people of elsewhere, nor for nobody.
    let far = w.staff("prevention_team", "officer", "CN-44").await;
    let lab = w.staff("laboratory", "lab_technician", "CN").await;
    for (staff, document) in [(&far, document(1)), (&lab, document(1)), (&officer, document(99))] {
        assert!(w.app.print_at_counter(staff, &document, true).await.is_err());
    }
    let positive = test_of(Whom::Document(document(1)), "positive");
    w.app.record_test(&officer, &positive).await.unwrap();
    let paper = w.app.print_at_counter(&officer, &document(1), false).await.unwrap().code;
    assert_eq!(ask(&w, &g, &paper).await.colour, Some(Colour::Red), "printed in every colour");
}

/// A code of somebody else's making, a phone's text with the paper's prefix, a paper of another issuer.
#[tokio::test]
async fn a_made_up_paper_is_refused_and_looks_nobody_up() {
    let mut w = World::new().await;
    let (s, _) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let paper = print(&w, &s).await;
    let mut forged = paper.clone().into_bytes();
    let last = forged.len() - 3;
    forged[last] = if forged[last] == b'A' { b'B' } else { b'A' };
    let forged = String::from_utf8(forged).unwrap();
    let live = code(&w, &s).await.unwrap().replace("JG1:", "JGP1:");
    for (bad, why) in [
        (forged.as_str(), "code.bad_signature"),
        (live.as_str(), "code.malformed"),
        ("JGP1:MADE UP", "code.malformed"),
        ("https://example.org/", "code.not_ours"),
    ] {
        let asked = ask(&w, &g, bad).await;
        assert_eq!((asked.colour, asked.name_masked, asked.problem), (None, None, Some(why)));
        let scan = hand_in(&w, &g, &entry(1, Some(bad.to_owned()), w.app.now())).await;
        assert_eq!(scan.outcome, Some(ScanOutcome::Refused));
        w.clock.advance(1);
    }
}

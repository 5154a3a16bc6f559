//! What a gate hands in: kept whole or not at all, answered as it was answered, never twice, never
//! lost without a word.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use crate::common::scenes::gate_of;
use crate::common::{HOME, NOW, World, at};
use jadegate_domain::gate::{Direction, OverrideReason};
use jadegate_domain::{
    Colour, Division, Fact, HolderId, PlaceId, Presence, Scan, ScanId, ScanOutcome, Timestamp,
    Visit,
};
use jadegate_service::gate::scan::{ReadBy, ScanInput, ScanResult};
use jadegate_service::holder::declare::DeclarationInput;
use jadegate_service::{DemoVisit, GateSession, HolderSession};

pub(crate) async fn gate(w: &mut World) -> GateSession {
    let place = w.place("shop", "Test shop").await;
    gate_of(w, place).await
}

pub(crate) async fn code(w: &World, holder: &HolderSession) -> Option<String> {
    Some(w.app.show_code(holder).await.unwrap().code)
}

pub(crate) fn entry(n: u64, code: Option<String>, at: Timestamp) -> ScanInput {
    let (id, direction) = (ScanId::from_random(n), Direction::In);
    ScanInput {
        id,
        code,
        at,
        direction,
        override_reason: None,
        read_by: ReadBy::None,
        known_at: None,
    }
}

pub(crate) fn exit(n: u64, code: Option<String>, at: Timestamp) -> ScanInput {
    ScanInput { direction: Direction::Out, ..entry(n, code, at) }
}

pub(crate) async fn hand_in(w: &World, g: &GateSession, scan: &ScanInput) -> ScanResult {
    w.app.record_scans(g, std::slice::from_ref(scan)).await.unwrap().remove(0)
}

/// Stays of a holder where the gates of these tests are.
async fn stays(w: &World, holder: HolderId) -> usize {
    let (_, own) = w.store.evidence_of(holder).await.unwrap().unwrap();
    let here: Division = HOME.parse().unwrap();
    own.iter()
        .filter(|e| matches!(&e.fact, Fact::Stay { division, .. } if *division == here))
        .count()
}

async fn scans(w: &World) -> Vec<Scan> {
    w.store.scans_on(w.app.now().utc_day()).await.unwrap()
}

pub(crate) async fn visits(w: &World) -> Vec<Visit> {
    w.store.visits_on(w.app.now().utc_day()).await.unwrap()
}

/// The database behind the store's back.
fn raw(w: &World) -> rusqlite::Connection {
    rusqlite::Connection::open(w.index_file().with_file_name("t.db")).unwrap()
}

/// The stay that a gate sees is in the unit of its scan: when it cannot be written, nothing is, and
/// the same scan handed in again brings all of it.
#[tokio::test]
async fn a_scan_and_the_stay_it_shows_are_kept_together_or_not_at_all() {
    let mut w = World::saving(NOW).await;
    let (session, holder) = w.register("CN-440106").await;
    let g = gate(&mut w).await;
    let (leaves, scan) = (w.leaves().await, entry(1, code(&w, &session).await, w.app.now()));
    raw(&w)
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON evidence \
             BEGIN SELECT RAISE(ABORT, 'made to fail'); END",
        )
        .unwrap();
    let failed = hand_in(&w, &g, &scan).await;
    assert!(!failed.recorded && failed.problem.is_some_and(|p| !p.starts_with("scan.")));
    assert_eq!((scans(&w).await.len(), visits(&w).await.len()), (0, 0));
    assert_eq!((stays(&w, holder).await, w.leaves().await), (0, leaves));
    assert_eq!((w.app.index_size().0, w.app.counts_at(g.gate().place).admitted), (0, 0));

    raw(&w).execute_batch("DROP TRIGGER broken").unwrap();
    for _ in 0..2 {
        let again = hand_in(&w, &g, &scan).await;
        assert_eq!((again.outcome, again.recorded), (Some(ScanOutcome::Admitted), true));
    }
    assert_eq!((scans(&w).await.len(), visits(&w).await.len()), (1, 1));
    assert_eq!((stays(&w, holder).await, w.leaves().await), (1, leaves + 1));
    // A second place of the same day is the same stay.
    let there = gate(&mut w).await;
    hand_in(&w, &there, &entry(2, code(&w, &session).await, w.app.now())).await;
    assert_eq!((scans(&w).await.len(), stays(&w, holder).await), (2, 1));
}

/// A server takes its own codes without looking at their signatures again. One that it did not sign is looked at,
/// and one that was changed by a letter is another.
#[tokio::test]
async fn only_what_was_signed_here_is_taken_without_its_signature() {
    let mut w = World::new().await;
    let (session, _) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let b = w.second_server().await;
    let theirs = b.show_code(&session).await.unwrap().code;
    let ours = code(&w, &session).await.unwrap();
    for (n, text) in [(1, &theirs), (2, &ours)] {
        let taken = hand_in(&w, &g, &entry(n, Some(text.clone()), w.app.now())).await;
        assert_eq!((taken.outcome, taken.problem), (Some(ScanOutcome::Admitted), None));
        // The signature is the end of it.
        let (end, last) = (text.len() - 2, text.as_bytes()[text.len() - 2]);
        let other = if last == b'0' { "1" } else { "0" };
        let forged = format!("{}{other}{}", &text[..end], &text[end + 1..]);
        let refused = hand_in(&w, &g, &entry(n + 10, Some(forged), w.app.now())).await;
        assert_eq!(refused.outcome, Some(ScanOutcome::Refused));
        assert_eq!(refused.problem, Some("code.bad_signature"));
    }
}

/// Whoever was made sure a moment ago, by another server, is not let in with the code of before.
#[tokio::test]
async fn what_another_server_recorded_decides_at_the_gate() {
    let mut w = World::new().await;
    let (session, holder) = w.register(HOME).await;
    let team = w.officer().await;
    let g = gate(&mut w).await;
    let b = w.second_server().await;
    let green = code(&w, &session).await;
    let scan = hand_in(&w, &g, &entry(1, green.clone(), w.app.now())).await;
    assert_eq!(scan.outcome, Some(ScanOutcome::Admitted));
    let positive =
        crate::common::test_of(jadegate_service::staff::Whom::Holder(holder), "positive");
    b.record_test(&team, &positive).await.unwrap();
    let scan = hand_in(&w, &g, &entry(2, green.clone(), w.app.now())).await;
    assert_eq!((scan.outcome, scan.colour), (Some(ScanOutcome::Refused), Some(Colour::Red)));
    // Of a record that cannot be read nobody can say a colour, and nobody is let in.
    let body = format!("UPDATE assessment SET body = 'x' WHERE holder = {}", holder.as_i64());
    assert_eq!(w.raw(&body), 1);
    let scan = w.app.record_scans(&g, &[entry(3, green, w.app.now())]).await.unwrap().remove(0);
    assert_eq!((scan.outcome, scan.recorded), (None, false));
    assert_eq!(scan.problem, Some("record.unreadable"));
}

/// The answer to a scan that was handed in before is the one it had, whatever has changed since: the
/// colour, the code's age, the time in which scans are taken at all.
#[tokio::test]
async fn a_scan_sent_again_is_answered_as_then() {
    let mut w = World::new().await;
    let (session, id) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let good = entry(1, code(&w, &session).await, w.app.now());
    let old = entry(2, good.code.clone(), w.app.now().plus_secs(-7200));
    let bare = ScanInput {
        override_reason: Some(OverrideReason::Emergency),
        ..entry(3, None, w.app.now())
    };
    let mut then = Vec::new();
    for scan in [&good, &old, &bare] {
        then.push(hand_in(&w, &g, scan).await);
    }
    let told = |r: &ScanResult| (r.outcome, r.colour, r.problem, r.recorded);
    assert_eq!(told(&then[0]), (Some(ScanOutcome::Admitted), Some(Colour::Green), None, true));
    assert_eq!(told(&then[1]).2, Some("code.not_yet_valid"));
    assert_eq!(told(&then[2]).2, Some("scan.no_code"));
    let sick =
        DeclarationInput { symptoms: vec!["fever".to_owned()], ..DeclarationInput::default() };
    w.app.declare(&session, &sick).await.unwrap();
    assert_eq!(w.colour(id).await, Colour::Yellow);
    for later in [0, 30, 3600, 30 * 3600] {
        w.clock.advance(later);
        for (scan, then) in [&good, &old, &bare].into_iter().zip(&then) {
            assert_eq!(&hand_in(&w, &g, scan).await, then, "{later} s later");
        }
    }
    let all = w.app.record_scans(&g, &[good.clone(), old, bare]).await.unwrap();
    assert_eq!(all, then, "together as one by one");
    let kept = w.store.scans_on(good.at.utc_day()).await.unwrap();
    assert_eq!(kept.len(), 3);
    // One that was not recorded in time is told apart from one that was.
    let late = hand_in(&w, &g, &entry(9, good.code, good.at)).await;
    assert_eq!((late.problem, late.recorded), (Some("scan.too_old"), false));
}

/// `recorded` says that this scan is in the store: under the same id two gates have two scans, and
/// one gate that gives two acts of a moment one id is told so.
#[tokio::test]
async fn one_id_never_hides_another_scan() {
    let mut w = World::new().await;
    let (a, first) = w.register(HOME).await;
    let (b, second) = w.register(HOME).await;
    let (north, south) = (gate(&mut w).await, gate(&mut w).await);
    let now = w.app.now();
    let of_a = entry(7, code(&w, &a).await, now);
    let of_b = entry(7, code(&w, &b).await, now);
    for (g, scan) in [(&north, &of_a), (&south, &of_b)] {
        assert!(hand_in(&w, g, scan).await.recorded);
    }
    let kept: HashSet<_> = scans(&w).await.iter().map(|s| (s.gate, s.holder.unwrap())).collect();
    assert_eq!(kept, HashSet::from([(north.gate().id, first), (south.gate().id, second)]));
    assert_eq!(visits(&w).await.len(), 2);

    let over = Some(OverrideReason::Other);
    let others = [
        of_b.clone(),
        ScanInput { override_reason: over, ..of_a.clone() },
        ScanInput { direction: Direction::Out, ..of_a.clone() },
    ];
    for other in &others {
        let refused = hand_in(&w, &north, other).await;
        assert_eq!((refused.problem, refused.recorded), (Some("scan.id_taken"), false));
        assert_eq!((refused.outcome, refused.colour), (None, None));
    }
    assert_eq!(scans(&w).await.len(), 2);
    // Under an id of its own it is taken, and another moment is another scan.
    let renamed = ScanInput { id: ScanId::from_random(8), ..of_b };
    assert!(hand_in(&w, &north, &renamed).await.recorded);
    assert!(hand_in(&w, &north, &entry(7, of_a.code, now.plus_secs(1))).await.recorded);
    assert_eq!(scans(&w).await.len(), 4);
}

/// The same visit told two thousand times, one by one and in batches, is in the index once.
#[tokio::test]
async fn the_same_visit_sent_2000_times_is_in_the_index_once() {
    let mut w = World::new().await;
    let (session, _) = w.register(HOME).await;
    let place = w.place("shop", "Test shop").await;
    let (north, south) = (gate_of(&mut w, place).await, gate_of(&mut w, place).await);
    let (now, code) = (w.app.now(), code(&w, &session).await);
    let many: Vec<_> = (1..=2000).map(|n| entry(n, code.clone(), now)).collect();
    for part in many[..1000].chunks(500) {
        let (a, b) = tokio::join!(
            w.app.record_scans(&north, part),
            w.app.record_scans(&south, &many[1000..1500]),
        );
        assert!(a.unwrap().iter().chain(&b.unwrap()).all(|r| r.recorded));
    }
    for scan in &many[1500..] {
        assert!(hand_in(&w, &north, scan).await.recorded);
    }
    assert_eq!(w.app.index_size().0, 1);
    assert_eq!((scans(&w).await.len(), visits(&w).await.len()), (2000, 1));
    assert_eq!(w.app.counts_at(place).admitted, 2000);
}

/// Visits at one place and second that the first 31 bits of a digest do not tell apart.
#[tokio::test]
async fn visits_whose_digests_meet_are_all_kept() {
    let mut w = World::new().await;
    let entered = w.app.now().plus_secs(-60);
    let visit = |holder| DemoVisit {
        holder: HolderId::from_random(holder),
        place: PlaceId::from_random(1),
        entered,
        left: None,
        presence: Presence::Gate,
    };
    let pairs = [22_774, 64_465, 31_728, 71_576, 613, 99_344];
    w.app.demo_visits(&pairs.map(visit)).await.unwrap();
    assert_eq!(w.app.index_size().0, pairs.len());
    w.restart().await;
    assert_eq!(w.app.index_size().0, pairs.len());
}

/// In one batch an entry is before its exit, one bad scan spoils no other, and each has its answer
/// at its place.
#[tokio::test]
async fn a_batch_keeps_the_order_of_each_person() {
    let mut w = World::new().await;
    let g = gate(&mut w).await;
    let mut people = Vec::new();
    for _ in 0..12 {
        people.push(w.register(HOME).await);
    }
    let begin = w.app.now();
    let mut batch = Vec::new();
    for (n, (session, _)) in (1..).zip(&people) {
        let code = code(&w, session).await;
        batch.push(entry(n, code.clone(), begin));
        batch.push(exit(100 + n, code.clone(), begin.plus_secs(20)));
        batch.push(entry(200 + n, code.clone(), begin.plus_secs(30)));
        batch.push(exit(300 + n, code, begin.plus_secs(40)));
    }
    // All entries, then all exits, and so on: the order of each person, mixed.
    batch.sort_by_key(|s| s.at);
    batch.insert(3, entry(999, Some("JG1:NONSENSE".to_owned()), begin));
    batch.insert(9, entry(998, None, begin.plus_secs(-90_000)));
    let results = w.app.record_scans(&g, &batch).await.unwrap();
    let ids = |of: &mut dyn Iterator<Item = ScanId>| of.collect::<Vec<_>>();
    assert_eq!(ids(&mut results.iter().map(|r| r.id)), ids(&mut batch.iter().map(|s| s.id)));
    let bad: Vec<_> = results.iter().filter(|r| r.problem.is_some()).collect();
    assert_eq!(bad.len(), 2);
    assert_eq!((bad[0].outcome, bad[0].recorded), (Some(ScanOutcome::Refused), true));
    assert_eq!((bad[1].problem, bad[1].recorded), (Some("scan.too_old"), false));
    let kept = visits(&w).await;
    assert_eq!(kept.len(), 24);
    let spans: BTreeSet<_> = kept.iter().map(|v| (v.entered, v.left)).collect();
    let span = |from, to| (begin.plus_secs(from), Some(begin.plus_secs(to)));
    assert_eq!(spans, BTreeSet::from([span(0, 20), span(30, 40)]));
    let counts = w.app.counts_at(g.gate().place);
    assert_eq!((counts.admitted, counts.left, counts.refused), (24, 24, 1));
}

/// What waits together is flushed together: a mark is given to a transaction, so fewer marks than
/// visits were fewer flushes than visits. Another process holds the database back until scans have
/// gathered; if they have not, for the machine is busy, it holds it back longer.
#[tokio::test]
async fn a_batch_shares_its_flushes() {
    let mut w = World::saving(NOW).await;
    let g = gate(&mut w).await;
    let mut people = Vec::new();
    for _ in 0..20 {
        people.push(w.register(HOME).await);
    }
    let mark = async |w: &World| {
        let marks = w.store.visit_marks().await.unwrap();
        marks.days.iter().map(|d| d.mark).max().unwrap_or(0)
    };
    let mut id = 0;
    for held_ms in [50, 200, 1000, 3000] {
        w.clock.advance(60);
        let mut batch = Vec::new();
        for (session, _) in &people {
            id += 1;
            batch.push(entry(id, code(&w, session).await, w.app.now()));
        }
        let before = mark(&w).await;
        let other = raw(&w);
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let (app, g) = (w.app.clone(), g.clone());
        let taken = tokio::spawn(async move { app.record_scans(&g, &batch).await });
        tokio::time::sleep(Duration::from_millis(held_ms)).await;
        other.execute_batch("COMMIT").unwrap();
        assert!(taken.await.unwrap().unwrap().iter().all(|r| r.recorded));
        if mark(&w).await - before < people.len() as u64 {
            return;
        }
    }
    panic!("each scan was flushed by itself");
}

/// Who leaves may show the code of their entry: it is told to be old, and ends their visit. It opens
/// no gate.
#[tokio::test]
async fn an_old_code_ends_the_visit_and_opens_nothing() {
    let mut w = World::new().await;
    let (session, holder) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let code = code(&w, &session).await;
    hand_in(&w, &g, &entry(1, code.clone(), w.app.now())).await;
    w.clock.advance(45 * 60);
    let now = w.app.now();
    let left = hand_in(&w, &g, &exit(2, code.clone(), now)).await;
    assert_eq!((left.outcome, left.problem), (Some(ScanOutcome::Admitted), Some("code.stale")));
    assert_eq!(left.colour, None);
    assert_eq!(visits(&w).await[0].left, Some(now));
    assert!(scans(&w).await.iter().all(|s| s.holder == Some(holder)));
    let back = hand_in(&w, &g, &entry(3, code.clone(), now)).await;
    assert_eq!((back.outcome, back.problem), (Some(ScanOutcome::Refused), Some("code.stale")));
    // A day later it says nothing any more, nor does a forged one ever.
    w.clock.advance(24 * 3600);
    let mut forged = code.clone().unwrap();
    forged.truncate(forged.len() - 3);
    for (n, code) in [(4, code), (5, Some(forged + "000"))] {
        hand_in(&w, &g, &exit(n, code, w.app.now())).await;
    }
    assert!(scans(&w).await.iter().all(|s| s.holder.is_none()));
}

/// The visit that an exit would end is gone from the store, or has its end there: the exit is
/// recorded all the same, as somebody seen leaving, and the end that was told first stands.
#[tokio::test]
async fn an_exit_is_taken_though_its_visit_is_gone() {
    let mut w = World::new().await;
    let (session, _) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let begin = w.app.now();
    hand_in(&w, &g, &entry(1, code(&w, &session).await, begin)).await;
    let end = Some(begin.plus_secs(60));
    // As another server's gate would tell it.
    let elsewhere = Visit { left: end, ..visits(&w).await[0] };
    let unit = jadegate_store::Unit::new("test", vec![jadegate_store::Write::AddVisit(elsewhere)]);
    w.store.commit(unit).await.unwrap();
    w.clock.advance(120);
    assert!(hand_in(&w, &g, &exit(2, code(&w, &session).await, w.app.now())).await.recorded);
    let seen = |at| Visit { entered: at, left: Some(at), ..elsewhere };
    assert_eq!(visits(&w).await, [elsewhere, seen(w.app.now())]);

    w.clock.advance(86_400);
    hand_in(&w, &g, &entry(3, code(&w, &session).await, w.app.now())).await;
    w.store.drop_days_before(w.app.now().utc_day() + 1).await.unwrap();
    w.clock.advance(120);
    assert!(hand_in(&w, &g, &exit(4, code(&w, &session).await, w.app.now())).await.recorded);
    assert_eq!(visits(&w).await, [seen(w.app.now())]);
    assert_eq!(scans(&w).await.len(), 1);
}

#[test]
fn the_moment_of_these_tests_is_a_day_of_its_own() {
    assert_eq!(at(NOW).utc_day(), at(NOW).plus_secs(12 * 3600).utc_day());
}

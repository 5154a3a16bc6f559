//! Coming and going at a door, as people do it: twice, by another gate, with an old code, and told
//! late by a gate that was offline.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::common::scenes::gate_of;
use crate::common::{HOME, World, case_of};
use crate::gate_scans::{code, entry, exit, gate, hand_in, visits};
use jadegate_domain::{Colour, Timestamp};
use jadegate_service::HolderSession;
use jadegate_service::gate::scan::ScanInput;
use jadegate_service::staff::CaseInput;

/// What somebody's own page shows of their visits: from and to, newest first.
async fn shown(w: &World, session: &HolderSession) -> Vec<(Timestamp, Option<Timestamp>)> {
    let visits = w.app.my_visits(session).await.unwrap();
    visits.iter().map(|v| (v.entered, v.left)).collect()
}

/// In at 10:30, in again at 10:32, out at 10:33: there for three minutes, whoever comes later.
#[tokio::test]
async fn in_twice_and_out_once_is_three_minutes() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (session, holder) = w.register("CN-330106").await;
    let (sick, case) = w.register("CN-330106").await;
    let (other, near) = w.register("CN-330106").await;
    let g = gate(&mut w).await;
    let begin = w.app.now();
    let mut scan_ids = 1..;
    let mut scan = async |w: &World, who: &HolderSession, make: fn(u64, _, _) -> ScanInput| {
        let scan = make(scan_ids.next().unwrap(), code(w, who).await, w.app.now());
        assert!(hand_in(w, &g, &scan).await.recorded);
    };
    scan(&w, &session, entry).await;
    w.clock.advance(120);
    scan(&w, &session, entry).await;
    w.clock.advance(60);
    scan(&w, &session, exit).await;
    let end = Some(begin.plus_secs(180));
    assert_eq!(shown(&w, &session).await, [(begin, end)]);
    assert!(visits(&w).await.iter().all(|v| v.left == end), "none is left to be assumed");

    // Somebody ill is there for the hour after, and somebody else whom nobody saw leave.
    w.clock.advance(60);
    scan(&w, &sick, entry).await;
    scan(&w, &other, entry).await;
    w.clock.advance(3600);
    scan(&w, &sick, exit).await;
    let known = CaseInput { isolated_at: None, ..case_of(case) };
    let recorded = w.app.record_case(&officer, &known).await.unwrap();
    let report = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!(report.close, 1);
    assert_eq!(w.colour(holder).await, Colour::Green);
    assert_eq!(w.colour(near).await, Colour::Red);
}

/// Leaving ends every visit of that person at that place, an earlier one without an end too, and
/// nobody else's.
#[tokio::test]
async fn leaving_ends_every_open_visit_there() {
    let mut w = World::new().await;
    let (session, holder) = w.register(HOME).await;
    let (other, _) = w.register(HOME).await;
    let (here, there) = (gate(&mut w).await, gate(&mut w).await);
    let begin = w.app.now();
    for (n, g, who) in [(1, &here, &session), (2, &there, &session), (3, &here, &other)] {
        assert!(hand_in(&w, g, &entry(n, code(&w, who).await, begin)).await.recorded);
    }
    w.clock.advance(45 * 60);
    hand_in(&w, &here, &entry(4, code(&w, &session).await, w.app.now())).await;
    w.clock.advance(60);
    let end = w.app.now();
    hand_in(&w, &here, &exit(5, code(&w, &session).await, end)).await;
    for v in visits(&w).await {
        let ends = v.holder == holder && v.place == here.gate().place;
        assert_eq!(v.left, ends.then_some(end), "{v:?}");
    }
    assert!(shown(&w, &session).await.contains(&(begin, Some(end))));
}

/// In at one gate of a place, out at another: one stay, ended. A second exit changes nothing of it.
#[tokio::test]
async fn two_gates_of_a_place_see_one_stay() {
    let mut w = World::new().await;
    let (session, _) = w.register(HOME).await;
    let place = w.place("shop", "Test shop").await;
    let (north, south) = (gate_of(&mut w, place).await, gate_of(&mut w, place).await);
    let begin = w.app.now();
    hand_in(&w, &north, &entry(1, code(&w, &session).await, begin)).await;
    w.clock.advance(600);
    let end = Some(w.app.now());
    hand_in(&w, &south, &exit(2, code(&w, &session).await, w.app.now())).await;
    assert_eq!(shown(&w, &session).await, [(begin, end)]);
    w.clock.advance(60);
    let again = exit(3, code(&w, &session).await, w.app.now());
    for _ in 0..2 {
        assert!(hand_in(&w, &north, &again).await.recorded);
        assert!(shown(&w, &session).await.contains(&(begin, end)));
        assert_eq!(visits(&w).await.len(), 2);
    }
}

/// All orders of five things.
fn orders() -> Vec<[usize; 5]> {
    let digit = |n: usize, at: u32| n / 5_usize.pow(at) % 5;
    let all = (0..5_usize.pow(5)).map(|n| [0, 1, 2, 3, 4].map(|at| digit(n, at)));
    all.filter(|o| (0..5).all(|n| o.contains(&n))).collect()
}

/// Two gates, one of them offline: whatever arrives first, the stays are the same, now and after a
/// restart from what is stored.
#[tokio::test]
async fn scans_that_arrive_in_any_order_make_the_same_stays() {
    let mut w = World::new().await;
    let place = w.place("shop", "Test shop").await;
    let gates = [gate_of(&mut w, place).await, gate_of(&mut w, place).await];
    let mut people = Vec::new();
    // A part of the 120, with each scan at each position.
    for order in orders().into_iter().step_by(7) {
        let (session, _) = w.register(HOME).await;
        let begin = w.app.now();
        let code = code(&w, &session).await;
        let scan = |make: fn(u64, _, _) -> ScanInput, later: i64| {
            make(1 + later.cast_unsigned(), code.clone(), begin.plus_secs(later))
        };
        let scans =
            [scan(entry, 0), scan(entry, 15), scan(exit, 20), scan(entry, 30), scan(exit, 300)];
        w.clock.advance(3600);
        for n in order {
            assert!(hand_in(&w, &gates[n % 2], &scans[n]).await.recorded);
        }
        people.push((session, begin, order));
    }
    for _ in 0..2 {
        for (session, begin, order) in &people {
            let stay = |from, to| (begin.plus_secs(from), Some(begin.plus_secs(to)));
            assert_eq!(shown(&w, session).await, [stay(30, 300), stay(0, 20)], "{order:?}");
        }
        w.restart().await;
    }
}

/// Both gates hand in at once: neither knows of the other's scan when it decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scans_of_two_gates_at_once_meet() {
    let mut w = World::new().await;
    let place = w.place("shop", "Test shop").await;
    let (north, south) = (gate_of(&mut w, place).await, gate_of(&mut w, place).await);
    for _ in 0..40 {
        let (session, _) = w.register(HOME).await;
        let (begin, code) = (w.app.now(), code(&w, &session).await);
        let (came, left) = (entry(1, code.clone(), begin), exit(2, code, begin.plus_secs(20)));
        w.clock.advance(60);
        let hand_in = |g, scan: ScanInput| {
            let app = w.app.clone();
            tokio::spawn(async move { app.record_scans(&g, &[scan]).await })
        };
        let both = (hand_in(north.clone(), came), hand_in(south.clone(), left.clone()));
        assert!(both.0.await.unwrap().unwrap()[0].recorded);
        assert!(both.1.await.unwrap().unwrap()[0].recorded);
        assert_eq!(shown(&w, &session).await, [(begin, Some(left.at))]);
    }
}

/// Two servers, each with a gate of the place: neither knows of the other's scan when it decides, and
/// both come to the same, with the end that was seen, whichever was first.
#[tokio::test]
async fn scans_of_two_servers_meet_when_they_follow() {
    let mut w = World::new().await;
    let place = w.place("shop", "Test shop").await;
    let (north, south) = (gate_of(&mut w, place).await, gate_of(&mut w, place).await);
    let other = w.second_server().await;
    for out_first in [true, false] {
        let (session, _) = w.register(HOME).await;
        let begin = w.app.now();
        let shown_code = code(&w, &session).await;
        let (came, left) =
            (entry(1, shown_code.clone(), begin), exit(2, shown_code, begin.plus_secs(20)));
        w.clock.advance(60);
        let at_a = async || w.app.record_scans(&north, std::slice::from_ref(&came)).await.unwrap();
        let at_b = async || other.record_scans(&south, std::slice::from_ref(&left)).await.unwrap();
        let told =
            if out_first { [at_b().await, at_a().await] } else { [at_a().await, at_b().await] };
        assert!(told.iter().all(|r| r[0].recorded));
        // Whoever follows first settles it; the other one reads that.
        for app in [&w.app, &other, &w.app] {
            app.follow().await.unwrap();
        }
        let own = other.my_visits(&session).await.unwrap();
        let own: Vec<_> = own.iter().map(|v| (v.entered, v.left)).collect();
        assert_eq!(own, [(begin, Some(left.at))]);
        assert_eq!(shown(&w, &session).await, own);
    }
}

/// Who leaves is not judged: a code that is too old, or of a phone whose clock runs ahead of the
/// gate's, still says whose visit ends.
#[tokio::test]
async fn a_code_out_of_its_time_ends_the_visit() {
    let mut w = World::new().await;
    let g = gate(&mut w).await;
    for (behind, problem) in [(45 * 60, "code.stale"), (-40, "code.not_yet_valid")] {
        let (session, _) = w.register(HOME).await;
        let begin = w.app.now().plus_secs(-60);
        let unit = jadegate_store::Unit::new(
            "test",
            vec![jadegate_store::Write::AddVisit(jadegate_domain::Visit {
                holder: session.holder(),
                place: g.gate().place,
                entered: begin,
                left: None,
                presence: jadegate_domain::Presence::Gate,
            })],
        );
        w.store.commit(unit).await.unwrap();
        w.restart().await;
        let old = code(&w, &session).await;
        let at = w.app.now().plus_secs(behind);
        w.clock.advance(behind.max(0));
        let told = hand_in(&w, &g, &exit(behind.unsigned_abs(), old, at)).await;
        assert_eq!((told.problem, told.recorded), (Some(problem), true));
        assert_eq!(shown(&w, &session).await, [(begin, Some(at))]);
    }
}

/// A poster that is scanned again after its holder was seen leaving is another visit.
#[tokio::test]
async fn coming_back_to_a_poster_is_another_visit() {
    let mut w = World::new().await;
    let (session, _) = w.register(HOME).await;
    let g = gate(&mut w).await;
    let poster = w.app.poster(g.gate().place).unwrap();
    let begin = w.app.now();
    w.app.scan_venue(&session, &poster.poster_code).await.unwrap();
    w.clock.advance(120);
    hand_in(&w, &g, &exit(1, code(&w, &session).await, w.app.now())).await;
    w.clock.advance(120);
    let again = w.app.scan_venue(&session, &poster.poster_code).await.unwrap();
    assert_eq!(again.entered, w.app.now());
    let left = Some(begin.plus_secs(120));
    assert_eq!(shown(&w, &session).await, [(w.app.now(), None), (begin, left)]);
}

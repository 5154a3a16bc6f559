//! The memory follows the store: what one server writes another one knows, and both know what a start
//! would.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::common::{HOME, NOW, World, at, case_of, policy_text};
use crate::gate_scans::{code, entry, exit, gate};
use jadegate_domain::gate::GateCounts;
use jadegate_domain::{Colour, HolderId, Period, PlaceId, Presence, Timestamp};
use jadegate_service::staff::{CaseInput, ChangeInput, Record, RegionInput};
use jadegate_service::{App, DemoVisit, Entropy, FindingCode, IndexOrigin, Kind, OutboxOnly};
use jadegate_testkit::SeededEntropy;

const EVER: Period = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };

fn raise(division: &str) -> ChangeInput {
    ChangeInput::Region(RegionInput {
        division: division.to_owned(),
        level: "high".to_owned(),
        from: "2022-03-15T00:00:00Z".to_owned(),
        to: None,
    })
}

/// A list of one passenger of train G1.
fn list(who: HolderId, seat: &str) -> String {
    format!(
        "kind,number,date,division,holder,from_no,from,departs,to_no,to,arrives,seat\n\
         train,G1,2022-03-12,CN-3301,{who},1,A,2022-03-12T01:00:00Z,3,C,2022-03-12T04:00:00Z,{seat}\n"
    )
}

fn stay(holder: HolderId, place: PlaceId, entered: Timestamp, left: Option<i64>) -> DemoVisit {
    let left = left.map(|minutes| entered.plus_secs(60 * minutes));
    DemoVisit { holder, place, entered, left, presence: Presence::Gate }
}

/// A place, a policy, a risk level, visits and scans: unknown to the other server until it follows,
/// and then known as if it had written them itself.
#[tokio::test]
async fn what_one_server_writes_the_other_knows() {
    let mut w = World::of_one_officer(NOW).await;
    let commission = w.staff("health_commission", "commissioner", "CN-33").await;
    let admin = w.staff("operator", "administrator", "CN").await;
    let officer = w.officer().await;
    let (_, case) = w.register("CN-330102").await;
    let (_, near) = w.register("CN-330102").await;
    let (session, guest) = w.register("CN-330102").await;
    let (_, inside) = w.register(HOME).await;
    let b = w.second_server().await;
    let a = Arc::clone(&w.app);
    assert_eq!(b.assessment(inside).await.unwrap().colour, Colour::Green);

    let g = gate(&mut w).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let noon = at("2022-03-13T04:00:00Z");
    let stays = [stay(case, cafe, noon, Some(60)), stay(near, cafe, noon, None)];
    a.demo_visits(&stays).await.unwrap();
    let scan = entry(1, code(&w, &session).await, w.app.now());
    assert!(a.record_scans(&g, &[scan]).await.unwrap()[0].recorded);
    w.change(&commission, &commission, &raise(HOME)).await;
    let next =
        policy_text().replace("days = 7\n", "days = 5\n").replace("version = 1\n", "version = 2\n");
    w.change(&commission, &commission, &ChangeInput::Policy { text: next }).await;
    // What a server writes itself it knows without asking.
    assert_eq!(a.behind().await.unwrap(), 0);

    assert!(b.behind().await.unwrap() > 0);
    assert_eq!(b.index_size().0, 0);
    assert_eq!(b.policy().reference().version, 1);
    b.follow().await.unwrap();
    assert_eq!(b.behind().await.unwrap(), 0);
    assert_eq!(b.policy().reference(), a.policy().reference());
    assert_eq!(b.in_force().text, a.in_force().text);
    assert_eq!(b.assessment(inside).await.unwrap().colour, Colour::Red);
    assert_eq!(b.visits_between(guest, EVER), a.visits_between(guest, EVER));
    assert_eq!(b.counts_at(g.gate().place), GateCounts { admitted: 1, ..GateCounts::default() });
    let places = |page: jadegate_service::staff::PlacePage| page.places;
    let (ours, theirs) = (a.list_places(&admin, None, 9), b.list_places(&admin, None, 9));
    assert_eq!(places(ours.await.unwrap()), places(theirs.await.unwrap()));

    // The trace of one finds the visits of the other; what comes late at one changes it at the other.
    let recorded = b.record_case(&officer, &CaseInput { trace: true, ..case_of(case) }).await;
    assert_eq!(recorded.unwrap().trace.unwrap().close, 1);
    assert_eq!(b.assessment(near).await.unwrap().colour, Colour::Red);
    a.follow().await.unwrap();
    let late = [stay(guest, cafe, noon, Some(30))];
    a.demo_visits(&late).await.unwrap();
    b.follow().await.unwrap();
    assert_eq!(b.follow_late_data().await.unwrap(), 1);
    assert_eq!(b.assessment(guest).await.unwrap().colour, Colour::Red);
    // Both would find the same.
    a.follow().await.unwrap();
    assert_eq!(a.follow_late_data().await.unwrap(), 0);
}

/// A server that cannot read what changed says so and decides nothing, until it can again: no code, no
/// scan, no colour.
#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_follow_decides_nothing() {
    let mut w = World::of_one_officer(NOW).await;
    let (session, holder) = w.register("CN-330102").await;
    let g = gate(&mut w).await;
    let shown = code(&w, &session).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let jobs = tokio::spawn(Arc::clone(&w.app).run_jobs(Arc::new(OutboxOnly), stopped));
    let until = async |ready: bool| {
        for _ in 0..2000 {
            if w.app.health().await.problems.is_empty() == ready {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("it never came to ready: {ready}");
    };
    until(true).await;
    w.raw("ALTER TABLE changed RENAME TO out_of_reach");
    until(false).await;
    let health = w.app.health().await;
    assert!(health.problems.iter().any(|p| p.code == FindingCode::MemoryBehind), "{health:?}");
    let refused = |e: &jadegate_service::ServiceError| {
        assert_eq!((e.kind, e.code, e.retry_after), (Kind::Unavailable, "memory.behind", Some(10)));
    };
    refused(&w.app.show_code(&session).await.err().unwrap());
    refused(&w.app.assessment(holder).await.err().unwrap());
    let scan = entry(1, shown, w.app.now());
    refused(&w.app.record_scans(&g, std::slice::from_ref(&scan)).await.err().unwrap());
    w.raw("ALTER TABLE out_of_reach RENAME TO changed");
    until(true).await;
    assert!(w.app.record_scans(&g, &[scan]).await.unwrap()[0].recorded);
    w.app.show_code(&session).await.unwrap();
    stop.send(true).unwrap();
    jobs.await.unwrap();
}

/// What goes at one server goes at the other: a list that is withdrawn, with its visits, and days
/// that are dropped.
#[tokio::test]
async fn what_goes_at_one_server_goes_at_the_other() {
    let mut w = World::of_one_officer(NOW).await;
    let carrier = w.staff("carrier", "officer", "CN-33").await;
    let (_, first) = w.register(HOME).await;
    let (_, second) = w.register(HOME).await;
    let b = w.second_server().await;
    let mut withdrawn = None;
    for who in [first, second] {
        let by = w.app.conductor(&carrier).unwrap();
        let report = w.app.import_rides(&by, list(who, "05-12A").as_bytes()).await.unwrap();
        assert_eq!(report.taken, 1);
        withdrawn = report.import;
    }
    b.follow().await.unwrap();
    assert_eq!(b.index_size().0, 2);
    let (record, why) = (Record::Import(withdrawn.unwrap()), "never_happened");
    w.app.withdraw_record(&carrier, record, why).await.unwrap();
    b.follow().await.unwrap();
    assert_eq!(b.visits_between(second, EVER), []);
    assert_eq!(b.visits_between(first, EVER), w.app.visits_between(first, EVER));
    assert_eq!(b.index_size().0, 1);

    w.clock.advance(30 * 86_400);
    let purged = w.app.purge().await.unwrap();
    assert_eq!((purged.visits, w.app.index_size().0), (1, 0));
    assert_eq!(b.index_size().0, 1);
    b.follow().await.unwrap();
    assert_eq!(b.index_size().0, 0);
}

/// What a server that is not asked writes meanwhile is known to it all the same, and in order.
#[tokio::test]
async fn what_was_written_behind_a_server_is_read_before_what_it_writes_is_passed_over() {
    let w = World::new().await;
    let who = HolderId::from_random(1);
    let (a, b) = (Arc::clone(&w.app), w.second_server().await);
    let hour = |n: i64| at(NOW).plus_secs(-3600 * n);
    for n in 1..=3 {
        let place = PlaceId::from_random(7);
        a.demo_visits(&[stay(who, place, hour(2 * n), Some(9))]).await.unwrap();
        b.demo_visits(&[stay(who, place, hour(2 * n + 1), Some(9))]).await.unwrap();
    }
    assert_eq!((a.index_size().0, b.index_size().0), (3, 3));
    for app in [&a, &b] {
        app.follow().await.unwrap();
        assert_eq!((app.index_size().0, app.behind().await.unwrap()), (6, 0));
    }
}

/// A file that was saved while others wrote claims nothing that it lacks.
#[tokio::test]
async fn a_saved_index_claims_what_was_followed() {
    let mut w = World::saving(NOW).await;
    let who = HolderId::from_random(1);
    let visit = |n: u64| stay(who, PlaceId::from_random(n), at(NOW).plus_secs(-7200), Some(9));
    let b = w.second_server().await;
    w.app.demo_visits(&[visit(1)]).await.unwrap();
    b.demo_visits(&[visit(2)]).await.unwrap();
    w.app.demo_visits(&[visit(3)]).await.unwrap();
    w.app.save_visits().await.unwrap();
    assert_eq!(w.app.index_size().0, 3);
    b.demo_visits(&[visit(4)]).await.unwrap();
    w.restart().await;
    assert_eq!((w.app.index_origin(), w.app.index_size().0), (IndexOrigin::CaughtUp, 4));
}

/// What can be asked of a server's memory.
fn known(app: &App, people: &[HolderId], places: &[PlaceId]) -> String {
    let visits: Vec<BTreeSet<_>> =
        people.iter().map(|h| app.visits_between(*h, EVER).into_iter().collect()).collect();
    let counts: Vec<_> = places.iter().map(|p| app.counts_at(*p)).collect();
    format!("{visits:?} {counts:?} {:?}", app.policy().reference())
}

/// Whatever two servers do in whatever order, each following now and then: once both have followed,
/// they know the same, and what a third one knows that starts then.
#[tokio::test]
async fn after_any_order_of_two_servers_writes_both_know_what_a_start_knows() {
    for seed in 0..4 {
        let mut w = World::of_one_officer(NOW).await;
        let carrier = w.staff("carrier", "officer", "CN-33").await;
        let (session, guest) = w.register("CN-330102").await;
        let g = gate(&mut w).await;
        let mut people = vec![guest];
        for _ in 0..5 {
            people.push(w.register(HOME).await.1);
        }
        let places: Vec<_> = (1..=3).map(PlaceId::from_random).chain([g.gate().place]).collect();
        let apps = [Arc::clone(&w.app), w.second_server().await];
        let dice: Box<dyn Entropy> = Box::new(SeededEntropy::new(seed));
        let roll = |n: u64| dice.bits() % n;
        let mut lists = Vec::new();
        for step in 0..80_u64 {
            let app = &apps[usize::try_from(roll(2)).unwrap()];
            let who = people[usize::try_from(roll(6)).unwrap()];
            match roll(12) {
                0..=3 => {
                    let entered =
                        w.app.now().plus_secs(-(i64::try_from(roll(9)).unwrap() * 86_400));
                    let left = (roll(2) == 0).then_some(15);
                    let place = places[usize::try_from(roll(3)).unwrap()];
                    // Two may tell another end of the same visit: refused, whoever comes second.
                    let _ = app.demo_visits(&[stay(who, place, entered, left)]).await;
                }
                4 | 5 => {
                    w.clock.advance(61);
                    let make = if roll(2) == 0 { entry } else { exit };
                    let scan = make(step + 1, code(&w, &session).await, w.app.now());
                    assert!(app.record_scans(&g, &[scan]).await.unwrap()[0].recorded);
                }
                6 => {
                    let by = app.conductor(&carrier).unwrap();
                    let taken = app.import_rides(&by, list(who, "05-12A").as_bytes()).await;
                    lists.extend(taken.ok().and_then(|report| report.import));
                }
                7 => {
                    if let Some(list) = lists.pop() {
                        let record = Record::Import(list);
                        let _ = app.withdraw_record(&carrier, record, "never_happened").await;
                    }
                }
                8 => w.clock.advance(i64::try_from(roll(3)).unwrap() * 86_400),
                9 => drop(app.purge().await.unwrap()),
                _ => app.follow().await.unwrap(),
            }
        }
        // What one settles of the other's visits, the other reads.
        for app in apps.iter().chain(&apps) {
            app.follow().await.unwrap();
            assert_eq!(app.behind().await.unwrap(), 0);
        }
        let fresh = w.second_server().await;
        let wanted = known(&fresh, &people, &places);
        for app in &apps {
            assert_eq!(known(app, &people, &places), wanted, "seed {seed}");
        }
    }
}

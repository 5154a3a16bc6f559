//! The visit index on disk: a start from it is a start from the store, only quicker; and what was
//! dropped is in no file.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::collections::BTreeSet;
use std::path::Path;
use std::task::Poll;

use crate::common::scenes::{EVER, known, stored};
use crate::common::{HOME, World, at, case_of};
use jadegate_domain::{CaseId, HolderId, PlaceId, Presence};
use jadegate_service::staff::CaseInput;
use jadegate_service::{BulkSearch, DemoVisit, Entropy, IndexOrigin};
use jadegate_testkit::SeededEntropy;

const NOW: &str = crate::common::NOW;

fn people(n: u64) -> Vec<HolderId> {
    (1..=n).map(|n| HolderId::from_random(0x6a61_6465_4d41_0000 + n)).collect()
}

fn stay(holder: HolderId, place: u64, entered: &str, minutes: i64) -> DemoVisit {
    let entered = at(entered);
    DemoVisit {
        holder,
        place: PlaceId::from_random(place),
        entered,
        left: Some(entered.plus_secs(60 * minutes)),
        presence: Presence::Gate,
    }
}

/// Is this person in the file, as the index writes ids?
fn in_file(file: &Path, holder: HolderId) -> bool {
    let bytes = std::fs::read(file).unwrap();
    bytes.windows(8).any(|w| w == holder.as_u64().to_le_bytes())
}

#[tokio::test]
async fn a_start_from_the_file_finds_the_same_contacts() {
    let mut w = World::saving(NOW).await;
    let officer = w.officer().await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let mut who = Vec::new();
    for _ in 0..4 {
        who.push(w.register(HOME).await.1);
    }
    let at_cafe = |holder, from| DemoVisit { place: cafe, ..stay(holder, 1, from, 60) };
    w.app.demo_visits(&[at_cafe(who[0], "2022-03-13T04:00:00Z")]).await.unwrap();
    w.app.demo_visits(&[at_cafe(who[1], "2022-03-13T04:20:00Z")]).await.unwrap();
    assert_eq!(w.app.index_origin(), IndexOrigin::Rebuilt);
    w.app.save_visits().await.unwrap();
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
    assert_eq!(known(&w, &who), stored(&w).await);
    let input = CaseInput { trace: true, ..case_of(who[0]) };
    let recorded = w.app.record_case(&officer, &input).await.unwrap();
    assert_eq!(recorded.trace.unwrap().close, 1);

    // Killed: what came after the file was written is read from the store.
    w.app.demo_visits(&[at_cafe(who[2], "2022-03-13T04:10:00Z")]).await.unwrap();
    w.visit(who[3], cafe, "2022-03-12T04:00:00Z", "2022-03-12T05:00:00Z").await;
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::CaughtUp);
    assert_eq!(known(&w, &who), stored(&w).await);
    assert_eq!(w.app.run_trace(&officer, recorded.case).await.unwrap().close, 2);
    // Nothing new, and so nothing is written at the end.
    w.app.save_visits().await.unwrap();
    w.restart().await;
    let before = std::fs::metadata(w.index_file()).unwrap().modified().unwrap();
    w.app.save_visits().await.unwrap();
    assert_eq!(std::fs::metadata(w.index_file()).unwrap().modified().unwrap(), before);
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
}

#[tokio::test]
async fn a_file_of_no_use_goes_and_the_store_is_read_instead() {
    let mut w = World::saving(NOW).await;
    let who = people(3);
    let visits: Vec<_> = who.iter().map(|h| stay(*h, 1, "2022-03-13T04:00:00Z", 30)).collect();
    w.app.demo_visits(&visits).await.unwrap();
    w.app.save_visits().await.unwrap();
    let good = std::fs::read(w.index_file()).unwrap();
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let of_another = {
        let other = World::saving(NOW).await;
        other.app.save_visits().await.unwrap();
        std::fs::read(other.index_file()).unwrap()
    };
    for bytes in [&b""[..], b"SQLite format 3\0", &damaged, &good[..good.len() - 1], &of_another] {
        std::fs::write(w.index_file(), bytes).unwrap();
        w.restart().await;
        assert_eq!(w.app.index_origin(), IndexOrigin::Rebuilt);
        assert!(!w.index_file().exists(), "nobody knows what was in it");
        assert_eq!(known(&w, &who), stored(&w).await);
    }
    // Half written by a crash; and something that is no file.
    let mut half = w.index_file().as_os_str().to_owned();
    half.push(".new");
    std::fs::write(&half, &good[..99]).unwrap();
    std::fs::write(w.index_file(), &good).unwrap();
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
    assert!(!Path::new(&half).exists());
    std::fs::remove_file(w.index_file()).unwrap();
    std::fs::create_dir(w.index_file()).unwrap();
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Rebuilt);
    assert_eq!(known(&w, &who), stored(&w).await);
    assert_eq!(w.app.save_visits().await.unwrap_err().code, "visit_index.not_saved");
}

/// Whom a search that is not the server's finds near somebody, and where it had the visits from. The
/// answer is that of the store alone.
async fn searched(w: &World, near: HolderId) -> (BTreeSet<HolderId>, IndexOrigin) {
    let (policy, now) = (w.app.policy(), w.app.now());
    let case =
        jadegate_service::CaseInput { case: CaseId::from_random(1), holder: near, window: EVER };
    let mut found = Vec::new();
    for saved in [None, Some(w.index_file().to_owned())] {
        let search =
            BulkSearch::load(w.store.as_ref(), saved, &policy, now).await.unwrap().with_hops(1);
        let rows = search.run(&[case], 1, &|_| true).unwrap();
        found.push((rows, search.visits(), search.origin()));
    }
    let [alone, beside] = &found[..] else { unreachable!() };
    assert_eq!((&alone.0, alone.1), (&beside.0, beside.1));
    assert_eq!(alone.2, IndexOrigin::Rebuilt);
    (beside.0.iter().map(|r| r.holder).collect(), beside.2)
}

/// `jadegate trace --cases` beside a server: it starts from the server's file, and leaves it alone.
#[tokio::test]
async fn a_search_beside_the_server_finds_what_the_store_has() {
    let w = World::saving(NOW).await;
    let who = people(5);
    let set = |of: &[usize]| of.iter().map(|n| who[*n]).collect::<BTreeSet<_>>();
    let feed = async |n: usize, place, from| {
        w.app.demo_visits(&[stay(who[n], place, from, 60)]).await.unwrap();
    };
    for (n, place, from) in [
        (0, 1, "2022-03-02T04:00:00Z"),
        (1, 1, "2022-03-02T04:10:00Z"),
        (0, 2, "2022-03-14T04:00:00Z"),
        (2, 2, "2022-03-14T04:10:00Z"),
    ] {
        feed(n, place, from).await;
    }
    assert_eq!(searched(&w, who[0]).await, (set(&[1, 2]), IndexOrigin::Rebuilt), "no file yet");
    w.app.save_visits().await.unwrap();
    assert_eq!(searched(&w, who[0]).await, (set(&[1, 2]), IndexOrigin::Loaded));
    feed(3, 2, "2022-03-14T04:20:00Z").await;
    assert_eq!(searched(&w, who[0]).await, (set(&[1, 2, 3]), IndexOrigin::CaughtUp));

    let good = std::fs::read(w.index_file()).unwrap();
    std::fs::write(w.index_file(), &good[..good.len() - 1]).unwrap();
    assert_eq!(searched(&w, who[0]).await, (set(&[1, 2, 3]), IndexOrigin::Rebuilt));
    assert_eq!(std::fs::metadata(w.index_file()).unwrap().len() + 1, good.len() as u64);
    std::fs::write(w.index_file(), &good).unwrap();

    // Three weeks are kept: what the next purge will drop is not searched, wherever it is.
    w.clock.set(at("2022-03-30T04:00:00Z"));
    assert_eq!(searched(&w, who[0]).await, (set(&[2, 3]), IndexOrigin::CaughtUp));
    feed(3, 1, "2022-03-02T04:30:00Z").await;
    assert_eq!(searched(&w, who[1]).await.0, set(&[]), "nor what came there since");
    // Dropped from the store, and somebody's late visit of such a day came after it; the file has
    // neither.
    w.clock.set(at(NOW));
    w.store.drop_days_before(at("2022-03-10T00:00:00Z").utc_day()).await.unwrap();
    assert_eq!(searched(&w, who[0]).await, (set(&[2, 3]), IndexOrigin::CaughtUp));
    feed(4, 1, "2022-03-02T04:20:00Z").await;
    assert_eq!(searched(&w, who[0]).await, (set(&[2, 3]), IndexOrigin::CaughtUp));
    assert_eq!(searched(&w, who[4]).await.0, set(&[]), "whom they were near is dropped");
    feed(0, 1, "2022-03-02T04:00:00Z").await;
    assert_eq!(searched(&w, who[4]).await.0, set(&[0]));
    assert_eq!(std::fs::read(w.index_file()).unwrap(), good);
}

/// h22: a purge that is reported has left nothing in the file, and one that was interrupted is seen
/// to its end by the next start.
#[tokio::test]
async fn h22_what_was_dropped_is_in_no_file() {
    let mut w = World::saving(NOW).await;
    let [old, both, new, late] = people(4)[..] else { unreachable!() };
    let all = [old, both, new, late];
    let visits = [
        stay(old, 1, "2022-03-02T04:00:00Z", 30),
        stay(both, 1, "2022-03-02T04:00:00Z", 30),
        stay(both, 2, "2022-03-14T04:00:00Z", 30),
        stay(new, 2, "2022-03-14T04:00:00Z", 30),
    ];
    w.app.demo_visits(&visits).await.unwrap();
    w.app.save_visits().await.unwrap();
    assert!(in_file(w.index_file(), old), "the search finds nothing at all");
    // Three weeks are kept.
    w.clock.set(at("2022-03-30T04:00:00Z"));
    let leaves = w.leaves().await;
    assert_eq!(w.app.purge().await.unwrap().visits, 2);
    assert_eq!(w.leaves().await, leaves + 1);
    assert!(!in_file(w.index_file(), old) && in_file(w.index_file(), both));
    assert_eq!(known(&w, &all), stored(&w).await);
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
    assert_eq!(known(&w, &all).len(), 2);

    // Interrupted after the store has dropped the day, and after somebody's visit of that day came
    // in late: the old file has the one that went, the store the one that came.
    w.app.demo_visits(&[stay(old, 1, "2022-03-03T04:00:00Z", 30)]).await.unwrap();
    w.app.save_visits().await.unwrap();
    assert!(in_file(w.index_file(), old));
    w.store.drop_days_before(at("2022-03-10T00:00:00Z").utc_day()).await.unwrap();
    w.app.demo_visits(&[stay(late, 1, "2022-03-03T05:00:00Z", 30)]).await.unwrap();
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::CaughtUp);
    assert!(!in_file(w.index_file(), old) && in_file(w.index_file(), late));
    assert_eq!(known(&w, &all), stored(&w).await);
    assert_eq!(known(&w, &[late]).len(), 1);
}

/// A file that cannot be written anew is not kept either; and nothing is said before it is gone.
#[tokio::test]
async fn h22_a_purge_is_not_reported_before_the_file_is_clean() {
    let mut w = World::saving(NOW).await;
    let who = people(2);
    w.app.demo_visits(&[stay(who[0], 1, "2022-03-02T04:00:00Z", 30)]).await.unwrap();
    w.app.demo_visits(&[stay(who[1], 1, "2022-03-14T04:00:00Z", 30)]).await.unwrap();
    w.app.save_visits().await.unwrap();
    let mut in_the_way = w.index_file().as_os_str().to_owned();
    in_the_way.push(".new");
    std::fs::create_dir(&in_the_way).unwrap();
    // Three weeks are kept.
    w.clock.set(at("2022-03-30T04:00:00Z"));
    let leaves = w.leaves().await;
    let refused = w.app.purge().await.unwrap_err();
    assert_eq!(refused.code, "visit_index.not_saved");
    assert!(!w.index_file().exists());
    assert_eq!(w.leaves().await, leaves);
    assert_eq!(known(&w, &who).len(), 1, "the memory has lost it all the same");
    std::fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(w.app.purge().await.unwrap().visits, 1);
    assert_eq!(w.leaves().await, leaves + 1);
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
    assert_eq!(known(&w, &who), stored(&w).await);
}

/// Somebody taps and loses the network, at whatever point the server is: what is written is in the
/// index, and in the file.
#[tokio::test]
async fn a_caller_that_goes_away_leaves_no_visit_behind() {
    let mut w = World::saving(NOW).await;
    let (session, holder) = w.register(HOME).await;
    let mut answered = 0;
    // Until somebody has gone between the writing and the answer.
    for attempt in 0.. {
        assert!(attempt < 1_000, "nobody ever went away in between");
        let place = w.place("shop", &format!("Test shop {attempt}")).await;
        let poster = w.app.poster(place).unwrap();
        let mut scan = Box::pin(w.app.scan_venue(&session, &poster.poster_code));
        let mut waits = 1 + attempt % 12;
        let done = std::future::poll_fn(|cx| {
            waits -= 1;
            match scan.as_mut().poll(cx) {
                Poll::Ready(scanned) => Poll::Ready(scanned.map(|_| true)),
                Poll::Pending if waits == 0 => Poll::Ready(Ok(false)),
                Poll::Pending => Poll::Pending,
            }
        });
        answered += usize::from(done.await.unwrap());
        drop(scan);
        if stored(&w).await.len() > answered {
            break;
        }
    }
    // Whoever is still at it has written or not when this is granted, but nothing in between.
    w.app.save_visits().await.unwrap();
    while known(&w, &[holder]) != stored(&w).await {
        tokio::task::yield_now().await;
    }
    w.app.save_visits().await.unwrap();
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
    assert_eq!(known(&w, &[holder]), stored(&w).await);
}

/// Many write while the index is saved, each on a day that nobody else changes: a visit that the file
/// claims to have and has not would be missing after the start.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_save_among_writers_misses_nobody() {
    let mut w = World::saving("2022-03-21T04:00:00Z").await;
    let who = people(200);
    for round in 0..10 {
        let mut writers = tokio::task::JoinSet::new();
        for day in 0..20_usize {
            let app = std::sync::Arc::clone(&w.app);
            let visit =
                stay(who[round * 20 + day], 1, &format!("2022-03-{:02}T04:00:00Z", day + 1), 30);
            writers.spawn(async move { app.demo_visits(&[visit]).await.unwrap() });
        }
        w.app.save_visits().await.unwrap();
        w.app.purge().await.unwrap();
        writers.join_all().await;
        w.restart().await;
        assert_ne!(w.app.index_origin(), IndexOrigin::Rebuilt);
        assert_eq!(known(&w, &who), stored(&w).await);
    }
}

#[tokio::test]
async fn many_visits_are_merged_and_saved_and_the_traces_stay_the_same() {
    let mut w = World::saving(NOW).await;
    let officer = w.officer().await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let (case, contact) = (w.register(HOME).await.1, w.register(HOME).await.1);
    let at_cafe = |holder, from| DemoVisit { place: cafe, ..stay(holder, 1, from, 60) };
    w.app.demo_visits(&[at_cafe(case, "2022-03-13T04:00:00Z")]).await.unwrap();
    let crowd = people(5_000);
    let noise = |n: usize| {
        let from = at("2022-03-12T00:00:00Z").plus_secs(i64::try_from(n / 5_000).unwrap() * 600);
        DemoVisit {
            entered: from,
            left: Some(from.plus_secs(60)),
            ..stay(crowd[n % 5_000], 7, NOW, 1)
        }
    };
    let visits: Vec<_> = (0..150_000).map(noise).collect();
    w.app.demo_visits(&visits).await.unwrap();
    w.app.demo_visits(&[at_cafe(contact, "2022-03-13T04:20:00Z")]).await.unwrap();
    let input = CaseInput { trace: true, ..case_of(case) };
    let before = w.app.record_case(&officer, &input).await.unwrap();
    let size = w.app.index_size().0;

    let tended = w.app.tend_visits().await.unwrap();
    assert!(tended.merged > 0 && tended.saved, "{tended:?}");
    assert_eq!(w.app.tend_visits().await.unwrap(), jadegate_service::Tended::default());
    assert_eq!(w.app.index_size().0, size);
    let after = w.app.run_trace(&officer, before.case).await.unwrap();
    assert_eq!((before.trace.unwrap().close, after.close), (1, 1));
    assert_eq!((after.contacts_recorded, after.contacts_withdrawn), (0, 0));
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
    assert_eq!(w.app.index_size().0, size);
    assert_eq!(w.app.run_trace(&officer, before.case).await.unwrap().contacts_withdrawn, 0);
}

/// Whatever happens in whatever order: after each start the index has what the store has.
#[tokio::test]
async fn after_any_life_a_start_comes_to_what_the_store_has() {
    let mut origins = BTreeSet::new();
    for seed in 0..6 {
        let mut w = World::saving(NOW).await;
        let dice: Box<dyn Entropy> = Box::new(SeededEntropy::new(seed));
        let roll = |n: u64| dice.bits() % n;
        let who = people(9);
        for step in 0..60 {
            match roll(10) {
                0..=4 => {
                    let entered = w.app.now().plus_secs(-i64::try_from(roll(24 * 86_400)).unwrap());
                    let holder = who[usize::try_from(roll(9)).unwrap()];
                    let place = PlaceId::from_random(1 + roll(3));
                    let left = (roll(2) == 0).then(|| entered.plus_secs(900));
                    let presence = Presence::Gate;
                    let visit = DemoVisit { holder, place, entered, left, presence };
                    w.app.demo_visits(&[visit]).await.unwrap();
                }
                5 => w.app.save_visits().await.unwrap(),
                6 => w.clock.advance(i64::try_from(roll(5)).unwrap() * 86_400),
                7 => drop(w.app.purge().await.unwrap()),
                8 => drop(w.app.tend_visits().await.unwrap()),
                _ => {
                    if roll(3) == 0 {
                        // Interrupted by the end of the process.
                        let day = w.app.now().plus_days(-21).utc_day();
                        w.store.drop_days_before(day).await.unwrap();
                    }
                    w.restart().await;
                    origins.insert(w.app.index_origin().as_str());
                    assert_eq!(known(&w, &who), stored(&w).await, "seed {seed}, step {step}");
                    if w.index_file().exists() && w.app.index_origin() == IndexOrigin::Loaded {
                        let has = stored(&w).await;
                        for h in who.iter().filter(|h| !has.iter().any(|v| v.0 == **h)) {
                            assert!(!in_file(w.index_file(), *h), "seed {seed}, step {step}");
                        }
                    }
                }
            }
        }
    }
    assert!(origins.contains("loaded") && origins.contains("caught_up"), "{origins:?}");
}

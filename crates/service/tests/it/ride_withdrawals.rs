//! A false list of passengers is taken back: the visits it made go, in the index and in what is saved
//! of it, and every contact that followed; and it does not come back without a word.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use crate::common::scenes::{import_rides, known, stored, traced};
use crate::common::{HOME, World, at};
use jadegate_domain::id::RideId;
use jadegate_domain::record::{RecordKind, WithdrawalReason};
use jadegate_domain::{Colour, HolderId};
use jadegate_ledger::Leaf;
use jadegate_service::staff::Record;
use jadegate_service::{BulkSearch, IndexOrigin, Kind, bulk_case};
use jadegate_store::{Unit, Write};

/// A line of train G1 of 12 March from A to C.
fn line(who: HolderId, seat: &str) -> String {
    format!(
        "train,G1,2022-03-12,CN-3301,{who},1,A,2022-03-12T01:00:00Z,3,C,2022-03-12T04:00:00Z,{seat}\n"
    )
}

/// The only ride of somebody.
async fn ride_of(w: &World, who: HolderId) -> jadegate_store::StoredRide {
    let rides = w.store.rides_on(at("2022-03-12T01:00:00Z").utc_day()).await.unwrap();
    *rides.iter().find(|r| r.holder == who).unwrap()
}

#[tokio::test]
async fn a_false_list_is_taken_back_with_all_that_followed() {
    let mut w = World::saving(crate::common::NOW).await;
    let carrier = w.staff("carrier", "officer", "CN-33").await;
    let other = w.staff("carrier", "officer", "CN-33").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (own, first) = w.register(HOME).await;
    let (_, second) = w.register(HOME).await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    for who in [case, second] {
        w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    }
    w.restart().await;
    let people = [case, first, second];
    let list = line(case, "05-12A") + &line(first, "05-12B") + &line(second, "05-12C");
    let report = import_rides(&w, &carrier, &list).await;
    assert_eq!(report.taken, 3);
    let detail = traced(&w, &officer, case).await;
    assert_eq!(detail.contacts.len(), 2);
    for who in [first, second] {
        assert_eq!(w.colour(who).await, Colour::Red);
    }
    // The person is told whose list it was.
    let seen = w.app.my_visits(&own).await.unwrap();
    assert_eq!(seen[0].by.as_ref().unwrap().name, "Test carrier");
    // What is saved has the list.
    w.app.save_visits().await.unwrap();

    let record = Record::Import(report.import.unwrap());
    let listed = w.app.list_imports(&carrier).await.unwrap();
    assert!(listed[0].may_withdraw);
    let e = w.app.withdraw_record(&other, record, "never_happened").await.unwrap_err();
    assert_eq!(e.kind, Kind::NotFound);
    let done = w.app.withdraw_record(&carrier, record, "never_happened").await.unwrap();
    assert_eq!((done.records, done.cases, done.released), (3, 0, 1));
    assert_eq!(w.colour(first).await, Colour::Green);
    assert_eq!(w.colour(second).await, Colour::Red, "they met at the cafe, too");
    assert_eq!((known(&w, &people).len(), known(&w, &people)), (2, stored(&w).await));
    assert_eq!(
        w.app.withdraw_record(&carrier, record, "never_happened").await.unwrap_err().code,
        "record.withdrawn"
    );
    assert_eq!(w.app.follow_late_data().await.unwrap(), 0, "nothing is left to follow");

    // Who is named by it sees who took it back; so does the public log, in counts.
    let looks = w.app.my_accesses(&own).await.unwrap();
    assert_eq!(looks[0].what, "ride_withdrawn");
    assert_eq!(looks[0].agency.as_ref().unwrap().name, "Test carrier");
    assert!(w.app.my_visits(&own).await.unwrap().is_empty());
    let leaves = w.log(0, 10_000).await;
    let told: Vec<u32> = leaves
        .iter()
        .filter_map(|l| match Leaf::decode(&l.bytes).unwrap() {
            Leaf::Withdrawal { records, .. } => Some(records),
            _ => None,
        })
        .collect();
    assert_eq!(told, [3]);

    // Sent again, every line is answered, and nobody is anywhere; after a start from the file that
    // still had it, too.
    for _ in 0..2 {
        let again = import_rides(&w, &carrier, &list).await;
        assert_eq!((again.taken, again.unchanged), (0, 0));
        assert!(again.rejected.iter().all(|r| r.code == "ride.withdrawn"), "{again:?}");
        assert_eq!(again.rejected.len(), 3);
        w.restart().await;
        assert_eq!(w.app.index_origin(), IndexOrigin::CaughtUp);
        assert_eq!(known(&w, &people), stored(&w).await);
        w.app.follow_late_data().await.unwrap();
        assert_eq!(w.colour(first).await, Colour::Green);
    }
    // Nor does a search beside the server see it, or a start from the next file.
    let (policy, now) = (w.app.policy(), w.app.now());
    let case = w.store.case(detail.row.case).await.unwrap().unwrap();
    let saved = Some(w.index_file().to_owned());
    let search = BulkSearch::load(w.store.as_ref(), saved, &policy, now).await.unwrap();
    assert_eq!(search.run(&[bulk_case(&case, &policy, now)], 1, &|_| true).unwrap().len(), 1);
    w.app.save_visits().await.unwrap();
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
    assert_eq!(known(&w, &people), stored(&w).await);
}

#[tokio::test]
async fn one_ride_is_taken_back_by_the_second_body_and_no_other_with_it() {
    let mut w = World::new().await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let officer = w.officer().await;
    let far = w.staff("prevention_team", "officer", "CN-31").await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    let (_, case) = w.register(HOME).await;
    let (own, first) = w.register(HOME).await;
    let (_, second) = w.register(HOME).await;
    let lines = line(case, "05-12A") + &line(first, "05-12B") + &line(second, "05-12C");
    import_rides(&w, &carrier, &lines).await;
    let detail = traced(&w, &officer, case).await;
    let contact = detail.contacts.iter().find(|c| c.holder == first).unwrap();
    let ride: RideId = contact.exposures[0].aboard.as_ref().unwrap().contact[0].ride;

    let take = async |by| w.app.withdraw_record(by, Record::Ride(ride), "wrong_person").await;
    for by in [&far, &board] {
        assert_eq!(take(by).await.unwrap_err().kind, Kind::NotFound);
    }
    let unknown = Record::Ride(RideId::from_random(1));
    let e = w.app.withdraw_record(&carrier, unknown, "wrong_person").await.unwrap_err();
    assert_eq!(e.code, "record.not_found");
    let done = take(&officer).await.unwrap();
    assert_eq!((done.records, done.released), (1, 1));
    assert_eq!((w.colour(first).await, w.colour(second).await), (Colour::Green, Colour::Red));
    assert_eq!(take(&carrier).await.unwrap_err().code, "record.withdrawn");
    let row = w.store.withdrawal(RecordKind::Ride, ride.as_i64()).await.unwrap().unwrap();
    assert_eq!((row.reason, row.agency), (WithdrawalReason::WrongPerson, officer.staff().agency));
    assert_eq!(row.staff, Some(officer.staff().id));
    assert_eq!(w.app.my_accesses(&own).await.unwrap()[0].what, "ride_withdrawn");
    // The other lines of the file are known, this one is answered.
    let again = import_rides(&w, &carrier, &lines).await;
    assert_eq!((again.unchanged, again.rejected.len()), (2, 1));
    assert_eq!((again.rejected[0].line, again.rejected[0].code), (3, "ride.withdrawn"));
}

/// The case itself was never aboard: everybody whom its ride made a contact is released.
#[tokio::test]
async fn without_the_cases_own_ride_nobody_was_near() {
    let mut w = World::new().await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let mut lines = line(case, "05-12A");
    let mut all = Vec::new();
    for n in 1..=20 {
        all.push(w.register(HOME).await.1);
        lines += &line(all[n - 1], "05-12B");
    }
    import_rides(&w, &carrier, &lines).await;
    let detail = traced(&w, &officer, case).await;
    assert_eq!(detail.contacts.len(), 20);
    let aboard = detail.contacts[0].exposures[0].aboard.as_ref().unwrap();
    let record = Record::Ride(aboard.source[0].ride);
    let done = w.app.withdraw_record(&carrier, record, "wrong_content").await.unwrap();
    assert_eq!((done.records, done.released), (1, 20));
    for who in all {
        assert_eq!(w.colour(who).await, Colour::Green);
    }
}

/// Killed after the store has lost a part of the list: the next start knows no more than the store,
/// its first round releases, and withdrawing again does the rest.
#[tokio::test]
async fn a_withdrawal_that_was_cut_short_is_seen_to_its_end() {
    let mut w = World::saving(crate::common::NOW).await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, first) = w.register(HOME).await;
    let (_, second) = w.register(HOME).await;
    let people = [case, first, second];
    let lines = line(case, "05-12A") + &line(first, "05-12B") + &line(second, "05-12C");
    let report = import_rides(&w, &carrier, &lines).await;
    traced(&w, &officer, case).await;
    w.app.save_visits().await.unwrap();
    let ride = ride_of(&w, first).await;
    let back = Write::WithdrawRide { holder: first, trip: ride.trip, entered: ride.entered };
    w.store.commit(Unit::new("cut_short", vec![back])).await.unwrap();
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::CaughtUp);
    assert_eq!((known(&w, &people).len(), known(&w, &people)), (2, stored(&w).await));
    w.app.follow_late_data().await.unwrap();
    assert_eq!((w.colour(first).await, w.colour(second).await), (Colour::Green, Colour::Red));
    let record = Record::Import(report.import.unwrap());
    let done = w.app.withdraw_record(&carrier, record, "never_happened").await.unwrap();
    assert_eq!((done.records, done.released), (2, 1));
    assert_eq!(w.colour(second).await, Colour::Green);
}

#[tokio::test]
async fn a_ride_of_which_no_seat_is_known_can_be_taken_back_where_it_is_seen() {
    let mut w = World::new().await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, near) = w.register(HOME).await;
    let (_, scanned) = w.register(HOME).await;
    let bare = |who| {
        format!(
            "train,G1,2022-03-12,CN-3301,{who},,,2022-03-12T01:00:00Z,,,2022-03-12T04:00:00Z,\n"
        )
    };
    let report = import_rides(&w, &carrier, &(bare(case) + &bare(near))).await;
    assert_eq!(report.taken, 2, "{report:?}");
    // Somebody scanned the code aboard: no carrier told of it.
    let trip = known(&w, &[near]).first().unwrap().1;
    w.visit(scanned, trip, "2022-03-12T01:00:00Z", "2022-03-12T04:00:00Z").await;
    w.restart().await;
    let detail = traced(&w, &officer, case).await;
    let of = |who| {
        let contact = detail.contacts.iter().find(|c| c.holder == who).unwrap();
        contact.exposures[0].aboard.clone().unwrap()
    };
    assert!(of(scanned).contact.is_empty());
    let ticket = of(near).contact[0].clone();
    assert!(ticket.may_withdraw && ticket.seat.is_none() && ticket.from.is_none());
    let done = w.app.withdraw_record(&officer, Record::Ride(ticket.ride), "never_happened").await;
    assert_eq!(done.unwrap().released, 1);
    assert_eq!((w.colour(near).await, w.colour(scanned).await), (Colour::Green, Colour::Red));
}

//! Places, gates, visits, scans.

use jadegate_domain::gate::{Direction, OverrideReason};
use jadegate_domain::{
    Colour, Gate, GateId, Leg, PlaceId, Presence, Ride, Scan, ScanId, ScanOutcome, Stop, Timestamp,
    Trip, Visit,
};

use super::made_up::*;
use crate::{Page, Precondition, SessionSubject, StoredRide, Unit, Write};

fn gate(n: u64, at_place: u64) -> Gate {
    Gate {
        id: GateId::from_random(n),
        place: PlaceId::from_random(at_place),
        label: format!("Made-up door {n}"),
        public_key: vec![4; 65],
        enrolled_at: at(4),
        revoked_at: None,
    }
}

pub(super) fn scan(n: u64, when: Timestamp) -> Scan {
    Scan {
        id: ScanId::from_random(n),
        gate: GateId::from_random(1),
        place: PlaceId::from_random(1),
        holder: Some(hid(1)),
        at: when,
        direction: Direction::In,
        colour: Some(Colour::Red),
        outcome: ScanOutcome::Override,
        reason: Some(OverrideReason::Emergency),
        problem: Some("code.stale".to_owned()),
    }
}

/// A place is what was written, under its id; id and importer's key are taken once.
pub async fn a_place_is_found_by_id_and_its_key_is_taken(s: S) {
    let keyed = place(1, Some("made-up:1"));
    let mut bare = place(2, None);
    bare.agency = None;
    keeps(&s, vec![Write::AddPlace(keyed.clone()), Write::AddPlace(bare.clone())]).await;
    assert_eq!(s.place(keyed.id).await.unwrap(), Some(keyed));
    assert_eq!(s.place(bare.id).await.unwrap(), Some(bare));
    refuses(&s, vec![Write::AddPlace(place(1, None))], Precondition::Absent).await;
    refuses(&s, vec![Write::AddPlace(place(3, Some("made-up:1")))], Precondition::Absent).await;
    // Any number of places have no key.
    keeps(&s, vec![Write::AddPlace(place(4, None))]).await;
}

/// Paging by the last id seen reaches every place once.
pub async fn places_come_in_pages_by_id(s: S) {
    let writes = [5, 1, 4].map(|n| Write::AddPlace(place(n, None)));
    keeps(&s, writes.into()).await;
    let first = s.places(Page::first(2)).await.unwrap();
    assert_eq!(first, [place(1, None), place(4, None)]);
    let rest = Page { after: Some(PlaceId::from_random(4)), limit: 2 };
    assert_eq!(s.places(rest).await.unwrap(), [place(5, None)]);
}

fn trip(n: u64, stops: &[&str]) -> Trip {
    let stop = |(i, name): (i64, &&str)| Stop {
        name: (*name).to_owned(),
        arrives: (i > 0).then(|| at(i * 600)),
        departs: Some(at(i * 600 + 60)),
    };
    Trip {
        place: PlaceId::from_random(n),
        number: format!("X{n}"),
        date: "2022-03-01".to_owned(),
        stops: (0..).zip(stops).map(stop).collect(),
    }
}

fn ride(n: u64, entered: Timestamp, ride: Ride) -> StoredRide {
    let v = visit(n, entered);
    StoredRide { holder: v.holder, trip: v.place, entered, ride }
}

/// A trip belongs to an existing place; who decided from an older state of it is refused.
pub async fn a_trip_is_replaced_only_as_loaded(s: S) {
    keeps(&s, vec![Write::AddPlace(place(1, None))]).await;
    let put = |trip: &Trip, replaces: Option<&Trip>| Write::PutTrip {
        trip: Box::new(trip.clone()),
        replaces: replaces.cloned().map(Box::new),
    };
    let (bare, short, long) = (trip(1, &[]), trip(1, &["A", "B"]), trip(1, &["A", "B", "C"]));
    refuses(&s, vec![put(&trip(404, &[]), None)], Precondition::Exists).await;
    refuses(&s, vec![put(&short, Some(&bare))], Precondition::Exists).await;
    keeps(&s, vec![put(&bare, None)]).await;
    assert_eq!(s.trip(bare.place).await.unwrap(), Some(bare.clone()));
    refuses(&s, vec![put(&short, None)], Precondition::Absent).await;
    keeps(&s, vec![put(&short, Some(&bare)), put(&long, Some(&short))]).await;
    refuses(&s, vec![put(&bare, Some(&short))], Precondition::Exists).await;
    assert_eq!(s.trip(long.place).await.unwrap(), Some(long));
    assert_eq!(s.trip(PlaceId::from_random(2)).await.unwrap(), None);
}

/// A ride of every shape is read back; said again, the newer one stands.
pub async fn the_last_word_about_a_ride_counts(s: S) {
    let leg = Leg::new(0, 3).ok();
    let seat = |text: &str| text.parse().ok();
    let rides = [
        Ride::default(),
        Ride { leg, seat: None },
        Ride { leg: None, seat: seat("12A") },
        Ride { leg, seat: seat("05-12") },
    ];
    let mut all: Vec<_> = (1..).zip(rides).map(|(n, r)| ride(n, at(10), r)).collect();
    keeps(&s, all.iter().copied().map(Write::PutRide).collect()).await;
    all[1].ride.seat = seat("07-3F");
    all[3].ride = Ride::default();
    keeps(&s, vec![Write::PutRide(all[1]), Write::PutRide(all[3]), Write::PutRide(all[3])]).await;
    let mut found = s.rides_on(DAY0).await.unwrap();
    found.sort_by_key(|r| r.holder);
    assert_eq!(found, all);
}

/// A ride is kept with the day of its entry and dropped with it; it makes no day of visits, and
/// is not counted as a visit.
pub async fn rides_go_with_the_visits_of_their_day(s: S) {
    let (old, new) = (visit(1, at(10)), visit(2, at(86_400)));
    let of = |v: &Visit| {
        let (holder, trip, entered) = (v.holder, v.place, v.entered);
        Write::PutRide(StoredRide { holder, trip, entered, ride: Ride::default() })
    };
    keeps(&s, vec![Write::AddVisit(old), of(&old), Write::AddVisit(new), of(&new)]).await;
    keeps(&s, vec![of(&visit(3, at(-86_400)))]).await;
    assert_eq!(s.visit_days().await.unwrap(), [DAY0, DAY0 + 1]);
    assert_eq!(s.rides_on(DAY0 - 1).await.unwrap().len(), 1);
    assert_eq!(s.drop_days_before(DAY0 + 1).await.unwrap(), (1, 0));
    for day in [DAY0 - 1, DAY0] {
        assert_eq!(s.rides_on(day).await.unwrap(), []);
    }
    assert_eq!(s.rides_on(DAY0 + 1).await.unwrap().len(), 1);
    // A manifest that comes late: kept, and dropped next time.
    keeps(&s, vec![of(&old)]).await;
    assert_eq!(s.rides_on(DAY0).await.unwrap().len(), 1);
    assert_eq!(s.drop_days_before(DAY0 + 1).await.unwrap(), (0, 0));
    assert_eq!(s.rides_on(DAY0).await.unwrap(), []);
}

/// A gate stands at an existing place; revoking it ends its sessions and nobody else's.
pub async fn a_revoked_gate_loses_its_sessions(s: S) {
    keeps(&s, vec![Write::AddPlace(place(1, None)), Write::AddPlace(place(2, None))]).await;
    let add = |n, p| Write::AddGate(gate(n, p));
    keeps(&s, vec![add(8, 1), add(3, 1), add(5, 2)]).await;
    assert_eq!(s.gate(GateId::from_random(8)).await.unwrap(), Some(gate(8, 1)));
    assert_eq!(s.gates(PlaceId::from_random(1)).await.unwrap(), [gate(3, 1), gate(8, 1)]);
    refuses(&s, vec![add(8, 2)], Precondition::Absent).await;
    refuses(&s, vec![add(9, 404)], Precondition::Exists).await;

    for n in [3_u8, 8] {
        let subject = SessionSubject::Gate(GateId::from_random(u64::from(n)));
        keeps(&s, vec![Write::AddSession(session(n, subject))]).await;
    }
    for (n, when) in [(8, 50), (8, 60)] {
        keeps(&s, vec![Write::RevokeGate { gate: GateId::from_random(n), at: at(when) }]).await;
    }
    let revoked = s.gate(GateId::from_random(8)).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(at(50)));
    assert_eq!(s.session([8; 32], at(1)).await.unwrap(), None);
    assert!(s.session([3; 32], at(1)).await.unwrap().is_some());
    let nobody = Write::RevokeGate { gate: GateId::from_random(404), at: at(1) };
    refuses(&s, vec![nobody], Precondition::Exists).await;
}

/// A ride that is taken back is gone with its visit, whatever its end; the same presence known another
/// way stays. It is taken back once, and may be told anew by a unit that says so.
pub async fn a_ride_is_taken_back_with_its_visit(s: S) {
    let told = Visit { presence: Presence::Imported, left: Some(at(99)), ..visit(1, at(10)) };
    let (gate, other) =
        (Visit { presence: Presence::Gate, ..told }, Visit { entered: at(11), ..told });
    let ride = |v: &Visit| StoredRide {
        holder: v.holder,
        trip: v.place,
        entered: v.entered,
        ride: Ride { leg: Leg::new(1, 4).ok(), seat: None },
    };
    let put = |v: &Visit| [Write::AddVisit(*v), Write::PutRide(ride(v))];
    keeps(&s, [put(&told), put(&other)].concat()).await;
    // A visit of which no ticket says anything, and one that a gate saw.
    let bare = Visit { entered: at(12), left: None, ..told };
    keeps(&s, vec![Write::AddVisit(gate), Write::AddVisit(bare)]).await;
    let back =
        |v: &Visit| Write::WithdrawRide { holder: v.holder, trip: v.place, entered: v.entered };
    keeps(&s, vec![back(&told), back(&bare)]).await;
    let mut left = s.visits_on(DAY0).await.unwrap();
    left.sort_by_key(Visit::key);
    assert_eq!(left, [gate, other]);
    assert_eq!(s.rides_on(DAY0).await.unwrap(), [ride(&other)]);
    refuses(&s, vec![back(&told)], Precondition::Exists).await;
    refuses(&s, vec![back(&Visit { entered: at(864_000), ..told })], Precondition::Exists).await;
    keeps(&s, put(&told).to_vec()).await;
    assert_eq!(s.rides_on(DAY0).await.unwrap().len(), 2);
}

/// A visit sent twice is one visit, as it was first; a unit with it is kept, and told which of its
/// visits were there.
pub async fn the_same_visit_twice_is_one_visit(s: S) {
    let mut all: Vec<Visit> = Presence::ALL
        .iter()
        .zip(1..)
        .map(|(p, n)| Visit { presence: *p, left: Some(at(500)), ..visit(n, at(10)) })
        .collect();
    let add = |v: &Visit| Write::AddVisit(*v);
    keeps(&s, all.iter().map(add).collect()).await;
    let changed = Visit { left: None, ..all[0] };
    let fresh = visit(99, at(20));
    let again = vec![add(&changed), add(&fresh), add(&fresh), add(&all[1])];
    let told = s.commit_for_receipt(Unit::new("again", again)).await.unwrap();
    assert_eq!([0, 1, 2, 3, 4].map(|n| told.was_known(n)), [true, false, true, true, false]);
    assert_eq!(told.known(), 3);
    all.push(fresh);
    let mut found = s.visits_on(DAY0).await.unwrap();
    found.sort_by_key(|v| v.holder);
    assert_eq!(found, all);
}

/// Visits that differ in anything that tells them apart are all there: the same second at the same
/// place, the same person at two places, the same presence known in two ways.
pub async fn no_two_visits_share_a_key(s: S) {
    let one = visit(1, at(10));
    let mut all = vec![one];
    all.extend((2..400).map(|n| Visit { holder: hid(n), ..one }));
    all.extend((2..400).map(|n| Visit { place: PlaceId::from_random(n), ..one }));
    all.extend((11..400).map(|n| Visit { entered: at(n), ..one }));
    all.extend(Presence::ALL.iter().skip(1).map(|p| Visit { presence: *p, ..one }));
    let writes = all.iter().map(|v| Write::AddVisit(*v)).collect();
    let told = s.commit_for_receipt(Unit::new("all", writes)).await.unwrap();
    assert_eq!(told.known(), 0);
    let mut found = s.visits_on(DAY0).await.unwrap();
    found.sort_by_key(Visit::key);
    all.sort_by_key(Visit::key);
    assert_eq!(found, all);
}

/// An end that was not known is set by whoever tells it first; another end is refused, whichever way
/// it is told, and nothing of its unit is kept.
pub async fn a_visit_has_one_end(s: S) {
    let open = visit(1, at(10));
    let ended = |left| Visit { left: Some(at(left)), ..open };
    let close = |left| Write::CloseVisit { visit: open.key(), left: at(left) };
    keeps(&s, vec![Write::AddVisit(open), Write::AddVisit(ended(50))]).await;
    assert_eq!(s.visits_on(DAY0).await.unwrap(), [ended(50)]);
    for other in [Write::AddVisit(ended(51)), close(51)] {
        refuses(&s, vec![other], Precondition::Agrees).await;
    }
    let again = vec![close(50), Write::AddVisit(ended(50)), Write::AddVisit(open)];
    let told = s.commit_for_receipt(Unit::new("again", again)).await.unwrap();
    assert_eq!(told.known(), 3);
    let new = visit(2, at(10));
    let unit = vec![Write::AddVisit(new), Write::CloseVisit { visit: new.key(), left: at(60) }];
    let told = s.commit_for_receipt(Unit::new("new", unit)).await.unwrap();
    assert_eq!(told.known(), 0);
}

/// Who was seen to leave earlier than was known stayed shorter. It is said by whoever knows the end
/// that was recorded; an end is never moved to a later moment, and a visit without one is closed.
pub async fn a_visit_is_shortened_from_the_end_it_has(s: S) {
    let open = visit(1, at(10));
    let ended = |left| Visit { left: Some(at(left)), ..open };
    let shorten = |from, to| Write::ShortenVisit { visit: open.key(), from: at(from), to: at(to) };
    refuses(&s, vec![shorten(90, 50)], Precondition::Exists).await;
    keeps(&s, vec![Write::AddVisit(open)]).await;
    refuses(&s, vec![shorten(90, 50)], Precondition::Agrees).await;
    keeps(&s, vec![Write::CloseVisit { visit: open.key(), left: at(90) }]).await;
    refuses(&s, vec![shorten(91, 50)], Precondition::Agrees).await;
    for later in [90, 91] {
        rejects(&s, vec![shorten(90, later)]).await;
    }
    rejects(&s, vec![shorten(90, 9)]).await;
    assert_eq!(s.visits_on(DAY0).await.unwrap(), [ended(90)]);
    keeps(&s, vec![shorten(90, 50), shorten(50, 10)]).await;
    assert_eq!(s.visits_on(DAY0).await.unwrap(), [ended(10)]);
    refuses(&s, vec![shorten(90, 50)], Precondition::Agrees).await;
    let nobody = visit(404, at(10)).key();
    let unknown = Write::ShortenVisit { visit: nobody, from: at(90), to: at(50) };
    refuses(&s, vec![unknown], Precondition::Exists).await;
}

/// The end is set in the day of entry, though it lies in the next.
pub async fn a_visit_is_closed_in_its_own_day(s: S) {
    let late = visit(1, at(86_399));
    let next = visit(2, at(86_400));
    keeps(&s, vec![Write::AddVisit(late), Write::AddVisit(next)]).await;
    assert_eq!(s.visit_days().await.unwrap(), [DAY0, DAY0 + 1]);
    let close = |v: &Visit, left| Write::CloseVisit { visit: v.key(), left };
    keeps(&s, vec![close(&late, at(90_000))]).await;
    let closed = Visit { left: Some(at(90_000)), ..late };
    assert_eq!(s.visits_on(DAY0).await.unwrap(), [closed]);
    assert_eq!(s.visits_on(DAY0 + 1).await.unwrap(), [next]);
    // A wrong day, a day without visits, an unknown visit.
    let wrong_day = close(&Visit { entered: next.entered, ..late }, at(90_000));
    refuses(&s, vec![wrong_day], Precondition::Exists).await;
    let no_day = close(&Visit { entered: at(864_000), ..late }, at(900_000));
    refuses(&s, vec![no_day], Precondition::Exists).await;
    refuses(&s, vec![close(&visit(404, at(10)), at(20))], Precondition::Exists).await;
    assert_eq!(s.visit_days().await.unwrap(), [DAY0, DAY0 + 1]);
}

/// A visit that would end before it starts is no visit.
pub async fn a_visit_never_ends_before_it_starts(s: S) {
    let v = visit(1, at(100));
    rejects(&s, vec![Write::AddVisit(Visit { left: Some(at(99)), ..v })]).await;
    assert_eq!(s.visit_days().await.unwrap(), [] as [i64; 0]);
    keeps(&s, vec![Write::AddVisit(v)]).await;
    rejects(&s, vec![Write::CloseVisit { visit: v.key(), left: at(99) }]).await;
    keeps(&s, vec![Write::CloseVisit { visit: v.key(), left: at(100) }]).await;
}

/// A scan sent twice is refused with everything in its unit, and stands as it was first; another
/// gate or another moment may use the number.
pub async fn the_same_scan_twice_is_refused(s: S) {
    let bare = Scan {
        holder: None,
        colour: None,
        reason: None,
        problem: None,
        outcome: ScanOutcome::Refused,
        direction: Direction::Out,
        ..scan(1, at(10))
    };
    keeps(&s, vec![Write::AddScan(bare.clone())]).await;
    let again = vec![Write::AddVisit(visit(1, at(10))), Write::AddScan(scan(1, at(10)))];
    refuses(&s, again, Precondition::Absent).await;
    assert_eq!(s.visits_on(DAY0).await.unwrap(), []);
    assert_eq!(s.scans_on(DAY0).await.unwrap(), std::slice::from_ref(&bare));
    let later = scan(1, at(11));
    let next_day = scan(1, at(86_400));
    let other_gate = Scan { gate: GateId::from_random(2), ..scan(1, at(10)) };
    for s_ in [&later, &next_day, &other_gate] {
        keeps(&s, vec![Write::AddScan(s_.clone())]).await;
    }
    assert_eq!(s.scans_on(DAY0).await.unwrap(), [bare.clone(), other_gate.clone(), later.clone()]);
    for kept in [bare, later, next_day, other_gate] {
        assert_eq!(s.scan(kept.at, kept.gate, kept.id).await.unwrap(), Some(kept));
    }
    for (when, gate, id) in [(at(12), 1, 1), (at(10), 3, 1), (at(10), 1, 2), (at(-86_400), 1, 1)] {
        let found = s.scan(when, GateId::from_random(gate), ScanId::from_random(id)).await;
        assert_eq!(found.unwrap(), None);
    }
}

/// By moment, then id, whatever the order of writing.
pub async fn scans_come_by_their_moment(s: S) {
    for (n, when) in [(5, 30), (9, 10), (2, 20), (1, 20)] {
        keeps(&s, vec![Write::AddScan(scan(n, at(when)))]).await;
    }
    let found = s.scans_on(DAY0).await.unwrap();
    assert_eq!(found, [scan(9, at(10)), scan(1, at(20)), scan(2, at(20)), scan(5, at(30))]);
}

/// Days before the border go whole, the day at the border stays.
pub async fn dropping_days_drops_all_before_and_nothing_else(s: S) {
    for day in 0..4 {
        let when = at(day * 86_400);
        let n = u64::try_from(day).unwrap() + 1;
        keeps(&s, vec![Write::AddVisit(visit(n, when)), Write::AddScan(scan(n, when))]).await;
    }
    keeps(&s, vec![Write::AddVisit(visit(50, at(5)))]).await;
    assert_eq!(s.drop_days_before(DAY0).await.unwrap(), (0, 0));
    assert_eq!(s.drop_days_before(DAY0 + 2).await.unwrap(), (3, 2));
    assert_eq!(s.visit_days().await.unwrap(), [DAY0 + 2, DAY0 + 3]);
    for day in [DAY0, DAY0 + 1] {
        assert_eq!(s.visits_on(day).await.unwrap(), []);
        assert_eq!(s.scans_on(day).await.unwrap(), []);
    }
    assert_eq!(s.visits_on(DAY0 + 2).await.unwrap().len(), 1);
    assert_eq!(s.scans_on(DAY0 + 3).await.unwrap().len(), 1);
    // A gate that was offline for long brings an old visit: it is kept, and dropped next time.
    keeps(&s, vec![Write::AddVisit(visit(51, at(5)))]).await;
    assert_eq!(s.visits_on(DAY0).await.unwrap(), [visit(51, at(5))]);
    assert_eq!(s.drop_days_before(DAY0 + 2).await.unwrap(), (1, 0));
    assert_eq!(s.drop_days_before(DAY0 + 2).await.unwrap(), (0, 0));
}

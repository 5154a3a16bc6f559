//! Trips: passenger lists become visits with seats, and who was near whom aboard follows from them.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::collections::BTreeSet;

use crate::common::scenes::{RIDES, import_rides, traced};
use crate::common::{HOME, World, at, policy_text};
use jadegate_domain::{Colour, HolderId};
use jadegate_service::staff::{TicketView, TraceDetail};
use jadegate_service::{BulkSearch, IndexOrigin, StaffSession, bulk_case};
use jadegate_store::Latest;

/// A line of train G1 of 12 March, which runs A, B, C, D; without arrivals.
fn line(who: HolderId, from: u8, to: u8, seat: &str) -> String {
    let stop = |n: u8| char::from(b'A' + n - 1);
    let (a, b) = (stop(from), stop(to));
    format!(
        "train,G1,2022-03-12,CN-3301,{who},{from},{a},2022-03-12T0{from}:00:00Z,{to},{b},,{seat}\n"
    )
}

#[tokio::test]
async fn who_was_near_aboard_is_as_the_policy_says() {
    // Who is a contact of a passenger on 05-12A from A to C: near, in the same coach, in another,
    // of unknown seat, and one on the next seat who boards where the case alights.
    for (rule, want) in [
        ("{ near = \"vehicle\" }", &["near", "coach", "other", "unknown"][..]),
        ("{ near = \"coach\" }", &["near", "coach", "unknown"]),
        ("{ near = \"coach\", unknown_is_near = false }", &["near", "coach"]),
        ("{ near = \"coach\", rows = 2 }", &["near", "unknown"]),
        ("{ near = \"coach\", rows = 2, unknown_is_near = false }", &["near"]),
    ] {
        let policy = format!("{}\n[contact.vehicles]\ntrain = {rule}\n", policy_text());
        let mut w = World::under(&policy).await;
        let carrier = w.staff("carrier", "officer", "CN").await;
        let officer = w.officer().await;
        let (_, case) = w.register(HOME).await;
        let mut lines = line(case, 1, 3, "05-12A");
        let mut names = Vec::new();
        for (name, from, to, seat) in [
            ("near", 1, 3, "05-14F"),
            ("coach", 2, 4, "05-15A"),
            ("other", 1, 3, "06-12A"),
            ("unknown", 1, 3, ""),
            ("later", 3, 4, "05-12B"),
        ] {
            let (_, who) = w.register(HOME).await;
            lines += &line(who, from, to, seat);
            names.push((who, name));
        }
        let report = import_rides(&w, &carrier, &lines).await;
        assert_eq!((report.taken, report.new_trips, report.rejected.len()), (6, 1, 0));
        let contacts = |d: &TraceDetail| -> BTreeSet<&str> {
            let name = |h| names.iter().find(|(who, _)| *who == h).unwrap().1;
            d.contacts.iter().map(|c| name(c.holder)).collect()
        };
        let want: BTreeSet<&str> = want.iter().copied().collect();
        let detail = traced(&w, &officer, case).await;
        assert_eq!(contacts(&detail), want, "{rule}");

        // The same after a restart, and from the store alone.
        w.restart_with(&policy).await.unwrap();
        let again = w.app.run_trace(&officer, detail.row.case).await.unwrap();
        assert_eq!((again.trace, again.contacts_withdrawn), (detail.row.trace, 0), "{rule}");
        let (policy, now) = (w.app.policy(), w.app.now());
        let search = BulkSearch::load(w.store.as_ref(), None, &policy, now).await.unwrap();
        let case = w.store.case(detail.row.case).await.unwrap().unwrap();
        let found = search.run(&[bulk_case(&case, &policy, now)], 1, &|_| true).unwrap();
        assert_eq!(found.len(), want.len(), "{rule}");
    }
}

#[tokio::test]
async fn a_list_is_taken_once_and_wrong_lines_told() {
    let mut w = World::new().await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let (_, first) = w.register(HOME).await;
    let (_, second) = w.register("CN-3101").await;
    w.register("US-NY").await;
    let head = "kind,number,date,division,document_type,document_number,document_country,departs,\
                arrives,seat,from_no,from,to_no,to\n";
    let file = head.to_owned()
        + "flight,xx 5137,2022-03-12,JP,passport,X0000001,CHN,2022-03-12T01:00:00Z,2022-03-12T04:00:00Z,12A,1,NRT,2,HGH\n\
           flight,XX 5137,2022-03-12,JP,passport,x 000-0002,CHN,2022-03-12T10:00:00+09:00,,12B,1,NRT,2,HGH\n\
           flight,XX 5137,2022-03-12,JP,passport,X0000001,CHN,2022-03-12T01:00:00Z,2022-03-12T04:00:00Z,12A,1,NRT,2,HGH\n\
           flight,XX 5137,2022-03-12,JP,passport,X0000001,CHN,2022-03-12T01:00:00Z,2022-03-12T04:00:00Z,13A,1,NRT,2,HGH\n\
           flight,XX 5137,2022-03-12,JP,passport,X0000099,CHN,2022-03-12T01:00:00Z,,12C,1,NRT,2,HGH\n\
           flight,XX 5137,2022-03-12,JP,passport,X0000003,CHN,2022-03-12T01:00:00Z,,12D,1,NRT,2,HGH\n\
           flight,XX 5137,2022-03-12,JP,passport,X0000001,CHN,2022-03-12T01:10:00Z,,12E,1,NRT,2,HGH\n\
           flight,XX 5137,2022-03-12,JP,passport,X0000001,CHN,2022-03-12T01:00:00Z,,12E,1,NRT,2,SHA\n\
           flight,XX 5137,2022-03-12,JP,resident_id,110105194912310021,,2022-03-12T01:00:00Z,,,,,,\n\
           flight,XX 5137,2022-03-12,JP,passport,X0000001,CHN,12 March,,,,,,\n\
           taxi,7,2022-02-01,CN-3301,passport,X0000001,CHN,2022-02-01T01:00:00Z,,,,,,\n\
           taxi,7,2022-03-12,CN-3301,passport,=1+1,CHN,2022-03-12T01:00:00Z,,,,,,\n";
    let by = w.app.conductor(&carrier).unwrap();
    let report = w.app.import_rides(&by, file.as_bytes()).await.unwrap();
    let codes: Vec<_> = report.rejected.iter().map(|r| (r.line, r.code)).collect();
    assert_eq!(
        codes,
        [
            (5, "ride.twice"),
            (6, "holder.not_found"),
            (7, "holder.not_found"),
            (8, "trip.other_time"),
            (9, "trip.other_stop"),
            (10, "document.bad_check_digit"),
            (11, "time.bad"),
            (13, "line.formula"),
        ]
    );
    assert_eq!((report.taken, report.unchanged, report.new_trips), (2, 1, 1));
    assert_eq!((report.unknown, report.too_old), (2, 1));
    let text = serde_json::to_string(&report).unwrap();
    assert!(!text.contains("X00000") && !text.contains("1101051949"), "{text}");

    // Who has no arrival of their own arrives with the others.
    let day = at("2022-03-12T01:00:00Z").utc_day();
    let visits = w.store.visits_on(day).await.unwrap();
    assert_eq!(visits.len(), 2);
    assert!(visits.iter().all(|v| v.left == Some(at("2022-03-12T04:00:00Z"))));
    let rides = w.store.rides_on(day).await.unwrap();
    let of = |who| rides.iter().find(|r| r.holder == who).unwrap().ride.seat.unwrap().to_string();
    assert_eq!((of(first), of(second)), ("12A".to_owned(), "12B".to_owned()));
    let trip = w.store.trip(rides[0].trip).await.unwrap().unwrap();
    assert_eq!((trip.number.as_str(), trip.stops.len()), ("xx 5137", 2));

    // Again, and from the command line: nothing new. After a restart, too.
    w.restart().await;
    let by = w.app.conductor_for_agency(by_agency(&carrier)).await.unwrap();
    let again = w.app.import_rides(&by, file.as_bytes()).await.unwrap();
    assert_eq!((again.taken, again.unchanged, again.new_trips), (0, 3, 0));
    assert_eq!(again.rejected, report.rejected);
    assert_eq!(w.store.visits_on(day).await.unwrap().len(), 2);

    // Another arrival of a ride that is known is refused, a first one taken.
    let line = |who, arrives| {
        format!("bus,155,2022-03-13,CN-3301,{who},,,2022-03-13T01:00:00Z,,,{arrives},\n")
    };
    let end = "2022-03-13T02:00:00Z";
    let taken = async |arrives| {
        let by = w.app.conductor(&carrier).unwrap();
        let file = format!("{RIDES}{}", line(first, arrives));
        w.app.import_rides(&by, file.as_bytes()).await.unwrap()
    };
    assert_eq!(taken("").await.taken, 1);
    assert_eq!(taken("").await.unchanged, 1);
    assert_eq!(taken(end).await.taken, 1);
    assert_eq!((taken(end).await.unchanged, taken("").await.unchanged), (1, 1));
    assert_eq!(taken("2022-03-13T03:00:00Z").await.rejected[0].code, "ride.other_end");
    let visits = w.store.visits_on(at(end).utc_day()).await.unwrap();
    assert_eq!((visits.len(), visits[0].left), (1, Some(at(end))));
}

fn by_agency(s: &StaffSession) -> jadegate_domain::AgencyId {
    s.staff().agency
}

#[tokio::test]
async fn only_a_carrier_tells_who_was_aboard_and_of_its_own_trips() {
    let mut w = World::new().await;
    let (_, who) = w.register(HOME).await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let other = w.staff("carrier", "officer", "CN").await;
    for (kind, role) in [("prevention_team", "officer"), ("carrier", "venue_manager")] {
        let s = w.staff(kind, role, "CN").await;
        assert_eq!(w.app.conductor(&s).unwrap_err().code, "staff.not_allowed");
    }
    let lab = w.agency("laboratory", "CN").await;
    let e = w.app.conductor_for_agency(lab.id).await.unwrap_err();
    assert_eq!(e.code, "agency.may_not_record");
    // The same number on the same day is another trip if another carrier runs it.
    for by in [&carrier, &other] {
        assert_eq!(import_rides(&w, by, &line(who, 1, 2, "1A")).await.new_trips, 1);
    }
    let by = w.app.conductor(&carrier).unwrap();
    let e = w.app.import_rides(&by, b"kind,number\n").await.unwrap_err();
    assert_eq!(e.code, "csv.missing_columns");
}

#[tokio::test]
async fn a_list_that_comes_late_or_is_corrected_traces_again() {
    let rule = "[contact.vehicles]\ntrain = { near = \"coach\", unknown_is_near = false }\n";
    let mut w = World::under(&format!("{}\n{rule}", policy_text())).await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, other) = w.register(HOME).await;
    assert_eq!(traced(&w, &officer, case).await.contacts.len(), 0);
    w.app.follow_late_data().await.unwrap();

    let both = |seat| line(case, 1, 3, "05-12A") + &line(other, 1, 3, seat);
    import_rides(&w, &carrier, &both("05-01A")).await;
    assert_eq!(w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(w.colour(other).await, Colour::Red);
    // They sat in another coach after all; and in the same once more.
    assert_eq!(import_rides(&w, &carrier, &both("06-01A")).await.taken, 1);
    assert_eq!(w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(w.colour(other).await, Colour::Green);
    import_rides(&w, &carrier, &both("05-01A")).await;
    assert_eq!(w.app.follow_late_data().await.unwrap(), 1);
    assert_eq!(w.colour(other).await, Colour::Red);
    assert_eq!(w.app.follow_late_data().await.unwrap(), 0);
}

#[tokio::test]
async fn seats_are_told_to_who_may_see_the_trace_and_forgotten_with_their_day() {
    let mut w = World::new().await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (own, near) = w.register(HOME).await;
    let (_, far) = w.register("CN-3101").await;
    let lines = line(case, 1, 3, "05-12A") + &line(near, 2, 4, "05-12B") + &line(far, 1, 3, "1");
    import_rides(&w, &carrier, &lines).await;
    let looks = w.store.accesses_of(case, Latest::first(9)).await.unwrap().len();
    let detail = traced(&w, &officer, case).await;
    assert_eq!(detail.contacts.len(), 2);
    let aboard = |d: &TraceDetail, who| {
        let c = d.contacts.iter().find(|c| c.holder == who).unwrap();
        c.exposures[0].aboard.clone().unwrap()
    };
    let said = |all: &[TicketView]| -> Vec<String> {
        let part = |text: &Option<String>| text.clone().unwrap();
        all.iter().map(|t| [&t.from, &t.to, &t.seat].map(part).join(" ")).collect()
    };
    let seen = aboard(&detail, near);
    assert_eq!((seen.number.as_str(), seen.date.as_str()), ("G1", "2022-03-12"));
    assert_eq!(said(&seen.source), ["A C 05-12A"]);
    assert_eq!(said(&seen.contact), ["B D 05-12B"]);
    assert_ne!(seen.source[0].ride, seen.contact[0].ride, "each names its record");
    assert!(seen.source[0].may_withdraw && seen.contact[0].may_withdraw, "its second body");
    // Of who lives elsewhere nothing is told; the case's seat is, and the case sees who looked.
    let seen = aboard(&detail, far);
    assert_eq!((seen.source.len(), seen.contact.len()), (1, 0));
    let looked = w.store.accesses_of(case, Latest::first(9)).await.unwrap();
    assert_eq!(looked.len() - looks, 2, "recorded, and their own seat read");
    assert_eq!(looked[0].what, "visits");

    // The contact is told the kind of place, the day and the minutes: no trip, no seat, no name.
    let evidence = w.app.my_evidence(&own).await.unwrap();
    let text = serde_json::to_string(&evidence).unwrap();
    assert!(text.contains("train"), "{text}");
    for hidden in ["G1", "05-12", &case.to_string()] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }

    // The day goes, and every seat with it; the trace stays.
    w.clock.set(at("2022-04-03T04:00:00Z"));
    w.app.purge().await.unwrap();
    let day = at("2022-03-12T01:00:00Z").utc_day();
    assert_eq!(w.store.rides_on(day).await.unwrap(), []);
    let detail = w.app.trace_detail(&officer, detail.row.trace).await.unwrap();
    let seen = aboard(&detail, near);
    assert_eq!((seen.number.as_str(), seen.source.len(), seen.contact.len()), ("G1", 0, 0));
}

#[tokio::test]
async fn a_seat_told_after_the_index_was_saved_is_known_at_the_next_start() {
    let mut w = World::saving(crate::common::NOW).await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let officer = w.officer().await;
    let (_, case) = w.register(HOME).await;
    let (_, other) = w.register(HOME).await;
    let list = |seat| line(case, 1, 3, "05-12A") + &line(other, 1, 3, seat);
    import_rides(&w, &carrier, &list("05-01A")).await;
    w.app.save_visits().await.unwrap();
    // No visit changes by it, and so no mark of a day.
    assert_eq!(import_rides(&w, &carrier, &list("06-01A")).await.taken, 1);
    w.restart().await;
    assert_eq!(w.app.index_origin(), IndexOrigin::Loaded);
    let detail = traced(&w, &officer, case).await;
    let aboard = detail.contacts[0].exposures[0].aboard.as_ref().unwrap();
    assert_eq!(aboard.contact[0].seat.as_deref(), Some("06-1A"));
    assert_eq!(import_rides(&w, &carrier, &list("06-01A")).await.unchanged, 2);
}

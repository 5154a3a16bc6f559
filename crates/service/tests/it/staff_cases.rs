//! From a case to colours and back: recorded, traced, traced again, withdrawn.

use std::fmt::Write as _;

use crate::common::{World, at, case_of};
use jadegate_domain::evidence::ReleaseOf;
use jadegate_domain::{Colour, Fact, Presence, Purpose, Visit};
use jadegate_service::holder::check_in::CheckInInput;
use jadegate_service::staff::{CaseCorrection, QuarantineFilter, ReleaseInput, Whom};
use jadegate_store::{Latest, Unit, Write};

#[tokio::test]
async fn a_case_makes_its_contacts_red_and_its_withdrawal_releases_them() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register("CN-330106").await;
    let (session, close) = w.register("CN-330106").await;
    let (_, later) = w.register("CN-330106").await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let gym = w.place("leisure", "Made-up Gym").await;
    w.visit(case, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.visit(close, cafe, "2022-03-13T04:30:00Z", "2022-03-13T05:30:00Z").await;
    // Two days later the close contact could have infected others.
    w.visit(close, gym, "2022-03-15T01:00:00Z", "2022-03-15T03:00:00Z").await;
    w.visit(later, gym, "2022-03-15T01:00:00Z", "2022-03-15T03:00:00Z").await;
    w.restart().await;

    let recorded = w.app.record_case(&officer, &case_of(case)).await.unwrap();
    assert_eq!(recorded.assessment.as_ref().unwrap().colour, Colour::Red);
    assert_eq!(w.colour(close).await, Colour::Green);

    let report = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((report.close, report.secondary, report.places), (1, 1, 2));
    assert_eq!((report.contacts_recorded, report.contacts_withdrawn), (2, 0));
    assert_eq!(w.colour(close).await, Colour::Red);
    assert_eq!(w.colour(later).await, Colour::Yellow);

    // The holder sees why, and that only the kind of place is told.
    let own = w.app.my_evidence(&session).await.unwrap();
    let contact = own.iter().find(|e| matches!(e.evidence.fact, Fact::Contact { .. })).unwrap();
    let Fact::Contact { minutes, place_kind, .. } = &contact.evidence.fact else { panic!() };
    assert_eq!((*minutes, place_kind.as_str()), (30, "restaurant"));
    assert!(contact.by.is_some());

    // Running it again changes nothing.
    let leaves = w.leaves().await;
    let again = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!(
        (again.trace, again.contacts_recorded, again.contacts_withdrawn),
        (report.trace, 0, 0)
    );
    assert_eq!(w.leaves().await, leaves);

    let detail = w.app.trace_detail(&officer, report.trace).await.unwrap();
    assert_eq!(detail.contacts.len(), 2);
    assert_eq!(detail.contacts[0].colour, Some(Colour::Red));
    assert_eq!(detail.contacts[0].exposures[0].place.name, "Made-up Cafe");
    assert_eq!(detail.contacts[0].exposures[0].minutes_lower, 30);
    assert_eq!(detail.contacts[1].via, Some(close));

    let list = w.app.list_cases(&officer).await.unwrap();
    assert_eq!((list.len(), list[0].latest_trace, list[0].close), (1, Some(report.trace), 1));
    assert_eq!(list[0].name_masked, "T*** P***");

    let out = w.app.withdraw_case(&officer, recorded.case).await.unwrap();
    assert_eq!(out.released, 2);
    for holder in [case, close, later] {
        assert_eq!(w.colour(holder).await, Colour::Green);
    }
    // Once more: nothing left to do, no error, and the case traces no more.
    assert_eq!(w.app.withdraw_case(&officer, recorded.case).await.unwrap().released, 0);
    assert_eq!(w.app.run_trace(&officer, recorded.case).await.unwrap_err().code, "case.withdrawn");
    // The person may turn out to be a case after all.
    let anew = w.app.record_case(&officer, &case_of(case)).await.unwrap();
    assert!(anew.new && anew.case != recorded.case);
    assert_eq!(w.colour(case).await, Colour::Red);
}

#[tokio::test]
async fn a_trace_follows_what_becomes_known() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register("CN-330106").await;
    let (_, first) = w.register("CN-330106").await;
    let (_, second) = w.register("CN-330106").await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    w.visit(case, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.visit(first, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.restart().await;
    let recorded = w.app.record_case(&officer, &case_of(case)).await.unwrap();
    let one = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((one.close, one.contacts_recorded), (1, 1));

    // A visit handed in late: one more contact, the other's evidence stays as it is.
    w.visit(second, cafe, "2022-03-13T04:50:00Z", "2022-03-13T06:00:00Z").await;
    w.restart().await;
    let two = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((two.close, two.contacts_recorded, two.contacts_withdrawn), (2, 1, 0));
    let old = w.store.trace(one.trace).await.unwrap().unwrap();
    assert_eq!(old.replaced_by, Some(two.trace));
    let standing = w.store.standing_contacts(recorded.case).await.unwrap().rows;
    let found_by = |trace| {
        let by = |e: &&jadegate_domain::Evidence| matches!(e.fact, Fact::Contact { trace: t, .. } if t == trace);
        standing.iter().filter(by).count()
    };
    assert_eq!((found_by(one.trace), found_by(two.trace)), (1, 1));

    // Isolated a day earlier than was thought: the visit lies behind the window, both go free.
    let correction = CaseCorrection {
        isolated_at: Some(Some("2022-03-12T10:00:00Z".to_owned())),
        ..CaseCorrection::default()
    };
    let still = w.app.correct_case(&officer, recorded.case, &correction).await.unwrap();
    assert_eq!(still.colour, Colour::Red);
    // The trace has followed the correction by itself: running it again finds nothing to do.
    let three = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((three.close, three.contacts_recorded, three.contacts_withdrawn), (0, 0, 0));
    assert_eq!(w.colour(first).await, Colour::Green);
    assert_eq!(w.colour(second).await, Colour::Green);
    assert_eq!(w.app.list_traces(&officer, Some(recorded.case)).await.unwrap().len(), 3);

    // The corrected case is withdrawn whole, and may be recorded anew.
    w.app.withdraw_case(&officer, recorded.case).await.unwrap();
    assert_eq!(w.colour(case).await, Colour::Green);
    assert!(w.app.record_case(&officer, &case_of(case)).await.unwrap().new);
}

#[tokio::test]
async fn a_trace_cut_short_is_finished_after_the_restart() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register("CN-330106").await;
    let (_, close) = w.register("CN-330106").await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    w.visit(case, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.visit(close, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.restart().await;
    let recorded = w.app.record_case(&officer, &case_of(case)).await.unwrap();
    let report = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!(w.colour(close).await, Colour::Red);

    // As if the program had ended between the run and its evidence.
    let evidence = w.store.standing_contacts(recorded.case).await.unwrap().rows;
    assert_eq!((evidence.len(), report.contacts_recorded), (1, 1));
    let writes = evidence
        .iter()
        .map(|e| Write::WithdrawEvidence { id: e.id, at: at("2022-03-15T04:00:00Z") })
        .collect();
    w.store.commit(Unit::new("test", writes)).await.unwrap();
    w.restart().await;
    assert_eq!(w.colour(close).await, Colour::Green);
    assert_eq!(w.app.finish_traces().await.unwrap(), 1);
    assert_eq!(w.colour(close).await, Colour::Red);
    assert_eq!(w.app.finish_traces().await.unwrap(), 0);
    // Or by running it again.
    let again = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((again.trace, again.contacts_recorded), (report.trace, 0));
}

#[tokio::test]
async fn many_contacts_are_recorded_at_once() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register("CN-330106").await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    w.visit(case, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    // People of another system, without identity, homes elsewhere.
    let mut csv = "person,place,place_kind,place_name,division,entered,left\n".to_owned();
    for i in 0..300 {
        let stay = "2022-03-13T04:00:00Z,2022-03-13T05:00:00Z";
        writeln!(csv, "p{i},cafe,restaurant,Elsewhere,CN-31,{stay}").unwrap();
    }
    let options = generic();
    w.app.import_visits(csv.as_bytes(), &options, |_| true).await.unwrap();
    let there = w.app.imported_place_id("generic", "cafe");
    w.visit(case, there, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    w.restart().await;
    let recorded = w.app.record_case(&officer, &case_of(case)).await.unwrap();
    let report = w.app.run_trace(&officer, recorded.case).await.unwrap();
    assert_eq!((report.close, report.contacts_recorded), (300, 300));
    let one = w.app.imported_holder("generic", "p7");
    assert_eq!(w.colour(one).await, Colour::Red);
    // Contacts are found wherever they live; of those outside the region no more is told than
    // where and when, and they see that it was read.
    let detail = w.app.trace_detail(&officer, report.trace).await.unwrap();
    assert!(detail.contacts.iter().all(|c| c.colour.is_none()));
    let looks = w.store.accesses_of(one, Latest::first(10)).await.unwrap();
    assert_eq!(looks.iter().map(|a| a.what.as_str()).collect::<Vec<_>>(), ["visits"]);
    assert_eq!(w.app.withdraw_case(&officer, recorded.case).await.unwrap().released, 300);
    assert_eq!(w.colour(one).await, Colour::Green);
}

fn generic() -> jadegate_service::import::visits::VisitImport {
    jadegate_service::import::visits::VisitImport {
        format: jadegate_service::import::visits::VisitFormat::Generic,
        file: String::new(),
        keep_old: false,
        reading: jadegate_service::import::visits::LIMITS.into(),
        record: None,
    }
}

#[tokio::test]
async fn an_unproven_visit_makes_nobody_red() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, case) = w.register("CN-330106").await;
    let (_, other) = w.register("CN-330106").await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    w.visit(case, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
    let forwarded = Visit {
        holder: other,
        place: cafe,
        entered: at("2022-03-13T04:00:00Z"),
        left: None,
        presence: Presence::Unproven,
    };
    w.store.commit(Unit::new("test", vec![Write::AddVisit(forwarded)])).await.unwrap();
    w.restart().await;
    let recorded = w.app.record_case(&officer, &case_of(case)).await.unwrap();
    assert_eq!(w.app.run_trace(&officer, recorded.case).await.unwrap().close, 0);
    assert_eq!(w.colour(other).await, Colour::Green);
}

#[tokio::test]
async fn the_same_case_twice_is_one_and_wrong_cases_are_told() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, holder) = w.register("CN-330106").await;
    let one = w.app.record_case(&officer, &case_of(holder)).await.unwrap();
    let two = w.app.record_case(&officer, &case_of(holder)).await.unwrap();
    assert!(one.new && !two.new);
    assert_eq!(one.case, two.case);

    let with = |change: fn(&mut jadegate_service::staff::CaseInput)| {
        let mut input = case_of(holder);
        change(&mut input);
        input
    };
    for (input, code) in [
        (with(|c| c.class = "certain".to_owned()), "case.unknown_class"),
        (with(|c| c.confirmed_at = "2022-03-16T00:00:00Z".to_owned()), "time.in_future"),
        (with(|c| c.confirmed_at = "2021-03-16T00:00:00Z".to_owned()), "time.too_old"),
        (with(|c| c.onset_at = Some("yesterday".to_owned())), "time.bad"),
        (
            with(|c| {
                c.class = "asymptomatic".to_owned();
                c.onset_at = Some("2022-03-13T00:00:00Z".to_owned());
            }),
            "case.asymptomatic_with_onset",
        ),
    ] {
        let e = w.app.record_case(&officer, &input).await.unwrap_err();
        assert_eq!(e.fields[0].code, code);
    }
}

#[tokio::test]
async fn quarantine_is_listed_with_check_ins_missed_and_days() {
    let mut w = World::at("2022-03-15T04:00:00Z").await;
    let officer = w.officer().await;
    let (session, good) = w.register("CN-330106").await;
    let (_, bad) = w.register("CN-330106").await;
    let (_, elsewhere) = w.register("CN-3101").await;
    let national = w.staff("prevention_team", "officer", "CN").await;
    for holder in [good, bad, elsewhere] {
        w.app.record_case(&national, &case_of(holder)).await.unwrap();
    }
    for _ in 0..3 {
        let input = CheckInInput { temperature: Some(36.5), ..CheckInInput::default() };
        w.app.check_in(&session, &input).await.unwrap();
        w.clock.advance(86_400);
    }
    let all = w.app.list_quarantine(&officer, QuarantineFilter::All, None, 10).await.unwrap();
    assert_eq!((all.people.len(), all.next), (2, None));
    let missed = w.app.list_quarantine(&officer, QuarantineFilter::Missed, None, 10).await.unwrap();
    assert_eq!(missed.people.len(), 1);
    assert_eq!((missed.people[0].holder, missed.people[0].missed_days), (bad, 2));
    assert_eq!(missed.people[0].name_masked, "T*** P***");

    // Page by page, nobody twice, nobody left out.
    let first = w.app.list_quarantine(&officer, QuarantineFilter::All, None, 1).await.unwrap();
    assert_eq!(first.next, Some(first.people[0].holder));
    let second =
        w.app.list_quarantine(&officer, QuarantineFilter::All, first.next, 1).await.unwrap();
    assert_eq!((second.people.len(), second.next), (1, None));
    assert_ne!(second.people[0].holder, first.people[0].holder);

    // A look through the list is written down once an hour.
    let looks = w.store.accesses_of(bad, Latest::first(100)).await.unwrap();
    let listed: Vec<_> = looks.iter().filter(|a| a.what == "quarantine").collect();
    assert_eq!((listed.len(), listed[0].purpose), (1, Purpose::Quarantine));

    let numbers = w.app.overview(&officer).await.unwrap();
    assert_eq!((numbers.confined, numbers.missed_check_in, numbers.cases_open), (2, 1, 2));
    assert_eq!(numbers.colours.red, 3);

    // The last day: due, and then gone.
    w.clock.set(at("2022-03-28T04:00:00Z"));
    let due = w.app.list_quarantine(&officer, QuarantineFilter::Due, None, 10).await.unwrap();
    assert_eq!(due.people.len(), 2);
    w.clock.set(at("2022-03-29T04:00:00Z"));
    let gone = w.app.list_quarantine(&officer, QuarantineFilter::All, None, 10).await.unwrap();
    assert_eq!(gone.people.len(), 0);
}

#[tokio::test]
async fn a_release_refers_to_what_it_ends() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, holder) = w.register("CN-330106").await;
    let (_, other) = w.register("CN-330106").await;
    let case = w.app.record_case(&officer, &case_of(holder)).await.unwrap().case;
    let release = |who, of| ReleaseInput {
        whom: Whom::Holder(who),
        refers_to: of,
        released_at: "2022-03-15T01:00:00Z".to_owned(),
        paper: None,
    };
    let e =
        w.app.record_release(&officer, &release(other, ReleaseOf::Case(case))).await.unwrap_err();
    assert_eq!(e.fields[0].code, "release.refers_to_nothing");
    let one =
        w.app.record_release(&officer, &release(holder, ReleaseOf::Case(case))).await.unwrap();
    let two =
        w.app.record_release(&officer, &release(holder, ReleaseOf::Case(case))).await.unwrap();
    assert!(one.new && !two.new && one.evidence == two.evidence);
}

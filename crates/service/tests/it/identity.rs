//! Who stands behind a pseudonym: one person, one reason, two agencies, and the person sees it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use jadegate_domain::{
    CaseClass, CaseId, HolderId, IdentityRefusal, IdentityTarget, PlaceId, Purpose,
};
use jadegate_ledger::{IdentityEvent, Leaf};
use jadegate_service::staff::{CaseInput, IdentityInput, IdentityStateView, RefusalInput, Whom};
use jadegate_service::{HolderSession, Kind, StaffSession};

use crate::common::scenes::{import_rides, traced};
use crate::common::{HOME, World, case_of};

/// A case that was traced, a contact who shared a train with it, and those who ask and decide.
struct Scene {
    w: World,
    police: StaffSession,
    officer: StaffSession,
    second: StaffSession,
    case: CaseId,
    trip: PlaceId,
    patient: (HolderSession, HolderId),
    beside: (HolderSession, HolderId),
}

async fn scene() -> Scene {
    let mut w = World::new().await;
    let police = w.staff("public_security", "officer", "CN-33").await;
    let officer = w.officer().await;
    let second = w.officer().await;
    let carrier = w.staff("carrier", "officer", "CN").await;
    let patient = w.register(HOME).await;
    let beside = w.register(HOME).await;
    let line = |who: HolderId, seat: &str| {
        format!("train,G1,2022-03-12,CN-3301,{who},1,A,2022-03-12T01:00:00Z,3,C,,{seat}\n")
    };
    let lines = line(patient.1, "05-12A") + &line(beside.1, "05-12B");
    assert_eq!(import_rides(&w, &carrier, &lines).await.taken, 2);
    let detail = traced(&w, &officer, patient.1).await;
    let days = w.store.visit_days().await.unwrap();
    let mut trip = None;
    for day in days {
        trip = w.store.rides_on(day).await.unwrap().first().map(|r| r.trip).or(trip);
    }
    let case = detail.row.case;
    Scene { w, police, officer, second, case, trip: trip.unwrap(), patient, beside }
}

fn ask(case: CaseId, target: &str) -> IdentityInput {
    IdentityInput {
        case: case.to_string(),
        purpose: "contact_tracing".to_owned(),
        what: "name_and_phone".to_owned(),
        target: target.to_owned(),
        why: "Cannot be reached for the interview".to_owned(),
        ..IdentityInput::default()
    }
}

/// Somebody is missed in quarantine.
fn missed(case: CaseId) -> IdentityInput {
    IdentityInput { purpose: "quarantine".to_owned(), ..ask(case, "case") }
}

fn because(reason: &str) -> RefusalInput {
    RefusalInput { reason: reason.to_owned() }
}

/// What the public log says of requests.
async fn told(w: &World) -> Vec<(IdentityEvent, Option<IdentityRefusal>)> {
    let leaves = w.log(0, 500).await.into_iter().map(|l| Leaf::decode(&l.bytes).unwrap());
    let of = |leaf| match leaf {
        Leaf::IdentityRequest { event, refusal, .. } => Some((event, refusal)),
        _ => None,
    };
    leaves.filter_map(of).collect()
}

/// Aarogya Setu, NYT 2020, Singapore 2021: data of disease control in other hands. Public security locates a
/// confirmed case that cannot be reached, as any agency would: by a request that another agency agrees to.
#[tokio::test]
async fn h20_public_security_locates_a_case_by_a_request_that_the_person_sees() {
    let s = scene().await;
    let (w, app) = (&s.w, &s.w.app);
    let r = app.ask_identity(&s.police, &missed(s.case)).await.unwrap();
    assert_eq!((r.state, r.target), (IdentityStateView::Waiting, Some(IdentityTarget::Case)));
    // Nothing before another agency has agreed.
    let early = app.read_identity(&s.police, r.id).await.unwrap_err();
    assert_eq!(early.code, "identity.not_readable");
    assert_eq!(app.approve_identity(&s.police, r.id).await.unwrap_err().kind, Kind::Forbidden);
    // Within the mandate's delay the person is not told; the public is.
    assert_eq!(app.my_identity_requests(&s.patient.0).await.unwrap(), []);
    let r = app.approve_identity(&s.second, r.id).await.unwrap();
    assert_eq!(r.state, IdentityStateView::Approved);
    // Only whoever asked reads it.
    assert_eq!(app.read_identity(&s.officer, r.id).await.unwrap_err().kind, Kind::NotFound);
    let named = app.read_identity(&s.police, r.id).await.unwrap();
    // Looked for at home, by name.
    assert_eq!((named.name.as_str(), named.home_name.is_some()), ("Test Person", true));
    assert!(named.phone.unwrap().ends_with("00000001"));
    // Read: the person is told at once, as a look and as a request.
    let looks = app.my_accesses(&s.patient.0).await.unwrap();
    assert!(looks.iter().any(|a| a.what == "name_and_phone"));
    let mine = app.my_identity_requests(&s.patient.0).await.unwrap();
    assert_eq!(mine.len(), 1);
    assert!(mine[0].read_at.is_some());
    assert_eq!(mine[0].agency.as_ref().unwrap().kind.as_str(), "public_security");
    let steps: Vec<_> = told(w).await.into_iter().map(|(e, _)| e).collect();
    assert_eq!(steps, [IdentityEvent::Asked, IdentityEvent::Approved, IdentityEvent::Read]);
    // For some hours, and no longer.
    w.clock.advance(4 * 3600);
    let late = app.read_identity(&s.police, r.id).await.unwrap_err();
    assert_eq!(late.code, "identity.not_readable");
}

#[tokio::test]
async fn h20_public_security_finds_who_sat_beside_a_case() {
    let s = scene().await;
    let app = &s.w.app;
    let seat = |seat: &str| IdentityInput {
        trip: s.trip.to_string(),
        seat: seat.to_owned(),
        ..ask(s.case, "seat")
    };
    let e = app.ask_identity(&s.police, &seat("05-14F")).await.unwrap_err();
    assert_eq!(e.code, "identity.not_of_this_case", "nobody sat there");
    let r = app.ask_identity(&s.police, &seat("05-12B")).await.unwrap();
    app.approve_identity(&s.officer, r.id).await.unwrap();
    let named = app.read_identity(&s.police, r.id).await.unwrap();
    // Whom one can call, one need not know by name, nor where they live.
    assert_eq!((named.name.as_str(), named.home_name), ("T*** P***", None));
    assert!(named.phone.is_some());
    assert_eq!(app.my_identity_requests(&s.beside.0).await.unwrap().len(), 1);
    // The case's own person was not asked about.
    assert_eq!(app.my_identity_requests(&s.patient.0).await.unwrap(), []);
}

/// Asks for these and is refused each time.
async fn refuses(s: &Scene, wanted: &[(&str, IdentityInput, IdentityRefusal)]) {
    for (what, input, refusal) in wanted {
        let e = s.w.app.ask_identity(&s.police, input).await.unwrap_err();
        let code = format!("identity.{}", refusal.as_str());
        assert_eq!((e.kind, e.code), (Kind::Forbidden, &*code), "{what}");
    }
    // Each is a leaf, about nobody.
    let leaves = told(&s.w).await.into_iter().filter(|(e, _)| *e == IdentityEvent::Refused);
    let refused: Vec<_> = leaves.map(|(_, why)| why.unwrap()).collect();
    assert_eq!(refused, wanted.iter().map(|(.., r)| *r).collect::<Vec<_>>());
}

/// Zhengzhou, June 2022: who is asked for because of a protest is not found, and learns that it was tried.
#[tokio::test]
async fn h05_nobody_is_asked_for_because_of_a_protest() {
    let s = scene().await;
    let purposes =
        ["public_order", "protest", "criminal_investigation", "gate_check", "holder_request", ""];
    let of = |p: &str| IdentityInput { purpose: p.to_owned(), ..ask(s.case, "case") };
    let wanted = purposes.map(|p| (p, of(p), IdentityRefusal::NoSuchPurpose));
    refuses(&s, &wanted).await;
    let app = &s.w.app;
    assert_eq!(app.list_identity_requests(&s.second).await.unwrap().len(), 6);
    // Told after the mandate's delay at the latest, never not at all.
    assert_eq!(app.my_identity_requests(&s.patient.0).await.unwrap(), []);
    s.w.clock.advance(24 * 3600);
    let mine = app.my_identity_requests(&s.patient.0).await.unwrap();
    assert_eq!(mine.len(), 6);
    assert_eq!((mine[0].purpose, mine[0].refusal), (None, Some(IdentityRefusal::NoSuchPurpose)));
    // And in the table for everybody from midnight on.
    let figures = app.identity_figures().await.unwrap();
    assert_eq!((figures.total, figures.rows.len()), (Some(6), 1));
    let row = &figures.rows[0];
    assert_eq!((row.agency_kind.as_str(), row.count), ("public_security", Some(6)));
    assert_eq!(row.refusal, Some(IdentityRefusal::NoSuchPurpose));
}

/// Beijing Health Kit, Dec 2020: somebody else's phone or document opens nothing, nor does an id that is no
/// contact of the case; whose id it is learns of it.
#[tokio::test]
async fn h15_somebody_elses_phone_is_not_asked_about() {
    use IdentityRefusal as R;
    let mut s = scene().await;
    let stranger = s.w.register(HOME).await;
    let at = |target: &str, contact: &str| IdentityInput {
        contact: contact.to_owned(),
        ..ask(s.case, target)
    };
    let id = stranger.1.to_string();
    let wanted = [
        ("a phone", at("phone", "+8610000000001"), R::NoSuchThing),
        ("a document", at("document", "E00000001"), R::NoSuchThing),
        ("a phone for a contact", at("contact", "+8610000000001"), R::NotOfThisCase),
        ("a stranger", at("contact", &id), R::NotOfThisCase),
        ("two people", at("contact", &format!("{id},{id}")), R::NotOfThisCase),
        ("a list", at("all_contacts", ""), R::NoSuchThing),
    ];
    refuses(&s, &wanted).await;
    s.w.clock.advance(24 * 3600);
    let mine = s.w.app.my_identity_requests(&stranger.0).await.unwrap();
    assert_eq!(mine.len(), 1);
    assert_eq!(mine[0].refusal, Some(R::NotOfThisCase));
}

/// Mainz, Nov 2021: no case, no movements, no colour; of a case only whoever it concerns, one at a time.
#[tokio::test]
async fn h20_what_is_not_of_disease_control_is_refused_and_counted() {
    use IdentityRefusal as R;
    let mut s = scene().await;
    let green = s.w.register(HOME).await.1;
    let suspected = CaseInput { class: CaseClass::Suspected.as_str().to_owned(), ..case_of(green) };
    let suspected = s.w.app.record_case(&s.officer, &suspected).await.unwrap().case;
    let what = |what: &str| IdentityInput { what: what.to_owned(), ..ask(s.case, "case") };
    let no_case = IdentityInput { case: String::new(), ..ask(s.case, "case") };
    let seat =
        |trip: String| IdentityInput { trip, seat: "05-12B".to_owned(), ..ask(s.case, "seat") };
    let elsewhere = s.w.place("restaurant", "Made-up Cafe").await;
    let wanted = [
        ("without a case", no_case, R::NoCase),
        ("a suspicion", ask(suspected, "case"), R::NoCase),
        ("movements", what("movements"), R::NoSuchThing),
        ("a colour", what("colour"), R::NoSuchThing),
        ("a seat of another trip", seat(elsewhere.to_string()), R::NotOfThisCase),
    ];
    refuses(&s, &wanted).await;
    // One person at a time.
    let contact = IdentityInput { contact: s.beside.1.to_string(), ..ask(s.case, "contact") };
    let r = s.w.app.ask_identity(&s.police, &contact).await.unwrap();
    let e = s.w.app.ask_identity(&s.police, &ask(s.case, "case")).await.unwrap_err();
    assert_eq!(e.code, "identity.one_at_a_time");
    // A refusal by the second agency has a reason, and is shown to the person after the delay at the latest.
    let app = &s.w.app;
    let e = app.refuse_identity(&s.second, r.id, &because("no_case")).await.unwrap_err();
    assert_eq!(e.kind, Kind::BadInput);
    app.refuse_identity(&s.second, r.id, &because("milder_way")).await.unwrap();
    assert_eq!(app.my_identity_requests(&s.beside.0).await.unwrap(), []);
    s.w.clock.advance(24 * 3600);
    let mine = app.my_identity_requests(&s.beside.0).await.unwrap();
    assert_eq!((mine[0].state, mine[0].read_at), (IdentityStateView::Refused, None));
    assert_eq!((mine[0].refusal, mine[0].decided_by.is_some()), (Some(R::MilderWay), true));
    // A case is asked about as long as its visits are kept.
    s.w.clock.advance(30 * 86_400);
    let e = app.ask_identity(&s.police, &ask(s.case, "case")).await.unwrap_err();
    assert_eq!(e.code, "identity.no_case");
    // No other way leads there.
    let whom = Whom::Holder(s.beside.1);
    let found = app.find_holder(&s.police, &whom, Purpose::ContactTracing).await;
    assert_eq!(found.unwrap_err().kind, Kind::Forbidden);
    let opened =
        app.open_holder(&s.police, s.beside.1, Purpose::ContactTracing, Some(s.case)).await;
    assert_eq!(opened.unwrap_err().kind, Kind::Forbidden);
    assert_eq!(app.list_cases(&s.police).await.unwrap_err().kind, Kind::Forbidden);
}

/// CoWIN 2023: what one agency can ask within a day is the mandate's number; beyond it is an alarm.
#[tokio::test]
async fn h25_too_many_requests_are_refused_and_an_alarm() {
    let mut s = scene().await;
    s.w.settings.identity_requests_per_day = 3;
    s.w.renew_mandate().await;
    let nothing = IdentityInput { purpose: "other".to_owned(), ..ask(s.case, "case") };
    for code in ["identity.no_such_purpose"; 3].into_iter().chain(["identity.too_many"; 2]) {
        let e = s.w.app.ask_identity(&s.police, &nothing).await.unwrap_err();
        assert_eq!(e.code, code);
    }
    let leaves = s.w.log(0, 500).await;
    let alarms = leaves.iter().filter(|l| matches!(Leaf::decode(&l.bytes), Ok(Leaf::Alarm { .. })));
    assert_eq!(alarms.count(), 1);
    // Another agency's number is its own.
    s.w.app.ask_identity(&s.officer, &ask(s.case, "case")).await.unwrap();
}

#[tokio::test]
async fn h20_one_agency_alone_learns_nothing_and_a_withdrawn_case_opens_nothing() {
    let mut s = scene().await;
    let colleague = s.w.colleague(&s.officer).await;
    let far = s.w.staff("prevention_team", "officer", "CN-44").await;
    let app = &s.w.app;
    let r = app.ask_identity(&s.officer, &ask(s.case, "case")).await.unwrap();
    let e = app.approve_identity(&colleague, r.id).await.unwrap_err();
    assert_eq!(e.code, "identity.same_agency");
    let e = app.approve_identity(&far, r.id).await.unwrap_err();
    assert_eq!(e.kind, Kind::NotFound, "whoever lives elsewhere is nobody");
    app.approve_identity(&s.second, r.id).await.unwrap();
    app.withdraw_case(&s.officer, s.case).await.unwrap();
    let e = app.read_identity(&s.officer, r.id).await.unwrap_err();
    assert_eq!(e.kind, Kind::Conflict);
    // Ended by whoever asked: they may ask for somebody else.
    app.close_identity(&s.officer, r.id).await.unwrap();
    assert_eq!(app.close_identity(&s.officer, r.id).await.unwrap_err().code, "identity.decided");
    let e = app.ask_identity(&s.officer, &ask(s.case, "case")).await.unwrap_err();
    assert_eq!(e.code, "identity.no_case");
}

//! What several files set up alike: lists of passengers, traces, gates, visits as store and index have
//! them.

use std::collections::BTreeSet;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use jadegate_domain::{Colour, GateId, HolderId, Period, PlaceId, Timestamp};
use jadegate_service::holder::register::RegistrationInput;
use jadegate_service::import::rides::RideReport;
use jadegate_service::staff::{CaseInput, PlaceInput, TraceDetail};
use jadegate_service::{GateSession, StaffSession};

use super::{HOME, World, case_of, document, phone};

/// The columns of a list of passengers.
pub(crate) const RIDES: &str =
    "kind,number,date,division,holder,from_no,from,departs,to_no,to,arrives,seat\n";
/// All the time there is.
pub(crate) const EVER: Period = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };

/// So many who live in the same place.
pub(crate) async fn people(w: &mut World, n: u32) -> Vec<HolderId> {
    let mut all = Vec::new();
    for _ in 0..n {
        all.push(w.register(HOME).await.1);
    }
    all
}

/// How many of them are not green.
pub(crate) async fn coloured(w: &World, people: &[HolderId]) -> usize {
    let mut n = 0;
    for holder in people {
        n += usize::from(w.colour(*holder).await != Colour::Green);
    }
    n
}

/// A carrier's list with these lines.
pub(crate) async fn import_rides(w: &World, carrier: &StaffSession, lines: &str) -> RideReport {
    let by = w.app.conductor(carrier).unwrap();
    w.app.import_rides(&by, format!("{RIDES}{lines}").as_bytes()).await.unwrap()
}

/// A case of somebody, and its trace.
pub(crate) async fn traced(w: &World, officer: &StaffSession, case: HolderId) -> TraceDetail {
    let input = CaseInput { trace: true, ..case_of(case) };
    let recorded = w.app.record_case(officer, &input).await.unwrap();
    w.app.trace_detail(officer, recorded.trace.unwrap().trace).await.unwrap()
}

/// Visits: who, where, from, until.
pub(crate) type Known = BTreeSet<(HolderId, PlaceId, Timestamp, Option<Timestamp>)>;

/// Everything the store has.
pub(crate) async fn stored(w: &World) -> Known {
    let mut all = Known::new();
    for day in w.store.visit_days().await.unwrap() {
        let visits = w.store.visits_on(day).await.unwrap();
        all.extend(visits.into_iter().map(|v| (v.holder, v.place, v.entered, v.left)));
    }
    all
}

/// What the index knows of these people.
pub(crate) fn known(w: &World, people: &[HolderId]) -> Known {
    let of = |h: &HolderId| {
        let visits = w.app.visits_between(*h, EVER).into_iter();
        visits.map(|(place, entered, left)| (*h, place, entered, left)).collect::<Vec<_>>()
    };
    people.iter().flat_map(of).collect()
}

/// Who owns a document fills in the form with a phone.
pub(crate) fn registration(document_of: u32, phone_of: u32) -> RegistrationInput {
    RegistrationInput {
        name: "Test Person".to_owned(),
        document: document(document_of),
        nationality: "CN".to_owned(),
        phone: phone(phone_of),
        phone_country: None,
        home_division: HOME.to_owned(),
        language: "en".to_owned(),
        proof: None,
    }
}

/// A gate of a place, enrolled and signed in with a key of its own.
pub(crate) async fn gate_of(w: &mut World, place: PlaceId) -> GateSession {
    let admin = w.staff("operator", "administrator", "CN").await;
    let link = w.app.enrolment_link(&admin, place).await.unwrap().link;
    let rng = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let token = link.split('=').nth(1).unwrap();
    let gate = w.app.enrol_gate(token, "North door", key.public_key().as_ref()).await.unwrap().gate;
    let nonce = w.app.gate_challenge(gate);
    let text = format!("jadegate-gate-v1\n{gate}\n{nonce}");
    let signature = key.sign(&rng, text.as_bytes()).unwrap();
    let session = w.app.begin_gate_session(gate, &nonce, signature.as_ref(), "").await.unwrap();
    w.app.gate_session(&session.token).await.unwrap()
}

/// A gate of a cafe that this manager keeps, with a key that nobody has.
pub(crate) async fn gate_kept_by(w: &World, manager: &StaffSession) -> GateId {
    let input = PlaceInput {
        name: "Made-up Cafe".to_owned(),
        kind: "restaurant".to_owned(),
        division: HOME.to_owned(),
    };
    let place = w.app.create_place(manager, &input).await.unwrap();
    let link = w.app.enrolment_link(manager, place.id).await.unwrap().link;
    let token = link.split("enrol=").nth(1).unwrap();
    let key = [&[4_u8][..], &[7; 64]].concat();
    w.app.enrol_gate(token, "North door", &key).await.unwrap().gate
}

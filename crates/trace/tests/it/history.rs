//! What went wrong with real health codes must not be possible here.

use crate::common::{case, holder, minute, period, place, plain_rules, unproven, visit};
use jadegate_domain::evidence::Certainty;
use jadegate_domain::{PlaceId, PlaceKind};
use jadegate_trace::{VisitIndex, exposures_to_event, trace};

fn office(_: PlaceId) -> PlaceKind {
    PlaceKind::Office
}

/// Zhengzhou, June 2022: 871 people turned red after scanning a forwarded photo of a venue code
/// from another city. A printed code proves no presence: by itself it makes nobody a contact of a
/// case who was there, nor of a published event there, nor does a case's own scan of one endanger
/// those who were there.
#[test]
fn h07_forwarded_venue_picture() {
    let scanned_the_photo = (1..=871).map(|n| unproven(visit(n, 0, 0, 240)));
    let index = VisitIndex::build(scanned_the_photo.chain([visit(0, 0, 0, 240)]));
    let cases = [case(0, 0, period(0, 1_000))];
    let rules = plain_rules();
    assert_eq!(trace(&index, &cases, &rules, office, minute(2_000)).contacts, []);
    let event = exposures_to_event(&index, place(0), period(0, 240), &rules, office, minute(2_000));
    let scanned = event.iter().filter(|e| e.holder != holder(0));
    assert!(scanned.clone().all(|e| e.contact.is_none() && e.minutes == 0));
    assert_eq!(scanned.count(), 871, "they are listed, as unproven");

    let the_case_scanned_it = (1..=871).map(|n| visit(n, 0, 0, 240));
    let index = VisitIndex::build(the_case_scanned_it.chain([unproven(visit(0, 0, 0, 240))]));
    assert_eq!(trace(&index, &cases, &rules, office, minute(2_000)).contacts, []);

    // The same stays seen by a gate: this is what the photo pretended.
    let there = (0..=871).map(|n| visit(n, 0, 0, 240));
    let found = trace(&VisitIndex::build(there), &cases, &rules, office, minute(2_000)).contacts;
    assert_eq!(found.len(), 871);
    assert!(found.iter().all(|c| c.certainty == Certainty::Recorded));
}

/// Chengdu, November 2021: 82,000 people were flagged for sharing an 800 m phone cell with a case
/// for ten minutes. Here being near is not enough: it takes the same place, at the same time, for
/// the policy's minutes, and the minutes and their certainty are told.
#[test]
fn h11_phone_cell() {
    // A hundred places in one cell and ten people at each all afternoon, but for one who leaves
    // ten minutes after the case comes to place 0.
    let around = (1..=1_000u64).map(|n| visit(n, n % 100, 0, if n == 100 { 70 } else { 240 }));
    let index = VisitIndex::build(around.chain([visit(0, 0, 60, 120)]));
    let cases = [case(0, 0, period(0, 1_000))];
    let found = trace(&index, &cases, &plain_rules(), office, minute(2_000)).contacts;
    let who: Vec<_> = found.iter().map(|c| (c.holder, c.minutes)).collect();
    assert_eq!(who, (2..=10).map(|n| (holder(n * 100), 60)).collect::<Vec<_>>());

    // Elsewhere at the same time, and at the same place at another time, is no contact.
    let table = VisitIndex::build([
        visit(0, 0, 70, 130),
        visit(1, 0, 100, 150),
        visit(2, 1, 70, 130),
        visit(3, 0, 0, 70),
    ]);
    let found = trace(&table, &cases, &plain_rules(), office, minute(2_000)).contacts;
    let told: Vec<_> = found.iter().map(|c| (c.holder, c.minutes, c.certainty)).collect();
    assert_eq!(told, [(holder(1), 30, Certainty::Recorded)]);
}

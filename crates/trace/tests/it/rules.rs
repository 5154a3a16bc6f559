//! What counts as shared time, one rule at a time.

use crate::common::{case, holder, minute, period, place, plain_rules, unproven, visit};
use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::{Leg, PlaceId, PlaceKind, Ride};
use jadegate_trace::{
    Aboard, Bound, ContactFound, KindRules, KnownVisit, Near, Rules, VisitIndex,
    exposures_to_event, trace,
};

const NOW: i64 = 20_000;

fn shop(_: PlaceId) -> PlaceKind {
    PlaceKind::Shop
}

/// Contacts of holder 0, who is a case over the first week.
fn found(visits: &[KnownVisit], rules: &Rules) -> Vec<ContactFound> {
    let index = VisitIndex::build(visits.iter().copied());
    let cases = [case(0, 0, period(0, 10_000))];
    trace(&index, &cases, rules, shop, minute(NOW)).contacts
}

fn minutes(visits: &[KnownVisit], rules: &Rules) -> Vec<(u64, u32, Certainty)> {
    let number = |c: &ContactFound| c.holder.as_u64() - 1;
    found(visits, rules).iter().map(|c| (number(c), c.minutes, c.certainty)).collect()
}

fn with(change: impl FnOnce(&mut KindRules)) -> Rules {
    let mut kind = *plain_rules().at(PlaceKind::Shop);
    change(&mut kind);
    Rules::new(kind)
}

#[test]
fn shared_minutes_make_a_contact() {
    let got =
        found(&[visit(0, 0, 0, 60), visit(1, 0, 30, 90), visit(2, 1, 30, 90)], &plain_rules());
    assert_eq!(got.len(), 1);
    let c = &got[0];
    assert_eq!((c.holder, c.degree, c.minutes), (holder(1), ContactDegree::Close, 30));
    assert_eq!((c.certainty, c.via), (Certainty::Recorded, None));
    assert_eq!((c.first_contact, c.last_contact), (minute(30), minute(60)));
    let e = c.exposures[0];
    assert_eq!(
        (e.place, e.place_kind, e.minutes_lower, e.minutes_upper),
        (place(0), PlaceKind::Shop, 30, 30)
    );
}

#[test]
fn the_threshold_is_reached_to_the_second() {
    for (shared, contacts) in [(14, 0), (15, 1), (16, 1)] {
        let got = found(&[visit(0, 0, 0, 60), visit(1, 0, 60 - shared, 90)], &plain_rules());
        assert_eq!(got.len(), contacts, "{shared} minutes");
    }
}

#[test]
fn minutes_add_up_over_places_and_days() {
    let visits =
        [visit(0, 0, 0, 60), visit(1, 0, 50, 90), visit(0, 1, 3000, 3060), visit(1, 1, 2990, 3005)];
    assert_eq!(minutes(&visits, &plain_rules()), [(1, 15, Certainty::Recorded)]);
}

#[test]
fn touching_or_empty_stays_share_nothing() {
    let any = with(|k| k.contact_minutes = 0);
    let visits =
        [visit(0, 0, 10, 60), visit(1, 0, 60, 90), visit(2, 0, 0, 10), visit(3, 0, 30, 30)];
    assert_eq!(minutes(&visits, &any), []);
    let empty = [visit(0, 0, 30, 30), visit(1, 0, 0, 60)];
    assert_eq!(minutes(&empty, &with(|k| (k.contact_minutes, k.lingering_minutes) = (0, 30))), []);
}

#[test]
fn the_same_minute_counts_once() {
    let visits = [
        visit(0, 0, 0, 20),
        visit(0, 0, 0, 20),
        visit(0, 0, 5, 15),
        visit(1, 0, 10, 30),
        visit(1, 0, 8, 12),
    ];
    assert_eq!(minutes(&visits, &with(|k| k.contact_minutes = 1)), [(1, 12, Certainty::Recorded)]);
}

#[test]
fn a_missing_exit_is_assumed_and_cut_by_the_next_entry_and_by_now() {
    let open = [visit(0, 0, 0, 600), visit(1, 0, 100, None)];
    assert_eq!(minutes(&open, &plain_rules()), [(1, 60, Certainty::Assumed)]);
    let elsewhere = [open[0], open[1], visit(1, 1, 120, 130)];
    assert_eq!(minutes(&elsewhere, &plain_rules()), [(1, 20, Certainty::Assumed)]);
    let again_here = [open[0], open[1], visit(1, 0, 120, 130)];
    assert_eq!(minutes(&again_here, &plain_rules()), [(1, 60, Certainty::Assumed)]);
    let a_picture_elsewhere = [open[0], open[1], unproven(visit(1, 1, 120, 130))];
    assert_eq!(minutes(&a_picture_elsewhere, &plain_rules()), [(1, 60, Certainty::Assumed)]);
    let until_now = [visit(0, 0, NOW - 40, NOW + 600), visit(1, 0, NOW - 20, None)];
    let index = VisitIndex::build(until_now);
    let cases = [case(0, 0, period(0, NOW + 600))];
    let got = trace(&index, &cases, &plain_rules(), shop, minute(NOW)).contacts;
    assert_eq!((got.len(), got[0].minutes), (1, 20));
}

#[test]
fn the_lower_bound_counts_recorded_minutes_only() {
    let mut lower = plain_rules();
    lower.counts = Bound::Lower;
    let visits = [visit(0, 0, 0, 600), visit(1, 0, 100, None), visit(2, 0, 100, 130)];
    assert_eq!(minutes(&visits, &lower), [(2, 30, Certainty::Recorded)]);
}

#[test]
fn unproven_presence_needs_something_beside_it() {
    let picture = unproven(visit(1, 0, 0, 60));
    assert_eq!(minutes(&[visit(0, 0, 0, 60), picture], &plain_rules()), []);
    assert_eq!(minutes(&[unproven(visit(0, 0, 0, 60)), visit(1, 0, 0, 60)], &plain_rules()), []);
    let and_met = [visit(0, 0, 0, 60), picture, visit(0, 1, 100, 110), visit(1, 1, 105, 130)];
    let got = found(&and_met, &plain_rules());
    assert_eq!((got[0].minutes, got[0].certainty), (65, Certainty::Unproven));
    assert_eq!(got[0].exposures.len(), 2);
    assert_eq!(got[0].exposures[0].minutes_lower, 0);
    // Enough proven minutes need no picture.
    let met_longer = [visit(0, 0, 0, 60), picture, visit(0, 1, 100, 130), visit(1, 1, 105, 130)];
    assert_eq!(minutes(&met_longer, &plain_rules()), [(1, 85, Certainty::Recorded)]);
}

#[test]
fn the_case_is_dangerous_only_inside_the_window_and_while_it_lingers() {
    let visits = [visit(0, 0, -30, 20), visit(1, 0, -30, 60)];
    assert_eq!(minutes(&visits, &plain_rules()), [(1, 20, Certainty::Recorded)]);
    let rules = with(|k| k.lingering_minutes = 10);
    assert_eq!(minutes(&visits, &rules), [(1, 30, Certainty::Recorded)]);
    let after = [visit(0, 0, 0, 60), visit(1, 0, 60, 90)];
    assert_eq!(
        minutes(&after, &with(|k| k.lingering_minutes = 15)),
        [(1, 15, Certainty::Recorded)]
    );
    let isolated = [visit(0, 0, 9_970, 10_100), visit(1, 0, 9_900, 10_100)];
    assert_eq!(minutes(&isolated, &plain_rules()), [(1, 30, Certainty::Recorded)]);
}

#[test]
fn a_stay_of_a_week_is_found_from_its_last_hour() {
    let mut visits = vec![visit(1, 0, 0, 9_000), visit(0, 0, 8_900, 8_960)];
    visits.extend((0..500).map(|i| visit(2 + i, 0, 100 + i.cast_signed(), 101 + i.cast_signed())));
    assert_eq!(minutes(&visits, &plain_rules()), [(1, 60, Certainty::Recorded)]);
}

#[test]
fn an_exit_scanned_later_replaces_the_assumed_end() {
    let mut index = VisitIndex::new();
    let open = visit(1, 0, 100, None);
    index.insert(visit(0, 0, 0, 600));
    index.insert(open);
    let cases = [case(0, 0, period(0, 10_000))];
    let minutes = |index: &VisitIndex| {
        let got = trace(index, &cases, &plain_rules(), shop, minute(NOW)).contacts;
        got.first().map(|c| (c.minutes, c.certainty))
    };
    assert_eq!(minutes(&index), Some((60, Certainty::Assumed)));
    let before = index.clone();
    index.insert(KnownVisit { left: Some(minute(120)), ..open });
    assert_eq!(minutes(&index), Some((20, Certainty::Recorded)));
    assert_eq!(minutes(&before), Some((60, Certainty::Assumed)), "a snapshot stays as it was");
}

#[test]
fn a_contact_infects_others_only_after_the_delay() {
    let mut rules = plain_rules();
    let day = 1_440;
    let visits = [
        visit(0, 0, 0, 60),
        visit(1, 0, 0, 60),
        // With holder 1, before and after the delay of a day.
        visit(1, 1, 600, 700),
        visit(2, 1, 600, 700),
        visit(1, 2, day + 100, day + 200),
        visit(3, 2, day + 100, day + 200),
        // With the case itself, too shortly.
        visit(4, 0, 55, 70),
        visit(4, 2, day + 150, day + 200),
    ];
    let got = found(&visits, &rules);
    let who: Vec<_> = got.iter().map(|c| (c.holder, c.degree, c.via, c.minutes)).collect();
    let second = ContactDegree::Secondary;
    assert_eq!(
        who,
        [
            (holder(1), ContactDegree::Close, None, 60),
            (holder(3), second, Some(holder(1)), 100),
            (holder(4), second, Some(holder(1)), 50),
        ]
    );
    rules.secondary_delay_hours = 1;
    assert_eq!(found(&visits, &rules).len(), 4);
    rules.max_hops = 1;
    assert_eq!(found(&visits, &rules).len(), 1);
    rules.max_hops = 0;
    assert_eq!(found(&visits, &rules).len(), 0);
}

#[test]
fn thresholds_of_different_kinds_each_add_their_share() {
    let mut rules = plain_rules();
    let outdoor = KindRules { contact_minutes: 60, ..*rules.at(PlaceKind::Shop) };
    rules.set(PlaceKind::Outdoor, outdoor);
    let kind = |p: PlaceId| if p == place(0) { PlaceKind::Outdoor } else { PlaceKind::Shop };
    let contacts = |outdoors: i64, shop: i64| {
        let index = VisitIndex::build([
            visit(0, 0, 0, 100),
            visit(1, 0, 0, outdoors),
            visit(0, 1, 200, 300),
            visit(1, 1, 200, 200 + shop),
        ]);
        trace(&index, &[case(0, 0, period(0, 1000))], &rules, kind, minute(NOW)).contacts.len()
    };
    assert_eq!([contacts(59, 0), contacts(60, 0), contacts(0, 14), contacts(0, 15)], [0, 1, 0, 1]);
    assert_eq!([contacts(40, 4), contacts(40, 5), contacts(30, 7)], [0, 1, 0]);
}

#[test]
fn a_case_can_be_a_contact_of_another_case_but_not_of_itself() {
    let index = VisitIndex::build([visit(0, 0, 0, 60), visit(1, 0, 0, 60), visit(0, 0, 10, 50)]);
    let cases = [case(0, 0, period(0, 100)), case(1, 1, period(0, 100)), case(2, 9, period(0, 1))];
    let got = trace(&index, &cases, &plain_rules(), shop, minute(NOW)).contacts;
    let pairs: Vec<_> = got.iter().map(|c| (c.holder, c.case)).collect();
    assert_eq!(pairs, [(holder(0), cases[1].case), (holder(1), cases[0].case)]);
}

#[test]
fn a_published_event_names_everyone_with_their_minutes() {
    let index = VisitIndex::build([
        visit(1, 0, 0, 60),
        visit(2, 0, 55, 90),
        unproven(visit(3, 0, 0, 60)),
        visit(4, 1, 0, 60),
        visit(5, 0, 60, 90),
        visit(6, 0, 50, None),
    ]);
    let got =
        exposures_to_event(&index, place(0), period(10, 60), &plain_rules(), shop, minute(NOW));
    let who: Vec<_> = got.iter().map(|e| (e.holder, e.minutes, e.contact)).collect();
    assert_eq!(
        who,
        [
            (holder(1), 50, Some(Certainty::Recorded)),
            (holder(6), 10, None),
            (holder(2), 5, None),
            (holder(3), 0, None),
        ]
    );
    assert_eq!(got[3].exposures[0].certainty, Certainty::Unproven);
}

#[test]
fn stays_without_an_end_are_found_among_short_ones() {
    // Everyone in the first blocks of the place is there without a known end or for a moment.
    let mut visits: Vec<_> = (1..300).map(|n| visit(n, 0, 0, (n % 2 == 0).then_some(1))).collect();
    visits.push(visit(0, 0, 40, 60));
    assert_eq!(found(&visits, &plain_rules()).len(), 150);
}

#[test]
fn a_secondary_contact_is_explained_by_the_close_contact_they_met_longest() {
    let via = |with_1: i64, with_2: i64| {
        let visits = [
            visit(0, 0, 0, 60),
            visit(1, 0, 0, 60),
            visit(2, 0, 0, 60),
            visit(1, 1, 3_000, 3_000 + with_1),
            visit(2, 1, 4_000, 4_000 + with_2),
            visit(3, 1, 3_000, 3_100),
            visit(3, 1, 4_000, 4_100),
        ];
        let found = found(&visits, &plain_rules());
        let last = found.last().map(|c| (c.holder, c.via, c.minutes));
        assert_eq!(found.len(), 3, "once, though met twice");
        last
    };
    assert_eq!(via(50, 40), Some((holder(3), Some(holder(1)), 50)));
    assert_eq!(via(40, 50), Some((holder(3), Some(holder(2)), 50)));
    assert_eq!(via(40, 40), Some((holder(3), Some(holder(1)), 40)), "of equals the first id");
}

#[test]
fn old_visits_go_and_those_of_the_first_moment_kept_stay() {
    let mut index = VisitIndex::build([visit(0, 0, 9, 60), visit(1, 0, 10, 60)]);
    index.insert(visit(2, 1, 9, None));
    index.insert(visit(3, 1, 10, None));
    index.remove_before(minute(10));
    let mut kept: Vec<_> = index.all().map(|v| (v.holder, v.place)).collect();
    kept.sort_unstable();
    assert_eq!(kept, [(holder(1), place(0)), (holder(3), place(1))]);
    assert_eq!(index.visits_of(holder(0), period(0, 100)).count(), 0);
    assert_eq!(index.visits_of(holder(3), period(0, 100)).count(), 1);
}

#[test]
fn moments_out_of_range_do_no_harm() {
    let late = jadegate_domain::Timestamp::MAX;
    let mut skewed = visit(1, 0, 0, None);
    (skewed.entered, skewed.left) = (late, Some(late));
    let mut endless = visit(2, 0, 0, None);
    endless.left = Some(late);
    let rules = with(|k| (k.assumed_stay_minutes, k.lingering_minutes) = (u32::MAX, u32::MAX));
    assert_eq!(minutes(&[visit(0, 0, 0, 60), skewed, endless], &rules).len(), 1);
    let mut index = VisitIndex::build([skewed, endless]);
    index.remove_before(late);
    assert_eq!(index.len(), 1);
}

/// Holder 0 is a case on seat 12A, from the first stop to the third.
fn found_aboard(kind: PlaceKind, aboard: Aboard, others: &[(u64, Ride)]) -> Vec<u64> {
    let seat_0 = ride(Some("12A"), Some((0, 2)));
    let passengers = [others, &[(0, seat_0)]].concat();
    let mut index = VisitIndex::build(passengers.iter().map(|(who, _)| visit(*who, 0, 0, 60)));
    for (who, ride) in passengers {
        index.set_ride(holder(who), place(0), minute(0), ride);
    }
    let mut rules = plain_rules();
    rules.set_aboard(kind, aboard);
    let cases = [case(0, 0, period(0, 100))];
    let contacts = trace(&index, &cases, &rules, |_| kind, minute(NOW)).contacts;
    contacts.iter().map(|c| c.holder.as_u64() - 1).collect()
}

fn ride(seat: Option<&str>, leg: Option<(u16, u16)>) -> Ride {
    let leg = leg.and_then(|(from, to)| Leg::new(from, to).ok());
    Ride { leg, seat: seat.and_then(|s| s.parse().ok()) }
}

/// On a flight it is those a few rows before and behind, not two hundred people.
#[test]
fn on_a_flight_the_rows_count() {
    let others = [
        (1, ride(Some("9F"), None)),
        (2, ride(Some("8A"), None)),
        (3, ride(Some("15C"), None)),
        (4, ride(Some("16C"), None)),
        (5, ride(Some("12B"), None)),
        (6, ride(None, None)),
    ];
    let rows = |rows, unknown_is_near| Aboard { near: Near::Rows(rows), unknown_is_near };
    let found = |aboard| found_aboard(PlaceKind::Flight, aboard, &others);
    assert_eq!(found(rows(3, false)), [1, 3, 5]);
    assert_eq!(found(rows(3, true)), [1, 3, 5, 6], "whoever sat nobody knows where");
    assert_eq!(found(rows(0, false)), [5]);
    assert_eq!(found(Aboard::WHOLE_VEHICLE), [1, 2, 3, 4, 5, 6]);
    // Rows mean nothing to a venue.
    assert_eq!(found_aboard(PlaceKind::Shop, rows(0, false), &others).len(), 6);
}

#[test]
fn on_a_train_the_coach_counts() {
    let others =
        [(1, ride(Some("05-1A"), None)), (2, ride(Some("1A"), None)), (3, ride(None, None))];
    let aboard = Aboard { near: Near::Coach, unknown_is_near: false };
    assert_eq!(found_aboard(PlaceKind::Train, aboard, &others), [2]);
}

/// On a bus it is those who were aboard between the same stops, whatever the gates' clocks say.
#[test]
fn on_a_bus_the_stops_count() {
    let others = [
        (1, ride(None, Some((2, 5)))),
        (2, ride(None, Some((1, 5)))),
        (3, ride(None, Some((0, 1)))),
        (4, ride(None, None)),
    ];
    assert_eq!(found_aboard(PlaceKind::Bus, Aboard::WHOLE_VEHICLE, &others), [2, 3, 4]);
}

/// A published flight names no seat: everyone aboard learns of it.
#[test]
fn a_published_trip_concerns_everyone_aboard() {
    let mut index = VisitIndex::build([visit(1, 0, 0, 60)]);
    index.set_ride(holder(1), place(0), minute(0), ride(Some("40A"), None));
    let mut rules = plain_rules();
    rules.set_aboard(PlaceKind::Flight, Aboard { near: Near::Rows(3), unknown_is_near: false });
    let flight = |_: PlaceId| PlaceKind::Flight;
    let got = exposures_to_event(&index, place(0), period(0, 60), &rules, flight, minute(NOW));
    assert_eq!((got.len(), got[0].minutes), (1, 60));
}

/// The clock of the gate at the exit is slow: the visit ends before it begins. It is a visit of no
/// time, which still ends the one without an end.
#[test]
fn an_exit_before_its_entry_is_a_visit_of_no_time() {
    let any = with(|k| k.contact_minutes = 0);
    let skewed = visit(1, 0, 30, 20);
    assert_eq!(minutes(&[visit(0, 0, 0, 60), skewed], &any), []);
    assert_eq!(minutes(&[visit(0, 0, 0, 60), visit(1, 0, 30, None), skewed], &any), []);
    let mut index = VisitIndex::build([visit(0, 0, 0, 60), visit(1, 0, 30, None)]);
    let entry = jadegate_domain::Visit {
        holder: holder(1),
        place: place(0),
        entered: minute(30),
        left: None,
        presence: jadegate_domain::Presence::Gate,
    };
    index.close(&entry, minute(20));
    let cases = [case(0, 0, period(0, 10_000))];
    assert_eq!(trace(&index, &cases, &any, shop, minute(NOW)).contacts, []);
}

//! Cases of Corona-Warn-App's presence tracing, run where the meaning is the same.
//!
//! Source: `corona-warn-app/cwa-app-android` (Apache-2.0), under
//! `Corona-Warn-App/src/test/java/de/rki/coronawarnapp/presencetracing/`: `OverlapTest` and
//! `FindMatchesTest` in `risk/calculation`, `TimeIntervalDeriverTest` in `checkins/derivetime`.
//! Inputs and expected values only.
//!
//! A check-in is a visit of somebody, a warning a published event of `period` times ten minutes.
//! Where ours differs, on purpose:
//! - **Rounding.** They round minutes to the nearest; we cut to whole minutes and compare with the
//!   threshold in seconds, so that "15 minutes" is never said of less. Seconds are the same.
//! - **Own visits.** They drop a check-in that was submitted by its own user; we drop a case's own
//!   visits by the holder, in `rules.rs`.
//! - **Deriving times.** Before a case's check-in is published they drop stays under ten minutes,
//!   add as much lingering as the stay was long (at most 30 minutes) and round to ten-minute
//!   slots, because only slots may be published. Our stays are not published: they are compared to
//!   the second, short ones count too, and the lingering time is the policy's number. So for their
//!   scenarios we check that our dangerous time, with their lingering for that stay, differs from
//!   theirs by no more than their rounding.
//! - **Weights by transmission risk** (`PresenceTracingRiskCalculatorTest`) have no counterpart:
//!   whether a case was infectious is its window, not a weight.

#![expect(clippy::unwrap_used, reason = "unreadable input fails the test")]

use crate::common::{holder, place, plain_rules};
use jadegate_domain::{Period, PlaceId, PlaceKind, Presence, Timestamp};
use jadegate_trace::{
    CaseInput, EventExposure, KnownVisit, Rules, VisitIndex, exposures_to_event, trace,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn other(_: PlaceId) -> PlaceKind {
    PlaceKind::Other
}

fn any_time() -> Rules {
    let mut kind = *plain_rules().at(PlaceKind::Other);
    (kind.contact_minutes, kind.secondary_minutes) = (0, 0);
    Rules::new(kind)
}

fn check_in(who: u64, at_place: u64, from: &str, to: &str) -> KnownVisit {
    KnownVisit {
        holder: holder(who),
        place: place(at_place),
        entered: at(from),
        left: Some(at(to)),
        presence: Presence::Gate,
    }
}

fn warned(visits: &[KnownVisit], at_place: u64, from: &str, slots: i64) -> Vec<EventExposure> {
    let index = VisitIndex::build(visits.iter().copied());
    let during = Period { from: at(from), to: at(from).plus_secs(slots * 600) };
    exposures_to_event(
        &index,
        place(at_place),
        during,
        &any_time(),
        other,
        at("2021-04-01T00:00:00Z"),
    )
}

/// Name in `OverlapTest`, check-in from and to on 2021-03-04, place of the check-in (the warning is
/// for place 0, from 10:00, six slots), their rounded minutes, or `None` for no overlap.
const OVERLAPS: &[(&str, &str, &str, u64, Option<i64>)] = &[
    ("guids do not match", "09:30:00", "09:45:00", 1, None),
    ("check-in precedes warning", "09:30:00", "09:45:00", 0, None),
    ("check-in is preceded by warning", "11:15:00", "11:20:00", 0, None),
    ("check-in meets warning at the start", "09:30:00", "10:00:00", 0, None),
    ("check-in meets warning at the end", "11:00:00", "11:10:00", 0, None),
    ("check-in overlaps warning at the start", "09:30:00", "10:12:00", 0, Some(12)),
    ("check-in overlaps warning at the end", "10:45:00", "11:12:00", 0, Some(15)),
    ("check-in starts warning", "10:00:00", "10:13:00", 0, Some(13)),
    ("check-in during warning", "10:15:00", "10:17:00", 0, Some(2)),
    ("check-in finishes warning", "10:30:00", "11:00:00", 0, Some(30)),
    ("check-in equals warning", "10:00:00", "11:00:00", 0, Some(60)),
    ("overlap after rounding (up)", "09:50:00", "10:05:45", 0, Some(6)),
    ("overlap after rounding (down)", "09:50:00", "10:05:15", 0, Some(5)),
];

#[test]
fn overlaps() {
    for (name, from, to, at_place, minutes) in OVERLAPS {
        let day = |time: &str| format!("2021-03-04T{time}Z");
        let visit = check_in(1, *at_place, &day(from), &day(to));
        let found = warned(&[visit], 0, &day("10:00:00"), 6);
        let exposures: Vec<_> = found.iter().flat_map(|e| &e.exposures).collect();
        let rounded: Vec<i64> =
            exposures.iter().map(|e| (e.to.secs_since(e.from) + 30) / 60).collect();
        assert_eq!(rounded, minutes.iter().copied().collect::<Vec<_>>(), "{name}");
        let cut = exposures.iter().map(|e| e.to.secs_since(e.from) / 60);
        let told = exposures.iter().map(|e| i64::from(e.minutes_lower));
        assert!(told.eq(cut), "{name}: whole minutes, cut");
    }
}

/// `findMatches works`: two check-ins against two warnings; one match, check-in 3, 15 minutes.
#[test]
fn find_matches() {
    let visits = [
        check_in(2, 0, "2021-03-04T10:15:00+01:00", "2021-03-04T10:17:00+01:00"),
        check_in(3, 1, "2021-03-04T09:15:00+01:00", "2021-03-04T10:45:00+01:00"),
    ];
    let first = warned(&visits, 1, "2021-03-04T10:30:00+01:00", 6);
    let second = warned(&visits, 0, "2021-03-04T15:30:00+01:00", 6);
    let matches: Vec<_> = first.iter().chain(&second).map(|e| (e.holder, e.minutes)).collect();
    assert_eq!(matches, [(holder(3), 15)]);
}

/// Scenario, stay from and to, published from and to (+01:00 on 2021-03-04); `None`: dropped.
type Derived = (u8, &'static str, &'static str, Option<(&'static str, &'static str)>);
const DERIVED: &[Derived] = &[
    (1, "10:21", "10:29", None),
    (2, "10:20", "10:30", Some(("10:20", "10:40"))),
    (3, "10:21", "10:31", Some(("10:20", "10:40"))),
    (4, "10:26", "10:36", Some(("10:30", "10:50"))),
    (5, "10:21", "10:33", Some(("10:20", "10:40"))),
    (6, "10:24", "10:36", Some(("10:30", "10:50"))),
    (7, "10:25", "10:39", Some(("10:20", "10:50"))),
    (8, "10:28", "10:42", Some(("10:30", "11:00"))),
    (9, "10:25", "10:40", Some(("10:20", "10:50"))),
    (10, "10:22", "11:12", Some(("10:20", "11:40"))),
];

/// How long a place is dangerous after a stay, in our way: found by somebody who is there all day.
fn dangerous(from: &str, to: &str) -> (Timestamp, Timestamp) {
    let day = |time: &str| format!("2021-03-04T{time}:00+01:00");
    let stay = check_in(0, 0, &day(from), &day(to));
    let index = VisitIndex::build([stay, check_in(1, 0, &day("00:00"), &day("23:00"))]);
    let mut rules = any_time();
    let minutes = at(&day(to)).secs_since(at(&day(from))) / 60;
    let mut kind = *rules.at(PlaceKind::Other);
    kind.lingering_minutes = u32::try_from(minutes.min(30)).unwrap();
    rules.set(PlaceKind::Other, kind);
    let window = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
    let case =
        CaseInput { case: jadegate_domain::CaseId::from_random(1), holder: holder(0), window };
    let found = trace(&index, &[case], &rules, other, at("2021-04-01T00:00:00Z")).contacts;
    (found[0].first_contact, found[0].last_contact)
}

#[test]
fn derived_times() {
    for (scenario, from, to, published) in DERIVED {
        let (ours_from, ours_to) = dangerous(from, to);
        let day = |time: &str| at(&format!("2021-03-04T{time}:00+01:00"));
        let Some((theirs_from, theirs_to)) = published else {
            assert_eq!(ours_from, day(from), "{scenario}: short stays count here");
            continue;
        };
        assert_eq!(ours_from, day(from), "{scenario}");
        let (theirs_from, theirs_to) = (day(theirs_from), day(theirs_to));
        let off = |a: Timestamp, b: Timestamp| a.secs_since(b).abs();
        // They round the length to the nearest slot, then move it to where it covers most.
        assert!(off(ours_from, theirs_from) < 600, "{scenario}: {ours_from}");
        assert!(off(ours_to, theirs_to) < 600, "{scenario}: {ours_to}");
        let longer = ours_to.secs_since(ours_from) - theirs_to.secs_since(theirs_from);
        assert!(longer.abs() <= 300, "{scenario}: {longer} s longer");
    }
}

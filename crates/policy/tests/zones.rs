//! Midnights where people live: zones by division, daylight saving, leap days.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use jadegate_domain::{Colour, Division, Timestamp};
use jadegate_policy::{Policy, assess, read_evidence};
use proptest::prelude::*;

const THREE: &str = include_str!("../../../policies/three-colour.toml");

fn policy(zone: &str) -> Policy {
    Policy::parse(&THREE.replace("Asia/Shanghai", zone)).unwrap()
}

fn division(text: &str) -> Division {
    text.parse().unwrap()
}

/// When somebody whose last contact was then is green again.
fn green_at(policy: &Policy, last_contact: &str) -> String {
    let text = format!(
        "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nlast_contact = {last_contact}"
    );
    let e = read_evidence(&text).unwrap();
    let a = assess(&e, policy, last_contact.parse::<Timestamp>().unwrap());
    assert_eq!(a.colour, Colour::Red);
    let end = a.next_change.unwrap();
    assert_eq!(assess(&e, policy, end.plus_secs(-1)).colour, Colour::Red);
    assert_eq!(assess(&e, policy, end).colour, Colour::Green);
    end.to_string()
}

#[test]
fn the_narrowest_zone_that_holds_the_home_counts() {
    let zones = "[[zone]]\ndivisions = [\"CN-65\"]\ntime_zone = \"Asia/Urumqi\"\n\
                 [[zone]]\ndivisions = [\"CN-6501\"]\ntime_zone = \"Asia/Kolkata\"\n";
    let p = Policy::parse(&THREE.replace("[freshness]", &format!("{zones}\n[freshness]"))).unwrap();
    for (home, zone) in [
        ("CN-330106", "Asia/Shanghai"),
        ("CN", "Asia/Shanghai"),
        ("CN-65", "Asia/Urumqi"),
        ("CN-653101", "Asia/Urumqi"),
        ("CN-650102", "Asia/Kolkata"),
    ] {
        let there = p.for_home(&division(home));
        assert_eq!(there.time_zone_name(), zone, "{home}");
        assert_eq!(there.reference(), p.reference());
    }
    let contact = "2022-03-01T15:00:00+08:00";
    assert_eq!(green_at(&p, contact), "2022-03-15T16:00:00Z");
    assert_eq!(green_at(&p.for_home(&division("CN-653101")), contact), "2022-03-15T18:00:00Z");
}

#[test]
fn wrong_zones_are_refused() {
    for (zone, code) in [
        ("divisions = [\"US-NY\"]\ntime_zone = \"America/New_York\"", "bad_value"),
        ("divisions = [\"CN\"]\ntime_zone = \"Asia/Urumqi\"", "bad_value"),
        ("divisions = [\"CN-65\", \"CN-65\"]\ntime_zone = \"Asia/Urumqi\"", "twice"),
        ("divisions = [\"CN-65\"]\ntime_zone = \"Asia/Nowhere\"", "bad_value"),
        ("time_zone = \"Asia/Urumqi\"", "missing_key"),
    ] {
        let text = THREE.replace("[freshness]", &format!("[[zone]]\n{zone}\n[freshness]"));
        let problems = Policy::parse(&text).unwrap_err();
        assert!(problems.iter().any(|p| p.code == code), "{zone}: {problems:?}");
    }
}

#[test]
fn leap_days_count_and_changes_of_clocks_do_not_move_midnight() {
    for (zone, contact, end) in [
        // 29 February is a day like any other.
        ("Asia/Shanghai", "2024-02-20T12:00:00+08:00", "2024-03-05T16:00:00Z"),
        ("Asia/Shanghai", "2023-02-20T12:00:00+08:00", "2023-03-06T16:00:00Z"),
        ("Asia/Shanghai", "2024-02-29T12:00:00+08:00", "2024-03-14T16:00:00Z"),
        // Clocks forward on 27 March, back on 30 October.
        ("Europe/Berlin", "2022-03-20T12:00:00+01:00", "2022-04-03T22:00:00Z"),
        ("Europe/Berlin", "2022-10-20T12:00:00+02:00", "2022-11-03T23:00:00Z"),
        // Half an hour.
        ("Australia/Lord_Howe", "2022-03-25T12:00:00+11:00", "2022-04-08T13:30:00Z"),
        // Clocks go forward at midnight: the day begins at 01:00.
        ("America/Santiago", "2022-08-27T12:00:00-04:00", "2022-09-11T04:00:00Z"),
        // A day that never was: Samoa went from 29 to 31 December 2011.
        ("Pacific/Apia", "2011-12-20T12:00:00-10:00", "2012-01-03T10:00:00Z"),
    ] {
        assert_eq!(green_at(&policy(zone), contact), end, "{zone} {contact}");
    }
}

proptest! {
    /// Whatever the zone: whole local days end at the first moment of a local day, after no fewer
    /// than the stated days less the longest change of clocks.
    #[test]
    fn terms_end_when_a_local_day_begins(
        secs in 1_580_000_000i64..1_893_456_000,
        zone in prop::sample::select(vec![
            "Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/Santiago",
            "Australia/Lord_Howe", "America/New_York", "Africa/Cairo", "UTC",
        ]),
    ) {
        let p = policy(zone);
        let end: Timestamp = green_at(&p, &Timestamp::from_secs(secs).to_string()).parse().unwrap();
        let days = p.calendar();
        prop_assert_ne!(days.day_of(end), days.day_of(end.plus_secs(-1)));
        let span = end.secs_since(Timestamp::from_secs(secs));
        prop_assert!((14 * 86_400 - 7200..=15 * 86_400 + 7200).contains(&span), "{}", span);
    }
}

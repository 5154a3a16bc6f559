//! A wrong policy file is refused, and everything wrong with it is said at once.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use jadegate_policy::{Policy, read_evidence, run_cases};
use proptest::prelude::*;

const THREE: &str = include_str!("../../../policies/three-colour.toml");

/// The codes of the problems after replacing a part of the file.
fn codes(from: &str, to: &str) -> Vec<&'static str> {
    assert!(THREE.contains(from), "{from}");
    let problems = Policy::parse(&THREE.replacen(from, to, 1)).unwrap_err();
    assert!(problems.is_sorted());
    problems.into_iter().map(|p| p.code).collect()
}

#[test]
fn all_problems_are_reported_at_once_with_line_and_column() {
    let text = THREE
        .replace("version = 1", "verion = 1")
        .replace("Asia/Shanghai", "Asia/Shangai")
        .replace("seconds = 60", "seconds = \"60\"");
    let problems = Policy::parse(&text).unwrap_err();
    let line = |what: &str| text.lines().position(|l| l.contains(what)).unwrap() + 1;
    let found: Vec<_> = problems.iter().map(|p| (p.line, p.code)).collect();
    for expected in [
        (line("verion"), "unknown_key"),
        (line("Shangai"), "bad_value"),
        (line("seconds = \"60\""), "wrong_type"),
    ] {
        assert!(found.contains(&expected), "{expected:?} in {problems:#?}");
    }
    let unknown = problems.iter().find(|p| p.code == "unknown_key").unwrap();
    assert_eq!(unknown.column, 1);
    assert!(unknown.message.contains("did you mean `version`?"));
    assert!(unknown.to_string().starts_with(&format!("{}:1: ", unknown.line)));
}

#[test]
fn each_kind_of_mistake_has_its_code() {
    for (from, to, code) in [
        // More time together never makes it less likely, being further apart never likelier.
        ("minutes = 402", "minutes = -402", "out_of_range"),
        ("arrival = -619", "arrival = 619", "out_of_range"),
        ("people = -359", "people = 1", "out_of_range"),
        ("leaving = -470", "leaving = -0.47", "wrong_type"),
        ("leisure = { constant = 1345", "bus = { constant = 1345", "bad_value"),
        ("minutes_alone = {", "least_percent = 100\nminutes_alone = {", "out_of_range"),
        ("id = \"three-colour\"", "id = \"Three Colour\"", "bad_id"),
        ("country = \"CN\"", "country = \"China\"", "bad_value"),
        ("version = 1", "version = 0", "out_of_range"),
        ("[contact]\n", "[contact]\ncounts = \"most\"\n", "bad_value"),
        ("[contact]\n", "[contact]\nlingering_minutes = 1441\n", "out_of_range"),
        (
            "[contact.places]\n",
            "[contact.vehicles]\nshop = { near = \"coach\" }\n[contact.places]\n",
            "bad_value",
        ),
        (
            "[contact.places]\n",
            "[contact.vehicles]\nbus = { near = \"rows\" }\n[contact.places]\n",
            "bad_value",
        ),
        (
            "[contact.places]\n",
            "[contact.vehicles]\nbus = { near = \"vehicle\", rows = 3 }\n[contact.places]\n",
            "contradiction",
        ),
        (
            "[contact.places]\n",
            "[contact.vehicles]\nbus = { rows = 3 }\n[contact.places]\n",
            "missing_key",
        ),
        ("days = 14", "days = 0", "out_of_range"),
        ("days = 14", "days = 14\ncolour = \"red\"", "syntax"),
        ("days = 14\n", "days = 14\nends_when = [{ days = 3 }]\n", "contradiction"),
        ("days = 14\n", "", "endless"),
        ("{days} days after the diagnosis", "{weeks} weeks after the diagnosis", "placeholder"),
        ("colour = \"red\"", "colour = \"green\"", "bad_value"),
        ("colour = \"red\"", "colour = \"purple\"", "bad_value"),
        ("id = \"case\"", "id = \"symptoms\"", "twice"),
        ("count_from = \"confirmed\"", "count_from = \"exit\"", "bad_value"),
        ("risk_levels = [\"high\"], ", "", "missing_key"),
        ("risk_levels = [\"high\"]", "risk_levels = [\"low\"]", "bad_value"),
        ("symptoms = [\"any\"]", "symptoms = [\"boredom\"]", "bad_value"),
        ("temperature_from = 37.3", "temperature_from = 99.1", "out_of_range"),
        ("kind = \"arrival\"", "kind = \"visit\"", "bad_value"),
        ("refers_to = \"sample\"", "refers_to = \"hearsay\"", "bad_value"),
        ("\"border\", \"carrier\"", "\"border\", \"public_security\"", "may_not_record"),
        ("kind = \"release\"", "kind = \"test\"", "twice"),
        ("bus = {", "spaceship = {", "bad_value"),
        ("valid_from = 2020-01-01T00:00:00+08:00", "valid_from = 2020-01-01", "wrong_type"),
        ("evidence = \"case\"", "evidence = \"region_risk\"", "bad_value"),
        ("zh = \"三色健康码\"", "fr = \"Code\"", "missing_key"),
        ("max_hops = 2", "max_hops = 9", "out_of_range"),
    ] {
        let found = codes(from, to);
        assert!(found.contains(&code), "{to}: {found:?}");
    }
}

/// Found by a random policy: the discharge paper that ended a yellow phase led into one that turns
/// red while its own release is unmet, so that relief made somebody worse off.
#[test]
fn a_phase_that_is_earned_never_leads_into_something_worse() {
    let phases = |second: &str| {
        let text = THREE.replacen(
            "[[rule.phase]]\ncolour = \"red\"\ndays = 14",
            &format!("[[rule.phase]]\ncolour = \"yellow\"\nends = {{ en = \"e\", zh = \"z\" }}\nends_when = [{{ release_paper = \"any\" }}]\n[[rule.phase]]\n{second}"),
            1,
        );
        Policy::parse(&text).err().map(|p| p[0].code)
    };
    let met = "ends_when = [{ days = 2, clean_check_ins = { days = 3 } }]";
    assert_eq!(phases("colour = \"red\"\ndays = 14"), Some("relief_worsens"));
    let unmet = format!("colour = \"yellow\"\n{met}\nwhile_unmet = \"red\"");
    assert_eq!(phases(&unmet), Some("relief_worsens"));
    assert_eq!(phases(&format!("colour = \"yellow\"\n{met}")), None);
    let alone = THREE.replacen("colour = \"yellow\"\ndays = 7", &unmet, 1);
    assert!(Policy::parse(&alone).is_ok());
}

#[test]
fn a_rule_on_evidence_that_nobody_may_record_is_refused() {
    let start = THREE.find("[[evidence]]\nkind = \"arrival\"").unwrap();
    let end = THREE.find("[[evidence]]\nkind = \"release\"").unwrap();
    let problems = Policy::parse(&format!("{}{}", &THREE[..start], &THREE[end..])).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, "undeclared_evidence");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// No text makes the readers panic, and a file that reads is a policy.
    #[test]
    fn any_text_is_a_policy_or_a_list_of_problems(s in "\\PC{0,200}") {
        prop_assert!(Policy::parse(&s).is_err_and(|p| !p.is_empty()));
        let _ = read_evidence(&s);
    }

    /// The same for files that are nearly right: a stretch cut out or doubled.
    #[test]
    fn damaged_files_do_not_panic(from in 0usize..8000, len in 1usize..400, twice: bool) {
        let cut = |mut i: usize| { i = i.min(THREE.len()); while !THREE.is_char_boundary(i) { i -= 1; } i };
        let (a, b) = (cut(from), cut(from + len));
        let middle = if twice { THREE[a..b].repeat(2) } else { String::new() };
        let text = format!("{}{}{}", &THREE[..a], middle, &THREE[b..]);
        if let Err(problems) = Policy::parse(&text) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|p| p.line >= 1 && p.column >= 1));
        }
        let _ = run_cases(THREE, &text);
    }
}

#[test]
fn what_makes_a_contact_aboard_is_read_and_compared() {
    use jadegate_domain::PlaceKind::{Bus, Flight, Outdoor, Shop, Train};
    use jadegate_policy::{Bound, VehicleNear, VehicleRules, diff};
    let plain = Policy::parse(THREE).unwrap();
    let text = THREE
        .replacen("[contact]\n", "[contact]\ncounts = \"lower\"\nlingering_minutes = 30\n", 1)
        .replacen("outdoor = {", "outdoor = { lingering_minutes = 0,", 1)
        .replacen(
            "[contact.places]\n",
            "[contact.vehicles]\nflight = { near = \"coach\", rows = 3, unknown_is_near = false }\n\
             train = { near = \"coach\" }\n[contact.places]\n",
            1,
        );
    let policy = Policy::parse(&text).unwrap();
    let rules = |near, unknown_is_near| VehicleRules { near, unknown_is_near };
    assert_eq!(policy.vehicle(Flight), rules(VehicleNear::Rows(3), false));
    assert_eq!(policy.vehicle(Train), rules(VehicleNear::Coach, true));
    assert_eq!(policy.vehicle(Bus), rules(VehicleNear::Vehicle, true));
    assert_eq!((policy.counts(), plain.counts()), (Bound::Lower, Bound::Upper));
    assert_eq!([Shop, Outdoor].map(|k| policy.lingering_minutes(k)), [30, 0]);
    assert_eq!(plain.lingering_minutes(Shop), 0);
    let about: Vec<_> = diff(&plain, &policy).into_iter().map(|d| d.about).collect();
    for what in
        ["contact", "contact aboard a flight", "contact aboard a train", "minutes that count"]
    {
        assert!(about.iter().any(|a| a == what), "{what} in {about:?}");
    }
    assert!(!about.iter().any(|a| a == "contact aboard a bus"));
}

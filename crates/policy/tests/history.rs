//! What went wrong with real health codes, as far as the policy alone decides it. Each test is
//! named after the row of its event and fails on the old behaviour.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod common;

use common::policies;
use jadegate_domain::evidence::{Certainty, ContactDegree, TestResult};
use jadegate_domain::{
    Colour, Evidence, EvidenceId, EvidenceKind, Fact, PlaceKind, Timestamp, TraceId,
};
use jadegate_policy::{Policy, assess, explain, read_evidence};
use proptest::prelude::*;

static POLICIES: std::sync::LazyLock<Vec<Policy>> = std::sync::LazyLock::new(policies);

fn policy(id: &str) -> Policy {
    policies().into_iter().find(|p| p.id() == id).unwrap()
}

fn at(s: &str) -> Timestamp {
    s.parse().unwrap()
}

/// h05: there is no operation that sets a colour, so no officer can make a person red without
/// recording a fact that a policy lets that agency record.
#[test]
fn h05_no_agency_but_the_named_ones_can_record_what_colours() {
    use jadegate_domain::AgencyKind;
    for p in policies() {
        for kind in EvidenceKind::ALL {
            for by in [AgencyKind::PublicSecurity, AgencyKind::Operator, AgencyKind::Venue] {
                assert!(!p.may_record(*kind, Some(by)), "{}: {kind} by {by}", p.id());
            }
        }
        assert!(!p.may_record(EvidenceKind::Contact, None));
    }
}

/// h07: a contact that rests on a forwarded picture of a venue code weighs nothing.
#[test]
fn h07_forwarded_venue_picture() {
    let contact = |certainty| {
        let text = format!(
            "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nminutes = 600\n\
             certainty = \"{certainty}\"\nlast_contact = 2022-06-13T12:00:00+08:00"
        );
        read_evidence(&text).unwrap()
    };
    let (p, now) = (policy("three-colour"), at("2022-06-14T00:00:00Z"));
    let a = assess(&contact(Certainty::Unproven), &p, now);
    assert_eq!(a.colour, Colour::Green);
    assert_eq!(a.warnings, ["unproven_contact:e0000000000001"]);
    assert_eq!(assess(&contact(Certainty::Recorded), &p, now).colour, Colour::Red);
}

proptest! {
    /// h08: whoever is not green sees which rule, which evidence, from whom, until when or what it
    /// needs, in both languages.
    #[test]
    fn h08_never_red_without_a_reason(e in common::evidence(8), now in common::moment()) {
        for p in &*POLICIES {
            let a = assess(&e, p, now);
            prop_assert_eq!(a.colour == Colour::Green, a.reasons.is_empty());
            for r in &a.reasons {
                let recorders = e.iter().filter(|x| r.evidence.contains(&x.id)).filter_map(|x| x.agency);
                prop_assert!(recorders.clone().all(|x| r.agencies.contains(&x)));
                prop_assert!(r.agencies.len() <= recorders.count());
                // Nobody is confined without an end in sight or a way out.
                let far_away = Timestamp::from_secs(common::BASE).plus_days(3000);
                let known_end = r.until.is_some() || !r.needs.is_empty();
                // A stay that never ends may meet a level that does not either, now or later.
                let for_ever = |x: &Evidence| matches!(x.fact, Fact::Stay { to, .. } if to > far_away);
                let end_of_time = r.counted_from > far_away || e.iter().any(for_ever);
                prop_assert!(known_end || end_of_time, "{}: {:?}", p.id(), r);
            }
        }
    }
}

/// h08: the colour can be recomputed by anybody from evidence and policy file alone.
#[test]
fn h08_the_same_file_and_evidence_give_the_same_answer_anywhere() {
    let text = include_str!("../../../policies/three-colour.toml");
    let (here, there) = (Policy::parse(text).unwrap(), Policy::parse(text).unwrap());
    let e = read_evidence(
        "[[evidence]]\nkind = \"test\"\nresult = \"positive\"\nsampled_at = 2022-03-01T10:00:00+08:00",
    )
    .unwrap();
    let now = at("2022-03-02T00:00:00Z");
    assert_eq!(assess(&e, &here, now), assess(&e, &there, now));
    assert_eq!(here.reference(), there.reference());
}

/// h11: ten minutes in one phone cell made 82,000 people contacts. Here a contact shows its
/// minutes, and a policy can say how many it takes.
#[test]
fn h11_ten_minutes_in_one_phone_cell() {
    let p = policy("chengdu-2021-11");
    let contact = |minutes| Evidence {
        id: EvidenceId::from_random(1),
        holder: None,
        fact: Fact::Contact {
            case: jadegate_domain::CaseId::from_random(1),
            trace: TraceId::from_random(1),
            degree: ContactDegree::Close,
            last_contact: at("2021-11-03T12:00:00+08:00"),
            minutes,
            certainty: Certainty::Recorded,
            place_kind: PlaceKind::Market,
            together: None,
        },
        recorded_at: at("2021-11-03T18:00:00+08:00"),
        agency: Some(jadegate_domain::AgencyId::from_random(1)),
        origin: None,
        withdrawn_at: None,
        superseded_by: None,
    };
    let now = at("2021-11-04T12:00:00+08:00");
    assert_eq!(assess(&[contact(10)], &p, now).colour, Colour::Green);
    assert_eq!(assess(&[contact(11)], &p, now).colour, Colour::Yellow);
    // Every threshold of every policy is stated, per kind of place, and is never nothing.
    for p in policies() {
        for kind in PlaceKind::ALL {
            for degree in ContactDegree::ALL {
                assert!(p.contact_minutes(*kind, *degree) >= 1);
            }
        }
    }
}

/// h13: green turned yellow because no temperature had been recorded, and nobody was told. Here
/// the moment is known as soon as the last temperature is recorded, with what prevents it.
#[test]
fn h13_decay_is_announced_before_it_happens() {
    let p = policy("hubei-2020-03");
    let e = read_evidence(
        "[[evidence]]\nkind = \"check_in\"\ntemperature = 36.5\nrecorded_at = 2020-03-12T08:00:00+08:00",
    )
    .unwrap();
    let told_at = at("2020-03-12T08:00:00+08:00");
    let due = at("2020-03-13T08:00:00+08:00");
    let a = assess(&e, &p, told_at);
    assert_eq!((a.colour, a.next_change), (Colour::Green, Some(due)));
    let timeline = explain(&e, &p, Some(told_at));
    assert_eq!(timeline.segments.len(), 2);
    let r = &timeline.segments[1].reasons[0];
    assert_eq!((r.rule.as_str(), r.since), ("no-temperature", due));
    assert_eq!(r.needs, ["temperature"]);
    assert!(r.ends["en"].contains("24 hours"));
}

/// h14: a red imported from another province could be lifted only there. Evidence keeps the agency
/// that recorded it, in the reason itself, and a withdrawal by that agency ends it at once.
#[test]
fn h14_imported_evidence_keeps_its_origin() {
    let p = policy("three-colour");
    let mut e = read_evidence(
        "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nlast_contact = 2022-11-01T10:00:00+08:00",
    )
    .unwrap();
    let elsewhere = jadegate_domain::AgencyId::from_random(4242);
    e[0].agency = Some(elsewhere);
    let now = at("2022-11-02T00:00:00Z");
    assert_eq!(assess(&e, &p, now).reasons[0].agencies, [elsewhere]);
    e[0].withdrawn_at = Some(now);
    assert_eq!(assess(&e, &p, now).colour, Colour::Green);
}

/// Relief that nobody signs for relieves nobody; harm that nobody signs for still counts.
#[test]
fn h19_a_forged_relief_without_an_agency_is_none() {
    let p = policy("chengdu-2021-11");
    let mut e = read_evidence(
        "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nlast_contact = 2021-11-03T12:00:00+08:00\n\
         [[evidence]]\nkind = \"test\"\nresult = \"negative\"\nsampled_at = 2021-11-04T08:00:00+08:00\n\
         [[evidence]]\nkind = \"test\"\nresult = \"negative\"\nsampled_at = 2021-11-05T09:00:00+08:00",
    )
    .unwrap();
    let now = at("2021-11-06T00:00:00+08:00");
    assert_eq!(assess(&e, &p, now).colour, Colour::Green);
    e[2].agency = None;
    assert!(matches!(e[2].fact, Fact::Test { result: TestResult::Negative, .. }));
    let a = assess(&e, &p, now);
    assert_eq!(a.colour, Colour::Yellow);
    assert_eq!(a.warnings, ["unattributed:e0000000000003"]);
}

/// The policy with every key there is: its easing is after 72 hours, a dispute makes yellow.
fn everything() -> Policy {
    Policy::parse(common::EVERYTHING).unwrap()
}

const CONTACT_AND_APPEAL: &str = "\
    [[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nplace = \"shop\"\nlast_contact = 2022-03-14T12:00:00+01:00\n\
    [[evidence]]\nkind = \"check_in\"\nrecorded_at = 2022-03-20T08:00:00+01:00\ntemperature = 36.5\n\
    [[evidence]]\nkind = \"appeal\"\ncontests = 1\nrecorded_at = 2022-03-17T12:00:00+01:00\n";

/// h09: an appeal page said "no risk at present" while the code was red. Here the appeal's effect is
/// part of the reason itself, with the colour it stands instead of.
#[test]
fn h09_appeal_and_colour_come_from_one_assessment() {
    let (p, e) = (everything(), read_evidence(CONTACT_AND_APPEAL).unwrap());
    let a = assess(&e, &p, at("2022-03-20T12:00:00+01:00"));
    let r = &a.reasons[0];
    let eased = r.eased.as_ref().unwrap();
    assert_eq!(
        (a.colour, r.colour, eased.instead_of),
        (Colour::Yellow, Colour::Yellow, Colour::Red)
    );
    assert_eq!(eased.evidence, [EvidenceId::from_random(3)]);
    assert!(eased.text["zh"].contains("72"));
}

/// h10: appeals had no deadline. Here one that is not decided in time eases the reason at a moment
/// that is known from the day it was lodged; a refusal ends that, and nothing makes it green.
#[test]
fn h10_an_appeal_has_a_clock() {
    let (p, mut e) = (everything(), read_evidence(CONTACT_AND_APPEAL).unwrap());
    let (lodged, lapses) = (at("2022-03-17T12:00:00+01:00"), at("2022-03-20T12:00:00+01:00"));
    let before = assess(&e[..], &p, at("2022-03-20T09:00:00+01:00"));
    assert_eq!((before.colour, before.next_change), (Colour::Red, Some(lapses)));
    assert_eq!(assess(&e, &p, lapses).colour, Colour::Yellow);
    assert_eq!(assess(&e, &p, lapses.plus_days(2)).colour, Colour::Yellow);
    assert_eq!(assess(&e[..1], &p, lapses).colour, Colour::Red);
    assert!(lodged < lapses);
    let refused = "[[evidence]]\nkind = \"appeal_decision\"\nappeal = 3\noutcome = \"refused\"\nrecorded_at = 2022-03-21T12:00:00+01:00";
    let mut decision = read_evidence(refused).unwrap().remove(0);
    decision.id = EvidenceId::from_random(4);
    e.push(decision);
    assert_eq!(assess(&e, &p, at("2022-03-21T12:00:00+01:00")).colour, Colour::Red);
}

/// h12: a district turned red overnight. Here what a change of the rules says differently, and whom
/// it touches, is known before it takes effect, from the evidence of today.
#[test]
fn h12_a_change_is_seen_before_it_takes_effect() {
    use jadegate_policy::{PopulationBuilder, Setting, WhatIfOptions, diff, what_if};
    let text = include_str!("../../../policies/three-colour.toml");
    let harder = text.replace("levels = [\"medium\"]", "levels = [\"medium\", \"high\"]");
    let harder = harder.replace("colour = \"yellow\"\ndays = 7", "colour = \"red\"\ndays = 7");
    let (p, after) = (Policy::parse(text).unwrap(), Policy::parse(&harder).unwrap());
    let said: Vec<String> = diff(&p, &after).iter().map(ToString::to_string).collect();
    assert!(said.iter().any(|s| s.contains("phase 1, colour: was yellow; is red")), "{said:#?}");

    let stay = "[[evidence]]\nkind = \"stay\"\ndivision = \"CN-440604\"\nfrom = 2022-03-01T00:00:00+08:00\nby_agency = false";
    let risk = "[[evidence]]\nkind = \"region_risk\"\ndivision = \"CN-440604\"\nlevel = \"medium\"\nfrom = 2022-03-02T00:00:00+08:00";
    let home = "CN-440604".parse().unwrap();
    let mut people = PopulationBuilder::new();
    for _ in 0..100 {
        people.add(&home, &read_evidence(stay).unwrap());
    }
    let (people, risks) = (people.finish(), read_evidence(risk).unwrap());
    let now = at("2022-03-03T12:00:00+08:00");
    let (none, raised) =
        (Setting { policy: &p, risks: &[] }, Setting { policy: &p, risks: &risks });
    let options = WhatIfOptions { days: 21, samples: 0, seed: 1 };
    let w = what_if(&people, &none, &raised, now, &options, &|_| true).unwrap();
    assert_eq!((w.newly_confined, w.newly_confined_without_lab_case), (100, 100));
}

const IMPORTED: &str = "\
    [[evidence]]\nkind = \"case\"\nclass = \"confirmed\"\nconfirmed_at = 2022-03-14T12:00:00+01:00\norigin = \"CN-1301\"\n\
    [[evidence]]\nkind = \"dispute\"\ndisputes = 1\nrecorded_at = 2022-03-15T12:00:00+01:00\n";

/// h14: the local authority could do nothing about a red from elsewhere. Here its dispute is recorded
/// and shown, and the policy says what holds meanwhile.
#[test]
fn h14_a_dispute_is_recorded_and_the_policy_says_what_holds() {
    let e = read_evidence(IMPORTED).unwrap();
    let now = at("2022-03-15T12:00:00+01:00");
    let said = |way: &str| {
        let text =
            common::EVERYTHING.replace("disputed = \"yellow\"", &format!("disputed = \"{way}\""));
        let p = Policy::parse(&text).unwrap();
        let (undisputed, disputed) = (assess(&e[..1], &p, now), assess(&e, &p, now));
        assert_eq!(undisputed.colour, Colour::Red);
        assert_eq!(disputed.warnings, ["disputed:e0000000000001"]);
        disputed
    };
    assert_eq!(said("counts").colour, Colour::Red);
    assert_eq!(said("set_aside").colour, Colour::Green);
    let yellow = said("yellow");
    assert_eq!(yellow.colour, Colour::Yellow);
    assert!(yellow.reasons[0].eased.as_ref().unwrap().text["en"].contains("disputes"));
    // Nobody disputes what was recorded here, and a dispute that no agency signs is none.
    let mut local = e.clone();
    local[0].origin = None;
    let a = assess(&local, &everything(), now);
    assert_eq!((a.colour, a.warnings[0].as_str()), (Colour::Red, "not_imported:e0000000000002"));
    let mut unsigned = e;
    unsigned[1].agency = None;
    assert_eq!(assess(&unsigned, &everything(), now).colour, Colour::Red);
}

/// h17: whoever is let in by an override is let in; it colours nobody. No kind of evidence, and no word
/// of a policy file, carries a gate's decision or a colour.
#[test]
fn h17_an_override_is_not_a_colour() {
    for word in ["override", "scan", "visit", "colour"] {
        assert!(word.parse::<EvidenceKind>().is_err());
        let text = format!("[[evidence]]\nkind = \"{word}\"\nrecorded_at = 2022-03-01T00:00:00Z");
        assert_eq!(read_evidence(&text).unwrap_err()[0].code, "bad_value");
        let rule = common::EVERYTHING
            .replace("when = { evidence = \"case\",", &format!("when = {{ evidence = \"{word}\","));
        assert!(Policy::parse(&rule).is_err());
    }
}

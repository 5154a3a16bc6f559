//! The policy the whole product runs on, as it is in the repository.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that fails may panic")]

use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{
    ArrivalPurpose, Certainty, ContactDegree, Temperature, TestMethod, TestResult,
};
use jadegate_domain::{
    AgencyId, CaseId, Colour, Evidence, EvidenceId, Fact, HolderId, PlaceKind, Timestamp, TraceId,
};
use jadegate_policy::{Policy, assess};

fn policy() -> Policy {
    let text = include_str!("../../../policies/three-colour.toml");
    Policy::parse(text).unwrap_or_else(|p| panic!("{p:#?}"))
}

fn at(s: &str) -> Timestamp {
    s.parse().unwrap()
}

fn piece(id: u64, recorded: &str, by_agency: bool, fact: Fact) -> Evidence {
    Evidence {
        id: EvidenceId::from_random(id),
        holder: Some(HolderId::from_random(1)),
        fact,
        recorded_at: at(recorded),
        agency: by_agency.then(|| AgencyId::from_random(7)),
        origin: None,
        withdrawn_at: None,
        superseded_by: None,
    }
}

fn close_contact(id: u64, last: &str, recorded: &str) -> Evidence {
    let fact = Fact::Contact {
        case: CaseId::from_random(1),
        trace: TraceId::from_random(1),
        degree: ContactDegree::Close,
        last_contact: at(last),
        minutes: 35,
        certainty: Certainty::Recorded,
        place_kind: PlaceKind::Restaurant,
        together: None,
    };
    piece(id, recorded, true, fact)
}

#[test]
fn nothing_recorded_is_green_for_ever() {
    let a = assess(&[], &policy(), at("2022-03-01T00:00:00Z"));
    assert_eq!((a.colour, a.next_change, a.reasons.len()), (Colour::Green, None, 0));
    assert!(a.warnings.is_empty());
}

#[test]
fn a_close_contact_is_red_for_fourteen_whole_days_with_a_reason_and_then_green() {
    let e = [close_contact(1, "2022-03-01T15:00:00+08:00", "2022-03-02T09:00:00+08:00")];
    let end = at("2022-03-16T00:00:00+08:00");
    let a = assess(&e, &policy(), at("2022-03-05T12:00:00+08:00"));
    assert_eq!((a.colour, a.next_change), (Colour::Red, Some(end)));
    let r = &a.reasons[0];
    assert_eq!(
        (r.rule.as_str(), r.day, r.days, r.until),
        ("close-contact", Some(4), Some(14), Some(end))
    );
    assert_eq!(r.evidence, [e[0].id]);
    assert_eq!(r.agencies.len(), 1);
    assert!(r.ends["en"].contains("14 days") && r.ends["zh"].contains("14天"));
    assert!(r.needs.is_empty());
    assert_eq!(r.since, at("2022-03-02T09:00:00+08:00"));
    assert_eq!(assess(&e, &policy(), end.plus_secs(-1)).colour, Colour::Red);
    let after = assess(&e, &policy(), end);
    assert_eq!((after.colour, after.next_change), (Colour::Green, None));
}

#[test]
fn changing_seven_to_five_needs_no_rebuild() {
    let text =
        include_str!("../../../policies/three-colour.toml").replace("days = 7\n", "days = 5\n");
    let policy = Policy::parse(&text).unwrap();
    let fact = Fact::Declaration {
        temperature: Some(Temperature::from_tenths(373).unwrap()),
        symptoms: vec![],
        contact_with_case: false,
        stays: vec![],
    };
    let e = [piece(1, "2022-03-01T15:00:00+08:00", false, fact)];
    let a = assess(&e, &policy, at("2022-03-01T15:00:00+08:00"));
    assert_eq!((a.colour, a.reasons[0].rule.as_str()), (Colour::Yellow, "symptoms"));
    assert_eq!(a.next_change, Some(at("2022-03-07T00:00:00+08:00")));
    assert!(a.reasons[0].ends["en"].contains("5 days"));
    assert_ne!(policy.reference().digest, self::policy().reference().digest);
}

fn region(id: u64, level: RiskLevel, from: &str, to: Option<&str>) -> Evidence {
    let fact = Fact::RegionRisk {
        division: "CN-3301".parse().unwrap(),
        level,
        from: at(from),
        to: to.map(at),
    };
    let mut e = piece(id, from, true, fact);
    e.holder = None;
    e
}

fn stay(id: u64, from: &str, to: Option<&str>) -> Evidence {
    let fact = Fact::Stay {
        division: "CN-330106".parse().unwrap(),
        from: at(from),
        to: to.map_or(Timestamp::MAX, at),
    };
    piece(id, from, false, fact)
}

#[test]
fn a_raised_region_colours_those_who_stayed_and_lowering_it_changes_them_back() {
    let now = at("2022-03-05T12:00:00+08:00");
    let home = stay(1, "2022-01-01T00:00:00+08:00", None);
    let raised = region(2, RiskLevel::High, "2022-03-04T00:00:00+08:00", None);
    let a = assess([&home, &raised], &policy(), now);
    assert_eq!((a.colour, a.next_change), (Colour::Red, None));
    assert_eq!(a.reasons[0].needs, ["region_lowered"]);
    assert_eq!(a.reasons[0].evidence.len(), 2);

    let lowered =
        region(2, RiskLevel::High, "2022-03-04T00:00:00+08:00", Some("2022-03-05T11:00:00+08:00"));
    let a = assess([&home, &lowered], &policy(), now);
    assert_eq!((a.colour, a.reasons.len()), (Colour::Green, 0));
    let planned =
        region(2, RiskLevel::High, "2022-03-04T00:00:00+08:00", Some("2022-03-09T00:00:00+08:00"));
    let a = assess([&home, &planned], &policy(), now);
    assert_eq!((a.colour, a.next_change), (Colour::Red, Some(at("2022-03-09T00:00:00+08:00"))));
}

#[test]
fn leaving_a_medium_region_starts_seven_days() {
    let gone = stay(1, "2022-03-01T00:00:00+08:00", Some("2022-03-03T00:00:00+08:00"));
    let raised = region(2, RiskLevel::Medium, "2022-03-02T10:00:00+08:00", None);
    let a = assess([&gone, &raised], &policy(), at("2022-03-04T12:00:00+08:00"));
    assert_eq!(a.colour, Colour::Yellow);
    assert_eq!(a.next_change, Some(at("2022-03-10T00:00:00+08:00")));
    assert_eq!(a.reasons[0].day, Some(2));
    // A region raised after they had left colours nobody.
    let later = region(2, RiskLevel::Medium, "2022-03-03T00:00:00+08:00", None);
    assert_eq!(
        assess([&gone, &later], &policy(), at("2022-03-04T12:00:00+08:00")).colour,
        Colour::Green
    );
}

#[test]
fn the_most_severe_rule_wins_and_every_active_rule_is_listed() {
    let test = Fact::Test {
        result: TestResult::Positive,
        method: TestMethod::NucleicAcid,
        sampled_at: at("2022-03-01T08:00:00+08:00"),
    };
    let arrival = Fact::Arrival {
        from: "US-NY".parse().unwrap(),
        arrived_at: at("2022-02-28T20:00:00+08:00"),
        purpose: ArrivalPurpose::Return,
    };
    let e = [
        piece(1, "2022-02-28T20:00:00+08:00", true, arrival),
        piece(2, "2022-03-01T12:00:00+08:00", true, test),
    ];
    let a = assess(&e, &policy(), at("2022-03-02T12:00:00+08:00"));
    let rules: Vec<&str> = a.reasons.iter().map(|r| r.rule.as_str()).collect();
    assert_eq!((a.colour, rules), (Colour::Red, vec!["positive-test", "arrival-from-abroad"]));
    // The yellow reason ends first; the colour stays red.
    assert_eq!(a.next_change, Some(at("2022-03-08T00:00:00+08:00")));
}

#[test]
fn what_the_other_crates_ask_for() {
    let p = policy();
    assert_eq!((p.fresh_seconds(), p.time_zone_name(), p.max_hops()), (60, "Asia/Shanghai", 2));
    assert_eq!(p.daily_check_in_colours(), [Colour::Yellow, Colour::Red]);
    assert_eq!(p.contact_minutes(PlaceKind::Bus, ContactDegree::Close), 5);
    assert_eq!(p.contact_minutes(PlaceKind::Shop, ContactDegree::Secondary), 30);
    assert_eq!(p.assumed_stay_minutes(PlaceKind::Other), 60);
    assert_eq!(p.title("zh"), "三色健康码");
    let (onset, sample) = (at("2022-03-10T14:00:00+08:00"), at("2022-03-11T09:00:00+08:00"));
    let now = at("2022-03-12T00:00:00+08:00");
    let w = p.infectious_window(Some(onset), sample, None, now);
    assert_eq!((w.from, w.to), (at("2022-03-08T00:00:00+08:00"), now));
    // Symptoms long before the sample: the window starts with them, however late the sample.
    let early = at("2022-03-05T14:00:00+08:00");
    let w = p.infectious_window(Some(early), sample, None, now);
    assert_eq!(w.from, at("2022-03-03T00:00:00+08:00"));
    // Symptoms after the sample make it no later, and isolation before it leaves it empty.
    let late = at("2022-03-20T14:00:00+08:00");
    let w = p.infectious_window(Some(late), sample, Some(at("2022-01-01T00:00:00Z")), now);
    assert_eq!((w.from, w.to), (at("2022-03-09T00:00:00+08:00"), at("2022-03-09T00:00:00+08:00")));
    let w = p.infectious_window(None, sample, Some(sample), now);
    assert_eq!((w.from, w.to), (at("2022-03-09T00:00:00+08:00"), sample));
}

//! Random evidence and all policies, for the tests of what must hold for any of them.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(unreachable_pub, reason = "shared by test binaries")]

use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, DeclaredStay, ReleaseOf, ReleasePaper,
    Symptom, Temperature, TestMethod, TestResult,
};
use jadegate_domain::{
    AgencyId, CaseClass, CaseId, Division, Evidence, EvidenceId, Fact, HolderId, PlaceKind,
    Timestamp, TraceId,
};
use jadegate_policy::Policy;
use proptest::prelude::*;
use proptest::sample::select;

/// 1 March 2022, 00:00 in China.
pub const BASE: i64 = 1_646_064_000;
/// Random moments lie within so many days after it: spring changes of clocks are inside.
pub const DAYS: i64 = 45;

/// All policies of the repository, and the first of them in other zones and day counts.
pub fn policies() -> Vec<Policy> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let mut texts: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .filter(|p| !p.to_str().unwrap().ends_with(".cases.toml"))
        .map(|p| std::fs::read_to_string(p).unwrap())
        .collect();
    let three = include_str!("../../../../policies/three-colour.toml");
    let berlin = three.replace("Asia/Shanghai", "Europe/Berlin");
    let force = "while_in_force = true";
    texts.push(three.replace("\"local-midnight\"", "\"24h\""));
    texts.push(berlin.replace("first_day = \"next\"", "first_day = \"same\""));
    texts.push(berlin.replace(force, "while_in_force = false"));
    texts.push(three.replace(force, "while_in_force = false").replace("\"exit\"", "\"entry\""));
    texts.push(
        WIDE.to_owned()
            + &three[three.find("\n[freshness]").unwrap()..three.find("# Red").unwrap()],
    );
    texts.push(EVERYTHING.to_owned());
    let aside = EVERYTHING.replace("while_disputed = \"yellow\"", "while_disputed = \"set_aside\"");
    texts.push(aside.replace("id = \"everything\"", "id = \"aside\""));
    let mut policies: Vec<Policy> = texts.iter().map(|t| Policy::parse(t).unwrap()).collect();
    let everything = policies.iter().find(|p| p.id() == "everything").unwrap();
    let lord_howe = everything.for_home(&"CN-330106".parse().unwrap());
    policies.push(lord_howe);
    policies
}

/// A policy with every key there is.
pub const EVERYTHING: &str = include_str!("everything.toml");

/// A policy made up of random rules. Some files that the parser refuses are made on the way.
pub fn random_policy() -> impl Strategy<Value = Policy> {
    const ZONES: [&str; 5] =
        ["Asia/Shanghai", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "UTC"];
    let rules = prop::collection::vec((select(WHENS), phases(), select(&["", DAY_24H][..])), 1..5);
    let head = (
        select(&ZONES[..]).prop_map(str::to_owned),
        select(&["local-midnight", "24h"][..]),
        select(&["next", "same"][..]),
        select(&["counts", "yellow", "set_aside"][..]),
        select(DECAYS),
    );
    (head, rules, 1u32..100).prop_filter_map("the parser refuses it", |(head, rules, hours)| {
        let (zone, count, first, disputed, decay) = head;
        let text = EVERYTHING[..EVERYTHING.find("[[rule]]").unwrap()]
            .replace("\"Europe/Berlin\"", &format!("\"{zone}\""))
            .replace("\"local-midnight\"", &format!("\"{count}\""))
            .replace("\"next\"", &format!("\"{first}\""));
        let (mut parts, mut eased) = (vec![text], Vec::new());
        for (i, (when, phases, day_count)) in rules.iter().enumerate() {
            parts.push(format!("[[rule]]\nid = \"rule-{i}\"\n{day_count}{TEXTS}when = {when}\n{phases}"));
            eased.extend(phases.contains("\"red\"").then(|| format!("\"rule-{i}\"")));
        }
        parts.push(decay.to_owned());
        if !eased.is_empty() {
            let rules = eased.join(", ");
            parts.push(format!(
                "[[easing]]\nid = \"e\"\nrules = [{rules}]\nafter_hours = {hours}\ncolour = \"yellow\"\n\
                 text = {{ en = \"e\", zh = \"z\" }}\n"
            ));
        }
        parts.push(format!(
            "[imported]\nwhile_disputed = \"{disputed}\"\ntext = {{ en = \"d\", zh = \"z\" }}\n"
        ));
        Policy::parse(&parts.concat()).ok()
    })
}

const TEXTS: &str = "title = { en = \"t\", zh = \"t\" }\nends = { en = \"e\", zh = \"e\" }\n";
const DAY_24H: &str = "day_count = \"24h\"\n";
const DECAYS: &[&str] = &[
    "",
    "[[decay]]\nid = \"none\"\ntitle = { en = \"t\", zh = \"t\" }\nends = { en = \"e\", zh = \"e\" }\n\
     missing = \"temperature\"\nhours = 30\ncolour = \"red\"\nalso_if_never = true\n",
    "[[decay]]\nid = \"none\"\ntitle = { en = \"t\", zh = \"t\" }\nends = { en = \"e\", zh = \"e\" }\n\
     missing = \"report\"\nhours = 70\ncolour = \"yellow\"\n",
];

const WHENS: &[&str] = &[
    "{ evidence = \"case\" }",
    "{ evidence = \"case\", classes = [\"confirmed\"], imported = false }",
    "{ evidence = \"test\", results = [\"positive\"] }",
    "{ evidence = \"test\", results = [\"positive\"], origins = [\"CN-13\"] }",
    "{ evidence = \"contact\" }",
    "{ evidence = \"contact\", degrees = [\"close\"], imported = true }",
    "{ evidence = \"stay\", risk_levels = [\"high\"], while_in_force = true }",
    "{ evidence = \"stay\", risk_levels = [\"medium\", \"high\"] }",
    "{ evidence = \"stay\", divisions = [\"CN-33\"] }",
    "{ evidence = \"arrival\", from_abroad = true, purposes = [\"work\", \"return\"] }",
    "{ evidence = [\"declaration\", \"check_in\"], symptoms = \"any\", temperature_from = 37.3 }",
];

const WAYS: &[&str] = &[
    "{ days = 3 }",
    "{ days = 5, negative_tests = { count = 1 } }",
    "{ negative_tests = { count = 2, gap_hours = 24, within_days = 3 } }",
    "{ negative_tests = { count = 3, after_days = 1, method = \"antigen\" } }",
    "{ clean_check_ins = { days = 2 } }",
    "{ days = 2, clean_check_ins = { days = 3, consecutive = false } }",
    "{ release_paper = \"this\" }",
    "{ release_paper = { of = \"any\", kinds = [\"discharge\", \"confirmation\"] } }",
    "{ release_paper = { of = \"any\", same_origin = true }, days = 4 }",
];

fn phases() -> impl Strategy<Value = String> + Clone {
    let phase = (
        select(&["yellow", "red"][..]),
        prop::collection::vec(select(WAYS), 1..3),
        select(&["", "while_unmet = \"yellow\"\n", "while_unmet = \"red\"\n"][..]),
    )
        .prop_map(|(colour, ways, unmet)| {
            format!(
                "[[rule.phase]]\ncolour = \"{colour}\"\nends_when = [{}]\n{unmet}",
                ways.join(", ")
            )
        });
    prop::collection::vec(phase, 1..4).prop_map(|p| p.concat())
}

/// Phases, every condition, every combination: wider than any policy that was published.
const WIDE: &str = r#"
id = "wide"
version = 1
country = "CN"
title = { en = "Wide", zh = "宽" }
authority = { en = "Test", zh = "测试" }
source = "made up for tests"
valid_from = 2022-03-10T00:00:00+01:00
valid_to = 2022-04-05T00:00:00+02:00
time_zone = "Europe/Berlin"
day_count = "local-midnight"
first_day = "next"

[[rule]]
id = "case"
title = { en = "Case", zh = "病例" }
ends = { en = "Ends.", zh = "解除。" }
when = { evidence = "case" }
count_from = "onset"
[[rule.phase]]
colour = "red"
ends_when = [{ release_paper = "this" }]
[[rule.phase]]
colour = "red"
days = 3
[[rule.phase]]
colour = "yellow"
ends_when = [{ clean_check_ins = { days = 3 } }, { days = 7, negative_tests = { count = 1, after_days = 5 } }]

[[rule]]
id = "contact"
title = { en = "Contact", zh = "接触" }
ends = { en = "Ends.", zh = "解除。" }
day_count = "24h"
when = { evidence = "contact", certainties = ["recorded", "assumed", "unproven"] }
[[rule.phase]]
colour = "yellow"
days = 2
[[rule.phase]]
colour = "red"
ends_when = [{ negative_tests = { count = 2, gap_hours = 24, within_days = 3 } }, { days = 7, release_paper = "any" }]

[[rule]]
id = "stay"
title = { en = "Stay", zh = "停留" }
ends = { en = "Ends.", zh = "解除。" }
when = { evidence = "stay", risk_levels = ["medium", "high"] }
[[rule.phase]]
colour = "red"
days = 3
[[rule.phase]]
colour = "yellow"
ends_when = [{ clean_check_ins = { days = 4, consecutive = false }, negative_tests = { count = 1 } }]

[[decay]]
id = "no-temperature"
title = { en = "No temperature", zh = "未测体温" }
ends = { en = "Report within {hours} hours.", zh = "{hours}小时内申报。" }
missing = "temperature"
hours = 48
colour = "yellow"
also_if_never = true

[[decay]]
id = "no-test"
title = { en = "No test", zh = "未检测" }
ends = { en = "Take a test.", zh = "检测。" }
missing = "negative_test"
hours = 72
colour = "yellow"

[[note]]
text = { en = "Made up.", zh = "虚构。" }
"#;

pub fn moment() -> impl Strategy<Value = Timestamp> + Clone {
    prop_oneof![
        12 => (0..DAYS * 86_400).prop_map(|s| Timestamp::from_secs(BASE + s)),
        // Whole hours meet each other and midnights.
        8 => (0..DAYS * 24).prop_map(|h| Timestamp::from_secs(BASE + h * 3600)),
        1 => select(vec![Timestamp::EPOCH, Timestamp::MAX, Timestamp::from_secs(BASE + 400 * 86_400)]),
    ]
}

fn division() -> impl Strategy<Value = Division> + Clone {
    select(vec!["CN-33", "CN-3301", "CN-330106", "CN-330108", "CN-44", "US-NY", "CN"])
        .prop_map(|d| d.parse().unwrap())
}

fn case_id() -> impl Strategy<Value = CaseId> + Clone {
    (1u64..3).prop_map(CaseId::from_random)
}

fn trace_id() -> impl Strategy<Value = TraceId> + Clone {
    (1u64..3).prop_map(TraceId::from_random)
}

fn health() -> impl Strategy<Value = (Option<Temperature>, Vec<Symptom>)> + Clone {
    (
        prop::option::of((360u16..390).prop_map(|t| Temperature::from_tenths(t).unwrap())),
        prop_oneof![3 => Just(vec![]), 1 => select(Symptom::ALL).prop_map(|s| vec![s])],
    )
}

/// Facts that can only speak against going out.
pub fn harm() -> impl Strategy<Value = Fact> + Clone {
    let test = (moment(), select(TestMethod::ALL)).prop_map(|(sampled_at, method)| Fact::Test {
        result: TestResult::Positive,
        method,
        sampled_at,
    });
    let case = (case_id(), select(CaseClass::ALL), prop::option::of(moment()), moment()).prop_map(
        |(case, class, onset_at, confirmed_at)| Fact::Case { case, class, onset_at, confirmed_at },
    );
    let contact = (
        case_id(),
        trace_id(),
        select(ContactDegree::ALL),
        moment(),
        0u32..60,
        select(Certainty::ALL),
        select(PlaceKind::ALL),
    )
        .prop_map(|(case, trace, degree, last_contact, minutes, certainty, place_kind)| {
            let together = None;
            Fact::Contact {
                case,
                trace,
                degree,
                last_contact,
                minutes,
                certainty,
                place_kind,
                together,
            }
        });
    let left = prop_oneof![3 => moment(), 1 => Just(Timestamp::MAX)];
    let stay = (division(), moment(), left).prop_map(|(division, from, to)| Fact::Stay {
        division,
        from,
        to,
    });
    let levels = vec![RiskLevel::Low, RiskLevel::Medium, RiskLevel::High];
    let risk = (division(), select(levels), moment(), prop::option::of(moment()))
        .prop_map(|(division, level, from, to)| Fact::RegionRisk { division, level, from, to });
    let arrival = (division(), moment(), select(ArrivalPurpose::ALL))
        .prop_map(|(from, arrived_at, purpose)| Fact::Arrival { from, arrived_at, purpose });
    let refused = piece_id()
        .prop_map(|appeal| Fact::AppealDecision { appeal, outcome: AppealOutcome::Refused });
    prop_oneof![
        2 => test,
        2 => case,
        2 => contact,
        4 => stay,
        4 => risk,
        2 => arrival,
        1 => refused,
    ]
}

/// Another piece of the same person, as [`numbered`] numbers them.
fn piece_id() -> impl Strategy<Value = EvidenceId> + Clone {
    (1u64..7).prop_map(EvidenceId::from_random)
}

/// Appeals, disputes and what came of them.
fn meanwhile() -> impl Strategy<Value = Fact> + Clone {
    prop_oneof![
        piece_id().prop_map(|disputes| Fact::Dispute { disputes }),
        piece_id().prop_map(|contests| Fact::Appeal { contests }),
        (piece_id(), select(AppealOutcome::ALL))
            .prop_map(|(appeal, outcome)| Fact::AppealDecision { appeal, outcome }),
    ]
}

/// Facts that can only speak for going out (if an agency stands behind them).
pub fn relief() -> impl Strategy<Value = Fact> + Clone {
    let negative = (moment(), select(TestMethod::ALL)).prop_map(|(sampled_at, method)| {
        Fact::Test { result: TestResult::Negative, method, sampled_at }
    });
    let refers_to =
        prop_oneof![case_id().prop_map(ReleaseOf::Case), trace_id().prop_map(ReleaseOf::Trace)];
    let release = (refers_to, moment(), select(ReleasePaper::ALL)).prop_map(
        |(refers_to, released_at, paper)| Fact::Release { refers_to, released_at, paper },
    );
    let clean = Just(Fact::CheckIn {
        temperature: Temperature::from_tenths(365).ok(),
        symptoms: Vec::new(),
    });
    let granted = piece_id()
        .prop_map(|appeal| Fact::AppealDecision { appeal, outcome: AppealOutcome::Granted });
    prop_oneof![
        3 => negative,
        3 => release,
        3 => clean,
        1 => granted,
        1 => piece_id().prop_map(|disputes| Fact::Dispute { disputes }),
        1 => piece_id().prop_map(|contests| Fact::Appeal { contests }),
    ]
}

/// Any fact.
pub fn fact() -> impl Strategy<Value = Fact> + Clone {
    let stays = prop::collection::vec(
        (division(), moment(), moment()).prop_map(|(division, from, to)| DeclaredStay {
            division,
            from,
            to,
        }),
        0..2,
    );
    let declaration = (health(), any::<bool>(), stays).prop_map(
        |((temperature, symptoms), contact_with_case, stays)| Fact::Declaration {
            temperature,
            symptoms,
            contact_with_case,
            stays,
        },
    );
    let check_in =
        health().prop_map(|(temperature, symptoms)| Fact::CheckIn { temperature, symptoms });
    let negative = (moment(), select(TestMethod::ALL)).prop_map(|(sampled_at, method)| {
        Fact::Test { result: TestResult::Negative, method, sampled_at }
    });
    let refers_to =
        prop_oneof![case_id().prop_map(ReleaseOf::Case), trace_id().prop_map(ReleaseOf::Trace)];
    let release = (refers_to, moment(), select(ReleasePaper::ALL)).prop_map(
        |(refers_to, released_at, paper)| Fact::Release { refers_to, released_at, paper },
    );
    prop_oneof![
        5 => harm(),
        1 => declaration,
        2 => check_in,
        2 => negative,
        1 => release,
        2 => meanwhile(),
    ]
}

/// A piece with this fact. Ids are given by [`numbered`].
pub fn piece(fact: impl Strategy<Value = Fact> + Clone) -> impl Strategy<Value = Evidence> + Clone {
    (fact, moment(), 0u8..20, 0u8..10, 0u8..8).prop_map(
        |(fact, recorded_at, agency, gone, from)| Evidence {
            id: EvidenceId::from_random(1),
            holder: Some(HolderId::from_random(1)),
            fact,
            recorded_at,
            agency: (agency > 1).then(|| AgencyId::from_random(u64::from(agency % 3) + 1)),
            origin: match from {
                0 => Some("CN-1301".parse().unwrap()),
                1 => Some("CN-42".parse().unwrap()),
                _ => None,
            },
            withdrawn_at: (gone == 0).then_some(recorded_at),
            superseded_by: (gone == 1).then(|| EvidenceId::from_random(99)),
        },
    )
}

/// A person's evidence: up to so many pieces, each with its own id.
pub fn evidence(most: usize) -> impl Strategy<Value = Vec<Evidence>> + Clone {
    prop::collection::vec(piece(fact()), 0..most).prop_map(numbered)
}

pub fn numbered(mut pieces: Vec<Evidence>) -> Vec<Evidence> {
    for (i, e) in (1u64..).zip(&mut pieces) {
        e.id = EvidenceId::from_random(i);
    }
    pieces
}

/// Public entries of regions' levels.
pub fn public_risks() -> impl Strategy<Value = Vec<Evidence>> + Clone {
    let levels = vec![RiskLevel::Low, RiskLevel::Medium, RiskLevel::High];
    let fact = (division(), select(levels), moment(), prop::option::of(moment()))
        .prop_map(|(division, level, from, to)| Fact::RegionRisk { division, level, from, to });
    prop::collection::vec(piece(fact), 0..5).prop_map(|mut risks| {
        for (i, e) in (2000u64..).zip(&mut risks) {
            e.id = EvidenceId::from_random(i);
            e.holder = None;
        }
        risks
    })
}

//! What-ifs against a plain loop that asks `assess` about everybody, one after the other.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

mod common;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use common::{BASE, evidence, moment, policies, public_risks};
use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::TestResult;
use jadegate_domain::{
    AgencyId, Assessment, CaseId, Colour, Division, Evidence, EvidenceId, Fact, Timestamp, TraceId,
};
use jadegate_policy::{
    ColourCounts, Comparison, Policy, Population, PopulationBuilder, SampleSegment, Setting,
    WhatIf, WhatIfOptions, assess, explain, outlook, read_evidence, recolour, recolour_part,
    what_if,
};
use proptest::prelude::*;
use proptest::sample::select;

static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(policies);

/// A home division and what is recorded of somebody.
type Somebody = (Division, Vec<Evidence>);

fn homes() -> impl Strategy<Value = Division> + Clone {
    select(vec!["CN-330106003", "CN-330106", "CN-3301", "CN-44", "US-NY", "CN"])
        .prop_map(|d| d.parse().unwrap())
}

fn crowd() -> impl Strategy<Value = Vec<Somebody>> {
    prop::collection::vec((homes(), evidence(7)), 0..12)
}

fn without() -> impl Strategy<Value = Vec<(Division, u64)>> {
    prop::collection::vec((homes(), 0u64..1000), 0..3)
}

fn population(crowd: &[Somebody], without: &[(Division, u64)]) -> Population {
    let mut b = PopulationBuilder::new();
    for (home, own) in crowd {
        b.add(home, own);
    }
    for (home, people) in without {
        b.add_without_evidence(home, *people);
    }
    b.finish()
}

/// What `assess` says about one person.
fn of(setting: &Setting<'_>, home: &Division, own: &[Evidence], at: Timestamp) -> Assessment {
    assess(own.iter().chain(setting.risks), &setting.policy.for_home(home), at)
}

/// The plain loop.
struct Plain<'a> {
    crowd: &'a [Somebody],
    without: &'a [(Division, u64)],
    now: Timestamp,
}

impl Plain<'_> {
    /// Everybody: home, how many of them, evidence.
    fn all(&self) -> impl Iterator<Item = (&Division, u64, &[Evidence])> {
        let few = self.crowd.iter().map(|(home, own)| (home, 1, own.as_slice()));
        few.chain(self.without.iter().map(|(home, n)| (home, *n, [].as_slice())))
    }

    fn count(&self, setting: &Setting<'_>, keep: impl Fn(&Division) -> bool) -> ColourCounts {
        let mut counts = ColourCounts::default();
        for (home, n, own) in self.all().filter(|(home, ..)| keep(home)) {
            match of(setting, home, own, self.now).colour {
                Colour::Green => counts.green += n,
                Colour::Yellow => counts.yellow += n,
                Colour::Red => counts.red += n,
            }
        }
        counts
    }

    /// People for whom something is true of the answers before and after.
    fn people(
        &self,
        [before, after]: [&Setting<'_>; 2],
        keep: impl Fn(&[Evidence], &Assessment, &Assessment) -> bool,
    ) -> u64 {
        self.all()
            .filter(|(home, _, own)| {
                keep(own, &of(before, home, own, self.now), &of(after, home, own, self.now))
            })
            .map(|(_, n, _)| n)
            .sum()
    }

    /// Did a laboratory find the virus in somebody who is this case?
    fn lab_case(&self, case: CaseId) -> bool {
        self.crowd.iter().any(|(_, own)| {
            let known = || own.iter().filter(|e| e.counts() && e.recorded_at <= self.now);
            known().any(is_lab_result)
                && known().any(|e| matches!(e.fact, Fact::Case { case: c, .. } if c == case))
        })
    }

    fn rests_on_lab(&self, own: &[Evidence], a: &Assessment) -> bool {
        let behind: BTreeSet<EvidenceId> =
            a.reasons.iter().flat_map(|r| r.evidence.iter().copied()).collect();
        own.iter().filter(|e| behind.contains(&e.id)).any(|e| match e.fact {
            Fact::Case { case, .. } | Fact::Contact { case, .. } => self.lab_case(case),
            _ => is_lab_result(e),
        })
    }
}

fn is_lab_result(e: &Evidence) -> bool {
    matches!(e.fact, Fact::Test { result: TestResult::Positive, .. }) && e.agency.is_some()
}

fn check(plain: &Plain<'_>, before: &Setting<'_>, after: &Setting<'_>, w: &WhatIf) {
    let both = [before, after];
    assert_eq!(w.people, plain.all().map(|(_, n, _)| n).sum::<u64>());
    let counted = |own: &&[Evidence]| own.iter().any(Evidence::counts);
    let with = plain.crowd.iter().filter(|(_, own)| counted(&own.as_slice())).count();
    assert_eq!(w.with_evidence, with as u64);
    assert_eq!((w.before, w.after), (plain.count(before, |_| true), plain.count(after, |_| true)));
    let confined =
        |b: &Assessment, a: &Assessment| b.colour == Colour::Green && a.colour > b.colour;
    let free = |b: &Assessment, a: &Assessment| a.colour == Colour::Green && b.colour > a.colour;
    assert_eq!(w.newly_confined, plain.people(both, |_, b, a| confined(b, a)));
    assert_eq!(w.newly_free, plain.people(both, |_, b, a| free(b, a)));
    assert_eq!(w.more_severe, plain.people(both, |_, b, a| a.colour > b.colour));
    assert_eq!(w.less_severe, plain.people(both, |_, b, a| a.colour < b.colour));
    assert_eq!(
        w.newly_confined_without_lab_case,
        plain.people(both, |own, b, a| confined(b, a) && !plain.rests_on_lab(own, a))
    );
    for d in &w.divisions {
        let inside = |home: &Division| d.division.contains(home);
        assert_eq!(d.before, plain.count(before, inside), "{}", d.division);
        assert_eq!(d.after, plain.count(after, inside), "{}", d.division);
        let people: u64 = plain.all().filter(|(h, ..)| inside(h)).map(|(_, n, _)| n).sum();
        assert_eq!(d.people, people);
    }
    check_rules(plain, both, w);
    check_places(plain, both, w);
}

fn check_rules(plain: &Plain<'_>, both: [&Setting<'_>; 2], w: &WhatIf) {
    let ids: BTreeSet<&str> = both.iter().flat_map(|s| s.policy.rule_ids()).collect();
    assert!(w.rules.iter().map(|r| r.rule.as_str()).eq(ids));
    for r in &w.rules {
        let has = |a: &Assessment| a.reasons.iter().any(|x| x.rule == r.rule);
        assert_eq!(r.before, plain.people(both, |_, b, _| has(b)), "{}", r.rule);
        assert_eq!(r.after, plain.people(both, |_, _, a| has(a)), "{}", r.rule);
        assert!(!r.title["en"].is_empty());
    }
}

fn check_places(plain: &Plain<'_>, both: [&Setting<'_>; 2], w: &WhatIf) {
    let calendar = both[1].policy.calendar();
    for (day, p) in (1i64..).zip(&w.places) {
        let last = calendar.midnight(plain.now, day).plus_secs(-1).max(plain.now);
        assert_eq!(p.day, calendar.day_of(last).to_string());
        let red = |s: &Setting<'_>| {
            let red =
                |home: &Division, own: &[Evidence]| of(s, home, own, last).colour == Colour::Red;
            plain.all().filter(|(home, _, own)| red(home, own)).map(|(_, n, _)| n).sum::<u64>()
        };
        assert_eq!((p.before, p.after), (red(both[0]), red(both[1])), "{}", p.day);
    }
}

/// A person's timeline as a sample shows it: stretches of the same colour and rules.
fn timeline(
    setting: &Setting<'_>,
    home: &Division,
    own: &[Evidence],
    now: Timestamp,
) -> Vec<SampleSegment> {
    let policy = setting.policy.for_home(home);
    let t = explain(own.iter().chain(setting.risks), &policy, Some(now));
    let mut out: Vec<SampleSegment> = Vec::new();
    for s in &t.segments {
        let rules: Vec<String> = s.reasons.iter().map(|r| r.rule.clone()).collect();
        match out.last_mut().filter(|last| last.colour == s.colour && last.rules == rules) {
            Some(last) => last.to = s.to,
            None => out.push(SampleSegment { from: s.from, to: s.to, colour: s.colour, rules }),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_number_is_what_a_plain_loop_counts(
        crowd in crowd(), without in without(), risks in public_risks(),
        more_risks in public_risks(), now in moment(),
        from in 0usize..1000, to in 0usize..1000, seed in any::<u64>(),
    ) {
        let policy = |n: usize| &POLICIES[n % POLICIES.len()];
        let (before, after) = (
            Setting { policy: policy(from), risks: &risks },
            Setting { policy: policy(to), risks: &more_risks },
        );
        let people = population(&crowd, &without);
        let options = WhatIfOptions { days: 5, samples: 4, seed };
        let w = what_if(&people, &before, &after, now, &options, &|_| true).unwrap();
        let plain = Plain { crowd: &crowd, without: &without, now };
        check(&plain, &before, &after, &w);
        // Each sample is somebody whose colour changes, and as many are shown as there are; those
        // of one home of whom nothing is known are one.
        let nothing: BTreeSet<&Division> =
            without.iter().filter(|(_, n)| *n > 0).map(|(home, _)| home).collect();
        let some = crowd.iter().map(|(home, own)| (home, own.as_slice()));
        let changed: Vec<_> = some
            .chain(nothing.iter().map(|home| (*home, [].as_slice())))
            .map(|(home, own)| {
                (timeline(&before, home, own, now), timeline(&after, home, own, now))
            })
            .filter(|(b, a)| b[0].colour != a[0].colour)
            .collect();
        prop_assert_eq!(w.samples.len(), changed.len().min(4));
        for s in &w.samples {
            prop_assert!(changed.iter().any(|(b, a)| s.before == *b && s.after == *a));
        }
    }

    #[test]
    fn colours_are_those_of_assess_in_the_order_of_adding(
        crowd in crowd(), risks in public_risks(), now in moment(), parts in 1usize..5,
    ) {
        let people = population(&crowd, &[]);
        for policy in &*POLICIES {
            let setting = Setting { policy, risks: &risks };
            let colours = recolour(&people, &setting, now);
            let one_by_one: Vec<Colour> =
                crowd.iter().map(|(home, own)| of(&setting, home, own, now).colour).collect();
            prop_assert_eq!(&colours, &one_by_one, "{}", policy.id());
            let answers = outlook(&people, &setting, now, 0..people.added());
            for ((home, own), (colour, next)) in crowd.iter().zip(answers) {
                let a = of(&setting, home, own, now);
                prop_assert_eq!((a.colour, a.next_change), (colour, next), "{}", policy.id());
            }
            let split = people.split(parts).into_iter();
            let pieces: Vec<Colour> =
                split.flat_map(|p| recolour_part(&people, &setting, now, p)).collect();
            prop_assert_eq!(colours, pieces);
        }
    }

    #[test]
    fn parts_in_any_order_give_the_same_result(
        crowd in crowd(), without in without(), risks in public_risks(), now in moment(),
        parts in 1usize..7, seed in any::<u64>(),
    ) {
        let people = population(&crowd, &without);
        let before = Setting { policy: &POLICIES[0], risks: &[] };
        let after = Setting { policy: &POLICIES[1], risks: &risks };
        let options = WhatIfOptions { samples: 2, seed, ..WhatIfOptions::default() };
        let whole = what_if(&people, &before, &after, now, &options, &|_| true).unwrap();
        let comparison = Comparison::new(&people, before, after, now, &options);
        let tallies = people.split(parts).into_iter().rev().map(|p| comparison.count(p, &|_| true));
        let sum = tallies.map(Option::unwrap).reduce(|mut sum, t| { sum.merge(t); sum }).unwrap();
        prop_assert_eq!(whole, comparison.finish(sum));
    }
}

fn three_colour() -> Policy {
    Policy::parse(include_str!("../../../policies/three-colour.toml")).unwrap()
}

fn at(s: &str) -> Timestamp {
    s.parse().unwrap()
}

/// Five people of Xihu: two contacts of one case that a laboratory found and one of a case nobody
/// tested, the tested case, and somebody who was in the region; 95 of whom nothing is known.
fn town() -> Population {
    let contact = |case: u64| {
        let text = "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\n\
            last_contact = 2022-03-01T15:00:00+08:00";
        let mut e = read_evidence(text).unwrap();
        if let Fact::Contact { case: c, .. } = &mut e[0].fact {
            *c = CaseId::from_random(case);
        }
        e
    };
    let case_text = "[[evidence]]\nkind = \"case\"\nclass = \"confirmed\"\n\
        confirmed_at = 2022-02-01T15:00:00+08:00\n[[evidence]]\nkind = \"test\"\n\
        result = \"positive\"\nsampled_at = 2022-02-01T15:00:00+08:00";
    let mut case = read_evidence(case_text).unwrap();
    for e in &mut case {
        e.agency = Some(AgencyId::from_random(1));
        if let Fact::Case { case: c, .. } = &mut e.fact {
            *c = CaseId::from_random(1);
        }
    }
    let stay = "[[evidence]]\nkind = \"stay\"\ndivision = \"CN-330106\"\n\
        from = 2022-02-01T00:00:00+08:00";
    let home: Division = "CN-330106".parse().unwrap();
    let mut b = PopulationBuilder::new();
    for own in [contact(1), contact(1), contact(2), case, read_evidence(stay).unwrap()] {
        b.add(&home, &own);
    }
    b.add_without_evidence(&home, 95);
    b.finish()
}

fn longer() -> Policy {
    let text = include_str!("../../../policies/three-colour.toml");
    Policy::parse(&text.replacen("colour = \"red\"\ndays = 14", "colour = \"red\"\ndays = 60", 3))
        .unwrap()
}

#[test]
fn a_longer_policy_confines_those_whose_days_were_over() {
    let (short, long, people) = (three_colour(), longer(), town());
    let (before, after) =
        (Setting { policy: &short, risks: &[] }, Setting { policy: &long, risks: &[] });
    let now = at("2022-03-20T12:00:00+08:00");
    let w = what_if(&people, &before, &after, now, &WhatIfOptions::default(), &|_| true).unwrap();
    assert_eq!((w.people, w.with_evidence), (100, 5));
    assert_eq!(w.before, ColourCounts { green: 100, yellow: 0, red: 0 });
    assert_eq!(w.after, ColourCounts { green: 96, yellow: 0, red: 4 });
    assert_eq!((w.newly_confined, w.newly_free, w.more_severe, w.less_severe), (4, 0, 4, 0));
    // The contact of a case nobody tested.
    assert_eq!(w.newly_confined_without_lab_case, 1);
    let levels: Vec<_> = w.divisions.iter().map(|d| (d.division.as_str(), d.people)).collect();
    assert_eq!(levels, [("CN", 100), ("CN-33", 100), ("CN-3301", 100), ("CN-330106", 100)]);
    let rules: Vec<_> =
        w.rules.iter().filter(|r| r.after > 0).map(|r| (r.rule.as_str(), r.after)).collect();
    assert_eq!(rules, [("case", 1), ("close-contact", 3), ("positive-test", 1)]);
    // The case's sixty days end at the midnight that starts 3 April.
    let places: Vec<_> = w.places.iter().map(|p| (p.day.as_str(), p.before, p.after)).collect();
    assert_eq!(
        (places.len(), places[0], places[13]),
        (21, ("2022-03-20", 0, 4), ("2022-04-02", 0, 4))
    );
    assert_eq!(places[14], ("2022-04-03", 0, 3));
    assert_eq!(w.samples.len(), 4);
    assert_eq!(w.samples[0].before.len(), 1);
}

#[test]
fn a_raised_region_touches_those_who_stayed_there_and_rests_on_no_case() {
    let (policy, people) = (three_colour(), town());
    let now = at("2022-03-20T12:00:00+08:00");
    let raised = Evidence {
        id: EvidenceId::from_random(500),
        holder: None,
        fact: Fact::RegionRisk {
            division: "CN-3301".parse().unwrap(),
            level: RiskLevel::High,
            from: now,
            to: None,
        },
        recorded_at: now,
        agency: Some(AgencyId::from_random(3)),
        origin: None,
        withdrawn_at: None,
        superseded_by: None,
    };
    let before = Setting { policy: &policy, risks: &[] };
    let after = Setting { policy: &policy, risks: std::slice::from_ref(&raised) };
    let w = what_if(&people, &before, &after, now, &WhatIfOptions::default(), &|_| true).unwrap();
    assert_eq!((w.newly_confined, w.newly_confined_without_lab_case), (1, 1));
    assert!(w.places.iter().all(|p| (p.before, p.after) == (0, 1)));
    assert_eq!(w.samples[0].after[0].rules, ["high-risk-region"]);
}

#[test]
fn stopping_gives_no_result() {
    let (policy, people) = (three_colour(), town());
    let s = Setting { policy: &policy, risks: &[] };
    let now = Timestamp::from_secs(BASE);
    let options = WhatIfOptions::default();
    assert!(what_if(&people, &s, &s, now, &options, &|_| false).is_none());
    let last = std::cell::Cell::new(0);
    let told = what_if(&people, &s, &s, now, &options, &|n| {
        last.set(n);
        true
    });
    assert!(told.is_some());
    assert_eq!(last.get(), 5);
}

#[test]
fn the_json_form_is_that_of_the_api() {
    let (policy, people) = (three_colour(), town());
    let s = Setting { policy: &policy, risks: &[] };
    let now = at("2022-03-02T12:00:00+08:00");
    let w = what_if(&people, &s, &s, now, &WhatIfOptions::default(), &|_| true).unwrap();
    let json = serde_json::to_value(&w).unwrap();
    assert_eq!(json["at"], "2022-03-02T04:00:00Z");
    assert_eq!(json["before"], serde_json::json!({"green": 97, "yellow": 0, "red": 3}));
    assert_eq!(json["divisions"][3]["division"], "CN-330106");
    assert_eq!(json["places"][0]["day"], "2022-03-02");
    assert_eq!(serde_json::from_value::<WhatIf>(json).unwrap(), w);
}

/// Six pieces, as somebody in a quarantine has them.
fn typical(n: u64) -> Vec<Evidence> {
    let text = r#"
        [[evidence]]
        kind = "contact"
        degree = "close"
        last_contact = 2022-03-01T15:00:00+08:00
        [[evidence]]
        kind = "stay"
        division = "CN-330106"
        from = 2022-02-01T00:00:00+08:00
        to = 2022-02-03T00:00:00+08:00
        [[evidence]]
        kind = "declaration"
        recorded_at = 2022-03-02T08:00:00+08:00
        temperature = 36.6
        [[evidence]]
        kind = "check_in"
        recorded_at = 2022-03-03T08:00:00+08:00
        temperature = 36.7
        [[evidence]]
        kind = "check_in"
        recorded_at = 2022-03-04T08:00:00+08:00
        temperature = 36.5
        [[evidence]]
        kind = "test"
        result = "negative"
        sampled_at = 2022-03-03T15:00:00+08:00
    "#;
    let mut e = read_evidence(text).unwrap();
    if let Fact::Contact { case, trace, .. } = &mut e[0].fact {
        *case = CaseId::from_random(n / 40 + 1);
        *trace = TraceId::from_random(n / 40 + 1);
    }
    e
}

#[test]
fn a_person_with_six_pieces_takes_less_than_a_hundred_bytes() {
    let home: Division = "CN-330106".parse().unwrap();
    let mut b = PopulationBuilder::new();
    let many = 20_000;
    for n in 0..many {
        b.add(&home, &typical(n));
    }
    b.add_without_evidence(&home, 1_000_000);
    let people = b.finish();
    let each = people.memory_bytes() as u64 / many;
    assert!(each < 100, "{each} bytes");
    assert_eq!((people.people(), people.with_evidence()), (1_020_000, many));
}

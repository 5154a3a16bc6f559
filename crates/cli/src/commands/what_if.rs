//! `jadegate policy what-if`: a change replayed over the present evidence of the database, which may
//! be in use by a server at the same time. Nothing is written.

use std::sync::Arc;

use jadegate_divisions::Directory;
use jadegate_domain::{Division, Evidence};
use jadegate_policy::{ColourCounts, Policy, WhatIf};
use jadegate_service::Clock as _;
use jadegate_service::staff::risk_of;
use jadegate_service::what_if::{Answer, Progress, Question, Touched, ask, basis_points};
use serde_json::json;

use crate::args::{self, ReportFormat};
use crate::config::Config;
use crate::failure::Failure;
use crate::wire::read_policy;
use crate::world::SystemClock;

/// Divisions printed: the worst ones; the JSON form holds all.
const SHOWN: usize = 20;

pub(super) async fn run(config: &Config, args: &args::WhatIf) -> Result<(), Failure> {
    let limits = (config.mandate.basis_points()?, config.mandate.second_officer_people);
    let store = crate::database::Database::open_read_only(config).await?;
    let before = match &args.against {
        Some(file) => read_policy(file)?.0,
        None => in_force(&*store).await?,
    };
    let after = match &args.new {
        Some(file) => read_policy(file)?.0,
        None if args.risk_level.is_empty() => {
            return Err("name a new policy file, a --risk-level, or both".into());
        }
        None => before.clone(),
    };
    let now = SystemClock.now();
    let since = now.plus_days(-i64::from(before.retention().evidence_days));
    let risks = store.region_risks(since).await?.risks;
    let risks_before: Vec<Evidence> = risks.iter().map(Evidence::from_region_risk).collect();
    let mut risks_after = risks_before.clone();
    for text in &args.risk_level {
        risks_after.push(risk_of(text, now)?);
    }
    let question = Question {
        policy_before: Arc::new(before),
        risks_before,
        policy_after: Arc::new(after),
        risks_after,
        at: now,
        also: Vec::new(),
        seed: 1,
    };
    let answer = ask(&*store, question, Arc::new(Progress::default()))
        .await?
        .ok_or("the what-if stopped by itself")?;
    match args.format {
        ReportFormat::Json => {
            let all = json!({
                "result": answer.result,
                "touched": answer.touched,
                "needs_second_officer": needs(&answer, limits),
            });
            println!("{}", serde_json::to_string_pretty(&all)?);
        }
        ReportFormat::Text => {
            print(&answer.result);
            second_officer(&answer, limits);
        }
    }
    Ok(())
}

async fn in_force(store: &dyn jadegate_store::Store) -> Result<Policy, Failure> {
    let version = store
        .policy_in_force()
        .await?
        .ok_or("no policy is in force here yet: start the server once, or give --against FILE")?;
    Policy::parse(&version.text)
        .map_err(|_| "this program cannot read the policy in force; use the newer program".into())
}

fn worst(answer: &Answer) -> Option<(u32, &Touched)> {
    let share = |t: &Touched| basis_points(t.newly_confined, t.people);
    answer.touched.iter().map(|t| (share(t), t)).max_by_key(|(points, t)| (*points, t.people))
}

fn name(division: &Division) -> String {
    Directory::embedded().full_name(division, " ").unwrap_or_else(|| division.to_string())
}

/// The result as tables.
pub(super) fn print(r: &WhatIf) {
    let (a, b) = (&r.policy_before, &r.policy_after);
    println!("{} people, {} of them with evidence, as of {}", r.people, r.with_evidence, r.at);
    println!("before  {} version {} ({})", a.id, a.version, a.digest);
    println!("after   {} version {} ({})\n", b.id, b.version, b.digest);
    println!("{:<8} {:>12} {:>12} {:>12}", "", "green", "yellow", "red");
    let row = |what: &str, c: &ColourCounts| {
        println!("{what:<8} {:>12} {:>12} {:>12}", c.green, c.yellow, c.red);
    };
    row("before", &r.before);
    row("after", &r.after);
    println!("\nnewly confined {:>10}", r.newly_confined);
    println!("  without a laboratory behind it {}", r.newly_confined_without_lab_case);
    println!("newly free     {:>10}", r.newly_free);
    println!("more severe    {:>10}", r.more_severe);
    println!("less severe    {:>10}", r.less_severe);
    let mut divisions: Vec<_> =
        r.divisions.iter().filter(|d| d.newly_confined + d.newly_free > 0).collect();
    divisions.sort_by_key(|d| std::cmp::Reverse(d.newly_confined));
    if !divisions.is_empty() {
        println!("\n{:>12} {:>12} {:>12}  division", "confined", "free", "people");
    }
    for d in divisions.iter().take(SHOWN) {
        println!(
            "{:>12} {:>12} {:>12}  {} {}",
            d.newly_confined,
            d.newly_free,
            d.people,
            d.division,
            name(&d.division)
        );
    }
    if divisions.len() > SHOWN {
        println!("  … and {} more (--format json has them all)", divisions.len() - SHOWN);
    }
    println!("\n{:>12} {:>12}  rule", "before", "after");
    for rule in r.rules.iter().filter(|rule| rule.before + rule.after > 0) {
        let title = rule.title.get("en").map_or("", String::as_str);
        println!("{:>12} {:>12}  {}  {title}", rule.before, rule.after, rule.rule);
    }
    println!("\n{:>12} {:>12}  quarantine places", "before", "after");
    for day in &r.places {
        println!("{:>12} {:>12}  {}", day.before, day.after, day.day);
    }
}

/// People turned from green to another colour: divisions lie inside each other, countries do not.
fn confined(answer: &Answer) -> u64 {
    let countries = answer.touched.iter().filter(|t| t.division.path().is_empty());
    countries.map(|t| t.newly_confined).sum()
}

fn needs(answer: &Answer, (basis_points, people): (u32, u64)) -> bool {
    confined(answer) > people || worst(answer).is_some_and(|(points, _)| points > basis_points)
}

fn second_officer(answer: &Answer, limits: (u32, u64)) {
    let Some((points, t)) = worst(answer) else {
        println!("\nNobody turns from green to another colour.");
        return;
    };
    println!(
        "\nMost in {} {}: {:.2} % at {}; {} people in all. {} (the mandate's thresholds are {:.2} % of a division and {} people)",
        t.division,
        name(&t.division),
        f64::from(points) / 100.0,
        t.at,
        confined(answer),
        if needs(answer, limits) {
            "It would need a second officer"
        } else {
            "It would need no second officer"
        },
        f64::from(limits.0) / 100.0,
        limits.1,
    );
}

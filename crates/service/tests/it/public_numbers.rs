//! What everybody is told once a day: the same from every server, exact where the log says it, and of nobody.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::collections::BTreeMap;

use jadegate_domain::gate::{Direction, Scan};
use jadegate_domain::{GateId, HolderId, PlaceId, PlaceKind, ScanId, ScanOutcome};
use jadegate_ledger::Leaf;
use jadegate_ledger::mandate::{Limits, Mandate};
use jadegate_ledger::note::NoteSigner;
use jadegate_service::holder::appeals::AppealInput;
use jadegate_service::public_numbers::{DayNumbers, LEAST, WrongCause};
use jadegate_service::staff::{ChangeInput, DecisionInput, Record, Whom};
use jadegate_service::{MandateGiven, Settings};
use jadegate_store::{Unit, Write};

use crate::common::scenes::traced;
use crate::common::{HOME, NOW, REQUEST, World, at, policy_text, test_of};

/// In a province, where as much may be told of anybody as a mandate can allow.
async fn world() -> World {
    let settings = Settings {
        waiting_above_per_hour: u32::MAX,
        waiting_above_per_staff_hour: u32::MAX,
        withdrawals_above_per_hour: u32::MAX,
        withdrawals_above_per_staff_hour: u32::MAX,
        ..Settings::default()
    };
    let given =
        MandateGiven::trial(&settings, "CN-33".parse().unwrap(), &[6; 32], at(NOW)).unwrap();
    let signer = NoteSigner::from_seed("trial.invalid/mandate", &[6; 32]).unwrap();
    let m = Mandate::open(given.note.as_ref().unwrap(), &signer.verifier()).unwrap();
    let m = Mandate { limits: Limits { privacy_budget: 10.0, ..m.limits }, ..m };
    let note = Mandate::sign(&m.to_text().unwrap(), &signer).unwrap();
    World::given(NOW, settings, MandateGiven { note: Some(note), ..given }).await
}

async fn days(w: &World) -> Vec<DayNumbers> {
    w.app.public_numbers().await.unwrap().days
}

/// Not further from the truth than the noise of this mandate goes in one of five hundred numbers; the seed is
/// fixed. What is told as few is few.
fn near(told: Option<u64>, truth: u64) -> bool {
    told.map_or(truth < LEAST + 6, |n| n >= LEAST && n.abs_diff(truth) <= 6)
}

/// Somebody met a closed or an open door.
fn scan(n: u64, holder: HolderId, place: PlaceId, outcome: ScanOutcome) -> Write {
    let at = at("2022-03-16T01:00:00Z");
    let overridden = outcome == ScanOutcome::Override;
    Write::AddScan(Scan {
        id: ScanId::from_random(n + 1),
        gate: GateId::from_random(1),
        place,
        holder: Some(holder),
        at,
        direction: Direction::In,
        colour: None,
        outcome,
        reason: overridden.then_some(jadegate_domain::gate::OverrideReason::Emergency),
        problem: None,
    })
}

/// Fourteen people were red for two days by tests that were not theirs, twelve more appealed, and a case that
/// was none had eleven contacts. Each number against what happened.
#[tokio::test]
async fn each_number_is_near_what_happened() {
    let mut w = world().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let body = w.staff("appeals_body", "officer", "CN-33").await;
    let officer = w.officer().await;
    let cafe = w.place("restaurant", "Made-up Cafe").await;
    let (mut tests, mut people) = (Vec::new(), Vec::new());
    for _ in 0..26 {
        let (session, who) = w.register(HOME).await;
        let test = w.app.record_test(&lab, &test_of(Whom::Holder(who), "positive")).await.unwrap();
        tests.push(test.evidence);
        people.push((session, who));
    }
    let (_, case) = w.register(HOME).await;
    let mut friends = Vec::new();
    for _ in 0..11 {
        friends.push(w.register(HOME).await.1);
    }
    for who in friends.iter().copied().chain([case]) {
        w.visit(who, cafe, "2022-03-13T04:00:00Z", "2022-03-13T05:00:00Z").await;
        w.colour(who).await;
    }
    w.restart().await;
    let trace = traced(&w, &officer, case).await;
    assert_eq!(trace.contacts.len(), 11);

    // The next Monday has not come: the week before all this is told, and the colours of today.
    assert!(w.app.publish_numbers().await.unwrap());
    let first = days(&w).await.remove(0);
    let hangzhou = first.colours.divisions.iter().find(|d| d.name.contains('杭')).unwrap();
    assert!(near(hangzhou.red, 38) && near(hangzhou.green, 0), "{hangzhou:?}");
    assert_eq!(first.colours.divisions.len(), 12, "eleven prefectures and elsewhere");
    assert!(near(first.week.unwrap().confined, 0));

    let away = |n, who, outcome| scan(n, who, cafe, outcome);
    let mut doors: Vec<Write> =
        (0..).zip(&people).map(|(n, (_, who))| away(n, *who, ScanOutcome::Refused)).collect();
    // The same person at another door counts once.
    doors.push(away(90, people[0].1, ScanOutcome::Override));
    w.store.commit(Unit::new("doors", doors)).await.unwrap();
    w.clock.set(at("2022-03-17T05:00:00Z"));
    for evidence in &tests[..14] {
        let record = Record::Evidence(*evidence);
        w.app.withdraw_record(&lab, record, "sample_mixed_up").await.unwrap();
    }
    for ((session, _), test) in people.iter().zip(&tests).skip(14) {
        let about = AppealInput { evidence: *test, ground: "wrong_result".to_owned(), words: None };
        let appeal = w.app.lodge_appeal(session, &about).await.unwrap();
        let found = DecisionInput {
            finding: "wrong_content".to_owned(),
            reply: "The sample was not yours.".to_owned(),
        };
        w.app.decide_appeal(&body, appeal.id, &found).await.unwrap();
    }
    w.app.withdraw_case(&officer, trace.row.case).await.unwrap();
    // Who looks is counted exactly.
    w.app.open_holder(&officer, friends[0], REQUEST, None).await.unwrap();

    w.clock.set(at("2022-03-21T00:00:30Z"));
    assert!(w.app.publish_numbers().await.unwrap());
    let day = days(&w).await.remove(0);
    let week = day.week.unwrap();
    let span = (week.from.to_string(), week.to.to_string());
    assert_eq!(span, ("2022-03-14T00:00:00Z".to_owned(), "2022-03-21T00:00:00Z".to_owned()));
    assert!(near(week.confined, 38) && near(week.infected, 0), "{week:?}");
    assert!(near(week.contacts, 0), "the contact was withdrawn: {week:?}");
    for (row, cause, truth) in
        [(0, WrongCause::Correction, 14), (1, WrongCause::Appeal, 12), (2, WrongCause::Case, 12)]
    {
        assert_eq!(week.wrong[row].cause, cause);
        assert!(near(week.wrong[row].one_to_three_days, truth), "{week:?}");
        assert!(near(week.wrong[row].longer, 0));
    }
    for door in &week.doors {
        let here = door.place == PlaceKind::Restaurant;
        assert!(near(door.refused, if here { 26 } else { 0 }), "{door:?}");
        assert!(near(door.overridden, 0));
    }
    assert_eq!((first.log.to, first.log.from), (day.log.from, 0), "each leaf once");
    exact(&w, &[first.log, day.log]).await;
}

/// The looks, the withdrawals and the purges of some publications are those in the log.
async fn exact(w: &World, told: &[jadegate_service::public_numbers::LogNumbers]) {
    let (mut looks, mut withdrawn) = (BTreeMap::new(), BTreeMap::new());
    for n in told {
        assert_eq!(n.unknown, 0);
        for l in &n.looks {
            assert!(!l.name.is_empty());
            *looks.entry((l.agency, l.purpose)).or_insert(0) += l.looks;
        }
        for x in &n.withdrawals {
            *withdrawn.entry((x.record.clone(), x.reason.clone())).or_insert(0) += x.records;
        }
    }
    let (mut seen, mut taken) = (BTreeMap::new(), BTreeMap::new());
    for leaf in w.log(0, 1000).await {
        match Leaf::decode(&leaf.bytes).unwrap() {
            Leaf::Access { agency, purpose, .. } => {
                *seen.entry((agency, purpose)).or_insert(0) += 1;
            }
            Leaf::Withdrawal { record, reason, records, .. } => {
                let key = (record.as_str().to_owned(), reason.as_str().to_owned());
                *taken.entry(key).or_insert(0) += u64::from(records);
            }
            _ => {}
        }
    }
    assert_eq!((looks, withdrawn), (seen.clone(), taken.clone()));
    assert!(!seen.is_empty() && !taken.is_empty());
}

/// However many servers try, and however often: one publication a day, which everybody reads.
#[tokio::test]
async fn of_several_servers_one_tells_and_all_say_the_same() {
    let mut w = World::new().await;
    let (_, who) = w.register(HOME).await;
    w.colour(who).await;
    let other = w.second_server().await;
    let both = tokio::join!(w.app.publish_numbers(), other.publish_numbers());
    let told = [both.0.unwrap(), both.1.unwrap()];
    assert_eq!(told.iter().filter(|t| **t).count(), 1, "{told:?}");
    assert!(!w.app.publish_numbers().await.unwrap() && !other.publish_numbers().await.unwrap());
    let days_of = |n: jadegate_service::public_numbers::PublicNumbers| n.days;
    let one = days_of(w.app.public_numbers().await.unwrap());
    assert_eq!(one, days_of(other.public_numbers().await.unwrap()));
    assert_eq!(one.len(), 1);

    // The next day without a week; the colours are drawn anew, and cost their share.
    w.clock.set(at("2022-03-16T00:00:10Z"));
    assert!(other.publish_numbers().await.unwrap());
    let two = days_of(w.app.public_numbers().await.unwrap());
    assert_eq!(two.len(), 2);
    assert_eq!(two[1], one[0], "what was told stays");
    assert!(two[0].week.is_none() && two[1].week.is_some());
    let budget = w.app.limits().privacy_budget;
    assert!(6.0 * two[0].epsilon + two[1].epsilon <= budget + 1e-9);
}

/// Nothing is told while no mandate holds, nor by a clock that is not believed.
#[tokio::test]
async fn nothing_is_told_without_a_mandate() {
    let w = World::new().await;
    let end = w.app.mandate().at.unwrap();
    w.clock.set(end.plus_secs(1));
    assert!(!w.app.publish_numbers().await.unwrap());
    assert_eq!(days(&w).await, []);
}

/// A body that cannot be read is set aside; the other days are told, and nothing is told anew.
#[tokio::test]
async fn a_damaged_day_is_left_out() {
    let w = World::new().await;
    assert!(w.app.publish_numbers().await.unwrap());
    w.clock.set(at("2022-03-16T00:00:10Z"));
    assert!(w.app.publish_numbers().await.unwrap());
    let day = at("2022-03-16T00:00:10Z").utc_day();
    assert_eq!(w.raw(&format!("UPDATE published_numbers SET body = '{{' WHERE day = {day}")), 1);
    assert_eq!(days(&w).await.len(), 1);
    assert_eq!(w.app.unreadable().rows[0].table, "published_numbers");
    assert!(!w.app.publish_numbers().await.unwrap());
}

/// Everybody reads which policies there were and what each changed, in words.
#[tokio::test]
async fn the_history_of_the_policy_says_what_changed() {
    let mut w = World::new().await;
    let first = w.staff("health_commission", "commissioner", "CN").await;
    let second = w.staff("health_commission", "commissioner", "CN").await;
    let before = w.app.policy_history().await.unwrap();
    assert_eq!((before.len(), before[0].differences.clone()), (1, None));
    let text =
        policy_text().replace("days = 7\n", "days = 5\n").replace("version = 1\n", "version = 2\n");
    w.change(&first, &second, &ChangeInput::Policy { text: text.clone() }).await;
    let after = w.app.policy_history().await.unwrap();
    assert_eq!(after.iter().map(|p| p.policy.version).collect::<Vec<_>>(), [2, 1]);
    let told = after[0].differences.as_ref().unwrap();
    let wanted = jadegate_policy::diff(
        &jadegate_policy::Policy::parse(&policy_text()).unwrap(),
        &jadegate_policy::Policy::parse(&text).unwrap(),
    );
    assert_eq!(told.len(), wanted.len());
    assert!(told.iter().zip(&wanted).all(|(a, b)| a.about == b.about && a.after == b.after));
    assert!(after[0].by_agency.is_some() && after[0].text_url.contains(&after[0].policy.digest));
}

//! What an agency does far above its own history is an alarm, and above the mandate's number what follows
//! waits (h05); so are looks at people whom nobody has a reason to look at.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::fmt::Write as _;

use crate::common::scenes::people;
use crate::common::{HOME, REQUEST, World, case_of, document};
use jadegate_domain::record::WaitingState;
use jadegate_domain::{Activity, AlarmAnswer, AlarmKind, HolderId};
use jadegate_ledger::{AlarmEvent, Leaf, ProtectionEvent};
use jadegate_service::StaffSession;
use jadegate_service::staff::{
    AlarmAnswerInput, AlarmRow, CaseInput, NotAnswered, ProtectInput, Whom,
};
use jadegate_store::{Actor, AlarmWrite, Unit, Write};

/// A case of whoever owns passport `X0000001` and so on, registered or not.
fn case(n: u32) -> CaseInput {
    CaseInput { whom: Whom::Document(document(n)), ..case_of(HolderId::from_random(1)) }
}

/// Positive results of the owners of these passports.
fn positives(people: std::ops::RangeInclusive<u32>) -> String {
    let mut csv =
        "document_type,document_number,result,method,sampled_at,sample_reference\n".to_owned();
    for n in people {
        let line = "positive,nucleic_acid,2022-03-14T02:00:00Z";
        writeln!(csv, "passport,X{n:07},{line},LAB-{n}").unwrap();
    }
    csv
}

async fn open(w: &World, by: &StaffSession) -> Vec<AlarmRow> {
    w.app.list_alarms(by).await.unwrap().open
}

fn answer(text: &str) -> AlarmAnswerInput {
    AlarmAnswerInput { answer: text.to_owned() }
}

/// What the public log says of alarms.
async fn told(w: &World) -> Vec<(AlarmEvent, String, u32)> {
    let leaves = w.log(0, 10_000).await;
    let told = leaves.iter().filter_map(|l| match Leaf::decode(&l.bytes).unwrap() {
        Leaf::AgencyAlarm { event, what, count, .. } => {
            Some((event, what.as_str().to_owned(), count))
        }
        _ => None,
    });
    told.collect()
}

/// As if this had been done so many hours ago.
async fn did(w: &World, what: Activity, by: &StaffSession, hours_ago: i64, count: u64) {
    let hour = w.app.now().as_secs().div_euclid(3600) - hours_ago;
    let actor = Actor { agency: by.staff().agency, staff: Some(by.staff().id) };
    let write = Write::Alarm(AlarmWrite::Count { what, actor, hour, count });
    w.store.commit(Unit::new("test", vec![write])).await.unwrap();
}

/// Five officials of one hospital record cases that no laboratory knows of, as slowly as it takes to stay
/// below the brake: 1,317 in three days are 18 an hour.
#[tokio::test]
async fn five_officials_do_not_turn_1317_people_red() {
    let mut w = World::braked(100, 50).await;
    let first = w.staff("hospital", "officer", "CN-33").await;
    let mut officials = vec![first];
    for _ in 0..4 {
        officials.push(w.colleague(&officials[0]).await);
    }
    let team = w.officer().await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let (mut n, mut red, mut raised, mut held) = (0, 0, None, None);
    for hour in 0..9 {
        for turn in 0..18 {
            n += 1;
            let by = &officials[turn % 5];
            let recorded = w.app.record_case(by, &case(n)).await.unwrap();
            red += u32::from(!recorded.waiting);
        }
        w.app.watch_alarms().await.unwrap();
        let alarms = open(&w, &team).await;
        if !alarms.is_empty() && raised.is_none() {
            raised = Some((hour, red));
        }
        if alarms.iter().any(|a| a.holds_at.is_some()) && held.is_none() {
            held = Some((hour, red));
        }
        w.clock.advance(3600);
    }
    // Known after two hours; held as soon as there are more than a hundred.
    assert_eq!((raised, held), (Some((1, 36)), Some((5, 108))));
    assert_eq!(red, 108, "of {n}");
    let alarms = open(&w, &auditor).await;
    let whole = alarms.iter().find(|a| a.staff.is_none()).unwrap();
    assert_eq!((whole.kind, whole.expected), (AlarmKind::Unbacked, 2));
    assert!(whole.holds_at.is_some() && whole.not_answered == Some(NotAnswered::NotYours));
    assert!(alarms.len() > 1, "single officials stand out too");
    let leaves = told(&w).await;
    assert_eq!(leaves[0], (AlarmEvent::Raised, "unbacked".to_owned(), 36));
    assert!(leaves.contains(&(AlarmEvent::Holds, "unbacked".to_owned(), 108)));

    // Their own agency answers nothing; a stranger sees nothing; an answer has to fit.
    let e = w.app.answer_alarm(&officials[1], whole.id, &answer("backlog")).await.unwrap_err();
    assert_eq!(e.code, "staff.not_allowed");
    let far = w.staff("prevention_team", "officer", "CN-31").await;
    let e = w.app.answer_alarm(&far, whole.id, &answer("backlog")).await.unwrap_err();
    assert_eq!(e.code, "alarm.not_found");
    let e = w.app.answer_alarm(&team, whole.id, &answer("task")).await.unwrap_err();
    assert_eq!(e.fields[0].code, "alarm.answer_does_not_fit");
    // Answered, it holds no more; what waits is decided where it waits, and it is not counted again.
    for a in &alarms {
        let row = w.app.answer_alarm(&team, a.id, &answer("wrong_records")).await.unwrap();
        assert_eq!(row.answered.unwrap().answer, AlarmAnswer::WrongRecords);
    }
    let e = w.app.answer_alarm(&team, whole.id, &answer("misuse")).await.unwrap_err();
    assert_eq!(e.code, "alarm.answered");
    w.app.watch_alarms().await.unwrap();
    assert_eq!(open(&w, &team).await, []);
    assert!(!w.app.record_case(&officials[0], &case(n + 1)).await.unwrap().waiting);
    let waiting = w.app.list_waiting(&team).await.unwrap();
    let waits = waiting.iter().filter(|r| r.state == WaitingState::Waiting).count();
    assert_eq!(waits, 162 - 108);
    let public = w.app.alarm_figures().await.unwrap();
    let unbacked = public.alarms.iter().find(|a| a.kind == AlarmKind::Unbacked).unwrap();
    assert_eq!((unbacked.open, unbacked.answers.len()), (0, 1));
    assert_eq!(unbacked.raised, alarms.len() as u64);
}

/// The same as many cases, each with a positive sample of a laboratory: nobody is disturbed.
#[tokio::test]
async fn an_outbreak_that_a_laboratory_found_holds_nobody() {
    let mut w = World::braked(100, 100).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let team = w.officer().await;
    let all = people(&mut w, 34).await;
    w.app.import_tests(&lab, positives(1..=34).as_bytes()).await.unwrap();
    for holder in &all {
        assert!(!w.app.record_case(&team, &case_of(*holder)).await.unwrap().waiting);
    }
    assert_eq!(w.app.watch_alarms().await.unwrap(), 0);
    // Without the sample it is as before.
    for n in 101..=130 {
        w.app.record_case(&team, &case(n)).await.unwrap();
    }
    w.app.watch_alarms().await.unwrap();
    let commission = w.staff("health_commission", "commissioner", "CN-33").await;
    let alarms = open(&w, &commission).await;
    let counts: Vec<_> = alarms.iter().map(|a| (a.kind, a.count, a.staff.is_some())).collect();
    assert!(counts.contains(&(AlarmKind::Unbacked, 30, false)), "{counts:?}");
    let own = open(&w, &team).await;
    assert!(own.iter().all(|a| a.not_answered == Some(NotAnswered::OwnAgency)));
    let e = w.app.answer_alarm(&team, own[0].id, &answer("backlog")).await.unwrap_err();
    assert_eq!(e.code, "alarm.own_agency");
}

/// A laboratory's positives are held for a colleague, on every server, and for nobody else.
#[tokio::test]
async fn a_laboratorys_positives_are_held_for_a_colleague_alone() {
    let mut w = World::braked(62, 62).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let team = w.officer().await;
    let second = w.second_server().await;
    w.app.import_tests(&lab, positives(1..=60).as_bytes()).await.unwrap();
    let (one, two) = tokio::join!(w.app.watch_alarms(), second.watch_alarms());
    // The laboratory and its technician, each once.
    assert_eq!((one.unwrap() + two.unwrap(), open(&w, &team).await.len()), (2, 2));
    w.clock.advance(3601);
    let few = second.import_tests(&lab, positives(61..=65).as_bytes()).await.unwrap();
    assert_eq!((few.taken, few.waiting), (5, 0));
    w.app.watch_alarms().await.unwrap();
    let next = second.import_tests(&lab, positives(66..=67).as_bytes()).await.unwrap();
    assert_eq!((next.taken, next.waiting), (0, 2));
    let waits = w.app.list_waiting(&colleague).await.unwrap();
    assert!(waits[0].may_confirm && !w.app.list_waiting(&team).await.unwrap()[0].may_confirm);
    w.app.confirm_waiting(&colleague, waits[0].id).await.unwrap();
    // In order: as much again is no alarm.
    for a in open(&w, &team).await {
        w.app.answer_alarm(&team, a.id, &answer("outbreak")).await.unwrap();
    }
    w.clock.advance(3601);
    let after = w.app.import_tests(&lab, positives(71..=131).as_bytes()).await.unwrap();
    assert_eq!((after.taken, after.waiting), (61, 0));
    assert_eq!(w.app.watch_alarms().await.unwrap(), 0);
}

/// Somebody of the list is looked at: an alarm that names nobody and that only commission and auditors read.
#[tokio::test]
async fn a_look_at_a_protected_person_is_an_alarm() {
    let mut w = World::new().await;
    let commission = w.staff("health_commission", "commissioner", "CN-33").await;
    let other = w.colleague(&commission).await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let (team, second) = (w.officer().await, w.officer().await);
    let all = people(&mut w, 2).await;
    let put = |n: u32, ground: &str, works_for| ProtectInput {
        document: document(n),
        ground: ground.to_owned(),
        works_for,
    };
    let agency = Some(team.staff().agency);
    let known = w.app.protect(&commission, &put(1, "well_known", None)).await.unwrap();
    w.app.protect(&commission, &put(2, "colleague", agency)).await.unwrap();
    for (input, code) in [
        (put(3, "rich", None), "protected.no_such_ground"),
        (put(3, "colleague", None), "protected.works_for"),
        (put(3, "threatened", agency), "protected.works_for"),
    ] {
        assert_eq!(w.app.protect(&commission, &input).await.unwrap_err().fields[0].code, code);
    }
    let e = w.app.protect(&other, &put(1, "threatened", None)).await.unwrap_err();
    assert_eq!(e.code, "protected.is_listed");
    assert_eq!(w.app.watch_looks().await.unwrap(), 0);
    for n in [1, 2] {
        for by in [&team, &second] {
            w.app.find_holder(by, &Whom::Document(document(n)), REQUEST).await.unwrap();
        }
    }
    assert_eq!(w.app.watch_looks().await.unwrap(), 3);
    assert_eq!(w.app.watch_looks().await.unwrap(), 0, "the same looks once");
    let alarms = open(&w, &commission).await;
    let of = |kind| alarms.iter().filter(|a| a.kind == kind).count();
    assert_eq!((of(AlarmKind::LooksProtected), of(AlarmKind::LooksColleague)), (2, 1));
    assert_eq!(open(&w, &auditor).await.len(), 3);
    assert_eq!(open(&w, &team).await, []);
    let said = serde_json::to_string(&alarms).unwrap();
    assert!(all.iter().all(|h| !said.contains(&h.to_string())) && !said.contains("X0000001"));
    // Answered, only new looks count.
    for a in &alarms {
        w.app.answer_alarm(&commission, a.id, &answer("task")).await.unwrap();
    }
    assert_eq!(w.app.watch_looks().await.unwrap(), 0);
    w.clock.advance(60);
    w.app.find_holder(&team, &Whom::Document(document(1)), REQUEST).await.unwrap();
    assert_eq!(w.app.watch_looks().await.unwrap(), 1);

    // Off the list by two.
    assert!(!w.app.unprotect(&commission, known).await.unwrap());
    let e = w.app.unprotect(&commission, known).await.unwrap_err();
    assert_eq!(e.code, "protected.second");
    assert!(w.app.unprotect(&other, known).await.unwrap());
    assert_eq!(w.app.list_protected(&other).await.unwrap().len(), 1);
    let leaves = w.log(0, 10_000).await;
    let listed = leaves.iter().filter_map(|l| match Leaf::decode(&l.bytes).unwrap() {
        Leaf::Protection { event, ground, .. } => Some((event, ground.as_str().to_owned())),
        _ => None,
    });
    let (added, removed) = (ProtectionEvent::Added, ProtectionEvent::Removed);
    let wanted = [(added, "well_known"), (added, "colleague"), (removed, "well_known")];
    assert_eq!(listed.collect::<Vec<_>>(), wanted.map(|(e, g)| (e, g.to_owned())));
}

#[tokio::test]
async fn many_at_one_and_one_at_many_and_by_night() {
    let mut w = World::new().await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let (_, victim) = w.register(HOME).await;
    let mut team = vec![w.officer().await];
    for n in 0..8 {
        let of = team[0].clone();
        let next = if n % 2 == 0 { w.colleague(&of).await } else { w.officer().await };
        team.push(next);
    }
    let kinds = async |w: &World| {
        open(w, &auditor).await.iter().map(|a| (a.kind, a.count)).collect::<Vec<_>>()
    };
    for officer in &team[..7] {
        w.app.open_holder(officer, victim, REQUEST, None).await.unwrap();
    }
    w.app.watch_looks().await.unwrap();
    assert_eq!(kinds(&w).await, []);
    for officer in &team[7..] {
        w.app.open_holder(officer, victim, REQUEST, None).await.unwrap();
    }
    w.app.watch_looks().await.unwrap();
    assert_eq!(kinds(&w).await, [(AlarmKind::LooksAtOne, 9)]);

    // One looks at many more people than ever.
    did(&w, Activity::Looks, &team[1], 3, 200).await;
    w.app.watch_alarms().await.unwrap();
    assert_eq!(kinds(&w).await[1..], [(AlarmKind::LooksByOne, 201)]);

    // Whose agency works by day looks by night. It is noon in Hangzhou.
    let by_day = (3..40).flat_map(|day| [0, 1, 2].map(|hour| day * 24 + hour));
    for hours_ago in by_day {
        did(&w, Activity::Looks, &team[0], hours_ago, 20).await;
    }
    did(&w, Activity::Looks, &team[0], 11, 9).await;
    w.app.watch_looks().await.unwrap();
    assert_eq!(kinds(&w).await.len(), 2);
    did(&w, Activity::Looks, &team[0], 10, 4).await;
    w.app.watch_looks().await.unwrap();
    assert_eq!(kinds(&w).await[2..], [(AlarmKind::LooksOutsideHours, 13)]);
}

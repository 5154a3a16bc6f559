//! No list is cut without a word: what is older is handed out part by part, each row once, and what is
//! recorded elsewhere pushes nothing off a list.

#![allow(clippy::unwrap_used, reason = "a helper of a test that cannot go on has failed")]

use std::collections::BTreeSet;

use crate::common::{HOME, World, case_of, document, test_of};
use jadegate_domain::id::ImportId;
use jadegate_domain::record::{ImportKind, RecordKind, WaitingState};
use jadegate_domain::{Access, AgencyId, Case, CaseClass, CaseId, HolderId, Purpose, Timestamp};
use jadegate_service::staff::{ChangeInput, RegionInput, Whom};
use jadegate_service::{Part, Result};
use jadegate_store::{Authorship, ImportCounts, ImportRun, Unit, Write};

/// A list to its end; no part is empty.
async fn all<T>(mut part: impl AsyncFnMut(Option<String>) -> Result<Part<T>>) -> Vec<Vec<T>> {
    let (mut parts, mut before) = (Vec::new(), None);
    loop {
        let Part { rows, next } = part(before.take()).await.unwrap();
        parts.push(rows);
        before = next;
        if before.is_none() {
            return parts;
        }
        assert!(!parts.last().unwrap().is_empty());
    }
}

async fn put(w: &World, writes: Vec<Write>) {
    w.store.commit(Unit::new("test", writes)).await.unwrap();
}

fn case(n: u64, holder: HolderId, at: Timestamp) -> Case {
    Case {
        id: CaseId::from_random(n),
        holder,
        class: CaseClass::Suspected,
        onset_at: None,
        confirmed_at: at,
        isolated_at: None,
        agency: AgencyId::from_random(1),
        recorded_at: at,
        withdrawn_at: None,
    }
}

/// Of one moment, so that the moment alone tells no row from another.
#[tokio::test]
async fn the_parts_of_the_cases_hold_each_once_and_new_ones_push_none_off() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, holder) = w.register(HOME).await;
    let (_, far) = w.register("CN-310101").await;
    let now = w.app.now();
    put(&w, (1..=450).map(|n| Write::AddCase(case(n, holder, now))).collect()).await;
    // Elsewhere, newer, and many.
    let later = now.plus_secs(9);
    put(&w, (1001..=1300).map(|n| Write::AddCase(case(n, far, later))).collect()).await;
    let parts = all(async |before| w.app.cases_before(&officer, before.as_deref()).await).await;
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [200, 200, 50]);
    let ids: BTreeSet<_> = parts.iter().flatten().map(|c| c.id).collect();
    assert_eq!(ids.len(), 450);
    // What comes while somebody reads on is not lost, and takes nothing away.
    let first = w.app.cases_before(&officer, None).await.unwrap();
    put(&w, (451..=460).map(|n| Write::AddCase(case(n, holder, later))).collect()).await;
    let second = w.app.cases_before(&officer, first.next.as_deref()).await.unwrap();
    let both: BTreeSet<_> = first.rows.iter().chain(&second.rows).map(|c| c.id).collect();
    assert_eq!(both.len(), 400);
    let e = w.app.cases_before(&officer, Some("yesterday")).await.unwrap_err();
    assert_eq!(e.code, "list.bad_place");
    // All that stand are there for tracing, too.
    assert_eq!(w.app.list_cases(&officer).await.unwrap().len(), 200);
}

#[tokio::test]
async fn a_holder_reads_every_look_at_them() {
    let mut w = World::new().await;
    let (session, holder) = w.register(HOME).await;
    let now = w.app.now();
    let look = |n: i64| {
        Write::AddAccess(Access {
            holder,
            at: now.plus_secs(-n / 7),
            agency: AgencyId::from_random(1),
            staff: None,
            purpose: Purpose::HolderRequest,
            what: format!("identity{n}"),
        })
    };
    put(&w, (0..1100).map(look).collect()).await;
    let parts =
        all(async |before| w.app.my_accesses_before(&session, before.as_deref()).await).await;
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [500, 500, 100]);
    let seen: BTreeSet<_> = parts.iter().flatten().map(|a| a.what.clone()).collect();
    assert_eq!(seen.len(), 1100);
    assert!(parts.concat().is_sorted_by(|a, b| a.at >= b.at));
    // To check them in the public log, the newest are given, and that there are more.
    assert!(w.app.my_log(&session).await.unwrap().more);
    let history = w.app.my_history_before(&session, None).await.unwrap();
    assert_eq!(history.next, None);
}

fn author(n: i64, agency: AgencyId, at: Timestamp) -> Write {
    Write::AddAuthorship(Box::new(Authorship {
        record: RecordKind::Ride,
        id: n,
        agency,
        staff: None,
        import: None,
        sample: None,
        by_document: false,
        by_tube: false,
        moved_from: None,
        trip: None,
        at,
    }))
}

/// An auditor reads all; an agency its own, however much others recorded since.
#[tokio::test]
async fn records_are_read_to_the_first_one() {
    let mut w = World::new().await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let (mine, now) = (lab.staff().agency, w.app.now());
    let (_, who) = w.register(HOME).await;
    let test = w.app.record_test(&lab, &test_of(Whom::Holder(who), "negative")).await.unwrap();
    put(&w, (1..=250).map(|n| author(n, mine, now.plus_secs(1))).collect()).await;
    let other = AgencyId::from_random(77);
    put(&w, (1001..=1400).map(|n| author(n, other, now.plus_secs(n))).collect()).await;
    let parts = all(async |before| w.app.records_before(&auditor, before.as_deref()).await).await;
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [200, 200, 200, 51]);
    let own = all(async |before| w.app.own_records_before(&lab, before.as_deref()).await).await;
    assert_eq!(own.iter().map(Vec::len).collect::<Vec<_>>(), [200, 51]);
    assert_eq!(own[1].last().unwrap().id, test.evidence.to_string());
}

fn file(n: u64, agency: AgencyId, at: Timestamp) -> Write {
    Write::AddImport(Box::new(ImportRun {
        id: ImportId::from_random(n),
        kind: ImportKind::Tests,
        agency: Some(agency),
        staff: None,
        started_at: at,
        digest: [7; 32],
        ended: Some((at, ImportCounts::default())),
        withdrawn_at: None,
    }))
}

#[tokio::test]
async fn files_are_read_to_the_first_one_though_others_bring_many() {
    let mut w = World::new().await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let other = w.staff("laboratory", "lab_technician", "CN-31").await;
    let (now, later) = (w.app.now(), w.app.now().plus_secs(60));
    put(&w, (1..=230).map(|n| file(n, lab.staff().agency, now)).collect()).await;
    put(&w, (1001..=1300).map(|n| file(n, other.staff().agency, later)).collect()).await;
    let parts = all(async |before| w.app.imports_before(&lab, before.as_deref()).await).await;
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [200, 30]);
}

/// What waits in one region stands on its list, whatever waits elsewhere; the same for corrections of
/// documents.
#[tokio::test]
async fn what_waits_is_listed_whole() {
    let mut w = World::braked(0, 0).await;
    let lab = w.staff("laboratory", "lab_technician", "CN-33").await;
    let colleague = w.colleague(&lab).await;
    let far = w.staff("laboratory", "lab_technician", "CN-31").await;
    let (_, who) = w.register(HOME).await;
    let (_, there) = w.register("CN-310101").await;
    let input = |whom, n: i64| jadegate_service::staff::TestInput {
        sample: Some(format!("LAB-{n}")),
        sampled_at: crate::common::at("2022-03-14T02:00:00Z").plus_secs(n).to_string(),
        ..test_of(Whom::Holder(whom), "positive")
    };
    assert!(w.app.record_test(&lab, &input(who, 0)).await.unwrap().waiting);
    let waits = async |by| {
        let rows = w.app.list_waiting(by).await.unwrap();
        rows.iter().filter(|r| r.state == WaitingState::Waiting).count()
    };
    let before = waits(&colleague).await;
    for n in 1..=220 {
        assert!(w.app.record_test(&far, &input(there, n)).await.unwrap().waiting);
    }
    assert_eq!((before, waits(&colleague).await), (1, 1));

    let officer = w.officer().await;
    let second = w.staff("hospital", "officer", "CN-33").await;
    let team = w.staff("prevention_team", "officer", "CN-31").await;
    w.app.begin_document_correction(&officer, &document(1), "made up").await.unwrap();
    w.app.begin_document_correction(&team, &document(2), "made up").await.unwrap();
    let listed = w.app.document_corrections(&second).await.unwrap();
    assert_eq!(listed.len(), 1);
}

/// Proposals that have ended are read to the first one; those that wait stand in the first part.
#[tokio::test]
async fn ended_proposals_are_read_to_the_first_one() {
    let mut w = World::of_one_officer("2022-03-15T08:00:00Z").await;
    let board = w.staff("health_commission", "commissioner", "CN-33").await;
    let now = w.app.now();
    for n in 0..60 {
        let change = ChangeInput::Region(RegionInput {
            division: HOME.to_owned(),
            level: "medium".to_owned(),
            from: now.plus_secs(60 * n).to_string(),
            to: Some(now.plus_secs(60 * n + 59).to_string()),
        });
        w.change(&board, &board, &change).await;
    }
    let parts = all(async |before| w.app.proposals_before(&board, before.as_deref()).await).await;
    assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [50, 10]);
    let ids: BTreeSet<_> = parts.iter().flatten().map(|p| p.id).collect();
    assert_eq!(ids.len(), 60);
}

/// All cases that stand are traced from, however many there are elsewhere.
#[tokio::test]
async fn every_standing_case_of_the_region_is_found() {
    let mut w = World::new().await;
    let officer = w.officer().await;
    let (_, who) = w.register(HOME).await;
    let (_, far) = w.register("CN-310101").await;
    let own = w.app.record_case(&officer, &case_of(who)).await.unwrap().case;
    let later = w.app.now().plus_secs(9);
    put(&w, (1001..=2200).map(|n| Write::AddCase(case(n, far, later))).collect()).await;
    let overview = w.app.overview(&officer).await.unwrap();
    assert_eq!(overview.cases_open, 1);
    assert_eq!(w.app.cases_before(&officer, None).await.unwrap().rows[0].id, own);
}

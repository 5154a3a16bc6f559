//! Who recorded what stands beside every record of an agency, and every file is a record.

use crate::common::World;
use jadegate_domain::EvidenceKind;
use jadegate_domain::record::{ImportKind, RecordKind};
use jadegate_ledger::Leaf;
use jadegate_service::import::risk_levels;
use jadegate_service::import::visits::{self, FileRecord, VisitFormat, VisitImport};
use jadegate_service::staff::{ChangeInput, RegionInput};

#[tokio::test]
async fn a_risk_level_names_who_raised_it_and_who_ended_it() {
    let mut w = World::of_one_officer(crate::common::NOW).await;
    let first = w.staff("health_commission", "commissioner", "CN-33").await;
    let second = w.staff("health_commission", "commissioner", "CN-33").await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let change = ChangeInput::Region(RegionInput {
        division: "CN-330106".to_owned(),
        level: "high".to_owned(),
        from: crate::common::NOW.to_owned(),
        to: None,
    });
    let run = w.what_if(&first, &change).await;
    assert_eq!(w.app.propose(&first, run.id, "made up").await.unwrap().state, "applied");
    let id = w.app.list_regions(&first).await.unwrap()[0].id;
    let author = w.store.authorship(RecordKind::RiskLevel, id.as_i64()).await.unwrap().unwrap();
    let me = first.staff();
    assert_eq!((author.agency, author.staff, author.import), (me.agency, Some(me.id), None));

    // Another office ends it, and ends it earlier still: each says so, and the public log, too.
    w.clock.advance(7200);
    w.app.end_region(&second, id, None).await.unwrap();
    w.app.end_region(&first, id, Some("2022-03-15T04:30:00Z")).await.unwrap();
    let records = w.app.records_before(&auditor, None).await.unwrap().rows;
    let of = |kind| records.iter().filter(|r| r.record == kind).count();
    assert_eq!((of(RecordKind::RiskLevel), of(RecordKind::RiskLevelEnd)), (1, 2));
    assert!(records.iter().all(|r| r.staff.as_deref() == Some("Test Staff") && r.agency.is_some()));
    let leaves = w.log(0, 10_000).await;
    let by: Vec<_> = leaves
        .iter()
        .filter_map(|l| match Leaf::decode(&l.bytes).unwrap() {
            Leaf::RiskLevel { agency, .. } => Some(agency),
            _ => None,
        })
        .collect();
    assert_eq!(by, [me.agency, second.staff().agency, me.agency]);
}

const LIST: &str = "snapshot_hour,level,province,city,county,communities\n\
    2022031020,high,浙江省,杭州市,西湖区,2\n\
    2022031120,high,浙江省,杭州市,西湖区,2\n\
    2022031120,middle,浙江省,宁波市,海曙区,1\n";

#[tokio::test]
async fn a_list_of_risk_levels_is_a_record_however_long_it_waits() {
    let mut w = World::new().await;
    for _ in 0..3 {
        w.register("CN-330106").await;
    }
    let board = w.agency("health_commission", "CN-33").await;
    let officer = w.staff("health_commission", "commissioner", "CN-33").await;
    let auditor = w.staff("auditor", "auditor", "CN").await;
    let recorder = w.app.recorder_for_agency(board.id, EvidenceKind::RegionRisk).await.unwrap();
    let take = async |list: &str| {
        w.app.import_risk_levels(&recorder, list.as_bytes(), risk_levels::LIMITS).await
    };
    let report = take(LIST).await.unwrap();
    assert_eq!((report.recorded, report.waiting, report.ended), (0, 2, 0));
    w.app.approve_proposal(&officer, report.proposal.unwrap()).await.unwrap();
    let file = report.import.unwrap();
    let records = w.store.records_of_import(file).await.unwrap().rows;
    assert_eq!(records.len(), 2);
    for r in &records {
        assert_eq!((r.record, r.agency, r.staff), (RecordKind::RiskLevel, board.id, None));
    }
    // What a longer list ends belongs to that file.
    let longer = format!("{LIST}2022031220,middle,浙江省,杭州市,上城区,1\n");
    let second = take(&longer).await.unwrap();
    assert_eq!(second.ended, 2);
    let ends = w.store.records_of_import(second.import.unwrap()).await.unwrap().rows;
    assert!(ends.iter().any(|r| r.record == RecordKind::RiskLevelEnd && r.agency == board.id));

    let listed = w.app.list_imports(&auditor).await.unwrap();
    assert!(listed.iter().all(|i| i.kind == ImportKind::RiskLevels && !i.may_withdraw));
    let row = listed.iter().find(|i| i.id == file).unwrap();
    assert_eq!((row.taken, row.waiting, row.rejected), (0, 2, 0));
    assert_eq!(
        (row.ended_at.is_some(), row.agency.as_ref().unwrap().name.as_str()),
        (true, "Test health_commission")
    );
    // Another office may take them back as the second body, and is not told who took them over.
    let seen = w.app.list_imports(&officer).await.unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|i| i.may_withdraw && i.staff.is_none()));
}

#[tokio::test]
async fn a_file_of_visits_is_a_record() {
    let mut w = World::new().await;
    let auditor = w.staff("auditor", "auditor", "CN-33").await;
    let team = w.officer().await;
    let file = "person,place,place_kind,place_name,division,entered,left\n\
        made-up,shop,shop,Corner,CN-330106,2022-03-13T22:40:00Z,2022-03-13T23:10:00Z\n\
        made-up,shop,shop,Corner,CN-330106,when,\n";
    let options = |agency| VisitImport {
        format: VisitFormat::Generic,
        file: String::new(),
        keep_old: false,
        reading: visits::LIMITS.into(),
        record: Some(FileRecord { agency, digest: [7; 32] }),
    };
    let take =
        async |agency| w.app.import_visits(file.as_bytes(), &options(agency), |_| true).await;
    let own = take(Some(team.staff().agency)).await.unwrap().import.unwrap();
    let nobodys = take(None).await.unwrap().import.unwrap();
    // Stopped on the way: it has no end.
    let stopped = w.app.import_visits(file.as_bytes(), &options(None), |_| false).await.unwrap();
    let listed = w.app.list_imports(&auditor).await.unwrap();
    let row = |id| listed.iter().find(|r| r.id == id).unwrap();
    assert_eq!((row(own).taken, row(own).unchanged, row(own).rejected), (1, 0, 1));
    assert_eq!(row(own).agency.as_ref().unwrap().name, "Test prevention_team");
    assert_eq!((row(nobodys).taken, row(nobodys).unchanged), (0, 1));
    assert_eq!((row(nobodys).agency.as_ref(), row(nobodys).sha256.len()), (None, 64));
    assert_eq!(row(stopped.import.unwrap()).ended_at, None);
    assert!(listed.iter().all(|r| r.kind == ImportKind::Visits && !r.may_withdraw));
    // Its own agency sees its own.
    let seen = w.app.list_imports(&team).await.unwrap();
    assert_eq!(seen.iter().map(|r| r.id).collect::<Vec<_>>(), [own]);
    // An agency that nobody confirmed brings nothing.
    let unknown = w.unconfirmed_agency("prevention_team", "CN-33").await;
    assert_eq!(take(Some(unknown.id)).await.unwrap_err().code, "agency.not_confirmed");
}

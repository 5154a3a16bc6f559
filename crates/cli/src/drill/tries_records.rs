//! Tries with false records: cases, results, arrivals, passengers, visits, and true ones taken back.

use std::fmt::Write as _;

use jadegate_domain::{HolderId, Role};
use jadegate_service::import::visits::{self, FileRecord, VisitFormat, VisitImport};
use jadegate_service::staff::{AgencyInput, ArrivalInput, CaseInput, Record, TestInput, Whom};
use jadegate_service::{Result, StaffSession};

use super::scene::Scene;
use super::steps::{Done, Steps, Stopped};

fn case(holder: HolderId, scene: &Scene) -> CaseInput {
    CaseInput {
        whom: Whom::Holder(holder),
        class: "confirmed".to_owned(),
        onset_at: None,
        confirmed_at: scene.ago(24).to_string(),
        isolated_at: None,
        trace: false,
    }
}

fn positive(holder: HolderId, scene: &Scene, n: usize) -> TestInput {
    TestInput {
        whom: Whom::Holder(holder),
        result: "positive".to_owned(),
        method: "nucleic_acid".to_owned(),
        sampled_at: scene.ago(24).to_string(),
        sample: Some(format!("MADE-UP-{n}")),
    }
}

/// One a minute, until one waits.
pub(super) async fn false_cases(scene: &mut Scene) -> Result<Done> {
    let doctor = scene.member("hospital", Role::Officer).await?;
    let mut steps = Steps::begin(scene).await?;
    for holder in scene.people.clone() {
        steps.step();
        match scene.app.record_case(&doctor, &case(holder, scene)).await {
            Ok(recorded) if recorded.waiting => return Ok(steps.end(scene, Stopped::Waits)),
            Ok(_) => scene.wait(1).await?,
            Err(e) => return Ok(steps.refused(scene, &e)),
        }
    }
    Ok(steps.end(scene, Stopped::Nothing))
}

/// Of somebody who was at many places, so that there are more contacts than an hour's number.
pub(super) async fn false_case_traced(scene: &mut Scene) -> Result<Done> {
    let officer = scene.member("prevention_team", Role::Officer).await?;
    let mut steps = Steps::begin(scene).await?;
    for holder in scene.people.clone() {
        steps.step();
        let input = CaseInput { trace: true, ..case(holder, scene) };
        match scene.app.record_case(&officer, &input).await {
            Ok(recorded) if recorded.waiting => return Ok(steps.end(scene, Stopped::Waits)),
            Ok(recorded) if recorded.trace.as_ref().is_some_and(|t| t.contacts_waiting > 0) => {
                return Ok(steps.end(scene, Stopped::Waits));
            }
            Ok(_) => scene.wait(1).await?,
            Err(e) => return Ok(steps.refused(scene, &e)),
        }
    }
    Ok(steps.end(scene, Stopped::Nothing))
}

/// A line for everybody whose document is of the country.
pub(super) async fn false_results(scene: &mut Scene) -> Result<Done> {
    let lab = scene.member("laboratory", Role::LabTechnician).await?;
    let mut steps = Steps::begin(scene).await?;
    let mut csv =
        "document_type,document_number,result,method,sampled_at,sample_reference\n".to_owned();
    let at = scene.ago(24);
    for (n, number) in scene.resident_ids.iter().enumerate() {
        steps.step();
        // Writing to a string cannot fail.
        let _ = writeln!(csv, "resident_id,{number},positive,nucleic_acid,{at},MADE-UP-{n}");
    }
    Ok(match scene.app.import_tests(&lab, csv.as_bytes()).await {
        Ok(report) if report.waiting > 0 => steps.end(scene, Stopped::Waits),
        Ok(_) => steps.end(scene, Stopped::Nothing),
        Err(e) => steps.refused(scene, &e),
    })
}

/// Twenty an hour, which is below every number of an hour, for six hours.
pub(super) async fn false_results_slowly(scene: &mut Scene) -> Result<Done> {
    let lab = scene.member("laboratory", Role::LabTechnician).await?;
    let mut steps = Steps::begin(scene).await?;
    for (n, holder) in scene.some(6 * 20).into_iter().enumerate() {
        steps.step();
        match scene.app.record_test(&lab, &positive(holder, scene, n)).await {
            Ok(recorded) if recorded.waiting => return Ok(steps.end(scene, Stopped::Waits)),
            Ok(_) => scene.wait(3).await?,
            Err(e) => return Ok(steps.refused(scene, &e)),
        }
    }
    Ok(steps.end(scene, Stopped::Nothing))
}

/// One a minute, until one waits.
pub(super) async fn false_arrivals(scene: &mut Scene) -> Result<Done> {
    let border = scene.member("border", Role::Officer).await?;
    let mut steps = Steps::begin(scene).await?;
    for holder in scene.people.clone() {
        steps.step();
        let input = arrival(holder, scene, 24);
        match scene.app.record_arrival(&border, &input).await {
            Ok(recorded) if recorded.waiting => return Ok(steps.end(scene, Stopped::Waits)),
            Ok(_) => scene.wait(1).await?,
            Err(e) => return Ok(steps.refused(scene, &e)),
        }
    }
    Ok(steps.end(scene, Stopped::Nothing))
}

/// Somebody came from abroad so many hours ago.
pub(super) fn arrival(holder: HolderId, scene: &Scene, hours: i64) -> ArrivalInput {
    ArrivalInput {
        whom: Whom::Holder(holder),
        from: "SG".to_owned(),
        arrived_at: scene.ago(hours).to_string(),
        purpose: Some("return".to_owned()),
    }
}

/// A true case, and everybody else put on a train with it.
pub(super) async fn false_rides(scene: &mut Scene) -> Result<Done> {
    let officer = scene.member("prevention_team", Role::Officer).await?;
    let carrier = scene.member("carrier", Role::Officer).await?;
    let sick = scene.somebody()?;
    scene.app.record_case(&officer, &case(sick, scene)).await?;
    let mut steps = Steps::begin(scene).await?;
    let mut csv =
        "kind,number,date,division,holder,from_no,from,departs,to_no,to,arrives,seat\n".to_owned();
    let (departs, arrives) = (scene.ago(30), scene.ago(28));
    let day = departs.to_string().chars().take(10).collect::<String>();
    for holder in &scene.people {
        steps.step();
        let ride = format!("1,A,{departs},2,B,{arrives},");
        let _ = writeln!(csv, "train,G1,{day},{},{holder},{ride}", crate::demo::town::CITY);
    }
    let by = scene.app.conductor(&carrier)?;
    let told = scene.app.import_rides(&by, csv.as_bytes()).await;
    // Whatever was taken is traced at once, as by the server's own job.
    scene.app.follow_late_data().await?;
    Ok(match told {
        Ok(report) if report.waiting > 0 => steps.end(scene, Stopped::Waits),
        Ok(_) => steps.end(scene, Stopped::Nothing),
        Err(e) => steps.refused(scene, &e),
    })
}

/// Visits come from gates; a file of them is brought on the machine itself, in an agency's name.
pub(super) async fn false_visits(scene: &mut Scene) -> Result<Done> {
    let input = AgencyInput {
        kind: "prevention_team".to_owned(),
        name: "Made-up team of the operator".to_owned(),
        region: crate::demo::town::CITY.to_owned(),
    };
    let own = scene.app.create_agency_from_this_machine(&input).await?;
    let mut steps = Steps::begin(scene).await?;
    steps.step();
    let (from, to) = (scene.ago(30), scene.ago(28));
    let csv = format!(
        "person,place,place_kind,place_name,division,entered,left\nmade-up,shop,shop,Corner,{},{from},{to}\n",
        crate::demo::town::CITY
    );
    let options = VisitImport {
        format: VisitFormat::Generic,
        file: String::new(),
        keep_old: false,
        reading: visits::LIMITS.into(),
        record: Some(FileRecord { agency: Some(own.id), digest: [0; 32] }),
    };
    let taken = scene.app.import_visits(csv.as_bytes(), &options, |_| true).await;
    Ok(match taken {
        Ok(_) => steps.end(scene, Stopped::Nothing),
        Err(e) => steps.refused(scene, &e),
    })
}

/// True positives of thirty people; a technician of the same laboratory takes them back.
pub(super) async fn free_friends(scene: &mut Scene) -> Result<Done> {
    let lab = scene.member("laboratory", Role::LabTechnician).await?;
    let friend = scene.member("laboratory", Role::LabTechnician).await?;
    let records = recorded(scene, &lab, 30).await?;
    let mut steps = Steps::begin(scene).await?;
    for record in records {
        steps.step();
        match scene.app.withdraw_record(&friend, record, "not_borne_out").await {
            Ok(done) if done.waiting > 0 => return Ok(steps.end(scene, Stopped::Waits)),
            Ok(_) => scene.wait(1).await?,
            Err(e) => return Ok(steps.refused(scene, &e)),
        }
    }
    Ok(steps.end(scene, Stopped::Nothing))
}

async fn recorded(scene: &Scene, lab: &StaffSession, many: usize) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for (n, holder) in scene.some(many).into_iter().enumerate() {
        let test = scene.app.record_test(lab, &positive(holder, scene, n)).await?;
        records.push(Record::Evidence(test.evidence));
    }
    Ok(records)
}

//! Tries with powers: looking, raising, publishing, inviting, confirming.

use jadegate_domain::{AgencyId, Purpose, Role};
use jadegate_service::staff::{
    AgencyInput, CaseInput, ChangeInput, QuarantineFilter, RegionInput, Whom,
};
use jadegate_service::{Result, StaffSession};

use super::scene::Scene;
use super::steps::{Done, Steps, Stopped};
use super::tries_records::arrival;
use crate::demo::town::CITY;

/// One after the other, by a number that an answer gave, until it is too many.
pub(super) async fn look_ups(scene: &mut Scene) -> Result<Done> {
    let officer = scene.member("prevention_team", Role::Officer).await?;
    let mut steps = Steps::begin(scene).await?;
    for holder in scene.people.clone() {
        steps.step();
        let found =
            scene.app.find_holder(&officer, &Whom::Holder(holder), Purpose::HolderRequest).await;
        if let Err(e) = found {
            return Ok(steps.refused(scene, &e));
        }
        steps.read();
    }
    Ok(steps.end(scene, Stopped::Nothing))
}

/// A suspected case, its trace, and the withdrawal at once.
pub(super) async fn follow_somebody(scene: &mut Scene) -> Result<Done> {
    let officer = scene.member("prevention_team", Role::Officer).await?;
    let mut steps = Steps::begin(scene).await?;
    let input = CaseInput {
        whom: Whom::Holder(scene.somebody()?),
        class: "suspected".to_owned(),
        onset_at: None,
        confirmed_at: scene.ago(1).to_string(),
        isolated_at: None,
        trace: true,
    };
    steps.step();
    let recorded = scene.app.record_case(&officer, &input).await?;
    if let Some(trace) = recorded.trace {
        steps.step();
        scene.app.trace_detail(&officer, trace.trace).await?;
        steps.read();
    }
    steps.step();
    scene.app.withdraw_case(&officer, recorded.case).await?;
    Ok(steps.end(scene, Stopped::Nothing))
}

fn raised(division: &str, scene: &Scene) -> ChangeInput {
    ChangeInput::Region(RegionInput {
        division: division.to_owned(),
        level: "high".to_owned(),
        from: scene.ago(24).to_string(),
        to: None,
    })
}

/// Counted and proposed; does it take effect?
async fn proposes(scene: &Scene, by: &StaffSession, change: &ChangeInput) -> Result<bool> {
    let run = scene.what_if(by, change).await?;
    let proposal = scene.app.propose(by, run.id, "made up by the drill").await?;
    Ok(proposal.state != "waiting")
}

pub(super) async fn raise_town(scene: &mut Scene) -> Result<Done> {
    let commissioner = scene.member("health_commission", Role::Commissioner).await?;
    let mut steps = Steps::begin(scene).await?;
    steps.step();
    let change = raised(CITY, scene);
    Ok(match proposes(scene, &commissioner, &change).await {
        Ok(true) => steps.end(scene, Stopped::Nothing),
        Ok(false) => steps.end(scene, Stopped::Waits),
        Err(e) => steps.refused(scene, &e),
    })
}

/// The smallest county first.
pub(super) async fn raise_in_slices(scene: &mut Scene) -> Result<Done> {
    let commissioner = scene.member("health_commission", Role::Commissioner).await?;
    let mut steps = Steps::begin(scene).await?;
    for (county, _) in crate::demo::town::COUNTIES.iter().rev() {
        steps.step();
        match proposes(scene, &commissioner, &raised(county, scene)).await {
            Ok(true) => scene.wait(30).await?,
            Ok(false) => return Ok(steps.end(scene, Stopped::Waits)),
            Err(e) => return Ok(steps.refused(scene, &e)),
        }
    }
    Ok(steps.end(scene, Stopped::Nothing))
}

/// Thirty people came from abroad ten days ago and are green again; the policy would keep them longer.
pub(super) async fn policy_at_night(scene: &mut Scene) -> Result<Done> {
    let border = scene.member("border", Role::Officer).await?;
    let commissioner = scene.member("health_commission", Role::Commissioner).await?;
    for holder in scene.some(30) {
        let input = arrival(holder, scene, 10 * 24);
        scene.app.record_arrival(&border, &input).await?;
    }
    // Three at night.
    scene.wait(18 * 60).await?;
    let mut steps = Steps::begin(scene).await?;
    steps.step();
    let text = scene.policy.replace("days = 7\n", "days = 21\n");
    let text = text.replacen("version = 1\n", "version = 2\n", 1);
    Ok(match proposes(scene, &commissioner, &ChangeInput::Policy { text }).await {
        Ok(true) => steps.end(scene, Stopped::Nothing),
        Ok(false) => steps.end(scene, Stopped::Waits),
        Err(e) => steps.refused(scene, &e),
    })
}

/// A second account of the same office decides.
pub(super) async fn own_second(scene: &mut Scene) -> Result<Done> {
    let first = scene.member("health_commission", Role::Commissioner).await?;
    let second = scene.member("health_commission", Role::Commissioner).await?;
    let mut steps = Steps::begin(scene).await?;
    steps.step();
    let run = scene.what_if(&first, &raised(CITY, scene)).await?;
    let proposal = scene.app.propose(&first, run.id, "made up by the drill").await?;
    steps.step();
    Ok(match scene.app.approve_proposal(&second, proposal.id).await {
        Ok(_) => steps.end(scene, Stopped::Nothing),
        Err(e) => steps.refused(scene, &e),
    })
}

fn agency_of(kind: &str) -> AgencyInput {
    AgencyInput {
        kind: kind.to_owned(),
        name: format!("Made-up {kind} of the operator"),
        region: CITY.to_owned(),
    }
}

/// Records a case of somebody: what only a confirmed officer may.
async fn uses(scene: &Scene, by: &StaffSession) -> Result<()> {
    let whom = Whom::Holder(scene.somebody()?);
    scene.app.find_holder(by, &whom, Purpose::HolderRequest).await.map(drop)
}

pub(super) async fn invite_oneself(scene: &mut Scene) -> Result<Done> {
    let admin = scene.member("operator", Role::Administrator).await?;
    let mut steps = Steps::begin(scene).await?;
    steps.step();
    let team = scene.app.create_agency(&admin, &agency_of("prevention_team")).await?;
    steps.step();
    let oneself = scene.accepts(&admin, team.id, Role::Officer).await?;
    steps.step();
    Ok(match uses(scene, &oneself).await {
        Ok(()) => {
            steps.read();
            steps.end(scene, Stopped::Nothing)
        }
        Err(e) => steps.refused(scene, &e),
    })
}

pub(super) async fn confirm_oneself(scene: &mut Scene) -> Result<Done> {
    let admin = scene.member("operator", Role::Administrator).await?;
    let mut steps = Steps::begin(scene).await?;
    let mut made = async |scene: &mut Scene, kind, role| -> Result<(AgencyId, StaffSession)> {
        steps.step();
        let agency = scene.app.create_agency(&admin, &agency_of(kind)).await?.id;
        Ok((agency, scene.accepts(&admin, agency, role).await?))
    };
    let (team, _) = made(scene, "prevention_team", Role::Officer).await?;
    let (_, board) = made(scene, "health_commission", Role::Commissioner).await?;
    steps.step();
    Ok(match scene.app.confirm_agency(&board, team).await {
        Ok(_) => steps.end(scene, Stopped::Nothing),
        Err(e) => steps.refused(scene, &e),
    })
}

/// Everything that reads about people or makes a colour; the first that is not refused ends it.
async fn every_door(scene: &mut Scene, by: &StaffSession) -> Result<Done> {
    let mut steps = Steps::begin(scene).await?;
    let holder = scene.somebody()?;
    let mut codes = Vec::new();
    let mut tried = |done: Result<()>| {
        steps.step();
        match done {
            Ok(()) => {
                steps.read();
                codes.push("nothing");
            }
            Err(e) => codes.push(e.code),
        }
    };
    let app = &scene.app;
    tried(uses(scene, by).await);
    tried(app.open_holder(by, holder, Purpose::HolderRequest, None).await.map(drop));
    tried(app.open_holder(by, holder, Purpose::Quarantine, None).await.map(drop));
    tried(app.list_quarantine(by, QuarantineFilter::default(), None, 100).await.map(drop));
    tried(app.list_cases(by).await.map(drop));
    tried(app.record_arrival(by, &arrival(holder, scene, 24)).await.map(drop));
    tried(app.start_what_if(by, &raised(CITY, scene)).await.map(drop));
    let stopped = match codes.iter().find(|c| **c != "staff.not_allowed") {
        None => Stopped::Refused("staff.not_allowed"),
        Some(&"nothing") => Stopped::Nothing,
        Some(other) => Stopped::Refused(other),
    };
    Ok(steps.end(scene, stopped))
}

pub(super) async fn public_security(scene: &mut Scene) -> Result<Done> {
    let officer = scene.member("public_security", Role::Officer).await?;
    every_door(scene, &officer).await
}

pub(super) async fn operator_reads(scene: &mut Scene) -> Result<Done> {
    let admin = scene.member("operator", Role::Administrator).await?;
    every_door(scene, &admin).await
}

pub(super) async fn auditor_reads(scene: &mut Scene) -> Result<Done> {
    let auditor = scene.member("auditor", Role::Auditor).await?;
    every_door(scene, &auditor).await
}

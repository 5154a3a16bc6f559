//! What happened in the town during the last fortnight. People, places and visits come in bulk;
//! everything that makes a colour is recorded by the same use cases as in a real deployment.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::sync::Arc;

use jadegate_domain::agency::Agency;
use jadegate_domain::evidence::ContactDegree;
use jadegate_domain::{Colour, Fact, HolderId, PlaceId, PlaceKind, Role, Timestamp};
use jadegate_service::holder::check_in::CheckInInput;
use jadegate_service::staff::{
    AgencyInput, ArrivalInput, CaseInput, ChangeInput, RegionInput, TestInput, WhatIfState, Whom,
};
use jadegate_service::{App, DemoPerson, Result, ServiceError, StaffSession};
use jadegate_store::Page;
use tokio::task::JoinSet;

use super::cast::Cast;
use super::control::{TownClock, catch_up};
use super::dice::Dice;
use super::town::{CITY, RISKY_COUNTY, Span, Town};
use crate::failure::Failure;

const DAY: i64 = 86_400;
const HOUR: i64 = 3600;
/// How far back the story begins: the days on which something is recorded.
pub(super) const PAST_SECONDS: i64 = 3 * DAY;
/// Days of visits, up to the present.
const VISIT_DAYS: i64 = 14;
/// Things under way at once: enough that many share one write to the disk.
const AT_ONCE: usize = 256;
/// Of 100 people in quarantine, how many forget a day.
const FORGETFUL: u32 = 4;

/// What a finished story leaves behind.
pub(super) struct Story {
    pub(super) cast: Cast,
    pub(super) gate_place: PlaceId,
    pub(super) summary: String,
}

/// Builds the town and lives through its days.
pub(super) async fn tell(
    app: &Arc<App>,
    clock: &Arc<TownClock>,
    people: u32,
    seed: u64,
) -> std::result::Result<Story, Failure> {
    let start = app.now();
    let town = Town::new(people, seed, start)?;
    let persons: Vec<DemoPerson> = town.people.iter().map(|p| p.person.clone()).collect();
    let ids = app.demo_people(&persons).await?;
    app.demo_places(town.places.clone()).await?;
    let staff = staff(app).await?;

    let past = Span { from: start.plus_secs(PAST_SECONDS).plus_days(-VISIT_DAYS), to: start };
    let visits = town.visits(&ids, past, |_| false);
    app.demo_visits(&visits).await?;
    let mut visit_count = visits.len();

    let roles = Roles::choose(&town, &ids, &visits);
    record_first_day(app, &staff, &roles, start).await?;
    assess_all(app, &ids).await?;

    let mut dice = Dice::new(seed, 3);
    let mut missed = None;
    for day in 1..=2 {
        clock.advance(DAY);
        catch_up(app).await?;
        missed = check_in_all(app, &mut dice, day == 2).await?.or(missed);
    }
    clock.advance(DAY);
    catch_up(app).await?;

    let home: HashSet<HolderId> = not_green(app).await?.into_iter().map(|(h, _)| h).collect();
    let lately = Span { from: start, to: start.plus_secs(PAST_SECONDS) };
    let visits = town.visits(&ids, lately, |h| home.contains(&h));
    app.demo_visits(&visits).await?;
    visit_count += visits.len();

    let mut cast = staff.cast;
    let counts = introduce(app, &mut cast, &roles, &town, &ids, missed).await?;
    let gate_place = town
        .places
        .iter()
        .find(|p| p.kind == PlaceKind::Restaurant)
        .or(town.places.first())
        .ok_or("a town without places")?
        .id;
    let summary = format!(
        "{} people, {} places, {visit_count} visits in {VISIT_DAYS} days; {} red, {} yellow.",
        ids.len(),
        town.places.len(),
        counts.0,
        counts.1
    );
    Ok(Story { cast, gate_place, summary })
}

/// The agencies' people.
struct StaffOfTown {
    cast: Cast,
    sessions: BTreeMap<&'static str, StaffSession>,
}

impl StaffOfTown {
    fn get(&self, key: &str) -> Result<&StaffSession> {
        self.sessions
            .get(key)
            .ok_or_else(|| ServiceError::not_found("demo.nobody", "There is nobody of that name."))
    }
}

/// Key, kind and name of the agency, role, who it is in English and Chinese.
const STAFF: [(&str, &str, &str, Role, &str, &str); 12] = [
    (
        "officer",
        "prevention_team",
        "示例疾控队 Example prevention team",
        Role::Officer,
        "Officer of the prevention team: cases, traces, quarantine",
        "疾控队员：病例、溯源、隔离",
    ),
    (
        "commissioner",
        "health_commission",
        "示例卫健委 Example health commission",
        Role::Commissioner,
        "Commissioner: policies and risk levels of regions",
        "卫健委专员：规则与地区风险等级",
    ),
    (
        "commissioner2",
        "health_commission",
        "示例卫健委二处 Example health commission, second office",
        Role::Commissioner,
        "Commissioner of another office: decides on what the first proposes",
        "卫健委另一处室的专员：审批前一位的提议",
    ),
    (
        "lab",
        "laboratory",
        "示例实验室 Example laboratory",
        Role::LabTechnician,
        "Laboratory technician: test results",
        "实验室技师：检测结果",
    ),
    (
        "lab2",
        "laboratory",
        "示例实验室 Example laboratory",
        Role::LabTechnician,
        "Second laboratory technician: confirms what is above the mandate's number",
        "另一位实验室技师：确认超出授权数量的结果",
    ),
    (
        "hospital",
        "hospital",
        "示例医院 Example hospital",
        Role::Officer,
        "Hospital doctor: diagnoses and discharge papers",
        "医院医生：诊断与出院证明",
    ),
    (
        "venue",
        "venue",
        "示例商场 Example mall",
        Role::VenueManager,
        "Venue manager: places and gates",
        "场所管理员：场所与核验端",
    ),
    (
        "border",
        "border",
        "示例边检 Example border post",
        Role::Officer,
        "Border officer: arrivals",
        "边检人员：入境",
    ),
    (
        "carrier",
        "carrier",
        "示例铁路 Example railway",
        Role::Officer,
        "Carrier's officer: who was aboard",
        "承运人员：乘客名单",
    ),
    (
        "admin",
        "operator",
        "示例运营方 Example operator",
        Role::Administrator,
        "Administrator: staff, agencies, places",
        "管理员：工作人员、机构、场所",
    ),
    (
        "auditor",
        "auditor",
        "示例审计 Example auditor",
        Role::Auditor,
        "Auditor: counts and the public log",
        "审计员：统计与公开日志",
    ),
    (
        "police",
        "public_security",
        "示例公安 Example public security",
        Role::Officer,
        "Public security: asks who one person of a case is",
        "公安人员：申请查询病例中的一个人",
    ),
];

async fn staff(app: &App) -> Result<StaffOfTown> {
    let mut cast = Cast::default();
    let mut sessions = BTreeMap::new();
    // Colleagues share an agency.
    let mut agencies: BTreeMap<&str, Agency> = BTreeMap::new();
    for (key, kind, name, role, en, zh) in STAFF {
        let input =
            AgencyInput { kind: kind.to_owned(), name: name.to_owned(), region: CITY.to_owned() };
        let agency = match agencies.get(name) {
            Some(known) => Agency::clone(known),
            None => app.demo_agency(&input).await?,
        };
        agencies.insert(name, agency.clone());
        let id = app.demo_staff(&agency, role, &format!("示例 {key}")).await?;
        cast.member(key, id, en, zh);
        let session = app.sign_in_staff_with(id, None, "").await?;
        sessions.insert(key, app.staff_session(&session.token).await?);
    }
    Ok(StaffOfTown { cast, sessions })
}

/// Who plays which part.
struct Roles {
    cases: Vec<HolderId>,
    traveller: HolderId,
    elder: HolderId,
    /// Who took the train that the first case took.
    passengers: Vec<HolderId>,
    tested: Vec<HolderId>,
}

impl Roles {
    /// Cases are people who went out, but not much: a town of the demo's size should not end up
    /// in quarantine as a whole.
    fn choose(town: &Town, ids: &[HolderId], visits: &[jadegate_service::DemoVisit]) -> Self {
        let mut counts: BTreeMap<HolderId, usize> = BTreeMap::new();
        let proven = visits.iter().filter(|v| v.left.is_some());
        proven.for_each(|v| *counts.entry(v.holder).or_default() += 1);
        let grown_up = |n: &usize| (1950..2004).contains(&town.people[*n].born);
        let mut quiet: Vec<usize> = (1..ids.len()).filter(grown_up).collect();
        quiet.sort_by_key(|n| (counts.get(&ids[*n]).copied().unwrap_or(0), *n));
        let at =
            |percent: usize| quiet.get(quiet.len() * percent / 100).map_or(ids[0], |n| ids[*n]);
        let oldest = (1..ids.len()).min_by_key(|n| (town.people[*n].born, *n)).unwrap_or(0);
        // In a small town only one: it should not end up in quarantine as a whole.
        let aboard = (ids.len() / 100).clamp(1, 8);
        let abroad = (1..ids.len()).find(|n| town.people[*n].person.identity.nationality != "CN");
        Self {
            cases: vec![at(5), at(15), at(30)],
            traveller: abroad.map_or_else(|| at(50), |n| ids[n]),
            elder: ids[oldest],
            passengers: (0..aboard).map(|n| at(60 + 4 * n)).collect(),
            tested: ids.iter().copied().skip(1).step_by(ids.len().div_ceil(40)).collect(),
        }
    }
}

async fn record_first_day(
    app: &Arc<App>,
    staff: &StaffOfTown,
    roles: &Roles,
    start: Timestamp,
) -> Result<()> {
    let ago = |hours: i64| start.plus_secs(-hours * HOUR).to_string();
    for holder in &roles.tested {
        let input = TestInput {
            whom: Whom::Holder(*holder),
            result: "negative".to_owned(),
            method: "nucleic_acid".to_owned(),
            sampled_at: ago(20),
            sample: None,
        };
        app.record_test(staff.get("lab")?, &input).await?;
    }
    let (carrier, left) = (staff.get("carrier")?, start.plus_secs(-40 * HOUR));
    super::trip::ride(app, carrier, roles.cases[0], &roles.passengers, left).await?;
    let mut seen = HashSet::new();
    for (n, holder) in roles.cases.iter().enumerate().filter(|(_, h)| seen.insert(**h)) {
        let symptoms = n != 1;
        let input = CaseInput {
            whom: Whom::Holder(*holder),
            class: if symptoms { "confirmed" } else { "asymptomatic" }.to_owned(),
            onset_at: symptoms.then(|| ago(30)),
            confirmed_at: ago(4),
            isolated_at: Some(ago(1)),
            trace: true,
        };
        app.record_case(staff.get("officer")?, &input).await?;
    }
    // Contacts above the mandate's number wait for an officer of another agency, as anywhere.
    let hospital = staff.get("hospital")?;
    for waiting in app.list_waiting(hospital).await?.into_iter().filter(|w| w.may_confirm) {
        app.confirm_waiting(hospital, waiting.id).await?;
    }
    let arrival = ArrivalInput {
        whom: Whom::Holder(roles.traveller),
        from: "SG".to_owned(),
        arrived_at: ago(10),
        purpose: Some("return".to_owned()),
    };
    app.record_arrival(staff.get("border")?, &arrival).await?;
    let risk = RegionInput {
        division: RISKY_COUNTY.to_owned(),
        level: "medium".to_owned(),
        from: ago(2),
        to: None,
    };
    raise(app, staff, risk).await
}

/// A level is raised as anywhere: its what-if first, then a proposal, then a second officer if so
/// many are touched.
async fn raise(app: &Arc<App>, staff: &StaffOfTown, risk: RegionInput) -> Result<()> {
    let first = staff.get("commissioner")?;
    let mut run = app.start_what_if(first, &ChangeInput::Region(risk)).await?;
    while run.state == WhatIfState::Running {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        run = app.what_if(first, run.id).await?;
    }
    let proposal = app.propose(first, run.id, "Cases of unknown source in the county").await?;
    if proposal.state == "waiting" {
        app.approve_proposal(staff.get("commissioner2")?, proposal.id).await?;
    }
    Ok(())
}

/// Runs jobs, many at a time, so that their units share transactions.
async fn run_concurrently<F>(jobs: impl Iterator<Item = F>) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut set = JoinSet::new();
    let ended = |r: std::result::Result<Result<()>, tokio::task::JoinError>| {
        r.map_err(ServiceError::internal)?
    };
    for job in jobs {
        if set.len() >= AT_ONCE
            && let Some(done) = set.join_next().await
        {
            ended(done)?;
        }
        set.spawn(job);
    }
    while let Some(done) = set.join_next().await {
        ended(done)?;
    }
    Ok(())
}

async fn assess_all(app: &Arc<App>, ids: &[HolderId]) -> Result<()> {
    let job = |id: HolderId| {
        let app = Arc::clone(app);
        async move { app.assessment(id).await.map(drop) }
    };
    run_concurrently(ids.iter().copied().map(job)).await
}

/// Everybody who is not green, with their colour.
async fn not_green(app: &App) -> Result<Vec<(HolderId, Colour)>> {
    let region = CITY.parse().map_err(ServiceError::internal)?;
    let mut page = Page::first(1000);
    let mut out = Vec::new();
    loop {
        let rows = app.store().confined(&region, page).await?.rows;
        let Some(last) = rows.last() else { return Ok(out) };
        page.after = Some(last.holder);
        out.extend(rows.iter().map(|r| (r.holder, r.stored.assessment.colour)));
    }
}

/// A day's check-ins of all who are asked for them; a few forget. Returns a red one who did.
async fn check_in_all(
    app: &Arc<App>,
    dice: &mut Dice,
    some_forget: bool,
) -> Result<Option<HolderId>> {
    let asked = app.policy().daily_check_in_colours().to_vec();
    let mut forgot = None;
    let mut doing = Vec::new();
    for (holder, colour) in not_green(app).await?.into_iter().filter(|(_, c)| asked.contains(c)) {
        let first_red = forgot.is_none() && colour == Colour::Red;
        if some_forget && (first_red && is_contact(app, holder).await? || dice.percent(FORGETFUL)) {
            if first_red {
                forgot = Some(holder);
            }
        } else {
            doing.push(holder);
        }
    }
    let job = |holder: HolderId| {
        let app = Arc::clone(app);
        async move {
            let session = app.demo_enter(holder).await?;
            let session = app.holder_session(&session.token).await?;
            let measured = CheckInInput { temperature: Some(36.6), ..CheckInInput::default() };
            app.check_in(&session, &measured).await.map(drop)
        }
    };
    run_concurrently(doing.into_iter().map(job)).await?;
    Ok(forgot)
}

async fn is_contact(app: &App, holder: HolderId) -> Result<bool> {
    Ok(degree(app, holder).await? == Some(ContactDegree::Close))
}

/// How near they were to a case, if they were; a case itself is none.
async fn degree(app: &App, holder: HolderId) -> Result<Option<ContactDegree>> {
    let own = app.store().evidence_of(holder).await?.map_or_else(Vec::new, |(_, e)| e);
    let mut found = None;
    for e in own.iter().filter(|e| e.counts()) {
        match &e.fact {
            Fact::Case { .. } => return Ok(None),
            Fact::Contact { degree, .. } if found != Some(ContactDegree::Close) => {
                found = Some(*degree);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Names those whom the entry page offers. Returns how many are red and yellow.
async fn introduce(
    app: &App,
    cast: &mut Cast,
    roles: &Roles,
    town: &Town,
    ids: &[HolderId],
    missed: Option<HolderId>,
) -> Result<(usize, usize)> {
    let confined = not_green(app).await?;
    let not: HashSet<HolderId> = confined.iter().map(|(h, _)| *h).collect();
    let usual = |n: &usize| !not.contains(&ids[*n]) && (1960..2000).contains(&town.people[*n].born);
    if let Some(n) = (0..ids.len()).find(usual) {
        cast.holder("green", ids[n], "Green: nothing recorded", "绿码：无任何记录");
    }
    cast.holder("elder", roles.elder, "An elderly person", "一位老人");
    let (mut close, mut secondary) = (None, None);
    for (holder, _) in confined.iter().filter(|(h, _)| Some(*h) != missed) {
        if close.is_some() && secondary.is_some() {
            break;
        }
        match degree(app, *holder).await? {
            Some(ContactDegree::Close) if close.is_none() => close = Some(*holder),
            Some(ContactDegree::Secondary) if secondary.is_none() => secondary = Some(*holder),
            _ => {}
        }
    }
    if let Some(h) = close {
        cast.holder(
            "red",
            h,
            "Red: close contact of a case, checks in daily",
            "红码：密切接触者，每日打卡",
        );
    }
    if let Some(h) = missed {
        cast.holder(
            "missed",
            h,
            "Red: close contact, missed a check-in",
            "红码：密切接触者，漏打卡一天",
        );
    }
    if let Some(h) = secondary {
        cast.holder("secondary", h, "Yellow: contact of a contact", "黄码：次密接");
    }
    cast.holder(
        "county",
        ids[0],
        "Yellow: lives in a medium-risk county",
        "黄码：居住在中风险地区",
    );
    cast.holder("traveller", roles.traveller, "Yellow: arrived from abroad", "黄码：境外入境");
    cast.holder("case", roles.cases[0], "Red: a confirmed case", "红码：确诊病例");
    let red = confined.iter().filter(|(_, c)| *c == Colour::Red).count();
    Ok((red, confined.len() - red))
}

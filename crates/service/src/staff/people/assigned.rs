//! Community workers: whom an officer of the prevention team assigned to them, and nobody else.

use jadegate_domain::agency::Agency;
use jadegate_domain::{
    AgencyKind, AssignmentId, Colour, HolderId, Purpose, Role, Staff, StaffId, Timestamp,
};
use jadegate_store::{Assignment, AssignmentWrite, Precondition, StoreError, Unit, Write};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::holder::check_in::QuarantineDay;
use crate::session::StaffSession;
use crate::staff::access::{Counted, Look, NO_NAME, OpenedPerson, Power};
use crate::staff::what::What;
use crate::staff::{conflict, wrong};

/// People whom one worker accompanies at a time: a few households.
pub const MOST_ACCOMPANIED: u32 = 20;
/// Days for which somebody is assigned at most; then an officer decides anew.
pub const MOST_DAYS: i64 = 21;
/// Assignments read at once.
const PAGE: u32 = 500;

/// A community worker to whom people can be assigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CommunityWorker {
    /// The worker.
    pub id: StaffId,
    /// Name shown to colleagues.
    pub display_name: String,
    /// Of which committee.
    pub agency_name: String,
    /// Where they act.
    pub region_name: String,
    /// How many people they accompany now.
    pub accompanied: u32,
    /// How many they can at most.
    pub most: u32,
}

/// An assignment as typed.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AssignmentInput {
    /// Somebody who is not green, of one's own region.
    pub holder: HolderId,
    /// The community worker.
    pub worker: StaffId,
    /// For how many days from now: 1 to 21.
    pub days: u8,
}

/// An assignment as an officer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssignmentRow {
    /// Its id.
    pub id: AssignmentId,
    /// Who is accompanied, opaquely.
    pub holder: HolderId,
    /// Their name, masked.
    pub name_masked: String,
    /// The worker's name, as colleagues know them.
    pub worker_name: String,
    /// Of which committee.
    pub worker_agency: String,
    /// Since when.
    pub assigned_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
}

/// Somebody whom a community worker accompanies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccompaniedPerson {
    /// Who, opaquely.
    pub holder: HolderId,
    /// Name, masked; `***` once the quarantine is over.
    pub name_masked: String,
    /// Where they live.
    pub home_name: String,
    /// Is the quarantine over? Then there is nothing left to do, and nothing more is told.
    pub over: bool,
    /// Until when, if that is known.
    pub until: Option<Timestamp>,
    /// Today's day of it.
    pub day: Option<u32>,
    /// Days in all.
    pub days: Option<u32>,
    /// The check-ins, day by day.
    pub check_ins: Vec<QuarantineDay>,
    /// Assigned since.
    pub assigned_at: Timestamp,
    /// Assigned until.
    pub ends_at: Timestamp,
}

/// A community worker's list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccompaniedPeople {
    /// The people, those assigned first come first.
    pub people: Vec<AccompaniedPerson>,
    /// People who are missing because a part of their record cannot be read.
    pub unreadable: u32,
}

const fn look(power: Power) -> Look {
    Look { power, purpose: Purpose::Quarantine, what: What::Quarantine }
}

const fn is_worker(s: &Staff) -> bool {
    matches!((s.agency_kind, s.role), (AgencyKind::Community, Role::CommunityWorker))
}

fn no_worker() -> ServiceError {
    wrong(
        "worker",
        "assignment.no_worker",
        "There is no such community worker in your region whom the health commission has confirmed.",
    )
}

fn no_assignment() -> ServiceError {
    ServiceError::not_found("assignment.not_found", "There is no such assignment of your agency.")
}

/// What the store refuses, in words.
fn refused(e: StoreError) -> ServiceError {
    match e {
        StoreError::Conflict {
            precondition: Precondition::Absent, table: "assignment", ..
        } => conflict("assignment.already", "This worker accompanies the person already."),
        StoreError::Conflict {
            precondition: Precondition::Room { .. },
            table: "assignment",
            ..
        } => conflict(
            "assignment.full",
            format!(
                "This worker accompanies {MOST_ACCOMPANIED} people already. Choose another one, or end an assignment."
            ),
        ),
        // Somebody else ended it a moment ago.
        StoreError::Conflict {
            precondition: Precondition::Exists, table: "assignment", ..
        } => no_assignment(),
        other => other.into(),
    }
}

impl App {
    /// The community workers of the region to whom people can be assigned.
    pub async fn community_workers(&self, session: &StaffSession) -> Result<Vec<CommunityWorker>> {
        let officer = session.need(Power::Accompany)?;
        let agencies = self.store.agencies().await?;
        let confirmed = |s: &Staff| {
            let of = |a: &&Agency| a.id == s.agency && a.confirmed_at.is_some();
            s.confirmed_at.is_some() && agencies.iter().any(|a| of(&a))
        };
        let all = self.store.all_staff().await?.into_iter();
        let here = all.filter(|s| {
            is_worker(s) && s.disabled_at.is_none() && officer.region.contains(&s.region)
        });
        let mut workers = Vec::new();
        for s in here.filter(confirmed) {
            let people = self.store.accompanied_by(s.id, self.now()).await?.len();
            workers.push(CommunityWorker {
                id: s.id,
                region_name: self.division_name(&s.region),
                display_name: s.display_name,
                agency_name: s.agency_name,
                accompanied: u32::try_from(people).unwrap_or(u32::MAX),
                most: MOST_ACCOMPANIED,
            });
        }
        Ok(workers)
    }

    /// Assigns somebody in quarantine to a community worker whose region holds their home. The person
    /// sees it.
    pub async fn assign(
        &self,
        session: &StaffSession,
        input: &AssignmentInput,
    ) -> Result<AssignmentRow> {
        let officer = session.need(Power::Accompany)?;
        self.count_look(officer.id, Counted::LookUp).await?;
        if !(1..=MOST_DAYS).contains(&i64::from(input.days)) {
            return Err(wrong("days", "assignment.days", "Assign somebody for 1 to 21 days."));
        }
        let worker = self.worker_inside(officer, input.worker).await?;
        let holder = self.main_record(input.holder).await?;
        let holder = self.holder_inside(&officer.region, holder).await?;
        if !worker.region.contains(&holder.home) {
            return Err(wrong(
                "worker",
                "assignment.elsewhere",
                "This worker acts elsewhere than the person lives. Choose one whose region holds the person's home.",
            ));
        }
        if self.assessment(holder.id).await?.colour == Colour::Green {
            return Err(ServiceError::forbidden(
                "purpose.not_in_quarantine",
                "This person is not in quarantine, so there is nobody to accompany.",
            ));
        }
        let now = self.now();
        let assignment = Assignment {
            id: AssignmentId::from_random(self.deployment.rng.bits()),
            holder: holder.id,
            worker: worker.id,
            agency: officer.agency,
            by: officer.id,
            assigned_at: now,
            ends_at: now.plus_days(i64::from(input.days)),
        };
        let add = AssignmentWrite::Add { assignment, most: MOST_ACCOMPANIED };
        let mut writes =
            self.access_writes(officer, holder.id, Purpose::Quarantine, What::Assigned)?;
        writes.push(Write::Assignment(add));
        self.store.commit(Unit::new("assign", writes)).await.map_err(refused)?;
        let people = self.open_listed(session, &[holder.id], look(Power::Accompany)).await?;
        Ok(row(&assignment, people.get(&holder.id), Some(&worker)))
    }

    /// The assignments of one's own agency that are not over. Each person named is a look, at most once
    /// an hour.
    pub async fn assignments(&self, session: &StaffSession) -> Result<Vec<AssignmentRow>> {
        let officer = session.need(Power::Accompany)?;
        let (now, mut after, mut own) = (self.now(), None, Vec::new());
        loop {
            let some = self.store.assignments(now, after, PAGE).await?;
            let Some(last) = some.last() else { break };
            after = Some((last.assigned_at, last.id));
            own.extend(some.into_iter().filter(|a| a.agency == officer.agency));
        }
        let holders: Vec<_> = own.iter().map(|a| a.holder).collect();
        let people = self.open_listed(session, &holders, look(Power::Accompany)).await?;
        let mut rows = Vec::new();
        for a in own {
            let worker = self.store.staff(a.worker).await.map_err(Into::into);
            let worker = self.or_set_aside(worker)?.flatten();
            rows.push(row(&a, people.get(&a.holder), worker.as_ref()));
        }
        Ok(rows)
    }

    /// Ends an assignment of one's own agency before its time: the worker sees the person no more.
    pub async fn end_assignment(&self, session: &StaffSession, id: AssignmentId) -> Result<()> {
        let officer = session.need(Power::Accompany)?;
        let known = self.store.assignment(id, self.now()).await?;
        let a = known.filter(|a| a.agency == officer.agency).ok_or_else(no_assignment)?;
        let mut writes =
            self.access_writes(officer, a.holder, Purpose::Quarantine, What::AssignmentEnded)?;
        writes.push(Write::Assignment(AssignmentWrite::End(id)));
        self.store.commit(Unit::new("end_assignment", writes)).await.map_err(refused)?;
        Ok(())
    }

    /// Whom this community worker accompanies, with masked names and check-ins, and of whom the
    /// quarantine is over. Each is a look that the person sees, at most once an hour.
    pub async fn accompanied(&self, session: &StaffSession) -> Result<AccompaniedPeople> {
        let worker = session.need(Power::AccompanyAssigned)?;
        let mut list = AccompaniedPeople::default();
        let (mut confined, mut over) = (Vec::new(), Vec::new());
        for a in self.store.accompanied_by(worker.id, self.now()).await? {
            let holder = self.main_record(a.holder).await?;
            // Who moved away is no longer this worker's.
            let Some(h) = self.holder_inside_if(&worker.region, holder).await? else { continue };
            match self.or_set_aside(self.confined_now(h.id, h.home.clone()).await)? {
                None => list.unreadable += 1,
                Some(None) => over.push(h.id),
                Some(Some(_)) => confined.push(h.id),
            }
        }
        let look = look(Power::AccompanyAssigned);
        let people = self.open_listed(session, &confined, look).await?;
        self.note_listed(session, &over, look).await?;
        for a in self.store.accompanied_by(worker.id, self.now()).await? {
            let holder = self.main_record(a.holder).await?;
            let person = people.get(&holder);
            if person.is_none() && !over.contains(&holder) {
                continue;
            }
            list.people.extend(self.accompanied_person(&a, holder, person).await?);
        }
        Ok(list)
    }

    /// One line of it; nothing is told of somebody whose quarantine is over but that it is.
    async fn accompanied_person(
        &self,
        a: &Assignment,
        holder: HolderId,
        person: Option<&OpenedPerson>,
    ) -> Result<Option<AccompaniedPerson>> {
        let Some(known) = self.store.holder(holder).await? else { return Ok(None) };
        let home_name = self.division_name(&known.home);
        let confined = match person {
            Some(_) => self.confined_now(holder, known.home).await?,
            None => None,
        };
        let q = confined.map(|c| c.quarantine);
        Ok(Some(AccompaniedPerson {
            holder,
            name_masked: name_of(person.filter(|_| q.is_some())),
            home_name,
            over: q.is_none(),
            until: q.as_ref().and_then(|q| q.until),
            day: q.as_ref().and_then(|q| q.day),
            days: q.as_ref().and_then(|q| q.days),
            check_ins: q.map_or_else(Vec::new, |q| q.days_list),
            assigned_at: a.assigned_at,
            ends_at: a.ends_at,
        }))
    }

    /// A confirmed community worker inside an officer's region.
    async fn worker_inside(&self, officer: &Staff, id: StaffId) -> Result<Staff> {
        let known = self.store.staff(id).await?.filter(|s| {
            is_worker(s)
                && s.disabled_at.is_none()
                && s.confirmed_at.is_some()
                && officer.region.contains(&s.region)
        });
        let worker = known.ok_or_else(no_worker)?;
        let agency = self.store.agency(worker.agency).await?;
        let confirmed = agency.is_some_and(|a| a.confirmed_at.is_some());
        if confirmed { Ok(worker) } else { Err(no_worker()) }
    }
}

fn name_of(person: Option<&OpenedPerson>) -> String {
    person.map_or_else(|| NO_NAME.to_owned(), OpenedPerson::name_masked)
}

fn row(a: &Assignment, person: Option<&OpenedPerson>, worker: Option<&Staff>) -> AssignmentRow {
    AssignmentRow {
        id: a.id,
        holder: a.holder,
        name_masked: name_of(person),
        worker_name: worker.map_or_else(|| NO_NAME.to_owned(), |w| w.display_name.clone()),
        worker_agency: worker.map_or_else(|| NO_NAME.to_owned(), |w| w.agency_name.clone()),
        assigned_at: a.assigned_at,
        ends_at: a.ends_at,
    }
}

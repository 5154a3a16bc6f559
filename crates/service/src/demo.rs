//! The made-up town's way in: many people, places and visits at once.
//!
//! Everything else in the demo (cases, traces, check-ins, risk levels) goes through the same use
//! cases as in a real deployment. What is here exists only because filling a town person by person
//! would take minutes, and because nobody in it has a phone or a passkey. Each function refuses to
//! work unless the application was opened as a demo; `serve` never is.

use std::sync::Arc;

use jadegate_domain::agency::Agency;
use jadegate_domain::{
    Division, HolderId, Place, PlaceId, Presence, Role, Staff, StaffId, Timestamp, Visit,
};
use jadegate_ledger::{AgencyEvent, StaffEvent};
use jadegate_store::{SessionSubject, Unit, Write};

use crate::app::App;
use crate::error::{Result, ServiceError};
use crate::session::NewSession;
use crate::staff::AgencyInput;
use crate::vault::Identity;

/// Somebody made up.
#[derive(Clone, Debug)]
pub struct DemoPerson {
    /// Document, name and phone, as they would register with them.
    pub identity: Identity,
    /// Where they live.
    pub home: Division,
    /// Since when they are registered.
    pub registered_at: Timestamp,
}

/// A made-up visit.
#[derive(Clone, Copy, Debug)]
pub struct DemoVisit {
    /// The visitor.
    pub holder: HolderId,
    /// The place visited.
    pub place: PlaceId,
    /// From when.
    pub entered: Timestamp,
    /// Until when, if somebody saw it.
    pub left: Option<Timestamp>,
    /// How it is known.
    pub presence: Presence,
}

/// People of one unit: large enough that the disk is waited for seldom, small enough that the
/// store's other writers are not kept waiting.
const PEOPLE_AT_ONCE: usize = 500;
/// Rows of one unit.
const ROWS_AT_ONCE: usize = 20_000;

impl App {
    fn only_in_a_demo(&self) -> Result<()> {
        if self.deployment.settings.demo {
            return Ok(());
        }
        Err(ServiceError::not_found("demo.off", "This exists in the demo only."))
    }

    /// Registers made-up people; their ids come back in the same order. One whose document or phone
    /// is taken fails the whole call.
    pub async fn demo_people(&self, people: &[DemoPerson]) -> Result<Vec<HolderId>> {
        self.only_in_a_demo()?;
        let mut ids = Vec::with_capacity(people.len());
        for batch in people.chunks(PEOPLE_AT_ONCE) {
            let mut writes = Vec::with_capacity(batch.len() * 12);
            for p in batch {
                let (id, mut more) = self.new_holder(&p.identity, &p.home, p.registered_at)?;
                ids.push(id);
                writes.append(&mut more);
            }
            self.commit("demo_people", writes).await?;
        }
        Ok(ids)
    }

    /// Registers made-up places.
    pub async fn demo_places(&self, places: Vec<Place>) -> Result<()> {
        self.only_in_a_demo()?;
        for batch in places.chunks(ROWS_AT_ONCE) {
            self.commit("demo_places", batch.iter().cloned().map(Write::AddPlace).collect())
                .await?;
        }
        Ok(())
    }

    /// Records made-up visits, with the index that traces search.
    pub async fn demo_visits(self: &Arc<Self>, visits: &[DemoVisit]) -> Result<()> {
        self.only_in_a_demo()?;
        for part in visits.chunks(ROWS_AT_ONCE) {
            let part: Vec<_> = part.iter().map(visit).collect();
            let writes = part.iter().map(|v| Write::AddVisit(*v)).collect();
            self.commit_to_the_end(Unit::new("demo_visits", writes)).await?;
        }
        Ok(())
    }

    /// A member of staff who has no passkey and enters by the demo's own door.
    pub async fn demo_staff(
        &self,
        agency: &Agency,
        role: Role,
        display_name: &str,
    ) -> Result<StaffId> {
        self.only_in_a_demo()?;
        let staff = Staff {
            id: StaffId::from_random(self.deployment.rng.bits()),
            agency: agency.id,
            agency_kind: agency.kind,
            agency_name: agency.name.clone(),
            role,
            region: agency.region.clone(),
            display_name: display_name.to_owned(),
            created_at: self.now(),
            disabled_at: None,
            invited_by: None,
            confirmed_at: Some(self.now()),
            confirmed_by: None,
        };
        let id = staff.id;
        let leaf = crate::log::staff_leaf(&staff, StaffEvent::Confirmed, None, None, self.now())?;
        self.commit("demo_staff", vec![Write::AddStaff(staff), Write::AddLeaf(leaf)]).await?;
        Ok(id)
    }

    /// A made-up agency that is confirmed: the demo's commission has done its work before it begins.
    pub async fn demo_agency(&self, input: &AgencyInput) -> Result<Agency> {
        self.only_in_a_demo()?;
        let agency = self.create_agency_from_this_machine(input).await?;
        let now = self.now();
        if agency.confirmed_at.is_some() {
            return Ok(agency);
        }
        let leaf = crate::log::agency_leaf(&agency, AgencyEvent::Confirmed, None, now)?;
        let confirm = Write::ConfirmAgency { agency: agency.id, by: None, at: now };
        self.commit("demo_agency", vec![confirm, Write::AddLeaf(leaf)]).await?;
        Ok(Agency { confirmed_at: Some(now), ..agency })
    }

    /// A session for a made-up holder, without a one-time code.
    pub async fn demo_enter(&self, holder: HolderId) -> Result<NewSession> {
        self.only_in_a_demo()?;
        let (session, begin) = self.begin_session(SessionSubject::Holder(holder));
        self.commit("demo_enter", vec![begin]).await?;
        Ok(session)
    }
}

fn visit(v: &DemoVisit) -> Visit {
    Visit {
        holder: v.holder,
        place: v.place,
        entered: v.entered,
        left: v.left,
        presence: v.presence,
    }
}

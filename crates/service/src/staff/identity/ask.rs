//! Asking for an identity. What the rules refuse is kept, shown and logged like what is asked: whoever tries
//! is seen trying.

use jadegate_domain::id::IdentityRequestId;
use jadegate_domain::{
    Case, CaseClass, CaseId, Colour, HolderId, IdentityRefusal, IdentityTarget, Period, PlaceId,
    Purpose, Seat, Staff, Timestamp,
};
use jadegate_ledger::{IdentityEvent, Leaf};
use jadegate_store::{IdentityRequest, IdentityState, Precondition, StoreError, Unit, Write};
use serde::Deserialize;

use super::steps::identity_leaf;
use super::view::IdentityRequestView;
use crate::app::App;
use crate::concurrency::read;
use crate::error::{Kind, Result, ServiceError};
use crate::limits::Limit;
use crate::session::StaffSession;
use crate::staff::access::Power;
use crate::staff::wrong;

/// Longest reason, in characters.
const MOST_WHY: usize = 500;

/// A request as typed. Its parts are texts, so that what does not exist is refused by name and is seen.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct IdentityInput {
    /// The case that the person belongs to.
    #[serde(default)]
    pub case: String,
    /// For what: `contact_tracing` or `quarantine`.
    #[serde(default)]
    pub purpose: String,
    /// What is asked for: `name_and_phone`. There is nothing else.
    #[serde(default)]
    pub what: String,
    /// Behind which pseudonym: `case`, `contact` or `seat`.
    #[serde(default)]
    pub target: String,
    /// `contact`: the opaque id that the trace shows.
    #[serde(default)]
    pub contact: String,
    /// `seat`: the trip, by its opaque id.
    #[serde(default)]
    pub trip: String,
    /// `seat`: the seat, like 12A or 05-12A.
    #[serde(default)]
    pub seat: String,
    /// Why, in 1 to 500 characters, without naming anybody.
    #[serde(default)]
    pub why: String,
}

/// What is asked for, and nothing else is.
const NAME_AND_PHONE: &str = "name_and_phone";

/// What a request names, as far as that exists.
struct Named {
    purpose: Option<Purpose>,
    target: Option<IdentityTarget>,
    case: Option<Case>,
    /// Whoever is meant is told, whether the rules let anybody ask or not.
    holder: Option<HolderId>,
}

impl App {
    /// Asks who stands behind a pseudonym. It then waits for a second person of another agency.
    ///
    /// # Errors
    /// `identity.…`: what the rules refuse, which is kept, logged and counted.
    pub async fn ask_identity(
        &self,
        session: &StaffSession,
        input: &IdentityInput,
    ) -> Result<IdentityRequestView> {
        let staff = session.need(Power::AskIdentity)?;
        self.must_have_mandate()?;
        let why = input.why.trim();
        if why.is_empty() || why.chars().count() > MOST_WHY {
            let detail = format!("Say why, in 1 to {MOST_WHY} characters, without naming anybody.");
            return Err(wrong("why", "reason.needed", detail));
        }
        self.close_identity_requests().await?;
        self.count_identity(staff).await?;
        let named = self.named_in(input).await?;
        let refusal = self.refused_by_rules(staff, input, &named).await?;
        let request = self.new_identity_request(staff, why, &named);
        if let Some(refusal) = refusal {
            return self.refuse_identity_ask(request, refusal).await;
        }
        let leaf = identity_leaf(&request, IdentityEvent::Asked, None, request.asked_at)?;
        let mut writes = vec![Write::AddIdentityRequest(Box::new(request.clone()))];
        writes.push(Write::AddLeaf(leaf));
        writes.extend(request.case.map(crate::author::case_stands));
        match self.store.commit(Unit::new("ask_identity", writes)).await {
            Err(e) if is_another_open(&e) => {
                self.refuse_identity_ask(request, IdentityRefusal::OneAtATime).await
            }
            Err(e) => Err(e.into()),
            Ok(()) => self.identity_request(session, request.id).await,
        }
    }

    /// Keeps and logs what the rules refused, and says so.
    async fn refuse_identity_ask<T>(
        &self,
        mut request: IdentityRequest,
        refusal: IdentityRefusal,
    ) -> Result<T> {
        request.state = IdentityState::Refused;
        request.refusal = Some(refusal);
        request.decided_at = Some(request.asked_at);
        let leaf = identity_leaf(&request, IdentityEvent::Refused, None, request.asked_at)?;
        let agency = request.agency;
        let writes = vec![Write::AddIdentityRequest(Box::new(request)), Write::AddLeaf(leaf)];
        self.commit("refuse_identity_ask", writes).await?;
        tracing::warn!(%agency, why = refusal.as_str(), "an identity request was refused by the rules");
        Err(self.refused(refusal))
    }

    fn new_identity_request(&self, staff: &Staff, why: &str, named: &Named) -> IdentityRequest {
        let (now, limits) = (self.now(), self.limits());
        IdentityRequest {
            id: IdentityRequestId::from_random(self.deployment.rng.bits()),
            holder: named.holder,
            target: named.target,
            case: named.case.as_ref().map(|c| c.id),
            purpose: named.purpose,
            why: why.to_owned(),
            agency: staff.agency,
            agency_kind: staff.agency_kind,
            staff: staff.id,
            asked_at: now,
            state: IdentityState::Waiting,
            refusal: None,
            decided_by: None,
            decided_at: None,
            expires_at: now.plus_secs(3600 * i64::from(limits.waiting_hours)),
            read_at: None,
            shown_from: now.plus_secs(3600 * i64::from(limits.notice_delay_hours)),
        }
    }

    /// Counts a request of an agency. What is above the mandate's number is refused, and once a day it is an
    /// alarm in the public log.
    async fn count_identity(&self, staff: &Staff) -> Result<()> {
        let most = self.limits().identity_requests_per_day;
        let key = self.deployment.keys.evidence_key(&format!("identity/{}", staff.agency));
        let day = 86_400;
        let asked = self.count(Limit { class: "identity.asked", seconds: day, most }, key, 1);
        let Err(e) = self.store.commit(Unit::new("count_identity", vec![asked])).await else {
            return Ok(());
        };
        let Some((_, wait)) = e.no_room() else { return Err(e.into()) };
        let once = Limit { class: "identity.alarm", seconds: day, most: 1 };
        let alarm = Leaf::Alarm {
            at: self.now(),
            alarm: "identity_requests_above_mandate".parse().map_err(ServiceError::internal)?,
        };
        let writes = vec![self.count(once, key, 1), Write::AddLeaf(alarm.encode()?)];
        match self.store.commit(Unit::new("identity_alarm", writes)).await {
            Ok(()) => {
                tracing::warn!(agency = %staff.agency, "identity requests above the mandate's number");
            }
            Err(e) if e.no_room().is_some() => {}
            Err(e) => return Err(e.into()),
        }
        let wait = wait.unwrap_or(3600).max(1);
        Err(ServiceError::new(
            Kind::TooMany,
            "identity.too_many",
            "Your agency has made as many identity requests within a day as the mandate allows. The public log says so.",
        )
        .retry_after(wait))
    }

    async fn named_in(&self, input: &IdentityInput) -> Result<Named> {
        let purpose = input.purpose.parse::<Purpose>().ok();
        let target = input.target.parse::<IdentityTarget>().ok();
        let case = match input.case.parse::<CaseId>() {
            Ok(id) => self.store.case(id).await?,
            Err(_) => None,
        };
        let holder = match target {
            None => None,
            Some(IdentityTarget::Case) => case.as_ref().map(|c| c.holder),
            Some(IdentityTarget::Contact) => input.contact.parse().ok(),
            Some(IdentityTarget::Seat) => {
                case.as_ref().and_then(|c| self.on_the_seat(c, &input.trip, &input.seat))
            }
        };
        let holder = match holder {
            None => None,
            Some(holder) => {
                let main = self.main_record(holder).await?;
                self.store.holder(main).await?.map(|h| h.id)
            }
        };
        let purpose = purpose.filter(|p| Power::AskIdentity.purposes().contains(p));
        Ok(Named { purpose, target, case, holder })
    }

    /// Why the rules let nobody ask this; `None`: they do.
    async fn refused_by_rules(
        &self,
        staff: &Staff,
        input: &IdentityInput,
        named: &Named,
    ) -> Result<Option<IdentityRefusal>> {
        let Some(purpose) = named.purpose else { return Ok(Some(IdentityRefusal::NoSuchPurpose)) };
        let thing = named.target.filter(|_| input.what == NAME_AND_PHONE);
        let Some(target) = thing else { return Ok(Some(IdentityRefusal::NoSuchThing)) };
        let Some(case) = named.case.as_ref().filter(|c| self.is_open_for_requests(c)) else {
            return Ok(Some(IdentityRefusal::NoCase));
        };
        // The same answer for whoever is not there, lives elsewhere, is no contact, or is green.
        let of_case = match named.holder {
            None => false,
            Some(holder) => {
                self.holder_inside_if(&staff.region, holder).await?.is_some()
                    && (target != IdentityTarget::Contact || self.is_contact(case, holder).await?)
                    && (purpose != Purpose::Quarantine
                        || self.assessment(holder).await?.colour != Colour::Green)
            }
        };
        Ok((!of_case).then_some(IdentityRefusal::NotOfThisCase))
    }

    /// A confirmed case that stands, for as long as visits are kept: nobody is found by it afterwards.
    fn is_open_for_requests(&self, case: &Case) -> bool {
        let until = case.confirmed_at.plus_days(i64::from(self.policy().retention_days()));
        case.withdrawn_at.is_none()
            && matches!(case.class, CaseClass::Confirmed | CaseClass::Asymptomatic)
            && self.now() < until
    }

    /// Did a standing trace of the case find this person?
    async fn is_contact(&self, case: &Case, contact: HolderId) -> Result<bool> {
        let standing = self.store.standing_contacts(case.id).await?;
        for found in standing.rows.iter().filter_map(|e| e.holder) {
            if found == contact || self.main_record(found).await? == contact {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whoever had this seat, alone, on a trip that the case took at the same time.
    fn on_the_seat(&self, case: &Case, trip: &str, seat: &str) -> Option<HolderId> {
        let trip: PlaceId = trip.trim().parse().ok()?;
        let seat: Seat = seat.trim().parse().ok()?;
        let index = read(&self.memory.index);
        let ever = Period { from: Timestamp::EPOCH, to: Timestamp::MAX };
        let taken = index.visits_of(case.holder, ever).find(|v| v.place == trip)?;
        let during =
            Period { from: taken.entered, to: taken.left.unwrap_or(taken.entered).plus_secs(1) };
        let mut those: Vec<HolderId> = index
            .visits_at(trip, during)
            .filter(|v| v.holder != case.holder)
            .filter(|v| {
                let rides = index.rides_of(v.holder, trip);
                rides.iter().any(|(at, ride)| *at == v.entered && ride.seat.as_ref() == Some(&seat))
            })
            .map(|v| v.holder)
            .collect();
        those.sort_unstable();
        those.dedup();
        match those.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// What whoever asked is told of a refusal by the rules.
    fn refused(&self, refusal: IdentityRefusal) -> ServiceError {
        use IdentityRefusal as R;
        match refusal {
            R::NoSuchPurpose => ServiceError::forbidden(
                "identity.no_such_purpose",
                "Identities are asked for contact tracing or quarantine, and for nothing else: another purpose does not exist here. This request was refused and logged.",
            ),
            R::NoSuchThing => ServiceError::forbidden(
                "identity.no_such_thing",
                "A name and a phone can be asked for, behind a case, one of its contacts or a seat beside it. Lists, phones, documents, movements and colours cannot be asked about. This request was refused and logged.",
            ),
            R::NoCase => ServiceError::forbidden(
                "identity.no_case",
                format!(
                    "A request needs a confirmed case of the last {} days that stands. This one was refused and logged.",
                    self.policy().retention_days()
                ),
            ),
            R::OneAtATime => ServiceError::forbidden(
                "identity.one_at_a_time",
                "You have a request that waits or can be read: one person at a time. End that one first. This request was refused and logged.",
            ),
            R::NotOfThisCase | R::NotNeeded | R::MilderWay | R::DoesNotFit | R::Unclear => {
                ServiceError::forbidden(
                    "identity.not_of_this_case",
                    "Nobody in your region belongs to this case in this way: no contact of its trace, nobody alone on that seat of a trip that the case took, or, for quarantine, nobody who is yellow or red. This request was refused and logged.",
                )
            }
        }
    }
}

/// Has whoever asks another one that is open?
fn is_another_open(e: &StoreError) -> bool {
    matches!(e, StoreError::Conflict { precondition: Precondition::Absent, table, .. } if *table == "identity_request")
}

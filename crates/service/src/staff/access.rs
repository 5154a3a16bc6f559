//! Who may do what, and the one way to a person's data.
//!
//! What staff may do follows from the kind of their agency and their role, by the table in
//! [`Power::granted`]. A granted power comes out as a narrow handle, a [`Recorder`], not as a bool.
//!
//! A member of staff acts inside their region only. Whoever lives outside it is answered like
//! nobody at all, so that nothing is learned there.
//!
//! [`App::open_person`] is the only way from a holder's id to who they are: it writes who looked,
//! and why, before it returns anything, and the holder sees it (h20).

use std::collections::{BTreeSet, HashMap};

use jadegate_domain::agency::Agency;
use jadegate_domain::id::ImportId;
use jadegate_domain::{
    Activity, AgencyId, AgencyKind, Division, EvidenceKind, Holder, HolderId, Purpose, Staff,
    StaffId,
};
use jadegate_store::{Actor, AlarmWrite, Looked, Unit, Waiting, Write};

use crate::app::App;
use crate::author::Author;
use crate::error::{Kind, Result, ServiceError};
use crate::limits::{Limit, hour_of};
use crate::session::StaffSession;
pub use crate::staff::power::Power;
use crate::staff::what::What;
use crate::vault::Identity;

/// Somebody who may record one kind of evidence inside one region. Made from a session that has
/// the power, or by the machine's own command line for an agency that is named.
#[derive(Clone, Debug)]
pub struct Recorder {
    agency: AgencyId,
    kind: AgencyKind,
    region: Division,
    evidence: EvidenceKind,
    staff: Option<StaffId>,
}

impl Recorder {
    /// Whoever recorded what waited.
    pub(crate) fn of_waiting(w: &Waiting, evidence: EvidenceKind) -> Self {
        let (agency, kind, region) = (w.agency, w.agency_kind, w.region.clone());
        Self { agency, kind, region, evidence, staff: w.staff }
    }

    /// Who records, by which file if any.
    pub(crate) fn author(&self, import: Option<ImportId>) -> Author {
        Author {
            agency: self.agency,
            kind: self.kind,
            region: self.region.clone(),
            staff: self.staff,
            import,
        }
    }

    /// The member of staff; `None` for the machine's own command line.
    pub const fn staff(&self) -> Option<StaffId> {
        self.staff
    }

    /// The agency the evidence will name.
    pub const fn agency(&self) -> AgencyId {
        self.agency
    }

    /// Its kind.
    pub const fn agency_kind(&self) -> AgencyKind {
        self.kind
    }

    /// Where they may record.
    pub const fn region(&self) -> &Division {
        &self.region
    }

    /// What they may record.
    pub const fn evidence(&self) -> EvidenceKind {
        self.evidence
    }
}

impl StaffSession {
    /// Has this member of staff the power?
    pub fn may(&self, power: Power) -> bool {
        power.granted(self.staff().agency_kind, self.staff().role)
            && (!power.over_people() || self.is_confirmed())
    }

    /// Every power of this member of staff.
    pub fn powers(&self) -> Vec<Power> {
        Power::ALL.iter().copied().filter(|p| self.may(*p)).collect()
    }

    /// An error unless this member of staff has the power; it names the power.
    pub(crate) fn need(&self, power: Power) -> Result<&Staff> {
        self.need_any(power.alone())
    }

    /// An error unless this member of staff has any of the powers; it names them.
    pub(crate) fn need_any(&self, powers: &'static [Power]) -> Result<&Staff> {
        if powers.iter().any(|p| self.may(*p)) {
            return Ok(self.staff());
        }
        let staff = self.staff();
        let waits = powers.iter().any(|p| p.granted(staff.agency_kind, staff.role));
        Err(if waits { not_confirmed() } else { lacks(powers) }.missing(powers, None))
    }

    /// An error unless this member of staff may see what changes colours.
    pub(crate) fn may_see_changes(&self) -> Result<()> {
        self.need_any(Power::SEE_CHANGES).map(drop)
    }

    /// The handle that records a kind of evidence; the policy in force may narrow it further, so use
    /// cases take it from [`App::recorder`].
    fn recorder(&self, evidence: EvidenceKind) -> Result<Recorder> {
        let power = Power::to_record(evidence).ok_or_else(not_yours)?;
        let staff = self.need(power)?;
        if !evidence.may_record(Some(staff.agency_kind)) {
            return Err(not_yours());
        }
        Ok(Recorder {
            agency: staff.agency,
            kind: staff.agency_kind,
            region: staff.region.clone(),
            evidence,
            staff: Some(staff.id),
        })
    }
}

fn lacks(powers: &[Power]) -> ServiceError {
    let names: Vec<_> =
        powers.iter().map(|p| format!("“{}” ({})", p.words().en, p.as_str())).collect();
    ServiceError::forbidden(
        NOT_ALLOWED,
        format!(
            "Your role does not include this. It takes the power {}. The page /access says who has it.",
            names.join(" or ")
        ),
    )
}

const NOT_ALLOWED: &str = "staff.not_allowed";

pub(crate) fn not_yours() -> ServiceError {
    ServiceError::forbidden(
        NOT_ALLOWED,
        "Your role does not include this. If you need it, ask your agency's administrator.",
    )
}

fn not_confirmed() -> ServiceError {
    ServiceError::forbidden(
        "staff.not_confirmed",
        "The health commission has not confirmed you or your agency yet. Tell a commissioner the fingerprint of your passkey; the console shows it.",
    )
}

/// The same answer for an unknown person and for one outside the region.
pub(crate) fn no_such_holder() -> ServiceError {
    ServiceError::not_found(
        "holder.not_found",
        "Nobody with these details is registered in your region. Compare the number with the document.",
    )
}

/// Look-ups of one member of staff within an hour (h25): enough for a day's work one by one, too
/// few to copy a register.
pub const LOOK_UPS_PER_HOUR: u32 = 60;
/// Results recorded by hand within an hour; more come as a file.
pub const RECORDINGS_PER_HOUR: u32 = 300;
/// People registered at a counter by one member of staff within an hour: one a minute.
pub const REGISTRATIONS_PER_HOUR: u32 = 60;

/// Which limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Counted {
    LookUp,
    Recording,
    Registration,
}

impl Counted {
    const fn limit(self) -> Limit {
        let seconds = 3600;
        match self {
            Self::LookUp => Limit { class: "staff.look_up", seconds, most: LOOK_UPS_PER_HOUR },
            Self::Recording => {
                Limit { class: "staff.recording", seconds, most: RECORDINGS_PER_HOUR }
            }
            Self::Registration => {
                Limit { class: "staff.register", seconds, most: REGISTRATIONS_PER_HOUR }
            }
        }
    }
}

/// Why somebody looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) power: Power,
    pub(crate) purpose: Purpose,
    pub(crate) what: What,
}

/// A person somebody looked at, with the look written down.
pub(crate) struct OpenedPerson {
    holder: Holder,
    identity: Option<Identity>,
}

impl OpenedPerson {
    pub(crate) const fn id(&self) -> HolderId {
        self.holder.id
    }

    pub(crate) const fn home(&self) -> &Division {
        &self.holder.home
    }

    /// The masked name; after shredding, nothing.
    pub(crate) fn name_masked(&self) -> String {
        self.identity.as_ref().map_or_else(|| NO_NAME.to_owned(), |i| i.name.mask())
    }
}

/// Stands where a name is unknown or not shown.
pub(crate) const NO_NAME: &str = "***";

impl App {
    /// The handle with which a member of staff records a kind of evidence, if their role, their
    /// agency and the policy in force allow it.
    pub fn recorder(&self, session: &StaffSession, evidence: EvidenceKind) -> Result<Recorder> {
        let recorder = session.recorder(evidence)?;
        self.policy_allows(&recorder)?;
        Ok(recorder)
    }

    /// May this member of staff look at anybody for this?
    fn permitted<'s>(&self, session: &'s StaffSession, look: Look) -> Result<&'s Staff> {
        let staff = session.need(look.power)?;
        if !look.power.purposes().contains(&look.purpose) {
            let refused = ServiceError::forbidden(
                "purpose.does_not_fit",
                "This purpose does not allow what you asked for. Choose the purpose that fits your task.",
            );
            return Err(refused.missing(look.power.alone(), Some(look.purpose)));
        }
        self.must_have_mandate()?;
        Ok(staff)
    }

    fn policy_allows(&self, recorder: &Recorder) -> Result<()> {
        self.must_have_mandate()?;
        if self.policy().may_record(recorder.evidence, Some(recorder.kind)) {
            return Ok(());
        }
        Err(ServiceError::forbidden(
            "policy.may_not_record",
            "The policy in force does not let your agency record this kind of evidence.",
        ))
    }

    /// Counts a look-up or recording of a member of staff; too many are refused and told to the
    /// operator. The store counts: another server knows, and so does a restart.
    pub(crate) async fn count_look(&self, staff: StaffId, what: Counted) -> Result<()> {
        self.must_have_mandate()?;
        let key = self.deployment.keys.evidence_key(&format!("looks/{staff}"));
        let count = Unit::new("count_look", vec![self.count(what.limit(), key, 1)]);
        let Err(e) = self.store.commit(count).await else { return Ok(()) };
        let Some((_, wait)) = e.no_room() else { return Err(e.into()) };
        tracing::warn!(%staff, ?what, "a member of staff reached the hourly limit");
        let wait = wait.unwrap_or(3600).max(1);
        Err(ServiceError::new(
            Kind::TooMany,
            "staff.too_many_look_ups",
            format!(
                "You have reached the limit for one hour. Please go on in {} minutes.",
                wait.div_ceil(60)
            ),
        )
        .retry_after(wait))
    }

    /// A holder inside a region; anybody else is not found.
    pub(crate) async fn holder_inside(&self, region: &Division, id: HolderId) -> Result<Holder> {
        self.holder_inside_if(region, id).await?.ok_or_else(no_such_holder)
    }

    /// The same where nobody is no error.
    pub(crate) async fn holder_inside_if(
        &self,
        region: &Division,
        id: HolderId,
    ) -> Result<Option<Holder>> {
        Ok(self.store.holder(id).await?.filter(|h| region.contains(&h.home)))
    }

    /// The row that says who looked at whom, with its leaf of the public log.
    pub(crate) fn access_writes(
        &self,
        staff: &Staff,
        holder: HolderId,
        purpose: Purpose,
        what: What,
    ) -> Result<Vec<Write>> {
        self.look_writes(&Author::of(staff), holder, purpose, what)
    }

    /// Opens one person: checks power, purpose and region, writes the look down, and only then
    /// returns who it is. There is no other way for staff to an identity.
    pub(crate) async fn open_person(
        &self,
        session: &StaffSession,
        holder: HolderId,
        look: Look,
    ) -> Result<OpenedPerson> {
        let staff = self.permitted(session, look)?;
        let holder = self.main_record(holder).await?;
        let holder = self.holder_inside(&staff.region, holder).await?;
        let mut writes = self.access_writes(staff, holder.id, look.purpose, look.what)?;
        writes.push(self.counted_look(staff));
        self.commit("open_person", writes).await?;
        let identity = self.identity(holder.id).await?;
        Ok(OpenedPerson { holder, identity })
    }

    /// One person more that a member of staff looked at one by one.
    fn counted_look(&self, staff: &Staff) -> Write {
        let actor = Actor { agency: staff.agency, staff: Some(staff.id) };
        let (what, hour) = (Activity::Looks, hour_of(self.now()));
        Write::Alarm(AlarmWrite::Count { what, actor, hour, count: 1 })
    }

    /// Opens the people of one page of a list, who live in the region. The look is written down
    /// once an hour for each, in one unit; those who do not live in the region are left out.
    pub(crate) async fn open_listed(
        &self,
        session: &StaffSession,
        holders: &[HolderId],
        look: Look,
    ) -> Result<HashMap<HolderId, OpenedPerson>> {
        let mut people = HashMap::new();
        for holder in self.note_listed(session, holders, look).await? {
            // A name that cannot be read is shown as none; the others are.
            let identity = self.or_set_aside(self.identity(holder.id).await)?.flatten();
            people.insert(holder.id, OpenedPerson { holder, identity });
        }
        Ok(people)
    }

    /// Writes down a look at the people of a list, without opening who they are, and returns those
    /// who live in the region.
    pub(crate) async fn note_listed(
        &self,
        session: &StaffSession,
        holders: &[HolderId],
        look: Look,
    ) -> Result<Vec<Holder>> {
        let staff = self.permitted(session, look)?;
        let mut inside: Vec<Holder> = Vec::new();
        for id in holders.iter().collect::<BTreeSet<_>>() {
            let holder = self.store.holder(*id).await.map_err(Into::into);
            let Some(holder) = self.or_set_aside(holder)?.flatten() else { continue };
            if staff.region.contains(&holder.home) {
                inside.push(holder);
            }
        }
        let (purpose, what) = (look.purpose, look.what);
        // Asked of the store, so that another server knows. Two at once may both write: a look too
        // many is told, never one too few.
        let since = self.now().plus_secs(1 - 3600);
        let known = Looked { staff: staff.id, purpose, what: what.as_str(), since };
        let ids: Vec<_> = inside.iter().map(|h| h.id).collect();
        let seen: BTreeSet<_> = self.store.looked_at(&known, &ids).await?.into_iter().collect();
        let mut writes = Vec::new();
        for id in ids.into_iter().filter(|id| !seen.contains(id)) {
            writes.extend(self.access_writes(staff, id, purpose, what)?);
        }
        if !writes.is_empty() {
            self.commit("open_listed", writes).await?;
        }
        Ok(inside)
    }

    /// Writes down a look at the stays of some people, wherever they live: their places and times
    /// are about to be shown. Each reading is a look, for another trace shows other stays. Returns
    /// those who live in the region; of the others no more is told than the stays themselves.
    pub(crate) async fn note_stays(
        &self,
        session: &StaffSession,
        holders: &[HolderId],
    ) -> Result<Vec<Holder>> {
        let look =
            Look { power: Power::RunTrace, purpose: Purpose::ContactTracing, what: What::Visits };
        let staff = self.permitted(session, look)?;
        let mut inside = Vec::new();
        let mut writes = Vec::new();
        for id in holders.iter().collect::<BTreeSet<_>>() {
            let holder = self.or_set_aside(self.store.holder(*id).await.map_err(Into::into))?;
            if holder == Some(None) {
                continue;
            }
            // Of somebody whose row cannot be read the stays are shown all the same.
            writes.extend(self.access_writes(staff, *id, look.purpose, look.what)?);
            inside.extend(holder.flatten().filter(|h| staff.region.contains(&h.home)));
        }
        if !writes.is_empty() {
            self.commit("read_stays", writes).await?;
        }
        Ok(inside)
    }

    /// An agency's handle for recording from this machine's own command line, where no member of
    /// staff is signed in. The evidence names the agency all the same.
    pub async fn recorder_for_agency(
        &self,
        agency: AgencyId,
        evidence: EvidenceKind,
    ) -> Result<Recorder> {
        let agency = self.confirmed_agency(agency).await?;
        if !evidence.may_record(Some(agency.kind)) {
            return Err(ServiceError::forbidden(
                "agency.may_not_record",
                format!("A {} does not record this kind of evidence ({evidence}).", agency.kind),
            ));
        }
        let recorder = Recorder {
            agency: agency.id,
            kind: agency.kind,
            region: agency.region,
            evidence,
            staff: None,
        };
        self.policy_allows(&recorder)?;
        Ok(recorder)
    }

    /// An agency that the health commission confirmed: the machine's own command line records for no
    /// other.
    pub(crate) async fn confirmed_agency(&self, agency: AgencyId) -> Result<Agency> {
        let unknown = || ServiceError::not_found("agency.not_found", "There is no such agency.");
        let agency = self.store.agency(agency).await?.ok_or_else(unknown)?;
        if agency.confirmed_at.is_some() {
            return Ok(agency);
        }
        Err(ServiceError::forbidden(
            "agency.not_confirmed",
            "The health commission has not confirmed this agency yet: a commissioner does so in the console, under Staff.",
        ))
    }
}

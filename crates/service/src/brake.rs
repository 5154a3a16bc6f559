//! The brake on evidence in bulk, and who records it.
//!
//! Nobody can turn a town red by themselves. What an agency records and what can make somebody
//! yellow or red *weighs* on the hour of that agency and of that member of staff; the store counts,
//! in the unit that records. Above the mandate's numbers it does not become evidence: it waits, in
//! tables that no assessment reads, until somebody else confirms it ([`crate::staff::records::waiting`]).
//!
//! What takes such a record away weighs too, on numbers of its own: a correction as much as a
//! withdrawal.
//!
//! [`Signed`] is the only way to record anything for an agency, and its constructors are the only
//! ways past the brake: what can confine nobody or weighs, what somebody else confirmed, and what
//! takes the place of a piece that counts already.

use std::collections::BTreeMap;

use jadegate_domain::id::{ImportId, RideId, WaitingId};
use jadegate_domain::record::{RecordKind, WaitingKind, WaitingState};
use jadegate_domain::{
    Activity, AgencyId, AgencyKind, Division, Evidence, EvidenceId, Fact, HolderId, PlaceId,
    Purpose, StaffId, Timestamp,
};
use jadegate_ledger::WaitingEvent;
use jadegate_store::{
    ALARM_HOLDS, Actor, AlarmWrite, Authorship, IndexKind, KeptRecord, StoreError, TubeOwner, Unit,
    Waiting, WaitingPiece, Write,
};

use crate::app::App;
use crate::author::{Author, Taker, file_stands};
use crate::error::{Result, ServiceError};
use crate::held::Hold;
use crate::limits::{Limit, hour_of};
use crate::staff::what::What;

/// Seconds of the time that counts.
const HOUR: u32 = 3600;
/// The limits' names in the store: for an agency, and for a member of its staff.
const COLOURS: [&str; 2] = ["evidence.agency", "evidence.staff"];
const RELEASES: [&str; 2] = ["withdrawal.agency", "withdrawal.staff"];
/// What agencies elsewhere record of the people of one place, together.
const HOME: &str = "evidence.home";
/// Pieces of one unit.
const UNIT: usize = 500;

/// An author who may record this: see the constructors.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    agency: AgencyId,
    staff: Option<StaffId>,
    import: Option<ImportId>,
    weighs: Option<(Weight, AgencyId)>,
    /// As what it is counted for alarms; `None`: a laboratory stands behind it.
    counts: Option<Activity>,
    /// Where the person lives, if that is not where the author acts: what colours weighs there, too.
    outside: Option<Box<str>>,
    /// Was the person found by their document?
    by_document: bool,
    /// The document that has to lead to them when it is recorded.
    document: Option<[u8; 16]>,
    /// The tube by which they were found, and whose it has to be still, if that is known.
    tube: Option<([u8; 16], Option<TubeOwner>)>,
    moved_from: Option<EvidenceId>,
}

impl Signed {
    fn by(author: &Author, weighs: Option<(Weight, AgencyId)>) -> Self {
        Self {
            agency: author.agency,
            staff: author.staff,
            import: author.import,
            weighs,
            counts: Some(Activity::Unbacked),
            outside: None,
            by_document: false,
            document: None,
            tube: None,
            moved_from: None,
        }
    }

    /// Of somebody who was found by this document, if by any: it has to lead to them still.
    pub(crate) fn of_document(self, document: Option<[u8; 16]>) -> Self {
        Self { by_document: document.is_some(), document, ..self }
    }

    /// Of somebody who lives there, as [`outside`] says it.
    pub(crate) fn at(self, outside: Option<Box<str>>) -> Self {
        Self { outside, ..self }
    }

    /// The row that keeps it for the owner of a document who is not registered.
    pub(crate) fn kept_row(
        &self,
        (id, document): (EvidenceId, [u8; 16]),
        (body, sample): (String, Option<String>),
        supersedes: Option<EvidenceId>,
        at: Timestamp,
    ) -> KeptRecord {
        KeptRecord {
            id,
            document,
            tube: self.tube.is_some(),
            body,
            moved_from: None,
            supersedes,
            withdrawn_at: None,
            agency: self.agency,
            staff: self.staff,
            import: self.import,
            sample,
            kept_at: at,
        }
    }

    /// Demands that its file stands.
    pub(crate) fn file_stands(&self) -> Option<Write> {
        file_stands(self.import)
    }

    /// Of somebody who was found as the piece before was.
    pub(crate) fn found_like(self, before: Option<&Authorship>) -> Self {
        Self { by_document: before.is_some_and(|a| a.by_document), ..self }
    }

    /// For what was recorded before, of whoever owns a document: it has weighed already.
    pub(crate) fn kept(k: &KeptRecord) -> Self {
        Self {
            agency: k.agency,
            staff: k.staff,
            import: k.import,
            weighs: None,
            counts: None,
            outside: None,
            by_document: true,
            document: None,
            tube: None,
            moved_from: k.moved_from,
        }
    }

    /// Of whoever's tube this is.
    pub(crate) fn of_tube(self, tube: Option<([u8; 16], Option<TubeOwner>)>) -> Self {
        Self { tube, ..self }
    }

    /// As it was recorded first: by a document, by a tube.
    pub(crate) fn found(self, by_document: bool, tube: Option<[u8; 16]>) -> Self {
        Self { by_document, tube: tube.map(|key| (key, None)), ..self }
    }

    /// Demands that the document still leads to the person, and that the tube is theirs.
    pub(crate) fn expectations(&self, holder: HolderId) -> impl Iterator<Item = Write> + use<> {
        let kind = IndexKind::Document;
        let document = self.document.map(|digest| Write::ExpectIndex { kind, digest, holder });
        let tube =
            self.tube.and_then(|(key, owner)| owner.map(|owner| Write::ExpectTube { key, owner }));
        document.into_iter().chain(tube)
    }

    /// For anything: it weighs on the hour of an agency (and of the member of staff), and the unit
    /// is refused above the mandate's numbers.
    pub(crate) fn weighing(author: &Author, on: AgencyId) -> Self {
        Self::by(author, Some((Weight::Colours, on)))
    }

    /// For rides aboard a trip that no case took: no contact follows from them now, and if one does
    /// later, it weighs on the hour of that case's agency.
    pub(crate) fn aboard_no_case(author: &Author) -> Self {
        Self::by(author, None)
    }

    /// For a fact as it is: weighing only if it can confine.
    pub(crate) fn own(author: &Author, fact: &Fact) -> Self {
        let weighs = fact.may_confine().then_some((Weight::Colours, author.agency));
        Self { counts: counted_as(author.kind, fact), ..Self::by(author, weighs) }
    }

    /// The same if a laboratory's positive of the person (or of the case behind a contact) bears it out:
    /// it is counted for no alarm.
    pub(crate) fn borne_out(self, by_laboratory: bool) -> Self {
        let counts = self.counts.filter(|c| !by_laboratory || *c != Activity::Unbacked);
        Self { counts, ..self }
    }

    /// For what corrects a piece of the same agency: what confines weighs as ever, and what takes a
    /// piece away that confines weighs as taking it back does.
    pub(crate) fn correcting(author: &Author, old: &Fact, new: &Fact) -> Self {
        let releases = old.may_confine() && !new.may_confine();
        let weight = releases.then_some((Weight::Releases, author.agency));
        if weight.is_some() { Self::by(author, weight) } else { Self::own(author, new) }
    }

    /// For what counts again as it was recorded, for what corrected it was taken back.
    pub(crate) fn again(before: &Authorship) -> Self {
        Self {
            agency: before.agency,
            staff: before.staff,
            import: before.import,
            weighs: None,
            counts: None,
            outside: None,
            by_document: before.by_document,
            document: None,
            tube: before.by_tube.then_some(([0; 16], None)),
            moved_from: before.moved_from,
        }
    }

    /// For what somebody else has confirmed.
    pub(crate) fn confirmed(waiting: &Waiting) -> Result<Self> {
        let other = waiting.decision.and_then(|d| d.by).map(|(staff, _)| staff);
        if waiting.state != WaitingState::Confirmed || other.is_none() || other == waiting.staff {
            return Err(ServiceError::internal("what nobody else confirmed went past the brake"));
        }
        Ok(Self {
            agency: waiting.agency,
            staff: waiting.staff,
            import: waiting.import,
            weighs: None,
            counts: None,
            outside: None,
            by_document: false,
            document: None,
            tube: None,
            moved_from: None,
        })
    }

    /// For what takes the place of a piece of the same kind, about the same case, that counts: it
    /// has weighed already.
    pub(crate) fn instead(author: &Author, old: &Evidence, new: &Fact) -> Result<Self> {
        let same = match (&old.fact, new) {
            (Fact::Case { case: a, .. }, Fact::Case { case: b, .. })
            | (Fact::Contact { case: a, .. }, Fact::Contact { case: b, .. }) => a == b,
            _ => false,
        };
        if !same || !old.counts() {
            return Err(ServiceError::internal("a new piece went past the brake as an old one"));
        }
        Ok(Self::by(author, None))
    }

    pub(crate) const fn agency(&self) -> AgencyId {
        self.agency
    }

    /// Was the person found by their document, for a record that is told for the first time?
    pub(crate) const fn is_told_by_document(&self) -> bool {
        self.by_document && self.moved_from.is_none()
    }

    /// The row that says who made a record; it is made only while its file stands.
    pub(crate) fn rows(
        &self,
        record: RecordKind,
        id: i64,
        sample: Option<String>,
        at: Timestamp,
    ) -> impl Iterator<Item = Write> + use<> {
        self.rows_of((record, id), sample, None, at)
    }

    /// The same of a ride, by whose trip its carrier knows it again.
    pub(crate) fn ride_rows(
        &self,
        id: RideId,
        trip: PlaceId,
        at: Timestamp,
    ) -> impl Iterator<Item = Write> + use<> {
        self.rows_of((RecordKind::Ride, id.as_i64()), None, Some(trip), at)
    }

    fn rows_of(
        &self,
        (record, id): (RecordKind, i64),
        sample: Option<String>,
        trip: Option<PlaceId>,
        at: Timestamp,
    ) -> impl Iterator<Item = Write> + use<> {
        let row = Write::AddAuthorship(Box::new(Authorship {
            record,
            id,
            agency: self.agency,
            staff: self.staff,
            import: self.import,
            sample,
            by_document: self.by_document,
            by_tube: self.tube.is_some(),
            moved_from: self.moved_from,
            at,
            trip,
        }));
        file_stands(self.import).into_iter().chain([row])
    }
}

/// As what a fact is counted for alarms. What is disputed asks for nobody's colour by itself.
const fn counted_as(kind: AgencyKind, fact: &Fact) -> Option<Activity> {
    match (kind, fact) {
        (_, Fact::Dispute { .. }) => None,
        (AgencyKind::Laboratory | AgencyKind::Hospital, Fact::Test { .. }) => Some(Activity::Tests),
        _ => Some(Activity::Unbacked),
    }
}

/// What a record does that weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// It can make somebody yellow or red.
    Colours,
    /// It takes something away that can.
    Releases,
}

/// Was a unit refused because it is above the mandate's numbers?
pub(crate) fn is_above(e: &StoreError) -> bool {
    let weighs = |class| {
        COLOURS.contains(&class)
            || RELEASES.contains(&class)
            || [HOME, ALARM_HOLDS].contains(&class)
    };
    e.no_room().is_some_and(|(class, _)| weighs(class))
}

/// Of whom it is counted: of the member of staff only if they are of the agency on which it weighs.
fn actor((agency, staff): (AgencyId, Option<StaffId>), on: AgencyId) -> Actor {
    Actor { agency: on, staff: staff.filter(|_| agency == on) }
}

/// The prefecture (or the country) in which somebody lives, if that is not where an author acts.
pub(crate) fn outside(region: &Division, home: &Division) -> Option<Box<str>> {
    if region.contains(home) {
        return None;
    }
    let digits = home.path().get(..4).unwrap_or_else(|| home.path());
    Some(format!("{}-{digits}", home.country()).into())
}

impl App {
    /// The limits of an agency and of a member of staff.
    fn limits_of(&self, weight: Weight) -> [Limit; 2] {
        let s = self.limits();
        let (classes, most) = match weight {
            Weight::Colours => {
                (COLOURS, [s.waiting_above_per_hour, s.waiting_above_per_staff_hour])
            }
            Weight::Releases => {
                (RELEASES, [s.withdrawals_above_per_hour, s.withdrawals_above_per_staff_hour])
            }
        };
        [0, 1].map(|i| Limit { class: classes[i], seconds: HOUR, most: most[i] })
    }

    fn of_agency(&self, weight: Weight, agency: AgencyId) -> (Limit, [u8; 16]) {
        let key = self.deployment.keys.evidence_key(&format!("weight/agency/{agency}"));
        (self.limits_of(weight)[0], key)
    }

    fn of_staff(&self, weight: Weight, staff: StaffId) -> (Limit, [u8; 16]) {
        let key = self.deployment.keys.evidence_key(&format!("weight/staff/{staff}"));
        (self.limits_of(weight)[1], key)
    }

    /// How much more may colour somebody within this hour before it has to wait.
    pub(crate) async fn room(&self, author: &Author, on: AgencyId) -> Result<u64> {
        let actor = actor((author.agency, author.staff), on);
        if self.store.alarm_holds(actor).await? {
            return Ok(0);
        }
        self.room_for(Weight::Colours, on, author.staff).await
    }

    /// How much more may be taken away within this hour before it has to wait.
    pub(crate) async fn room_to_release(
        &self,
        agency: AgencyId,
        staff: Option<StaffId>,
    ) -> Result<u64> {
        self.room_for(Weight::Releases, agency, staff).await
    }

    async fn room_for(
        &self,
        weight: Weight,
        agency: AgencyId,
        staff: Option<StaffId>,
    ) -> Result<u64> {
        let after = self.now().plus_secs(-i64::from(HOUR));
        let room = async |(limit, key): (Limit, [u8; 16])| -> Result<u64> {
            let counted = self.store.counted(limit.class, key, after).await?;
            Ok(u64::from(limit.most).saturating_sub(counted))
        };
        let agency = room(self.of_agency(weight, agency)).await?;
        let Some(staff) = staff else { return Ok(agency) };
        Ok(agency.min(room(self.of_staff(weight, staff)).await?))
    }

    /// The counts of what weighs, to stand in the unit that records it: so of several at once none
    /// slips past, on whichever server it is.
    pub(crate) fn weigh<'s>(&self, all: impl Iterator<Item = &'s Signed>) -> Vec<Write> {
        let mut agencies: BTreeMap<(Weight, AgencyId), u32> = BTreeMap::new();
        let mut staff: BTreeMap<(Weight, StaffId), u32> = BTreeMap::new();
        let mut homes: BTreeMap<&str, u32> = BTreeMap::new();
        let mut colouring: BTreeMap<Actor, BTreeMap<Activity, u64>> = BTreeMap::new();
        for s in all {
            let Some((weight, agency)) = s.weighs else { continue };
            if let (Weight::Colours, Some(home)) = (weight, &s.outside) {
                *homes.entry(home).or_default() += 1;
            }
            if weight == Weight::Colours {
                let counted = colouring.entry(actor((s.agency, s.staff), agency)).or_default();
                if let Some(what) = s.counts {
                    *counted.entry(what).or_default() += 1;
                }
            }
            *agencies.entry((weight, agency)).or_default() += 1;
            if let Some(by) = s.staff {
                *staff.entry((weight, by)).or_default() += 1;
            }
        }
        let agencies = agencies.into_iter().map(|((w, id), n)| (self.of_agency(w, id), n));
        let staff = staff.into_iter().map(|((w, id), n)| (self.of_staff(w, id), n));
        let homes = homes.into_iter().map(|(home, n)| (self.of_home(home), n));
        let all = agencies.chain(staff).chain(homes);
        let weighed = all.map(|((limit, key), n)| self.count(limit, key, n));
        weighed.chain(self.watched(colouring)).collect()
    }

    /// Demands that no alarm holds what these record, and counts it for the next one.
    fn watched(
        &self,
        colouring: BTreeMap<Actor, BTreeMap<Activity, u64>>,
    ) -> impl Iterator<Item = Write> + use<> {
        let hour = hour_of(self.now());
        colouring.into_iter().flat_map(move |(actor, counted)| {
            let free = std::iter::once(AlarmWrite::ExpectFree(actor));
            let counts = counted.into_iter();
            let counts =
                counts.map(move |(what, count)| AlarmWrite::Count { what, actor, hour, count });
            free.chain(counts).map(Write::Alarm).collect::<Vec<_>>()
        })
    }

    /// What agencies elsewhere record of the people of a place counts together, as one agency's: else
    /// every laboratory of the country could turn that many of one town red within an hour.
    fn of_home(&self, home: &str) -> (Limit, [u8; 16]) {
        let most = self.limits().waiting_above_per_hour;
        let key = self.deployment.keys.evidence_key(&format!("weight/home/{home}"));
        (Limit { class: HOME, seconds: HOUR, most }, key)
    }

    /// How much more agencies elsewhere may record of the people of a place within this hour.
    pub(crate) async fn room_at_home(&self, home: &str) -> Result<u64> {
        let after = self.now().plus_secs(-i64::from(HOUR));
        let (limit, key) = self.of_home(home);
        let counted = self.store.counted(limit.class, key, after).await?;
        Ok(u64::from(limit.most).saturating_sub(counted))
    }

    /// The counts of so many records that can confine somebody and are taken back by hand, to stand in
    /// the first unit of their withdrawal. Whoever owns the machine is not counted.
    pub(crate) fn weigh_withdrawal(&self, by: Taker, records: u64) -> Vec<Write> {
        let Some(staff) = by.staff.filter(|_| records > 0) else { return Vec::new() };
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        let agency = self.of_agency(Weight::Releases, by.agency);
        let staff = self.of_staff(Weight::Releases, staff);
        [agency, staff].map(|(limit, key)| self.count(limit, key, records)).to_vec()
    }

    /// A record of this author that begins to wait now.
    pub(crate) fn to_wait(&self, author: &Author, kind: WaitingKind) -> Waiting {
        let now = self.now();
        Waiting {
            id: WaitingId::from_random(self.deployment.rng.bits()),
            kind,
            agency: author.agency,
            agency_kind: author.kind,
            weighs_on: author.agency,
            staff: author.staff,
            region: author.region.clone(),
            import: author.import,
            trace: None,
            count: 1,
            made_at: now,
            expires_at: now.plus_secs(3600 * i64::from(self.limits().waiting_hours)),
            state: WaitingState::Waiting,
            decision: None,
        }
    }

    /// Lets records wait, with other writes of the same moment. It is told to the operator's log
    /// and, in counts, to the public.
    pub(crate) async fn hold(
        &self,
        author: &Author,
        hold: Hold,
        with: Vec<Write>,
    ) -> Result<WaitingId> {
        let now = self.now();
        let waiting = Waiting {
            weighs_on: hold.weighs_on,
            trace: hold.trace.map(|(trace, _)| trace),
            count: hold.trace.map_or(hold.pieces.len() as u64, |(_, n)| n),
            ..self.to_wait(author, hold.kind)
        };
        let id = waiting.id;
        let stands = || file_stands(author.import);
        let mut writes: Vec<Write> = stands().into_iter().chain(with).collect();
        writes.push(Write::AddLeaf(crate::log::waiting_leaf(&waiting, WaitingEvent::Held, now)?));
        tracing::warn!(
            waiting = %id, kind = %waiting.kind, agency = %waiting.agency, records = waiting.count,
            "records above the mandate's number wait for somebody else"
        );
        writes.push(Write::AddWaiting(Box::new(waiting)));
        for (piece, number) in hold.pieces.into_iter().zip(0..) {
            writes.push(Write::AddWaitingPiece(Box::new(WaitingPiece {
                waiting: id,
                number,
                holder: piece.holder,
                body: serde_json::to_string(&piece.held).map_err(ServiceError::internal)?,
                sample: piece.sample,
                external_key: piece.external_key,
            })));
            if writes.len() >= UNIT {
                let next = stands().into_iter().collect();
                let unit = Unit::new("hold", std::mem::replace(&mut writes, next));
                self.store.commit(unit).await?;
            }
        }
        if !writes.is_empty() {
            self.store.commit(Unit::new("hold", writes)).await?;
        }
        Ok(id)
    }

    /// The row that says that an author looked at somebody, with its leaf of the public log.
    pub(crate) fn look_writes(
        &self,
        author: &Author,
        holder: HolderId,
        purpose: Purpose,
        what: What,
    ) -> Result<Vec<Write>> {
        let access = jadegate_domain::Access {
            holder,
            at: self.now(),
            agency: author.agency,
            staff: author.staff,
            purpose,
            what: what.as_str().to_owned(),
        };
        let leaf = crate::log::access_leaf(&self.deployment.keys, &access)?;
        Ok(vec![Write::AddAccess(access), Write::AddLeaf(leaf)])
    }
}

//! From a case to its contacts, recorded as evidence.
//!
//! A run is the only thing that produces contact evidence. Its inputs and its result are stored
//! before the first piece of evidence, and evidence is brought in line with the result person by
//! person; a run cut short is finished by running it again ([`App::run_trace`]) or by
//! [`App::finish_traces`], and running it twice changes nothing the second time.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::{
    AgencyId, AgencyKind, Case, CaseId, Colour, Evidence, EvidenceKind, Fact, HolderId, Period,
    PlaceId, PlaceKind, PolicyRef, Timestamp, TraceId,
};
use jadegate_store::{StoredTrace, Write};
use serde::Serialize;

use super::aboard::AboardView;
use super::access::{Power, Recorder};
use super::parallel::{Job, together};
use super::stored_trace::{
    Stored, StoredContact, StoredExposure, close_of, contact_fact, count, places, says_the_same,
    stored_contact, stored_detail,
};
use crate::app::{App, read};
use crate::assess::{Change, NewEvidence};
use crate::bulk::ContactRow;
use crate::error::{Kind, Result, ServiceError};
use crate::session::StaffSession;

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceReport {
    /// Which run.
    pub trace: TraceId,
    /// From which case.
    pub case: CaseId,
    /// When the case could infect others.
    pub window: Period,
    /// Close contacts.
    pub close: u32,
    /// Secondary contacts.
    pub secondary: u32,
    /// Places at which time was shared.
    pub places: u32,
    /// Milliseconds the search took, without recording.
    pub ms: u64,
    /// Contacts recorded by this run, new ones and changed ones.
    pub contacts_recorded: u64,
    /// People released because they are no contacts any more.
    pub contacts_withdrawn: u64,
}

/// One run of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceRow {
    /// Which.
    pub trace: TraceId,
    /// From which case.
    pub case: CaseId,
    /// When it ran.
    pub ran_at: Timestamp,
    /// Close contacts.
    pub close: u32,
    /// Secondary contacts.
    pub secondary: u32,
    /// The run that replaced it.
    pub replaced_by: Option<TraceId>,
}

/// One run in full.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceDetail {
    /// The run.
    #[serde(flatten)]
    pub row: TraceRow,
    /// When the case could infect others.
    pub window: Period,
    /// The policy whose thresholds counted.
    pub policy: PolicyRef,
    /// Visits searched.
    pub index_visits: u64,
    /// The contacts, close ones first, most minutes first.
    pub contacts: Vec<ContactView>,
}

/// One contact.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ContactView {
    /// Who, opaquely.
    pub holder: HolderId,
    /// How near.
    pub degree: ContactDegree,
    /// Minutes that count.
    pub minutes: u32,
    /// How sure.
    pub certainty: Certainty,
    /// End of the last shared time.
    pub last_contact: Timestamp,
    /// For a secondary contact: the close contact in between.
    pub via: Option<HolderId>,
    /// Where and when.
    pub exposures: Vec<ExposureView>,
    /// Their colour now; `None` for people who live outside the region.
    pub colour: Option<Colour>,
}

/// One stretch of shared time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExposureView {
    /// Where.
    pub place: ExposurePlace,
    /// From.
    pub from: Timestamp,
    /// Until.
    pub to: Timestamp,
    /// Minutes recorded from end to end.
    pub minutes_lower: u32,
    /// Minutes with assumed ends.
    pub minutes_upper: u32,
    /// How sure.
    pub certainty: Certainty,
    /// Aboard a trip: which one, and what tickets say.
    pub aboard: Option<AboardView>,
}

/// A place of an exposure.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExposurePlace {
    /// Which.
    pub id: PlaceId,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: PlaceKind,
}

/// What a search came to.
struct Searched {
    found: Stored,
    /// The same in sums.
    rows: Vec<ContactRow>,
    ms: u64,
}

/// How many changes brought the evidence in line with a run.
#[derive(Clone, Copy, Debug, Default)]
struct Applied {
    recorded: u64,
    withdrawn: u64,
}

/// Runs of one case that are looked at; more than anybody makes.
const RUNS: u32 = 1000;
/// Runs shown.
const LIST: u32 = 200;

impl App {
    /// Traces from a case: finds its contacts and brings their evidence in line. Contacts are found
    /// wherever they live; a virus does not keep to regions.
    pub async fn run_trace(
        self: &Arc<Self>,
        session: &StaffSession,
        case: CaseId,
    ) -> Result<TraceReport> {
        let recorder = self.recorder(session, EvidenceKind::Contact)?;
        self.run_trace_for(&recorder, case).await
    }

    /// The same for a recorder, who may be an agency named on the command line.
    pub async fn run_trace_for(
        self: &Arc<Self>,
        recorder: &Recorder,
        id: CaseId,
    ) -> Result<TraceReport> {
        Ok(self.run_trace_with_rows(recorder, id).await?.0)
    }

    /// The same, with the contacts in sums.
    pub(crate) async fn run_trace_with_rows(
        self: &Arc<Self>,
        recorder: &Recorder,
        id: CaseId,
    ) -> Result<(TraceReport, Vec<ContactRow>)> {
        if recorder.evidence() != EvidenceKind::Contact {
            return Err(super::access::not_yours());
        }
        let _one = self.officers_lock.lock().await;
        let (case, _) = self.case_inside(recorder, id).await?;
        if case.withdrawn_at.is_some() {
            return Err(super::cases::withdrawn());
        }
        let Searched { mut found, rows, ms } = self.search(&case).await?;
        let before = self.standing_trace(id).await?;
        let known = before.as_ref().and_then(|t| stored_detail(t).ok());
        if let Some(known) = &known {
            found.keep_purged(known, crate::bulk::kept_from(&self.policy(), self.now()));
        }
        // The same result again is the same run: what is missing of its evidence is added to it.
        let same = before.as_ref().filter(|_| {
            known.is_some_and(|s| {
                s.contacts == found.contacts && s.window == found.window && s.policy == found.policy
            })
        });
        let trace = if let Some(t) = same {
            t.id
        } else {
            let by = (recorder.agency(), recorder.agency_kind());
            self.store_run(by, &case, &found, before.as_ref()).await?
        };
        let applied = self.apply(trace, id, recorder.agency(), &found.contacts).await?;
        let (close, secondary) = count(&found.contacts);
        let report = TraceReport {
            trace,
            case: id,
            window: found.window,
            close,
            secondary,
            places: places(&found.contacts),
            ms,
            contacts_recorded: applied.recorded,
            contacts_withdrawn: applied.withdrawn,
        };
        Ok((report, rows))
    }

    /// Searches again from a case that was traced before, in the name of the agency that traced it,
    /// and brings the evidence in line if the contacts have changed. Returns whether they have.
    ///
    /// The caller holds the officers' lock. A case that was withdrawn, or never traced, is left.
    pub(crate) async fn retrace(self: &Arc<Self>, id: CaseId) -> Result<bool> {
        let case = self.store.case(id).await?.filter(|c| c.withdrawn_at.is_none());
        let (Some(case), Some(before)) = (case, self.standing_trace(id).await?) else {
            self.late.forget(id);
            return Ok(false);
        };
        let known = stored_detail(&before)?;
        let mut found = self.search(&case).await?.found;
        found.keep_purged(&known, crate::bulk::kept_from(&self.policy(), self.now()));
        // A window that goes on until now is another one each time; that alone is no news.
        if known.contacts == found.contacts {
            self.late.watch(&case, close_of(&found));
            return Ok(false);
        }
        let by = (before.agency, before.agency_kind);
        let trace = self.store_run(by, &case, &found, Some(&before)).await?;
        let applied = self.apply(trace, id, before.agency, &found.contacts).await?;
        tracing::info!(
            case = %id, trace = %trace, recorded = applied.recorded, withdrawn = applied.withdrawn,
            "a trace was brought up to date by itself"
        );
        Ok(true)
    }

    /// Searches a snapshot of the index beside the requests, which go on meanwhile.
    async fn search(self: &Arc<Self>, case: &Case) -> Result<Searched> {
        let app = Arc::clone(self);
        let case = case.clone();
        let search = move || {
            let begun = std::time::Instant::now();
            let (policy, now) = (app.policy(), app.now());
            let window =
                policy.infectious_window(case.onset_at, case.confirmed_at, case.isolated_at, now);
            let index = read(&app.index).clone();
            let input = jadegate_trace::CaseInput { case: case.id, holder: case.holder, window };
            let kinds = |p| app.place_kind(p);
            let result = jadegate_trace::trace(&index, &[input], &rules(&policy), kinds, now);
            let rows = result.contacts.iter().map(ContactRow::of).collect();
            let found = Stored {
                window,
                policy: policy.reference(),
                index_visits: index.len() as u64,
                contacts: result.contacts.into_iter().map(stored_contact).collect(),
            };
            let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            Searched { found, rows, ms }
        };
        tokio::task::spawn_blocking(search).await.map_err(ServiceError::internal)
    }

    async fn store_run(
        &self,
        (agency, agency_kind): (AgencyId, AgencyKind),
        case: &Case,
        found: &Stored,
        before: Option<&StoredTrace>,
    ) -> Result<TraceId> {
        let id = TraceId::from_random(self.rng.bits());
        let (close, secondary) = count(&found.contacts);
        let mut writes = vec![Write::AddTrace(Box::new(StoredTrace {
            id,
            case: case.id,
            ran_at: self.now(),
            agency,
            agency_kind,
            close,
            secondary,
            detail: serde_json::to_string(found).map_err(ServiceError::internal)?,
            replaced_by: None,
        }))];
        writes.extend(before.map(|t| Write::ReplaceTrace { id: t.id, by: id }));
        self.commit("store_trace", writes).await?;
        self.late.watch(case, close_of(found));
        Ok(id)
    }

    /// The run of a case that no other replaced.
    pub(crate) async fn standing_trace(&self, case: CaseId) -> Result<Option<StoredTrace>> {
        Ok(self.store.traces(Some(case), RUNS).await?.into_iter().find(|t| t.replaced_by.is_none()))
    }

    /// Every piece of evidence that the runs of a case produced and that counts.
    pub(crate) async fn contact_evidence(&self, case: CaseId) -> Result<Vec<Evidence>> {
        let mut all = Vec::new();
        for run in self.store.traces(Some(case), RUNS).await? {
            all.extend(
                self.store.evidence_of_trace(run.id).await?.into_iter().filter(Evidence::counts),
            );
        }
        all.retain(|e| matches!(&e.fact, Fact::Contact { case: c, .. } if *c == case));
        Ok(all)
    }

    /// Brings the evidence in line with a run: contacts as they were keep their evidence, changed
    /// ones get a newer piece, those who are contacts no more are released.
    async fn apply(
        &self,
        trace: TraceId,
        case: CaseId,
        agency: AgencyId,
        contacts: &[StoredContact],
    ) -> Result<Applied> {
        let mut present: BTreeMap<HolderId, Vec<Evidence>> = BTreeMap::new();
        for e in self.contact_evidence(case).await? {
            if let Some(holder) = e.holder {
                present.entry(holder).or_default().push(e);
            }
        }
        let mut changes: Vec<(HolderId, Change)> = Vec::new();
        let mut applied = Applied::default();
        for contact in contacts {
            let mut old = present.remove(&contact.holder).unwrap_or_default();
            let wanted = contact_fact(case, trace, contact);
            if let Some(i) = old.iter().position(|e| says_the_same(&e.fact, &wanted)) {
                // Only a run that was cut short leaves more than one piece.
                old.swap_remove(i);
                if !old.is_empty() {
                    let withdraw = old.iter().map(|e| e.id).collect();
                    changes.push((contact.holder, Change { withdraw, ..Change::default() }));
                }
                continue;
            }
            applied.recorded += 1;
            let supersedes = old.pop().map(|e| e.id);
            let new = NewEvidence { supersedes, ..NewEvidence::by(Some(agency), wanted) };
            let withdraw = old.iter().map(|e| e.id).collect();
            changes
                .push((contact.holder, Change { add: vec![new], withdraw, ..Change::default() }));
        }
        for (holder, old) in present {
            applied.withdrawn += 1;
            let withdraw = old.iter().map(|e| e.id).collect();
            changes.push((holder, Change { withdraw, ..Change::default() }));
        }
        let jobs: Vec<Job<'_, _>> = changes
            .into_iter()
            .map(|(holder, change)| {
                Box::pin(self.record("apply_trace", holder, change)) as Job<'_, _>
            })
            .collect();
        together(jobs).await.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(applied)
    }

    /// Finishes runs that were cut short by the end of the program. Meant for the start; returns how
    /// many pieces of evidence were missing or too many.
    pub async fn finish_traces(&self) -> Result<u64> {
        let _one = self.officers_lock.lock().await;
        let mut finished = 0;
        let cases = self.store.cases(super::retrace::MOST_CASES).await?;
        for case in cases.into_iter().filter(|c| c.withdrawn_at.is_none()) {
            let Some(run) = self.standing_trace(case.id).await? else { continue };
            let stored = stored_detail(&run)?;
            let applied = self.apply(run.id, case.id, run.agency, &stored.contacts).await?;
            finished += applied.recorded + applied.withdrawn;
        }
        Ok(finished)
    }

    /// Runs in the region, newest first; of one case if given.
    pub async fn list_traces(
        &self,
        session: &StaffSession,
        case: Option<CaseId>,
    ) -> Result<Vec<TraceRow>> {
        let staff = session.need(Power::ReadLists)?;
        let runs = self.store.traces_in(&staff.region, case, LIST).await?;
        Ok(runs.iter().map(row).collect())
    }

    /// One run in full: who, opaquely, where and when. Looking at it is written down for the case's
    /// person and for every contact, wherever they live; of those outside the region the colour is
    /// not told. The stays of a case that was withdrawn are nobody's business any more.
    pub async fn trace_detail(&self, session: &StaffSession, id: TraceId) -> Result<TraceDetail> {
        let recorder = self.recorder(session, EvidenceKind::Contact)?;
        let unknown =
            || ServiceError::not_found("trace.not_found", "There is no such trace in your region.");
        let run = self.store.trace(id).await?.ok_or_else(unknown)?;
        let (case, _) = self
            .case_inside(&recorder, run.case)
            .await
            .map_err(|e| if e.kind == Kind::NotFound { unknown() } else { e })?;
        if case.withdrawn_at.is_some() {
            return Err(super::conflict(
                "trace.case_withdrawn",
                "The case behind this trace was withdrawn, so its stays are no longer shown. The person's record says who withdrew it.",
            ));
        }
        let stored = stored_detail(&run)?;
        let mut holders: Vec<_> = stored.contacts.iter().map(|c| c.holder).collect();
        // Whoever was in between is shown where their contacts were.
        holders.extend(stored.contacts.iter().filter_map(|c| c.via));
        holders.push(case.holder);
        let places = stored.contacts.iter().flat_map(|c| &c.exposures).map(|e| e.place);
        let vehicles = places.filter(|p| self.place_kind(*p).is_vehicle()).collect();
        let tickets = self.tickets(vehicles).await?;
        let people = self.note_stays(session, &holders).await?;
        let jobs: Vec<Job<'_, _>> =
            people.iter().map(|h| Box::pin(self.colour_now(h.id)) as Job<'_, _>).collect();
        let colours = together(jobs).await.into_iter().collect::<Result<HashMap<_, _>>>()?;
        Ok(TraceDetail {
            row: row(&run),
            window: stored.window,
            policy: stored.policy,
            index_visits: stored.index_visits,
            contacts: stored
                .contacts
                .into_iter()
                .map(|c| ContactView {
                    colour: colours.get(&c.holder).copied(),
                    holder: c.holder,
                    degree: c.degree,
                    minutes: c.minutes,
                    certainty: c.certainty,
                    last_contact: c.last_contact,
                    via: c.via,
                    exposures: {
                        let inside = |h: HolderId| colours.contains_key(&h).then_some(h);
                        let source = inside(c.via.unwrap_or(case.holder));
                        let aboard = |p| tickets.aboard(p, source, inside(c.holder));
                        c.exposures.iter().map(|e| self.exposure_view(e, aboard(e.place))).collect()
                    },
                })
                .collect(),
        })
    }

    pub(crate) async fn colour_now(&self, holder: HolderId) -> Result<(HolderId, Colour)> {
        Ok((holder, self.assessment(holder).await?.colour))
    }

    fn exposure_view(&self, e: &StoredExposure, aboard: Option<AboardView>) -> ExposureView {
        let place = self.place_view(e.place);
        ExposureView {
            place: ExposurePlace { id: e.place, name: place.name, kind: place.kind },
            from: e.from,
            to: e.to,
            minutes_lower: e.minutes_lower,
            minutes_upper: e.minutes_upper,
            certainty: e.certainty,
            aboard,
        }
    }
}

fn row(run: &StoredTrace) -> TraceRow {
    TraceRow {
        trace: run.id,
        case: run.case,
        ran_at: run.ran_at,
        close: run.close,
        secondary: run.secondary,
        replaced_by: run.replaced_by,
    }
}

/// What the policy says about exposure, in the form the search takes.
pub(crate) fn rules(policy: &jadegate_policy::Policy) -> jadegate_trace::Rules {
    use jadegate_policy::VehicleNear;
    use jadegate_trace::{Aboard, Bound, KindRules, Near, Rules};
    let at = |kind| KindRules {
        contact_minutes: policy.contact_minutes(kind, ContactDegree::Close),
        secondary_minutes: policy.contact_minutes(kind, ContactDegree::Secondary),
        assumed_stay_minutes: policy.assumed_stay_minutes(kind),
        lingering_minutes: policy.lingering_minutes(kind),
    };
    let aboard = |kind| {
        let vehicle = policy.vehicle(kind);
        let near = match vehicle.near {
            VehicleNear::Vehicle => Near::Vehicle,
            VehicleNear::Coach => Near::Coach,
            VehicleNear::Rows(rows) => Near::Rows(rows),
        };
        Aboard { near, unknown_is_near: vehicle.unknown_is_near }
    };
    let mut rules = Rules::new(at(PlaceKind::Other));
    for kind in PlaceKind::ALL {
        rules.set(*kind, at(*kind));
        rules.set_aboard(*kind, aboard(*kind));
    }
    rules.counts = match policy.counts() {
        jadegate_policy::Bound::Upper => Bound::Upper,
        jadegate_policy::Bound::Lower => Bound::Lower,
    };
    rules.secondary_delay_hours = policy.secondary_delay_hours();
    rules.max_hops = u8::try_from(policy.max_hops()).unwrap_or(u8::MAX);
    rules
}

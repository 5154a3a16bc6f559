//! From a case to its contacts, recorded as evidence.
//!
//! A run is the only thing that produces contact evidence. Its inputs and its result are stored
//! before the first piece of evidence, and evidence is brought in line with the result person by
//! person ([`super::contacts`]); a run cut short is finished by running it again ([`App::run_trace`]) or by
//! [`App::finish_traces`], and running it twice changes nothing the second time.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use jadegate_domain::company::Together;
use jadegate_domain::evidence::{Certainty, ContactDegree};
use jadegate_domain::record::RecordKind;
use jadegate_domain::{
    Case, CaseId, Colour, EvidenceKind, Holder, HolderId, Period, PlaceId, PlaceKind, PolicyRef,
    Timestamp, TraceId,
};
use jadegate_store::{StoredTrace, TraceHead, Write};
use jadegate_trace::ContactFound;
use serde::Serialize;

use super::seating::AboardView;
use super::stored::{
    Stored, StoredExposure, close_of, count, places, stored_contact, stored_detail, stored_text,
};
use crate::app::App;
use crate::assess::{TRIES, busy};
use crate::author::{Author, case_stands};
use crate::brake::Signed;
use crate::concurrency::{beside, read};
use crate::contact_row::ContactRow;
use crate::error::{Kind, Result, ServiceError, is_ended};
use crate::parts::{self, Part};
use crate::search_rules::{kept_from, rules};
use crate::session::StaffSession;
use crate::staff::access::{Power, Recorder};
use crate::staff::parallel::{BoxFuture, run_concurrently};

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
    /// Contacts that wait for an officer of another agency: with them, this hour would be above the
    /// mandate's number.
    pub contacts_waiting: u64,
    /// People left as they are because their record cannot be read; the operator sees which.
    pub contacts_unreadable: u64,
}

/// One run of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TraceRow {
    /// The id of the trace.
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
    /// The contacts, close ones first, the likeliest to have met the case first, then by minutes.
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
    /// How likely they met the case, under a policy that says how to tell; of close contacts.
    pub together: Option<Together>,
    /// Where and when.
    pub exposures: Vec<ExposureView>,
    /// Their colour now; `None` for people who live outside the region, and for those whose record
    /// cannot be read.
    pub colour: Option<Colour>,
}

/// One stretch of shared time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExposureView {
    /// The place at which time was shared.
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
    /// The id of the place.
    pub id: PlaceId,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: PlaceKind,
}

/// What a search came to.
struct Searched {
    found: Arc<Stored>,
    /// The same in sums.
    rows: Vec<ContactRow>,
    ms: u64,
    run: Run,
    /// Some contacts are kept as they were, for they still go on.
    under_way: bool,
}

/// What is to be stored of a search.
enum Run {
    /// Nothing: this run says the same.
    Same(TraceId),
    /// A run of this detail, in place of another.
    New { detail: String, replaces: Option<TraceId> },
}

/// Who waits for a trace.
#[derive(Clone, Copy)]
pub(crate) enum Pace<'a> {
    /// Somebody asked for it: all of it, now.
    Asked,
    /// Nobody: contacts that still go on are left until they have ended, and it is cut short as soon
    /// as this says so.
    ByItself(&'a (dyn Fn() -> bool + Sync)),
}

impl Pace<'_> {
    pub(super) fn goes_on(self) -> bool {
        match self {
            Self::Asked => true,
            Self::ByItself(go_on) => go_on(),
        }
    }
}

/// What tracing again came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retraced {
    /// Are the contacts others than before?
    pub(crate) changed: bool,
    /// How many there are.
    pub(crate) contacts: usize,
    /// People released because they are none any more.
    pub(crate) withdrawn: u64,
    /// The rest is for the next time.
    pub(crate) cut_short: bool,
}

/// Seconds after which a trace is looked at again whose contacts still go on.
const LOOK_AGAIN_SECONDS: i64 = 600;
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
            return Err(crate::staff::access::not_yours());
        }
        let _one = self.locks.cases.lock(id).await;
        for _ in 0..TRIES {
            match self.try_trace(recorder, id).await {
                // The case was withdrawn, or another server traced from it meanwhile.
                Err(e) if is_ended(&e) => {}
                done => return done,
            }
        }
        Err(busy())
    }

    /// The caller holds the case's lock.
    async fn try_trace(
        self: &Arc<Self>,
        recorder: &Recorder,
        id: CaseId,
    ) -> Result<(TraceReport, Vec<ContactRow>)> {
        let (case, _) = self.case_inside(recorder, id).await?;
        if case.withdrawn_at.is_some() {
            return Err(crate::staff::cases::withdrawn());
        }
        let by = recorder.author(None);
        let before = self.standing_trace(id).await?;
        let (trace, _, searched) = self.search_and_store(&case, before, &by, Pace::Asked).await?;
        let Searched { found, rows, ms, .. } = searched;
        let applied = self.apply(trace, &case, &by, Arc::clone(&found), Pace::Asked).await?;
        if applied.cut_short {
            return Err(crate::concurrency::stopping());
        }
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
            contacts_waiting: applied.waiting,
            contacts_unreadable: applied.unreadable,
        };
        Ok((report, rows))
    }

    /// Searches again from a case that was traced before, in the name of the agency that traced it,
    /// and brings the evidence in line if the contacts have changed.
    ///
    /// The caller holds the case's lock. A case that was withdrawn, or never traced, is left.
    pub(crate) async fn retrace(self: &Arc<Self>, id: CaseId, pace: Pace<'_>) -> Result<Retraced> {
        let case = self.store.case(id).await?.filter(|c| c.withdrawn_at.is_none());
        let (Some(case), Some(before)) = (case, self.standing_trace(id).await?) else {
            self.memory.late.forget(id);
            return Ok(Retraced::default());
        };
        let by = self.traced_by(&before).await?;
        let (trace, changed, searched) =
            self.search_and_store(&case, Some(before), &by, pace).await?;
        if searched.under_way {
            self.memory.late.trace_again_at(id, self.now().plus_secs(LOOK_AGAIN_SECONDS));
        }
        let contacts = searched.found.contacts.len();
        let mut done = Retraced { changed, contacts, ..Retraced::default() };
        if !changed && !self.memory.late.is_unfinished(id) {
            return Ok(done);
        }
        let applied = self.apply(trace, &case, &by, searched.found, pace).await?;
        (done.cut_short, done.withdrawn) = (applied.cut_short, applied.withdrawn);
        tracing::info!(
            case = %id, trace = %trace, recorded = applied.recorded, withdrawn = applied.withdrawn,
            waiting = applied.waiting, cut_short = applied.cut_short, "a trace was brought up to date by itself"
        );
        Ok(done)
    }

    /// Searches, and stores the run if it says anything new: the run that stands then, whether it is
    /// new, and what was found.
    async fn search_and_store(
        self: &Arc<Self>,
        case: &Case,
        before: Option<StoredTrace>,
        by: &Author,
        pace: Pace<'_>,
    ) -> Result<(TraceId, bool, Searched)> {
        let _searching = self.memory.late.searching.read().await;
        let by_itself = matches!(pace, Pace::ByItself(_));
        let mut searched = self.search(case, before, by_itself).await?;
        let (trace, new) = match &mut searched.run {
            Run::Same(trace) => (*trace, false),
            Run::New { detail, replaces } => {
                let (detail, replaces) = (std::mem::take(detail), *replaces);
                (self.store_run(by, case, (&searched.found, detail), replaces).await?, true)
            }
        };
        let subjects = self.subjects_of(case.id, case.holder).await?;
        let sources = subjects.into_iter().chain(close_of(&searched.found)).collect();
        self.memory.late.watch(case.id, sources);
        Ok((trace, new, searched))
    }

    /// Searches a snapshot of the index beside the requests, which go on meanwhile, and compares with
    /// the run before.
    async fn search(
        self: &Arc<Self>,
        case: &Case,
        before: Option<StoredTrace>,
        by_itself: bool,
    ) -> Result<Searched> {
        // No more at once than leave a thread to those who read codes and pass gates.
        let _one = self.work.searches.acquire().await.map_err(ServiceError::internal)?;
        let subjects = self.subjects_of(case.id, case.holder).await?;
        let app = Arc::clone(self);
        let case = case.clone();
        let search = move || {
            let begun = std::time::Instant::now();
            let (policy, now) = (app.policy(), app.now());
            let window =
                policy.infectious_window(case.onset_at, case.confirmed_at, case.isolated_at, now);
            let index = read(&app.memory.index).clone();
            let (kinds, rules) = (|p| app.memory.place_kind(p), rules(&policy));
            let mut tracer = jadegate_trace::Tracer::new(&index, &rules, kinds, now);
            let mut contacts = Vec::new();
            for holder in &subjects {
                let input = jadegate_trace::CaseInput { case: case.id, holder: *holder, window };
                let found = tracer
                    .case_while(&input, &|| !app.stops())
                    .ok_or_else(crate::concurrency::stopping)?;
                add_contacts(&mut contacts, found, &subjects);
            }
            let rows = contacts.iter().map(ContactRow::of).collect();
            let mut found = Stored {
                window,
                policy: policy.reference(),
                index_visits: index.len() as u64,
                contacts: contacts.into_iter().map(stored_contact).collect(),
            };
            let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            let known = match before.as_ref().map(stored_detail) {
                // Nobody need wait for a run that cannot be read to trace anew.
                Some(Err(_)) if !by_itself => None,
                known => known.transpose()?,
            };
            let mut under_way = false;
            if let Some(known) = &known {
                found.keep_purged(known, kept_from(&policy, now));
                found.keep_steady(known);
                under_way = by_itself && found.keep_under_way(known, now);
            }
            // The same result again is the same run: what is missing of its evidence is added to it.
            // A window that goes on until now is another one each time; that alone is no news for
            // whom nobody asked.
            let same = known.is_some_and(|k| {
                let asked = k.window == found.window && k.policy == found.policy;
                k.contacts == found.contacts && (by_itself || asked)
            });
            let run = match before.map(|t| t.id) {
                Some(before) if same => Run::Same(before),
                replaces => Run::New { detail: stored_text(&found)?, replaces },
            };
            Ok(Searched { found: Arc::new(found), rows, ms, run, under_way })
        };
        beside(search).await?
    }

    async fn store_run(
        &self,
        by: &Author,
        case: &Case,
        (found, detail): (&Stored, String),
        before: Option<TraceId>,
    ) -> Result<TraceId> {
        let id = TraceId::from_random(self.deployment.rng.bits());
        let (close, secondary) = count(&found.contacts);
        let mut writes = vec![Write::ExpectTrace { case: case.id, run: before }];
        writes.push(Write::AddTrace(Box::new(StoredTrace {
            id,
            case: case.id,
            ran_at: self.now(),
            agency: by.agency,
            agency_kind: by.kind,
            close,
            secondary,
            detail,
            replaced_by: None,
        })));
        let made = Signed::weighing(by, case.agency);
        writes.push(case_stands(case.id));
        writes.extend(made.rows(RecordKind::Trace, id.as_i64(), None, self.now()));
        if let Some(before) = before {
            writes.push(Write::ReplaceTrace { id: before, by: id });
            // What waited of the run before is asked for anew, as it is now.
            writes.extend(self.end_waiting_of(before).await?);
        }
        // Whoever goes away from here on leaves the evidence for the next round.
        self.memory.late.unfinished(case.id);
        self.commit("store_trace", writes).await?;
        Ok(id)
    }

    /// The run of a case that no other replaced.
    pub(crate) async fn standing_trace(&self, case: CaseId) -> Result<Option<StoredTrace>> {
        match self.store.standing_trace(case).await? {
            Some(head) => Ok(self.store.trace(head.id).await?),
            None => Ok(None),
        }
    }

    /// The agency that ordered a run, where nobody sits before the screen now.
    pub(super) async fn traced_by(&self, run: &StoredTrace) -> Result<Author> {
        let agency = self.store.agency(run.agency).await?;
        let agency = agency.ok_or_else(|| ServiceError::internal("a run of an unknown agency"))?;
        let (kind, region) = (run.agency_kind, agency.region);
        Ok(Author { agency: run.agency, kind, region, staff: None, import: None })
    }

    /// The newest runs in the region; of one case if given.
    pub async fn list_traces(
        &self,
        session: &StaffSession,
        case: Option<CaseId>,
    ) -> Result<Vec<TraceRow>> {
        Ok(self.traces_before(session, case, None).await?.rows)
    }

    /// Runs in the region, newest first; of one case if given. `before` is the `next` of the part
    /// before.
    pub async fn traces_before(
        &self,
        session: &StaffSession,
        case: Option<CaseId>,
        before: Option<&str>,
    ) -> Result<Part<TraceRow>> {
        let staff = session.need(Power::ReadLists)?;
        let asked = parts::asked(before, LIST)?;
        let runs = self.store.traces_in(&staff.region, case, asked).await?;
        Ok(Part::of(runs, asked, |run| run.ran_at).map(|run| row(&run)))
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
            return Err(crate::staff::conflict(
                "trace.case_withdrawn",
                "The case behind this trace was withdrawn, so its stays are no longer shown. The person's record says who withdrew it.",
            ));
        }
        let head = run.head();
        let stored = beside(move || stored_detail(&run)).await??;
        let mut holders: Vec<_> = stored.contacts.iter().map(|c| c.holder).collect();
        // Whoever was in between is shown where their contacts were.
        holders.extend(stored.contacts.iter().filter_map(|c| c.via));
        holders.push(case.holder);
        let places = stored.contacts.iter().flat_map(|c| &c.exposures).map(|e| e.place);
        let vehicles = places.filter(|p| self.memory.place_kind(*p).is_vehicle()).collect();
        let mut tickets = self.tickets(session, vehicles).await?;
        let people = self.note_stays(session, &holders).await?;
        let futures: Vec<BoxFuture<'_, _>> =
            people.iter().map(|h| Box::pin(self.colour_now(h.id)) as BoxFuture<'_, _>).collect();
        let mut colours = HashMap::new();
        for found in run_concurrently(futures).await {
            colours.extend(self.or_set_aside(found)?);
        }
        let people: HashMap<HolderId, &Holder> =
            people.iter().filter(|h| colours.contains_key(&h.id)).map(|h| (h.id, h)).collect();
        let inside = |h: HolderId| people.get(&h).copied();
        let mut contacts = Vec::with_capacity(stored.contacts.len());
        for c in stored.contacts {
            let source = inside(c.via.unwrap_or(case.holder));
            let mut exposures = Vec::with_capacity(c.exposures.len());
            for e in &c.exposures {
                let aboard = tickets.seating(e.place, source, inside(c.holder)).await?;
                exposures.push(self.exposure_view(e, aboard));
            }
            contacts.push(ContactView {
                colour: colours.get(&c.holder).copied(),
                holder: c.holder,
                degree: c.degree,
                minutes: c.minutes,
                certainty: c.certainty,
                last_contact: c.last_contact,
                via: c.via,
                together: c.together,
                exposures,
            });
        }
        // Of equals the order stays: most minutes first.
        contacts.sort_by_key(|c| (c.degree, Reverse(c.together.map(|t| t.percent))));
        Ok(TraceDetail {
            row: row(&head),
            window: stored.window,
            policy: stored.policy,
            index_visits: stored.index_visits,
            contacts,
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

fn row(run: &TraceHead) -> TraceRow {
    TraceRow {
        trace: run.id,
        case: run.case,
        ran_at: run.ran_at,
        close: run.close,
        secondary: run.secondary,
        replaced_by: run.replaced_by,
    }
}

/// The contacts of a case of which it is not decided of which of two people it is: those of both, as near as
/// of either, and neither of the two themselves.
fn add_contacts(all: &mut Vec<ContactFound>, found: Vec<ContactFound>, subjects: &[HolderId]) {
    if let [_] = subjects {
        all.extend(found);
        return;
    }
    for contact in found.into_iter().filter(|c| !subjects.contains(&c.holder)) {
        let strength = |c: &ContactFound| (std::cmp::Reverse(c.degree), c.minutes);
        match all.iter_mut().find(|c| c.holder == contact.holder) {
            Some(known) if strength(known) >= strength(&contact) => {}
            Some(known) => *known = contact,
            None => all.push(contact),
        }
    }
}

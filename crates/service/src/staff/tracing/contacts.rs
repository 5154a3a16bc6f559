//! Bringing the evidence of contacts in line with a run of a trace ([`super::traces`]), person by person:
//! cut short, it is finished the next time, and done twice it changes nothing.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jadegate_domain::record::{WaitingKind, WaitingState};
use jadegate_domain::{Case, CaseId, Evidence, Fact, HolderId, Timestamp, TraceId};
use jadegate_store::Write;

use super::stored::{Stored, StoredContact, contact_fact, says_the_same, stored_detail};
use super::traces::Pace;
use crate::app::App;
use crate::assess::{Changed, EvidenceChange, NewEvidence};
use crate::author::{Author, case_stands};
use crate::brake::Signed;
use crate::concurrency::beside;
use crate::error::{Result, is_ended};
use crate::held::Hold;
use crate::staff::parallel::{BoxFuture, SLICE, run_concurrently};

/// How many changes brought the evidence in line with a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Applied {
    pub(super) recorded: u64,
    pub(super) withdrawn: u64,
    pub(super) waiting: u64,
    /// Not all of it was done.
    pub(super) cut_short: bool,
    /// People whose evidence could not be brought in line because it cannot be read.
    pub(super) unreadable: u64,
}

/// How new contacts may be recorded.
#[derive(Clone)]
enum Clearance {
    /// So.
    Record(Signed),
    /// They are too many for this hour and begin to wait.
    Wait,
    /// They wait already.
    Waits,
    /// They were refused, or lapsed.
    Refused,
}

impl App {
    /// Records the contacts of a run that waited for a second pair of eyes.
    pub(crate) async fn release_contacts(self: &Arc<Self>, trace: TraceId) -> Result<()> {
        let Some(of) = self.store.trace(trace).await?.map(|run| run.case) else { return Ok(()) };
        let _one = self.locks.cases.lock(of).await;
        let Some(run) = self.store.trace(trace).await? else { return Ok(()) };
        let case = self.store.case(run.case).await?;
        let Some(case) = case.filter(|c| c.withdrawn_at.is_none() && run.replaced_by.is_none())
        else {
            return Ok(());
        };
        let author = self.traced_by(&run).await?;
        let stored = Arc::new(beside(move || stored_detail(&run)).await??);
        match self.apply(trace, &case, &author, stored, Pace::Asked).await {
            // Withdrawn or traced anew by another server meanwhile: its contacts wait by themselves.
            Err(e) if is_ended(&e) => Ok(()),
            done => done.map(drop),
        }
    }

    /// Brings the evidence in line with a run: contacts as they were keep their evidence, changed
    /// ones get a newer piece, those who are contacts no more are released. New contacts weigh on the
    /// hour of the case's agency: above the mandate's number all of them wait. Where it is cut short,
    /// the rest is done the next time.
    pub(super) async fn apply(
        self: &Arc<Self>,
        trace: TraceId,
        case: &Case,
        author: &Author,
        found: Arc<Stored>,
        pace: Pace<'_>,
    ) -> Result<Applied> {
        self.memory.late.unfinished(case.id);
        // Whose contact cannot be read is found by recording theirs, which fails for them alone.
        let mut present = self.store.standing_contacts(case.id).await?.rows;
        // What was recorded of any of a person's records is about that person.
        for e in &mut present {
            e.holder = e.holder.map(|holder| self.memory.person(holder));
        }
        let known: HashSet<_> = present.iter().filter_map(|e| e.holder).collect();
        let person = |c: &StoredContact| self.memory.person(c.holder);
        let new = found.contacts.iter().filter(|c| !known.contains(&person(c))).count() as u64;
        let clearance = self.clearance(trace, case, author, new).await?;
        let (of, by, cleared) = ((trace, case.id), author.clone(), clearance.clone());
        let app = Arc::clone(self);
        let planned = move || {
            let person = |holder| app.memory.person(holder);
            plan(of, &by, &cleared, (&found.contacts, &person), present)
        };
        let mut planned = beside(planned).await??.into_iter().peekable();
        let mut applied = Applied::default();
        let mut above = 0;
        while planned.peek().is_some() {
            if self.stops() || !pace.goes_on() {
                applied.cut_short = true;
                return Ok(applied);
            }
            let mut futures: Vec<BoxFuture<'_, _>> = Vec::with_capacity(SLICE);
            let mut contacts = Vec::with_capacity(SLICE);
            for Planned { holder, change, contact } in planned.by_ref().take(SLICE) {
                contacts.push(contact);
                futures.push(Box::pin(self.record("apply_trace", holder, change)));
            }
            // Somebody whose record cannot be read is left as they are; everybody else of the slice is
            // brought in line whatever happens to one of them.
            let mut failed = None;
            for (done, contact) in run_concurrently(futures).await.into_iter().zip(contacts) {
                match self.or_set_aside(done) {
                    Ok(Some(done)) => {
                        above += u64::from(matches!(done, Changed::Above));
                        applied.recorded += u64::from(contact == Some(true));
                        applied.withdrawn += u64::from(contact == Some(false));
                    }
                    Ok(None) => applied.unreadable += 1,
                    Err(e) => failed = Some(e),
                }
            }
            if let Some(e) = failed {
                return Err(e);
            }
        }
        // Those above are there because another trace was faster: they have to wait after all.
        applied.recorded -= above;
        applied.waiting = match clearance {
            Clearance::Record(_) => above,
            Clearance::Wait | Clearance::Waits => new,
            Clearance::Refused => 0,
        };
        if above > 0 || (new > 0 && matches!(clearance, Clearance::Wait)) {
            let hold = Hold {
                kind: WaitingKind::Contacts,
                weighs_on: case.agency,
                pieces: Vec::new(),
                trace: Some((trace, applied.waiting)),
            };
            self.hold(author, hold, vec![case_stands(case.id)]).await?;
        }
        self.memory.late.finished(case.id);
        Ok(applied)
    }

    /// How the new contacts of a run may be recorded.
    async fn clearance(
        &self,
        trace: TraceId,
        case: &Case,
        author: &Author,
        new: u64,
    ) -> Result<Clearance> {
        if let Some(waiting) = self.store.waiting_of_trace(trace).await? {
            return Ok(match waiting.state {
                WaitingState::Confirmed => Clearance::Record(Signed::confirmed(&waiting)?),
                WaitingState::Waiting => Clearance::Waits,
                WaitingState::Refused | WaitingState::Expired => Clearance::Refused,
            });
        }
        if new > 0 && new > self.room(author, case.agency).await? {
            return Ok(Clearance::Wait);
        }
        let borne_out = self.case_borne_out(case.id).await?;
        Ok(Clearance::Record(Signed::weighing(author, case.agency).borne_out(borne_out)))
    }

    /// Finishes runs that were cut short by the end of the program. Meant for the start; returns how
    /// many pieces of evidence were missing or too many.
    pub async fn finish_traces(self: &Arc<Self>) -> Result<u64> {
        let mut finished = 0;
        for case in self.standing_cases(None, Timestamp::EPOCH).await? {
            self.must_go_on()?;
            let _one = self.locks.cases.lock(case.id).await;
            let run = self.or_set_aside(self.standing_trace(case.id).await)?.flatten();
            let Some(run) = run else { continue };
            // What cannot be done for one case keeps no other waiting.
            let Some(author) = self.or_set_aside(self.traced_by(&run).await)? else { continue };
            let trace = run.id;
            let stored = beside(move || stored_detail(&run)).await?;
            let Some(stored) = self.or_set_aside(stored)? else { continue };
            match self.apply(trace, &case, &author, Arc::new(stored), Pace::Asked).await {
                Ok(applied) => finished += applied.recorded + applied.withdrawn,
                Err(e) => {
                    tracing::error!(case = %case.id, error = %e, "a trace is not finished yet");
                    self.memory.late.trace_again(case.id);
                }
            }
        }
        Ok(finished)
    }
}

/// A change to one person's evidence.
struct Planned {
    holder: HolderId,
    change: EvidenceChange,
    /// They become a contact, or another one (`true`), or are none any more (`false`).
    contact: Option<bool>,
}

/// What is to be changed, given the evidence that counts. New contacts that are not cleared are left
/// out.
fn plan(
    (trace, case): (TraceId, CaseId),
    author: &Author,
    clearance: &Clearance,
    (contacts, person): (&[StoredContact], &dyn Fn(HolderId) -> HolderId),
    evidence: Vec<Evidence>,
) -> Result<Vec<Planned>> {
    let mut present: BTreeMap<HolderId, Vec<Evidence>> = BTreeMap::new();
    for e in evidence {
        if let (Some(holder), Fact::Contact { case: c, .. }) = (e.holder, &e.fact)
            && *c == case
        {
            present.entry(holder).or_default().push(e);
        }
    }
    let all = |old: &[Evidence]| old.iter().map(|e| e.id).collect::<Vec<_>>();
    // Another server may have traced anew, or withdrawn the case, since the run was stored.
    let with = vec![Write::ExpectTrace { case, run: Some(trace) }];
    let mut planned = Vec::new();
    let mut seen = HashSet::new();
    for contact in contacts {
        let holder = person(contact.holder);
        if !seen.insert(holder) {
            // Of a run from before their records were joined.
            continue;
        }
        let mut old = present.remove(&holder).unwrap_or_default();
        let wanted = contact_fact(case, trace, contact);
        if let Some(i) = old.iter().position(|e| says_the_same(&e.fact, &wanted)) {
            // Only a run that was cut short leaves more than one piece.
            old.swap_remove(i);
            if !old.is_empty() {
                let (withdraw, with) = (all(&old), with.clone());
                let change = EvidenceChange { withdraw, with, ..EvidenceChange::default() };
                planned.push(Planned { holder, change, contact: None });
            }
            continue;
        }
        let replaced = old.pop();
        let signed = match (&replaced, clearance) {
            (Some(piece), _) => Signed::instead(author, piece, &wanted)?,
            (None, Clearance::Record(signed)) => signed.clone(),
            (None, _) => continue,
        };
        let supersedes = replaced.map(|e| e.id);
        let new = NewEvidence { supersedes, ..NewEvidence::by(signed, wanted) };
        let change = EvidenceChange {
            add: vec![new],
            withdraw: all(&old),
            // A case that is being taken back gets no contact any more.
            with: with.iter().cloned().chain([case_stands(case)]).collect(),
            ..EvidenceChange::default()
        };
        planned.push(Planned { holder, change, contact: Some(true) });
    }
    for (holder, old) in present {
        let (withdraw, with) = (all(&old), with.clone());
        let change = EvidenceChange { withdraw, with, ..EvidenceChange::default() };
        planned.push(Planned { holder, change, contact: Some(false) });
    }
    Ok(planned)
}

//! Results that stay true while cases and visits come, change and go.

use std::collections::{BTreeMap, HashMap};

use jadegate_domain::{CaseId, HolderId, PlaceId, PlaceKind};

use crate::row::KnownVisit;
use crate::trace::{CaseInput, ContactFound, Tracer};
use crate::watch::Watch;

/// The contacts of all known cases, kept as if everything were traced anew after every change.
///
/// Cases do not depend on each other, so a change of one runs one trace, and visits that arrive
/// later run those of the cases they touch. Every operation says what became of whom, so that
/// evidence can be recorded and withdrawn at once.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    cases: BTreeMap<CaseId, (CaseInput, Vec<ContactFound>)>,
    /// Of how many cases somebody is a contact.
    times: HashMap<HolderId, usize>,
    watch: Watch,
}

/// What an operation changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Contacts that are new, or other than they were.
    pub found: Vec<ContactFound>,
    /// Contacts that are none any more: of which case, and who.
    pub withdrawn: Vec<(CaseId, HolderId)>,
    /// Those of them who are no contact of any other case either: nothing holds them.
    pub released: Vec<HolderId>,
}

impl Standing {
    /// Without cases.
    pub fn new() -> Self {
        Self::default()
    }

    /// Contacts of a case; none if it is not known.
    pub fn contacts(&self, case: CaseId) -> &[ContactFound] {
        self.cases.get(&case).map_or(&[], |(_, contacts)| contacts)
    }

    /// All contacts, case after case.
    pub fn all(&self) -> impl Iterator<Item = &ContactFound> {
        self.cases.values().flat_map(|(_, contacts)| contacts)
    }

    /// A case was added, or its person or window was corrected.
    pub fn put<K>(&mut self, tracer: &mut Tracer<'_, K>, case: &CaseInput) -> Changes
    where
        K: Fn(PlaceId) -> PlaceKind,
    {
        let mut changes = Changes::default();
        self.trace(tracer, case, &mut changes);
        self.release(&mut changes);
        changes
    }

    /// A case was withdrawn.
    pub fn withdraw(&mut self, case: CaseId) -> Changes {
        let mut changes = Changes::default();
        self.watch.remove(case);
        if let Some((_, contacts)) = self.cases.remove(&case) {
            self.replace(case, contacts, &[], &mut changes);
        }
        self.release(&mut changes);
        changes
    }

    /// Visits arrived, or what became known about visits since; they are in the tracer's index.
    pub fn visits_arrived<K>(
        &mut self,
        tracer: &mut Tracer<'_, K>,
        visits: &[KnownVisit],
    ) -> Changes
    where
        K: Fn(PlaceId) -> PlaceKind,
    {
        let mut changes = Changes::default();
        for case in tracer.touched(&self.watch, visits) {
            if let Some((input, _)) = self.cases.get(&case) {
                self.trace(tracer, &input.clone(), &mut changes);
            }
        }
        self.release(&mut changes);
        changes
    }

    fn trace<K>(&mut self, tracer: &mut Tracer<'_, K>, case: &CaseInput, changes: &mut Changes)
    where
        K: Fn(PlaceId) -> PlaceKind,
    {
        let contacts = tracer.case(case);
        self.watch.remove(case.case);
        tracer.watch(case, &mut self.watch);
        let before = self.cases.remove(&case.case).map(|(_, c)| c).unwrap_or_default();
        self.replace(case.case, before, &contacts, changes);
        self.cases.insert(case.case, (*case, contacts));
    }

    fn replace(
        &mut self,
        case: CaseId,
        before: Vec<ContactFound>,
        now: &[ContactFound],
        changes: &mut Changes,
    ) {
        let mut before: HashMap<HolderId, ContactFound> =
            before.into_iter().map(|c| (c.holder, c)).collect();
        for contact in now {
            let earlier = before.remove(&contact.holder);
            if earlier.is_none() {
                *self.times.entry(contact.holder).or_default() += 1;
            }
            if earlier.as_ref() != Some(contact) {
                changes.found.push(contact.clone());
            }
        }
        let mut gone: Vec<HolderId> = before.into_keys().collect();
        gone.sort_unstable();
        for holder in gone {
            if let Some(times) = self.times.get_mut(&holder) {
                *times -= 1;
            }
            changes.withdrawn.push((case, holder));
        }
    }

    /// Names those whom no case holds, after all cases of an operation were seen.
    fn release(&mut self, changes: &mut Changes) {
        let mut released: Vec<HolderId> = changes.withdrawn.iter().map(|(_, h)| *h).collect();
        released.sort_unstable();
        released.dedup();
        released.retain(|h| self.times.get(h).is_none_or(|times| *times == 0));
        for holder in &released {
            self.times.remove(holder);
        }
        changes.released = released;
    }
}

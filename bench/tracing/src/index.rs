//! Jadegate's index over the same town.

use std::ops::ControlFlow;

use jadegate_domain::{CaseId, HolderId, Period, PlaceId, PlaceKind, Presence, Timestamp};
use jadegate_trace::{
    Bulk, CaseInput, Coefficients, Cumulative, KindRules, KnownVisit, MinutesAlone, Model, Rules,
    SavedFrom, Tracer, VisitIndex,
};

use crate::floor::{CLOSE_SECS, Contact, DELAY_SECS, Digest, SECONDARY_SECS};
use crate::machine::{Took, timed};
use crate::visits::{NOW, START, Visit, mixed};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The moment of the trace.
pub const fn now() -> Timestamp {
    Timestamp::from_secs(NOW as i64)
}

/// The rules of the questions.
pub fn rules(hops: u8) -> Rules {
    let mut rules = Rules::new(KindRules {
        contact_minutes: CLOSE_SECS / 60,
        secondary_minutes: SECONDARY_SECS / 60,
        assumed_stay_minutes: 60,
        lingering_minutes: 0,
    });
    (rules.secondary_delay_hours, rules.max_hops) = (DELAY_SECS / 3600, hops);
    rules
}

/// The same, with how likely everybody met the case: the shipped table of museums.
pub fn rules_with_likelihood(hops: u8) -> Rules {
    let mut model = Model::new(MinutesAlone { constant: -1678, minutes: 123 });
    let (minutes, arrival, leaving, people) = (402, -619, -470, -359);
    let table = Coefficients { constant: 1345, minutes, arrival, leaving, people };
    model.set(kind_of(PlaceId::from_random(1)), table);
    let mut rules = rules(hops);
    rules.likelihood = Some(model);
    rules
}

/// One kind for all places.
pub const fn kind_of(_: PlaceId) -> PlaceKind {
    PlaceKind::Shop
}

/// The id of a person, spread over 63 bits as the server draws them.
pub fn holder(number: u32) -> HolderId {
    HolderId::from_random(mixed(u64::from(number) + 1))
}

/// A visit as the index takes it.
pub fn known(v: &Visit) -> KnownVisit {
    KnownVisit {
        holder: holder(v.holder),
        place: PlaceId::from_random(mixed(u64::from(v.place) | 1 << 40)),
        entered: Timestamp::from_secs(v.entered.into()),
        left: Some(Timestamp::from_secs(v.left.into())),
        presence: Presence::Gate,
    }
}

/// Cases as a trace takes them: infectious all the time. The id of a case is its person's number
/// plus one.
pub fn inputs(cases: &[u32]) -> Vec<CaseInput> {
    let window = Period { from: Timestamp::from_secs(START.into()), to: now() };
    let input = |who: &u32| CaseInput {
        case: CaseId::from_random(u64::from(*who) + 1),
        holder: holder(*who),
        window,
    };
    cases.iter().map(input).collect()
}

/// A search for the contacts of many cases.
pub fn search<'a>(
    index: &'a VisitIndex,
    rules: &'a Rules,
) -> Bulk<'a, impl Fn(PlaceId) -> PlaceKind + use<>> {
    Bulk::new(index, rules, kind_of, now())
}

/// What a bulk run found, without who: contacts, seconds, last moments.
pub fn bulk(index: &VisitIndex, rules: &Rules, cases: &[CaseInput]) -> Digest {
    sums(&mut search(index, rules), cases)
}

/// The same by a search that is there.
pub fn sums<K: Fn(PlaceId) -> PlaceKind>(search: &mut Bulk<'_, K>, cases: &[CaseInput]) -> Digest {
    let mut digest = Digest::default();
    let _: ControlFlow<()> = search.run(cases, |case| {
        let mut sums = digest;
        case.contacts().for_each(|c| {
            let last = u32::try_from(c.last_contact().as_secs()).unwrap_or(0);
            sums.add(0, 0, c.upper_secs().into(), last);
        });
        digest = sums;
        ControlFlow::Continue(())
    });
    digest
}

/// Who was exposed to any of the cases, without who.
pub fn cumulative<K: Fn(PlaceId) -> PlaceKind>(
    search: &mut Cumulative<'_, K>,
    cases: &[CaseInput],
) -> Digest {
    let mut digest = Digest::default();
    let _: ControlFlow<()> = search.run(cases, CLOSE_SECS, |c| {
        let last = u32::try_from(c.last.as_secs()).unwrap_or(0);
        digest.add(0, 0, c.upper_secs.into(), last);
        ControlFlow::Continue(())
    });
    digest
}

/// What a trace of one case found: close contacts, then secondary ones with whom they met. Minutes
/// instead of seconds, for these the trace tells.
pub fn trace(tracer: &mut Tracer<'_, fn(PlaceId) -> PlaceKind>, case: &CaseInput) -> [Digest; 2] {
    let mut digests = [Digest::default(); 2];
    for c in tracer.case(case) {
        let last = u32::try_from(c.last_contact.as_secs()).unwrap_or(0);
        let via = c.via.map_or(0, |v| v.as_u64() & 0xffff);
        let at = usize::from(c.via.is_some());
        let via = u32::try_from(via).unwrap_or(0);
        let who = u32::try_from(c.holder.as_u64() & 0xffff).unwrap_or(0);
        digests[at].add(via, who, c.minutes.into(), last);
    }
    digests
}

/// The same of the floor's two hops. Of equals it chose the first by number where the index chooses
/// the first by id, so `last` and `pairs` may differ in them.
pub fn floor_digests(close: &[Contact], secondary: &[(u32, Contact)]) -> [Digest; 2] {
    let low = |number: u32| u32::try_from(holder(number).as_u64() & 0xffff).unwrap_or(0);
    let mut digests = [Digest::default(); 2];
    for c in close {
        digests[0].add(0, low(c.holder), (c.secs / 60).into(), c.last);
    }
    for (via, c) in secondary {
        digests[1].add(low(*via), low(c.holder), (c.secs / 60).into(), c.last);
    }
    digests
}

/// Milliseconds of CPU and of wall-clock time to save an index and to load it again.
pub fn disk(index: &VisitIndex, file: &std::path::Path) -> Result<(Took, Took, u64)> {
    let from = SavedFrom::default();
    let (saved, save) = timed(|| -> Result<u64> {
        let mut to = std::fs::File::create(file)?;
        index.save(&from, &mut to)?;
        to.sync_all()?;
        Ok(to.metadata()?.len())
    });
    let (loaded, load) = timed(|| -> Result<usize> {
        Ok(VisitIndex::load(&mut std::fs::File::open(file)?)?.1.len())
    });
    if loaded? != index.len() {
        return Err("another index was loaded".into());
    }
    Ok((save, load, saved?))
}

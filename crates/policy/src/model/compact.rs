//! Compact evidence, as the engine sees it: a small value without text, so that one person's
//! evidence or that of millions is looked through in the same way.

use jadegate_domain::{Evidence, EvidenceId, Fact, Period, Timestamp};

use crate::model::kinds::{CompactFact, Reference, compact_fact, moments, references};
use crate::model::place::Place;

/// What a piece of evidence says apart from its moments and what it refers to. Of millions only
/// some thousands differ in this, so that filters are asked once for each of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Class {
    pub(crate) fact: CompactFact,
    /// An agency recorded it.
    pub(crate) by_agency: bool,
    /// The division whose authority recorded it, if imported.
    pub(crate) origin: Place,
}

/// One piece of evidence without its texts, or one stay of a declaration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompactEvidence {
    pub(crate) class: Class,
    /// Tells it apart among those looked at together; also its rank wherever order matters.
    pub(crate) id: u64,
    pub(crate) recorded: Timestamp,
    /// Sampled, confirmed, last contact, entered, in force from, arrived, released; when recorded
    /// for what has no moment of its own.
    pub(crate) at: Timestamp,
    /// End of a stay or of a level; first symptoms of a case; `NEVER` if there is none.
    pub(crate) to: Timestamp,
    /// The case or trace behind it or meant by it (by `class`), or the evidence it is about.
    pub(crate) about: u64,
    /// The case a contact was near.
    pub(crate) case: u64,
    /// The number of its class in a population.
    pub(crate) class_number: u32,
}

impl CompactEvidence {
    /// The case or trace behind it or meant by it.
    pub(crate) const fn reference(&self) -> Option<Reference> {
        self.class.fact.reference(self.about)
    }
}

/// Recorded evidence made compact: itself, and one for each stay it declares.
pub(crate) fn compact(e: &Evidence, mut take: impl FnMut(CompactEvidence)) {
    if let Fact::Declaration { stays, .. } = &e.fact {
        for s in stays {
            let fact = CompactFact::Stay { place: Place::of(&s.division) };
            take(one(e, fact, (s.from, s.to), (0, 0)));
        }
    }
    take(one(e, compact_fact(&e.fact), moments(e), references(&e.fact)));
}

fn one(
    e: &Evidence,
    fact: CompactFact,
    (at, to): (Timestamp, Timestamp),
    (about, case): (u64, u64),
) -> CompactEvidence {
    let origin = e.origin.as_ref().map_or(Place::NONE, Place::of);
    CompactEvidence {
        class: Class { fact, by_agency: e.agency.is_some(), origin },
        id: e.id.as_u64(),
        recorded: e.recorded_at,
        at,
        to,
        about,
        case,
        class_number: u32::MAX,
    }
}

/// The id as it was recorded; for what was made from evidence, not read from a population.
pub(crate) const fn recorded_id(id: u64) -> EvidenceId {
    EvidenceId::from_random(id)
}

/// The time of a stay, in whatever order it was given. It has at least one second, so that a
/// moment in a region is a stay in it.
pub(crate) fn time_of(p: &CompactEvidence) -> Period {
    let (from, to) = (p.at.min(p.to), p.at.max(p.to));
    Period { from, to: to.max(from.plus_secs(1)) }
}

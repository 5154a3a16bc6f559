//! Compact evidence, as the engine sees it: a small value without text, so that one person's
//! evidence or that of millions is looked through in the same way.

use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, ReleaseOf, ReleasePaper, Symptom,
    Temperature, TestMethod, TestResult,
};
use jadegate_domain::{
    CaseClass, Division, Evidence, EvidenceId, Fact, Period, PlaceKind, Timestamp,
};

/// A moment that never comes.
pub(crate) const NEVER: Timestamp = Timestamp::MAX;

/// A division in one number: which holds which is seen without reading text.
///
/// Two letters of the country in the upper 16 bits; below them the path from the left, in China
/// four bits a digit, elsewhere eight bits a letter. Zero is no division.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place(u64);

/// The bits of the path.
const PATH: u64 = (1 << 48) - 1;

impl Place {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn of(division: &Division) -> Self {
        let country = division.country().bytes().fold(0, |c, b| c << 8 | u64::from(b));
        let china = division.country() == "CN";
        let mut path = 0;
        let mut room: u32 = 48;
        for b in division.path().bytes() {
            // A digit is stored as 1 to 10, so that a shorter path differs from one with zeros.
            let (bits, code) = if china { (4, (b & 15) + 1) } else { (8, b) };
            room = room.saturating_sub(bits);
            path |= u64::from(code) << room;
        }
        Self(country << 48 | path & PATH)
    }

    pub(crate) const fn is_some(self) -> bool {
        self.0 != 0
    }

    pub(crate) const fn same_country(self, other: Self) -> bool {
        self.0 >> 48 == other.0 >> 48
    }

    /// As [`Division::contains`].
    pub(crate) const fn contains(self, other: Self) -> bool {
        const CN: u64 = (b'C' as u64) << 8 | b'N' as u64;
        let path = self.0 & PATH;
        if path == 0 || !self.same_country(other) {
            return self.same_country(other);
        }
        // In China everything below the last digit may differ.
        let free = if self.0 >> 48 == CN { (1 << (path.trailing_zeros() & !3)) - 1 } else { 0 };
        (self.0 ^ other.0) & !free == 0
    }
}

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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum CompactFact {
    Test { result: TestResult, method: TestMethod },
    Case { class: CaseClass },
    Contact { degree: ContactDegree, certainty: Certainty, place_kind: PlaceKind, minutes: u32 },
    Stay { place: Place },
    Risk { place: Place, level: RiskLevel },
    Report(Report),
    Arrival { from: Place, purpose: ArrivalPurpose },
    Release { paper: ReleasePaper, of_case: bool },
    Dispute,
    Appeal,
    Decision { outcome: AppealOutcome },
}

/// A declaration or a check-in, without the stays it declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Report {
    pub(crate) check_in: bool,
    pub(crate) temperature: Option<Temperature>,
    pub(crate) symptoms: Symptoms,
    pub(crate) contact_with_case: bool,
}

/// A set of symptoms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Symptoms(u8);

impl Symptoms {
    pub(crate) fn of(list: &[Symptom]) -> Self {
        Self(list.iter().fold(0, |set, s| set | 1 << *s as u8))
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What evidence is filed under: rules are looked up by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Test,
    Case,
    Contact,
    Stay,
    Risk,
    Report,
    Arrival,
    Other,
}

impl Kind {
    /// How many there are.
    pub(crate) const COUNT: usize = 8;
}

impl CompactFact {
    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Test { .. } => Kind::Test,
            Self::Case { .. } => Kind::Case,
            Self::Contact { .. } => Kind::Contact,
            Self::Stay { .. } => Kind::Stay,
            Self::Risk { .. } => Kind::Risk,
            Self::Report(_) => Kind::Report,
            Self::Arrival { .. } => Kind::Arrival,
            Self::Release { .. } | Self::Dispute | Self::Appeal | Self::Decision { .. } => {
                Kind::Other
            }
        }
    }

    /// Is it about another piece of evidence?
    pub(crate) const fn is_about_evidence(&self) -> bool {
        matches!(self, Self::Dispute | Self::Appeal | Self::Decision { .. })
    }
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
    /// End of a stay or of a level; first symptoms of a case. [`NEVER`] if there is none.
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
        match self.class.fact {
            CompactFact::Case { .. } | CompactFact::Release { of_case: true, .. } => {
                Some(Reference::Case(self.about))
            }
            CompactFact::Contact { .. } | CompactFact::Release { .. } => {
                Some(Reference::Trace(self.about))
            }
            _ => None,
        }
    }
}

/// A case or a trace by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Case(u64),
    Trace(u64),
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

/// What it says, without its moments and what it refers to.
fn compact_fact(fact: &Fact) -> CompactFact {
    match fact {
        Fact::Test { result, method, .. } => CompactFact::Test { result: *result, method: *method },
        Fact::Case { class, .. } => CompactFact::Case { class: *class },
        Fact::Contact { degree, minutes, certainty, place_kind, .. } => CompactFact::Contact {
            degree: *degree,
            certainty: *certainty,
            place_kind: *place_kind,
            minutes: *minutes,
        },
        Fact::Stay { division, .. } => CompactFact::Stay { place: Place::of(division) },
        Fact::RegionRisk { division, level, .. } => {
            CompactFact::Risk { place: Place::of(division), level: *level }
        }
        Fact::Declaration { temperature, symptoms, contact_with_case, .. } => {
            report(false, *temperature, symptoms, *contact_with_case)
        }
        Fact::CheckIn { temperature, symptoms } => report(true, *temperature, symptoms, false),
        Fact::Arrival { from, purpose, .. } => {
            CompactFact::Arrival { from: Place::of(from), purpose: *purpose }
        }
        Fact::Release { refers_to, paper, .. } => {
            let of_case = matches!(refers_to, ReleaseOf::Case(_));
            CompactFact::Release { paper: *paper, of_case }
        }
        Fact::Dispute { .. } => CompactFact::Dispute,
        Fact::Appeal { .. } => CompactFact::Appeal,
        Fact::AppealDecision { outcome, .. } => CompactFact::Decision { outcome: *outcome },
    }
}

fn report(
    check_in: bool,
    temperature: Option<Temperature>,
    symptoms: &[Symptom],
    contact_with_case: bool,
) -> CompactFact {
    let symptoms = Symptoms::of(symptoms);
    CompactFact::Report(Report { check_in, temperature, symptoms, contact_with_case })
}

/// `at` and `to` of [`CompactEvidence`].
fn moments(e: &Evidence) -> (Timestamp, Timestamp) {
    match &e.fact {
        Fact::Test { sampled_at: at, .. }
        | Fact::Contact { last_contact: at, .. }
        | Fact::Arrival { arrived_at: at, .. }
        | Fact::Release { released_at: at, .. } => (*at, NEVER),
        Fact::Case { onset_at, confirmed_at, .. } => {
            (*confirmed_at, onset_at.unwrap_or(*confirmed_at))
        }
        Fact::Stay { from, to, .. } => (*from, *to),
        Fact::RegionRisk { from, to, .. } => (*from, to.unwrap_or(NEVER)),
        Fact::Declaration { .. }
        | Fact::CheckIn { .. }
        | Fact::Dispute { .. }
        | Fact::Appeal { .. }
        | Fact::AppealDecision { .. } => (e.recorded_at, NEVER),
    }
}

/// `about` and `case` of [`CompactEvidence`].
const fn references(fact: &Fact) -> (u64, u64) {
    match fact {
        Fact::Contact { case, trace, .. } => (trace.as_u64(), case.as_u64()),
        Fact::Case { case, .. } | Fact::Release { refers_to: ReleaseOf::Case(case), .. } => {
            (case.as_u64(), 0)
        }
        Fact::Release { refers_to: ReleaseOf::Trace(trace), .. } => (trace.as_u64(), 0),
        Fact::Dispute { disputes: id }
        | Fact::Appeal { contests: id }
        | Fact::AppealDecision { appeal: id, .. } => (id.as_u64(), 0),
        Fact::Test { .. }
        | Fact::Stay { .. }
        | Fact::RegionRisk { .. }
        | Fact::Declaration { .. }
        | Fact::CheckIn { .. }
        | Fact::Arrival { .. } => (0, 0),
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::select;

    proptest! {
        #[test]
        fn numbers_hold_what_divisions_hold(
            a in select(vec!["CN", "CN-33", "CN-3301", "CN-330106", "CN-330106003", "CN-330106003001",
                "CN-3310", "CN-331002", "US", "US-NY", "US-N", "US-NYC", "CU", "DE-BE", "CN-1101"]),
            b in select(vec!["CN", "CN-33", "CN-3301", "CN-330106", "CN-330106003", "CN-330106003001",
                "CN-3310", "CN-331002", "US", "US-NY", "US-N", "US-NYC", "CU", "DE-BE", "CN-1101"]),
        ) {
            let (a, b): (Division, Division) = (a.parse().unwrap(), b.parse().unwrap());
            prop_assert_eq!(Place::of(&a).contains(Place::of(&b)), a.contains(&b), "{} {}", a, b);
            prop_assert_eq!(Place::of(&a) == Place::of(&b), a == b);
        }
    }
}

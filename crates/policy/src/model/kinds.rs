//! What each kind of evidence is to rules: what it says in the compact form, which moments and
//! references it has, which rules look for it and what of it they can ask for, and how a rule on it is
//! said in words. The matches have no catch-all, so that a kind that is added is asked for in each.

use std::fmt;

use jadegate_domain::division::RiskLevel;
use jadegate_domain::evidence::{
    AppealOutcome, ArrivalPurpose, Certainty, ContactDegree, ReleaseOf, ReleasePaper, Symptom,
    Temperature, TestMethod, TestResult,
};
use jadegate_domain::{CaseClass, Division, Evidence, EvidenceKind, Fact, PlaceKind, Timestamp};

use crate::model::listed::list;
use crate::model::place::Place;

/// A moment that never comes.
pub(crate) const NEVER: Timestamp = Timestamp::MAX;

/// What evidence says, without its moments and what it refers to.
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
    pub(crate) const COUNT: usize = Self::Other as usize + 1;

    /// The moment from which on it can matter, as far as one of its moments tells.
    pub(crate) const fn matters_by(self) -> MattersBy {
        match self {
            Self::Stay => MattersBy::End,
            Self::Report | Self::Other | Self::Risk => MattersBy::Record,
            Self::Arrival => MattersBy::EventOnEitherSide,
            Self::Case | Self::Test | Self::Contact => MattersBy::Event,
        }
    }
}

/// Which moment tells how long evidence can matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MattersBy {
    /// When it was recorded.
    Record,
    /// When it happened, which is never after its record.
    Event,
    /// When it happened, before or after its record: no word bounds both.
    EventOnEitherSide,
    /// Its end.
    End,
}

/// The moments and references that follow its class in a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fields {
    Recorded,
    At,
    AtTo,
    AtToCase,
    AtTraceCase,
    AtReference,
    /// The evidence it is about, in two words.
    Evidence,
}

impl Fields {
    pub(crate) const fn words(self) -> usize {
        match self {
            Self::Recorded => 0,
            Self::At => 1,
            Self::AtTo | Self::AtReference | Self::Evidence => 2,
            Self::AtToCase | Self::AtTraceCase => 3,
        }
    }
}

/// A case or a trace by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    Case(u64),
    Trace(u64),
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

    /// The moments and references it is kept with.
    pub(crate) const fn fields(&self) -> Fields {
        match self {
            Self::Report(_) => Fields::Recorded,
            Self::Test { .. } | Self::Arrival { .. } => Fields::At,
            Self::Stay { .. } | Self::Risk { .. } => Fields::AtTo,
            Self::Case { .. } => Fields::AtToCase,
            Self::Contact { .. } => Fields::AtTraceCase,
            Self::Release { .. } => Fields::AtReference,
            Self::Dispute | Self::Appeal | Self::Decision { .. } => Fields::Evidence,
        }
    }

    /// The case or trace behind it or meant by it, whose number is `about`.
    pub(crate) const fn reference(&self, about: u64) -> Option<Reference> {
        match self {
            Self::Case { .. } | Self::Release { of_case: true, .. } => Some(Reference::Case(about)),
            Self::Contact { .. } | Self::Release { .. } => Some(Reference::Trace(about)),
            Self::Test { .. }
            | Self::Stay { .. }
            | Self::Risk { .. }
            | Self::Report(_)
            | Self::Arrival { .. }
            | Self::Dispute
            | Self::Appeal
            | Self::Decision { .. } => None,
        }
    }

    /// Is it about another piece of evidence?
    pub(crate) const fn is_about_evidence(&self) -> bool {
        matches!(self, Self::Dispute | Self::Appeal | Self::Decision { .. })
    }
}

/// What it says, without its moments and what it refers to.
pub(crate) fn compact_fact(fact: &Fact) -> CompactFact {
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

/// `at` and `to` of compact evidence.
pub(crate) fn moments(e: &Evidence) -> (Timestamp, Timestamp) {
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

/// `about` and `case` of compact evidence.
pub(crate) const fn references(fact: &Fact) -> (u64, u64) {
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

/// What starts a rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum When {
    Case {
        classes: Vec<CaseClass>,
    },
    Test {
        results: Vec<TestResult>,
        methods: Vec<TestMethod>,
    },
    Contact {
        degrees: Vec<ContactDegree>,
        certainties: Vec<Certainty>,
        places: Vec<PlaceKind>,
        min_minutes: u32,
    },
    Stay {
        levels: Vec<RiskLevel>,
        divisions: Vec<Division>,
        while_in_force: bool,
    },
    Report {
        declarations: bool,
        check_ins: bool,
        symptoms: Vec<Symptom>,
        fever: Option<Temperature>,
        contact_with_case: bool,
    },
    Arrival {
        from_abroad: bool,
        from: Vec<Division>,
        purposes: Vec<ArrivalPurpose>,
    },
    /// Nothing of this kind was recorded for so many hours.
    Missing {
        what: Missing,
        hours: u32,
        also_if_never: bool,
    },
}

/// What must be recorded again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// A declaration or check-in of any content.
    Report,
    /// A declaration or check-in with a temperature.
    Temperature,
    /// A negative test.
    NegativeTest,
}

impl Missing {
    /// The word in policy files and in a reason's needs.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Temperature => "temperature",
            Self::NegativeTest => "negative_test",
        }
    }
}

/// The moment a rule's days are counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountFrom {
    /// When the case was confirmed.
    Confirmed,
    /// First symptoms of the case; confirmation where none are known.
    Onset,
    /// When the sample was taken.
    Sampled,
    /// End of the last shared time.
    LastContact,
    /// Leaving the region (or the region's level ending, if earlier).
    Exit,
    /// Entering the region.
    Entry,
    /// Crossing the border.
    Arrived,
    /// When it was recorded.
    Recorded,
}

impl CountFrom {
    /// In words.
    pub(crate) const fn said(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmation",
            Self::Onset => "onset",
            Self::Sampled => "sample",
            Self::LastContact => "last contact",
            Self::Exit => "exit",
            Self::Entry => "entry",
            Self::Arrived => "arrival",
            Self::Recorded => "record",
        }
    }
}

/// How a rule takes a piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It is not about such evidence.
    No,
    /// It would be, but not where it was recorded.
    OriginOnly,
    /// The purpose is not stated: taken as one that is asked for.
    Unstated,
    /// It starts the rule.
    Yes,
}

/// What each kind of evidence must refer to; written in the file so that its reader sees it, and
/// checked so that it is true.
pub(crate) const fn refers_to(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Test => "sample",
        EvidenceKind::Case => "case",
        EvidenceKind::Contact => "case and trace",
        EvidenceKind::Stay | EvidenceKind::RegionRisk => "division and period",
        EvidenceKind::Declaration | EvidenceKind::CheckIn => "own health",
        EvidenceKind::Arrival => "border crossing",
        EvidenceKind::Release => "case or trace",
        EvidenceKind::Dispute => "imported evidence",
        EvidenceKind::Appeal => "evidence",
        EvidenceKind::AppealDecision => "appeal",
    }
}

/// What of [`When`] is text, as numbers.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    /// Divisions of a stay, or from which somebody arrived.
    places: Box<[Place]>,
    symptoms: Symptoms,
    /// The policy's own.
    country: Place,
}

impl When {
    /// The kind of evidence that starts it; `None`: that something is missing does.
    pub(crate) const fn starts_from(&self) -> Option<Kind> {
        Some(match self {
            Self::Case { .. } => Kind::Case,
            Self::Test { .. } => Kind::Test,
            Self::Contact { .. } => Kind::Contact,
            Self::Stay { .. } => Kind::Stay,
            Self::Report { .. } => Kind::Report,
            Self::Arrival { .. } => Kind::Arrival,
            Self::Missing { .. } => return None,
        })
    }

    /// What of it is text, as numbers. `country` is the policy's.
    pub(crate) fn filter(&self, country: Place) -> Filter {
        let (places, symptoms): (&[Division], &[Symptom]) = match self {
            Self::Stay { divisions, .. } => (divisions, &[]),
            Self::Arrival { from, .. } => (from, &[]),
            Self::Report { symptoms, .. } => (&[], symptoms),
            Self::Case { .. } | Self::Test { .. } | Self::Contact { .. } | Self::Missing { .. } => {
                (&[], &[])
            }
        };
        let places = places.iter().map(Place::of).collect();
        Filter { places, symptoms: Symptoms::of(symptoms), country }
    }

    /// What a rule on it can count from: the first is meant where the file says nothing.
    pub(crate) const fn count_origins(&self) -> &'static [(CountFrom, &'static str)] {
        use CountFrom as C;
        match self {
            Self::Case { .. } => {
                &[(C::Confirmed, "confirmed"), (C::Onset, "onset"), (C::Recorded, "recorded")]
            }
            Self::Test { .. } => &[(C::Sampled, "sampled"), (C::Recorded, "recorded")],
            Self::Contact { .. } => &[(C::LastContact, "last_contact"), (C::Recorded, "recorded")],
            Self::Stay { .. } => &[(C::Exit, "exit"), (C::Entry, "entry")],
            Self::Report { .. } | Self::Missing { .. } => &[(C::Recorded, "recorded")],
            Self::Arrival { .. } => &[(C::Arrived, "arrived"), (C::Recorded, "recorded")],
        }
    }

    /// Does it take evidence that says this, wherever it was recorded?
    pub(crate) fn takes(&self, fact: &CompactFact, filter: &Filter) -> Fit {
        match (self, fact) {
            (Self::Case { classes }, CompactFact::Case { class }) => yes(passes(classes, class)),
            (Self::Test { results, methods }, CompactFact::Test { result, method }) => {
                yes(passes(results, result) && passes(methods, method))
            }
            (
                Self::Contact { degrees, certainties, places, min_minutes },
                CompactFact::Contact { degree, certainty, place_kind, minutes },
            ) => yes(passes(degrees, degree)
                && passes(certainties, certainty)
                && passes(places, place_kind)
                && minutes >= min_minutes),
            (Self::Stay { .. }, CompactFact::Stay { place }) => yes(within(&filter.places, *place)),
            (
                Self::Report { declarations, check_ins, fever, contact_with_case, .. },
                CompactFact::Report(r),
            ) => {
                let meant = if r.check_in { *check_ins } else { *declarations };
                let fever = r.temperature.is_some_and(|t| fever.is_some_and(|f| t >= f));
                let contact = *contact_with_case && r.contact_with_case;
                yes(meant && (contact || fever || r.symptoms.meets(filter.symptoms)))
            }
            (
                Self::Arrival { from_abroad, purposes, .. },
                CompactFact::Arrival { from, purpose },
            ) => {
                let abroad = !from.same_country(filter.country);
                let wanted = passes(purposes, purpose);
                let comes = within(&filter.places, *from) && (abroad || !from_abroad);
                match comes && (wanted || purpose.is_unstated()) {
                    true if !wanted => Fit::Unstated,
                    from_there => yes(from_there),
                }
            }
            (
                Self::Case { .. }
                | Self::Test { .. }
                | Self::Contact { .. }
                | Self::Stay { .. }
                | Self::Report { .. }
                | Self::Arrival { .. }
                | Self::Missing { .. },
                _,
            ) => Fit::No,
        }
    }
}

const fn yes(fits: bool) -> Fit {
    if fits { Fit::Yes } else { Fit::No }
}

/// An empty filter lets everything pass.
fn passes<T: PartialEq>(filter: &[T], value: &T) -> bool {
    filter.is_empty() || filter.contains(value)
}

fn within(filter: &[Place], place: Place) -> bool {
    filter.is_empty() || filter.iter().any(|d| d.contains(place))
}

/// In words.
impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said())
    }
}

impl When {
    fn said(&self) -> String {
        match self {
            Self::Case { classes } => format!("case ({})", list(classes)),
            Self::Test { results, methods } => {
                format!("{} test ({})", list(results), list(methods))
            }
            Self::Contact { degrees, certainties, places, min_minutes } => format!(
                "contact (degree {}; certainty {}; place {}; {min_minutes} minutes or more)",
                list(degrees),
                list(certainties),
                list(places)
            ),
            Self::Stay { levels, divisions, while_in_force } => {
                let levels: Vec<&str> = levels.iter().map(|l| l.as_str()).collect();
                let force =
                    if *while_in_force { "while the level is in force" } else { "also later" };
                format!("stay (level {}; division {}; {force})", list(&levels), list(divisions))
            }
            Self::Report { declarations, check_ins, symptoms, fever, contact_with_case } => {
                let kinds = match (declarations, check_ins) {
                    (true, true) => "declaration or check-in",
                    (true, false) => "declaration",
                    _ => "check-in",
                };
                let mut what = Vec::new();
                if !symptoms.is_empty() {
                    what.push(format!("symptoms {}", list(symptoms)));
                }
                what.extend(
                    fever.map(|t| format!("from {}.{} °C", t.tenths() / 10, t.tenths() % 10)),
                );
                if *contact_with_case {
                    what.push("contact with a case".to_owned());
                }
                format!("{kinds} ({})", what.join("; "))
            }
            Self::Arrival { from_abroad, from, purposes } => {
                let abroad = if *from_abroad { "from abroad" } else { "from anywhere" };
                format!("arrival ({abroad}; {}; purpose {})", list(from), list(purposes))
            }
            Self::Missing { what, hours, also_if_never } => {
                let never = if *also_if_never { ", also if never" } else { "" };
                format!("no {} for {hours} hours{never}", what.as_str())
            }
        }
    }
}

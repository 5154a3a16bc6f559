//! What a policy's rules look for, arranged for looking it up.

use jadegate_domain::Division;
use jadegate_domain::evidence::Symptom;

use crate::model::compact::{Class, CompactFact, Kind, Place, Symptoms};
use crate::model::rule::{Rule, When};

/// Rules by the kind of evidence that starts them, and their divisions as numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    by_kind: [Vec<u16>; Kind::COUNT],
    /// Decays.
    missing: Vec<u16>,
    rules: Vec<Looked>,
    country: Place,
}

/// One rule's filters that are texts in the file.
#[derive(Clone, Debug)]
struct Looked {
    /// Divisions of a stay, or from which somebody arrived.
    places: Box<[Place]>,
    origins: Box<[Place]>,
    symptoms: Symptoms,
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

impl Index {
    pub(crate) fn new(rules: &[Rule], country: &Division) -> Self {
        let mut index = Self { country: Place::of(country), ..Self::default() };
        // A file of 1 MiB holds fewer than 65,536 rules.
        for (i, rule) in (0u16..).zip(rules) {
            match kind_of(&rule.when) {
                Some(kind) => index.by_kind[kind as usize].push(i),
                None => index.missing.push(i),
            }
            index.rules.push(looked(rule));
        }
        index
    }

    /// The rules that such evidence can start.
    pub(crate) fn rules_for(&self, kind: Kind) -> &[u16] {
        &self.by_kind[kind as usize]
    }

    /// The decays.
    pub(crate) fn missing(&self) -> &[u16] {
        &self.missing
    }

    /// Does a rule take evidence of this class? What else matters are only moments, and for a
    /// stay the levels of regions.
    pub(crate) fn fit(&self, number: u16, rule: &Rule, class: &Class) -> Fit {
        let looked = &self.rules[usize::from(number)];
        let fit = match (&rule.when, &class.fact) {
            (When::Case { classes }, CompactFact::Case { class }) => yes(passes(classes, class)),
            (When::Test { results, methods }, CompactFact::Test { result, method }) => {
                yes(passes(results, result) && passes(methods, method))
            }
            (
                When::Contact { degrees, certainties, places, min_minutes },
                CompactFact::Contact { degree, certainty, place_kind, minutes },
            ) => yes(passes(degrees, degree)
                && passes(certainties, certainty)
                && passes(places, place_kind)
                && minutes >= min_minutes),
            (When::Stay { .. }, CompactFact::Stay { place }) => yes(within(&looked.places, *place)),
            (
                When::Report { declarations, check_ins, fever, contact_with_case, .. },
                CompactFact::Report(r),
            ) => {
                let meant = if r.check_in { *check_ins } else { *declarations };
                let fever = r.temperature.is_some_and(|t| fever.is_some_and(|f| t >= f));
                let contact = *contact_with_case && r.contact_with_case;
                yes(meant && (contact || fever || r.symptoms.meets(looked.symptoms)))
            }
            (
                When::Arrival { from_abroad, purposes, .. },
                CompactFact::Arrival { from, purpose },
            ) => {
                let abroad = !from.same_country(self.country);
                let wanted = passes(purposes, purpose);
                let comes = within(&looked.places, *from) && (abroad || !from_abroad);
                match comes && (wanted || purpose.is_unstated()) {
                    true if !wanted => Fit::Unstated,
                    from_there => yes(from_there),
                }
            }
            _ => Fit::No,
        };
        if fit != Fit::No && !rule.origins.pass(class.origin, &looked.origins) {
            return Fit::OriginOnly;
        }
        fit
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

const fn kind_of(when: &When) -> Option<Kind> {
    Some(match when {
        When::Case { .. } => Kind::Case,
        When::Test { .. } => Kind::Test,
        When::Contact { .. } => Kind::Contact,
        When::Stay { .. } => Kind::Stay,
        When::Report { .. } => Kind::Report,
        When::Arrival { .. } => Kind::Arrival,
        When::Missing { .. } => return None,
    })
}

fn looked(rule: &Rule) -> Looked {
    let numbers = |list: &[Division]| list.iter().map(Place::of).collect();
    let (places, symptoms): (&[Division], &[Symptom]) = match &rule.when {
        When::Stay { divisions, .. } => (divisions, &[]),
        When::Arrival { from, .. } => (from, &[]),
        When::Report { symptoms, .. } => (&[], symptoms),
        _ => (&[], &[]),
    };
    Looked {
        places: numbers(places),
        origins: numbers(&rule.origins.from),
        symptoms: Symptoms::of(symptoms),
    }
}

//! What a policy's rules look for, arranged for looking it up.

use jadegate_domain::Division;

use crate::model::compact::Class;
use crate::model::kinds::{Filter, Fit, Kind};
use crate::model::place::Place;
use crate::model::rule::Rule;

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
    filter: Filter,
    origins: Box<[Place]>,
}

impl Index {
    pub(crate) fn new(rules: &[Rule], country: &Division) -> Self {
        let mut index = Self { country: Place::of(country), ..Self::default() };
        // A file of 1 MiB holds fewer than 65,536 rules.
        for (i, rule) in (0u16..).zip(rules) {
            match rule.when.starts_from() {
                Some(kind) => index.by_kind[kind as usize].push(i),
                None => index.missing.push(i),
            }
            let origins = rule.origins.from.iter().map(Place::of).collect();
            let filter = rule.when.filter(index.country);
            index.rules.push(Looked { filter, origins });
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
        let fit = rule.when.takes(&class.fact, &looked.filter);
        if fit != Fit::No && !rule.origins.pass(class.origin, &looked.origins) {
            return Fit::OriginOnly;
        }
        fit
    }
}

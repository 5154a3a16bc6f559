//! Whose evidence: recorded here, or imported from another authority.

use jadegate_domain::Division;

use crate::model::place::Place;

/// A rule's filter on who recorded the evidence; the default lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origins {
    /// Only imported evidence, or only evidence recorded here.
    pub(crate) imported: Option<bool>,
    /// Only evidence imported from one of these divisions or a part of it.
    pub(crate) from: Vec<Division>,
}

impl Origins {
    /// May evidence that came from `origin` start the rule? `from` are the filter's divisions.
    pub(crate) fn pass(&self, origin: Place, from: &[Place]) -> bool {
        let listed = || origin.is_some() && from.iter().any(|d| d.contains(origin));
        self.imported.is_none_or(|wanted| wanted == origin.is_some())
            && (from.is_empty() || listed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_by_origin() {
        let place = |d: &str| Place::of(&d.parse().unwrap());
        let (here, hebei) = (Place::NONE, place("CN-1301"));
        let cases: [(Option<bool>, &[&str], bool, bool); 5] = [
            (None, &[], true, true),
            (Some(true), &[], false, true),
            (Some(false), &[], true, false),
            (None, &["CN-13"], false, true),
            (None, &["CN-42"], false, false),
        ];
        for (imported, from, local, foreign) in cases {
            let from: Vec<Place> = from.iter().map(|d| place(d)).collect();
            let o = Origins { imported, from: Vec::new() };
            let passed = (o.pass(here, &from), o.pass(hebei, &from));
            assert_eq!(passed, (local, foreign), "{imported:?} {from:?}");
        }
    }
}

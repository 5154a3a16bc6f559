//! Whose evidence: recorded here, or imported from another authority.

use jadegate_domain::{Division, Evidence};

/// A rule's filter on who recorded the evidence; the default lets everything pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origins {
    /// Only imported evidence, or only evidence recorded here.
    pub(crate) imported: Option<bool>,
    /// Only evidence imported from one of these divisions or a part of it.
    pub(crate) from: Vec<Division>,
}

impl Origins {
    /// May this piece start the rule?
    pub(crate) fn pass(&self, e: &Evidence) -> bool {
        let listed = || e.origin.as_ref().is_some_and(|o| self.from.iter().any(|d| d.contains(o)));
        self.imported.is_none_or(|wanted| wanted == e.origin.is_some())
            && (self.from.is_empty() || listed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read_evidence;

    #[test]
    fn filters_by_origin() {
        let piece = |origin: &str| {
            let text = "kind = \"test\"\nresult = \"positive\"\nsampled_at = 2022-03-01T00:00:00Z";
            read_evidence(&format!("[[evidence]]\n{text}\n{origin}")).unwrap().remove(0)
        };
        let (here, hebei) = (piece(""), piece("origin = \"CN-1301\""));
        let only = |imported, from: &[&str]| Origins {
            imported,
            from: from.iter().map(|d| d.parse().unwrap()).collect(),
        };
        let cases: [(Option<bool>, &[&str], bool, bool); 5] = [
            (None, &[], true, true),
            (Some(true), &[], false, true),
            (Some(false), &[], true, false),
            (None, &["CN-13"], false, true),
            (None, &["CN-42"], false, false),
        ];
        for (imported, from, local, foreign) in cases {
            let o = only(imported, from);
            assert_eq!((o.pass(&here), o.pass(&hebei)), (local, foreign), "{o:?}");
        }
    }
}

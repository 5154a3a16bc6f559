//! Occurrences: each place in a person's life where a rule applies, with the moments at which its
//! phases end.

use jadegate_domain::Timestamp;
use jadegate_domain::assessment::EasedBy;

use crate::model::kinds::NEVER;
use crate::model::rule::MOST_PHASES;

/// One application of one rule. Ordered, so that the order of the evidence leaves no trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Occurrence {
    /// Index into the policy's rules.
    pub(crate) rule: u16,
    /// First moment of effect.
    pub(crate) start: Timestamp,
    /// First moment of effect that was also known.
    pub(crate) since: Timestamp,
    /// When each phase began to count.
    pub(crate) begins: [Timestamp; MOST_PHASES],
    /// When each phase ends; never falling; [`NEVER`] after the last phase of the rule.
    pub(crate) ends: [Timestamp; MOST_PHASES],
    /// Phases in use.
    pub(crate) phases: u8,
    /// The stay behind it has no known end.
    pub(crate) still_there: bool,
    /// The evidence behind it, by its ids.
    pub(crate) causes: [Option<u64>; 2],
    /// From when it asks for a milder colour.
    pub(crate) mitigation: Option<Mitigation>,
}

impl Occurrence {
    /// The phase at a moment; `None` before and after its effect.
    pub(crate) fn phase_at(&self, at: Timestamp) -> Option<usize> {
        if at < self.start {
            return None;
        }
        self.ends[..usize::from(self.phases)].iter().position(|end| at < *end)
    }

    /// The end of the last phase.
    pub(crate) fn end(&self) -> Timestamp {
        self.ends[usize::from(self.phases.max(1)) - 1]
    }

    /// The moments at which it begins, changes phase, and ends.
    pub(crate) fn moments(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let ends = self.ends[..usize::from(self.phases)].iter().copied();
        let mitigated = self.mitigation.map(|e| e.from);
        std::iter::once(self.start).chain(ends).chain(mitigated).filter(|t| *t != NEVER)
    }

    /// Is this evidence behind it?
    pub(crate) fn rests_on(&self, id: u64) -> bool {
        self.causes.iter().flatten().any(|c| *c == id)
    }

    /// Does it ask for a milder colour at a moment, and why?
    pub(crate) fn mitigation_at(&self, at: Timestamp) -> Option<Mitigation> {
        self.mitigation.filter(|e| e.from <= at)
    }
}

/// Why and from when an occurrence asks for a milder colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mitigation {
    pub(crate) from: Timestamp,
    pub(crate) by: EasedBy,
    /// The appeal or dispute.
    pub(crate) id: u64,
}

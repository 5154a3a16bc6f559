//! What a policy says of mitigation: which reasons become milder for a time, and how mild.

use jadegate_domain::Colour;
use jadegate_domain::assessment::Texts;

/// The colour of a mitigated reason. A yellow one has nothing milder but green, which nobody gets
/// for waiting; so this is the only one there is.
pub(crate) const MITIGATED: Colour = Colour::Yellow;

/// An `[[easing]]` of the file: the provisional mitigation of some rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Easing {
    pub(crate) id: String,
    /// Indexes of the rules it is for.
    pub(crate) rules: Vec<u16>,
    /// So many hours after the appeal without a decision.
    pub(crate) after_hours: u32,
    pub(crate) text: Texts,
}

/// What disputed imported evidence is worth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    pub(crate) while_disputed: WhileDisputed,
    pub(crate) text: Texts,
}

/// What holds while imported evidence is disputed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WhileDisputed {
    /// It counts in full.
    #[default]
    Counts,
    /// Rules that it started ask for yellow at most.
    Yellow,
    /// It starts no rule.
    SetAside,
}

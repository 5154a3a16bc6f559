//! The encoding of evidence in a population: which words follow its class and the moment it was
//! recorded.

use crate::model::compact::CompactFact;

/// Words from here on are numbers of moments kept elsewhere: moments after 2097. Also the first
/// moment that is later than all that fit.
pub(super) const FAR: u32 = 0xF000_0000;

/// Set in the word of the class if it belongs to the same evidence as the one before it.
pub(super) const CONTINUED: u32 = 1 << 31;

/// The moments and references that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fields {
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
    pub(super) const fn words(self) -> usize {
        match self {
            Self::Recorded => 0,
            Self::At => 1,
            Self::AtTo | Self::AtReference | Self::Evidence => 2,
            Self::AtToCase | Self::AtTraceCase => 3,
        }
    }
}

pub(super) const fn fields_of(fact: &CompactFact) -> Fields {
    match fact {
        CompactFact::Report(_) => Fields::Recorded,
        CompactFact::Test { .. } | CompactFact::Arrival { .. } => Fields::At,
        CompactFact::Stay { .. } | CompactFact::Risk { .. } => Fields::AtTo,
        CompactFact::Case { .. } => Fields::AtToCase,
        CompactFact::Contact { .. } => Fields::AtTraceCase,
        CompactFact::Release { .. } => Fields::AtReference,
        CompactFact::Dispute | CompactFact::Appeal | CompactFact::Decision { .. } => {
            Fields::Evidence
        }
    }
}

//! The encoding of evidence in a population: which words follow its class and the moment it was
//! recorded.

use crate::piece::What;

/// Words from here on are numbers of moments kept elsewhere: moments after 2097. Also the first
/// moment that is later than all that fit.
pub(super) const FAR: u32 = 0xF000_0000;

/// Set in the word of the class if the piece is of the same evidence as the one before it.
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
    /// The piece it is about, in two words.
    Piece,
}

impl Fields {
    pub(super) const fn words(self) -> usize {
        match self {
            Self::Recorded => 0,
            Self::At => 1,
            Self::AtTo | Self::AtReference | Self::Piece => 2,
            Self::AtToCase | Self::AtTraceCase => 3,
        }
    }
}

pub(super) const fn fields_of(what: &What) -> Fields {
    match what {
        What::Report(_) => Fields::Recorded,
        What::Test { .. } | What::Arrival { .. } => Fields::At,
        What::Stay { .. } | What::Risk { .. } => Fields::AtTo,
        What::Case { .. } => Fields::AtToCase,
        What::Contact { .. } => Fields::AtTraceCase,
        What::Release { .. } => Fields::AtReference,
        What::Dispute | What::Appeal | What::Decision { .. } => Fields::Piece,
    }
}

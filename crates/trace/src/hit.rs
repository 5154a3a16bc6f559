//! A source, and one visit that overlaps it.

use crate::row::Stayed;

/// What a search must know of a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// How long visits without a known end are taken to last at most.
    pub(crate) open_secs: u32,
    /// Seconds that make a contact at such a place; at least one.
    pub(crate) least: u32,
    /// Is the source's own stay recorded?
    pub(crate) recorded: bool,
}

/// Time that somebody shared with a source, by one visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) holder: u32,
    /// When it began; if nobody saw its end: when the visit began.
    pub(crate) from: u32,
    /// How long it was, an end that nobody saw taken at its latest.
    pub(crate) secs: u32,
    /// The number of the source, and five bits. None of them is set if the seconds are as recorded
    /// and make a contact by themselves.
    pub(crate) tag: u32,
}

/// As in [`Stayed`]: nobody saw that it was they; nobody saw them leave.
pub(crate) const UNPROVEN: u32 = Stayed::UNPROVEN;
pub(crate) const OPEN: u32 = Stayed::OPEN;
/// The stay of the source is not recorded from end to end.
pub(crate) const ASSUMED_SOURCE: u32 = 4;
/// The seconds are not as recorded.
pub(crate) const DOUBTFUL: u32 = UNPROVEN | OPEN | ASSUMED_SOURCE;
/// Too short for a contact.
pub(crate) const SHORT: u32 = 8;
/// There may be more of the same holder.
pub(crate) const AGAIN: u32 = 16;
/// In the mark of a hash: it occurs more than once.
pub(crate) const AGAIN_MARK: u8 = 2;
/// A person's stays of some weeks have numbers of far less than 27 bits.
pub(crate) const SOURCE_AT: u32 = 5;

impl Hit {
    #[cfg(test)]
    pub(crate) const fn recorded(holder: u32, from: u32, secs: u32) -> Self {
        Self { holder, from, secs, tag: 0 }
    }

    pub(crate) const fn source(&self) -> u32 {
        self.tag >> SOURCE_AT
    }

    /// Are the seconds as recorded?
    pub(crate) const fn is_plain(&self) -> bool {
        self.tag & DOUBTFUL == 0
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.tag & OPEN != 0
    }

    pub(crate) const fn is_proven(&self) -> bool {
        self.tag & UNPROVEN == 0
    }

    /// May the seconds make a contact by themselves?
    pub(crate) const fn is_enough(&self) -> bool {
        self.tag & SHORT == 0
    }
}

//! The encoding of evidence in a population: which words follow its class and the moment it was
//! recorded.

/// Words from here on are numbers of moments kept elsewhere: moments after 2097. Also the first
/// moment that is later than all that fit.
pub(super) const FAR: u32 = 0xF000_0000;

/// Set in the word of the class if it belongs to the same evidence as the one before it.
pub(super) const CONTINUED: u32 = 1 << 31;

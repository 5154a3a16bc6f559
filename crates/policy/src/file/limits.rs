//! The largest and smallest numbers that a file may hold: what lies beyond is a typing error.

use std::ops::RangeInclusive;

/// The longest a policy may ask for anything, in days: longer is a typing error.
pub(crate) const MOST_DAYS: u32 = 366;
/// Minutes shared that can make a contact.
pub(crate) const MINUTES: RangeInclusive<u32> = 1..=1440;

/// Longest time that a place can stay dangerous after somebody left.
pub(crate) const LINGERING: RangeInclusive<u32> = 0..=1440;
/// More rows no vehicle has before and behind.
pub(crate) const ROWS: RangeInclusive<u32> = 0..=100;

//! What files can hold, key by key: the one place that says it. `key` tells how to read a table.

pub(crate) mod cases;
pub(crate) mod kinds;
pub(crate) mod policy;
pub(crate) mod rules;

/// The longest a policy may ask for anything, in days: longer is a typing error.
pub(crate) const MOST_DAYS: u32 = 366;
/// [`MOST_DAYS`] in hours.
pub(crate) const MOST_HOURS: u32 = 24 * MOST_DAYS;
/// The longest time at a place that a policy can speak of, in minutes.
pub(crate) const MOST_MINUTES: u32 = 1440;
/// More minutes than two people can share.
pub(crate) const MOST_SHARED: u32 = 100_000;
/// More pieces, cases or traces no file has.
pub(crate) const MOST_NUMBERS: u32 = 9999;

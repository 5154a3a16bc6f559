//! Files of others, taken over: visits, passengers of trips, risk levels, published events. Each
//! import reports the lines it did not take one by one, and running it again changes nothing.

pub mod events;
pub mod lines;
mod manifest;
pub mod report;
mod ride_writes;
pub mod rides;
pub mod risk_levels;
mod runs;
mod visit_rows;
pub mod visits;
pub(crate) mod words;

pub use lines::{Limits, MAX_LINES, MOST_REJECTED, Reading, SMALL_FILE};
pub(crate) use runs::Digesting;

//! What every measurement of tracing shares: the visits, the cases, the rules, and the floor.
//!
//! Whoever traces the town of [`visits::Town`], be it Jadegate's index or another engine, answers
//! the questions of [`floor`], and the answers must be the same to the second.

pub mod floor;
pub mod index;
pub mod machine;
pub mod visits;

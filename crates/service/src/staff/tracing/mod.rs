//! Tracing: from a case to its contacts, by hand, in jobs of many cases, and again when more is known.

mod contacts;
pub mod jobs;
pub(crate) mod late;
pub mod many;
pub(crate) mod retrace;
pub mod seating;
mod stored;
mod told;
pub mod traces;

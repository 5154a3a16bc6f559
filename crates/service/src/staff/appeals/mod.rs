//! Appeals: the work list, one appeal with what was handed in, the decision, and lodging for somebody at
//! a counter.

pub mod counter;
pub mod decide;
pub mod list;

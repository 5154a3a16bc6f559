//! Policy files, and the one function that makes a colour.
//!
//! A policy is a published TOML file (`docs/policy-language.md` describes it for those who write
//! and read one). [`Policy::parse`] checks it; [`assess`] applies it to a person's evidence at a
//! moment and says colour, reasons, what ends them and when the answer changes by itself. Nothing
//! else in Jadegate produces a colour.
//!
//! What [`assess`] promises, for any evidence and any moment:
//! - it answers, and always the same; the order of the evidence does not matter;
//! - more evidence of harm never makes the answer greener;
//! - what it cannot make sense of never makes the answer greener and is named in the warnings;
//! - nothing but the number of the day changes before `next_change`, and something does at it.
//!
//! The crate knows no clock, network, disk or thread: time is an argument.

mod active;
mod assess;
mod cases;
mod days;
mod diff;
mod ease;
mod evidence_file;
mod explain;
mod index;
mod model;
mod occurrence;
mod origin;
mod parse;
mod parse_meanwhile;
mod parse_rules;
mod piece;
mod population;
mod problem;
mod read;
mod release;
mod tz;
mod what_if;
mod zones;

pub use assess::assess;
pub use cases::{CaseFailure, CasesError, CasesReport, run_cases};
pub use days::{Calendar, DayCount, FirstDay};
pub use diff::{Difference, diff};
pub use evidence_file::read_evidence;
pub use explain::{Segment, Timeline, explain};
pub use model::{ColourTexts, Policy, Retention};
pub use population::{Population, PopulationBuilder};
pub use problem::Problem;
pub use what_if::{
    ColourCounts, Comparison, DivisionChange, PlacesOnDay, RuleChange, SampleChange, SampleSegment,
    Setting, Tally, WhatIf, WhatIfOptions, outlook, recolour, recolour_part, what_if,
};

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
//! [`what_if`] and [`recolour`] ask the same engine about everybody in a [`Population`]: there is no
//! second meaning of a policy for the many (`docs/decisions/0013-one-engine.md`).
//!
//! The crate knows no clock, network, disk or thread: time is an argument.

mod active;
mod assess;
mod cases;
mod compact;
mod days;
mod diff;
mod evidence_file;
mod explain;
mod index;
mod mitigation;
mod model;
mod occurrence;
mod origin;
mod parse;
mod parse_contact;
mod parse_meanwhile;
mod parse_rules;
mod population;
mod problem;
mod read;
mod relative;
mod release;
mod release_text;
mod schema;
mod schema_cases;
mod schema_policy;
mod tz;
mod what_if;
mod zones;

pub use assess::assess;
pub use cases::{CaseFailure, CaseQuestion, CasesError, CasesReport, case_questions, run_cases};
pub use days::{Calendar, DayCount, FirstDay};
pub use diff::{Difference, diff};
pub use evidence_file::read_evidence;
pub use explain::{Segment, Timeline, explain};
pub use model::{Bound, ColourTexts, Policy, Retention, VehicleNear, VehicleRules};
pub use population::{Population, PopulationBuilder};
pub use problem::Problem;
pub use schema::{cases_schema, policy_schema};
pub use what_if::{
    ColourCounts, Comparison, DivisionChange, PlacesOnDay, RuleChange, SampleChange, SampleSegment,
    Setting, Tally, WhatIf, WhatIfOptions, outlook, recolour, recolour_part, what_if,
};

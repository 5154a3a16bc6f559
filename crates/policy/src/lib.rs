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
//! Three folders, and every import goes one way (`node scripts/check-layers.mjs` checks it):
//!
//! ```text
//! cases ──> engine   assess, timeline, what-if: from evidence and a policy to a colour
//!   │          v
//!   │        model   what a policy is once it is read; compact evidence; two policies compared
//!   │          ^
//!   └────>  file     TOML read and checked, problems with their places, the JSON Schema
//! ```
//! `cases` runs case files and so needs both; nothing in `model` knows a file or the engine.
//!
//! The crate knows no clock, network, disk or thread: time is an argument.

mod cases;
mod engine;
mod file;
mod model;

pub use cases::{CaseFailure, CaseQuestion, CasesError, CasesReport, case_questions, run_cases};
pub use engine::assess::assess;
pub use engine::population::builder::PopulationBuilder;
pub use engine::population::people::Population;
pub use engine::strictest::strictest;
pub use engine::timeline::{Segment, Timeline, explain};
pub use engine::what_if::comparison::{Comparison, outlook, recolour, recolour_part, what_if};
pub use engine::what_if::result::{
    ColourCounts, DivisionChange, PlacesOnDay, RuleChange, SampleChange, SampleSegment, WhatIf,
};
pub use engine::what_if::setting::{Setting, WhatIfOptions};
pub use engine::what_if::tally::Tally;
pub use file::evidence::read_evidence;
pub use file::problem::Problem;
pub use file::schema::{cases_schema, policy_schema};
pub use model::calendar::{Calendar, DayCount, FirstDay};
pub use model::contact::{
    Bound, Likelihood, MeetingTable, MinutesAlone, VehicleNear, VehicleRules,
};
pub use model::diff::{Difference, diff};
pub use model::policy::{ColourTexts, Policy, Retention};

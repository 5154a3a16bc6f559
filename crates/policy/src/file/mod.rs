//! Files that people write: policies, cases, evidence. How they are read, what is wrong with them,
//! and the JSON Schema that editors check them by.

pub(crate) mod cases;
mod contact;
pub(crate) mod evidence;
mod ids;
mod limits;
mod meanwhile;
mod placeholders;
pub(crate) mod policy;
pub(crate) mod problem;
mod reader;
mod recorders;
mod relative;
mod rules;
pub(crate) mod schema;
mod schema_cases;
mod schema_policy;
mod tz;
mod words;

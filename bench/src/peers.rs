//! Other people's engines, for comparison: a PostgreSQL of the bench's own, and what Python installs.
//!
//! Nothing here is about Jadegate, so that every part that compares can use it:
//!
//! ```ignore
//! // A PostgreSQL that nobody else uses; ends when dropped. `Absent` says why there is none.
//! let mut pg = match Postgres::start(scratch.path(), &[("work_mem", "256MB")])? { Ok(p) => p, Err(Absent(why)) => … };
//! pg.run("create unlogged table t (a int)")?;            // also psql's own commands: \copy t from 'file' …
//! let ran = pg.run("select count(*) from t")?;           // ran.lines, ran.wall, ran.cpu (seconds, of the backend)
//!
//! // A venv in target/, kept from run to run. Packages that could not be had are in `python.missing`.
//! let python = Python::with(&["duckdb", "pyarrow"])?;
//! let mut talk = python.talk("engines.py", &["duckdb"])?;  // stays; talk.ask("one 1")? is one JSON value
//! let answers = python.run("policy.py", &["--rows", "1000"])?;   // bench/peers/policy.py; one JSON value a line
//! ```
//!
//! `bench/peers/measure.py` times a Python function by clock and CPU; import it from a script there.

mod postgres;
mod python;

pub(crate) use postgres::Postgres;
pub(crate) use python::{Conversation, Python};

/// Why something could not be had, in words: a line of the report, not a failure.
#[derive(Clone, Debug)]
pub(crate) struct Absent(pub(crate) String);

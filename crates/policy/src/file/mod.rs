//! Files that people write: policies, cases, evidence.
//!
//! What a file can hold is said in `keys`, key by key; `form` and `nested` say how a value of each
//! form is read and what its JSON Schema is; `schema` puts the schemas together. `policy` (with
//! `contact`, `recorders`, `rules`, `phases`, `meanwhile`), `cases`, `evidence` and, for each kind of
//! evidence, `kinds` make of the keys what the program needs, and note everything that is wrong as a
//! `problem`.

pub(crate) mod cases;
mod contact;
pub(crate) mod evidence;
mod form;
mod key;
mod keys;
mod kinds;
mod meanwhile;
mod nested;
mod phases;
mod placeholders;
pub(crate) mod policy;
pub(crate) mod problem;
mod reader;
mod recorders;
mod relative;
mod rules;
pub(crate) mod schema;
mod tz;
mod words;

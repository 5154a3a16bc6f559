//! People: found, opened, followed through quarantine, and who a document belongs to.
//!
//! What is *recorded* of a person is a record ([`super::records`]), whoever it is about.

pub mod assigned;
pub(crate) mod barred;
pub mod compared;
pub mod counter;
pub mod details;
pub mod document;
pub mod find;
pub mod joined;
pub(crate) mod moved;
pub mod open;
pub mod paper;
pub mod quarantine;
pub mod split;

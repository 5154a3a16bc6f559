//! The server through HTTP alone: what connections can do to it, and the document.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod common;
mod edge;
mod openapi;
mod rides;
#[expect(dead_code, reason = "a story for each endpoint uses it")]
mod world;

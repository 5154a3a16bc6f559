//! The server through HTTP alone: each endpoint with its good answer, its refusals and its bad input
//! ([`endpoints`]), what connections can do to it ([`edge`]), and the document ([`openapi`]).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

mod common;
mod edge;
mod endpoints;
mod gate;
mod holder;
mod openapi;
mod passkey;
mod public;
mod rides;
mod staff;
mod world;

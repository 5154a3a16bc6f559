//! The only place that knows HTTP: parses, authenticates, answers.
//!
//! Handlers are thin: each turns a request into the input of one use case of `jadegate-service` and
//! its result into JSON. Everything a caller can get wrong comes back as a [`problem::Problem`].

mod access;
mod appeals;
mod demo;
mod document;
mod edge;
mod extract;
mod family;
mod gate;
mod holder;
mod layers;
mod limiter;
mod mandate;
mod origin;
mod pages;
mod paper;
mod parts;
mod passkey;
pub mod problem;
mod public;
mod router;
mod staff;
mod state;

pub use demo::{DemoControl, DemoEntry};
pub use edge::{ConnectionLimits, Serving, readers};
pub use origin::check_origin;
pub use router::{openapi, router};
pub use state::{Web, WebSettings};

//! The evidence of many people in memory, for what-ifs and recolouring.

pub(crate) mod builder;
mod encoding;
pub(crate) mod people;
pub(crate) mod plan;

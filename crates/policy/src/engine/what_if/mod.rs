//! What-ifs and recolouring: a policy applied to everybody.

pub(crate) mod comparison;
pub(crate) mod result;
pub(crate) mod setting;
mod side;
pub(crate) mod tally;

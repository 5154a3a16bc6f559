//! What others issued or tested with, and what is made here to be wrong in one way.

#![expect(clippy::expect_used, reason = "helpers of tests only")]

mod common;
mod eu;
mod health_cards;
mod hostile;
mod made;
mod new_zealand;
mod who;

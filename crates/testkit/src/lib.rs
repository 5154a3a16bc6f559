//! What tests need and the program must not have: a clock set by hand, randomness that repeats.

mod clock;

pub use clock::{FakeClock, SeededEntropy};

//! How a count is told so that it tells of nobody: differential privacy.
//!
//! Noise is added to each count that leaves, of a distribution that is drawn exactly: with whole numbers
//! and fair bits alone. (A sampler of floating point tells by the last digits of its answers what it hides:
//! I. Mironov, *On Significance of the Least Significant Bits for Differential Privacy*, CCS 2012.) The
//! samplers are those of C. Canonne, G. Kamath and T. Steinke, *The Discrete Gaussian for Differential
//! Privacy*, NeurIPS 2020, arXiv:2004.00010, algorithms 1 to 3.
//!
//! What holds: of two populations that differ by one person, each answer is at most `e^ε` times as likely
//! under one as under the other. `ε` is taken from a [`Budget`], and nothing here draws noise without a
//! [`Share`] of one. What is done with a told count afterwards (no number below 0, few told as few) costs
//! nothing.

mod bits;
mod budget;
mod count;
mod exact;
mod gaussian;
mod laplace;

pub use bits::Bits;
pub use budget::{Budget, Epsilon, Share, Spent};
pub use count::{Told, count, counts, half_width};
pub use gaussian::{Variance, gaussian};
pub use laplace::laplace;

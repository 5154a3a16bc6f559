//! What many records say together: counts, rates, and how sure they are; and how a count is told so
//! that it tells of nobody.
//!
//! Values in, values out: no clock, no disk, no person. Days are whole numbers (days since the epoch),
//! and randomness is an argument. Each statistic names where its formula is from.
//!
//! | question | where | formula |
//! |---|---|---|
//! | cases by day | [`curve`] | counting |
//! | how many does one infect now? | [`reproduction`] | Cori et al. 2013 |
//! | how fast does it grow? | [`growth`] | quasi-Poisson regression |
//! | how long does it take? | [`delays`] | nearest rank |
//! | do few infect most? | [`dispersion`] | Lloyd-Smith et al. 2005 |
//! | more cases here than chance? | [`clusters`] | Poisson tail, Benjamini and Hochberg 1995 |
//! | a count for everybody to read | [`noise`] | Canonne, Kamath and Steinke 2020 |

pub mod clusters;
pub mod curve;
pub mod delays;
pub mod dispersion;
pub mod growth;
pub mod noise;
pub mod reproduction;

/// A number with the bounds between which it is with the stated certainty.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Interval {
    /// Below.
    pub lower: f64,
    /// The number itself.
    pub value: f64,
    /// Above; `None`: the data do not bound it.
    pub upper: Option<f64>,
}

/// A whole number as a float: counts of people are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^53")]
pub(crate) const fn float(n: u64) -> f64 {
    n as f64
}

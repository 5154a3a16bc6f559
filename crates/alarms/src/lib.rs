//! What is far above somebody's own history, and at which hours they usually work.
//!
//! Counts by the hour go in, a [`Burst`] comes out or none; nothing here knows who is counted. The
//! method is that of syndromic surveillance: the sum of a window is compared with sums of windows of the
//! same length in the eight weeks before, two days set apart in between (as EARS C2 and C3 do, Hutwagner
//! et al. 2003), by the upper tail of a negative binomial distribution (as the improved Farrington
//! algorithm does, Noufaily et al. 2013). A floor keeps small counties quiet.

mod burst;
mod counts;
mod hours;
mod tail;

pub use burst::{Accepted, Burst, GUARD_HOURS, HISTORY_HOURS, Rule, WINDOWS, burst};
pub use counts::HourCount;
pub use hours::UsualHours;
pub use tail::ln_tail;

//! The tests of this crate from outside, in one binary: linking one takes seconds, one for each file takes minutes.
//! A new file is named here.

mod agrees_with_oracle;
mod common;
mod corona_warn_app;
mod cumulative;
mod feeding;
mod history;
mod joined;
mod likelihood;
mod memory;
mod real_checkins;
mod rules;
mod saved;
mod shared;
mod watch;

//! The directory of China's divisions, and the official risk list read against it.
//!
//! [`Directory`] knows code and name of every province, city, county and township as of 2023-06-30
//! (`data/divisions-cn.md` tells where they come from). [`Directory::match_names`] finds the code
//! for names as official lists write them and says how sure that is. [`risk_list`] reads such a list
//! and turns its daily snapshots into periods. Nothing here knows a clock, a network or a disk: the
//! table is part of the program.

mod changes;
mod directory;
mod matching;
pub mod risk_list;
mod spelling;

pub use directory::{Directory, Found, Level};
pub use matching::{Match, NoMatch};

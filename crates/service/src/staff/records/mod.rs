//! Records: evidence entered, waiting for a second pair of eyes, taken back.
//!
//! A file lies here if it is about a record as such, from its entry to its withdrawal. Cases have a
//! desk of their own ([`super::cases`]), for they are also traced.

pub mod arrivals;
pub mod asked;
pub mod files;
pub mod keeping;
pub mod own_records;
pub mod recording;
pub mod releases;
mod same_sample;
pub mod samples;
mod test_lines;
pub mod test_results;
pub mod waiting;
pub mod withdraw;
mod withdraw_files;
mod withdraw_kept;
mod withdraw_levels;
mod withdraw_rides;

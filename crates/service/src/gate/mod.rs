//! What a gate does: enrol with a key of its own, sign in, check codes, hand in its scans.

pub mod enrol;
pub mod paper;
pub mod paper_list;
mod read_code;
pub mod scan;
pub mod scan_input;

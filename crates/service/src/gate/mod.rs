//! What a gate does: enrol with a key of its own, sign in, check codes, hand in its scans.

pub mod enrol;
pub mod scan;

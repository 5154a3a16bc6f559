//! Members: agencies and their staff, invited, confirmed, signed in and ended.

pub mod confirm;
pub mod invite;
pub mod me;
pub mod sessions;

//! What a holder does: register, show the code, declare, check in, look back.

pub mod answer;
pub mod appeals;
pub mod check_in;
pub mod code;
pub(crate) mod codes;
pub mod declare;
pub mod details;
pub mod family;
pub mod joined;
pub mod log;
pub mod me;
pub mod paper;
pub mod proof;
pub(crate) mod prove;
pub mod register;
pub mod sessions;
mod stays;
pub mod venue;
pub mod work;

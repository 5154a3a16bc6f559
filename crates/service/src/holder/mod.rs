//! What a holder does: register, show the code, declare, check in, look back.

pub mod check_in;
pub mod code;
pub mod declare;
pub mod log;
pub mod me;
pub mod proof;
pub mod register;
pub mod venue;

//! Who stands behind a pseudonym: one person, one reason, two agencies. There is no other way to a name and
//! a phone for staff, and the person sees each step of it.

pub mod ask;
pub mod decide;
pub mod figures;
mod steps;
pub mod view;

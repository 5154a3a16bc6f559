//! What a policy is once its file has been read, what it says in words, and evidence in the form in
//! which rules look at it.

pub(crate) mod calendar;
pub(crate) mod compact;
pub(crate) mod contact;
pub(crate) mod diff;
pub(crate) mod index;
pub(crate) mod kinds;
mod listed;
pub(crate) mod mitigation;
pub(crate) mod origin;
pub(crate) mod place;
pub(crate) mod policy;
mod release_text;
pub(crate) mod rule;
mod zones;

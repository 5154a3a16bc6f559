//! From evidence and a policy to a colour: for one person, over time, and for everybody.

mod active;
pub(crate) mod assess;
mod found;
mod mitigation;
mod occurrence;
pub(crate) mod population;
mod release;
mod search;
pub(crate) mod strictest;
pub(crate) mod timeline;
pub(crate) mod what_if;

//! What must hold between leaves, and between leaves and what is served today: a file for each.

pub(crate) mod agencies;
pub(crate) mod evidence;
pub(crate) mod fresh;
pub(crate) mod identity;
pub(crate) mod keys;
pub(crate) mod members;
pub(crate) mod policies;
pub(crate) mod proposals;
pub(crate) mod purges;
pub(crate) mod regions;
pub(crate) mod times;

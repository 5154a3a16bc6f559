//! Policies: what changes everybody's colour, a policy or risk levels, is measured by a what-if and
//! comes into force by a proposal.

pub mod change;
pub mod proposal_view;
pub mod proposals;
pub mod proposed;
pub mod published;
pub(crate) mod runs;
pub mod what_if;

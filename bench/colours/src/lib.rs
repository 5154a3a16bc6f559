//! Colours of a made-up crowd: the same evidence for Jadegate's engine, for a bare pass over flat
//! arrays ([`floor`]) and, as text, for databases.

pub mod crowd;
pub mod floor;
pub mod ours;

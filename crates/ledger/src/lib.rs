//! The public log: what anybody can check about a deployment.
//!
//! An append-only Merkle tree (RFC 6962) whose leaves say what was done, never to whom. The
//! formats are those of C2SP, so that existing tools read them: [`Checkpoint`] (tlog-checkpoint)
//! inside a signed note ([`note`], signed-note), and [`tile`]s (tlog-tiles).
//!
//! - A writer keeps a [`Frontier`] (a few hashes) and stores the [`Node`]s that each append
//!   completes.
//! - Proofs are made from any [`Nodes`]: the store's table, fetched tiles, or an in-memory
//!   [`Tree`].
//! - Witnesses ([`cosign`], [`witness`]) say that they saw one log and no second one; a
//!   [`LogProof`] is a file with which one leaf is shown to somebody who is offline.
//! - An auditor needs only [`verify_inclusion`], [`verify_consistency`] and [`open_checkpoint`].
//!
//! Everything here is pure; a wrong input is an error, never a panic and never accepted.

mod canonical;
mod checkpoint;
mod commitment;
pub mod cosign;
mod error;
mod event;
mod hash;
mod leaf;
mod log_proof;
pub mod mandate;
pub mod note;
mod proof;
pub mod tile;
mod tree;
pub mod witness;
mod word;

pub use checkpoint::{Checkpoint, open_checkpoint, sign_checkpoint};
pub use commitment::{Commitment, Salt, commit};
pub use error::LedgerError;
pub use event::{
    AgencyEvent, AlarmEvent, AppealEvent, EvidenceEvent, GateEvent, IdentityEvent, KeyEvent,
    KeyRole, MandateEvent, ProposalEvent, ProtectionEvent, StaffEvent, WaitingEvent,
};
pub use hash::{Hash, empty_root, leaf_hash, node_hash};
pub use leaf::{Leaf, MAX_LEAF};
pub use log_proof::LogProof;
pub use proof::{
    consistency_proof, inclusion_proof, root_from_inclusion, verify_consistency, verify_inclusion,
};
pub use tree::{Frontier, Node, NodeId, Nodes, Tree, root_at};
pub use word::{AgencyName, BadAgencyName, BadWord, Word};

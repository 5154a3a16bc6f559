//! The leaves as they are read.

use jadegate_domain::Timestamp;
use jadegate_ledger::{Hash, Leaf, LedgerError};

/// One leaf, at its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its position, from 0.
    pub index: u64,
    /// What it says.
    pub leaf: Leaf,
    /// When it was logged, as it says itself.
    pub at: Timestamp,
}

impl Entry {
    /// Reads a leaf.
    pub fn read(index: u64, bytes: &[u8]) -> Result<Self, LedgerError> {
        let leaf = Leaf::decode(bytes)?;
        let at = Leaf::moment(bytes).ok_or(LedgerError::BadLeaf)?;
        Ok(Self { index, leaf, at })
    }
}

/// The SHA-256 of some bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    use sha2::Digest as _;
    Hash::from_bytes(sha2::Sha256::digest(bytes).into())
}

//! What can be wrong with a log, a proof or a leaf.

/// Why something about the log is refused. An auditor that meets one has found a fault or a lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum LedgerError {
    /// The leaf's index or a size is beyond the tree.
    #[error("the index or size is outside the log")]
    OutOfRange,
    /// A hash that the proof needs is not in the store.
    #[error("a node of the tree is missing")]
    MissingNode,
    /// The proof has too many or too few hashes, or they lead to another root.
    #[error("the proof does not lead to the root")]
    BadProof,
    /// A log that shrank or changed: no proof can lead from the one checkpoint to the other.
    #[error("the two checkpoints cannot belong to one log")]
    Inconsistent,
    /// The bytes are no leaf, or not written the one way a leaf is written.
    #[error("not a leaf in its one written form")]
    BadLeaf,
    /// A leaf longer than [`crate::MAX_LEAF`].
    #[error("the leaf is too long")]
    LeafTooLong,
    /// The text is no signed note.
    #[error("not a signed note")]
    BadNote,
    /// A known key's signature does not fit, or no known key signed.
    #[error("the note is not signed by a known key")]
    BadSignature,
    /// The text of a key is not a key, or its name is not allowed.
    #[error("not a verifier key")]
    BadKey,
    /// The text is no checkpoint, or it is another log's.
    #[error("not a checkpoint of this log")]
    BadCheckpoint,
    /// The bytes are no tile or bundle of that width, or the path names none.
    #[error("not a tile")]
    BadTile,
    /// Fewer of the known witnesses signed the checkpoint than are demanded.
    #[error("too few witnesses signed the checkpoint")]
    TooFewWitnesses,
}

impl LedgerError {
    /// The stable code used in the API and by `jadegate audit`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfRange => "log.out_of_range",
            Self::MissingNode => "log.missing_node",
            Self::BadProof => "log.bad_proof",
            Self::Inconsistent => "log.inconsistent",
            Self::BadLeaf => "log.bad_leaf",
            Self::LeafTooLong => "log.leaf_too_long",
            Self::BadNote => "log.bad_note",
            Self::BadSignature => "log.bad_signature",
            Self::BadKey => "log.bad_key",
            Self::BadCheckpoint => "log.bad_checkpoint",
            Self::BadTile => "log.bad_tile",
            Self::TooFewWitnesses => "log.too_few_witnesses",
        }
    }
}

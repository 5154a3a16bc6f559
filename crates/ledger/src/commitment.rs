//! Commitments: what concerns a holder is in the log without being told.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hash::Hash;

/// Random bytes that hide what is committed to; a fresh one for each commitment, kept with the row.
pub type Salt = [u8; 16];

/// Says "I know this content" without telling it: a salted SHA-256.
///
/// Whoever has the salt and the content can check that it is what was logged; without the salt
/// nothing can be learnt or tried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(pub Hash);

/// Commit to content. `what` names the kind of content (`evidence`, `access`), so that a commitment
/// to one cannot be passed off as one to the other:
/// `SHA-256(len(what) as one byte || what || salt || content)`. At most 255 bytes of `what` count.
pub fn commit(what: &'static str, salt: &Salt, content: &[u8]) -> Commitment {
    let len = u8::try_from(what.len()).unwrap_or(u8::MAX);
    let digest = Sha256::new()
        .chain_update([len])
        .chain_update(&what.as_bytes()[..usize::from(len)])
        .chain_update(salt)
        .chain_update(content)
        .finalize();
    Commitment(Hash::from_bytes(digest.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_opens_with_its_salt_kind_and_content_only() {
        let c = commit("evidence", &[1; 16], b"content");
        assert_eq!(c, commit("evidence", &[1; 16], b"content"));
        assert_ne!(c, commit("evidence", &[2; 16], b"content"));
        assert_ne!(c, commit("access", &[1; 16], b"content"));
        assert_ne!(c, commit("evidence", &[1; 16], b"other"));
        // The kind's length is part of it: a byte cannot move from the kind to the salt.
        let mut shifted = [1; 16];
        shifted[0] = b'e';
        assert_ne!(c, commit("evidenc", &shifted, b"\x01content"));
    }
}

//! One leaf shown to somebody who is offline (<https://c2sp.org/tlog-proof>): a file that holds its
//! position, the way to the root, and the checkpoint with all its signatures.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, open_checkpoint};
use crate::cosign::{Cosignature, WitnessPolicy};
use crate::error::LedgerError;
use crate::hash::Hash;
use crate::note::NoteVerifier;
use crate::proof::verify_inclusion;
use crate::witness::number;

const FIRST: &str = "c2sp.org/tlog-proof@v1";

/// The file; its name ends in `.tlog-proof`. What is in it is worth nothing before [`Self::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Data for whoever reads it; nothing proves it.
    pub extra: Option<Vec<u8>>,
    /// The position of the leaf, from 0.
    pub index: u64,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, as it was published.
    pub checkpoint: String,
}

impl LogProof {
    /// Is this leaf in the log whose key this is, and did enough witnesses see that log? Returns what
    /// the log committed itself to, and who saw it.
    pub fn verify(
        &self,
        leaf: &Hash,
        log: &NoteVerifier,
        witnesses: &WitnessPolicy,
    ) -> Result<(Checkpoint, Vec<Cosignature>), LedgerError> {
        let checkpoint = open_checkpoint(&self.checkpoint, log)?;
        let seen = witnesses.check(&self.checkpoint)?;
        verify_inclusion(leaf, self.index, checkpoint.size, &checkpoint.root, &self.hashes)?;
        Ok((checkpoint, seen))
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for LogProof {
    type Err = LedgerError;
    fn from_str(text: &str) -> Result<Self, LedgerError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(LedgerError::BadProof)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST) {
            return Err(LedgerError::BadProof);
        }
        let extra = lines.next_if(|l| l.starts_with("extra ")).map(|l| STANDARD.decode(&l[6..]));
        let extra = extra.transpose().map_err(|_| LedgerError::BadProof)?;
        let index = lines.next().and_then(|l| l.strip_prefix("index ")).and_then(number);
        let hashes = lines.map(Hash::from_str).collect::<Result<Vec<_>, _>>()?;
        if hashes.len() > 64 {
            return Err(LedgerError::BadProof);
        }
        let index = index.ok_or(LedgerError::BadProof)?;
        Ok(Self { extra, index, hashes, checkpoint: checkpoint.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use jadegate_domain::Timestamp;

    use super::*;
    use crate::checkpoint::sign_checkpoint;
    use crate::cosign::WitnessSigner;
    use crate::hash::leaf_hash;
    use crate::note::NoteSigner;
    use crate::proof::inclusion_proof;
    use crate::tree::Tree;

    fn made(size: u64, index: u64) -> (LogProof, NoteVerifier, WitnessPolicy) {
        let log = NoteSigner::from_seed("health.example/log", &[3; 32]).unwrap();
        let witness = WitnessSigner::from_seed("paper.example", &[5; 32]).unwrap();
        let tree = Tree::from_leaf_hashes((0..size).map(|i| leaf_hash(&i.to_be_bytes())));
        let checkpoint = Checkpoint { origin: log.name().to_owned(), size, root: tree.root() };
        let line = witness.cosign(&checkpoint.to_string(), Timestamp::from_secs(7)).unwrap();
        let checkpoint = sign_checkpoint(&checkpoint, &log).unwrap() + &line;
        let hashes = inclusion_proof(&tree, index, size).unwrap();
        let policy = WitnessPolicy::new(vec![witness.verifier()], 1).unwrap();
        (LogProof { extra: None, index, hashes, checkpoint }, log.verifier(), policy)
    }

    #[test]
    fn a_proof_reads_back_and_shows_its_leaf_only() {
        for (size, index) in [(1, 0), (2, 1), (7, 6), (300, 256)] {
            let (plain, log, witnesses) = made(size, index);
            for extra in [None, Some(b"of 2022".to_vec())] {
                let proof = LogProof { extra, ..plain.clone() };
                let read: LogProof = proof.to_string().parse().unwrap();
                assert_eq!(read, proof);
                let leaf = leaf_hash(&index.to_be_bytes());
                let (checkpoint, seen) = read.verify(&leaf, &log, &witnesses).unwrap();
                assert_eq!((checkpoint.size, seen[0].at), (size, Timestamp::from_secs(7)));
                let other = read.verify(&leaf_hash(b"other"), &log, &witnesses);
                assert_eq!(other, Err(LedgerError::BadProof));
            }
        }
        let (proof, log, witnesses) = made(9, 4);
        let unseen = proof.checkpoint.lines().filter(|l| !l.contains("paper")).collect::<Vec<_>>();
        let unseen = LogProof { checkpoint: unseen.join("\n") + "\n", ..proof };
        let leaf = leaf_hash(&4u64.to_be_bytes());
        let refused = unseen.verify(&leaf, &log, &witnesses);
        assert_eq!(refused, Err(LedgerError::TooFewWitnesses));
        assert!(unseen.verify(&leaf, &log, &WitnessPolicy::default()).is_ok());
    }

    #[test]
    fn another_spelling_is_no_proof() {
        let good = made(9, 4).0.to_string();
        for (name, bad) in [
            ("nothing", String::new()),
            ("version", good.replacen("@v1", "@v2", 1)),
            ("no index", good.replacen("index 4\n", "", 1)),
            ("leading zero", good.replacen("index 4", "index 04", 1)),
            ("extra after index", good.replacen("index 4", "index 4\nextra AA==", 1)),
            ("bad extra", good.replacen("index 4", "extra A\nindex 4", 1)),
            ("short hash", good.replacen('=', "", 1)),
        ] {
            assert!(bad.parse::<LogProof>().is_err(), "{name}");
        }
    }
}

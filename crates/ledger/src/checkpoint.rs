//! Checkpoints: what a log commits itself to (<https://c2sp.org/tlog-checkpoint>).

use std::fmt;
use std::str::FromStr;

use crate::error::LedgerError;
use crate::hash::Hash;
use crate::note::{self, NoteSigner, NoteVerifier};

/// The state of a log: its name, how many leaves, and their root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name: its address without scheme (`health.example/log`).
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

impl FromStr for Checkpoint {
    type Err = LedgerError;

    /// Reads the text of a checkpoint. Extension lines are allowed and passed over.
    fn from_str(text: &str) -> Result<Self, LedgerError> {
        let body = text.strip_suffix('\n').ok_or(LedgerError::BadCheckpoint)?;
        let lines: Vec<&str> = body.split('\n').collect();
        let [origin, size, root, ..] = lines[..] else { return Err(LedgerError::BadCheckpoint) };
        if lines.iter().any(|line| line.is_empty()) {
            return Err(LedgerError::BadCheckpoint);
        }
        let number: u64 = size.parse().map_err(|_| LedgerError::BadCheckpoint)?;
        // No leading zero or plus sign: one number, one text.
        if number.to_string() != size {
            return Err(LedgerError::BadCheckpoint);
        }
        Ok(Self { origin: origin.to_owned(), size: number, root: root.parse()? })
    }
}

/// The checkpoint as the log publishes it. The signer's name must be the origin. Sign a size once
/// only, and only sizes that grow: two signed roots for one size convict the log.
pub fn sign_checkpoint(
    checkpoint: &Checkpoint,
    signer: &NoteSigner,
) -> Result<String, LedgerError> {
    let text = checkpoint.to_string();
    if signer.name() != checkpoint.origin || text.parse().as_ref() != Ok(checkpoint) {
        return Err(LedgerError::BadCheckpoint);
    }
    note::sign(&text, &[signer])
}

/// Read a published checkpoint of the log whose key this is.
pub fn open_checkpoint(signed: &str, log: &NoteVerifier) -> Result<Checkpoint, LedgerError> {
    let text = note::open(signed, std::slice::from_ref(log))?;
    let checkpoint: Checkpoint = text.parse()?;
    if checkpoint.origin == log.name() { Ok(checkpoint) } else { Err(LedgerError::BadCheckpoint) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::{empty_root, leaf_hash};

    fn signer() -> NoteSigner {
        NoteSigner::from_seed("health.example/log", &[3; 32]).unwrap()
    }

    fn checkpoint() -> Checkpoint {
        Checkpoint { origin: "health.example/log".to_owned(), size: 7, root: leaf_hash(b"") }
    }

    #[test]
    fn a_checkpoint_reads_back_for_its_log_only() {
        let signed = sign_checkpoint(&checkpoint(), &signer()).unwrap();
        assert!(signed.starts_with(
            "health.example/log\n7\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n\u{2014} health"
        ));
        assert_eq!(open_checkpoint(&signed, &signer().verifier()), Ok(checkpoint()));
        let stranger = NoteSigner::from_seed("health.example/log", &[4; 32]).unwrap();
        assert!(open_checkpoint(&signed, &stranger.verifier()).is_err());
        assert!(open_checkpoint(&signed.replace("\n7\n", "\n8\n"), &signer().verifier()).is_err());
    }

    #[test]
    fn the_origin_is_the_name_of_the_key() {
        let other = NoteSigner::from_seed("other.example/log", &[3; 32]).unwrap();
        assert!(sign_checkpoint(&checkpoint(), &other).is_err());
        // The same log key signing under its name what claims to be another log's.
        let text = checkpoint().to_string();
        let signed = note::sign(&text, &[&other]).unwrap();
        let refused = open_checkpoint(&signed, &other.verifier());
        assert_eq!(refused, Err(LedgerError::BadCheckpoint));
        let two_lines = Checkpoint { origin: "a\nb".to_owned(), ..checkpoint() };
        let named = NoteSigner::from_seed("a", &[3; 32]).unwrap();
        assert!(sign_checkpoint(&two_lines, &named).is_err());
    }

    #[test]
    fn texts_with_a_second_spelling_are_refused() {
        let good = format!("o\n0\n{}\n", empty_root());
        assert_eq!(good.parse::<Checkpoint>().map(|c| c.size), Ok(0));
        assert!(format!("{good}extension\n").parse::<Checkpoint>().is_ok());
        for (name, bad) in [
            ("leading zero", good.replace("\n0\n", "\n00\n")),
            ("sign", good.replace("\n0\n", "\n+0\n")),
            ("negative", good.replace("\n0\n", "\n-1\n")),
            ("too large", good.replace("\n0\n", "\n18446744073709551616\n")),
            ("empty origin", good.replace("o\n", "\n")),
            ("short root", good.replace('=', "")),
            ("two lines", "o\n0\n".to_owned()),
            ("empty extension", format!("{good}\n")),
            ("no line end", good.trim_end().to_owned()),
        ] {
            assert!(bad.parse::<Checkpoint>().is_err(), "{name}");
        }
    }
}

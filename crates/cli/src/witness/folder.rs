//! A witness's folder: its key, made once, and the largest checkpoint of each log that it signed.
//!
//! What was signed is durable before the signature leaves. A folder whose key is there and whose memory
//! is gone is refused: such a witness would sign a second log.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use jadegate_domain::hex;
use jadegate_ledger::cosign::WitnessSigner;
use jadegate_ledger::witness::Seen;
use jadegate_service::Entropy;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::failure::Failure;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    name: String,
    seed: String,
}

/// What a witness keeps.
pub(crate) struct Folder {
    seen_file: PathBuf,
    seen: BTreeMap<String, Seen>,
    /// A write failed, so nobody knows what is on disk.
    broken: bool,
    /// Held as long as the witness runs: two of one key would each sign what the other does not know.
    _only: File,
}

impl Folder {
    /// Opens the folder, or makes it under this name.
    pub(crate) fn open(
        folder: &Path,
        name: Option<&str>,
        rng: &dyn Entropy,
    ) -> Result<(Self, WitnessSigner), Failure> {
        let (key_file, seen_file) = (folder.join("witness.toml"), folder.join("seen.json"));
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let only = lock(&folder.join("lock"))?;
        if !key_file.exists() {
            make(&key_file, &seen_file, name, rng)?;
        }
        let key = read_key(&key_file)?;
        if name.is_some_and(|name| name != key.name) {
            let (known, file) = (key.name, key_file.display());
            return Err(format!("{file} is the key of the witness {known}; another name needs a folder and a key of its own").into());
        }
        let seed = hex::decode(&key.seed).ok_or_else(|| not_usable(&key_file))?;
        let signer = WitnessSigner::from_seed(&key.name, &seed).map_err(
            |_| "the name of a witness has no spaces and no plus, like paper.example/witness",
        )?;
        let text = std::fs::read_to_string(&seen_file).map_err(|e| gone(&seen_file, &e))?;
        let seen = serde_json::from_str(&text).map_err(|e| gone(&seen_file, &e))?;
        Ok((Self { seen_file, seen, broken: false, _only: only }, signer))
    }

    /// What was signed last of a log.
    pub(crate) fn seen(&self, origin: &str) -> Option<&Seen> {
        self.seen.get(origin)
    }

    /// All logs of which something was signed.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Seen)> {
        self.seen.iter().map(|(origin, seen)| (origin.as_str(), seen))
    }

    /// Keeps what is about to be signed; when this returns, it is durable.
    ///
    /// # Errors
    /// After a write that failed everything is refused until the next start, which reads what is there.
    pub(crate) fn keep(&mut self, origin: &str, seen: Seen) -> Result<(), Failure> {
        if self.broken {
            return Err("an earlier write failed; start the witness again".into());
        }
        let known = self.seen.get(origin).map(|s| (s.size, s.root));
        let mut next = self.seen.clone();
        let news = known != Some((seen.size, seen.root));
        next.insert(origin.to_owned(), seen);
        if news {
            let text = serde_json::to_string_pretty(&next)?;
            durable::replace(&self.seen_file, &text).inspect_err(|_| self.broken = true)?;
        }
        self.seen = next;
        Ok(())
    }
}

fn lock(path: &Path) -> Result<File, Failure> {
    let file = File::create(path).map_err(|e| format!("{}: {e}", path.display()))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| format!("another witness runs in {}", path.with_file_name("").display()))?;
    Ok(file)
}

fn make(key: &Path, seen: &Path, name: Option<&str>, rng: &dyn Entropy) -> Result<(), Failure> {
    let name = name.ok_or("a new witness needs a name: --name paper.example/witness")?;
    // What cannot be a name is refused before anything is made.
    let seed: [u8; 32] = rng.bytes();
    WitnessSigner::from_seed(name, &seed).map_err(
        |_| "the name of a witness has no spaces and no plus, like paper.example/witness",
    )?;
    // A start that was killed between the two left an empty memory, and nothing was signed.
    match std::fs::read_to_string(seen) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => durable::create(seen, "{}")?,
        Ok(text) if text == "{}" => {}
        _ => return Err(format!("{} is there and {} is not: the key was lost. Begin anew in another folder, under another name", seen.display(), key.display()).into()),
    }
    let file = KeyFile { name: name.to_owned(), seed: hex::encode(&seed) };
    Ok(durable::replace(key, &toml::to_string_pretty(&file)?)?)
}

fn read_key(path: &Path) -> Result<KeyFile, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    // The parser's message could quote the secret, so it is not passed on.
    toml::from_str(&text).map_err(|_| not_usable(path).into())
}

fn not_usable(path: &Path) -> String {
    format!("{} is not a usable key file", path.display())
}

fn gone(path: &Path, why: &dyn std::fmt::Display) -> String {
    format!(
        "{}: {why}. Without what it signed before a witness would sign a second log. Begin anew in another folder, under another name, and tell the logs",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use jadegate_ledger::leaf_hash;

    use super::*;
    use crate::world::OsEntropy;

    fn seen(size: u64) -> Seen {
        Seen { size, root: leaf_hash(&size.to_be_bytes()), checkpoint: "c\n".to_owned() }
    }

    fn open(folder: &Path, name: Option<&str>) -> Result<(Folder, WitnessSigner), String> {
        Folder::open(folder, name, &OsEntropy).map_err(|e| e.to_string())
    }

    #[test]
    fn key_and_memory_are_kept_and_only_one_witness_runs_in_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        assert!(open(dir.path(), None).is_err_and(|e| e.contains("--name")));
        let (mut first, signer) = open(dir.path(), Some("paper.example")).unwrap();
        first.keep("log", seen(7)).unwrap();
        assert!(open(dir.path(), None).is_err_and(|e| e.contains("another witness")));
        drop(first);
        assert!(
            open(dir.path(), Some("other.example")).is_err_and(|e| e.contains("paper.example"))
        );
        let (again, same) = open(dir.path(), None).unwrap();
        assert_eq!((again.seen("log"), again.seen("other")), (Some(&seen(7)), None));
        assert_eq!(same.verifier(), signer.verifier());
    }

    #[test]
    fn a_witness_without_its_memory_or_its_key_does_not_start() {
        for file in ["seen.json", "witness.toml"] {
            let dir = tempfile::tempdir().unwrap();
            let (mut first, _) = open(dir.path(), Some("paper.example")).unwrap();
            first.keep("log", seen(7)).unwrap();
            drop(first);
            std::fs::remove_file(dir.path().join(file)).unwrap();
            assert!(open(dir.path(), Some("paper.example")).is_err(), "{file}");
        }
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path(), Some("paper.example")).unwrap());
        std::fs::write(dir.path().join("seen.json"), "{").unwrap();
        assert!(open(dir.path(), None).is_err());
    }

    #[test]
    fn after_a_write_that_failed_nothing_is_signed() {
        let dir = tempfile::tempdir().unwrap();
        let (mut folder, _) = open(dir.path(), Some("paper.example")).unwrap();
        // A folder in the way of the new file.
        std::fs::create_dir(dir.path().join("seen.new")).unwrap();
        assert!(folder.keep("log", seen(7)).is_err());
        std::fs::remove_dir(dir.path().join("seen.new")).unwrap();
        assert!(folder.keep("log", seen(7)).is_err());
        assert_eq!(folder.seen("log"), None);
    }
}

//! The key file: the deployment's secrets, readable by its owner only. Never in the database.

use std::path::{Path, PathBuf};

use jadegate_domain::{Period, Timestamp, hex};
use jadegate_pass::{BadKeys, HandleKey, HandleKeys, Issuer, IssuerCode, IssuingKey, KeyUse};
use jadegate_service::{Entropy, Keys};
use serde::{Deserialize, Serialize};

use crate::durable;

/// Days a signing key lives; rotate before that.
const KEY_DAYS: i64 = 400;
/// Days for which a handle key goes on opening what was sealed with it after a newer one came: until
/// every server has heard of the newer one. (What was sealed in its period is opened later, too.)
const OVERLAP_DAYS: i64 = 2;

/// What the key file holds.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keyring {
    /// Root secret, 32 bytes in hex: vault, indexes and digests derive from it.
    root: String,
    /// Keys that sign codes.
    #[serde(default)]
    signing: Vec<SigningKey>,
    /// Keys that seal handles; the newest seals, those that overlap with it still open.
    #[serde(default)]
    handle: Vec<HandleKeyEntry>,
    /// Key that signs the public log's checkpoints.
    log: String,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SigningKey {
    #[serde(rename = "use")]
    key_use: String,
    seed: String,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct HandleKeyEntry {
    key: String,
    from: Timestamp,
    to: Timestamp,
}

/// Why there are no usable keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The file cannot be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// Others may read the file.
    #[error("{0} can be read by others; make it yours alone: chmod 600 {0}")]
    Open(PathBuf),
    /// The file is not what it must be.
    #[error("{0} is not a usable key file: {1}")]
    Wrong(PathBuf, String),
}

impl Keyring {
    /// New keys, in force from an hour ago (clocks differ) for 400 days.
    pub(crate) fn generate(rng: &dyn Entropy, now: Timestamp) -> Self {
        let (from, to) = (now.plus_secs(-3600), now.plus_days(KEY_DAYS));
        let sign = |key_use: &str| SigningKey {
            key_use: key_use.to_owned(),
            seed: hex::encode(&rng.bytes::<32>()),
            from,
            to,
        };
        Self {
            root: hex::encode(&rng.bytes::<32>()),
            signing: vec![sign("live"), sign("venue")],
            handle: vec![HandleKeyEntry { key: hex::encode(&rng.bytes::<32>()), from, to }],
            log: hex::encode(&rng.bytes::<32>()),
        }
    }

    /// Adds new signing keys and a new handle key, in force from `now` on. Codes made with the ones
    /// before stay what they are: a server that has not read the file again goes on making such codes,
    /// and a gate may hand them in a day later.
    pub(crate) fn rotate(&mut self, rng: &dyn Entropy, now: Timestamp) {
        let to = now.plus_days(KEY_DAYS);
        for key_use in ["live", "venue"] {
            self.signing.push(SigningKey {
                key_use: key_use.to_owned(),
                seed: hex::encode(&rng.bytes::<32>()),
                from: now,
                to,
            });
        }
        let last = now.plus_days(OVERLAP_DAYS);
        for h in self.handle.iter_mut().filter(|h| h.to > last && h.from < last) {
            h.to = last;
        }
        self.handle.push(HandleKeyEntry { key: hex::encode(&rng.bytes::<32>()), from: now, to });
    }

    /// Reads the key file, or makes it if there is none yet. Whether one may be made is for
    /// [`crate::folder`] to say.
    pub(crate) fn load_or_create(
        path: &Path,
        rng: &dyn Entropy,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::File(_, e)) if e.kind() == std::io::ErrorKind::NotFound => {
                let ring = Self::generate(rng, now);
                ring.create(path)?;
                Ok(ring)
            }
            other => other,
        }
    }

    /// Reads the key file.
    pub(crate) fn load(path: &Path) -> Result<Self, KeyError> {
        let file = |e| KeyError::File(path.to_owned(), e);
        let text = std::fs::read_to_string(path).map_err(file)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(path).map_err(file)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(KeyError::Open(path.to_owned()));
            }
        }
        // The parser's message could quote a secret, so it is not passed on.
        toml::from_str(&text)
            .map_err(|_| KeyError::Wrong(path.to_owned(), "not in the expected form".to_owned()))
    }

    /// Writes a new key file; fails if there is one.
    fn create(&self, path: &Path) -> Result<(), KeyError> {
        durable::create(path, &toml::to_string_pretty(self).unwrap_or_default())
            .map_err(|e| KeyError::File(path.to_owned(), e))
    }

    /// Replaces the key file in one step: a crash leaves the old one or the new one.
    pub(crate) fn replace(&self, path: &Path) -> Result<(), KeyError> {
        durable::replace(path, &toml::to_string_pretty(self).unwrap_or_default())
            .map_err(|e| KeyError::File(path.to_owned(), e))
    }

    /// The secrets behind vault and indexes.
    pub(crate) fn keys(&self, path: &Path) -> Result<Keys, KeyError> {
        Ok(Keys::derive(&key(&self.root, path)?))
    }

    /// The keys for paper: one beside each venue's key, made of its seed.
    fn paper_keys(&self, path: &Path) -> Result<Vec<IssuingKey>, KeyError> {
        let wrong = |e: BadKeys| KeyError::Wrong(path.to_owned(), e.to_string());
        let of = |k: &SigningKey| {
            let period = Period { from: k.from, to: k.to };
            IssuingKey::for_paper(&key(&k.seed, path)?, period).map_err(wrong)
        };
        self.signing.iter().filter(|k| k.key_use == "venue").map(of).collect()
    }

    /// Seed of the public log's signing key.
    pub(crate) fn log_seed(&self, path: &Path) -> Result<[u8; 32], KeyError> {
        key(&self.log, path)
    }

    /// What signs codes and opens handles.
    pub(crate) fn issuer(&self, code: &str, path: &Path) -> Result<Issuer, KeyError> {
        let wrong = |why: String| KeyError::Wrong(path.to_owned(), why);
        let period = |from, to| {
            Period::new(from, to).ok_or_else(|| wrong("a period ends before it starts".to_owned()))
        };
        let code: IssuerCode = code.parse().map_err(|e| wrong(format!("issuer: {e}")))?;
        let signing = self
            .signing
            .iter()
            .map(|k| {
                let key_use = match k.key_use.as_str() {
                    "live" => KeyUse::Live,
                    "venue" => KeyUse::Venue,
                    _ => return Err(wrong("unknown use of a key".to_owned())),
                };
                IssuingKey::from_seed(&key(&k.seed, path)?, key_use, period(k.from, k.to)?)
                    .map_err(|e| wrong(e.to_string()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let signing = signing.into_iter().chain(self.paper_keys(path)?).collect();
        let handles = self
            .handle
            .iter()
            .map(|h| Ok(HandleKey::new(&key(&h.key, path)?, period(h.from, h.to)?)))
            .collect::<Result<Vec<_>, KeyError>>()?;
        let handles = HandleKeys::new(handles).map_err(|e| wrong(e.to_string()))?;
        Issuer::new(code, signing, handles).map_err(|e| wrong(e.to_string()))
    }
}

fn key(text: &str, path: &Path) -> Result<[u8; 32], KeyError> {
    let wrong = || KeyError::Wrong(path.to_owned(), "a key is not 32 bytes in hex".to_owned());
    hex::decode(&text.to_ascii_lowercase()).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::OsEntropy;

    #[test]
    fn a_key_file_is_made_once_kept_private_and_rotated() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        let now = Timestamp::from_secs(1_650_000_000);
        let mut ring = Keyring::load_or_create(&path, &OsEntropy, now).unwrap();
        let again = Keyring::load_or_create(&path, &OsEntropy, now).unwrap();
        assert_eq!(ring.root, again.root);
        assert_eq!(ring.issuer("JG", &path).unwrap().key_set().keys().len(), 3);
        ring.rotate(&OsEntropy, now.plus_days(1));
        ring.replace(&path).unwrap();
        let rotated = Keyring::load(&path).unwrap();
        assert_eq!(rotated.issuer("JG", &path).unwrap().key_set().keys().len(), 6);
        assert_eq!(rotated.root, again.root);
    }

    /// A server that has not read the file again seals with the key before: what it made is opened.
    #[test]
    fn codes_made_between_rotation_and_restart_are_opened() {
        let path = Path::new("keys.toml");
        let now = Timestamp::from_secs(1_650_000_000);
        let mut ring = Keyring::generate(&OsEntropy, now);
        let running = ring.issuer("JG", path).unwrap();
        ring.rotate(&OsEntropy, now.plus_days(1));
        ring.rotate(&OsEntropy, now.plus_days(1).plus_secs(60));
        let started = ring.issuer("JG", path).unwrap();
        let holder = jadegate_domain::HolderId::from_random(7);
        let iat = now.plus_days(1).plus_secs(3600);
        let green = jadegate_domain::Colour::Green;
        let code = jadegate_pass::issue(&running, holder, green, iat, 60, [0; 4]).unwrap();
        let seen = jadegate_pass::verify(started.key_set(), &code.text, iat, 5).unwrap();
        let opened = jadegate_pass::open(started.handle_keys(), &seen.handle, seen.issued_at);
        assert_eq!(opened, Ok(holder));
        // Everything can be made with the new keys for as long as they live.
        let until = started.complete_until(iat).unwrap();
        assert_eq!(until, now.plus_days(1 + KEY_DAYS).plus_secs(60));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys.toml");
        Keyring::load_or_create(&path, &OsEntropy, Timestamp::EPOCH).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keyring::load(&path), Err(KeyError::Open(_))));
    }
}

//! Cosignatures: a witness says that it saw this checkpoint and no other log beside it
//! (<https://c2sp.org/tlog-cosignature>, the type with Ed25519).

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jadegate_domain::Timestamp;

use crate::error::LedgerError;
use crate::note::{COSIGNATURE, KeyName, read_vkey, signature_line, take_apart};

/// Cosigns checkpoints. The key must sign nothing else: what it signs does not hold its name.
pub struct WitnessSigner {
    key_name: KeyName,
    key: SigningKey,
}

impl WitnessSigner {
    /// From a name (an address without scheme: `paper.example/witness`) and 32 secret random bytes.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, LedgerError> {
        let key = SigningKey::from_bytes(seed);
        let public_key = key.verifying_key();
        Ok(Self { key_name: KeyName::new(name, COSIGNATURE, public_key.as_bytes())?, key })
    }

    /// The public part.
    pub fn verifier(&self) -> WitnessKey {
        WitnessKey { key_name: self.key_name.clone(), key: self.key.verifying_key() }
    }

    /// The signature line over the text of a checkpoint (not its signatures), as of `at`. Whether the
    /// checkpoint may be signed is for [`crate::witness`] to say.
    pub fn cosign(&self, text: &str, at: Timestamp) -> Result<String, LedgerError> {
        let seconds = u64::try_from(at.as_secs()).ok().filter(|s| *s > 0);
        let seconds = seconds.ok_or(LedgerError::OutOfRange)?;
        let signature = self.key.sign(message(text, seconds).as_bytes());
        Ok(self.key_name.line(&[&seconds.to_be_bytes()[..], &signature.to_bytes()].concat()))
    }
}

impl fmt::Debug for WitnessSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessSigner({})", self.key_name.name)
    }
}

fn message(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// A witness that is known. Text form (`vkey`): `name+id in hex+base64(0x04 || public key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    key_name: KeyName,
    key: VerifyingKey,
}

impl WitnessKey {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.key_name.name
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key_name.vkey(&self.key))
    }
}

impl FromStr for WitnessKey {
    type Err = LedgerError;
    fn from_str(s: &str) -> Result<Self, LedgerError> {
        read_vkey(s, COSIGNATURE).map(|(key_name, key)| Self { key_name, key })
    }
}

/// A witness's signature under a checkpoint, verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// When the witness signed, by its own clock.
    pub at: Timestamp,
    /// The whole line, with its line end.
    pub line: String,
}

/// What this witness signed under a checkpoint: its newest cosignature, `None` if there is none.
///
/// # Errors
/// [`LedgerError::BadSignature`] if a line bears its name and id and does not verify.
pub fn cosignature(signed: &str, witness: &WitnessKey) -> Result<Option<Cosignature>, LedgerError> {
    let (text, lines) = take_apart(signed).ok_or(LedgerError::BadNote)?;
    let mut newest: Option<Cosignature> = None;
    for line in lines.split_inclusive('\n') {
        let (name, id, bytes) =
            signature_line(line.trim_end_matches('\n')).ok_or(LedgerError::BadNote)?;
        if *name != *witness.key_name.name || id != witness.key_name.id {
            continue;
        }
        let at = verified(text, &bytes, &witness.key).ok_or(LedgerError::BadSignature)?;
        if newest.as_ref().is_none_or(|n| n.at < at) {
            newest = Some(Cosignature { at, line: line.to_owned() });
        }
    }
    Ok(newest)
}

/// The moment in a cosignature that verifies.
fn verified(text: &str, bytes: &[u8], key: &VerifyingKey) -> Option<Timestamp> {
    let (seconds, signature) = bytes.split_first_chunk::<8>()?;
    let seconds = u64::from_be_bytes(*seconds);
    let at = i64::try_from(seconds).ok().filter(|s| *s > 0)?;
    let signature = Signature::from_slice(signature).ok()?;
    key.verify_strict(message(text, seconds).as_bytes(), &signature).ok()?;
    Some(Timestamp::from_secs(at))
}

/// Whom somebody wants to have seen a checkpoint before they believe it: `quorum` of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WitnessPolicy {
    /// The witnesses; no two of one key.
    keys: Vec<WitnessKey>,
    quorum: usize,
}

impl WitnessPolicy {
    /// `quorum` of these witnesses.
    ///
    /// # Errors
    /// [`LedgerError::BadKey`] for a key given twice (it would count twice), and
    /// [`LedgerError::TooFewWitnesses`] for a quorum that so few can never reach.
    pub fn new(keys: Vec<WitnessKey>, quorum: usize) -> Result<Self, LedgerError> {
        let twice = |(i, k): (usize, &WitnessKey)| keys[..i].iter().any(|other| other.key == k.key);
        if keys.iter().enumerate().any(twice) {
            return Err(LedgerError::BadKey);
        }
        if quorum > keys.len() {
            Err(LedgerError::TooFewWitnesses)
        } else {
            Ok(Self { keys, quorum })
        }
    }

    /// The witnesses.
    pub fn keys(&self) -> &[WitnessKey] {
        &self.keys
    }

    /// How many of them are demanded.
    pub fn quorum(&self) -> usize {
        self.quorum
    }

    /// The cosignatures of those of them who signed.
    ///
    /// # Errors
    /// A line of one of them that does not verify; [`LedgerError::TooFewWitnesses`].
    pub fn check(&self, signed: &str) -> Result<Vec<Cosignature>, LedgerError> {
        let found = self.found(signed)?;
        if found.len() < self.quorum { Err(LedgerError::TooFewWitnesses) } else { Ok(found) }
    }

    /// The cosignatures of those of them who signed, however few.
    pub fn found(&self, signed: &str) -> Result<Vec<Cosignature>, LedgerError> {
        let each = self.keys.iter().map(|key| cosignature(signed, key));
        Ok(each.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Checkpoint, open_checkpoint, sign_checkpoint};
    use crate::hash::leaf_hash;
    use crate::note::{self, NoteSigner};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn log() -> NoteSigner {
        NoteSigner::from_seed("health.example/log", &[3; 32]).unwrap()
    }

    fn witness(n: u8) -> WitnessSigner {
        WitnessSigner::from_seed(&format!("paper{n}.example/witness"), &[n; 32]).unwrap()
    }

    fn signed() -> String {
        let origin = log().name().to_owned();
        sign_checkpoint(&Checkpoint { origin, size: 7, root: leaf_hash(b"") }, &log()).unwrap()
    }

    fn text() -> String {
        signed().split_once("\n\n").unwrap().0.to_owned() + "\n"
    }

    #[test]
    fn a_cosignature_is_the_witness_s_and_says_when() {
        let line = witness(9).cosign(&text(), at(1_679_315_147)).unwrap();
        assert!(line.starts_with("\u{2014} paper9.example/witness "));
        let note = signed() + &line;
        let found = cosignature(&note, &witness(9).verifier()).unwrap().unwrap();
        assert_eq!((found.at, found.line), (at(1_679_315_147), line));
        // Whoever knows the log only passes over it, whoever knows another witness finds nothing.
        assert_eq!(open_checkpoint(&note, &log().verifier()).unwrap().size, 7);
        assert_eq!(cosignature(&note, &witness(8).verifier()), Ok(None));
        // It is no signature of the ordinary kind, under the same name and key neither.
        let plain = NoteSigner::from_seed("paper9.example/witness", &[9; 32]).unwrap();
        assert_eq!(note::open(&note, &[plain.verifier()]), Err(LedgerError::BadSignature));
        let vkey = witness(9).verifier().to_string();
        assert_eq!(vkey.parse(), Ok(witness(9).verifier()));
        assert!(vkey.parse::<note::NoteVerifier>().is_err());
        assert!(plain.verifier().to_string().parse::<WitnessKey>().is_err());
    }

    #[test]
    fn another_time_text_or_key_under_a_known_name_is_refused() {
        let line = witness(9).cosign(&text(), at(1_679_315_147)).unwrap();
        let known = witness(9).verifier();
        let bad = Err(LedgerError::BadSignature);
        assert_eq!(cosignature(&(signed() + &line).replace("\n7\n", "\n8\n"), &known), bad);
        // The time is part of what is signed.
        let (_, _, bytes) = signature_line(line.trim_end()).unwrap();
        let mut later = bytes.clone();
        later[7] ^= 1;
        let forged = signed() + &known.key_name.line(&later);
        assert_eq!(cosignature(&forged, &known), bad);
        for cut in [0, 7, 8, 71] {
            let short = known.key_name.line(&bytes[..cut]);
            assert!(cosignature(&(signed() + &short), &known).is_err(), "{cut}");
        }
        assert!(witness(9).cosign(&text(), at(0)).is_err());
        // A plain signature of the same key does not pass as a cosignature.
        let plain = known.key_name.line(&witness(9).key.sign(text().as_bytes()).to_bytes());
        assert_eq!(cosignature(&(signed() + &plain), &known), bad);
    }

    #[test]
    fn a_quorum_counts_each_witness_once() {
        let keys = |of: &[u8]| of.iter().map(|n| witness(*n).verifier()).collect::<Vec<_>>();
        let line = |n: u8, s: i64| witness(n).cosign(&text(), at(s)).unwrap();
        let policy = WitnessPolicy::new(keys(&[1, 2, 3]), 2).unwrap();
        let twice = signed() + &line(1, 10) + &line(1, 20);
        assert_eq!(policy.check(&twice), Err(LedgerError::TooFewWitnesses));
        assert_eq!(policy.found(&twice).unwrap()[0].at, at(20));
        let strangers = signed() + &line(1, 10) + &line(7, 10) + &line(8, 10);
        assert_eq!(policy.check(&strangers), Err(LedgerError::TooFewWitnesses));
        let enough = signed() + &line(1, 10) + &line(3, 30);
        assert_eq!(policy.check(&enough).unwrap().len(), 2);
        assert_eq!(WitnessPolicy::default().check(&signed()), Ok(Vec::new()));
        assert_eq!(WitnessPolicy::new(keys(&[1]), 2), Err(LedgerError::TooFewWitnesses));
        // One key under two names would make two of one.
        let same = WitnessSigner::from_seed("other.example", &[1; 32]).unwrap().verifier();
        let both = [keys(&[1]), vec![same]].concat();
        assert_eq!(WitnessPolicy::new(both, 1), Err(LedgerError::BadKey));
    }
}

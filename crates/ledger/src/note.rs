//! Signed notes: a text and the signatures of keys that have a name
//! (<https://c2sp.org/signed-note>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::error::LedgerError;

/// The signature type of Ed25519.
const ED25519: u8 = 1;
/// The signature type of a witness's cosignature with Ed25519 ([`crate::cosign`]).
pub(crate) const COSIGNATURE: u8 = 4;
/// The longest note that is looked at. Sixteen post-quantum signatures take 80 kB.
const MAX_NOTE: usize = 1 << 20;
/// The most signatures that are looked at; the specification demands at least 16.
const MAX_SIGNATURES: usize = 64;

/// A key's name and id, as in a signature line, and what kind of signature it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyName {
    pub(crate) name: Box<str>,
    pub(crate) id: [u8; 4],
    kind: u8,
}

impl KeyName {
    /// `SHA-256(name || 0x0A || type || public key)[:4]`.
    pub(crate) fn new(name: &str, kind: u8, public_key: &[u8; 32]) -> Result<Self, LedgerError> {
        let control = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.contains(control) {
            return Err(LedgerError::BadKey);
        }
        let digest = Sha256::new()
            .chain_update(name)
            .chain_update([b'\n', kind])
            .chain_update(public_key)
            .finalize();
        let mut id = [0; 4];
        id.copy_from_slice(&digest[..4]);
        Ok(Self { name: name.into(), id, kind })
    }

    /// The text form of a key, `vkey`.
    pub(crate) fn vkey(&self, key: &VerifyingKey) -> String {
        let id = u32::from_be_bytes(self.id);
        let mut bytes = vec![self.kind];
        bytes.extend_from_slice(key.as_bytes());
        format!("{}+{id:08x}+{}", self.name, STANDARD.encode(bytes))
    }

    /// A signature line: `name base64(id || signature)`.
    pub(crate) fn line(&self, signature: &[u8]) -> String {
        let bytes = [self.id.as_slice(), signature].concat();
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(bytes))
    }
}

/// A key that may be relied on; one of small order fits several texts.
pub(crate) fn strong_key(public_key: &[u8; 32]) -> Result<VerifyingKey, LedgerError> {
    let key = VerifyingKey::from_bytes(public_key).map_err(|_| LedgerError::BadKey)?;
    if key.is_weak() { Err(LedgerError::BadKey) } else { Ok(key) }
}

/// Reads the text form of a key of this kind.
pub(crate) fn read_vkey(text: &str, kind: u8) -> Result<(KeyName, VerifyingKey), LedgerError> {
    let parse = || {
        // Base64 may hold a plus, the name and the id may not.
        let (name, rest) = text.split_once('+')?;
        let (_, key) = rest.split_once('+')?;
        let key = STANDARD.decode(key).ok()?;
        let key: &[u8; 32] = key.strip_prefix(&[kind])?.try_into().ok()?;
        Some((KeyName::new(name, kind, key).ok()?, strong_key(key).ok()?))
    };
    // Written again, so that a wrong id or a second spelling is noticed.
    parse().filter(|(name, key)| name.vkey(key) == text).ok_or(LedgerError::BadKey)
}

/// Signs notes.
pub struct NoteSigner {
    key_name: KeyName,
    key: SigningKey,
}

impl NoteSigner {
    /// From a name (for a log: its origin) and the 32 secret random bytes of RFC 8032. The key must
    /// not be used for anything else.
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, LedgerError> {
        let key = SigningKey::from_bytes(seed);
        Ok(Self { key_name: KeyName::new(name, ED25519, key.verifying_key().as_bytes())?, key })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.key_name.name
    }

    /// The same key under another name.
    pub fn named(&self, name: &str) -> Result<Self, LedgerError> {
        let key_name = KeyName::new(name, ED25519, self.key.verifying_key().as_bytes())?;
        Ok(Self { key_name, key: self.key.clone() })
    }

    /// The public part.
    pub fn verifier(&self) -> NoteVerifier {
        NoteVerifier { key_name: self.key_name.clone(), key: self.key.verifying_key() }
    }
}

impl std::fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NoteSigner({})", self.key_name.name)
    }
}

/// Verifies notes. Text form (`vkey`): `name+id in hex+base64(type || public key)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    key_name: KeyName,
    key: VerifyingKey,
}

impl NoteVerifier {
    /// From a name and an Ed25519 public key.
    pub fn new(name: &str, public_key: &[u8; 32]) -> Result<Self, LedgerError> {
        let key = strong_key(public_key)?;
        Ok(Self { key_name: KeyName::new(name, ED25519, public_key)?, key })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.key_name.name
    }

    /// Does this signature line bear its name and id?
    pub(crate) fn is_named_in(&self, line: &str) -> bool {
        signature_line(line.trim_end_matches('\n'))
            .is_some_and(|(name, id, _)| *name == *self.key_name.name && id == self.key_name.id)
    }

    /// The Ed25519 public key.
    pub fn public_key(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }
}

impl std::fmt::Display for NoteVerifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.key_name.vkey(&self.key))
    }
}

impl std::str::FromStr for NoteVerifier {
    type Err = LedgerError;
    fn from_str(s: &str) -> Result<Self, LedgerError> {
        read_vkey(s, ED25519).map(|(key_name, key)| Self { key_name, key })
    }
}

/// Sign a text. It must end in a line end and hold no other control character.
pub fn sign(text: &str, signers: &[&NoteSigner]) -> Result<String, LedgerError> {
    if !is_text(text) || signers.is_empty() {
        return Err(LedgerError::BadNote);
    }
    let line =
        |signer: &&NoteSigner| signer.key_name.line(&signer.key.sign(text.as_bytes()).to_bytes());
    let lines: String = signers.iter().map(line).collect();
    Ok(format!("{text}\n{lines}"))
}

/// The text of a note that at least one known key signed. Signatures of unknown keys are ignored;
/// one wrong signature of a known key refuses the note.
pub fn open<'n>(note: &'n str, known: &[NoteVerifier]) -> Result<&'n str, LedgerError> {
    let (text, lines) = take_apart(note).ok_or(LedgerError::BadNote)?;
    let mut signed = false;
    for line in lines.split_terminator('\n') {
        let (name, id, signature) = signature_line(line).ok_or(LedgerError::BadNote)?;
        let by = |v: &&NoteVerifier| *v.key_name.name == *name && v.key_name.id == id;
        for verifier in known.iter().filter(by) {
            let sig = Signature::from_slice(&signature).map_err(|_| LedgerError::BadSignature)?;
            let outcome = verifier.key.verify_strict(text.as_bytes(), &sig);
            outcome.map_err(|_| LedgerError::BadSignature)?;
            signed = true;
        }
    }
    if signed { Ok(text) } else { Err(LedgerError::BadSignature) }
}

/// Text with its last line end, and the signature lines.
pub(crate) fn take_apart(note: &str) -> Option<(&str, &str)> {
    if note.len() > MAX_NOTE {
        return None;
    }
    let (text, lines) = note.split_at(note.rfind("\n\n")? + 1);
    let lines = &lines[1..];
    let counted = (1..=MAX_SIGNATURES).contains(&lines.matches('\n').count());
    (counted && is_text(text) && is_text(lines)).then_some((text, lines))
}

fn is_text(text: &str) -> bool {
    text.ends_with('\n') && !text.contains(|c| c < ' ' && c != '\n')
}

pub(crate) fn signature_line(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, signature) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
        return None;
    }
    let bytes = STANDARD.decode(signature).ok()?;
    let (id, signature) = bytes.split_first_chunk()?;
    (!signature.is_empty()).then(|| (name, *id, signature.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of the Go implementation, golang.org/x/mod/sumdb/note.
    const SKEY: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                        then you don't know what your problem is.\n";
    const SIGNATURE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNI\
                             uGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    /// The example of <https://c2sp.org/signed-note>.
    const SPEC_VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const SPEC_NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo \
                             Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOB\
                             H3mFXmRKuwHjG1Yu72IneyaQM=\n";

    fn peter() -> NoteSigner {
        let key = STANDARD.decode(SKEY).unwrap();
        NoteSigner::from_seed("PeterNeumann", key[1..].try_into().unwrap()).unwrap()
    }

    #[test]
    fn notes_are_those_of_the_reference_implementation() {
        let note = sign(TEXT, &[&peter()]).unwrap();
        assert_eq!(note, format!("{TEXT}\n{SIGNATURE}"));
        assert_eq!(peter().verifier().to_string(), VKEY);
        assert_eq!(open(&note, &[VKEY.parse().unwrap()]), Ok(TEXT));
        let spec: NoteVerifier = SPEC_VKEY.parse().unwrap();
        assert_eq!(open(SPEC_NOTE, &[spec]), Ok("This is an example message.\n"));
    }

    #[test]
    fn unknown_keys_are_ignored_and_wrong_signatures_of_known_keys_are_not() {
        let other = NoteSigner::from_seed("example.invalid/witness", &[9; 32]).unwrap();
        let note = sign(TEXT, &[&other, &peter()]).unwrap();
        assert_eq!(open(&note, &[peter().verifier()]), Ok(TEXT));
        assert_eq!(open(&note, &[peter().verifier(), other.verifier()]), Ok(TEXT));
        let third = NoteSigner::from_seed("third", &[8; 32]).unwrap().verifier();
        assert_eq!(open(&note, &[third]), Err(LedgerError::BadSignature));
        // Another key under the same name is another key.
        let twin = NoteSigner::from_seed("PeterNeumann", &[8; 32]).unwrap().verifier();
        assert_eq!(open(&note, &[twin]), Err(LedgerError::BadSignature));
        let forged = note.replace("answer", "reason");
        assert_eq!(open(&forged, &[peter().verifier()]), Err(LedgerError::BadSignature));
        // A good signature of one known key does not make up for a bad one of another.
        let mixed = sign("other\n", &[&other]).unwrap();
        let mixed = format!("{TEXT}\n{}{SIGNATURE}", mixed.strip_prefix("other\n\n").unwrap());
        let known = [peter().verifier(), other.verifier()];
        assert_eq!(open(&mixed, &known), Err(LedgerError::BadSignature));
    }

    #[test]
    fn texts_that_are_no_notes_are_refused() {
        let good = format!("{TEXT}\n{SIGNATURE}");
        let known = [peter().verifier()];
        for (name, bad) in [
            ("nothing", String::new()),
            ("no signature", format!("{TEXT}\n")),
            ("no blank line", format!("{TEXT}{SIGNATURE}")),
            ("no last line end", good.trim_end().to_owned()),
            ("carriage return", good.replace('\n', "\r\n")),
            ("hyphen for dash", good.replace('\u{2014}', "-")),
            ("short signature", format!("{TEXT}\n\u{2014} PeterNeumann x08go/Y=\n")),
            ("no base64", good.replace("x08go", "!08go")),
            ("plus in the name", good.replace("\u{2014} Peter", "\u{2014} Pe+ter")),
            ("a line more", format!("{good}more\n")),
            ("many", format!("{TEXT}\n{}", SIGNATURE.repeat(65))),
        ] {
            assert!(open(&bad, &known).is_err(), "{name}");
        }
        for bad in ["no line end", "", "tab\t\n"] {
            assert_eq!(sign(bad, &[&peter()]), Err(LedgerError::BadNote), "{bad:?}");
        }
    }

    #[test]
    fn texts_that_are_no_keys_are_refused() {
        for bad in [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a3",
            &VKEY.replace("c74f20a3", "c74f20a4"),
            &VKEY.replace("c74f20a3", "C74F20A3"),
            &VKEY.replace("+ARpc", "+Ahpc"),
            &VKEY.replace("Peter", "Pe ter"),
            &format!("{VKEY} "),
        ] {
            assert!(bad.parse::<NoteVerifier>().is_err(), "{bad}");
        }
        assert!(NoteSigner::from_seed("a b", &[1; 32]).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,100}", tail in "(\n|\u{2014}| |[a-z+/=]){0,40}") {
            let note = format!("{text}\n\n{tail}");
            prop_assert!(open(&note, &[peter().verifier()]).is_err());
            let _ = text.parse::<NoteVerifier>();
        }
    }
}

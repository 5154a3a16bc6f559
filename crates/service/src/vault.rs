//! The vault: identity, encrypted per holder.
//!
//! Each holder has a random data key, wrapped by the key-encryption key that lives outside the
//! database. Fields are sealed with AES-256-GCM-SIV under the data key, with holder, column and
//! version as associated data: a ciphertext moved to another row does not open. Destroying the
//! wrapped key makes the fields unreadable for good.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Nonce};
use jadegate_domain::{Document, HolderId, PersonName, Phone, Timestamp};
use jadegate_store::{IndexKind, SealedField, VaultKey, Write};
use jiff::civil::Date;
use zeroize::Zeroizing;

use crate::clock::Entropy;
use crate::error::{Result, ServiceError};
use crate::keys::Keys;

/// Who a holder is. Lives in memory only inside a purpose-bound operation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// Name.
    pub name: PersonName,
    /// Document; `None`: it was given to its owner by two agencies.
    pub document: Option<Document>,
    /// Nationality, ISO 3166-1 alpha-2.
    pub nationality: String,
    /// Phone they sign in with; `None`: somebody registered at a counter who has none.
    pub phone: Option<Phone>,
    /// Language of messages: `zh` or `en`.
    pub language: String,
    /// Day of birth, where a guardian stated it or a document says it; it tells a child.
    #[serde(default, with = "day_text")]
    pub born: Option<Date>,
}

impl Identity {
    /// The day of birth: what the document says of it, or else what was stated.
    pub(crate) fn born_on(&self) -> Option<Date> {
        self.document.as_ref().and_then(Document::birth_date).or(self.born)
    }
}

/// A day as its ISO text.
mod day_text {
    use jiff::civil::Date;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(super) fn serialize<S: Serializer>(
        day: &Option<Date>,
        s: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        day.map(|d| d.to_string()).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> std::result::Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|t| t.parse().map_err(serde::de::Error::custom)).transpose()
    }
}

const NONCE: usize = 12;

fn seal(key: &[u8; 32], aad: &[u8], plain: &[u8], rng: &dyn Entropy) -> Result<Vec<u8>> {
    let cipher = Aes256GcmSiv::new(key.into());
    let nonce: [u8; NONCE] = rng.bytes();
    let sealed = cipher
        .encrypt(&Nonce::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| ServiceError::internal("sealing failed"))?;
    Ok([&nonce[..], &sealed].concat())
}

fn unseal(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
    let broken = || ServiceError::internal("a sealed value does not open: wrong key or moved row");
    let (nonce, body) = sealed.split_at_checked(NONCE).ok_or_else(broken)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| broken())?;
    Aes256GcmSiv::new(key.into())
        .decrypt(&Nonce::from(nonce), Payload { msg: body, aad })
        .map(Zeroizing::new)
        .map_err(|_| broken())
}

fn field_aad(holder: HolderId, column: &str, version: i64) -> Vec<u8> {
    format!("field/{holder}/{column}/{version}").into_bytes()
}

impl Keys {
    /// Seals something that lives for minutes (a waiting registration, a message).
    pub(crate) fn seal_envelope(
        &self,
        what: &str,
        plain: &[u8],
        rng: &dyn Entropy,
    ) -> Result<Vec<u8>> {
        seal(self.envelope(), what.as_bytes(), plain, rng)
    }

    /// Opens what [`Keys::seal_envelope`] sealed for the same `what`.
    pub(crate) fn open_envelope(&self, what: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        unseal(self.envelope(), what.as_bytes(), sealed)
    }

    /// Blind index of a document.
    pub(crate) fn document_index(&self, d: &Document) -> [u8; 16] {
        self.blind("document", &format!("{}/{}/{}", d.doc_type(), d.country(), d.reveal()))
    }

    /// Blind index of a phone.
    pub(crate) fn phone_index(&self, p: &Phone) -> [u8; 16] {
        self.blind("phone", p.reveal())
    }

    /// All writes that put a new holder's identity into the vault.
    pub(crate) fn store_identity(
        &self,
        holder: HolderId,
        who: &Identity,
        at: Timestamp,
        rng: &dyn Entropy,
    ) -> Result<Vec<Write>> {
        let data_key = Zeroizing::new(rng.bytes::<32>());
        let wrapped = seal(self.kek(), format!("key/{holder}").as_bytes(), data_key.as_ref(), rng)?;
        let key = VaultKey { holder, wrapped, kek: self.fingerprint().to_owned() };
        let mut writes = vec![Write::AddVaultKey(key)];
        writes.extend(who.phone.as_ref().map(|phone| Write::AddIndex {
            kind: IndexKind::Phone,
            digest: self.phone_index(phone),
            holder,
        }));
        writes.extend(self.seal_identity(holder, &data_key, 1, who, at, rng)?);
        Ok(writes)
    }

    /// All writes that give a holder who has no document one, with the name on it; `fields` is what
    /// the vault holds of them.
    pub(crate) fn restore_document(
        &self,
        key: &VaultKey,
        fields: &[SealedField],
        who: &Identity,
        at: Timestamp,
        rng: &dyn Entropy,
    ) -> Result<Vec<Write>> {
        let version = fields.iter().map(|f| f.version).max().unwrap_or(0) + 1;
        let data_key = self.data_key(key)?;
        self.seal_identity(key.holder, &data_key, version, who, at, rng)
    }

    /// The document's index entry and every field, sealed.
    fn seal_identity(
        &self,
        holder: HolderId,
        data_key: &[u8; 32],
        version: i64,
        who: &Identity,
        at: Timestamp,
        rng: &dyn Entropy,
    ) -> Result<Vec<Write>> {
        let document = who.document.as_ref();
        let document = document.ok_or_else(|| ServiceError::internal("no document to register"))?;
        let digest = self.document_index(document);
        let document = serde_json::to_vec(document).map_err(ServiceError::internal)?;
        let born = who.born.map(|d| d.to_string());
        let mut fields: Vec<(&str, &[u8])> = vec![
            ("name", who.name.reveal().as_bytes()),
            ("document", &document),
            ("nationality", who.nationality.as_bytes()),
            ("language", who.language.as_bytes()),
        ];
        fields.extend(who.phone.as_ref().map(|p| ("phone", p.reveal().as_bytes())));
        fields.extend(born.as_deref().map(|b| ("born", b.as_bytes())));
        let mut writes = vec![Write::AddIndex { kind: IndexKind::Document, digest, holder }];
        for (column, plain) in fields {
            writes.push(Write::AddSealedField(SealedField {
                holder,
                column: column.to_owned(),
                version,
                sealed: seal(data_key, &field_aad(holder, column, version), plain, rng)?,
                recorded_at: at,
            }));
        }
        Ok(writes)
    }

    /// The next version of one field.
    pub(crate) fn replace_field(
        &self,
        key: &VaultKey,
        fields: &[SealedField],
        (column, plain): (&str, &[u8]),
        at: Timestamp,
        rng: &dyn Entropy,
    ) -> Result<Write> {
        let version = fields.iter().map(|f| f.version).max().unwrap_or(0) + 1;
        let (holder, data_key) = (key.holder, self.data_key(key)?);
        let sealed = seal(&data_key, &field_aad(holder, column, version), plain, rng)?;
        let column = column.to_owned();
        Ok(Write::AddSealedField(SealedField { holder, column, version, sealed, recorded_at: at }))
    }

    /// Seals something under a holder's own key, so that it goes when they are shredded.
    pub(crate) fn seal_for(
        &self,
        key: &VaultKey,
        what: &str,
        plain: &[u8],
        rng: &dyn Entropy,
    ) -> Result<Vec<u8>> {
        seal(&*self.data_key(key)?, format!("{what}/{}", key.holder).as_bytes(), plain, rng)
    }

    /// Opens what [`Keys::seal_for`] sealed for the same holder and `what`.
    pub(crate) fn open_for(
        &self,
        key: &VaultKey,
        what: &str,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>> {
        unseal(&*self.data_key(key)?, format!("{what}/{}", key.holder).as_bytes(), sealed)
    }

    fn data_key(&self, key: &VaultKey) -> Result<Zeroizing<[u8; 32]>> {
        let plain = unseal(self.kek(), format!("key/{}", key.holder).as_bytes(), &key.wrapped)?;
        let plain: [u8; 32] = plain
            .as_slice()
            .try_into()
            .map_err(|_| ServiceError::internal("a wrapped key has the wrong length"))?;
        Ok(Zeroizing::new(plain))
    }

    /// Opens a holder's identity from what the store holds; `None` after shredding.
    pub(crate) fn open_identity(
        &self,
        key: Option<VaultKey>,
        fields: &[SealedField],
    ) -> Result<Option<Identity>> {
        let Some(key) = key else { return Ok(None) };
        let data_key = self.data_key(&key)?;
        let text = |column: &str| -> Result<Zeroizing<String>> {
            let f = fields.iter().find(|f| f.column == column).ok_or_else(|| {
                ServiceError::internal(format!("vault field {column} is missing"))
            })?;
            let plain = unseal(&data_key, &field_aad(f.holder, column, f.version), &f.sealed)?;
            String::from_utf8(plain.to_vec())
                .map(Zeroizing::new)
                .map_err(|_| ServiceError::internal("vault field is not text"))
        };
        let broken = |_| ServiceError::internal("vault field is not what it should be");
        Ok(Some(Identity {
            name: PersonName::new(&text("name")?)
                .map_err(|_| ServiceError::internal("vault field is not what it should be"))?,
            document: if fields.iter().any(|f| f.column == "document") {
                Some(serde_json::from_str(&text("document")?).map_err(broken)?)
            } else {
                None
            },
            nationality: text("nationality")?.to_string(),
            phone: if fields.iter().any(|f| f.column == "phone") {
                Some(
                    Phone::new(&text("phone")?).map_err(|_| {
                        ServiceError::internal("vault field is not what it should be")
                    })?,
                )
            } else {
                None
            },
            language: text("language")?.to_string(),
            born: if fields.iter().any(|f| f.column == "born") {
                Some(
                    text("born")?.parse().map_err(|_| {
                        ServiceError::internal("vault field is not what it should be")
                    })?,
                )
            } else {
                None
            },
        }))
    }
}

/// A document number with all but its last two characters hidden; the length is not told.
pub(crate) fn mask_number(number: &str) -> String {
    let tail: String = number.chars().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
    format!("******{tail}")
}

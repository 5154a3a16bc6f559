//! What a holder's code rests on in the store, as bytes to be compared and nothing else.

use jadegate_domain::Holder;

use crate::error::StoreError;
use crate::rows::{SealedField, Session, StoredAssessment, VaultKey};

type Result<T> = std::result::Result<T, StoreError>;

/// Values one after the other, each told from every other: equal bytes, equal values.
#[derive(Debug, Default)]
pub struct Contents(Vec<u8>);

impl Contents {
    /// Nothing yet, with room for what most people have.
    pub fn new() -> Self {
        Self(Vec::with_capacity(1024))
    }

    /// There is no value.
    pub fn nothing(&mut self) {
        self.0.push(0);
    }

    /// A number.
    pub fn number(&mut self, n: i64) {
        self.0.push(1);
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    /// A text, or bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.push(2);
        self.0.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        self.0.extend_from_slice(bytes);
    }

    /// All of them.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn of<T: serde::Serialize>(&mut self, value: &T) -> Result<()> {
        let bytes =
            serde_json::to_vec(value).map_err(|e| StoreError::Unavailable(e.to_string()))?;
        self.bytes(&bytes);
        Ok(())
    }
}

/// What a code rests on, as the port's other methods read it.
pub(crate) struct Parts {
    pub(crate) session: Session,
    pub(crate) holder: Option<Holder>,
    pub(crate) key: Option<VaultKey>,
    pub(crate) fields: Vec<SealedField>,
    pub(crate) assessment: Option<StoredAssessment>,
}

impl Parts {
    /// All of it. Of the vault more than a code needs.
    pub(crate) fn contents(self) -> Result<Vec<u8>> {
        let mut all = Contents::new();
        all.number(self.session.expires_at.as_secs());
        all.number(self.session.seen_day);
        match self.holder {
            None => all.nothing(),
            Some(holder) => {
                all.number(holder.id.as_i64());
                all.bytes(holder.home.as_str().as_bytes());
                all.number(holder.evidence_version);
            }
        }
        match self.key {
            None => all.nothing(),
            Some(key) => {
                all.bytes(&key.wrapped);
                all.bytes(key.kek.as_bytes());
            }
        }
        for field in self.fields {
            all.bytes(field.column.as_bytes());
            all.number(field.version);
            all.bytes(&field.sealed);
        }
        match self.assessment {
            None => all.nothing(),
            Some(stored) => {
                all.number(stored.evidence_version);
                all.number(stored.regions_version);
                all.of(&stored.assessment)?;
            }
        }
        Ok(all.into_bytes())
    }
}

//! Whom to believe: keys by the names that certificates call them, and what was taken back.

use std::collections::{HashMap, HashSet};

use jadegate_domain::Timestamp;

use crate::crypto::PublicKey;
use crate::x509::{Uses, X509};

/// A key of an issuer.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    pub(crate) key: PublicKey,
    pub(crate) country: Option<String>,
    /// When it may sign and what it signed is believed.
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) uses: Uses,
}

impl Signer {
    /// Is it valid at this moment?
    pub(crate) fn is_valid(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at <= until)
    }

    pub(crate) fn of(certificate: &X509) -> Option<Self> {
        Some(Self {
            key: certificate.key.clone()?,
            country: certificate.country.clone(),
            from: Some(certificate.from),
            until: Some(certificate.until),
            uses: certificate.uses,
        })
    }
}

/// Health cards of one key that were taken back.
#[derive(Clone, Debug, Default)]
pub(crate) struct CardsRevoked {
    /// By their `rid`: all of them (`None`), or those issued before a moment.
    pub(crate) rids: HashMap<String, Option<f64>>,
}

/// Who is trusted, and what they took back. Empty at first: then every certificate is of an unknown issuer.
///
/// It is made of files ([`Trust::add`]); it fetches nothing.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// EU and WHO, by the name of the key.
    pub(crate) coded: HashMap<Vec<u8>, Vec<Signer>>,
    /// SMART Health Cards, by the issuer's address and the name of the key.
    pub(crate) cards: HashMap<(String, String), Signer>,
    /// By the address of a key in a DID document, `did:web:…#key`.
    pub(crate) dids: HashMap<String, Signer>,
    /// Country signing authorities.
    pub(crate) authorities: Vec<X509>,
    /// Signers of seals that are trusted by themselves, by SHA-256 of their certificate.
    pub(crate) seals: HashSet<[u8; 32]>,
    /// First 16 bytes of SHA-256 of what identifies an EU certificate.
    pub(crate) revoked: HashSet<[u8; 16]>,
    pub(crate) cards_revoked: HashMap<(String, String), CardsRevoked>,
}

impl Trust {
    /// How many keys are trusted.
    pub fn keys(&self) -> usize {
        self.coded.values().map(Vec::len).sum::<usize>()
            + self.cards.len()
            + self.dids.len()
            + self.authorities.len()
            + self.seals.len()
    }

    /// How many revocations are known.
    pub fn revocations(&self) -> usize {
        self.revoked.len() + self.cards_revoked.values().map(|c| c.rids.len()).sum::<usize>()
    }

    /// Did the issuer take back this card, issued at this moment?
    pub(crate) fn card_revoked(&self, key: &(String, String), rid: &str, issued: f64) -> bool {
        let Some(revoked) = self.cards_revoked.get(key) else { return false };
        match revoked.rids.get(rid) {
            None => false,
            Some(None) => true,
            Some(Some(before)) => issued < *before,
        }
    }

    /// Puts an authority on the list, or a signer of seals or certificates under the name that the EU would give it.
    /// `None` if its key is of a kind that is not known here.
    pub(crate) fn add_certificate(&mut self, certificate: X509) -> Option<()> {
        if certificate.is_authority {
            certificate.key.as_ref()?;
            self.authorities.push(certificate);
            return Some(());
        }
        if certificate.signs_seals {
            self.seals.insert(certificate.fingerprint);
        }
        self.add_signer(&certificate, certificate.kid())
    }

    /// Puts the signer of EU and WHO certificates on the list, under this name. A state may use the key of an
    /// authority for it.
    pub(crate) fn add_signer(&mut self, certificate: &X509, kid: Vec<u8>) -> Option<()> {
        let signer = Signer::of(certificate)?;
        self.coded.entry(kid).or_default().push(signer);
        Some(())
    }
}

//! The files that a [`Trust`] is made of, in the forms in which issuers publish them.

use std::collections::{BTreeMap, HashMap, HashSet};

use jadegate_domain::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::bytes::{base64_any, base64url, to_base64url};
use crate::crypto::{Curve, PublicKey};
use crate::trust::{CardsRevoked, Signer, Trust};
use crate::x509::{Uses, X509};

/// Why a file of trusted keys is refused, as a whole: half of a list is a list that nobody made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct BadTrust {
    /// What is wrong, and where.
    what: String,
}

impl BadTrust {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

const NOT_X509: &str = "not an X.509 certificate";
const NOT_A_KEY: &str = "its key is of a kind that is not read (P-256, P-384, P-521, RSA of 2048 to 4096 bits, Ed25519)";

type Done = Result<(), BadTrust>;

impl Trust {
    /// Adds what a file says. It is told by what is in it:
    ///
    /// - PEM certificates: document signers of the EU and of seals, and country signing authorities;
    /// - `{"certificates": [{"rawData": …, "kid": …, "country": …}]}`, the EU's document signers as member states
    ///   publish them; `from` and `until` (RFC 3339) narrow a key's validity;
    /// - `{"iss": …, "keys": […], "crls": […]}`, an issuer of SMART Health Cards: its `jwks.json` with its address,
    ///   and its revocation lists;
    /// - `{"issuerInfo": [{"issuer": {"iss": …}, "keys": […], "crls": […]}]}`, a directory of such issuers;
    /// - a DID document;
    /// - `{"hashType": …, "entries": [{"hash": …}]}`, a batch of the EU's revocations;
    /// - `{"kid": …, "method": "rid", …}` cannot stand alone: it does not say whose it is;
    /// - an array of any of these.
    ///
    /// A file with anything in it that is not understood is refused and changes nothing.
    pub fn add(&mut self, file: &[u8]) -> Done {
        let mut changed = self.clone();
        changed.take(file)?;
        *self = changed;
        Ok(())
    }

    fn take(&mut self, file: &[u8]) -> Done {
        let text = str::from_utf8(file).map_err(|_| BadTrust::new("the file is not text"))?;
        if text.contains("-----BEGIN ") {
            return self.pem(text);
        }
        let json: Value = serde_json::from_str(text)
            .map_err(|e| BadTrust::new(format!("neither PEM nor JSON: {e}")))?;
        self.json(&json)
    }

    fn pem(&mut self, text: &str) -> Done {
        if text.contains("PRIVATE KEY") {
            return Err(BadTrust::new("the file holds a private key; it is never needed here"));
        }
        let all = X509::read_pem(text).filter(|all| !all.is_empty());
        let all =
            all.ok_or_else(|| BadTrust::new("no certificate in the file, or a damaged one"))?;
        for (i, der) in all.iter().enumerate() {
            let at = |what: &str| BadTrust::new(format!("certificate {}: {what}", i + 1));
            let certificate = X509::read(der).ok_or_else(|| at(NOT_X509))?;
            self.add_certificate(certificate).ok_or_else(|| at(NOT_A_KEY))?;
        }
        Ok(())
    }

    fn listed(&mut self, list: List) -> Done {
        for (i, listed) in list.certificates.into_iter().enumerate() {
            let at = |what: &str| BadTrust::new(format!("certificate {}: {what}", i + 1));
            let der = base64_any(&listed.raw_data).ok_or_else(|| at("rawData is not base64"))?;
            let mut certificate = X509::read(&der).ok_or_else(|| at(NOT_X509))?;
            certificate.from = listed.from.map_or(certificate.from, |t| t.max(certificate.from));
            certificate.until =
                listed.until.map_or(certificate.until, |t| t.min(certificate.until));
            certificate.country = listed.country.or(certificate.country);
            let kid = match &listed.kid {
                Some(kid) => base64_any(kid).ok_or_else(|| at("the kid is not base64"))?,
                None => certificate.kid(),
            };
            self.add_signer(&certificate, kid).ok_or_else(|| at(NOT_A_KEY))?;
        }
        Ok(())
    }

    fn json(&mut self, json: &Value) -> Done {
        let has = |key: &str| json.get(key).is_some();
        match json {
            Value::Array(all) => all.iter().try_for_each(|part| self.json(part)),
            _ if has("certificates") => self.listed(read(json)?),
            _ if has("issuerInfo") => self.directory(read(json)?),
            _ if has("verificationMethod") => self.did(read(json)?),
            _ if has("entries") && has("hashType") => self.batch(&read(json)?),
            _ if has("iss") => self.issuer(read(json)?),
            _ if has("keys") => Err(BadTrust::new(
                "a key set that does not say whose it is; put \"iss\" with the issuer's address beside \"keys\"",
            )),
            _ => Err(BadTrust::new("not a list of keys in any form that is read")),
        }
    }

    fn directory(&mut self, directory: Directory) -> Done {
        directory.issuer_info.into_iter().try_for_each(|entry| {
            self.issuer(Issuer { iss: entry.issuer.iss, keys: entry.keys, crls: entry.crls })
        })
    }

    fn issuer(&mut self, issuer: Issuer) -> Done {
        let Issuer { iss, keys, crls } = issuer;
        let at = |e: BadTrust| BadTrust::new(format!("{iss}: {e}"));
        if !iss.starts_with("https://") || iss.ends_with('/') {
            return Err(at(BadTrust::new(
                "an issuer's address begins with https:// and does not end with a slash",
            )));
        }
        let mut versions = HashMap::new();
        for key in keys {
            versions.insert(key.kid.clone(), key.crl_version);
            let (kid, signer) = key.card_signer(&iss).map_err(at)?;
            if self.cards.insert((iss.clone(), kid), signer).is_some() {
                return Err(at(BadTrust::new("the same key twice")));
            }
        }
        for crl in crls {
            let version = versions.get(&Some(crl.kid.clone())).copied().flatten();
            let (kid, revoked) = crl.read(version).map_err(at)?;
            self.cards_revoked.insert((iss.clone(), kid), revoked);
        }
        Ok(())
    }

    fn did(&mut self, document: Did) -> Done {
        let stands_for = |id: &str| document.assertion_method.iter().any(|a| a == id);
        for method in document.verification_method {
            let at = |what: &str| BadTrust::new(format!("{}: {what}", method.id));
            let own = method.controller == document.id
                && method.id.strip_prefix(&document.id).is_some_and(|rest| rest.starts_with('#'));
            if !own {
                return Err(at("the key is not the document's own"));
            }
            if !stands_for(&method.id) {
                continue;
            }
            let key = method.public_key_jwk.public_key().ok_or_else(|| at("not a key on P-256"))?;
            self.dids.insert(
                method.id.clone(),
                Signer { key, country: None, from: None, until: None, uses: Uses::ALL },
            );
        }
        Ok(())
    }

    fn batch(&mut self, batch: &Batch) -> Done {
        if !["SIGNATURE", "UCI", "COUNTRYCODEUCI"].contains(&batch.hash_type.as_str()) {
            return Err(BadTrust::new(format!("there is no hashType {}", batch.hash_type)));
        }
        for entry in &batch.entries {
            let hash = base64_any(&entry.hash).and_then(|h| <[u8; 16]>::try_from(h).ok());
            self.revoked
                .insert(hash.ok_or_else(|| BadTrust::new("a hash is not 16 bytes in base64"))?);
        }
        Ok(())
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a Value) -> Result<T, BadTrust> {
    T::deserialize(json).map_err(|e| BadTrust::new(e.to_string()))
}

#[derive(Deserialize)]
struct List {
    certificates: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    raw_data: String,
    kid: Option<String>,
    country: Option<String>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directory {
    issuer_info: Vec<DirectoryEntry>,
}

#[derive(Deserialize)]
struct DirectoryEntry {
    issuer: Named,
    #[serde(default)]
    keys: Vec<Jwk>,
    #[serde(default)]
    crls: Vec<Crl>,
}

#[derive(Deserialize)]
struct Named {
    iss: String,
}

#[derive(Deserialize)]
struct Issuer {
    iss: String,
    keys: Vec<Jwk>,
    #[serde(default)]
    crls: Vec<Crl>,
}

/// A key of JOSE (RFC 7517).
#[derive(Deserialize)]
struct Jwk {
    kty: Option<String>,
    kid: Option<String>,
    #[serde(rename = "use")]
    key_use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    d: Option<serde::de::IgnoredAny>,
    x5c: Option<Vec<String>>,
    #[serde(rename = "crlVersion")]
    crl_version: Option<u64>,
}

impl Jwk {
    fn public_key(&self) -> Option<PublicKey> {
        let is_p256 = self.kty.as_deref() == Some("EC") && self.crv.as_deref() == Some("P-256");
        let (x, y) = (base64url(self.x.as_deref()?)?, base64url(self.y.as_deref()?)?);
        is_p256.then(|| PublicKey::from_xy(Curve::P256, &x, &y))?
    }

    /// RFC 7638.
    fn thumbprint(&self) -> String {
        let of = |part: &Option<String>| part.clone().unwrap_or_default();
        let members: BTreeMap<&str, String> = [
            ("crv", of(&self.crv)),
            ("kty", of(&self.kty)),
            ("x", of(&self.x)),
            ("y", of(&self.y)),
        ]
        .into();
        to_base64url(&Sha256::digest(serde_json::to_vec(&members).unwrap_or_default()))
    }

    /// As the key of an issuer of health cards, with everything their specification asks of it.
    fn card_signer(self, iss: &str) -> Result<(String, Signer), BadTrust> {
        let kid = self.kid.clone().unwrap_or_default();
        let wrong = |what: &str| BadTrust::new(format!("key {kid}: {what}"));
        if self.d.is_some() {
            return Err(wrong("the private key is in the file; it has to be revoked"));
        }
        let key = self.public_key().ok_or_else(|| wrong("not a key on P-256"))?;
        if self.key_use.as_deref() != Some("sig") || self.alg.as_deref() != Some("ES256") {
            return Err(wrong("its use is not sig, or its alg not ES256"));
        }
        if kid != self.thumbprint() {
            return Err(wrong("its kid is not the thumbprint of the key"));
        }
        let mut signer = Signer { key, country: None, from: None, until: None, uses: Uses::ALL };
        if let Some(chain) = &self.x5c {
            let first = self.chain(chain, iss).map_err(wrong)?;
            (signer.from, signer.until) = (Some(first.from), Some(first.until));
            signer.country = first.country;
        }
        Ok((kid, signer))
    }

    /// The certificates beside a key: the first is the key's and names the issuer, each is signed by the next.
    fn chain(&self, chain: &[String], iss: &str) -> Result<X509, &'static str> {
        let read = |text: &String| base64_any(text).and_then(|der| X509::read(&der));
        let chain: Option<Vec<X509>> = chain.iter().take(8).map(read).collect();
        let chain = chain.ok_or("x5c holds something that is no certificate")?;
        let first = chain.first().ok_or("x5c is empty")?;
        if !self.is_key_of(first) {
            return Err("the first certificate of x5c is of another key");
        }
        if !first.addresses.iter().any(|address| address == iss) {
            return Err("the first certificate of x5c does not name the issuer");
        }
        if !chain.windows(2).all(|pair| pair[0].is_signed_by(&pair[1])) {
            return Err("a certificate of x5c is not signed by the next");
        }
        Ok(first.clone())
    }

    fn is_key_of(&self, certificate: &X509) -> bool {
        let (Some(PublicKey::P256(own)), Some(PublicKey::P256(its))) =
            (self.public_key(), &certificate.key)
        else {
            return false;
        };
        own.plain() == its.plain()
    }
}

/// A list of revoked health cards of one key.
#[derive(Deserialize)]
struct Crl {
    kid: String,
    method: String,
    ctr: u64,
    rids: Vec<String>,
}

impl Crl {
    fn read(self, version: Option<u64>) -> Result<(String, CardsRevoked), BadTrust> {
        let wrong = |what: &str| BadTrust::new(format!("revocations of key {}: {what}", self.kid));
        if self.method != "rid" {
            return Err(wrong("the method is not rid"));
        }
        if version.is_some_and(|version| version != self.ctr) {
            return Err(wrong(
                "the counter is not the key's crlVersion: the list or the key is old",
            ));
        }
        let mut revoked = CardsRevoked::default();
        let mut seen = HashSet::new();
        for written in &self.rids {
            let (rid, before) =
                rid_and_moment(written).ok_or_else(|| wrong("a rid is not as it should be"))?;
            if !seen.insert(written) {
                return Err(wrong("the same rid twice"));
            }
            // Of several moments the last one counts; without a moment, all of them.
            let known = revoked.rids.get(&rid).copied();
            let later = match (known, before) {
                (None, before) => before,
                (Some(Some(known)), Some(before)) => Some(f64::max(known, before)),
                _ => None,
            };
            revoked.rids.insert(rid, later);
        }
        Ok((self.kid, revoked))
    }
}

/// `rid` or `rid.moment`.
fn rid_and_moment(written: &str) -> Option<(String, Option<f64>)> {
    let (rid, before) = match written.split_once('.') {
        None => (written, None),
        Some((rid, before)) => {
            let digits =
                !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            (rid, Some(digits.then(|| before.parse().ok())??))
        }
    };
    is_rid(rid).then(|| (rid.to_owned(), before))
}

/// At most 24 letters of base64url.
pub(crate) fn is_rid(rid: &str) -> bool {
    (1..=24).contains(&rid.len())
        && rid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Did {
    id: String,
    verification_method: Vec<DidKey>,
    assertion_method: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DidKey {
    id: String,
    controller: String,
    public_key_jwk: Jwk,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Batch {
    hash_type: String,
    entries: Vec<BatchEntry>,
}

#[derive(Deserialize)]
struct BatchEntry {
    hash: String,
}

//! SMART Health Cards: digits in one QR code or several, a JWS, raw DEFLATE, claims around a FHIR bundle.

use jadegate_domain::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::bytes::{Unpack, base64url, from_digits, inflate, to_base64url};
use crate::crypto::{Algorithm, Hash};
use crate::dates;
use crate::fault::{Fault, content, judge_time};
use crate::fhir;
use crate::reading::{Certificate, Format, Reading, Reason};
use crate::trust::Trust;
use crate::trust_files::is_rid;

/// The card of a QR code, or of the parts in several, as they were scanned: what follows `shc:/` in each.
pub(crate) fn read_codes(codes: &[&str], trust: &Trust, at: Timestamp) -> Reading {
    match joined(codes) {
        Ok(jws) => read(&jws, trust, at),
        Err(Fault(reason, part)) => Reading::failed(Some(Format::SmartHealthCard), reason, part),
    }
}

/// Which part of how many a code is, and its digits.
fn part(code: &str) -> Option<(usize, usize, &str)> {
    let mut parts = code.split('/');
    let split = (parts.next()?, parts.next(), parts.next(), parts.next());
    match split {
        (digits, None, ..) => Some((1, 1, digits)),
        (index, Some(count), Some(digits), None) => {
            let (index, count) = (index.parse().ok()?, count.parse().ok()?);
            (1..=count).contains(&index).then_some((index, count, digits))
        }
        _ => None,
    }
}

fn joined(codes: &[&str]) -> Result<String, Fault> {
    let mut found: Vec<Option<String>> = Vec::new();
    for code in codes {
        let (index, count, digits) = part(code).ok_or(Fault(Reason::Text, "number of the part"))?;
        if count > 100 || (!found.is_empty() && found.len() != count) {
            return Err(Fault(Reason::Text, "number of parts"));
        }
        found.resize(count, None);
        let letters = from_digits(digits).ok_or(Fault(Reason::Text, "digits"))?;
        let place = &mut found[index - 1];
        if place.as_ref().is_some_and(|earlier| *earlier != letters) {
            return Err(Fault(Reason::Text, "a part of another card"));
        }
        *place = Some(letters);
    }
    let whole: Option<String> = found.into_iter().collect();
    whole.ok_or(Fault(Reason::Incomplete, "parts"))
}

/// A card as JWS (RFC 7515).
pub(crate) fn read(jws: &str, trust: &Trust, at: Timestamp) -> Reading {
    let mut reading = Reading::of(Some(Format::SmartHealthCard));
    match Card::open(jws).and_then(|card| {
        card.judge_signature(&mut reading, trust, at);
        card.judge_revocation(&mut reading, trust);
        card.certificate()
    }) {
        Err(Fault(reason, part)) => reading.add(reason, part),
        Ok(certificate) => {
            judge_time(&mut reading, &certificate, at);
            reading.certificate = Some(certificate);
        }
    }
    reading
}

struct Card<'a> {
    kid: String,
    /// Header and payload as they are signed.
    signed: &'a str,
    signature: Vec<u8>,
    claims: Value,
}

impl<'a> Card<'a> {
    fn open(jws: &'a str) -> Result<Self, Fault> {
        let (signed, signature) = jws.rsplit_once('.').ok_or(Fault(Reason::Structure, "JWS"))?;
        let (header, payload) = signed.split_once('.').ok_or(Fault(Reason::Structure, "JWS"))?;
        let bytes = |text| base64url(text).ok_or(Fault(Reason::Text, "base64url"));
        let kid = header_kid(&bytes(header)?)?;
        let payload = inflate(&bytes(payload)?, false).map_err(|e| match e {
            Unpack::Broken => Fault(Reason::Compression, "DEFLATE"),
            Unpack::TooLarge => Fault(Reason::TooLarge, "DEFLATE"),
        })?;
        let claims =
            serde_json::from_slice(&payload).map_err(|_| Fault(Reason::Structure, "JSON"))?;
        Ok(Self { kid, signed, signature: bytes(signature)?, claims })
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.claims.get(key)?.as_str()
    }

    /// Under which name the key is looked for.
    fn key(&self) -> (String, String) {
        (self.text("iss").unwrap_or_default().to_owned(), self.kid.clone())
    }

    fn judge_signature(&self, reading: &mut Reading, trust: &Trust, at: Timestamp) {
        const ES256: Algorithm = Algorithm::Ecdsa(Hash::Sha256);
        let Some(signer) = trust.cards.get(&self.key()) else {
            reading.add(Reason::UnknownIssuer, "iss, kid");
            return;
        };
        if !signer.key.verifies(ES256, self.signed.as_bytes(), &self.signature) {
            reading.add(Reason::BadSignature, "JWS");
        } else if !signer.is_valid(at) {
            reading.add(Reason::KeyNotValid, "x5c");
        }
    }

    fn judge_revocation(&self, reading: &mut Reading, trust: &Trust) {
        let Some(rid) = self.claims.pointer("/vc/rid") else { return };
        let Some(rid) = rid.as_str().filter(|rid| is_rid(rid)) else {
            reading.add(Reason::Content, "rid");
            return;
        };
        let issued = self.claims.get("nbf").and_then(Value::as_f64).unwrap_or_default();
        if trust.card_revoked(&self.key(), rid, issued) {
            reading.add(Reason::Revoked, "rid");
        }
    }

    fn certificate(&self) -> Result<Certificate, Fault> {
        let issuer =
            self.text("iss").filter(|iss| iss.starts_with("https://")).ok_or(content("iss"))?;
        let from = self.claims.get("nbf").and_then(Value::as_f64).and_then(dates::from_secs);
        let until = self
            .claims
            .get("exp")
            .map(|exp| exp.as_f64().and_then(dates::until_secs).ok_or(content("exp")));
        let types = self.claims.pointer("/vc/type").and_then(Value::as_array);
        let is_card = types.is_some_and(|t| {
            t.iter().any(|t| t.as_str() == Some("https://smarthealth.cards#health-card"))
        });
        if !is_card {
            return Err(content("vc.type"));
        }
        let subject =
            self.claims.pointer("/vc/credentialSubject").ok_or(content("credentialSubject"))?;
        if !subject.get("fhirVersion").and_then(Value::as_str).is_some_and(|v| v.starts_with("4."))
        {
            return Err(content("fhirVersion"));
        }
        let (person, statements) =
            fhir::read(subject.get("fhirBundle").ok_or(content("fhirBundle"))?)?;
        Ok(Certificate {
            person,
            statements,
            issuer: issuer.to_owned(),
            country: None,
            // Of what is signed and not of the signature, which anybody can turn into another.
            id: to_base64url(&Sha256::digest(self.signed)),
            valid_from: Some(from.ok_or(content("nbf"))?),
            valid_until: until.transpose()?,
        })
    }
}

/// The name of the key. What the specification fixes is looked at and not obeyed: a header cannot choose.
fn header_kid(json: &[u8]) -> Result<String, Fault> {
    let header: Value =
        serde_json::from_slice(json).map_err(|_| Fault(Reason::Structure, "JWS header"))?;
    let text = |key: &str| header.get(key).and_then(Value::as_str);
    if text("alg") != Some("ES256") || text("zip") != Some("DEF") || header.get("crit").is_some() {
        return Err(Fault(Reason::Structure, "JWS header: alg, zip"));
    }
    text("kid").map(str::to_owned).ok_or(Fault(Reason::Structure, "JWS header: kid"))
}

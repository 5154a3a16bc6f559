//! `HC1:`, the envelope of the EU's certificates and of WHO's: base45, zlib, COSE, CWT.

use jadegate_domain::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::bytes::{Unpack, inflate};
use crate::cbor::Value;
use crate::cose::Sign1;
use crate::fault::{Fault, judge_time};
use crate::reading::{Certificate, Format, Reading, Reason, Statement};
use crate::trust::{Signer, Trust};
use crate::x509::Uses;
use crate::{dates, dcc, ddcc};

/// Reads what follows `HC1:`.
pub(crate) fn read(text: &str, trust: &Trust, at: Timestamp) -> Reading {
    match open(text) {
        Ok(message) => judge(&message, trust, at),
        Err(Fault(reason, part)) => Reading::failed(Some(Format::EuDcc), reason, part),
    }
}

fn open(text: &str) -> Result<Sign1, Fault> {
    let packed = base45::decode(text).map_err(|_| Fault(Reason::Text, "base45"))?;
    let bytes = inflate(&packed, true).map_err(|e| match e {
        Unpack::Broken => Fault(Reason::Compression, "zlib"),
        Unpack::TooLarge => Fault(Reason::TooLarge, "zlib"),
    })?;
    Sign1::read(&bytes).map_err(|part| Fault(Reason::Structure, part))
}

/// The claim under which the EU's certificates stand.
const HEALTH: i64 = -260;

fn judge(message: &Sign1, trust: &Trust, at: Timestamp) -> Reading {
    let claims = &message.payload;
    let is_who = claims.at(HEALTH).is_none() && claims.get("name").is_some();
    let format = if is_who { Format::WhoDdcc } else { Format::EuDcc };
    let mut reading = Reading::of(Some(format));
    let signer = judge_signature(&mut reading, message, trust, at);
    match if is_who { ddcc::certificate(claims) } else { eu(claims) } {
        Err(Fault(reason, part)) => reading.add(reason, part),
        Ok(mut certificate) => {
            judge_time(&mut reading, &certificate, at);
            if let Some(signer) = signer {
                judge_use(&mut reading, signer.uses, &certificate.statements);
                if certificate.country.is_none() {
                    certificate.country.clone_from(&signer.country);
                }
            }
            judge_revocation(&mut reading, message, trust, &certificate);
            reading.certificate = Some(certificate);
        }
    }
    reading
}

/// The claims around the EU's certificate.
fn eu(claims: &Value) -> Result<Certificate, Fault> {
    claims.entries().ok_or(Fault(Reason::Structure, "CWT"))?;
    let health = claims.at(HEALTH).and_then(|h| h.at(1)).filter(|h| h.entries().is_some());
    let mut certificate = dcc::certificate(health.ok_or(Fault(Reason::Structure, "hcert"))?)?;
    let seconds = |key: i64| claims.at(key).and_then(Value::seconds);
    let until = seconds(4).and_then(dates::until_secs);
    let from = seconds(6).and_then(dates::from_secs);
    certificate.valid_until = Some(until.ok_or(Fault(Reason::Content, "exp"))?);
    certificate.valid_from = Some(from.ok_or(Fault(Reason::Content, "iat"))?);
    Ok(certificate)
}

/// Whose signature it is, if it is anybody's on the list.
fn judge_signature<'t>(
    reading: &mut Reading,
    message: &Sign1,
    trust: &'t Trust,
    at: Timestamp,
) -> Option<&'t Signer> {
    let Some(signers) = message.kid.as_ref().and_then(|kid| trust.coded.get(kid)) else {
        reading.add(Reason::UnknownIssuer, "kid");
        return None;
    };
    let signed = message.signed();
    let signer = message.algorithm.and_then(|algorithm| {
        signers.iter().find(|s| s.key.verifies(algorithm, &signed, &message.signature))
    });
    match signer {
        None => reading.add(Reason::BadSignature, "COSE"),
        Some(signer) if !signer.is_valid(at) => reading.add(Reason::KeyNotValid, "trust list"),
        Some(_) => {}
    }
    signer
}

fn judge_use(reading: &mut Reading, uses: Uses, statements: &[Statement]) {
    let may = |statement: &Statement| match statement {
        Statement::Test { .. } => uses.test,
        Statement::Vaccination { .. } => uses.vaccination,
        Statement::Recovery { .. } => uses.recovery,
        Statement::Pass => true,
    };
    if !statements.iter().all(may) {
        reading.add(Reason::WrongKeyUse, "extended key usage");
    }
}

/// The EU's three ways to name what is revoked: the certificate's id, its id behind the country, or its signature.
fn judge_revocation(
    reading: &mut Reading,
    message: &Sign1,
    trust: &Trust,
    certificate: &Certificate,
) {
    if trust.revoked.is_empty() || reading.format != Some(Format::EuDcc) {
        return;
    }
    let ids = message.payload.at(HEALTH).and_then(|h| h.at(1)).map(dcc::written_ids);
    let country = certificate.country.as_deref().unwrap_or_default();
    // Of ECDSA only the first half: the second can be turned over by anybody.
    let malleable = message.algorithm.is_some_and(crate::crypto::Algorithm::is_malleable);
    let half = if malleable { message.signature.len() / 2 } else { message.signature.len() };
    let mut named = vec![message.signature.get(..half).unwrap_or_default().to_vec()];
    for id in ids.unwrap_or_default() {
        named.push(id.as_bytes().to_vec());
        named.push(format!("{country}{id}").into_bytes());
    }
    let is_revoked = |bytes: &Vec<u8>| {
        let hash = Sha256::digest(bytes);
        hash.first_chunk::<16>().is_some_and(|hash| trust.revoked.contains(hash))
    };
    if named.iter().any(is_revoked) {
        reading.add(Reason::Revoked, "EU revocation list");
    }
}

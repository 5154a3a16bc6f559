//! New Zealand COVID Pass: `NZCP:/1/`, base32, COSE, a verifiable credential in a CWT.

use jadegate_domain::Timestamp;

use crate::bytes::base32;
use crate::cbor::Value;
use crate::cose::Sign1;
use crate::crypto::{Algorithm, Hash};
use crate::dates;
use crate::fault::{Fault, content, judge_time};
use crate::reading::{Born, Certificate, Format, Person, Reading, Reason, Statement};
use crate::trust::Trust;

/// Reads what follows `NZCP:/`.
pub(crate) fn read(text: &str, trust: &Trust, at: Timestamp) -> Reading {
    let format = Some(Format::NzPass);
    let Some(code) = text.strip_prefix("1/") else {
        return Reading::failed(format, Reason::Structure, "version");
    };
    let message = base32(code)
        .ok_or(Fault(Reason::Text, "base32"))
        .and_then(|bytes| Sign1::read(&bytes).map_err(|part| Fault(Reason::Structure, part)));
    let mut reading = Reading::of(format);
    let read = message.and_then(|message| {
        judge_signature(&mut reading, &message, trust, at);
        certificate(&message.payload)
    });
    match read {
        Err(Fault(reason, part)) => reading.add(reason, part),
        Ok(certificate) => {
            judge_time(&mut reading, &certificate, at);
            reading.certificate = Some(certificate);
        }
    }
    reading
}

fn judge_signature(reading: &mut Reading, message: &Sign1, trust: &Trust, at: Timestamp) {
    let kid = message.kid.as_deref().and_then(|kid| str::from_utf8(kid).ok());
    let issuer = message.payload.at(1).and_then(Value::text);
    let key = kid.zip(issuer).map(|(kid, issuer)| format!("{issuer}#{kid}"));
    let Some(signer) = key.and_then(|key| trust.dids.get(&key)) else {
        reading.add(Reason::UnknownIssuer, "DID");
        return;
    };
    let is_right = message.algorithm == Some(Algorithm::Ecdsa(Hash::Sha256))
        && signer.key.verifies(
            Algorithm::Ecdsa(Hash::Sha256),
            &message.signed(),
            &message.signature,
        );
    if !is_right {
        reading.add(Reason::BadSignature, "COSE");
    } else if !signer.is_valid(at) {
        reading.add(Reason::KeyNotValid, "trust list");
    }
}

fn certificate(claims: &Value) -> Result<Certificate, Fault> {
    claims.entries().ok_or(Fault(Reason::Structure, "CWT"))?;
    let issuer = claims.at(1).and_then(Value::text).ok_or(content("iss"))?;
    if !issuer.starts_with("did:web:") {
        return Err(content("iss"));
    }
    let seconds = |key: i64| claims.at(key).and_then(Value::seconds);
    let id =
        claims.at(7).and_then(Value::bytes).filter(|id| id.len() == 16).ok_or(content("cti"))?;
    let from = seconds(5).and_then(dates::from_secs).ok_or(content("nbf"))?;
    let until = seconds(4).and_then(dates::until_secs).ok_or(content("exp"))?;
    Ok(Certificate {
        person: subject(claims.get("vc").ok_or(content("vc"))?)?,
        statements: vec![Statement::Pass],
        issuer: issuer.to_owned(),
        country: Some("NZ".to_owned()),
        id: jadegate_domain::hex::encode(id),
        valid_from: Some(from),
        valid_until: Some(until),
    })
}

fn subject(credential: &Value) -> Result<Person, Fault> {
    let list = |key: &str| credential.get(key).and_then(Value::list).unwrap_or_default();
    let holds = |key: &str, text: &str| list(key).iter().any(|v| v.text() == Some(text));
    let first = list("@context").first().and_then(Value::text);
    if first != Some("https://www.w3.org/2018/credentials/v1") {
        return Err(content("@context"));
    }
    if !holds("type", "VerifiableCredential") || !holds("type", "PublicCovidPass") {
        return Err(content("type"));
    }
    if credential.get("version").and_then(Value::text) != Some("1.0.0") {
        return Err(content("version"));
    }
    let subject = credential.get("credentialSubject").ok_or(content("credentialSubject"))?;
    let text = |key: &str| subject.get(key).and_then(Value::text);
    let born = text("dob").and_then(Born::read).filter(|born| matches!(born, Born::Day(_)));
    Ok(Person {
        given: Some(text("givenName").ok_or(content("givenName"))?.to_owned()),
        family: text("familyName").map(str::to_owned),
        born: born.ok_or(content("dob"))?,
        ..Person::default()
    })
}

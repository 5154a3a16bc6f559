//! DIVOC: a W3C verifiable credential as `certificate.json` in a zip file.
//!
//! What it says is read. Its signature is over the credential as RDF (URDNA2015 over JSON-LD), which takes a reader
//! of linked data and the issuers' contexts; that is not built here, so every one of these is
//! [`Reason::Unverified`] and none holds.

use serde_json::Value;

use crate::bytes::{Unpack, inflate};
use crate::codes;
use crate::dates;
use crate::fault::{Fault, content};
use crate::reading::{Born, Certificate, Format, Person, Reading, Reason, Statement};

/// What a zip file begins with.
pub(crate) const MAGIC: &[u8] = b"PK\x03\x04";

pub(crate) fn read(zip: &[u8]) -> Reading {
    let mut reading = Reading::of(Some(Format::Divoc));
    reading.add(Reason::Unverified, "JSON-LD proof");
    match open(zip).and_then(|credential| certificate(&credential)) {
        Err(Fault(reason, part)) => reading.add(reason, part),
        Ok(certificate) => reading.certificate = Some(certificate),
    }
    reading
}

/// The first file of the archive, by its local header: there is one, and it has a name to go by.
fn open(zip: &[u8]) -> Result<Value, Fault> {
    const ZIP: Fault = Fault(Reason::Structure, "zip");
    let header = zip.get(..30).filter(|h| h.starts_with(MAGIC)).ok_or(ZIP)?;
    let number = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let (method, name_length, extra_length) = (number(8), number(26), number(28));
    let name = zip.get(30..30 + name_length).ok_or(ZIP)?;
    let packed = zip.get(30 + name_length + extra_length..).ok_or(ZIP)?;
    if name != b"certificate.json" || method != 8 {
        return Err(ZIP);
    }
    let json = inflate(packed, false).map_err(|e| match e {
        Unpack::Broken => Fault(Reason::Compression, "zip"),
        Unpack::TooLarge => Fault(Reason::TooLarge, "zip"),
    })?;
    serde_json::from_slice(&json).map_err(|_| Fault(Reason::Structure, "JSON"))
}

fn text<'v>(of: &'v Value, path: &str) -> Option<&'v str> {
    of.pointer(path)?.as_str()
}

fn certificate(credential: &Value) -> Result<Certificate, Fault> {
    let evidence =
        credential.get("evidence").and_then(Value::as_array).ok_or(content("evidence"))?;
    let [event] = &evidence[..] else { return Err(content("evidence")) };
    let is_vaccination = event.get("type").and_then(Value::as_array);
    if !is_vaccination.is_some_and(|t| t.iter().any(|t| t.as_str() == Some("Vaccination"))) {
        return Err(content("evidence.type"));
    }
    let product = text(event, "/vaccine").ok_or(content("evidence.vaccine"))?;
    let dose =
        |key: &str| event.get(key).and_then(Value::as_u64).and_then(|n| u8::try_from(n).ok());
    let id = event
        .get("certificateId")
        .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    Ok(Certificate {
        person: person(credential)?,
        statements: vec![Statement::Vaccination {
            vaccine: codes::vaccine_of_name(product),
            product: product.to_owned(),
            dose: Some(dose("dose").ok_or(content("evidence.dose"))?),
            of: dose("totalDoses"),
            on: text(event, "/date").and_then(dates::day).ok_or(content("evidence.date"))?,
        }],
        issuer: text(credential, "/issuer").ok_or(content("issuer"))?.to_owned(),
        country: text(event, "/facility/address/addressCountry").map(codes::alpha2),
        id: id.ok_or(content("evidence.certificateId"))?,
        valid_from: None,
        valid_until: None,
    })
}

fn person(credential: &Value) -> Result<Person, Fault> {
    let name = text(credential, "/credentialSubject/name").filter(|n| !n.trim().is_empty());
    let born = Born::read(text(credential, "/credentialSubject/dob").unwrap_or_default());
    Ok(Person {
        full: Some(name.ok_or(content("credentialSubject.name"))?.to_owned()),
        born: born.ok_or(content("credentialSubject.dob"))?,
        ..Person::default()
    })
}

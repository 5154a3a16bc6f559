//! ICAO Visible Digital Seal for non-constrained environments: JSON with the signer's certificate inside.

use jadegate_domain::Timestamp;
use jadegate_domain::evidence::TestMethod;
use serde_json::Value;

use crate::bytes::{base64_any, base64url};
use crate::canonical::canonical;
use crate::codes;
use crate::crypto::Algorithm;
use crate::dates;
use crate::fault::{Fault, content};
use crate::reading::{Born, Certificate, Format, Found, Person, Reading, Reason, Statement, When};
use crate::trust::Trust;
use crate::x509::X509;

/// The most doses that are looked at.
const MOST: usize = 20;

pub(crate) fn read(seal: &Value, trust: &Trust, at: Timestamp) -> Reading {
    let mut reading = Reading::of(Some(Format::IcaoVdsNc));
    judge_signature(&mut reading, seal, trust, at);
    match certificate(seal) {
        Err(Fault(reason, part)) => reading.add(reason, part),
        Ok(certificate) => reading.certificate = Some(certificate),
    }
    reading
}

fn text<'v>(of: &'v Value, path: &str) -> Option<&'v str> {
    of.pointer(path)?.as_str()
}

fn judge_signature(reading: &mut Reading, seal: &Value, trust: &Trust, at: Timestamp) {
    let signer = text(seal, "/sig/cer").and_then(base64_any).and_then(|der| X509::read(&der));
    let Some(signer) = signer else {
        reading.add(Reason::UnknownIssuer, "sig.cer");
        return;
    };
    if let Err(part) = is_trusted(&signer, text(seal, "/data/hdr/is"), trust, at) {
        reading.add(Reason::UnknownIssuer, part);
    } else if !signer.is_valid(at) {
        reading.add(Reason::KeyNotValid, "sig.cer");
    }
    if !signer.signs_seals {
        reading.add(Reason::WrongKeyUse, "extended key usage");
    }
    if !is_signed(seal, &signer) {
        reading.add(Reason::BadSignature, "sig.sigvl");
    }
}

/// Is the signer on the list, or of a country signing authority on it, and of the country that issued the seal?
fn is_trusted(
    signer: &X509,
    issuer: Option<&str>,
    trust: &Trust,
    at: Timestamp,
) -> Result<(), &'static str> {
    let authority = trust.authorities.iter().find(|a| signer.is_signed_by(a));
    if !trust.seals.contains(&signer.fingerprint) && !authority.is_some_and(|a| a.is_valid(at)) {
        return Err("country signing authority");
    }
    let same = issuer.map(codes::alpha2) == signer.country.as_deref().map(codes::alpha2);
    if same { Ok(()) } else { Err("country of the signer") }
}

fn is_signed(seal: &Value, signer: &X509) -> bool {
    let (Some(key), Some(data)) = (&signer.key, seal.get("data").and_then(canonical)) else {
        return false;
    };
    let algorithm = text(seal, "/sig/alg").and_then(Algorithm::from_jose);
    let signature = text(seal, "/sig/sigvl").and_then(base64url);
    let (Some(algorithm), Some(signature)) = (algorithm, signature) else { return false };
    key.verifies(algorithm, data.as_bytes(), &signature)
}

fn certificate(seal: &Value) -> Result<Certificate, Fault> {
    if seal.pointer("/data/hdr/v").and_then(Value::as_u64) != Some(1) {
        return Err(content("hdr.v"));
    }
    let issuer = text(seal, "/data/hdr/is").ok_or(content("hdr.is"))?;
    let message = seal.pointer("/data/msg").ok_or(content("msg"))?;
    let (statements, id) = match text(seal, "/data/hdr/t") {
        Some("icao.vacc") => (vaccinations(message)?, text(message, "/uvci")),
        Some("icao.test") => (vec![test(message)?], text(message, "/utci")),
        _ => return Err(content("hdr.t")),
    };
    let id = id.filter(|id| !id.is_empty()).ok_or(content("uvci, utci"))?;
    Ok(Certificate {
        person: person(message)?,
        statements,
        issuer: issuer.to_owned(),
        country: Some(codes::alpha2(issuer)),
        id: format!("{} {}", codes::alpha2(issuer), id.to_ascii_uppercase()),
        valid_from: None,
        valid_until: None,
    })
}

/// Two spaces are between the family name and the others.
fn person(message: &Value) -> Result<Person, Fault> {
    let name = text(message, "/pid/n").filter(|n| !n.trim().is_empty()).ok_or(content("pid.n"))?;
    let born =
        Born::read(text(message, "/pid/dob").unwrap_or_default()).ok_or(content("pid.dob"))?;
    let document = text(message, "/pid/i").map(str::to_owned);
    let person = Person { born, document, ..Person::default() };
    Ok(match name.split_once("  ") {
        Some((family, given)) => Person {
            family: Some(family.trim().to_owned()),
            given: Some(given.trim().to_owned()),
            ..person
        },
        None => Person { full: Some(name.to_owned()), ..person },
    })
}

fn vaccinations(message: &Value) -> Result<Vec<Statement>, Fault> {
    let events = message.get("ve").and_then(Value::as_array).ok_or(content("ve"))?;
    let mut statements = Vec::new();
    for event in events.iter().filter(|e| text(e, "/dis").is_none_or(codes::is_covid)) {
        let product =
            text(event, "/nam").or_else(|| text(event, "/des")).ok_or(content("ve.nam"))?;
        for dose in event.get("vd").and_then(Value::as_array).ok_or(content("ve.vd"))? {
            if statements.len() >= MOST {
                return Err(Fault(Reason::TooLarge, "ve.vd"));
            }
            statements.push(vaccination(product, dose)?);
        }
    }
    match (statements.is_empty(), events.is_empty()) {
        (false, _) => Ok(statements),
        (true, false) => Err(Fault(Reason::NotCovid, "ve.dis")),
        (true, true) => Err(content("ve")),
    }
}

fn vaccination(product: &str, dose: &Value) -> Result<Statement, Fault> {
    let number = dose.get("seq").and_then(Value::as_u64).and_then(|n| u8::try_from(n).ok());
    Ok(Statement::Vaccination {
        vaccine: codes::vaccine_of_name(product),
        product: product.to_owned(),
        dose: Some(number.ok_or(content("ve.vd.seq"))?),
        of: None,
        on: text(dose, "/dvc").and_then(dates::day).ok_or(content("ve.vd.dvc"))?,
    })
}

fn test(message: &Value) -> Result<Statement, Fault> {
    let method = match text(message, "/tr/tc").map(str::to_ascii_lowercase).as_deref() {
        Some("molecular(pcr)" | "molecular(other)" | "pcr" | "nat") => TestMethod::NucleicAcid,
        Some("antigen") => TestMethod::Antigen,
        Some("antibody") => return Err(Fault(Reason::NotCovid, "tr.tc")),
        _ => return Err(content("tr.tc")),
    };
    let found = match text(message, "/tr/r").map(str::to_ascii_lowercase).as_deref() {
        Some("positive" | "detected") => Found::Positive,
        Some("negative" | "not detected") => Found::Negative,
        Some("other" | "inconclusive") => Found::Inconclusive,
        _ => return Err(content("tr.r")),
    };
    let sampled = text(message, "/dat/sc").and_then(dates::moment).ok_or(content("dat.sc"))?;
    Ok(Statement::Test {
        method,
        found,
        sampled: When::Moment(sampled),
        facility: text(message, "/sp/spn").map(str::to_owned),
    })
}

//! Certificates that others issued: who was vaccinated, tested or recovered, and whether that can be believed.
//!
//! Six kinds are read: EU Digital COVID Certificates and WHO's DDCC (`HC1:`), SMART Health Cards (`shc:/`, in one QR
//! code or several), New Zealand's pass (`NZCP:/1/`), ICAO's visible digital seal (JSON), and DIVOC (zip). Whatever
//! the kind, what comes out is one [`Reading`]: a [`Certificate`] with what it says in the words of this field, and
//! every [`Reason`] for which it does not hold.
//!
//! Whom to believe is an argument ([`Trust`], made of files in the forms in which issuers publish them), and so is
//! the time. Nothing is fetched. What has no signature that can be checked here is
//! [`Reason::Unverified`] and never holds.
//!
//! Everything that comes in was written by strangers: texts longer than [`MAX_TEXT`], what unpacks to more than
//! [`MAX_UNPACKED`], and what is nested deep is refused before memory is spent on it; no input panics.
//!
//! Whether somebody is the person in a certificate is [`names::same_person`].

mod bytes;
mod canonical;
mod cbor;
mod codes;
mod cose;
mod crypto;
mod dates;
mod dcc;
mod ddcc;
mod divoc;
mod fast;
mod fault;
mod fhir;
mod hcert;
pub mod names;
mod nzcp;
mod reading;
mod shc;
mod trust;
mod trust_files;
mod vds;
mod x509;

pub use bytes::{MAX_TEXT, MAX_UNPACKED};
pub use reading::{
    Born, Certificate, Format, Found, Person, Problem, Reading, Reason, Statement, When,
};
pub use trust::Trust;
pub use trust_files::BadTrust;

use jadegate_domain::Timestamp;
use serde_json::Value;

/// The most certificates that one text is taken to hold.
pub const MOST: usize = 1000;

/// Reads one certificate: what a QR code holds, text or bytes.
///
/// A text that holds several is read as its first and is not believed for it; see [`read_all`].
pub fn read(code: &[u8], trust: &Trust, at: Timestamp) -> Reading {
    let mut all = read_all(code, trust, at);
    if all.len() == 1 {
        return all.remove(0);
    }
    let mut first = all
        .into_iter()
        .next()
        .unwrap_or_else(|| Reading::failed(None, Reason::NotACertificate, "empty"));
    first.add(Reason::NotACertificate, "more than one certificate");
    first
}

/// Reads every certificate in a text: one on each line, the parts of a SMART Health Card one after another, or a file
/// of health cards. Each that is not one has its own [`Reading`] that says so.
pub fn read_all(text: &[u8], trust: &Trust, at: Timestamp) -> Vec<Reading> {
    if text.starts_with(divoc::MAGIC) {
        return vec![sized(text, divoc::read)];
    }
    let Ok(text) = str::from_utf8(text) else {
        return vec![Reading::failed(None, Reason::NotACertificate, "not text")];
    };
    let may_be_json = text.len() <= MAX_TEXT && text.trim_start().starts_with('{');
    if may_be_json && let Ok(json) = serde_json::from_str(text) {
        return of_json(&json, trust, at);
    }
    lines(text, trust, at)
}

fn sized(text: &[u8], read: impl FnOnce(&[u8]) -> Reading) -> Reading {
    if text.len() > MAX_TEXT { Reading::failed(None, Reason::TooLarge, "text") } else { read(text) }
}

fn lines(text: &str, trust: &Trust, at: Timestamp) -> Vec<Reading> {
    // A space can be the last letter of base45.
    let lines = text.split(['\n', '\r']).filter(|line| !line.trim().is_empty());
    let mut lines = lines.map(str::trim_start).take(MOST).peekable();
    let mut all = Vec::new();
    while let Some(line) = lines.next() {
        let mut parts = vec![line];
        while let Some(next) = lines.next_if(|next| is_next_part(&parts, next)) {
            parts.push(next);
        }
        all.extend(of_line(&parts, trust, at));
    }
    all
}

/// `shc:/2/3/…` belongs to what came before it, if that is another part of three and not all are there.
fn is_next_part(parts: &[&str], next: &str) -> bool {
    let count = |code: &str| {
        let mut parts = code.strip_prefix("shc:/")?.split('/');
        parts.next()?;
        let count = parts.next()?.parse::<usize>().ok();
        parts.next().and(count)
    };
    let Some(whole) = parts.first().and_then(|first| count(first)) else { return false };
    parts.len() < whole && count(next) == Some(whole)
}

fn of_line(parts: &[&str], trust: &Trust, at: Timestamp) -> Vec<Reading> {
    let line = parts.first().copied().unwrap_or_default();
    let too_large = parts.iter().map(|part| part.len()).sum::<usize>() > MAX_TEXT;
    if too_large {
        return vec![Reading::failed(None, Reason::TooLarge, "text")];
    }
    if line.starts_with('{') {
        return match serde_json::from_str(line) {
            Ok(json) => of_json(&json, trust, at),
            Err(_) => vec![Reading::failed(None, Reason::NotACertificate, "JSON")],
        };
    }
    vec![of_code(line, parts, trust, at)]
}

fn of_code(line: &str, parts: &[&str], trust: &Trust, at: Timestamp) -> Reading {
    if let Some(code) = line.strip_prefix("HC1:") {
        return hcert::read(code, trust, at);
    }
    if let Some(code) = line.strip_prefix("NZCP:/") {
        return nzcp::read(code.trim_end(), trust, at);
    }
    if line.starts_with("shc:/") {
        let codes: Vec<&str> =
            parts.iter().filter_map(|part| part.trim_end().strip_prefix("shc:/")).collect();
        return shc::read_codes(&codes, trust, at);
    }
    let line = line.trim_end();
    if line.starts_with("eyJ") && line.matches('.').count() == 2 {
        return shc::read(line, trust, at);
    }
    match line.starts_with("UEsDB").then(|| bytes::base64_any(line)).flatten() {
        Some(zip) => divoc::read(&zip),
        None => Reading::failed(None, Reason::NotACertificate, "prefix"),
    }
}

/// A seal, a file of health cards, or the answer of a FHIR server with such cards in it.
fn of_json(json: &Value, trust: &Trust, at: Timestamp) -> Vec<Reading> {
    if json.get("data").is_some() && json.get("sig").is_some() {
        return vec![vds::read(json, trust, at)];
    }
    let cards = cards(json);
    if cards.is_empty() {
        return vec![Reading::failed(None, Reason::NotACertificate, "JSON")];
    }
    cards.into_iter().take(MOST).map(|card| shc::read(card, trust, at)).collect()
}

fn cards(json: &Value) -> Vec<&str> {
    let list = |key: &str| json.get(key).and_then(Value::as_array).into_iter().flatten();
    let named = |p: &&Value| p.get("name").and_then(Value::as_str) == Some("verifiableCredential");
    let parameters = list("parameter").filter(named).filter_map(|p| p.get("valueString"));
    list("verifiableCredential").chain(parameters).filter_map(Value::as_str).collect()
}

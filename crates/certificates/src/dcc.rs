//! What an EU certificate says: the schema of versions 1.0 to 1.3.
//!
//! One kind of a vaccination, a test and a recovery. Issuers write days with a time behind them, and dates with
//! the tag of CBOR that says so; that is read. Codes are compared with no list that changes by the month: a product
//! that is not known is [`Vaccine::Other`](jadegate_domain::vaccine::Vaccine::Other).

use jiff::civil::Date;

use crate::cbor::Value;
use crate::codes;
use crate::dates;
use crate::fault::{Fault, content};
use crate::reading::{Born, Certificate, Person, Reason, Statement, When};

/// Longest text of a field, in letters.
const LONGEST: usize = 80;

pub(crate) fn certificate(health: &Value) -> Result<Certificate, Fault> {
    let person = person(health)?;
    let (kind, entries) = entries(health)?;
    let mut statements = Vec::new();
    for entry in entries {
        statements.push(statement(kind, entry)?);
    }
    let last = entries.last().ok_or(content("no entry"))?;
    let country = text(last, "co", "co")?;
    let ids: Result<Vec<&str>, Fault> = entries.iter().map(|e| text(e, "ci", "ci")).collect();
    Ok(Certificate {
        person,
        statements,
        issuer: text(last, "is", "is")?.to_owned(),
        country: Some(country.to_owned()),
        id: format!("{country} {}", ids?.into_iter().map(plain_id).collect::<Vec<_>>().join(" ")),
        valid_from: None,
        valid_until: None,
    })
}

fn statement(kind: Kind, entry: &Value) -> Result<Statement, Fault> {
    if !codes::is_covid(text(entry, "tg", "tg")?) {
        return Err(Fault(Reason::NotCovid, "tg"));
    }
    if !codes::is_country(text(entry, "co", "co")?) {
        return Err(content("co"));
    }
    match kind {
        Kind::Vaccination => vaccination(entry),
        Kind::Test => test(entry),
        Kind::Recovery => recovery(entry),
    }
}

/// The ids as they stand in the certificate.
pub(crate) fn written_ids(health: &Value) -> Vec<&str> {
    let entries = entries(health).map(|(_, entries)| entries).unwrap_or_default();
    entries.iter().filter_map(|entry| entry.get("ci")?.text()).collect()
}

/// One id is written with and without its prefix, in large and small letters.
fn plain_id(id: &str) -> String {
    let id = id.to_ascii_uppercase();
    id.strip_prefix("URN:UVCI:").unwrap_or(&id).to_owned()
}

#[derive(Clone, Copy)]
enum Kind {
    Vaccination,
    Test,
    Recovery,
}

/// What it says. An empty list is as if it were not there. Never two kinds; and since version 1.3 one entry, where
/// earlier ones could list the doses of a series.
fn entries(health: &Value) -> Result<(Kind, &[Value]), Fault> {
    let version = text(health, "ver", "ver")?;
    let several = ["1.0.", "1.1.", "1.2."].iter().any(|old| version.starts_with(old));
    let mut all = Vec::new();
    for (key, kind) in [("v", Kind::Vaccination), ("t", Kind::Test), ("r", Kind::Recovery)] {
        let Some(entries) = health.get(key) else { continue };
        let entries = entries.list().ok_or(content("v, t, r"))?;
        if !entries.is_empty() {
            all.push((kind, entries));
        }
    }
    match (all.pop(), all.pop()) {
        (None, _) => Err(content("no entry")),
        (Some((_, [_, _, ..])), _) if !several => Err(content("more than one entry")),
        (Some((_, entries)), None) if entries.len() > 9 => Err(content("more than nine entries")),
        (Some(one), None) => Ok(one),
        _ => Err(content("more than one kind of entry")),
    }
}

fn person(health: &Value) -> Result<Person, Fault> {
    let name = health.get("nam").ok_or(content("nam"))?;
    let born = health.get("dob").and_then(Value::text).and_then(Born::read);
    let machine_family = optional(name, "fnt", "fnt")?.ok_or(content("fnt"))?;
    let machine_given = optional(name, "gnt", "gnt")?;
    let is_machine = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b == b'<');
    if !is_machine(machine_family) || !machine_given.is_none_or(is_machine) {
        return Err(content("fnt, gnt"));
    }
    Ok(Person {
        family: optional(name, "fn", "fn")?.map(str::to_owned),
        given: optional(name, "gn", "gn")?.map(str::to_owned),
        machine_family: Some(machine_family.to_owned()),
        machine_given: machine_given.map(str::to_owned),
        born: born.ok_or(content("dob"))?,
        ..Person::default()
    })
}

fn vaccination(entry: &Value) -> Result<Statement, Fault> {
    text(entry, "vp", "vp")?;
    text(entry, "ma", "ma")?;
    let product = text(entry, "mp", "mp")?;
    Ok(Statement::Vaccination {
        vaccine: codes::vaccine_of_eu(product),
        product: product.to_owned(),
        dose: Some(dose(entry, "dn")?),
        of: Some(dose(entry, "sd")?),
        on: day(entry, "dt")?,
    })
}

fn test(entry: &Value) -> Result<Statement, Fault> {
    let sampled = dates::moment(text(entry, "sc", "sc")?).ok_or(content("sc"))?;
    Ok(Statement::Test {
        method: codes::test_of_loinc(text(entry, "tt", "tt")?).ok_or(content("tt"))?,
        found: codes::found(text(entry, "tr", "tr")?).ok_or(content("tr"))?,
        sampled: When::Moment(sampled),
        facility: optional(entry, "tc", "tc")?.map(str::to_owned),
    })
}

fn recovery(entry: &Value) -> Result<Statement, Fault> {
    Ok(Statement::Recovery {
        first_positive: day(entry, "fr")?,
        from: day(entry, "df")?,
        until: day(entry, "du")?,
    })
}

fn dose(entry: &Value, key: &'static str) -> Result<u8, Fault> {
    let number = entry.get(key).and_then(Value::int).and_then(|n| u8::try_from(n).ok());
    number.filter(|n| (1..=9).contains(n)).ok_or(content("dn, sd"))
}

fn day(entry: &Value, key: &'static str) -> Result<Date, Fault> {
    entry.get(key).and_then(Value::text).and_then(dates::day).ok_or(content(key))
}

fn text<'v>(of: &'v Value, key: &str, part: &'static str) -> Result<&'v str, Fault> {
    optional(of, key, part)?.ok_or(content(part))
}

fn optional<'v>(of: &'v Value, key: &str, part: &'static str) -> Result<Option<&'v str>, Fault> {
    let Some(value) = of.get(key) else { return Ok(None) };
    let text = value.text().ok_or(content(part))?;
    if text.chars().count() > LONGEST { Err(content(part)) } else { Ok(Some(text)) }
}

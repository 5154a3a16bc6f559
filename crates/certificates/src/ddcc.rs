//! What a WHO certificate says (DDCC:VS and DDCC:TR, the compact form that countries put behind `HC1:`).

use crate::cbor::Value;
use crate::codes;
use crate::dates;
use crate::fault::{Fault, content};
use crate::reading::{Born, Certificate, Person, Reason, Statement, When};

pub(crate) fn certificate(claims: &Value) -> Result<Certificate, Fault> {
    let test = claims.get("test");
    let statement = if let Some(test) = test { tested(test)? } else { vaccinated(claims)? };
    let of = test.unwrap_or(claims);
    let country = code(of, "country").map(codes::alpha2);
    let id = text(claims, "hcid").or_else(|| text(claims, "identifier"));
    let day = |key| text(claims, key).map(|d| dates::day(d).ok_or(content(key))).transpose();
    let start = |day| When::Day(day).earliest();
    Ok(Certificate {
        person: person(claims)?,
        statements: vec![statement],
        issuer: text(claims, "pha").or_else(|| text(of, "centre")).unwrap_or_default().to_owned(),
        country,
        id: id.filter(|id| !id.is_empty()).ok_or(content("hcid"))?.to_owned(),
        valid_from: day("valid_from")?.map(start),
        // To the end of the day, where it ends last: two days after its beginning where it begins first.
        valid_until: day("valid_until")?.map(|day| start(day).plus_secs(50 * 3600)),
    })
}

fn person(claims: &Value) -> Result<Person, Fault> {
    let full =
        text(claims, "name").filter(|name| !name.trim().is_empty()).ok_or(content("name"))?;
    let born = Born::read(text(claims, "birthDate").unwrap_or_default());
    let document = claims.get("meta").and_then(|meta| text(meta, "passportNumber"));
    Ok(Person {
        full: Some(full.to_owned()),
        born: born.ok_or(content("birthDate"))?,
        document: document.map(str::to_owned),
        ..Person::default()
    })
}

fn vaccinated(claims: &Value) -> Result<Statement, Fault> {
    if !codes::is_covid(code(claims, "disease").ok_or(content("disease"))?) {
        return Err(Fault(Reason::NotCovid, "disease"));
    }
    let product = code(claims, "brand").or_else(|| code(claims, "vaccine"));
    let product = product.ok_or(content("vaccine"))?;
    Ok(Statement::Vaccination {
        vaccine: codes::vaccine_of_eu(product),
        product: product.to_owned(),
        dose: Some(dose(claims, "dose")?.ok_or(content("dose"))?),
        of: dose(claims, "total_doses")?,
        on: text(claims, "date").and_then(dates::day).ok_or(content("date"))?,
    })
}

fn tested(test: &Value) -> Result<Statement, Fault> {
    if !codes::is_covid(code(test, "pathogen").ok_or(content("pathogen"))?) {
        return Err(Fault(Reason::NotCovid, "pathogen"));
    }
    let found = code(test, "result").and_then(codes::found).ok_or(content("result"))?;
    let date = text(test, "date").ok_or(content("date"))?;
    let moment = dates::moment(date).map(When::Moment);
    Ok(Statement::Test {
        method: code(test, "type").and_then(codes::test_of_loinc).ok_or(content("type"))?,
        found,
        sampled: moment.or_else(|| dates::day(date).map(When::Day)).ok_or(content("date"))?,
        facility: text(test, "centre").map(str::to_owned),
    })
}

fn dose(claims: &Value, key: &'static str) -> Result<Option<u8>, Fault> {
    let Some(number) = claims.get(key) else { return Ok(None) };
    let number = number.int().and_then(|n| u8::try_from(n).ok()).filter(|n| (1..=20).contains(n));
    number.map(Some).ok_or(content(key))
}

fn text<'v>(of: &'v Value, key: &str) -> Option<&'v str> {
    of.get(key)?.text()
}

/// A coded value: a map with its code, or the code itself.
fn code<'v>(of: &'v Value, key: &str) -> Option<&'v str> {
    let value = of.get(key)?;
    value.text().or_else(|| text(value, "code"))
}

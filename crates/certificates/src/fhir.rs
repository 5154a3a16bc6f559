//! The FHIR R4 bundle of a health card: one patient, and what was done to them.

use jiff::civil::Date;
use serde_json::Value;

use crate::codes;
use crate::dates;
use crate::fault::{Fault, content};
use crate::reading::{Born, Person, Reason, Statement, When};

/// The most entries that are looked at.
const MOST: usize = 100;

pub(crate) fn read(bundle: &Value) -> Result<(Person, Vec<Statement>), Fault> {
    if text(bundle, "resourceType") != Some("Bundle") {
        return Err(content("Bundle"));
    }
    let entries = bundle.get("entry").and_then(Value::as_array).ok_or(content("Bundle.entry"))?;
    if entries.len() > MOST {
        return Err(Fault(Reason::TooLarge, "Bundle.entry"));
    }
    let resources: Option<Vec<&Value>> = entries.iter().map(|e| e.get("resource")).collect();
    let resources = resources.ok_or(content("Bundle.entry.resource"))?;
    let mut patients = of_kind(&resources, "Patient");
    // What is said of two people is said of nobody.
    let (Some(patient), None) = (patients.next(), patients.next()) else {
        return Err(content("Patient"));
    };
    let mut about = About::default();
    for immunization in of_kind(&resources, "Immunization") {
        about.vaccination(immunization)?;
    }
    for observation in of_kind(&resources, "Observation") {
        about.test(observation)?;
    }
    Ok((person(patient)?, about.statements()?))
}

fn of_kind<'v>(resources: &[&'v Value], kind: &str) -> impl Iterator<Item = &'v Value> {
    resources.iter().copied().filter(move |r| text(r, "resourceType") == Some(kind))
}

/// What is found on the way.
#[derive(Default)]
struct About {
    vaccinations: Vec<(Date, Statement)>,
    tests: Vec<Statement>,
    /// Something about another disease.
    other: bool,
}

impl About {
    /// One that did not happen, or that was recorded by mistake, says nothing.
    fn vaccination(&mut self, resource: &Value) -> Result<(), Fault> {
        if text(resource, "status") != Some("completed") {
            return Ok(());
        }
        let coded = codings(resource, "vaccineCode");
        let mut known = coded.iter().filter_map(|(system, code)| {
            let vaccine = if system.contains("cvx") { codes::vaccine_of_cvx(code) } else { None };
            vaccine.map(|vaccine| (vaccine, (*code).to_owned()))
        });
        let Some((vaccine, product)) = known.next() else {
            if coded.is_empty() {
                return Err(content("Immunization.vaccineCode"));
            }
            self.other = true;
            return Ok(());
        };
        let on = text(resource, "occurrenceDateTime").and_then(dates::day);
        let on = on.ok_or(content("Immunization.occurrenceDateTime"))?;
        let protocol = resource.pointer("/protocolApplied/0");
        let number = |key: &str| {
            let number = protocol.and_then(|p| p.get(key)).and_then(Value::as_u64);
            number.and_then(|n| u8::try_from(n).ok())
        };
        let (dose, of) = (number("doseNumberPositiveInt"), number("seriesDosesPositiveInt"));
        self.vaccinations.push((on, Statement::Vaccination { vaccine, product, dose, of, on }));
        Ok(())
    }

    fn test(&mut self, resource: &Value) -> Result<(), Fault> {
        if !matches!(text(resource, "status"), Some("final" | "amended" | "corrected")) {
            return Ok(());
        }
        let coded = codings(resource, "code");
        let Some(method) = coded.iter().find_map(|(_, code)| codes::test_of_loinc(code)) else {
            self.other = true;
            return Ok(());
        };
        let value = codings(resource, "valueCodeableConcept");
        let found = value.iter().find_map(|(_, code)| codes::found(code));
        let written =
            text(resource, "effectiveDateTime").ok_or(content("Observation.effectiveDateTime"))?;
        let moment = dates::moment(written).map(When::Moment);
        let sampled = moment.or_else(|| dates::day(written).map(When::Day));
        self.tests.push(Statement::Test {
            method,
            found: found.ok_or(content("Observation.value"))?,
            sampled: sampled.ok_or(content("Observation.effectiveDateTime"))?,
            facility: resource
                .pointer("/performer/0/display")
                .and_then(Value::as_str)
                .map(str::to_owned),
        });
        Ok(())
    }

    /// In order of their days; a dose that has no number has its place in that order. Two on one day are one.
    fn statements(self) -> Result<Vec<Statement>, Fault> {
        let Self { mut vaccinations, tests, other } = self;
        vaccinations.sort_by_key(|(on, _)| *on);
        vaccinations.dedup_by_key(|(on, _)| *on);
        let numbered = vaccinations.into_iter().zip(1_u8..).map(|((_, mut statement), place)| {
            if let Statement::Vaccination { dose, .. } = &mut statement {
                dose.get_or_insert(place);
            }
            statement
        });
        let all: Vec<Statement> = numbered.chain(tests).collect();
        match (all.is_empty(), other) {
            (false, _) => Ok(all),
            (true, true) => Err(Fault(Reason::NotCovid, "Bundle")),
            (true, false) => Err(content("Bundle: nothing that happened")),
        }
    }
}

fn person(patient: &Value) -> Result<Person, Fault> {
    let names = patient.get("name").and_then(Value::as_array).ok_or(content("Patient.name"))?;
    let official = names.iter().find(|n| text(n, "use") == Some("official"));
    let name = official.or(names.first()).ok_or(content("Patient.name"))?;
    let given: Vec<&str> = name
        .get("given")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let given = Some(given.join(" ")).filter(|g| !g.trim().is_empty());
    let written = |key| text(name, key).filter(|t| !t.trim().is_empty()).map(str::to_owned);
    let (family, full) = (written("family"), written("text"));
    if family.is_none() && given.is_none() && full.is_none() {
        return Err(content("Patient.name"));
    }
    let born = Born::read(text(patient, "birthDate").unwrap_or_default());
    Ok(Person {
        family,
        given,
        full,
        born: born.ok_or(content("Patient.birthDate"))?,
        ..Person::default()
    })
}

/// System and code of each coding.
fn codings<'v>(resource: &'v Value, key: &str) -> Vec<(&'v str, &'v str)> {
    let all = resource.get(key).and_then(|concept| concept.get("coding")).and_then(Value::as_array);
    let read = |coding: &'v Value| Some((text(coding, "system")?, text(coding, "code")?));
    all.into_iter().flatten().filter_map(read).collect()
}

fn text<'v>(of: &'v Value, key: &str) -> Option<&'v str> {
    of.get(key)?.as_str()
}

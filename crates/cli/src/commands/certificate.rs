//! `jadegate certificate`: what certificates of others say and whether they hold, without a database.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use jadegate_certificates::{
    Certificate, Found, MOST, Person, Reading, Statement, Trust, When, read_all,
};
use jadegate_domain::Timestamp;
use jadegate_service::Clock as _;

use crate::args::CertificateArgs;
use crate::failure::Failure;
use crate::world::SystemClock;

/// The largest file that is read.
const MAX_FILE: u64 = 16 << 20;

/// 0 if every one of them holds, 2 if one does not.
pub(super) fn run(args: &CertificateArgs) -> Result<ExitCode, Failure> {
    let mut trust = Trust::default();
    for file in &args.trust {
        let text = read(file)?;
        trust.add(&text).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    let at = match &args.at {
        Some(at) => at.parse().map_err(|e| format!("--at: {e}"))?,
        None => SystemClock.now(),
    };
    let readings = read_all(&read(&args.file)?, &trust, at);
    if readings.is_empty() {
        return Err("there is no certificate in it".into());
    }
    for (i, reading) in readings.iter().enumerate() {
        if args.json {
            println!("{}", json(reading)?);
        } else {
            print!("{}{}", if i > 0 { "\n" } else { "" }, told(reading, i + 1));
        }
    }
    if readings.len() >= MOST {
        eprintln!("jadegate: only the first {MOST} certificates were read");
        return Ok(ExitCode::from(2));
    }
    let all_hold = readings.iter().all(Reading::holds);
    Ok(if all_hold { ExitCode::SUCCESS } else { ExitCode::from(2) })
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let named = |e: std::io::Error| format!("{}: {e}", file.display());
    let from: Box<dyn std::io::Read> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(file).map_err(named)?)
    };
    let mut text = Vec::new();
    from.take(MAX_FILE + 1).read_to_end(&mut text).map_err(named)?;
    if text.len() as u64 > MAX_FILE {
        return Err(format!("{}: larger than {MAX_FILE} bytes", file.display()).into());
    }
    Ok(text)
}

fn json(reading: &Reading) -> Result<String, Failure> {
    let mut value = serde_json::to_value(reading)?;
    value["holds"] = reading.holds().into();
    Ok(value.to_string())
}

/// For a person at a keyboard: what it is, whether it holds, and what it says.
fn told(reading: &Reading, number: usize) -> String {
    let format = reading.format.map_or("no certificate that is known here", |f| f.as_str());
    let verdict = if reading.holds() { "holds" } else { "does not hold" };
    let mut lines = vec![format!("{number}. {format}: {verdict}\n")];
    for problem in &reading.problems {
        lines.push(format!("   {} ({})\n", problem.reason.as_str(), problem.part));
    }
    if let Some(certificate) = &reading.certificate {
        if !reading.holds() {
            lines.push("   It says, and nobody vouches for it:\n".to_owned());
        }
        lines.extend(said(certificate));
    }
    lines.concat()
}

fn said(certificate: &Certificate) -> Vec<String> {
    let born = String::from(certificate.person.born);
    let named = format!("   {}, born {}\n", name(&certificate.person), or_unknown(&born));
    let happened = certificate.statements.iter().map(|s| format!("   {}\n", happened(s)));
    let country = certificate.country.as_deref().unwrap_or("country not named");
    let issuer = or_unknown(&certificate.issuer);
    let issued = format!("   issued by {issuer} ({country}), id {}\n", certificate.id);
    let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let (from, until) = (time(certificate.valid_from), time(certificate.valid_until));
    let valid = format!("   valid {from} to {until}\n");
    std::iter::once(named).chain(happened).chain([issued, valid]).collect()
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "(not said)" } else { text }
}

fn name(person: &Person) -> String {
    let parts = [&person.family, &person.given, &person.full];
    let written: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let machine = [&person.machine_family, &person.machine_given];
    let machine: Vec<&str> = machine.into_iter().flatten().map(String::as_str).collect();
    match (written.is_empty(), machine.is_empty()) {
        (true, _) => machine.join("<<"),
        (false, true) => written.join(", "),
        (false, false) => format!("{} [{}]", written.join(", "), machine.join("<<")),
    }
}

fn happened(statement: &Statement) -> String {
    match statement {
        Statement::Vaccination { vaccine, product, dose, of, on } => {
            let number = |n: &Option<u8>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
            format!(
                "vaccinated on {on}: {vaccine} ({product}), dose {} of {}",
                number(dose),
                number(of)
            )
        }
        Statement::Test { method, found, sampled, .. } => {
            let found = match found {
                Found::Positive => "positive",
                Found::Negative => "negative",
                Found::Inconclusive => "inconclusive",
            };
            let when = match sampled {
                When::Moment(at) => at.to_string(),
                When::Day(day) => day.to_string(),
            };
            format!("tested {found} ({method}), sample of {when}")
        }
        Statement::Recovery { first_positive, from, until } => {
            format!("recovered: first positive {first_positive}, counts {from} to {until}")
        }
        Statement::Pass => "a rule of the issuer is met; it does not say which".to_owned(),
    }
}

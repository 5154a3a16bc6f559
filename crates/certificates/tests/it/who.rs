//! The codes of WHO's validator: several kinds, unpacked beside each.

use jadegate_certificates::{Format, Reading, Trust, read};
use serde_json::Value;

use crate::common::{files, moment, reasons};

/// File, its kind, and what is wrong with it where nobody is trusted: only that. Of the EU's from Uruguay the end of
/// validity is not a number; the first is of a format older than the claim's.
const CASES: &[(&str, Format, &[&str])] = &[
    ("DIVOCIndonesia", Format::Divoc, &["unverified"]),
    ("DIVOCJamaica", Format::Divoc, &["unverified"]),
    ("DIVOCQR1", Format::Divoc, &["unverified"]),
    ("EUColombia", Format::EuDcc, &["unknown_issuer"]),
    ("EUIndonesia", Format::EuDcc, &["unknown_issuer"]),
    ("EUItalyAcceptanceQR", Format::EuDcc, &["unknown_issuer"]),
    ("EUQR1", Format::EuDcc, &["unknown_issuer"]),
    ("EUUruguay", Format::EuDcc, &["content", "unknown_issuer"]),
    ("EUUruguay2", Format::EuDcc, &["unknown_issuer"]),
    ("ICAOAUQR1", Format::IcaoVdsNc, &["unknown_issuer"]),
    ("ICAOJPQR1", Format::IcaoVdsNc, &["unknown_issuer"]),
    ("SHCQR1", Format::SmartHealthCard, &["unknown_issuer"]),
    ("SHCSenegal", Format::SmartHealthCard, &["unknown_issuer"]),
    ("SHCTestResults", Format::SmartHealthCard, &["unknown_issuer"]),
    ("SHCWAVax", Format::SmartHealthCard, &["unknown_issuer"]),
    ("WHOQR1", Format::WhoDdcc, &["unknown_issuer"]),
    ("WHOQR2", Format::WhoDdcc, &["content", "unknown_issuer"]),
    ("WHOSingaporePCR", Format::WhoDdcc, &["unknown_issuer"]),
];

#[test]
fn each_code_is_read_and_none_is_believed_without_its_issuer() {
    let Some(files) = files("ddcc_qr.ndjson.gz") else { return };
    assert_eq!(files.len(), 66);
    let codes: Vec<_> = files.iter().filter(|(file, _)| file.ends_with("Contents.txt")).collect();
    assert_eq!(codes.len(), CASES.len());
    for (name, format, wrong) in CASES {
        let (_, text) =
            codes.iter().find(|(file, _)| *file == format!("{name}Contents.txt")).expect(name);
        let code = text.strip_prefix("B64:").unwrap_or(text);
        let at = if matches!(*name, "WHOQR1" | "EUQR1") {
            "2022-06-01T00:00:00Z"
        } else {
            "2022-12-20T00:00:00Z"
        };
        let reading = read(code.as_bytes(), &Trust::default(), moment(at));
        assert_eq!(reading.format, Some(*format), "{name}");
        assert_eq!(reasons(&reading), *wrong, "{name}: {:?}", reading.problems);
        assert_eq!(reading.certificate.is_some(), !wrong.contains(&"content"), "{name}");
        says_the_same(&reading, name, &files);
    }
}

/// Name and date of birth are those of the FHIR patient that the validator makes of the code.
fn says_the_same(reading: &Reading, name: &str, files: &[(String, String)]) {
    let Some(certificate) = &reading.certificate else { return };
    let bundle =
        files.iter().find(|(file, _)| *file == format!("{name}FHIRBundle.json")).expect("a bundle");
    let bundle: Value = serde_json::from_str(&bundle.1).expect("JSON");
    let entries = bundle["entry"].as_array().expect("entries");
    let patient = entries.iter().map(|e| &e["resource"]).find(|r| r["resourceType"] == "Patient");
    let Some(born) = patient.and_then(|p| p["birthDate"].as_str()) else { return };
    // Of some the validator keeps the year that it makes of an age, also where no date of birth is written.
    let born_here = String::from(certificate.person.born);
    let same = if born_here.is_empty() { name == "DIVOCQR1" } else { born_here.starts_with(born) };
    assert!(same, "{name}: {born_here}, {born}");
}

#[test]
fn seals_are_signed_by_the_certificate_inside_and_by_nobody_else() {
    let Some(files) = files("ddcc_qr.ndjson.gz") else { return };
    for name in ["ICAOAUQR1", "ICAOJPQR1"] {
        let (_, text) =
            files.iter().find(|(file, _)| *file == format!("{name}Contents.txt")).expect(name);
        let seal: Value = serde_json::from_str(text).expect("JSON");
        let certificate =
            seal["sig"]["cer"].as_str().expect("a certificate").replace('-', "+").replace('_', "/");
        let pem =
            format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
        let mut trust = Trust::default();
        trust.add(pem.as_bytes()).expect("its signer");
        let at = moment("2022-12-20T00:00:00Z");
        let held = read(text.as_bytes(), &trust, at);
        assert!(held.holds(), "{name}: {:?}", held.problems);
        let mut other = seal.clone();
        other["data"]["msg"]["pid"]["n"] = "PROBE  TESTA".into();
        assert_eq!(reasons(&read(other.to_string().as_bytes(), &trust, at)), ["bad_signature"]);
        let mut other = seal.clone();
        other["data"]["hdr"]["is"] = "FRA".into();
        let wrong = read(other.to_string().as_bytes(), &trust, at);
        assert_eq!(
            reasons(&wrong),
            ["bad_signature", "unknown_issuer"],
            "a signer signs for its own country"
        );
        let spaced = serde_json::to_string_pretty(&seal).expect("JSON");
        assert!(read(spaced.as_bytes(), &trust, at).holds(), "spaces are not signed");
    }
}

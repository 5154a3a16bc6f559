//! The test certificates of 34 states (dgc-testdata), each at its own moment and with its own key.

use std::collections::BTreeSet;

use jadegate_certificates::{Reading, Reason, Statement, read};
use serde_json::Value;

use crate::common::{compare_deviations, moment, trusting, vectors};

/// What is not as labelled: file, label, why.
const DEVIATIONS: &[(&str, &str, &str)] = &[
    (
        "HU/2DCode/raw/3.json",
        "EXPECTEDSCHEMAVALIDATION=true",
        "the place of the test has more than the schema's 80 letters; the states list it as a known flaw",
    ),
    ("PL/1.0.0/2DCode/raw/7.json", "EXPECTEDSCHEMAVALIDATION=false", DEVICE),
    ("PL/1.2.1/2DCode/raw/7.json", "EXPECTEDSCHEMAVALIDATION=false", DEVICE),
    ("PL/1.3.0/2DCode/raw/7.json", "EXPECTEDSCHEMAVALIDATION=false", DEVICE),
    ("PL/1.0.0/2DCode/raw/9.json", "EXPECTEDSCHEMAVALIDATION=false", HOLDER),
    ("PL/1.2.1/2DCode/raw/9.json", "EXPECTEDSCHEMAVALIDATION=false", HOLDER),
    ("PL/1.3.0/2DCode/raw/9.json", "EXPECTEDSCHEMAVALIDATION=false", HOLDER),
    ("PL/1.3.0/2DCode/raw/1.json", "JSON", ANOTHER),
    ("PL/1.3.0/2DCode/raw/5.json", "JSON", ANOTHER),
];

const DEVICE: &str =
    "the device of a test is not on a list that changes by the week and that nothing here asks for";
const HOLDER: &str = "the holder of the marketing authorisation is on no list; San Marino's valid ones are not either";
const ANOTHER: &str = "the case has the JSON of another person beside its code";

/// Is the reading as this label says? `None`: the label is about something that is not done here (drawing a picture,
/// writing JSON).
fn is_as_labelled(reading: &Reading, label: &str, says: bool) -> Option<bool> {
    use Reason as R;
    let envelope = [R::NotACertificate, R::TooLarge, R::Text, R::Compression];
    let wrong: &[R] = match label {
        "EXPECTEDUNPREFIX" => &[R::NotACertificate],
        "EXPECTEDB45DECODE" => &[R::Text],
        "EXPECTEDCOMPRESSION" => &[R::Compression],
        "EXPECTEDDECODE" => &[R::Structure],
        "EXPECTEDVERIFY" => &[R::UnknownIssuer, R::BadSignature, R::Structure],
        "EXPECTEDSCHEMAVALIDATION" => &[R::Content],
        "EXPECTEDKEYUSAGE" => &[R::WrongKeyUse],
        "EXPECTEDEXPIRATIONCHECK" | "EXPTECTEDEXPIRED" => &[R::NotYet, R::Expired, R::KeyNotValid],
        _ => return None,
    };
    let has = |all: &[R]| all.iter().any(|r| reading.has(*r));
    // A stage that is right is reached: what comes before it is right too.
    let before = envelope.iter().take_while(|r| !wrong.contains(r)).any(|r| reading.has(*r));
    Some(if says { !has(wrong) && !before } else { has(wrong) })
}

#[test]
fn every_stage_is_as_labelled() {
    let Some(cases) = vectors("dcc_vectors.ndjson.gz") else { return };
    let (mut labels, mut holding) = (0, 0);
    let mut found = BTreeSet::new();
    for case in &cases {
        let context = &case["TESTCTX"];
        let trust = trusting(context["CERTIFICATE"].as_str().expect("a certificate"));
        let at = moment(context["VALIDATIONCLOCK"].as_str().expect("a clock"));
        let reading = read(case["PREFIX"].as_str().expect("a code").as_bytes(), &trust, at);
        holding += i32::from(reading.holds());
        let file = case["file"].as_str().expect("a file");
        for (label, says) in case["EXPECTEDRESULTS"].as_object().expect("labels") {
            let says = says.as_bool().expect("yes or no");
            let Some(right) = is_as_labelled(&reading, label, says) else { continue };
            labels += 1;
            if !right {
                if std::env::var_os("SHOW").is_some() {
                    eprintln!("{file} {label}={says} {:?}", reading.problems);
                }
                found.insert((file.to_owned(), format!("{label}={says}")));
            }
        }
        if reading.holds() && !case["JSON"].is_null() && !says_the_same(&reading, &case["JSON"]) {
            found.insert((file.to_owned(), "JSON".to_owned()));
        }
    }
    eprintln!(
        "{} certificates, {labels} labels, {holding} hold, {} deviations",
        cases.len(),
        found.len()
    );
    assert_eq!(cases.len(), 289);
    compare_deviations(&found, DEVIATIONS);
}

/// Is what was read out of the code what the case has as JSON?
fn says_the_same(reading: &Reading, json: &Value) -> bool {
    let certificate = reading.certificate.as_ref().expect("it holds");
    let text = |of: &Value| of.as_str().map(|t| t.chars().take(10).collect::<String>());
    let name = &json["nam"];
    let same_name = certificate.person.family.as_deref() == name["fn"].as_str()
        && certificate.person.machine_given.as_deref() == name["gnt"].as_str();
    same_name
        && match &certificate.statements[0] {
            Statement::Vaccination { on, dose, of, product, .. } => {
                let entry = &json["v"][0];
                Some(on.to_string()) == text(&entry["dt"])
                    && dose.map(u64::from) == entry["dn"].as_u64()
                    && of.map(u64::from) == entry["sd"].as_u64()
                    && Some(product.as_str()) == entry["mp"].as_str()
            }
            Statement::Recovery { first_positive, until, .. } => {
                Some(first_positive.to_string()) == text(&json["r"][0]["fr"])
                    && Some(until.to_string()) == text(&json["r"][0]["du"])
            }
            Statement::Test { facility, .. } => facility.as_deref() == json["t"][0]["tc"].as_str(),
            Statement::Pass => false,
        }
}

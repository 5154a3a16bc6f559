//! The vectors of others, where they are at hand: `../shared/data/interop` beside the repository. They are run on and
//! never copied in. `JADEGATE_SHARED_DATA` names the folder where it is elsewhere.

use std::collections::BTreeSet;
use std::io::Read as _;

use jadegate_certificates::{Reading, Trust};
use jadegate_domain::Timestamp;
use serde_json::{Value, json};

/// Each line of a file of vectors; `None`, said aloud, if it is not there.
pub(crate) fn vectors(name: &str) -> Option<Vec<Value>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let folder = std::env::var("JADEGATE_SHARED_DATA").unwrap_or_else(|_| beside.to_owned());
    let Ok(file) = std::fs::File::open(format!("{folder}/interop/{name}")) else {
        eprintln!("SKIPPED: ../shared/data/interop/{name} is not there; nothing was checked");
        return None;
    };
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    Some(text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect())
}

/// File and text of each line.
pub(crate) fn files(name: &str) -> Option<Vec<(String, String)>> {
    let text = |v: &Value, key: &str| v[key].as_str().expect("a text").to_owned();
    Some(vectors(name)?.iter().map(|v| (text(v, "file"), text(v, "text"))).collect())
}

pub(crate) fn moment(text: &str) -> Timestamp {
    // Some clocks have no offset; their authors' own checks take them for UTC.
    let has_offset = text.ends_with('Z') || text.get(19..).is_some_and(|t| t.contains(['+', '-']));
    let text = if has_offset { text.to_owned() } else { format!("{text}Z") };
    let at: jiff::Timestamp = text.parse().expect("a moment");
    Timestamp::from_secs(at.as_second())
}

/// A list with this certificate (base64) and nothing else; empty if it cannot be read.
pub(crate) fn trusting(certificate: &str) -> Trust {
    let mut trust = Trust::default();
    let list = json!({"certificates": [{"rawData": certificate}]});
    if let Err(e) = trust.add(list.to_string().as_bytes()) {
        eprintln!("not on the list: {e}");
    }
    trust
}

/// The reasons by name, sorted.
pub(crate) fn reasons(reading: &Reading) -> Vec<&'static str> {
    let names: BTreeSet<_> = reading.problems.iter().map(|p| p.reason.as_str()).collect();
    names.into_iter().collect()
}

/// The deviations that were found have to be exactly those that are accepted, each with its reason.
pub(crate) fn compare_deviations(
    found: &BTreeSet<(String, String)>,
    accepted: &[(&str, &str, &str)],
) {
    assert!(accepted.iter().all(|(.., why)| !why.is_empty()));
    let accepted: BTreeSet<(String, String)> =
        accepted.iter().map(|(file, what, _)| ((*file).to_owned(), (*what).to_owned())).collect();
    let new: Vec<_> = found.difference(&accepted).collect();
    let gone: Vec<_> = accepted.difference(found).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "not listed: {new:#?}\nlisted and not found: {gone:#?}"
    );
}

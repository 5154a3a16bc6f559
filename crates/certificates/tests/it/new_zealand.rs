//! The examples of New Zealand's specification.

use jadegate_certificates::{Trust, read};

use crate::common::{files, moment, reasons};

/// File, and what is wrong with it. "Not active" becomes active in November 2026 by its own claims; the clock is of
/// the time of the specification.
const CASES: &[(&str, &[&str])] = &[
    ("invalid/nzcp-bad-public-key.txt", &["bad_signature"]),
    ("invalid/nzcp-expired-payload.txt", &["expired"]),
    ("invalid/nzcp-modified-payload.txt", &["bad_signature"]),
    ("invalid/nzcp-modified-sig.txt", &["bad_signature"]),
    ("invalid/nzcp-not-associated-public-key.txt", &["unknown_issuer"]),
    ("invalid/nzcp-notactive-payload.txt", &["not_yet"]),
    ("valid/nzcp.txt", &[]),
];

#[test]
fn each_pass_is_wrong_in_the_way_its_file_is_named() {
    let Some(files) = files("nz_pass.ndjson.gz") else { return };
    assert_eq!(files.len(), 13);
    let text = |name: &str| &files.iter().find(|(file, _)| file.ends_with(name)).expect(name).1;
    let mut trust = Trust::default();
    trust.add(text("did.json").as_bytes()).expect("the DID document");
    assert_eq!(trust.keys(), 1);
    let at = moment("2021-11-20T00:00:00Z");
    for (file, wrong) in CASES {
        let reading = read(text(file).as_bytes(), &trust, at);
        assert_eq!(reasons(&reading), *wrong, "{file}");
        assert_eq!(reading.holds(), wrong.is_empty(), "{file}");
    }
    assert_eq!(files.iter().filter(|(_, text)| text.starts_with("NZCP:")).count(), CASES.len());
    let pass = read(text("valid/nzcp.txt").as_bytes(), &trust, at).certificate.expect("read");
    assert_eq!(pass.person.family.as_deref(), Some("Sparrow"));
    assert_eq!(pass.id, "60a4f54d4e304332be33ad78b1eafa4b");
}

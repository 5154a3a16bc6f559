//! What health-cards-dev-tools tests its validator with: cards, bundles, keys and revocation lists that are wrong in
//! the way they are named.

use jadegate_certificates::{Reading, Trust, read_all};
use jadegate_domain::Timestamp;
use serde_json::{Value, json};

use crate::common::{files, moment, reasons};
use crate::made::{ISSUER, Issuer};

/// The example issuer of the specification: its address and its first key, as published there.
const EXAMPLE: &str = r#"{"iss": "https://spec.smarthealth.cards/examples/issuer", "keys": [{"kty": "EC",
    "kid": "3Kfdg-XwP-7gXyywtUfUADwBumDOPKMQx-iELL11W9s", "use": "sig", "alg": "ES256", "crv": "P-256",
    "x": "11XvRWy1I2S0EyJlyf_bWfw_TQ5CJJNLw78bHXNxcgw", "y": "eZXwxvO1hvCY0KucrPfKo7yAyMT6Ajc3N7OkAB6VYy8"}]}"#;

fn now() -> Timestamp {
    moment("2022-03-01T12:00:00Z")
}

struct Files(Vec<(String, String)>);

impl Files {
    fn new() -> Option<Self> {
        let files = files("shc_testdata.ndjson.gz")?;
        assert_eq!(files.len(), 122);
        Some(Self(files))
    }

    fn text(&self, name: &str) -> &str {
        let all: Vec<_> = self.0.iter().filter(|(file, _)| file.ends_with(name)).collect();
        assert_eq!(all.len(), 1, "{name}");
        &all[0].1
    }
}

fn of(text: &str) -> String {
    let mut trust = Trust::default();
    trust.add(EXAMPLE.as_bytes()).expect("the example's key");
    told(&read_all(text.as_bytes(), &trust, now()))
}

fn told(readings: &[Reading]) -> String {
    readings.iter().map(|r| reasons(r).join(" ")).collect::<Vec<_>>().join(" | ")
}

/// Files with cards in them, and why each does not hold.
///
/// Five are named wrong and hold. They break what is asked of issuers for the sake of size or form, and nothing that
/// a verifier is asked to look at: letters around the card (three), a single code that says that it is 1 of 1, and
/// metadata of a FHIR resource.
const CARDS: &[(&str, &str)] = &[
    ("00-d-jws-bad-fhir-metadata.txt", ""),
    ("00-d-jws-der-signature-r-neg.txt", "bad_signature"),
    ("00-d-jws-der-signature-rs-neg.txt", "bad_signature"),
    ("00-d-jws-der-signature-s-neg.txt", "bad_signature"),
    ("00-d-jws-der-signature.txt", "bad_signature"),
    ("00-d-jws-invalid-signature.txt", "bad_signature"),
    ("00-d-jws-issuer-kid-mismatch.txt", "unknown_issuer"),
    ("00-d-jws-issuer-not-valid-with-smart-key.txt", "unknown_issuer"),
    ("00-d-jws-jws_too_long.txt", "content unknown_issuer"),
    ("00-d-jws-no_deflate.txt", "structure"),
    ("00-d-jws-no_jws_header_alg.txt", "structure"),
    ("00-d-jws-no_jws_header_kid.txt", "structure"),
    ("00-d-jws-no_jws_header_zip.txt", "structure"),
    ("00-d-jws-trailing_chars.txt", ""),
    ("00-d-jws-utf8_bom_prefix.txt", "structure"),
    ("00-d-jws-wrong_jws_header_kid.txt", "unknown_issuer"),
    ("00-e-file-bad_jwks.smart-health-card", "unknown_issuer"),
    ("00-e-file-invalid_deflate.smart-health-card", "compression"),
    ("00-e-file-invalid_issuer_url.smart-health-card", "unknown_issuer"),
    ("00-e-file-invalid_issuer_url_http.smart-health-card", "content unknown_issuer"),
    ("00-e-file-issuer_url_with_trailing_slash.smart-health-card", "unknown_issuer"),
    ("00-e-file-jws_too_long.smart-health-card", "content unknown_issuer"),
    ("00-e-file-multi-jws-issues.smart-health-card", "structure | "),
    // The second card is signed by the issuer's second key, which is not on the list here.
    ("00-e-file-multi-jws.smart-health-card", " | unknown_issuer"),
    ("00-e-file-no_deflate.smart-health-card", "structure"),
    ("00-e-file-trailing_chars.smart-health-card", ""),
    ("numeric-value-0-index-out-of-range.txt", "text"),
    ("numeric-value-0-number-too-big.txt", "text"),
    ("numeric-value-0-odd-count.txt", "text"),
    ("numeric-value-0-trailing_chars.txt", ""),
    ("numeric-value-0-wrong-multi-chunk.txt", ""),
    ("numeric-value-0-wrong_qr_header.txt", "not_a_certificate"),
    ("00-fhirhealthcard-multi-jws.json", " | unknown_issuer"),
    ("00-fhirhealthcard-with-resource-link.json", " | unknown_issuer"),
    ("00-fhirhealthcard.json", ""),
    ("1195-byte-qrnumeric.txt", ""),
    // SMART Health Links are addresses to fetch something from, and not certificates.
    ("shlink-link-direct.txt", "not_a_certificate"),
    ("shlink-link-with-viewer.txt", "not_a_certificate"),
    ("shlink-link.txt", "not_a_certificate"),
    ("shlink-manifest-file.txt", "not_a_certificate"),
    ("shlink-manifest.txt", "not_a_certificate"),
    ("shlink-payload-direct.txt", "not_a_certificate"),
    ("shlink-payload.txt", "not_a_certificate"),
];

#[test]
fn cards_are_wrong_in_the_way_they_are_named() {
    let Some(files) = Files::new() else { return };
    let mut wrong = Vec::new();
    for (name, why) in CARDS {
        let is = of(files.text(name));
        if is != *why {
            wrong.push(format!("(\"{name}\", \"{is}\"), not {why}"));
        }
    }
    let listed = |file: &str| CARDS.iter().any(|(name, _)| file.ends_with(name));
    let card = |file: &str| {
        !file.contains("chunk_too")
            && (file.contains("-d-jws")
                || file.contains("-e-file")
                || file.contains("-f-qr")
                || file.contains("fhirhealthcard")
                || file.contains("shlink-")
                || file.contains("1195"))
    };
    for (file, text) in files.0.iter().filter(|(file, _)| card(file) && !listed(file)) {
        wrong.push(format!("(\"{file}\", \"{}\"), not listed", of(text)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn cards_in_many_parts_are_put_together() {
    let Some(files) = Files::new() else { return };
    let all = |name: &str, count: usize| {
        (0..count)
            .map(|n| files.text(&format!("value-{n}-{name}.txt")).trim().to_owned())
            .collect::<Vec<_>>()
    };
    let small = all("qr_chunk_too_small", 17);
    assert_eq!(of(&small.join("\n")), "");
    assert_eq!(of(&small[..16].join("\n")), "incomplete");
    let big = of(&all("qr_chunk_too_big", 2).join("\n"));
    assert_eq!(big, "content", "signed, and a blood count of nobody");
}

/// Bundles and payloads that nobody signed: signed here, by an issuer that is trusted.
///
/// Twelve are named wrong and hold: what they break is asked of issuers (metadata, profiles, types beside the one that
/// is required), and a verifier is told to pass over what it does not understand.
const UNSIGNED: &[(&str, &str)] = &[
    ("test-example-00-a-fhirBundle-bad_meta_extra_key.json", ""),
    ("test-example-00-a-fhirBundle-bad_meta_non_security.json", ""),
    ("test-example-00-a-fhirBundle-bad_meta_wrong_security.json", ""),
    ("test-example-00-a-fhirBundle-empty-values.json", "content"),
    ("test-example-00-a-fhirBundle-occurrence-issues.json", "content"),
    ("test-example-00-a-fhirBundle-profile-usa.json", "content"),
    ("test-example-00-a-fhirBundle-status-not-completed.json", "content"),
    ("test-example-00-a-fhirBundle-trailing_chars.json", ""),
    ("test-example-00-a-non-dm-properties.json", ""),
    ("test-example-00-a-short-refs.json", ""),
    ("test-example-00-b-jws-payload-expanded-exp_milliseconds.json", "content"),
    ("test-example-00-b-jws-payload-expanded-expired.json", "expired"),
    ("test-example-00-b-jws-payload-expanded-missing-coding.json", "content"),
    ("test-example-00-b-jws-payload-expanded-missing-covid-vc-type.json", ""),
    ("test-example-00-b-jws-payload-expanded-missing-imm-vc-type.json", ""),
    ("test-example-00-b-jws-payload-expanded-missing-shc-vc-type.json", "content"),
    ("test-example-00-b-jws-payload-expanded-nbf_milliseconds.json", "content"),
    ("test-example-00-b-jws-payload-expanded-nbf_not_yet_valid.json", "not_yet"),
    ("test-example-00-b-jws-payload-expanded-optional-vc-type.json", ""),
    ("test-example-00-b-jws-payload-expanded-pre-expired.json", "expired"),
    ("test-example-00-b-jws-payload-expanded-trailing_chars.json", ""),
    ("test-example-00-b-jws-payload-expanded-unknown-vc-types.json", ""),
    ("test-example-covid-lab-jwspayload-missing-lab-vc-type.json", ""),
];

#[test]
fn bundles_and_payloads_are_wrong_in_the_way_they_are_named() {
    let Some(files) = Files::new() else { return };
    let issuer = Issuer::new(7);
    let mut wrong = Vec::new();
    let is_unsigned =
        |file: &str| file.contains(".json") && (file.contains("-a-") || file.contains("payload"));
    for (file, text) in files.0.iter().filter(|(file, _)| is_unsigned(file)) {
        let json: Value = serde_json::from_str(text.trim()).expect("JSON");
        let mut payload = if json["resourceType"] == "Bundle" {
            json!({"nbf": 1_640_000_000, "vc": {"type": ["https://smarthealth.cards#health-card"],
                "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": json}}})
        } else {
            json
        };
        payload["iss"] = json!(ISSUER);
        let card = issuer.card(payload.to_string().as_bytes());
        let is = told(&read_all(card.as_bytes(), &issuer.trust(&json!([])), now()));
        if UNSIGNED.iter().all(|(name, why)| *name != file || *why != is) {
            wrong.push(format!("(\"{file}\", \"{is}\"),"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Key sets, with the address of their issuer beside them, and what is said of those that are refused.
const KEYS: &[(&str, Option<&str>)] = &[
    ("valid_key.json", None),
    ("valid_keys.json", None),
    ("valid_key_with_x5c.json", None),
    ("valid_2_chain.public.json", None),
    ("issuer.jwks.public.not.smart.json", None),
    ("wrong_alg_key.json", Some("ES256")),
    ("wrong_curve_key.json", Some("P-256")),
    ("wrong_kid_key.json", Some("thumbprint")),
    ("wrong_kty_key.json", Some("P-256")),
    ("wrong_use_key.json", Some("use is not sig")),
    ("private_key.json", Some("private key")),
    ("cert_mismatch.public.json", Some("another key")),
    ("invalid_DNS_SAN.public.json", Some("does not name the issuer")),
    ("invalid_no_SAN.public.json", Some("does not name the issuer")),
    ("invalid_chain.public.json", Some("not signed by the next")),
];

#[test]
fn keys_are_refused_for_what_is_wrong_with_them() {
    let Some(files) = Files::new() else { return };
    for (name, why) in KEYS {
        let mut set: Value = serde_json::from_str(files.text(name)).expect("JSON");
        set["iss"] = json!("https://smarthealth.cards/examples/issuer");
        let added = Trust::default().add(set.to_string().as_bytes()).map_err(|e| e.to_string());
        match why {
            None => assert_eq!(added, Ok(()), "{name}"),
            Some(why) => {
                assert!(added.as_ref().is_err_and(|e| e.contains(why)), "{name}: {added:?}");
            }
        }
    }
}

#[test]
fn of_one_card_revoked_several_times_the_strictest_counts() {
    let Some(files) = Files::new() else { return };
    let name = "duplicate-rid/.well-known";
    let mut set: Value =
        serde_json::from_str(files.text(&format!("{name}/jwks.json"))).expect("JSON");
    let file = format!("{name}/crl/hrvC0uzB16UXK83BnPo7Glg685b1D6iYOyJd5hpRaAA.json");
    set["iss"] = json!(ISSUER);
    set["crls"] = json!([serde_json::from_str::<Value>(files.text(&file)).expect("JSON")]);
    let mut trust = Trust::default();
    trust.add(set.to_string().as_bytes()).expect("nothing forbids it");
    assert_eq!(trust.revocations(), 2);
}

#[test]
fn revocation_lists_that_are_wrong_are_no_lists() {
    let Some(files) = Files::new() else { return };
    for (name, why) in [
        ("invalid-method", "method"),
        ("non-base64url-rid", "not as it should be"),
        ("too-long-rid", "not as it should be"),
        ("version-mismatch", "crlVersion"),
    ] {
        let file =
            format!("{name}/.well-known/crl/hrvC0uzB16UXK83BnPo7Glg685b1D6iYOyJd5hpRaAA.json");
        let mut set: Value =
            serde_json::from_str(files.text(&format!("{name}/.well-known/jwks.json")))
                .expect("JSON");
        let iss = format!(
            "https://raw.githubusercontent.com/smart-on-fhir/health-cards-dev-tools/main/testdata/badcrl/{name}"
        );
        set["iss"] = json!(iss);
        let mut trust = Trust::default();
        trust.add(set.to_string().as_bytes()).expect("the key by itself");
        let card = files.text(&format!("jws-crl-{name}.txt"));
        let without = told(&read_all(card.as_bytes(), &trust, moment("2022-06-01T00:00:00Z")));
        assert_eq!(without, "", "{name}: without its list the card holds");
        set["crls"] = json!([serde_json::from_str::<Value>(files.text(&file)).expect("JSON")]);
        let added = Trust::default().add(set.to_string().as_bytes()).map_err(|e| e.to_string());
        assert!(added.as_ref().is_err_and(|e| e.contains(why)), "{name}: {added:?}");
    }
}

//! Certificates made here, each wrong in one way: with keys of this test and of nobody else.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jadegate_certificates::{Born, Found, Reading, Reason, Statement, Trust, When, read, read_all};
use jadegate_domain::Timestamp;
use jadegate_domain::vaccine::Vaccine;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::common::{moment, reasons};

pub(crate) const ISSUER: &str = "https://cards.example/issuer";

fn now() -> Timestamp {
    moment("2022-03-01T12:00:00Z")
}

/// An issuer of health cards.
pub(crate) struct Issuer {
    key: SigningKey,
    pub(crate) jwk: Value,
}

impl Issuer {
    pub(crate) fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).expect("a key");
        let point = key.verifying_key().to_sec1_point(false);
        let half = |n: usize| URL_SAFE_NO_PAD.encode(&point.as_bytes()[1 + 32 * n..33 + 32 * n]);
        let (x, y) = (half(0), half(1));
        let thumbprint = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let kid = URL_SAFE_NO_PAD.encode(Sha256::digest(thumbprint));
        let jwk = json!({"kty": "EC", "kid": kid, "use": "sig", "alg": "ES256", "crv": "P-256", "x": x, "y": y});
        Self { key, jwk }
    }

    pub(crate) fn kid(&self) -> &str {
        self.jwk["kid"].as_str().expect("a kid")
    }

    /// A card of this payload, as it is.
    pub(crate) fn card(&self, payload: &[u8]) -> String {
        let mut deflate =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        deflate.write_all(payload).expect("memory");
        let header = json!({"zip": "DEF", "alg": "ES256", "kid": self.kid()}).to_string();
        let body = URL_SAFE_NO_PAD.encode(deflate.finish().expect("memory"));
        let signed = format!("{}.{body}", URL_SAFE_NO_PAD.encode(header));
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    pub(crate) fn trust(&self, crls: &Value) -> Trust {
        let mut trust = Trust::default();
        let list = json!({"iss": ISSUER, "keys": [self.jwk], "crls": crls});
        trust.add(list.to_string().as_bytes()).expect("a list");
        trust
    }
}

pub(crate) fn payload(entries: &Value) -> Value {
    json!({"iss": ISSUER, "nbf": 1_640_000_000, "vc": {
        "type": ["https://smarthealth.cards#health-card"],
        "credentialSubject": {"fhirVersion": "4.0.1",
            "fhirBundle": {"resourceType": "Bundle", "type": "collection", "entry": entries}}}})
}

fn patient() -> Value {
    json!({"fullUrl": "resource:0", "resource": {"resourceType": "Patient",
        "name": [{"family": "Probe", "given": ["Testa"]}], "birthDate": "1980-01-02"}})
}

fn dose(code: &str, on: &str) -> Value {
    json!({"resource": {"resourceType": "Immunization", "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": code}]},
        "patient": {"reference": "resource:0"}, "occurrenceDateTime": on}})
}

fn of_card(payload: &Value) -> Reading {
    let issuer = Issuer::new(7);
    read(issuer.card(payload.to_string().as_bytes()).as_bytes(), &issuer.trust(&json!([])), now())
}

#[test]
fn doses_of_a_card_are_numbered_by_their_days() {
    let card = of_card(&payload(&json!([
        patient(),
        dose("208", "2021-05-01"),
        dose("207", "2021-03-01"),
        dose("140", "2021-01-01")
    ])));
    assert!(card.holds(), "{:?}", card.problems);
    let certificate = card.certificate.expect("read");
    let doses: Vec<_> = certificate
        .statements
        .iter()
        .map(|s| match s {
            Statement::Vaccination { vaccine, dose, on, .. } => (*vaccine, *dose, on.to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        doses,
        [
            (Vaccine::Spikevax, Some(1), "2021-03-01".to_owned()),
            (Vaccine::Comirnaty, Some(2), "2021-05-01".to_owned()),
        ]
    );
    assert_eq!(certificate.person.born, Born::Day(jiff::civil::date(1980, 1, 2)));
}

#[test]
fn a_test_on_a_day_counts_from_where_days_begin_first() {
    let observation = |value: &str, status: &str| {
        json!({"resource": {"resourceType": "Observation", "status": status,
        "code": {"coding": [{"system": "http://loinc.org", "code": "94558-4"}]},
        "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": value}]},
        "effectiveDateTime": "2022-02-28"}})
    };
    let card = of_card(&payload(&json!([patient(), observation("260415000", "final")])));
    let certificate = card.certificate.expect("read");
    let Statement::Test { found, sampled, .. } = &certificate.statements[0] else {
        panic!("a test")
    };
    assert_eq!((*found, *sampled), (Found::Negative, When::Day(jiff::civil::date(2022, 2, 28))));
    assert_eq!(sampled.earliest(), moment("2022-02-27T10:00:00Z"));
    let odd = of_card(&payload(&json!([patient(), observation("1", "final")])));
    assert_eq!(reasons(&odd), ["content"]);
    let cancelled = of_card(&payload(&json!([patient(), observation("260415000", "cancelled")])));
    assert_eq!(reasons(&cancelled), ["content"], "what was cancelled says nothing");
}

#[test]
fn what_a_card_may_not_say_is_refused() {
    let good = payload(&json!([patient(), dose("208", "2021-05-01")]));
    assert!(of_card(&good).holds());
    let with = |path: &str, value: Value| {
        let mut payload = good.clone();
        *payload.pointer_mut(path).expect(path) = value;
        reasons(&of_card(&payload)).join(" ")
    };
    assert_eq!(with("/iss", json!("http://cards.example/issuer")), "content unknown_issuer");
    assert_eq!(with("/iss", json!("https://cards.example/other")), "unknown_issuer");
    assert_eq!(with("/nbf", json!(1_700_000_000)), "not_yet");
    assert_eq!(with("/nbf", json!(1_622_578_067_089_i64)), "content");
    assert_eq!(with("/nbf", json!("1640000000")), "content");
    assert_eq!(with("/vc/type", json!(["VerifiableCredential"])), "content");
    assert_eq!(with("/vc/credentialSubject/fhirVersion", json!("3.0.2")), "content");
    let entries = "/vc/credentialSubject/fhirBundle/entry";
    assert_eq!(with(entries, json!([patient()])), "content");
    assert_eq!(with(entries, json!([dose("208", "2021-05-01")])), "content", "about nobody");
    assert_eq!(
        with(entries, json!([patient(), patient(), dose("208", "2021-05-01")])),
        "content",
        "about two"
    );
    assert_eq!(with(entries, json!([patient(), dose("140", "2021-05-01")])), "not_covid");
    assert_eq!(with(entries, json!([patient(), dose("208", "last year")])), "content");
    let mut ended = good.clone();
    ended["exp"] = json!(now().as_secs());
    assert_eq!(reasons(&of_card(&ended)), ["expired"], "on its last second it is over");
    ended["exp"] = json!(now().as_secs() + 1);
    assert!(of_card(&ended).holds());
}

#[test]
fn revoked_cards_are_refused_and_those_issued_later_are_not() {
    let issuer = Issuer::new(7);
    let crls = json!([{"kid": issuer.kid(), "method": "rid", "ctr": 1, "rids": ["all-of-them", "some.1650000000"]}]);
    let trust = issuer.trust(&crls);
    assert_eq!(trust.revocations(), 2);
    let card = |rid: &str, nbf: i64| {
        let mut payload = payload(&json!([patient(), dose("208", "2021-05-01")]));
        payload["nbf"] = json!(nbf);
        payload["vc"]["rid"] = json!(rid);
        reasons(&read(
            issuer.card(payload.to_string().as_bytes()).as_bytes(),
            &trust,
            moment("2023-01-01T00:00:00Z"),
        ))
    };
    assert_eq!(card("all-of-them", 1_640_000_000), ["revoked"]);
    assert_eq!(card("some", 1_640_000_000), ["revoked"]);
    assert!(card("some", 1_650_000_000).is_empty(), "issued at that moment, not before it");
    assert!(card("another", 1_640_000_000).is_empty());
    assert_eq!(card("no good rid, too long for one", 1_640_000_000), ["content"]);
}

#[test]
fn parts_come_in_any_order_and_none_may_be_missing_or_of_another_card() {
    let issuer = Issuer::new(7);
    let trust = issuer.trust(&json!([]));
    let two = |n: u8| [char::from(b'0' + n / 10), char::from(b'0' + n % 10)];
    let digits = |jws: &str| jws.bytes().flat_map(|b| two(b - 45)).collect::<String>();
    let card = digits(
        &issuer
            .card(payload(&json!([patient(), dose("208", "2021-05-01")])).to_string().as_bytes()),
    );
    let (a, b) = card.split_at(card.len() / 4 * 2);
    let all = |text: String| read_all(text.as_bytes(), &trust, now());
    let holds = |text: String| all(text).iter().map(Reading::holds).collect::<Vec<_>>();
    assert_eq!(holds(format!("shc:/{card}")), [true]);
    assert_eq!(holds(format!("shc:/1/2/{a}\nshc:/2/2/{b}\n")), [true]);
    assert_eq!(holds(format!("shc:/2/2/{b}\r\nshc:/1/2/{a}\nshc:/{card}")), [true, true]);
    assert_eq!(reasons(&all(format!("shc:/1/2/{a}"))[0]), ["incomplete"]);
    assert_eq!(reasons(&all(format!("shc:/1/2/{a}\nshc:/1/2/{a}"))[0]), ["incomplete"]);
    assert_eq!(reasons(&all(format!("shc:/1/2/{a}\nshc:/1/2/{b}"))[0]), ["text"]);
    assert_eq!(reasons(&all(format!("shc:/3/2/{a}"))[0]), ["text"]);
    assert_eq!(reasons(&all(format!("shc:/1/9999999999/{a}"))[0]), ["text"]);
    let two = format!("shc:/{card}\nshc:/{card}");
    assert!(!read(two.as_bytes(), &trust, now()).holds(), "one was asked for");
}

/// CBOR, written by hand.
mod cbor {
    pub(super) fn head(major: u8, n: usize) -> Vec<u8> {
        let n = u16::try_from(n).expect("small");
        match n {
            0..=23 => vec![(major << 5) | n.to_le_bytes()[0]],
            24..=255 => vec![(major << 5) | 0x18, n.to_le_bytes()[0]],
            _ => [&[(major << 5) | 0x19][..], &n.to_be_bytes()].concat(),
        }
    }
    pub(super) fn bytes(b: &[u8]) -> Vec<u8> {
        [head(2, b.len()), b.to_vec()].concat()
    }
    pub(super) fn text(t: &str) -> Vec<u8> {
        [head(3, t.len()), t.as_bytes().to_vec()].concat()
    }
    pub(super) fn int(n: i64) -> Vec<u8> {
        let (major, n) = if n < 0 { (1_u8, -1 - n) } else { (0, n) };
        [&[(major << 5) | 0x1b][..], &n.to_be_bytes()].concat()
    }
    pub(super) fn map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
        let mut out = head(5, entries.len());
        for (key, value) in entries {
            out.extend([key.clone(), value.clone()].concat());
        }
        out
    }
    pub(super) fn list(items: &[Vec<u8>]) -> Vec<u8> {
        [head(4, items.len()), items.concat()].concat()
    }
    pub(super) fn json(value: &serde_json::Value) -> Vec<u8> {
        use serde_json::Value as V;
        match value {
            V::String(t) => text(t),
            V::Number(n) => int(n.as_i64().expect("whole")),
            V::Array(items) => list(&items.iter().map(json).collect::<Vec<_>>()),
            V::Object(members) => {
                let of = |(k, v): (&String, &V)| (text(k), json(v));
                map(&members.iter().map(of).collect::<Vec<_>>())
            }
            _ => vec![0xf6],
        }
    }
}

/// A signer of EU certificates: a certificate with just enough in it to be read, and its key.
struct Signer {
    key: SigningKey,
    certificate: Vec<u8>,
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("small");
    [&[tag, 0x82][..], &length.to_be_bytes(), content]
        .concat()
        .into_iter()
        .collect::<Vec<u8>>()
        .shorten(content.len())
}

trait Shorten {
    fn shorten(self, length: usize) -> Self;
}

impl Shorten for Vec<u8> {
    /// DER has exactly one way to write a length.
    fn shorten(self, length: usize) -> Self {
        let rest = &self[4..];
        match length {
            0..=127 => [&self[..1], &[u8::try_from(length).expect("small")], rest].concat(),
            128..=255 => [&self[..1], &[0x81, u8::try_from(length).expect("small")], rest].concat(),
            _ => self,
        }
    }
}

impl Signer {
    fn new(purposes: &[u8]) -> Self {
        let key = SigningKey::from_slice(&[9; 32]).expect("a key");
        let point = key.verifying_key().to_sec1_point(false);
        let ec =
            b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
        let algorithm = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
        let name = tlv(0x30, &tlv(0x31, &tlv(0x30, b"\x06\x03\x55\x04\x06\x13\x02AT")));
        let validity =
            tlv(0x30, &[tlv(0x17, b"210101000000Z"), tlv(0x17, b"230101000000Z")].concat());
        let oids: Vec<u8> = purposes
            .iter()
            .flat_map(|last| {
                [&b"\x06\x0b\x2b\x06\x01\x04\x01\x8e\x37\x8f\x65\x01"[..], &[*last]].concat()
            })
            .collect();
        let usage = [&b"\x06\x03\x55\x1d\x25"[..], &tlv(0x04, &tlv(0x30, &oids))].concat();
        let extensions = tlv(0xa3, &tlv(0x30, &tlv(0x30, &usage)));
        let body = tlv(
            0x30,
            &[
                b"\xa0\x03\x02\x01\x02\x02\x01\x01".to_vec(),
                algorithm.to_vec(),
                name.clone(),
                validity,
                name,
                tlv(0x30, &[&ec[..], &tlv(0x03, &[&[0], point.as_bytes()].concat())].concat()),
                if purposes.is_empty() { Vec::new() } else { extensions },
            ]
            .concat(),
        );
        let certificate = tlv(
            0x30,
            &[body, algorithm.to_vec(), tlv(0x03, b"\x00\x30\x06\x02\x01\x01\x02\x01\x01")]
                .concat(),
        );
        Self { key, certificate }
    }

    fn trust(&self) -> Trust {
        let mut trust = Trust::default();
        let list = json!([{"certificates": [{"rawData": STANDARD.encode(&self.certificate)}]}]);
        trust.add(list.to_string().as_bytes()).expect("a list");
        trust
    }

    /// The code of these claims.
    fn code(&self, health: &Value, from: i64, until: i64) -> String {
        self.code_of(&cbor::map(&[
            (cbor::int(1), cbor::text("AT")),
            (cbor::int(4), cbor::int(until)),
            (cbor::int(6), cbor::int(from)),
            (cbor::int(-260), cbor::map(&[(cbor::int(1), cbor::json(health))])),
        ]))
    }

    fn code_of(&self, claims: &[u8]) -> String {
        let kid = &Sha256::digest(&self.certificate)[..8];
        let protected =
            cbor::map(&[(cbor::int(1), cbor::int(-7)), (cbor::int(4), cbor::bytes(kid))]);
        let signed = cbor::list(&[
            cbor::text("Signature1"),
            cbor::bytes(&protected),
            cbor::bytes(b""),
            cbor::bytes(claims),
        ]);
        let signature: Signature = self.key.sign(&signed);
        let message = cbor::list(&[
            cbor::bytes(&protected),
            cbor::map(&[]),
            cbor::bytes(claims),
            cbor::bytes(&signature.to_bytes()),
        ]);
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(&[vec![0xd2], message].concat()).expect("memory");
        format!("HC1:{}", base45::encode(zlib.finish().expect("memory")))
    }
}

fn recovery() -> Value {
    json!({"ver": "1.3.0", "nam": {"fn": "Probe", "gn": "Testa", "fnt": "PROBE", "gnt": "TESTA"}, "dob": "1980-01-02",
        "r": [{"tg": "840539006", "fr": "2022-01-01", "co": "AT", "is": "Probe office", "df": "2022-01-12",
            "du": "2022-06-30", "ci": "urn:uvci:01:at:probe"}]})
}

#[test]
fn an_eu_certificate_holds_for_what_its_key_may_sign() {
    for (purposes, holds) in
        [(&[][..], true), (&[3], true), (&[1, 2, 3], true), (&[1], false), (&[1, 2], false)]
    {
        let signer = Signer::new(purposes);
        let reading = read(
            signer.code(&recovery(), 1_640_000_000, 1_650_000_000).as_bytes(),
            &signer.trust(),
            now(),
        );
        assert_eq!(reading.holds(), holds, "{purposes:?} {:?}", reading.problems);
        assert_eq!(reading.has(Reason::WrongKeyUse), !holds);
        assert_eq!(reading.certificate.expect("read").id, "AT 01:AT:PROBE");
    }
}

#[test]
fn an_eu_certificate_is_right_in_every_field_or_refused() {
    let signer = Signer::new(&[]);
    let trust = signer.trust();
    let with = |path: &str, value: Value| {
        let mut health = recovery();
        *health.pointer_mut(path).expect(path) = value;
        let reading =
            read(signer.code(&health, 1_640_000_000, 1_650_000_000).as_bytes(), &trust, now());
        reasons(&reading).join(" ")
    };
    assert_eq!(with("/nam/gn", json!(null)), "");
    assert_eq!(with("/dob", json!("1980")), "");
    for (path, wrong) in [
        ("/nam/fnt", json!("Probe")),
        ("/nam/fnt", json!(null)),
        ("/nam/fn", json!(7)),
        ("/dob", json!("2.1.1980")),
        ("/dob", json!(1980)),
        ("/ver", json!(null)),
        ("/r", json!([])),
        ("/r", json!({})),
        ("/r", json!([{}])),
        ("/r/0/fr", json!("2022-13-01")),
        ("/r/0/co", json!("XY")),
        ("/r/0/is", json!("x".repeat(81))),
        ("/r/0/ci", json!(null)),
    ] {
        assert_eq!(with(path, wrong.clone()), "content", "{path} {wrong}");
    }
    assert_eq!(with("/r/0/tg", json!("6142004")), "not_covid");
    let mut two = recovery();
    two["v"] = json!([{}]);
    let reading = read(signer.code(&two, 1_640_000_000, 1_650_000_000).as_bytes(), &trust, now());
    assert_eq!(reasons(&reading), ["content"]);
}

#[test]
fn an_eu_certificate_is_valid_from_its_issue_to_its_end_and_its_key_as_long_as_the_list_says() {
    let signer = Signer::new(&[]);
    let (from, until) = (1_640_000_000, 1_650_000_000);
    let code = signer.code(&recovery(), from, until);
    let at = |secs: i64| {
        reasons(&read(code.as_bytes(), &signer.trust(), Timestamp::from_secs(secs))).join(" ")
    };
    assert_eq!(at(from - 1), "not_yet");
    assert_eq!(at(from), "");
    assert_eq!(at(until), "", "the EU's end is the last second");
    assert_eq!(at(until + 1), "expired");
    assert_eq!(at(1_700_000_000), "expired key_not_valid");
    let mut trust = Trust::default();
    let raw = STANDARD.encode(&signer.certificate);
    let list = json!({"certificates": [{"rawData": raw, "until": "2022-01-01T00:00:00Z"}]});
    trust.add(list.to_string().as_bytes()).expect("a list");
    assert_eq!(reasons(&read(code.as_bytes(), &trust, now())), ["key_not_valid"]);
    let renamed = json!({"certificates": [{"rawData": raw, "kid": "AAAAAAAAAAA="}]});
    let mut trust = Trust::default();
    trust.add(renamed.to_string().as_bytes()).expect("a list");
    assert_eq!(reasons(&read(code.as_bytes(), &trust, now())), ["unknown_issuer"]);
}

#[test]
fn an_eu_certificate_is_revoked_by_id_by_country_and_id_or_by_signature() {
    let signer = Signer::new(&[]);
    let code = signer.code(&recovery(), 1_640_000_000, 1_650_000_000);
    let revoked = |kind: &str, of: &[u8]| {
        let mut trust = signer.trust();
        let hash = STANDARD.encode(&Sha256::digest(of)[..16]);
        let batch = json!({"country": "AT", "kid": "AAAAAAAAAAA=", "hashType": kind, "entries": [{"hash": hash}]});
        trust.add(batch.to_string().as_bytes()).expect("a batch");
        reasons(&read(code.as_bytes(), &trust, now()))
    };
    assert_eq!(revoked("UCI", b"urn:uvci:01:at:probe"), ["revoked"]);
    assert_eq!(revoked("COUNTRYCODEUCI", b"ATurn:uvci:01:at:probe"), ["revoked"]);
    assert!(revoked("UCI", b"another").is_empty());
}

#[test]
fn a_changed_letter_is_never_believed() {
    let signer = Signer::new(&[]);
    let trust = signer.trust();
    let code = signer.code(&recovery(), 1_640_000_000, 1_650_000_000);
    for at in 4..code.len() {
        let mut other = code.clone().into_bytes();
        other[at] = if other[at] == b'A' { b'B' } else { b'A' };
        assert!(!read(&other, &trust, now()).holds(), "letter {at}");
    }
    let empty = read(code.as_bytes(), &Trust::default(), now());
    assert_eq!(reasons(&empty), ["unknown_issuer"]);
    assert!(empty.certificate.is_some(), "what it says can be shown to somebody who decides");
}

#[test]
fn a_list_that_is_wrong_anywhere_changes_nothing() {
    let good = Issuer::new(7);
    let mut trust = good.trust(&json!([]));
    for wrong in [
        json!({"iss": "http://cards.example", "keys": []}),
        json!({"iss": "https://cards.example/", "keys": []}),
        json!({"keys": [good.jwk]}),
        json!([{"iss": "https://new.example", "keys": [Issuer::new(8).jwk]}, {"nothing": "known"}]),
        json!({"certificates": [{"rawData": "AAAA"}]}),
        json!({"hashType": "UCI", "entries": [{"hash": "AAAA"}]}),
        json!({"hashType": "OTHER", "entries": []}),
    ] {
        assert!(trust.add(wrong.to_string().as_bytes()).is_err(), "{wrong}");
        assert_eq!((trust.keys(), trust.revocations()), (1, 0), "{wrong}");
    }
    for wrong in [
        &b""[..],
        b"\xff\xfe",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        b"-----BEGIN PRIVATE KEY-----",
    ] {
        assert!(trust.add(wrong).is_err());
    }
    assert_eq!(trust.keys(), 1);
}

//! `vectors/jg1.json`: what other implementations (the gate page) are tested against.
//!
//! It is made here from fixed seeds and committed; this test makes it again and compares. To change
//! the format on purpose, run with `WRITE_VECTORS=1` and look at the difference.

#![expect(clippy::unwrap_used, reason = "what cannot be made fails the test")]

mod common;

use common::{T, at, issuer};
use jadegate_domain::{Colour, HolderId, PlaceId};
use jadegate_pass::{
    Issuer, KeySet, PassError, VenueKind, issue, issue_venue, verify, verify_venue,
};
use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/jg1.json");

struct Vector {
    name: &'static str,
    text: String,
    now: i64,
    skew: u32,
}

fn vector(name: &'static str, text: impl Into<String>, now: i64, skew: u32) -> Vector {
    Vector { name, text: text.into(), now, skew }
}

fn live(issuer: &Issuer, colour: Colour, iat: i64) -> String {
    issue(issuer, HolderId::from_random(42), colour, at(iat), 60, [1, 2, 3, 4]).unwrap().text
}

/// The same code with the bytes changed by `change`.
fn altered(text: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let (prefix, body) = text.split_once(':').unwrap();
    let mut bytes = base45::decode(body).unwrap();
    change(&mut bytes);
    format!("{prefix}:{}", base45::encode(&bytes))
}

fn live_vectors(ours: &Issuer) -> Vec<Vector> {
    let change = T + 86_400;
    let green = live(ours, Colour::Green, T);
    let red = live(ours, Colour::Red, T);
    vec![
        vector("green", &green, T, 0),
        vector("yellow, read after 30 s", live(ours, Colour::Yellow, T), T + 30, 0),
        vector("red, in the last second", &red, T + 59, 0),
        vector("line end of a hand scanner", format!("{green}\r\n"), T, 0),
        vector(
            "signed by the second key in the overlap",
            live(ours, Colour::Green, change),
            change,
            0,
        ),
        vector("expired, within the skew", &green, T + 89, 30),
        vector("stale", &green, T + 60, 0),
        vector("stale by a day, with a skew above the limit", &green, T + 86_400, 4_000_000_000),
        vector("early, within the skew", &green, T - 30, 30),
        vector("not yet valid", &green, T - 1, 0),
        vector("signature changed", altered(&green, |b| b[114] ^= 1), T, 0),
        vector("red made green", altered(&red, |b| b[48] = 0), T, 0),
        vector("expiry moved by a second", altered(&green, |b| b[18] ^= 1), T, 0),
        vector("handle changed", altered(&green, |b| b[30] ^= 1), T, 0),
        vector("issuer changed", altered(&green, |b| b[12] = b'X'), T, 0),
        vector("issued by another deployment", live(&issuer("XX"), Colour::Green, T), T, 0),
        vector(
            "times of 1970 in the form of today's",
            altered(&green, |b| {
                b[15..19].copy_from_slice(&60u32.to_be_bytes());
                b[21..25].copy_from_slice(&0u32.to_be_bytes());
            }),
            T,
            0,
        ),
        vector(
            "issued when no key was in force",
            altered(&green, |b| {
                b[16] = 0x10;
                b[22] = 0x10;
            }),
            T,
            0,
        ),
        vector("fresh for too long", altered(&green, |b| b[16] ^= 0x10), T, 0),
        vector("colour 3", altered(&green, |b| b[48] = 3), T, 0),
        vector(
            "colour written in two bytes",
            altered(&green, |b| {
                b[7] += 1;
                b.splice(48..49, [0x18, 0]);
            }),
            T,
            0,
        ),
        vector("tagged", altered(&green, |b| b.insert(0, 0xd2)), T, 0),
        vector("algorithm ES256", altered(&green, |b| b[4] = 0x26), T, 0),
        vector("trailing byte", altered(&green, |b| b.push(0)), T, 0),
        vector("cut", &green[..169], T, 0),
        vector("one character lost", &green[..176], T, 0),
        vector("lower case", format!("JG1:{}", green[4..].to_lowercase()), T, 0),
        vector("prefix only", "JG1:", T, 0),
        vector("not base45", "JG1:!!!", T, 0),
        vector("very long", format!("JG1:{}", "0".repeat(5000)), T, 0),
        vector("web address", "https://example.invalid/JG1:", T, 0),
        vector("another prefix", green.replacen("JG1:", "HC1:", 1), T, 0),
        vector("nothing", "", T, 0),
    ]
}

fn venue_vectors(ours: &Issuer) -> Vec<Vector> {
    let make = |kind| issue_venue(ours, PlaceId::from_random(11), at(T), kind).unwrap();
    let poster = make(VenueKind::Poster);
    let screen = make(VenueKind::Screen { expires_at: at(T + 30) });
    let as_live = live(ours, Colour::Green, T).replacen("JG1:", "JGV1:", 1);
    vec![
        vector("poster", &poster, T, 0),
        vector("poster, five years later", &poster, T + 5 * 365 * 86_400, 0),
        vector("poster from the future", &poster, T - 61, 60),
        vector("poster of another place", altered(&poster, |b| b[28] ^= 1), T, 0),
        vector("screen", &screen, T + 29, 0),
        vector("screen, stale", &screen, T + 30, 0),
        vector("live code with a venue's prefix", as_live, T, 0),
        vector("live code", live(ours, Colour::Green, T), T, 0),
    ]
}

fn live_outcome(keys: &KeySet, v: &Vector) -> Result<Value, PassError> {
    let code = verify(keys, &v.text, at(v.now), v.skew)?;
    Ok(json!({
        "issuer": code.issuer,
        "colour": code.colour,
        "issued_at": code.issued_at.as_secs(),
        "expires_at": code.expires_at.as_secs(),
        "handle": code.handle,
    }))
}

fn venue_outcome(keys: &KeySet, v: &Vector) -> Result<Value, PassError> {
    let code = verify_venue(keys, &v.text, at(v.now), v.skew)?;
    let expires_at = match code.kind {
        VenueKind::Poster => None,
        VenueKind::Screen { expires_at } => Some(expires_at.as_secs()),
    };
    Ok(json!({
        "issuer": code.issuer,
        "place": code.place,
        "issued_at": code.issued_at.as_secs(),
        "expires_at": expires_at,
    }))
}

type Outcome = fn(&KeySet, &Vector) -> Result<Value, PassError>;

fn table(keys: &KeySet, vectors: &[Vector], outcome: Outcome) -> Vec<Value> {
    let row = |v: &Vector| {
        let mut row = json!({ "name": v.name, "text": v.text, "now": v.now, "skew_secs": v.skew });
        match outcome(keys, v) {
            Ok(code) => row["code"] = code,
            Err(error) => row["error"] = error.code().into(),
        }
        row
    };
    vectors.iter().map(row).collect()
}

fn make() -> Value {
    let ours = issuer("JG");
    let keys = ours.key_set();
    json!({
        "about": "Jadegate code format JG1, see docs/decisions/0003-code-format.md. Times are seconds \
                  since 1970 in UTC. Each row has either the code's content or the error. The keys \
                  are public test keys.",
        "key_set": keys,
        "live": table(keys, &live_vectors(&ours), live_outcome),
        "venue": table(keys, &venue_vectors(&ours), venue_outcome),
    })
}

#[test]
fn the_committed_vectors_are_those_of_this_code() {
    let made = make();
    if std::env::var_os("WRITE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(&made).unwrap() + "\n";
        std::fs::write(FILE, text).unwrap();
    }
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    assert_eq!(committed, made, "the format changed: old codes and other verifiers would break");
}

#[test]
fn the_vectors_meet_every_outcome() {
    let made = make();
    let rows = || ["live", "venue"].into_iter().flat_map(|t| made[t].as_array().unwrap());
    for error in PassError::ALL {
        let met = rows().any(|row| row["error"] == error.code());
        // Handles are the issuer's business; a gate never meets this one.
        assert_eq!(met, error != PassError::BadHandle, "{}", error.code());
    }
    for colour in Colour::ALL {
        assert!(rows().any(|row| row["code"]["colour"] == colour.as_str()), "{colour}");
    }
    for row in rows().filter(|row| row["name"].as_str().unwrap().contains("another prefix")) {
        assert_eq!(row["error"], "code.not_ours");
    }
}

//! Codes on paper: `vectors/paper.json`, what other implementations (the gate page) are tested against,
//! and what a paper is not.
//!
//! The file is made here from fixed seeds and committed; a test makes it again and compares. To change the
//! format on purpose, run with `WRITE_VECTORS=1` and look at the difference.

#![expect(clippy::unwrap_used, reason = "what cannot be made fails the test")]

use fast_qr::{ECL, Mode, QRBuilder, Version};
use jadegate_domain::{Colour, HolderId, PaperId, Period, Timestamp, hex};
use jadegate_pass::{
    HandleKey, HandleKeys, IssueError, Issuer, IssuingKey, KeyUse, PassError, Status, StatusList,
    issue, issue_paper, issue_status_list, read_status_list, verify, verify_paper,
    verify_paper_of_any_age,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/paper.json");
/// 2022-03-01T08:00:00Z.
const T: i64 = 1_646_121_600;
const TWO_YEARS: i64 = 730 * 86_400;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn issuer(code: &str, seed: u8) -> Issuer {
    let span = Period { from: at(T - 86_400), to: at(T + 86_400) };
    let keys = vec![
        IssuingKey::from_seed(&[1; 32], KeyUse::Live, span).unwrap(),
        IssuingKey::from_seed(&[seed; 32], KeyUse::Venue, span).unwrap(),
        IssuingKey::for_paper(&[seed; 32], span).unwrap(),
    ];
    let handles = HandleKeys::new(vec![HandleKey::new(&[4; 32], span)]).unwrap();
    Issuer::new(code.parse().unwrap(), keys, handles).unwrap()
}

fn paper(issuer: &Issuer, index: u32) -> String {
    let id = PaperId::from_random(0x0123_4567_89ab_cdef);
    issue_paper(issuer, id, index, at(T), at(T + TWO_YEARS)).unwrap()
}

fn altered(text: &str, change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = base45::decode(text.strip_prefix("JGP1:").unwrap()).unwrap();
    change(&mut bytes);
    format!("JGP1:{}", base45::encode(&bytes))
}

fn papers(ours: &Issuer) -> Vec<(&'static str, String, i64)> {
    let good = paper(ours, 1_000);
    let live = issue(ours, HolderId::from_random(42), Colour::Green, at(T), 60, [0; 4]).unwrap();
    vec![
        ("good", good.clone(), T),
        ("good, on its last day", good.clone(), T + TWO_YEARS - 1),
        ("the first place of the list", paper(ours, 0), T),
        ("the last place there can be", paper(ours, u32::MAX), T),
        ("line end of a hand scanner", format!("{good}\r\n"), T),
        ("past its term", good.clone(), T + TWO_YEARS),
        ("from the future", good.clone(), T - 1),
        ("of another issuer", paper(&issuer("OT", 3), 1_000), T),
        ("signed by a key that nobody published", paper(&issuer("JG", 9), 1_000), T),
        ("one bit of the signature", altered(&good, |b| *b.last_mut().unwrap() ^= 1), T),
        ("another place", altered(&good, |b| b[43] ^= 1), T),
        ("cut", altered(&good, |b| b.truncate(100)), T),
        ("a live code with the prefix of paper", live.text.replace("JG1:", "JGP1:"), T),
        ("a live code", live.text, T),
    ]
}

fn make() -> Value {
    let ours = issuer("JG", 3);
    let row = |(name, text, now): (&str, String, i64)| {
        let mut row = json!({ "name": name, "text": text, "now": now });
        match verify_paper(ours.key_set(), &text, at(now), 0) {
            Ok(code) => {
                row["code"] = json!({ "index": code.index, "issued_at": code.issued_at.as_secs(),
                    "expires_at": code.expires_at.as_secs() });
            }
            Err(error) => row["error"] = error.code().into(),
        }
        row
    };
    let mut list = StatusList::all(Status::Invalid, 4_096);
    for (place, status) in Status::ALL.into_iter().enumerate() {
        list.set(1_000 + place, status);
    }
    let token = |issuer: &Issuer| {
        let bytes = issue_status_list(issuer, &list, at(T + 60), at(T + 43_260), 300).unwrap();
        hex::encode(&bytes)
    };
    json!({
        "about": "Jadegate codes on paper and their status list, see docs/decisions/0055-paper-codes.md. \
                  Times are seconds since 1970 in UTC. The keys are public test keys.",
        "key_set": ours.key_set(),
        "papers": papers(&ours).into_iter().map(row).collect::<Vec<_>>(),
        "list": { "token": token(&ours), "issued_at": T + 60, "expires_at": T + 43_260, "ttl": 300,
            "statuses": [["green", 1_000], ["ended", 1_001], ["yellow", 1_002], ["red", 1_003],
                ["ended", 0], ["ended", 4_095]], "places": 4_096 },
        "forged_list": token(&issuer("JG", 9)),
        "foreign_list": token(&issuer("OT", 3)),
    })
}

#[test]
fn the_committed_vectors_are_those_of_this_code() {
    let made = make();
    if std::env::var_os("WRITE_VECTORS").is_some() {
        std::fs::write(FILE, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
    }
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    assert_eq!(committed, made, "the format changed: papers in pockets would break");
    let errors: Vec<_> = made["papers"].as_array().unwrap().iter().map(|p| &p["error"]).collect();
    for wanted in [
        "code.not_ours",
        "code.malformed",
        "code.wrong_issuer",
        "code.bad_signature",
        "code.stale",
        "code.not_yet_valid",
    ] {
        assert!(errors.contains(&&json!(wanted)), "{wanted}");
    }
}

#[test]
fn a_paper_affords_the_highest_level_in_57_modules() {
    for (name, version, most) in
        [("JG", Version::V10, 174), ("ABCDEFGHIJKLMNOP", Version::V11, 200)]
    {
        let text = paper(&issuer(name, 3), u32::MAX);
        assert!(text.len() <= most, "{} characters", text.len());
        let qr = QRBuilder::new(text.as_str())
            .mode(Mode::Alphanumeric)
            .version(version)
            .ecl(ECL::H)
            .build();
        assert!(qr.is_ok());
    }
}

#[test]
fn the_same_paper_is_the_same_text_and_no_other_kind_of_code() {
    let ours = issuer("JG", 3);
    let text = paper(&ours, 7);
    assert_eq!(text, paper(&ours, 7));
    assert_eq!(verify(ours.key_set(), &text, at(T), 0), Err(PassError::NotOurs));
    let live_of_it = text.replace("JGP1:", "JG1:");
    assert_eq!(verify(ours.key_set(), &live_of_it, at(T), 0), Err(PassError::Malformed));
    assert!(verify_paper_of_any_age(ours.key_set(), &text).is_ok());
    let id = PaperId::from_random(1);
    let eleven = at(T + 11 * 366 * 86_400);
    assert_eq!(issue_paper(&ours, id, 0, at(T), eleven), Err(IssueError::BadLifetime));
    assert_eq!(issue_paper(&ours, id, 0, at(T), at(T)), Err(IssueError::BadLifetime));
    let later = at(T + 86_400);
    let no_key = issue_paper(&ours, id, 0, later, at(T + TWO_YEARS));
    assert_eq!(no_key, Err(IssueError::NoSigningKey));
}

proptest! {
    #[test]
    fn what_is_issued_is_read(bits: u64, index: u32, days in 1i64..3_650) {
        let ours = issuer("JG", 3);
        let id = PaperId::from_random(bits);
        let until = at(T).plus_days(days);
        let text = issue_paper(&ours, id, index, at(T), until).unwrap();
        let code = verify_paper(ours.key_set(), &text, at(T), 0).unwrap();
        prop_assert_eq!((code.paper, code.index, code.expires_at), (id, index, until));
    }

    #[test]
    fn any_text_is_a_paper_or_an_error(text in "JGP1:[0-9A-Z $%*+./:-]{0,200}") {
        let _ = verify_paper(issuer("JG", 3).key_set(), &text, at(T), 0);
    }
}

#[test]
fn a_list_is_no_code_and_a_code_no_list() {
    let ours = issuer("JG", 3);
    let text = paper(&ours, 7);
    let bytes = base45::decode(text.strip_prefix("JGP1:").unwrap()).unwrap();
    assert!(read_status_list(ours.key_set(), &bytes).is_err());
}

//! What goes in and what comes out.

#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use jadegate_domain::{Evidence, Timestamp};
use jadegate_policy::{Policy, assess, read_evidence};
use jadegate_policy_wasm::answer;
use serde_json::{Value, json};

const THREE: &str = include_str!("../../../policies/three-colour.toml");

fn contact() -> Vec<Evidence> {
    let text = "[[evidence]]\nkind = \"contact\"\ndegree = \"close\"\nlast_contact = 2022-03-01T15:00:00+08:00";
    read_evidence(text).unwrap()
}

fn ask(policy: &str, evidence: &[Evidence], at: &str) -> Value {
    let request = json!({ "policy": policy, "evidence": evidence, "at": at });
    serde_json::from_slice(&answer(request.to_string().as_bytes())).unwrap()
}

#[test]
fn the_answer_is_that_of_the_policy() {
    let at: Timestamp = "2022-03-05T00:00:00Z".parse().unwrap();
    let got = ask(THREE, &contact(), "2022-03-05T00:00:00Z");
    let wanted = assess(&contact(), &Policy::parse(THREE).unwrap(), at);
    assert_eq!(got["ok"]["assessment"], json!(wanted));
    assert_eq!(got["ok"]["assessment"]["colour"], "red");
    assert_eq!(got["ok"]["timeline"]["segments"].as_array().unwrap().len(), 2);
}

#[test]
fn what_was_recorded_later_is_left_out() {
    let mut evidence = contact();
    evidence[0].recorded_at = "2022-03-06T00:00:00Z".parse().unwrap();
    assert_eq!(
        ask(THREE, &evidence, "2022-03-05T23:59:59Z")["ok"]["assessment"]["colour"],
        "green"
    );
    assert_eq!(ask(THREE, &evidence, "2022-03-06T00:00:00Z")["ok"]["assessment"]["colour"], "red");
}

#[test]
fn what_cannot_be_answered_says_why_and_has_no_colour() {
    let broken = ask("id = 1", &[], "2022-03-05T00:00:00Z");
    assert_eq!(broken["error"]["code"], "policy_has_problems");
    assert!(!broken["error"]["message"].as_str().unwrap().is_empty());
    for request in ["", "{}", "null", "{\"policy\": \"\", \"evidence\": [{}], \"at\": \"never\"}"] {
        let got: Value = serde_json::from_slice(&answer(request.as_bytes())).unwrap();
        assert_eq!(got["error"]["code"], "request_unreadable", "{request}");
        assert!(got.get("ok").is_none());
    }
    let not_text = serde_json::from_slice::<Value>(&answer(&[0xff, 0xfe])).unwrap();
    assert_eq!(not_text["error"]["code"], "request_unreadable");
}

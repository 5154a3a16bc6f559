//! A device becomes a gate, signs in, and hands in what it read.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::ScanId;
use serde_json::json;

use crate::world::World;

/// The cookie of a gate of a made-up place, enrolled and signed in through HTTP.
pub(crate) async fn gate(w: &World) -> (String, String) {
    let manager = w.staff("operator", "administrator").await.cookie;
    let place = crate::staff::place(w).await;
    let link = w.post(&manager, &format!("/v1/staff/places/{place}/enrolment"), json!(null)).await;
    let token = link.text("/link").split("enrol=").nth(1).unwrap().to_owned();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let public_key = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
    let body = json!({ "token": token, "label": "North door", "public_key": public_key });
    let enrolled = w.post("", "/v1/gates", body).await;
    let gate = enrolled.text("/gate");
    let nonce =
        w.post("", &format!("/v1/gates/{gate}/challenge"), json!(null)).await.text("/nonce");
    let text = format!("jadegate-gate-v1\n{gate}\n{nonce}");
    let signature = key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    let body = json!({ "nonce": nonce, "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()) });
    let session = w.post("", &format!("/v1/gates/{gate}/session"), body).await;
    (session.cookie("jg_gate"), gate)
}

pub(crate) async fn story(w: &mut World) {
    let (holder, _) = w.person().await;
    let (gate, _) = gate(w).await;
    let state = w.get(&gate, "/v1/gate").await;
    assert_eq!(
        (state.text("/label"), state.text("/place/name")),
        ("North door".into(), "Made-up Cafe".into())
    );
    assert_eq!(state.json["policy"]["admit"], json!(["green"]));
    assert_eq!(state.json["keys"]["keys"].as_array().unwrap().len(), 3);
    w.get(&gate, "/v1/gate/poster").await;
    let list = w.get(&gate, "/v1/gate/papers").await;
    assert_eq!(list.headers["content-type"], "application/statuslist+cwt");
    let made_up = json!({ "code": "JGP1:MADE UP", "direction": "in" });
    let told = w.post(&gate, "/v1/gate/paper", made_up).await;
    assert_eq!(
        (told.text("/problem"), told.json["colour"].clone()),
        ("code.malformed".into(), json!(null))
    );
    let code = w.get(&holder, "/v1/me/code").await.text("/code");
    let scan = json!({ "id": ScanId::from_random(1), "code": code, "at": w.app.now(),
        "direction": "in", "read_by": "camera" });
    let done = w.post(&gate, "/v1/gate/scans", json!({ "scans": [scan] })).await;
    assert_eq!(done.text("/results/0/outcome"), "admitted");
    assert_eq!(done.json["counts"]["admitted"], 1);
}

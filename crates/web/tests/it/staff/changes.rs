//! Changes that colour many: measured, proposed, approved, refused, taken back; risk levels ended.

use jadegate_service::Settings;
use serde_json::{Value, json};

use crate::world::{HOME, Sent, World};

/// A what-if run to its end; its id.
async fn measured(w: &World, by: &str, change: Value) -> String {
    let id = w.post(by, "/v1/staff/what-ifs", json!({ "change": change })).await.text("/id");
    let path = format!("/v1/staff/what-ifs/{id}");
    while w.get(by, &path).await.text("/state") == "running" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(w.get(by, &path).await.text("/state"), "done");
    id
}

async fn proposed(w: &World, by: &str, change: Value) -> String {
    let what_if = measured(w, by, change).await;
    let body = json!({ "what_if": what_if, "reason": "made up" });
    format!("/v1/staff/proposals/{}", w.post(by, "/v1/staff/proposals", body).await.text("/id"))
}

pub(crate) async fn story(w: &mut World) {
    // Any share is above the threshold, so every change needs a second officer.
    let strict = Settings { second_officer_people: 0, ..Settings::default() };
    *w = World::with(strict).await;
    for _ in 0..2 {
        w.person().await;
    }
    let first = w.staff("health_commission", "commissioner").await.cookie;
    let second = w.staff("health_commission", "commissioner").await.cookie;
    let text = w.get("", "/v1/policy").await.json.as_str().unwrap().to_owned();
    let text = text.replace("version = 1\n", "version = 2\n");
    w.post(&first, "/v1/staff/policies/check", json!({ "text": text })).await;
    w.get(&first, "/v1/staff/policies").await;
    w.get(&first, "/v1/staff/recolouring").await;

    let level =
        |from: &str| json!({ "kind": "region", "division": HOME, "level": "high", "from": from });
    let forgotten = measured(w, &first, json!({ "kind": "policy", "text": text })).await;
    w.delete(&first, &format!("/v1/staff/what-ifs/{forgotten}")).await;
    let from = "2022-03-15T00:00:00Z";
    let refused = proposed(w, &first, level(from)).await;
    w.post(&second, &format!("{refused}/reject"), json!({ "reason": "made up" })).await;
    let taken_back = proposed(w, &first, level(from)).await;
    w.post(&first, &format!("{taken_back}/withdraw"), json!(null)).await;
    let one = proposed(w, &first, level(from)).await;
    w.get(&second, &one).await;
    w.get(&second, "/v1/staff/proposals").await;
    let done = w.post(&second, &format!("{one}/approve"), json!(null)).await;
    assert_eq!(done.text("/state"), "applied");

    let risks = w.get(&first, "/v1/staff/regions").await;
    let end = format!("/v1/staff/regions/{}/end", risks.text("/risks/0/id"));
    w.post(&first, &end, json!({})).await;
    // Nobody sets a level without a what-if: the route is there to say so.
    let mut typed = level("2022-03-15T03:00:00Z");
    typed.as_object_mut().unwrap().remove("kind");
    w.said_no(&first, "/v1/staff/regions", Sent::Json(typed), "region.what_if_needed").await;
}

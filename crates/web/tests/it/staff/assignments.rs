//! A community worker sees whom an officer assigned, and nobody else.

use axum::http::Method;
use serde_json::json;

use crate::world::{Sent, World};

pub(crate) async fn story(w: &mut World) {
    let (own, holder) = w.person().await;
    let (_, other) = w.person().await;
    let officer = super::officer(w).await.cookie;
    let worker = w.staff("community", "community_worker").await;
    w.clock.advance(60);
    for case in [holder, other] {
        w.post(&officer, "/v1/staff/cases", super::case_of(case)).await;
    }
    let workers = w.get(&officer, "/v1/staff/workers").await;
    assert_eq!(workers.text("/workers/0/id"), worker.id.to_string());
    let nobody = w.get(&worker.cookie, "/v1/staff/accompanied").await;
    assert_eq!(nobody.json["people"], json!([]));

    let path = "/v1/staff/assignments";
    let body = json!({ "holder": holder, "worker": worker.id, "days": 7 });
    let made = w.post(&officer, path, body.clone()).await;
    let again = w.send(&officer, &Method::POST, path, &Sent::Json(body)).await;
    assert_eq!((again.status.as_u16(), again.text("/code")), (409, "assignment.already".into()));
    let list = w.get(&officer, path).await;
    assert_eq!(list.json["assignments"][0], made.json);
    let seen = w.get(&worker.cookie, "/v1/staff/accompanied").await;
    assert_eq!(seen.json["people"].as_array().unwrap().len(), 1, "{}", seen.json);
    assert_eq!(seen.text("/people/0/holder"), holder.to_string());
    assert!(seen.json["people"][0]["check_ins"].as_array().is_some_and(|d| !d.is_empty()));
    // The person sees both: that they were assigned, and each look.
    let looks = w.get(&own, "/v1/me/accesses").await;
    let told: Vec<_> = looks.json["accesses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| (a["what"].as_str().unwrap(), a["agency"]["name"].as_str().unwrap()))
        .collect();
    assert!(told.contains(&("assigned", "Made-up prevention_team")), "{told:?}");
    assert!(told.contains(&("quarantine", "Made-up community")), "{told:?}");

    w.delete(&officer, &format!("{path}/{}", made.text("/id"))).await;
    let seen = w.get(&worker.cookie, "/v1/staff/accompanied").await;
    assert_eq!(seen.json["people"], json!([]));
}

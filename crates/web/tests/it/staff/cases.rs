//! Cases: recorded, corrected, traced one by one and many at once, withdrawn.

use axum::http::Method;
use serde_json::json;

use crate::world::{Sent, World};

pub(crate) async fn story(w: &mut World) {
    let (_, holder) = w.person().await;
    let officer = super::officer(w).await.cookie;
    let recorded = w.post(&officer, "/v1/staff/cases", super::case_of(holder)).await;
    assert_eq!(
        (recorded.status.as_u16(), recorded.text("/assessment/colour")),
        (201, "red".into())
    );
    let again = w.post(&officer, "/v1/staff/cases", super::case_of(holder)).await;
    assert_eq!((again.status.as_u16(), &again.json["new"]), (200, &json!(false)));
    let case = recorded.text("/case");
    let one = format!("/v1/staff/cases/{case}");
    // A field that is left out stays; null takes it away.
    let patch = |body| w.good(&officer, Method::PATCH, &one, Sent::Json(body));
    patch(json!({ "onset_at": "2022-03-13T00:00:00Z" })).await;
    patch(json!({ "isolated_at": null })).await;
    let list = w.get(&officer, "/v1/staff/cases").await;
    assert_eq!(list.text("/cases/0/onset_at"), "2022-03-13T00:00:00Z");
    assert!(list.json["cases"][0]["isolated_at"].is_null());

    let traced = w.post(&officer, "/v1/staff/traces", json!({ "case": case })).await.text("/trace");
    w.get(&officer, &format!("/v1/staff/traces?case={case}")).await;
    w.get(&officer, &format!("/v1/staff/traces/{traced}")).await;

    let jobs = "/v1/staff/trace-jobs";
    let job = w.post(&officer, jobs, json!({ "cases": [case] })).await.text("/job");
    let one_job = format!("{jobs}/{job}");
    // The events end when the job is over.
    let events = w.get(&officer, &format!("{one_job}/events")).await;
    assert!(events.json.as_str().is_some_and(|t| t.contains("event: progress")), "{}", events.json);
    assert_eq!(w.get(&officer, &one_job).await.text("/state"), "done");
    w.get(&officer, jobs).await;
    w.get(&officer, &format!("{one_job}/contacts?sort=minutes&limit=5")).await;
    w.delete(&officer, &one_job).await;

    w.post(&officer, &format!("{one}/withdraw"), json!(null)).await;
}

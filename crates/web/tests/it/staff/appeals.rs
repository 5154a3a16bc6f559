//! A person contests a test with a paper, somebody decides, the person sees it; another is helped at a
//! counter.

use axum::http::Method;
use serde_json::json;

use crate::world::{Sent, World};

pub(crate) async fn story(w: &mut World) {
    let lab = w.staff("laboratory", "lab_technician").await.cookie;
    let body = w.staff("appeals_body", "officer").await.cookie;
    let counter = w.staff("hospital", "officer").await.cookie;
    let (me, who) = w.person().await;
    let test = w.post(&lab, "/v1/staff/tests", super::test_of(who, "positive")).await;
    let evidence = test.json["evidence"].clone();

    let lodge = json!({ "evidence": evidence, "ground": "wrong_result", "words": "Not my tube." });
    let receipt = w.post(&me, "/v1/me/appeals", lodge).await;
    assert_eq!(receipt.status.as_u16(), 201);
    let id = receipt.text("/id");
    let paper = Sent::Csv("%PDF-1.7 made up %%EOF".to_owned());
    let path = format!("/v1/me/appeals/{id}/file");
    let file = w.good(&me, Method::POST, &path, paper).await;
    assert_eq!(file.json, json!({ "kind": "pdf", "size": 22 }));
    let large = Sent::Csv("x".repeat(1024 * 1024 + 1));
    let told = w.send(&me, &Method::POST, &path, &large).await;
    assert_eq!((told.status.as_u16(), told.text("/code").as_str()), (422, "request.too_large"));

    let list = w.get(&body, "/v1/staff/appeals").await;
    assert_eq!(list.text("/appeals/0/id"), id);
    let one = w.get(&body, &format!("/v1/staff/appeals/{id}")).await;
    assert_eq!(one.text("/words"), "Not my tube.");
    let saved = w.get(&body, &format!("/v1/staff/appeals/{id}/file")).await;
    assert_eq!(saved.json, "%PDF-1.7 made up %%EOF");
    let head = |name: &str| saved.headers[name].to_str().unwrap().to_owned();
    assert_eq!(head("content-type"), "application/octet-stream");
    assert!(head("content-disposition").starts_with("attachment;"));
    assert!(head("content-security-policy").starts_with("sandbox;"));
    assert_eq!(
        (head("x-content-type-options"), head("cache-control")),
        ("nosniff".into(), "no-store".into())
    );
    let decision = json!({ "finding": "wrong_person", "reply": "The tube was somebody else's." });
    let decided = w.post(&body, &format!("/v1/staff/appeals/{id}/decision"), decision).await;
    assert_eq!(decided.text("/state"), "granted");
    let mine = w.get(&me, "/v1/me/appeals").await;
    assert_eq!(
        (mine.text("/colour"), mine.text("/appeals/0/state")),
        ("green".into(), "granted".into())
    );
    assert_eq!(mine.text("/appeals/0/reply"), "The tube was somebody else's.");

    // At a counter, and taken back.
    let (her, she) = w.person().await;
    let test = w.post(&lab, "/v1/staff/tests", super::test_of(she, "positive")).await;
    let lodge = json!({ "holder": she, "evidence": test.json["evidence"], "ground": "not_me" });
    let receipt = w.post(&counter, "/v1/staff/appeals", lodge).await;
    let path = format!("/v1/me/appeals/{}", receipt.text("/id"));
    let left = w.good(&her, Method::DELETE, &path, Sent::Nothing).await;
    assert_eq!(left.text("/appeals/0/state"), "withdrawn");
}

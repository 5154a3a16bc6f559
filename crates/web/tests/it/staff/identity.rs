//! Identity requests: asked, refused, agreed to by another agency, read, ended; and told to everybody.

use serde_json::{Value, json};

use crate::world::World;

pub(crate) async fn story(w: &mut World) {
    let (cookie, holder) = w.person().await;
    let officer = super::officer(w).await.cookie;
    let second = super::officer(w).await.cookie;
    let case = w.post(&officer, "/v1/staff/cases", super::case_of(holder)).await.text("/case");
    let base = "/v1/staff/identity-requests";
    let ask = json!({ "case": case, "purpose": "contact_tracing", "what": "name_and_phone",
        "target": "case", "why": "Cannot be reached" });
    let asked = w.post(&officer, base, ask.clone()).await;
    assert_eq!((asked.status.as_u16(), asked.text("/state")), (201, "waiting".into()));
    let one = format!("{base}/{}", asked.text("/id"));
    let refused = w.post(&second, &format!("{one}/refuse"), json!({ "reason": "unclear" })).await;
    assert_eq!(
        (refused.text("/state"), refused.text("/refusal")),
        ("refused".into(), "unclear".into())
    );
    let one = format!("{base}/{}", w.post(&officer, base, ask).await.text("/id"));
    w.post(&second, &format!("{one}/approve"), Value::Null).await;
    let named = w.post(&officer, &format!("{one}/person"), Value::Null).await;
    assert!(named.text("/name").contains('*') && named.json["phone"].is_string(), "{}", named.json);
    assert_eq!(named.headers["cache-control"], "no-store");
    w.post(&officer, &format!("{one}/close"), Value::Null).await;
    let list = w.get(&officer, base).await;
    assert_eq!(list.json["requests"].as_array().unwrap().len(), 2);
    let table = w.get("", "/v1/public/identity-requests").await;
    assert_eq!(table.json["total"], 0, "of whole days: {}", table.json);
    let seen = w.get(&cookie, "/v1/me/identity-requests").await;
    assert!(seen.json["requests"][0]["read_at"].is_string(), "{}", seen.json);
}

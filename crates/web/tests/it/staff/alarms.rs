//! An agency records far more than ever; another answers. Somebody is put on the list of protected people.

use jadegate_domain::Activity;
use jadegate_store::{Actor, AlarmWrite, Unit, Write};
use serde_json::json;

use crate::world::World;

pub(crate) async fn story(w: &mut World) {
    let hospital = w.staff("hospital", "officer").await;
    let commission = w.staff("health_commission", "commissioner").await;
    let second = w.member(commission.agency, "commissioner").await.cookie;
    let actor = Actor { agency: hospital.agency, staff: Some(hospital.id) };
    let hour = w.app.now().as_secs().div_euclid(3600);
    let count = AlarmWrite::Count { what: Activity::Unbacked, actor, hour, count: 40 };
    w.store.commit(Unit::new("test", vec![Write::Alarm(count)])).await.unwrap();
    w.app.watch_alarms().await.unwrap();

    let list = w.get(&commission.cookie, "/v1/staff/alarms").await;
    assert_eq!(list.json["open"].as_array().unwrap().len(), 2, "{}", list.json);
    assert_eq!(list.json["open"][0]["count"], 40);
    let path = format!("/v1/staff/alarms/{}/answer", list.text("/open/0/id"));
    let told = w.post(&commission.cookie, &path, json!({ "answer": "announced" })).await;
    assert_eq!(told.text("/answered/answer"), "announced");
    let public = w.get("", "/v1/public/alarms").await;
    let unbacked = json!({ "kind": "unbacked", "raised": 2, "open": 1, "held": 0,
        "answers": [{ "answer": "announced", "count": 1 }] });
    assert_eq!(public.json["alarms"][0], unbacked);

    let document = json!({ "type": "passport", "number": "X7654321", "country": "CHN" });
    let input = json!({ "document": document, "ground": "threatened" });
    let entry = w.post(&commission.cookie, "/v1/staff/protected", input).await;
    assert_eq!(entry.status.as_u16(), 201);
    let listed = w.get(&second, "/v1/staff/protected").await;
    assert_eq!(listed.text("/0/ground"), "threatened");
    assert!(!listed.json.to_string().contains("7654321"));
    let path = format!("/v1/staff/protected/{}/end", entry.text("/id"));
    for (by, ended) in [(&commission.cookie, false), (&second, true)] {
        assert_eq!(w.post(by, &path, json!(null)).await.json, json!({ "ended": ended }));
    }
}

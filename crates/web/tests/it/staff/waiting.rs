//! What waits for a second pair of eyes, under a mandate in which one positive result an hour may be
//! recorded alone.

use jadegate_service::Settings;
use serde_json::json;

use crate::world::World;

pub(crate) async fn story(w: &mut World) {
    let strict = Settings {
        waiting_above_per_hour: 1,
        waiting_above_per_staff_hour: 1,
        withdrawals_above_per_staff_hour: 0,
        ..Settings::default()
    };
    *w = World::with(strict).await;
    let first = w.staff("laboratory", "lab_technician").await;
    let colleague = w.member(first.agency, "lab_technician").await.cookie;
    let mut waits = Vec::new();
    let mut recorded = json!(null);
    for n in 0..3 {
        let (_, holder) = w.person().await;
        let told =
            w.post(&first.cookie, "/v1/staff/tests", super::test_of(holder, "positive")).await;
        assert_eq!(told.status.as_u16(), if n == 0 { 201 } else { 202 });
        if n == 0 {
            recorded = told.json["evidence"].clone();
        }
    }
    let list = w.get(&colleague, "/v1/staff/waiting").await;
    for row in list.json["waiting"].as_array().unwrap() {
        waits.push(format!("/v1/staff/waiting/{}", row["id"].as_str().unwrap()));
    }
    let [one, two] = waits.as_slice() else { panic!("{}", list.json) };
    let samples = w.get(&colleague, &format!("{one}/samples?from=0")).await;
    assert_eq!(samples.text("/samples/0/sample"), "LAB-1");
    w.post(&colleague, &format!("{one}/confirm"), json!(null)).await;
    w.post(&first.cookie, &format!("{two}/refuse"), json!(null)).await;
    let list = w.get(&colleague, "/v1/staff/waiting").await;
    let states: Vec<_> =
        list.json["waiting"].as_array().unwrap().iter().map(|r| &r["state"]).collect();
    assert!(
        states.contains(&&json!("confirmed")) && states.contains(&&json!("refused")),
        "{states:?}"
    );

    // What nobody takes back alone waits for the colleague, who sees what it is.
    let withdrawal = json!({ "evidence": recorded, "reason": "sample_mixed_up" });
    let asked = w.post(&first.cookie, "/v1/staff/withdrawals", withdrawal).await;
    assert_eq!((&asked.json["records"], &asked.json["waiting"]), (&json!(0), &json!(1)));
    let list = w.get(&colleague, "/v1/staff/waiting").await;
    let rows = list.json["waiting"].as_array().unwrap();
    let row = rows.iter().find(|r| r["kind"] == "withdrawals").unwrap();
    assert_eq!(row["asked"]["reason"], "sample_mixed_up");
    let confirm = format!("/v1/staff/waiting/{}/confirm", row["id"].as_str().unwrap());
    w.post(&colleague, &confirm, json!(null)).await;
}

//! Evidence by hand and from files, whose it is, and taking it back.

use axum::http::Method;
use jadegate_domain::HolderId;
use serde_json::json;

use crate::world::{Sent, World};

pub(crate) async fn story(w: &mut World) {
    let (_, holder) = w.person().await;
    let officer = super::officer(w).await.cookie;
    let lab = w.staff("laboratory", "lab_technician").await.cookie;

    let test = w.post(&lab, "/v1/staff/tests", super::test_of(holder, "positive")).await;
    let again = w.post(&lab, "/v1/staff/tests", super::test_of(holder, "positive")).await;
    assert_eq!((test.status.as_u16(), again.status.as_u16()), (201, 200));
    let arrival = json!({ "holder": holder, "from": "JP", "arrived_at": "2022-03-14T02:00:00Z" });
    w.post(&officer, "/v1/staff/arrivals", arrival).await;
    let case = w.post(&officer, "/v1/staff/cases", super::case_of(holder)).await.text("/case");
    let release = json!({ "holder": holder, "refers_to": { "case": case },
        "released_at": "2022-03-15T02:00:00Z" });
    w.post(&officer, "/v1/staff/releases", release).await;

    let file = "document_type,document_number,document_country,result,method,sampled_at\n\
        passport,X0000001,CHN,negative,antigen,2022-03-14T05:00:00Z\n";
    let path = "/v1/staff/tests/import";
    let report = w.good(&lab, Method::POST, path, Sent::Csv(file.to_owned())).await;
    assert_eq!(report.json["taken"], 1, "{}", report.json);
    let carrier = w.staff("carrier", "officer").await.cookie;
    let path = "/v1/staff/rides/import";
    let report = w.good(&carrier, Method::POST, path, Sent::Csv(ride(holder))).await;
    assert_eq!(report.json["taken"], 1, "{}", report.json);

    // By document it may be anybody, and nothing is told of them.
    let document = json!({ "type": "passport", "number": "X0007777", "country": "CHN" });
    let unknown = json!({ "document": document, "result": "positive", "method": "antigen",
        "sampled_at": "2022-03-14T02:00:00Z" });
    let kept = w.post(&lab, "/v1/staff/tests", unknown).await;
    assert_eq!((kept.status.as_u16(), kept.json.get("assessment")), (201, Some(&json!(null))));
    assert_eq!(w.get(&lab, "/v1/staff/kept").await.json["days"], 60);
    // A tube, and whose it is; it is said once, and of one person.
    let tube = json!({ "result": "negative", "method": "antigen", "sample": "T-1",
        "sampled_at": "2022-03-14T03:00:00Z" });
    w.post(&lab, "/v1/staff/tests", tube).await;
    assert_eq!(w.get(&lab, "/v1/staff/kept").await.json["tubes"], 1);
    let whose = |number: &str| {
        let document = json!({ "type": "passport", "number": number, "country": "CHN" });
        json!({ "sample": "T-1", "document": document })
    };
    let bound = w.post(&lab, "/v1/staff/samples", whose("X0000001")).await;
    let again = w.post(&lab, "/v1/staff/samples", whose("X0000001")).await;
    assert_eq!((bound.status.as_u16(), again.status.as_u16()), (201, 200));

    let imports = w.get(&lab, "/v1/staff/imports").await;
    assert_eq!(imports.json["imports"].as_array().unwrap().len(), 1);
    let own = w.get(&lab, "/v1/staff/records/own").await;
    assert!(own.json["records"].as_array().is_some_and(|all| !all.is_empty()));
    let auditor = w.staff("auditor", "auditor").await.cookie;
    w.get(&auditor, "/v1/staff/records").await;
    let withdrawal = json!({ "evidence": test.json["evidence"], "reason": "sample_mixed_up" });
    let done = w.post(&lab, "/v1/staff/withdrawals", withdrawal).await;
    assert_eq!(done.json["records"], 1);
}

fn ride(holder: HolderId) -> String {
    format!(
        "kind,number,date,division,holder,from_no,from,departs,to_no,to,arrives,seat\n\
         train,G1,2022-03-12,CN-3301,{holder},1,Hangzhou,2022-03-12T01:00:00Z,2,Yiwu,\
         2022-03-12T02:00:00Z,05-12A\n"
    )
}

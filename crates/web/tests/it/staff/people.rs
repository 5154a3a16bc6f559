//! People, one at a time, and documents that somebody else registered.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::{Sent, World};

pub(crate) async fn story(w: &mut World) {
    let (_, holder) = w.person().await;
    let officer = super::officer(w).await.cookie;
    w.clock.advance(60);
    let case = w.post(&officer, "/v1/staff/cases", super::case_of(holder)).await.text("/case");

    let passport = json!({ "type": "passport", "number": "X0000001", "country": "CHN" });
    let find = |by: &str, what: Value| json!({ by: what, "purpose": "holder_request" });
    let path = "/v1/staff/holders/find";
    let found = w.post(&officer, path, find("document", passport.clone())).await;
    assert_eq!(
        (found.json["holder"].clone(), found.text("/assessment/colour")),
        (json!(holder), "red".into())
    );
    for named in [
        json!({ "purpose": "holder_request" }),
        json!({ "holder": holder, "phone": "+86 100 00000001", "purpose": "holder_request" }),
    ] {
        let e = w.send(&officer, &Method::POST, path, &Sent::Json(named)).await;
        assert_eq!((e.status.as_u16(), e.text("/code")), (422, "whom.one".into()));
    }
    let open = json!({ "purpose": "contact_tracing", "case": case });
    let record = w.post(&officer, &format!("/v1/staff/holders/{holder}/open"), open).await;
    // Whoever recorded it is named, there and on the holder's own page.
    for at in ["/assessment", "/what_they_see", "/history/0", "/timeline/1"] {
        assert_eq!(
            record.text(&format!("{at}/reasons/0/agencies/0/name")),
            "Made-up prevention_team"
        );
    }
    let confined = w.get(&officer, "/v1/staff/quarantine?filter=all&limit=10").await;
    assert_eq!(confined.json["people"].as_array().unwrap().len(), 1, "{}", confined.json);

    let details = "/v1/staff/people/details";
    let renamed = json!({ "document": passport, "name": "Other Name" });
    let changed = w.post(&officer, details, renamed).await;
    assert_eq!(changed.text("/changes/0/event"), "name_changed");
    let undo = format!("{details}/{}/undo", changed.text("/changes/0/id"));
    let undone = w.post(&officer, &undo, json!({ "document": passport })).await;
    assert!(undone.json["changes"][0]["undone_at"].is_string(), "{}", undone.json);
    let two = json!({ "document": passport, "name": "Other Name", "phone": "+86 100 00000009" });
    let e = w.send(&officer, &Method::POST, details, &Sent::Json(two)).await;
    assert_eq!((e.status.as_u16(), e.text("/code")), (422, "details.one".into()));

    let zone = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\r\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\r\n";
    let read = w.post(&officer, "/v1/staff/people/read-document", json!({ "text": zone })).await;
    assert_eq!(read.text("/name"), "ERIKSSON ANNA MARIA");
    assert_eq!(read.json["notes"], json!(["expired"]));
    let known = json!({ "document": read.json["document"] });
    let known = w.post(&officer, "/v1/staff/people/known", known).await;
    assert_eq!(known.text("/state"), "new");
    let input = json!({ "name": read.json["name"], "document": read.json["document"],
        "nationality": read.json["nationality"], "born": read.json["birth_date"],
        "home_division": crate::world::HOME, "language": "en", "carer": passport });
    let done = w.post(&officer, "/v1/staff/people", input.clone()).await;
    assert_eq!(done.status.as_u16(), 201);
    assert_eq!(done.text("/name_masked"), "E*** A*** M***");
    assert_eq!(done.json["changes"].as_array().unwrap().len(), 2, "{}", done.json);
    let e = w.send(&officer, &Method::POST, "/v1/staff/people", &Sent::Json(input)).await;
    assert_eq!((e.status.as_u16(), e.text("/code")), (409, "counter.registered".into()));

    let paper = "/v1/staff/people/paper";
    let body = json!({ "document": passport, "form": "card", "replace": true });
    let printed = w.post(&officer, paper, body).await;
    assert_eq!(printed.headers["content-type"], "application/pdf");
    w.clock.advance(1);
    let lost = format!("{paper}/lost");
    let lost = w.post(&officer, &lost, json!({ "document": passport })).await;
    assert_eq!(lost.text("/changes/0/event"), "paper_ended");

    let records = "/v1/staff/people/records";
    let looked = w.post(&officer, records, json!({ "document": passport })).await;
    assert_eq!(looked.text("/outcome"), "looked");
    let both = json!({ "document": passport, "join": passport, "part": holder });
    let e = w.send(&officer, &Method::POST, records, &Sent::Json(both)).await;
    assert_eq!((e.status.as_u16(), e.text("/code")), (422, "records.one".into()));
    let same = json!({ "document": passport, "join": passport });
    let e = w.send(&officer, &Method::POST, records, &Sent::Json(same)).await;
    assert_eq!((e.status.as_u16(), e.text("/code")), (409, "records.joined".into()));
    told_apart(w, &officer, &passport).await;

    let corrections = "/v1/staff/document-corrections";
    let shown = passport.clone();
    let body = json!({ "document": passport, "reason": "made up" });
    let first = w.post(&officer, corrections, body.clone()).await.text("/id");
    w.get(&officer, corrections).await;
    w.post(&officer, &format!("{corrections}/{first}/refuse"), json!(null)).await;
    let second = w.post(&officer, corrections, body).await.text("/id");
    let other = w.staff("hospital", "officer").await.cookie;
    let confirm = format!("{corrections}/{second}/confirm");
    assert_eq!(w.post(&other, &confirm, json!(null)).await.text("/state"), "confirmed");
    // A counter lets whoever lost it register it again.
    let again = json!({ "document": shown, "phone": "+86 100 00000001" });
    w.post(&officer, "/v1/staff/document-bars/lift", again).await;
}

/// Two people whose record was one, and one again.
async fn told_apart(w: &mut World, officer: &str, passport: &Value) {
    let records = "/v1/staff/people/records";
    let second = json!({ "type": "passport", "number": "X0000779", "country": "CHN" });
    let split = json!({ "documents": [second], "name": "Testb Probe", "nationality": "CN" });
    let told = w.post(officer, records, json!({ "document": passport, "split": split })).await;
    assert_eq!(told.text("/outcome"), "split");
    let other = told.text("/records/0/record");
    let said: Vec<_> = told.json["pieces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| json!({ "evidence": p["evidence"], "owner": "both" }))
        .collect();
    if !said.is_empty() {
        let assign = json!({ "record": other, "pieces": said });
        let done =
            w.post(officer, records, json!({ "document": passport, "assign": assign })).await;
        assert_eq!(done.text("/outcome"), "assigned");
    }
    let assign = json!({ "record": other, "pieces": [] });
    let e = json!({ "document": passport, "assign": assign });
    let e = w.send(officer, &Method::POST, records, &Sent::Json(e)).await;
    assert_eq!((e.status.as_u16(), e.text("/code")), (422, "records.piece_unknown".into()));
    let undone = w.post(officer, records, json!({ "document": passport, "join": second })).await;
    assert_eq!(undone.text("/outcome"), "joined");
    // The second would be green by it: another agency has to say the same.
    let part = json!({ "document": passport, "part": other });
    let parted = w.post(officer, records, part.clone()).await;
    assert_eq!(parted.text("/outcome"), "waiting");
    let office = w.staff("hospital", "officer").await.cookie;
    assert_eq!(w.post(&office, records, part).await.text("/outcome"), "parted");
}

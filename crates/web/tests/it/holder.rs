//! A person registers, shows a code, declares, checks in, looks back, and signs out.

use axum::http::Method;
use serde_json::json;

use crate::world::{HOME, Sent, Told, World, phone};

pub(crate) async fn story(w: &mut World) {
    let document = json!({ "type": "passport", "number": "X9000001", "country": "CHN" });
    let registration = json!({ "name": "Test Person", "document": document, "nationality": "CN",
        "phone": phone(900), "home_division": HOME, "language": "en" });
    let sent = w.post("", "/v1/registrations", registration).await;
    let challenge = format!("/v1/challenges/{}", sent.text("/challenge"));
    w.get("", &challenge).await;
    let code = w.newest_code().await;
    let answer = format!("{challenge}/answer");
    let done = w.post("", &answer, json!({ "code": code })).await;
    assert_eq!(done.json["new"], true);
    let me = done.cookie("jg_holder");

    for path in ["/v1/me", "/v1/me/evidence", "/v1/me/history", "/v1/me/timeline", "/v1/me/proof"] {
        w.get(&me, path).await;
    }
    for path in ["/v1/me/accesses", "/v1/me/log", "/v1/me/declaration", "/v1/me/quarantine"] {
        w.get(&me, path).await;
    }
    let shown = w.get(&me, "/v1/me/code").await;
    assert!(shown.text("/code").starts_with("JG1:"));
    assert_eq!(shown.text("/assessment/colour"), "green");
    let next = w.get(&me, "/v1/me/code/next").await;
    assert_ne!(next.text("/code"), shown.text("/code"));
    assert_eq!(next.text("/shown"), shown.text("/shown"), "nothing else has changed");
    assert!(on_the_wire(&next) <= 600, "{} bytes", on_the_wire(&next));

    let declared = json!({ "temperature": 39.0, "symptoms": ["cough"], "contact_with_case": false,
        "stays": [] });
    let declared = w.post(&me, "/v1/me/declaration", declared).await;
    assert_ne!(declared.text("/assessment/colour"), "green");
    let next = w.get(&me, "/v1/me/code/next").await;
    assert_ne!(next.text("/shown"), shown.text("/shown"), "the page must ask for the rest");
    let red = w.get(&me, "/v1/me/code").await;
    assert_eq!(next.text("/shown"), red.text("/shown"));
    assert!(on_the_wire(&next) <= 600 && on_the_wire(&red) > on_the_wire(&next));
    let check_in = json!({ "temperature": 36.6, "symptoms": [] });
    let first = w.post(&me, "/v1/me/check-ins", check_in.clone()).await;
    let second = w.post(&me, "/v1/me/check-ins", check_in).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 200), "once a day");

    let place = crate::staff::place(w).await;
    let poster = w.app.poster(place).unwrap().poster_code;
    w.post(&me, "/v1/me/visits", json!({ "venue_code": poster })).await;
    let visits = w.get(&me, "/v1/me/visits").await;
    assert_eq!(visits.text("/visits/0/place/name"), "Made-up Cafe");

    family(w).await;
    paper(w, &me).await;

    // On a second device, which ends the first one's session, then everybody's.
    w.clock.advance(61);
    let by_phone = json!({ "phone": phone(900), "language": "en" });
    let sent = w.post("", "/v1/sessions", by_phone).await;
    let code = w.newest_code().await;
    let answer = format!("/v1/challenges/{}/answer", sent.text("/challenge"));
    let again = json!({ "code": code, "document_end": "000001" });
    let here = w.post("", &answer, again).await.cookie("jg_holder");
    let sessions = w.get(&here, "/v1/me/sessions").await;
    let all = sessions.json["sessions"].as_array().unwrap();
    let other = all.iter().find(|s| s["current"] == false).unwrap()["id"].as_str().unwrap();
    w.delete(&here, &format!("/v1/me/sessions/{other}")).await;
    w.delete(&here, "/v1/me/sessions").await;
    let gone = w.send(&here, &Method::GET, "/v1/me", &Sent::Nothing).await;
    assert_eq!(gone.status.as_u16(), 401);
    w.delete(&here, "/v1/session").await;
}

/// Bytes of an answer as they are sent: what the server itself adds, and what it says over HTTPS, are counted.
fn on_the_wire(answer: &Told) -> usize {
    let line = |name: &str, value: &str| name.len() + ": ".len() + value.len() + "\r\n".len();
    let own = answer.headers.iter().map(|(n, v)| line(n.as_str(), v.to_str().unwrap()));
    let body = answer.json.to_string().len();
    let added = line("date", "Tue, 01 Mar 2022 00:00:00 GMT")
        + line("content-length", "999")
        + line("strict-transport-security", "max-age=63072000; includeSubDomains");
    "HTTP/1.1 200 OK\r\n\r\n".len() + own.sum::<usize>() + added + body
}

/// A code on paper: printed, printed anew, lost.
async fn paper(w: &World, me: &str) {
    assert_eq!(w.get(me, "/v1/me/paper").await.json, json!({ "paper": null }));
    for body in [json!({ "form": "a6" }), json!({ "form": "card", "replace": true })] {
        let printed = w.post(me, "/v1/me/paper", body).await;
        assert_eq!(printed.headers["content-type"], "application/pdf");
        assert_eq!(printed.headers["cache-control"], "no-store");
        assert!(printed.json.as_str().unwrap().starts_with("%PDF-"));
    }
    assert!(w.get(me, "/v1/me/paper").await.json["paper"]["expires_at"].is_string());
    w.clock.advance(1);
    w.delete(me, "/v1/me/paper").await;
    let changes = w.get(me, "/v1/me/changes").await;
    assert_eq!(changes.text("/changes/0/event"), "paper_ended");
}

/// A second record of the same person: asked for by them, joined at a counter, and contested.
async fn joined(w: &World) {
    let (first, _) = w.person().await;
    let (_, other) = w.person().await;
    let first = first.as_str();
    let document = json!({ "type": "passport", "number": "X0000004", "country": "CHN" });
    w.clock.advance(61);
    let sent = w.post(first, "/v1/me/records", json!({ "document": document })).await;
    let body = json!({ "challenge": sent.text("/challenge"), "code": w.newest_code().await });
    let asked = w.post(first, "/v1/me/records/confirm", body).await;
    assert_eq!(asked.text("/records/0/state"), "asked");
    let officer = w.staff("prevention_team", "officer").await.cookie;
    let own = json!({ "type": "passport", "number": "X0000003", "country": "CHN" });
    let body = json!({ "document": own, "join": document });
    let done = w.post(&officer, "/v1/staff/people/records", body).await;
    assert_eq!(done.text("/outcome"), "joined");
    let seen = w.get(first, "/v1/me/records").await;
    assert_eq!(seen.text("/records/0/record"), other.to_string());
    w.post(first, &format!("/v1/me/records/{other}/contest"), json!(null)).await;
    let gone = w.send(first, &Method::GET, "/v1/me", &Sent::Nothing).await;
    assert_eq!(gone.status.as_u16(), 401);
}

/// Somebody cares for a child and for another person, who ends it, and changes to another phone.
async fn family(w: &World) {
    let (carer, carer_id) = w.person().await;
    let (other, _) = w.person().await;
    let person = |number: &str| {
        let document = json!({ "type": "passport", "number": number, "country": "CHN" });
        json!({ "name": "Relative Madeup", "document": document, "nationality": "CN",
            "home_division": HOME, "born": "2015-05-01", "language": "en" })
    };
    let mut added = Vec::new();
    for number in ["X9000002", "X0000002"] {
        w.clock.advance(61);
        let sent = w.post(&carer, "/v1/me/people", person(number)).await;
        let code = w.newest_code().await;
        let body = json!({ "challenge": sent.text("/challenge"), "code": code });
        added.push(w.post(&carer, "/v1/me/people/confirm", body).await);
    }
    assert_eq!(
        (added[0].json["new"].clone(), added[1].json["new"].clone()),
        (json!(true), json!(false))
    );
    let all = w.get(&carer, "/v1/me/people").await;
    assert_eq!(all.json["people"].as_array().unwrap().len(), 2);
    w.delete(&carer, &format!("/v1/me/people/{}", added[0].text("/id"))).await;
    w.clock.advance(1);
    w.delete(&other, &format!("/v1/me/carers/{carer_id}")).await;
    let changes = w.get(&other, "/v1/me/changes").await;
    assert_eq!(changes.text("/changes/0/event"), "carer_ended");

    joined(w).await;

    let sent = w.post(&carer, "/v1/me/phone", json!({ "phone": phone(902) })).await;
    let code = w.newest_code().await;
    let body =
        json!({ "challenge": sent.text("/challenge"), "code": code, "document_end": "000001" });
    w.post(&carer, "/v1/me/phone/confirm", body).await;
    let gone = w.send(&carer, &Method::GET, "/v1/me", &Sent::Nothing).await;
    assert_eq!(gone.status.as_u16(), 401);
}

//! A carrier sends who was aboard, an officer traces and sees who sat where: through HTTP alone.

use axum::http::{Method, StatusCode};
use jadegate_domain::{Holder, HolderId};
use jadegate_store::{Unit, Write};
use serde_json::{Value, json};

use crate::world::{Sent, World};

async fn post(w: &World, cookie: &str, path: &str, sent: Sent) -> (StatusCode, Value) {
    let told = w.send(cookie, &Method::POST, path, &sent).await;
    (told.status, told.json)
}

#[tokio::test]
async fn a_list_of_passengers_becomes_seats_in_a_trace() {
    let w = World::new().await;
    let carrier = w.staff("carrier", "officer").await.cookie;
    let officer = w.staff("prevention_team", "officer").await.cookie;
    let who = [1, 2].map(HolderId::from_random);
    for id in who {
        let home = "CN-330106".parse().unwrap();
        let holder =
            Holder { id, home, registered_at: w.app.now().plus_days(-30), evidence_version: 0 };
        w.store.commit(Unit::new("test", vec![Write::AddHolder(holder)])).await.unwrap();
    }
    let line = |who: HolderId, seat: &str| {
        format!(
            "train,G1,2022-03-12,CN-3301,{who},1,Hangzhou,2022-03-12T01:00:00Z,2,Yiwu,\
             2022-03-12T02:00:00Z,{seat}\n"
        )
    };
    let file = "kind,number,date,division,holder,from_no,from,departs,to_no,to,arrives,seat\n"
        .to_owned()
        + &line(who[0], "05-12A")
        + &line(who[1], "05-12B")
        + &line(HolderId::from_random(404), "05-12C")
        + &line(who[1], "window");

    let path = "/v1/staff/rides/import";
    let (status, problem) = post(&w, &officer, path, Sent::Csv(file.clone())).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("staff.not_allowed")));
    let (status, problem) = post(&w, "", path, Sent::Csv(file.clone())).await;
    assert_eq!((status.as_u16(), problem["status"].as_u64()), (401, Some(401)));
    let (_, problem) = post(&w, &carrier, path, Sent::Json(json!(file))).await;
    assert_eq!(problem["code"], "request.not_csv");
    let (status, report) = post(&w, &carrier, path, Sent::Csv(file.clone())).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&report["taken"], &report["unknown"]), (&json!(2), &json!(1)));
    let told = |i: usize| (report["rejected"][i]["line"].as_u64(), &report["rejected"][i]["code"]);
    assert_eq!(told(0), (Some(4), &json!("holder.not_found")));
    assert_eq!(told(1), (Some(5), &json!("ride.seat")));
    let (_, again) = post(&w, &carrier, path, Sent::Csv(file)).await;
    assert_eq!((&again["taken"], &again["unchanged"]), (&json!(0), &json!(2)));

    let case = json!({ "holder": who[0], "class": "confirmed", "trace": true,
        "confirmed_at": "2022-03-14T02:00:00Z", "isolated_at": "2022-03-14T10:00:00Z" });
    let (status, recorded) = post(&w, &officer, "/v1/staff/cases", Sent::Json(case)).await;
    assert_eq!((status, &recorded["trace"]["close"]), (StatusCode::CREATED, &json!(1)));
    let path = format!("/v1/staff/traces/{}", recorded["trace"]["trace"].as_str().unwrap());
    let look = async |cookie: &str| w.send(cookie, &Method::GET, &path, &Sent::Nothing).await;
    let detail = look(&officer).await.json;
    let exposure = &detail["contacts"][0]["exposures"][0];
    assert_eq!(exposure["place"]["kind"], "train");
    let ride = |of: &str| exposure["aboard"][of][0]["ride"].as_str().unwrap().to_owned();
    let ticket = |of, seat| {
        json!([{ "ride": ride(of), "from": "Hangzhou", "to": "Yiwu", "seat": seat,
            "may_withdraw": true }])
    };
    assert_eq!(
        exposure["aboard"],
        json!({ "number": "G1", "date": "2022-03-12", "source": ticket("source", "05-12A"),
            "contact": ticket("contact", "05-12B") })
    );
    let status = look(&carrier).await.status;
    assert_eq!(status, StatusCode::FORBIDDEN, "who carried them does not see who was infected");

    // The ticket names the record by which the ride is taken back, by its second body.
    let withdraw =
        async |body: Value| post(&w, &officer, "/v1/staff/withdrawals", Sent::Json(body)).await;
    let body = json!({ "ride": ride("contact"), "reason": "wrong_person" });
    let (_, problem) = withdraw(
        json!({ "ride": ride("contact"), "case": recorded["case"], "reason": "wrong_person" }),
    )
    .await;
    assert_eq!(problem["code"], "withdrawal.one");
    let (status, done) = withdraw(body.clone()).await;
    assert_eq!(
        (status, done),
        (StatusCode::OK, json!({ "records": 1, "cases": 0, "released": 1, "waiting": 0 }))
    );
    let (status, problem) = withdraw(body).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("record.withdrawn")));
}

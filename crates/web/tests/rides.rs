//! A carrier sends who was aboard, an officer traces and sees who sat where: through HTTP alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod common;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use jadegate_domain::{Holder, HolderId};
use jadegate_service::App;
use jadegate_service::staff::{AgencyInput, NewPasskey, StaffInput};
use jadegate_store::{Store, Unit, Write};
use jadegate_web::Web;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tower::ServiceExt as _;

struct World {
    app: Arc<App>,
    store: Arc<dyn Store>,
    router: Router,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let (app, store, dir) = common::app().await;
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let web = Web::new(Arc::clone(&app), common::settings(), metrics, None).unwrap();
        Self { app, store, router: jadegate_web::router(web), _dir: dir }
    }

    /// A member of staff of a new agency; the cookie of their session.
    async fn staff(&self, kind: &str, n: u8) -> String {
        let agency = AgencyInput {
            kind: kind.to_owned(),
            name: format!("Made-up {kind}"),
            region: "CN".to_owned(),
        };
        let agency = self.app.create_agency_from_this_machine(&agency).await.unwrap();
        let input = StaffInput {
            agency: agency.id,
            role: "officer".to_owned(),
            region: String::new(),
            display_name: "Testa Muster".to_owned(),
        };
        let invited = self.app.invite_staff_from_this_machine(&input).await.unwrap();
        let passkey = NewPasskey { credential_id: vec![n], passkey: "{}".to_owned() };
        let (_, session) =
            self.app.accept_staff_invitation(&invited.token, passkey, "").await.unwrap();
        let at = self.app.now();
        let confirm = vec![
            Write::ConfirmAgency { agency: agency.id, by: None, at },
            Write::ConfirmStaff { staff: invited.staff, by: None, at },
        ];
        self.store.commit(Unit::new("test", confirm)).await.unwrap();
        format!("jg_staff={}", session.token)
    }

    async fn ask(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn post(
        &self,
        cookie: &str,
        path: &str,
        kind: &str,
        body: String,
    ) -> (StatusCode, Value) {
        let request = Request::post(path)
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, kind)
            .body(Body::from(body));
        self.ask(request.unwrap()).await
    }
}

#[tokio::test]
async fn a_list_of_passengers_becomes_seats_in_a_trace() {
    let w = World::new().await;
    let (carrier, officer) = (w.staff("carrier", 1).await, w.staff("prevention_team", 2).await);
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
    let (status, problem) = w.post(&officer, path, "text/csv", file.clone()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("staff.not_allowed")));
    let (status, problem) = w.post("", path, "text/csv", file.clone()).await;
    assert_eq!((status.as_u16(), problem["status"].as_u64()), (401, Some(401)));
    let (_, problem) = w.post(&carrier, path, "application/json", file.clone()).await;
    assert_eq!(problem["code"], "request.not_csv");
    let (status, report) = w.post(&carrier, path, "text/csv", file.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!((&report["taken"], &report["unknown"]), (&json!(2), &json!(1)));
    let told = |i: usize| (report["rejected"][i]["line"].as_u64(), &report["rejected"][i]["code"]);
    assert_eq!(told(0), (Some(4), &json!("holder.not_found")));
    assert_eq!(told(1), (Some(5), &json!("ride.seat")));
    let (_, again) = w.post(&carrier, path, "text/csv", file).await;
    assert_eq!((&again["taken"], &again["unchanged"]), (&json!(0), &json!(2)));

    let case = json!({ "holder": who[0], "class": "confirmed", "trace": true,
        "confirmed_at": "2022-03-14T02:00:00Z", "isolated_at": "2022-03-14T10:00:00Z" });
    let (status, recorded) =
        w.post(&officer, "/v1/staff/cases", "application/json", case.to_string()).await;
    assert_eq!((status, &recorded["trace"]["close"]), (StatusCode::CREATED, &json!(1)));
    let path = format!("/v1/staff/traces/{}", recorded["trace"]["trace"].as_str().unwrap());
    let look = |cookie: &str| {
        let request = Request::get(&path).header(header::COOKIE, cookie).body(Body::empty());
        w.ask(request.unwrap())
    };
    let (_, detail) = look(&officer).await;
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
    let (status, _) = look(&carrier).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "who carried them does not see who was infected");

    // The ticket names the record by which the ride is taken back, by its second body.
    let withdraw = async |body: Value| {
        w.post(&officer, "/v1/staff/withdrawals", "application/json", body.to_string()).await
    };
    let body = json!({ "ride": ride("contact"), "reason": "wrong_person" });
    let (_, problem) = withdraw(
        json!({ "ride": ride("contact"), "case": recorded["case"], "reason": "wrong_person" }),
    )
    .await;
    assert_eq!(problem["code"], "withdrawal.one");
    let (status, done) = withdraw(body.clone()).await;
    assert_eq!(
        (status, done),
        (StatusCode::OK, json!({ "records": 1, "cases": 0, "released": 1 }))
    );
    let (status, problem) = withdraw(body).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("record.withdrawn")));
}

//! Agencies and staff: registered, invited, confirmed, ended; the numbers of a region and of a server.

use jadegate_service::staff::NewPasskey;
use serde_json::json;

use crate::world::World;

pub(crate) async fn story(w: &mut World) {
    let admin = w.staff("operator", "administrator").await.cookie;
    let commissioner = w.staff("health_commission", "commissioner").await.cookie;
    let body = json!({ "kind": "hospital", "name": "Made-up hospital", "region": "CN-33" });
    let agency = w.post(&admin, "/v1/staff/agencies", body).await.text("/id");
    w.get(&admin, "/v1/staff/agencies").await;
    let confirm = format!("/v1/staff/agencies/{agency}/confirm");
    w.post(&commissioner, &confirm, json!(null)).await;

    let body = json!({ "agency": agency, "role": "officer", "region": "", "display_name": "Testa Muster" });
    let invited = w.post(&admin, "/v1/staff/members", body).await;
    let (token, member) = (invited.text("/token"), invited.text("/staff"));
    let passkey = NewPasskey { credential_id: vec![99], passkey: "{}".to_owned() };
    w.app.accept_staff_invitation(&token, passkey, "").await.unwrap();
    let fingerprint = w.app.passkey_of(member.parse().unwrap()).await.unwrap();
    let one = format!("/v1/staff/members/{member}");
    w.post(&commissioner, &format!("{one}/confirm"), json!({ "passkey": fingerprint })).await;
    w.get(&admin, "/v1/staff/members").await;
    w.post(&admin, &format!("{one}/disable"), json!(null)).await;

    let officer = super::officer(w).await.cookie;
    w.get(&officer, "/v1/staff/overview").await;
    w.get(&admin, "/v1/staff/operation").await;
}

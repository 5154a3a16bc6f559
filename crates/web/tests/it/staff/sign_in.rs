//! An invited member of staff makes a passkey, signs out, and signs in with it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jadegate_domain::StaffId;
use jadegate_service::staff::StaffInput;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::passkey::Passkey;
use crate::world::World;

pub(crate) async fn story(w: &mut World) {
    let colleague = super::officer(w).await;
    let input = StaffInput {
        agency: colleague.agency,
        role: "officer".to_owned(),
        region: String::new(),
        display_name: "Testa Muster".to_owned(),
    };
    let token = w.app.invite_staff_from_this_machine(&input).await.unwrap().token;
    let body = json!({ "token": token });
    let begun = w.post("", "/v1/staff/invitations/begin", body).await;
    assert_eq!(begun.text("/staff/display_name"), "Testa Muster");
    let passkey = Passkey::new();
    let credential = passkey.register(&begun.json["options"]);
    let body = json!({ "token": token, "credential": credential });
    let done = w.post("", "/v1/staff/invitations/finish", body).await;
    // Invited, and not confirmed yet: they are told the fingerprint of their passkey.
    assert_eq!(done.json["confirmation"]["staff"], false);
    let me = done.cookie("jg_staff");
    w.get(&me, "/v1/staff/me").await;
    w.delete(&me, "/v1/staff/session").await;

    let begun = w.post("", "/v1/staff/sign-in/begin", json!(null)).await;
    let credential = passkey.sign_in(&begun.json["options"], &user(&done.text("/staff/id")));
    let body = json!({ "ceremony": begun.json["ceremony"], "credential": credential });
    let again = w.post("", "/v1/staff/sign-in/finish", body).await;
    assert_eq!(again.json["staff"]["id"], done.json["staff"]["id"]);
}

/// The handle under which the server knows a member: a UUID of which the second half is the id.
fn user(id: &str) -> Value {
    let id: StaffId = id.parse().unwrap();
    json!(URL_SAFE_NO_PAD.encode(Uuid::from_u64_pair(0, id.as_u64())))
}

//! Places and their gates.

use serde_json::json;

use crate::world::World;

pub(crate) async fn story(w: &mut World) {
    let place = super::place(w).await;
    let manager = w.staff("operator", "administrator").await.cookie;
    // Enrolled with a link of another place.
    let (_, gate) = crate::gate::gate(w).await;
    let list = w.get(&manager, "/v1/staff/places?limit=1").await;
    assert_eq!(list.json["places"].as_array().unwrap().len(), 1);
    let poster = w.get(&manager, &format!("/v1/staff/places/{place}/poster")).await;
    assert!(poster.text("/poster_code").starts_with("JGV1:"));
    w.get(&manager, &format!("/v1/staff/gates?place={place}")).await;
    w.post(&manager, &format!("/v1/staff/gates/{gate}/revoke"), json!(null)).await;
}

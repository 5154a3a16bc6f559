//! What staff do, a story for each desk.

pub(crate) mod alarms;
pub(crate) mod appeals;
pub(crate) mod assignments;
pub(crate) mod cases;
pub(crate) mod changes;
pub(crate) mod identity;
mod matrix;
pub(crate) mod members;
pub(crate) mod people;
pub(crate) mod places;
pub(crate) mod records;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod waiting;

use jadegate_domain::{HolderId, PlaceId};
use serde_json::{Value, json};

use crate::world::{HOME, Member, World};

/// A made-up cafe.
pub(crate) async fn place(w: &World) -> PlaceId {
    let manager = w.staff("operator", "administrator").await.cookie;
    let cafe = json!({ "name": "Made-up Cafe", "kind": "restaurant", "division": HOME });
    w.post(&manager, "/v1/staff/places", cafe).await.text("/id").parse().unwrap()
}

/// An officer of a prevention team.
pub(crate) async fn officer(w: &World) -> Member {
    w.staff("prevention_team", "officer").await
}

/// A confirmed case.
pub(crate) fn case_of(holder: HolderId) -> Value {
    json!({ "holder": holder, "class": "confirmed", "confirmed_at": "2022-03-14T02:00:00Z",
        "isolated_at": "2022-03-14T10:00:00Z" })
}

pub(crate) fn test_of(holder: HolderId, result: &str) -> Value {
    json!({ "holder": holder, "result": result, "method": "nucleic_acid",
        "sampled_at": "2022-03-14T02:00:00Z", "sample": "LAB-1" })
}

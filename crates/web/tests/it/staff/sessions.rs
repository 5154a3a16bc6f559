//! Where staff and gates are signed in, and ending it.

use crate::world::{Told, World};

/// The first session of a list.
fn first(list: &Told) -> String {
    list.text("/sessions/0/id")
}

pub(crate) async fn story(w: &mut World) {
    let admin = w.staff("operator", "administrator").await;
    let member = super::officer(w).await;
    let of_member = format!("/v1/staff/members/{}/sessions", member.id);
    let list = w.get(&admin.cookie, &of_member).await;
    w.delete(&admin.cookie, &format!("{of_member}/{}", first(&list))).await;
    w.delete(&admin.cookie, &of_member).await;

    let (_, gate) = crate::gate::gate(w).await;
    let of_gate = format!("/v1/staff/gates/{gate}/sessions");
    let list = w.get(&admin.cookie, &of_gate).await;
    w.delete(&admin.cookie, &format!("{of_gate}/{}", first(&list))).await;
    w.delete(&admin.cookie, &of_gate).await;

    let own = w.get(&admin.cookie, "/v1/staff/sessions").await;
    w.delete(&admin.cookie, &format!("/v1/staff/sessions/{}", first(&own))).await;
    let other = super::officer(w).await;
    w.delete(&other.cookie, "/v1/staff/sessions").await;
}

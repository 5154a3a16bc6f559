//! Each endpoint is asked by the story of its group; a route that no story asks fails here.

use crate::world::{World, document, operations};
use crate::{gate, holder, public, staff};

macro_rules! groups {
    ($($name:ident: $story:path, [$($under:literal),+];)+) => {
        /// Name of a group, and the beginnings of its addresses.
        const GROUPS: &[(&str, &[&str])] = &[$((stringify!($name), &[$($under),+])),+];

        $(
            #[tokio::test]
            async fn $name() {
                let mut w = World::new().await;
                $story(&mut w).await;
                every_one_was_asked(&w, stringify!($name));
            }
        )+
    };
}

// The longest beginning decides.
groups! {
    public: public::story, ["/healthz", "/readyz", "/v1/access", "/v1/info", "/v1/keys", "/v1/policy",
        "/v1/policies", "/v1/divisions", "/v1/public", "/v1/regions", "/v1/log", "/v1/mandate"];
    holder: holder::story, ["/v1/registrations", "/v1/challenges", "/v1/sessions", "/v1/session",
        "/v1/me"];
    gate: gate::story, ["/v1/gate", "/v1/gates"];
    sign_in: staff::sign_in::story, ["/v1/staff/invitations", "/v1/staff/sign-in",
        "/v1/staff/session", "/v1/staff/me"];
    sessions: staff::sessions::story, ["/v1/staff/sessions", "/v1/staff/members/{id}/sessions",
        "/v1/staff/gates/{id}/sessions"];
    people: staff::people::story, ["/v1/staff/holders", "/v1/staff/quarantine",
        "/v1/staff/document-corrections", "/v1/staff/document-bars", "/v1/staff/people"];
    records: staff::records::story, ["/v1/staff/tests", "/v1/staff/arrivals", "/v1/staff/releases",
        "/v1/staff/rides", "/v1/staff/imports", "/v1/staff/records", "/v1/staff/withdrawals",
        "/v1/staff/kept", "/v1/staff/samples"];
    appeals: staff::appeals::story, ["/v1/staff/appeals", "/v1/me/appeals"];
    alarms: staff::alarms::story, ["/v1/staff/alarms", "/v1/staff/protected",
        "/v1/public/alarms"];
    waiting: staff::waiting::story, ["/v1/staff/waiting"];
    cases: staff::cases::story, ["/v1/staff/cases", "/v1/staff/traces", "/v1/staff/trace-jobs"];
    changes: staff::changes::story, ["/v1/staff/policies", "/v1/staff/what-ifs",
        "/v1/staff/proposals", "/v1/staff/recolouring", "/v1/staff/regions"];
    identity: staff::identity::story, ["/v1/staff/identity-requests", "/v1/public/identity-requests",
        "/v1/me/identity-requests"];
    assignments: staff::assignments::story, ["/v1/staff/workers", "/v1/staff/assignments",
        "/v1/staff/accompanied"];
    places: staff::places::story, ["/v1/staff/places", "/v1/staff/gates"];
    members: staff::members::story, ["/v1/staff/agencies", "/v1/staff/members",
        "/v1/staff/overview", "/v1/staff/operation"];
}

/// The group of `GET /v1/info` and so on.
fn group(operation: &str) -> Option<&'static str> {
    let path = operation.split(' ').nth(1).unwrap();
    let under = |begin: &str| {
        path.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let fits = GROUPS.iter().flat_map(|(name, begins)| begins.iter().map(move |b| (*name, *b)));
    fits.filter(|(_, b)| under(b)).max_by_key(|(_, b)| b.len()).map(|(name, _)| name)
}

fn every_one_was_asked(w: &World, name: &str) {
    let asked = w.asked();
    let all = operations(&document());
    let missing: Vec<_> =
        all.iter().filter(|o| group(o) == Some(name) && !asked.contains(*o)).collect();
    assert!(missing.is_empty(), "no good answer was asked of {missing:?}");
}

#[test]
fn every_operation_belongs_to_a_group() {
    let none: Vec<_> = operations(&document()).into_iter().filter(|o| group(o).is_none()).collect();
    assert!(none.is_empty(), "in no group, so nothing asks {none:?}");
}

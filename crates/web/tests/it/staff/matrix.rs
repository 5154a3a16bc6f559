//! Route by role by purpose: every cell of the API document is asked, and answered as the rule in it
//! says. A route without a rule is none.

use std::collections::BTreeMap;

use axum::http::Method;
use jadegate_domain::{AgencyKind, Purpose, Role};
use jadegate_service::staff::{AccessTable, Power, StaffInput};
use serde_json::{Map, Value, json};

use crate::world::{Sent, World, document, needs_a_session};

/// An operation with what a well-formed request to it looks like.
struct Cell {
    name: String,
    method: Method,
    path: String,
    sent: Sent,
    rule: Value,
    /// Where the purpose of a look is said, if the request says one.
    has_purpose: bool,
}

/// Reads requests out of the document.
struct Reader<'d>(&'d Value);

impl Reader<'_> {
    /// The smallest value that fits a schema.
    fn value(&self, schema: &Value) -> Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
            return id_of(name)
                .unwrap_or_else(|| self.value(&self.0["components"]["schemas"][name]));
        }
        if let Some(all) = schema["allOf"].as_array() {
            let parts = all.iter().map(|part| self.value(part));
            let fields = parts.flat_map(|part| part.as_object().cloned().unwrap_or_default());
            return Value::Object(fields.collect());
        }
        if let Some(first) = schema["oneOf"].as_array().and_then(|some| some.first()) {
            return self.value(first);
        }
        if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
            return first.clone();
        }
        match schema["type"].as_str() {
            Some("object") => {
                let required = schema["required"].as_array().into_iter().flatten();
                let field = |name: &str| (name.to_owned(), self.value(&schema["properties"][name]));
                let fields: Map<_, _> = required.filter_map(Value::as_str).map(field).collect();
                Value::Object(fields)
            }
            Some("array") => json!([]),
            Some("boolean") => json!(false),
            Some("integer" | "number") => schema["minimum"].as_u64().unwrap_or(1).into(),
            _ if schema["format"] == "date-time" => json!("2022-03-14T02:00:00Z"),
            _ => json!("x"),
        }
    }

    fn cell(&self, method: &str, path: &str, operation: &Value) -> Cell {
        let of = |p: &Value, name: &str| p["name"] == name && p["in"] == "path";
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let parts: Vec<String> = path
            .split('/')
            .map(|part| match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                None => part.to_owned(),
                Some(name) => {
                    let known = parameters.iter().find(|p| of(p, name));
                    let value = known.map_or(json!("x"), |p| self.value(&p["schema"]));
                    value.as_str().unwrap_or("1").to_owned()
                }
            })
            .collect();
        let content = &operation["requestBody"]["content"];
        let mut sent = match content.as_object().and_then(|c| c.iter().next()) {
            None => Sent::Nothing,
            Some((kind, _)) if kind == "text/csv" => Sent::Csv("x\n".to_owned()),
            Some((_, content)) => Sent::Json(self.value(&content["schema"])),
        };
        // What the document cannot say: exactly one of several is named.
        match (path, &mut sent) {
            ("/v1/staff/withdrawals", Sent::Json(body)) => {
                body["case"] = id_of("CaseId").unwrap();
            }
            ("/v1/staff/people/details", Sent::Json(body)) => body["name"] = json!("Other Name"),
            _ => {}
        }
        let purpose = |body: &Value| {
            let purposes = self.0["components"]["schemas"]["Purpose"]["enum"].as_array().unwrap();
            purposes.contains(&body["purpose"])
        };
        let has_purpose = matches!(&sent, Sent::Json(body) if purpose(body));
        let required = |p: &&Value| p["in"] == "query" && p["required"] == true;
        let query: Vec<String> = parameters
            .iter()
            .filter(required)
            .map(|p| {
                let value = self.value(&p["schema"]);
                let name = p["name"].as_str().unwrap();
                format!("{name}={}", id_for(name).unwrap_or(value).as_str().unwrap_or("1"))
            })
            .collect();
        let path_and_query = match query.as_slice() {
            [] => parts.join("/"),
            some => format!("{}?{}", parts.join("/"), some.join("&")),
        };
        Cell {
            name: format!("{} {path}", method.to_uppercase()),
            method: method.to_uppercase().parse().unwrap(),
            path: path_and_query,
            sent,
            rule: operation["x-access"].clone(),
            has_purpose,
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let paths = self.0["paths"].as_object().unwrap();
        let of = |(path, methods): (&String, &Value)| {
            let methods = methods.as_object().unwrap().clone();
            methods.iter().map(|(m, o)| self.cell(m, path, o)).collect::<Vec<_>>()
        };
        paths.iter().flat_map(of).collect()
    }
}

/// An id of the right form that nothing has.
fn id_of(name: &str) -> Option<Value> {
    use jadegate_domain::id;
    macro_rules! ids {
        ($($kind:ident),*) => {
            match name { $(stringify!($kind) => Some(json!(id::$kind::from_random(9))),)* _ => None }
        };
    }
    match name {
        "Division" => Some(json!("CN-330106")),
        "PlaceId" => Some(json!(jadegate_domain::PlaceId::from_random(9))),
        _ => ids!(
            HolderId,
            IdentityRequestId,
            AssignmentId,
            StaffId,
            AgencyId,
            GateId,
            EvidenceId,
            CaseId,
            TraceId,
            AppealId,
            ImportId,
            ProposalId,
            WaitingId,
            WhatIfId,
            TraceJobId,
            ChangeId,
            CorrectionId,
            RideId,
            AlarmId,
            ProtectedId
        ),
    }
}

/// Queries name what they are of without saying its form.
fn id_for(query: &str) -> Option<Value> {
    match query {
        "place" => id_of("PlaceId"),
        "case" => id_of("CaseId"),
        _ => None,
    }
}

#[test]
fn no_route_is_without_a_rule() {
    let document = document();
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for cell in Reader(&document).cells() {
        let who = cell.rule["who"].as_str().unwrap_or_else(|| panic!("{} has no rule", cell.name));
        *of.entry(who.to_owned()).or_default() += 1;
        // Whoever is asked for a session is somebody of whom a rule speaks.
        assert_eq!(needs_a_session(&cell.name), who != "anybody", "{}", cell.name);
        let asked = who != "staff" || cell.name.contains("/v1/staff/");
        assert!(asked, "{}", cell.name);
        if who == "staff" && cell.rule["powers"].is_null() {
            assert!(super::super::world::OPEN_TO_ALL_STAFF.contains(&cell.name.as_str()));
        }
    }
    assert!(of["staff"] > 80 && of["holder"] > 30 && of["gate"] >= 4, "{of:?}");
}

/// Powers that a rule names.
fn powers_of(rule: &Value) -> Vec<Power> {
    let names: Vec<&str> =
        rule["powers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    Power::ALL.iter().copied().filter(|p| names.contains(&p.as_str())).collect()
}

/// Asks one cell of one member of staff; what is wrong with the answer, if anything.
async fn try_cell(w: &World, cell: &Cell, who: (AgencyKind, Role), cookie: &str) -> Option<String> {
    let powers = powers_of(&cell.rule);
    let has = powers.iter().any(|p| p.granted(who.0, who.1));
    let told = w.send(cookie, &cell.method, &cell.path, &cell.sent).await;
    let at = format!("{} as {}/{}: {} {}", cell.name, who.0, who.1, told.status, told.json);
    let refused = told.status == 403 && told.json["code"] == "staff.not_allowed";
    if has {
        return (refused || told.status.is_server_error()).then_some(at);
    }
    let named = |named: &Value| {
        powers.iter().any(|p| named["power"] == p.as_str())
            && named["words"]["zh"].is_string()
            && named["words"]["en"].is_string()
    };
    let missing = told.json["missing"]["powers"].as_array();
    let all_named = missing.is_some_and(|all| !all.is_empty() && all.iter().all(named));
    (!refused || !all_named).then_some(at)
}

/// Asks one cell for each purpose: one that no power of the member has is refused by name.
async fn try_purposes(w: &World, cell: &Cell, who: (AgencyKind, Role), cookie: &str) {
    let held: Vec<Power> = powers_of(&cell.rule);
    let Some(power) = held.into_iter().find(|p| p.granted(who.0, who.1)) else { return };
    for purpose in Purpose::ALL {
        let Sent::Json(mut body) = cell.sent.clone() else { continue };
        body["purpose"] = json!(purpose);
        let told = w.send(cookie, &cell.method, &cell.path, &Sent::Json(body)).await;
        let at = format!("{} for {purpose} as {who:?}: {} {}", cell.name, told.status, told.json);
        let refused = told.json["code"] == "purpose.does_not_fit";
        assert_eq!(refused, !power.purposes().contains(purpose), "{at}");
        if refused {
            assert_eq!(told.status, 403, "{at}");
            assert_eq!(told.json["missing"]["purpose"], json!(purpose), "{at}");
            assert_eq!(told.json["missing"]["powers"][0]["power"], json!(power), "{at}");
        }
    }
}

#[tokio::test]
async fn each_route_is_answered_to_each_role_and_purpose_as_its_rule_says() {
    let w = World::new().await;
    let (_, holder) = w.person().await;
    let document = document();
    let mut cells = Reader(&document).cells();
    cells.retain(|c| c.rule["who"] == "staff" && !c.rule["powers"].is_null());
    // A look is refused for its purpose before anybody is looked for, but for a person who is there.
    for cell in cells.iter_mut().filter(|c| c.has_purpose) {
        match &mut cell.sent {
            Sent::Json(body) if cell.path.ends_with("/find") => body["holder"] = json!(holder),
            _ => cell.path = format!("/v1/staff/holders/{holder}/open"),
        }
    }
    let (mut tried, mut held, mut wrong) = (0, 0, Vec::new());
    for kind in AgencyKind::ALL {
        let agency = w.agency(kind.as_str()).await;
        for role in Role::ALL {
            if !Power::ALL.iter().any(|p| p.granted(*kind, *role)) {
                nobody_is_invited_as(&w, agency, *role).await;
                continue;
            }
            held += 1;
            let member = w.member(agency, role.as_str()).await;
            for cell in &cells {
                wrong.extend(try_cell(&w, cell, (*kind, *role), &member.cookie).await);
                if cell.has_purpose {
                    try_purposes(&w, cell, (*kind, *role), &member.cookie).await;
                }
                tried += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    let pairs: std::collections::BTreeSet<_> = AccessTable::of_this_program()
        .powers
        .iter()
        .flat_map(|p| p.held_by.iter().map(|h| (h.agency, h.role)).collect::<Vec<_>>())
        .collect();
    assert_eq!(held, pairs.len());
    assert!(tried > 1000, "only {tried} cells");
}

/// A role without a power in a kind of agency is nobody's: there is no such cell.
async fn nobody_is_invited_as(w: &World, agency: jadegate_domain::AgencyId, role: Role) {
    let input = StaffInput {
        agency,
        role: role.to_string(),
        region: String::new(),
        display_name: "Testa Muster".to_owned(),
    };
    let e = w.app.invite_staff_from_this_machine(&input).await.unwrap_err();
    assert_eq!(e.fields[0].code, "role.does_not_fit");
}

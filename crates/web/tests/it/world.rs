//! A deployment of made-up people, asked through its router as a client would ask it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use jadegate_domain::{AgencyId, HolderId, StaffId};
use jadegate_service::holder::answer::Answering;
use jadegate_service::holder::register::{Asker, DocumentInput, RegistrationInput};
use jadegate_service::staff::{AgencyInput, NewPasskey, StaffInput};
use jadegate_service::{App, Settings};
use jadegate_store::{Store, Unit, Write};
use jadegate_testkit::FakeClock;
use jadegate_web::Web;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::common;

pub(crate) const HOME: &str = "CN-330106";

/// The API document.
pub(crate) fn document() -> Value {
    serde_json::from_str(&jadegate_web::openapi().to_json().unwrap()).unwrap()
}

/// `GET /v1/info` and so on: every operation of the document.
pub(crate) fn operations(document: &Value) -> Vec<String> {
    let of = |(path, methods): (&String, &Value)| {
        let name = |m: &String| format!("{} {path}", m.to_uppercase());
        methods.as_object().unwrap().keys().map(name).collect::<Vec<_>>()
    };
    document["paths"].as_object().unwrap().iter().flat_map(of).collect()
}

/// What is sent with a request.
#[derive(Clone)]
pub(crate) enum Sent {
    Nothing,
    Json(Value),
    Csv(String),
}

/// An answer.
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Told {
    /// A text of the answer, at `/case/id` and so on.
    pub(crate) fn text(&self, at: &str) -> String {
        self.json
            .pointer(at)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("{}", self.json))
            .into()
    }

    /// The cookie of this name that the answer sets, as a browser sends it back.
    pub(crate) fn cookie(&self, name: &str) -> String {
        let set = self.headers.get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap());
        let pair = set.filter_map(|c| c.split(';').next()).find(|c| c.starts_with(name)).unwrap();
        pair.to_owned()
    }
}

/// A signed-in member of staff.
pub(crate) struct Member {
    pub(crate) cookie: String,
    pub(crate) id: StaffId,
    pub(crate) agency: AgencyId,
}

pub(crate) struct World {
    pub(crate) app: Arc<App>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<FakeClock>,
    router: Router,
    document: Value,
    asked: Mutex<BTreeSet<String>>,
    people: AtomicU32,
    staff: AtomicU8,
    /// An officer whom nobody confirmed: on staff, without any power.
    powerless: String,
    _dir: tempfile::TempDir,
}

/// What every member of staff may ask: about themselves, and about what is their own.
pub(crate) const OPEN_TO_ALL_STAFF: [&str; 5] = [
    "GET /v1/staff/me",
    "GET /v1/staff/sessions",
    "DELETE /v1/staff/sessions",
    "DELETE /v1/staff/sessions/{id}",
    // What waits of one's own agency: of most there is nothing.
    "GET /v1/staff/waiting",
];

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let (app, store, clock, dir) = common::app_with(Settings { demo: true, ..settings }).await;
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let web = Web::new(Arc::clone(&app), common::settings(), metrics, None).unwrap();
        let mut w = Self {
            router: jadegate_web::router(web),
            document: document(),
            asked: Mutex::default(),
            people: AtomicU32::new(0),
            staff: AtomicU8::new(0),
            powerless: String::new(),
            app,
            store,
            clock,
            _dir: dir,
        };
        let unconfirmed = w.agency("prevention_team").await;
        w.powerless = w.invited(unconfirmed, "officer").await.cookie;
        w
    }

    /// Operations that were asked and answered well.
    pub(crate) fn asked(&self) -> BTreeSet<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) async fn agency(&self, kind: &str) -> AgencyId {
        let input = AgencyInput {
            kind: kind.to_owned(),
            name: format!("Made-up {kind}"),
            region: "CN".to_owned(),
        };
        self.app.create_agency_from_this_machine(&input).await.unwrap().id
    }

    /// A member of staff of a new agency, both confirmed.
    pub(crate) async fn staff(&self, kind: &str, role: &str) -> Member {
        let agency = self.agency(kind).await;
        self.member(agency, role).await
    }

    /// Another member of an agency, both confirmed.
    pub(crate) async fn member(&self, agency: AgencyId, role: &str) -> Member {
        let member = self.invited(agency, role).await;
        let at = self.app.now();
        let confirm = vec![
            Write::ConfirmAgency { agency, by: None, at },
            Write::ConfirmStaff { staff: member.id, by: None, at },
        ];
        self.store.commit(Unit::new("test", confirm)).await.unwrap();
        member
    }

    /// Somebody who made a passkey, and is not confirmed.
    async fn invited(&self, agency: AgencyId, role: &str) -> Member {
        let input = StaffInput {
            agency,
            role: role.to_owned(),
            region: String::new(),
            display_name: "Testa Muster".to_owned(),
        };
        let invited = self.app.invite_staff_from_this_machine(&input).await.unwrap();
        let credential_id = vec![self.staff.fetch_add(1, Ordering::Relaxed)];
        let passkey = NewPasskey { credential_id, passkey: "{}".to_owned() };
        let (_, session) =
            self.app.accept_staff_invitation(&invited.token, passkey, "").await.unwrap();
        Member { cookie: format!("jg_staff={}", session.token), id: invited.staff, agency }
    }

    /// Somebody with passport `X0000001` and so on; the cookie of their session.
    pub(crate) async fn person(&self) -> (String, HolderId) {
        let n = self.people.fetch_add(1, Ordering::Relaxed) + 1;
        let input = RegistrationInput {
            name: "Test Person".to_owned(),
            document: DocumentInput {
                doc_type: "passport".to_owned(),
                number: format!("X{n:07}"),
                country: "CHN".to_owned(),
                mrz: None,
            },
            nationality: "CN".to_owned(),
            phone: phone(n),
            phone_country: None,
            home_division: HOME.to_owned(),
            language: "en".to_owned(),
            proof: None,
        };
        let client = format!("client-{n}");
        let sent = self.app.begin_registration(&input, Asker::at(&client)).await.unwrap();
        let code = self.newest_code().await;
        let with = Answering { code: &code, ..Answering::default() };
        let done = self.app.answer(sent.challenge, &with).await.unwrap();
        let session = self.app.holder_session(&done.session.token).await.unwrap();
        (format!("jg_holder={}", done.session.token), session.holder())
    }

    /// The code of the newest message.
    pub(crate) async fn newest_code(&self) -> String {
        self.clock.advance(1);
        let outbox = self.app.demo_outbox().await.unwrap();
        let text = outbox.into_iter().max_by_key(|(at, ..)| *at).unwrap().2;
        let code = text.split("code is ").nth(1).unwrap();
        code.chars().take_while(char::is_ascii_digit).collect()
    }

    /// Sends one request and looks at nothing.
    pub(crate) async fn send(
        &self,
        cookie: &str,
        method: &Method,
        path: &str,
        sent: &Sent,
    ) -> Told {
        let (kind, body) = match sent {
            Sent::Nothing => (None, Body::empty()),
            Sent::Json(json) => (Some("application/json"), Body::from(json.to_string())),
            Sent::Csv(text) => (Some("text/csv"), Body::from(text.clone())),
        };
        let mut request = Request::builder().method(method).uri(path);
        if !cookie.is_empty() {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let json = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
        Told { status: parts.status, headers: parts.headers, json }
    }

    pub(crate) async fn get(&self, cookie: &str, path: &str) -> Told {
        self.good(cookie, Method::GET, path, Sent::Nothing).await
    }

    pub(crate) async fn delete(&self, cookie: &str, path: &str) -> Told {
        self.good(cookie, Method::DELETE, path, Sent::Nothing).await
    }

    /// Posts JSON, or nothing for `null`.
    pub(crate) async fn post(&self, cookie: &str, path: &str, body: Value) -> Told {
        let sent = if body.is_null() { Sent::Nothing } else { Sent::Json(body) };
        self.good(cookie, Method::POST, path, sent).await
    }

    /// Asks for a good answer, after all the ways in which the same request is refused: without a
    /// session, by somebody who may not, and with bad input. None of them has any effect, for the
    /// good answer comes after them.
    pub(crate) async fn good(&self, cookie: &str, method: Method, path: &str, sent: Sent) -> Told {
        let bare = path.split('?').next().unwrap();
        let operation = self.operation(&method, bare);
        let template = operation.split(' ').nth(1).unwrap().to_owned();
        self.without_a_session(&operation, path, &sent).await;
        self.without_the_power(&operation, path, &sent).await;
        self.with_bad_input(cookie, &operation, path, &sent).await;
        let told = self.send(cookie, &method, path, &sent).await;
        assert!(told.status.is_success(), "{operation}: {} {}", told.status, told.json);
        let document = &self.document["paths"][&template][method.as_str().to_lowercase()];
        let answer = &document["responses"][told.status.as_str()];
        assert!(answer.is_object(), "{operation}: {} is not in the document", told.status);
        let schema = &answer["content"]["application/json"]["schema"];
        if schema.is_object() {
            self.fits(schema, &told.json, &operation);
        }
        self.asked.lock().unwrap().insert(operation);
        told
    }

    /// An endpoint whose only right answer is a conflict with this code.
    pub(crate) async fn said_no(&self, cookie: &str, path: &str, sent: Sent, code: &str) {
        let operation = self.operation(&Method::POST, path);
        self.without_a_session(&operation, path, &sent).await;
        self.without_the_power(&operation, path, &sent).await;
        self.with_bad_input(cookie, &operation, path, &sent).await;
        let told = self.send(cookie, &Method::POST, path, &sent).await;
        assert_eq!((told.status.as_u16(), told.text("/code").as_str()), (409, code));
        self.asked.lock().unwrap().insert(operation);
    }

    async fn refused(
        &self,
        cookie: &str,
        operation: &str,
        path: &str,
        sent: &Sent,
        status: &[u16],
    ) {
        let method = operation.split(' ').next().unwrap().parse().unwrap();
        let told = self.send(cookie, &method, path, sent).await;
        let got = told.status.as_u16();
        assert!(status.contains(&got), "{operation} {path}: {got}, not {status:?}: {}", told.json);
        let kind = told.headers.get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap());
        assert_eq!(kind, Some("application/problem+json"), "{operation} {path}");
        assert_eq!(told.json["status"], json!(got), "{operation} {path}");
        assert!(!told.json["code"].as_str().unwrap().is_empty(), "{operation} {path}");
    }

    async fn without_a_session(&self, operation: &str, path: &str, sent: &Sent) {
        if needs_a_session(operation) {
            self.refused("", operation, path, sent, &[401]).await;
            // Nor with somebody else's kind of session, nor with one that never was.
            let made_up = "jg_holder=x; jg_staff=x; jg_gate=x";
            self.refused(made_up, operation, path, sent, &[401]).await;
        }
    }

    async fn without_the_power(&self, operation: &str, path: &str, sent: &Sent) {
        let staff = operation.contains(" /v1/staff/") && needs_a_session(operation);
        if staff && !OPEN_TO_ALL_STAFF.contains(&operation) {
            // What others began is answered like what never was.
            self.refused(&self.powerless, operation, path, sent, &[403, 404]).await;
        }
    }

    async fn with_bad_input(&self, cookie: &str, operation: &str, path: &str, sent: &Sent) {
        let (bare, query) = path.split_once('?').unwrap_or((path, ""));
        match sent {
            Sent::Nothing => {}
            Sent::Json(body) => {
                let bad = Sent::Json(json!({ "made_up": 1 }));
                self.refused(cookie, operation, path, &bad, &[422]).await;
                let list = Sent::Json(json!([body]));
                self.refused(cookie, operation, path, &list, &[422]).await;
                self.refused(cookie, operation, path, &Sent::Nothing, &[422]).await;
            }
            Sent::Csv(text) => {
                let json = Sent::Json(json!(text));
                self.refused(cookie, operation, path, &json, &[422]).await;
            }
        }
        let template: Vec<&str> = operation.split(' ').nth(1).unwrap().split('/').collect();
        for at in (0..template.len()).filter(|at| template[*at].starts_with('{')) {
            let mut parts: Vec<&str> = bare.split('/').collect();
            parts[at] = "nonsense";
            self.refused(cookie, operation, &parts.join("/"), sent, &[404]).await;
        }
        let (method, template) = operation.split_once(' ').unwrap();
        let parameters = &self.document["paths"][template][method.to_lowercase()]["parameters"];
        let asks = |p: &Value| p["in"] == "query";
        if parameters.as_array().is_some_and(|all| all.iter().any(asks)) {
            let bad = format!("{bare}?{query}&made_up=1");
            self.refused(cookie, operation, &bad, sent, &[422]).await;
        }
    }

    /// `GET /v1/staff/cases/{id}` for the address of one case.
    fn operation(&self, method: &Method, path: &str) -> String {
        let fits = |template: &str| {
            let (a, b): (Vec<_>, Vec<_>) =
                (template.split('/').collect(), path.split('/').collect());
            a.len() == b.len() && a.iter().zip(&b).all(|(t, p)| t.starts_with('{') || t == p)
        };
        let all = operations(&self.document);
        let of =
            all.iter().filter_map(|o| o.split_once(' ').filter(|(m, _)| *m == method.as_str()));
        let found = of.map(|(_, t)| t).filter(|t| fits(t)).min_by_key(|t| t.matches('{').count());
        format!("{method} {}", found.unwrap_or_else(|| panic!("{method} {path} is no route")))
    }

    /// Is the document true of this answer?
    fn fits(&self, schema: &Value, value: &Value, at: &str) {
        let complaint = self.complaint(schema, value, at);
        assert!(complaint.is_none(), "{}", complaint.unwrap_or_default());
    }

    fn complaint(&self, schema: &Value, value: &Value, at: &str) -> Option<String> {
        if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
            return self.complaint(&self.document["components"]["schemas"][name], value, at);
        }
        if let Some(all) = schema["allOf"].as_array() {
            return all.iter().find_map(|s| self.complaint(s, value, at));
        }
        if let Some(some) = schema["oneOf"].as_array() {
            let all: Vec<_> = some.iter().map(|s| self.complaint(s, value, at)).collect();
            return all.into_iter().min_by_key(Option::is_some).flatten();
        }
        let wrong = |why: &str| Some(format!("{at}: {why}: {value} for {schema}"));
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(some) => some.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !types.is_empty() && !types.iter().any(|t| is_a(t, value)) {
            return wrong("another type");
        }
        if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
            return wrong("not in the list");
        }
        if let Some(fields) = value.as_object() {
            let required = schema["required"].as_array().into_iter().flatten();
            if let Some(name) =
                required.filter_map(Value::as_str).find(|n| !fields.contains_key(*n))
            {
                return wrong(name);
            }
            let known = schema["properties"].as_object().into_iter().flatten();
            return known
                .filter_map(|(name, schema)| Some((name, schema, fields.get(name)?)))
                .find_map(|(name, schema, v)| self.complaint(schema, v, &format!("{at}.{name}")));
        }
        let items = value.as_array().into_iter().flatten();
        items.clone().find_map(|v| self.complaint(&schema["items"], v, &format!("{at}[]")))
    }
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

/// All but what anybody may read, and the ways in and out.
pub(crate) fn needs_a_session(operation: &str) -> bool {
    let path = operation.split(' ').nth(1).unwrap();
    let under = |begin: &str| {
        path.strip_prefix(begin).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let way_in = ["/v1/staff/invitations", "/v1/staff/sign-in", "/v1/staff/session"];
    ["/v1/me", "/v1/gate", "/v1/staff"].into_iter().any(under) && !way_in.into_iter().any(under)
}

pub(crate) fn phone(n: u32) -> String {
    format!("+86 100 {n:08}")
}

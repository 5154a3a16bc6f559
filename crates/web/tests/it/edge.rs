//! Connections that say nothing, senders that are slow, names that were made up: through real
//! sockets. Nothing here measures time; where a test waits, it waits for something to happen.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::Method;
use jadegate_domain::division::{RegionRisk, RiskLevel};
use jadegate_domain::{AgencyId, EvidenceId};
use jadegate_service::{App, PutOff, Settings};
use jadegate_store::{Store, Unit, Write};
use jadegate_web::{ConnectionLimits, Serving, Web, WebSettings};
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::common;
use crate::world::{Sent, World};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_mins(1);

struct Server {
    at: SocketAddr,
    metrics: SocketAddr,
    serving: Option<Serving>,
    app: Arc<App>,
    store: Arc<dyn Store>,
    _dir: tempfile::TempDir,
}

impl Server {
    async fn new(settings: WebSettings) -> Self {
        let (app, store, _, dir) = common::app_with(Settings::default()).await;
        // Only one test of a process can install one; the others look at none.
        let metrics = PrometheusBuilder::new()
            .install_recorder()
            .unwrap_or_else(|_| PrometheusBuilder::new().build_recorder().handle());
        let web = Web::new(Arc::clone(&app), settings, metrics, None).unwrap();
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (listener, scrapes) = (bind(), bind());
        let (at, metrics) = (listener.local_addr().unwrap(), scrapes.local_addr().unwrap());
        let serving = Some(Serving::start(&web, listener, Some(scrapes)).unwrap());
        Self { at, metrics, serving, app, store, _dir: dir }
    }

    async fn with(connections: ConnectionLimits) -> Self {
        Self::new(WebSettings { connections, ..common::settings() }).await
    }

    fn connect(&self) -> TcpStream {
        connect(self.at)
    }

    fn ask(&self, head: &str) -> String {
        ask(self.at, head)
    }
}

fn connect(to: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(to).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// One request on a connection of its own; the whole answer.
fn ask(to: SocketAddr, head: &str) -> String {
    let mut socket = connect(to);
    write!(socket, "{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

/// What comes until the server ends the connection.
fn until_closed(mut socket: TcpStream) -> String {
    let mut all = Vec::new();
    if let Err(e) = socket.read_to_end(&mut all) {
        assert_eq!(e.kind(), ErrorKind::ConnectionReset, "it is still open");
    }
    String::from_utf8(all).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_make_room_for_those_that_ask() {
    let limits = ConnectionLimits { connections: 16, ..ConnectionLimits::default() };
    let server = Server::with(limits).await;
    let mut idle: Vec<_> = (0..16).map(|_| server.connect()).collect();
    // Each is known to the server when it has answered on it.
    for socket in &mut idle {
        write!(socket, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
        let mut first = [0; 12];
        socket.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
    }
    for _ in 0..8 {
        assert!(server.ask("GET /v1/info").starts_with("HTTP/1.1 200"));
    }
    // One of those that were quiet gave way.
    let last = Instant::now() + PATIENCE;
    while !idle.iter_mut().any(has_ended) {
        assert!(Instant::now() < last, "all are still open");
    }
}

/// Has the server ended this connection? Looks for a moment only.
fn has_ended(socket: &mut TcpStream) -> bool {
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut rest = [0; 4096];
    loop {
        match socket.read(&mut rest) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(e) => return e.kind() == ErrorKind::ConnectionReset,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_is_not_waited_for_for_ever() {
    let receive = Duration::from_millis(300);
    let server = Server::with(ConnectionLimits { receive, ..ConnectionLimits::default() }).await;
    let mut head = server.connect();
    write!(head, "GET /v1/info HTTP/1.1\r\nhost: loc").unwrap();
    assert_eq!(until_closed(head), "");
    let mut body = server.connect();
    write!(
        body,
        "POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: 40\r\n\r\n{{\"phone\":"
    )
    .unwrap();
    let answer = until_closed(body);
    assert!(answer.is_empty() || answer.contains("request.too_slow"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asks_nothing_any_more_is_closed() {
    let idle = Duration::from_millis(300);
    let server = Server::with(ConnectionLimits { idle, ..ConnectionLimits::default() }).await;
    let mut socket = server.connect();
    write!(socket, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    assert!(until_closed(socket).starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_take_nobodys_place() {
    let server = Server::with(ConnectionLimits::default()).await;
    // More than are worked on at the same time of any class, on this machine or a large one.
    let slow: Vec<_> = (0..1500)
        .map(|_| {
            let mut socket = server.connect();
            write!(
                socket,
                "POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                 content-length: 4000\r\n\r\n{{"
            )
            .unwrap();
            socket
        })
        .collect();
    for _ in 0..20 {
        assert!(server.ask("GET /v1/me/code").starts_with("HTTP/1.1 401"));
        assert!(server.ask("GET /healthz").starts_with("HTTP/1.1 200"));
    }
    drop(slow);
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_served_on_their_own_listener_and_hold_no_made_up_name() {
    let server = Server::with(ConnectionLimits::default()).await;
    assert!(!server.ask("BREW /v1/info").starts_with("HTTP/1.1 200"));
    assert!(!server.ask("MADEUP /made/up/path").starts_with("HTTP/1.1 200"));
    let public = server.ask("GET /metrics");
    assert!(!public.contains("jadegate_requests_total"), "{public}");
    let scraped = ask(server.metrics, "GET /metrics");
    assert!(scraped.contains("jadegate_requests_total"), "{scraped}");
    assert!(scraped.contains("method=\"other\""), "{scraped}");
    for made_up in ["BREW", "MADEUP", "/made"] {
        assert!(!scraped.contains(made_up), "{made_up}");
    }
    // What waits for a second pair of eyes, by a closed list of kinds.
    for kind in ["tests", "arrivals", "case", "contacts", "rides", "withdrawals"] {
        let line = format!("jadegate_records_waiting{{kind=\"{kind}\"}} 0\n");
        assert!(scraped.contains(&line), "{line}: {scraped}");
    }
    // How far the memory is behind the database.
    assert!(scraped.contains("jadegate_changes_behind 0\n"), "{scraped}");
    assert!(scraped.contains("jadegate_following 1\n"), "{scraped}");
    // Nothing is put off, and that is looked at four times a second.
    let last = Instant::now() + PATIENCE;
    while !ask(server.metrics, "GET /metrics").contains("jadegate_put_off 0\n") {
        assert!(Instant::now() < last, "what is put off is never told");
    }
    let level = RegionRisk {
        id: EvidenceId::from_random(1),
        division: "CN-330102".parse().unwrap(),
        level: RiskLevel::High,
        from: server.app.now(),
        to: None,
        recorded_at: server.app.now(),
        agency: AgencyId::from_random(1),
    };
    let unit = Unit::new("elsewhere", vec![Write::AddRegionRisk(level)]);
    server.store.commit(unit).await.unwrap();
    let scraped = ask(server.metrics, "GET /metrics");
    assert!(scraped.contains("jadegate_changes_behind 1\n"), "{scraped}");
    server.app.follow().await.unwrap();
    let scraped = ask(server.metrics, "GET /metrics");
    assert!(scraped.contains("jadegate_changes_behind 0\n"), "{scraped}");
    // Nothing else is there.
    assert!(ask(server.metrics, "GET /v1/info").starts_with("HTTP/1.1 404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_names_no_address_is_told_so() {
    let server = Server::new(WebSettings { trust_proxy: true, ..common::settings() }).await;
    let from =
        |entry: &str| format!("GET /v1/info HTTP/1.1\r\nx-forwarded-for: {entry}\r\nx-rest:");
    assert!(server.ask(&from("1.2.3.4:5678")).starts_with("HTTP/1.1 200"));
    assert!(server.ask(&from("[2001:db8::1]:5678")).starts_with("HTTP/1.1 200"));
    let told = server.ask(&from("unknown"));
    assert!(told.contains("request.bad_forwarded_for"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_ends_though_a_request_never_does() {
    let mut server = Server::with(ConnectionLimits::default()).await;
    let mut never = server.connect();
    let head = "POST /v1/gate/scans HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue";
    write!(never, "{head}\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n").unwrap();
    // The server asks for the body once the request is under way; until then it is as good as idle.
    let mut asked = [0; 12];
    never.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    let mut between = server.connect();
    write!(between, "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut first = [0; 12];
    between.read_exact(&mut first).unwrap();
    let serving = server.serving.take().unwrap();
    let all_ended = serving.drain(Duration::from_millis(500)).await;
    assert!(!all_ended);
    until_closed(never);
    until_closed(between);
    assert!(TcpStream::connect(server.at).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_an_address_is_a_problem_document() {
    let server = Server::with(ConnectionLimits::default()).await;
    for (head, status, code) in [
        ("GET /v1/nothing/here", 404, "path.unknown"),
        ("DELETE /v1/info", 405, "request.wrong_method"),
        ("BREW /v1/info", 405, "request.wrong_method"),
        ("POST /made-up", 405, "request.wrong_method"),
        ("PUT /healthz", 405, "request.wrong_method"),
        ("GET /v1/divisions?made_up=1", 422, "request.bad_query"),
        ("GET /v1/divisions?q=a&q=b", 422, "request.bad_query"),
        ("GET /v1/log/leaves?from=minus", 422, "request.bad_query"),
        ("GET /v1/challenges/%ff", 404, "id.unknown"),
    ] {
        let answer = server.ask(head);
        let (top, body) = answer.split_once("\r\n\r\n").unwrap();
        let top = top.to_lowercase();
        assert!(top.starts_with(&format!("http/1.1 {status}")), "{head}: {answer}");
        assert!(top.contains("content-type: application/problem+json"), "{head}: {answer}");
        assert!(body.contains(&format!("\"code\":\"{code}\"")), "{head}: {answer}");
        assert_eq!(top.contains("\r\nallow: "), status == 405, "{head}: {answer}");
        assert!(!body.contains("made_up") && !body.contains("minus"), "{head}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_no_object() {
    let server = Server::with(ConnectionLimits::default()).await;
    let mut socket = server.connect();
    let body = " [\"+86 139 0000 0000\", \"en\"]";
    write!(
        socket,
        "POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let answer = until_closed(socket);
    assert!(answer.contains("request.bad_json"), "{answer}");
}

/// Each step puts off one rank more, at once and with a time to come back; codes and scans go on in all.
#[tokio::test(flavor = "multi_thread")]
async fn h02_what_can_wait_is_put_off_and_codes_and_scans_go_on() {
    let w = World::new().await;
    let admin = w.staff("operator", "administrator").await.cookie;
    let (person, _) = w.person().await;
    let post = Sent::Json(serde_json::json!({}));
    // What is asked, and from which step on it is put off.
    let asked = [
        ("GET", "/v1/public/appeals", PutOff::Extras),
        ("GET", "/v1/me/visits", PutOff::History),
        ("POST", "/v1/registrations", PutOff::Entries),
    ];
    for step in PutOff::ALL {
        w.app.set_put_off(step);
        for (method, path, from) in asked {
            let sent = if method == "GET" { &Sent::Nothing } else { &post };
            let told = w.send(&person, &method.parse().unwrap(), path, sent).await;
            let put_off = told.json["code"] == "request.put_off";
            assert_eq!(put_off, step >= from, "{path} at {step:?}: {}", told.json);
            if put_off {
                assert_eq!(told.status.as_u16(), 503);
                let wait: u32 = told.headers["retry-after"].to_str().unwrap().parse().unwrap();
                assert!((15..=45).contains(&wait), "{wait}");
            }
        }
        let code = w.send(&person, &Method::GET, "/v1/me/code", &Sent::Nothing).await;
        assert!(code.status.is_success(), "{step:?}: {}", code.json);
        let scans = w.send("", &Method::POST, "/v1/gate/scans", &post).await;
        assert_ne!(scans.json["code"], "request.put_off", "{step:?}");
        let page = w.send("", &Method::GET, "/", &Sent::Nothing).await;
        assert_ne!(page.status.as_u16(), 503, "{step:?}");
        // Whoever runs it is told, on the console and by a probe; it is no reason to kill the server.
        let ready = w.send("", &Method::GET, "/readyz", &Sent::Nothing).await;
        let told = ready.json.as_str().unwrap();
        assert!(told.starts_with("ready\n"), "{told}");
        assert_eq!(told.contains("warning load.put_off: "), step > PutOff::Nothing, "{told}");
        let operation = w.send(&admin, &Method::GET, "/v1/staff/operation", &Sent::Nothing).await;
        let warnings = operation.json["warnings"].to_string();
        assert_eq!(warnings.contains("load.put_off"), step > PutOff::Nothing, "{}", operation.json);
    }
}

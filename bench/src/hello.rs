//! Programs that one would write instead, as bare as can be: axum that answers five letters; axum that looks an
//! opening up in memory, or in PostgreSQL, and signs.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::net::TcpListener;
use tokio_postgres::{Client, NoTls, Statement};

use crate::Result;

/// Which bare program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Five letters.
    #[default]
    Letters,
    /// One look-up in memory and one signature.
    Signed,
    /// One prepared point read of the PostgreSQL with its socket in this folder, and one signature.
    Postgres(PathBuf),
}

/// Sessions that the bare programs know: `jg_holder=0` and so on.
pub(crate) const SESSIONS: usize = 256;
/// Bytes of what is signed: as many as a code's claims have.
const SIGNED: usize = 55;
/// Connections with PostgreSQL, in turn; each takes any number of requests at once.
const CONNECTIONS: usize = 8;

/// What the PostgreSQL needs to have.
pub(crate) const TABLE: &str = "create table opening (token text primary key, body text not null); \
     insert into opening select 'jg_holder=' || n, repeat('x', 300) from generate_series(0, 255) n; \
     analyze opening";

/// Serves until the process is ended.
pub(crate) async fn serve(port: u16, kind: Kind) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let router = match kind {
        Kind::Letters => Router::new().route("/", get(async || "hello")),
        Kind::Signed => Router::new().route("/", get(signed)).with_state(Arc::new(Memory::new()?)),
        Kind::Postgres(socket) => {
            let state = Arc::new(Database::open(&socket).await?);
            Router::new().route("/", get(read_and_signed)).with_state(state)
        }
    };
    println!("ready");
    axum::serve(listener, router).await?;
    Ok(())
}

fn key() -> Result<Ed25519KeyPair> {
    Ok(Ed25519KeyPair::from_seed_unchecked(&[7; 32])?)
}

/// As long as a code's text, with what stands beside it.
fn answer(key: &Ed25519KeyPair, body: &str) -> Response {
    let mut message = [0; SIGNED];
    for (to, from) in message.iter_mut().zip(body.as_bytes()) {
        *to = *from;
    }
    let signature = key.sign(&message);
    let code = STANDARD.encode([message.as_slice(), signature.as_ref()].concat());
    let text = format!(r#"{{"code":"{code}","rest":"{body}"}}"#);
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn cookie(headers: &HeaderMap) -> &str {
    headers.get(header::COOKIE).and_then(|c| c.to_str().ok()).unwrap_or_default()
}

struct Memory {
    key: Ed25519KeyPair,
    openings: HashMap<String, String>,
}

impl Memory {
    fn new() -> Result<Self> {
        let opening = |n| (format!("jg_holder={n}"), "x".repeat(300));
        Ok(Self { key: key()?, openings: (0..SESSIONS).map(opening).collect() })
    }
}

async fn signed(State(memory): State<Arc<Memory>>, headers: HeaderMap) -> Response {
    match memory.openings.get(cookie(&headers)) {
        Some(body) => answer(&memory.key, body),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

struct Database {
    key: Ed25519KeyPair,
    clients: Vec<(Client, Statement)>,
    next: AtomicUsize,
}

impl Database {
    async fn open(socket: &std::path::Path) -> Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let client = connect(socket).await?;
            let statement = client.prepare("select body from opening where token = $1").await?;
            clients.push((client, statement));
        }
        Ok(Self { key: key()?, clients, next: AtomicUsize::new(0) })
    }
}

/// A connection with a PostgreSQL of the bench's own.
pub(crate) async fn connect(socket: &std::path::Path) -> Result<Client> {
    let mut config = tokio_postgres::Config::new();
    config.host_path(socket).user("bench").dbname("postgres");
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn read_and_signed(State(database): State<Arc<Database>>, headers: HeaderMap) -> Response {
    let n = database.next.fetch_add(1, Ordering::Relaxed) % database.clients.len();
    let (client, statement) = &database.clients[n];
    match client.query_opt(statement, &[&cookie(&headers)]).await {
        Ok(Some(row)) => answer(&database.key, row.get(0)),
        Ok(None) => StatusCode::UNAUTHORIZED.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

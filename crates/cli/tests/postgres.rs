//! The binary on PostgreSQL: a town is built in it, served, served again, and by two processes at once.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test's own set-up")]

#[path = "../../store-postgres/tests/common/cluster.rs"]
mod cluster;
#[path = "postgres/copy.rs"]
mod copy;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/three-colour.toml");

fn command(dir: &Path, database: &str, data: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jadegate"));
    command
        .args(["--data", data, "--log-format", "json"])
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("JADEGATE_POLICY", POLICY)
        .env("JADEGATE_LOG_FILTER", "info")
        .env("JADEGATE_DATABASE", database)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

fn run(dir: &Path, database: &str, data: &str, args: &[&str]) -> Output {
    command(dir, database, data, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A server, ended with the test at the latest.
struct Server {
    child: Child,
    log: BufReader<ChildStderr>,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Builds a town in the database, named on the command line: nothing else lets a town into one.
    fn demo(dir: &Path, database: &str) -> Self {
        let args = ["demo", "--people", "30", "--seed", "4", "--port", "0", "--keep", "town"];
        let mut demo = command(dir, "", "town", &args);
        let mut child = demo.args(["--database", database]).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let port = said.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("Holder   http://localhost:")?;
            rest.trim_end_matches('/').parse().ok()
        });
        // Its words go on; nobody reads them.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let Some(port) = port else {
            let mut why = String::new();
            log.read_to_string(&mut why).unwrap();
            panic!("no town: {why}");
        };
        Self { child, log, port }
    }

    fn serve(dir: &Path, database: &str, data: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let mut child =
            command(dir, database, data, &["serve", "--listen", &listen]).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut lines = String::new();
        while !lines.contains("\"ready\"") {
            assert_ne!(log.read_line(&mut lines).unwrap(), 0, "it ended: {lines}");
        }
        Self { child, log, port }
    }

    /// Asked to stop, as an operator does; the rest of its log.
    fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
        rest
    }

    /// One request that is answered well; the body and what cookie was set.
    fn ask(&self, method: &str, path: &str, cookie: &str, body: &str) -> (Value, String) {
        let mut to = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        to.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        write!(
            to,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             cookie: {cookie}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        to.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        let set = head.lines().find_map(|l| l.strip_prefix("set-cookie: ")).unwrap_or_default();
        let cookie = set.split(';').next().unwrap_or_default().to_owned();
        (serde_json::from_str(body).unwrap_or(Value::Null), cookie)
    }

    fn enter(&self, who: &str) -> String {
        self.ask("POST", "/demo/enter", "", &json!({ "as": who }).to_string()).1
    }

    fn visit(&self, holder: &str, code: &str) {
        self.ask("POST", "/v1/me/visits", holder, &json!({ "venue_code": code }).to_string());
    }

    fn visits(&self, holder: &str) -> Value {
        self.ask("GET", "/v1/me/visits", holder, "").0
    }

    fn shows_code(&self, holder: &str) -> Value {
        self.ask("GET", "/v1/me/code", holder, "").0["colour"].clone()
    }
}

/// Asks until the answer is the wanted one.
fn comes_to<T: PartialEq + std::fmt::Debug>(wanted: &T, mut ask: impl FnMut() -> T) {
    let begun = Instant::now();
    loop {
        let found = ask();
        if found == *wanted {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it did not come to the same");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_town_on_postgresql_is_served_by_one_and_by_two() {
    let database = cluster::cluster().database();
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let demo = Server::demo(dir, &database);
    let (holder, admin) = (demo.enter("holder:green"), demo.enter("admin"));
    let places = demo.ask("GET", "/v1/staff/places", &admin, "").0;
    let poster = |n: usize| {
        let id = places["places"][n]["id"].as_str().unwrap();
        let poster = demo.ask("GET", &format!("/v1/staff/places/{id}/poster"), &admin, "").0;
        poster["poster_code"].as_str().unwrap().to_owned()
    };
    let posters = [poster(0), poster(1), poster(2)];
    demo.visit(&holder, &posters[0]);
    let (first, colour) = (demo.visits(&holder), demo.shows_code(&holder));
    assert!(!first["visits"].as_array().unwrap().is_empty(), "{first}");
    demo.stop();
    assert!(!dir.join("town/jadegate.db").exists(), "it is not on a file as well");

    // A second server has its own folder, with the same key file.
    std::fs::create_dir(dir.join("other")).unwrap();
    std::fs::copy(dir.join("town/keys.toml"), dir.join("other/keys.toml")).unwrap();
    let (a, b) = (Server::serve(dir, &database, "town"), Server::serve(dir, &database, "other"));
    for server in [&a, &b] {
        assert_eq!(server.visits(&holder), first);
        assert_eq!(server.shows_code(&holder), colour);
    }
    let count = |all: &Value| all["visits"].as_array().unwrap().len();
    a.visit(&holder, &posters[1]);
    let second = a.visits(&holder);
    assert_eq!(count(&second), count(&first) + 1);
    comes_to(&second, || b.visits(&holder));
    b.visit(&holder, &posters[2]);
    let third = b.visits(&holder);
    assert_eq!(count(&third), count(&first) + 2);
    comes_to(&third, || a.visits(&holder));
    // Whoever looks at what the other wrote makes nothing of it that was not seen.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!((a.visits(&holder), b.visits(&holder)), (third.clone(), third.clone()));
    let said = a.stop();
    assert!(!said.contains(&holder), "{said}");
    // Killed, not stopped: what was acknowledged is there.
    drop(b);
    let a = Server::serve(dir, &database, "town");
    assert_eq!(a.visits(&holder), third);
    a.stop();

    let doctor = run(dir, &database, "town", &["doctor"]);
    let said = text(&doctor.stdout);
    assert!(said.contains("ok    belonging") && said.contains("ok    rows"), "{said}");
    let listed = run(dir, &database, "town", &["staff", "agencies"]);
    assert!(text(&listed.stdout).contains("prevention_team"));

    // A copy, read back elsewhere, is the same deployment.
    let made = run(dir, &database, "town", &["backup", "copy"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let elsewhere = cluster::cluster().database();
    let back = run(dir, &elsewhere, "town", &["restore", "copy"]);
    assert!(back.status.success(), "{}", text(&back.stderr));
    let again = Server::serve(dir, &elsewhere, "town");
    assert_eq!(again.visits(&holder), third);
    // While a server has it nobody copies it; afterwards a file holds the same deployment.
    let down = ["database", "copy", "--from", "configured", "--to", "moved/jadegate.db"];
    std::fs::create_dir(dir.join("moved")).unwrap();
    std::fs::copy(dir.join("town/keys.toml"), dir.join("moved/keys.toml")).unwrap();
    let refused = run(dir, &elsewhere, "town", &down);
    assert!(text(&refused.stderr).contains("copy.in_use: "), "{}", text(&refused.stderr));
    again.stop();
    let moved = run(dir, &elsewhere, "town", &down);
    assert!(moved.status.success(), "{}", text(&moved.stderr));
    let on_a_file = Server::serve(dir, "", "moved");
    assert_eq!(on_a_file.visits(&holder), third);
    assert_eq!(on_a_file.shows_code(&holder), colour);
}

/// What does not fit together is told, with what to do; no password with it.
#[test]
fn a_database_that_does_not_fit_its_keys_is_not_served() {
    let database = cluster::cluster().database();
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    Server::serve(dir, &database, "one").stop();
    let refused = |database: &str, data: &str, args: &[&str]| {
        let out = run(dir, database, data, args);
        assert!(!out.status.success());
        text(&out.stderr)
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    let why = refused(&database, "keyless", &serve);
    assert!(why.contains("its key file") && !dir.join("keyless/keys.toml").exists(), "{why}");
    let empty = cluster::cluster().database();
    let why = refused(&empty, "one", &serve);
    assert!(why.contains("holds no deployment"), "{why}");
    let why = refused("postgres://jade:hush@127.0.0.1:9/code", "one", &serve);
    assert!(why.contains("postgres://127.0.0.1:9/code") && !why.contains("hush"), "{why}");
    let why = refused("", "file", &["restore", "nowhere"]);
    assert!(why.contains("jadegate.db"), "{why}");
    // A town is never built in a database that the surroundings name.
    let said = refused("mysql://jade:hush@db/code", "one", &["config"]);
    assert!(said.contains("postgres://") && !said.contains("hush"), "{said}");
}

//! The binary from start to start: from the saved visit index, after a kill, with a damaged file.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jadegate_ledger::note::NoteVerifier;
use jadegate_ledger::{Tree, leaf_hash, open_checkpoint, root_at};
use serde_json::Value;

const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/three-colour.toml");

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jadegate"));
    command
        .args(["--data", "town", "--log-format", "json"])
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("JADEGATE_POLICY", POLICY)
        .env("JADEGATE_LOG_FILTER", "info")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// A server, ended with the test at the latest.
struct Server {
    child: Child,
    log: Option<BufReader<ChildStderr>>,
    /// Kept open: a program whose words nobody reads any more ends at the next one.
    said: BufReader<ChildStdout>,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn new(mut child: Child, port: u16) -> Self {
        let log = child.stderr.take().map(BufReader::new);
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, log, said, port }
    }

    /// The town is built, and served on a port of its own.
    fn demo(dir: &Path) -> Self {
        let args = ["demo", "--people", "60", "--seed", "4", "--port", "0", "--keep", "town"];
        let mut demo = Self::new(command(dir, &args).spawn().unwrap(), 0);
        let port = demo.said.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("Holder   http://localhost:")?;
            rest.trim_end_matches('/').parse().ok()
        });
        demo.port = port.unwrap();
        demo
    }

    /// Serves what was built, and what the log says of the start.
    fn serve(dir: &Path) -> (Self, Started) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let child = command(dir, &["serve", "--listen", &listen]).spawn().unwrap();
        let mut server = Self::new(child, port);
        let mut lines = String::new();
        let log = server.log.as_mut().unwrap();
        while !lines.contains("\"ready\"") {
            assert_ne!(log.read_line(&mut lines).unwrap(), 0, "it ended: {lines}");
        }
        (server, Started::of(&lines))
    }

    /// Reads its log up to a line that says this.
    fn wait_for(&mut self, word: &str) -> String {
        let log = self.log.as_mut().unwrap();
        loop {
            let mut line = String::new();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended before it said {word:?}");
            if line.contains(word) {
                return line;
            }
        }
    }

    /// Asked to stop, as an operator does; the rest of its log.
    fn stop(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut rest = String::new();
        self.log.take().unwrap().read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
        rest
    }

    /// One request; the body and what cookie was set.
    fn ask(&self, method: &str, path: &str, cookie: &str, body: &str) -> (Value, String) {
        let (head, body) = ask(self.port, method, path, cookie, body).unwrap();
        let set = head.lines().find_map(|l| l.strip_prefix("set-cookie: ")).unwrap_or_default();
        let cookie = set.split(';').next().unwrap_or_default().to_owned();
        (serde_json::from_str(&body).unwrap(), cookie)
    }

    fn enter(&self, who: &str) -> String {
        self.ask("POST", "/demo/enter", "", &format!("{{\"as\":\"{who}\"}}")).1
    }

    fn visit(&self, holder: &str, code: &str) {
        self.ask("POST", "/v1/me/visits", holder, &format!("{{\"venue_code\":\"{code}\"}}"));
    }

    fn visits(&self, holder: &str) -> Value {
        self.ask("GET", "/v1/me/visits", holder, "").0
    }
}

/// One request that is answered well: head and body. An error if the server goes away meanwhile.
fn ask(
    port: u16,
    method: &str,
    path: &str,
    cookie: &str,
    body: &str,
) -> std::io::Result<(String, String)> {
    let mut to = TcpStream::connect(("127.0.0.1", port))?;
    to.set_read_timeout(Some(Duration::from_mins(1)))?;
    write!(
        to,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: {cookie}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    to.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
    Ok((head.to_owned(), body.to_owned()))
}

/// What the log says of a start.
#[derive(Debug, PartialEq, Eq)]
struct Started {
    how: String,
    /// Why the file was of no use.
    code: Option<String>,
}

impl Started {
    fn of(log: &str) -> Self {
        let lines: Vec<Value> = log.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        let field =
            |name: &str| lines.iter().find_map(|l| l["fields"][name].as_str().map(str::to_owned));
        Self { how: field("how").unwrap(), code: field("code") }
    }

    fn good(how: &str) -> Self {
        Self { how: how.to_owned(), code: None }
    }
}

/// A trace by the command line while nothing is served: what it says but for its own id and speed.
fn trace(dir: &Path, case: &str, agency: &str) -> (Started, Vec<String>) {
    let out = command(dir, &["trace", "--case", case, "--agency", agency]).output().unwrap();
    let (said, log) =
        (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap());
    assert!(out.status.success(), "{log}");
    let lines = said.lines().filter(|l| !l.starts_with("trace ") && !l.contains("found in"));
    (Started::of(&log), lines.map(str::to_owned).collect())
}

fn agency(dir: &Path) -> String {
    let out = command(dir, &["staff", "agencies"]).output().unwrap();
    let listed = String::from_utf8(out.stdout).unwrap();
    let line = listed.lines().find(|l| l.contains("prevention_team")).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

fn index_file(dir: &Path) -> PathBuf {
    dir.join("town/visits.index")
}

#[test]
fn traces_agree_from_start_to_start() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let demo = Server::demo(dir);
    let (holder, admin) = (demo.enter("holder:green"), demo.enter("admin"));
    let officer = demo.enter("officer");
    let cases = demo.ask("GET", "/v1/staff/cases", &officer, "").0;
    let case = cases["cases"][0]["id"].as_str().unwrap().to_owned();
    let places = demo.ask("GET", "/v1/staff/places", &admin, "").0;
    let poster = |n: usize| {
        let id = places["places"][n]["id"].as_str().unwrap();
        let poster = demo.ask("GET", &format!("/v1/staff/places/{id}/poster"), &admin, "").0;
        poster["poster_code"].as_str().unwrap().to_owned()
    };
    let posters = [poster(0), poster(1)];
    demo.visit(&holder, &posters[0]);
    let first = demo.visits(&holder);
    let log = demo.stop();
    assert!(log.contains("visit index saved"), "{log}");
    assert!(!log.contains(&case) && !log.contains(&holder), "{log}");
    let mode = std::fs::metadata(index_file(dir)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let agency = agency(dir);
    let (started, traced) = trace(dir, &case, &agency);
    assert_eq!(started, Started::good("loaded"));

    // Killed with a visit that the file has not.
    let (server, started) = Server::serve(dir);
    assert_eq!(started, Started::good("loaded"));
    assert_eq!(server.visits(&holder), first);
    server.visit(&holder, &posters[1]);
    let second = server.visits(&holder);
    assert_ne!(first, second);
    drop(server);
    assert_eq!(trace(dir, &case, &agency), (Started::good("caught_up"), traced.clone()));
    let (server, started) = Server::serve(dir);
    assert_eq!(started, Started::good("caught_up"));
    assert_eq!(server.visits(&holder), second);
    assert!(server.stop().contains("visit index saved"));

    // Half a file.
    let whole = std::fs::read(index_file(dir)).unwrap();
    std::fs::write(index_file(dir), &whole[..whole.len() / 2]).unwrap();
    let (server, started) = Server::serve(dir);
    assert_eq!(started.how, "rebuilt");
    assert!(started.code.unwrap().starts_with("saved_index."));
    assert_eq!(server.visits(&holder), second);
    server.stop();
    assert_eq!(trace(dir, &case, &agency), (Started::good("loaded"), traced));
}

/// The public log as anybody reads it: its leaves, among them those of its checkpoint.
fn public_log(server: &Server) -> Vec<String> {
    let key = server.ask("GET", "/v1/keys", "", "").0["log"].as_str().unwrap().to_owned();
    let key: NoteVerifier = key.parse().unwrap();
    let (_, text) = ask(server.port, "GET", "/v1/log/checkpoint", "", "").unwrap();
    let signed = open_checkpoint(&text, &key).unwrap();
    let mut leaves = Vec::new();
    while leaves.len() % 1000 == 0 {
        let path = format!("/v1/log/leaves?from={}&limit=1000", leaves.len());
        let part = server.ask("GET", &path, "", "").0;
        let part = part["leaves"].as_array().unwrap();
        for leaf in part {
            assert_eq!(leaf["index"], leaves.len(), "a gap");
            leaves.push(leaf["leaf"].as_str().unwrap().to_owned());
        }
        if part.is_empty() {
            break;
        }
    }
    let bytes = leaves.iter().map(|leaf| STANDARD.decode(leaf).unwrap());
    let tree = Tree::from_leaf_hashes(bytes.map(|bytes| leaf_hash(&bytes)));
    assert_eq!(root_at(&tree, signed.size).unwrap(), signed.root);
    leaves
}

/// Killed while people declare: the log goes on where it was, with all that was acknowledged, and
/// whatever was read of it before stays.
#[test]
fn the_public_log_goes_on_after_kills() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let demo = Server::demo(dir);
    let people = ["holder:green", "holder:case", "holder:traveller"].map(|who| demo.enter(who));
    demo.stop();
    let mut before = Vec::new();
    for round in 0..3 {
        let (server, _) = Server::serve(dir);
        let log = public_log(&server);
        assert!(log.starts_with(&before), "what was signed for has changed");
        let (told, kept) = mpsc::channel();
        let senders = people.clone().map(|cookie| {
            let (port, told) = (server.port, told.clone());
            std::thread::spawn(move || {
                let body = "{\"contact_with_case\":false}";
                while ask(port, "POST", "/v1/me/declaration", &cookie, body).is_ok() {
                    told.send(()).unwrap();
                }
            })
        });
        drop(told);
        // Some of it is read, and so signed for, before the end.
        let mut acknowledged = kept.iter().take(4 + 3 * round).count();
        let read = public_log(&server);
        assert!(read.len() >= log.len() + acknowledged, "acknowledged, and not in the log");
        acknowledged += kept.iter().take(5).count();
        drop(server);
        for sender in senders {
            sender.join().unwrap();
        }
        acknowledged += kept.iter().count();
        let (server, _) = Server::serve(dir);
        let after = public_log(&server);
        assert!(after.starts_with(&read), "what was signed for has changed");
        let new = after.len() - log.len();
        assert!(
            (acknowledged..=acknowledged + people.len()).contains(&new),
            "{new} {acknowledged}"
        );
        drop(server);
        before = after;
    }
}

/// Half a request that never goes on, and one whose answer nobody takes.
#[test]
fn it_ends_in_time_though_a_client_never_does() {
    let dir = tempfile::tempdir().unwrap();
    let demo = Server::demo(dir.path());
    let mut slow: Vec<TcpStream> = Vec::new();
    for begin in [
        "GET /v1/info HTTP/1.1\r\nhost: local",
        "POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: 50\r\n\r\n{",
    ] {
        let mut to = TcpStream::connect(("127.0.0.1", demo.port)).unwrap();
        to.write_all(begin.as_bytes()).unwrap();
        slow.push(to);
    }
    let told = Instant::now();
    let log = demo.stop();
    // It takes 5 s; on a machine that is busy elsewhere more, but never the 15 s it took before.
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}: {log}", told.elapsed());
    assert!(log.contains("\"stopped\""), "{log}");
}

/// `keys rotate` beside a running server: new keys are published and the old ones stay, without a
/// restart. A file that is none, and one of another deployment, change nothing.
#[test]
fn a_rotated_key_file_is_taken_up_while_running() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (mut server, _) = Server::serve(d);
    let published = |server: &Server| -> BTreeSet<String> {
        let keys = server.ask("GET", "/v1/keys", "", "").0;
        let kid = |k: &Value| k["kid"].as_str().unwrap().to_owned();
        keys["keys"].as_array().unwrap().iter().map(kid).collect()
    };
    let run = |dir: &Path, args: &[&str]| {
        let out = command(dir, args).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let file = d.join("town/keys.toml");
    let before = published(&server);
    run(d, &["keys", "rotate"]);
    server.wait_for("renewed keys are in use");
    let after = published(&server);
    assert!(before.is_subset(&after) && after.len() == 2 * before.len(), "{before:?} {after:?}");
    let listed = run(d, &["keys", "list"]);
    assert!(after.iter().all(|kid| listed.contains(kid)), "{listed}");

    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, "root = \"made-up\"\n").unwrap();
    let why = server.wait_for("the key file is not taken up");
    assert!(!why.contains("made-up"), "what stands in the file is not repeated: {why}");
    assert_eq!(published(&server), after);
    let other = tempfile::tempdir().unwrap();
    Server::serve(other.path()).0.stop();
    run(other.path(), &["keys", "rotate"]);
    std::fs::copy(other.path().join("town/keys.toml"), &file).unwrap();
    let why = server.wait_for("the key file is not taken up");
    assert!(why.contains("another root secret"), "{why}");
    assert_eq!(published(&server), after);

    // Put right again it is the one in use, for the next start too.
    std::fs::write(&file, good).unwrap();
    server.stop();
    let (server, _) = Server::serve(d);
    assert_eq!(published(&server), after);
    server.stop();
}

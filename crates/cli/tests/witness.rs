//! A witness beside a server: what the server publishes it signed, and it survives being killed.

#![expect(clippy::unwrap_used, reason = "a test's own set-up")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use jadegate_ledger::cosign::{WitnessKey, WitnessSigner, cosignature};
use jadegate_ledger::note::NoteVerifier;
use jadegate_ledger::open_checkpoint;

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jadegate"));
    command
        .args(args)
        .current_dir(dir)
        .env_clear()
        .env("JADEGATE_LOG_FILTER", "warn")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .stdout(Stdio::piped());
    command
}

/// A program, killed with the test at the latest.
struct Running {
    child: Child,
    _said: BufReader<ChildStdout>,
    port: u16,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The witness, and its key.
fn witness(dir: &Path, log: &str) -> (Running, String) {
    let args = ["witness", "--name", "paper.example", "--listen", "127.0.0.1:0", "--log", log];
    let mut child = command(dir, &args).spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let (mut key, mut port) = (String::new(), 0);
    while port == 0 {
        let mut line = String::new();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended");
        if let Some(found) = line.strip_prefix("Witness  ") {
            found.trim().clone_into(&mut key);
        }
        let at = line.strip_prefix("Address  http://127.0.0.1:");
        port = at.and_then(|at| at.split(' ').next()?.parse().ok()).unwrap_or(0);
    }
    (Running { child, _said: said, port }, key)
}

fn serve(dir: &Path, witnesses: &str) -> Running {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let mut child = command(dir, &["serve", "--listen", &listen])
        .env("JADEGATE_LOG__WITNESSES", witnesses)
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    let server = Running { child, _said: said, port };
    wait(|| try_ask(port, "GET /readyz", "").is_some_and(|(status, _)| status == 200));
    server
}

fn wait(mut until: impl FnMut() -> bool) {
    let last = Instant::now() + Duration::from_mins(1);
    while !until() {
        assert!(Instant::now() < last, "it takes too long");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn try_ask(port: u16, what: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let length = body.len();
    let head = format!(
        "{what} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

fn ask(port: u16, what: &str, body: &str) -> (u16, String) {
    try_ask(port, what, body).unwrap()
}

/// Size and signature of what is published, if the witness signed it.
fn witnessed(server: &Running, log: &NoteVerifier, witness: &WitnessKey) -> Option<u64> {
    let (_, text) = ask(server.port, "GET /v1/log/checkpoint", "");
    let checkpoint = open_checkpoint(&text, log).unwrap();
    cosignature(&text, witness).unwrap().map(|_| checkpoint.size)
}

#[test]
fn what_is_published_was_seen_by_the_witness_before_and_after_it_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let first = serve(dir.path(), "");
    let (_, keys) = ask(first.port, "GET /v1/keys", "");
    let keys: serde_json::Value = serde_json::from_str(&keys).unwrap();
    let log = keys["log"].as_str().unwrap().to_owned();
    drop(first);

    let (seen, key) = witness(dir.path(), &log);
    let (log_key, witness_key) = (log.parse().unwrap(), key.parse().unwrap());
    let place = |port: u16| format!("{key} http://127.0.0.1:{port}");
    let server = serve(dir.path(), &place(seen.port));
    wait(|| witnessed(&server, &log_key, &witness_key).is_some());
    let size = witnessed(&server, &log_key, &witness_key).unwrap();
    drop((server, seen));

    // Killed, both of them. What was signed is known, whoever asks, and the log goes on from there.
    let (seen, same) = witness(dir.path(), &log);
    assert_eq!(same, key);
    let server = serve(dir.path(), &place(seen.port));
    let add =
        ["staff", "add-agency", "--kind", "laboratory", "--name", "Made-up", "--region", "CN-33"];
    assert!(command(dir.path(), &add).status().unwrap().success());
    wait(|| witnessed(&server, &log_key, &witness_key).is_some_and(|now| now > size));
    let now = witnessed(&server, &log_key, &witness_key).unwrap();
    let (_, text) = ask(server.port, "GET /v1/log/checkpoint", "");
    let (status, told) = ask(seen.port, "POST /add-checkpoint", &format!("old 0\n\n{text}"));
    assert_eq!((status, told), (409, format!("{now}\n")));
    let (status, _) = ask(seen.port, "POST /add-checkpoint", "nonsense");
    assert_eq!(status, 400);
    // A monitor asks the witness what it saw, without the server.
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, log_key.name().as_bytes());
    let origin = jadegate_domain::hex::encode(digest.as_ref());
    let (status, monitored) = ask(seen.port, &format!("GET /{origin}/checkpoint"), "");
    assert_eq!(status, 200);
    assert!(cosignature(&monitored, &witness_key).unwrap().is_some());
    assert_eq!(open_checkpoint(&monitored, &log_key).unwrap().size, now);
    audited(dir.path(), &server, &log, &key);
}

/// An auditor who knows both keys comes twice, and once with a witness that never signed.
fn audited(dir: &Path, server: &Running, log: &str, witness: &str) {
    let url = format!("http://127.0.0.1:{}", server.port);
    let audit = |more: &[&str]| {
        let out =
            command(dir, &["audit", &url, "--json", "--key", log]).args(more).output().unwrap();
        let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_default();
        (out.status.code(), report)
    };
    // What is logged within the first seconds of a start: keys, and that nothing had to be deleted.
    wait(|| audit(&[]).0 == Some(0));
    let (code, first) = audit(&["--witness", witness, "--save", "seen"]);
    assert_eq!(code, Some(0), "{first:#}");
    let (code, again) = audit(&["--witness", witness, "--from", "seen"]);
    assert_eq!(code, Some(0), "{again:#}");
    let checks = again["checks"].as_array().unwrap();
    assert!(checks.len() >= 17 && checks.iter().all(|c| c["skipped"].is_null()), "{again:#}");
    let stranger = WitnessSigner::from_seed("stranger.example", &[1; 32]).unwrap().verifier();
    assert_eq!(audit(&["--witness", &stranger.to_string()]).0, Some(2));
    std::fs::write(dir.join("seen"), "nonsense").unwrap();
    assert_eq!(audit(&["--from", "seen"]).0, Some(1));
    assert_eq!(command(dir, &["audit", "http://127.0.0.1:1"]).status().unwrap().code(), Some(1));
}
